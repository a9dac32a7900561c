"""The automatic replies of staff who are away.

The outcome of an automatic reply is IGNORED, or FOR_A_PERSON where it brings a document: none is
answered, and none is a command. One that is proven to be a member of staff's, and names the day
they are back, marks them away until then; any other changes nothing. What only its words make an
automatic reply waits FOR_A_PERSON, and marks its author away by the subject of such programs alone.
"""

from __future__ import annotations

from datetime import date
from functools import partial

from sqlalchemy.orm import Session

from config.settings import StaffMember
from inbox_worker.handling import miscellany
from inbox_worker.intake import Apply, Intake
from inbox_worker.review import attendance
from inbox_worker.status import Disposition
from inbox_worker.storage import store
from parsers.mail.machine_marks import has_automatic_subject
from parsers.replies.absence import find_return_date

#: Receipts say when something was read, not when somebody is back.
_RECEIPTS = "other_report"


def prepare_automatic_reply(intake: Intake) -> Apply:
    """Return what to write for mail that a program sent in somebody's name."""
    return _look_for_absence(intake, miscellany.prepare_ignoring(intake))


def prepare_perhaps_automatic(intake: Intake) -> Apply:
    """Return what to write for mail that a program may have sent, or its author."""
    waiting = miscellany.prepare_waiting(intake)
    if not has_automatic_subject(intake.message):
        return waiting
    return _look_for_absence(intake, waiting)


def _look_for_absence(intake: Intake, otherwise: Apply) -> Apply:
    member = intake.services.settings.find_staff(intake.author_address)
    if member is None or intake.verdict.rule == _RECEIPTS or not intake.is_author_proven():
        return otherwise
    today = intake.services.local_date(intake.now)
    until = find_return_date(intake.message, today=today)
    if until is None:
        return otherwise
    return partial(_apply_absence, intake, member, until, otherwise)


def _apply_absence(
    intake: Intake, member: StaffMember, until: date, otherwise: Apply, session: Session
) -> Disposition:
    attendance.mark_away(
        intake.services,
        session,
        member,
        until,
        actor=store.PROGRAM,
        now=intake.now,
        journal_id=intake.entry.id,
    )
    return otherwise(session)
