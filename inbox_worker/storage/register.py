"""The register of certifications, as those who verify one ask it.

Outcomes: what the register holds of a certification, by its control number or by the digest of a
file, or None. Nothing here is about a person, a court or an answer: status and dates alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from inbox_worker.storage.models import CertificationCopy, CertificationRecord

Standing = Literal["current", "superseded", "revoked"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Registered:
    """A certification, as far as whoever asks may know of it."""

    control_number: str
    issued_at: datetime
    sha256: str  #: of the file as it was signed and archived
    facts_sha256: str
    superseded_by: str | None
    superseded_at: datetime | None
    revoked_at: datetime | None

    @property
    def standing(self) -> Standing:
        """Return whether it still counts; what was revoked stays so, whatever took its place."""
        if self.revoked_at is not None:
            return "revoked"
        return "current" if self.superseded_by is None else "superseded"


def find_registered(session: Session, control_number: str) -> Registered | None:
    """Return what was issued under a control number, which stands for one document for ever."""
    return _find(session, CertificationRecord.control_number == control_number)


def find_registered_file(session: Session, sha256: str) -> Registered | None:
    """Return what was issued as exactly the bytes that have this digest, in hexadecimal.

    The copies that left, sealed or to be filed, are that as well as the one that is archived.
    """
    copies = select(CertificationCopy.certification_id).where(CertificationCopy.sha256 == sha256)
    return _find(
        session, or_(CertificationRecord.sha256 == sha256, CertificationRecord.id.in_(copies))
    )


def _find(session: Session, wanted: ColumnElement[bool]) -> Registered | None:
    names = list(Registered.__dataclass_fields__)
    columns = [getattr(CertificationRecord, name) for name in names]
    row = session.execute(
        select(*columns).where(wanted).order_by(CertificationRecord.id.desc()).limit(1)
    ).one_or_none()
    return None if row is None else Registered(**row._asdict())
