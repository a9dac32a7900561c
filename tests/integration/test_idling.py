"""IDLE against a server that says exactly what a test wants it to say, and when."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from config.sections import MailboxSettings
from inbox_worker.errors import UnreachableError, WorkerError
from inbox_worker.mailbox.client import Mailbox, MailboxRefusedError, open_mailbox
from inbox_worker.mailbox.waking import Waker
from tests.servers.tls import write_certificate

SELECTED = "* 2 EXISTS\r\n* OK [UIDVALIDITY 7] ok\r\n* OK [UIDNEXT 3] ok\r\n"
ANSWERS = {
    "CAPABILITY": "* CAPABILITY IMAP4rev1 IDLE NAMESPACE\r\n",
    "UID": "* SEARCH\r\n",
    "NAMESPACE": '* NAMESPACE (("" "/")) NIL NIL\r\n',
    "SELECT": SELECTED,
    "LOGOUT": "* BYE\r\n",
}


#: Where a server pauses in what it says.
PAUSE = "|"


def say(connection: socket.socket, text: str) -> None:
    """Say a text, with its pauses."""
    first, *rest = text.split(PAUSE)
    connection.sendall(first.encode())
    for part in rest:
        time.sleep(0.1)
        connection.sendall(part.encode())


def serve(listener: socket.socket, answers: dict[str, str], context: ssl.SSLContext | None) -> None:
    """Serve one connection; `IDLE` is answered as written, then everything with OK."""
    accepted = listener.accept()[0]
    if context is not None:
        accepted = context.wrap_socket(accepted, server_side=True)
    with accepted as connection:
        connection.sendall(b"* OK [CAPABILITY IMAP4rev1 IDLE NAMESPACE] ready\r\n")
        tag = ""
        for line in connection.makefile("r", newline="\r\n"):
            words = line.split()
            if words == ["DONE"]:
                connection.sendall(f"{tag} OK done\r\n".encode())
                continue
            tag, command = words[0], words[1].upper()
            if command == "IDLE":
                say(connection, answers["IDLE"].format(tag=tag))
                continue
            told = (ANSWERS | answers).get(command, "")
            connection.sendall(f"{told}{tag} OK done\r\n".encode())


@contextmanager
def scripted_server(certified: Path | None = None, **answers: str) -> Iterator[MailboxSettings]:
    """Run a server, over TLS where there is a folder with its certificate."""
    context = None
    if certified is not None:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(certified / "server.pem", certified / "server.key")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, args=(listener, answers, context), daemon=True)
        thread.start()
        yield MailboxSettings.model_validate(
            {
                "name": "outreach",
                "host": "localhost",
                "port": listener.getsockname()[1],
                "tls": "none" if certified is None else "implicit",
                "ca_file": "" if certified is None else str(certified / "ca.pem"),
                "username": "outreach",
                "password": "Gl0cken-spiel",
                "addresses": ["ero.outreach@agency.example"],
            }
        )
        thread.join(20)


def look(mailbox: Mailbox) -> None:
    """Find that there is no new mail."""
    assert list(mailbox.fetch_new(2, max_message_bytes=1, max_batch_bytes=1)) == []


@pytest.fixture
def waker() -> Iterator[Waker]:
    """Yield a waker that nobody has woken."""
    made = Waker()
    yield made
    made.close()


@pytest.mark.parametrize(
    "said",
    [
        pytest.param("+ idling\r\n* 3 EXISTS\r\n", id="together with its consent"),
        pytest.param("* 3 EXISTS\r\n+ idling\r\n", id="before its consent"),
        pytest.param("+ idling\r\n* OK Still here\r\n* 3 exists\r\n", id="among other things"),
    ],
)
def test_news_are_heard_however_a_server_tells_them(said: str, waker: Waker) -> None:
    with scripted_server(IDLE=said) as settings, open_mailbox(settings) as mailbox:
        look(mailbox)
        mailbox.wait_for_news(waker, seconds=60)
        look(mailbox)


@pytest.fixture(scope="module")
def certified(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a certificate for this machine."""
    folder = tmp_path_factory.mktemp("certified")
    write_certificate(folder)
    return folder


