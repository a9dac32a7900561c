"""APPROVE, REISSUE and CONFIRM: how an approval comes into force.

An approval is first PROPOSED: the exact document is rendered and shown. CONFIRM (or APPROVE,
where the site asks for no confirmation) puts it IN_FORCE, unless a second person is needed: then
it is the FIRST, and a different person's approval of the same printed facts comes into force.
What is in force is issued when its release moment comes. REISSUE is an
approval of a request that was answered: the request stays answered until another answer leaves.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from typing import Any

from sqlalchemy.orm import Session

from inbox_worker.casefile import casework
from inbox_worker.casefile.casework import Proposal, ProposalRefusedError
from inbox_worker.casefile.findings_record import dump_findings, load_findings
from inbox_worker.intake import Apply
from inbox_worker.review import notices, reply_answers, transcripts
from inbox_worker.review.reply import ANSWERED, Reply, attach_decision, find_unread
from inbox_worker.review.reply_answers import refuse
from inbox_worker.status import Disposition, RequestStatus
from inbox_worker.storage import store
from inbox_worker.storage.models import Decision, Request
from parsers.replies.command import CommandRefusal, LineProblem
from parsers.replies.findings import Findings

_S = RequestStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class _Approval:
    """An approval that was found possible, with its document rendered."""

    reply: Reply
    findings: Findings
    proposal: Proposal
    document: bytes  #: marked PREVIEW


def prepare_approval(reply: Reply) -> Apply:
    """Compute what the findings answer, and show it or put it in force."""
    first = _find_first(reply)
    obstacle = _find_obstacle(reply, first)
    if obstacle:
        return refuse(reply, obstacle)
    findings = reply.command.findings
    if findings is None and first is None:
        needs = f"{_word_of(reply)} needs your findings on lines below it."
        return _return(reply, "no_findings", needs)
    if findings is None and first is not None and first.findings is not None:
        findings = load_findings(first.findings)
    assert findings is not None
    return _prepare_proposal(reply, findings, first, confirmed=False)


def prepare_confirmation(reply: Reply) -> Apply:
    """Put the proposal that the answered mail showed in force, if it still holds."""
    proposal = reply.proposal
    if proposal is None or proposal.findings is None:
        sentence = "The mail you answered shows no document to confirm; send {} first."
        return refuse(reply, sentence.format(_word_of(reply)))
    if proposal.state != "PROPOSED" or proposal.round != reply.request.round:
        return refuse(reply, "That document was confirmed or replaced already.")
    if proposal.revision != reply.request.revision:
        return refuse(
            reply, f"The file was corrected since that document was made; {_word_of(reply)} again."
        )
    first = _find_first(reply)
    obstacle = _find_obstacle(reply, first)
    if obstacle:
        return refuse(reply, obstacle)
    if first is not None and proposal.adopts_id != first.id:
        return refuse(reply, "Another person approved meanwhile; answer the newest notice.")
    return _prepare_proposal(reply, load_findings(proposal.findings), first, confirmed=True)


def _word_of(reply: Reply) -> str:
    """Return the keyword that brings a certification about now, or another in its place."""
    return "REISSUE" if reply.status in ANSWERED else "APPROVE"


def _find_first(reply: Reply) -> Decision | None:
    """Return the approval that waits for this person's, None where none does.

    Whoever asked for another certification and writes once more begins anew.
    """
    first = reply.first
    if reply.status in ANSWERED:
        is_theirs = first is not None and first.actor == reply.member.email.lower()
        return first if first is not None and first.keyword == "REISSUE" and not is_theirs else None
    return first if reply.status is _S.SECOND_REVIEW else None


def _find_obstacle(reply: Reply, first: Decision | None) -> str:
    """Return why this person cannot approve now, nothing when they can."""
    unread = find_unread(reply)
    if unread:
        return unread
    if first is None:
        return ""
    if first.actor == reply.member.email.lower():
        return "You gave the first approval; a second person must give the other."
    if reply.first_is_gone:
        return (
            "Whoever gave the first approval is no longer an approver, so it does not count. "
            "Reply CANCEL to bring the request back to review."
        )
    return ""


def _prepare_proposal(
    reply: Reply, findings: Findings, first: Decision | None, *, confirmed: bool
) -> Apply:
    services = reply.intake.services
    try:
        proposal = casework.propose(
            services,
            reply.request,
            reply.fields,
            findings,
            approver=reply.member,
            first_approver=None if first is None else services.settings.find_staff(first.actor),
            now=reply.intake.now,
        )
    except ProposalRefusedError as refused:
        mistake = CommandRefusal(
            keyword=_word_of(reply),
            problems=_place(refused.problems, reply),
            lines=_lines_of(reply),
        )
        return partial(reply_answers.return_mistake, reply, mistake)
    approval = _Approval(
        reply=reply,
        findings=findings,
        proposal=proposal,
        document=casework.render_preview(proposal),
    )
    if first is not None and first.findings is not None:
        is_alike = casework.is_printed_alike(
            services,
            reply.request,
            reply.fields,
            load_findings(first.findings),
            proposal,
            now=reply.intake.now,
        )
        if not is_alike:
            return partial(_apply_difference, approval, first)
    if services.settings.review.confirm and not confirmed:
        return partial(_apply_proposal, approval, first)
    return partial(_apply_approval, approval, first)


def _apply_proposal(approval: _Approval, first: Decision | None, session: Session) -> Disposition:
    """Show the document and wait for CONFIRM."""
    request = approval.reply.hold(session)
    store.supersede_proposals(session, request, approval.reply.member.email.lower())
    decision = _record(approval, request, "PROPOSED", session, first=first)
    store.add_event(
        session,
        "approval_proposed",
        request=request,
        actor=decision.actor,
        now=approval.reply.intake.now,
        journal_id=decision.journal_id,
    )
    transcripts.return_preview(
        approval.reply, session, request, decision, approval.proposal, approval.document
    )
    return Disposition.DECISION_APPLIED


def _apply_approval(approval: _Approval, first: Decision | None, session: Session) -> Disposition:
    """Put the approval in force, or leave it to a second person."""
    reply = approval.reply
    request = reply.hold(session)
    needs_second = first is None and bool(approval.proposal.second_person)
    state = "FIRST" if needs_second else "IN_FORCE"
    if reply.status in ANSWERED:
        _replace_first(reply, session)
        if not needs_second:
            # The round that was answered keeps its decision; this one is of a round of its own.
            store.start_round(session, request)
    decision = _confirm(approval, request, state, session, first)
    if not needs_second:
        undo = timedelta(minutes=reply.intake.services.settings.review.undo_minutes)
        decision.release_at = reply.intake.now + undo
    detail = {"second_person": [r.code for r in approval.proposal.second_person]}
    _move(reply, session, request, decision, needs_second=needs_second, detail=detail)
    transcripts.return_approval(
        reply, session, request, decision, approval.proposal, approval.document
    )
    if needs_second:
        notices.write_second_review_notices(
            reply.intake.services,
            session,
            request,
            decision,
            approval.proposal,
            approval.document,
            now=reply.intake.now,
        )
    return Disposition.DECISION_APPLIED


def _move(
    reply: Reply,
    session: Session,
    request: Request,
    decision: Decision,
    *,
    needs_second: bool,
    detail: Mapping[str, Any],
) -> None:
    """Move the request on; one that was answered stays so until another answer leaves."""
    code = "second_person_needed" if needs_second else "request_approved"
    noted: dict[str, Any] = {
        "actor": decision.actor,
        "now": reply.intake.now,
        "journal_id": decision.journal_id,
        "detail": detail,
    }
    if reply.status in ANSWERED:
        store.add_event(session, code, request=request, **noted)
        return
    target = _S.SECOND_REVIEW if needs_second else _S.APPROVED
    store.move_request(session, request, target, code=code, **noted)


def _replace_first(reply: Reply, session: Session) -> None:
    """End what the writer asked for earlier, where it still waits for a second person."""
    mine = reply.first
    if mine is not None and mine.keyword == "REISSUE" and mine.actor == reply.member.email.lower():
        store.set_decision_state(session, attach_decision(session, mine), "FIRST", "SUPERSEDED")


def _apply_difference(approval: _Approval, first: Decision, session: Session) -> Disposition:
    """Issue nothing: the two people's findings differ in a printed fact. Both are told how."""
    reply = approval.reply
    request = reply.hold(session)
    decision = _record(approval, request, "SUPERSEDED", session, first=first)
    store.set_decision_state(session, attach_decision(session, first), "FIRST", "SUPERSEDED")
    noted: dict[str, Any] = {
        "code": "findings_differ",
        "actor": decision.actor,
        "now": reply.intake.now,
        "journal_id": decision.journal_id,
    }
    if reply.status in ANSWERED:
        store.add_event(session, request=request, **noted)
    else:
        store.move_request(session, request, _S.IN_REVIEW, **noted)
    transcripts.write_differences(reply, session, request, first, approval.findings)
    return Disposition.DECISION_APPLIED


