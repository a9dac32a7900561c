"""A small chart of bars as a picture; the same bytes for the same bars.

It stands beside a table of the same figures and never alone: a picture can be switched off, and not
everybody sees it. Its background is its own, so that it reads the same in a dark mail program.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from io import BytesIO

from PIL import Image, ImageDraw, ImageFont

#: Pixels; it is drawn twice as large as it is shown.
_SCALE, _WIDTH, _ROW, _MARGIN, _LABELS, _FIGURES = 2, 520, 30, 12, 150, 40
_SIZE = 15
_PAPER, _TEXT, _BAR, _LATE = "#ffffff", "#1a1a1a", "#2f6690", "#c2571a"

#: How broad a chart is shown, in pixels.
SHOWN_WIDTH = _WIDTH


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One row of a chart."""

    label: str
    count: int
    is_late: bool = False  #: drawn in the colour of what needs to be seen to


def draw_bars(bars: Sequence[Bar]) -> bytes:
    """Return a PNG of horizontal bars, one below the other, each with its label and its figure."""
    height = 2 * _MARGIN + _ROW * len(bars)
    picture = Image.new("RGB", (_WIDTH * _SCALE, height * _SCALE), _PAPER)
    draw = ImageDraw.Draw(picture)
    most = max((bar.count for bar in bars), default=0)
    room = _WIDTH - 2 * _MARGIN - _LABELS - _FIGURES
    for number, bar in enumerate(bars):
        middle = (_MARGIN + _ROW * number + _ROW / 2) * _SCALE
        left = (_MARGIN + _LABELS) * _SCALE
        length = round(room * bar.count / most) * _SCALE if most else 0
        half = _ROW * 0.3 * _SCALE
        draw.text((_MARGIN * _SCALE, middle), bar.label, font=_font(), fill=_TEXT, anchor="lm")
        if length:
            colour = _LATE if bar.is_late else _BAR
            draw.rectangle((left, middle - half, left + length, middle + half), fill=colour)
        beside = (left + length + 6 * _SCALE, middle)
        draw.text(beside, str(bar.count), font=_font(), fill=_TEXT, anchor="lm")
    target = BytesIO()
    picture.save(target, "PNG", optimize=True)
    return target.getvalue()


@cache
def _font() -> ImageFont.FreeTypeFont:
    data = resources.files("templates.fonts").joinpath("PublicSans-Regular.ttf").read_bytes()
    return ImageFont.truetype(BytesIO(data), _SIZE * _SCALE)
