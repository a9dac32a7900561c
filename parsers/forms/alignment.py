"""Lays pictures of pages over the blank form, however they were turned, tilted or photographed.

Corners of the print that look alike on both (ORB features) are paired, and the tilt of the paper
before the camera (a homography) that most pairs agree on is taken. Turning by any angle, skew and
perspective are then all one thing. Whether it really is that page is judged by its print: the part
of the blank form's thin ink that is found again where it should be.

Outcomes of `align`: an `AlignedPage` whose frame is the page as the blank form lies, or None.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from parsers.definition import FormDefinition
from parsers.forms.layout import FormLayout, LayoutPage
from parsers.pages.bending import flatten
from parsers.pages.pdfium_pages import PdfiumPages
from parsers.pages.pictures import Grey
from parsers.pdf.objects import Box

#: How finely the blank form, and every page laid over it, is drawn.
FRAME_DPI = 200.0
_SCALE = FRAME_DPI / 72

#: Features are looked for on pages made so high, in pixels: the blank's own at the first.
_FEATURE_HEIGHTS = (1100, 2000)
_FEATURES = 2000
#: A pair counts when the second best is so much worse (Lowe's ratio), and near enough, in pixels.
_RATIO = 0.75
_NEAR = 3.0
#: Pages of other forms agree by chance in up to 16 pairs, a form's own page in 80 and more.
_FEWEST_PAIRS = 25
#: And this part of the blank's thin ink must be there. See bench/forms.py for what it comes to.
_ENOUGH_INK = 0.6
#: With so much of it there, the page lies as close as it can.
_CLOSE = 0.97

#: Darker than this is ink, where paper is 255; and so on the blank form, which nobody scanned.
INK = 170
_PRINT = 200
#: For so many pages what is known of their print is kept.
_KEPT = 8
_Mask = NDArray[np.uint8]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Frame:
    """A page of a blank form as a picture."""

    layout: LayoutPage
    blank: Grey  #: drawn with `FRAME_DPI`
    points: NDArray[np.float32]  #: of its features, in pixels of `blank`
    descriptors: NDArray[np.uint8]

    @property
    def ink(self) -> _Mask:
        """1 where the blank form itself is printed, with a margin."""
        return _find_ink(self)

    @property
    def thin(self) -> _Mask:
        """1 on its letters and lines alone, without bars and pictures."""
        return _find_thin(self)

    @property
    def to_pixels(self) -> NDArray[np.float64]:
        """Return the matrix from points of the layout page to pixels of `blank`."""
        return np.array([[_SCALE, 0, 0], [0, -_SCALE, self.blank.shape[0]], [0, 0, 1]])

    def cut(self, box: Box) -> tuple[slice, slice]:
        """Return the rows and columns of a box of the layout."""
        height, width = self.blank.shape
        left, right = (min(max(round(x * _SCALE), 0), width) for x in (box[0], box[2]))
        top, bottom = (min(max(round(height - y * _SCALE), 0), height) for y in (box[3], box[1]))
        return slice(top, bottom), slice(left, right)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class AlignedPage:
    """A page of a document, laid over a page of a blank form."""

    number: int  #: among the document's pages, counted from 1
    frame: Frame
    grey: Grey  #: as the blank lies, its paper brightened to 255
    matrix: NDArray[np.float64]  #: from pixels of the page's picture to points of the layout page
    score: float  #: the part of the blank's thin ink found again, 0 to 1


def build_frames(definition: FormDefinition, layout: FormLayout) -> tuple[Frame, ...]:
    """Draw the pages of a blank form and find their features."""
    with PdfiumPages(definition.blank) as pages:
        return tuple(_build_frame(page, _draw_blank(pages, page)) for page in layout.pages)


def _draw_blank(pages: PdfiumPages, page: LayoutPage) -> Grey:
    whole = (0.0, 0.0, page.width, page.height)
    (blank,) = pages.pictures(page.number, [whole], dots_per_inch=FRAME_DPI)
    return blank


def _build_frame(layout: LayoutPage, blank: Grey) -> Frame:
    points, descriptors = _find_features(blank, _FEATURE_HEIGHTS[0])
    return Frame(
        layout=layout,
        blank=blank,
        points=points,
        descriptors=descriptors,
    )


# Of many known pages few are shown: what takes much room is worked out for those alone.
@lru_cache(maxsize=_KEPT)
def _find_ink(frame: Frame) -> _Mask:
    ink = (frame.blank < _PRINT).astype(np.uint8)
    return cv2.dilate(ink, np.ones((7, 7), np.uint8)).astype(np.uint8)


@lru_cache(maxsize=_KEPT)
def _find_thin(frame: Frame) -> _Mask:
    ink = (frame.blank < _PRINT).astype(np.uint8)
    solid = cv2.morphologyEx(ink, cv2.MORPH_OPEN, np.ones((15, 15), np.uint8))
    solid = cv2.dilate(solid, np.ones((5, 5), np.uint8))
    thin: _Mask = ((ink == 1) & (solid == 0)).astype(np.uint8)
    return thin


def align(grey: Grey, number: int, frames: Sequence[Frame]) -> AlignedPage | None:
    """Return the page laid over the blank page it shows, or None where it shows none."""
    for height in _FEATURE_HEIGHTS:
        points, descriptors = _find_features(grey, height)
        fits = sorted(_fit(points, descriptors, frames), key=lambda fit: fit[0], reverse=True)
        if fits:
            _, frame, matrix = fits[0]
            found = _flatten(_lay_closer(grey, number, _lay_over(grey, number, frame, matrix)))
            if found.score >= _ENOUGH_INK:
                return found
    return None


def _lay_closer(grey: Grey, number: int, roughly: AlignedPage) -> AlignedPage:
    """Return the page laid over once more, now that it is as large and as level as the blank."""
    if roughly.score >= _CLOSE:
        return roughly
    frame = roughly.frame
    points, descriptors = _find_features(roughly.grey, _FEATURE_HEIGHTS[0])
    for _, _, correction in _fit(points, descriptors, [frame]):
        closer = _lay_over(grey, number, frame, correction @ frame.to_pixels @ roughly.matrix)
        return max(roughly, closer, key=lambda page: page.score)
    return roughly


def _flatten(page: AlignedPage) -> AlignedPage:
    """Return the page without the bends that the paper may have had."""
    frame = page.frame
    cuts = [frame.cut(word.box) for word in frame.layout.words]
    words = [(c.start, r.start, c.stop, r.stop) for r, c in cuts]
    grey = flatten(page.grey, frame.blank, words)
    flat = replace(page, grey=grey, score=_find_score(frame, grey))
    return max(page, flat, key=lambda one: one.score)


def _find_features(grey: Grey, height: int) -> tuple[NDArray[np.float32], NDArray[np.uint8]]:
    """Return the places of features, in pixels of `grey`, and what they look like."""
    scale = min(height / max(grey.shape), 1.0)
    small = cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    small = cv2.GaussianBlur(small, (3, 3), 0)
    orb: Any = cv2.ORB.create(nfeatures=_FEATURES, scaleFactor=1.2, nlevels=6, fastThreshold=10)
    keypoints, descriptors = orb.detectAndCompute(small, None)
    if descriptors is None:
        return np.zeros((0, 2), dtype=np.float32), np.zeros((0, 32), dtype=np.uint8)
    points = np.array([k.pt for k in keypoints])
    return ((points + 0.5) / scale).astype(np.float32), descriptors


def _fit(
    points: NDArray[np.float32], descriptors: NDArray[np.uint8], frames: Sequence[Frame]
) -> Iterator[tuple[int, Frame, NDArray[np.float64]]]:
    """Yield the frames that the features agree with: how many do, and the movement."""
    matcher = cv2.BFMatcher(cv2.NORM_HAMMING)
    if len(descriptors) < _FEWEST_PAIRS:
        return
    for frame in frames:
        couples = matcher.knnMatch(descriptors, frame.descriptors, k=2)
        good = [c[0] for c in couples if len(c) == 2 and c[0].distance < _RATIO * c[1].distance]
        if len(good) < _FEWEST_PAIRS:
            continue
        there = points[[m.queryIdx for m in good]]
        here = frame.points[[m.trainIdx for m in good]]
        matrix, agreeing = _find_homography(there, here)
        if matrix is not None and agreeing >= _FEWEST_PAIRS:
            yield agreeing, frame, matrix


def _find_homography(
    there: NDArray[np.float32], here: NDArray[np.float32]
) -> tuple[NDArray[np.float64] | None, int]:
    # The generator is seeded inside, so that the same page gives the same answer.
    matrix: Any
    matrix, mask = cv2.findHomography(there, here, cv2.USAC_MAGSAC, _NEAR, maxIters=3000)
    if matrix is None or not np.isfinite(matrix).all() or abs(np.linalg.det(matrix)) < 1e-9:
        return None, 0
    return matrix, int(mask.sum())


def _lay_over(grey: Grey, number: int, frame: Frame, matrix: NDArray[np.float64]) -> AlignedPage:
    height, width = frame.blank.shape
    # Shrinking by interpolation alone would skip pixels of a fine scan.
    shrinks = abs(np.linalg.det(matrix[:2, :2])) < 0.7
    source = cv2.GaussianBlur(grey, (3, 3), 0) if shrinks else grey
    warped = cv2.warpPerspective(
        source, matrix, (width, height), flags=cv2.INTER_CUBIC, borderValue=255
    )
    even = _brighten(warped.astype(np.uint8))
    return AlignedPage(
        number=number,
        frame=frame,
        grey=even,
        matrix=np.linalg.inv(frame.to_pixels) @ matrix,
        score=_find_score(frame, even),
    )


def _find_score(frame: Frame, grey: Grey) -> float:
    """Return the part of the blank's thin ink that is dark on a page, within two pixels."""
    dark = cv2.dilate((grey < INK).astype(np.uint8), np.ones((5, 5), np.uint8))
    return float(dark[frame.thin == 1].mean()) if frame.thin.any() else 0.0


def _brighten(grey: Grey) -> Grey:
    """Return the page with the paper's own brightness, shadows included, taken out."""
    height, width = grey.shape
    small = cv2.resize(grey, (width // 8, height // 8), interpolation=cv2.INTER_AREA)
    paper = cv2.dilate(cv2.medianBlur(small, 15), np.ones((3, 3), np.uint8))
    paper = cv2.resize(paper, (width, height), interpolation=cv2.INTER_LINEAR)
    even = grey.astype(np.float32) * 255 / np.maximum(paper, 1)
    return np.clip(even, 0, 255).astype(np.uint8)
