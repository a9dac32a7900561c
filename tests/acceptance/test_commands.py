"""Every command with right and wrong arguments: exit code, what is printed where, and what it says.

One row for each exit code goes through the installed command in a process of its own; the wide
tables call the same entry point in this process, which is a hundred times faster.
"""

from __future__ import annotations

import io
import json
import os
import pty
import subprocess
from collections.abc import Callable
from email.message import EmailMessage
from pathlib import Path

import pikepdf
import pytest
from PIL import Image

from parsers.definition import parse_definition
from tests.acceptance.conftest import Run
from tests.acceptance.forms import TODAY, build_clerk_values, fill, find_definition
from tests.acceptance.job import COMMAND, Job, Person
from tests.acceptance.mails import MailServers, compose, compose_reply
from tests.servers.ports import find_free_ports
from tests.signing_keys import write_authority
from tests.specimens.scans import draw_pages

pytestmark = pytest.mark.timeout(600)


@pytest.fixture(scope="module")
def job(
    real_servers: MailServers,
    tmp_path_factory: pytest.TempPathFactory,
    new_url: Callable[[], str],
) -> Job:
    """Return a job with one request in review and nothing left to do."""
    job = Job(real_servers, tmp_path_factory.mktemp("commands"), tag="commands", url=new_url())
    job.do("init")
    clerk = _clerk(job)
    job.write(clerk, "Attached.\n", fill(build_clerk_values(clerk)))
    job.work()
    return job


def _clerk(job: Job) -> Person:
    return Person("Dana Whitlock", job.address_of("dana.whitlock@courts.example"))


def _tracking_of(job: Job) -> str:
    ((tracking,),) = job.query("SELECT tracking_number FROM requests")
    return str(tracking)


# Commands that look into the database.


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        pytest.param(["status"], 0, ["sending", "requests IN_REVIEW", "alarms"], id="status"),
        pytest.param(["requests"], 0, ["CJS-", "IN_REVIEW"], id="requests"),
        pytest.param(["requests", "--status", "IN_REVIEW"], 0, ["CJS-"], id="of a status"),
        pytest.param(["requests", "--status", "in review"], 0, ["CJS-"], id="status as spoken"),
        pytest.param(["requests", "--status", "ISSUED"], 0, ["No request is ISSUED"], id="none"),
        pytest.param(
            ["requests", "--status", "DONE"], 2, ["no such status", "IN_REVIEW"], id="no status"
        ),
        pytest.param(["show", "{tracking}"], 0, ["Fields", "request_filed"], id="show"),
        pytest.param(["show", "{plain}"], 0, ["Fields"], id="show, no hyphens, lower case"),
        pytest.param(["show", "{wrong}"], 2, ["check digit is wrong"], id="a digit mistyped"),
        pytest.param(["show", "12345"], 2, ["CJS-2026-000001-7"], id="no tracking number"),
        pytest.param(["show", "CJS-2020-000001-5"], 2, ["check digit"], id="another year"),
        pytest.param(["show"], 2, ["TRACKING"], id="show what"),
        pytest.param(
            ["certify", "{tracking}", "--preview", "-o", "p.pdf"],
            1,
            ["no decision that waits"],
            id="certify what nobody decided",
        ),
        pytest.param(["certify", "{tracking}", "-o", "p.pdf"], 2, ["--preview"], id="certify"),
        pytest.param(
            ["certify", "{tracking}", "--preview"], 2, ["--output"], id="certify to where"
        ),
        pytest.param(["show", "{tracking}", "more"], 2, ["more"], id="one too many"),
        pytest.param(["check"], 0, ["mailbox", "relay", "database", "ok"], id="check"),
        pytest.param(["status", "--yaml"], 2, ["--yaml"], id="no such option"),
        pytest.param(["requets"], 2, ["No such command", "requets"], id="no such command"),
    ],
)
def test_a_command_says_what_it_found(
    job: Job, run: Run, arguments: list[str], code: int, words: list[str]
) -> None:
    tracking = _tracking_of(job)
    digit = (int(tracking[-1]) + 1) % 10
    names = {
        "tracking": tracking,
        "plain": tracking.replace("-", "").lower(),
        "wrong": f"{tracking[:-1]}{digit}",
    }
    done = run("--config", job.config, *(a.format(**names) for a in arguments))
    assert done.code == code, done.all
    assert all(word in done.all for word in words), done.all
    assert "Traceback" not in done.err
    # What was asked for goes to standard output, and what is wrong to standard error.
    assert bool(done.out) is (code == 0)


