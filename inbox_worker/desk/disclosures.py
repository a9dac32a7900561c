"""The accounting of disclosures as it is shown: for the person it is about, or for the office.

The person's own copy leaves out what may not be shown to them: disclosures on a basis that
`accounting.withheld_bases` names (as delivered, a law enforcement agency's written request, 5
U.S.C. 552a(b)(7), which (c)(3) excepts), and every disclosure of a request whose subject is
protected (8 U.S.C. 1367): a list of those, in a file, could reach the very person they are
protected from. The office's own copy has them all. Neither says that anything was left out, or why.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Select, String, cast, or_, select
from sqlalchemy.orm import Session

from inbox_worker.casefile.accounting import BY_POST
from inbox_worker.casefile.protection import is_protected
from inbox_worker.status import DeliveryStatus
from inbox_worker.storage import store
from inbox_worker.storage.models import (
    CorrectionNotice,
    Disclosure,
    FieldRecord,
    LetterRecord,
    Request,
)
from parsers.values.names import find_name_words
from parsers.values.ssn import mask_ssn

#: The event that says who looked.
EXPORTED = "accounting_exported"

#: The columns of the CSV file, in their order.
COLUMNS = (
    "date",
    "control_number",
    "request",
    "subject",
    "a_number",
    "nature",
    "purpose",
    "recipient",
    "postal_address",
    "sent_to",
    "basis",
    "delivery",
    "corrections",
)

#: What a spreadsheet takes for the beginning of a formula (CWE-1236), the wide forms included.
_FORMULA = ("=", "+", "-", "@", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")

_S = DeliveryStatus
_DELIVERY = {
    _S.QUEUED: "waiting to be sent",
    _S.SENDING: "waiting to be sent",
    _S.UNKNOWN: "sent; the relay's answer was lost",
    _S.ACCEPTED: "sent",
    _S.DELIVERED: "delivered",
    _S.FAILED: "failed or came back",
    _S.CANCELLED: "taken back before it left",
}

View = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which disclosures are asked for."""

    a_number: str | None = None  #: `A` and nine digits
    name: str | None = None  #: any words of the name, in any order; goes with `born`
    born: date | None = None
    since: date | None = None  #: the first day, where the office is
    until: date | None = None  #: the last day
    is_whole: bool = False  #: the office's own copy
    withheld_bases: Collection[str] = ()

    @property
    def is_about_one(self) -> bool:
        """Whether one person is asked for; else it is everybody."""
        return self.a_number is not None or self.name is not None


def list_disclosures(session: Session, wanted: Wanted, zone: ZoneInfo) -> list[View]:
    """Return the disclosures that are asked for and may be shown, oldest first."""
    query = _select().where(*_list_conditions(wanted, zone))
    withheld = {basis.casefold() for basis in wanted.withheld_bases}
    return [
        _view(session, row, letter)
        for row, letter, request in session.execute(query)
        if _has_name(row, wanted)
        and (wanted.is_whole or not (row.basis.casefold() in withheld or is_protected(request)))
    ]


def _has_name(row: Disclosure, wanted: Wanted) -> bool:
    """Whether every word that is asked for is one of the name's, accents and particles aside."""
    asked = find_name_words(wanted.name or "")
    return set(asked) <= set(find_name_words(row.subject_name))


def list_of_request(session: Session, request: Request) -> list[View]:
    """Return every disclosure of one request, for the office."""
    query = _select().where(Disclosure.request_id == request.id)
    return [_view(session, row, letter) for row, letter, _ in session.execute(query)]


def _select() -> Select[Disclosure, LetterRecord, Request]:
    return (
        select(Disclosure, LetterRecord, Request)
        .join(Request, Request.id == Disclosure.request_id)
        .outerjoin(LetterRecord, LetterRecord.key == Disclosure.letter_key)
        .order_by(Disclosure.disclosed_at, Disclosure.id)
    )


