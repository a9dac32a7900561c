"""The closed vocabulary as a value: every text a certification can print, from one data file.

`load_wording` returns a `Wording`, or raises `WordingError` with every fault of the file at once.
Texts are filled by name only; what is filled in is never read again as a pattern.
"""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, tzinfo
from functools import cache
from string import Formatter
from typing import Any

from babel import Locale
from babel.dates import format_date, format_datetime

from config.data import read_data
from outbound.certification.case import Span
from outbound.certification.wording_shape import ASKED_FACTS, TEXTS
from parsers.replies.findings import Outcome

_FILE = "wording/certification.en.toml"
_SPANISH = "wording/certification.es.toml"


#: Outcomes that can be told without facility, city or country.
_MAY_BE_ANSWERS_ONLY = frozenset({"DETAINED", "REMOVED", "RETURNED", "VOLUNTARY_DEPARTURE"})


class WordingError(Exception):
    """The wording file cannot be used; `faults` names every text that is missing or wrong."""

    def __init__(self, faults: tuple[str, ...]) -> None:
        super().__init__(
            "The wording of the certification cannot be used: " + "; ".join(faults) + "."
        )
        self.faults = faults


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """Every text of the form, by section and name."""

    texts: Mapping[str, Mapping[str, str]]
    asked: Mapping[str, tuple[frozenset[str], ...]]  #: by fact: the sets that ask for it
    answers_only: frozenset[Outcome]  #: printed for classes that are given answers only

    def text(self, section: str, name: str, **values: str) -> str:
        """Return a text with its words in braces filled in."""
        return self.texts[section][name].format_map(values)

    def is_asked(self, fact: str, information_requested: Collection[str]) -> bool:
        """Return whether what the request asked for covers the fact."""
        return any(wanted <= set(information_requested) for wanted in self.asked[fact])

    def day(self, day: date) -> str:
        """Return a day such as `March 10, 2026`."""
        return format_date(day, format="long", locale=self.texts["dates"]["locale"])

    def span(self, span: Span) -> str:
        """Return a day, or a period such as `March 17, 2026 to March 20, 2026`."""
        if span.is_day:
            return self.day(span.first)
        first, last = self.day(span.first), self.day(span.last)
        return self.text("dates", "span", first=first, last=last)

    def spans(self, spans: Iterable[Span]) -> str:
        """Return several days or periods in a row, in the order given."""
        return self.join([self.span(span) for span in spans])

    def join(self, parts: Sequence[str]) -> str:
        """Return the parts as `one`, `one and two` or `one, two and three`."""
        *rest, last = parts
        if not rest:
            return last
        left = rest[0]
        for part in rest[1:]:
            left = self.text("dates", "many", left=left, right=part)
        return self.text("dates", "two", left=left, right=last)

    def moment(self, moment: datetime, zone: tzinfo) -> str:
        """Return a time such as `May 4, 2026, 2:30 PM EDT`, on the clocks of `zone`."""
        pattern, locale = self.texts["dates"]["moment"], self.texts["dates"]["locale"]
        return str(format_datetime(moment.astimezone(zone), pattern, locale=locale))

    def country(self, code: str) -> str:
        """Return the country's name, or its code when it has none."""
        return str(Locale.parse(self.texts["dates"]["locale"]).territories.get(code, code))


def load_wording(data: bytes) -> Wording:
    """Read a wording file (TOML); raise `WordingError` with all its faults at once."""
    raw = _read(data)
    faults = (*_text_faults(raw), *_policy_faults(raw))
    if faults:
        raise WordingError(faults)
    return Wording(
        texts={section: dict(raw[section]) for section in TEXTS},
        asked={
            fact: tuple(frozenset(wanted) for wanted in sets)
            for fact, sets in raw["printed_when_asked"].items()
        },
        answers_only=frozenset(Outcome(name) for name in raw["answers_only"]["outcomes"]),
    )


@cache
def default_wording() -> Wording:
    """Return the wording that ships with the program, read once."""
    return load_wording(read_data(_FILE))


def load_translation(data: bytes, original: Wording) -> Wording:
    """Read the texts of a translation; what is printed for whom stays the original's.

    Raises `WordingError` with all faults at once.
    """
    raw = _read(data)
    faults = tuple(_text_faults(raw))
    if faults:
        raise WordingError(faults)
    return replace(original, texts={section: dict(raw[section]) for section in TEXTS})


@cache
def spanish_wording() -> Wording:
    """Return the Spanish of the courtesy copy, read once."""
    return load_translation(read_data(_SPANISH), default_wording())


def _read(data: bytes) -> dict[str, Any]:
    try:
        return tomllib.loads(data.decode("utf-8"))
    except ValueError as error:
        raise WordingError((f"it is not TOML: {error}",)) from error


def _text_faults(raw: Mapping[str, Any]) -> Iterator[str]:
    for section, names in TEXTS.items():
        found = raw.get(section, {})
        for name, placeholders in names.items():
            text = found.get(name)
            if not isinstance(text, str) or not text.strip():
                yield f"{section}.{name} is missing"
            elif _placeholders(text) != frozenset(placeholders.split()):
                wanted = ", ".join(f"{{{p}}}" for p in placeholders.split()) or "none"
                yield f"{section}.{name} must have these words in braces: {wanted}"
        for name in sorted(set(found) - set(names)):
            yield f"{section}.{name} is not known"


def _placeholders(text: str) -> frozenset[str] | None:
    """Return the names in braces, or None when the braces do not hold plain names."""
    try:
        parts = list(Formatter().parse(text))
    except ValueError:
        return None
    if any(spec or conversion for _, _, spec, conversion in parts):
        return None
    return frozenset(name for _, name, _, _ in parts if name is not None)


def _policy_faults(raw: Mapping[str, Any]) -> Iterator[str]:
    asked = raw.get("printed_when_asked", {})
    words = {"custody_on_date", "custody_dates", "removal", "release"}
    for fact in ASKED_FACTS:
        sets = asked.get(fact)
        if not _is_list_of_lists(sets) or not all(s and set(s) <= words for s in sets):
            yield f"printed_when_asked.{fact} must list what asks for it"
    for fact in sorted(set(asked) - set(ASKED_FACTS)):
        yield f"printed_when_asked.{fact} is not known"
    outcomes = raw.get("answers_only", {}).get("outcomes")
    if not isinstance(outcomes, list) or not set(outcomes) <= _MAY_BE_ANSWERS_ONLY:
        yield "answers_only.outcomes must list outcomes that can be told without a place"


def _is_list_of_lists(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(item, list) for item in value)
