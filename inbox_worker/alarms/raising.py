"""Alarms: raised once, told again each day while they last, and cleared by themselves.

`tend_alarms` is a recurring task. It judges the facts (`alarm_rules`), writes what changed and whom
that is told to in one transaction, then runs the site's command and writes the metrics. Outcomes
for an alarm: raised, told again, cleared, or as it was.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from inbox_worker.alarms.command import run_calls
from inbox_worker.alarms.facts import find_current_alarms
from inbox_worker.alarms.metrics import write_metrics
from inbox_worker.alarms.rules import Alarm, is_told
from inbox_worker.alarms.words import ALARM_WORDS
from inbox_worker.chores import Chore
from inbox_worker.letters.alarm_posting import post_alarm
from inbox_worker.letters.letterhead import build_letterhead
from inbox_worker.services import Services
from inbox_worker.storage.faults import watch_mailbox
from inbox_worker.storage.models import AlarmRecord
from outbound.letters.compose import Fact
from outbound.letters.staff_letters import AlertStage, StaffAlert

_log = structlog.get_logger()

_EVERY = timedelta(minutes=1)
_REMIND = timedelta(days=1)


def tend_alarms(services: Services) -> int:
    """Raise, repeat and clear alarms, and tell of it; return how many changed."""
    now = services.clock()
    with services.database.unit_of_work() as unit:
        _watch_mailboxes(services, unit.session, now)
        found = find_current_alarms(unit.session, services.settings, now)
        changes = list(_update(services, unit.session, found, now))
        unit.commit()
    for stage, alarm in changes:
        log = _log.info if stage == "cleared" else _log.error
        log(f"alarm_{stage}", code=alarm.code, source=alarm.about or None)
    run_calls(services)
    write_metrics(services)
    return len(changes)


CHORE = Chore(name="alarms", every=_EVERY, do=tend_alarms)


def _watch_mailboxes(services: Services, session: Session, now: datetime) -> None:
    """See that a mailbox that was never fetched from has a moment to count from."""
    for mailbox in services.settings.mailbox:
        watch_mailbox(session, mailbox.name, now=now)


def _update(
    services: Services, session: Session, found: tuple[Alarm, ...], now: datetime
) -> Iterator[tuple[AlertStage, Alarm]]:
    """Bring the rows in line with what was found, and yield what has to be told."""
    raised = {
        (r.code, r.about): r
        for r in session.scalars(select(AlarmRecord).where(AlarmRecord.cleared_at.is_(None)))
    }
    for alarm in found:
        record = raised.pop((alarm.code, alarm.about), None)
        if record is None:
            record = AlarmRecord(code=alarm.code, about=alarm.about, raised_at=now, told_at=now)
            record.facts = dict(alarm.facts)
            session.add(record)
            session.flush()
            yield _tell(services, session, record, "raised", now)
            continue
        record.facts = dict(alarm.facts)
        if now - record.told_at >= _REMIND:
            record.told_at = now
            yield _tell(services, session, record, "reminded", now)
    for record in raised.values():
        record.cleared_at = now
        yield _tell(services, session, record, "cleared", now)


def _tell(
    services: Services, session: Session, record: AlarmRecord, stage: AlertStage, now: datetime
) -> tuple[AlertStage, Alarm]:
    alarm = Alarm(code=record.code, about=record.about, facts=record.facts)
    if is_told(record.code):
        alert = build_alert(services, alarm, stage, since=record.raised_at)
        key = f"condition:{record.id}:{stage}:{now.isoformat()}"
        post_alarm(services, session, alert, key=key, now=now, about=record.about)
    return stage, alarm


def build_alert(
    services: Services, alarm: Alarm, stage: AlertStage, *, since: datetime
) -> StaffAlert:
    """Return what an alarm's letter says."""
    words = ALARM_WORDS[alarm.code]
    is_over = stage == "cleared"
    zone = services.settings.general.zone
    facts = {
        **({"about": alarm.about} if alarm.about else {}),
        "since": f"{since.astimezone(zone):%Y-%m-%d %H:%M %Z}",
        **({} if is_over else alarm.facts),
    }
    return StaffAlert(
        head=build_letterhead(services),
        code=alarm.code,
        sentence=words.over if is_over else words.sentence,
        to_do="" if is_over else words.to_do,
        ids=tuple(Fact(label=k, value=v) for k, v in facts.items()),
        stage=stage,
    )
