"""The findings laid out in time: custody joined into periods, removal, returns, other presences.

A timeline says no more than the findings do.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from parsers.replies.findings import CustodyPeriod, DirectTransfer, Findings, Outcome

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """The findings as dates, ready for the questions."""

    as_of: date
    custody: tuple[CustodyPeriod, ...]  #: merged, in order; only the last may be open
    is_complete: bool  #: `custody` is all ICE custody from 30 days before the first date to `as_of`
    removal: date | None  #: the latest
    returns: tuple[date, ...]  #: returns and voluntary departures
    presences: tuple[date, ...]  #: other days on which the person was certainly in the country
    released_on_action: date | None  #: day of an enforcement action that ended in release
    is_never_removed: bool
    is_no_overlap: bool
    has_no_later_entry: bool
    release_date: date | None  #: the requester's: released on bond or to supervision on

    def find_stay(self, day: date) -> CustodyPeriod | None:
        """Return the custody period the day lies in, ends included, or None."""
        return next((p for p in self.custody if p.first <= day <= (p.last or self.as_of)), None)

    def has_presence(self, *, after: date, until: date) -> bool:
        """Whether custody, action, transfer, return or departure lies in (after, until]."""
        if any(after < day <= until for day in (*self.presences, *self.returns)):
            return True
        return any(p.first <= until and (p.last or self.as_of) > after for p in self.custody)


def build_timeline(
    findings: Findings, *, release_date: date | None, records_as_of: date
) -> Timeline:
    """Build the timeline of the findings.

    `records_as_of` is the as-of day where the office is.
    """
    removal = findings.removed if isinstance(findings.removed, date) else None
    transfer = findings.direct_transfer
    presences = [findings.action, transfer.on if isinstance(transfer, DirectTransfer) else None]
    return Timeline(
        as_of=records_as_of,
        custody=merge_custody(findings.custody, removal=removal),
        is_complete=Outcome.DETAINED in findings.outcomes,
        removal=removal,
        returns=tuple(d for d in (findings.returned, findings.departed) if d is not None),
        presences=tuple(d for d in presences if d is not None),
        released_on_action=findings.action if findings.released_same_day else None,
        is_never_removed=findings.removed is False,
        is_no_overlap=Outcome.NO_OVERLAP in findings.outcomes,
        has_no_later_entry=findings.no_later_entry,
        release_date=release_date,
    )


def merge_custody(
    periods: Iterable[CustodyPeriod], *, removal: date | None = None
) -> tuple[CustodyPeriod, ...]:
    """Join periods that touch or follow on consecutive days, in order of first day.

    A removal on the last day of one period parts it from what begins on a later day.
    """
    merged: list[CustodyPeriod] = []
    for period in sorted(periods, key=_custody_order):
        before = merged[-1] if merged else None
        if before is not None and _is_joined(before, period, removal):
            merged[-1] = CustodyPeriod(first=before.first, last=_later(before.last, period.last))
        else:
            merged.append(period)
    return tuple(merged)


def _custody_order(period: CustodyPeriod) -> tuple[date, date]:
    return period.first, period.last or date.max


def _is_joined(before: CustodyPeriod, after: CustodyPeriod, removal: date | None) -> bool:
    if before.last is None:
        return True
    if removal == before.last and after.first > before.last:
        return False
    return before.last == date.max or after.first <= before.last + _DAY


def _later(one: date | None, other: date | None) -> date | None:
    return None if one is None or other is None else max(one, other)
