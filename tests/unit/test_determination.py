"""What findings are refused for, when a second person is needed, and what always holds."""

from __future__ import annotations

import dataclasses
import pickle
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from outbound.certification.answers import AnswerValue, ObligationAnswers
from outbound.certification.case import Obligation
from outbound.certification.determination import FindingsRefused, determine, has_stale_records
from parsers.replies.findings import CustodyPeriod, DirectTransfer, Findings, MatchedOn, Outcome
from tests.unit.certification_cases import (
    AS_OF,
    EASTERN,
    NOW,
    build_case,
    build_findings,
    decide,
    stays,
    transfer,
)

# (outcomes, findings, case, the problems as (code, field))
REFUSED: dict[str, tuple[str, dict[str, Any], dict[str, Any], set[tuple[str, str]]]] = {
    "custody ends before removal, unexplained": (
        "DETAINED REMOVED",
        {"custody": "03-02/04-15", "removed": "04-17"},
        {},
        {("custody_ends_before_removal", "Custody")},
    ),
    "custody ends before removal, said to end by it": (
        "DETAINED REMOVED",
        {"custody": "03-02/04-15", "removed": "04-17", "custody_ended": "removed"},
        {},
        {
            ("custody_ends_before_removal", "Custody"),
            ("ended_by_removal_on_other_day", "Custody ended"),
        },
    ),
    "an earlier custody ends before removal, a later one is explained": (
        "DETAINED REMOVED",
        {"custody": "03-02/04-15, 04-25/04-28", "removed": "04-17", "custody_ended": "released"},
        {},
        {("custody_ends_before_removal", "Custody")},
    ),
    "present with a removal": (
        "DETAINED REMOVED",
        {"custody": "03-02/present", "removed": "04-17"},
        {},
        {("present_with_removal", "Custody")},
    ),
    "present since the day of removal": (
        "DETAINED REMOVED",
        {"custody": "04-17/present", "removed": "04-17"},
        {},
        {("present_with_removal", "Custody")},
    ),
    "custody past the removal": (
        "DETAINED REMOVED",
        {"custody": "03-02/04-20", "removed": "04-17"},
        {},
        {("custody_after_removal", "Custody")},
    ),
    "custody from the day of removal on": (
        "DETAINED REMOVED",
        {"custody": "04-17/04-20", "removed": "04-17"},
        {},
        {("custody_after_removal", "Custody")},
    ),
    "released on the day of removal": (
        "DETAINED REMOVED",
        {"custody": "03-02/04-17", "removed": "04-17", "custody_ended": "released"},
        {},
        {("ended_otherwise_on_removal_day", "Custody ended")},
    ),
    "as-of before the obligation": (
        "DETAINED",
        {"records_as_of": datetime(2026, 3, 9, 23, 59, tzinfo=EASTERN)},
        {},
        {("as_of_before_obligation", "Records as of")},
    ),
    "as-of before the last day of the last obligation": (
        "DETAINED",
        {},
        {"dates": "03-10, 05-01/05-05"},
        {("as_of_before_obligation", "Records as of")},
    ),
    "as-of later than now": (
        "DETAINED",
        {"records_as_of": NOW + timedelta(minutes=1)},
        {},
        {("as_of_in_future", "Records as of")},
    ),
    "custody after the as-of": (
        "DETAINED",
        {"custody": "03-02/05-05"},
        {},
        {("after_the_as_of", "Custody")},
    ),
    "removal after the as-of": (
        "REMOVED",
        {"removed": "05-05"},
        {},
        {("after_the_as_of", "Removed")},
    ),
    "action after the as-of": (
        "ENFORCEMENT_ACTION",
        {"action": "06-01"},
        {},
        {("after_the_as_of", "Action")},
    ),
    "removal before birth": (
        "REMOVED",
        {"removed": "1989-01-01"},
        {},
        {("before_birth", "Removed")},
    ),
    "custody reversed": (
        "DETAINED",
        {"custody": "03-20/03-02"},
        {},
        {("custody_reversed", "Custody")},
    ),
    "custody overlaps": (
        "DETAINED",
        {"custody": "03-02/03-20, 03-15/04-01"},
        {},
        {("custody_overlaps", "Custody")},
    ),
    "custody inside custody": (
        "DETAINED",
        {"custody": "03-02/04-01, 03-10/03-12"},
        {},
        {("custody_overlaps", "Custody")},
    ),
    "present, then more custody": (
        "DETAINED",
        {"custody": "03-02/present, 04-01/04-05"},
        {},
        {("custody_overlaps", "Custody")},
    ),
    "no overlap with another outcome": (
        "NO_OVERLAP DETAINED",
        {},
        {},
        {("no_overlap_with_other", "Outcome")},
    ),
    "no overlap with removed: no": (
        "NO_OVERLAP",
        {"removed": False},
        {},
        {("no_overlap_with_other", "Outcome")},
    ),
    "no overlap with custody": (
        "NO_OVERLAP",
        {"custody": "04-01/present"},
        {},
        {("no_overlap_with_other", "Outcome")},
    ),
    "no information is no finding": (
        "NO_INFORMATION",
        {},
        {},
        {("no_information", "Outcome")},
    ),
    "no outcome": ("", {}, {}, {("needed", "Outcome")}),
    "nothing matched": ("DETAINED", {"matched_on": ()}, {}, {("needed", "Matched on")}),
    "no basis": ("DETAINED", {"basis": " "}, {}, {("needed", "Basis")}),
    "detained without its needs": (
        "DETAINED",
        {"custody": (), "facility": None},
        {},
        {("needed_by_outcome", "Custody"), ("needed_by_outcome", "Facility")},
    ),
    "removed without its needs": (
        "REMOVED",
        {"country": None},
        {},
        {("needed_by_outcome", "Removed"), ("needed_by_outcome", "Country")},
    ),
    "removed, and removed: no": (
        "REMOVED",
        {"removed": False},
        {},
        {("needed_by_outcome", "Removed"), ("removed_and_not_removed", "Removed")},
    ),
    "returned without its needs": (
        "RETURNED",
        {"country": None, "in_custody": None},
        {},
        {
            ("needed_by_outcome", "Returned"),
            ("needed_by_outcome", "Country"),
            ("needed_by_outcome", "In custody"),
        },
    ),
    "departed without its needs": (
        "VOLUNTARY_DEPARTURE",
        {"in_custody": None},
        {},
        {("needed_by_outcome", "Departed"), ("needed_by_outcome", "In custody")},
    ),
    "action without its needs": (
        "ENFORCEMENT_ACTION",
        {"place": " ", "released_same_day": None},
        {},
        {
            ("needed_by_outcome", "Action"),
            ("needed_by_outcome", "Place"),
            ("needed_by_outcome", "Released same day"),
        },
    ),
    "kept after an action, without custody": (
        "ENFORCEMENT_ACTION",
        {"action": "03-10", "released_same_day": False},
        {},
        {("needed_by_outcome", "Custody")},
    ),
    "transferred to nobody": (
        "DETAINED",
        {"custody": "03-02/03-20", "custody_ended": "transferred"},
        {},
        {("needed_by_outcome", "Custody ended")},
    ),
    "transferred to somebody, ended by release": (
        "DETAINED",
        {"custody": "03-02/03-20", "custody_ended": "released", "transferred_to": "U.S. Marshals"},
        {},
        {("transferred_to_without_transfer", "Custody ended")},
    ),
    "removal without its outcome": (
        "DETAINED",
        {"custody": "03-02/04-17", "removed": "04-17"},
        {},
        {("unused", "Removed")},
    ),
    "custody without its outcome": (
        "REMOVED",
        {"custody": "03-02/04-17", "removed": "04-17"},
        {},
        {("unused", "Custody")},
    ),
    "return and departure without their outcomes": (
        "DETAINED",
        {"returned": "02-01", "departed": "02-02", "in_custody": False},
        {},
        {("unused", "Returned"), ("unused", "Departed"), ("unused", "In custody")},
    ),
    "ended while present": (
        "DETAINED",
        {"custody_ended": "released"},
        {},
        {("ended_while_present", "Custody ended")},
    ),
    "ended without custody": (
        "REMOVED",
        {"removed": "04-17", "custody_ended": "removed"},
        {},
        {("ended_without_custody", "Custody ended")},
    ),
    "ended by a removal nobody stated": (
        "DETAINED",
        {"custody": "03-02/04-17", "custody_ended": "removed"},
        {},
        {("ended_by_unstated_removal", "Custody ended")},
    ),
    "no later entry, and a later custody": (
        "DETAINED REMOVED",
        {"custody": "04-20/present", "removed": "02-01", "no_later_entry": True},
        {},
        {("later_entry_recorded", "No later entry")},
    ),
    "removed and returned on one day": (
        "REMOVED RETURNED",
        {"removed": "02-01", "returned": "02-01"},
        {},
        {("left_twice_in_a_day", "Removed"), ("left_twice_in_a_day", "Returned")},
    ),
    "custody goes on after a return": (
        "DETAINED RETURNED",
        {"custody": "03-02/04-17", "returned": "04-01"},
        {},
        {("custody_after_return", "Returned")},
    ),
    "returned in custody, outside all custody": (
        "DETAINED RETURNED",
        {"custody": "03-02/04-01", "returned": "04-10", "in_custody": True},
        {},
        {("return_outside_custody", "In custody")},
    ),
    "returned in custody, and released that day": (
        "DETAINED RETURNED",
        {
            "custody": "03-02/04-10",
            "returned": "04-10",
            "in_custody": True,
            "custody_ended": "released",
        },
        {},
        {("ended_otherwise_on_return_day", "Custody ended")},
    ),
    "released the same day, and kept": (
        "DETAINED ENFORCEMENT_ACTION",
        {"custody": "03-10/present", "action": "03-10"},
        {},
        {("custody_after_release", "Released same day")},
    ),
    "kept, but in no custody": (
        "DETAINED ENFORCEMENT_ACTION",
        {"custody": "04-01/present", "action": "03-10", "released_same_day": False},
        {},
        {("action_outside_custody", "Custody")},
    ),
    "kept, and released that day": (
        "DETAINED ENFORCEMENT_ACTION",
        {
            "custody": "03-10/03-10",
            "action": "03-10",
            "released_same_day": False,
            "custody_ended": "released",
        },
        {},
        {("released_on_the_day", "Released same day")},
    ),
    "a transfer with which no custody begins": (
        "DETAINED",
        {"direct_transfer": transfer("03-05")},
        {},
        {("transfer_not_at_beginning", "Direct transfer")},
    ),
    "removed to the United States": (
        "REMOVED",
        {"removed": "02-01", "country": "PR"},
        {},
        {("country_is_united_states", "Country")},
    ),
    "removed to nowhere": (
        "REMOVED",
        {"removed": "02-01", "country": "QQ"},
        {},
        {("unknown_country", "Country")},
    ),
    "matched on a number the request does not give": (
        "DETAINED",
        {},
        {"identifiers_given": (MatchedOn.NAME, MatchedOn.BIRTH_DATE)},
        {("matched_on_not_given", "Matched on")},
    ),
    "a facility no page can hold": (
        "DETAINED",
        {"facility": "F" * 161},
        {},
        {("too_long", "Facility")},
    ),
}


