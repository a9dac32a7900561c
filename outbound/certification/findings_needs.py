"""What findings must hold: the fields each outcome needs, and no field that no outcome uses.

Each check is named by what it finds; the outcomes are its problems, or none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from babel import Locale

from outbound.certification.case import UNITED_STATES
from outbound.certification.findings_problem import Check, FindingsProblem, Review
from parsers.replies.findings import CustodyEnd, DirectTransfer, Findings, MatchedOn, Outcome

#: The longest facility, place or agency that is printed.
_MAX_TEXT = 160

_IS_SAID: Mapping[str, Callable[[Findings], bool]] = {
    "Custody": lambda f: bool(f.custody),
    "Custody ended": lambda f: f.custody_ended is not None or f.transferred_to is not None,
    "Facility": lambda f: bool(f.facility and f.facility.strip()),
    "Direct transfer": lambda f: f.direct_transfer is not None,
    "Removed": lambda f: f.removed is not None and f.removed is not False,
    "No later entry": lambda f: f.no_later_entry,
    "Returned": lambda f: f.returned is not None,
    "Departed": lambda f: f.departed is not None,
    "In custody": lambda f: f.in_custody is not None,
    "Action": lambda f: f.action is not None,
    "Place": lambda f: bool(f.place and f.place.strip()),
    "Released same day": lambda f: f.released_same_day is not None,
    "Country": lambda f: bool(f.country),
}

_NEEDS: Mapping[Outcome, tuple[str, ...]] = {
    Outcome.DETAINED: ("Custody", "Facility"),
    Outcome.REMOVED: ("Removed", "Country"),
    Outcome.RETURNED: ("Returned", "Country", "In custody"),
    Outcome.VOLUNTARY_DEPARTURE: ("Departed", "In custody"),
    Outcome.ENFORCEMENT_ACTION: ("Action", "Place", "Released same day"),
}

#: Fields that state something, with the outcomes that may state it. Facility and Country describe
#: only, and are simply not printed where no outcome uses them.
_USED_BY: Mapping[str, frozenset[Outcome]] = {
    "Custody": frozenset({Outcome.DETAINED, Outcome.ENFORCEMENT_ACTION}),
    "Removed": frozenset({Outcome.REMOVED}),
    "No later entry": frozenset({Outcome.REMOVED}),
    "Returned": frozenset({Outcome.RETURNED}),
    "Departed": frozenset({Outcome.VOLUNTARY_DEPARTURE}),
    "In custody": frozenset({Outcome.RETURNED, Outcome.VOLUNTARY_DEPARTURE}),
    "Action": frozenset({Outcome.ENFORCEMENT_ACTION}),
    "Place": frozenset({Outcome.ENFORCEMENT_ACTION}),
    "Released same day": frozenset({Outcome.ENFORCEMENT_ACTION}),
}


def _name(outcome: Outcome) -> str:
    return outcome.value.lower().replace("_", " ")


def _always_needed(review: Review) -> Iterator[FindingsProblem]:
    findings = review.findings
    said = {
        "Outcome": bool(findings.outcomes),
        "Matched on": bool(findings.matched_on),
        "Basis": bool(findings.basis.strip()),
    }
    for field, is_said in said.items():
        if not is_said:
            yield FindingsProblem(
                code="needed", field=field, message=f"{field} is always needed: please add it."
            )


def _no_information_is_a_denial(review: Review) -> Iterator[FindingsProblem]:
    if Outcome.NO_INFORMATION in review.findings.outcomes:
        yield FindingsProblem(
            code="no_information",
            field="Outcome",
            message="No information is given by answering DENY, never as an outcome of APPROVE.",
        )


def _needed_by_outcome(review: Review) -> Iterator[FindingsProblem]:
    findings = review.findings
    for outcome, fields in _NEEDS.items():
        if outcome not in findings.outcomes:
            continue
        for field in fields:
            if not _IS_SAID[field](findings):
                yield FindingsProblem(
                    code="needed_by_outcome",
                    field=field,
                    message=f"Outcome {_name(outcome)} needs {field}: please add it.",
                )
    is_kept = (
        Outcome.ENFORCEMENT_ACTION in findings.outcomes and findings.released_same_day is False
    )
    if is_kept and not findings.custody:
        yield FindingsProblem(
            code="needed_by_outcome",
            field="Custody",
            message="An action without release the same day needs Custody: please add it.",
        )
    if findings.custody_ended is CustodyEnd.TRANSFERRED and not findings.transferred_to:
        yield FindingsProblem(
            code="needed_by_outcome",
            field="Custody ended",
            message="Please name the agency: Custody ended: transferred to AGENCY.",
        )


def _used_by_no_outcome(review: Review) -> Iterator[FindingsProblem]:
    findings = review.findings
    if Outcome.NO_OVERLAP in findings.outcomes:
        return
    for field, outcomes in _USED_BY.items():
        if _IS_SAID[field](findings) and not outcomes & set(findings.outcomes):
            names = " or ".join(_name(o) for o in Outcome if o in outcomes)
            yield FindingsProblem(
                code="unused",
                field=field,
                message=f"{field} is given, but Outcome does not say {names}: please add the"
                f" outcome with what it needs, or leave {field} out.",
            )


def _no_overlap_stands_alone(review: Review) -> Iterator[FindingsProblem]:
    findings = review.findings
    if Outcome.NO_OVERLAP not in findings.outcomes:
        return
    others = [_name(o) for o in findings.outcomes if o is not Outcome.NO_OVERLAP]
    others += [field for field, is_said in _IS_SAID.items() if is_said(findings)]
    if findings.removed is False:
        others.append("Removed")
    if others:
        yield FindingsProblem(
            code="no_overlap_with_other",
            field="Outcome",
            message="No overlap stands alone, without " + ", ".join(others) + ".",
        )


def _removed_both_ways(review: Review) -> Iterator[FindingsProblem]:
    if review.findings.removed is False and Outcome.REMOVED in review.findings.outcomes:
        yield FindingsProblem(
            code="removed_and_not_removed",
            field="Removed",
            message="Outcome says removed, and Removed says no: please correct one of them.",
        )


def _end_without_custody(review: Review) -> Iterator[FindingsProblem]:
    findings = review.findings
    if _IS_SAID["Custody ended"](findings) and not findings.custody:
        yield FindingsProblem(
            code="ended_without_custody",
            field="Custody ended",
            message="Custody ended is given without Custody: please add the dates of custody.",
        )
    if findings.transferred_to and findings.custody_ended is not CustodyEnd.TRANSFERRED:
        yield FindingsProblem(
            code="transferred_to_without_transfer",
            field="Custody ended",
            message="An agency is named that custody was transferred to, but custody is not said"
            " to have ended by transfer.",
        )


def _country_is_not_foreign(review: Review) -> Iterator[FindingsProblem]:
    country = review.findings.country
    if not country:
        return
    if country.upper() in UNITED_STATES:
        yield FindingsProblem(
            code="country_is_united_states",
            field="Country",
            message="Country cannot be the United States or one of its territories.",
        )
    elif country not in Locale("en", "US").territories:
        yield FindingsProblem(
            code="unknown_country",
            field="Country",
            message="This country is not known: please write its English name or ISO code.",
        )


def _matched_on_what_was_not_given(review: Review) -> Iterator[FindingsProblem]:
    given = {*review.case.identifiers_given, MatchedOn.NAME, MatchedOn.OTHER_NAME}
    for identifier in review.findings.matched_on:
        if identifier not in given:
            yield FindingsProblem(
                code="matched_on_not_given",
                field="Matched on",
                message=f"The request gives no {identifier.value} that could have agreed: leave"
                " it out, or add it to the request with CORRECT first.",
            )


def _text_too_long(review: Review) -> Iterator[FindingsProblem]:
    findings = review.findings
    transfer = findings.direct_transfer
    texts = {
        "Facility": findings.facility,
        "Place": findings.place,
        "Custody ended": findings.transferred_to,
        "Direct transfer": transfer.agency if isinstance(transfer, DirectTransfer) else None,
    }
    for field, text in texts.items():
        if text is not None and len(text) > _MAX_TEXT:
            yield FindingsProblem(
                code="too_long",
                field=field,
                message=f"{field} is longer than {_MAX_TEXT} characters: please shorten it.",
            )


#: Applied in this order; every problem of every check is reported.
NEEDS: tuple[Check, ...] = (
    _always_needed,
    _no_information_is_a_denial,
    _needed_by_outcome,
    _used_by_no_outcome,
    _no_overlap_stands_alone,
    _removed_both_ways,
    _end_without_custody,
    _country_is_not_foreign,
    _matched_on_what_was_not_given,
    _text_too_long,
)
