"""A file as staff read it: labels, long dates, what is doubtful, and who asks."""

from __future__ import annotations

from datetime import date

import pytest

from config.data import read_data
from inbox_worker.casefile.presentation import (
    FLAG_WORDS,
    PRIORITY_WORDS,
    build_flags,
    build_requester,
    build_sections,
    find_due,
    format_value,
)
from inbox_worker.casefile.triage import Flag
from inbox_worker.storage.models import Request
from outbound.certification.case import Detail, Reason
from outbound.certification.disclosure import Disclosure
from outbound.letters.review_letters import AddressTrust, FieldRow, FlagEffect
from parsers.definition import parse_definition
from parsers.extraction import FieldProblem, FieldValue, Value

DEFINITION = parse_definition(read_data("forms/cjs-request-1.toml"))


def value(content: Value, raw: str | None = None, *, confidence: float = 1.0) -> FieldValue:
    text = str(content) if raw is None else raw
    return FieldValue(value=content, raw=text, source="acroform", confidence=confidence)


def row_of(name: str, found: FieldValue, *notes: str) -> FieldRow:
    problems = [FieldProblem(field=name, code="x", message=n, flag_only=True) for n in notes]
    (section,) = build_sections(DEFINITION, {name: found}, problems)
    (row,) = section.rows
    return row


@pytest.mark.parametrize(
    ("name", "content", "shown"),
    [
        pytest.param("requester_type", "judge_or_clerk", "Judge or clerk", id="a choice"),
        pytest.param("requester_type", "astronaut", "astronaut", id="a choice nobody knows"),
        pytest.param(
            "information_requested",
            ("custody_on_date", "removal"),
            None,
            id="several choices by their labels",
        ),
        pytest.param("legal_process_attached", False, "no", id="no"),
        pytest.param("legal_process_attached", True, "yes", id="yes"),
        pytest.param("subject_birth_date", "1988-07-23", "July 23, 1988", id="a date"),
        pytest.param(
            "obligation_dates",
            ("2026-03-10", "2026-03-17/2026-03-20"),
            "March 10, 2026; March 17, 2026 to March 20, 2026",
            id="dates and a period",
        ),
        pytest.param("subject_birth_date", "unclear", "unclear", id="a date nobody can read"),
        pytest.param(
            "case_numbers", ("17CR-001544", "BA141368"), "17CR-001544; BA141368", id="list"
        ),
        pytest.param("requester_title", "Deputy Clerk", "Deputy Clerk", id="text"),
    ],
)
def test_a_value_is_shown_as_people_read_it(name: str, content: Value, shown: str | None) -> None:
    field = DEFINITION.find_field(name)
    assert field is not None
    if shown is None:
        labels = [c.label for c in field.choices if c.name in ("custody_on_date", "removal")]
        shown = "; ".join(labels)
        assert "_" not in shown
    assert format_value(field, content) == shown


def test_sections_stand_in_the_forms_order_and_empty_ones_are_left_out() -> None:
    fields = {
        "purpose": value("the bench warrant"),
        "court_name": value("Superior Court of Example County"),
        "requester_name": value("Dana Whitlock"),
        "requester_title": value("Deputy Clerk"),
    }
    sections = build_sections(DEFINITION, fields)
    assert [[r.label for r in s.rows] for s in sections] == [
        ["Requester name", "Title"],
        ["Court or supervising agency"],
        ["Purpose and relevance"],
    ]


@pytest.mark.parametrize(
    ("found", "notes", "flagged"),
    [
        pytest.param(value("1988-07-23"), (), False, id="nothing in doubt"),
        pytest.param(value("1988-07-23", confidence=0.79), (), True, id="read with doubt"),
        pytest.param(value("1988-07-23"), ("Day or month?",), True, id="a problem"),
    ],
)
def test_a_doubtful_value_is_marked(
    found: FieldValue, notes: tuple[str, ...], flagged: bool
) -> None:
    row = row_of("subject_birth_date", found, *notes)
    assert (row.is_flagged, row.note) == (flagged, " ".join(notes))


