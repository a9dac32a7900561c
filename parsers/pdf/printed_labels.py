"""The words printed on a page beside a form field, for forms whose field names say nothing.

Reading words costs a hundred times what reading the fields does, so a page is read when its first
label is asked for, and a document whose names are known never gets here.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

from parsers.pdf.acroform import AcroField, FieldKind
from parsers.pdf.objects import Box

#: Distances in PDF points: how far a label may stand from its box, and how far apart its words.
_FARTHEST = 150.0
_WIDEST_GAP = 14.0
_HIGHEST = 16.0
_MOST_PAGES = 10
_MOST_WORDS = 5_000

_Word = tuple[str, Box]


class PrintedWords:
    """The words of a document's first pages, read page by page when they are asked for."""

    def __init__(self, data: bytes, password: str, fields: Sequence[AcroField]) -> None:
        self._boxes = [(f.page, f.box) for f in fields if f.box is not None]
        self._data = data
        self._password = password
        self._document: Any = None
        self._pages: dict[int, list[_Word]] = {}

    def labels(self, source: AcroField) -> Sequence[str]:
        """Return what is printed around a field, the likeliest label first."""
        if source.page is None or source.box is None:
            return ()
        words = self.words(source.page)
        left = _text_left(words, source.box, self._edge_before(source.page, source.box))
        if source.kind is FieldKind.TICK:
            return [t for t in (_text_right(words, source.box), left) if t]
        return [t for t in (left, _text_above(words, source.box)) if t]

    def _edge_before(self, page: int, box: Box) -> float:
        """Return where the next field to the left ends; what stands beyond it is not ours."""
        ends = (
            other[2]
            for where, other in self._boxes
            if where == page and other[2] <= box[0] + 1 and other[1] < box[3] and box[1] < other[3]
        )
        return max(ends, default=float("-inf"))

    def words(self, page: int) -> list[_Word]:
        """Return the words of a page, counted from 1, with their boxes in PDF points."""
        if page not in self._pages:
            self._pages[page] = self._read(page) if page <= _MOST_PAGES else []
        return self._pages[page]

    def text(self, page: int) -> str:
        """Return the words of a page in reading order, lines joined by blanks."""
        return " ".join(word for word, _ in self.words(page))

    def _read(self, page: int) -> list[_Word]:
        # pdfplumber takes a quarter of a second to import; few documents need it.
        import pdfplumber  # noqa: PLC0415

        if self._document is None:
            self._document = pdfplumber.open(io.BytesIO(self._data), password=self._password)
        if page > len(self._document.pages):
            return []
        found = self._document.pages[page - 1]
        height, origin = float(found.height), float(found.bbox[1])
        words = found.extract_words(keep_blank_chars=False, use_text_flow=False)
        found.close()
        return [
            (
                str(w["text"]),
                (w["x0"], height - w["bottom"] + origin, w["x1"], height - w["top"] + origin),
            )
            for w in words[:_MOST_WORDS]
        ]

    def __enter__(self) -> PrintedWords:
        return self

    def __exit__(self, *_: object) -> None:
        if self._document is not None:
            self._document.close()
            self._document = None


def _text_left(words: list[_Word], box: Box, edge_before: float) -> str:
    """Return the run of words that ends before the left edge of the box, on its line."""
    line = [
        w
        for w in words
        if _is_level(w[1], box) and edge_before - 3 <= w[1][0] <= w[1][2] <= box[0] + 3
    ]
    run: list[str] = []
    edge = box[0]
    for text, place in sorted(line, key=lambda w: -w[1][2]):
        gap = edge - place[2]
        if gap > (_FARTHEST if not run else _WIDEST_GAP):
            break
        run.append(text)
        edge = place[0]
    return " ".join(reversed(run))


def _text_right(words: list[_Word], box: Box) -> str:
    """Return the run of words that begins at the right edge of the box, on its line."""
    line = [w for w in words if _is_level(w[1], box) and w[1][0] >= box[2] - 3]
    run: list[str] = []
    edge = box[2]
    for text, place in sorted(line, key=lambda w: w[1][0]):
        if place[0] - edge > _WIDEST_GAP + (6 if not run else 0):
            break
        run.append(text)
        edge = place[2]
    return " ".join(run)


def _text_above(words: list[_Word], box: Box) -> str:
    """Return the line of words just above the box, or in its upper part, over its width."""
    over = [
        w
        for w in words
        if box[1] < (w[1][1] + w[1][3]) / 2 <= box[3] + _HIGHEST
        and (w[1][1] + w[1][3]) / 2 > box[3] - 4
        and w[1][2] > box[0] - 2
        and w[1][0] < box[2]
    ]
    if not over:
        return ""
    lowest = min((w[1][1] + w[1][3]) / 2 for w in over)
    line = [w for w in over if abs((w[1][1] + w[1][3]) / 2 - lowest) < 3]
    return " ".join(text for text, _ in sorted(line, key=lambda w: w[1][0]))


def _is_level(word: Box, box: Box) -> bool:
    middle = (word[1] + word[3]) / 2
    return box[1] - 2 <= middle <= box[3] + 2
