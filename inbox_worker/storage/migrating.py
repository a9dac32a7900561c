"""Making the schema, or bringing it to the current version: one process at a time, or nothing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import resources
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import URL, Connection, Engine, text

from inbox_worker.errors import SchemaError

#: Any number will do for the lock under which one process migrates; this one is ours.
_MIGRATION_LOCK = 4_207_319_551


def migrate(engine: Engine) -> None:
    """Create the schema or bring it to the current version."""
    _make_file(engine.url)
    with engine.connect() as connection, _remaking_tables(connection):
        _be_alone(connection)
        configuration = _build_configuration()
        configuration.attributes["connection"] = connection
        command.upgrade(configuration, "head")
        connection.commit()


@contextmanager
def _remaking_tables(connection: Connection) -> Iterator[None]:
    """Let SQLite make a table anew that others refer to; all references hold again at the end.

    SQLite changes a table by making another and dropping the first, as its own manual has it
    (sqlite.org/lang_altertable.html, section 7).
    """
    if connection.dialect.name != "sqlite":
        yield
        return
    switch = connection.connection.cursor()
    switch.execute("PRAGMA foreign_keys = OFF")
    yield
    broken = switch.execute("PRAGMA foreign_key_check").fetchall()
    switch.execute("PRAGMA foreign_keys = ON")
    if broken:
        raise SchemaError(
            f"{len(broken)} rows refer to rows that are not there: restore the last backup."
        )


def _be_alone(connection: Connection) -> None:
    """Let nobody else migrate until this transaction ends; on SQLite it has the only write lock.

    Raises `SchemaError` when the database cannot keep every character.
    """
    if connection.dialect.name != "postgresql":
        return
    encoding = connection.scalar(text("SHOW server_encoding"))
    if encoding != "UTF8":
        raise SchemaError(
            f"The database's encoding is {encoding}: make one with `createdb --encoding UTF8`."
        )
    connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": _MIGRATION_LOCK})


def _make_file(url: URL) -> None:
    """Make an SQLite file and its folder, readable by their owner alone: it holds personal data."""
    if url.get_backend_name() == "sqlite" and url.database:
        path = Path(url.database)
        if not path.parent.exists():
            path.parent.mkdir(parents=True, mode=0o700)
        # SQLite gives its journal files the mode of the file they belong to.
        path.touch(mode=0o600, exist_ok=True)


def _build_configuration() -> Config:
    configuration = Config()
    location = resources.files("inbox_worker").joinpath("migrations")
    # Alembic reads `%` as interpolation, and a path may hold one.
    configuration.set_main_option("script_location", str(location).replace("%", "%%"))
    return configuration
