"""Waking a thread that waits, from any other thread or from a signal handler, and at once.

What waits may wait for a socket too: a `Waker` has a file descriptor of its own. The outcomes of
waiting are two: it was woken, or the time is over. Being woken several times counts once.
"""

from __future__ import annotations

import select
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress

_DRAIN = 4096


class Waker:
    """One thread waits for it; any may wake it, also before the waiting begins."""

    def __init__(self) -> None:
        # A lock could be held by the very thread that a signal interrupts; a socket cannot.
        self._receiver, self._sender = socket.socketpair()
        self._receiver.settimeout(0)
        self._sender.settimeout(0)

    def fileno(self) -> int:
        """Return the descriptor that is readable from a wake on until `clear`."""
        return self._receiver.fileno()

    def wake(self) -> None:
        """Let whoever waits, or waits next, go on."""
        # A full socket has been woken often enough; one that is closed has nobody waiting.
        with suppress(OSError):
            self._sender.send(b"\0")

    @contextmanager
    def woken_by_signals(self) -> Iterator[None]:
        """Let every signal that has a handler wake the main thread, which waits for this.

        The kernel may hand a signal to any thread, while handlers run in the main one, and that is
        interrupted in its waiting only by signals of its own (signal.set_wakeup_fd).
        """
        before = signal.set_wakeup_fd(self._sender.fileno(), warn_on_full_buffer=False)
        try:
            yield
        finally:
            signal.set_wakeup_fd(before)

    def clear(self) -> bool:
        """Forget every wake so far; return whether there was one."""
        woken = False
        with suppress(BlockingIOError):
            while self._receiver.recv(_DRAIN):
                woken = True
        return woken

    def wait(self, seconds: float | None) -> bool:
        """Wait until woken, or so long (None: for ever); return whether it was woken."""
        wait_readable((self,), seconds)
        return self.clear()

    def close(self) -> None:
        """Let go of the descriptors."""
        self._receiver.close()
        self._sender.close()


def wait_readable(sources: tuple[Waker | socket.socket, ...], seconds: float | None) -> set[int]:
    """Wait until one of the sources is readable or so long; return the descriptors that are."""
    poll = select.poll()
    for source in sources:
        poll.register(source.fileno(), select.POLLIN)
    ready = poll.poll(None if seconds is None else max(0, int(seconds * 1000 + 0.999)))
    return {descriptor for descriptor, _ in ready}
