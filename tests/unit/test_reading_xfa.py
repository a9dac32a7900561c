"""XFA forms: static ones beside an AcroForm, dynamic ones that only ask to wait, hostile ones."""

from __future__ import annotations

import io
from datetime import date

import pikepdf
import pytest
from pikepdf import Array, Name, String

from config.data import read_data
from inbox_worker.demo.people import list_stakeholders
from outbound.forms.filling import fill_form
from parsers.definition import FieldType, parse_definition
from parsers.extraction import DocumentKind, Extraction
from parsers.reading.document import read_document
from tests.specimens.xfa import (
    add_packets,
    add_whole,
    build_data,
    build_dynamic,
    build_template,
    save,
)

TODAY = date(2026, 5, 4)
DEFINITION = parse_definition(read_data("forms/cjs-request-1.toml"))
BLANK = read_data("forms/cjs-request-1.pdf")
PERSON = list_stakeholders(TODAY)[0].values or {}
FILLED = fill_form(DEFINITION, BLANK, PERSON)


def _read(data: bytes) -> Extraction:
    return read_document(data, [DEFINITION], today=TODAY)


def _codes(found: Extraction) -> list[str]:
    return [w.code for w in found.warnings]


AS_ACROFORM = _read(FILLED)


def _answers(found: Extraction) -> dict[str, object]:
    return {name: value.value for name, value in found.fields.items()}


def _written() -> dict[str, str | tuple[str, ...]]:
    """Return the demo clerk's answers as the data of an XFA form hold them."""
    written: dict[str, str | tuple[str, ...]] = {}
    for field in DEFINITION.fields:
        value = AS_ACROFORM.fields.get(field.name)
        if value is None:
            continue
        if field.type is FieldType.MULTI:
            assert isinstance(value.value, tuple)
            written[field.name] = value.value
        elif field.type is FieldType.CHOICE:
            names = [choice.name for choice in field.choices]
            written[field.name] = str(names.index(str(value.value)))
        elif field.type is FieldType.YES_NO:
            written[field.name] = "1" if value.value else "2"
        elif isinstance(value.value, bool):
            written[field.name] = "1"
        else:
            written[field.name] = value.raw
    return written


def _without_template() -> dict[str, str | tuple[str, ...]]:
    """Return the same with words for answers: no template says what number 3 stands for."""
    written = _written()
    for field in DEFINITION.fields:
        value = AS_ACROFORM.fields.get(field.name)
        if value is not None and field.type is FieldType.CHOICE:
            written[field.name] = str(value.value)
        elif value is not None and field.type is FieldType.YES_NO:
            written[field.name] = "yes" if value.value else "no"
    return written


def test_a_dynamic_form_is_named_and_read_from_its_data() -> None:
    pdf = build_dynamic()
    add_packets(
        pdf,
        {
            "template": build_template(DEFINITION),
            "config": "<config/>",
            "datasets": build_data(DEFINITION, _written()),
        },
    )
    found = _read(save(pdf))
    assert (found.kind, found.definition, found.pages) == (DocumentKind.XFA, "cjs-request/1", 1)
    assert (_codes(found), found.readers) == (["please_wait_page"], ("pikepdf", "lxml"))
    assert _answers(found) == _answers(AS_ACROFORM)
    assert (found.missing, found.problems) == (AS_ACROFORM.missing, AS_ACROFORM.problems)
    assert {v.source for v in found.fields.values()} == {"xfa"}
    assert {v.confidence for v in found.fields.values()} == {1.0}
    assert found.is_form


def test_the_whole_form_may_be_one_stream_and_needs_no_template() -> None:
    pdf = build_dynamic()
    add_whole(pdf, {"datasets": build_data(DEFINITION, _without_template())})
    assert _answers(_read(save(pdf))) == _answers(AS_ACROFORM)


def test_names_that_say_nothing_are_known_by_their_captions_and_tooltips() -> None:
    pdf = build_dynamic()
    add_packets(
        pdf,
        {
            "template": build_template(DEFINITION, names="plain"),
            "datasets": build_data(DEFINITION, _written(), names="plain"),
        },
    )
    found = _read(save(pdf))
    assert found.kind is DocumentKind.XFA
    assert _answers(found) == _answers(AS_ACROFORM)
    assert found.fields["subject_a_number"].confidence == 0.9


