"""One file on disk, read: what it is, and what the papers inside it are.

Outcomes: a `FileReading` always; of a file that cannot be opened it says so as a warning.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

from inbox_worker.reading.reader import DocumentReader
from parsers.extraction import DocumentKind, DocumentWarning, Extraction
from parsers.mail.message import Attachment
from parsers.papers.inside import is_container
from parsers.pdf.traits import warn
from parsers.reading.document import build_refused


@dataclass(frozen=True, slots=True, kw_only=True)
class PaperInside:
    """A paper that lay in a file, and what was read in it."""

    paper: Attachment
    extraction: Extraction | None  #: None for what is no document, and is not read


@dataclass(frozen=True, slots=True, kw_only=True)
class FileReading:
    """What one file holds."""

    extraction: Extraction  #: of the file itself
    inside: tuple[PaperInside, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return the JSON shape `extract --json` prints, but for the file's name."""
        found = self.extraction.to_json()
        if self.inside:
            found["inside"] = [
                {
                    "name": p.paper.name,
                    "found_in": p.paper.found_in,
                    **({} if p.extraction is None else p.extraction.to_json()),
                }
                for p in self.inside
            ]
        return found


def read_file(
    reader: DocumentReader, path: Path, *, password: str | None, today: date
) -> FileReading:
    """Read a file, and every document inside it where it is the wrapping of others."""
    try:
        data = path.read_bytes()
    except OSError as error:
        message = f"The file cannot be opened: {error.strerror}."
        warning = DocumentWarning(code="cannot_be_opened", message=message)
        return FileReading(extraction=Extraction(kind=DocumentKind.UNREADABLE, warnings=(warning,)))
    found = reader.read(data, today=today, password=password)
    paper = Attachment(name=path.name, declared_type="", data=data)
    papers = reader.find_inside((paper,), ()) if is_container(paper) else ()
    wrappings = {p.holder for p in papers}
    bound = {n for p in papers for places in p.bound_from for n in places}
    return FileReading(
        extraction=_call_wrapping(found) if papers else found,
        inside=tuple(
            _read_inside(reader, p, today)
            for position, p in enumerate(papers, 1)
            if (p.is_pdf or position not in wrappings) and position not in bound
        ),
    )


def _call_wrapping(found: Extraction) -> Extraction:
    """Say of a file that is no PDF, and was opened all the same, what it is."""
    if not any(w.code == "not_a_pdf" for w in found.warnings):
        return found
    kind = DocumentKind.NOT_A_FORM
    return replace(found, kind=kind, warnings=(warn("holds_papers"),))


def _read_inside(reader: DocumentReader, paper: Attachment, today: date) -> PaperInside:
    extraction = None
    if paper.refusal:
        extraction = build_refused(paper.refusal)
    elif paper.is_document:
        extraction = reader.read(paper.data, today=today)
    return PaperInside(paper=paper, extraction=extraction)
