"""Documents that mean harm: each meets a limit of the settings and ends in a named outcome."""

from __future__ import annotations

import resource
import time
from collections.abc import Iterator
from datetime import date

import pytest

from config.sections import ReadingSettings
from inbox_worker.reading.reader import DocumentReader, load_definitions
from parsers.extraction import DocumentKind, ReadLimits
from parsers.mail.message import Attachment
from tests.unit.hostile_pdfs import HOSTILE

TODAY = date(2026, 5, 4)
SETTINGS = ReadingSettings()
LIMITS = ReadLimits(
    seconds=SETTINGS.seconds,
    memory_mb=SETTINGS.memory_mb,
    bytes=SETTINGS.document_bytes,
    pages=SETTINGS.pages,
)
#: Of what is too much, a form is read all the same where its answers are small.
READ = frozenset({DocumentKind.ACROFORM})
REFUSED = frozenset({DocumentKind.UNREADABLE})

OUTCOMES: dict[str, tuple[frozenset[DocumentKind], frozenset[str]]] = {
    "value_of_600_megabytes": (READ, frozenset()),
    "page_of_600_megabytes": (REFUSED, frozenset({"over_memory_limit"})),
    "appearance_of_600_megabytes": (REFUSED, frozenset({"over_memory_limit"})),
    "xfa_of_600_megabytes": (frozenset({DocumentKind.XFA}), frozenset({"damaged_xfa"})),
    "file_of_600_megabytes": (
        frozenset({DocumentKind.NOT_A_FORM}),
        frozenset({"contains_embedded_files"}),
    ),
    # The library says no more than that it found nothing.
    "objects_of_600_megabytes": (REFUSED, frozenset({"broken_pdf", "over_memory_limit"})),
    "ten_thousand_pages": (REFUSED, frozenset({"over_page_limit"})),
    "brackets_without_end": (frozenset({DocumentKind.NOT_A_FORM}), frozenset({"no_known_form"})),
    "pages_in_a_circle": (REFUSED, frozenset({"broken_pdf"})),
    "a_hundred_thousand_fields": (REFUSED, frozenset({"too_many_fields"})),
    "page_of_14_400_points_drawn_in_loops": (
        REFUSED,
        frozenset({"over_time_limit", "over_memory_limit"}),
    ),
    "picture_of_400_megapixels": (
        frozenset({DocumentKind.UNREADABLE}),
        frozenset({"over_pixel_limit"}),
    ),
    "everything_that_runs": (READ, frozenset({"contains_executable"})),
    "forms_inside_forms_without_end": (
        frozenset({DocumentKind.NOT_A_FORM}),
        frozenset({"contains_embedded_files"}),
    ),
}


@pytest.fixture(scope="module")
def reader() -> Iterator[DocumentReader]:
    with DocumentReader(load_definitions(), limits=LIMITS) as found:
        found.read(b"", today=TODAY)
        yield found


@pytest.mark.parametrize("name", HOSTILE)
def test_every_hostile_document_has_a_named_outcome_in_time(
    reader: DocumentReader, name: str
) -> None:
    data = HOSTILE[name]()
    kinds, codes = OUTCOMES[name]
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    started = time.monotonic()
    found = reader.read(data, today=TODAY)
    reader.find_inside([Attachment(name="a.pdf", declared_type="", data=data)], ())
    assert time.monotonic() - started < 4 * LIMITS.seconds
    assert found.kind in kinds
    assert not codes or codes & {w.code for w in found.warnings}
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown < 64 * 1024, "kilobytes; what is unfolded never reaches the worker itself"


def test_hostile_documents_are_as_small_as_they_claim() -> None:
    assert len(HOSTILE["objects_of_600_megabytes"]()) < 2_000


def test_the_reader_is_as_good_as_before_once_they_are_through(reader: DocumentReader) -> None:
    found = reader.read(HOSTILE["everything_that_runs"](), today=TODAY)
    assert [w.code for w in found.warnings] == [
        "contains_javascript",
        "contains_launch_action",
        "contains_submit_action",
        "contains_embedded_files",
        "contains_executable",
    ]
    assert found.value("requester_name") == "Dana Example"
