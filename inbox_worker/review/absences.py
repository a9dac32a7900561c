"""Who of the staff is away and until when, and who stands in for them.

Being away takes nothing from anybody: tokens stay, notices go on, and whoever is away may still
decide. It only lets the deputy be told as well.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from config.settings import Settings, StaffMember
from inbox_worker.storage.models import Absence

#: The first day back of everyone who is away, by address in lower case.
Absent = Mapping[str, date]


def record_absence(
    session: Session, member: StaffMember, until: date, *, now: datetime, journal_id: int | None
) -> bool:
    """Note that somebody is away until their first day back; return False where it was noted."""
    address = member.email.lower()
    found = session.get(Absence, address)
    if found is not None and found.until == until:
        return False
    if found is None:
        session.add(Absence(address=address, until=until, since=now, journal_id=journal_id))
    else:
        found.until, found.journal_id = until, journal_id
    session.flush()
    return True


def list_absent(session: Session, today: date) -> dict[str, date]:
    """Return the first day back of everyone who is away, by address in lower case."""
    rows = session.scalars(select(Absence).where(Absence.until > today))
    return {row.address: row.until for row in rows}


def find_stand_in(settings: Settings, absent: Absent, member: StaffMember) -> StaffMember | None:
    """Return who stands in: the deputy, or the deputy's own where they are away as well.

    None where nobody is named, nobody of them is there, or whoever is may not review.
    """
    asked = {member.email.lower()}
    deputy = settings.find_staff(member.deputy) if member.deputy else None
    while deputy is not None and deputy.email.lower() not in asked:
        if deputy.email.lower() not in absent and deputy.has_role("reviewer"):
            return deputy
        asked.add(deputy.email.lower())
        deputy = settings.find_staff(deputy.deputy) if deputy.deputy else None
    return None


def list_stand_ins(
    settings: Settings, members: Iterable[StaffMember], absent: Absent
) -> dict[str, tuple[StaffMember, tuple[str, ...]]]:
    """Return everyone who stands in for those of `members` that are away, with their names."""
    names: dict[str, list[str]] = {}
    found: dict[str, StaffMember] = {}
    for member in members if absent else ():
        if member.email.lower() not in absent:
            continue
        deputy = find_stand_in(settings, absent, member)
        if deputy is not None:
            found[deputy.email.lower()] = deputy
            names.setdefault(deputy.email.lower(), []).append(member.name)
    return {address: (deputy, tuple(names[address])) for address, deputy in found.items()}
