"""Many mails through one worker: memory stays flat, and every mail is accounted for.

The long form takes 100,000; `make soak` runs it, and prints how far it is.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import func, select

from inbox_worker.fetching.fetcher import Fetcher
from inbox_worker.fetching.setup import set_up_mailbox
from inbox_worker.handling import ingest
from inbox_worker.mailbox.client import open_mailbox
from inbox_worker.storage.models import JournalEntry, Sighting
from tests.servers.dovecot import Dovecot, start_dovecot
from tests.worker_harness import Harness, Opener

#: What memory may grow by between the first tenth of the mails and the last, in MB: buffers and
#: caches that fill up, and the list of what is new in a folder, at a few bytes a mail.
GROWTH_MB = 24

#: After how many message boundaries it is told how far a step is.
TOLD_EVERY = 1_000


@pytest.fixture
def server(short_folders: Callable[[], Path]) -> Iterator[Dovecot]:
    """Yield a server that keeps large folders well."""
    with start_dovecot(short_folders(), storage="mdbox:~/mdbox") as dovecot:
        yield dovecot


def read_memory() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1_000_000


def build_mail(number: int, size: int) -> bytes:
    head = f"From: Clerk <clerk{number}@courts.example>\r\nSubject: {number}\r\n"
    head += f"Message-ID: <{number}@courts.example>\r\n\r\n"
    return head.encode() + (b"Nothing but a few words.\r\n" * (size // 26))


class Watch:
    """Samples memory at every message boundary, tells how far it is, and stops nothing."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.samples: list[float] = []
        self.told_at = time.monotonic()

    def __call__(self) -> bool:
        self.samples.append(read_memory())
        if len(self.samples) % TOLD_EVERY == 0:
            elapsed, self.told_at = time.monotonic() - self.told_at, time.monotonic()
            rate = TOLD_EVERY / elapsed
            count, memory = len(self.samples), self.samples[-1]
            sys.stderr.write(f"{self.name}: {count} times, {rate:.0f} a second, {memory:.0f} MB\n")
        return False

    @property
    def growth(self) -> float:
        early = self.samples[: max(1, len(self.samples) // 10)]
        return max(self.samples) - max(early)


@pytest.mark.parametrize(
    ("count", "size"),
    [
        pytest.param(2_000, 30_000, id="2000 mails, 60 MB"),
        pytest.param(
            100_000,
            3_000,
            id="100000 mails",
            marks=[pytest.mark.long, pytest.mark.soak, pytest.mark.timeout(7200)],
        ),
    ],
)
def test_memory_stays_flat_while_mail_is_recorded_and_moved(
    server: Dovecot, open_harness: Opener, count: int, size: int
) -> None:
    server.fill("soak", (build_mail(number, size) for number in range(count)))
    harness: Harness = open_harness(
        mailbox=[
            {
                "name": "outreach",
                "host": "localhost",
                "port": server.imaps_port,
                "ca_file": str(server.ca_file),
                "username": "soak",
                "password": server.password,
                "addresses": ["ero.outreach@agency.example"],
            }
        ]
    )
    services, settings = harness.services, harness.services.settings.primary_mailbox
    with open_mailbox(settings) as mailbox:
        mailbox.ensure_folders()
        set_up_mailbox(services.database, settings, mailbox, ignore_backlog=False)
    fetching, filing, moving = Watch("fetching"), Watch("filing"), Watch("moving")
    fetcher = Fetcher(services=services, settings=settings, should_stop=fetching)
    assert fetcher.fetch().recorded == count
    assert fetching.growth < GROWTH_MB
    if count > 10_000:
        report = ingest.dispose_pending(services, harness.worker_id, should_stop=filing)
        assert (report.disposed, report.failed, report.left) == (count, 0, 0)
        assert filing.growth < GROWTH_MB
        fetcher.should_stop = moving
        assert fetcher.fetch().moved == count
        assert moving.growth < GROWTH_MB
        with open_mailbox(settings) as mailbox:
            assert mailbox.message_count == 0
    fetcher.close()
    with services.database.read() as session:
        for table in (JournalEntry, Sighting):
            assert session.scalar(select(func.count()).select_from(table)) == count
