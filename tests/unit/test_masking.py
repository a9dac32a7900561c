"""No reading leaves with a Social Security number, wherever in it one stands."""

from __future__ import annotations

from dataclasses import replace

import pytest

from parsers.extraction import DocumentKind, Extraction, FieldValue, Value
from parsers.reading.masking import mask_extraction

SSN = "321-54-9876"


def _read(**fields: FieldValue) -> Extraction:
    return Extraction(kind=DocumentKind.SCAN, definition="cjs-request/1", fields=fields)


def _value(value: Value = "x", **more: object) -> FieldValue:
    return replace(FieldValue(value=value, raw="x", source="ocr"), **more)


PLACES = [
    pytest.param(_value(f"his {SSN}"), id="in the value"),
    pytest.param(_value(("a", SSN)), id="in a list"),
    pytest.param(_value(raw=SSN), id="in what stood there"),
    pytest.param(_value(alternatives=("x", SSN)), id="in what another reader made of it"),
    pytest.param(_value(shown=SSN), id="in what the page shows"),
]


@pytest.mark.parametrize("found", PLACES)
def test_it_is_masked_and_told(found: FieldValue) -> None:
    masked = mask_extraction(_read(purpose=found))
    assert "9876" not in str(masked)
    assert [w.code for w in masked.warnings] == ["contains_ssn"]


def test_it_is_masked_in_the_other_forms_of_a_document_too() -> None:
    other = _read(purpose=_value(raw=SSN))
    masked = mask_extraction(replace(_read(purpose=_value()), further=(other,)))
    assert "9876" not in str(masked)
    assert [w.code for w in masked.further[0].warnings] == ["contains_ssn"]
    assert masked.warnings == ()


def test_a_reading_without_one_stays_the_same_object() -> None:
    plain = _read(
        purpose=_value("the SSN is not given"), subject_a_number=_value("A000000101", raw="A101")
    )
    assert mask_extraction(plain) is plain


def test_a_label_at_the_end_of_one_field_says_nothing_of_the_next() -> None:
    apart = _read(purpose=_value("he has no SSN"), bond_number=_value("123456789"))
    assert mask_extraction(apart) is apart
