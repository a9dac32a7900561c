"""CANCEL: a decision that has not left yet is taken back.

The outcomes: review is open again, or a certification that left stays the one that holds; or
nothing is decided, for it was not this person's to take back.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from sqlalchemy.orm import Session

from inbox_worker.intake import Apply
from inbox_worker.review import transcripts
from inbox_worker.review.reply import ANSWERED, Reply, attach_decision
from inbox_worker.review.reply_answers import refuse
from inbox_worker.status import Disposition, RequestStatus
from inbox_worker.storage import store


def prepare_cancellation(reply: Reply) -> Apply:
    """Take a decision back that has not left, and open review again.

    Where another certification was to take the place of one that left, that one stays.
    """
    if not reply.is_cancellable:
        return refuse(reply, "Only the person who decided, or a supervisor, can take that back.")
    return partial(_apply_cancellation, reply)


def _apply_cancellation(reply: Reply, session: Session) -> Disposition:
    request = reply.hold(session)
    decision = attach_decision(session, reply.in_force or reply.first)
    store.set_decision_state(session, decision, decision.state, "CANCELLED")
    noted: dict[str, Any] = {
        "code": "decision_cancelled",
        "actor": reply.member.email.lower(),
        "now": reply.intake.now,
        "journal_id": reply.intake.entry.id,
    }
    if reply.status in ANSWERED:
        store.add_event(session, request=request, **noted)
    else:
        store.move_request(session, request, RequestStatus.IN_REVIEW, **noted)
    transcripts.write_cancellation(reply, session, request, decision)
    return Disposition.DECISION_APPLIED
