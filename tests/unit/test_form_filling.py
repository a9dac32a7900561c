"""Filling the blank form: what is written, what it looks like, and what is refused."""

from __future__ import annotations

import json
import pickle
import re
from collections.abc import Iterator
from io import BytesIO

import pdfplumber
import pikepdf
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.data import read_data
from outbound.forms.appearance import FormFont, build_text_appearance
from outbound.forms.filling import FormFillingError, fill_form, parse_form_data
from parsers.definition import parse_definition

DEFINITION = parse_definition(read_data("forms/cjs-request-1.toml"))
BLANK = read_data(f"forms/{DEFINITION.blank_form}")


def read_values(filled: bytes) -> dict[str, str]:
    """Return what every filled field holds; a state is written with its slash."""
    with pikepdf.open(BytesIO(filled)) as pdf:
        return {
            name: str(node.V)
            for name, node in _walk(pdf.Root.AcroForm.Fields)
            if "/V" in node and str(node.V) not in ("/Off", "")
        }


def _walk(nodes: pikepdf.Object, prefix: str = "") -> Iterator[tuple[str, pikepdf.Object]]:
    for node in nodes:
        name = f"{prefix}{node.T}"
        if "/Kids" in node and all("/T" in kid for kid in node.Kids):
            yield from _walk(node.Kids, f"{name}.")
        else:
            yield name, node


def shown(filled: bytes, name: str) -> str:
    """Return the words that stand in the box of a text field, drawn by its appearance."""
    with pikepdf.open(BytesIO(filled)) as pdf:
        node = dict(_walk(pdf.Root.AcroForm.Fields))[name]
        page = next(
            number
            for number, page in enumerate(pdf.pages)
            if node.objgen in [a.objgen for a in page.obj.Annots]
        )
        box = [float(edge) for edge in node.Rect]
        # Drawn as it is, although a viewer would be asked to draw it anew.
        pdf.Root.AcroForm.NeedAppearances = False
        # Flattened, because text readers see what is on the page and not what lies over it.
        pdf.flatten_annotations()
        flat = BytesIO()
        pdf.save(flat)
    with pdfplumber.open(flat) as plumber:
        left, bottom, right, top = box
        height = plumber.pages[page].height
        inside = plumber.pages[page].crop((left, height - top, right, height - bottom))
        return re.sub(r"\s+", " ", inside.extract_text()).strip()


@pytest.mark.parametrize(
    ("values", "written"),
    [
        pytest.param(
            {"requester_name": "Dana Example"}, {"requester_name": "Dana Example"}, id="text"
        ),
        pytest.param(
            {"request_date": "2026-05-01"}, {"request_date": "05/01/2026"}, id="date as people do"
        ),
        pytest.param(
            {"request_date": "May 1, 2026"}, {"request_date": "May 1, 2026"}, id="date as given"
        ),
        pytest.param(
            {"request_date": "2026-13-45"}, {"request_date": "2026-13-45"}, id="no such date"
        ),
        pytest.param(
            {"obligation_dates": ["2026-03-10", "2026-03-17/2026-03-20", "March 25, 2026"]},
            {"obligation_dates": "03/10/2026; 03/17/2026 to 03/20/2026; March 25, 2026"},
            id="dates and periods",
        ),
        pytest.param(
            {"obligation_dates": "03/10/2026"}, {"obligation_dates": "03/10/2026"}, id="one text"
        ),
        pytest.param(
            {"case_numbers": ("BA141368", "17 CRS 060527")},
            {"case_numbers": "BA141368; 17 CRS 060527"},
            id="list",
        ),
        pytest.param(
            {"requester_phone": "+12025550123;ext=12"},
            {"requester_phone": "202-555-0123 ext. 12"},
            id="phone with extension",
        ),
        pytest.param(
            {"requester_phone": "(202) 555-0123"},
            {"requester_phone": "(202) 555-0123"},
            id="phone as given",
        ),
        pytest.param({"bond_amount": "5000.00"}, {"bond_amount": "5000.00"}, id="money as text"),
        pytest.param({"bond_amount": 5000}, {"bond_amount": "5000.00"}, id="money as number"),
        pytest.param({"requester_type": "other"}, {"requester_type": "/other"}, id="choice"),
        pytest.param({"subject_sex": "X"}, {"subject_sex": "/X"}, id="choice in capitals"),
        pytest.param({"consent_attached": True}, {"consent_attached": "/yes"}, id="yes"),
        pytest.param({"consent_attached": False}, {"consent_attached": "/no"}, id="no"),
        pytest.param({"attestation": True}, {"attestation": "/Yes"}, id="tick"),
        pytest.param({"attestation": False}, {}, id="no tick"),
        pytest.param(
            {"attestation_signature": "Dana Example"},
            {"attestation_signature": "Dana Example"},
            id="signature line",
        ),
        pytest.param(
            {"information_requested": ["removal", "release"]},
            {"information_requested.removal": "/Yes", "information_requested.release": "/Yes"},
            id="multi",
        ),
        pytest.param({"information_requested": []}, {}, id="empty multi"),
        pytest.param({"requester_fax": None}, {}, id="null is blank"),
        pytest.param({"form_version": "cjs-request/1"}, {}, id="the version as printed"),
    ],
)
def test_values_are_written_as_a_person_would(
    values: dict[str, object], written: dict[str, str]
) -> None:
    filled = fill_form(DEFINITION, BLANK, values)

    assert read_values(filled) == {"form_version": "cjs-request/1", **written}


