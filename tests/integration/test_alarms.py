"""Alarms: those who are told of them hear of each once, and read nothing of a person."""

from __future__ import annotations

import pytest

from inbox_worker.letters.staff_alerts import write_alarm, write_failure_alerts
from inbox_worker.storage.models import Event, LetterRecord
from tests.worker_harness import CLERK, DUTY, ORTEGA, STAFF, Harness, Opener, lift_guards


def fail(harness: Harness, letter_id: int) -> None:
    with harness.services.database.unit_of_work() as unit:
        lift_guards(unit.session)
        letter = unit.session.get_one(LetterRecord, letter_id)
        letter.status, letter.reason = "FAILED", "RCPT: 550 5.1.1"
        unit.commit()


def test_a_letter_that_failed_is_told_once(filed: Harness) -> None:
    letter = filed.newest(CLERK)
    fail(filed, letter.id)
    assert [write_failure_alerts(filed.services) for _ in range(3)] == [1, 0, 0]
    (alarm,) = filed.letters(to=DUTY)
    assert "RCPT: 550 5.1.1" in alarm.text
    assert filed.request().tracking_number in alarm.subject
    assert CLERK not in alarm.text
    event = filed.rows(Event)[-1]
    assert (event.code, event.request_id) == ("letter_failed", 1)
    assert event.detail == {"letter": letter.id, "kind": "acknowledgement"}


def test_every_letter_that_failed_is_told(filed: Harness) -> None:
    for letter in filed.letters():
        fail(filed, letter.id)
    assert write_failure_alerts(filed.services) == 1 + len(STAFF)
    assert len(filed.letters(to=DUTY)) == 1 + len(STAFF)


def test_an_alarm_that_failed_raises_no_other(filed: Harness) -> None:
    fail(filed, filed.newest(CLERK).id)
    write_failure_alerts(filed.services)
    fail(filed, filed.newest(DUTY).id)
    assert write_failure_alerts(filed.services) == 0


def test_without_a_failure_nobody_is_told(filed: Harness) -> None:
    assert write_failure_alerts(filed.services) == 0
    assert filed.letters(to=DUTY) == []


@pytest.mark.parametrize(
    ("alerts", "recipients", "told"),
    [
        pytest.param({"urgent": [DUTY]}, (), [DUTY], id="the urgent ones, where no others are"),
        pytest.param(
            {"urgent": [DUTY], "alarms": ["it@agency.example", "ops@agency.example"]},
            (),
            ["it@agency.example", "ops@agency.example"],
            id="those who are named for it",
        ),
        pytest.param({"urgent": [DUTY]}, (ORTEGA,), [ORTEGA], id="whom it concerns"),
    ],
)
def test_an_alarm_goes_to_whom_it_is_for(
    open_harness: Opener, alerts: dict[str, list[str]], recipients: tuple[str, ...], told: list[str]
) -> None:
    harness = open_harness(alerts=alerts)
    for is_new in (True, False):
        with harness.services.database.unit_of_work() as unit:
            assert is_new == write_alarm(
                harness.services,
                unit.session,
                code="mail_quarantined",
                key="x",
                ids={},
                now=harness.clock(),
                recipients=recipients,
            )
            unit.commit()
    assert [x.recipient for x in harness.letters()] == told
