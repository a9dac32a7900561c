"""What a paper says that came with a mail: a demand on us, or a court's words that are no cry.

By a table that is a data file. A paper is judged page by page. It is a demand where a command
stands on a page that is headed as a subpoena or speaks to us, or where it is ordered that we do
something; one that speaks to somebody else, or only tells of a demand, is none. A page with the
marks of a court or the police on it is no letter: grave words on it are what a case is about.

Outcomes: a `Demand` for a page, the text in which a cry for help is to be heard, and `ParseError`
for a table that is none.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from itertools import islice

from parsers.classification.phrases import (
    PhraseIndex,
    build_index,
    find_starts,
    mask_phrases,
    parse_phrase,
    split_words,
)
from parsers.errors import ParseError

#: What is commanded stands within so many words behind the command.
_NEAR = 40
#: A letter's first words; further down, anybody's words may be quoted.
_OPENING = 100
#: A court's paper says at its head what it is; a letter may speak of a case anywhere.
_HEAD = 150
#: So many groups of marks make a page a court's.
_ENOUGH = 2
#: The groups of phrases by which demands are known, beside those that only tell of one.
_DEMAND = frozenset(
    {"names", "headings", "commands", "what", "to_us", "keeper", "others", "orders"}
)
#: Where a page says whom it speaks to: behind "TO:", "TO THE", or whom a sheriff is to "summon".
_TO = re.compile(
    r"(?:^|[\s,])(?:TO|To|PARA|Para)\s*(?:\([^)]{0,160}\))?\s*:|^\s*(?:A|AL)\s*:"
    r"|^\s*TO(?=\s+(?:THE|ANY|ALL|EACH)\b|[ \t]*$)|\b(?:summon|SUMMON)(?=\s)",
    re.MULTILINE,
)
#: Behind these a "TO:" is a form's list of what is commanded.
_COMMANDED = ("COMMANDED", "ORDERED", "REQUIRED", "DIRECTED", "SUMMONED")
#: How much of what follows can be a name, how many of them count, and what ends one.
_NAME, _MOST_NAMES = 200, 50
_NAME_END = re.compile(
    r"\b(?:you|we)\s+(?:are|must|shall|command|order)\b|\bgreetings?\b|\bfrom\b|\bre\s*:"
    r"|\bse\s+(?:les?|ordena)\b|\busted(?:es)?\b|\b(?:production|testimony|place|date|case)\b",
    re.IGNORECASE,
)
_IN_BRACKETS = re.compile(r"\([^)]{0,200}\)")


class Demand(StrEnum):
    """What a page, or a file's name, is as a demand."""

    NONE = "none"  #: nothing of the kind
    TOLD_OF = "told_of"  #: it tells of one: a return of service, a motion to quash
    ANOTHERS = "anothers"  #: it commands somebody else
    OURS = "ours"  #: it commands us, or names nobody


@dataclass(frozen=True, slots=True, kw_only=True)
class PaperTable:
    """What papers are known by."""

    source: bytes  #: the file
    about: PhraseIndex  #: what only tells of a demand
    index: PhraseIndex  #: every other phrase
    demand: Mapping[str, frozenset[str]]  #: phrases by group
    court: Mapping[str, frozenset[str]]  #: phrases by group, of which two are enough
    letter: frozenset[str]
    own: frozenset[str]  #: the writer's own people
    held: frozenset[str]  #: words of detention


_Starts = Mapping[str, Sequence[int]]


def judge_pages(pages: Sequence[str], table: PaperTable) -> Demand:
    """Return what a paper is as a demand: what weighs most among its pages."""
    order = (Demand.OURS, Demand.ANOTHERS, Demand.TOLD_OF)
    found = {judge_page(page, table) for page in pages}
    return next((demand for demand in order if demand in found), Demand.NONE)


def judge_page(page: str, table: PaperTable) -> Demand:
    """Return what one page is as a demand."""
    words = split_words(page)
    masked = mask_phrases(words, table.about)
    starts = find_starts(masked, table.index)
    if _has(starts, table.demand["orders"]):
        return Demand.OURS
    if _is_command(starts, table):
        is_headed = _has(starts, table.demand["headings"])
        names = _list_names(page)
        if any(_is_us(name, table) for name in names):
            return Demand.OURS
        if is_headed:
            return Demand.ANOTHERS if names else Demand.OURS
    return Demand.NONE if masked == words else Demand.TOLD_OF


