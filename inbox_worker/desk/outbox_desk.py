"""Letters in the outbox under a person's hands: what waits or failed, try again, take back.

Outcomes: a letter that had failed is QUEUED again, with the bytes and the Message-ID it was written
with; one that was QUEUED is CANCELLED and never leaves; or a sentence says why neither can be.
Either is an event with who did it.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from inbox_worker.casefile.protection import SEND_NOTHING, is_protected
from inbox_worker.errors import WorkerError
from inbox_worker.status import DeliveryStatus, check_delivery_transition
from inbox_worker.storage import store
from inbox_worker.storage.database import Database
from inbox_worker.storage.models import LetterRecord, Request
from outbound.letters.compose import LetterKind

_S = DeliveryStatus

#: What `outbox list` shows unless it is asked for something else: all that has not left.
WAITING = (_S.QUEUED, _S.SENDING, _S.UNKNOWN, _S.FAILED)

#: Why a letter cannot be sent again.
_NOT_AGAIN = {
    _S.QUEUED: "it waits already, and is tried when it is due",
    _S.SENDING: "it is being sent this moment",
    _S.UNKNOWN: "it is tried again by itself, with the same bytes, when it is due",
    _S.ACCEPTED: "the relay accepted it",
    _S.DELIVERED: "it was delivered",
    _S.CANCELLED: "it was cancelled",
}
#: Why a letter cannot be taken back.
_NOT_BACK = {
    _S.SENDING: "it is being sent this moment",
    _S.UNKNOWN: "it may have left; the relay's answer was lost",
    _S.ACCEPTED: "sorry, it has left: the relay accepted it",
    _S.DELIVERED: "sorry, it has left, and was delivered",
    _S.FAILED: "it failed, and is not sent again unless you retry it",
    _S.CANCELLED: "it was cancelled before",
}


def list_letters(session: Session, statuses: tuple[DeliveryStatus, ...]) -> list[dict[str, Any]]:
    """Return letters of these statuses as JSON values, those due first at the top."""
    rows = session.execute(
        select(LetterRecord, Request.tracking_number)
        .outerjoin(Request, Request.id == LetterRecord.request_id)
        .where(LetterRecord.status.in_([s.value for s in statuses]))
        .order_by(LetterRecord.due_at, LetterRecord.id)
    )
    return [_view(letter, tracking) for letter, tracking in rows]


def _view(letter: LetterRecord, tracking_number: str | None) -> dict[str, Any]:
    return {
        "id": letter.id,
        "status": letter.status,
        "kind": letter.kind,
        "tracking_number": tracking_number,
        "recipient": letter.recipient,
        "message_id": letter.message_id,
        "created_at": letter.created_at.isoformat(),
        "due_at": letter.due_at.isoformat(),
        "attempts": letter.attempts,
        "reason": letter.reason,
    }


def retry(database: Database, letter_id: int, *, actor: str, now: datetime) -> None:
    """Put a letter that failed back into the queue, due at once, its attempts counted anew.

    Raises `WorkerError` when there is no such letter, it has not failed, or it would tell of
    somebody who is protected by law.
    """
    with database.unit_of_work() as unit:
        letter = _find(unit.session, letter_id)
        request = _hold_request(unit.session, letter)
        if letter.status != _S.FAILED.value:
            raise WorkerError(f"Letter {letter_id} cannot be retried: {_why(letter, _NOT_AGAIN)}.")
        if _tells_of_the_protected(letter, request):
            raise WorkerError(f"Letter {letter_id} cannot be retried. {SEND_NOTHING}")
        _move(
            unit.session,
            letter,
            _S.QUEUED,
            due_at=now,
            attempts=0,
            claimed_by=None,
            retries=LetterRecord.retries + 1,
        )
        _write_down(unit.session, letter, request, "letter_retried", actor=actor, now=now)
        unit.commit()


def _tells_of_the_protected(letter: LetterRecord, request: Request | None) -> bool:
    """Whether it carries facts about somebody who is protected by law."""
    if letter.kind != LetterKind.CERTIFICATION.value or request is None:
        return False
    return is_protected(request)


def cancel(database: Database, letter_id: int, *, actor: str, now: datetime) -> str | None:
    """Take back a letter that waits; return the tracking number of the request it is about.

    Raises `WorkerError` when there is no such letter, or it does not wait (any longer).
    """
    with database.unit_of_work() as unit:
        letter = _find(unit.session, letter_id)
        request = _hold_request(unit.session, letter)
        if letter.status != _S.QUEUED.value:
            raise WorkerError(f"Letter {letter_id} cannot be cancelled: {_why(letter, _NOT_BACK)}.")
        _move(unit.session, letter, _S.CANCELLED)
        _write_down(unit.session, letter, request, "letter_cancelled", actor=actor, now=now)
        unit.commit()
        return None if request is None else request.tracking_number


def _find(session: Session, letter_id: int) -> LetterRecord:
    # Beyond what a column of numbers holds there is certainly none.
    letter = session.get(LetterRecord, letter_id) if 0 < letter_id < 2**31 else None
    if letter is None:
        raise WorkerError(f"There is no letter {letter_id}. `outbox list` lists what waits.")
    return letter


def _why(letter: LetterRecord, reasons: dict[DeliveryStatus, str]) -> str:
    return reasons[DeliveryStatus(letter.status)]


def _move(session: Session, letter: LetterRecord, target: DeliveryStatus, **values: Any) -> None:
    """Compare and set a letter's status, so that one that is just being sent stays as it is."""
    source = DeliveryStatus(letter.status)
    check_delivery_transition(source, target)
    changed = session.execute(
        update(LetterRecord)
        .where(LetterRecord.id == letter.id, LetterRecord.status == source.value)
        .values(status=target.value, **values)
        .execution_options(synchronize_session=False)
    )
    if changed.rowcount != 1:  # type: ignore[attr-defined]
        raise WorkerError(f"Letter {letter.id} was just taken up by a worker; look again.")


def _hold_request(session: Session, letter: LetterRecord) -> Request | None:
    """Return the request, held before its letter is changed, as everybody does."""
    return None if letter.request_id is None else store.hold_request(session, letter.request_id)


def _write_down(
    session: Session,
    letter: LetterRecord,
    request: Request | None,
    code: str,
    *,
    actor: str,
    now: datetime,
) -> None:
    detail = {"letter": letter.id, "kind": letter.kind}
    if letter.reason:
        detail["reason"] = letter.reason
    store.add_event(session, code, request=request, actor=actor, now=now, detail=detail)
