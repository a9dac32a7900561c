"""Findings as the database keeps them: JSON out, and the same value back."""

from __future__ import annotations

import json
from dataclasses import fields
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inbox_worker.casefile.findings_record import dump_findings, findings_of, load_findings
from inbox_worker.storage.models import Decision
from parsers.replies.findings import (
    CustodyEnd,
    CustodyPeriod,
    DirectTransfer,
    Findings,
    MatchedOn,
    Outcome,
)

days = st.dates(date(1990, 1, 1), date(2030, 12, 31))
maybe_days = st.none() | days
words = st.none() | st.text(max_size=30)
maybe = st.none() | st.booleans()

findings = st.builds(
    Findings,
    outcomes=st.lists(st.sampled_from(Outcome), unique=True).map(tuple),
    matched_on=st.lists(st.sampled_from(MatchedOn), unique=True).map(tuple),
    basis=st.text(max_size=30),
    records_as_of=st.datetimes(
        datetime(2020, 1, 1),  # noqa: DTZ001 - the zone is given apart
        datetime(2030, 1, 1),  # noqa: DTZ001
        timezones=st.sampled_from([UTC, timezone(timedelta(hours=-4))]),
    ),
    custody=st.lists(st.builds(CustodyPeriod, first=days, last=maybe_days), max_size=3).map(tuple),
    custody_ended=st.none() | st.sampled_from(CustodyEnd),
    transferred_to=words,
    facility=words,
    direct_transfer=st.none()
    | st.just(False)
    | st.builds(DirectTransfer, agency=st.text(max_size=20), on=days),
    removed=maybe_days | st.just(False),
    no_later_entry=st.booleans(),
    returned=maybe_days,
    departed=maybe_days,
    in_custody=maybe,
    action=maybe_days,
    place=words,
    released_same_day=maybe,
    country=words,
    remarks=words,
)


@given(findings)
def test_findings_come_back_as_they_were(given_findings: Findings) -> None:
    stored = json.loads(json.dumps(dump_findings(given_findings)))
    assert load_findings(stored) == given_findings


@given(findings)
def test_every_field_is_kept(given_findings: Findings) -> None:
    assert set(dump_findings(given_findings)) == {f.name for f in fields(Findings)}


def test_no_is_not_the_same_as_nothing_said() -> None:
    base = {
        "outcomes": (Outcome.DETAINED,),
        "matched_on": (MatchedOn.NAME,),
        "basis": "routine use",
        "records_as_of": datetime(2026, 5, 4, tzinfo=UTC),
    }
    said_no = load_findings(dump_findings(Findings(**base, removed=False, direct_transfer=False)))  # type: ignore[arg-type]
    said_nothing = load_findings(dump_findings(Findings(**base)))  # type: ignore[arg-type]
    assert (said_no.removed, said_no.direct_transfer) == (False, False)
    assert (said_nothing.removed, said_nothing.direct_transfer) == (None, None)


def test_a_denial_has_no_findings() -> None:
    with pytest.raises(LookupError, match="decision 7 has no findings"):
        findings_of(Decision(id=7, findings=None))
