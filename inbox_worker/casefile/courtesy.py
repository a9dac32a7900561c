"""The courtesy translation that goes beside a certification: never the record, never signed.

Outcomes of `render_courtesy_copy`: the PDF; or None, where none is configured, where what is issued
is a sample, or where it cannot be printed, which must not hold the certification up.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

import structlog

from inbox_worker.casefile import casework
from inbox_worker.casefile.findings_record import load_findings
from inbox_worker.services import Services
from inbox_worker.storage.models import Decision, Request
from outbound.certification.document import (
    CannotBePrinted,
    CertificationFacts,
    IssueDetails,
    Mark,
    build_no_information_facts,
)
from outbound.certification.pdf import render_certification
from outbound.certification.wording import spanish_wording
from parsers.extraction import FieldValue

_log = structlog.get_logger()


def render_courtesy_copy(
    services: Services,
    request: Request,
    fields: Mapping[str, FieldValue],
    decision: Decision,
    facts: CertificationFacts,
    *,
    now: datetime,
) -> bytes | None:
    """Render the translation of the certification with these facts, None for none."""
    if not services.settings.certification.courtesy_copy or facts.mark:
        return None
    words, issue = spanish_wording(), _build_issue(facts)
    case = casework.read_case(services, request, fields)
    try:
        if decision.findings is None:
            translated = build_no_information_facts(case=case, issue=issue, wording=words)
        else:
            certifier = services.settings.find_staff(decision.certifier or "")
            findings = load_findings(decision.findings)
            translated = casework.build_issued_facts(
                services, case, findings, certifier, issue, now=now, wording=words
            )
        return render_certification(translated, wording=words)
    except CannotBePrinted:
        _log.warning("courtesy_copy_failed", decision_id=decision.id)
        return None


def _build_issue(facts: CertificationFacts) -> IssueDetails:
    return IssueDetails(
        tracking_number=facts.tracking_number,
        control_number=facts.control_number,
        issued_on=date.fromisoformat(facts.issued_on),
        agency=facts.agency,
        office=facts.office,
        verify_address=facts.verify_address,
        mark=Mark.COURTESY,
        supersedes=facts.supersedes,
    )
