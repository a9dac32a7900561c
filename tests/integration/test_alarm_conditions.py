"""Alarms as they come and go: raised once, told again daily, and cleared by themselves."""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from inbox_worker.alarms.raising import tend_alarms
from inbox_worker.letters.staff_alerts import write_alarm
from inbox_worker.storage.faults import clear_fault, record_fault
from inbox_worker.storage.models import AlarmCall, AlarmRecord, Fault
from inbox_worker.storage.outbox_store import ALARM_ROUTE, MAIN_ROUTE, DatabaseOutbox, set_paused
from tests.worker_harness import DUTY, MAILBOX, Harness, Opener

IT = "it@agency.example"
ELSEWHERE = {
    "host": "smtp.elsewhere.example",
    "from_address": "ero.alarms@elsewhere.example",
    "from_name": "ERO Outreach alarms",
}


def refuse(harness: Harness, about: str = "relay") -> None:
    now = harness.clock()
    record_fault(harness.services.database, "login", about, reason="refused", now=now)


def tend(harness: Harness, **after: float) -> int:
    harness.clock.advance(**after)
    return tend_alarms(harness.services)


def raise_one_off(harness: Harness, key: str) -> None:
    with harness.services.database.unit_of_work() as unit:
        write_alarm(
            harness.services,
            unit.session,
            code="issue_failed",
            key=key,
            ids={"decision": "1"},
            now=harness.clock(),
        )
        unit.commit()


@pytest.fixture
def told(open_harness: Opener) -> Harness:
    """Return a worker whose alarms go to a person, and who minds neither silence nor waiting."""
    patient = {"fetch_minutes": 99_999, "outbox_minutes": 99_999}
    return open_harness(alerts={"urgent": [DUTY], "alarms": [IT], **patient})


def test_an_alarm_is_told_once_and_daily_while_it_lasts_and_when_it_is_over(told: Harness) -> None:
    refuse(told)
    assert tend(told) == 1
    for _ in range(3):
        refuse(told)
        assert tend(told, hours=7) == 0
    assert tend(told, hours=3) == 1
    clear_fault(told.services.database, "login", "relay")
    assert tend(told, minutes=1) == 1
    assert tend(told, hours=48) == 0
    assert [x.subject for x in told.letters(to=IT)] == [
        "Alert: login failed",
        "Alert goes on: login failed",
        "Alert is over: login failed",
    ]
    (row,) = told.rows(AlarmRecord)
    assert (row.code, row.about) == ("login_failed", "relay")
    assert row.cleared_at is not None
    assert row.cleared_at > row.raised_at


def test_its_letters_say_what_since_when_and_what_to_do(told: Harness) -> None:
    refuse(told)
    tend(told)
    clear_fault(told.services.database, "login", "relay")
    tend(told, minutes=5)
    raised, over = (x.text for x in told.letters(to=IT))
    assert "A server does not let the service in." in raised
    assert "What to do: Check the account's password or token" in raised
    assert "2026-05-04 15:00 EDT" in raised
    assert "lets the service in again" in over
    assert "What to do" not in over


def test_one_that_comes_back_is_another(told: Harness) -> None:
    for _ in range(2):
        refuse(told)
        tend(told, minutes=1)
        clear_fault(told.services.database, "login", "relay")
        tend(told, minutes=1)
    assert len(told.letters(to=IT)) == 4
    assert len(told.rows(AlarmRecord)) == 2


def test_what_has_letters_of_its_own_is_not_told_twice(told: Harness) -> None:
    raise_one_off(told, "x")
    assert tend(told) == 0
    assert len(told.letters(to=IT)) == 1


def test_a_fault_is_counted_until_it_is_mended(told: Harness) -> None:
    for _ in range(3):
        refuse(told)
        told.clock.advance(minutes=1)
    (fault,) = told.rows(Fault)
    assert (fault.count, fault.last_at - fault.since) == (3, 2 * (told.clock() - fault.last_at))
    for _ in range(2):
        clear_fault(told.services.database, "login", "relay")
    assert told.rows(Fault) == []


# The other ways to be told.


def test_alarms_leave_by_a_relay_of_their_own_also_while_sending_is_paused(
    open_harness: Opener,
) -> None:
    harness = open_harness(alerts={"urgent": [DUTY], "alarms": [IT], "smtp": ELSEWHERE})
    harness.file()
    with harness.services.database.unit_of_work() as unit:
        set_paused(unit.session, paused=True, now=harness.clock())
        unit.commit()
    refuse(harness)
    tend(harness)
    main = DatabaseOutbox(harness.services.database, harness.worker_id, route=MAIN_ROUTE)
    assert main.claim_due(harness.clock(), limit=9) == []
    own = DatabaseOutbox(harness.services.database, harness.worker_id, route=ALARM_ROUTE)
    (letter,) = own.claim_due(harness.clock(), limit=9)
    assert (letter.recipient, letter.sender) == (IT, "ero.alarms@elsewhere.example")
    assert b'From: "ERO Outreach alarms" <ero.alarms@elsewhere.example>' in letter.raw


def test_without_that_relay_the_usual_one_takes_them(told: Harness) -> None:
    refuse(told)
    tend(told)
    (letter,) = DatabaseOutbox(told.services.database, told.worker_id).claim_due(
        told.clock(), limit=9
    )
    assert (letter.recipient, letter.sender) == (IT, MAILBOX)


