"""Review by reply: who may command, and which command does what.

A reply is obeyed only when its token is live, its single author is the person the token was
issued to and still holds the role, the author's domain vouched for it, it is signed where the site
asks for that, and it parses completely.
Outcomes: DECISION_APPLIED (obeyed), REPLY_RETURNED (answered with what was wrong; nothing was
decided), REPLY_REFUSED (not from the person entitled). All but the first have an event that begins
with `reply_returned_` or `reply_refused_`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from config.settings import StaffMember
from inbox_worker.casefile.protection import ONLY_DENY, SEND_NOTHING, is_protected
from inbox_worker.intake import Apply, Intake
from inbox_worker.review import (
    after_issue,
    approvals,
    cancellations,
    denials,
    inquiries,
    notes,
    passwords,
    protecting,
    refusals,
    reply_answers,
    setting_aside,
    workload,
)
from inbox_worker.review.commands import ANY_ROUND, STATUSES, TELLING, is_entitled
from inbox_worker.review.entitlement import UNKNOWN_TOKEN, Refusal, find_refusal
from inbox_worker.review.notices import STATUS_WORDS
from inbox_worker.review.reply import ANSWERED, Reply
from inbox_worker.review.signatures import read_signed
from inbox_worker.storage import journal, store
from inbox_worker.storage.models import Decision, Request, Token
from inbox_worker.storage.tokens import find_token
from parsers.extraction import FieldValue
from parsers.mail.bindings import find_reply_tokens
from parsers.mail.message import InboundMessage
from parsers.replies.command import Command, CommandRefusal
from parsers.replies.command_reader import build_field_names, parse_command
from parsers.replies.keyword_table import Keyword
from parsers.replies.new_text import NewText, find_new_text
from parsers.replies.signing_lines import Signer, build_signer

#: What each command of the table does.
PREPARERS: Mapping[str, Callable[[Reply], Apply]] = {
    "APPROVE": approvals.prepare_approval,
    "REISSUE": approvals.prepare_approval,
    "CONFIRM": approvals.prepare_confirmation,
    "DENY": denials.prepare_denial,
    "CANCEL": cancellations.prepare_cancellation,
    "HOLD": setting_aside.prepare_move,
    "RELEASE": setting_aside.prepare_move,
    "LEGAL": setting_aside.prepare_move,
    "CLOSE": setting_aside.prepare_closing,
    "DUPLICATE": setting_aside.prepare_duplicate,
    "RESEND": after_issue.prepare_resending,
    "REVOKE": after_issue.prepare_revocation,
    "NOTE": notes.prepare_note,
    "SHOW": notes.prepare_show,
    "PASSWORD": passwords.prepare_password,
    "NEED INFO": inquiries.prepare_question,
    "CORRECT": inquiries.prepare_correction,
    "PROTECT": protecting.prepare_protection,
    "UNPROTECT": protecting.prepare_unprotection,
    "STATUS": inquiries.prepare_status,
    "ASSIGN": workload.prepare_assignment,
    "AWAY": workload.prepare_absence,
    "BACK": workload.prepare_return,
    "HELP": inquiries.prepare_help,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _File:
    """What one read of the database found for a reply's token."""

    token: Token
    request: Request
    fields: dict[str, FieldValue]
    proposal: Decision | None
    in_force: Decision | None
    first: Decision | None
    has_left: bool  #: the decision in force was issued


def prepare_staff_reply(intake: Intake) -> Apply:
    """Judge who wrote, read what they wrote, and return what to write for it."""
    file = _read_file(intake)
    if file is None:
        return partial(refusals.refuse, intake, None, None, UNKNOWN_TOKEN, None)
    member = intake.services.settings.find_staff(file.token.address)
    refusal = find_refusal(intake, file.token)
    if refusal is not None or member is None:
        return _prepare_refusal(intake, file, member, refusal or UNKNOWN_TOKEN)
    if file.token.expires_at <= intake.now:
        return partial(reply_answers.return_expired, intake, file.request, member)
    written = _find_written(intake, file.token)
    if isinstance(written, Refusal):
        return _prepare_refusal(intake, file, member, written)
    return _prepare_command(intake, file, member, find_new_text(written))


def _prepare_refusal(
    intake: Intake, file: _File, holder: StaffMember | None, refusal: Refusal
) -> Apply:
    return partial(refusals.refuse, intake, file.request, holder, refusal, file.proposal)


