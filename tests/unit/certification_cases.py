"""Builders for the tests of certifications: one invented case and one reviewer's findings."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from outbound.certification.case import CaseFacts, Detail, Obligation
from outbound.certification.determination import Determination, determine
from outbound.certification.document import (
    CertificationFacts,
    Certifier,
    IssueDetails,
    Mark,
    build_certification_facts,
)
from parsers.replies.findings import (
    CustodyEnd,
    CustodyPeriod,
    DirectTransfer,
    Findings,
    MatchedOn,
    Outcome,
)

EASTERN = ZoneInfo("America/New_York")
AS_OF = datetime(2026, 5, 4, 14, 30, tzinfo=EASTERN)
NOW = datetime(2026, 5, 5, 9, 0, tzinfo=EASTERN)
ASKED_ALL = ("custody_on_date", "custody_dates", "removal", "release")


def day(text: str) -> date:
    """Read `03-10` as a day of 2026, and `2009-06-01` as it stands."""
    return date.fromisoformat(text if len(text) == 10 else f"2026-{text}")


def span(text: str) -> Obligation:
    """Read `03-10`, or `03-10/03-20` for a period."""
    first, _, last = text.partition("/")
    return Obligation(first=day(first), last=day(last or first))


def stays(text: str) -> tuple[CustodyPeriod, ...]:
    """Read `03-02/04-17, 04-20/present`."""
    periods = [part.strip().split("/") for part in text.split(",") if part.strip()]
    return tuple(
        CustodyPeriod(first=day(first), last=None if last == "present" else day(last))
        for first, last in periods
    )


def build_case(dates: str = "03-10", **changes: Any) -> CaseFacts:
    """Build a case of a clerk in Georgia; `dates` are obligations separated by commas."""
    values: dict[str, Any] = {
        "obligations": tuple(span(part.strip()) for part in dates.split(",")),
        "information_requested": ASKED_ALL,
        "requester_type": "judge_or_clerk",
        "court_name": "Superior Court of Example County",
        "court_county": "Example County",
        "court_state": "GA",
        "case_numbers": ("17CR-001544",),
        "subject_family_name": "García Țurcanu",
        "subject_given_names": "María Nguyễn",
        "birth_dates": (date(1990, 5, 4),),
        "birth_country": "GT",
        "a_number_last3": "123",
        "identifiers_given": tuple(MatchedOn),
        "requester_email": "clerk@courts.example",
        "author_address": "clerk@courts.example",
        "is_authenticated": True,
    }
    return CaseFacts(**{**values, **changes})


def build_findings(outcomes: str = "DETAINED", **changes: Any) -> Findings:
    """Build findings of the outcomes named, with what each needs unless `changes` says otherwise.

    `custody` may be text as `stays` reads it; dates may be text as `day` reads it.
    """
    wanted = tuple(Outcome(name) for name in outcomes.split())
    values: dict[str, Any] = {
        "outcomes": wanted,
        "matched_on": (MatchedOn.A_NUMBER, MatchedOn.NAME, MatchedOn.BIRTH_DATE),
        "basis": "routine use",
        "records_as_of": AS_OF,
    }
    if Outcome.DETAINED in wanted:
        values |= {"custody": "03-02/present", "facility": "Example Processing Center, Anytown, GA"}
    if {Outcome.REMOVED, Outcome.RETURNED} & set(wanted):
        values["country"] = "GT"
    if {Outcome.RETURNED, Outcome.VOLUNTARY_DEPARTURE} & set(wanted):
        values["in_custody"] = False
    if Outcome.ENFORCEMENT_ACTION in wanted:
        values |= {"place": "Example County, GA", "released_same_day": True}
    values |= changes
    if isinstance(values.get("custody"), str):
        values["custody"] = stays(values["custody"])
    for name in ("removed", "returned", "departed", "action"):
        if isinstance(values.get(name), str):
            values[name] = day(values[name])
    if isinstance(values.get("custody_ended"), str):
        values["custody_ended"] = CustodyEnd(values["custody_ended"])
    return Findings(**values)


def transfer(on: str = "03-02", agency: str = "Example County Jail") -> DirectTransfer:
    """Build a direct transfer."""
    return DirectTransfer(agency=agency, on=day(on))


def decide(findings: Findings, case: CaseFacts | None = None) -> Determination:
    """Determine as of the usual moment."""
    return determine(findings, case or build_case(), now=NOW, zone=EASTERN)


def issue(mark: Mark = Mark.NONE, **changes: Any) -> IssueDetails:
    """Build the details of an issue."""
    values: dict[str, Any] = {
        "tracking_number": "CJS-2026-000042-7",
        "control_number": "7K3M-9QXA-52TD-0WZH",
        "issued_on": date(2026, 5, 5),
        "agency": "Example Immigration Agency (demo)",
        "office": "ERO Contact Center of Operations",
        "verify_address": "ero.outreach@agency.example",
        "mark": mark,
    }
    return IssueDetails(**{**values, **changes})


def build_facts(
    findings: Findings,
    case: CaseFacts | None = None,
    *,
    detail: Detail = Detail.FULL,
    details: IssueDetails | None = None,
) -> CertificationFacts:
    """Build the facts of a certification of these findings."""
    the_case = case or build_case()
    return build_certification_facts(
        case=the_case,
        findings=findings,
        determination=decide(findings, the_case),
        detail=detail,
        certifier=Certifier(name="R. Ortega", title="Deportation Officer"),
        issue=details or issue(),
        zone=EASTERN,
    )