def test_several_problems_of_a_field_are_all_told() -> None:
    row = row_of("subject_birth_date", value("1988-04-05", "04/05/88"), "One.", "Two.")
    assert (row.note, row.raw) == ("One. Two.", "04/05/88")


def test_a_blank_field_with_a_problem_is_shown() -> None:
    problem = FieldProblem(field="case_numbers", code="missing", message="Fill it in.")
    (section,) = build_sections(DEFINITION, {}, [problem])
    assert [(r.label, r.value, r.note) for r in section.rows] == [
        ("Case or docket no.", "", "Fill it in.")
    ]


def test_what_was_written_is_shown_where_the_value_says_less() -> None:
    assert row_of("subject_a_number", value("A000000101", "000-000-101")).raw == "000-000-101"
    assert row_of("subject_family_name", value("Ejemplo")).raw == ""


# Flags.


def test_every_flag_and_every_priority_has_its_words() -> None:
    assert set(FLAG_WORDS) == set(Flag)
    assert set(PRIORITY_WORDS) == {1, 2, 3, 4}


def test_what_stops_an_approval_comes_first_then_what_takes_two() -> None:
    disclosure = Disclosure(
        detail=Detail.FULL,
        blocked=(Reason(code="a", sentence="Blocked."),),
        legal_first=(),
        second_person=(Reason(code="b", sentence="Two people."),),
    )
    flags = build_flags(Request(flags=["minor", "webmail"]), disclosure)
    assert [(f.sentence, f.effect) for f in flags][:2] == [
        ("Blocked.", FlagEffect.BLOCKS),
        ("Two people.", FlagEffect.SECOND_PERSON),
    ]
    assert [f.title for f in flags][2:] == ["Minor", "Public mail provider"]


# Who asks.


@pytest.mark.parametrize(
    ("author", "trust"),
    [
        ("clerk@courts.example", AddressTrust.OFFICIAL),
        ("clerk@county.example.gov", AddressTrust.OFFICIAL),
        ("clerk@gmail.com", AddressTrust.WEBMAIL),
        ("agent@bail.example", AddressTrust.OTHER),
    ],
)
def test_the_reviewer_is_told_how_far_the_requester_is_known(
    author: str, trust: AddressTrust
) -> None:
    requester = build_requester(
        DEFINITION,
        Request(author_address=author, author_proven=True, flags=[]),
        {"requester_name": value("Dana Whitlock"), "requester_type": value("judge_or_clerk")},
        detail_text="May be told everything.",
        official_domains=("courts.example",),
        earlier_requests=2,
    )
    assert (requester.address_trust, requester.is_authenticated) == (trust, True)
    assert (requester.name, requester.class_label) == ("Dana Whitlock", "Judge or clerk")
    assert (requester.title, requester.form_address, requester.earlier_requests) == ("", "", 2)


# What is due.


@pytest.mark.parametrize(
    ("values", "due"),
    [
        pytest.param({}, (None, ""), id="nothing"),
        pytest.param(
            {"deadline_date": "2026-06-01"}, (date(2026, 6, 1), "last day to file"), id="deadline"
        ),
        pytest.param(
            {"next_hearing_date": "2026-05-20"}, (date(2026, 5, 20), "next hearing"), id="hearing"
        ),
        pytest.param(
            {"deadline_date": "2026-06-01", "next_hearing_date": "2026-05-20"},
            (date(2026, 5, 20), "next hearing"),
            id="the earlier of the two",
        ),
        pytest.param({"deadline_date": ""}, (None, ""), id="a date nobody can read"),
    ],
)
def test_the_earlier_date_is_due(values: dict[str, Value], due: tuple[date | None, str]) -> None:
    assert find_due(values) == due
