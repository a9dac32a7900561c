"""What is written in a slot is put together as a person reads it; what is cut is no value."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from parsers.forms.layout import LayoutPage, Slot
from parsers.forms.registration import Registration, Transform
from parsers.forms.slot_values import PageText, SlotText, read_texts
from parsers.pages.words import PageWords, Word

LINE = Slot(field="court_name", box=(100.0, 600.0, 300.0, 614.0))
BOX = Slot(field="purpose", box=(100.0, 500.0, 300.0, 560.0), multiline=True)
MARK = Slot(field="attestation", box=(100.0, 400.0, 110.0, 410.0), is_mark=True)

#: Words with the left edge and the foot of each; a letter is 5 points wide and 7 tall.
Place = tuple[float, float, str]


def _word(left: float, foot: float, text: str, confidence: float = 1.0) -> Word:
    box = (left, foot, left + 5 * len(text), foot + 7)
    return Word(text=text, box=box, confidence=confidence)


PRINTED = (
    _word(100, 620, "Court*"),
    _word(85, 603, "A#:"),
    _word(296, 603, "A.M."),
    _word(100, 566, "Purpose"),
    _word(100, 460, "Footer"),
)
LAYOUT = LayoutPage(
    definition="x/1", number=1, width=612, height=792, words=PRINTED, slots=(LINE, BOX, MARK)
)


def _read(places: Sequence[Place], *, is_set_anew: bool = False) -> PageText:
    words = (*PRINTED, *(_word(*place) for place in places))
    page = PageWords(number=3, width=612, height=792, words=words)
    return read_texts(
        Registration(
            page=page, layout=LAYOUT, to_layout=Transform(), score=1.0, is_set_anew=is_set_anew
        )
    )


def _only(places: Sequence[Place]) -> SlotText:
    found = _read(places).texts
    assert len(found) == 1
    return found[0]


READ = [
    pytest.param([(104, 603, "Superior"), (150, 603, "Court")], "Superior Court", id="words"),
    pytest.param([(150, 603, "Court"), (104, 604, "Superior")], "Superior Court", id="any order"),
    pytest.param([(104, 603, "___"), (124, 603, "Court")], "Court", id="a rule to write on"),
    pytest.param([(104, 603, "__Court__")], "Court", id="written on the rule"),
    pytest.param([(85, 603, "A#:000123")], "000123", id="run together with its label"),
    pytest.param([(276, 603, "8:45A.M.")], "8:45", id="run together with what follows"),
    pytest.param([(104, 603, "17-"), (119, 603, "CR")], "17-CR", id="a hyphen parts no word"),
]


@pytest.mark.parametrize(("places", "text"), READ)
def test_a_line_is_read(places: list[Place], text: str) -> None:
    found = _only(places)
    assert (found.text, found.is_clipped, found.page) == (text, False, 3)


def test_nothing_but_what_is_printed_is_nothing_written() -> None:
    assert _read([]) == PageText(texts=(), strays=())
    assert _read([(102, 603, "______")]).texts == ()


LINES = [
    pytest.param(
        [(104, 545, "a" * 30), (260, 545, "bbb"), (104, 533, "cccccc")],
        f"{'a' * 30} bbb cccccc",
        id="a viewer broke it: the next word found no room",
    ),
    pytest.param(
        [(104, 545, "first"), (104, 533, "second")],
        "first\nsecond",
        id="the writer ended the line: there was room",
    ),
    pytest.param(
        [(104, 545, "a" * 38), (104, 533, "bbb")],
        f"{'a' * 38}bbb",
        id="a word wider than the box goes on",
    ),
    pytest.param(
        [(104, 545, "a" * 30), (260, 545, "Lopez-"), (104, 533, "Garcia")],
        f"{'a' * 30} Lopez-Garcia",
        id="broken at a hyphen",
    ),
]


@pytest.mark.parametrize(("places", "text"), LINES)
def test_lines_are_joined_where_a_viewer_broke_them(places: list[Place], text: str) -> None:
    found = _only(places)
    assert (found.text, found.is_clipped) == (text, False)


CLIPPED = [
    pytest.param([(104, 603, "x" * 45)], id="it sticks out on the right"),
    pytest.param([(105, 603, "x" * 39)], id="it ends at the very edge"),
    pytest.param([(92, 603, "x" * 20)], id="it sticks out on the left"),
    pytest.param([(254, 603, "county"), (286, 603, "of"), (299, 603, "Ex")], id="it goes on"),
    pytest.param([(104, 497, "below"), (104, 509, "above")], id="it reaches below the box"),
    pytest.param([(104, 503, "last"), (104, 490, "lost")], id="a line goes on below"),
    pytest.param([(104, 603, "over"), (110, 603, "each")], id="words lie over each other"),
    pytest.param([(86, 603, "Ex"), (99, 603, "County")], id="it comes from outside"),
    pytest.param([(104, 545, "x" * 45)], id="a word of a long text sticks out"),
]


@pytest.mark.parametrize("places", CLIPPED)
def test_what_is_cut_off_is_clipped(places: list[Place]) -> None:
    assert _only(places).is_clipped


def test_a_text_that_just_fits_is_not_clipped() -> None:
    assert not _only([(102, 603, "x" * 39)]).is_clipped
    # A viewer breaks a long text at the edge itself, so that a line may end there.
    assert not _only([(104, 545, "x" * 39), (104, 533, "y")]).is_clipped


@pytest.mark.parametrize(
    ("places", "may_go_on"),
    [
        pytest.param([(104, 520, "x" * 38), (104, 505, "y" * 36)], True, id="full to its end"),
        pytest.param([(104, 520, "x" * 38), (104, 505, "short")], False, id="room on its line"),
        pytest.param([(104, 545, "x" * 38), (104, 530, "y" * 36)], False, id="room for more lines"),
        pytest.param([(104, 603, "x" * 38)], False, id="one line is all there is"),
    ],
)
def test_a_long_text_that_fills_its_box_may_go_on_unseen(
    places: list[Place], may_go_on: bool
) -> None:
    found = _only(places)
    assert (found.may_go_on, found.is_clipped) == (may_go_on, False)


def test_words_beside_the_slots_are_strays_within_the_form_alone() -> None:
    found = _read([(200, 440, "typed"), (200, 480, "beside"), (10, 780, "Page"), (400, 20, "fax")])
    assert [word.text for word in found.strays] == ["beside"]


def test_signs_in_a_mark_are_no_text() -> None:
    assert _read([(102, 402, "4")]) == PageText(texts=(), strays=())


def test_words_moved_along_their_line_by_another_font_are_still_printed() -> None:
    moved = [(140.0, 566.0, "Purpose"), (104.0, 545.0, "Purpose")]
    found = _read(moved, is_set_anew=True)
    assert [text.text for text in found.texts] == ["Purpose"]
    assert found.strays == ()


def test_the_least_certain_word_tells_how_sure_a_text_is() -> None:
    words = (_word(104, 603, "Superior", 0.9), _word(150, 603, "Court", 0.4))
    page = PageWords(number=1, width=612, height=792, words=words)
    found = read_texts(Registration(page=page, layout=LAYOUT, to_layout=Transform(), score=1.0))
    assert found.texts[0].confidence == 0.4


#: On a page whose printed words are a tenth wider: where its words stand, which are one run.
NEXT = Slot(field="court_county", box=(303.0, 600.0, 430.0, 614.0))
RUN_OVER = [
    pytest.param([(104, 603, "x" * 40, 7)], "x" * 40, "", id="over the edge, as its font is wider"),
    pytest.param(
        [(104, 603, "x" * 35, 7), (283, 603, "of", 7), (297, 603, "Ex", 7)],
        f"{'x' * 35} of Ex",
        "",
        id="it goes on in the same run",
    ),
    pytest.param(
        [(104, 603, "x" * 35), (283, 603, "of"), (297, 603, "Ex")],
        f"{'x' * 35} of Ex",
        "",
        id="it goes on, and no run is known",
    ),
    pytest.param(
        [(104, 603, "x" * 38, 7), (297, 603, "of", 7), (305, 603, "Sample", 8)],
        f"{'x' * 38} of",
        "Sample",
        id="it lies over its neighbour, and the runs tell them apart",
    ),
    pytest.param(
        [(104, 603, "x" * 38, 7), (297, 603, "of", 0), (305, 603, "Sample", 8)],
        None,
        None,
        id="a word of both runs spoils them both",
    ),
    pytest.param(
        [(104, 603, "x" * 38, 7), (297, 603, "of", 8), (311, 603, "Ex", 8)],
        None,
        None,
        id="what follows it may be its neighbour's",
    ),
    pytest.param([(104, 603, "x" * 43, 7)], None, "", id="cut where the form's font fills the box"),
]


@pytest.mark.parametrize(("places", "text", "beside"), RUN_OVER)
def test_a_text_set_anew_is_read_beyond_its_slot(
    places: list[tuple[float, float, str, int]], text: str | None, beside: str | None
) -> None:
    printed = [
        word._replace(box=(a, b, a + 1.1 * (c - a), d))
        for word in (*PRINTED[:1], *PRINTED[3:])
        for a, b, c, d in [word.box]
    ]
    written = [_word(*place[:3])._replace(run=(*place, 0)[3]) for place in places]
    laid = Registration(
        page=PageWords(number=1, width=612, height=792, words=(*printed, *written)),
        layout=replace(LAYOUT, words=(*PRINTED[:1], *PRINTED[3:]), slots=(LINE, NEXT)),
        to_layout=Transform(),
        score=1.0,
        is_set_anew=True,
    )
    found = {t.slot.field: None if t.is_clipped else t.text for t in read_texts(laid).texts}
    assert (found.get("court_name"), found.get("court_county", "")) == (text, beside)


def test_a_text_set_anew_that_reaches_the_edge_of_the_paper_is_clipped() -> None:
    wide = replace(BOX, box=(100.0, 500.0, 590.0, 560.0))
    words = (*PRINTED, _word(104, 545, "x" * 101), _word(104, 533, "y"))
    laid = Registration(
        page=PageWords(number=1, width=612, height=792, words=words),
        layout=replace(LAYOUT, slots=(wide,)),
        to_layout=Transform(),
        score=1.0,
        is_set_anew=True,
    )
    (found,) = read_texts(laid).texts
    assert found.is_clipped
