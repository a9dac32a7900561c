"""Transcripts: what a reply was understood to say, what comes of it, and the exact document.

Every one answers the reply in hand, or tells whoever else decided on the same request.
"""

from __future__ import annotations

from sqlalchemy.orm import Session

from config.settings import StaffMember
from inbox_worker.casefile import casework
from inbox_worker.casefile.casework import Proposal
from inbox_worker.casefile.findings_record import findings_of
from inbox_worker.casefile.protection import is_protected
from inbox_worker.letters.letterhead import build_letterhead
from inbox_worker.letters.posting import Posting, post_to_staff
from inbox_worker.review.notices import (
    STATUS_WORDS,
    answer_reply,
    build_options,
    write_review_notices,
)
from inbox_worker.review.reply import ANSWERED, Reply
from inbox_worker.status import RequestStatus
from inbox_worker.storage.models import Decision, Request
from outbound.letters.compose import Fact, Letter
from outbound.letters.finding_facts import compare_findings, describe_findings
from outbound.letters.reply_letters import (
    IssuePlan,
    Transcript,
    compose_transcript,
)
from parsers.replies.findings import Findings


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
    answer_reply(
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
    answer_reply(
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
    services, is_answered = reply.intake.services, reply.status in ANSWERED
    del decision
    answer_reply(
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
                + ("The earlier answer stands." if is_answered else "Everyone has a new notice."),
            )
        ),
    )
    if not is_answered:
        write_review_notices(services, session, request, now=reply.intake.now)


def write_differences(
    reply: Reply,
    session: Session,
    request: Request,
    first: Decision,
    second: Findings,
) -> None:
    """Tell both people how their findings differ, and ask everyone to decide anew."""
    services = reply.intake.services
    people = {reply.member.email.lower(): reply.member}
    other = services.settings.find_staff(first.actor)
    if other is not None:
        people[other.email.lower()] = other
    differences = compare_findings(
        (first.actor if other is None else other.name, findings_of(first)),
        (reply.member.name, second),
        timezone=services.settings.general.timezone,
    )
    for address, member in people.items():

        def compose(reply_to: str, member: StaffMember = member) -> Letter:
            return compose_transcript(
                Transcript(
                    head=build_letterhead(services),
                    tracking_number=request.tracking_number,
                    reply=build_options(services, request, member, reply_to),
                    keyword=first.keyword,
                    status_text="Nothing was issued: the two approvals differ in a printed fact. "
                    + ("" if reply.status in ANSWERED else "The request is back in review."),
                    differences=differences,
                    title="Two approvals differ",
                )
            )

        key = f"differences:{reply.intake.entry.id}:{address}"
        posting = Posting(key=key, now=reply.intake.now)
        post_to_staff(services, session, request, member.email, compose, posting)
    if reply.status not in ANSWERED:
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
    answer_reply(
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


#: The title and the sentence of what reviewers are told of a request's subject.
_PROTECTION_NEWS = {
    True: (
        "Protected by law",
        (
            "The person this request is about is protected by law (8 U.S.C. 1367). Only DENY can"
            " answer it; that reads as any other refusal, and nobody outside is told why."
        ),
    ),
    False: (
        "No longer protected",
        "Two people lifted the protection of this person. Decide as about any other.",
    ),
}


def write_protection_news(
    reply: Reply, session: Session, request: Request, *, to_author: bool
) -> None:
    """Tell reviewers that a request's subject is protected now, or no longer.

    Whoever wrote the reply in hand is told by its answer unless `to_author`.
    """
    services, intake = reply.intake.services, reply.intake
    is_now = is_protected(request)
    title, sentence = _PROTECTION_NEWS[is_now]
    for member in services.settings.find_staff_with("reviewer"):
        if member == reply.member and not to_author:
            continue

        def compose(reply_to: str, member: StaffMember = member) -> Letter:
            return compose_transcript(
                Transcript(
                    head=build_letterhead(services),
                    tracking_number=request.tracking_number,
                    reply=build_options(services, request, member, reply_to),
                    keyword="PROTECT" if is_now else "UNPROTECT",
                    status_text=sentence,
                    title=title,
                )
            )

        key = f"protection:{request.id}:{intake.entry.id}:{member.email.lower()}"
        posting = Posting(key=key, now=intake.now)
        post_to_staff(services, session, request, member.email, compose, posting)
