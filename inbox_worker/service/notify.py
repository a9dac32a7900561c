"""Tell the service manager how we are (sd_notify(3)): ready, alive, stopping, and doing what.

Every method returns whether the manager was told. There may be none, or it may not listen, which
never stops the work. Aliveness is to be told because of real progress, never by a mere timer.
"""

from __future__ import annotations

import socket
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

#: How often to look after the service where nobody watches it, in seconds.
_UNWATCHED_SECONDS = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Notifier:
    """The way to the service manager."""

    address: str | None  #: of its socket; None when nobody manages us
    watchdog_seconds: float | None = None  #: within which aliveness is expected; None: not at all

    @classmethod
    def of(cls, environ: Mapping[str, str], *, pid: int | None = None) -> Self:
        """Return the notifier an environment describes; `pid` is our own, where it matters.

        A watchdog meant for another process (WATCHDOG_PID, sd_watchdog_enabled(3)) is none of ours.
        """
        path = environ.get("NOTIFY_SOCKET", "")
        # An @ stands for the zero byte that a socket outside the file system begins with (unix(7)).
        address = "\0" + path[1:] if path.startswith("@") else path
        watched = environ.get("WATCHDOG_PID", "")
        is_ours = pid is None or watched in {"", str(pid)}
        return cls(
            address=address if path.startswith(("/", "@")) else None,
            watchdog_seconds=_find_watchdog_seconds(environ) if is_ours else None,
        )

    @property
    def interval_seconds(self) -> float:
        """Return how often to look whether there is progress to tell of: half the time allowed."""
        seconds = self.watchdog_seconds
        return _UNWATCHED_SECONDS if seconds is None else min(seconds / 2, _UNWATCHED_SECONDS)

    def ready(self) -> bool:
        """Tell that start-up is over and work has begun."""
        return self._tell("READY=1")

    def watchdog(self) -> bool:
        """Tell that something was achieved since the last time."""
        return self._tell("WATCHDOG=1")

    def stopping(self) -> bool:
        """Tell that we were asked to stop and are finishing the message at hand."""
        return self._tell("STOPPING=1")

    def status(self, sentence: str) -> bool:
        """Tell what we are doing, for `systemctl status`; no personal data."""
        return self._tell("STATUS=" + " ".join(sentence.split()))

    def _tell(self, message: str) -> bool:
        if self.address is None:
            return False
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as manager:
                manager.settimeout(1)
                manager.connect(self.address)
                manager.sendall(message.encode())
        except OSError:
            return False
        return True


def _find_watchdog_seconds(environ: Mapping[str, str]) -> float | None:
    try:
        microseconds = int(environ.get("WATCHDOG_USEC", ""))
    except ValueError:
        return None
    return microseconds / 1_000_000 if microseconds > 0 else None
