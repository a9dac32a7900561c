"""What is told when a due decision cannot be issued: each failure once, each wait once a day."""

from __future__ import annotations

import structlog

from inbox_worker.letters import staff_alerts
from inbox_worker.services import Services
from inbox_worker.storage.models import Decision, Request

_log = structlog.get_logger()


def report_failure(
    services: Services, request: Request, decision: Decision, error: Exception
) -> None:
    """Tell those who are told of alarms, once, that a decision could not be issued."""
    with services.database.unit_of_work() as unit:
        is_new = staff_alerts.write_alarm(
            services,
            unit.session,
            code="issue_failed",
            key=f"issue_failed:{decision.id}",
            ids={"decision": str(decision.id), "error": type(error).__name__},
            now=services.clock(),
            request=request,
        )
        unit.commit()
    if is_new:
        _log.error("issue_failed", decision_id=decision.id, error=type(error).__name__)


def raise_waiting_alarm(services: Services, code: str, waiting: int) -> None:
    """Tell those who are told of alarms, once a day, that decisions wait to be signed."""
    now = services.clock()
    with services.database.unit_of_work() as unit:
        is_new = staff_alerts.write_alarm(
            services,
            unit.session,
            code=code,
            key=f"{code}:{services.local_date(now)}",
            ids={"waiting": str(waiting)},
            now=now,
        )
        unit.commit()
    if is_new:
        _log.error(code, count=waiting)