@pytest.mark.parametrize(
    ("outcomes", "findings", "case", "problems"), REFUSED.values(), ids=REFUSED.keys()
)
def test_contradictions_are_refused_with_code_and_field(
    outcomes: str,
    findings: dict[str, Any],
    case: dict[str, Any],
    problems: set[tuple[str, str]],
) -> None:
    with pytest.raises(FindingsRefused) as refused:
        decide(build_findings(outcomes, **findings), build_case(**case))
    assert {(p.code, p.field) for p in refused.value.problems} == problems
    assert all(p.message.endswith((".", ").")) for p in refused.value.problems)


def test_all_contradictions_are_reported_at_once() -> None:
    findings = build_findings(
        "DETAINED REMOVED",
        custody="03-02/04-15",
        removed="04-17",
        facility=None,
        basis="",
        records_as_of=NOW + timedelta(hours=1),
    )
    with pytest.raises(FindingsRefused) as refused:
        decide(findings)
    assert {p.code for p in refused.value.problems} == {
        "needed",
        "needed_by_outcome",
        "as_of_in_future",
        "custody_ends_before_removal",
    }


def test_refusal_survives_a_process_boundary() -> None:
    with pytest.raises(FindingsRefused) as refused:
        decide(build_findings(""))
    assert pickle.loads(pickle.dumps(refused.value)).problems == refused.value.problems


