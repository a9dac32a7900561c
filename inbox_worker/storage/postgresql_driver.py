"""What is settled on every new connection to a PostgreSQL server, by its driver."""

from __future__ import annotations

from typing import Any

from psycopg.types.string import StrDumperUnknown


class _TextDumper(StrDumperUnknown):
    """Writes a NUL, which PostgreSQL keeps in no text, as the replacement character U+FFFD."""

    def dump(self, obj: str) -> Any:
        """Return the text in the encoding of the connection."""
        return super().dump(obj.replace("\0", "\ufffd"))


def prepare(
    idle_seconds: int, lock_milliseconds: int, dbapi_connection: Any, _record: object
) -> None:
    """Settle how long a session may wait or do nothing, and how it writes a text."""
    dbapi_connection.adapters.register_dumper(str, _TextDumper)
    dbapi_connection.autocommit = True
    for setting in (
        f"lock_timeout = {lock_milliseconds}",
        f"idle_in_transaction_session_timeout = {idle_seconds * 1000}",
    ):
        dbapi_connection.execute(f"SET {setting}")
    dbapi_connection.autocommit = False
