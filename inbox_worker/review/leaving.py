"""How a certification leaves: sealed or in the clear by e-mail, or on paper behind a cover letter.

`prepare_answer` makes the file, outside every transaction; `write_answer` puts it into the outbox
in the transaction that records the certification, with its copies and the notice that a password is
to be read out. Outcomes: a letter to the form's address, or the instruction to print and post it to
whoever decided.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy.orm import Session

from config.signing_keys import SigningKey
from inbox_worker.casefile.accounting import BY_POST
from inbox_worker.casefile.casework import find_recipient
from inbox_worker.letters import correspondence
from inbox_worker.letters.posting import Posting
from inbox_worker.letters.printing import build_posted_certification
from inbox_worker.review import notices, passwords, sealing
from inbox_worker.services import Services
from inbox_worker.storage.models import CertificationRecord, Decision, Request
from outbound.certification.sealing import name_filing_copy
from parsers.extraction import FieldValue

if TYPE_CHECKING:
    from outbound.certification.timestamps import TimestampServer


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What goes out."""

    file: bytes  #: sealed, in the clear, or to be printed
    copies: sealing.Copies | None = None  #: where it is sealed
    courtesy_copy: bytes | None = None  #: a translation that goes beside a clear one


def prepare_answer(
    services: Services,
    request: Request,
    fields: Mapping[str, FieldValue],
    document: bytes,
    key: SigningKey | None,
    *,
    control_number: str,
    timestamps: TimestampServer | None = None,
    courtesy_copy: bytes | None = None,
) -> Answer:
    """Make what goes out of a certification; `key` signs its copies, None for a sample or paper."""
    recipient = find_recipient(fields)
    if recipient is None:
        now = services.clock()
        return Answer(file=build_posted_certification(services, request, fields, document, now=now))
    if not sealing.is_sealed(services, recipient):
        return Answer(file=document, courtesy_copy=courtesy_copy)
    copies = sealing.seal(
        services, document, key, control_number=control_number, timestamps=timestamps
    )
    return Answer(file=copies.sealed, copies=copies)


def build_letter_key(decision: Decision) -> str:
    """Return the key of the letter by which a decision's certification leaves."""
    return f"certification:{decision.id}"


def write_answer(
    services: Services,
    session: Session,
    request: Request,
    fields: Mapping[str, FieldValue],
    record: CertificationRecord,
    decision: Decision,
    answer: Answer,
) -> None:
    """Put the letter into the outbox: to the form's address, or to staff for the post."""
    now, copies = services.clock(), answer.copies
    posting = Posting(key=build_letter_key(decision), now=now)
    if record.recipient == BY_POST:
        notices.write_postal_instruction(
            services, session, request, decision.actor, fields, answer.file, posting
        )
        return
    correspondence.write_answer(
        services,
        session,
        request,
        answer.file,
        recipient=record.recipient,
        is_refusal=decision.findings is None,
        filing_copy="" if copies is None else name_filing_copy(record.control_number),
        courtesy_copy=answer.courtesy_copy,
        posting=posting,
    )
    if copies is None:
        return
    sealing.record_copies(session, record.id, copies, now=now)
    passwords.write_password_due(
        services,
        session,
        request,
        decider=decision.actor,
        recipient=record.recipient,
        posting=Posting(key=f"password:{decision.id}", now=now),
    )
