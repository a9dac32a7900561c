"""Mail that was set aside because it could not be worked on: to look at, let go, or put away.

Outcomes of a person's word about such a mail: released, it has no disposition again and is worked
on like one that has just come; DISCARDED, its bytes stay and nobody works on it. Either is an event
with who and why. Staff hear of the quarantine in one letter a day at most: at once when the first
mail of the day is set aside, else in the morning while any lies there.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from inbox_worker.chores import Chore
from inbox_worker.errors import StaleStatusError, WorkerError
from inbox_worker.letters import staff_alerts
from inbox_worker.services import Services
from inbox_worker.status import Disposition
from inbox_worker.storage import journal, store
from inbox_worker.storage.database import Database
from inbox_worker.storage.models import JournalEntry

#: When in the morning, local time, staff are told what lies in quarantine.
_MORNING = time(7)
#: How long a person's reason may be, in characters.
_REASON_CHARS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Quarantined:
    """A mail in quarantine, without a word of what it says."""

    id: int  #: of its journal entry
    set_aside_at: datetime
    mailbox: str
    size: int  #: bytes
    kind: str  #: what it was taken for
    rule: str  #: which rule took it for that
    reason: str  #: a code
    attempts: int  #: at working on it


def list_quarantined(session: Session) -> list[Quarantined]:
    """Return the mails in quarantine, oldest first."""
    entries = session.scalars(
        select(JournalEntry)
        .where(JournalEntry.disposition == Disposition.QUARANTINED.value)
        .order_by(JournalEntry.id)
    )
    return [
        Quarantined(
            id=entry.id,
            set_aside_at=entry.disposed_at or entry.recorded_at,
            mailbox=entry.mailbox,
            size=entry.size,
            kind=entry.kind or "",
            rule=entry.rule or "",
            reason=entry.reason or "",
            attempts=entry.attempts,
        )
        for entry in entries
    ]


def release(database: Database, entry_id: int, *, actor: str, now: datetime) -> None:
    """Let a mail out of quarantine, to be worked on anew.

    Raises `WorkerError` when it is not in quarantine.
    """
    _take_out(database, entry_id, None, code="quarantine_released", actor=actor, why="", now=now)


def discard(database: Database, entry_id: int, *, actor: str, why: str, now: datetime) -> None:
    """Put a mail away for good, its bytes kept.

    Raises `WorkerError` when it is not in quarantine.
    """
    _take_out(
        database,
        entry_id,
        Disposition.DISCARDED,
        code="quarantine_discarded",
        actor=actor,
        why=why,
        now=now,
    )


def _take_out(
    database: Database,
    entry_id: int,
    into: Disposition | None,
    *,
    code: str,
    actor: str,
    why: str,
    now: datetime,
) -> None:
    with database.unit_of_work() as unit:
        entry = find_quarantined(unit.session, entry_id)
        detail = {"reason": entry.reason, "rule": entry.rule, "attempts": entry.attempts}
        if why:
            detail["why"] = why[:_REASON_CHARS]
        try:
            journal.take_out_of_quarantine(unit.session, entry_id, into=into, now=now)
        except StaleStatusError:
            raise WorkerError(f"Somebody else took mail {entry_id} out of quarantine.") from None
        store.add_event(
            unit.session, code, actor=actor, now=now, journal_id=entry_id, detail=detail
        )
        unit.commit()


def find_entry(session: Session, entry_id: int) -> JournalEntry:
    """Return a journal entry. Raises `WorkerError` when there is none."""
    # Beyond what a column of numbers holds there is certainly none.
    entry = session.get(JournalEntry, entry_id) if 0 < entry_id < 2**31 else None
    if entry is None:
        raise WorkerError(f"There is no mail {entry_id}. `quarantine list` lists those set aside.")
    return entry


def find_quarantined(session: Session, entry_id: int) -> JournalEntry:
    """Return a journal entry in quarantine. Raises `WorkerError` when it is not there."""
    entry = find_entry(session, entry_id)
    if entry.disposition != Disposition.QUARANTINED.value:
        is_waiting = entry.disposition is None
        why = "it waits to be worked on" if is_waiting else f"it became {entry.disposition}"
        raise WorkerError(f"Mail {entry.id} is not in quarantine: {why}.")
    return entry


def write_first_notice(
    services: Services, session: Session, *, entry_id: int, code: str, now: datetime
) -> None:
    """Tell staff that a mail is being set aside, unless they were told of the quarantine today."""
    staff_alerts.write_alarm(
        services,
        session,
        code="mail_quarantined",
        key=_key(services, now),
        ids={"journal entry": str(entry_id), "reason": code},
        now=now,
    )


def write_digest(services: Services) -> int:
    """Tell staff in the morning what lies in quarantine, once a day; return how many were told."""
    now = services.clock()
    if now.astimezone(services.settings.general.zone).time() < _MORNING:
        return 0
    with services.database.unit_of_work() as unit:
        lying = select(func.count(), func.min(JournalEntry.disposed_at)).where(
            JournalEntry.disposition == Disposition.QUARANTINED.value
        )
        number, oldest = unit.session.execute(lying).one()
        if not number:
            return 0
        told = staff_alerts.write_alarm(
            services,
            unit.session,
            code="quarantine_waits",
            key=_key(services, now),
            ids={
                "mails in quarantine": str(number),
                "the oldest since": str(services.local_date(oldest or now)),
            },
            now=now,
        )
        unit.commit()
    return int(told)


def _key(services: Services, now: datetime) -> str:
    return f"quarantine:{services.local_date(now)}"


#: Looks more often than it writes, so that the morning's letter is written in the morning.
DIGEST = Chore(name="quarantine_digest", every=timedelta(minutes=15), do=write_digest)
