"""What a reply commands: one keyword, its argument and its fields, or why nothing is decided.

A reply is obeyed whole or not at all: `parse_command` returns either a `Command` or a
`CommandRefusal`, never a part of one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from parsers.replies.findings import Findings


@dataclass(frozen=True, slots=True, kw_only=True)
class LineProblem:
    """One line of a reply with what was wrong under it; an empty line means the whole reply."""

    line: str  #: as written, shortened to 200 characters
    code: str  #: stable
    message: str  #: one sentence: what is wrong, what would be right


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A reply that parsed completely."""

    keyword: str  #: the table's upper-case word
    argument: str = ""  #: the rest of the first line and, where free text is allowed, what follows
    fields: Mapping[str, tuple[str, ...]] = field(
        default_factory=dict
    )  #: as written, by canonical name
    findings: Findings | None = None  #: of APPROVE and REISSUE with findings


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandRefusal:
    """A reply that decides nothing."""

    problems: tuple[LineProblem, ...]  #: never empty
    keyword: str | None = None  #: what it seems to have meant, for the skeleton
    lines: tuple[str, ...] = ()  #: every line of the new text, for the echo
