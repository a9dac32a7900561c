"""RESEND and REVOKE: what is done with a certification that has left.

RESEND sends the same bytes once more, to where they went. To another address it takes two people:
one asks, and another replies the same within a week. What left in the clear, or by post, before it
has to be encrypted is sealed for it, or is not sent while no key can sign that. REVOKE ends a
certification, and everybody it was sent to is told so, without a word about the person or the
reason.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from sqlalchemy import select
from sqlalchemy.orm import Session, undefer

from config.settings import StaffMember
from config.signing_keys import KeyUnusableError
from inbox_worker.casefile import accounting
from inbox_worker.casefile.accounting import BY_POST
from inbox_worker.errors import StaleStatusError
from inbox_worker.intake import Apply
from inbox_worker.letters import correspondence
from inbox_worker.letters.letterhead import build_letterhead
from inbox_worker.letters.posting import Posting, post_to_staff
from inbox_worker.review import notices, reply_answers, sealing, transcripts
from inbox_worker.review.keyring import Keyring
from inbox_worker.review.reply import Reply
from inbox_worker.status import Disposition, RequestStatus
from inbox_worker.storage import store
from inbox_worker.storage.models import CertificationRecord, Decision, Event, Request
from outbound.certification.sealing import name_filing_copy
from outbound.certification.timestamp_errors import TimestampError
from outbound.letters.compose import Fact, Letter
from outbound.letters.mime import find_mailable_address
from outbound.letters.reply_letters import Transcript, compose_transcript
from parsers.values.control_numbers import SAMPLE_CONTROL_NUMBER

#: How long one person's wish to send to another address waits for a second.
WISH_HOLDS = timedelta(days=7)

_REPLACED_FIRST = (
    "Another certification waits to take the place of the one that left. Take that back with "
    "CANCEL and reply REVOKE again, or wait until it has left."
)
_ASKED, _RESENT = "resend_asked", "certification_resent"


def prepare_resending(reply: Reply) -> Apply:
    """Send the newest certification again."""
    address = reply.command.argument.strip("<> ")
    if address and find_mailable_address(address) is None:
        sentence = "RESEND takes an e-mail address, or nothing to send it where it went before."
        return partial(reply_answers.return_refusal, reply, sentence)
    try:
        fresh = _seal_if_needed(reply, address)
    except (KeyUnusableError, TimestampError) as error:
        sentence = f"It has to be sealed first, and cannot be signed now. {error} {error.hint}"
        return partial(reply_answers.return_refusal, reply, sentence)
    return partial(_apply_resending, reply, address, fresh)


def prepare_revocation(reply: Reply) -> Apply:
    """Revoke what was issued; the reason stays inside."""
    return partial(_apply_revocation, reply)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Fresh:
    """Copies made for a certification that had none."""

    certification_id: int
    copies: sealing.Copies


def _seal_if_needed(reply: Reply, address: str) -> _Fresh | None:
    """Make the copies of a certification that was not sealed and has to be from now on.

    Raises `KeyUnusableError` and `TimestampError`.
    """
    services = reply.intake.services
    with services.database.read() as session:
        issued = list_issued(session, reply.request)[-1]
        decision = session.get_one(Decision, issued.decision_id)
        if sealing.find_sealed(session, issued.id) is not None:
            return None
        session.expunge_all()
    by_mail = address or (None if issued.recipient == BY_POST else issued.recipient)
    if not sealing.is_sealed(services, by_mail):
        return None
    is_sample = issued.control_number == SAMPLE_CONTROL_NUMBER
    keyring = Keyring(services=services)
    is_with_key = services.settings.certification.is_signed_with_key and not is_sample
    copies = sealing.seal(
        services,
        issued.pdf,
        keyring.pick_key(decision) if is_with_key else None,
        control_number=issued.control_number,
        timestamps=keyring.timestamps if is_with_key else None,
    )
    return _Fresh(certification_id=issued.id, copies=copies)


def _apply_resending(
    reply: Reply, address: str, fresh: _Fresh | None, session: Session
) -> Disposition:
    request, intake = reply.hold(session), reply.intake
    issued = list_issued(session, request)[-1]
    sealed = sealing.find_sealed(session, issued.id)
    if sealed is None and fresh is not None and fresh.certification_id != issued.id:
        raise StaleStatusError(f"{request.tracking_number} was issued anew meanwhile")
    is_new = bool(address) and address.lower() != issued.recipient.lower()
    if not is_new and issued.recipient == BY_POST:
        sentence = "It went by post. Reply SHOW for the file, or RESEND and an e-mail address."
        return reply_answers.return_refusal(reply, sentence, session)
    recipient = address or issued.recipient
    if is_new and not _is_wanted_by_another(reply, session, request, recipient):
        return _ask_a_second(reply, session, request, recipient)
    if sealed is None and fresh is not None:
        sealed = sealing.record_copies(session, issued.id, fresh.copies, now=intake.now)
    store.add_event(
        session,
        _RESENT,
        request=request,
        actor=reply.member.email.lower(),
        now=intake.now,
        journal_id=intake.entry.id,
        detail={"control_number": issued.control_number, "recipient": recipient},
    )
    posting = Posting(key=f"resend:{intake.entry.id}", now=intake.now)
    correspondence.write_answer(
        intake.services,
        session,
        request,
        issued.pdf if sealed is None else sealed.pdf,
        recipient=recipient,
        is_refusal=issued.outcomes == ["NO_INFORMATION"],
        filing_copy="" if sealed is None else name_filing_copy(issued.control_number),
        posting=posting,
    )
    accounting.record_disclosure(
        intake.services,
        session,
        request,
        issued,
        store.current_fields(session, request),
        sent_to=recipient,
        letter_key=posting.key,
        actor=reply.member.email.lower(),
        now=intake.now,
    )
    facts = (Fact(label="Sent again to", value=recipient),)
    told = "The same document was sent again."
    if sealed is not None:
        told += " Reply PASSWORD for what opens it."
    return _note(reply, session, request, told, facts)


def _apply_revocation(reply: Reply, session: Session) -> Disposition:
    request, intake = reply.hold(session), reply.intake
    if _is_about_to_be_replaced(session, request):
        return reply_answers.return_refusal(reply, _REPLACED_FIRST, session)
    issued = [c for c in list_issued(session, request) if c.status == "current"]
    recipients = list_recipients(session, request)
    for one in issued:
        one.status, one.revoked_at = "revoked", intake.now
    store.move_request(
        session,
        request,
        RequestStatus.REVOKED,
        code="certification_revoked",
        actor=reply.member.email.lower(),
        now=intake.now,
        journal_id=intake.entry.id,
        detail={
            "reason": reply.command.argument,
            "control_numbers": [one.control_number for one in issued],
        },
    )
    for number, recipient in enumerate(recipients):
        correspondence.write_revocation(
            intake.services,
            session,
            request,
            recipient=recipient,
            issued_on=intake.services.local_date(issued[-1].issued_at),
            control_number=issued[-1].control_number,
            posting=Posting(key=f"revocation:{intake.entry.id}:{number}", now=intake.now),
        )
    accounting.record_notices(
        session,
        request,
        recipients,
        ended=[one.control_number for one in issued],
        now=intake.now,
    )
    told = ", ".join(recipients) or "nobody: it went by post. Write to the address on the form."
    facts = (
        Fact(label="Reason", value=reply.command.argument),
        Fact(label="Told that it is revoked", value=told),
    )
    return _note(reply, session, request, "The certification is revoked.", facts)


def _is_about_to_be_replaced(session: Session, request: Request) -> bool:
    """Whether a REISSUE waits to leave: to revoke what it replaces would not stop it."""
    decision = store.find_decision(session, request, "IN_FORCE")
    return (
        decision is not None
        and decision.keyword == "REISSUE"
        and not store.has_left(session, decision)
    )


def list_issued(session: Session, request: Request) -> Sequence[CertificationRecord]:
    """Return what was issued for a request, oldest first; there is something in these statuses."""
    return session.scalars(
        select(CertificationRecord)
        .where(CertificationRecord.request_id == request.id)
        .options(undefer(CertificationRecord.pdf))
        .order_by(CertificationRecord.id)
    ).all()


def list_recipients(session: Session, request: Request) -> tuple[str, ...]:
    """Return every address that what is current was mailed to."""
    sent = [c.recipient for c in list_issued(session, request) if c.status == "current"]
    again = session.scalars(
        select(Event.detail).where(Event.request_id == request.id, Event.code == _RESENT)
    )
    addresses = (*sent, *(str(detail["recipient"]) for detail in again))
    return tuple(dict.fromkeys(a for a in addresses if a != BY_POST))


def _is_wanted_by_another(reply: Reply, session: Session, request: Request, address: str) -> bool:
    """Whether another approver asked for this address of late."""
    settings, me = reply.intake.services.settings, reply.member.email.lower()
    asked = session.scalars(
        select(Event).where(
            Event.request_id == request.id,
            Event.code == _ASKED,
            Event.at > reply.intake.now - WISH_HOLDS,
            Event.actor != me,
        )
    )
    for event in asked:
        member = settings.find_staff(event.actor)
        is_same = str(event.detail["address"]).lower() == address.lower()
        if is_same and member is not None and member.has_role("approver"):
            return True
    return False


def _ask_a_second(reply: Reply, session: Session, request: Request, address: str) -> Disposition:
    """Write to everyone who can be the second person, and tell the first that they did."""
    services, intake = reply.intake.services, reply.intake
    store.add_event(
        session,
        _ASKED,
        request=request,
        actor=reply.member.email.lower(),
        now=intake.now,
        journal_id=intake.entry.id,
        detail={"address": address},
    )
    for other in services.settings.find_staff_with("approver"):
        if other.email.lower() == reply.member.email.lower():
            continue

        def compose(reply_to: str, other: StaffMember = other) -> Letter:
            return compose_transcript(
                Transcript(
                    head=build_letterhead(services),
                    tracking_number=request.tracking_number,
                    reply=notices.build_options(services, request, other, reply_to),
                    keyword="RESEND",
                    title="A second person is needed",
                    status_text=f"{reply.member.name} asks to send the answer to another address."
                    f" It is sent when you reply RESEND {address}; otherwise it is not.",
                    understood=(Fact(label="To", value=address),),
                )
            )

        posting = Posting(key=f"resend:{intake.entry.id}:{other.email.lower()}", now=intake.now)
        post_to_staff(services, session, request, other.email, compose, posting)
    sentence = (
        f"Nothing is sent yet: a second person must reply the same within {WISH_HOLDS.days} days."
    )
    return _note(reply, session, request, sentence, (Fact(label="To", value=address),))


def _note(
    reply: Reply, session: Session, request: Request, sentence: str, facts: tuple[Fact, ...]
) -> Disposition:
    transcripts.return_note(reply, session, request, sentence, facts)
    return Disposition.DECISION_APPLIED
