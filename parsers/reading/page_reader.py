"""Reads every word of a picture of a page: for forms whose blank is not at hand.

RapidOCR's detector finds the lines, whatever way the page lies; the page is turned upright and
levelled by them, and each is read. That takes ten times what reading the slots of a known form
does. The outcome is always a `ReadPage`, without words where nothing is legible.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from parsers.forms.registration import Transform
from parsers.pages.line_reader import LineReader, LineText
from parsers.pages.pictures import Grey, PagePicture
from parsers.pages.words import PageWords, Word
from parsers.pdf.objects import Box

#: The detector's picture is made so small: it finds the same lines as in a larger one, sooner.
_LONGEST_SIDE = 1280
#: Lines so much longer than high tell how the page lies; so many of them tell its upper side.
_LONG, _TELLING = 4.0, 8
#: A page that is level within so many degrees is not turned.
_LEVEL = 0.2

_Quads = NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ReadPage:
    """A page turned upright, with its words."""

    words: PageWords  #: in points of the page as it was turned
    grey: Grey
    dpi: float
    to_shown: Transform  #: from those points to points of the page as its document shows it

    def cut(self, box: Box) -> Grey:
        """Return the picture within a box of the page as it was turned."""
        scale, height = self.dpi / 72, self.grey.shape[0]
        left, right = (max(round(x * scale), 0) for x in (box[0], box[2]))
        top, bottom = (max(round(height - y * scale), 0) for y in (box[3], box[1]))
        return self.grey[top:bottom, left:right]


class PageReader:
    """The detector, loaded when it is first needed, and a recogniser."""

    def __init__(self, lines: LineReader) -> None:
        self._lines = lines
        self._detector: Any = None

    def read(self, picture: PagePicture) -> ReadPage:
        """Turn a page upright and read its words."""
        page = _Turned(picture.grey)
        quads = self._detect(page.grey)
        if _stand_upright(quads):
            page.turn_quarter()
            quads = self._detect(page.grey)
        quads = page.level(quads)
        if self._is_upside_down(page.grey, quads):
            quads = page.turn_over(quads)
        scale = picture.dpi / 72
        height, width = page.grey.shape
        words = (word for quad in quads for word in self._read_line(page.grey, quad, scale))
        return ReadPage(
            words=PageWords(
                number=picture.number,
                width=width / scale,
                height=height / scale,
                words=tuple(words),
            ),
            grey=page.grey,
            dpi=picture.dpi,
            to_shown=page.find_way_back(picture.grey.shape[0], scale),
        )

    def _detect(self, grey: Grey) -> _Quads:
        """Return the corners of each line, from its upper left clockwise, from the top down."""
        if self._detector is None:
            self._detector = _load_detector()
        found = self._detector(
            cv2.cvtColor(grey, cv2.COLOR_GRAY2BGR), use_det=True, use_cls=False, use_rec=False
        ).boxes
        if found is None:
            return np.zeros((0, 4, 2), dtype=np.float32)
        return np.asarray(found, dtype=np.float32)

    def _is_upside_down(self, grey: Grey, quads: _Quads) -> bool:
        """Return whether the longest lines can be read better the other way up."""
        lengths, heights = _measure(quads)
        longest = np.argsort(-lengths / heights)[:_TELLING]
        crops = [crop for n in longest if (crop := _crop(grey, quads[n])) is not None]
        upright = sum(_judge(self._lines.read(crop)) for crop in crops)
        turned = sum(_judge(self._lines.read(_rotate(crop, 2))) for crop in crops)
        return turned > upright

    def _read_line(self, grey: Grey, quad: _Quads, scale: float) -> Iterator[Word]:
        crop = _crop(grey, quad)
        if crop is None:
            return
        found = self._lines.read(crop)
        left, top = quad.min(axis=0)
        right, bottom = quad.max(axis=0)
        stretch = (right - left) / crop.shape[1]
        for start, end in _split(found.text):
            half = (found.places[end - 1] - found.places[start]) / max(end - start - 1, 1) / 2
            half = half or crop.shape[0] / 4
            across = (found.places[start] - half, found.places[end - 1] + half)
            yield Word(
                text=found.text[start:end],
                box=(
                    float(left + across[0] * stretch) / scale,
                    float(grey.shape[0] - bottom) / scale,
                    float(left + across[1] * stretch) / scale,
                    float(grey.shape[0] - top) / scale,
                ),
                confidence=min(found.certainties[start:end]),
            )


class _Turned:
    """A picture and what was done to it."""

    def __init__(self, grey: Grey) -> None:
        self.grey = grey
        self._matrix = np.eye(3)

    def turn_quarter(self) -> None:
        """Turn by a quarter, counter-clockwise."""
        width = self.grey.shape[1]
        self._matrix = np.array([[0, 1, 0], [-1, 0, width], [0, 0, 1.0]]) @ self._matrix
        self.grey = _rotate(self.grey, 1)

    def turn_over(self, quads: _Quads) -> _Quads:
        """Turn upside down, the lines as well."""
        height, width = self.grey.shape
        self._matrix = np.array([[-1, 0, width], [0, -1, height], [0, 0, 1.0]]) @ self._matrix
        self.grey = _rotate(self.grey, 2)
        turned = np.array([width, height], dtype=np.float32) - quads[::-1]
        return np.ascontiguousarray(turned[:, [2, 3, 0, 1]])

    def level(self, quads: _Quads) -> _Quads:
        """Turn so that long lines run level."""
        lengths, heights = _measure(quads)
        edges = (quads[:, 1] - quads[:, 0])[lengths > _LONG * heights]
        if not len(edges):
            return quads
        angle = float(np.median(np.degrees(np.arctan2(edges[:, 1], edges[:, 0]))))
        if abs(angle) < _LEVEL:
            return quads
        height, width = self.grey.shape
        turn = cv2.getRotationMatrix2D((width / 2, height / 2), angle, 1.0)
        self._matrix = np.vstack((turn, [0.0, 0.0, 1.0])) @ self._matrix
        self.grey = cv2.warpAffine(
            self.grey, turn, (width, height), flags=cv2.INTER_CUBIC, borderValue=(255.0,)
        ).astype(np.uint8)
        return cv2.transform(quads, turn).astype(np.float32)

    def find_way_back(self, height: int, scale: float) -> Transform:
        """Return the way from points of the turned page to points of the one that was given."""
        here, there = self.grey.shape[0], height
        to_pixels = np.array([[scale, 0, 0], [0, -scale, here], [0, 0, 1]])
        to_points = np.array([[1 / scale, 0, 0], [0, -1 / scale, there / scale], [0, 0, 1]])
        matrix = to_points @ np.linalg.inv(self._matrix) @ to_pixels
        return Transform(tuple(matrix.ravel().tolist()))


def _load_detector() -> Any:
    from rapidocr import RapidOCR  # noqa: PLC0415  # it takes a second and much memory

    logging.getLogger("RapidOCR").disabled = True
    return RapidOCR(
        params={
            "Global.max_side_len": _LONGEST_SIDE,
            "Global.log_level": "critical",
            "EngineConfig.onnxruntime.intra_op_num_threads": 1,
            "EngineConfig.onnxruntime.inter_op_num_threads": 1,
        }
    )


def _rotate(grey: Grey, quarters: int) -> Grey:
    return np.ascontiguousarray(np.rot90(grey, quarters))


def _measure(quads: _Quads) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return how long and how high the lines are, in pixels."""
    lengths = np.linalg.norm(quads[:, 1] - quads[:, 0], axis=1)
    heights = np.linalg.norm(quads[:, 3] - quads[:, 0], axis=1)
    return lengths.astype(np.float32), np.maximum(heights, 1).astype(np.float32)


