"""How many answers leave a day for mail that is no request, bound to none and not from staff.

Questions whether a certification is genuine have a bound of their own for each address, and count
with all the others for a domain and for everybody. Two more have bounds of their own alone, high
enough for every person: help in an emergency, and answers to staff who are proven.

Whoever writes, and whatever marks their program strips off: so many answers a day for one address,
one domain and everybody together, and not one more. Beyond it the mail waits for a person, and
staff are told once a day for each address or domain. Two programs can so never talk for ever.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from inbox_worker.domains import DomainTrust, judge_domain
from inbox_worker.intake import Intake
from inbox_worker.letters import correspondence, staff_alerts
from inbox_worker.storage.models import LetterRecord
from outbound.letters.compose import LetterKind
from outbound.letters.mime import find_mailable_address

_DAY = timedelta(days=1)
_VERIFICATIONS = (LetterKind.VERIFICATION.value,)
_URGENT = (LetterKind.URGENT_HELP.value,)
#: How often an address is told in 24 hours where help is to be had at once.
URGENT_PER_ADDRESS = 10
#: How many mails of one member of staff are answered: more than a person writes, so that a program
#: that answers in their name comes to an end.
ANSWERS_TO_STAFF = 25
_ALL_KINDS = (*correspondence.UNBOUND_KINDS, *_VERIFICATIONS)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Limit:
    """A bound on the answers of the last 24 hours."""

    name: str
    whose: str  #: an address or a domain; empty for everybody's
    most: int
    letters: ColumnElement[bool]
    kinds: tuple[str, ...] = _ALL_KINDS


def may_answer(intake: Intake, session: Session) -> bool:
    """Whether the author is one person we can write to, and was not answered too often today.

    Where it was too often, staff are told in the caller's transaction.
    """
    return _may_answer(intake, session, _list_limits)


def may_answer_verification(intake: Intake, session: Session) -> bool:
    """Whether a question about certifications may be answered; told to staff as `may_answer`."""
    return _may_answer(intake, session, _list_verification_limits)


def may_answer_urgent(intake: Intake, session: Session) -> bool:
    """Whether an urgent mail may be answered, however many others were; told as `may_answer`."""
    return _may_answer(intake, session, _list_urgent_limits)


def _may_answer(
    intake: Intake, session: Session, list_limits: Callable[[Intake, str], Iterator[_Limit]]
) -> bool:
    address = intake.author_address.lower()
    is_ours = any(m.is_own_address(address) for m in intake.services.settings.mailbox)
    if find_mailable_address(address) is None or is_ours:
        return False
    for limit in list_limits(intake, address):
        if _count(session, limit, intake.now - _DAY) >= limit.most:
            _tell(intake, session, limit)
            return False
    return True


def _list_urgent_limits(intake: Intake, address: str) -> Iterator[_Limit]:
    yield _Limit(
        name="urgent answers to an address",
        whose=address,
        most=URGENT_PER_ADDRESS,
        letters=func.lower(LetterRecord.recipient) == address,
        kinds=_URGENT,
    )
    yield _Limit(
        name="urgent answers to everybody",
        whose="",
        most=intake.services.settings.intake.answers_per_day,
        letters=LetterRecord.recipient.is_not(None),
        kinds=_URGENT,
    )


def _list_limits(intake: Intake, address: str) -> Iterator[_Limit]:
    bounds = intake.services.settings.intake
    recipient = func.lower(LetterRecord.recipient)
    if _is_from_staff(intake):
        yield _limit_staff(address)
        return
    yield _Limit(
        name="address",
        whose=address,
        most=bounds.answers_per_address,
        letters=recipient == address,
        kinds=correspondence.UNBOUND_KINDS,
    )
    yield from _list_shared_limits(intake, address)


def _is_from_staff(intake: Intake) -> bool:
    settings = intake.services.settings
    return settings.find_staff(intake.author_address) is not None and intake.is_author_proven()


def _limit_staff(address: str) -> _Limit:
    return _Limit(
        name="a member of staff",
        whose=address,
        most=ANSWERS_TO_STAFF,
        letters=func.lower(LetterRecord.recipient) == address,
    )


def _list_verification_limits(intake: Intake, address: str) -> Iterator[_Limit]:
    if _is_from_staff(intake):
        yield _limit_staff(address)
        return
    yield _Limit(
        name="verifications of an address",
        whose=address,
        most=intake.services.settings.intake.verifications_per_address,
        letters=func.lower(LetterRecord.recipient) == address,
        kinds=_VERIFICATIONS,
    )
    yield from _list_shared_limits(intake, address)


def _list_shared_limits(intake: Intake, address: str) -> Iterator[_Limit]:
    bounds = intake.services.settings.intake
    recipient = func.lower(LetterRecord.recipient)
    domain = address.rpartition("@")[2]
    # A public provider's many customers are strangers to one another.
    if judge_domain(domain) is not DomainTrust.WEBMAIL:
        yield _Limit(
            name="domain",
            whose=domain,
            most=bounds.answers_per_domain,
            letters=recipient.endswith(f"@{domain}", autoescape=True),
        )
    yield _Limit(
        name="everybody",
        whose="",
        most=bounds.answers_per_day,
        letters=LetterRecord.recipient.is_not(None),
    )


def _count(session: Session, limit: _Limit, since: datetime) -> int:
    return session.scalars(
        select(func.count())
        .select_from(LetterRecord)
        .where(
            LetterRecord.kind.in_(limit.kinds),
            LetterRecord.created_at >= since,
            LetterRecord.request_id.is_(None),
            limit.letters,
        )
    ).one()


def _tell(intake: Intake, session: Session, limit: _Limit) -> None:
    # The key is bounded in length and names nobody.
    whose = sha256(limit.whose.encode()).hexdigest()[:16]
    day = intake.services.local_date(intake.now)
    staff_alerts.write_alarm(
        intake.services,
        session,
        code="no_more_answers",
        key=f"no_more_answers:{limit.name}:{whose}:{day}",
        ids={
            "limit": limit.name,
            "answers": str(limit.most),
            "journal entry": str(intake.entry.id),
        },
        now=intake.now,
    )
