"""What is printed of a determination: only what was asked for and the class of requester may see.

Sentences and answers are put together from the closed vocabulary; each is printed whole or not at
all. Whether a fact is printed never depends on the fact itself, only on what was asked and on the
detail allowed, so that an omission tells nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from outbound.certification.case import CaseFacts, Detail, Obligation
from outbound.certification.determination import Determination
from outbound.certification.wording import Wording
from parsers.replies.findings import CustodyEnd, CustodyPeriod, Findings, Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """One printed sentence and the outcome it states."""

    outcome: Outcome | None  #: None for what answers the request and states no outcome
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """Everything a sentence is made from."""

    findings: Findings
    determination: Determination
    case: CaseFacts
    detail: Detail
    wording: Wording

    def is_asked(self, fact: str) -> bool:
        """Whether the request asked for the fact."""
        return self.wording.is_asked(fact, self.case.information_requested)

    @property
    def is_full(self) -> bool:
        """Whether facility, city and country may be named."""
        return self.detail is Detail.FULL


def build_statements(telling: Telling) -> tuple[Statement, ...]:
    """Build the sentences of every outcome that was asked for and is allowed, in fixed order."""
    statements: list[Statement] = []
    for outcome in telling.determination.outcomes:
        if telling.is_full or outcome in telling.wording.answers_only:
            sentences = _SENTENCES[outcome](telling)
            statements += [Statement(outcome=outcome, sentence=s) for s in sentences]
    if telling.is_asked("end_of_custody") and not _tell_of_custody(statements):
        sentence = telling.wording.text("sentences", "release_not_determined")
        statements.append(Statement(outcome=None, sentence=sentence))
    return tuple(statements)


def _tell_of_custody(statements: Iterable[Statement]) -> list[Statement]:
    """Return the statements that tell of custody, and so of its end as far as it is known."""
    telling_outcomes = {Outcome.DETAINED, Outcome.NO_OVERLAP}
    return [s for s in statements if s.outcome in telling_outcomes]


def _tell_detained(telling: Telling) -> Iterator[str]:
    stays = telling.determination.custody
    if telling.is_asked("custody_dates"):
        held = _stay_of_facility(telling, stays)
        for stay in stays:
            yield _tell_stay(telling, stay, with_facility=telling.is_full and stay is held)
        yield from _tell_end(telling, "ended_released", "ended_transferred")
        if telling.findings.custody_ended is CustodyEnd.REMOVED:
            yield from _tell_end_by_removal(telling)
    elif telling.is_asked("end_of_custody"):
        yield from _tell_end_only(telling, stays[-1])


def _stay_of_facility(telling: Telling, stays: tuple[CustodyPeriod, ...]) -> CustodyPeriod:
    """Return the stay on an obligation date, else the last: the facility named is that one's."""
    return next((s for s in stays if _covered(telling, s)), stays[-1])


def _covered(telling: Telling, stay: CustodyPeriod) -> list[Obligation]:
    last = stay.last or telling.determination.as_of
    return [o for o in telling.case.obligations if o.first <= last and stay.first <= o.last]


def _tell_stay(telling: Telling, stay: CustodyPeriod, *, with_facility: bool) -> str:
    wording = telling.wording
    values = {"first": wording.day(stay.first), "inclusion": _inclusion(telling, stay)}
    if stay.last is None:
        name = "custody_open"
        values["as_of"] = wording.day(telling.determination.as_of)
    else:
        name = "custody_closed"
        values["last"] = wording.day(stay.last)
    if with_facility:
        return wording.text("sentences", name, **values, facility=telling.findings.facility or "")
    return wording.text("sentences", f"{name}_no_facility", **values)


def _inclusion(telling: Telling, stay: CustodyPeriod) -> str:
    last = stay.last or telling.determination.as_of
    groups: dict[str, list[Obligation]] = {"includes": [], "includes_part": [], "includes_not": []}
    covered = _covered(telling, stay)
    for obligation in telling.case.obligations:
        if stay.first <= obligation.first and obligation.last <= last:
            groups["includes"].append(obligation)
        else:
            groups["includes_part" if obligation in covered else "includes_not"].append(obligation)
    return _clauses(telling.wording, groups)


def _clauses(wording: Wording, groups: Mapping[str, list[Obligation]]) -> str:
    return wording.join(
        [
            wording.text("sentences", name, **_dates(wording, name, obligations))
            for name, obligations in groups.items()
            if obligations
        ]
    )


def _dates(wording: Wording, name: str, obligations: list[Obligation]) -> dict[str, str]:
    return {} if name == "on" else {"dates": wording.spans(obligations)}


