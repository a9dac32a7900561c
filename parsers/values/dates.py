"""One date as people write it in the United States, in English and Spanish.

`normalise_date`  one ISO date; or an ambiguous one that is kept and flagged (`ambiguous_date`,
                  `text_beside_date`); or a problem: `unreadable_date`, `impossible_date`,
                  `implausible_year`, `incomplete_date`, `more_than_one_date`
`find_days`       the first and last day of a stored date or period

The patterns and the reading of one date serve lists of dates too (`date_lists`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from parsers.values.cleaning import clean_text, is_nothing, strip_accents
from parsers.values.normalised import BLANK, Normalised, flagged, good, wrong

#: Longer texts are not lists of dates.
LONGEST = 1000

_HOW = "write it as MM/DD/YYYY."
_PROBLEMS = {
    "unreadable_date": f"This does not read as a date; {_HOW}",
    "impossible_date": f"There is no such day in the calendar; check it and {_HOW}",
    "implausible_year": f"The year cannot be right; check it and {_HOW}",
    "incomplete_date": f"Day, month and year are all needed; {_HOW}",
    "more_than_one_date": "Only one date belongs here; give one, as MM/DD/YYYY.",
}

BESIDE = "There are words beside the date; a person will read them."

_MONTH_NAMES = (
    "january jan enero ene",
    "february febr feb febrero febuary",
    "march mar marzo",
    "april apr abril abr",
    "may mayo",
    "june jun junio",
    "july jul julio",
    "august aug agosto ago",
    "september sept sep septiembre setiembre set",
    "october oct octubre",
    "november nov noviembre",
    "december dec diciembre dic",
)
_MONTHS = {name: n for n, names in enumerate(_MONTH_NAMES, 1) for name in names.split()}
MONTH = "(?:" + "|".join(sorted(_MONTHS, key=len, reverse=True)) + r")(?![a-z])\.?"
_YEAR = r"(?:\d{4}|'?\d{2})(?!\d)"
_OF = r"(?:\s*(?:day\s+of|de|del|of)\s+)?"
ORDINAL = r"(?:st|nd|rd|th|ro|ero|er|°)?\.?"

#: How nearly everybody writes a date here.
_USUAL = re.compile(r"([0-9]{1,2})/([0-9]{1,2})/([0-9]{4})")
#: One date in any of the ways it is written, the unambiguous ones first.
DATE = re.compile(
    rf"""(?<![\da-z])(?P<iy>\d{{4}})\s?[-/.]\s?(?P<im>\d{{1,2}})\s?[-/.]\s?(?P<id>\d{{1,2}})(?!\d)
    | (?<![\d/a-z])(?:
    (?P<wy>\d{{4}})[-/.\s]+(?P<wm>{MONTH})[-/.\s]*(?P<wd>\d{{1,2}})(?!\d)
    | (?P<ed>\d{{1,2}}){ORDINAL}{_OF}[-/.\s]*(?P<em>{MONTH}){_OF}[-/.,\s]*(?P<ey>{_YEAR})
    | (?P<a>\d{{1,2}})\s?[-/.]\s?(?P<b>\d{{1,2}})\s?[-/.]\s?(?P<y>{_YEAR})
    | (?P<sa>\d{{1,2}})\ (?P<sb>\d{{1,2}})\ (?P<sy>\d{{4}})(?!\d)
    | (?P<cy>(?:19|20)\d{{2}})(?P<cm>0[1-9]|1[0-2])(?P<cd>0[1-9]|[12]\d|3[01])(?!\d)
    | (?P<ua>0[1-9]|1[0-2])(?P<ub>0[1-9]|[12]\d|3[01])(?P<uy>(?:19|20)\d{{2}})(?!\d)
    )
    | (?<![a-z])(?P<nm>{MONTH}){_OF}[-/,\s]*(?P<nd>\d{{1,2}}){ORDINAL}(?:\s*[-/,.]\s*|\s+){_OF}
      (?P<ny>{_YEAR})
    """,
    re.VERBOSE,
)
#: The ordinal sign is not the letter o, which a scanner may have made of a zero.
_MARKS = str.maketrans(
    {**dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2212", "-"), "\\": "/", "º": "°"}
)
_TIME = re.compile(
    r"(?:,|@|\bat\b|\ba las?\b)?\s*(?<![\d/.-])\d{1,2}"
    r"(?::\d{2}(?::\d{2})?\s*(?:[ap]\.?\s?m\b\.?|hrs?\b\.?|h\b)?|\s*[ap]\.?\s?m\b\.?)"
    r"(?:\s*(?:e[sd]?t|c[sd]t|m[sd]t|p[sd]t)\b)?"
)
_FIRST_DAY = re.compile(r"\bprimero\s+de\s+")
_STAMP = re.compile(r"(?<=\d)t\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:z|[+-]\d{2}:?\d{2})?")
_WEEKDAY = re.compile(
    r"\b(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?\b[.,]?(?=\s*[a-z\d])"
    r"|\b(?:lunes|martes|miercoles|jueves|viernes|sabado|domingo)\b,?"
)
_FILLER = re.compile(r"\b(?:on|the|el|dia|date|dated|fecha|dob)\b|[:;,.()\[\]\s]")
INCOMPLETE = re.compile(
    rf"{MONTH}{_OF}[-/,\s]*\d{{4}}|\d{{1,2}}\s?[-/]\s?(?:\d{{4}}|\d{{1,2}})|\d{{4}}"
    rf"|{MONTH}\s*\d{{1,2}}{ORDINAL}|\d{{1,2}}{ORDINAL}{_OF}\s*{MONTH}"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class DateReading:
    """One date that was found in a text, or why it is none."""

    day: date | None = None
    code: str = ""
    other: date | None = None  #: the day-first reading of an ambiguous one


def date_problem(code: str) -> Normalised:
    return wrong(code, _PROBLEMS[code])


def normalise_date(text: str, *, today: date, birth: bool = False) -> Normalised:
    """Read `text` as one date; `birth` chooses past years and flags a day and month that may swap.

    Two-digit years become the most plausible year: of a birth date the last one not in the future,
    of any other date the one nearest to `today`.
    """
    cleaned = clean_text(text)
    if is_nothing(cleaned):
        return BLANK
    usual = _USUAL.fullmatch(cleaned)
    if usual:
        first, second, year = usual.groups()
        reading = _read_numbers(int(first), int(second), year, today, birth=birth)
        return _judge_single(reading, has_text_beside=False, birth=birth)
    plain = plain_dates(cleaned)
    found = list(DATE.finditer(plain)) if len(plain) <= LONGEST else []
    if len(found) != 1:
        return date_problem(_code_without_date(plain, len(found)))
    reading = read_date(found[0], today, birth=birth)
    beside = plain[: found[0].start()] + plain[found[0].end() :]
    return _judge_single(reading, has_text_beside=bool(_FILLER.sub("", beside)), birth=birth)


def _judge_single(reading: DateReading, *, has_text_beside: bool, birth: bool) -> Normalised:
    if reading.day is None:
        return date_problem(reading.code)
    value = reading.day.isoformat()
    if birth and reading.other is not None:
        return flagged(
            value,
            "ambiguous_date",
            "Day and month of this date could be exchanged; it is read with the month first, and a "
            "person will check it.",
            alternatives=(reading.other.isoformat(),),
        )
    if has_text_beside:
        return flagged(value, "text_beside_date", BESIDE)
    return good(value)


def plain_dates(cleaned: str) -> str:
    return _WEEKDAY.sub(" ", plain_days(cleaned)).strip()


def plain_days(cleaned: str) -> str:
    """Return the text without case, accents and times of day; days of the week stay."""
    lowered = strip_accents(cleaned.translate(_MARKS)).casefold()
    return _TIME.sub(" ", _STAMP.sub("", _FIRST_DAY.sub("1 de ", lowered)))


def month_number(text: str) -> int:
    """Return the month that `MONTH` or digits name."""
    return _month(text)


def _code_without_date(plain: str, found: int) -> str:
    if found > 1:
        return "more_than_one_date"
    return "incomplete_date" if INCOMPLETE.fullmatch(plain) else "unreadable_date"


def read_date(match: re.Match[str], today: date, *, birth: bool) -> DateReading:
    """Turn what the pattern matched into a calendar day, month first where both orders fit."""
    parts = {name: text for name, text in match.groupdict().items() if text is not None}
    kind = next(iter(parts))[0]
    if kind in "iwc":
        year, month, day = parts[f"{kind}y"], parts[f"{kind}m"], parts[f"{kind}d"]
        return _on(year, _month(month), int(day), today, birth=birth)
    if kind in "en":
        return _on(
            parts[f"{kind}y"], _month(parts[f"{kind}m"]), int(parts[f"{kind}d"]), today, birth=birth
        )
    first, second, year = parts.values()
    return _read_numbers(int(first), int(second), year, today, birth=birth)


def _read_numbers(first: int, second: int, year: str, today: date, *, birth: bool) -> DateReading:
    if first > 12 >= second:
        return _on(year, second, first, today, birth=birth)
    reading = _on(year, first, second, today, birth=birth)
    if reading.day is None or second > 12 or first == second:
        return reading
    other = _on(year, second, first, today, birth=birth)
    return DateReading(day=reading.day, other=other.day)


def _month(text: str) -> int:
    return int(text) if text.isdigit() else _MONTHS[text.rstrip(".")]


def _on(year: str, month: int, day: int, today: date, *, birth: bool) -> DateReading:
    digits = year.lstrip("'")
    found = [_build_day(y, month, day) for y in _years(digits, today, birth=birth)]
    days = [d for d in found if d is not None]
    if not days:
        return DateReading(code="impossible_date")
    if birth and len(digits) == 2:
        days = [d for d in days if d <= today] or days
    chosen = days[0]
    if not 1900 <= chosen.year <= today.year + 50:
        return DateReading(code="implausible_year")
    return DateReading(day=chosen)


def _years(digits: str, today: date, *, birth: bool) -> tuple[int, ...]:
    """Return the years that `digits` may mean, the most plausible first."""
    if len(digits) == 4:
        return (int(digits),)
    this_century = today.year - today.year % 100 + int(digits)
    if birth:
        return (this_century, this_century - 100)
    # A deadline may lie some years ahead; what would lie further ahead is long past.
    return (max(y for y in (this_century - 100, this_century) if y <= today.year + 10),)


def _build_day(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def find_days(value: str) -> tuple[date, date]:
    """Return the first and last day of an ISO date or an ISO period `2026-03-17/2026-03-20`."""
    first, _, last = value.partition("/")
    return date.fromisoformat(first), date.fromisoformat(last or first)
