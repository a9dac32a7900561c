"""The text that a viewer shows in the boxes of a form: pages flattened in memory, read as drawn.

pdfium draws every field into its page, as a viewer does, and tells which character stands where.
What was on the page before is told apart from what the field added, so that words printed inside a
box are no part of its value. pdfplumber reads the same flattened pages where a second look is
wanted. Both cost a hundred times what an appearance stream does, so pages are read when asked for.

Outcome: the text in a box, lines parted by line breaks, empty where nothing can be seen there; None
where the page cannot be drawn.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from ctypes import c_uint
from dataclasses import dataclass
from typing import Any

from parsers.pages.spot_pictures import turn_upright
from parsers.pdf.objects import Box, has_middle

_MOST_CHARACTERS = 50_000
#: Text lighter than this, 0 black to 255 white, is looked at in a picture: it may be unseen.
_LIGHT = 190
#: The least difference between the darkest and the lightest dot of a box in which text is seen.
_LEAST_CONTRAST = 60
_UNSEEN_MODES = (3, 7)
#: Dots a point in the picture in which that is looked for, and dots along its longer side at most.
_SCALE = 2.0
_MOST_DOTS = 4_000.0
#: The least gap between two words, as a part of the letters' height.
_GAP = 0.12


@dataclass(frozen=True, slots=True)
class _Character:
    """One character where it is drawn."""

    text: str
    box: Box  #: as wide as it moves the next one on
    is_light: bool = False

    @property
    def key(self) -> tuple[str, int, int]:
        """Return what makes it the same character before and after flattening."""
        return self.text, round(self.box[0]), round(self.box[1])


@dataclass(frozen=True, slots=True)
class _Page:
    """One page as it was printed and as it is shown."""

    printed: frozenset[tuple[str, int, int]]
    shown: tuple[_Character, ...]


class FlattenedPages:
    """A document's pages with their fields drawn in, read page by page when asked for."""

    def __init__(self, data: bytes, password: str) -> None:
        self._data = data
        self._password = password
        self._document: Any = None
        self._pages: dict[int, _Page | None] = {}
        self._plumbed: dict[int, _Page | None] = {}
        self._pictures: dict[int, Any] = {}

    def text(self, page: int, box: Box) -> str | None:
        """Return what is shown in a box of a page, counted from 1."""
        if page not in self._pages:
            self._pages[page] = self._read(page)
        found = self._pages[page]
        if found is None:
            return None
        return _join(c for c in _added(found, box) if not c.is_light or self._is_seen(page, c.box))

    def second_text(self, page: int, box: Box) -> str | None:
        """Return what pdfplumber finds in the same box of the flattened page."""
        if page not in self._plumbed:
            try:
                self._plumbed[page] = self._plumb(page)
            except MemoryError:
                raise
            except Exception:  # noqa: BLE001  # it raises anything, and the first reader's word stands
                self._plumbed[page] = None
        found = self._plumbed[page]
        return None if found is None else _join(_added(found, box))

    def close(self) -> None:
        """Give back what the reader holds."""
        if self._document is not None:
            self._document.close()
            self._document = None

    def _open(self) -> Any:
        # pdfium takes time to load, and most forms never need it.
        import pypdfium2  # noqa: PLC0415

        if self._document is None:
            self._document = pypdfium2.PdfDocument(self._data, password=self._password or None)
        return self._document

    def _read(self, number: int) -> _Page | None:
        import pypdfium2  # noqa: PLC0415
        from pypdfium2 import raw  # noqa: PLC0415

        try:
            document = self._open()
            page = document[number - 1]
            printed = frozenset(c.key for c in _list_characters(page))
            if raw.FPDFPage_Flatten(page, raw.FLAT_NORMALDISPLAY) == raw.FLATTEN_FAIL:
                return None
            page.close()
            # Only a page that is opened again shows what was drawn into it.
            page = document[number - 1]
            shown = tuple(_list_characters(page))
            page.close()
        except (pypdfium2.PdfiumError, IndexError):
            return None
        return _Page(printed=printed, shown=shown)

    def _is_seen(self, number: int, box: Box) -> bool:
        """Return whether something stands out in the box, for text as light as paper."""
        page = self._open()[number - 1]
        width, height = page.get_size()
        scale = min(_SCALE, _MOST_DOTS / max(width, height))
        if number not in self._pictures:
            self._pictures[number] = page.render(scale=scale, grayscale=True).to_pil()
        left, bottom, right, top = turn_upright(page, box)
        edges = (left, height - top, right, height - bottom)
        crop = self._pictures[number].crop([edge * scale for edge in edges])
        page.close()
        darkest, lightest = crop.getextrema() if min(crop.size) else (0, 0)
        return bool(lightest - darkest >= _LEAST_CONTRAST)

    def _plumb(self, number: int) -> _Page:
        """Read a flattened page with the second reader, beside the page as it came."""
        import pdfplumber  # noqa: PLC0415

        flattened = io.BytesIO()
        self._open().save(flattened)
        with (
            pdfplumber.open(io.BytesIO(self._data), password=self._password) as before,
            pdfplumber.open(flattened, password=self._password) as after,
        ):
            return _Page(
                printed=frozenset(c.key for c in _plumb_page(before.pages[number - 1])),
                shown=tuple(_plumb_page(after.pages[number - 1])),
            )


