"""Notices that ask staff to decide, and the one way in which a reply of theirs is answered.

All work in the caller's transaction and put letters into the outbox; whether to write is the use
case's business.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from config.settings import StaffMember
from inbox_worker.casefile import presentation
from inbox_worker.casefile.casework import Proposal, assess, build_case, describe_detail
from inbox_worker.casefile.dossier import Dossier, Prepared, find_original, read_dossier
from inbox_worker.casefile.doubts import build_checks
from inbox_worker.casefile.findings_record import findings_of
from inbox_worker.casefile.triage import find_fields_to_check
from inbox_worker.letters.letterhead import build_letterhead
from inbox_worker.letters.posting import Inbound, Posting, post_to_staff
from inbox_worker.letters.printing import list_address_lines
from inbox_worker.review.absences import StandIns, list_stand_ins
from inbox_worker.review.commands import list_possible
from inbox_worker.review.reply import Reply
from inbox_worker.services import Services
from inbox_worker.status import RequestStatus
from inbox_worker.storage import store
from inbox_worker.storage.models import Decision, Request
from inbox_worker.storage.outbox_store import has_letter
from outbound.letters.compose import Letter
from outbound.letters.finding_facts import describe_findings
from outbound.letters.reply_skeletons import ReplyOptions
from outbound.letters.review_letters import (
    ReviewNotice,
    SecondReviewNotice,
    compose_review_notice,
    compose_second_review_notice,
)
from outbound.letters.staff_letters import PostalInstruction, compose_postal_instruction
from parsers.extraction import FieldValue

#: Where a request stands, as staff are told.
STATUS_WORDS = {
    RequestStatus.RECEIVED: "The request was received.",
    RequestStatus.INCOMPLETE: "The requester was asked to complete the form.",
    RequestStatus.IN_REVIEW: "The request waits for a decision.",
    RequestStatus.NEEDS_INFORMATION: "A question is with the requester.",
    RequestStatus.ON_HOLD: "The request is on hold.",
    RequestStatus.LEGAL: "The request is with counsel.",
    RequestStatus.SECOND_REVIEW: "One person approved; a second person must decide.",
    RequestStatus.APPROVED: "The request is approved; the certification has not left yet.",
    RequestStatus.DENIED: "The request is denied; the answer has not left yet.",
    RequestStatus.ISSUED: "The answer was issued.",
    RequestStatus.REVOKED: "The certification was revoked.",
    RequestStatus.WITHDRAWN: "The requester withdrew the request.",
    RequestStatus.CLOSED: "The request is closed.",
}


def write_review_notices(
    services: Services,
    session: Session,
    request: Request,
    *,
    now: datetime,
    dossier: Dossier | None = None,
    prepared: Prepared | None = None,
    standing_in: StandIns | None = None,
    answer: str = "",
) -> None:
    """Ask every reviewer and approver to decide, and whoever stands in for one that is away.

    `dossier` is what they are shown and `standing_in` who is asked for others, both read from the
    database when they are not at hand; `prepared` are pictures and a comparison that go with it;
    `answer` is what the requester wrote back.
    """
    shown, beside = dossier or read_dossier(session, request), prepared or Prepared()
    if standing_in is None:
        standing_in = list_stand_ins(services.settings, session, services.local_date(now))
    asked = {m.email.lower(): m for m in services.settings.find_staff_with("reviewer")}
    asked |= {address: deputy for address, (deputy, _) in standing_in.items()}
    for address, member in asked.items():
        _, absent = standing_in.get(address, (member, ()))
        compose = _composer(
            services, request, shown, beside, member, absent=absent, answer=answer, now=now
        )
        key = build_notice_key(request, member)
        post_to_staff(services, session, request, member.email, compose, Posting(key=key, now=now))


def build_notice_key(request: Request, member: StaffMember) -> str:
    """Return the key of a person's notice of the request's present round."""
    return f"review:{request.id}:{request.round}:{member.email.lower()}"


def write_stand_in_notice(
    services: Services,
    session: Session,
    request: Request,
    deputy: StaffMember,
    absent: StaffMember,
    *,
    now: datetime,
) -> None:
    """Ask a deputy to decide in place of somebody who is away, once for each round and person."""
    key = f"{build_notice_key(request, deputy)}:for:{absent.email.lower()}"
    if has_letter(session, key):
        return
    compose = _composer(
        services,
        request,
        read_dossier(session, request),
        Prepared(),
        deputy,
        absent=(absent.name,),
        answer="",
        now=now,
    )
    post_to_staff(services, session, request, deputy.email, compose, Posting(key=key, now=now))


def _composer(
    services: Services,
    request: Request,
    dossier: Dossier,
    prepared: Prepared,
    member: StaffMember,
    *,
    absent: Sequence[str],
    answer: str,
    now: datetime,
) -> Callable[[str], Letter]:
    definition, fields = services.definition(request.definition), dossier.fields
    values = {name: found.value for name, found in fields.items()}
    case = build_case(
        services,
        request,
        fields,
        has_supporting_attachment=dossier.has_supporting_attachment,
    )
    disclosure = assess(services, case, None, now=now)
    due, due_reason = presentation.find_due(values)

    def compose(reply_to: str) -> Letter:
        return compose_review_notice(
            ReviewNotice(
                head=build_letterhead(services),
                tracking_number=request.tracking_number,
                reply=build_options(services, request, member, reply_to),
                priority_text=presentation.PRIORITY_WORDS[request.priority],
                received_at=request.received_at,
                requester=presentation.build_requester(
                    definition,
                    request,
                    fields,
                    detail_text=describe_detail(disclosure.detail),
                    official_domains=services.settings.general.official_domains,
                    earlier_requests=dossier.earlier_requests,
                ),
                sections=presentation.build_sections(
                    definition,
                    fields,
                    dossier.problems,
                    without=find_fields_to_check(fields, dossier.problems),
                ),
                to_check=build_checks(definition, fields, dossier.problems, prepared.pictures),
                comparison=prepared.comparison,
                due_date=due,
                due_reason=due_reason,
                flags=presentation.build_flags(request, disclosure),
                files=dossier.files,
                first_obligation_date=min((o.first for o in case.obligations), default=None),
                form=dossier.original,
                requester_answer=answer,
                stands_in_for=tuple(absent),
                bases=services.settings.review.bases,
            )
        )

    return compose


def write_second_review_notices(
    reply: Reply,
    session: Session,
    request: Request,
    decision: Decision,
    proposal: Proposal,
    document: bytes,
) -> None:
    """Ask everyone else who may approve for the second decision."""
    services, now = reply.intake.services, reply.intake.now
    zone = services.settings.general.timezone
    definition = services.definition(request.definition)
    sections = presentation.build_sections(definition, store.current_fields(session, request))
    original = find_original(session, request)
    for member in services.settings.find_staff_with("approver"):
        if member.email.lower() == decision.actor:
            continue

        def compose(reply_to: str, member: StaffMember = member) -> Letter:
            return compose_second_review_notice(
                SecondReviewNotice(
                    head=build_letterhead(services),
                    tracking_number=request.tracking_number,
                    reply=build_options(services, request, member, reply_to),
                    first_person=reply.member.name,
                    approved_at=now,
                    findings=describe_findings(findings_of(decision), timezone=zone),
                    reasons=tuple(r.sentence for r in proposal.second_person),
                    sections=sections,
                    form=original,
                    preview=document,
                )
            )

        key = f"second:{request.id}:{decision.id}:{member.email.lower()}"
        post_to_staff(services, session, request, member.email, compose, Posting(key=key, now=now))


def write_postal_instruction(
    services: Services,
    session: Session,
    request: Request,
    address: str,
    fields: Mapping[str, FieldValue],
    document: bytes,
    posting: Posting,
) -> None:
    """Ask whoever decided to print a certification and post it to the form's address."""
    letter = compose_postal_instruction(
        PostalInstruction(
            head=build_letterhead(services),
            tracking_number=request.tracking_number,
            address_lines=list_address_lines(fields),
            document=document,
        )
    )
    post_to_staff(services, session, request, address, lambda _: letter, posting)


def build_options(
    services: Services,
    request: Request,
    member: StaffMember,
    reply_to: str,
    *,
    confirmable: bool = False,
    cancellable: bool = False,
) -> ReplyOptions:
    """Return how this person can answer a letter about the request now."""
    possible = list_possible(
        services.keywords,
        member,
        RequestStatus(request.status),
        confirmable=confirmable,
        cancellable=cancellable,
    )
    return ReplyOptions(address=reply_to, keywords=possible)


def answer_reply(
    reply: Reply,
    session: Session,
    request: Request,
    compose: Callable[[str], Letter],
    *,
    decision_id: int | None = None,
) -> None:
    """Put the one answer to a reply into the outbox, threaded below it."""
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
