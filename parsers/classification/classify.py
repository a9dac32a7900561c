"""What a mail is: an ordered table of named rules, of which the first that holds decides.

Outcomes are the members of `MessageKind`, always with the name of the rule that decided. Machines
come first: what a machine sent is never obeyed, filed or answered, whatever token or form it
carries. Where nothing but words speaks for one, it may be a person all the same, and the mail is
left to people. A rule looks at the mail alone; whether a token is live and a sender proven is for
others.
What a person writes about is read in every mail of a person, whatever its kind. It decides the kind
only of mail that brings no form and answers nothing of ours: by `TOPIC_RULES`, in their order.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from parsers.classification.machine_words import speaks_like_a_machine, tells_failure
from parsers.classification.topic_table import Handling, TopicTable
from parsers.classification.topics import (
    FoundTopic,
    TopicReading,
    order_topics,
    read_topics,
)
from parsers.mail.bindings import find_reply_tokens, is_own_message_id
from parsers.mail.delivery_reports import find_named_ids, find_quoted_ids
from parsers.mail.incidental import has_file
from parsers.mail.machine_marks import (
    has_automatic_header,
    has_automatic_subject,
    has_bounce_opening,
    has_bounce_subject,
    has_list_header,
    has_suppression_mark,
    has_technical_opening,
    is_from_daemon,
    is_from_mailer,
    is_from_postmaster,
    is_from_unanswerable,
)
from parsers.mail.message import InboundMessage
from parsers.replies.self_service import find_named_numbers, find_wish, misnames_number
from parsers.replies.verification import find_question
from parsers.values.tracking import find_tracking_numbers

#: Every letter of ours carries this field, so that one that comes back is known.
LOOP_MARKER = "X-ERO-Outreach"

#: The rule of a mail that names a tracking number which cannot be one.
MISNAMED_RULE = "tracking_number_does_not_hold"

#: The rule that a mail which the site's filter calls spam is judged by.
SPAM_RULE = "site_filter_says_spam"

#: The rule that a mail which a program or a person may have written is judged by.
MACHINE_WORDS_RULE = "machine_by_words_alone"


class MessageKind(StrEnum):
    """What a mail is."""

    BOUNCE = "bounce"  #: a delivery report, or what stands for one
    AUTO_REPLY = "auto_reply"  #: sent by a program: out of office, receipt, notification
    ABUSE_REPORT = "abuse_report"  #: RFC 5965
    OWN_MAIL = "own_mail"  #: a letter of ours that came back
    LIST_MAIL = "list_mail"  #: through a mailing list
    STAFF_REPLY = "staff_reply"  #: answers a review notice, or an alert about an urgent mail
    #: Answers a letter of ours, names a request, or asks whether a certification is genuine.
    REQUESTER_REPLY = "requester_reply"
    REQUEST = "request"  #: brings a PDF
    FORM_WANTED = "form_wanted"  #: asks for the blank form
    MISDIRECTED = "misdirected"  #: belongs elsewhere
    OVERSIZE = "oversize"  #: over the size limit, and not read
    OTHER = "other"  #: for a person to look at, or to be told what is missing


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassificationContext:
    """What the rules know beside the mail."""

    own_addresses: frozenset[str]  #: of the mailbox, in lower case
    oversize: bool = False  #: its size passed the limit; only its header was fetched
    topics: TopicTable | None = None  #: what mail may be about; None: that is not looked for
    #: Fields and values by which the site's own filter marks spam.
    spam_marks: tuple[tuple[str, str], ...] = ()


_ABOUT_NOTHING = TopicReading()


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What a mail is, and by which rule."""

    kind: MessageKind
    rule: str
    about: TopicReading = _ABOUT_NOTHING  #: what a person writes about, and in which language


@dataclass(frozen=True, slots=True)
class Rule:
    """A named reason to take a mail for something."""

    name: str
    kind: MessageKind
    holds: Callable[[InboundMessage, ClassificationContext], bool]


def classify(message: InboundMessage, context: ClassificationContext) -> Verdict:
    """Return what the mail is by the first rule of `RULES` that holds, and what it is about."""
    rule = next(rule for rule in RULES if rule.holds(message, context))
    verdict = Verdict(kind=rule.kind, rule=rule.name)
    if context.topics is None or not _is_heard(rule, message, context):
        return verdict
    about = read_topics(message, context.topics)
    if rule.kind is MessageKind.AUTO_REPLY:
        about = replace(about, topics=about.having(Handling.URGENT))
    verdict = replace(verdict, about=about)
    return judge_by_topics(verdict) if rule.name in _LEAVE_TO_TOPICS else verdict


def is_of_a_person(verdict: Verdict) -> bool:
    """Whether a person wrote the mail, and all of it was fetched."""
    return verdict.kind not in _NOT_OF_A_PERSON


