"""The child process that reads documents: it may hang, swell or crash, and nothing else is harmed.

It takes one document or whole mail after the other from its socket and answers each with what it
read, until its parent closes the socket, dies, or it has read its share. Limits are the kernel's,
not the library's: an alarm with its default action ends the process even inside a C library that
never returns. The exit status tells the parent which limit it was.

Messages both ways are a length of eight bytes and a pickle. The parent unpickles nothing but the
classes of an extraction, since a child that reads hostile bytes may itself have been taken over.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import math
import os
import pickle
import resource
import signal
import socket
import struct
import sys
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, TypeAlias

from inbox_worker.loading import hold_collector
from inbox_worker.reading.task_wire import TaskReceiver
from parsers.classification.classify import ClassificationContext
from parsers.classification.topic_table import TopicTable
from parsers.definition import FormDefinition
from parsers.errors import ParseError
from parsers.extraction import Extraction, Heard, ReadLimits
from parsers.mail.message import Attachment, InboundMessage

if TYPE_CHECKING:
    from parsers.certifications.values import CertificationReading
    from parsers.pages.spot_pictures import Spot, SpotPictures
    from parsers.papers.mail_reading import MailReading

HEADER = struct.Struct("!Q")

#: A child is replaced after so many documents, so that no library's leak adds up.
DOCUMENTS_PER_CHILD = 2_000

#: How long a child that has read pictures waits for more of them.
_IDLE_SECONDS = 120.0

#: How far a child stands back behind its parent (nice(2)).
_NICE = 5

_PR_SET_PDEATHSIG = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadTask:
    """One document to read."""

    data: bytes
    today: date
    password: str | None
    attachments_beside_form: int | None
    pictures: bool = False  #: read pictures of pages as well, which takes seconds
    topics: TopicTable | None = None  #: what to listen for in it; None: for nothing


@dataclass(frozen=True, slots=True, kw_only=True)
class MailTask:
    """One whole mail to read."""

    raw: bytes
    context: ClassificationContext
    today: date


@dataclass(frozen=True, slots=True, kw_only=True)
class RenderTask:
    """Spots of one document to be drawn for a person."""

    data: bytes
    spots: tuple[Spot, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class HearTask:
    """One mail whose attached texts and mails are to be listened to."""

    message: InboundMessage
    context: ClassificationContext


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenTask:
    """Papers to open for what lies inside them."""

    papers: tuple[Attachment, ...]
    mails: tuple[bytes, ...]  #: attached to the mail


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifyTask:
    """One document that may be a certification."""

    data: bytes
    anchors: tuple[bytes, ...]  #: certificates whose signers are trusted, DER
    password: str = ""
    pictures: bool = False  #: look at pictures of pages as well, which takes time
    letters: bool = True  #: read their letters too where they show no code, which takes seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberTask:
    """A scan of a signed certification, of which the control numbers are wanted."""

    data: bytes


#: Everything a child can be asked to do.
Task = ReadTask | MailTask | OpenTask | HearTask | RenderTask | VerifyTask | NumberTask
#: What a child answers: None for a mail that is to be read piece by piece instead.
Answer: TypeAlias = (
    "Extraction | MailReading | tuple[Attachment | str | tuple[Heard, ...], ...] | SpotPictures"
    " | CertificationReading | None"
)


def main() -> None:
    """Serve the socket whose descriptor and whose parent's process id are the arguments."""
    descriptor, parent = int(sys.argv[1]), int(sys.argv[2])
    _die_with_parent(parent)
    # The parent holds the connections and the database: it goes first where both want a core.
    os.nice(_NICE)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        # The parent decides when its children end: a stop of the whole service must let the
        # document in hand be finished, or it would be taken for one that kills its reader.
        signal.signal(number, signal.SIG_IGN)
    with socket.socket(fileno=descriptor) as channel:
        # Sent by the parent itself, before any document.
        definitions, limits = pickle.loads(_receive(channel))  # noqa: S301
        _limit(limits)
        _warm_up(definitions)
        channel.sendall(HEADER.pack(0))
        _serve(channel, definitions, limits)


