"""Recorded mails, read: parsed, classified, their documents read, while earlier ones are filed.

`read_ahead` yields each mail that has no disposition yet as an `Intake`, oldest first. A mail that
defeats the reader as a whole is read piece by piece; what cannot be parsed at all is an intake that
says so, and our own faults are raised when it is that mail's turn. Where there is a waiting room,
mails whose documents are pictures wait in it while those are read, and later ones go first.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace
from datetime import datetime

from inbox_worker.handling.waiting import WaitingRoom
from inbox_worker.intake import Intake, PendingDocument
from inbox_worker.reading.system_faults import is_system_fault
from inbox_worker.services import Services
from inbox_worker.storage import claims, journal
from inbox_worker.storage.models import JournalEntry
from parsers.classification.classify import ClassificationContext, classify, is_of_a_person
from parsers.errors import ParseError
from parsers.extraction import Extraction
from parsers.mail.delivery_reports import find_returned_letter
from parsers.mail.message import InboundMessage
from parsers.mail.parsing import parse_message
from parsers.papers.hearing import count_beside, count_documents
from parsers.papers.inside import may_hold_papers
from parsers.papers.mail_reading import (
    REPORTS,
    MailReading,
    add_inside,
    list_documents,
    may_speak,
)
from parsers.reading.document import build_refused

#: How many mails, and of how many bytes, are with the reader while earlier ones are filed.
_AHEAD = 48
_AHEAD_BYTES = 16_000_000
#: How many mails, and of how many bytes, are read from the journal in one go.
_READ_TOGETHER = 8
_READ_TOGETHER_BYTES = 2_000_000
#: How many mails are claimed at a time: enough for a commit to cost little, and few enough that
#: another worker finds its share.
_CLAIMED = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reading:
    """A recorded mail with the reader at work on it."""

    entry: JournalEntry
    raw: bytes
    context: ClassificationContext
    now: datetime
    future: Future[MailReading | None]


def read_ahead(
    services: Services,
    worker_id: str,
    should_stop: Callable[[], bool],
    room: WaitingRoom | None,
    on_wait: Callable[[Intake], None],
) -> Iterator[Intake]:
    """Yield the mails this worker is to dispose of; stop at a message boundary when told to.

    `on_wait` is called with each mail that has to wait for its pictures.
    """
    return _let_pass(_read_ahead(services, worker_id, should_stop, room), room, on_wait)


def read_one(services: Services, entry_id: int) -> Intake:
    """Return one recorded mail as it is read today, whatever became of it, its pictures too."""
    with services.database.read() as session:
        ((entry, raw),) = journal.read_mails(session, [entry_id])
    (intake,) = _finish_reading(services, _start_reading(services, entry, raw), None)
    return _listen(intake)


def _let_pass(
    intakes: Iterable[Intake], room: WaitingRoom | None, on_wait: Callable[[Intake], None]
) -> Iterator[Intake]:
    """Yield the mails whose documents are read, those that waited first; the others wait."""
    if room is None:
        yield from map(_listen, intakes)
        return
    yield from map(_listen, room.take_read())
    for intake in intakes:
        if intake.is_read:
            yield _listen(intake)
        else:
            on_wait(_listen(intake, only_read=True))
            _put_off(intake.services, intake.entry, is_kept=True)
            room.keep(intake)


def _listen(intake: Intake, *, only_read: bool = False) -> Intake:
    """Return the mail with what its documents say counted, once their readers are done.

    With `only_read` those that are still being read are left out, and not waited for.
    """
    read = [
        (d.attachment, d.reading.result())
        for d in intake.documents
        if d.reading.done() or not only_read
    ]
    if not read or not is_of_a_person(intake.verdict):
        return intake
    verdict = count_documents(intake.verdict, read, intake.services.topics)
    return intake if verdict is intake.verdict else replace(intake, verdict=verdict)


def _put_off(services: Services, entry: JournalEntry, *, is_kept: bool) -> None:
    """Let later mails go first, in other workers too; and let those have one that is not kept."""
    with services.database.unit_of_work() as unit:
        claims.put_off(unit.session, entry, now=services.clock(), is_kept=is_kept)
        unit.commit()


def _read_ahead(
    services: Services, worker_id: str, should_stop: Callable[[], bool], room: WaitingRoom | None
) -> Iterator[Intake]:
    """Yield mails that were read, while the reader is already at work on the next few."""
    reading: deque[_Reading] = deque()
    for entry, raw in _list_entries(services, worker_id, room):
        if should_stop():
            return
        reading.append(_start_reading(services, entry, raw))
        held = sum(r.entry.size for r in reading)
        if len(reading) > _AHEAD or held > _AHEAD_BYTES:
            yield from _finish_reading(services, reading.popleft(), room)
    while reading and not should_stop():
        yield from _finish_reading(services, reading.popleft(), room)


def _list_entries(
    services: Services, worker_id: str, room: WaitingRoom | None
) -> Iterator[tuple[JournalEntry, bytes]]:
    last = 0
    while True:
        has_room = room is None or not room.is_full
        with services.database.unit_of_work() as unit:
            listed = claims.claim_undisposed(
                unit.session, worker_id, after=last, limit=_CLAIMED, with_put_off=has_room
            )
            unit.commit()
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
        own_addresses=services.settings.own_addresses,
        oversize=not entry.is_whole,
        topics=services.topics,
        spam_marks=services.settings.intake.spam_marks,
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
        _put_off(services, reading.entry, is_kept=False)
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
        returned=found.returned,
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
        topics=services.topics,
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
        if may_speak(message, verdict):
            said = services.reader.hear_beside(message, reading.context)
            verdict = count_beside(verdict, *said, services.topics)
    except ParseError as error:
        return Intake.unreadable(services, entry, now=now, code=error.code)
    except Exception as error:
        if is_system_fault(error):
            raise
        # Raised again when it is this mail's turn.
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
        # Without the library, whose patterns may have been what took the reader's life.
        returned=find_returned_letter(message) if verdict.kind in REPORTS else None,
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
        topics=services.topics,
    )
