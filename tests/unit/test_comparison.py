"""Two forms side by side: what changed, and whether they ask the same."""

from __future__ import annotations

import pytest

from config.data import read_data
from parsers.definition import parse_definition
from parsers.extraction import FieldValue, Value
from parsers.forms.comparison import FieldChange, compare_forms, find_case_keys, is_same_question

DEFINITION = parse_definition(read_data("forms/cjs-request-1.toml"))

FORM: dict[str, Value] = {
    "requester_name": "Dana Whitlock",
    "requester_agency": "Superior Court of Example County",
    "requester_email": "clerk@courts.example",
    "subject_family_name": "Núñez de la Cruz",
    "subject_given_names": "José Andrés",
    "subject_birth_date": "1988-07-23",
    "case_numbers": ("26-CR-000123",),
}
CLERK = "clerk@courts.example"


def _form(**changes: Value | None) -> dict[str, FieldValue]:
    values = {n: v for n, v in {**FORM, **changes}.items() if v is not None}
    return {n: FieldValue(value=v, raw=f"raw {n}", source="acroform") for n, v in values.items()}


def _is_found_again(other: dict[str, FieldValue], author: str = CLERK) -> bool:
    one = _form()
    has_key = bool(find_case_keys(one) & find_case_keys(other))
    return has_key and is_same_question(one, other, authors=(CLERK, author))


def test_every_difference_is_told_in_the_forms_order() -> None:
    after = _form(case_numbers=("26-CR-000124",), requester_name=None, subject_suffix="Jr.")
    assert compare_forms(DEFINITION, _form(), after) == (
        FieldChange(field="requester_name", old="Dana Whitlock", new=None),
        FieldChange(field="subject_suffix", old=None, new="Jr."),
        FieldChange(field="case_numbers", old=("26-CR-000123",), new=("26-CR-000124",)),
    )


def test_a_value_that_cannot_be_read_is_told_as_it_was_written() -> None:
    (change,) = compare_forms(DEFINITION, _form(), _form(subject_birth_date=""))
    assert change == FieldChange(
        field="subject_birth_date", old="1988-07-23", new="raw subject_birth_date"
    )


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param(("A1", "B2"), ("B2", "A1"), id="another order"),
        pytest.param("Two  words\nhere", "Two words here", id="other space"),
    ],
)
def test_what_only_looks_different_is_no_change(before: Value, after: Value) -> None:
    fields = [_form(case_numbers=before), _form(case_numbers=after)]
    assert compare_forms(DEFINITION, *fields) == ()


@pytest.mark.parametrize(
    ("changes", "same"),
    [
        pytest.param({}, True, id="the same"),
        pytest.param({"subject_family_name": "NUNEZ CRUZ"}, True, id="plain letters, no particles"),
        pytest.param({"subject_family_name": "de la Cruz Núñez"}, True, id="swapped"),
        pytest.param({"subject_family_name": "Núñez"}, True, id="the first surname alone"),
        pytest.param({"subject_family_name": "Cruz"}, True, id="the second surname alone"),
        pytest.param({"subject_given_names": "José"}, True, id="fewer given names"),
        pytest.param({"case_numbers": ("X-1", "26 cr 000123")}, True, id="one case in common"),
        pytest.param({"subject_given_names": "J."}, True, id="the birth date agrees"),
        pytest.param({"subject_birth_date": "1988-07-24"}, True, id="the given name agrees"),
        pytest.param(
            {"subject_given_names": "María", "subject_birth_date": "1990-01-02"},
            False,
            id="a relative in the same case",
        ),
        pytest.param({"subject_family_name": "de la Vega"}, False, id="only particles in common"),
        pytest.param({"case_numbers": ("26-CR-000124",)}, False, id="another case"),
        pytest.param({"case_numbers": None}, False, id="no case"),
        pytest.param({"subject_family_name": "Doe"}, False, id="nobody's name"),
        pytest.param({"subject_family_name": None}, False, id="no name"),
    ],
)
def test_one_subject_and_one_case_are_found_again(
    changes: dict[str, Value | None], same: bool
) -> None:
    assert _is_found_again(_form(**changes)) is same


@pytest.mark.parametrize(
    ("author", "changes", "same"),
    [
        pytest.param("CLERK@courts.example", {"requester_email": None}, True, id="mailed from"),
        pytest.param("other@courts.example", {}, True, id="the form's address"),
        pytest.param(
            "other@courts.example",
            {"requester_email": "other@courts.example", "requester_name": "WHITLOCK, Dana"},
            True,
            id="the same person at the same agency",
        ),
        pytest.param(
            "other@courts.example",
            {"requester_email": "other@courts.example", "requester_name": "Marcus Bellweather"},
            False,
            id="a colleague",
        ),
        pytest.param(
            "defense@law.example",
            {"requester_email": "defense@law.example", "requester_agency": "Example Law"},
            False,
            id="the same name elsewhere",
        ),
    ],
)
def test_another_requester_asks_something_of_their_own(
    author: str, changes: dict[str, Value | None], same: bool
) -> None:
    assert _is_found_again(_form(**changes), author) is same


def test_a_birth_date_that_reads_in_two_ways_agrees_by_either() -> None:
    other = _form(subject_given_names="Pepe", subject_birth_date="1988-04-03")
    written = FieldValue(
        value="1988-03-04", raw="", source="acroform", alternatives=("1988-04-03",)
    )
    one = {**_form(subject_given_names="J."), "subject_birth_date": written}
    assert is_same_question(one, other, authors=(CLERK, CLERK))


def test_a_key_shows_nothing_of_what_it_is_made_of() -> None:
    keys = find_case_keys(_form())
    assert len(keys) == 2
    assert all(len(key) == 64 and set(key) <= set("0123456789abcdef") for key in keys)
