"""The jobs of the service, each a plain call that does what is due: fetch, file, deliver, tend.

Each returns how much it did, so that `once` can go on until nothing is left. None waits: when to
call them is the scheduler's business.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from inbox_worker import correspondence, issuing
from inbox_worker.chores import Chore, do_chores
from inbox_worker.fetching import Fetcher
from inbox_worker.ingest import dispose_pending
from inbox_worker.outbox_store import DatabaseOutbox
from inbox_worker.services import Services
from inbox_worker.waiting import WaitingRoom
from outbound.dispatcher import DrainReport, Pacer, RetryPolicy, drain
from outbound.smtp import SmtpSubmitter

#: The recurring tasks, each of the module whose business it is.
CHORES: tuple[Chore, ...] = ()

_POLICY = RetryPolicy()


@dataclass(slots=True)
class Worker:
    """The jobs over their collaborators; `should_stop` is asked at every message boundary."""

    services: Services
    submitter: SmtpSubmitter
    should_stop: Callable[[], bool] = field(default=lambda: False)
    room: WaitingRoom = field(default_factory=WaitingRoom)
    fetchers: tuple[Fetcher, ...] = field(init=False)  #: one for each mailbox
    _pacer: Pacer = field(init=False)

    def __post_init__(self) -> None:
        self._pacer = Pacer(max_per_minute=self.services.settings.smtp.max_per_minute)
        self.fetchers = tuple(
            Fetcher(
                services=self.services,
                settings=settings,
                should_stop=self._should_stop,
            )
            for settings in self.services.settings.mailbox
        )

    def _should_stop(self) -> bool:
        # Asked anew each time: who runs the worker decides later when to stop.
        return self.should_stop()

    def file(self) -> int:
        """Dispose of recorded mail and issue what is due; return how many of either there were."""
        report = dispose_pending(self.services, should_stop=self.should_stop, room=self.room)
        issued = issuing.issue_due(self.services, should_stop=self.should_stop)
        return report.disposed + report.failed + issued

    def deliver(self) -> DrainReport:
        """Submit the letters that are due, and tell staff of those that failed for good."""
        report = drain(
            DatabaseOutbox(self.services.database),
            self.submitter,
            clock=self.services.clock,
            pacer=self._pacer,
            policy=_POLICY,
            should_stop=self.should_stop,
        )
        correspondence.write_failure_alerts(self.services)
        return report

    def tend(self) -> int:
        """Do the recurring tasks that are due; return how much they did."""
        return do_chores(self.services, CHORES, should_stop=self.should_stop)

    def close(self) -> None:
        """Let go of every connection."""
        for fetcher in self.fetchers:
            fetcher.close()
        self.submitter.close()
