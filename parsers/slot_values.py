"""What is written in the slots of a page that was laid over its blank form, and what is ticked.

The words that the blank form prints itself are left out. What remains in a slot is put together in
reading order: the words of a line with blanks between them, and lines joined again where a viewer
broke them, or kept apart where the writer did.

Outcomes for a text slot: nothing, or a `SlotText`, which may be *clipped*: it sticks out of its
slot or is cut at its edge, and is then no value. For a mark: a `MarkReading`, always.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from parsers.cleaning import fold_text
from parsers.layout import LayoutPage, Slot
from parsers.page_words import Word
from parsers.pdf_objects import Box
from parsers.reading_order import Placed, around, join_lines, split_lines
from parsers.registration import Registration
from parsers.tick_ink import MarkReading, measure_ink, read_mark, read_strokes

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: How far, in points, a word may lie from where the blank form prints it.
_SAME_PLACE = 4.0
#: How far a word may reach over the edge of its slot before it sticks out of it.
_OVER_EDGE = 1.0
#: So near to its right edge a text may end because a viewer cut it there.
_NEAR_EDGE = 1.0

#: Cuts a box of the layout page out of a picture: rows of grey pixels, 0 black.
CutPicture = Callable[[Box], "NDArray[np.uint8]"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotText:
    """What is written in one slot."""

    slot: Slot
    text: str  #: its lines joined where they were broken to fit
    box: Box  #: around the words, in points of the upright page they stand on
    page: int  #: counted from 1
    confidence: float  #: of the least certain word
    is_clipped: bool = False
    others: tuple[str, ...] = ()  #: what other readers made of it


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotMark:
    """Whether one mark is on, or a signature line written on."""

    slot: Slot
    reading: MarkReading
    box: Box  #: of the mark, in points of the upright page
    page: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PageText:
    """Everything written on one page."""

    texts: tuple[SlotText, ...]
    strays: tuple[Word, ...]  #: words that neither the form prints nor a slot holds


def read_texts(registration: Registration) -> PageText:
    """Return what is written on a page, slot by slot, and what is written beside the slots."""
    written = _Written(registration)
    texts = [text for slot in registration.layout.slots for text in written.read(slot)]
    return PageText(texts=tuple(texts), strays=written.strays())


def read_marks(
    registration: Registration, cut: CutPicture, *, paper: float = 255.0
) -> tuple[SlotMark, ...]:
    """Return the state of every mark and signature line; `paper` is how bright the paper is."""
    to_page = registration.to_layout.inverse()
    found = []
    for slot in registration.layout.slots:
        if slot.is_mark or slot.is_signature_line:
            read = read_mark if slot.is_mark else read_strokes
            reading = read(measure_ink(cut(slot.box), paper=paper), slot.ink)
            box, page = to_page.map_box(slot.box), registration.page.number
            found.append(SlotMark(slot=slot, reading=reading, box=box, page=page))
    return tuple(found)


class _Written:
    """The words of a page that are not the form's own, laid over the layout page."""

    def __init__(self, registration: Registration) -> None:
        self._page = registration.page.number
        self._printed = _Printed(registration.layout)
        words = registration.page.words
        boxes = np.array([w.box for w in words], dtype=np.float64).reshape(-1, 4)
        places = _as_boxes(registration.to_layout.map_boxes(boxes)) if len(words) else []
        marks = [slot.box for slot in registration.layout.slots if slot.is_mark]
        self._words = [
            rest
            for word, box in zip(words, places, strict=True)
            # What is drawn in a tick box may be a letter, of a font of signs, and is no text.
            if not any(_is_inside(box, mark) for mark in marks)
            for rest in self._printed.take_off(Placed(word, box))
        ]
        self._taken: set[int] = set()

    def read(self, slot: Slot) -> Iterator[SlotText]:
        """Yield what is written in a text slot, if anything is."""
        if slot.is_mark:
            return
        inside = [n for n, placed in enumerate(self._words) if _is_inside(placed.box, slot.box)]
        if not inside:
            return
        self._taken.update(inside)
        lines = split_lines([self._words[n] for n in inside])
        words = [placed for line in lines for placed in line]
        yield SlotText(
            slot=slot,
            text=join_lines(lines, left=slot.box[0], right=slot.box[2], multiline=slot.multiline),
            box=around([placed.word.box for placed in words]),
            page=self._page,
            confidence=min(placed.word.confidence for placed in words),
            is_clipped=self._is_clipped(lines, slot),
        )

    def _is_clipped(self, lines: Sequence[Sequence[Placed]], slot: Slot) -> bool:
        """Return whether text sticks out of the slot, is cut at its edge, or goes on beyond it."""
        left, bottom, right, _ = around([placed.box for line in lines for placed in line])
        height = max(placed.box[3] - placed.box[1] for line in lines for placed in line)
        # A viewer breaks the lines of a long text at the edge, and cuts a single line there.
        edge = slot.box[2] + (_OVER_EDGE if slot.multiline else -_NEAR_EDGE)
        if left < slot.box[0] - _OVER_EDGE or right > edge:
            return True
        if bottom < slot.box[1] - _OVER_EDGE - height / 2:
            return True
        return any(self._goes_on(line, slot, height) for line in lines) or (
            slot.multiline and self._goes_on_below(slot, bottom, height)
        )

    def _goes_on(self, line: Sequence[Placed], slot: Slot, height: float) -> bool:
        """Return whether the next word of a line stands beyond the right edge of the slot."""
        end = line[-1].box[2]
        if end < slot.box[2] - height:
            return False
        return any(
            n not in self._taken
            and slot.box[2] - _NEAR_EDGE <= placed.box[0] <= end + height
            and line[-1].box[1] - height / 2 < placed.middle < line[-1].box[3] + height / 2
            for n, placed in enumerate(self._words)
        )

    def _goes_on_below(self, slot: Slot, bottom: float, height: float) -> bool:
        """Return whether another line stands just below the slot, where there was no room left."""
        if bottom > slot.box[1] + height:
            return False
        return any(
            n not in self._taken
            and slot.box[1] - 2 * height < placed.middle < slot.box[1]
            and placed.box[0] < slot.box[2]
            and placed.box[2] > slot.box[0]
            for n, placed in enumerate(self._words)
        )

    def strays(self) -> tuple[Word, ...]:
        """Return the words among the form's own that stand in no slot and over no printed word."""
        return tuple(
            placed.word
            for n, placed in enumerate(self._words)
            if n not in self._taken and self._printed.is_beside(placed.box)
        )


