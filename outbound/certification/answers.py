"""The answers of the certification, computed from dates by pure functions.

For each obligation date or period there are three questions, each answered by exactly one of YES,
NO, PART (periods only) and NOT DETERMINED, with the name of the rule that gave it and the notes
that belong under it. Nothing is inferred from silence: what the findings do not say is NOT
DETERMINED, never NO.
"""

from __future__ import annotations

import calendar
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from outbound.certification.case import Obligation, Span
from outbound.certification.timeline import Timeline
from parsers.replies.findings import CustodyPeriod, DirectTransfer, Findings

_DAY = timedelta(days=1)

#: A removal further back than this from the date says nothing by itself about later presence.
_REMOVAL_IS_FRESH_FOR_MONTHS = 12


class AnswerValue(StrEnum):
    """Every answer there is, as printed."""

    YES = "YES"
    NO = "NO"
    PART = "PART"  #: some days of an obligation period; `parts` says which
    NOT_DETERMINED = "NOT DETERMINED"


class NoteCode(StrEnum):
    """The notes that may stand under an answer; their words are in the wording file."""

    CUSTODY_BEGAN = "custody_began"  #: on this date; dates, not hours
    CUSTODY_ENDED = "custody_ended"  #: on this date; dates, not hours
    REMOVAL_DAY = "removal_day"  #: on this date; dates, not hours
    NOT_MONITORED = "not_monitored"  #: the answer rests on a removal
    SEE_OUTCOME = "see_outcome"  #: a return or voluntary departure explains the answer
    REST_NOT_DETERMINED = "rest_not_determined"  #: the days outside `parts` are not known


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """One note under an answer."""

    code: NoteCode
    on: date | None = None  #: the day it speaks of, where it speaks of one


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One answer, why it was given and what stands under it."""

    value: AnswerValue
    rule: str  #: the name of the rule that decided
    parts: tuple[Span, ...] = ()  #: with PART: the days for which the answer is YES
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ObligationAnswers:
    """The three answers for one obligation date or period."""

    obligation: Obligation
    q1: Answer  #: in ICE custody on the date
    q2: Answer  #: removed on or before the date, no later presence recorded
    q3: Answer  #: from the date to the as-of in custody, or until removed, or removed earlier
    has_old_removal: bool = False  #: q2 rests on a removal more than 12 months before the date


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferAnswer:
    """Whether ICE took the person directly from another agency's custody."""

    value: AnswerValue  #: never PART
    transfer: DirectTransfer | None = None  #: with YES


def answer_obligation(timeline: Timeline, obligation: Obligation) -> ObligationAnswers:
    """Answer the three questions for one obligation date or period."""
    q2 = _answer_days(timeline, obligation, _removed_by)
    return ObligationAnswers(
        obligation=obligation,
        q1=_with_notes(
            _answer_days(timeline, obligation, _in_custody), _hours_notes(timeline, obligation)
        ),
        q2=_with_notes(q2, _removal_notes(timeline, obligation)),
        q3=_answer_continuity(timeline, obligation.first),
        has_old_removal=_rests_on_old_removal(timeline, obligation, q2),
    )


def answer_transfer(findings: Findings) -> TransferAnswer:
    """Answer the transfer line: NO only when the reply says so."""
    transfer = findings.direct_transfer
    if isinstance(transfer, DirectTransfer):
        return TransferAnswer(value=AnswerValue.YES, transfer=transfer)
    value = AnswerValue.NO if transfer is False else AnswerValue.NOT_DETERMINED
    return TransferAnswer(value=value)


def _in_custody(timeline: Timeline, day: date) -> Answer:
    """Answer Q1 for one day."""
    if timeline.find_stay(day) is not None:
        return Answer(value=AnswerValue.YES, rule="in_a_custody_period")
    if timeline.is_complete and day == timeline.released_on_action:
        # Released the same day: whether that was custody for some hours, the findings do not say.
        return Answer(value=AnswerValue.NOT_DETERMINED, rule="released_the_same_day")
    if timeline.is_complete:
        return Answer(value=AnswerValue.NO, rule="outside_all_custody")
    if timeline.is_no_overlap:
        return Answer(value=AnswerValue.NO, rule="no_overlap_found")
    return Answer(value=AnswerValue.NOT_DETERMINED, rule="silence")


