"""What the event chains cover, held against them: certifications, disclosures, raw mails.

Outcomes: nothing; or `certification_changed`, `disclosure_changed`, `mail_changed`, `mail_missing`.
One document or mail is in memory at a time.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from inbox_worker.casefile.accounting import ACCOUNTED, digest_disclosure
from inbox_worker.desk.audit_result import Audit, Break
from inbox_worker.storage.models import (
    CertificationRecord,
    Disclosure,
    Event,
    JournalEntry,
    RawMail,
)

#: The event that holds a certification's digest.
ISSUED = "certification_issued"

_AT_ONCE = 1000


def stream(session: Session, query: Any, at_once: int = _AT_ONCE) -> Iterable[Any]:
    """Return rows that are read a few at a time."""
    return session.execute(query, execution_options={"yield_per": at_once})


def check_covered(session: Session, audit: Audit, request_id: int, name: str) -> None:
    """Hold a request's certifications and disclosures against what its events say of them."""
    said: dict[str, list[str]] = {ISSUED: [], ACCOUNTED: []}
    events = select(Event.code, Event.detail).where(
        Event.request_id == request_id, Event.code.in_(said)
    )
    for code, detail in session.execute(events):
        # Those of an earlier version of the program hold no digest.
        if "sha256" in detail:
            said[code].append(str(detail["sha256"]))
    audit.breaks.extend(_check_certifications(session, audit, request_id, name, said[ISSUED]))
    audit.breaks.extend(_check_disclosures(session, audit, request_id, name, said[ACCOUNTED]))


def _check_certifications(
    session: Session, audit: Audit, request_id: int, name: str, said: list[str]
) -> Iterator[Break]:
    query = select(
        CertificationRecord.control_number, CertificationRecord.sha256, CertificationRecord.pdf
    ).where(CertificationRecord.request_id == request_id)
    found = set()
    for number, sha256, pdf in stream(session, query.order_by(CertificationRecord.id), 1):
        audit.certifications += 1
        digest = hashlib.sha256(pdf).hexdigest()
        found.add(digest)
        if digest != sha256 or (said and digest not in said):
            yield _about(name, "certification_changed", f"certification {number} was changed.")
    for _ in set(said) - found:
        yield _about(name, "certification_changed", "a certification that was issued is not there.")


def _check_disclosures(
    session: Session, audit: Audit, request_id: int, name: str, said: list[str]
) -> Iterator[Break]:
    rows = session.scalars(select(Disclosure).where(Disclosure.request_id == request_id))
    found = set()
    for row in rows:
        audit.disclosures += 1
        digest = digest_disclosure(row)
        found.add(digest)
        if digest not in said:
            sentence = f"disclosure row {row.id} is not what was accounted for."
            yield _about(name, "disclosure_changed", sentence)
    for _ in set(said) - found:
        yield _about(
            name, "disclosure_changed", "a disclosure that was accounted for is not there."
        )


def check_mails(session: Session, audit: Audit, ids: Any, name: str) -> None:
    """Hold raw mails against their digests, one mail at a time."""
    query = (
        select(JournalEntry.id, JournalEntry.sha256, RawMail.raw)
        .outerjoin(RawMail, RawMail.journal_id == JournalEntry.id)
        .where(JournalEntry.id.in_(ids))
        .order_by(JournalEntry.id)
    )
    for mail, sha256, raw in stream(session, query, 1):
        audit.mails += 1
        if raw is None:
            audit.breaks.append(_about(name, "mail_missing", f"mail {mail} has lost its bytes."))
        elif hashlib.sha256(raw).hexdigest() != sha256:
            audit.breaks.append(_about(name, "mail_changed", f"mail {mail} was changed."))


def _about(name: str, kind: str, sentence: str) -> Break:
    told = f"{name}: {sentence}" if name else sentence[0].upper() + sentence[1:]
    return Break(chain=name, kind=kind, sequence=None, event=None, sentence=told)
