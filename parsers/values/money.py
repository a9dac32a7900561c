"""Amounts of money in US dollars, as people write them.

`normalise_money`  a decimal text with two decimals; or `unreadable_amount`, `ambiguous_amount`,
                   `more_than_one_amount`, `foreign_currency`
"""

from __future__ import annotations

import re
import unicodedata
from decimal import Decimal

from parsers.values.cleaning import fold_text, is_nothing, one_line
from parsers.values.normalised import BLANK, Normalised, good, wrong

_PROBLEMS = {
    "unreadable_amount": "This does not read as an amount; write dollars in digits, for example "
    "5,000.00.",
    "ambiguous_amount": "It is not clear which part is cents; write dollars and cents, for example "
    "5,000.00.",
    "more_than_one_amount": "Only one amount belongs here; give the total, in digits.",
    "foreign_currency": "This is not in US dollars; give the amount in US dollars, in digits.",
}
_AMOUNT = re.compile(r"\d[\d.,'\s]*\d|\d")
#: "25, 000 . 00", as loose typing and scans have it; a point only before cents that end the text.
_LOOSE_MARK = re.compile(r"(?<=\d)\s?(,)\s?(?=\d{3}(?!\d))|(?<=\d)\s?(\.)\s?(?=\d\d$)")
#: Cents as cheques have them: "25,000 and 50/100", "25,000 no/100".
_HUNDREDTHS = re.compile(r"(?<=\d)(?:\s|&|\band\b)*\b(\d\d|xx|no)/100\b", re.IGNORECASE)
_US = re.compile(r"(?:\d{1,3}(?:[,' ]\d{3})+|\d+)(?:\.(\d{1,2}))?\.?")
_EUROPEAN = re.compile(r"(?:\d{1,3}(?:[. ]\d{3})+|\d+),(\d{2})|\d{1,3}(?:\.\d{3}){2,}")
_FACTOR = re.compile(r"\s?(?:(k|thousand|mil)|(mm?|million|millones|millón))\b", re.IGNORECASE)
_UNIT = re.compile(r"(?:usd|us|dollars?|d[oó]lares|dls|dlls)\b", re.IGNORECASE)
_HEDGE = re.compile("[~≈±<>?]")
_MINUS = ("-", "\u2212", "\u2013")
_FOREIGN = re.compile(
    r"\b(?:pesos?|mxn|mn|quetzal(?:es)?|gtq|lempiras?|hnl|c[oó]rdobas?|colones|euros?|eur|cad|"
    r"pounds?|gbp|gourdes?)\b",
    re.IGNORECASE,
)

#: Words that may stand before an amount, folded.
_BEFORE = frozenset(
    {"usd", "us", "u s", "us dollars", "dollars", "amount", "total", "set at", "in the amount of"}
    | {f"{word}{end}" for word in ("bond", "bail") for end in ("", " amount", " set at")}
    | {f"{start} {word}" for word in ("bond", "bail") for start in ("total", "amount of")}
)
_NUMBER_WORDS = frozenset(
    {"zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"}
    | {"eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen"}
    | {"nineteen", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"}
    | {"hundred", "thousand", "million", "and", "no", "dollars"}
)


def normalise_money(text: str) -> Normalised:
    """Read an amount in US dollars, and also `5.000,00` as Spanish writes it."""
    cleaned = one_line(text)
    if is_nothing(cleaned):
        return BLANK
    if _FOREIGN.search(cleaned) or _has_foreign_sign(cleaned):
        return _wrong("foreign_currency")
    plain = _HUNDREDTHS.sub(_write_cents, _LOOSE_MARK.sub(_close_up, cleaned))
    found = _AMOUNT.findall(plain)
    if len(found) != 1:
        return _wrong("more_than_one_amount" if found else "unreadable_amount")
    before, after = plain.split(found[0], 1)
    if len(found[0]) > 20 or _HEDGE.search(plain) or not _may_stand_before(before, after):
        return _wrong("unreadable_amount")
    is_negative = before.rstrip(" $").endswith(_MINUS) or _is_in_brackets(before, after)
    return _build(found[0], after, "-" if is_negative else "")


def _wrong(code: str) -> Normalised:
    return wrong(code, _PROBLEMS[code])


def _has_foreign_sign(text: str) -> bool:
    return any(unicodedata.category(c) == "Sc" and c != "$" for c in text)


def _close_up(match: re.Match[str]) -> str:
    return match[0].strip()


def _write_cents(match: re.Match[str]) -> str:
    return "." + (match[1] if match[1].isdigit() else "00")


def _may_stand_before(before: str, after: str) -> bool:
    """Return whether these words say no more than that an amount follows."""
    folded = fold_text(before)
    if not folded or folded in _BEFORE:
        return True
    # "Five thousand dollars ($5,000.00)": the digits repeat the words.
    is_repeated = before.rstrip(" $").endswith("(") and after.lstrip().startswith(")")
    return is_repeated and set(folded.split()) <= _NUMBER_WORDS


def _is_in_brackets(before: str, after: str) -> bool:
    """Return whether an amount stands in brackets by itself, which means less than nothing."""
    return not fold_text(before) and before.endswith("(") and after.startswith(")")


def _build(amount: str, after: str, sign: str) -> Normalised:
    factor = _FACTOR.match(after)
    if factor is None and after[:1].isalpha() and not _UNIT.match(after):
        # "5OOO" and "25l" are no amounts with a word behind them.
        return _wrong("unreadable_amount")
    if _US.fullmatch(amount):
        number = re.sub(r"[,' ]", "", amount).rstrip(".")
    elif _EUROPEAN.fullmatch(amount):
        number = re.sub(r"[. ]", "", amount).replace(",", ".")
    else:
        return _wrong("ambiguous_amount")
    times = 1 if factor is None else 1_000 if factor[1] else 1_000_000
    return good(f"{sign}{Decimal(number) * times:.2f}")
