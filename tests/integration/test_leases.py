"""Who is at work: several workers on one database, however each of them ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from inbox_worker.errors import LeaseLostError
from inbox_worker.storage import leases
from inbox_worker.storage.database import Database
from inbox_worker.storage.leases import WorkerLease, hold_lease
from inbox_worker.storage.models import LeaseRecord, WorkerRecord
from tests.integration.test_outbox_store import BrokenDatabase
from tests.worker_harness import NOW, Clock, Copier, Where, url_of

pytestmark = pytest.mark.on_both

MINUTE = timedelta(minutes=1)

HOLDER = """
import sys, time
from datetime import UTC, datetime, timedelta
from random import SystemRandom
from inbox_worker.storage.database import Database
from inbox_worker.storage.leases import WorkerLease, hold_lease, take
database = Database(sys.argv[1])
lease = WorkerLease(database=database, url=sys.argv[1], clock=lambda: datetime.now(UTC),
                    duration=timedelta(days=1), random_bits=SystemRandom().getrandbits)
with hold_lease(lease):
    with database.unit_of_work() as unit:
        take(unit.session, "fetch:outreach", lease.id)
        unit.commit()
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def url(empty_database: Where, copy_database: Copier) -> str:
    """Return the address of an empty database."""
    return url_of(copy_database(empty_database))


@pytest.fixture
def database(url: str) -> Iterator[Database]:
    """Yield an empty database."""
    opened = Database(url)
    yield opened
    opened.close()


_numbers = iter(range(1, 1_000))


def build_lease(database: Database, url: str, clock: Clock) -> WorkerLease:
    return WorkerLease(
        database=database,
        url=url,
        clock=clock,
        duration=MINUTE,
        random_bits=lambda bits: next(_numbers),
    )


def take(database: Database, worker: WorkerLease, name: str = "fetch:outreach") -> bool:
    with database.unit_of_work() as unit:
        is_ours = leases.take(unit.session, name, worker.id)
        unit.commit()
    return is_ours


def has(database: Database, worker: WorkerLease) -> bool:
    with database.unit_of_work() as unit:
        try:
            leases.check_held(unit.session, "fetch:outreach", worker.id)
        except LeaseLostError:
            return False
    return True


def list_ids(database: Database) -> set[str]:
    with database.read() as session:
        return set(session.scalars(select(WorkerRecord.id)))


def test_one_worker_at_a_time_has_a_mailbox(database: Database, url: str) -> None:
    clock = Clock(NOW)
    with (
        hold_lease(build_lease(database, url, clock)),
        hold_lease(first := build_lease(database, url, clock)),
    ):
        with hold_lease(second := build_lease(database, url, clock)):
            assert take(database, second)
            assert not take(database, first)
            assert take(database, second), "it stays its own"
            assert take(database, first, "fetch:other"), "another mailbox is another matter"
            assert not has(database, first)
            assert has(database, second)
        assert take(database, first), "who goes in order leaves nothing behind"
    assert list_ids(database) == set()


def test_a_worker_that_was_silent_too_long_loses_what_it_had(database: Database, url: str) -> None:
    clock = Clock(NOW)
    sleeper, other = (build_lease(database, url, clock) for _ in range(2))
    sleeper.sign_on()
    assert take(database, sleeper)
    clock.advance(seconds=59)
    other.sign_on()
    other.remove_gone()
    assert not take(database, other)
    clock.advance(seconds=1)
    other.remove_gone()
    assert take(database, other)
    # The sleeper wakes: it may write nothing by virtue of what it had, and begins anew.
    assert not has(database, sleeper)
    with pytest.raises(LeaseLostError):
        take(database, sleeper, "fetch:other")
    before = sleeper.id
    sleeper.renew()
    assert sleeper.id != before
    assert not take(database, sleeper)
    assert take(database, sleeper, "fetch:other")
    for lease in (sleeper, other):
        lease.sign_off()


