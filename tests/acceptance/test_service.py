"""`run` as the service manager sees it: ready, alive, stopping, and logs that name nobody."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager, suppress
from pathlib import Path

import pytest

from tests.acceptance.conftest import describe_real
from tests.acceptance.forms import build_clerk_values, fill, list_secrets
from tests.acceptance.job import COMMAND, Job, Person, tracking_in
from tests.acceptance.mails import compose
from tests.integration.test_mailbox import find_imap_process, list_imap_processes
from tests.servers.dovecot import Dovecot, start_dovecot
from tests.servers.ports import wait_until
from tests.servers.postfix import Postfix
from tests.servers.processes import standing_still

#: What hears these has tests of its own, or goes the same way as one beside it.
_LONG = pytest.mark.long


class Manager:
    """A service manager that listens on a socket (sd_notify(3))."""

    def __init__(self, path: Path) -> None:
        self.told: list[str] = []
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(path))
        self._socket.setblocking(False)

    def has_heard(self, message: str) -> bool:
        """Return whether the service has said this by now."""
        while True:
            try:
                self.told += self._socket.recv(4096).decode().splitlines()
            except BlockingIOError:
                return message in self.told

    def close(self) -> None:
        """Stop listening."""
        self._socket.close()


def _run_service(job: Job, **environ: str) -> AbstractContextManager[subprocess.Popen[str]]:
    return _run(job, "run", **environ)


@contextmanager
def _run(job: Job, command: str, **environ: str) -> Iterator[subprocess.Popen[str]]:
    process = job.start(command, **environ)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def _read_log(job: Job) -> str:
    """Return the whole lines of the log; the last may still be on its way."""
    return (job.folder / "started.log").read_text().rpartition("\n")[0]


def test_the_service_works_and_stops_when_told(real_job: Job) -> None:
    job = real_job
    job.do("init")
    environ = {"NOTIFY_SOCKET": str(job.folder / "n"), "WATCHDOG_USEC": "600000"}
    # New mail is heard of, and stopping too: nothing here waits for the next look.
    environ["ERO_MAILBOX__POLL_SECONDS"] = "600"
    clerk = Person("Dana Whitlock", job.address_of("dana.whitlock@courts.example"))
    values = build_clerk_values(clerk)
    with closing(Manager(job.folder / "n")) as manager, _run_service(job, **environ) as process:
        assert wait_until(lambda: manager.has_heard("READY=1")), _read_log(job)
        form = job.write(clerk, "Attached.\n", fill(values), subject="About José Andrés")
        assert wait_until(lambda: len(job.letters_to(clerk.address)) == 1), _read_log(job)
        tracking = tracking_in(job.newest_to(clerk.address))
        wanted = f"[{tracking}] Review needed"
        assert wait_until(lambda: bool(job.letters_to(job.approver.address, wanted)))
        notice = job.newest_to(job.approver.address, wanted)
        job.reply(job.approver, notice, "DENY nothing agreed")
        assert wait_until(lambda: bool(job.letters_to(clerk.address, "Answer"))), _read_log(job)
        assert wait_until(lambda: job.folders_of(form) == ["Filed"])
        assert wait_until(lambda: manager.has_heard("WATCHDOG=1"))
        # Another worker keeps out, and everything that only looks is welcome.
        assert job.ask("status")["mailboxes"][0]["last_fetch_at"] is not None
        stopped = time.monotonic()
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0
        assert time.monotonic() - stopped < 40
        assert manager.has_heard("STOPPING=1")
    assert manager.told[0] == "READY=1"
    assert manager.told[-1] == "STOPPING=1"
    _check_log(_read_log(job), list_secrets(values) | {clerk.address, job.approver.address})


def _check_log(log: str, secrets: set[str]) -> None:
    lines = [json.loads(line) for line in log.splitlines()]
    assert all({"event", "level", "timestamp"} <= line.keys() for line in lines)
    events = [line["event"] for line in lines]
    assert events[0] == "service_started"
    assert events[-1] == "service_stopped"
    assert {"mail_recorded", "mail_disposed", "certification_issued", "letter_accepted"} < set(
        events
    )
    assert {line["level"] for line in lines} == {"info"}
    found = sorted(secret for secret in secrets if secret.lower() in log.lower())
    assert not found


def test_the_service_outlives_a_mailbox_that_is_away(real_job: Job) -> None:
    job = real_job
    job.do("init")
    with _run_service(job, ERO_MAILBOX__PORT="1") as process:
        assert wait_until(lambda: "server_unreachable" in _read_log(job)), _read_log(job)
        assert process.poll() is None
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0


def test_a_mailbox_that_is_away_delays_no_other(real_job: Job) -> None:
    job = real_job
    job.do("init")
    faxes = job.address_of("faxes@agency.example")
    job.add_mailbox(name="faxes", username=faxes.partition("@")[0], addresses=[faxes])
    refused = job.run("once")
    assert refused.returncode == 2
    assert "Never set up: mailbox faxes" in refused.stderr
    job.do("init")
    clerk = Person("Dana Whitlock", job.address_of("dana.whitlock@courts.example"))
    away = {"ERO_MAILBOX__1__PORT": "1"}
    job.write(clerk, "How do I ask?\n")
    job.await_arrivals()
    assert job.run("once", **away).returncode == 75
    job.write(clerk, "Again, how do I ask?\n")
    with _run_service(job, **away) as process:
        assert wait_until(lambda: len(job.letters_to(clerk.address)) == 2), _read_log(job)
        assert wait_until(lambda: _count_tries(job) >= 2), _read_log(job)
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0
    both = {m["name"]: m["last_fetch_at"] for m in job.ask("status")["mailboxes"]}
    assert both["outreach"] is not None
    assert both["faxes"] is None
    job.write(clerk, "How do I ask you?\n", to=faxes)
    with _run_service(job) as process:
        assert wait_until(lambda: len(job.letters_to(clerk.address)) == 3), _read_log(job)
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0
    assert all(m["last_fetch_at"] for m in job.ask("status")["mailboxes"])


def _count_tries(job: Job) -> int:
    lines = [json.loads(line) for line in _read_log(job).splitlines()]
    return sum(x["event"] == "server_unreachable" and x["mailbox"] == "faxes" for x in lines)


def test_once_beside_a_service_is_harmless(real_job: Job) -> None:
    """It leaves the mailbox to the service, and finds nothing else to do."""
    job = real_job
    job.do("init")
    clerk = Person("Dana Whitlock", job.address_of("dana.whitlock@courts.example"))
    with _run_service(job) as process:
        assert wait_until(lambda: "service_started" in _read_log(job)), _read_log(job)
        assert wait_until(lambda: bool(job.query("SELECT 1 FROM leases")))
        for case in range(4):
            job.write(
                clerk, "Attached.\n", fill(build_clerk_values(clerk, case_numbers=[f"26-{case}"]))
            )
            second = job.run("once")
            assert (second.returncode, "mail_recorded" in second.stderr) == (0, False)
        assert wait_until(lambda: job.query("SELECT count(*) FROM requests") == [(4,)])
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0
    job.do("once")
    assert job.query("SELECT count(*) FROM sightings") == [(4,)]
    assert job.query("SELECT count(*) FROM workers") == [(0,)]
    job.await_letters()
    assert len(job.letters_to(clerk.address)) == 4


def test_the_service_stops_whichever_thread_the_signal_is_handed_to(real_job: Job) -> None:
    """After a sleep, the kernel may hand it to another than the main thread."""
    job = real_job
    job.do("init")
    with _run_service(job) as process:
        assert wait_until(lambda: "service_started" in _read_log(job))
        began = time.monotonic()
        _hand_to_a_thread(process, signal.SIGTERM)
        assert process.wait(60) == 0
        assert time.monotonic() - began < 40


def _hand_to_a_thread(process: subprocess.Popen[str], number: signal.Signals) -> None:
    """Send a signal to one of a process's threads but its main one."""
    threads = {int(task.name) for task in Path(f"/proc/{process.pid}/task").iterdir()}
    for thread in sorted(threads - {process.pid}, reverse=True):
        # One may have ended since.
        with suppress(ProcessLookupError):
            os.kill(thread, number)
            return
    pytest.fail("it has no other thread")


