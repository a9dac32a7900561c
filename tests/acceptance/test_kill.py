"""`once` killed in the middle of its work, twenty times over, and then run to its end.

The same, a few times over, on PostgreSQL, where the next one takes over when the killed one's time
has run out.

Mail goes on arriving all the while. Afterwards every mail was disposed of once and lies in one
folder, every letter has arrived, and one that arrived twice is the same to the byte.
"""

from __future__ import annotations

import random
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.acceptance.forms import build_clerk_values, fill
from tests.acceptance.job import FOLDERS, Job, Person
from tests.acceptance.mails import Mail, MailServers, compose
from tests.servers.ports import wait_until

pytestmark = [pytest.mark.timeout(900), pytest.mark.on_both]

KILLS = {"sqlite": 20, "postgresql": 5}
_MOST_STARTS = 40
#: Of the starts, those that are killed at a random moment from the start on, start-up included.
_FROM_THE_START = 4


@dataclass(slots=True)
class Siege:
    """A job whose worker is killed again and again."""

    job: Job
    chance: random.Random
    sent: list[Mail] = field(
        default_factory=list
    )  #: every mail, one that was sent twice also twice
    wanted: int = 0  #: how often it is to be killed
    pids: list[int] = field(default_factory=list)
    kills: Counter[str] = field(default_factory=Counter)  #: by what was logged last

    def send_some(self) -> None:
        """Let two more people write: a form, and now and then a question or the same again."""
        number = len(self.sent)
        author = Person("Lee Examplesmith", self.job.address_of(f"sender{number}@courts.example"))
        values = build_clerk_values(author, case_numbers=[f"26-CR-{number:06}"])
        mail = compose(
            author.address,
            self.job.mailbox,
            "Attached.\n",
            files=[("form.pdf", "application/pdf", fill(values))],
        )
        self._send(bytes(mail), author.address)
        if self.chance.random() < 0.4:
            self.job.append(bytes(mail))
            self.job.append(bytes(mail))
            self.sent += [Mail.of(bytes(mail))] * 2
        asker = self.job.address_of(f"asker{number}@mail.example")
        self._send(bytes(compose(asker, self.job.mailbox, "How do I ask?\n")), asker)

    def _send(self, raw: bytes, author: str) -> None:
        self.job.send(raw, author)
        self.sent.append(Mail.of(raw))

    def kill_once(self, *, from_the_start: bool) -> None:
        """Start `once` and kill it at a random moment."""
        log = self.job.folder / "started.log"
        known = log.stat().st_size if log.exists() else 0
        process = self.job.start("once")
        self.pids.append(process.pid)
        if from_the_start:
            time.sleep(self.chance.uniform(0.05, 2.0))
        else:
            # Counted in outcomes and not in seconds, so that a fast machine is hit at work too.
            _await_lines(process, log, known, self.chance.randint(1, 14))
            time.sleep(self.chance.uniform(0.0, 0.08))
        process.send_signal(signal.SIGKILL)
        if process.wait() == -signal.SIGKILL:
            self.kills[_find_last_event(log, known)] += 1


def _await_lines(process: subprocess.Popen[str], log: Path, known: int, count: int) -> None:
    while process.poll() is None and log.read_bytes()[known:].count(b"\n") < count:
        time.sleep(0.002)


def _find_last_event(log: Path, known: int) -> str:
    lines = log.read_bytes()[known:].decode(errors="replace").splitlines()
    events = [line.split('"event": "')[1].split('"')[0] for line in lines if '"event"' in line]
    return events[-1] if events else "nothing yet"


@pytest.fixture(scope="module")
def siege(
    backend: str,
    real_servers: MailServers,
    tmp_path_factory: pytest.TempPathFactory,
    new_url: Callable[[], str],
) -> Siege:
    """Return the job after its worker was killed again and again and then ran to its end."""
    seed = random.SystemRandom().randrange(1_000_000)
    print(f"seed {seed}")  # noqa: T201 - shown by pytest where a test fails
    folder, tag = tmp_path_factory.mktemp("kill"), f"kill{backend[0]}"
    job = Job(real_servers, folder, tag=tag, url=new_url())
    # Two of the staff are enough: every form then makes three letters.
    job.configure(
        {
            "staff": [job.member(job.approver), job.member(job.reviewer)],
            "database": {"lease_seconds": 5},
        }
    )
    job.do("init")
    siege = Siege(job, random.Random(seed), wanted=KILLS[backend])
    for start in range(_MOST_STARTS):
        if siege.kills.total() == siege.wanted:
            break
        siege.send_some()
        siege.kill_once(from_the_start=start < _FROM_THE_START)
    print(f"killed after: {dict(siege.kills)}")  # noqa: T201
    assert wait_until(lambda: _count_mails(job) == len(siege.sent)), "mail is still on its way"
    assert wait_until(lambda: _finish(job), seconds=120), "something was never done"
    job.await_letters()
    return siege


