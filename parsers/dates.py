"""Dates as people write them in the United States, in English and Spanish, and lists of them.

`normalise_date` ends in one ISO date, an ambiguous one that is kept and flagged (`ambiguous_date`,
`text_beside_date`), or a problem: `unreadable_date`, `impossible_date`, `implausible_year`,
`incomplete_date`, `more_than_one_date`. `normalise_dates` ends in ISO dates and periods
(`2026-03-17/2026-03-20`), or in the same problems and `period_backwards`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from parsers.cleaning import clean_text, is_nothing, strip_accents
from parsers.normalised import BLANK, Normalised, flagged, good, wrong

#: Longer texts are not lists of dates.
_LONGEST = 1000

_HOW = "write it as MM/DD/YYYY."
_PROBLEMS = {
    "unreadable_date": f"This does not read as a date; {_HOW}",
    "impossible_date": f"There is no such day in the calendar; check it and {_HOW}",
    "implausible_year": f"The year cannot be right; check it and {_HOW}",
    "incomplete_date": f"Day, month and year are all needed; {_HOW}",
    "more_than_one_date": "Only one date belongs here; give one, as MM/DD/YYYY.",
    "unreadable_dates": "This does not read as a list of dates; write each as MM/DD/YYYY, put a "
    'semicolon between them, and "to" between the first and last day of a period.',
    "period_backwards": "A period ends before it begins; check its first and last day.",
}

_MONTH_NAMES = (
    "january jan enero ene",
    "february febr feb febrero",
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
_MONTH = "(?:" + "|".join(sorted(_MONTHS, key=len, reverse=True)) + r")(?![a-z])\.?"
_YEAR = r"(?:\d{4}|'?\d{2})(?!\d)"
_OF = r"(?:\s*(?:de|del|of)\s+)?"
_ORDINAL = r"(?:st|nd|rd|th|ro|er|º|°)?"

#: One date in any of the ways it is written, the unambiguous ones first.
_DATE = re.compile(
    rf"""(?<!\d)(?P<iy>\d{{4}})\s?[-/.]\s?(?P<im>\d{{1,2}})\s?[-/.]\s?(?P<id>\d{{1,2}})(?!\d)
    | (?<![\d/])(?:
    (?P<wy>\d{{4}})[-/.\s]+(?P<wm>{_MONTH})[-/.\s]*(?P<wd>\d{{1,2}})(?!\d)
    | (?P<ed>\d{{1,2}}){_ORDINAL}{_OF}[-/.\s]*(?P<em>{_MONTH}){_OF}[-/.,\s]*(?P<ey>{_YEAR})
    | (?P<a>\d{{1,2}})\s?[-/.]\s?(?P<b>\d{{1,2}})\s?[-/.]\s?(?P<y>{_YEAR})
    | (?P<sa>\d{{1,2}})\ (?P<sb>\d{{1,2}})\ (?P<sy>\d{{4}})(?!\d)
    | (?P<cy>(?:19|20)\d{{2}})(?P<cm>0[1-9]|1[0-2])(?P<cd>0[1-9]|[12]\d|3[01])(?!\d)
    | (?P<ua>0[1-9]|1[0-2])(?P<ub>0[1-9]|[12]\d|3[01])(?P<uy>(?:19|20)\d{{2}})(?!\d)
    )
    | (?<![a-z])(?P<nm>{_MONTH}){_OF}[-/,\s]*(?P<nd>\d{{1,2}}){_ORDINAL}(?:\s*[-/,.]\s*|\s+){_OF}
      (?P<ny>{_YEAR})
    """,
    re.VERBOSE,
)
_TIME = re.compile(
    r"(?:,|@|\bat\b|\ba las?\b)?\s*(?<![\d/.-])\d{1,2}"
    r"(?::\d{2}(?::\d{2})?\s*(?:[ap]\.?\s?m\b\.?|hrs?\b\.?|h\b)?|\s*[ap]\.?\s?m\b\.?)"
    r"(?:\s*(?:e[sd]?t|c[sd]t|m[sd]t|p[sd]t)\b)?"
)
_STAMP = re.compile(r"(?<=\d)t\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:z|[+-]\d{2}:?\d{2})?")
_WEEKDAY = re.compile(
    r"\b(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?\b[.,]?(?=\s*[a-z\d])"
    r"|\b(?:lunes|martes|miercoles|jueves|viernes|sabado|domingo)\b,?"
)
_FILLER = re.compile(r"\b(?:on|the|el|dia|date|dated|fecha|dob)\b|[:;,.()\[\]\s]")
_INCOMPLETE = re.compile(rf"{_MONTH}{_OF}[-/,\s]*\d{{4}}|\d{{1,2}}\s?[-/]\s?\d{{4}}|\d{{4}}")
_DAYS_OF_MONTH_FIRST = re.compile(
    rf"\b(?P<month>{_MONTH})\s+(?P<days>\d{{1,2}}{_ORDINAL}(?:\s*(?:,|;|&|and|to|through|thru|-|–)"
    rf"\s*(?:and\s+)?\d{{1,2}}{_ORDINAL})+),?\s+(?P<year>\d{{4}})"
)
_DAYS_OF_MONTH_LAST = re.compile(
    rf"(?<![\d/.-])(?P<days>\d{{1,2}}(?:\s*(?:,|y|a|al|-|–)\s*\d{{1,2}})+)\s+(?:de\s+)?"
    rf"(?P<month>{_MONTH})\s+(?:de\s+|del\s+)?(?P<year>\d{{4}})"
)
_DAY_IN_LIST = re.compile(rf"(\d{{1,2}}){_ORDINAL}")
_YEARLESS_START = re.compile(
    r"(?<![\d/])(?P<start>\d{1,2}/\d{1,2})(?P<join>\s*(?:-|–|to|through|thru|al|hasta)\s*)"
    r"(?=\d{1,2}/\d{1,2}/(?P<year>\d{4}|\d{2})(?!\d))"
)
_OPENER = re.compile(r"\s*(?:\b(?:from|between|del|desde|de|on|el)\b)?\s*")
_PERIOD = frozenset(
    {"to", "through", "thru", "until", "till", "-", "--", "–", "—", "a", "al", "hasta", "/"}
    | {"hasta el", "to and including", "through and including", "y hasta"}
)
_NEXT = frozenset({"", ",", ";", "&", "and", "y", "e", "also", "and on", "y el", "+", "|", "•"})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reading:
    """One date that was found in a text, or why it is none."""

    day: date | None = None
    code: str = ""
    other: date | None = None  #: the day-first reading of an ambiguous one


def _wrong(code: str) -> Normalised:
    return wrong(code, _PROBLEMS[code])


def normalise_date(text: str, *, today: date, birth: bool = False) -> Normalised:
    """Read `text` as one date; `birth` chooses past years and flags a day and month that may swap.

    Two-digit years become the most plausible year: of a birth date the last one not in the future,
    of any other date the one nearest to `today`.
    """
    cleaned = clean_text(text)
    if is_nothing(cleaned):
        return BLANK
    plain = _plain(cleaned)
    found = list(_DATE.finditer(plain)) if len(plain) <= _LONGEST else []
    if len(found) != 1:
        return _wrong(_code_without_date(plain, len(found)))
    reading = _read(found[0], today, birth=birth)
    if reading.day is None:
        return _wrong(reading.code)
    beside = plain[: found[0].start()] + plain[found[0].end() :]
    return _judge_single(reading, has_text_beside=bool(_FILLER.sub("", beside)), birth=birth)


def _judge_single(reading: _Reading, *, has_text_beside: bool, birth: bool) -> Normalised:
    assert reading.day is not None
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
        return flagged(
            value,
            "text_beside_date",
            "There are words beside the date; a person will read them.",
        )
    return good(value)


def normalise_dates(text: str, *, today: date) -> Normalised:
    """Read `text` as dates and periods, in the order written, each once."""
    cleaned = clean_text(text)
    if is_nothing(cleaned):
        return BLANK
    if len(cleaned) > _LONGEST:
        return _wrong("unreadable_dates")
    plain = _spell_out(_plain(cleaned))
    found = list(_DATE.finditer(plain))
    if not found:
        incomplete = _INCOMPLETE.fullmatch(plain)
        return _wrong("incomplete_date" if incomplete else "unreadable_dates")
    readings = [_read(match, today, birth=False) for match in found]
    broken = next((r.code for r in readings if r.day is None), "")
    if broken:
        return _wrong(broken)
    days = [r.day for r in readings if r.day is not None]
    return _join_days(days, _connectors(plain, found))


def _join_days(days: list[date], connectors: list[str]) -> Normalised:
    if not _OPENER.fullmatch(connectors[0]) or connectors[-1].strip(" ;,.\n)"):
        return _wrong("unreadable_dates")
    values: list[str] = []
    is_in_period = False
    for day, before in zip(days, ["", *connectors[1:-1]], strict=True):
        if before in _PERIOD and not is_in_period and values:
            if date.fromisoformat(values[-1]) > day:
                return _wrong("period_backwards")
            values[-1] += f"/{day.isoformat()}"
            is_in_period = True
        elif before in _NEXT:
            values.append(day.isoformat())
            is_in_period = False
        else:
            return _wrong("unreadable_dates")
    return good(tuple(dict.fromkeys(values)))


def _connectors(plain: str, found: list[re.Match[str]]) -> list[str]:
    """Return what stands before, between and after the dates; the words between them bare."""
    ends = [0, *(m.end() for m in found)]
    starts = [*(m.start() for m in found), len(plain)]
    raw = [plain[end:start] for end, start in zip(ends, starts, strict=True)]
    inner = [_bare_connector(text) for text in raw[1:-1]]
    return [raw[0], *inner, raw[-1]]


def _bare_connector(text: str) -> str:
    bare = " ".join(text.split()).strip(" .()")
    for mark in (",", ";"):
        # "03/10/2026, and 03/11/2026": the word decides, the comma before it does not.
        if bare.startswith(mark) and len(bare) > 1:
            bare = bare[1:].strip()
    bare = re.sub(r"^(?:from|del|desde|on|el)$", "", bare)
    return re.sub(r"\s+(?:from|del|desde|on)$", "", bare)


def _plain(cleaned: str) -> str:
    lowered = strip_accents(cleaned).casefold().replace("\u2212", "-").replace("\u2010", "-")
    without_time = _TIME.sub(" ", _STAMP.sub("", lowered))
    return _WEEKDAY.sub(" ", without_time).strip()


def _spell_out(plain: str) -> str:
    """Give every day its month and year: "march 10 and 12, 2026", "10 al 12 de marzo de 2026"."""
    plain = _DAYS_OF_MONTH_FIRST.sub(_repeat_month, plain)
    plain = _DAYS_OF_MONTH_LAST.sub(_repeat_month, plain)
    return _YEARLESS_START.sub(lambda m: f"{m['start']}/{m['year']}{m['join']}", plain)


def _repeat_month(match: re.Match[str]) -> str:
    spelled = f"{match['month']} {{}} {match['year']}"
    return _DAY_IN_LIST.sub(lambda m: spelled.format(m[1]), match["days"])


def _code_without_date(plain: str, found: int) -> str:
    if found > 1:
        return "more_than_one_date"
    return "incomplete_date" if _INCOMPLETE.fullmatch(plain) else "unreadable_date"


def _read(match: re.Match[str], today: date, *, birth: bool) -> _Reading:
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


def _read_numbers(first: int, second: int, year: str, today: date, *, birth: bool) -> _Reading:
    if first > 12 >= second:
        return _on(year, second, first, today, birth=birth)
    reading = _on(year, first, second, today, birth=birth)
    if reading.day is None or second > 12 or first == second:
        return reading
    other = _on(year, second, first, today, birth=birth)
    return _Reading(day=reading.day, other=other.day)


def _month(text: str) -> int:
    return int(text) if text.isdigit() else _MONTHS[text.rstrip(".")]


def _on(year: str, month: int, day: int, today: date, *, birth: bool) -> _Reading:
    digits = year.lstrip("'")
    found = [_build_day(y, month, day) for y in _years(digits, today, birth=birth)]
    days = [d for d in found if d is not None]
    if not days:
        return _Reading(code="impossible_date")
    if birth and len(digits) == 2:
        days = [d for d in days if d <= today] or days
    chosen = days[0]
    if not 1900 <= chosen.year <= today.year + 50:
        return _Reading(code="implausible_year")
    return _Reading(day=chosen)


def _years(digits: str, today: date, *, birth: bool) -> tuple[int, ...]:
    """Return the years that `digits` may mean, the most plausible first."""
    if len(digits) == 4:
        return (int(digits),)
    this_century = today.year - today.year % 100 + int(digits)
    if birth:
        return (this_century, this_century - 100)
    nearest = min(
        (this_century - 100, this_century, this_century + 100), key=lambda y: abs(y - today.year)
    )
    return (nearest,)


def _build_day(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def find_days(value: str) -> tuple[date, date]:
    """Return the first and last day of an ISO date or an ISO period `2026-03-17/2026-03-20`."""
    first, _, last = value.partition("/")
    return date.fromisoformat(first), date.fromisoformat(last or first)
