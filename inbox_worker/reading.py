"""Reads mails and documents in children that can be killed: time, memory and crashes stay there.

`DocumentReader.read` always returns an `Extraction`. A document that takes too long, takes too much
memory or brings its reader down is `unreadable`, with a warning that says which
(`over_time_limit`, `over_memory_limit`, `reader_crashed`). What is the system's fault, not the
document's, raises `ReaderUnavailableError`: the document can be read later.

Each worker thread owns one child, started when it is first needed and started again after a kill. A
crash is tried once more in a fresh child, because a child can also be ended by somebody else, and
only a document that brings down two is blamed.
"""

from __future__ import annotations

import contextlib
import datetime
import io
import os
import pickle
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from enum import Enum
from types import TracebackType

from config.data import list_data, read_data
from inbox_worker.errors import WorkerError
from inbox_worker.reading_child import (
    HEADER,
    Answer,
    MailTask,
    OpenTask,
    ReadTask,
    RenderTask,
    Task,
)
from parsers.classify import ClassificationContext, MessageKind, Verdict
from parsers.definition import FormDefinition, parse_definition
from parsers.document import build_unread
from parsers.extraction import (
    DocumentKind,
    DocumentWarning,
    Extraction,
    FieldProblem,
    FieldValue,
    ReadLimits,
)
from parsers.mail_reading import MailReading
from parsers.message import Address, Attachment, InboundMessage
from parsers.spot_pictures import Spot, SpotPictures
from parsers.validation import check_definition

#: How long a child may take to start, and to answer beyond the time it gives itself.
_START_SECONDS = 60.0
_GRACE_SECONDS = 2.0
#: A mail comes back with all that was attached to it and lay inside; a child that announces more
#: than both limits allow is not to be believed.
_LONGEST_ANSWER = 128 * 1024 * 1024

_CHILD_CODE = (
    "import sys; sys.path[:] = sys.argv.pop(1).split('\\n'); "
    "from inbox_worker.reading_child import main; main()"
)
_HELD_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
#: All that an answer may be made of: frozen values, and the moments in them.
_ANSWER_CLASSES = {
    (kind.__module__, kind.__name__): kind
    for kind in (
        *(DocumentKind, DocumentWarning, Extraction, FieldProblem, FieldValue),
        *(Address, Attachment, InboundMessage, MailReading, MessageKind, Verdict),
        SpotPictures,
        *(datetime.datetime, datetime.timedelta, datetime.timezone),
    )
}


class ReaderUnavailableError(WorkerError):
    """No child process would start; the document was not read and can be read later."""


class _End(Enum):
    """How a child ended in place of an answer."""

    TOO_LONG = "over_time_limit"
    TOO_LARGE = "over_memory_limit"
    CRASHED = "reader_crashed"


#: What an exit status means. Libraries that are refused memory abort, which nobody else makes them.
_END_CODES = {
    -signal.SIGALRM: _End.TOO_LONG,
    -signal.SIGXCPU: _End.TOO_LONG,
    -signal.SIGABRT: _End.TOO_LARGE,
}


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
        workers: int = 1,
    ) -> None:
        for definition in definitions:
            check_definition(definition)
        self._definitions = tuple(definitions)
        self._limits = limits or ReadLimits()
        self._threads = ThreadPoolExecutor(workers, thread_name_prefix="document-reader")
        self._own = threading.local()
        self._children: set[_Child] = set()

    def __enter__(self) -> DocumentReader:
        # The first child starts while the caller does something else; a failure shows when reading.
        self._threads.submit(self._child)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Finish the documents in hand, drop those that wait, and end every child."""
        self._threads.shutdown(wait=True, cancel_futures=True)
        for child in tuple(self._children):
            self._forget(child)

    def submit(
        self,
        data: bytes,
        *,
        today: datetime.date,
        password: str | None = None,
        attachments_beside_form: int | None = None,
    ) -> Future[Extraction]:
        """Start reading one document; the future fails with `ReaderUnavailableError` alone."""
        if len(data) > self._limits.bytes:
            refused: Future[Extraction] = Future()
            refused.set_result(build_unread("over_size_limit"))
            return refused
        task = ReadTask(
            data=data,
            today=today,
            password=password,
            attachments_beside_form=attachments_beside_form,
        )
        return self._threads.submit(self._read, task)

    def submit_mail(
        self, raw: bytes, context: ClassificationContext, *, today: datetime.date
    ) -> Future[MailReading | None]:
        """Start reading a whole mail: parse it, classify it, read its documents.

        The future gives None when that took too long, too much memory or the child's life; the
        caller then takes the mail apart itself and has its documents read one by one.
        """
        task = MailTask(raw=raw, context=context, today=today)
        return self._threads.submit(self._read_mail, task)

    def read(
        self,
        data: bytes,
        *,
        today: datetime.date,
        password: str | None = None,
        attachments_beside_form: int | None = None,
    ) -> Extraction:
        """Read one document; `today` is the date where the office is.

        Raises `ReaderUnavailableError` when no child process would start.
        """
        return self.submit(
            data,
            today=today,
            password=password,
            attachments_beside_form=attachments_beside_form,
        ).result()

    def render(self, data: bytes, spots: Sequence[Spot]) -> tuple[bytes | None, ...]:
        """Return a PNG of each spot of a document, None for those that cannot be drawn.

        Raises `ReaderUnavailableError` when no child process would start.
        """
        task = RenderTask(data=data, spots=tuple(spots))
        outcome = self._threads.submit(self._attempt, task).result()
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
        return self._threads.submit(self._find_inside, task).result()

    def child_ids(self) -> tuple[int, ...]:
        """Return the process ids of the children that are running."""
        return tuple(child.id for child in tuple(self._children) if child.is_alive)

    def _read(self, task: ReadTask) -> Extraction:
        outcome = self._attempt(task)
        if outcome is _End.CRASHED:
            outcome = self._attempt(task)
        if isinstance(outcome, Extraction):
            return outcome
        return build_unread((outcome if isinstance(outcome, _End) else _End.CRASHED).value)

    def _read_mail(self, task: MailTask) -> MailReading | None:
        outcome = self._attempt(task)
        return outcome if isinstance(outcome, MailReading) else None

    def _find_inside(self, task: OpenTask) -> tuple[Attachment, ...]:
        outcome = self._attempt(task)
        found = outcome if isinstance(outcome, tuple) else ()
        return tuple(paper for paper in found if isinstance(paper, Attachment))

    def _attempt(self, task: Task) -> Answer | _End:
        child = self._child()
        outcome = child.read(task)
        if isinstance(outcome, _End):
            self._forget(child)
        return outcome

    def _child(self) -> _Child:
        """Return this thread's child, ready to read; start one where there is none."""
        child: _Child | None = getattr(self._own, "child", None)
        if child is not None and child.is_alive:
            return child
        if child is not None:
            self._forget(child)
        child = _Child(self._definitions, self._limits)
        self._children.add(child)
        self._own.child = child
        if not child.is_ready():
            self._forget(child)
            raise ReaderUnavailableError(
                "The process that reads documents did not start; look at the memory that is left "
                "on this machine, and try again."
            )
        return child

    def _forget(self, child: _Child) -> None:
        child.end()
        self._children.discard(child)
        self._own.child = None