def _removed_by(timeline: Timeline, day: date) -> Answer:
    """Answer Q2 for one day."""
    removal = timeline.removal
    if removal is not None and removal <= day:
        return _removed_before(timeline, removal, day)
    if removal is not None:
        return Answer(value=AnswerValue.NO, rule="removed_after_the_date")
    if timeline.returns:
        return Answer(value=AnswerValue.NO, rule="left_without_an_order")
    if timeline.is_never_removed:
        return Answer(value=AnswerValue.NO, rule="never_removed")
    if timeline.is_no_overlap:
        return Answer(value=AnswerValue.NO, rule="no_overlap_found")
    return Answer(value=AnswerValue.NOT_DETERMINED, rule="silence")


def _removed_before(timeline: Timeline, removal: date, day: date) -> Answer:
    if any(removal < left <= day for left in timeline.returns):
        return Answer(value=AnswerValue.NO, rule="left_without_an_order")
    if timeline.has_presence(after=removal, until=day):
        return Answer(value=AnswerValue.NOT_DETERMINED, rule="present_after_removal")
    if timeline.release_date is not None and removal < timeline.release_date:
        return Answer(value=AnswerValue.NOT_DETERMINED, rule="removed_before_release")
    if _is_old(removal, day) and not timeline.has_no_later_entry:
        return Answer(value=AnswerValue.NOT_DETERMINED, rule="removed_long_before")
    return Answer(value=AnswerValue.YES, rule="removed_by_the_date")


def _answer_continuity(timeline: Timeline, day: date) -> Answer:
    """Answer Q3 from one day to the as-of."""
    stay = timeline.find_stay(day)
    if stay is not None:
        return _answer_from_custody(timeline, stay)
    removal = timeline.removal
    if removal is not None and removal <= day:
        return _answer_from_removal(timeline, removal, day)
    if any(left < day for left in timeline.returns):
        return _explained(AnswerValue.NOT_DETERMINED, "left_without_an_order")
    if removal is not None and timeline.has_presence(after=removal, until=timeline.as_of):
        return Answer(value=AnswerValue.NO, rule="present_after_removal")
    if timeline.is_complete or timeline.is_no_overlap:
        return _gap(timeline, day)
    return Answer(value=AnswerValue.NOT_DETERMINED, rule="silence")


def _answer_from_custody(timeline: Timeline, stay: CustodyPeriod) -> Answer:
    if stay.last is None:
        return Answer(value=AnswerValue.YES, rule="in_custody_to_the_as_of")
    if stay.last == timeline.removal:
        if timeline.has_presence(after=stay.last, until=timeline.as_of):
            return Answer(value=AnswerValue.NO, rule="present_after_removal")
        return _rests_on_removal("in_custody_until_removed")
    if stay.last == timeline.as_of:
        # Custody ended on the very day the records were checked: by which hour, nobody wrote down.
        note = Note(code=NoteCode.CUSTODY_ENDED, on=stay.last)
        return Answer(
            value=AnswerValue.NOT_DETERMINED, rule="ended_on_the_as_of_day", notes=(note,)
        )
    if timeline.is_complete:
        return _gap(timeline, stay.first)
    return Answer(value=AnswerValue.NOT_DETERMINED, rule="silence")


def _answer_from_removal(timeline: Timeline, removal: date, day: date) -> Answer:
    if timeline.has_presence(after=removal, until=timeline.as_of):
        return Answer(value=AnswerValue.NO, rule="present_after_removal")
    before = _removed_before(timeline, removal, day)
    if before.value is AnswerValue.YES:
        return _rests_on_removal("removed_earlier")
    return before


def _gap(timeline: Timeline, day: date) -> Answer:
    if any(day <= left for left in timeline.returns):
        return _explained(AnswerValue.NO, "gap")
    return Answer(value=AnswerValue.NO, rule="gap")


def _explained(value: AnswerValue, rule: str) -> Answer:
    return Answer(value=value, rule=rule, notes=(Note(code=NoteCode.SEE_OUTCOME),))


