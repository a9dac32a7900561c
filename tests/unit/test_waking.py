"""Waking: whoever waits goes on at once, and a wake that came before the waiting counts."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from threading import get_ident

import pytest

from inbox_worker.mailbox.waking import Waker


@pytest.fixture
def waker() -> Iterator[Waker]:
    """Yield a waker that nobody has woken."""
    made = Waker()
    yield made
    made.close()


def test_a_wake_before_the_waiting_counts_once(waker: Waker) -> None:
    for _ in range(3):
        waker.wake()
    assert waker.wait(60) is True
    assert waker.wait(0) is False


def test_without_a_wake_the_time_runs_out(waker: Waker) -> None:
    assert waker.wait(0.01) is False


def test_another_thread_wakes(waker: Waker) -> None:
    thread = threading.Timer(0.05, waker.wake)
    thread.start()
    assert waker.wait(60) is True
    thread.join()


def test_a_signal_wakes(waker: Waker) -> None:
    before = signal.signal(signal.SIGUSR1, lambda *_: waker.wake())
    try:
        thread = threading.Timer(
            0.05, signal.pthread_kill, (threading.main_thread().ident, signal.SIGUSR1)
        )
        thread.start()
        assert waker.wait(60) is True
        thread.join()
    finally:
        signal.signal(signal.SIGUSR1, before)


def test_a_signal_wakes_the_main_thread_whichever_thread_it_is_handed_to(waker: Waker) -> None:
    """The kernel may hand it to any thread, and only the main one runs Python's handlers."""
    heard: list[int] = []
    before = signal.signal(signal.SIGUSR1, lambda number, _: heard.append(number))
    try:
        with waker.woken_by_signals():
            thread = threading.Timer(0.05, lambda: signal.pthread_kill(get_ident(), signal.SIGUSR1))
            thread.start()
            assert waker.wait(60) is True
            thread.join()
        assert heard == [signal.SIGUSR1]
        # A descriptor of that number may be somebody else's soon.
        signal.raise_signal(signal.SIGUSR1)
        assert waker.clear() is False
    finally:
        signal.signal(signal.SIGUSR1, before)


def test_waking_never_waits_however_often(waker: Waker) -> None:
    for _ in range(100_000):
        waker.wake()
    assert waker.clear() is True
    assert waker.clear() is False


def test_waking_whoever_has_gone_is_no_error() -> None:
    waker = Waker()
    waker.close()
    waker.wake()
