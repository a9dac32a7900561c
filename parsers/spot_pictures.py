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

from parsers.pdf_objects import Box

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
    """Draw every spot of a PDF; nothing raises but `MemoryError`."""
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
    shown = (
        max(box[0] - _AROUND[0], 0.0),
        max(box[1] - _AROUND[1], 0.0),
        min(box[2] + _AROUND[2], width),
        min(box[3] + _AROUND[3], height),
    )
    if not (0 < shown[2] - shown[0] <= _WIDEST and 0 < shown[3] - shown[1] <= _HIGHEST):
        return None
    crop = (shown[0], shown[1], width - shown[2], height - shown[3])
    picture = page.render(scale=SCALE, crop=crop).to_pil().convert("RGB")
    return _frame(
        picture, (box[0] - shown[0], shown[3] - box[3], box[2] - shown[0], shown[3] - box[1])
    )


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


def _frame(picture: Any, box: Box) -> bytes:
    """Return the picture as a PNG, with a frame around a box given in points from its top left."""
    from PIL import ImageDraw  # noqa: PLC0415

    left, top, right, bottom = (round(edge * SCALE) for edge in box)
    ImageDraw.Draw(picture).rectangle((left - 4, top - 4, right + 4, bottom + 4), None, _FRAME, 3)
    output = io.BytesIO()
    picture.quantize(_COLOURS).save(output, "PNG", optimize=True)
    return output.getvalue()
