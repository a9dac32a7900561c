"""No reading leaves with what no database keeps, wherever in it that stands."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from parsers.extraction import DocumentKind, Extraction, FieldValue, Value
from parsers.reading.mending import mend_extraction


def _read(**fields: FieldValue) -> Extraction:
    return Extraction(kind=DocumentKind.SCAN, definition="cjs-request/1", fields=fields)


def _value(value: Value = "x", **more: object) -> FieldValue:
    return replace(FieldValue(value=value, raw="x", source="text"), **more)


@pytest.mark.parametrize(
    ("found", "mended"),
    [
        pytest.param(_value("a\0b"), _value("a\ufffdb"), id="in the value"),
        pytest.param(_value(("a", "b\ud800")), _value(("a", "b\ufffd")), id="in a list"),
        pytest.param(_value(raw="\udfff"), _value(raw="\ufffd"), id="in what stood there"),
        pytest.param(
            _value(alternatives=("\0",)), _value(alternatives=("\ufffd",)), id="in another reading"
        ),
        pytest.param(_value(shown="\0"), _value(shown="\ufffd"), id="in what the page shows"),
        pytest.param(_value(box=(0.0, 0.0, math.inf, 9.0)), _value(), id="a place without end"),
        pytest.param(_value(box=(0.0, math.nan, 9.0, 9.0)), _value(), id="a place that is none"),
    ],
)
def test_it_is_mended(found: FieldValue, mended: FieldValue) -> None:
    assert mend_extraction(_read(purpose=found)) == _read(purpose=mended)
    further = replace(_read(), further=(_read(purpose=found),))
    assert mend_extraction(further).further == (_read(purpose=mended),)


def test_a_reading_without_any_stays_the_same_object() -> None:
    plain = _read(purpose=_value("José \U0001f600", box=(72.0, 700.0, 300.0, 714.0)))
    assert mend_extraction(plain) is plain
