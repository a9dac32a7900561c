"""Embeds the fonts that form fields are filled in with.

Outcome: the entries of the form's `/DR /Font`. `Form` is a simple WinAnsi font, which any program
can fill with, and the one that fields name. `FormMore` holds every other letter of the same face;
our own filling draws with it, so that a name such as Nguyễn shows in every viewer. `ZaDb` is the
standard font that viewers draw tick marks with when they draw them anew.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from io import BytesIO
from pathlib import Path

import pikepdf
from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTFont
from pikepdf import Array, Dictionary, Name, String

#: Resource names of the fonts.
WIN_ANSI, MORE, MARKS = "Form", "FormMore", "ZaDb"

#: Flags of a font descriptor (ISO 32000-1, table 123).
_SYMBOLIC, _NONSYMBOLIC = 1 << 2, 1 << 5


def embed_form_fonts(pdf: pikepdf.Pdf, path: Path) -> Dictionary:
    """Embed the TrueType font at `path` twice and return the form's font resources."""
    with TTFont(path) as font:
        covered = {chr(code) for code in font.getBestCmap()}
    win_ansi = {code: bytes([code]).decode("cp1252", "ignore") for code in range(32, 256)}
    win_ansi = {code: text for code, text in win_ansi.items() if text in covered}
    fonts = Dictionary()
    fonts[f"/{WIN_ANSI}"] = _embed_win_ansi(pdf, path, win_ansi)
    fonts[f"/{MORE}"] = _embed_more(pdf, path, sorted(covered - set(win_ansi.values())))
    fonts[f"/{MARKS}"] = pdf.make_indirect(
        Dictionary(Type=Name.Font, Subtype=Name.Type1, BaseFont=Name.ZapfDingbats)
    )
    return fonts


def _embed_win_ansi(pdf: pikepdf.Pdf, path: Path, codes: Mapping[int, str]) -> pikepdf.Object:
    font = _subset(path, codes.values())
    glyphs = font.getBestCmap()
    base = Name(f"/FORMAA+{font['name'].getDebugName(6)}")
    return pdf.make_indirect(
        Dictionary(
            Type=Name.Font,
            Subtype=Name.TrueType,
            BaseFont=base,
            FirstChar=32,
            LastChar=255,
            Widths=[
                _advance(font, glyphs[ord(codes[code])] if code in codes else ".notdef")
                for code in range(32, 256)
            ],
            Encoding=Name.WinAnsiEncoding,
            FontDescriptor=_describe(pdf, font, base, _NONSYMBOLIC),
        )
    )


def _embed_more(pdf: pikepdf.Pdf, path: Path, characters: list[str]) -> pikepdf.Object:
    """Embed `characters` as a composite font, whose two-byte codes are glyph numbers."""
    font = _subset(path, characters)
    base = Name(f"/FORMAB+{font['name'].getDebugName(6)}")
    glyphs = {text: font.getGlyphID(font.getBestCmap()[ord(text)]) for text in characters}
    widths = [_advance(font, name) for name in font.getGlyphOrder()]
    descendant = Dictionary(
        Type=Name.Font,
        Subtype=Name.CIDFontType2,
        BaseFont=base,
        CIDSystemInfo=Dictionary(
            Registry=String("Adobe"), Ordering=String("Identity"), Supplement=0
        ),
        CIDToGIDMap=Name.Identity,
        W=[0, Array(widths)],
        FontDescriptor=_describe(pdf, font, base, _SYMBOLIC),
    )
    return pdf.make_indirect(
        Dictionary(
            Type=Name.Font,
            Subtype=Name.Type0,
            BaseFont=base,
            Encoding=Name("/Identity-H"),
            DescendantFonts=[pdf.make_indirect(descendant)],
            ToUnicode=pdf.make_stream(_to_unicode(glyphs)),
        )
    )


def _subset(path: Path, characters: Iterable[str]) -> TTFont:
    font = TTFont(path, recalcTimestamp=False)
    # Kerning and hints are of no use to a form field, and glyph names let old viewers find glyphs.
    options = Options(hinting=False, layout_features=[], glyph_names=True, notdef_outline=True)
    subsetter = Subsetter(options)
    subsetter.populate(unicodes=[ord(text) for text in characters])
    subsetter.subset(font)
    return font


def _advance(font: TTFont, glyph: str) -> int:
    return round(font["hmtx"].metrics[glyph][0] * 1000 / font["head"].unitsPerEm)


def _describe(pdf: pikepdf.Pdf, font: TTFont, base: Name, flags: int) -> pikepdf.Object:
    program = BytesIO()
    font.save(program)
    head, scale = font["head"], 1000 / font["head"].unitsPerEm
    return pdf.make_indirect(
        Dictionary(
            Type=Name.FontDescriptor,
            FontName=base,
            Flags=flags,
            FontBBox=[round(n * scale) for n in (head.xMin, head.yMin, head.xMax, head.yMax)],
            ItalicAngle=0,
            Ascent=round(font["hhea"].ascent * scale),
            Descent=round(font["hhea"].descent * scale),
            CapHeight=round(font["OS/2"].sCapHeight * scale),
            StemV=80,
            FontFile2=pdf.make_stream(program.getvalue(), Length1=len(program.getvalue())),
        )
    )


def _to_unicode(glyphs: Mapping[str, int]) -> bytes:
    """Return the CMap that says which character each glyph is (ISO 32000-1, 9.10.3)."""
    pairs = [f"<{glyph:04X}> <{ord(text):04X}>" for text, glyph in glyphs.items()]
    blocks = [pairs[n : n + 100] for n in range(0, len(pairs), 100)]
    lines = [
        "/CIDInit /ProcSet findresource begin",
        "12 dict begin",
        "begincmap",
        "/CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def",
        "/CMapName /Adobe-Identity-UCS def",
        "/CMapType 2 def",
        "1 begincodespacerange",
        "<0000> <FFFF>",
        "endcodespacerange",
        *("\n".join((f"{len(block)} beginbfchar", *block, "endbfchar")) for block in blocks),
        "endcmap",
        "CMapName currentdict /CMap defineresource pop",
        "end",
        "end",
    ]
    return "\n".join(lines).encode("ascii")