ACCEPTED: dict[str, tuple[str, dict[str, Any]]] = {
    "custody ends before removal, by release": (
        "DETAINED REMOVED",
        {"custody": "03-02/04-15", "removed": "04-17", "custody_ended": "released"},
    ),
    "present custody after an earlier removal": (
        "DETAINED REMOVED",
        {"custody": "04-20/present", "removed": "02-01"},
    ),
    "as-of on the day of the obligation": (
        "DETAINED",
        {"records_as_of": AS_OF.replace(month=3, day=10)},
    ),
    "as-of this very minute": ("DETAINED", {"records_as_of": NOW}),
    "a country and a facility that no outcome prints": (
        "VOLUNTARY_DEPARTURE",
        {"departed": "02-01", "country": "MX", "facility": "Example Processing Center"},
    ),
    "an outcome written twice": ("DETAINED DETAINED", {}),
    "returned on the last day of custody, not in custody": (
        "DETAINED RETURNED",
        {"custody": "03-02/04-10", "returned": "04-10", "custody_ended": "released"},
    ),
    "a return in custody before the list begins": (
        "DETAINED RETURNED",
        {"custody": "03-02/present", "returned": "2020-01-01", "in_custody": True},
    ),
}


@pytest.mark.parametrize(("outcomes", "findings"), ACCEPTED.values(), ids=ACCEPTED.keys())
def test_findings_that_only_look_odd_are_accepted(outcomes: str, findings: dict[str, Any]) -> None:
    assert decide(build_findings(outcomes, **findings)).answers


