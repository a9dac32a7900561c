"""The outbox: one contract for the real store and the dispatcher tests' fake, and leases."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from types import SimpleNamespace

import pytest
from sqlalchemy import delete, event, select
from sqlalchemy.exc import OperationalError

from inbox_worker.errors import LeaseLostError, StaleStatusError
from inbox_worker.service.worker import Worker
from inbox_worker.status import DeliveryStatus
from inbox_worker.storage.database import Database
from inbox_worker.storage.models import LetterRecord, RawLetter, WorkerRecord
from inbox_worker.storage.outbox_store import (
    ALARM_ROUTE,
    MAIN_ROUTE,
    DatabaseOutbox,
    NewLetter,
    hasten_untried,
    is_paused,
    put_letter,
    set_paused,
)
from outbound.submission.delivery_errors import (
    DeliveryError,
    PermanentDeliveryError,
    TransientDeliveryError,
    UncertainDeliveryError,
    UnreachableRelayError,
)
from outbound.submission.dispatcher import DrainReport, Pacer, RetryPolicy, drain
from outbound.submission.outbox import OutboxStore, QueuedLetter, SmtpReply
from tests.unit.test_dispatcher import NOW, ListStore
from tests.unit.test_dispatcher import letter as queued
from tests.worker_harness import Copier, Harness, Where, lift_guards, sign_on, url_of

pytestmark = pytest.mark.on_both

SOON = NOW + timedelta(minutes=5)
OK = SmtpReply(code=250, text="2.0.0 queued")
RAW = b"Subject: x\r\n\r\ny\r\n"


def new_letter(number: int, *, due: datetime = NOW) -> NewLetter:
    return NewLetter(
        key=f"key:{number}",
        kind="acknowledgement",
        request_id=None,
        journal_id=None,
        sender="ero.outreach@agency.example",
        recipient="clerk@courts.example",
        message_id=f"<letter.{number}@agency.example>",
        subject="x",
        raw=RAW,
        due_at=due,
    )


@pytest.fixture
def database(empty_database: Where, copy_database: Copier) -> Iterator[Database]:
    """Yield an empty database."""
    opened = Database(url_of(copy_database(empty_database)))
    yield opened
    opened.close()


def put(database: Database, *letters: NewLetter) -> None:
    with database.unit_of_work() as unit:
        for letter in letters:
            put_letter(unit.session, letter, now=NOW)
        unit.commit()


def row(database: Database, letter_id: int = 1) -> LetterRecord:
    with database.read() as session:
        found = session.get_one(LetterRecord, letter_id)
        session.expunge(found)
        return found


def open_outbox(database: Database) -> DatabaseOutbox:
    """Return the outbox as a worker of its own has it."""
    return DatabaseOutbox(database, sign_on(database))


def remove_workers(database: Database) -> None:
    """Let every worker be gone."""
    with database.unit_of_work() as unit:
        unit.session.execute(delete(WorkerRecord))
        unit.commit()


Fill = Callable[[int], OutboxStore]


@pytest.fixture(params=["real", "fake"])
def fill(request: pytest.FixtureRequest, database: Database) -> Fill:
    """Return a maker of stores that hold letters 1 to n, all due at `NOW`."""

    def make(count: int) -> OutboxStore:
        numbers = range(1, count + 1)
        if request.param == "fake":
            return ListStore(*(queued(n) for n in numbers))
        put(database, *(new_letter(n) for n in numbers))
        return open_outbox(database)

    return make


def claim(store: OutboxStore, now: datetime = NOW, *, limit: int = 10) -> list[int]:
    return [x.id for x in store.claim_due(now, limit=limit)]


# The contract.


def test_letters_are_claimed_oldest_first_and_no_more_than_asked(fill: Fill) -> None:
    assert claim(fill(3), limit=2) == [1, 2]


def test_nothing_is_claimed_before_it_is_due(fill: Fill) -> None:
    assert claim(fill(1), NOW - timedelta(seconds=1)) == []


def test_a_claimed_letter_is_not_claimed_by_another(fill: Fill) -> None:
    store = fill(2)
    assert claim(store, limit=1) == [1]
    assert claim(store) == [2]
    assert claim(store) == []


def test_a_claimed_letter_says_from_whom_to_whom_and_what(fill: Fill) -> None:
    (letter,) = fill(1).claim_due(NOW, limit=1)
    assert (letter.sender, letter.recipient, letter.raw, letter.attempts) == (
        "ero.outreach@agency.example",
        "clerk@courts.example",
        RAW,
        0,
    )


@pytest.mark.parametrize(
    ("settle", "again", "attempts"),
    [
        pytest.param(
            lambda s: s.record_retry(1, now=NOW, due=SOON, reason="RCPT: 451"),
            True,
            1,
            id="to be tried again",
        ),
        pytest.param(
            lambda s: s.record_unknown(1, now=NOW, due=SOON, reason="answer lost"),
            True,
            1,
            id="unknown: the same bytes, later",
        ),
        pytest.param(
            lambda s: s.record_untried(1, now=NOW, due=SOON, reason="relay away"),
            True,
            0,
            id="untried: no attempt is counted",
        ),
        pytest.param(
            lambda s: s.record_accepted(1, now=NOW, reply=OK), False, 1, id="accepted: never again"
        ),
        pytest.param(
            lambda s: s.record_failed(1, now=NOW, reason="RCPT: 550"),
            False,
            1,
            id="failed: never again by itself",
        ),
    ],
)
def test_a_letter_comes_back_as_it_was_settled(
    fill: Fill, settle: Callable[[OutboxStore], None], again: bool, attempts: int
) -> None:
    store = fill(1)
    store.claim_due(NOW, limit=1)
    settle(store)
    assert claim(store, SOON - timedelta(seconds=1)) == []
    found = store.claim_due(SOON, limit=1)
    assert [(x.id, x.attempts, x.raw) for x in found] == ([(1, attempts, RAW)] if again else [])


# The real store.


def test_a_key_is_a_letter_for_ever(database: Database) -> None:
    put(database, new_letter(1), replace(new_letter(1), raw=b"other bytes"))
    store = open_outbox(database)
    assert [(x.id, x.raw) for x in store.claim_due(NOW, limit=9)] == [(1, RAW)]
    store.record_accepted(1, now=NOW, reply=OK)
    put(database, new_letter(1))
    assert claim(store) == [], "also when it has left"


def test_a_letter_is_one_workers_until_that_is_gone(database: Database) -> None:
    put(database, new_letter(1))
    gone = open_outbox(database)
    assert claim(gone) == [1]
    assert claim(open_outbox(database), NOW + timedelta(days=1)) == []
    remove_workers(database)
    other = open_outbox(database)
    assert claim(other) == [1]
    # The first one wakes up.
    assert not gone.may_send(1)
    assert other.may_send(1)
    gone.put_back([1])
    with pytest.raises(StaleStatusError):
        gone.record_failed(1, now=NOW, reason="x")
    put(database, new_letter(2))
    with pytest.raises(LeaseLostError):
        gone.claim_due(NOW, limit=1)
    assert (row(database).status, row(database).attempts) == ("SENDING", 0)
    other.record_accepted(1, now=NOW, reply=OK)


def test_workers_share_the_letters(database: Database) -> None:
    put(database, *(new_letter(number) for number in range(1, 5)))
    one, other = open_outbox(database), open_outbox(database)
    assert [x.id for x in one.claim_due(NOW, limit=2)] == [1, 2]
    assert [x.id for x in other.claim_due(NOW, limit=9)] == [3, 4]
    one.put_back([2, 3])
    assert [x.id for x in other.claim_due(NOW, limit=9)] == [2], "what was not its own stays"


def test_what_was_never_tried_is_due_at_once_when_a_worker_starts(database: Database) -> None:
    put(database, *(new_letter(number) for number in range(1, 4)))
    later = NOW + timedelta(hours=1)
    put(database, new_letter(4, due=later))
    store = open_outbox(database)
    sent, untried, tried = store.claim_due(NOW, limit=3)
    store.record_untried(untried.id, now=NOW, due=later, reason="connect")
    store.record_retry(tried.id, now=NOW, due=later, reason="451")
    with database.unit_of_work() as unit:
        hasten_untried(unit.session, now=NOW)
        unit.commit()
    assert [x.id for x in store.claim_due(NOW, limit=3)] == [untried.id]
    assert store.may_send(sent.id)


def test_a_claim_is_committed_when_the_letter_is_handed_out(database: Database) -> None:
    put(database, new_letter(1))
    worker_id = sign_on(database)
    DatabaseOutbox(database, worker_id).claim_due(NOW, limit=1)
    found = row(database)
    assert (found.status, found.claimed_by) == ("SENDING", worker_id)


def test_a_halt_is_heeded_between_claiming_and_sending(database: Database) -> None:
    put(database, new_letter(1))
    store = open_outbox(database)
    store.claim_due(NOW, limit=1)
    with database.unit_of_work() as unit:
        set_paused(unit.session, paused=True, now=NOW)
        unit.commit()
    assert not store.may_send(1)
    store.put_back([1])
    assert (row(database).status, row(database).claimed_by) == ("QUEUED", None)


def test_while_paused_nothing_is_handed_out(database: Database) -> None:
    put(database, new_letter(1))
    store = open_outbox(database)
    for paused in (True, True, False, False):
        with database.unit_of_work() as unit:
            set_paused(unit.session, paused=paused, now=NOW)
            unit.commit()
        with database.read() as session:
            assert is_paused(session) == paused
    assert claim(store) == [1]


def test_pausing_hands_out_nothing_more(database: Database) -> None:
    put(database, new_letter(1))
    with database.unit_of_work() as unit:
        set_paused(unit.session, paused=True, now=NOW)
        unit.commit()
    assert claim(open_outbox(database)) == []
    assert row(database).status == "QUEUED"


def test_a_letter_for_later_waits_behind_one_for_now(database: Database) -> None:
    put(database, new_letter(1, due=SOON), new_letter(2))
    assert claim(open_outbox(database), SOON) == [2, 1]


@pytest.mark.parametrize("status", [s for s in DeliveryStatus if s != "SENDING"])
def test_only_a_letter_that_is_being_sent_can_be_settled(
    database: Database, status: DeliveryStatus
) -> None:
    put(database, new_letter(1))
    with database.unit_of_work() as unit:
        lift_guards(unit.session)
        unit.session.get_one(LetterRecord, 1).status = status.value
        unit.commit()
    store = open_outbox(database)
    for settle in (
        lambda: store.record_accepted(1, now=NOW, reply=OK),
        lambda: store.record_retry(1, now=NOW, due=SOON, reason="x"),
        lambda: store.record_unknown(1, now=NOW, due=SOON, reason="x"),
        lambda: store.record_untried(1, now=NOW, due=SOON, reason="x"),
        lambda: store.record_failed(1, now=NOW, reason="x"),
    ):
        with pytest.raises(StaleStatusError):
            settle()
    assert row(database).status == status


@pytest.mark.parametrize("status", ["ACCEPTED", "FAILED", "CANCELLED", "DELIVERED"])
def test_what_is_settled_is_never_handed_out(database: Database, status: str) -> None:
    put(database, new_letter(1))
    with database.unit_of_work() as unit:
        lift_guards(unit.session)
        unit.session.get_one(LetterRecord, 1).status = status
        unit.commit()
    assert claim(open_outbox(database), NOW + timedelta(days=365)) == []


def test_the_relays_words_and_our_reasons_are_kept(database: Database) -> None:
    put(database, new_letter(1), new_letter(2))
    store = open_outbox(database)
    store.claim_due(NOW, limit=2)
    store.record_accepted(1, now=SOON, reply=SmtpReply(code=250, text="2.0.0 ok " + "x" * 900))
    store.record_failed(2, now=SOON, reason="RCPT: 550 " + "x" * 900)
    accepted, failed = row(database, 1), row(database, 2)
    assert (accepted.reply_code, accepted.accepted_at) == (250, SOON)
    assert (accepted.reply_text or "").startswith("2.0.0 ok")
    assert len(accepted.reply_text or "") == 500
    assert len(failed.reason or "") == 200
    assert (failed.status, failed.accepted_at, failed.claimed_by) == ("FAILED", None, None)


def test_the_bytes_never_change_whatever_happens_to_the_letter(database: Database) -> None:
    put(database, new_letter(1))
    store = open_outbox(database)
    now = NOW
    seen = set()
    for settle in (store.record_retry, store.record_unknown, store.record_untried) * 2:
        (letter,) = store.claim_due(now, limit=1)
        seen.add((letter.raw, letter.sender, letter.recipient))
        now += timedelta(hours=1)
        settle(1, now=now, due=now, reason="x")
    assert len(seen) == 1
    with database.read() as session:
        assert session.scalars(select(RawLetter.raw)).one() == RAW
    assert row(database).attempts == 4


class BrokenDatabase:
    """A database that fails whoever begins a transaction, while it is broken."""

    def __init__(self, database: Database, *, after: int | None = None) -> None:
        """Break it `after` so many transactions (None: not before told to)."""
        self.is_broken = False
        self._left = after
        event.listen(database.engine, "begin", self._begin)

    def _begin(self, _connection: object) -> None:
        if self._left is not None:
            self.is_broken = self._left == 0
            self._left = max(0, self._left - 1)
        if self.is_broken:
            raise OperationalError("BEGIN", {}, Exception("the server is away"))


@pytest.mark.parametrize(
    ("answer", "status", "attempts"),
    [
        pytest.param(OK, "ACCEPTED", 1, id="it has arrived, and is not sent again"),
        pytest.param(
            UncertainDeliveryError("answer to the letter's data lost"),
            *("UNKNOWN", 1),
            id="nobody knows",
        ),
        pytest.param(PermanentDeliveryError("RCPT", code=550), "FAILED", 1, id="it was refused"),
        pytest.param(TransientDeliveryError("RCPT", code=451), "QUEUED", 1, id="it was put off"),
        pytest.param(UnreachableRelayError("away"), "QUEUED", 0, id="it was not tried"),
    ],
)
def test_a_round_that_the_database_broke_off_is_settled_by_the_next(
    database: Database, answer: SmtpReply | DeliveryError, status: str, attempts: int
) -> None:
    """It was away when a letter was answered: that and those claimed with it are not stuck."""
    put(database, *(new_letter(n) for n in range(1, 4)))
    outbox, broken = open_outbox(database), BrokenDatabase(database)
    sent: list[int] = []

    class Submitter:
        def submit(self, letter: QueuedLetter) -> SmtpReply:
            sent.append(letter.id)
            if len(sent) > 1:
                return OK
            broken.is_broken = True
            if isinstance(answer, DeliveryError):
                raise answer
            return answer

    def go() -> DrainReport:
        outbox.settle()
        return drain(
            outbox,
            Submitter(),
            clock=lambda: NOW,
            pacer=Pacer(max_per_minute=100),
            policy=RetryPolicy(),
        )

    for _ in range(2):
        with pytest.raises(OperationalError):
            go()
    broken.is_broken = False
    assert go().accepted == 2
    assert sent == [1, 2, 3]
    settled = row(database)
    assert (settled.status, settled.attempts, settled.claimed_by) == (status, attempts, None)
    assert {row(database, n).status for n in (2, 3)} == {"ACCEPTED"}


def test_what_another_relay_is_at_work_on_is_not_settled(database: Database) -> None:
    put(database, new_letter(1), replace(new_letter(2), route=ALARM_ROUTE))
    worker_id, broken = sign_on(database), BrokenDatabase(database)
    main, own = (DatabaseOutbox(database, worker_id, route=r) for r in (MAIN_ROUTE, ALARM_ROUTE))
    assert (claim(main), claim(own)) == ([1], [2])
    broken.is_broken = True
    with pytest.raises(OperationalError):
        main.put_back([1])
    broken.is_broken = False
    own.settle()
    main.settle()
    assert (row(database, 1).status, row(database, 2).status) == ("QUEUED", "SENDING")


def test_the_worker_settles_what_the_database_was_away_for(harness: Harness) -> None:
    database = harness.services.database
    put(database, new_letter(1))
    broken, sent = BrokenDatabase(database), []

    def submit(letter: QueuedLetter) -> SmtpReply:
        sent.append(letter.id)
        broken.is_broken = True
        return OK

    worker = Worker(
        services=harness.services,
        submitter=SimpleNamespace(submit=submit),  # type: ignore[arg-type]
        lease=SimpleNamespace(id=harness.worker_id),  # type: ignore[arg-type]
    )
    with pytest.raises(OperationalError):
        worker.deliver()
    broken.is_broken = False
    worker.deliver()
    assert (row(database).status, sent) == ("ACCEPTED", [1])
    for fetcher in worker.fetchers:
        fetcher.close()
