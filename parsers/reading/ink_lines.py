"""The lines of writing in a slot of an aligned page, cut out for a recogniser.

A page that lies as the blank form lies has level lines, so that rows without ink part them, and
the blank's own print is known and taken out. No detector is needed: it would cost more than all
the reading, and it overlooks single letters. The outcome for a slot without writing is no line.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from parsers.forms.alignment import FRAME_DPI, INK, AlignedPage
from parsers.forms.layout import Slot
from parsers.pages.pictures import Grey
from parsers.pdf.objects import Box

#: How far beyond its slot, in points, writing is followed.
_BEYOND = 2.0
#: Connected dark pixels fewer than this are dust; less ink than this in all is no writing.
_DUST = 5
_LEAST_INK = 14
#: Rows of ink: the lowest that are writing, in pixels, and the gap that marks within a line leave.
_LOWEST_LINE = 6
_GAP = 2
#: Rows lower than this part of the highest line are accents, dots or dashes: they belong to the
#: nearest line, unless they would make it so much higher than any.
_MARKS, _WITH_MARKS = 0.35, 1.45
#: A second look takes the line as high as text of 12 points is with its ascenders and descenders.
_TALL = 34


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class InkLine:
    """One line of writing."""

    tight: Grey  #: with a margin that follows its height
    tall: Grey  #: in a window of the same height for every line
    ink: NDArray[np.uint8]  #: 1 where there is ink; as high and wide as the writing itself
    margin: int  #: to the left of the ink in `tight`, in pixels
    tall_margin: int  #: and in `tall`
    box: Box  #: of the ink, in points of the layout page


def find_lines(page: AlignedPage, slot: Slot) -> tuple[InkLine, ...]:
    """Return the lines of writing in the slot, from the top down."""
    left, bottom, right, top = slot.box
    reach = (left - _BEYOND, bottom - _BEYOND, right + _BEYOND, top + _BEYOND)
    rows, columns = page.frame.cut(reach)
    grey = page.grey[rows, columns].copy()
    grey[page.frame.ink[rows, columns] == 1] = 255
    ink = _find_ink(grey)
    if int(ink.sum()) < _LEAST_INK:
        return ()
    bands = [band for band in _find_bands(ink) if band[1] - band[0] >= _LOWEST_LINE]
    corner = (columns.start, rows.start)
    return tuple(_cut_lines(grey, ink, bands, corner, page.frame.blank.shape[0]))


def _find_ink(grey: Grey) -> NDArray[np.uint8]:
    ink = (grey < INK).astype(np.uint8)
    count, labels, statistics, _ = cv2.connectedComponentsWithStats(ink, connectivity=8)
    if count > 1:
        dust = np.flatnonzero(statistics[:, cv2.CC_STAT_AREA] < _DUST)
        ink[np.isin(labels, dust)] = 0
    return ink


def _find_bands(ink: NDArray[np.uint8]) -> list[tuple[int, int]]:
    """Return the rows, first and behind the last, of each line with its accents."""
    runs: list[tuple[int, int]] = []
    for row in np.flatnonzero(ink.any(axis=1)).tolist():
        if runs and row - runs[-1][1] < _GAP:
            runs[-1] = (runs[-1][0], row + 1)
        else:
            runs.append((row, row + 1))
    highest = max(last - first for first, last in runs)
    lines = [run for run in runs if run[1] - run[0] > _MARKS * highest]
    for run in runs:
        if run not in lines:
            near = min(lines, key=lambda line: max(line[0] - run[1], run[0] - line[1]))
            grown = min(near[0], run[0]), max(near[1], run[1])
            if grown[1] - grown[0] <= highest * _WITH_MARKS:
                lines[lines.index(near)] = grown
    return lines


def _cut_lines(
    grey: Grey,
    ink: NDArray[np.uint8],
    bands: list[tuple[int, int]],
    corner: tuple[int, int],
    page_height: int,
) -> Iterator[InkLine]:
    scale = 72 / FRAME_DPI
    for n, (first, last) in enumerate(bands):
        across = np.flatnonzero(ink[first:last].any(axis=0))
        if not len(across):
            continue
        start, end = int(across[0]), int(across[-1]) + 1
        # A neighbouring line's ink is left to that line.
        above = (bands[n - 1][1] + first) // 2 if n else 0
        below = (last + bands[n + 1][0]) // 2 if n + 1 < len(bands) else grey.shape[0]
        strip = grey[above:below, start:end]
        margin = max(3, round((last - first) * 0.18))
        spare = max(0, _TALL - (last - first))
        top, height = first - above, last - first
        yield InkLine(
            tight=_window(strip, top - margin, height + 2 * margin, margin),
            tall=_window(strip, top - margin - spare // 2, height + 2 * margin + spare, margin + 6),
            ink=ink[first:last, start:end],
            margin=margin,
            tall_margin=margin + 6,
            box=(
                (corner[0] + start) * scale,
                (page_height - corner[1] - last) * scale,
                (corner[0] + end) * scale,
                (page_height - corner[1] - first) * scale,
            ),
        )


def _window(strip: Grey, top: int, height: int, side: int) -> Grey:
    """Return `height` rows of the strip from `top` on, white where there are none."""
    found = np.full((height, strip.shape[1] + 2 * side), 255, dtype=np.uint8)
    first, last = max(top, 0), min(top + height, strip.shape[0])
    found[first - top : last - top, side : side + strip.shape[1]] = strip[first:last]
    return found
