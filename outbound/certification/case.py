"""What the Request Form and its mail say about one case, as plain values for the rules.

`CaseFacts` is everything the answers, the disclosure rules and the printed caption may depend on;
the findings of a reviewer are the other half. Nothing here decides anything.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from parsers.extraction import Value
from parsers.replies.findings import MatchedOn

#: Countries and territories whose people are born citizens or nationals of the United States
#: (8 U.S.C. 1401-1408), by ISO 3166 alpha-2 code.
UNITED_STATES = frozenset({"US", "PR", "GU", "VI", "MP", "AS", "UM"})


class Detail(StrEnum):
    """How much a class of requester is told."""

    FULL = "full"  #: answers and every sentence, with facility, city and country
    ANSWERS = "answers"  #: answers, custody and removal dates; no facility, city or country
    NONE = "none"  #: nothing


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """Why something may not be done, or not by one person alone."""

    code: str  #: stable, and the name of the rule that gave it
    sentence: str  #: for staff: what it is and what to do
    needs_supervisor: bool = False  #: one of the people who decide must be a supervisor


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Span:
    """Days from `first` to `last`, both included; a single day has both equal."""

    first: date
    last: date

    @property
    def is_day(self) -> bool:
        """Whether it is a single day."""
        return self.first == self.last

    def __contains__(self, day: date) -> bool:
        return self.first <= day <= self.last

    def isoformat(self) -> str:
        """Return `2026-03-10`, or `2026-03-17/2026-03-20` for a period."""
        return str(self.first) if self.is_day else f"{self.first}/{self.last}"


#: The day or period on which the subject was to be somewhere.
Obligation = Span


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseFacts:
    """One request, as far as the law and the paper need it."""

    obligations: tuple[Obligation, ...]  #: in the order of the form, at least one
    information_requested: tuple[str, ...]  #: custody_on_date, custody_dates, removal, release
    requester_type: str  #: machine name of the class
    court_name: str
    court_state: str  #: USPS code, or TRIBAL
    case_numbers: tuple[str, ...]
    subject_family_name: str  #: exactly as filed
    subject_given_names: str  #: exactly as filed
    subject_suffix: str = ""
    court_county: str = ""
    release_date: date | None = None  #: released on bond or to supervision on
    birth_dates: tuple[date, ...] = ()  #: every reading of the birth date, the filed one first
    birth_country: str | None = None  #: ISO 3166 alpha-2, `XK`, or `Unknown`
    citizenship: str | None = None  #: the same
    a_number_last3: str = ""  #: of the A-number as filed; empty when none was
    identifiers_given: tuple[MatchedOn, ...] = ()  #: what the request gives to search by
    identifiers_unknown: bool = False  #: the box "none of these is known" is ticked
    has_consent: bool = False  #: the form says so and an attachment beside the form is present
    has_supporting_attachment: bool = False  #: any attachment beside the form
    has_legal_process: bool = False  #: a demand directed to the agency is attached
    is_legal_cleared: bool = False  #: a person has released it from LEGAL
    delivery: str = "encrypted_email"  #: or postal_mail
    requester_email: str = ""
    author_address: str | None = None  #: of the mail; None for scanned paper
    is_authenticated: bool = False  #: the mail was proved to come from its author's domain
    is_webmail: bool = False  #: requester_email is at a public mail provider


_GIVEN_BY_FIELD: Mapping[str, MatchedOn] = {
    "subject_a_number": MatchedOn.A_NUMBER,
    "subject_fbi_number": MatchedOn.FBI_NUMBER,
    "subject_state_id": MatchedOn.STATE_ID,
    "subject_family_name": MatchedOn.NAME,
    "subject_aliases": MatchedOn.OTHER_NAME,
    "subject_birth_date": MatchedOn.BIRTH_DATE,
}


def build_case_facts(
    values: Mapping[str, Value],
    *,
    is_birth_date_ambiguous: bool = False,
    has_supporting_attachment: bool = False,
    is_legal_cleared: bool = False,
    author_address: str | None = None,
    is_authenticated: bool = False,
    is_webmail: bool = False,
) -> CaseFacts:
    """Build the case from the current field values by machine name, as `extract` normalises them.

    An ambiguous birth date is kept in both readings. What could not be read is an empty text, and
    nothing here: a case without an obligation date can be shown, and not answered. Raises
    `ValueError` for a date that is not ISO 8601.
    """
    obligations = tuple(_parse_span(text) for text in _texts(values, "obligation_dates") if text)
    country = _text(values, "subject_birth_country")
    given = [m for name, m in _GIVEN_BY_FIELD.items() if values.get(name)]
    if country and country != "Unknown":
        given.append(MatchedOn.COUNTRY_OF_BIRTH)
    return CaseFacts(
        obligations=obligations,
        information_requested=_texts(values, "information_requested"),
        requester_type=_text(values, "requester_type"),
        court_name=_text(values, "court_name"),
        court_county=_text(values, "court_county"),
        court_state=_text(values, "court_state"),
        case_numbers=_texts(values, "case_numbers"),
        subject_family_name=_text(values, "subject_family_name"),
        subject_given_names=_text(values, "subject_given_names"),
        subject_suffix=_text(values, "subject_suffix"),
        release_date=_date(values, "release_date"),
        birth_dates=_birth_dates(_date(values, "subject_birth_date"), is_birth_date_ambiguous),
        birth_country=country or None,
        citizenship=_text(values, "subject_citizenship") or None,
        a_number_last3=_text(values, "subject_a_number")[-3:],
        identifiers_given=tuple(given),
        identifiers_unknown=values.get("identifiers_unknown") is True,
        has_consent=values.get("consent_attached") is True and has_supporting_attachment,
        has_supporting_attachment=has_supporting_attachment,
        has_legal_process=values.get("legal_process_attached") is True,
        is_legal_cleared=is_legal_cleared,
        delivery=_text(values, "delivery") or "encrypted_email",
        requester_email=_text(values, "requester_email"),
        author_address=author_address,
        is_authenticated=is_authenticated,
        is_webmail=is_webmail,
    )


def _text(values: Mapping[str, Value], name: str) -> str:
    value = values.get(name)
    return value if isinstance(value, str) else ""


def _texts(values: Mapping[str, Value], name: str) -> tuple[str, ...]:
    value = values.get(name)
    if isinstance(value, str):
        return (value,)
    return value if isinstance(value, tuple) else ()


def _date(values: Mapping[str, Value], name: str) -> date | None:
    text = _text(values, name)
    return date.fromisoformat(text) if text else None


def _parse_span(text: str) -> Span:
    first, _, last = text.partition("/")
    return Span(first=date.fromisoformat(first), last=date.fromisoformat(last or first))


def _birth_dates(filed: date | None, is_ambiguous: bool) -> tuple[date, ...]:  # noqa: FBT001 - private, one caller
    if filed is None:
        return ()
    if is_ambiguous and filed.day <= 12 and filed.day != filed.month:
        return (filed, filed.replace(month=filed.day, day=filed.month))
    return (filed,)
