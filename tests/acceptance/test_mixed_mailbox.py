"""A whole mailbox of mixed mail, worked off by the installed command: every disposition is right.

The mails lie in a real mailbox before the worker comes. What it writes is kept back, as `pause`
has it; people answer it, and the worker comes again.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from inbox_worker.handling.ingest import FOLDER_ROLES
from inbox_worker.status import Disposition
from tests.acceptance.job import JOURNAL, Job
from tests.acceptance.mails import Mail, MailServers
from tests.specimens.mailbox import (
    ANSWERED,
    MESSAGE_BYTES,
    MixedMail,
    Sent,
    build_answers,
    build_first_mails,
)

#: How many of a whole mailbox are answers to what the first mails brought about.
_ANSWERS = 0.3


_LONG = [pytest.mark.long, pytest.mark.timeout(1_800)]


@pytest.mark.parametrize(
    ("backend", "count"),
    [
        pytest.param("sqlite", 130, id="130 mails in a file", marks=pytest.mark.timeout(600)),
        pytest.param("postgresql", 50, id="50 mails on a server", marks=_LONG),
        pytest.param("sqlite", 1_000, id="1,000 mails in a file", marks=_LONG),
        pytest.param("postgresql", 1_000, id="1,000 mails on a server", marks=_LONG),
    ],
    indirect=["backend"],
    scope="session",
)
def test_every_mail_ends_as_it_has_to(
    backend: str,
    real_servers: MailServers,
    tmp_path: Path,
    new_url: Callable[[], str],
    count: int,
) -> None:
    job = Job(
        real_servers,
        tmp_path,
        tag=f"mixed{count}{backend[0]}",
        url=new_url(),
        settings={"intake": {"message_bytes": MESSAGE_BYTES}},
    )
    job.do("init")
    job.do("pause")
    mails = build_first_mails(job.mailbox, count=round(count * (1 - _ANSWERS)), seed=count)
    _work_off(job, mails)
    letters = _list_letters(job)[: count - len(mails)]
    answers = build_answers(letters, mailbox=job.mailbox, seed=count + 1)
    assert len(mails) + len(answers) >= count * 0.95
    _work_off(job, answers)
    _check(job, [*mails, *answers])


def _work_off(job: Job, mails: Sequence[MixedMail]) -> None:
    with job.box(job.mailbox).open() as client:
        for mail in mails:
            status, answer = client.append("INBOX", None, None, mail.raw)
            assert status == "OK", answer
    done = job.run("once", timeout=1_500)
    assert done.returncode == 0, done.stderr


def _list_letters(job: Job) -> list[Sent]:
    """Return one letter of each request, to its requester or an approver, in a mixed order.

    Two answers about one request would make the second depend on the first.
    """
    rows = job.query(
        "SELECT kind, recipient, raw, request_id FROM letters JOIN raw_letters ON letter_id = id "
        f"WHERE kind IN {ANSWERED} AND (kind <> 'review_notice' OR recipient = ?) "
        "ORDER BY key",
        job.approver.address,
    )
    random.Random(len(rows)).shuffle(rows)
    sent = {
        request: Sent(kind=kind, recipient=recipient, raw=raw)
        for kind, recipient, raw, request in rows
    }
    return list(sent.values())


def _check(job: Job, mails: Sequence[MixedMail]) -> None:
    found = {
        Mail.of(raw[:20_000]).message_id: (disposition, kind)
        for raw, disposition, kind in job.query(f"SELECT raw, disposition, kind FROM {JOURNAL}")
    }
    wrong = Counter(
        (
            mail.sort,
            f"{mail.disposition} {mail.kind}",
            " ".join(found.get(mail.message_id, ())),
        )
        for mail in mails
        if found.get(mail.message_id) != (mail.disposition, mail.kind)
    )
    assert wrong == Counter()
    roles = Counter(FOLDER_ROLES[Disposition(mail.disposition)] for mail in mails)
    folders = {"filed": "Filed", "decided": "Decided", "answered": "Answered"} | {
        "automatic": "Automatic",
        "quarantine": "Quarantine",
        "other": "For a person",
    }
    box = job.box(job.mailbox)
    assert {role: box.count(folders[role]) for role in roles} == dict(roles)
    assert box.count() == 0
    assert "0 unaccounted for" in job.do("reconcile")
