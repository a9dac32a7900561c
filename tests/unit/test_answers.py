"""The three answers, case by case: findings, obligation, what is answered and on which sentence."""

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


# Obligation 2026-03-10, records as of 2026-05-04. One row for each row of the published examples.
EXAMPLES = {
    "custody to present": ("DETAINED", {"custody": "03-02/present"}, YES, ND, YES),
    "custody until removed": (
        "DETAINED REMOVED",
        {"custody": "03-02/04-17", "removed": "04-17"},
        YES,
        NO,
        YES,
    ),
    "removed before, nothing else": ("REMOVED", {"removed": "02-01"}, ND, YES, YES),
    "removed long before this bond": (
        "REMOVED",
        {"removed": "2009-06-01", "release": "01-15"},
        ND,
        ND,
        ND,
    ),
    "removed, back in custody before the date": (
        "DETAINED REMOVED",
        {"removed": "2025-12-01", "custody": "02-15/02-20"},
        NO,
        ND,
        NO,
    ),
    "removed, back in custody after the date": (
        "DETAINED REMOVED",
        {"removed": "02-01", "custody": "04-20/present"},
        NO,
        YES,
        NO,
    ),
    "custody from the very day": ("DETAINED", {"custody": "03-10/present"}, YES, ND, YES),
    "custody to the very day": ("DETAINED", {"custody": "03-02/03-10"}, YES, ND, NO),
    "consecutive periods are one": (
        "DETAINED",
        {"custody": "03-02/03-20, 03-21/present"},
        YES,
        ND,
        YES,
    ),
    "a gap of two days": ("DETAINED", {"custody": "03-02/03-20, 03-23/present"}, YES, ND, NO),
    "removed after, no custody given": ("REMOVED", {"removed": "04-17"}, ND, NO, ND),
    "custody only later": ("DETAINED", {"custody": "04-01/present"}, NO, ND, NO),
    "a period in custody from its middle": (
        "DETAINED",
        {"dates": "03-10/03-20", "custody": "03-15/present"},
        PART,
        ND,
        NO,
    ),
}


@pytest.mark.parametrize(
    ("outcomes", "given", "q1", "q2", "q3"), EXAMPLES.values(), ids=EXAMPLES.keys()
)
def test_published_example_is_answered_as_published(
    outcomes: str, given: dict[str, Any], q1: AnswerValue, q2: AnswerValue, q3: AnswerValue
) -> None:
    answers = answer(outcomes, **given)
    assert (answers.q1.value, answers.q2.value, answers.q3.value) == (q1, q2, q3)


IN_PERIOD = "Q1 YES: the date lies in a custody period, ends included"
ALL_CUSTODY = "Q1 NO needs DETAINED, whose periods are all ICE custody"
NO_OVERLAP = "Q1 and Q2 NO: NO_OVERLAP"
SILENCE = "nothing is inferred from silence"
LATEST = "Q2 YES: the latest removal is on or before the date"
AFTER = "Q2 NO: a removal after the date"
RETURNED = "Q2 NO: RETURNED or VOLUNTARY_DEPARTURE"
SAID_NO = "Q2 NO: Removed: no"
RELEASE = "Q2 YES: not before release_date"
BETWEEN = "Q2 YES: no custody, action, return or re-entry between"
YEAR = "Q2 YES: more than 12 months only with No later entry: yes"
WORDED = "Q3 YES as worded"
GAP = "Q3 NO: a gap"
PRESENCE = "Q3 NO: presence recorded after removal"
SEE = "Q3: return before the date: NOT DETERMINED"
ONE = "periods that touch or follow on consecutive days are one"
PERIOD = "for a period: all days YES, no day NO, some PART; Q3 from its first day"
CAUTION = "dates, not hours"

