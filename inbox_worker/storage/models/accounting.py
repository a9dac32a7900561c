"""The accounting of disclosures (5 U.S.C. 552a(c)): rows are only ever added."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from inbox_worker.storage.models.base import Base


class Disclosure(Base):
    """That facts about a person were released, to whom and why.

    It holds in itself whatever the statute asks for, and is kept longer than the rest of the file.
    """

    __tablename__ = "disclosures"
    __table_args__ = (
        Index("ix_disclosures_a_number", "subject_a_number"),
        Index("ix_disclosures_disclosed_at", "disclosed_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    request_id: Mapped[int] = mapped_column(ForeignKey("requests.id"), index=True)
    tracking_number: Mapped[str] = mapped_column(String(24))
    control_number: Mapped[str] = mapped_column(String(19))
    disclosed_at: Mapped[datetime]
    subject_name: Mapped[str]  #: as the requester gave it
    subject_a_number: Mapped[str | None] = mapped_column(String(10))  #: `A` and nine digits
    subject_birth_date: Mapped[date | None]
    outcomes: Mapped[list[str]]  #: by machine name
    nature: Mapped[list[str]]  #: the facts released, in the words that were printed
    purpose: Mapped[list[str]]  #: the obligation, the case, and the purpose the requester stated
    recipient_name: Mapped[str]
    recipient_address: Mapped[str]  #: postal, line by line
    sent_to: Mapped[str] = mapped_column(String(320))  #: an e-mail address, or `post`
    basis: Mapped[str]  #: the legal ground, as it was decided on
    letter_key: Mapped[str] = mapped_column(String(400))  #: of the letter that carried them


class CorrectionNotice(Base):
    """That a recipient was told that what they were sent no longer stands (552a(c)(4))."""

    __tablename__ = "correction_notices"

    id: Mapped[int] = mapped_column(primary_key=True)
    disclosure_id: Mapped[int] = mapped_column(ForeignKey("disclosures.id"), index=True)
    told_at: Mapped[datetime]
    replaced_by: Mapped[str] = mapped_column(String(19))  #: a control number; empty: revoked