def judge_name(name: str, table: PaperTable) -> Demand:
    """Return what the name of a file says of it."""
    words = split_words(re.sub(r"[\W_]+", " ", name))
    masked = mask_phrases(words, table.about)
    if _has(find_starts(masked, table.index), table.demand["names"]):
        return Demand.OURS
    return Demand.NONE if masked == words else Demand.TOLD_OF


def leave_out_court_papers(
    pages: Iterable[str], table: PaperTable, *, letters_only: bool = False
) -> str:
    """Return the pages that are no court's and no police's, as one text.

    With `letters_only` nothing counts before the first page that begins as a letter does.
    """
    kept: list[str] = []
    is_court = letters_only
    for page in pages:
        words = split_words(page)
        if _is_letter(find_starts(words[:_OPENING], table.index), table):
            is_court = False
        elif _count_marks(find_starts(words[:_HEAD], table.index), table) >= _ENOUGH:
            is_court = True
        if not is_court:
            kept.append(page)
    return "\n\n".join(kept)


@cache
def parse_paper_table(source: bytes) -> PaperTable:
    """Return the table in a TOML file; raise `ParseError` (`bad_papers`, `bad_phrase`) for none."""
    try:
        tree = tomllib.loads(source.decode("utf-8"))
        demand = {name: _read(listed) for name, listed in tree["demand"].items()}
        court = {name: _read(listed) for name, listed in tree["court"].items()}
        about = demand.pop("about")
        letter, own, held = (court.pop(name) for name in ("letter", "own", "held"))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        message = f"What papers are known by cannot be read: {error}"
        raise ParseError("bad_papers", message) from error
    if demand.keys() != _DEMAND or len(court) < _ENOUGH:
        raise ParseError("bad_papers", f"Not the groups that are wanted: {sorted(demand)}")
    every = letter.union(own, held, *demand.values(), *court.values())
    return PaperTable(
        source=source,
        about=build_index(map(parse_phrase, sorted(about))),
        index=build_index(map(parse_phrase, sorted(every))),
        demand=demand,
        court=court,
        letter=letter,
        own=own,
        held=held,
    )


def _read(listed: Iterable[str]) -> frozenset[str]:
    return frozenset(map(str, listed))


def _has(starts: _Starts, phrases: frozenset[str]) -> bool:
    return not phrases.isdisjoint(starts)


def _list_starts(starts: _Starts, phrases: frozenset[str]) -> list[int]:
    return sorted(n for phrase in starts.keys() & phrases for n in starts[phrase])


def _is_command(starts: _Starts, table: PaperTable) -> bool:
    wanted = _list_starts(starts, table.demand["what"])
    return any(
        command <= place <= command + _NEAR
        for command in _list_starts(starts, table.demand["commands"])
        for place in wanted
    )


def _list_names(page: str) -> list[str]:
    """Return whom a page speaks to: what follows each "TO:", blank lines of forms left out."""
    names = []
    for found in islice(_TO.finditer(page), _MOST_NAMES):
        before = page[max(found.start() - _NEAR, 0) : found.start()]
        if before.rstrip().upper().endswith(_COMMANDED):
            continue
        text = _IN_BRACKETS.sub(" ", page[found.end() : found.end() + _NAME])
        end = _NAME_END.search(text)
        name = text[: end.start()] if end else text
        if any(c.isalnum() for c in name):
            names.append(name)
    return names


def _is_us(name: str, table: PaperTable) -> bool:
    # The addressee of a form field's hint, "(name of witness)", was left out above.
    starts = find_starts(split_words(name), table.index)
    if _has(starts, table.demand["to_us"]):
        return True
    return _has(starts, table.demand["keeper"]) and not _has(starts, table.demand["others"])


def _is_letter(opening: _Starts, table: PaperTable) -> bool:
    return _has(opening, table.letter) or (_has(opening, table.own) and _has(opening, table.held))


def _count_marks(starts: _Starts, table: PaperTable) -> int:
    return sum(_has(starts, phrases) for phrases in table.court.values())
