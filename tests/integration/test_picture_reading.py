"""Documents of pictures: read in a child of their own, and overtaken by what is read at once."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError
from pathlib import Path

import pytest
from sqlalchemy import text

from inbox_worker.handling import ingest
from inbox_worker.handling.waiting import WaitingRoom
from inbox_worker.reading.reader import DocumentReader, ReaderUnavailableError, load_definitions
from parsers.extraction import DocumentKind, Extraction, ReadLimits
from tests.specimens.fill import fill_ours
from tests.specimens.people import TODAY
from tests.specimens.scans import Picture, draw_pages, pack_tiff
from tests.worker_harness import CLERK, Harness, compose, fill

DEFINITIONS = load_definitions()
FORM = fill()


def _draw(family_name: str) -> list[Picture]:
    """Draw both pages of a form with little on it, which is read in a second."""
    values = {
        "subject_family_name": family_name,
        "case_numbers": "26-CR-000123",
        "identifiers_unknown": True,
    }
    return draw_pages(fill_ours(values), dpi=150)


def _scan(*family_names: str) -> bytes:
    return pack_tiff([page for name in family_names for page in _draw(name)], dpi=150)


ONE = _scan("Ejemplo")


@pytest.fixture
def reader() -> Iterator[DocumentReader]:
    with DocumentReader(DEFINITIONS) as found:
        yield found


def _codes(found: Extraction) -> list[str]:
    return [w.code for w in found.warnings]


def _wait(condition: Callable[[], bool], seconds: float = 60.0) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.02)
    return False


def test_a_scan_is_read_by_a_child_that_nothing_else_starts(reader: DocumentReader) -> None:
    assert reader.read(FORM, today=TODAY).kind is DocumentKind.ACROFORM
    assert len(reader.child_ids()) == 1
    found = reader.read(ONE, today=TODAY)
    assert found.kind is DocumentKind.SCAN
    assert found.value("subject_family_name") == "Ejemplo"
    assert found.value("identifiers_unknown") is True
    assert len(reader.child_ids()) == 2


def test_a_form_does_not_wait_for_a_scan(reader: DocumentReader) -> None:
    reader.read(FORM, today=TODAY)
    scan = reader.submit(ONE, today=TODAY)
    assert reader.read(FORM, today=TODAY).kind is DocumentKind.ACROFORM
    assert not scan.done()
    assert scan.result().is_form


def test_pictures_have_their_own_limit_of_time() -> None:
    limits = ReadLimits(seconds=0.3, memory_mb=2048)
    with DocumentReader(DEFINITIONS, picture_limits=limits) as reader:
        found = reader.read(ONE, today=TODAY)
        assert (found.kind, _codes(found)) == (DocumentKind.UNREADABLE, ["over_time_limit"])
        assert reader.read(FORM, today=TODAY).kind is DocumentKind.ACROFORM


def test_pictures_have_their_own_limit_of_memory() -> None:
    limits = ReadLimits(seconds=60, memory_mb=400)
    with DocumentReader(DEFINITIONS, picture_limits=limits) as reader:
        found = reader.read(ONE, today=TODAY)
        assert found.kind is DocumentKind.UNREADABLE
        # Some libraries say that memory ran out, others die of it.
        assert _codes(found)[0] in ("over_memory_limit", "reader_crashed")
        assert reader.read(FORM, today=TODAY).kind is DocumentKind.ACROFORM


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_a_killed_child_is_replaced_and_the_scan_read_all_the_same(reader: DocumentReader) -> None:
    reader.read(FORM, today=TODAY)
    (own,) = reader.child_ids()
    scan = reader.submit(ONE, today=TODAY)
    assert _wait(lambda: len(reader.child_ids()) == 2)
    (other,) = set(reader.child_ids()) - {own}
    assert _wait(lambda: "onnxruntime" in Path(f"/proc/{other}/maps").read_text())
    os.kill(other, signal.SIGKILL)
    assert scan.result().is_form
    assert other not in reader.child_ids()


def test_stopping_waits_for_no_pictures() -> None:
    with DocumentReader(DEFINITIONS) as reader:
        scans = [reader.submit(ONE, today=TODAY) for _ in range(5)]
        assert _wait(lambda: len(reader.child_ids()) == 2)
    assert not reader.child_ids()
    # Those that were not waited for can be read another time.
    failures = [scan.exception(timeout=0) for scan in scans]
    assert any(failures)
    for failure in filter(None, failures):
        assert isinstance(failure, ReaderUnavailableError | CancelledError)


def _dispose(harness: Harness, room: WaitingRoom) -> int:
    report = ingest.dispose_pending(
        harness.services, harness.worker_id, should_stop=lambda: False, room=room
    )
    return report.disposed


def _mail(data: bytes, name: str) -> bytes:
    return compose(CLERK, "Our form is attached.", files={name: data})


def test_a_scanned_form_becomes_a_request(harness: Harness) -> None:
    assert harness.deliver(_mail(ONE, "fax.tif")) == "FILED"
    assert harness.status() == "INCOMPLETE"


def test_later_mails_are_filed_while_a_scan_is_read(harness: Harness) -> None:
    room = WaitingRoom()
    scan = harness.record(_mail(ONE, "fax.tif"))
    form = harness.record(_mail(FORM, "form.pdf"))
    assert _dispose(harness, room) == 1
    assert harness.entry(form).disposition == "FILED"
    assert harness.entry(scan).disposition is None
    assert room
    assert _dispose(harness, room) == 0
    room.wait(60)
    assert _dispose(harness, room) == 1
    assert harness.entry(scan).disposition == "FILED"
    assert not room


def test_a_scan_that_waits_is_read_again_after_a_crash(harness: Harness) -> None:
    scan = harness.record(_mail(ONE, "fax.tif"))
    assert _dispose(harness, WaitingRoom()) == 0
    # Another worker knows nothing of the first one's waiting room.
    harness.work()
    assert harness.entry(scan).disposition == "FILED"


def test_of_two_forms_in_one_scan_each_becomes_a_request(harness: Harness) -> None:
    both = _scan("Ejemplo", "Muestra")
    assert harness.deliver(_mail(both, "both.tif")) == "FILED"
    with harness.services.database.read() as session:
        positions = session.execute(
            text("SELECT document_position FROM requests ORDER BY id")
        ).scalars()
        papers = session.execute(
            text("SELECT name, found_in, document_kind FROM attachments ORDER BY position")
        ).all()
        kept = session.execute(text("SELECT data FROM forms_inside")).scalars().all()
    assert list(positions) == [0, 1]
    assert [tuple(p) for p in papers] == [
        ("both.tif", "", "scan"),
        ("form 2 in both.tif", "both.tif", "scan"),
    ]
    assert kept == [both]


def test_a_logo_makes_no_request(harness: Harness) -> None:
    logo = pack_tiff([_draw("x")[0][:100, :300]], dpi=150)
    assert harness.deliver(_mail(logo, "logo.tif")) == "FOR_A_PERSON"
    assert [letter.kind for letter in harness.letters()] == ["no_form"]


def test_a_picture_without_a_form_is_set_aside_with_the_reason(harness: Harness) -> None:
    sheet = pack_tiff([_draw("x")[0] * 0 + 255], dpi=150)
    assert harness.deliver(_mail(sheet, "page.tif")) == "FORM_SET_ASIDE"
    assert "scan or photograph every page" in harness.letters()[-1].text.replace("\n", " ")
