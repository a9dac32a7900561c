"""Proving that nothing was changed since it was written: the event chains and what they cover.

Every chain is followed from its first event to the end that is kept beside it. What can break it:
`changed` (an event, or the end kept beside it, is not what its hash was of), `missing` (a place in
the chain is empty, its tail included), `inserted` (an event is where none belongs) and
`out_of_order` (events stand in another order than they were written in). Beyond the chain itself:
`certification_changed`, `disclosure_changed` and `mail_changed`, where bytes or rows are not what
the chain says of them, and `mail_missing`.

Rows are read one after the other; memory does not grow with their number.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

from sqlalchemy import exists, or_, select
from sqlalchemy.orm import Session

from inbox_worker.casefile.accounting import ACCOUNTED
from inbox_worker.desk.audit_covered import ISSUED, check_covered, check_mails, stream
from inbox_worker.desk.audit_result import Audit, Break
from inbox_worker.desk.case_mails import find_mail_ids
from inbox_worker.storage.event_chain import NOTHING_BEFORE, find_hash, name_office
from inbox_worker.storage.models import (
    CertificationRecord,
    Disclosure,
    Event,
    EventChain,
    JournalEntry,
    Request,
)

_EVENT = (
    Event.id.label("event_id"),
    Event.sequence,
    Event.hash,
    Event.at,
    Event.code,
    Event.actor,
    Event.status_from,
    Event.status_to,
    Event.detail,
    JournalEntry.sha256.label("mail"),
)
_OF_REQUESTS = (
    select(
        Request.id.label("chain_id"),
        Request.tracking_number.label("name"),
        Request.event_count.label("length"),
        Request.event_head.label("head"),
        *_EVENT,
    )
    .outerjoin(Event, Event.request_id == Request.id)
    .outerjoin(JournalEntry, JournalEntry.id == Event.journal_id)
    .order_by(Request.id, Event.sequence)
)
_OF_OFFICE = (
    select(
        EventChain.id.label("chain_id"),
        EventChain.event_count.label("length"),
        EventChain.event_head.label("head"),
        *_EVENT,
    )
    .outerjoin(Event, (Event.chain == EventChain.id) & Event.request_id.is_(None))
    .outerjoin(JournalEntry, JournalEntry.id == Event.journal_id)
    .order_by(EventChain.id, Event.sequence)
)


def audit_everything(session: Session, *, before: datetime | None = None) -> Audit:
    """Follow every chain, and hold against them what they cover."""
    audit = Audit(before=before)
    _follow_all(session, audit, _OF_REQUESTS)
    _follow_all(session, audit, _OF_OFFICE)
    audit.breaks.extend(_find_strays(session))
    covered = select(Request.id, Request.tracking_number).where(
        or_(
            exists().where(CertificationRecord.request_id == Request.id),
            exists().where(Disclosure.request_id == Request.id),
            exists().where(Event.request_id == Request.id, Event.code.in_((ISSUED, ACCOUNTED))),
        )
    )
    for request_id, name in stream(session, covered.order_by(Request.id)):
        check_covered(session, audit, request_id, name)
    check_mails(session, audit, select(JournalEntry.id), "")
    return audit


def audit_request(session: Session, request: Request) -> Audit:
    """Follow one request's chain, and hold against it what it covers."""
    audit = Audit(head=request.event_head)
    _follow_all(session, audit, _OF_REQUESTS.where(Request.id == request.id))
    check_covered(session, audit, request.id, request.tracking_number)
    ids = find_mail_ids(session, request)
    check_mails(
        session,
        audit,
        select(JournalEntry.id).where(JournalEntry.id.in_(ids)),
        request.tracking_number,
    )
    return audit


def _follow_all(session: Session, audit: Audit, query: Any) -> None:
    for _, rows in groupby(stream(session, query), key=lambda row: row.chain_id):
        audit.chains += 1
        audit.breaks.extend(_follow(audit, rows))


def _follow(audit: Audit, rows: Iterator[Any]) -> Iterator[Break]:
    """Follow one chain; its rows come in the order of their places."""
    chain = _Walk()
    for row in rows:
        if not chain.name:
            chain.name = getattr(row, "name", "") or name_office(row.chain_id)
            chain.count, chain.head = row.length, row.head
        if row.event_id is None:  # a chain without any event
            continue
        audit.meet(row)
        yield from chain.step(row)
    yield from chain.end()


@dataclass(slots=True)
class _Walk:
    """How far a chain has been followed."""

    name: str = ""
    count: int = 0  #: how many events there should be
    head: str = NOTHING_BEFORE  #: and the last one's hash
    place: int = 0  #: of the event before
    previous: str = NOTHING_BEFORE
    newest: int = 0  #: the highest row number so far

    def step(self, row: Any) -> Iterator[Break]:
        """Look at the next event."""
        if row.sequence <= self.place or row.sequence > self.count:
            yield self._break("inserted", row, "is one more than was ever written here")
            return
        is_next = row.sequence == self.place + 1
        if not is_next:
            yield self._missing(row.sequence - 1)
        if row.event_id < self.newest:
            yield self._break("out_of_order", row, "was written before the one it now follows")
        elif is_next and self._find_hash(row) != row.hash:
            yield self._break("changed", row, "is not what its hash is of: it, or the hash before")
        self.place, self.previous = row.sequence, row.hash
        self.newest = max(self.newest, row.event_id)

    def end(self) -> Iterator[Break]:
        """Look at where the chain ends."""
        if self.place < self.count:
            yield self._missing(self.count)
        elif self.previous != self.head:
            yield Break(
                chain=self.name,
                kind="changed",
                sequence=self.place,
                event=None,
                sentence=f"{self.name}: the last hash is not the one kept beside the chain.",
            )

    def _find_hash(self, row: Any) -> str:
        return find_hash(self.name, row.sequence, self.previous, row._mapping, row.mail)

    def _missing(self, last: int) -> Break:
        first = self.place + 1
        which = f"event {first} is" if first == last else f"events {first} to {last} are"
        return Break(
            chain=self.name,
            kind="missing",
            sequence=first,
            event=None,
            sentence=f"{self.name}: {which} missing.",
        )

    def _break(self, kind: str, row: Any, what: str) -> Break:
        tail = " it, was changed" if kind == "changed" else ""
        return Break(
            chain=self.name,
            kind=kind,
            sequence=row.sequence,
            event=row.event_id,
            sentence=f"{self.name}: event {row.sequence} ({row.code}, row {row.event_id}) {what}"
            f"{tail}.",
        )


def _find_strays(session: Session) -> Iterator[Break]:
    """Yield the events that belong to no chain."""
    has_request = exists().where(Request.id == Event.request_id)
    strays = select(Event.id, Event.sequence, Event.code).where(
        or_(
            Event.request_id.is_(None) & Event.chain.is_(None),
            Event.request_id.is_not(None) & ~has_request,
            Event.request_id.is_(None) & ~exists().where(EventChain.id == Event.chain),
        )
    )
    for event_id, sequence, code in stream(session, strays):
        yield Break(
            chain="",
            kind="inserted",
            sequence=sequence,
            event=event_id,
            sentence=f"Event row {event_id} ({code}) belongs to no chain.",
        )
