"""What requesters do by a keyword in a mail: ask for the stage of a request, take one back.

Outcomes: STATUS_ANSWERED, with the stage or, for whoever may not be told, with the one letter that
tells nothing; WITHDRAWAL_APPLIED; CORRESPONDENCE_RECORDED where a person has to see to it;
FOR_A_PERSON beyond the bounds on answers. A stage is told, and a request taken back, only for the
address it came from.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from functools import partial

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from inbox_worker.errors import StaleStatusError
from inbox_worker.intake import Apply, Intake
from inbox_worker.letters import correspondence, staff_alerts
from inbox_worker.letters.answer_limits import may_answer
from inbox_worker.letters.letterhead import build_letterhead
from inbox_worker.letters.posting import Inbound, Posting, post_to_requester
from inbox_worker.status import REQUEST_TRANSITIONS, Disposition, RequestStatus
from inbox_worker.storage import store
from inbox_worker.storage.models import LetterRecord, Request
from outbound.letters.compose import Letter, LetterKind
from outbound.letters.self_service_letters import (
    Stage,
    StageReport,
    Withdrawal,
    compose_stage_report,
    compose_withdrawal,
)
from parsers.mail.bindings import find_reply_tokens
from parsers.replies.self_service import Keyword, Wish

#: How many keywords about one request are answered in a day.
ANSWERS_PER_REQUEST = 10

_S = RequestStatus
#: What outsiders are told of each status; a decision shows only once its answer has left.
STAGES: Mapping[RequestStatus, Stage] = {
    _S.RECEIVED: Stage.RECEIVED,
    _S.INCOMPLETE: Stage.WAITING_FOR_YOU,
    _S.IN_REVIEW: Stage.IN_REVIEW,
    _S.NEEDS_INFORMATION: Stage.WAITING_FOR_YOU,
    _S.ON_HOLD: Stage.IN_REVIEW,
    _S.LEGAL: Stage.IN_REVIEW,
    _S.SECOND_REVIEW: Stage.IN_REVIEW,
    _S.APPROVED: Stage.IN_REVIEW,
    _S.DENIED: Stage.IN_REVIEW,
    _S.ISSUED: Stage.ANSWERED,
    _S.REVOKED: Stage.ANSWERED,
    _S.WITHDRAWN: Stage.ANSWERED,
    _S.CLOSED: Stage.ANSWERED,
}
_ASKING = (LetterKind.QUESTION.value, LetterKind.DEFICIENCY.value)
_KINDS = (LetterKind.STAGE_REPORT.value, LetterKind.WITHDRAWAL.value)


def prepare_wish(intake: Intake, wish: Wish, request: Request | None, *, is_answer: bool) -> Apply:
    """Return what to write for a keyword; `request` is the author's own, None when there is none.

    `is_answer` says that the mail answers a letter of ours that went to its author.
    """
    if request is None:
        return partial(_tell_nothing, intake, wish)
    if wish.keyword is Keyword.STATUS:
        if is_answer or intake.is_author_proven():
            return partial(_tell_stage, intake, request)
        return partial(_tell_nothing, intake, wish)
    return partial(_withdraw, intake, request)


def prepare_wish_beside(
    intake: Intake, wish: Wish, request: Request, apply: Apply, *, is_answer: bool
) -> Apply:
    """Return what to write for a wish for the status that stands beside what a person reads.

    `apply` is what the rest of the mail means, and says what becomes of it.
    """
    return partial(_do_both, apply, prepare_wish(intake, wish, request, is_answer=is_answer))


def _do_both(apply: Apply, answer: Apply, session: Session) -> Disposition:
    # The stage that is told is the one the rest of the mail leads to.
    disposition = apply(session)
    answer(session)
    return disposition


def _tell_nothing(intake: Intake, wish: Wish, session: Session) -> Disposition:
    if not may_answer(intake, session):
        return Disposition.FOR_A_PERSON
    _add_event(intake, session, "keyword_not_obeyed", None)
    correspondence.write_nothing_to_tell(
        intake.services,
        session,
        Inbound.of(intake),
        has_miswritten_number=wish.has_miswritten_number and not wish.numbers,
        now=intake.now,
    )
    return Disposition.STATUS_ANSWERED


def _tell_stage(intake: Intake, seen: Request, session: Session) -> Disposition:
    request = session.get_one(Request, seen.id)
    if _is_answered_enough(intake, session, request):
        _add_event(intake, session, "keyword_not_answered", request)
        return Disposition.FOR_A_PERSON
    _add_event(intake, session, "status_asked", request)
    general = intake.services.settings.general
    letter = compose_stage_report(
        StageReport(
            head=build_letterhead(intake.services),
            tracking_number=request.tracking_number,
            stage=STAGES[RequestStatus(request.status)],
            turnaround_text=general.turnaround_text,
        )
    )
    _post(intake, session, request, letter)
    return Disposition.STATUS_ANSWERED


def _withdraw(intake: Intake, seen: Request, session: Session) -> Disposition:
    request = session.get_one(Request, seen.id)
    if (request.status, request.revision) != (seen.status, seen.revision):
        raise StaleStatusError(f"{seen.tracking_number} changed meanwhile")
    if not _may_withdraw(intake, session):
        _add_event(intake, session, "withdrawal_unproven", request)
        staff_alerts.write_requester_wrote(
            intake.services, session, request, journal_id=intake.entry.id, now=intake.now
        )
        return Disposition.CORRESPONDENCE_RECORDED
    applies = RequestStatus.WITHDRAWN in REQUEST_TRANSITIONS[RequestStatus(request.status)]
    if applies:
        store.move_request(
            session,
            request,
            RequestStatus.WITHDRAWN,
            code="request_withdrawn",
            actor=store.PROGRAM,
            now=intake.now,
            journal_id=intake.entry.id,
        )
    else:
        _add_event(intake, session, "withdrawal_to_decide", request)
    if request.status != RequestStatus.WITHDRAWN or applies:
        code = "requester_withdrew" if applies else "withdrawal_to_decide"
        staff_alerts.write_withdrawal_news(intake.services, session, request, code, now=intake.now)
    if not _is_answered_enough(intake, session, request):
        # The same letter whatever was decided: it must not tell whether anything was.
        head = build_letterhead(intake.services)
        number = request.tracking_number
        _post(
            intake,
            session,
            request,
            compose_withdrawal(Withdrawal(head=head, tracking_number=number)),
        )
    return Disposition.WITHDRAWAL_APPLIED if applies else Disposition.CORRESPONDENCE_RECORDED


def _may_withdraw(intake: Intake, session: Session) -> bool:
    """Whether the author is proven, or answers a letter of ours that asked them something."""
    if intake.is_author_proven():
        return True
    host = intake.services.settings.smtp.from_address.rpartition("@")[2].lower()
    own = intake.services.settings.own_addresses
    answered = [f"<{t.kind}.{t.token}@{host}>" for t in find_reply_tokens(intake.message, own)]
    asking = session.scalars(
        select(LetterRecord.recipient).where(
            LetterRecord.message_id.in_(answered), LetterRecord.kind.in_(_ASKING)
        )
    )
    return any(recipient.lower() == intake.author_address.lower() for recipient in asking)


def _is_answered_enough(intake: Intake, session: Session, request: Request) -> bool:
    """Whether so many keywords about the request were answered today that a program may write."""
    count = session.scalars(
        select(func.count())
        .select_from(LetterRecord)
        .where(
            LetterRecord.request_id == request.id,
            LetterRecord.kind.in_(_KINDS),
            LetterRecord.created_at >= intake.now - timedelta(days=1),
        )
    ).one()
    return count >= ANSWERS_PER_REQUEST


def _post(intake: Intake, session: Session, request: Request, letter: Letter) -> None:
    key = f"{letter.kind.value}:{intake.entry.id}"
    posting = Posting(key=key, now=intake.now, answers=Inbound.of(intake))
    post_to_requester(intake.services, session, request, request.author_address, letter, posting)


def _add_event(intake: Intake, session: Session, code: str, request: Request | None) -> None:
    store.add_event(
        session,
        code,
        request=request,
        actor=store.PROGRAM,
        now=intake.now,
        journal_id=intake.entry.id,
    )
