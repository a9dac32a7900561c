"""A database that cannot be used: whose turn it is, in words for people and as a code.

The outcomes: its server is away or another program keeps it, which may pass; or a person has to
look at it. Nothing that was to be read or written is told.
"""

from __future__ import annotations

import sqlite3

from sqlalchemy.exc import DBAPIError, OperationalError, SQLAlchemyError


def explain_unusable(error: SQLAlchemyError) -> str:
    """Return what is wrong with the database and what to do about it."""
    # What the driver says of itself; the statement and its values may be about a person.
    said = str(getattr(error, "orig", None) or type(error).__name__)
    if _is_server_away(error):
        return f"The database server could not be reached ({' '.join(said.split())})."
    if _is_kept_by_another(error):
        return (
            "Another program has kept the database to itself for too long: see whether a worker "
            "hangs or was stopped in the middle of its work (`status` names those that are "
            "silent), and try again."
        )
    return (
        f"The database cannot be used ({said}): look at database.url, at the rights on that file, "
        "and at the space left on its disk."
    )


def may_pass(error: SQLAlchemyError) -> bool:
    """Whether it may work later without anybody's doing."""
    return _is_server_away(error) or _is_kept_by_another(error)


def find_code(error: Exception) -> str:
    """Return what is wrong as a code: SQLite's, PostgreSQL's, or the kind of error."""
    original = error.orig if isinstance(error, DBAPIError) else error
    named = getattr(original, "sqlite_errorname", None) or getattr(original, "sqlstate", None)
    return str(named or type(error).__name__)


def _is_server_away(error: SQLAlchemyError) -> bool:
    """Whether there is no connection to a database server; a file has none to lose."""
    if not isinstance(error, OperationalError) or isinstance(error.orig, sqlite3.Error):
        return False
    return error.connection_invalidated or not error.statement


def _is_kept_by_another(error: SQLAlchemyError) -> bool:
    """Whether all the time was spent waiting for a lock (PostgreSQL's 55P03, lock_timeout)."""
    if not isinstance(error, OperationalError):
        return False
    code = getattr(error.orig, "sqlite_errorcode", None)
    if code is not None:
        # The lower byte is the primary code, the rest says more of the same.
        return bool(code & 0xFF == sqlite3.SQLITE_BUSY)
    return getattr(error.orig, "sqlstate", None) == "55P03"
