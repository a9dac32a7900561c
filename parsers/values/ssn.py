"""Social Security numbers: found in any text and masked wherever text is shown.

`mask_ssn`   a text with each of them replaced
`mask_json`  a JSON value with each of them replaced
`has_ssn`    whether there is one

The form asks people not to send them, and some do. Only numbers in the shape 3-2-4, or nine digits
that their own label calls a Social Security or taxpayer number, are taken for one: nine bare digits
may be an A-number.
"""

from __future__ import annotations

import re
from typing import Any

from parsers.values.cleaning import drop_invisible

#: What stands in the place of a Social Security number.
SSN_MASK = "***-**-****"

#: What parts the groups: a hyphen, point or slash with or without blanks, a line's end behind it,
#: or blanks alone. Both need not be alike: "123-45 6789".
_PART = r"(?:[ \t\u00a0]{0,2}[\-\u2010-\u2015\u2212./_]\s{0,2}|[ \t\u00a0]{1,2})"
# Numbers that were never issued (areas 000 and 666, group 00, serial 0000) are left alone: a docket
# number may look like that. Areas from 900 are taxpayer numbers and as sensitive as the rest.
_SHAPED = re.compile(
    rf"\d{{3}}(?<!\d{{4}})(?<!000)(?<!666){_PART}(?!00)\d{{2}}{_PART}(?!0000)\d{{4}}(?!\d)"
)
#: The same as a scanner reads it, with letters for some digits; only between hyphens.
_MISREAD = re.compile(r"(?<!\w)[\dOoIl|SB]{3}-[\dOoIl|SB]{2}-[\dOoIl|SB]{4}(?!\w)")
_ENOUGH_DIGITS = 7
_NAME = (
    r"\b(?:ssn|s\.\s?s\.\s?n\.?|s\.?s\.?\s?(?:#|no\.?|num(?:ber)?)|soc(?:ial)?\.?\s*sec(?:urity)?\.?"
    r"|social|seguro\s+social|itin|tin|taxpayer\s+id)"
)
_WORDS = r"(?:\s{0,3}(?:numbers?|num\.?|n[uú]mero|no\.?|id|is|es|/\s?itin|[:#=(\-])){0,9}\s{0,3}"
_LABELLED = re.compile(rf"(?P<label>{_NAME}{_WORDS})\d(?:[\s\-.]?\d){{8}}(?!\d)", re.IGNORECASE)
_NAMED_BEHIND = re.compile(
    rf"(?<![\w-])\d(?:[\s\-.]?\d){{8}}(?P<label>\s{{0,3}}[(,]?\s{{0,3}}{_NAME}\b)", re.IGNORECASE
)
#: What every label has in lower case; quicker to look for than the labels themselves.
_HINT = re.compile(r"ssn|s\.\s?s|ss?\s?(?:#|no|num)|soc|seguro|tin|taxpayer")
#: What any of them has: nine digits near to each other, or, misread, the shape of its hyphens.
#: Nearly all texts have neither, which is quick to see.
_NINE_DIGITS = re.compile(r"\d(?:[\W_]{0,4}\d){8}")
_HYPHENS = re.compile("-..-....")
#: What is shorter than the shape of the hyphens has room for neither.
_SHORTEST = 8


def mask_ssn(text: str) -> str:
    """Return `text` with every Social Security number replaced by `SSN_MASK`.

    Characters that show nothing hide no number; they are dropped from a text that has one.
    """
    if len(text) < _SHORTEST:
        return text
    seen = text if text.isascii() and text.isprintable() else drop_invisible(text)
    has_hyphens = "-" in seen and _HYPHENS.search(seen) is not None
    if not (has_hyphens or _NINE_DIGITS.search(seen)):
        return text
    masked = _SHAPED.sub(SSN_MASK, seen)
    if has_hyphens:
        masked = _MISREAD.sub(_mask_misread, masked)
    if _HINT.search(masked.lower()):
        masked = _LABELLED.sub(lambda m: m["label"] + SSN_MASK, masked)
        masked = _NAMED_BEHIND.sub(lambda m: SSN_MASK + m["label"], masked)
    return text if masked == seen else masked


def _mask_misread(match: re.Match[str]) -> str:
    digits = sum(c.isdigit() for c in match[0])
    return SSN_MASK if digits >= _ENOUGH_DIGITS and not match[0].startswith("000") else match[0]


def has_ssn(text: str) -> bool:
    """Return whether `text` holds what reads as a Social Security number."""
    return mask_ssn(text) != text


def mask_json(value: Any) -> Any:
    """Return a JSON value with every text in it masked."""
    if isinstance(value, str):
        return mask_ssn(value)
    if isinstance(value, dict):
        return {key: mask_json(item) for key, item in value.items()}
    return [mask_json(item) for item in value] if isinstance(value, list | tuple) else value
