"""Running the site's alarm command: one run an alarm, the alarm as JSON on its standard input.

No shell is involved, secrets in our environment are kept from it, and it is killed, with all it
started, when its time is over. Outcomes of a run: it ended with 0 and is done; it failed or took
too long and is tried again at the next turn, `_TRIES` times; or it is given up. A command that
fails is a fault, so that those who are told of alarms hear of it by mail.
"""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
from contextlib import suppress
from datetime import timedelta
from typing import Any

import structlog
from sqlalchemy import select

from inbox_worker.services import Services
from inbox_worker.storage.faults import clear_fault, record_fault
from inbox_worker.storage.models import AlarmCall

_log = structlog.get_logger()

_FAULT = "alarm_command"
_TRIES = 5
#: How long all runs of one turn may take; what is left waits for the next.
_TURN = timedelta(seconds=60)


def run_calls(services: Services) -> int:
    """Run the command for every alarm that waits for it; return how many runs succeeded."""
    alerts = services.settings.alerts
    if not alerts.command:
        return 0
    until = services.clock() + _TURN
    with services.database.read() as session:
        waiting = session.execute(
            select(AlarmCall.id, AlarmCall.payload)
            .where(AlarmCall.ended_at.is_(None))
            .order_by(AlarmCall.id)
        ).all()
    done = 0
    for call_id, payload in waiting:
        failure = run_command(alerts.command, payload, seconds=alerts.command_seconds)
        _record_run(services, call_id, failure)
        if failure:
            break
        done += 1
        if services.clock() >= until:
            break
    return done


def run_command(command: str, payload: dict[str, Any], *, seconds: int) -> str:
    """Run the command once; return why it failed, as a code, or nothing."""
    try:
        process = subprocess.Popen(  # noqa: S603 - the site's own command, split without a shell
            shlex.split(command),
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={k: v for k, v in os.environ.items() if not k.startswith("ERO_")},
            start_new_session=True,
        )
    except OSError:
        return "cannot be started"
    with process:
        try:
            process.communicate((json.dumps(payload) + "\n").encode(), timeout=seconds)
        except subprocess.TimeoutExpired:
            # What it started itself dies with it, or it would hold the pipe and our time.
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            return "took too long"
    return "" if process.returncode == 0 else "ended with an error"


def _record_run(services: Services, call_id: int, failure: str) -> None:
    now = services.clock()
    with services.database.unit_of_work() as unit:
        call = unit.session.get_one(AlarmCall, call_id)
        call.attempts += 1
        if not failure or call.attempts >= _TRIES:
            call.ended_at = now
        unit.commit()
    if failure:
        record_fault(services.database, "job", _FAULT, reason=failure, now=now)
        _log.error("alarm_command_failed", reason=failure, attempt=call.attempts)
    else:
        clear_fault(services.database, "job", _FAULT)
