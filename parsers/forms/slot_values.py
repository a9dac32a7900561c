"""What is written in the slots of a page that was laid over its blank form, and what is ticked.

The words that the blank form prints itself are left out. What remains in a slot is put together in
reading order: the words of a line with blanks between them, and lines joined again where a viewer
broke them, or kept apart where the writer did.

Outcomes for a text slot: nothing, or a `SlotText`, which may be *clipped*: it sticks out of its
slot or is cut at its edge, and is then no value. For a mark: a `MarkReading`, always.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from parsers.forms.layout import LayoutPage, Slot
from parsers.forms.own_words import find_own_words
from parsers.forms.registration import Registration
from parsers.pages.reading_order import Placed, around, join_lines, split_lines, without_rule
from parsers.pages.tick_ink import MarkReading, measure_ink, read_mark, read_strokes
from parsers.pages.words import Word
from parsers.pdf.objects import Box

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: How far a word may reach over the edge of its slot before it sticks out of it.
_OVER_EDGE = 1.0
#: So near to its right edge a text may end because a viewer cut it there.
_NEAR_EDGE = 1.0

#: The breadth of a blank between words beside their height, as a rule and at most.
_BLANK_WIDTH, _WIDEST_BLANK = 0.55, 0.9
#: The breadth of a long word beside its height.
_A_WORD = 8.0
#: How sure a mark is that a word runs over.
_OVERPRINTED = 0.6

#: Cuts a box of the layout page out of a picture: rows of grey pixels, 0 black.
CutPicture = Callable[[Box], "NDArray[np.uint8]"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotText:
    """What is written in one slot."""

    slot: Slot
    text: str  #: its lines joined where they were broken to fit; empty where nobody could read them
    box: Box  #: around the words, in points of the upright page they stand on
    page: int  #: counted from 1
    confidence: float  #: of the least certain word
    is_clipped: bool = False
    may_go_on: bool = False  #: its last line is full, and there was no room for another
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
    # Of a page that was set anew nobody can tell what was written beside the slots.
    strays = () if registration.is_set_anew else written.strays()
    return PageText(texts=tuple(texts), strays=strays)


def list_marks(layout: LayoutPage) -> list[Slot]:
    """Return the slots of a page whose ink tells: its marks and its signature lines."""
    return [slot for slot in layout.slots if slot.is_mark or slot.is_signature_line]


def read_marks(
    registration: Registration, cut: CutPicture, *, paper: float = 255.0
) -> tuple[SlotMark, ...]:
    """Return the state of every mark and signature line; `paper` is how bright the paper is."""
    slots = list_marks(registration.layout)
    boxes = registration.to_layout.inverse().map_all([slot.box for slot in slots])
    found = []
    overprinted = _find_overprinted(registration.page.words, boxes)
    for slot, box, is_hidden in zip(slots, boxes, overprinted, strict=True):
        read = read_mark if slot.is_mark else read_strokes
        reading = read(measure_ink(cut(slot.box), paper=paper), slot.ink)
        if slot.is_mark and is_hidden:
            # Letters are ink as well; what is below them nobody can tell.
            reading = replace(reading, confidence=min(reading.confidence, _OVERPRINTED))
        found.append(SlotMark(slot=slot, reading=reading, box=box, page=registration.page.number))
    return tuple(found)


class _Written:
    """The words of a page that are not the form's own, laid over the layout page."""

    def __init__(self, registration: Registration) -> None:
        self._page = registration.page.number
        self._own = find_own_words(registration.layout)
        anew = registration.is_set_anew
        words = registration.page.words
        places = registration.to_layout.map_all([word.box for word in words])
        self._words = [
            placed
            for word, box in zip(words, places, strict=True)
            if not self._own.holds(word.text, box, is_set_anew=anew)
            for placed in without_rule(self._own.cut_off(Placed(word, box)))
        ]
        self._centres = [((p.box[0] + p.box[2]) / 2, p.middle) for p in self._words]
        self._slots = [slot.box for slot in registration.layout.slots if not slot.is_mark]
        self._taken: set[int] = set()

    def read(self, slot: Slot) -> Iterator[SlotText]:
        """Yield what is written in a text slot, if anything is."""
        if slot.is_mark:
            return
        left, bottom, right, top = slot.box
        inside = [
            n
            for n, (x, y) in enumerate(self._centres)
            if left <= x <= right and bottom - 1 <= y <= top + 1
        ]
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
            may_go_on=slot.multiline and _fills(lines, slot.box),
        )

    def _is_clipped(self, lines: Sequence[Sequence[Placed]], slot: Slot) -> bool:
        """Return whether text sticks out of the slot, is cut at its edge, or goes on beyond it."""
        left, bottom, right, _ = around([placed.box for line in lines for placed in line])
        height = max(placed.box[3] - placed.box[1] for line in lines for placed in line)
        # A viewer breaks the lines of a long text at the edge, and cuts a single line there.
        edge = slot.box[2] + (_OVER_EDGE if slot.multiline else -_NEAR_EDGE)
        if left < slot.box[0] - _OVER_EDGE or right > edge:
            return True
        if bottom < slot.box[1] - _OVER_EDGE - height / 4:
            return True
        return any(
            self._goes_on(line, slot, height) or _is_overprinted(line) for line in lines
        ) or (slot.multiline and self._goes_on_below(slot, bottom, height))

    def _goes_on(self, line: Sequence[Placed], slot: Slot, height: float) -> bool:
        """Return whether a line goes on outside the slot, or begins there, a blank's width away."""
        start, end = line[0].box[0], line[-1].box[2]
        middle = line[0].middle
        for placed, (x, y) in zip(self._words, self._centres, strict=True):
            if slot.box[0] <= x <= slot.box[2] or not placed.box[1] < middle < placed.box[3]:
                continue
            # What stands in a slot of its own is mostly that slot's, even if it is rather close.
            in_other = any(a <= x <= c and b <= y <= d for a, b, c, d in self._slots)
            blank = (_BLANK_WIDTH if in_other else _WIDEST_BLANK) * height
            if -blank < placed.box[0] - end < blank or -blank < start - placed.box[2] < blank:
                return True
        return False

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
            if n not in self._taken and self._own.is_beside(placed.box)
        )


def _fills(lines: Sequence[Sequence[Placed]], slot: Box) -> bool:
    """Return whether the last line is full and has no room below it: more may have been cut off."""
    last = lines[-1]
    height = max(placed.box[3] - placed.box[1] for placed in last)
    step = lines[-2][0].middle - last[0].middle if len(lines) > 1 else 2 * height
    return last[0].middle - slot[1] < 1.5 * step and slot[2] - last[-1].box[2] < _A_WORD * height


def _is_overprinted(line: Sequence[Placed]) -> bool:
    """Return whether words of a line lie over each other, as when a neighbour's text runs in."""
    return any(
        after.box[0] < before.box[2] - _OVER_EDGE for before, after in itertools.pairwise(line)
    )


def _find_overprinted(words: Sequence[Word], marks: Sequence[Box]) -> list[bool]:
    """Return which marks a word lies over and beyond, unlike the sign within one."""
    if not words or not marks:
        return [False] * len(marks)
    left, bottom, right, top = np.array([w.box for w in words], dtype=np.float64).T[:, None, :]
    a, b, c, d = np.array(marks, dtype=np.float64).T[:, :, None]
    touches = (left < c - 2) & (right > a + 2) & (bottom < d - 2) & (top > b + 2)
    found: list[bool] = (touches & ((left < a - 1) | (right > c + 1))).any(axis=1).tolist()
    return found
