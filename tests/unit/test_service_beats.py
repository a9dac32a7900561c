"""The beats in real time: they go on whatever happens to the machine's clock or to a job."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, tzinfo
from types import SimpleNamespace
from typing import Any

import pytest
from apscheduler.schedulers import base

from inbox_worker.fetching.round import FetchReport
from inbox_worker.mailbox.waking import Waker
from inbox_worker.service import scheduler
from inbox_worker.service.scheduler import Service
from outbound.submission.dispatcher import DrainReport, DrainStop
from tests.servers.ports import wait_until


class MachineClock(datetime):
    """The machine's clock, which somebody may set."""

    ahead = timedelta()

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
        """Return what the clock shows."""
        return datetime.now(tz) + cls.ahead


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> type[MachineClock]:
    """Give the scheduler a clock that can be set."""
    monkeypatch.setattr(MachineClock, "ahead", timedelta())
    for module in (base, scheduler):
        monkeypatch.setattr(module, "datetime", MachineClock)
    return MachineClock


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    """Leave the handlers of signals as they were found."""
    numbers = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
    before = [signal.getsignal(number) for number in numbers]
    yield
    for number, handler in zip(numbers, before, strict=True):
        signal.signal(number, handler)


class Bench:
    """A service of one mailbox and quick beats, which counts its turns."""

    def __init__(self, fetch: Callable[[], FetchReport] = FetchReport) -> None:
        self.cut = threading.Event()  #: that the relay is not waited for any longer
        self.turns = dict.fromkeys(("fetch", "file", "deliver", "tend"), 0)
        self.work: dict[str, Callable[[], int]] = {}  #: what each job does
        settings = SimpleNamespace(name="outreach", poll_seconds=0.1)
        waker = Waker()
        self._fetch = fetch
        fetcher = SimpleNamespace(
            settings=settings, waker=waker, fetch=self._fetch_one, rest=lambda: waker.wait(0.02)
        )
        worker: Any = SimpleNamespace(
            fetchers=(fetcher,),
            services=SimpleNamespace(random_bits=lambda bits: 0),
            file=lambda: self._count("file"),
            tend=lambda: self._count("tend"),
            deliver=lambda: DrainReport(stop=DrainStop.EMPTY, accepted=self._count("deliver")),
            note_failure=lambda job, reason: None,
            note_success=lambda job: None,
            close=waker.close,
            cut_relays=self.cut.set,
        )
        self.fed: list[bool] = []
        notifier: Any = SimpleNamespace(
            interval_seconds=0.05,
            ready=lambda: True,
            watchdog=lambda: self.fed.append(True),
            stopping=lambda: True,
        )
        self._service = Service(worker, notifier)

    def _count(self, name: str) -> int:
        self.turns[name] += 1
        return self.work.get(name, int)()

    def _fetch_one(self) -> FetchReport:
        self._count("fetch")
        return self._fetch()

    def has_had_turns(self, *, after: dict[str, int]) -> bool:
        """Whether every job but tending, which waits at first, has had a turn since."""
        return all(self.turns[name] > after[name] for name in ("fetch", "file", "deliver"))

    def run(self, check: Callable[[], None]) -> None:
        """Run the service while something is checked."""
        failures: list[BaseException] = []

        def do() -> None:
            try:
                check()
            except BaseException as error:  # noqa: BLE001 - raised below
                failures.append(error)
            finally:
                self._service._stop()

        thread = threading.Thread(target=do)
        thread.start()
        self._service.run()
        thread.join()
        if failures:
            raise failures[0]


@pytest.mark.parametrize(
    "hours",
    [
        pytest.param(-5, id="set back, as after a start with a wrong clock"),
        pytest.param(5, id="set forward, as after a sleep"),
    ],
)
def test_every_job_goes_on_when_the_machines_clock_is_set(
    clock: type[MachineClock], hours: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scheduler, "_FILE_SECONDS", 0.1)
    monkeypatch.setattr(scheduler, "_DELIVER_SECONDS", 0.1)
    bench = Bench()

    def check() -> None:
        assert wait_until(lambda: bench.has_had_turns(after=dict.fromkeys(bench.turns, 1)))
        clock.ahead = timedelta(hours=hours)
        before = dict(bench.turns)
        assert wait_until(
            lambda: bench.has_had_turns(after={n: t + 2 for n, t in before.items()}), seconds=5
        ), (before, bench.turns)
        bench.fed.clear()
        assert wait_until(lambda: bool(bench.fed)), "none of them is stuck"

    bench.run(check)


def test_a_mailbox_is_never_given_up_whatever_goes_wrong_with_its_job() -> None:
    tries: list[int] = []

    def fetch() -> FetchReport:
        tries.append(1)
        if len(tries) == 1:
            raise SystemExit
        return FetchReport()

    bench = Bench(fetch)

    def check() -> None:
        assert wait_until(lambda: len(tries) > 1)

    bench.run(check)


def test_a_relay_that_does_not_answer_keeps_nobody_from_stopping(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(scheduler, "_RELAY_GRACE_SECONDS", 0.2)
    bench = Bench()
    asked = threading.Event()

    def wait_for_the_relay() -> int:
        asked.set()
        assert bench.cut.wait(20)
        return 0

    bench.work["deliver"] = wait_for_the_relay

    def check() -> None:
        assert asked.wait(60)

    bench.run(check)
    assert bench.cut.is_set()
    assert bench.turns["deliver"] == 1
