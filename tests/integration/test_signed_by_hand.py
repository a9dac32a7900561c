"""Certifications signed by hand: printed, waited for, filed back as a scan, and sent then."""

from __future__ import annotations

import json
from collections.abc import Callable
from io import BytesIO
from typing import Any

import pikepdf
import pypdfium2
import pytest

from inbox_worker.errors import WorkerError
from inbox_worker.reading.reader import DocumentReader
from inbox_worker.review.signed_scans import file_signed_scan
from inbox_worker.storage.models import CertificationRecord, PaperToSign, Request
from outbound.certification.stored_facts import load_facts
from parsers.values.control_numbers import SAMPLE_CONTROL_NUMBER, fold_control_number
from tests.specimens.scans import draw_pages, pack_pdf
from tests.worker_harness import APPROVE, CLERK, ORTEGA, SETTINGS, Harness, Opener

SETTINGS_INK = {**SETTINGS["certification"], "require_signature": True, "ink": True}
REVIEW = {"confirm": False, "refusal_times": [], "refusal_min_business_days": 0}


@pytest.fixture
def printed(open_filed: Opener) -> Harness:
    """Return a worker whose approval was printed to be signed."""
    harness: Harness = open_filed(review=REVIEW, certification=SETTINGS_INK)
    harness.reply(ORTEGA, APPROVE)
    harness.clock.advance(minutes=10)
    assert [harness.issue() for _ in range(2)] == [0, 0]
    return harness


def paper_of(harness: Harness) -> bytes:
    (letter,) = harness.letters(to=ORTEGA, kind="paper_to_sign")
    (document,) = letter.files.values()
    return document


def tracking_of(harness: Harness) -> str:
    (request,) = harness.rows(Request)
    return str(request.tracking_number)


def file(harness: Harness, scan: bytes, **options: Any) -> str:
    return file_signed_scan(harness.services, tracking_of(harness), scan, **options)


def scan(document: bytes) -> bytes:
    pages = draw_pages(document, dpi=150)
    pages[1][480:500, 150:420] = 30  # the signature
    return pack_pdf(pages, dpi=150)


def test_the_paper_is_official_has_an_empty_line_and_waits(printed: Harness) -> None:
    document = paper_of(printed)
    words = " ".join(p.get_textpage().get_text_bounded() for p in pypdfium2.PdfDocument(document))
    (paper,) = printed.rows(PaperToSign)
    assert paper.control_number in words != SAMPLE_CONTROL_NUMBER
    assert "SAMPLE" not in words
    assert "Signed electronically" not in words
    with pikepdf.open(BytesIO(document)) as pdf:
        assert "/AcroForm" not in pdf.Root
        assert len(pdf.pages) == paper.pages == 2
    assert (printed.status(), printed.rows(CertificationRecord)) == ("APPROVED", [])
    assert printed.letters(to=CLERK, kind="certification") == []


def test_a_signed_scan_is_read_registered_and_sent(printed: Harness) -> None:
    (paper,) = printed.rows(PaperToSign)
    signed = scan(paper_of(printed))
    assert file(printed, signed) == paper.control_number
    record = printed.certification()
    assert (record.pdf, record.control_number) == (signed, paper.control_number)
    assert (record.facts, record.outcomes) == (paper.facts, ["DETAINED", "REMOVED"])
    assert json.loads(load_facts(record.facts).to_bytes()) == record.facts
    assert [a["code"] for a in record.answers] == ["q1", "q2", "q3", "transfer"]
    assert list(printed.newest(CLERK, "certification").files.values()) == [signed]
    assert printed.status() == "ISSUED"
    with pytest.raises(WorkerError, match="waits for a signature"):
        file(printed, signed)


@pytest.mark.long
def test_a_page_upside_down_is_read_too(printed: Harness) -> None:
    page = draw_pages(paper_of(printed), dpi=150)[1][::-1, ::-1].copy()
    read = printed.services.reader.read_control_numbers(pack_pdf([page], dpi=150))
    (paper,) = printed.rows(PaperToSign)
    assert read == (fold_control_number(paper.control_number),)


Read = Callable[[str], tuple[str, ...] | None]

REFUSED: dict[str, tuple[Read, dict[str, str], str]] = {
    "another paper": (lambda n: (n, "0" * 16), {}, "of another certification"),
    "another paper, the number given": (
        lambda n: (n, "0" * 16),
        {"control_number": "printed"},
        "of another certification",
    ),
    "a page is missing": (lambda n: (n,), {}, "2 pages were printed, and 1"),
    "no number can be read": (lambda n: (n, ""), {}, "on page 2"),
    "no number, a wrong one given": (
        lambda n: ("", ""),
        {"control_number": "1111-2222-3333-4444"},
        "not the control number",
    ),
    "damaged": (lambda n: None, {}, "cannot be read"),
}


@pytest.mark.parametrize(("read", "options", "why"), REFUSED.values(), ids=REFUSED.keys())
def test_what_is_not_the_paper_is_not_filed(
    printed: Harness,
    monkeypatch: pytest.MonkeyPatch,
    read: Read,
    options: dict[str, str],
    why: str,
) -> None:
    (paper,) = printed.rows(PaperToSign)
    number = fold_control_number(paper.control_number)
    monkeypatch.setattr(DocumentReader, "read_control_numbers", lambda self, data: read(number))
    given = {n: v.replace("printed", paper.control_number) for n, v in options.items()}
    with pytest.raises(WorkerError, match=why):
        file(printed, b"%PDF-", **given)
    assert (printed.status(), printed.rows(CertificationRecord)) == ("APPROVED", [])


def read_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(DocumentReader, "read_control_numbers", lambda self, data: ("", ""))


def test_a_number_compared_by_eye_stands_where_none_can_be_read(
    printed: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    read_nothing(monkeypatch)
    (paper,) = printed.rows(PaperToSign)
    file(printed, b"%PDF-", control_number=paper.control_number.lower().replace("-", " "))
    assert printed.status() == "ISSUED"


def test_what_was_taken_back_is_not_filed(printed: Harness) -> None:
    printed.reply(ORTEGA, "CANCEL")
    with pytest.raises(WorkerError, match="waits for a signature"):
        file(printed, b"%PDF-")
    assert (printed.status(), printed.rows(CertificationRecord)) == ("IN_REVIEW", [])


def test_what_grew_too_old_returns_to_review(
    printed: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    read_nothing(monkeypatch)
    (paper,) = printed.rows(PaperToSign)
    printed.clock.advance(days=4)
    with pytest.raises(WorkerError, match="too old"):
        file(printed, b"%PDF-", control_number=paper.control_number)
    assert (printed.status(), printed.rows(CertificationRecord)) == ("IN_REVIEW", [])


def test_a_refusal_has_nothing_to_sign_and_leaves_at_its_moment(open_filed: Opener) -> None:
    harness = open_filed(review=REVIEW, certification=SETTINGS_INK)
    harness.reply(ORTEGA, "DENY the records are sealed")
    harness.clock.advance(minutes=10)
    assert (harness.issue(), harness.status()) == (1, "ISSUED")
    assert harness.certification().control_number != SAMPLE_CONTROL_NUMBER
