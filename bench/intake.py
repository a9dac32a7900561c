"""Intake: how many mails a second go from the mailbox to a filed request, beside the floor.

The floor, measured in the same run on the same mailbox, fetches every mail, takes its SHA-256 and
commits it to an SQLite file, and does nothing else. To it comes the bare reading of the same mails
in this process, with nothing around it: each taken apart by mail-parser as that library comes, and
its form read, with type, place, rules and problems. The ratio says how much of what these allow is
reached here. For comparison, the same is said without the mails being taken apart, and with a walk
that takes every field's name and value by pikepdf, and asks nothing of them, for the reading.
Run it with `python -m bench.intake [COUNT]`; Dovecot is used where it is installed, else the
embedded server.
"""

from __future__ import annotations

import hashlib
import json
import resource
import sqlite3
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import mean

import mailparser
from rich.console import Console
from rich.table import Table

from config.settings import MailboxSettings, Settings
from inbox_worker.desk.views import list_requests
from inbox_worker.fetching.setup import set_up_mailbox
from inbox_worker.logs import configure_logging
from inbox_worker.mailbox.client import open_mailbox
from inbox_worker.reading.reader import load_definitions
from inbox_worker.service import bootstrap, opening
from inbox_worker.service.worker import Worker
from inbox_worker.storage.database import Database
from parsers.reading.document import read_document
from parsers.reading.known_forms import know

# The test servers are not installed with the program; run as a file, this finds them all the same.
sys.path.append(str(Path(__file__).resolve().parents[1]))
from bench.floors import read_bare_fields
from bench.servers import (
    MailServer,
    build_bench_settings,
    build_mail,
    fill_request,
    open_server,
)

MAILS = 200

#: Mails taken in before the clock starts: a service starts once, and is measured as it runs.
_WARM_UP = 10

#: How often to look whether all is fetched, in seconds.
_TICK = 0.01


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What one run measured; times in seconds for all the mails."""

    mails: int
    server: str
    floor: float
    parsing: float  #: every mail taken apart by mail-parser, alone
    reading: float  #: the AcroForm read as a request needs it, alone
    walk: float  #: every field's name and value by pikepdf
    intake: float
    peak_mb: float  #: of the parent process

    @property
    def ratio(self) -> float:
        """Return how much of what floor and bare reading of the mails allow is reached."""
        return (self.floor + self.parsing + self.reading) / self.intake

    @property
    def forms_ratio(self) -> float:
        """Return the same without the mails being taken apart."""
        return (self.floor + self.reading) / self.intake

    @property
    def walk_ratio(self) -> float:
        """Return how much of what floor and a mere walk over the fields allow is reached."""
        return (self.floor + self.walk) / self.intake


def main() -> None:
    """Measure, and print a table and a JSON line."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else MAILS
    configure_logging(json=True, level=40)
    form = fill_request(0)
    with tempfile.TemporaryDirectory() as temporary, open_server() as server:
        _show(_measure(server, form, Path(temporary), count))


def _measure(server: MailServer, form: bytes, folder: Path, count: int) -> Result:
    """Measure the floor and the readings before and after the intake, and take the mean.

    A machine's speed changes while it works; what is compared should have met the same changes.
    """
    settings = build_bench_settings(server.mailbox, folder / "intake.db")
    with _open_warm_worker(server, settings) as worker:
        with open_mailbox(server.mailbox) as mailbox:
            first_uid = mailbox.uidnext - 1
        mails = [build_mail(number) for number in range(_WARM_UP, _WARM_UP + count)]
        for mail in mails:
            server.deliver(mail)
        floors = [_measure_floor(server.mailbox, folder / "before.db", first_uid)]
        parsings = [_measure_parsing(mails)]
        readings = [_measure_reading(form, count)]
        walks = [_measure_walk(form, count)]
        intake = _measure_intake(worker, count)
        floors.append(_measure_floor(server.mailbox, folder / "after.db", first_uid))
        parsings.append(_measure_parsing(mails))
        readings.append(_measure_reading(form, count))
        walks.append(_measure_walk(form, count))
    return Result(
        mails=count,
        server=server.name,
        floor=mean(floors),
        parsing=mean(parsings),
        reading=mean(readings),
        walk=mean(walks),
        intake=intake,
        peak_mb=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    )


