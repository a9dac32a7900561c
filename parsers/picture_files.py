"""Picture files known by their first bytes: which kind, how large, and whether it can be a page.

Nothing is decoded here: a signature's logo is told from a photographed page by what the file's own
header says of its size. The outcome is a `PictureFile`, or None for bytes that are no picture of a
kind that is read (JPEG, PNG, TIFF).
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

#: A page scanned at 95 dots an inch, below which nothing is legible, is this large; logos, icons
#: and emblems are smaller, and banners are broader than any paper or camera.
_PAGE_SHORT_SIDE = 800
_PAGE_LONG_SIDE = 1000
_BROADEST = 1.85

#: JPEG markers that carry the size (ITU-T T.81, table B.1), and those that stand alone.
_JPEG_FRAMES = frozenset({*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC})
_JPEG_ALONE = frozenset({0x01, *range(0xD0, 0xD9)})
_MOST_SEGMENTS = 500

#: TIFF tags of width and length, and the two integer types they are written in (TIFF 6.0).
_TIFF_WIDTH, _TIFF_LENGTH = 256, 257
_TIFF_SHORT, _TIFF_LONG = 3, 4
_MOST_TAGS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureFile:
    """What the header of a picture file says."""

    kind: str  #: `jpeg`, `png` or `tiff`
    width: int  #: in pixels; of the first page, where there are several
    height: int

    @property
    def is_page(self) -> bool:
        """Whether it is large enough to show a page that can be read."""
        short, long = sorted((self.width, self.height))
        return short >= _PAGE_SHORT_SIDE and _PAGE_LONG_SIDE <= long <= _BROADEST * short


def find_picture_file(data: bytes) -> PictureFile | None:
    """Return what the bytes say of themselves, or None where they are no picture of ours."""
    for kind, start, measure in _KINDS:
        if data.startswith(start):
            try:
                width, height = measure(data)
            except (struct.error, IndexError):
                return PictureFile(kind=kind, width=0, height=0)
            return PictureFile(kind=kind, width=width, height=height)
    return None


def is_page_picture(data: bytes) -> bool:
    """Return whether the bytes are a picture file that can show a page."""
    found = find_picture_file(data)
    return found is not None and found.is_page


def _measure_png(data: bytes) -> tuple[int, int]:
    width, height = struct.unpack_from(">II", data, 16)
    return width, height


def _measure_jpeg(data: bytes) -> tuple[int, int]:
    position = 2
    for _ in range(_MOST_SEGMENTS):
        while data[position] == 0xFF:
            position += 1
        marker = data[position]
        if marker in _JPEG_ALONE:
            position += 1
            continue
        if marker in _JPEG_FRAMES:
            height, width = struct.unpack_from(">HH", data, position + 4)
            return width, height
        position += 1 + struct.unpack_from(">H", data, position + 1)[0]
    return 0, 0


def _measure_tiff(data: bytes) -> tuple[int, int]:
    order = "<" if data.startswith(b"II") else ">"
    first = struct.unpack_from(order + "I", data, 4)[0]
    count = struct.unpack_from(order + "H", data, first)[0]
    size = {_TIFF_WIDTH: 0, _TIFF_LENGTH: 0}
    for n in range(min(count, _MOST_TAGS)):
        entry = first + 2 + 12 * n
        tag, kind = struct.unpack_from(order + "HH", data, entry)
        if tag in size and kind in (_TIFF_SHORT, _TIFF_LONG):
            form = "H" if kind == _TIFF_SHORT else "I"
            size[tag] = struct.unpack_from(order + form, data, entry + 8)[0]
    return size[_TIFF_WIDTH], size[_TIFF_LENGTH]


_KINDS = (
    ("png", b"\x89PNG\r\n\x1a\n", _measure_png),
    ("jpeg", b"\xff\xd8\xff", _measure_jpeg),
    ("tiff", b"II*\x00", _measure_tiff),
    ("tiff", b"MM\x00*", _measure_tiff),
)
