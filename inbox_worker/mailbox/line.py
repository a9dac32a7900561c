"""The line to a server, which may be cut while somebody waits at it.

A thread that waits for a server's answer cannot be woken: it waits until its time is over. Another
may cut the line under it, also while the connection is still being made, and the waiting ends with
an error as if the server had hung up. Outcomes of `cut`: no connection is left, and none is made
any more.
"""

from __future__ import annotations

import socket
import threading
from contextlib import suppress


class Line:
    """One connection at a time, of one thread; any other may cut it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._socket: socket.socket | None = None
        self._is_cut = False

    def take(self, connected: socket.socket) -> None:
        """Have a connection that can be cut. Raises `ConnectionAbortedError` after a cut."""
        with self._lock:
            if self._is_cut:
                connected.close()
                raise ConnectionAbortedError
            # TLS takes the socket over and leaves this object empty; a second one stays ours.
            self._socket = connected.dup()

    def release(self) -> None:
        """Have no connection any more."""
        with self._lock:
            if self._socket is not None:
                self._socket.close()
            self._socket = None

    def cut(self) -> None:
        """Break the connection off, and have none from now on."""
        with self._lock:
            self._is_cut = True
            if self._socket is not None:
                # It may be closed from the other side already.
                with suppress(OSError):
                    self._socket.shutdown(socket.SHUT_RDWR)
