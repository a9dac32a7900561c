"""The schema: migrations make what the models say, and the database refuses what cannot be."""

from __future__ import annotations

import re
import stat
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from sqlalchemy import inspect, select, text, update
from sqlalchemy.exc import IntegrityError, StatementError
from sqlalchemy.orm import Session

from inbox_worker.errors import IllegalTransitionError, SchemaError, StaleStatusError
from inbox_worker.status import (
    DELIVERY_TRANSITIONS,
    REQUEST_TRANSITIONS,
    DeliveryStatus,
    Disposition,
    RequestStatus,
)
from inbox_worker.storage import journal, store
from inbox_worker.storage.database import Database
from inbox_worker.storage.models import (
    Base,
    Decision,
    Event,
    FieldRecord,
    JournalEntry,
    LetterRecord,
    RawLetter,
    Request,
    Token,
)
from inbox_worker.storage.outbox_store import NewLetter, has_letter, put_letter
from tests.worker_harness import NOW, ORTEGA, Copier, Where, url_of

pytestmark = pytest.mark.on_both


@pytest.fixture
def database(filed_database: Where, copy_database: Copier) -> Iterator[Database]:
    """Yield a database with one request in review."""
    opened = Database(url_of(copy_database(filed_database)))
    yield opened
    opened.close()


@pytest.fixture
def session(database: Database) -> Iterator[Session]:
    """Yield a session that may write; nothing of it is kept."""
    with database.unit_of_work() as unit:
        yield unit.session


def alembic(database: Database, connection: object) -> Config:
    configuration = Config()
    folder = Path(journal.__file__).parents[1] / "migrations"
    configuration.set_main_option("script_location", str(folder))
    configuration.attributes["connection"] = connection
    return configuration


def test_the_migrations_make_what_the_models_say(database: Database) -> None:
    with database.engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "compare_server_default": True}
        )
        assert compare_metadata(context, Base.metadata) == []


def test_the_database_checks_what_the_models_check(database: Database) -> None:
    """Alembic compares no CHECK constraints, nor the conditions of partial indexes."""
    where = f"{database.engine.dialect.name}_where"
    with database.engine.connect() as connection:
        made = inspect(connection)
        for table in Base.metadata.sorted_tables:
            checks = {
                c["name"]: _gist(c["sqltext"]) for c in made.get_check_constraints(table.name)
            }
            wanted = {
                str(c.name): _gist(str(c.sqltext))  # type: ignore[attr-defined]
                for c in table.constraints
                if type(c).__name__ == "CheckConstraint"
            }
            assert checks == wanted, table.name
            partial = {
                str(i["name"]): _gist(str(i["dialect_options"][where]))
                for i in made.get_indexes(table.name)
                if i.get("dialect_options", {}).get(where) is not None
            }
            assert partial == {
                str(i.name): _gist(str(i.dialect_kwargs[where]))
                for i in table.indexes
                if i.dialect_kwargs.get(where) is not None
            }, table.name


def _gist(sql: str) -> list[str]:
    """Return the words of a condition, which PostgreSQL gives back in a form of its own."""
    words = dict.fromkeys(re.findall(r"\w+", sql))
    return [w for w in words if w not in {"IN", "ANY", "ARRAY", "text", "character", "varying"}]


def test_the_schema_can_be_taken_back_and_made_again(tmp_path: Path) -> None:
    database = Database(url_of(tmp_path / "new.db"))
    database.migrate()
    with database.engine.connect() as connection:
        command.downgrade(alembic(database, connection), "base")
        connection.commit()
        assert set(inspect(connection).get_table_names()) == {"alembic_version"}
    assert not database.has_schema()
    database.migrate()
    database.check_schema()
    database.close()


