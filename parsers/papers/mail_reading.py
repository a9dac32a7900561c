"""A mail read to the end: the message, what kind it is, and the documents it carries.

One call for all that is done with hostile bytes, so that it can be made in a process of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from parsers.classification.classify import (
    ClassificationContext,
    MessageKind,
    Verdict,
    classify,
    is_of_a_person,
)
from parsers.definition import FormDefinition
from parsers.extraction import Extraction, ReadLimits
from parsers.mail.delivery_reports import ReturnedLetter, find_returned_letter
from parsers.mail.message import Attachment, InboundMessage
from parsers.mail.parsing import parse_message
from parsers.papers.hearing import count_beside, hear_beside, hear_document
from parsers.papers.inside import find_inside, may_hold_papers
from parsers.reading.document import build_refused, read_document

#: Kinds of mail whose documents are read.
KINDS_WITH_DOCUMENTS = frozenset({MessageKind.REQUEST, MessageKind.REQUESTER_REPLY})
#: Kinds of mail that report on a letter.
REPORTS = frozenset({MessageKind.BOUNCE, MessageKind.ABUSE_REPORT})


@dataclass(frozen=True, slots=True, kw_only=True)
class MailReading:
    """What a mail is and holds."""

    message: InboundMessage
    verdict: Verdict
    documents: tuple[tuple[int, Extraction], ...]  #: by the attachment's position, from 0
    returned: ReturnedLetter | None = None  #: what it reports on, where it is a report

    @property
    def needs_pictures(self) -> bool:
        """Whether one of its documents consists of pictures that nobody has read yet."""
        return any(extraction.needs_pictures for _, extraction in self.documents)


def read_mail(
    raw: bytes,
    context: ClassificationContext,
    definitions: Sequence[FormDefinition],
    *,
    today: date,
    limits: ReadLimits | None = None,
) -> MailReading:
    """Parse and classify a mail, and read its documents where its kind can have any.

    Raises `ParseError` for bytes that are no mail.
    """
    bounds = limits or ReadLimits()
    message = parse_message(raw)
    verdict = classify(message, context)
    if may_hold_papers(message, verdict):
        inside = find_inside(message.attachments, message.attached_messages, bounds)
        message, verdict = add_inside(message, inside, context)
    if context.topics is not None and may_speak(message, verdict):
        verdict = count_beside(verdict, *hear_beside(message, context), context.topics)

    def read(position: int) -> Extraction:
        paper = message.papers[position]
        if paper.refusal:
            return build_refused(paper.refusal)
        found = read_document(
            paper.data,
            definitions,
            today=today,
            limits=bounds,
            attachments_beside_form=message.count_beside(position),
        )
        if context.topics is None:
            return found
        return hear_document(paper.data, found, definitions, context.topics)

    return MailReading(
        message=message,
        verdict=verdict,
        documents=tuple((n, read(n)) for n in list_documents(message, verdict)),
        returned=find_returned_letter(message, raw) if verdict.kind in REPORTS else None,
    )


def may_speak(message: InboundMessage, verdict: Verdict) -> bool:
    """Whether something beside the documents of a person's mail may say anything."""
    count = len(message.papers) + len(message.attached_messages)
    return is_of_a_person(verdict) and count > len(message.documents)


def add_inside(
    message: InboundMessage, inside: tuple[Attachment, ...], context: ClassificationContext
) -> tuple[InboundMessage, Verdict]:
    """Return the mail with what lay inside its papers, and what it is now that this is known."""
    whole = replace(message, inside=inside, was_opened=True)
    return whole, classify(whole, context)


def list_documents(message: InboundMessage, verdict: Verdict) -> tuple[int, ...]:
    """Return the positions of the papers that are to be read as documents."""
    if verdict.kind not in KINDS_WITH_DOCUMENTS:
        return ()
    return message.documents
