"""Setting a mailbox up: what lies in it at that moment is its backlog, and somebody has to choose.

The outcomes: the backlog is processed like mail that comes later, or it is left alone for good,
also when the server renumbers the folder one day. A mailbox that was never set up is
not fetched from.
"""

from __future__ import annotations

from config.settings import MailboxSettings, Settings
from inbox_worker.errors import SchemaError
from inbox_worker.fetching import renumbering
from inbox_worker.mailbox.client import Mailbox
from inbox_worker.storage import cursors
from inbox_worker.storage.database import Database


def find_missing_mailboxes(database: Database, settings: Settings) -> tuple[MailboxSettings, ...]:
    """Return the configured mailboxes that were never set up."""
    if not database.has_schema():
        return settings.mailbox
    with database.read() as session:
        return tuple(m for m in settings.mailbox if not cursors.has_cursor(session, m.name))


def check_mailboxes(database: Database, settings: Settings) -> None:
    """Raise `SchemaError`, naming `init`, unless every configured mailbox was set up."""
    if missing := find_missing_mailboxes(database, settings):
        names = ", ".join(m.name for m in missing)
        raise SchemaError(f"Never set up: mailbox {names}. Run `ero-outreach init` first.")


def set_up_mailbox(
    database: Database, settings: MailboxSettings, mailbox: Mailbox, *, ignore_backlog: bool
) -> None:
    """Begin to fetch a mailbox: from its first mail, or only what comes after now."""
    last_uid = mailbox.uidnext - 1 if ignore_backlog else 0
    # Asked for before the transaction: a server may take its time, and others want to write.
    digests = set(map(renumbering.find_header_digest, mailbox.fetch_headers(last_uid)))
    with database.unit_of_work() as unit:
        renumbering.replace_backlog(unit.session, settings.name, digests)
        cursors.advance_cursor(
            unit.session, settings.name, uidvalidity=mailbox.uidvalidity, last_uid=last_uid
        )
        unit.commit()
