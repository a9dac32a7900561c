"""Dates and lists of dates as people write them, in English and Spanish."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parsers.values.date_lists import normalise_dates
from parsers.values.dates import find_days, normalise_date

TODAY = date(2026, 5, 4)

DATES = [
    ("03/10/2026", "2026-03-10", "US"),
    ("3/4/26", "2026-03-04", "US, short"),
    ("03-10-2026", "2026-03-10", "hyphens"),
    ("03.10.2026", "2026-03-10", "points"),
    ("03 10 2026", "2026-03-10", "blanks"),
    ("03102026", "2026-03-10", "no separators"),
    ("20260310", "2026-03-10", "ISO basic"),
    ("2026-03-10", "2026-03-10", "ISO"),
    ("2026/3/9", "2026-03-09", "year first with slashes"),
    ("2026-03-10T09:00:00Z", "2026-03-10", "ISO with a time"),
    ("10-MAR-2026", "2026-03-10", "day, month's name, year"),
    ("10MAR26", "2026-03-10", "military"),
    ("10 March 2026", "2026-03-10", "day first in words"),
    ("March 10, 2026", "2026-03-10", "American in words"),
    ("Mar. 10th 2026", "2026-03-10", "abbreviated, ordinal"),
    ("Sept. 3, 2025", "2025-09-03", "the longer abbreviation"),
    ("10th of March, 2026", "2026-03-10", "of"),
    ("10 de marzo de 2026", "2026-03-10", "Spanish"),
    ("10 de marzo del 2026", "2026-03-10", "Spanish with del"),
    ("marzo 10, 2026", "2026-03-10", "Spanish words, American order"),
    ("1ro de enero de 1985", "1985-01-01", "Spanish ordinal"),
    ("01ENE1985", "1985-01-01", "Spanish, military"),
    ("3 de setiembre de 2025", "2025-09-03", "the other spelling of September"),
    ("viernes 13 de marzo de 2026", "2026-03-13", "Spanish weekday"),
    ("Tuesday, March 10, 2026", "2026-03-10", "weekday"),
    ("Tues 3/10/2026 at 9:00 a.m.", "2026-03-10", "weekday and time"),
    ("3/10/2026 1:30 PM", "2026-03-10", "time"),
    ("3/10/2026 9 am", "2026-03-10", "short time"),
    ("25/12/1985", "1985-12-25", "only the day can be 25"),
    ("Dec 25 99", "1999-12-25", "the nearest year"),
    ("7/4/'76", "1976-07-04", "apostrophe"),
    ("6/1/31", "2031-06-01", "the nearest year may lie ahead"),
    ("12/31/69", "1969-12-31", "no deadline lies 43 years ahead"),
    ("1\u00ba de mayo de 2026", "2026-05-01", "Spanish ordinal sign"),
    ("1ero de mayo del 2026", "2026-05-01", "Spanish ordinal, longer"),
    ("primero de mayo de 2026", "2026-05-01", "Spanish ordinal in a word"),
    ("abril 3 de 2026", "2026-04-03", "Spanish, month first"),
    ("10-ene-2026", "2026-01-10", "Spanish abbreviation"),
    ("10th day of March, 2026", "2026-03-10", "as orders are dated"),
    ("3\u201310\u20132026", "2026-03-10", "en dashes"),
    ("3\\10\\2026", "2026-03-10", "backslashes"),
    ("Febuary 5, 2026", "2026-02-05", "the commonest slip"),
    ("\u200e03/10/2026\u00a0", "2026-03-10", "invisible characters"),
]

NOT_DATES = [
    ("02/30/2026", "impossible_date", "February 30"),
    ("02/29/2023", "impossible_date", "no leap year"),
    ("13/13/2026", "impossible_date", "neither can be the month"),
    ("99/99/9999", "impossible_date", "filler"),
    ("00/00/0000", "impossible_date", "zeros"),
    ("03/10/0206", "implausible_year", "a slip of the finger"),
    ("03/10/2206", "implausible_year", "too far ahead"),
    ("March 2026", "incomplete_date", "no day"),
    ("03/2026", "incomplete_date", "no day, digits"),
    ("2026", "incomplete_date", "only the year"),
    ("May 4th", "incomplete_date", "no year"),
    ("5/4", "incomplete_date", "no year, digits"),
    ("O3/10/2026", "unreadable_date", "a letter O is not silently a zero"),
    ("l2/10/2025", "unreadable_date", "nor is what is behind a letter l the month"),
    ("03/1O/2026", "unreadable_date", "in the middle"),
    ("1o de mayo de 2026", "unreadable_date", "first, or a 10 that was misread"),
    ("1/2/3", "unreadable_date", "one digit for the year"),
    ("last Tuesday", "unreadable_date", "words"),
    ("(202) 555-0100", "unreadable_date", "a phone number"),
    ("03/10/2026 and 03/11/2026", "more_than_one_date", "two dates"),
    ("x" * 5000, "unreadable_date", "far too long"),
]


def _rows(table: Sequence[tuple[object, ...]]) -> list[object]:
    return [pytest.param(*row[:-1], id=row[-1]) for row in table]


@pytest.mark.parametrize(("text", "value"), _rows(DATES))
def test_date_is_read(text: str, value: str) -> None:
    outcome = normalise_date(text, today=TODAY)
    assert (outcome.value, outcome.code) == (value, "")


@pytest.mark.parametrize(("text", "code"), _rows(NOT_DATES))
def test_what_is_no_date_is_a_problem(text: str, code: str) -> None:
    outcome = normalise_date(text, today=TODAY)
    assert (outcome.value, outcome.code) == (None, code)


@pytest.mark.parametrize("text", ["", " / / ", "N/A", "unknown", "__/__/____", "TBD"])
def test_words_for_nothing_are_blank(text: str) -> None:
    outcome = normalise_date(text, today=TODAY)
    assert (outcome.value, outcome.code) == (None, "")


@pytest.mark.parametrize(
    ("text", "value", "other"),
    [
        pytest.param("03/04/1985", "1985-03-04", "1985-04-03", id="both could be the month"),
        pytest.param("3-4-85", "1985-03-04", "1985-04-03", id="short"),
        pytest.param("12/11/30", "1930-12-11", "1930-11-12", id="a birth lies in the past"),
        pytest.param("01/02/26", "2026-01-02", "2026-02-01", id="this year, and past"),
        pytest.param("06/07/26", "1926-06-07", "1926-07-06", id="ahead: a century ago"),
    ],
)
def test_ambiguous_birth_date_keeps_both_readings(text: str, value: str, other: str) -> None:
    outcome = normalise_date(text, today=TODAY, birth=True)
    assert (outcome.value, outcome.code, outcome.alternatives) == (
        value,
        "ambiguous_date",
        (other,),
    )


@pytest.mark.parametrize(
    "text", ["05/05/1985", "03/25/1985", "25/03/1985", "1985-03-04", "4 March 1985", "MAR 4 1985"]
)
def test_birth_date_that_reads_one_way_is_not_flagged(text: str) -> None:
    assert normalise_date(text, today=TODAY, birth=True).code == ""


def test_words_beside_a_date_are_flagged_and_the_date_is_kept() -> None:
    outcome = normalise_date("approx. 03/10/2026", today=TODAY)
    assert (outcome.value, outcome.code) == ("2026-03-10", "text_beside_date")


LISTS = [
    ("03/10/2026", ("2026-03-10",), "one date"),
    (
        "03/10/2026; 03/17/2026 to 03/20/2026",
        ("2026-03-10", "2026-03-17/2026-03-20"),
        "a date and a period",
    ),
    ("03/10/2026, 03/11/2026", ("2026-03-10", "2026-03-11"), "commas"),
    ("03/10/2026 and 03/11/2026", ("2026-03-10", "2026-03-11"), "and"),
    ("03/10/2026 & 03/11/2026", ("2026-03-10", "2026-03-11"), "ampersand"),
    (
        "03/10/2026, 03/11/2026, and 03/12/2026",
        ("2026-03-10", "2026-03-11", "2026-03-12"),
        "Oxford",
    ),
    ("03/10/2026\r\n03/11/2026\r\n", ("2026-03-10", "2026-03-11"), "lines"),
    ("March 10, 2026, March 12, 2026", ("2026-03-10", "2026-03-12"), "commas inside dates"),
    ("March 10, 11 and 12, 2026", ("2026-03-10", "2026-03-11", "2026-03-12"), "one month"),
    ("March 10-12, 2026", ("2026-03-10/2026-03-12",), "a period within a month"),
    ("10 al 12 de marzo de 2026", ("2026-03-10/2026-03-12",), "Spanish period within a month"),
    ("10 y 12 de marzo de 2026", ("2026-03-10", "2026-03-12"), "Spanish pair"),
    ("del 10/03 al 12 de marzo de 2026", None, "what cannot be told is not guessed"),
    (
        "del 10 de marzo de 2026 al 12 de marzo de 2026",
        ("2026-03-10/2026-03-12",),
        "Spanish period",
    ),
    ("03/10-03/12/2026", ("2026-03-10/2026-03-12",), "the first day without its year"),
    ("03/10/2026 - 03/12/2026", ("2026-03-10/2026-03-12",), "hyphen"),
    ("03/10/2026\u201303/12/2026", ("2026-03-10/2026-03-12",), "en dash"),
    ("03/10/2026 through 03/12/2026", ("2026-03-10/2026-03-12",), "through"),
    ("from 03/10/2026 until 03/12/2026", ("2026-03-10/2026-03-12",), "from and until"),
    ("2026-03-17/2026-03-20", ("2026-03-17/2026-03-20",), "as stored"),
    ("03/10/2026 9:00 AM; 03/17/2026 1:30 PM", ("2026-03-10", "2026-03-17"), "times"),
    ("March 30 to April 2, 2026", ("2026-03-30/2026-04-02",), "one year for a period"),
    ("March 10 and April 12, 2026", ("2026-03-10", "2026-04-12"), "one year for two days"),
    ("10 de marzo y 12 de abril de 2026", ("2026-03-10", "2026-04-12"), "the same in Spanish"),
    ("3/10, 3/17/2026", ("2026-03-10", "2026-03-17"), "one year for two, digits"),
    ("between 03/10/2026 and 03/12/2026", ("2026-03-10/2026-03-12",), "between"),
    ("entre el 10 de marzo de 2026 y el 12 de marzo de 2026", ("2026-03-10/2026-03-12",), "entre"),
    ("1. 03/10/2026; 2. 03/17/2026", ("2026-03-10", "2026-03-17"), "counted"),
    ("- 03/10/2026\n- 03/17/2026", ("2026-03-10", "2026-03-17"), "bullets"),
    ("03/10/2026\n- 03/17/2026", ("2026-03-10/2026-03-17",), "a period over a line's end"),
    ("03/10/2026; 03/10/2026", ("2026-03-10",), "the same day twice"),
    ("03/17/2026; 03/10/2026", ("2026-03-17", "2026-03-10"), "order as written"),
]


@pytest.mark.parametrize(("text", "value"), _rows(LISTS))
def test_date_list_is_read(text: str, value: tuple[str, ...] | None) -> None:
    assert normalise_dates(text, today=TODAY).value == value


@pytest.mark.parametrize(
    ("text", "code"),
    [
        pytest.param("every Monday", "unreadable_dates", id="no dates"),
        pytest.param("03/10/2026 / 03/17/2026", "unreadable_dates", id="two days or a period"),
        pytest.param("03/10/2026 or so", "unreadable_dates", id="hedged"),
        pytest.param("03/10/2026 to present", "unreadable_dates", id="no last day"),
        pytest.param("not 03/10/2026", "unreadable_dates", id="a word that turns it round"),
        pytest.param("03/12/2026 to 03/10/2026", "period_backwards", id="backwards"),
        pytest.param("03/10/2026; 02/30/2026", "impossible_date", id="one impossible"),
        pytest.param("March 2026", "incomplete_date", id="no day"),
        pytest.param("03/10/2026 to 03/11/2026 to 03/12/2026", "unreadable_dates", id="two tos"),
    ],
)
def test_doubtful_date_list_is_a_problem(text: str, code: str) -> None:
    assert normalise_dates(text, today=TODAY).code == code


def test_a_remark_beside_listed_dates_is_flagged_and_the_dates_are_kept() -> None:
    outcome = normalise_dates("03/10/2026 (arraignment); 03/17/2026", today=TODAY)
    assert (outcome.value, outcome.code) == (("2026-03-10", "2026-03-17"), "text_beside_date")


def test_a_period_has_a_first_and_a_last_day() -> None:
    assert find_days("2026-03-17/2026-03-20") == (date(2026, 3, 17), date(2026, 3, 20))
    assert find_days("2026-03-17") == (date(2026, 3, 17), date(2026, 3, 17))


@given(st.dates(min_value=date(1907, 1, 1), max_value=date(2070, 1, 1)))
def test_every_unambiguous_spelling_of_a_day_reads_back(day: date) -> None:
    for pattern in ("%m/%d/%Y", "%Y-%m-%d", "%d-%b-%Y", "%B %d, %Y", "%d %B %Y"):
        assert normalise_date(day.strftime(pattern), today=TODAY).value == day.isoformat()


@given(st.text(max_size=60))
def test_no_text_raises(text: str) -> None:
    one, several = normalise_date(text, today=TODAY, birth=True), normalise_dates(text, today=TODAY)
    assert bool(one.code) == bool(one.message)
    assert bool(several.code) == bool(several.message)
