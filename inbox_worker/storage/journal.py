"""The journal: every mail's raw bytes, where they were seen, and what became of them.

Recording is the first thing that happens to a mail, and it is committed before anything else. The
outcomes of recording are three: NEW, REPEAT (the same bytes are known from another place) and KNOWN
(this very place was recorded before); two more are for a folder that the server has renumbered. A
disposition is set once.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import bindparam, func, insert, select, update
from sqlalchemy.orm import Session

from inbox_worker.errors import StaleStatusError
from inbox_worker.status import Disposition
from inbox_worker.storage.database import put, upsert
from inbox_worker.storage.models import JournalEntry, RawMail, Sighting, table_of
from parsers.mail.raw_headers import find_raw_message_id

# Statements that every mail needs, built once: building them costs more than running them.
_JOURNAL = table_of(JournalEntry)
_SIGHTINGS = table_of(Sighting)
_PUT_ENTRIES = (
    upsert(_JOURNAL)
    .on_conflict_do_nothing(index_elements=["sha256", "copy"])
    .returning(_JOURNAL.c.sha256, _JOURNAL.c.id)
)
_PUT_RAW = insert(table_of(RawMail))
_PUT_SIGHTINGS = (
    upsert(_SIGHTINGS)
    .on_conflict_do_nothing(index_elements=["mailbox", "uidvalidity", "uid"])
    .returning(_SIGHTINGS.c.uidvalidity, _SIGHTINGS.c.uid)
)
_DISPOSE = update(_JOURNAL).where(
    _JOURNAL.c.id == bindparam("entry_id"), _JOURNAL.c.disposition.is_(None)
)
_READ = (
    select(JournalEntry, RawMail.raw)
    .join(RawMail, RawMail.journal_id == JournalEntry.id)
    .where(JournalEntry.id.in_(bindparam("entry_ids", expanding=True)))
    .order_by(JournalEntry.id)
)


class Recording(StrEnum):
    """What recording a mail came to."""

    NEW = "NEW"  #: its bytes were not known
    REPEAT = "REPEAT"  #: its bytes were, from another place
    KNOWN = "KNOWN"  #: this place was recorded before
    RENUMBERED = "RENUMBERED"  #: it was, and the server has given it another number since
    BACKLOG = "BACKLOG"  #: it lay there when the mailbox was set up, and is left alone


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a mail lies on a server (RFC 9051 section 2.3.1.1)."""

    mailbox: str  #: the configured name
    uidvalidity: int
    uid: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingMove:
    """A disposed mail that still lies in the inbox."""

    sighting_id: int
    uid: int
    disposition: Disposition


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """A mail that was fetched, or the header of one that was too large to fetch."""

    place: Place
    raw: bytes
    size: int  #: bytes of the whole mail, as the server said
    is_whole: bool
    internal_date: datetime
    is_deleted: bool = False  #: flagged as deleted, and still there


def record_mails(
    session: Session, arrivals: Sequence[Arrival], *, now: datetime
) -> list[Recording]:
    """Record the bytes and the places of mails from one mailbox; return what each came to.

    The same bytes are recorded once, also by two at once: the second waits for the first's commit.
    """
    if not arrivals:
        return []
    digests = [find_digest(arrival.raw) for arrival in arrivals]
    known = find_entries(session, set(digests))
    new = _put_entries(
        session,
        [(a, d) for a, d in zip(arrivals, digests, strict=True) if d not in known],
        now,
    )
    known |= new
    # Another mailbox got the same bytes in the same moment, and its worker was first.
    known |= find_entries(session, set(digests) - known.keys())
    sightings = []
    for arrival, digest in zip(arrivals, digests, strict=True):
        # Of equal mails that arrived together, the first is the new one.
        is_repeat = new.pop(digest, None) is None
        sightings.append(_sighting_row(arrival, known[digest], is_repeat=is_repeat, now=now))
    seen = {(uidvalidity, uid) for uidvalidity, uid in session.execute(_PUT_SIGHTINGS, sightings)}
    return [
        Recording.KNOWN
        if (row["uidvalidity"], row["uid"]) not in seen
        else Recording.REPEAT
        if row["is_repeat"]
        else Recording.NEW
        for row in sightings
    ]


def find_digest(raw: bytes) -> str:
    """Return what a mail's bytes are known by: their SHA-256, in hexadecimal."""
    return hashlib.sha256(raw).hexdigest()


def _put_entries(
    session: Session, arrivals: Sequence[tuple[Arrival, str]], now: datetime
) -> dict[str, int]:
    """Write down bytes that were not known, with their digests; return their entries by digest."""
    if not arrivals:
        return {}
    rows = [
        {
            "mailbox": arrival.place.mailbox,
            "sha256": digest,
            "size": arrival.size,
            "is_whole": arrival.is_whole,
            "internal_date": arrival.internal_date,
            "message_id": find_raw_message_id(arrival.raw),
            "recorded_at": now,
            "attempts": 0,
        }
        for arrival, digest in arrivals
    ]
    new: dict[str, int] = dict(session.execute(_PUT_ENTRIES, rows).all())
    raws = {digest: arrival.raw for arrival, digest in arrivals}
    put(session, _PUT_RAW, [{"journal_id": new[d], "raw": raws[d]} for d in new])
    return new


