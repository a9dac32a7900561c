"""What a form's values mean for the work: route, flags and priority."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from inbox_worker.casefile.triage import (
    Sender,
    Triage,
    find_date,
    find_obligations,
    find_priority,
    triage,
)
from inbox_worker.status import RequestStatus
from parsers.extraction import FieldProblem, FieldValue, Value

TODAY = date(2026, 5, 4)
CLERK = "clerk@courts.example"

VALUES: dict[str, Value] = {
    "requester_email": CLERK,
    "subject_birth_date": "1988-07-23",
    "subject_birth_country": "GT",
    "obligation_dates": ("2026-03-10",),
    "legal_process_attached": False,
}


def judge(
    values: dict[str, Value] | None = None,
    *,
    missing: tuple[str, ...] = (),
    problems: tuple[FieldProblem, ...] = (),
    warnings: tuple[str, ...] = (),
    author: str = CLERK,
    is_proven: bool = True,
) -> Triage:
    given = {**VALUES, **(values or {})}
    return triage(
        {n: FieldValue(value=v, raw=str(v), source="acroform") for n, v in given.items()},
        missing=missing,
        problems=problems,
        warnings=warnings,
        sender=Sender(address=author, is_proven=is_proven),
        official_domains=("courts.example",),
        today=TODAY,
    )


def problem(field: str, code: str, *, flag_only: bool = False) -> FieldProblem:
    return FieldProblem(field=field, code=code, message="x", flag_only=flag_only)


AMBIGUOUS = problem("subject_birth_date", "ambiguous_date", flag_only=True)


@pytest.mark.parametrize(
    ("values", "options", "route"),
    [
        pytest.param({}, {}, "IN_REVIEW", id="complete"),
        pytest.param({}, {"missing": ("case_numbers",)}, "INCOMPLETE", id="something is missing"),
        pytest.param(
            {}, {"problems": (problem("x", "bad"),)}, "INCOMPLETE", id="something is wrong"
        ),
        pytest.param({}, {"problems": (AMBIGUOUS,)}, "IN_REVIEW", id="something is only doubtful"),
        pytest.param(
            {},
            {"problems": (AMBIGUOUS, problem("x", "bad"))},
            "INCOMPLETE",
            id="doubtful and wrong",
        ),
        pytest.param({"legal_process_attached": True}, {}, "LEGAL", id="a demand"),
        pytest.param(
            {"legal_process_attached": True},
            {"missing": ("case_numbers",)},
            "LEGAL",
            id="a demand, complete or not",
        ),
        pytest.param({"subject_birth_country": "US"}, {}, "LEGAL", id="born a citizen"),
        pytest.param({"subject_birth_country": "PR"}, {}, "LEGAL", id="born in a territory"),
        pytest.param({"subject_citizenship": "US"}, {}, "LEGAL", id="a claimed citizen"),
        pytest.param(
            {"subject_citizenship": "US"},
            {"missing": ("case_numbers",)},
            "INCOMPLETE",
            id="a citizen's form is completed first",
        ),
        pytest.param({"subject_birth_country": "Unknown"}, {}, "IN_REVIEW", id="unknown birth"),
    ],
)
def test_the_route(values: dict[str, Value], options: dict[str, Any], route: str) -> None:
    assert judge(values, **options).route is RequestStatus(route)


def test_a_value_that_is_not_sure_is_flagged_and_sends_nothing_back() -> None:
    fields = {
        "court_name": FieldValue(value="Court", raw="Court", source="ocr", confidence=0.79),
        "court_state": FieldValue(value="GA", raw="GA", source="ocr", confidence=0.8),
    }
    found = triage(
        fields,
        missing=(),
        problems=(),
        warnings=(),
        sender=Sender(address=CLERK, is_proven=True),
        official_domains=("courts.example",),
        today=TODAY,
    )
    assert (found.route, found.flags) == (RequestStatus.IN_REVIEW, ("doubtful",))


@pytest.mark.parametrize(
    ("values", "options", "flags"),
    [
        pytest.param({}, {}, (), id="nothing"),
        pytest.param(
            {},
            {"problems": (problem("x", "value_differs_from_page", flag_only=True),)},
            ("doubtful", "value_differs_from_page"),
            id="another value on the page",
        ),
        pytest.param(
            {},
            {"problems": (problem("x", "tick_differs", flag_only=True),)},
            ("doubtful", "value_differs_from_page"),
            id="another tick on the page",
        ),
        pytest.param(
            {},
            {"problems": (problem("x", "letters_not_drawn", flag_only=True),)},
            ("letters_not_drawn",),
            id="letters without a glyph are no doubt",
        ),
        pytest.param({}, {"author": "Clerk@Courts.Example"}, (), id="the same address, other case"),
        pytest.param(
            {}, {"author": "other@courts.example"}, ("address_differs",), id="another address"
        ),
        pytest.param(
            {"requester_email": "x@gmail.com"},
            {"author": "x@gmail.com"},
            ("webmail",),
            id="webmail",
        ),
        pytest.param(
            {"requester_email": "x@gmail.com"},
            {},
            ("webmail", "address_differs"),
            id="an office that asks for webmail",
        ),
        pytest.param(
            {"requester_email": ""},
            {"author": "x@gmail.com"},
            ("webmail",),
            id="no address on the form: the author's is judged",
        ),
        pytest.param({}, {"is_proven": False}, ("unproven_author",), id="unproven"),
        pytest.param({"identifiers_unknown": True}, {}, ("weak_identity",), id="no number known"),
        pytest.param({"legal_process_attached": True}, {}, ("legal_process",), id="a demand"),
        pytest.param({"subject_citizenship": "US"}, {}, ("citizenship",), id="a claimed citizen"),
        pytest.param({}, {"warnings": ("contains_ssn",)}, ("ssn",), id="an SSN was found"),
        pytest.param({}, {"warnings": ("contains_javascript",)}, (), id="another warning"),
        pytest.param(
            {}, {"problems": (problem("x", "bad"),)}, (), id="what is wrong is not doubtful"
        ),
    ],
)
def test_the_flags(
    values: dict[str, Value], options: dict[str, Any], flags: tuple[str, ...]
) -> None:
    assert judge(values, **options).flags == flags


@pytest.mark.parametrize(
    ("born", "ambiguous", "dates", "minor"),
    [
        pytest.param("2008-05-04", False, ("2026-05-04",), False, id="eighteen today"),
        pytest.param("2008-05-05", False, ("2026-05-04",), True, id="eighteen tomorrow"),
        pytest.param("2008-03-10", False, ("2026-03-10",), False, id="eighteen on the date"),
        pytest.param("2008-03-11", False, ("2026-03-10",), True, id="a day short on the date"),
        pytest.param(
            "2008-03-15",
            False,
            ("2026-03-10/2026-03-20",),
            True,
            id="a minor when the period began",
        ),
        pytest.param(
            "2008-03-12",
            False,
            ("2026-04-01", "2026-03-10"),
            True,
            id="on any of the dates, in any order",
        ),
        pytest.param(
            "2008-01-12", True, ("2026-04-01",), True, id="by the other reading: 1 December"
        ),
        pytest.param("2008-12-01", True, ("2026-04-01",), True, id="by the first of two readings"),
        pytest.param("2008-01-12", False, ("2026-04-01",), False, id="one reading, of age"),
        pytest.param("2004-02-29", False, ("2022-02-28",), True, id="born on a leap day"),
        pytest.param("", False, ("2026-03-10",), False, id="no birth date that can be read"),
        pytest.param("1988-07-23", False, (), False, id="no date missed that can be read"),
    ],
)
def test_a_minor_by_any_reading_on_any_date(
    born: str, ambiguous: bool, dates: tuple[str, ...], minor: bool
) -> None:
    found = judge(
        {"subject_birth_date": born, "obligation_dates": dates},
        problems=(AMBIGUOUS,) if ambiguous else (),
    )
    assert ("minor" in found.flags) == minor


@pytest.mark.parametrize(
    ("values", "priority"),
    [
        pytest.param({}, 4, id="the rest"),
        pytest.param({"consequences": ("warrant",)}, 3, id="a warrant"),
        pytest.param({"consequences": ("in_custody_on_warrant",)}, 1, id="held on the warrant"),
        pytest.param({"next_hearing_date": "2026-05-14"}, 1, id="a hearing in ten days"),
        pytest.param({"next_hearing_date": "2026-05-15"}, 4, id="a hearing in eleven"),
        pytest.param({"deadline_date": "2026-05-14"}, 1, id="due in ten days"),
        pytest.param({"deadline_date": "2026-05-15"}, 2, id="due in eleven"),
        pytest.param({"deadline_date": "2026-06-03"}, 2, id="due in thirty"),
        pytest.param({"deadline_date": "2026-06-04"}, 4, id="due in thirty-one"),
        pytest.param({"deadline_date": "2026-04-01"}, 1, id="overdue"),
        pytest.param(
            {"deadline_date": "2026-06-01", "next_hearing_date": "2026-05-08"},
            1,
            id="the earlier of the two",
        ),
        pytest.param(
            {"deadline_date": "2026-06-01", "consequences": ("warrant",)}, 2, id="bond first"
        ),
        pytest.param(
            {"deadline_date": "2027-06-01", "consequences": ("warrant",)}, 3, id="then a warrant"
        ),
        pytest.param({"deadline_date": ""}, 4, id="a date nobody can read"),
    ],
)
def test_the_priority(values: dict[str, Value], priority: int) -> None:
    assert find_priority(values, TODAY) == priority


@pytest.mark.parametrize(
    ("value", "day"),
    [
        ("2026-03-10", date(2026, 3, 10)),
        ("03/10/2026", None),
        ("", None),
        (None, None),
        (True, None),
        (("2026-03-10",), None),
    ],
)
def test_a_stored_date_is_iso(value: Value | None, day: date | None) -> None:
    assert find_date(value) == day


def test_obligations_come_as_periods_in_order() -> None:
    values: dict[str, Value] = {
        "obligation_dates": ("2026-03-17/2026-03-20", "2026-03-10", "nonsense")
    }
    assert find_obligations(values) == (
        (date(2026, 3, 10), date(2026, 3, 10)),
        (date(2026, 3, 17), date(2026, 3, 20)),
    )
