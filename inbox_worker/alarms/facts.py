"""The facts alarms are judged from, as the database and the disk have them; nothing is written."""

from __future__ import annotations

import shutil
from datetime import date, datetime, timedelta
from pathlib import Path

from sqlalchemy import case, exists, func, or_, select
from sqlalchemy.engine import make_url
from sqlalchemy.orm import Session, aliased

from config.settings import AlertSettings, Settings
from config.signing_keys import find_key_place, find_key_problems
from inbox_worker.alarms.rules import (
    Alarm,
    AlarmLimits,
    Facts,
    FaultFacts,
    MailboxFacts,
    OutboxFacts,
    find_alarms,
)
from inbox_worker.mailbox.sign_in import find_expiry
from inbox_worker.status import DeliveryStatus, Disposition
from inbox_worker.storage import withheld
from inbox_worker.storage.models import (
    CertificationRecord,
    Decision,
    Event,
    Fault,
    FolderCursor,
    JournalEntry,
    LetterRecord,
    MailboxWatch,
    ReconciliationRecord,
    Request,
    Sighting,
)
from inbox_worker.storage.outbox_store import ANSWERS, find_pause

_DAY = timedelta(days=1)
#: For how long an answer that did not arrive is an alarm.
_WEEKS = timedelta(weeks=4)
_S = DeliveryStatus


def find_current_alarms(session: Session, settings: Settings, now: datetime) -> tuple[Alarm, ...]:
    """Return every alarm whose condition holds at this moment."""
    limits = build_alarm_limits(settings.alerts)
    return find_alarms(gather_facts(session, settings, now), limits, now)


def build_alarm_limits(alerts: AlertSettings) -> AlarmLimits:
    """Return from when on something is wrong, as configured."""
    return AlarmLimits(
        fetch_minutes=alerts.fetch_minutes,
        mailbox_percent=alerts.mailbox_percent,
        quarantine_per_day=alerts.quarantine_per_day,
        outbox_minutes=alerts.outbox_minutes,
        failing_minutes=alerts.failing_minutes,
        pause_hours=alerts.pause_hours,
        disk_free_mb=alerts.disk_free_mb,
        expiry_days=alerts.expiry_days,
    )


def gather_facts(session: Session, settings: Settings, now: datetime) -> Facts:
    """Return what alarms are judged from."""
    return Facts(
        mailboxes=tuple(_gather_mailbox(session, m.name, now) for m in settings.mailbox),
        faults=tuple(
            FaultFacts(kind=f.kind, about=f.about, since=f.since, count=f.count, reason=f.reason)
            for f in session.scalars(select(Fault).order_by(Fault.kind, Fault.about))
        ),
        outbox=_gather_outbox(session, now),
        quarantined_today=_count_quarantined(session, now),
        disk_free_mb=_find_free_space(settings.database.url.get_secret_value()),
        waiting_for_key=_count_waiting_for_key(session, settings, now),
        credentials=_find_expiring_credentials(settings),
    )


def _gather_mailbox(session: Session, name: str, now: datetime) -> MailboxFacts:
    cursor = session.get(FolderCursor, name)
    watch = session.get(MailboxWatch, name)
    compared = session.get(ReconciliationRecord, name)
    # A backlog is fetched for longer than an alarm waits; each mail of it is a sign of life.
    newest = session.scalar(
        select(Sighting.seen_at)
        .where(Sighting.mailbox == name)
        .order_by(Sighting.id.desc())
        .limit(1)
    )
    last = None if cursor is None else cursor.last_fetch_at
    fetched = [at for at in (last, newest) if at is not None]
    return MailboxFacts(
        name=name,
        watched_since=now if watch is None else watch.watched_since,
        last_fetch_at=max(fetched, default=None),
        quota_percent=None if watch is None else watch.quota_percent,
        withheld=withheld.count_passed_over(session, name),
        unaccounted=0 if compared is None else compared.unaccounted,
    )