def _stand_upright(quads: _Quads) -> bool:
    """Return whether most long lines run from top to bottom."""
    lengths, heights = _measure(quads)
    standing = int((heights > _LONG * np.maximum(lengths, 1)).sum())
    return standing > int((lengths > _LONG * heights).sum())


def _crop(grey: Grey, quad: _Quads) -> Grey | None:
    """Return a line straightened out, None where it is next to nothing."""
    (length,), (height,) = _measure(quad[None])
    if length < 3 or height < 3:
        return None
    size = (round(float(length)), round(float(height)))
    corners = np.array([[0, 0], [size[0], 0], size, [0, size[1]]], dtype=np.float32)
    matrix = cv2.getPerspectiveTransform(quad, corners)
    crop = cv2.warpPerspective(
        grey, matrix, size, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
    )
    return crop.astype(np.uint8)


def _judge(found: LineText) -> float:
    """Return how much of a line was read, and how surely."""
    return sum(certainty**2 for certainty in found.certainties)


def _split(text: str) -> Iterator[tuple[int, int]]:
    """Yield where each word begins, and ends."""
    start: int | None = None
    for n, letter in enumerate([*text, " "]):
        if letter.isspace() and start is not None:
            yield start, n
            start = None
        elif not letter.isspace() and start is None:
            start = n
