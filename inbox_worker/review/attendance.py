"""Who of the staff goes away and comes back, and the way of their open reviews to a deputy."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from config.settings import StaffMember
from inbox_worker.letters import staff_alerts
from inbox_worker.review import absences
from inbox_worker.review.notices import build_notice_key, write_stand_in_notice
from inbox_worker.services import Services
from inbox_worker.status import RequestStatus
from inbox_worker.storage import store
from inbox_worker.storage.models import Absence, LetterRecord, Request


def mark_away(
    services: Services,
    session: Session,
    member: StaffMember,
    until: date,
    *,
    actor: str,
    now: datetime,
    journal_id: int | None = None,
) -> None:
    """Mark somebody away until their first day back, and tell the deputy of what waits for them."""
    if not absences.record_absence(session, member, until, now=now, journal_id=journal_id):
        return
    absent = absences.list_absent(session, services.local_date(now))
    deputy = absences.find_stand_in(services.settings, absent, member)
    routed = 0 if deputy is None else _route_reviews(services, session, member, deputy, now=now)
    store.add_event(
        session,
        "staff_away",
        actor=actor,
        now=now,
        journal_id=journal_id,
        detail={
            "address": member.email.lower(),
            "until": until.isoformat(),
            "deputy": "" if deputy is None else deputy.email.lower(),
            "reviews": routed,
        },
    )
    if deputy is not None:
        staff_alerts.write_standing_in(
            services, session, deputy, member.name, until, reviews=routed, now=now
        )


def end_absences(services: Services) -> int:
    """Mark those back whose day has come; return how many they were."""
    now = services.clock()
    with services.database.unit_of_work() as unit:
        due = unit.session.scalars(
            select(Absence).where(Absence.until <= services.local_date(now))
        ).all()
        for absence in due:
            _end(unit.session, absence, actor=store.PROGRAM, now=now)
        unit.commit()
    return len(due)


def mark_back(
    services: Services, session: Session, member: StaffMember, *, now: datetime, journal_id: int
) -> bool:
    """Mark somebody back who was away; return False where they were not."""
    absence = session.get(Absence, member.email.lower())
    if absence is None or absence.until <= services.local_date(now):
        return False
    _end(session, absence, actor=member.email.lower(), now=now, journal_id=journal_id)
    return True


def _end(
    session: Session, absence: Absence, *, actor: str, now: datetime, journal_id: int | None = None
) -> None:
    address = absence.address
    session.delete(absence)
    store.add_event(
        session,
        "staff_back",
        actor=actor,
        now=now,
        journal_id=journal_id,
        detail={"address": address},
    )


def _route_reviews(
    services: Services,
    session: Session,
    member: StaffMember,
    deputy: StaffMember,
    *,
    now: datetime,
) -> int:
    """Send the deputy a notice of every open review the absent person has one of."""
    waiting = session.scalars(
        select(Request)
        .where(Request.status == RequestStatus.IN_REVIEW.value)
        .order_by(Request.priority, Request.id)
    ).all()
    keys = [build_notice_key(request, member) for request in waiting]
    assigned = set(session.scalars(select(LetterRecord.key).where(LetterRecord.key.in_(keys))))
    routed = 0
    for request, key in zip(waiting, keys, strict=True):
        if key in assigned:
            write_stand_in_notice(services, session, request, deputy, member, now=now)
            routed += 1
    return routed
