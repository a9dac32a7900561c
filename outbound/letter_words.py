"""How values read in a letter: dates, sizes, and text from outside made safe to show.

Pure functions. Every text a letter shows passes `clean_text`, and no template can forget it: the
HTML environment calls it for each value, and plain text is cleaned as it is wrapped and once more
as a whole. Control characters and direction overrides are dropped, because
they could make a reviewer see something other than what stands there, and a Social Security
number is masked.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, datetime
from functools import cache
from textwrap import TextWrapper
from typing import Any
from zoneinfo import ZoneInfo

from markupsafe import Markup

from parsers.ssn import mask_ssn

#: Width of the plain text part (RFC 3676 section 4.2 asks for no more than 78).
WIDTH = 76

# C0 and C1 controls but for tab and line feed, zero-width and bidirectional formatting
# characters, line and paragraph separators, surrogates and non-characters: none is ever part of
# an honest value.
_UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u200e\u200f\u2028-\u202e"
    "\u2060-\u2069\ufeff\ud800-\udfff\ufffe\uffff]"
)
_BULLET = re.compile(r"\s*(?:[-*!]|\d+\.)\s+")
_MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)


def clean_text(value: Any) -> Any:
    """Return text without unseen characters and with any Social Security number masked.

    Markup that a template made, and values that are no text, pass unchanged.
    """
    if not isinstance(value, str) or isinstance(value, Markup):
        return value
    # Most values are printable throughout, which is far quicker to ask than to search.
    seen = value if value.isprintable() else _UNSEEN.sub("", value)
    return mask_ssn(seen)


def format_date(day: date) -> str:
    """Return a date as people write it, for example `March 10, 2026`."""
    return f"{_MONTHS[day.month - 1]} {day.day}, {day.year}"


def format_moment(moment: datetime, timezone: str) -> str:
    """Return an aware moment in `timezone`, for example `March 10, 2026, 2:30 p.m. EDT`.

    Raises `ValueError` for a naive moment.
    """
    if moment.tzinfo is None:
        raise ValueError("A letter shows aware moments only.")
    local = moment.astimezone(_find_zone(timezone))
    half = "a.m." if local.hour < 12 else "p.m."
    return f"{format_date(local)}, {local.hour % 12 or 12}:{local.minute:02} {half} {local:%Z}"


def format_size(octets: int) -> str:
    """Return a size as people say it, for example `25 MB` (of 1,000,000 octets)."""
    if octets >= 1_000_000:
        return f"{octets / 1_000_000:.1f}".removesuffix(".0") + " MB"
    return f"{max(1, round(octets / 1000))} KB"


def wrap_text(text: str, indent: str = "", hanging: str | None = None) -> str:
    """Return `text` as one paragraph of at most `WIDTH` columns; words are never broken.

    `indent` starts the first line and `hanging` (the same when None) the others.
    """
    words: str = clean_text(" ".join(text.split()))
    later = indent if hanging is None else hanging
    if len(indent) + len(words) <= WIDTH:
        return indent + words
    return _build_wrapper(indent, later).fill(words)


def wrap_lines(text: str, *, indent: str = "") -> str:
    """Return every line of `text` wrapped by itself, so that a person's own line breaks stay."""
    return "\n".join(_wrap_each(text, indent)).rstrip()


def _wrap_each(text: str, indent: str) -> Iterator[str]:
    for line in text.strip().split("\n"):
        found = _BULLET.match(line)
        yield wrap_text(line, indent=indent, hanging=indent + " " * (found.end() if found else 0))


def shrink_blank_lines(text: str) -> str:
    """Return `text` with no space at line ends and never more than one blank line in a row."""
    trimmed = re.sub(r"[ \t]+\n", "\n", text)
    return re.sub(r"\n{3,}", "\n\n", trimmed).strip() + "\n"


@cache
def _find_zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


def _build_wrapper(indent: str, hanging: str) -> TextWrapper:
    return TextWrapper(
        width=WIDTH,
        initial_indent=indent,
        subsequent_indent=hanging,
        break_long_words=False,
        break_on_hyphens=False,
    )
