"""Letters that say whether a certification is genuine, to anybody who asks.

None says more than the paper itself: status and dates, never about whom it is, for which court, or
what it answers. Their contexts have no place for that.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from babel.dates import format_date

from outbound.letters.compose import Letter, Letterhead, LetterKind, build_letter


class Answer(StrEnum):
    """What is said of one document or number; the templates have the words for each."""

    GENUINE = "genuine"  #: the very file that was issued
    ALTERED = "altered"
    COPY = "copy"  #: a print, a picture, or without a signature
    NOT_OURS = "not_ours"  #: signed, and not by us or not under this number
    LOCKED = "locked"
    UNREAD = "unread"  #: no certification could be found in it
    NUMBER = "number"  #: a number alone was asked about
    SAMPLE = "sample"
    MISWRITTEN = "miswritten"  #: no control number looks like this


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What the register holds of a control number."""

    issued_on: date
    superseded_by: str = ""  #: a control number
    superseded_on: date | None = None
    revoked_on: date | None = None

    @property
    def word(self) -> str:
        """Return the word by which templates choose."""
        if self.revoked_on is not None:
            return "revoked"
        return "superseded" if self.superseded_by else "current"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """One document, or one number, and what is said of it."""

    answer: Answer
    number: str = ""  #: the control number; empty where there is none
    standing: Standing | None = None  #: None where the register has nothing under that number


@dataclass(frozen=True, slots=True, kw_only=True)
class VerificationAnswer:
    """The answer to a mail that asks about certifications."""

    head: Letterhead
    answers: Sequence[Answered]
    language: str = "en"  #: `en` or `es`


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shown:
    """One answer with its dates in words."""

    answer: str
    number: str
    standing: str  #: current, superseded, revoked; empty where nothing is known
    issued_on: str
    superseded_by: str
    superseded_on: str
    revoked_on: str


#: What is said of something that was sent.
_OF_FILES = frozenset(Answer) - {Answer.NUMBER, Answer.SAMPLE, Answer.MISWRITTEN}
_TITLES = {"en": "About the certification", "es": "Sobre la certificación"}


def compose_verification(context: VerificationAnswer) -> Letter:
    """Compose the letter that says what each document or number is."""
    return build_letter(
        LetterKind.VERIFICATION,
        context,
        title=_TITLES[context.language],
        language=context.language,
        has_files=any(found.answer in _OF_FILES for found in context.answers),
        shown=[_show(found, context.language) for found in context.answers],
    )


def _show(found: Answered, language: str) -> _Shown:
    standing = found.standing
    issued = superseded = revoked = None
    if standing is not None:
        issued, superseded = standing.issued_on, standing.superseded_on
        revoked = standing.revoked_on

    def day(moment: date | None) -> str:
        return "" if moment is None else format_date(moment, format="long", locale=language)

    return _Shown(
        answer=found.answer.value,
        number=found.number,
        standing="" if standing is None else standing.word,
        issued_on=day(issued),
        superseded_by="" if standing is None else standing.superseded_by,
        superseded_on=day(superseded),
        revoked_on=day(revoked),
    )
