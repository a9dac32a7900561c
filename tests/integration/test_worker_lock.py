"""One worker on a database file at a time, however the one before ended."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from inbox_worker.errors import UnreachableError
from inbox_worker.worker_lock import hold_worker_lock

HOLDER = """
import sys
from inbox_worker.worker_lock import hold_worker_lock
with hold_worker_lock(sys.argv[1]):
    print("held", flush=True)
    sys.stdin.read()
"""


def _url(folder: Path) -> str:
    return f"sqlite:///{folder / 'worker.db'}"


def _start_holder(url: str) -> subprocess.Popen[str]:
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, url],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    return holder


def test_a_second_worker_is_told_to_come_back_later(tmp_path: Path) -> None:
    url = _url(tmp_path)
    with (
        hold_worker_lock(url),
        pytest.raises(UnreachableError, match="Another worker is at work"),
        hold_worker_lock(url, wait_seconds=0),
    ):
        pytest.fail("two workers hold the lock")


def test_the_lock_is_free_again_when_its_holder_ends_in_order(tmp_path: Path) -> None:
    with hold_worker_lock(_url(tmp_path)):
        pass
    with hold_worker_lock(_url(tmp_path), wait_seconds=0):
        assert (tmp_path / "worker.db.lock").exists()


def test_the_lock_of_a_killed_worker_is_free_at_once(tmp_path: Path) -> None:
    url = _url(tmp_path)
    with _start_holder(url) as holder:
        with pytest.raises(UnreachableError), hold_worker_lock(url, wait_seconds=0):
            pytest.fail("two workers hold the lock")
        holder.kill()
        holder.wait()
    with hold_worker_lock(url, wait_seconds=0):
        pass


def test_workers_on_different_databases_do_not_meet(tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    with hold_worker_lock(_url(tmp_path)), hold_worker_lock(_url(other), wait_seconds=0):
        pass
