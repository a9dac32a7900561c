"""What the service manager is told, over a real socket."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from inbox_worker.service.notify import Notifier


@pytest.fixture
def manager(short_folders: Callable[[], Path]) -> Iterator[tuple[socket.socket, str]]:
    """Yield a socket such as systemd listens on, and its path."""
    path = str(short_folders() / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(path)
        listener.settimeout(2)
        yield listener, path


@pytest.mark.parametrize(
    ("tell", "expected"),
    [
        (Notifier.ready, b"READY=1"),
        (Notifier.watchdog, b"WATCHDOG=1"),
        (Notifier.stopping, b"STOPPING=1"),
        pytest.param(
            lambda n: n.status("3 requests\nin review"),
            b"STATUS=3 requests in review",
            id="a status is one line",
        ),
    ],
)
def test_the_manager_is_told(
    manager: tuple[socket.socket, str], tell: Callable[[Notifier], bool], expected: bytes
) -> None:
    listener, path = manager
    assert tell(Notifier.of({"NOTIFY_SOCKET": path})) is True
    assert listener.recv(1000) == expected


def test_an_abstract_socket_is_reached() -> None:
    name = f"ero-outreach-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(f"\0{name}")
        listener.settimeout(2)
        assert Notifier.of({"NOTIFY_SOCKET": f"@{name}"}).ready() is True
        assert listener.recv(100) == b"READY=1"


@pytest.mark.parametrize(
    "environ",
    [
        pytest.param({}, id="no manager"),
        pytest.param({"NOTIFY_SOCKET": ""}, id="an empty name"),
        pytest.param({"NOTIFY_SOCKET": "relative"}, id="no path"),
        pytest.param({"NOTIFY_SOCKET": "/nowhere/at/all"}, id="nobody listens"),
    ],
)
def test_nobody_listening_is_no_error(environ: dict[str, str]) -> None:
    assert Notifier.of(environ).ready() is False


@pytest.mark.parametrize(
    ("environ", "watched", "interval"),
    [
        pytest.param({"WATCHDOG_USEC": "20000000"}, 20.0, 10.0, id="half the time allowed"),
        pytest.param({"WATCHDOG_USEC": "300000000"}, 300.0, 30.0, id="and often enough"),
        pytest.param(
            {"WATCHDOG_USEC": "20000000", "WATCHDOG_PID": "42"}, 20.0, 10.0, id="for this process"
        ),
        pytest.param(
            {"WATCHDOG_USEC": "20000000", "WATCHDOG_PID": "43"}, None, 30.0, id="for another"
        ),
        pytest.param({"WATCHDOG_USEC": "soon"}, None, 30.0, id="nonsense"),
        pytest.param({"WATCHDOG_USEC": "0"}, None, 30.0, id="zero"),
        pytest.param({}, None, 30.0, id="no watchdog"),
    ],
)
def test_the_watchdog_is_fed_in_time(
    environ: dict[str, str], watched: float | None, interval: float
) -> None:
    notifier = Notifier.of(environ, pid=42)
    assert (notifier.watchdog_seconds, notifier.interval_seconds) == (watched, interval)
