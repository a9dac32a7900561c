"""Pages lie over their blank form after whatever a scanner, a fax or a camera did to them."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from config.data import read_data
from parsers.definition import parse_definition
from parsers.forms.alignment import AlignedPage, Frame, align, build_frames
from parsers.forms.labels import DefinitionIndex
from parsers.forms.layout import build_layout
from parsers.pages.bending import flatten
from tests.specimens.fill import fill_ours
from tests.specimens.people import build_specimen
from tests.specimens.scans import Damage, Picture, damage, draw_cover_sheet, draw_pages

DEFINITION = parse_definition(
    read_data("forms/cjs-request-1.toml"), blank=read_data("forms/cjs-request-1.pdf")
)


@pytest.fixture(scope="module")
def frames() -> tuple[Frame, ...]:
    layout = build_layout(DEFINITION, DefinitionIndex(DEFINITION))
    assert layout is not None
    return build_frames(DEFINITION, layout)


@pytest.fixture(scope="module")
def pages() -> list[Picture]:
    return draw_pages(fill_ours(build_specimen(1).typed), dpi=200)


def _damage(page: Picture, how: Damage) -> Picture:
    return damage(page, how, np.random.default_rng(7))


def _find_error(found: AlignedPage) -> float:
    """Return how far, in points, a long printed word lies from its place, at the worst."""
    errors = []
    for word in found.frame.layout.words:
        rows, columns = found.frame.cut(word.box)
        top, left = rows.start, columns.start
        if len(word.text) < 8 or top < 12 or left < 12:
            continue
        patch = found.frame.blank[rows, columns]
        around = found.grey[top - 12 : rows.stop + 12, left - 12 : columns.stop + 12]
        match = cv2.matchTemplate(around, patch, cv2.TM_CCOEFF_NORMED)
        _, _, _, place = cv2.minMaxLoc(match)
        errors.append(float(np.hypot(place[0] - 12, place[1] - 12)) * 72 / 200)
    assert len(errors) > 20
    return max(errors)


@pytest.mark.parametrize("number", [1, 2])
@pytest.mark.parametrize(
    "how",
    [
        pytest.param(Damage(), id="nothing"),
        pytest.param(Damage(quarter_turns=1), id="turned by a quarter"),
        pytest.param(Damage(quarter_turns=2), id="upside down"),
        pytest.param(Damage(quarter_turns=3), id="turned the other way"),
        pytest.param(Damage(skew=5), id="skewed by five degrees"),
        pytest.param(Damage(speckle=0.003), id="speckled"),
        pytest.param(Damage(blur=1.5, jpeg=20), id="blurred"),
        pytest.param(Damage(perspective=0.05, shade=0.4, noise=6), id="photographed"),
    ],
)
def test_a_page_is_found_and_lies_within_a_point(
    frames: tuple[Frame, ...], pages: list[Picture], number: int, how: Damage
) -> None:
    found = align(_damage(pages[number - 1], how), 4, frames)
    assert found is not None
    assert (found.number, found.frame.layout.number) == (4, number)
    assert found.grey.shape == found.frame.blank.shape
    assert _find_error(found) < 1.0


@pytest.mark.parametrize("dpi", [100, 150, 300])
def test_the_resolution_does_not_matter(frames: tuple[Frame, ...], dpi: int) -> None:
    (page, _) = draw_pages(fill_ours(build_specimen(2).typed), dpi=dpi)
    found = align(page, 1, frames)
    assert found is not None
    assert found.score > 0.9
    assert _find_error(found) < 1.5


def test_a_page_that_fills_half_of_a_photograph_is_found(
    frames: tuple[Frame, ...], pages: list[Picture]
) -> None:
    height, width = pages[0].shape
    desk = np.full((2 * height, 2 * width), 70, dtype=np.uint8)
    desk[300 : 300 + height, 500 : 500 + width] = pages[0]
    found = align(desk, 1, frames)
    assert found is not None
    assert _find_error(found) < 1.5


def _bend(page: Picture, depth: float) -> Picture:
    """Curl a page as paper curls that was folded or lay in a book, by so many pixels."""
    height, width = page.shape
    down, across = np.indices(page.shape, dtype=np.float32)
    along = across + 0.3 * depth * np.sin(np.pi * down / height, dtype=np.float32)
    up = down + depth * np.sin(np.pi * across / width + 0.7, dtype=np.float32)
    return cv2.remap(page, along, up, cv2.INTER_CUBIC, borderValue=(255.0,)).astype(np.uint8)


@pytest.mark.parametrize("depth", [6.0, 12.0, 20.0])
@pytest.mark.parametrize("number", [1, 2])
def test_a_bent_page_is_flattened(
    frames: tuple[Frame, ...], pages: list[Picture], number: int, depth: float
) -> None:
    bent = _damage(_bend(pages[number - 1], depth), Damage(perspective=0.02, blur=0.7, noise=4))
    found = align(bent, 1, frames)
    assert found is not None
    assert _find_error(found) < 1.0


def test_a_page_with_too_little_print_to_tell_stays_as_it_is(pages: list[Picture]) -> None:
    assert flatten(pages[0], pages[0], []) is pages[0]


def test_the_matrix_leads_from_the_picture_to_the_layout(
    frames: tuple[Frame, ...], pages: list[Picture]
) -> None:
    found = align(np.rot90(pages[0], 2).copy(), 1, frames)
    assert found is not None
    x, y, w = found.matrix @ np.array([0.0, 0.0, 1.0])
    # The picture's upper left corner is the layout's lower right one.
    assert (x / w, y / w) == pytest.approx((612, 0), abs=2)


@pytest.mark.parametrize(
    "page",
    [
        pytest.param(np.full((2200, 1700), 255, dtype=np.uint8), id="a white page"),
        pytest.param(draw_cover_sheet(dpi=200), id="a cover sheet"),
        pytest.param(
            np.random.default_rng(1).integers(0, 256, (2200, 1700), dtype=np.uint8), id="noise"
        ),
        pytest.param(np.zeros((40, 30), dtype=np.uint8), id="next to nothing"),
    ],
)
def test_other_pages_are_no_page_of_the_form(frames: tuple[Frame, ...], page: Picture) -> None:
    assert align(page, 1, frames) is None
