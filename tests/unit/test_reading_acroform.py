"""Filled forms as viewers, scripts and careless programs leave them, read back."""

from __future__ import annotations

from datetime import date

import pytest
from pikepdf import Array, Dictionary, Name, String

from config.data import read_data
from parsers.definition import parse_definition
from parsers.extraction import DocumentKind, Extraction, Value
from parsers.reading.document import read_document
from tests.unit.pdf_forms import KNOWN, FormBuilder

TODAY = date(2026, 5, 4)
DEFINITION = parse_definition(read_data("forms/cjs-request-1.toml"))


def _read(form: FormBuilder | bytes) -> Extraction:
    data = form if isinstance(form, bytes) else form.save()
    return read_document(data, [DEFINITION], today=TODAY)


def _codes(extraction: Extraction, name: str) -> list[str]:
    return [p.code for p in extraction.problems if p.field == name]


def test_values_come_with_their_evidence() -> None:
    form = FormBuilder(pages=2)
    form.text("subject_a_number", "A 000-000-123", page=2)
    found = _read(form)
    value = found.fields["subject_a_number"]
    assert (found.kind, found.definition) == (DocumentKind.ACROFORM, "cjs-request/1")
    assert (found.pages, found.readers) == (2, ("pikepdf",))
    assert (value.value, value.raw, value.source) == ("A000000123", "A 000-000-123", "acroform")
    assert (value.confidence, value.page) == (1.0, 2)
    assert value.box is not None
    assert value.box[0] < value.box[2]
    assert found.missing[0] == "request_date"


def test_json_has_the_documented_shape() -> None:
    form = FormBuilder()
    form.text("subject_a_number", "202-555-0100")
    form.text("subject_birth_date", "03/04/1985")
    shape = _read(form).to_json()
    assert shape["form"] == {
        "definition": "cjs-request/1",
        "kind": "acroform",
        "pages": 1,
        "readers": ["pikepdf"],
    }
    assert shape["fields"]["subject_a_number"]["value"] is None
    assert shape["fields"]["subject_a_number"]["raw"] == "202-555-0100"
    assert shape["fields"]["subject_birth_date"]["alternatives"] == ["1985-04-03"]
    assert "subject_a_number" not in shape["missing"]
    assert {p["code"] for p in shape["problems"]} >= {"looks_like_phone", "ambiguous_date"}


ENCODINGS = [
    ("Jos\u00e9".encode("pdfdoc"), "PDFDocEncoding"),
    (b"\xfe\xff" + "Jos\u00e9".encode("utf-16-be"), "UTF-16BE with its mark"),
    (b"\xff\xfe" + "Jos\u00e9".encode("utf-16-le"), "UTF-16LE with its mark"),
    (b"\xef\xbb\xbf" + "Jos\u00e9".encode(), "UTF-8 with its mark"),
    ("Jos\u00e9".encode(), "UTF-8 without any mark"),
    (b"\xfe\xff" + "\x1ben\x1bJos\u00e9".encode("utf-16-be"), "a language mark inside"),
]


@pytest.mark.parametrize("data", [pytest.param(d, id=i) for d, i in ENCODINGS])
def test_text_is_read_in_every_encoding(data: bytes) -> None:
    form = FormBuilder()
    form.text("subject_given_names", data)
    assert _read(form).value("subject_given_names") == "Jos\u00e9"


def test_letters_beyond_one_byte_are_kept() -> None:
    form = FormBuilder()
    form.text("subject_family_name", "Nguy\u1ec5n \u021aepe\u0219")
    assert _read(form).value("subject_family_name") == "Nguy\u1ec5n \u021aepe\u0219"


def test_lines_of_a_text_box_are_kept_whatever_ends_them() -> None:
    form = FormBuilder()
    form.text("purpose", "The first line\rthe second\r\nthe third")
    assert _read(form).value("purpose") == "The first line\nthe second\nthe third"