class _Printed:
    """What the blank form itself prints on a page."""

    def __init__(self, layout: LayoutPage) -> None:
        self._layout = layout
        self._by_text: dict[str, list[Word]] = {}
        for word in layout.words:
            self._by_text.setdefault(_spelling(word.text), []).append(word)

    def take_off(self, placed: Placed) -> Iterator[Placed]:
        """Yield what the form does not print of a word: all of it, its rest, or nothing."""
        if self._is_printed(placed):
            return
        yield placed if not self._slots_edge(placed) else self._cut_off(placed)

    def _is_printed(self, placed: Placed) -> bool:
        x, y = (placed.box[0] + placed.box[2]) / 2, placed.middle
        return any(
            abs((own.box[0] + own.box[2]) / 2 - x) < _SAME_PLACE
            and abs((own.box[1] + own.box[3]) / 2 - y) < _SAME_PLACE
            for own in self._by_text.get(_spelling(placed.word.text), ())
        )

    def _slots_edge(self, placed: Placed) -> bool:
        """Return whether a word lies over the side of a slot: a label may have run into it."""
        left, _, right, _ = placed.box
        return any(
            not slot.is_mark
            and slot.box[1] < placed.middle < slot.box[3]
            and (left < slot.box[0] - 3 < right or left < slot.box[2] + 3 < right)
            for slot in self._layout.slots
        )

    def _cut_off(self, placed: Placed) -> Placed:
        """Return a word without the printed word it runs together with, at its front or its end."""
        text = placed.word.text
        for own in self._layout.words:
            if not own.box[1] - 3 < placed.middle < own.box[3] + 3 or len(own.text) >= len(text):
                continue
            left, bottom, right, top = placed.box
            if text.startswith(own.text) and abs(own.box[0] - left) < _SAME_PLACE:
                rest = replace(placed.word, text=text[len(own.text) :])
                return Placed(rest, (own.box[2], bottom, right, top))
            if text.endswith(own.text) and abs(own.box[2] - right) < _SAME_PLACE:
                rest = replace(placed.word, text=text[: -len(own.text)])
                return Placed(rest, (left, bottom, own.box[0], top))
        return placed

    def is_beside(self, box: Box) -> bool:
        """Return whether a box lies within the printed part of the page, and over no word of it."""
        if not self._layout.words:
            return False
        x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
        hull = around([word.box for word in self._layout.words])
        if not (hull[0] < x < hull[2] and hull[1] < y < hull[3]):
            return False
        places = [word.box for word in self._layout.words] + [s.box for s in self._layout.slots]
        return not any(a - 3 < x < c + 3 and b - 3 < y < d + 3 for a, b, c, d in places)


def _spelling(text: str) -> str:
    return fold_text(text) or text


def _as_boxes(rows: NDArray[np.float64]) -> list[Box]:
    return [(left, bottom, right, top) for left, bottom, right, top in rows.tolist()]


def _is_inside(box: Box, slot: Box) -> bool:
    x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    return slot[0] <= x <= slot[2] and slot[1] - 1 <= y <= slot[3] + 1
