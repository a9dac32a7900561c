"""Ports of this machine that a test has to itself, and waiting for what is on its way."""

from __future__ import annotations

import errno
import itertools
import os
import socket
import time
from collections import deque
from collections.abc import Callable

HOST = "127.0.0.1"

#: Below those that the kernel gives out by itself: no connection of anybody's is made from one.
_FIRST, _LAST = 20_000, 32_000
#: A worker of the suite begins where few others do.
_NEXT = itertools.count(os.getpid() * 97)
#: What holds our ports, newest last; on older ones something listens, or listened.
_HELD: deque[int] = deque()
_MOST_HELD = 64


def find_free_ports(count: int) -> list[int]:
    """Return ports nothing listens on, and that nobody else who asks here gets for a good while.

    A server takes its time to start, and its port must not be another's by then.
    """
    found: list[int] = []
    for number in itertools.islice(_NEXT, _LAST - _FIRST):
        port = _FIRST + number % (_LAST - _FIRST)
        if _can_listen(port) and _reserve(port):
            found.append(port)
        if len(found) == count:
            return found
    raise RuntimeError("No port is free.")


def _can_listen(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def _reserve(port: int) -> bool:
    """Hold a name for the port that the kernel gives to one process at a time."""
    name = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    try:
        name.bind(f"\0ero-outreach-tests-port-{port}")
    except OSError as error:
        name.close()
        # Elsewhere than on Linux there are no such names, and nothing is held.
        return error.errno != errno.EADDRINUSE
    _HELD.append(name.detach())
    while len(_HELD) > _MOST_HELD:
        os.close(_HELD.popleft())
    return True


def is_listening(port: int) -> bool:
    """Return whether something on this machine takes connections on a port."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((HOST, port)) == 0


def wait_until(is_so: Callable[[], bool], *, seconds: float = 60.0) -> bool:
    """Return true as soon as `is_so` does, and false when it has not within `seconds`.

    It is asked once more at the end, however long one question took.
    """
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if is_so():
            return True
        time.sleep(0.02)
    return is_so()
