"""How values read in a letter: dates, sizes, and text from outside made safe to show.

Pure functions. Every text a letter shows passes `clean_text`: the HTML environment calls it for
each value, and in plain text every part of a letter calls it for all it shows. Control characters
and direction overrides are dropped, because they could make a reviewer see something other than
what stands there, and a Social Security number is masked.
"""

from __future__ import annotations

import re
from datetime import date, datetime
from functools import cache
from typing import TYPE_CHECKING, Any, overload
from zoneinfo import ZoneInfo

from markupsafe import Markup

from parsers.values.ssn import mask_ssn

if TYPE_CHECKING:
    from outbound.letters.review_letters import FieldToCheck

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


@overload
def clean_text(value: str) -> str: ...


@overload
def clean_text(value: object) -> Any: ...


def clean_text(value: object) -> object:
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
    words = clean_text(" ".join(text.split()))
    if len(indent) + len(words) <= WIDTH:
        return indent + words
    return _fill(words, indent, indent if hanging is None else hanging)


def _fill(words: str, indent: str, hanging: str) -> str:
    """Return `words` in lines, as `textwrap.fill` does, in a fraction of its time."""
    lines: list[str] = []
    start = 0
    while start < len(words):
        prefix = hanging if lines else indent
        end = _find_line_end(words, start, WIDTH - len(prefix))
        # Where a character was taken out, there may be several spaces, or nothing but spaces.
        line = words[start:end].rstrip(" ")
        if line:
            lines.append(prefix + line)
        start = end
        while words.startswith(" ", start):
            start += 1
    return "\n".join(lines)


def _find_line_end(words: str, start: int, room: int) -> int:
    if len(words) - start <= room:
        return len(words)
    end = words.rfind(" ", start, start + room + 1)
    if end < 0:
        end = words.find(" ", start + room)
    return end if end >= 0 else len(words)


def wrap_lines(text: str, *, indent: str = "") -> str:
    """Return every line of `text` wrapped by itself, so that a person's own line breaks stay."""
    lines = [_wrap_line(line, indent) for line in text.strip().split("\n")]
    # Once more as a whole, since a number may stand in the line below its label.
    return clean_text("\n".join(lines).rstrip())


def _wrap_line(line: str, indent: str) -> str:
    found = _BULLET.match(line)
    return wrap_text(line, indent=indent, hanging=indent + " " * (found.end() if found else 0))


def shrink_blank_lines(text: str) -> str:
    """Return `text` with no space at line ends and never more than one blank line in a row."""
    if " \n" in text or "\t\n" in text:
        text = "\n".join([line.rstrip(" \t") for line in text.split("\n")])
    while "\n\n\n" in text:
        text = text.replace("\n\n\n", "\n\n")
    return text.strip() + "\n"


@cache
def _find_zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


def describe_check(found: FieldToCheck) -> tuple[tuple[str, str], ...]:
    """Return what is said of a field that needs a look, each with what stands beside it."""
    where = "" if found.page is None else f", page {found.page}"
    pairs = (
        ("Read", found.value or "(nothing that can be used)"),
        ("As written", found.raw),
        ("The page shows", "(nothing)" if found.shown == "" else found.shown or ""),
        ("Could also be", "; ".join(found.others)),
        ("Read by", f"{found.read_by}{where}" if found.read_by else ""),
        ("Why to look", found.note),
    )
    return tuple((label, value) for label, value in pairs if value)


def describe_picture(found: FieldToCheck) -> str:
    """Return in words what the picture of a field's spot is of, for who cannot see it."""
    read = found.value or found.raw or "nothing"
    shown = "" if found.shown is None else f"; the page shows {found.shown or 'nothing'}"
    return f"The field {found.label} on page {found.page}. Read: {read}{shown}."
