"""Files with personal data that a command leaves: their owner's alone, and never over another."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedRandom
from pathlib import Path

from inbox_worker.errors import WorkerError


@contextmanager
def write_new(path: Path) -> Iterator[BufferedRandom]:
    """Open a file that is not there yet, with mode 0600; after a failure it is gone again.

    Raises `WorkerError` when something of that name is there.
    """
    flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
    try:
        descriptor = os.open(path, flags, 0o600)
    except FileExistsError:
        raise WorkerError(
            f"{path} is there already and stays as it is: give another name, or remove it first."
        ) from None
    try:
        with os.fdopen(descriptor, "w+b") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        path.unlink(missing_ok=True)
        raise
