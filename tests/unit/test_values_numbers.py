"""A-numbers and every trap, identifiers, money, Social Security numbers, as people write them."""

from __future__ import annotations

import pytest

from parsers.values.lists import normalise_list
from parsers.values.money import normalise_money
from parsers.values.numbers import BOND_WORDS, is_a_number_shape, normalise_a_number, normalise_id
from parsers.values.ssn import SSN_MASK, has_ssn, mask_ssn

A_NUMBERS = [
    ("A000000123", "A000000123", "as printed"),
    ("a000000101", "A000000101", "lower case"),
    ("A000-000-123", "A000000123", "hyphens"),
    ("A 000 000 123", "A000000123", "blanks"),
    ("A 000-000-123", "A000000123", "blank and hyphens"),
    ("A-00 000 123", "A000000123", "eight digits in groups after a hyphen"),
    ("A0000123", "A000000123", "seven digits are padded"),
    ("A00000123", "A000000123", "eight digits are padded"),
    ("000000123", "A000000123", "bare digits in the labelled box"),
    ("000-000-123", "A000000123", "bare digits with hyphens"),
    ("00 000 123", "A000000123", "bare digits with blanks"),
    ("A# 000000123", "A000000123", "label before"),
    ("A-Number: A000000123", "A000000123", "full label before"),
    ("Alien # A000000123", "A000000123", "the older word"),
    ("Alien Registration No. 000000123", "A000000123", "the document's label"),
    ("USCIS # 000-000-123", "A000000123", "the card's label"),
    ("A-File 000000123", "A000000123", "the file's label"),
    ("A\u2011000\u2011000\u2011123", "A000000123", "non-breaking hyphens"),
    ("A\u00a0000\u00a0000\u00a0123", "A000000123", "non-breaking blanks"),
    ("\uff21\uff10\uff10\uff10\uff10\uff10\uff10\uff11\uff12\uff13", "A000000123", "full width"),
    ("\u200bA000000123\u202c", "A000000123", "invisible characters around it"),
    ("A000000123.", "A000000123", "a full stop behind it"),
    (" A000000123 ", "A000000123", "outer blanks"),
    ("(A) 000 000 123", "A000000123", "the letter in brackets"),
    ("[A000000123]", "A000000123", "all of it in brackets"),
    ("No. A000000123", "A000000123", "a short label before"),
    ("INS # A000000123", "A000000123", "the old agency's label"),
    ("Alien Reg. No. A000000123", "A000000123", "the document's label, abbreviated"),
    ("A-file # A000000123", "A000000123", "the file's label"),
    ("A--000000123", "A000000123", "two hyphens"),
]

A_NUMBER_TRAPS = [
    ("(202) 555-0100", "looks_like_phone", "phone with brackets"),
    ("202-555-0100", "looks_like_phone", "phone with hyphens"),
    ("2025550100", "looks_like_phone", "bare phone"),
    ("+1 202 555 0100", "looks_like_phone", "phone with country code"),
    ("202.555.0100 x12", "looks_like_phone", "phone with extension"),
    ("555-0100", "looks_like_phone", "seven-digit phone"),
    ("123-45-6789", "looks_like_ssn", "Social Security number"),
    ("123 45 6789", "looks_like_ssn", "Social Security number with blanks"),
    ("A123-45-6789", "looks_like_ssn", "its shape counts even behind an A"),
    ("03/10/2026", "looks_like_date", "date with slashes"),
    ("03-10-2026", "looks_like_date", "date with hyphens"),
    ("2026-03-10", "looks_like_date", "ISO date"),
    ("10-MAR-1985", "looks_like_date", "date with a month's name"),
    ("03101985", "looks_like_date", "eight digits that are a birth date"),
    ("19850310", "looks_like_date", "eight digits, year first"),
    ("A 03-10-1985", "looks_like_date", "a date behind an A"),
    ("A555-0100", "looks_like_phone", "a phone behind an A"),
    ("A# 202-555-0100", "looks_like_phone", "a phone behind the label"),
    ("12-3456789", "not_an_a_number", "an employer's number"),
    ("123-45-678", "not_an_a_number", "a Social Security number that lost a digit"),
    ("A000000l23", "looks_like_case_number", "a letter l is not silently a one"),
    ("AO00000123", "looks_like_case_number", "nor a letter O a zero"),
    ("BA141368", "looks_like_case_number", "Los Angeles case number"),
    ("17CR-001544", "looks_like_case_number", "Georgia case number"),
    ("17 CRS 060527", "looks_like_case_number", "North Carolina case number"),
    ("D-101-CR-2019-00123", "looks_like_case_number", "New Mexico case number"),
    ("AB12345678", "looks_like_case_number", "another letter after the A"),
    ("000000000", "all_zeros", "nine zeros"),
    ("A000000000", "all_zeros", "nine zeros with the A"),
    ("A123456", "wrong_length", "six digits"),
    ("A0123456789", "wrong_length", "ten digits"),
    ("A000000101 / A000000102", "more_than_one_number", "two numbers"),
    ("A000000101 and A000000102", "more_than_one_number", "two numbers in words"),
    ("see attached", "not_an_a_number", "words"),
    ("A?", "not_an_a_number", "only the letter"),
]


