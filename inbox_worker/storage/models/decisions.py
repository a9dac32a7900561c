"""Who may answer, what they decided, what was issued, and who is away."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from inbox_worker.storage.models.base import Base, partial_index


class Token(Base):
    """The right to answer one letter; only its digest is kept."""

    __tablename__ = "tokens"

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    kind: Mapped[str] = mapped_column(String(10))  #: `review` or `letter`
    request_id: Mapped[int] = mapped_column(ForeignKey("requests.id"), index=True)
    address: Mapped[str] = mapped_column(String(320))
    round: Mapped[int]
    decision_id: Mapped[int | None] = mapped_column(ForeignKey("decisions.id"))
    issued_at: Mapped[datetime]
    expires_at: Mapped[datetime]


class Decision(Base):
    """What a member of staff decided, or proposes until it is confirmed."""

    __tablename__ = "decisions"
    __table_args__ = (
        partial_index(
            "uq_decisions_in_force",
            "request_id",
            "round",
            unique=True,
            where="state = 'IN_FORCE'",
        ),
        CheckConstraint(
            "state IN ('PROPOSED', 'FIRST', 'IN_FORCE', 'CANCELLED', 'SUPERSEDED')", name="state"
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    request_id: Mapped[int] = mapped_column(ForeignKey("requests.id"), index=True)
    round: Mapped[int]
    revision: Mapped[int]  #: of the file it was made on
    keyword: Mapped[str] = mapped_column(String(20))
    actor: Mapped[str] = mapped_column(String(320))
    state: Mapped[str] = mapped_column(String(12))
    made_at: Mapped[datetime]
    journal_id: Mapped[int] = mapped_column(ForeignKey("journal.id"))
    findings: Mapped[dict[str, Any] | None]
    reason: Mapped[str | None]
    adopts_id: Mapped[int | None] = mapped_column(ForeignKey("decisions.id"))
    certifier: Mapped[str | None] = mapped_column(String(320))
    release_at: Mapped[datetime | None]


class CertificationRecord(Base):
    """A certification form that was issued: the register, of which nothing is ever deleted."""

    __tablename__ = "certifications"
    __table_args__ = (UniqueConstraint("decision_id", name="uq_certifications_decision"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    request_id: Mapped[int] = mapped_column(ForeignKey("requests.id"), index=True)
    decision_id: Mapped[int] = mapped_column(ForeignKey("decisions.id"))
    control_number: Mapped[str] = mapped_column(String(19), index=True)
    outcomes: Mapped[list[str]]
    answers: Mapped[Any] = mapped_column(JSON)
    facts: Mapped[dict[str, Any]]
    issued_at: Mapped[datetime]
    recipient: Mapped[str] = mapped_column(String(320))
    status: Mapped[str] = mapped_column(String(12))  #: current, superseded or revoked
    superseded_by: Mapped[str | None] = mapped_column(String(19))  #: the control number
    superseded_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    facts_sha256: Mapped[str] = mapped_column(String(64))  #: of the facts as they are attached
    sha256: Mapped[str] = mapped_column(String(64))  #: of the document
    pdf: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)


class PaperToSign(Base):
    """A certification that was printed to be signed by hand, until its scan is filed."""

    __tablename__ = "papers_to_sign"

    decision_id: Mapped[int] = mapped_column(ForeignKey("decisions.id"), primary_key=True)
    control_number: Mapped[str] = mapped_column(String(19))
    facts: Mapped[dict[str, Any]]
    pages: Mapped[int]
    printed_at: Mapped[datetime]


class Absence(Base):
    """That a member of staff is away, and until when."""

    __tablename__ = "away"

    address: Mapped[str] = mapped_column(String(320), primary_key=True)  #: in lower case
    until: Mapped[date]  #: the first day they are back, where the office is
    since: Mapped[datetime]
    journal_id: Mapped[int | None] = mapped_column(ForeignKey("journal.id"))  #: what said so