SECOND_PERSON: dict[str, tuple[str, dict[str, Any], dict[str, Any], list[str]]] = {
    "detained": ("DETAINED", {}, {}, []),
    "no overlap": ("NO_OVERLAP", {}, {}, ["no_overlap"]),
    "old removal": (
        "REMOVED",
        {"removed": "2009-06-01", "no_later_entry": True},
        {},
        ["old_removal"],
    ),
    "old removal that answers nothing": ("REMOVED", {"removed": "2009-06-01"}, {}, []),
    "old for the last date only": (
        "REMOVED",
        {"removed": "2025-03-15", "no_later_entry": True},
        {"dates": "03-10, 03-20"},
        ["old_removal"],
    ),
    "removal to the country of birth": ("REMOVED", {"removed": "02-01"}, {}, []),
    "removal to the country of citizenship": (
        "REMOVED",
        {"removed": "02-01", "country": "MX"},
        {"citizenship": "MX"},
        [],
    ),
    "removal to a third country": (
        "REMOVED",
        {"removed": "02-01", "country": "MX"},
        {},
        ["third_country"],
    ),
    "return to a third country": (
        "RETURNED",
        {"returned": "02-01", "country": "MX"},
        {},
        ["third_country"],
    ),
    "birth and citizenship unknown": (
        "REMOVED",
        {"removed": "02-01"},
        {"birth_country": "Unknown"},
        ["third_country"],
    ),
}


