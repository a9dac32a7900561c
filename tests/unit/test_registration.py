"""A page of words is laid over the blank form's page it belongs to, whatever happened to it."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from config.data import read_data
from parsers.definition import parse_definition
from parsers.forms.labels import DefinitionIndex
from parsers.forms.layout import FormLayout, build_layout
from parsers.forms.registration import Transform, group_pages, register_page, register_pages
from parsers.pages.words import PageWords, Word

DEFINITION = parse_definition(
    read_data("forms/cjs-request-1.toml"), blank=read_data("forms/cjs-request-1.pdf")
)


@pytest.fixture(scope="module")
def layout() -> FormLayout:
    found = build_layout(DEFINITION, DefinitionIndex(DEFINITION))
    assert found is not None
    return found


def _page(layout: FormLayout, number: int = 1) -> PageWords:
    page = layout.pages[number - 1]
    return PageWords(number=number, width=page.width, height=page.height, words=page.words)


def _moved(page: PageWords, transform: Transform) -> PageWords:
    words = tuple(w._replace(box=transform.map_box(w.box)) for w in page.words)
    return replace(page, words=words)


def _turn(degrees: float, *, scale: float = 1.0, x: float = 0.0, y: float = 0.0) -> Transform:
    cos, sin = (scale * f(math.radians(degrees)) for f in (math.cos, math.sin))
    return Transform((cos, -sin, x, sin, cos, y, 0.0, 0.0, 1.0))


def test_the_layout_has_a_slot_for_every_place_of_the_form(layout: FormLayout) -> None:
    slots = [slot for page in layout.pages for slot in page.slots]
    choices = {(s.field, s.choice) for s in slots if s.is_mark}
    assert {s.field for s in slots} == {f.name for f in DEFINITION.fields}
    assert {("requester_type", "bail_or_surety"), ("consent_attached", "no")} <= choices
    assert [s.field for s in slots if s.is_signature_line] == ["attestation"]
    assert {s.field for s in slots if s.multiline} == {
        f.name for f in DEFINITION.fields if f.multiline
    }
    assert all(s.ink == 0 for s in slots), "the inside of a blank mark is empty"


def test_a_definition_without_a_blank_form_has_no_layout() -> None:
    bare = replace(DEFINITION, blank=b"")
    assert build_layout(bare, DefinitionIndex(bare)) is None
    broken = replace(DEFINITION, blank=b"%PDF-1.7")
    assert build_layout(broken, DefinitionIndex(broken)) is None


MOVEMENTS = [
    pytest.param(Transform(), False, id="printed as it is"),
    pytest.param(_turn(0, scale=0.94, x=18, y=24), False, id="fitted to the paper"),
    pytest.param(_turn(0, scale=0.5, x=100, y=200), False, id="printed at half its size"),
    pytest.param(_turn(3.0, x=-12, y=9), False, id="skewed in the scanner"),
    pytest.param(
        Transform((1.0, 0.02, 4.0, 0.0, 1.03, -7.0, 0.0, 0.0, 1.0)), False, id="stretched by a fax"
    ),
    pytest.param(
        Transform((0.9, 0.05, 20.0, -0.03, 0.95, 12.0, 1e-4, 8e-5, 1.0)), True, id="photographed"
    ),
]


@pytest.mark.parametrize(("movement", "perspective"), MOVEMENTS)
def test_the_movement_of_a_page_is_found(
    layout: FormLayout, movement: Transform, perspective: bool
) -> None:
    page = _moved(_page(layout), movement)
    found = register_page(page, layout.pages[0], perspective=perspective)
    assert found is not None
    assert found.score > 0.9
    corners = np.array([[0.0, 0.0], [612.0, 0.0], [0.0, 792.0], [612.0, 792.0], [300.0, 400.0]])
    back = found.to_layout.map_points(movement.map_points(corners))
    assert np.abs(back - corners).max() < (4.0 if perspective else 1.0)


def _misspelt(words: tuple[Word, ...]) -> tuple[Word, ...]:
    return tuple(w._replace(text=w.text[:-1] + "#") if n % 3 else w for n, w in enumerate(words))


def _half_missing(words: tuple[Word, ...]) -> tuple[Word, ...]:
    return words[::2]


def _with_strangers(words: tuple[Word, ...]) -> tuple[Word, ...]:
    # Words of the form itself at wrong places: what a person writes may well be "court".
    strangers = (w._replace(box=(50.0, 60.0, 90.0, 70.0)) for w in words[:60])
    return (*words, *strangers)


@pytest.mark.parametrize("spoil", [_misspelt, _half_missing, _with_strangers])
def test_bad_reading_does_not_move_the_page(
    layout: FormLayout, spoil: Callable[[tuple[Word, ...]], tuple[Word, ...]]
) -> None:
    page = _page(layout)
    found = register_page(replace(page, words=spoil(page.words)), layout.pages[0])
    assert found is not None
    assert np.abs(np.array(found.to_layout.matrix) - np.eye(3).ravel()).max() < 0.5


def test_a_page_of_something_else_is_no_page_of_the_form(layout: FormLayout) -> None:
    letter = tuple(
        word._replace(text=text)
        for word, text in zip(
            layout.pages[0].words,
            ["We", "ask", "the", "court", "for", "the", "date", "of", "birth"] * 9,
            strict=False,
        )
    )
    page = PageWords(number=1, width=612, height=792, words=letter)
    assert register_pages([page], [layout]) == ()
    assert register_page(replace(page, words=()), layout.pages[0]) is None


@pytest.mark.parametrize(
    ("order", "copies"),
    [
        pytest.param([1, 2], [[1, 2]], id="as printed"),
        pytest.param([2, 1], [[2, 1]], id="the wrong way round"),
        pytest.param([0, 1, 2], [[2, 3]], id="a cover sheet in front"),
        pytest.param([1, 2, 1, 2], [[1, 2], [3, 4]], id="two forms"),
        pytest.param([1, 1, 2, 2], [[1, 3], [2, 4]], id="two forms, sorted by page"),
        pytest.param([2], [[1]], id="one page alone"),
    ],
)
def test_pages_are_sorted_into_copies(
    layout: FormLayout, order: list[int], copies: list[list[int]]
) -> None:
    cover = PageWords(number=0, width=612, height=792)
    pages = [
        replace(_page(layout, kind) if kind else cover, number=number)
        for number, kind in enumerate(order, 1)
    ]
    found = group_pages(register_pages(pages, [layout]))
    assert [[r.page.number for r in copy] for copy in found] == copies
    assert all([r.layout.number for r in copy] in ([1, 2], [2]) for copy in found)


def _revise(layout: FormLayout, *, every: int, version: str) -> FormLayout:
    """Return another revision: every so many words are others."""
    pages = tuple(
        replace(
            page,
            definition=version,
            words=tuple(
                w._replace(text=f"new{n}") if n % every == 0 else w
                for n, w in enumerate(page.words)
            ),
        )
        for page in layout.pages
    )
    return replace(layout, definition=version, version_text=version, pages=pages)


def test_of_two_revisions_the_one_that_fits_better_is_found(layout: FormLayout) -> None:
    other = replace(_revise(layout, every=8, version="x/2"), version_text="not printed")
    for wanted in (layout, other):
        found = register_pages([_page(wanted, 1), _page(wanted, 2)], [other, layout])
        assert [r.layout.definition for r in found] == [wanted.definition] * 2


def test_of_revisions_that_look_alike_the_printed_version_tells(layout: FormLayout) -> None:
    twin = _revise(layout, every=10_000, version="x/2")
    assert [r.layout.definition for r in register_pages([_page(layout)], [twin, layout])] == [
        "cjs-request/1"
    ]
    renamed = replace(
        _page(layout),
        words=tuple(
            w._replace(text="x/2") if w.text == "cjs-request/1" else w for w in _page(layout).words
        ),
    )
    assert [r.layout.definition for r in register_pages([renamed], [layout, twin])] == ["x/2"]


def test_words_moved_along_their_lines_by_another_font_do_not_hide_the_page(
    layout: FormLayout,
) -> None:
    first = {round(w.box[1]): w.box[0] for w in reversed(layout.pages[0].words)}
    moved = tuple(
        w._replace(box=(x + 0.15 * (x - first[round(w.box[1])]), y, right, top))
        for w in layout.pages[0].words
        for x, y, right, top in [w.box]
    )
    stretched = tuple(
        w._replace(box=(w.box[0], w.box[1], w.box[0] + 6 * len(w.text), w.box[3])) for w in moved
    )
    found = register_page(replace(_page(layout), words=stretched), layout.pages[0])
    assert found is not None
    assert found.is_set_anew
    assert np.abs(np.array(found.to_layout.matrix) - np.eye(3).ravel()).max() < 3


def test_a_movement_and_its_inverse_undo_each_other() -> None:
    movement = Transform((0.9, 0.05, 20.0, -0.03, 0.95, 12.0, 1e-4, 8e-5, 1.0))
    points = np.array([[10.0, 20.0], [600.0, 700.0]])
    assert np.allclose(movement.inverse().map_points(movement.map_points(points)), points)
