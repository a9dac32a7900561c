"""The chain of events: each event's hash covers the one before, and the chain's end is kept.

Every request has a chain of its own, which begins with its filing; its end (how many events, and
the last one's hash) stands in the request's row, so that a tail that was cut off is missed. A
request's events are added by whoever holds its row, so no two workers make one place. Events about
no request (a mail that asked for a form, say) go into one of the office's chains, whichever nobody
holds at the moment: workers never wait for each other there, and there are as many chains as were
ever written at once.

An event's hash is the SHA-256 of its canonical form (`canonical_form`). It names the mail that an
event came of by that mail's digest: whoever changes a mail breaks the chain as well.

What this proves: that no event was changed, left out or put in since a hash was kept elsewhere.
What it does not: whoever can write the whole database can compute every hash anew, and only what
was kept elsewhere (the daily digest's fingerprint, a bundle's last hash) tells of that.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.orm import Session

from inbox_worker.storage.database import put
from inbox_worker.storage.models import Event, EventChain, JournalEntry, Request, table_of

#: What stands for the hash before a chain's first event.
NOTHING_BEFORE = "0" * 64

_EVENTS = table_of(Event)
_REQUESTS = table_of(Request)
_CHAINS = table_of(EventChain)
_PUT_EVENTS = insert(_EVENTS)
_END_REQUEST = update(_REQUESTS).where(_REQUESTS.c.id == bindparam("chain_id"))
_END_OFFICE = update(_CHAINS).where(_CHAINS.c.id == bindparam("chain_id"))
_FIND_REQUEST = (
    select(_REQUESTS.c.event_count, _REQUESTS.c.event_head)
    .where(_REQUESTS.c.id == bindparam("request_id"))
    .with_for_update(key_share=True)
)
_FIND_FREE = (
    select(_CHAINS.c.id, _CHAINS.c.event_count, _CHAINS.c.event_head)
    .order_by(_CHAINS.c.id)
    .limit(1)
    .with_for_update(skip_locked=True)
)
_BEGIN_OFFICE = (
    insert(_CHAINS).values(event_count=0, event_head=NOTHING_BEFORE).returning(_CHAINS.c.id)
)
_FIND_MAIL = select(JournalEntry.sha256).where(JournalEntry.id == bindparam("journal_id"))

# Made once: to make an encoder costs more than to use it.
_ENCODE = json.JSONEncoder(sort_keys=True, separators=(",", ":")).encode

#: How many hashes are read at a time.
_AT_ONCE = 1000

#: Where a session keeps what it knows of chains and of mails' digests until its transaction ends.
_HELD = "chains and digests of this transaction"


@dataclass(slots=True, kw_only=True)
class Chain:
    """A chain of events and where it ends."""

    name: str  #: a tracking number, or `office` and a number
    office: int | None = None  #: the number, for an office's chain
    count: int = 0  #: how many events it has
    head: str = NOTHING_BEFORE  #: the last one's hash

    def link(self, facts: Mapping[str, Any], mail: str | None) -> dict[str, Any]:
        """Return an event's row with its place in the chain, which ends with it from now on.

        `mail` is the digest of the mail that it came of, None where there was none.
        """
        sequence = self.count + 1
        self.head = find_hash(self.name, sequence, self.head, facts, mail)
        self.count = sequence
        return {**facts, "chain": self.office, "sequence": sequence, "hash": self.head}


@dataclass(slots=True)
class _Held:
    """What a transaction holds, and need not ask for again."""

    requests: dict[int, Chain]
    office: Chain | None
    mails: dict[int, str]


def canonical_form(
    chain: str, sequence: int, previous: str, facts: Mapping[str, Any], mail: str | None
) -> bytes:
    """Return the bytes that an event's hash is of.

    One JSON object (RFC 8259) in ASCII, every other character written as an escape with lower-case
    digits, names sorted, nothing between the signs: `actor`; `at`, in UTC to the microsecond, as
    `2026-05-04T19:00:00.000000+00:00`; `chain`; `code`; `detail`; `mail`, a SHA-256 or null;
    `previous`, the hash before it; `sequence`, counted from 1; `status_from` and `status_to`.
    """
    at: datetime = facts["at"]
    told = {
        "actor": facts["actor"],
        "at": at.astimezone(UTC).isoformat(timespec="microseconds"),
        "chain": chain,
        "code": facts["code"],
        "detail": facts["detail"],
        "mail": mail,
        "previous": previous,
        "sequence": sequence,
        "status_from": facts["status_from"],
        "status_to": facts["status_to"],
    }
    return _ENCODE(told).encode("ascii")


def find_hash(
    chain: str, sequence: int, previous: str, facts: Mapping[str, Any], mail: str | None
) -> str:
    """Return an event's hash, in hexadecimal."""
    return hashlib.sha256(canonical_form(chain, sequence, previous, facts, mail)).hexdigest()


