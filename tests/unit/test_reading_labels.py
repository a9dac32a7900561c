"""Forms whose field names say nothing: tooltips, names that are labels, printed words."""

from __future__ import annotations

from datetime import date

import pytest
from pikepdf import String

from config.data import read_data
from parsers.definition import parse_definition
from parsers.extraction import DocumentKind, Extraction
from parsers.forms.labels import DefinitionIndex, Matching, match_by_wording
from parsers.pdf.acroform import AcroField, FieldKind
from parsers.pdf.printed_labels import PrintedWords
from parsers.reading.document import read_document
from tests.unit.pdf_forms import FormBuilder

TODAY = date(2026, 5, 4)
DEFINITION = parse_definition(read_data("forms/cjs-request-1.toml"))
INDEX = DefinitionIndex(DEFINITION)

#: Labels of another revision, by the field they stand for, with a value for each.
OTHER_REVISION = [
    ("Name of requestor", "requester_name", "Dana Example", "Dana Example"),
    ("Organization:", "requester_agency", "Example County", "Example County"),
    ("Address of record", "requester_address", "1 Court Plaza", "1 Court Plaza"),
    ("City", "requester_city", "Anytown", "Anytown"),
    ("State", "requester_state", "Ga.", "GA"),
    ("Zip Code", "requester_zip", "30301", "30301"),
    ("Telephone #", "requester_phone", "202-555-0101", "+12025550101"),
    ("E-mail address (official)", "requester_email", "d@courts.example", "d@courts.example"),
    ("Last name", "subject_family_name", "Pe\u00f1a", "Pe\u00f1a"),
    ("First Name", "subject_given_names", "Jos\u00e9", "Jos\u00e9"),
    ("D.O.B.", "subject_birth_date", "03/25/1985", "1985-03-25"),
    ("COB", "subject_birth_country", "Guat.", "GT"),
    ("Alien #", "subject_a_number", "A000000123", "A000000123"),
    ("Failure To Appear Date", "obligation_dates", "03/10/2026", ("2026-03-10",)),
    ("Name of court", "court_name", "Superior Court", "Superior Court"),
    ("Docket No.", "case_numbers", "BA141368", ("BA141368",)),
]


def _read(form: FormBuilder) -> Extraction:
    return read_document(form.save(), [DEFINITION], today=TODAY)


def _check(found: Extraction) -> None:
    assert (found.kind, found.definition) == (DocumentKind.ACROFORM, "cjs-request/1")
    values = {name: found.value(name) for _, name, _, _ in OTHER_REVISION}
    assert values == {name: value for _, name, _, value in OTHER_REVISION}


def test_fields_are_found_by_their_tooltips() -> None:
    form = FormBuilder(known=False)
    for number, (label, _, text, _) in enumerate(OTHER_REVISION):
        form.text(f"Text{number}", text, TU=String(label))
    found = _read(form)
    _check(found)
    assert found.readers == ("pikepdf",)
    assert found.fields["subject_a_number"].confidence < 1.0


def test_fields_are_found_by_names_that_are_labels() -> None:
    form = FormBuilder(known=False)
    for label, _, text, _ in OTHER_REVISION:
        form.text(label.replace(".", ""), text)
    _check(_read(form))


@pytest.mark.parametrize(
    ("dx", "dy"), [pytest.param(-95, 3, id="left of the box"), pytest.param(0, 14, id="above it")]
)
def test_fields_are_found_by_the_words_printed_beside_them(dx: float, dy: float) -> None:
    form = FormBuilder(known=False)
    lines = []
    for number, (label, _, text, _) in enumerate(OTHER_REVISION):
        form._top -= 14
        field = form.text(f"Text{number}", text)
        place = (float(field.Rect[0]) + dx, float(field.Rect[1]) + dy)
        lines.append((*place, label.replace("(", "").replace(")", "")))
    form.print_text(lines)
    found = _read(form)
    assert found.readers == ("pikepdf", "pdfplumber")
    assert (found.kind, found.definition) == (DocumentKind.ACROFORM, "cjs-request/1")
    assert found.value("subject_a_number") == "A000000123"
    assert found.value("case_numbers") == ("BA141368",)


def test_a_label_beyond_another_field_is_not_taken() -> None:
    words = PrintedWords(b"", "", [])
    words._pages[1] = [("County", (20, 100, 60, 110)), ("Docket", (20, 130, 60, 140))]
    first = AcroField(name="a", kind=FieldKind.TEXT, page=1, box=(70, 98, 120, 112))
    second = AcroField(name="b", kind=FieldKind.TEXT, page=1, box=(130, 98, 180, 112))
    words._boxes = [(f.page, f.box) for f in (first, second) if f.box]
    assert (words.labels(first), words.labels(second)) == (["County"], [])


