"""The facts of a Certification Form (`cjs-certification/1`): all that is printed, and no more.

Two kinds are built: a determination of two pages, and NO_INFORMATION of one. Both are plain values
that become JSON; the PDF is made from them alone, in `outbound.certification.pdf`, so identical
facts give identical bytes.
"""

from __future__ import annotations

import json
import unicodedata
from dataclasses import asdict, dataclass, field, replace
from datetime import date, tzinfo
from enum import StrEnum
from typing import Any

import pycountry

from outbound.certification.answer_lines import AnswerLine, build_answer_lines
from outbound.certification.case import CaseFacts, Detail
from outbound.certification.determination import Determination
from outbound.certification.statements import Telling, build_statements
from outbound.certification.wording import Wording, default_wording
from parsers.replies.findings import Findings, MatchedOn, Outcome
from parsers.values.control_numbers import SAMPLE_CONTROL_NUMBER

DEFINITION = "cjs-certification/1"

#: Nothing longer is printed; a form that says more is corrected first.
_MAX_TEXT = 500


class CannotBePrinted(Exception):  # noqa: N818 - named by what happened, like every outcome here
    """A value cannot stand on the certification; the message says which and what to do."""


class Mark(StrEnum):
    """What stands on every page of something that is not an official record."""

    NONE = ""  #: issued
    SAMPLE = "sample"  #: made without a signing key, or by the demo
    PREVIEW = "preview"  #: shown before it is issued
    COURTESY = "courtesy"  #: a translation of what was issued, which is no certification


