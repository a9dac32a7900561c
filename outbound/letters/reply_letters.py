"""Answers to what staff reply: transcripts, mistakes, "already decided", help and status.

Every answer says what was understood or why nothing was decided, and what can be done now.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from outbound.letters.compose import (
    Fact,
    Letter,
    LetterAttachment,
    Letterhead,
    LetterKind,
    build_letter,
    build_pdf,
)
from outbound.letters.finding_facts import FindingDifferences
from outbound.letters.reply_skeletons import (
    ReplyOptions,
    Skeleton,
    build_mended_skeleton,
    build_review_skeletons,
    build_short_skeletons,
    describe_keywords,
)
from outbound.letters.review_letters import FieldSection, build_form, build_ready_replies, name_form
from parsers.replies.command import CommandRefusal, LineProblem

_KEYWORD = re.compile(r"[A-Z ]{2,20}")


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerRow:
    """One computed answer."""

    question: str
    answer: str  #: YES, NO, PART … or NOT DETERMINED
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerTable:
    """The computed answers for one obligation date or period."""

    caption: str  #: for example `For March 10, 2026`
    rows: tuple[AnswerRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuePlan:
    """What will leave, to whom and when."""

    document: str  #: for example `Certification Form`
    recipient: str  #: where it goes: an address, or `by post to …`
    moment: datetime | None = None  #: aware; None when something must happen first
    condition: str = ""  #: that something, a sentence


@dataclass(frozen=True, slots=True, kw_only=True)
class Transcript:
    """What a reply was understood to say, and what comes of it."""

    head: Letterhead
    tracking_number: str
    reply: ReplyOptions
    keyword: str  #: the table's upper-case word
    status_text: str  #: what happened, one sentence
    understood: tuple[Fact, ...] = ()
    differences: FindingDifferences | None = None  #: with the other person's findings
    answers: tuple[AnswerTable, ...] = ()
    sentences: tuple[str, ...] = ()  #: what the document will say
    plan: IssuePlan | None = None
    document: bytes | None = None  #: the exact document
    is_preview: bool = True  #: whether the document is marked PREVIEW
    title: str = ""  #: of a letter to somebody who did not write the reply


@dataclass(frozen=True, slots=True, kw_only=True)
class Mistake:
    """A reply that decided nothing."""

    head: Letterhead
    tracking_number: str
    reply: ReplyOptions
    refusal: CommandRefusal


@dataclass(frozen=True, slots=True, kw_only=True)
class AlreadyDecided:
    """Someone else's reply was first."""

    head: Letterhead
    tracking_number: str
    reply: ReplyOptions
    by: str
    on: datetime  #: aware
    decision: str = ""  #: for example `approved`; nothing is said when empty


@dataclass(frozen=True, slots=True, kw_only=True)
class NotPermitted:
    """The reply asks for what this person or this request does not allow."""

    head: Letterhead
    tracking_number: str
    reply: ReplyOptions
    keyword: str
    reason: str  #: a sentence


@dataclass(frozen=True, slots=True, kw_only=True)
class Help:
    """What can be done now."""

    head: Letterhead
    tracking_number: str
    reply: ReplyOptions
    status_text: str  #: where the request stands, one sentence


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryEntry:
    """One step of a request."""

    at: datetime  #: aware
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestStatusReport:
    """Where a request stands."""

    head: Letterhead
    tracking_number: str
    reply: ReplyOptions
    status_text: str
    facts: tuple[Fact, ...] = ()
    history: tuple[HistoryEntry, ...] = ()  #: oldest first
    sections: tuple[FieldSection, ...] = ()
    form: bytes | None = None  #: the original, attached when given
    is_form_attached: bool = True  #: False: the site forbids it, and the form is named only


@dataclass(frozen=True, slots=True, kw_only=True)
class UnprovenReply:
    """A reply in someone's name was not obeyed because of who may have written it."""

    head: Letterhead
    tracking_number: str
    reply: ReplyOptions
    arrived_at: datetime  #: aware
    happened: str  #: a sentence without its end
    if_yours: str  #: what to do where it was their own reply
    if_not: str  #: what it means where it was not


@dataclass(frozen=True, slots=True, kw_only=True)
class EchoLine:
    """A line of a reply with what was wrong with it."""

    text: str
    problems: tuple[str, ...] = ()


