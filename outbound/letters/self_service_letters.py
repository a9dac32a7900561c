"""Letters that answer a keyword by mail: where a request stands, and that it was taken back.

Whoever may not be told about a request gets one letter, the same whether there is such a request or
not. None says more than the stage, and none says whether any record exists.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from outbound.letters.compose import Letter, Letterhead, LetterKind, build_letter


class Stage(StrEnum):
    """How far a request is, as outsiders are told; the value is the word they read."""

    RECEIVED = "received"
    WAITING_FOR_YOU = "waiting for you"
    IN_REVIEW = "in review"
    ANSWERED = "answered"


@dataclass(frozen=True, slots=True, kw_only=True)
class StageReport:
    """Where a request stands."""

    head: Letterhead
    tracking_number: str
    stage: Stage
    turnaround_text: str = ""  #: the configured sentence; nothing is said when empty


@dataclass(frozen=True, slots=True, kw_only=True)
class NothingToTell:
    """A keyword about a request that the author may not be told about, or that there is not."""

    head: Letterhead
    has_miswritten_number: bool = False  #: the number cannot be one, whoever asks


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdrawal:
    """A requester takes a request back."""

    head: Letterhead
    tracking_number: str


def compose_stage_report(context: StageReport) -> Letter:
    """Compose the letter that tells a requester the stage of their request, and no more."""
    return build_letter(
        LetterKind.STAGE_REPORT,
        context,
        title="Where your request stands",
        tracking_number=context.tracking_number,
    )


def compose_nothing_to_tell(context: NothingToTell) -> Letter:
    """Compose the letter that tells nothing, whatever the reason."""
    return build_letter(LetterKind.NOTHING_TO_TELL, context, title="About your message")


def compose_withdrawal(context: Withdrawal) -> Letter:
    """Compose the letter that says a withdrawal arrived; it is alike whatever was decided."""
    return build_letter(
        LetterKind.WITHDRAWAL,
        context,
        title="Your withdrawal has arrived",
        tracking_number=context.tracking_number,
    )