class _Child:
    """One child process and the socket to it."""

    def __init__(self, definitions: tuple[FormDefinition, ...], limits: ReadLimits) -> None:
        self._limits = limits
        self._channel, theirs = socket.socketpair()
        with theirs:
            self._process = _start_process(theirs)
        self._settings = pickle.dumps((definitions, limits))

    @property
    def id(self) -> int:
        return self._process.pid

    @property
    def is_alive(self) -> bool:
        return self._process.poll() is None

    def is_ready(self) -> bool:
        """Hand the child its settings and wait until it says that it is ready to read."""
        deadline = time.monotonic() + _START_SECONDS
        try:
            self._send(self._settings, deadline)
            return self._receive(deadline) == b""
        except (OSError, EOFError):
            return False

    def read(self, task: Task) -> Answer | _End:
        """Return the child's answer, or how it ended in place of one."""
        deadline = time.monotonic() + self._limits.seconds + _GRACE_SECONDS
        try:
            self._send(pickle.dumps(task, protocol=pickle.HIGHEST_PROTOCOL), deadline)
            return _load_answer(self._receive(deadline))
        except TimeoutError:
            return _End.TOO_LONG
        except (OSError, EOFError, pickle.UnpicklingError):
            return self._explain_end()

    def end(self) -> None:
        """End the process: by closing its socket if it is waiting, else by force."""
        self._channel.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout=0.2)
            return
        self._process.kill()
        self._process.wait()

    def _explain_end(self) -> _End:
        with contextlib.suppress(subprocess.TimeoutExpired):
            code = self._process.wait(timeout=_GRACE_SECONDS)
            return _END_CODES.get(code, _End.CRASHED)
        return _End.CRASHED

    def _send(self, payload: bytes, deadline: float) -> None:
        self._channel.settimeout(_left(deadline))
        self._channel.sendall(HEADER.pack(len(payload)) + payload)

    def _receive(self, deadline: float) -> bytes:
        size = HEADER.unpack(self._receive_exactly(HEADER.size, deadline))[0]
        if size > _LONGEST_ANSWER:
            raise EOFError
        return self._receive_exactly(size, deadline)

    def _receive_exactly(self, size: int, deadline: float) -> bytes:
        data = bytearray()
        while len(data) < size:
            self._channel.settimeout(_left(deadline))
            piece = self._channel.recv(min(size - len(data), 1 << 20))
            if not piece:
                raise EOFError
            data += piece
        return bytes(data)


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


def _start_process(theirs: socket.socket) -> subprocess.Popen[bytes]:
    """Start a child that no signal of the terminal or the service manager ends by accident.

    It gets none of the environment: there are secrets in it, and it reads hostile bytes.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _HELD_SIGNALS)
    try:
        return subprocess.Popen(  # noqa: S603  # our own interpreter and code
            [
                *(sys.executable, "-I", "-c", _CHILD_CODE),
                *("\n".join(sys.path), str(theirs.fileno()), str(os.getpid())),
            ],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={"LC_ALL": "C.UTF-8"},
            pass_fds=[theirs.fileno()],
            start_new_session=True,
        )
    except OSError as error:
        raise ReaderUnavailableError(
            f"The process that reads documents could not be started: {error.strerror}."
        ) from error
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


class _AnswerUnpickler(pickle.Unpickler):
    """Unpickles what a reader answers and refuses everything else."""

    def find_class(self, module: str, name: str) -> object:
        try:
            return _ANSWER_CLASSES[module, name]
        except KeyError:
            raise pickle.UnpicklingError from None


def _load_answer(payload: bytes) -> Answer:
    try:
        answer = _AnswerUnpickler(io.BytesIO(payload)).load()
    except Exception as error:
        raise pickle.UnpicklingError from error
    if not isinstance(answer, Extraction | MailReading | SpotPictures | tuple | None):
        raise pickle.UnpicklingError
    return answer
