"""What the readers of a PDF's text layer have in common: what they give, and how it is spelled.

`parsers.pages.pdfium_pages` is the fast one and asked first; `parsers.pages.plumber_pages` reads
the same page in a way of its own and is asked again where the first leaves a doubt. Both turn the
page upright (/Rotate) and count from the lower left corner of what is shown of it (/CropBox).
"""

from __future__ import annotations

import re
from typing import Protocol

from parsers.pages.words import PageWords
from parsers.pdf.objects import Box

#: A page with more words than this is no form's page.
MOST_WORDS = 5_000

#: Ghostscript writes the letters of a joined "fi" with the bytes of each the wrong way round.
_TURNED_ROUND = re.compile("[\u6600\u6900\u6c00]{2,3}")
#: Letters joined in print, and pdfium's marks for a hyphen that ends a line.
_SPELLED_OUT = str.maketrans(
    {
        "\ufb00": "ff",
        "\ufb01": "fi",
        "\ufb02": "fl",
        "\ufb03": "ffi",
        "\ufb04": "ffl",
        "\ufb05": "st",
        "\ufb06": "st",
        "\x02": "-",
        "\ufffe": "-",
        **{chr(code): None for code in range(32) if code != 2},
        "\xad": "-",
    }
)


def spell_out(text: str) -> str:
    """Return a word as it reads on the page, letter by letter."""
    if text.isascii() and text.isprintable():
        return text
    text = _TURNED_ROUND.sub(lambda run: "".join(chr(ord(c) >> 8) for c in run.group()), text)
    return text.translate(_SPELLED_OUT)


class TextLayerError(Exception):
    """The document cannot be opened by this reader."""


class TextLayer(Protocol):
    """A document whose pages have words."""

    name: str  #: of the library, as `Extraction.readers` tells it

    def count(self) -> int:
        """Return the number of pages."""

    def words(self, number: int) -> PageWords:
        """Return the words of page `number`, counted from 1."""


class Upright:
    """The turn from a page's own space to the page as it is shown (ISO 32000-2, 7.7.3.3)."""

    def __init__(self, box: Box, rotation: int) -> None:
        self._left, self._bottom, self._right, self._top = box
        self._rotation = rotation % 360
        wide, tall = self._right - self._left, self._top - self._bottom
        self.width, self.height = (tall, wide) if self._rotation in (90, 270) else (wide, tall)

    def turn(self, box: Box) -> Box:
        """Return `box` on the upright page."""
        x0, y0, x1, y1 = box
        if self._rotation == 90:
            return y0 - self._bottom, self._right - x1, y1 - self._bottom, self._right - x0
        if self._rotation == 180:
            return self._right - x1, self._top - y1, self._right - x0, self._top - y0
        if self._rotation == 270:
            return self._top - y1, x0 - self._left, self._top - y0, x1 - self._left
        return x0 - self._left, y0 - self._bottom, x1 - self._left, y1 - self._bottom
