"""The signatures of a PDF as they lie in its bytes, and what of the file each speaks for.

A signature names two ranges of bytes, around the place where it stands itself in hexadecimal digits
(ISO 32000-2, 12.8.1). They are looked for in the bytes and not by way of the document's objects: so
a damaged file is looked at like a sound one, and a locked one too, whose signatures alone are never
encrypted (7.6.2). Outcomes: every signature with a range that fits the file; how many ranges fit
nothing is told as well, for that is how a copy looks which a program saved anew.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

#: More than this has no honest document.
MOST_SIGNATURES = 8
_NUMBER = rb"[0-9]{1,12}"
_RANGE = re.compile(
    rb"/ByteRange\s{0,20}\[\s{0,20}(" + rb"\s{1,20}".join([_NUMBER] * 4) + rb")\s{0,20}\]"
)
_ITSELF = re.compile(rb"<([^<>]{2,})>")
#: In one case throughout: a digit in the other is one that somebody turned.
_HEXADECIMAL = re.compile(rb"(?:[0-9a-f]{2})+|(?:[0-9A-F]{2})+")
_REASON = re.compile(rb"/Reason\s{0,20}\(((?:[^()\\]|\\.){0,1000})\)", re.DOTALL)
_MOMENT = re.compile(rb"/M\s{0,20}\(((?:[^()\\]|\\.){0,200})\)", re.DOTALL)
_ESCAPED = re.compile(rb"\\([0-7]{1,3}|[()\\])")


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedSignature:
    """A signature whose range fits the file."""

    cms: bytes  #: the signature itself (RFC 5652), with the zeros that fill its place; empty where
    #: something else stands there
    before: int  #: how many bytes it covers before its place
    after: int  #: where what it covers behind its place begins
    end: int  #: where that ends, or would end had nothing been cut off
    reason: str  #: as its author wrote it; empty where it cannot be read
    moment: str  #: when its author says that it was made, as a PDF writes dates (7.9.4)

    def cut_covered(self, data: bytes) -> bytes:
        """Return the bytes that it speaks for."""
        return data[: self.before] + data[self.after : self.end]


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundSignatures:
    """The signatures of a file."""

    placed: tuple[PlacedSignature, ...]
    unplaced: int  #: ranges that fit nothing


def find_signatures(data: bytes) -> FoundSignatures:
    """Return the signatures that lie in the bytes of a file."""
    found = [_place(data, match) for match in _list_ranges(data)]
    placed = tuple(one for one in found if one is not None)
    return FoundSignatures(placed=placed, unplaced=len(found) - len(placed))


def _list_ranges(data: bytes) -> Iterator[re.Match[bytes]]:
    for number, match in enumerate(_RANGE.finditer(data)):
        if number == MOST_SIGNATURES:
            return
        yield match


def _place(data: bytes, match: re.Match[bytes]) -> PlacedSignature | None:
    start, before, after, rest = (int(number) for number in match[1].split())
    end = after + rest
    if start != 0 or not 0 < before < after:
        return None
    itself = _ITSELF.fullmatch(data, before, after)
    if itself is None:
        return None
    opening = data.rfind(b" obj", 0, before)
    closing = data.find(b"endobj", after, end)
    around = data[max(opening, 0) : before] + data[after : closing if closing >= 0 else end]
    return PlacedSignature(
        cms=bytes.fromhex(itself[1].decode("ascii")) if _HEXADECIMAL.fullmatch(itself[1]) else b"",
        before=before,
        after=after,
        end=end,
        reason=_read_string(_REASON, around),
        moment=_read_string(_MOMENT, around),
    )


def _read_string(pattern: re.Pattern[bytes], around: bytes) -> str:
    """Return a string of the signature's dictionary; empty where there is none, or it is locked."""
    found = pattern.search(around)
    if found is None:
        return ""
    plain = _ESCAPED.sub(_unescape, found[1])
    return plain.decode("ascii", "replace") if plain.isascii() else ""


def _unescape(found: re.Match[bytes]) -> bytes:
    return bytes([int(found[1], 8) & 0xFF]) if found[1].isdigit() else found[1]
