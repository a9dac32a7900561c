"""`Field: value` lines after APPROVE or REISSUE as findings, all or nothing.

Outcomes: `Findings`, when every field reads and the reply is whole and consistent in itself; or
the problems, one for each line that is wrong and one for everything that is missing. Whether the
findings fit the calendar and the request is judged elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import tzinfo
from functools import partial
from typing import Any

from parsers.errors import ParseError
from parsers.replies import finding_values as values
from parsers.replies.command import LineProblem
from parsers.replies.findings import CustodyPeriod, Findings, MatchedOn, Outcome
from parsers.replies.findings_rules import find_inconsistencies
from parsers.values.typed_text import fold_name, fold_words, has_hidden_character, shorten_line

#: Every field, in the order in which it is asked, with what belongs there.
FINDING_HINTS: Mapping[str, str] = {
    "Outcome": "detained; removed; returned; voluntary departure; enforcement action",
    "Matched on": "a-number; fbi number; state id; name; other name; birth date; country of birth",
    "Basis": "why it may be disclosed, for example routine use",
    "Custody": "2026-03-02 to 2026-04-17, or to present; a line for each period",
    "Custody ended": "released, removed, or transferred to and the agency",
    "Facility": "where held on the date missed, else the last",
    "Direct transfer": "no, or the other agency and the date",
    "Removed": "date, or no",
    "No later entry": "yes, or leave out",
    "Returned": "date",
    "Departed": "date",
    "In custody": "yes or no, of a return or departure",
    "Action": "date",
    "Place": "county, state of the action",
    "Released same day": "yes or no, after the action",
    "Country": "of removal or return",
    "Records as of": "date and time of your search, 2026-05-04 14:30",
    "Remarks": "internal, never printed",
}
#: Canonical names by the form in which they are looked up.
FINDING_NAMES: Mapping[str, str] = {fold_name(name): name for name in FINDING_HINTS}

OUTCOME_WORDS: Mapping[str, Outcome] = {values.fold_value(o.value): o for o in Outcome}
MATCH_WORDS: Mapping[str, MatchedOn] = {values.fold_value(m.value): m for m in MatchedOn}

#: Texts that would be printed or that say who took the person, and must not hold what a hint said.
_FREE_FIELDS = frozenset({"Custody ended", "Facility", "Direct transfer", "Place"})
_REPEATABLE = frozenset({"Custody"})
_MAX_REMARKS = 2000


def parse_findings(
    fields: Mapping[str, tuple[str, ...]], *, bases: Collection[str], timezone: tzinfo
) -> Findings | tuple[LineProblem, ...]:
    """Return the findings in `fields`, by canonical name, or everything that is wrong with them.

    A value left empty, or left as the hint in parentheses that the skeleton gave, was not said.
    Moments without a zone are in `timezone`; `bases` are the configured legal bases.
    """
    said = drop_unfilled(fields)
    readers = _readers(bases, timezone)
    found: dict[str, Any] = {}
    problems: list[LineProblem] = []
    for name, texts in said.items():
        values_of_field = _read_field(name, texts, readers, problems)
        if values_of_field is not None:
            found[name] = values_of_field
    problems += find_inconsistencies(found, frozenset(said))
    return tuple(problems) if problems else _build_findings(found)


def drop_unfilled(fields: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    """Return the fields somebody filled in: neither empty nor left as the hint in parentheses."""
    said = {name: tuple(t for t in texts if _is_said(name, t)) for name, texts in fields.items()}
    return {name: texts for name, texts in said.items() if texts}


def _is_said(name: str, text: str) -> bool:
    bare = text.strip()
    return bool(bare) and fold_words(bare) != fold_words(f"({FINDING_HINTS.get(name, '')})")


def _problem(name: str, text: str, code: str, message: str) -> LineProblem:
    return LineProblem(line=shorten_line(f"{name}: {text}"), code=code, message=message)


def _readers(bases: Collection[str], timezone: tzinfo) -> Mapping[str, Callable[[str], Any]]:
    """Return how each field is read, by canonical name."""
    return {
        "Outcome": _read_outcomes,
        "Matched on": partial(values.parse_words, allowed=MATCH_WORDS, what="Matched on"),
        "Basis": partial(values.parse_basis, bases=bases),
        "Custody": values.parse_periods,
        "Custody ended": values.parse_custody_end,
        "Facility": values.parse_printed,
        "Direct transfer": values.parse_direct_transfer,
        "Removed": values.parse_day_or_no,
        "No later entry": values.parse_yes,
        "Returned": values.parse_day,
        "Departed": values.parse_day,
        "In custody": values.parse_yes_no,
        "Action": values.parse_day,
        "Place": values.parse_place,
        "Released same day": values.parse_yes_no,
        "Country": values.parse_country,
        "Records as of": partial(values.parse_moment, timezone=timezone),
        "Remarks": _read_remarks,
    }


def _read_field(
    name: str,
    texts: tuple[str, ...],
    readers: Mapping[str, Callable[[str], Any]],
    problems: list[LineProblem],
) -> Any:
    """Return one field's value, or None after adding to `problems`."""
    if len(texts) > 1 and name not in _REPEATABLE:
        message = f"{name} is given more than once; give it once."
        problems += [_problem(name, text, "repeated_field", message) for text in texts[1:]]
        return None
    before, read = len(problems), []
    for text in texts:
        try:
            read.append(_read_text(name, text, readers))
        except ParseError as error:
            problems.append(_problem(name, text, error.code, error.message))
    if len(problems) > before:
        return None
    return tuple(item for part in read for item in part) if name in _REPEATABLE else read[0]


