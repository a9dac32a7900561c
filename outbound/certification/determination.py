"""From findings to a determination: computed, never typed; pure, and the same every time.

`determine` returns a `Determination` that holds every fact there is, whatever was asked, or raises
`FindingsRefused` with all problems at once. What of it is printed is decided elsewhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo

from outbound.certification.answers import (
    ObligationAnswers,
    TransferAnswer,
    answer_obligation,
    answer_transfer,
)
from outbound.certification.case import CaseFacts, Reason
from outbound.certification.contradictions import CONTRADICTIONS
from outbound.certification.findings_needs import NEEDS
from outbound.certification.findings_problem import FindingsProblem, FindingsRefused, Review
from outbound.certification.timeline import build_timeline
from parsers.replies.findings import CustodyPeriod, Findings, Outcome

__all__ = [
    "Determination",
    "FindingsProblem",
    "FindingsRefused",
    "determine",
    "has_stale_records",
]

#: Records checked longer ago than this at issue are asked for again.
RECORDS_STAY_FRESH = timedelta(hours=72)


@dataclass(frozen=True, slots=True, kw_only=True)
class Determination:
    """What follows from the findings for this case."""

    outcomes: tuple[Outcome, ...]  #: in the order of the closed list
    answers: tuple[ObligationAnswers, ...]  #: one for each obligation, in the order of the form
    transfer: TransferAnswer
    custody: tuple[CustodyPeriod, ...]  #: joined, in order of first day
    records_as_of: datetime  #: aware
    as_of: date  #: its day where the office is
    second_person: tuple[Reason, ...] = ()  #: why one person may not decide this alone


def determine(findings: Findings, case: CaseFacts, *, now: datetime, zone: tzinfo) -> Determination:
    """Compute the determination that the findings give for this case.

    `now` is aware; `zone` is where the office counts its days. Raises `FindingsRefused` with every
    problem at once when the findings lack something, or contradict each other or the calendar.
    """
    as_of = findings.records_as_of.astimezone(zone).date()
    timeline = build_timeline(findings, release_date=case.release_date, records_as_of=as_of)
    review = Review(findings=findings, case=case, timeline=timeline, now=now, as_of=as_of)
    problems = tuple(problem for check in (*NEEDS, *CONTRADICTIONS) for problem in check(review))
    if problems:
        raise FindingsRefused(tuple(dict.fromkeys(problems)))
    answers = tuple(answer_obligation(timeline, o) for o in case.obligations)
    return Determination(
        outcomes=tuple(o for o in Outcome if o in findings.outcomes),
        answers=answers,
        transfer=answer_transfer(findings),
        custody=timeline.custody,
        records_as_of=findings.records_as_of,
        as_of=as_of,
        second_person=_second_person_reasons(findings, case, answers),
    )


def has_stale_records(records_as_of: datetime, *, now: datetime) -> bool:
    """Return whether the records were checked more than 72 hours ago and must be checked again."""
    return now - records_as_of > RECORDS_STAY_FRESH


def _second_person_reasons(
    findings: Findings, case: CaseFacts, answers: tuple[ObligationAnswers, ...]
) -> tuple[Reason, ...]:
    reasons: list[Reason] = []
    if Outcome.NO_OVERLAP in findings.outcomes:
        reasons.append(
            Reason(code="no_overlap", sentence="No overlap is stated only by two people.")
        )
    if any(a.has_old_removal for a in answers):
        reasons.append(
            Reason(
                code="old_removal",
                sentence="The removal lies more than 12 months before the date: a second person"
                " confirms that no later entry is recorded.",
            )
        )
    if _is_third_country(findings, case):
        reasons.append(
            Reason(
                code="third_country",
                sentence="The country is neither that of birth nor that of citizenship: a second"
                " person confirms that naming it discloses nothing protected (8 CFR 208.6).",
            )
        )
    return tuple(reasons)


def _is_third_country(findings: Findings, case: CaseFacts) -> bool:
    leaving = {Outcome.REMOVED, Outcome.RETURNED} & set(findings.outcomes)
    return bool(leaving) and findings.country not in {case.birth_country, case.citizenship}
