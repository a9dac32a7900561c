"""Whose fault it is when something fails: the system's, or the work's in hand.

A fault of the system (no space, no memory, too many open files, a locked or lost database, a reader
that does not start) is no mail's: nobody counts an attempt, the error goes up, and the work is done
again later. Everything else is held against the work it happened to, so that it cannot stop what
comes after it for ever: a library's `OSError` about a picture, a statement that cannot be run.
"""

from __future__ import annotations

import errno
import sqlite3

from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from inbox_worker.errors import WorkerError


class ReaderUnavailableError(WorkerError):
    """No child process would start; the document was not read and can be read later."""


#: What the machine says when it, not a file, is the trouble (errno(3)).
_SYSTEM_ERRNOS = frozenset(
    {
        errno.ENOSPC,  # no space on the disk
        errno.EDQUOT,  # nor in the quota
        errno.EFBIG,  # nor under the limit on a file's size
        errno.EMFILE,  # too many files open here
        errno.ENFILE,  # or on the whole machine
        errno.ENOMEM,
        errno.ENOBUFS,
        errno.EAGAIN,  # no further process or thread
        errno.EACCES,  # what we open is named by the installation, never by a mail
        errno.EPERM,
        errno.ENOENT,
        errno.EIO,
        errno.EROFS,
        errno.ENODEV,
        errno.ENXIO,
        errno.ESTALE,  # a network file system that went away
        errno.ETIMEDOUT,
    }
)
#: Primary result codes of SQLite that tell of its surroundings (sqlite.org/rescode.html).
_SQLITE_SYSTEM = frozenset(
    {
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_NOMEM,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_INTERRUPT,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_CORRUPT,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_PROTOCOL,
        sqlite3.SQLITE_PERM,
        sqlite3.SQLITE_AUTH,
        sqlite3.SQLITE_NOTADB,
    }
)
#: How PostgreSQL's codes begin that tell of the same (its manual, appendix A).
_POSTGRESQL_SYSTEM = (
    "08",  # the connection
    "25006",  # it takes no writes: a server that stands by
    "25P0",  # a transaction that was left lying too long
    "28",  # the login
    "40",  # another transaction was in the way
    "42501",  # a right that was taken away
    "53",  # disk, memory, connections
    "55",  # a lock, a server that is not ready
    "57",  # an operator, or one who shuts it down
    "58",  # its own system
    "XX001",  # its data are damaged
    "XX002",
)


def is_system_fault(error: BaseException) -> bool:
    """Whether the system is to blame, so that the same work is to be done again later."""
    if isinstance(error, MemoryError | ReaderUnavailableError | PoolTimeoutError):
        return True
    if isinstance(error, DBAPIError):
        return _is_fault_of_database(error)
    return isinstance(error, OSError) and error.errno in _SYSTEM_ERRNOS


def _is_fault_of_database(error: DBAPIError) -> bool:
    if error.connection_invalidated:
        return True
    code = getattr(error.orig, "sqlite_errorcode", None)
    if code is not None:
        # The lower byte is the primary code, the rest says more of the same.
        return code & 0xFF in _SQLITE_SYSTEM
    code = getattr(error.orig, "sqlstate", None)
    if code is not None:
        return str(code).startswith(_POSTGRESQL_SYSTEM)
    # What has no code comes from the driver, which keeps these two classes for connections.
    return isinstance(error, OperationalError | InterfaceError)
