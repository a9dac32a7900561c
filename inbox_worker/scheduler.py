"""When the jobs run: over and over until nothing is left (`once`), or as a service (`run`).

The service has a thread for each job: one for each mailbox, so that one that fails never delays
another, and one each for filing, delivering and tending. A job that did something wakes those who
have work because of it, so that a mail is answered at once; the beats are there for what becomes
due by time. Everything stops at a message boundary, and whatever waits is woken to stop. The
watchdog is fed while every job gets on, or rests no longer than it said it would.
"""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from inbox_worker.backoff import find_pause
from inbox_worker.errors import UnreachableError, WorkerError
from inbox_worker.fetcher import Fetcher
from inbox_worker.fetching import FetchReport
from inbox_worker.mailbox import MailboxRefusedError
from inbox_worker.notify import Notifier
from inbox_worker.waking import Waker
from inbox_worker.worker import Worker
from outbound.dispatcher import DrainStop

_log = structlog.get_logger()

#: How often recorded mail and due letters are looked for, in seconds.
_FILE_SECONDS = 2.0
#: How long `once` waits for pictures being read before it asks whether to stop.
_READING_SECONDS = 1.0
_DELIVER_SECONDS = 2.0
_TEND_SECONDS = 5.0
#: The first alarms are judged when there was time to fetch, also after a long stop.
_SETTLING_SECONDS = 10.0
#: How long a job may go without getting on before the watchdog is no longer fed, in seconds; beside
#: what it said it would rest.
_STUCK_SECONDS = 120
#: How finely chance spreads the tries to reach a server again.
_CHANCE_BITS = 16


def run_once(worker: Worker, *, wait: Callable[[float], object]) -> None:
    """Do everything that is due, repeatedly until nothing is left.

    `wait` sleeps for a number of seconds, where the relay's pace asks for it. What a mailbox or the
    relay have against us is raised after everything else was done: `UnreachableError` when one of
    them could not be reached, another `WorkerError` when it refused. A mailbox that failed is left
    alone for the rest of the time.
    """
    trouble: WorkerError | None = None
    fetchers, is_reading = worker.fetchers, False
    while not worker.should_stop():
        # Who only waits for documents to be read need not log in to every server each time.
        fetched = [] if is_reading else _fetch_all(fetchers)
        failed = [f.fetcher for f in fetched if f.error is not None]
        fetchers = tuple(f for f in fetchers if f not in failed)
        work = sum(f.report.recorded + f.report.moved for f in fetched)
        work += worker.file() + worker.tend()
        report = worker.deliver()
        fault = next((fault for f in fetched if (fault := f.fault) is not None), None)
        if report.stop is DrainStop.UNREACHABLE:
            fault = fault or UnreachableError(
                f"The relay could not be reached ({report.reason}); letters stay in the outbox."
            )
        trouble = fault or trouble
        is_reading = False
        if report.stop is DrainStop.PACED and report.resume_at is not None:
            wait(max(0.0, (report.resume_at - worker.services.clock()).total_seconds()))
        elif work + report.submitted == 0:
            if not worker.room:
                break
            worker.room.wait(_READING_SECONDS)
            is_reading = True
    if trouble is not None:
        raise trouble


_NOTHING = FetchReport()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Fetched:
    """What a round over one mailbox came to."""

    fetcher: Fetcher
    report: FetchReport = _NOTHING
    error: WorkerError | None = None

    @property
    def fault(self) -> WorkerError | None:
        """Return what to tell of: the error, or that mail could not be moved."""
        refused = self.report.refused
        return self.error or (None if refused is None else MailboxRefusedError(refused))


def _fetch_all(fetchers: Sequence[Fetcher]) -> list[_Fetched]:
    """Do a round over every mailbox, all at a time: none waits for one that is slow to fail."""
    if not fetchers:
        return []
    with ThreadPoolExecutor(len(fetchers)) as pool:
        return list(pool.map(_fetch, fetchers))


def _fetch(fetcher: Fetcher) -> _Fetched:
    try:
        return _Fetched(fetcher=fetcher, report=fetcher.fetch())
    except WorkerError as error:
        return _Fetched(fetcher=fetcher, error=error)
    finally:
        # What comes next may read documents for minutes, and no server waits for that.
        fetcher.disconnect()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Job:
    """Something to be done again and again, on a thread of its own."""

    name: str
    do: Callable[[], int]  #: returns how much it did
    rest: Callable[[], object]  #: waits until there may be more to do
    rest_seconds: float  #: how long that is at most
    pause: Callable[[int], float]  #: how long to wait after so many failures in a row
    waker: Waker
    delay: float = 0.0  #: how long to wait before the first time, in seconds
    wakes: tuple[str, ...] = ()  #: the kinds of job there may be work for when this one did some
    mailbox: str | None = None

    @property
    def label(self) -> dict[str, str]:
        """Return what log lines call it."""
        named = {} if self.mailbox is None else {"mailbox": self.mailbox}
        return {"job": self.name, **named}

    @property
    def title(self) -> str:
        """Return what an alarm about it calls it."""
        return " ".join(self.label.values())


