"""Whether something was written among the form's own print, beside all places meant for it.

A note in the margin may say what no field holds. A fax's header and a received stamp above or below
the print are no notes. The outcome is yes or no; what was written is for a person to read.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from parsers.forms.alignment import INK, AlignedPage
from parsers.pages.reading_order import around

#: How far around slots, in points, and around the blank's print, in pixels, ink belongs to them.
_AROUND_SLOT, _AROUND_PRINT = 6.0, 9
#: Pieces of ink of such heights, in pixels, no broader and no smaller than this, may be letters.
_LOWEST, _HIGHEST, _BROADEST, _LEAST = 10, 80, 120, 25
#: So many letters are a note.
_LETTERS = 4


def has_ink_beside(page: AlignedPage) -> bool:
    """Return whether letters stand on a page that belong to no slot and no print."""
    _, _, statistics, _ = cv2.connectedComponentsWithStats(_find_ink_beside(page), connectivity=8)
    letters = sum(
        _LOWEST <= height <= _HIGHEST and width <= _BROADEST and area >= _LEAST
        for _, _, width, height, area in statistics[1:].tolist()
    )
    return bool(letters >= _LETTERS)


def _find_ink_beside(page: AlignedPage) -> NDArray[np.uint8]:
    layout, ink = page.frame.layout, (page.grey < INK).astype(np.uint8)
    if not layout.words:
        return np.zeros_like(ink)
    beside = np.zeros_like(ink)
    hull = page.frame.cut(around([word.box for word in layout.words]))
    beside[hull] = ink[hull]
    kernel = np.ones((_AROUND_PRINT, _AROUND_PRINT), np.uint8)
    beside[cv2.dilate(page.frame.ink, kernel) == 1] = 0
    for slot in layout.slots:
        left, bottom, right, top = slot.box
        reach = _AROUND_SLOT
        beside[page.frame.cut((left - reach, bottom - reach, right + reach, top + reach))] = 0
    return beside
