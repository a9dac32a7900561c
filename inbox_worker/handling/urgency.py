"""Urgent mail: help for its author, an alert to people, and no peace until a person answers it.

Danger to life, suicide or self-harm, assault or abuse in detention, trafficking: in mail of any
kind that a person wrote, in what came with it, and in what an office's contact form passes on.
What becomes of the mail itself is its handler's business. An urgency is told to everybody in
`[alerts].urgent` at once; as long as nobody acknowledges it, to them and the supervisors again,
first after 15 minutes. Whoever was told acknowledges it by any reply to an alert, proven to be
theirs; so does any member of staff who replies to one. Automatic mail never does.

Outcomes of a reply to an alert: DECISION_APPLIED (acknowledged, now or before), REPLY_REFUSED.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from inbox_worker.chores import Chore
from inbox_worker.errors import LostClaimError
from inbox_worker.intake import Apply, Intake
from inbox_worker.letters import directions, staff_alerts
from inbox_worker.letters.answer_limits import may_answer_urgent
from inbox_worker.letters.letterhead import build_letterhead
from inbox_worker.letters.posting import Posting, post_alert
from inbox_worker.services import Services
from inbox_worker.status import Disposition
from inbox_worker.storage import claims, store
from inbox_worker.storage.models import Urgency, UrgencyAlert
from inbox_worker.storage.tokens import digest_token
from outbound.letters.urgent_letters import UrgentAlert, compose_urgent_alert
from parsers.classification.classify import MACHINE_WORDS_RULE, SPAM_RULE, MessageKind
from parsers.classification.topic_table import Handling
from parsers.mail.bindings import find_reply_tokens

#: The rule by which a mail is known to answer an alert.
ANSWERS_ALERT = "answers_urgent_alert"

#: Mail that people are told of and that is not answered.
_UNANSWERED = frozenset({SPAM_RULE, MACHINE_WORDS_RULE})

#: How long an alert may stay unacknowledged before it is told again, and to supervisors.
_PATIENCE = timedelta(minutes=15)
#: After so many times it is told again every hour only.
_PRESSING = 4
_LATER = timedelta(hours=1)
#: How many urgencies of one author may be open; more of the same are recorded and not told.
_OPEN_OF_ONE_AUTHOR = 10


def see_to(intake: Intake, session: Session) -> None:
    """Answer an urgent mail with help and tell people of it; once, however often it is called."""
    if not is_urgent(intake) or _find_urgency(session, intake) is not None:
        return
    directions.record_topics(intake, session, "urgent_mail")
    if _may_be_answered(intake) and may_answer_urgent(intake, session):
        directions.write_urgent_help(intake, session)
    if _count_open(session, intake.author_address) >= _OPEN_OF_ONE_AUTHOR:
        return
    urgency = Urgency(
        journal_id=intake.entry.id,
        author=intake.author_address.lower(),
        topics=[topic.name for topic in intake.verdict.about.having(Handling.URGENT)],
        message_id=intake.message.message_id,
        opened_at=intake.now,
        times_told=1,
        due_at=intake.now + _PATIENCE,
    )
    session.add(urgency)
    session.flush()
    _tell(intake.services, session, urgency, _list_first(intake.services), now=intake.now)


def see_to_at_once(intake: Intake) -> None:
    """Answer and tell of an urgent mail before anything else is done with it.

    A mail that is another worker's by now is left to it: it tells people, or has told them.
    """
    if not is_urgent(intake):
        return
    with intake.services.database.unit_of_work() as unit, suppress(LostClaimError):
        claims.hold_claims(unit.session, [intake.entry])
        see_to(intake, unit.session)
        unit.commit()


def is_urgent(intake: Intake) -> bool:
    """Whether a person wrote of something urgent; an answer to an alert of ours is not news."""
    urgent = intake.verdict.about.having(Handling.URGENT)
    return bool(urgent) and not _answers_alert(intake)


def _answers_alert(intake: Intake) -> bool:
    """Whether it answers an alert of ours, as a person or as what may be a program."""
    if intake.verdict.rule != MACHINE_WORDS_RULE:
        return intake.verdict.rule == ANSWERS_ALERT
    own = intake.services.settings.own_addresses
    return any(token.kind == "urgent" for token in find_reply_tokens(intake.message, own))


def _may_be_answered(intake: Intake) -> bool:
    # A program that passes on what a person typed is told nothing, and no more is spam.
    verdict = intake.verdict
    return verdict.rule not in _UNANSWERED and verdict.kind is not MessageKind.AUTO_REPLY


def tell_again(services: Services) -> int:
    """Tell of urgencies that nobody acknowledged in time; return how many."""
    now = services.clock()
    with services.database.read() as session:
        due = session.scalars(
            select(Urgency.id).where(Urgency.due_at <= now).order_by(Urgency.due_at)
        ).all()
    return sum(_tell_again(services, urgency_id, now) for urgency_id in due)


def prepare_acknowledgement(intake: Intake) -> Apply:
    """Take the reply to an alert as the word of a person that the mail is being seen to."""
    own = intake.services.settings.own_addresses
    tokens = [t.token for t in find_reply_tokens(intake.message, own) if t.kind == "urgent"]
    return partial(_acknowledge, intake, tokens)


def _acknowledge(intake: Intake, tokens: list[str], session: Session) -> Disposition:
    alert = next(
        (a for t in tokens if (a := session.get(UrgencyAlert, digest_token(t))) is not None), None
    )
    if alert is None:
        return _refuse(intake, session, "unknown_token")
    urgency = session.get_one(Urgency, alert.urgency_id)
    author = intake.author_address.lower()
    told = _list_told(session, urgency)
    if author not in told and intake.services.settings.find_staff(author) is None:
        return _refuse(intake, session, "other_author")
    if not intake.is_author_proven():
        _say_unproven(intake, session, urgency, alert.address)
        return _refuse(intake, session, "unproven")
    _close(intake, session, urgency, author, told)
    return Disposition.DECISION_APPLIED


def _close(
    intake: Intake, session: Session, urgency: Urgency, author: str, told: list[str]
) -> None:
    """Record who acknowledged it; the first does, and everybody who was told hears of that."""
    first = session.execute(
        update(Urgency)
        .where(Urgency.id == urgency.id, Urgency.acknowledged_at.is_(None))
        .values(acknowledged_at=intake.now, acknowledged_by=author, due_at=None)
        .execution_options(synchronize_session=False)
    )
    is_first = first.rowcount == 1  # type: ignore[attr-defined]
    store.add_event(
        session,
        "urgent_acknowledged" if is_first else "urgent_acknowledged_again",
        actor=author,
        now=intake.now,
        journal_id=urgency.journal_id,
        detail={"urgency": urgency.id, "by_mail": intake.entry.id},
    )
    if is_first:
        staff_alerts.write_alarm(
            intake.services,
            session,
            code="urgent_acknowledged",
            key=f"urgent_acknowledged:{urgency.id}",
            ids={"journal entry": str(urgency.journal_id), "acknowledged by": author},
            now=intake.now,
            recipients=_unique([*told, author]),
        )


def _say_unproven(intake: Intake, session: Session, urgency: Urgency, address: str) -> None:
    """Tell the person an alert was written to, once for each time of telling, that it goes on."""
    staff_alerts.write_alarm(
        intake.services,
        session,
        code="urgent_reply_unproven",
        key=f"urgent_unproven:{urgency.id}:{urgency.times_told}",
        ids={"journal entry": str(urgency.journal_id)},
        now=intake.now,
        recipients=[address],
    )


def _refuse(intake: Intake, session: Session, code: str) -> Disposition:
    store.add_event(
        session,
        f"reply_refused_{code}",
        actor=store.PROGRAM,
        now=intake.now,
        journal_id=intake.entry.id,
    )
    return Disposition.REPLY_REFUSED


def _tell_again(services: Services, urgency_id: int, now: datetime) -> bool:
    """Tell of one urgency again, unless another worker, or an acknowledgement, was first."""
    with services.database.unit_of_work() as unit:
        session = unit.session
        times = session.get_one(Urgency, urgency_id).times_told
        moved = session.execute(
            update(Urgency)
            .where(Urgency.id == urgency_id, Urgency.due_at <= now, Urgency.times_told == times)
            .values(
                times_told=times + 1,
                due_at=now + (_PATIENCE if times < _PRESSING else _LATER),
            )
            .execution_options(synchronize_session=False)
        )
        if moved.rowcount != 1:  # type: ignore[attr-defined]
            return False
        urgency = session.get_one(Urgency, urgency_id, populate_existing=True)
        people = _unique([*_list_first(services), *_list_supervisors(services)])
        _tell(services, session, urgency, people, now=now)
        unit.commit()
    return True


def _tell(
    services: Services, session: Session, urgency: Urgency, people: Iterable[str], *, now: datetime
) -> None:
    """Write to each, ahead of everything else that waits to be sent."""
    titles = [services.topics.named(name).title["en"] for name in urgency.topics]
    folders = services.settings.primary_mailbox.folders
    letter = compose_urgent_alert(
        UrgentAlert(
            head=build_letterhead(services),
            journal_id=urgency.journal_id,
            topics=tuple(titles),
            arrived_at=urgency.opened_at,
            message_id=urgency.message_id or "",
            folders=tuple(dict.fromkeys([folders.other, folders.filed, folders.answered])),
            times_told=urgency.times_told,
            minutes=int(_PATIENCE.total_seconds() // 60),
        )
    )
    people = tuple(people)
    for address in people:
        posting = Posting(
            key=f"urgent:{urgency.id}:{urgency.times_told}:{address.lower()}", now=now
        )
        token = post_alert(services, session, address, letter, posting)
        if token is not None:
            session.add(
                UrgencyAlert(
                    digest=digest_token(token),
                    urgency_id=urgency.id,
                    address=address.lower(),
                    told_at=now,
                )
            )
    store.add_event(
        session,
        "urgent_told",
        actor=store.PROGRAM,
        now=now,
        journal_id=urgency.journal_id,
        detail={"urgency": urgency.id, "time": urgency.times_told, "people": len(people)},
    )


def _list_first(services: Services) -> list[str]:
    return _unique(services.settings.alerts.urgent)


def _list_supervisors(services: Services) -> list[str]:
    """Return the supervisors, or where there are none everybody who reviews."""
    settings = services.settings
    staff = settings.find_staff_with("supervisor") or settings.find_staff_with("reviewer")
    return [member.email for member in staff]


def _list_told(session: Session, urgency: Urgency) -> list[str]:
    query = select(UrgencyAlert.address).where(UrgencyAlert.urgency_id == urgency.id)
    return _unique(session.scalars(query.order_by(UrgencyAlert.address)))


def _unique(addresses: Iterable[str]) -> list[str]:
    """Return each address once, whatever its case."""
    return list({address.lower(): address for address in addresses}.values())


def _find_urgency(session: Session, intake: Intake) -> Urgency | None:
    query = select(Urgency).where(Urgency.journal_id == intake.entry.id)
    return session.scalars(query).one_or_none()


def _count_open(session: Session, author: str) -> int:
    query = select(func.count()).where(
        Urgency.author == author.lower(), Urgency.acknowledged_at.is_(None)
    )
    return session.scalars(query).one()


#: Looks every minute for what nobody acknowledged.
TELLING = Chore(name="tell_of_urgent_mail", every=timedelta(minutes=1), do=tell_again)
