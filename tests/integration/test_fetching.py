"""Fetching from a real Dovecot, with everything that goes wrong: nothing lost, nothing twice."""

from __future__ import annotations

import hashlib
import os
import re
import signal
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from config.settings import MailboxSettings
from inbox_worker.alarms.facts import find_current_alarms
from inbox_worker.errors import SchemaError, UnreachableError
from inbox_worker.fetching.fetcher import Fetcher
from inbox_worker.fetching.reconciling import finish, reconcile_mailbox
from inbox_worker.fetching.round import FetchReport
from inbox_worker.fetching.setup import find_missing_mailboxes, set_up_mailbox
from inbox_worker.mailbox.client import MailboxRefusedError, open_mailbox
from inbox_worker.storage import withheld
from inbox_worker.storage.models import (
    Event,
    JournalEntry,
    LetterRecord,
    Sighting,
    WithheldMail,
)
from tests.integration.test_mailbox import (
    BASIC,
    build_mail,
    find_imap_process,
    wait_no_longer_than,
)
from tests.servers.cutting import start_cutting_proxy
from tests.servers.dovecot import Dovecot, run_dovecot, start_dovecot
from tests.servers.ports import wait_until
from tests.servers.processes import await_end, standing_still
from tests.worker_harness import Harness, Opener

#: Where the mails of these tests go: they ask for nothing.
DONE = "For a person"
FOLDERS = ("Filed", "Decided", "Answered", "Automatic", "Quarantine", "For a person")


@pytest.fixture
def user(request: pytest.FixtureRequest) -> str:
    """Return a user nobody else has."""
    return re.sub(r"[^a-z0-9]+", "-", request.node.name.lower())[-60:].strip("-")


class Post:
    """One account on a server, the worker over it, and what each of them knows."""

    def __init__(self, server: Dovecot, user: str, harness: Harness) -> None:
        self.server = server
        self.user = user
        self.harness = harness
        self.sent: list[bytes] = []
        self._fetchers: dict[str, Fetcher] = {}

    def deliver(self, *mails: bytes) -> None:
        for raw in mails:
            self.server.deliver(raw, [f"{self.user}@agency.example"], sender="clerk@courts.example")
            self.sent.append(raw)

    @property
    def settings(self) -> tuple[MailboxSettings, ...]:
        return self.harness.services.settings.mailbox

    def set_up(self, *, ignore_backlog: bool = False) -> None:
        database = self.harness.services.database
        for settings in find_missing_mailboxes(database, self.harness.services.settings):
            with open_mailbox(settings) as mailbox:
                mailbox.ensure_folders()
                set_up_mailbox(database, settings, mailbox, ignore_backlog=ignore_backlog)

    def fetcher(self, name: str = "outreach", **options: Any) -> Fetcher:
        if name not in self._fetchers:
            self._fetchers[name] = Fetcher(
                services=self.harness.services,
                settings=next(m for m in self.settings if m.name == name),
                should_stop=lambda: False,
                **options,
            )
        return self._fetchers[name]

    def fetch(self, name: str = "outreach") -> FetchReport:
        return self.fetcher(name).fetch()

    def work(self) -> None:
        """Fetch, dispose and move until nothing is left."""
        self.fetch()
        self.harness.work()
        self.fetch()

    def renumber(self, folder: str = "INBOX") -> None:
        """Give the folder another UIDVALIDITY, with every connection closed."""
        self.fetcher().disconnect()
        told = self.server.run_doveadm("mailbox", "status", "-u", self.user, "uidvalidity", folder)
        uidvalidity = int(re.findall(r"uidvalidity=(\d+)", told)[0])
        self.server.run_doveadm(
            "mailbox", "update", "-u", self.user, "--uid-validity", str(uidvalidity + 5), folder
        )

    def folders(self) -> dict[str, int]:
        """Return how many mails lie in each folder that holds any."""
        counts = {f: len(self.server.read_folder(self.user, f)) for f in ("INBOX", *FOLDERS)}
        return {folder: number for folder, number in counts.items() if number}

    def recordings(self) -> list[str]:
        return sorted(digest[:8] for digest in self.digests())

    def digests(self) -> Counter[str]:
        return Counter(entry.sha256 for entry in self.harness.rows(JournalEntry))

    def check_accounts(self) -> None:
        """Compare server and rows: each mail has one entry and lies in one place, as recorded."""
        on_server: Counter[str] = Counter()
        for folder in ("INBOX", *FOLDERS):
            for raw in self.server.read_folder(self.user, folder):
                crlf = raw.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
                on_server[hashlib.sha256(crlf).hexdigest()] += 1
        assert on_server.total() == len(self.sent), "lost on the server, or there twice"
        assert self.digests() == Counter(on_server.keys())
        open_places = [s for s in self.harness.rows(Sighting) if s.moved_at is None]
        assert len(open_places) == len(self.server.read_folder(self.user))
        self.check_reconciled()

    def check_reconciled(self) -> None:
        """See that `reconcile` finds nothing unaccounted for, and that no mail was answered twice.

        Of the mails that were worked on some were answered: their author gets so many a day.
        """
        services = self.harness.services
        for box in self.settings:
            steps = reconcile_mailbox(services.database, services.settings, box, services.clock)
            found = finish(steps)
            assert found.unaccounted == 0, found.to_json()
        letters = [x for x in self.harness.rows(LetterRecord) if x.journal_id is not None]
        answers = Counter(x.journal_id for x in letters)
        assert set(answers.values()) <= {1}
        disposed = [e.id for e in self.harness.rows(JournalEntry) if e.disposition is not None]
        assert answers.keys() <= set(disposed)
        assert bool(answers) == bool(disposed)

    def alarms(self) -> list[str]:
        services = self.harness.services
        with services.database.read() as session:
            found = find_current_alarms(session, services.settings, services.clock())
        return [alarm.code for alarm in found]

    def withheld(self) -> int:
        with self.harness.services.database.read() as session:
            return len(session.scalars(select(WithheldMail)).all())

    def close(self) -> None:
        for fetcher in self._fetchers.values():
            fetcher.close()


