"""States and countries as people write them, read into USPS and ISO 3166 codes.

`normalise_state`    a USPS code or `TRIBAL`; or `unknown_state`
`normalise_country`  an ISO 3166 code, `XK`, a former state's code, or `Unknown`; flagged
                     `ambiguous_country` where two letters mean two places and `country_of_place`
                     where a town or a state stood beside or in place of the country; or
                     `unknown_country`
"""

from __future__ import annotations

import re
from functools import cache

from parsers.cleaning import fold_text, is_nothing, one_line
from parsers.normalised import BLANK, Normalised, flagged, good, wrong
from parsers.place_names import COUNTRIES, DOUBTFUL_COUNTRY_CODES, STATES

_STATE_LEAD = re.compile(r"^(?:the )?(?:state|commonwealth|estado|territory) (?:of|de) ")


def normalise_state(text: str) -> Normalised:
    """Read a state, territory or `TRIBAL`, in any usual spelling, as its USPS code."""
    plain = one_line(text)
    if is_nothing(plain):
        return BLANK
    folded = fold_text(plain)
    known = _state_names()
    code = known.get(folded) or known.get(_STATE_LEAD.sub("", folded))
    if code is None and ("tribal" in folded.split() or "tribe" in folded.split()):
        code = "TRIBAL"
    if code is None:
        return wrong(
            "unknown_state",
            "This is not a state or territory of the United States; write its two letters, or "
            "TRIBAL for a tribal court.",
        )
    return good(code)


@cache
def _state_names() -> dict[str, str]:
    table = {code.casefold(): code for code in STATES}
    table.update({fold_text(n): code for code, names in STATES.items() for n in names.split("|")})
    return table


def normalise_country(text: str) -> Normalised:
    """Read a country, in English or Spanish, as its ISO 3166 code; former states are known too."""
    plain = one_line(text)
    folded = fold_text(plain)
    code = _find_country(folded)
    if code is not None:
        if len(folded) == 2 and code in DOUBTFUL_COUNTRY_CODES:
            return flagged(
                code,
                "ambiguous_country",
                "These two letters mean more than one place; write the country's name in full.",
            )
        return good(code)
    if is_nothing(plain):
        return BLANK
    return _find_country_of_place(plain)


def _find_country_of_place(plain: str) -> Normalised:
    """Read "Tegucigalpa, Honduras" and "Texas", as a box for the place of birth invites them."""
    last = fold_text(re.split(r"[,;/(\n]", plain.rstrip(" .)"))[-1])
    country = _find_country(last) if last != fold_text(plain) else None
    is_state = _state_names().get(last, "TRIBAL") != "TRIBAL"
    # Behind a town, two letters that are a state's are the state: "Los Angeles, CA" is not Canada.
    code = "US" if is_state and (country is None or len(last) == 2) else country
    if code is None:
        return wrong(
            "unknown_country",
            "This is not a country we know; write its full English name, or Unknown.",
        )
    return flagged(
        code,
        "country_of_place",
        "The country was taken from a place name; a person will check it.",
        alternatives=(country,) if country not in (None, code) else (),
    )


def _find_country(folded: str) -> str | None:
    if not folded:
        return None
    return _country_names().get(folded) or _all_country_names().get(folded)


@cache
def _country_names() -> dict[str, str]:
    """Return the names that nearly every form holds, at no cost worth measuring."""
    table = {code.casefold(): code for code in COUNTRIES}
    table.update({fold_text(n): c for c, names in COUNTRIES.items() for n in names.split("|")})
    return table


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
                table[fold_text(name)] = code
    for country in countries:
        names = [country.alpha_2, country.alpha_3, country.name]
        names += [getattr(country, kind, "") for kind in ("official_name", "common_name")]
        table.update({fold_text(n): country.alpha_2 for n in names if n})
    return table
