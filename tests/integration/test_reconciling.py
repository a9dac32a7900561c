"""The server against the rows, on a real Dovecot: every mail is explained, and losses show."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from sqlalchemy import text

from inbox_worker.alarms.raising import tend_alarms
from inbox_worker.chores import do_chores
from inbox_worker.fetching import nightly
from inbox_worker.fetching.reconciliation import Reconciliation
from inbox_worker.fetching.reconciling import finish, reconcile_mailbox
from inbox_worker.storage.models import AlarmRecord, ReconciliationRecord
from tests.integration import test_fetching
from tests.integration.test_fetching import OpenPost, Post
from tests.integration.test_mailbox import build_mail
from tests.worker_harness import DUTY

open_post = test_fetching.open_post
user = test_fetching.user


def reconcile(post: Post) -> Reconciliation:
    post.harness.clock.advance(minutes=1)
    services = post.harness.services
    (box,) = services.settings.mailbox
    return finish(reconcile_mailbox(services.database, services.settings, box, services.clock))


def tell(post: Post) -> tuple[int, dict[str, int]]:
    found = reconcile(post)
    return found.unaccounted, {s.value: n for s, n in found.total.items() if n}


def change(post: Post, statement: str) -> None:
    with post.harness.services.database.unit_of_work() as unit:
        unit.session.execute(text(statement))
        unit.commit()


@pytest.fixture
def post(open_post: OpenPost) -> Post:
    """Return an account: a mail left alone, one worked on, one only fetched, one not fetched."""
    post = open_post()
    post.deliver(build_mail(1))
    post.set_up(ignore_backlog=True)
    post.deliver(build_mail(2))
    post.work()
    post.deliver(build_mail(3))
    post.fetch()
    post.deliver(build_mail(4))
    return post


def test_every_mail_has_its_explanation(post: Post) -> None:
    everything = {"passed_over": 1, "found": 1, "undisposed": 1, "not_yet_fetched": 1}
    assert tell(post) == (0, everything)
    assert tell(post) == (0, everything), "looking changes nothing"
    with post.harness.services.database.read() as session:
        record = session.get(ReconciliationRecord, "outreach")
        assert record is not None
        assert (record.unaccounted, record.finished_at) == (0, post.harness.clock())


def test_a_mail_without_a_row_is_lost_and_named(post: Post) -> None:
    # What lies above the last mail that was fetched could still be fetched; this cannot.
    post.fetch()
    for table, column in (
        ("sightings", "journal_id"),
        ("raw_mails", "journal_id"),
        ("journal", "id"),
    ):
        change(post, f"DELETE FROM {table} WHERE {column} = 2")
    found = reconcile(post)
    assert found.unaccounted == 1
    (lost,) = [f for f in found.findings if f.standing.value == "lost"]
    assert (lost.folder, lost.uid) == ("INBOX", 3)


def test_a_row_without_its_bytes_is_a_loss(post: Post) -> None:
    change(post, "DELETE FROM raw_mails WHERE journal_id = 1")
    found = reconcile(post)
    assert found.unaccounted == 1
    assert [f.mail for f in found.findings] == [1]


def test_what_a_person_did_is_told_and_is_no_loss(post: Post) -> None:
    for folder in ("Answered", "Filed", "Automatic", "For a person"):
        post.server.run_doveadm("expunge", "-u", post.user, "mailbox", folder, "all")
    post.server.run_doveadm("move", "-u", post.user, "Decided", "mailbox", "INBOX", "all")
    unaccounted, standings = tell(post)
    assert unaccounted == 0
    assert standings["removed"] == 1
    assert standings["unknown"] == 2, "the backlog and what was never fetched, dragged to a folder"


def test_a_renumbered_folder_is_no_loss(post: Post) -> None:
    post.renumber()
    assert tell(post)[0] == 0
    post.fetch()
    assert tell(post)[0] == 0


def test_it_is_done_once_a_night_and_a_loss_raises_an_alarm(post: Post) -> None:
    services, clock = post.harness.services, post.harness.clock
    change(post, "DELETE FROM raw_mails WHERE journal_id = 1")
    assert "mail_unaccounted" not in post.alarms()
    done = []
    # Every quarter of an hour from four in the afternoon to four in the morning, Eastern.
    clock.now = datetime(2026, 5, 4, 20, tzinfo=UTC)
    for _ in range(48):
        done.append(do_chores(services, [nightly.CHORE], should_stop=lambda: False))
        clock.advance(minutes=15)
    assert sum(done) == 1
    assert "mail_unaccounted" in post.alarms()


def test_the_alarm_of_a_loss_lasts_until_nothing_is_unaccounted_for(post: Post) -> None:
    keep = "CREATE TABLE kept AS SELECT * FROM raw_mails WHERE journal_id = 1"
    for statement in (keep, "DELETE FROM raw_mails WHERE journal_id = 1"):
        change(post, statement)

    def tell_of_it(**after: float) -> list[str]:
        post.harness.clock.advance(**after)
        tend_alarms(post.harness.services)
        letters = post.harness.letters(to=DUTY)
        return [x.subject for x in letters if "unaccounted" in x.subject]

    assert reconcile(post).unaccounted == 1
    told = ["Alert: mail unaccounted"]
    assert tell_of_it() == told
    assert reconcile(post).unaccounted == 1, "it stands, and nothing is said anew"
    assert tell_of_it(hours=23) == told
    told.append("Alert goes on: mail unaccounted")
    assert tell_of_it(hours=1) == told
    change(post, "INSERT INTO raw_mails SELECT * FROM kept")
    assert tell_of_it(minutes=1) == told, "nobody has compared them since"
    assert reconcile(post).unaccounted == 0
    assert tell_of_it() == [*told, "Alert is over: mail unaccounted"]
    (row,) = [r for r in post.harness.rows(AlarmRecord) if r.code == "mail_unaccounted"]
    assert (row.about, row.cleared_at) == ("outreach", post.harness.clock())


def test_it_stops_between_two_steps(post: Post) -> None:
    post.harness.clock.now = datetime(2026, 5, 5, 7, tzinfo=UTC)
    asked = iter([False, True])
    do_chores(post.harness.services, [nightly.CHORE], should_stop=lambda: next(asked))
    with post.harness.services.database.read() as session:
        assert session.get(ReconciliationRecord, "outreach") is None
