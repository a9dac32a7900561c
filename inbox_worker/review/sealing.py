"""The sealed copy of a certification: when there is one, making it, keeping it, finding it again.

`seal` works outside every transaction, like all rendering and signing; `record_copies` writes what
it gave, once for each certification, so that whatever is sent again has the same bytes and the same
password. Outcomes of `find_sealed`: the copy that leaves, or None where the clear one does.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session, undefer

from config.signing_keys import SigningKey
from inbox_worker.services import Services
from inbox_worker.storage.models import CertificationCopy, CertificationRecord, Event
from outbound.certification.passwords import build_password
from outbound.certification.sealing import seal_certification, strip_attachments

if TYPE_CHECKING:
    from outbound.certification.timestamps import TimestampServer

#: The event of a password that was shown to staff.
PASSWORD_GIVEN = "password_given"  # noqa: S105  names it, and is none

_OWNER_BITS = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class Copies:
    """What was made of a certification, for e-mail."""

    sealed: bytes = field(repr=False)  #: encrypted, signed, with the filing copy attached
    password: str = field(repr=False)
    #: The filing copy, None where the archived one serves as it is.
    filing: bytes | None = field(repr=False)


def is_sealed(services: Services, recipient: str | None) -> bool:
    """Whether what leaves for an address is to be sealed; what goes by post never is."""
    return recipient is not None and services.settings.delivery.protection == "encrypted"


def seal(
    services: Services,
    clear: bytes,
    key: SigningKey | None,
    *,
    control_number: str,
    timestamps: TimestampServer | None,
) -> Copies:
    """Make the copies that leave of the one that is archived.

    `key` is None for a sample and for paper. Raises `KeyUnusableError` and `TimestampError`.
    """
    filing = None
    if not services.settings.delivery.filing_copy_attachments:
        filing = strip_attachments(clear, key, timestamps=timestamps)
    password = build_password(services.random_bits)
    sealed = seal_certification(
        clear,
        clear if filing is None else filing,
        key,
        control_number=control_number,
        password=password,
        owner_password=f"{services.random_bits(_OWNER_BITS):064x}",
        timestamps=timestamps,
    )
    return Copies(sealed=sealed, password=password, filing=filing)


def record_copies(
    session: Session, certification_id: int, copies: Copies, *, now: datetime
) -> CertificationCopy:
    """Keep the copies of a certification and return the one that leaves."""
    sealed = _build_copy(certification_id, "sealed", copies.sealed, now, copies.password)
    session.add(sealed)
    if copies.filing is not None:
        session.add(_build_copy(certification_id, "filing", copies.filing, now))
    return sealed


def find_sealed(session: Session, certification_id: int) -> CertificationCopy | None:
    """Return the sealed copy of a certification with its password, None where there is none."""
    return session.scalar(
        select(CertificationCopy)
        .where(
            CertificationCopy.certification_id == certification_id,
            CertificationCopy.kind == "sealed",
        )
        .options(undefer(CertificationCopy.pdf), undefer(CertificationCopy.password))
    )


def count_unopened(session: Session) -> int:
    """Return how many certifications in force nobody has asked the password of since they left."""
    was_given = exists().where(
        Event.request_id == CertificationRecord.request_id,
        Event.code == PASSWORD_GIVEN,
        Event.at >= CertificationRecord.issued_at,
    )
    found = (
        select(func.count())
        .select_from(CertificationRecord)
        .join(CertificationCopy, CertificationCopy.certification_id == CertificationRecord.id)
        .where(
            CertificationRecord.status == "current", CertificationCopy.kind == "sealed", ~was_given
        )
    )
    return session.scalar(found) or 0


def _build_copy(
    certification_id: int, kind: str, pdf: bytes, now: datetime, password: str | None = None
) -> CertificationCopy:
    return CertificationCopy(
        certification_id=certification_id,
        kind=kind,
        sha256=hashlib.sha256(pdf).hexdigest(),
        pdf=pdf,
        password=password,
        created_at=now,
    )
