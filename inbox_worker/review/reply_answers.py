"""Answers to staff replies that decided nothing: why, and what can be done now.

Every staff reply gets exactly one answer, threaded below it, under a key made of the mail it
answers.
"""

from __future__ import annotations

from datetime import timedelta
from functools import partial

from sqlalchemy import select
from sqlalchemy.orm import Session

from config.settings import StaffMember
from inbox_worker.casefile import presentation
from inbox_worker.intake import Apply, Intake
from inbox_worker.letters.letterhead import build_letterhead
from inbox_worker.letters.posting import Inbound, Posting, post_to_staff
from inbox_worker.review.notices import (
    STATUS_WORDS,
    answer_reply,
    build_options,
)
from inbox_worker.review.reply import Reply
from inbox_worker.services import Services
from inbox_worker.status import Disposition, RequestStatus
from inbox_worker.storage import store
from inbox_worker.storage.models import Decision, Event, Request
from outbound.letters.compose import LetterKind
from outbound.letters.reply_letters import (
    AlreadyDecided,
    Help,
    HistoryEntry,
    Mistake,
    NotPermitted,
    RequestStatusReport,
    compose_already_decided,
    compose_help,
    compose_mistake,
    compose_not_permitted,
    compose_request_status,
)
from outbound.letters.reply_skeletons import ReplyOptions
from parsers.replies.command import CommandRefusal

#: How many of a person's mistakes are answered in a day. A program that answers mail in their name
#: and does not say so would otherwise be answered for ever.
MISTAKES_PER_DAY = 30


def return_mistake(reply: Reply, refusal: CommandRefusal, session: Session) -> Disposition:
    """Tell the person that nothing was decided, line by line, with a skeleton."""
    services, intake = reply.intake.services, reply.intake
    request = session.get_one(Request, reply.request.id)
    day_ago = intake.now - timedelta(days=1)
    kinds = (LetterKind.MISTAKE.value,)
    if store.count_letters_to(session, reply.member.email, kinds, day_ago) >= MISTAKES_PER_DAY:
        store.add_event(
            session,
            "mistake_not_answered",
            request=request,
            actor=store.PROGRAM,
            now=intake.now,
            journal_id=intake.entry.id,
        )
        return Disposition.FOR_A_PERSON
    _record_return(intake, session, request, "mistake")
    answer_reply(
        reply,
        session,
        request,
        lambda reply_to: compose_mistake(
            Mistake(
                head=build_letterhead(services),
                tracking_number=request.tracking_number,
                reply=_current_options(reply, request, reply_to),
                refusal=refusal,
            )
        ),
    )
    return Disposition.REPLY_RETURNED


def refuse(reply: Reply, sentence: str) -> Apply:
    """Return what tells the writer, in a sentence, why this cannot be done now."""
    return partial(return_refusal, reply, sentence)


def return_refusal(
    reply: Reply, sentence: str, session: Session, *, code: str = "not_possible"
) -> Disposition:
    """Tell the person that the command cannot be given, and why; `code` names it in the event."""
    request = session.get_one(Request, reply.request.id)
    _record_return(reply.intake, session, request, code)
    services = reply.intake.services
    answer_reply(
        reply,
        session,
        request,
        lambda reply_to: compose_not_permitted(
            NotPermitted(
                head=build_letterhead(services),
                tracking_number=request.tracking_number,
                reply=_current_options(reply, request, reply_to),
                keyword=reply.command.keyword,
                reason=sentence,
            )
        ),
    )
    return Disposition.REPLY_RETURNED


#: What each deciding keyword did, as whoever comes second is told.
_DECIDED = {"DENY": "denied", "CLOSE": "closed", "DUPLICATE": "closed as a duplicate"}


def return_already_decided(reply: Reply, decision: Decision, session: Session) -> Disposition:
    """Tell the person who was first, and when."""
    services = reply.intake.services
    request = session.get_one(Request, reply.request.id)
    _record_return(reply.intake, session, request, "already_decided")
    decider = services.settings.find_staff(decision.actor)
    answer_reply(
        reply,
        session,
        request,
        lambda reply_to: compose_already_decided(
            AlreadyDecided(
                head=build_letterhead(services),
                tracking_number=request.tracking_number,
                reply=_current_options(reply, request, reply_to),
                by=decision.actor if decider is None else decider.name,
                on=decision.made_at,
                decision=_DECIDED.get(decision.keyword, "approved"),
            )
        ),
    )
    return Disposition.REPLY_RETURNED


