"""Free ports, and waiting until something listens on one."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable

HOST = "127.0.0.1"


def find_free_ports(count: int) -> list[int]:
    """Return ports nothing listens on; all are held until the last one is known."""
    held = [socket.socket() for _ in range(count)]
    try:
        for one in held:
            one.bind((HOST, 0))
        return [one.getsockname()[1] for one in held]
    finally:
        for one in held:
            one.close()


def is_listening(port: int) -> bool:
    """Return whether something on this machine takes connections on a port."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((HOST, port)) == 0


def wait_until(is_so: Callable[[], bool], *, seconds: float = 20.0) -> bool:
    """Return true as soon as `is_so` does, and false when it has not within `seconds`."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if is_so():
            return True
        time.sleep(0.02)
    return False
