"""Printed words are found along their runs, once each, however wide another font makes them."""

from __future__ import annotations

import pytest

from parsers.forms.moved_words import find_moved_words
from parsers.pages.words import Word

Place = tuple[float, float, str]


def _word(left: float, foot: float, text: str, letter: float = 5) -> Word:
    return Word(text=text, box=(left, foot, left + letter * len(text), foot + 7))


PRINTED = (
    _word(100, 600, "Dates"),
    _word(130, 600, "of"),
    _word(145, 600, "custody"),
    _word(200, 600, "State"),
)

MOVED = [
    pytest.param(
        [(100, 600, "Dates"), (190, 600, "of"), (290, 600, "custody")],
        {0, 1, 2},
        set(),
        id="a run, however far its words have moved",
    ),
    pytest.param(
        [(100, 600, "Dates"), (160, 600, "of"), (250, 600, "of")],
        {0, 1},
        set(),
        id="the second one is written",
    ),
    pytest.param([(100, 600, "Dates"), (160, 590, "of")], {0}, set(), id="on another line"),
    pytest.param(
        [(170, 600, "of"), (200, 600, "State")], {1}, {0}, id="nobody saw where its run begins"
    ),
    pytest.param([(250, 600, "of")], set(), set(), id="too far from where it could have moved"),
    pytest.param(
        [(100, 600, "Dates"), (160, 600, "of"), (175, 600, "custodyState")],
        {0, 1, 2},
        set(),
        id="the next run begins within a word",
    ),
    pytest.param(
        [(100, 600, "Dates"), (160, 600, "of"), (175, 600, "custodyExample")],
        {0, 1},
        set(),
        id="a word that is written runs on from a printed one",
    ),
]


@pytest.mark.parametrize(("places", "own", "doubtful"), MOVED)
def test_printed_words_are_found_along_their_runs(
    places: list[Place], own: set[int], doubtful: set[int]
) -> None:
    words = [_word(*place) for place in places]
    found = find_moved_words(PRINTED, words, [word.box for word in words])
    assert (set(found.own), set(found.doubtful)) == (own, doubtful)


def test_how_much_wider_the_font_is_is_measured() -> None:
    words = [_word(word.box[0], 600, word.text, letter=6) for word in PRINTED]
    found = find_moved_words(PRINTED, words, [word.box for word in words])
    assert found.stretch == pytest.approx(1.2)
