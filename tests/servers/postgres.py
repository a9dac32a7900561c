"""A real PostgreSQL for the tests: one server on a loopback port, a fresh database for each.

It keeps nothing over a crash of the machine (no fsync), which makes it fast. PostgreSQL refuses to
run as root; it then runs as the user `postgres`, whom its package makes.
"""

from __future__ import annotations

import itertools
import os
import pwd
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg

from tests.servers.ports import find_free_ports, wait_until

_OWNER = "ero"
_SETTINGS = {
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "200",
    "shared_buffers": "64MB",
    # Nothing of ours may depend on the server's own zone.
    "timezone": "Asia/Kolkata",
    "logging_collector": "off",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Postgres:
    """A running server."""

    host: str
    port: int
    base: Path
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    def url_of(self, database: str) -> str:
        """Return the address of a database."""
        return f"postgresql+psycopg://{_OWNER}@{self.host}:{self.port}/{database}"

    def create_database(self, template: str | None = None) -> str:
        """Make a database, empty or a copy of the one at the address `template`; return its own."""
        name = f"test_{next(self._numbers)}"
        source = "template0" if template is None else template.rpartition("/")[2]
        self.execute(f'CREATE DATABASE "{name}" TEMPLATE "{source}"')
        return self.url_of(name)

    def restore_from_dump(self, url: str) -> str:
        """Put a database back from a dump of it, as after a loss; return the new one's address."""
        there = ["-h", self.host, "-p", str(self.port), "-U", _OWNER]
        dump, restore = _find_program("pg_dump"), _find_program("psql")
        if dump is None or restore is None:
            raise RuntimeError("The client programs of PostgreSQL are not installed.")
        dumped = subprocess.run(
            [dump, *there, url.rpartition("/")[2]], check=True, capture_output=True, timeout=60
        )
        copy = self.create_database()
        subprocess.run(
            [restore, *there, "-q", "-v", "ON_ERROR_STOP=1", copy.rpartition("/")[2]],
            input=dumped.stdout,
            check=True,
            capture_output=True,
            timeout=60,
        )
        return copy

    def drop_database(self, url: str) -> None:
        """Delete a database, whoever is still connected to it."""
        self.execute(f'DROP DATABASE IF EXISTS "{url.rpartition("/")[2]}" WITH (FORCE)')

    def execute(self, statement: str, database: str = "postgres") -> None:
        """Run a statement that stands outside every transaction."""
        address = f"host={self.host} port={self.port} user={_OWNER} dbname={database}"
        with psycopg.connect(address, autocommit=True) as connection:
            connection.execute(statement)  # type: ignore[call-overload]


def find_missing_server() -> str | None:
    """Return why PostgreSQL cannot be started here, as a sentence, or None."""
    if _find_program("initdb") is None:
        return "PostgreSQL is not installed (tests/servers/install.sh installs it on Debian)."
    if os.getuid() == 0 and not _has_user("postgres"):
        return "PostgreSQL does not run as root, and there is no user `postgres`."
    return None


@contextmanager
def start_postgres(base: Path) -> Iterator[Postgres]:
    """Yield a PostgreSQL that lives in `base`, an empty folder."""
    port = find_free_ports(1)[0]
    as_user = _demote(base)
    initdb, program = _find_program("initdb"), _find_program("postgres")
    if initdb is None or program is None:
        raise RuntimeError("PostgreSQL is not installed.")
    data = base / "data"
    options = ["--no-sync", "--auth=trust", f"--username={_OWNER}", "--encoding=UTF8"]
    made = subprocess.run(
        [initdb, *options, "--locale=C.UTF-8", "-D", str(data)],
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
        cwd=base,
        **as_user,
    )
    if made.returncode != 0:
        raise RuntimeError(f"initdb failed: {made.stderr[-2000:]}")
    settings = [part for name, value in _SETTINGS.items() for part in ("-c", f"{name}={value}")]
    with (base / "postgres.log").open("wb") as log:
        running = subprocess.Popen(
            [program, "-D", str(data), "-p", str(port), *settings],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=base,
            start_new_session=True,
            **as_user,
        )
    server = Postgres(host="127.0.0.1", port=port, base=base)
    try:
        if not wait_until(lambda: _answers(server), seconds=60):
            said = (base / "postgres.log").read_text()[-2000:]
            raise RuntimeError(f"PostgreSQL did not start; its log says: {said}")
        yield server
    finally:
        # SIGQUIT ends it at once, without waiting for those who are connected.
        running.send_signal(signal.SIGQUIT)
        running.wait(timeout=30)


def _demote(base: Path) -> dict[str, Any]:
    """Give the folder to whom the server runs as; return what starts a program as that user."""
    if os.getuid() != 0:
        return {}
    owner = pwd.getpwnam("postgres")
    os.chown(base, owner.pw_uid, owner.pw_gid)
    return {"user": owner.pw_uid, "group": owner.pw_gid, "extra_groups": []}


def _answers(server: Postgres) -> bool:
    try:
        server.execute("SELECT 1")
    except psycopg.OperationalError:
        return False
    return True


def _has_user(name: str) -> bool:
    try:
        pwd.getpwnam(name)
    except KeyError:
        return False
    return True


def _find_program(name: str) -> str | None:
    """Return a program of the newest PostgreSQL, which Debian keeps out of the usual folders."""
    folders = sorted(
        Path("/usr/lib/postgresql").glob("*/bin"), key=lambda f: float(f.parent.name), reverse=True
    )
    search = ":".join([*map(str, folders), os.environ.get("PATH", "")])
    return shutil.which(name, path=search)
