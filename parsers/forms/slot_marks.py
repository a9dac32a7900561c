"""What is ticked on a page that was laid over its blank form, and which lines are signed.

Ink tells, but letters are ink as well. Where a word runs over a mark, the runs of letters that are
surely no sign in it are left out of its picture: those the form prints, and those that begin in the
slot of a text. Where something else runs over it, what is below nobody can tell.

Outcome for each mark and each signature line: a `SlotMark`, of low confidence where it is unclear.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from parsers.forms.layout import LayoutPage, Slot
from parsers.forms.own_words import find_own_words
from parsers.forms.registration import Registration
from parsers.pages.tick_ink import MarkReading, measure_ink, read_mark, read_strokes
from parsers.pages.words import TextRun
from parsers.pdf.objects import Box

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: How sure a mark is that a word runs over, and one from which the letters were taken away.
_OVERPRINTED, _UNCOVERED = 0.6, 0.9
#: A word that reaches so far into a mark and so far out of it runs over it.
_INTO, _OUT_OF = 2.0, 1.0

#: Cuts a box of the layout page out of a picture: rows of grey pixels, 0 black.
CutPicture = Callable[[Box], "NDArray[np.uint8]"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotMark:
    """Whether one mark is on, or a signature line written on."""

    slot: Slot
    reading: MarkReading
    box: Box  #: of the mark, in points of the upright page
    page: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Uncover:
    """How to draw a page without some of its text; a picture of paper has none to leave out."""

    #: The runs of text that touch boxes of the upright page.
    find_runs: Callable[[Sequence[Box]], Sequence[TextRun]]
    #: Draws boxes of the upright page without some runs.
    draw: Callable[[Sequence[Box], Sequence[TextRun]], Sequence[NDArray[np.uint8]]]


def list_marks(layout: LayoutPage) -> list[Slot]:
    """Return the slots of a page whose ink tells: its marks and its signature lines."""
    return [slot for slot in layout.slots if slot.is_mark or slot.is_signature_line]


def read_marks(
    registration: Registration,
    cut: CutPicture,
    *,
    paper: float = 255.0,
    uncover: Uncover | None = None,
) -> tuple[SlotMark, ...]:
    """Return the state of every mark and signature line; `paper` is how bright the paper is."""
    slots = list_marks(registration.layout)
    boxes = registration.to_layout.inverse().map_all([slot.box for slot in slots])
    words = registration.page.words
    over = _find_over([word.box for word in words], boxes)
    hidden = [n for n, slot in enumerate(slots) if slot.is_mark and over[n]]
    bare = _Bare(registration, uncover).draw([boxes[n] for n in hidden]) if hidden else []
    pictures = dict(zip(hidden, bare, strict=True))
    found = []
    for n, (slot, box) in enumerate(zip(slots, boxes, strict=True)):
        picture = pictures.get(n)
        read = read_mark if slot.is_mark else read_strokes
        ink = measure_ink(cut(slot.box) if picture is None else picture, paper=paper)
        reading = read(ink, slot.ink)
        if n in pictures:
            most = _OVERPRINTED if picture is None else _UNCOVERED
            reading = replace(reading, confidence=min(reading.confidence, most))
        found.append(SlotMark(slot=slot, reading=reading, box=box, page=registration.page.number))
    return tuple(found)


class _Bare:
    """A page without the letters that run over its marks."""

    def __init__(self, registration: Registration, uncover: Uncover | None) -> None:
        self._uncover = uncover
        self._to_layout = registration.to_layout
        self._layout = registration.layout
        self._words = registration.page.words
        self._places = registration.to_layout.map_all([word.box for word in self._words])
        printed = find_own_words(registration.layout).find_among(
            self._words, self._places, is_set_anew=registration.is_set_anew
        )
        self._own = printed.own

    def draw(self, marks: Sequence[Box]) -> list[NDArray[np.uint8] | None]:
        """Return a picture of each mark without letters; None where something else is over it."""
        if self._uncover is None:
            return [None] * len(marks)
        runs = self._uncover.find_runs(marks)
        places = self._to_layout.map_all([run.box for run in runs])
        is_text = [self._is_text(run, place) for run, place in zip(runs, places, strict=True)]
        left_out = [run for run, is_left_out in zip(runs, is_text, strict=True) if is_left_out]
        over = _find_over([run.box for run in runs], marks)
        words_over = _find_over([word.box for word in self._words], marks)
        pictures = self._uncover.draw(marks, left_out)
        return [
            picture
            if all(is_text[n] for n in over[mark])
            and all(_stands_in(self._words[n].box, left_out) for n in words_over[mark])
            else None
            for mark, picture in enumerate(pictures)
        ]

    def _is_text(self, run: TextRun, place: Box) -> bool:
        """Return whether a run is the form's own print, or goes on from the slot of a text."""
        tokens = set(run.text.split())
        within = [n for n, word in enumerate(self._words) if _stands_in(word.box, [run])]
        if any(n not in self._own and self._words[n].text in tokens for n in within):
            return self._begins_in_slot(place) and all(len(token) > 1 for token in tokens)
        return bool(tokens) and tokens <= {self._words[n].text for n in within if n in self._own}

    def _begins_in_slot(self, place: Box) -> bool:
        left, middle = place[0], (place[1] + place[3]) / 2
        return any(
            slot.box[0] < left < slot.box[2] and slot.box[1] < middle < slot.box[3]
            for slot in self._layout.slots
            if not slot.is_mark
        )


def _stands_in(box: Box, runs: Sequence[TextRun]) -> bool:
    """Return whether the middle of a box lies in one of the runs."""
    x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    return any(
        run.box[0] - 1 < x < run.box[2] + 1 and run.box[1] - 1 < y < run.box[3] + 1 for run in runs
    )


def _find_over(texts: Sequence[Box], marks: Sequence[Box]) -> list[list[int]]:
    """Return for each mark which texts lie over and beyond it, unlike the sign within one."""
    if not texts or not marks:
        return [[] for _ in marks]
    left, bottom, right, top = np.array(texts, dtype=np.float64).T[:, None, :]
    a, b, c, d = np.array(marks, dtype=np.float64).T[:, :, None]
    touches = (left < c - _INTO) & (right > a + _INTO) & (bottom < d - _INTO) & (top > b + _INTO)
    over = touches & ((left < a - _OUT_OF) | (right > c + _OUT_OF))
    found: list[list[int]] = [[] for _ in marks]
    for mark, text in np.argwhere(over).tolist():
        found[mark].append(text)
    return found