def test_a_log_that_nobody_takes_any_more_stops_no_work(real_job: Job) -> None:
    """Whoever collects it may have died: the mails, more than are recorded in one go, go on."""
    job = real_job
    job.do("init")
    with (
        subprocess.Popen(
            [str(COMMAND), "--config", str(job.config), "run"],
            cwd=job.folder,
            env=job.environ(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        ) as process,
        _killing(process),
    ):
        assert process.stderr is not None
        assert b"service_started" in process.stderr.readline()
        process.stderr.close()
        clerk = Person("Dana Whitlock", job.address_of("dana.whitlock@courts.example"))
        for number in range(40):
            job.write(clerk, f"How do I ask, for the {number}th time?\n")
        moved = "SELECT count(*) FROM sightings WHERE moved_at IS NOT NULL"
        assert wait_until(lambda: job.query(moved) == [(40,)], seconds=120), job.query(moved)
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0
    assert job.query("SELECT count(*) FROM workers") == [(0,)]


@pytest.mark.parametrize(
    "streams",
    [
        pytest.param("2>&-", marks=_LONG, id="no log"),
        pytest.param("<&- >&- 2>&-", id="nothing at all"),
        pytest.param("2>/dev/full", marks=_LONG, id="a full disk"),
    ],
)
def test_a_service_works_whatever_it_is_given_to_write_to(real_job: Job, streams: str) -> None:
    job = real_job
    job.do("init")
    with (
        subprocess.Popen(
            ["sh", "-c", f'exec "$0" --config "$1" run {streams}', str(COMMAND), str(job.config)],
            cwd=job.folder,
            env=job.environ(),
            stdout=subprocess.DEVNULL,
        ) as process,
        _killing(process),
    ):
        clerk = Person("Dana Whitlock", job.address_of("dana.whitlock@courts.example"))
        job.write(clerk, "How do I ask?\n")
        assert wait_until(lambda: len(job.letters_to(clerk.address)) == 1)
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0


@contextmanager
def _killing(process: subprocess.Popen[bytes]) -> Iterator[None]:
    try:
        yield
    finally:
        process.kill()


def test_a_mail_server_that_does_not_answer_keeps_nobody_from_stopping(
    short_folders: Callable[[], Path], postfix: Postfix, tmp_path: Path
) -> None:
    """Stop the server in the middle of IDLE: the service ends soon, and nothing is lost."""
    with start_dovecot(short_folders()) as server:
        job = Job(describe_real(server, postfix), tmp_path, tag="stalled")
        job.do("init")
        with _run_service(job, ERO_MAILBOX__POLL_SECONDS="600") as process:
            assert wait_until(lambda: _is_idle(server), seconds=60), _read_log(job)
            with standing_still(find_imap_process(server)):
                clerk = "clerk@courts.example"
                mail = compose(clerk, job.mailbox, "How do I ask?\n")
                server.deliver(bytes(mail), [job.mailbox], sender=clerk)
                began = time.monotonic()
                process.send_signal(signal.SIGTERM)
                assert process.wait(100) == 0
                # A server has a minute to answer.
                assert time.monotonic() - began < 40
        assert json.loads(_read_log(job).splitlines()[-1])["event"] == "service_stopped"
        assert job.query("SELECT count(*) FROM journal") == [(0,)]
        job.do("once")
        assert job.query("SELECT count(*) FROM journal WHERE disposition IS NOT NULL") == [(1,)]
        assert job.query("SELECT status, attempts FROM letters") == [("ACCEPTED", 1)]
        assert job.ask("reconcile")["unaccounted"] == 0


def _is_idle(server: Dovecot) -> bool:
    titles = [Path(f"/proc/{pid}/cmdline") for pid in list_imap_processes(server)]
    with suppress(FileNotFoundError, ProcessLookupError):
        return ["IDLE" in title.read_text() for title in titles] == [True]
    return False


#: More mails than are filed in the time it takes to see that the first is.
_MANY = 90


@pytest.mark.parametrize(
    ("command", "number", "code"),
    [
        pytest.param("run", signal.SIGTERM, 0, id="the service, by its manager"),
        pytest.param("run", signal.SIGINT, 0, marks=_LONG, id="the service, from its terminal"),
        pytest.param("run", signal.SIGHUP, 0, id="the service, whose terminal went away"),
        pytest.param("once", signal.SIGTERM, 1, id="once, by what limits its time"),
        pytest.param("once", signal.SIGINT, 1, marks=_LONG, id="once, from its terminal"),
        pytest.param("once", signal.SIGHUP, 1, marks=_LONG, id="once, whose terminal went away"),
    ],
)
def test_a_worker_told_to_stop_leaves_nothing_half_done(
    real_job: Job, command: str, number: signal.Signals, code: int
) -> None:
    """Stop it in the middle of its mails: each is disposed of or untouched, and none failed."""
    job = real_job
    job.do("init")
    clerk = Person("Dana Whitlock", job.address_of("dana.whitlock@courts.example"))
    for case in range(_MANY):
        job.write(
            clerk, "Attached.\n", fill(build_clerk_values(clerk, case_numbers=[f"26-{case}"]))
        )
    job.await_arrivals()
    with _run(job, command) as process:
        disposes = wait_until(lambda: "mail_disposed" in _read_log(job), seconds=60)
        assert disposes, _read_log(job)
        process.send_signal(number)
        assert process.wait(60) == code
    ((disposed, attempts),) = job.query("SELECT count(disposition), sum(attempts) FROM journal")
    assert 1 <= disposed < _MANY
    assert attempts == 0
    assert job.query("SELECT count(*) FROM requests") == [(disposed,)]
    assert job.query("SELECT count(*) FROM letters WHERE status = 'SENDING'") == [(0,)]
    assert job.query("SELECT count(*) FROM workers") == [(0,)]
    assert code == 0 or "Stopped before everything was done" in _read_log(job)
