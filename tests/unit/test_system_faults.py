"""Whose fault it is: what is held against a mail, and what against the machine."""

from __future__ import annotations

import errno
import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import create_engine, event, text
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from inbox_worker.reading.system_faults import ReaderUnavailableError, is_system_fault


def operational(said: str) -> OperationalError:
    return OperationalError("SELECT 1", {}, Exception(said))


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(OSError(errno.ENOSPC, ""), id="no space"),
        pytest.param(OSError(errno.EDQUOT, ""), id="no quota"),
        pytest.param(OSError(errno.EFBIG, ""), id="over the limit on files"),
        pytest.param(OSError(errno.EMFILE, ""), id="too many files here"),
        pytest.param(OSError(errno.ENFILE, ""), id="too many files anywhere"),
        pytest.param(BlockingIOError(errno.EAGAIN, ""), id="no further process"),
        pytest.param(PermissionError(errno.EACCES, ""), id="an installation that is not readable"),
        pytest.param(FileNotFoundError(errno.ENOENT, ""), id="half an installation"),
        pytest.param(MemoryError(), id="no memory"),
        pytest.param(ReaderUnavailableError(""), id="no reader"),
        pytest.param(PoolTimeoutError(""), id="no connection left"),
        pytest.param(operational("server closed the connection"), id="another driver's word"),
        pytest.param(InterfaceError("", {}, Exception("connection is closed")), id="closed"),
    ],
)
def test_the_machine_is_to_blame(fault: Exception) -> None:
    assert is_system_fault(fault)


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(ZeroDivisionError(), id="a defect"),
        pytest.param(RecursionError(), id="a mail too deep"),
        pytest.param(OSError("image file is truncated"), id="what a library says of a picture"),
        pytest.param(OSError(errno.ENAMETOOLONG, ""), id="a name out of a mail"),
        pytest.param(OSError(errno.EINVAL, ""), id="a value out of a mail"),
        pytest.param(ValueError("a naive datetime cannot be stored"), id="a value"),
    ],
)
def test_the_work_in_hand_is_to_blame(fault: Exception) -> None:
    assert not is_system_fault(fault)


@pytest.mark.parametrize(
    ("statement", "is_systems"),
    [
        pytest.param("SELECT * FROM nothing", False, id="a statement that is wrong"),
        pytest.param("INSERT INTO one VALUES (1)", False, id="a row that is there already"),
        pytest.param("INSERT INTO one VALUES (zeroblob(2000000000))", False, id="a value too big"),
        pytest.param("INSERT INTO big VALUES (zeroblob(9999999))", True, id="a full disk"),
        pytest.param("ATTACH '/nowhere/at.all' AS other", True, id="a file that does not open"),
    ],
)
def test_sqlite_says_which_by_its_code(tmp_path: Path, statement: str, is_systems: bool) -> None:
    engine = create_engine(f"sqlite:///{tmp_path / 'some.db'}")
    event.listen(engine, "connect", lambda c, _: c.execute("PRAGMA max_page_count = 20"))
    with engine.connect() as connection:
        connection.execute(text("CREATE TABLE one (id INTEGER PRIMARY KEY)"))
        connection.execute(text("CREATE TABLE big (value BLOB)"))
        connection.execute(text("INSERT INTO one VALUES (1)"))
        connection.commit()
        with pytest.raises(Exception) as raised:
            connection.execute(text(statement))
    engine.dispose()
    assert isinstance(raised.value.__cause__, sqlite3.Error)
    assert is_system_fault(raised.value) is is_systems
