"""The outbox in the database: implements the dispatcher's port and takes letters in.

A letter is put in by whoever changes a request's state, in the same transaction, under a key that
says what it is for; the same key twice is the same letter. From then on its bytes never change.
Several workers share the letters that are due: a letter is its sender's only while that worker is
at work, and only its sender settles it. What the database was away for is settled when it is back.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    LargeBinary,
    Select,
    bindparam,
    delete,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from inbox_worker.errors import StaleStatusError
from inbox_worker.status import DeliveryStatus, check_delivery_transition
from inbox_worker.storage import leases
from inbox_worker.storage.database import Database, UnitOfWork, put, upsert
from inbox_worker.storage.models import LetterRecord, RawLetter, ServiceState, table_of
from outbound.letters.compose import LetterKind
from outbound.submission.outbox import QueuedLetter, SmtpReply

PAUSED = "paused"

#: Which relay takes a letter: the one that takes all, or the one that alarms have of their own.
MAIN_ROUTE = "main"
ALARM_ROUTE = "alarms"
#: Letters of whose delivery a report is wanted: those that carry an answer, whatever it says.
ANSWERS = frozenset({LetterKind.CERTIFICATION.value, LetterKind.REFUSAL.value})
_ENVELOPE_ID = re.compile(r"<([a-z]+\.[0-9a-z]+)@[^>]+>")

_S = DeliveryStatus
_LETTERS = table_of(LetterRecord)
_PUT_LETTER = upsert(_LETTERS).on_conflict_do_nothing(index_elements=["key"])
_PUT_RAW = (
    upsert(table_of(RawLetter))
    .from_select(
        ["letter_id", "raw"],
        select(_LETTERS.c.id, bindparam("raw", type_=LargeBinary)).where(
            _LETTERS.c.key == bindparam("key")
        ),
    )
    .on_conflict_do_nothing(index_elements=["letter_id"])
)


#: A letter that is nobody's again, and was not tried.
_PUT_BACK = {"status": _S.QUEUED.value, "claimed_by": None}
_PUT_STATE = upsert(table_of(ServiceState)).on_conflict_do_nothing(index_elements=["name"])


@dataclass(frozen=True, slots=True, kw_only=True)
class NewLetter:
    """A finished letter on its way into the outbox."""

    key: str  #: what it is for, unique for ever
    kind: str
    request_id: int | None
    journal_id: int | None  #: the mail it answers
    sender: str
    recipient: str
    message_id: str
    subject: str
    raw: bytes
    due_at: datetime
    route: str = MAIN_ROUTE


def put_letter(session: Session, letter: NewLetter, *, now: datetime) -> None:
    """Take a letter in; one whose key is there already is left as it is."""
    row = {
        "key": letter.key,
        "kind": letter.kind,
        "request_id": letter.request_id,
        "journal_id": letter.journal_id,
        "sender": letter.sender,
        "recipient": letter.recipient,
        "message_id": letter.message_id,
        "subject": letter.subject,
        "status": _S.QUEUED.value,
        "attempts": 0,
        "created_at": now,
        "due_at": letter.due_at,
        "route": letter.route,
    }
    put(session, _PUT_LETTER, [row])
    put(session, _PUT_RAW, [{"key": letter.key, "raw": letter.raw}])


def find_envelope_id(message_id: str) -> str:
    """Return the name a letter has in delivery reports: what cannot be guessed of its Message-ID.

    Empty for an identifier that is none of ours.
    """
    found = _ENVELOPE_ID.fullmatch(message_id)
    return "" if found is None else found[1]


def has_letter(session: Session, key: str) -> bool:
    """Whether a letter of that key was put in."""
    return session.scalar(select(_LETTERS.c.id).where(_LETTERS.c.key == key)) is not None


def is_paused(session: Session) -> bool:
    """Whether sending is paused."""
    return session.get(ServiceState, PAUSED) is not None


def find_pause(session: Session) -> datetime | None:
    """Return since when sending is paused, or None."""
    found = session.get(ServiceState, PAUSED)
    return None if found is None else datetime.fromisoformat(found.value)


def set_paused(session: Session, *, paused: bool, now: datetime) -> None:
    """Pause or resume sending; repeating either is harmless."""
    if paused:
        row = {"name": PAUSED, "value": now.isoformat()}
        session.execute(_PUT_STATE, [row])
    else:
        session.execute(delete(ServiceState).where(ServiceState.name == PAUSED))


def hasten_untried(session: Session, *, now: datetime) -> None:
    """Make due at once what was never tried because the relay was away; it may be back."""
    session.execute(
        update(LetterRecord)
        .where(
            LetterRecord.status == _S.QUEUED.value,
            LetterRecord.attempts == 0,
            LetterRecord.reason.is_not(None),
            LetterRecord.due_at > now,
        )
        .values(due_at=now)
    )


class DatabaseOutbox:
    """`outbound.submission.outbox.OutboxStore` over the database; every method is one transaction.

    `route` limits what is claimed to the letters of one relay. Alarms that have a relay of their
    own leave while sending is paused: they tell the administrators, and nobody else.
    """

    def __init__(self, database: Database, worker_id: str, *, route: str | None = None) -> None:
        self._database = database
        self._worker_id = worker_id
        self._route = route
        self._may_hold = False  #: letters that nobody is sending
        self._unsettled: dict[int, dict[str, Any]] = {}  #: what became of some of those

    def settle(self) -> None:
        """Settle what is still ours since the database was away, before another round begins.

        What was answered is what it was answered; all else is due as it was.
        """
        if not self._may_hold:
            return
        with self._database.unit_of_work() as unit:
            for letter_id, values in self._unsettled.items():
                self._change(unit.session, [letter_id], values)
            unit.session.execute(
                update(_LETTERS)
                .where(self._is_ours(), _LETTERS.c.route.in_(_list_routes(self._route)))
                .values(_PUT_BACK)
            )
            unit.commit()
        self._may_hold = False
        self._unsettled.clear()

    @contextmanager
    def _unit_of_work(self) -> Iterator[UnitOfWork]:
        try:
            with self._database.unit_of_work() as unit:
                yield unit
        except SQLAlchemyError:
            self._may_hold = True
            raise

    def claim_due(self, now: datetime, *, limit: int) -> Sequence[QueuedLetter]:
        """Claim up to `limit` due letters, oldest first, and those whose sender is gone.

        Raises `LeaseLostError`.
        """
        with self._unit_of_work() as unit:
            if self._route != ALARM_ROUTE and is_paused(unit.session):
                return []
            letters = unit.session.execute(_due(now, self._route).limit(limit)).all()
            if letters:
                leases.check_at_work(unit.session, self._worker_id)
            for letter, _ in letters:
                letter.status = _S.SENDING.value
                letter.claimed_by = self._worker_id
            claimed = [_queued(letter, raw) for letter, raw in letters]
            unit.commit()
            return claimed

    def may_send(self, letter_id: int) -> bool:
        """Whether the letter is still ours to send, and sending is not paused."""
        with self._database.read() as session:
            ours = select(_LETTERS.c.id).where(_LETTERS.c.id == letter_id, self._is_ours())
            is_halted = self._route != ALARM_ROUTE and is_paused(session)
            return session.scalar(ours) is not None and not is_halted

    def put_back(self, letter_ids: Sequence[int]) -> None:
        """Let go of letters that were not tried; they are due as they were."""
        with self._unit_of_work() as unit:
            self._change(unit.session, letter_ids, _PUT_BACK)
            unit.commit()

    def _change(
        self, session: Session, letter_ids: Sequence[int], values: Mapping[str, Any]
    ) -> int:
        """Change those of the letters that are still ours; return how many are."""
        changed = session.execute(
            update(_LETTERS).where(_LETTERS.c.id.in_(letter_ids), self._is_ours()).values(values)
        )
        return changed.rowcount  # type: ignore[attr-defined,no-any-return]

    def _is_ours(self) -> ColumnElement[bool]:
        return (_LETTERS.c.status == _S.SENDING.value) & (_LETTERS.c.claimed_by == self._worker_id)

    def record_accepted(self, letter_id: int, *, now: datetime, reply: SmtpReply) -> None:
        """Note the relay's acceptance and what it said."""
        self._settle(
            letter_id,
            _S.ACCEPTED,
            accepted_at=now,
            reply_code=reply.code,
            reply_text=reply.text[:500],
        )

    def record_retry(self, letter_id: int, *, now: datetime, due: datetime, reason: str) -> None:
        """Put the letter back until `due`."""
        del now
        self._settle(letter_id, _S.QUEUED, due_at=due, reason=reason[:200])

    def record_untried(self, letter_id: int, *, now: datetime, due: datetime, reason: str) -> None:
        """Put the letter back as if it had not been claimed."""
        del now
        self._settle(letter_id, _S.QUEUED, tried=0, due_at=due, reason=reason[:200])

    def record_unknown(self, letter_id: int, *, now: datetime, due: datetime, reason: str) -> None:
        """Note that nobody knows whether the relay took it."""
        del now
        self._settle(letter_id, _S.UNKNOWN, due_at=due, reason=reason[:200])

    def record_failed(self, letter_id: int, *, now: datetime, reason: str) -> None:
        """Give the letter up."""
        del now
        self._settle(letter_id, _S.FAILED, reason=reason[:200])

    def _settle(
        self, letter_id: int, target: DeliveryStatus, *, tried: int = 1, **values: object
    ) -> None:
        check_delivery_transition(_S.SENDING, target)
        values |= {
            "status": target.value,
            "claimed_by": None,
            "attempts": _LETTERS.c.attempts + tried,
        }
        self._unsettled[letter_id] = values
        with self._unit_of_work() as unit:
            changed = self._change(unit.session, [letter_id], values)
            unit.commit()
        del self._unsettled[letter_id]
        if changed != 1:
            raise StaleStatusError(f"letter {letter_id} is not being sent by this worker")


