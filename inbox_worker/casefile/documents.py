"""What the documents that came with a mail are: forms, and papers beside them.

A document may be attached, or lie inside something that is: then its row says in what. Of several
forms in one document, in one scan say, all but the first count as papers inside it. Pictures that
were bound to one document are its pages, but for those that show nothing of its form.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from inbox_worker.casefile.dossier import PAGE, WRAPPING, describe_file
from inbox_worker.intake import Intake
from outbound.letters.review_letters import ReceivedFile
from parsers.extraction import DocumentKind, Extraction
from parsers.mail.message import Attachment
from parsers.papers.inside import ARROW


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
            describe_file(r["name"], r["declared_type"], r["size"], r["found_in"], r["warnings"])
            for r in self.attachment_rows
        )

    @property
    def forms_inside(self) -> Mapping[int, bytes]:
        """Return the forms that lay inside something else, by position: they are kept."""
        return {f.position: f.attachment.data for f in self.forms if f.attachment.found_in}

    def find_digest(self, document: ReadDocument) -> str:
        """Return the SHA-256 of a document's bytes, as its row has it."""
        return str(self.attachment_rows[document.position]["sha256"])

    @property
    def has_paper_beside_forms(self) -> bool:
        """Whether anything but forms is attached."""
        kinds = [row["document_kind"] for row in self.attachment_rows]
        return sum(kind not in (WRAPPING, PAGE) for kind in kinds) > len(self.forms)


def await_documents(intake: Intake) -> ReadDocuments:
    """Return the mail's documents once their readers are done."""
    read = [
        ReadDocument(position=d.position, attachment=d.attachment, extraction=d.reading.result())
        for d in intake.documents
    ]
    papers = [*intake.message.papers]
    for document in tuple(read):
        for number, extraction in enumerate(document.extraction.further, 2):
            paper = _as_inside(document, number)
            read.append(ReadDocument(position=len(papers), attachment=paper, extraction=extraction))
            papers.append(paper)
    by_position = {d.position: d.extraction for d in read}
    roles = {paper.holder: WRAPPING for paper in intake.message.inside} | {
        n: role for d in read for n, role in _list_page_roles(d)
    }
    return ReadDocuments(
        forms=tuple(d for d in read if d.extraction.is_form),
        others=tuple(d for d in read if not d.extraction.is_form),
        attachment_rows=tuple(
            _build_row(position, paper, by_position.get(position), roles.get(position))
            for position, paper in enumerate(papers)
        ),
    )


def _as_inside(document: ReadDocument, number: int) -> Attachment:
    """Return a further form of a document as a paper of its own; its bytes are the whole one's."""
    whole = document.attachment
    name = whole.name or "the document"
    path = f"{whole.found_in}{ARROW}{name}" if whole.found_in else name
    return replace(
        whole,
        name=f"form {number} in {name}",
        found_in=path,
        holder=document.position,
        bound_from=(),
    )


def _list_page_roles(document: ReadDocument) -> Iterator[tuple[int, str]]:
    """Yield what the pictures are that a document was bound from, by position."""
    passed_over = document.extraction.passed_over
    for number, places in enumerate(document.attachment.bound_from, 1):
        role = DocumentKind.NOT_A_FORM.value if number in passed_over else PAGE
        yield from ((position, role) for position in places)


def _build_row(
    position: int, attachment: Attachment, extraction: Extraction | None, role: str | None
) -> Mapping[str, Any]:
    kind = None if extraction is None else extraction.kind.value
    is_form = extraction is not None and extraction.is_form
    return {
        "position": position,
        "name": attachment.name[:255],
        "declared_type": attachment.declared_type[:127],
        "size": len(attachment.data),
        "sha256": hashlib.sha256(attachment.data).hexdigest(),
        "found_in": attachment.found_in[:255],
        "document_kind": kind if role is None or is_form else role,
        "warnings": [] if extraction is None else [w.code for w in extraction.warnings],
    }
