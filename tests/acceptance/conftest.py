"""Servers and jobs for the acceptance tests: one set of people on real or embedded servers."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import pytest

pytest.register_assert_rewrite("tests.acceptance.job", "tests.acceptance.mails")

from inbox_worker.cli.app import run_command  # noqa: E402
from inbox_worker.demo.servers import EmbeddedAccount, EmbeddedServers  # noqa: E402
from tests.acceptance.job import INSIDE, Done, Job, end_started, tag_address  # noqa: E402
from tests.acceptance.mails import MailServers  # noqa: E402
from tests.conftest import PASSWORD  # noqa: E402
from tests.servers.dovecot import Dovecot  # noqa: E402
from tests.servers.postfix import FORGED_DOMAIN, Postfix  # noqa: E402
from tests.servers.postgres import Postgres  # noqa: E402

#: Keeps the mailboxes of tests apart that share the real servers.
_TAGS = count(1)


@pytest.fixture(autouse=True)
def _leave_no_process() -> Iterator[None]:
    """See that what a test has started ends with it, however it ends."""
    yield
    end_started()


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


@pytest.fixture(scope="session")
def new_url(backend: str, request: pytest.FixtureRequest) -> Callable[[], str]:
    """Return a maker of a job's database, by its address; of a file in its folder it is empty."""
    if backend == "sqlite":
        return lambda: ""
    server: Postgres = request.getfixturevalue("postgres")
    return server.create_database


@pytest.fixture
def real_job(real_servers: MailServers, tmp_path: Path, new_url: Callable[[], str]) -> Job:
    """Return a job with mailboxes of its own on the real servers, not set up yet."""
    return Job(real_servers, tmp_path, tag=f"t{next(_TAGS)}", url=new_url())


Run = Callable[..., Done]


@pytest.fixture
def run(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """Return a runner of the command line in an empty folder, without a configuration."""
    for name in [name for name in os.environ if name.startswith("ERO_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str | Path) -> Done:
        code = run_command([str(a) for a in arguments], os.environ)
        said = capfd.readouterr()
        return Done(code, said.out, said.err)

    return run
