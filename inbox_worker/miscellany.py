"""Mail that is neither a request nor about one: automatic mail, mail without a form.

Outcomes: IGNORED is never answered. FORM_WANTED, FORM_SET_ASIDE and OVERSIZE
are answered once, within `answer_limits`; beyond them the mail waits FOR_A_PERSON unanswered.
QUARANTINED is set aside with its reason.
"""

from __future__ import annotations

from functools import partial

from sqlalchemy.orm import Session

from inbox_worker import correspondence, quarantine, store
from inbox_worker.answer_limits import may_answer
from inbox_worker.documents import ReadDocuments
from inbox_worker.intake import Apply, Intake
from inbox_worker.posting import Inbound
from inbox_worker.status import Disposition
from parsers.bindings import find_reply_tokens
from parsers.classify import SPAM_RULE
from parsers.tracking import find_tracking_numbers


def prepare_ignoring(intake: Intake) -> Apply:
    """Leave automatic mail, list mail and our own mail coming back unanswered.

    A document that came with it (from a scanner, a court's system) waits for a person.
    """
    if any(a.is_document for a in intake.message.attachments):
        return partial(_note, intake, "document_from_a_program", Disposition.FOR_A_PERSON)
    return partial(_note, intake, "mail_ignored", Disposition.IGNORED)


def prepare_other(intake: Intake) -> Apply:
    """Tell a person who sent no form how to send one."""
    if intake.verdict.rule == "structure_not_read":
        # Nobody knows what is attached, so nothing can be said of it.
        return partial(_note, intake, "mail_not_read", Disposition.FOR_A_PERSON)
    if intake.verdict.rule == SPAM_RULE:
        return _prepare_spam(intake)
    return partial(_answer_without_form, intake)


def _prepare_spam(intake: Intake) -> Apply:
    """Leave what the site's filter condemned unanswered; a person sees what may be about our work.

    Filters err, and a court's form must not be lost to that.
    """
    message = intake.message
    is_ours = (
        any(paper.is_document for paper in message.papers)
        or find_reply_tokens(message, intake.services.settings.own_addresses)
        or find_tracking_numbers(message.subject)
    )
    disposition = Disposition.FOR_A_PERSON if is_ours else Disposition.IGNORED
    return partial(_note, intake, "spam_not_answered", disposition)


def prepare_oversize(intake: Intake) -> Apply:
    """Tell the author of a mail that was too large to fetch what the limit is, and tell staff."""
    return partial(_answer_oversize, intake)


def prepare_quarantine(intake: Intake, code: str) -> Apply:
    """Set a mail aside that cannot be worked on; those who are told of alarms hear once a day."""
    return partial(_quarantine, intake, code)


def set_aside(intake: Intake, documents: ReadDocuments, session: Session) -> Disposition:
    """Tell the author that no attached document is a form we can read; leave it to a person."""
    store.add_attachments(session, intake.entry.id, documents.attachment_rows)
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
        now=intake.now,
    )
    return Disposition.FORM_WANTED


def _answer_oversize(intake: Intake, session: Session) -> Disposition:
    if may_answer(intake, session):
        correspondence.write_oversize(intake.services, session, Inbound.of(intake), now=intake.now)
    correspondence.write_alarm(
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
