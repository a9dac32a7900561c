"""The service's beats: what feeds the watchdog, and `once`, which goes on until nothing is left."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from inbox_worker.errors import UnreachableError
from inbox_worker.scheduler import Service, run_once
from inbox_worker.waiting import WaitingRoom
from outbound.dispatcher import DrainReport, DrainStop

NOW = datetime(2026, 5, 4, 19, 0, tzinfo=UTC)
EMPTY = DrainReport(stop=DrainStop.EMPTY)


@dataclass
class Bench:
    """A service without a scheduler: its clock, its watchdog, and jobs run by hand."""

    now: datetime = NOW
    fed: int = 0
    worker: Any = field(
        default_factory=lambda: SimpleNamespace(
            services=SimpleNamespace(
                settings=SimpleNamespace(primary_mailbox=SimpleNamespace(poll_seconds=60))
            ),
            note_failure=lambda job, reason: None,
            note_success=lambda job: None,
        )
    )

    def __post_init__(self) -> None:
        notifier = SimpleNamespace(watchdog=self._feed)
        self.service = Service(self.worker, notifier, lambda: self.now)  # type: ignore[arg-type]
        for name in ("fetch", "file", "deliver"):
            self.do(name, lambda: 0)

    def _feed(self) -> None:
        self.fed += 1

    def do(self, name: str, job: Callable[[], int]) -> None:
        self.service._guard(name, job)()

    def is_fed(self) -> bool:
        before = self.fed
        self.service._feed_watchdog()
        return self.fed > before


def test_jobs_that_end_feed_the_watchdog() -> None:
    bench = Bench()
    bench.now += timedelta(seconds=179)
    assert bench.is_fed()


def test_a_job_that_does_not_get_on_starves_it() -> None:
    bench = Bench()
    bench.now += timedelta(seconds=180)
    bench.do("fetch", lambda: 0)
    bench.do("file", lambda: 0)
    assert not bench.is_fed(), "delivering is stuck"


def test_a_job_that_fails_is_not_stuck() -> None:
    bench = Bench()
    bench.now += timedelta(seconds=180)
    for name, error in (
        ("fetch", UnreachableError("x")),
        ("file", OSError()),
        ("deliver", OSError()),
    ):

        def fail(error: Exception = error) -> int:
            raise error

        bench.do(name, fail)
    assert bench.is_fed()


def test_a_long_job_feeds_it_from_message_to_message() -> None:
    bench = Bench()
    fed = []

    def work_off_a_backlog() -> int:
        for _ in range(10):
            bench.now += timedelta(seconds=100)
            for name in ("fetch", "deliver"):
                bench.service._progress[name] = bench.now
            assert bench.worker.should_stop() is False
            fed.append(bench.is_fed())
        return 10

    bench.do("file", work_off_a_backlog)
    assert fed == [True] * 10


def test_a_boundary_of_one_job_says_nothing_of_another() -> None:
    bench = Bench()

    def work() -> int:
        bench.now += timedelta(seconds=180)
        bench.worker.should_stop()
        return 0

    bench.do("file", work)
    assert not bench.is_fed(), "fetching has not got on"


def test_jobs_are_told_to_stop_at_the_next_boundary() -> None:
    bench = Bench()
    bench.service._stopping.set()
    assert bench.worker.should_stop() is True


# Once.


class Script:
    """A worker that does as written, one entry a round."""

    def __init__(self, fetch: list[Any], file: list[int], deliver: list[DrainReport]) -> None:
        self.left = {"fetch": fetch, "file": file, "deliver": deliver}
        self.services = SimpleNamespace(clock=lambda: NOW)
        self.room = WaitingRoom()
        self.rounds = 0

    def should_stop(self) -> bool:
        return False

    def fetch(self) -> int:
        self.rounds += 1
        found = self._next("fetch", 0)
        if isinstance(found, Exception):
            raise found
        return int(found)

    def file(self) -> int:
        return int(self._next("file", 0))

    def tend(self) -> int:
        return 0

    def deliver(self) -> DrainReport:
        found = self._next("deliver", EMPTY)
        assert isinstance(found, DrainReport)
        return found

    def _next(self, name: str, default: object) -> object:
        left = self.left[name]
        return left.pop(0) if left else default


@pytest.mark.parametrize(
    ("fetch", "file", "deliver", "rounds"),
    [
        pytest.param([], [], [], 1, id="nothing to do"),
        pytest.param([3], [3], [DrainReport(stop=DrainStop.EMPTY, accepted=3)], 2, id="one round"),
        pytest.param([0, 0], [1, 1], [], 3, id="as long as something is filed"),
        pytest.param([], [], [DrainReport(stop=DrainStop.LIMIT, accepted=9)] * 2, 3, id="letters"),
    ],
)
def test_once_goes_on_until_nothing_is_left(
    fetch: list[Any], file: list[int], deliver: list[DrainReport], rounds: int
) -> None:
    worker = Script(fetch, file, deliver)
    run_once(worker, wait=lambda _: pytest.fail("nothing asked to wait"))  # type: ignore[arg-type]
    assert worker.rounds == rounds


def test_once_waits_as_long_as_the_relays_pace_asks() -> None:
    paced = DrainReport(stop=DrainStop.PACED, resume_at=NOW + timedelta(seconds=40))
    waited: list[float] = []
    run_once(Script([], [], [paced]), wait=waited.append)  # type: ignore[arg-type]
    assert waited == [40.0]


@pytest.mark.parametrize(
    ("fetch", "deliver", "words"),
    [
        pytest.param([UnreachableError("no mailbox")], [], "no mailbox", id="the mailbox"),
        pytest.param(
            [],
            [DrainReport(stop=DrainStop.UNREACHABLE, reason="refused")],
            "letters stay in the outbox",
            id="the relay",
        ),
    ],
)
def test_once_does_the_rest_before_it_says_who_was_away(
    fetch: list[Any], deliver: list[DrainReport], words: str
) -> None:
    worker = Script(fetch, [2], deliver)
    with pytest.raises(UnreachableError, match=words):
        run_once(worker, wait=lambda _: None)  # type: ignore[arg-type]
    assert worker.left["file"] == []
    assert worker.rounds == 2