NAMES = [
    ("subject_a_number", "machine name"),
    ("Subject_A_Number", "another case"),
    ("form1.page.subject_a_number", "dots inside a partial name"),
    ("topmostSubform[0].Page1[0].subject_a_number[0]", "as designers of XFA name it"),
    ("SubjectANumber", "no underscores"),
    ("subject-a-number", "hyphens"),
]


@pytest.mark.parametrize("name", [pytest.param(n, id=i) for n, i in NAMES])
def test_machine_name_is_found_in_field_names(name: str) -> None:
    form = FormBuilder()
    form.text(name, "A000000123")
    found = _read(form)
    assert found.value("subject_a_number") == "A000000123"
    assert found.fields["subject_a_number"].confidence == 1.0


def test_name_value_and_type_are_inherited_through_the_tree() -> None:
    form = FormBuilder()
    leaf = form.add({"/T": String("subject_a_number[0]")}, in_tree=False)
    page = form.pdf.make_indirect(Dictionary(T=String("Page1[0]"), Kids=Array([leaf])))
    top = form.pdf.make_indirect(
        Dictionary(
            {
                "/T": String("form1[0]"),
                "/FT": Name.Tx,
                "/V": String("A000000123"),
                "/Kids": Array([page]),
            }
        )
    )
    leaf.Parent, page.Parent = page, top
    form.fields.append(top)
    assert _read(form).value("subject_a_number") == "A000000123"


def test_value_on_a_widget_in_place_of_its_field_is_found() -> None:
    form = FormBuilder()
    kid = form.add({"/V": String("A000000123")}, in_tree=False)
    parent = form.pdf.make_indirect(
        Dictionary(FT=Name.Tx, T=String("subject_a_number"), Kids=Array([kid]))
    )
    kid.Parent = parent
    form.fields.append(parent)
    found = _read(form)
    assert found.value("subject_a_number") == "A000000123"
    assert found.fields["subject_a_number"].page == 1


def test_rich_text_and_streams_are_read_where_no_plain_value_is() -> None:
    form = FormBuilder()
    form.text("purpose", RV=String("<body><p>One &amp; two</p><p>three and four</p></body>"))
    form.text("obligation_time", V=form.pdf.make_stream(b"9:00 a.m."))
    found = _read(form)
    assert found.value("purpose") == "One & two\nthree and four"
    assert found.value("obligation_time") == "9:00 a.m."


def test_fields_outside_the_tree_are_found_on_their_page() -> None:
    form = FormBuilder(pages=2)
    form.text("subject_a_number", "A000000123", page=2, in_tree=False)
    parent = form.pdf.make_indirect(Dictionary(FT=Name.Tx, T=String("court_county")))
    kid = form.add({"/Parent": parent}, in_tree=False)
    parent.Kids, parent.V = Array([kid]), String("Example")
    found = _read(form)
    assert found.value("subject_a_number") == "A000000123"
    assert found.value("court_county") == "Example"
    assert found.fields["subject_a_number"].page == 2


def test_a_page_without_any_acroform_is_read_by_its_widgets() -> None:
    form = FormBuilder()
    del form.pdf.Root.AcroForm
    assert _read(form).value("court_name") == KNOWN["court_name"]


def test_loops_in_the_tree_end() -> None:
    form = FormBuilder()
    one = form.pdf.make_indirect(Dictionary(T=String("a"), FT=Name.Tx))
    two = form.pdf.make_indirect(Dictionary(T=String("b"), Kids=Array([one])))
    one.Kids, one.Parent, two.Parent = Array([two, one]), two, one
    form.fields.append(one)
    widget = form.add({"/Parent": one}, in_tree=False)
    one.Kids.append(widget)
    assert _read(form).value("court_name") == KNOWN["court_name"]


def test_a_tree_of_absurd_depth_ends() -> None:
    form = FormBuilder()
    node = form.pdf.make_indirect(Dictionary(T=String("x"), FT=Name.Tx))
    for _ in range(300):
        node = form.pdf.make_indirect(Dictionary(T=String("x"), Kids=Array([node])))
    form.fields.append(node)
    assert _read(form).value("court_name") == KNOWN["court_name"]


