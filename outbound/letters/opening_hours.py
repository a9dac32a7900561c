"""When a channel answers, said for the moment at which a letter is written, in two languages.

Pure: the moment and what is a federal holiday are passed in. Outcomes: "open until", "opens" with
the day and the time, around the clock, or nothing where no hours are published.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from parsers.classification.directory import Hours

#: Whether a day is a federal holiday.
IsHoliday = Callable[[date], bool]

#: No channel is closed for longer than this.
_DAYS_AHEAD = 21

_DAYS: Mapping[str, tuple[str, ...]] = {
    "en": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
    "es": ("lunes", "martes", "miércoles", "jueves", "viernes", "sábado", "domingo"),
}
_ZONES: Mapping[str, Mapping[str, str]] = {
    "en": {"America/New_York": "Eastern"},
    "es": {"America/New_York": "hora del Este"},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class OpeningState:
    """Whether a channel answers at a moment, and until when or from when."""

    is_open: bool
    changes_at: datetime  #: when it closes, or opens; in the channel's own time zone
    days_ahead: int  #: in how many days that is


def find_opening_state(hours: Hours, now: datetime, is_holiday: IsHoliday) -> OpeningState | None:
    """Return whether a channel with fixed hours is open; `now` is aware.

    None around the clock. It opens on the stroke of the hour, and on that of closing it is closed.
    """
    if hours.always:
        return None
    zone = ZoneInfo(hours.timezone)
    local = now.astimezone(zone)
    for ahead in range(_DAYS_AHEAD):
        day = local.date() + timedelta(days=ahead)
        if not _is_working_day(hours, day, is_holiday):
            continue
        opens = datetime.combine(day, hours.opens, tzinfo=zone)
        closes = datetime.combine(day, hours.closes, tzinfo=zone)
        if local < opens:
            return OpeningState(is_open=False, changes_at=opens, days_ahead=ahead)
        if local < closes:
            return OpeningState(is_open=True, changes_at=closes, days_ahead=ahead)
    return None


def describe_now(hours: Hours, now: datetime, is_holiday: IsHoliday, language: str) -> str:
    """Return a sentence such as "Open now, until 8 p.m. Eastern." in `language`."""
    state = find_opening_state(hours, now, is_holiday)
    if state is None:
        always = {"en": "Open around the clock.", "es": "Atiende las 24 horas."}
        return always[language] if hours.always else ""
    at = f"{_clock(state.changes_at.time(), language)}{_zone(hours, language)}"
    if state.is_open:
        return f"Abierto ahora, hasta las {at}." if language == "es" else f"Open now, until {at}."
    day = _DAYS[language][state.changes_at.weekday()]
    if language == "es":
        when = "hoy" if state.days_ahead == 0 else f"el {day}"
        return f"Cerrado ahora; abre {when} a las {at}."
    return f"Closed now; opens {'today' if state.days_ahead == 0 else day} {at}."


def describe_hours(hours: Hours, language: str) -> str:
    """Return the hours of a usual week in `language`, or nothing around the clock."""
    if hours.always:
        return ""
    days = sorted(hours.days)
    names = [_DAYS[language][day] for day in days]
    in_a_row = len(days) > 2 and days == list(range(days[0], days[-1] + 1))
    opens, closes = _clock(hours.opens, language), _clock(hours.closes, language)
    zone, but = _zone(hours, language), hours.closed_on_federal_holidays
    if language == "es":
        when = f"de {names[0]} a {names[-1]}" if in_a_row else ", ".join(names)
        except_for = ", excepto los días feriados federales" if but else ""
        return f"{when}, de {opens} a {closes}{zone}{except_for}"
    when = f"{names[0]} to {names[-1]}" if in_a_row else ", ".join(names)
    return f"{when}, {opens} to {closes}{zone}{', except federal holidays' if but else ''}"


def describe_moment(now: datetime, timezone: str, language: str) -> str:
    """Return the moment for which the other sentences hold, such as "Monday, 3:05 p.m. Eastern"."""
    local = now.astimezone(ZoneInfo(timezone))
    zone = _name_zone(timezone, local, language)
    at = _clock(local.time(), language)
    day = _DAYS[language][local.weekday()]
    return f"{day}, {at}, {zone}" if language == "es" else f"{day}, {at} {zone}"


def _is_working_day(hours: Hours, day: date, is_holiday: IsHoliday) -> bool:
    return day.weekday() in hours.days and not (
        hours.closed_on_federal_holidays and is_holiday(day)
    )


def _clock(at: time, language: str) -> str:
    minutes = f":{at.minute:02}" if at.minute else ""
    halves = ("a. m.", "p. m.") if language == "es" else ("a.m.", "p.m.")
    return f"{at.hour % 12 or 12}{minutes} {halves[at.hour >= 12]}"


def _zone(hours: Hours, language: str) -> str:
    name = _name_zone(hours.timezone, None, language)
    return f", {name}" if language == "es" else f" {name}"


def _name_zone(timezone: str, local: datetime | None, language: str) -> str:
    plain = timezone if local is None else f"{local:%Z}"
    return _ZONES[language].get(timezone, plain)
