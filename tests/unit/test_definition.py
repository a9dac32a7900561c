"""A form definition: what the file of the Request Form says, and what a wrong one is told."""

from __future__ import annotations

import pickle

import pytest

from config.data import list_data, read_data
from parsers.definition import FieldType, FormDefinition, Requiredness, parse_definition
from parsers.errors import ParseError

SMALL = """
id = "small/1"
title = "A small form"
version_text = "small/1"

[notices]
scope = "What it is for."

[[section]]
name = "first"
title = "First"

[[section.field]]
name = "colour"
label = "Colour"
type = "choice"
requiredness = "required"
choices = [
    { name = "red", label = "Red", synonyms = ["Scarlet"] },
    { name = "blue", label = "Blue" },
]

[[section.field]]
name = "note"
label = "Note"
type = "text"
requiredness = "conditional"
required_when = "bond"
min_length = 2
max_length = 9
"""


@pytest.fixture(scope="module")
def request_form() -> FormDefinition:
    return parse_definition(read_data("forms/cjs-request-1.toml"))


def test_small_definition_is_read_whole() -> None:
    definition = parse_definition(SMALL.encode())

    assert (definition.id, definition.blank_form) == ("small/1", "")
    assert definition.notices == {"scope": "What it is for."}
    colour, note = definition.fields
    assert [choice.name for choice in colour.choices] == ["red", "blue"]
    assert colour.choices[0].synonyms == ("Scarlet",)
    assert (note.section, note.required_when, note.min_length, note.max_length) == (
        "first",
        "bond",
        2,
        9,
    )


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        pytest.param('id = "small/1"', "", "id", id="missing key"),
        pytest.param('title = "A small form"', "title = 3", "title", id="number for a text"),
        pytest.param('label = "Note"', 'label = " "', "section[1].field[2].label", id="blank text"),
        pytest.param(
            'type = "text"', 'type = "txt"', "section[1].field[2].type", id="unknown type"
        ),
        pytest.param(
            'requiredness = "required"',
            'requiredness = "yes"',
            "section[1].field[1].requiredness",
            id="unknown requiredness",
        ),
        pytest.param('label = "Note"', 'label = "N"\nhnt = "x"', "field[2].hnt", id="unknown key"),
        pytest.param('name = "note"', 'name = "a note"', "field[2].name", id="space in a name"),
        pytest.param('name = "note"', 'name = "colour"', "section.field", id="name used twice"),
        pytest.param('name = "blue"', 'name = "red"', "choices", id="choice used twice"),
        pytest.param(
            'required_when = "bond"', "", "required_when", id="conditional without condition"
        ),
        pytest.param(
            'requiredness = "required"',
            'requiredness = "required"\nrequired_when = "bond"',
            "required_when",
            id="condition on a required field",
        ),
        pytest.param('type = "choice"', 'type = "text"', "choices", id="choices of a text"),
        pytest.param('type = "text"', 'type = "multi"', "choices", id="multi without choices"),
        pytest.param("max_length = 9", "max_length = 1", "max_length", id="empty range"),
        pytest.param("min_length = 2", "min_length = true", "min_length", id="true for a number"),
        pytest.param("min_length = 2", "min_length = -1", "min_length", id="negative length"),
        pytest.param("min_length = 2", 'pattern = "("', "pattern", id="not a regular expression"),
        pytest.param("min_length = 2", 'rules = "x"', "rules", id="text for a list"),
        pytest.param("min_length = 2", "rules = [1]", "rules", id="number in a list"),
        pytest.param("min_length = 2", 'multiline = "no"', "multiline", id="text for a truth"),
        pytest.param('type = "text"', 'type = "id"\nmultiline = true', "multiline", id="long id"),
        pytest.param(
            "min_length = 2", 'signature_line = "s"', "signature_line", id="text with a signature"
        ),
        pytest.param('scope = "What it is for."', "scope = 1", "notices.scope", id="notice"),
        pytest.param("[notices]", "[[notices]]", "notices", id="list for a table"),
        pytest.param("[[section]]", "[section]", "section", id="table for a list"),
    ],
)
def test_wrong_definition_names_the_key(old: str, new: str, key: str) -> None:
    assert old in SMALL

    with pytest.raises(ParseError) as caught:
        parse_definition(SMALL.replace(old, new, 1).encode())

    assert caught.value.code == "bad_definition"
    assert caught.value.message.split(": ")[0].endswith(key)


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"\xff\xfe", id="not UTF-8"),
        pytest.param(b"id = ", id="not TOML"),
        pytest.param(b"", id="empty"),
        pytest.param(b"a=" + b"[" * 5000, id="nested beyond the stack"),
        pytest.param(b'id = "a"\ntitle = "b"\nversion_text = "c"\n', id="no fields"),
    ],
)
def test_what_is_no_definition_is_refused(data: bytes) -> None:
    with pytest.raises(ParseError) as caught:
        parse_definition(data)

    assert caught.value.code == "bad_definition"


@pytest.mark.parametrize("name", list_data("forms", ".toml"))
def test_shipped_definitions_are_read_and_travel_between_processes(name: str) -> None:
    definition = parse_definition(read_data(name))

    assert pickle.loads(pickle.dumps(definition)) == definition
    assert definition.blank_form.endswith(".pdf")


