"""A journal of many years: what is asked for every mail costs the same however long it is.

The cost is counted in steps of SQLite's own machine, which no other load on the computer changes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from inbox_worker.status import Disposition
from inbox_worker.storage import claims, cursors, journal
from inbox_worker.storage.database import Database
from inbox_worker.storage.journal import Arrival, Disposal, Place
from inbox_worker.storage.models import JournalEntry, Sighting
from tests.worker_harness import NOW, Copier, Where, url_of

#: How many mails lie behind us, once few and once many.
FEW, MANY = 50, 2_000
#: How much dearer a question may be with the many: searching a tree is a little.
DEARER = 1.5


@pytest.fixture
def session(empty_database: Where, copy_database: Copier) -> Iterator[Session]:
    """Yield a session on an empty database."""
    database = Database(url_of(copy_database(empty_database)))
    with database.unit_of_work() as unit:
        yield unit.session
    database.close()


def add_mails(session: Session, first: int, count: int, *, are_done: bool) -> None:
    arrivals = [
        Arrival(
            place=Place(mailbox="outreach", uidvalidity=7, uid=uid),
            raw=b"Message-ID: <%d@courts.example>\r\n\r\nHello.\r\n" % uid,
            size=40,
            is_whole=True,
            internal_date=NOW,
        )
        for uid in range(first, first + count)
    ]
    journal.record_mails(session, arrivals, now=NOW)
    if not are_done:
        return
    ids = session.scalars(select(JournalEntry.id).where(JournalEntry.disposition.is_(None)))
    journal.dispose(
        session,
        [
            Disposal(
                entry_id=entry_id,
                disposition=Disposition.FOR_A_PERSON,
                kind="OTHER",
                rule="no_attachment",
                disposed_at=NOW,
            )
            for entry_id in ids
        ],
    )
    here = select(Sighting.id).where(Sighting.moved_at.is_(None))
    journal.record_moved(session, session.scalars(here).all(), now=NOW)


def count_steps(session: Session, ask: Callable[[Session], object]) -> int:
    """Return how many steps of SQLite's machine a question takes."""
    ask(session)  # Once, so that nothing has to be compiled.
    steps = 0

    def count() -> int:
        nonlocal steps
        steps += 1
        return 0

    connection = session.connection().connection.driver_connection
    assert connection is not None
    connection.set_progress_handler(count, 1)
    ask(session)
    connection.set_progress_handler(None, 1)
    return steps


def ask_for_earlier(session: Session) -> object:
    newest = select(JournalEntry).order_by(JournalEntry.id.desc()).limit(1)
    return claims.has_earlier_elsewhere(session, session.scalars(newest).one())


def ask_for_moves(session: Session) -> object:
    return journal.list_pending_moves(session, "outreach", 7, limit=10)


def ask_for_the_last(session: Session) -> object:
    return cursors.find_last_uid(session, "outreach", 7)


@pytest.mark.parametrize(
    "ask",
    [
        pytest.param(ask_for_earlier, id="for every reply: does an earlier mail still wait?"),
        pytest.param(ask_for_moves, id="in every round: what is to be moved?"),
        pytest.param(ask_for_the_last, id="in every round: what is known already?"),
    ],
)
def test_a_question_costs_the_same_after_many_mails(
    session: Session, ask: Callable[[Session], object]
) -> None:
    add_mails(session, 1, FEW, are_done=True)
    add_mails(session, FEW + 1, 1, are_done=False)
    few = count_steps(session, ask)
    add_mails(session, FEW + 2, MANY, are_done=True)
    add_mails(session, FEW + MANY + 2, 1, are_done=False)
    assert count_steps(session, ask) <= few * DEARER
