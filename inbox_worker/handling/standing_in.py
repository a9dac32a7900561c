"""The automatic replies of staff who are away.

The outcome of an automatic reply is IGNORED, or FOR_A_PERSON where it brings a document: none is
answered, and none is a command. One that is proven to be a member of staff's, and names the day
they are back, marks them away until then; any other changes nothing.
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
    attendance.mark_away(
        intake.services,
        session,
        member,
        until,
        actor=store.PROGRAM,
        now=intake.now,
        journal_id=intake.entry.id,
    )
    return ignoring(session)
