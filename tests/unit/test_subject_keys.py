"""By which numbers and names one person is found again."""

from __future__ import annotations

from datetime import date

import pytest

from parsers.extraction import FieldValue, Value
from parsers.forms.subject_keys import SubjectKeys, find_subject_keys

TODAY = date(2026, 5, 4)
PROTECTED: dict[str, Value] = {
    "subject_family_name": "Núñez de la Cruz",
    "subject_given_names": "María Fernanda",
    "subject_aliases": ("Lucero Campos",),
    "subject_birth_date": "1990-05-04",
    "subject_a_number": "A000000101",
    "subject_fbi_number": "123456AB7",
    "subject_state_id": "GA-0012345",
}
#: Enough to be somebody else entirely.
OTHER: dict[str, Value] = {
    "subject_family_name": "Muster",
    "subject_given_names": "Ana",
    "subject_birth_date": "1971-01-31",
    "subject_a_number": "A000000102",
}


def keys(values: dict[str, Value], **more: FieldValue) -> SubjectKeys:
    fields = {n: FieldValue(value=v, raw=str(v), source="acroform") for n, v in values.items()}
    return find_subject_keys({**fields, **more}, today=TODAY)


def is_found(**changes: Value) -> bool:
    return not keys(PROTECTED).kept.isdisjoint(keys({**OTHER, **changes}).sought)


def named(family: str, given: str, born: str = "1990-05-04") -> dict[str, Value]:
    return {
        "subject_family_name": family,
        "subject_given_names": given,
        "subject_birth_date": born,
    }


FOUND: dict[str, dict[str, Value]] = {
    "the A-number alone": {"subject_a_number": "A000000101"},
    "the A-number without its zeros": {"subject_a_number": "101"},
    "the FBI number in other letters": {"subject_fbi_number": "123456ab7"},
    "the state ID without its hyphen": {"subject_state_id": "GA0012345"},
    "the full name": named("Núñez de la Cruz", "María Fernanda"),
    "without accents": named("NUNEZ DE LA CRUZ", "MARIA FERNANDA"),
    "the first surname only": named("Núñez", "María"),
    "the second surname only": named("Cruz", "Fernanda"),
    "the surnames swapped": named("de la Cruz Núñez", "María"),
    "particles dropped": named("Núñez Cruz", "María"),
    "particles in one word": named("NunezDeLaCruz", "Maria"),
    "a hyphen": named("Núñez-Cruz", "María"),
    "surname and given name swapped": named("María Fernanda", "Núñez"),
    "the alias as the name": named("Campos", "Lucero"),
    "a word of the alias with the surname": named("Núñez", "Lucero"),
    "the name as an alias of another": {
        "subject_aliases": ("Maria Nunez",),
        "subject_birth_date": "1990-05-04",
    },
    "the given name is not known": named("Núñez", "FNU"),
    "the surname is not known": named("LNU", "Fernanda"),
}
NOT_FOUND: dict[str, dict[str, Value]] = {
    "somebody else": {},
    "the name without the birth date": named("Núñez de la Cruz", "María", "1990-05-05"),
    "the birth date alone": {"subject_birth_date": "1990-05-04"},
    "the surname alone, with another's given name": named("Núñez", "Ana"),
    "the given name alone": named("Muster", "María"),
    "nobody's name": named("Doe", "Unknown"),
    "a particle in common": named("de la Paz", "Ana"),
    "an A-number of zeros": {"subject_a_number": "000000000"},
    "a number of another kind": {"subject_state_id": "123456AB7"},
}


@pytest.mark.parametrize("changes", FOUND.values(), ids=FOUND.keys())
def test_a_person_is_found_by(changes: dict[str, Value]) -> None:
    assert is_found(**changes)


@pytest.mark.parametrize("changes", NOT_FOUND.values(), ids=NOT_FOUND.keys())
def test_a_person_is_not_found_by(changes: dict[str, Value]) -> None:
    assert not is_found(**changes)


def test_whoever_is_known_by_half_a_name_is_found_by_the_whole() -> None:
    half = keys({**named("Ahmadi", "FNU")})
    assert not half.kept.isdisjoint(keys(named("Ahmadi", "Zahra")).sought)
    assert half.kept.isdisjoint(keys(named("Zahra", "Ana")).sought)


EVIDENCE = {
    "the other reading of a birth date": (
        named("Núñez", "María", ""),
        {
            "subject_birth_date": FieldValue(
                value="1990-04-05", raw="04/05/1990", source="text", alternatives=("1990-05-04",)
            )
        },
    ),
    "an A-number that may be another": (
        {},
        {
            "subject_a_number": FieldValue(
                value="A000000191", raw="191", source="scan", alternatives=("A000000101",)
            )
        },
    ),
    "what the page shows": (
        {},
        {
            "subject_a_number": FieldValue(
                value="A000000191", raw="191", source="acroform", shown="A 000-000-101"
            )
        },
    ),
    "a birth date the page shows": (
        named("Núñez", "María", ""),
        {
            "subject_birth_date": FieldValue(
                value="1971-01-31", raw="", source="acroform", shown="May 4, 1990"
            )
        },
    ),
    "what could not be read as a name": (
        named("", "María"),
        {"subject_family_name": FieldValue(value="", raw="Núñez", source="scan")},
    ),
}


@pytest.mark.parametrize(("values", "evidence"), EVIDENCE.values(), ids=EVIDENCE.keys())
def test_every_reading_of_a_value_counts(
    values: dict[str, Value], evidence: dict[str, FieldValue]
) -> None:
    found = keys({**OTHER, **values}, **evidence)
    assert not keys(PROTECTED).kept.isdisjoint(found.sought)


def test_a_form_that_names_nobody_has_no_keys() -> None:
    assert keys({}) == keys(named("FNU", "LNU")) == keys(named("Núñez", "María", "unknown"))
    assert not keys({}).kept


def test_a_hostile_name_makes_no_more_keys_than_a_long_one() -> None:
    words = " ".join(f"w{n}" for n in range(5000))
    hostile: dict[str, Value] = {
        **named(words, words),
        "subject_aliases": tuple(f"{words} {n}" for n in range(10)),
    }
    assert len(keys(hostile).kept) < 5000
