"""Which lines of a page were written by hand, by the shapes of their ink alone.

Type stands on one level and reaches up to one of two, and its edges run upright and level far more
often than a pen's. A line is judged by itself only where it is plainly drawn; else with all lines
of the page, because a form is mostly filled in one way. The thresholds were set on invented forms,
seeds 100 to 113 of tests/specimens: pages of type came to 0.15 at most, written ones to 0.25 at
least.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from parsers.pages.pictures import Grey
from parsers.reading.ink_lines import InkLine

#: Parts of a line's height: what is lower than the first is a dot or a dash and no letter, and
#: edges within the second are on one level.
_LETTER, _LEVEL = 0.35, 0.05
#: An edge runs upright or level when it does within so many degrees.
_SQUARE = 8.0
#: The part of the edges that are square in type, and what a lack of them counts.
_USUAL_SQUARE, _WEIGHT = 0.30, 2.5
#: A page is by hand from the first on; a line of at least so many letters from the second.
_PAGE, _LINE, _LETTERS = 0.20, 0.6, 5


@dataclass(frozen=True, slots=True)
class _Shape:
    unlike_type: float  #: about 0 for type, about 1 for a pen
    letters: int


def find_handwriting(lines: Sequence[InkLine]) -> frozenset[InkLine]:
    """Return those of a page's lines that were written by hand."""
    shapes = [_measure(line) for line in lines]
    letters = sum(shape.letters for shape in shapes)
    if not letters:
        return frozenset()
    page = sum(shape.unlike_type * shape.letters for shape in shapes) / letters
    if page >= _PAGE:
        return frozenset(lines)
    return frozenset(
        line
        for line, shape in zip(lines, shapes, strict=True)
        if shape.letters >= _LETTERS and shape.unlike_type >= _LINE
    )


def _measure(line: InkLine) -> _Shape:
    _, _, statistics, _ = cv2.connectedComponentsWithStats(line.ink, connectivity=8)
    height = line.ink.shape[0]
    tops, heights = statistics[1:, cv2.CC_STAT_TOP], statistics[1:, cv2.CC_STAT_HEIGHT]
    letters = heights > _LETTER * height
    heads, feet = tops[letters] / height, (tops[letters] + heights[letters]) / height
    off_level = (1 - _find_share(feet, 1)) + (1 - _find_share(heads, 2))
    lack = _USUAL_SQUARE - _measure_square(line.tight)
    return _Shape(off_level + lack * _WEIGHT, int(letters.sum()))


def _find_share(edges: NDArray[np.float64], levels: int) -> float:
    """Return which part of the edges lies on the one or two levels that have most of them."""
    left = edges
    for _ in range(levels):
        if len(left) < 2:
            return 1.0
        near = np.abs(left[:, None] - left[None, :]) < _LEVEL
        left = left[~near[int(near.sum(axis=1).argmax())]]
    return 1 - len(left) / len(edges)


def _measure_square(grey: Grey) -> float:
    """Return which part of the edges in a picture run upright or level."""
    smooth = cv2.GaussianBlur(grey.astype(np.float32), (0, 0), 0.8)
    across, down = cv2.Sobel(smooth, cv2.CV_32F, 1, 0), cv2.Sobel(smooth, cv2.CV_32F, 0, 1)
    strength = np.hypot(across, down)
    turn = np.degrees(np.arctan2(down, across)) % 90
    square = np.minimum(turn, 90 - turn) < _SQUARE
    return float(strength[square].sum() / max(float(strength.sum()), 1.0))
