"""Every step of a mail, a letter or a request, in time, with the rule that decided.

It goes both ways: from a mail to the requests and letters that came of it, from a request to all
its mails and letters, from a letter to the mail it answers. What is told is ids, codes, places and
times; no word of a mail, a form or a letter.

Outcomes: a `Trace`, or None when nothing is known under the name that was asked for.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from config.settings import Settings
from inbox_worker.handling.ingest import FOLDER_ROLES
from inbox_worker.status import Disposition
from inbox_worker.storage import store
from inbox_worker.storage.models import (
    CertificationRecord,
    Decision,
    Event,
    JournalEntry,
    LetterRecord,
    Request,
    Sighting,
)
from parsers.values.tracking import find_tracking_numbers

_CONTROL_NUMBER = re.compile(r"[0-9A-Z]{4}(?:-[0-9A-Z]{4}){3}", re.IGNORECASE)
#: How many ids one statement names.
_TOGETHER = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """Something that happened."""

    at: datetime
    step: str  #: a code: `recorded`, `disposed`, `letter_written`, or that of an event
    mail: int | None = None  #: the journal entry it happened to, or because of
    letter: int | None = None
    request: str | None = None  #: its tracking number
    by: str | None = None  #: who did it, where it was not the program
    detail: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """All that is known of what was asked for."""

    asked: str
    what: str  #: mail, letter or request
    mails: tuple[dict[str, Any], ...]
    letters: tuple[dict[str, Any], ...]
    requests: tuple[dict[str, Any], ...]
    steps: tuple[Step, ...]  #: in time


def is_traceable(name: str) -> bool:
    """Whether this could name something: a tracking or control number, a Message-ID, a mail's."""
    wanted = name.strip()
    return bool(
        "@" in wanted
        or wanted.isdecimal()
        or _CONTROL_NUMBER.fullmatch(wanted)
        or find_tracking_numbers(wanted)
    )


def trace(session: Session, settings: Settings, name: str) -> Trace | None:
    """Return every step of what `name` names, or None where nothing has that name."""
    wanted = name.strip()
    numbers = find_tracking_numbers(wanted)
    if len(numbers) == 1:
        return _trace_request(session, settings, wanted, store.find_request(session, numbers[0]))
    if _CONTROL_NUMBER.fullmatch(wanted):
        return _trace_request(session, settings, wanted, _find_certified(session, wanted))
    if wanted.isdecimal():
        ids = [int(wanted)] if int(wanted) < 2**31 else []
        return _trace_mails(session, settings, wanted, _list_mails(session, ids))
    message_id = f"<{wanted.removeprefix('<').removesuffix('>')}>"
    letter = session.scalars(
        select(LetterRecord).where(LetterRecord.message_id == message_id)
    ).one_or_none()
    if letter is not None:
        return _trace_letter(session, settings, wanted, letter)
    # Nobody keeps a sender from using a Message-ID twice.
    named = select(JournalEntry).where(JournalEntry.message_id == message_id)
    mails = session.scalars(named.order_by(JournalEntry.id))
    return _trace_mails(session, settings, wanted, mails.all())


def _find_certified(session: Session, control_number: str) -> Request | None:
    return session.scalars(
        select(Request)
        .join(CertificationRecord, CertificationRecord.request_id == Request.id)
        .where(CertificationRecord.control_number == control_number.upper())
        .limit(1)
    ).one_or_none()


def _trace_request(
    session: Session, settings: Settings, asked: str, request: Request | None
) -> Trace | None:
    if request is None:
        return None
    events = session.scalars(select(Event).where(Event.request_id == request.id)).all()
    decisions = session.scalars(select(Decision).where(Decision.request_id == request.id)).all()
    mail_ids = {request.journal_id, *(d.journal_id for d in decisions)}
    mail_ids |= {e.journal_id for e in events if e.journal_id is not None}
    about = LetterRecord.request_id == request.id
    letters = {x.id: x for x in session.scalars(select(LetterRecord).where(about))}
    letters |= {x.id: x for x in _list_answers(session, mail_ids)}
    return _build(
        session,
        settings,
        asked,
        "request",
        mails=_list_mails(session, mail_ids),
        letters=list(letters.values()),
        requests=[request],
        events=events,
        decisions=decisions,
    )


