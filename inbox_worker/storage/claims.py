"""Which worker has which mail: claimed when it is taken up, held while something is written.

The outcomes: the claims that were taken; `LeaseLostError` for a worker that is not taken for at
work any more; `LostClaimError` where another has the mail now.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import and_, bindparam, or_, select, update
from sqlalchemy.orm import Session

from inbox_worker.errors import LostClaimError
from inbox_worker.storage import leases
from inbox_worker.storage.models import JournalEntry, table_of

_JOURNAL = table_of(JournalEntry)
_CLAIM = (
    update(_JOURNAL)
    .where(_JOURNAL.c.id.in_(bindparam("entry_ids", expanding=True)))
    .values(claimed_by=bindparam("worker_id"))
)
_HOLD = (
    select(_JOURNAL.c.id, _JOURNAL.c.claimed_by)
    .where(
        _JOURNAL.c.id.in_(bindparam("entry_ids", expanding=True)), _JOURNAL.c.disposition.is_(None)
    )
    .order_by(_JOURNAL.c.id)
    .with_for_update(key_share=True)
)


def claim_undisposed(
    session: Session, worker_id: str, *, after: int = 0, limit: int, with_put_off: bool
) -> Sequence[tuple[int, int]]:
    """Claim the oldest undisposed entries after the entry `after` that are nobody's or ours.

    Return their ids and sizes. Those that were put off are left to others unless `with_put_off`.
    Raises `LeaseLostError`.
    """
    free = [JournalEntry.claimed_by.is_(None)]
    if not with_put_off:
        free.append(JournalEntry.put_off_at.is_(None))
    found = session.execute(
        select(JournalEntry.id, JournalEntry.size, JournalEntry.claimed_by)
        .where(
            JournalEntry.disposition.is_(None),
            JournalEntry.id > after,
            or_(JournalEntry.claimed_by == worker_id, and_(*free)),
        )
        .order_by(JournalEntry.id)
        .limit(limit)
        .with_for_update(key_share=True, skip_locked=True)
    ).all()
    new = [entry_id for entry_id, _, holder in found if holder is None]
    if new:
        leases.check_at_work(session, worker_id)
        session.execute(_CLAIM, {"entry_ids": new, "worker_id": worker_id})
    return [(entry_id, size) for entry_id, size, _ in found]


def put_off(session: Session, entry: JournalEntry, *, now: datetime, is_kept: bool) -> None:
    """Note that a mail's pictures take time; it is free for others unless it `is_kept` here."""
    session.execute(
        update(JournalEntry)
        .where(JournalEntry.id == entry.id, JournalEntry.claimed_by == entry.claimed_by)
        .values(put_off_at=now, claimed_by=entry.claimed_by if is_kept else None)
        .execution_options(synchronize_session=False)
    )


def hold_claims(session: Session, entries: Sequence[JournalEntry]) -> None:
    """Raise `LostClaimError` unless all are undisposed and still whose they were when read.

    Nobody takes them until the transaction ends.
    """
    wanted = {(entry.id, entry.claimed_by) for entry in entries}
    found = session.execute(_HOLD, {"entry_ids": [entry_id for entry_id, _ in wanted]})
    if {(entry_id, holder) for entry_id, holder in found} != wanted:
        raise LostClaimError


def has_earlier_elsewhere(session: Session, entry: JournalEntry) -> bool:
    """Whether an earlier mail to the same mailbox is still to be disposed of, by another worker.

    One that is put off, or that failed, keeps nobody waiting.
    """
    earlier = (
        select(JournalEntry.id)
        .where(
            JournalEntry.disposition.is_(None),
            JournalEntry.id < entry.id,
            # Nothing to look up by: the index of the few that are undisposed is the one to use, and
            # not that of the mailbox, in which every mail that ever came would be looked at.
            JournalEntry.mailbox.concat("") == entry.mailbox,
            JournalEntry.attempts == 0,
            JournalEntry.put_off_at.is_(None),
            or_(JournalEntry.claimed_by.is_(None), JournalEntry.claimed_by != entry.claimed_by),
        )
        .limit(1)
    )
    return session.scalar(earlier) is not None
