"""Until when an out-of-office mail says its author is away, in English and Spanish.

Outcomes: the first day they are back, or None where no day of the calendar is named. "Back on May
12" and "until May 12" name that day; "through May 12", "from May 5 to May 12" and "inclusive" name
the last day away. A day of the week alone names none, nor does a day that is past or more than a
year ahead.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from parsers.mail.message import InboundMessage
from parsers.replies.new_text import find_new_text
from parsers.values.cleaning import clean_text
from parsers.values.dates import DATE, MONTH, ORDINAL, plain_dates, read_date

_CHARS = 6_000
_LONGEST = timedelta(days=366)
#: A day and month without a year that lie so far back are meant of the next year.
_LONG_PAST = timedelta(days=60)
_SPACE = r"[\s,.:]{0,6}"
_PLACE = (
    r"(?:\s(?:in(?: the| my)? office|at (?:work|my desk)|to (?:the office|work)|in|home"
    r"|en (?:la )?oficina|a (?:la|mi) oficina|al trabajo))?"
)
_ON = rf"{_SPACE}(?:\bon\b|\bfrom\b|\bel\b|\ba partir del?\b|\bdesde el\b)?{_SPACE}(?:the\s|dia\s)?"
#: What comes before the first day back.
_BACK = re.compile(
    r"\b(?:(?:be |am |i'm |i’m )?back|return(?:ing|s)?|available again|resume|resuming"
    r"|de (?:vuelta|regreso)|regres(?:o|are|a|ara|ando)|vuel(?:vo|ve)|volver(?:e|a)"
    r"|(?:re)?incorpor(?:o|are|a|ara)|disponible (?:de nuevo|nuevamente|otra vez))\b"
    rf"{_PLACE}{_ON}(?P<day>)"
)
#: What comes before a day until which somebody is away, or through which.
_UNTIL = re.compile(rf"\b(?:until|till|hasta)\b{_ON}(?P<day>)")
_THROUGH = re.compile(
    rf"\b(?:through|thru|until and including|hasta (?:el )?(?:dia )?inclusive){_ON}(?P<day>)"
)
_TO = re.compile(rf"\b(?:from|del?|desde)\b[^.;]{{3,40}}?\s(?:to|al?|-|–){_ON}(?P<day>)")
_INCLUSIVE = re.compile(r"[\s,(]{0,3}(?:inclusive|included|incluido)\b")
_UNTIL_WORD = re.compile(r"(?:until|till|to)\s+")
#: Beside a day, one of these says that somebody is away.
_AWAY = re.compile(
    r"\b(?:out of (?:the |my )?office|ooo|away|absent|absence|vacation|holiday|leave|pto|travel\w*"
    r"|unavailable|not (?:be )?(?:available|in)|out\b|no access|limited access|closed"
    r"|fuera de (?:la |mi )?oficina|ausente|ausencia|vacaciones|licencia|permiso|de baja"
    r"|no (?:estare|estoy)|sin acceso|viaj\w+)"
)
_SPANISH = re.compile(r"\b(?:el|hasta|de|del|regres\w+|vuelv\w+|volver\w*)\b")
_WITHOUT_YEAR = re.compile(
    rf"(?:(?P<am>{MONTH})\s?(?P<ad>\d{{1,2}}){ORDINAL}"
    rf"|(?P<bd>\d{{1,2}}){ORDINAL}\s?(?:de |of )?(?P<bm>{MONTH})"
    r"|(?P<x>\d{1,2})[/.-](?P<y>\d{1,2}))(?![\d/])"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Named:
    """A day somebody named, and where its words end."""

    day: date
    end: int


def find_return_date(message: InboundMessage, *, today: date) -> date | None:
    """Return the first day its author is back, by an out-of-office mail's subject and new text."""
    written = f"{message.subject} . {find_new_text(message).text[:_CHARS]}"
    plain = plain_dates(" ".join(clean_text(written).split()))
    for pattern, more in _list_patterns(plain):
        for match in pattern.finditer(plain):
            named = _read_day(plain, match.start("day"), today, words=match[0])
            if named is None:
                continue
            is_last = more or _INCLUSIVE.match(plain, named.end) is not None
            first_back = named.day + timedelta(days=1) if is_last else named.day
            if today < first_back <= today + _LONGEST:
                return first_back
    return None


def read_until(text: str, *, today: date) -> date | None:
    """Return the day in `until DAY` or `DAY`, and None where the text is anything else."""
    plain = plain_dates(" ".join(clean_text(text).split())).strip(" .")
    introduced = _UNTIL_WORD.match(plain)
    named = _read_day(plain, introduced.end() if introduced else 0, today, words="")
    return named.day if named is not None and named.end == len(plain) else None


def _list_patterns(plain: str) -> Iterator[tuple[re.Pattern[str], bool]]:
    """Yield the patterns, the surest first, each with whether its day is the last one away."""
    yield _BACK, False
    if _AWAY.search(plain) is not None:
        yield _THROUGH, True
        yield _UNTIL, False
        yield _TO, True


def _read_day(plain: str, start: int, today: date, *, words: str) -> _Named | None:
    full = DATE.match(plain, start)
    if full is not None:
        reading = read_date(full, today, birth=False)
        days = [d for d in (reading.day, reading.other) if d is not None]
        # In Spanish the day comes first more often than not; what is near is meant.
        if _SPANISH.search(words):
            days.sort(key=lambda d: (d < today, d))
        return _Named(day=days[0], end=full.end()) if days else None
    match = _WITHOUT_YEAR.match(plain, start)
    return None if match is None else _read_without_year(match, today, words)


def _read_without_year(match: re.Match[str], today: date, words: str) -> _Named | None:
    if match["x"] is not None:
        parts = [(match["x"], match["y"]), (match["y"], match["x"])]
        orders = parts[::-1] if _SPANISH.search(words) else parts
        texts = [f"{month}/{day}" for month, day in orders]
    else:
        month, day = match["am"] or match["bm"], match["ad"] or match["bd"]
        texts = [f"{month.rstrip('.')} {day}"]
    for text in texts:
        day_found = _place_in_year(text, today)
        if day_found is not None:
            return _Named(day=day_found, end=match.end())
    return None


def _place_in_year(text: str, today: date) -> date | None:
    """Return the day in this year, or in the next where it would be long past."""
    sign = "/" if "/" in text else " "
    for year in (today.year, today.year + 1):
        full = DATE.fullmatch(f"{text}{sign}{year}")
        found = None if full is None else read_date(full, today, birth=False).day
        if found is not None and found > today - _LONG_PAST:
            return found
    return None