def _is_heard(rule: Rule, message: InboundMessage, context: ClassificationContext) -> bool:
    """Whether a person may speak in the mail: of one too large, in the header that was fetched."""
    if rule.kind is MessageKind.OVERSIZE:
        small = replace(context, oversize=False)
        rule = next(rule for rule in RULES if rule.holds(message, small))
    return rule.kind not in _NOT_OF_A_PERSON or _passes_on_a_person(rule, message, context)


def _passes_on_a_person(
    rule: Rule, message: InboundMessage, context: ClassificationContext
) -> bool:
    """Whether a program may pass on what a person typed, as an office's contact form does.

    A form answers nothing. What answers us, a ticket system for one, repeats our own alerts.
    """
    author = "" if message.author is None else message.author.address.lower()
    return (
        rule.name in _SUBMITTED
        and _is_auto_generated(message, context)
        and not (message.in_reply_to or message.references)
        and not find_reply_tokens(message, context.own_addresses)
        and author not in context.own_addresses
        and not any(r.holds(message, context) for r in RULES if r.name in _OF_PROGRAMS_ALONE)
    )


def add_topics(verdict: Verdict, found: Sequence[FoundTopic], table: TopicTable) -> Verdict:
    """Return the verdict with topics that were found elsewhere than in the mail's own words.

    Of two with one name the first counts: a demand in a paper is more than a word of one.
    """
    if not found:
        return verdict
    topics = order_topics((*found, *verdict.about.topics), table)
    whole = replace(verdict, about=replace(verdict.about, topics=topics))
    return judge_by_topics(whole) if verdict.rule in _LEAVE_TO_TOPICS else whole


def judge_by_topics(verdict: Verdict) -> Verdict:
    """Return what a mail that brings no form is by what it is about; the same about nothing."""
    about = verdict.about
    rule = next((rule for rule in TOPIC_RULES if about.having(*rule.handlings)), None)
    if rule is None or (rule.name in _NOT_BESIDE_OTHERS and _says_something_else(verdict)):
        return verdict
    return replace(verdict, kind=rule.kind, rule=rule.name)


def _says_something_else(verdict: Verdict) -> bool:
    # Whoever speaks of the form and attaches a file means to have sent it, as something other; and
    # that a number cannot be right has to be said.
    brings_form = verdict.rule == "attachment_but_no_pdf" and verdict.about.having(Handling.FORM)
    return bool(brings_form) or verdict.rule == MISNAMED_RULE


@dataclass(frozen=True, slots=True)
class TopicRule:
    """A named reason to take a mail for something because of what it is about."""

    name: str
    kind: MessageKind
    handlings: tuple[Handling, ...]  #: of which one topic is enough


def _is_own_mail(message: InboundMessage, context: ClassificationContext) -> bool:
    # The author has to be us: a copied Message-ID must not make a stranger's mail disappear.
    author = message.author
    if author is None or author.address.lower() not in context.own_addresses:
        return False
    return message.header(LOOP_MARKER) is not None or is_own_message_id(
        message.message_id, context.own_addresses
    )


def _has_part(message: InboundMessage, declared_type: str) -> bool:
    return any(part.declared_type == declared_type for part in message.attachments)


def _is_abuse_report(message: InboundMessage, _: ClassificationContext) -> bool:
    return message.report_type == "feedback-report" or _has_part(message, "message/feedback-report")


def _is_delivery_report(message: InboundMessage, _: ClassificationContext) -> bool:
    return message.report_type == "delivery-status" or any(
        _has_part(message, declared)
        for declared in ("message/delivery-status", "message/global-delivery-status")
    )


def _has_failed_recipients(message: InboundMessage, _: ClassificationContext) -> bool:
    return message.header("X-Failed-Recipients") is not None


def _is_from_daemon(message: InboundMessage, _: ClassificationContext) -> bool:
    return is_from_daemon(message)


def _is_postmaster_bounce(message: InboundMessage, _: ClassificationContext) -> bool:
    if is_from_postmaster(message) or message.reverse_path == "":
        return has_bounce_subject(message) or has_bounce_opening(message)
    return is_from_unanswerable(message) and has_bounce_opening(message)


def _is_bounce_shaped(message: InboundMessage, _: ClassificationContext) -> bool:
    return has_technical_opening(message)


def _is_machine_bounce(message: InboundMessage, context: ClassificationContext) -> bool:
    # What came through a list, or says that it is automatic, has no person's subject.
    is_machine = (
        has_list_header(message, context.own_addresses)
        or has_automatic_header(message)
        or _is_auto_submitted(message, context)
        or _is_bulk(message, context)
    )
    return is_machine and has_bounce_subject(message)


def _is_other_report(message: InboundMessage, _: ClassificationContext) -> bool:
    return message.content_type == "multipart/report" or _has_part(
        message, "message/disposition-notification"
    )