class Service:
    """The jobs on their threads until told to stop."""

    def __init__(self, worker: Worker, notifier: Notifier, clock: Callable[[], datetime]) -> None:
        self._worker = worker
        self._notifier = notifier
        self._clock = clock
        self._stopping = False
        self._waker = Waker()  #: the main thread's
        self._jobs = self._list_jobs()
        #: Until when each job may be silent before it is late.
        self._due = dict.fromkeys(range(len(self._jobs)), clock())
        self._own = threading.local()  #: the number of the job this thread does
        worker.should_stop = self._reach_boundary

    def run(self) -> None:
        """Run until SIGTERM or SIGINT; then finish the message in hand and return."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self._stop())
        threads = [
            threading.Thread(target=self._repeat, args=(number,), name=job.name)
            for number, job in enumerate(self._jobs)
        ]
        for thread in threads:
            thread.start()
        _log.info("service_started")
        self._notifier.ready()
        try:
            while not self._stopping:
                self._waker.wait(self._notifier.interval_seconds)
                self._feed_watchdog()
        finally:
            self._stop()
            self._notifier.stopping()
            for thread in threads:
                thread.join()
            self._worker.close()
            self.close()
            _log.info("service_stopped")

    def close(self) -> None:
        """Let go of what threads were woken by."""
        for waker in (self._waker, *(job.waker for job in self._jobs)):
            waker.close()

    def _list_jobs(self) -> tuple[_Job, ...]:
        worker = self._worker
        return (
            *(self._fetching(fetcher) for fetcher in worker.fetchers),
            self._beating("file", worker.file, _FILE_SECONDS, wakes=("deliver", "fetch")),
            self._beating(
                "deliver", lambda: worker.deliver().submitted, _DELIVER_SECONDS, wakes=()
            ),
            self._beating(
                "tend",
                worker.tend,
                _TEND_SECONDS,
                delay=_SETTLING_SECONDS,
                wakes=("file", "deliver"),
            ),
        )

    def _fetching(self, fetcher: Fetcher) -> _Job:
        def fetch() -> int:
            report = fetcher.fetch()
            return report.recorded + report.moved

        return _Job(
            name="fetch",
            mailbox=fetcher.settings.name,
            do=fetch,
            rest=fetcher.rest,
            rest_seconds=fetcher.settings.poll_seconds,
            pause=self._find_pause,
            waker=fetcher.waker,
            wakes=("file",),
        )

    def _find_pause(self, failures: int) -> float:
        bits = self._worker.services.random_bits(_CHANCE_BITS)
        return find_pause(failures, fraction=bits / (1 << _CHANCE_BITS))

    def _beating(
        self,
        name: str,
        do: Callable[[], int],
        seconds: float,
        *,
        wakes: tuple[str, ...],
        delay: float = 0.0,
    ) -> _Job:
        waker = Waker()
        return _Job(
            name=name,
            do=do,
            rest=lambda: waker.wait(seconds),
            rest_seconds=seconds,
            pause=lambda _: seconds,
            waker=waker,
            wakes=wakes,
            delay=delay,
        )

    def _stop(self) -> None:
        self._stopping = True
        for waker in (self._waker, *(job.waker for job in self._jobs)):
            waker.wake()

    def _repeat(self, number: int) -> None:
        """Do one job and rest, over and over; after a failure wait before the next try."""
        self._wait_out(number, self._jobs[number].delay)
        failures = 0
        while not self._stopping:
            # Only a rest that ended well shows that a connection is one: some servers let
            # everybody in and hang up on whoever waits.
            if self._take_turn(number):
                failures = 0
            elif not self._stopping:
                failures += 1
                self._wait_out(number, self._jobs[number].pause(failures))

    def _take_turn(self, number: int) -> bool:
        """Do a job once and let it rest; return whether all went well."""
        job = self._jobs[number]
        self._own.job = number
        self._note_progress(number)
        try:
            done = job.do()
            self._worker.note_success(job.title)
            if done:
                _log.info("job_done", **job.label, count=done)
                self._wake(job.wakes)
            self._note_progress(number, rest=job.rest_seconds)
            if not self._stopping:
                job.rest()
        except UnreachableError:
            _log.warning("server_unreachable", **job.label)
        except Exception as error:  # noqa: BLE001 - a fault of the system ends one turn only
            reason = type(error).__name__
            _log.error("job_failed", **job.label, error=reason)
            self._worker.note_failure(job.title, reason)
        else:
            return True
        return False

    def _wait_out(self, number: int, seconds: float) -> None:
        """Let so much time go by, whatever there is to do; only stopping is sooner."""
        # A failed turn is progress too: the job came to an end and will be tried again.
        self._note_progress(number, rest=seconds)
        deadline = time.monotonic() + seconds
        while not self._stopping and (left := deadline - time.monotonic()) > 0:
            self._jobs[number].waker.wait(left)

    def _wake(self, names: tuple[str, ...]) -> None:
        for job in self._jobs:
            if job.name in names:
                job.waker.wake()

    def _reach_boundary(self) -> bool:
        """Return whether to stop here, between two messages; to have come here is progress."""
        number = getattr(self._own, "job", None)
        if number is not None:
            self._note_progress(number)
        return self._stopping

    def _note_progress(self, number: int, *, rest: float = 0.0) -> None:
        self._due[number] = self._clock() + timedelta(seconds=rest)

    def _feed_watchdog(self) -> None:
        longest = (self._clock() - min(self._due.values())).total_seconds()
        if longest < _STUCK_SECONDS:
            self._notifier.watchdog()
