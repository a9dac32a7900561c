"""A document opened by pdfium: the words of its pages by character boxes, and their pictures.

A page that cannot be read has no words and no picture; a document that cannot be opened raises
`TextLayerError`. pdfium may end the whole process on a hostile page: only a process that can be
spared runs this.
"""

from __future__ import annotations

import ctypes
import io
import re
from collections.abc import Iterator
from types import TracebackType
from typing import TYPE_CHECKING, Any

import pikepdf

from parsers.page_words import PageWords, Word
from parsers.pdf_objects import Box
from parsers.text_layer import MOST_WORDS, TextLayerError, Upright, spell_out
from parsers.untold_fonts import find_untold_fonts, guess_letter

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_MOST_CHARACTERS = 100_000
#: pdfium joins a word that a hyphen parts at the end of a line; where its mark stands, a word ends.
_WORD = re.compile("[^\\s\x02\ufffe]*[\x02\ufffe]|[^\\s\x02\ufffe]+")
#: A word that is wider than so many heights for each of its letters may be two, far apart.
_WIDE = 0.85
#: Letters of one word are never so many heights apart.
_APART = 0.6
#: How sure a word is whose letters are guessed; the second reader is then asked.
_GUESSED = 0.7
#: The flag of a font with letters of its own (ISO 32000-2, 9.8.2).
_SYMBOLIC = 1 << 2
#: Nothing is drawn with more pixels than this on its longer side.
_MOST_PIXELS = 6_000


class PdfiumPages:
    """A document opened by pdfium: words by character boxes, and pictures of its pages."""

    name = "pypdfium2"

    def __init__(self, data: bytes, password: str = "") -> None:
        import pypdfium2  # noqa: PLC0415  # few documents need it

        self.raw = pypdfium2.raw
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
            words = tuple(_PageText(self, text_page, upright).words())
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

    def is_untold(self, font: str) -> bool:
        """Return whether the font of that name does not say which letters its characters are."""
        if self._untold_fonts is None:
            with pikepdf.open(io.BytesIO(self._data), password=self._password) as pdf:
                self._untold_fonts = find_untold_fonts(pdf)
        return font.rpartition("+")[2] in self._untold_fonts


class _PageText:
    """The characters of one page, put together to words."""

    def __init__(self, pages: PdfiumPages, text_page: Any, upright: Upright) -> None:
        self._pages = pages
        self._raw = pages.raw
        self._text_page = text_page
        self._upright = upright
        self._edges = tuple(ctypes.c_double() for _ in range(4))
        left, bottom, right, top = map(ctypes.byref, self._edges)
        self._places = (left, right, bottom, top)

    def words(self) -> Iterator[Word]:
        """Yield the words in the order pdfium gives them."""
        text = self._read_text()
        is_plain = text.isascii() and "\x02" not in text
        for number, found in enumerate(_WORD.finditer(text)):
            if number >= MOST_WORDS:
                return
            for start, end, box in self._find_parts(*found.span()):
                written, confidence = text[start:end], 1.0
                if not is_plain and not written.isascii():
                    guessed = self._guess(start, written)
                    confidence = 1.0 if guessed == written else _GUESSED
                    written = spell_out(guessed)
                if written:
                    yield Word(text=written, box=box, confidence=confidence)

    def _read_text(self) -> str:
        """Return the page's text, one character for each of pdfium's positions."""
        count = self._text_page.count_chars()
        if not 0 < count <= _MOST_CHARACTERS:
            return ""
        text: str = self._text_page.get_text_range(errors="replace")
        if len(text) == count:
            return text
        ask = self._raw.FPDFText_GetUnicode
        return "".join(chr(ask(self._text_page, n) or 32) for n in range(count))

    def _find_parts(self, start: int, end: int) -> Iterator[tuple[int, int, Box]]:
        """Yield a word's place in the text and its box; each part, where it is several words.

        A word is as wide as from its first to its last letter, so that two letters do. pdfium at
        times runs words together that stand far apart; only those are looked at letter by letter.
        """
        x0, y0, x1, y1 = self._find_box(start)
        if end - start == 1:
            yield start, end, self._upright.turn((x0, y0, x1, y1))
            return
        u0, v0, u1, v1 = self._find_box(end - 1)
        box = (
            x0 if x0 < u0 else u0,
            y0 if y0 < v0 else v0,
            x1 if x1 > u1 else u1,
            y1 if y1 > v1 else v1,
        )
        left, bottom, right, top = box = self._upright.turn(box)
        height = y1 - y0 + v1 - v0
        if top - bottom > height or right - left > _WIDE / 2 * height * (end - start):
            yield from self._split(start, end)
        else:
            yield start, end, box

    def _split(self, start: int, end: int) -> Iterator[tuple[int, int, Box]]:
        """Yield the parts of a word whose letters do not all stand side by side."""
        part = self._upright.turn(self._find_box(start))
        for place in range(start + 1, end):
            letter = self._upright.turn(self._find_box(place))
            apart = _APART * max(part[3] - part[1], letter[3] - letter[1])
            is_beside = -apart <= letter[0] - part[2] <= apart
            if is_beside and letter[1] <= part[3] + apart and letter[3] >= part[1] - apart:
                part = (
                    min(part[0], letter[0]),
                    min(part[1], letter[1]),
                    max(part[2], letter[2]),
                    max(part[3], letter[3]),
                )
                continue
            yield start, place, part
            start, part = place, letter
        yield start, end, part

    def _find_box(self, place: int) -> Box:
        """Return the box of a character in the page's own space."""
        self._raw.FPDFText_GetCharBox(self._text_page, place, *self._places)
        left, bottom, right, top = self._edges
        return left.value, bottom.value, right.value, top.value

    def _guess(self, start: int, written: str) -> str:
        """Return a word with what its letters most likely mean where their font does not say."""
        return "".join(
            guess_letter(letter) if not letter.isascii() and self._is_untold(place) else letter
            for place, letter in enumerate(written, start)
        )

    def _is_untold(self, place: int) -> bool:
        name = ctypes.create_string_buffer(256)
        flags = ctypes.c_int()
        self._raw.FPDFText_GetFontInfo(self._text_page, place, name, len(name), ctypes.byref(flags))
        return bool(flags.value & _SYMBOLIC) and self._pages.is_untold(
            name.value.decode("utf-8", "replace")
        )
