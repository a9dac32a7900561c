"""Whether a tick box or a radio button is marked, by how much ink is inside it.

Outcomes for each mark: on or off, with a confidence. What lies between the two is told by its low
confidence; nothing here knows whether the picture was drawn from a PDF or taken by a scanner.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

#: How finely the marks of a PDF are drawn; a box of 12 points is then 33 pixels wide.
DOTS_PER_INCH = 200.0
#: The part of a box, on each side, that its frame may take.
_FRAME = 0.22
#: Pixels darker than this part of the paper's brightness are ink.
_DARK = 0.6
#: So much ink more than on the blank form is surely a mark, and so little surely none.
_SURELY_ON, _SURELY_OFF = 0.10, 0.03
#: A frame found in a picture is at least so many pixels wide, and what it tells is at most so sure.
_SMALLEST_FRAME, _FRAME_FOUND = 10, 0.9
#: So much ink on a signature line is a stroke of the pen, and how sure that is.
_A_STROKE, _STROKE = 0.004, 0.9


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkReading:
    """What one mark shows."""

    is_on: bool
    confidence: float  #: 0.5 to 1
    ink: float  #: the dark part of its inside, 0 to 1


def measure_ink(picture: NDArray[np.uint8], *, paper: float = 255.0) -> float:
    """Return the dark part of the inside of a mark, of which `picture` is the whole box.

    `picture` holds grey pixels, 0 black, and `paper` is how bright the paper is; the frame of the
    box is left out. A picture without pixels has no ink.
    """
    height, width = picture.shape
    down, across = round(height * _FRAME), round(width * _FRAME)
    inside = picture[down : height - down, across : width - across]
    if inside.size == 0:
        return 0.0
    return float((inside < _DARK * paper).mean())


def read_mark(ink: float, blank_ink: float) -> MarkReading:
    """Return whether a mark with that much ink is on, where the blank form has `blank_ink`."""
    more = ink - blank_ink
    middle = (_SURELY_ON + _SURELY_OFF) / 2
    # From one half in the middle between on and off to certainty at either end.
    distance = abs(more - middle) / ((_SURELY_ON - _SURELY_OFF) / 2)
    return MarkReading(is_on=more > middle, confidence=min(0.5 + distance / 2, 1.0), ink=ink)


def read_strokes(ink: float, blank_ink: float) -> MarkReading:
    """Return whether a signature line with that much ink was written on: thin strokes count."""
    return MarkReading(is_on=ink - blank_ink > _A_STROKE, confidence=_STROKE, ink=ink)


def find_mark(picture: NDArray[np.uint8]) -> MarkReading | None:
    """Return whether the box or circle in a picture is ticked; None where there is none.

    Unlike `measure_ink` this looks for the frame first, the outermost ink, and needs no blank form
    to compare with; it is never as sure.
    """
    import numpy as np  # noqa: PLC0415

    dark = picture < _DARK * 255
    rows, columns = np.flatnonzero(dark.any(axis=1)), np.flatnonzero(dark.any(axis=0))
    if not len(rows) or not len(columns):
        return None
    framed = picture[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    height, width = framed.shape
    if min(height, width) < _SMALLEST_FRAME or max(height, width) > 1.6 * min(height, width):
        return None
    found = read_mark(measure_ink(framed), 0.0)
    return MarkReading(
        is_on=found.is_on, confidence=min(found.confidence, _FRAME_FOUND), ink=found.ink
    )
