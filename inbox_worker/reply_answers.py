"""Answers to staff replies: what was understood, why nothing was decided, what can be done now.

Every staff reply gets exactly one answer, threaded below it, under a key made of the mail it
answers. `return_*` functions that give back a disposition are whole answers to a reply that
changed nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from config.settings import StaffMember
from inbox_worker import casework, presentation, store
from inbox_worker.casework import Proposal
from inbox_worker.correspondence import build_letterhead
from inbox_worker.findings_record import findings_of
from inbox_worker.intake import Intake
from inbox_worker.models import Decision, Event, Request
from inbox_worker.notices import STATUS_WORDS, build_options, write_review_notices
from inbox_worker.posting import Inbound, Posting, post_to_staff
from inbox_worker.reply import Reply
from inbox_worker.services import Services
from inbox_worker.status import Disposition, RequestStatus
from outbound.finding_facts import describe_findings
from outbound.letters import Fact, Letter, LetterKind
from outbound.reply_letters import (
    AlreadyDecided,
    Help,
    HistoryEntry,
    IssuePlan,
    Mistake,
    NotPermitted,
    RequestStatusReport,
    Transcript,
    UnprovenReply,
    compose_already_decided,
    compose_help,
    compose_mistake,
    compose_not_permitted,
    compose_request_status,
    compose_transcript,
    compose_unproven_reply,
)
from outbound.reply_skeletons import ReplyOptions
from parsers.command import CommandRefusal

#: How many of a person's mistakes are answered in a day. A program that answers mail in their name
#: and does not say so would otherwise be answered for ever.
MISTAKES_PER_DAY = 30


def return_preview(
    reply: Reply,
    session: Session,
    request: Request,
    decision: Decision,
    proposal: Proposal,
    document: bytes,
) -> None:
    """Show what an approval was understood to say, with the exact document, to be confirmed."""
    _return_transcript(
        reply,
        session,
        request,
        decision,
        proposal,
        document=document,
        status_text="Nothing is decided yet: reply CONFIRM to issue the attached document.",
        plan=IssuePlan(
            document="Certification Form",
            recipient=proposal.recipient,
            condition="It leaves after you reply CONFIRM, and then after the time to take it back"
            + (" and a second person's approval." if proposal.second_person else "."),
        ),
        confirmable=True,
    )


def return_approval(
    reply: Reply,
    session: Session,
    request: Request,
    decision: Decision,
    proposal: Proposal,
    document: bytes,
) -> None:
    """Tell the approver what was decided, what will leave, to whom and when."""
    _return_transcript(
        reply,
        session,
        request,
        decision,
        proposal,
        document=document,
        status_text=STATUS_WORDS[RequestStatus(request.status)],
        plan=IssuePlan(
            document="Certification Form",
            recipient=proposal.recipient,
            moment=decision.release_at,
            condition=" ".join(r.sentence for r in proposal.second_person)
            if decision.state == "FIRST"
            else "",
        ),
        confirmable=False,
    )


def _return_transcript(
    reply: Reply,
    session: Session,
    request: Request,
    decision: Decision,
    proposal: Proposal,
    *,
    document: bytes,
    status_text: str,
    plan: IssuePlan,
    confirmable: bool,
) -> None:
    services = reply.intake.services
    zone = services.settings.general.timezone
    findings = describe_findings(findings_of(decision), timezone=zone)
    _answer(
        reply,
        session,
        request,
        lambda reply_to: compose_transcript(
            Transcript(
                head=build_letterhead(services),
                tracking_number=request.tracking_number,
                reply=build_options(
                    services,
                    request,
                    reply.member,
                    reply_to,
                    confirmable=confirmable,
                    cancellable=True,
                ),
                keyword=reply.command.keyword,
                status_text=status_text,
                understood=findings,
                answers=proposal.answer_tables,
                sentences=proposal.sentences,
                plan=plan,
                document=document,
            )
        ),
        decision_id=decision.id,
    )


def return_denial(
    reply: Reply, session: Session, request: Request, decision: Decision, document: bytes
) -> None:
    """Tell the approver that the request is denied, what will leave and when."""
    services = reply.intake.services
    _answer(
        reply,
        session,
        request,
        lambda reply_to: compose_transcript(
            Transcript(
                head=build_letterhead(services),
                tracking_number=request.tracking_number,
                reply=build_options(services, request, reply.member, reply_to, cancellable=True),
                keyword="DENY",
                status_text=STATUS_WORDS[RequestStatus.DENIED],
                understood=(Fact(label="Reason (stays inside)", value=decision.reason or ""),),
                plan=IssuePlan(
                    document="Certification Form without information",
                    recipient=casework.describe_recipient(reply.fields),
                    moment=decision.release_at,
                ),
                document=document,
            )
        ),
        decision_id=decision.id,
    )


def write_cancellation(
    reply: Reply, session: Session, request: Request, decision: Decision
) -> None:
    """Tell whoever cancelled that nothing will leave, and ask everyone to decide anew."""
    services = reply.intake.services
    del decision
    _answer(
        reply,
        session,
        request,
        lambda reply_to: compose_transcript(
            Transcript(
                head=build_letterhead(services),
                tracking_number=request.tracking_number,
                reply=build_options(services, request, reply.member, reply_to),
                keyword="CANCEL",
                status_text="The decision was taken back and nothing has left. "
                "Everyone has a new notice.",
            )
        ),
    )
    write_review_notices(services, session, request, now=reply.intake.now)


def write_differences(
    reply: Reply,
    session: Session,
    request: Request,
    first: Decision,
    differences: Sequence[str],
) -> None:
    """Tell both people how their findings differ, and ask everyone to decide anew."""
    services = reply.intake.services
    people = {reply.member.email.lower(): reply.member}
    other = services.settings.find_staff(first.actor)
    if other is not None:
        people[other.email.lower()] = other
    facts = tuple(Fact(label=f"Difference {n}", value=d) for n, d in enumerate(differences, 1))
    for address, member in people.items():

        def compose(reply_to: str, member: StaffMember = member) -> Letter:
            return compose_transcript(
                Transcript(
                    head=build_letterhead(services),
                    tracking_number=request.tracking_number,
                    reply=build_options(services, request, member, reply_to),
                    keyword="APPROVE",
                    status_text="Nothing was issued: the two approvals differ in a printed fact. "
                    "The request is back in review.",
                    understood=facts,
                )
            )

        key = f"differences:{reply.intake.entry.id}:{address}"
        posting = Posting(key=key, now=reply.intake.now)
        post_to_staff(services, session, request, member.email, compose, posting)
    write_review_notices(services, session, request, now=reply.intake.now)


def return_note(
    reply: Reply,
    session: Session,
    request: Request,
    sentence: str,
    understood: tuple[Fact, ...] = (),
) -> None:
    """Tell the person what was done."""
    services = reply.intake.services
    _answer(
        reply,
        session,
        request,
        lambda reply_to: compose_transcript(
            Transcript(
                head=build_letterhead(services),
                tracking_number=request.tracking_number,
                reply=build_options(services, request, reply.member, reply_to),
                keyword=reply.command.keyword,
                status_text=sentence,
                understood=understood,
            )
        ),
    )


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
    _answer(
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


def return_refusal(reply: Reply, sentence: str, session: Session) -> Disposition:
    """Tell the person that the command cannot be given, and why."""
    request = session.get_one(Request, reply.request.id)
    services = reply.intake.services
    _answer(
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


def return_already_decided(reply: Reply, decision: Decision, session: Session) -> Disposition:
    """Tell the person who was first, and when."""
    services = reply.intake.services
    request = session.get_one(Request, reply.request.id)
    decider = services.settings.find_staff(decision.actor)
    _answer(
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
                decision="denied" if decision.keyword == "DENY" else "approved",
            )
        ),
    )
    return Disposition.REPLY_RETURNED


def return_help(reply: Reply, session: Session) -> Disposition:
    """Tell the person what can be done now."""
    services = reply.intake.services
    request = session.get_one(Request, reply.request.id)
    _answer(
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


def return_status(reply: Reply, session: Session) -> Disposition:
    """Tell the person where the request stands and how it came there."""
    services = reply.intake.services
    request = session.get_one(Request, reply.request.id)
    definition = services.definition(request.definition)
    events = session.scalars(
        select(Event).where(Event.request_id == request.id).order_by(Event.id)
    ).all()
    _answer(
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
            )
        ),
    )
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


def write_unproven(intake: Intake, session: Session, request: Request, member: StaffMember) -> None:
    """Warn a member of staff, once a day and request, of an unproven reply in their name."""
    services = intake.services
    day = services.local_date(intake.now)
    post_to_staff(
        services,
        session,
        request,
        member.email,
        lambda reply_to: compose_unproven_reply(
            UnprovenReply(
                head=build_letterhead(services),
                tracking_number=request.tracking_number,
                reply=build_options(services, request, member, reply_to),
                arrived_at=intake.now,
            )
        ),
        Posting(key=f"unproven:{request.id}:{member.email.lower()}:{day}", now=intake.now),
    )


def _answer(
    reply: Reply,
    session: Session,
    request: Request,
    compose: Callable[[str], Letter],
    *,
    decision_id: int | None = None,
) -> None:
    intake = reply.intake
    if decision_id is None and reply.is_confirmable and reply.proposal is not None:
        # What decides nothing uses nothing up: the answer can be answered with CONFIRM as well.
        decision_id = reply.proposal.id
    post_to_staff(
        intake.services,
        session,
        request,
        reply.member.email,
        compose,
        Posting(key=f"answer:{intake.entry.id}", now=intake.now, answers=Inbound.of(intake)),
        decision_id=decision_id,
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
    return f"{words}{who}."
