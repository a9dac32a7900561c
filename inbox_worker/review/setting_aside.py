"""HOLD, RELEASE, LEGAL, CLOSE and DUPLICATE: a request leaves review without an answer, or returns.

Setting one aside tells nobody outside: to its requester it is in review all the while. CLOSE and
DUPLICATE end the round; the requester is told that the request is closed and how to open it again,
and never why. What counsel was given, only RELEASE gives back, and that is written down with the
request: the rules ask for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

from sqlalchemy.orm import Session

from inbox_worker.casefile.triage import Flag
from inbox_worker.intake import Apply
from inbox_worker.letters import correspondence
from inbox_worker.letters.posting import Posting
from inbox_worker.review import notices, reply_answers, transcripts
from inbox_worker.review.reply import Reply
from inbox_worker.status import Disposition, RequestStatus
from inbox_worker.storage import store
from inbox_worker.storage.models import Decision, Request
from outbound.letters.compose import Fact
from parsers.values.tracking import find_miswritten_tracking_numbers, find_tracking_numbers

_S = RequestStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class _Move:
    """Where a keyword takes a request, and what its writer is told."""

    target: RequestStatus
    code: str  #: of the event
    sentence: str


_MOVES: Mapping[str, _Move] = {
    "HOLD": _Move(
        target=_S.ON_HOLD,
        code="request_held",
        sentence="The request is on hold until RELEASE; the requester is told nothing.",
    ),
    "RELEASE": _Move(
        target=_S.IN_REVIEW,
        code="request_released",
        sentence="The request is back in review, and its reviewers have new notices.",
    ),
    "LEGAL": _Move(
        target=_S.LEGAL,
        code="request_to_counsel",
        sentence="The request is with counsel. Nothing is answered before RELEASE.",
    ),
}


def prepare_move(reply: Reply) -> Apply:
    """Set the request aside, hand it to counsel, or take it up again."""
    return partial(_apply_move, reply, _MOVES[reply.command.keyword])


def prepare_closing(reply: Reply) -> Apply:
    """Close the request; the reason stays inside."""
    return partial(_apply_closing, reply, None)


def prepare_duplicate(reply: Reply) -> Apply:
    """Close the request in favour of another that asks the same."""
    written = reply.command.argument
    numbers = find_tracking_numbers(written)
    if len(numbers) != 1 or numbers[0] == reply.request.tracking_number:
        sentence = "DUPLICATE takes the tracking number of the other request, and nothing else."
        if find_miswritten_tracking_numbers(written):
            sentence = "That is no tracking number: its last digit does not fit. Check it."
        return reply_answers.refuse(reply, sentence)
    with reply.intake.services.database.read() as session:
        other = store.find_request(session, numbers[0])
        session.expunge_all()
    if other is None:
        return reply_answers.refuse(reply, f"There is no request {numbers[0]}.")
    return partial(_apply_closing, reply, other)


def _apply_move(reply: Reply, move: _Move, session: Session) -> Disposition:
    request, intake = reply.hold(session), reply.intake
    _drop_first_approval(reply, session)
    was_with_counsel = request.status == _S.LEGAL
    store.move_request(
        session,
        request,
        move.target,
        code=move.code,
        actor=reply.member.email.lower(),
        now=intake.now,
        journal_id=intake.entry.id,
        detail={"reason": reply.command.argument},
    )
    if move.target is _S.IN_REVIEW and was_with_counsel:
        request.legal_cleared_at = intake.now
        session.flush()
    transcripts.return_note(reply, session, request, move.sentence, _list_reason(reply))
    if move.target is _S.IN_REVIEW:
        notices.write_review_notices(intake.services, session, request, now=intake.now)
    elif move.target is _S.LEGAL:
        notices.write_counsel_notices(intake.services, session, request, now=intake.now)
    return Disposition.DECISION_APPLIED


def _apply_closing(reply: Reply, other: Request | None, session: Session) -> Disposition:
    request, intake, keyword = reply.hold(session), reply.intake, reply.command.keyword
    if other is not None:
        request.duplicate_of = other.tracking_number
        request.flags = [f.value for f in Flag if f in {*request.flags, Flag.DUPLICATE}]
    session.add(
        Decision(
            request_id=request.id,
            round=request.round,
            revision=request.revision,
            keyword=keyword,
            actor=reply.member.email.lower(),
            state="IN_FORCE",
            made_at=intake.now,
            journal_id=intake.entry.id,
            findings=None,
            reason=reply.command.argument,
            certifier=None,
            release_at=None,
        )
    )
    store.move_request(
        session,
        request,
        _S.CLOSED,
        code="request_closed" if other is None else "request_closed_as_duplicate",
        actor=reply.member.email.lower(),
        now=intake.now,
        journal_id=intake.entry.id,
        detail={"reason": reply.command.argument},
    )
    is_theirs = other is not None and _is_same_author(request, other)
    correspondence.write_closed(
        intake.services,
        session,
        request,
        goes_on_as=other.tracking_number if other is not None and is_theirs else "",
        posting=Posting(key=f"closed:{intake.entry.id}", now=intake.now),
    )
    sentence = "The request is closed. Its requester is told so, and not why."
    transcripts.return_note(reply, session, request, sentence, _list_reason(reply))
    return Disposition.DECISION_APPLIED


def _is_same_author(one: Request, other: Request) -> bool:
    return one.author_address.lower() == other.author_address.lower() and one.author_proven


def _drop_first_approval(reply: Reply, session: Session) -> None:
    """End an approval that waited for a second person: the next round begins with the first."""
    if reply.first is not None and reply.status is _S.SECOND_REVIEW:
        first = session.get_one(Decision, reply.first.id)
        store.set_decision_state(session, first, "FIRST", "SUPERSEDED")


def _list_reason(reply: Reply) -> tuple[Fact, ...]:
    reason = reply.command.argument
    return (Fact(label=reply.command.keyword.capitalize(), value=reason),) if reason else ()
