"""What the documents attached to a mail came to: forms, and papers beside them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from inbox_worker.intake import Intake
from outbound.review_letters import ReceivedFile
from parsers.extraction import Extraction
from parsers.message import Attachment


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadDocument:
    """An attached document and what was read in it."""

    position: int
    attachment: Attachment
    extraction: Extraction


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadDocuments:
    """A mail's documents, read."""

    forms: tuple[ReadDocument, ...]  #: those that are a form we know
    others: tuple[ReadDocument, ...]  #: those that are not, or that no reader can use
    attachment_rows: tuple[Mapping[str, Any], ...]  #: columns for every attachment of the mail

    @property
    def files(self) -> tuple[ReceivedFile, ...]:
        """Return every attachment, as reviewers are shown it."""
        return tuple(
            ReceivedFile(name=r["name"], media_type=r["declared_type"], size=r["size"])
            for r in self.attachment_rows
        )

    @property
    def has_paper_beside_forms(self) -> bool:
        """Whether anything but forms is attached."""
        return len(self.attachment_rows) > len(self.forms)


def await_documents(intake: Intake) -> ReadDocuments:
    """Return the mail's documents once their readers are done."""
    read = [
        ReadDocument(position=d.position, attachment=d.attachment, extraction=d.reading.result())
        for d in intake.documents
    ]
    by_position = {d.position: d.extraction for d in read}
    return ReadDocuments(
        forms=tuple(d for d in read if d.extraction.is_form),
        others=tuple(d for d in read if not d.extraction.is_form),
        attachment_rows=tuple(
            _build_row(position, attachment, by_position.get(position))
            for position, attachment in enumerate(intake.message.attachments)
        ),
    )


def _build_row(
    position: int, attachment: Attachment, extraction: Extraction | None
) -> Mapping[str, Any]:
    return {
        "position": position,
        "name": attachment.name[:255],
        "declared_type": attachment.declared_type[:127],
        "size": len(attachment.data),
        "sha256": hashlib.sha256(attachment.data).hexdigest(),
        "document_kind": None if extraction is None else extraction.kind.value,
        "warnings": [] if extraction is None else [w.code for w in extraction.warnings],
    }
