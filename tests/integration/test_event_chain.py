"""The chain of events: it holds through a whole life, and every way of breaking it is called so."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from alembic import command
from sqlalchemy import event as listeners
from sqlalchemy import text
from sqlalchemy.orm import Session

from inbox_worker.desk.audit_result import Audit
from inbox_worker.desk.auditing import audit_everything, audit_request
from inbox_worker.reading.reader import DocumentReader
from inbox_worker.storage import store
from inbox_worker.storage.event_chain import find_fingerprint
from inbox_worker.storage.models import Event, EventChain, Request
from tests.integration.test_schema import alembic
from tests.worker_harness import (
    APPROVE,
    CHEN,
    CLERK,
    NOW,
    ORTEGA,
    Harness,
    Opener,
    Where,
    compose,
    make_filed_template,
    make_template,
)

pytestmark = pytest.mark.on_both


def live(harness: Harness) -> Harness:
    """Let a request be issued and sent again, and mail come that is about none."""
    harness.reply(ORTEGA, APPROVE, to=harness.notice(ORTEGA))
    harness.clock.advance(minutes=11)
    assert harness.issue() == 1
    harness.reply(CHEN, "RESEND", to=harness.notice(CHEN))
    for number in range(2):
        harness.deliver(compose(CLERK, f"How do I ask? {number}", subject="A question"))
    return harness


@pytest.fixture(scope="module")
def lived(make_database: Callable[[], Where], document_reader: DocumentReader) -> Iterator[Harness]:
    """Yield a worker with a past, which no test adds to."""
    database = make_filed_template(make_template(make_database()), document_reader)
    harness = live(Harness.open(database, document_reader, {"review": {"confirm": False}}))
    yield harness
    harness.services.database.close()


@pytest.fixture
def session(lived: Harness) -> Iterator[Session]:
    """Yield a transaction in which rows may be changed, and which comes to nothing."""
    with lived.services.database.unit_of_work() as unit:
        yield unit.session


def audit(harness: Harness) -> Audit:
    with harness.services.database.read() as session:
        return audit_everything(session)


def test_a_whole_life_is_one_chain_and_every_event_is_in_one(lived: Harness) -> None:
    found = audit(lived)
    assert found.breaks == []
    (request,) = lived.rows(Request)
    of_request = [e for e in lived.rows(Event) if e.request_id is not None]
    assert [e.sequence for e in of_request] == list(range(1, request.event_count + 1))
    assert (found.chains, found.events) == (2, len(lived.rows(Event)))
    assert (found.certifications, found.disclosures, found.mails) == (1, 2, 5)
    with lived.services.database.read() as session:
        alone = audit_request(session, session.get_one(Request, request.id))
        kept = find_fingerprint(session, lived.clock.now.replace(year=2099))
        assert (kept.events, kept.sha256) == (found.events, found.fingerprint)
    assert (alone.head, alone.mails) == (of_request[-1].hash, 3)


def test_the_digest_prints_what_is_found_again_later(lived: Harness) -> None:
    midnight = datetime(2026, 5, 5, tzinfo=ZoneInfo("America/New_York"))
    with lived.services.database.read() as session:
        kept = find_fingerprint(session, midnight)
        found = audit_everything(session, before=midnight)
        nothing = audit_everything(session, before=midnight - timedelta(days=1))
    assert kept.events == found.events == len(lived.rows(Event))
    assert kept.sha256 == found.fingerprint != nothing.fingerprint


def test_a_detail_that_no_text_is_made_of_is_hashed_as_it_is_kept(harness: Harness) -> None:
    hostile = {"text": "nul \0 half \ud800 é \u202e", "list": [1, True, None], "float": 0.1}
    with harness.services.database.unit_of_work() as unit:
        store.add_event(unit.session, "report_received", actor="program", now=NOW, detail=hostile)
        unit.commit()
    assert audit(harness).breaks == []


_HERE = "WHERE request_id = 1 AND sequence"
_NOT_ACCOUNTED = ("disclosure_changed", None)


@pytest.mark.parametrize(
    ("statements", "broken"),
    [
        pytest.param(
            [f"UPDATE events SET actor = 'program' {_HERE} = 3"], [("changed", 3)], id="by whom"
        ),
        pytest.param(
            [("UPDATE events SET at = (SELECT at FROM events WHERE request_id = 1 AND sequence = 5)"
             f" {_HERE} = 3")],
            [("changed", 3)],
            id="when",
        ),
        pytest.param(
            [f"UPDATE events SET detail = '{{\"second_person\": [1]}}' {_HERE} = 3"],
            [("changed", 3)],
            id="what",
        ),
        pytest.param(
            [f"UPDATE events SET journal_id = 1 {_HERE} = 3"], [("changed", 3)], id="by which mail"
        ),
        pytest.param([f"DELETE FROM events {_HERE} = 3"], [("missing", 3)], id="one is left out"),
        pytest.param(
            [f"DELETE FROM events {_HERE} >= 7"], [("missing", 7), _NOT_ACCOUNTED], id="the tail"
        ),
        pytest.param(
            ["DELETE FROM events WHERE request_id = 1"],
            [("missing", 1), _NOT_ACCOUNTED, _NOT_ACCOUNTED],
            id="every one of them"
        ),
        pytest.param(
            [f"DELETE FROM events {_HERE} >= 6",
             "UPDATE requests SET event_count = 5 WHERE id = 1"],
            [("changed", 5), _NOT_ACCOUNTED],
            id="the tail, and the number of them",
        ),
        pytest.param(
            [("INSERT INTO events (id, request_id, at, code, actor, detail, sequence, hash)"
             " SELECT 900, 1, at, 'note_added', actor, detail, 99, hash FROM events"
             f" {_HERE} = 2")],
            [("inserted", 99)],
            id="one more at the end",
        ),
        pytest.param(
            [("INSERT INTO events (id, at, code, actor, detail, sequence, hash)"
             " SELECT 900, at, 'note_added', actor, detail, 1, hash FROM events"
             f" {_HERE} = 2")],
            [("inserted", 1)],
            id="one of no chain",
        ),
        pytest.param(
            [f"UPDATE events SET sequence = 100 {_HERE} = 3",
             f"UPDATE events SET sequence = 3 {_HERE} = 4",
             f"UPDATE events SET sequence = 4 {_HERE} = 100"],
            [("changed", 3), ("out_of_order", 4), ("changed", 5)],
            id="two change places",
        ),
        pytest.param(
            ["UPDATE events SET actor = 'nobody' WHERE chain = 1 AND sequence = 2"],
            [("changed", 2)],
            id="one about no request",
        ),
        pytest.param(
            ["DELETE FROM events WHERE chain = 1 AND sequence = 2"],
            [("missing", 2)],
            id="the tail of those about no request",
        ),
        pytest.param(
            [("UPDATE raw_mails SET raw = (SELECT raw FROM raw_mails WHERE journal_id = 2)"
             " WHERE journal_id = 1")],
            [("mail_changed", None)],
            id="a mail's bytes",
        ),
        pytest.param(
            ["UPDATE journal SET sha256 = 'ab' WHERE id = 2"],
            [("changed", 3), ("mail_changed", None)],
            id="a mail's digest too: its event names it",
        ),
        pytest.param(
            ["DELETE FROM raw_mails WHERE journal_id = 1"],
            [("mail_missing", None)],
            id="a mail's bytes are gone",
        ),
        pytest.param(
            ["UPDATE certifications SET pdf = (SELECT raw FROM raw_mails WHERE journal_id = 1)"],
            [("certification_changed", None), ("certification_changed", None)],
            id="a certification",
        ),
        pytest.param(
            ["UPDATE disclosures SET basis = 'consent' WHERE id = 1"],
            [("disclosure_changed", None), ("disclosure_changed", None)],
            id="a disclosure",
        ),
        pytest.param(
            ["DELETE FROM disclosures WHERE id = 2"],
            [("disclosure_changed", None)],
            id="a disclosure is left out",
        ),
    ],
)  # fmt: skip
def test_what_was_changed_is_found_and_called_what_it_is(
    session: Session, statements: list[str], broken: list[tuple[str, int | None]]
) -> None:
    """Rows are changed as by somebody who can write the database and knows of no chain."""
    for statement in statements:
        session.execute(text(statement))
    found = audit_everything(session).breaks
    assert [(one.kind, one.sequence) for one in found] == broken


def test_a_new_request_costs_no_statement_for_its_chain(open_harness: Opener) -> None:
    """Its end goes in with its row: filing must not be slower for it."""
    harness = open_harness()
    said: list[str] = []
    engine = harness.services.database.engine
    listeners.listen(
        engine, "before_cursor_execute", lambda *a: said.append(" ".join(a[2].split()))
    )
    assert harness.file().event_count == 2
    about = [s for s in said if "event_count" in s and not s.startswith("INSERT INTO requests")]
    # The test's own reading of the row at the end is the only one.
    assert [s[:6] for s in about] == ["SELECT"], about


@pytest.fixture
def two(open_filed: Opener) -> Iterator[tuple[Harness, Callable[[int], None]]]:
    """Yield a worker and what lets it write events to one request, from any thread."""
    harness = open_filed()

    def write(count: int) -> None:
        for _ in range(count):
            with harness.services.database.unit_of_work() as unit:
                request = unit.session.get_one(Request, 1)
                store.add_event(
                    unit.session, "status_asked", request=request, actor="program", now=NOW
                )
                unit.commit()

    return harness, write


def test_two_workers_never_make_one_place_of_a_chain(
    two: tuple[Harness, Callable[[int], None]],
) -> None:
    harness, write = two
    before = harness.request().event_count
    threads = [threading.Thread(target=write, args=(25,)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert harness.request().event_count == before + 50
    assert audit(harness).breaks == []


def test_events_about_no_request_wait_for_nobody(harness: Harness) -> None:
    """On PostgreSQL another chain is begun; SQLite has one writer, and so one chain."""
    database = harness.services.database
    if database.engine.dialect.name == "sqlite":
        pytest.skip("SQLite lets one writer in at a time, whatever it writes")
    for _ in range(2):
        with database.unit_of_work() as first, database.unit_of_work() as second:
            for unit in (first, second, first):
                store.add_event(unit.session, "report_received", actor="program", now=NOW)
            second.commit()
            first.commit()
    assert [chain.event_count for chain in harness.rows(EventChain)] == [4, 2]
    assert audit(harness).breaks == []


def test_what_was_there_before_is_chained_by_the_migration(open_filed: Opener) -> None:
    lived = live(open_filed(review={"confirm": False}))
    engine = lived.services.database.engine
    with engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            # As `migrate` does: it makes tables anew that others refer to.
            connection.connection.cursor().execute("PRAGMA foreign_keys = OFF")
        command.downgrade(alembic(lived.services.database, connection), "0019")
        connection.commit()
    lived.services.database.migrate()
    assert audit(lived).breaks == []
    lived.reply(CHEN, "NOTE looked at again", to=lived.newest(CHEN))
    lived.deliver(compose(CLERK, "And how do I ask?", subject="Another question"))
    assert audit(lived).breaks == []
