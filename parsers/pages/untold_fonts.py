"""Fonts that do not say which letters their characters are, and what is most likely meant.

A font with neither an encoding nor a map to Unicode (ISO 32000-2, 9.10.2) leaves its reader to
guess. pdfium takes the codes for Mac OS Roman; Ghostscript, which makes such fonts when it prints
forms, means whatever the form meant, mostly Windows-1252, so that `Peña` comes out as `PeÒa`. ASCII
is the same in both. Which of the two makes a word that can be one is the likelier.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from typing import Any

import pikepdf

from parsers.pdf.objects import find_text

#: Where pdfium's own table of Mac OS Roman is another: what it reads, and what was meant.
_PDFIUM_SAYS = {"£": "Á", "¤": "Û"}
_SMALL = "a-z\u00df-\u00f6\u00f8-\u00ff"
_ODD = (
    # A capital beyond ASCII after a small letter, a small one beyond ASCII before a capital.
    re.compile(f"(?<=[{_SMALL}])[\u00c0-\u00d6\u00d8-\u00de\u0160\u0178\u017d]"),
    re.compile("[\u00df-\u00f6\u00f8-\u00ff](?=[A-Z])"),
    # A sign that stands at or between letters, other than an apostrophe.
    re.compile(
        "(?<=[A-Za-z])[^\\x00-\\x7f\\w\u2019]|[^\\x00-\\x7f\\w\u2018\u201c\u00bf\u00a1](?=[A-Za-z])"
    ),
)
_MOST_FONTS = 500
_DEEPEST = 4


def find_untold_fonts(pdf: pikepdf.Pdf) -> frozenset[str]:
    """Return the names, without the tag of a subset, of the simple fonts that tell nothing."""
    found = set()
    for font in _fonts(pdf):
        if font.get("/Subtype") == pikepdf.Name.Type0:
            continue
        if "/ToUnicode" not in font and "/Encoding" not in font:
            name = find_text(font.get("/BaseFont")) or ""
            found.add(name.rpartition("+")[2])
    return frozenset(found)


def guess_word(word: str, untold: Collection[int]) -> str:
    """Return what was most likely meant by a word that pdfium read.

    `untold` are the places of its letters that stand in such a font.
    """
    other = "".join(_in_windows(c) if n in untold else c for n, c in enumerate(word))
    return min(other, word, key=count_oddities)


def count_oddities(text: str) -> int:
    """Return how many places of a text no word has: signs and capitals amidst small letters."""
    return sum(len(odd.findall(text)) for odd in _ODD)


def _in_windows(letter: str) -> str:
    """Return the letter that Windows-1252 has where pdfium's Mac OS Roman has `letter`."""
    if letter in _PDFIUM_SAYS:
        return _PDFIUM_SAYS[letter]
    try:
        return letter.encode("mac_roman").decode("cp1252")
    except UnicodeError:
        return letter


def _fonts(pdf: pikepdf.Pdf) -> Iterator[Any]:  # PDF objects have no useful type
    met: set[tuple[int, int]] = set()
    waiting = [(page.obj.get("/Resources"), 0) for page in pdf.pages]
    count = 0
    while waiting and count < _MOST_FONTS:
        resources, depth = waiting.pop()
        if not isinstance(resources, pikepdf.Dictionary):
            continue
        for font in _members(resources.get("/Font"), met):
            count += 1
            yield font
        if depth < _DEEPEST:
            for drawn in _members(resources.get("/XObject"), met):
                waiting.append((drawn.get("/Resources"), depth + 1))


def _members(holder: object, met: set[tuple[int, int]]) -> Iterator[Any]:
    """Yield the dictionaries of a dictionary that were not met before."""
    if not isinstance(holder, pikepdf.Dictionary):
        return
    for key in sorted(holder.keys()):
        member = holder[key]
        if isinstance(member, pikepdf.Dictionary | pikepdf.Stream):
            identity = member.objgen
            if identity == (0, 0) or identity not in met:
                met.add(identity)
                yield member
