"""The service itself: its workers, what each has to itself, its recurring tasks and memory."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from inbox_worker.storage.models.base import Base


class WorkerRecord(Base):
    """A worker that is at work; what it has refers to this row, and is free when the row goes."""

    __tablename__ = "workers"

    id: Mapped[str] = mapped_column(String(40), primary_key=True)  #: never used twice
    host: Mapped[str] = mapped_column(String(255))
    pid: Mapped[int]
    started_at: Mapped[datetime]
    expires_at: Mapped[datetime]  #: unless it is renewed


class LeaseRecord(Base):
    """Something that one worker at a time has to itself: a mailbox to fetch from."""

    __tablename__ = "leases"

    name: Mapped[str] = mapped_column(String(140), primary_key=True)
    worker_id: Mapped[str] = mapped_column(ForeignKey("workers.id", ondelete="CASCADE"))


class ServiceState(Base):
    """What the service must remember over a restart, by name: `paused`, for one."""

    __tablename__ = "service_state"

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    value: Mapped[str] = mapped_column(String(200))


class ChoreRecord(Base):
    """When a recurring task is due again."""

    __tablename__ = "chores"

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    due_at: Mapped[datetime]