@pytest.mark.parametrize(
    "junk",
    [
        pytest.param(Dictionary(T=String("x")), id="no type"),
        pytest.param(Dictionary(T=5, FT=Name.Tx, V=Array([])), id="a number for a name"),
        pytest.param(
            Dictionary(T=String("x"), FT=Name.Tx, Kids=Name.Nothing), id="kids are a name"
        ),
        pytest.param(Dictionary(T=String("x"), FT=Name.Tx, Rect=String("x")), id="no rectangle"),
        pytest.param(
            Dictionary(T=String("x"), FT=Name.Btn, AP=Array([]), Ff=String("x")), id="flags"
        ),
        pytest.param(Dictionary(T=String("x"), FT=Name.Ch, Opt=Dictionary(), I=5), id="options"),
        pytest.param(String("not a field"), id="a string in the tree"),
        pytest.param(Array([]), id="an array in the tree"),
    ],
)
def test_one_broken_field_does_not_hide_the_others(junk: object) -> None:
    form = FormBuilder()
    form.fields.append(junk)
    form.pdf.pages[0].obj.Annots.append(junk)
    form.text("subject_a_number", "A000000123")
    found = _read(form)
    assert found.value("subject_a_number") == "A000000123"
    assert found.value("court_name") == KNOWN["court_name"]


def test_a_value_that_cannot_be_decoded_is_reported_and_hides_no_other() -> None:
    form = FormBuilder()
    broken = form.pdf.make_stream(b"not deflated", Filter=Name.FlateDecode)
    form.text("purpose", V=broken)
    form.text("subject_a_number", "A000000123")
    found = _read(form)
    assert found.value("subject_a_number") == "A000000123"
    assert [w.code for w in found.warnings] == ["damaged_field"]
    assert "purpose" in found.missing


TICKS = [
    ({"value": "Yes", "shown": "Yes"}, True, [], "as it should be"),
    ({"on": "On", "value": "On", "shown": "On"}, True, [], "another name for on"),
    ({"on": "0", "value": "0", "shown": "0"}, True, [], "an on-state called 0"),
    ({"value": "Off", "shown": "Off"}, None, [], "not ticked"),
    ({}, None, [], "never touched"),
    ({"value": "Yes"}, True, ["tick_differs"], "the page was not redrawn"),
    ({"value": "Yes", "shown": "Off"}, True, ["tick_differs"], "the page shows it empty"),
    ({"value": "Off", "shown": "Yes"}, True, ["tick_differs"], "only the page shows it"),
    ({"shown": "Yes"}, True, ["tick_differs"], "no value at all"),
    ({"on": "On", "value": "Yes", "shown": "Yes"}, True, [], "states that do not exist"),
]


@pytest.mark.parametrize(
    ("state", "value", "codes"), [pytest.param(*row[:3], id=row[3]) for row in TICKS]
)
def test_tick_boxes(state: dict[str, str], value: bool | None, codes: list[str]) -> None:
    form = FormBuilder()
    form.tick("identifiers_unknown", **state)
    found = _read(form)
    assert found.value("identifiers_unknown") is value
    assert _codes(found, "identifiers_unknown") == codes


def test_several_ticks_are_one_value_in_the_order_of_the_form() -> None:
    form = FormBuilder()
    for choice, state in (("release", "Yes"), ("custody_on_date", "Yes"), ("removal", "Off")):
        form.tick(f"information_requested.{choice}", value=state, shown=state)
    found = _read(form)
    assert found.value("information_requested") == ("custody_on_date", "release")
    assert found.fields["information_requested"].raw == "release; custody_on_date"


