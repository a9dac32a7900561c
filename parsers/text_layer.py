"""The words of a PDF's text layer, where they stand on the upright page, by two readers.

`PdfiumPages` is the fast one and asked first; `PdfplumberPages` reads the same page in a way of its
own and is asked again where the first leaves a doubt. Both turn the page upright (/Rotate) and
count from the lower left corner of what is shown of it (/CropBox). A page that cannot be read has
no words; a document that cannot be opened raises `TextLayerError`.

pdfium may end the whole process on a hostile page: only a process that can be spared runs this.
"""

from __future__ import annotations

import ctypes
import io
import re
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import TYPE_CHECKING, Any, Protocol

import pikepdf

from parsers.page_words import PageWords, Word
from parsers.pdf_objects import Box
from parsers.untold_fonts import find_untold_fonts, guess_text

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

#: A page with more words than this is no form's page.
_MOST_WORDS = 5_000
_MOST_CHARACTERS = 100_000
#: How sure a word is whose letters are guessed; the second reader is then asked.
_GUESSED = 0.7
#: The flag of a font with letters of its own (ISO 32000-2, 9.8.2).
_SYMBOLIC = 1 << 2
#: Nothing is drawn with more pixels than this on its longer side.
_MOST_PIXELS = 6_000

#: pdfium joins a word that a hyphen parts at the end of a line; where the mark stands, it ends.
_WORD = re.compile("[^\\s\x02\ufffe]*[\x02\ufffe]|[^\\s\x02\ufffe]+")
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
        "\x00": None,
        "\xad": "-",
    }
)


def _spell_out(text: str) -> str:
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


