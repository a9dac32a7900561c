"""Sends what is due, one letter after another, and records what became of each.

`drain` claims a few letters, submits one after another, and records of each: accepted, to be tried
again, unknown, given up, or untried when the relay cannot be reached. It stops when nothing is due,
when the limit or the pace is reached, when the relay is away, or when it is told to, and puts back
what it claimed and did not try; it never sleeps, so that whoever calls it decides how to wait. One
bad letter never stops it. Errors of the store are the system's and pass through: what was claimed
is free again when the worker is gone.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

import structlog

from outbound.submission.delivery_errors import (
    PermanentDeliveryError,
    RelayLoginError,
    TransientDeliveryError,
    UncertainDeliveryError,
    UnreachableRelayError,
)
from outbound.submission.outbox import OutboxStore, QueuedLetter, SmtpReply

_log = structlog.get_logger(__name__)

_MINUTE = timedelta(minutes=1)
#: How many letters are claimed at a time: commits cost more than all the rest of claiming.
_CLAIMED = 8


class Submitter(Protocol):
    """Whoever hands a letter to the relay; the real one is in `outbound.submission.smtp`."""

    def submit(self, letter: QueuedLetter) -> SmtpReply:
        """Submit one letter. Raises `DeliveryError`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    """How long a letter is tried (RFC 5321 section 4.5.4.1 asks for four to five days)."""

    first_delay: timedelta = timedelta(minutes=1)  #: after the first failure; doubles each time
    longest_delay: timedelta = timedelta(hours=4)
    max_attempts: int = 32  #: with the defaults, a little over four days
    unknown_delay: timedelta = timedelta(hours=12)  #: before the same bytes go out once more
    unknown_max_attempts: int = 3  #: of all submissions, when the last one's answer was lost
    unreachable_delay: timedelta = timedelta(minutes=1)  #: after the relay was away


class DrainStop(StrEnum):
    """Why a round ended."""

    EMPTY = "empty"  #: nothing more is due
    LIMIT = "limit"  #: as many letters as were asked for
    PACED = "paced"  #: as many letters a minute as are allowed
    UNREACHABLE = "unreachable"  #: the relay is away or does not let us in
    STOPPED = "stopped"  #: the caller said so


@dataclass(frozen=True, slots=True, kw_only=True)
class DrainReport:
    """What one round did."""

    stop: DrainStop
    accepted: int = 0
    retried: int = 0
    unknown: int = 0
    failed: int = 0
    resume_at: datetime | None = None  #: when another round makes sense, where that is known
    reason: str = ""  #: of UNREACHABLE, without personal data
    is_login_refused: bool = False  #: UNREACHABLE because the relay does not let us in

    @property
    def submitted(self) -> int:
        """Return how many letters were tried."""
        return self.accepted + self.retried + self.unknown + self.failed


@dataclass(slots=True, kw_only=True)
class Pacer:
    """Keeps count of the submissions of the last minute; one for the life of the service."""

    max_per_minute: int
    _recent: deque[datetime] = field(default_factory=deque)

    def __post_init__(self) -> None:
        if self.max_per_minute < 1:
            raise ValueError("At least one letter a minute must be allowed.")

    def find_free(self, now: datetime) -> datetime | None:
        """Return when the next letter may go: None for now, else the moment."""
        full = self.count_free(now) == 0
        return self._recent[-self.max_per_minute] + _MINUTE if full else None

    def count_free(self, now: datetime) -> int:
        """Return how many letters may go now."""
        # What is yet to come was counted before the clock was set back.
        while self._recent and not now - _MINUTE < self._recent[0] <= now:
            self._recent.popleft()
        return max(0, self.max_per_minute - len(self._recent))

    def record(self, now: datetime) -> None:
        """Count one submission."""
        self._recent.append(now)


class _Result(StrEnum):
    ACCEPTED = "accepted"
    RETRIED = "retried"
    UNKNOWN = "unknown"
    FAILED = "failed"


def next_attempt(tried: int, now: datetime, policy: RetryPolicy) -> datetime | None:
    """Return when a letter that failed for the time being is due again, or None to give it up.

    `tried` counts every submission so far, the failed one included.
    """
    if tried >= policy.max_attempts:
        return None
    # The exponent is bounded so that no policy makes a number too large for a timedelta.
    doublings = min(max(tried, 1) - 1, 20)
    delay = policy.first_delay * (1 << doublings)
    return now + min(delay, policy.longest_delay)


def next_unknown_attempt(tried: int, now: datetime, policy: RetryPolicy) -> datetime | None:
    """Return when a letter whose answer was lost is due again, or None to leave it to a person."""
    return None if tried >= policy.unknown_max_attempts else now + policy.unknown_delay


