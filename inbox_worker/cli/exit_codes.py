"""What a command exits with when it did not do what it was to do (sysexits.h for the last)."""

from __future__ import annotations

from inbox_worker.errors import SchemaError, UnreachableError, WorkerError

EXIT_FAILED = 1  #: it did not work
EXIT_USAGE = 2  #: usage or configuration
EXIT_TRY_LATER = 75  #: a server could not be reached, or the database was kept


def find_exit_code(error: WorkerError) -> int:
    """Return what a command exits with because of this error."""
    if isinstance(error, SchemaError):
        return EXIT_USAGE
    return EXIT_TRY_LATER if isinstance(error, UnreachableError) else EXIT_FAILED
