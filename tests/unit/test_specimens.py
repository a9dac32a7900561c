"""The invented requests that readers are measured with are valid, legible and plainly invented."""

from __future__ import annotations

import re
from io import BytesIO

import pikepdf
import pytest
from PIL import Image

from parsers.definition import FieldType
from parsers.reading.document import read_document
from tests.conftest import require_or_skip
from tests.specimens import fill
from tests.specimens.compare import compare
from tests.specimens.people import TODAY, Specimen, build_specimen, build_specimens
from tests.specimens.variants import VARIANTS, Group, Variant

SPECIMENS = build_specimens(60)

#: Pages of the variants that have other than the form's two.
_PAGES = {
    "cover sheet in front": 3,
    "two forms in one scan": 4,
    "first page as JPEG": 1,
    "first page as PNG": 1,
    "XFA, dynamic": 1,
}

#: A new tick or radio group may be rare; over this many people each choice is met.
MANY = build_specimens(400)


def test_the_same_seed_gives_the_same_person() -> None:
    assert build_specimen(7) == build_specimen(7)
    assert build_specimen(7).typed != build_specimen(8).typed


@pytest.mark.parametrize("specimen", SPECIMENS, ids=lambda s: str(s.seed))
def test_what_is_typed_is_complete_and_means_what_is_expected(specimen: Specimen) -> None:
    found = read_document(
        fill.fill_ours(specimen.typed),
        [fill.read_definition()],
        today=TODAY,
        attachments_beside_form=1,
    )
    assert [r for r in compare(specimen, found) if not r.is_exact] == []
    assert found.is_complete
    assert {p.code for p in found.problems} <= {"ambiguous_date"}


def test_every_choice_is_made_by_somebody() -> None:
    for field in fill.read_definition().fields:
        made = {
            name
            for specimen in MANY
            for name in _as_tuple(specimen.expected.get(field.name))
            if isinstance(name, str | bool)
        }
        wanted: set[str | bool] = {choice.name for choice in field.choices}
        if field.type is FieldType.YES_NO:
            wanted = {True, False}
        assert wanted <= made, field.name


def test_nobody_real_is_meant() -> None:
    for specimen in MANY:
        phones = [v for n, v in specimen.expected.items() if n.endswith(("_phone", "_fax"))]
        assert all(re.match(r"\+1\d{3}55501\d\d(;ext=\d+)?$", str(p)) for p in phones)
        assert re.fullmatch(
            r"A0000001\d\d", str(specimen.expected.get("subject_a_number", "A000000101"))
        )
        assert str(specimen.expected["requester_email"]).endswith(".example")


def test_everything_is_drawn_large_enough_to_be_read() -> None:
    for specimen in SPECIMENS:
        with pikepdf.open(BytesIO(fill.fill_ours(specimen.typed))) as pdf:
            for field in fill.list_fields(pdf):
                if field.get("/FT") == pikepdf.Name.Tx and "/V" in field:
                    drawn = field.AP.N.read_bytes()
                    sizes = [float(size) for size in re.findall(rb"/\w+ ([\d.]+) Tf", drawn)]
                    assert min(sizes) >= 6, (specimen.seed, str(field.T))


@pytest.mark.parametrize(
    "variant",
    [
        pytest.param(v, id=v.name, marks=[pytest.mark.long] if v.program == "soffice" else [])
        for v in VARIANTS
    ],
)
def test_every_variant_is_a_document_of_its_pages(variant: Variant) -> None:
    missing = variant.find_missing()
    if missing is not None:
        require_or_skip(missing)
    pages = _PAGES.get(variant.name, 2)
    data = variant.build(SPECIMENS[1])
    if data.startswith(b"%PDF-"):
        with pikepdf.open(BytesIO(data)) as pdf:
            assert len(pdf.pages) == pages
            assert ("/AcroForm" in pdf.Root) == (variant.group is Group.ACROFORM)
    else:
        with Image.open(BytesIO(data)) as picture:
            assert getattr(picture, "n_frames", 1) == pages


def _as_tuple(value: object) -> tuple[object, ...]:
    return value if isinstance(value, tuple) else (value,)
