"""A document opened by pdfium: the words of its pages by character boxes, and their pictures.

A page that cannot be read has no words and no picture; a document that cannot be opened raises
`TextLayerError`. pdfium may end the whole process on a hostile page: only a process that can be
spared runs this.
"""

from __future__ import annotations

import ctypes
import io
import itertools
import math
import re
import struct
from collections.abc import Iterable, Iterator, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any

import pikepdf

from parsers.pages.text_layer import MOST_WORDS, TextLayerError, Upright, spell_out
from parsers.pages.untold_fonts import find_untold_fonts, guess_word
from parsers.pages.words import PageWords, TextRun, Word
from parsers.pdf.objects import Box

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_MOST_CHARACTERS = 100_000
_MOST_OBJECTS = 20_000
#: pdfium joins a word that a hyphen parts at the end of a line; where its mark stands, a word ends.
#: Some programs write control characters for blanks.
_WORD = re.compile("[^\\s\x00-\x1f\ufffe]*[\x02\ufffe]|[^\\s\x00-\x1f\ufffe]+")
#: A word that is wider than so many heights for each of its letters may be two, far apart.
_WIDE = 1.1
#: A blank is never so many heights wide within a line of text.
_FAR = 0.75
#: Letters of one word are never so many times their size apart.
_APART = 0.6
#: Runs that lie over each other by so much, in points, are not of one word.
_OVER = 0.5
#: How sure a word is whose letters are guessed; the second reader is then asked.
_GUESSED = 0.7
#: What forms print beside labels and between words: never a letter, so that no font is asked.
_SIGNS = "†‡•·"
#: The flag of a font with letters of its own (ISO 32000-2, 9.8.2).
_SYMBOLIC = 1 << 2
#: FPDFText_GetCharBox: text page and position in; left, right, bottom and top out.
_GET_CHAR_BOX = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.c_void_p, ctypes.c_int, *[ctypes.c_void_p] * 4
)
_FOUR_EDGES = struct.Struct("4d")
#: Annotations are drawn as well (FPDF_ANNOT), all in grey (FPDF_GRAYSCALE).
_DRAW = 0x01 | 0x08
#: Nothing is drawn with more pixels than this on its longer side.
_MOST_PIXELS = 6_000


