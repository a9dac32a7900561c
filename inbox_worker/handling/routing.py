"""Sending a request where it belongs, with the letters that go with it.

Outcomes: INCOMPLETE, and its requester is told what to mend; LEGAL, and everybody who can take it
back is told; IN_REVIEW, and whoever decides has a notice. What had ended opens again to review
alone.
"""

from __future__ import annotations

from sqlalchemy.orm import Session

from inbox_worker.casefile.dossier import Dossier, Prepared
from inbox_worker.intake import Intake
from inbox_worker.letters import correspondence
from inbox_worker.review import notices
from inbox_worker.review.absences import Absent
from inbox_worker.services import Services
from inbox_worker.status import RequestStatus
from inbox_worker.storage import store
from inbox_worker.storage.models import Request

#: Requests that ended without an answer; their requester can open them again.
ENDED = frozenset({RequestStatus.CLOSED, RequestStatus.WITHDRAWN})


def route(
    services: Services,
    session: Session,
    request: Request,
    target: RequestStatus,
    *,
    now_intake: Intake,
    dossier: Dossier | None = None,
    prepared: Prepared | None = None,
    absent: Absent | None = None,
    answer: str = "",
    answers_requester: bool = True,
) -> None:
    """Send a request where triage says, with the letters that go with it.

    What reviewers are shown, and who is away, is given as `write_review_notices` takes it. A
    request that is INCOMPLETE and stays so is only asked again, and so is one that ended and whose
    form still wants something. `answers_requester` is False where its requester is to be told
    nothing.
    """
    now, fields = now_intake.now, None if dossier is None else dossier.fields
    for step in _list_steps(RequestStatus(request.status), target):
        store.move_request(
            session,
            request,
            step,
            code=f"request_{step.value.lower()}",
            actor=store.PROGRAM,
            now=now,
            journal_id=now_intake.entry.id,
            perfected_at=None if target is RequestStatus.INCOMPLETE else now,
        )
    if target is RequestStatus.INCOMPLETE and not answers_requester:
        return
    if target is RequestStatus.INCOMPLETE:
        problems = store.list_problems(session, request) if dossier is None else dossier.problems
        correspondence.write_deficiency(
            services,
            session,
            request,
            problems,
            now=now,
            fields=fields,
            returned_form=None if prepared is None else prepared.returned_form,
        )
    elif target is RequestStatus.LEGAL:
        if answers_requester:
            correspondence.write_legal_receipt(services, session, request, now=now, fields=fields)
        notices.write_counsel_notices(services, session, request, now=now)
    else:
        if answers_requester:
            correspondence.write_acknowledgement(services, session, request, now=now, fields=fields)
        notices.write_review_notices(
            services,
            session,
            request,
            now=now,
            dossier=dossier,
            prepared=prepared,
            absent=absent,
            answer=answer,
        )


def _list_steps(source: RequestStatus, target: RequestStatus) -> tuple[RequestStatus, ...]:
    """Return the statuses a request goes through.

    What had ended opens to review alone, and not before its form is whole.
    """
    if source is target or (source in ENDED and target is RequestStatus.INCOMPLETE):
        return ()
    if source in ENDED and target is not RequestStatus.IN_REVIEW:
        return (RequestStatus.IN_REVIEW, target)
    return (target,)
