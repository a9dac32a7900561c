"""Servers the tests share: embedded ones that are always there, and real ones where installed.

With REQUIRE_SERVERS=1 in the environment a server that is missing fails the test; without it the
test is skipped and says why.
"""

from __future__ import annotations

import gc
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from inbox_worker.demo.servers import EmbeddedAccount, EmbeddedServers
from tests.servers import dovecot as dovecot_server
from tests.servers import postfix as postfix_server
from tests.servers import postgres as postgres_server
from tests.servers.dovecot import Dovecot, start_dovecot
from tests.servers.postfix import Postfix, start_postfix
from tests.servers.postgres import Postgres, start_postgres

# No example of a property has a deadline: a loaded machine is no fault of the program.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")

PASSWORD = "Gl0cken-spiel"

#: Whom the embedded servers have mailboxes for: the worker, two of the staff, three outsiders.
ACCOUNTS = (
    EmbeddedAccount(
        username="outreach",
        password=PASSWORD,
        addresses=("ero.outreach@agency.example", "ero.info@agency.example"),
    ),
    EmbeddedAccount(username="r.ortega", password=PASSWORD, addresses=("r.ortega@agency.example",)),
    EmbeddedAccount(username="l.chen", password=PASSWORD, addresses=("l.chen@agency.example",)),
    EmbeddedAccount(username="clerk", password=PASSWORD, addresses=("clerk@courts.example",)),
    EmbeddedAccount(
        username="officer", password=PASSWORD, addresses=("officer@probation.example",)
    ),
    EmbeddedAccount(username="agent", password=PASSWORD, addresses=("agent@bail.example",)),
)

_FINDERS: dict[str, Callable[[], str | None]] = {
    "dovecot": dovecot_server.find_missing_server,
    "postfix": postfix_server.find_missing_server,
    "postgres": postgres_server.find_missing_server,
}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test that is marked `on_both` on either database, where it uses one."""
    if "backend" in metafunc.fixturenames and metafunc.definition.get_closest_marker("on_both"):
        metafunc.parametrize("backend", ["sqlite", "postgresql"], indirect=True, scope="session")


def require_or_skip(name: str) -> None:
    """Go on when the server or tool `name` is here; else skip, or fail under REQUIRE_SERVERS=1."""
    if name in _FINDERS:
        why = _FINDERS[name]()
    else:
        search = os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin"
        why = None if shutil.which(name, path=search) else f"{name} is not installed."
    if why is None:
        return
    if os.environ.get("REQUIRE_SERVERS") == "1":
        pytest.fail(f"{why} REQUIRE_SERVERS=1 asks for it.")
    pytest.skip(why)


def pytest_collection_finish() -> None:
    """Let no collection of garbage look through ten thousand tests again and again."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def short_folders() -> Iterator[Callable[[], Path]]:
    """Yield a maker of folders whose paths are short enough for sockets inside them."""
    made: list[Path] = []

    def make() -> Path:
        made.append(Path(tempfile.mkdtemp(prefix="ero-", dir="/tmp")))
        return made[-1]

    yield make
    for folder in made:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def dovecot(short_folders: Callable[[], Path]) -> Iterator[Dovecot]:
    """Yield a Dovecot for the whole session; use a user of your own for every test."""
    require_or_skip("dovecot")
    with start_dovecot(short_folders()) as server:
        yield server


@pytest.fixture(scope="session")
def postfix(dovecot: Dovecot, short_folders: Callable[[], Path]) -> Iterator[Postfix]:
    """Yield a Postfix for the whole session that delivers everything to `dovecot`."""
    require_or_skip("postfix")
    with start_postfix(short_folders(), lmtp_port=dovecot.lmtp_port) as server:
        yield server


@pytest.fixture(scope="session")
def backend(request: pytest.FixtureRequest) -> str:
    """Return which database a test runs on; TEST_DATABASE says it for all that are not marked."""
    return str(getattr(request, "param", os.environ.get("TEST_DATABASE", "sqlite")))


@pytest.fixture(scope="session")
def postgres(short_folders: Callable[[], Path]) -> Iterator[Postgres]:
    """Yield a PostgreSQL for the whole session; make a database of your own for every test."""
    require_or_skip("postgres")
    with start_postgres(short_folders()) as server:
        yield server


@pytest.fixture
def embedded() -> Iterator[EmbeddedServers]:
    """Yield fresh embedded servers with the mailboxes of `ACCOUNTS`."""
    with EmbeddedServers(ACCOUNTS) as servers:
        yield servers
