"""Requests that wait for their requester: one reminder, and then an end with notice.

A request waits from the newest letter that asked for something. Outcomes for each: reminded, once
for every such letter; closed, with a notice that says how it is opened again; or left as it is.
Whoever was not reminded in time is never closed without it: the days from the reminder to the end
run from the reminder.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from config.sections import ReviewSettings
from inbox_worker.chores import Chore
from inbox_worker.letters import correspondence
from inbox_worker.services import Services
from inbox_worker.status import RequestStatus
from inbox_worker.storage import store
from inbox_worker.storage.models import LetterRecord, Request
from outbound.letters.compose import LetterKind

#: The event of a request that was closed because its requester did not answer.
CLOSED_UNANSWERED = "request_closed_unanswered"

_WAITING = (RequestStatus.INCOMPLETE.value, RequestStatus.NEEDS_INFORMATION.value)
_ASKING = (LetterKind.DEFICIENCY.value, LetterKind.QUESTION.value, LetterKind.PRINT_LETTER.value)


def see_to_unanswered(services: Services) -> Iterator[int]:
    """Remind requesters who owe an answer, and close what they leave unanswered."""
    days = services.settings.review.remind_requester_days
    if not days:
        return
    with services.database.read() as session:
        waiting = session.scalars(
            select(Request.id)
            .where(
                Request.status.in_(_WAITING),
                Request.status_since <= services.clock() - timedelta(days=days),
            )
            .order_by(Request.id)
        ).all()
    for request_id in waiting:
        yield _see_to(services, request_id)


CHORE = Chore(name="unanswered", every=timedelta(hours=1), do=see_to_unanswered)


def _see_to(services: Services, request_id: int) -> int:
    now, review = services.clock(), services.settings.review
    with services.database.unit_of_work() as unit:
        session = unit.session
        request = store.hold_request(session, request_id)
        if request.status not in _WAITING:
            return 0
        asked_at = _find_asked_at(session, request)
        reminded_at = _find_reminded_at(session, request, asked_at)
        if reminded_at is None and now - asked_at >= timedelta(days=review.remind_requester_days):
            _remind(services, session, request, asked_at, now=now)
        elif reminded_at is not None and _is_over(review, reminded_at, now):
            _close(services, session, request, asked_at, now=now)
        else:
            return 0
        unit.commit()
    return 1


def _is_over(review: ReviewSettings, reminded_at: datetime, now: datetime) -> bool:
    end = _find_end(review, reminded_at)
    return end is not None and now >= end


def _find_end(review: ReviewSettings, reminded_at: datetime) -> datetime | None:
    """Return when a request is closed that was reminded of, None where it never is."""
    days = review.close_unanswered_days
    return reminded_at + timedelta(days=days) if days else None


def _find_asked_at(session: Session, request: Request) -> datetime:
    asked_at = session.scalar(
        select(func.max(LetterRecord.created_at)).where(
            LetterRecord.request_id == request.id,
            LetterRecord.kind.in_(_ASKING),
            # A reminder on paper is a letter to be printed, as what it reminds of is.
            LetterRecord.key.not_like("reminder:%"),
        )
    )
    return max(request.status_since, asked_at or request.status_since)


def _build_key(request: Request, asked_at: datetime) -> str:
    return f"reminder:{request.id}:{asked_at:%Y%m%dT%H%M%S}"


def _find_reminded_at(session: Session, request: Request, asked_at: datetime) -> datetime | None:
    key = _build_key(request, asked_at)
    return session.scalar(select(LetterRecord.created_at).where(LetterRecord.key == key))


def _remind(
    services: Services, session: Session, request: Request, asked_at: datetime, *, now: datetime
) -> None:
    store.add_event(session, "requester_reminded", request=request, actor=store.PROGRAM, now=now)
    end = _find_end(services.settings.review, now)
    correspondence.write_reminder(
        services,
        session,
        request,
        asked_on=services.local_date(asked_at),
        closes_on=None if end is None else services.local_date(end),
        key=_build_key(request, asked_at),
        now=now,
    )


def _close(
    services: Services, session: Session, request: Request, asked_at: datetime, *, now: datetime
) -> None:
    is_form = request.status == RequestStatus.INCOMPLETE
    store.move_request(
        session,
        request,
        RequestStatus.CLOSED,
        code=CLOSED_UNANSWERED,
        actor=store.PROGRAM,
        now=now,
    )
    correspondence.write_closed_unanswered(
        services,
        session,
        request,
        asked_on=services.local_date(asked_at),
        is_form=is_form,
        key=f"closed:{_build_key(request, asked_at)}",
        now=now,
    )
