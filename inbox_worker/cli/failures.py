"""Why a command did not do what it was to do: what is said of an error, and the exit code.

Loaded when something failed; what it knows errors of takes longer to load than help to be shown.
"""

from __future__ import annotations

import sqlite3

import typer
from sqlalchemy.exc import OperationalError, SQLAlchemyError

from config.settings import ConfigurationError
from inbox_worker.cli.exit_codes import EXIT_FAILED, EXIT_TRY_LATER, EXIT_USAGE
from inbox_worker.cli.output import complain, complain_about_configuration
from inbox_worker.errors import SchemaError, UnreachableError, WorkerError


def explain(error: Exception) -> int:
    """Say what went wrong and return the exit code; a bug is raised again."""
    if isinstance(error, ConfigurationError):
        complain_about_configuration(error)
        return EXIT_USAGE
    if isinstance(error, WorkerError):
        complain(str(error))
        if isinstance(error, SchemaError):
            return EXIT_USAGE
        return EXIT_TRY_LATER if isinstance(error, UnreachableError) else EXIT_FAILED
    if isinstance(error, SQLAlchemyError):
        complain(_explain_database(error))
        may_pass = _is_server_away(error) or _is_kept_by_another(error)
        return EXIT_TRY_LATER if may_pass else EXIT_FAILED
    if isinstance(error, OSError):
        complain(_explain_system(error))
        return EXIT_FAILED
    if isinstance(error, typer.Abort):
        complain("Stopped.")
        return EXIT_FAILED
    raise error


def _explain_database(error: SQLAlchemyError) -> str:
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


def _explain_system(error: OSError) -> str:
    what = f"{error.filename}: " if error.filename else ""
    return f"{what}{error.strerror or type(error).__name__}; mend that and try again."
