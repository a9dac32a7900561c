"""Flattens a page that lay bent before the camera, by where its print is and where it should be.

A tilt of the paper is one movement of the whole page; paper that curls moves every place a little
differently. The printed words of the blank form are looked for around their places, and a smooth
surface through what they are off by is taken out. The outcome is the page flattened, or the same
page where too few words are found, or it lies flat already.
"""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

from parsers.pages.pictures import Grey
from parsers.pdf.objects import Box

#: A word is looked for so far around its place, in pixels, and found when it is so much alike.
_REACH, _ALIKE = 28, 0.55
#: Shorter words look alike in too many places.
_SHORTEST = 40
#: So many words tell the surface, which is a polynomial of this degree.
_FEWEST, _DEGREE = 25, 3
#: Words further off the surface than this, in pixels, were found in a wrong place.
_OFF = 3.0
_ROUNDS = 3
#: The cells of the grid the surface is worked out on, in pixels.
_CELL = 50
#: A page off by less than this everywhere lies flat.
_FLAT = 1.0

_Points = NDArray[np.float64]


def flatten(grey: Grey, blank: Grey, words: list[Box]) -> Grey:
    """Return the page `grey`, laid over `blank`, with its print where the blank has it.

    `words` are boxes of printed words in pixels: left, top, right, bottom.
    """
    found = list(_find_offsets(grey, blank, words))
    if len(found) < _FEWEST:
        return grey
    places = np.array([place for place, _ in found])
    offsets = np.array([offset for _, offset in found])
    surface = _fit(places, offsets, grey.shape)
    if surface is None:
        return grey
    moved = _spread(surface, grey.shape)
    if float(np.abs(moved).max()) < _FLAT:
        return grey
    height, width = grey.shape
    down, across = np.indices((height, width), dtype=np.float32)
    flat = cv2.remap(
        grey, across + moved[..., 0], down + moved[..., 1], cv2.INTER_CUBIC, borderValue=(255.0,)
    )
    return flat.astype(np.uint8)


def _spread(surface: _Points, shape: tuple[int, ...]) -> NDArray[np.float32]:
    """Return how far every pixel is off, across and down: worked out on a grid, as it is smooth."""
    height, width = shape
    rows, columns = (np.arange(n // _CELL + 1) * _CELL + _CELL / 2 for n in (height, width))
    across, down = np.meshgrid(columns, rows)
    grid = np.column_stack((across.ravel(), down.ravel()))
    moved = (_terms(grid, shape) @ surface).reshape(*across.shape, 2).astype(np.float32)
    size = (len(columns) * _CELL, len(rows) * _CELL)
    whole = cv2.resize(moved, size, interpolation=cv2.INTER_LINEAR)
    return whole[:height, :width].astype(np.float32)


def _find_offsets(
    grey: Grey, blank: Grey, words: list[Box]
) -> Iterator[tuple[tuple[float, float], tuple[float, float]]]:
    """Yield the middle of each word on the blank, and how far off it is on the page."""
    height, width = grey.shape
    for box in words:
        left, top, right, bottom = (round(edge) for edge in box)
        inside = left >= _REACH and top >= _REACH
        inside = inside and right < width - _REACH and bottom < height - _REACH
        if right - left < _SHORTEST or bottom <= top or not inside:
            continue
        around = grey[top - _REACH : bottom + _REACH, left - _REACH : right + _REACH]
        match = cv2.matchTemplate(around, blank[top:bottom, left:right], cv2.TM_CCOEFF_NORMED)
        _, alike, _, place = cv2.minMaxLoc(match)
        if alike >= _ALIKE:
            middle = ((left + right) / 2, (top + bottom) / 2)
            yield middle, (float(place[0] - _REACH), float(place[1] - _REACH))


def _fit(places: _Points, offsets: _Points, shape: tuple[int, ...]) -> _Points | None:
    """Return the coefficients of the surface that most words agree on."""
    terms = _terms(places, shape)
    kept = np.ones(len(places), dtype=bool)
    surface: _Points = np.zeros((terms.shape[1], 2))
    for _ in range(_ROUNDS):
        if kept.sum() < _FEWEST:
            return None
        surface = np.linalg.lstsq(terms[kept], offsets[kept], rcond=None)[0].astype(np.float64)
        away = np.hypot(*(terms @ surface - offsets).T)
        # Wrong places spoil the first surface, so that it is not asked for too much.
        kept = away <= max(_OFF, float(np.median(away)) * 2)
    return surface


def _terms(places: _Points, shape: tuple[int, ...]) -> _Points:
    """Return the terms of a polynomial in both directions, one row for each place."""
    x, y = places[:, 0] / shape[1] * 2 - 1, places[:, 1] / shape[0] * 2 - 1
    powers = [(i, j) for i in range(_DEGREE + 1) for j in range(_DEGREE + 1 - i)]
    return np.column_stack([x**i * y**j for i, j in powers])