#: The words of each mark; the diagonal pictures in the template package show the same, but for the
#: translation's, which is said at the top and at the foot of its pages.
MARK_WORDS = {
    Mark.NONE: "",
    Mark.SAMPLE: "SAMPLE - NOT AN OFFICIAL RECORD",
    Mark.PREVIEW: "PREVIEW - NOT ISSUED",
    Mark.COURTESY: "COURTESY TRANSLATION, NOT THE CERTIFICATION"
    " / TRADUCCIÓN DE CORTESÍA, NO ES LA CERTIFICACIÓN",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueDetails:
    """Who issues a certification, under which numbers and when; the same for both kinds."""

    tracking_number: str
    control_number: str  #: ignored, and the sample's printed, of a sample and a preview
    issued_on: date  #: where the office is
    agency: str
    office: str
    verify_address: str
    mark: Mark
    supersedes: str = ""  #: control number of the certification this one replaces
    is_signed_by_hand: bool = False  #: the line for the signature is left empty


@dataclass(frozen=True, slots=True, kw_only=True)
class Certifier:
    """The approver who certifies: shown the full text, and named on page 2."""

    name: str
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SubjectFacts:
    """The individual as the requester named them."""

    family_name: str
    given_names: str
    suffix: str
    birth_year: str  #: four digits, or empty
    a_number_last3: str  #: or empty


@dataclass(frozen=True, slots=True, kw_only=True)
class DeterminationFacts:
    """What only a determination prints."""

    subject: SubjectFacts
    obligations: tuple[str, ...]  #: ISO dates or periods
    obligations_text: str
    records_as_of: str  #: ISO 8601 with offset, where the office is
    records_as_of_text: str
    matched_on: tuple[str, ...]  #: of the closed list
    matched_on_text: str
    outcomes: tuple[str, ...]  #: those whose sentences are printed
    statements: tuple[str, ...]  #: the sentences
    answers: tuple[AnswerLine, ...]
    custody_definition: str
    certifier: Certifier


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificationFacts:
    """Everything a Certification Form prints."""

    definition: str
    language: str
    mark: str  #: the words of the mark, or empty
    control_number: str
    tracking_number: str
    supersedes: str  #: a control number, or empty
    issued_on: str  #: ISO date
    issued_on_text: str
    agency: str
    office: str
    verify_address: str
    court: str
    court_place: str  #: county and state
    case_numbers: tuple[str, ...]
    sentence: str  #: of NO_INFORMATION; empty for a determination
    determination: DeterminationFacts | None = field(default=None)
    signed_by_hand: bool | None = None  #: true, or absent: the signature is in the file

    @property
    def outcomes(self) -> tuple[str, ...]:
        """Return the outcomes it states, for the register."""
        if self.determination is None:
            return (Outcome.NO_INFORMATION.value,)
        return self.determination.outcomes

    @property
    def answers(self) -> tuple[AnswerLine, ...]:
        """Return the printed answers, for the register."""
        return () if self.determination is None else self.determination.answers

    def to_json(self) -> dict[str, Any]:
        """Return the facts as JSON values; what is absent is absent, never null."""
        plain = asdict(self)
        return {name: value for name, value in plain.items() if value is not None}

    def to_bytes(self) -> bytes:
        """Return the one canonical JSON text of the facts, as attached to the PDF and digested."""
        return json.dumps(self.to_json(), ensure_ascii=False, indent=1).encode() + b"\n"


def build_certification_facts(
    *,
    case: CaseFacts,
    findings: Findings,
    determination: Determination,
    detail: Detail,
    certifier: Certifier,
    issue: IssueDetails,
    zone: tzinfo,
    wording: Wording | None = None,
) -> CertificationFacts:
    """Build the facts of a determination: only what was asked for and `detail` allows.

    Raises `ValueError` when `detail` is NONE, or NO_OVERLAP goes to a class without full detail
    (the disclosure rules stop both before), and `CannotBePrinted`.
    """
    if detail is Detail.NONE or (
        Outcome.NO_OVERLAP in determination.outcomes and detail is not Detail.FULL
    ):
        raise ValueError("This class of requester may not be told these findings.")
    words = wording or default_wording()
    telling = Telling(
        findings=findings, determination=determination, case=case, detail=detail, wording=words
    )
    statements = build_statements(telling)
    as_of = determination.records_as_of.astimezone(zone)
    facts = DeterminationFacts(
        subject=_build_subject(case),
        obligations=tuple(o.isoformat() for o in case.obligations),
        obligations_text=words.spans(case.obligations),
        records_as_of=as_of.isoformat(timespec="minutes"),
        records_as_of_text=words.moment(as_of, zone),
        matched_on=tuple(m.value for m in MatchedOn if m in findings.matched_on),
        matched_on_text=_match_line(findings, words),
        outcomes=tuple(dict.fromkeys(s.outcome.value for s in statements if s.outcome)),
        statements=tuple(s.sentence for s in statements),
        answers=build_answer_lines(telling, statements),
        custody_definition=words.text("custody", "definition"),
        certifier=Certifier(name=_line(certifier.name), title=_line(certifier.title)),
    )
    return _build_facts(case, issue, words, determination=_clean(facts), sentence="")


def build_no_information_facts(
    *, case: CaseFacts, issue: IssueDetails, wording: Wording | None = None
) -> CertificationFacts:
    """Build the facts of a refusal: alike for every reason, and nothing about the individual."""
    words = wording or default_wording()
    sentence = words.text("sentences", "no_information")
    return _build_facts(case, issue, words, determination=None, sentence=sentence)


def _build_facts(
    case: CaseFacts,
    issue: IssueDetails,
    words: Wording,
    *,
    determination: DeterminationFacts | None,
    sentence: str,
) -> CertificationFacts:
    if issue.mark is Mark.NONE and issue.control_number == SAMPLE_CONTROL_NUMBER:
        raise ValueError("The sample's control number is never issued.")
    # A translation names the certification that it is of.
    marked = issue.mark in {Mark.SAMPLE, Mark.PREVIEW}
    return CertificationFacts(
        definition=DEFINITION,
        language=words.texts["dates"]["locale"].replace("_", "-"),
        mark=MARK_WORDS[issue.mark],
        control_number=SAMPLE_CONTROL_NUMBER if marked else issue.control_number,
        tracking_number=issue.tracking_number,
        supersedes=issue.supersedes,
        issued_on=issue.issued_on.isoformat(),
        issued_on_text=words.day(issue.issued_on),
        agency=_line(issue.agency),
        office=_line(issue.office),
        verify_address=_line(issue.verify_address),
        court=_line(case.court_name),
        court_place=_court_place(case),
        case_numbers=tuple(_line(number) for number in case.case_numbers),
        sentence=sentence,
        determination=determination,
        signed_by_hand=True if issue.is_signed_by_hand and determination is not None else None,
    )


def _build_subject(case: CaseFacts) -> SubjectFacts:
    return SubjectFacts(
        family_name=_line(case.subject_family_name),
        given_names=_line(case.subject_given_names),
        suffix=_line(case.subject_suffix),
        birth_year=str(case.birth_dates[0].year) if case.birth_dates else "",
        a_number_last3=case.a_number_last3[-3:],
    )


def _match_line(findings: Findings, words: Wording) -> str:
    """Name the identifiers that agreed; a name the requester did not give is never printed."""
    agreed = [m for m in MatchedOn if m in findings.matched_on and m is not MatchedOn.OTHER_NAME]
    line = words.join([words.text("match", m.name.lower()) for m in agreed]) if agreed else ""
    if MatchedOn.OTHER_NAME not in findings.matched_on:
        return line
    return words.text("match", "with_other_name", identifiers=line)


def _court_place(case: CaseFacts) -> str:
    state = find_state_name(case.court_state) or case.court_state.title()
    return ", ".join(part for part in (_line(case.court_county), state) if part)


def find_state_name(code: str) -> str | None:
    """Return the name of a USPS state or territory code (ISO 3166-2), or None for `TRIBAL`."""
    subdivision: Any = pycountry.subdivisions.get(code=f"US-{code}")  # type: ignore[no-untyped-call] # no stubs
    return None if subdivision is None else str(subdivision.name)


def _clean(facts: DeterminationFacts) -> DeterminationFacts:
    """Take what no page can hold out of the texts that a reviewer's words went into."""
    return replace(
        facts,
        statements=tuple(_line(s, limit=4 * _MAX_TEXT) for s in facts.statements),
        answers=tuple(replace(line, text=_line(line.text)) for line in facts.answers),
    )


def _line(text: str, *, limit: int = _MAX_TEXT) -> str:
    """Return the text on one line, as written but for characters that are invisible or not text.

    Raises `CannotBePrinted` when it is too long.
    """
    visible = "".join(" " if c.isspace() else c for c in text if c.isspace() or _is_text(c))
    line = " ".join(visible.split())
    if len(line) > limit:
        raise CannotBePrinted(
            f"A text is longer than {limit} characters and cannot be printed: shorten it first."
        )
    return line


def _is_text(character: str) -> bool:
    # Controls, formats (among them the marks that turn the writing direction), surrogates, private
    # use and unassigned characters are no part of a name.
    return not unicodedata.category(character).startswith("C")
