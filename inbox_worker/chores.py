"""Recurring tasks (alarms, reminders, reconciling): what each is called, and when it is due again.

A chore is done by whoever first moves its due time in the database, so that it is done once across
all workers. Its next turn is set before it begins: one that fails is tried again at that turn, and
one that kills its worker does not kill the next. A turn further off than any could be set was set
before the clock was put back, and is due.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy import or_, update

from inbox_worker.services import Services
from inbox_worker.storage.database import Database, upsert
from inbox_worker.storage.faults import clear_fault, record_fault
from inbox_worker.storage.models import ChoreRecord, table_of

_log = structlog.get_logger()

#: How far the clocks of workers on several machines may be apart.
_APART = timedelta(minutes=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class Chore:
    """A task that recurs."""

    name: str  #: stable; its row in the database has it
    every: timedelta
    #: Returns how much it did; one that takes minutes yields that, each time it may be stopped.
    do: Callable[[Services], int | Iterator[int]]


def do_chores(
    services: Services,
    chores: Sequence[Chore],
    *,
    should_stop: Callable[[], bool],
    on_failure: Callable[[str, Exception], object] = lambda _name, _error: None,
) -> int:
    """Do the chores that are due, and return how much they did; one that fails stops no other.

    `on_failure` is told of each that fails, where the database may be what is wrong.
    """
    done = 0
    for chore in chores:
        if should_stop():
            break
        if _claim(services.database, chore, services.clock()):
            try:
                done += _do(chore, services, should_stop)
            except Exception as error:  # noqa: BLE001 - the next chore may be the alarm about it
                reason = type(error).__name__
                _log.error("chore_failed", job=chore.name, error=reason)
                on_failure(chore.name, error)
                record_fault(
                    services.database, "job", chore.name, reason=reason, now=services.clock()
                )
            else:
                clear_fault(services.database, "job", chore.name)
    return done


def _do(chore: Chore, services: Services, should_stop: Callable[[], bool]) -> int:
    done = chore.do(services)
    if isinstance(done, int):
        return done
    total = 0
    for some in done:
        total += some
        # To ask is also how whoever watches learns that it gets on.
        if should_stop():
            break
    return total


def _claim(database: Database, chore: Chore, now: datetime) -> bool:
    """Move the chore's due time and return True, unless it is not due or another was first."""
    with database.unit_of_work() as unit:
        unit.session.execute(
            upsert(table_of(ChoreRecord))
            .values(name=chore.name, due_at=now)
            .on_conflict_do_nothing(index_elements=["name"])
        )
        claimed = unit.session.execute(
            update(ChoreRecord)
            .where(
                ChoreRecord.name == chore.name,
                or_(ChoreRecord.due_at <= now, ChoreRecord.due_at > now + chore.every + _APART),
            )
            .values(due_at=now + chore.every)
        )
        unit.commit()
    return bool(claimed.rowcount)  # type: ignore[attr-defined]
