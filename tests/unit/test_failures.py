"""What a command says of a database it cannot use: whose turn it is, and the exit code."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.exc import SQLAlchemyError

from inbox_worker.cli.exit_codes import EXIT_FAILED, EXIT_TRY_LATER
from inbox_worker.cli.failures import explain


def open_file(path: Path) -> Engine:
    return create_engine(f"sqlite:///{path}", connect_args={"timeout": 0, "isolation_level": None})


def write_beside_another(folder: Path) -> None:
    engine = open_file(folder / "worker.db")
    with engine.connect() as one, engine.connect() as other:
        one.execute(text("BEGIN IMMEDIATE"))
        other.execute(text("BEGIN IMMEDIATE"))


def open_what_is_no_database(folder: Path) -> None:
    (folder / "worker.db").write_bytes(b"no database at all, but long enough to be looked at" * 9)
    with open_file(folder / "worker.db").connect() as session:
        session.execute(text("SELECT * FROM requests"))


def open_in_a_folder_that_is_missing(folder: Path) -> None:
    with open_file(folder / "missing" / "worker.db").connect():
        pass


@pytest.mark.parametrize(
    ("fail", "code", "said"),
    [
        # Nothing is wrong with the file: a look at its rights would be a waste of the night.
        pytest.param(
            write_beside_another,
            EXIT_TRY_LATER,
            "Another program has kept the database to itself for too long: see whether a worker "
            "hangs or was stopped in the middle of its work (`status` names those that are "
            "silent), and try again.",
            id="busy",
        ),
        pytest.param(
            open_what_is_no_database,
            EXIT_FAILED,
            "The database cannot be used (file is not a",
            id="damaged",
        ),
        pytest.param(
            open_in_a_folder_that_is_missing,
            EXIT_FAILED,
            "The database cannot be used (unable to open database file): look at database.url",
            id="out of reach",
        ),
    ],
)
def test_a_database_that_fails_is_told_of_with_what_to_do(
    fail: Callable[[Path], None],
    code: int,
    said: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SQLAlchemyError) as raised:
        fail(tmp_path)
    assert explain(raised.value) == code
    assert said in " ".join(capsys.readouterr().err.split())