def _list_routes(route: str | None) -> list[str]:
    return [MAIN_ROUTE, ALARM_ROUTE] if route is None else [route]


def _due(now: datetime, route: str | None) -> Select[LetterRecord, bytes]:
    waits = LetterRecord.status.in_([_S.QUEUED.value, _S.UNKNOWN.value])
    abandoned = (LetterRecord.status == _S.SENDING.value) & LetterRecord.claimed_by.is_(None)
    return (
        select(LetterRecord, RawLetter.raw)
        .join(RawLetter, RawLetter.letter_id == LetterRecord.id)
        # The condition of the index, word for word, or PostgreSQL would not use it.
        .where(text("letters.status IN ('QUEUED', 'SENDING', 'UNKNOWN')"))
        .where(LetterRecord.route.in_(_list_routes(route)))
        .where(or_(waits & (LetterRecord.due_at <= now), abandoned))
        .order_by(LetterRecord.due_at, LetterRecord.id)
        .with_for_update(of=LetterRecord, key_share=True, skip_locked=True)
    )


def _queued(letter: LetterRecord, raw: bytes) -> QueuedLetter:
    return QueuedLetter(
        id=letter.id,
        attempts=letter.attempts,
        sender=letter.sender,
        recipient=letter.recipient,
        raw=raw,
        envelope_id=find_envelope_id(letter.message_id),
        wants_receipt=letter.kind in ANSWERS,
    )
