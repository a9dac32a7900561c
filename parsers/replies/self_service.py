"""STATUS and WITHDRAW: what a requester may ask of the program itself, by a keyword in a mail.

Outcomes: a `Wish` with the keyword and the tracking numbers beside it, or None. The keyword stands
alone, in English or Spanish, with at most a number and a few fixed words around it: as the subject,
or as the first line of what was newly written. Whatever says more is for a person to read.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from parsers.mail.message import InboundMessage
from parsers.replies.new_text import find_new_text
from parsers.values.cleaning import fold_text
from parsers.values.tracking import (
    drop_tracking_numbers,
    find_miswritten_tracking_numbers,
    find_tracking_numbers,
)

_LINE_CHARS = 200
#: The words that may stand behind a keyword.
_OF = (
    r"(?: (?:of|for|on|the|my|our|this|request|case|number|no|please"
    r"|de|del|para|la|mi|nuestra|esta|solicitud|caso|numero|por favor))*"
)
_STATUS = re.compile(rf"(?:(?:request|case) )?(?:status|estado|estatus){_OF}")
_WITHDRAW = re.compile(
    rf"(?:please |i |we |quiero |queremos |por favor )?(?:withdraw|retirar|retiro|retiramos){_OF}"
)
#: Beside such a word a mail with WITHDRAW as its subject means something else, or nothing yet.
_DOUBT = re.compile(
    r"\?|\b(?:not|no|don't|do not|never|if|unless|or|but|until|nunca|si|pero|hasta)\b",
    re.IGNORECASE,
)


class Keyword(StrEnum):
    """What is wished for."""

    STATUS = "STATUS"
    WITHDRAW = "WITHDRAW"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """A keyword and what it is about."""

    keyword: Keyword
    numbers: tuple[str, ...]  #: tracking numbers, canonical; empty: of the request answered to
    has_miswritten_number: bool = False  #: one beside them cannot be right

    @property
    def is_about_a_number(self) -> bool:
        """Whether a tracking number stands beside the keyword, right or wrong."""
        return bool(self.numbers) or self.has_miswritten_number


def find_wish(message: InboundMessage) -> Wish | None:
    """Return what a mail asks of the program, or None."""
    text = find_new_text(message).text
    line = next((line for line in text.splitlines() if line.strip()), "")[:_LINE_CHARS]
    keyword = _find_keyword(line)
    if keyword is None:
        keyword = _find_keyword(message.subject[:_LINE_CHARS])
        if keyword is Keyword.WITHDRAW and _DOUBT.search(text):
            return None
    if keyword is None:
        return None
    beside = f"{line}\n{message.subject}"
    return Wish(
        keyword=keyword,
        numbers=find_tracking_numbers(beside),
        has_miswritten_number=bool(find_miswritten_tracking_numbers(beside)),
    )


def _find_keyword(line: str) -> Keyword | None:
    plain = fold_text(drop_tracking_numbers(line))
    if _STATUS.fullmatch(plain):
        return Keyword.STATUS
    is_question = "?" in line
    return Keyword.WITHDRAW if _WITHDRAW.fullmatch(plain) and not is_question else None
