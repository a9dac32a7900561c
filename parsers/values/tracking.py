"""Tracking numbers: `CJS-YYYY-NNNNNN-C`, made, recognised and told from what only looks like one.

Outcomes of looking into a text: the numbers that hold, in canonical form; and, apart from them,
those whose check digit is missing or does not fit, as they were written. A wrong digit is said so
and never guessed.
"""

from __future__ import annotations

import re

from stdnum.iso7064 import mod_11_10

_PREFIX = "CJS"
#: Longer sequences are no tracking numbers; the bound keeps the check cheap.
_MAX_SEQUENCE_DIGITS = 12
#: A hyphen in any of its typographic forms, or spaces, no-break ones included, or nothing.
_SPACE = r"[ \t\u00a0\u2007\u202f]?"
_GAP = rf"{_SPACE}[-_\u00ad\u2010-\u2015\u2212\ufe58\ufe63\uff0d]?{_SPACE}"
_WRITTEN = re.compile(
    rf"(?<![A-Za-z0-9])CJS{_GAP}([0-9]{{4}}){_GAP}"
    rf"(?:([0-9]{{6,{_MAX_SEQUENCE_DIGITS}}}){_GAP}([0-9]{{1,3}})|([0-9]{{6}}))"
    r"(?![A-Za-z0-9])",
    re.IGNORECASE | re.ASCII,
)
_CANONICAL = re.compile(rf"CJS-([0-9]{{4}})-([0-9]{{6,{_MAX_SEQUENCE_DIGITS}}})-([0-9])", re.ASCII)


def format_tracking_number(year: int, sequence: int) -> str:
    """Return the canonical form with its check digit (ISO 7064, MOD 11,10)."""
    if not 1000 <= year <= 9999:
        raise ValueError(f"A tracking number needs a year of four digits, not {year}.")
    if not 1 <= sequence < 10**_MAX_SEQUENCE_DIGITS:
        raise ValueError(f"A tracking number cannot count to {sequence}.")
    digits = f"{year}{sequence:06d}"
    return f"{_PREFIX}-{year}-{sequence:06d}-{mod_11_10.calc_check_digit(digits)}"


def is_tracking_number(text: str) -> bool:
    """Whether the text is exactly one tracking number in canonical form, check digit included."""
    match = _CANONICAL.fullmatch(text)
    return match is not None and bool(mod_11_10.is_valid("".join(match.groups())))


def find_tracking_numbers(text: str) -> tuple[str, ...]:
    """Return the tracking numbers in a text, canonical, in order, without repeats."""
    found = (_canonical(match) for match in _WRITTEN.finditer(text))
    return tuple(dict.fromkeys(number for number in found if is_tracking_number(number)))


def find_miswritten_tracking_numbers(text: str) -> tuple[str, ...]:
    """Return, as written, what has the form of a tracking number but not its check digit."""
    wrong = (m[0] for m in _WRITTEN.finditer(text) if not is_tracking_number(_canonical(m)))
    return tuple(dict.fromkeys(wrong))


def drop_tracking_numbers(text: str) -> str:
    """Return the text without what has the form of a tracking number, whether it holds or not."""
    return _WRITTEN.sub(" ", text)


def _canonical(match: re.Match[str]) -> str:
    year, sequence, check, without_check = match.groups()
    return f"{_PREFIX}-{year}-{sequence or without_check}-{check or ''}"
