"""Real faults of the machine: nothing is held against a mail, and all is well afterwards."""

from __future__ import annotations

import resource
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import event, text

from inbox_worker.errors import UnreachableError
from inbox_worker.reading.reader import DocumentReader, load_definitions
from inbox_worker.reading.system_faults import is_system_fault
from inbox_worker.storage import database
from tests.integration import test_fetching
from tests.integration.test_fetching import DONE, OpenPost
from tests.integration.test_mailbox import build_mail
from tests.worker_harness import CLERK, Harness, Opener, compose, fill

open_post = test_fetching.open_post
user = test_fetching.user
FILE, SERVER = (
    pytest.mark.parametrize("backend", [name], indirect=True, scope="session")
    for name in ("sqlite", "postgresql")
)

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


@contextmanager
def locked_there(harness: Harness) -> Iterator[None]:
    """Let another session hold the journal."""
    with talking(harness) as other:
        other.execute("BEGIN")
        other.execute("LOCK TABLE journal IN ACCESS EXCLUSIVE MODE")
        yield


@contextmanager
def standing_by(harness: Harness) -> Iterator[None]:
    """Let the server take no writes, as one that stands by for another does."""
    with setting(harness, "default_transaction_read_only = on"):
        yield


@contextmanager
def without_rights(harness: Harness) -> Iterator[None]:
    """Let the worker be somebody who may not write."""
    with talking(harness) as other:
        other.execute("DROP ROLE IF EXISTS guest")
        other.execute("CREATE ROLE guest")
        other.execute("GRANT SELECT ON ALL TABLES IN SCHEMA public TO guest")
        try:
            with setting(harness, "role = guest"):
                yield
        finally:
            other.execute("DROP OWNED BY guest")
            other.execute("DROP ROLE guest")


@contextmanager
def closed(harness: Harness) -> Iterator[None]:
    """Let the server throw everybody out and let nobody in."""
    name = address_of(harness).rpartition("/")[2]
    with talking(harness, "postgres") as other:
        other.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
        other.execute(
            f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"
        )
        try:
            yield
        finally:
            other.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")


@contextmanager
def setting(harness: Harness, words: str) -> Iterator[None]:
    """Let every new session have a setting."""
    engine = harness.services.database.engine
    name = address_of(harness).rpartition("/")[2]
    with talking(harness) as other:
        other.execute(f"ALTER DATABASE {name} SET {words}")
        engine.dispose()
        try:
            yield
        finally:
            other.execute(f"ALTER DATABASE {name} RESET {words.partition(' ')[0]}")
            engine.dispose()


@contextmanager
def talking(harness: Harness, database: str | None = None) -> Iterator[psycopg.Connection]:
    """Yield a session of the test's own, in the worker's database or another."""
    address = address_of(harness)
    if database is not None:
        address = f"{address.rpartition('/')[0]}/{database}"
    with psycopg.connect(address, autocommit=True) as session:
        yield session


def address_of(harness: Harness) -> str:
    url = harness.services.settings.database.url.get_secret_value()
    return url.replace("+psycopg", "")


def path_of(harness: Harness) -> Path:
    return Path(
        harness.services.settings.database.url.get_secret_value().removeprefix("sqlite:///")
    )


each_fault = pytest.mark.parametrize(
    "fault",
    [
        pytest.param(locked, id="the database is locked"),
        pytest.param(full, id="the disk is full"),
        pytest.param(no_larger_files, id="files may not grow"),
        pytest.param(no_more_files, id="too many files are open"),
    ],
)


@FILE
@each_fault
def test_a_fault_of_the_machine_is_no_mails(
    open_harness: Opener, monkeypatch: pytest.MonkeyPatch, fault: Fault
) -> None:
    see_that_no_mail_is_blamed(open_harness, monkeypatch, fault)


@SERVER
@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(locked_there, id="a table is locked"),
        pytest.param(standing_by, id="the server takes no writes"),
        pytest.param(without_rights, id="a right was taken away"),
        pytest.param(closed, id="nobody is let in"),
        pytest.param(no_more_files, id="too many files are open"),
    ],
)
def test_a_fault_of_the_server_is_no_mails(
    open_harness: Opener, monkeypatch: pytest.MonkeyPatch, fault: Fault
) -> None:
    see_that_no_mail_is_blamed(open_harness, monkeypatch, fault)


@SERVER
@pytest.mark.parametrize(
    ("statement", "is_systems"),
    [
        pytest.param("SELECT nothing", False, id="a statement that is wrong"),
        pytest.param("SELECT 1 / 0", False, id="a value that cannot be"),
        pytest.param("SELECT repeat('x', 2000000000)", False, id="a value too big for it"),
        pytest.param("SELECT pg_terminate_backend(pg_backend_pid())", True, id="thrown out"),
        pytest.param("SET LOCAL statement_timeout = 1; SELECT pg_sleep(9)", True, id="stopped"),
    ],
)
def test_the_server_says_which_by_its_code(
    harness: Harness, statement: str, is_systems: bool
) -> None:
    with harness.services.database.unit_of_work() as unit, pytest.raises(Exception) as raised:
        unit.session.execute(text(statement))
    assert is_system_fault(raised.value) is is_systems


def see_that_no_mail_is_blamed(
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


@each_fault
def test_a_fault_while_mail_is_taken_in_loses_none_and_answers_none_twice(
    open_post: OpenPost, monkeypatch: pytest.MonkeyPatch, fault: Fault
) -> None:
    monkeypatch.setattr(database, "BUSY_TIMEOUT_MS", 20)
    post = open_post()
    post.set_up()
    post.fetch()
    post.deliver(*(build_mail(n, size=60_000) for n in range(3)))
    with fault(post.harness), pytest.raises(Exception) as raised:
        post.fetch()
    assert is_system_fault(raised.value)
    # The connection is gone by now, and without a file none is made.
    with fault(post.harness), pytest.raises(Exception) as raised:
        post.fetch()
    assert is_system_fault(raised.value) or isinstance(raised.value, UnreachableError)
    assert post.fetch().recorded == 3
    with fault(post.harness), pytest.raises(Exception) as raised:
        post.harness.work()
    assert is_system_fault(raised.value)
    post.work()
    assert post.folders() == {DONE: 3}
    post.check_accounts()


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
