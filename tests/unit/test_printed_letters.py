"""What goes by post: the address in its window, and the certification behind its cover letter."""

from __future__ import annotations

import io
import subprocess
from pathlib import Path

import pdfplumber
import pikepdf
import pytest

from outbound.certification.pdf import render_certification
from outbound.letters.printed import (
    PrintedKind,
    PrintedLetter,
    enclose_certification,
    render_printed_letter,
)
from tests.conftest import require_or_skip
from tests.unit.certification_cases import build_facts, build_findings

ADDRESS = (
    "Dana Whitlock",
    "Superior Court of Example County",
    "1 Example Plaza",
    "Anytown, GA 30301",
)
LONG = (
    "Dana Whitlock-Montgomery de la Fuente",
    "Office of the Clerk of the Superior Court of the County of Example, Bond Forfeiture Unit",
    *ADDRESS[2:],
)
#: Inches from the left and the top of the sheet: what the window of a #10 envelope shows however a
#: sheet folded in three slides in it, what it shows of one that stands on its lower edge, and what
#: it may show at all.
ALWAYS = (0.875, 2.5, 4.375, 3.167)
STANDING = (0.875, 2.04, 4.375, 3.167)
EVER = (0.0, 2.04, 5.375, 3.625)

Box = tuple[float, float, float, float]


def render(kind: PrintedKind, lines: tuple[str, ...] = ADDRESS) -> bytes:
    return render_printed_letter(
        PrintedLetter(
            kind=kind,
            agency="Example Immigration Agency (demo)",
            tracking_number="CJS-2026-000001-5",
            date="May 4, 2026",
            address_lines=lines,
        )
    )


def words_in(document: bytes, box: Box) -> list[str]:
    """Return the words of the first page that lie in the box, or are cut by its edges."""
    left, top, right, bottom = (72 * n for n in box)
    with pdfplumber.open(io.BytesIO(document)) as pdf:
        return [
            word["text"]
            for word in pdf.pages[0].extract_words()
            if word["x1"] > left
            and word["x0"] < right
            and word["bottom"] > top
            and word["top"] < bottom
        ]


def words_within(document: bytes, box: Box) -> list[str]:
    """Return the words of the first page that lie in the box as a whole."""
    with pdfplumber.open(io.BytesIO(document)) as pdf:
        inside = pdf.pages[0].within_bbox(tuple(72 * n for n in box))
        return [word["text"] for word in inside.extract_words()]


@pytest.mark.parametrize(
    ("lines", "box"),
    [
        pytest.param(ADDRESS, ALWAYS, id="four lines, wherever the sheet lies"),
        pytest.param(LONG, STANDING, id="six, as it is posted"),
    ],
)
@pytest.mark.parametrize("kind", ["certification", "deficiency"])
def test_the_window_shows_the_whole_address_and_nothing_else(
    kind: PrintedKind, lines: tuple[str, ...], box: Box
) -> None:
    document = render(kind, lines)
    address = " ".join(lines).split()
    assert words_within(document, box) == address
    assert words_in(document, EVER) == address


@pytest.fixture(scope="module")
def posted() -> bytes:
    return enclose_certification(render("certification"), _certification())


def _certification() -> bytes:
    return render_certification(build_facts(build_findings()))


def test_the_certification_lies_behind_its_letter_as_it_is(posted: bytes) -> None:
    def read(data: bytes) -> list[str]:
        with pdfplumber.open(io.BytesIO(data)) as pdf:
            assert {(page.width, page.height) for page in pdf.pages} == {(612, 792)}
            return [page.extract_text() for page in pdf.pages]

    cover, *pages = read(posted)
    assert pages == read(_certification())
    assert "CJS-2026-000001-5 is enclosed" in cover
    for told in ("Ejemplo", "ICE records", "custody", "1988"):
        assert told not in cover


def test_it_is_printed_as_it_is_on_one_side_and_by_anybody(posted: bytes, tmp_path: Path) -> None:
    with pikepdf.open(io.BytesIO(posted)) as pdf:
        assert not pdf.is_encrypted
        wishes = pdf.Root.ViewerPreferences
        assert (wishes.Duplex, wishes.PrintScaling) == ("/Simplex", "/None")
        names = {str(font.BaseFont) for page in pdf.pages for font in page.Resources.Font.values()}
        assert {name.partition("+")[2].partition("-")[0] for name in names} == {
            "NotoSans",
            "NotoSerif",
        }
    require_or_skip("qpdf")
    file = tmp_path / "posted.pdf"
    file.write_bytes(posted)
    subprocess.run(["qpdf", "--check", file], check=True, capture_output=True, timeout=30)
