"""VERIFY: the line by which anybody asks whether a certification is genuine.

Outcomes: a `Question` with the control numbers that are asked about, or None. The keyword stands at
the start of the subject or of a line of what was newly written, in English or Spanish, with one
number behind it and nothing else; so the code on the paper asks, and so its notice says to write.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from parsers.mail.message import InboundMessage
from parsers.replies.new_text import find_new_text
from parsers.values.cleaning import fold_text
from parsers.values.control_numbers import parse_control_number

#: More numbers than this are not asked about in one mail.
MOST_NUMBERS = 5
_MOST_LINES = 30
_LINE_CHARS = 200
_KEYWORD = re.compile(
    r"(?:please |por favor )?(verify|verificar|verifique|verifica)"
    r"(?: (?:the )?control number| (?:el )?numero de control)?"
    r"(?: (.*?))??(?: (?:please|thanks|thank you|por favor|gracias))?"
)
_SPANISH = frozenset({"verificar", "verifique", "verifica"})
#: So many letters and digits are meant for a control number; anything else is another matter.
_FEWEST, _MOST = 12, 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is asked."""

    numbers: tuple[str, ...] = ()  #: control numbers, canonical, each once
    has_miswritten_number: bool = False  #: what stands behind a keyword cannot be one
    language: str = "en"  #: of the keyword: `en` or `es`

    @property
    def is_about_a_number(self) -> bool:
        """Whether a number stands behind the keyword, right or wrong."""
        return bool(self.numbers) or self.has_miswritten_number


def find_question(message: InboundMessage) -> Question | None:
    """Return what a mail asks about certifications, or None.

    A keyword alone asks about what is attached.
    """
    asked = [found for line in _list_lines(message) if (found := _read(line)) is not None]
    if not asked:
        return None
    numbers = tuple(dict.fromkeys(number for _, number, _ in asked if number))
    return Question(
        numbers=numbers[:MOST_NUMBERS],
        has_miswritten_number=any(miswritten for _, _, miswritten in asked),
        language=asked[0][0],
    )


def _list_lines(message: InboundMessage) -> Iterator[str]:
    yield message.subject[:_LINE_CHARS]
    text = find_new_text(message).text
    lines = [line for line in text.splitlines() if line.strip()]
    yield from (line[:_LINE_CHARS] for line in lines[:_MOST_LINES])


def _read(line: str) -> tuple[str, str | None, bool] | None:
    """Return language and number of a line that asks; None where it says anything more."""
    found = _KEYWORD.fullmatch(fold_text(line))
    if found is None:
        return None
    language = "es" if found[1] in _SPANISH else "en"
    written = found[2] or ""
    if not written:
        return language, None, False
    number = parse_control_number(written)
    if number is not None:
        return language, number, False
    return (language, None, True) if _is_meant_for_a_number(written) else None


def _is_meant_for_a_number(written: str) -> bool:
    size = sum(c.isalnum() for c in written)
    groups = written.split()
    return _FEWEST <= size <= _MOST and all(
        len(group) <= 4 or any(c.isdigit() for c in group) for group in groups
    )
