"""What went wrong and has not gone right since: a row each, which alarms are judged from.

Kinds: `login`, a server that does not let us in, and `job`, a job or recurring task that failed.
To note a fault must never be one more: where the database is what is wrong, a log line is all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Literal

import structlog
from sqlalchemy import delete, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from inbox_worker.errors import LoginRefusedError
from inbox_worker.mailbox.client import Mailbox
from inbox_worker.storage.database import Database, upsert
from inbox_worker.storage.models import Fault, MailboxWatch, table_of

_log = structlog.get_logger()

FaultKind = Literal["login", "job"]

_PUT_WATCH = upsert(table_of(MailboxWatch)).on_conflict_do_nothing(index_elements=["mailbox"])

#: How often a server is asked how full a mailbox is.
_QUOTA_EVERY = timedelta(minutes=10)


def record_fault(
    database: Database, kind: FaultKind, about: str, *, reason: str, now: datetime
) -> None:
    """Note that something went wrong (again); `reason` is a code, never a server's words."""
    try:
        with database.unit_of_work() as unit:
            fault = unit.session.get(Fault, (kind, about))
            if fault is None:
                fault = Fault(kind=kind, about=about, since=now, count=0)
                unit.session.add(fault)
            fault.count += 1
            fault.last_at = now
            fault.reason = reason[:80]
            unit.commit()
    except SQLAlchemyError as error:
        _log.error("fault_not_recorded", kind=kind, error=type(error).__name__)


def clear_fault(database: Database, kind: FaultKind, about: str) -> None:
    """Note that it went right; costs a look where nothing was wrong."""
    where = (Fault.kind == kind, Fault.about == about)
    try:
        with database.read() as session:
            if session.scalar(select(Fault.kind).where(*where)) is None:
                return
        with database.unit_of_work() as unit:
            unit.session.execute(delete(Fault).where(*where))
            unit.commit()
    except SQLAlchemyError as error:
        _log.error("fault_not_recorded", kind=kind, error=type(error).__name__)


@contextmanager
def watching_login(database: Database, about: str, clock: Callable[[], datetime]) -> Iterator[None]:
    """Note whether the server lets us in, which opening a connection in this block tells."""
    try:
        yield
    except LoginRefusedError as error:
        record_fault(database, "login", about, reason=error.reason, now=clock())
        raise
    clear_fault(database, "login", about)


def watch_quota(database: Database, name: str, mailbox: Mailbox, *, now: datetime) -> None:
    """Ask the server how full a mailbox is, where it was not asked in the last minutes."""
    with database.read() as session:
        watch = session.get(MailboxWatch, name)
        if watch is not None and watch.quota_at is not None and now - watch.quota_at < _QUOTA_EVERY:
            return
    percent = mailbox.find_quota_percent()
    with database.unit_of_work() as unit:
        watch_mailbox(unit.session, name, now=now)
        watch = unit.session.get_one(MailboxWatch, name)
        watch.quota_percent, watch.quota_at = percent, now
        unit.commit()


def watch_mailbox(session: Session, name: str, *, now: datetime) -> None:
    """See that a mailbox has a moment to count from; what is watched already stays."""
    session.execute(_PUT_WATCH, [{"mailbox": name, "watched_since": now}])
