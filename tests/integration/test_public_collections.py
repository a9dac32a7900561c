"""Other people's test documents, gathered because they broke something: none breaks us.

`make collections` fetches those of pikepdf and pypdf, which are in their source packages; the court
forms lie beside the project. Every document must have a named outcome, within the limits, without
bringing its reader down; and none of them is a form of ours.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from config.sections import ReadingSettings
from inbox_worker.reading.reader import DocumentReader, load_definitions
from parsers.extraction import ReadLimits
from parsers.mail.message import Attachment
from parsers.papers.inside import is_container
from parsers.pdf.traits import SENTENCES

PROJECT = Path(__file__).parents[2]
FETCHED = PROJECT / ".collections"
COURT_FORMS = PROJECT / ".." / "shared" / "samples" / "court-forms"
SETTINGS = ReadingSettings()
LIMITS = ReadLimits(
    seconds=SETTINGS.seconds,
    memory_mb=SETTINGS.memory_mb,
    bytes=SETTINGS.document_bytes,
    pages=SETTINGS.pages,
)
#: A reader that ended otherwise than by answering.
_FAILURES = {"reader_crashed", "over_time_limit", "over_memory_limit"}

pytestmark = pytest.mark.corpus


def _list(folder: Path) -> list[Path]:
    return sorted(p for p in folder.rglob("*") if p.suffix.lower() == ".pdf")


@pytest.fixture(scope="module")
def reader() -> Iterator[DocumentReader]:
    with DocumentReader(load_definitions(), limits=LIMITS) as found:
        yield found


def _check(reader: DocumentReader, path: Path) -> None:
    data = path.read_bytes()
    started = time.monotonic()
    found = reader.read(data, today=date(2026, 5, 4))
    codes = {w.code for w in found.warnings}
    assert time.monotonic() - started < LIMITS.seconds
    assert codes, "every document that is no form of ours says why"
    assert codes <= SENTENCES.keys() - _FAILURES
    assert not found.is_form
    paper = Attachment(name=path.name, declared_type="application/pdf", data=data)
    if is_container(paper):
        assert all(p.found_in == path.name for p in reader.find_inside([paper], ()))


@pytest.mark.long
@pytest.mark.skipif(not _list(FETCHED), reason="`make collections` fetches these documents")
@pytest.mark.parametrize("path", _list(FETCHED), ids=lambda p: p.name)
def test_a_document_that_broke_others_has_a_named_outcome(
    reader: DocumentReader, path: Path
) -> None:
    _check(reader, path)


@pytest.mark.skipif(not _list(COURT_FORMS), reason="the court forms are not at hand")
@pytest.mark.parametrize("path", _list(COURT_FORMS), ids=lambda p: p.stem)
def test_a_court_form_has_a_named_outcome(reader: DocumentReader, path: Path) -> None:
    _check(reader, path)