#: Section by section, what the Request Form asks.
REQUEST_FIELDS = {
    "request": "form_version request_date",
    "requester": "requester_name requester_title requester_type requester_agency requester_address"
    " requester_city requester_state requester_zip requester_phone requester_fax requester_email"
    " requester_credential",
    "subject": "subject_family_name subject_given_names subject_suffix subject_aliases"
    " subject_birth_date subject_birth_country subject_citizenship subject_sex subject_a_number"
    " subject_fbi_number subject_state_id subject_inmate_number identifiers_unknown",
    "obligation": "obligation_type obligation_dates obligation_time court_name court_county"
    " court_state case_numbers charge_level consequences release_date bond_amount bond_number"
    " forfeiture_date deadline_date next_hearing_date transferred_from",
    "asked": "information_requested purpose consent_attached legal_process_attached delivery"
    " password_phone attestation attestation_date",
}


def test_request_form_asks_everything_in_order(request_form: FormDefinition) -> None:
    found = {
        section.name: " ".join(f.name for f in request_form.fields if f.section == section.name)
        for section in request_form.sections
    }

    assert found == REQUEST_FIELDS


@pytest.mark.parametrize(
    ("requiredness", "names"),
    [
        pytest.param(
            Requiredness.OPTIONAL,
            "requester_fax subject_suffix subject_aliases subject_citizenship subject_sex"
            " obligation_time charge_level consequences release_date forfeiture_date"
            " next_hearing_date transferred_from",
            id="optional",
        ),
        pytest.param(
            Requiredness.CONDITIONAL,
            "requester_email requester_credential subject_a_number subject_fbi_number"
            " subject_state_id subject_inmate_number identifiers_unknown court_county bond_amount"
            " bond_number deadline_date consent_attached password_phone",
            id="conditional",
        ),
        pytest.param(Requiredness.PRINTED, "form_version", id="printed"),
    ],
)
def test_request_form_requires_the_rest(
    request_form: FormDefinition, requiredness: Requiredness, names: str
) -> None:
    found = [f.name for f in request_form.fields if f.requiredness is requiredness]

    assert found == names.split()


@pytest.mark.parametrize(
    ("name", "type_", "rules", "lengths"),
    [
        ("requester_name", FieldType.NAME, ("two_words",), (None, None)),
        ("requester_title", FieldType.TEXT, (), (2, 80)),
        ("requester_agency", FieldType.TEXT, (), (2, 160)),
        ("requester_zip", FieldType.ZIP, (), (None, None)),
        ("requester_credential", FieldType.TEXT, ("ori_or_credential",), (2, 20)),
        ("subject_aliases", FieldType.LIST, (), (None, 10)),
        ("subject_birth_date", FieldType.DATE, ("not_future", "age_0_120"), (None, None)),
        ("subject_fbi_number", FieldType.ID, (), (1, 9)),
        ("subject_state_id", FieldType.ID, (), (2, 10)),
        ("subject_inmate_number", FieldType.ID, (), (2, 20)),
        ("obligation_dates", FieldType.DATE_LIST, ("not_after_tomorrow",), (1, 10)),
        ("court_name", FieldType.TEXT, (), (2, 160)),
        ("case_numbers", FieldType.LIST, ("has_digit",), (1, 10)),
        ("release_date", FieldType.DATE, ("not_after_first_obligation",), (None, None)),
        ("bond_amount", FieldType.MONEY, ("positive",), (None, None)),
        ("bond_number", FieldType.ID, ("bond_number_words",), (2, 30)),
        ("deadline_date", FieldType.DATE, ("not_before_forfeiture",), (None, None)),
        ("purpose", FieldType.TEXT, (), (20, None)),
        ("consent_attached", FieldType.YES_NO, ("consent_needs_attachment",), (None, None)),
        ("attestation_date", FieldType.DATE, ("not_after_tomorrow",), (None, None)),
    ],
)
def test_request_form_has_its_rules(
    request_form: FormDefinition,
    name: str,
    type_: FieldType,
    rules: tuple[str, ...],
    lengths: tuple[int | None, int | None],
) -> None:
    found = request_form.find_field(name)

    assert found is not None
    assert (found.type, found.rules, (found.min_length, found.max_length)) == (
        type_,
        rules,
        lengths,
    )


def test_no_two_fields_of_the_request_form_have_one_label(request_form: FormDefinition) -> None:
    labels = [f.label.casefold() for f in request_form.fields]

    assert len(set(labels)) == len(labels)


def test_no_synonym_of_the_request_form_means_two_fields_of_a_section(
    request_form: FormDefinition,
) -> None:
    words = [
        (f.section, word.casefold())
        for f in request_form.fields
        for word in {f.label.casefold(), *(s.casefold() for s in f.synonyms)}
    ]

    assert sorted(set(words)) == sorted(words)


def test_every_field_of_the_request_form_has_a_hint(request_form: FormDefinition) -> None:
    assert [f.name for f in request_form.fields if not f.hint] == []