OpenPost = Callable[..., Post]


@pytest.fixture
def open_post(dovecot: Dovecot, user: str, open_harness: Opener) -> Iterator[OpenPost]:
    """Yield a maker of posts, on the shared server unless told; extra mailboxes by name."""
    with ExitStack() as stack:

        def make(
            server: Dovecot = dovecot, *, others: Sequence[dict[str, Any]] = (), **changes: Any
        ) -> Post:
            usual = {
                "name": "outreach",
                "host": "localhost",
                "port": server.imaps_port,
                "ca_file": str(server.ca_file),
                "username": user,
                "password": server.password,
                "addresses": ["ero.outreach@agency.example"],
                "poll_seconds": 600,
            }
            mailboxes = [usual | changes, *(usual | other for other in others)]
            post = Post(server, user, open_harness(mailbox=mailboxes))
            stack.callback(post.close)
            return post

        yield make


@contextmanager
def resting(fetcher: Fetcher, *, patience: float = 60) -> Iterator[list[Exception]]:
    """Let a fetcher rest in a thread; the rest has to end by itself before the block does."""
    errors: list[Exception] = []

    def rest() -> None:
        try:
            fetcher.rest()
        except UnreachableError as error:
            errors.append(error)

    thread = threading.Thread(target=rest)
    thread.start()
    yield errors
    thread.join(patience)
    assert not thread.is_alive(), "nobody ended the rest"


# What is fetched.


def test_mail_that_somebody_has_read_is_processed_like_any_other(open_post: OpenPost) -> None:
    post = open_post()
    post.set_up()
    post.deliver(build_mail(1), build_mail(2))
    post.server.run_doveadm("flags", "add", "-u", post.user, "\\Seen", "mailbox", "INBOX", "all")
    assert post.fetch().recorded == 2
    assert post.fetch().recorded == 0
    post.check_accounts()


def test_the_first_of_many_mails_can_be_worked_on_while_the_others_are_fetched(
    open_post: OpenPost,
) -> None:
    post = open_post()
    post.set_up()
    post.deliver(*(build_mail(number) for number in range(40)))
    recorded: list[int] = []
    post.fetcher(on_recorded=lambda: recorded.append(post.digests().total()))
    assert post.fetch().recorded == 40
    assert recorded == [32, 40]


