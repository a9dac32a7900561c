"""What the lines of a page say, each looked at twice, and how far their letters can be trusted.

A recogniser overlooks what it does not know: letters of other alphabets vanish with full
confidence, accents with them, and blanks between words are dropped. All of it shows in the ink, and
is looked for there. The outcome is each line's words as both looks give them; a word's confidence
is that of its line.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from parsers.pages.ink_marks import Mark, find_marks, may_have_mark, may_have_two
from parsers.pages.line_reader import LineReader, LineText
from parsers.pages.words import Word
from parsers.pdf.objects import Box
from parsers.reading.ink_lines import InkLine

#: Ink so wide without a letter, in parts of the line's height, is a letter overlooked; and so far a
#: letter may be placed from its ink.
_LETTER, _NEAR = 0.08, 0.18
#: Letters that the recogniser knows well; rarer ones it confuses with each other.
_COMMON = frozenset("ÁÉÍÓÚÜÑÇáéíóúüñçÀÈÊàèêâÖöÄäßåÅØøºª°§¿¡«»‘’“”–—•½¼¾")
#: How far lines with such letters, or such ink, can be trusted at most.
_WITH_RARE_LETTER, _WITH_UNTOLD_INK = 0.75, 0.5
#: An i or j whose dot is not parted from it, as blurred ones are, is believed when it is so
#: certain: else it may be an l with a notch, and the line is trusted no more than this.
_DOTTED, _CERTAIN, _WITHOUT_DOT = frozenset("ij"), 0.97, 0.75

#: Blanks are as wide as the type they belong to has them: a gap is one where it is wider than what
#: lies between this part of the page's other gaps and this part of the blanks that were read.
_OTHERS, _BLANKS = 0.99, 0.05
#: So many blanks of a page tell how wide they are.
_FEWEST_BLANKS = 8
#: Two letters, and two digits, may stand further apart than others and be one word.
_BETWEEN_LETTERS, _BETWEEN_DIGITS = 1.5, 1.3


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadLine:
    """A line as two looks read it."""

    first: tuple[Word, ...]  #: their boxes in points of the layout page
    second: tuple[Word, ...]


def read_lines(reader: LineReader, lines: Sequence[InkLine]) -> list[ReadLine]:
    """Read lines twice: cut close around their ink, and in a window of one height for all."""
    first = [_Letters(line, reader.read(line.tight), line.margin) for line in lines]
    second = [_Letters(line, reader.read(line.tall), line.tall_margin) for line in lines]
    blank = _find_blank(first)
    return [
        ReadLine(first=tuple(one.list_words(blank)), second=tuple(two.list_words(blank)))
        for one, two in zip(first, second, strict=True)
    ]


def _find_blank(lines: Sequence[_Letters]) -> float | None:
    """Return from what width on a gap is a blank, None where the page's type does not tell."""
    gaps = [gap for line in lines for gap in line.list_gaps()]
    blanks = [gap.width for gap in gaps if gap.is_blank]
    others = [gap.width for gap in gaps if not gap.is_blank]
    if len(blanks) < _FEWEST_BLANKS or not others:
        return None
    narrowest, widest = np.quantile(blanks, _BLANKS), np.quantile(others, _OTHERS)
    return float(narrowest + widest) / 2 if narrowest > widest else None


