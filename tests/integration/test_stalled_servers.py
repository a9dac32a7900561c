"""A line that is cut under a server that does not answer: the waiting ends, and nothing is lost."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

import pytest

from inbox_worker.errors import UnreachableError
from tests.integration import test_fetching
from tests.integration.test_fetching import DONE, OpenPost, Post, await_idling
from tests.integration.test_mailbox import build_mail, find_imap_process
from tests.servers.cutting import start_cutting_proxy
from tests.servers.dovecot import Dovecot
from tests.servers.processes import standing_still

open_post = test_fetching.open_post
own_server = test_fetching.own_server
user = test_fetching.user

#: By far more than a cut takes, and by far less than the minute a server has to answer.
_AT_ONCE = 20.0


@contextmanager
def to_be_cut(post: Post, do: Callable[[], object]) -> Iterator[None]:
    """Begin something; when the block is over it waits for the server, and is cut off."""
    errors: list[Exception] = []

    def wait() -> None:
        try:
            do()
        except UnreachableError as error:
            errors.append(error)

    thread = threading.Thread(target=wait, daemon=True)
    thread.start()
    yield
    thread.join(0.3)
    assert thread.is_alive(), errors
    post.fetcher().cut()
    thread.join(_AT_ONCE)
    assert not thread.is_alive()
    assert len(errors) == 1


def go_on_anew(post: Post) -> None:
    """Work as the service does when it is started the next time."""
    post.close()
    post._fetchers.clear()
    post.work()
    post.check_accounts()


def test_a_command_that_is_not_answered(own_server: Dovecot, open_post: OpenPost) -> None:
    post = open_post(own_server)
    post.set_up()
    post.fetch()
    post.deliver(build_mail(1))
    with standing_still(find_imap_process(own_server)), to_be_cut(post, post.fetcher().fetch):
        pass
    go_on_anew(post)
    assert post.folders() == {DONE: 1}


def test_a_rest_that_the_server_does_not_let_end(own_server: Dovecot, open_post: OpenPost) -> None:
    post = open_post(own_server)
    post.set_up()
    post.fetch()
    with ExitStack() as stack, to_be_cut(post, post.fetcher().rest):
        await_idling(post)
        stack.enter_context(standing_still(find_imap_process(own_server)))
        post.fetcher().waker.wake()
    post.deliver(build_mail(1))
    go_on_anew(post)


def test_a_mail_of_which_half_has_come_is_not_to_blame(
    dovecot: Dovecot, open_post: OpenPost
) -> None:
    with start_cutting_proxy(dovecot.imap_port) as proxy:
        post = open_post(port=proxy.port, tls="none")
        post.set_up()
        post.deliver(build_mail(1), build_mail(2, size=300_000))
        proxy.allowed, proxy.hangs_up = 150_000, False
        fetcher = post.fetcher()
        fetcher.should_stop = lambda: True
        with to_be_cut(post, fetcher.fetch):
            pass
        assert post.withheld() == 0
        proxy.allowed = None
        go_on_anew(post)
    assert post.folders() == {DONE: 2}


def test_a_connection_that_is_being_made(open_post: OpenPost) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        post = open_post(port=silent.getsockname()[1])
        with to_be_cut(post, post.fetcher().fetch):
            pass


def test_nothing_is_reached_after_a_cut(open_post: OpenPost) -> None:
    post = open_post()
    post.set_up()
    post.fetcher().cut()
    with pytest.raises(UnreachableError):
        post.fetch()