def test_making_the_schema_twice_is_harmless(database: Database) -> None:
    database.migrate()
    database.check_schema()
    with database.read() as session:
        assert session.scalars(text("SELECT count(*) FROM requests")).one() == 1  # type: ignore[call-overload]


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        pytest.param(None, "has no schema yet: run `ero-outreach init`", id="no file"),
        pytest.param("DELETE FROM alembic_version", "has no schema yet", id="an empty file"),
        pytest.param(
            "UPDATE alembic_version SET version_num = 'x'", "to bring it up to date", id="another"
        ),
    ],
)
def test_a_database_without_the_current_schema_is_refused(
    database: Database, tmp_path: Path, statement: str | None, words: str
) -> None:
    if statement is None:
        missing = tmp_path / "missing.db"
        database = Database(url_of(missing))
    else:
        with database.engine.begin() as connection:
            connection.execute(text(statement))
    with pytest.raises(SchemaError, match=words):
        database.check_schema()
    # Looking at it must not make an empty file that passes for a database.
    assert statement is not None or not missing.exists()


def test_the_folder_of_a_new_database_is_its_owners_alone(tmp_path: Path) -> None:
    folder = tmp_path / "var"
    database = Database(url_of(folder / "worker.db"))
    database.migrate()
    database.close()
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


@pytest.mark.parametrize(
    ("pragma", "value"),
    [
        pytest.param("journal_mode", "wal", id="readers never wait for the writer"),
        pytest.param("synchronous", 2, id="a commit is on the disk"),
        pytest.param("foreign_keys", 1, id="no row without what it hangs on"),
        pytest.param("secure_delete", 1, id="what is deleted is gone"),
    ],
)
def test_sqlite_is_set_up_on_every_connection(tmp_path: Path, pragma: str, value: object) -> None:
    database = Database(url_of(tmp_path / "new.db"))
    for _ in range(2):
        with database.engine.connect() as connection:
            assert connection.exec_driver_sql(f"PRAGMA {pragma}").scalar() == value
        database.engine.dispose()


def test_a_unit_of_work_rolls_back_unless_told_otherwise(database: Database) -> None:
    with database.unit_of_work() as unit:
        unit.session.execute(update(Request).values(priority=9))
    with database.read() as session:
        assert session.scalars(text("SELECT priority FROM requests")).one() == 4  # type: ignore[call-overload]


def test_reading_waits_for_no_writer(database: Database) -> None:
    with database.unit_of_work() as unit:
        unit.session.execute(update(Request).values(priority=9))
        with database.read() as session:
            assert session.get_one(Request, 1).priority == 4


@pytest.mark.parametrize(
    "statement",
    [
        pytest.param("UPDATE requests SET status = 'LOST'", id="a status nobody knows"),
        pytest.param("UPDATE journal SET disposition = 'GONE'", id="a disposition nobody knows"),
        pytest.param("UPDATE letters SET status = 'MAYBE'", id="a delivery nobody knows"),
        pytest.param("UPDATE requests SET journal_id = 99", id="a request without its mail"),
        pytest.param(
            "INSERT INTO tokens SELECT digest, kind, 99, address, round, decision_id, issued_at,"
            " expires_at FROM tokens LIMIT 1",
            id="a token for no request",
        ),
        pytest.param(
            "UPDATE letters SET key = (SELECT min(key) FROM letters)", id="a letter written twice"
        ),
        pytest.param(
            "UPDATE letters SET message_id = (SELECT min(message_id) FROM letters)",
            id="a Message-ID used twice",
        ),
    ],
)
def test_the_database_refuses_what_cannot_be(session: Session, statement: str) -> None:
    with pytest.raises(IntegrityError):
        session.execute(text(statement))


def build_decision(state: str, **changes: object) -> Decision:
    values: dict[str, object] = {
        "request_id": 1,
        "round": 1,
        "revision": 1,
        "keyword": "DENY",
        "actor": ORTEGA,
        "state": state,
        "made_at": NOW,
        "journal_id": 1,
    }
    return Decision(**{**values, **changes})


