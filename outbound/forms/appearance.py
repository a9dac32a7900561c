"""Draws the text of a form field, so that it shows in viewers that draw nothing themselves.

Outcomes: an `Appearance` whose content stream draws the text in the field's box, made smaller and
wrapped until it fits; `is_whole` is false when a character had no glyph in the form's fonts and was
drawn as its nearest plain letter or as `?`. Nothing here raises on any text.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import pikepdf

#: Sizes tried in points, from the one that reads best to the smallest that can still be read.
_SIZES = tuple(size / 2 for size in range(20, 8, -1))
_LEADING = 1.2
_PADDING = 2.0
#: The height of capitals and of what hangs below the line, as parts of the size.
_CAP_HEIGHT, _DESCENT = 0.72, 0.22
_TO_UNICODE = re.compile(rb"<([0-9A-F]{4})> <([0-9A-F]{4})>")
_LINE_BREAK = re.compile("\r\n|[\r\n\x0b\x0c\x85\u2028\u2029]")


@dataclass(frozen=True, slots=True, kw_only=True)
class FormFont:
    """A font of the form."""

    resource: str  #: name below the form's `/DR /Font`, without the slash
    code_length: int  #: bytes a character takes
    codes: Mapping[str, int]  #: character to code
    widths: Mapping[int, float]  #: code to advance, in thousandths of the size


@dataclass(frozen=True, slots=True, kw_only=True)
class Appearance:
    """What to put into the field's appearance stream."""

    content: bytes
    is_whole: bool  #: every character was drawn as itself


@dataclass(frozen=True, slots=True)
class _Glyph:
    """One character as it will be drawn."""

    font: int
    code: int
    width: float
    is_space: bool


def build_text_appearance(
    text: str, *, width: float, height: float, fonts: Sequence[FormFont], multiline: bool
) -> Appearance:
    """Draw `text` in a box of `width` by `height` points with the first of `fonts` that can."""
    wrapped = text if multiline else re.sub(r"\s+", " ", text)
    missing = [0]
    lines = [list(_glyphs(line, fonts, missing)) for line in _LINE_BREAK.split(wrapped)]
    size, fitted = _fit(lines, width, height, multiline=multiline)
    drawn = b"".join(_draw(fitted, size, height, fonts, multiline=multiline))
    box = f"{_number(width - 2)} {_number(height - 2)}"
    content = b"/Tx BMC\nq\n1 1 %b re W n\nBT\n0 g\n%bET\nQ\nEMC" % (box.encode(), drawn)
    return Appearance(content=content if any(fitted) else b"/Tx BMC\nEMC", is_whole=not missing[0])


def _glyphs(line: str, fonts: Sequence[FormFont], missing: list[int]) -> Iterator[_Glyph]:
    for character in unicodedata.normalize("NFC", line.replace("\t", " ")):
        if unicodedata.category(character) == "Cc":
            continue
        found = _find_glyph(character, fonts)
        if found is not None:
            yield found
            continue
        missing[0] += 1
        plain = unicodedata.normalize("NFKD", character)
        parts = [g for g in (_find_glyph(c, fonts) for c in plain) if g is not None]
        yield from parts or [g for g in (_find_glyph("?", fonts),) if g is not None]


def _find_glyph(character: str, fonts: Sequence[FormFont]) -> _Glyph | None:
    for number, font in enumerate(fonts):
        code = font.codes.get(character)
        if code is not None:
            advance = font.widths.get(code, 600.0) / 1000
            return _Glyph(number, code, advance, character == " ")
    return None


def _fit(
    lines: list[list[_Glyph]], width: float, height: float, *, multiline: bool
) -> tuple[float, list[list[_Glyph]]]:
    """Return the largest size at which everything fits, and the lines as broken at that size."""
    room = width - 2 * _PADDING
    for size in _SIZES:
        broken = (
            [part for line in lines for part in _wrap(line, room / size)] if multiline else lines
        )
        tall = len(broken) * size * _LEADING + (2 * _PADDING if multiline else -size * 0.2)
        wide = max((_measure(line) for line in broken), default=0.0) * size
        if tall <= height and wide <= room:
            return size, broken
    return _SIZES[-1], broken


def _wrap(line: list[_Glyph], room: float) -> Iterator[list[_Glyph]]:
    """Break a line at spaces, or within a word that is wider than the box."""
    current: list[_Glyph] = []
    for glyph in line:
        if current and not glyph.is_space and _measure(current) + glyph.width > room:
            space = max((n for n, g in enumerate(current) if g.is_space), default=-1)
            yield current[:space] if space > 0 else current
            current = current[space + 1 :] if space > 0 else []
        current.append(glyph)
    yield current


def _measure(line: Sequence[_Glyph]) -> float:
    end = len(line)
    while end and line[end - 1].is_space:
        end -= 1
    return sum(glyph.width for glyph in line[:end])


def _draw(
    lines: list[list[_Glyph]],
    size: float,
    height: float,
    fonts: Sequence[FormFont],
    *,
    multiline: bool,
) -> Iterator[bytes]:
    top = height - _PADDING - size * (_LEADING - _DESCENT)
    first = top if multiline else (height - size * _CAP_HEIGHT) / 2
    yield f"{_number(_PADDING)} {_number(first)} Td {_number(size * _LEADING)} TL\n".encode()
    for line in lines:
        for font, codes in _runs(line):
            run = b"".join(code.to_bytes(fonts[font].code_length, "big") for code in codes)
            yield f"/{fonts[font].resource} {_number(size)} Tf <{run.hex()}> Tj\n".encode()
        yield b"T*\n"


def _runs(line: Sequence[_Glyph]) -> Iterator[tuple[int, list[int]]]:
    start = 0
    for n in range(1, len(line) + 1):
        if n == len(line) or line[n].font != line[start].font:
            yield line[start].font, [glyph.code for glyph in line[start:n]]
            start = n


def _number(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")


def find_form_fonts(pdf: pikepdf.Pdf) -> tuple[FormFont, ...]:
    """Return the fonts of the form that say what they hold, simple WinAnsi ones first."""
    fonts = pdf.Root.AcroForm.DR.Font
    simple = [
        _read_win_ansi(name, font)
        for name, font in sorted(fonts.items())
        if font.get("/Encoding") == pikepdf.Name.WinAnsiEncoding
    ]
    composite = [
        _read_composite(name, font)
        for name, font in sorted(fonts.items())
        if font.Subtype == pikepdf.Name.Type0 and "/ToUnicode" in font
    ]
    return (*simple, *composite)


def _read_win_ansi(name: str, font: pikepdf.Object) -> FormFont:
    first = int(font.get("/FirstChar", 32))
    codes = {bytes([code]).decode("cp1252", "ignore"): code for code in range(32, 256)}
    return FormFont(
        resource=name[1:],
        code_length=1,
        codes={text: code for text, code in codes.items() if text},
        widths={first + n: float(width) for n, width in enumerate(font.get("/Widths", ()))},
    )


def _read_composite(name: str, font: pikepdf.Object) -> FormFont:
    """Read a composite font as the blank form has it: one run of widths, one glyph a character."""
    first, widths = font.DescendantFonts[0].W
    pairs = _TO_UNICODE.findall(font.ToUnicode.read_bytes())
    return FormFont(
        resource=name[1:],
        code_length=2,
        codes={chr(int(text, 16)): int(code, 16) for code, text in pairs},
        widths={int(first) + n: float(width) for n, width in enumerate(widths)},
    )
