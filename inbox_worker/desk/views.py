"""What the command line shows of the database: plain JSON values, read and nothing else.

The shapes are the interface's: scripts rely on them, tables are drawn from them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from config.settings import Settings
from inbox_worker.alarms.facts import find_current_alarms
from inbox_worker.desk.case_mails import find_mail_ids
from inbox_worker.status import Disposition
from inbox_worker.storage import leases, store
from inbox_worker.storage.models import (
    AlarmRecord,
    CertificationRecord,
    Decision,
    Event,
    FieldRecord,
    FolderCursor,
    JournalEntry,
    LetterRecord,
    ReconciliationRecord,
    Request,
    Sighting,
    Urgency,
)
from inbox_worker.storage.outbox_store import is_paused

View = dict[str, Any]


def list_requests(session: Session, status: str | None = None) -> list[View]:
    """Return every request, most pressing first, or those of one status."""
    query = select(Request).order_by(Request.priority, Request.id)
    if status is not None:
        query = query.where(Request.status == status)
    return [_view_request(r) for r in session.scalars(query)]


def _view_request(request: Request) -> View:
    return {
        "tracking_number": request.tracking_number,
        "status": request.status,
        "flags": request.flags,
        "received_at": _moment(request.received_at),
        "deadline_date": None if request.deadline_date is None else str(request.deadline_date),
        "priority": request.priority,
        "requester_type": request.requester_type,
        "channel": request.channel,
    }


def find_file(session: Session, tracking_number: str) -> View | None:
    """Return everything about a request, or None when there is no such request."""
    request = store.find_request(session, tracking_number)
    if request is None:
        return None
    mine = {
        "duplicate_of": request.duplicate_of,
        "fields": _view_fields(session, request),
        "problems": [
            {"field": p.field, "code": p.code, "message": p.message}
            for p in store.list_problems(session, request)
        ],
        "messages": _view_messages(session, request),
        "decisions": [view_decision(d) for d in _of(session, Decision, request)],
        "events": [_view_event(e) for e in _of(session, Event, request)],
        "letters": [view_letter(x) for x in _of(session, LetterRecord, request)],
        "certifications": [
            view_certification(c) for c in _of(session, CertificationRecord, request)
        ],
    }
    return {**_view_request(request), **mine}


def view_status(session: Session, settings: Settings, *, now: datetime) -> View:
    """Return the state of the service: urgent mail, fetching, requests, outbox, alarms."""
    cursors = {c.mailbox: c for c in session.scalars(select(FolderCursor))}
    quarantined = _count(
        session,
        select(func.count())
        .select_from(JournalEntry)
        .where(JournalEntry.disposition == Disposition.QUARANTINED.value),
    )
    return {
        "paused": is_paused(session),
        "workers": [
            {
                "host": worker.host,
                "pid": worker.pid,
                "since": _moment(worker.started_at),
                "silent": worker.expires_at <= now,
                "has": list(names),
            }
            for worker, names in leases.list_workers(session)
        ],
        "mailboxes": [
            {
                "name": m.name,
                "last_fetch_at": _moment(
                    cursors[m.name].last_fetch_at if m.name in cursors else None
                ),
                **_view_reconciliation(session, m.name),
                "undisposed": _count(
                    session,
                    select(func.count())
                    .select_from(JournalEntry)
                    .where(JournalEntry.mailbox == m.name, JournalEntry.disposition.is_(None)),
                ),
            }
            for m in settings.mailbox
        ],
        "requests": _count_by(session, Request.status),
        "oldest": _find_oldest(session),
        "outbox": _count_by(session, LetterRecord.status),
        "urgent": [_view_urgency(u) for u in _list_urgencies(session)],
        "quarantine": quarantined,
        "oversize": _count(
            session,
            select(func.count())
            .select_from(JournalEntry)
            .where(JournalEntry.disposition == Disposition.OVERSIZE.value),
        ),
        **_view_alarms(session, settings, now),
    }


def _list_urgencies(session: Session) -> Sequence[Urgency]:
    """Return what nobody has acknowledged, the one that has waited longest first."""
    query = select(Urgency).where(Urgency.acknowledged_at.is_(None)).order_by(Urgency.id)
    return session.scalars(query).all()


def _view_urgency(found: Urgency) -> View:
    """Return an urgent mail nobody has acknowledged; who wrote it is for those who were told."""
    return {
        "mail": found.journal_id,
        "topics": found.topics,
        "since": _moment(found.opened_at),
        "times_told": found.times_told,
    }


def _view_alarms(session: Session, settings: Settings, now: datetime) -> View:
    """Return the alarms whose condition holds now, also where no service runs to raise them."""
    found = find_current_alarms(session, settings, now)
    since = {
        (r.code, r.about): r.raised_at
        for r in session.scalars(select(AlarmRecord).where(AlarmRecord.cleared_at.is_(None)))
    }
    return {
        "alarms": list(dict.fromkeys(a.code for a in found)),
        "alarm_details": [
            {
                "code": a.code,
                "about": a.about,
                "since": _moment(since.get((a.code, a.about))),
                "facts": dict(a.facts),
            }
            for a in found
        ],
    }


def _view_reconciliation(session: Session, mailbox: str) -> View:
    """Return what the last comparison with the server came to; before the first, nothing."""
    record = session.get(ReconciliationRecord, mailbox)
    return {
        "unaccounted": 0 if record is None else record.unaccounted,
        "reconciled_at": None if record is None else _moment(record.finished_at),
    }


def _of(session: Session, model: Any, request: Request) -> Sequence[Any]:
    query = select(model).where(model.request_id == request.id).order_by(model.id)
    return session.scalars(query).all()


def _view_fields(session: Session, request: Request) -> View:
    history: dict[str, list[FieldRecord]] = {}
    for row in _of(session, FieldRecord, request):
        history.setdefault(row.field, []).append(row)
    return {name: _view_field(rows) for name, rows in history.items()}


def _view_field(rows: Sequence[FieldRecord]) -> View:
    current = rows[-1]
    return {
        "value": current.value,
        "raw": current.raw,
        "source": current.source,
        "confidence": current.confidence,
        "page": current.page,
        "box": current.box,
        **({"alternatives": current.alternatives} if current.alternatives else {}),
        **({} if current.shown is None else {"shown": current.shown}),
        "earlier": [
            {"value": r.value, "recorded_at": _moment(r.recorded_at), "by": r.recorded_by}
            for r in rows[:-1]
        ],
    }


def _view_messages(session: Session, request: Request) -> list[View]:
    rows = session.execute(
        select(JournalEntry, Sighting.uidvalidity, Sighting.uid)
        .join(Sighting, Sighting.journal_id == JournalEntry.id)
        .where(JournalEntry.id.in_(find_mail_ids(session, request)), Sighting.is_repeat.is_(False))
        .order_by(JournalEntry.id)
    )
    return [
        {
            "id": entry.id,
            "mailbox": entry.mailbox,
            "uidvalidity": uidvalidity,
            "uid": uid,
            "sha256": entry.sha256,
            "recorded_at": _moment(entry.recorded_at),
            "kind": entry.kind,
            "rule": entry.rule,
            "disposition": entry.disposition,
        }
        for entry, uidvalidity, uid in rows
    ]


def view_decision(decision: Decision) -> View:
    """Return a decision as JSON values."""
    return {
        "keyword": decision.keyword,
        "state": decision.state,
        "round": decision.round,
        "by": decision.actor,
        "at": _moment(decision.made_at),
        "findings": decision.findings,
        "reason": decision.reason,
        "release_at": _moment(decision.release_at),
    }


def _view_event(event: Event) -> View:
    return {
        "at": _moment(event.at),
        "code": event.code,
        "by": event.actor,
        "from": event.status_from,
        "to": event.status_to,
        "detail": event.detail,
        "sequence": event.sequence,
        "hash": event.hash,
    }


def view_letter(letter: LetterRecord) -> View:
    """Return a letter, without its bytes, as JSON values."""
    return {
        "id": letter.id,
        "kind": letter.kind,
        "recipient": letter.recipient,
        "message_id": letter.message_id,
        "status": letter.status,
        "attempts": letter.attempts,
        "created_at": _moment(letter.created_at),
        "due_at": _moment(letter.due_at),
        "accepted_at": _moment(letter.accepted_at),
        "reply_code": letter.reply_code,
        "reason": letter.reason,
    }


def view_certification(record: CertificationRecord) -> View:
    """Return a certification, without its bytes, as JSON values."""
    return {
        "control_number": record.control_number,
        "outcomes": record.outcomes,
        "answers": record.answers,
        "issued_at": _moment(record.issued_at),
        "recipient": record.recipient,
        "sha256": record.sha256,
        "facts_sha256": record.facts_sha256,
        "status": record.status,
        "superseded_by": record.superseded_by,
        "superseded_at": _moment(record.superseded_at),
        "revoked_at": _moment(record.revoked_at),
    }


def _count(session: Session, query: Any) -> int:
    return int(session.scalars(query).one())


def _count_by(session: Session, column: Any) -> dict[str, int]:
    rows = session.execute(select(column, func.count()).group_by(column)).all()
    return dict(Counter({str(name): int(count) for name, count in rows}))


def _find_oldest(session: Session) -> dict[str, str | None]:
    """Return, for each status, when the oldest of its requests was received."""
    query = select(Request.status, func.min(Request.received_at)).group_by(Request.status)
    return {str(status): _moment(at) for status, at in session.execute(query)}


def _moment(value: datetime | None) -> str | None:
    return None if value is None else value.isoformat()
