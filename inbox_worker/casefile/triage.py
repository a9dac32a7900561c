"""What a form's values mean for the work: where the request goes, its flags and its priority.

Pure. A request goes to LEGAL when a demand is attached or the person may be a citizen, to
INCOMPLETE when the requester must mend something, and to IN_REVIEW otherwise; flags tell
reviewers what to mind.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from inbox_worker.domains import DomainTrust, judge_domain
from inbox_worker.status import RequestStatus
from outbound.certification.case import UNITED_STATES
from parsers.extraction import FieldProblem, FieldValue, Value


class Flag(StrEnum):
    """What reviewers should mind; never a status."""

    PROTECTED = "protected"  #: the person is protected by law; nothing but DENY answers
    DOUBTFUL = "doubtful"  #: a value needs a person's eye
    VALUE_DIFFERS = "value_differs_from_page"  #: a page does not show what the form's data says
    LETTERS_NOT_DRAWN = "letters_not_drawn"  #: a page shows other signs in place of some letters
    DUPLICATE = "duplicate"  #: probably an earlier request again
    WEAK_IDENTITY = "weak_identity"  #: no identifying number was given
    WEBMAIL = "webmail"  #: the certification would go to a public mail provider
    ADDRESS_DIFFERS = "address_differs"  #: the form names another address than the mail's author
    UNPROVEN_AUTHOR = "unproven_author"  #: nothing proves who sent the mail
    LEGAL_PROCESS = "legal_process"  #: a subpoena, order or other demand is attached
    DEMAND_FOUND = "demand_found"  #: a paper that came with it commands us, whatever its form says
    CITIZENSHIP = "citizenship"  #: birth in, or citizenship of, the United States
    MINOR = "minor"  #: under 18 today or on an obligation date, by some reading of the birth date
    AMBIGUOUS_BIRTH_DATE = "ambiguous_birth_date"  #: day and month could be swapped
    SSN = "ssn"  #: a Social Security number was found, and masked


#: By which a request is known to come with a demand.
DEMANDS = frozenset({Flag.LEGAL_PROCESS, Flag.DEMAND_FOUND})

#: Problems that a flag of the same name tells of, and that put no value in doubt.
_NO_DOUBT = frozenset({Flag.LETTERS_NOT_DRAWN.value})
#: Problems that say that page and data differ, of texts and of tick boxes.
_DIFFERENCES = frozenset({Flag.VALUE_DIFFERS.value, "tick_differs"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Triage:
    """Where a request goes and what is to be minded."""

    route: RequestStatus  #: IN_REVIEW, INCOMPLETE or LEGAL
    flags: tuple[str, ...]
    priority: int  #: 1 most pressing to 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """Who sent the form, and how far that is proven."""

    address: str
    is_proven: bool


def triage(
    fields: Mapping[str, FieldValue],
    *,
    missing: Sequence[str],
    problems: Sequence[FieldProblem],
    warnings: Sequence[str],
    sender: Sender,
    official_domains: Sequence[str],
    today: date,
    has_demand: bool = False,
) -> Triage:
    """Judge a form's values; `today` is the Eastern date, `warnings` the document's codes.

    `has_demand` says that a paper which came with it demands something of us.
    """
    values = {name: v.value for name, v in fields.items()}
    flags = _find_flags(values, problems, warnings, sender, official_domains, today)
    if has_demand:
        flags |= {Flag.DEMAND_FOUND}
    if any(found.is_doubtful for found in fields.values()):
        flags |= {Flag.DOUBTFUL}
    complete = not missing and all(p.flag_only for p in problems)
    if flags & DEMANDS or (complete and Flag.CITIZENSHIP in flags):
        route = RequestStatus.LEGAL
    else:
        route = RequestStatus.IN_REVIEW if complete else RequestStatus.INCOMPLETE
    return Triage(
        route=route,
        flags=tuple(f.value for f in Flag if f in flags),
        priority=find_priority(values, today),
    )


def find_fields_to_check(
    fields: Mapping[str, FieldValue], problems: Iterable[FieldProblem]
) -> frozenset[str]:
    """Return the names of the fields that a person has to look at."""
    doubted = {p.field for p in problems if p.code not in _NO_DOUBT}
    return frozenset(doubted | {name for name, found in fields.items() if found.is_doubtful})


def find_priority(values: Mapping[str, Value], today: date) -> int:
    """Return 1 to 4: pressing within 10 days or in custody, bond due in 30, warrant, the rest."""
    consequences = values.get("consequences", ())
    held = isinstance(consequences, tuple) and "in_custody_on_warrant" in consequences
    deadline = find_date(values.get("deadline_date"))
    dates = [d for d in (deadline, find_date(values.get("next_hearing_date"))) if d is not None]
    if held or (dates and min(dates) <= today + timedelta(days=10)):
        return 1
    if deadline is not None and deadline <= today + timedelta(days=30):
        return 2
    return 3 if isinstance(consequences, tuple) and "warrant" in consequences else 4


def find_date(value: Value | None) -> date | None:
    """Return a stored ISO date as a date, or None where there is none."""
    if not isinstance(value, str):
        return None
    try:
        return date.fromisoformat(value)
    except ValueError:
        return None


def _find_flags(
    values: Mapping[str, Value],
    problems: Sequence[FieldProblem],
    warnings: Sequence[str],
    sender: Sender,
    official_domains: Sequence[str],
    today: date,
) -> frozenset[Flag]:
    address = str(values.get("requester_email", ""))
    citizen_of = {values.get("subject_birth_country"), values.get("subject_citizenship")}
    trust = judge_domain((address or sender.address).rpartition("@")[2], official_domains)
    ambiguous = any((p.field, p.code) == ("subject_birth_date", "ambiguous_date") for p in problems)
    found = {
        Flag.DOUBTFUL: any(p.flag_only and p.code not in _NO_DOUBT for p in problems),
        Flag.VALUE_DIFFERS: any(p.code in _DIFFERENCES for p in problems),
        Flag.LETTERS_NOT_DRAWN: any(p.code == Flag.LETTERS_NOT_DRAWN for p in problems),
        Flag.WEAK_IDENTITY: values.get("identifiers_unknown") is True,
        Flag.WEBMAIL: trust is DomainTrust.WEBMAIL,
        Flag.ADDRESS_DIFFERS: bool(address) and address.lower() != sender.address.lower(),
        Flag.UNPROVEN_AUTHOR: not sender.is_proven,
        Flag.LEGAL_PROCESS: values.get("legal_process_attached") is True,
        Flag.CITIZENSHIP: bool(citizen_of & UNITED_STATES),
        Flag.AMBIGUOUS_BIRTH_DATE: ambiguous,
        Flag.MINOR: _is_minor(values, today, ambiguous=ambiguous),
        Flag.SSN: "contains_ssn" in warnings,
    }
    return frozenset(flag for flag, holds in found.items() if holds)


def _is_minor(values: Mapping[str, Value], today: date, *, ambiguous: bool) -> bool:
    days = [today, *(first for first, _ in find_obligations(values))]
    return any(
        (day.year - born.year - ((day.month, day.day) < (born.month, born.day))) < 18
        for born in _find_birth_dates(values, ambiguous=ambiguous)
        for day in days
    )


def _find_birth_dates(values: Mapping[str, Value], *, ambiguous: bool) -> tuple[date, ...]:
    """Return every reading of the birth date: where day and month could be swapped, both."""
    born = find_date(values.get("subject_birth_date"))
    if born is None:
        return ()
    if ambiguous and born.day <= 12 and born.day != born.month:
        return (born, date(born.year, born.day, born.month))
    return (born,)


def find_obligations(values: Mapping[str, Value]) -> tuple[tuple[date, date], ...]:
    """Return the obligation dates as periods, first and last day, in order."""
    written = values.get("obligation_dates", ())
    periods = []
    for item in written if isinstance(written, tuple) else ():
        first, _, last = item.partition("/")
        start, end = find_date(first), find_date(last or first)
        if start is not None and end is not None:
            periods.append((start, end))
    return tuple(sorted(periods))
