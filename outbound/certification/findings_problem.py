"""The one way findings are turned down: every contradiction at once, each with a sentence."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime

from outbound.certification.case import CaseFacts
from outbound.certification.timeline import Timeline
from parsers.replies.findings import Findings


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingsProblem:
    """One thing that is missing from the findings, or that they say against themselves."""

    code: str  #: stable
    message: str  #: for the reviewer: what is wrong and what to write instead
    field: str  #: the field of the reply it stands under, such as `Custody`


class FindingsRefused(Exception):  # noqa: N818 - named by what happened, like every outcome here
    """The findings decide nothing; `problems` says why, all at once."""

    def __init__(self, problems: tuple[FindingsProblem, ...]) -> None:
        super().__init__("; ".join(p.code for p in problems))
        self.problems = problems

    def __reduce__(self) -> tuple[type[FindingsRefused], tuple[tuple[FindingsProblem, ...]]]:
        return (FindingsRefused, (self.problems,))


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """What a check of findings may look at."""

    findings: Findings
    case: CaseFacts
    timeline: Timeline
    now: datetime  #: aware
    as_of: date  #: the day of the as-of where the office is

    @property
    def removal(self) -> date | None:
        """The day of removal, or None when the reply says no or nothing."""
        return self.timeline.removal


#: A check returns every problem of its kind.
Check = Callable[[Review], Iterable[FindingsProblem]]
