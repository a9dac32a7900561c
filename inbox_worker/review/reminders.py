"""Reviews that wait too long: reminders, and then the supervisors, in business time.

How long is too long depends on how pressing a request is, which is judged anew each time, for
deadlines come nearer. Outcomes for each open review: a first reminder, to everybody who may review
even where it was one person's; a second one, with which the supervisors are told; the supervisors
are told that its day is near; or it is left as it is. After that it stands in the daily digest.
Nobody who is away is reminded of anything, and nobody is on a day when federal offices are closed.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, time, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from config.settings import StaffMember
from inbox_worker.business_time import add_business_days, is_business_day
from inbox_worker.casefile.presentation import find_due
from inbox_worker.casefile.triage import find_priority
from inbox_worker.chores import Chore
from inbox_worker.letters import staff_alerts
from inbox_worker.review import notices
from inbox_worker.review.absences import list_absent
from inbox_worker.services import Services
from inbox_worker.status import RequestStatus
from inbox_worker.storage import store
from inbox_worker.storage.models import Event, Request

REMINDED, DAY_IS_NEAR = "review_reminded", "review_day_is_near"

_OPEN = (RequestStatus.IN_REVIEW.value, RequestStatus.SECOND_REVIEW.value)
#: How often people are reminded of one round of review.
_REMINDERS = 2
#: When people are at work, where the office is.
_OFFICE_HOURS = (time(8), time(18))
#: Supervisors are told this many business days before a request's day.
_NEAR = 2


def see_to_open_reviews(services: Services) -> Iterator[int]:
    """Remind people of the reviews that wait too long for a decision."""
    local = services.clock().astimezone(services.settings.general.zone)
    opens, closes = _OFFICE_HOURS
    if not is_business_day(local.date()) or not opens <= local.time() < closes:
        return
    with services.database.read() as session:
        waiting = session.scalars(
            select(Request.id).where(Request.status.in_(_OPEN)).order_by(Request.id)
        ).all()
    for request_id in waiting:
        yield _see_to(services, request_id)


CHORE = Chore(name="reviews", every=timedelta(hours=1), do=see_to_open_reviews)


def _see_to(services: Services, request_id: int) -> int:
    now = services.clock()
    with services.database.unit_of_work() as unit:
        request = store.hold_request(unit.session, request_id)
        if request.status not in _OPEN:
            return 0
        values = {n: f.value for n, f in store.current_fields(unit.session, request).items()}
        request.priority = find_priority(values, services.local_date(now))
        done = _remind_if_due(services, unit.session, request, now=now)
        due, _ = find_due(values)
        near = add_business_days(services.local_date(now), _NEAR)
        if due is not None and due <= near and not _count(unit.session, request, DAY_IS_NEAR):
            _note(unit.session, request, DAY_IS_NEAR, now=now)
            staff_alerts.write_review_news(
                services,
                unit.session,
                request,
                "review_day_is_near",
                _find_supervisors(services, unit.session, now),
                now=now,
            )
            done += 1
        unit.commit()
    return done


def _remind_if_due(services: Services, session: Session, request: Request, *, now: datetime) -> int:
    number = _count(session, request, REMINDED) + 1
    if number > _REMINDERS or now < _find_moment(services, request, number):
        return 0
    _note(session, request, REMINDED, now=now)
    if request.status == RequestStatus.IN_REVIEW:
        members = services.settings.find_staff_with("reviewer")
        notices.write_reminders(services, session, request, members, number=number, now=now)
    else:
        notices.write_second_review_reminders(services, session, request, number=number, now=now)
    if number == _REMINDERS:
        supervisors = _find_supervisors(services, session, now)
        staff_alerts.write_review_news(
            services, session, request, "review_overdue", supervisors, now=now
        )
    return 1


def _find_moment(services: Services, request: Request, number: int) -> datetime:
    """Return when a reminder is due: so many business days later, at the same time of day."""
    review, zone = services.settings.review, services.settings.general.zone
    days = review.remind_business_days[request.priority - 1] * number
    since = request.status_since.astimezone(zone)
    return datetime.combine(add_business_days(since.date(), days), since.timetz())


def _count(session: Session, request: Request, code: str) -> int:
    """Return how often this happened since the request has its present status."""
    found = session.scalars(
        select(Event.id).where(
            Event.request_id == request.id, Event.code == code, Event.at >= request.status_since
        )
    )
    return len(found.all())


def _note(session: Session, request: Request, code: str, *, now: datetime) -> None:
    store.add_event(session, code, request=request, actor=store.PROGRAM, now=now)


def _find_supervisors(
    services: Services, session: Session, now: datetime
) -> tuple[StaffMember, ...]:
    absent = list_absent(session, services.local_date(now))
    supervisors = services.settings.find_staff_with("supervisor")
    return tuple(m for m in supervisors if m.email.lower() not in absent)
