"""When something is wrong with the service: a row for each side of every limit."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from inbox_worker.alarms import unrecorded
from inbox_worker.alarms.rules import (
    RULES,
    AlarmLimits,
    Facts,
    FaultFacts,
    MailboxFacts,
    OutboxFacts,
    find_alarms,
)
from inbox_worker.alarms.words import ALARM_WORDS

NOW = datetime(2026, 5, 4, 19, 0, tzinfo=UTC)


def ago(**span: float) -> datetime:
    return NOW - timedelta(**span)


def box(**facts: Any) -> Facts:
    usual = {"name": "outreach", "watched_since": ago(days=9), "last_fetch_at": NOW}
    return Facts(mailboxes=(MailboxFacts(**(usual | facts)),))


def fault(kind: str, *, minutes: float, count: int) -> Facts:
    found = FaultFacts(kind=kind, about="x", since=ago(minutes=minutes), count=count, reason="535")
    return Facts(faults=(found,))


def outbox(**facts: Any) -> Facts:
    return Facts(outbox=OutboxFacts(**facts))


def ends(day: date) -> Facts:
    return Facts(credentials={"smtp": day})


@pytest.mark.parametrize(
    ("facts", "codes"),
    [
        pytest.param(Facts(), [], id="nothing known, nothing wrong"),
        pytest.param(box(last_fetch_at=ago(minutes=15)), [], id="fetched 15 minutes ago"),
        pytest.param(
            box(last_fetch_at=ago(minutes=15, seconds=1)), ["nothing_fetched"], id="longer ago"
        ),
        pytest.param(
            box(last_fetch_at=None, watched_since=ago(minutes=14)), [], id="new, not fetched yet"
        ),
        pytest.param(
            box(last_fetch_at=None, watched_since=ago(minutes=16)),
            ["nothing_fetched"],
            id="never fetched",
        ),
        pytest.param(box(quota_percent=89), [], id="room left"),
        pytest.param(box(quota_percent=90), ["mailbox_nearly_full"], id="nearly full"),
        pytest.param(box(quota_percent=None), [], id="a server without quotas"),
        pytest.param(box(unaccounted=0), [], id="every mail accounted for"),
        pytest.param(box(unaccounted=1), ["mail_unaccounted"], id="a loss"),
        pytest.param(fault("login", minutes=0, count=1), ["login_failed"], id="refused once"),
        pytest.param(fault("job", minutes=11, count=1), [], id="a job failed once, long ago"),
        pytest.param(fault("job", minutes=9, count=99), [], id="a job fails, but not for long"),
        pytest.param(fault("job", minutes=10, count=2), ["job_failing"], id="again and again"),
        pytest.param(outbox(waiting_since=ago(minutes=60)), [], id="a letter waits an hour"),
        pytest.param(outbox(waiting_since=ago(minutes=61)), ["outbox_stalled"], id="and longer"),
        pytest.param(outbox(unknown=1), ["outbox_stalled"], id="one may have arrived"),
        pytest.param(
            outbox(waiting_since=ago(hours=3), paused_since=ago(hours=3)), [], id="paused"
        ),
        pytest.param(
            outbox(waiting_since=ago(hours=5), paused_since=ago(hours=5)),
            ["sending_paused"],
            id="a pause that was forgotten",
        ),
        pytest.param(outbox(failed_today=1), ["letter_failed"], id="a letter given up"),
        pytest.param(outbox(answers_undelivered=1), ["answer_undelivered"], id="a lost answer"),
        pytest.param(Facts(quarantined_today=4), [], id="some mails set aside"),
        pytest.param(Facts(quarantined_today=5), ["quarantine_grows"], id="many mails set aside"),
        pytest.param(Facts(disk_free_mb=1024), [], id="room on the disk"),
        pytest.param(Facts(disk_free_mb=1023), ["disk_nearly_full"], id="little room"),
        pytest.param(Facts(disk_free_mb=None), [], id="a database elsewhere"),
        pytest.param(Facts(waiting_for_key=1), ["no_signing_key"], id="no key"),
        pytest.param(ends(date(2026, 5, 19)), [], id="a secret good for 15 days"),
        pytest.param(ends(date(2026, 5, 18)), ["credential_expires"], id="for 14 days"),
        pytest.param(ends(date(2026, 5, 1)), ["credential_expires"], id="that has ended"),
    ],
)
def test_an_alarm_holds_at_its_limit(facts: Facts, codes: list[str]) -> None:
    assert [a.code for a in find_alarms(facts, AlarmLimits(), NOW)] == codes


def test_each_mailbox_has_alarms_of_its_own() -> None:
    late = box(last_fetch_at=ago(hours=1)).mailboxes + box(name="info").mailboxes
    (alarm,) = find_alarms(Facts(mailboxes=late), AlarmLimits(), NOW)
    assert (alarm.about, alarm.facts["minutes"]) == ("outreach", "60")


def test_every_alarm_has_its_words() -> None:
    assert set(ALARM_WORDS) == {rule.code for rule in RULES} | {unrecorded.CODE}
