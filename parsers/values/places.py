"""States and countries as people write them, read into USPS and ISO 3166 codes.

`normalise_state`    a USPS code or `TRIBAL`; flagged `unusual_spelling` where it is only like a
                     name; or `unknown_state`
`normalise_country`  an ISO 3166 code, `XK`, a former state's code, or `Unknown`; flagged
                     `ambiguous_country` where the word means two places, `country_of_place` where a
                     town or a state stood beside or in place of the country, `unusual_spelling`; or
                     `unknown_country`
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from difflib import get_close_matches
from functools import cache

from parsers.values.cleaning import fold_text, is_nothing, one_line
from parsers.values.normalised import BLANK, Normalised, flagged, good, wrong
from parsers.values.place_names import (
    AMBIGUOUS_COUNTRIES,
    COUNTRIES,
    DOUBTFUL_COUNTRY_CODES,
    PLACES,
    REGIONS,
    STATES,
)

_STATE_LEAD = re.compile(r"^(?:the )?(?:state|commonwealth|estado|territory) (?:of|de) ")
_ZIP_BEHIND = re.compile(r"\s+\d{5}(?:-\d{4})?$")
_TRIBAL = frozenset({"tribal", "tribe", "tribes", "nation", "rancheria", "reservation", "pueblo"})
_COUNTRY_LEAD = re.compile(
    r"^(?:(?:the|republic of|republica de|rep of|kingdom of|citizen of|native of|born in"
    r"|nacid[oa] en|ciudadan[oa] de) )+"
)
_COUNTRY_END = re.compile(r" (?:citizen|national|nationality|born|nacional)$")
_PARTS = re.compile(r"[,;/(\n]|\s-\s")
#: Names of other lengths are not looked for by likeness: too little to go by, or no name at all.
_SHORTEST_ALIKE, _LONGEST_ALIKE = 5, 60
_SPELLING = (
    "The spelling is not one we know; it is read as the name it is most like, and a person will "
    "check it."
)


def normalise_state(text: str) -> Normalised:
    """Read a state, territory or `TRIBAL`, in any usual spelling, as its USPS code."""
    plain = _ZIP_BEHIND.sub("", one_line(text))
    if is_nothing(plain):
        return BLANK
    code = _find_state(plain)
    if code is not None:
        return good(code)
    code = _find_alike(fold_text(plain), _state_names())
    if code is not None:
        return flagged(code, "unusual_spelling", _SPELLING)
    return wrong(
        "unknown_state",
        "This is not a state or territory of the United States; write its two letters, or TRIBAL "
        "for a tribal court.",
    )


def _find_state(plain: str) -> str | None:
    folded = fold_text(plain)
    known = _state_names()
    code = known.get(_run_together(folded)) or known.get(_run_together(_STATE_LEAD.sub("", folded)))
    if code is not None:
        return code
    if _TRIBAL & set(folded.split()):
        return "TRIBAL"
    # "GA - Georgia", "New York (NY)", "Texas, USA": the parts name one state, or the country.
    parts = [_run_together(fold_text(part)) for part in _PARTS.split(plain) if fold_text(part)]
    codes = {known.get(part) for part in parts if part not in ("usa", "us", "unitedstates")}
    return codes.pop() if len(parts) > 1 and len(codes) == 1 else None


def _run_together(folded: str) -> str:
    """Return folded words without their blanks: `W.Va.` and `W. Va.` are one abbreviation."""
    return folded.replace(" ", "")


def _find_alike(folded: str, known: Mapping[str, str]) -> str | None:
    """Return the one code whose name is nearly what was written, or None."""
    written = _run_together(folded)
    if not _SHORTEST_ALIKE <= len(written) <= _LONGEST_ALIKE:
        return None
    names = [name for name in known if len(name) >= _SHORTEST_ALIKE]
    codes = {known[name] for name in get_close_matches(written, names, n=3, cutoff=0.86)}
    return codes.pop() if len(codes) == 1 else None


@cache
def _state_names() -> dict[str, str]:
    table = {code.casefold(): code for code in STATES}
    table.update(_by_name(STATES))
    return table


def _by_name(table: Mapping[str, str]) -> dict[str, str]:
    return {_run_together(fold_text(n)): c for c, names in table.items() for n in names.split("|")}


def normalise_country(text: str) -> Normalised:
    """Read a country, in English or Spanish, as its ISO 3166 code; former states are known too."""
    plain = one_line(text)
    folded = fold_text(plain)
    code = _find_country(folded)
    if is_nothing(plain) and code != "Unknown":
        # "N/A" is not Namibia.
        return BLANK
    if code is not None:
        return _judge_country(folded, code)
    return _find_country_of_place(plain)


def _judge_country(folded: str, code: str) -> Normalised:
    others = AMBIGUOUS_COUNTRIES.get(folded, ())
    if others or (len(folded) == 2 and code in DOUBTFUL_COUNTRY_CODES):
        return flagged(
            code,
            "ambiguous_country",
            "This means more than one place; write the country's name in full.",
            alternatives=others,
        )
    return good(code)


def _find_country_of_place(plain: str) -> Normalised:
    """Read "Tegucigalpa, Honduras", "Michoacán" and "Texas", as a place of birth invites them."""
    last = fold_text(_PARTS.split(plain.rstrip(" .)"))[-1])
    country = _find_country(last) if last != fold_text(plain) else None
    country = country or _places().get(_run_together(fold_text(plain)))
    is_state = _state_names().get(_run_together(last), "TRIBAL") != "TRIBAL"
    # Behind a town, two letters that are a state's are the state: "Los Angeles, CA" is not Canada.
    code = "US" if is_state and (country is None or len(last) == 2) else country
    if code is not None:
        return flagged(
            code,
            "country_of_place",
            "The country was taken from a place name; a person will check it.",
            alternatives=(country,) if country not in (None, code) else (),
        )
    code = _find_alike(fold_text(plain), {**_all_country_names(), **_country_names()})
    if code is not None:
        return flagged(code, "unusual_spelling", _SPELLING)
    return wrong(
        "unknown_country",
        "This is not a country we know; write its full English name, or Unknown.",
    )


def _find_country(folded: str) -> str | None:
    """Return the code of a country's name, which a word for its part of the world may follow."""
    found = _find_name(folded)
    if found is not None:
        return found
    for region, members in REGIONS:
        country, _, behind = folded.rpartition(f" {region}")
        code = _find_name(country) if country and not behind else None
        if code in members:
            return code
    bare = _COUNTRY_END.sub("", _COUNTRY_LEAD.sub("", folded))
    return _find_name(bare) if bare != folded else None


def _find_name(folded: str) -> str | None:
    name = _run_together(folded)
    return (_country_names().get(name) or _all_country_names().get(name)) if name else None


@cache
def _country_names() -> dict[str, str]:
    """Return the names that nearly every form holds, at no cost worth measuring."""
    table = {code.casefold(): code for code in COUNTRIES}
    table.update(_by_name(COUNTRIES))
    return table


@cache
def _places() -> dict[str, str]:
    return _by_name(PLACES)


@cache
def _all_country_names() -> dict[str, str]:
    """Return every name that ISO 3166 and the English and Spanish locales give."""
    # These libraries read their data on first use, which a form of the usual countries never pays.
    from babel import Locale  # noqa: PLC0415
    from pycountry import countries  # noqa: PLC0415

    table: dict[str, str] = {}
    for language in ("es", "en"):
        for code, name in Locale(language).territories.items():
            if countries.get(alpha_2=code):
                table[_run_together(fold_text(name))] = code
    for country in countries:
        names = [country.alpha_2, country.alpha_3, country.name]
        names += [getattr(country, kind, "") for kind in ("official_name", "common_name")]
        table.update({_run_together(fold_text(n)): country.alpha_2 for n in names if n})
    return table
