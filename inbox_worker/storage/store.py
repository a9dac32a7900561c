"""Requests and all that hangs on them: fields, problems, events, statuses, decisions, tokens'
rounds.

Every function works in the caller's transaction and commits nothing. A change of status goes
through `move_request` alone, which checks the transition table and then compares and sets.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, insert, select, update
from sqlalchemy.orm import Session, make_transient_to_detached
from sqlalchemy.orm.attributes import set_committed_value

from inbox_worker.errors import StaleStatusError
from inbox_worker.status import RequestStatus, check_transition
from inbox_worker.storage.database import put, upsert
from inbox_worker.storage.models import (
    AttachmentRecord,
    CertificationRecord,
    Decision,
    Event,
    FieldRecord,
    FormInside,
    LetterRecord,
    Problem,
    Request,
    TrackingSequence,
    table_of,
)
from parsers.extraction import FieldProblem, FieldValue, Value
from parsers.values.tracking import format_tracking_number

# What every request needs goes in by statements built once: building them, and the bookkeeping of
# mapped objects, costs several times what the database does.
_PUT_REQUESTS = insert(table_of(Request)).returning(
    table_of(Request).c.tracking_number, table_of(Request).c.id
)
_PUT_EVENTS = insert(table_of(Event))
_PUT_ATTACHMENTS = insert(table_of(AttachmentRecord))
_PUT_FORMS_INSIDE = insert(table_of(FormInside))
_PUT_PROBLEMS = insert(table_of(Problem))
_PUT_FIELD_VALUES = insert(table_of(FieldRecord))
_PUT_SEQUENCE = upsert(table_of(TrackingSequence))
_TAKE_NUMBERS = _PUT_SEQUENCE.on_conflict_do_update(
    index_elements=["year"],
    set_={"last": table_of(TrackingSequence).c.last + _PUT_SEQUENCE.excluded.last},
).returning(table_of(TrackingSequence).c.last)

#: The actor of everything the program does by itself.
PROGRAM = "program"

#: The event that keeps a reviewer's note with a file.
NOTE = "note_added"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewRequest:
    """What is known of a request when it is filed."""

    status: RequestStatus  #: where it goes first
    year: int  #: of its tracking number
    received_at: datetime
    journal_id: int
    document_position: int
    definition: str
    channel: str
    author_address: str
    author_message_id: str | None
    author_proven: bool
    requester_type: str | None
    deadline_date: date | None
    priority: int
    flags: tuple[str, ...]


#: What is known of a new request and stored as it is; `asdict` would copy every value.
_GIVEN = tuple(f.name for f in fields(NewRequest) if f.name != "year")
#: What a new request does not have yet.
_EMPTY = {column.name: None for column in Request.__table__.columns if column.nullable}


def take_tracking_numbers(session: Session, year: int, count: int = 1) -> list[str]:
    """Return the year's next tracking numbers; a sequence has no gaps but those of roll-backs."""
    last = session.scalars(_TAKE_NUMBERS, {"year": year, "last": count}).one()
    return [format_tracking_number(year, n) for n in range(last - count + 1, last + 1)]


def add_requests(session: Session, new: Sequence[NewRequest]) -> list[Request]:
    """File requests under their own tracking numbers, RECEIVED and at once moved on.

    Raises `IllegalTransitionError` when a new request cannot go where it is sent.
    """
    for one in new:
        check_transition(RequestStatus.RECEIVED, one.status)
    rows = [
        _request_row(one, number) for one, number in zip(new, _number(session, new), strict=True)
    ]
    ids: dict[str, int] = dict(session.execute(_PUT_REQUESTS, rows).all())
    requests = [Request(id=ids[row["tracking_number"]], **row) for row in rows]
    for request in requests:
        make_transient_to_detached(request)
    session.add_all(requests)
    put(session, _PUT_EVENTS, [e for request in requests for e in _filing_events(request)])
    return requests