def test_ticks_hung_below_a_common_parent_are_found() -> None:
    form = FormBuilder()
    kids = [
        form.tick(choice, value=state, shown=state)
        for choice, state in (("warrant", "Yes"), ("revocation", "Off"))
    ]
    parent = form.pdf.make_indirect(Dictionary(T=String("consequences"), Kids=Array(kids)))
    for kid in kids:
        kid.Parent = parent
    del form.fields[-2:]
    form.fields.append(parent)
    assert _read(form).value("consequences") == ("warrant",)


def test_ticks_for_a_single_choice_give_one_or_are_a_problem() -> None:
    form = FormBuilder()
    form.tick("requester_type.prosecutor", value="Yes", shown="Yes")
    form.tick("delivery.postal_mail", value="Yes", shown="Yes")
    form.tick("delivery.encrypted_email", value="Yes", shown="Yes")
    form.tick("consent_attached.no", value="Yes", shown="Yes")
    found = _read(form)
    assert found.value("requester_type") == "prosecutor"
    assert found.value("consent_attached") is False
    assert (found.value("delivery"), _codes(found, "delivery")) == (None, ["more_than_one_choice"])
    assert "delivery" not in found.missing


GROUPS = [
    ({"value": "no", "shown": "no"}, False, [], "as it should be"),
    ({"value": "yes", "shown": "yes", "radio": False}, True, [], "tick boxes of one name"),
    ({"shown": "yes"}, True, ["tick_differs"], "no value at the parent"),
    ({"value": "yes"}, True, ["tick_differs"], "no button shown on"),
    ({"value": "yes", "shown": "no"}, True, ["tick_differs"], "another one shown on"),
    ({"value": "Off"}, None, [], "none chosen"),
    ({}, None, [], "never touched"),
]


@pytest.mark.parametrize(
    ("state", "value", "codes"), [pytest.param(*row[:3], id=row[3]) for row in GROUPS]
)
def test_radio_groups(state: dict[str, str], value: bool | None, codes: list[str]) -> None:
    form = FormBuilder()
    form.group("legal_process_attached", ["yes", "no"], **state)  # type: ignore[arg-type]
    found = _read(form)
    assert found.value("legal_process_attached") is value
    assert _codes(found, "legal_process_attached") == codes


def test_radio_states_that_are_numbers_are_named_by_their_options() -> None:
    form = FormBuilder()
    form.group(
        "delivery",
        ["0", "1"],
        value="1",
        shown="1",
        Opt=Array([String("encrypted_email"), String("Postal mail")]),
    )
    found = _read(form)
    assert (found.value("delivery"), found.fields["delivery"].raw) == ("postal_mail", "Postal mail")


NUMBERED = [
    ("0", ["yes", "no"], True, "the first option is the one that is on"),
    ("1", ["yes", "no"], False, "the number of the second option does not mean yes"),
    ("1", ["No", "Yes"], True, "whatever their order"),
    ("1", [], None, "without names nobody can know"),
]


@pytest.mark.parametrize(
    ("state", "options", "value"), [pytest.param(*row[:3], id=row[3]) for row in NUMBERED]
)
def test_yes_and_no_whose_states_are_numbers(
    state: str, options: list[str], value: bool | None
) -> None:
    form = FormBuilder()
    listed = Array([String(option) for option in options])
    form.group("legal_process_attached", ["0", "1"], value=state, shown=state, Opt=listed)
    found = _read(form)
    assert found.value("legal_process_attached") is value
    assert _codes(found, "legal_process_attached") == ([] if options else ["neither_yes_nor_no"])


def test_radio_states_without_meaning_are_named_by_tooltips() -> None:
    form = FormBuilder()
    group = form.group("delivery", ["a", "b"], value="b", shown="b")
    group.Kids[0].TU, group.Kids[1].TU = String("Encrypted e-mail"), String("Postal mail")
    assert _read(form).value("delivery") == "postal_mail"


