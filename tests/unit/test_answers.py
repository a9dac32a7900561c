"""Parts, notes, the transfer and joined periods; the answers themselves: docs/worked-cases.md."""

from __future__ import annotations

from typing import Any

import pytest

from outbound.certification.answers import AnswerValue, NoteCode, ObligationAnswers
from outbound.certification.timeline import merge_custody
from tests.unit.certification_cases import (
    build_case,
    build_findings,
    day,
    decide,
    span,
    stays,
    transfer,
)

YES, NO, PART, ND = (
    AnswerValue.YES,
    AnswerValue.NO,
    AnswerValue.PART,
    AnswerValue.NOT_DETERMINED,
)


def answer(
    outcomes: str, dates: str = "03-10", release: str | None = None, **findings: Any
) -> ObligationAnswers:
    case = build_case(dates, release_date=None if release is None else day(release))
    (answers,) = decide(build_findings(outcomes, **findings), case).answers
    return answers


PARTS = {
    "from the middle": ({"custody": "03-15/present"}, ["03-15/03-20"]),
    "to the middle": ({"custody": "03-02/03-12"}, ["03-10/03-12"]),
    "inside": ({"custody": "03-12/03-13"}, ["03-12/03-13"]),
    "two periods": (
        {"custody": "03-02/03-11, 03-14/03-14, 03-19/present"},
        ["03-10/03-11", "03-14", "03-19/03-20"],
    ),
    "consecutive periods make one part": ({"custody": "03-12/03-13, 03-14/03-16"}, ["03-12/03-16"]),
}


@pytest.mark.parametrize(("given", "parts"), PARTS.values(), ids=PARTS.keys())
def test_part_says_from_when_to_when(given: dict[str, Any], parts: list[str]) -> None:
    q1 = answer("DETAINED", dates="03-10/03-20", **given).q1
    assert q1.value is PART
    assert q1.parts == tuple(span(part) for part in parts)


def test_part_of_an_unvouched_list_says_that_the_rest_is_not_determined() -> None:
    q1 = answer(
        "ENFORCEMENT_ACTION",
        dates="03-10/03-20",
        action="03-15",
        released_same_day=False,
        custody="03-15/present",
    ).q1
    assert q1.value is PART
    assert NoteCode.REST_NOT_DETERMINED in [note.code for note in q1.notes]


NOTES = {
    "first day of custody": ("DETAINED", {"custody": "03-10/present"}, ["custody_began"], [], []),
    "last day of custody": ("DETAINED", {"custody": "03-02/03-10"}, ["custody_ended"], [], []),
    "only day of custody": (
        "DETAINED",
        {"custody": "03-10/03-10"},
        ["custody_began", "custody_ended"],
        [],
        [],
    ),
    "inside custody": ("DETAINED", {"custody": "03-02/present"}, [], [], []),
    "a seam between joined periods is no end": (
        "DETAINED",
        {"custody": "03-02/03-10, 03-11/present"},
        [],
        [],
        [],
    ),
    "day of removal": (
        "DETAINED REMOVED",
        {"custody": "03-02/03-10", "removed": "03-10"},
        ["custody_ended"],
        ["removal_day", "not_monitored"],
        ["not_monitored"],
    ),
    "rests on an earlier removal": (
        "REMOVED",
        {"removed": "02-01"},
        [],
        ["not_monitored"],
        ["not_monitored"],
    ),
    "rests on a later removal": (
        "DETAINED REMOVED",
        {"custody": "03-02/04-17", "removed": "04-17"},
        [],
        [],
        ["not_monitored"],
    ),
    "returned before": ("RETURNED", {"returned": "02-10"}, [], [], ["see_outcome"]),
    "custody ended with a return": (
        "DETAINED RETURNED",
        {"custody": "03-02/04-10", "returned": "04-10", "in_custody": True},
        [],
        [],
        ["see_outcome"],
    ),
    "custody ended on the as-of day": (
        "DETAINED",
        {"custody": "03-02/05-04"},
        [],
        [],
        ["custody_ended"],
    ),
}


@pytest.mark.parametrize(("outcomes", "given", "n1", "n2", "n3"), NOTES.values(), ids=NOTES.keys())
def test_notes_stand_under_the_answers_they_belong_to(
    outcomes: str, given: dict[str, Any], n1: list[str], n2: list[str], n3: list[str]
) -> None:
    answers = answer(outcomes, **given)
    found = [[note.code.value for note in q.notes] for q in (answers.q1, answers.q2, answers.q3)]
    assert found == [n1, n2, n3]


TRANSFERS = {
    "named": (transfer("03-02"), YES),
    "said not": (False, NO),
    "not said": (None, ND),
}


@pytest.mark.parametrize(("said", "value"), TRANSFERS.values(), ids=TRANSFERS.keys())
def test_transfer_is_no_only_when_the_reply_says_so(said: Any, value: AnswerValue) -> None:
    assert decide(build_findings("DETAINED", direct_transfer=said)).transfer.value is value


def test_every_obligation_has_its_own_answers_in_the_order_of_the_form() -> None:
    case = build_case("03-17, 03-01, 03-10/03-12")
    answers = decide(build_findings("DETAINED", custody="03-11/present"), case).answers
    assert [a.obligation.isoformat() for a in answers] == [
        "2026-03-17",
        "2026-03-01",
        "2026-03-10/2026-03-12",
    ]
    assert [a.q1.value for a in answers] == [YES, NO, PART]


MERGES = {
    "apart": ("03-01/03-05, 03-07/03-09", "03-01/03-05, 03-07/03-09"),
    "consecutive": ("03-01/03-05, 03-06/03-09", "03-01/03-09"),
    "touching": ("03-01/03-05, 03-05/03-09", "03-01/03-09"),
    "out of order": ("03-06/03-09, 03-01/03-05", "03-01/03-09"),
    "open at the end": ("03-01/03-05, 03-06/present", "03-01/present"),
    "over the end of a month": ("02-20/02-28, 03-01/03-05", "02-20/03-05"),
}


@pytest.mark.parametrize(("given", "joined"), MERGES.values(), ids=MERGES.keys())
def test_periods_that_touch_or_follow_are_one(given: str, joined: str) -> None:
    assert merge_custody(stays(given)) == stays(joined)
