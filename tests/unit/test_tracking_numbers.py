"""Tracking numbers, as made and as people write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parsers.values.tracking import (
    find_miswritten_tracking_numbers,
    find_tracking_numbers,
    format_tracking_number,
    is_tracking_number,
)

GOOD = "CJS-2026-000001-7"


def reference_check_digit(digits: str) -> int:
    """Return the check digit by the recursive method of ISO 7064 for MOD 11,10, step by step."""
    product = 10
    for digit in digits:
        total = (product + int(digit)) % 10 or 10
        product = total * 2 % 11
    return (11 - product) % 10


def test_the_standard_own_example_has_its_check_digit() -> None:
    assert reference_check_digit("0794") == 5  # ISO 7064, the example string 0794 5


@given(st.integers(1000, 9999), st.integers(1, 10**9))
def test_numbers_agree_with_the_standard_and_read_back(year: int, sequence: int) -> None:
    number = format_tracking_number(year, sequence)
    assert number.endswith(f"-{reference_check_digit(f'{year}{sequence:06d}')}")
    assert is_tracking_number(number)
    assert find_tracking_numbers(f"Re: {number}, please") == (number,)


@pytest.mark.parametrize(
    ("year", "sequence"), [(999, 1), (10000, 1), (2026, 0), (2026, -1), (2026, 10**12)]
)
def test_impossible_numbers_are_not_made(year: int, sequence: int) -> None:
    with pytest.raises(ValueError, match="tracking number"):
        format_tracking_number(year, sequence)


@given(st.integers(0, 11), st.integers(1, 9))
def test_one_wrong_digit_is_always_noticed(place: int, shift: int) -> None:
    digits = [int(c) for c in GOOD if c.isdigit()]
    place %= len(digits)
    digits[place] = (digits[place] + shift) % 10
    text = "".join(map(str, digits))
    assert not is_tracking_number(f"CJS-{text[:4]}-{text[4:-1]}-{text[-1]}")


@pytest.mark.parametrize(
    "text",
    [
        "CJS-2026-000001-7",
        "cjs-2026-000001-7",
        "Cjs20260000017",
        "CJS 2026 000001 7",
        "CJS\u00a02026\u00a0000001\u00a07",
        "CJS\u20132026\u2013000001\u20137",
        "CJS\u20112026\u2011000001\u20117",
        "CJS\u22122026\u2212000001\u22127",
        "CJS - 2026 - 000001 - 7",
        "CJS_2026_000001_7",
        "(CJS-2026-000001-7).",
        "RE: [CJS-2026-000001-7]",
        "number:CJS-2026-000001-7, thank you",
        "/CJS-2026-000001-7/",
    ],
)
def test_numbers_are_recognised_however_they_are_typed(text: str) -> None:
    assert find_tracking_numbers(text) == (GOOD,)
    assert find_miswritten_tracking_numbers(text) == ()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "nothing"),
        ("CJS", "a prefix alone"),
        ("2026-000001-7", "no prefix"),
        ("XCJS-2026-000001-7", "another word"),
        ("CJS-2026-12345", "too few digits"),
        ("CJS-26-000001-7", "a year of two digits"),
        ("CJS\n2026\n000001\n7", "on several lines"),
        ("CJS-\u0662\u0660\u0662\u0666-000001-7", "digits of another script"),
        ("ABC-2026-000001-7", "another prefix"),
    ],
    ids=lambda value: None,
)
def test_what_is_no_number_is_left_alone(text: str, reason: str) -> None:
    assert find_tracking_numbers(text) == (), reason
    assert find_miswritten_tracking_numbers(text) == (), reason


@pytest.mark.parametrize(
    ("text", "as_written"),
    [
        ("about CJS-2026-000001-8", "CJS-2026-000001-8"),
        ("cjs 2026 000001 3!", "cjs 2026 000001 3"),
        ("CJS-2026-000010-7", "CJS-2026-000010-7"),
        ("CJS-2026-000001", "CJS-2026-000001"),
        ("CJS-2026-000001-77", "CJS-2026-000001-77"),
        ("CJS-2026-000001-7X", "CJS-2026-000001"),
    ],
    ids=[
        "wrong digit",
        "wrong digit, spaces",
        "digits swapped",
        "no digit",
        "two digits",
        "letter",
    ],
)
def test_a_wrong_check_digit_is_told_and_never_guessed(text: str, as_written: str) -> None:
    assert find_tracking_numbers(text) == ()
    assert find_miswritten_tracking_numbers(text) == (as_written,)


def test_several_numbers_come_in_order_and_once() -> None:
    other = format_tracking_number(2026, 1_234_567)
    text = f"{other}, {GOOD} and again {other.lower()}; not CJS-2026-000001-1"
    assert find_tracking_numbers(text) == (other, GOOD)
    assert find_miswritten_tracking_numbers(text) == ("CJS-2026-000001-1",)


@pytest.mark.parametrize("text", ["cjs-2026-000001-7", " " + GOOD, GOOD + "\n", "CJS-2026-1-7"])
def test_only_the_canonical_form_is_a_tracking_number(text: str) -> None:
    assert not is_tracking_number(text)


@pytest.mark.timeout(20, func_only=True)
def test_long_runs_of_digits_cost_little() -> None:
    assert find_tracking_numbers("CJS" + "2026" * 100_000 + " CJS " * 100_000) == ()
