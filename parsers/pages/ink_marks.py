"""Accents, dots and tails that stand parted from their letters, as pieces of ink.

They tell when a letter was read without its mark, which no certainty of a recogniser does: to one
that has never seen a letter, it is the letter without the mark.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

#: A mark is so large at least, in parts of the height of a letter and in pixels of ink.
_SIZE, _INK = 0.08, 6
#: Letters with one dot, which is at most so much wider than high; two dots are another letter's.
_DOTTED, _DOT = frozenset("ij"), 1.7
#: Signs that have a part standing over another, or stand high beside low letters themselves.
_IN_PARTS = frozenset(":;=!?¡¿%ij'\"‘’“”°ªº*")
#: Letters with a mark below, and signs whose smaller part is below.
_MARKED_BELOW = frozenset("çÇşŞţŢșȘțȚąĄęĘ:;=!?%")


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A mark where it stands."""

    middle: float  #: in pixels from the left
    is_below: bool  #: below its letter, else above
    is_wide: bool  #: too wide for one dot


def find_marks(ink: NDArray[np.uint8], height: float) -> Iterator[Mark]:
    """Yield the marks in a line whose letters are so high."""
    _, _, statistics, _ = cv2.connectedComponentsWithStats(ink, connectivity=8)
    pieces = [_Piece(*row) for row in statistics[1:].tolist()]
    for piece in pieces:
        if piece.area < _INK or max(piece.width, piece.height) < _SIZE * height:
            continue
        for letter in pieces:
            if letter.area > piece.area and letter.has_clear_of_it(piece):
                yield Mark(
                    middle=piece.left + piece.width / 2,
                    is_below=piece.top > letter.top,
                    is_wide=piece.width > _DOT * piece.height,
                )
                break


def may_have_mark(letter: str, mark: Mark) -> bool:
    """Return whether a letter has a part where this mark stands."""
    if mark.is_below:
        return letter in _MARKED_BELOW
    if letter in _DOTTED:
        return not mark.is_wide
    return letter in _IN_PARTS or len(unicodedata.normalize("NFD", letter)) > 1


def may_have_two(letter: str) -> bool:
    """Return whether more than one mark can belong to a letter."""
    return letter not in _DOTTED


class _Piece(NamedTuple):
    """A piece of connected ink, in pixels."""

    left: int
    top: int
    width: int
    height: int
    area: int

    def has_clear_of_it(self, other: _Piece) -> bool:
        """Return whether the other stands above or below this one, with paper between them."""
        shared = min(self.left + self.width, other.left + other.width) - max(self.left, other.left)
        gap = max(other.top - self.top - self.height, self.top - other.top - other.height)
        # The two dots of a letter may stand beside its stem.
        return gap >= 1 and shared > -other.width / 2
