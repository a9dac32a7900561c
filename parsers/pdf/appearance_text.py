"""What a field's own appearance says, read without a viewer where it is simple enough.

Outcomes for a widget: its text, lines parted by line breaks; `Drawn.BY_VIEWERS` where it stores no
appearance; `Drawn.UNSURE` where only a viewer can tell.
"""

from __future__ import annotations

from enum import Enum
from typing import Any

import pikepdf

from parsers.pdf.appearance_fonts import AppearanceFont, find_font
from parsers.pdf.appearance_streams import LONGEST_STREAM, spell
from parsers.pdf.objects import find_box

#: A widget smaller than this in points shows nothing.
_SMALLEST = 2.0
_UPRIGHT = (1.0, 0.0, 0.0, 1.0)


class Drawn(Enum):
    """What an appearance is when it is no text that can be read here."""

    BY_VIEWERS = 1  #: there is none, and viewers make it from the value
    UNSURE = 2  #: only a viewer can tell


class AppearanceReader:
    """The appearances of one document; holds what was read of its fonts."""

    def __init__(self, pdf: pikepdf.Pdf) -> None:
        acroform: Any = pdf.Root.get("/AcroForm")
        self._acroform = acroform if isinstance(acroform, pikepdf.Dictionary) else None
        #: Whether viewers are told to draw every value themselves (ISO 32000-2, 12.7.3).
        self.are_made_anew = self._acroform is not None and bool(
            self._acroform.get("/NeedAppearances", False)
        )
        self._fonts: dict[tuple[int, int], AppearanceFont | None] = {}

    def spell(self, widget: pikepdf.Dictionary) -> str | Drawn:
        """Return what the widget's own appearance stream says, where that can be told."""
        appearance = widget["/AP"] if "/AP" in widget else None  # noqa: SIM401  # get is slower
        if not isinstance(appearance, pikepdf.Dictionary) or "/N" not in appearance:
            return Drawn.BY_VIEWERS
        stream = appearance["/N"]
        if not isinstance(stream, pikepdf.Stream):
            return Drawn.UNSURE
        content, box = _read_stream(stream), _numbers_of(stream.get("/BBox"))
        if content is None or len(box) != 4 or not _is_put_as_drawn(widget, stream, box):
            return Drawn.UNSURE
        fonts: dict[str, AppearanceFont | None] = {}

        def find(name: str) -> AppearanceFont | None:
            if name not in fonts:
                fonts[name] = self._font(stream, name)
            return fonts[name]

        spelled = spell(content, find, (box[0], box[1], box[2], box[3]))
        return Drawn.UNSURE if spelled is None else spelled

    def _font(self, stream: pikepdf.Stream, name: str) -> AppearanceFont | None:
        """Return a font by its resource name, from the stream or else from the form."""
        for holder, key in ((stream, "/Resources"), (self._acroform, "/DR")):
            resources = holder.get(key) if holder is not None else None
            fonts = resources.get("/Font") if isinstance(resources, pikepdf.Dictionary) else None
            font = fonts.get(f"/{name}") if isinstance(fonts, pikepdf.Dictionary) else None
            if isinstance(font, pikepdf.Dictionary):
                identity = font.objgen
                if identity == (0, 0):
                    return find_font(font)
                if identity not in self._fonts:
                    self._fonts[identity] = find_font(font)
                return self._fonts[identity]
        return None


def _read_stream(stream: pikepdf.Stream) -> bytes | None:
    """Return a stream's content when it is small and packed once at most."""
    packing = stream.get("/Filter")
    if packing is not None and packing != pikepdf.Name.FlateDecode:
        return None
    if int(stream.get("/Length", 0)) > LONGEST_STREAM:
        return None
    try:
        return stream.read_bytes()
    except pikepdf.PdfError:
        return None


def _numbers_of(array: Any) -> tuple[float, ...]:  # PDF objects have no useful type
    if not isinstance(array, pikepdf.Array):
        return ()
    try:
        return tuple(map(float, array.unparse(resolved=True)[1:-1].split()))
    except ValueError:
        return ()


def _is_put_as_drawn(
    widget: pikepdf.Dictionary, stream: pikepdf.Stream, box: tuple[float, ...]
) -> bool:
    """Return whether the appearance is put on the page upright and about as large as drawn."""
    place = find_box(widget)
    if place is None or ("/Matrix" in stream and _numbers_of(stream["/Matrix"])[:4] != _UPRIGHT):
        return False
    width, height = place[2] - place[0], place[3] - place[1]
    if min(width, height) < _SMALLEST:
        return False
    return abs(width - (box[2] - box[0])) < 1 + width / 4 and (
        abs(height - (box[3] - box[1])) < 1 + height / 4
    )
