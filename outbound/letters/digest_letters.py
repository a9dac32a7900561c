"""The supervisors' digest: what waits, how long, and what has waited longest.

It holds tracking numbers and counts, and nothing about a person a request is about.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from hashlib import sha256

from outbound.letters.chart import SHOWN_WIDTH, Bar, draw_bars
from outbound.letters.compose import (
    Fact,
    Letter,
    Letterhead,
    LetterKind,
    LetterPicture,
    build_letter,
)
from outbound.letters.words import format_date


@dataclass(frozen=True, slots=True, kw_only=True)
class OldCase:
    """One of those that have waited longest."""

    tracking_number: str
    status: str  #: as people read it
    business_days: int
    due_date: date | None
    assigned_to: str  #: a name; empty: nobody in particular


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest:
    """What a supervisor is told each business day."""

    head: Letterhead
    day: date
    counts: tuple[Fact, ...]  #: how many requests are in each state
    ages: tuple[Bar, ...]  #: open reviews by how long they have waited
    oldest: tuple[OldCase, ...]
    due_soon: int  #: open reviews whose day is at most three business days away, or past
    away: tuple[Fact, ...]  #: who is away, and who stands in
    events: int  #: how many were written before the day began
    fingerprint: str  #: what they come to, a SHA-256


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownChart:
    """A chart where a letter shows it."""

    picture_id: str
    alt: str
    width: int  #: pixels


def compose_digest(context: Digest) -> Letter:
    """Compose the digest, with its chart."""
    data = draw_bars(context.ages)
    domain = context.head.mailbox.rpartition("@")[2]
    name = f"ages.{sha256(data).hexdigest()[:24]}@{domain}"
    return build_letter(
        LetterKind.DIGEST,
        context,
        title="Digest of open reviews",
        pictures=(LetterPicture(content_id=name, data=data),),
        chart=ShownChart(picture_id=name, alt=_describe(context.ages), width=SHOWN_WIDTH),
        age_facts=tuple(Fact(label=bar.label, value=str(bar.count)) for bar in context.ages),
        oldest_facts=tuple(
            Fact(label=case.tracking_number, value=_tell(case)) for case in context.oldest
        ),
    )


def _describe(bars: Sequence[Bar]) -> str:
    told = ", ".join(f"{bar.label}: {bar.count}" for bar in bars)
    return f"Open reviews by how long they have waited, as bars. {told}."


def _tell(case: OldCase) -> str:
    days = "1 business day" if case.business_days == 1 else f"{case.business_days} business days"
    due = "" if case.due_date is None else f", due {format_date(case.due_date)}"
    whose = f", with {case.assigned_to}" if case.assigned_to else ""
    return f"{case.status}, {days}{due}{whose}"
