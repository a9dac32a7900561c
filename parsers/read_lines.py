"""What one line of writing says, looked at twice, and how far its letters can be trusted.

A recogniser overlooks what it does not know: letters of other alphabets vanish with full
confidence, and blanks between words are dropped. Both show in the ink, and are looked for there.
The outcome is the line's words as each look gives them; a word's confidence is that of the line.
"""

from __future__ import annotations

import itertools
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from parsers.ink_lines import InkLine
from parsers.line_reader import LineReader, LineText
from parsers.page_words import Word
from parsers.pdf_objects import Box

#: Parts of the height of a letter: a gap so wide is a blank, between two letters one that is wider
#: still, and ink so wide without a letter is a letter overlooked. Of 3,700 blanks and 30,000 other
#: gaps in print, blanks that the recogniser dropped measured 0.35 and more, and other gaps 0.33 at
#: most.
_BLANK, _BLANK_IN_WORDS = 0.34, 0.5
_LETTER = 0.08
#: How far a letter may be placed from its ink.
_NEAR = 0.18
#: Where letters stand so evenly apart, type is of one width, and gaps tell nothing.
_EVEN = 0.12
#: Letters that the recogniser knows and confuses with others when they are marked in rarer ways.
_COMMON = frozenset("ÁÉÍÓÚÜÑÇáéíóúüñçÀÈÊàèêâÖöÄäßåÅØøºª°§¿¡«»‘’“”–—•½¼¾")
#: How far such lines can be trusted at most.
_WITH_RARE_LETTER, _WITH_UNTOLD_INK = 0.75, 0.5
#: A dot or an accent is so large at least, in parts of the height of a letter and as pixels of ink.
_MARK, _MARK_INK = 0.08, 6
#: Signs that have a part standing over another, or stand high beside low letters themselves.
_IN_PARTS = frozenset(":;=!?¡¿%ij'\"‘’“”°ªº*")
#: Letters with one dot, which is at most so much wider than high; two dots are another letter's.
_DOTTED, _DOT = frozenset("ij"), 1.7
#: Letters with a mark below, and signs whose smaller part is below.
_MARKED_BELOW = frozenset("çÇşŞţŢșȘțȚąĄęĘ:;=!?%")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadLine:
    """A line as two looks read it."""

    first: tuple[Word, ...]  #: their boxes in points of the layout page
    second: tuple[Word, ...]


def read_line(reader: LineReader, line: InkLine) -> ReadLine:
    """Read a line twice: cut close around its ink, and in a window of one height for all lines."""
    return ReadLine(
        first=_find_words(line, reader.read(line.tight), line.margin),
        second=_find_words(line, reader.read(line.tall), line.tall_margin),
    )


def _find_words(line: InkLine, found: LineText, margin: int) -> tuple[Word, ...]:
    letters = _Letters(line, found, margin)
    confidence = letters.judge()
    return tuple(
        Word(text=text, box=box, confidence=confidence) for text, box in letters.split_words()
    )


