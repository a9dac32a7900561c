"""Mail that is neither a request nor about one: automatic mail, mail without a form.

Outcomes: IGNORED is never answered. REDIRECTED, FORM_WANTED, FORM_SET_ASIDE and OVERSIZE are
answered once, within `answer_limits`; beyond them the mail waits FOR_A_PERSON unanswered. There
waits as well what is urgent, what brings a demand, what names a request that is not its author's,
and what no topic fits: its author is told how to send a request. QUARANTINED is set aside with its
reason.
"""

from __future__ import annotations

from functools import partial

from sqlalchemy.orm import Session

from inbox_worker.casefile.documents import ReadDocuments
from inbox_worker.handling import quarantine
from inbox_worker.intake import Apply, Intake
from inbox_worker.letters import correspondence, directions, staff_alerts
from inbox_worker.letters.answer_limits import may_answer
from inbox_worker.letters.posting import Inbound
from inbox_worker.status import Disposition
from inbox_worker.storage import store
from parsers.classification.classify import SPAM_RULE, MessageKind, judge_by_topics
from parsers.classification.topic_table import Handling
from parsers.extraction import DocumentKind
from parsers.mail.bindings import find_reply_tokens
from parsers.replies.self_service import find_named_numbers, misnames_number


def prepare_ignoring(intake: Intake) -> Apply:
    """Leave automatic mail, list mail and our own mail coming back unanswered.

    A document that came with it (from a scanner, a court's system) waits for a person, and so does
    a cry for help that a contact form passed on.
    """
    if intake.verdict.about.having(Handling.URGENT):
        return partial(_note, intake, "mail_urgent", Disposition.FOR_A_PERSON)
    if any(a.is_document for a in intake.message.attachments):
        return partial(_note, intake, "document_from_a_program", Disposition.FOR_A_PERSON)
    return partial(_note, intake, "mail_ignored", Disposition.IGNORED)


def prepare_other(intake: Intake) -> Apply:
    """Tell a person who sent no form, and nothing that a topic fits, how to send one."""
    if intake.verdict.rule == "structure_not_read":
        # Nobody knows what is attached, so nothing can be said of it.
        return partial(_note, intake, "mail_not_read", Disposition.FOR_A_PERSON)
    if intake.verdict.rule == SPAM_RULE:
        return _prepare_spam(intake)
    if find_named_numbers(intake.message) or misnames_number(intake.message):
        return partial(tell_nothing, intake)
    return partial(_answer_without_form, intake)


def prepare_waiting(intake: Intake) -> Apply:
    """Leave to a person what only its words make a program's: it is no answer, and gets none."""
    return partial(_note, intake, "perhaps_from_a_machine", Disposition.FOR_A_PERSON)


def tell_nothing(intake: Intake, session: Session) -> Disposition:
    """Leave a mail that names a request which is not its author's to a person.

    The author gets the one letter that tells nothing, whether there is such a request or not.
    """
    if not may_answer(intake, session):
        return Disposition.FOR_A_PERSON
    named = find_named_numbers(intake.message)
    correspondence.write_nothing_to_tell(
        intake.services,
        session,
        Inbound.of(intake),
        has_miswritten_number=not named and misnames_number(intake.message),
        now=intake.now,
    )
    return _note(intake, "request_not_the_authors", Disposition.FOR_A_PERSON, session)


def _prepare_spam(intake: Intake) -> Apply:
    """Leave what the site's filter condemned unanswered; a person sees what may be about our work.

    Filters err, and a court's form must not be lost to that.
    """
    message = intake.message
    is_ours = (
        any(paper.is_document for paper in message.papers)
        or find_reply_tokens(message, intake.services.settings.own_addresses)
        or find_named_numbers(message)
        or intake.verdict.about.having(Handling.URGENT)
    )
    disposition = Disposition.FOR_A_PERSON if is_ours else Disposition.IGNORED
    return partial(_note, intake, "spam_not_answered", disposition)


def prepare_unbound(intake: Intake) -> Apply:
    """Answer what would be a reply, had it been bound to anything, by what it is about."""
    kind = judge_by_topics(intake.verdict).kind
    if kind is MessageKind.FORM_WANTED:
        return prepare_form_wanted(intake)
    return prepare_misdirected(intake) if kind is MessageKind.MISDIRECTED else prepare_other(intake)


def prepare_form_wanted(intake: Intake) -> Apply:
    """Send the blank form to who asked for it."""
    return partial(_send_form, intake)


