"""The alert about an urgent mail: to people who are reached at any hour.

It says where to find the mail and nothing of what stands in it. Any reply acknowledges it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from outbound.letters.compose import Fact, Letter, Letterhead, LetterKind, build_letter
from outbound.letters.words import format_moment


@dataclass(frozen=True, slots=True, kw_only=True)
class UrgentAlert:
    """A mail came that is about danger to somebody."""

    head: Letterhead
    journal_id: int
    topics: tuple[str, ...]  #: their titles
    arrived_at: datetime  #: aware
    message_id: str  #: empty where the mail has none
    folders: tuple[str, ...]  #: of the mailbox, in which it may lie, the likeliest first
    times_told: int  #: 1 the first time
    minutes: int  #: after so many it is told again


def compose_urgent_alert(context: UrgentAlert) -> Letter:
    """Compose the alert; it is worded alike for everybody who is told."""
    facts = [
        ("What it seems to be about", "; ".join(context.topics)),
        ("Arrived", format_moment(context.arrived_at, context.head.timezone)),
        ("Journal entry", str(context.journal_id)),
        ("Message-ID", context.message_id.strip("<>")),
        ("Folder of the mailbox", " or ".join(context.folders)),
    ]
    return build_letter(
        LetterKind.URGENT_ALERT,
        context,
        title="Urgent mail, not acknowledged" if context.times_told > 1 else "Urgent mail",
        facts=tuple(Fact(label=label, value=value) for label, value in facts if value),
    )
