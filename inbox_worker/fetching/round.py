"""Fetching one mailbox: one round over a connection, recording new mail and moving what is done.

The outcomes of a round: a `FetchReport`, which also says when the server would not move a mail (the
mail stays where it is, and is tried again); `UnreachableError` or `MailboxRefusedError`, after
which nobody knows what state the connection is in.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import structlog
from sqlalchemy.orm import Session

from config.settings import MailboxSettings
from inbox_worker.errors import NotSetUpError
from inbox_worker.fetching import renumbering
from inbox_worker.handling.ingest import FOLDER_ROLES
from inbox_worker.mailbox.client import FetchedMessage, Mailbox, MailboxRefusedError, WithheldError
from inbox_worker.services import Services
from inbox_worker.storage import cursors, journal, store, withheld
from inbox_worker.storage.journal import Recording

_log = structlog.get_logger()

#: How many mails, and of how many bytes, are recorded in one transaction.
BATCH = 32
_BATCH_BYTES = 4_000_000

#: How many mails are moved in one command.
_MOVES = 100


#: Makes sure, in a transaction, that the mailbox is still this worker's to fetch from.
Hold = Callable[[Session], None]


def hold_nothing(_: Session) -> None:
    """Do nothing, for whoever is known to be alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchReport:
    """What one round came to."""

    recorded: int = 0  #: mails that were looked at, new or known
    moved: int = 0
    refused: str | None = None  #: why mail that is worked on could not be moved


def fetch_mailbox(
    services: Services,
    settings: MailboxSettings,
    mailbox: Mailbox,
    *,
    should_stop: Callable[[], bool],
    hold: Hold = hold_nothing,
    on_recorded: Callable[[], object] = lambda: None,
) -> FetchReport:
    """Record what is new in a mailbox and move what is disposed.

    `hold` is called in every transaction that writes, and raises `LeaseLostError` where the mailbox
    is another worker's; `on_recorded` whenever a few more mails can be worked on. Raises
    `UnreachableError`, `MailboxRefusedError`, or `NotSetUpError`.
    """
    try:
        recorded = _record_new(services, settings, mailbox, should_stop, hold, on_recorded)
        recorded += _ask_again(services, settings, mailbox, hold)
    except WithheldError as error:
        # Whoever is to stop may have cut the line, which is no mail's fault.
        if not should_stop():
            _record_break(services, settings, mailbox, error, hold)
        raise
    moved, refused = _move_disposed(services, settings, mailbox, should_stop, hold)
    return FetchReport(recorded=recorded, moved=moved, refused=refused)


def _record_new(
    services: Services,
    settings: MailboxSettings,
    mailbox: Mailbox,
    should_stop: Callable[[], bool],
    hold: Hold,
    on_recorded: Callable[[], object],
) -> int:
    name, uidvalidity = settings.name, mailbox.uidvalidity
    with services.database.read() as session:
        if not cursors.has_cursor(session, name):
            raise NotSetUpError(name)
        renumbered = cursors.is_renumbered(session, name, uidvalidity)
        last_uid = cursors.find_last_uid(session, name, uidvalidity)
        known = withheld.find_withheld(session, name, uidvalidity, now=services.clock())
    arrivals = mailbox.fetch_new(
        last_uid,
        max_message_bytes=services.settings.intake.message_bytes,
        max_batch_bytes=services.settings.intake.batch_bytes,
        without=known.passed_over,
        one_by_one=known.is_careful,
    )
    tally: Counter[Recording] = Counter()
    for batch in gather(arrivals, 1 if known.is_careful else BATCH):
        tally += _record(services, name, batch, hold, renumbered=renumbered)
        on_recorded()
        last_uid = batch[-1].uid
        if should_stop():
            return tally.total()
    with services.database.unit_of_work() as unit:
        hold(unit.session)
        cursors.record_fetch(
            unit.session, name, uidvalidity=uidvalidity, last_uid=last_uid, now=services.clock()
        )
        withheld.clear_suspicions(unit.session, name, uidvalidity)
        if renumbered:
            detail = {"mailbox": name, **_tell(tally)}
            store.add_event(
                unit.session,
                "folder_renumbered",
                actor=store.PROGRAM,
                now=services.clock(),
                detail=detail,
            )
        unit.commit()
    if renumbered:
        _log.warning("folder_renumbered", mailbox=name, **_tell(tally))
    return tally.total()


