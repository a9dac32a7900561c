"""A recorded mail as a person may look at it: harmless text, nothing opened, nothing run.

The header stands as it came, every unusual octet as an escape. The parts are listed by the process
that reads mails and can be killed; where the mail defeats it, the list is None.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from inbox_worker.handling import quarantine
from inbox_worker.services import Services
from inbox_worker.storage.models import RawMail
from parsers.classification.classify import ClassificationContext
from parsers.mail.message import Attachment, InboundMessage
from parsers.mail.raw_headers import list_raw_fields

#: How much of a header is shown.
_FIELDS = 60
_FIELD_CHARS = 300


def show_mail(services: Services, entry_id: int) -> dict[str, Any]:
    """Return what is known of a recorded mail, as JSON values.

    Raises `WorkerError` when there is no such mail.
    """
    with services.database.read() as session:
        entry = quarantine.find_entry(session, entry_id)
        raw = session.scalar(select(RawMail.raw).where(RawMail.journal_id == entry_id)) or b""
    return {
        "id": entry.id,
        "mailbox": entry.mailbox,
        "recorded_at": entry.recorded_at.isoformat(),
        "size": entry.size,
        "sha256": entry.sha256,
        "is_whole": entry.is_whole,
        "kind": entry.kind,
        "rule": entry.rule,
        "disposition": entry.disposition,
        "disposed_at": None if entry.disposed_at is None else entry.disposed_at.isoformat(),
        "reason": entry.reason,
        "attempts": entry.attempts,
        "headers": [
            {"name": name, "value": value}
            for name, value in list_raw_fields(raw, most=_FIELDS, longest=_FIELD_CHARS)
        ],
        "parts": _list_parts(services, raw, is_whole=entry.is_whole),
    }


def read_bytes(services: Services, entry_id: int) -> bytes:
    """Return a mail's bytes as they came. Raises `WorkerError` when there is no such mail."""
    with services.database.read() as session:
        quarantine.find_entry(session, entry_id)
        return session.scalar(select(RawMail.raw).where(RawMail.journal_id == entry_id)) or b""


def _list_parts(services: Services, raw: bytes, *, is_whole: bool) -> list[dict[str, Any]] | None:
    if not raw.strip():
        return []
    context = ClassificationContext(
        own_addresses=services.settings.own_addresses, oversize=not is_whole
    )
    today = services.local_date(services.clock())
    found = services.reader.submit_mail(raw, context, today=today).result()
    return None if found is None else [*_list_texts(found.message), *_list_papers(found.message)]


def _list_texts(message: InboundMessage) -> list[dict[str, Any]]:
    texts = (("text/plain", message.text), ("text/html", message.html))
    return [
        {"type": kind, "name": None, "size": len(text.encode("utf-8", "replace")), "found_in": None}
        for kind, text in texts
        if text is not None
    ]


def _list_papers(message: InboundMessage) -> list[dict[str, Any]]:
    return [_describe(paper) for paper in message.papers] + [
        {"type": "message/rfc822", "name": None, "size": len(mail), "found_in": None}
        for mail in message.attached_messages
    ]


def _describe(paper: Attachment) -> dict[str, Any]:
    return {
        "type": paper.declared_type,
        "name": paper.name,
        "size": len(paper.data),
        "found_in": paper.found_in or None,
    }
