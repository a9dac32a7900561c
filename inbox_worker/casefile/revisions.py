"""A new revision of a file: what is missing or wrong in it now, and where the request belongs.

What was found when a value was read stays with that value until another takes its place; the rules
of the form are applied to all values again. The two never speak of the same value: a rule looks at
none that could not be read.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from inbox_worker.casefile.protection import hold_list, is_protected, mark_protected
from inbox_worker.casefile.triage import Flag, Sender, find_date, triage
from inbox_worker.services import Services
from inbox_worker.status import RequestStatus
from inbox_worker.storage import store
from inbox_worker.storage.models import Problem, Request
from parsers.definition import FormDefinition
from parsers.extraction import FieldProblem, FieldValue
from parsers.forms.subject_keys import find_subject_keys
from parsers.forms.validation import validate

_MISSING = "This field must be filled in."

#: Flags that no value of the form brought about, and none ends.
_LASTING = frozenset({Flag.PROTECTED, Flag.DUPLICATE, Flag.DEMAND_FOUND})


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Who changes a file, when, and by which mail."""

    actor: str
    now: datetime
    journal_id: int


def keep_read_problems(
    services: Services,
    definition: FormDefinition,
    problems: Iterable[FieldProblem | Problem],
    fields: Mapping[str, FieldValue],
    *,
    without: Collection[str] = (),
) -> list[FieldProblem]:
    """Return what reading found in `fields` but for those `without`, and nothing of the rules'."""
    _, of_rules = validate(definition, fields, today=services.local_date(services.clock()))
    ruled = {(p.field, p.code) for p in of_rules}
    return [
        FieldProblem(field=p.field, code=p.code, message=p.message, flag_only=p.flag_only)
        for p in problems
        if p.field not in without
        and (p.field, p.code) not in ruled
        and (p.flag_only or _is_unread(p, fields))
    ]


def _is_unread(problem: FieldProblem | Problem, fields: Mapping[str, FieldValue]) -> bool:
    found = fields.get(problem.field)
    return problem.code != "missing" and (found is None or found.value == "")


def find_shortcomings(
    services: Services,
    definition: FormDefinition,
    fields: Mapping[str, FieldValue],
    read: Sequence[FieldProblem],
    *,
    attachments_beside_form: int | None = None,
) -> tuple[FieldProblem, ...]:
    """Return all that is missing or wrong in these values, in the form's order.

    `read` is what reading them found.
    """
    missing, problems = validate(
        definition,
        fields,
        today=services.local_date(services.clock()),
        attachments_beside_form=attachments_beside_form,
    )
    named = {p.field for p in read}
    gaps = [
        FieldProblem(field=name, code="missing", message=_MISSING)
        for name in missing
        if name not in named
    ]
    order = {f.name: i for i, f in enumerate(definition.fields)}
    return tuple(sorted([*gaps, *read, *problems], key=lambda p: order.get(p.field, len(order))))


def revise(
    services: Services,
    session: Session,
    request: Request,
    fields: Mapping[str, FieldValue],
    problems: Sequence[FieldProblem],
    change: Change,
    *,
    has_ssn: bool = False,
    has_demand: bool = False,
) -> RequestStatus:
    """Start a new revision of the file with these values, and return where it now belongs.

    `has_ssn` says that a Social Security number stands among the new values, `has_demand` that a
    demand came with them. Flags that hold no
    longer end with an event. Somebody who is protected by law is known again here; who
    holds the request must have held the list before it.
    """
    before = set(request.flags)
    judged = triage(
        fields,
        missing=[p.field for p in problems if p.code == "missing" and not p.flag_only],
        problems=problems,
        warnings=["contains_ssn"] if has_ssn or "ssn" in request.flags else [],
        sender=Sender(address=request.author_address, is_proven=request.author_proven),
        official_domains=services.settings.general.official_domains,
        today=services.local_date(services.clock()),
        has_demand=has_demand,
    )
    store.start_revision(session, request)
    store.add_problems(session, request, problems)
    values = {name: found.value for name, found in fields.items()}
    request.flags = [f.value for f in Flag if f in judged.flags or f in _LASTING & before]
    today = services.local_date(change.now)
    subject = find_subject_keys(fields, today=today)
    (is_on_list,) = hold_list(session).find_protected([subject])
    if is_on_list and not is_protected(request):
        mark_protected(
            session, request, actor=store.PROGRAM, now=change.now, journal_id=change.journal_id
        )
    request.priority = judged.priority
    request.deadline_date = find_date(values.get("deadline_date"))
    requester_type = values.get("requester_type")
    request.requester_type = requester_type if isinstance(requester_type, str) else None
    session.flush()
    ended = sorted(before.difference(request.flags))
    if ended:
        store.add_event(
            session,
            "flags_ended",
            request=request,
            actor=change.actor,
            now=change.now,
            journal_id=change.journal_id,
            detail={"flags": ended, "revision": request.revision},
        )
    return judged.route
