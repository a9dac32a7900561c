"""From when and until when an out-of-office mail says its author is away, in English and Spanish.

Outcomes: the first day they are back and, where it is written, the day their absence begins; or
None where that is not plain. "Back on May 12" and "until May 12" name the first day back; "through
May 12", "from May 5 to May 12", "5/5 - 5/12" and "inclusive" name the last day away. A day of the
week alone names none. None, too: a day that is past or more than a year ahead, two days that
differ, a day that could be read in two ways, a day beside "perhaps", "or", a question or "next
week", and whatever is said of somebody else. What the grammar does not know changes nothing.

A beginning is for the caller: nobody is away before it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta

from parsers.mail.message import InboundMessage
from parsers.replies.absence_dates import place, place_beginning, read_days
from parsers.replies.absence_statements import Reader, Statements
from parsers.replies.absence_words import read_tokens
from parsers.replies.new_text import find_new_text
from parsers.values.cleaning import clean_text
from parsers.values.dates import DATE, plain_dates, plain_days, read_date
from parsers.values.typed_text import plain_punctuation

_CHARS = 6_000
_SUBJECT = 500
_LONGEST = timedelta(days=366)
_DAY = timedelta(days=1)
_PARAGRAPHS = re.compile(r"\n[^\S\n]*\n\s*")
_UNTIL_WORD = re.compile(r"(?:until|till|to)\s+")


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedAbsence:
    """When somebody says they are away."""

    until: date  #: the first day they are back
    begins: date | None = None  #: the first day away, where they name it


def find_absence(message: InboundMessage, *, today: date) -> NamedAbsence | None:
    """Return the absence that an out-of-office mail's subject and new text name."""
    written = f"{message.subject[:_SUBJECT]}\n\n{find_new_text(message).text[:_CHARS]}"
    paragraphs = _PARAGRAPHS.split(clean_text(plain_punctuation(written)))
    plain = "\n\n".join(plain_days(" ".join(part.split())) for part in paragraphs)
    return _judge(Reader(read_tokens(plain)).read(), today)


def read_until(text: str, *, today: date) -> date | None:
    """Return the day in `until DAY` or `DAY`, and None where the text is anything else."""
    joined = " ".join(clean_text(text).split())
    plain = _UNTIL_WORD.sub("", plain_dates(joined).strip(" ."), count=1)
    full = DATE.fullmatch(plain)
    if full is not None:
        return read_date(full, today, birth=False).day
    days = read_days(_UNTIL_WORD.sub("", plain_days(joined).strip(" ."), count=1))
    placed = place(days[0], None, today, month_first=True) if len(days) == 1 else None
    return None if placed is None else placed[1]


def _judge(found: Statements, today: date) -> NamedAbsence | None:
    """Return the one absence that all statements agree on."""
    returns: set[date] = set()
    ends: set[date] = set()
    begun: set[date] = set()
    if found.is_doubtful or not found.said:
        return None
    for said in found.said:
        placed = place(said.day, said.first, today, month_first=not said.is_spanish)
        if placed is None:
            return None
        first, last = placed
        begun |= set() if first is None else {first}
        (returns if said.is_return else ends).add(last + _DAY if said.is_last else last)
    decisive = returns or ends
    until = max(decisive)
    # Whoever is away through a day and "back" on it means that very day.
    if len(decisive) > 1 or (ends and max(ends) > until + _DAY):
        return None
    for day, is_spanish in found.beginnings:
        beginning = place_beginning(day, until, month_first=not is_spanish)
        if beginning is None:
            return None
        begun.add(beginning)
    begins = min(begun, default=None)
    if len(begun) > 1 or (begins is not None and begins > until):
        return None
    is_plausible = today < until <= today + _LONGEST
    return NamedAbsence(until=until, begins=begins) if is_plausible else None
