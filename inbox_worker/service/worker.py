"""The jobs of the service, each a plain call that does what is due: fetch, file, deliver, tend.

Each returns how much it did, so that `once` can go on until nothing is left. None waits: when to
call them is the scheduler's business.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

from sqlalchemy.exc import SQLAlchemyError

from inbox_worker.alarms import raising
from inbox_worker.alarms.unrecorded import UnrecordedAlarm
from inbox_worker.chores import Chore, do_chores
from inbox_worker.fetching import nightly
from inbox_worker.fetching.fetcher import Fetcher
from inbox_worker.handling import quarantine, unanswered, urgency
from inbox_worker.handling.ingest import dispose_pending
from inbox_worker.handling.waiting import WaitingRoom
from inbox_worker.letters import staff_alerts
from inbox_worker.reading.system_faults import is_system_fault
from inbox_worker.review import digest, issuing, reminders
from inbox_worker.review.attendance import end_absences
from inbox_worker.services import Services
from inbox_worker.storage.faults import FaultKind, clear_fault, record_fault
from inbox_worker.storage.leases import WorkerLease
from inbox_worker.storage.outbox_store import ALARM_ROUTE, MAIN_ROUTE, DatabaseOutbox
from outbound.submission.dispatcher import DrainReport, Pacer, RetryPolicy, drain
from outbound.submission.smtp import SmtpSubmitter

#: The recurring tasks, each of the module whose business it is.
CHORES: tuple[Chore, ...] = (
    urgency.TELLING,
    raising.CHORE,
    quarantine.DIGEST,
    nightly.CHORE,
    unanswered.CHORE,
    reminders.CHORE,
    digest.CHORE,
    Chore(name="absences", every=timedelta(hours=1), do=end_absences),
)

_POLICY = RetryPolicy()


@dataclass(slots=True)
class Worker:
    """The jobs over their collaborators; `should_stop` is asked at every message boundary."""

    services: Services
    submitter: SmtpSubmitter
    lease: WorkerLease
    alarm_submitter: SmtpSubmitter | None = None  #: where alarms have a relay of their own
    should_stop: Callable[[], bool] = field(default=lambda: False)
    room: WaitingRoom = field(default_factory=WaitingRoom)
    fetchers: tuple[Fetcher, ...] = field(init=False)  #: one for each mailbox
    _unrecorded: UnrecordedAlarm = field(init=False)
    _pacer: Pacer = field(init=False)
    _alarm_pacer: Pacer = field(init=False)
    #: By whose they are, a worker that signed on anew being another, and by route.
    _outboxes: dict[tuple[str, str | None], DatabaseOutbox] = field(default_factory=dict)

    def __post_init__(self) -> None:
        settings = self.services.settings
        self._pacer = Pacer(max_per_minute=settings.smtp.max_per_minute)
        own = settings.alerts.smtp or settings.smtp
        self._alarm_pacer = Pacer(max_per_minute=own.max_per_minute)
        self._unrecorded = UnrecordedAlarm(
            services=self.services,
            submitter=self.alarm_submitter or self.submitter,
            should_stop=self._should_stop,
        )
        self.fetchers = tuple(
            Fetcher(
                services=self.services,
                settings=mailbox,
                should_stop=self._should_stop,
                lease=self.lease,
            )
            for mailbox in settings.mailbox
        )

    def _should_stop(self) -> bool:
        # Asked anew each time: who runs the worker decides later when to stop.
        return self.should_stop()

    def file(self) -> int:
        """Dispose of recorded mail and issue what is due; return how many of either there were."""
        report = dispose_pending(
            self.services, self.lease.id, should_stop=self.should_stop, room=self.room
        )
        issued = issuing.issue_due(self.services, should_stop=self.should_stop)
        return report.disposed + report.failed + issued

    def deliver(self) -> DrainReport:
        """Submit the letters that are due, and tell staff of those that failed for good."""
        try:
            return self._deliver()
        except SQLAlchemyError as error:
            # An alarm that lies in an outbox nobody can open is told to nobody.
            if is_system_fault(error):
                self._unrecorded.note(error)
            raise

    def _deliver(self) -> DrainReport:
        own = self.alarm_submitter
        report = self._drain(self.submitter, self._pacer, None if own is None else MAIN_ROUTE)
        self._note_login("relay", report)
        staff_alerts.write_failure_alerts(self.services)
        if own is not None:
            told = self._drain(own, self._alarm_pacer, ALARM_ROUTE)
            self._note_login("alarm relay", told)
        return report

    def _drain(self, submitter: SmtpSubmitter, pacer: Pacer, route: str | None) -> DrainReport:
        outbox = self._find_outbox(self.lease.id, route)
        outbox.settle()
        return drain(
            outbox,
            submitter,
            clock=self.services.clock,
            pacer=pacer,
            policy=_POLICY,
            should_stop=self.should_stop,
        )

    def _find_outbox(self, worker_id: str, route: str | None) -> DatabaseOutbox:
        """Return the outbox that remembers what the database was away for."""
        kept = {key: outbox for key, outbox in self._outboxes.items() if key[0] == worker_id}
        fresh = DatabaseOutbox(self.services.database, worker_id, route=route)
        self._outboxes = {(worker_id, route): fresh} | kept
        return self._outboxes[worker_id, route]

    def _note_login(self, about: str, report: DrainReport) -> None:
        if report.is_login_refused:
            self._note_fault("login", about, report.reason)
        elif report.submitted:
            clear_fault(self.services.database, "login", about)

    def _note_fault(self, kind: FaultKind, about: str, reason: str) -> None:
        now = self.services.clock()
        record_fault(self.services.database, kind, about, reason=reason, now=now)

    def tend(self) -> int:
        """Do the recurring tasks that are due; return how much they did."""
        try:
            return do_chores(
                self.services, CHORES, should_stop=self.should_stop, on_failure=self._note_chore
            )
        except Exception as error:
            self._unrecorded.note(error)
            raise
        finally:
            self._unrecorded.look()

    def _note_chore(self, chore: str, error: Exception) -> None:
        # What is wrong with another one alone is an alarm like any, which this one raises.
        is_database = isinstance(error, SQLAlchemyError) and is_system_fault(error)
        if is_database or chore == raising.CHORE.name:
            self._unrecorded.note(error)

    def note_failure(self, job: str, reason: str) -> None:
        """Remember that a job failed; `reason` is a code. It is an alarm when it goes on."""
        self._note_fault("job", job, reason)

    def note_success(self, job: str) -> None:
        """Remember that a job works."""
        clear_fault(self.services.database, "job", job)

    def cut_relays(self) -> None:
        """End whatever waits for a relay, from any thread, for good."""
        self.submitter.cut()
        if self.alarm_submitter is not None:
            self.alarm_submitter.cut()

    def close(self) -> None:
        """Let go of every connection."""
        for fetcher in self.fetchers:
            fetcher.close()
        self.submitter.close()
        if self.alarm_submitter is not None:
            self.alarm_submitter.close()