def test_who_renews_in_time_keeps_what_it_has(database: Database, url: str) -> None:
    clock = Clock(NOW)
    lease, other = (build_lease(database, url, clock) for _ in range(2))
    lease.sign_on()
    other.sign_on()
    assert take(database, lease)
    for _ in range(3):
        clock.advance(seconds=50)
        lease.renew()
        other.renew()
        other.remove_gone()
    assert has(database, lease)
    for one in (lease, other):
        one.sign_off()


def test_of_many_who_want_a_mailbox_one_gets_it(database: Database, url: str) -> None:
    clock = Clock(NOW)
    workers = [build_lease(database, url, clock) for _ in range(8)]
    for worker in workers:
        worker.sign_on()
    together = threading.Barrier(len(workers))
    got: list[bool] = []

    def want(worker: WorkerLease) -> None:
        together.wait()
        got.append(take(database, worker))

    threads = [threading.Thread(target=want, args=(worker,)) for worker in workers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(got) == [False] * 7 + [True]
    for worker in workers:
        worker.sign_off()


@contextmanager
def start_holder(url: str) -> Iterator[subprocess.Popen[str]]:
    """Start a worker in a process of its own, which has the mailbox."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, url],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as holder:
        try:
            assert holder.stdout is not None
            assert holder.stdout.readline() == "held\n"
            yield holder
        finally:
            holder.kill()


def now() -> datetime:
    # The holder's clock is the machine's.
    return datetime.now(tz=NOW.tzinfo)


def test_a_killed_worker_is_known_to_be_dead_where_the_database_is_a_file(
    database: Database, url: str, backend: str
) -> None:
    clock = Clock(now())
    with start_holder(url) as holder:
        with hold_lease(lease := build_lease(database, url, clock)):
            assert not take(database, lease), "it lives"
        holder.kill()
        holder.wait()
    with hold_lease(lease := build_lease(database, url, clock)):
        assert take(database, lease) == (backend == "sqlite")
        # A server's workers may be anywhere: there its time has to run out.
        clock.advance(days=2)
        lease.renew()
        lease.remove_gone()
        assert take(database, lease)
        assert list_ids(database) == {lease.id}


def test_a_stopped_worker_is_not_dead(database: Database, url: str) -> None:
    clock = Clock(now())
    with start_holder(url) as holder:
        holder.send_signal(signal.SIGSTOP)
        os.waitid(os.P_PID, holder.pid, os.WSTOPPED)
        with hold_lease(lease := build_lease(database, url, clock)):
            assert not take(database, lease)
        holder.send_signal(signal.SIGCONT)
        holder.communicate()
    assert list_ids(database) == set()


def test_nothing_is_left_beside_the_file(url: str, database: Database, tmp_path: Path) -> None:
    before = {p.name for p in tmp_path.iterdir()}
    with start_holder(url) as holder:
        holder.kill()
        holder.wait()
    with hold_lease(build_lease(database, url, Clock(now()))):
        pass
    with database.read() as session:
        assert session.scalars(select(LeaseRecord.name)).all() in ([], ["fetch:outreach"])
    after = {p.name for p in tmp_path.iterdir() if not p.name.endswith(("-wal", "-shm"))}
    assert after == before


@pytest.mark.parametrize("begun", [0, 1], ids=["signing on", "looking for the dead"])
def test_a_worker_that_could_not_begin_leaves_no_file(
    url: str, database: Database, tmp_path: Path, begun: int
) -> None:
    """A service that is started again and again meanwhile leaves no pile of them."""
    lease = build_lease(database, url, Clock(now()))
    before = {p.name for p in tmp_path.iterdir()}
    BrokenDatabase(database, after=begun)
    with pytest.raises(OperationalError), hold_lease(lease):
        pass
    after = {p.name for p in tmp_path.iterdir() if not p.name.endswith(("-wal", "-shm"))}
    assert after == before
