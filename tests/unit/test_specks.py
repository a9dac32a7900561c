"""A speckled page is cleaned: specks go, the smallest type stays, other pages are left alone."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from parsers.pages.pictures import Grey
from parsers.pages.specks import remove_specks

#: Where nothing is drawn, so that what a test puts there stands alone.
FREE = 40
SPOT = (20, 20)


def _draw_page(specks: int, *, marks: int = 0) -> Grey:
    """Draw a line of type on a page with so many specks of a pixel, and marks of four."""
    page = np.full((600, 800), 255, dtype=np.uint8)
    cv2.putText(page, "Sample 12.", (80, 300), cv2.FONT_HERSHEY_SIMPLEX, 2, (0,), 3)
    for n in range(specks):
        page[FREE + 4 * (n // 150), FREE + 4 * (n % 150)] = 0
    for n in range(marks):
        top, left = 400 + 5 * (n // 150), FREE + 5 * (n % 150)
        page[top : top + 2, left : left + 2] = 0
    return page


@pytest.mark.parametrize(
    ("shape", "stays", "reason"),
    [
        ((1, 1), False, "one pixel is no type at any resolution a fax has"),
        ((1, 2), False, "a device's pixel may become two where the page is resized"),
        ((2, 2), True, "the smallest full stop of a fax"),
        ((1, 3), True, "a thin hyphen"),
        ((6, 1), True, "a thin stroke, a broken one as well"),
    ],
)
def test_specks_go_and_the_smallest_type_stays(
    shape: tuple[int, int], stays: bool, reason: str
) -> None:
    page = _draw_page(400)
    spot = np.s_[SPOT[0] : SPOT[0] + shape[0], SPOT[1] : SPOT[1] + shape[1]]
    page[spot] = 0
    assert (remove_specks(page)[spot] == 0).all() == stays, reason


def test_the_type_of_a_speckled_page_is_not_touched() -> None:
    assert (remove_specks(_draw_page(400)) == _draw_page(0)).all()


def test_white_specks_within_ink_are_filled() -> None:
    page = _draw_page(400)
    page[500:520, 100:200] = 0
    page[510, 150] = 255
    assert remove_specks(page)[510, 150] == 0


def test_the_eye_of_a_small_letter_is_no_speck() -> None:
    page = _draw_page(400)
    page[500:507, 100:107] = 0
    page[502:504, 102:105] = 255
    assert (remove_specks(page)[502:504, 102:105] == 255).all()


@pytest.mark.parametrize(
    ("specks", "marks", "reason"),
    [
        (0, 0, "a clean page"),
        (150, 0, "a few specks, which may be the dots of small type"),
        (400, 60, "grain, which leaves larger marks as well"),
    ],
)
def test_a_page_that_is_not_speckled_is_left_as_it_is(specks: int, marks: int, reason: str) -> None:
    page = _draw_page(specks, marks=marks)
    assert (remove_specks(page) == page).all(), reason


@pytest.mark.parametrize("level", [0, 255])
def test_a_page_of_one_colour_is_left_as_it_is(level: int) -> None:
    page = np.full((50, 50), level, dtype=np.uint8)
    assert (remove_specks(page) == page).all()
