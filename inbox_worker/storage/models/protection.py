"""Who is protected by law, which only the program can tell, and who asked to lift that."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from inbox_worker.storage.models.base import Base


class ProtectionKey(Base):
    """The secret of the digests, in one row; whoever reads or changes the list locks it.

    It is made with the schema and never changes: with another key nobody would be found again, and
    nothing would say so.
    """

    __tablename__ = "protection_key"
    __table_args__ = (CheckConstraint("id = 1", name="one"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    secret: Mapped[bytes] = mapped_column(LargeBinary)


class ProtectedDigest(Base):
    """A number or a form of the name of somebody who is protected, as a keyed digest."""

    __tablename__ = "protected_digests"

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    since: Mapped[datetime]


class UnprotectWish(Base):
    """That somebody asked to lift the protection of a request's subject; a second person must."""

    __tablename__ = "unprotect_wishes"

    request_id: Mapped[int] = mapped_column(ForeignKey("requests.id"), primary_key=True)
    actor: Mapped[str] = mapped_column(String(320))
    asked_at: Mapped[datetime]