@pytest.mark.parametrize(
    ("outcomes", "findings", "case", "codes"), SECOND_PERSON.values(), ids=SECOND_PERSON.keys()
)
def test_second_person_is_needed_where_the_rules_say(
    outcomes: str, findings: dict[str, Any], case: dict[str, Any], codes: list[str]
) -> None:
    determination = decide(build_findings(outcomes, **findings), build_case(**case))
    assert [reason.code for reason in determination.second_person] == codes


def test_the_day_of_the_as_of_is_counted_where_the_office_is() -> None:
    # Half past two in the morning UTC is still the evening before in New York.
    findings = build_findings(
        "DETAINED", custody="03-02/03-10", records_as_of=datetime(2026, 3, 11, 2, 30, tzinfo=UTC)
    )
    assert decide(findings).as_of == date(2026, 3, 10)


STALE = {
    "72 hours": (timedelta(hours=72), False),
    "72 hours and a minute": (timedelta(hours=72, minutes=1), True),
}


@pytest.mark.parametrize(("age", "is_stale"), STALE.values(), ids=STALE.keys())
def test_records_are_asked_for_again_after_72_hours(age: timedelta, *, is_stale: bool) -> None:
    assert has_stale_records(NOW - age, now=NOW) is is_stale


# Properties. Findings are drawn freely; those that contradict themselves are refused and pass.

DAYS = st.dates(date(2025, 1, 1), date(2026, 5, 4))


@st.composite
def custody_lists(draw: st.DrawFn) -> tuple[CustodyPeriod, ...]:
    """Draw up to four periods that do not overlap, the last perhaps open."""
    days = sorted(draw(st.lists(DAYS, min_size=2, max_size=8, unique=True)))
    pairs = list(zip(days[::2], days[1::2], strict=False))
    periods = [CustodyPeriod(first=first, last=last) for first, last in pairs]
    if draw(st.booleans()):
        periods[-1] = dataclasses.replace(periods[-1], last=None)
    return tuple(periods)


@st.composite
def any_findings(draw: st.DrawFn) -> Findings:
    """Draw findings of any outcomes with plausible fields."""
    outcomes = draw(
        st.lists(
            st.sampled_from([o for o in Outcome if o is not Outcome.NO_INFORMATION]),
            min_size=1,
            max_size=3,
            unique=True,
        )
    )
    custody = draw(custody_lists()) if Outcome.DETAINED in outcomes else ()
    changes: dict[str, Any] = {"custody": custody}
    if Outcome.REMOVED in outcomes:
        ends = [p.last for p in custody if p.last is not None]
        changes["removed"] = draw(st.sampled_from(ends) | DAYS if ends else DAYS)
        changes["no_later_entry"] = draw(st.booleans())
    for outcome, name in (
        (Outcome.RETURNED, "returned"),
        (Outcome.VOLUNTARY_DEPARTURE, "departed"),
        (Outcome.ENFORCEMENT_ACTION, "action"),
    ):
        if outcome in outcomes:
            changes[name] = draw(DAYS)
    if draw(st.booleans()) and custody:
        changes["direct_transfer"] = DirectTransfer(
            agency="Example County Jail", on=custody[0].first
        )
    return build_findings(" ".join(outcomes), **changes)


@st.composite
def obligations(draw: st.DrawFn) -> Obligation:
    """Draw a day or a period of up to a month."""
    first = draw(DAYS)
    length = draw(st.integers(0, 30))
    return Obligation(first=first, last=min(first + timedelta(days=length), date(2026, 5, 4)))


