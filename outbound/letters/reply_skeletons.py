"""What a person may send back, ready to send: the words of each keyword, its skeleton and its link.

The skeletons hold only lines that the decision needs, and leave every fact blank: a filled-in
value that nobody looked up would be a guess with a person's name on it. A blank left blank
decides nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from urllib.parse import quote

from config.data import read_data
from parsers.replies.findings_reader import FINDING_HINTS
from parsers.replies.keyword_table import ArgumentRule, KeywordTable, LinesRule, parse_keyword_table
from parsers.replies.question_filter import parse_question_vocabulary

#: Some mail programs cut a link near 2,000 characters; none is longer than this.
MAX_LINK = 1_800

ALWAYS = ("Outcome", "Matched on", "Basis", "Records as of")

#: The lines each outcome needs beside those that are always needed, as they stand in a reply.
NEEDED: dict[str, tuple[str, ...]] = {
    "detained": ("Custody", "Facility"),
    "removed": ("Removed", "Country"),
    "returned": ("Returned", "Country", "In custody"),
    "voluntary departure": ("Departed", "In custody"),
    "enforcement action": ("Action", "Place", "Released same day"),
    "no overlap": (),
}

#: Lines each outcome may have beside those; left blank they say nothing.
OPTIONAL: dict[str, tuple[str, ...]] = {
    "detained": ("Custody ended", "Direct transfer"),
    "removed": (),
    "returned": (),
    "voluntary departure": (),
    "enforcement action": ("Custody", "Facility"),
    "no overlap": (),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplyOptions:
    """How the reader of a letter can answer it, and with what."""

    address: str  #: the plus-tagged Reply-To of this letter
    keywords: tuple[str, ...] = ()  #: what this person may send now, the table's upper-case words


@dataclass(frozen=True, slots=True, kw_only=True)
class Skeleton:
    """A reply ready to be filled in and sent."""

    title: str  #: what it is for, the words of its link
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PossibleReply:
    """One keyword that can be sent now."""

    type_this: str
    effect: str


def build_mailto(address: str, subject: str) -> str:
    """Build the beginning of a link that opens a reply; a quoted body goes right behind it.

    The link is one of RFC 6068 section 2. A plus sign in the address is encoded, because some
    clients read it as a space.
    """
    return f"mailto:{quote(address, safe='@')}?subject={quote(subject, safe='')}&body="


@lru_cache(maxsize=64)
def quote_body(lines: tuple[str, ...]) -> str:
    """Return the lines of a reply as they stand in a link (RFC 6068 section 5)."""
    return quote("\r\n".join(lines), safe="")


def build_findings_skeleton(*outcomes: str) -> Skeleton:
    """Build the APPROVE skeleton for `outcomes`, written as in a reply, for example `detained`."""
    asked = {name for o in outcomes for name in (*NEEDED[o], *OPTIONAL[o])} | {
        *ALWAYS[1:],
        "Remarks",
    }
    lines = (
        "APPROVE",
        f"Outcome: {'; '.join(outcomes)}",
        *(f"{name}: " for name in FINDING_HINTS if name in asked),
    )
    return Skeleton(title=f"Approve: {', then '.join(outcomes)}", lines=lines)


@lru_cache(maxsize=64)
def build_review_skeletons(keywords: tuple[str, ...]) -> tuple[Skeleton, ...]:
    """Build the skeletons of the likely decisions among `keywords`, likeliest first."""
    possible: dict[str, tuple[Skeleton, ...]] = {
        "APPROVE": (
            build_findings_skeleton("detained"),
            build_findings_skeleton("detained", "removed"),
            build_findings_skeleton("removed"),
            build_findings_skeleton("enforcement action"),
        ),
        "DENY": (Skeleton(title="Deny", lines=("DENY ",)),),
        "NEED INFO": (
            *(
                Skeleton(title=f"Ask: {name}", lines=(f"NEED INFO {name}",))
                for name in _load_ready_questions()
            ),
            Skeleton(title="Ask in your own words", lines=("NEED INFO ",)),
        ),
        "CORRECT": (Skeleton(title="Correct a field", lines=("CORRECT", "")),),
    }
    return tuple(s for word, group in possible.items() if word in keywords for s in group)


@lru_cache(maxsize=64)
def build_short_skeletons(keywords: tuple[str, ...]) -> tuple[Skeleton, ...]:
    """Build the one-word replies among `keywords`, for letters that follow a decision."""
    words = ("CONFIRM", "CANCEL", "STATUS", "HELP")
    return tuple(Skeleton(title=w.capitalize(), lines=(w,)) for w in words if w in keywords)


@lru_cache(maxsize=64)
def describe_keywords(keywords: tuple[str, ...]) -> tuple[PossibleReply, ...]:
    """Return what to type and what it does, for each of `keywords` that is in the table."""
    known = (_load_keywords().named(word) for word in keywords)
    return tuple(PossibleReply(type_this=k.usage, effect=k.summary) for k in known if k)


def build_mended_skeleton(
    keyword: str | None, lines: Sequence[str], wrong: Sequence[str]
) -> Skeleton | None:
    """Build the skeleton a mistaken reply should have been, keeping what was right in it.

    `lines` is the reply, `wrong` those of its lines that were not understood. None when nothing
    shows what was meant.
    """
    if keyword == "APPROVE":
        return _build_mended_findings(lines, wrong)
    known = None if keyword is None else _load_keywords().named(keyword)
    if known is None:
        return None
    word = known.word if known.argument is ArgumentRule.NONE else f"{known.word} "
    lines = (word, "") if known.lines is LinesRule.CORRECTIONS else (word,)
    return Skeleton(title=known.word.capitalize(), lines=lines)


def _build_mended_findings(lines: Sequence[str], wrong: Sequence[str]) -> Skeleton:
    # Wrong lines lose their value but keep their place, so that the reader sees what to fill in.
    bad = {line.strip() for line in wrong}
    kept: list[tuple[str, str]] = []
    for line in lines:
        name, colon, value = line.partition(":")
        label = name.strip().capitalize()
        if colon and label in FINDING_HINTS:
            kept.append((label, "" if line.strip() in bad else value.strip()))
    given = {label for label, _ in kept}
    outcome = " ".join(value.lower() for label, value in kept if label == "Outcome")
    needed = [n for o, names in NEEDED.items() if o in outcome for n in names]
    added = [(n, "") for n in dict.fromkeys([*ALWAYS, *needed]) if n not in given]
    return Skeleton(
        title="Approve", lines=("APPROVE", *(f"{n}: {v}" for n, v in _in_order([*kept, *added])))
    )


def _in_order(rows: list[tuple[str, str]]) -> list[tuple[str, str]]:
    place = {name: index for index, name in enumerate(FINDING_HINTS)}
    return sorted(rows, key=lambda row: place[row[0]])


@cache
def _load_ready_questions() -> tuple[str, ...]:
    return tuple(parse_question_vocabulary(read_data("replies/questions.toml")).ready)


@cache
def _load_keywords() -> KeywordTable:
    return parse_keyword_table(read_data("replies/keywords.toml"))
