"""Business time: federal working days, and when refusals leave."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inbox_worker.business_time import add_business_days, find_refusal_release, is_business_day

EASTERN = ZoneInfo("America/New_York")
TIMES = (time(10), time(15))


@pytest.mark.parametrize(
    ("day", "works"),
    [
        pytest.param("2026-05-04", True, id="a Monday"),
        pytest.param("2026-05-09", False, id="a Saturday"),
        pytest.param("2026-05-10", False, id="a Sunday"),
        pytest.param("2026-05-25", False, id="Memorial Day"),
        pytest.param("2026-06-19", False, id="Juneteenth"),
        pytest.param("2026-07-03", False, id="Independence Day, observed on the Friday before"),
        pytest.param("2026-07-06", True, id="the Monday after"),
        pytest.param("2027-07-05", False, id="Independence Day, observed on the Monday after"),
        pytest.param("2026-10-12", False, id="Columbus Day"),
        pytest.param("2026-11-11", False, id="Veterans Day"),
        pytest.param("2026-11-26", False, id="Thanksgiving"),
        pytest.param("2026-11-27", True, id="the day after Thanksgiving is no federal holiday"),
        pytest.param("2026-12-25", False, id="Christmas"),
        pytest.param("2021-12-31", False, id="New Year's Day of the next year, observed"),
    ],
)
def test_federal_offices_work_on_business_days(day: str, works: bool) -> None:
    assert is_business_day(date.fromisoformat(day)) == works


@pytest.mark.parametrize(
    ("day", "count", "expected"),
    [
        pytest.param("2026-05-04", 0, "2026-05-04", id="none"),
        pytest.param("2026-05-04", 1, "2026-05-05", id="the next day"),
        pytest.param("2026-05-08", 1, "2026-05-11", id="over a weekend"),
        pytest.param("2026-05-09", 1, "2026-05-11", id="from a Saturday"),
        pytest.param("2026-05-22", 1, "2026-05-26", id="over a weekend and a holiday"),
        pytest.param("2026-05-04", 5, "2026-05-11", id="a working week"),
        pytest.param("2026-12-24", 5, "2027-01-04", id="over two holidays and a year"),
    ],
)
def test_business_days_are_counted(day: str, count: int, expected: str) -> None:
    found = add_business_days(date.fromisoformat(day), count)
    assert found == date.fromisoformat(expected)


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=EASTERN)


@pytest.mark.parametrize(
    ("complete", "not_before", "days", "times", "expected"),
    [
        pytest.param(
            "2026-05-04 09:00", "2026-05-05 12:00", 5, TIMES, "2026-05-11 10:00", id="morning"
        ),
        pytest.param(
            "2026-05-04 10:00",
            "2026-05-05 12:00",
            5,
            TIMES,
            "2026-05-11 10:00",
            id="complete at the fixed time itself",
        ),
        pytest.param(
            "2026-05-04 10:01", "2026-05-05 12:00", 5, TIMES, "2026-05-11 15:00", id="just after"
        ),
        pytest.param(
            "2026-05-04 15:01",
            "2026-05-05 12:00",
            5,
            TIMES,
            "2026-05-12 10:00",
            id="after the last time of the day: the next day",
        ),
        pytest.param(
            "2026-05-01 16:00",
            "2026-05-01 16:10",
            5,
            TIMES,
            "2026-05-11 10:00",
            id="late on a Friday: over the weekend",
        ),
        pytest.param(
            "2026-05-02 08:00",
            "2026-05-02 08:10",
            1,
            TIMES,
            "2026-05-04 10:00",
            id="complete on a Saturday",
        ),
        pytest.param(
            "2026-05-04 09:00",
            "2026-06-15 11:00",
            5,
            TIMES,
            "2026-06-15 15:00",
            id="decided much later: the next time",
        ),
        pytest.param(
            "2026-05-04 09:00",
            "2026-05-22 15:01",
            5,
            TIMES,
            "2026-05-26 10:00",
            id="decided before a long weekend",
        ),
        pytest.param(
            "2026-05-04 09:00",
            "2026-05-04 09:10",
            0,
            TIMES,
            "2026-05-04 10:00",
            id="no waiting, but fixed times",
        ),
        pytest.param(
            "2026-05-04 09:00", "2026-05-04 09:10", 0, (), "2026-05-04 09:10", id="neither"
        ),
        pytest.param(
            "2026-05-04 09:00",
            "2026-05-04 09:10",
            5,
            (time(15), time(10)),
            "2026-05-11 10:00",
            id="times in any order",
        ),
        pytest.param(
            "2026-10-26 09:30",
            "2026-10-26 09:40",
            5,
            TIMES,
            "2026-11-02 10:00",
            id="clocks went back between",
        ),
        pytest.param(
            "2026-03-02 09:30",
            "2026-03-02 09:40",
            5,
            TIMES,
            "2026-03-09 10:00",
            id="clocks went forward between",
        ),
    ],
)
def test_a_refusal_leaves_at_the_first_fixed_moment(
    complete: str, not_before: str, days: int, times: tuple[time, ...], expected: str
) -> None:
    found = find_refusal_release(
        local(complete).astimezone(UTC),
        not_before=local(not_before).astimezone(UTC),
        min_business_days=days,
        times=times,
        zone=EASTERN,
    )
    assert found == local(expected)


@given(
    complete=st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31), timezones=st.just(UTC)),  # noqa: DTZ001 - the zone is given apart
    wait=st.integers(0, 60),
    days=st.integers(0, 20),
)
def test_the_moment_is_fixed_late_enough_and_on_a_working_day(
    complete: datetime, wait: int, days: int
) -> None:
    not_before = complete + timedelta(days=wait)
    found = find_refusal_release(
        complete,
        not_before=not_before,
        min_business_days=days,
        times=TIMES,
        zone=EASTERN,
    ).astimezone(EASTERN)
    assert found.time() in TIMES
    assert is_business_day(found.date())
    assert found >= not_before
    assert found.date() >= add_business_days(complete.astimezone(EASTERN).date(), days)
