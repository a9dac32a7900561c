"""Answers that say where to turn, to mail that brings no request.

Every function works in the caller's transaction. Whether an author may be answered at all is the
use case's to ask (`answer_limits`). No letter here repeats anything of the mail.
"""

from __future__ import annotations

from sqlalchemy.orm import Session

from inbox_worker.business_time import is_federal_holiday
from inbox_worker.intake import Intake
from inbox_worker.letters import correspondence, staff_alerts
from inbox_worker.letters.letterhead import build_letterhead
from inbox_worker.letters.posting import Inbound
from inbox_worker.storage import store
from outbound.letters.compose import Letter
from outbound.letters.direction_letters import (
    Demand,
    Directions,
    build_directions,
    compose_demand_received,
    compose_redirect,
    compose_request_form,
    compose_urgent_help,
)
from parsers.classification.classify import SPAM_RULE
from parsers.classification.topic_table import Handling


def find_language(intake: Intake) -> str:
    """Return the language to answer in: the mail's where it is configured, else the first one."""
    languages = intake.services.settings.general.languages
    language = intake.verdict.about.language
    return language if language in languages else languages[0]


def write_redirect(intake: Intake, session: Session) -> None:
    """Tell an author which office each topic of the mail belongs to."""
    letter = compose_redirect(_build_directions(intake))
    _write(intake, session, letter_key="redirect", letter=letter)


def write_urgent_help(intake: Intake, session: Session) -> None:
    """Tell an author where help is to be had at once, and where the rest belongs."""
    letter = compose_urgent_help(_build_directions(intake))
    _write(intake, session, letter_key="urgent_help", letter=letter)


def write_request_form(intake: Intake, session: Session) -> None:
    """Send an author the blank form."""
    directions = _build_directions(intake, leave_out=Handling.FORM)
    letter = compose_request_form(directions)
    _write(intake, session, letter_key="request_form", letter=letter)


def write_demand_received(intake: Intake, session: Session) -> None:
    """Give the one fixed answer to a demand."""
    letter = compose_demand_received(Demand(head=build_letterhead(intake.services)))
    _write(intake, session, letter_key="demand_received", letter=letter)


def tell_of_demand(intake: Intake, session: Session) -> None:
    """Tell supervisors, or else reviewers, that a mail of whatever kind seems to bring a demand.

    By which rule it is known is recorded as well.
    """
    verdict = intake.verdict
    if verdict.rule == SPAM_RULE or not verdict.about.having(Handling.DEMAND):
        return
    record_topics(intake, session, "demand_received")
    settings = intake.services.settings
    staff = settings.find_staff_with("supervisor") or settings.find_staff_with("reviewer")
    staff_alerts.write_alarm(
        intake.services,
        session,
        code="demand_received",
        key=f"demand:{intake.entry.id}",
        ids={"journal entry": str(intake.entry.id)},
        now=intake.now,
        recipients=[member.email for member in staff],
    )


def record_topics(intake: Intake, session: Session, code: str) -> None:
    """Record what a mail was found to be about, and by which rules."""
    about = intake.verdict.about
    store.add_event(
        session,
        code,
        actor=store.PROGRAM,
        now=intake.now,
        journal_id=intake.entry.id,
        detail={
            "rule": intake.verdict.rule,
            "topics": [topic.name for topic in about.topics],
            "topic_rules": {topic.name: topic.rule for topic in about.topics},
            # Words of our own tables only, never what the author wrote.
            "topic_words": {t.name: list(t.words) for t in about.topics if t.words},
            "language": about.language,
        },
    )


def _build_directions(intake: Intake, *, leave_out: Handling | None = None) -> Directions:
    services = intake.services
    topics = intake.verdict.about.topics
    asks_for_form = any(topic.handling is Handling.FORM for topic in topics)
    return build_directions(
        topics,
        head=build_letterhead(services),
        table=services.topics,
        directory=services.directory,
        language=find_language(intake),
        now=intake.now,
        is_holiday=is_federal_holiday,
        blank_form=correspondence.blank_form(services) if asks_for_form else None,
        leave_out=leave_out,
    )


def _write(intake: Intake, session: Session, *, letter_key: str, letter: Letter) -> None:
    correspondence.answer_mail(
        intake.services,
        session,
        Inbound.of(intake),
        letter_key=letter_key,
        letter=letter,
        now=intake.now,
    )
