"""Who may be told what, and what one person may not decide alone: an ordered table of named rules.

`assess_disclosure` returns a `Disclosure`: the detail for this class of requester, the reasons that
block an approval (some of them block any answer until a person has released the case from LEGAL),
and the reasons that call for a second person. No rule changes anything; the reasons are all given
at once, each under a code of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from outbound.certification.case import UNITED_STATES, CaseFacts, Detail, Reason
from parsers.replies.findings import Findings, MatchedOn, Outcome

#: The bases of release there are, as configured by default.
DEFAULT_BASES = ("routine use", "consent", "agency head's request", "court order")

#: With the subject's consent these classes are told this much at least.
_DETAIL_WITH_CONSENT: Mapping[str, Detail] = {
    "defense_counsel": Detail.FULL,
    "other": Detail.ANSWERS,
}

_RANK = (Detail.NONE, Detail.ANSWERS, Detail.FULL)
_ADULT_AT = 18


class Stop(StrEnum):
    """What a rule asks for."""

    LEGAL_FIRST = "legal_first"  #: no answer at all, not even DENY, before LEGAL has released it
    BLOCKED = "blocked"  #: nothing may be told; DENY may answer
    SECOND_PERSON = "second_person"  #: two people decide


@dataclass(frozen=True, slots=True, kw_only=True)
class Disclosure:
    """What may be told, and by how many people."""

    detail: Detail
    blocked: tuple[Reason, ...]  #: APPROVE is refused while there is any; includes `legal_first`
    legal_first: tuple[Reason, ...]  #: DENY is refused too while there is any: LEGAL first
    second_person: tuple[Reason, ...]

    @property
    def needs_supervisor(self) -> bool:
        """Whether one of the people who decide must be a supervisor."""
        return any(reason.needs_supervisor for reason in self.second_person)


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What a rule may look at."""

    case: CaseFacts
    findings: Findings | None  #: None before a decision
    detail: Detail
    today: date  #: where the office is
    bases: Collection[str]
    is_no_overlap_allowed: bool


_Found = tuple[Stop, Reason]
_Rule = Callable[[Question], Iterator[_Found]]


def _legal_first(code: str, sentence: str) -> _Found:
    return Stop.LEGAL_FIRST, Reason(code=code, sentence=sentence)


def _blocked(code: str, sentence: str) -> _Found:
    return Stop.BLOCKED, Reason(code=code, sentence=sentence)


def _second_person(code: str, sentence: str, *, needs_supervisor: bool = False) -> _Found:
    reason = Reason(code=code, sentence=sentence, needs_supervisor=needs_supervisor)
    return Stop.SECOND_PERSON, reason


def find_detail(requester_type: str, *, base: Detail, has_consent: bool) -> Detail:
    """Return the detail for a class whose configured detail is `base`, raised by consent."""
    raised = _DETAIL_WITH_CONSENT.get(requester_type) if has_consent else None
    return base if raised is None else max(base, raised, key=_RANK.index)


def assess_disclosure(
    *,
    case: CaseFacts,
    findings: Findings | None,
    base_detail: Detail,
    today: date,
    bases: Collection[str] = DEFAULT_BASES,
    is_no_overlap_allowed: bool = False,
) -> Disclosure:
    """Apply every rule to the case, and to the findings where there are any.

    `base_detail` is what is configured for the requester's class, `today` the date where the office
    is. Sources: 5 U.S.C. 552a, 6 CFR 5.41-5.49, and the rules of the service.
    """
    detail = find_detail(case.requester_type, base=base_detail, has_consent=case.has_consent)
    question = Question(
        case=case,
        findings=findings,
        detail=detail,
        today=today,
        bases=bases,
        is_no_overlap_allowed=is_no_overlap_allowed,
    )
    found = [pair for rule in RULES.values() for pair in rule(question)]
    return Disclosure(
        detail=detail,
        blocked=tuple(r for stop, r in found if stop is not Stop.SECOND_PERSON),
        legal_first=tuple(r for stop, r in found if stop is Stop.LEGAL_FIRST),
        second_person=tuple(r for stop, r in found if stop is Stop.SECOND_PERSON),
    )


def _demand_attached(question: Question) -> Iterator[_Found]:
    if question.case.has_legal_process and not question.case.is_legal_cleared:
        yield _legal_first(
            "demand_attached",
            "A demand directed to the agency is attached (6 CFR 5.41-5.49): answer"
            " LEGAL; nothing is answered before LEGAL has released it.",
        )


def _united_states_person(question: Question) -> Iterator[_Found]:
    case = question.case
    claimed = {case.birth_country, case.citizenship} & UNITED_STATES
    if claimed and not case.is_legal_cleared:
        yield _legal_first(
            "united_states_person",
            "The form says that the individual was born in, or is a citizen of, the"
            " United States: answer LEGAL; nothing is answered before LEGAL has released it.",
        )


def _minor(question: Question) -> Iterator[_Found]:
    if any(_is_minor_on(day, question.case) for day in _days_of_interest(question)):
        yield _second_person(
            "minor",
            "The individual is or was under 18, today, on an obligation date or in"
            " custody, by some reading of the birth date: a supervisor and a second person"
            " decide.",
            needs_supervisor=True,
        )


