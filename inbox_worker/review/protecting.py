"""PROTECT and UNPROTECT: the person a request is about is protected by law, or no longer.

PROTECT puts the person on the list and raises the flag of every request about them, open or not:
an approval that has not left comes back to review, and where something of the person was told
already, the supervisors have a privacy incident. Nothing leaves. UNPROTECT is asked for by one
person and done by another, one of them a supervisor; it takes off the list what this request says
of the person.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import String, cast, delete, select, update
from sqlalchemy.orm import Session

from config.settings import Role, StaffMember
from inbox_worker.casefile import protection
from inbox_worker.casefile.triage import Flag
from inbox_worker.intake import Apply
from inbox_worker.letters import staff_alerts
from inbox_worker.letters.letterhead import build_letterhead
from inbox_worker.letters.posting import Posting, post_to_staff
from inbox_worker.review import notices, reply_answers, transcripts
from inbox_worker.review.reply import Reply
from inbox_worker.services import Services
from inbox_worker.status import DeliveryStatus, Disposition, RequestStatus
from inbox_worker.storage import store
from inbox_worker.storage.models import (
    CertificationRecord,
    LetterRecord,
    Request,
    UnprotectWish,
)
from outbound.letters.compose import Letter, LetterKind
from outbound.letters.reply_letters import Transcript, compose_transcript
from parsers.forms.subject_keys import SubjectKeys, find_subject_keys

_S = RequestStatus

#: Letters that carry a certification, sent for the first time or once more.
_WITH_FACTS = (LetterKind.CERTIFICATION.value, LetterKind.POSTAL_INSTRUCTION.value)

#: How long one person's wish to lift a protection waits for a second.
WISH_HOLDS = timedelta(days=7)

#: In which reviewers have a notice, or may have one again, that says nothing of a protection.
_KNOWN_TO_REVIEWERS = frozenset(
    {_S.IN_REVIEW, _S.SECOND_REVIEW, _S.NEEDS_INFORMATION, _S.ON_HOLD, _S.LEGAL}
)


def prepare_protection(reply: Reply) -> Apply:
    """Protect the person the request is about."""
    subject = _find_subject(reply)
    if not subject.kept:
        return reply_answers.refuse(
            reply,
            "The file names nobody by whom the person could be known again: it needs a number, or"
            " a name and a birth date. Use CORRECT first.",
        )
    return partial(_apply_protection, reply, subject)


def prepare_unprotection(reply: Reply) -> Apply:
    """Ask a second person to lift the protection, or lift it as the second."""
    if not protection.is_protected(reply.request):
        return reply_answers.refuse(reply, "The person of this request is not protected.")
    return partial(_apply_unprotection, reply)


def _find_subject(reply: Reply) -> SubjectKeys:
    return find_subject_keys(reply.fields, today=reply.intake.today)


def _apply_protection(reply: Reply, subject: SubjectKeys, session: Session) -> Disposition:
    intake = reply.intake
    known = protection.hold_list(session, for_change=True)
    request = reply.hold(session)
    known.add(subject, now=intake.now)
    session.execute(delete(UnprotectWish).where(UnprotectWish.request_id == request.id))
    others = protection.list_requests_about(session, subject, but=request, today=intake.today)
    concerned = [request, *(store.hold_request(session, i) for i in others)]
    marked = [r for r in concerned if not protection.is_protected(r)]
    for one in marked:
        _mark(reply, session, one)
    count = len([r for r in marked if r is not request])
    transcripts.return_note(
        reply,
        session,
        request,
        "The person is protected. Only DENY can answer this request and any other about them, and"
        " nothing was sent outside." + (f" Other requests marked: {count}." if count else ""),
    )
    for one in marked:
        _tell(reply, session, one)
    return Disposition.DECISION_APPLIED


def _mark(reply: Reply, session: Session, request: Request) -> None:
    """Raise a request's flag, and take an approval back that has not left."""
    protection.mark_protected(
        session,
        request,
        actor=reply.member.email.lower(),
        now=reply.intake.now,
        journal_id=reply.intake.entry.id,
    )
    session.flush()
    if _S(request.status) is _S.APPROVED:
        _stop_approval(reply, session, request)


def _tell(reply: Reply, session: Session, request: Request) -> None:
    """Tell reviewers what their notices do not say, and supervisors what was disclosed."""
    _tell_reviewers(reply, session, request)
    if _has_told_of_the_person(session, request):
        is_stopped = _stop_answer(session, request)
        staff_alerts.write_privacy_incident(
            reply.intake.services, session, request, is_stopped=is_stopped, now=reply.intake.now
        )


def _stop_approval(reply: Reply, session: Session, request: Request) -> None:
    """Take an approval back that waits to leave, and ask everyone to decide anew."""
    now = reply.intake.now
    decision = store.find_decision(session, request, "IN_FORCE")
    if decision is not None:
        store.set_decision_state(session, decision, "IN_FORCE", "CANCELLED")
    store.move_request(
        session,
        request,
        _S.IN_REVIEW,
        code="approval_stopped",
        actor=reply.member.email.lower(),
        now=now,
        journal_id=reply.intake.entry.id,
    )
    notices.write_review_notices(reply.intake.services, session, request, now=now)