def _confirm(
    approval: _Approval, request: Request, state: str, session: Session, first: Decision | None
) -> Decision:
    """Return the decision in `state`: the proposal that was confirmed, or a new one."""
    proposed = approval.reply.proposal
    if approval.reply.command.keyword == "CONFIRM" and proposed is not None:
        decision = attach_decision(session, proposed)
        decision.round = request.round
        session.flush()
        store.set_decision_state(session, decision, "PROPOSED", state)
        return decision
    return _record(approval, request, state, session, first=first)


def _record(
    approval: _Approval, request: Request, state: str, session: Session, *, first: Decision | None
) -> Decision:
    reply, certifier = approval.reply, approval.proposal.certifier
    decision = Decision(
        request_id=request.id,
        round=request.round,
        revision=request.revision,
        keyword=_word_of(reply),
        actor=reply.member.email.lower(),
        state=state,
        made_at=reply.intake.now,
        journal_id=reply.intake.entry.id,
        findings=dump_findings(approval.findings),
        reason=None,
        adopts_id=None if first is None else first.id,
        certifier=None if certifier is None else certifier.email.lower(),
        release_at=None,
    )
    session.add(decision)
    session.flush()
    return decision


def _return(reply: Reply, code: str, sentence: str) -> Apply:
    problem = LineProblem(line="", code=code, message=sentence)
    refusal = CommandRefusal(keyword=_word_of(reply), problems=(problem,), lines=_lines_of(reply))
    return partial(reply_answers.return_mistake, reply, refusal)


def _place(problems: Sequence[LineProblem], reply: Reply) -> tuple[LineProblem, ...]:
    """Return the problems of findings under the lines of the reply that they speak of."""
    written = {name: f"{name}: {values[0]}" for name, values in reply.command.fields.items()}
    return tuple(replace(p, line=written.get(p.line, p.line)) for p in problems)


def _lines_of(reply: Reply) -> tuple[str, ...]:
    """Return the reply's lines as understood, for the echo."""
    written = [f"{name}: {v}" for name, values in reply.command.fields.items() for v in values]
    return (reply.command.keyword, *written)