LISTS = [
    (String("postal_mail"), None, "postal_mail", "plain options"),
    (String("2"), [("1", "Encrypted e-mail"), ("2", "Postal mail")], "postal_mail", "export pairs"),
    (String("Postal mail"), [("1", "E"), ("2", "Postal mail")], "postal_mail", "the shown text"),
    (String("Mail"), [("1", "x")], "postal_mail", "typed into an editable list"),
    (Array([String("postal_mail")]), None, "postal_mail", "a list of one"),
    (String("Select one"), None, None, "what stands there before a choice"),
]


@pytest.mark.parametrize(
    ("stored", "options", "value"), [pytest.param(*row[:3], id=row[3]) for row in LISTS]
)
def test_choice_lists(
    stored: object, options: list[tuple[str, str]] | None, value: str | None
) -> None:
    form = FormBuilder()
    listed = [Array([String(a), String(b)]) for a, b in options or ()]
    form.add(
        {
            "/FT": Name.Ch,
            "/T": String("delivery"),
            "/V": stored,
            "/Opt": Array(listed or [String("encrypted_email"), String("postal_mail")]),
        }
    )
    assert _read(form).value("delivery") == value


def test_list_box_with_several_entries_is_a_multi_choice() -> None:
    form = FormBuilder()
    options = Array([Array([String("1"), String("Warrant issued")]), String("revocation")])
    content = {"/FT": Name.Ch, "/Ff": 1 << 21, "/Opt": options}
    form.add(
        {**content, "/T": String("consequences"), "/V": Array([String("warrant"), String("none")])}
    )
    assert _read(form).value("consequences") == ("warrant", "none")
    form = FormBuilder()
    form.add({**content, "/T": String("consequences"), "/I": Array([1])})
    assert _read(form).value("consequences") == ("revocation",)


def test_yes_or_no_may_be_typed() -> None:
    form = FormBuilder()
    form.text("legal_process_attached", "No, none")
    assert _read(form).value("legal_process_attached") is False


SIGNATURES: list[tuple[str, dict[str, str], Value | None, str]] = [
    ("text", {"name": "attestation_signature", "value": "/s/ Dana Example"}, True, "typed"),
    ("text", {"name": "attestation_signature", "value": "  ____ "}, None, "only the line"),
    ("tick", {"name": "attestation", "value": "Yes", "shown": "Yes"}, True, "ticked"),
    ("tick", {"name": "attestation", "value": "Off", "shown": "Off"}, None, "not ticked"),
]


@pytest.mark.parametrize(
    ("kind", "field", "value"), [pytest.param(*row[:3], id=row[3]) for row in SIGNATURES]
)
def test_any_mark_or_text_attests(kind: str, field: dict[str, str], value: bool | None) -> None:
    form = FormBuilder()
    getattr(form, kind)(**field)
    found = _read(form)
    assert found.value("attestation") is value
    assert ("attestation" in found.missing) is (value is None)


def test_digital_signature_attests() -> None:
    form = FormBuilder()
    form.add(
        {
            "/FT": Name.Sig,
            "/T": String("attestation_signature"),
            "/V": Dictionary(Type=Name.Sig, Contents=String("x")),
        }
    )
    assert _read(form).value("attestation") is True


@pytest.mark.parametrize("subtype", ["Ink", "Stamp", "FreeText"])
def test_pen_strokes_over_the_signature_line_attest(subtype: str) -> None:
    form = FormBuilder()
    line = form.text("attestation_signature")
    left, bottom = float(line.Rect[0]), float(line.Rect[1])
    stroke = Dictionary(
        Type=Name.Annot,
        Subtype=Name(f"/{subtype}"),
        Rect=Array([left + 20, bottom - 5, left + 90, bottom + 20]),
    )
    form.pdf.pages[0].obj.Annots.append(stroke)
    found = _read(form)
    assert (found.value("attestation"), found.fields["attestation"].raw) == (True, "drawn")


