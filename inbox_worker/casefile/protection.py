"""The people who are protected by law (8 U.S.C. 1367), and the requests that are about them.

The protection belongs to the person, not to a request: `find_subject_keys` says by which numbers
and names somebody is found again, and the list holds keyed digests (HMAC-SHA256) of these. It can
answer whether somebody is on it and nothing else: no command shows or exports it. The key lies in
the same database and is made with its schema. A key in a file could be lost or mixed up, and then
nobody would be found again without a word; whoever can read this database reads the requests too.

A request's flag is the one thing others ask for (`is_protected`). It is raised before the first
notice about the request is written, and only UNPROTECT lowers it: no correction does.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from inbox_worker.casefile.triage import Flag
from inbox_worker.storage import store
from inbox_worker.storage.database import upsert
from inbox_worker.storage.models import (
    FieldRecord,
    ProtectedDigest,
    ProtectionKey,
    Request,
    table_of,
)
from parsers.extraction import FieldValue
from parsers.forms.subject_keys import SUBJECT_FIELDS, SubjectKeys, find_subject_keys

#: Why a request may not be approved, where it may not.
ONLY_DENY = "The person is protected by law (8 U.S.C. 1367): only DENY can answer."
#: Why a certification may not be sent again or made anew, where it may not.
SEND_NOTHING = (
    "The person is protected by law (8 U.S.C. 1367): the certification is not sent again, and none "
    "is made in its place."
)

_DIGESTS = table_of(ProtectedDigest)
_PUT_DIGESTS = upsert(_DIGESTS).on_conflict_do_nothing()
#: How many digests are looked for in one statement.
_AT_ONCE = 1000


def is_protected(request: Request) -> bool:
    """Whether the request is about somebody who is protected by law."""
    return Flag.PROTECTED.value in request.flags


@dataclass(frozen=True, slots=True, kw_only=True)
class ProtectionList:
    """The list of who is protected, held for one transaction."""

    session: Session
    secret: bytes

    def find_protected(self, subjects: Sequence[SubjectKeys]) -> list[bool]:
        """Return of each person whether something is kept of them."""
        if self._is_empty():
            return [False] * len(subjects)
        sought = [frozenset(map(self._digest, s.sought)) for s in subjects]
        known = self._find_known(frozenset().union(*sought))
        return [not known.isdisjoint(digests) for digests in sought]

    def add(self, subject: SubjectKeys, *, now: datetime) -> None:
        """Keep what is known of a person; what is kept already stays."""
        rows = [{"digest": self._digest(key), "since": now} for key in sorted(subject.kept)]
        if rows:
            self.session.execute(_PUT_DIGESTS, rows)

    def remove(self, subject: SubjectKeys) -> None:
        """Keep nothing any longer of what these keys say; what others said of the person stays."""
        digests = sorted(map(self._digest, subject.kept | subject.sought))
        for some in _cut(digests):
            self.session.execute(delete(_DIGESTS).where(_DIGESTS.c.digest.in_(some)))

    def _is_empty(self) -> bool:
        return self.session.scalar(select(_DIGESTS.c.digest).limit(1)) is None

    def _find_known(self, digests: Iterable[str]) -> frozenset[str]:
        known: set[str] = set()
        for some in _cut(sorted(digests)):
            found = select(_DIGESTS.c.digest).where(_DIGESTS.c.digest.in_(some))
            known.update(self.session.scalars(found))
        return frozenset(known)

    def _digest(self, key: str) -> str:
        return hmac.digest(self.secret, key.encode(), hashlib.sha256).hex()


def _cut(digests: Sequence[str]) -> Iterator[Sequence[str]]:
    return (digests[n : n + _AT_ONCE] for n in range(0, len(digests), _AT_ONCE))


def hold_list(session: Session, *, for_change: bool = False) -> ProtectionList:
    """Return the list, which nobody changes before this transaction ends.

    With `for_change` nobody reads it either: a request that is being filed meanwhile is either
    there already or will be compared with the changed list. It is held before any request is.
    """
    key = session.scalars(
        select(ProtectionKey).with_for_update(read=not for_change, key_share=False)
    ).one()
    return ProtectionList(session=session, secret=key.secret)


def mark_protected(
    session: Session,
    request: Request,
    *,
    actor: str,
    now: datetime,
    journal_id: int | None = None,
) -> None:
    """Raise a request's flag, which `revise` never lowers."""
    request.flags = [Flag.PROTECTED.value, *request.flags]
    record_protected(session, request, actor=actor, now=now, journal_id=journal_id)


def record_protected(
    session: Session, request: Request, *, actor: str, now: datetime, journal_id: int | None
) -> None:
    """Write down that a request turned out to be about somebody protected."""
    store.add_event(
        session,
        "subject_protected",
        request=request,
        actor=actor,
        now=now,
        journal_id=journal_id,
    )


def unmark_protected(
    session: Session, request: Request, *, actor: str, now: datetime, journal_id: int
) -> None:
    """Lower a request's flag, by two people's wish."""
    request.flags = [f for f in request.flags if f != Flag.PROTECTED.value]
    store.add_event(
        session,
        "subject_unprotected",
        request=request,
        actor=actor,
        now=now,
        journal_id=journal_id,
    )


def list_requests_about(
    session: Session, subject: SubjectKeys, *, but: Request, today: date
) -> list[int]:
    """Return the ids of the other requests, open or not, whose form names this person."""
    return [
        request_id
        for request_id, other in _list_subjects(session, today)
        if request_id != but.id and not subject.kept.isdisjoint(other.sought)
    ]


def _list_subjects(session: Session, today: date) -> Iterator[tuple[int, SubjectKeys]]:
    rows = session.execute(
        select(
            FieldRecord.request_id,
            FieldRecord.field,
            FieldRecord.value,
            FieldRecord.raw,
            FieldRecord.alternatives,
            FieldRecord.shown,
        )
        .where(FieldRecord.superseded_at.is_(None), FieldRecord.field.in_(SUBJECT_FIELDS))
        .order_by(FieldRecord.request_id)
        .execution_options(yield_per=5000)
    )
    for request_id, of_one in groupby(rows, key=lambda row: int(row.request_id)):
        fields = {
            row.field: FieldValue(
                value=tuple(row.value) if isinstance(row.value, list) else row.value,
                raw=row.raw,
                source="",
                alternatives=tuple(row.alternatives or ()),
                shown=row.shown,
            )
            for row in of_one
        }
        yield request_id, find_subject_keys(fields, today=today)
