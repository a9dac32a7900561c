"""Issuing: a decision in force whose moment has come becomes a certification and its letter.

The document is rendered, signed and, for e-mail, sealed first, outside every transaction; then one
transaction moves the request to ISSUED, records the certification with its copies and puts the
letter into the outbox, or does nothing when a CANCEL was first. Outcomes for a due decision:
ISSUED; held back for lack of a usable signing key or a time-stamp (with an alarm); printed to be
signed by hand, and waited for; returned to review because the records are older than 72 hours, the
certifier is gone or the subject is protected; not issued because something went wrong (with an
alarm), and tried again.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

import structlog
from sqlalchemy import and_, or_, select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from config.signing_keys import KeyUnusableError, SigningKey
from inbox_worker.casefile import accounting, casework
from inbox_worker.casefile.courtesy import render_courtesy_copy
from inbox_worker.casefile.findings_record import load_findings
from inbox_worker.casefile.protection import is_protected
from inbox_worker.errors import StaleStatusError
from inbox_worker.letters import correspondence, staff_alerts
from inbox_worker.letters.posting import Posting
from inbox_worker.review import leaving, notices
from inbox_worker.review.after_issue import list_issued, list_recipients
from inbox_worker.review.issue_alarms import raise_waiting_alarm, report_failure
from inbox_worker.review.keyring import Keyring, build_control_number
from inbox_worker.review.paper_to_sign import find_paper, print_to_sign
from inbox_worker.review.reply import ANSWERED
from inbox_worker.services import Services
from inbox_worker.status import RequestStatus
from inbox_worker.storage import store
from inbox_worker.storage.models import CertificationRecord, Decision, Request
from outbound.certification.determination import has_stale_records
from outbound.certification.document import CertificationFacts, Mark
from outbound.certification.pdf import render_certification
from outbound.certification.signing import sign_certification
from outbound.certification.timestamp_errors import TimestampError
from parsers.extraction import FieldValue
from parsers.replies.findings import Findings
from parsers.values.control_numbers import SAMPLE_CONTROL_NUMBER

if TYPE_CHECKING:
    from outbound.certification.timestamps import TimestampServer

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
    keyring = Keyring(services=services)
    done, waiting = 0, Counter[str]()
    for item in _iterate_due(services):
        if should_stop():
            break
        try:
            done += _issue(services, item, keyring)
        except (KeyUnusableError, TimestampError) as error:
            # Without a signature nothing is issued, and nothing is lost.
            waiting[error.code] += 1
        except StaleStatusError:
            _log.info("decision_changed", decision_id=item.decision.id)
        except (OperationalError, OSError, MemoryError):
            raise
        except Exception as error:  # noqa: BLE001 - one decision must not hold up the others
            report_failure(services, item.request, item.decision, error)
    for code, count in waiting.items():
        raise_waiting_alarm(services, code, count)
    return done


def _iterate_due(services: Services) -> Iterator[_Due]:
    """Yield what is due, each read in its turn: many take no more memory than one."""
    query = (
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
    )
    with services.database.read() as session:
        in_turn = query.with_only_columns(Decision.id).order_by(Decision.release_at, Decision.id)
        numbers = session.scalars(in_turn).all()
    for number in numbers:
        with services.database.read() as session:
            row = session.execute(query.where(Decision.id == number)).one_or_none()
            if row is None:
                continue
            fields = store.current_fields(session, row.Request)
            session.expunge_all()
        yield _Due(decision=row.Decision, request=row.Request, fields=fields)


def _issue(services: Services, item: _Due, keyring: Keyring) -> bool:
    now, decision = services.clock(), item.decision
    findings = None if decision.findings is None else load_findings(decision.findings)
    obstacle = None if findings is None else _find_obstacle(services, item, findings, now)
    if obstacle is not None:
        _return_to_review(services, item, obstacle)
        return True
    is_by_hand = services.settings.certification.ink and findings is not None
    if is_by_hand and _is_printed(services, decision):
        return False
    is_with_key = services.settings.certification.is_signed_with_key
    key = keyring.pick_key(decision) if is_with_key else None
    facts = _build_facts(services, item)
    document = render_certification(facts)
    if is_by_hand:
        print_to_sign(services, item.request, decision, facts, document)
        return False
    if key is not None:
        document = sign_certification(document, facts, key, timestamps=keyring.timestamps)
    _leave(services, item, facts, document, key, timestamps=keyring.timestamps)
    return True


def _leave(
    services: Services,
    item: _Due,
    facts: CertificationFacts,
    document: bytes,
    key: SigningKey | None = None,
    *,
    timestamps: TimestampServer | None = None,
) -> None:
    """Record a certification and put its letter into the outbox, in one transaction."""
    now, decision = services.clock(), item.decision
    answer = leaving.prepare_answer(
        services,
        item.request,
        item.fields,
        document,
        key,
        control_number=facts.control_number,
        timestamps=timestamps,
        courtesy_copy=render_courtesy_copy(
            services, item.request, item.fields, decision, facts, now=now
        ),
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


def _is_printed(services: Services, decision: Decision) -> bool:
    with services.database.read() as session:
        return find_paper(session, decision) is not None


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


def _build_facts(services: Services, item: _Due) -> CertificationFacts:
    now, decision = services.clock(), item.decision
    case = casework.read_case(services, item.request, item.fields)
    mark, number = Mark.SAMPLE, SAMPLE_CONTROL_NUMBER
    if services.settings.certification.is_official:
        mark, number = Mark.NONE, build_control_number(services.random_bits)
    issue = casework.build_issue(services, item.request, control_number=number, mark=mark, now=now)
    if decision.findings is None:
        return casework.build_refusal_facts(case, issue)
    issue = replace(issue, supersedes=casework.find_superseded(services, item.request))
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
    recipients = list_recipients(session, request)
    # What was revoked stays so; that another has taken its place is told as well.
    replaced = [c for c in list_issued(session, request) if c.superseded_by is None]
    for one in replaced:
        one.superseded_by, one.superseded_at = facts.control_number, services.clock()
        if one.status == "current":
            one.status = "superseded"
    new = casework.find_recipient(item.fields)
    for number, recipient in enumerate(r for r in recipients if r != new):
        correspondence.write_revocation(
            services,
            session,
            request,
            recipient=recipient,
            issued_on=services.local_date(replaced[-1].issued_at),
            control_number=replaced[-1].control_number,
            replaced_by=facts.control_number,
            posting=Posting(key=f"superseded:{item.decision.id}:{number}", now=services.clock()),
        )
    accounting.record_notices(
        session,
        request,
        (*recipients, new or accounting.BY_POST),
        ended=[one.control_number for one in replaced],
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


def issue_scan(
    services: Services, decision_id: int, facts: CertificationFacts, scan: bytes
) -> None:
    """Issue what was signed by hand.

    Raises `StaleStatusError` when its decision was taken back or can no longer be issued.
    """
    item = next((due for due in _iterate_due(services) if due.decision.id == decision_id), None)
    if item is None or item.decision.findings is None:
        raise StaleStatusError("not due any more")
    findings = load_findings(item.decision.findings)
    obstacle = _find_obstacle(services, item, findings, services.clock())
    if obstacle is not None:
        _return_to_review(services, item, obstacle)
        raise StaleStatusError(obstacle)
    _leave(services, item, facts, scan)