_Answerable = (
    Transcript
    | Mistake
    | AlreadyDecided
    | NotPermitted
    | Help
    | RequestStatusReport
    | UnprovenReply
)


def compose_transcript(context: Transcript) -> Letter:
    """Compose the answer to a reply that was understood, with the exact document if any."""
    suffix = "preview" if context.is_preview else "issued"
    name = f"{context.tracking_number}-{suffix}"
    return _build(
        LetterKind.TRANSCRIPT,
        context,
        context.title or f"Understood: {_only_word(context.keyword)}",
        skeletons=build_short_skeletons(context.reply.keywords),
        attachments=() if context.document is None else (build_pdf(name, context.document),),
    )


def compose_mistake(context: Mistake) -> Letter:
    """Compose the answer to a reply that decided nothing: each line, what was wrong, a skeleton."""
    refusal = context.refusal
    wrong = tuple(p.line for p in refusal.problems if p.line)
    mended = build_mended_skeleton(refusal.keyword, refusal.lines, wrong)
    skeletons = build_review_skeletons(context.reply.keywords) if mended is None else (mended,)
    return _build(
        LetterKind.MISTAKE,
        context,
        "Nothing was decided",
        skeletons=skeletons,
        echo=build_echo(refusal),
        general=tuple(p.message for p in refusal.problems if not p.line.strip()),
    )


def compose_already_decided(context: AlreadyDecided) -> Letter:
    """Compose the answer to whoever came second."""
    return _build(LetterKind.ALREADY_DECIDED, context, "Already decided")


def compose_not_permitted(context: NotPermitted) -> Letter:
    """Compose the answer to a reply that this person may not give, or not now."""
    return _build(
        LetterKind.NOT_PERMITTED,
        context,
        "Nothing was decided",
        skeletons=build_short_skeletons(context.reply.keywords),
    )


def compose_help(context: Help) -> Letter:
    """Compose the list of what can be done now."""
    return _build(
        LetterKind.HELP,
        context,
        "Help",
        skeletons=build_review_skeletons(context.reply.keywords),
    )


def compose_request_status(context: RequestStatusReport) -> Letter:
    """Compose where a request stands, for staff."""
    return _build(
        LetterKind.REQUEST_STATUS,
        context,
        "Status",
        attachments=build_form(
            context.tracking_number, context.form, is_attached=context.is_form_attached
        ),
        form_digest=name_form(context.form, is_attached=context.is_form_attached),
    )


def compose_unproven_reply(context: UnprovenReply) -> Letter:
    """Compose the warning to the person whose name a reply used."""
    return _build(LetterKind.UNPROVEN_REPLY, context, "A reply could not be verified")


def build_echo(refusal: CommandRefusal) -> tuple[EchoLine, ...]:
    """Build the reply's lines with their problems; a problem without a line brings its own."""
    left = [p for p in refusal.problems if p.line.strip()]
    echo = [
        EchoLine(text=line, problems=_take(left, line)) for line in refusal.lines if line.strip()
    ]
    echo.extend(EchoLine(text=p.line, problems=(p.message,)) for p in left)
    return tuple(echo)


def _take(problems: list[LineProblem], line: str) -> tuple[str, ...]:
    # Each problem is told once, at the first line that it fits.
    found = [p for p in problems if _is_same_line(p.line, line)]
    for problem in found:
        problems.remove(problem)
    return tuple(p.message for p in found)


def _is_same_line(told: str, line: str) -> bool:
    # A problem's line may have been shortened, so of a long one the beginning is enough.
    told, line = told.strip(), line.strip()
    return told == line or (len(told) > 150 and line.startswith(told[:150]))


def _build(
    kind: LetterKind,
    context: _Answerable,
    title: str,
    *,
    skeletons: Sequence[Skeleton] = (),
    attachments: tuple[LetterAttachment, ...] = (),
    **more: Any,
) -> Letter:
    return build_letter(
        kind,
        context,
        title=title,
        tracking_number=context.tracking_number,
        attachments=attachments,
        replies=build_ready_replies(context.reply, context.tracking_number, title, skeletons),
        commands=describe_keywords(context.reply.keywords),
        **more,
    )


def _only_word(keyword: str) -> str:
    return keyword if _KEYWORD.fullmatch(keyword) else "your reply"