def _days_of_interest(question: Question) -> Iterator[date]:
    yield question.today
    yield from (obligation.first for obligation in question.case.obligations)
    if question.findings is not None:
        yield from (period.first for period in question.findings.custody)


def _is_minor_on(day: date, case: CaseFacts) -> bool:
    return any(_age_on(day, born) < _ADULT_AT for born in case.birth_dates)


def _age_on(day: date, born: date) -> int:
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))


def _nothing_for_this_class(question: Question) -> Iterator[_Found]:
    if question.detail is Detail.NONE:
        yield _blocked(
            "nothing_for_this_class",
            "This class of requester is told nothing without the individual's signed"
            " consent: DENY, or ask with NEED INFO consent.",
        )


def _nothing_asked(question: Question) -> Iterator[_Found]:
    if not question.case.information_requested:
        yield _blocked(
            "nothing_asked",
            "The form does not say which information is asked for, and nothing is"
            " told that was not asked: use CORRECT or NEED INFO.",
        )


def _basis(question: Question) -> Iterator[_Found]:
    if question.findings is None:
        return
    basis = question.findings.basis.strip().lower().replace("’", "'")
    case = question.case
    if basis not in {b.strip().lower() for b in question.bases}:
        known = ", ".join(question.bases)
        yield _blocked("unknown_basis", f"The basis of release is none of: {known}.")
    if basis == "consent" and not case.has_consent:
        yield _blocked(
            "consent_not_attached",
            "The basis is consent, but no signed consent is attached: give another basis, or ask"
            " with NEED INFO consent.",
        )
    if basis == "agency head's request" and not case.has_supporting_attachment:
        yield _blocked(
            "agency_head_letter_missing",
            "The basis is an agency head's request, but no letter is attached.",
        )
    if basis == "court order" and not case.is_legal_cleared:
        yield _blocked(
            "court_order_by_legal_only",
            "A court order is a basis only when LEGAL has released the case: answer LEGAL.",
        )


def _identity(question: Question) -> Iterator[_Found]:
    """Strong: A-number, FBI or SID with name and birth date. Weak: name, birth date, country."""
    if question.findings is None:
        return
    matched = set(question.findings.matched_on)
    has_number = bool(matched & {MatchedOn.A_NUMBER, MatchedOn.FBI_NUMBER, MatchedOn.STATE_ID})
    has_name_and_birth = {MatchedOn.NAME, MatchedOn.BIRTH_DATE} <= matched
    has_other_name_and_birth = {MatchedOn.OTHER_NAME, MatchedOn.BIRTH_DATE} <= matched
    if has_number and has_name_and_birth:
        return
    is_weak = has_name_and_birth and MatchedOn.COUNTRY_OF_BIRTH in matched
    if is_weak or (has_number and has_other_name_and_birth):
        yield _second_person(
            "weak_identity",
            "The records were matched on a weak identity: a second person compares them.",
        )
        return
    yield _blocked(
        "identity_not_established",
        "Too little agreed to know that the records are this individual's. Needed:"
        " name and birth date, with A-number, FBI number, state ID or country of birth.",
    )


def _identifiers_unknown(question: Question) -> Iterator[_Found]:
    if question.case.identifiers_unknown:
        yield _second_person(
            "identifiers_unknown",
            "The requester knows no identifying number: a second person compares the records.",
        )


def _address(question: Question) -> Iterator[_Found]:
    case = question.case
    if not case.is_authenticated:
        yield _second_person(
            "unauthenticated",
            "The request was not proved to come from its author: a second person confirms the"
            " address.",
        )
    if case.delivery == "postal_mail":
        return
    if _plain(case.requester_email) != _plain(case.author_address or ""):
        yield _second_person(
            "address_differs",
            "The e-mail address on the form is not the one the request came from: a second person"
            " confirms it.",
        )
    if case.is_webmail:
        yield _second_person(
            "webmail",
            "The e-mail address is at a public mail provider: a second person confirms it.",
        )


def _plain(address: str) -> str:
    return address.strip().casefold()


def _no_overlap(question: Question) -> Iterator[_Found]:
    findings = question.findings
    if findings is None or Outcome.NO_OVERLAP not in findings.outcomes:
        return
    if not question.is_no_overlap_allowed:
        yield _blocked(
            "no_overlap_is_off",
            "No overlap may not be stated here: the configuration does not allow it.",
        )
    if question.detail is not Detail.FULL:
        yield _blocked(
            "no_overlap_needs_full_detail",
            "No overlap is stated only to classes of requester with full detail.",
        )


#: Every rule by name, applied in this order; all that apply are reported.
RULES: Mapping[str, _Rule] = {
    "demand_attached": _demand_attached,
    "united_states_person": _united_states_person,
    "nothing_for_this_class": _nothing_for_this_class,
    "nothing_asked": _nothing_asked,
    "basis": _basis,
    "identity": _identity,
    "no_overlap": _no_overlap,
    "minor": _minor,
    "identifiers_unknown": _identifiers_unknown,
    "address": _address,
}
