"""How far each mailbox was fetched, by UIDVALIDITY and UID (RFC 9051 section 2.3.1.1).

A mailbox without a cursor was never set up. A cursor only moves on, but for another UIDVALIDITY,
under which it starts over.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from inbox_worker.storage.database import upsert
from inbox_worker.storage.models import FolderCursor, Sighting, table_of

_PUT_CURSOR = upsert(table_of(FolderCursor)).on_conflict_do_nothing(index_elements=["mailbox"])


def advance_cursor(session: Session, mailbox: str, *, uidvalidity: int, last_uid: int) -> None:
    """Remember that everything up to `last_uid` was recorded; a new UIDVALIDITY starts over."""
    row = {"mailbox": mailbox, "uidvalidity": uidvalidity, "last_uid": last_uid}
    session.execute(_PUT_CURSOR, [row])
    cursor = session.get_one(FolderCursor, mailbox, with_for_update=True)
    if cursor.uidvalidity != uidvalidity:
        cursor.uidvalidity, cursor.last_uid = uidvalidity, last_uid
    else:
        cursor.last_uid = max(cursor.last_uid, last_uid)
    session.flush()


def has_cursor(session: Session, mailbox: str) -> bool:
    """Whether this mailbox was set up."""
    return session.get(FolderCursor, mailbox) is not None


def is_renumbered(session: Session, mailbox: str, uidvalidity: int) -> bool:
    """Whether the mailbox was fetched from under another UIDVALIDITY, and not yet under this."""
    cursor = session.get(FolderCursor, mailbox)
    return cursor is not None and cursor.uidvalidity != uidvalidity


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


def record_fetch(
    session: Session, mailbox: str, *, uidvalidity: int, last_uid: int, now: datetime
) -> None:
    """Note that the mailbox was really asked for new mail, and answered: up to `last_uid`."""
    advance_cursor(session, mailbox, uidvalidity=uidvalidity, last_uid=last_uid)
    session.execute(
        update(FolderCursor).where(FolderCursor.mailbox == mailbox).values(last_fetch_at=now)
    )
