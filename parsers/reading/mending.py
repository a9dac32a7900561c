"""No reading leaves the reader with what no database keeps and no text is made of.

`mend_extraction`  the reading with a replacement character for every NUL and every half of a
                   surrogate pair, and without places that are none; the same object where it had
                   nothing of the kind

A program that fills a form may put anything into it, and the libraries hand on most of it.
"""

from __future__ import annotations

import re
from dataclasses import replace

from parsers.extraction import Extraction, FieldValue, Value
from parsers.pdf.objects import is_place

_NO_TEXT = re.compile("[\0\ud800-\udfff]")


def mend_text(text: str) -> str:
    """Return `text` with a replacement character for each that no database keeps."""
    return _NO_TEXT.sub("\N{REPLACEMENT CHARACTER}", text)


def mend_extraction(extraction: Extraction) -> Extraction:
    """Return `extraction` fit to be kept, and the other forms of the same document with it."""
    further = tuple(map(mend_extraction, extraction.further))
    fields = {name: _mend_field(found) for name, found in extraction.fields.items()}
    if further == extraction.further and fields == extraction.fields:
        return extraction
    return replace(extraction, fields=fields, further=further)


def _mend_field(found: FieldValue) -> FieldValue:
    is_somewhere = found.box is None or is_place(found.box)
    if is_somewhere and not _NO_TEXT.search(_join_texts(found)):
        return found
    return replace(
        found,
        value=_mend_value(found.value),
        raw=mend_text(found.raw),
        alternatives=tuple(map(mend_text, found.alternatives)),
        shown=None if found.shown is None else mend_text(found.shown),
        box=found.box if is_somewhere else None,
    )


def _join_texts(found: FieldValue) -> str:
    value = found.value
    values = (value,) if isinstance(value, str) else value if isinstance(value, tuple) else ()
    return "\n".join((found.raw, *values, *found.alternatives, found.shown or ""))


def _mend_value(value: Value) -> Value:
    if isinstance(value, str):
        return mend_text(value)
    return tuple(map(mend_text, value)) if isinstance(value, tuple) else value