@pytest.mark.parametrize(
    ("name", "value", "complaint"),
    [
        pytest.param("colour", "red", "no field of that name", id="unknown field"),
        pytest.param(
            "information_requested.removal", True, "no field of that name", id="one box of several"
        ),
        pytest.param("requester_name", 5, "must be a text", id="number for a name"),
        pytest.param("requester_name", ["a"], "must be a text", id="list for a name"),
        pytest.param("request_date", 20260501, "must be a date", id="number for a date"),
        pytest.param("requester_phone", 2025550123, "must be a phone number", id="phone number"),
        pytest.param("bond_amount", True, "must be a text", id="truth for money"),
        pytest.param("case_numbers", [1], "a text or a list of texts", id="number in a list"),
        pytest.param("case_numbers", {"a": "b"}, "a text or a list of texts", id="object"),
        pytest.param("case_numbers", ["1; 2", "3"], "semicolon", id="semicolon within an item"),
        pytest.param("requester_type", "Prosecutor", "must be one of", id="label for a choice"),
        pytest.param("requester_type", [], "must be one of", id="list for a choice"),
        pytest.param("information_requested", "removal", "must be a list", id="text for a multi"),
        pytest.param("information_requested", [["x"]], "must be a list", id="list in a multi"),
        pytest.param("consent_attached", "yes", "true for yes", id="text for a yes_no"),
        pytest.param("identifiers_unknown", 1, "true or false", id="number for a tick"),
        pytest.param("attestation_signature", True, "must be a text", id="tick for a signature"),
        pytest.param("form_version", "cjs-request/2", "cannot be changed", id="another version"),
    ],
)
def test_wrong_values_are_refused_in_a_sentence(name: str, value: object, complaint: str) -> None:
    with pytest.raises(FormFillingError) as caught:
        fill_form(DEFINITION, BLANK, {name: value})

    (problem,) = caught.value.problems
    assert problem.startswith(f"{name}: ")
    assert complaint in problem
    assert problem.endswith(".")


def test_all_problems_come_at_once_and_survive_a_process_boundary() -> None:
    with pytest.raises(FormFillingError) as caught:
        fill_form(DEFINITION, BLANK, {"nope": 1, "requester_type": "x", "purpose": 3})

    assert [p.split(":")[0] for p in caught.value.problems] == ["nope", "requester_type", "purpose"]
    assert pickle.loads(pickle.dumps(caught.value)).problems == caught.value.problems