class PdfiumPages:
    """A document opened by pdfium: words by character boxes, and pictures of its pages."""

    name = "pypdfium2"

    def __init__(
        self, data: bytes, password: str = "", *, opened: pikepdf.Pdf | None = None
    ) -> None:
        """Open a document; where it is `opened` already, its fonts need not be looked for anew."""
        import pypdfium2  # noqa: PLC0415  # few documents need it

        self._library = pypdfium2
        self.raw = pypdfium2.raw
        self._data, self._password, self._opened = data, password, opened
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

    def words(self, number: int, *, by_run: bool = False) -> PageWords:
        """Return the words of page `number`, counted from 1.

        `by_run` each word has its run, and those that lie over each other are told apart; it takes
        half as long again.
        """
        page, upright = self._page(number), self.upright(number)
        words: tuple[Word, ...] = ()
        if page is not None:
            try:
                text_page = page.get_textpage()
            except self._failure:
                return PageWords(number=number, width=upright.width, height=upright.height)
            text = _PageText(self, text_page, upright)
            words = tuple(text.words_by_run() if by_run else text.words())
            text_page.close()
        return PageWords(number=number, width=upright.width, height=upright.height, words=words)

    def text(self, number: int) -> str:
        """Return what stands on page `number`, line by line; nothing of an overlong page."""
        page = self._page(number)
        if page is None:
            return ""
        try:
            text_page = page.get_textpage()
        except self._failure:
            return ""
        is_short = text_page.count_chars() <= _MOST_CHARACTERS
        text = text_page.get_text_range(errors="replace") if is_short else ""
        text_page.close()
        return "\n".join(spell_out(line) for line in text.splitlines())

    def is_blank(self, number: int) -> bool:
        """Return whether nothing at all is drawn on page `number`."""
        page = self._page(number)
        return page is None or self.raw.FPDFPage_CountObjects(page) <= 0

    def upright(self, number: int) -> Upright:
        """Return how page `number` is turned and cut to be shown."""
        page = self._page(number)
        if page is None:
            return Upright((0.0, 0.0, 0.0, 0.0), 0)
        return Upright(page.get_bbox(), page.get_rotation())

    def pictures(
        self,
        number: int,
        boxes: Sequence[Box],
        *,
        dots_per_inch: float,
        without: Sequence[TextRun] = (),
    ) -> list[NDArray[np.uint8]]:
        """Return the parts of an upright page within `boxes`, as rows of grey pixels, 0 black.

        What cannot be drawn is white. Annotations and form fields are drawn with what stands in
        them. Small boxes take some hundredths of the time of a page, as little is drawn for each.
        The runs `without` which the page is to be seen are not drawn, now and from now on.
        """
        import numpy as np  # noqa: PLC0415

        page, scale = self._page(number), dots_per_inch / 72
        sizes = [_pixels(box, scale) for box in boxes]
        if page is None or not sizes:
            return [np.full((tall, wide), 255, dtype=np.uint8) for wide, tall in sizes]
        for run in without:
            self.raw.FPDFPageObj_SetIsActive(self.raw.FPDFPage_GetObject(page, run.place), 0)
        width, height = page.get_size()
        whole = (math.ceil(width * scale), math.ceil(height * scale))
        # A bitmap no larger than the box keeps pdfium from drawing what is around it.
        bitmaps = {
            size: self._library.PdfBitmap.new_native(*size, self.raw.FPDFBitmap_Gray)
            for size in set(sizes)
        }
        found = []
        for (left, _, _, top), size in zip(boxes, sizes, strict=True):
            drawn = bitmaps[size].to_numpy()
            drawn.fill(255)
            corner = (-round(left * scale), -round((height - top) * scale))
            self.raw.FPDF_RenderPageBitmap(bitmaps[size], page, *corner, *whole, 0, _DRAW)
            found.append(np.array(drawn, dtype=np.uint8).reshape(size[1], size[0]))
        for bitmap in bitmaps.values():
            bitmap.close()
        return found

    def runs(self, number: int, boxes: Sequence[Box]) -> list[TextRun]:
        """Return the runs of text that the page itself draws over any of `boxes`."""
        page, turn = self._page(number), self.upright(number).turn
        if page is None or not boxes:
            return []
        try:
            text_page = page.get_textpage()
        except self._failure:
            return []
        found = []
        edges = (ctypes.c_float * 4)()
        at = [ctypes.pointer(ctypes.c_float.from_buffer(edges, 4 * n)) for n in range(4)]
        for place in range(min(self.raw.FPDFPage_CountObjects(page), _MOST_OBJECTS)):
            drawn = self.raw.FPDFPage_GetObject(page, place)
            if self.raw.FPDFPageObj_GetType(drawn) != self.raw.FPDF_PAGEOBJ_TEXT:
                continue
            if not self.raw.FPDFPageObj_GetBounds(drawn, *at):
                continue
            x0, y0, x1, y1 = box = turn((edges[0], edges[1], edges[2], edges[3]))
            if any(x0 < c and x1 > a and y0 < d and y1 > b for a, b, c, d in boxes):
                text = self._read_run(text_page, drawn)
                found.append(TextRun(text=text, box=box, place=place))
        text_page.close()
        return found

    def _read_run(self, text_page: Any, drawn: Any) -> str:
        size = self.raw.FPDFTextObj_GetText(drawn, text_page, None, 0)
        if not 0 < size <= 2 * _MOST_CHARACTERS:
            return ""
        letters = ctypes.create_string_buffer(size)
        self.raw.FPDFTextObj_GetText(
            drawn, text_page, ctypes.cast(letters, ctypes.POINTER(ctypes.c_ushort)), size
        )
        return letters.raw.decode("utf-16-le", "replace").rstrip("\0")

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
            self._untold_fonts = self._find_untold_fonts()
        return font.rpartition("+")[2] in self._untold_fonts

    def _find_untold_fonts(self) -> frozenset[str]:
        if self._opened is not None:
            return find_untold_fonts(self._opened)
        with pikepdf.open(io.BytesIO(self._data), password=self._password) as pdf:
            return find_untold_fonts(pdf)


def _pixels(box: Box, scale: float) -> tuple[int, int]:
    """Return how many pixels wide and tall a box is drawn."""
    wide, tall = (box[2] - box[0]) * scale, (box[3] - box[1]) * scale
    return min(max(round(wide), 1), _MOST_PIXELS), min(max(round(tall), 1), _MOST_PIXELS)


