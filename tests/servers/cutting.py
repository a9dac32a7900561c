"""A proxy that cuts every connection after so many bytes from the server, or falls silent."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress


class CuttingProxy:
    """Passes on what both sides say, and hangs up when the server has said `allowed` bytes."""

    def __init__(self, target: int) -> None:
        self.allowed: int | None = None  #: None: as much as it likes
        self.hangs_up = True  #: False: it says no more, and stays
        self._closed = threading.Event()
        self._target = target
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                try:
                    server = socket.create_connection(("127.0.0.1", self._target))
                except OSError:
                    client.close()
                    raise
                for source, sink, allowed in (
                    (client, server, None),
                    (server, client, self.allowed),
                ):
                    threading.Thread(
                        target=self._pass_on, args=(source, sink, allowed), daemon=True
                    ).start()

    def _pass_on(self, source: socket.socket, sink: socket.socket, allowed: int | None) -> None:
        with source, sink:
            with suppress(OSError):
                while data := source.recv(65536 if allowed is None else min(65536, allowed)):
                    sink.sendall(data)
                    allowed = None if allowed is None else allowed - len(data)
            if allowed == 0 and not self.hangs_up:
                self._closed.wait()
            for side in (source, sink):
                with suppress(OSError):
                    side.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Take no more connections."""
        self._closed.set()
        self._listener.close()


@contextmanager
def start_cutting_proxy(target: int) -> Iterator[CuttingProxy]:
    """Yield a proxy before a port of this machine."""
    proxy = CuttingProxy(target)
    try:
        yield proxy
    finally:
        proxy.close()
