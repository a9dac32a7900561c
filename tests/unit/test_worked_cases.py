"""Every row of docs/worked-cases.md comes out as it stands there."""

from __future__ import annotations

import re

import pytest

from config.sections import DetailSettings
from outbound.certification.case import Detail
from outbound.certification.disclosure import assess_disclosure, find_detail
from parsers.replies.findings import Findings, MatchedOn
from tests.unit.certification_cases import (
    ASKED_ALL,
    NOW,
    build_case,
    build_facts,
    build_findings,
    decide,
)
from tests.unit.worked_cases import (
    FILE,
    Row,
    find_refusal,
    name_row,
    read_case,
    read_findings,
    read_rows,
)


def findings_of(row: Row) -> Findings:
    found = read_findings(row.lines("findings"))
    assert isinstance(found, Findings), found
    return found


@pytest.mark.parametrize("row", read_rows("Answers"), ids=name_row)
def test_a_worked_case_is_answered_as_it_stands(row: Row) -> None:
    (answers,) = decide(findings_of(row), read_case(row["date missed"])).answers
    found = [a.value.value.replace("_", " ") for a in (answers.q1, answers.q2, answers.q3)]
    assert found == [row["Q1"], row["Q2"], row["Q3"]], row["rests on"]


def test_there_are_enough_of_them_and_each_rests_on_a_rule_that_stands_there() -> None:
    rules = set(re.findall(r"^\| (R\d+) \| .+\.? \|$", FILE.read_text(), re.MULTILINE))
    rows = read_rows("Answers")
    assert len(rows) >= 80
    assert {row["rests on"] for row in rows} == rules
    for section in ("Answers", "Outcomes", "Refused, never reconciled"):
        numbers = [int(row["no."]) for row in read_rows(section)]
        assert numbers == list(range(1, len(numbers) + 1))


@pytest.mark.parametrize("row", read_rows("Outcomes"), ids=name_row)
def test_an_outcome_is_told_in_the_sentences_that_stand_there(row: Row) -> None:
    facts = build_facts(findings_of(row), read_case(row["dates missed"]))
    assert facts.determination is not None
    assert list(facts.determination.statements) == row.lines("sentences")


@pytest.mark.parametrize("row", read_rows("Identifiers that agreed"), ids=name_row)
def test_identifiers_are_printed_and_enough_as_it_stands(row: Row) -> None:
    matched = tuple(MatchedOn(name) for name in row["matched on"].split("; "))
    findings = build_findings(matched_on=matched)
    facts = build_facts(findings)
    assert facts.determination is not None
    assert facts.determination.matched_on_text == row["printed as"]
    found = assess_disclosure(
        case=build_case(), findings=findings, base_detail=Detail.FULL, today=NOW.date()
    )
    enough = "no" if found.blocked else "with a second person" if found.second_person else "yes"
    assert enough == row["is enough"]


@pytest.mark.parametrize(
    "row", read_rows("What each class of requester may be told"), ids=lambda r: r["I am a"]
)
def test_a_class_is_told_what_stands_there_and_no_more(row: Row) -> None:
    kind, has_consent = row["I am a"], row["consent attached"] == "yes"
    base = Detail(DetailSettings().find_level(kind))
    detail = find_detail(kind, base=base, has_consent=has_consent)
    assert detail.value == row["level"]
    if detail is Detail.NONE:
        assert row["sentences"] == "nothing"
        return
    lines = [
        "Outcome: detained; removed",
        "Custody: 2026-03-02 to 2026-04-17",
        "Custody ended: removed",
        "Direct transfer: Example County Jail, 2026-03-02",
        "Removed: 2026-04-17",
    ]
    findings = read_findings(lines)
    assert isinstance(findings, Findings)
    case = build_case(requester_type=kind, information_requested=ASKED_ALL)
    facts = build_facts(findings, case, detail=detail)
    assert facts.determination is not None
    assert list(facts.determination.statements) == row.lines("sentences")


@pytest.mark.parametrize("row", read_rows("Refused, never reconciled"), ids=name_row)
def test_findings_are_refused_with_the_reasons_that_stand_there(row: Row) -> None:
    assert find_refusal(row) == row.lines("told")
