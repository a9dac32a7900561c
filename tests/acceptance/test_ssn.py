"""A Social Security number in everything people send: nobody is shown it again, anywhere.

A clerk writes it on the form, in the subject, the text and the file's name, and again in an answer;
an approver writes it in a correction, a question and a reason. All of it goes through the real
command, and then every letter, command and log line is searched.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from inbox_worker.cli.app import run_command
from tests.acceptance.conftest import open_embedded
from tests.acceptance.forms import build_clerk_values, fill
from tests.acceptance.job import JOURNAL, Job, Person

pytestmark = pytest.mark.timeout(600)

SSN = "321-54-9876"
TAIL = "9876"
#: What nothing that is shown may hold: the last four digits behind others or behind a mask. Four
#: digits alone stand by chance in a time, an encoded picture or a Message-ID.
SHOWN = re.compile(rf"(?:54|[-*•][- ]?|\b54 ){TAIL}(?!\w)")

_CLERK = "dana.whitlock@courts.example"


@pytest.fixture(scope="module")
def job(tmp_path_factory: pytest.TempPathFactory, new_url: Callable[[], str]) -> Iterator[Job]:
    """Yield a job whose people wrote the number wherever they could."""
    with open_embedded("ssn", (_CLERK,)) as servers:
        job = Job(servers, tmp_path_factory.mktemp("job"), tag="ssn", url=new_url())
        job.do("init")
        clerk = Person("Dana Whitlock", job.address_of(_CLERK))
        form = fill(build_clerk_values(clerk, **_FIELDS))
        job.write(
            clerk,
            f"His SSN is {SSN}, also written 321 54 {TAIL}.\n",
            subject=f"FTA of {SSN}",
            files=[(f"{SSN}.pdf", "application/pdf", form)],
        )
        job.work()
        _talk(job, clerk)
        yield job


_FIELDS = {
    "requester_title": f"Clerk {SSN}",
    "requester_agency": f"Court of {SSN}",
    "subject_family_name": f"Ejemplo {SSN}",
    "subject_aliases": [f"Muestra {SSN}"],
    "obligation_time": f"9:00 {SSN}",
    "court_name": f"Court of {SSN}",
    "case_numbers": ["26-CR-000123", f"26-CR-000124 ({SSN})"],
    "transferred_from": f"Example County Jail, {SSN}",
    "purpose": f"The court decides on the warrant; his number is 32154{TAIL} (SSN).",
}


def _talk(job: Job, clerk: Person) -> None:
    """Let staff and the clerk write the number to each other."""
    for said in (
        f"CORRECT\nBooking or inmate no.: {SSN}",
        f"CORRECT\nCourt or supervising agency: Court of {SSN}",
        f"NEED INFO Is {SSN} the right number of the case?",
        "NEED INFO identifiers",
    ):
        job.reply(job.approver, job.newest_to(job.approver.address, "CJS-"), said)
        job.work()
    job.reply(clerk, job.newest_to(clerk.address, "CJS-"), f"Yes, {SSN} is his number.")
    job.work()
    job.reply(
        job.approver, job.newest_to(job.approver.address, "CJS-"), f"DENY his {SSN} is no use"
    )
    job.work()


def test_everything_was_received(job: Job) -> None:
    assert len(job.query(f"SELECT raw FROM {JOURNAL}")) == 7
    file = job.show(job.tracking_of(job.approver.address))
    assert "ssn" in file["flags"]
    assert (file["status"], len(file["decisions"])) == ("ISSUED", 1)


def test_no_letter_shows_it(job: Job) -> None:
    letters = [
        letter
        for address in (job.address_of(_CLERK), job.approver.address, job.duty, job.alarms)
        for letter in job.box(address).read()
    ]
    assert len(letters) >= 7
    for letter in letters:
        assert not SHOWN.search(letter.tell_everything()), letter.subject


def test_no_command_and_no_log_line_shows_it(
    job: Job, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    tracking = job.tracking_of(job.approver.address)
    mails = []
    for number, (raw,) in enumerate(job.query(f"SELECT raw FROM {JOURNAL}")):
        mails.append(tmp_path / f"{number}.eml")
        mails[-1].write_bytes(raw)
    form = tmp_path / "form.pdf"
    form.write_bytes(fill(build_clerk_values(Person("D. W.", "d@courts.example"), **_FIELDS)))
    for command in (
        ["show", tracking],
        ["requests"],
        ["status"],
        ["explain", *map(str, mails)],
        ["extract", str(form)],
    ):
        for more in ([], ["--json"]):
            code = run_command(["--config", str(job.config), *command, *more], job.environ())
            said = capfd.readouterr()
            assert (code, bool(said.out)) == (0, True), command
            assert not SHOWN.search(said.out + said.err), command
    assert not SHOWN.search("\n".join(job.logs))


def test_nothing_but_what_came_keeps_it(job: Job) -> None:
    keeping = {
        table
        for table in job.list_tables()
        for row in job.query(f"SELECT * FROM {table}")
        if SHOWN.search(str(row))
    }
    # The name of a file and the reason of a decision are kept as they were written.
    assert keeping == {"raw_mails", "attachments", "decisions"}
