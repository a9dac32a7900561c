"""One finding's text as one value: days, periods, moments, closed words, countries and places.

Every function returns a value or raises `ParseError` with a sentence for the person who wrote it.
Days are written in two ways only, `2026-03-02` and `03/02/2026`; anything else is refused rather
than guessed.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from datetime import UTC, date, datetime, time, tzinfo
from typing import TypeVar

import pycountry

from parsers.errors import ParseError
from parsers.replies.findings import CustodyEnd, CustodyPeriod, DirectTransfer
from parsers.values.places import normalise_country, normalise_state
from parsers.values.typed_text import fold_words, has_hidden_character, plain_punctuation

T = TypeVar("T")

_DAY = r"[0-9]{4}-[0-9]{2}-[0-9]{2}|[0-9]{1,2}/[0-9]{1,2}/[0-9]{4}"
_ISO = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")
_US = re.compile(r"([0-9]{1,2})/([0-9]{1,2})/([0-9]{4})")
_PERIOD = re.compile(
    rf"(?:from )?({_DAY}) ?(?:to|through|until|-|\u2013|\u2014) ?({_DAY}|present)", re.IGNORECASE
)
_MOMENT = re.compile(
    rf"({_DAY})(?:,? (?:at )?|T)([0-9]{{1,2}}):([0-9]{{2}})(?: ?([ap])\.?m\.?)?", re.IGNORECASE
)
_EASTERN = re.compile(r",? (?:ET|Eastern(?: time)?)$", re.IGNORECASE)
_EASTERN_KEY = "America/New_York"
#: A long number in a printed text is somebody's: nine digits however grouped, or six in a row.
_NUMBER = re.compile(r"[0-9]{6}|[0-9]{3}[- ][0-9]{2,3}[- ][0-9]{3,4}")
_MAX_TEXT = 160

_HOW_DAY = "write days as 2026-03-02 or 03/02/2026"


def parse_day(text: str) -> date:
    """Return the day written as `2026-03-02` or `03/02/2026`."""
    plain = plain_punctuation(text).strip()
    iso, us = _ISO.fullmatch(plain), _US.fullmatch(plain)
    if iso:
        year, month, day = iso.groups()
    elif us:
        month, day, year = us.groups()
    else:
        raise ParseError("bad_date", f"This is not a date: {_HOW_DAY}.")
    try:
        found = date(int(year), int(month), int(day))
    except ValueError:
        raise ParseError("impossible_date", "There is no such day in the calendar.") from None
    if not 1900 <= found.year <= 2100:
        raise ParseError("impossible_date", "The year cannot be right.")
    return found


def parse_periods(text: str) -> tuple[CustodyPeriod, ...]:
    """Return the periods of one Custody line, `;` between them."""
    return tuple(_parse_period(part) for part in split_values(text))


def _parse_period(text: str) -> CustodyPeriod:
    found = _PERIOD.fullmatch(" ".join(plain_punctuation(text).split()))
    if found is None:
        raise ParseError(
            "bad_period",
            f"Write “2026-03-02 to 2026-04-17”, or “2026-03-02 to present”; {_HOW_DAY}.",
        )
    first = parse_day(found[1])
    last = None if found[2].casefold() == "present" else parse_day(found[2])
    if last is not None and last < first:
        raise ParseError("backwards_period", "This period ends before it begins.")
    return CustodyPeriod(first=first, last=last)


def parse_moment(text: str, timezone: tzinfo) -> datetime:
    """Return the aware moment written as a day and a time, 24 hours or with am or pm."""
    plain = " ".join(plain_punctuation(text).split())
    if getattr(timezone, "key", "") == _EASTERN_KEY:
        plain = _EASTERN.sub("", plain)
    found = _MOMENT.fullmatch(plain)
    if found is None:
        raise ParseError(
            "bad_moment", "Write a date and a time, “2026-05-04 14:30” or “05/04/2026 2:30 pm”."
        )
    moment = datetime.combine(parse_day(found[1]), _parse_time(found), tzinfo=timezone)
    # A time that the clocks skip in spring does not come back from a round trip.
    if moment.astimezone(UTC).astimezone(timezone).replace(tzinfo=None) != moment.replace(
        tzinfo=None
    ):
        raise ParseError("impossible_time", "The clocks went forward: there was no such time.")
    return moment


def _parse_time(found: re.Match[str]) -> time:
    hour, minute, half = int(found[2]), int(found[3]), (found[4] or "").casefold()
    if half and not 1 <= hour <= 12:
        raise ParseError("impossible_time", "With am or pm the hour runs from 1 to 12.")
    if half:
        hour = hour % 12 + (12 if half == "p" else 0)
    if hour > 23 or minute > 59:
        raise ParseError("impossible_time", "There is no such time of day.")
    return time(hour, minute)


def split_values(text: str) -> tuple[str, ...]:
    """Return the values between `;`, without outer spaces; an empty one is an error."""
    values = tuple(part.strip() for part in text.rstrip().removesuffix(";").split(";"))
    if not all(values):
        raise ParseError("empty_value", "There is nothing between two semicolons.")
    return values


def fold_value(text: str) -> str:
    """Return a closed word as it is compared: no case, spaces for hyphens and underscores."""
    return " ".join(fold_words(text).replace("-", " ").replace("_", " ").split())


def parse_word(text: str, allowed: Mapping[str, T], what: str) -> T:
    """Return the value of a closed word; the keys of `allowed` are as `fold_value` gives them."""
    found = allowed.get(fold_value(text))
    if found is None:
        known = ", ".join(allowed)
        raise ParseError("unknown_value", f"{what} is one of: {known}.")
    return found


def parse_words(text: str, allowed: Mapping[str, T], what: str) -> tuple[T, ...]:
    """Return the values of closed words between `;`, each once."""
    found = (parse_word(part, allowed, what) for part in split_values(text))
    return tuple(dict.fromkeys(found))


def parse_basis(text: str, bases: Collection[str]) -> str:
    """Return one of the configured bases, as configured."""
    return parse_word(text, {fold_value(b): b.casefold() for b in sorted(bases)}, "Basis")


def parse_yes_no(text: str) -> bool:
    """Return True for yes and False for no."""
    return parse_word(text, {"yes": True, "no": False}, "The answer")


def parse_yes(text: str) -> bool:
    """Return True for yes; the field has no other value."""
    if fold_words(text) != "yes":
        raise ParseError(
            "unknown_value", "Only “yes” can be said here; otherwise leave the line out."
        )
    return True


def parse_day_or_no(text: str) -> date | bool:
    """Return a day, or False for no."""
    if fold_words(text) == "no":
        return False
    try:
        return parse_day(text)
    except ParseError as error:
        raise ParseError(error.code, f"{error.message.rstrip('.')}; or write “no”.") from None


def parse_custody_end(text: str) -> tuple[CustodyEnd, str | None]:
    """Return how custody ended, and to whom where it was a transfer."""
    folded = fold_words(text)
    if folded in {"released", "removed"}:
        return CustodyEnd(folded), None
    words = text.split(maxsplit=2)
    if len(words) == 3 and [w.casefold() for w in words[:2]] == ["transferred", "to"]:
        return CustodyEnd.TRANSFERRED, parse_printed(words[2])
    raise ParseError(
        "unknown_value", "Write released, removed, or “transferred to” and the agency."
    )


def parse_direct_transfer(text: str) -> DirectTransfer | bool:
    """Return the agency and the day, or False for no."""
    if fold_words(text) == "no":
        return False
    agency, comma, day = text.rpartition(",")
    if not comma:
        raise ParseError("bad_transfer", "Write “no”, or the agency, a comma and the date.")
    return DirectTransfer(agency=parse_printed(agency), on=parse_day(day))


def parse_printed(text: str) -> str:
    """Return a short free text that may be printed: one line, words, and no number of anybody's."""
    flat = " ".join(text.split())
    if not 2 <= len(flat) <= _MAX_TEXT or not any(c.isalpha() for c in flat):
        raise ParseError("bad_text", f"Write a name of 2 to {_MAX_TEXT} characters.")
    if has_hidden_character(flat):
        raise ParseError("hidden_character", "There are characters in it that cannot be printed.")
    if flat.startswith("(") and flat.endswith(")"):
        raise ParseError("hint_left", "This reads like a hint in parentheses; write the value.")
    if _NUMBER.search(flat):
        raise ParseError("number_in_text", "Leave long numbers out: this would be printed.")
    if ";" in flat:
        raise ParseError("bad_text", "Write one name, without semicolons.")
    return flat


def parse_place(text: str) -> str:
    """Return a county and its state, as written."""
    county, comma, state = text.rpartition(",")
    known = normalise_state(state).value
    if not comma or known is None or known == "TRIBAL":
        raise ParseError(
            "bad_place", "Write the county, a comma and the state: Example County, GA."
        )
    return f"{parse_printed(county)}, {' '.join(state.split())}"


def parse_country(text: str) -> str:
    """Return the ISO 3166 alpha-2 code of one country of today, named in English or Spanish."""
    found = normalise_country(text)
    if found.code == "ambiguous_country":
        raise ParseError(
            "ambiguous_country", "This means more than one place; write the full name."
        )
    code = found.value
    if found.code or not isinstance(code, str) or not _is_country_of_today(code):
        raise ParseError("unknown_country", "This is no country we know; write its English name.")
    if code == "US":
        raise ParseError("unknown_country", "This country cannot be the United States.")
    return code


def _is_country_of_today(code: str) -> bool:
    return code == "XK" or pycountry.countries.get(alpha_2=code) is not None
