"""The service: when each job runs.

There is a job for each mailbox, which stays with it until that fails and comes back after a pause,
so that one mailbox never delays another; and one each for filing, delivering and tending, on beats
of their own and never two of the same at once. A job that did something calls those who have work
because of it, so that a mail is answered at once; the beats are there for what becomes due by time.
Everything stops at a message boundary, and whatever waits is woken to stop; a mail server that does
not answer is waited for a few seconds more, the relay half a minute. The watchdog is fed while
every job gets on, or rests no longer than it said it would.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog
from apscheduler.executors.pool import BasePoolExecutor
from apscheduler.jobstores.base import JobLookupError
from apscheduler.schedulers.background import BackgroundScheduler

from inbox_worker.errors import UnreachableError
from inbox_worker.fetching.fetcher import Fetcher
from inbox_worker.mailbox.backoff import find_pause
from inbox_worker.mailbox.waking import Waker
from inbox_worker.service.notify import Notifier
from inbox_worker.service.stopping import heed_signals
from inbox_worker.service.worker import Worker

_log = structlog.get_logger()

#: How often recorded mail and due letters are looked for, in seconds.
_FILE_SECONDS = 2.0
_DELIVER_SECONDS = 2.0
_TEND_SECONDS = 5.0
#: The first alarms are judged when there was time to fetch, also after a long stop.
_SETTLING_SECONDS = 10.0
#: How long a job may go without getting on before the watchdog is no longer fed, in seconds; beside
#: what it said it would rest.
_STUCK_SECONDS = 120
#: How long a mail server may take to answer once the service is to stop, in seconds.
_GRACE_SECONDS = 5.0
#: And the relay: what it has not answered for may arrive twice. The unit allows 90 for everything.
_RELAY_GRACE_SECONDS = 30.0
#: How finely chance spreads the tries to reach a server again.
_CHANCE_BITS = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class _Job:
    """Something to be done again and again."""

    name: str
    do: Callable[[], int]  #: returns how much it did
    seconds: float  #: from one turn to the next, at most
    wakes: tuple[str, ...] = ()  #: the kinds of job there may be work for when this one did some
    delay: float = 0.0  #: how long to wait before the first time, in seconds
    fetcher: Fetcher | None = None  #: the mailbox it stays with between its turns
    #: That there is work for it, also when that came up in the middle of a turn.
    called: threading.Event = field(default_factory=threading.Event)

    @property
    def label(self) -> dict[str, str]:
        """Return what log lines call it."""
        named = {} if self.fetcher is None else {"mailbox": self.fetcher.settings.name}
        return {"job": self.name, **named}

    @property
    def title(self) -> str:
        """Return what the scheduler, and an alarm about it, call it."""
        return " ".join(self.label.values())


class _Threads(BasePoolExecutor):  # type: ignore[misc]
    """Threads that the scheduler starts jobs on, and that are waited for without it."""

    def __init__(self, pool: ThreadPoolExecutor) -> None:
        super().__init__(pool)


class Service:
    """The jobs in their turns until told to stop."""

    def __init__(
        self, worker: Worker, notifier: Notifier, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Prepare; `clock` counts seconds, whatever the machine's own clock is set to."""
        self._worker = worker
        self._notifier = notifier
        self._clock = clock
        self._stopping = False
        self._waker = Waker()  #: the main thread's
        self._jobs = self._list_jobs()
        self._failures = [0] * len(self._jobs)  #: of each job, in a row
        #: Until when each job may be silent before it is late.
        self._due = dict.fromkeys(range(len(self._jobs)), clock())
        self._own = threading.local()  #: the number of the job this thread does
        self._threads = ThreadPoolExecutor(len(self._jobs))
        self._scheduler = BackgroundScheduler(
            executors={"default": _Threads(self._threads)},
            job_defaults={"max_instances": 1, "coalesce": True, "misfire_grace_time": None},
        )
        worker.should_stop = self._reach_boundary

    def run(self) -> None:
        """Run until a signal tells to stop; then finish the message in hand and return."""
        heed_signals(self._stop)
        for number in range(len(self._jobs)):
            self._plan(number)
        # A beat that finds the one before at work is left out, which is no news.
        logging.getLogger("apscheduler").setLevel(logging.ERROR)
        self._scheduler.start()
        _log.info("service_started")
        self._notifier.ready()
        try:
            with self._waker.woken_by_signals():
                while not self._stopping:
                    self._waker.wait(self._notifier.interval_seconds)
                    self._feed_watchdog()
                    self._catch_up()
        finally:
            self._stop()
            self._notifier.stopping()
            self._scheduler.shutdown(wait=False)
            self._end_jobs()
            self.close()
            _log.info("service_stopped")

    def _end_jobs(self) -> None:
        """Wait for every job, but not for a server that does not answer."""
        cuttings = (
            threading.Timer(_GRACE_SECONDS, self._cut_lines),
            threading.Timer(_RELAY_GRACE_SECONDS, self._worker.cut_relays),
        )
        for cutting in cuttings:
            cutting.start()
        try:
            # The scheduler holds its lock while it waits, and a job in its last turn may need it.
            self._threads.shutdown(wait=True)
            self._worker.close()
        finally:
            for cutting in cuttings:
                cutting.cancel()

    def _cut_lines(self) -> None:
        """Break off what waits for a mail server: what was not recorded lies there still."""
        for job in self._jobs:
            if job.fetcher is not None:
                job.fetcher.cut()

    def close(self) -> None:
        """Let go of what the main thread was woken by."""
        self._waker.close()

    def _list_jobs(self) -> tuple[_Job, ...]:
        worker = self._worker
        return (
            *(self._fetching(fetcher) for fetcher in worker.fetchers),
            _Job(name="file", do=worker.file, seconds=_FILE_SECONDS, wakes=("deliver", "fetch")),
            _Job(name="deliver", do=lambda: worker.deliver().submitted, seconds=_DELIVER_SECONDS),
            _Job(
                name="tend",
                do=worker.tend,
                seconds=_TEND_SECONDS,
                delay=_SETTLING_SECONDS,
                wakes=("file", "deliver"),
            ),
        )

    def _fetching(self, fetcher: Fetcher) -> _Job:
        # The first mails of many are filed while the others are still fetched.
        fetcher.on_recorded = lambda: self._call(("file",))

        def fetch() -> int:
            report = fetcher.fetch()
            return report.recorded + report.moved

        return _Job(
            name="fetch",
            do=fetch,
            seconds=fetcher.settings.poll_seconds,
            wakes=("file",),
            fetcher=fetcher,
        )

    def _plan(self, number: int) -> None:
        """Have a job done on its beat."""
        job = self._jobs[number]
        self._note_progress(number, rest=job.delay)
        self._scheduler.add_job(
            self._run,
            "interval",
            seconds=job.seconds,
            next_run_time=self._now() + timedelta(seconds=job.delay),
            args=[number],
            id=job.title,
        )

    def _catch_up(self) -> None:
        """Go on with what the machine's clock was set back under: its beat may be hours away."""
        for job in self._jobs:
            planned = self._scheduler.get_job(job.title).next_run_time
            if planned > self._now() + timedelta(seconds=job.delay + job.seconds):
                self._scheduler.modify_job(job.title, next_run_time=self._now())

    def _now(self) -> datetime:
        """Return the moment as the scheduler has it."""
        return datetime.now(self._scheduler.timezone)

    def _run(self, number: int) -> None:
        """Take turns at a job: while it is called, or for good where it stays with a mailbox."""
        job = self._jobs[number]
        while not self._stopping:
            job.called.clear()
            went_well = self._take_turn(number)
            if job.fetcher is not None:
                # Only a rest that ended well shows that a connection is one: some servers let
                # everybody in and hang up on whoever waits.
                self._failures[number] = 0 if went_well else self._failures[number] + 1
                self._pause(number, job.fetcher)
            elif not (went_well and job.called.is_set()):
                return

    def _take_turn(self, number: int) -> bool:
        """Do a job once, and rest where its mailbox is; return whether all went well."""
        job = self._jobs[number]
        self._own.job = number
        self._note_progress(number)
        try:
            done = job.do()
            self._worker.note_success(job.title)
            if done:
                _log.info("job_done", **job.label, count=done)
                self._call(job.wakes)
            self._note_progress(number, rest=job.seconds)
            if job.fetcher is not None and not self._stopping:
                job.fetcher.rest()
        except UnreachableError:
            _log.warning("server_unreachable", **job.label)
        except Exception as error:  # noqa: BLE001 - a fault of the system ends one turn only
            reason = type(error).__name__
            _log.error("job_failed", **job.label, error=reason)
            self._worker.note_failure(job.title, reason)
        else:
            return True
        # A failed turn is progress too: the job came to an end and will be tried again.
        self._note_progress(number, rest=job.seconds)
        return False

    def _pause(self, number: int, fetcher: Fetcher) -> None:
        """Let a mailbox that failed be, longer each time, whoever calls for it meanwhile."""
        if not self._failures[number]:
            return
        bits = self._worker.services.random_bits(_CHANCE_BITS)
        pause = find_pause(self._failures[number], fraction=bits / (1 << _CHANCE_BITS))
        self._note_progress(number, rest=pause)
        until = self._clock() + pause
        while not self._stopping and (left := until - self._clock()) > 0:
            fetcher.waker.wait(left)

    def _call(self, names: tuple[str, ...]) -> None:
        """Have jobs of these names take a turn at once, or once more when they are in one."""
        for job in self._jobs:
            if job.name in names:
                self._call_one(job)

    def _call_one(self, job: _Job) -> None:
        job.called.set()
        if job.fetcher is not None:
            job.fetcher.waker.wake()
        elif not self._stopping:
            # Stopping may have taken its jobs from the scheduler by now.
            with suppress(JobLookupError):
                self._scheduler.modify_job(job.title, next_run_time=self._now())

    def _stop(self) -> None:
        self._stopping = True
        self._waker.wake()
        for job in self._jobs:
            if job.fetcher is not None:
                job.fetcher.waker.wake()

    def _reach_boundary(self) -> bool:
        """Return whether to stop here, between two messages; to have come here is progress."""
        number = getattr(self._own, "job", None)
        if number is not None:
            self._note_progress(number)
        return self._stopping

    def _note_progress(self, number: int, *, rest: float = 0.0) -> None:
        self._due[number] = self._clock() + rest

    def _feed_watchdog(self) -> None:
        if self._clock() - min(self._due.values()) < _STUCK_SECONDS:
            self._notifier.watchdog()
