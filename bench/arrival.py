"""Arrival: how long a mail waits for its acknowledgement, and what looking for new mail costs.

The service runs as it does for real, on a Dovecot and a relay of this machine. A mail with an
AcroForm is handed over, and the clock stops when the relay has taken the acknowledgement; then
nothing happens for a moment. It is measured with IDLE, and with polling alone beside it.

Then the same round (look, record, commit) is measured with one new mail in a folder of 1,000 and in
one of 50,000, in turns, and the memory of this process while it takes in a folder of mails. The
folders are kept in Dovecot's mdbox: with a maildir the server itself reads the whole folder again
for each delivery. Run it with `python -m bench.arrival`; it needs Dovecot.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import sys
import tempfile
import threading
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median, quantiles

from rich.console import Console
from rich.table import Table

from config.settings import Settings
from inbox_worker.demo.servers import AcceptedMail, EmbeddedAccount, EmbeddedServers
from inbox_worker.fetching.round import fetch_mailbox
from inbox_worker.fetching.setup import set_up_mailbox
from inbox_worker.logs import configure_logging
from inbox_worker.mailbox.client import Mailbox, open_mailbox
from inbox_worker.service import bootstrap
from inbox_worker.service.notify import Notifier
from inbox_worker.service.scheduler import Service
from inbox_worker.services import Services
from inbox_worker.storage.database import Database

# The test servers are not installed with the program; run as a file, this finds them all the same.
sys.path.append(str(Path(__file__).resolve().parents[1]))
from bench.servers import AUTHOR, MailServer, build_bench_settings, build_mail, use_dovecot
from tests.servers.dovecot import Dovecot, start_dovecot

_WARM_UP = 3
_MAILS = {"idle": 60, "poll": 12}
_POLL_SECONDS = 5
#: How long nothing happens between two mails: by chance, from one to the other.
_QUIET = {"idle": (0.2, 0.6), "poll": (0.0, _POLL_SECONDS)}
_PATIENCE = 60.0

_SMALL, _LARGE = 1_000, 50_000
_ROUNDS = 60
_FLAT_AFTER, _FLAT_UNTIL = 2_000, 20_000


@dataclass(slots=True)
class _Relay:
    """Knows when the acknowledgement of each mail was taken."""

    taken: dict[str, float] = field(default_factory=dict)
    news: threading.Condition = field(default_factory=threading.Condition)

    def take(self, mail: AcceptedMail) -> None:
        head = mail.raw.partition(b"\r\n\r\n")[0].decode("ascii", "replace")
        answered = next((x for x in head.splitlines() if x.startswith("In-Reply-To:")), "")
        if AUTHOR in mail.recipients and answered:
            with self.news:
                self.taken.setdefault(answered.split()[1], time.perf_counter())
                self.news.notify_all()

    def wait(self, message_id: str) -> float:
        with self.news:
            assert self.news.wait_for(lambda: message_id in self.taken, _PATIENCE), message_id
            return self.taken[message_id]


def main() -> None:
    """Measure, and print tables and a JSON line."""
    if not shutil.which("dovecot"):
        print("bench.arrival needs Dovecot, which is not installed.")
        return
    configure_logging(json=True, level=50)
    with ExitStack() as stack:
        folder, home, other_home = (
            Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="ero-", dir="/tmp")))
            for _ in range(3)
        )
        server = stack.enter_context(start_dovecot(home))
        waits = {way: _measure_arrival(server, folder, way) for way in ("idle", "poll")}
        boxes = stack.enter_context(start_dovecot(other_home, storage="mdbox:~/mdbox"))
        rounds = _measure_rounds(boxes, folder)
        memory = _measure_memory(boxes, folder)
    _show(waits, rounds, memory)


def _measure_arrival(dovecot: Dovecot, folder: Path, way: str) -> list[float]:
    """Return the seconds each mail waited for its acknowledgement."""
    relay = _Relay()
    accounts = [
        EmbeddedAccount(username=address, password="bench", addresses=(address,))
        for address in (AUTHOR, "r.ortega@agency.example")
    ]
    mailbox = use_dovecot(dovecot)
    with EmbeddedServers(accounts, on_accepted=relay.take) as servers:
        settings = build_bench_settings(
            mailbox.mailbox,
            folder / f"{way}.db",
            smtp_port=servers.smtp_port,
            idle=way == "idle",
            poll=60 if way == "idle" else _POLL_SECONDS,
        )
        _set_up(settings)
        waits: list[float] = []
        with bootstrap.open_worker(settings) as worker:
            service = Service(worker, Notifier.of({}))
            driver = threading.Thread(target=_drive, args=(mailbox, relay, way, waits))
            driver.start()
            # It runs on the main thread, where signals go, and ends by one.
            service.run()
            driver.join()
    assert len(waits) == _WARM_UP + _MAILS[way], "see above why the mails came to an end"
    return waits[_WARM_UP:]


def _drive(mailbox: MailServer, relay: _Relay, way: str, waits: list[float]) -> None:
    chance = random.Random(4)
    mails = [build_mail(number) for number in range(_WARM_UP + _MAILS[way])]
    try:
        for number, raw in enumerate(mails):
            time.sleep(chance.uniform(*_QUIET[way]))
            started = time.perf_counter()
            mailbox.deliver(raw)
            waits.append(relay.wait(f"<bench-{number}@courts.example>") - started)
    finally:
        os.kill(os.getpid(), signal.SIGTERM)


def _set_up(settings: Settings, *, ignore_backlog: bool = False) -> None:
    database = Database(settings.database.url.get_secret_value())
    database.migrate()
    with open_mailbox(settings.primary_mailbox) as mailbox:
        mailbox.ensure_folders()
        set_up_mailbox(database, settings.primary_mailbox, mailbox, ignore_backlog=ignore_backlog)
    database.close()


def _fill(dovecot: Dovecot, count: int) -> MailServer:
    """Return a mailbox whose folder holds so many small mails."""
    mailbox = use_dovecot(dovecot)
    dovecot.fill(mailbox.mailbox.username, (_build_small(number) for number in range(count)))
    return mailbox


def _build_small(number: int) -> bytes:
    head = f"From: a@courts.example\r\nSubject: {number}\r\nMessage-ID: <{number}@x.example>\r\n"
    return (head + "\r\n" + "Nothing but a few words.\r\n" * 20).encode()


def _measure_rounds(dovecot: Dovecot, folder: Path) -> dict[int, list[float]]:
    """Return the seconds of each round that finds one new mail, by the size of the folder."""
    seconds: dict[int, list[float]] = {_SMALL: [], _LARGE: []}
    with ExitStack() as stack:
        sides: dict[int, tuple[MailServer, Services, Mailbox]] = {}
        for count in seconds:
            server = _fill(dovecot, count)
            settings = build_bench_settings(server.mailbox, folder / f"{count}.db")
            _set_up(settings, ignore_backlog=True)
            worker = stack.enter_context(bootstrap.open_worker(settings))
            mailbox = stack.enter_context(open_mailbox(server.mailbox))
            sides[count] = server, worker.services, mailbox
        for number in range(_ROUNDS):
            # In turns, so that a slow moment of the machine meets both.
            for count, (server, services, mailbox) in sides.items():
                server.deliver(_build_small(1_000_000 + number))
                started = time.perf_counter()
                report = fetch_mailbox(services, server.mailbox, mailbox, should_stop=lambda: False)
                seconds[count].append(time.perf_counter() - started)
                assert report.recorded == 1
    return {count: found[_ROUNDS // 6 :] for count, found in seconds.items()}


def _measure_memory(dovecot: Dovecot, folder: Path) -> tuple[float, float]:
    """Return this process's memory early and at the most, in MB, while it records a folder."""
    server = _fill(dovecot, _FLAT_UNTIL)
    settings = build_bench_settings(server.mailbox, folder / "memory.db")
    _set_up(settings)
    samples: list[float] = []

    def sample() -> bool:
        samples.append(_read_memory())
        return False

    with (
        bootstrap.open_worker(settings) as worker,
        open_mailbox(server.mailbox) as mailbox,
    ):
        report = fetch_mailbox(worker.services, server.mailbox, mailbox, should_stop=sample)
    assert report.recorded == _FLAT_UNTIL
    early = len(samples) * _FLAT_AFTER // _FLAT_UNTIL
    return samples[early], max(samples)


