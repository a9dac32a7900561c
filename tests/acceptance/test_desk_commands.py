"""The commands of whoever looks after the worker: what each says, where, and its exit code.

One worker with real servers has done some work: mails lie in quarantine, a letter came back,
another waits because sending is paused. The commands are then given one after the other: one for
each exit code in a process of its own, the others in this one, which is a hundred times faster.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import pytest

from tests.acceptance.conftest import Run
from tests.acceptance.forms import build_clerk_values, fill
from tests.acceptance.job import Done, Job, Person
from tests.acceptance.mails import MailServers
from tests.servers.ports import find_free_ports, wait_until

pytestmark = pytest.mark.timeout(600)

#: What stands in the form and the mails, and is nobody's to see who looks after the worker.
_PERSONAL = ("Ejemplo", "Whitlock", "000000101", "Nowhere", "1988", "ask?")


@dataclass(frozen=True, slots=True)
class Desk:
    """A worker that has something to look after, and how the things are called there."""

    job: Job
    names: Mapping[str, str]

    def fill_in(self, arguments: Sequence[str]) -> list[str]:
        """Return arguments with the names of things in the place of `{name}`."""
        return [argument.format(**self.names) for argument in arguments]


@pytest.fixture(scope="module")
def desk(
    real_servers: MailServers,
    tmp_path_factory: pytest.TempPathFactory,
    new_url: Callable[[], str],
) -> Desk:
    """Return a worker that has something to look after."""
    job = Job(real_servers, tmp_path_factory.mktemp("desk"), tag="desk", url=new_url())
    job.do("init")
    for lines in range(1, 5):
        job.append(b"\r\n" * lines)
    clerk = Person("Dana Whitlock", job.address_of("dana.whitlock@courts.example"))
    form = job.write(clerk, "Attached.\n", fill(build_clerk_values(clerk)))
    gone = Person("Noel Nowhere", job.address_of("noel.nowhere@bounce.example"))
    job.write(gone, "How do I ask?\n")
    job.work()
    box = job.box(job.mailbox)
    assert wait_until(
        lambda: any(b"Action: failed" in m.raw for f in ("INBOX", "Automatic") for m in box.read(f))
    ), "no report came back"
    assert job.call("pause").code == 0
    job.write(clerk, "How do I ask?\n")
    job.await_arrivals()
    job.do("once")
    for number in (1, 2, 3):
        values = build_clerk_values(clerk, case_numbers=[f"26-CR-00050{number}"])
        (job.folder / f"scan{number}.pdf").write_bytes(fill(values))
    (job.folder / "note.txt").write_text("no scan")
    return Desk(job, _find_names(job, form.message_id))


def _find_names(job: Job, message_id: str) -> Mapping[str, str]:
    quarantined = job.query("SELECT id FROM journal WHERE disposition = 'QUARANTINED' ORDER BY id")
    ((filed,),) = job.query("SELECT id FROM journal WHERE disposition = 'FILED'")
    ((failed,),) = job.query("SELECT id FROM letters WHERE status = 'FAILED'")
    (waiting,) = job.query("SELECT min(id) FROM letters WHERE status = 'QUEUED'")[0]
    (sent,) = job.query("SELECT min(id) FROM letters WHERE status = 'ACCEPTED'")[0]
    ((tracking,),) = job.query("SELECT tracking_number FROM requests")
    names = dict(
        zip(("first", "second", "third", "fourth"), (i for (i,) in quarantined), strict=True)
    )
    found = {"filed": filed, "failed": failed, "waiting": waiting, "sent": sent}
    return {n: str(v) for n, v in {**names, **found}.items()} | {
        "tracking": str(tracking),
        "message_id": message_id,
    }


@pytest.mark.parametrize(
    ("arguments", "words", "keys"),
    [
        pytest.param(
            ["quarantine", "list"],
            ["set aside", "empty_message", "4 bytes"],
            {"id", "set_aside_at", "mailbox", "size", "kind", "rule", "reason", "attempts"},
            id="what lies in quarantine",
        ),
        pytest.param(
            ["quarantine", "show", "{first}"],
            ["Mail {first}", "QUARANTINED", "It has no header.", "It has no parts."],
            {"id", "headers", "parts", "disposition", "sha256"},
            id="one of it",
        ),
        pytest.param(
            ["outbox", "list"],
            ["Sending is PAUSED", "FAILED", "QUEUED", "came back 5.1.1"],
            {"id", "status", "kind", "tracking_number", "recipient", "due_at", "reason"},
            id="what waits or failed",
        ),
        pytest.param(
            ["outbox", "list", "--status", "cancelled"],
            ["No letter is CANCELLED."],
            set(),
            id="no such letters",
        ),
        pytest.param(
            ["trace", "{tracking}"],
            ["Request {tracking}: IN_REVIEW", "request_filed", "Mail {filed}"],
            {"requests", "mails", "letters", "steps"},
            id="a request's steps",
        ),
        pytest.param(
            ["trace", "{message_id}"], ["Mail {filed}"], {"requests", "mails"}, id="a mail's steps"
        ),
        pytest.param(
            ["replay", "{filed}"],
            ["then became FILED", "Nothing was changed"],
            {"id", "before", "after", "documents", "was_worked_on", "attempts"},
            id="what was done",
        ),
        pytest.param(
            ["reconcile"],
            ["Mailbox outreach", "on the server.", "0 unaccounted for."],
            {"unaccounted", "mailboxes"},
            id="everything accounted for",
        ),
    ],
)
def test_a_look_tells_people_and_programs(
    desk: Desk, run: Run, arguments: list[str], words: list[str], keys: set[str]
) -> None:
    wanted = ["--config", str(desk.job.config), *desk.fill_in(arguments)]
    told = run(*wanted)
    assert (told.code, told.err) == (0, "")
    for word in desk.fill_in(words):
        assert word in told.all, told.out
    printed = run(*wanted, "--json")
    assert (printed.code, printed.err, printed.out.count("\n")) == (0, "", 1)
    document = json.loads(printed.out)
    rows = document if isinstance(document, list) else [document]
    assert all(keys <= row.keys() for row in rows)
    assert bool(rows) is bool(keys)
    assert not [word for word in _PERSONAL if word in told.out + printed.out]


@dataclass(frozen=True, slots=True)
class Step:
    """One command and what it has to come to."""

    arguments: Sequence[str]
    code: int
    says: Sequence[str]
    installed: bool = False  #: it is the installed command, in a process of its own


_FROM = ("--from", "records@courts.example")

#: One after the other; each finds what the ones before it left.
STEPS = (
    Step(
        ["quarantine", "show", "{second}", "--raw", "-o", "kept.eml"],
        0,
        ["Wrote kept.eml (4 bytes)"],
    ),
    Step(
        ["quarantine", "release", "{first}"], 0, ["Mail {first} is released", "`once` takes it up"]
    ),
    Step(["quarantine", "release", "{first}"], 1, ["not in quarantine: it waits to be worked on"]),
    Step(
        ["quarantine", "release", "{second}", "--json"],
        0,
        ['{{"id": {second}, "disposition": null}}'],
    ),
    Step(
        ["quarantine", "discard", "{third}"],
        2,
        ["Nobody can be asked here"],
        installed=True,
    ),
    Step(
        ["quarantine", "discard", "{third}", "--yes", "--why", "an empty mail"],
        0,
        ["Mail {third} is discarded. Its bytes are kept"],
    ),
    Step(
        ["quarantine", "discard", "{third}", "--yes"], 1, ["not in quarantine: it became DISCARDED"]
    ),
    Step(["quarantine", "release", "99"], 1, ["There is no mail 99"]),
    Step(
        ["replay", "{fourth}"],
        1,
        ["then became QUARANTINED", "in quarantine again"],
        installed=True,
    ),
    Step(
        ["outbox", "retry", "{failed}"],
        0,
        ["waits again", "once sending is resumed"],
    ),
    Step(["outbox", "retry", "{failed}"], 1, ["cannot be retried: it waits already"]),
    Step(["outbox", "retry", "{sent}"], 1, ["cannot be retried: the relay accepted it"]),
    Step(["outbox", "cancel", "{waiting}"], 0, ["is cancelled and will not be sent"]),
    Step(["outbox", "cancel", "{waiting}", "--json"], 1, ["it was cancelled before"]),
    Step(["outbox", "cancel", "{failed}", "--json"], 0, ['"status": "CANCELLED"']),
    Step(
        ["file", "scan1.pdf", "--channel", "fax", *_FROM],
        0,
        ["CJS-", "filed. Next: `ero-outreach show"],
    ),
    Step(["file", "scan2.pdf", "--channel", "mail", "--from", "A. Sender"], 0, ["CJS-", "filed."]),
    Step(
        ["file", "scan3.pdf", "--channel", "hand", *_FROM, "--json"],
        0,
        ['"tracking_numbers": ["CJS-'],
        installed=True,
    ),
    Step(["file", "scan1.pdf", "--channel", "fax", *_FROM], 0, ["was filed before: CJS-"]),
    Step(["file", "gone.pdf", "--channel", "fax", *_FROM], 1, ["gone.pdf cannot be read"]),
    Step(["file", "note.txt", "--channel", "fax", *_FROM], 1, ["is no PDF, TIFF, JPEG or PNG"]),
    Step(["resume"], 0, ["Sending is on."]),
)


@pytest.fixture(scope="module")
def done(desk: Desk) -> Sequence[Done]:
    """Return what the steps came to."""
    found = []
    for step in STEPS:
        words = desk.fill_in(step.arguments)
        if step.installed:
            ended = desk.job.run(*words)
            found.append(Done(ended.returncode, ended.stdout, ended.stderr))
        else:
            found.append(desk.job.call(*words))
    return found


@pytest.mark.parametrize("number", range(len(STEPS)), ids=lambda n: " ".join(STEPS[n].arguments))
def test_a_command_does_what_it_says(desk: Desk, done: Sequence[Done], number: int) -> None:
    step, ended = STEPS[number], done[number]
    assert ended.code == step.code, ended.all
    for words in desk.fill_in(step.says):
        assert words in ended.all, ended.all
    failed = step.code != 0 and step.arguments[0] != "replay"
    speaks = not failed or "--json" in step.arguments
    assert (bool(ended.out), bool(ended.err)) == (speaks, failed)
    assert "Traceback" not in ended.err
    assert not [word for word in _PERSONAL if word in ended.out + ended.err]
    if "--json" in step.arguments:
        assert ("error" in json.loads(ended.out)) == failed


def test_the_bytes_that_were_written_are_the_mails(desk: Desk, done: Sequence[Done]) -> None:
    assert len(done) == len(STEPS)
    kept = desk.job.folder / "kept.eml"
    assert kept.read_bytes() == b"\r\n" * 2
    assert kept.stat().st_mode & 0o077 == 0


def test_what_was_done_is_so(desk: Desk, done: Sequence[Done]) -> None:
    assert len(done) == len(STEPS)
    channels = desk.job.query("SELECT channel FROM requests ORDER BY id")
    assert [channel for (channel,) in channels] == ["email", "fax", "mail", "hand"]
    cancelled = desk.job.query("SELECT id FROM letters WHERE status = 'CANCELLED' ORDER BY id")
    assert {str(i) for (i,) in cancelled} == {desk.names["waiting"], desk.names["failed"]}
    desk.job.do("once")
    became = dict(desk.job.query("SELECT id, disposition FROM journal"))
    told = [became[int(desk.names[name])] for name in ("first", "second", "third", "fourth")]
    assert told == ["QUARANTINED", "QUARANTINED", "DISCARDED", "QUARANTINED"]
    waiting = desk.job.query("SELECT count(*) FROM letters WHERE status IN ('QUEUED', 'FAILED')")
    assert waiting == [(0,)]


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        pytest.param(["quarantine"], 2, ["Missing command", "--help"], id="quarantine what"),
        pytest.param(["quarantine", "show"], 2, ["ID"], id="show what"),
        pytest.param(["quarantine", "show", "one"], 2, ["integer"], id="no number"),
        pytest.param(["quarantine", "show", "1", "--raw"], 2, ["-o FILE"], id="raw to where"),
        pytest.param(["quarantine", "show", "0"], 1, ["There is no mail 0"], id="mail 0"),
        pytest.param(["quarantine", "show", "9" * 30], 1, ["There is no mail"], id="no such mail"),
        pytest.param(
            ["quarantine", "show", "1", "--raw", "-o", "no/where.eml"],
            1,
            ["no/where.eml"],
            id="gone",
        ),
        pytest.param(["outbox"], 2, ["Missing command"], id="outbox what"),
        pytest.param(["outbox", "list", "--status", "LOST"], 2, ["no such status"], id="no status"),
        pytest.param(["outbox", "retry"], 2, ["ID"], id="retry what"),
        pytest.param(["outbox", "cancel", "9" * 30], 1, ["There is no letter"], id="no letter"),
        pytest.param(["replay"], 2, ["ID"], id="replay what"),
        pytest.param(["replay", "0"], 1, ["There is no mail 0"], id="replay nothing"),
        pytest.param(["trace"], 2, ["NAME"], id="trace what"),
        pytest.param(["trace", "nobody"], 2, ["Give a tracking number such as"], id="no name"),
        pytest.param(["trace", "CJS-2026-000001-1"], 2, ["check digit"], id="a digit mistyped"),
        pytest.param(["trace", "<no@where.example>"], 1, ["Nothing is known of"], id="unknown"),
        pytest.param(["reconcile", "more"], 2, ["more"], id="reconcile what"),
        pytest.param(["file", "--channel", "fax", "--from", "A"], 2, ["FILE"], id="file what"),
        pytest.param(["file", "x.pdf", "--from", "A"], 2, ["--channel"], id="how it came"),
        pytest.param(
            ["file", "x.pdf", "--channel", "pigeon", "--from", "A"], 2, ["`hand`"], id="no channel"
        ),
        pytest.param(["file", "x.pdf", "--channel", "fax"], 2, ["--from"], id="from whom"),
        pytest.param(["file", "x.pdf", "--signed", "12"], 2, ["CJS-2026"], id="signed for what"),
        pytest.param(
            ["file", "x.pdf", "y.pdf", "--signed", "CJS-2026-000001-7"],
            2,
            ["one PDF"],
            id="signed in two files",
        ),
        pytest.param(
            ["file", "x.pdf", "--channel", "fax", "--from", " "],
            2,
            ["address or a name"],
            id="of ' '",
        ),
        pytest.param(["pause", "now"], 2, ["now"], id="pause what"),
        pytest.param(["resume", "now"], 2, ["now"], id="resume what"),
    ],
)
def test_wrong_arguments_are_told_in_a_sentence(
    desk: Desk, run: Run, arguments: list[str], code: int, words: list[str]
) -> None:
    ended = run("--config", desk.job.config, *arguments)
    assert (ended.code, ended.out) == (code, ""), ended.all
    assert all(word in ended.all for word in words), ended.all


_ALL = (
    *(["quarantine", "list"], ["quarantine", "show", "1"], ["quarantine", "release", "1"]),
    *(["quarantine", "discard", "1", "--yes"], ["outbox", "list"], ["outbox", "retry", "1"]),
    *(["outbox", "cancel", "1"], ["replay", "1"], ["trace", "<a@b.example>"], ["reconcile"]),
    *(["pause"], ["resume"]),
)


@pytest.mark.parametrize("arguments", _ALL, ids=" ".join)
def test_a_database_that_is_away_or_not_there(
    desk: Desk, run: Run, monkeypatch: pytest.MonkeyPatch, arguments: list[str]
) -> None:
    (port,) = find_free_ports(1)
    monkeypatch.setenv("ERO_DATABASE__URL", f"postgresql+psycopg://ero@127.0.0.1:{port}/ero")
    away = run("--config", desk.job.config, *arguments)
    assert (away.code, away.out) == (75, "")
    assert away.err.startswith("✗ The database server could not be reached")
    monkeypatch.setenv("ERO_DATABASE__URL", f"sqlite:///{desk.job.folder}/none.db")
    none = run("--config", desk.job.config, *arguments)
    assert (none.code, none.out) == (2, "")
    assert "`ero-outreach init`" in none.err
    monkeypatch.setenv("ERO_MAILBOX__PORT", "99999")
    wrong = run("--config", desk.job.config, *arguments)
    assert (wrong.code, wrong.out) == (2, "")
    assert "mailbox.port" in wrong.err


def test_a_mailbox_that_cannot_be_compared_is_worth_another_try(
    desk: Desk, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    away = desk.job.run("reconcile", ERO_MAILBOX__PORT="1")
    assert (away.returncode, away.stdout) == (75, "")
    assert "cannot be reached" in away.stderr
    monkeypatch.setenv("ERO_MAILBOX__PASSWORD", "wrong")
    shut = run("--config", desk.job.config, "reconcile")
    assert (shut.code, shut.out) == (75, "")
    assert "refused the login" in shut.err


def test_a_mail_nobody_recorded_is_told_by_its_place(
    desk: Desk, done: Sequence[Done], run: Run
) -> None:
    assert len(done) == len(STEPS)
    job = desk.job
    job.append(b"From: lost@courts.example\r\nSubject: lost\r\n\r\nHow do I ask?\r\n")
    job.change("UPDATE cursors SET last_uid = last_uid + 1000")
    ended = run("--config", job.config, "reconcile")
    assert (ended.code, ended.err) == (1, "")
    assert "lost: INBOX, UID" in ended.out
    assert ended.out.endswith("1 unaccounted for.\n")
    printed = run("--config", job.config, "reconcile", "--json")
    assert (printed.code, printed.err) == (1, "")
    assert json.loads(printed.out)["unaccounted"] == 1
