"""Putting a composed letter into the outbox: address, token, Message-ID, threading, bytes.

Four ways, by who the letter is for: a member of staff, about a request; a requester, about a
request; anyone, about nothing; people on duty, about an urgent mail. Each letter about a request
carries a fresh token, in its Message-ID and as a plus-tag of its Reply-To, that binds an answer to
the request, the person and the round; so does an alert, to the mail it is about.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from config.settings import SmtpSettings
from inbox_worker.intake import Intake
from inbox_worker.services import Services
from inbox_worker.storage import store
from inbox_worker.storage.models import LetterRecord, Request
from inbox_worker.storage.outbox_store import (
    ALARM_ROUTE,
    MAIN_ROUTE,
    NewLetter,
    has_letter,
    put_letter,
)
from inbox_worker.storage.tokens import build_token, record_token
from outbound.letters.compose import Letter
from outbound.letters.mime import MailIdentity, build_mail, find_mailable_address

#: How many earlier letters a References field names; the first and the last ones matter most.
_THREAD = 10

#: Letters leave in the order in which they are due: an alert is due before any that waits.
_AHEAD = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Inbound:
    """What must be known of a mail to answer it."""

    journal_id: int
    author: str
    message_id: str | None
    references: tuple[str, ...]

    @classmethod
    def of(cls, intake: Intake) -> Inbound:
        """Return what must be known of the mail in hand."""
        return cls(
            journal_id=intake.entry.id,
            author=intake.author_address,
            message_id=intake.message.message_id,
            # A program that names no thread names its parent (RFC 5322 section 3.6.4).
            references=intake.message.references or intake.message.in_reply_to,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Posting:
    """A letter's errand: what it is for, and when it may leave."""

    key: str  #: unique for ever; the same key twice is the same letter
    now: datetime
    answers: Inbound | None = None  #: the mail it answers
    due_at: datetime | None = None  #: None: at once
    is_alarm: bool = False  #: goes by the alarms' own relay, where they have one


def post_to_staff(
    services: Services,
    session: Session,
    request: Request,
    address: str,
    compose: Callable[[str], Letter],
    posting: Posting,
    *,
    decision_id: int | None = None,
) -> None:
    """Put a letter about a request to a member of staff into the outbox.

    `compose` is given the address that an answer goes to, for links in the letter.
    """
    token = build_token(services.random_bits)
    reply_to = _tagged_address(services, "review", token)
    letter = compose(reply_to)
    _record(services, session, request, "review", token, address, posting, decision_id)
    _put(
        services,
        session,
        letter,
        posting,
        request=request,
        recipient=address,
        message_id=_message_id(services, "review", token),
        reply_to=reply_to,
        thread=_thread_of(session, request, address, posting),
    )


def post_to_requester(
    services: Services,
    session: Session,
    request: Request,
    address: str,
    letter: Letter,
    posting: Posting,
) -> None:
    """Put a letter about a request to its requester into the outbox."""
    token = build_token(services.random_bits)
    _record(services, session, request, "letter", token, address, posting, None)
    thread = _thread_of(session, request, address, posting)
    if request.author_message_id is not None and address == request.author_address:
        thread = (request.author_message_id, *thread)
    _put(
        services,
        session,
        letter,
        posting,
        request=request,
        recipient=address,
        message_id=_message_id(services, "letter", token),
        reply_to=_tagged_address(services, "letter", token),
        thread=thread,
    )


def post_unbound(
    services: Services, session: Session, address: str, letter: Letter, posting: Posting
) -> bool:
    """Put a letter that is about no request into the outbox; return False where none was put in.

    That is so for a repeat, and for an address that no relay takes.
    """
    if has_letter(session, posting.key):
        return False
    token = build_token(services.random_bits)
    return _put(
        services,
        session,
        letter,
        posting,
        request=None,
        recipient=address,
        message_id=_message_id(services, "letter", token),
        reply_to=None,
        thread=(),
    )