def return_help(reply: Reply, session: Session) -> Disposition:
    """Tell the person what can be done now."""
    services = reply.intake.services
    request = session.get_one(Request, reply.request.id)
    _record_return(reply.intake, session, request, "help")
    answer_reply(
        reply,
        session,
        request,
        lambda reply_to: compose_help(
            Help(
                head=build_letterhead(services),
                tracking_number=request.tracking_number,
                reply=_current_options(reply, request, reply_to),
                status_text=STATUS_WORDS[RequestStatus(request.status)],
            )
        ),
    )
    return Disposition.REPLY_RETURNED


def return_status(reply: Reply, session: Session, *, form: bytes | None = None) -> Disposition:
    """Tell the person where the request stands and how it came there, with the form if given."""
    services = reply.intake.services
    request = session.get_one(Request, reply.request.id)
    definition = services.definition(request.definition)
    events = session.scalars(
        select(Event).where(Event.request_id == request.id).order_by(Event.id)
    ).all()
    _record_return(reply.intake, session, request, "status")
    answer_reply(
        reply,
        session,
        request,
        lambda reply_to: compose_request_status(
            RequestStatusReport(
                head=build_letterhead(services),
                tracking_number=request.tracking_number,
                reply=_current_options(reply, request, reply_to),
                status_text=STATUS_WORDS[RequestStatus(request.status)],
                history=tuple(
                    HistoryEntry(at=e.at, sentence=_describe_event(services, e)) for e in events
                ),
                sections=presentation.build_sections(definition, reply.fields),
                form=form,
                is_form_attached=services.settings.review.attach_original,
            )
        ),
    )
    return Disposition.REPLY_RETURNED


def return_expired(
    intake: Intake, request: Request, member: StaffMember, session: Session
) -> Disposition:
    """Answer an expired notice with a fresh one where the round is still open."""
    sentence = "The mail you answered has expired, so nothing was decided."
    if request.status in {RequestStatus.IN_REVIEW, RequestStatus.SECOND_REVIEW}:
        sentence += " Please reply to this mail instead."
    _record_return(intake, session, request, "expired")
    write_refusal(intake, session, request, member, sentence)
    return Disposition.REPLY_RETURNED


def write_refusal(
    intake: Intake, session: Session, request: Request, member: StaffMember, sentence: str
) -> None:
    """Tell a member of staff why their reply was not obeyed."""
    services = intake.services
    post_to_staff(
        services,
        session,
        request,
        member.email,
        lambda reply_to: compose_not_permitted(
            NotPermitted(
                head=build_letterhead(services),
                tracking_number=request.tracking_number,
                reply=build_options(services, request, member, reply_to),
                keyword="",
                reason=sentence,
            )
        ),
        Posting(key=f"answer:{intake.entry.id}", now=intake.now, answers=Inbound.of(intake)),
    )


def _record_return(intake: Intake, session: Session, request: Request, code: str) -> None:
    store.add_event(
        session,
        f"reply_returned_{code}",
        request=request,
        actor=store.PROGRAM,
        now=intake.now,
        journal_id=intake.entry.id,
    )


def _current_options(reply: Reply, request: Request, reply_to: str) -> ReplyOptions:
    return build_options(
        reply.intake.services,
        request,
        reply.member,
        reply_to,
        confirmable=reply.is_confirmable,
        cancellable=reply.is_cancellable,
    )


def _describe_event(services: Services, event: Event) -> str:
    member = services.settings.find_staff(event.actor)
    who = "" if event.actor == store.PROGRAM else f", by {member.name if member else event.actor}"
    words = event.code.replace("_", " ").capitalize()
    said = f" {event.detail['text']}" if event.code == store.NOTE else ""
    return f"{words}{who}.{said}"
