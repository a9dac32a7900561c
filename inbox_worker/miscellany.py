"""Mail that is neither a request nor about one: reports, automatic mail, mail without a form.

Outcomes: BOUNCE_RECORDED and IGNORED are never answered. FORM_WANTED, FORM_SET_ASIDE and OVERSIZE
are answered once, unless the author had several such answers today; then the mail waits
FOR_A_PERSON unanswered, so that two programs can never talk to each other for ever. QUARANTINED
is set aside with its reason.
"""

from __future__ import annotations

from datetime import timedelta
from functools import partial

from sqlalchemy.orm import Session

from inbox_worker import correspondence, store
from inbox_worker.documents import ReadDocuments
from inbox_worker.intake import Apply, Intake
from inbox_worker.posting import Inbound
from inbox_worker.status import Disposition
from outbound.mime import find_mailable_address

#: How many answers to mail that is no request an address gets in a day.
ANSWERS_PER_DAY = 5


def prepare_bounce(intake: Intake) -> Apply:
    """Record a delivery or abuse report."""
    return partial(_note, intake, "report_received", Disposition.BOUNCE_RECORDED)


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
    return partial(_answer_without_form, intake)


def prepare_oversize(intake: Intake) -> Apply:
    """Tell the author of a mail that was too large to fetch what the limit is, and tell staff."""
    return partial(_answer_oversize, intake)


def prepare_quarantine(intake: Intake, code: str) -> Apply:
    """Set a mail aside that cannot be worked on, and tell those who are told of alarms."""
    return partial(_quarantine, intake, code)


def set_aside(intake: Intake, documents: ReadDocuments, session: Session) -> Disposition:
    """Tell the author that no attached document is a form we can read; leave it to a person."""
    store.add_attachments(session, intake.entry.id, documents.attachment_rows)
    if _may_answer(intake, session):
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
    if intake.message.attached_messages or not _may_answer(intake, session):
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
    if _may_answer(intake, session):
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
    correspondence.write_alarm(
        intake.services,
        session,
        code="mail_quarantined",
        key=f"quarantine:{intake.entry.id}",
        ids={"journal entry": str(intake.entry.id), "reason": code},
        now=intake.now,
    )
    return _note(intake, "mail_quarantined", Disposition.QUARANTINED, session)


def _may_answer(intake: Intake, session: Session) -> bool:
    """Whether the author is one person we can write to, and not too often answered today."""
    address = intake.author_address.lower()
    is_ours = any(m.is_own_address(address) for m in intake.services.settings.mailbox)
    if find_mailable_address(address) is None or is_ours:
        return False
    since = intake.now - timedelta(days=1)
    kinds = correspondence.UNBOUND_KINDS
    return store.count_letters_to(session, address, kinds, since) < ANSWERS_PER_DAY
