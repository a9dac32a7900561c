"""Social Security numbers: found in any text and masked wherever text is shown.

The form asks people not to send them, and some do. Only numbers in the shape 3-2-4, or nine digits
that their own label calls a Social Security number, are taken for one: nine bare digits may be an
A-number.
"""

from __future__ import annotations

import re

#: What stands in the place of a Social Security number.
SSN_MASK = "***-**-****"

_SEPARATOR = r"[\-\u2010-\u2015\u2212. \u00a0]"
# Numbers that were never issued (areas 000 and 666, group 00, serial 0000) are left alone: a docket
# number may look like that. Areas from 900 are taxpayer numbers and as sensitive as the rest.
_SHAPED = re.compile(
    rf"(?<!\d)(?!000|666)\d{{3}}({_SEPARATOR})\s?(?!00)\d{{2}}\s?\1\s?(?!0000)\d{{4}}(?!\d)"
)
_LABELLED = re.compile(
    r"(?P<label>\b(?:ssn|s\.s\.n\.|ss\s?(?:#|no\.?)|soc(?:ial)?\.?\s*sec(?:urity)?\.?"
    r"(?:\s*(?:number|num\.?|no\.?|#))?|seguro\s+social)\s*(?:is|es)?\s*[:#=]?\s*)"
    r"\d(?:[\s\-.]?\d){8}(?!\d)",
    re.IGNORECASE,
)
_NINE_DIGITS_NEAR = re.compile(r"\d\D{0,3}\d")


def mask_ssn(text: str) -> str:
    """Return `text` with every Social Security number replaced by `SSN_MASK`."""
    if not _NINE_DIGITS_NEAR.search(text):
        return text
    labelled = _LABELLED.sub(lambda m: m["label"] + SSN_MASK, text)
    return _SHAPED.sub(SSN_MASK, labelled)


def has_ssn(text: str) -> bool:
    """Return whether `text` holds what reads as a Social Security number."""
    return mask_ssn(text) != text
