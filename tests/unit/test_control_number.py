"""Control numbers are written one way and read forgivingly."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outbound.control_number import (
    SAMPLE_CONTROL_NUMBER,
    format_control_number,
    parse_control_number,
)

ISSUED = "7K3M-9QXA-52TD-0WZ1"

READ = {
    "as issued": ("7K3M-9QXA-52TD-0WZ1", ISSUED),
    "lower case": ("7k3m-9qxa-52td-0wz1", ISSUED),
    "without hyphens": ("7K3M9QXA52TD0WZ1", ISSUED),
    "spaces and line break": (" 7K3M 9QXA\n52TD 0WZ1 ", ISSUED),
    "typographic hyphens": ("7K3M–9QXA‑52TD—0WZ1", ISSUED),
    "letter O for zero, letter L for one": ("7K3M-9QXA-52TD-OWZL", ISSUED),
    "letter I for one": ("7K3M-9QXA-52TD-0WZi", ISSUED),
    "the sample's": ("0000-0000-0000-0000", SAMPLE_CONTROL_NUMBER),
    "too short": ("7K3M-9QXA-52TD-0WZ", None),
    "too long": ("7K3M-9QXA-52TD-0WZ11", None),
    "a letter that is never used": ("7K3M-9QXA-52TD-0WZU", None),
    "digits of another script": ("٧K3M-9QXA-52TD-0WZ1", None),
    "a letter that only becomes one in upper case": ("7K3M-9QXA-52TD-0WZı", None),
    "a tracking number": ("CJS-2026-000042-7", None),
    "nothing": ("", None),
}


@pytest.mark.parametrize(("text", "number"), READ.values(), ids=READ.keys())
def test_control_number_is_read_forgivingly(text: str, number: str | None) -> None:
    assert parse_control_number(text) == number


@given(st.integers(1, 2**80 - 1))
def test_every_number_is_read_back_as_it_was_written(bits: int) -> None:
    number = format_control_number(bits)
    assert parse_control_number(number) == number
    assert len(number) == 19


def test_all_eighty_bits_are_in_the_text() -> None:
    assert format_control_number(1) == "0000-0000-0000-0001"
    assert format_control_number(2**80 - 1) == "ZZZZ-ZZZZ-ZZZZ-ZZZZ"
    assert format_control_number(1 << 75) == "1000-0000-0000-0000"


@pytest.mark.parametrize("bits", [0, -1, 2**80], ids=["the sample's", "negative", "81 bits"])
def test_what_is_not_eighty_bits_is_refused(bits: int) -> None:
    with pytest.raises(ValueError, match="80 bits"):
        format_control_number(bits)
