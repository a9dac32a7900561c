"""The form on its way back: filled with what was read, marked where it must be mended."""

from __future__ import annotations

from datetime import date
from io import BytesIO

import pikepdf
import pytest

from config.data import read_data
from outbound.forms.filling import fill_form, walk_fields
from outbound.forms.returned import build_returned_form, list_signed
from parsers.definition import parse_definition
from parsers.extraction import Extraction
from parsers.reading.document import read_document
from parsers.values.ssn import SSN_MASK
from tests.specimens.people import TODAY, build_specimen

DEFINITION = parse_definition(read_data("forms/cjs-request-1.toml"))
BLANK = read_data(f"forms/{DEFINITION.blank_form}")
SIGNED = {"attestation", "attestation_date"}


def read(data: bytes) -> Extraction:
    return read_document(data, [DEFINITION], today=TODAY)


def send_back(values: dict[str, object], to_mend: dict[str, str]) -> bytes:
    read_once = read(fill_form(DEFINITION, BLANK, values))
    return build_returned_form(DEFINITION, BLANK, read_once.fields, to_mend)


def tooltips(data: bytes) -> dict[str, str]:
    with pikepdf.open(BytesIO(data)) as pdf:
        fields = walk_fields(pdf.Root.AcroForm.Fields)
        return {name: str(node.get("/TU", "")) for name, node in fields}


def arrows(data: bytes) -> list[int]:
    """Return how many arrows each page has."""
    with pikepdf.open(BytesIO(data)) as pdf:
        for page in pdf.pages:
            page.contents_coalesce()
        return [p.obj.Contents.read_bytes().count(b"0.62 0.08 0.05 rg") for p in pdf.pages]


@pytest.mark.parametrize("seed", range(4))
def test_every_value_that_was_read_is_read_again_but_for_the_signature(seed: int) -> None:
    values = build_specimen(seed).typed
    sent = read(fill_form(DEFINITION, BLANK, values))
    returned = read(build_returned_form(DEFINITION, BLANK, sent.fields, {"purpose": "Say more."}))
    assert {n: f.value for n, f in returned.fields.items()} == {
        n: f.value for n, f in sent.fields.items() if n not in SIGNED
    }
    assert returned.warnings == ()


@pytest.mark.parametrize(
    ("field", "typed", "kept"),
    [
        pytest.param("subject_birth_date", "02/30/1990", "02/30/1990", id="as typed, to be mended"),
        pytest.param("court_state", "Exampleland", "Exampleland", id="no state, shown as typed"),
        pytest.param("subject_a_number", "123-45-6789", None, id="nobody gets an SSN mailed back"),
        pytest.param("purpose", f"Bond of {SSN_MASK}", None, id="nor what is left of one"),
    ],
)
def test_what_could_not_be_read_goes_back_as_it_was_typed(
    field: str, typed: str, kept: str | None
) -> None:
    returned = send_back({field: typed, "court_name": "Example Court"}, {field: "Mend it."})
    with pikepdf.open(BytesIO(returned)) as pdf:
        node = dict(walk_fields(pdf.Root.AcroForm.Fields))[field]
        assert str(node.get("/V", "")) == (kept or "")


def test_a_field_to_mend_says_so_in_colour_in_the_margin_and_to_a_screen_reader() -> None:
    plain = send_back({"court_name": "Example Court"}, {})
    marked = send_back({"court_name": "Example Court"}, {"court_county": "This was left blank."})
    assert tooltips(marked)["court_county"].startswith("Please mend. This was left blank. County")
    others = {name: tip for name, tip in tooltips(marked).items() if name != "court_county"}
    assert others == {name: tip for name, tip in tooltips(plain).items() if name != "court_county"}
    with pikepdf.open(BytesIO(marked)) as pdf:
        fields = dict(walk_fields(pdf.Root.AcroForm.Fields))
        assert "/MK" in fields["court_county"]
        assert "/MK" not in fields["court_name"]
    assert (arrows(plain), arrows(marked)) == ([0, 0], [0, 1])


@pytest.mark.parametrize("name", ["consequences", "delivery"], ids=["ticks", "radio buttons"])
def test_a_group_is_marked_once(name: str) -> None:
    marked = send_back({"court_name": "Example Court"}, {name: "Choose."})
    assert arrows(marked) == [0, 1]
    told = [n for n, tip in tooltips(marked).items() if tip.startswith("Please mend. Choose.")]
    assert told
    assert all(n.partition(".")[0] == name for n in told)


def test_the_statement_is_left_open_and_its_fields_are_known() -> None:
    returned = send_back(
        {
            "attestation": True,
            "attestation_signature": "Dana Example",
            "attestation_date": "2026-05-01",
            "court_name": "Example Court",
        },
        {},
    )
    assert set(list_signed(DEFINITION)) == SIGNED
    with pikepdf.open(BytesIO(returned)) as pdf:
        fields = dict(walk_fields(pdf.Root.AcroForm.Fields))
        assert str(fields["attestation"].get("/V", "/Off")) == "/Off"
        assert not str(fields["attestation_signature"].get("/V", ""))
        assert not str(fields["attestation_date"].get("/V", ""))


def test_the_same_reading_gives_the_same_bytes() -> None:
    again = {"court_name": "Example Court", "subject_birth_date": date(1990, 5, 1).isoformat()}
    assert send_back(again, {"purpose": "Say."}) == send_back(again, {"purpose": "Say."})
