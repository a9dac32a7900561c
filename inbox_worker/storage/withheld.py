"""Mail that a server will not give: it breaks off, or refuses, whenever it is asked for it.

One such mail must not keep all others out, and must not be lost. The outcomes for a mailbox: all is
well; *careful* (the server broke off over several mails together, so they are asked for one by one
until it is known which it is); and for a mail: passed over after a few tries, which is an alarm,
and tried again from time to time for as long as it lies there.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Select, delete, func, select
from sqlalchemy.orm import Session

from inbox_worker.storage.models import WithheldMail

#: How often a server may break off over one mail before the mail is passed over.
TRIES = 3
#: How long a mail that is passed over is left alone before it is asked for again, at most. It may
#: have been the line and not the mail: the first time is a minute later, and each time is twice as
#: long as the one before.
_MOST = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Withheld:
    """What is known of a mailbox's mails that were not given."""

    is_careful: bool  #: ask for mails one by one
    passed_over: frozenset[int]  #: UIDs
    due: tuple[int, ...]  #: UIDs among them to ask for again


def find_withheld(session: Session, mailbox: str, uidvalidity: int, *, now: datetime) -> Withheld:
    """Return what is known of a mailbox."""
    rows = session.scalars(_of(mailbox, uidvalidity).order_by(WithheldMail.uid)).all()
    passed_over = [row for row in rows if row.breaks >= TRIES]
    return Withheld(
        is_careful=len(passed_over) < len(rows),
        passed_over=frozenset(row.uid for row in passed_over),
        due=tuple(row.uid for row in passed_over if row.tried_at + _find_rest(row) <= now),
    )


def _find_rest(row: WithheldMail) -> timedelta:
    # Six doublings of a minute are more than an hour.
    return min(_MOST, timedelta(minutes=2 ** min(row.breaks - TRIES, 6)))


def count_passed_over(session: Session, mailbox: str) -> int:
    """Return how many mails of a mailbox are passed over."""
    return session.scalars(
        select(func.count())
        .select_from(WithheldMail)
        .where(WithheldMail.mailbox == mailbox, WithheldMail.breaks >= TRIES)
    ).one()


def record_break(
    session: Session, mailbox: str, uidvalidity: int, uids: Sequence[int], *, now: datetime
) -> bool:
    """Note that the server broke off over these mails; return whether one is passed over now."""
    row = session.get(WithheldMail, (mailbox, uidvalidity, uids[0]))
    if row is None:
        row = WithheldMail(
            mailbox=mailbox, uidvalidity=uidvalidity, uid=uids[0], breaks=0, tried_at=now
        )
        session.add(row)
    # Of several nobody knows which it was; that there is such a row makes the next try careful.
    row.breaks += len(uids) == 1
    row.tried_at = now
    session.flush()
    return len(uids) == 1 and row.breaks == TRIES


def record_given(session: Session, mailbox: str, uidvalidity: int, uids: Collection[int]) -> None:
    """Forget what stood against mails that were given after all, or are gone."""
    session.execute(
        delete(WithheldMail).where(
            WithheldMail.mailbox == mailbox,
            WithheldMail.uidvalidity == uidvalidity,
            WithheldMail.uid.in_(uids),
        )
    )


def clear_suspicions(session: Session, mailbox: str, uidvalidity: int) -> None:
    """Forget all but what is passed over: a round came to its end, and older numbers are void."""
    session.execute(
        delete(WithheldMail).where(
            WithheldMail.mailbox == mailbox,
            (WithheldMail.uidvalidity != uidvalidity) | (WithheldMail.breaks < TRIES),
        )
    )


def _of(mailbox: str, uidvalidity: int) -> Select[WithheldMail]:
    return select(WithheldMail).where(
        WithheldMail.mailbox == mailbox, WithheldMail.uidvalidity == uidvalidity
    )