def _added(page: _Page, box: Box) -> list[_Character]:
    """Return the characters in a box that the printed page does not have there."""
    inside = (c for c in page.shown if has_middle(box, c.box))
    return [c for c in inside if c.key not in page.printed]


def _join(characters: Iterable[_Character]) -> str:
    """Return characters as lines of words, by where they stand and not by when they are drawn."""
    lines: list[list[_Character]] = []
    for one in sorted(characters, key=lambda c: -c.box[1] - c.box[3]):
        middle = (one.box[1] + one.box[3]) / 2
        if lines and middle > lines[-1][0].box[1]:
            lines[-1].append(one)
        else:
            lines.append([one])
    return "\n".join("".join(_words(sorted(line, key=lambda c: c.box[0]))) for line in lines)


def _words(line: list[_Character]) -> Iterator[str]:
    last = line[0]
    for one in line:
        if one.box[0] - last.box[2] > _GAP * (one.box[3] - one.box[1]):
            yield " "
        yield one.text
        last = one


def _list_characters(page: Any) -> Iterator[_Character]:
    """Yield what pdfium finds drawn on a page, in its order, without blanks and unseen text."""
    from pypdfium2 import raw  # noqa: PLC0415

    textpage = page.get_textpage()
    colour = [c_uint() for _ in range(4)]
    place = raw.FS_RECTF()
    for index in range(min(textpage.count_chars(), _MOST_CHARACTERS)):
        code = raw.FPDFText_GetUnicode(textpage, index)
        text = chr(code) if 0 < code < 0x110000 and not 0xD800 <= code < 0xE000 else "\ufffd"
        if text.isspace() or raw.FPDFText_IsGenerated(textpage, index) == 1:
            continue
        held = raw.FPDFText_GetTextObject(textpage, index)
        if held and raw.FPDFTextObj_GetTextRenderMode(held) in _UNSEEN_MODES:
            continue
        if not raw.FPDFText_GetLooseCharBox(textpage, index, place):
            continue
        is_light = bool(raw.FPDFText_GetFillColor(textpage, index, *colour)) and (
            min(c.value for c in colour[:3]) > _LIGHT or colour[3].value < 255 - _LIGHT
        )
        yield _Character(text, (place.left, place.bottom, place.right, place.top), is_light)
    textpage.close()


def _plumb_page(page: Any) -> Iterator[_Character]:
    """Yield what pdfplumber finds drawn on a page, in PDF points as pdfium gives them."""
    height = float(page.height) + float(page.bbox[1])
    for found in page.chars[:_MOST_CHARACTERS]:
        text = str(found["text"])
        if text.isspace():
            continue
        box = (found["x0"], height - found["bottom"], found["x1"], height - found["top"])
        yield _Character("\ufffd" if text.startswith("(cid:") else text, box)