def prepare_misdirected(intake: Intake) -> Apply:
    """Tell an author where a mail belongs; a demand and what is urgent wait for a person."""
    about = intake.verdict.about
    if about.having(Handling.DEMAND):
        return partial(answer_demand, intake)
    if about.having(Handling.URGENT):
        # The author was written to already, with everything the mail is about in one letter.
        return partial(_note, intake, "mail_urgent", Disposition.FOR_A_PERSON)
    return partial(_redirect, intake)


def prepare_oversize(intake: Intake) -> Apply:
    """Tell the author of a mail that was too large to fetch what the limit is, and tell staff."""
    return partial(_answer_oversize, intake)


def prepare_quarantine(intake: Intake, code: str) -> Apply:
    """Set a mail aside that cannot be worked on; those who are told of alarms hear once a day."""
    return partial(_quarantine, intake, code)


def set_aside(intake: Intake, documents: ReadDocuments, session: Session) -> Disposition:
    """Tell the author that no attached document is a form we can read; leave it to a person."""
    store.add_attachments(session, intake.entry.id, documents.attachment_rows)
    about = intake.verdict.about
    if about.having(Handling.DEMAND):
        return answer_demand(intake, session)
    if about.having(Handling.URGENT):
        return Disposition.FORM_SET_ASIDE
    if about.having(Handling.REDIRECT) and not _may_be_forms(documents):
        _redirect(intake, session)
        return Disposition.FORM_SET_ASIDE
    if may_answer(intake, session):
        readings = [d.extraction for d in documents.others]
        correspondence.write_set_aside(
            intake.services,
            session,
            Inbound.of(intake),
            readings=readings,
            now=intake.now,
        )
    return Disposition.FORM_SET_ASIDE


def _may_be_forms(documents: ReadDocuments) -> bool:
    """Whether a document that could not be read, or not to the end, may be a form after all."""
    return any(
        d.extraction.kind is not DocumentKind.NOT_A_FORM
        or any(warning.code != "no_known_form" for warning in d.extraction.warnings)
        for d in documents.others
    )


def _redirect(intake: Intake, session: Session) -> Disposition:
    if not may_answer(intake, session):
        return Disposition.FOR_A_PERSON
    directions.write_redirect(intake, session)
    directions.record_topics(intake, session, "mail_redirected")
    return Disposition.REDIRECTED


def _send_form(intake: Intake, session: Session) -> Disposition:
    if not may_answer(intake, session):
        return Disposition.FOR_A_PERSON
    directions.write_request_form(intake, session)
    directions.record_topics(intake, session, "form_sent")
    return Disposition.FORM_WANTED


def answer_demand(intake: Intake, session: Session) -> Disposition:
    """Give a demand its one answer, and leave it to a person."""
    if may_answer(intake, session):
        directions.write_demand_received(intake, session)
    return Disposition.FOR_A_PERSON


def _note(intake: Intake, code: str, disposition: Disposition, session: Session) -> Disposition:
    store.add_event(session, code, actor=store.PROGRAM, now=intake.now, journal_id=intake.entry.id)
    return disposition


def _answer_without_form(intake: Intake, session: Session) -> Disposition:
    if intake.message.attached_messages or not may_answer(intake, session):
        return Disposition.FOR_A_PERSON
    correspondence.write_no_form(
        intake.services,
        session,
        Inbound.of(intake),
        rule=intake.verdict.rule,
        language=directions.find_language(intake),
        now=intake.now,
    )
    # What no topic fits is not done with by an answer: a person looks at it.
    fits_nothing = intake.verdict.rule == "no_attachment"
    return Disposition.FOR_A_PERSON if fits_nothing else Disposition.FORM_WANTED


def _answer_oversize(intake: Intake, session: Session) -> Disposition:
    if may_answer(intake, session):
        if intake.verdict.about.having(Handling.DEMAND):
            directions.write_demand_received(intake, session)
        else:
            correspondence.write_oversize(
                intake.services, session, Inbound.of(intake), now=intake.now
            )
    staff_alerts.write_alarm(
        intake.services,
        session,
        code="mail_oversize",
        # Once a day is enough to make somebody look into the folder.
        key=f"oversize:{intake.services.local_date(intake.now)}",
        ids={"journal entry": str(intake.entry.id), "bytes": str(intake.entry.size)},
        now=intake.now,
    )
    return _note(intake, "mail_oversize", Disposition.OVERSIZE, session)


def _quarantine(intake: Intake, code: str, session: Session) -> Disposition:
    quarantine.write_first_notice(
        intake.services, session, entry_id=intake.entry.id, code=code, now=intake.now
    )
    return _note(intake, "mail_quarantined", Disposition.QUARANTINED, session)
