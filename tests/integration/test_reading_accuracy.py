"""How exactly forms are read: a twentieth of what `make bench` measures, on people of its own.

Every way of filling in and printing a form is read as the program reads it, in a child process. The
pictures, which take minutes, are in the longer form of this test.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest

from bench.accuracy import Accuracy, Count, Read, measure
from bench.forms import read_with
from inbox_worker.reading.reader import DocumentReader, load_definitions
from tests.conftest import require_or_skip
from tests.specimens.people import build_specimens
from tests.specimens.variants import VARIANTS, Group, Variant

#: Neither those of other tests nor those of the bench.
SPECIMENS = build_specimens(5, first=20_000)

#: The part of the values that has to be exact.
WANTED = {Group.ACROFORM: 0.995, Group.PRINT: 0.995, Group.SCAN: 0.96}


@pytest.fixture(scope="module")
def read() -> Iterator[Read]:
    """Yield what reads documents in a child."""
    with DocumentReader(load_definitions()) as reader:
        yield read_with(reader)


def _rows(*groups: Group) -> list[object]:
    return [
        pytest.param(v, id=v.name, marks=[pytest.mark.long] if v.is_long else [])
        for v in VARIANTS
        if v.group in groups
    ]


@pytest.mark.parametrize("variant", _rows(Group.ACROFORM, Group.PRINT))
def test_what_is_filled_in_and_printed_is_read_exactly(variant: Variant, read: Read) -> None:
    found = _measure([variant], read, people=len(SPECIMENS))
    texts, ticks = found.count([variant]), found.count([variant], ticks=True)
    assert texts.all > 100
    assert ticks.all > 30
    assert texts.share >= WANTED[variant.group], found.misses
    assert ticks.share == 1.0, found.misses
    assert found.silent[variant.name] == 0, found.misses
    # What another font sets beyond the edge of the paper is said to be cut off.
    assert found.off_paper[variant.name] <= len(SPECIMENS) / 4
    _check_confidence(found.count_confident(variant.group), found)


@pytest.mark.long
def test_what_pictures_show_is_read(read: Read) -> None:
    scans = [v for v in VARIANTS if v.group is Group.SCAN]
    found = _measure(scans, read, people=2)
    assert found.count(scans).share >= WANTED[Group.SCAN], found.misses
    assert found.count(scans, ticks=True).share == 1.0, found.misses
    _check_confidence(found.count_confident(Group.SCAN), found)


@pytest.mark.long
def test_what_is_written_by_hand_is_never_a_confident_value(read: Read) -> None:
    hand = [v for v in VARIANTS if v.group is Group.HANDWRITING]
    found = _measure(hand, read, people=3)
    texts = [m.reading for m in found.misses if m.reading.value is not None]
    assert found.count(hand).all > 60
    assert all(reading.is_told for reading in texts), found.misses


def _measure(variants: Sequence[Variant], read: Read, *, people: int) -> Accuracy:
    for missing in filter(None, (variant.find_missing() for variant in variants)):
        require_or_skip(missing)
    found = measure(variants, SPECIMENS[:people], read, load_definitions()[0])
    assert not found.set_aside
    assert not found.unnamed
    return found


def _check_confidence(confident: Count, found: Accuracy) -> None:
    assert confident.all > 100
    assert confident.share >= 0.995, found.misses
