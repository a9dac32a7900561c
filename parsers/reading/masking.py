"""No reading leaves the reader with a Social Security number in it.

`mask_extraction`  the reading with every one masked, and with the warning `contains_ssn` where
                   there was one; the same object where there was none

The readers mask what they turn into values; this is the one door everything goes through, whatever
field, evidence or other reading it stands in.
"""

from __future__ import annotations

from dataclasses import replace

from parsers.extraction import Extraction, FieldValue, Value
from parsers.pdf.traits import warn
from parsers.values.ssn import has_ssn, mask_ssn

#: So many line ends that no number goes on behind them.
_FAR_APART = "\n" * 6


def mask_extraction(extraction: Extraction) -> Extraction:
    """Return `extraction` without Social Security numbers in values, evidence or alternatives.

    Those of the other forms in the same document go the same way.
    """
    further = tuple(map(mask_extraction, extraction.further))
    if further != extraction.further:
        extraction = replace(extraction, further=further)
    fields = extraction.fields
    # One look over everything is enough for nearly all; it may see more than there is, where a
    # label ends one field and digits begin the next.
    texts = (text for found in fields.values() for text in _list_texts(found))
    if not has_ssn(_FAR_APART.join(texts)):
        return extraction
    masked = {name: _mask_field(found) for name, found in fields.items()}
    if masked == fields:
        return extraction
    is_told = any(warning.code == "contains_ssn" for warning in extraction.warnings)
    warnings = extraction.warnings if is_told else (warn("contains_ssn"), *extraction.warnings)
    return replace(extraction, fields=masked, warnings=warnings)


def _list_texts(found: FieldValue) -> tuple[str, ...]:
    value = found.value
    values = (value,) if isinstance(value, str) else value if isinstance(value, tuple) else ()
    others = (text for text in values if text != found.raw)
    return (found.raw, *others, *found.alternatives, found.shown or "")


def _mask_field(found: FieldValue) -> FieldValue:
    return replace(
        found,
        value=_mask_value(found.value),
        raw=mask_ssn(found.raw),
        alternatives=tuple(map(mask_ssn, found.alternatives)),
        shown=None if found.shown is None else mask_ssn(found.shown),
    )


def _mask_value(value: Value) -> Value:
    if isinstance(value, str):
        return mask_ssn(value)
    return tuple(map(mask_ssn, value)) if isinstance(value, tuple) else value
