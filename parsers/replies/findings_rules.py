"""What findings need of each other, whatever the calendar and the request say.

Outcomes: no problem, or one sentence for each thing that is missing or does not go together. A
field that was given and could not be read counts as given, so that one mistake is reported once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from parsers.replies.command import LineProblem
from parsers.replies.findings import CustodyEnd, CustodyPeriod, Outcome

ALWAYS_NEEDED = ("Outcome", "Matched on", "Basis", "Records as of")

#: What each outcome needs beside those.
NEEDED: Mapping[Outcome, tuple[str, ...]] = {
    Outcome.DETAINED: ("Custody", "Facility"),
    Outcome.REMOVED: ("Removed", "Country"),
    Outcome.RETURNED: ("Returned", "Country", "In custody"),
    Outcome.VOLUNTARY_DEPARTURE: ("Departed", "In custody"),
    Outcome.ENFORCEMENT_ACTION: ("Action", "Place", "Released same day"),
    Outcome.NO_OVERLAP: (),
}
#: Fields that say nothing without one of these outcomes.
BELONGS_TO: Mapping[str, frozenset[Outcome]] = {
    "Returned": frozenset({Outcome.RETURNED}),
    "Departed": frozenset({Outcome.VOLUNTARY_DEPARTURE}),
    "In custody": frozenset({Outcome.RETURNED, Outcome.VOLUNTARY_DEPARTURE}),
    "Action": frozenset({Outcome.ENFORCEMENT_ACTION}),
    "Place": frozenset({Outcome.ENFORCEMENT_ACTION}),
    "Released same day": frozenset({Outcome.ENFORCEMENT_ACTION}),
    "Country": frozenset({Outcome.REMOVED, Outcome.RETURNED}),
}
_NOT_FACTS = frozenset({*ALWAYS_NEEDED, "Remarks"})

_Found = Mapping[str, Any]
_Rule = Callable[[_Found, frozenset[str]], list[str]]


def find_inconsistencies(found: _Found, said: frozenset[str]) -> list[LineProblem]:
    """Return a problem for everything missing or contradictory.

    `found` holds the values that could be read, by canonical field name; `said` every field given.
    """
    return [
        LineProblem(line="", code=code, message=message)
        for code, rule in _RULES
        for message in rule(found, said)
    ]


def _outcomes(found: _Found) -> tuple[Outcome, ...]:
    outcomes: tuple[Outcome, ...] = found.get("Outcome", ())
    return outcomes


def _word(outcome: Outcome) -> str:
    return outcome.value.replace("_", " ").lower()


def _missing_always(_found: _Found, said: frozenset[str]) -> list[str]:
    return [f"{name} is always needed." for name in ALWAYS_NEEDED if name not in said]


def _missing_by_outcome(found: _Found, said: frozenset[str]) -> list[str]:
    needs = {name: outcome for outcome in _outcomes(found) for name in NEEDED[outcome]}
    problems = [
        f"Outcome “{_word(outcome)}” needs {name}."
        for name, outcome in needs.items()
        if name not in said
    ]
    if found.get("Released same day") is False and "Custody" not in said:
        problems.append("Not released the same day: Custody is needed too.")
    return problems


def _no_overlap_alone(found: _Found, said: frozenset[str]) -> list[str]:
    if Outcome.NO_OVERLAP not in _outcomes(found):
        return []
    if len(_outcomes(found)) > 1 or said - _NOT_FACTS:
        return ["Outcome “no overlap” stands alone, without any other outcome or fact."]
    return []


def _removal_is_an_outcome(found: _Found, _said: frozenset[str]) -> list[str]:
    removed, outcomes = found.get("Removed"), _outcomes(found)
    if removed is False and Outcome.REMOVED in outcomes:
        return ["Outcome says removed, and Removed says no."]
    if removed and outcomes and Outcome.REMOVED not in outcomes:
        return ["Removed gives a date, and Outcome does not say removed."]
    return []


def _no_later_entry_needs_removal(found: _Found, said: frozenset[str]) -> list[str]:
    if "No later entry" in said and found.get("Removed", False) is False and "Removed" in found:
        return ["No later entry is said of a removal, and Removed says no."]
    if "No later entry" in said and "Removed" not in said:
        return ["No later entry is said of a removal: Removed is missing."]
    return []


def _fields_without_outcome(found: _Found, said: frozenset[str]) -> list[str]:
    outcomes = set(_outcomes(found))
    if not outcomes or Outcome.NO_OVERLAP in outcomes:
        return []
    return [
        f"{name} belongs to the outcome {' or '.join(sorted(map(_word, allowed)))}."
        for name, allowed in BELONGS_TO.items()
        if name in said and not outcomes & allowed
    ]


def _custody_details_need_custody(_found: _Found, said: frozenset[str]) -> list[str]:
    if "Custody" in said:
        return []
    return [f"{n} is said of custody: Custody is missing." for n in _CUSTODY_DETAILS if n in said]


_CUSTODY_DETAILS = ("Custody ended", "Facility")


def _custody_end_fits(found: _Found, said: frozenset[str]) -> list[str]:
    ended = found.get("Custody ended", (None, None))[0]
    if ended is CustodyEnd.REMOVED and found.get("Removed") is False:
        return ["Custody ended by removal, and Removed says no."]
    if ended is CustodyEnd.REMOVED and "Outcome" in found and "Removed" not in said:
        return ["Custody ended by removal: Removed is missing."]
    if ended is not None and any(p.last is None for p in found.get("Custody", ())):
        return ["Custody runs to present, and Custody ended says that it ended."]
    return []


def _present_is_last(found: _Found, _said: frozenset[str]) -> list[str]:
    periods: tuple[CustodyPeriod, ...] = found.get("Custody", ())
    ordered = sorted(periods, key=lambda p: p.first)
    if any(p.last is None for p in ordered[:-1]):
        return ["Custody runs to present, and another period begins after it."]
    return []


#: Applied in order; each has a stable code.
_RULES: tuple[tuple[str, _Rule], ...] = (
    ("missing_field", _missing_always),
    ("missing_field", _missing_by_outcome),
    ("no_overlap_alone", _no_overlap_alone),
    ("removed_contradicts", _removal_is_an_outcome),
    ("removed_contradicts", _no_later_entry_needs_removal),
    ("field_without_outcome", _fields_without_outcome),
    ("custody_missing", _custody_details_need_custody),
    ("custody_contradicts", _custody_end_fits),
    ("custody_contradicts", _present_is_last),
)
