"""From a recorded mail to its disposition: parse, classify, prepare, and one transaction.

A handler works in two steps. It first *prepares* (reads the database, extracts, renders) and
returns what to write; then that is applied, with letters, events and the disposition, in one
transaction. If another writer was first, the handler prepares anew. Requests that lie together may
share a commit; when one of them fails, each is done again alone.

The outcomes for a mail: disposed; left for the next tick (the system's fault: the error goes up);
counted as a failed attempt (our fault), and QUARANTINED at the limit with its raw bytes.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace
from datetime import datetime

import structlog
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from inbox_worker import filing, journal, miscellany, requester_replies, review
from inbox_worker.errors import StaleStatusError, WorkerError
from inbox_worker.intake import Apply, Intake, PendingDocument
from inbox_worker.models import JournalEntry
from inbox_worker.reading import ReaderUnavailableError
from inbox_worker.services import Services
from inbox_worker.status import Disposition
from inbox_worker.waiting import WaitingRoom
from parsers.classify import ClassificationContext, MessageKind, Verdict, classify
from parsers.document import build_refused
from parsers.errors import ParseError
from parsers.extraction import Extraction
from parsers.inside import may_hold_papers
from parsers.mail import parse_message
from parsers.mail_reading import MailReading, add_inside, list_documents
from parsers.message import InboundMessage

_log = structlog.get_logger()

#: How often a handler may lose a race before it counts as a failed attempt.
_RACES = 3
#: How many mails, and of how many bytes, are with the reader while earlier ones are filed.
_AHEAD = 24
_AHEAD_BYTES = 16_000_000
#: How many requests, and of how many bytes, may share a commit.
_TOGETHER = 16
_TOGETHER_BYTES = 4_000_000
#: How many mails, and of how many bytes, are read from the journal in one go.
_READ_TOGETHER = 8
_READ_TOGETHER_BYTES = 2_000_000
#: How many mails are listed at a time.
_LISTED = 200

HANDLERS: Mapping[MessageKind, Callable[[Intake], Apply]] = {
    MessageKind.REQUEST: filing.prepare_filing,
    MessageKind.REQUESTER_REPLY: requester_replies.prepare_requester_reply,
    MessageKind.STAFF_REPLY: review.prepare_staff_reply,
    MessageKind.BOUNCE: miscellany.prepare_bounce,
    MessageKind.ABUSE_REPORT: miscellany.prepare_bounce,
    MessageKind.AUTO_REPLY: miscellany.prepare_ignoring,
    MessageKind.OWN_MAIL: miscellany.prepare_ignoring,
    MessageKind.LIST_MAIL: miscellany.prepare_ignoring,
    MessageKind.OVERSIZE: miscellany.prepare_oversize,
    MessageKind.OTHER: miscellany.prepare_other,
}

#: Faults of the system, which no mail is to blame for: they go up, and the mail is tried again.
_SYSTEM_FAULTS = (OperationalError, OSError, MemoryError, ReaderUnavailableError)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reading:
    """A recorded mail with the reader at work on it."""

    entry: JournalEntry
    raw: bytes
    context: ClassificationContext
    now: datetime
    future: Future[MailReading | None]


@dataclass(slots=True, kw_only=True)
class DisposalReport:
    """What a round of disposing came to."""

    disposed: int = 0
    failed: int = 0  #: attempts that failed; their mails are still there


def dispose_pending(
    services: Services, *, should_stop: Callable[[], bool], room: WaitingRoom | None = None
) -> DisposalReport:
    """Dispose of every recorded mail that has no disposition yet, oldest first.

    Where there is a waiting `room`, mails whose documents take seconds to be read wait in it, from
    one round to the next, and later ones go first; else each is waited for when it is its turn.
    Stops at a message boundary when `should_stop` says so. A fault of the system (database, disk,
    memory) goes up; a mail's own fault never stops the next mail.
    """
    report = DisposalReport()
    for batch in _gather(_let_pass(_read_ahead(services, should_stop, room), room)):
        if len(batch) > 1 and _dispose_together(services, batch):
            report.disposed += len(batch)
            continue
        for intake in batch:
            disposed = _dispose_alone(intake)
            report.disposed += disposed
            report.failed += not disposed
    return report


def _gather(intakes: Iterable[Intake]) -> Iterator[list[Intake]]:
    """Yield mails in batches that may share a commit: requests, while they are few and small.

    What is prepared from the database (a reply, say) stands alone: it must see what went before.
    """
    batch: list[Intake] = []
    for intake in intakes:
        batch.append(intake)
        size = sum(i.entry.size for i in batch)
        together = all(i.verdict.kind is MessageKind.REQUEST for i in batch)
        if not together or len(batch) == _TOGETHER or size > _TOGETHER_BYTES:
            if together:
                yield batch
            else:
                yield batch[:-1]
                yield batch[-1:]
            batch = []
    if batch:
        yield batch


def _dispose_together(services: Services, batch: list[Intake]) -> bool:
    """Dispose of requests in one transaction; write nothing and return False when any one fails."""
    try:
        prepared = [(intake, _prepare(intake)) for intake in batch]
        with services.database.unit_of_work() as unit:
            disposed = _write(unit.session, prepared)
            unit.commit()
    except _SYSTEM_FAULTS:
        raise
    except Exception:  # noqa: BLE001 - each is tried again alone, where the one to blame shows itself
        return False
    for intake, disposition in zip(batch, disposed, strict=True):
        _log_disposed(intake, disposition)
    return True


def _dispose_alone(intake: Intake) -> bool:
    """Dispose of one mail, or count a failed attempt at it."""
    try:
        return _dispose_of(intake)
    except _SYSTEM_FAULTS:
        raise
    except Exception as error:  # noqa: BLE001 - our bug must not stop the next mail
        return _record_failure(intake, error)


def _let_pass(intakes: Iterable[Intake], room: WaitingRoom | None) -> Iterator[Intake]:
    """Yield the mails whose documents are read, those that waited first; the others wait."""
    if room is None:
        yield from intakes
        return
    yield from room.take_read()
    for intake in intakes:
        if intake.is_read:
            yield intake
        else:
            room.keep(intake)


def _read_ahead(
    services: Services, should_stop: Callable[[], bool], room: WaitingRoom | None
) -> Iterator[Intake]:
    """Yield mails that were read, while the reader is already at work on the next few."""
    reading: deque[_Reading] = deque()
    for entry, raw in _list_entries(services, room):
        if should_stop():
            return
        reading.append(_start_reading(services, entry, raw))
        held = sum(r.entry.size for r in reading)
        if len(reading) > _AHEAD or held > _AHEAD_BYTES:
            yield from _finish_reading(services, reading.popleft(), room)
    while reading and not should_stop():
        yield from _finish_reading(services, reading.popleft(), room)


def _list_entries(
    services: Services, room: WaitingRoom | None
) -> Iterator[tuple[JournalEntry, bytes]]:
    last = 0
    while True:
        with services.database.read() as session:
            listed = journal.list_undisposed(session, after=last, limit=_LISTED)
        if not listed:
            return
        wanted = [(n, size) for n, size in listed if room is None or not room.knows(n)]
        for ids in _divide(wanted):
            with services.database.read() as session:
                found = journal.read_mails(session, ids)
            yield from found
        last = listed[-1][0]


def _divide(listed: Sequence[tuple[int, int]]) -> Iterator[list[int]]:
    """Yield the ids of mails that are few and small enough to be read in one go."""
    ids: list[int] = []
    held = 0
    for entry_id, size in listed:
        if ids and (len(ids) == _READ_TOGETHER or held + size > _READ_TOGETHER_BYTES):
            yield ids
            ids, held = [], 0
        ids.append(entry_id)
        held += size
    if ids:
        yield ids


def _start_reading(services: Services, entry: JournalEntry, raw: bytes) -> _Reading:
    now = services.clock()
    context = ClassificationContext(
        own_addresses=services.settings.own_addresses, oversize=not entry.is_whole
    )
    future = services.reader.submit_mail(raw, context, today=services.local_date(now))
    return _Reading(entry=entry, raw=raw, context=context, now=now, future=future)


def _finish_reading(
    services: Services, reading: _Reading, room: WaitingRoom | None
) -> Iterator[Intake]:
    """Yield the mail as it was read, with its pictures being read; nothing where it has to wait."""
    found = reading.future.result()
    if found is None:
        yield _read_piece_by_piece(services, reading)
        return
    if room is not None and room.is_full and found.needs_pictures:
        room.turn_away(reading.entry.id)
        return
    yield Intake(
        services=services,
        entry=reading.entry,
        message=found.message,
        verdict=found.verdict,
        now=reading.now,
        documents=tuple(
            PendingDocument(
                position=n,
                attachment=found.message.papers[n],
                reading=_read_on(services, found.message, n, extraction, reading.now),
            )
            for n, extraction in found.documents
        ),
    )


def _read_on(
    services: Services, message: InboundMessage, position: int, found: Extraction, now: datetime
) -> Future[Extraction]:
    """Return what was read in a document, or will be in its pictures."""
    if not found.needs_pictures:
        return _done(found)
    return services.reader.submit_pictures(
        message.papers[position].data,
        today=services.local_date(now),
        attachments_beside_form=message.count_beside(position),
    )


def _done(extraction: Extraction) -> Future[Extraction]:
    future: Future[Extraction] = Future()
    future.set_result(extraction)
    return future


def _read_piece_by_piece(services: Services, reading: _Reading) -> Intake:
    """Take apart a mail that defeated the reader as a whole, so that each document is judged alone.

    What cannot be parsed is quarantined, and our own faults are raised when it is this mail's turn.
    """
    entry, now = reading.entry, reading.now
    try:
        message = parse_message(reading.raw)
        verdict = classify(message, reading.context)
        if may_hold_papers(message, verdict):
            inside = services.reader.find_inside(message.attachments, message.attached_messages)
            message, verdict = add_inside(message, inside, reading.context)
    except ParseError as error:
        return Intake.unreadable(services, entry, now=now, code=error.code)
    except _SYSTEM_FAULTS:
        raise
    except Exception as error:  # noqa: BLE001 - raised again when it is this mail's turn
        return Intake.unreadable(services, entry, now=now, code="not_read", fault=error)
    return Intake(
        services=services,
        entry=entry,
        message=message,
        verdict=verdict,
        now=now,
        documents=tuple(
            PendingDocument(
                position=n, attachment=message.papers[n], reading=_submit(services, message, n, now)
            )
            for n in list_documents(message, verdict)
        ),
    )


def _submit(
    services: Services, message: InboundMessage, position: int, now: datetime
) -> Future[Extraction]:
    paper = message.papers[position]
    if paper.refusal:
        return _done(build_refused(paper.refusal))
    return services.reader.submit(
        paper.data,
        today=services.local_date(now),
        attachments_beside_form=message.count_beside(position),
    )


def _dispose_of(intake: Intake) -> bool:
    for _ in range(_RACES):
        apply = _prepare(intake)
        try:
            _apply(intake, apply)
        except StaleStatusError:
            if _is_disposed(intake):
                return True
            continue
        return True
    raise WorkerError("another writer was first every time")


def _prepare(intake: Intake) -> Apply:
    if intake.fault is not None:
        raise intake.fault
    if intake.unreadable_code is not None:
        return miscellany.prepare_quarantine(intake, intake.unreadable_code)
    return HANDLERS[intake.verdict.kind](intake)


def _apply(intake: Intake, apply: Apply) -> None:
    with intake.services.database.unit_of_work() as unit:
        (disposition,) = _write(unit.session, [(intake, apply)])
        unit.commit()
    _log_disposed(intake, disposition)


def _write(session: Session, prepared: Sequence[tuple[Intake, Apply]]) -> list[Disposition]:
    """Write all that was prepared, what is to be filed in one go, and what became of each mail."""
    filing.file_mails(session, [a for _, a in prepared if isinstance(a, filing.Filing)])
    disposed = [
        Disposition.FILED if isinstance(apply, filing.Filing) else apply(session)
        for _, apply in prepared
    ]
    journal.dispose(
        session,
        [
            journal.Disposal(
                entry_id=intake.entry.id,
                disposition=disposition,
                kind=intake.verdict.kind.value,
                rule=intake.verdict.rule,
                disposed_at=intake.now,
                reason=intake.unreadable_code,
            )
            for (intake, _), disposition in zip(prepared, disposed, strict=True)
        ],
    )
    return disposed


def _log_disposed(intake: Intake, disposition: Disposition) -> None:
    _log.info(
        "mail_disposed",
        journal_id=intake.entry.id,
        kind=intake.verdict.kind.value,
        rule=intake.verdict.rule,
        disposition=disposition.value,
    )


def _is_disposed(intake: Intake) -> bool:
    with intake.services.database.read() as session:
        entry = session.get(JournalEntry, intake.entry.id)
        return entry is not None and entry.disposition is not None


def _record_failure(intake: Intake, error: Exception) -> bool:
    """Count the attempt; quarantine the mail at the limit and return whether that was done."""
    _log.error(
        "mail_failed",
        journal_id=intake.entry.id,
        error=type(error).__name__,
        where=_where(error),
    )
    with intake.services.database.unit_of_work() as unit:
        attempts = journal.record_failed_attempt(unit.session, intake.entry.id)
        unit.commit()
    if attempts < intake.services.settings.intake.max_attempts:
        return False
    code = f"gave_up_{type(error).__name__}"
    quarantined = replace(
        intake,
        unreadable_code=code,
        verdict=Verdict(kind=MessageKind.OTHER, rule="too_many_attempts"),
    )
    _apply(quarantined, miscellany.prepare_quarantine(quarantined, code))
    return True


def _where(error: Exception) -> str:
    """Return the place in our code that failed, which holds nothing of the mail."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return ""
    code = trace.tb_frame.f_code
    return f"{code.co_name}:{trace.tb_lineno}"


_D = Disposition

#: Which of the configured folders a mail goes to, by what became of it.
FOLDER_ROLES: Mapping[Disposition, str] = {
    _D.FILED: "filed",
    _D.FORM_RECEIVED: "filed",
    _D.ANSWER_RECORDED: "filed",
    _D.CORRESPONDENCE_RECORDED: "other",
    _D.DECISION_APPLIED: "decided",
    _D.REPLY_RETURNED: "answered",
    _D.REPLY_REFUSED: "other",
    _D.FORM_WANTED: "answered",
    _D.FORM_SET_ASIDE: "other",
    _D.BOUNCE_RECORDED: "automatic",
    _D.IGNORED: "automatic",
    _D.DUPLICATE: "automatic",
    _D.FOR_A_PERSON: "other",
    _D.OVERSIZE: "quarantine",
    _D.QUARANTINED: "quarantine",
}
