"""The contents of a PDF's streams, never more of them than was asked for.

A stream of a kilobyte may unfold to hundreds of megabytes (ISO 32000-2, 7.3.8 and 7.4.4). The
usual compression is undone here piece by piece, so that what is not wanted is never made; streams
with other filters are left to the library, inside whatever memory its process has.
"""

from __future__ import annotations

import zlib
from typing import Any

import pikepdf

_PIECE = 65_536


def read_start(stream: pikepdf.Stream, most: int) -> bytes:
    """Return the first `most` decoded bytes; raise `pikepdf.PdfError` for a damaged stream."""
    rounds = _count_flate(stream)
    if rounds is None:
        return stream.read_bytes()[:most]
    data = stream.read_raw_bytes()
    for _ in range(rounds):
        data = _inflate(data, most)
    return data[:most]


def _count_flate(stream: pikepdf.Stream) -> int | None:
    """Return how often the stream was deflated, None where anything else was done to it."""
    filters = _list(stream.get("/Filter"))
    if any(name not in (pikepdf.Name.FlateDecode, pikepdf.Name.Fl) for name in filters):
        return None
    parameters = _list(stream.get("/DecodeParms"))
    if any(isinstance(p, pikepdf.Dictionary) and "/Predictor" in p for p in parameters):
        return None
    return len(filters)


def _list(obj: Any) -> list[Any]:  # PDF objects have no useful type
    """Return the members of an array, or a lone object as a list."""
    if obj is None:
        return []
    return list(obj) if isinstance(obj, pikepdf.Array) else [obj]


def _inflate(data: bytes, most: int) -> bytes:
    unpacker, found = zlib.decompressobj(), bytearray()
    for start in range(0, len(data), _PIECE):
        piece = data[start : start + _PIECE]
        while piece and len(found) < most:
            try:
                found += unpacker.decompress(piece, most - len(found))
            except zlib.error as error:
                raise pikepdf.PdfError(str(error)) from error
            piece = unpacker.unconsumed_tail
    return bytes(found)
