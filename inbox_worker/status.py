"""The three small state machines: a message's disposition, a request's status, a letter's delivery.

Each is an enum with a line of meaning per member and, where it moves, one table of transitions. The
store enforces the same tables again as compare-and-set.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from inbox_worker.errors import IllegalTransitionError


class Disposition(StrEnum):
    """What became of a message. Set once; only a person takes a mail out of QUARANTINED."""

    FILED = "FILED"  #: one request or more were filed from it
    FORM_RECEIVED = "FORM_RECEIVED"  #: a corrected form joined a request that was waiting for it
    FORM_SET_ASIDE = "FORM_SET_ASIDE"  #: a document no reader of ours can use; kept for a person
    FORM_WANTED = "FORM_WANTED"  #: no form was attached; the author was told how to send one
    DECISION_APPLIED = "DECISION_APPLIED"  #: a staff reply was obeyed
    REPLY_RETURNED = (
        "REPLY_RETURNED"  #: a staff reply decided nothing and was answered with the reason
    )
    REPLY_REFUSED = "REPLY_REFUSED"  #: a reply bound to a request from someone not entitled to it
    ANSWER_RECORDED = "ANSWER_RECORDED"  #: a requester answered a question of ours
    CORRESPONDENCE_RECORDED = "CORRESPONDENCE_RECORDED"  #: a requester wrote about an open request
    STATUS_ANSWERED = "STATUS_ANSWERED"  #: the stage of a request was asked for, and answered
    VERIFICATION_ANSWERED = "VERIFICATION_ANSWERED"  #: asked if a certification is genuine
    WITHDRAWAL_APPLIED = "WITHDRAWAL_APPLIED"  #: a requester took a request back
    REDIRECTED = "REDIRECTED"  #: belongs elsewhere; the author was told where
    BOUNCE_RECORDED = "BOUNCE_RECORDED"  #: a delivery report
    OVERSIZE = "OVERSIZE"  #: too large to fetch; kept on the server, the author told the limit
    IGNORED = "IGNORED"  #: automatic mail, list mail or our own coming back; never answered
    FOR_A_PERSON = "FOR_A_PERSON"  #: no rule fits
    DUPLICATE = "DUPLICATE"  #: the same bytes are already recorded
    QUARANTINED = "QUARANTINED"  #: could not be worked on; kept with its reason
    DISCARDED = "DISCARDED"  #: was in quarantine, and a person put it away


class RequestStatus(StrEnum):
    """Where a request stands."""

    RECEIVED = "RECEIVED"  #: filed, not yet judged; lasts no longer than the filing
    INCOMPLETE = "INCOMPLETE"  #: fields are missing or wrong; the requester was told
    IN_REVIEW = "IN_REVIEW"  #: reviewers have a notice of it
    NEEDS_INFORMATION = "NEEDS_INFORMATION"  #: a question is with the requester
    ON_HOLD = "ON_HOLD"  #: a reviewer set it aside
    LEGAL = "LEGAL"  #: with counsel
    SECOND_REVIEW = "SECOND_REVIEW"  #: approved by one person, waiting for another
    APPROVED = "APPROVED"  #: decided; the undo window runs
    DENIED = "DENIED"  #: decided; waits for its release moment
    ISSUED = "ISSUED"  #: a certification form exists and its letter is in the outbox
    REVOKED = "REVOKED"  #: the certification was revoked
    WITHDRAWN = "WITHDRAWN"  #: the requester took it back
    CLOSED = "CLOSED"  #: closed without an answer


class DeliveryStatus(StrEnum):
    """Where a letter in the outbox stands."""

    QUEUED = "QUEUED"  #: waits for its moment
    SENDING = "SENDING"  #: leased by a dispatcher
    ACCEPTED = "ACCEPTED"  #: the relay said 250 after DATA, and no more than that
    UNKNOWN = "UNKNOWN"  #: the answer to DATA was lost; may have been accepted
    FAILED = "FAILED"  #: refused for good, or given up
    CANCELLED = "CANCELLED"  #: taken back before it left
    DELIVERED = "DELIVERED"  #: a delivery report said so


_S = RequestStatus

REQUEST_TRANSITIONS: Mapping[RequestStatus, frozenset[RequestStatus]] = {
    _S.RECEIVED: frozenset({_S.INCOMPLETE, _S.IN_REVIEW, _S.LEGAL}),
    _S.INCOMPLETE: frozenset({_S.IN_REVIEW, _S.LEGAL, _S.WITHDRAWN, _S.CLOSED}),
    _S.IN_REVIEW: frozenset(
        {
            _S.NEEDS_INFORMATION,
            _S.ON_HOLD,
            _S.LEGAL,
            _S.SECOND_REVIEW,
            _S.APPROVED,
            _S.DENIED,
            _S.WITHDRAWN,
            _S.CLOSED,
        }
    ),
    _S.NEEDS_INFORMATION: frozenset({_S.IN_REVIEW, _S.LEGAL, _S.WITHDRAWN, _S.CLOSED}),
    _S.ON_HOLD: frozenset({_S.IN_REVIEW, _S.LEGAL, _S.WITHDRAWN, _S.CLOSED}),
    _S.LEGAL: frozenset({_S.IN_REVIEW, _S.WITHDRAWN, _S.CLOSED}),
    _S.SECOND_REVIEW: frozenset(
        {_S.IN_REVIEW, _S.APPROVED, _S.DENIED, _S.ON_HOLD, _S.LEGAL, _S.WITHDRAWN}
    ),
    _S.APPROVED: frozenset({_S.ISSUED, _S.IN_REVIEW}),
    _S.DENIED: frozenset({_S.ISSUED, _S.IN_REVIEW}),
    _S.ISSUED: frozenset({_S.REVOKED}),
    _S.REVOKED: frozenset({_S.ISSUED}),
    _S.WITHDRAWN: frozenset({_S.IN_REVIEW}),
    _S.CLOSED: frozenset({_S.IN_REVIEW}),
}

_D = DeliveryStatus

DELIVERY_TRANSITIONS: Mapping[DeliveryStatus, frozenset[DeliveryStatus]] = {
    _D.QUEUED: frozenset({_D.SENDING, _D.CANCELLED}),
    _D.SENDING: frozenset({_D.QUEUED, _D.ACCEPTED, _D.UNKNOWN, _D.FAILED}),
    _D.UNKNOWN: frozenset({_D.SENDING, _D.QUEUED, _D.ACCEPTED, _D.DELIVERED, _D.FAILED}),
    _D.ACCEPTED: frozenset({_D.DELIVERED, _D.FAILED}),
    _D.FAILED: frozenset({_D.QUEUED}),
    _D.CANCELLED: frozenset(),
    _D.DELIVERED: frozenset(),
}


def check_transition(source: RequestStatus, target: RequestStatus) -> None:
    """Raise `IllegalTransitionError` unless a request may go from `source` to `target`."""
    if target not in REQUEST_TRANSITIONS[source]:
        raise IllegalTransitionError(f"{source} -> {target}")


def check_delivery_transition(source: DeliveryStatus, target: DeliveryStatus) -> None:
    """Raise `IllegalTransitionError` unless a letter may go from `source` to `target`."""
    if target not in DELIVERY_TRANSITIONS[source]:
        raise IllegalTransitionError(f"{source} -> {target}")
