"""Control numbers of certifications: 80 random bits, written so that people can read them aloud.

The text is Crockford base32 in four groups, `XXXX-XXXX-XXXX-XXXX`. Reading forgives case, missing
or odd hyphens, spaces, and the letters people write for digits (O for 0, I and L for 1); anything
else is no control number.
"""

from __future__ import annotations

import re

#: Printed on everything that is not an official record; never issued.
SAMPLE_CONTROL_NUMBER = "0000-0000-0000-0000"

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_BITS = 80
_READ_AS = str.maketrans("OIL", "011")
_SEPARATORS = re.compile(r"[\s\-\u2010-\u2015\u2212]")


def format_control_number(eighty_bits: int) -> str:
    """Return the control number of an 80-bit integer, such as `secrets.randbits(80)`.

    Raises `ValueError` outside 1 to 2**80 - 1: zero is the sample's.
    """
    if not 0 < eighty_bits < 1 << _BITS:
        raise ValueError("A control number is made of 80 bits that are not all zero.")
    digits = [_ALPHABET[(eighty_bits >> shift) & 31] for shift in range(_BITS - 5, -1, -5)]
    return "-".join("".join(digits[start : start + 4]) for start in range(0, 16, 4))


def parse_control_number(text: str) -> str | None:
    """Return the control number as issued, or None when the text is not one.

    Source: Crockford's base32, its rules for decoding. The sample's number is returned like any
    other.
    """
    plain = _SEPARATORS.sub("", text)
    symbols = plain.upper().translate(_READ_AS)
    if not plain.isascii() or len(symbols) != 16 or not set(symbols) <= set(_ALPHABET):
        return None
    return "-".join(symbols[start : start + 4] for start in range(0, 16, 4))