def _ask_again(services: Services, settings: MailboxSettings, mailbox: Mailbox, hold: Hold) -> int:
    """Ask once more for mails that the server would not give a while ago; return how many came."""
    name, uidvalidity = settings.name, mailbox.uidvalidity
    with services.database.read() as session:
        known = withheld.find_withheld(session, name, uidvalidity, now=services.clock())
    given = 0
    for uid in known.due:
        fetched = list(
            mailbox.fetch(
                [uid],
                max_message_bytes=services.settings.intake.message_bytes,
                max_batch_bytes=services.settings.intake.batch_bytes,
            )
        )
        given += _record(services, name, fetched, hold, renumbered=False).total()
        with services.database.unit_of_work() as unit:
            hold(unit.session)
            withheld.record_given(unit.session, name, uidvalidity, [uid])
            unit.commit()
    return given


def _record_break(
    services: Services,
    settings: MailboxSettings,
    mailbox: Mailbox,
    error: WithheldError,
    hold: Hold,
) -> None:
    """Remember which mail the server broke off over, and say when it is given up for now."""
    name, uidvalidity, now = settings.name, mailbox.uidvalidity, services.clock()
    with services.database.unit_of_work() as unit:
        hold(unit.session)
        given_up = withheld.record_break(unit.session, name, uidvalidity, error.uids, now=now)
        unit.commit()
    if given_up:
        _log.error("mail_withheld", mailbox=name, uid=error.uids[0])


def _tell(tally: Counter[Recording]) -> dict[str, int]:
    """Return how many of a renumbered folder's mails were new, known, or left alone as before."""
    new, backlog = tally[Recording.NEW], tally[Recording.BACKLOG]
    return {"new": new, "known": tally.total() - new - backlog, "backlog": backlog}


def _record(
    services: Services,
    name: str,
    batch: Sequence[FetchedMessage],
    hold: Hold,
    *,
    renumbered: bool,
) -> Counter[Recording]:
    """Record a batch of mails and make it durable; a repeat after a crash is harmless."""
    arrivals = [build_arrival(name, fetched) for fetched in batch]
    with services.database.unit_of_work() as unit:
        hold(unit.session)
        found = renumbering.recognise(unit.session, arrivals) if renumbered else {}
        others = [a for a in arrivals if a.place.uid not in found]
        recorded = journal.record_mails(unit.session, others, now=services.clock())
        unit.commit()
    found |= {a.place.uid: r for a, r in zip(others, recorded, strict=True)}
    for fetched in batch:
        _log.info(
            "mail_recorded",
            mailbox=name,
            uid=fetched.uid,
            size=fetched.size,
            recording=found[fetched.uid].value,
        )
    return Counter(found.values())


def _move_disposed(
    services: Services,
    settings: MailboxSettings,
    mailbox: Mailbox,
    should_stop: Callable[[], bool],
    hold: Hold,
) -> tuple[int, str | None]:
    """Move what is disposed; return how many mails, and what the server said against others."""
    moved, last_uid, refused = 0, 0, None
    while not should_stop():
        with services.database.read() as session:
            pending = journal.list_pending_moves(
                session, settings.name, mailbox.uidvalidity, after_uid=last_uid, limit=_MOVES
            )
        if not pending:
            break
        last_uid = pending[-1].uid
        for folder, moves in _group_by_folder(settings, pending).items():
            try:
                mailbox.move([m.uid for m in moves], folder)
            except MailboxRefusedError as error:
                # A full or forbidden folder keeps no new mail out, and none for other folders.
                refused = str(error)
                _log.warning("move_refused", mailbox=settings.name, count=len(moves))
                continue
            with services.database.unit_of_work() as unit:
                hold(unit.session)
                journal.record_moved(
                    unit.session, [m.sighting_id for m in moves], now=services.clock()
                )
                unit.commit()
            moved += len(moves)
    return moved, refused


def _group_by_folder(
    settings: MailboxSettings, pending: Iterable[journal.PendingMove]
) -> dict[str, list[journal.PendingMove]]:
    groups: dict[str, list[journal.PendingMove]] = {}
    for move in pending:
        folder = getattr(settings.folders, FOLDER_ROLES[move.disposition])
        groups.setdefault(folder, []).append(move)
    return groups


def gather(arrivals: Iterable[FetchedMessage], most: int) -> Iterator[list[FetchedMessage]]:
    """Yield mails in batches that are small enough to hold and to lose no time on."""
    batch: list[FetchedMessage] = []
    for fetched in arrivals:
        batch.append(fetched)
        if len(batch) == most or sum(len(f.raw or b"") for f in batch) > _BATCH_BYTES:
            yield batch
            batch = []
    if batch:
        yield batch


def build_arrival(name: str, fetched: FetchedMessage) -> journal.Arrival:
    """Return a fetched mail as it is recorded."""
    return journal.Arrival(
        place=journal.Place(mailbox=name, uidvalidity=fetched.uidvalidity, uid=fetched.uid),
        raw=fetched.header if fetched.raw is None else fetched.raw,
        size=fetched.size,
        is_whole=fetched.raw is not None,
        internal_date=fetched.internal_date,
        is_deleted=fetched.is_deleted,
    )
