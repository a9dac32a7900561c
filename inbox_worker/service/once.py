"""Everything that is due, over and over until nothing is left: what `once` does.

The outcomes: nothing is left, or there is no stopping place sooner; else what a server had against
us, raised when everything else was done.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from inbox_worker.errors import UnreachableError, WorkerError
from inbox_worker.fetching.fetcher import Fetcher
from inbox_worker.fetching.round import FetchReport
from inbox_worker.mailbox.client import MailboxRefusedError
from inbox_worker.service.worker import Worker
from outbound.submission.dispatcher import DrainStop

#: How long to wait for pictures being read before asking whether to stop, in seconds.
_READING_SECONDS = 1.0


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
