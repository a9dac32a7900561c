"""Loading a large part of the program at once, without the garbage collector in the way."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def hold_collector() -> Iterator[None]:
    """Let nothing be looked through while this block imports, nor ever again what it has imported.

    Modules stay until the process ends. Without this a fifth of a command's start, and its end,
    went into looking for garbage among them.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
