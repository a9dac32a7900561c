"""From a recorded mail to its disposition: parse, classify, prepare, and one transaction.

A handler works in two steps. It first *prepares* (reads the database, extracts, renders) and
returns what to write; then that is applied, with letters, events and the disposition, in one
transaction. If another writer was first, the handler prepares anew. Requests that lie together may
share a commit; when one of them fails, each is done again alone.

Several workers share the mails: each claims some, and writes only while it has them. What stands
alone waits for the earlier mails that other workers have, so that replies are obeyed in the order
in which they came.

The outcomes for a mail: disposed; left for the next tick (the system's fault: the error goes up, or
earlier mails are another's); left to another worker that has it now; counted as a failed attempt
(our fault), and QUARANTINED at the limit with its raw bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import structlog
from sqlalchemy.orm import Session

from inbox_worker.errors import LostClaimError, StaleStatusError, WorkerError
from inbox_worker.handling import (
    bounces,
    filing,
    miscellany,
    requester_replies,
    standing_in,
    urgency,
)
from inbox_worker.handling.reading_ahead import read_ahead, read_one
from inbox_worker.handling.waiting import WaitingRoom
from inbox_worker.intake import Apply, Intake
from inbox_worker.letters import directions
from inbox_worker.reading.system_faults import is_system_fault
from inbox_worker.review import replies
from inbox_worker.services import Services
from inbox_worker.status import Disposition
from inbox_worker.storage import claims, journal
from parsers.classification.classify import MACHINE_WORDS_RULE, MessageKind, Verdict

_log = structlog.get_logger()

#: How often a handler may lose a race before it counts as a failed attempt.
_RACES = 3
#: How many requests, and of how many bytes, may share a commit.
_TOGETHER = 32
_TOGETHER_BYTES = 4_000_000

HANDLERS: Mapping[MessageKind, Callable[[Intake], Apply]] = {
    MessageKind.REQUEST: filing.prepare_filing,
    MessageKind.REQUESTER_REPLY: requester_replies.prepare_requester_reply,
    MessageKind.STAFF_REPLY: replies.prepare_staff_reply,
    MessageKind.BOUNCE: bounces.prepare_delivery_report,
    MessageKind.ABUSE_REPORT: bounces.prepare_abuse_report,
    MessageKind.AUTO_REPLY: standing_in.prepare_automatic_reply,
    MessageKind.OWN_MAIL: miscellany.prepare_ignoring,
    MessageKind.LIST_MAIL: miscellany.prepare_ignoring,
    MessageKind.OVERSIZE: miscellany.prepare_oversize,
    MessageKind.MISDIRECTED: miscellany.prepare_misdirected,
    MessageKind.FORM_WANTED: miscellany.prepare_form_wanted,
    MessageKind.OTHER: miscellany.prepare_other,
}


@dataclass(slots=True, kw_only=True)
class DisposalReport:
    """What a round of disposing came to."""

    disposed: int = 0
    failed: int = 0  #: attempts that failed; their mails are still there
    left: int = 0  #: that are another worker's now, or wait for another's


def dispose_pending(
    services: Services,
    worker_id: str,
    *,
    should_stop: Callable[[], bool],
    room: WaitingRoom | None = None,
) -> DisposalReport:
    """Dispose of every recorded mail that has no disposition yet and is no other's, oldest first.

    Where there is a waiting `room`, mails whose documents take seconds to be read wait in it, from
    one round to the next, and later ones go first; else each is waited for when it is its turn.
    Stops at a message boundary when `should_stop` says so. A fault of the system (database, disk,
    memory) goes up, as does `LeaseLostError`; a mail's own fault never stops the next mail.
    """
    report = DisposalReport()
    mails = read_ahead(services, worker_id, should_stop, room, urgency.see_to_at_once)
    for batch in _gather(mails):
        if len(batch) > 1 and _dispose_together(services, batch):
            report.disposed += len(batch)
            continue
        for intake in batch:
            if _must_wait(intake):
                report.left += 1
                continue
            try:
                disposed = _dispose_alone(intake)
            except LostClaimError:
                _log.warning("mail_left_to_another", journal_id=intake.entry.id)
                report.left += 1
                continue
            report.disposed += disposed
            report.failed += not disposed
    return report


def _must_wait(intake: Intake) -> bool:
    """Whether a mail that may answer another has to wait for earlier ones, which others have."""
    if intake.verdict.kind is MessageKind.REQUEST:
        return False
    with intake.services.database.read() as session:
        return claims.has_earlier_elsewhere(session, intake.entry)


def dispose_one(services: Services, entry_id: int) -> bool:
    """Dispose of one recorded mail now; return False where that failed and is to be tried again.

    A mail that a worker has is left to it, and what that one makes of it stands.
    """
    try:
        return _dispose_alone(read_one(services, entry_id))
    except LostClaimError:
        return True


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
    except Exception as error:
        if is_system_fault(error):
            raise
        # Each is tried again alone, where the one to blame shows itself.
        return False
    for intake, disposition in zip(batch, disposed, strict=True):
        _log_disposed(intake, disposition)
    return True


def _dispose_alone(intake: Intake) -> bool:
    """Dispose of one mail, or count a failed attempt at it."""
    try:
        return _dispose_of(intake)
    except LostClaimError:
        raise
    except Exception as error:
        if is_system_fault(error):
            raise
        # Our bug must not stop the next mail.
        return _record_failure(intake, error)


def _dispose_of(intake: Intake) -> bool:
    for _ in range(_RACES):
        apply = _prepare(intake)
        try:
            _apply(intake, apply)
        except StaleStatusError:
            continue
        return True
    raise WorkerError("another writer was first every time")


def _prepare(intake: Intake) -> Apply:
    if intake.fault is not None:
        raise intake.fault
    if intake.unreadable_code is not None:
        return miscellany.prepare_quarantine(intake, intake.unreadable_code)
    if intake.verdict.rule == urgency.ANSWERS_ALERT:
        return urgency.prepare_acknowledgement(intake)
    if intake.verdict.rule == MACHINE_WORDS_RULE:
        return standing_in.prepare_perhaps_automatic(intake)
    if intake.verdict.kind is MessageKind.REQUEST and intake.channel != "email":
        return requester_replies.prepare_paper(intake)
    return HANDLERS[intake.verdict.kind](intake)


def _apply(intake: Intake, apply: Apply) -> None:
    with intake.services.database.unit_of_work() as unit:
        (disposition,) = _write(unit.session, [(intake, apply)])
        unit.commit()
    _log_disposed(intake, disposition)


def _write(session: Session, prepared: Sequence[tuple[Intake, Apply]]) -> list[Disposition]:
    """Write all that was prepared, what is to be filed in one go, and what became of each mail.

    What is urgent in a mail comes first, whatever else the mail is. Raises `LostClaimError`, and
    writes nothing, when one of them is no longer this worker's.
    """
    claims.hold_claims(session, [intake.entry for intake, _ in prepared])
    for intake, _ in prepared:
        urgency.see_to(intake, session)
        directions.tell_of_demand(intake, session)
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


def _record_failure(intake: Intake, error: Exception) -> bool:
    """Count the attempt; quarantine the mail at the limit and return whether that was done.

    Raises `LostClaimError` where another worker has the mail now: that may be why.
    """
    _log.error(
        "mail_failed",
        journal_id=intake.entry.id,
        error=type(error).__name__,
        where=_where(error),
    )
    with intake.services.database.unit_of_work() as unit:
        claims.hold_claims(unit.session, [intake.entry])
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
    _D.STATUS_ANSWERED: "answered",
    _D.VERIFICATION_ANSWERED: "answered",
    _D.WITHDRAWAL_APPLIED: "decided",
    _D.REDIRECTED: "answered",
    _D.BOUNCE_RECORDED: "automatic",
    _D.IGNORED: "automatic",
    _D.DUPLICATE: "automatic",
    _D.FOR_A_PERSON: "other",
    _D.OVERSIZE: "quarantine",
    _D.QUARANTINED: "quarantine",
    _D.DISCARDED: "quarantine",
}
