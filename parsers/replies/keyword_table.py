"""The table of keywords that a reply may begin with, read from one data file.

Outcomes: a `KeywordTable`, or `ParseError` when the file is not such a table. `KeywordTable.find`
reads a line: a `KeywordLine` when it begins with a keyword in the grammar's sense, else None.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from parsers.errors import ParseError

_WORD = re.compile(r"[A-Z]+(?: [A-Z]+)*")
_BLANKS = re.compile(r" +")
#: One of these may close the keyword.
_CLOSERS = ".!:"


class Role(StrEnum):
    """Who may use a keyword."""

    REVIEWER = "reviewer"
    APPROVER = "approver"
    SUPERVISOR = "supervisor"
    DECIDER = "decider"  #: whoever decided, or a supervisor


class ArgumentRule(StrEnum):
    """Whether something may stand after the keyword."""

    NONE = "none"
    OPTIONAL = "optional"
    REQUIRED = "required"


class LinesRule(StrEnum):
    """What may follow on the next lines."""

    NONE = "none"
    FINDINGS = "findings"  #: `Field: value` lines of findings, or nothing
    CORRECTIONS = "corrections"  #: `field: value` lines of the form, at least one
    TEXT = "text"  #: the argument goes on


@dataclass(frozen=True, slots=True, kw_only=True)
class Keyword:
    """One row of the table."""

    word: str  #: upper case, one space between words
    synonyms: tuple[str, ...]
    role: Role
    argument: ArgumentRule
    lines: LinesRule
    guarded: bool  #: a second keyword in the argument decides nothing
    usage: str  #: how it is written
    summary: str  #: what it does, one sentence
    missing: str  #: what to write when the argument or the lines are missing


@dataclass(frozen=True, slots=True, kw_only=True)
class KeywordLine:
    """A line that begins with a keyword."""

    keyword: Keyword
    argument: str  #: what stands after it, without outer spaces


@dataclass(frozen=True, slots=True, kw_only=True)
class KeywordTable:
    """Every keyword, and the words that count as a second one."""

    keywords: tuple[Keyword, ...]  #: in the file's order
    guard_words: frozenset[str]  #: lower case
    guard_beginnings: frozenset[str]  #: lower case

    def named(self, word: str) -> Keyword | None:
        """Return the keyword with that upper-case word, or None."""
        return next((k for k in self.keywords if k.word == word), None)

    def find(self, line: str) -> KeywordLine | None:
        """Return the keyword that a cleaned line begins with, in any case, and its argument.

        One `.`, `!` or `:` may close the keyword. Letters that only look like the keyword's are
        others.
        """
        flat = _BLANKS.sub(" ", line).strip()
        for spelling, keyword in self._spellings():
            head, rest = flat[: len(spelling)], flat[len(spelling) :]
            if not head.isascii() or head.upper() != spelling:
                continue
            rest = rest[1:] if rest[:1] and rest[0] in _CLOSERS else rest
            if not rest or rest.startswith(" "):
                return KeywordLine(keyword=keyword, argument=rest.strip())
        return None

    def _spellings(self) -> list[tuple[str, Keyword]]:
        spelled = [(s, k) for k in self.keywords for s in (k.word, *k.synonyms)]
        return sorted(spelled, key=lambda pair: -len(pair[0]))


def parse_keyword_table(data: bytes) -> KeywordTable:
    """Return the table in a TOML file; raise `ParseError` (`bad_keyword_table`) otherwise."""
    try:
        tree = tomllib.loads(data.decode("utf-8"))
        table = KeywordTable(
            keywords=tuple(_parse_keyword(row) for row in tree["keyword"]),
            guard_words=frozenset(tree["guard"]["words"]),
            guard_beginnings=frozenset(tree["guard"]["beginnings"]),
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ParseError(
            "bad_keyword_table", f"The keyword table cannot be read: {error}"
        ) from error
    _check_spellings(table)
    return table


def _parse_keyword(row: Mapping[str, Any]) -> Keyword:
    return Keyword(
        word=str(row["word"]),
        synonyms=tuple(map(str, row.get("synonyms", ()))),
        role=Role(row["role"]),
        argument=ArgumentRule(row["argument"]),
        lines=LinesRule(row["lines"]),
        guarded=bool(row.get("guarded", False)),
        usage=str(row["usage"]),
        summary=str(row["summary"]),
        missing=str(row.get("missing", "")),
    )


def _check_spellings(table: KeywordTable) -> None:
    spelled = [s for k in table.keywords for s in (k.word, *k.synonyms)]
    for spelling in spelled:
        if not _WORD.fullmatch(spelling):
            raise ParseError(
                "bad_keyword_table", f"Not a keyword of upper-case words: {spelling!r}"
            )
        if spelled.count(spelling) > 1:
            raise ParseError("bad_keyword_table", f"A keyword stands there twice: {spelling}")
