"""What two looks and the text behind a picture make a value worth."""

from __future__ import annotations

from datetime import date

import pytest

from config.data import read_data
from parsers.definition import FormField, parse_definition
from parsers.extraction import DOUBTFUL_BELOW
from parsers.forms.layout import Slot
from parsers.forms.slot_values import SlotText
from parsers.reading.scan_confidence import BY_HAND, judge_scan, settle
from parsers.values.by_type import normalise

TODAY = date(2026, 5, 4)
CONFIDENT = 0.95


def _field(name: str) -> FormField:
    found = parse_definition(read_data("forms/cjs-request-1.toml")).find_field(name)
    assert found is not None
    return found


def _text(text: str, certainty: float = 1.0, field: str = "requester_name") -> SlotText:
    slot = Slot(field=field, box=(0.0, 0.0, 100.0, 14.0))
    return SlotText(slot=slot, text=text, box=slot.box, page=1, confidence=certainty)


def _judge(name: str, *looks: SlotText | None) -> tuple[str, float, tuple[str, ...]]:
    first, second, behind = (*looks, None, None)[:3]
    assert first is not None
    believed = settle(first, second, behind, _field(name), today=TODAY)
    outcome = normalise(believed.text, _field(name), today=TODAY)
    return believed.text, judge_scan(_field(name), believed, outcome), believed.others


NAME, OTHER = _text("Dana Example"), _text("Dana Exarnple")


@pytest.mark.parametrize(
    ("looks", "text", "is_confident", "others"),
    [
        pytest.param((NAME, NAME), "Dana Example", True, (), id="both alike"),
        pytest.param((NAME, NAME, NAME), "Dana Example", True, (), id="and the text behind"),
        pytest.param(
            (NAME, NAME, OTHER),
            "Dana Example",
            False,
            ("Dana Exarnple",),
            id="the text behind denies it",
        ),
        pytest.param(
            (NAME, OTHER), "Dana Example", False, ("Dana Exarnple",), id="the looks differ"
        ),
        pytest.param(
            (OTHER, NAME, NAME),
            "Dana Example",
            False,
            ("Dana Exarnple",),
            id="the text behind settles it",
        ),
        pytest.param((NAME, None), "Dana Example", False, (), id="the second saw nothing"),
        pytest.param(
            (_text("Dana Example", 0.7),) * 2, "Dana Example", False, (), id="a letter is unsure"
        ),
    ],
)
def test_what_agrees_is_confident(
    looks: tuple[SlotText | None, ...], text: str, is_confident: bool, others: tuple[str, ...]
) -> None:
    believed, sure, kept = _judge("requester_name", *looks)
    assert (believed, kept) == (text, others)
    assert (sure >= CONFIDENT) is is_confident


def test_of_two_looks_the_one_that_makes_sense_is_believed() -> None:
    wrong, right = _text("O3/15/2O26"), _text("03/15/2026")
    assert _judge("subject_birth_date", wrong, right)[0] == "03/15/2026"
    assert _judge("subject_birth_date", right, wrong)[0] == "03/15/2026"


@pytest.mark.parametrize(
    ("name", "read", "text"),
    [
        pytest.param("requester_email", "m.o @courts. example", "m.o@courts.example", id="none"),
        pytest.param("case_numbers", "26-CR-1& 26-CR-2", "26-CR-1 & 26-CR-2", id="two of them"),
        pytest.param("requester_agency", "Law Offices of A&B", "Law Offices of A&B", id="as read"),
    ],
)
def test_blanks_are_where_they_can_be(name: str, read: str, text: str) -> None:
    look = _text(read, field=name)
    assert _judge(name, look, look)[0] == text


@pytest.mark.parametrize(
    "behind", [None, _text("Dana Example")], ids=["alone", "told by the text behind"]
)
def test_a_pen_is_doubtful_whatever_agrees(behind: SlotText | None) -> None:
    by_hand = _text("Dana Example", BY_HAND)
    assert _judge("requester_name", by_hand, by_hand, behind)[1] < DOUBTFUL_BELOW


@pytest.mark.parametrize(
    ("name", "text", "is_confident"),
    [
        pytest.param("bond_number", "XP-783-1051", True, id="nothing that looks alike"),
        pytest.param("bond_number", "BA0123", False, id="a 0 beside a letter"),
        pytest.param("subject_fbi_number", "175O77AB1", False, id="an O between digits"),
        pytest.param("case_numbers", "26-CR-000123", True, id="a 0 among digits"),
        pytest.param("requester_name", "Dana O1iver", True, id="only codes mix both"),
        pytest.param("requester_name", "Dana O'Example", False, id="an apostrophe of either kind"),
        pytest.param("requester_address", "31/2 Muñoz Calle Real", False, id="a fraction"),
        pytest.param("requester_address", "3 Muñoz Calle Real", True, id="no fraction"),
        pytest.param("subject_birth_date", "03/15/1985", True, id="a date"),
        pytest.param("subject_birth_date", "03/95/1985", False, id="no date"),
        pytest.param("subject_birth_date", "03/04/1985", False, id="a date with two readings"),
    ],
)
def test_what_looks_alike_or_makes_no_sense_is_not_confident(
    name: str, text: str, is_confident: bool
) -> None:
    look = _text(text, field=name)
    assert (_judge(name, look, look)[1] >= CONFIDENT) is is_confident


@pytest.mark.parametrize(
    ("field", "looks", "text"),
    [
        pytest.param("case_numbers", ["F -2026-1", "F -2026-1"], "F-2026-1", id="a blank before"),
        pytest.param("case_numbers", ["F- 2026-1", "F-2026-1"], "F-2026-1", id="a blank behind"),
        pytest.param("case_numbers", ["26-1 - 26-3"], "26-1 - 26-3", id="blanks on both sides"),
        pytest.param("purpose", ["a city -wide"], "a city -wide", id="of words nobody knows"),
        pytest.param("subject_aliases", ['“Flaco"', '"Flaco”'], "“Flaco”", id="half curled"),
        pytest.param("purpose", ["an lCE hold, iCE"], "an ICE hold, ICE", id="a thin capital"),
        pytest.param("subject_aliases", ['"Flaco"'], '"Flaco"', id="both straight"),
        pytest.param(
            "requester_name", ["D'Invent", "D’Invent"], "D’Invent", id="seen to curl once"
        ),
        pytest.param(
            "requester_name", ["Ann O'Mara", "Anm O’Mara"], "Ann O'Mara", id="other letters too"
        ),
    ],
)
def test_blanks_and_quotes_are_mended(field: str, looks: list[str], text: str) -> None:
    texts = [_text(look, 1.0 - n / 10, field) for n, look in enumerate(looks)]
    if len(texts) == 1:
        texts *= 2
    assert settle(texts[0], texts[1], None, _field(field), today=TODAY).text == text
