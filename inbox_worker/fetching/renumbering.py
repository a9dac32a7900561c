"""Mail in a folder that the server has renumbered (another UIDVALIDITY): known by its content.

Every number known from before is worth nothing then, and everything in the folder is looked at
again. The outcomes for a mail: KNOWN (looked at under the new numbers already), RENUMBERED (the
place of known bytes has another number now; no second place is made of it), BACKLOG (it lay there
when the mailbox was set up and is left alone), or not recognised: then it is recorded like any
other, new where its bytes are new.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence

from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session

from inbox_worker.storage import journal
from inbox_worker.storage.journal import Arrival, Recording
from inbox_worker.storage.models import BacklogMail, Sighting


def recognise(session: Session, arrivals: Sequence[Arrival]) -> dict[int, Recording]:
    """Return what the mails of one mailbox are recognised as, by UID; give them their new numbers.

    A mail that is not recognised is left out.
    """
    recognised = dict.fromkeys(_find_recorded(session, arrivals), Recording.KNOWN)
    open_ones = [a for a in arrivals if a.place.uid not in recognised]
    entries = journal.find_entries(session, {journal.find_digest(a.raw) for a in open_ones})
    places = _find_old_places(session, open_ones, entries.values())
    backlog = _find_backlog(session, open_ones)
    for arrival in open_ones:
        entry_id = entries.get(journal.find_digest(arrival.raw))
        if entry_id is not None and places[entry_id]:
            _renumber(session, places[entry_id].pop(0), arrival)
            recognised[arrival.place.uid] = Recording.RENUMBERED
        elif entry_id is None and arrival.place.uid in backlog:
            recognised[arrival.place.uid] = Recording.BACKLOG
    return recognised


def replace_backlog(session: Session, mailbox: str, header_digests: Collection[str]) -> None:
    """Note which mails are backlog, by the digests of their header sections."""
    session.execute(delete(BacklogMail).where(BacklogMail.mailbox == mailbox))
    rows = [{"mailbox": mailbox, "header_sha256": digest} for digest in sorted(header_digests)]
    if rows:
        session.execute(insert(BacklogMail), rows)


def list_backlog(session: Session, mailbox: str) -> set[str]:
    """Return the digests of the header sections of the mails that are backlog."""
    found = select(BacklogMail.header_sha256).where(BacklogMail.mailbox == mailbox)
    return set(session.scalars(found))


def find_header_digest(raw: bytes) -> str:
    """Return the SHA-256 of a mail's header section, whatever ends it and follows."""
    header = raw.partition(b"\r\n\r\n")[0]
    return hashlib.sha256(header.rstrip(b"\r\n")).hexdigest()


def _find_recorded(session: Session, arrivals: Sequence[Arrival]) -> set[int]:
    if not arrivals:
        return set()
    place = arrivals[0].place
    return set(
        session.scalars(
            select(Sighting.uid).where(
                Sighting.mailbox == place.mailbox,
                Sighting.uidvalidity == place.uidvalidity,
                Sighting.uid.in_([a.place.uid for a in arrivals]),
            )
        )
    )


def _find_old_places(
    session: Session, arrivals: Sequence[Arrival], entry_ids: Iterable[int]
) -> Mapping[int, list[int]]:
    """Return the places, by entry, that nobody has moved a mail from and no number holds for."""
    places: dict[int, list[int]] = defaultdict(list)
    if arrivals:
        place = arrivals[0].place
        query = (
            select(Sighting.journal_id, Sighting.id)
            .where(
                Sighting.journal_id.in_(entry_ids),
                Sighting.mailbox == place.mailbox,
                Sighting.uidvalidity != place.uidvalidity,
                Sighting.moved_at.is_(None),
            )
            .order_by(Sighting.id)
        )
        for entry_id, sighting_id in session.execute(query):
            places[entry_id].append(sighting_id)
    return places


def _find_backlog(session: Session, arrivals: Sequence[Arrival]) -> set[int]:
    if not arrivals:
        return set()
    digests = {a.place.uid: find_header_digest(a.raw) for a in arrivals}
    found = set(
        session.scalars(
            select(BacklogMail.header_sha256).where(
                BacklogMail.mailbox == arrivals[0].place.mailbox,
                BacklogMail.header_sha256.in_(set(digests.values())),
            )
        )
    )
    return {uid for uid, digest in digests.items() if digest in found}


def _renumber(session: Session, sighting_id: int, arrival: Arrival) -> None:
    session.execute(
        update(Sighting)
        .where(Sighting.id == sighting_id)
        .values(uidvalidity=arrival.place.uidvalidity, uid=arrival.place.uid)
    )