@pytest.fixture(params=["in clear", "over TLS"])
def folder_or_none(request: pytest.FixtureRequest, certified: Path) -> Path | None:
    """Return what a server needs to speak in each way."""
    return certified if request.param == "over TLS" else None


@pytest.mark.parametrize(
    "said",
    [
        pytest.param("+ idling\r\n* 3 EXI|STS\r\n", id="the news in two pieces"),
        pytest.param(
            "+ idling\r\n|* OK Still here\r\n* 3 |EXISTS\r\n",
            id="after other things, in two pieces",
        ),
        pytest.param("+ idling\r\n|* OK Sti|ll here\r\n|* 3 EXISTS\r\n", id="after two pieces"),
        pytest.param("+ idling\r\n|* 3 EXISTS\r|\n", id="with the line's end in two pieces"),
    ],
)
def test_news_are_heard_in_whatever_pieces_they_come(
    said: str, folder_or_none: Path | None, waker: Waker
) -> None:
    with scripted_server(folder_or_none, IDLE=said) as settings, open_mailbox(settings) as mailbox:
        look(mailbox)
        began = time.monotonic()
        mailbox.wait_for_news(waker, seconds=30)
        assert time.monotonic() - began < 15
        look(mailbox)


@pytest.mark.parametrize(
    "said",
    [
        pytest.param("+ idling\r\n* OK Still here\r\n", id="that it is there"),
        pytest.param("+ idling\r\n|* OK Sti|ll here\r\n", id="the same in two pieces"),
        pytest.param("+ idling\r\n* 1 EXPUNGE\r\n", id="that a message is gone"),
        pytest.param("+ idling\r\n* 2 FETCH (FLAGS (\\Seen))\r\n", id="that one was read"),
    ],
)
def test_what_is_no_news_ends_nothing(said: str, folder_or_none: Path | None, waker: Waker) -> None:
    with scripted_server(folder_or_none, IDLE=said) as settings, open_mailbox(settings) as mailbox:
        look(mailbox)
        assert_waits(mailbox, waker)


def assert_waits(mailbox: Mailbox, waker: Waker) -> None:
    """See that nothing but being woken ends the waiting."""
    thread = threading.Thread(target=lambda: mailbox.wait_for_news(waker, seconds=60))
    thread.start()
    thread.join(0.3)
    assert thread.is_alive()
    waker.wake()
    thread.join(20)
    assert not thread.is_alive()


@pytest.mark.parametrize(
    ("said", "error"),
    [
        pytest.param("{tag} NO not now\r\n", MailboxRefusedError, id="refused"),
        pytest.param("+ idling\r\n* BYE later\r\n", UnreachableError, id="goodbye"),
        pytest.param("+ idling\r\n* 3 EXI", UnreachableError, id="half a line"),
    ],
)
def test_what_goes_wrong_while_idle_is_an_error(
    said: str, error: type[WorkerError], waker: Waker
) -> None:
    with (
        scripted_server(IDLE=said) as settings,
        open_mailbox(settings, read_seconds=2) as mailbox,
    ):
        look(mailbox)
        with pytest.raises(error):
            mailbox.wait_for_news(waker, seconds=2)
        mailbox.abandon()


def test_a_server_that_says_the_same_with_every_answer_has_no_news(waker: Waker) -> None:
    same = "* 2 EXISTS\r\n* SEARCH\r\n"
    with (
        scripted_server(IDLE="+ idling\r\n", UID=same) as settings,
        open_mailbox(settings) as mailbox,
    ):
        look(mailbox)
        mailbox.wait_for_news(waker, seconds=60)
        look(mailbox)
        assert_waits(mailbox, waker)


def test_a_folder_that_is_renumbered_under_us_is_noticed() -> None:
    answer = "* OK [UIDVALIDITY 8] changed\r\n"
    with (
        scripted_server(NOOP=answer) as settings,
        open_mailbox(settings) as mailbox,
        pytest.raises(UnreachableError, match="renumbered"),
    ):
        look(mailbox)
