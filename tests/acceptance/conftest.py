"""Servers and jobs for the acceptance tests: one set of people on real or embedded servers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import pytest

pytest.register_assert_rewrite("tests.acceptance.job", "tests.acceptance.mails")

from inbox_worker.demo.servers import EmbeddedAccount, EmbeddedServers  # noqa: E402
from tests.acceptance.job import INSIDE, Job, tag_address  # noqa: E402
from tests.acceptance.mails import MailServers  # noqa: E402
from tests.conftest import PASSWORD  # noqa: E402
from tests.servers.dovecot import Dovecot  # noqa: E402
from tests.servers.postfix import FORGED_DOMAIN, Postfix  # noqa: E402

#: Keeps the mailboxes of tests apart that share the real servers.
_TAGS = count(1)


@contextmanager
def open_embedded(tag: str, outside: Sequence[str]) -> Iterator[MailServers]:
    """Start embedded servers with a mailbox for everybody."""
    everybody = [tag_address(address, tag) for address in (*INSIDE, *outside)]
    mailbox, second, *people = everybody
    accounts = [
        EmbeddedAccount(
            username=addresses[0].partition("@")[0], password=PASSWORD, addresses=addresses
        )
        for addresses in ((mailbox, second), *((address,) for address in people))
    ]
    with EmbeddedServers(
        accounts, is_genuine=lambda author, _login: not author.endswith(f"@{FORGED_DOMAIN}")
    ) as servers:
        yield MailServers(
            name="embedded",
            host=servers.host,
            imap_port=servers.imap_port,
            imap_tls="none",
            smtp_port=servers.smtp_port,
            ca_file=None,
            password=PASSWORD,
        )


def describe_real(dovecot: Dovecot, postfix: Postfix) -> MailServers:
    """Return the real servers, on which everybody has a mailbox."""
    return MailServers(
        name="real",
        host=dovecot.host,
        imap_port=dovecot.imaps_port,
        imap_tls="implicit",
        smtp_port=postfix.port,
        ca_file=dovecot.ca_file,
        password=dovecot.password,
    )


@pytest.fixture(scope="session")
def real_servers(dovecot: Dovecot, postfix: Postfix) -> MailServers:
    """Return Dovecot and Postfix as mail servers."""
    return describe_real(dovecot, postfix)


@pytest.fixture
def real_job(real_servers: MailServers, tmp_path: Path) -> Job:
    """Return a job with mailboxes of its own on the real servers, not set up yet."""
    return Job(real_servers, tmp_path, tag=f"t{next(_TAGS)}")
