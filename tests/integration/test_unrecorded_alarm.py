"""A database that cannot be used is told without it: by mail, command, metrics and log."""

from __future__ import annotations

import email
import json
import shlex
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from structlog.testing import capture_logs

from inbox_worker.service.relays import build_account
from inbox_worker.service.worker import Worker
from inbox_worker.storage.leases import WorkerLease
from outbound.submission.smtp import SmtpSubmitter
from tests.servers.dovecot import Dovecot
from tests.servers.ports import find_free_ports, wait_until
from tests.servers.postfix import Postfix
from tests.worker_harness import Harness, Opener

_WRITE_DOWN = """
import pathlib, sys
with pathlib.Path(__file__).with_name("told").open("a") as file:
    file.write(sys.stdin.read())
"""


@dataclass(slots=True)
class Site:
    """A worker, its relay, and whoever is told."""

    harness: Harness
    worker: Worker
    folder: Path
    read: Callable[[], list[str]]
    database: Path = field(init=False)

    def __post_init__(self) -> None:
        self.database = Path(self.harness.services.database.engine.url.database or "")

    def turn(self, **after: float) -> None:
        """Take a turn at tending, which fails as long as the database does."""
        self.harness.clock.advance(**after)
        try:
            self.worker.tend()
        except SQLAlchemyError:
            return

    def mend(self) -> None:
        self.harness.services.database.engine.dispose()
        if self.database.is_dir():
            self.database.rmdir()
        self.database.with_suffix(".kept").replace(self.database)

    @property
    def calls(self) -> list[tuple[str, str]]:
        told = self.folder / "told"
        lines = told.read_text().splitlines() if told.exists() else []
        return [(c["state"], c["code"]) for c in map(json.loads, lines)]

    @property
    def metrics(self) -> str:
        path = self.folder / "ero.prom"
        return path.read_text() if path.exists() else ""


@pytest.fixture
def site(
    open_harness: Opener, dovecot: Dovecot, postfix: Postfix, tmp_path: Path, backend: str
) -> Iterator[Site]:
    """Yield a site that minds nothing but its database."""
    if backend != "sqlite":
        pytest.skip("what is broken here is a file")
    script = tmp_path / "alarm.py"
    script.write_text(_WRITE_DOWN)
    user = f"it-{tmp_path.name}".replace("_", "-").lower()[-40:]
    harness = open_harness(
        alerts={
            "urgent": ["duty@agency.example"],
            "alarms": [f"{user}@agency.example"],
            "command": f"{shlex.quote(sys.executable)} {shlex.quote(str(script))}",
            "metrics_file": str(tmp_path / "ero.prom"),
            "fetch_minutes": 99_999,
            "outbox_minutes": 99_999,
            "disk_free_mb": 0,
        },
        smtp={"host": postfix.host, "port": postfix.port, "tls": "none"},
    )
    services = harness.services
    lease = WorkerLease(
        database=services.database,
        url=str(services.database.engine.url),
        clock=harness.clock,
        duration=timedelta(days=1),
        random_bits=services.random_bits,
    )
    with SmtpSubmitter(build_account(services.settings.smtp)) as submitter:
        worker = Worker(services=services, submitter=submitter, lease=lease)

        def read() -> list[str]:
            mails = dovecot.read_folder(user, "INBOX")
            return [str(email.message_from_bytes(raw)["Subject"]) for raw in mails]

        yield Site(harness, worker, tmp_path, read)
        worker.close()


def take_away(site: Site) -> None:
    site.database.rename(site.database.with_suffix(".kept"))
    site.database.mkdir()


def overwrite(site: Site) -> None:
    site.database.rename(site.database.with_suffix(".kept"))
    site.database.write_bytes(b"no database at all, but long enough to be looked at" * 90)


def empty(site: Site) -> None:
    site.database.rename(site.database.with_suffix(".kept"))
    site.database.touch()


@pytest.mark.parametrize(
    ("break_it", "reason"),
    [
        pytest.param(take_away, "SQLITE_CANTOPEN", id="out of reach"),
        pytest.param(overwrite, "SQLITE_NOTADB", id="damaged"),
        pytest.param(empty, "SQLITE_ERROR", id="another one, without our tables"),
    ],
)
def test_it_is_told_when_it_begins_hourly_and_when_it_is_over(
    site: Site, break_it: Callable[[Site], None], reason: str
) -> None:
    site.turn()
    written = site.metrics
    assert "ero_outreach_requests" in written
    site.harness.services.database.engine.dispose()
    break_it(site)
    for _ in range(6):
        site.turn(seconds=10)
    assert site.calls == [], "a server that is started anew is away for seconds"
    with capture_logs() as logged:
        site.turn(seconds=10)
    (told,) = (line for line in logged if line["event"] == "alarm_raised")
    assert (told["code"], told["reason"]) == ("database_unusable", reason)
    assert wait_until(lambda: site.read() == ["Alert: database unusable"])
    assert site.calls == [("raised", "database_unusable")]
    assert 'ero_outreach_alarm{about="",code="database_unusable"} 1.0' in site.metrics
    assert site.metrics.splitlines()[2] != written.splitlines()[2], "when it was written"
    for _ in range(59):
        site.turn(minutes=1)
    assert len(site.calls) == 1, "bounded"
    site.turn(minutes=1)
    assert site.calls[1:] == [("reminded", "database_unusable")]
    site.mend()
    site.turn(minutes=1)
    assert len(site.calls) == 2, "it may come back"
    site.turn(minutes=2)
    assert site.calls[2:] == [("cleared", "database_unusable")]
    site.turn(hours=5)
    assert len(site.calls) == 3
    assert "database_unusable" not in site.metrics
    assert wait_until(lambda: len(site.read()) == 3), site.read()
    assert sorted(site.read()) == [
        "Alert goes on: database unusable",
        "Alert is over: database unusable",
        "Alert: database unusable",
    ]


def test_a_relay_that_is_away_too_is_tried_again_and_the_command_run_once(site: Site) -> None:
    settings = site.harness.services.settings
    away = build_account(settings.smtp.model_copy(update={"port": find_free_ports(1)[0]}))
    alarm = site.worker._unrecorded
    submitter = alarm.submitter
    take_away(site)
    with SmtpSubmitter(away) as nobody:
        alarm.submitter = nobody
        for _ in range(3):
            site.turn(minutes=1)
    assert site.read() == []
    alarm.submitter = submitter
    for _ in range(3):
        site.turn(minutes=1)
    assert wait_until(lambda: site.read() == ["Alert: database unusable"])
    assert site.calls == [("raised", "database_unusable")]
    site.mend()


def test_a_failure_that_passes_is_told_to_nobody(site: Site) -> None:
    site.turn()
    take_away(site)
    site.harness.services.database.engine.dispose()
    site.turn(seconds=10)
    site.turn(seconds=30)
    site.mend()
    for _ in range(10):
        site.turn(minutes=1)
    assert site.calls == []
    assert site.read() == []


def test_alarms_that_cannot_be_written_down_are_enough(site: Site) -> None:
    """A disk that is nearly full takes the small rows, and not the letters."""
    site.turn()
    with site.harness.services.database.unit_of_work() as unit:
        unit.session.execute(text("ALTER TABLE alarms RENAME TO alarms_away"))
        unit.commit()
    for _ in range(3):
        site.turn(minutes=1)
    assert site.calls == [("raised", "database_unusable")]