def name_office(number: int) -> str:
    """Return the name of one of the office's chains."""
    return f"office {number}"


def append(session: Session, facts: Mapping[str, Any], request: Request | None) -> None:
    """Write an event at the end of its chain, which nobody else moves before this transaction ends.

    `facts` are the columns of `Event` but those that say its place.
    """
    chain = _hold_office(session) if request is None else _hold_request(session, request)
    row = chain.link(facts, _find_mail(session, facts["journal_id"]))
    put(session, _PUT_EVENTS, [row])
    ended = {"event_count": chain.count, "event_head": chain.head}
    if request is None:
        put(session, _END_OFFICE, [{"chain_id": chain.office, **ended}])
    else:
        put(session, _END_REQUEST, [{"chain_id": request.id, **ended}])


@dataclass(frozen=True, slots=True, kw_only=True)
class Fingerprint:
    """What all events before a moment come to, to be kept elsewhere and compared."""

    before: datetime
    events: int  #: how many they are
    sha256: str  #: over their hashes, chain by chain


def find_fingerprint(session: Session, before: datetime) -> Fingerprint:
    """Return the fingerprint of the events before a moment that is long enough ago.

    Requests' chains come first, in the order of their numbers, then the office's.
    """
    count, digest = 0, hashlib.sha256()
    hashes = select(_EVENTS.c.hash).where(_EVENTS.c.at < before)
    of_requests = hashes.where(_EVENTS.c.request_id.is_not(None))
    of_office = hashes.where(_EVENTS.c.request_id.is_(None))
    for query in (
        of_requests.order_by(_EVENTS.c.request_id, _EVENTS.c.sequence),
        of_office.order_by(_EVENTS.c.chain, _EVENTS.c.sequence),
    ):
        for one in session.scalars(query, execution_options={"yield_per": _AT_ONCE}):
            count += 1
            digest.update(one.encode())
    return Fingerprint(before=before, events=count, sha256=digest.hexdigest())


def put_first(session: Session, rows: list[dict[str, Any]]) -> None:
    """Write events whose place is known: those that begin the chains of new requests."""
    put(session, _PUT_EVENTS, rows)


def know_request(session: Session, request: Request) -> None:
    """Take a request's chain from its row, which this transaction has just made or locked."""
    _held(session).requests.setdefault(
        request.id,
        Chain(name=request.tracking_number, count=request.event_count, head=request.event_head),
    )


def know_mail(session: Session, journal_id: int, sha256: str) -> None:
    """Take a mail's digest from somebody who has its row."""
    _held(session).mails[journal_id] = sha256


def forget(session: Session) -> None:
    """Hold nothing any longer: the transaction has ended."""
    session.info.pop(_HELD, None)


def _held(session: Session) -> _Held:
    found = session.info.get(_HELD)
    if found is None:
        found = session.info[_HELD] = _Held(requests={}, office=None, mails={})
    return found


def _hold_request(session: Session, request: Request) -> Chain:
    held = _held(session).requests
    if request.id not in held:
        count, head = session.execute(_FIND_REQUEST, {"request_id": request.id}).one()
        held[request.id] = Chain(name=request.tracking_number, count=count, head=head)
    return held[request.id]


def _hold_office(session: Session) -> Chain:
    """Return an office's chain that nobody holds; where every one is held, begin another."""
    held = _held(session)
    if held.office is None:
        free = session.execute(_FIND_FREE).first()
        if free is None:
            number = int(session.execute(_BEGIN_OFFICE).scalar_one())
            held.office = Chain(name=name_office(number), office=number)
        else:
            held.office = Chain(
                name=name_office(free.id),
                office=free.id,
                count=free.event_count,
                head=free.event_head,
            )
    return held.office


def _find_mail(session: Session, journal_id: int | None) -> str | None:
    if journal_id is None:
        return None
    mails = _held(session).mails
    if journal_id not in mails:
        mails[journal_id] = session.scalars(_FIND_MAIL, {"journal_id": journal_id}).one()
    return mails[journal_id]
