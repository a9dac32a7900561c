"""Lists of dates and periods as people write them, in English and Spanish.

`normalise_dates`  ISO dates and periods (`2026-03-17/2026-03-20`), in the order written; flagged
                   `text_beside_date` where remarks stand between them; or a problem:
                   `unreadable_dates`, `period_backwards`, `incomplete_date`, `impossible_date`,
                   `implausible_year`
"""

from __future__ import annotations

import re
from datetime import date

from parsers.values.cleaning import clean_text, is_nothing
from parsers.values.dates import (
    BESIDE,
    DATE,
    INCOMPLETE,
    LONGEST,
    MONTH,
    ORDINAL,
    date_problem,
    plain_dates,
    read_date,
)
from parsers.values.normalised import BLANK, Normalised, flagged, good, wrong

_PROBLEMS = {
    "unreadable_dates": "This does not read as a list of dates; write each as MM/DD/YYYY, put a "
    'semicolon between them, and "to" between the first and last day of a period.',
    "period_backwards": "A period ends before it begins; check its first and last day.",
}

_DAYS_OF_MONTH_FIRST = re.compile(
    rf"\b(?P<month>{MONTH})\s+(?P<days>\d{{1,2}}{ORDINAL}(?:\s*(?:,|;|&|and|to|through|thru|-|–)"
    rf"\s*(?:and\s+)?\d{{1,2}}{ORDINAL})+),?\s+(?P<year>\d{{4}})"
)
_DAYS_OF_MONTH_LAST = re.compile(
    rf"(?<![\d/.-])(?P<days>\d{{1,2}}(?:\s*(?:,|y|a|al|-|–)\s*\d{{1,2}})+)\s+(?:de\s+)?"
    rf"(?P<month>{MONTH})\s+(?:de\s+|del\s+)?(?P<year>\d{{4}})"
)
_DAY_IN_LIST = re.compile(rf"(\d{{1,2}}){ORDINAL}")
#: "March 30 to April 2, 2026", "10 de marzo y 12 de abril de 2026": one year for both.
_JOIN = r"\s*(?:,|&|-|\band\b|\bto\b|\bthrough\b|\bthru\b|\by\b|\bal\b|\bhasta\b)\s*(?:el\s+)?"
_YEARLESS_START = re.compile(
    rf"(?<![\d/])(?P<start>\d{{1,2}}/\d{{1,2}})(?P<join>{_JOIN})"
    r"(?=\d{1,2}/\d{1,2}/(?P<year>\d{4}|\d{2})(?!\d))"
)
_YEARLESS_MONTH_FIRST = re.compile(
    rf"(?P<start>\b{MONTH}\s+\d{{1,2}}{ORDINAL})(?P<join>{_JOIN})"
    rf"(?={MONTH}\s+\d{{1,2}}{ORDINAL},?\s+(?P<year>\d{{4}}))"
)
_YEARLESS_DAY_FIRST = re.compile(
    rf"(?P<start>(?<![\d/.-])\d{{1,2}}\s+(?:de\s+)?{MONTH})(?P<join>{_JOIN})"
    rf"(?=\d{{1,2}}\s+(?:de\s+)?{MONTH}\s+(?:del?\s+)?(?P<year>\d{{4}}))"
)
_BETWEEN = re.compile(r"\b(?:between|entre)\b(?P<first>[^;\n]*?)\b(?:and|y)\b(?:\s+el\b)?")
#: Bullets, and numbers or letters that count the entries; only where the first entry has one too,
#: because a hyphen before a later one may be that of a period.
_BULLET = re.compile(
    r"(?:^|(?<=[;\n]))\s*(?:[•·*]|-(?=\s)|\(?\d{1,2}\)|\d{1,2}\.(?=\s)|\(?[a-z]\))\s*"
)
_REMARK = re.compile(r"\([a-z][a-z ,.'-]{2,}\)")
_OPENER = re.compile(r"\s*(?:\b(?:from|between|del|desde|de|on|el)\b)?\s*")
_PERIOD = frozenset(
    {"to", "through", "thru", "until", "till", "-", "--", "–", "—", "a", "al", "hasta", "/"}
    | {"hasta el", "to and including", "through and including", "y hasta"}
)
_NEXT = frozenset({"", ",", ";", "&", "and", "y", "e", "also", "and on", "y el", "+", "|", "•"})


def _wrong(code: str) -> Normalised:
    return wrong(code, _PROBLEMS[code]) if code in _PROBLEMS else date_problem(code)


def normalise_dates(text: str, *, today: date) -> Normalised:
    """Read `text` as dates and periods, in the order written, each once."""
    cleaned = clean_text(text)
    if is_nothing(cleaned):
        return BLANK
    if len(cleaned) > LONGEST:
        return _wrong("unreadable_dates")
    plain = plain_dates(cleaned)
    remarks = _REMARK.findall(plain)
    plain = _REMARK.sub(" ", plain)
    if _BULLET.match(plain):
        plain = _BULLET.sub(" ", plain)
    plain = _spell_out(plain)
    found = list(DATE.finditer(plain))
    if not found:
        incomplete = INCOMPLETE.fullmatch(plain)
        return _wrong("incomplete_date" if incomplete else "unreadable_dates")
    readings = [read_date(match, today, birth=False) for match in found]
    broken = next((r.code for r in readings if r.day is None), "")
    if broken:
        return _wrong(broken)
    days = [r.day for r in readings if r.day is not None]
    joined = _join_days(days, _connectors(plain, found))
    if joined.value is None or not remarks:
        return joined
    return flagged(joined.value, "text_beside_date", BESIDE)


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
    if bare == "/" != text:
        # "2026-03-17/2026-03-20" is a period, as stored; "03/10/2026 / 03/12/2026" is who knows.
        return "slash"
    for mark in (",", ";"):
        # "03/10/2026, and 03/11/2026": the word decides, the comma before it does not.
        if bare.startswith(mark) and len(bare) > 1:
            bare = bare[1:].strip()
    bare = re.sub(r"^(?:from|del|desde|on|el)$", "", bare)
    return re.sub(r"\s+(?:from|del|desde|on)$", "", bare)


def _spell_out(plain: str) -> str:
    """Give every day its month and year: "march 10 and 12, 2026", "10 al 12 de marzo de 2026"."""
    plain = _BETWEEN.sub(r"\g<first> to ", plain)
    plain = _DAYS_OF_MONTH_FIRST.sub(_repeat_month, plain)
    plain = _DAYS_OF_MONTH_LAST.sub(_repeat_month, plain)
    for pattern in (_YEARLESS_MONTH_FIRST, _YEARLESS_DAY_FIRST):
        plain = pattern.sub(lambda m: f"{m['start']} {m['year']}{m['join']}", plain)
    return _YEARLESS_START.sub(lambda m: f"{m['start']}/{m['year']}{m['join']}", plain)


def _repeat_month(match: re.Match[str]) -> str:
    spelled = f"{match['month']} {{}} {match['year']}"
    return _DAY_IN_LIST.sub(lambda m: spelled.format(m[1]), match["days"])
