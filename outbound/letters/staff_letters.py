"""Letters to staff that answer nobody: decided elsewhere, something went wrong, print and post.

A reply to one of these decides nothing, and they say so.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from outbound.letters.compose import Fact, Letter, Letterhead, LetterKind, build_letter, build_pdf

#: Whether it happened, goes on, or is over.
AlertStage = Literal["raised", "reminded", "cleared"]

_TITLES: Mapping[AlertStage, str] = {
    "raised": "Alert",
    "reminded": "Alert goes on",
    "cleared": "Alert is over",
}
_CODE = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,39}")


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffAlert:
    """Something went wrong and a person is needed."""

    head: Letterhead
    code: str  #: stable, letters, digits and underscores
    sentence: str  #: what happened
    to_do: str = ""  #: what to do about it, a sentence
    tracking_number: str = ""
    ids: tuple[Fact, ...] = ()  #: what it is about
    stage: AlertStage = "raised"


@dataclass(frozen=True, slots=True, kw_only=True)
class PostalInstruction:
    """A certification or a letter is to be printed and posted."""

    head: Letterhead
    tracking_number: str
    address_lines: tuple[str, ...]  #: as on the form
    document: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class PaperToSign:
    """A certification is to be signed by hand."""

    head: Letterhead
    tracking_number: str
    control_number: str
    signed_on: str  #: the date that is printed on it
    pages: int
    document: bytes


def compose_staff_alert(context: StaffAlert) -> Letter:
    """Compose an alert; its code goes into the subject. Raises `ValueError` for a bad code."""
    if _CODE.fullmatch(context.code) is None:
        raise ValueError("An alert code has letters, digits and underscores only.")
    return build_letter(
        LetterKind.STAFF_ALERT,
        context,
        title=f"{_TITLES[context.stage]}: {context.code.replace('_', ' ').lower()}",
        tracking_number=context.tracking_number,
    )


def compose_postal_instruction(context: PostalInstruction) -> Letter:
    """Compose the instruction to print a certification and post it."""
    return _build_to_print(LetterKind.POSTAL_INSTRUCTION, context, "Please print and post")


def compose_paper_to_sign(context: PaperToSign) -> Letter:
    """Compose the request to sign a certification by hand and file it back."""
    return _build_to_print(LetterKind.PAPER_TO_SIGN, context, "Please print, sign and scan")


def compose_print_letter(context: PostalInstruction) -> Letter:
    """Compose the request to print a letter to a requester and post it."""
    return _build_to_print(LetterKind.PRINT_LETTER, context, "Please print and post a letter")


def _build_to_print(
    kind: LetterKind, context: PostalInstruction | PaperToSign, title: str
) -> Letter:
    """Build a letter that brings one document to be printed."""
    return build_letter(
        kind,
        context,
        title=title,
        tracking_number=context.tracking_number,
        attachments=(build_pdf(context.tracking_number, context.document),),
    )
