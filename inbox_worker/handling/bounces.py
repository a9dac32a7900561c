"""Reports about letters of ours: that one came back, waits, arrived, or was complained about.

The outcome is BOUNCE_RECORDED always: nothing is answered, and nothing is ever sent again because
of a report. A report counts only for the letter whose identifier it returns, which nobody guesses:
that letter's delivery moves on, its request shows it, and staff are told. One that only names an
address is recorded beside the one letter it can mean, and moves nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from functools import partial

import structlog
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from inbox_worker.errors import StaleStatusError
from inbox_worker.intake import Apply, Intake
from inbox_worker.letters import staff_alerts
from inbox_worker.status import DeliveryStatus, Disposition, check_delivery_transition
from inbox_worker.storage import store
from inbox_worker.storage.models import LetterRecord, Request
from inbox_worker.storage.outbox_store import ANSWERS
from outbound.letters.compose import LetterKind
from parsers.mail.bindings import find_reply_tokens, is_own_message_id
from parsers.mail.delivery_reports import DeliveryReport, ReportedAction, ReturnedLetter

_log = structlog.get_logger()

#: What a report says of a letter that is on its way or has arrived.
_AS_IT_SHOULD_BE = frozenset({"letter_delivered", "letter_relayed", "letter_expanded"})

#: How long after a letter left a report that returns no identifier may still mean it.
_RECENT = timedelta(days=5)
#: From where a report may move a letter; one under way is settled by whoever sends it.
_MOVABLE = frozenset({DeliveryStatus.ACCEPTED.value, DeliveryStatus.UNKNOWN.value})
_ENVELOPE_ID = re.compile(r"(?:review|letter)\.[0-9a-z]{1,60}")


class Evidence(StrEnum):
    """What ties a report to a letter."""

    MESSAGE_ID = "message_id"  #: it returns the letter's header, or answers it
    ENVELOPE_ID = "envelope_id"  #: it returns the name the letter was submitted under
    REPLY_ADDRESS = "reply_address"  #: it was sent to the address that answers to the letter go to
    RECIPIENT = "recipient"  #: one letter only went to that address lately; proves nothing


@dataclass(frozen=True, slots=True, kw_only=True)
class _Tie:
    letter: LetterRecord
    evidence: Evidence


def prepare_delivery_report(intake: Intake) -> Apply:
    """Record a report about the delivery of a letter."""
    return partial(_record_delivery_report, intake)


def prepare_abuse_report(intake: Intake) -> Apply:
    """Record that somebody called a letter of ours unwanted (RFC 5965), and tell staff."""
    return partial(_record_abuse_report, intake)


def _record_delivery_report(intake: Intake, session: Session) -> Disposition:
    returned = intake.returned
    tie = None if returned is None else _find_tie(intake, session, returned)
    if tie is None or returned is None:
        _add_event(intake, session, "report_received", None, {})
        return Disposition.BOUNCE_RECORDED
    report = _find_weightiest(returned, tie.letter)
    detail = {
        "letter": tie.letter.id,
        "kind": tie.letter.kind,
        "evidence": tie.evidence.value,
        "action": "" if report is None else report.action.value,
        "status": "" if report is None else report.status,
    }
    request = _find_request(session, tie.letter)
    code = _apply_report(intake, session, tie, report, request)
    _add_event(intake, session, code, request, detail)
    tell = _log.info if code in _AS_IT_SHOULD_BE else _log.warning
    tell(code, journal_id=intake.entry.id, letter_id=tie.letter.id)
    return Disposition.BOUNCE_RECORDED


def _record_abuse_report(intake: Intake, session: Session) -> Disposition:
    returned = intake.returned
    tie = None if returned is None else _find_proven(intake, session, returned)
    request = None if tie is None else _find_request(session, tie.letter)
    ids = {"journal entry": str(intake.entry.id)}
    detail = {}
    if tie is not None:
        ids["letter"] = str(tie.letter.id)
        detail = {"letter": tie.letter.id, "kind": tie.letter.kind}
    _add_event(intake, session, "abuse_report_received", request, detail)
    # One alarm a letter, or a day where none is named: who complains of everything is heard once.
    about = tie.letter.id if tie else intake.services.local_date(intake.now)
    staff_alerts.write_alarm(
        intake.services,
        session,
        code="abuse_report",
        key=f"abuse:{about}",
        ids=ids,
        now=intake.now,
        request=request,
    )
    return Disposition.BOUNCE_RECORDED


def _add_event(
    intake: Intake, session: Session, code: str, request: Request | None, detail: dict[str, object]
) -> None:
    store.add_event(
        session,
        code,
        request=request,
        actor=store.PROGRAM,
        now=intake.now,
        journal_id=intake.entry.id,
        detail=detail,
    )


def _find_request(session: Session, letter: LetterRecord) -> Request | None:
    """Return the request, held before its letter is changed, as everybody does."""
    return None if letter.request_id is None else store.hold_request(session, letter.request_id)


def _find_tie(intake: Intake, session: Session, returned: ReturnedLetter) -> _Tie | None:
    return _find_proven(intake, session, returned) or _find_likely(intake, session, returned)


def _find_proven(intake: Intake, session: Session, returned: ReturnedLetter) -> _Tie | None:
    """Return the letter whose identifier the report returns, by the surest of them."""
    for message_id, evidence in _list_identifiers(intake, returned):
        letter = session.scalars(
            select(LetterRecord).where(LetterRecord.message_id == message_id)
        ).one_or_none()
        if letter is not None:
            return _Tie(letter=letter, evidence=evidence)
    return None


def _list_identifiers(intake: Intake, returned: ReturnedLetter) -> Iterator[tuple[str, Evidence]]:
    own = intake.services.settings.own_addresses
    for message_id in returned.message_ids:
        if is_own_message_id(message_id, own):
            # Ours are written in lower case, and some systems change that.
            yield message_id.lower(), Evidence.MESSAGE_ID
    host = intake.services.settings.smtp.from_address.rpartition("@")[2].lower()
    envelope_id = returned.envelope_id.lower()
    if _ENVELOPE_ID.fullmatch(envelope_id):
        yield f"<{envelope_id}@{host}>", Evidence.ENVELOPE_ID
    for token in find_reply_tokens(intake.message, own):
        yield f"<{token.kind}.{token.token}@{host}>", Evidence.REPLY_ADDRESS


def _find_likely(intake: Intake, session: Session, returned: ReturnedLetter) -> _Tie | None:
    """Return the one letter that left lately for an address the report names, None for several."""
    addresses = {
        address.lower()
        for report in returned.reports
        for address in (report.final_recipient, report.original_recipient)
        if address
    }
    if len(addresses) != 1:
        return None
    found = session.scalars(
        select(LetterRecord)
        .where(
            func.lower(LetterRecord.recipient).in_(addresses),
            LetterRecord.status.in_(_MOVABLE),
            LetterRecord.created_at >= intake.now - _RECENT,
        )
        .limit(2)
    ).all()
    return _Tie(letter=found[0], evidence=Evidence.RECIPIENT) if len(found) == 1 else None


def _find_weightiest(returned: ReturnedLetter, letter: LetterRecord) -> DeliveryReport | None:
    """Return what was said of the letter's recipient, or of any where nothing was: the worst."""
    named = [r for r in returned.reports if r.is_about(letter.recipient)]
    order = list(ReportedAction)
    return min(named or returned.reports, key=lambda r: order.index(r.action), default=None)


