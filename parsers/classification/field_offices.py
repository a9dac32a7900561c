"""Field offices: which one a court's state and county point to, read from one data file.

Outcomes: `FieldOffices`, or `ParseError` (`bad_offices`) when the file is none: a state or county
that two offices claim is as wrong as a word that is no table. A place that no office claims, and a
county that is not given where it would decide, point to no office.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, TypeVar

from parsers.errors import ParseError
from parsers.values.cleaning import fold_text

_Key = TypeVar("_Key", str, tuple[str, str])

_KEYS = {"name", "states", "counties", "others", "source", "date"}
_STATE = re.compile("[A-Z]{2}")
#: What may stand behind a county's own name.
_KIND_OF_COUNTY = re.compile(r"\s+(county|parish|borough|co\.?)$")


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldOffices:
    """Every office, and what each is responsible for."""

    names: tuple[str, ...]
    states: Mapping[str, str] = field(default_factory=dict)  #: whole states, by USPS code
    counties: Mapping[tuple[str, str], str] = field(default_factory=dict)  #: state and county
    others: Mapping[str, str] = field(default_factory=dict)  #: all other counties of a state

    def find(self, state: str, county: str) -> str:
        """Return the office for a court's state (USPS code) and county, empty for none."""
        if state in self.states:
            return self.states[state]
        named = _plain(county)
        if not named:
            return ""
        return self.counties.get((state, named)) or self.others.get(state, "")


def parse_field_offices(data: bytes) -> FieldOffices:
    """Read the data file (TOML). Raises `ParseError` with the reason."""
    try:
        rows = tomllib.loads(data.decode())["office"]
        offices = [_check(row) for row in rows]
    except (ValueError, KeyError, TypeError) as error:
        raise ParseError("bad_offices", f"the field offices cannot be read: {error}") from error
    return FieldOffices(
        names=tuple(row["name"] for row in offices),
        states=_index((s, row) for row in offices for s in row.get("states", ())),
        counties=_index(
            ((state, _plain(county)), row)
            for row in offices
            for state, listed in row.get("counties", {}).items()
            for county in listed
        ),
        others=_index((s, row) for row in offices for s in row.get("others", ())),
    )


def _check(row: Mapping[str, Any]) -> Mapping[str, Any]:
    unknown = set(row) - _KEYS
    states = [*row.get("states", ()), *row.get("others", ()), *row.get("counties", {})]
    if unknown or not row["name"] or not row["source"] or not isinstance(row["date"], date):
        raise ValueError(f"a row has unknown keys or lacks what it needs: {sorted(unknown)}")
    if not all(_STATE.fullmatch(state) for state in states):
        raise ValueError(f"{row['name']}: a state is no USPS code")
    return row


def _index(pairs: Iterable[tuple[_Key, Mapping[str, Any]]]) -> dict[_Key, str]:
    found: dict[_Key, str] = {}
    for key, row in pairs:
        if key in found:
            raise ParseError("bad_offices", f"{key} belongs to {found[key]} and to {row['name']}")
        found[key] = row["name"]
    return found


def _plain(county: str) -> str:
    """Return a county's own name without case, accents and what kind of county it is."""
    return _KIND_OF_COUNTY.sub("", fold_text(county).strip())