def _measure_floor(settings: MailboxSettings, path: Path, first_uid: int) -> float:
    """Fetch, digest and commit every mail, and nothing else."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("CREATE TABLE mails (sha256 TEXT PRIMARY KEY, raw BLOB)")
    started = time.perf_counter()
    with open_mailbox(settings) as mailbox:
        limits = {"max_message_bytes": 40_000_000, "max_batch_bytes": 16_777_216}
        for fetched in mailbox.fetch_new(first_uid, **limits):
            digest = hashlib.sha256(fetched.raw or b"").hexdigest()
            connection.execute("INSERT INTO mails VALUES (?, ?)", (digest, fetched.raw))
    elapsed = time.perf_counter() - started
    connection.close()
    return elapsed


def _measure_parsing(mails: list[bytes]) -> float:
    """Take every mail apart by mail-parser, up to its attachments, and nothing else."""
    started = time.perf_counter()
    for mail in mails:
        parsed = mailparser.parse_from_bytes(mail)
        assert parsed.attachments
    return time.perf_counter() - started


def _measure_walk(form: bytes, count: int) -> float:
    """Read every field's name and value, and nothing else."""
    started = time.perf_counter()
    for _ in range(count):
        read_bare_fields(form)
    return time.perf_counter() - started


def _measure_reading(form: bytes, count: int) -> float:
    """Read the form as the program does, in this process and with nothing around it."""
    definitions, today = load_definitions(), opening.now().date()
    know(definitions)
    started = time.perf_counter()
    for _ in range(count):
        read_document(form, definitions, today=today)
    return time.perf_counter() - started


@contextmanager
def _open_warm_worker(server: MailServer, settings: Settings) -> Iterator[Worker]:
    """Open a worker that has taken in a few mails, as a service has that runs for a while."""
    database = Database(settings.database.url.get_secret_value())
    database.migrate()
    with open_mailbox(server.mailbox) as mailbox:
        set_up_mailbox(database, server.mailbox, mailbox, ignore_backlog=False)
    database.close()
    with bootstrap.open_worker(settings) as worker:
        for number in range(_WARM_UP):
            server.deliver(build_mail(number))
        worker.fetchers[0].fetch()
        worker.file()
        yield worker


def _measure_intake(worker: Worker, count: int) -> float:
    """Take every mail from the mailbox to a filed request: file while others are still fetched."""
    started = time.perf_counter()
    fetcher, recorded = worker.fetchers[0], threading.Event()
    fetcher.on_recorded = recorded.set
    fetching = threading.Thread(target=fetcher.fetch)
    fetching.start()
    while recorded.wait(_TICK) or fetching.is_alive():
        recorded.clear()
        worker.file()
    elapsed = time.perf_counter() - started
    with worker.services.database.read() as session:
        filed = [r for r in list_requests(session) if r["status"] == "IN_REVIEW"]
    assert len(filed) == count + _WARM_UP, f"{len(filed)} of {count} were filed"
    return elapsed


def _show(result: Result) -> None:
    table = Table(title=f"Intake of {result.mails} mails, {result.server}", title_justify="left")
    for column in ("what", "seconds", "mails/s"):
        table.add_column(column, justify="left" if column == "what" else "right")
    rows = {
        "floor: fetch, SHA-256, commit": result.floor,
        "mails taken apart by mail-parser": result.parsing,
        "bare AcroForm reading": result.reading,
        "a mere walk over its fields": result.walk,
        "floor and bare reading": result.floor + result.parsing + result.reading,
        "mailbox to filed": result.intake,
    }
    for name, seconds in rows.items():
        table.add_row(name, f"{seconds:.2f}", f"{result.mails / seconds:.0f}")
    console = Console()
    console.print(table)
    console.print(
        f"ratio {result.ratio:.2f} (wanted: 0.70; {result.forms_ratio:.2f} without taking the "
        f"mails apart, {result.walk_ratio:.2f} with the walk for the reading), "
        f"peak memory {result.peak_mb:.0f} MB"
    )
    print(
        json.dumps(
            {
                "bench": "intake",
                "mails": result.mails,
                "server": result.server,
                "mails_per_second": round(result.mails / result.intake, 1),
                "floor_per_second": round(result.mails / result.floor, 1),
                "parsing_ms": round(1000 * result.parsing / result.mails, 2),
                "reading_ms": round(1000 * result.reading / result.mails, 2),
                "walk_ms": round(1000 * result.walk / result.mails, 2),
                "ratio": round(result.ratio, 3),
                "ratio_of_forms": round(result.forms_ratio, 3),
                "ratio_with_walk": round(result.walk_ratio, 3),
                "peak_mb": round(result.peak_mb),
            }
        )
    )


if __name__ == "__main__":
    main()
