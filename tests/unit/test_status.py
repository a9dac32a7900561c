"""The three state machines: every step that is allowed, and no other."""

from __future__ import annotations

import itertools

import pytest

from inbox_worker.errors import IllegalTransitionError
from inbox_worker.status import (
    DELIVERY_TRANSITIONS,
    REQUEST_TRANSITIONS,
    DeliveryStatus,
    RequestStatus,
    check_delivery_transition,
    check_transition,
)

#: The whole table, as the design gives it.
REQUEST = {
    "RECEIVED": "INCOMPLETE IN_REVIEW LEGAL",
    "INCOMPLETE": "IN_REVIEW LEGAL WITHDRAWN CLOSED",
    "IN_REVIEW": "NEEDS_INFORMATION ON_HOLD LEGAL SECOND_REVIEW APPROVED DENIED WITHDRAWN CLOSED",
    "NEEDS_INFORMATION": "IN_REVIEW LEGAL WITHDRAWN CLOSED",
    "ON_HOLD": "IN_REVIEW LEGAL WITHDRAWN CLOSED",
    "LEGAL": "IN_REVIEW WITHDRAWN CLOSED",
    "SECOND_REVIEW": "IN_REVIEW APPROVED DENIED ON_HOLD LEGAL WITHDRAWN",
    "APPROVED": "ISSUED IN_REVIEW",
    "DENIED": "ISSUED IN_REVIEW",
    "ISSUED": "REVOKED",
    "REVOKED": "ISSUED",
    "WITHDRAWN": "IN_REVIEW",
    "CLOSED": "IN_REVIEW",
}

#: What may become of a letter; a lease that ran out is taken over without a step.
DELIVERY = {
    "QUEUED": "SENDING CANCELLED",
    "SENDING": "QUEUED ACCEPTED UNKNOWN FAILED",
    "UNKNOWN": "SENDING QUEUED ACCEPTED DELIVERED FAILED",
    "ACCEPTED": "DELIVERED FAILED",
    "FAILED": "QUEUED",
    "CANCELLED": "",
    "DELIVERED": "",
}


@pytest.mark.parametrize("source", RequestStatus)
def test_a_request_takes_the_steps_of_the_table_and_no_other(source: RequestStatus) -> None:
    allowed = REQUEST[source].split()
    for target in RequestStatus:
        if target in allowed:
            check_transition(source, target)
        else:
            with pytest.raises(IllegalTransitionError, match=f"{source} -> {target}"):
                check_transition(source, target)


@pytest.mark.parametrize("source", DeliveryStatus)
def test_a_letter_takes_the_steps_of_the_table_and_no_other(source: DeliveryStatus) -> None:
    allowed = DELIVERY[source].split()
    for target in DeliveryStatus:
        if target in allowed:
            check_delivery_transition(source, target)
        else:
            with pytest.raises(IllegalTransitionError, match=f"{source} -> {target}"):
                check_delivery_transition(source, target)


def test_every_status_can_be_reached_from_the_first() -> None:
    reached, edge = {RequestStatus.RECEIVED}, {RequestStatus.RECEIVED}
    while edge:
        edge = set(itertools.chain.from_iterable(REQUEST_TRANSITIONS[s] for s in edge)) - reached
        reached |= edge
    assert reached == set(RequestStatus)


def test_every_delivery_can_be_reached_from_the_first() -> None:
    reached, edge = {DeliveryStatus.QUEUED}, {DeliveryStatus.QUEUED}
    while edge:
        edge = set(itertools.chain.from_iterable(DELIVERY_TRANSITIONS[s] for s in edge)) - reached
        reached |= edge
    assert reached == set(DeliveryStatus)
