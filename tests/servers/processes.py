"""Processes that tests stop and end: a signal is sent at once, and what it does comes later."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.servers.ports import wait_until


def list_states(pid: int) -> set[str]:
    """Return the states of a process's threads (proc(5)); none where it is gone."""
    found = set()
    for task in Path(f"/proc/{pid}/task").glob("*"):
        with suppress(FileNotFoundError, ProcessLookupError):
            found.add((task / "stat").read_text().rpartition(")")[2].split()[0])
    return found


def has_ended(pid: int) -> bool:
    """Whether a process is gone, or does no more than wait for its parent to notice."""
    return list_states(pid) <= {"Z", "X"}


def await_end(pid: int) -> None:
    """Return when a process has ended."""
    assert wait_until(lambda: has_ended(pid)), list_states(pid)


@contextmanager
def standing_still(pid: int) -> Iterator[None]:
    """Stop a process, with the last of its threads, for the time of the block; then end it."""
    os.kill(pid, signal.SIGSTOP)
    try:
        assert wait_until(lambda: list_states(pid) == {"T"}), list_states(pid)
        yield
    finally:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
