"""The service's beats: what feeds the watchdog, and `once`, which goes on until nothing is left."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from inbox_worker.errors import UnreachableError, WorkerError
from inbox_worker.fetching.round import FetchReport
from inbox_worker.handling.waiting import WaitingRoom
from inbox_worker.mailbox.backoff import find_pause
from inbox_worker.mailbox.waking import Waker
from inbox_worker.service.once import run_once
from inbox_worker.service.scheduler import Service
from outbound.submission.dispatcher import DrainReport, DrainStop

NOW = datetime(2026, 5, 4, 19, 0, tzinfo=UTC)
EMPTY = DrainReport(stop=DrainStop.EMPTY)


def build_fetcher(name: str = "outreach") -> Any:
    settings = SimpleNamespace(name=name, poll_seconds=60)
    return SimpleNamespace(settings=settings, waker=Waker(), fetch=FetchReport, rest=lambda: None)


@dataclass
class Bench:
    """A service without threads: its clock, its watchdog, and turns taken by hand."""

    now: float = 1000.0  #: in seconds
    fed: int = 0
    faults: list[tuple[str, str]] = field(default_factory=list)  #: noted
    working: list[str] = field(default_factory=list)  #: noted
    work: dict[str, Callable[[], int]] = field(default_factory=dict)  #: what each job does

    def __post_init__(self) -> None:
        self.fetchers = (build_fetcher(), build_fetcher("faxes"))
        self.worker: Any = SimpleNamespace(
            fetchers=self.fetchers,
            services=SimpleNamespace(random_bits=lambda bits: 0),
            file=lambda: self._do("file"),
            tend=lambda: self._do("tend"),
            deliver=lambda: DrainReport(stop=DrainStop.EMPTY, accepted=self._do("deliver")),
            note_failure=lambda job, reason: self.faults.append((job, reason)),
            note_success=self.working.append,
        )
        notifier = SimpleNamespace(watchdog=self._feed)
        self.service = Service(self.worker, notifier, lambda: self.now)  # type: ignore[arg-type]
        self.names = [job.name for job in self.service._jobs]

    def _do(self, name: str) -> int:
        return self.work.get(name, int)()

    def _feed(self) -> None:
        self.fed += 1

    def turn(self, *names: str) -> list[bool]:
        """Let the jobs of these names (all when none is named) take a turn each."""
        wanted = names or tuple(dict.fromkeys(self.names))
        return [self.service._take_turn(n) for n, name in enumerate(self.names) if name in wanted]

    def is_fed(self) -> bool:
        before = self.fed
        self.service._feed_watchdog()
        return self.fed > before


@pytest.fixture
def bench() -> Iterator[Bench]:
    """Yield a service whose sockets are closed afterwards."""
    made = Bench()
    yield made
    made.service.close()
    for fetcher in made.fetchers:
        fetcher.waker.close()


def fail(error: Exception) -> Callable[[], int]:
    def do() -> int:
        raise error

    return do


@pytest.mark.parametrize(
    ("seconds", "fed"),
    [
        pytest.param(121, True, id="a job may rest as long as it said, and a while more"),
        pytest.param(122, False, id="and no longer"),
    ],
)
def test_jobs_that_get_on_feed_the_watchdog(bench: Bench, seconds: int, fed: bool) -> None:
    bench.turn()
    bench.now += seconds
    assert bench.is_fed() == fed


def test_a_mailbox_that_waits_for_mail_is_not_stuck(bench: Bench) -> None:
    bench.turn()
    bench.now += 60 + 119
    bench.turn("file", "deliver", "tend")
    assert bench.is_fed()
    bench.now += 1
    assert not bench.is_fed(), "its time was over two minutes ago"


def test_a_job_that_does_not_get_on_starves_it(bench: Bench) -> None:
    bench.turn()
    bench.now += 180
    bench.turn("fetch", "file", "tend")
    assert not bench.is_fed(), "delivering is stuck"


def test_a_job_that_fails_is_not_stuck_however_long_it_waits(bench: Bench) -> None:
    bench.fetchers[0].fetch = fail(UnreachableError("x"))
    bench.work = {"file": fail(OSError()), "deliver": fail(OSError())}
    bench.turn()
    bench.now += 180
    assert bench.turn("fetch", "file", "deliver", "tend") == [False, True, False, False, True]
    assert bench.is_fed()
    assert bench.faults == [("file", "OSError"), ("deliver", "OSError")] * 2
    assert set(bench.working) == {"fetch faxes", "tend"}


def test_a_long_job_feeds_it_from_message_to_message(bench: Bench) -> None:
    fed = []

    def work_off_a_backlog() -> int:
        for _ in range(10):
            bench.now += 100
            for number in range(len(bench.names)):
                bench.service._note_progress(number)
            assert bench.worker.should_stop() is False
            fed.append(bench.is_fed())
        return 10

    bench.work["file"] = work_off_a_backlog
    bench.turn("file")
    assert fed == [True] * 10


def test_a_boundary_of_one_job_says_nothing_of_another(bench: Bench) -> None:

    def work() -> int:
        bench.now += 180
        bench.worker.should_stop()
        return 0

    bench.work["file"] = work
    bench.turn("file")
    assert not bench.is_fed(), "fetching has not got on"


def test_jobs_are_told_to_stop_at_the_next_boundary(bench: Bench) -> None:
    bench.service._stop()
    assert bench.worker.should_stop() is True
    assert all(fetcher.waker.clear() for fetcher in bench.fetchers), "whoever rests is woken"


@pytest.mark.parametrize(
    ("busy", "woken"),
    [
        pytest.param("fetch", {"file"}, id="what was fetched is filed"),
        pytest.param("file", {"deliver", "fetch"}, id="what was filed is answered, and moved away"),
        pytest.param("deliver", set(), id="what was delivered gives nobody work"),
        pytest.param("tend", {"file", "deliver"}, id="what was due may be answered"),
    ],
)
def test_a_job_that_did_something_wakes_those_with_work_from_it(
    bench: Bench, busy: str, woken: set[str]
) -> None:
    bench.fetchers[0].fetch = lambda: FetchReport(recorded=1 if busy == "fetch" else 0)
    bench.work[busy] = lambda: 1
    bench.turn(busy)
    assert {job.name for job in bench.service._jobs if job.called.is_set()} == woken


def test_a_job_that_is_called_in_the_middle_of_a_turn_takes_another(bench: Bench) -> None:
    turns: list[int] = []

    def work() -> int:
        turns.append(len(turns))
        if len(turns) == 1:
            bench.service._call(("file",))
        return 0

    bench.work["file"] = work
    bench.service._run(bench.names.index("file"))
    assert turns == [0, 1]


def list_pauses(bench: Bench, *, until: int) -> list[float]:
    """Run a mailbox's job until it was let be so often, and return for how long each time."""
    pauses: list[float] = []
    waker = SimpleNamespace(close=bench.fetchers[0].waker.close, wake=lambda: None)

    def wait(seconds: float) -> None:
        pauses.append(seconds)
        bench.now += seconds
        if len(pauses) == until:
            bench.service._stop()

    waker.wait = wait
    bench.fetchers[0].waker = waker
    bench.service._run(0)
    return pauses


