"""DENY: a form without any information leaves, at a moment that tells nothing of the reason.

The outcomes of DENY: the request is DENIED, and its answer waits for its release; or nothing is
decided, for what cannot be printed has to be mended first, or counsel has to have seen it.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial

from sqlalchemy.orm import Session

from inbox_worker.business_time import find_refusal_release
from inbox_worker.casefile import casework
from inbox_worker.intake import Apply
from inbox_worker.review import transcripts
from inbox_worker.review.reply import Reply, attach_decision, find_unread
from inbox_worker.review.reply_answers import refuse
from inbox_worker.status import Disposition, RequestStatus
from inbox_worker.storage import store
from inbox_worker.storage.models import Decision


def prepare_denial(reply: Reply) -> Apply:
    """Put a denial in force; its reason stays inside."""
    services, now = reply.intake.services, reply.intake.now
    unread = find_unread(reply)
    if unread:
        return refuse(reply, unread)
    review = services.settings.review
    case = casework.read_case(services, reply.request, reply.fields)
    first_legal = casework.assess(services, case, None, now=now).legal_first
    if first_legal:
        return refuse(reply, " ".join(reason.sentence for reason in first_legal))
    release_at = find_refusal_release(
        reply.request.perfected_at or reply.request.received_at,
        not_before=now + timedelta(minutes=review.undo_minutes),
        min_business_days=review.refusal_min_business_days,
        times=review.refusal_times,
        zone=services.settings.general.zone,
    )
    document = casework.render_refusal_preview(services, reply.request, reply.fields, now=now)
    return partial(_apply_denial, reply, release_at, document)


def _apply_denial(
    reply: Reply, release_at: datetime, document: bytes, session: Session
) -> Disposition:
    request = reply.hold(session)
    now = reply.intake.now
    if reply.first is not None:
        store.set_decision_state(
            session, attach_decision(session, reply.first), "FIRST", "SUPERSEDED"
        )
    decision = Decision(
        request_id=request.id,
        round=request.round,
        revision=request.revision,
        keyword="DENY",
        actor=reply.member.email.lower(),
        state="IN_FORCE",
        made_at=now,
        journal_id=reply.intake.entry.id,
        findings=None,
        reason=reply.command.argument,
        certifier=None,
        release_at=release_at,
    )
    session.add(decision)
    session.flush()
    store.move_request(
        session,
        request,
        RequestStatus.DENIED,
        code="request_denied",
        actor=decision.actor,
        now=now,
        journal_id=decision.journal_id,
    )
    transcripts.return_denial(reply, session, request, decision, document)
    return Disposition.DECISION_APPLIED
