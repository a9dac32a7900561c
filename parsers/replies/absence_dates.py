"""Days as people write them in out-of-office mails, and the day of the calendar each one means.

Outcomes of placing one: the day, or None where it is not sure which: there is no such day, the day
of the week beside it is another, or day and month of a number could be exchanged in a text that is
not English. English numbers have the month first, unless the month would be none. Without a year
the next such day is meant; one that passed in the last three months is meant as past. A day of the
month alone counts only with its day of the week, as the next day of that number.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from parsers.values.dates import MONTH, month_number

_LONG_PAST = timedelta(days=90)
_ORD = r"(?:st|nd|rd|th|ro|ero|°)?"
_YEAR = r"(?:20\d{2}|'\d{2})(?!\d)"
_OF = r"(?:\s(?:de|of)\s|[\s-])?"


def _and_year(name: str) -> str:
    return rf"(?:(?:\s?,\s?|\s|-)(?:(?:de|del|of)\s)?(?P<{name}>{_YEAR}))?"


#: The first letters in which the names of the days differ, from Monday on.
_WEEK = (
    ("mon", "lun"),
    ("tue", "mar"),
    ("wed", "mie"),
    ("thu", "jue"),
    ("fri", "vie"),
    ("sat", "sab"),
    ("sun", "dom"),
)
WEEKDAY = (
    r"(?:mon(?:day)?|tue(?:s(?:day)?)?|wed(?:nesday)?|thu(?:rs?(?:day)?)?|fri(?:day)?|sat(?:urday)?"
    r"|sun(?:day)?|lunes|martes|miercoles|jueves|viernes|sabado|domingo)(?![a-z])"
)
_BEFORE = (
    rf"(?:(?:(?:next|this|proximo)\s)?(?P<weekday>{WEEKDAY})[.,]{{0,2}}\s"
    r"(?:the\s|el\s|dia\s){0,2})?"
)
_TO = r"\s?(?:-|\bto\b|\bthrough\b|\bthru\b|\bal?\b)\s?"
#: Two days of one month: "December 1-4", "del 1 al 4 de diciembre".
SPAN = (
    rf"(?P<span_month>{MONTH})\s?(?P<span_first>\d{{1,2}}){_ORD}{_TO}(?P<span_last>\d{{1,2}})"
    rf"{_ORD}(?![\d/:.]\d|\d|[a-z])(?!{_OF}{MONTH}){_and_year('span_year')}"
    rf"|(?P<span_first2>\d{{1,2}}){_ORD}{_TO}(?:el\s)?(?P<span_last2>\d{{1,2}}){_ORD}{_OF}"
    rf"(?P<span_month2>{MONTH}){_and_year('span_year2')}"
)
#: One day.
DAY = _BEFORE + (
    r"(?:(?P<iso_year>20\d{2})-(?P<iso_month>\d{1,2})-(?P<iso_day>\d{1,2})(?![\w/])(?!-\d)"
    r"|(?P<a>\d{1,2})(?P<mark>[/.])(?P<b>\d{1,2})(?P=mark)(?P<year>20\d{2}|\d{2})(?![\w/])"
    r"|(?P<e>\d{1,2})-(?P<f>\d{1,2})-(?P<dash_year>20\d{2}|\d{2})(?![\w/])(?!-\d)"
    r"|(?P<c>\d{1,2})/(?P<d>\d{1,2})(?![\w/])"
    rf"|(?P<month>{MONTH})[\s-]?(?P<day>\d{{1,2}}){_ORD}(?![\d/:]|\.\d|[a-z])"
    rf"{_and_year('month_year')}"
    rf"|(?P<day2>\d{{1,2}}){_ORD}{_OF}(?P<month2>{MONTH})"
    rf"(?:-(?P<short_year>\d{{2}})(?!\d|{_OF}{MONTH})|{_and_year('day_year')}))"
)
#: A day of the week and of the month: "el lunes 7", "Monday the 7th".
DAY_OF_WEEK = (
    rf"(?P<lone_weekday>{WEEKDAY})[.,]{{0,2}}\s(?:the\s|el\s|dia\s){{0,2}}(?P<lone_day>\d{{1,2}})"
    rf"{_ORD}(?![\w°])(?![/:.-]\d)(?!{_OF}{MONTH})"
)
_PATTERN = re.compile(f"(?P<span>{SPAN})|(?P<one>{DAY})|(?P<lone>{DAY_OF_WEEK})")


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenDay:
    """A day as it was written."""

    #: (month, day), month first; a second pair where day and month may be exchanged
    orders: tuple[tuple[int, int], ...]
    year: int | None
    weekday: int | None  #: 0 is Monday
    is_lone: bool = False  #: neither month nor year, but the day of the week
    has_point: bool = False  #: 7.12.2026, which is nobody's order in English


def read_days(text: str) -> tuple[WrittenDay, ...]:
    """Return the one day, or the two of a span, that a text is; nothing where it is neither."""
    match = _PATTERN.fullmatch(text)
    if match is None:
        return ()
    if match["span"] is not None:
        return _read_span(match)
    if match["lone"] is not None:
        day = (0, int(match["lone_day"]))
        weekday = _read_weekday(match["lone_weekday"])
        return (WrittenDay(orders=(day,), year=None, weekday=weekday, is_lone=True),)
    return (_read_one(match),)


def _read_span(match: re.Match[str]) -> tuple[WrittenDay, ...]:
    month = month_number(match["span_month"] or match["span_month2"])
    year = _read_year(match["span_year"] or match["span_year2"])
    days = (
        int(match["span_first"] or match["span_first2"]),
        int(match["span_last"] or match["span_last2"]),
    )
    return tuple(WrittenDay(orders=((month, d),), year=year, weekday=None) for d in days)


def _read_one(match: re.Match[str]) -> WrittenDay:
    orders: tuple[tuple[int, int], ...]
    if match["iso_year"] is not None:
        orders = ((int(match["iso_month"]), int(match["iso_day"])),)
    elif match["month"] is not None or match["month2"] is not None:
        month, day = match["month"] or match["month2"], match["day"] or match["day2"]
        orders = ((month_number(month), int(day)),)
    else:
        first = int(match["a"] or match["c"] or match["e"])
        second = int(match["b"] or match["d"] or match["f"])
        orders = ((first, second), (second, first))
    written = ("iso_year", "year", "dash_year", "month_year", "short_year", "day_year")
    year = next((match[name] for name in written if match[name] is not None), None)
    weekday = match["weekday"]
    return WrittenDay(
        orders=orders,
        year=_read_year(year),
        weekday=None if weekday is None else _read_weekday(weekday),
        has_point=match["mark"] == ".",
    )


def _read_weekday(text: str) -> int:
    return next(i for i, names in enumerate(_WEEK) if text[:3] in names)


def _read_year(text: str | None) -> int | None:
    if text is None:
        return None
    digits = text.lstrip("'")
    return int(digits) if len(digits) == 4 else 2000 + int(digits)


def place(
    last: WrittenDay, first: WrittenDay | None, today: date, *, month_first: bool
) -> tuple[date | None, date] | None:
    """Return the days that the beginning of an absence, where it is written, and its end mean.

    `month_first` says that the text is English. None where it is not sure which days they are.
    """
    found = list(dict.fromkeys(_list_readings(last, first, today)))
    points = last.has_point or (first is not None and first.has_point)
    if found and (len(found) == 1 or (month_first and not points)):
        return found[0]
    return None


def place_beginning(first: WrittenDay, end: date, *, month_first: bool) -> date | None:
    """Return the day that a beginning means of an absence that ends at `end`, None if unsure."""
    found = list(dict.fromkeys(d for o in first.orders if (d := _place_first(first, o, end))))
    is_sure = len(found) == 1 or (month_first and not first.has_point)
    return found[0] if found and is_sure else None


def _list_readings(
    last: WrittenDay, first: WrittenDay | None, today: date
) -> Iterator[tuple[date | None, date]]:
    """Yield every reading in which all numbers have one order, those with the month first first."""
    for number in range(2):
        if number and len(last.orders) < 2 and (first is None or len(first.orders) < 2):
            return
        begun = None if first is None else first.orders[min(number, len(first.orders) - 1)]
        known = None
        if first is not None and begun is not None and first.year is not None:
            known = _build(first.year, begun, first.weekday)
        ended = _place_last(last, last.orders[min(number, len(last.orders) - 1)], today, known)
        if ended is None:
            continue
        if first is None or begun is None:
            yield None, ended
            continue
        beginning = _place_first(first, begun, ended)
        if beginning is not None:
            yield beginning, ended


def _place_last(
    written: WrittenDay, order: tuple[int, int], today: date, known: date | None
) -> date | None:
    if written.is_lone:
        return _find_next(order[1], written.weekday, today)
    if written.year is not None:
        return _build(written.year, order, written.weekday)
    earliest = today - _LONG_PAST if known is None else known
    for year in (earliest.year, earliest.year + 1):
        found = _build(year, order, None)
        if found is not None and found >= earliest:
            return found if written.weekday in {None, found.weekday()} else None
    return None


def _place_first(written: WrittenDay, order: tuple[int, int], end: date) -> date | None:
    """Return the last such day not after the end."""
    if written.is_lone:
        return None
    if written.year is not None:
        return _build(written.year, order, written.weekday)
    for year in (end.year, end.year - 1):
        found = _build(year, order, None)
        if found is not None and found <= end:
            return found if written.weekday in {None, found.weekday()} else None
    return None


def _find_next(number: int, weekday: int | None, today: date) -> date | None:
    """Return the next day of that number in the month, if it is that day of the week."""
    after = (today + timedelta(days=n) for n in range(1, 32))
    found = next((day for day in after if day.day == number), None)
    return found if found is not None and found.weekday() == weekday else None


def _build(year: int, order: tuple[int, int], weekday: int | None) -> date | None:
    try:
        found = date(year, *order)
    except ValueError:
        return None
    return found if weekday in {None, found.weekday()} else None
