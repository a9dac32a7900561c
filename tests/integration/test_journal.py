"""The journal: a mail is its bytes, a place on the server is where they were seen."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator

import pytest
from alembic import command
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from inbox_worker.status import Disposition
from inbox_worker.storage import cursors, journal
from inbox_worker.storage.database import Database
from inbox_worker.storage.journal import Arrival, Place, Recording
from inbox_worker.storage.models import JournalEntry, RawMail, Sighting
from tests.integration.test_schema import alembic
from tests.worker_harness import NOW, Copier, Where, url_of

pytestmark = pytest.mark.on_both

FIRST = b"Message-ID: <one@courts.example>\r\n\r\nfirst\r\n"
OTHER = b"Message-ID: <one@courts.example>\r\n\r\nsecond\r\n"


@pytest.fixture
def database(empty_database: Where, copy_database: Copier) -> Iterator[Database]:
    """Yield an empty database."""
    opened = Database(url_of(copy_database(empty_database)))
    yield opened
    opened.close()


@pytest.fixture
def session(database: Database) -> Iterator[Session]:
    """Yield a session on an empty database."""
    with database.unit_of_work() as unit:
        yield unit.session


def record(
    session: Session,
    raw: bytes = FIRST,
    *,
    uid: int = 1,
    uidvalidity: int = 7,
    mailbox: str = "outreach",
) -> Recording:
    (recording,) = journal.record_mails(
        session, [arrival(raw, mailbox=mailbox, uidvalidity=uidvalidity, uid=uid)], now=NOW
    )
    return recording


def arrival(
    raw: bytes, *, mailbox: str = "outreach", uidvalidity: int = 7, uid: int = 1
) -> Arrival:
    return Arrival(
        place=Place(mailbox=mailbox, uidvalidity=uidvalidity, uid=uid),
        raw=raw,
        size=len(raw),
        is_whole=True,
        internal_date=NOW,
    )


def dispose(session: Session, entry_id: int, disposition: Disposition = Disposition.FILED) -> None:
    disposal = journal.Disposal(
        entry_id=entry_id,
        disposition=disposition,
        kind="request",
        rule="pdf_attached",
        disposed_at=NOW,
    )
    journal.dispose(session, [disposal])


@pytest.mark.parametrize(
    ("second", "recording", "entries", "sightings"),
    [
        pytest.param({}, Recording.KNOWN, 1, 1, id="the same place again"),
        pytest.param({"uid": 2}, Recording.REPEAT, 1, 2, id="the same bytes at another place"),
        pytest.param(
            {"uidvalidity": 8}, Recording.REPEAT, 1, 2, id="the server counts its UIDs anew"
        ),
        pytest.param(
            {"uid": 2, "raw": OTHER},
            Recording.NEW,
            2,
            2,
            id="another mail that re-uses the Message-ID",
        ),
        pytest.param(
            {"uidvalidity": 8, "raw": OTHER},
            Recording.NEW,
            2,
            2,
            id="another mail at the same UID of another UIDVALIDITY",
        ),
        pytest.param(
            {"mailbox": "other"}, Recording.REPEAT, 1, 2, id="the same bytes in another mailbox"
        ),
    ],
)
def test_a_mail_is_known_by_its_place_and_by_its_bytes(
    session: Session,
    second: dict[str, object],
    recording: Recording,
    entries: int,
    sightings: int,
) -> None:
    assert record(session) is Recording.NEW
    assert record(session, **second) is recording  # type: ignore[arg-type]
    assert session.query(JournalEntry).count() == entries
    assert session.query(Sighting).count() == sightings


def test_of_equal_mails_that_arrive_together_the_first_is_new(session: Session) -> None:
    record(session, uid=1)
    mails = [(2, OTHER), (1, FIRST), (3, FIRST), (4, OTHER), (5, b"third")]
    recorded = journal.record_mails(session, [arrival(r, uid=uid) for uid, r in mails], now=NOW)
    assert recorded == [
        Recording.NEW,
        Recording.KNOWN,
        Recording.REPEAT,
        Recording.REPEAT,
        Recording.NEW,
    ]
    assert session.query(JournalEntry).count() == 3
    assert session.query(Sighting).count() == 5


@pytest.mark.parametrize(
    ("first_commits", "second"),
    [
        pytest.param(True, [Recording.REPEAT, Recording.NEW], id="the first commits"),
        pytest.param(False, [Recording.NEW, Recording.NEW], id="the first ends without"),
    ],
)
def test_of_two_mailboxes_that_get_the_same_bytes_at_once_one_has_them(
    database: Database, *, first_commits: bool, second: list[Recording]
) -> None:
    recorded: list[Recording] = []
    began = threading.Event()

    def record_in_the_other() -> None:
        began.set()
        arrivals = [arrival(r, mailbox="other", uid=n) for n, r in enumerate((FIRST, OTHER), 1)]
        with database.unit_of_work() as unit:
            recorded.extend(journal.record_mails(unit.session, arrivals, now=NOW))
            unit.commit()

    thread = threading.Thread(target=record_in_the_other)
    with database.unit_of_work() as unit:
        assert record(unit.session) is Recording.NEW
        thread.start()
        assert began.wait(10)
        thread.join(0.3)
        assert thread.is_alive(), "it waits to hear what becomes of the first"
        if first_commits:
            unit.commit()
    thread.join(20)
    assert recorded == second
    with database.unit_of_work() as unit:
        entries = unit.session.scalars(select(JournalEntry).order_by(JournalEntry.id)).all()
        assert [e.mailbox for e in entries] == ["outreach" if first_commits else "other", "other"]
        assert unit.session.query(RawMail).count() == len(entries) == 2
        for entry in entries:
            dispose(unit.session, entry.id)
        moves = journal.list_pending_moves(unit.session, "other", 7, limit=10)
    became = {Recording.NEW: Disposition.FILED, Recording.REPEAT: Disposition.DUPLICATE}
    assert [m.disposition for m in moves] == [became[r] for r in second]


def test_many_mailboxes_in_a_race_record_each_mail_once(database: Database) -> None:
    mails = [b"Subject: %d\r\n\r\n" % n for n in range(30)]
    start = threading.Barrier(4)
    tally: Counter[Recording] = Counter()

    def record_all(mailbox: str) -> None:
        for uid, raw in enumerate(mails, 1):
            start.wait(20)
            with database.unit_of_work() as unit:
                tally[record(unit.session, raw, mailbox=mailbox, uid=uid)] += 1
                unit.commit()

    threads = [threading.Thread(target=record_all, args=(f"box-{n}",)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert tally == {Recording.NEW: 30, Recording.REPEAT: 90}


def test_the_database_itself_keeps_the_same_bytes_once(session: Session) -> None:
    record(session)
    again = JournalEntry(
        mailbox="other",
        sha256=journal.find_digest(FIRST),
        size=1,
        is_whole=True,
        internal_date=NOW,
        recorded_at=NOW,
    )
    session.add(again)
    with pytest.raises(IntegrityError, match=r"uq_journal_content|journal\.sha256, journal\.copy"):
        session.flush()


def test_what_was_taken_in_twice_before_stays(database: Database) -> None:
    with database.engine.connect() as connection:
        command.downgrade(alembic(database, connection), "0011")
        connection.commit()
        insert = text(
            "INSERT INTO journal (id, mailbox, sha256, size, is_whole, internal_date, recorded_at,"
            " attempts) VALUES (:id, :mailbox, :sha256, 1, true, :now, :now, 0)"
        )
        kept = [("a", "1"), ("b", "2"), ("b", "1"), ("c", "1")]
        for number, (mailbox, digest) in enumerate(kept, 1):
            row = {"id": number, "mailbox": mailbox, "sha256": digest, "now": NOW}
            connection.execute(insert, row)
        connection.commit()
    database.migrate()
    with database.read() as session:
        found = session.execute(select(JournalEntry.id, JournalEntry.copy).order_by("id")).all()
        assert found == [(1, 0), (2, 0), (3, 1), (4, 2)]
        assert journal.find_entries(session, {"1", "2"}) == {"1": 1, "2": 2}


def test_the_bytes_are_kept_as_they_came(session: Session) -> None:
    raw = bytes(range(256)) * 3
    record(session, raw)
    assert session.scalars(select(RawMail.raw)).one() == raw


def test_a_repeat_moves_as_a_duplicate_once_the_first_is_disposed(session: Session) -> None:
    record(session, uid=1)
    record(session, uid=2)
    assert journal.list_pending_moves(session, "outreach", 7, limit=10) == []
    dispose(session, 1)
    moves = journal.list_pending_moves(session, "outreach", 7, limit=10)
    assert [(m.uid, m.disposition) for m in moves] == [
        (1, Disposition.FILED),
        (2, Disposition.DUPLICATE),
    ]


def test_what_was_moved_is_not_moved_again(session: Session) -> None:
    record(session)
    dispose(session, 1)
    (move,) = journal.list_pending_moves(session, "outreach", 7, limit=10)
    journal.record_moved(session, [move.sighting_id], now=NOW)
    assert journal.list_pending_moves(session, "outreach", 7, limit=10) == []


def test_a_place_of_an_earlier_uidvalidity_is_never_moved(session: Session) -> None:
    record(session, uidvalidity=7)
    dispose(session, 1)
    assert journal.list_pending_moves(session, "outreach", 8, limit=10) == []


@pytest.mark.parametrize(
    ("steps", "asked", "last"),
    [
        pytest.param([], 7, 0, id="nothing fetched yet"),
        pytest.param([(7, 3), (7, 5)], 7, 5, id="the newest"),
        pytest.param([(7, 5), (7, 3)], 7, 5, id="never backwards"),
        pytest.param([(7, 5)], 8, 0, id="the server counts anew: from the beginning"),
        pytest.param([(7, 5), (8, 2)], 8, 2, id="and goes on from there"),
        pytest.param([(7, 5), (8, 2)], 7, 0, id="the old count is forgotten"),
    ],
)
def test_the_cursor_says_how_far_a_mailbox_was_fetched(
    session: Session, steps: list[tuple[int, int]], asked: int, last: int
) -> None:
    for uidvalidity, uid in steps:
        cursors.advance_cursor(session, "outreach", uidvalidity=uidvalidity, last_uid=uid)
    assert cursors.find_last_uid(session, "outreach", asked) == last
    assert cursors.has_cursor(session, "outreach") == bool(steps)


def test_a_fetch_that_found_nothing_is_a_fetch(session: Session) -> None:
    cursors.advance_cursor(session, "outreach", uidvalidity=7, last_uid=5)
    cursors.record_fetch(session, "outreach", uidvalidity=7, last_uid=0, now=NOW)
    assert cursors.find_last_uid(session, "outreach", 7) == 5


def test_failed_attempts_are_counted_by_mail(session: Session) -> None:
    record(session, uid=1)
    record(session, OTHER, uid=2)
    counts = [journal.record_failed_attempt(session, entry) for entry in (1, 1, 2)]
    assert counts == [1, 2, 1]
