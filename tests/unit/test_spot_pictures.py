"""Pictures of spots on a page: the right part, framed, and none where nothing can be drawn."""

from __future__ import annotations

import io

import numpy as np
import pikepdf
import pytest
from PIL import Image

from parsers.extraction import ReadLimits
from parsers.pages.spot_pictures import Spot, render_spots
from tests.unit.pdf_forms import FormBuilder

BOX = (200.0, 400.0, 300.0, 412.0)
_ORANGE = (194, 87, 26)
LIMITS = ReadLimits()
SCALE = 3


def _page(*, rotate: int = 0, origin: tuple[float, float] = (0, 0)) -> bytes:
    """Return a page with a black bar in `BOX`."""
    form = FormBuilder(known=False)
    page = form.pdf.pages[0].obj
    left, bottom, right, top = BOX
    page.Contents = form.pdf.make_stream(
        f"{left + 10} {bottom + 3} {right - left - 20} {top - bottom - 6} re f".encode()
    )
    page.Rotate = rotate
    page.MediaBox = [*origin, 612 + origin[0], 792 + origin[1]]
    return form.save()


def _draw(data: bytes, spot: Spot) -> Image.Image:
    (picture,) = render_spots(data, [spot], limits=LIMITS).pictures
    assert picture is not None
    return Image.open(io.BytesIO(picture)).convert("RGB")


def _extent(picture: Image.Image, colour: tuple[int, int, int]) -> tuple[int, int, int, int]:
    """Return the box around all dots of about that colour."""
    dots = np.asarray(picture).astype(int)
    rows, columns = np.nonzero(np.abs(dots - colour).max(axis=2) < 40)
    return (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)


@pytest.mark.parametrize("rotate", [0, 90, 180, 270])
@pytest.mark.parametrize("origin", [(0, 0), (50, 30)], ids=["at zero", "moved"])
def test_a_spot_is_framed_with_what_stands_in_it(rotate: int, origin: tuple[float, float]) -> None:
    picture = _draw(_page(rotate=rotate, origin=origin), Spot(page=1, box=BOX, is_upright=False))
    bar, frame = _extent(picture, (0, 0, 0)), _extent(picture, _ORANGE)
    assert frame[0] < bar[0] < bar[2] < frame[2]
    assert frame[1] < bar[1] < bar[3] < frame[3]
    wide, high = bar[2] - bar[0], bar[3] - bar[1]
    if rotate % 180:
        wide, high = high, wide
    assert (wide, high) == (pytest.approx(80 * SCALE, abs=3), pytest.approx(6 * SCALE, abs=3))


def test_a_spot_measured_on_the_turned_page_is_found_there() -> None:
    """Readers of pictures and of text layers measure the page as it is shown."""
    left, bottom, right, top = BOX
    shown = (bottom, 612 - right, top, 612 - left)
    picture = _draw(_page(rotate=90), Spot(page=1, box=shown, is_upright=True))
    bar, frame = _extent(picture, (0, 0, 0)), _extent(picture, _ORANGE)
    assert frame[0] < bar[0] < bar[2] < frame[2]
    assert frame[1] < bar[1] < bar[3] < frame[3]


def test_a_spot_at_the_edge_shows_no_more_than_the_page() -> None:
    picture = _draw(_page(), Spot(page=1, box=(0, 0, 200, 20), is_upright=True))
    assert picture.size == (209 * SCALE, 35 * SCALE)


def test_a_large_spot_is_drawn_small() -> None:
    picture = _draw(_page(), Spot(page=1, box=(0, 0, 612, 792), is_upright=True))
    assert max(picture.size) == 1_600


@pytest.mark.parametrize(
    ("data", "spot"),
    [
        pytest.param(b"no PDF", Spot(page=1, box=BOX, is_upright=True), id="no PDF"),
        pytest.param(_page(), Spot(page=2, box=BOX, is_upright=True), id="no such page"),
        pytest.param(_page(), Spot(page=0, box=BOX, is_upright=True), id="page zero"),
        pytest.param(
            _page(), Spot(page=1, box=(700, 400, 800, 410), is_upright=True), id="off the page"
        ),
        pytest.param(
            _page(), Spot(page=1, box=(-9e8, -9e8, -8e8, -8e8), is_upright=False), id="far away"
        ),
        pytest.param(
            b"\x89PNG\r\n\x1a\n", Spot(page=1, box=BOX, is_upright=True), id="a broken picture"
        ),
    ],
)
def test_what_cannot_be_drawn_has_no_picture(data: bytes, spot: Spot) -> None:
    assert render_spots(data, [spot], limits=LIMITS).pictures == (None,)


def test_only_a_document_that_opens_without_a_password_is_drawn() -> None:
    spot = Spot(page=1, box=BOX, is_upright=True)
    for user, is_drawn in (("secret", False), ("", True)):
        output = io.BytesIO()
        with pikepdf.open(io.BytesIO(_page())) as pdf:
            pdf.save(output, encryption=pikepdf.Encryption(user=user, owner="x"))
        (picture,) = render_spots(output.getvalue(), [spot], limits=LIMITS).pictures
        assert (picture is not None) is is_drawn


def _tiff(pages: int) -> bytes:
    """Return pages of a scan with 200 dots an inch, each with a black bar in `BOX`."""
    page = Image.new("L", (1700, 2200), 255)
    left, bottom, right, top = (edge * 200 / 72 for edge in BOX)
    page.paste(0, (round(left + 28), round(2208 - top), round(right - 28), round(2192 - bottom)))
    target = io.BytesIO()
    page.save(target, "TIFF", save_all=True, append_images=[page] * (pages - 1))
    return target.getvalue()


@pytest.mark.parametrize("number", [1, 3])
def test_a_spot_of_a_picture_file_is_cut_out(number: int) -> None:
    picture = _draw(_tiff(3), Spot(page=number, box=BOX, is_upright=True))
    bar, frame = _extent(picture, (0, 0, 0)), _extent(picture, _ORANGE)
    assert frame[0] < bar[0] < bar[2] < frame[2]
    assert frame[1] < bar[1] < bar[3] < frame[3]
    assert bar[2] - bar[0] == pytest.approx(80 * SCALE, abs=4)


def test_a_spot_of_a_large_photograph_is_no_larger_than_another() -> None:
    """A camera has several times the dots of a scanner, so that a page is several feet wide."""
    target = io.BytesIO()
    Image.new("L", (5_100, 6_600), 255).save(target, "JPEG")
    across_the_page = (100.0, 1_000.0, 1_700.0, 1_036.0)
    picture = _draw(target.getvalue(), Spot(page=1, box=across_the_page, is_upright=True))
    assert picture.width == 1_600
    assert 30 < picture.height < 150


@pytest.mark.parametrize(
    ("data", "page"),
    [
        pytest.param(_tiff(1), 2, id="a page that is not there"),
        pytest.param(_tiff(1)[:3000], 1, id="a file that was cut off"),
    ],
)
def test_what_cannot_be_cut_out_of_a_picture_has_none(data: bytes, page: int) -> None:
    spot = Spot(page=page, box=BOX, is_upright=True)
    assert render_spots(data, [spot], limits=LIMITS).pictures == (None,)
