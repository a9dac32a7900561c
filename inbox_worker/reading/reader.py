"""Reads mails and documents in children that can be killed: time, memory and crashes stay there.

`DocumentReader.read` always returns an `Extraction`. A document that takes too long, takes too much
memory or brings its reader down is `unreadable`, with a warning that says which
(`over_time_limit`, `over_memory_limit`, `reader_crashed`). What is the system's fault, not the
document's, raises `ReaderUnavailableError`: the document can be read later.

A document of pictures is read by another child with limits of its own: it takes seconds, and a form
that takes milliseconds must not wait behind it.

A crash is tried once more in a fresh child, because a child can also be ended by somebody else, and
only a document that brings down two is blamed.
"""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import replace
from hashlib import sha256
from types import TracebackType

from config.data import list_data, read_data
from inbox_worker.reading.child import (
    HearTask,
    MailTask,
    NumberTask,
    OpenTask,
    ReadTask,
    RenderTask,
    VerifyTask,
)
from inbox_worker.reading.pool import End, ReadingPool
from inbox_worker.reading.system_faults import ReaderUnavailableError
from parsers.certifications.values import CertificationReading, FileKind
from parsers.classification.classify import ClassificationContext
from parsers.classification.topic_table import TopicTable
from parsers.definition import FormDefinition, parse_definition
from parsers.extraction import Extraction, Heard, ReadLimits
from parsers.forms.validation import check_definition
from parsers.mail.message import Attachment, InboundMessage
from parsers.pages.spot_pictures import Spot, SpotPictures
from parsers.papers.mail_reading import MailReading
from parsers.reading.document import build_unread

__all__ = ["DocumentReader", "ReaderUnavailableError", "load_definitions"]

#: What a document of pictures may cost where nobody says otherwise.
_PICTURE_LIMITS = ReadLimits(seconds=300.0, memory_mb=2048, pages=20)


def load_definitions() -> tuple[FormDefinition, ...]:
    """Return every form definition that ships with the program, with its blank form.

    Raises `ParseError` with the code `bad_definition` for the first that is wrong.
    """
    found = tuple(_load_definition(name) for name in list_data("forms", ".toml"))
    for definition in found:
        check_definition(definition)
    return found


def _load_definition(name: str) -> FormDefinition:
    definition = parse_definition(read_data(name))
    if not definition.blank_form:
        return definition
    return replace(definition, blank=read_data(f"forms/{definition.blank_form}"))