def _tell_end(telling: Telling, released: str, transferred: str) -> Iterator[str]:
    """Tell the release or transfer that custody ended by, where the release was asked for."""
    findings, stay = telling.findings, telling.determination.custody[-1]
    if stay.last is None or not telling.is_asked("end_of_custody"):
        return
    day = telling.wording.day(stay.last)
    if findings.custody_ended is CustodyEnd.RELEASED:
        yield telling.wording.texts["sentences"][released].format_map({"date": day})
    elif findings.custody_ended is CustodyEnd.TRANSFERRED:
        values = {"agency": findings.transferred_to or "", "date": day}
        yield telling.wording.texts["sentences"][transferred].format_map(values)


def _tell_end_only(telling: Telling, stay: CustodyPeriod) -> Iterator[str]:
    """Tell the end of custody to those who asked for the release and not for the dates."""
    if stay.last is None:
        as_of = telling.wording.day(telling.determination.as_of)
        yield telling.wording.text("sentences", "still_only", as_of=as_of)
        return
    yield from _tell_end(telling, "release_only", "transfer_only")
    if stay.last == telling.findings.removed:
        yield from _tell_end_by_removal(telling)


def _tell_end_by_removal(telling: Telling) -> Iterator[str]:
    if telling.is_asked("end_by_removal"):
        yield telling.wording.text("sentences", "ended_removed")


def _tell_removed(telling: Telling) -> Iterator[str]:
    findings, wording = telling.findings, telling.wording
    if not telling.is_asked("removal") or not isinstance(findings.removed, date):
        return
    day, relation = wording.day(findings.removed), _relation(telling, findings.removed)
    if telling.is_full and findings.country:
        country = wording.country(findings.country)
        yield wording.text("sentences", "removed", country=country, date=day, relation=relation)
    else:
        yield wording.text("sentences", "removed_no_country", date=day, relation=relation)


def _relation(telling: Telling, day: date) -> str:
    groups: dict[str, list[Obligation]] = {"before": [], "on": [], "during": [], "after": []}
    for obligation in telling.case.obligations:
        if day in obligation:
            groups["on" if obligation.is_day else "during"].append(obligation)
        else:
            groups["before" if day < obligation.first else "after"].append(obligation)
    return _clauses(telling.wording, groups)


def _tell_returned(telling: Telling) -> Iterator[str]:
    findings, wording = telling.findings, telling.wording
    if not telling.is_asked("return") or findings.returned is None:
        return
    name = "returned_in_custody" if findings.in_custody else "returned_not_in_custody"
    day = wording.day(findings.returned)
    if telling.is_full and findings.country:
        country = wording.country(findings.country)
        yield wording.text("sentences", name, country=country, date=day)
    else:
        yield wording.text("sentences", f"{name}_no_country", date=day)


def _tell_departed(telling: Telling) -> Iterator[str]:
    findings, wording = telling.findings, telling.wording
    if not telling.is_asked("return") or findings.departed is None:
        return
    where = "in_custody" if findings.in_custody else "not_in_custody"
    day = wording.day(findings.departed)
    yield wording.text("sentences", f"voluntary_departure_{where}", date=day)


def _tell_action(telling: Telling) -> Iterator[str]:
    findings, wording = telling.findings, telling.wording
    if not telling.is_asked("action") or findings.action is None:
        return
    name = "action_released" if findings.released_same_day else "action_not_released"
    yield wording.text(
        "sentences",
        name,
        date=wording.day(findings.action),
        relation=_relation(telling, findings.action),
        place=findings.place or "",
    )


def _tell_no_overlap(telling: Telling) -> Iterator[str]:
    custody, removal = telling.is_asked("no_custody"), telling.is_asked("removal")
    names = {(True, True): "no_overlap", (True, False): "no_overlap_custody"}
    names[(False, True)] = "no_overlap_removal"
    if custody or removal:
        dates = telling.wording.spans(telling.case.obligations)
        yield telling.wording.text("sentences", names[(custody, removal)], dates=dates)


#: What tells each outcome. NO_INFORMATION is a form of its own.
_SENTENCES: Mapping[Outcome, Callable[[Telling], Iterator[str]]] = {
    Outcome.DETAINED: _tell_detained,
    Outcome.REMOVED: _tell_removed,
    Outcome.RETURNED: _tell_returned,
    Outcome.VOLUNTARY_DEPARTURE: _tell_departed,
    Outcome.ENFORCEMENT_ACTION: _tell_action,
    Outcome.NO_OVERLAP: _tell_no_overlap,
}
