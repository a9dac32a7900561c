"""Digital signatures of a document: that there are any, and how much of the file they speak for.

Nothing is said of who signed: whose certificate it is, and whether it is to be believed, a person
judges in a program made for it. What bytes a signature covers can be told from the file alone
(ISO 32000-2, 12.8.1): its byte range, around the place where the signature itself stands.
Outcomes: no signature; one over the whole file; one after which something was added to the file, or
whose range leaves something out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

import pikepdf

from parsers.pdf.acroform import AcroField, FieldKind
from parsers.pdf.objects import entries, items

_DEEPEST = 40
_MOST_FIELDS = 20_000
#: What stands in the gap of a byte range: the signature in hexadecimal digits, and nothing else.
_SIGNATURE_ITSELF = re.compile(rb"\s*<[0-9A-Fa-f\s]*>\s*")


def name_signatures(pdf: pikepdf.Pdf, data: bytes, fields: Sequence[AcroField]) -> tuple[str, ...]:
    """Return the warning code for the document's signatures; nothing where it has none."""
    if not any(f.kind is FieldKind.SIGNATURE and not f.is_blank for f in fields):
        return ()
    ranges = [_byte_range(value) for value in _find_values(pdf)]
    # Each later signature covers the earlier ones: one that speaks for the whole file is enough.
    if any(_covers_all(data, found) for found in ranges):
        return ("contains_signature",)
    return ("signature_not_over_all",)


def _find_values(pdf: pikepdf.Pdf) -> Iterator[pikepdf.Dictionary]:
    """Yield the value of every signature field, from the field tree and from the pages."""
    acroform = pdf.Root.get("/AcroForm")
    tops = entries(acroform.get("/Fields")) if isinstance(acroform, pikepdf.Dictionary) else []
    tops += [widget for page in pdf.pages for widget in entries(page.obj.get("/Annots"))]
    seen: set[tuple[int, int]] = set()
    stack = [(top, 0) for top in tops]
    while stack and len(seen) < _MOST_FIELDS:
        field, depth = stack.pop()
        if depth > _DEEPEST or (field.objgen in seen and field.objgen != (0, 0)):
            continue
        seen.add(field.objgen)
        value = field.get("/V")
        if isinstance(value, pikepdf.Dictionary) and "/ByteRange" in value:
            yield value
        stack += [(kid, depth + 1) for kid in entries(field.get("/Kids"))]


def _byte_range(value: Any) -> tuple[int, ...]:  # PDF objects have no useful type
    numbers = items(value.get("/ByteRange"))
    return tuple(n for n in numbers if isinstance(n, int) and not isinstance(n, bool))


def _covers_all(data: bytes, covered: tuple[int, ...]) -> bool:
    if len(covered) != 4:
        return False
    start, length, after, rest = covered
    if start != 0 or not 0 < length <= after or after + rest != len(data):
        return False
    return _SIGNATURE_ITSELF.fullmatch(data, length, after) is not None