def _has_told_of_the_person(session: Session, request: Request) -> bool:
    """Whether a certification with facts was issued; a refusal tells of nobody."""
    issued = session.scalars(
        select(CertificationRecord.outcomes).where(CertificationRecord.request_id == request.id)
    )
    return any(outcomes != ["NO_INFORMATION"] for outcomes in issued)


def _stop_answer(session: Session, request: Request) -> bool:
    """Take back answers with facts that still wait in the outbox; return whether one did."""
    stopped = session.execute(
        update(LetterRecord)
        .where(
            LetterRecord.request_id == request.id,
            LetterRecord.kind.in_(_WITH_FACTS),
            LetterRecord.status == DeliveryStatus.QUEUED.value,
        )
        .values(status=DeliveryStatus.CANCELLED.value)
        .execution_options(synchronize_session=False)
    )
    return bool(stopped.rowcount)  # type: ignore[attr-defined]


def _apply_unprotection(reply: Reply, session: Session) -> Disposition:
    now, actor = reply.intake.now, reply.member.email.lower()
    known = protection.hold_list(session, for_change=True)
    request = reply.hold(session)
    wish = session.get(UnprotectWish, request.id)
    first = None if wish is None else _find_first(reply.intake.services, wish, now)
    if first is None:
        session.merge(UnprotectWish(request_id=request.id, actor=actor, asked_at=now))
        return _ask_a_second(reply, session, request)
    if first.email.lower() == actor:
        return reply_answers.return_refusal(
            reply, "You asked for it already; a second person must reply UNPROTECT.", session
        )
    if not any(person.has_role("supervisor") for person in (first, reply.member)):
        return reply_answers.return_refusal(
            reply, f"{first.name} asked for it; a supervisor must be the second.", session
        )
    session.delete(wish)
    subject = _find_subject(reply)
    known.remove(subject)
    lifted = [request]
    for other in _list_protected(session, but=request):
        keys = _find_keys_of(reply, session, other)
        is_same = not subject.kept.isdisjoint(keys.sought)
        if is_same and known.find_protected([keys]) == [False]:
            lifted.append(store.hold_request(session, other.id))
    for one in lifted:
        _lower(reply, session, one)
    transcripts.return_note(
        reply, session, request, f"The protection was lifted, by you and {first.name}."
    )
    for one in lifted:
        _tell_reviewers(reply, session, one)
    return Disposition.DECISION_APPLIED


def _find_first(services: Services, wish: UnprotectWish, now: datetime) -> StaffMember | None:
    """Return who asked, while the wish holds and they are still a reviewer."""
    member = services.settings.find_staff(wish.actor)
    if member is None or not member.has_role("reviewer") or wish.asked_at + WISH_HOLDS <= now:
        return None
    return member


def _list_protected(session: Session, *, but: Request) -> list[Request]:
    named = cast(Request.flags, String).contains(Flag.PROTECTED.value)
    found = session.scalars(select(Request).where(Request.id != but.id, named).order_by(Request.id))
    return [request for request in found if protection.is_protected(request)]


def _find_keys_of(reply: Reply, session: Session, request: Request) -> SubjectKeys:
    fields = store.current_fields(session, request)
    return find_subject_keys(fields, today=reply.intake.today)


def _lower(reply: Reply, session: Session, request: Request) -> None:
    protection.unmark_protected(
        session,
        request,
        actor=reply.member.email.lower(),
        now=reply.intake.now,
        journal_id=reply.intake.entry.id,
    )
    session.flush()


def _tell_reviewers(reply: Reply, session: Session, request: Request) -> None:
    if _S(request.status) in _KNOWN_TO_REVIEWERS:
        is_another = request.id != reply.request.id
        transcripts.write_protection_news(reply, session, request, to_author=is_another)


def _ask_a_second(reply: Reply, session: Session, request: Request) -> Disposition:
    """Write to everyone who can be the second person, and tell the first that they did."""
    services, intake, member = reply.intake.services, reply.intake, reply.member
    store.add_event(
        session,
        "unprotect_asked",
        request=request,
        actor=member.email.lower(),
        now=intake.now,
        journal_id=intake.entry.id,
    )
    role: Role = "reviewer" if member.has_role("supervisor") else "supervisor"
    for other in services.settings.find_staff_with(role):
        if other.email.lower() == member.email.lower():
            continue

        def compose(reply_to: str, other: StaffMember = other) -> Letter:
            return compose_transcript(
                Transcript(
                    head=build_letterhead(services),
                    tracking_number=request.tracking_number,
                    reply=notices.build_options(services, request, other, reply_to),
                    keyword="UNPROTECT",
                    title="A second person is needed",
                    status_text=f"{member.name} asks to lift the protection of the person this"
                    " request is about. It is lifted when you reply UNPROTECT; otherwise it stays."
                    " Do not lift it when the request is about somebody else of the same"
                    " name and birth date: the other person would lose it.",
                )
            )

        key = f"unprotect:{intake.entry.id}:{other.email.lower()}"
        posting = Posting(key=key, now=intake.now)
        post_to_staff(services, session, request, other.email, compose, posting)
    second = "a second person" if role == "reviewer" else "a supervisor"
    transcripts.return_note(
        reply,
        session,
        request,
        f"Nothing is lifted yet: {second} must reply UNPROTECT within {WISH_HOLDS.days} days.",
    )
    return Disposition.DECISION_APPLIED