def test_pen_strokes_elsewhere_attest_nothing() -> None:
    form = FormBuilder()
    form.text("attestation_signature")
    stroke = Dictionary(Type=Name.Annot, Subtype=Name.Ink, Rect=Array([10, 10, 60, 30]))
    form.pdf.pages[0].obj.Annots.append(stroke)
    assert _read(form).value("attestation") is None


def test_text_written_over_the_form_is_reported() -> None:
    form = FormBuilder()
    note = Dictionary(
        Type=Name.Annot, Subtype=Name.FreeText, Rect=Array([10, 10, 60, 30]), Contents=String("x")
    )
    form.pdf.pages[0].obj.Annots.append(note)
    assert "text_over_form" in [w.code for w in _read(form).warnings]


def test_social_security_numbers_are_masked_everywhere_and_reported() -> None:
    form = FormBuilder()
    form.text("purpose", "His SSN is 123-45-6789, for the motion of bail.")
    form.text("subject_a_number", "123-45-6789")
    form.text("subject_state_id", "123-45-6789")
    found = _read(form)
    assert [w.code for w in found.warnings] == ["contains_ssn"]
    assert "6789" not in str(found.to_json())
    assert _codes(found, "subject_a_number") == ["looks_like_ssn"]


TYPED = [field.name for field in DEFINITION.fields]


@pytest.mark.parametrize("name", TYPED)
def test_no_field_lets_a_social_security_number_out(name: str) -> None:
    form = FormBuilder(known=False)
    for other, value in {**KNOWN, name: "it is 321-54-9876"}.items():
        form.text(other, value)
    found = _read(form)
    assert name in found.fields
    assert [w.code for w in found.warnings] == ["contains_ssn"]
    assert "9876" not in str(found.to_json())


@pytest.mark.parametrize(
    ("name", "tooltip", "value", "is_one"),
    [
        pytest.param("some_other_field", "", "123-45-6789", True, id="by its shape"),
        pytest.param("page1.txtSSN[0]", "", "123456789", True, id="by the field's name"),
        pytest.param("f7", "Social Security No.", "123456789", True, id="by the tooltip"),
        pytest.param("f7", "A-Number or so", "123456789", False, id="nine digits of anything"),
    ],
)
def test_a_social_security_number_in_an_unknown_field_is_reported_too(
    name: str, tooltip: str, value: str, is_one: bool
) -> None:
    form = FormBuilder()
    form.text(name, value, TU=String(tooltip))
    assert [w.code for w in _read(form).warnings] == (["contains_ssn"] if is_one else [])


def test_an_identifier_that_is_a_social_security_number_identifies_nobody() -> None:
    form = FormBuilder()
    form.text("subject_inmate_number", "123-45-6789")
    found = _read(form)
    assert found.value("subject_inmate_number") is None
    assert _codes(found, "subject_inmate_number") == ["looks_like_ssn"]


def test_the_same_field_twice_with_different_contents_is_flagged() -> None:
    form = FormBuilder(pages=2)
    form.text("subject_a_number", "A000000101")
    form.text("subject_a_number", "A000000102", page=2)
    form.text("request_date", "05/01/2026")
    form.text("request_date", "05/01/2026", page=2)
    found = _read(form)
    assert found.value("subject_a_number") == "A000000101"
    assert _codes(found, "subject_a_number") == ["differing_values"]
    assert _codes(found, "request_date") == []


def test_blank_form_is_a_form_with_everything_missing() -> None:
    found = _read(read_data("forms/cjs-request-1.pdf"))
    assert (found.kind, found.definition) == (DocumentKind.ACROFORM, "cjs-request/1")
    assert (dict(found.fields), found.problems, found.is_form) == ({}, (), False)
    assert "requester_name" in found.missing


def test_ambiguous_birth_date_leaves_the_form_complete() -> None:
    form = FormBuilder()
    form.text("subject_birth_date", "03/04/1985")
    problem = next(p for p in _read(form).problems if p.field == "subject_birth_date")
    assert (problem.code, problem.flag_only) == ("ambiguous_date", True)
    assert "1985" not in problem.message
