"""Several workers on one database: everything once, and one that slept too long writes nothing."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import time
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from itertools import count
from pathlib import Path

import pytest

from tests.acceptance.forms import build_clerk_values, fill
from tests.acceptance.job import Job, Person
from tests.acceptance.mails import MailServers, compose
from tests.servers.ports import wait_until

pytestmark = [pytest.mark.timeout(600), pytest.mark.on_both]

_LEASE_SECONDS = 5
#: Nobody asks so often that their questions are left to a person.
_PEOPLE = 50
_NUMBERS = count(1)


@pytest.fixture
def job(backend: str, real_servers: MailServers, tmp_path: Path, new_url: Callable[[], str]) -> Job:
    """Return a job whose dead workers are soon forgotten, set up."""
    tag = f"s{next(_NUMBERS)}{backend[0]}"
    job = Job(real_servers, tmp_path, tag=tag, url=new_url())
    job.configure(
        {
            "staff": [job.member(job.approver), job.member(job.reviewer)],
            "database": {"lease_seconds": _LEASE_SECONDS},
            # Few people of one domain write more often than is answered as a rule.
            "intake": {"answers_per_address": 100, "answers_per_domain": 1_000},
        }
    )
    job.do("init")
    return job


def put_mails(job: Job, mails: int) -> None:
    """Put forms, and now and then a question, into the worker's inbox."""
    for number in range(mails):
        address = f"sender{number % _PEOPLE}@courts.example"
        author = Person("Lee Examplesmith", job.address_of(address))
        values = build_clerk_values(author, case_numbers=[f"26-CR-{number:06}"])
        files = [] if number % 5 == 4 else [("form.pdf", "application/pdf", fill(values))]
        text = f"Please send me the request form, or take this one, {number}.\n"
        job.append(bytes(compose(author.address, job.mailbox, text, files=files)))


def put_to_sleep(process: subprocess.Popen[str]) -> None:
    """Stop a process, and return when the last of its threads stands still."""
    process.send_signal(signal.SIGSTOP)
    os.waitid(os.P_PID, process.pid, os.WSTOPPED)


def can_write(job: Job) -> bool:
    """Whether nobody is in the middle of a transaction that writes to the file."""
    with closing(sqlite3.connect(job.database, timeout=0.1, isolation_level=None)) as connection:
        try:
            connection.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError:
            return False
        return True


def is_done(job: Job, mails: int) -> bool:
    ((disposed, moved),) = job.query(
        "SELECT (SELECT count(disposition) FROM journal), (SELECT count(moved_at) FROM sightings)"
    )
    waiting = job.query("SELECT count(*) FROM letters WHERE status <> 'ACCEPTED'")
    return (disposed, moved, waiting) == (mails, mails, [(0,)])


def check_everything_once(job: Job, mails: int, *, twice: int = 0) -> None:
    """Check that each mail was disposed of once, and each letter sent once but for `twice`."""
    questions = mails // 5
    told = Counter(row[0] for row in job.query("SELECT disposition FROM journal"))
    assert told == {"FILED": mails - questions, "FORM_WANTED": questions}
    assert job.query("SELECT sum(attempts) FROM journal") == [(0,)]
    assert job.query("SELECT count(*) FROM requests") == [(mails - questions,)]
    kinds = Counter(row[0] for row in job.query("SELECT kind FROM letters"))
    assert kinds == {
        "acknowledgement": mails - questions,
        "review_notice": 2 * (mails - questions),
        "request_form": questions,
    }
    assert job.query("SELECT DISTINCT status, attempts FROM letters") == [("ACCEPTED", 1)]
    job.await_letters()
    repeated = 0
    for recipient, wanted in job.query("SELECT recipient, count(*) FROM letters GROUP BY 1"):
        arrived = Counter(mail.message_id for mail in job.box(recipient).read())
        assert len(arrived) == wanted, recipient
        repeated += arrived.total() - wanted
    assert repeated <= twice


@pytest.mark.parametrize("mails", [50, pytest.param(300, marks=pytest.mark.long)])
def test_workers_side_by_side_do_everything_once(job: Job, mails: int) -> None:
    put_mails(job, mails)
    workers = [job.start("run"), job.start("run"), job.start("once")]
    log = job.folder / "started.log"
    try:
        assert wait_until(lambda: is_done(job, mails), seconds=240), job.ask("status")
        # The others may have done it all before a late one knows how to be stopped.
        assert wait_until(lambda: log.read_text().count('"service_started"') == 2)
    finally:
        for worker in workers[:2]:
            worker.send_signal(signal.SIGTERM)
        ended = [worker.wait(60) for worker in workers]
    assert ended == [0, 0, 0]
    check_everything_once(job, mails)
    told = log.read_text()
    assert told.count('"mail_disposed"') == mails
    assert "Traceback" not in told
    assert "job_failed" not in told
    assert job.query("SELECT count(*) FROM workers") == [(0,)]


def test_a_worker_that_sleeps_past_its_time_writes_nothing(job: Job, backend: str) -> None:
    mails = 30
    put_mails(job, mails)
    log = job.folder / "started.log"
    sleeper = job.start("run")
    assert wait_until(lambda: log.read_text().count('"mail_recorded"') >= mails)
    assert wait_until(lambda: '"mail_disposed"' in log.read_text())
    put_to_sleep(sleeper)
    # On a file, one that sleeps in the middle of a transaction keeps everybody waiting.
    while backend == "sqlite" and not can_write(job):
        sleeper.send_signal(signal.SIGCONT)
        time.sleep(0.01)
        put_to_sleep(sleeper)
    worker = job.start("run")
    try:
        assert wait_until(lambda: is_done(job, mails), seconds=240), job.ask("status")
        before = job.query("SELECT count(*), max(id) FROM events")
        sleeper.send_signal(signal.SIGCONT)
        assert wait_until(lambda: '"lease_lost"' in log.read_text())
        assert job.query("SELECT count(*), max(id) FROM events") == before
    finally:
        for process in (sleeper, worker):
            process.send_signal(signal.SIGCONT)
            process.send_signal(signal.SIGTERM)
        ended = [process.wait(60) for process in (sleeper, worker)]
    assert ended == [0, 0]
    # The one it was handing to the relay when it fell asleep nobody can take back.
    check_everything_once(job, mails, twice=1)
