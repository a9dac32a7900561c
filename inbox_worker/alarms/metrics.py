"""Metrics as a text file for Prometheus' node exporter (its textfile collector); no server.

The file is replaced whole each time, so that a reader never sees half of it. That nothing writes it
any more shows in `ero_outreach_written_timestamp_seconds`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

import structlog
from prometheus_client import CollectorRegistry, Gauge, write_to_textfile
from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from inbox_worker.alarms.facts import build_alarm_limits, gather_facts
from inbox_worker.alarms.rules import Alarm, Facts, find_alarms
from inbox_worker.services import Services
from inbox_worker.status import DeliveryStatus, Disposition, RequestStatus
from inbox_worker.storage.faults import clear_fault, record_fault
from inbox_worker.storage.models import JournalEntry, LetterRecord, Request

_log = structlog.get_logger()

_FAULT = "metrics_file"


def write_metrics(services: Services, *unrecorded: Alarm) -> None:
    """Write the configured file anew, where there is one; failing to is a fault of a job.

    With `unrecorded`, alarms that could not be written down: then the database may not answer
    either, and the file has those alarms and nothing else.
    """
    path = services.settings.alerts.metrics_file
    if not path:
        return
    now = services.clock()
    registry = _build_registry(now)
    alarms = list(unrecorded)
    try:
        with services.database.read() as session:
            alarms += _add_facts(registry, services, session, now)
    except (SQLAlchemyError, OSError):
        if not unrecorded:
            raise
        registry = _build_registry(now)
    _add_alarms(registry, alarms)
    try:
        write_to_textfile(path, registry)
    except OSError as error:
        record_fault(services.database, "job", _FAULT, reason=type(error).__name__, now=now)
        _log.error("metrics_not_written", error=type(error).__name__)
    else:
        clear_fault(services.database, "job", _FAULT)


def _build_registry(now: datetime) -> CollectorRegistry:
    registry = CollectorRegistry()
    _gauge(registry, "written_timestamp_seconds", "When this was written.", {"": now.timestamp()})
    return registry


def _add_alarms(registry: CollectorRegistry, alarms: Iterable[Alarm]) -> None:
    raised = Gauge(
        "ero_outreach_alarm", "1 for every alarm raised.", ["code", "about"], registry=registry
    )
    for alarm in alarms:
        raised.labels(alarm.code, alarm.about).set(1)


def _add_facts(
    registry: CollectorRegistry, services: Services, session: Session, now: datetime
) -> tuple[Alarm, ...]:
    """Add what the database knows, and return the alarms that are judged from it."""
    facts = gather_facts(session, services.settings, now)
    _add_mailboxes(registry, facts)
    _gauge(
        registry,
        "requests",
        "Requests by status.",
        {s.value: 0 for s in RequestStatus} | _count_by(session, Request.status),
        label="status",
    )
    _gauge(
        registry,
        "letters",
        "Letters by status.",
        {s.value: 0 for s in DeliveryStatus} | _count_by(session, LetterRecord.status),
        label="status",
    )
    mails = _count_by(session, JournalEntry.disposition)
    known = {d.value: 0 for d in Disposition} | {"PENDING": 0}
    _gauge(registry, "mails", "Mails by what became of them.", known | mails, label="disposition")
    paused = {"": float(facts.outbox.paused_since is not None)}
    _gauge(registry, "sending_paused", "1 while sending is paused.", paused)
    return find_alarms(facts, build_alarm_limits(services.settings.alerts), now)


def _add_mailboxes(registry: CollectorRegistry, facts: Facts) -> None:
    fetched = {
        b.name: b.last_fetch_at.timestamp() for b in facts.mailboxes if b.last_fetch_at is not None
    }
    _gauge(
        registry,
        "last_fetch_timestamp_seconds",
        "When a mailbox was last fetched from.",
        fetched,
        label="mailbox",
    )
    quotas = {b.name: b.quota_percent / 100 for b in facts.mailboxes if b.quota_percent is not None}
    _gauge(
        registry, "mailbox_quota_ratio", "How full a mailbox is, 0 to 1.", quotas, label="mailbox"
    )


def _gauge(
    registry: CollectorRegistry,
    name: str,
    meaning: str,
    values: Mapping[str, float],
    *,
    label: str = "",
) -> None:
    gauge = Gauge(f"ero_outreach_{name}", meaning, [label] if label else [], registry=registry)
    for named, value in values.items():
        (gauge.labels(named) if label else gauge).set(value)


def _count_by(session: Session, column: object) -> dict[str, float]:
    rows = session.execute(select(column, func.count()).group_by(column))  # type: ignore[call-overload]
    return {str(name or "PENDING"): float(number) for name, number in rows}
