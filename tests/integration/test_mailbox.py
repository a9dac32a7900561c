"""The mailbox, against a real Dovecot over TLS, servers that can do less, and none at all."""

from __future__ import annotations

import re
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from imapclient import SocketTimeout

from config.sections import MailboxSettings
from inbox_worker.errors import LoginRefusedError, UnreachableError, WorkerError
from inbox_worker.mailbox.client import FetchedMessage, Mailbox, MailboxRefusedError, open_mailbox
from inbox_worker.mailbox.connection import connect
from inbox_worker.mailbox.idling import list_told_counts
from inbox_worker.mailbox.line import Line
from tests.conftest import require_or_skip
from tests.servers.dovecot import Dovecot, start_dovecot
from tests.servers.ports import wait_until
from tests.servers.processes import await_end, standing_still
from tests.servers.tls import write_certificate

SECRET = "Gl0cken-spiel"
LIMITS = {"max_message_bytes": 1_000_000, "max_batch_bytes": 100_000}


def build_settings(server: Dovecot, user: str, **changes: Any) -> MailboxSettings:
    values: dict[str, Any] = {
        "name": "outreach",
        "host": "localhost",
        "port": server.imaps_port,
        "tls": "implicit",
        "ca_file": str(server.ca_file),
        "username": user,
        "password": server.password,
        "addresses": ["ero.outreach@agency.example"],
    }
    return MailboxSettings.model_validate(values | changes)


