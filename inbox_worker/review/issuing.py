"""Issuing: a decision in force whose moment has come becomes a certification and its letter.

The document is rendered, signed and, for e-mail, sealed first, outside every transaction; then one
transaction moves the request to ISSUED, records the certification with its copies and puts the
letter into the outbox, or does nothing when a CANCEL was first. Outcomes for a due decision:
ISSUED; held back for lack of a usable signing key (with an alarm); returned to review because the
records are older than 72 hours, the certifier is gone or the subject is protected; not issued
because something went wrong (with an alarm), and tried again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import structlog
from sqlalchemy import and_, or_, select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from config.signing_keys import KeyUnusableError, SigningKey
from inbox_worker.casefile import accounting, casework
from inbox_worker.casefile.findings_record import load_findings
from inbox_worker.casefile.protection import is_protected
from inbox_worker.errors import StaleStatusError
from inbox_worker.letters import correspondence, staff_alerts
from inbox_worker.letters.posting import Posting
from inbox_worker.review import leaving, notices
from inbox_worker.review.after_issue import list_issued, list_recipients
from inbox_worker.review.keyring import Keyring, build_control_number
from inbox_worker.review.reply import ANSWERED
from inbox_worker.services import Services
from inbox_worker.status import RequestStatus
from inbox_worker.storage import store
from inbox_worker.storage.models import CertificationRecord, Decision, Request
from outbound.certification.determination import has_stale_records
from outbound.certification.document import SAMPLE_CONTROL_NUMBER, CertificationFacts, Mark
from outbound.certification.pdf import render_certification
from outbound.certification.signing import sign_certification
from parsers.extraction import FieldValue
from parsers.replies.findings import Findings

_log = structlog.get_logger()

_DECIDED = (RequestStatus.APPROVED.value, RequestStatus.DENIED.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Due:
    """A decision whose moment has come, as it was read."""

    decision: Decision
    request: Request
    fields: dict[str, FieldValue]


def issue_due(services: Services, *, should_stop: Callable[[], bool]) -> int:
    """Issue every decision that is due and return how many left review."""
    due = _list_due(services)
    keyring = Keyring(services=services)
    done = waiting = 0
    for item in due:
        if should_stop():
            break
        try:
            done += _issue(services, item, keyring)
        except KeyUnusableError:
            # Without a usable key nothing is issued, and nothing is lost.
            waiting += 1
        except StaleStatusError:
            _log.info("decision_changed", decision_id=item.decision.id)
        except (OperationalError, OSError, MemoryError):
            raise
        except Exception as error:  # noqa: BLE001 - one decision must not hold up the others
            _report_failure(services, item, error)
    if waiting:
        _raise_key_alarm(services, waiting)
    return done


def _list_due(services: Services) -> list[_Due]:
    with services.database.read() as session:
        rows = session.execute(
            select(Decision, Request)
            .join(Request, Request.id == Decision.request_id)
            .where(
                Decision.state == "IN_FORCE",
                Decision.round == Request.round,
                or_(
                    Request.status.in_(_DECIDED),
                    and_(Decision.keyword == "REISSUE", Request.status.in_(ANSWERED)),
                ),
                Decision.id.not_in(select(CertificationRecord.decision_id)),
                Decision.release_at <= services.clock(),
            )
            .order_by(Decision.release_at, Decision.id)
        ).all()
        due = [
            _Due(decision=d, request=r, fields=store.current_fields(session, r)) for d, r in rows
        ]
        session.expunge_all()
        return due


def _issue(services: Services, item: _Due, keyring: Keyring) -> bool:
    now, decision = services.clock(), item.decision
    findings = None if decision.findings is None else load_findings(decision.findings)
    obstacle = None if findings is None else _find_obstacle(services, item, findings, now)
    if obstacle is not None:
        _return_to_review(services, item, obstacle)
        return True
    is_official = services.settings.certification.require_signature
    key = keyring.pick_key(decision) if is_official else None
    facts = _build_facts(services, item, key)
    document = render_certification(facts)
    if key is not None:
        document = sign_certification(document, facts, key)
    answer = leaving.prepare_answer(
        services, item.request, item.fields, document, key, control_number=facts.control_number
    )
    with services.database.unit_of_work() as unit:
        request = store.hold_request(unit.session, item.request.id)
        if (request.status, request.round) != (item.request.status, item.request.round):
            raise StaleStatusError(f"{request.tracking_number} changed meanwhile")
        noted: dict[str, Any] = {
            "code": "certification_issued",
            "actor": decision.actor,
            "now": now,
            "detail": {
                "control_number": facts.control_number,
                "outcomes": list(facts.outcomes),
                "sha256": hashlib.sha256(document).hexdigest(),
            },
        }
        if request.status == RequestStatus.ISSUED:
            store.add_event(unit.session, request=request, **noted)
        else:
            store.move_request(unit.session, request, RequestStatus.ISSUED, **noted)
        if decision.keyword == "REISSUE":
            _supersede(services, unit.session, item, request, facts)
        record = _record(unit.session, item, request, facts, document, services)
        leaving.write_answer(services, unit.session, request, item.fields, record, decision, answer)
        unit.commit()
    _log.info("certification_issued", decision_id=decision.id, request_id=item.request.id)
    return True


def _find_obstacle(services: Services, item: _Due, findings: Findings, now: datetime) -> str | None:
    """Return why an approval can no longer be issued as it was shown, None when it can."""
    if is_protected(item.request):
        return "subject_protected"
    if has_stale_records(findings.records_as_of, now=now):
        return "records_too_old"
    certifier = services.settings.find_staff(item.decision.certifier or "")
    if certifier is None or not certifier.has_role("certifier"):
        return "certifier_gone"
    return None


def _build_facts(services: Services, item: _Due, key: SigningKey | None) -> CertificationFacts:
    now, decision = services.clock(), item.decision
    case = casework.read_case(services, item.request, item.fields)
    mark, number = Mark.SAMPLE, SAMPLE_CONTROL_NUMBER
    if key is not None:
        mark, number = Mark.NONE, build_control_number(services.random_bits)
    issue = casework.build_issue(services, item.request, control_number=number, mark=mark, now=now)
    if decision.findings is None:
        return casework.build_refusal_facts(case, issue)
    if decision.keyword == "REISSUE":
        with services.database.read() as session:
            earlier = list_issued(session, item.request)[-1].control_number
        if earlier != SAMPLE_CONTROL_NUMBER or mark is Mark.SAMPLE:
            # What is real supersedes nothing that was a sample.
            issue = replace(issue, supersedes=earlier)
    certifier = services.settings.find_staff(decision.certifier or "")
    findings = load_findings(decision.findings)
    return casework.build_issued_facts(services, case, findings, certifier, issue, now=now)


def _record(
    session: Session,
    item: _Due,
    request: Request,
    facts: CertificationFacts,
    document: bytes,
    services: Services,
) -> CertificationRecord:
    """Write the certification down, and that its facts are released."""
    now = services.clock()
    record = CertificationRecord(
        request_id=item.request.id,
        decision_id=item.decision.id,
        control_number=facts.control_number,
        outcomes=list(facts.outcomes),
        answers=facts.to_json().get("determination", {}).get("answers", []),
        facts=facts.to_json(),
        facts_sha256=hashlib.sha256(facts.to_bytes()).hexdigest(),
        issued_at=now,
        recipient=casework.find_recipient(item.fields) or accounting.BY_POST,
        status="current",
        sha256=hashlib.sha256(document).hexdigest(),
        pdf=document,
    )
    session.add(record)
    session.flush()
    accounting.record_disclosure(
        services,
        session,
        request,
        record,
        item.fields,
        sent_to=record.recipient,
        letter_key=leaving.build_letter_key(item.decision),
        actor=item.decision.actor,
        now=now,
    )
    return record


def _supersede(
    services: Services, session: Session, item: _Due, request: Request, facts: CertificationFacts
) -> None:
    """End what was issued before, and tell everybody who has it and is not sent the new one."""
    issued = list_issued(session, request)
    recipients = list_recipients(session, request)
    earlier = [c for c in issued if c.status == "current"]
    for one in earlier:
        one.status = "superseded"
    # What was revoked stays so; that another has taken its place is told as well.
    for one in (c for c in issued if c.superseded_by is None):
        one.superseded_by, one.superseded_at = facts.control_number, services.clock()
    new = casework.find_recipient(item.fields)
    for number, recipient in enumerate(r for r in recipients if r != new):
        correspondence.write_revocation(
            services,
            session,
            request,
            recipient=recipient,
            issued_on=services.local_date(earlier[-1].issued_at),
            control_number=earlier[-1].control_number,
            replaced_by=facts.control_number,
            posting=Posting(key=f"superseded:{item.decision.id}:{number}", now=services.clock()),
        )
    accounting.record_notices(
        session,
        request,
        (*recipients, new or accounting.BY_POST),
        ended=[one.control_number for one in earlier],
        replaced_by=facts.control_number,
        now=services.clock(),
    )


def _return_to_review(services: Services, item: _Due, code: str) -> None:
    """Ask everyone to decide anew, and tell whoever decided why."""
    now = services.clock()
    with services.database.unit_of_work() as unit:
        request = store.hold_request(unit.session, item.request.id)
        decision = unit.session.get_one(Decision, item.decision.id)
        store.set_decision_state(unit.session, decision, "IN_FORCE", "CANCELLED")
        noted: dict[str, Any] = {"code": code, "actor": store.PROGRAM, "now": now}
        if request.status in ANSWERED:
            store.add_event(unit.session, request=request, **noted)
        else:
            store.move_request(unit.session, request, RequestStatus.IN_REVIEW, **noted)
            notices.write_review_notices(services, unit.session, request, now=now)
        staff_alerts.write_alarm(
            services,
            unit.session,
            code=code,
            key=f"{code}:{decision.id}",
            ids={},
            now=now,
            request=request,
            recipients=(decision.actor,),
        )
        unit.commit()
    _log.info("decision_returned", decision_id=decision.id, code=code)


def _report_failure(services: Services, item: _Due, error: Exception) -> None:
    """Tell those who are told of alarms, once, that a decision could not be issued."""
    with services.database.unit_of_work() as unit:
        is_new = staff_alerts.write_alarm(
            services,
            unit.session,
            code="issue_failed",
            key=f"issue_failed:{item.decision.id}",
            ids={"decision": str(item.decision.id), "error": type(error).__name__},
            now=services.clock(),
            request=item.request,
        )
        unit.commit()
    if is_new:
        _log.error("issue_failed", decision_id=item.decision.id, error=type(error).__name__)


def _raise_key_alarm(services: Services, waiting: int) -> None:
    """Tell those who are told of alarms, once a day, that decisions wait for a key."""
    now = services.clock()
    with services.database.unit_of_work() as unit:
        is_new = staff_alerts.write_alarm(
            services,
            unit.session,
            code="no_signing_key",
            key=f"no_signing_key:{services.local_date(now)}",
            ids={"waiting": str(waiting)},
            now=now,
        )
        unit.commit()
    if is_new:
        _log.error("no_signing_key", count=waiting)
