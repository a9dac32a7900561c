"""PASSWORD: the password of a sealed certification, for staff to read out over the telephone.

`prepare_password` answers the keyword; `write_password_due` tells that there is one to be read out.
Outcomes of PASSWORD: it is shown to the one who asks, with whom to call and how (REPLY_RETURNED,
the event `password_given`, which does not hold it); or it is not, with the reason: the document
left without one, by post or in the clear; it is revoked; or the law has protected the person since.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from sqlalchemy import select
from sqlalchemy.orm import Session

from config.settings import StaffMember
from inbox_worker.casefile import presentation
from inbox_worker.casefile.accounting import BY_POST
from inbox_worker.casefile.protection import is_protected
from inbox_worker.intake import Apply
from inbox_worker.letters.letterhead import build_letterhead
from inbox_worker.letters.posting import Posting, post_to_staff
from inbox_worker.review import notices, reply_answers
from inbox_worker.review.absences import list_absent, list_stand_ins
from inbox_worker.review.after_issue import list_issued, list_recipients
from inbox_worker.review.reply import Reply
from inbox_worker.review.sealing import PASSWORD_GIVEN, find_sealed
from inbox_worker.services import Services
from inbox_worker.status import Disposition, RequestStatus
from inbox_worker.storage import store
from inbox_worker.storage.models import CertificationRecord, Event, Request
from outbound.letters.call_letters import (
    Callee,
    PasswordAnswer,
    PasswordDue,
    compose_password,
    compose_password_due,
)
from outbound.letters.compose import Letter
from parsers.extraction import FieldValue

_REVOKED = "The certification is revoked, so its password is not given out any more."
_PROTECTED = (
    "The person is protected by law (8 U.S.C. 1367): the password of what was issued is not given "
    "out any more."
)


def prepare_password(reply: Reply) -> Apply:
    """Show the password of what was issued last, or say why there is none to show."""
    return partial(_apply_password, reply)


def write_password_due(
    services: Services,
    session: Session,
    request: Request,
    *,
    decider: str,
    recipient: str,
    posting: Posting,
) -> None:
    """Tell whoever decided, and whoever stands in for them, that a password is to be read out.

    Where the one who decided has left, every reviewer is told.
    """
    settings = services.settings
    member = settings.find_staff(decider)
    members = settings.find_staff_with("reviewer") if member is None else (member,)
    absent = list_absent(session, services.local_date(posting.now))
    told = {m.email.lower(): m for m in members}
    stand_ins = list_stand_ins(settings, members, absent)
    told |= {address: deputy for address, (deputy, _) in stand_ins.items()}
    for address, person in told.items():

        def compose(reply_to: str, person: StaffMember = person) -> Letter:
            return compose_password_due(
                PasswordDue(
                    head=build_letterhead(services),
                    tracking_number=request.tracking_number,
                    reply=notices.build_options(services, request, person, reply_to),
                    recipient=recipient,
                )
            )

        errand = Posting(key=f"{posting.key}:{address}", now=posting.now)
        post_to_staff(services, session, request, person.email, compose, errand)


def _apply_password(reply: Reply, session: Session) -> Disposition:
    request, intake = reply.hold(session), reply.intake
    issued = list_issued(session, request)[-1]
    sealed = find_sealed(session, issued.id)
    obstacle = _find_obstacle(request, issued)
    if sealed is None or sealed.password is None or obstacle:
        told = obstacle or _tell_there_is_none(issued)
        return reply_answers.return_refusal(reply, told, session)
    store.add_event(
        session,
        PASSWORD_GIVEN,
        request=request,
        actor=reply.member.email.lower(),
        now=intake.now,
        journal_id=intake.entry.id,
        detail={"control_number": issued.control_number},
    )
    callee = _find_callee(intake.services, session, request, reply.fields)
    password, recipients = sealed.password, list_recipients(session, request)

    def compose(reply_to: str) -> Letter:
        options = notices.build_options(intake.services, request, reply.member, reply_to)
        return compose_password(
            PasswordAnswer(
                head=build_letterhead(intake.services),
                tracking_number=request.tracking_number,
                reply=options,
                control_number=issued.control_number,
                recipients=recipients,
                issued_at=issued.issued_at,
                callee=callee,
                password=password,
            )
        )

    notices.answer_reply(reply, session, request, compose)
    return Disposition.REPLY_RETURNED


def _find_obstacle(request: Request, issued: CertificationRecord) -> str:
    """Return why a password that there is is not given, empty where it is."""
    if request.status == RequestStatus.REVOKED:
        return _REVOKED
    # A refusal tells nothing of anybody, and every refusal has to open alike.
    if is_protected(request) and issued.outcomes != ["NO_INFORMATION"]:
        return _PROTECTED
    return ""


def _tell_there_is_none(issued: CertificationRecord) -> str:
    if issued.recipient == BY_POST:
        return "The document went by post, on paper: there is no password."
    return "The document left without a password."


def _find_callee(
    services: Services, session: Session, request: Request, fields: Mapping[str, FieldValue]
) -> Callee:
    """Return whom to call, and whether the number on the form may be used for it."""
    values = {name: str(found.value) for name, found in fields.items()}
    field = services.definition(request.definition).find_field("password_phone")
    phone = values.get("password_phone", "")
    return Callee(
        name=values.get("requester_name", ""),
        title=values.get("requester_title", ""),
        agency=values.get("requester_agency", ""),
        phone=presentation.format_value(field, phone) if field is not None and phone else "",
        is_known=bool(phone) and _was_called_before(session, request, phone),
    )


def _was_called_before(session: Session, request: Request, phone: str) -> bool:
    """Whether the password of an earlier request of the same author was given, for this number.

    An earlier answer to this request proves nothing: its call may not have come about. Nor does
    one that was revoked, perhaps because whoever was called had asked for nothing.
    """
    earlier = session.scalars(
        select(Request).where(
            Request.author_address == request.author_address,
            Request.id < request.id,
            Request.status == RequestStatus.ISSUED.value,
            Request.id.in_(select(Event.request_id).where(Event.code == PASSWORD_GIVEN)),
        )
    )
    return any(_find_phone(session, one) == phone for one in earlier)


def _find_phone(session: Session, request: Request) -> str:
    found = store.current_fields(session, request).get("password_phone")
    return "" if found is None else str(found.value)
