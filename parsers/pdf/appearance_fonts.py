"""What the codes of a form's font stand for, and how wide they are, where that is plainly said.

Outcomes: an `AppearanceFont`, or None for a font whose codes only a real viewer can turn into
letters. An embedded font may draw another letter than it names; no reader of text sees that.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

import pikepdf

from parsers.pdf.objects import find_text, items
from parsers.pdf.streams import read_start

#: More than this of a character map or a table of widths is not a form's font.
_MOST_BYTES = 200_000
_MOST_CODES = 65_536

_MAPPED = re.compile(rb"(begin|end)bf(char|range)|<([0-9A-Fa-f\s]+)>|\[|\]")
_NAMED_ENCODINGS = {
    "WinAnsiEncoding": "cp1252",
    "MacRomanEncoding": "mac_roman",
    "PDFDocEncoding": "pdfdoc",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class AppearanceFont:
    """A font as text is measured and read with it."""

    code_length: int  #: bytes a code takes
    letters: Mapping[int, str]  #: code to text; a code that is absent has no known letter
    widths: Mapping[int, float]  #: code to advance, in thousandths of the size
    default_width: float | None  #: of codes without one; None: such a code cannot be measured


def find_font(font: pikepdf.Object) -> AppearanceFont | None:
    """Return what a font dictionary says of its codes (ISO 32000-2, 9.6 and 9.7)."""
    subtype = find_text(font.get("/Subtype"))
    if subtype == "Type0":
        return _find_composite(font)
    if subtype not in ("Type1", "TrueType", "MMType1"):
        return None
    letters, widths = _find_letters(font), _find_widths(font)
    if letters is None or widths is None:
        return None
    return AppearanceFont(code_length=1, letters=letters, widths=widths, default_width=None)


def _find_letters(font: pikepdf.Object) -> Mapping[int, str] | None:
    """Return what each code of a simple font stands for, the font's own table first."""
    mapped = _find_map(font, 1)
    if mapped is not None:
        return mapped
    encoding = font.get("/Encoding")
    if isinstance(encoding, pikepdf.Dictionary):
        base = _find_base(font, encoding.get("/BaseEncoding"))
        return None if base is None else {**base, **_differences(encoding.get("/Differences"))}
    return _find_base(font, encoding)


def _find_base(font: pikepdf.Object, encoding: Any) -> Mapping[int, str] | None:
    if encoding is None:
        # A font without an encoding has its own; only the standard fonts' are known.
        return _standard_letters() if _find_standard_widths(font) is not None else None
    codec = _NAMED_ENCODINGS.get(find_text(encoding) or "")
    return None if codec is None else _letters_of(codec)


@cache
def _letters_of(codec: str) -> Mapping[int, str]:
    decoded = ((code, bytes([code]).decode(codec, "ignore")) for code in range(32, 256))
    return {code: text for code, text in decoded if text}


@cache
def _standard_letters() -> Mapping[int, str]:
    """Return the part of StandardEncoding (ISO 32000-2, D.2) that ASCII nearly is."""
    ascii_part = {code: chr(code) for code in range(32, 127)}
    return {**ascii_part, 0x27: "\u2019", 0x60: "\u2018"}


def _differences(array: Any) -> dict[int, str]:
    """Return the codes that a /Differences array names anew; unknown names have no letter."""
    # The list of glyph names takes long to import, and few fonts need it.
    from pdfminer.encodingdb import name2unicode  # noqa: PLC0415

    found: dict[int, str] = {}
    code = 0
    for item in items(array)[:_MOST_CODES]:
        if isinstance(item, int):
            code = item
            continue
        try:
            found[code] = name2unicode(find_text(item) or "")
        except (KeyError, ValueError):
            found[code] = "\ufffd"
        code += 1
    return found


def _find_widths(font: pikepdf.Object) -> Mapping[int, float] | None:
    widths = font.get("/Widths")
    if not isinstance(widths, pikepdf.Array):
        return _find_standard_widths(font)
    first: Any = font.get("/FirstChar")
    if not isinstance(first, int):
        return None
    return dict(enumerate(_numbers(widths), first))


def _numbers(array: pikepdf.Array) -> tuple[float, ...]:
    """Return an array's numbers; none at all when anything else is in it."""
    return _read_numbers(array.unparse(resolved=True)[1:-1][:_MOST_BYTES])


@lru_cache(maxsize=64)
def _read_numbers(data: bytes) -> tuple[float, ...]:
    try:
        return tuple(map(float, data.split()))
    except ValueError:
        return ()