def test_a_request_nobody_sent_is_not_there(job: Job, run: Run) -> None:
    from parsers.values.tracking import format_tracking_number

    done = run("--config", job.config, "show", format_tracking_number(2020, 7))
    assert (done.code, done.out) == (1, "")
    assert "There is no request CJS-2020-000007-" in done.err


@pytest.mark.parametrize("arguments", [["status"], ["requests"], ["show", "T"], ["check"]])
def test_json_is_all_that_is_printed(job: Job, run: Run, arguments: list[str]) -> None:
    tracking = _tracking_of(job)
    wanted = [tracking if a == "T" else a for a in arguments]
    done = run("--config", job.config, *wanted, "--json")
    assert (done.code, done.err) == (0, "")
    document = json.loads(done.out)
    assert done.out.count("\n") == 1
    keys = _KEYS[arguments[0]]
    assert keys <= (document[0] if isinstance(document, list) else document).keys()


_REQUEST_KEYS = {
    *("tracking_number", "status", "flags", "received_at", "deadline_date", "priority"),
    *("requester_type", "channel"),
}
_KEYS = {
    "status": {"paused", "workers", "mailboxes", "requests", "outbox", "quarantine", "alarms"},
    "requests": _REQUEST_KEYS,
    "show": _REQUEST_KEYS
    | {"fields", "messages", "decisions", "events", "letters", "certifications"},
    "check": {"checks", "warnings"},
}


def test_pausing_and_resuming_can_be_repeated(job: Job, run: Run) -> None:
    for command, paused in (("pause", True), ("pause", True), ("resume", False), ("resume", False)):
        assert run("--config", job.config, command).code == 0
        assert json.loads(run("--config", job.config, "status", "--json").out)["paused"] is paused


