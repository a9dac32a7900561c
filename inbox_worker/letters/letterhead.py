"""Who writes: the head of every letter."""

from __future__ import annotations

from inbox_worker.services import Services
from outbound.letters.compose import Letterhead


def build_letterhead(services: Services) -> Letterhead:
    """Return who writes."""
    settings = services.settings
    return Letterhead(
        agency=settings.general.agency,
        mailbox=settings.smtp.from_address,
        timezone=settings.general.timezone,
    )
