"""A mark is on when there is ink inside it that the blank form has not."""

from __future__ import annotations

import numpy as np
import pytest

from parsers.pages.tick_ink import measure_ink, read_mark

SIZE = 33


def _box() -> np.ndarray:
    picture = np.full((SIZE, SIZE), 255, dtype=np.uint8)
    picture[[0, 1, -2, -1], :] = picture[:, [0, 1, -2, -1]] = 0
    return picture


def _cross() -> np.ndarray:
    picture = _box()
    for n in range(6, SIZE - 6):
        picture[n, n - 1 : n + 2] = picture[n, SIZE - n - 2 : SIZE - n + 1] = 0
    return picture


def _dot() -> np.ndarray:
    rows, columns = np.mgrid[:SIZE, :SIZE] - SIZE // 2
    picture = np.full((SIZE, SIZE), 255, dtype=np.uint8)
    away = np.hypot(rows, columns)
    picture[(away > 14) | (away < 6)] = 0
    return picture


def _specks() -> np.ndarray:
    picture = _box()
    picture[16, 16] = picture[12, 20] = 0
    return picture


MARKS = [
    pytest.param(_box(), False, id="an empty box"),
    pytest.param(_specks(), False, id="dust in the box"),
    pytest.param(_cross(), True, id="a cross"),
    pytest.param(_dot(), True, id="a radio button's dot"),
    pytest.param(np.zeros((SIZE, SIZE), dtype=np.uint8), True, id="filled all over"),
    pytest.param(np.zeros((0, 0), dtype=np.uint8), False, id="outside the page"),
]


@pytest.mark.parametrize(("picture", "is_on"), MARKS)
def test_ink_inside_is_a_mark(picture: np.ndarray, is_on: bool) -> None:
    found = read_mark(measure_ink(picture), 0.0)
    assert found.is_on is is_on
    assert found.confidence > 0.9


def test_what_the_blank_form_prints_inside_is_no_mark() -> None:
    ink = measure_ink(_dot())
    assert not read_mark(ink, ink).is_on


def test_between_on_and_off_confidence_is_low() -> None:
    assert read_mark(0.065, 0.0).confidence < 0.6


def test_grey_paper_is_not_ink() -> None:
    grey = (_box() * 0.55).astype(np.uint8)
    assert measure_ink(grey, paper=140.0) == 0.0
