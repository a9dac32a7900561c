"""The dispatcher: what becomes of a letter, when it is due again, and when to stop."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from outbound.submission.delivery_errors import (
    PermanentDeliveryError,
    TransientDeliveryError,
    UncertainDeliveryError,
    UnreachableRelayError,
)
from outbound.submission.dispatcher import (
    DrainReport,
    DrainStop,
    Pacer,
    RetryPolicy,
    drain,
    next_attempt,
    next_unknown_attempt,
)
from outbound.submission.outbox import QueuedLetter, SmtpReply

NOW = datetime(2026, 5, 4, 18, 30, tzinfo=UTC)
POLICY = RetryPolicy()
OK = SmtpReply(code=250, text="2.0.0 queued")


class ListStore:
    """An outbox in memory: `(letter, due)` in, what was recorded out."""

    def __init__(self, *letters: QueuedLetter) -> None:
        self.letters = {letter.id: letter for letter in letters}
        self.due = dict.fromkeys(self.letters, NOW)
        self.log: list[tuple[str, int, object]] = []

    def claim_due(self, now: datetime, *, limit: int) -> list[QueuedLetter]:
        ready = sorted((due, key) for key, due in self.due.items() if due <= now)
        return [self.letters[key] for _, key in ready[:limit] if self.due.pop(key)]

    def may_send(self, letter_id: int) -> bool:
        return letter_id not in self.due

    def put_back(self, letter_ids: list[int]) -> None:
        self.due |= dict.fromkeys(letter_ids, NOW)

    def __getattr__(self, name: str) -> Callable[..., None]:
        def record(letter_id: int, *, now: datetime, **facts: Any) -> None:
            self.log.append((name.removeprefix("record_"), letter_id, facts))
            old = self.letters[letter_id]
            self.letters[letter_id] = replace(old, attempts=old.attempts + ("untried" not in name))
            self.due |= {letter_id: facts["due"]} if "due" in facts else {}

        return record


class Script:
    """A submitter that answers as told, one answer a letter, the last for all that follow."""

    def __init__(self, *answers: SmtpReply | Exception) -> None:
        self.answers = list(answers)
        self.seen: list[int] = []

    def submit(self, letter: QueuedLetter) -> SmtpReply:
        self.seen.append(letter.id)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer


def letter(number: int, *, attempts: int = 0) -> QueuedLetter:
    return QueuedLetter(
        id=number,
        attempts=attempts,
        sender="ero.outreach@agency.example",
        recipient="clerk@courts.example",
        raw=b"Subject: x\r\n\r\ny\r\n",
    )


def run(store: ListStore, script: Script, **changes: object) -> DrainReport:
    settings = {"clock": lambda: NOW, "pacer": Pacer(max_per_minute=100), "policy": POLICY}
    return drain(store, script, **(settings | changes))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("answer", "attempts", "recorded", "due"),
    [
        pytest.param(OK, 0, "accepted", None, id="250 after DATA is acceptance"),
        pytest.param(
            TransientDeliveryError("RCPT", code=451, text="4.7.1 greylisted"),
            0,
            "retry",
            timedelta(minutes=1),
            id="4yz is tried again soon",
        ),
        pytest.param(
            TransientDeliveryError("connection lost before the letter"),
            3,
            "retry",
            timedelta(minutes=8),
            id="each failure doubles the pause",
        ),
        pytest.param(
            TransientDeliveryError("RCPT", code=451),
            31,
            "failed",
            None,
            id="the last attempt ends it",
        ),
        pytest.param(
            PermanentDeliveryError("RCPT", code=550), 0, "failed", None, id="5yz ends it at once"
        ),
        pytest.param(
            UncertainDeliveryError("answer to the letter's data lost"),
            0,
            "unknown",
            timedelta(hours=12),
            id="a lost answer waits long",
        ),
        pytest.param(
            UncertainDeliveryError("answer to the letter's data lost"),
            2,
            "failed",
            None,
            id="a third lost answer is left to a person",
        ),
        pytest.param(
            RuntimeError("clerk@courts.example"),
            0,
            "retry",
            timedelta(minutes=1),
            id="a defect of ours counts as an attempt",
        ),
    ],
)
def test_each_outcome_is_recorded_as_what_it_is(
    answer: SmtpReply | Exception, attempts: int, recorded: str, due: timedelta | None
) -> None:
    store = ListStore(letter(7, attempts=attempts))
    report = run(store, Script(answer))
    [(kind, number, facts)] = store.log
    assert (kind, number) == (recorded, 7)
    assert facts.get("due") == (None if due is None else NOW + due)  # type: ignore[attr-defined]
    assert "courts.example" not in str(facts.get("reason", ""))  # type: ignore[attr-defined]
    assert (report.submitted, report.stop) == (1, DrainStop.EMPTY)


@pytest.mark.parametrize(
    "bad",
    [
        pytest.param(PermanentDeliveryError("RCPT", code=550), id="refused"),
        pytest.param(TransientDeliveryError("RCPT", code=451), id="put off"),
        pytest.param(UncertainDeliveryError("lost"), id="unknown"),
        pytest.param(ValueError("defect"), id="defect"),
    ],
)
def test_one_bad_letter_never_stops_the_next(bad: Exception) -> None:
    store, script = ListStore(letter(1), letter(2), letter(3)), Script(bad, OK)
    report = run(store, script)
    assert script.seen == [1, 2, 3]
    assert report.accepted == 2


def test_an_unreachable_relay_ends_the_round_and_counts_no_attempt() -> None:
    store = ListStore(letter(1), letter(2), letter(3))
    script = Script(OK, UnreachableRelayError("the relay could not be reached"))
    report = run(store, script)
    assert script.seen == [1, 2]
    assert store.log[1] == (
        "untried",
        2,
        {"due": NOW + timedelta(minutes=1), "reason": "the relay could not be reached"},
    )
    assert store.due == {3: NOW, 2: NOW + timedelta(minutes=1)}, "what was not sent stays due"
    assert report.stop is DrainStop.UNREACHABLE
    assert report.resume_at == NOW + timedelta(minutes=1)
    assert (report.accepted, report.submitted) == (1, 1)


def test_the_limit_bounds_a_round() -> None:
    store = ListStore(*(letter(n) for n in range(5)))
    report = run(store, Script(OK), limit=3)
    assert (report.accepted, report.stop, len(store.due)) == (3, DrainStop.LIMIT, 2)


def test_a_stop_is_heeded_between_letters_and_leaves_nothing_leased() -> None:
    store, script = ListStore(letter(1), letter(2)), Script(OK)
    report = run(store, script, should_stop=lambda: len(script.seen) == 1)
    assert (report.stop, report.accepted, list(store.due)) == (DrainStop.STOPPED, 1, [2])


def test_no_more_letters_a_minute_than_allowed_go_out() -> None:
    pacer = Pacer(max_per_minute=2)
    store = ListStore(*(letter(n) for n in range(5)))
    report = run(store, Script(OK), pacer=pacer)
    assert (report.accepted, report.stop) == (2, DrainStop.PACED)
    assert report.resume_at == NOW + timedelta(minutes=1)
    later = NOW + timedelta(seconds=59)
    assert run(store, Script(OK), pacer=pacer, clock=lambda: later).submitted == 0
    assert report.resume_at is not None
    due = report.resume_at
    assert run(store, Script(OK), pacer=pacer, clock=lambda: due).submitted == 2


def test_what_was_sent_at_a_time_that_is_yet_to_come_is_not_counted() -> None:
    """The clock was set back: nobody waits until it is as late again."""
    pacer = Pacer(max_per_minute=2)
    assert run(ListStore(letter(1), letter(2)), Script(OK), pacer=pacer).submitted == 2
    before = NOW - timedelta(hours=5)
    store = ListStore(*(letter(n) for n in range(3, 6)))
    store.due = dict.fromkeys(store.due, before)
    report = run(store, Script(OK), pacer=pacer, clock=lambda: before)
    assert (report.submitted, report.resume_at) == (2, before + timedelta(minutes=1))


def test_a_pace_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="At least one"):
        Pacer(max_per_minute=0)


def test_an_empty_outbox_is_no_work() -> None:
    assert run(ListStore(), Script(OK)) == DrainReport(stop=DrainStop.EMPTY)


@pytest.mark.parametrize(
    ("tried", "pause"),
    [
        pytest.param(1, timedelta(minutes=1), id="first"),
        pytest.param(2, timedelta(minutes=2), id="second"),
        pytest.param(8, timedelta(minutes=128), id="eighth"),
        pytest.param(9, timedelta(hours=4), id="the pause stops growing"),
        pytest.param(31, timedelta(hours=4), id="last but one"),
        pytest.param(32, None, id="given up"),
        pytest.param(1000, None, id="far beyond"),
    ],
)
def test_the_pause_grows_and_ends(tried: int, pause: timedelta | None) -> None:
    expected = None if pause is None else NOW + pause
    assert next_attempt(tried, NOW, POLICY) == expected


def test_a_letter_is_tried_for_four_to_five_days() -> None:
    moment, tried = NOW, 1
    while (due := next_attempt(tried, moment, POLICY)) is not None:
        moment, tried = due, tried + 1
    assert timedelta(days=4) <= moment - NOW <= timedelta(days=5)


@pytest.mark.parametrize(("tried", "again"), [(1, True), (2, True), (3, False), (9, False)])
def test_a_lost_answer_is_followed_up_a_bounded_number_of_times(tried: int, again: bool) -> None:
    assert (next_unknown_attempt(tried, NOW, POLICY) is not None) is again
