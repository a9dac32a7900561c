"""The bench of forms runs and says what it measured; how fast that was is nobody's test."""

from __future__ import annotations

import json

import pytest

from bench.accuracy import Accuracy, measure
from bench.forms import show_accuracy, show_memory, show_speeds
from bench.reading_speed import measure_memory, measure_pictures, measure_speeds
from inbox_worker.reading.reader import load_definitions
from parsers.extraction import DocumentKind, Extraction, FieldValue
from tests.conftest import require_or_skip
from tests.specimens.people import Specimen, build_specimens
from tests.specimens.variants import find_variant

DEFINITIONS = load_definitions()
SPECIMENS = build_specimens(1, first=30_000)


def test_speeds_and_memory_are_measured_and_told(capsys: pytest.CaptureFixture[str]) -> None:
    require_or_skip("pdftocairo")
    speeds = measure_speeds(SPECIMENS, DEFINITIONS)
    assert len(speeds) == 4
    assert all(s.ours_ms > 0 < s.floor_ms for s in speeds)
    memory = measure_memory(SPECIMENS, DEFINITIONS, 3)
    assert memory.peak_mb >= memory.settled_mb > 0
    show_speeds(speeds)
    show_memory(memory)
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines() if line[:1] == "{"]
    assert [line["bench"] for line in lines] == ["forms.speed"] * 4 + ["forms.memory"]


@pytest.mark.long
def test_pictures_are_measured_beside_the_bare_library() -> None:
    speed = measure_pictures(SPECIMENS, DEFINITIONS)
    assert speed.ours_ms > 0 < speed.floor_ms


def _misread(specimen: Specimen, **other: FieldValue) -> Extraction:
    fields = {
        name: FieldValue(value=value, raw="x", source="text", confidence=0.97)
        for name, value in specimen.expected.items()
    }
    return Extraction(
        kind=DocumentKind.TEXT, definition="cjs-request/1", fields={**fields, **other}
    )


@pytest.fixture
def accuracy() -> Accuracy:
    """Return the count of one print that was read with one letter wrong and one doubt."""
    (specimen,) = SPECIMENS
    town = str(specimen.expected["requester_city"])
    found = _misread(
        specimen,
        requester_city=FieldValue(value=f"{town[:-1]}?", raw="x", source="text", confidence=0.97),
        court_name=FieldValue(value="Cour", raw="x", source="text", confidence=0.4),
    )
    variant = find_variant("flattened by pikepdf")
    return measure([variant], SPECIMENS, lambda _: [found], DEFINITIONS[0])


def test_what_is_wrong_is_counted_where_it_belongs(accuracy: Accuracy) -> None:
    assert sorted(m.reading.field for m in accuracy.misses) == ["court_name", "requester_city"]
    assert accuracy.silent["flattened by pikepdf"] == 1
    texts = accuracy.texts["flattened by pikepdf"]
    assert texts.all - texts.right == 2
    assert {band for (_, band), c in accuracy.bands.items() if c.right < c.all} == {0.95, 0.0}


def test_what_is_wrong_is_told(accuracy: Accuracy, capsys: pytest.CaptureFixture[str]) -> None:
    show_accuracy("One print", accuracy)
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines() if line[:1] == "{"]
    misses = {line["field"]: line["said"] for line in lines if line["bench"] == "forms.misses"}
    assert misses == {"court_name": "yes", "requester_city": "no"}


def test_a_variant_that_nobody_reads_is_set_aside() -> None:
    nothing = Extraction(kind=DocumentKind.SCAN)
    found = measure(
        [find_variant("flattened by pikepdf")], SPECIMENS, lambda _: [nothing], DEFINITIONS[0]
    )
    assert (list(found.set_aside), found.misses) == (["flattened by pikepdf"], [])
