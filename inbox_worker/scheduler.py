"""When the jobs run: over and over until nothing is left (`once`), or as a service (`run`).

The service runs each job on its own beat, never two of the same at once, and stops at a message
boundary. Its watchdog is fed by jobs that get on, from one message to the next or to their end, so
that whoever watches notices a stuck one and leaves one alone that has much to do.
"""

from __future__ import annotations

import logging
import signal
import threading
from collections.abc import Callable
from datetime import datetime, timedelta

import structlog
from apscheduler.schedulers.background import BackgroundScheduler

from inbox_worker.errors import UnreachableError, WorkerError
from inbox_worker.notify import Notifier
from inbox_worker.worker import Worker
from outbound.dispatcher import DrainStop

_log = structlog.get_logger()

#: How often recorded mail and due letters are looked for, in seconds.
_FILE_SECONDS = 2
#: How long `once` waits for pictures being read before it asks whether to stop.
_READING_SECONDS = 1.0
_DELIVER_SECONDS = 2
_TEND_SECONDS = 5
_SETTLING_SECONDS = 10
#: How long a job may go without getting on before the watchdog is no longer fed, in seconds; beside
#: the beat of the slowest job.
_STUCK_SECONDS = 120


def run_once(worker: Worker, *, wait: Callable[[float], object]) -> None:
    """Do everything that is due, repeatedly until nothing is left.

    `wait` sleeps for a number of seconds, where the relay's pace asks for it. What the mailbox or
    the relay have against us is raised after everything else was done: `UnreachableError` when one
    of them could not be reached, another `WorkerError` when it refused.
    """
    trouble: WorkerError | None = None
    while not worker.should_stop():
        work, fault = _fetch(worker)
        work += worker.file() + worker.tend()
        report = worker.deliver()
        if report.stop is DrainStop.UNREACHABLE:
            fault = fault or UnreachableError(
                f"The relay could not be reached ({report.reason}); letters stay in the outbox."
            )
        trouble = fault or trouble
        if report.stop is DrainStop.PACED and report.resume_at is not None:
            wait(max(0.0, (report.resume_at - worker.services.clock()).total_seconds()))
        elif work + report.submitted == 0:
            if not worker.room:
                break
            worker.room.wait(_READING_SECONDS)
    if trouble is not None:
        raise trouble


def _fetch(worker: Worker) -> tuple[int, WorkerError | None]:
    try:
        return worker.fetch(), None
    except WorkerError as error:
        return 0, error


class Service:
    """The jobs on their beats until told to stop."""

    def __init__(self, worker: Worker, notifier: Notifier, clock: Callable[[], datetime]) -> None:
        self._worker = worker
        self._notifier = notifier
        self._clock = clock
        self._stopping = threading.Event()
        self._progress: dict[str, datetime] = {}  #: when each job last got on
        self._own = threading.local()  #: the name of the job this thread does
        worker.should_stop = self._reach_boundary

    def run(self) -> None:
        """Run until SIGTERM or SIGINT; then finish the message in hand and return."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self._stopping.set())
        logging.getLogger("apscheduler").setLevel(logging.ERROR)
        scheduler = BackgroundScheduler(job_defaults={"max_instances": 1, "coalesce": True})
        for name, job, seconds in self._jobs():
            self._progress[name] = self._clock()
            # The first alarms are judged when there was time to fetch, also after a long stop.
            delay = timedelta(seconds=_SETTLING_SECONDS if name == "tend" else 0)
            scheduler.add_job(
                self._guard(name, job),
                "interval",
                seconds=seconds,
                next_run_time=datetime.now(scheduler.timezone) + delay,
                id=name,
                misfire_grace_time=None,
            )
        scheduler.start()
        _log.info("service_started")
        self._notifier.ready()
        try:
            while not self._stopping.wait(timeout=self._notifier.interval_seconds):
                self._feed_watchdog()
        finally:
            self._notifier.stopping()
            scheduler.shutdown(wait=True)
            self._worker.close()
            _log.info("service_stopped")

    def _jobs(self) -> tuple[tuple[str, Callable[[], int], float], ...]:
        poll = self._worker.services.settings.primary_mailbox.poll_seconds
        return (
            ("fetch", self._worker.fetch, poll),
            ("file", self._worker.file, _FILE_SECONDS),
            ("deliver", lambda: self._worker.deliver().submitted, _DELIVER_SECONDS),
            ("tend", self._worker.tend, _TEND_SECONDS),
        )

    def _guard(self, name: str, job: Callable[[], int]) -> Callable[[], None]:
        def beat() -> None:
            self._own.job = name
            try:
                done = job()
            except UnreachableError:
                _log.warning("server_unreachable", job=name)
            except Exception as error:  # noqa: BLE001 - a fault of the system ends one beat only
                reason = type(error).__name__
                _log.error("job_failed", job=name, error=reason)
                self._worker.note_failure(name, reason)
            else:
                self._worker.note_success(name)
                if done:
                    _log.info("job_done", job=name, count=done)
            # A failed beat is progress too: the job came to an end and will be tried again.
            self._progress[name] = self._clock()

        return beat

    def _reach_boundary(self) -> bool:
        """Return whether to stop here, between two messages; to have come here is progress."""
        name = getattr(self._own, "job", None)
        if name is not None:
            self._progress[name] = self._clock()
        return self._stopping.is_set()

    def _feed_watchdog(self) -> None:
        oldest = min(self._progress.values())
        poll = self._worker.services.settings.primary_mailbox.poll_seconds
        if (self._clock() - oldest).total_seconds() < _STUCK_SECONDS + poll:
            self._notifier.watchdog()
