"""A mark is told by its ink, and letters that run over it are none of its ink."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from parsers.forms.layout import LayoutPage, Slot
from parsers.forms.registration import Registration, Transform
from parsers.forms.slot_marks import Uncover, read_marks
from parsers.pages.words import PageWords, TextRun, Word

MARK = Slot(field="attestation", box=(100.0, 400.0, 110.0, 410.0), is_mark=True)
LINE = Slot(field="court_name", box=(20.0, 396.0, 70.0, 414.0))

#: The left edge and the text of a word or a run at the height of the mark; a letter is 5 wide.
Place = tuple[float, str]


def _word(left: float, text: str) -> Word:
    return Word(text=text, box=(left, 402, left + 5 * len(text), 409))


PRINTED = (_word(80, "dates"), _word(108, "X"))
LAYOUT = LayoutPage(
    definition="x/1", number=1, width=612, height=792, words=PRINTED, slots=(MARK, LINE)
)


def _lay(words: Sequence[Place]) -> Registration:
    page = PageWords(number=1, width=612, height=792, words=tuple(_word(*w) for w in words))
    return Registration(page=page, layout=LAYOUT, to_layout=Transform(), score=1.0)


@pytest.mark.parametrize(
    ("words", "is_clear"),
    [
        pytest.param([], True, id="nothing"),
        pytest.param([(102, "4")], True, id="the sign within it"),
        pytest.param([(80, "letters")], False, id="a word that runs over it"),
    ],
)
def test_a_mark_that_a_word_runs_over_is_unclear(words: list[Place], is_clear: bool) -> None:
    (mark,) = read_marks(_lay(words), lambda _: np.zeros((20, 20), dtype=np.uint8))
    assert mark.reading.is_on
    assert (mark.reading.confidence >= 0.8) is is_clear


UNCOVERED = [
    pytest.param([(80, "dates")], [(80, "dates")], True, id="what the form prints"),
    pytest.param(
        [(30, "Superior"), (75, "Counties")], [(30, "Superior Counties")], True, id="a text"
    ),
    pytest.param([(98, "XX")], [(98, "XX")], False, id="a sign larger than the mark"),
    pytest.param([(80, "dates"), (98, "XX")], [(80, "dates"), (98, "XX")], False, id="and one"),
    pytest.param([(80, "dates"), (102, "X")], [(80, "dates X")], False, id="a sign in its run"),
    pytest.param([(30, "Court"), (98, "X")], [(30, "Court        X")], False, id="and a text's"),
    pytest.param([(80, "dates")], [], False, id="letters that are no run of the page"),
    pytest.param([(98, "X")], [(98, "X")], False, id="a letter that the form prints elsewhere"),
]


@pytest.mark.parametrize(("words", "runs", "is_clear"), UNCOVERED)
def test_letters_that_are_no_sign_are_left_out(
    words: list[Place], runs: list[Place], is_clear: bool
) -> None:
    drawn = [
        TextRun(text=text, box=_word(left, text).box, place=n)
        for n, (left, text) in enumerate(runs)
    ]
    left_out: list[TextRun] = []

    def draw(marks: Sequence[object], without: Sequence[TextRun]) -> list[np.ndarray]:
        left_out.extend(without)
        return [np.full((20, 20), 255, dtype=np.uint8) for _ in marks]

    registration = _lay([*words, (300, "X")])
    (mark,) = read_marks(
        registration,
        lambda _: np.zeros((20, 20), dtype=np.uint8),
        uncover=Uncover(find_runs=lambda _: drawn, draw=draw),
    )
    assert (mark.reading.confidence >= 0.8) is is_clear
    assert mark.reading.is_on is not is_clear
    assert not is_clear or left_out == drawn