class _PageText:
    """The characters of one page, put together to words."""

    def __init__(self, pages: PdfiumPages, text_page: Any, upright: Upright) -> None:
        self._pages = pages
        self._raw = pages.raw
        self._text_page = text_page
        self._upright = upright
        # Asked twice for each word, the function takes half the time when it is given addresses.
        self._ask_box = ctypes.cast(pages.raw.FPDFText_GetCharBox, _GET_CHAR_BOX)
        self._handle = ctypes.cast(text_page.raw, ctypes.c_void_p).value
        self._edges = (ctypes.c_double * 4)()
        left = ctypes.addressof(self._edges)
        self._places = (left, left + 16, left + 8, left + 24)

    def words(self) -> Iterator[Word]:
        """Yield the words in the order pdfium gives them.

        A word is as wide as from its first to its last letter, so that two letters do. pdfium at
        times runs words together that stand far apart; only those are looked at letter by letter.
        """
        text = self._read_text()
        spans = map(re.Match.span, _WORD.finditer(text))
        return self._read_words(text, itertools.islice(spans, MOST_WORDS))

    def words_by_run(self) -> Iterator[Word]:
        """Yield the words with their runs; two that lie over each other are two."""
        text = self._read_text()
        for found in itertools.islice(_WORD.finditer(text), MOST_WORDS):
            for start, end in self._part_runs(*found.span()):
                run = self._find_run(start)
                # Of a word that two runs make nobody knows which it belongs to.
                run = run if run == self._find_run(end - 1) else 0
                yield from (w._replace(run=run) for w in self._read_words(text, [(start, end)]))

    def _part_runs(self, start: int, end: int) -> Iterator[tuple[int, int]]:
        """Yield the parts of a word where a run begins before the one before it has ended."""
        for place in range(start + 1, end):
            if self._find_run(place) != self._find_run(place - 1):
                before, after = map(self._upright.turn, map(self._find_box, (place - 1, place)))
                if after[0] < before[2] - _OVER:
                    yield start, place
                    start = place
        yield start, end

    def _find_run(self, place: int) -> int:
        """Return what the runs of two letters can be told apart by."""
        drawn = self._raw.FPDFText_GetTextObject(self._text_page, place)
        return ctypes.cast(drawn, ctypes.c_void_p).value or 0

    def _read_words(self, text: str, spans: Iterable[tuple[int, int]]) -> Iterator[Word]:
        is_plain = text.isascii() and "\x02" not in text
        find_box, turn = self._find_box, self._upright.turn
        before, edge = 0, 0.0
        for start, end in spans:
            x0, y0, x1, y1 = find_box(start)
            tall = y1 - y0
            parts: Iterable[tuple[int, int, Box]] = ()
            if end - start > 1:
                u0, v0, u1, v1 = find_box(end - 1)
                tall = tall if tall > v1 - v0 else v1 - v0
                x0, y0 = x0 if x0 < u0 else u0, y0 if y0 < v0 else v0
                x1, y1 = x1 if x1 > u1 else u1, y1 if y1 > v1 else v1
                if y1 - y0 > 2 * tall or x1 - x0 > _WIDE * tall * (end - start):
                    parts = self._split(start, end)
            is_sure = start - before != 1 or x0 - edge < _FAR * tall or not self._has_ink(before)
            before, edge = end, x1
            for first, last, box in parts or ((start, end, turn((x0, y0, x1, y1))),):
                if is_sure and (is_plain or text[first:last].isascii()):
                    yield Word(text=text[first:last], box=box)
                else:
                    yield from self._read_unusual(first, text[first:last], box, is_sure=is_sure)

    def _has_ink(self, place: int) -> bool:
        """Return whether a blank is drawn as something: it is a letter that pdfium cannot tell."""
        _, bottom, _, top = self._find_box(place)
        return top - bottom > 1

    def _read_text(self) -> str:
        """Return the page's text, one character for each of pdfium's positions."""
        count = self._text_page.count_chars()
        if not 0 < count <= _MOST_CHARACTERS:
            return ""
        text: str = self._text_page.get_text_range(errors="replace")
        if len(text) != count:
            ask = self._raw.FPDFText_GetUnicode
            text = "".join(chr(ask(self._text_page, n) or 32) for n in range(count))
        return text

    def _split(self, start: int, end: int) -> Iterator[tuple[int, int, Box]]:
        """Yield the parts of a word whose letters do not all follow each other closely.

        Letters follow each other to the right or, on a page that lies on its side, up or down.
        """
        part = self._upright.turn(self._find_box(start))
        size = max(part[2] - part[0], part[3] - part[1])
        for place in range(start + 1, end):
            letter = self._upright.turn(self._find_box(place))
            size = max(size, letter[2] - letter[0], letter[3] - letter[1])
            across = max(letter[0] - part[2], part[0] - letter[2])
            along = max(letter[1] - part[3], part[1] - letter[3])
            if across <= _APART * size and along <= _APART * size:
                part = (
                    min(part[0], letter[0]),
                    min(part[1], letter[1]),
                    max(part[2], letter[2]),
                    max(part[3], letter[3]),
                )
                continue
            yield start, place, part
            start, part = place, letter
            size = max(part[2] - part[0], part[3] - part[1])
        yield start, end, part

    def _find_box(self, place: int) -> Box:
        """Return the box of a character in the page's own space."""
        self._ask_box(self._handle, place, *self._places)
        left, bottom, right, top = _FOUR_EDGES.unpack(self._edges)
        return left, bottom, right, top

    def _read_unusual(self, start: int, written: str, box: Box, *, is_sure: bool) -> Iterator[Word]:
        """Yield a word with letters beyond ASCII as it is spelled, if anything is left of it."""
        untold = [
            n
            for n, letter in enumerate(written)
            if not letter.isascii()
            and (letter not in _SIGNS or 0 < n < len(written) - 1)
            and self._is_untold(start + n)
        ]
        spelled = spell_out(guess_word(written, untold))
        if spelled:
            yield Word(
                text=spelled, box=box, confidence=1.0 if is_sure and not untold else _GUESSED
            )

    def _is_untold(self, place: int) -> bool:
        name = ctypes.create_string_buffer(256)
        flags = ctypes.c_int()
        self._raw.FPDFText_GetFontInfo(self._text_page, place, name, len(name), ctypes.byref(flags))
        return bool(flags.value & _SYMBOLIC) and self._pages.is_untold(
            name.value.decode("utf-8", "replace")
        )
