"""The journal: every mail's raw bytes, where they were seen, and what became of them.

Recording is the first thing that happens to a mail, and it is committed before anything else. The
outcomes of recording are three: NEW, REPEAT (the same bytes are known from another place) and KNOWN
(this very place was recorded before). A disposition is set once.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import bindparam, func, select, update
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.orm import Session

from inbox_worker.errors import StaleStatusError
from inbox_worker.models import FolderCursor, JournalEntry, RawMail, Sighting, table_of
from inbox_worker.status import Disposition

# Statements that every mail needs, built once: building them costs more than running them.
_JOURNAL = table_of(JournalEntry)
_SIGHTINGS = table_of(Sighting)
_PUT_ENTRY = (
    insert(_JOURNAL)
    .on_conflict_do_nothing(index_elements=["mailbox", "sha256"])
    .returning(_JOURNAL.c.id)
)
_PUT_RAW = insert(table_of(RawMail))
_PUT_SIGHTING = (
    insert(_SIGHTINGS)
    .on_conflict_do_nothing(index_elements=["mailbox", "uidvalidity", "uid"])
    .returning(_SIGHTINGS.c.id)
)
_DISPOSE = update(_JOURNAL).where(
    _JOURNAL.c.id == bindparam("entry_id"), _JOURNAL.c.disposition.is_(None)
)
_READ = (
    select(JournalEntry, RawMail.raw)
    .join(RawMail, RawMail.journal_id == JournalEntry.id)
    .where(JournalEntry.id == bindparam("entry_id"))
)


class Recording(StrEnum):
    """What recording a mail came to."""

    NEW = "NEW"  #: its bytes were not known
    REPEAT = "REPEAT"  #: its bytes were, from another place
    KNOWN = "KNOWN"  #: this place was recorded before


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


def record_mail(
    session: Session,
    place: Place,
    raw: bytes,
    *,
    size: int,
    is_whole: bool,
    internal_date: datetime,
    now: datetime,
) -> Recording:
    """Record a mail's bytes and its place."""
    digest = hashlib.sha256(raw).hexdigest()
    entry_id = session.scalar(
        _PUT_ENTRY,
        {
            "mailbox": place.mailbox,
            "sha256": digest,
            "size": size,
            "is_whole": is_whole,
            "internal_date": internal_date,
            "recorded_at": now,
            "attempts": 0,
        },
    )
    is_repeat = entry_id is None
    if entry_id is not None:
        session.execute(_PUT_RAW, {"journal_id": entry_id, "raw": raw})
    else:
        entry_id = session.scalars(
            select(JournalEntry.id).where(
                JournalEntry.mailbox == place.mailbox, JournalEntry.sha256 == digest
            )
        ).one()
    sighting_id = session.scalar(
        _PUT_SIGHTING,
        {
            "journal_id": entry_id,
            "mailbox": place.mailbox,
            "uidvalidity": place.uidvalidity,
            "uid": place.uid,
            "seen_at": now,
            "is_repeat": is_repeat,
        },
    )
    if sighting_id is None:
        return Recording.KNOWN
    return Recording.REPEAT if is_repeat else Recording.NEW


def advance_cursor(session: Session, mailbox: str, *, uidvalidity: int, last_uid: int) -> None:
    """Remember that everything up to `last_uid` was recorded; a new UIDVALIDITY starts over."""
    cursor = session.get(FolderCursor, mailbox)
    if cursor is None:
        session.add(FolderCursor(mailbox=mailbox, uidvalidity=uidvalidity, last_uid=last_uid))
    elif cursor.uidvalidity != uidvalidity:
        cursor.uidvalidity, cursor.last_uid = uidvalidity, last_uid
    else:
        cursor.last_uid = max(cursor.last_uid, last_uid)
    session.flush()


def has_cursor(session: Session, mailbox: str) -> bool:
    """Whether this mailbox was set up or fetched from before."""
    return session.get(FolderCursor, mailbox) is not None


def find_last_uid(session: Session, mailbox: str, uidvalidity: int) -> int:
    """Return the last UID recorded or passed over under this UIDVALIDITY; 0 when there is none."""
    cursor = session.get(FolderCursor, mailbox)
    passed = cursor.last_uid if cursor is not None and cursor.uidvalidity == uidvalidity else 0
    recorded = session.scalar(
        select(func.max(Sighting.uid)).where(
            Sighting.mailbox == mailbox, Sighting.uidvalidity == uidvalidity
        )
    )
    return max(passed, recorded or 0)


def record_fetch(session: Session, mailbox: str, *, uidvalidity: int, now: datetime) -> None:
    """Note that the mailbox was really asked for new mail, and answered."""
    advance_cursor(session, mailbox, uidvalidity=uidvalidity, last_uid=0)
    session.execute(
        update(FolderCursor).where(FolderCursor.mailbox == mailbox).values(last_fetch_at=now)
    )


def list_undisposed(session: Session, *, after: int = 0, limit: int) -> Sequence[int]:
    """Return the ids of the oldest undisposed entries after the entry `after`."""
    return session.scalars(
        select(JournalEntry.id)
        .where(JournalEntry.disposition.is_(None), JournalEntry.id > after)
        .order_by(JournalEntry.id)
        .limit(limit)
    ).all()


def read_mail(session: Session, entry_id: int) -> tuple[JournalEntry, bytes]:
    """Return a journal entry, detached, and its mail's bytes."""
    entry, raw = session.execute(_READ, {"entry_id": entry_id}).one()
    session.expunge(entry)
    return entry, raw


def dispose(
    session: Session,
    entry_id: int,
    disposition: Disposition,
    *,
    kind: str,
    rule: str,
    now: datetime,
    reason: str | None = None,
) -> None:
    """Set what became of a mail; raise `StaleStatusError` when that is set already."""
    changed = session.execute(
        _DISPOSE,
        {
            "entry_id": entry_id,
            "disposition": disposition.value,
            "disposed_at": now,
            "kind": kind,
            "rule": rule,
            "reason": reason,
        },
    )
    if changed.rowcount != 1:  # type: ignore[attr-defined]
        raise StaleStatusError(f"journal entry {entry_id} is disposed already")


def record_failed_attempt(session: Session, entry_id: int) -> int:
    """Count a failed attempt at disposing of a mail and return how many there were."""
    return session.scalars(
        update(JournalEntry)
        .where(JournalEntry.id == entry_id)
        .values(attempts=JournalEntry.attempts + 1)
        .returning(JournalEntry.attempts)
    ).one()


def list_pending_moves(
    session: Session, mailbox: str, uidvalidity: int, *, limit: int
) -> Sequence[PendingMove]:
    """Return the mails that are disposed and still lie in the inbox."""
    rows = session.execute(
        select(Sighting.id, Sighting.uid, Sighting.is_repeat, JournalEntry.disposition)
        .join(JournalEntry, JournalEntry.id == Sighting.journal_id)
        .where(
            Sighting.mailbox == mailbox,
            Sighting.uidvalidity == uidvalidity,
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