def test_one_decision_is_in_force_in_a_round(session: Session) -> None:
    session.add_all([build_decision("IN_FORCE"), build_decision("CANCELLED")])
    session.add(build_decision("IN_FORCE", round=2))
    session.flush()
    session.add(build_decision("IN_FORCE"))
    with pytest.raises(IntegrityError):
        session.flush()


def test_a_decision_has_one_of_the_known_states(session: Session) -> None:
    session.add(build_decision("SETTLED"))
    with pytest.raises(IntegrityError):
        session.flush()


def test_a_field_has_one_value_in_force(session: Session) -> None:
    row = {
        "request_id": 1,
        "field": "requester_title",
        "revision": 2,
        "value": "Clerk",
        "raw": "Clerk",
        "source": "correction",
        "confidence": 1.0,
        "recorded_at": NOW,
        "recorded_by": ORTEGA,
    }
    session.add(FieldRecord(**row, superseded_at=NOW))
    session.flush()
    session.add(FieldRecord(**row))
    with pytest.raises(IntegrityError):
        session.flush()


# Compare and set.


def test_a_change_of_status_writes_both_statuses_down(session: Session) -> None:
    request = session.get_one(Request, 1)
    store.move_request(
        session, request, RequestStatus.DENIED, code="request_denied", actor=ORTEGA, now=NOW
    )
    session.flush()
    event = session.query(Event).order_by(Event.id.desc()).first()
    assert event is not None
    assert (event.status_from, event.status_to) == ("IN_REVIEW", "DENIED")
    assert (request.status, request.round, request.status_since) == ("DENIED", 1, NOW)


def test_every_return_to_review_is_another_round(session: Session) -> None:
    request = session.get_one(Request, 1)
    for target in (RequestStatus.DENIED, RequestStatus.IN_REVIEW):
        store.move_request(session, request, target, code="x", actor=ORTEGA, now=NOW)
    assert request.round == 2


def test_the_first_writer_wins(session: Session) -> None:
    request = session.get_one(Request, 1)
    session.execute(text("UPDATE requests SET status = 'DENIED'"))
    with pytest.raises(StaleStatusError):
        store.move_request(
            session, request, RequestStatus.APPROVED, code="x", actor=ORTEGA, now=NOW
        )


def test_a_step_the_table_forbids_is_never_tried(session: Session) -> None:
    request = session.get_one(Request, 1)
    with pytest.raises(IllegalTransitionError):
        store.move_request(session, request, RequestStatus.ISSUED, code="x", actor=ORTEGA, now=NOW)


def test_the_first_correction_wins(session: Session) -> None:
    request = session.get_one(Request, 1)
    session.execute(text("UPDATE requests SET revision = 2"))
    with pytest.raises(StaleStatusError):
        store.start_revision(session, request)


def test_a_decision_changes_its_state_from_the_one_it_had(session: Session) -> None:
    decision = build_decision("PROPOSED")
    session.add(decision)
    session.flush()
    store.set_decision_state(session, decision, "PROPOSED", "IN_FORCE")
    with pytest.raises(StaleStatusError):
        store.set_decision_state(session, decision, "PROPOSED", "CANCELLED")


def test_a_disposition_is_set_once(session: Session) -> None:
    assert session.get_one(JournalEntry, 1).disposition == "FILED"
    again = journal.Disposal(
        entry_id=1, disposition=Disposition.IGNORED, kind="x", rule="x", disposed_at=NOW
    )
    with pytest.raises(StaleStatusError):
        journal.dispose(session, [again])