class PdfiumPages:
    """A document opened by pdfium: words by character boxes, and pictures of its pages."""

    name = "pypdfium2"

    def __init__(self, data: bytes, password: str = "") -> None:
        import pypdfium2  # noqa: PLC0415  # few documents need it

        self._raw = pypdfium2.raw
        self._data, self._password = data, password
        self._untold_fonts: frozenset[str] | None = None
        self._pages: dict[int, Any] = {}
        try:
            self._document = pypdfium2.PdfDocument(data, password=password or None)
        except pypdfium2.PdfiumError as error:
            raise TextLayerError(str(error)) from error
        self._failure = pypdfium2.PdfiumError

    def __enter__(self) -> PdfiumPages:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def count(self) -> int:
        """Return the number of pages."""
        return len(self._document)

    def words(self, number: int) -> PageWords:
        """Return the words of page `number`, counted from 1."""
        page, upright = self._page(number), self.upright(number)
        words: tuple[Word, ...] = ()
        if page is not None:
            try:
                text_page = page.get_textpage()
            except self._failure:
                return PageWords(number=number, width=upright.width, height=upright.height)
            words = tuple(self._read(text_page, upright))
            text_page.close()
        return PageWords(number=number, width=upright.width, height=upright.height, words=words)

    def upright(self, number: int) -> Upright:
        """Return how page `number` is turned and cut to be shown."""
        page = self._page(number)
        if page is None:
            return Upright((0.0, 0.0, 0.0, 0.0), 0)
        return Upright(page.get_bbox(), page.get_rotation())

    def picture(
        self, number: int, *, dots_per_inch: float, box: Box | None = None
    ) -> NDArray[np.uint8]:
        """Return the upright page, or `box` of it, as rows of grey pixels, the top row first.

        0 is black. What cannot be drawn, or lies outside the page, gives an array without pixels.
        Annotations and form fields are drawn with what stands in them. A small box takes some
        hundredths of the time of a page.
        """
        import numpy as np  # noqa: PLC0415

        nothing = np.zeros((0, 0), dtype=np.uint8)
        page = self._page(number)
        if page is None:
            return nothing
        width, height = page.get_size()
        left, bottom, right, top = box or (0.0, 0.0, width, height)
        margins = (
            max(left, 0.0),
            max(bottom, 0.0),
            max(width - right, 0.0),
            max(height - top, 0.0),
        )
        if margins[0] + margins[2] >= width or margins[1] + margins[3] >= height:
            return nothing
        scale = min(dots_per_inch / 72, _MOST_PIXELS / max(right - left, top - bottom))
        try:
            bitmap = page.render(scale=scale, grayscale=True, crop=margins)
        except (self._failure, ValueError):
            return nothing
        pixels: NDArray[np.uint8] = np.array(bitmap.to_numpy(), dtype=np.uint8)
        bitmap.close()
        return pixels.reshape(pixels.shape[:2])

    def close(self) -> None:
        """Give back what pdfium holds."""
        for page in self._pages.values():
            page.close()
        self._pages.clear()
        self._document.close()

    def _page(self, number: int) -> Any:
        """Return a page, or None where it cannot be read; it stays open for its picture."""
        if number not in self._pages:
            try:
                self._pages[number] = self._document[number - 1]
            except (self._failure, IndexError):
                return None
        return self._pages[number]

    def _read(self, text_page: Any, upright: Upright) -> Iterator[Word]:
        count = text_page.count_chars()
        if not 0 < count <= _MOST_CHARACTERS:
            return
        text = text_page.get_text_range(errors="replace")
        if len(text) != count:
            # Then one character is not one position of the text, and each is asked for its own.
            text = "".join(
                chr(self._raw.FPDFText_GetUnicode(text_page, n) or 32) for n in range(count)
            )
        is_plain = text.isascii() and "\x02" not in text
        find_box = self._character_boxes(text_page)
        for n, found in enumerate(_WORD.finditer(text)):
            if n >= _MOST_WORDS:
                return
            start, end = found.span()
            x0, y0, x1, y1 = find_box(start)
            if end - start > 1:
                # A word is as wide as from its first to its last letter, so two letters do.
                u0, v0, u1, v1 = find_box(end - 1)
                x0 = x0 if x0 < u0 else u0
                y0 = y0 if y0 < v0 else v0
                x1 = x1 if x1 > u1 else u1
                y1 = y1 if y1 > v1 else v1
            written, confidence = found.group(), 1.0
            if not is_plain and not written.isascii():
                if self._is_untold(text_page, start, written):
                    written, confidence = guess_text(written), _GUESSED
                written = _spell_out(written)
            if written:
                box = upright.turn((x0, y0, x1, y1))
                yield Word(text=written, box=box, confidence=confidence)

    def _is_untold(self, text_page: Any, start: int, written: str) -> bool:
        """Return whether the font of a word's first unusual letter does not say what it is."""
        name = ctypes.create_string_buffer(256)
        flags = ctypes.c_int()
        place = start + next(n for n, letter in enumerate(written) if not letter.isascii())
        self._raw.FPDFText_GetFontInfo(text_page, place, name, len(name), ctypes.byref(flags))
        if not flags.value & _SYMBOLIC:
            return False
        if self._untold_fonts is None:
            with pikepdf.open(io.BytesIO(self._data), password=self._password) as pdf:
                self._untold_fonts = find_untold_fonts(pdf)
        return name.value.decode("utf-8", "replace").rpartition("+")[2] in self._untold_fonts

    def _character_boxes(self, text_page: Any) -> Callable[[int], Box]:
        """Return a function from a character's position to its box in the page's own space."""
        left, bottom, right, top = (ctypes.c_double() for _ in range(4))
        edges = tuple(map(ctypes.byref, (left, right, bottom, top)))
        ask, handle = self._raw.FPDFText_GetCharBox, text_page.raw

        def find_box(position: int) -> Box:
            ask(handle, position, *edges)
            return left.value, bottom.value, right.value, top.value

        return find_box


class PdfplumberPages:
    """The same document read by pdfplumber, slowly and independently."""

    name = "pdfplumber"

    def __init__(self, data: bytes, password: str = "") -> None:
        # pdfplumber takes a quarter of a second to import; few documents need it.
        import pdfplumber  # noqa: PLC0415

        try:
            self._document: Any = pdfplumber.open(io.BytesIO(data), password=password)
        except Exception as error:
            raise TextLayerError(str(error)) from error

    def __enter__(self) -> PdfplumberPages:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def count(self) -> int:
        """Return the number of pages."""
        return len(self._document.pages)

    def words(self, number: int) -> PageWords:
        """Return the words of page `number`, counted from 1."""
        if not 0 < number <= self.count():
            return PageWords(number=number, width=0.0, height=0.0)
        page = self._document.pages[number - 1]
        left, top, right, bottom = (float(edge) for edge in page.cropbox or page.bbox)
        found = page.extract_words(
            keep_blank_chars=False, use_text_flow=False, x_tolerance_ratio=0.15
        )
        page.close()
        words = (
            Word(
                text=_spell_out(str(w["text"])),
                box=(w["x0"] - left, bottom - w["bottom"], w["x1"] - left, bottom - w["top"]),
            )
            for w in found[:_MOST_WORDS]
        )
        return PageWords(number=number, width=right - left, height=bottom - top, words=tuple(words))

    def close(self) -> None:
        """Give back what the reader holds."""
        self._document.close()


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