def test_a_mailbox_that_was_never_set_up_is_not_fetched(open_post: OpenPost) -> None:
    post = open_post()
    post.deliver(build_mail(1))
    with pytest.raises(SchemaError, match="ero-outreach init"):
        post.fetch()
    assert not post.digests()


@pytest.mark.on_both
def test_a_mail_in_two_watched_folders_is_worked_on_once(open_post: OpenPost) -> None:
    post = open_post(others=[{"name": "faxes", "folder": "Faxes"}])
    post.server.run_doveadm("mailbox", "create", "-u", post.user, "Faxes")
    post.set_up()
    post.deliver(build_mail(1))
    post.fetch()
    # A person drags it to the other folder before it is worked on.
    post.server.run_doveadm("move", "-u", post.user, "Faxes", "mailbox", "INBOX", "all")
    assert post.fetch("faxes").recorded == 1
    assert post.digests().total() == 1
    post.harness.work()
    assert post.fetch("faxes").moved == 1
    assert post.folders() == {"Automatic": 1}
    post.check_reconciled()


# IDLE.


def test_news_end_the_rest(open_post: OpenPost) -> None:
    post = open_post()
    post.set_up()
    post.fetch()
    with resting(post.fetcher()) as errors:
        post.deliver(build_mail(1))
    assert errors == []
    assert post.fetch().recorded == 1


def test_news_that_came_before_the_rest_began_end_it_too(open_post: OpenPost) -> None:
    post = open_post()
    post.set_up()
    for number in range(3):
        post.fetch()
        post.deliver(build_mail(number))
        with resting(post.fetcher()) as errors:
            pass
        assert errors == []
    assert post.fetch().recorded == 1
    post.check_accounts()


@pytest.mark.parametrize("idle", [True, False], ids=["by IDLE", "without it"])
def test_whoever_rests_is_called_away_at_once(open_post: OpenPost, idle: bool) -> None:
    post = open_post(idle=idle)
    post.set_up()
    post.fetch()
    with resting(post.fetcher()) as errors:
        post.fetcher().waker.wake()
    assert errors == []
    post.deliver(build_mail(1))
    assert post.fetch().recorded == 1, "the connection is still good"


def test_the_rest_is_over_when_it_is_time_to_look(open_post: OpenPost) -> None:
    post = open_post(poll_seconds=1)
    post.set_up()
    post.fetch()
    for _ in range(2):
        with resting(post.fetcher()) as errors:
            pass
        assert errors == []
    assert post.fetch() == FetchReport()


def await_idling(post: Post) -> None:
    """Wait until the server has nobody on its list who is not idling."""
    pid = find_imap_process(post.server)
    title = Path(f"/proc/{pid}/cmdline")
    assert wait_until(lambda: b"IDLE" in title.read_bytes()), title.read_bytes()


@pytest.fixture
def own_server(short_folders: Callable[[], Path]) -> Iterator[Dovecot]:
    """Yield a server that a test may break."""
    with start_dovecot(short_folders()) as server:
        yield server


def test_a_goodbye_while_idle_is_noticed(own_server: Dovecot, open_post: OpenPost) -> None:
    post = open_post(own_server)
    post.set_up()
    post.fetch()
    with resting(post.fetcher()) as errors:
        await_idling(post)
        own_server.run_doveadm("kick", post.user)
    assert [type(error) for error in errors] == [UnreachableError]
    post.deliver(build_mail(1))
    post.work()
    post.check_accounts()


def test_a_connection_that_dies_while_idle_is_noticed(
    own_server: Dovecot, open_post: OpenPost
) -> None:
    post = open_post(own_server)
    post.set_up()
    post.fetch()
    with resting(post.fetcher()) as errors:
        await_idling(post)
        os.kill(find_imap_process(own_server), signal.SIGKILL)
    assert [type(error) for error in errors] == [UnreachableError]
    post.deliver(build_mail(1))
    post.work()
    post.check_accounts()


