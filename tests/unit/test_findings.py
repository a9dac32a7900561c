"""Findings as one reply writes them: read whole, or every reason why not."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parsers.replies.findings import (
    CustodyEnd,
    CustodyPeriod,
    DirectTransfer,
    Findings,
    MatchedOn,
    Outcome,
)
from parsers.replies.findings_reader import (
    FINDING_HINTS,
    FINDING_NAMES,
    MATCH_WORDS,
    parse_findings,
)
from tests.unit.reply_builders import BASES, EASTERN

ALWAYS = {
    "Matched on": "name; birth date; a-number",
    "Basis": "routine use",
    "Records as of": "2026-05-04 14:30",
}
DETAINED = {
    **ALWAYS,
    "Outcome": "detained",
    "Custody": "2026-03-02 to present",
    "Facility": "Example Processing Center, Anytown, GA",
}
REMOVED = {**ALWAYS, "Outcome": "removed", "Removed": "2026-04-17", "Country": "Guatemala"}
RETURNED = {
    **ALWAYS,
    "Outcome": "returned",
    "Returned": "2026-04-17",
    "Country": "Mexico",
    "In custody": "yes",
}
DEPARTED = {
    **ALWAYS,
    "Outcome": "voluntary departure",
    "Departed": "2026-04-17",
    "In custody": "no",
}
ACTION = {
    **ALWAYS,
    "Outcome": "enforcement action",
    "Action": "2026-03-10",
    "Place": "Example County, GA",
    "Released same day": "yes",
}
NO_OVERLAP = {**ALWAYS, "Outcome": "no overlap"}


def read(said: dict[str, str], *custody: str) -> Any:
    fields: dict[str, tuple[str, ...]] = {name: (value,) for name, value in said.items()}
    if custody:
        fields["Custody"] = custody
    return parse_findings(fields, bases=BASES, timezone=EASTERN)


def good(said: dict[str, str], *custody: str) -> Findings:
    found = read(said, *custody)
    assert isinstance(found, Findings), found
    return found


def codes(said: dict[str, str], *custody: str) -> set[str]:
    found = read(said, *custody)
    assert isinstance(found, tuple), found
    return {problem.code for problem in found}


def without(said: dict[str, str], *names: str) -> dict[str, str]:
    return {name: value for name, value in said.items() if name not in names}


WHOLE = {
    "detained": (DETAINED, Outcome.DETAINED),
    "removed": (REMOVED, Outcome.REMOVED),
    "returned": (RETURNED, Outcome.RETURNED),
    "voluntary departure": (DEPARTED, Outcome.VOLUNTARY_DEPARTURE),
    "enforcement action": (ACTION, Outcome.ENFORCEMENT_ACTION),
    "no overlap": (NO_OVERLAP, Outcome.NO_OVERLAP),
}


@pytest.mark.parametrize(("said", "outcome"), WHOLE.values(), ids=WHOLE)
def test_each_outcome_with_what_it_needs_is_whole(said: dict[str, str], outcome: Outcome) -> None:
    assert good(said).outcomes == (outcome,)


NEEDS = [(name, field) for name, (said, _) in WHOLE.items() for field in said]


@pytest.mark.parametrize(("outcome", "field"), NEEDS, ids=[f"{o} needs {f}" for o, f in NEEDS])
def test_each_outcome_without_one_of_its_needs_is_not(outcome: str, field: str) -> None:
    assert "missing_field" in codes(without(WHOLE[outcome][0], field))


@pytest.mark.parametrize("value", ["", "  ", "(where held on the date missed, else the last)"])
def test_a_field_left_empty_or_as_its_hint_was_not_said(value: str) -> None:
    assert "missing_field" in codes({**DETAINED, "Facility": value})


def test_parentheses_that_are_no_hint_are_never_passed_over() -> None:
    assert codes({**REMOVED, "Direct transfer": "(Example County Jail, 2026-03-02)"}) == {
        "bad_date"
    }
    assert codes({**REMOVED, "No later entry": "(yes)"}) == {"unknown_value"}


DAYS = [
    ("2026-03-02", date(2026, 3, 2)),
    ("03/02/2026", date(2026, 3, 2)),
    ("3/2/2026", date(2026, 3, 2)),
    ("2024-02-29", date(2024, 2, 29)),
    ("2026‑03‑02", date(2026, 3, 2)),
]


@pytest.mark.parametrize(("text", "day"), DAYS)
def test_days_are_read_in_two_ways(text: str, day: date) -> None:
    assert good({**REMOVED, "Removed": text}).removed == day


NOT_DAYS = [
    ("2026-02-29", "impossible_date"),
    ("13/02/2026", "impossible_date"),
    ("02/30/2026", "impossible_date"),
    ("2026-00-10", "impossible_date"),
    ("0026-03-02", "impossible_date"),
    ("2206-03-02", "impossible_date"),
    ("03/02/26", "bad_date"),
    ("2-3-2026", "bad_date"),
    ("20260302", "bad_date"),
    ("March 2, 2026", "bad_date"),
    ("02.03.2026", "bad_date"),
    ("2026-03-02?", "doubtful"),
    ("about 2026-03-02", "bad_date"),
    ("2026-03-02 or 03", "bad_date"),
    ("yesterday", "bad_date"),
    ("2026-03-02 2026-03-03", "bad_date"),
    ("٢٠٢٦-٠٣-٠٢", "bad_date"),
    ("yes", "bad_date"),
]


@pytest.mark.parametrize(("text", "code"), NOT_DAYS)
@pytest.mark.parametrize(
    "said", [REMOVED, RETURNED, DEPARTED, ACTION], ids=["Removed", "Returned", "Departed", "Action"]
)
def test_a_day_that_cannot_be_is_a_problem_and_never_guessed(
    said: dict[str, str], text: str, code: str
) -> None:
    name = next(n for n in ("Removed", "Returned", "Departed", "Action") if n in said)
    assert codes({**said, name: text}) == {code}


PERIODS = [
    "2026-03-02 to 2026-04-17",
    "2026-03-02 through 04/17/2026",
    "3/2/2026 until 4/17/2026",
    "2026-03-02 – 2026-04-17",
    "2026-03-02—2026-04-17",
    "2026-03-02-2026-04-17",
    "03/02/2026-04/17/2026",
    "from 2026-03-02 TO 2026-04-17",
    "2026-03-02  to\u00a02026-04-17",
]


@pytest.mark.parametrize("text", PERIODS)
def test_two_days_are_joined_by_a_word_or_a_dash(text: str) -> None:
    period = CustodyPeriod(first=date(2026, 3, 2), last=date(2026, 4, 17))
    assert good({**DETAINED, "Custody": text}).custody == (period,)


NOT_PERIODS = [
    ("2026-04-17 to 2026-03-02", "backwards_period"),
    ("2026-03-02", "bad_period"),
    ("2026-03-02 to", "bad_period"),
    ("to 2026-03-02", "bad_period"),
    ("2026-03-02 to now", "bad_period"),
    ("2026-03-02 to present day", "bad_period"),
    ("present to 2026-03-02", "bad_period"),
    ("2026-03-02 and 2026-04-17", "bad_period"),
    ("2026-03-02 to 2026-04-17 to 2026-04-20", "bad_period"),
    ("2026-03-02 to 2026-02-30", "impossible_date"),
    ("2026-03-02 to present;;2026-04-02 to present", "empty_value"),
    ("still in custody", "bad_period"),
]


@pytest.mark.parametrize(("text", "code"), NOT_PERIODS)
def test_a_period_that_cannot_be_is_a_problem(text: str, code: str) -> None:
    assert codes({**DETAINED, "Custody": text}) == {code}


def test_several_periods_come_on_lines_or_between_semicolons_in_order_of_first_day() -> None:
    found = good(
        DETAINED, "2026-04-20 to present", ("2026-01-02 to 2026-01-05; 2026-03-02 to 2026-03-09")
    )
    assert [p.first for p in found.custody] == [
        date(2026, 1, 2),
        date(2026, 3, 2),
        date(2026, 4, 20),
    ]
    assert found.custody[-1].last is None


def test_the_line_with_the_bad_period_is_the_one_that_is_named() -> None:
    found = read(DETAINED, "2026-01-02 to 2026-01-05", "2026-03-09 to 2026-03-02")
    assert [p.line for p in found] == ["Custody: 2026-03-09 to 2026-03-02"]


MOMENTS = [
    ("2026-05-04 14:30", (14, 30)),
    ("2026-05-04T14:30", (14, 30)),
    ("05/04/2026 14:30", (14, 30)),
    ("5/4/2026 2:30 pm", (14, 30)),
    ("5/4/2026, 2:30 PM", (14, 30)),
    ("5/4/2026 at 2:30 p.m.", (14, 30)),
    ("2026-05-04 12:05 am", (0, 5)),
    ("2026-05-04 12:05pm", (12, 5)),
    ("2026-05-04 00:00", (0, 0)),
    ("2026-05-04 14:30 ET", (14, 30)),
    ("2026-05-04 14:30 Eastern time", (14, 30)),
]


@pytest.mark.parametrize(("text", "clock"), MOMENTS)
def test_moments_are_in_the_given_zone(text: str, clock: tuple[int, int]) -> None:
    found = good({**REMOVED, "Records as of": text}).records_as_of
    assert found == datetime(2026, 5, 4, *clock, tzinfo=EASTERN)
    assert found.tzinfo is EASTERN


NOT_MOMENTS = [
    ("2026-05-04", "bad_moment"),
    ("14:30", "bad_moment"),
    ("now", "bad_moment"),
    ("2026-05-04 2pm", "bad_moment"),
    ("2026-05-04 14:30 PST", "bad_moment"),
    ("2026-05-04 14:30?", "doubtful"),
    ("2026-05-04 14.30", "bad_moment"),
    ("2026-05-04 24:00", "impossible_time"),
    ("2026-05-04 14:60", "impossible_time"),
    ("2026-05-04 14:30 pm", "impossible_time"),
    ("2026-05-04 0:30 am", "impossible_time"),
    ("2026-03-08 02:30", "impossible_time"),
    ("2026-02-30 14:30", "impossible_date"),
]


@pytest.mark.parametrize(("text", "code"), NOT_MOMENTS)
def test_a_moment_that_cannot_be_is_a_problem(text: str, code: str) -> None:
    assert codes({**REMOVED, "Records as of": text}) == {code}


def test_a_zone_that_is_not_eastern_takes_no_eastern_words() -> None:
    fields = {n: (v,) for n, v in {**REMOVED, "Records as of": "2026-05-04 14:30 ET"}.items()}
    found = parse_findings(fields, bases=BASES, timezone=UTC)
    assert isinstance(found, tuple)
    assert [p.code for p in found] == ["bad_moment"]


CLOSED = [
    ("Outcome", "deported", "unknown_value"),
    ("Outcome", "departed", "unknown_value"),
    ("Outcome", "not removed", "unknown_value"),
    ("Outcome", "removed?", "doubtful"),
    ("Outcome", "removed.", "unknown_value"),
    ("Outcome", "(removed) detained", "unknown_value"),
    ("Country", "Guatemala?", "doubtful"),
    ("Basis", "routine use?", "doubtful"),
    ("Records as of", "2026-05-04 14:30 ?", "doubtful"),
    ("Outcome", "removed, detained", "unknown_value"),
    ("Outcome", "no information", "no_information"),
    ("Outcome", "NO_INFORMATION; removed", "no_information"),
    ("Outcome", ";", "empty_value"),
    ("Matched on", "fingerprints", "unknown_value"),
    ("Matched on", "name and birth date", "unknown_value"),
    ("Matched on", "name;; birth date", "empty_value"),
    ("Basis", "court order", "unknown_value"),
    ("Basis", "routine use; consent", "unknown_value"),
    ("Country", "Nowhere", "unknown_country"),
    ("Country", "United States", "unknown_country"),
    ("Country", "Unknown", "unknown_country"),
    ("Country", "Anytown, Guatemala", "unknown_country"),
    ("Country", "CA", "ambiguous_country"),
    ("Direct transfer", "yes", "bad_transfer"),
    ("Direct transfer", "Example County Jail", "bad_transfer"),
    ("Direct transfer", "Example County Jail, March", "bad_date"),
    ("Direct transfer", ", 2026-03-02", "bad_text"),
    ("No later entry", "no", "unknown_value"),
    ("Removed", "maybe", "bad_date"),
]


@pytest.mark.parametrize(("name", "text", "code"), CLOSED)
def test_closed_words_are_closed(name: str, text: str, code: str) -> None:
    assert code in codes({**REMOVED, name: text})


def test_a_problem_with_a_closed_word_names_the_list() -> None:
    found = read({**REMOVED, "Matched on": "fingerprints", "Basis": "because"})
    assert all(word in found[0].message for word in MATCH_WORDS)
    assert all(word in found[1].message for word in ("routine use", "consent"))


def test_closed_words_come_in_any_case_with_hyphens_or_without_each_once() -> None:
    found = good(
        {
            **REMOVED,
            "Outcome": "REMOVED; Removed;",
            "Matched on": "A Number; a-number; FBI Number; Country of birth",
            "Basis": "Agency head’s request",
        }
    )
    assert found.outcomes == (Outcome.REMOVED,)
    assert found.matched_on == (
        MatchedOn.A_NUMBER,
        MatchedOn.FBI_NUMBER,
        MatchedOn.COUNTRY_OF_BIRTH,
    )
    assert found.basis == "agency head's request"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Guatemala", "GT"),
        ("México", "MX"),
        ("el salvador", "SV"),
        ("GTM", "GT"),
        ("Viet Nam", "VN"),
        ("Kosovo", "XK"),
    ],
)
def test_countries_are_named_in_english_or_spanish(text: str, code: str) -> None:
    assert good({**REMOVED, "Country": text}).country == code


ENDS = [
    ("released", (CustodyEnd.RELEASED, None)),
    ("Transferred to Example County Jail", (CustodyEnd.TRANSFERRED, "Example County Jail")),
]


@pytest.mark.parametrize(("text", "ended"), ENDS)
def test_custody_ends_in_closed_ways(text: str, ended: tuple[CustodyEnd, str | None]) -> None:
    found = good({**DETAINED, "Custody ended": text}, "2026-03-02 to 2026-03-09")
    assert (found.custody_ended, found.transferred_to) == ended


@pytest.mark.parametrize(
    "text", ["transferred", "transferred to", "escaped", "released on bond", "died"]
)
def test_other_endings_of_custody_are_a_problem(text: str) -> None:
    assert codes({**DETAINED, "Custody ended": text}, "2026-03-02 to 2026-03-09") == {
        "unknown_value"
    }


def test_a_direct_transfer_is_no_or_an_agency_and_a_day() -> None:
    assert good({**DETAINED, "Direct transfer": "No"}).direct_transfer is False
    assert good(DETAINED).direct_transfer is None
    found = good(
        {**DETAINED, "Direct transfer": "Jail, Example County, 03/02/2026"}
    ).direct_transfer
    assert found == DirectTransfer(agency="Jail, Example County", on=date(2026, 3, 2))


@pytest.mark.parametrize(
    "text",
    [
        "A000000123 unit",
        "Center 000-00-0000",
        "x",
        "12",
        "y" * 161,
        "Example Center; Example Jail",
        "Example Center?",
        "(where held)",
        "where held on the date missed, else the last: Example Center",
    ],
)
def test_a_facility_that_must_not_be_printed_is_refused(text: str) -> None:
    assert codes({**DETAINED, "Facility": text}) <= {
        "number_in_text",
        "bad_text",
        "hint_left",
        "doubtful",
    }


@pytest.mark.parametrize(
    "text", ["Example County", "Example County, Nowhere", ", GA", "Example County, Tribal"]
)
def test_a_place_is_a_county_and_a_state(text: str) -> None:
    assert codes({**ACTION, "Place": text}) <= {"bad_place", "bad_text"}
    assert good({**ACTION, "Place": "Example County , Georgia"}).place == "Example County, Georgia"


@pytest.mark.parametrize(("text", "value"), [("Yes", True), ("NO", False)])
def test_yes_and_no_are_the_only_answers(text: str, value: bool) -> None:
    assert good({**RETURNED, "In custody": text}).in_custody is value
    assert codes({**RETURNED, "In custody": f"{text}, I think"}) == {"unknown_value"}


TOGETHER = [
    ("removed and no removal", {**REMOVED, "Removed": "no"}, "removed_contradicts"),
    ("a removal without its outcome", {**DETAINED, "Removed": "2026-04-17"}, "removed_contradicts"),
    (
        "no later entry without a removal",
        {**DETAINED, "No later entry": "yes"},
        "removed_contradicts",
    ),
    (
        "no later entry of no removal",
        {**DETAINED, "Removed": "no", "No later entry": "yes"},
        "removed_contradicts",
    ),
    ("a facility without custody", {**REMOVED, "Facility": "Example Center"}, "custody_missing"),
    ("an end without custody", {**REMOVED, "Custody ended": "released"}, "custody_missing"),
    (
        "an end of custody to present",
        {**DETAINED, "Custody ended": "released"},
        "custody_contradicts",
    ),
    (
        "ended by a removal nobody gave",
        {**DETAINED, "Custody": "2026-03-02 to 2026-03-09", "Custody ended": "removed"},
        "custody_contradicts",
    ),
    ("a country of nothing", {**DETAINED, "Country": "Mexico"}, "field_without_outcome"),
    (
        "a return without its outcome",
        {**REMOVED, "Returned": "2026-04-17"},
        "field_without_outcome",
    ),
    (
        "a departure without its outcome",
        {**REMOVED, "Departed": "2026-04-17"},
        "field_without_outcome",
    ),
    ("in custody of a removal", {**REMOVED, "In custody": "yes"}, "field_without_outcome"),
    ("an action without its outcome", {**REMOVED, "Action": "2026-04-17"}, "field_without_outcome"),
    ("kept after the action, no custody", {**ACTION, "Released same day": "no"}, "missing_field"),
    (
        "no overlap and detained",
        {**DETAINED, "Outcome": "no overlap; detained"},
        "no_overlap_alone",
    ),
    ("no overlap and a fact", {**NO_OVERLAP, "Removed": "no"}, "no_overlap_alone"),
    (
        "two periods to present",
        {**DETAINED, "Custody": ("2026-01-02 to present; 2026-03-02 to present")},
        "custody_contradicts",
    ),
    (
        "a period after present",
        {**DETAINED, "Custody": ("2026-01-02 to present; 2026-03-02 to 2026-03-09")},
        "custody_contradicts",
    ),
]


@pytest.mark.parametrize(
    ("said", "code"), [(s, c) for _, s, c in TOGETHER], ids=[i for i, _, _ in TOGETHER]
)
def test_findings_that_do_not_go_together_are_refused(said: dict[str, str], code: str) -> None:
    assert codes(said) == {code}


FITTING = [
    ("detained, not removed", {**DETAINED, "Removed": "no"}),
    ("removed, with earlier custody", {**REMOVED, "Custody": "2026-01-02 to 2026-01-09"}),
    ("removed, no later entry", {**REMOVED, "No later entry": "yes"}),
    (
        "held after the action",
        {**ACTION, "Released same day": "no", "Custody": "2026-03-10 to present"},
    ),
    ("no overlap with remarks", {**NO_OVERLAP, "Remarks": "searched twice"}),
    (
        "detained and removed",
        {
            **DETAINED,
            **REMOVED,
            "Outcome": "detained; removed",
            "Custody": "2026-03-02 to 2026-04-17",
            "Custody ended": "removed",
        },
    ),
]


@pytest.mark.parametrize("said", [s for _, s in FITTING], ids=[i for i, _ in FITTING])
def test_findings_that_go_together_are_accepted(said: dict[str, str]) -> None:
    good(said)


@pytest.mark.parametrize("name", sorted(set(FINDING_HINTS) - {"Custody"}))
def test_a_field_given_twice_is_a_problem(name: str) -> None:
    said = {**DETAINED, **REMOVED, **ACTION, **RETURNED, **DEPARTED}
    fields = {n: (v,) for n, v in said.items()} | {name: ("2026-03-02", "2026-03-03")}
    found = parse_findings(fields, bases=BASES, timezone=EASTERN)
    assert isinstance(found, tuple)
    assert "repeated_field" in {p.code for p in found}


def test_a_field_nobody_knows_is_a_problem() -> None:
    assert codes({**REMOVED, "Grounds": "none"}) == {"unknown_field"}


def test_remarks_are_free_and_bounded() -> None:
    assert good({**REMOVED, "Remarks": "A000000123? not sure; see file"}).remarks is not None
    assert codes({**REMOVED, "Remarks": "x" * 2001}) == {"too_long"}


def test_every_name_is_found_in_its_folded_form() -> None:
    assert FINDING_NAMES["records as of"] == "Records as of"
    assert len(FINDING_NAMES) == 18


_DAYS = st.dates(min_value=date(1990, 1, 1), max_value=date(2026, 5, 1))


@st.composite
def _written(draw: st.DrawFn) -> tuple[dict[str, tuple[str, ...]], Findings]:
    """Draw findings and one way of writing them."""

    def day(value: date) -> str:
        return draw(
            st.sampled_from(
                [value.isoformat(), f"{value:%m/%d/%Y}", f"{value.month}/{value.day}/{value.year}"]
            )
        )

    periods = draw(
        st.lists(
            st.tuples(_DAYS, st.integers(0, 400)), min_size=1, max_size=4, unique_by=lambda p: p[0]
        )
    )
    custody = [CustodyPeriod(first=a, last=a + timedelta(days=n)) for a, n in periods]
    join = draw(st.sampled_from([" to ", " through ", " until ", " – ", " - ", "–"]))
    moment = draw(st.datetimes(min_value=datetime(2026, 4, 1), max_value=datetime(2026, 5, 4)))  # noqa: DTZ001
    moment = moment.replace(second=0, microsecond=0)
    removed = draw(_DAYS)
    matched = draw(st.lists(st.sampled_from(list(MatchedOn)), min_size=1, unique=True))
    texts = {
        "Outcome": ("Detained;removed",),
        "Matched on": ("; ".join(m.value for m in matched),),
        "Basis": ("Routine Use",),
        "Custody": tuple(f"{day(p.first)}{join}{day(p.last or p.first)}" for p in custody),
        "Facility": ("Example Processing Center",),
        "Removed": (day(removed),),
        "Country": ("Honduras",),
        "Records as of": (
            draw(st.sampled_from([f"{moment:%Y-%m-%d %H:%M}", f"{moment:%m/%d/%Y %I:%M %p}"])),
        ),
    }
    meant = Findings(
        outcomes=(Outcome.DETAINED, Outcome.REMOVED),
        matched_on=tuple(matched),
        basis="routine use",
        records_as_of=moment.replace(tzinfo=EASTERN),
        custody=tuple(sorted(custody, key=lambda p: p.first)),
        facility="Example Processing Center",
        removed=removed,
        country="HN",
    )
    return texts, meant


@given(_written())
def test_whatever_way_findings_are_written_they_mean_the_same(
    case: tuple[dict[str, tuple[str, ...]], Findings],
) -> None:
    texts, meant = case
    assert parse_findings(texts, bases=BASES, timezone=EASTERN) == meant


@given(st.dictionaries(st.sampled_from(list(FINDING_HINTS)), st.text(max_size=40)))
def test_arbitrary_values_never_raise_and_never_pass(said: dict[str, str]) -> None:
    found = read(said)
    assert isinstance(found, tuple)
    assert all(len(p.line) <= 200 and p.line.isprintable() for p in found)