class _Letters:
    """The letters of a line over its ink."""

    def __init__(self, line: InkLine, found: LineText, margin: int) -> None:
        told = [n for n, letter in enumerate(found.text) if not letter.isspace()]
        self._line = line
        self._letters = [found.text[n] for n in told]
        self._middles = [found.places[n] - margin for n in told]
        self._certainties = [found.certainties[n] for n in told]
        self._after_blank = [n > 0 and found.text[n - 1].isspace() for n in told]
        self._runs = _find_runs(line.ink)
        self._height = _find_letter_height(line.ink)

    def judge(self) -> float:
        """Return how far the line can be trusted: as its least certain letter, or less."""
        if not self._letters:
            return 0.0
        trust = min(self._certainties)
        if any(not letter.isascii() and letter not in _COMMON for letter in self._letters):
            trust = min(trust, _WITH_RARE_LETTER)
        is_told = not self._has_untold_ink() and not self._has_untold_mark()
        return trust if is_told else min(trust, _WITH_UNTOLD_INK)

    def _has_untold_ink(self) -> bool:
        height = self._line.ink.shape[0]
        near = _NEAR * height
        return any(
            end - start >= _LETTER * height
            and not any(start - near <= x <= end + near for x in self._middles)
            for start, end in self._runs
        )

    def _has_untold_mark(self) -> bool:
        """Return whether an accent or a dot stands at a letter that was read without one."""
        dotted: set[int] = set()
        for mark, is_below in _find_marks(self._line.ink, self._height):
            middle = mark.left + mark.width / 2
            nearest = min(range(len(self._middles)), key=lambda n: abs(self._middles[n] - middle))
            letter = self._letters[nearest]
            if not (letter in _MARKED_BELOW if is_below else _is_marked_above(letter)):
                return True
            if letter in _DOTTED and (nearest in dotted or mark.width > _DOT * mark.height):
                return True
            dotted.add(nearest)
        return False

    def split_words(self) -> Iterator[tuple[str, Box]]:
        """Yield each word with its box."""
        starts = [n for n in range(len(self._letters)) if n == 0 or self._is_blank_before(n)]
        for first, last in itertools.pairwise([*starts, len(self._letters)]):
            text = "".join(self._letters[first:last])
            yield text, self._box(first, last)

    def _is_blank_before(self, n: int) -> bool:
        if self._after_blank[n]:
            return True
        if self._is_typewritten():
            return False
        in_word = self._letters[n - 1].isalpha() and self._letters[n].isalpha()
        return self._gap_before(n) >= (_BLANK_IN_WORDS if in_word else _BLANK) * self._height

    def _is_typewritten(self) -> bool:
        steps = np.diff(self._middles)
        return len(steps) > 4 and float(steps.std()) < _EVEN * float(np.median(steps))

    def _gap_before(self, n: int) -> int:
        """Return the widest run of columns without ink between a letter and the one before."""
        start, end = self._middles[n - 1], self._middles[n]
        edges = [start, *(x for run in self._runs for x in run if start < x < end), end]
        inked = [any(a <= (x + y) / 2 < b for a, b in self._runs) for x, y in _pairs(edges)]
        gaps = [y - x for (x, y), is_ink in zip(_pairs(edges), inked, strict=True) if not is_ink]
        return round(max(gaps, default=0))

    def _box(self, first: int, last: int) -> Box:
        left, bottom, right, top = self._line.box
        width = self._line.ink.shape[1]
        start = 0.0 if first == 0 else (self._middles[first - 1] + self._middles[first]) / 2
        end = width if last == len(self._letters) else self._middles[last - 1] + self._height / 3
        scale = (right - left) / width
        return left + start * scale, bottom, left + min(end, width) * scale, top


def _pairs(edges: Sequence[float]) -> list[tuple[float, float]]:
    return list(itertools.pairwise(edges))


def _find_runs(ink: NDArray[np.uint8]) -> list[tuple[int, int]]:
    """Return where runs of columns with ink begin, and end."""
    columns = ink.max(axis=0, initial=0).astype(np.int8)
    edges = np.flatnonzero(np.diff(columns, prepend=0, append=0))
    return [(int(a), int(b)) for a, b in zip(edges[::2], edges[1::2], strict=True)]


def _find_marks(ink: NDArray[np.uint8], height: float) -> Iterator[tuple[_Part, bool]]:
    """Yield the marks that are parted from their letters, and whether they stand below them."""
    _, _, statistics, _ = cv2.connectedComponentsWithStats(ink, connectivity=8)
    parts = [_Part(*row) for row in statistics[1:].tolist()]
    for part in parts:
        if part.area < _MARK_INK or max(part.width, part.height) < _MARK * height:
            continue
        for other in parts:
            if other.area > part.area and other.is_over_or_under(part):
                yield part, part.top > other.top
                break


class _Part(NamedTuple):
    """A piece of connected ink."""

    left: int
    top: int
    width: int
    height: int
    area: int

    def is_over_or_under(self, other: _Part) -> bool:
        """Return whether the other stands clear above or below this one."""
        shared = min(self.left + self.width, other.left + other.width) - max(self.left, other.left)
        gap = max(other.top - self.top - self.height, self.top - other.top - other.height)
        # The two dots of a letter may stand beside its stem.
        return gap >= 1 and shared > -other.width / 2


def _is_marked_above(letter: str) -> bool:
    return letter in _IN_PARTS or len(unicodedata.normalize("NFD", letter)) > 1


def _find_letter_height(ink: NDArray[np.uint8]) -> float:
    """Return how high the letters of a line usually are, without its dots and dashes."""
    _, _, statistics, _ = cv2.connectedComponentsWithStats(ink, connectivity=8)
    heights = statistics[1:, cv2.CC_STAT_HEIGHT]
    high = heights[heights > 0.4 * ink.shape[0]]
    return float(np.median(high)) if len(high) else float(ink.shape[0])
