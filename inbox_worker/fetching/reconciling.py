"""The server against the rows, folder by folder: is every mail accounted for?

Each message in the watched folder and in the folders mail is moved to is looked up by its place, or
else by its content: Message-ID, size and date, or where those do not decide, the digest of its
bytes. Then each recorded mail is looked up among what was found. Nothing is changed on the server.
Memory is bounded: one bit for each recorded mail, and a few hundred messages at a time.

It goes on in steps, so that whoever has other things to do can stop between two.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import Row, func, select
from sqlalchemy.orm import Session

from config.sections import MailboxSettings
from config.settings import Settings
from inbox_worker.fetching import renumbering
from inbox_worker.fetching.reconciliation import Finding, FolderReport, Reconciliation, Standing
from inbox_worker.mailbox.client import Mailbox, open_mailbox
from inbox_worker.mailbox.folder_survey import FolderSurvey, MessageFacts
from inbox_worker.storage import cursors
from inbox_worker.storage.database import Database
from inbox_worker.storage.models import (
    BacklogMail,
    JournalEntry,
    RawMail,
    ReconciliationRecord,
    Sighting,
    WithheldMail,
)

#: How many messages are looked up at a time, and how many rows.
_MESSAGES = 400
_ROWS = 2000
#: How far apart a server may put the date of a message and of its copy.
_SAME_MOMENT = timedelta(seconds=2)

_S = Standing

Steps = Generator[None, None, Reconciliation]


def reconcile_mailbox(
    database: Database, settings: Settings, box: MailboxSettings, clock: Callable[[], datetime]
) -> Steps:
    """Compare one mailbox with its rows, step by step; keep and return what it came to.

    Raises `UnreachableError` and `MailboxRefusedError`.
    """
    started = clock()
    with database.read() as session:
        highest = session.scalar(select(func.max(JournalEntry.id))) or 0
    comparison = _Comparison(
        database=database,
        limit=settings.intake.message_bytes,
        box=box,
        result=Reconciliation(mailbox=box.name, started_at=started),
        seen=_Bits(highest),
    )
    with open_mailbox(box) as mailbox:
        yield from comparison.look_into_watched(mailbox)
        for folder in list_target_folders(box):
            yield from comparison.look_into_target(mailbox, folder)
    yield from comparison.look_through_rows(started)
    result = comparison.result
    result.finished_at = clock()
    _keep(database, result)
    return result


def finish(steps: Steps) -> Reconciliation:
    """Go through all steps at once."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            result: Reconciliation = end.value
            return result


def list_target_folders(box: MailboxSettings) -> list[str]:
    """Return the folders mail is moved to, each once, without the watched one."""
    named = dict.fromkeys(str(folder) for _, folder in box.folders)
    return [folder for folder in named if folder != box.folder]


