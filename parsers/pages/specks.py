"""Takes the specks of a bad line or a dirty glass out of a page's picture, before it is turned.

In the pixels of the device a speck is one of them or two; turned and smoothed, it is a blot that
joins letters, and nothing tells it from a comma. So it is taken out first, and only on a page that
is full of them: the dots of type are larger, and on a page without specks some few may be as small.
The outcome is always a picture of the same size; the one given, where the page is not speckled.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from parsers.pages.pictures import Grey

#: Darker than this is ink; lighter than the second, within ink, is a hole.
_INK, _HOLE = 170, 128
#: The pixels of a speck at most, and those of the smallest dots of type.
_SPECK, _DOT = 2, 5
#: A page is speckled with so many, and so many times the marks between both sizes: where the grain
#: of a photograph or a JPEG leaves small marks, it leaves larger ones as well.
_FEWEST, _MANY_TIMES = 200, 8
_AROUND = np.ones((3, 3), np.uint8)
_BESIDE = cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3))


def remove_specks(grey: Grey) -> Grey:
    """Return the page without black specks on paper and white ones within ink."""
    specks, dots = _find_marks((grey < _INK).astype(np.uint8), connectivity=8)
    count = len(specks[0])
    if count < max(_FEWEST, _MANY_TIMES * dots):
        return grey
    clean = grey.copy()
    clean[specks] = cv2.dilate(grey, _AROUND)[specks]
    holes, _ = _find_marks((clean >= _HOLE).astype(np.uint8), connectivity=4)
    clean[holes] = cv2.erode(clean, _BESIDE)[holes]
    return clean


def _find_marks(
    marks: NDArray[np.uint8], *, connectivity: int
) -> tuple[tuple[NDArray[np.intp], NDArray[np.intp]], int]:
    """Return the rows and columns of all pixels of specks, and how many marks are hardly larger."""
    _, labels, statistics, _ = cv2.connectedComponentsWithStats(marks, connectivity=connectivity)
    areas = statistics[:, cv2.CC_STAT_AREA]
    is_speck = areas <= _SPECK
    # The first label is whatever is no mark.
    is_speck[0] = False
    rows, columns = np.nonzero(is_speck[labels])
    return (rows, columns), int(np.count_nonzero((areas > _SPECK) & (areas <= _DOT)))