def _read_text(name: str, text: str, readers: Mapping[str, Callable[[str], Any]]) -> Any:
    if name not in readers:
        raise ParseError("unknown_field", f"There is no finding “{shorten_line(name)}”.")
    if "?" in text and name != "Remarks":
        raise ParseError("doubtful", "A question decides nothing; write what the records show.")
    if name in _FREE_FIELDS and fold_name(FINDING_HINTS[name]) in fold_name(text):
        raise ParseError("hint_left", "The hint in parentheses is still there; write the value.")
    return readers[name](text)


def _read_outcomes(text: str) -> tuple[Outcome, ...]:
    offered = {word: o for word, o in OUTCOME_WORDS.items() if o is not Outcome.NO_INFORMATION}
    if any(values.fold_value(part) == "no information" for part in text.split(";")):
        raise ParseError("no_information", "To give no information, answer DENY and a reason.")
    return values.parse_words(text, offered, "Outcome")


def _read_remarks(text: str) -> str:
    if len(text) > _MAX_REMARKS:
        raise ParseError("too_long", f"Remarks have at most {_MAX_REMARKS} characters.")
    if has_hidden_character(text):
        raise ParseError("hidden_character", "There are characters in it that cannot be shown.")
    return text.strip()


def _build_findings(found: Mapping[str, Any]) -> Findings:
    periods: tuple[CustodyPeriod, ...] = found.get("Custody", ())
    ended, transferred_to = found.get("Custody ended", (None, None))
    return Findings(
        outcomes=found["Outcome"],
        matched_on=found["Matched on"],
        basis=found["Basis"],
        records_as_of=found["Records as of"],
        custody=tuple(sorted(periods, key=lambda p: p.first)),
        custody_ended=ended,
        transferred_to=transferred_to,
        facility=found.get("Facility"),
        direct_transfer=found.get("Direct transfer"),
        removed=found.get("Removed"),
        no_later_entry=found.get("No later entry", False),
        returned=found.get("Returned"),
        departed=found.get("Departed"),
        in_custody=found.get("In custody"),
        action=found.get("Action"),
        place=found.get("Place"),
        released_same_day=found.get("Released same day"),
        country=found.get("Country"),
        remarks=found.get("Remarks"),
    )
