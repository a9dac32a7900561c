"""IDLE against a server that says exactly what a test wants it to say, and when."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from config.sections import MailboxSettings
from inbox_worker.errors import UnreachableError, WorkerError
from inbox_worker.mailbox.client import Mailbox, MailboxRefusedError, open_mailbox
from inbox_worker.mailbox.waking import Waker

SELECTED = "* 2 EXISTS\r\n* OK [UIDVALIDITY 7] ok\r\n* OK [UIDNEXT 3] ok\r\n"
ANSWERS = {
    "CAPABILITY": "* CAPABILITY IMAP4rev1 IDLE NAMESPACE\r\n",
    "UID": "* SEARCH\r\n",
    "NAMESPACE": '* NAMESPACE (("" "/")) NIL NIL\r\n',
    "SELECT": SELECTED,
    "LOGOUT": "* BYE\r\n",
}


def serve(listener: socket.socket, answers: dict[str, str]) -> None:
    """Serve one connection; `IDLE` is answered as written, then everything with OK."""
    with listener.accept()[0] as connection:
        connection.sendall(b"* OK [CAPABILITY IMAP4rev1 IDLE NAMESPACE] ready\r\n")
        tag = ""
        for line in connection.makefile("r", newline="\r\n"):
            words = line.split()
            if words == ["DONE"]:
                connection.sendall(f"{tag} OK done\r\n".encode())
                continue
            tag, command = words[0], words[1].upper()
            if command == "IDLE":
                connection.sendall(answers["IDLE"].format(tag=tag).encode())
                continue
            told = (ANSWERS | answers).get(command, "")
            connection.sendall(f"{told}{tag} OK done\r\n".encode())


@contextmanager
def scripted_server(**answers: str) -> Iterator[MailboxSettings]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, args=(listener, answers), daemon=True)
        thread.start()
        yield MailboxSettings.model_validate(
            {
                "name": "outreach",
                "host": "localhost",
                "port": listener.getsockname()[1],
                "tls": "none",
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


@pytest.mark.parametrize(
    "said",
    [
        pytest.param("+ idling\r\n* OK Still here\r\n", id="that it is there"),
        pytest.param("+ idling\r\n* 1 EXPUNGE\r\n", id="that a message is gone"),
        pytest.param("+ idling\r\n* 2 FETCH (FLAGS (\\Seen))\r\n", id="that one was read"),
    ],
)
def test_what_is_no_news_ends_nothing(said: str, waker: Waker) -> None:
    with scripted_server(IDLE=said) as settings, open_mailbox(settings) as mailbox:
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
    with scripted_server(IDLE=said) as settings, open_mailbox(settings) as mailbox:
        look(mailbox)
        with pytest.raises(error):
            mailbox.wait_for_news(waker, seconds=60)
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
