"""The movement of the plane that takes most points of one page to their like on another.

Found by trying what two pairs of points suggest (RANSAC, without chance: the same points give the
same movement), then fitted to all pairs that agree: affine, or as a camera would have tilted it.
Movements are 3 by 3 matrices for points as homogeneous columns.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    _Points = NDArray[np.complex128]

#: So many pairs must agree, or the agreement may be chance.
FEWEST_PAIRS = 6
#: How far a point may lie from its place, in points: while trying, and in the end.
_ROUGHLY, CLOSELY = 8.0, 4.0
_MOST_TRIES, _FIRST_TRIES = 150, 16
#: When so many pairs agree no other movement can be better by much.
_CLEAR = 0.6
#: Two pairs tell a movement only when they stand so many points apart.
_FAR = 20.0
#: A page is never printed smaller or larger than this.
_SMALLEST, _LARGEST = 0.3, 3.0


def find_movement(
    there: NDArray[np.float64], here: NDArray[np.float64], *, perspective: bool
) -> NDArray[np.float64] | None:
    """Return the matrix that takes most points from `there` to `here`, or None."""
    similar = _best_similarity(there, here)
    if similar is None:
        return None
    matrix = similar
    for reach in (_ROUGHLY * (2 if perspective else 1), _ROUGHLY, CLOSELY):
        near = distances(matrix, there, here) < reach
        if near.sum() < FEWEST_PAIRS:
            return None
        fit = _fit_homography if perspective and near.sum() >= 4 * FEWEST_PAIRS else _fit_affine
        fitted = fit(there[near], here[near])
        if fitted is None or not np.isfinite(fitted).all():
            return None
        matrix = fitted
    return matrix


def _best_similarity(
    there: NDArray[np.float64], here: NDArray[np.float64]
) -> NDArray[np.float64] | None:
    """Try movements that two pairs suggest, and return the one that most others agree with.

    Points are complex numbers here, so that turning and scaling is one multiplication.
    """
    a: _Points = there[:, 0] + 1j * there[:, 1]
    b: _Points = here[:, 0] + 1j * here[:, 1]
    order = np.argsort(b.imag, kind="stable")
    a, b = a[order], b[order]
    first, second = _choose_tries(len(a))
    span = a[second] - a[first]
    turn: _Points = (b[second] - b[first]) / np.where(np.abs(span) > _FAR, span, np.inf)
    sane = (np.abs(turn) > _SMALLEST) & (np.abs(turn) < _LARGEST)
    turn, first = turn[sane], first[sane]
    shift = b[first] - turn * a[first]
    # A page that is not badly read is found by the first few tries.
    found = _most_agreeing(a, b, turn[:_FIRST_TRIES], shift[:_FIRST_TRIES])
    if found is None or found[0] < len(a) * _CLEAR:
        found = _most_agreeing(a, b, turn, shift)
    if found is None or found[0] < FEWEST_PAIRS:
        return None
    t, s = found[1:]
    return np.array([[t.real, -t.imag, s.real], [t.imag, t.real, s.imag], [0.0, 0.0, 1.0]])


def _most_agreeing(
    a: _Points, b: _Points, turn: _Points, shift: _Points
) -> tuple[int, complex, complex] | None:
    """Return how many points the best of some movements brings together, and the movement."""
    if not len(turn):
        return None
    away = np.abs(turn[:, None] * a[None, :] + shift[:, None] - b[None, :])
    agreeing = (away < _ROUGHLY).sum(axis=1)
    best = int(agreeing.argmax())
    return int(agreeing[best]), complex(turn[best]), complex(shift[best])


@lru_cache(maxsize=256)
def _choose_tries(count: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return pairs of positions that lie far apart, the first few all over the page."""
    steps = [max(count * part // 7, 1) for part in (3, 4, 2)]
    pairs = [(n, (n + step) % count) for step in steps for n in range(count)]
    some = pairs[:: max(len(pairs) // _MOST_TRIES, 1)]
    chosen = np.array([pair for start in range(9) for pair in some[start::9]], dtype=np.intp)
    return chosen[:, 0], chosen[:, 1]


def _fit_affine(
    there: NDArray[np.float64], here: NDArray[np.float64]
) -> NDArray[np.float64] | None:
    ones = np.ones((len(there), 1))
    solved, _, rank, _ = np.linalg.lstsq(np.hstack((there, ones)), here, rcond=None)
    if rank < 3:
        return None
    return np.vstack((solved.T, [0.0, 0.0, 1.0]))


def _fit_homography(
    there: NDArray[np.float64], here: NDArray[np.float64]
) -> NDArray[np.float64] | None:
    """Fit by the direct linear transform, with both sides brought to the same size first."""
    shrink_there, shrink_here = _shrinking(there), _shrinking(here)
    p, q = map_points(shrink_there, there), map_points(shrink_here, here)
    zeros, ones = np.zeros((len(p), 3)), np.ones((len(p), 1))
    homogeneous = np.hstack((p, ones))
    rows = np.vstack(
        (
            np.hstack((homogeneous, zeros, -q[:, :1] * homogeneous)),
            np.hstack((zeros, homogeneous, -q[:, 1:] * homogeneous)),
        )
    )
    solution = np.linalg.svd(rows.T @ rows)[2][-1].reshape(3, 3)
    matrix = np.linalg.inv(shrink_here) @ solution @ shrink_there
    return matrix / matrix[2, 2] if abs(matrix[2, 2]) > 1e-12 else None


def _shrinking(points: NDArray[np.float64]) -> NDArray[np.float64]:
    middle = points.mean(axis=0)
    scale = 1 / max(float(np.abs(points - middle).mean()), 1e-6)
    return np.array(
        [[scale, 0.0, -scale * middle[0]], [0.0, scale, -scale * middle[1]], [0.0, 0.0, 1.0]]
    )


def distances(
    matrix: NDArray[np.float64], there: NDArray[np.float64], here: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return how far from `here` the points `there` come to lie."""
    moved = map_points(matrix, there) - here
    return np.hypot(moved[:, 0], moved[:, 1])


def map_points(matrix: NDArray[np.float64], points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return where points, one a row, come to lie."""
    mapped = points @ matrix[:, :2].T + matrix[:, 2]
    result: NDArray[np.float64] = mapped[:, :2] / mapped[:, 2:]
    return result
