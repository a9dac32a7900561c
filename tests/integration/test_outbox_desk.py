"""Letters under a person's hands: listed, sent again where they failed, taken back if they wait."""

from __future__ import annotations

from typing import Any

import pytest

from inbox_worker.desk import outbox_desk
from inbox_worker.errors import WorkerError
from inbox_worker.letters.staff_alerts import write_failure_alerts
from inbox_worker.status import DeliveryStatus
from inbox_worker.storage.models import Event, LetterRecord
from inbox_worker.storage.outbox_store import DatabaseOutbox
from outbound.submission.outbox import SmtpReply
from tests.worker_harness import CLERK, DUTY, Harness

ACTOR = "console:operator"


def claim(harness: Harness) -> DatabaseOutbox:
    store = DatabaseOutbox(harness.services.database, harness.worker_id)
    store.claim_due(harness.clock(), limit=100)
    return store


def settle(harness: Harness, status: str) -> int:
    """Let the clerk's letter come to have a status, as the dispatcher would; return its id."""
    letter_id, now = harness.newest(CLERK).id, harness.clock()
    if status == "QUEUED":
        return letter_id
    store = claim(harness)
    if status == "ACCEPTED":
        store.record_accepted(letter_id, now=now, reply=SmtpReply(code=250, text="ok"))
    elif status == "UNKNOWN":
        store.record_unknown(letter_id, now=now, due=now, reason="no answer to DATA")
    elif status == "FAILED":
        store.record_failed(letter_id, now=now, reason="550 no such user")
    return letter_id


def letter(harness: Harness, letter_id: int) -> LetterRecord:
    return next(x for x in harness.rows(LetterRecord) if x.id == letter_id)


def retry(harness: Harness, letter_id: int) -> None:
    outbox_desk.retry(harness.services.database, letter_id, actor=ACTOR, now=harness.clock())


def cancel(harness: Harness, letter_id: int) -> str | None:
    return outbox_desk.cancel(
        harness.services.database, letter_id, actor=ACTOR, now=harness.clock()
    )


def listed(harness: Harness, *statuses: DeliveryStatus) -> list[dict[str, Any]]:
    with harness.services.database.read() as session:
        return outbox_desk.list_letters(session, statuses or outbox_desk.WAITING)


def test_a_letter_that_failed_goes_again_with_the_same_bytes(filed: Harness) -> None:
    letter_id = settle(filed, "FAILED")
    before = filed.newest(CLERK)
    filed.clock.advance(days=1)
    retry(filed, letter_id)
    row = letter(filed, letter_id)
    assert (row.status, row.attempts, row.due_at) == ("QUEUED", 0, filed.clock())
    (again,) = [x for x in claim_and_list(filed) if x.id == letter_id]
    assert again.raw == before.raw
    assert filed.newest(CLERK).message_id == before.message_id
    event = next(e for e in filed.rows(Event) if e.code == "letter_retried")
    assert (event.actor, event.request_id, event.detail["letter"]) == (ACTOR, 1, letter_id)
    assert event.detail["reason"] == "550 no such user"


def claim_and_list(harness: Harness) -> list[Any]:
    store = DatabaseOutbox(harness.services.database, harness.worker_id)
    return list(store.claim_due(harness.clock(), limit=100))


def test_staff_hear_again_of_a_letter_that_fails_again(filed: Harness) -> None:
    letter_id = settle(filed, "FAILED")
    assert write_failure_alerts(filed.services) == 1
    retry(filed, letter_id)
    claim(filed).record_failed(letter_id, now=filed.clock(), reason="550 no such user")
    assert write_failure_alerts(filed.services) == 1
    assert write_failure_alerts(filed.services) == 0
    assert len(filed.letters(to=DUTY)) == 2


@pytest.mark.parametrize(
    ("status", "words"),
    [
        pytest.param("QUEUED", "it waits already", id="waits"),
        pytest.param("SENDING", "being sent this moment", id="under way"),
        pytest.param("UNKNOWN", "tried again by itself", id="perhaps gone"),
        pytest.param("ACCEPTED", "the relay accepted it", id="gone"),
    ],
)
def test_nothing_else_is_sent_again(filed: Harness, status: str, words: str) -> None:
    letter_id = settle(filed, status)
    with pytest.raises(WorkerError, match=words):
        retry(filed, letter_id)
    assert letter(filed, letter_id).status == status
    assert "letter_retried" not in filed.events()


def test_a_letter_that_waits_is_taken_back_and_never_leaves(filed: Harness) -> None:
    letter_id = settle(filed, "QUEUED")
    assert cancel(filed, letter_id) == filed.request().tracking_number
    assert letter(filed, letter_id).status == "CANCELLED"
    filed.clock.advance(days=30)
    assert letter_id not in [x.id for x in claim_and_list(filed)]
    event = next(e for e in filed.rows(Event) if e.code == "letter_cancelled")
    assert (event.actor, event.detail) == (
        ACTOR,
        {"letter": letter_id, "kind": "acknowledgement"},
    )
    with pytest.raises(WorkerError, match="cancelled before"):
        cancel(filed, letter_id)


@pytest.mark.parametrize(
    ("status", "words"),
    [
        pytest.param("SENDING", "being sent this moment", id="under way"),
        pytest.param("UNKNOWN", "may have left", id="perhaps gone"),
        pytest.param("ACCEPTED", "sorry, it has left", id="gone"),
        pytest.param("FAILED", "it failed", id="failed"),
    ],
)
def test_what_does_not_wait_cannot_be_taken_back(filed: Harness, status: str, words: str) -> None:
    letter_id = settle(filed, status)
    with pytest.raises(WorkerError, match=words):
        cancel(filed, letter_id)
    assert letter(filed, letter_id).status == status


@pytest.mark.parametrize("do", [retry, cancel])
@pytest.mark.parametrize("letter_id", [0, -1, 999, 10**25])
def test_a_letter_that_is_not_there(filed: Harness, do: Any, letter_id: int) -> None:
    with pytest.raises(WorkerError, match="There is no letter"):
        do(filed, letter_id)


def test_the_list_has_what_has_not_left(filed: Harness) -> None:
    everything = len(filed.letters())
    assert len(listed(filed)) == everything
    letter_id = settle(filed, "FAILED")
    (failed,) = listed(filed, DeliveryStatus.FAILED)
    assert (failed["id"], failed["reason"]) == (letter_id, "550 no such user")
    assert failed["tracking_number"] == filed.request().tracking_number
    retry(filed, letter_id)
    claim(filed).record_accepted(letter_id, now=filed.clock(), reply=SmtpReply(code=250, text="ok"))
    assert len(listed(filed)) == everything - 1
    assert [x["id"] for x in listed(filed, DeliveryStatus.ACCEPTED)] == [letter_id]