def _gather_outbox(session: Session, now: datetime) -> OutboxFacts:
    waits = LetterRecord.status.in_([_S.QUEUED.value, _S.SENDING.value, _S.UNKNOWN.value])
    # Every attempt moves a letter's due time; how long one waits that was tried, its age tells.
    tried = session.scalar(
        select(func.min(LetterRecord.created_at)).where(waits, LetterRecord.reason.is_not(None))
    )
    # An alert about urgent mail is due before it was written, to leave ahead of all that waits.
    begins = case(
        (LetterRecord.due_at > LetterRecord.created_at, LetterRecord.due_at),
        else_=LetterRecord.created_at,
    )
    untried = session.scalar(
        select(func.min(begins)).where(
            waits, LetterRecord.reason.is_(None), LetterRecord.due_at <= now
        )
    )
    return OutboxFacts(
        waiting_since=min((at for at in (tried, untried) if at is not None), default=None),
        unknown=_count(session, LetterRecord.id, LetterRecord.status == _S.UNKNOWN.value),
        failed_today=_count(
            session,
            Event.id,
            Event.code.in_(("letter_failed", "letter_came_back")),
            Event.at > now - _DAY,
        ),
        answers_undelivered=_count_lost_answers(session, now),
        paused_since=find_pause(session),
    )


def _count_lost_answers(session: Session, now: datetime) -> int:
    """Return how many answers failed in the last weeks and were not sent anew."""
    later = aliased(LetterRecord)
    sent_anew = exists().where(
        later.request_id == LetterRecord.request_id,
        later.kind.in_(ANSWERS),
        later.id > LetterRecord.id,
        later.status != _S.FAILED.value,
    )
    return _count(
        session,
        LetterRecord.id,
        LetterRecord.kind.in_(ANSWERS),
        LetterRecord.created_at > now - _WEEKS,
        LetterRecord.status == _S.FAILED.value,
        ~sent_anew,
    )


def _find_expiring_credentials(settings: Settings) -> dict[str, date]:
    """Return when what logs us in ends, by what it is for."""
    tables = {m.name: m.oauth2 for m in settings.mailbox} | {"relay": settings.smtp.oauth2}
    if settings.alerts.smtp is not None:
        tables["alarm relay"] = settings.alerts.smtp.oauth2
    ends = {about: find_expiry(table) for about, table in tables.items() if table is not None}
    return {about: end for about, end in ends.items() if end is not None}


def _count_quarantined(session: Session, now: datetime) -> int:
    return _count(
        session,
        JournalEntry.id,
        JournalEntry.disposition == Disposition.QUARANTINED.value,
        JournalEntry.disposed_at > now - _DAY,
    )


def _count_waiting_for_key(session: Session, settings: Settings, now: datetime) -> int:
    """Return how many decisions in force would be signed with a key that cannot be used."""
    unusable = {problem.key for problem in find_key_problems(settings, now=now)}
    if not unusable:
        return 0
    waiting = (
        select(Decision.certifier)
        .join(Request, Request.id == Decision.request_id)
        .where(
            Decision.state == "IN_FORCE",
            or_(Request.status.in_(("APPROVED", "DENIED")), Decision.keyword == "REISSUE"),
            Decision.id.not_in(select(CertificationRecord.decision_id)),
        )
    )
    certifiers = [settings.find_staff(email or "") for email in session.scalars(waiting)]
    return sum(find_key_place(settings, person).key in unusable for person in certifiers)


def _find_free_space(url: str) -> int | None:
    """Return how many megabytes are free where an SQLite file lies; None for other databases."""
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite" or not parsed.database:
        return None
    return shutil.disk_usage(Path(parsed.database).resolve().parent).free // 1_000_000


def _count(session: Session, column: object, *conditions: object) -> int:
    return int(session.scalars(select(func.count(column)).where(*conditions)).one())  # type: ignore[arg-type]
