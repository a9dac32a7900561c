"""What comes of a reply that is not obeyed because of who wrote it: an event, and who is told what.

Outcome: REPLY_REFUSED, always with an event `reply_refused_CODE`. The person a token was issued to
is warned at the address we know, never at one that a mail claims; a proven colleague is told whose
mail it was. Who is proven hears of each reply, others once a day for each request and reason.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy.orm import Session

from config.settings import StaffMember
from inbox_worker.intake import Intake
from inbox_worker.letters.letterhead import build_letterhead
from inbox_worker.letters.posting import Inbound, Posting, post_to_staff
from inbox_worker.review import reply_answers
from inbox_worker.review.entitlement import Refusal
from inbox_worker.review.notices import build_options
from inbox_worker.review.reply import is_confirmable
from inbox_worker.status import Disposition
from inbox_worker.storage import store
from inbox_worker.storage.models import Decision, Request
from outbound.letters.compose import LetterKind
from outbound.letters.reply_letters import UnprovenReply, compose_unproven_reply

#: How many warnings one person gets in a day, whoever goes on writing in their name.
WARNINGS_PER_DAY = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class WarningWords:
    """What the person a token was issued to is told."""

    happened: str  #: a sentence without its end, which is ", so nothing was decided."
    if_yours: str  #: what to do where it was their own reply, sentences
    if_not: str = "someone used your name."  #: what it means where it was not


_OWN_ACCOUNT = (
    "reply to this message from your own account at the agency, with the mail program you use "
    "every day."
)
_OWN_CERTIFICATE = (
    "sign it with the certificate the agency issued to this address, and reply to this message."
)

#: What is said for each code, or for what in particular it was. What has no words of its own says
#: that nothing proves the author.
WARNINGS: Mapping[str, WarningWords] = {
    "unproven": WarningWords(
        happened="A reply in your name could not be proven to come from you",
        if_yours=f"{_OWN_ACCOUNT} Mail that is forwarded, or sent through another service, cannot "
        "be proven.",
    ),
    "no_single_author": WarningWords(
        happened="A reply in your name had other authors beside you",
        if_yours=f"{_OWN_ACCOUNT} It must bear your address as its only sender.",
    ),
    "other_author": WarningWords(
        happened="A message that was written to you was answered from an address that is not yours "
        "here",
        if_yours=f"{_OWN_ACCOUNT} It must be the address that this message came to. A colleague "
        "you passed the message to answers the notice that was sent to them.",
        if_not="someone else has a copy of that message.",
    ),
    "sent_by_another": WarningWords(
        happened="A reply in your name was sent by another account on your behalf",
        if_yours=f"{_OWN_ACCOUNT} Nobody can decide for you.",
    ),
    "not_signed": WarningWords(
        happened="A reply in your name bore no S/MIME signature over the whole message",
        if_yours=f"{_OWN_CERTIFICATE} Encrypted mail cannot be read here.",
    ),
    "signature_unreadable": WarningWords(
        happened="A reply in your name bore a signature that cannot be read",
        if_yours=_OWN_CERTIFICATE,
    ),
    "signature_weak": WarningWords(
        happened="A reply in your name bore a signature by a method that is not safe any more",
        if_yours=f"{_OWN_CERTIFICATE} Your mail program must sign with SHA-256 or better; your IT "
        "help desk can set that.",
    ),
    "signed_at_another_time": WarningWords(
        happened="A reply in your name was not signed after the message that it answers",
        if_yours=f"{_OWN_CERTIFICATE} Look whether your computer's clock is right.",
    ),
    "content_changed": WarningWords(
        happened="A reply in your name was changed after it was signed",
        if_yours="reply to this message again. If that does not help, tell your IT help desk that "
        "something changes signed mail on its way here.",
    ),
    "certificate_of_another": WarningWords(
        happened="A reply in your name was signed with a certificate that was not issued to your "
        "address",
        if_yours=_OWN_CERTIFICATE,
    ),
    "certificate_untrusted": WarningWords(
        happened="A reply in your name was signed with a certificate that no authority trusted "
        "here issued",
        if_yours=_OWN_CERTIFICATE,
    ),
    "certificate_out_of_date": WarningWords(
        happened="A reply in your name was signed with a certificate that is not valid today",
        if_yours=f"{_OWN_CERTIFICATE} Your IT help desk renews certificates.",
    ),
    "certificate_revoked": WarningWords(
        happened="A reply in your name was signed with a certificate that was revoked",
        if_yours=f"{_OWN_CERTIFICATE} Your IT help desk renews certificates.",
    ),
    "certificate_not_for_mail": WarningWords(
        happened="A reply in your name was signed with a certificate that is not meant for mail",
        if_yours=_OWN_CERTIFICATE,
    ),
    "revocation_unknown": WarningWords(
        happened="Nobody can tell whether the certificate that a reply in your name was signed "
        "with was revoked",
        if_yours="tell those who run this mailbox that the list of revoked certificates is "
        "missing or out of date.",
    ),
}


def refuse(
    intake: Intake,
    request: Request | None,
    holder: StaffMember | None,
    refusal: Refusal,
    proposal: Decision | None,
    session: Session,
) -> Disposition:
    """Write down that a reply was not obeyed, and tell whoever is to be told.

    `holder` is the person the answered letter was written to, None when they left, and `proposal`
    what it proposed: the warning can be answered in the same way.
    """
    if request is not None and refusal.told == "holder" and holder is not None:
        _warn(intake, session, request, holder, refusal, proposal)
    if request is not None and refusal.told == "author":
        _tell_author(intake, session, request, holder)
    store.add_event(
        session,
        f"reply_refused_{refusal.code}",
        request=request,
        actor=store.PROGRAM,
        now=intake.now,
        journal_id=intake.entry.id,
        detail={"why": refusal.detail} if refusal.detail else None,
    )
    return Disposition.REPLY_REFUSED


def _tell_author(
    intake: Intake, session: Session, request: Request, holder: StaffMember | None
) -> None:
    author = intake.services.settings.find_staff(intake.author_address)
    if author is None:
        return
    if holder is not None and holder.email == author.email:
        sentence = "You do not review requests any more, so nothing was decided."
    else:
        name = "someone who left" if holder is None else holder.name
        sentence = (
            f"The mail you answered was written to {name}. "
            "Please answer the notice that was sent to you."
        )
    reply_answers.write_refusal(intake, session, request, author, sentence)


def _warn(
    intake: Intake,
    session: Session,
    request: Request,
    holder: StaffMember,
    refusal: Refusal,
    proposal: Decision | None,
) -> None:
    services = intake.services
    confirmable = is_confirmable(proposal, request)
    kinds = (LetterKind.UNPROVEN_REPLY.value,)
    day_ago = intake.now - timedelta(days=1)
    if store.count_letters_to(session, holder.email, kinds, day_ago) >= WARNINGS_PER_DAY:
        return
    words = WARNINGS.get(refusal.detail) or WARNINGS.get(refusal.code) or WARNINGS["unproven"]
    day = services.local_date(intake.now)
    daily = f"unproven:{request.id}:{refusal.code}:{holder.email.lower()}:{day}"
    proven = refusal.is_proven
    post_to_staff(
        services,
        session,
        request,
        holder.email,
        lambda reply_to: compose_unproven_reply(
            UnprovenReply(
                head=build_letterhead(services),
                tracking_number=request.tracking_number,
                reply=build_options(services, request, holder, reply_to, confirmable=confirmable),
                arrived_at=intake.now,
                happened=words.happened,
                if_yours=words.if_yours,
                if_not=words.if_not,
            )
        ),
        Posting(
            key=f"answer:{intake.entry.id}" if proven else daily,
            now=intake.now,
            answers=Inbound.of(intake) if proven else None,
        ),
        decision_id=proposal.id if proposal is not None and confirmable else None,
    )
