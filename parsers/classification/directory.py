"""The contact directory: channels that people are sent to, read from one data file.

Outcomes: a `ContactDirectory`, or `ParseError` (`bad_directory`) when the file is not one. Every
row says where it comes from and when it was last held against that, and either a telephone, an
e-mail address or where its link stands: nothing is made up for a source that gives none.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, time
from typing import Any

from parsers.errors import ParseError

#: The languages that every text must be there in.
LANGUAGES = ("en", "es")
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


@dataclass(frozen=True, slots=True, kw_only=True)
class Hours:
    """When a channel answers."""

    always: bool = False  #: around the clock; the rest is then of no account
    days: frozenset[int] = frozenset()  #: 0 Monday to 6 Sunday
    opens: time = time(0)
    closes: time = time(0)
    timezone: str = "UTC"  #: in which `opens` and `closes` are
    closed_on_federal_holidays: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """A row of the directory; texts are by language."""

    name: str
    title: Mapping[str, str]
    text: Mapping[str, str]
    where: Mapping[str, str]  #: where its link stands; empty texts where a telephone says enough
    phone: str  #: as it is dialled; empty where the source gives none
    phone_words: str  #: as it is advertised, when that is easier to keep in mind
    email: str
    url: str
    hours: Hours | None  #: None: not published
    source: tuple[str, ...]
    date: date


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactDirectory:
    """Every channel by its name."""

    channels: Mapping[str, Channel]

    def find(self, name: str) -> Channel | None:
        """Return the channel with that name, or None."""
        return self.channels.get(name)


def parse_directory(data: bytes) -> ContactDirectory:
    """Return the directory in a TOML file; raise `ParseError` (`bad_directory`) otherwise."""
    try:
        tree = tomllib.loads(data.decode("utf-8"))
        rows = [_parse_channel(row) for row in tree["channel"]]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ParseError("bad_directory", f"The directory cannot be read: {error}") from error
    channels = {row.name: row for row in rows}
    if len(channels) < len(rows):
        raise ParseError("bad_directory", "A channel stands there twice.")
    return ContactDirectory(channels=channels)


def _parse_channel(row: Mapping[str, Any]) -> Channel:
    channel = Channel(
        name=str(row["name"]),
        title=_parse_texts(row["title"]),
        text=_parse_texts(row["text"]),
        where=_parse_texts(row["where"]) if "where" in row else dict.fromkeys(LANGUAGES, ""),
        phone=str(row.get("phone", "")),
        phone_words=str(row.get("phone_words", "")),
        email=str(row.get("email", "")),
        url=str(row.get("url", "")),
        hours=_parse_hours(row["hours"]) if "hours" in row else None,
        source=tuple(map(str, row["source"])),
        date=row["date"],
    )
    if not channel.source or not isinstance(channel.date, date):
        raise ValueError(f"{channel.name} has no source or no date")
    if not (channel.phone or channel.email or channel.url or channel.where["en"]):
        raise ValueError(f"{channel.name} does not say where to turn")
    return channel


def _parse_texts(texts: Mapping[str, Any]) -> Mapping[str, str]:
    return {language: str(texts[language]) for language in LANGUAGES}


def _parse_hours(hours: Mapping[str, Any]) -> Hours:
    if hours.get("always"):
        return Hours(always=True)
    found = Hours(
        days=frozenset(_DAYS.index(day) for day in hours["days"]),
        opens=time.fromisoformat(hours["opens"]),
        closes=time.fromisoformat(hours["closes"]),
        timezone=str(hours["timezone"]),
        closed_on_federal_holidays=bool(hours["closed_on_federal_holidays"]),
    )
    if not found.days or found.opens >= found.closes:
        raise ValueError("hours that are never")
    return found