def _number(session: Session, new: Sequence[NewRequest]) -> Iterator[str]:
    """Yield a tracking number for each, in their order."""
    counts = Counter(one.year for one in new)
    taken = {
        y: iter(take_tracking_numbers(session, y, count)) for y, count in sorted(counts.items())
    }
    return (next(taken[one.year]) for one in new)


def _request_row(new: NewRequest, tracking_number: str) -> dict[str, Any]:
    return {
        # With every column at hand, nobody who asks the new request for one asks the database.
        **_EMPTY,
        **{name: getattr(new, name) for name in _GIVEN},
        "flags": list(new.flags),
        "tracking_number": tracking_number,
        "status": new.status.value,
        "round": int(new.status is RequestStatus.IN_REVIEW),
        "revision": 1,
        "perfected_at": None if new.status is RequestStatus.INCOMPLETE else new.received_at,
        "status_since": new.received_at,
    }


def _filing_events(request: Request) -> Iterator[dict[str, Any]]:
    now = request.received_at
    yield _event_row("request_filed", request=request, actor=PROGRAM, now=now)
    yield _event_row(
        f"request_{request.status.lower()}",
        request=request,
        actor=PROGRAM,
        now=now,
        journal_id=request.journal_id,
        status_from=RequestStatus.RECEIVED,
    )


def find_request(session: Session, tracking_number: str) -> Request | None:
    """Return the request of that tracking number, or None."""
    return session.scalars(
        select(Request).where(Request.tracking_number == tracking_number)
    ).one_or_none()


def hold_request(session: Session, request_id: int) -> Request:
    """Return a request as it is now, for writing: nobody else changes it in the meantime."""
    return session.get_one(
        Request,
        request_id,
        populate_existing=True,
        with_for_update={"key_share": True},
    )


def move_request(
    session: Session,
    request: Request,
    target: RequestStatus,
    *,
    code: str,
    actor: str,
    now: datetime,
    journal_id: int | None = None,
    detail: Mapping[str, Any] | None = None,
    perfected_at: datetime | None = None,
) -> None:
    """Change a request's status; every return to review starts a new round.

    `perfected_at` is when the request was first complete, where that is now.

    Raises `IllegalTransitionError` when the table forbids it and `StaleStatusError` when another
    writer was first.
    """
    source = RequestStatus(request.status)
    check_transition(source, target)
    changes: dict[str, Any] = {
        "status": target.value,
        "status_since": now,
        "round": request.round + (target is RequestStatus.IN_REVIEW),
        "perfected_at": request.perfected_at or perfected_at,
        "legal_cleared_at": None if target is RequestStatus.LEGAL else request.legal_cleared_at,
    }
    changed = session.execute(
        update(Request)
        .where(Request.id == request.id, Request.status == source.value)
        .values(**changes)
        .execution_options(synchronize_session=False)
    )
    if changed.rowcount != 1:  # type: ignore[attr-defined]
        raise StaleStatusError(f"{request.tracking_number} is no longer {source}")
    # What the statement above wrote, without asking the database for it.
    for name, value in changes.items():
        set_committed_value(request, name, value)
    add_event(
        session,
        code,
        request=request,
        actor=actor,
        now=now,
        journal_id=journal_id,
        status_from=source,
        detail=detail,
    )


def add_event(
    session: Session,
    code: str,
    *,
    actor: str,
    now: datetime,
    request: Request | None = None,
    journal_id: int | None = None,
    status_from: RequestStatus | None = None,
    detail: Mapping[str, Any] | None = None,
) -> None:
    """Write down what happened; with `status_from`, that the request left that status."""
    row = _event_row(
        code,
        actor=actor,
        now=now,
        request=request,
        journal_id=journal_id,
        status_from=status_from,
        detail=detail,
    )
    put(session, _PUT_EVENTS, [row])


