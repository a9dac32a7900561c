"""Which mails belong to a case: the one it came by, and every one that its events name."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from inbox_worker.storage.models import Event, Request


def find_mail_ids(session: Session, request: Request) -> list[int]:
    """Return the numbers of a case's mails, in the order in which they were recorded."""
    named = session.scalars(
        select(Event.journal_id).where(
            Event.request_id == request.id, Event.journal_id.is_not(None)
        )
    )
    return sorted({request.journal_id, *(id_ for id_ in named if id_ is not None)})
