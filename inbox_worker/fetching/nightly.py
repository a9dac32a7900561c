"""Reconciling at a quiet hour: once a night for each mailbox, across all workers.

Outcomes: nothing, where it is not the hour or was done tonight; else what it came to is kept, where
a loss is an alarm until a later comparison finds none. A mailbox that cannot be reached is tried
again at the next turn.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import time, timedelta

import structlog

from config.sections import MailboxSettings
from inbox_worker.chores import Chore
from inbox_worker.errors import WorkerError
from inbox_worker.fetching.reconciling import reconcile_mailbox
from inbox_worker.services import Services
from inbox_worker.storage.models import ReconciliationRecord

_log = structlog.get_logger()

#: The quiet hours, local time.
_FROM, _UNTIL = time(2), time(5)


def reconcile_at_night(services: Services) -> Iterator[int]:
    """Compare each mailbox that was not compared tonight with its rows, in steps."""
    for box in services.settings.mailbox:
        if not _is_due(services, box):
            continue
        try:
            yield from _reconcile(services, box)
        except WorkerError as error:
            _log.warning("reconcile_failed", mailbox=box.name, error=type(error).__name__)


def _is_due(services: Services, box: MailboxSettings) -> bool:
    now = services.clock()
    if not _FROM <= now.astimezone(services.settings.general.zone).time() < _UNTIL:
        return False
    with services.database.read() as session:
        record = session.get(ReconciliationRecord, box.name)
    if record is None:
        return True
    return services.local_date(record.finished_at) != services.local_date(now)


def _reconcile(services: Services, box: MailboxSettings) -> Iterator[int]:
    steps = reconcile_mailbox(services.database, services.settings, box, services.clock)
    while True:
        try:
            next(steps)
        except StopIteration as end:
            unaccounted = int(end.value.unaccounted)
            break
        yield 0
    _log.info("reconciled", mailbox=box.name, count=unaccounted)
    yield 1


#: Looks often, so that a night in which the worker was restarted is no night without.
CHORE = Chore(name="reconcile", every=timedelta(minutes=20), do=reconcile_at_night)
