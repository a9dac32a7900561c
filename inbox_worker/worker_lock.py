"""One worker at a time on one database file.

Two workers side by side would fetch, decide and send everything twice. The lock is the kernel's
(flock(2)): it ends with the process that holds it, however that ends, so nobody has to clear it.
Outcomes: the lock is held for the time of the block, or `UnreachableError`, to be tried later.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy.engine import make_url

from inbox_worker.errors import UnreachableError

#: How long to wait for a worker that is about to stop, in seconds.
_WAIT_SECONDS = 5.0
_LOOK_SECONDS = 0.1


@contextmanager
def hold_worker_lock(url: str, *, wait_seconds: float = _WAIT_SECONDS) -> Iterator[None]:
    """Be the only worker on the database of this URL for the time of the block.

    Raises `UnreachableError` when another worker is at work and does not stop in time.
    """
    path = _find_lock_file(url)
    if path is None:
        yield
        return
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        _lock(descriptor, path, wait_seconds)
        yield
    finally:
        os.close(descriptor)


def _find_lock_file(url: str) -> Path | None:
    """Return the file beside an SQLite file that stands for it; other databases have none."""
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite" or parsed.database in {None, "", ":memory:"}:
        return None
    return Path(f"{parsed.database}.lock")


def _lock(descriptor: int, path: Path, wait_seconds: float) -> None:
    deadline = time.monotonic() + wait_seconds
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= deadline:
                raise UnreachableError(
                    f"Another worker is at work on this database (it holds {path}): "
                    "stop it, or try again later."
                ) from None
            time.sleep(_LOOK_SECONDS)
        else:
            return