def _rows(table: list[tuple[str, ...]]) -> list[object]:
    return [pytest.param(*row[:-1], id=row[-1]) for row in table]


@pytest.mark.parametrize(("text", "value"), _rows(A_NUMBERS))
def test_a_number_is_read_in_every_spelling(text: str, value: str) -> None:
    assert normalise_a_number(text).value == value


@pytest.mark.parametrize(("text", "code"), _rows(A_NUMBER_TRAPS))
def test_what_is_no_a_number_is_a_problem_that_never_quotes_it(text: str, code: str) -> None:
    outcome = normalise_a_number(text)
    assert (outcome.value, outcome.code) == (None, code)
    assert text not in outcome.message


@pytest.mark.parametrize("text", ["", "  ", "N/A", "unknown", "None", "_________", "se desconoce"])
def test_words_for_nothing_are_blank(text: str) -> None:
    outcome = normalise_a_number(text)
    assert (outcome.value, outcome.code) == (None, "")


@pytest.mark.parametrize(
    ("text", "expected"),
    [("A000000123", True), ("A 000-000-123", True), ("000000123", False), ("BA141368", False)],
)
def test_outside_its_box_an_a_number_needs_its_a(text: str, expected: bool) -> None:
    assert is_a_number_shape(text) is expected


MONEY = [
    ("$5,000.00", "5000.00", "as printed"),
    ("5000", "5000.00", "bare"),
    ("USD 5,000", "5000.00", "currency before"),
    ("5,000.00 USD", "5000.00", "currency behind"),
    ("5.000,00", "5000.00", "as Spanish writes it"),
    ("$1,000,000", "1000000.00", "a million"),
    ("5 000", "5000.00", "blank for thousands"),
    ("$10k", "10000.00", "k for thousands"),
    ("10 thousand", "10000.00", "a word for thousands"),
    ("5,000.5", "5000.50", "one decimal"),
    ("$25,000 cash or surety", "25000.00", "words behind"),
    ("bond $5000", "5000.00", "the label before"),
    ("0", "0.00", "zero is a number; the rule refuses it"),
    ("-500", "-500.00", "negative is a number; the rule refuses it"),
    ("(500)", "-500.00", "brackets mean negative"),
    ("- $500", "-500.00", "a minus before the sign"),
    ("2.5k", "2500.00", "a part of a thousand"),
    ("$1.5 million", "1500000.00", "a part of a million"),
    ("$25, 000 . 00", "25000.00", "loose typing"),
    ("$25 000,00", "25000.00", "blank and comma"),
    ("25.000.000", "25000000.00", "two points can only part thousands"),
    ("25,000 and 00/100", "25000.00", "as on a cheque"),
    ("Twenty-five thousand dollars ($25,000.00)", "25000.00", "words, then digits"),
    ("bail set at $25,000", "25000.00", "as a clerk says it"),
]
NOT_MONEY = [
    ("ten thousand", "unreadable_amount", "words only"),
    ("5,000 to 10,000", "more_than_one_amount", "a range"),
    ("5.000", "ambiguous_amount", "three digits after a point"),
    ("12,34,567", "ambiguous_amount", "groups of the wrong size"),
    ("about $5000", "unreadable_amount", "hedged"),
    ("~$5000", "unreadable_amount", "hedged by a sign"),
    ("5OOO", "unreadable_amount", "letters O are not silently zeros, nor left away"),
    ("25,0l", "unreadable_amount", "nor is a letter l"),
    ("\u20ac5,000", "foreign_currency", "euros"),
    ("5,000 pesos", "foreign_currency", "pesos"),
    ("MXN 5,000", "foreign_currency", "the code of pesos"),
    ("$500. 2 bonds", "ambiguous_amount", "a number behind the amount is not its cents"),
    ("2 x $25,000", "more_than_one_amount", "a sum to do"),
    ("123456789012345678901", "unreadable_amount", "absurdly long"),
]


