"""Who is asked to review a request: everybody, or the one person it is given to.

With `review.assignment = "all"` every reviewer is asked until a request is given to somebody. With
`round_robin` and `field_office` one person is, who may approve: the one whose turn is longest ago,
of those whose office the court's place points to where offices are asked for. Who is away is
passed over while others are there. Where nobody can be chosen, everybody is asked.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from config.settings import StaffMember
from inbox_worker.review.absences import list_absent
from inbox_worker.services import Services
from inbox_worker.storage import store
from inbox_worker.storage.models import Request
from parsers.extraction import FieldValue


def find_assigned(services: Services, request: Request) -> StaffMember | None:
    """Return whose request it is, None where it is nobody's or theirs no more."""
    member = services.settings.find_staff(request.assigned_to) if request.assigned_to else None
    return member if member is not None and member.has_role("reviewer") else None


def assign_if_due(
    services: Services,
    session: Session,
    request: Request,
    fields: Mapping[str, FieldValue],
    *,
    now: datetime,
) -> StaffMember | None:
    """Return whose request it is, giving it to somebody where the site wants that."""
    assigned, review = find_assigned(services, request), services.settings.review
    if assigned is not None or review.assignment == "all":
        return assigned
    office = find_office(services, fields)
    chosen = choose(
        [
            member
            for member in services.settings.find_staff_with("approver")
            if review.assignment == "round_robin" or office in member.offices
        ],
        last_turns=_list_last_turns(session),
        absent=list_absent(session, services.local_date(now)),
    )
    if chosen is not None:
        give(session, request, chosen, actor=store.PROGRAM, now=now, reason=review.assignment)
    return chosen


def give(
    session: Session,
    request: Request,
    member: StaffMember,
    *,
    actor: str,
    now: datetime,
    reason: str,
    journal_id: int | None = None,
) -> None:
    """Make a request somebody's, and write that down."""
    request.assigned_to = member.email.lower()
    session.flush()
    store.add_event(
        session,
        "request_assigned",
        request=request,
        actor=actor,
        now=now,
        journal_id=journal_id,
        detail={"to": request.assigned_to, "reason": reason},
    )


def choose(
    members: Sequence[StaffMember], *, last_turns: Mapping[str, int], absent: Collection[str]
) -> StaffMember | None:
    """Return whose turn it is, None where there is nobody.

    `last_turns` are greater the later somebody's last turn was; who had none is first. Addresses
    are in lower case.
    """
    present = [m for m in members if m.email.lower() not in absent]
    return min(present or members, key=lambda m: last_turns.get(m.email.lower(), 0), default=None)


def find_office(services: Services, fields: Mapping[str, FieldValue]) -> str:
    """Return the field office that the court's place points to, empty for none."""
    court = {name: str(found.value) for name, found in fields.items() if name.startswith("court_")}
    return services.offices.find(court.get("court_state", ""), court.get("court_county", ""))


def _list_last_turns(session: Session) -> dict[str, int]:
    rows = session.execute(
        select(Request.assigned_to, func.max(Request.id))
        .where(Request.assigned_to.is_not(None))
        .group_by(Request.assigned_to)
    )
    return {str(address): int(last) for address, last in rows}