def test_the_same_letter_is_taken_in_once(session: Session) -> None:
    letter = NewLetter(
        key="acknowledgement:7",
        kind="acknowledgement",
        request_id=1,
        journal_id=None,
        sender="a@agency.example",
        recipient="b@courts.example",
        message_id="<one@agency.example>",
        subject="x",
        raw=b"first",
        due_at=NOW,
    )
    put_letter(session, letter, now=NOW)
    put_letter(session, replace(letter, raw=b"second"), now=NOW)
    assert has_letter(session, letter.key)
    assert not has_letter(session, "acknowledgement:8")
    assert session.query(LetterRecord).filter_by(key=letter.key).count() == 1
    raws = select(RawLetter.raw).join(LetterRecord, LetterRecord.id == RawLetter.letter_id)
    assert session.scalars(raws.where(LetterRecord.key == letter.key)).all() == [b"first"]


# Moments.


def test_moments_are_stored_in_utc_and_come_back_aware(database: Database) -> None:
    eastern = timezone(timedelta(hours=-4))
    with database.unit_of_work() as unit:
        unit.session.execute(
            update(Token).values(expires_at=datetime(2026, 5, 4, 15, tzinfo=eastern))
        )
        unit.commit()
    with database.read() as session:
        token = session.query(Token).first()
        assert token is not None
        assert token.expires_at == datetime(2026, 5, 4, 19, tzinfo=UTC)
        assert token.expires_at.tzinfo is UTC


def test_a_naive_moment_is_refused(session: Session) -> None:
    naive = datetime(2026, 5, 4, 15)  # noqa: DTZ001 - that is the point
    with pytest.raises(StatementError, match="naive"):
        session.execute(update(Token).values(expires_at=naive))


def test_tracking_numbers_follow_one_another_by_year(session: Session) -> None:
    taken = [(2026, 1), (2026, 2), (2027, 1), (2026, 1)]
    numbers = [
        n for year, count in taken for n in store.take_tracking_numbers(session, year, count)
    ]
    assert [n[:15] for n in numbers] == [
        "CJS-2026-000002",
        "CJS-2026-000003",
        "CJS-2026-000004",
        "CJS-2027-000001",
        "CJS-2026-000005",
    ]


def _force(session: Session, table: str, status: str) -> None:
    """Bring every row of a table to a status, whatever its guard says."""
    guard = f"{table}_transition"
    update_all = text(f"UPDATE {table} SET status = :status")  # a name of ours
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER {guard}"))
        session.execute(update_all, {"status": status})
        session.execute(text(f"ALTER TABLE {table} ENABLE TRIGGER {guard}"))
        return
    made = session.scalar(text("SELECT sql FROM sqlite_master WHERE name = :name"), {"name": guard})
    session.execute(text(f"DROP TRIGGER {guard}"))
    session.execute(update_all, {"status": status})
    session.execute(text(str(made)))


def _allows(session: Session, table: str, target: str) -> bool:
    """Return whether the database lets a table's rows go to a status; nothing is changed."""
    step = text(f"UPDATE {table} SET status = :target")
    savepoint = session.begin_nested()
    try:
        session.execute(step, {"target": target})
    except IntegrityError as refusal:
        return "no such transition" not in str(refusal.orig)
    finally:
        savepoint.rollback()
    return True


@pytest.mark.parametrize("source", list(RequestStatus))
def test_the_database_itself_knows_every_step_of_a_request(
    session: Session, source: RequestStatus
) -> None:
    _force(session, "requests", source.value)
    allowed = {s for s in RequestStatus if s is not source and _allows(session, "requests", s)}
    assert allowed == REQUEST_TRANSITIONS[source]


@pytest.mark.parametrize("source", list(DeliveryStatus))
def test_the_database_itself_knows_every_step_of_a_letter(
    session: Session, source: DeliveryStatus
) -> None:
    _force(session, "letters", source.value)
    allowed = {s for s in DeliveryStatus if s is not source and _allows(session, "letters", s)}
    assert allowed == DELIVERY_TRANSITIONS[source]


def test_the_database_itself_sets_a_disposition_once(session: Session) -> None:
    with pytest.raises(IntegrityError, match="set once"):
        session.execute(text("UPDATE journal SET disposition = 'IGNORED'"))
