"""A recorded mail once more, harmlessly: nothing is decided, filed or sent twice.

Outcomes, by where the mail stands:

- in quarantine: it is released and worked on now, as if it had just come;
- without a disposition: it is worked on now;
- disposed: nothing changes, for a disposition is set once; what the program makes of the mail today
  is told beside what it made of it then.
"""

from __future__ import annotations

from dataclasses import dataclass

from inbox_worker.handling import quarantine
from inbox_worker.handling.ingest import dispose_one
from inbox_worker.handling.reading_ahead import read_one
from inbox_worker.intake import Intake
from inbox_worker.services import Services
from inbox_worker.status import Disposition
from inbox_worker.storage.models import JournalEntry


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What a mail was taken for, and what became of it."""

    kind: str | None  #: None: nobody judged it yet
    rule: str | None
    disposition: str | None  #: None: not disposed of, or nothing was done now
    reason: str | None  #: a code, where it could not be worked on


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """A mail before and after."""

    id: int
    before: Judgement
    after: Judgement
    documents: tuple[str, ...]  #: what the attached ones are found to be, where nothing was done
    was_worked_on: bool  #: False: only looked at
    attempts: int  #: that failed since it was last taken up


def replay(services: Services, entry_id: int, *, actor: str) -> Replay:
    """Work on a mail anew, or tell what would become of it.

    Raises `WorkerError` when there is no such mail, and whatever fault of the system stops it.
    """
    with services.database.read() as session:
        entry = quarantine.find_entry(session, entry_id)
        before = _judgement_of(entry)
    if before.disposition not in {None, Disposition.QUARANTINED.value}:
        return _look(services, entry_id, before)
    if before.disposition is not None:
        quarantine.release(services.database, entry_id, actor=actor, now=services.clock())
    dispose_one(services, entry_id)
    with services.database.read() as session:
        entry = quarantine.find_entry(session, entry_id)
        return Replay(
            id=entry_id,
            before=before,
            after=_judgement_of(entry),
            documents=(),
            was_worked_on=True,
            attempts=entry.attempts,
        )


def _look(services: Services, entry_id: int, before: Judgement) -> Replay:
    intake = read_one(services, entry_id)
    reason = intake.unreadable_code
    if intake.fault is not None:
        reason = f"fails_{type(intake.fault).__name__}"
    today = Judgement(
        kind=intake.verdict.kind.value, rule=intake.verdict.rule, disposition=None, reason=reason
    )
    return Replay(
        id=entry_id,
        before=before,
        after=today,
        documents=_list_documents(intake),
        was_worked_on=False,
        attempts=0,
    )


def _list_documents(intake: Intake) -> tuple[str, ...]:
    found = [document.reading.result() for document in intake.documents]
    return tuple(f"{f.kind.value} {f.definition}" if f.definition else f.kind.value for f in found)


def _judgement_of(entry: JournalEntry) -> Judgement:
    return Judgement(
        kind=entry.kind, rule=entry.rule, disposition=entry.disposition, reason=entry.reason
    )
