"""Forms read from pictures of their pages, end to end: what stood on them and how sure that is."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from inbox_worker.reading.reader import load_definitions
from parsers.extraction import DOUBTFUL_BELOW, DocumentKind, Extraction, ReadLimits
from parsers.reading.document import read_document
from tests.conftest import require_or_skip
from tests.specimens.compare import Reading, compare
from tests.specimens.fill import fill_ours
from tests.specimens.people import TODAY, Specimen, build_specimen
from tests.specimens.scans import draw_cover_sheet, draw_pages, pack_tiff
from tests.specimens.variants import VARIANTS, Group, Variant, find_variant

DEFINITIONS = load_definitions()
CONFIDENT = 0.95
_FONT = Path(__file__).parents[2] / "templates" / "fonts" / "PublicSans-Regular.ttf"
#: Of how many values of a form one may be misread: rare letters, mostly.
EXACT = 0.96


def _read(data: bytes, **options: object) -> Extraction:
    options = {"today": TODAY, "attachments_beside_form": 1, "pictures": True, **options}
    return read_document(data, DEFINITIONS, **options)  # type: ignore[arg-type]


def _codes(found: Extraction) -> list[str]:
    return [w.code for w in found.warnings]


def _compare(specimen: Specimen, found: Extraction) -> list[Reading]:
    return list(compare(specimen, found))


def _check(specimen: Specimen, found: Extraction) -> None:
    """Ask for nearly all values, for every mark, and for nothing false that is confident."""
    readings = _compare(specimen, found)
    wrong = [r for r in readings if not r.is_exact]
    assert found.kind is DocumentKind.SCAN
    assert len(wrong) <= (1 - EXACT) * len(readings) + 1, wrong
    assert [r for r in wrong if r.found and r.found.confidence >= CONFIDENT] == []
    assert [r for r in wrong if r.found and r.found.raw == "x"] == []


@pytest.fixture(scope="module")
def scanned() -> tuple[Specimen, Extraction]:
    specimen = build_specimen(5)
    return specimen, _read(find_variant("scan, office, 200 dpi").build(specimen))


def test_a_scan_is_read(scanned: tuple[Specimen, Extraction]) -> None:
    specimen, found = scanned
    _check(specimen, found)
    assert (found.definition, found.pages, found.further) == ("cjs-request/1", 2, ())
    assert found.readers == ("pikepdf", "rapidocr")
    assert not found.missing
    assert not found.needs_pictures


def test_every_value_of_a_scan_has_its_evidence(scanned: tuple[Specimen, Extraction]) -> None:
    _, found = scanned
    for value in found.fields.values():
        assert value.source == "scan"
        assert value.raw
        assert value.page in (1, 2)
        assert value.box is not None
        left, bottom, right, top = value.box
        assert 0 < left < right < 612
        assert 0 < bottom < top < 792


def test_pages_come_in_any_order_with_others_among_them() -> None:
    specimen = build_specimen(8)
    with Image.open(BytesIO(find_variant("TIFF of two pages").build(specimen))) as file:
        pages = []
        for n in range(2):
            file.seek(n)
            pages.append(np.array(file.convert("L")))
    upside_down = np.ascontiguousarray(np.rot90(pages[0], 2))
    data = pack_tiff([draw_cover_sheet(dpi=200), pages[1], upside_down], dpi=200)
    found = _read(data)
    _check(specimen, found)
    assert (found.pages, found.readers) == (3, ("rapidocr",))
    assert found.fields["requester_name"].page == 3
    assert found.fields["court_name"].page == 2


def test_text_behind_the_picture_is_never_believed_against_it() -> None:
    specimen = build_specimen(6)
    found = _read(find_variant("text layer, wrong").build(specimen))
    _check(specimen, found)
    assert found.readers == ("pikepdf", "rapidocr", "pypdfium2")
    denied = [v for v in found.fields.values() if v.alternatives]
    assert denied
    assert all(v.confidence < CONFIDENT for v in denied)


@pytest.mark.parametrize(
    ("place", "codes"),
    [
        pytest.param((400, 1520), ["text_over_form"], id="among the print"),
        pytest.param((40, 4), [], id="in the header of a fax"),
    ],
)
def test_what_is_written_beside_the_fields_is_told(
    place: tuple[int, int], codes: list[str]
) -> None:
    (page, _) = draw_pages(fill_ours({"subject_family_name": "Ejemplo"}), dpi=150)
    image = Image.fromarray(page)
    font = ImageFont.truetype(_FONT, 24)
    ImageDraw.Draw(image).text(place, "he has a brother", font=font, fill=0)
    found = _read(_save(image, "PNG"))
    assert found.value("subject_family_name") == "Ejemplo"
    assert _codes(found) == codes


def test_what_a_pen_wrote_is_doubtful_and_what_it_ticked_is_not() -> None:
    by_hand = find_variant("written by hand")
    missing = by_hand.find_missing()
    if missing is not None:
        require_or_skip(missing)
    specimen = build_specimen(3)
    found = _read(by_hand.build(specimen))
    assert found.fields["purpose"].value == "", "three lines that run into one another"
    assert [(p.code, p.flag_only) for p in found.problems if p.field == "purpose"] == [
        ("unread_writing", True)
    ]
    assert found.missing == (), "nobody is asked to write again what is only hard to read"
    written = [r for r in _compare(specimen, found) if r.found]
    ticked = [r for r in written if r.found and r.field in _MARKED]
    assert all(r.is_exact for r in ticked)
    for reading in written:
        if reading not in ticked and reading.field != "attestation":
            assert reading.found is not None
            assert reading.found.confidence < DOUBTFUL_BELOW


_MARKED = frozenset(
    f.name for d in DEFINITIONS for f in d.fields if f.type in ("choice", "multi", "yes_no", "tick")
)


def test_pictures_are_left_alone_where_they_are_not_to_be_read() -> None:
    data = find_variant("TIFF of two pages").build(build_specimen(1))
    found = _read(data, pictures=False)
    assert (found.kind, _codes(found)) == (DocumentKind.SCAN, ["scan_not_read"])
    assert found.needs_pictures
    assert not found.is_form


def _save(picture: Image.Image, kind: str) -> bytes:
    target = BytesIO()
    picture.save(target, kind)
    return target.getvalue()


_WHITE = Image.new("L", (1700, 2200), 255)


@pytest.mark.parametrize(
    ("data", "kind", "code"),
    [
        pytest.param(
            _save(_WHITE, "PNG"), DocumentKind.NOT_A_FORM, "no_form_in_pictures", id="white"
        ),
        pytest.param(
            _save(_WHITE.resize((300, 200)), "PNG"),
            DocumentKind.NOT_A_FORM,
            "small_picture",
            id="a logo",
        ),
        pytest.param(
            _save(_WHITE, "JPEG")[:400], DocumentKind.UNREADABLE, "broken_picture", id="cut off"
        ),
        pytest.param(
            _save(Image.new("1", (8000, 8000), 1), "PNG"),
            DocumentKind.UNREADABLE,
            "over_pixel_limit",
            id="too fine",
        ),
    ],
)
def test_other_pictures_have_named_outcomes(data: bytes, kind: DocumentKind, code: str) -> None:
    found = _read(data)
    assert (found.kind, _codes(found)) == (kind, [code])


def test_a_scan_has_its_own_limit_on_pages() -> None:
    data = pack_tiff([draw_cover_sheet(dpi=100)] * 3, dpi=100)
    found = _read(data, limits=ReadLimits(pages=2))
    assert (found.kind, _codes(found)) == (DocumentKind.UNREADABLE, ["over_page_limit"])


_WRITTEN = {
    "Form edition": "of another year",
    "Date submitted": "05/04/2026",
    "Name of requestor": "Dana Example",
    "Position": "Deputy Clerk",
    "Organization": "Sample District Court",
    "E-mail address": "d.whitlock@courts.example",
    "Last name": "Ejemplo Muestra",
    "First name": "Juan Carlos",
    "DOB": "07/23/1988",
    "COB": "Guatemala",
    "Violation": "Failure to appear",
    "Hearing date": "03/10/2026",
    "Division": "Criminal Division",
    "Docket": "26-CR-000123",
    "Reason": "The court decides on the bench warrant.",
}


@pytest.mark.parametrize(
    "turns",
    [pytest.param(0, marks=pytest.mark.long), 1, pytest.param(2, marks=pytest.mark.long)],
)
def test_another_revision_is_read_by_its_labels_and_nothing_of_it_is_sure(turns: int) -> None:
    page = Image.new("L", (1275, 1650), 255)
    pen, font = ImageDraw.Draw(page), ImageFont.truetype(_FONT, 26)
    for n, (label, value) in enumerate(_WRITTEN.items()):
        pen.text((120, 120 + 80 * n), f"{label}: {value}", font=font, fill=0)
    found = _read(_save(page.rotate(90 * turns, expand=True), "PNG"))
    assert (found.kind, found.definition) == (DocumentKind.SCAN, "cjs-request/1")
    assert found.value("requester_name") == "Dana Example"
    assert found.value("subject_birth_date") == "1988-07-23"
    assert found.value("case_numbers") == ("26-CR-000123",)
    assert all(v.confidence < DOUBTFUL_BELOW for v in found.fields.values())
    box = found.fields["requester_name"].box
    assert box is not None
    tall = box[3] - box[1] > box[2] - box[0]
    assert tall is (turns == 1)


@pytest.mark.long
@pytest.mark.parametrize(
    "variant", [pytest.param(v, id=v.name) for v in VARIANTS if v.group is Group.SCAN]
)
def test_every_kind_of_scan_is_read(variant: Variant) -> None:
    specimen = build_specimen(31)
    found = _read(variant.build(specimen))
    for one, form in zip(variant.holds(specimen), (found, *found.further), strict=True):
        _check(one, form)