def _returns_our_letter(message: InboundMessage, context: ClassificationContext) -> bool:
    # An out-of-office program names our letter as well, because it answers it; and of what others
    # write, only what begins as a report does and quotes the letter's own field is one.
    if is_from_mailer(message) and not has_automatic_subject(message):
        named = find_named_ids(message)
    elif has_bounce_opening(message):
        named = find_quoted_ids(message)
    else:
        return False
    is_ours = any(is_own_message_id(one, context.own_addresses) for one in named)
    return is_ours and tells_failure(message)


def _is_auto_submitted(message: InboundMessage, _: ClassificationContext) -> bool:
    value = (message.header("Auto-Submitted") or "no").strip().lower()
    return not value.startswith("no")


def _is_auto_generated(message: InboundMessage, _: ClassificationContext) -> bool:
    # RFC 3834, section 5: no answer to anything, unlike `auto-replied`.
    value = (message.header("Auto-Submitted") or "").partition(";")[0]
    return value.strip().lower() == "auto-generated"


def _is_auto_submitted_with_pdf(message: InboundMessage, context: ClassificationContext) -> bool:
    return _is_auto_submitted(message, context) and _has_pdf(message, context)


def _has_automatic_header(message: InboundMessage, _: ClassificationContext) -> bool:
    return has_automatic_header(message)


def _has_automatic_subject(message: InboundMessage, _: ClassificationContext) -> bool:
    has_mark = message.reverse_path == "" or has_suppression_mark(message)
    return (has_mark or is_from_unanswerable(message)) and has_automatic_subject(message)


def _is_machine_by_words(message: InboundMessage, _: ClassificationContext) -> bool:
    return speaks_like_a_machine(message)


def _has_null_reverse_path(message: InboundMessage, _: ClassificationContext) -> bool:
    return message.reverse_path == ""


def _is_list_mail(message: InboundMessage, context: ClassificationContext) -> bool:
    return has_list_header(message, context.own_addresses)


def _is_bulk(message: InboundMessage, _: ClassificationContext) -> bool:
    return (message.header("Precedence") or "").strip().lower() in {"bulk", "junk"}


def _is_spam(message: InboundMessage, context: ClassificationContext) -> bool:
    # Any such field counts, wherever it came from: who writes it harms only their own mail.
    return any(
        _begins_with(written, value)
        for header, value in context.spam_marks
        for written in message.headers(header)
    )


def _begins_with(written: str, value: str) -> bool:
    """Whether a field says a value, alone or with more behind it: `Yes, score=9.1`."""
    said, wanted = written.strip().lower(), value.strip().lower()
    rest = said[len(wanted) :]
    return bool(wanted) and said.startswith(wanted) and not rest[:1].isalnum()


def _carries(kind: str) -> Callable[[InboundMessage, ClassificationContext], bool]:
    def holds(message: InboundMessage, context: ClassificationContext) -> bool:
        return any(t.kind == kind for t in find_reply_tokens(message, context.own_addresses))

    return holds


def _names_request(message: InboundMessage, _: ClassificationContext) -> bool:
    return bool(find_tracking_numbers(message.subject))


def _names_request_in_text(message: InboundMessage, _: ClassificationContext) -> bool:
    return bool(find_named_numbers(message))


def _misnames_request(message: InboundMessage, _: ClassificationContext) -> bool:
    return misnames_number(message)


def _wishes_by_keyword(message: InboundMessage, context: ClassificationContext) -> bool:
    if _has_document(message, context):
        return False
    wish = find_wish(message)
    return wish is not None and wish.is_about_a_number


def _is_unread(message: InboundMessage, _: ClassificationContext) -> bool:
    return "structure_not_read" in message.defects


def _has_certifications_alone(message: InboundMessage, _: ClassificationContext) -> bool:
    # A Request Form beside a certification is still a request.
    documents = [paper for paper in message.papers if paper.is_document]
    return bool(documents) and all(paper.is_certification for paper in documents)


def _asks_to_verify(message: InboundMessage, _: ClassificationContext) -> bool:
    question = find_question(message)
    return question is not None and question.is_about_a_number


def _has_pdf(message: InboundMessage, _: ClassificationContext) -> bool:
    # What we bound ourselves from pictures is no PDF that anybody sent.
    return any(not p.bound_from and (p.is_pdf or p.claims_pdf) for p in message.papers)


def _has_document(message: InboundMessage, _: ClassificationContext) -> bool:
    return any(part.is_document for part in message.papers)


def _has_file(message: InboundMessage, _: ClassificationContext) -> bool:
    return has_file(message)


def _has_attached_mail(message: InboundMessage, _: ClassificationContext) -> bool:
    return bool(message.attached_messages)


