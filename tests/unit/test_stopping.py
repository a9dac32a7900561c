"""Signals that tell to stop: heard at once, again without harm, and left alone where asked."""

from __future__ import annotations

import signal
import threading
import time

import pytest

from inbox_worker.service.stopping import Stop


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_whoever_waits_goes_on_when_told_to_stop(number: signal.Signals) -> None:
    before = signal.getsignal(number)
    with Stop.on_signals() as stop:
        assert not stop.is_told()
        sending = threading.Timer(0.1, signal.raise_signal, [number])
        sending.start()
        began = time.monotonic()
        stop.wait(60)
        sending.join()
        # Told is told: nobody waits again, and to be told again is no harm.
        signal.raise_signal(number)
        stop.wait(60)
        assert time.monotonic() - began < 30
        assert stop.is_told()
    assert signal.getsignal(number) == before


def test_what_is_to_outlive_its_terminal_does() -> None:
    """`nohup` has the signal ignored, and so it stays."""
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with Stop.on_signals() as stop:
            signal.raise_signal(signal.SIGHUP)
            stop.wait(0.01)
            assert not stop.is_told()
    finally:
        signal.signal(signal.SIGHUP, before)
