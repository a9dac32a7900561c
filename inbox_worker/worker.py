"""The three jobs of the service (fetching, filing, delivering) as plain calls that do what is due.

Each returns how much it did, so that `once` can go on until nothing is left. None waits: when to
call them is the scheduler's business.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import timedelta

import structlog

from inbox_worker import alarms, correspondence, issuing, journal, quarantine, urgency
from inbox_worker.chores import Chore, do_chores
from inbox_worker.faults import FaultKind, clear_fault, record_fault, watch_quota, watching_login
from inbox_worker.ingest import FOLDER_ROLES, dispose_pending
from inbox_worker.mailbox import FetchedMessage, Mailbox, open_mailbox
from inbox_worker.outbox_store import ALARM_ROUTE, MAIN_ROUTE, DatabaseOutbox
from inbox_worker.services import Services
from inbox_worker.standing_in import end_absences
from inbox_worker.waiting import WaitingRoom
from outbound.dispatcher import DrainReport, Pacer, RetryPolicy, drain
from outbound.smtp import SmtpSubmitter

_log = structlog.get_logger()

#: The recurring tasks, each of the module whose business it is.
CHORES: tuple[Chore, ...] = (
    alarms.CHORE,
    quarantine.DIGEST,
    urgency.TELLING,
    Chore(name="absences", every=timedelta(hours=1), do=end_absences),
)

_POLICY = RetryPolicy()

#: How many mails, and of how many bytes, are recorded in one transaction.
_BATCH = 32
_BATCH_BYTES = 4_000_000

#: How many mails are moved in one command.
_MOVES = 100


@dataclass(slots=True)
class Worker:
    """The jobs over their collaborators; `should_stop` is asked at every message boundary."""

    services: Services
    submitter: SmtpSubmitter
    alarm_submitter: SmtpSubmitter | None = None  #: where alarms have a relay of their own
    should_stop: Callable[[], bool] = field(default=lambda: False)
    room: WaitingRoom = field(default_factory=WaitingRoom)
    _connection: ExitStack = field(default_factory=ExitStack, init=False)
    _mailbox: Mailbox | None = field(default=None, init=False)
    _pacer: Pacer = field(init=False)
    _alarm_pacer: Pacer = field(init=False)

    def __post_init__(self) -> None:
        settings = self.services.settings
        self._pacer = Pacer(max_per_minute=settings.smtp.max_per_minute)
        own = settings.alerts.smtp or settings.smtp
        self._alarm_pacer = Pacer(max_per_minute=own.max_per_minute)

    def fetch(self) -> int:
        """Record new mail and move what is disposed; return how many mails either touched.

        Raises `UnreachableError` when the server cannot be reached. Whatever goes wrong, the
        connection is dropped and the next call opens another: nobody knows what state it is in.
        """
        name, database = self.services.settings.primary_mailbox.name, self.services.database
        try:
            with watching_login(database, name, self.services.clock):
                mailbox = self._open()
            done = self._record_new(mailbox) + self._move_disposed(mailbox)
            watch_quota(database, name, mailbox, now=self.services.clock())
        except Exception:
            self.close_mailbox()
            raise
        return done

    def file(self) -> int:
        """Dispose of recorded mail and issue what is due; return how many of either there were."""
        report = dispose_pending(self.services, should_stop=self.should_stop, room=self.room)
        issued = issuing.issue_due(self.services, should_stop=self.should_stop)
        return report.disposed + report.failed + issued

    def deliver(self) -> DrainReport:
        """Submit the letters that are due, and tell staff of those that failed for good."""
        own = self.alarm_submitter
        report = self._drain(self.submitter, self._pacer, None if own is None else MAIN_ROUTE)
        self._note_login("relay", report)
        correspondence.write_failure_alerts(self.services)
        if own is not None:
            told = self._drain(own, self._alarm_pacer, ALARM_ROUTE)
            self._note_login("alarm relay", told)
        return report

    def _drain(self, submitter: SmtpSubmitter, pacer: Pacer, route: str | None) -> DrainReport:
        return drain(
            DatabaseOutbox(self.services.database, route=route),
            submitter,
            clock=self.services.clock,
            pacer=pacer,
            policy=_POLICY,
            should_stop=self.should_stop,
        )

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
        return do_chores(self.services, CHORES, should_stop=self.should_stop)

    def note_failure(self, job: str, reason: str) -> None:
        """Remember that a job failed; `reason` is a code. It is an alarm when it goes on."""
        self._note_fault("job", job, reason)

    def note_success(self, job: str) -> None:
        """Remember that a job works."""
        clear_fault(self.services.database, "job", job)

    def close(self) -> None:
        """Let go of every connection."""
        self.close_mailbox()
        self.submitter.close()
        if self.alarm_submitter is not None:
            self.alarm_submitter.close()

    def close_mailbox(self) -> None:
        """Let go of the connection to the mailbox."""
        self._mailbox = None
        self._connection.close()

    def _open(self) -> Mailbox:
        if self._mailbox is None:
            settings = self.services.settings.primary_mailbox
            self._mailbox = self._connection.enter_context(open_mailbox(settings))
        return self._mailbox

    def _record_new(self, mailbox: Mailbox) -> int:
        settings = self.services.settings
        name = settings.primary_mailbox.name
        with self.services.database.read() as session:
            last = journal.find_last_uid(session, name, mailbox.uidvalidity)
        arrivals = mailbox.fetch_new(
            last,
            max_message_bytes=settings.intake.message_bytes,
            max_batch_bytes=settings.intake.batch_bytes,
        )
        count = 0
        for batch in _gather(arrivals):
            self._record(name, batch)
            count += len(batch)
            if self.should_stop():
                return count
        with self.services.database.unit_of_work() as unit:
            journal.record_fetch(
                unit.session, name, uidvalidity=mailbox.uidvalidity, now=self.services.clock()
            )
            unit.commit()
        return count

    def _record(self, name: str, batch: Sequence[FetchedMessage]) -> None:
        """Record a batch of mails and make it durable; a repeat after a crash is harmless."""
        now = self.services.clock()
        with self.services.database.unit_of_work() as unit:
            arrivals = [_build_arrival(name, fetched) for fetched in batch]
            recorded = journal.record_mails(unit.session, arrivals, now=now)
            unit.commit()
        for fetched, recording in zip(batch, recorded, strict=True):
            _log.info(
                "mail_recorded", uid=fetched.uid, size=fetched.size, recording=recording.value
            )

    def _move_disposed(self, mailbox: Mailbox) -> int:
        settings = self.services.settings.primary_mailbox
        with self.services.database.read() as session:
            pending = journal.list_pending_moves(
                session, settings.name, mailbox.uidvalidity, limit=_MOVES
            )
        by_folder: dict[str, list[journal.PendingMove]] = {}
        for move in pending:
            folder = getattr(settings.folders, FOLDER_ROLES[move.disposition])
            by_folder.setdefault(folder, []).append(move)
        for folder, moves in by_folder.items():
            mailbox.move([m.uid for m in moves], folder)
            with self.services.database.unit_of_work() as unit:
                journal.record_moved(
                    unit.session, [m.sighting_id for m in moves], now=self.services.clock()
                )
                unit.commit()
        return len(pending)


def _gather(arrivals: Iterable[FetchedMessage]) -> Iterator[list[FetchedMessage]]:
    """Yield mails in batches that are small enough to hold and to lose no time on."""
    batch: list[FetchedMessage] = []
    for fetched in arrivals:
        batch.append(fetched)
        if len(batch) == _BATCH or sum(len(f.raw or b"") for f in batch) > _BATCH_BYTES:
            yield batch
            batch = []
    if batch:
        yield batch


def _build_arrival(name: str, fetched: FetchedMessage) -> journal.Arrival:
    return journal.Arrival(
        place=journal.Place(mailbox=name, uidvalidity=fetched.uidvalidity, uid=fetched.uid),
        raw=fetched.header if fetched.raw is None else fetched.raw,
        size=fetched.size,
        is_whole=fetched.raw is not None,
        internal_date=fetched.internal_date,
    )