def _list_conditions(wanted: Wanted, zone: ZoneInfo) -> Iterator[ColumnElement[bool]]:
    if wanted.since is not None:
        yield Disclosure.disclosed_at >= datetime.combine(wanted.since, time(), zone)
    if wanted.until is not None:
        end = datetime.combine(wanted.until + timedelta(days=1), time(), zone)
        yield Disclosure.disclosed_at < end
    if wanted.born is not None:
        yield Disclosure.subject_birth_date == wanted.born
    if wanted.a_number is not None:
        # Also by a number that the file had before, or was given since.
        files = select(FieldRecord.request_id).where(
            FieldRecord.field == "subject_a_number",
            cast(FieldRecord.value, String) == f'"{wanted.a_number}"',
        )
        yield or_(Disclosure.subject_a_number == wanted.a_number, Disclosure.request_id.in_(files))


def _view(session: Session, row: Disclosure, letter: LetterRecord | None) -> View:
    notices = session.scalars(
        select(CorrectionNotice)
        .where(CorrectionNotice.disclosure_id == row.id)
        .order_by(CorrectionNotice.id)
    )
    return {
        "date": row.disclosed_at.isoformat(),
        "control_number": row.control_number,
        "request": row.tracking_number,
        "subject": row.subject_name,
        "a_number": mask_a_number(row.subject_a_number),
        "nature": row.nature,
        "purpose": row.purpose,
        "recipient": row.recipient_name,
        "postal_address": row.recipient_address.splitlines(),
        "sent_to": row.sent_to,
        "basis": row.basis,
        "delivery": _tell_delivery(row, letter),
        "corrections": [
            {"told_at": n.told_at.isoformat(), "replaced_by": n.replaced_by or None}
            for n in notices
        ],
    }


def mask_a_number(a_number: str | None) -> str:
    """Return an A-number of which the last three digits can be read."""
    return f"A******{a_number[-3:]}" if a_number else ""


def _tell_delivery(row: Disclosure, letter: LetterRecord | None) -> str:
    if row.sent_to == BY_POST:
        return "given to staff for the post"
    return "" if letter is None else _DELIVERY[DeliveryStatus(letter.status)]


def record_export(
    session: Session, wanted: Wanted, *, rows: int, to_file: bool, actor: str, now: datetime
) -> None:
    """Write down that the accounting was looked at, and by whom."""
    detail = {
        "a_number": mask_a_number(wanted.a_number),
        "by_name": wanted.name is not None,
        "since": None if wanted.since is None else wanted.since.isoformat(),
        "until": None if wanted.until is None else wanted.until.isoformat(),
        "whole": wanted.is_whole,
        "rows": rows,
        "to_file": to_file,
    }
    store.add_event(session, EXPORTED, actor=actor, now=now, detail=detail)


def write_csv(rows: Sequence[View], zone: ZoneInfo) -> bytes:
    """Return rows as a CSV file (RFC 4180) in UTF-8 that no spreadsheet takes for formulas."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for row in rows:
        writer.writerow([_guard(mask_ssn(tell(row, column, zone))) for column in COLUMNS])
    return text.getvalue().encode()


def tell(row: View, column: str, zone: ZoneInfo) -> str:
    """Return what a row says in a column, as people read it."""
    value = row[column]
    if column == "date":
        return _tell_moment(value, zone)
    if column == "corrections":
        return "\n".join(_tell_correction(notice, zone) for notice in value)
    return "\n".join(value) if isinstance(value, list) else str(value)


def _tell_correction(notice: View, zone: ZoneInfo) -> str:
    number = notice["replaced_by"]
    what = f"replaced by {number}" if number else "revoked"
    return f"{_tell_moment(notice['told_at'], zone)}: told that it was {what}"


def _tell_moment(value: str, zone: ZoneInfo) -> str:
    return f"{datetime.fromisoformat(value).astimezone(zone):%Y-%m-%d %H:%M %Z}"


def _guard(text: str) -> str:
    """Return a cell that is taken for text: an apostrophe before what would begin a formula."""
    shown = "".join(c if c == "\n" or c.isprintable() else "\ufffd" for c in text)
    return f"'{shown}" if shown.startswith(_FORMULA) else shown
