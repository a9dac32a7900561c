"""Children that do the reading and can be killed, one for each thread of a pool.

`ReadingPool.attempt` gives a child's answer, or how the child ended in place of one. What is the
system's fault, not the task's, raises `ReaderUnavailableError`. A child is started when it is first
needed, and started again after a kill.
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
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from enum import Enum
from typing import ParamSpec, TypeVar

from inbox_worker.reading.child import HEADER, Answer, Task
from inbox_worker.reading.system_faults import ReaderUnavailableError
from inbox_worker.reading.task_wire import TaskSender
from parsers.certifications.values import (
    CertificationReading,
    FileKind,
    NumberSource,
    SignatureReading,
)
from parsers.classification.classify import MessageKind, Verdict
from parsers.classification.topic_table import Handling
from parsers.classification.topics import FoundTopic, TopicReading
from parsers.definition import FormDefinition
from parsers.extraction import (
    DocumentKind,
    DocumentWarning,
    Extraction,
    FieldProblem,
    FieldValue,
    Heard,
    ReadLimits,
)
from parsers.mail.delivery_reports import DeliveryReport, ReportedAction, ReturnedLetter
from parsers.mail.message import Address, Attachment, InboundMessage
from parsers.pages.spot_pictures import SpotPictures
from parsers.papers.mail_reading import MailReading

_P = ParamSpec("_P")
_T = TypeVar("_T")

_STOPPED = "The reader was stopped before it had read everything."
#: How long a child may take to start, and to answer beyond the time it gives itself.
_START_SECONDS = 60.0
_GRACE_SECONDS = 2.0
#: A mail comes back with all that was attached to it, lay inside, and was bound from pictures; a
#: child that announces more than the limits allow is not to be believed.
_LONGEST_ANSWER = 128 * 1024 * 1024

_CHILD_CODE = (
    "import sys; sys.path[:] = sys.argv.pop(1).split('\\n'); "
    "from inbox_worker.reading.child import main; main()"
)
_HELD_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
#: All that an answer may be made of: frozen values, and the moments in them.
_ANSWER_CLASSES = {
    (kind.__module__, kind.__name__): kind
    for kind in (
        *(DocumentKind, DocumentWarning, Extraction, FieldProblem, FieldValue, Heard),
        *(Address, Attachment, InboundMessage, MailReading, MessageKind, Verdict),
        *(FoundTopic, Handling, TopicReading),
        *(DeliveryReport, ReportedAction, ReturnedLetter),
        SpotPictures,
        *(CertificationReading, FileKind, NumberSource, SignatureReading),
        *(datetime.date, datetime.datetime, datetime.timedelta, datetime.timezone),
    )
}


class End(Enum):
    """How a child ended in place of an answer."""

    TOO_LONG = "over_time_limit"
    TOO_LARGE = "over_memory_limit"
    CRASHED = "reader_crashed"
    LEFT = "reader_left"  #: by itself, before it saw the task


#: What an exit status means. Libraries that are refused memory abort, which nobody else makes them.
_END_CODES = {
    0: End.LEFT,
    -signal.SIGALRM: End.TOO_LONG,
    -signal.SIGXCPU: End.TOO_LONG,
    -signal.SIGABRT: End.TOO_LARGE,
}


class ReadingPool:
    """Threads that each own a child, all with the same limits."""

    def __init__(
        self, definitions: tuple[FormDefinition, ...], limits: ReadLimits, *, workers: int = 1
    ) -> None:
        self._definitions = definitions
        self._limits = limits
        self._threads = ThreadPoolExecutor(workers, thread_name_prefix="document-reader")
        self._own = threading.local()
        self._children: set[_Child] = set()
        self._abandoned = threading.Event()

    def warm_up(self) -> None:
        """Start the first child while the caller does something else."""
        self._threads.submit(self._child)

    def submit(self, do: Callable[_P, _T], *args: _P.args, **kwargs: _P.kwargs) -> Future[_T]:
        """Do something in one of the threads, in which `attempt` may be called.

        Raises `ReaderUnavailableError` once the pool was closed.
        """
        try:
            return self._threads.submit(do, *args, **kwargs)
        except RuntimeError as error:
            raise ReaderUnavailableError(_STOPPED) from error

    def attempt(self, task: Task) -> Answer | End:
        """Return what this thread's child makes of a task, or how the child ended."""
        outcome = self._try(task)
        if outcome is End.LEFT:
            # It had read its share or waited long enough, and was seen alive a moment too long.
            outcome = self._try(task)
        return End.CRASHED if outcome is End.LEFT else outcome

    def _try(self, task: Task) -> Answer | End:
        child = self._child()
        outcome = child.read(task)
        if isinstance(outcome, End):
            self._forget(child)
        return outcome

    def close(self) -> None:
        """Finish the tasks in hand, drop those that wait, and end every child."""
        self._threads.shutdown(wait=True, cancel_futures=True)
        for child in tuple(self._children):
            self._forget(child)

    def abandon(self) -> None:
        """End every child at once; the tasks in hand fail, and can be done later."""
        self._abandoned.set()
        for child in tuple(self._children):
            child.kill()
        self.close()

    def child_ids(self) -> tuple[int, ...]:
        """Return the process ids of the children that are running."""
        return tuple(child.id for child in tuple(self._children) if child.is_alive)

    def _child(self) -> _Child:
        """Return this thread's child, ready to read; start one where there is none."""
        child: _Child | None = getattr(self._own, "child", None)
        if child is not None and child.is_alive:
            return child
        if child is not None:
            self._forget(child)
        if self._abandoned.is_set():
            raise ReaderUnavailableError(_STOPPED)
        child = _Child(self._definitions, self._limits)
        self._children.add(child)
        self._own.child = child
        if self._abandoned.is_set():
            # Whoever ended all children may have looked before this one was among them.
            child.kill()
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
        self._sender = TaskSender()

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

    def read(self, task: Task) -> Answer | End:
        """Return the child's answer, or how it ended in place of one."""
        deadline = time.monotonic() + self._limits.seconds + _GRACE_SECONDS
        try:
            self._send(self._sender.pack(task), deadline)
            return _load_answer(self._receive(deadline))
        except TimeoutError:
            return End.TOO_LONG
        except (OSError, EOFError, pickle.UnpicklingError):
            return self._explain_end()

    def kill(self) -> None:
        """End the process by force; whoever waits for its answer sees it end."""
        self._process.kill()

    def end(self) -> None:
        """End the process: by closing its socket if it is waiting, else by force."""
        self._channel.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout=0.2)
            return
        self._process.kill()
        self._process.wait()

    def _explain_end(self) -> End:
        with contextlib.suppress(subprocess.TimeoutExpired):
            code = self._process.wait(timeout=_GRACE_SECONDS)
            return _END_CODES.get(code, End.CRASHED)
        return End.CRASHED

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
    if not isinstance(
        answer, Extraction | MailReading | SpotPictures | CertificationReading | tuple | None
    ):
        raise pickle.UnpicklingError
    return answer
