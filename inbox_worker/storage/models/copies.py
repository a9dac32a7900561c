"""Copies of a certification beside the one that is archived; their bytes never change."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from inbox_worker.storage.models.base import Base


class CertificationCopy(Base):
    """A copy of a certification, known again by its digest.

    The password stands as it is, because it must be given again as often as it is asked for, and
    what it opens stands in the next table in the clear.
    """

    __tablename__ = "certification_copies"
    __table_args__ = (
        UniqueConstraint("certification_id", "kind", name="uq_certification_copies_kind"),
        CheckConstraint("kind IN ('sealed', 'filing')", name="kind"),
        CheckConstraint("(kind = 'sealed') = (password IS NOT NULL)", name="password"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    certification_id: Mapped[int] = mapped_column(ForeignKey("certifications.id"))
    #: `sealed`: encrypted, for e-mail; `filing`: clear and without embedded files, inside of that.
    kind: Mapped[str] = mapped_column(String(10))
    sha256: Mapped[str] = mapped_column(String(64), index=True)
    pdf: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    password: Mapped[str | None] = mapped_column(String(127), deferred=True)
    created_at: Mapped[datetime]