def _find_standard_widths(font: pikepdf.Object) -> Mapping[int, float] | None:
    """Return the widths of one of the fourteen standard fonts, which need not be in the file."""
    from pdfminer.fontmetrics import FONT_METRICS  # noqa: PLC0415  # a long table, seldom needed

    found = FONT_METRICS.get(find_text(font.get("/BaseFont")) or "")
    if found is None:
        return None
    by_letter = found[1]
    letters = {**_letters_of("latin-1"), **_letters_of("cp1252")}
    return {code: float(by_letter[text]) for code, text in letters.items() if text in by_letter}


def _find_composite(font: pikepdf.Object) -> AppearanceFont | None:
    """Return what a font with codes of two bytes says, where it maps them to text itself."""
    if find_text(font.get("/Encoding")) != "Identity-H":
        return None
    letters = _find_map(font, 2)
    descendants = items(font.get("/DescendantFonts"))
    if letters is None or not descendants or not isinstance(descendants[0], pikepdf.Dictionary):
        return None
    default = descendants[0].get("/DW")
    return AppearanceFont(
        code_length=2,
        letters=letters,
        widths=dict(_composite_widths(descendants[0].get("/W"))),
        default_width=float(default) if isinstance(default, int) else 1000.0,
    )


def _composite_widths(array: Any) -> Iterator[tuple[int, float]]:
    """Yield codes and widths of a /W array (ISO 32000-2, 9.7.4.3)."""
    waiting: list[int] = []
    for item in items(array)[:_MOST_CODES]:
        if isinstance(item, pikepdf.Array) and len(waiting) == 1:
            yield from enumerate(_numbers(item), waiting.pop())
        elif len(waiting) == 2:
            first, last = waiting
            waiting.clear()
            width = float(item) if isinstance(item, int) else 0.0
            yield from ((code, width) for code in range(first, min(last, _MOST_CODES) + 1))
        elif isinstance(item, int):
            waiting.append(item)


def _find_map(font: pikepdf.Object, code_length: int) -> Mapping[int, str] | None:
    """Return the font's own map from codes to text (ISO 32000-2, 9.10.3), if it has one."""
    stream = font.get("/ToUnicode")
    if not isinstance(stream, pikepdf.Stream) or int(stream.get("/Length", 0)) > _MOST_BYTES:
        return None
    return _read_map(read_start(stream, _MOST_BYTES), code_length)


# The forms of one agency have the same fonts in them, and a child reads many.
@lru_cache(maxsize=16)
def _read_map(data: bytes, code_length: int) -> Mapping[int, str] | None:
    found: dict[int, str] = {}
    for codes in _map_entries(data):
        first, last, texts = codes
        if last - first > _MOST_CODES or len(found) > _MOST_CODES or first >= 256**code_length:
            return None
        for offset, code in enumerate(range(first, last + 1)):
            found[code] = texts[offset] if len(texts) > 1 else _add(texts[0], offset)
    return found or None


def _add(text: str, offset: int) -> str:
    """Return the text of a range's later code: its last letter moves on."""
    moved = ord(text[-1]) + offset if text else 0
    return text[:-1] + chr(moved) if 0 < moved < 0x110000 else "\ufffd"


def _map_entries(data: bytes) -> Iterator[tuple[int, int, list[str]]]:
    """Yield first code, last code and text or texts of every entry of a character map."""
    kind, waiting, listed = b"", [], None  # type: bytes, list[bytes], list[bytes] | None
    for found in _MAPPED.finditer(data):
        token = found.group()
        if found.group(2):
            kind = found.group(2) if found.group(1) == b"begin" else b""
            waiting.clear()
        elif token == b"[":
            listed = []
        elif listed is not None and token != b"]":
            listed.append(found.group(3))
            continue
        elif token != b"]":
            waiting.append(found.group(3))
        if kind == b"char" and len(waiting) == 2:
            yield _code(waiting[0]), _code(waiting[0]), [_text(waiting[1])]
            waiting.clear()
        elif kind == b"range" and (len(waiting) == 3 or (token == b"]" and listed)):
            texts = [_text(t) for t in (listed or waiting[2:])]
            first, last = _code(waiting[0]), _code(waiting[1])
            yield first, last if len(texts) == 1 else first + len(texts) - 1, texts
            waiting.clear()
            listed = None


def _code(digits: bytes) -> int:
    return int(b"".join(digits.split()) or b"0", 16)


def _text(digits: bytes) -> str:
    plain = b"".join(digits.split())
    try:
        return bytes.fromhex(plain.decode("ascii")).decode("utf-16-be") or "\ufffd"
    except ValueError:
        return "\ufffd"
