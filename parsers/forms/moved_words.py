"""The form's own words on a page that was set anew in another font, which moves them along.

A program that takes a page apart and sets it anew leaves the beginning of each run of words where
it was; the words after it follow one another as they do on the blank form, only wider or narrower,
and may run over whatever stands to the right. So each run is found by its beginning and followed
word by word; each printed word is met once, and the same word written by somebody stays written.

Outcome: `PrintedWords`, which words of the page are the form's own and which may be, and how much
wider they are than on the blank form.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from parsers.pages.words import Word
from parsers.pdf.objects import Box
from parsers.values.cleaning import fold_text

#: How far, in points, a word may lie from where the form prints it, and how far along its line may
#: lie a word of which nobody saw where its run begins.
_SAME_PLACE, _SAME_LINE = 4.0, 60.0
#: Words shorter than this, in points, tell too little about how wide a font is.
_TELLING = 12.0


@dataclass(frozen=True, slots=True, kw_only=True)
class PrintedWords:
    """What a page prints of its form's own words, by their places among the words of the page."""

    own: frozenset[int]
    doubtful: frozenset[int] = frozenset()  #: the form's own, or written by somebody
    stretch: float = 1.0  #: how many times as wide as on the blank form the own words are


def find_moved_words(
    own: Sequence[Word], words: Sequence[Word], places: Sequence[Box]
) -> PrintedWords:
    """Return which of `words`, laid over the blank form at `places`, are among its `own`.

    Both are in the order of their documents, which keeps the words of a run together.
    """
    runs = _Runs(own)
    found = set()
    widths = []
    for n, (word, box) in enumerate(zip(words, places, strict=True)):
        met = runs.follow(word.text, box)
        if met:
            found.add(n)
        if len(met) == 1:
            left, _, right, _ = own[met[0]].box
            if right - left > _TELLING:
                widths.append((box[2] - box[0]) / (right - left))
    left_over = (n for n in range(len(words)) if n not in found)
    return PrintedWords(
        own=frozenset(found),
        doubtful=frozenset(n for n in left_over if runs.may_be_own(words[n].text, places[n])),
        stretch=statistics.median(widths or [1.0]),
    )


class _Runs:
    """The words of a blank form in their order, each to be met once."""

    def __init__(self, own: Sequence[Word]) -> None:
        self._own = own
        self._spelled = [_spell(word.text) for word in own]
        self._by_spelling: dict[str, list[int]] = {}
        for place, spelling in enumerate(self._spelled):
            self._by_spelling.setdefault(spelling, []).append(place)
        self._met: set[int] = set()
        self._next = len(own)

    def follow(self, text: str, box: Box) -> list[int]:
        """Return which own words the next word of the page is: none, one, or two run together."""
        met = list(self._meet(_spell(text), box))
        self._met.update(met)
        self._next = met[-1] + 1 if met else len(self._own)
        return met

    def may_be_own(self, text: str, box: Box) -> bool:
        """Return whether a word may be one that was not met, as nobody saw its run begin."""
        return any(
            self._is_free(place, box) and self._lies_off(place, box) < _SAME_LINE
            for place in self._by_spelling.get(_spell(text), ())
        )

    def _meet(self, spelling: str, box: Box) -> Iterator[int]:
        if self._is_free(self._next, box):
            expected = self._spelled[self._next]
            if spelling == expected:
                yield self._next
                return
            if spelling.startswith(expected):
                # The next run begins before this one has ended, with no blank between them.
                other = self._find_begun(spelling.removeprefix(expected), box)
                if other is not None:
                    yield from (self._next, other)
                    return
        for place in self._by_spelling.get(spelling, ()):
            if self._is_free(place, box) and self._lies_off(place, box) < _SAME_PLACE:
                yield place
                return

    def _find_begun(self, spelling: str, box: Box) -> int | None:
        """Return the own word of that spelling that begins within `box`."""
        for place in self._by_spelling.get(spelling, ()):
            if self._is_free(place, box) and box[0] < self._own[place].box[0] < box[2]:
                return place
        return None

    def _is_free(self, place: int, box: Box) -> bool:
        """Return whether an own word was not met yet and stands at the height of `box`."""
        if place >= len(self._own) or place in self._met:
            return False
        _, bottom, _, top = self._own[place].box
        return abs(bottom + top - box[1] - box[3]) / 2 < _SAME_PLACE

    def _lies_off(self, place: int, box: Box) -> float:
        """Return how far along its line a word lies, by its beginning or its middle."""
        left, _, right, _ = self._own[place].box
        return min(abs(left - box[0]), abs(left + right - box[0] - box[2]) / 2)


def _spell(text: str) -> str:
    return fold_text(text) or text
