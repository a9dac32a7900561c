"""The model form filled by the program itself reads back to the values it was filled with."""

from __future__ import annotations

from datetime import date

import pytest

from config.data import read_data
from outbound.forms.filling import fill_form
from parsers.definition import parse_definition
from parsers.extraction import DocumentKind, Value
from parsers.reading.document import read_document

TODAY = date(2026, 5, 4)
DEFINITION = parse_definition(read_data("forms/cjs-request-1.toml"))
BLANK = read_data("forms/cjs-request-1.pdf")

COMPLETE: dict[str, Value] = {
    "request_date": "2026-05-01",
    "requester_name": "Dana O\u2019Example",
    "requester_title": "Bail agent",
    "requester_type": "bail_or_surety",
    "requester_agency": "Example Surety Company",
    "requester_address": "1 Court Plaza, Suite 5",
    "requester_city": "Anytown",
    "requester_state": "CA",
    "requester_zip": "30301-1234",
    "requester_phone": "+12025550101;ext=12",
    "requester_fax": "+12025550102",
    "requester_email": "dana@surety.example",
    "requester_credential": "Lic. 12345",
    "subject_family_name": "Pe\u00f1a y L\u00f3pez-Garc\u00eda",
    "subject_given_names": "Jos\u00e9 \u00c1ngel",
    "subject_suffix": "Jr.",
    "subject_aliases": ("Pepe Pe\u00f1a", "Garcia, J."),
    "subject_birth_date": "1985-03-25",
    "subject_birth_country": "SV",
    "subject_citizenship": "Unknown",
    "subject_sex": "X",
    "subject_a_number": "A000000123",
    "subject_fbi_number": "123456AB1",
    "subject_state_id": "GA1234567",
    "subject_inmate_number": "B-2026-0001",
    "obligation_type": "bond_or_bail",
    "obligation_dates": ("2026-03-10", "2026-03-17/2026-03-20"),
    "obligation_time": "9:00 a.m.",
    "court_name": "Superior Court of Example County",
    "court_county": "Los Angeles",
    "court_state": "CA",
    "case_numbers": ("17CR-001544", "D-101-CR-2019-00123", "17 CRS 060527"),
    "charge_level": "felony",
    "consequences": ("warrant", "bond_forfeited"),
    "release_date": "2026-01-05",
    "bond_amount": "25000.00",
    "bond_number": "CASH",
    "forfeiture_date": "2026-04-01",
    "deadline_date": "2026-10-01",
    "next_hearing_date": "2026-07-01",
    "transferred_from": "Example County Jail, 03/02/2026",
    "information_requested": ("custody_on_date", "custody_dates", "removal", "release"),
    "purpose": "To decide the motion to vacate the forfeiture.\nThe court asks for proof.",
    "consent_attached": True,
    "legal_process_attached": False,
    "delivery": "encrypted_email",
    "password_phone": "+12025550103",
    "attestation": True,
    "attestation_date": "2026-05-01",
}

WEAK: dict[str, Value] = {
    **{k: v for k, v in COMPLETE.items() if not k.startswith("subject_")},
    "subject_family_name": "Pe\u00f1a",
    "subject_given_names": "Jos\u00e9",
    "subject_birth_date": "1985-03-25",
    "subject_birth_country": "Unknown",
    "identifiers_unknown": True,
}


@pytest.mark.parametrize(
    "values", [pytest.param(COMPLETE, id="full"), pytest.param(WEAK, id="weak")]
)
def test_what_was_filled_in_is_read(values: dict[str, Value]) -> None:
    found = read_document(
        fill_form(DEFINITION, BLANK, values),
        [DEFINITION],
        today=TODAY,
        attachments_beside_form=1,
    )
    assert found.kind is DocumentKind.ACROFORM
    assert {n: v.value for n, v in found.fields.items() if n != "form_version"} == values
    assert (found.missing, found.problems, found.warnings) == ((), (), ())
    assert found.is_complete
    assert all(v.page is not None and v.box is not None for v in found.fields.values())
