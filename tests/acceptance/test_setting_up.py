"""Setting up: a mailbox that is away, and what becomes of old mail, also when chosen anew."""

from __future__ import annotations

import json
import signal

import pytest

from tests.acceptance.job import Job, Person
from tests.servers.ports import wait_until

AWAY = {"ERO_MAILBOX__1__PORT": "1"}


def build_clerk(job: Job) -> Person:
    return Person("Dana Whitlock", job.address_of("dana.whitlock@courts.example"))


@pytest.fixture
def two(real_job: Job) -> tuple[Job, str]:
    """Return a job with a second mailbox, and that one's address."""
    faxes = real_job.address_of("faxes@agency.example")
    real_job.add_mailbox(name="faxes", username=faxes.partition("@")[0], addresses=[faxes])
    return real_job, faxes


def test_a_mailbox_that_is_away_keeps_no_other_from_being_set_up(two: tuple[Job, str]) -> None:
    job, faxes = two
    clerk = build_clerk(job)
    done = job.run("init", **AWAY)
    assert done.returncode == 75
    assert "The schema is current; 6 mailbox folders were made." in done.stdout
    told = " ".join(done.stderr.split())
    assert "Mailbox faxes was not set up:" in told
    assert "run `ero-outreach init` again" in told
    job.write(clerk, "How do I ask?\n")
    job.await_arrivals()
    once = job.run("once", **AWAY)
    assert once.returncode == 75
    assert wait_until(lambda: len(job.letters_to(clerk.address)) == 1)
    # It can be reached again, and still nobody said what is to become of its mail.
    job.write(clerk, "How do I ask you?\n", to=faxes)
    assert wait_until(lambda: job.box(faxes).count("INBOX") == 1)
    refused = job.run("once")
    assert refused.returncode == 2
    assert "Never set up: mailbox faxes." in refused.stderr
    assert job.box(faxes).count("INBOX") == 1
    check = job.call("check")
    assert (check.code, "Never set up: mailbox faxes." in check.out) == (2, True)
    process = job.start("run")
    try:
        job.write(clerk, "Again, how do I ask?\n")
        assert wait_until(lambda: len(job.letters_to(clerk.address)) == 2, seconds=60)
        assert wait_until(lambda: job.query("SELECT about FROM faults") == [("fetch faxes",)])
        job.do("init", "--backlog", "process")
        assert wait_until(lambda: len(job.letters_to(clerk.address)) == 3, seconds=60)
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0
    finally:
        process.kill()
        process.wait(60)


def test_where_nothing_was_set_up_nothing_is_begun(real_job: Job) -> None:
    job = real_job
    done = job.run("init", ERO_MAILBOX__PORT="1")
    assert done.returncode == 75
    refused = job.run("once")
    assert refused.returncode == 2
    assert "Never set up: mailbox outreach." in refused.stderr


def test_the_question_says_where_the_mail_lies(two: tuple[Job, str]) -> None:
    job, faxes = two
    clerk = build_clerk(job)
    for _ in range(2):
        job.write(clerk, "An old question.\n", to=faxes)
    assert wait_until(lambda: job.box(faxes).count("INBOX") == 2)
    refused = " ".join(job.run("init").stderr.replace("│", " ").split())
    assert "2 mails lie in the folder INBOX of mailbox faxes." in refused
    assert "mailbox outreach" not in refused
    said = job.do("init", "--backlog", "ignore")
    assert "2 mails that were in the folder INBOX of mailbox faxes will be left alone." in said


def test_a_backlog_that_was_left_alone_can_be_taken_up_after_all(real_job: Job) -> None:
    job = real_job
    clerk = build_clerk(job)
    job.write(clerk, "An old question.\n")
    job.await_arrivals()
    job.do("init", "--backlog", "ignore")
    job.write(clerk, "A new question.\n")
    job.await_arrivals()
    job.do("once")
    assert len(job.query("SELECT 1 FROM journal")) == 1
    before = "Mailbox outreach was set up before"
    said = job.do("init", "--backlog", "ignore")
    assert f"{before}; its backlog, 1 mail, is left alone already." in said
    said = job.do("init", "--backlog", "process")
    assert "1 mail in the folder INBOX of mailbox outreach will be processed." in said
    ((detail,),) = job.query("SELECT detail FROM events WHERE code = 'backlog_taken_up'")
    detail = json.loads(detail) if isinstance(detail, str) else detail
    assert detail == {"mailbox": "outreach", "mails": 1}
    job.do("once")
    assert len(job.query("SELECT 1 FROM journal WHERE disposition = 'FORM_WANTED'")) == 2
    assert job.box(job.mailbox).count("INBOX") == 0
    said = job.do("init", "--backlog", "process")
    assert f"{before}, and no mail in it is left alone" in said
    said = job.do("init", "--backlog", "ignore")
    assert f"{before}, with no mail to be left alone" in said
    assert job.ask("reconcile")["unaccounted"] == 0
    job.do("audit", "verify")


def test_a_new_mailbox_changes_nothing_of_what_was_chosen_for_another(real_job: Job) -> None:
    job = real_job
    job.write(build_clerk(job), "An old question.\n")
    job.await_arrivals()
    job.do("init", "--backlog", "ignore")
    faxes = job.address_of("faxes@agency.example")
    job.add_mailbox(name="faxes", username=faxes.partition("@")[0], addresses=[faxes])
    job.do("init", "--backlog", "process")
    job.do("once")
    assert job.query("SELECT 1 FROM journal") == []


def test_reconcile_names_what_it_could_not_compare(two: tuple[Job, str]) -> None:
    job, _ = two
    job.do("init")
    done = job.run("reconcile", **AWAY)
    assert done.returncode == 75
    assert "0 unaccounted for in what was compared." in done.stdout
    assert "Mailbox faxes was not compared: " in done.stderr
    done = job.run("reconcile", "--json", **AWAY)
    assert done.returncode == 75
    told = json.loads(done.stdout)
    assert told["unaccounted"] is None
    compared, absent = told["mailboxes"]
    assert (compared["name"], compared["unaccounted"], compared["not_compared"]) == (
        "outreach",
        0,
        None,
    )
    assert (absent["name"], absent["unaccounted"], absent["recorded"]) == ("faxes", None, None)
    assert "cannot be reached" in absent["not_compared"]
    assert compared.keys() == absent.keys()
