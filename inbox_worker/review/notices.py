"""Notices that ask staff to decide, and the one way in which a reply of theirs is answered.

All work in the caller's transaction and put letters into the outbox; whether to write is the use
case's business.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from sqlalchemy.orm import Session

from config.settings import StaffMember
from inbox_worker.casefile import presentation
from inbox_worker.casefile.casework import Proposal, assess, build_case, describe_detail
from inbox_worker.casefile.dossier import Dossier, Prepared, find_original, read_dossier
from inbox_worker.casefile.doubts import build_checks
from inbox_worker.casefile.findings_record import findings_of
from inbox_worker.casefile.identity import judge_identity
from inbox_worker.casefile.protection import is_protected
from inbox_worker.casefile.triage import find_fields_to_check
from inbox_worker.letters.letterhead import build_letterhead
from inbox_worker.letters.posting import Inbound, Posting, post_to_staff
from inbox_worker.letters.printing import list_address_lines
from inbox_worker.review.absences import Absent, list_absent, list_stand_ins
from inbox_worker.review.assignment import assign_if_due, find_office
from inbox_worker.review.commands import list_possible
from inbox_worker.review.reply import Reply
from inbox_worker.services import Services
from inbox_worker.status import RequestStatus
from inbox_worker.storage import store
from inbox_worker.storage.models import Decision, Request
from inbox_worker.storage.outbox_store import has_letter
from outbound.certification.case import Detail
from outbound.letters.compose import Letter
from outbound.letters.finding_facts import describe_findings
from outbound.letters.reply_letters import Transcript, compose_transcript
from outbound.letters.reply_skeletons import ReplyOptions
from outbound.letters.review_letters import (
    Note,
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
    absent: Absent | None = None,
    answer: str = "",
) -> None:
    """Ask whoever is to decide, and whoever stands in for one of them that is away.

    `dossier` is what they are shown and `absent` who is away, both read from the database when they
    are not at hand; `prepared` are pictures and a comparison that go with it;
    `answer` is what the requester wrote back.
    """
    shown = dossier or read_dossier(session, request)
    assigned = assign_if_due(services, session, request, shown.fields, now=now)
    everybody = services.settings.find_staff_with("reviewer")
    members = everybody if assigned is None else (assigned,)
    asking = _Asking(dossier=shown, prepared=prepared or Prepared(), answer=answer)
    if absent is None:
        absent = list_absent(session, services.local_date(now))
    _ask(services, session, request, members, asking, absent=absent, now=now)


def write_reminders(
    services: Services,
    session: Session,
    request: Request,
    members: Sequence[StaffMember],
    *,
    number: int,
    now: datetime,
) -> None:
    """Ask again, for the `number`th time; who is away is left in peace.

    The notice that is sent now can be answered for as long as the first one could.
    """
    asking = _Asking(dossier=read_dossier(session, request), reminder=number)
    absent = list_absent(session, services.local_date(now))
    _ask(services, session, request, members, asking, absent=absent, now=now)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asking:
    """What people are shown with the question for their decision."""

    dossier: Dossier
    prepared: Prepared = field(default_factory=Prepared)
    answer: str = ""  #: what the requester wrote back
    reminder: int = 0  #: how many times they were asked before


def _ask(
    services: Services,
    session: Session,
    request: Request,
    members: Sequence[StaffMember],
    asking: _Asking,
    *,
    absent: Absent,
    now: datetime,
) -> None:
    standing_in = list_stand_ins(services.settings, members, absent)
    asked = {m.email.lower(): m for m in members}
    asked |= {address: deputy for address, (deputy, _) in standing_in.items()}
    for address, member in asked.items():
        if asking.reminder and address in absent:
            continue
        _, names = standing_in.get(address, (member, ()))
        compose = _composer(services, request, member, asking, absent=names, now=now)
        key = build_notice_key(request, member)
        if asking.reminder:
            key = f"{key}:reminder:{asking.reminder}"
        post_to_staff(services, session, request, member.email, compose, Posting(key=key, now=now))


def write_assigned_notice(
    services: Services, session: Session, request: Request, member: StaffMember, posting: Posting
) -> None:
    """Ask the colleague a request was given to."""
    asking = _Asking(dossier=read_dossier(session, request))
    compose = _composer(services, request, member, asking, absent=(), now=posting.now)
    post_to_staff(services, session, request, member.email, compose, posting)


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
    asking = _Asking(dossier=read_dossier(session, request))
    compose = _composer(services, request, deputy, asking, absent=(absent.name,), now=now)
    store.add_event(
        session,
        "review_routed",
        request=request,
        actor=store.PROGRAM,
        now=now,
        detail={"deputy": deputy.email.lower()},
    )
    post_to_staff(services, session, request, deputy.email, compose, Posting(key=key, now=now))


def _composer(
    services: Services,
    request: Request,
    member: StaffMember,
    asking: _Asking,
    *,
    absent: Sequence[str],
    now: datetime,
) -> Callable[[str], Letter]:
    dossier, prepared = asking.dossier, asking.prepared
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
                    detail_text=describe_detail(
                        Detail.NONE if is_protected(request) else disclosure.detail
                    ),
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
                is_form_attached=services.settings.review.attach_original,
                identity=judge_identity(fields),
                office=find_office(services, fields),
                notes=_name_writers(services, dossier.notes),
                requester_answer=asking.answer,
                is_reminder=bool(asking.reminder),
                stands_in_for=tuple(absent),
                bases=services.settings.review.bases,
            )
        )

    return compose


def _name_writers(services: Services, notes: Sequence[Note]) -> tuple[Note, ...]:
    """Return the notes with names in place of the addresses of who wrote them."""
    found = ((services.settings.find_staff(note.by), note) for note in notes)
    return tuple(n if member is None else replace(n, by=member.name) for member, n in found)


def write_second_review_notices(
    services: Services,
    session: Session,
    request: Request,
    decision: Decision,
    proposal: Proposal,
    document: bytes,
    *,
    now: datetime,
) -> None:
    """Ask everyone else who may approve for the second decision."""
    reasons = tuple(r.sentence for r in proposal.second_person)
    asking = _AskingAgain(decision=decision, reasons=reasons, document=document)
    _ask_second(services, session, request, asking, now=now)


def write_second_review_reminders(
    services: Services, session: Session, request: Request, *, number: int, now: datetime
) -> None:
    """Ask again for the second decision, but for those who are away."""
    decision = store.find_decision(session, request, "FIRST")
    if decision is not None:
        asking = _AskingAgain(decision=decision, reminder=number)
        _ask_second(services, session, request, asking, now=now)


@dataclass(frozen=True, slots=True, kw_only=True)
class _AskingAgain:
    """What people are shown with the question for a second decision."""

    decision: Decision  #: the first person's
    reasons: tuple[str, ...] = ()
    document: bytes | None = None  #: marked PREVIEW
    reminder: int = 0  #: how many times they were asked before


def _ask_second(
    services: Services, session: Session, request: Request, asking: _AskingAgain, *, now: datetime
) -> None:
    decision, zone = asking.decision, services.settings.general.timezone
    first = services.settings.find_staff(decision.actor)
    definition = services.definition(request.definition)
    sections = presentation.build_sections(definition, store.current_fields(session, request))
    original = find_original(session, request)
    left_in_peace = list_absent(session, services.local_date(now)) if asking.reminder else {}
    for member in services.settings.find_staff_with("approver"):
        address = member.email.lower()
        if address == decision.actor or address in left_in_peace:
            continue

        def compose(reply_to: str, member: StaffMember = member) -> Letter:
            return compose_second_review_notice(
                SecondReviewNotice(
                    head=build_letterhead(services),
                    tracking_number=request.tracking_number,
                    reply=build_options(services, request, member, reply_to),
                    first_person=decision.actor if first is None else first.name,
                    approved_at=decision.made_at,
                    findings=describe_findings(findings_of(decision), timezone=zone),
                    reasons=asking.reasons,
                    sections=sections,
                    form=original,
                    is_form_attached=services.settings.review.attach_original,
                    preview=asking.document,
                    is_reminder=bool(asking.reminder),
                    keyword=decision.keyword,
                )
            )

        key = f"second:{request.id}:{decision.id}:{address}"
        if asking.reminder:
            key = f"{key}:reminder:{asking.reminder}"
        post_to_staff(services, session, request, member.email, compose, Posting(key=key, now=now))


def write_counsel_notices(
    services: Services, session: Session, request: Request, *, now: datetime
) -> None:
    """Tell everyone who may release it that a request is with counsel."""
    for member in services.settings.find_staff_with("reviewer"):

        def compose(reply_to: str, member: StaffMember = member) -> Letter:
            return compose_transcript(
                Transcript(
                    head=build_letterhead(services),
                    tracking_number=request.tracking_number,
                    reply=build_options(services, request, member, reply_to),
                    keyword="LEGAL",
                    title="A request is with counsel",
                    status_text="This request is with counsel: a demand is attached, the person may"
                    " be a citizen, or a colleague sent it there. Nothing is answered before"
                    " counsel lets it go. Then reply RELEASE. SHOW sends you the file.",
                )
            )

        key = f"legal:{request.id}:{request.revision}:{now:%Y%m%dT%H%M%S}:{member.email.lower()}"
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
        is_protected=is_protected(request),
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
