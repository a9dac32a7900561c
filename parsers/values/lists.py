"""Lists of entries in one box: other names, case numbers.

`normalise_list`  the entries as written, each once, in their order; nothing is made of a range or
                  of "26-CR-000123, 124": what stands for numbers that are not written out stays
                  one entry
"""

from __future__ import annotations

import re

from parsers.values.cleaning import clean_text, is_nothing
from parsers.values.normalised import BLANK, Normalised, good

_COMMA = re.compile(r",(?:\s*(?:&|and|y|e)\s)?|\s(?:&|and|y|e)\s")
#: Marks that part numbers only where they stand apart and the numbers look alike.
_APART = re.compile(r"\s[/|+•·]\s")
_BULLET = re.compile(r"[•·*\-–]\s+")
_NUMBERING = re.compile(r"\(?(\d{1,2})[.)]\s+")
#: "Division 4" and "counts 1" are no case numbers.
_PART_OF_COURT = re.compile(
    r"(?:div(?:ision)?|dept|dpt|department|courtroom|ctrm|rm|room|part|branch|judge|counts?|cts?|"
    r"pages?|pp?|section|sec|line|items?|charges?|phase)\b",
    re.IGNORECASE,
)


def normalise_list(text: str, *, by_comma: bool) -> Normalised:
    """Read entries divided by `;` or line ends, and by commas too where each is a whole number."""
    parts = _drop_numbering([p.strip() for p in re.split(r"[;\n]", clean_text(text))])
    if by_comma:
        parts = [piece for part in parts for piece in _split_numbers(part)]
    entries = [" ".join(part.split()).strip(",").strip() for part in parts]
    kept = tuple(dict.fromkeys(e for e in entries if not is_nothing(e)))
    return good(kept) if kept else BLANK


def _drop_numbering(parts: list[str]) -> list[str]:
    """Return the parts without bullets, and without the numbers 1, 2, 3 that count them."""
    bare = [_BULLET.sub("", part, count=1) if _BULLET.match(part) else part for part in parts]
    filled = [part for part in bare if part]
    counts = [_NUMBERING.match(part) for part in filled]
    expected = [str(n) for n in range(1, len(filled) + 1)]
    if len(filled) > 1 and [m and m[1] for m in counts] == expected:
        return [part[m.end() :] for part, m in zip(filled, counts, strict=True) if m]
    return bare


def _split_numbers(part: str) -> list[str]:
    pieces = [piece.strip() for piece in _COMMA.split(part)]
    if len(pieces) > 1 and all(map(_is_whole, pieces)) and not _is_shortened(pieces):
        return pieces
    pieces = [piece.strip() for piece in _APART.split(part)]
    return pieces if len({_shape(piece) for piece in pieces}) == 1 else [part]


def _is_whole(piece: str) -> bool:
    has_digit = any(c.isdigit() for c in piece)
    return has_digit and len(piece) >= 3 and not _PART_OF_COURT.match(piece)


def _is_shortened(pieces: list[str]) -> bool:
    """Return whether later pieces only continue the first: "26-CR-000123, 124, 125"."""
    return any(piece.isdigit() and len(piece) * 2 < len(pieces[0]) for piece in pieces[1:])


def _shape(piece: str) -> str:
    return re.sub(r"[^\W\d_]", "A", re.sub(r"\d", "9", piece))
