"""What findings may not say: dates that contradict each other or the calendar.

Findings are refused, never reconciled. Each check is named by what it finds; its outcomes are its
problems, or none.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from itertools import pairwise

from outbound.certification.findings_problem import Check, FindingsProblem, Review
from outbound.certification.timeline import merge_custody
from parsers.replies.findings import CustodyEnd, CustodyPeriod, DirectTransfer

#: DETAINED vouches for all ICE custody from so long before the first obligation date.
_VOUCHED_DAYS_BEFORE = 30


def _as_of_is_impossible(review: Review) -> Iterator[FindingsProblem]:
    if review.findings.records_as_of > review.now:
        yield FindingsProblem(
            code="as_of_in_future",
            field="Records as of",
            message="The records cannot have been checked later than now.",
        )
    last = max(o.last for o in review.case.obligations)
    if review.as_of < last:
        yield FindingsProblem(
            code="as_of_before_obligation",
            field="Records as of",
            message=f"The records were checked before the last obligation date, {last}: please"
            " check them again and give the new time.",
        )


def _dated_facts(review: Review) -> Iterator[tuple[str, date]]:
    findings = review.findings
    for period in findings.custody:
        yield "Custody", period.first
        if period.last is not None:
            yield "Custody", period.last
    if isinstance(findings.direct_transfer, DirectTransfer):
        yield "Direct transfer", findings.direct_transfer.on
    single = {
        "Removed": review.removal,
        "Returned": findings.returned,
        "Departed": findings.departed,
        "Action": findings.action,
    }
    for field, day in single.items():
        if day is not None:
            yield field, day


def _outside_the_records(review: Review) -> Iterator[FindingsProblem]:
    born = min(review.case.birth_dates, default=date.min)
    for field, day in dict.fromkeys(_dated_facts(review)):
        if day > review.as_of:
            yield FindingsProblem(
                code="after_the_as_of",
                field=field,
                message=f"{day} is after the day the records were checked, {review.as_of}.",
            )
        elif day < born:
            yield FindingsProblem(
                code="before_birth",
                field=field,
                message=f"{day} is before the birth date on the form: please check both.",
            )


def _custody_overlaps(review: Review) -> Iterator[FindingsProblem]:
    for period in review.findings.custody:
        if period.last is not None and period.last < period.first:
            yield FindingsProblem(
                code="custody_reversed",
                field="Custody",
                message=f"Custody ends on {period.last}, before it begins on {period.first}.",
            )
    periods = _possible_periods(review)
    for before, after in pairwise(periods):
        if before.last is None or after.first < before.last:
            yield FindingsProblem(
                code="custody_overlaps",
                field="Custody",
                message=f"The custody from {before.first} and the custody from {after.first}"
                " overlap: please write what is one period as one.",
            )


def _possible_periods(review: Review) -> list[CustodyPeriod]:
    possible = [p for p in review.findings.custody if p.last is None or p.last >= p.first]
    return sorted(possible, key=lambda p: (p.first, p.last or date.max))


def _custody_against_removal(review: Review) -> Iterator[FindingsProblem]:
    removal = review.removal
    stays = merge_custody(_possible_periods(review), removal=removal)
    before = [s for s in stays if removal is not None and s.first <= removal]
    if removal is None or not before:
        return
    stay = before[-1]
    said = review.findings.custody_ended if stay is stays[-1] else None
    ended_otherwise = said in {CustodyEnd.RELEASED, CustodyEnd.TRANSFERRED}
    if stay.last is None:
        yield FindingsProblem(
            code="present_with_removal",
            field="Custody",
            message=f"Custody cannot be present when the individual was removed on {removal}.",
        )
    elif stay.last > removal:
        yield FindingsProblem(
            code="custody_after_removal",
            field="Custody",
            message=f"Custody goes on until {stay.last}, past the removal on {removal}.",
        )
    elif stay.last < removal and not ended_otherwise:
        yield FindingsProblem(
            code="custody_ends_before_removal",
            field="Custody",
            message=f"Custody ends on {stay.last}, before the removal on {removal}: correct it, or"
            " say how it ended (Custody ended: released, or transferred to AGENCY).",
        )
    elif stay.last == removal and ended_otherwise:
        yield FindingsProblem(
            code="ended_otherwise_on_removal_day",
            field="Custody ended",
            message=f"Custody ended on {removal}, the day of removal: it cannot have ended"
            " otherwise than by removal.",
        )


def _end_of_custody(review: Review) -> Iterator[FindingsProblem]:
    ended = review.findings.custody_ended
    stays = merge_custody(_possible_periods(review), removal=review.removal)
    if ended is None or not stays:
        return
    if stays[-1].last is None:
        yield FindingsProblem(
            code="ended_while_present",
            field="Custody ended",
            message="Custody is present, so it has not ended: please correct one of them.",
        )
    elif ended is CustodyEnd.REMOVED and review.removal is None:
        yield FindingsProblem(
            code="ended_by_unstated_removal",
            field="Custody ended",
            message="Custody ended by removal, but the removal is not stated: please add the"
            " outcome removed, with Removed and Country.",
        )
    elif ended is CustodyEnd.REMOVED and review.removal != stays[-1].last:
        yield FindingsProblem(
            code="ended_by_removal_on_other_day",
            field="Custody ended",
            message=f"Custody ended by removal on {stays[-1].last}, but the removal was on"
            f" {review.removal}: please correct one of them.",
        )


def _later_entry_recorded(review: Review) -> Iterator[FindingsProblem]:
    removal = review.removal
    if removal is None or not review.findings.no_later_entry:
        return
    if review.timeline.has_presence(after=removal, until=review.as_of):
        yield FindingsProblem(
            code="later_entry_recorded",
            field="No later entry",
            message="No later entry is said, but the findings show the individual in the country"
            f" after the removal on {removal}.",
        )


def _left_twice_in_a_day(review: Review) -> Iterator[FindingsProblem]:
    left = {
        "Removed": review.removal,
        "Returned": review.findings.returned,
        "Departed": review.findings.departed,
    }
    days = [day for day in left.values() if day is not None]
    for field, day in left.items():
        if day is not None and days.count(day) > 1:
            yield FindingsProblem(
                code="left_twice_in_a_day",
                field=field,
                message=f"The individual cannot have left in two ways on {day}: please keep one.",
            )


def _custody_against_return(review: Review) -> Iterator[FindingsProblem]:
    findings = review.findings
    for field, day in (("Returned", findings.returned), ("Departed", findings.departed)):
        if day is None or day > review.as_of:
            continue
        stay = review.timeline.find_stay(day)
        if stay is not None and stay.last != day:
            yield FindingsProblem(
                code="custody_after_return",
                field=field,
                message=f"Custody goes on after {day}, when the individual left the country.",
            )
        elif stay is None and findings.in_custody and _is_vouched_for(review, day):
            yield FindingsProblem(
                code="return_outside_custody",
                field="In custody",
                message=f"In custody is yes, but no custody includes {day}.",
            )
        elif stay is not None and findings.in_custody and _is_said_to_end(review, stay):
            yield FindingsProblem(
                code="ended_otherwise_on_return_day",
                field="Custody ended",
                message=f"Custody ended on {day} with the departure from the country, in"
                " custody: leave Custody ended out, or say In custody: no.",
            )


def _is_vouched_for(review: Review, day: date) -> bool:
    first = min(o.first for o in review.case.obligations)
    vouched_from = first.toordinal() - _VOUCHED_DAYS_BEFORE
    return review.timeline.is_complete and day.toordinal() >= vouched_from


def _is_said_to_end(review: Review, stay: CustodyPeriod) -> bool:
    return review.findings.custody_ended is not None and stay is review.timeline.custody[-1]


def _custody_against_action(review: Review) -> Iterator[FindingsProblem]:
    findings = review.findings
    day = findings.action
    if day is None or findings.released_same_day is None or day > review.as_of:
        return
    stay = review.timeline.find_stay(day)
    if findings.released_same_day and stay is not None and stay.last != day:
        yield FindingsProblem(
            code="custody_after_release",
            field="Released same day",
            message=f"Released same day is yes, but custody goes on after {day}.",
        )
    if findings.released_same_day:
        return
    if stay is None and findings.custody:
        yield FindingsProblem(
            code="action_outside_custody",
            field="Custody",
            message=f"Released same day is no, but no custody includes {day}.",
        )
    ended = findings.custody_ended if stay is not None and stay.last == day else None
    if ended is CustodyEnd.RELEASED:
        yield FindingsProblem(
            code="released_on_the_day",
            field="Released same day",
            message=f"Released same day is no, but custody ended by release on {day}.",
        )


def _transfer_is_no_beginning(review: Review) -> Iterator[FindingsProblem]:
    transfer = review.findings.direct_transfer
    periods = _possible_periods(review)
    if not isinstance(transfer, DirectTransfer) or not periods:
        return
    if transfer.on not in {p.first for p in periods}:
        yield FindingsProblem(
            code="transfer_not_at_beginning",
            field="Direct transfer",
            message=f"The transfer was on {transfer.on}, but no custody begins on that day.",
        )


#: Applied in this order; every problem of every check is reported.
CONTRADICTIONS: tuple[Check, ...] = (
    _as_of_is_impossible,
    _outside_the_records,
    _custody_overlaps,
    _custody_against_removal,
    _end_of_custody,
    _later_entry_recorded,
    _left_twice_in_a_day,
    _custody_against_return,
    _custody_against_action,
    _transfer_is_no_beginning,
)