def find_entries(session: Session, digests: set[str]) -> dict[str, int]:
    """Return the entries that hold these bytes, by digest, whatever mailbox they came to.

    A mail that a person drags from one watched folder to another is the same mail.
    """
    if not digests:
        return {}
    found = session.execute(
        select(JournalEntry.sha256, func.min(JournalEntry.id))
        .where(JournalEntry.sha256.in_(digests))
        .group_by(JournalEntry.sha256)
    )
    return dict(found.all())


def _sighting_row(
    arrival: Arrival, entry_id: int, *, is_repeat: bool, now: datetime
) -> dict[str, Any]:
    # Where a server cannot take messages away, one that was moved stays, flagged as deleted.
    is_gone = is_repeat and arrival.is_deleted
    return {
        "mailbox": arrival.place.mailbox,
        "uidvalidity": arrival.place.uidvalidity,
        "uid": arrival.place.uid,
        "journal_id": entry_id,
        "seen_at": now,
        "is_repeat": is_repeat,
        "moved_at": now if is_gone else None,
    }


def read_mails(session: Session, entry_ids: Sequence[int]) -> list[tuple[JournalEntry, bytes]]:
    """Return journal entries, detached, in the order of their ids, each with its mail's bytes."""
    found = session.execute(_READ, {"entry_ids": entry_ids}).all()
    session.expunge_all()
    return list(found)


@dataclass(frozen=True, slots=True, kw_only=True)
class Disposal:
    """What became of a mail, and why."""

    entry_id: int
    disposition: Disposition
    kind: str
    rule: str
    disposed_at: datetime
    reason: str | None = None  #: a code, where the mail could not be worked on


def dispose(session: Session, disposals: Sequence[Disposal]) -> None:
    """Set what became of mails; raise `StaleStatusError` when that is set already for one."""
    rows = [
        {**asdict(d), "disposition": d.disposition.value, "claimed_by": None} for d in disposals
    ]
    changed = session.execute(_DISPOSE, rows)
    if changed.rowcount != len(rows):  # type: ignore[attr-defined]
        raise StaleStatusError("a journal entry is disposed already")


def take_out_of_quarantine(
    session: Session, entry_id: int, *, into: Disposition | None, now: datetime
) -> None:
    """Let a mail in quarantine have no disposition again, or the one a person gives it.

    One without a disposition is worked on as if for the first time. Raises `StaleStatusError` when
    the mail is not in quarantine, or no longer.
    """
    nothing = ("disposed_at", "kind", "rule", "reason")
    anew = {"disposition": None, **dict.fromkeys(nothing), "attempts": 0}
    away = {"disposition": None if into is None else into.value, "disposed_at": now}
    changed = session.execute(
        update(JournalEntry)
        .where(
            JournalEntry.id == entry_id,
            JournalEntry.disposition == Disposition.QUARANTINED.value,
        )
        .values(anew if into is None else away)
        .execution_options(synchronize_session=False)
    )
    if changed.rowcount != 1:  # type: ignore[attr-defined]
        raise StaleStatusError(f"journal entry {entry_id} is not in quarantine")


def record_failed_attempt(session: Session, entry_id: int) -> int:
    """Count a failed attempt at disposing of a mail and return how many there were."""
    return session.scalars(
        update(JournalEntry)
        .where(JournalEntry.id == entry_id)
        .values(attempts=JournalEntry.attempts + 1)
        .returning(JournalEntry.attempts)
    ).one()


def list_pending_moves(
    session: Session, mailbox: str, uidvalidity: int, *, after_uid: int = 0, limit: int
) -> Sequence[PendingMove]:
    """Return the mails above `after_uid` that are disposed and still lie in the inbox."""
    rows = session.execute(
        select(Sighting.id, Sighting.uid, Sighting.is_repeat, JournalEntry.disposition)
        .join(JournalEntry, JournalEntry.id == Sighting.journal_id)
        .where(
            Sighting.mailbox == mailbox,
            Sighting.uidvalidity == uidvalidity,
            Sighting.uid > after_uid,
            Sighting.moved_at.is_(None),
            JournalEntry.disposition.is_not(None),
        )
        .order_by(Sighting.uid)
        .limit(limit)
    )
    return [
        PendingMove(
            sighting_id=sighting_id,
            uid=uid,
            disposition=Disposition.DUPLICATE if is_repeat else Disposition(disposition or ""),
        )
        for sighting_id, uid, is_repeat, disposition in rows
    ]


def record_moved(session: Session, sighting_ids: Sequence[int], *, now: datetime) -> None:
    """Note that these mails left the inbox."""
    session.execute(update(Sighting).where(Sighting.id.in_(sighting_ids)).values(moved_at=now))
