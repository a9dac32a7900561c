"""Every condition and rule of the form's table, and definitions that name what does not exist."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from config.data import read_data
from parsers.definition import FormDefinition, parse_definition
from parsers.errors import ParseError
from parsers.extraction import FieldProblem, FieldValue, Value
from parsers.forms.validation import (
    CONDITIONS,
    RULES,
    check_definition,
    flag_doubtful,
    validate,
)

TODAY = date(2026, 5, 4)
DEFINITION = parse_definition(read_data("forms/cjs-request-1.toml"))

COMPLETE: dict[str, Value] = {
    "request_date": "2026-05-01",
    "requester_name": "Dana Example",
    "requester_title": "Deputy Clerk",
    "requester_type": "judge_or_clerk",
    "requester_agency": "Superior Court of Example County",
    "requester_address": "1 Court Plaza",
    "requester_city": "Anytown",
    "requester_state": "GA",
    "requester_zip": "30301",
    "requester_phone": "+12025550101",
    "requester_email": "dana@courts.example",
    "subject_family_name": "Pe\u00f1a Garc\u00eda",
    "subject_given_names": "Jos\u00e9",
    "subject_birth_date": "1985-03-25",
    "subject_birth_country": "GT",
    "subject_a_number": "A000000123",
    "obligation_type": "court_hearing",
    "obligation_dates": ("2026-03-10", "2026-03-17/2026-03-20"),
    "court_name": "Superior Court of Example County",
    "court_state": "GA",
    "case_numbers": ("17CR-001544",),
    "information_requested": ("custody_on_date",),
    "purpose": "To decide the motion to set aside the forfeiture.",
    "legal_process_attached": False,
    "delivery": "encrypted_email",
    "password_phone": "+12025550103",
    "attestation": True,
    "attestation_date": "2026-05-01",
}


def _check(
    changes: dict[str, Value | None], *, attachments: int | None = None
) -> tuple[tuple[str, ...], list[tuple[str, str]]]:
    values = {name: value for name, value in {**COMPLETE, **changes}.items() if value is not None}
    fields = {n: FieldValue(value=v, raw="", source="acroform") for n, v in values.items()}
    missing, problems = validate(
        DEFINITION, fields, today=TODAY, attachments_beside_form=attachments
    )
    assert all(p.message.endswith(".") and not p.flag_only for p in problems)
    return missing, [(p.field, p.code) for p in problems]


def test_a_complete_form_has_nothing_missing_and_nothing_wrong() -> None:
    assert _check({}) == ((), [])


def test_a_blank_form_misses_every_required_field_in_form_order() -> None:
    missing, problems = validate(DEFINITION, {}, today=TODAY)
    assert problems == ()
    assert missing[:3] == ("request_date", "requester_name", "requester_title")
    assert "requester_credential" in missing
    assert "subject_a_number" in missing
    assert "bond_amount" not in missing


MISSING = [
    ({"requester_name": None}, ("requester_name",), "always required"),
    ({"requester_fax": None, "subject_suffix": None}, (), "optional"),
    ({"requester_email": None}, ("requester_email",), "e-mail for delivery by e-mail"),
    (
        {"requester_email": None, "delivery": "postal_mail", "password_phone": None},
        (),
        "no e-mail and no password for delivery by post",
    ),
    ({"password_phone": None}, ("password_phone",), "password for delivery by e-mail"),
    ({"requester_type": "prosecutor"}, ("requester_credential",), "credential of a prosecutor"),
    (
        {"requester_type": "prosecutor", "requester_credential": "GA0000001"},
        (),
        "credential given",
    ),
    ({"subject_a_number": None}, ("subject_a_number",), "no identifier at all: asked for once"),
    ({"subject_a_number": None, "subject_state_id": "12345"}, (), "a state ID is enough"),
    ({"subject_a_number": None, "subject_inmate_number": "B-12"}, (), "a booking number is enough"),
    ({"subject_a_number": None, "identifiers_unknown": True}, (), "none is known"),
    (
        {"subject_a_number": None, "identifiers_unknown": False},
        ("subject_a_number",),
        "corrected to: they are known",
    ),
    ({"subject_a_number": ""}, (), "what cannot be read is a problem, not a gap"),
    ({"court_state": "CA"}, ("court_county",), "county in California"),
    ({"court_state": "NY"}, ("court_county",), "county in New York"),
    ({"court_state": "TX", "court_county": "Example"}, (), "county in Texas, given"),
    ({"court_state": "TRIBAL"}, (), "no county for a tribal court"),
    (
        {"obligation_type": "bond_or_bail"},
        ("bond_amount", "bond_number"),
        "bond: the obligation is one",
    ),
    (
        {"consequences": ("warrant", "bond_forfeited")},
        ("bond_amount", "bond_number", "deadline_date"),
        "bond: it was forfeited, and there is a deadline",
    ),
    (
        {"requester_type": "bail_or_surety", "requester_credential": "12345"},
        ("bond_amount", "bond_number", "consent_attached"),
        "bond: a surety asks, and needs consent",
    ),
    (
        {"requester_type": "other", "requester_credential": "12345"},
        ("consent_attached",),
        "others need consent",
    ),
    (
        {"requester_type": "other", "requester_credential": "12345", "consent_attached": False},
        (),
        "no is an answer",
    ),
    ({"forfeiture_date": "2026-04-01"}, ("deadline_date",), "a forfeiture has a deadline"),
    ({"forfeiture_date": ""}, ("deadline_date",), "also one whose date cannot be read"),
    ({"attestation": None}, ("attestation",), "not signed"),
    ({"attestation": False}, ("attestation",), "signature taken back"),
    ({"legal_process_attached": None}, ("legal_process_attached",), "neither yes nor no"),
    ({"information_requested": ()}, ("information_requested",), "nothing asked"),
]


@pytest.mark.parametrize(("changes", "missing"), [pytest.param(*r[:2], id=r[2]) for r in MISSING])
def test_what_is_missing(changes: dict[str, Value | None], missing: tuple[str, ...]) -> None:
    assert _check(changes)[0] == missing


PROBLEMS = [
    ({"requester_name": "Dana"}, [("requester_name", "two_words")], "one word"),
    ({"requester_name": "Dana 2"}, [("requester_name", "two_words")], "a digit is no name"),
    ({"requester_name": "D. Example"}, [], "an initial is a word"),
    ({"requester_title": "X"}, [("requester_title", "too_short")], "one character"),
    ({"requester_title": "x" * 81}, [("requester_title", "too_long")], "81 characters"),
    ({"requester_agency": "x" * 161}, [("requester_agency", "too_long")], "161 characters"),
    ({"purpose": "Court."}, [("purpose", "too_short")], "hardly a purpose"),
    ({"request_date": "2026-05-05"}, [], "tomorrow: it may be tomorrow there"),
    ({"request_date": "2026-05-06"}, [("request_date", "future_date")], "after tomorrow"),
    ({"attestation_date": "2026-06-01"}, [("attestation_date", "future_date")], "signed ahead"),
    ({"subject_birth_date": "2026-05-04"}, [], "born today"),
    ({"subject_birth_date": "2026-05-05"}, [("subject_birth_date", "future_date")], "unborn"),
    ({"subject_birth_date": "1906-05-04"}, [], "120 years old"),
    (
        {"subject_birth_date": "1905-05-04"},
        [("subject_birth_date", "implausible_age")],
        "121 years old",
    ),
    (
        {"obligation_dates": ("2026-03-10", "2026-06-01")},
        [("obligation_dates", "future_obligation")],
        "a request to produce somebody",
    ),
    (
        {"obligation_dates": ("2026-05-01/2026-05-20",)},
        [("obligation_dates", "future_obligation")],
        "a period that goes on",
    ),
    (
        {"obligation_dates": tuple(f"2026-03-{d:02}" for d in range(1, 12))},
        [("obligation_dates", "too_long")],
        "eleven dates",
    ),
    (
        {"requester_credential": "x" * 21},
        [("requester_credential", "too_long")],
        "21 characters",
    ),
    ({"requester_credential": "GA 000000-1"}, [], "an ORI with a blank and a hyphen"),
    ({"case_numbers": ("State v. Example",)}, [("case_numbers", "no_digit")], "no digit"),
    ({"case_numbers": ("12",)}, [("case_numbers", "wrong_format")], "two characters"),
    ({"case_numbers": ("1" * 41,)}, [("case_numbers", "wrong_format")], "41 characters"),
    ({"case_numbers": ("17 CRS 060527", "BA141368")}, [], "real ones"),
    ({"subject_fbi_number": "123 456 AB1"}, [], "blanks are no part of an FBI number"),
    ({"subject_fbi_number": "1234567890"}, [("subject_fbi_number", "too_long")], "ten characters"),
    ({"subject_fbi_number": "12_4"}, [("subject_fbi_number", "wrong_format")], "an underscore"),
    ({"subject_state_id": "1"}, [("subject_state_id", "too_short")], "one character"),
    ({"release_date": "2026-03-10"}, [], "released on the day itself"),
    ({"release_date": "2026-03-11"}, [("release_date", "after_obligation")], "released later"),
    ({"release_date": "2026-03-11", "obligation_dates": ""}, [], "nothing to compare with"),
    (
        {"forfeiture_date": "2026-04-01", "deadline_date": "2026-03-31"},
        [("deadline_date", "before_forfeiture")],
        "the deadline ran out before",
    ),
    ({"forfeiture_date": "2026-04-01", "deadline_date": "2026-04-01"}, [], "the same day"),
    ({"bond_amount": "0.00"}, [("bond_amount", "not_positive")], "zero"),
    ({"bond_amount": "-5.00"}, [("bond_amount", "not_positive")], "negative"),
    ({"bond_amount": "0.01"}, [], "a cent"),
    ({"bond_number": "CASH"}, [], "a word for a number"),
    ({"bond_number": "1"}, [("bond_number", "too_short")], "one character"),
    ({"next_hearing_date": "2027-01-01"}, [], "a hearing may lie ahead"),
    ({"subject_aliases": tuple("abcdefghijk")}, [("subject_aliases", "too_long")], "11 names"),
]


@pytest.mark.parametrize(("changes", "problems"), [pytest.param(*r[:2], id=r[2]) for r in PROBLEMS])
def test_what_is_wrong(changes: dict[str, Value | None], problems: list[tuple[str, str]]) -> None:
    assert _check(changes)[1] == problems


@pytest.mark.parametrize(
    ("says", "attachments", "codes"),
    [
        pytest.param(True, 0, ["consent_not_attached"], id="nothing else came"),
        pytest.param(True, 1, [], id="something came"),
        pytest.param(True, None, [], id="nobody knows"),
        pytest.param(False, 0, [], id="none was promised"),
    ],
)
def test_a_promised_consent_needs_an_attachment(
    says: bool, attachments: int | None, codes: list[str]
) -> None:
    problems = _check({"consent_attached": says}, attachments=attachments)[1]
    assert [code for _, code in problems] == codes


def _with_first_field(**changes: object) -> FormDefinition:
    first = replace(DEFINITION.fields[1], **changes)  # type: ignore[arg-type]
    return replace(DEFINITION, fields=(first, *DEFINITION.fields[2:]))


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"rules": ("no_such_rule",)}, id="a rule nobody wrote"),
        pytest.param({"required_when": "full_moon"}, id="a condition nobody wrote"),
        pytest.param({"rules": ("positive",)}, id="a rule for amounts on a date"),
    ],
)
def test_definition_that_asks_for_the_impossible_is_refused(changes: dict[str, object]) -> None:
    bad = _with_first_field(**changes)
    with pytest.raises(ParseError, match="request_date") as caught:
        check_definition(bad)
    assert caught.value.code == "bad_definition"
    with pytest.raises(ParseError):
        validate(bad, {}, today=TODAY)


def test_rules_of_form_hold_where_a_definition_gives_no_lengths() -> None:
    bare = [replace(f, min_length=None, max_length=None) for f in DEFINITION.fields]
    fields = {
        "requester_credential": FieldValue(value="x" * 21, raw="", source="acroform"),
        "bond_number": FieldValue(value="1", raw="", source="acroform"),
    }
    _, problems = validate(replace(DEFINITION, fields=tuple(bare)), fields, today=TODAY)
    assert [p.code for p in problems] == ["bad_credential", "bad_bond_number"]


def test_every_condition_and_rule_is_used_by_the_model_form() -> None:
    named = {f.required_when for f in DEFINITION.fields if f.required_when}
    ruled = {rule for f in DEFINITION.fields for rule in f.rules}
    assert (named, ruled) == (set(CONDITIONS), set(RULES))


def test_what_is_wrong_in_a_doubtful_value_is_for_a_person_and_not_for_the_requester() -> None:
    values: dict[str, Value] = {**COMPLETE, "requester_name": "Dana", "court_name": ""}
    sure = {"requester_name": 0.79, "court_name": 0.4}
    fields = {
        n: FieldValue(value=v, raw="x", source="ocr", confidence=sure.get(n, 0.8))
        for n, v in values.items()
    }
    missing, problems = validate(DEFINITION, fields, today=TODAY)
    assert missing == ()
    assert [(p.field, p.code, p.flag_only) for p in problems] == [
        ("requester_name", "two_words", True)
    ]
    unread = FieldProblem(field="court_name", code="unreadable", message="It cannot be read.")
    wrong = FieldProblem(field="court_state", code="bad_state", message="It is no state.")
    assert [p.flag_only for p in flag_doubtful([unread, wrong], fields)] == [True, False]