# (the sentence it rests on, outcomes, what is given, Q1, Q2, Q3)
WORKED: dict[str, tuple[str, str, dict[str, Any], AnswerValue, AnswerValue, AnswerValue]] = {
    "only day of custody": (IN_PERIOD, "DETAINED", {"custody": "03-10/03-10"}, YES, ND, NO),
    "day before custody": (ALL_CUSTODY, "DETAINED", {"custody": "03-11/present"}, NO, ND, NO),
    "day after custody": (ALL_CUSTODY, "DETAINED", {"custody": "03-02/03-09"}, NO, ND, NO),
    "between two periods": (
        ALL_CUSTODY,
        "DETAINED",
        {"custody": "03-02/03-05, 03-15/present"},
        NO,
        ND,
        NO,
    ),
    "second of two periods": (
        IN_PERIOD,
        "DETAINED",
        {"custody": "02-10/02-12, 03-01/present"},
        YES,
        ND,
        YES,
    ),
    "custody years ago only": (
        ALL_CUSTODY,
        "DETAINED",
        {"custody": "2019-01-01/2019-02-01"},
        NO,
        ND,
        NO,
    ),
    "custody to the as-of day, closed": (
        CAUTION,
        "DETAINED",
        {"custody": "03-02/05-04"},
        YES,
        ND,
        ND,
    ),
    "custody to the day before the as-of": (
        GAP,
        "DETAINED",
        {"custody": "03-02/05-03"},
        YES,
        ND,
        NO,
    ),
    "transferred out": (
        GAP,
        "DETAINED",
        {
            "custody": "03-02/03-20",
            "custody_ended": "transferred",
            "transferred_to": "U.S. Marshals",
        },
        YES,
        ND,
        NO,
    ),
    "touching periods": (ONE, "DETAINED", {"custody": "03-02/03-20, 03-20/present"}, YES, ND, YES),
    "three consecutive periods": (
        ONE,
        "DETAINED",
        {"custody": "03-02/03-09, 03-10/03-10, 03-11/present"},
        YES,
        ND,
        YES,
    ),
    "gap of one day": (GAP, "DETAINED", {"custody": "03-02/03-20, 03-22/present"}, YES, ND, NO),
    "said not removed": (SAID_NO, "DETAINED", {"removed": False}, YES, NO, YES),
    "removed on the date": (LATEST, "REMOVED", {"removed": "03-10"}, ND, YES, YES),
    "removed the day before": (LATEST, "REMOVED", {"removed": "03-09"}, ND, YES, YES),
    "removed the day after": (AFTER, "REMOVED", {"removed": "03-11"}, ND, NO, ND),
    "removed on the date from custody": (
        LATEST,
        "DETAINED REMOVED",
        {"custody": "03-02/03-10", "removed": "03-10"},
        YES,
        YES,
        YES,
    ),
    "removed before, its custody listed": (
        WORDED,
        "DETAINED REMOVED",
        {"custody": "01-15/02-01", "removed": "02-01"},
        NO,
        YES,
        YES,
    ),
    "removed after, custody after the date": (
        GAP,
        "DETAINED REMOVED",
        {"custody": "04-01/04-17", "removed": "04-17"},
        NO,
        NO,
        NO,
    ),
    "released, then removed": (
        GAP,
        "DETAINED REMOVED",
        {"custody": "03-02/03-20", "removed": "04-17", "custody_ended": "released"},
        YES,
        NO,
        NO,
    ),
    "removed from custody, back later": (
        PRESENCE,
        "DETAINED REMOVED",
        {"custody": "03-02/03-20, 04-20/present", "removed": "03-20"},
        YES,
        NO,
        NO,
    ),
    "removed from custody, taken again the next day": (
        PRESENCE,
        "DETAINED REMOVED",
        {"custody": "03-02/03-20, 03-21/present", "removed": "03-20"},
        YES,
        NO,
        NO,
    ),
    "removed, back and in custody on the date": (
        WORDED,
        "DETAINED REMOVED",
        {"removed": "01-10", "custody": "03-01/present"},
        YES,
        ND,
        YES,
    ),
    "removed, met again before the date": (
        BETWEEN,
        "REMOVED ENFORCEMENT_ACTION",
        {"removed": "02-01", "action": "03-05"},
        ND,
        ND,
        NO,
    ),
    "removed, met again on the date": (
        BETWEEN,
        "REMOVED ENFORCEMENT_ACTION",
        {"removed": "02-01", "action": "03-10"},
        ND,
        ND,
        NO,
    ),
    "removed, met again after the date": (
        PRESENCE,
        "REMOVED ENFORCEMENT_ACTION",
        {"removed": "02-01", "action": "04-01"},
        ND,
        YES,
        NO,
    ),
    "removed, handed over again before the date": (
        BETWEEN,
        "REMOVED",
        {"removed": "02-01", "direct_transfer": transfer("03-01")},
        ND,
        ND,
        NO,
    ),
    "met on the day of removal": (
        WORDED,
        "REMOVED ENFORCEMENT_ACTION",
        {"removed": "02-01", "action": "02-01"},
        ND,
        YES,
        YES,
    ),
    "returned on the date, in custody only later": (
        GAP,
        "DETAINED RETURNED",
        {"custody": "04-01/present", "returned": "03-10"},
        NO,
        NO,
        NO,
    ),
    "handed over before removal": (
        WORDED,
        "REMOVED",
        {"removed": "02-01", "direct_transfer": transfer("01-20")},
        ND,
        YES,
        YES,
    ),
    "removed, returned again before the date": (
        RETURNED,
        "REMOVED RETURNED",
        {"removed": "02-01", "returned": "03-01"},
        ND,
        NO,
        NO,
    ),
    "returned, then removed before the date": (
        LATEST,
        "REMOVED RETURNED",
        {"returned": "01-05", "removed": "02-01"},
        ND,
        YES,
        YES,
    ),
    "removed, returned again after the date": (
        PRESENCE,
        "REMOVED RETURNED",
        {"removed": "02-01", "returned": "04-01"},
        ND,
        YES,
        NO,
    ),
    "removed on the day of release on bond": (
        RELEASE,
        "REMOVED",
        {"removed": "02-01", "release": "02-01"},
        ND,
        YES,
        YES,
    ),
    "removed the day before release on bond": (
        RELEASE,
        "REMOVED",
        {"removed": "02-01", "release": "02-02"},
        ND,
        ND,
        ND,
    ),
    "removed before release, no later entry said": (
        RELEASE,
        "REMOVED",
        {"removed": "02-01", "release": "02-02", "no_later_entry": True},
        ND,
        ND,
        ND,
    ),
    "removed exactly 12 months before": (YEAR, "REMOVED", {"removed": "2025-03-10"}, ND, YES, YES),
    "removed 12 months and a day before": (YEAR, "REMOVED", {"removed": "2025-03-09"}, ND, ND, ND),
    "removed long before, no later entry said": (
        YEAR,
        "REMOVED",
        {"removed": "2009-06-01", "no_later_entry": True},
        ND,
        YES,
        YES,
    ),
    "removed long before, custody then listed": (
        SILENCE,
        "DETAINED REMOVED",
        {"removed": "2024-06-01", "custody": "2024-05-01/2024-06-01"},
        NO,
        ND,
        ND,
    ),
    "removed on a leap day, a year counted": (
        YEAR,
        "REMOVED",
        {"removed": "2024-02-29", "dates": "2025-02-28"},
        ND,
        YES,
        YES,
    ),
    "removed on a leap day, a year and a day": (
        YEAR,
        "REMOVED",
        {"removed": "2024-02-29", "dates": "2025-03-01"},
        ND,
        ND,
        ND,
    ),
    "returned before the date": (SEE, "RETURNED", {"returned": "02-10"}, ND, NO, ND),
    "returned on the date": (SILENCE, "RETURNED", {"returned": "03-10"}, ND, NO, ND),
    "returned after the date": (RETURNED, "RETURNED", {"returned": "04-10"}, ND, NO, ND),
    "returned before, its custody listed": (
        SEE,
        "DETAINED RETURNED",
        {"custody": "02-01/02-10", "returned": "02-10", "in_custody": True},
        NO,
        NO,
        ND,
    ),
    "returned from custody after the date": (
        GAP,
        "DETAINED RETURNED",
        {"custody": "03-02/04-10", "returned": "04-10", "in_custody": True},
        YES,
        NO,
        NO,
    ),
    "returned before, in custody again on the date": (
        WORDED,
        "DETAINED RETURNED",
        {"custody": "03-01/present", "returned": "02-01"},
        YES,
        NO,
        YES,
    ),
    "departed before the date": (SEE, "VOLUNTARY_DEPARTURE", {"departed": "02-10"}, ND, NO, ND),
    "departed after the date": (RETURNED, "VOLUNTARY_DEPARTURE", {"departed": "04-10"}, ND, NO, ND),
    "action on the date, released": (
        SILENCE,
        "ENFORCEMENT_ACTION",
        {"action": "03-10"},
        ND,
        ND,
        ND,
    ),
    "action on the date, kept": (
        IN_PERIOD,
        "ENFORCEMENT_ACTION",
        {"action": "03-10", "released_same_day": False, "custody": "03-10/present"},
        YES,
        ND,
        YES,
    ),
    "action after the date, kept": (
        ALL_CUSTODY,
        "ENFORCEMENT_ACTION",
        {"action": "04-01", "released_same_day": False, "custody": "04-01/present"},
        ND,
        ND,
        ND,
    ),
    "action kept and released later, list not vouched for": (
        SILENCE,
        "ENFORCEMENT_ACTION",
        {"action": "03-10", "released_same_day": False, "custody": "03-10/03-20"},
        YES,
        ND,
        ND,
    ),
    "action on the date, released, other custody listed": (
        SILENCE,
        "DETAINED ENFORCEMENT_ACTION",
        {"action": "03-10", "custody": "04-01/present"},
        ND,
        ND,
        NO,
    ),
    "action on another day, released, custody listed": (
        ALL_CUSTODY,
        "DETAINED ENFORCEMENT_ACTION",
        {"action": "03-09", "custody": "04-01/present"},
        NO,
        ND,
        NO,
    ),
    "no overlap": (NO_OVERLAP, "NO_OVERLAP", {}, NO, NO, NO),
    "no overlap, a period": (NO_OVERLAP, "NO_OVERLAP", {"dates": "03-10/03-20"}, NO, NO, NO),
    "a period all in custody": (
        PERIOD,
        "DETAINED",
        {"dates": "03-10/03-20", "custody": "03-10/present"},
        YES,
        ND,
        YES,
    ),
    "a period without custody": (
        PERIOD,
        "DETAINED",
        {"dates": "03-10/03-20", "custody": "03-21/present"},
        NO,
        ND,
        NO,
    ),
    "a period, removed in its middle": (
        PERIOD,
        "REMOVED",
        {"dates": "03-10/03-20", "removed": "03-15"},
        ND,
        PART,
        ND,
    ),
    "a period, removed on its first day": (
        PERIOD,
        "REMOVED",
        {"dates": "03-10/03-20", "removed": "03-10"},
        ND,
        YES,
        YES,
    ),
    "a period, removed after it": (
        PERIOD,
        "REMOVED",
        {"dates": "03-10/03-20", "removed": "03-21"},
        ND,
        NO,
        ND,
    ),
    "a period, custody until removed in it": (
        PERIOD,
        "DETAINED REMOVED",
        {"dates": "03-10/03-20", "custody": "03-02/03-15", "removed": "03-15"},
        PART,
        PART,
        YES,
    ),
    "a period, removal turning old in it": (
        YEAR,
        "REMOVED",
        {"dates": "03-05/03-15", "removed": "2025-03-10"},
        ND,
        PART,
        YES,
    ),
    "a period, back in custody in it": (
        BETWEEN,
        "DETAINED REMOVED",
        {"dates": "03-10/03-20", "removed": "02-01", "custody": "03-15/present"},
        PART,
        PART,
        NO,
    ),
}


@pytest.mark.parametrize(
    ("sentence", "outcomes", "given", "q1", "q2", "q3"), WORKED.values(), ids=WORKED.keys()
)
def test_worked_case_is_answered_by_its_sentence(
    sentence: str,
    outcomes: str,
    given: dict[str, Any],
    q1: AnswerValue,
    q2: AnswerValue,
    q3: AnswerValue,
) -> None:
    answers = answer(outcomes, **given)
    assert (answers.q1.value, answers.q2.value, answers.q3.value) == (q1, q2, q3), sentence


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