def _event_row(
    code: str,
    *,
    actor: str,
    now: datetime,
    request: Request | None = None,
    journal_id: int | None = None,
    status_from: RequestStatus | None = None,
    detail: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    return {
        "request_id": None if request is None else request.id,
        "journal_id": journal_id,
        "at": now,
        "code": code,
        "actor": actor,
        "status_from": None if status_from is None else status_from.value,
        "status_to": None if status_from is None or request is None else request.status,
        "detail": dict(detail or {}),
    }


def add_attachments(session: Session, journal_id: int, rows: Iterable[Mapping[str, Any]]) -> None:
    """Record what came with a mail; each row holds the columns of `AttachmentRecord`."""
    put(session, _PUT_ATTACHMENTS, [{"journal_id": journal_id, **row} for row in rows])


def keep_forms_inside(session: Session, journal_id: int, forms: Mapping[int, bytes]) -> None:
    """Keep the bytes of forms that lay inside something attached, by position."""
    rows = [{"journal_id": journal_id, "position": n, "data": data} for n, data in forms.items()]
    put(session, _PUT_FORMS_INSIDE, rows)


def add_fields(
    session: Session,
    request: Request,
    fields: Mapping[str, FieldValue],
    *,
    recorded_by: str,
    now: datetime,
) -> None:
    """Record values for the request's current revision; earlier values of the same fields stay."""
    if not fields:
        return
    if request.revision > 1:
        session.execute(
            update(FieldRecord)
            .where(
                FieldRecord.request_id == request.id,
                FieldRecord.field.in_(fields),
                FieldRecord.superseded_at.is_(None),
            )
            .values(superseded_at=now)
        )
    put(
        session,
        _PUT_FIELD_VALUES,
        [
            {
                "request_id": request.id,
                "field": name,
                "revision": request.revision,
                "value": list(v.value) if isinstance(v.value, tuple) else v.value,
                "raw": v.raw,
                "source": v.source,
                "confidence": v.confidence,
                "page": v.page,
                "box": None if v.box is None else list(v.box),
                "alternatives": list(v.alternatives) or None,
                "shown": v.shown,
                "recorded_at": now,
                "recorded_by": recorded_by,
            }
            for name, v in fields.items()
        ],
    )


def add_problems(session: Session, request: Request, problems: Iterable[FieldProblem]) -> None:
    """Record what is missing or wrong in the current revision."""
    rows = [
        {
            "request_id": request.id,
            "revision": request.revision,
            "field": p.field,
            "code": p.code,
            "message": p.message,
            "flag_only": p.flag_only,
        }
        for p in problems
    ]
    put(session, _PUT_PROBLEMS, rows)


def start_revision(session: Session, request: Request) -> None:
    """Start a new revision of the file; raise `StaleStatusError` when another writer was first."""
    changed = session.execute(
        update(Request)
        .where(Request.id == request.id, Request.revision == request.revision)
        .values(revision=Request.revision + 1)
        .execution_options(synchronize_session=False)
    )
    if changed.rowcount != 1:  # type: ignore[attr-defined]
        raise StaleStatusError(f"{request.tracking_number} was corrected by another")
    session.refresh(request)


def list_problems(session: Session, request: Request) -> Sequence[Problem]:
    """Return the current revision's problems, in the order they were found."""
    return session.scalars(
        select(Problem)
        .where(Problem.request_id == request.id, Problem.revision == request.revision)
        .order_by(Problem.id)
    ).all()


def current_fields(session: Session, request: Request) -> dict[str, FieldValue]:
    """Return the values in force, by field name."""
    rows = session.scalars(
        select(FieldRecord)
        .where(FieldRecord.request_id == request.id, FieldRecord.superseded_at.is_(None))
        .order_by(FieldRecord.id)
    )
    return {row.field: _field_value(row) for row in rows}


def fields_of_newest_form(session: Session, request: Request) -> dict[str, FieldValue]:
    """Return those values in force that were read from the form that came last."""
    events = session.scalars(
        select(Event.detail).where(Event.request_id == request.id, Event.code == "form_resubmitted")
    )
    newest = max((int(detail["revision"]) for detail in events), default=1)
    rows = session.scalars(
        select(FieldRecord).where(
            FieldRecord.request_id == request.id,
            FieldRecord.revision == newest,
            FieldRecord.superseded_at.is_(None),
        )
    )
    return {row.field: _field_value(row) for row in rows}


def _field_value(row: FieldRecord) -> FieldValue:
    value: Value = tuple(row.value) if isinstance(row.value, list) else row.value
    return FieldValue(
        value=value,
        raw=row.raw,
        source=row.source,
        confidence=row.confidence,
        page=row.page,
        box=None if row.box is None else (row.box[0], row.box[1], row.box[2], row.box[3]),
        alternatives=tuple(row.alternatives or ()),
        shown=row.shown,
    )


def find_last_change(session: Session, request: Request) -> Event | None:
    """Return the event of the request's newest change of status."""
    return session.scalars(
        select(Event)
        .where(Event.request_id == request.id, Event.status_from.is_not(None))
        .order_by(Event.id.desc())
        .limit(1)
    ).first()


def has_left(session: Session, decision: Decision) -> bool:
    """Whether a decision was issued."""
    issued = select(CertificationRecord.id).where(CertificationRecord.decision_id == decision.id)
    return session.scalars(issued.limit(1)).first() is not None


def start_round(session: Session, request: Request) -> None:
    """Start a new round for a request that stays where it is."""
    request.round += 1
    session.flush()


def list_notes(session: Session, request: Request) -> Sequence[Event]:
    """Return the events that keep reviewers' notes, oldest first; `detail` has the `text`."""
    return session.scalars(
        select(Event).where(Event.request_id == request.id, Event.code == NOTE).order_by(Event.id)
    ).all()


def find_decision(session: Session, request: Request, *states: str) -> Decision | None:
    """Return the round's newest decision in one of `states`, or None."""
    return session.scalars(
        select(Decision)
        .where(
            Decision.request_id == request.id,
            Decision.round == request.round,
            Decision.state.in_(states),
        )
        .order_by(Decision.id.desc())
        .limit(1)
    ).one_or_none()


def supersede_proposals(session: Session, request: Request, actor: str) -> None:
    """Let somebody's earlier proposals of the round give way to a new one."""
    session.execute(
        update(Decision)
        .where(
            Decision.request_id == request.id,
            Decision.round == request.round,
            Decision.actor == actor,
            Decision.state == "PROPOSED",
        )
        .values(state="SUPERSEDED")
    )


def set_decision_state(session: Session, decision: Decision, source: str, target: str) -> None:
    """Compare and set a decision's state; raise `StaleStatusError` when another was first."""
    changed = session.execute(
        update(Decision)
        .where(Decision.id == decision.id, Decision.state == source)
        .values(state=target)
        .execution_options(synchronize_session=False)
    )
    if changed.rowcount != 1:  # type: ignore[attr-defined]
        raise StaleStatusError(f"decision {decision.id} is no longer {source}")
    session.refresh(decision)


def count_repeats(session: Session, author: str, since: datetime) -> int:
    """Return how many requests of an author since a moment repeat an earlier one."""
    return session.scalars(
        select(func.count())
        .select_from(Request)
        .where(
            Request.author_address == author,
            Request.received_at >= since,
            Request.duplicate_of.is_not(None),
        )
    ).one()


def count_letters_to(
    session: Session, recipient: str, kinds: Sequence[str], since: datetime
) -> int:
    """Return how many letters of these kinds were written to an address since a moment."""
    return session.scalars(
        select(func.count())
        .select_from(LetterRecord)
        .where(
            func.lower(LetterRecord.recipient) == recipient.lower(),
            LetterRecord.kind.in_(kinds),
            LetterRecord.created_at >= since,
        )
    ).one()