def _finish(job: Job) -> bool:
    """Run the worker once more; return whether that was all, nothing being a killed one's still."""
    job.do("once")
    ((left,),) = job.query(
        "SELECT (SELECT count(*) FROM journal WHERE disposition IS NULL)"
        " + (SELECT count(*) FROM sightings WHERE moved_at IS NULL)"
        " + (SELECT count(*) FROM letters WHERE status <> 'ACCEPTED')"
    )
    return bool(left == 0 and job.box(job.mailbox).count() == 0)


def _count_mails(job: Job) -> int:
    return sum(job.box(job.mailbox).count(folder) for folder in ("INBOX", *FOLDERS))


def test_the_worker_was_killed_at_its_work(siege: Siege) -> None:
    assert siege.kills.total() == siege.wanted
    at_work = siege.kills.total() - siege.kills["nothing yet"]
    assert at_work >= min(siege.wanted // 2, siege.wanted - _FROM_THE_START), siege.kills


def test_every_mail_was_disposed_once_and_lies_in_one_folder(siege: Siege) -> None:
    job = siege.job
    found = Counter[str]()
    for folder in ("INBOX", *FOLDERS):
        for mail in job.box(job.mailbox).read(folder):
            assert folder != "INBOX", mail.subject
            found[mail.message_id] += 1
    assert found == Counter(mail.message_id for mail in siege.sent)
    ((entries, undisposed, failed),) = job.query(
        "SELECT count(*), count(*) - count(disposition), sum(attempts) FROM journal"
    )
    assert (undisposed, failed) == (0, 0)
    ((seen, unmoved),) = job.query("SELECT count(*), count(*) - count(moved_at) FROM sightings")
    assert (seen, unmoved) == (len(siege.sent), 0)
    # What was appended twice has other bytes than what came through the gateway, and is one entry.
    distinct = Counter(mail.message_id for mail in siege.sent)
    assert entries == len(distinct) + sum(1 for count in distinct.values() if count == 3)
    told = Counter(row[0] for row in job.query("SELECT disposition FROM journal"))
    assert set(told) == {"FILED", "FORM_WANTED"}
    folders = {folder: job.box(job.mailbox).count(folder) for folder in FOLDERS}
    assert folders["Filed"] == told["FILED"]
    assert folders["Answered"] == told["FORM_WANTED"]
    assert folders["Automatic"] == seen - entries


def test_every_form_is_one_request(siege: Siege) -> None:
    rows = siege.job.query("SELECT journal_id, status FROM requests")
    filed = siege.job.query("SELECT id FROM journal WHERE disposition = 'FILED'")
    assert sorted(journal_id for journal_id, _ in rows) == sorted(entry for (entry,) in filed)
    assert {status for _, status in rows} == {"IN_REVIEW"}


def test_no_letter_is_lost(siege: Siege) -> None:
    job = siege.job
    assert job.query("SELECT DISTINCT status FROM letters") == [("ACCEPTED",)]
    kinds = Counter(row[0] for row in job.query("SELECT kind FROM letters"))
    requests = len(job.ask("requests"))
    staff = 2
    assert kinds["acknowledgement"] == requests
    assert kinds["review_notice"] == requests * staff
    wanted = job.query("SELECT count(*) FROM journal WHERE disposition = 'FORM_WANTED'")
    assert kinds["request_form"] == wanted[0][0]
    assert kinds.total() == requests * (1 + staff) + kinds["request_form"]


def test_a_letter_that_came_twice_is_the_same_to_the_byte(siege: Siege) -> None:
    job = siege.job
    rows = job.query(
        "SELECT recipient, message_id, raw FROM letters"
        " JOIN raw_letters ON raw_letters.letter_id = letters.id"
    )
    for recipient, message_id, raw in rows:
        copies = [m.raw for m in job.box(recipient).read() if m.message_id == message_id]
        assert copies, f"{recipient} never got {message_id}"
        # The servers on the way add fields on top, and nothing else is theirs to change.
        assert all(copy.endswith(raw) for copy in copies), message_id


def test_no_reader_is_left_behind(siege: Siege) -> None:
    started = {str(pid) for pid in siege.pids}

    def find_orphans() -> list[str]:
        # The last argument of a reader is the process id of the worker that started it.
        lines = [_read_arguments(path) for path in Path("/proc").glob("[0-9]*/cmdline")]
        return [
            words for words in lines if "reading_child" in words and words.split()[-1] in started
        ]

    assert wait_until(lambda: not find_orphans()), find_orphans()


def _read_arguments(path: Path) -> str:
    try:
        return path.read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        # It ended while we looked.
        return ""
