"""What each class may be told, what blocks, and what takes a second person."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from outbound.certification.case import CaseFacts, Detail, build_case_facts
from outbound.certification.disclosure import Disclosure, assess_disclosure, find_detail
from parsers.replies.findings import MatchedOn
from tests.unit.certification_cases import build_case, build_findings

TODAY = date(2026, 5, 5)
A, FBI, SID = MatchedOn.A_NUMBER, MatchedOn.FBI_NUMBER, MatchedOn.STATE_ID
NAME, OTHER, BORN = MatchedOn.NAME, MatchedOn.OTHER_NAME, MatchedOn.BIRTH_DATE
COUNTRY = MatchedOn.COUNTRY_OF_BIRTH


def assess(
    case: CaseFacts | None = None,
    *,
    outcomes: str | None = "DETAINED",
    base: Detail = Detail.FULL,
    is_no_overlap_allowed: bool = False,
    **findings: Any,
) -> Disclosure:
    return assess_disclosure(
        case=case or build_case(),
        findings=None if outcomes is None else build_findings(outcomes, **findings),
        base_detail=base,
        today=TODAY,
        is_no_overlap_allowed=is_no_overlap_allowed,
    )


def codes(reasons: Any) -> list[str]:
    return [reason.code for reason in reasons]


DETAILS = {
    "clerk": ("judge_or_clerk", Detail.FULL, False, Detail.FULL),
    "clerk with consent": ("judge_or_clerk", Detail.FULL, True, Detail.FULL),
    "counsel without consent": ("defense_counsel", Detail.ANSWERS, False, Detail.ANSWERS),
    "counsel with consent": ("defense_counsel", Detail.ANSWERS, True, Detail.FULL),
    "surety without consent": ("bail_or_surety", Detail.ANSWERS, False, Detail.ANSWERS),
    "surety with consent": ("bail_or_surety", Detail.ANSWERS, True, Detail.ANSWERS),
    "other without consent": ("other", Detail.NONE, False, Detail.NONE),
    "other with consent": ("other", Detail.NONE, True, Detail.ANSWERS),
    "other configured full stays full": ("other", Detail.FULL, True, Detail.FULL),
    "surety configured none stays none": ("bail_or_surety", Detail.NONE, True, Detail.NONE),
}


@pytest.mark.parametrize(
    ("kind", "base", "has_consent", "detail"), DETAILS.values(), ids=DETAILS.keys()
)
def test_detail_follows_class_and_consent(
    kind: str, base: Detail, *, has_consent: bool, detail: Detail
) -> None:
    assert find_detail(kind, base=base, has_consent=has_consent) is detail


def test_an_ordinary_case_is_free_for_one_person() -> None:
    found = assess()
    assert (found.detail, found.blocked, found.second_person) == (Detail.FULL, (), ())
    assert not found.needs_supervisor


IDENTITIES = {
    "A-number, name, birth date": ((A, NAME, BORN), [], []),
    "FBI number, name, birth date": ((FBI, NAME, BORN), [], []),
    "state ID, name, birth date": ((SID, NAME, BORN), [], []),
    "name, birth date, country": ((NAME, BORN, COUNTRY), [], ["weak_identity"]),
    "A-number, other name, birth date": ((A, OTHER, BORN), [], ["weak_identity"]),
    "name, birth date": ((NAME, BORN), ["identity_not_established"], []),
    "A-number, name": ((A, NAME), ["identity_not_established"], []),
    "A-number, birth date": ((A, BORN), ["identity_not_established"], []),
    "other name, birth date, country": (
        (OTHER, BORN, COUNTRY),
        ["identity_not_established"],
        [],
    ),
    "country alone": ((COUNTRY,), ["identity_not_established"], []),
}


@pytest.mark.parametrize(
    ("matched", "blocked", "second"), IDENTITIES.values(), ids=IDENTITIES.keys()
)
def test_identity_is_strong_weak_or_refused(
    matched: tuple[MatchedOn, ...], blocked: list[str], second: list[str]
) -> None:
    found = assess(matched_on=matched)
    assert (codes(found.blocked), codes(found.second_person)) == (blocked, second)


# (changes to the case, blocked, legal first, second person)
CASES: dict[str, tuple[dict[str, Any], list[str], list[str], list[str]]] = {
    "identifiers unknown": ({"identifiers_unknown": True}, [], [], ["identifiers_unknown"]),
    "address is not the author's": (
        {"author_address": "someone@courts.example"},
        [],
        [],
        ["address_differs"],
    ),
    "address in other letters": ({"author_address": "Clerk@Courts.example"}, [], [], []),
    "no author, as with paper": ({"author_address": None}, [], [], ["address_differs"]),
    "webmail": ({"is_webmail": True}, [], [], ["webmail"]),
    "not authenticated": ({"is_authenticated": False}, [], [], ["unauthenticated"]),
    "by post, not authenticated": (
        {"delivery": "postal_mail", "is_authenticated": False, "is_webmail": True},
        [],
        [],
        ["unauthenticated"],
    ),
    "by post, no address": (
        {"delivery": "postal_mail", "requester_email": ""},
        [],
        [],
        [],
    ),
    "born in the United States": (
        {"birth_country": "US"},
        ["united_states_person"],
        ["united_states_person"],
        [],
    ),
    "born in Puerto Rico": (
        {"birth_country": "PR"},
        ["united_states_person"],
        ["united_states_person"],
        [],
    ),
    "claims citizenship": (
        {"citizenship": "US"},
        ["united_states_person"],
        ["united_states_person"],
        [],
    ),
    "claims citizenship, released from LEGAL": (
        {"citizenship": "US", "is_legal_cleared": True},
        [],
        [],
        [],
    ),
    "demand attached": (
        {"has_legal_process": True},
        ["demand_attached"],
        ["demand_attached"],
        [],
    ),
    "nothing asked": ({"information_requested": ()}, ["nothing_asked"], [], []),
    "17 today": ({"birth_dates": (date(2008, 5, 6),)}, [], [], ["minor"]),
    "18 today, 17 on the date": ({"birth_dates": (date(2008, 5, 5),)}, [], [], ["minor"]),
    "18 on the date, 17 in custody": ({"birth_dates": (date(2008, 3, 10),)}, [], [], ["minor"]),
    "18 on the first day of custody": ({"birth_dates": (date(2008, 3, 2),)}, [], [], []),
    "a minor by the other reading": (
        {"birth_dates": (date(2008, 1, 12), date(2008, 12, 1))},
        [],
        [],
        ["minor"],
    ),
    "born on a leap day, 18": ({"birth_dates": (date(2008, 2, 29),)}, [], [], []),
}


@pytest.mark.parametrize(
    ("changes", "blocked", "legal", "second"), CASES.values(), ids=CASES.keys()
)
def test_each_rule_speaks_up_for_its_case(
    changes: dict[str, Any], blocked: list[str], legal: list[str], second: list[str]
) -> None:
    found = assess(build_case(**changes))
    assert codes(found.blocked) == blocked
    assert codes(found.legal_first) == legal
    assert codes(found.second_person) == second
    assert found.needs_supervisor is ("minor" in second)


def test_whoever_was_taken_into_custody_as_a_minor_is_one() -> None:
    # 17 when custody began in January, 18 when it ended, on the date and today.
    case = build_case(birth_dates=(date(2008, 2, 1),))
    found = assess(case, custody="01-15/02-20")
    assert codes(found.second_person) == ["minor"]
    assert codes(assess(case, custody="02-01/02-20").second_person) == []


BASES: dict[str, tuple[str, dict[str, Any], list[str]]] = {
    "routine use": ("routine use", {}, []),
    "any case": ("Routine Use", {}, []),
    "unknown": ("a favour", {}, ["unknown_basis"]),
    "consent, attached": ("consent", {"has_consent": True}, []),
    "consent, not attached": ("consent", {}, ["consent_not_attached"]),
    "agency head, letter attached": (
        "agency head's request",
        {"has_supporting_attachment": True},
        [],
    ),
    "agency head, typographic apostrophe": (
        "agency head’s request",
        {"has_supporting_attachment": True},
        [],
    ),
    "agency head, no letter": ("agency head's request", {}, ["agency_head_letter_missing"]),
    "court order": ("court order", {}, ["court_order_by_legal_only"]),
    "court order, released from LEGAL": ("court order", {"is_legal_cleared": True}, []),
}


@pytest.mark.parametrize(("basis", "changes", "blocked"), BASES.values(), ids=BASES.keys())
def test_basis_needs_what_it_rests_on(
    basis: str, changes: dict[str, Any], blocked: list[str]
) -> None:
    assert codes(assess(build_case(**changes), basis=basis).blocked) == blocked


def test_a_class_that_is_told_nothing_can_only_be_denied() -> None:
    found = assess(build_case(requester_type="other"), base=Detail.NONE)
    assert codes(found.blocked) == ["nothing_for_this_class"]
    assert found.legal_first == ()


NO_OVERLAPS = {
    "off": (Detail.FULL, False, ["no_overlap_is_off"]),
    "on": (Detail.FULL, True, []),
    "on, for a class told answers only": (
        Detail.ANSWERS,
        True,
        ["no_overlap_needs_full_detail"],
    ),
}


@pytest.mark.parametrize(
    ("base", "allowed", "blocked"), NO_OVERLAPS.values(), ids=NO_OVERLAPS.keys()
)
def test_no_overlap_is_off_unless_allowed_and_for_full_detail_only(
    base: Detail, *, allowed: bool, blocked: list[str]
) -> None:
    found = assess(outcomes="NO_OVERLAP", base=base, is_no_overlap_allowed=allowed)
    assert codes(found.blocked) == blocked


def test_before_a_decision_only_the_case_is_judged() -> None:
    found = assess(build_case(identifiers_unknown=True), outcomes=None)
    assert (codes(found.blocked), codes(found.second_person)) == ([], ["identifiers_unknown"])


def test_every_reason_is_given_at_once() -> None:
    case = build_case(
        birth_country="US", birth_dates=(date(2010, 1, 1),), is_webmail=True, is_authenticated=False
    )
    found = assess(case, basis="consent", matched_on=(NAME,))
    assert codes(found.blocked) == [
        "united_states_person",
        "consent_not_attached",
        "identity_not_established",
    ]
    assert codes(found.second_person) == ["minor", "unauthenticated", "webmail"]


VALUES: dict[str, Any] = {
    "obligation_dates": ("2026-03-10", "2026-03-17/2026-03-20"),
    "information_requested": ("custody_on_date",),
    "requester_type": "bail_or_surety",
    "court_name": "Superior Court of Example County",
    "court_state": "GA",
    "case_numbers": ("17CR-001544",),
    "subject_family_name": "García Țurcanu",
    "subject_given_names": "María",
    "subject_birth_date": "1990-05-04",
    "subject_birth_country": "GT",
    "subject_a_number": "A000000123",
    "release_date": "2026-01-15",
    "requester_email": "agent@surety.example",
    "consent_attached": True,
    "legal_process_attached": False,
    "delivery": "encrypted_email",
}


def test_case_is_built_from_field_values_as_extracted() -> None:
    case = build_case_facts(VALUES, has_supporting_attachment=True, is_authenticated=True)
    assert [o.isoformat() for o in case.obligations] == ["2026-03-10", "2026-03-17/2026-03-20"]
    assert case.release_date == date(2026, 1, 15)
    assert case.a_number_last3 == "123"
    assert set(case.identifiers_given) == {A, NAME, BORN, COUNTRY}
    assert case.has_consent
    assert not case.has_legal_process


def test_consent_without_an_attachment_is_no_consent() -> None:
    assert not build_case_facts(VALUES).has_consent


def test_ambiguous_birth_date_is_kept_in_both_readings() -> None:
    case = build_case_facts(VALUES, is_birth_date_ambiguous=True)
    assert case.birth_dates == (date(1990, 5, 4), date(1990, 4, 5))


@pytest.mark.parametrize("unread", [(), ""])
def test_a_case_whose_dates_could_not_be_read_can_be_shown(unread: str | tuple[str, ...]) -> None:
    assert build_case_facts({**VALUES, "obligation_dates": unread}).obligations == ()


def test_a_case_with_a_date_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="isoformat"):
        build_case_facts({**VALUES, "obligation_dates": ("soon",)})
