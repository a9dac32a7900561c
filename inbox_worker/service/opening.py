"""What nearly every command needs: the present moment, and the database alone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from config.settings import Settings
from inbox_worker.storage.database import Database


def now() -> datetime:
    """Return the present moment, aware."""
    return datetime.now(UTC)


@contextmanager
def open_database(settings: Settings) -> Iterator[Database]:
    """Open the database alone for the time of the block.

    Raises `SchemaError` when the schema is missing or old.
    """
    # A worker that hangs in the middle of a transaction loses that with everything else it held.
    database = Database(
        settings.database.url.get_secret_value(), idle_seconds=settings.database.lease_seconds
    )
    try:
        database.check_schema()
        yield database
    finally:
        database.close()
