"""Pictures of spots on a document's pages, for a person who compares what was read with the page.

Each spot is drawn as a viewer draws it, with a little of the page around and a frame. Outcome for a
spot: a PNG, or None where the document or the page cannot be drawn. Whoever calls this stands in a
process that may be ended: the bytes are hostile, and drawing them takes time and memory.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from ctypes import byref, c_int
from dataclasses import dataclass
from typing import Any

from parsers.errors import ParseError
from parsers.extraction import ReadLimits
from parsers.pdf_objects import Box
from parsers.picture_files import is_page_picture

#: Dots a point: shown at half its size, so that small type is large and sharp.
SCALE = 3.0
#: What is shown around a spot, in points: its label mostly stands above or to the left.
_AROUND = (9.0, 6.0, 9.0, 15.0)
#: No part of a page larger than this is drawn for one spot, in points.
_WIDEST, _HIGHEST = 800.0, 400.0
_FRAME = (194, 87, 26)
_COLOURS = 48


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """A place on a page."""

    page: int  #: counted from 1
    box: Box  #: left bottom right top, in points
    is_upright: bool  #: measured on the page as it is shown; else as the PDF stores it


@dataclass(frozen=True, slots=True, kw_only=True)
class SpotPictures:
    """The pictures of some spots, in the order they were asked for."""

    pictures: tuple[bytes | None, ...]  #: PNG


def render_spots(data: bytes, spots: Sequence[Spot]) -> SpotPictures:
    """Draw every spot of a PDF or a picture file; nothing raises but `MemoryError`."""
    if is_page_picture(data):
        return SpotPictures(pictures=_cut_spots(data, spots))
    import pypdfium2  # noqa: PLC0415  # few documents have a spot to be drawn

    try:
        document = pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError:
        return SpotPictures(pictures=(None,) * len(spots))
    try:
        document.init_forms()
        pages = {spot.page: _open_page(document, spot.page) for spot in spots}
        return SpotPictures(pictures=tuple(_render(pages[s.page], s) for s in spots))
    finally:
        document.close()


def _cut_spots(data: bytes, spots: Sequence[Spot]) -> tuple[bytes | None, ...]:
    """Cut the spots out of the pages of a picture file."""
    from PIL import Image  # noqa: PLC0415

    from parsers.page_pictures import read_page_pictures  # noqa: PLC0415

    wanted = {spot.page for spot in spots}
    found: dict[Spot, bytes | None] = {}
    try:
        for page in read_page_pictures(data, limits=ReadLimits()):
            if page.number in wanted:
                points = (
                    round(page.grey.shape[1] / page.dpi * 72),
                    round(page.grey.shape[0] / page.dpi * 72),
                )
                picture = Image.fromarray(page.grey)
                found |= {s: _cut(picture, points, s) for s in spots if s.page == page.number}
    except ParseError:
        # What could be cut out before the damage is shown.
        pass
    return tuple(found.get(spot) for spot in spots)


def _cut(picture: Any, size: tuple[int, int], spot: Spot) -> bytes | None:
    shown = _widen(spot.box, *size)
    if shown is None:
        return None
    scale = picture.width / size[0]
    corners = (shown[0], size[1] - shown[3], shown[2], size[1] - shown[1])
    drawn = picture.crop([round(edge * scale) for edge in corners]).convert("RGB")
    drawn = drawn.resize(
        (round((shown[2] - shown[0]) * SCALE), round((shown[3] - shown[1]) * SCALE))
    )
    return _frame(drawn, spot.box, shown)


def _widen(box: Box, width: float, height: float) -> Box | None:
    """Return what is shown of a page around a box; None where that is no spot of the page."""
    shown = (
        max(box[0] - _AROUND[0], 0.0),
        max(box[1] - _AROUND[1], 0.0),
        min(box[2] + _AROUND[2], width),
        min(box[3] + _AROUND[3], height),
    )
    is_spot = 0 < shown[2] - shown[0] <= _WIDEST and 0 < shown[3] - shown[1] <= _HIGHEST
    return shown if is_spot else None


def _open_page(document: Any, number: int) -> Any:
    import pypdfium2  # noqa: PLC0415

    try:
        return document[number - 1] if 0 < number <= len(document) else None
    except pypdfium2.PdfiumError:
        return None


def _render(page: Any, spot: Spot) -> bytes | None:
    if page is None:
        return None
    width, height = page.get_size()
    box = spot.box if spot.is_upright else _turn_upright(page, spot.box)
    shown = _widen(box, width, height)
    if shown is None:
        return None
    crop = (shown[0], shown[1], width - shown[2], height - shown[3])
    picture = page.render(scale=SCALE, crop=crop).to_pil().convert("RGB")
    return _frame(picture, box, shown)


def _turn_upright(page: Any, box: Box) -> Box:
    """Return where a box of the PDF's own space stands on the page as it is shown."""
    from pypdfium2 import raw  # noqa: PLC0415

    width, height = page.get_size()
    # Device units are whole numbers, so a point is taken to be a hundred of them.
    size = (0, 0, round(width * 100), round(height * 100), 0)
    x, y = c_int(), c_int()
    corners = []
    for across, up in ((box[0], box[1]), (box[2], box[3])):
        raw.FPDF_PageToDevice(page, *size, across, up, byref(x), byref(y))
        corners.append((x.value / 100, height - y.value / 100))
    (x0, y0), (x1, y1) = corners
    return (min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1))


def _frame(picture: Any, box: Box, shown: Box) -> bytes:
    """Return the picture of what is shown as a PNG, with a frame around the box."""
    from PIL import ImageDraw  # noqa: PLC0415

    edges = (box[0] - shown[0], shown[3] - box[3], box[2] - shown[0], shown[3] - box[1])
    left, top, right, bottom = (round(edge * SCALE) for edge in edges)
    ImageDraw.Draw(picture).rectangle((left - 4, top - 4, right + 4, bottom + 4), None, _FRAME, 3)
    output = io.BytesIO()
    picture.quantize(_COLOURS).save(output, "PNG", optimize=True)
    return output.getvalue()