def _rests_on_removal(rule: str) -> Answer:
    return Answer(value=AnswerValue.YES, rule=rule, notes=(Note(code=NoteCode.NOT_MONITORED),))


def _answer_days(
    timeline: Timeline, obligation: Obligation, answer_day: Callable[[Timeline, date], Answer]
) -> Answer:
    """Answer for every day of the obligation: all YES, none, or the parts that are."""
    spans = tuple(_constant_spans(timeline, obligation))
    answers = [answer_day(timeline, span.first) for span in spans]
    if len({a.value for a in answers}) == 1:
        return answers[-1]
    yes = [s for s, a in zip(spans, answers, strict=True) if a.value is AnswerValue.YES]
    unknown = [a for a in answers if a.value is AnswerValue.NOT_DETERMINED]
    if not yes:
        return unknown[0]
    rest = (Note(code=NoteCode.REST_NOT_DETERMINED),) if unknown else ()
    return Answer(value=AnswerValue.PART, rule="some_days", parts=_join_spans(yes), notes=rest)


def _constant_spans(timeline: Timeline, obligation: Obligation) -> Iterable[Span]:
    """Cut the obligation where an answer may change, so that its length costs nothing."""
    cuts = {obligation.first}
    for day in _turning_days(timeline):
        if obligation.first < day <= obligation.last:
            cuts.add(day)
    firsts = sorted(cuts)
    lasts = [day - _DAY for day in firsts[1:]] + [obligation.last]
    return (Span(first=f, last=n) for f, n in zip(firsts, lasts, strict=True))


def _turning_days(timeline: Timeline) -> Iterable[date]:
    for period in timeline.custody:
        yield period.first
        if period.last is not None:
            yield period.last + _DAY
    for day in (*timeline.presences, *timeline.returns):
        yield from (day, day + _DAY)
    if timeline.removal is not None:
        yield timeline.removal
        yield _add_months(timeline.removal, _REMOVAL_IS_FRESH_FOR_MONTHS) + _DAY


def _join_spans(spans: Iterable[Span]) -> tuple[Span, ...]:
    joined: list[Span] = []
    for span in spans:
        if joined and span.first == joined[-1].last + _DAY:
            joined[-1] = Span(first=joined[-1].first, last=span.last)
        else:
            joined.append(span)
    return tuple(joined)


def _hours_notes(timeline: Timeline, obligation: Obligation) -> tuple[Note, ...]:
    notes: list[Note] = []
    for period in timeline.custody:
        if period.first in obligation:
            notes.append(Note(code=NoteCode.CUSTODY_BEGAN, on=period.first))
        if period.last is not None and period.last in obligation:
            notes.append(Note(code=NoteCode.CUSTODY_ENDED, on=period.last))
    return tuple(notes)


def _removal_notes(timeline: Timeline, obligation: Obligation) -> tuple[Note, ...]:
    removal = timeline.removal
    on_the_day = removal is not None and removal in obligation
    notes = (Note(code=NoteCode.REMOVAL_DAY, on=removal),) if on_the_day else ()
    return (*notes, Note(code=NoteCode.NOT_MONITORED))


def _with_notes(answer: Answer, notes: tuple[Note, ...]) -> Answer:
    """Add the notes to an answer that is YES, in whole or in part."""
    if answer.value not in {AnswerValue.YES, AnswerValue.PART}:
        return answer
    return Answer(
        value=answer.value,
        rule=answer.rule,
        parts=answer.parts,
        notes=(*notes, *answer.notes),
    )


def _rests_on_old_removal(timeline: Timeline, obligation: Obligation, q2: Answer) -> bool:
    if timeline.removal is None or q2.value not in {AnswerValue.YES, AnswerValue.PART}:
        return False
    last = q2.parts[-1].last if q2.parts else obligation.last
    return _is_old(timeline.removal, last)


def _is_old(removal: date, day: date) -> bool:
    return day > _add_months(removal, _REMOVAL_IS_FRESH_FOR_MONTHS)


def _add_months(day: date, months: int) -> date:
    """Return the same day of the month so many months later, or the last day of a shorter month."""
    years, month = divmod(day.month - 1 + months, 12)
    year = day.year + years
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))
