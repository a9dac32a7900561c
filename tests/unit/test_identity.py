"""How firmly a form says whom it asks about."""

from __future__ import annotations

import pytest

from inbox_worker.casefile.identity import judge_identity
from parsers.extraction import FieldValue

NAME = {"subject_family_name": "Example"}
BORN = {"subject_birth_date": "1985-03-04"}
COUNTRY = {"subject_birth_country": "GT"}


@pytest.mark.parametrize(
    ("given", "strong", "begins"),
    [
        pytest.param(
            NAME | BORN | {"subject_a_number": "A000000123"}, ("A-Number",), "Strong", id="A-number"
        ),
        pytest.param(
            NAME | BORN | {"subject_fbi_number": "000000AA0", "subject_state_id": "EX0"},
            ("FBI number", "State ID"),
            "Strong",
            id="numbers of the police",
        ),
        pytest.param(NAME | BORN | COUNTRY, (), "Weak", id="no number but the country"),
        pytest.param(NAME | BORN, (), "Too little", id="name and birth date are not enough"),
        pytest.param(
            NAME | {"subject_a_number": "A000000123"},
            ("A-Number",),
            "Too little",
            id="a number is strong only beside a birth date",
        ),
        pytest.param(
            NAME | BORN | COUNTRY | {"subject_inmate_number": "77"},
            (),
            "Weak",
            id="an inmate number identifies nobody beyond its jail",
        ),
        pytest.param(
            NAME | BORN | {"subject_a_number": ""}, (), "Too little", id="a blank gives nothing"
        ),
        pytest.param({}, (), "Too little", id="an empty form"),
    ],
)
def test_identity_is_worth_what_the_rules_make_of_it(
    given: dict[str, str], strong: tuple[str, ...], begins: str
) -> None:
    fields = {n: FieldValue(value=v, raw=v, source="form") for n, v in given.items()}
    found = judge_identity(fields)
    assert found.strong == strong
    assert found.sentence.startswith(begins)