def stop_while_idle(post: Post, *, read_seconds: float) -> None:
    """Stop the server's process while it idles; the next look finds it dumb."""
    post.set_up()
    fetcher = post.fetcher()
    fetcher.fetch()
    mailbox = fetcher._mailbox
    assert mailbox is not None
    with ExitStack() as stack, resting(fetcher, patience=60 + read_seconds) as errors:
        await_idling(post)
        stack.enter_context(standing_still(find_imap_process(post.server)))
        wait_no_longer_than(read_seconds, mailbox)
        post.deliver(build_mail(1))
    assert ["did not answer in time" in str(error) for error in errors] == [True]
    post.work()
    assert post.folders() == {DONE: 1}
    post.check_accounts()


def test_a_server_that_falls_silent_while_idle_is_noticed_at_the_next_look(
    own_server: Dovecot, open_post: OpenPost
) -> None:
    stop_while_idle(open_post(own_server, poll_seconds=1), read_seconds=0.5)


@pytest.mark.long
def test_a_server_that_is_stopped_for_a_minute(own_server: Dovecot, open_post: OpenPost) -> None:
    stop_while_idle(open_post(own_server, poll_seconds=5), read_seconds=55)


# What breaks while mail is fetched.

PIECE = 65_536


def test_a_connection_cut_at_every_64_kb_loses_nothing(
    open_post: OpenPost, dovecot: Dovecot
) -> None:
    sizes = (300_000, 500, 200_000, 40_000, 500)
    with start_cutting_proxy(dovecot.imap_port) as proxy:
        post = open_post(port=proxy.port, tls="none")
        post.set_up()
        post.deliver(*(build_mail(n, size=size) for n, size in enumerate(sizes)))
        cuts = 0
        while True:
            cuts += 1
            proxy.allowed = cuts * PIECE
            try:
                post.fetch()
            except UnreachableError:
                continue
            break
        assert cuts > sum(sizes) / PIECE / 3
        proxy.allowed = None
        post.fetcher().disconnect()
        # A mail over which the line broke again and again is asked for a little later.
        post.harness.clock.advance(minutes=1)
        post.work()
    assert post.folders() == {DONE: 5}
    post.check_accounts()


def test_a_connection_cut_anywhere_in_the_talk_loses_nothing(
    open_post: OpenPost, dovecot: Dovecot
) -> None:
    with start_cutting_proxy(dovecot.imap_port) as proxy:
        post = open_post(port=proxy.port, tls="none")
        post.set_up()
        post.deliver(*(build_mail(n) for n in range(3)))
        for allowed in range(200, 6_000, 200):
            proxy.allowed = allowed
            try:
                post.fetch()
                post.harness.work()
                post.fetch()
            except UnreachableError:
                post.harness.work()
        proxy.allowed = None
        post.fetcher().disconnect()
        post.harness.clock.advance(minutes=1)
        post.work()
    assert post.folders() == {DONE: 3}
    post.check_accounts()


def test_a_server_that_was_away_is_found_again(own_server: Dovecot, open_post: OpenPost) -> None:
    post = open_post(own_server)
    post.set_up()
    post.deliver(build_mail(1))
    post.fetch()
    # The process that serves a connection would outlive the one that takes connections.
    running = (find_imap_process(own_server), own_server.pid)
    for pid in running:
        os.kill(pid, signal.SIGTERM)
    for pid in running:
        await_end(pid)
    for _ in range(2):
        with pytest.raises(UnreachableError):
            post.fetch()
    with run_dovecot(own_server.base, port=own_server.imap_port):
        post.deliver(build_mail(2))
        post.work()
        assert post.folders() == {DONE: 2}
        post.check_accounts()


# Moves.


def test_a_folder_that_mail_is_moved_to_is_made_again(open_post: OpenPost) -> None:
    post = open_post()
    post.set_up()
    post.deliver(build_mail(1))
    post.server.run_doveadm("mailbox", "delete", "-u", post.user, DONE)
    post.work()
    assert post.folders() == {DONE: 1}
    post.check_accounts()


