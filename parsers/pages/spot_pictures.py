"""Pictures of spots on a document's pages, for a person who compares what was read with the page.

Each spot is drawn as a viewer draws it, with a little of the page around and a frame; of a picture
file it is cut out. Outcome for a spot: a PNG, or None where the document or the page cannot be
drawn. Whoever calls this stands in a process that may be ended: the bytes are hostile, and drawing
them takes time and memory.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from contextlib import suppress
from ctypes import byref, c_int
from dataclasses import dataclass
from typing import Any

from parsers.errors import ParseError
from parsers.extraction import ReadLimits
from parsers.pdf.objects import Box

#: Dots a point: shown at half its size, so that small type is large and sharp. A large spot has
#: fewer, for no picture is wider or higher than this many dots.
_SCALE = 3.0
_LARGEST = 1_600
#: What is shown around a spot, in points of a page of the usual width: its label mostly stands
#: above or to the left.
_AROUND = (9.0, 6.0, 9.0, 15.0)
_USUAL_WIDTH = 612.0
_FRAME = (194, 87, 26)
_COLOURS = 16


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


def render_spots(data: bytes, spots: Sequence[Spot], *, limits: ReadLimits) -> SpotPictures:
    """Draw every spot of a PDF or of a picture file; nothing raises but `MemoryError`."""
    draw = _draw_pdf if b"%PDF-" in data[:1024] else _draw_file
    drawn: dict[int, bytes | None] = {}
    with suppress(ParseError):
        for number, picture in draw(data, spots, limits):
            drawn[number] = picture
    return SpotPictures(pictures=tuple(drawn.get(number) for number in range(len(spots))))


def _draw_pdf(
    data: bytes, spots: Sequence[Spot], _limits: ReadLimits
) -> Iterator[tuple[int, bytes | None]]:
    """Yield the number of each spot, counted from 0, with its picture."""
    import pypdfium2  # noqa: PLC0415  # few documents have a spot to be drawn

    try:
        document = pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError:
        return
    try:
        document.init_forms()
        pages = {spot.page: _open_page(document, spot.page) for spot in spots}
        for number, spot in enumerate(spots):
            page = pages[spot.page]
            if page is not None:
                yield number, _draw(page, spot)
    finally:
        document.close()


def _open_page(document: Any, number: int) -> Any:
    import pypdfium2  # noqa: PLC0415

    try:
        return document[number - 1] if 0 < number <= len(document) else None
    except pypdfium2.PdfiumError:
        return None


def _draw(page: Any, spot: Spot) -> bytes | None:
    size = page.get_size()
    box = spot.box if spot.is_upright else turn_upright(page, spot.box)
    shown = _with_surroundings(box, size)
    if shown is None:
        return None
    crop = (shown[0], shown[1], size[0] - shown[2], size[1] - shown[3])
    scale = _find_scale(shown)
    picture = page.render(scale=scale, crop=crop).to_pil().convert("RGB")
    return _frame(picture, box, shown, scale)


def _draw_file(
    data: bytes, spots: Sequence[Spot], limits: ReadLimits
) -> Iterator[tuple[int, bytes | None]]:
    """Yield the number of each spot, counted from 0, cut out of a picture file."""
    from PIL import Image  # noqa: PLC0415

    from parsers.pages.pictures import read_page_pictures  # noqa: PLC0415

    wanted = {spot.page for spot in spots}
    for page in read_page_pictures(data, limits=limits):
        if page.number not in wanted:
            continue
        whole, dots = Image.fromarray(page.grey), page.dpi / 72
        size = (whole.width / dots, whole.height / dots)
        for number, spot in enumerate(spots):
            shown = _with_surroundings(spot.box, size) if spot.page == page.number else None
            if shown is None:
                continue
            left, bottom, right, top = (edge * dots for edge in shown)
            cut = whole.crop((left, whole.height - top, right, whole.height - bottom))
            scale = _find_scale(shown)
            cut = cut.resize([max(round(side * scale / dots), 1) for side in cut.size])
            yield number, _frame(cut.convert("RGB"), spot.box, shown, scale)
        wanted.discard(page.number)
        if not wanted:
            return


def _with_surroundings(box: Box, size: tuple[float, float]) -> Box | None:
    """Return a box with what is shown around it, as far as the page goes; None off the page."""
    wide = max(size[0] / _USUAL_WIDTH, 1.0)
    shown = (
        max(box[0] - _AROUND[0] * wide, 0.0),
        max(box[1] - _AROUND[1] * wide, 0.0),
        min(box[2] + _AROUND[2] * wide, size[0]),
        min(box[3] + _AROUND[3] * wide, size[1]),
    )
    return shown if shown[0] < shown[2] - 1 and shown[1] < shown[3] - 1 else None


def _find_scale(shown: Box) -> float:
    return min(_SCALE, _LARGEST / (shown[2] - shown[0]), _LARGEST / (shown[3] - shown[1]))


def turn_upright(page: Any, box: Box) -> Box:
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


def _frame(picture: Any, box: Box, shown: Box, scale: float) -> bytes:
    """Return a picture of what is shown as a PNG, with a frame around a box in it."""
    from PIL import ImageDraw  # noqa: PLC0415

    left, right = ((edge - shown[0]) * scale for edge in (box[0], box[2]))
    top, bottom = ((shown[3] - edge) * scale for edge in (box[3], box[1]))
    around = (round(left) - 4, round(top) - 4, round(right) + 4, round(bottom) + 4)
    ImageDraw.Draw(picture).rectangle(around, None, _FRAME, 3)
    output = io.BytesIO()
    picture.quantize(_COLOURS).save(output, "PNG", optimize=True)
    return output.getvalue()
