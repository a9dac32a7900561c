"""The words that a blank form prints itself: what stands on a filled page beside them is written.

A word of a page is the form's own where the form prints the same word at the same place. A viewer
may run a label and what is written behind it together; of such a word only the rest is written.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from parsers.forms.layout import LayoutPage
from parsers.forms.moved_words import PrintedWords, find_moved_words
from parsers.pages.reading_order import Placed, around
from parsers.pages.words import Word
from parsers.pdf.objects import Box
from parsers.values.cleaning import fold_text

#: How far, in points, a word may lie from where the blank form prints it.
_SAME_PLACE = 4.0
#: A sign is at most so many times as wide as its tick box.
_WIDER = 1.5
#: How far a word may reach over the side of a slot before it is looked at for a label.
_OVER = 3.0


@lru_cache(maxsize=64)
def find_own_words(layout: LayoutPage) -> OwnWords:
    """Return the words of a layout page, ready to be asked for."""
    return OwnWords(layout)


class OwnWords:
    """What the blank form prints on a page, and where its slots and marks are."""

    def __init__(self, layout: LayoutPage) -> None:
        self._words = layout.words
        self._slots = [slot.box for slot in layout.slots if not slot.is_mark]
        self._marks = [slot.box for slot in layout.slots if slot.is_mark]
        self._hull = around([word.box for word in layout.words] or [(0.0, 0.0, 0.0, 0.0)])
        self._places: dict[str, list[tuple[float, float]]] = {}
        for word in layout.words:
            left, bottom, right, top = word.box
            place = ((left + right) / 2, (bottom + top) / 2)
            for spelling in {word.text, _spelling(word.text)}:
                self._places.setdefault(spelling, []).append(place)

    def find_among(
        self, words: Sequence[Word], places: Sequence[Box], *, is_set_anew: bool
    ) -> PrintedWords:
        """Return which words of a page, laid over the blank form at `places`, the form prints."""
        if is_set_anew:
            return find_moved_words(self._words, words, places)
        # Every word of every page comes by here, so that nothing is called for the most of them.
        found, known = set(), self._places
        for n, (word, (left, bottom, right, top)) in enumerate(zip(words, places, strict=True)):
            x, y = (left + right) / 2, (bottom + top) / 2
            for own_x, own_y in known.get(word.text, ()):
                if abs(own_x - x) < _SAME_PLACE and abs(own_y - y) < _SAME_PLACE:
                    found.add(n)
                    break
            else:
                if self._prints_folded(word.text, x, y):
                    found.add(n)
        return PrintedWords(own=frozenset(found))

    def _prints_folded(self, text: str, x: float, y: float) -> bool:
        """Return whether the form prints a word here that is spelled alike."""
        return any(
            abs(own_x - x) < _SAME_PLACE and abs(own_y - y) < _SAME_PLACE
            for own_x, own_y in self._places.get(_spelling(text), ())
        )

    def is_sign(self, box: Box) -> bool:
        """Return whether what stands there is the sign in a tick box, a letter of a font of signs.

        A word that is much wider than the box runs over it.
        """
        x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
        return any(
            a <= x <= c and b <= y <= d and box[2] - box[0] < _WIDER * (c - a)
            for a, b, c, d in self._marks
        )

    def cut_off(self, placed: Placed) -> Placed:
        """Return a word without the printed word it runs together with, at its front or its end."""
        text = placed.word.text
        if not self._lies_over_edge(placed):
            return placed
        for own in self._words:
            if not own.box[1] - 3 < placed.middle < own.box[3] + 3 or len(own.text) >= len(text):
                continue
            left, bottom, right, top = placed.box
            if text.startswith(own.text) and abs(own.box[0] - left) < _SAME_PLACE:
                rest = placed.word._replace(text=text[len(own.text) :])
                return Placed(rest, (own.box[2], bottom, right, top))
            if text.endswith(own.text) and abs(own.box[2] - right) < _SAME_PLACE:
                rest = placed.word._replace(text=text[: -len(own.text)])
                return Placed(rest, (left, bottom, own.box[0], top))
        return placed

    def _lies_over_edge(self, placed: Placed) -> bool:
        """Return whether a word lies over the side of a slot: a label may have run into it."""
        left, bottom, right, top = placed.box
        middle = (bottom + top) / 2
        for a, b, c, d in self._slots:
            if b < middle < d and (left < a - _OVER < right or left < c + _OVER < right):
                return True
        return False

    def is_beside(self, box: Box) -> bool:
        """Return whether a box lies within the printed part of the page, and over nothing of it."""
        x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
        left, bottom, right, top = self._hull
        if not (left < x < right and bottom < y < top):
            return False
        places = (*(word.box for word in self._words), *self._slots, *self._marks)
        return not any(a - 3 < x < c + 3 and b - 3 < y < d + 3 for a, b, c, d in places)


def _spelling(text: str) -> str:
    return fold_text(text) or text