def test_a_watched_folder_that_is_gone_is_said_and_taken_up_when_it_is_back(
    open_post: OpenPost,
) -> None:
    post = open_post(folder="Requests")
    doveadm = post.server.run_doveadm
    doveadm("mailbox", "create", "-u", post.user, "Requests")
    post.set_up()
    post.fetch()
    post.deliver(build_mail(1))
    doveadm("move", "-u", post.user, "Requests", "mailbox", "INBOX", "all")
    post.fetch()
    doveadm("mailbox", "delete", "-u", post.user, "Requests")
    with pytest.raises((UnreachableError, MailboxRefusedError)):
        post.fetch()
    with pytest.raises(MailboxRefusedError, match="refused"):
        post.fetch()
    doveadm("mailbox", "create", "-u", post.user, "Requests")
    post.deliver(build_mail(2))
    doveadm("move", "-u", post.user, "Requests", "mailbox", "INBOX", "all")
    post.work()
    # The first was deleted by whoever deleted the folder; its bytes are in the journal.
    assert post.digests().total() == 2
    assert post.folders() == {DONE: 1}
    post.check_reconciled()


def test_a_full_account_keeps_what_cannot_be_moved_and_takes_new_mail(
    short_folders: Callable[[], Path], open_post: OpenPost
) -> None:
    with start_dovecot(
        short_folders(), capability=f"{BASIC} UIDPLUS", quota="storage=1M"
    ) as server:
        post = open_post(server)
        post.set_up()
        post.deliver(build_mail(1, size=600_000), build_mail(2))
        post.fetch()
        post.harness.work()
        report = post.fetch()
        assert report.refused is not None
        assert "quota" in report.refused.lower()
        assert post.folders() == {"INBOX": 2}
        post.deliver(build_mail(3))
        assert post.fetch().recorded == 1, "new mail is taken all the same"
        post.harness.work()
        assert post.fetch().refused is not None
        post.check_accounts()


@pytest.mark.parametrize(
    "capability",
    [
        pytest.param(f"{BASIC} UIDPLUS MOVE", id="MOVE"),
        pytest.param(f"{BASIC} UIDPLUS", id="COPY and UID EXPUNGE"),
        pytest.param(BASIC, id="COPY and a flag"),
    ],
)
def test_moved_mail_is_never_new_again_also_when_renumbered(
    short_folders: Callable[[], Path], open_post: OpenPost, capability: str
) -> None:
    with start_dovecot(short_folders(), capability=capability) as server:
        post = open_post(server)
        post.set_up()
        post.deliver(build_mail(1), build_mail(2))
        post.work()
        for _ in range(2):
            post.renumber()
            assert post.fetch().moved == 0
        post.harness.work()
        assert post.fetch() == FetchReport()
        assert post.digests().total() == 2
        stays = {} if "UIDPLUS" in capability else {"INBOX": 2}
        assert post.folders() == {DONE: 2, **stays}
        post.check_reconciled()


# UIDVALIDITY.


@pytest.mark.on_both
def test_a_renumbered_folder_is_matched_by_content(open_post: OpenPost) -> None:
    post = open_post()
    post.set_up()
    post.deliver(*(build_mail(n) for n in range(5)))
    post.fetch()
    # Five are disposed of and still lie there; two came and nobody has seen them.
    post.harness.work()
    post.deliver(build_mail(5), build_mail(6))
    post.renumber()
    report = post.fetch()
    assert report == FetchReport(recorded=7, moved=5)
    (event,) = [e for e in post.harness.rows(Event) if e.code == "folder_renumbered"]
    assert event.detail == {"mailbox": "outreach", "new": 2, "known": 5, "backlog": 0}
    post.work()
    assert post.folders() == {DONE: 7}
    post.check_accounts()
    assert post.fetch() == FetchReport()


@pytest.mark.on_both
def test_a_backlog_left_alone_is_left_alone_for_good(open_post: OpenPost) -> None:
    post = open_post()
    old = [build_mail(n) for n in range(3)]
    post.deliver(*old)
    post.set_up(ignore_backlog=True)
    post.deliver(build_mail(3))
    assert post.fetch().recorded == 1
    post.renumber()
    post.deliver(build_mail(4))
    post.fetch()
    post.fetcher().disconnect()
    (event,) = [e for e in post.harness.rows(Event) if e.code == "folder_renumbered"]
    assert event.detail == {"mailbox": "outreach", "new": 1, "known": 1, "backlog": 3}
    post.work()
    assert post.folders() == {DONE: 2, "INBOX": 3}
    post.renumber()
    post.work()
    assert post.folders() == {DONE: 2, "INBOX": 3}
    assert post.digests().total() == 2
    post.check_reconciled()


