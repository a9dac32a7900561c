"""What a letter is, and how its words become text and HTML.

A letter's words stand once, in one template; the parts they are set in, headings, paragraphs,
lists and tables, have a plain form in `plain` and an HTML form in `html`, so that
both always say the same. The HTML environment cleans and escapes every value whatever a template
is called; in plain text every part cleans what it shows. An undefined name is an error in both.

Outcomes: a `Letter`, or a `jinja2.TemplateError`, which is a defect of ours and never of the data.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from enum import StrEnum
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from outbound.letters import html, plain
from outbound.letters.blocks import BlockTags, InsertTag
from outbound.letters.words import (
    clean_text,
    format_date,
    format_moment,
    format_size,
    shrink_blank_lines,
)
from parsers.values.ssn import SSN_MASK


class LetterKind(StrEnum):
    """Every letter there is; the value also names its template."""

    ACKNOWLEDGEMENT = "acknowledgement"  #: a request was filed
    LEGAL_RECEIVED = "legal_received"  #: a request marked as a demand was filed
    DEFICIENCY = "deficiency"  #: fields are missing or wrong
    QUESTION = "question"  #: a reviewer asks the requester
    REMINDER = "reminder"  #: a requester has not answered
    CLOSED = "closed"  #: staff closed a request without an answer
    REVOCATION = "revocation"  #: what was sent is no longer to be relied on
    CLOSED_UNANSWERED = "closed_unanswered"  #: a request ends because they did not
    CERTIFICATION = "certification"  #: carries a certification form with facts
    REFUSAL = "refusal"  #: carries a certification form without; reads as the other does
    SET_ASIDE = "set_aside"  #: a document could not be read
    NO_FORM = "no_form"  #: a mail had no form
    NOT_PDF = "not_pdf"  #: what was attached is no PDF
    OVERSIZE = "oversize"  #: a mail was too large to fetch
    REDIRECT = "redirect"  #: a mail belongs elsewhere, and where
    REQUEST_FORM = "request_form"  #: brings the blank form, for which a mail asked
    URGENT_HELP = "urgent_help"  #: where help is to be had at once
    DEMAND_RECEIVED = "demand_received"  #: the fixed answer to a demand without a form
    STAGE_REPORT = "stage_report"  #: a requester is told how far their request is
    NOTHING_TO_TELL = "nothing_to_tell"  #: a keyword about what the author may not be told of
    VERIFICATION = "verification"  #: whether a certification is genuine and current
    WITHDRAWAL = "withdrawal"  #: a requester took a request back
    REVIEW_NOTICE = "review_notice"  #: a reviewer is asked to decide
    SECOND_REVIEW_NOTICE = "second_review_notice"  #: a second person is asked
    TRANSCRIPT = "transcript"  #: what a reply was understood to say
    MISTAKE = "mistake"  #: a reply decided nothing, and why
    ALREADY_DECIDED = "already_decided"  #: someone else was first
    NOT_PERMITTED = "not_permitted"  #: the reply is not this person's to give
    HELP = "help"  #: what can be done now
    REQUEST_STATUS = "request_status"  #: where a request stands, for staff
    STAFF_ALERT = "staff_alert"  #: something went wrong and a person is needed
    DIGEST = "digest"  #: what waits, for supervisors
    URGENT_ALERT = "urgent_alert"  #: a mail is about danger to somebody
    UNPROVEN_REPLY = "unproven_reply"  #: a reply could not be proven to be theirs
    POSTAL_INSTRUCTION = "postal_instruction"  #: print a certification and post it
    CALL_DUE = "call_due"  #: the password of a sealed document is to be read out
    CALL = "call"  #: shows that password, and whom to call
    PAPER_TO_SIGN = "paper_to_sign"  #: print a certification, sign it and file it back
    PRINT_LETTER = "print_letter"  #: print a letter and post it

    @property
    def is_for_staff(self) -> bool:
        """Whether this letter stays inside the agency."""
        return self not in _OUTSIDE


_PARTS = {"txt": plain.PARTS, "html": html.PARTS}
#: Letters that answer in the language of the mail; every other is in English.
_TRANSLATED = frozenset(
    {
        LetterKind.NO_FORM,
        LetterKind.REDIRECT,
        LetterKind.REQUEST_FORM,
        LetterKind.URGENT_HELP,
        LetterKind.VERIFICATION,
    }
)
_OUTSIDE = frozenset(
    {
        LetterKind.ACKNOWLEDGEMENT,
        LetterKind.LEGAL_RECEIVED,
        LetterKind.DEFICIENCY,
        LetterKind.QUESTION,
        LetterKind.REMINDER,
        LetterKind.CLOSED_UNANSWERED,
        LetterKind.CLOSED,
        LetterKind.REVOCATION,
        LetterKind.CERTIFICATION,
        LetterKind.REFUSAL,
        LetterKind.SET_ASIDE,
        LetterKind.NO_FORM,
        LetterKind.NOT_PDF,
        LetterKind.OVERSIZE,
        LetterKind.REDIRECT,
        LetterKind.REQUEST_FORM,
        LetterKind.URGENT_HELP,
        LetterKind.DEMAND_RECEIVED,
        LetterKind.STAGE_REPORT,
        LetterKind.NOTHING_TO_TELL,
        LetterKind.VERIFICATION,
        LetterKind.WITHDRAWAL,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class LetterAttachment:
    """A file that goes with a letter."""

    name: str  #: never holds anything about a person
    media_type: str
    data: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class LetterPicture:
    """A picture that a letter's HTML shows by `cid:` and its identifier (RFC 2392)."""

    content_id: str  #: without angle brackets; holds nothing about a person
    data: bytes  #: PNG


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A finished letter, without an address."""

    kind: LetterKind
    subject: str  #: the tracking number where there is one, and nothing about a person
    text: str  #: line ends `\n`
    html: str
    attachments: tuple[LetterAttachment, ...] = ()
    pictures: tuple[LetterPicture, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class HelpLine:
    """The telephone line people are sent to; the defaults are the published ones."""

    name: str = "Detention Reporting and Information Line (DRIL)"
    phone: str = "1-888-351-4024"
    hours: str = "Monday to Friday, 8:00 a.m. to 8:00 p.m. Eastern time, except federal holidays"


@dataclass(frozen=True, slots=True, kw_only=True)
class Letterhead:
    """Who writes, the same for every letter of an installation."""

    agency: str
    mailbox: str  #: the address people write to
    timezone: str = "America/New_York"  #: in which moments are shown
    help_line: HelpLine = HelpLine()


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """A label and what stands beside it."""

    label: str
    value: str


def build_letter(
    kind: LetterKind,
    context: Any,
    *,
    title: str,
    tracking_number: str = "",
    language: str = "en",
    attachments: tuple[LetterAttachment, ...] = (),
    pictures: tuple[LetterPicture, ...] = (),
    **more: object,
) -> Letter:
    """Render the letter `kind` with the fields of the dataclass `context` and with `more`.

    `title` is the heading and, behind the tracking number, the subject, both in `language` already.
    """
    subject = f"[{tracking_number}] {title}" if tracking_number else title
    values = {f.name: getattr(context, f.name) for f in fields(context)} | more
    shared = values | {
        "title": title,
        "subject": subject,
        "tracking_number": tracking_number,
        "language": language,
        "is_internal": kind.is_for_staff,
    }
    template = _name_template(kind, language)
    return Letter(
        kind=kind,
        subject=subject,
        text=_finish_text(_render("txt", template, shared)),
        html=_render("html", template, shared),
        attachments=attachments,
        pictures=pictures,
    )


def build_pdf(name: str, data: bytes) -> LetterAttachment:
    """Build a PDF attachment named `name`, to which `.pdf` is added."""
    return LetterAttachment(name=f"{name}.pdf", media_type="application/pdf", data=data)


def preload() -> None:
    """Compile every template now, so that the first letter is as quick as any other."""
    for medium in _PARTS:
        _find_layout(medium)
        names = [_name_template(kind, "en") for kind in LetterKind]
        for name in (*names, *(_name_template(kind, "es") for kind in _TRANSLATED)):
            _build_environment(medium).get_template(name)


def _name_template(kind: LetterKind, language: str) -> str:
    return f"{kind.value}.j2" if language == "en" else f"{kind.value}.{language}.j2"


def _render(medium: str, template: str, values: Mapping[str, object]) -> str:
    return _find_layout(medium).render(values, letter=template)


def _find_layout(medium: str) -> Template:
    return _build_environment(medium).get_template(f"layout.{medium}.j2")


def _finish_text(text: str) -> str:
    # The parts are clean; but a number that was masked may have run into the label of the next.
    return shrink_blank_lines(clean_text(text) if SSN_MASK in text else text)


@cache
def _build_environment(medium: str) -> Environment:
    environment = Environment(
        loader=PackageLoader("templates", "letters"),
        autoescape=medium == "html",  # noqa: S701  the other medium is plain text
        undefined=StrictUndefined,
        finalize=clean_text if medium == "html" else None,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        extensions=[BlockTags, InsertTag],
    )
    environment.filters.update(
        _PARTS[medium], clean=clean_text, day=format_date, moment=format_moment, size=format_size
    )
    return environment
