"""The accounting of disclosures (5 U.S.C. 552a(c)): what is written down at each release of facts.

A release is each time that facts leave the house: the first sending, every RESEND, to the same
address too, for the statute asks for the date of each; what replaced an earlier certification; and
a certification that staff post. A row is written in the transaction that puts the letter into the
outbox, with an event that holds its digest, so that the event chain covers the row as well.

No release is a refusal, which tells nothing; a transcript or preview, which goes to staff who
need it for their duties (552a(b)(1)); and the notice that a certification no longer stands, which
repeats no fact. That notice is tied to the disclosure it corrects (552a(c)(4)). A certification
marked SAMPLE is a release like any other: the statute asks whether a record was communicated, not
whether the paper was official.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from inbox_worker.casefile.presentation import format_value
from inbox_worker.casefile.triage import find_date
from inbox_worker.letters.printing import list_address_lines
from inbox_worker.services import Services
from inbox_worker.storage import store
from inbox_worker.storage.models import (
    CertificationRecord,
    CorrectionNotice,
    Decision,
    Disclosure,
    Request,
)
from parsers.definition import FormDefinition
from parsers.extraction import FieldValue

#: The recipient of a certification that staff post.
BY_POST = "post"

#: The event that holds a row's digest.
ACCOUNTED = "disclosure_accounted"

#: What of a form says for what the facts are wanted, in this order.
_PURPOSE = ("obligation_type", "obligation_dates", "court_name", "case_numbers", "purpose")

Fields = Mapping[str, FieldValue]


def record_disclosure(
    services: Services,
    session: Session,
    request: Request,
    certification: CertificationRecord,
    fields: Fields,
    *,
    sent_to: str,
    letter_key: str,
    actor: str,
    now: datetime,
) -> None:
    """Write down that a certification's facts are released; of one without facts, nothing."""
    told = certification.facts.get("determination")
    if told is None:
        return
    decision = session.get_one(Decision, certification.decision_id)
    row = Disclosure(
        request_id=request.id,
        tracking_number=request.tracking_number,
        control_number=certification.control_number,
        disclosed_at=now,
        subject_name=_name_subject(fields),
        subject_a_number=find_a_number(fields),
        subject_birth_date=find_date(_value(fields, "subject_birth_date")),
        outcomes=list(certification.outcomes),
        nature=list(_list_facts(told)),
        purpose=list(_list_purpose(services.definition(request.definition), fields)),
        recipient_name=_name_recipient(fields),
        recipient_address="\n".join(_list_postal_lines(fields)),
        sent_to=sent_to,
        basis=str((decision.findings or {}).get("basis", "")),
        letter_key=letter_key,
    )
    session.add(row)
    store.add_event(
        session,
        ACCOUNTED,
        request=request,
        actor=actor,
        now=now,
        detail={"control_number": row.control_number, "sha256": digest_disclosure(row)},
    )


def record_notices(
    session: Session,
    request: Request,
    recipients: Collection[str],
    *,
    ended: Collection[str],
    replaced_by: str = "",
    now: datetime,
) -> None:
    """Tie to earlier disclosures that their recipients are told they no longer stand.

    `ended` are the control numbers of what stood until now. Whoever is sent what takes its place is
    told by that.
    """
    told = {address.lower() for address in recipients}
    found = session.scalars(
        select(Disclosure.id).where(
            Disclosure.request_id == request.id,
            Disclosure.control_number.in_(ended),
            func.lower(Disclosure.sent_to).in_(told),
        )
    )
    session.add_all(
        CorrectionNotice(disclosure_id=id_, told_at=now, replaced_by=replaced_by) for id_ in found
    )


def digest_disclosure(row: Disclosure) -> str:
    """Return the SHA-256 of what a row says, in the same kind of JSON as an event's."""
    told = {
        name: getattr(row, name)
        for name in (
            "tracking_number",
            "control_number",
            "subject_name",
            "subject_a_number",
            "outcomes",
            "nature",
            "purpose",
            "recipient_name",
            "recipient_address",
            "sent_to",
            "basis",
            "letter_key",
        )
    }
    told["disclosed_at"] = row.disclosed_at.astimezone(UTC).isoformat(timespec="microseconds")
    born = row.subject_birth_date
    told["subject_birth_date"] = None if born is None else born.isoformat()
    text = json.dumps(told, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def find_a_number(fields: Fields) -> str | None:
    """Return the subject's A-number as `A` and nine digits, None where the form has none."""
    value = _value(fields, "subject_a_number")
    return value if isinstance(value, str) and value else None


def _list_facts(told: Mapping[str, Any]) -> Iterator[str]:
    """Yield what a certification says of the person, in its own words."""
    if told["matched_on_text"]:
        yield f"Identifiers that agreed: {told['matched_on_text']}"
    yield from told["statements"]
    for line in told["answers"]:
        yield " ".join([line["question"], line["text"], *line["notes"]])
    yield f"Records checked as of: {told['records_as_of_text']}"


def _list_purpose(definition: FormDefinition, fields: Fields) -> Iterator[str]:
    for name in _PURPOSE:
        field, found = definition.find_field(name), fields.get(name)
        if field is not None and found is not None and found.value:
            yield f"{field.label}: {format_value(field, found.value)}"


def _name_subject(fields: Fields) -> str:
    names = ("subject_family_name", "subject_given_names", "subject_suffix")
    return ", ".join(text for name in names if (text := str(_value(fields, name) or "")))


def _name_recipient(fields: Fields) -> str:
    names = ("requester_name", "requester_title", "requester_agency")
    return ", ".join(text for name in names if (text := str(_value(fields, name) or "")))


def _list_postal_lines(fields: Fields) -> tuple[str, ...]:
    """Return the postal address without the names, which have a column of their own."""
    place = {n: v for n, v in fields.items() if n not in ("requester_name", "requester_agency")}
    return list_address_lines(place)


def _value(fields: Fields, name: str) -> Any:
    found = fields.get(name)
    return None if found is None else found.value
