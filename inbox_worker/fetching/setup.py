"""Setting a mailbox up: what lies in it at that moment is its backlog, and somebody has to choose.

The outcomes: the backlog is processed like mail that comes later, or it is left alone, also when
the server renumbers the folder one day, until somebody has it taken up after all. A mailbox that
was never set up is not fetched from; the others are.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select

from config.settings import MailboxSettings, Settings
from inbox_worker.errors import NotSetUpError, WorkerError
from inbox_worker.fetching import renumbering
from inbox_worker.fetching.round import BATCH, build_arrival, gather
from inbox_worker.mailbox.client import Mailbox
from inbox_worker.storage import cursors, journal, store
from inbox_worker.storage.database import Database
from inbox_worker.storage.journal import Recording
from inbox_worker.storage.models import BacklogMail


def find_missing_mailboxes(database: Database, settings: Settings) -> tuple[MailboxSettings, ...]:
    """Return the configured mailboxes that were never set up."""
    if not database.has_schema():
        return settings.mailbox
    with database.read() as session:
        return tuple(m for m in settings.mailbox if not cursors.has_cursor(session, m.name))


def check_mailboxes(database: Database, settings: Settings) -> None:
    """Raise `NotSetUpError` when no configured mailbox was set up: there is nothing to do."""
    missing = find_missing_mailboxes(database, settings)
    if len(missing) == len(settings.mailbox):
        raise NotSetUpError(*(m.name for m in missing))


def set_up_mailbox(
    database: Database, settings: MailboxSettings, mailbox: Mailbox, *, ignore_backlog: bool
) -> None:
    """Begin to fetch a mailbox: from its first mail, or only what comes after now."""
    last_uid = mailbox.uidnext - 1 if ignore_backlog else 0
    # Asked for before the transaction: a server may take its time, and others want to write.
    headers = mailbox.fetch_headers(last_uid)
    digests = {renumbering.find_header_digest(raw) for _, raw in headers}
    with database.unit_of_work() as unit:
        renumbering.replace_backlog(unit.session, settings.name, digests)
        cursors.advance_cursor(
            unit.session, settings.name, uidvalidity=mailbox.uidvalidity, last_uid=last_uid
        )
        unit.commit()


def count_backlog(database: Database, mailbox: str) -> int:
    """Return how many mails of a mailbox are backlog that is left alone."""
    with database.read() as session:
        counted = select(func.count()).where(BacklogMail.mailbox == mailbox)
        return session.scalars(counted).one()


def take_up_backlog(
    database: Database,
    settings: Settings,
    box: MailboxSettings,
    mailbox: Mailbox,
    *,
    now: datetime,
) -> int:
    """Record the backlog that was left alone, to be processed after all; return how many mails.

    What was recorded before is recorded no second time, also where a service fetches meanwhile.
    Raises `WorkerError` when the folder was renumbered and not fetched from since.
    """
    with database.read() as session:
        if cursors.is_renumbered(session, box.name, mailbox.uidvalidity):
            raise WorkerError(
                f"The server has renumbered the folder {box.folder} of mailbox {box.name}: run "
                "`ero-outreach once`, then this again."
            )
        backlog = renumbering.list_backlog(session, box.name)
        # What lies above is fetched anyway, and its turn must not be skipped.
        last_uid = cursors.find_last_uid(session, box.name, mailbox.uidvalidity)
    wanted = [
        uid
        for uid, raw in mailbox.fetch_headers(last_uid)
        if renumbering.find_header_digest(raw) in backlog
    ]
    fetched = mailbox.fetch(
        wanted,
        max_message_bytes=settings.intake.message_bytes,
        max_batch_bytes=settings.intake.batch_bytes,
    )
    taken = 0
    for batch in gather(fetched, BATCH):
        with database.unit_of_work() as unit:
            arrivals = [build_arrival(box.name, one) for one in batch]
            recorded = journal.record_mails(unit.session, arrivals, now=now)
            taken += sum(r is not Recording.KNOWN for r in recorded)
            unit.commit()
    with database.unit_of_work() as unit:
        renumbering.replace_backlog(unit.session, box.name, ())
        detail = {"mailbox": box.name, "mails": taken}
        store.add_event(
            unit.session, "backlog_taken_up", actor=store.PROGRAM, now=now, detail=detail
        )
        unit.commit()
    return taken
