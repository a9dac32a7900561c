"""Values of PDF objects: text in whatever encoding its writer chose, boxes, members of arrays.

ISO 32000-2, 7.9.2.2 knows PDFDocEncoding, UTF-16BE and UTF-8 with their marks. Programs also write
UTF-16LE, and UTF-8 without any mark; both are told apart here. Nothing raises: bytes that are no
text give replacement characters.
"""

from __future__ import annotations

import html
import re
from typing import Any

import pikepdf

from parsers.pdf.streams import read_start

#: Left, bottom, right, top in PDF points.
Box = tuple[float, float, float, float]

#: Nothing on a page stands farther out, in points: the largest page there is measures 14,400 by
#: default (ISO 32000-2, Annex C), and a number of hundreds of digits is infinite.
_FARTHEST = 10_000_000.0

#: More than this of one string is not a form's value.
_MOST_BYTES = 200_000

_LANGUAGE_MARK = re.compile("\x1b[A-Za-z]{2}(?:-?[A-Za-z]{2})?\x1b")
_BREAKS = re.compile(r"</(?:p|div|li|tr|h\d)\s*>|<br\s*/?>", re.IGNORECASE)
_TAGS = re.compile(r"<[^<>]{0,2000}>")


def decode_text(data: bytes) -> str:
    """Return the text of a PDF string's bytes."""
    if data.isascii():
        return data.decode("ascii")
    if data.startswith(b"\xfe\xff"):
        text = data[2:].decode("utf-16-be", errors="replace")
    elif data.startswith(b"\xff\xfe"):
        text = data[2:].decode("utf-16-le", errors="replace")
    elif data.startswith(b"\xef\xbb\xbf"):
        text = data[3:].decode("utf-8", errors="replace")
    else:
        text = _decode_unmarked(data)
    return _LANGUAGE_MARK.sub("", text)


def _decode_unmarked(data: bytes) -> str:
    # Text in PDFDocEncoding that happens to be valid UTF-8 with letters beyond ASCII does not occur
    # in practice; programs that forgot the mark do.
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("pdfdoc", errors="replace")


def find_text(obj: object) -> str | None:
    """Return the text of a string, name, stream or number object; None for anything else."""
    if isinstance(obj, pikepdf.String):
        return decode_text(bytes(obj)[:_MOST_BYTES])
    if isinstance(obj, pikepdf.Name):
        return str(obj)[1:]
    if isinstance(obj, pikepdf.Stream):
        return decode_text(read_start(obj, _MOST_BYTES))
    if isinstance(obj, bool) or obj is None:
        return None
    return str(obj) if isinstance(obj, int | float) or type(obj).__name__ == "Decimal" else None


def strip_rich_text(markup: str) -> str:
    """Return the text of a rich text string (ISO 32000-2, 12.7.4.4), its paragraphs as lines."""
    plain = _TAGS.sub("", _BREAKS.sub("\n", markup))
    return html.unescape(plain).strip("\n")


def find_box(holder: pikepdf.Dictionary) -> Box | None:
    """Return the rectangle of an annotation, whichever corners it names; None where it has none.

    One that lies beyond every page is none.
    """
    try:
        # Reading the numbers from the array's text takes half the time of asking for each.
        x0, y0, x1, y1 = map(float, holder["/Rect"].unparse(resolved=True)[1:-1].split())
    except (KeyError, ValueError, AttributeError):
        # There is none, or it is no array of four numbers.
        return None
    if not is_place((x0, y0, x1, y1)):
        return None
    if x0 <= x1 and y0 <= y1:
        return (x0, y0, x1, y1)
    return (min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1))


def is_place(box: Box) -> bool:
    """Return whether a box can be on a page: its numbers are numbers, and none is absurd."""
    x0, y0, x1, y1 = box
    return (
        abs(x0) <= _FARTHEST
        and abs(y0) <= _FARTHEST
        and abs(x1) <= _FARTHEST
        and abs(y1) <= _FARTHEST
    )


def has_middle(outer: Box, inner: Box) -> bool:
    """Return whether the middle of `inner` lies in `outer`."""
    across, up = (inner[0] + inner[2]) / 2, (inner[1] + inner[3]) / 2
    return outer[0] <= across <= outer[2] and outer[1] <= up <= outer[3]


def items(obj: Any, *, single: bool = False) -> list[Any]:  # PDF objects have no useful type
    """Return the members of an array; of a lone object itself, when `single`."""
    if isinstance(obj, pikepdf.Array):
        return list(obj)
    return [obj] if single and obj is not None else []


def members(obj: Any) -> list[Any]:
    """Return the values of a dictionary or the members of an array."""
    if isinstance(obj, pikepdf.Dictionary):
        return [obj[key] for key in sorted(obj.keys())]
    return items(obj)


def entries(obj: Any) -> list[pikepdf.Dictionary]:
    """Return the dictionaries of an array, leaving out everything that is none."""
    return [item for item in items(obj) if isinstance(item, pikepdf.Dictionary)]