@dataclass(frozen=True, slots=True)
class _Gap:
    """What lies between two letters."""

    width: float  #: of the widest run of columns without ink, in heights of a letter
    is_blank: bool  #: the recogniser read a blank here


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
        self._marks = tuple(self._find_marks())
        self._gaps = [self._find_gap(n) for n in range(1, len(told))]

    def list_gaps(self) -> Sequence[_Gap]:
        """Return what lies between the letters, from left to right."""
        return self._gaps

    def list_words(self, blank: float | None) -> Iterator[Word]:
        """Yield each word; gaps as wide as `blank`, in heights of a letter, part words as well."""
        trust = self._judge()
        ends = [n + 1 for n, gap in enumerate(self._gaps) if self._parts(n, gap, blank)]
        starts = [0, *ends, len(self._letters)] if self._letters else []
        for first, last in itertools.pairwise(starts):
            text = "".join(self._letters[first:last])
            yield Word(text=text, box=self._box(first, last), confidence=trust)

    def _parts(self, n: int, gap: _Gap, blank: float | None) -> bool:
        if gap.is_blank or blank is None:
            return gap.is_blank
        pair = self._letters[n], self._letters[n + 1]
        if all(letter.isalpha() for letter in pair):
            blank *= _BETWEEN_LETTERS
        elif all(letter.isdigit() for letter in pair):
            blank *= _BETWEEN_DIGITS
        return gap.width >= blank

    def _judge(self) -> float:
        """Return how far the line can be trusted: as its least certain letter, or less."""
        trust = min(self._certainties, default=0.0)
        if any(not letter.isascii() and letter not in _COMMON for letter in self._letters):
            trust = min(trust, _WITH_RARE_LETTER)
        if self._may_lack_dot():
            trust = min(trust, _WITHOUT_DOT)
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
        marked: set[int] = set()
        for mark, nearest in self._marks:
            letter = self._letters[nearest]
            if not may_have_mark(letter, mark):
                return True
            if nearest in marked and not may_have_two(letter):
                return True
            marked.add(nearest)
        return False

    def _may_lack_dot(self) -> bool:
        """Return whether a letter was read as a dotted one, not quite certainly, and has no dot."""
        above = {nearest for mark, nearest in self._marks if not mark.is_below}
        return any(
            letter in _DOTTED and certainty < _CERTAIN and n not in above
            for n, (letter, certainty) in enumerate(
                zip(self._letters, self._certainties, strict=True)
            )
        )

    def _find_marks(self) -> Iterator[tuple[Mark, int]]:
        """Yield the accents and dots, each with the number of the letter it stands at."""
        for mark in find_marks(self._line.ink, self._height) if self._letters else ():
            distances = [abs(x - mark.middle) for x in self._middles]
            yield mark, distances.index(min(distances))

    def _find_gap(self, n: int) -> _Gap:
        """Return what lies between a letter and the one before."""
        start, end = self._middles[n - 1], self._middles[n]
        inside = [x for run in self._runs for x in run if start < x < end]
        widest = 0.0
        for left, right in itertools.pairwise([start, *inside, end]):
            middle = (left + right) / 2
            if right - left > widest and not any(a <= middle < b for a, b in self._runs):
                widest = right - left
        return _Gap(widest / self._height, self._after_blank[n])

    def _box(self, first: int, last: int) -> Box:
        left, bottom, right, top = self._line.box
        width = self._line.ink.shape[1]
        start = 0.0 if first == 0 else (self._middles[first - 1] + self._middles[first]) / 2
        end = width if last == len(self._letters) else self._middles[last - 1] + self._height / 3
        scale = (right - left) / width
        return left + start * scale, bottom, left + min(end, width) * scale, top


def _find_runs(ink: NDArray[np.uint8]) -> list[tuple[int, int]]:
    """Return where runs of columns with ink begin, and end."""
    columns = ink.max(axis=0, initial=0).astype(np.int8)
    edges = np.flatnonzero(np.diff(columns, prepend=0, append=0))
    return [(int(a), int(b)) for a, b in zip(edges[::2], edges[1::2], strict=True)]


def _find_letter_height(ink: NDArray[np.uint8]) -> float:
    """Return how high the letters of a line usually are, without its dots and dashes."""
    _, _, statistics, _ = cv2.connectedComponentsWithStats(ink, connectivity=8)
    heights = statistics[1:, cv2.CC_STAT_HEIGHT]
    high = heights[heights > 0.4 * ink.shape[0]]
    return float(np.median(high)) if len(high) else float(ink.shape[0])