def test_a_mailbox_that_fails_is_left_alone_for_longer_each_time(bench: Bench) -> None:
    bench.fetchers[0].fetch = fail(UnreachableError("x"))
    assert list_pauses(bench, until=4) == [1.0, 2.0, 4.0, 8.0]


def test_a_mailbox_that_is_left_alone_is_left_alone_whoever_calls(bench: Bench) -> None:
    tries: list[float] = []

    def fetch() -> FetchReport:
        tries.append(bench.now)
        if len(tries) == 3:
            bench.service._stop()
        raise UnreachableError("x")

    def wait(seconds: float) -> None:
        bench.now += min(seconds, 0.25)

    bench.fetchers[0].fetch = fetch
    bench.fetchers[0].waker.close()
    bench.fetchers[0].waker = SimpleNamespace(wait=wait, wake=lambda: None, close=lambda: None)
    bench.service._run(0)
    assert tries == [1000.0, 1001.0, 1003.0]


def test_a_server_that_hangs_up_on_whoever_waits_counts_as_failing(bench: Bench) -> None:
    rests = iter([UnreachableError("bye"), UnreachableError("bye"), None, UnreachableError("bye")])

    def rest() -> None:
        if (error := next(rests)) is not None:
            raise error

    bench.fetchers[0].rest = rest
    assert list_pauses(bench, until=3) == [1.0, 2.0, 1.0]