def drain(
    store: OutboxStore,
    submitter: Submitter,
    *,
    clock: Callable[[], datetime],
    pacer: Pacer,
    policy: RetryPolicy,
    limit: int = 1000,
    should_stop: Callable[[], bool] = lambda: False,
) -> DrainReport:
    """Send what is due and return what became of it. `limit` bounds the letters of one round."""
    tally = dict.fromkeys(_Result, 0)

    def report(
        stop: DrainStop,
        resume_at: datetime | None = None,
        error: UnreachableRelayError | None = None,
    ) -> DrainReport:
        return DrainReport(
            stop=stop,
            resume_at=resume_at,
            reason="" if error is None else error.reason,
            is_login_refused=isinstance(error, RelayLoginError),
            accepted=tally[_Result.ACCEPTED],
            retried=tally[_Result.RETRIED],
            unknown=tally[_Result.UNKNOWN],
            failed=tally[_Result.FAILED],
        )

    claimed: deque[QueuedLetter] = deque()
    try:
        for left in range(limit, 0, -1):
            if should_stop():
                return report(DrainStop.STOPPED)
            if (free_at := pacer.find_free(clock())) is not None:
                return report(DrainStop.PACED, free_at)
            letter = _take_next(store, claimed, clock, min(left, pacer.count_free(clock())))
            if letter is None:
                return report(DrainStop.EMPTY)
            try:
                tally[_send(store, submitter, letter, clock=clock, policy=policy)] += 1
            except UnreachableRelayError as error:
                resume_at = _put_back(store, letter, clock(), policy, error.reason)
                return report(DrainStop.UNREACHABLE, resume_at, error)
            pacer.record(clock())
    finally:
        if claimed:
            store.put_back([letter.id for letter in claimed])
    return report(DrainStop.LIMIT)


def _take_next(
    store: OutboxStore,
    claimed: deque[QueuedLetter],
    clock: Callable[[], datetime],
    wanted: int,
) -> QueuedLetter | None:
    """Return the next letter to send, claiming a few where none is left; None when none is due."""
    if not claimed:
        claimed.extend(store.claim_due(clock(), limit=min(wanted, _CLAIMED)))
    if not claimed:
        return None
    # The worker may have slept since, or somebody have called a halt.
    if not store.may_send(claimed[0].id):
        return None
    return claimed.popleft()


def _send(
    store: OutboxStore,
    submitter: Submitter,
    letter: QueuedLetter,
    *,
    clock: Callable[[], datetime],
    policy: RetryPolicy,
) -> _Result:
    """Submit one letter and record its outcome. Raises `UnreachableRelayError`."""
    try:
        reply = submitter.submit(letter)
    except UnreachableRelayError:
        raise
    except TransientDeliveryError as error:
        return _record_retry(store, letter, clock(), policy, error.reason)
    except PermanentDeliveryError as error:
        return _record_failed(store, letter, clock(), error.reason)
    except UncertainDeliveryError as error:
        return _record_unknown(store, letter, clock(), policy, error.reason)
    except Exception as error:  # noqa: BLE001  a defect of ours must not hold up the next letter
        return _record_retry(store, letter, clock(), policy, f"defect {type(error).__name__}")
    store.record_accepted(letter.id, now=clock(), reply=reply)
    _log.info("letter_accepted", letter_id=letter.id, code=reply.code)
    return _Result.ACCEPTED


def _record_retry(
    store: OutboxStore, letter: QueuedLetter, now: datetime, policy: RetryPolicy, reason: str
) -> _Result:
    due = next_attempt(letter.attempts + 1, now, policy)
    if due is None:
        return _record_failed(store, letter, now, f"given up: {reason}")
    store.record_retry(letter.id, now=now, due=due, reason=reason)
    _log.warning("letter_retried", letter_id=letter.id, reason=reason, due=due.isoformat())
    return _Result.RETRIED


def _record_unknown(
    store: OutboxStore, letter: QueuedLetter, now: datetime, policy: RetryPolicy, reason: str
) -> _Result:
    due = next_unknown_attempt(letter.attempts + 1, now, policy)
    if due is None:
        return _record_failed(store, letter, now, f"may have arrived: {reason}")
    store.record_unknown(letter.id, now=now, due=due, reason=reason)
    _log.warning("letter_unknown", letter_id=letter.id, reason=reason, due=due.isoformat())
    return _Result.UNKNOWN


def _record_failed(store: OutboxStore, letter: QueuedLetter, now: datetime, reason: str) -> _Result:
    store.record_failed(letter.id, now=now, reason=reason)
    _log.error("letter_failed", letter_id=letter.id, reason=reason)
    return _Result.FAILED


def _put_back(
    store: OutboxStore, letter: QueuedLetter, now: datetime, policy: RetryPolicy, reason: str
) -> datetime:
    due = now + policy.unreachable_delay
    store.record_untried(letter.id, now=now, due=due, reason=reason)
    _log.warning("relay_unreachable", letter_id=letter.id, reason=reason)
    return due