def build_command(tmp_path: Path, program: str, name: str = "alarm.py") -> str:
    script = tmp_path / name
    script.write_text(program)
    return f"{shlex.quote(sys.executable)} {shlex.quote(str(script))} 'two words'"


@pytest.fixture
def with_command(open_harness: Opener, tmp_path: Path) -> Callable[[str], Harness]:
    def build(program: str, **alerts: Any) -> Harness:
        command = build_command(tmp_path, program)
        return open_harness(alerts={"urgent": [DUTY], "alarms": [IT], "command": command, **alerts})

    return build


_WRITE_DOWN = """
import os, pathlib, sys
with pathlib.Path(__file__).with_name("told").open("a") as file:
    file.write(sys.stdin.read())
assert sys.argv[1:] == ["two words"]
assert not any(name.startswith("ERO_") for name in os.environ)
"""


def test_the_command_is_given_each_alarm_as_json(
    with_command: Callable[[str], Harness], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ERO_SMTP__PASSWORD", "Gl0cken-spiel")
    harness = with_command(_WRITE_DOWN)
    refuse(harness)
    tend(harness)
    raise_one_off(harness, "x")
    clear_fault(harness.services.database, "login", "relay")
    tend(harness, minutes=1)
    tend(harness, minutes=1)
    told = [json.loads(line) for line in (tmp_path / "told").read_text().splitlines()]
    assert [(t["state"], t["code"], t["about"]) for t in told] == [
        ("raised", "login_failed", "relay"),
        ("raised", "issue_failed", ""),
        ("cleared", "login_failed", "relay"),
    ]
    assert told[0]["facts"]["times"] == "1"
    assert told[0]["at"] == "2026-05-04T19:00:00+00:00"
    assert told[1]["facts"] == {"decision": "1"}
    assert harness.rows(Fault) == []


@pytest.mark.parametrize(
    ("program", "seconds", "reason"),
    [
        pytest.param("raise SystemExit(3)", 60, "ended with an error", id="ends with an error"),
        pytest.param("import time; time.sleep(600)", 1, "took too long", id="takes too long"),
        pytest.param(
            "import subprocess; subprocess.run(['sleep', '600'])",
            1,
            "took too long",
            id="starts something that takes too long",
        ),
    ],
)
def test_a_command_that_fails_is_tried_again_and_told_by_mail(
    with_command: Callable[..., Harness], program: str, seconds: int, reason: str
) -> None:
    harness = with_command(program, command_seconds=seconds)
    refuse(harness)
    tend(harness)
    (fault,) = harness.rows(Fault)[:1]
    assert (fault.kind, fault.about, fault.reason) == ("job", "alarm_command", reason)
    (call,) = harness.rows(AlarmCall)
    assert (call.attempts, call.ended_at) == (1, None)


def test_it_is_given_up_after_five_tries(with_command: Callable[[str], Harness]) -> None:
    harness = with_command("raise SystemExit(3)")
    refuse(harness)
    for _ in range(5):
        tend(harness, minutes=1)
    (call,) = harness.rows(AlarmCall)
    assert call.attempts == 5
    assert call.ended_at == harness.clock()
    tend(harness, minutes=10)
    subjects = [x.subject for x in harness.letters(to=IT)]
    assert subjects == ["Alert: login failed", "Alert: job failing"]


# Metrics.


def read_metrics(path: Path) -> dict[str, float]:
    lines = [x for x in path.read_text().splitlines() if x and not x.startswith("#")]
    return {name: float(value) for name, value in (line.rsplit(" ", 1) for line in lines)}


def test_metrics_are_a_file_that_is_replaced_whole(open_harness: Opener, tmp_path: Path) -> None:
    path = tmp_path / "ero.prom"
    harness = open_harness(alerts={"urgent": [DUTY], "metrics_file": str(path)})
    harness.file()
    refuse(harness)
    tend(harness)
    found = read_metrics(path)
    assert found['ero_outreach_alarm{about="relay",code="login_failed"}'] == 1
    assert found['ero_outreach_requests{status="IN_REVIEW"}'] == 1
    assert found['ero_outreach_requests{status="ISSUED"}'] == 0
    assert found['ero_outreach_mails{disposition="FILED"}'] == 1
    assert found['ero_outreach_last_fetch_timestamp_seconds{mailbox="outreach"}'] > 0
    assert found["ero_outreach_written_timestamp_seconds"] == harness.clock().timestamp()
    clear_fault(harness.services.database, "login", "relay")
    tend(harness, minutes=1)
    assert not any("ero_outreach_alarm{" in name for name in read_metrics(path))
    assert [p.name for p in tmp_path.glob("ero.prom*")] == ["ero.prom"]


def test_a_file_that_cannot_be_written_is_a_fault_and_no_end(
    open_harness: Opener, tmp_path: Path
) -> None:
    folder = tmp_path / "gone"
    folder.mkdir()
    harness = open_harness(alerts={"urgent": [DUTY], "metrics_file": str(folder / "ero.prom")})
    folder.rmdir()
    tend(harness)
    (fault,) = harness.rows(Fault)
    assert (fault.kind, fault.about) == ("job", "metrics_file")
    folder.mkdir()
    tend(harness, minutes=1)
    assert harness.rows(Fault) == []
