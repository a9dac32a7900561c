"""Letters that leave for outside: to requesters, and to whoever wrote to the mailbox.

None says anything about a person, not even what the reader wrote: their contexts have no place for
it. Only a form that goes back to be mended carries what its own sender filled in. The letter with a
certification and the letter with a refusal are one template, so that neither the mail nor a glance
at a screen tells which it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from outbound.letters.compose import (
    Letter,
    LetterAttachment,
    Letterhead,
    LetterKind,
    build_letter,
    build_pdf,
)

#: What the Request Form is called in a letter, blank or filled in.
FORM_NAME = "request-form"

#: What readers of documents call a reason that `set_aside.j2` has sentences for.
_SAME_REASON = {
    "empty_file": "empty",
    "broken_pdf": "unreadable",
    "not_a_pdf": "not_a_form",
    "no_known_form": "not_a_form",
    "password_needed": "encrypted",
    "wrong_password": "encrypted",
    "no_form_in_pictures": "scan",
    "over_size_limit": "too_large",
    "over_page_limit": "too_many_pages",
    "over_pixel_limit": "too_fine",
    "too_many_fields": "too_complex",
    "over_time_limit": "too_complex",
    "over_memory_limit": "too_complex",
}
#: The reasons there are sentences for; any other code reads as `unreadable`.
SET_ASIDE_REASONS = (
    "encrypted",
    "unreadable",
    "empty",
    "scan",
    "xfa",
    "not_a_form",
    "no_values",
    "too_many_pages",
    "too_large",
    "too_complex",
    "too_fine",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Acknowledgement:
    """A request was filed."""

    head: Letterhead
    tracking_number: str
    received_at: datetime | None = None  #: aware
    turnaround_text: str = ""  #: the configured sentence; nothing is said when empty


@dataclass(frozen=True, slots=True, kw_only=True)
class DeficiencyItem:
    """One field that must be mended."""

    label: str  #: as printed on the form
    sentence: str = ""  #: what is wrong and what to do, never the value; empty: it was left blank
    section: str = ""  #: the title of its section, when the label alone would not find it


@dataclass(frozen=True, slots=True, kw_only=True)
class Deficiency:
    """A form came back with fields missing or wrong."""

    head: Letterhead
    tracking_number: str
    items: tuple[DeficiencyItem, ...]  #: in form order; empty: the fields are not named
    returned_form: bytes | None = None  #: filled in with what was read, and marked


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A reviewer asks the requester."""

    head: Letterhead
    tracking_number: str
    question: str  #: as the reviewer wrote it, line breaks kept


@dataclass(frozen=True, slots=True, kw_only=True)
class Reminder:
    """The requester has not answered what they were asked."""

    head: Letterhead
    tracking_number: str
    asked_on: date  #: where the office is
    is_form: bool  #: a corrected form is waited for, and not an answer in words
    closes_on: date | None  #: None: the request stays open


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosedUnanswered:
    """A request was closed because its requester did not answer."""

    head: Letterhead
    tracking_number: str
    asked_on: date  #: where the office is
    is_form: bool  #: a corrected form was waited for, and not an answer in words


@dataclass(frozen=True, slots=True, kw_only=True)
class Closed:
    """Staff closed a request without an answer."""

    head: Letterhead
    tracking_number: str
    goes_on_as: str = ""  #: the number of the requester's other request that asks the same


@dataclass(frozen=True, slots=True, kw_only=True)
class Revocation:
    """A document that was sent is revoked."""

    head: Letterhead
    tracking_number: str
    control_number: str
    issued_on: date  #: where the office is
    replaced_by: str = ""  #: the control number of the one in its place; empty: there is none


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A certification form leaves, with facts or without."""

    head: Letterhead
    tracking_number: str
    document: bytes  #: the PDF
    filing_copy: str = ""  #: the name of the file attached to a sealed PDF; empty for a clear one
    courtesy_copy: bytes = b""  #: a translation, or nothing


@dataclass(frozen=True, slots=True, kw_only=True)
class SetAsideDocument:
    """A document that could not be used."""

    reason_code: str
    number: int = 1  #: its place among the documents of the mail, counted from 1


@dataclass(frozen=True, slots=True, kw_only=True)
class SetAside:
    """Documents of one mail could not be used."""

    head: Letterhead
    documents: tuple[SetAsideDocument, ...]
    count: int = 1  #: how many documents the mail had
    tracking_number: str = ""  #: of the request it was sent to, when it was sent to one
    blank_form: bytes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NoForm:
    """A mail held no form, or nothing that is a PDF."""

    head: Letterhead
    blank_form: bytes | None = None
    tracking_number: str = ""  #: of the request it answers, when it answers one
    language: str = "en"  #: of the letter that says how to ask


@dataclass(frozen=True, slots=True, kw_only=True)
class Oversize:
    """A mail was too large to be fetched."""

    head: Letterhead
    limit: int  #: octets


def compose_acknowledgement(context: Acknowledgement) -> Letter:
    """Compose the letter that says a request arrived and under which number."""
    return _build(LetterKind.ACKNOWLEDGEMENT, context, "Request received")


def compose_legal_received(context: Acknowledgement) -> Letter:
    """Compose the acknowledgement of a request marked as a demand (6 CFR 5.41-5.49)."""
    return _build(LetterKind.LEGAL_RECEIVED, context, "Request received")


def compose_deficiency(context: Deficiency) -> Letter:
    """Compose the letter that names each field to mend and says how to send it again."""
    return _build(
        LetterKind.DEFICIENCY, context, "Your request is not complete", form=context.returned_form
    )


def compose_question(context: Question) -> Letter:
    """Compose the letter that puts a reviewer's question to the requester."""
    return _build(LetterKind.QUESTION, context, "A question about your request")