def test_fields_beside_each_other_with_one_name_are_told_apart() -> None:
    labels = [f for f in DEFINITION.fields if f.type in (FieldType.TEXT, FieldType.NAME)]
    template = build_template(DEFINITION, names="plain")
    data = build_data(DEFINITION, _written(), names="plain")
    for field in labels:
        name = f"Field{DEFINITION.fields.index(field)}"
        template = template.replace(f'name="{name}"', 'name="TextField1"')
        data = data.replace(f"<{name}>", "<TextField1>").replace(f"</{name}>", "</TextField1>")
        data = data.replace(f"<{name}/>", "<TextField1/>")
    pdf = build_dynamic()
    add_packets(pdf, {"template": template, "datasets": data})
    found = _read(save(pdf))
    assert _answers(found) == _answers(AS_ACROFORM)


def _static(data: bytes, entries: dict[str, str | tuple[str, ...]]) -> bytes:
    with pikepdf.open(io.BytesIO(data)) as pdf:
        add_packets(
            pdf,
            {
                "template": build_template(DEFINITION),
                "datasets": build_data(DEFINITION, entries),
            },
        )
        return save(pdf)


def test_both_parts_of_a_static_form_agree_and_the_acroform_is_read() -> None:
    found = _read(_static(FILLED, _written()))
    assert (found.kind, _codes(found)) == (DocumentKind.ACROFORM, ["contains_xfa"])
    assert _answers(found) == _answers(AS_ACROFORM)
    assert found.problems == AS_ACROFORM.problems


def test_where_the_parts_differ_the_acroform_counts_and_a_person_compares() -> None:
    entries = {**_written(), "requester_name": "Somebody Else", "requester_fax": "202-555-0199"}
    del entries["court_name"]
    found = _read(_static(FILLED, entries))
    assert _answers(found) == _answers(AS_ACROFORM)
    differing = [p for p in found.problems if p.code == "xfa_differs"]
    assert [p.field for p in differing] == ["requester_name", "requester_fax", "court_name"]
    assert all(p.flag_only for p in differing)


def test_an_xfa_part_without_entries_says_nothing() -> None:
    found = _read(_static(FILLED, {"form_version": "cjs-request/1"}))
    assert not [p for p in found.problems if p.code == "xfa_differs"]


def test_entries_in_the_data_alone_are_read_at_the_place_of_their_ordinary_field() -> None:
    found = _read(_static(BLANK, _written()))
    assert (found.kind, _codes(found)) == (DocumentKind.XFA, [])
    assert _answers(found) == _answers(AS_ACROFORM)
    name, same = found.fields["requester_name"], AS_ACROFORM.fields["requester_name"]
    assert (name.page, name.box) == (same.page, same.box)


def _with_data(text: str | bytes) -> bytes:
    pdf = build_dynamic()
    add_packets(pdf, {"datasets": text})
    return save(pdf)


def _five(more: str = "", name: str = "<requester_name>Dana Example</requester_name>") -> str:
    fields = "".join(
        f"<{field}>x y</{field}>"
        for field in ("requester_title", "requester_city", "court_name", "requester_agency")
    )
    return (
        '<xfa:datasets xmlns:xfa="http://www.xfa.org/schema/xfa-data/1.0/"><xfa:data><form1>'
        f"{name}{fields}{more}</form1></xfa:data></xfa:datasets>"
    )


def test_rich_text_and_repeated_lists_are_read_as_text_and_lists() -> None:
    rich = (
        '<purpose><body xmlns="http://www.w3.org/1999/xhtml"><p>One <b>two</b></p><p>three</p>'
        "</body></purpose>"
    )
    cases = "<case_numbers>BA141368</case_numbers><case_numbers>17CR-001544</case_numbers>"
    picked = (
        "<subject_aliases><value>Ana Muestra</value><value>Eva Muestra</value></subject_aliases>"
    )
    found = _read(_with_data(_five(rich + cases + picked)))
    assert found.value("purpose") == "One two\nthree"
    assert found.value("case_numbers") == ("BA141368", "17CR-001544")
    assert found.value("subject_aliases") == ("Ana Muestra", "Eva Muestra")


