"""Filled Request Forms of invented people, and what in them must never be seen outside.

Days are counted from today, so that a form is as valid next year as it is now.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta
from functools import cache

from config.data import read_data
from inbox_worker.reading.reader import load_definitions
from outbound.forms.filling import fill_form
from parsers.definition import FormDefinition
from tests.acceptance.job import Person, now

TODAY = now().date()
OBLIGATION = TODAY - timedelta(days=70)
CUSTODY_FIRST = OBLIGATION - timedelta(days=8)
REMOVED = OBLIGATION + timedelta(days=38)

Values = dict[str, object]


@cache
def find_definition() -> FormDefinition:
    """Return the model form's definition."""
    return load_definitions()[0]


@cache
def read_blank_form() -> bytes:
    """Return the blank model form."""
    return read_data(f"forms/{find_definition().blank_form}")


def fill(values: Values) -> bytes:
    """Return the model form filled with these values."""
    return fill_form(find_definition(), read_blank_form(), values)


def build_clerk_values(person: Person, **more: object) -> Values:
    """Return a complete form of a court clerk; `more` lies over it, None takes a field out."""
    values: Values = {
        "request_date": TODAY.isoformat(),
        "requester_name": person.name,
        "requester_title": "Deputy Clerk of Court",
        "requester_type": "judge_or_clerk",
        "requester_agency": "Superior Court of Example County",
        "requester_address": "17 Invented Plaza",
        "requester_city": "Anytown",
        "requester_state": "GA",
        "requester_zip": "30301",
        "requester_phone": "(202) 555-0141",
        "requester_email": person.address,
        "subject_family_name": "Ejemplo de la Muestra",
        "subject_given_names": "José Andrés",
        "subject_birth_date": "1988-07-23",
        "subject_birth_country": "Guatemala",
        "subject_a_number": "A000000101",
        "obligation_type": "court_hearing",
        "obligation_dates": [OBLIGATION.isoformat()],
        "court_name": "Superior Court of Example County",
        "court_state": "GA",
        "case_numbers": ["26-CR-000123"],
        "consequences": ["warrant"],
        "information_requested": ["custody_on_date", "custody_dates", "removal"],
        "purpose": "The defendant missed a hearing; the court decides on the bench warrant.",
        "legal_process_attached": False,
        "delivery": "encrypted_email",
        "password_phone": "(202) 555-0142",
        "attestation": True,
        "attestation_date": TODAY.isoformat(),
    }
    merged = {**values, **more}
    return {name: value for name, value in merged.items() if value is not None}


def build_agent_values(person: Person, **more: object) -> Values:
    """Return a complete form of a bail agent."""
    return build_clerk_values(
        person,
        **{
            "requester_title": "Bail Agent",
            "requester_type": "bail_or_surety",
            "requester_agency": "Example Bail Bonds",
            "requester_credential": "BA-000789",
            "subject_family_name": "Muster",
            "subject_given_names": "Juan Carlos",
            "subject_birth_date": "1979-01-25",
            "subject_birth_country": "El Salvador",
            "subject_a_number": "A000000103",
            "obligation_type": "bond_or_bail",
            "case_numbers": ["25-CR-000789"],
            "consequences": ["bond_forfeited"],
            "bond_amount": "25000.00",
            "bond_number": "XP-555-0001",
            "deadline_date": (TODAY + timedelta(days=45)).isoformat(),
            "consent_attached": False,
            **more,
        },
    )


def write_findings(**more: str) -> str:
    """Return an approval that finds the subject detained on the day and removed later."""
    lines = {
        "Outcome": "detained; removed",
        "Matched on": "a-number; name; birth date",
        "Basis": "routine use",
        "Custody": f"{CUSTODY_FIRST.isoformat()} to {REMOVED.isoformat()}",
        "Custody ended": "removed",
        "Facility": "Example Processing Center, Anytown, GA",
        "Direct transfer": f"Example County Jail, {CUSTODY_FIRST.isoformat()}",
        "Removed": REMOVED.isoformat(),
        "Country": "Guatemala",
        "Records as of": f"{now():%Y-%m-%d %H:%M}",
        **more,
    }
    return "\n".join(["APPROVE", *(f"{name}: {value}" for name, value in lines.items())])


def spell(day: date) -> str:
    """Return a day as it is printed."""
    return f"{day:%B} {day.day}, {day.year}"


#: What a form holds about people and cases; the days it was signed on are those of our letters.
_TELLING = (
    "requester_name",
    "requester_title",
    "requester_agency",
    "requester_address",
    "requester_phone",
    "requester_credential",
    "subject_family_name",
    "subject_given_names",
    "subject_birth_date",
    "subject_birth_country",
    "subject_a_number",
    "obligation_dates",
    "court_name",
    "case_numbers",
    "bond_amount",
    "bond_number",
    "deadline_date",
    "purpose",
    "password_phone",
)


def list_secrets(values: Values) -> set[str]:
    """Return every spelling of what a form says of people and cases, in lower case."""
    found: set[str] = set()
    for name in _TELLING:
        value = values.get(name)
        for item in value if isinstance(value, list) else [value]:
            if isinstance(item, str):
                found |= {spelling.lower() for spelling in _spell_out(name, item)}
    return found


def _spell_out(name: str, value: str) -> Iterator[str]:
    yield value
    if name in ("requester_name", "subject_family_name", "subject_given_names"):
        yield from re.findall(r"\w{5,}", value)
    elif re.fullmatch(r"\d{4}-\d\d-\d\d", value):
        day = date.fromisoformat(value)
        yield from (spell(day), f"{day:%m/%d/%Y}", f"{day:%d %B %Y}", f"{day:%d-%b-%Y}")
    elif name.endswith("_phone"):
        yield from (value[-8:], re.sub(r"\D", "", value))
    elif name == "subject_a_number":
        yield value.lstrip("A")
