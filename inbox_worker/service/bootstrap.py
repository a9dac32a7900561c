"""Wiring: from settings to a worker with all its collaborators, and their end."""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from config.settings import Settings
from inbox_worker.fetching.setup import check_mailboxes
from inbox_worker.service.opening import now
from inbox_worker.service.relays import build_account
from inbox_worker.service.wiring import open_services
from inbox_worker.service.worker import Worker
from inbox_worker.storage.leases import WorkerLease, hold_lease
from inbox_worker.storage.outbox_store import hasten_untried
from outbound.certification import signing
from outbound.letters import compose
from outbound.submission.smtp import SmtpSubmitter

#: How long a busy thread may keep the others waiting, in seconds. With Python's own 5 ms, a child
#: that has read a mail waits about as long as it read until a thread hands it the next one.
_TURN_SECONDS = 0.0005


@contextmanager
def open_worker(settings: Settings, *, clock: Callable[[], datetime] = now) -> Iterator[Worker]:
    """Open everything the jobs need for the time of the block, as one worker of several.

    Raises `SchemaError` when a mailbox was never set up.
    """
    with open_services(settings, clock=clock) as services:
        check_mailboxes(services.database, settings)
        lease = WorkerLease(
            database=services.database,
            url=settings.database.url.get_secret_value(),
            clock=clock,
            duration=timedelta(seconds=settings.database.lease_seconds),
            random_bits=services.random_bits,
        )
        with hold_lease(lease):
            with services.database.unit_of_work() as unit:
                hasten_untried(unit.session, now=clock())
                unit.commit()
            _warm_up(settings)
            own = settings.alerts.smtp
            worker = Worker(
                services=services,
                submitter=SmtpSubmitter(build_account(settings.smtp)),
                lease=lease,
                alarm_submitter=None if own is None else SmtpSubmitter(build_account(own)),
            )
            try:
                yield worker
            finally:
                worker.close()


def _warm_up(settings: Settings) -> None:
    """Load what letters and signatures need, let threads take turns often, and spare the collector.

    What lives as long as the worker need not be looked at again and again.
    """
    compose.preload()
    if settings.certification.is_signed_with_key:
        signing.preload()
    sys.setswitchinterval(_TURN_SECONDS)
    gc.collect()
    gc.freeze()
