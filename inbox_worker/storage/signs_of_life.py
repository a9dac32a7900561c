"""Whether a worker on an SQLite file is alive, as the kernel knows it.

Everyone who works on an SQLite file is on one machine. Each worker holds a lock of the kernel
(flock(2)) on a file of its own beside the database; the lock ends with the process that holds it,
however that ends, so that nobody has to wait for a dead worker's time to run out. Outcomes for
another worker: dead, for certain; or nothing is known, and its time decides. That is all that is
ever known of workers on a server's database.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from sqlalchemy.engine import make_url


@contextmanager
def show_life(url: str, worker_id: str) -> Iterator[None]:
    """Show for the time of the block that a worker is alive, where the database is a file."""
    path = _find_file(url, worker_id)
    if path is None:
        yield
        return
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        with suppress(FileNotFoundError):
            path.unlink()
        os.close(descriptor)


def is_dead(url: str, worker_id: str) -> bool:
    """Whether a worker is known to have ended without signing off."""
    path = _find_file(url, worker_id)
    if path is None:
        return False
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    finally:
        os.close(descriptor)
    return True


def forget(url: str, worker_id: str) -> None:
    """Delete what a dead worker has left behind."""
    path = _find_file(url, worker_id)
    if path is not None:
        path.unlink(missing_ok=True)


def _find_file(url: str, worker_id: str) -> Path | None:
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite" or parsed.database in {None, "", ":memory:"}:
        return None
    return Path(f"{parsed.database}.{worker_id}")