def compose_reminder(context: Reminder) -> Letter:
    """Compose the letter that reminds a requester of what they were asked."""
    return _build(LetterKind.REMINDER, context, "Your request waits for you")


def compose_closed_unanswered(context: ClosedUnanswered) -> Letter:
    """Compose the letter that says a request was closed for want of an answer."""
    return _build(LetterKind.CLOSED_UNANSWERED, context, "Your request is closed")


def compose_closed(context: Closed) -> Letter:
    """Compose the letter that says a request is closed, and never why."""
    return _build(LetterKind.CLOSED, context, "Your request is closed")


def compose_revocation(context: Revocation) -> Letter:
    """Compose the letter that says a document is revoked, and never why."""
    title = "A document was replaced" if context.replaced_by else "A document was revoked"
    return _build(LetterKind.REVOCATION, context, title)


def compose_certification_letter(context: Answer) -> Letter:
    """Compose the letter that carries a certification; it reads as a refusal's does."""
    return _build_answer(LetterKind.CERTIFICATION, context)


def compose_refusal(context: Answer) -> Letter:
    """Compose the letter that carries a form without information; it reads as any other answer."""
    return _build_answer(LetterKind.REFUSAL, context)


def compose_set_aside(context: SetAside) -> Letter:
    """Compose the letter that says why documents could not be used and what to do."""
    reasons = tuple((d.number, find_reason(d.reason_code)) for d in context.documents)
    return _build(
        LetterKind.SET_ASIDE,
        context,
        "A document could not be read",
        form=context.blank_form,
        reasons=reasons,
    )


def compose_no_form(context: NoForm) -> Letter:
    """Compose the letter that says how to ask, with the blank form, in the context's language."""
    title = "Como enviar una solicitud" if context.language == "es" else "How to send a request"
    return _build(
        LetterKind.NO_FORM, context, title, form=context.blank_form, language=context.language
    )


def compose_attachment_not_pdf(context: NoForm) -> Letter:
    """Compose the letter that says a PDF is needed, with the blank form."""
    return _build(
        LetterKind.NOT_PDF, context, "Please send the form as a PDF", form=context.blank_form
    )


def compose_oversize(context: Oversize) -> Letter:
    """Compose the letter that says a mail was too large, and the limit."""
    return _build(LetterKind.OVERSIZE, context, "Your message was too large")


def find_reason(code: str) -> str:
    """Return the reason with sentences that `code` stands for, in any case."""
    known = code.lower().replace("-", "_")
    reason = _SAME_REASON.get(known, known)
    return reason if reason in SET_ASIDE_REASONS else "unreadable"


_Context = (
    Acknowledgement
    | Deficiency
    | Question
    | Reminder
    | ClosedUnanswered
    | Closed
    | Revocation
    | Answer
    | SetAside
    | NoForm
    | Oversize
)


def _build(
    kind: LetterKind,
    context: _Context,
    title: str,
    *,
    form: bytes | None = None,
    language: str = "en",
    **more: Any,
) -> Letter:
    return build_letter(
        kind,
        context,
        title=title,
        tracking_number=getattr(context, "tracking_number", ""),
        language=language,
        attachments=() if form is None else (build_pdf(FORM_NAME, form),),
        has_form=form is not None,
        **more,
    )


def _build_answer(kind: LetterKind, context: Answer) -> Letter:
    attachments: tuple[LetterAttachment, ...] = (
        build_pdf(context.tracking_number, context.document),
    )
    if context.courtesy_copy:
        name = f"{context.tracking_number}-courtesy-translation-es"
        attachments += (build_pdf(name, context.courtesy_copy),)
    return build_letter(
        kind,
        context,
        title="Answer to your request",
        tracking_number=context.tracking_number,
        attachments=attachments,
    )
