"""Who is at work, and what each has for itself.

A worker is a row that expires unless it is renewed. What it has (mails to file, letters to send,
mailboxes to fetch from) refers to that row, and the database itself lets go of all of it when the
row goes: because the worker signed off, or because it was silent for too long, or is known to be
dead, and another removed it. A row is never used twice, so it is its own fencing token: whoever
writes by virtue of what it has looks in the same transaction whether it still has it, and one that
slept past its time writes nothing.

Outcomes of wanting something: it is ours, or it is another's; `LeaseLostError` when we are no
longer at work ourselves.
"""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog
from sqlalchemy import delete, insert, select, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from inbox_worker.errors import LeaseLostError
from inbox_worker.storage import signs_of_life
from inbox_worker.storage.database import Database, upsert
from inbox_worker.storage.models import LeaseRecord, WorkerRecord, table_of

_log = structlog.get_logger()

#: How often a worker renews its row before that would expire.
_RENEWALS = 4
_ID_BITS = 80

_LEASES = table_of(LeaseRecord)
_TAKE = upsert(_LEASES).on_conflict_do_nothing(index_elements=["name"])


@dataclass(slots=True, kw_only=True)
class WorkerLease:
    """This process's place among the workers; its `id` changes when it was lost and taken anew."""

    database: Database
    url: str  #: of the database
    clock: Callable[[], datetime]
    duration: timedelta
    random_bits: Callable[[int], int]
    id: str = field(default="", init=False)
    _life: ExitStack = field(default_factory=ExitStack, init=False)

    def sign_on(self) -> None:
        """Be at work from now on, under an id of our own."""
        self._life.close()
        worker_id = f"{self.random_bits(_ID_BITS):020x}"
        now = self.clock()
        with ExitStack() as life:
            # The lock is there before the row, so that nobody takes a row without one for a dead
            # one's.
            life.enter_context(signs_of_life.show_life(self.url, worker_id))
            with self.database.unit_of_work() as unit:
                unit.session.execute(
                    insert(WorkerRecord).values(
                        id=worker_id,
                        host=socket.gethostname()[:255],
                        pid=os.getpid(),
                        started_at=now,
                        expires_at=now + self.duration,
                    )
                )
                unit.commit()
            self._life = life.pop_all()
        self.id = worker_id

    def renew(self) -> None:
        """Say that we are still at work; sign on anew when somebody thought otherwise."""
        with self.database.unit_of_work() as unit:
            renewed = unit.session.execute(
                update(WorkerRecord)
                .where(WorkerRecord.id == self.id)
                .values(expires_at=self.clock() + self.duration)
                .execution_options(synchronize_session=False)
            )
            unit.commit()
        if renewed.rowcount != 1:  # type: ignore[attr-defined]
            _log.warning("lease_lost", worker=self.id)
            self.sign_on()

    def take(self, name: str) -> bool:
        """Have something to ourselves from now on; return False when it is another's."""
        with self.database.unit_of_work() as unit:
            is_ours = take(unit.session, name, self.id)
            unit.commit()
        return is_ours

    def remove_gone(self) -> None:
        """Let go of what workers had who are dead or were silent for too long."""
        now = self.clock()
        with self.database.read() as session:
            others = session.execute(
                select(WorkerRecord.id, WorkerRecord.expires_at).where(WorkerRecord.id != self.id)
            ).all()
        dead = [n for n, _ in others if signs_of_life.is_dead(self.url, n)]
        gone = [*dead, *(n for n, expires_at in others if expires_at <= now)]
        for worker_id in dict.fromkeys(gone):
            if self._remove(worker_id, now, is_dead=worker_id in dead):
                _log.warning("worker_removed", worker=worker_id, dead=worker_id in dead)
                signs_of_life.forget(self.url, worker_id)

    def sign_off(self) -> None:
        """Be at work no longer, and let go of everything."""
        try:
            with self.database.unit_of_work() as unit:
                unit.session.execute(delete(WorkerRecord).where(WorkerRecord.id == self.id))
                unit.commit()
        finally:
            self._life.close()

    def _remove(self, worker_id: str, now: datetime, *, is_dead: bool) -> bool:
        """Remove a worker, unless it renewed its row meanwhile, or another removes it already."""
        query = select(WorkerRecord.id).where(WorkerRecord.id == worker_id)
        if not is_dead:
            query = query.where(WorkerRecord.expires_at <= now)
        with self.database.unit_of_work() as unit:
            found = unit.session.scalar(query.with_for_update(skip_locked=True))
            if found is not None:
                unit.session.execute(delete(WorkerRecord).where(WorkerRecord.id == worker_id))
            unit.commit()
        return found is not None


@contextmanager
def hold_lease(lease: WorkerLease) -> Iterator[None]:
    """Be at work for the time of the block, renewing in a thread of its own."""
    lease.sign_on()
    try:
        lease.remove_gone()
        with _beating(lease):
            yield
    finally:
        lease.sign_off()


@contextmanager
def _beating(lease: WorkerLease) -> Iterator[None]:
    ended = threading.Event()
    beating = threading.Thread(target=_beat, args=(lease, ended), name="lease", daemon=True)
    beating.start()
    try:
        yield
    finally:
        ended.set()
        beating.join()


def _beat(lease: WorkerLease, ended: threading.Event) -> None:
    while not ended.wait(lease.duration.total_seconds() / _RENEWALS):
        try:
            lease.renew()
            lease.remove_gone()
        except (SQLAlchemyError, OSError) as error:
            # Without its database a worker writes nothing anyway; the next beat tries again.
            _log.warning("lease_not_renewed", error=type(error).__name__)


def check_at_work(session: Session, worker_id: str) -> None:
    """Raise `LeaseLostError` when this worker was removed; it stays until the transaction ends."""
    found = session.scalar(
        select(WorkerRecord.id)
        .where(WorkerRecord.id == worker_id)
        .with_for_update(read=True, key_share=True)
    )
    if found is None:
        raise LeaseLostError


def take(session: Session, name: str, worker_id: str) -> bool:
    """Have something by its name to ourselves; return False when it is another's."""
    holder = session.scalar(select(LeaseRecord.worker_id).where(LeaseRecord.name == name))
    if holder is None:
        check_at_work(session, worker_id)
        session.execute(_TAKE, [{"name": name, "worker_id": worker_id}])
        holder = session.scalar(select(LeaseRecord.worker_id).where(LeaseRecord.name == name))
    return holder == worker_id


def check_held(session: Session, name: str, worker_id: str) -> None:
    """Raise `LeaseLostError` unless it is still ours; it stays so until the transaction ends."""
    held = session.scalar(
        select(LeaseRecord.name)
        .where(LeaseRecord.name == name, LeaseRecord.worker_id == worker_id)
        .with_for_update(read=True)
    )
    if held is None:
        raise LeaseLostError


def list_workers(session: Session) -> Sequence[tuple[WorkerRecord, Sequence[str]]]:
    """Return who is at work, longest first, each with the names of what it has to itself."""
    workers = session.scalars(select(WorkerRecord).order_by(WorkerRecord.started_at)).all()
    held = session.execute(select(LeaseRecord.worker_id, LeaseRecord.name)).all()
    return [(w, sorted(name for n, name in held if n == w.id)) for w in workers]