def test_a_name_that_stands_twice_with_different_contents_is_flagged() -> None:
    found = _read(_with_data(_five("<requester_name>Eve Example</requester_name>")))
    problem = next(p for p in found.problems if p.field == "requester_name")
    assert (found.value("requester_name"), problem.code) == ("Dana Example", "differing_values")


def test_a_social_security_number_in_the_data_is_masked_and_reported() -> None:
    found = _read(_with_data(_five("<purpose>his number is 219-09-9999, thanks a lot</purpose>")))
    assert "contains_ssn" in _codes(found)
    assert "219-09-9999" not in str(found)


_ENTITIES = "".join(
    f'<!ENTITY {b} "{f"&{a};" * 10}">' for a, b in zip("abcdefgh", "bcdefghi", strict=True)
)
_LAUGHS = f'<!DOCTYPE d [<!ENTITY a "hahaha">{_ENTITIES}]>'


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("<xfa:datasets", id="cut off"),
        pytest.param("", id="empty"),
        pytest.param(b"\xff\xfe\x00noise", id="no XML"),
        pytest.param(_five().encode("utf-8")[:-20], id="without its end"),
        pytest.param("<a>" * 5000 + "</a>" * 5000, id="nested thousands deep"),
        pytest.param(b"<a>" + b" " * (17 * 1024 * 1024) + b"</a>", id="longer than any form"),
    ],
)
def test_data_that_cannot_be_read_have_a_name(text: str | bytes) -> None:
    found = _read(_with_data(text))
    assert (found.kind, found.is_form) == (DocumentKind.XFA, False)
    assert _codes(found) == ["damaged_xfa", "please_wait_page"]


def test_a_packet_whose_compression_is_damaged_has_a_name() -> None:
    pdf = build_dynamic()
    packet = pdf.make_stream(b"no such thing as deflated", Filter=Name.FlateDecode)
    pdf.Root.AcroForm.XFA = packet
    assert _codes(_read(save(pdf)))[0] == "damaged_xfa"


def test_no_entity_is_resolved_and_no_file_is_opened() -> None:
    outside = '<!DOCTYPE d [<!ENTITY f SYSTEM "file:///etc/passwd">]>'
    for doctype, entity in ((_LAUGHS, "&i;"), (outside, "&f;")):
        name = f"<requester_name>Dana {entity} Example</requester_name>"
        found = _read(_with_data(doctype + _five(name=name)))
        assert len(str(found.fields.get("requester_name", ""))) < 1000
        assert "root:" not in str(found)


def test_damaged_data_beside_filled_fields_are_reported_and_the_fields_are_read() -> None:
    with pikepdf.open(io.BytesIO(FILLED)) as pdf:
        add_packets(pdf, {"datasets": "<xfa"})
        found = _read(save(pdf))
    assert (found.kind, _codes(found)) == (DocumentKind.ACROFORM, ["damaged_xfa", "contains_xfa"])
    assert _answers(found) == _answers(AS_ACROFORM)


def test_another_xfa_form_is_no_form_we_know() -> None:
    found = _read(_with_data(_five().replace("requester_", "z").replace("court_", "z")))
    assert (found.kind, _codes(found)) == (DocumentKind.XFA, ["please_wait_page", "no_known_form"])


@pytest.mark.parametrize(
    "xfa",
    [
        pytest.param(Array([]), id="an empty array"),
        pytest.param(Array([String("datasets")]), id="a name without its packet"),
        pytest.param(Array([String("datasets"), Name.No]), id="a packet that is no stream"),
        pytest.param(Name.No, id="no XFA at all"),
    ],
)
def test_a_malformed_entry_has_an_outcome(xfa: object) -> None:
    pdf = build_dynamic()
    pdf.Root.AcroForm.XFA = xfa
    assert _codes(_read(save(pdf)))[0] == "damaged_xfa"
