"""The supervisors' digest: on each business day, what waits and what has waited longest.

Who is away gets none, and whoever stands in for them gets theirs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from inbox_worker.business_time import add_business_days, count_business_days, is_business_day
from inbox_worker.casefile.presentation import find_due
from inbox_worker.chores import Chore
from inbox_worker.letters.letterhead import build_letterhead
from inbox_worker.letters.posting import Posting, post_unbound
from inbox_worker.review.absences import find_stand_in, list_absent
from inbox_worker.review.sealing import count_unopened
from inbox_worker.services import Services
from inbox_worker.status import RequestStatus
from inbox_worker.storage import event_chain, store
from inbox_worker.storage.models import Request
from inbox_worker.storage.outbox_store import has_letter
from outbound.letters.chart import Bar
from outbound.letters.compose import Fact
from outbound.letters.digest_letters import Digest, OldCase, compose_digest
from outbound.letters.words import format_date

_S = RequestStatus
#: Open states, as supervisors read them.
STATE_WORDS: Mapping[RequestStatus, str] = {
    _S.IN_REVIEW: "In review",
    _S.SECOND_REVIEW: "Waiting for a second person",
    _S.ON_HOLD: "On hold",
    _S.LEGAL: "With counsel",
    _S.INCOMPLETE: "Waiting for a corrected form",
    _S.NEEDS_INFORMATION: "Waiting for the requester's answer",
    _S.APPROVED: "Approved, not yet sent",
    _S.DENIED: "Denied, not yet sent",
}
_OPEN = (_S.IN_REVIEW, _S.SECOND_REVIEW)
#: Ages in business days: the label, and the most of them that it stands for.
_AGES: Sequence[tuple[str, int, bool]] = (
    ("0 to 1 day", 1, False),
    ("2 to 3 days", 3, False),
    ("4 to 5 days", 5, False),
    ("6 to 10 days", 10, True),
    ("more than 10 days", 10_000, True),
)
_OLDEST, _SOON = 10, 3


@dataclass(frozen=True, slots=True, kw_only=True)
class _Review:
    """An open review, as far as the digest goes."""

    request: Request
    business_days: int
    due_date: date | None


def send_digest(services: Services) -> int:
    """Send every supervisor the day's digest, once its time has come; return how many got it."""
    now = services.clock()
    local = now.astimezone(services.settings.general.zone)
    review = services.settings.review
    past = [moment for moment in review.digest_times if moment <= local.time()]
    if not is_business_day(local.date()) or not past:
        return 0
    slot = f"digest:{local.date().isoformat()}T{max(past):%H%M}"
    with services.database.read() as session:
        readers = [
            reader
            for reader in _list_readers(services, session, local.date())
            if not has_letter(session, f"{slot}:{reader}")
        ]
        if not readers:
            return 0
        midnight = datetime.combine(local.date(), time(), local.tzinfo)
        # It looks at every event there is, so while nobody waits for this transaction.
        record = event_chain.find_fingerprint(session, midnight)
    with services.database.unit_of_work() as unit:
        letter = compose_digest(_build(services, unit.session, local.date(), record))
        sent = sum(
            post_unbound(
                services, unit.session, reader, letter, Posting(key=f"{slot}:{reader}", now=now)
            )
            for reader in readers
        )
        unit.commit()
    return sent


CHORE = Chore(name="digest", every=timedelta(minutes=15), do=send_digest)


def _list_readers(services: Services, session: Session, today: date) -> tuple[str, ...]:
    settings, absent = services.settings, list_absent(session, today)
    readers = {}
    for member in settings.find_staff_with("supervisor"):
        is_away = member.email.lower() in absent
        reader = find_stand_in(settings, absent, member) if is_away else member
        if reader is not None:
            readers[reader.email.lower()] = reader.email
    return tuple(readers.values())


def _build(
    services: Services, session: Session, today: date, record: event_chain.Fingerprint
) -> Digest:
    counts = _count_states(session)
    reviews = _list_reviews(services, session, today)
    soon = add_business_days(today, _SOON)
    facts = [
        Fact(label=words, value=str(counts.get(state.value, 0)))
        for state, words in STATE_WORDS.items()
    ]
    unopened = count_unopened(session)
    if unopened:
        facts.append(Fact(label="Sent, their password not asked for yet", value=str(unopened)))
    return Digest(
        head=build_letterhead(services),
        day=today,
        counts=tuple(facts),
        ages=_group_by_age([review.business_days for review in reviews]),
        oldest=tuple(_tell(services, review) for review in reviews[:_OLDEST]),
        due_soon=sum(r.due_date is not None and r.due_date <= soon for r in reviews),
        away=_list_away(services, session, today),
        events=record.events,
        fingerprint=record.sha256,
    )


def _count_states(session: Session) -> dict[str, int]:
    rows = session.execute(select(Request.status, func.count()).group_by(Request.status))
    return {str(status): int(count) for status, count in rows}


def _list_reviews(services: Services, session: Session, today: date) -> list[_Review]:
    """Return the open reviews, those first that have waited longest."""
    requests = session.scalars(
        select(Request)
        .where(Request.status.in_([s.value for s in _OPEN]))
        .order_by(Request.status_since, Request.id)
    )
    found = []
    for request in requests:
        values = {n: f.value for n, f in store.current_fields(session, request).items()}
        waited = count_business_days(services.local_date(request.status_since), today)
        due, _ = find_due(values)
        found.append(_Review(request=request, business_days=waited, due_date=due))
    return found


def _group_by_age(days: Sequence[int]) -> tuple[Bar, ...]:
    bars, least = [], 0
    for label, most, is_late in _AGES:
        count = sum(least <= waited <= most for waited in days)
        bars.append(Bar(label=label, count=count, is_late=is_late))
        least = most + 1
    return tuple(bars)


def _tell(services: Services, review: _Review) -> OldCase:
    assigned = review.request.assigned_to
    member = services.settings.find_staff(assigned) if assigned else None
    return OldCase(
        tracking_number=review.request.tracking_number,
        status=STATE_WORDS[_S(review.request.status)],
        business_days=review.business_days,
        due_date=review.due_date,
        assigned_to="" if member is None else member.name,
    )


def _list_away(services: Services, session: Session, today: date) -> tuple[Fact, ...]:
    settings, absent = services.settings, list_absent(session, today)
    facts = []
    for address, until in sorted(absent.items(), key=lambda pair: pair[1]):
        member = settings.find_staff(address)
        if member is None:
            continue
        deputy = find_stand_in(settings, absent, member)
        stands_in = "nobody stands in" if deputy is None else f"{deputy.name} stands in"
        facts.append(Fact(label=member.name, value=f"{format_date(until)}; {stands_in}"))
    return tuple(facts)
