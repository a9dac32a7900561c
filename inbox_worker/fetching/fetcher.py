"""One mailbox and the connection to it, kept from one round of fetching to the next.

Whatever goes wrong in a round or a rest, the connection is dropped and the next call opens another:
nobody knows what state it is in. The outcomes are those of the round, `UnreachableError` and
`MailboxRefusedError`.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field

import structlog

from config.settings import MailboxSettings
from inbox_worker.fetching.round import FetchReport, Hold, fetch_mailbox, hold_nothing
from inbox_worker.mailbox.client import (
    CONNECT_SECONDS,
    READ_SECONDS,
    Mailbox,
    MailboxRefusedError,
    open_mailbox,
)
from inbox_worker.mailbox.line import Line
from inbox_worker.mailbox.waking import Waker
from inbox_worker.services import Services
from inbox_worker.storage import leases
from inbox_worker.storage.faults import watch_quota, watching_login
from inbox_worker.storage.leases import WorkerLease

_log = structlog.get_logger()

#: How often a mailbox that another worker fetches from is looked after, in seconds.
_LOOK_SECONDS = 5.0


@dataclass(slots=True, kw_only=True, eq=False)
class Fetcher:
    """One mailbox and the connection to it, of one thread; others may wake it, and cut it off."""

    services: Services
    settings: MailboxSettings
    should_stop: Callable[[], bool]
    lease: WorkerLease | None = None  #: None for whoever is known to be alone
    waker: Waker = field(default_factory=Waker)
    on_recorded: Callable[[], object] = lambda: None  #: called as soon as mails can be worked on
    connect_seconds: float = CONNECT_SECONDS
    read_seconds: float = READ_SECONDS
    _line: Line = field(default_factory=Line, init=False)
    _connection: ExitStack = field(default_factory=ExitStack, init=False)
    _mailbox: Mailbox | None = field(default=None, init=False)
    _is_ours: bool = field(default=True, init=False)

    @property
    def _lease_name(self) -> str:
        return f"fetch:{self.settings.name}"

    def fetch(self) -> FetchReport:
        """Do one round, over a new connection where there is none.

        A mailbox that another worker fetches from is left alone.
        """
        hold = self._take()
        if hold is None:
            self.disconnect()
            return FetchReport()
        try:
            mailbox = self._open()
            report = fetch_mailbox(
                self.services,
                self.settings,
                mailbox,
                should_stop=self.should_stop,
                hold=hold,
                on_recorded=self.on_recorded,
            )
            self._watch_quota(mailbox)
        except Exception:
            self.abandon()
            raise
        return report

    def rest(self) -> None:
        """Wait until there may be new mail, the waker is woken, or it is time to look anyway."""
        if not self._is_ours:
            self.waker.wait(min(_LOOK_SECONDS, self.settings.poll_seconds))
            self.waker.clear()
            return
        try:
            self._open().wait_for_news(self.waker, seconds=self.settings.poll_seconds)
        except Exception:
            self.abandon()
            raise
        self.waker.clear()

    def _take(self) -> Hold | None:
        """Have the mailbox to ourselves; return what makes sure of it, None where it is another's.

        What was taken stays taken, from one round to the next, until the worker ends.
        """
        if self.lease is None:
            return hold_nothing
        self._is_ours = self.lease.take(self._lease_name)
        if not self._is_ours:
            return None
        worker_id = self.lease.id
        return lambda session: leases.check_held(session, self._lease_name, worker_id)

    def abandon(self) -> None:
        """Drop a connection that cannot be trusted, without a word to the server."""
        if self._mailbox is not None:
            self._mailbox.abandon()
        self.disconnect()

    def disconnect(self) -> None:
        """Take leave of the server."""
        self._mailbox = None
        self._connection.close()

    def cut(self) -> None:
        """End whatever waits for the server, from any thread, for good: nothing is reached anew."""
        self._line.cut()

    def close(self) -> None:
        """Let go of everything, for good."""
        self.disconnect()
        self.waker.close()

    def _watch_quota(self, mailbox: Mailbox) -> None:
        services = self.services
        try:
            watch_quota(services.database, self.settings.name, mailbox, now=services.clock())
        except MailboxRefusedError:
            # Whoever may not know how full a mailbox is may still take mail from it.
            _log.warning("quota_not_told", mailbox=self.settings.name)

    def _open(self) -> Mailbox:
        if self._mailbox is None:
            opened = open_mailbox(
                self.settings,
                connect_seconds=self.connect_seconds,
                read_seconds=self.read_seconds,
                line=self._line,
            )
            services = self.services
            with watching_login(services.database, self.settings.name, services.clock):
                self._mailbox = self._connection.enter_context(opened)
        return self._mailbox