def _read_memory() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1_000_000


def _show(
    waits: dict[str, list[float]], rounds: dict[int, list[float]], memory: tuple[float, float]
) -> None:
    console = Console()
    table = Table(title="From arrival to the acknowledgement submitted", title_justify="left")
    for column in ("way", "mails", "median s", "95th percentile s"):
        table.add_column(column, justify="left" if column == "way" else "right")
    p95 = {way: quantiles(found, n=20)[-1] for way, found in waits.items()}
    names = {"idle": "IDLE", "poll": f"polling every {_POLL_SECONDS} s"}
    for way, found in waits.items():
        table.add_row(names[way], str(len(found)), f"{median(found):.3f}", f"{p95[way]:.3f}")
    console.print(table)
    console.print("wanted: under 1 s at the 95th percentile through IDLE")
    table = Table(title="A round that finds one new mail", title_justify="left")
    for column in ("folder of", "median ms"):
        table.add_column(column, justify="right")
    cost = {count: median(found) for count, found in rounds.items()}
    for count, found in cost.items():
        table.add_row(f"{count:,}", f"{1000 * found:.2f}")
    console.print(table)
    ratio = cost[_LARGE] / cost[_SMALL]
    console.print(f"ratio {ratio:.2f} (wanted: at most 1.20)")
    console.print(
        f"memory after {_FLAT_AFTER:,} mails {memory[0]:.0f} MB, "
        f"at most {memory[1]:.0f} MB up to {_FLAT_UNTIL:,}"
    )
    print(
        json.dumps(
            {
                "bench": "arrival",
                "idle_p95_s": round(p95["idle"], 3),
                "idle_median_s": round(median(waits["idle"]), 3),
                "poll_seconds": _POLL_SECONDS,
                "poll_p95_s": round(p95["poll"], 3),
                "poll_median_s": round(median(waits["poll"]), 3),
                "round_small_ms": round(1000 * cost[_SMALL], 2),
                "round_large_ms": round(1000 * cost[_LARGE], 2),
                "round_ratio": round(ratio, 3),
                "memory_early_mb": round(memory[0]),
                "memory_most_mb": round(memory[1]),
            }
        )
    )


if __name__ == "__main__":
    main()