def post_alert(
    services: Services, session: Session, address: str, letter: Letter, posting: Posting
) -> str | None:
    """Put an alert that any reply acknowledges into the outbox, ahead of all that waits there.

    Return the token that the reply will carry, None where nothing was put in.
    """
    if has_letter(session, posting.key):
        return None
    token = build_token(services.random_bits)
    was_put = _put(
        services,
        session,
        letter,
        replace(posting, due_at=posting.now - _AHEAD),
        request=None,
        recipient=address,
        message_id=_message_id(services, "urgent", token),
        reply_to=_tagged_address(services, "urgent", token),
        thread=(),
    )
    return token if was_put else None


def _put(
    services: Services,
    session: Session,
    letter: Letter,
    posting: Posting,
    *,
    request: Request | None,
    recipient: str,
    message_id: str,
    reply_to: str | None,
    thread: tuple[str, ...],
) -> bool:
    mailable = find_mailable_address(recipient)
    if mailable is None:
        # An address that no relay takes must not keep the rest from being written.
        store.add_event(
            session,
            "letter_not_mailable",
            request=request,
            actor=store.PROGRAM,
            now=posting.now,
            journal_id=None if posting.answers is None else posting.answers.journal_id,
            detail={"kind": letter.kind.value},
        )
        return False
    answers = posting.answers
    smtp, route = _find_relay(services, posting)
    answered = None if answers is None else answers.message_id
    if answered is not None and answers is not None:
        thread = (*thread, *answers.references, answered)
    references = tuple(dict.fromkeys(thread))[-_THREAD:]
    raw = build_mail(
        letter,
        sender=MailIdentity(name=smtp.from_name, address=smtp.from_address),
        recipient=mailable,
        message_id=message_id,
        date=posting.now.astimezone(services.settings.general.zone),
        reply_to=reply_to,
        in_reply_to=answered or (references[-1] if references else None),
        references=references,
    )
    put_letter(
        session,
        NewLetter(
            key=posting.key,
            kind=letter.kind.value,
            request_id=None if request is None else request.id,
            journal_id=None if answers is None else answers.journal_id,
            sender=smtp.from_address,
            recipient=mailable,
            message_id=message_id,
            subject=letter.subject,
            raw=raw,
            due_at=posting.due_at or posting.now,
            route=route,
        ),
        now=posting.now,
    )
    return True


def _find_relay(services: Services, posting: Posting) -> tuple[SmtpSettings, str]:
    """Return the relay a letter goes by, which is also its sender, and the relay's route."""
    settings = services.settings
    if posting.is_alarm and settings.alerts.smtp is not None:
        return settings.alerts.smtp, ALARM_ROUTE
    return settings.smtp, MAIN_ROUTE


def _record(
    services: Services,
    session: Session,
    request: Request,
    kind: str,
    token: str,
    address: str,
    posting: Posting,
    decision_id: int | None,
) -> None:
    record_token(
        session,
        token,
        kind=kind,
        request_id=request.id,
        address=address,
        round_=request.round,
        decision_id=decision_id,
        now=posting.now,
        expires_at=posting.now + timedelta(days=services.settings.review.token_days),
    )


def _thread_of(
    session: Session, request: Request, address: str, posting: Posting
) -> tuple[str, ...]:
    """Return the Message-IDs of earlier letters about the request to the same address.

    There are none at the moment the request is filed.
    """
    if posting.now == request.received_at:
        return ()
    return tuple(
        session.scalars(
            select(LetterRecord.message_id)
            .where(LetterRecord.request_id == request.id, LetterRecord.recipient == address)
            .order_by(LetterRecord.id)
        )
    )


def _message_id(services: Services, kind: str, token: str) -> str:
    return f"<{kind}.{token}@{services.settings.smtp.from_address.rpartition('@')[2].lower()}>"


def _tagged_address(services: Services, kind: str, token: str) -> str:
    mailbox = services.settings.primary_mailbox
    own = services.settings.smtp.from_address
    if not mailbox.is_own_address(own):
        own = mailbox.addresses[0]
    local, _, domain = own.rpartition("@")
    return f"{local}+{kind}-{token}@{domain}"
