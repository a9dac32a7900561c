"""The code on page 1 that opens an e-mail which asks whether the document is genuine.

`draw_verification_code` gives the QR code (ISO/IEC 18004) as SVG outlines; the same words give the
same bytes in any process. What it says is in `build_question`, a `mailto:` address (RFC 6068).
"""

from __future__ import annotations

from functools import lru_cache
from urllib.parse import quote

import segno

#: The line that asks, on the paper and in the subject of the mail; `find_question` reads it.
KEYWORD = "VERIFY"


def build_question(verify_address: str, control_number: str) -> str:
    """Return the address of a mail that asks about a control number."""
    subject = quote(f"{KEYWORD} {control_number}")
    return f"mailto:{quote(verify_address, safe='@')}?subject={subject}"


@lru_cache(maxsize=64)
def draw_verification_code(verify_address: str, control_number: str) -> str:
    """Return the code as SVG without a margin: whoever lays it out leaves four modules around it.

    It is as small as the words allow, with as much redundancy as that size then has room for.
    """
    code = segno.make(build_question(verify_address, control_number), error="l", micro=False)
    return code.svg_inline(border=0, omitsize=True)
