"""The journal: a mail is its bytes, a place on the server is where they were seen."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from inbox_worker.status import Disposition
from inbox_worker.storage import journal
from inbox_worker.storage.database import Database
from inbox_worker.storage.journal import Arrival, Place, Recording
from inbox_worker.storage.models import JournalEntry, RawMail, Sighting
from tests.worker_harness import NOW, Copier, Where, url_of

pytestmark = pytest.mark.on_both

FIRST = b"Message-ID: <one@courts.example>\r\n\r\nfirst\r\n"
OTHER = b"Message-ID: <one@courts.example>\r\n\r\nsecond\r\n"


@pytest.fixture
def session(empty_database: Where, copy_database: Copier) -> Iterator[Session]:
    """Yield a session on an empty database."""
    database = Database(url_of(copy_database(empty_database)))
    with database.unit_of_work() as unit:
        yield unit.session
    database.close()


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
        journal.advance_cursor(session, "outreach", uidvalidity=uidvalidity, last_uid=uid)
    assert journal.find_last_uid(session, "outreach", asked) == last
    assert journal.has_cursor(session, "outreach") == bool(steps)


def test_a_fetch_that_found_nothing_is_a_fetch(session: Session) -> None:
    journal.advance_cursor(session, "outreach", uidvalidity=7, last_uid=5)
    journal.record_fetch(session, "outreach", uidvalidity=7, last_uid=0, now=NOW)
    assert journal.find_last_uid(session, "outreach", 7) == 5


def test_failed_attempts_are_counted_by_mail(session: Session) -> None:
    record(session, uid=1)
    record(session, OTHER, uid=2)
    counts = [journal.record_failed_attempt(session, entry) for entry in (1, 1, 2)]
    assert counts == [1, 2, 1]