class _Bits:
    """A bit for every recorded mail, by the number of its journal entry."""

    def __init__(self, highest: int) -> None:
        self._bits = bytearray(highest // 8 + 1)

    def add(self, number: int) -> None:
        # What was recorded since the beginning is no part of the comparison.
        if number // 8 < len(self._bits):
            self._bits[number // 8] |= 1 << number % 8

    def __contains__(self, number: int) -> bool:
        return number // 8 < len(self._bits) and bool(self._bits[number // 8] >> number % 8 & 1)


@dataclass(slots=True, kw_only=True)
class _Comparison:
    """A comparison under way."""

    database: Database
    limit: int  #: bytes of a message that is fetched whole
    box: MailboxSettings
    result: Reconciliation
    seen: _Bits  #: the recorded mails that were seen on the server
    _report: FolderReport = field(default_factory=lambda: FolderReport(folder=""), init=False)

    def look_into_watched(self, mailbox: Mailbox) -> Iterator[None]:
        """Account for every message in the watched folder."""
        survey = self._open(mailbox, self.box.folder)
        if survey is None:
            return
        # Asked before the folder is listed: whatever is above it may be fetched this moment.
        with self.database.read() as session:
            last = cursors.find_last_uid(session, self.box.name, survey.uidvalidity)
            withheld = _find_withheld(session, self.box.name, survey.uidvalidity)
        for uids in _cut(self._list(survey), _MESSAGES):
            with self.database.read() as session:
                sighted = _find_sightings(session, self.box.name, survey.uidvalidity, uids)
            strange = [uid for uid in uids if uid not in sighted]
            for uid in uids:
                if uid in sighted:
                    self._note(_judge_sighted(sighted[uid]), uid, sighted[uid].journal_id)
            new = [uid for uid in strange if uid > last]
            self._report.standings[_S.NOT_YET_FETCHED] += len(new)
            kept = [uid for uid in strange if uid <= last and uid in withheld]
            self._report.standings[_S.WITHHELD] += len(kept)
            old = self._pass_over(survey, [u for u in strange if u <= last and u not in withheld])
            self._look_up(survey, old, otherwise=_S.LOST)
            yield

    def _pass_over(self, survey: FolderSurvey, uids: Sequence[int]) -> list[int]:
        """Account for the backlog that was to be left alone, and return the other messages."""
        if not uids:
            return []
        headers = survey.fetch_headers(uids)
        digests = {uid: renumbering.find_header_digest(raw) for uid, raw in headers.items()}
        with self.database.read() as session:
            backlog = _find_backlog(session, self.box.name, set(digests.values()))
        others = [uid for uid, digest in digests.items() if digest not in backlog]
        self._report.standings[_S.PASSED_OVER] += len(digests) - len(others)
        return others

    def look_into_target(self, mailbox: Mailbox, folder: str) -> Iterator[None]:
        """Account for every message in a folder that mail is moved to."""
        survey = self._open(mailbox, folder)
        if survey is None:
            return
        for uids in _cut(self._list(survey), _MESSAGES):
            self._look_up(survey, uids, otherwise=_S.UNKNOWN)
            yield

    def look_through_rows(self, before: datetime) -> Iterator[None]:
        """Account for every mail recorded from this mailbox before a moment."""
        last = 0
        while True:
            with self.database.read() as session:
                rows = _list_rows(session, self.box.name, last, before)
            if not rows:
                return
            for row in rows:
                self.result.recorded += 1
                if not row.has_bytes:
                    self._note_row(_S.BYTES_MISSING, row.id)
                elif row.id not in self.seen:
                    gone = _S.REMOVED if row.unmoved == 0 else _S.VANISHED
                    self._note_row(gone, row.id)
            last = rows[-1].id
            yield

    def _open(self, mailbox: Mailbox, folder: str) -> FolderSurvey | None:
        survey = mailbox.survey(folder)
        self._report = FolderReport(folder=folder, is_there=survey is not None)
        self.result.folders.append(self._report)
        return survey

    def _list(self, survey: FolderSurvey) -> list[int]:
        uids = survey.list_uids()
        self._report.messages = len(uids)
        return uids

    def _look_up(self, survey: FolderSurvey, uids: Sequence[int], *, otherwise: Standing) -> None:
        """Account for messages by what they hold."""
        if not uids:
            return
        facts = survey.fetch_facts(uids)
        names = {f.message_id for f in facts.values() if f.message_id is not None}
        with self.database.read() as session:
            named = _find_named(session, names)
        for uid, fact in facts.items():
            entries = [row.id for row in named.get(fact.message_id, ()) if _is_same(row, fact)]
            if not entries:
                entries = self._find_by_digest(survey, uid, fact)
            for entry_id in entries:
                self.seen.add(entry_id)
            self._note(_S.FOUND if entries else otherwise, uid, None)

    def _find_by_digest(self, survey: FolderSurvey, uid: int, fact: MessageFacts) -> list[int]:
        digest = survey.fetch_digest(uid, whole=fact.size <= self.limit)
        if digest is None:
            return []
        with self.database.read() as session:
            same = select(JournalEntry.id).where(JournalEntry.sha256 == digest)
            return list(session.scalars(same))

    def _note(self, standing: Standing, uid: int, entry_id: int | None) -> None:
        self._report.standings[standing] += 1
        if entry_id is not None:
            self.seen.add(entry_id)
        if standing in {_S.LOST, _S.UNKNOWN}:
            self.result.name(Finding(standing=standing, folder=self._report.folder, uid=uid))

    def _note_row(self, standing: Standing, entry_id: int) -> None:
        self.result.rows[standing] += 1
        self.result.name(Finding(standing=standing, mail=entry_id))


def _judge_sighted(row: Row[int, int, datetime | None, str | None]) -> Standing:
    _, _, moved_at, disposition = row
    if moved_at is not None:
        return _S.LEFT_BEHIND
    return _S.UNDISPOSED if disposition is None else _S.TO_BE_MOVED


def _find_withheld(session: Session, mailbox: str, uidvalidity: int) -> set[int]:
    """Return the UIDs of mails that the server did not give so far."""
    query = select(WithheldMail.uid).where(
        WithheldMail.mailbox == mailbox, WithheldMail.uidvalidity == uidvalidity
    )
    return set(session.scalars(query))


def _find_backlog(session: Session, mailbox: str, digests: set[str]) -> set[str]:
    query = select(BacklogMail.header_sha256).where(
        BacklogMail.mailbox == mailbox, BacklogMail.header_sha256.in_(digests)
    )
    return set(session.scalars(query))


def _find_sightings(
    session: Session, mailbox: str, uidvalidity: int, uids: Sequence[int]
) -> dict[int, Row[int, int, datetime | None, str | None]]:
    rows = session.execute(
        select(Sighting.uid, Sighting.journal_id, Sighting.moved_at, JournalEntry.disposition)
        .join(JournalEntry, JournalEntry.id == Sighting.journal_id)
        .where(
            Sighting.mailbox == mailbox,
            Sighting.uidvalidity == uidvalidity,
            Sighting.uid.in_(uids),
        )
    )
    return {row.uid: row for row in rows}


def _find_named(
    session: Session, names: set[str]
) -> dict[str | None, list[Row[int, str | None, int, datetime]]]:
    """Return recorded mails by their Message-ID, of whatever mailbox."""
    rows = session.execute(
        select(
            JournalEntry.id,
            JournalEntry.message_id,
            JournalEntry.size,
            JournalEntry.internal_date,
        ).where(JournalEntry.message_id.in_(names))
    )
    found: dict[str | None, list[Row[int, str | None, int, datetime]]] = {}
    for row in rows:
        found.setdefault(row.message_id, []).append(row)
    return found


def _is_same(row: Row[int, str | None, int, datetime], fact: MessageFacts) -> bool:
    _, _, size, internal_date = row
    return size == fact.size and abs(internal_date - fact.internal_date) <= _SAME_MOMENT


def _list_rows(
    session: Session, mailbox: str, after: int, before: datetime
) -> Sequence[Row[int, bool, int]]:
    """Return the next mails: whether their bytes are there, at how many places they lie still."""
    unmoved = (
        select(func.count())
        .where(Sighting.journal_id == JournalEntry.id, Sighting.moved_at.is_(None))
        .scalar_subquery()
    )
    return session.execute(
        select(
            JournalEntry.id,
            RawMail.journal_id.is_not(None).label("has_bytes"),
            unmoved.label("unmoved"),
        )
        .outerjoin(RawMail, RawMail.journal_id == JournalEntry.id)
        .where(
            JournalEntry.mailbox == mailbox,
            JournalEntry.id > after,
            JournalEntry.recorded_at < before,
        )
        .order_by(JournalEntry.id)
        .limit(_ROWS)
    ).all()


def _keep(database: Database, result: Reconciliation) -> None:
    with database.unit_of_work() as unit:
        record = unit.session.get(ReconciliationRecord, result.mailbox)
        if record is None:
            record = ReconciliationRecord(mailbox=result.mailbox)
            unit.session.add(record)
        record.finished_at = result.finished_at or result.started_at
        record.unaccounted = result.unaccounted
        unit.commit()


def _cut(uids: Sequence[int], length: int) -> Iterator[Sequence[int]]:
    for start in range(0, len(uids), length):
        yield uids[start : start + length]