def without_fields() -> bytes:
    with pikepdf.new() as pdf:
        pdf.add_blank_page()
        target = BytesIO()
        pdf.save(target)
    return target.getvalue()


def without_fax() -> bytes:
    with pikepdf.open(BytesIO(BLANK)) as pdf:
        dict(_walk(pdf.Root.AcroForm.Fields))["requester_fax"].T = pikepdf.String("telefax")
        target = BytesIO()
        pdf.save(target)
    return target.getvalue()


@pytest.mark.parametrize(
    ("blank", "complaint"),
    [
        pytest.param(b"no PDF", "not a readable PDF", id="not a PDF"),
        pytest.param(without_fields(), "no fields", id="no form"),
        pytest.param(without_fax(), "requester_fax: the blank form has no such", id="other fields"),
    ],
)
def test_a_blank_form_that_does_not_fit_is_refused(blank: bytes, complaint: str) -> None:
    with pytest.raises(FormFillingError, match=complaint):
        fill_form(DEFINITION, blank, {"requester_fax": "202-555-0123"})


@pytest.mark.parametrize(
    ("name", "value", "seen"),
    [
        pytest.param("requester_name", "Dana Example", "Dana Example", id="plain"),
        pytest.param(
            "subject_family_name", "de la Cruz Núñez", "de la Cruz Núñez", id="Spanish accents"
        ),
        pytest.param("subject_family_name", "Nguyễn", "Nguyễn", id="Vietnamese"),
        pytest.param(
            "subject_family_name", "Nguye\u0302\u0303n", "Nguyễn", id="combining characters"
        ),
        pytest.param("subject_family_name", "Łukasz Șerban", "Łukasz Șerban", id="Latin beyond"),
        pytest.param("court_name", "“First” – Second…", "“First” – Second…", id="punctuation"),
        pytest.param(
            "requester_agency", "word " * 31 + "end", "word " * 31 + "end", id="long single line"
        ),
        pytest.param("purpose", "one\ntwo\r\nthree", "one two three", id="line breaks"),
        pytest.param("purpose", "word " * 250 + "end", "word " * 250 + "end", id="long text"),
        pytest.param("requester_name", "one\ntwo\tthree", "one two three", id="lines in one line"),
        pytest.param(
            "obligation_dates",
            ["2026-03-17/2026-03-20"] * 8,
            "; ".join(["03/17/2026 to 03/20/2026"] * 8),
            id="many periods",
        ),
    ],
)
def test_what_is_written_shows_whole(name: str, value: object, seen: str) -> None:
    filled = fill_form(DEFINITION, BLANK, {name: value})

    assert shown(filled, name) == seen
    with pikepdf.open(BytesIO(filled)) as pdf:
        assert "/NeedAppearances" not in pdf.Root.AcroForm


@pytest.mark.parametrize(
    ("value", "seen"),
    [
        pytest.param("Иванов", "??????", id="Cyrillic"),
        pytest.param("李小龍 Lee", "??? Lee", id="Chinese"),
        pytest.param("Ｌｅｅ", "Lee", id="wide letters"),
    ],
)
def test_letters_without_a_glyph_keep_their_value_and_are_left_to_the_viewer(
    value: str, seen: str
) -> None:
    filled = fill_form(DEFINITION, BLANK, {"subject_family_name": value})

    assert read_values(filled)["subject_family_name"] == value
    assert shown(filled, "subject_family_name") == seen
    with pikepdf.open(BytesIO(filled)) as pdf:
        assert bool(pdf.Root.AcroForm.NeedAppearances)


