"""Staff who are away: their automatic replies, and the way of their open reviews to a deputy.

The outcome of an automatic reply is IGNORED, or FOR_A_PERSON where it brings a document: none is
answered, and none is a command. One that is proven to be a member of staff's, and names the day
they are back, marks them away until then; any other changes nothing.
"""

from __future__ import annotations

from datetime import date, datetime
from functools import partial

from sqlalchemy import select
from sqlalchemy.orm import Session

from config.settings import StaffMember
from inbox_worker.handling import miscellany
from inbox_worker.intake import Apply, Intake
from inbox_worker.letters import staff_alerts
from inbox_worker.review import absences
from inbox_worker.review.notices import build_notice_key, write_stand_in_notice
from inbox_worker.services import Services
from inbox_worker.status import Disposition, RequestStatus
from inbox_worker.storage import store
from inbox_worker.storage.models import Absence, LetterRecord, Request
from parsers.replies.absence import find_return_date

#: Receipts say when something was read, not when somebody is back.
_RECEIPTS = "other_report"


def prepare_automatic_reply(intake: Intake) -> Apply:
    """Return what to write for mail that a program sent in somebody's name."""
    ignoring = miscellany.prepare_ignoring(intake)
    member = intake.services.settings.find_staff(intake.author_address)
    if member is None or intake.verdict.rule == _RECEIPTS or not intake.is_author_proven():
        return ignoring
    today = intake.services.local_date(intake.now)
    until = find_return_date(intake.message, today=today)
    return ignoring if until is None else partial(_apply_absence, intake, member, until, ignoring)


def _apply_absence(
    intake: Intake, member: StaffMember, until: date, ignoring: Apply, session: Session
) -> Disposition:
    mark_away(
        intake.services,
        session,
        member,
        until,
        actor=store.PROGRAM,
        now=intake.now,
        journal_id=intake.entry.id,
    )
    return ignoring(session)


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
            select(Absence.address).where(Absence.until <= services.local_date(now))
        ).all()
        for address in due:
            unit.session.delete(unit.session.get_one(Absence, address))
            store.add_event(
                unit.session,
                "staff_back",
                actor=store.PROGRAM,
                now=now,
                detail={"address": address},
            )
        unit.commit()
    return len(due)


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