_K = MessageKind
RULES: tuple[Rule, ...] = (
    Rule("over_size_limit", _K.OVERSIZE, lambda _message, context: context.oversize),
    Rule("our_letter_came_back", _K.OWN_MAIL, _is_own_mail),
    Rule("feedback_report", _K.ABUSE_REPORT, _is_abuse_report),
    Rule("delivery_report", _K.BOUNCE, _is_delivery_report),
    Rule("failed_recipients_field", _K.BOUNCE, _has_failed_recipients),
    Rule("from_mailer_daemon", _K.BOUNCE, _is_from_daemon),
    Rule("postmaster_says_undelivered", _K.BOUNCE, _is_postmaster_bounce),
    Rule("opens_like_a_bounce", _K.BOUNCE, _is_bounce_shaped),
    Rule("machine_says_undelivered", _K.BOUNCE, _is_machine_bounce),
    Rule("other_report", _K.AUTO_REPLY, _is_other_report),
    Rule("mailer_names_our_letter", _K.BOUNCE, _returns_our_letter),
    Rule("auto_submitted_with_pdf", _K.AUTO_REPLY, _is_auto_submitted_with_pdf),
    Rule("auto_submitted", _K.AUTO_REPLY, _is_auto_submitted),
    Rule("automatic_header", _K.AUTO_REPLY, _has_automatic_header),
    Rule("automatic_subject", _K.AUTO_REPLY, _has_automatic_subject),
    Rule("null_reverse_path", _K.AUTO_REPLY, _has_null_reverse_path),
    Rule("list_header", _K.LIST_MAIL, _is_list_mail),
    Rule("bulk_precedence", _K.AUTO_REPLY, _is_bulk),
    Rule(SPAM_RULE, _K.OTHER, _is_spam),
    Rule("structure_not_read", _K.OTHER, _is_unread),
    Rule(MACHINE_WORDS_RULE, _K.OTHER, _is_machine_by_words),
    Rule("answers_urgent_alert", _K.STAFF_REPLY, _carries("urgent")),
    Rule("answers_review_notice", _K.STAFF_REPLY, _carries("review")),
    Rule("answers_our_letter", _K.REQUESTER_REPLY, _carries("letter")),
    Rule("tracking_number_in_subject", _K.REQUESTER_REPLY, _names_request),
    Rule("certification_attached", _K.REQUESTER_REPLY, _has_certifications_alone),
    Rule("keyword_with_number", _K.REQUESTER_REPLY, _wishes_by_keyword),
    Rule("tracking_number_in_text", _K.REQUESTER_REPLY, _names_request_in_text),
    Rule("pdf_attached", _K.REQUEST, _has_pdf),
    Rule("page_picture_attached", _K.REQUEST, _has_document),
    Rule("asks_to_verify", _K.REQUESTER_REPLY, _asks_to_verify),
    Rule(MISNAMED_RULE, _K.OTHER, _misnames_request),
    Rule("attachment_but_no_pdf", _K.OTHER, _has_file),
    Rule("attached_mail_only", _K.OTHER, _has_attached_mail),
    Rule("no_attachment", _K.OTHER, lambda _message, _context: True),
)

#: By which what a program sent by itself is known.
_SUBMITTED = frozenset({"auto_submitted_with_pdf", "auto_submitted"})
#: What no person typed, though it be marked as those are.
_OF_PROGRAMS_ALONE = frozenset(
    {"automatic_header", "automatic_subject", "list_header", "bulk_precedence", MACHINE_WORDS_RULE}
)

#: Kinds that no person writes, and what was not fetched.
_NOT_OF_A_PERSON = frozenset(
    {_K.BOUNCE, _K.ABUSE_REPORT, _K.AUTO_REPLY, _K.OWN_MAIL, _K.LIST_MAIL, _K.OVERSIZE}
)

#: Rules after which what a mail is about decides, because nothing else in it does.
_LEAVE_TO_TOPICS = frozenset(
    {MISNAMED_RULE, "attachment_but_no_pdf", "attached_mail_only", "no_attachment"}
)

#: Rules that a file beside words about the form, or a number that cannot be, speaks against.
_NOT_BESIDE_OTHERS = frozenset({"form_asked_for", "belongs_elsewhere"})

#: A demand has one fixed answer, so it comes first; urgent topics are seen to in any kind of mail.
TOPIC_RULES: tuple[TopicRule, ...] = (
    TopicRule("demand_made", _K.MISDIRECTED, (Handling.DEMAND,)),
    TopicRule("urgent_words", _K.MISDIRECTED, (Handling.URGENT,)),
    TopicRule("form_asked_for", _K.FORM_WANTED, (Handling.FORM,)),
    TopicRule("belongs_elsewhere", _K.MISDIRECTED, (Handling.REDIRECT,)),
)