def _trace_mails(
    session: Session, settings: Settings, asked: str, mails: Sequence[JournalEntry]
) -> Trace | None:
    if not mails:
        return None
    ids = [m.id for m in mails]
    events = session.scalars(select(Event).where(Event.journal_id.in_(ids))).all()
    request_ids = {e.request_id for e in events if e.request_id is not None}
    requests = session.scalars(
        select(Request).where(or_(Request.journal_id.in_(ids), Request.id.in_(request_ids)))
    ).all()
    letters = {x.id: x for x in _list_answers(session, ids)}
    letters |= {x.id: x for x in _list_written_with(session, mails, requests)}
    return _build(
        session,
        settings,
        asked,
        "mail",
        mails=mails,
        letters=list(letters.values()),
        requests=requests,
        events=events,
        decisions=session.scalars(select(Decision).where(Decision.journal_id.in_(ids))).all(),
    )


def _trace_letter(session: Session, settings: Settings, asked: str, letter: LetterRecord) -> Trace:
    about = select(Event).where(
        or_(
            and_(Event.request_id.is_not(None), Event.request_id == letter.request_id),
            and_(Event.journal_id.is_not(None), Event.journal_id == letter.journal_id),
            and_(Event.request_id.is_(None), Event.journal_id.is_(None)),
        )
    )
    request = None if letter.request_id is None else session.get(Request, letter.request_id)
    return _build(
        session,
        settings,
        asked,
        "letter",
        mails=_list_mails(session, [] if letter.journal_id is None else [letter.journal_id]),
        letters=[letter],
        requests=[] if request is None else [request],
        events=[e for e in session.scalars(about) if e.detail.get("letter") == letter.id],
        decisions=[],
    )


def _list_mails(session: Session, ids: Iterable[int]) -> list[JournalEntry]:
    wanted = sorted(ids)
    found: list[JournalEntry] = []
    for start in range(0, len(wanted), _TOGETHER):
        some = wanted[start : start + _TOGETHER]
        found += session.scalars(
            select(JournalEntry).where(JournalEntry.id.in_(some)).order_by(JournalEntry.id)
        ).all()
    return found


def _list_answers(session: Session, mail_ids: Iterable[int]) -> list[LetterRecord]:
    """Return the letters that answer mails."""
    wanted = sorted(mail_ids)
    found: list[LetterRecord] = []
    for start in range(0, len(wanted), _TOGETHER):
        some = wanted[start : start + _TOGETHER]
        found += session.scalars(select(LetterRecord).where(LetterRecord.journal_id.in_(some)))
    return found


def _list_written_with(
    session: Session, mails: Sequence[JournalEntry], requests: Sequence[Request]
) -> list[LetterRecord]:
    """Return the letters about requests that were written in the transaction that disposed."""
    moments = [m.disposed_at for m in mails if m.disposed_at is not None]
    ids = [r.id for r in requests]
    if not moments or not ids:
        return []
    same = and_(
        LetterRecord.request_id.in_(ids),
        LetterRecord.journal_id.is_(None),
        LetterRecord.created_at.in_(moments),
    )
    return list(session.scalars(select(LetterRecord).where(same)))


def _build(
    session: Session,
    settings: Settings,
    asked: str,
    what: str,
    *,
    mails: Sequence[JournalEntry],
    letters: Sequence[LetterRecord],
    requests: Sequence[Request],
    events: Sequence[Event],
    decisions: Sequence[Decision],
) -> Trace:
    ids = {e.request_id for e in events} | {d.request_id for d in decisions}
    ids |= {x.request_id for x in letters}
    numbers = {r.id: r.tracking_number for r in requests}
    missing = ids - numbers.keys() - {None}
    if missing:
        others = session.scalars(select(Request).where(Request.id.in_(missing)))
        numbers |= {r.id: r.tracking_number for r in others}
    steps = [
        *(s for mail in mails for s in _list_mail_steps(session, settings, mail)),
        *(_describe_event(e, numbers) for e in events),
        *(_describe_decision(d, numbers) for d in decisions),
        *(s for x in letters for s in _list_letter_steps(x, numbers)),
    ]
    return Trace(
        asked=asked,
        what=what,
        mails=tuple(_view_mail(m) for m in mails),
        letters=tuple(_view_letter(x) for x in sorted(letters, key=lambda x: x.id)),
        requests=tuple(
            {"tracking_number": r.tracking_number, "status": r.status} for r in requests
        ),
        # Python's sort keeps the order of what happened in one moment.
        steps=tuple(sorted(steps, key=lambda s: s.at)),
    )


