"""The database as the worker uses it: an engine, units of work, and the schema's version.

A unit of work is one transaction. It writes nothing unless `commit()` was called before its end; on
SQLite it takes the write lock at its start, so that a compare-and-set never fails for having read
first. On PostgreSQL it is READ COMMITTED: what it decides by has to be locked first. `read()` sees
one state of the database throughout, and waits for nobody.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from importlib import resources
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, Insert, Update, create_engine, event, inspect, text
from sqlalchemy.dialects import postgresql
from sqlalchemy.engine import make_url
from sqlalchemy.orm import Session

from inbox_worker.errors import SchemaError

#: How long a writer waits for another before it is the system's fault, in milliseconds.
BUSY_TIMEOUT_MS = 30_000
#: How long a PostgreSQL session may do nothing in the middle of a transaction, in seconds, where
#: nothing else is said: the locks of a worker that hangs must not stop the others.
_IDLE_SECONDS = 60
#: How long connecting to a PostgreSQL server may take, and sent data go unacknowledged, in seconds.
_CONNECT_SECONDS = 10
_SILENT_SECONDS = 60

#: An INSERT that may have an ON CONFLICT clause. Either dialect writes this construct in its own
#: words, which happen to be the same.
upsert = postgresql.insert

_KEPT = "rows kept back by `together`"


@contextmanager
def together(session: Session) -> Iterator[None]:
    """Keep back the rows that are put in this block, and write them at its end, kind by kind.

    One statement for many rows costs a fraction of many statements for one. Whoever opens the block
    asks nothing about those rows in it.
    """
    kept: dict[Insert | Update, list[Mapping[str, Any]]] = {}
    session.info[_KEPT] = kept
    try:
        yield
    finally:
        del session.info[_KEPT]
    for statement, rows in kept.items():
        session.execute(statement, rows)


def put(session: Session, statement: Insert | Update, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write rows that nobody waits for: now, or with their like at the end of a `together`."""
    if not rows:
        return
    kept = session.info.get(_KEPT)
    if kept is None:
        session.execute(statement, rows)
    else:
        kept.setdefault(statement, []).extend(rows)


class UnitOfWork:
    """One transaction's session; what was not committed is rolled back."""

    def __init__(self, session: Session) -> None:
        self.session = session

    def commit(self) -> None:
        """Make everything written so far durable."""
        self.session.commit()
        # What was known of locked rows is known no longer.
        self.session.info.clear()


class Database:
    """An engine and the two ways to use it."""

    def __init__(self, url: str, *, idle_seconds: int = _IDLE_SECONDS) -> None:
        self._url = url
        self.engine = _build_engine(url, idle_seconds)
        self._reader = _build_reader(self.engine)

    @contextmanager
    def unit_of_work(self) -> Iterator[UnitOfWork]:
        """Open a transaction that may write; it rolls back unless it is committed."""
        with Session(self.engine, expire_on_commit=False) as session:
            yield UnitOfWork(session)

    @contextmanager
    def read(self) -> Iterator[Session]:
        """Open a transaction that only reads, and sees one state of the database throughout."""
        with Session(self._reader) as session:
            yield session

    def migrate(self) -> None:
        """Create the schema or bring it to the current version."""
        # Imported here because only `init` needs Alembic, which takes long to load.
        from inbox_worker.storage.migrating import migrate  # noqa: PLC0415

        migrate(self.engine)

    def has_schema(self) -> bool:
        """Whether some version of the schema is there."""
        if _is_missing_file(self._url):
            return False
        return self._find_version() is not None

    def check_schema(self) -> None:
        """Raise `SchemaError`, naming `init`, unless the schema is the current one."""
        if not self.has_schema():
            raise SchemaError("The database has no schema yet: run `ero-outreach init` first.")
        head, found = find_newest_version(), self._find_version()
        if found != head:
            raise SchemaError(
                f"The database's schema is {found} and this program's is {head}: "
                "run `ero-outreach init` to bring it up to date."
            )

    def try_writing(self) -> None:
        """Write to the disk what stands there already: a full one can still be read."""
        with self.unit_of_work() as unit:
            unit.session.execute(text("UPDATE alembic_version SET version_num = version_num"))
            unit.commit()

    def _find_version(self) -> str | None:
        """Return the version that Alembic wrote down, None where there is no schema."""
        with self._reader.connect() as connection:
            if not inspect(connection).has_table("alembic_version"):
                return None
            found: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
            return found

    def close(self) -> None:
        """Close every connection."""
        self.engine.dispose()


def find_newest_version() -> str:
    """Return the version that this program's migrations lead to; each is named after its own.

    Alembic would say the same, but takes long to load, and every command asks.
    """
    versions = resources.files("inbox_worker").joinpath("migrations", "versions")
    names = (file.name for file in versions.iterdir())
    return max(name.partition("_")[0] for name in names if name[:1].isdigit())


def _is_missing_file(url: str) -> bool:
    """Whether this is an SQLite file that is not there; connecting would make an empty one."""
    parsed = make_url(url)
    is_file = parsed.get_backend_name() == "sqlite" and bool(parsed.database)
    return is_file and not Path(parsed.database or "").exists()


def _build_engine(url: str, idle_seconds: int) -> Engine:
    """Return the engine. No error of its tells what was to be written: it may be a password."""
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        engine = create_engine(url, hide_parameters=True)
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    # Imported here because a site without a PostgreSQL server need not wait for its driver to load.
    from inbox_worker.storage import postgresql_driver  # noqa: PLC0415

    waits = {
        "connect_timeout": str(_CONNECT_SECONDS),
        "tcp_user_timeout": str(_SILENT_SECONDS * 1000),
        "application_name": "ero-outreach",
    }
    engine = create_engine(
        parsed,
        isolation_level="READ COMMITTED",
        hide_parameters=True,
        # A server that was started anew meanwhile is no fault of whoever asks next.
        pool_pre_ping=True,
        connect_args={name: value for name, value in waits.items() if name not in parsed.query},
    )
    event.listen(
        engine, "connect", partial(postgresql_driver.prepare, idle_seconds, BUSY_TIMEOUT_MS)
    )
    return engine


def _build_reader(engine: Engine) -> Engine:
    """Return the engine for transactions that read one state of the database and write none."""
    if engine.dialect.name == "sqlite":
        return engine.execution_options(read_only=True)
    return engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)


def _prepare_sqlite(dbapi_connection: Any, _record: object) -> None:
    # The driver's own transaction handling would delay BEGIN to the first write; ours is explicit.
    dbapi_connection.isolation_level = None
    for pragma in (
        f"busy_timeout = {BUSY_TIMEOUT_MS}",
        "journal_mode = WAL",
        "synchronous = FULL",
        "foreign_keys = ON",
        "secure_delete = ON",
    ):
        dbapi_connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    read_only = connection.get_execution_options().get("read_only", False)
    connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")