@pytest.mark.parametrize(("text", "value"), _rows(MONEY))
def test_money_has_two_decimals(text: str, value: str) -> None:
    assert normalise_money(text).value == value


@pytest.mark.parametrize(("text", "code"), _rows(NOT_MONEY))
def test_doubtful_money_is_a_problem(text: str, code: str) -> None:
    assert (normalise_money(text).value, normalise_money(text).code) == (None, code)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        pytest.param(" AB-12 34 ", "AB-12 34", id="as written but for outer space"),
        pytest.param("cash", "CASH", id="a word in place of a number, in upper case"),
        pytest.param("None", "NONE", id="NONE is an answer for a bond"),
        pytest.param("unknown", None, id="other words for nothing are blank"),
    ],
)
def test_bond_numbers_keep_their_words(text: str, value: str | None) -> None:
    assert normalise_id(text, words=BOND_WORDS).value == value


@pytest.mark.parametrize(
    ("text", "by_comma", "value"),
    [
        pytest.param("a; b\nc", False, ("a", "b", "c"), id="semicolons and line ends"),
        pytest.param("Garcia, Juan", False, ("Garcia, Juan",), id="a comma belongs to a name"),
        pytest.param(
            "17 CRS 060527, 17 CRS 060528", True, ("17 CRS 060527", "17 CRS 060528"), id="commas"
        ),
        pytest.param("BA141368 and BA141369", True, ("BA141368", "BA141369"), id="the word and"),
        pytest.param(
            "BA141368, and BA141369", True, ("BA141368", "BA141369"), id="comma and the word"
        ),
        pytest.param("BA141368 y BA141369", True, ("BA141368", "BA141369"), id="Spanish"),
        pytest.param("BA141368 / BA141369", True, ("BA141368", "BA141369"), id="a slash apart"),
        pytest.param("CR26/00123.2", True, ("CR26/00123.2",), id="a slash of the number's own"),
        pytest.param("1. BA141368\n2. BA141369", True, ("BA141368", "BA141369"), id="counted"),
        pytest.param(
            "\u2022 BA141368\n\u2022 BA141369", True, ("BA141368", "BA141369"), id="bullets"
        ),
        pytest.param(
            "26-CR-000123, 124, 125", True, ("26-CR-000123, 124, 125",), id="not written out"
        ),
        pytest.param(
            "D-101-CR-2019-00123, BA141368",
            True,
            ("D-101-CR-2019-00123", "BA141368"),
            id="a long and a short one",
        ),
        pytest.param("BA141368-BA141370", True, ("BA141368-BA141370",), id="no range is invented"),
        pytest.param(
            "26-CR-000123 to 26-CR-000125", True, ("26-CR-000123 to 26-CR-000125",), id="nor here"
        ),
        pytest.param("17 CRS 060527-29", True, ("17 CRS 060527-29",), id="nor here, shortened"),
        pytest.param(
            "2026-CR-1, Division 4", True, ("2026-CR-1, Division 4",), id="a part of the court"
        ),
        pytest.param(
            "F-2026-001, counts 1 and 2", True, ("F-2026-001, counts 1 and 2",), id="counts"
        ),
        pytest.param("State v. Doe, 17", True, ("State v. Doe, 17",), id="no number before it"),
        pytest.param("a;a; ;", False, ("a",), id="each once, empty ones dropped"),
        pytest.param("none; n/a", False, None, id="nothing in it"),
        pytest.param("D-101-CR-2019-00123", True, ("D-101-CR-2019-00123",), id="punctuation kept"),
    ],
)
def test_lists_are_split_where_people_split_them(
    text: str, by_comma: bool, value: tuple[str, ...] | None
) -> None:
    assert normalise_list(text, by_comma=by_comma).value == value


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        pytest.param("123-45-6789", SSN_MASK, id="as printed"),
        pytest.param("his 123 45 6789 ok", f"his {SSN_MASK} ok", id="blanks"),
        pytest.param("123\u201345\u20136789", SSN_MASK, id="en dashes"),
        pytest.param("123.45.6789", SSN_MASK, id="points"),
        pytest.param("SSN 123456789", f"SSN {SSN_MASK}", id="bare behind its label"),
        pytest.param(
            "Social Security No.: 123456789", f"Social Security No.: {SSN_MASK}", id="words"
        ),
        pytest.param("seguro social 123 456 789", f"seguro social {SSN_MASK}", id="Spanish label"),
        pytest.param("912-45-6789", SSN_MASK, id="a taxpayer number is as sensitive"),
        pytest.param("123-45 6789", SSN_MASK, id="a hyphen and a blank"),
        pytest.param("123 - 45 - 6789", SSN_MASK, id="blanks around hyphens"),
        pytest.param("123-45-\n6789", SSN_MASK, id="over a line's end"),
        pytest.param("123/45/6789", SSN_MASK, id="slashes"),
        pytest.param("123-\u200b45-67\u00ad89", SSN_MASK, id="characters that show nothing in it"),
        pytest.param("12O-4I-6789", SSN_MASK, id="misread twice"),
        pytest.param("I23-4S-6789", SSN_MASK, id="as a scanner misreads it"),
        pytest.param("S.S. No. 123456789", f"S.S. No. {SSN_MASK}", id="initials"),
        pytest.param("SSN (123456789)", f"SSN ({SSN_MASK})", id="in brackets"),
        pytest.param("123456789 (SSN)", f"{SSN_MASK} (SSN)", id="its label behind it"),
        pytest.param("ITIN: 912456789", f"ITIN: {SSN_MASK}", id="a taxpayer number by its label"),
        pytest.param(
            "n\u00famero de seguro social: 123456789",
            f"n\u00famero de seguro social: {SSN_MASK}",
            id="Spanish label in full",
        ),
    ],
)
def test_social_security_numbers_are_masked(text: str, masked: str) -> None:
    assert has_ssn(text)
    assert mask_ssn(text) == masked


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("A000000123", id="an A-number"),
        pytest.param("123456789", id="nine digits with no label"),
        pytest.param("(202) 555-0100", id="a phone number"),
        pytest.param("2026-03-10", id="a date"),
        pytest.param("000-12-3456", id="an area that was never issued"),
        pytest.param("D-101-CR-2019-00123", id="a case number"),
        pytest.param("30301-1234", id="a ZIP code"),
        pytest.param("SSN unknown, A# 000000123", id="an A-number behind words about the other"),
        pytest.param("Room 412, 255 East Sample Street", id="an address"),
        pytest.param("2026-05-04T14:30:00.123456-04:00", id="a moment"),
        pytest.param("SOS-10-1000", id="a case number of letters"),
        pytest.param("CJS-2026-000001-7", id="a tracking number"),
        pytest.param("1,234,567.89", id="an amount"),
    ],
)
def test_other_numbers_are_left_alone(text: str) -> None:
    assert mask_ssn(text) == text