@pytest.mark.parametrize(
    ("failures", "fraction", "seconds"),
    [
        pytest.param(1, 0.0, 1.0, id="soon at first"),
        pytest.param(1, 1.0, 0.5, id="by chance sooner"),
        pytest.param(4, 0.5, 6.0, id="longer each time"),
        pytest.param(9, 0.0, 256.0, id="and longer"),
        pytest.param(10, 0.0, 300.0, id="never longer than five minutes"),
        pytest.param(1_000_000, 1.0, 150.0, id="however often"),
    ],
)
def test_the_pause_doubles_and_chance_shortens_it(
    failures: int, fraction: float, seconds: float
) -> None:
    assert find_pause(failures, fraction=fraction) == seconds


# Once.


class Script:
    """A worker that does as written, one entry a round."""

    def __init__(self, fetch: list[Any], file: list[int], deliver: list[DrainReport]) -> None:
        self.left = {"fetch": fetch, "file": file, "deliver": deliver}
        self.fetchers = (self,)
        self.services = SimpleNamespace(clock=lambda: NOW)
        self.room = WaitingRoom()
        self.rounds = 0
        self.disconnected = 0

    def should_stop(self) -> bool:
        return False

    def fetch(self) -> FetchReport:
        found = self._next("fetch", 0)
        if isinstance(found, Exception):
            raise found
        return found if isinstance(found, FetchReport) else FetchReport(recorded=found)

    def disconnect(self) -> None:
        self.disconnected += 1

    def file(self) -> int:
        self.rounds += 1
        return int(self._next("file", 0))

    def tend(self) -> int:
        return 0

    def deliver(self) -> DrainReport:
        found = self._next("deliver", EMPTY)
        assert isinstance(found, DrainReport)
        return found

    def _next(self, name: str, default: Any) -> Any:
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
        pytest.param(
            [FetchReport(recorded=1, refused="The folder is full")],
            [],
            "The folder is full",
            id="a folder that takes no mail",
        ),
    ],
)
def test_once_does_the_rest_before_it_says_who_was_away(
    fetch: list[Any], deliver: list[DrainReport], words: str
) -> None:
    worker = Script(fetch, [2], deliver)
    with pytest.raises(WorkerError, match=words):
        run_once(worker, wait=lambda _: None)  # type: ignore[arg-type]
    assert worker.left["file"] == []
    assert worker.rounds == 2


def test_once_holds_no_connection_while_documents_are_read() -> None:
    worker = Script([1], [], [])
    disconnected: list[int] = []
    worker.file = lambda: disconnected.append(worker.disconnected) or 0  # type: ignore[method-assign,func-returns-value]
    run_once(worker, wait=lambda _: None)  # type: ignore[arg-type]
    assert disconnected == [1, 2]


@dataclass
class Room:
    """A room that holds a mail for so many waits."""

    left: int

    def __bool__(self) -> bool:
        return self.left > 0

    def wait(self, seconds: float) -> None:
        self.left -= 1


def test_once_asks_no_server_while_it_waits_for_documents() -> None:
    # Recorded; not read yet, three times; filed; nothing is left.
    worker = Script([1], [0, 0, 0, 0, 1], [])
    worker.room = Room(3)  # type: ignore[assignment]
    run_once(worker, wait=lambda _: None)  # type: ignore[arg-type]
    assert (worker.rounds, worker.disconnected) == (6, 3)


def test_once_tries_a_mailbox_that_failed_no_second_time() -> None:
    away, there = Script([UnreachableError("away")] * 9, [], []), Script([1, 1], [0, 0, 0], [])
    there.fetchers = (away, there)
    with pytest.raises(UnreachableError, match="away"):
        run_once(there, wait=lambda _: None)  # type: ignore[arg-type]
    assert len(away.left["fetch"]) == 8
    assert there.left["fetch"] == []
