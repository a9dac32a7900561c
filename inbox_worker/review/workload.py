"""ASSIGN, AWAY and BACK: whose work it is. None of them decides anything about a request."""

from __future__ import annotations

from datetime import date, timedelta
from functools import partial

from sqlalchemy.orm import Session

from config.settings import StaffMember
from inbox_worker.intake import Apply
from inbox_worker.letters.posting import Posting
from inbox_worker.review import assignment, attendance, reply_answers, transcripts
from inbox_worker.review.absences import find_stand_in, list_absent
from inbox_worker.review.notices import write_assigned_notice
from inbox_worker.review.reply import Reply
from inbox_worker.status import Disposition, RequestStatus
from inbox_worker.storage import store
from inbox_worker.storage.models import Request
from outbound.letters.compose import Fact
from outbound.letters.words import format_date
from parsers.replies.absence import read_until

#: Nobody is away for longer; a year that is misspelled is.
LONGEST_ABSENCE = timedelta(days=366)


def prepare_assignment(reply: Reply) -> Apply:
    """Give the request to a colleague, who gets a notice of their own."""
    colleague = reply.intake.services.settings.find_staff(reply.command.argument.strip("<> "))
    if colleague is None or not colleague.has_role("reviewer"):
        sentence = "ASSIGN takes the e-mail address of a colleague who reviews requests."
        return reply_answers.refuse(reply, sentence)
    return partial(_apply_assignment, reply, colleague)


def prepare_absence(reply: Reply) -> Apply:
    """Mark the writer away until the day they name."""
    today = reply.intake.services.local_date(reply.intake.now)
    until = read_until(reply.command.argument, today=today)
    if until is None or not today < until <= today + LONGEST_ABSENCE:
        sentence = (
            "AWAY takes the day on which you are back, within a year, for example: "
            f"AWAY until {(today + timedelta(days=7)).isoformat()}."
        )
        return reply_answers.refuse(reply, sentence)
    return partial(_apply_absence, reply, until)


def prepare_return(reply: Reply) -> Apply:
    """Mark the writer back."""
    return partial(_apply_return, reply)


def _apply_assignment(reply: Reply, colleague: StaffMember, session: Session) -> Disposition:
    request, intake = reply.hold(session), reply.intake
    assignment.give(
        session,
        request,
        colleague,
        actor=reply.member.email.lower(),
        now=intake.now,
        reason="by_hand",
        journal_id=intake.entry.id,
    )
    if request.status == RequestStatus.IN_REVIEW and colleague != reply.member:
        posting = Posting(key=f"assigned:{intake.entry.id}", now=intake.now)
        write_assigned_notice(intake.services, session, request, colleague, posting)
    sentence = f"The request is {colleague.name}'s now. It is told to nobody else first."
    return _note(reply, session, request, sentence, ())


def _apply_absence(reply: Reply, until: date, session: Session) -> Disposition:
    intake, member = reply.intake, reply.member
    services, settings = intake.services, intake.services.settings
    attendance.mark_away(
        services,
        session,
        member,
        until,
        actor=member.email.lower(),
        now=intake.now,
        journal_id=intake.entry.id,
    )
    deputy = find_stand_in(settings, list_absent(session, services.local_date(intake.now)), member)
    who = "Nobody stands in: no deputy of yours is there." if deputy is None else deputy.name
    facts = (
        Fact(label="Your first day back", value=format_date(until)),
        Fact(label="Who stands in", value=who),
    )
    sentence = "You are marked away. Notices can still be answered; reply BACK to end it earlier."
    return _tell(reply, session, sentence, facts)


def _apply_return(reply: Reply, session: Session) -> Disposition:
    intake = reply.intake
    was_away = attendance.mark_back(
        intake.services, session, reply.member, now=intake.now, journal_id=intake.entry.id
    )
    sentence = "You are marked back." if was_away else "You were not marked away."
    return _tell(reply, session, sentence, ())


def _tell(reply: Reply, session: Session, sentence: str, facts: tuple[Fact, ...]) -> Disposition:
    """Answer what was about the writer; the answer is a letter of the request's all the same."""
    request = session.get_one(Request, reply.request.id)
    store.add_event(
        session,
        "absence_answered",
        request=request,
        actor=store.PROGRAM,
        now=reply.intake.now,
        journal_id=reply.intake.entry.id,
    )
    return _note(reply, session, request, sentence, facts)


def _note(
    reply: Reply, session: Session, request: Request, sentence: str, facts: tuple[Fact, ...]
) -> Disposition:
    transcripts.return_note(reply, session, request, sentence, facts)
    return Disposition.DECISION_APPLIED