def test_a_few_strange_names_among_known_ones_are_matched_by_tooltip() -> None:
    form = FormBuilder()
    form.text("Text12", "A000000123", TU=String("Alien Registration No.: with its A"))
    assert _read(form).value("subject_a_number") == "A000000123"


def test_an_a_number_with_its_a_in_a_file_number_box_is_the_a_number() -> None:
    form = FormBuilder()
    form.text("x", "A 000-000-123", TU=String("File No."))
    found = _read(form)
    assert (found.value("subject_a_number"), found.value("case_numbers")) == ("A000000123", None)
    # California writes its own numbers of persons with an A too: a person looks.
    assert [(p.code, p.flag_only) for p in found.problems if p.field == "subject_a_number"] == [
        ("number_elsewhere", True)
    ]
    form = FormBuilder()
    form.text("x", "000000123", TU=String("File No."))
    assert _read(form).value("case_numbers") == ("000000123",)


def _match(*fields: AcroField) -> Matching:
    matching = Matching(definition=DEFINITION, unmatched=list(fields))
    match_by_wording(INDEX, matching)
    return matching


def _field(label: str, *, kind: FieldKind = FieldKind.TEXT, name: str = "x") -> AcroField:
    return AcroField(name=name, kind=kind, tooltip=label, values=(("value",),))


def _names(matching: Matching) -> list[str]:
    return [
        m.target.field.name + (f".{m.target.choice.name}" if m.target.choice else "")
        for m in matching.matches
    ]


@pytest.mark.parametrize(
    ("fields", "names"),
    [
        pytest.param([_field("DOB")], ["subject_birth_date"], id="a synonym of one field"),
        pytest.param([_field("State")], [], id="shared, and nothing tells which"),
        pytest.param(
            [_field("State", name="court.State")], [], id="a word that is no section's name"
        ),
        pytest.param(
            [_field("State", name="requester.State")],
            ["requester_state"],
            id="the section is in the field's name",
        ),
        pytest.param(
            [_field("State", name="form1[0].Obligation[0].f3[0]")],
            ["court_state"],
            id="the section is higher up in the name",
        ),
        pytest.param(
            [_field("City"), _field("State"), _field("ZIP code")],
            ["requester_city", "requester_state", "requester_zip"],
            id="both neighbours are of one section",
        ),
        pytest.param(
            [_field("City"), _field("State"), _field("Cause no.")],
            ["requester_city", "case_numbers"],
            id="the neighbours disagree",
        ),
        pytest.param(
            [_field("Prosecutor", kind=FieldKind.TICK)],
            ["requester_type.prosecutor"],
            id="a tick box called like a choice",
        ),
        pytest.param(
            [_field("Prosecutor")], [], id="a text box called like a choice is something else"
        ),
        pytest.param([_field("Favourite colour")], [], id="unknown"),
    ],
)
def test_shared_wordings_count_only_within_their_section(
    fields: list[AcroField], names: list[str]
) -> None:
    assert _names(_match(*fields)) == names


def test_a_filled_field_that_may_mean_two_is_a_problem_and_nobodys_value() -> None:
    form = FormBuilder()
    form.text("x", "GA", TU=String("State"))
    form.text("y", None, TU=String("Date Issued"))
    found = _read(form)
    problems = {p.field for p in found.problems if p.code == "ambiguous_label"}
    assert problems == {"requester_state", "court_state"}
    assert found.value("court_state") is None
    assert "court_state" not in found.missing


def test_a_blank_field_that_may_mean_two_is_no_problem() -> None:
    form = FormBuilder()
    form.text("x", None, TU=String("State"))
    found = _read(form)
    assert [p for p in found.problems if p.code == "ambiguous_label"] == []
    assert "court_state" in found.missing


def test_the_definition_that_fits_is_chosen_among_several() -> None:
    other = parse_definition(
        b"""
id = "other/1"
title = "Other"
version_text = "other/1"
[[section]]
name = "all"
title = "All"
"""
        + b"".join(
            b'[[section.field]]\nname = "thing_%d"\nlabel = "Thing %d"\ntype = "text"\n'
            b'requiredness = "optional"\n' % (n, n)
            for n in range(6)
        )
    )
    form = FormBuilder(known=False)
    for number in range(6):
        form.text(f"thing_{number}", "x")
    for definitions in ([DEFINITION, other], [other, DEFINITION]):
        found = read_document(form.save(), definitions, today=TODAY)
        assert (found.definition, len(found.fields)) == ("other/1", 6)
        known = read_document(FormBuilder().save(), definitions, today=TODAY)
        assert known.definition == "cjs-request/1"