def _list_mail_steps(session: Session, settings: Settings, mail: JournalEntry) -> Iterator[Step]:
    yield Step(at=mail.internal_date, step="received_by_server", mail=mail.id)
    yield Step(at=mail.recorded_at, step="recorded", mail=mail.id, detail={"mailbox": mail.mailbox})
    sightings = session.scalars(
        select(Sighting).where(Sighting.journal_id == mail.id).order_by(Sighting.id)
    ).all()
    for s in sightings:
        place = {"mailbox": s.mailbox, "uidvalidity": s.uidvalidity, "uid": s.uid}
        code = "seen_again" if s.is_repeat else "seen"
        yield Step(at=s.seen_at, step=code, mail=mail.id, detail=place)
    if mail.disposed_at is not None:
        judged = {"kind": mail.kind, "rule": mail.rule, "disposition": mail.disposition}
        judged |= {"reason": mail.reason} if mail.reason else {}
        yield Step(at=mail.disposed_at, step="disposed", mail=mail.id, detail=judged)
    for s in sightings:
        if s.moved_at is not None:
            folder = _find_folder(settings, mail, s)
            yield Step(at=s.moved_at, step="moved", mail=mail.id, detail={"folder": folder})


def _find_folder(settings: Settings, mail: JournalEntry, sighting: Sighting) -> str | None:
    """Return the folder a mail was moved to, as folders are configured today."""
    box = next((m for m in settings.mailbox if m.name == sighting.mailbox), None)
    if box is None or mail.disposition is None:
        return None
    became = Disposition.DUPLICATE if sighting.is_repeat else Disposition(mail.disposition)
    return str(getattr(box.folders, FOLDER_ROLES[became]))


def _list_letter_steps(letter: LetterRecord, numbers: dict[int, str]) -> Iterator[Step]:
    number = None if letter.request_id is None else numbers.get(letter.request_id)
    yield Step(
        at=letter.created_at,
        step="letter_written",
        letter=letter.id,
        mail=letter.journal_id,
        request=number,
        detail={"kind": letter.kind},
    )
    if letter.accepted_at is not None:
        yield Step(
            at=letter.accepted_at,
            step="letter_accepted",
            letter=letter.id,
            request=number,
            detail={"reply_code": letter.reply_code, "attempts": letter.attempts},
        )


def _describe_event(event: Event, numbers: dict[int, str]) -> Step:
    moved = {"from": event.status_from, "to": event.status_to} if event.status_to else {}
    letter = event.detail.get("letter")
    return Step(
        at=event.at,
        step=event.code,
        mail=event.journal_id,
        letter=letter if isinstance(letter, int) else None,
        request=None if event.request_id is None else numbers.get(event.request_id),
        by=None if event.actor == store.PROGRAM else event.actor,
        detail={**moved, **{k: v for k, v in event.detail.items() if k != "letter"}},
    )


def _describe_decision(decision: Decision, numbers: dict[int, str]) -> Step:
    return Step(
        at=decision.made_at,
        step="decision_made",
        mail=decision.journal_id,
        request=numbers.get(decision.request_id),
        by=decision.actor,
        detail={"keyword": decision.keyword, "state": decision.state, "round": decision.round},
    )


def _view_mail(mail: JournalEntry) -> dict[str, Any]:
    return {
        "id": mail.id,
        "message_id": mail.message_id,
        "mailbox": mail.mailbox,
        "size": mail.size,
        "sha256": mail.sha256,
        "kind": mail.kind,
        "rule": mail.rule,
        "disposition": mail.disposition,
        "reason": mail.reason,
        "attempts": mail.attempts,
    }


def _view_letter(letter: LetterRecord) -> dict[str, Any]:
    return {
        "id": letter.id,
        "message_id": letter.message_id,
        "kind": letter.kind,
        "recipient": letter.recipient,
        "status": letter.status,
        "attempts": letter.attempts,
        "due_at": letter.due_at.isoformat(),
        "reason": letter.reason,
    }
