"""Real faults of the machine: nothing is held against a mail, and all is well afterwards."""

from __future__ import annotations

import resource
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import event

from inbox_worker.reading.reader import DocumentReader, load_definitions
from inbox_worker.reading.system_faults import is_system_fault
from inbox_worker.storage import database
from tests.worker_harness import CLERK, Harness, Opener, compose, fill

Fault = Callable[[Harness], AbstractContextManager[None]]


@contextmanager
def limited(which: int, soft: int) -> Iterator[None]:
    """Lower a limit of this process for the time of the block (setrlimit(2))."""
    before = resource.getrlimit(which)
    resource.setrlimit(which, (soft, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(which, before)


@contextmanager
def locked(harness: Harness) -> Iterator[None]:
    """Let another process's transaction hold the database."""
    with closing(sqlite3.connect(path_of(harness))) as other:
        other.execute("BEGIN IMMEDIATE")
        yield


@contextmanager
def full(harness: Harness) -> Iterator[None]:
    """Let SQLite have no page more than the file has now, which is how it knows a full disk."""
    engine = harness.services.database.engine

    def cap(connection: sqlite3.Connection, _: object) -> None:
        connection.execute("PRAGMA max_page_count = 1")

    event.listen(engine, "connect", cap)
    engine.dispose()
    yield
    event.remove(engine, "connect", cap)
    engine.dispose()


@contextmanager
def no_larger_files(_: Harness) -> Iterator[None]:
    with limited(resource.RLIMIT_FSIZE, 40_000):
        yield


@contextmanager
def no_more_files(harness: Harness) -> Iterator[None]:
    """Let nothing more be opened, the database included."""
    harness.services.database.engine.dispose()
    # A descriptor below the limit that is free would still be given out; there is none below 3.
    with limited(resource.RLIMIT_NOFILE, 3):
        yield


def path_of(harness: Harness) -> Path:
    return Path(
        harness.services.settings.database.url.get_secret_value().removeprefix("sqlite:///")
    )


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(locked, id="the database is locked"),
        pytest.param(full, id="the disk is full"),
        pytest.param(no_larger_files, id="files may not grow"),
        pytest.param(no_more_files, id="too many files are open"),
    ],
)
def test_a_fault_of_the_machine_is_no_mails(
    open_harness: Opener, monkeypatch: pytest.MonkeyPatch, fault: Fault
) -> None:
    monkeypatch.setattr(database, "BUSY_TIMEOUT_MS", 20)
    harness = open_harness(intake={"max_attempts": 1})
    entry_id = harness.record(compose(CLERK, "Form.", files={"form.pdf": fill()}))
    for _ in range(3):
        with fault(harness), pytest.raises(Exception) as raised:
            harness.work()
        assert is_system_fault(raised.value)
    entry = harness.entry(entry_id)
    assert (entry.disposition, entry.attempts) == (None, 0)
    assert harness.letters() == []
    harness.work()
    assert harness.entry(entry_id).disposition == "FILED"
    assert harness.status() == "IN_REVIEW"


def test_a_reader_that_cannot_start_for_want_of_files_is_no_mails_fault(
    open_harness: Opener,
) -> None:
    harness = open_harness(intake={"max_attempts": 1})
    entry_id = harness.record(compose(CLERK, "Form.", files={"form.pdf": fill()}))
    reader = DocumentReader(load_definitions())
    harness.services = replace(harness.services, reader=reader)
    try:
        with limited(resource.RLIMIT_NOFILE, 3), pytest.raises(Exception) as raised:
            harness.work()
        assert is_system_fault(raised.value)
        assert harness.entry(entry_id).attempts == 0
        harness.work()
        assert harness.entry(entry_id).disposition == "FILED"
    finally:
        reader.close()