def try_answers(findings: Findings, obligation: Obligation) -> ObligationAnswers | None:
    case = dataclasses.replace(build_case(), obligations=(obligation,))
    try:
        return determine(findings, case, now=NOW, zone=EASTERN).answers[0]
    except FindingsRefused:
        return None


@settings(max_examples=150)
@given(any_findings(), obligations())
def test_silence_is_never_no(findings: Findings, obligation: Obligation) -> None:
    answers = try_answers(findings, obligation)
    if answers is None:
        return
    said = set(findings.outcomes)
    if answers.q1.value is AnswerValue.NO:
        assert said & {Outcome.DETAINED, Outcome.NO_OVERLAP}
    if answers.q2.value is AnswerValue.NO:
        left = {Outcome.RETURNED, Outcome.VOLUNTARY_DEPARTURE, Outcome.NO_OVERLAP}
        is_later = isinstance(findings.removed, date) and findings.removed > obligation.first
        assert said & left or is_later
    if answers.q3.value is AnswerValue.NO:
        assert said & {Outcome.DETAINED, Outcome.NO_OVERLAP, Outcome.REMOVED}


@settings(max_examples=150)
@given(any_findings(), obligations(), st.randoms(use_true_random=False))
def test_the_order_of_findings_does_not_matter(
    findings: Findings, obligation: Obligation, random: Any
) -> None:
    custody, outcomes = list(findings.custody), list(findings.outcomes)
    random.shuffle(custody)
    random.shuffle(outcomes)
    shuffled = dataclasses.replace(findings, custody=tuple(custody), outcomes=tuple(outcomes))
    assert try_answers(shuffled, obligation) == try_answers(findings, obligation)


@settings(max_examples=150)
@given(DAYS, st.integers(1, 40), st.integers(0, 40), obligations())
def test_touching_and_consecutive_periods_are_one(
    first: date, cut: int, rest: int, obligation: Obligation
) -> None:
    middle = min(first + timedelta(days=cut), date(2026, 5, 3))
    last = min(middle + timedelta(days=1 + rest), date(2026, 5, 4))
    if first > middle:
        return
    whole = build_findings("DETAINED", custody=(CustodyPeriod(first=first, last=last),))
    for start in (middle, middle + timedelta(days=1)):
        parts = (CustodyPeriod(first=first, last=middle), CustodyPeriod(first=start, last=last))
        split = dataclasses.replace(whole, custody=parts)
        assert try_answers(split, obligation) == try_answers(whole, obligation)


@settings(max_examples=150)
@given(any_findings(), obligations())
def test_a_period_is_answered_day_by_day(findings: Findings, obligation: Obligation) -> None:
    answers = try_answers(findings, obligation)
    if answers is None:
        return
    days = [
        obligation.first + timedelta(days=n)
        for n in range((obligation.last - obligation.first).days + 1)
    ]
    each = [try_answers(findings, Obligation(first=day, last=day)) for day in days]
    for whole, singles in (
        (answers.q1, [a.q1 for a in each if a is not None]),
        (answers.q2, [a.q2 for a in each if a is not None]),
    ):
        if len(singles) != len(days):
            return
        in_parts = [any(day in part for part in whole.parts) for day in days]
        is_yes = [a.value is AnswerValue.YES for a in singles]
        if whole.value is AnswerValue.PART:
            assert in_parts == is_yes
            assert any(is_yes)
            assert not all(is_yes)
        elif whole.value is AnswerValue.YES:
            assert all(is_yes)
        elif whole.value is AnswerValue.NO:
            assert {a.value for a in singles} == {AnswerValue.NO}
        else:
            assert not any(is_yes)


def test_a_period_of_centuries_costs_no_more_than_a_day() -> None:
    case = build_case("0001-01-01/2026-05-04", birth_dates=())
    (answers,) = decide(build_findings("DETAINED", custody=stays("03-02/present")), case).answers
    assert answers.q1.value is AnswerValue.PART
