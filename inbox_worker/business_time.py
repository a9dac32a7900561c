"""Business time: federal working days, and the fixed moments at which refusals leave.

Every refusal leaves at a fixed moment that depends on when the request was complete and never on
why it was refused, so that its time tells nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import holidays


def is_business_day(day: date) -> bool:
    """Whether federal offices work that day (5 U.S.C. 6103 holidays as observed)."""
    return day.weekday() < 5 and not is_federal_holiday(day)


def is_federal_holiday(day: date) -> bool:
    """Whether it is a federal holiday, on the day on which it is observed (5 U.S.C. 6103)."""
    return day in _federal_holidays(day.year)


def add_business_days(day: date, count: int) -> date:
    """Return the day `count` business days after `day`."""
    while count > 0:
        day += timedelta(days=1)
        count -= is_business_day(day)
    return day


def count_business_days(first: date, last: date) -> int:
    """Return how many business days lie after `first`, `last` among them."""
    days = range(1, (last - first).days + 1)
    return sum(is_business_day(first + timedelta(days=day)) for day in days)


def find_refusal_release(
    complete_at: datetime,
    *,
    not_before: datetime,
    min_business_days: int,
    times: Sequence[time],
    zone: ZoneInfo,
) -> datetime:
    """Return when a refusal leaves.

    The first of the fixed `times` on a business day that is at least `min_business_days` after the
    request was complete, and not before `not_before` (the end of the undo window). Without fixed
    times it leaves at `not_before`.
    """
    if not times:
        return not_before
    complete = complete_at.astimezone(zone)
    earliest = datetime.combine(
        add_business_days(complete.date(), min_business_days), complete.timetz()
    )
    earliest = max(earliest, not_before.astimezone(zone))
    day = earliest.date()
    while True:
        if is_business_day(day):
            moments = (datetime.combine(day, t, tzinfo=zone) for t in sorted(times))
            for moment in moments:
                if moment >= earliest:
                    return moment
        day += timedelta(days=1)


@cache
def _federal_holidays(year: int) -> frozenset[date]:
    return frozenset(holidays.country_holidays("US", years=year))