def _find_written(intake: Intake, token: Token) -> InboundMessage | Refusal:
    """Return what is read as the person's own words: the mail, or only what they signed of it."""
    review = intake.services.settings.review
    if not review.require_smime:
        return intake.message
    with intake.services.database.read() as session:
        ((_, raw),) = journal.read_mails(session, [intake.entry.id])
    signed = read_signed(
        raw,
        address=token.address,
        ca_file=Path(review.smime_ca_file),
        issued_at=token.issued_at,
        now=intake.now,
    )
    if isinstance(signed, InboundMessage):
        return signed
    return Refusal(code="not_signed", told="holder", is_proven=True, detail=signed)


def _read_file(intake: Intake) -> _File | None:
    own = intake.services.settings.own_addresses
    tokens = [t.token for t in find_reply_tokens(intake.message, own) if t.kind == "review"]
    with intake.services.database.read() as session:
        for text in tokens:
            token = find_token(session, text, "review")
            request = None if token is None else session.get(Request, token.request_id)
            if token is None or request is None:
                continue
            proposal = (
                None if token.decision_id is None else session.get(Decision, token.decision_id)
            )
            in_force = store.find_decision(session, request, "IN_FORCE")
            file = _File(
                token=token,
                request=request,
                fields=store.current_fields(session, request),
                proposal=proposal,
                in_force=in_force,
                has_left=in_force is not None and store.has_left(session, in_force),
                first=store.find_decision(session, request, "FIRST"),
            )
            session.expunge_all()
            return file
    return None


def _prepare_command(intake: Intake, file: _File, member: StaffMember, new_text: NewText) -> Apply:
    services = intake.services
    parsed = parse_command(
        new_text.text,
        keywords=services.keywords,
        bases=services.settings.review.bases,
        field_names=build_field_names(services.definition(file.request.definition)),
        timezone=services.settings.general.zone,
        ready_questions=services.questions.ready,
        signer=_build_signer(intake, member),
        below_quote=new_text.below,
    )
    reply = Reply(
        intake=intake,
        member=member,
        command=parsed if isinstance(parsed, Command) else Command(keyword=""),
        request=file.request,
        fields=file.fields,
        round=file.token.round,
        proposal=file.proposal,
        in_force=file.in_force,
        first=file.first,
        has_left=file.has_left,
    )
    if isinstance(parsed, CommandRefusal):
        return partial(reply_answers.return_mistake, reply, parsed)
    keyword = services.keywords.named(parsed.keyword)
    assert keyword is not None, "a command's keyword is one of the table"
    return _prepare_allowed(reply, keyword)


def _build_signer(intake: Intake, member: StaffMember) -> Signer:
    """Return what the member may sign with, by the configuration and by their own From field."""
    settings, (author,) = intake.services.settings, intake.message.authors[:1] or (None,)
    return build_signer(
        member.name,
        "" if author is None else author.display_name,
        titles=(member.title, settings.certification.office, settings.general.agency),
        offices=(*intake.services.offices.names, *member.offices),
        address=member.email,
    )


def _is_its_time(reply: Reply, word: str) -> bool:
    """Whether the request's status knows the command; what was answered waits for little more."""
    if reply.status in ANSWERED and word == "CONFIRM":
        return reply.proposal is not None and reply.proposal.keyword == "REISSUE"
    if reply.status in ANSWERED and word == "CANCEL":
        return reply.waits_to_replace
    return reply.status in STATUSES[word]


def _prepare_allowed(reply: Reply, keyword: Keyword) -> Apply:
    """Return what the command does, or why it cannot be given now."""
    word = keyword.word
    if not is_entitled(reply.member, keyword):
        sentence = f"{word} needs the role of {keyword.role}, which you do not hold."
        return partial(reply_answers.return_refusal, reply, sentence, code="role")
    is_late = reply.round != reply.request.round and word not in ANY_ROUND
    if is_late or not _is_its_time(reply, word):
        if reply.in_force is not None and word != "CANCEL":
            return partial(reply_answers.return_already_decided, reply, reply.in_force)
        sentence = (
            "The mail you answered belongs to an earlier round of review. "
            "Please answer the newest notice about this request."
            if is_late
            else f"{word} is not possible now. {STATUS_WORDS[reply.status]}"
        )
        code = "earlier_round" if is_late else "not_now"
        return partial(reply_answers.return_refusal, reply, sentence, code=code)
    if word in TELLING and is_protected(reply.request):
        sentence = SEND_NOTHING if reply.status in ANSWERED else ONLY_DENY
        return partial(reply_answers.return_refusal, reply, sentence, code="not_possible")
    return PREPARERS[word](reply)