def test_check_says_why_nothing_could_be_signed(
    job: Job, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ERO_CERTIFICATION__REQUIRE_SIGNATURE", "true")
    done = run("--config", job.config, "check", "--json")
    (found,) = (c for c in json.loads(done.out)["checks"] if c["name"] == "signing keys")
    assert (done.code, found["result"]) == (2, "failed")
    assert "E046 certification.signing_pkcs12: There is no key to sign with." in found["detail"]


def test_check_asks_the_time_stamp_server(
    job: Job, run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (closed,) = find_free_ports(1)
    monkeypatch.setenv("ERO_CERTIFICATION__TIMESTAMP_URL", f"http://127.0.0.1:{closed}/")
    monkeypatch.setenv(
        "ERO_CERTIFICATION__TIMESTAMP_CA_FILE", str(write_authority(tmp_path / "ca.pem"))
    )
    done = run("--config", job.config, "check", "--json")
    (found,) = (c for c in json.loads(done.out)["checks"] if c["name"] == "time-stamps")
    assert (done.code, found["result"]) == (75, "failed")
    assert found["detail"] == "The time-stamp server cannot be reached."


def test_check_names_what_does_not_work(
    job: Job, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    (closed,) = find_free_ports(1)
    monkeypatch.setenv("ERO_SMTP__PORT", str(closed))
    monkeypatch.setenv("ERO_MAILBOX__PASSWORD", "wrong")
    done = run("--config", job.config, "check", "--json")
    results = {check["name"]: check["result"] for check in json.loads(done.out)["checks"]}
    assert done.code == 75
    assert results["mailbox"] == results["relay"] == "failed"
    assert results["database"] == results["packages"] == "ok"
    assert "wrong" not in done.all.replace("password_file", "")


# Configuration.


def test_every_problem_of_a_configuration_is_told_at_once(run: Run, tmp_path: Path) -> None:
    (tmp_path / "worker.toml").write_text(
        '[[mailbox]]\nname = "m"\nhost = "imap.example"\nport = 99999\nusername = "u"\n'
        'password = "Hush-hush-1"\naddresses = ["not an address"]\n'
        '[smtp]\nhots = "smtp.example"\nfrom_address = "a@agency.example"\nfrom_name = "A"\n'
        "[review]\napprovals = 5\n"
    )
    done = run("--config", "worker.toml", "status")
    assert (done.code, done.out) == (2, "")
    for key in (
        *("mailbox.port", "mailbox.addresses", "smtp.hots", "smtp.host", "review.approvals"),
        *("staff", "alerts.urgent", "certification.verify_address"),
    ):
        assert key in done.err, f"{key} is not in {done.err}"
    assert "Hush-hush" not in done.err
    assert "Did you mean host?" in done.err


@pytest.mark.parametrize(
    "command",
    [["run"], ["once"], ["init"], ["check"], ["status"], ["requests"], ["pause"], ["resume"], []],
    ids=lambda words: " ".join(words) or "nothing, which is run",
)
def test_without_a_configuration_a_command_says_where_one_belongs(
    run: Run, command: list[str]
) -> None:
    done = run(*command)
    assert (done.code, done.out) == (2, "")
    assert "config/worker.example.toml" in done.err


def test_a_configuration_is_found_by_the_environment_and_overridden_by_it(
    job: Job, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ERO_CONFIG", str(job.config))
    assert run("status").code == 0
    monkeypatch.setenv("ERO_REVIEW__APPROVALS", "three")
    done = run("status")
    assert done.code == 2
    assert "review.approvals" in done.err


@pytest.mark.parametrize("command", ["run", "once", "status", "requests", "pause"])
def test_without_a_schema_a_command_names_init(
    job: Job, run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, command: str
) -> None:
    monkeypatch.setenv("ERO_DATABASE__URL", f"sqlite:///{tmp_path}/none.db")
    done = run("--config", job.config, command)
    assert (done.code, done.out) == (2, "")
    assert "`ero-outreach init`" in done.err
    assert not (tmp_path / "none.db").exists()


@pytest.mark.parametrize("command", ["status", "requests", "once", "pause", "init"])
@pytest.mark.parametrize("name", ["folder", "text.db", "gone/x/y.db"])
def test_a_file_that_is_no_database_is_told_in_a_sentence(
    job: Job, run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str, command: str
) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "text.db").write_text("Not a database, whatever it is called. " * 100)
    (tmp_path / "gone").write_text("a file where a folder should be")
    monkeypatch.setenv("ERO_DATABASE__URL", f"sqlite:///{tmp_path}/{name}")
    done = run("--config", job.config, command)
    assert done.code in {1, 2}, done.all
    assert done.err.startswith("✗ ")
    assert "Traceback" not in done.err


@pytest.mark.parametrize("command", ["status", "requests", "once", "pause", "init"])
def test_a_database_server_that_is_away_is_worth_another_try(
    job: Job, run: Run, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    secret = "Vogel-haus7"
    (port,) = find_free_ports(1)
    url = f"postgresql+psycopg://ero:{secret}@127.0.0.1:{port}/ero"
    monkeypatch.setenv("ERO_DATABASE__URL", url)
    done = run("--config", job.config, command)
    assert (done.code, done.out) == (75, "")
    assert "The database server could not be reached" in done.err
    assert secret not in done.err


# Setting up.


def test_init_asks_what_becomes_of_the_mail_that_lies_there(real_job: Job) -> None:
    job = real_job
    author = _clerk(job)
    job.write(author, "An old question.\n")
    job.await_arrivals()
    refused = job.run("init")
    assert refused.returncode == 2
    assert "1 mail lies in the folder INBOX" in refused.stderr
    assert "no schema yet" in job.run("status").stderr
    assert job.run("init", "--backlog", "sometimes").returncode == 2
    said = job.do("init", "--backlog", "ignore")
    assert "1 mail that was in the folder INBOX of mailbox outreach will be left alone." in said
    job.write(author, "A new question.\n")
    job.await_arrivals()
    job.do("once")
    assert len(job.query("SELECT 1 FROM journal")) == 1
    assert job.box(job.mailbox).count("INBOX") == 1
    # Set up already: there is no backlog, and nothing to ask.
    assert "0 mailbox folders were made" in job.do("init")


def test_init_can_hand_the_backlog_over(real_job: Job) -> None:
    job = real_job
    job.write(_clerk(job), "An old question.\n")
    job.await_arrivals()
    job.do("init", "--backlog", "process")
    job.do("once")
    assert job.query("SELECT disposition FROM journal") == [("FORM_WANTED",)]
    assert job.box(job.mailbox).count("INBOX") == 0


def test_init_asks_on_a_terminal(real_job: Job) -> None:
    job = real_job
    job.write(_clerk(job), "An old question.\n")
    job.await_arrivals()
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [str(COMMAND), "--config", str(job.config), "init"],
        cwd=job.folder,
        env=job.environ(),
        stdin=theirs,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        os.write(ours, b"y\n")
        try:
            said = process.communicate(timeout=60)[0]
        finally:
            process.kill()
    os.close(ours)
    os.close(theirs)
    assert process.returncode == 0, said
    assert "1 mail lies in the folder INBOX of mailbox outreach. Process it?" in said
    job.do("once")
    assert job.query("SELECT disposition FROM journal") == [("FORM_WANTED",)]


# The installed command, once for each exit code.


def test_servers_that_are_away_are_worth_another_try(real_job: Job) -> None:
    job = real_job
    (closed,) = find_free_ports(1)
    away = job.run("init", ERO_MAILBOX__PORT=str(closed))
    assert away.returncode == 75
    assert "cannot be reached" in away.stderr
    job.do("init")
    job.write(_clerk(job), "How do I ask?\n")
    job.await_arrivals()
    # Without the relay everything else is done, and the letter waits.
    relay = job.run("once", ERO_SMTP__PORT=str(closed))
    assert relay.returncode == 75
    assert "letters stay in the outbox" in relay.stderr
    assert job.query("SELECT disposition FROM journal") == [("FORM_WANTED",)]
    assert job.query("SELECT status, attempts FROM letters") == [("QUEUED", 0)]
    mailbox = job.run("once", ERO_MAILBOX__PASSWORD="wrong")
    assert mailbox.returncode == 75
    assert "refused the login" in mailbox.stderr
    assert "Traceback" not in away.stderr + relay.stderr + mailbox.stderr


def test_the_installed_command_has_the_four_exit_codes(job: Job, tmp_path: Path) -> None:
    assert job.run("status").returncode == 0
    assert job.run("extract", str(tmp_path / "none.pdf")).returncode == 1
    assert job.run("show").returncode == 2
    closed = str(find_free_ports(1)[0])
    assert job.run("check", ERO_MAILBOX__PORT=closed).returncode == 75


_COMMANDS = (
    *("run", "once", "init", "check", "status", "pause", "resume", "demo", "requests", "show"),
    "certify",
    *("extract", "explain", "forms list", "forms blank", "forms fill", "forms draft"),
)


@pytest.mark.parametrize("command", _COMMANDS)
def test_help_ends_in_an_example(run: Run, command: str) -> None:
    done = run(*command.split(), "--help")
    assert (done.code, done.err) == (0, "")
    assert f"Example: ero-outreach {'--config' if command == 'run' else command}" in done.out


def test_the_first_help_names_every_command(run: Run) -> None:
    done = run("--help")
    assert done.code == 0
    assert all(f" {command.split()[0]} " in done.out for command in _COMMANDS)
    assert "Example: ero-outreach" in done.out


# Documents.

_EVERYTHING: dict[str, object] = {
    "requester_title": "Bail Agent",
    "requester_type": "bail_or_surety",
    "requester_phone": "+12025550141;ext=12",
    "requester_fax": "+12025550143",
    "requester_credential": "BA-000789",
    "requester_zip": "30301-1234",
    "subject_suffix": "Jr.",
    "subject_aliases": ["Pepe Ejemplo", "José de la Muestra y Prueba"],
    "subject_citizenship": "Guatemala",
    "subject_sex": "M",
    "subject_fbi_number": "EX000102",
    "subject_state_id": "GA0000101",
    "subject_inmate_number": "2026-000155",
    "identifiers_unknown": False,
    "obligation_type": "bond_or_bail",
    "obligation_dates": ["2026-03-10", "2026-03-17/2026-03-20"],
    "obligation_time": "8:30 a.m.",
    "court_county": "Example County",
    "case_numbers": ["17 CRS 060527", "D-101-CR-2019-00123"],
    "charge_level": "felony",
    "consequences": ["warrant", "bond_forfeited"],
    "release_date": "2026-01-05",
    "bond_amount": "25000.00",
    "bond_number": "XP-555-0001",
    "forfeiture_date": "2026-03-11",
    "deadline_date": "2027-09-07",
    "next_hearing_date": "2027-05-01",
    "transferred_from": "Example County Jail, 03/02/2026",
    "information_requested": ["custody_on_date", "custody_dates", "removal", "release"],
    "purpose": "The bond was declared forfeited;\nwe ask the court to set that aside.",
    "consent_attached": False,
}
#: How the reader gives back what a person writes otherwise.
_NORMALISED = {
    "subject_birth_country": "GT",
    "subject_citizenship": "GT",
    "requester_phone": "+12025550141;ext=12",
    "password_phone": "+12025550142",
}


def test_what_was_filled_in_is_what_is_read(run: Run, tmp_path: Path) -> None:
    clerk = Person("Dana Whitlock", "dana.whitlock@courts.example")
    values = build_clerk_values(clerk, **_EVERYTHING)
    (tmp_path / "data.json").write_text(json.dumps(values))
    assert run("forms", "fill", "data.json", "-o", "form.pdf").code == 0
    done = run("extract", "form.pdf", "--json")
    assert (done.code, done.err) == (0, "")
    document = json.loads(done.out)
    assert document["file"] == "form.pdf"
    assert document["form"]["definition"] == "cjs-request/1"
    assert document["form"]["kind"] == "acroform"
    assert (document["missing"], document["problems"]) == ([], [])
    names = {field.name for field in find_definition().fields}
    assert set(values) | {"form_version"} == names, "the test fills every field of the form"
    expected = {**values, **_NORMALISED}
    # A box that nobody ticked is blank, and says nothing.
    assert expected.pop("identifiers_unknown") is False
    assert "identifiers_unknown" not in document["fields"]
    for name, value in expected.items():
        assert document["fields"][name]["value"] == value, name
    # What was read can be filled in again, and is read the same.
    (tmp_path / "again.json").write_text(done.out)
    assert run("forms", "fill", "again.json", "-o", "again.pdf").code == 0
    again = json.loads(run("extract", "again.pdf", "--json").out)
    assert {name: found["value"] for name, found in again["fields"].items()} == {
        name: found["value"] for name, found in document["fields"].items()
    }


def test_a_first_definition_is_drafted_for_a_form(run: Run, tmp_path: Path) -> None:
    run("forms", "blank", "-o", "agency.pdf")
    printed = run("forms", "draft", "agency.pdf")
    drafted = parse_definition(printed.out.encode())
    assert (printed.code, drafted.blank_form) == (0, "agency.pdf")
    assert "# guess" in printed.out
    written = run("forms", "draft", "agency.pdf", "-o", "agency.toml")
    assert (written.code, "guess" in written.out) == (0, True)
    assert (tmp_path / "agency.toml").read_text() == printed.out


def test_what_the_page_shows_is_told_where_the_data_say_something_else(
    run: Run, tmp_path: Path
) -> None:
    form = fill(build_clerk_values(Person("Dana Whitlock", "dana.whitlock@courts.example")))
    with pikepdf.open(io.BytesIO(form)) as pdf:
        for field in pdf.Root.AcroForm.Fields:
            if str(field.T) == "subject_a_number":
                field.V = pikepdf.String("A000000199")
        pdf.save(tmp_path / "form.pdf")
    value = json.loads(run("extract", "form.pdf", "--json").out)["fields"]["subject_a_number"]
    assert (value["value"], value["shown"]) == ("A000000199", "A000000101")
    assert value["confidence"] < 0.8
    told = " ".join(run("extract", "form.pdf").out.split())
    assert "Doubtful: subject_a_number: What the page shows" in told
    assert "It shows: A000000101" in told


def test_the_blank_form_is_a_form_with_nothing_in_it(run: Run) -> None:
    assert run("forms", "blank", "-o", "blank.pdf").code == 0
    listed = json.loads(run("forms", "list", "--json").out)
    assert [form["id"] for form in listed] == ["cjs-request/1"]
    assert "cjs-request/1" in run("forms", "list").out
    document = json.loads(run("extract", "blank.pdf", "--json").out)
    assert document["form"]["definition"] == "cjs-request/1"
    assert "requester_name" in document["missing"]


@pytest.fixture
def papers(tmp_path: Path) -> Path:
    """Return a folder with documents of every kind."""
    form = fill(build_clerk_values(Person("Dana Whitlock", "dana.whitlock@courts.example")))
    (tmp_path / "form.pdf").write_bytes(form)
    (tmp_path / "cut.pdf").write_bytes(form[:2000])
    (tmp_path / "none.txt").write_text("not a PDF")
    with pikepdf.open(io.BytesIO(form)) as pdf:
        pdf.save(tmp_path / "locked.pdf", encryption=pikepdf.Encryption(owner="o", user="open me"))
    return tmp_path


@pytest.mark.parametrize(
    ("arguments", "code", "kinds"),
    [
        pytest.param(["form.pdf"], 0, ["acroform"], id="a form"),
        pytest.param(["locked.pdf"], 0, ["encrypted"], id="locked"),
        pytest.param(["locked.pdf", "--password", "open me"], 0, ["acroform"], id="opened"),
        pytest.param(["locked.pdf", "--password", "no"], 0, ["encrypted"], id="not opened"),
        pytest.param(["cut.pdf"], 1, ["unreadable"], id="damaged"),
        pytest.param(["gone.pdf"], 1, ["unreadable"], id="not there"),
        pytest.param(
            ["cut.pdf", "form.pdf", "gone.pdf"], 1, ["unreadable", "acroform", "unreadable"], id="3"
        ),
    ],
)
def test_extract_has_a_line_for_each_document(
    run: Run, papers: Path, arguments: list[str], code: int, kinds: list[str]
) -> None:
    done = run("extract", "--json", *arguments)
    lines = [json.loads(line) for line in done.out.splitlines()]
    assert done.code == code, done.all
    # What takes long on a busy machine is told beside the results.
    assert [line for line in done.err.splitlines() if not line.startswith("Reading ")] == []
    assert [line["form"]["kind"] for line in lines] == kinds
    assert [line["file"] for line in lines] == [a for a in arguments if a.endswith(".pdf")]
    told = run("extract", *arguments)
    assert told.code == code
    assert all(kind in told.all for kind in kinds)


def test_extract_reads_pictures(run: Run, tmp_path: Path) -> None:
    form = fill(build_clerk_values(Person("Dana Whitlock", "dana.whitlock@courts.example")))
    first, second = (Image.fromarray(page) for page in draw_pages(form, dpi=150))
    sheets = [page.point(lambda grey: 255 * (grey > 128)).convert("1") for page in (first, second)]
    sheets[0].save(
        tmp_path / "fax.tif", compression="group4", save_all=True, append_images=sheets[1:]
    )
    first.save(tmp_path / "page.jpg")
    second.resize((200, 260)).save(tmp_path / "logo.png")
    done = run("extract", "--json", "fax.tif", "page.jpg", "logo.png")
    fax, page, logo = (json.loads(line) for line in done.out.splitlines())
    assert done.code == 0
    assert (fax["form"]["kind"], fax["form"]["pages"], fax["missing"]) == ("scan", 2, [])
    assert fax["fields"]["requester_name"]["value"] == "Dana Whitlock"
    assert (page["form"]["kind"], page["form"]["pages"]) == ("scan", 1)
    assert "court_name" in page["missing"]
    assert logo["form"]["kind"] == "not_a_form"
    assert [w["code"] for w in logo["warnings"]] == ["small_picture"]
    told = run("extract", "page.jpg")
    assert "page.jpg: scan, cjs-request/1, 1 page" in told.out


def _write_mail(folder: Path, name: str, mail: EmailMessage) -> None:
    (folder / name).write_bytes(bytes(mail))


def test_explain_tells_what_mails_are(job: Job, run: Run, papers: Path) -> None:
    clerk, approver = _clerk(job), job.approver
    form = ("form.pdf", "application/pdf", (papers / "form.pdf").read_bytes())
    _write_mail(papers, "request.eml", compose(clerk.address, job.mailbox, "Hi.\n", files=[form]))
    notice = job.newest_to(approver.address, "Review needed")
    denial = compose_reply(approver.address, notice, "DENY no clear match")
    _write_mail(papers, "denial.eml", denial)
    careless = compose_reply(approver.address, notice, "not approved")
    _write_mail(papers, "careless.eml", careless)
    away = compose(clerk.address, job.mailbox, "I am away.\n")
    away["Auto-Submitted"] = "auto-replied"
    _write_mail(papers, "away.eml", away)
    mails = ["request.eml", "denial.eml", "careless.eml", "away.eml"]
    done = run("explain", "--json", *mails)
    assert (done.code, done.err) == (0, "")
    found = [json.loads(line) for line in done.out.splitlines()]
    assert [f["file"] for f in found] == mails
    assert [f["kind"] for f in found] == ["request", "staff_reply", "staff_reply", "auto_reply"]
    request, denied, mistaken, _ = found
    assert request["forms"][0]["definition"] == "cjs-request/1"
    assert [a["name"] for a in request["attachments"]] == ["form.pdf"]
    assert denied["new_text"] == "DENY no clear match"
    assert denied["command"] == {"keyword": "DENY", "argument": "no clear match", "fields": {}}
    assert mistaken["command"] is None
    assert mistaken["command_problems"]
    missing = run("explain", "--json", "gone.eml", "denial.eml")
    assert missing.code == 1
    assert [json.loads(line)["kind"] for line in missing.out.splitlines()] == [
        "other",
        "staff_reply",
    ]
    assert "DENY" in run("explain", "denial.eml").out


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        pytest.param(["extract"], 2, ["FILE"], id="extract what"),
        pytest.param(["explain"], 2, ["MAIL"], id="explain what"),
        pytest.param(["forms"], 2, ["Missing command", "--help"], id="forms what"),
        pytest.param(["forms", "blank"], 2, ["--output"], id="blank to where"),
        pytest.param(["forms", "blank", "-o", "no/where.pdf"], 1, ["cannot be written"], id="gone"),
        pytest.param(
            ["forms", "fill", "gone.json", "-o", "f.pdf"], 1, ["cannot be read"], id="no data"
        ),
        pytest.param(["forms", "fill", "none.txt", "-o", "f.pdf"], 1, ["not JSON"], id="not JSON"),
        pytest.param(
            ["forms", "fill", "wrong.json", "-o", "f.pdf"],
            1,
            ["subject_shoe_size", "requester_type", "attestation"],
            id="everything wrong at once",
        ),
        pytest.param(["forms", "draft"], 2, ["FILE"], id="draft what"),
        pytest.param(["forms", "draft", "gone.pdf"], 1, ["cannot be read"], id="no form"),
        pytest.param(["forms", "draft", "none.txt"], 1, ["no PDF"], id="draft of no PDF"),
        pytest.param(["forms", "draw"], 2, ["draw"], id="no such"),
        pytest.param(["demo", "--keep"], 2, ["--keep"], id="keep where"),
        pytest.param(["init", "--backlog", "maybe"], 2, ["process", "ignore"], id="backlog what"),
    ],
)
def test_wrong_arguments_are_told(
    run: Run, papers: Path, arguments: list[str], code: int, words: list[str]
) -> None:
    wrong = {"subject_shoe_size": "44", "requester_type": "king", "attestation": "maybe"}
    (papers / "wrong.json").write_text(json.dumps(wrong))
    done = run(*arguments)
    assert done.code == code, done.all
    assert all(word in done.all for word in words), done.all
    assert "Traceback" not in done.err
    assert not (papers / "f.pdf").exists()


def test_the_demonstration_comes_to_its_end(tmp_path: Path) -> None:
    done = subprocess.run(
        [str(COMMAND), "demo", "--keep", str(tmp_path / "kept")],
        check=False,
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path), "LANG": "C.UTF-8"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert done.returncode == 0, done.stderr
    assert "INCOMPLETE, ISSUED, ISSUED" in done.stdout
    kept = [path.name for path in (tmp_path / "kept").iterdir()]
    assert sum(name.endswith(".pdf") for name in kept) >= 6
    assert f"CJS-{TODAY.year}-000001" in " ".join(kept)