@pytest.mark.parametrize(
    ("name", "value", "on"),
    [
        ("requester_type", "bail_or_surety", ["/bail_or_surety"]),
        ("legal_process_attached", False, ["/no"]),
        ("attestation", True, ["/Yes"]),
    ],
)
def test_the_button_that_is_on_shows_so(name: str, value: object, on: list[str]) -> None:
    filled = fill_form(DEFINITION, BLANK, {name: value})

    with pikepdf.open(BytesIO(filled)) as pdf:
        node = dict(_walk(pdf.Root.AcroForm.Fields))[name]
        widgets = list(node.get("/Kids", [node]))
        assert [str(w.AS) for w in widgets if str(w.AS) != "/Off"] == on
        assert all(str(w.AS) in w.AP.N for w in widgets)


def test_the_same_values_give_the_same_bytes() -> None:
    values = {"requester_name": "Dana Example", "attestation": True, "case_numbers": ["BA141368"]}

    assert fill_form(DEFINITION, BLANK, values) == fill_form(DEFINITION, BLANK, values)
    assert fill_form(DEFINITION, BLANK, values) != fill_form(DEFINITION, BLANK, {})


@settings(max_examples=40)
@given(text=st.text(st.characters(), max_size=60))
def test_no_text_is_too_odd_to_be_written(text: str) -> None:
    filled = fill_form(DEFINITION, BLANK, {"subject_given_names": text, "purpose": text})

    # A PDF string has no place for half a surrogate pair; everything else comes back.
    expected = re.sub("[\ud800-\udfff]", "\ufffd", text)
    assert read_values(filled).get("purpose", "") == expected


MONO = FormFont(
    resource="F",
    code_length=1,
    codes={chr(n): n for n in range(32, 127)},
    widths=dict.fromkeys(range(32, 127), 500.0),
)


@pytest.mark.parametrize(
    ("text", "width", "size", "lines"),
    [
        pytest.param("abcd", 100, 10.0, 1, id="fits as it is"),
        pytest.param("abcdefghij abcdefghij", 60, 10.0, 2, id="broken at the space"),
        pytest.param("abcdefghijabcdefghij", 60, 10.0, 2, id="broken within a word"),
        pytest.param("ab " * 60, 100, 6.0, 6, id="made smaller"),
        pytest.param("a\n\nb", 100, 10.0, 3, id="an empty line is kept"),
    ],
)
def test_long_text_is_wrapped_and_made_smaller(
    text: str, width: float, size: float, lines: int
) -> None:
    drawn = build_text_appearance(text, width=width, height=50, fonts=[MONO], multiline=True)

    assert drawn.is_whole
    assert {float(s) for s in re.findall(rb"/F ([\d.]+) Tf", drawn.content)} == {size}
    assert drawn.content.count(b"T*") == lines


def test_an_empty_text_draws_nothing() -> None:
    drawn = build_text_appearance("", width=50, height=20, fonts=[MONO], multiline=False)

    assert drawn.content == b"/Tx BMC\nEMC"


@pytest.mark.parametrize(
    ("data", "values"),
    [
        pytest.param({"purpose": "x"}, {"purpose": "x"}, id="bare values"),
        pytest.param({}, {}, id="nothing"),
        pytest.param(
            {"file": "f.pdf", "fields": {"purpose": {"value": "x", "raw": "x "}}, "missing": []},
            {"purpose": "x"},
            id="what extract prints",
        ),
        pytest.param(
            {"fields": "x"}, {"fields": "x"}, id="a field called fields is refused by the form"
        ),
    ],
)
def test_form_data_is_read_in_both_shapes(data: object, values: dict[str, object]) -> None:
    assert parse_form_data(json.dumps(data).encode()) == values
    assert parse_form_data(b"\xef\xbb\xbf" + json.dumps(data).encode()) == values


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"{", id="cut short"),
        pytest.param(b"\xff\xfe{", id="not UTF-8"),
        pytest.param(b"[1]", id="a list"),
        pytest.param(b"[" * 100_000, id="nested beyond the stack"),
        pytest.param(b'{"fields": {"purpose": "x"}}', id="bare value below fields"),
    ],
)
def test_what_is_no_form_data_is_refused(data: bytes) -> None:
    with pytest.raises(FormFillingError) as caught:
        parse_form_data(data)

    assert caught.value.problems