def _apply_report(
    intake: Intake,
    session: Session,
    tie: _Tie,
    report: DeliveryReport | None,
    request: Request | None,
) -> str:
    """Move the letter and tell staff as the report asks for; return the event's code."""
    letter, services, now = tie.letter, intake.services, intake.now
    if tie.evidence is Evidence.RECIPIENT:
        if report is not None and report.action is ReportedAction.FAILED:
            _tell(intake, session, letter, report, request, code="report_unproven")
        return "report_unproven"
    if report is None:
        _tell(intake, session, letter, report, request, code="report_unclear")
        return "report_unclear"
    if report.action is ReportedAction.DELIVERED:
        _move(session, letter, DeliveryStatus.DELIVERED, reason=None)
        return "letter_delivered"
    if report.action is not ReportedAction.FAILED:
        return f"letter_{report.action.value}"
    _move(session, letter, DeliveryStatus.FAILED, reason=f"came back {report.status}".strip())
    code = "answer_came_back" if letter.kind in ANSWERS else "letter_came_back"
    _tell(intake, session, letter, report, request, code=code)
    if request is not None and not LetterKind(letter.kind).is_for_staff:
        staff_alerts.write_letter_came_back(services, session, request, letter.id, now=now)
    return "letter_came_back"


def _move(
    session: Session, letter: LetterRecord, target: DeliveryStatus, *, reason: str | None
) -> None:
    """Compare and set the letter's status where a report may; raise `StaleStatusError` if late."""
    source = letter.status
    if source not in _MOVABLE:
        return
    check_delivery_transition(DeliveryStatus(source), target)
    changed = session.execute(
        update(LetterRecord)
        .where(LetterRecord.id == letter.id, LetterRecord.status == source)
        .values(status=target.value, reason=reason)
        .execution_options(synchronize_session=False)
    )
    if changed.rowcount != 1:  # type: ignore[attr-defined]
        raise StaleStatusError(f"letter {letter.id} is no longer {source}")
    session.refresh(letter)


def _tell(
    intake: Intake,
    session: Session,
    letter: LetterRecord,
    report: DeliveryReport | None,
    request: Request | None,
    *,
    code: str,
) -> None:
    """Raise an alarm about the letter, once; never about an alarm, or two would go on for ever."""
    if letter.kind == LetterKind.STAFF_ALERT.value:
        return
    ids = {"letter": str(letter.id), "kind": letter.kind, "journal entry": str(intake.entry.id)}
    if report is not None and report.status:
        ids["status"] = report.status
    # Failures at the relay are told under the same beginning, so that no failure is told twice; a
    # letter that a person let go once more may fail once more.
    about = "letter" if code.endswith("came_back") else code
    key = f"{about}:{letter.id}:{letter.attempts}"
    staff_alerts.write_alarm(
        intake.services, session, code=code, key=key, ids=ids, now=intake.now, request=request
    )