def _serve(
    channel: socket.socket, definitions: tuple[FormDefinition, ...], limits: ReadLimits
) -> None:
    receiver = TaskReceiver()
    for _ in range(DOCUMENTS_PER_CHILD):
        task = receiver.unpack(_receive(channel))
        _start_clock(limits.seconds)
        answer = _read(task, definitions, limits)
        signal.setitimer(signal.ITIMER_REAL, 0)
        payload = pickle.dumps(answer, protocol=pickle.HIGHEST_PROTOCOL)
        channel.sendall(HEADER.pack(len(payload)) + payload)
        if isinstance(task, ReadTask | VerifyTask) and task.pictures:
            # What reads pictures is large; it is not kept for ever for the next ones.
            channel.settimeout(_IDLE_SECONDS)
        if isinstance(answer, Extraction) and _is_over_memory(answer):
            # What is left of the address space may be in pieces; the next one starts afresh.
            return


def _is_over_memory(answer: Extraction) -> bool:
    return any(w.code == "over_memory_limit" for w in answer.warnings)


def _read(task: Task, definitions: tuple[FormDefinition, ...], limits: ReadLimits) -> Answer:
    """Return what was read; None for a mail that is to be read piece by piece instead."""
    from parsers.papers.hearing import hear_beside, hear_document  # noqa: PLC0415
    from parsers.papers.inside import find_inside  # noqa: PLC0415
    from parsers.papers.mail_reading import read_mail  # noqa: PLC0415
    from parsers.reading.document import build_unread, read_document  # noqa: PLC0415  # after the limits

    try:
        if isinstance(task, OpenTask):
            return find_inside(task.papers, task.mails, limits)
        if isinstance(task, HearTask):
            return hear_beside(task.message, task.context)
        if isinstance(task, MailTask):
            return read_mail(task.raw, task.context, definitions, today=task.today, limits=limits)
        if isinstance(task, NumberTask):
            from parsers.reading.signed_scan import read_control_numbers  # noqa: PLC0415  # few need it

            return read_control_numbers(task.data, limits=limits)
        if isinstance(task, RenderTask):
            from parsers.pages.spot_pictures import render_spots  # noqa: PLC0415  # few mails need it

            return render_spots(task.data, task.spots, limits=limits)
        if isinstance(task, VerifyTask):
            from parsers.certifications.reading import read_certification  # noqa: PLC0415  # few ask

            return read_certification(
                task.data,
                anchors=task.anchors,
                limits=limits,
                password=task.password,
                pictures=task.pictures,
                letters=task.letters,
            )
        found = read_document(
            task.data,
            definitions,
            today=task.today,
            limits=limits,
            password=task.password,
            attachments_beside_form=task.attachments_beside_form,
            pictures=task.pictures,
        )
        if task.topics is None:
            return replace(found, texts=())
        return hear_document(task.data, found, definitions, task.topics)
    except MemoryError:
        return build_unread("over_memory_limit") if isinstance(task, ReadTask) else None
    except ParseError:
        return None


def _receive(channel: socket.socket) -> bytes:
    """Return one message; the end of the stream is the parent's word to stop."""
    try:
        size = HEADER.unpack(_receive_exactly(channel, HEADER.size))[0]
    except TimeoutError:
        sys.exit(0)
    channel.settimeout(None)
    return _receive_exactly(channel, size)


def _receive_exactly(channel: socket.socket, size: int) -> bytes:
    data = bytearray(size)
    view = memoryview(data)
    while view:
        received = channel.recv_into(view)
        if not received:
            sys.exit(0)
        view = view[received:]
    return bytes(data)


def _die_with_parent(parent: int) -> None:
    """Ask the kernel to end this process with the thread that started it, however that ends."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        sys.exit(0)


def _limit(limits: ReadLimits) -> None:
    size = limits.memory_mb * 1024 * 1024
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_AS, (size, size))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _start_clock(seconds: float) -> None:
    """Let the kernel end this process after so much time, whatever it is doing then."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    used = usage.ru_utime + usage.ru_stime
    hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
    resource.setrlimit(resource.RLIMIT_CPU, (math.ceil(used + seconds) + 1, hard))
    signal.setitimer(signal.ITIMER_REAL, seconds)


def _warm_up(definitions: tuple[FormDefinition, ...]) -> None:
    """Import the readers and fold the definitions before the first document comes."""
    with hold_collector():
        from parsers.reading.known_forms import know  # noqa: PLC0415  # importing it is what takes the time

        know(definitions)
        gc.collect()
