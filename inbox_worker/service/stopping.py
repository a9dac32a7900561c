"""Being told to stop by a signal, and not dying of it: what is in hand is finished first.

The signals are those of a service manager and of `timeout` (SIGTERM), of a person at the terminal
(SIGINT), and of a terminal that goes away (SIGHUP), unless it was started so as to outlive that.
Each may come again and again, and means the same.
"""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from inbox_worker.mailbox.waking import Waker

_ALWAYS = (signal.SIGTERM, signal.SIGINT)


def heed_signals(stop: Callable[[], object]) -> dict[signal.Signals, Any]:
    """Call `stop` for every signal that tells to stop, from now on; return what was done before.

    It is called in the main thread, between any two of its steps, and may take no lock.
    """
    is_left_alone = signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    heeded = _ALWAYS if is_left_alone else (*_ALWAYS, signal.SIGHUP)
    return {number: signal.signal(number, lambda *_: stop()) for number in heeded}


class Stop:
    """Whether we were told to stop; whoever waits for something else is woken by that."""

    def __init__(self) -> None:
        self._waker = Waker()
        self._is_told = False

    def tell(self) -> None:
        """Tell it, from a signal's handler too."""
        self._is_told = True
        self._waker.wake()

    def is_told(self) -> bool:
        """Whether we were told to stop."""
        return self._is_told

    def wait(self, seconds: float) -> None:
        """Wait so long, or until we are told."""
        if not self._is_told:
            self._waker.wait(seconds)

    @classmethod
    @contextmanager
    def on_signals(cls) -> Iterator[Stop]:
        """Yield one that is told by every such signal for the time of the block."""
        stop = cls()
        before = heed_signals(stop.tell)
        try:
            with stop._waker.woken_by_signals():
                yield stop
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
            stop._waker.close()
