"""Which page of which form a page of words is, and how the one lies over the other.

The words that a page shares with the blank form's page tell both: words of the same spelling are
paired, the movement that brings most pairs together is found by trying many (RANSAC, without
chance: the same words give the same answer), and refined over all pairs that agree with it. Words
that are misspelt, missing, or written by the person who filled the form in do no harm.

Outcomes of `register_page`: a `Registration` with its score, or None where too few words agree.
`group_pages` sorts the pages of a document into copies of forms, in whatever order they came.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from parsers.forms.layout import FormLayout, LayoutPage
from parsers.pages.plane_fitting import CLOSELY, FEWEST_PAIRS, distances, find_movement, map_points
from parsers.pages.words import PageWords, Word
from parsers.pdf.objects import Box
from parsers.values.cleaning import fold_text

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: A page is a form's page when this part of the form's own words stands where it should.
ENOUGH = 0.4
#: Words that occur more often say too little about where they belong.
_MOST_ALIKE = 2
#: A form whose version is printed fits so much better than its words tell.
_NAMED = 1.05


@dataclass(frozen=True, slots=True)
class Transform:
    """A movement of the plane that keeps straight lines straight, as a 3 by 3 matrix by rows."""

    matrix: tuple[float, ...] = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0)

    def map_points(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return where points, one a row, come to lie."""
        return map_points(np.reshape(self.matrix, (3, 3)), points)

    def map_boxes(self, boxes: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the upright boxes around where boxes, one a row, come to lie."""
        corners = self.map_points(boxes[:, [0, 1, 2, 1, 0, 3, 2, 3]].reshape(-1, 2))
        by_box = corners.reshape(-1, 4, 2)
        return np.hstack((by_box.min(axis=1), by_box.max(axis=1)))

    def map_all(self, boxes: Sequence[Box]) -> list[Box]:
        """Return the upright boxes around where `boxes` come to lie."""
        if not boxes:
            return []
        mapped = self.map_boxes(np.array(boxes, dtype=np.float64))
        return [(left, bottom, right, top) for left, bottom, right, top in mapped.tolist()]

    def map_box(self, box: Box) -> Box:
        """Return the upright box around where `box` comes to lie."""
        return self.map_all([box])[0]

    def inverse(self) -> Transform:
        """Return the movement back."""
        matrix = np.linalg.inv(np.reshape(self.matrix, (3, 3)))
        return Transform(tuple((matrix / matrix[2, 2]).ravel().tolist()))


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """A page of a document laid over a page of a blank form."""

    page: PageWords
    layout: LayoutPage
    to_layout: Transform  #: from points of the upright page to points of the layout page
    score: float  #: the part of the form's own words that stand where they should, 0 to 1
    is_set_anew: bool = False  #: another font moved its words along their lines


def register_page(
    page: PageWords, layout: LayoutPage, *, perspective: bool = False
) -> Registration | None:
    """Lay `page` over `layout`; with `perspective`, also as a camera would have tilted it."""
    return _register(page, _places(page.words), layout, perspective=perspective)


def _register(
    page: PageWords, mine: Mapping[str, tuple[int, ...]], layout: LayoutPage, *, perspective: bool
) -> Registration | None:
    """Return the better of two ways to lay a page: by all its words, or by where its lines begin.

    A program that sets the page anew in another font leaves the beginnings where they were.
    """
    found = _lay_over(page, mine, layout, _index_words(layout), perspective=perspective)
    if found is not None and found.score >= ENOUGH:
        return found
    begun = _lay_over(page, mine, layout, _index_beginnings(layout), perspective=perspective)
    if begun is not None and begun.score >= ENOUGH:
        return replace(begun, is_set_anew=True)
    return found


def _lay_over(
    page: PageWords,
    mine: Mapping[str, tuple[int, ...]],
    layout: LayoutPage,
    index: _WordIndex,
    *,
    perspective: bool,
) -> Registration | None:
    pairs = _pair(mine, index)
    if len(pairs) < FEWEST_PAIRS:
        return None
    there = index.find_points([page.words[n] for n, _ in pairs])
    here = index.points[[theirs for _, theirs in pairs]]
    matrix = find_movement(there, here, perspective=perspective)
    if matrix is None:
        return None
    transform = Transform(tuple(matrix.ravel().tolist()))
    near = (distances(matrix, there, here) < CLOSELY).tolist()
    met = {theirs for (_, theirs), is_near in zip(pairs, near, strict=True) if is_near}
    if len(met) < FEWEST_PAIRS:
        return None
    return Registration(
        page=page, layout=layout, to_layout=transform, score=len(met) / max(index.telling, 1)
    )


def register_pages(
    pages: Sequence[PageWords], layouts: Sequence[FormLayout], *, perspective: bool = False
) -> tuple[Registration, ...]:
    """Return the pages that belong to the form that fits them best, each with its layout page.

    The one whose words fit best wins; of revisions that look alike, the one whose version is
    printed.
    """
    found = [_register_all(pages, layout, perspective=perspective) for layout in layouts]
    return max(found, key=lambda fits: fits[0], default=(0.0, ()))[1]


def _register_all(
    pages: Sequence[PageWords], layout: FormLayout, *, perspective: bool
) -> tuple[float, tuple[Registration, ...]]:
    """Return how well a form fits, and every page that is one of its pages."""
    found = []
    for page in pages:
        mine = _places(page.words)
        candidates = [c for c in layout.pages if _has_many_of(mine, c)]
        fits = (_register(page, mine, c, perspective=perspective) for c in candidates)
        best = max((f for f in fits if f is not None), key=lambda f: f.score, default=None)
        if best is not None and best.score >= ENOUGH:
            found.append(best)
    is_named = any(_has_version(fit.page, layout.version_text) for fit in found)
    return sum(fit.score for fit in found) * (_NAMED if is_named else 1.0), tuple(found)


def _has_version(page: PageWords, version_text: str) -> bool:
    wanted = version_text.split()
    texts = [word.text for word in page.words]
    starts = (n for n, text in enumerate(texts) if wanted and text == wanted[0])
    return any(texts[n : n + len(wanted)] == wanted for n in starts)


def group_pages(
    registrations: Sequence[Registration],
) -> tuple[tuple[Registration, ...], ...]:
    """Return the copies of forms the pages belong to, each with its pages in the form's order.

    A copy has every page of its form at most once; a second first page begins a second copy.
    """
    copies: list[dict[int, Registration]] = []
    for one in registrations:
        for copy in copies:
            first = next(iter(copy.values()))
            if first.layout.definition == one.layout.definition and one.layout.number not in copy:
                copy[one.layout.number] = one
                break
        else:
            copies.append({one.layout.number: one})
    return tuple(tuple(copy[number] for number in sorted(copy)) for copy in copies)


@dataclass(frozen=True, slots=True)
class _WordIndex:
    """Words of a layout page, folded, by their spelling, and the point each is laid by."""

    places: Mapping[str, tuple[int, ...]]
    points: NDArray[np.float64]
    find_points: Callable[[Sequence[Word]], NDArray[np.float64]]

    @property
    def telling(self) -> int:
        """Return how many words there are to be paired."""
        return sum(len(found) for found in self.places.values())


@lru_cache(maxsize=64)
def _index_words(layout: LayoutPage) -> _WordIndex:
    places = _places(layout.words)
    rare = {text: found for text, found in places.items() if len(found) <= _MOST_ALIKE}
    return _WordIndex(rare, _centres(layout.words), _centres)


@lru_cache(maxsize=64)
def _index_beginnings(layout: LayoutPage) -> _WordIndex:
    begins = _find_beginnings(layout.words)
    places = {
        text: tuple(n for n in found if begins[n])
        for text, found in _index_words(layout).places.items()
    }
    some = {text: found for text, found in places.items() if found}
    return _WordIndex(some, _corners(layout.words), _corners)


def _find_beginnings(words: Sequence[Word]) -> NDArray[np.bool_]:
    """Return which words have no other close before them on their line."""
    boxes = _as_array(words)
    height = (boxes[:, 3] - boxes[:, 1])[:, None]
    middle = (boxes[:, 1] + boxes[:, 3]) / 2
    gap = boxes[:, None, 0] - boxes[None, :, 2]
    level = np.abs(middle[:, None] - middle[None, :]) < height / 2
    return np.asarray(~(level & (gap > -height / 2) & (gap < height)).any(axis=1))


def _places(words: Sequence[Word]) -> dict[str, tuple[int, ...]]:
    found: dict[str, list[int]] = {}
    for n, word in enumerate(words):
        folded = fold_text(word.text)
        if folded:
            found.setdefault(folded, []).append(n)
    return {text: tuple(places) for text, places in found.items()}


def _as_array(words: Sequence[Word]) -> NDArray[np.float64]:
    return np.array([word.box for word in words], dtype=np.float64).reshape(-1, 4)


def _centres(words: Sequence[Word]) -> NDArray[np.float64]:
    boxes = _as_array(words)
    return (boxes[:, :2] + boxes[:, 2:]) / 2


def _corners(words: Sequence[Word]) -> NDArray[np.float64]:
    return _as_array(words)[:, :2]


def _has_many_of(mine: Mapping[str, tuple[int, ...]], layout: LayoutPage) -> bool:
    """Return whether enough of the layout's words are on the page at all, wherever they stand."""
    index = _index_words(layout)
    shared = sum(len(places) for text, places in index.places.items() if text in mine)
    return shared >= ENOUGH * index.telling and shared >= FEWEST_PAIRS


def _pair(mine: Mapping[str, tuple[int, ...]], index: _WordIndex) -> list[tuple[int, int]]:
    """Return which word of the page may be which of the layout: all of the same rare spelling."""
    return [
        (n, m)
        for text, places in index.places.items()
        if len(mine.get(text, ())) <= _MOST_ALIKE
        for n in mine.get(text, ())
        for m in places
    ]