def test_matching_that_was_interrupted_goes_on(open_post: OpenPost) -> None:
    post = open_post()
    post.deliver(*(build_mail(n) for n in range(40)))
    post.set_up(ignore_backlog=True)
    post.deliver(*(build_mail(n) for n in range(40, 80)))
    post.fetch()
    post.renumber()
    post.deliver(build_mail(80))
    fetcher = post.fetcher()
    fetcher.should_stop = lambda: True
    assert fetcher.fetch().recorded == 32
    fetcher.should_stop = lambda: False
    fetcher.fetch()
    with post.harness.services.database.read() as session:
        places = session.execute(select(Sighting.uidvalidity, Sighting.uid)).all()
    assert len(places) == len(set(places)) == 41
    assert len({uidvalidity for uidvalidity, _ in places}) == 1
    assert post.digests().total() == 41
    post.check_reconciled()


# A mail that the server will not give.


def spoil(post: Post, number: int) -> Path:
    """Make one of the delivered mails unreadable for the server, and return its file."""
    maildir = post.server.base / "homes" / post.user / "Maildir"
    files = [f for part in ("new", "cur") for f in (maildir / part).glob("*")]
    found = sorted(files, key=_find_arrival)[number]
    found.chmod(0)
    return found


def _find_arrival(file: Path) -> tuple[int, int]:
    """Return the seconds and microseconds in a Maildir name, which has no leading zeros."""
    seconds, microseconds = re.findall(r"\d+", file.name)[:2]
    return int(seconds), int(microseconds)


def fetch_until_all_is_well(post: Post) -> int:
    """Fetch as the service does, over a new connection after each failure; count those."""
    for failures in range(20):
        try:
            post.fetch()
        except UnreachableError:
            continue
        return failures
    pytest.fail("one mail keeps the others out")


@pytest.mark.skipif(os.getuid() != 0, reason="who owns a file can read it")
def test_a_mail_the_server_cannot_read_keeps_no_other_out(
    own_server: Dovecot, open_post: OpenPost
) -> None:
    post = open_post(own_server)
    post.set_up()
    post.deliver(*(build_mail(n) for n in range(5)))
    spoiled = spoil(post, 2)
    assert fetch_until_all_is_well(post) == 1 + withheld.TRIES
    assert post.digests().total() == 4
    assert post.alarms() == ["mail_withheld"]
    post.deliver(build_mail(5))
    assert post.fetch().recorded == 1, "nobody asks for the spoiled one"
    # It is tried again, at growing distances, and passed over as before.
    for minutes in (1, 2, 4, 8, 16, 32, 60, 60):
        post.harness.clock.advance(minutes=minutes - 0.5)
        assert fetch_until_all_is_well(post) == 0
        post.harness.clock.advance(minutes=0.5)
        assert fetch_until_all_is_well(post) == 1
    (file,) = spoiled.parent.parent.rglob(f"{spoiled.name.partition(':')[0]}*")
    file.chmod(0o600)
    post.fetch()
    assert post.digests().total() == 5
    post.harness.clock.advance(hours=1)
    assert post.fetch().recorded == 1
    post.work()
    post.check_accounts()
    assert not post.withheld()
    assert post.alarms() == []


@pytest.mark.skipif(os.getuid() != 0, reason="who owns a file can read it")
def test_a_mail_that_was_withheld_and_is_gone_is_forgotten(
    own_server: Dovecot, open_post: OpenPost
) -> None:
    post = open_post(own_server)
    post.set_up()
    post.deliver(build_mail(1), build_mail(2))
    spoil(post, 0)
    fetch_until_all_is_well(post)
    own_server.run_doveadm("expunge", "-u", post.user, "mailbox", "INBOX", "1")
    post.harness.clock.advance(hours=1)
    assert post.fetch().recorded == 0
    assert not post.withheld()
