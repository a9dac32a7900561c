"""Control numbers of certifications: `XXXX-XXXX-XXXX-XXXX`, in Crockford's base32, as people write.

Outcomes of looking at a text: the number in canonical form, or None. Any case will do, with hyphens
or without, and O for 0, I or L for 1. There is no check digit: whether a number was ever issued is
the register's to say.
"""

from __future__ import annotations

import re

#: Printed, beside a mark, on everything that is no official record; never issued.
SAMPLE_CONTROL_NUMBER = "0000-0000-0000-0000"

_LOOK_ALIKES = str.maketrans("OIL", "011")
#: What stands for what where a scanner may have misread: of 80 random bits nothing is lost by it.
_CONFUSED = str.maketrans("OQDILZSBGU", "000112586V")
_DIGIT = "[0-9A-TV-Za-tv-z]"
_SPACE = "[ \t\u00a0\u2007\u202f]?"
_GAP = rf"{_SPACE}[-_.\u00ad\u2010-\u2015\u2212\ufe58\ufe63\uff0d]?{_SPACE}"
_GROUP = rf"{_DIGIT}{{4}}"
#: A number as people write it.
WRITTEN_NUMBER = re.compile(rf"{_GROUP}{_GAP}{_GROUP}{_GAP}{_GROUP}{_GAP}{_GROUP}", re.ASCII)


def parse_control_number(text: str) -> str | None:
    """Return the canonical form of a text that is one control number, however it is written."""
    return _canonical(text.strip()) if WRITTEN_NUMBER.fullmatch(text.strip()) else None


def fold_control_number(text: str) -> str:
    """Return a number's letters and digits, those that an eye or a scanner confuses being one."""
    letters = "".join(c for c in text.upper() if c.isalnum())
    return letters.translate(_CONFUSED)


def _canonical(written: str) -> str:
    digits = "".join(c for c in written.upper() if c.isascii() and c.isalnum())
    digits = digits.translate(_LOOK_ALIKES)
    return "-".join(digits[start : start + 4] for start in range(0, 16, 4))