def build_mail(number: int, *, size: int = 0) -> bytes:
    head = f"From: clerk@courts.example\r\nSubject: {number}\r\n\r\n".encode()
    return head + b"x" * 70 + b"\r\n" + (b"y" * 70 + b"\r\n") * (size // 72)


def fetch(mailbox: Mailbox, after_uid: int = 0, **limits: int) -> list[FetchedMessage]:
    return list(mailbox.fetch_new(after_uid, **(LIMITS | limits)))


@pytest.fixture
def user(request: pytest.FixtureRequest) -> str:
    """Return a user nobody else has."""
    return re.sub(r"[^a-z0-9]+", "-", request.node.name.lower())[-60:].strip("-")


@pytest.fixture
def deliver(dovecot: Dovecot, user: str) -> Callable[..., None]:
    def put(*mails: bytes) -> None:
        for raw in mails:
            dovecot.deliver(raw, [f"{user}@agency.example"])

    return put


@pytest.mark.parametrize(
    ("tls", "port"),
    [
        pytest.param("implicit", "imaps_port", id="TLS from the start"),
        pytest.param("starttls", "imap_port", id="STARTTLS"),
        pytest.param("none", "imap_port", id="no TLS on loopback"),
    ],
)
def test_new_mail_is_fetched_whole_and_not_marked(
    dovecot: Dovecot, user: str, deliver: Callable[..., None], tls: str, port: str
) -> None:
    deliver(build_mail(1), build_mail(2))
    settings = build_settings(dovecot, user, tls=tls, port=getattr(dovecot, port))
    with open_mailbox(settings) as mailbox:
        first, second = fetch(mailbox)
        assert mailbox.message_count == 2
        assert mailbox.uidnext == second.uid + 1
        assert first.uidvalidity == second.uidvalidity == mailbox.uidvalidity
    assert first.raw is not None
    assert first.raw.endswith(build_mail(1))
    assert first.size == len(first.raw)
    assert first.header == b""
    assert abs(datetime.now(UTC) - first.internal_date) < timedelta(minutes=5)
    assert first.internal_date.tzinfo is UTC
    assert dovecot.run_doveadm("search", "-u", user, "seen") == ""


def test_only_what_is_above_the_last_uid_is_fetched(
    dovecot: Dovecot, user: str, deliver: Callable[..., None]
) -> None:
    deliver(build_mail(1), build_mail(2))
    with open_mailbox(build_settings(dovecot, user)) as mailbox:
        first, second = fetch(mailbox)
        assert [m.uid for m in fetch(mailbox, first.uid)] == [second.uid]
        # The server names the last message even then, and it must not come back.
        assert fetch(mailbox, second.uid) == []
        assert fetch(mailbox, second.uid + 100) == []
        deliver(build_mail(3))
        assert [m.uid for m in fetch(mailbox, second.uid)] == [second.uid + 1]


def test_a_mail_over_the_limit_gives_its_header_alone(
    dovecot: Dovecot, user: str, deliver: Callable[..., None]
) -> None:
    deliver(build_mail(1), build_mail(2, size=60_000), build_mail(3))
    with open_mailbox(build_settings(dovecot, user)) as mailbox:
        small, large, other = fetch(mailbox, max_message_bytes=50_000)
    assert small.raw
    assert other.raw
    assert large.raw is None
    assert large.size > 60_000
    assert large.header.endswith(b"Subject: 2\r\n\r\n")


@pytest.mark.parametrize(
    ("batch_bytes", "batches"),
    [
        pytest.param(1, 5, id="smaller than any mail, one at a time"),
        pytest.param(25_000, 3, id="two at a time"),
        pytest.param(10_000_000, 1, id="all at once"),
    ],
)
def test_bodies_come_in_batches_bounded_by_bytes(
    dovecot: Dovecot,
    user: str,
    deliver: Callable[..., None],
    batch_bytes: int,
    batches: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    deliver(*(build_mail(n, size=10_000) for n in range(5)))
    with open_mailbox(build_settings(dovecot, user)) as mailbox:
        asked: list[int] = []
        original = mailbox._client.fetch

        def watch(uids: list[int], items: list[str]) -> Any:
            if "BODY.PEEK[]" in items:
                asked.append(len(uids))
            return original(uids, items)

        monkeypatch.setattr(mailbox._client, "fetch", watch)
        found = fetch(mailbox, max_batch_bytes=batch_bytes)
    assert len(found) == sum(asked) == 5
    assert len(asked) == batches


def test_moved_mail_is_gone_from_the_folder_and_a_second_run_finds_nothing(
    dovecot: Dovecot, user: str, deliver: Callable[..., None]
) -> None:
    deliver(build_mail(1), build_mail(2), build_mail(3))
    settings = build_settings(dovecot, user)
    with open_mailbox(settings) as mailbox:
        assert "For a person" in mailbox.ensure_folders()
        assert mailbox.ensure_folders() == ()
        first, second, _ = fetch(mailbox)
        mailbox.move([first.uid], settings.folders.filed)
        mailbox.move([second.uid, second.uid + 4711], settings.folders.other)
        mailbox.move([first.uid], settings.folders.filed)
        mailbox.move([], settings.folders.filed)
    with open_mailbox(settings) as mailbox:
        (left,) = fetch(mailbox)
    assert left.raw
    assert left.raw.endswith(build_mail(3))
    assert len(dovecot.read_folder(user, "Filed")) == 1
    assert len(dovecot.read_folder(user, "For a person")) == 1


def test_a_folder_that_was_removed_is_made_again(
    dovecot: Dovecot, user: str, deliver: Callable[..., None]
) -> None:
    deliver(build_mail(1))
    with open_mailbox(build_settings(dovecot, user)) as mailbox:
        (found,) = fetch(mailbox)
        mailbox.move([found.uid], "Filed")
    assert len(dovecot.read_folder(user, "Filed")) == 1


def test_uidvalidity_is_told_when_the_server_renumbers(
    dovecot: Dovecot, user: str, deliver: Callable[..., None]
) -> None:
    deliver(build_mail(1))
    settings = build_settings(dovecot, user)
    with open_mailbox(settings) as mailbox:
        before = mailbox.uidvalidity
    dovecot.run_doveadm("mailbox", "update", "-u", user, "--uid-validity", str(before + 9), "INBOX")
    with open_mailbox(settings) as mailbox:
        assert mailbox.uidvalidity == before + 9
        assert [m.uidvalidity for m in fetch(mailbox)] == [before + 9]


BASIC = "IMAP4rev1 LITERAL+ ID ENABLE IDLE NAMESPACE"


@pytest.fixture(
    scope="module",
    params=[
        pytest.param((f"{BASIC} UIDPLUS", "", "/"), id="UIDPLUS without MOVE"),
        pytest.param((BASIC, "", "/"), id="neither MOVE nor UIDPLUS"),
        pytest.param((f"{BASIC} UIDPLUS MOVE", "INBOX.", "."), id="everything below INBOX"),
    ],
)
def lesser(
    request: pytest.FixtureRequest, dovecot: Dovecot, short_folders: Callable[[], Path]
) -> Iterator[tuple[Dovecot, str]]:
    """Yield a server that can do less, or names its folders otherwise, and what it can do."""
    capability, prefix, separator = request.param
    with start_dovecot(
        short_folders(), capability=capability, prefix=prefix, separator=separator
    ) as server:
        yield server, capability


def test_without_move_the_mail_is_copied_and_only_itself_expunged(
    lesser: tuple[Dovecot, str], user: str
) -> None:
    server, capability = lesser
    for number in range(3):
        server.deliver(build_mail(number), [f"{user}@agency.example"])
    settings = build_settings(server, user)
    with open_mailbox(settings) as mailbox:
        mailbox.ensure_folders()
        first, second, third = fetch(mailbox)
        # Somebody else's mail, flagged by another program and not yet expunged by it.
        mailbox._client.add_flags([third.uid], [rb"\Deleted"])
        mailbox.move([first.uid, second.uid + 4711], settings.folders.filed)
        still = [m.uid for m in fetch(mailbox)]
    assert len(server.read_folder(user, "Filed")) == 1
    flagged_only = "UIDPLUS" not in capability
    assert still == [*([first.uid] if flagged_only else []), second.uid, third.uid]
    deleted = server.run_doveadm("search", "-u", user, "mailbox", "INBOX", "deleted")
    assert len(deleted.splitlines()) == (2 if flagged_only else 1)


def test_the_source_stays_when_the_copy_fails(
    lesser: tuple[Dovecot, str], user: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    server, _ = lesser
    server.deliver(build_mail(1), [f"{user}@agency.example"])
    with open_mailbox(build_settings(server, user)) as mailbox:
        (found,) = fetch(mailbox)
        with pytest.raises(MailboxRefusedError, match="refused a command"):
            # Dovecot takes no folder name with a component of two dots.
            mailbox.move([found.uid], "../../escape")
        assert [m.uid for m in fetch(mailbox)] == [found.uid]
    assert server.run_doveadm("search", "-u", user, "deleted") == ""


@pytest.mark.parametrize(
    ("changes", "error", "said"),
    [
        pytest.param(
            {"password": "wrong"}, UnreachableError, "mailbox.password_file", id="wrong password"
        ),
        pytest.param({"ca_file": ""}, UnreachableError, "mailbox.ca_file", id="unknown authority"),
        pytest.param({"port": 1}, UnreachableError, "cannot be reached", id="closed port"),
        pytest.param(
            {"host": "no-such-host.invalid"}, UnreachableError, "mailbox.host", id="unknown host"
        ),
        pytest.param({"ca_file": "/dev/null"}, WorkerError, "mailbox.ca_file", id="no authority"),
        pytest.param(
            {"folder": "Missing"}, MailboxRefusedError, "refused a command", id="no such folder"
        ),
    ],
)
def test_what_goes_wrong_is_said_without_a_secret(
    dovecot: Dovecot, user: str, changes: dict[str, Any], error: type[WorkerError], said: str
) -> None:
    settings = build_settings(dovecot, user, **changes)
    with pytest.raises(error) as caught, open_mailbox(settings, connect_seconds=5):
        pass
    assert said in str(caught.value)
    assert SECRET not in str(caught.value)
    assert "wrong" not in str(caught.value)


def test_speaking_tls_to_a_plain_port_is_explained(dovecot: Dovecot, user: str) -> None:
    settings = build_settings(dovecot, user, port=dovecot.imap_port)
    with pytest.raises(UnreachableError, match=r"mailbox\.tls"), open_mailbox(settings):
        pass


@contextmanager
def silent_server() -> Iterator[int]:
    """Yield the port of a server that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


@pytest.mark.parametrize("tls", ["implicit", "none"])
def test_a_server_that_says_nothing_is_given_up(dovecot: Dovecot, user: str, tls: str) -> None:
    with silent_server() as port:
        settings = build_settings(dovecot, user, port=port, tls=tls)
        with (
            pytest.raises(UnreachableError, match="did not answer in time"),
            open_mailbox(settings, connect_seconds=0.2, read_seconds=0.2),
        ):
            pass


def test_a_connection_that_stalls_or_is_cut_is_given_up(
    short_folders: Callable[[], Path], dovecot: Dovecot, user: str
) -> None:
    with start_dovecot(short_folders()) as own:
        settings = build_settings(own, user)
        own.deliver(build_mail(1), [f"{user}@agency.example"])
        with open_mailbox(settings) as mailbox, standing_still(find_imap_process(own)):
            wait_no_longer_than(0.5, mailbox)
            with pytest.raises(UnreachableError, match="did not answer in time"):
                fetch(mailbox)
        with open_mailbox(settings) as mailbox:
            pid = find_imap_process(own)
            own.run_doveadm("kick", user)
            await_end(pid)
            with pytest.raises(UnreachableError, match="cannot be reached"):
                fetch(mailbox)
        # Opening it anew is all it takes.
        with open_mailbox(settings) as mailbox:
            assert len(fetch(mailbox)) == 1


def wait_no_longer_than(seconds: float, mailbox: Mailbox) -> None:
    """Wait for answers no longer from now on; until now a busy server had all its time."""
    client = mailbox._client
    client._timeout = SocketTimeout(seconds, seconds)
    client.socket().settimeout(seconds)


def list_imap_processes(server: Dovecot) -> list[int]:
    """Return the processes that serve sessions; one goes on a little after its session is over."""
    children = Path(f"/proc/{server.pid}/task/{server.pid}/children").read_text().split()
    return [int(child) for child in children if _read_name(child) == "imap"]


def _read_name(pid: str) -> str:
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip()
    except (FileNotFoundError, ProcessLookupError):
        return ""


def find_imap_process(server: Dovecot) -> int:
    """Return the process that serves the only session, once those of earlier ones are gone."""
    found: list[int] = []

    def is_alone() -> bool:
        found[:] = list_imap_processes(server)
        return len(found) == 1

    assert wait_until(is_alone), found
    return found[0]


def test_errors_of_the_caller_pass_through_and_the_connection_is_closed(
    dovecot: Dovecot, user: str
) -> None:
    held: list[Mailbox] = []

    def fail(mailbox: Mailbox) -> None:
        held.append(mailbox)
        raise TimeoutError("of the caller, not of the server")

    opened = open_mailbox(build_settings(dovecot, user))
    with pytest.raises(TimeoutError, match="of the caller"), opened as mailbox:
        fail(mailbox)
    with pytest.raises(WorkerError):
        fetch(held[0])


# How full it is, and whether it lets us in.


def test_a_quota_is_told_in_percent(short_folders: Callable[[], Path], user: str) -> None:
    require_or_skip("dovecot")
    with start_dovecot(short_folders(), quota="storage=10M:messages=10") as server:
        for number in range(9):
            server.deliver(build_mail(number), [f"{user}@agency.example"])
        with open_mailbox(build_settings(server, user)) as mailbox:
            assert mailbox.find_quota_percent() == 90


def test_a_server_without_quotas_tells_none(dovecot: Dovecot, user: str) -> None:
    with open_mailbox(build_settings(dovecot, user)) as mailbox:
        assert mailbox.find_quota_percent() is None


def test_a_refused_login_is_told_apart_from_a_server_that_is_away(
    dovecot: Dovecot, user: str
) -> None:
    wrong = build_settings(dovecot, user, password="wrong")
    with pytest.raises(LoginRefusedError, match="refused the login"), open_mailbox(wrong):
        pass


def test_what_was_said_before_tls_began_counts_for_nothing(tmp_path: Path) -> None:
    """Whoever sits between may put words in front of the first that is encrypted."""
    write_certificate(tmp_path)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(tmp_path / "server.pem", tmp_path / "server.key")
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        accepted = listener.accept()[0]
        accepted.sendall(b"* OK [CAPABILITY IMAP4rev1 STARTTLS] ready\r\n")
        while (words := accepted.recv(1000).split())[1] != b"STARTTLS":
            accepted.sendall(b"* CAPABILITY IMAP4rev1 STARTTLS\r\n" + words[0] + b" OK done\r\n")
        accepted.sendall(words[0] + b" OK go ahead\r\n* 99 EXISTS\r\n")
        with context.wrap_socket(accepted, server_side=True) as encrypted:
            while words := encrypted.recv(1000).split():
                encrypted.sendall(b"* CAPABILITY IMAP4rev1\r\n" + words[0] + b" OK done\r\n")

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    settings = MailboxSettings.model_validate(
        {
            "name": "outreach",
            "host": "localhost",
            "port": listener.getsockname()[1],
            "tls": "starttls",
            "ca_file": str(tmp_path / "ca.pem"),
            "username": "outreach",
            "password": "Gl0cken-spiel",
            "addresses": ["ero.outreach@agency.example"],
        }
    )
    line = Line()
    client = connect(settings, SocketTimeout(15, 15), line)
    assert client.capabilities() == (b"IMAP4REV1",)
    assert list_told_counts(client) == []
    client.shutdown()
    line.release()
    thread.join(20)
    listener.close()
