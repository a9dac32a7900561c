"""Recurring tasks: each at its time, once across all workers, and none in another's way."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest

from inbox_worker.chores import Chore, do_chores
from inbox_worker.services import Services
from tests.worker_harness import NOW, Harness

pytestmark = pytest.mark.on_both


def chore(name: str, did: list[str], *, fails: bool = False) -> Chore:
    def do(services: Services) -> int:
        did.append(name)
        if fails:
            raise RuntimeError(name)
        return 1

    return Chore(name=name, every=timedelta(hours=1), do=do)


@pytest.mark.parametrize(
    ("minutes", "times"),
    [
        pytest.param([0], 1, id="the first time at once"),
        pytest.param([0, 59], 1, id="not before its time"),
        pytest.param([0, 60], 2, id="again at its time"),
        pytest.param([0, 600, 601], 2, id="once for all the times that were missed"),
        pytest.param([0, -300], 2, id="again when the clock was set back by hours"),
        pytest.param([0, -300, -241, -240], 3, id="and from then on at its time"),
        pytest.param([0, -5], 1, id="not when another's clock is a little behind"),
    ],
)
def test_a_chore_is_done_when_it_is_due(harness: Harness, minutes: list[int], times: int) -> None:
    did: list[str] = []
    start = NOW
    for minute in minutes:
        harness.clock.now = start + timedelta(minutes=minute)
        # Whoever asks twice, or asks from another machine, finds that it was done.
        for _ in range(2):
            do_chores(harness.services, [chore("count", did)], should_stop=lambda: False)
    assert len(did) == times


def test_one_that_fails_stops_no_other_and_comes_again(harness: Harness) -> None:
    did: list[str] = []
    chores = [chore("bad", did, fails=True), chore("good", did)]
    assert do_chores(harness.services, chores, should_stop=lambda: False) == 1
    harness.clock.advance(hours=1)
    assert do_chores(harness.services, chores, should_stop=lambda: False) == 1
    assert did == ["bad", "good", "bad", "good"]


def test_none_begins_when_the_worker_stops(harness: Harness) -> None:
    did: list[str] = []
    assert do_chores(harness.services, [chore("count", did)], should_stop=lambda: True) == 0
    assert did == []


def test_of_many_who_come_at_once_one_does_it(harness: Harness) -> None:
    did: list[str] = []
    for hour in range(5):
        harness.clock.now = NOW + timedelta(hours=hour)
        together = threading.Barrier(6)

        def come(together: threading.Barrier = together) -> None:
            together.wait()
            do_chores(harness.services, [chore("count", did)], should_stop=lambda: False)

        threads = [threading.Thread(target=come) for _ in range(together.parties)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(did) == hour + 1