class DocumentReader:
    """Reads documents one after the other, or `workers` at a time, each in a child process."""

    def __init__(
        self,
        definitions: Sequence[FormDefinition],
        *,
        limits: ReadLimits | None = None,
        picture_limits: ReadLimits | None = None,
        workers: int = 1,
    ) -> None:
        """Read within `limits`, and documents of pictures, one at a time, within theirs."""
        for definition in definitions:
            check_definition(definition)
        self._limits = limits or ReadLimits()
        self._documents = ReadingPool(tuple(definitions), self._limits, workers=workers)
        self._pictures = ReadingPool(tuple(definitions), picture_limits or _PICTURE_LIMITS)

    def __enter__(self) -> DocumentReader:
        # A failure to start shows when reading.
        self._documents.warm_up()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Finish the documents in hand, drop those that wait, and end every child.

        Pictures take too long to be waited for; they are read another time.
        """
        self._pictures.abandon()
        self._documents.close()

    def submit(
        self,
        data: bytes,
        *,
        today: datetime.date,
        password: str | None = None,
        attachments_beside_form: int | None = None,
        topics: TopicTable | None = None,
    ) -> Future[Extraction]:
        """Start reading one document, to its end where it consists of pictures.

        With `topics` it is listened to as well: for what is urgent, and for demands. The future
        fails with `ReaderUnavailableError` alone.
        """
        if len(data) > self._limits.bytes:
            refused: Future[Extraction] = Future()
            refused.set_result(build_unread("over_size_limit"))
            return refused
        task = ReadTask(
            data=data,
            today=today,
            password=password,
            attachments_beside_form=attachments_beside_form,
            topics=topics,
        )
        answer: Future[Extraction] = Future()
        first = self._documents.submit(self._read, self._documents, task)
        first.add_done_callback(lambda done: self._follow_up(done, task, answer))
        return answer

    def submit_pictures(
        self,
        data: bytes,
        *,
        today: datetime.date,
        attachments_beside_form: int | None = None,
        topics: TopicTable | None = None,
    ) -> Future[Extraction]:
        """Start reading a document that is known to consist of pictures."""
        task = ReadTask(
            data=data,
            today=today,
            password=None,
            attachments_beside_form=attachments_beside_form,
            pictures=True,
            topics=topics,
        )
        return self._pictures.submit(self._read, self._pictures, task)

    def _follow_up(
        self, done: Future[Extraction], task: ReadTask, answer: Future[Extraction]
    ) -> None:
        """Hand on what was read, or have the pictures read that it consists of."""
        try:
            found = done.result()
            if not found.needs_pictures:
                answer.set_result(found)
                return
            pictures = self._pictures.submit(
                self._read, self._pictures, replace(task, pictures=True)
            )
            pictures.add_done_callback(lambda second: _hand_on(second, answer))
        except Exception as error:  # noqa: BLE001  # whoever waits for the answer is told
            answer.set_exception(error)

    def submit_mail(
        self, raw: bytes, context: ClassificationContext, *, today: datetime.date
    ) -> Future[MailReading | None]:
        """Start reading a whole mail: parse it, classify it, read its documents.

        Documents of pictures are left to be read, see `Extraction.needs_pictures`.
        The future gives None when that took too long, too much memory or the child's life; the
        caller then takes the mail apart itself and has its documents read one by one.
        """
        task = MailTask(raw=raw, context=context, today=today)
        return self._documents.submit(self._read_mail, task)

    def read(
        self,
        data: bytes,
        *,
        today: datetime.date,
        password: str | None = None,
        attachments_beside_form: int | None = None,
        topics: TopicTable | None = None,
    ) -> Extraction:
        """Read one document; `today` is the date where the office is.

        Raises `ReaderUnavailableError` when no child process would start.
        """
        return self.submit(
            data,
            today=today,
            password=password,
            attachments_beside_form=attachments_beside_form,
            topics=topics,
        ).result()

    def render(self, data: bytes, spots: Sequence[Spot]) -> tuple[bytes | None, ...]:
        """Return a PNG of each spot of a document, None for those that cannot be drawn.

        Raises `ReaderUnavailableError` when no child process would start.
        """
        task = RenderTask(data=data, spots=tuple(spots))
        outcome = self._documents.submit(self._documents.attempt, task).result()
        if isinstance(outcome, SpotPictures) and len(outcome.pictures) == len(task.spots):
            return outcome.pictures
        return (None,) * len(task.spots)

    def find_inside(
        self, papers: Sequence[Attachment], mails: Sequence[bytes]
    ) -> tuple[Attachment, ...]:
        """Return the papers inside papers and attached mails; none where opening them failed.

        Raises `ReaderUnavailableError` when no child process would start.
        """
        task = OpenTask(papers=tuple(papers), mails=tuple(mails))
        return self._documents.submit(self._find_inside, task).result()

    def hear_beside(
        self, message: InboundMessage, context: ClassificationContext
    ) -> tuple[tuple[Heard, ...], str]:
        """Return what attached texts and mails say; nothing where listening to them failed.

        Raises `ReaderUnavailableError` when no child process would start.
        """
        task = HearTask(message=message, context=context)
        outcome = self._documents.submit(self._documents.attempt, task).result()
        match outcome:
            case (tuple() as heard, str() as demand):
                return tuple(one for one in heard if isinstance(one, Heard)), demand
        return (), ""

    def read_certification(
        self,
        data: bytes,
        *,
        anchors: Sequence[bytes] = (),
        password: str = "",
        letters: bool = True,
    ) -> CertificationReading:
        """Read a document that may be a certification, to its pictures where it has no text.

        Without `letters`, of a picture nothing but its code is read, which is sooner done.
        Raises `ReaderUnavailableError` when no child process would start.
        """
        task = VerifyTask(data=data, anchors=tuple(anchors), password=password, letters=letters)
        found = self._documents.submit(self._read_certification, self._documents, task).result()
        if not found.needs_pictures:
            return found
        with_pictures = replace(task, pictures=True)
        return self._pictures.submit(
            self._read_certification, self._pictures, with_pictures
        ).result()

    def read_control_numbers(self, data: bytes) -> tuple[str, ...] | None:
        """Return the control number on each page of a scan, folded; None where it cannot be read.

        Raises `ReaderUnavailableError` when no child process would start.
        """
        if len(data) > self._limits.bytes:
            return None
        outcome = self._pictures.submit(self._pictures.attempt, NumberTask(data=data)).result()
        if not isinstance(outcome, tuple):
            return None
        return tuple(number for number in outcome if isinstance(number, str))

    def child_ids(self) -> tuple[int, ...]:
        """Return the process ids of the children that are running."""
        return self._documents.child_ids() + self._pictures.child_ids()

    def _read(self, pool: ReadingPool, task: ReadTask) -> Extraction:
        outcome = pool.attempt(task)
        if outcome is End.CRASHED:
            outcome = pool.attempt(task)
        if isinstance(outcome, Extraction):
            return outcome
        return build_unread((outcome if isinstance(outcome, End) else End.CRASHED).value)

    def _read_mail(self, task: MailTask) -> MailReading | None:
        outcome = self._documents.attempt(task)
        return outcome if isinstance(outcome, MailReading) else None

    def _read_certification(self, pool: ReadingPool, task: VerifyTask) -> CertificationReading:
        outcome = pool.attempt(task)
        if isinstance(outcome, CertificationReading):
            return outcome
        return CertificationReading(kind=FileKind.UNREAD, sha256=sha256(task.data).hexdigest())

    def _find_inside(self, task: OpenTask) -> tuple[Attachment, ...]:
        outcome = self._documents.attempt(task)
        found = outcome if isinstance(outcome, tuple) else ()
        return tuple(paper for paper in found if isinstance(paper, Attachment))


def _hand_on(done: Future[Extraction], answer: Future[Extraction]) -> None:
    try:
        answer.set_result(done.result())
    except Exception as error:  # noqa: BLE001  # whoever waits for the answer is told
        answer.set_exception(error)
