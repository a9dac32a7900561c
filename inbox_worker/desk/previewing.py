"""The certification of a request as it would be issued now, marked PREVIEW: for `certify`.

Outcomes: the document of the decision in force, or else of the newest that waits for a second
person or for CONFIRM; or a `WorkerError` that says why there is none: no such request, nothing
decided, nothing left to issue, or findings that can no longer be printed.
"""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from inbox_worker.casefile import casework
from inbox_worker.casefile.findings_record import load_findings
from inbox_worker.errors import WorkerError
from inbox_worker.services import Services
from inbox_worker.storage import store
from inbox_worker.storage.models import CertificationRecord, Decision, Request
from outbound.certification.determination import FindingsRefused
from outbound.certification.document import CannotBePrinted
from outbound.certification.pdf import render_certification

#: Which of several decisions a preview shows: what is in force before what waits.
_STATES = ("IN_FORCE", "FIRST", "PROPOSED")


def preview_certification(services: Services, tracking_number: str) -> bytes:
    """Return the PDF. Raises `WorkerError`."""
    with services.database.read() as session:
        request = store.find_request(session, tracking_number)
        if request is None:
            raise WorkerError(
                f"There is no request {tracking_number}. `requests` lists those there are."
            )
        decision = _find_decision(session, request)
        fields = store.current_fields(session, request)
        session.expunge_all()
    now = services.clock()
    if decision is None:
        raise WorkerError(
            f"{tracking_number} has no decision that waits to be issued. Reply APPROVE with"
            " findings or DENY to its review notice; `show` tells what was issued already."
        )
    if decision.findings is None:
        return casework.render_refusal_preview(services, request, fields, now=now)
    case = casework.read_case(services, request, fields)
    certifier = services.settings.find_staff(decision.certifier or "")
    issue = casework.build_preview_issue(services, request, now=now)
    try:
        facts = casework.build_issued_facts(
            services, case, load_findings(decision.findings), certifier, issue, now=now
        )
        return render_certification(facts)
    except FindingsRefused as refused:
        reasons = " ".join(problem.message for problem in refused.problems)
        raise WorkerError(f"The findings no longer fit the file: {reasons}") from refused
    except CannotBePrinted as refused:
        raise WorkerError(str(refused)) from refused


def _find_decision(session: Session, request: Request) -> Decision | None:
    issued = select(CertificationRecord.decision_id)
    waiting = session.scalars(
        select(Decision)
        .where(
            Decision.request_id == request.id,
            Decision.round == request.round,
            Decision.state.in_(_STATES),
            Decision.id.not_in(issued),
        )
        .order_by(Decision.id.desc())
    ).all()
    return min(waiting, key=lambda d: _STATES.index(d.state), default=None)
