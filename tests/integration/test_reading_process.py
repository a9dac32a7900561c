"""The process that reads documents: killed, starved, crashed, orphaned, always an outcome."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from email.message import EmailMessage
from pathlib import Path

import pytest
from pikepdf import Dictionary, Name

from config.data import read_data
from inbox_worker.reading import pool
from inbox_worker.reading.child import DOCUMENTS_PER_CHILD, OpenTask
from inbox_worker.reading.pool import ReadingPool
from inbox_worker.reading.reader import DocumentReader, ReaderUnavailableError, load_definitions
from parsers.classification.classify import ClassificationContext
from parsers.extraction import DocumentKind, Extraction, ReadLimits
from parsers.pages.spot_pictures import Spot
from parsers.papers.mail_reading import read_mail
from parsers.reading.document import read_document
from tests.servers.ports import wait_until
from tests.servers.processes import has_ended
from tests.unit.pdf_forms import FormBuilder

TODAY = date(2026, 5, 4)
DEFINITIONS = load_definitions()

#: For what takes its time and has to come to its end, on a busy machine too.
PATIENT = ReadLimits(seconds=100.0)

linux_only = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")


def _codes(found: Extraction) -> list[str]:
    return [w.code for w in found.warnings]


def _slow(lines: int) -> bytes:
    """Return a document whose text takes the label reader long: the longer, the more lines."""
    form = FormBuilder(known=False)
    form.text("x", "y")
    form.print_text([(n % 500, n % 700, f"w{n}") for n in range(lines)])
    return form.save()


def _bomb() -> bytes:
    """Return a small document whose one value only the library can unfold, to 300 megabytes."""
    form = FormBuilder()
    value = form.pdf.make_stream(zlib.compress(b"\0" * (300 << 20)), Filter=Name.FlateDecode)
    value.DecodeParms = Dictionary(Predictor=1)
    form.text("purpose", V=value)
    return form.save(compress_streams=True)


@pytest.fixture(scope="module")
def reader() -> Iterator[DocumentReader]:
    with DocumentReader(DEFINITIONS) as found:
        yield found


def test_a_child_reads_what_we_would_read(reader: DocumentReader) -> None:
    form = FormBuilder()
    form.text("subject_birth_date", "03/04/1985")
    for data in (form.save(), read_data("forms/cjs-request-1.pdf"), b"", b"%PDF-1.7"):
        assert reader.read(data, today=TODAY) == read_document(data, DEFINITIONS, today=TODAY)


def test_every_argument_reaches_the_child(reader: DocumentReader) -> None:
    import pikepdf

    form = FormBuilder()
    form.group("consent_attached", ["yes", "no"], value="yes", shown="yes")
    lock = pikepdf.Encryption(user="open sesame", owner="owner")
    data = form.save(encryption=lock)
    assert reader.read(data, today=TODAY).kind is DocumentKind.ENCRYPTED
    found = reader.read(data, today=TODAY, password="open sesame", attachments_beside_form=0)
    assert [p.code for p in found.problems] == ["consent_not_attached"]


def test_documents_are_read_by_the_same_child_one_after_the_other(reader: DocumentReader) -> None:
    data = FormBuilder().save()
    reader.read(data, today=TODAY)
    before = reader.child_ids()
    futures = [reader.submit(data, today=TODAY) for _ in range(30)]
    assert {future.result().kind for future in futures} == {DocumentKind.ACROFORM}
    assert reader.child_ids() == before
    assert len(before) == 1


def test_a_document_over_the_time_limit_is_stopped_and_the_next_is_read() -> None:
    with DocumentReader(DEFINITIONS, limits=ReadLimits(seconds=3.0)) as reader:
        started = time.monotonic()
        found = reader.read(_slow(60_000), today=TODAY)
        assert (found.kind, _codes(found)) == (DocumentKind.UNREADABLE, ["over_time_limit"])
        assert time.monotonic() - started < 30
        assert reader.read(FormBuilder().save(), today=TODAY).kind is DocumentKind.ACROFORM


def test_a_document_over_the_memory_limit_is_stopped_and_the_next_is_read() -> None:
    with DocumentReader(DEFINITIONS, limits=ReadLimits(memory_mb=400)) as reader:
        found = reader.read(_bomb(), today=TODAY)
        assert (found.kind, _codes(found)) == (DocumentKind.UNREADABLE, ["over_memory_limit"])
        assert reader.read(FormBuilder().save(), today=TODAY).kind is DocumentKind.ACROFORM


def test_a_document_over_the_size_limit_never_reaches_a_child() -> None:
    with DocumentReader(DEFINITIONS, limits=ReadLimits(bytes=10)) as reader:
        found = reader.read(b"%PDF-1.7 and more", today=TODAY)
        assert (found.kind, _codes(found)) == (DocumentKind.UNREADABLE, ["over_size_limit"])


def _kill_children(reader: DocumentReader, *, times: int) -> threading.Thread:
    """Kill the reader's child, and its successors, each once it is busy.

    To start takes each as much processor time as it has taken the first, which has done no more.
    """
    (first,) = reader.child_ids()
    busy = 2 * _processor_time(first) + 0.3

    def kill() -> None:
        killed: set[int] = set()
        while len(killed) < times:
            for pid in set(reader.child_ids()) - killed:
                if wait_until(lambda pid=pid: _processor_time(pid) > busy):  # type: ignore[misc]
                    os.kill(pid, signal.SIGKILL)
                    killed.add(pid)
            time.sleep(0.01)

    thread = threading.Thread(target=kill)
    thread.start()
    return thread


def _processor_time(pid: int) -> float:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@linux_only
@pytest.mark.parametrize(
    ("times", "kind", "codes"),
    [
        pytest.param(1, DocumentKind.NOT_A_FORM, ["no_known_form"], id="once: read again"),
        pytest.param(2, DocumentKind.UNREADABLE, ["reader_crashed"], id="twice: it is to blame"),
    ],
)
def test_a_child_that_dies_over_a_document(
    times: int, kind: DocumentKind, codes: list[str]
) -> None:
    with DocumentReader(DEFINITIONS, limits=PATIENT) as reader:
        reader.read(b"", today=TODAY)
        killer = _kill_children(reader, times=times)
        found = reader.read(_slow(5_000), today=TODAY)
        killer.join()
        assert (found.kind, _codes(found)) == (kind, codes)
        assert reader.read(FormBuilder().save(), today=TODAY).kind is DocumentKind.ACROFORM


@linux_only
def test_a_child_that_died_while_idle_is_replaced(reader: DocumentReader) -> None:
    reader.read(b"", today=TODAY)
    (pid,) = reader.child_ids()
    os.kill(pid, signal.SIGKILL)
    assert reader.read(FormBuilder().save(), today=TODAY).kind is DocumentKind.ACROFORM
    assert reader.child_ids() != (pid,)


def test_the_task_after_a_childs_last_is_done_by_the_next() -> None:
    """A child that has read its share takes a while to end, in which it looks alive."""
    spot = Spot(page=1, box=(200, 700, 400, 712), is_upright=False)
    with DocumentReader(DEFINITIONS) as reader:
        for _ in range(DOCUMENTS_PER_CHILD):
            assert reader.find_inside((), ()) == ()
        assert reader.render(FormBuilder().save(), [spot]) != (None,)


def test_a_child_that_is_started_while_all_are_ended_reads_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Whoever stops the service would wait for its pictures, which take minutes."""
    reading = ReadingPool(DEFINITIONS, ReadLimits())
    start = pool._start_process

    def start_in_the_middle(theirs: socket.socket) -> subprocess.Popen[bytes]:
        process = start(theirs)
        ending.start()
        assert reading._abandoned.wait(20)
        return process

    ending = threading.Thread(target=reading.abandon)
    monkeypatch.setattr(pool, "_start_process", start_in_the_middle)
    task = OpenTask(papers=(), mails=())
    with pytest.raises(ReaderUnavailableError):
        reading.submit(reading.attempt, task).result()
    ending.join()
    assert reading.child_ids() == ()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_signals_that_stop_the_service_do_not_stop_its_children(
    reader: DocumentReader, number: signal.Signals
) -> None:
    reader.read(b"", today=TODAY)
    before = reader.child_ids()
    os.kill(before[0], number)
    assert reader.read(FormBuilder().save(), today=TODAY).kind is DocumentKind.ACROFORM
    assert reader.child_ids() == before


def test_a_child_that_cannot_start_is_not_the_documents_fault() -> None:
    with (
        DocumentReader(DEFINITIONS, limits=ReadLimits(memory_mb=24)) as reader,
        pytest.raises(ReaderUnavailableError, match="did not start"),
    ):
        reader.read(FormBuilder().save(), today=TODAY)


@linux_only
def test_the_child_gets_nothing_of_our_environment(
    reader: DocumentReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader.read(b"", today=TODAY)
    (pid,) = reader.child_ids()
    assert Path(f"/proc/{pid}/environ").read_bytes() == b"LC_ALL=C.UTF-8\0"


@linux_only
def test_several_workers_have_a_child_each_and_close_ends_them() -> None:
    with DocumentReader(DEFINITIONS, limits=PATIENT, workers=2) as reader:
        slow = [reader.submit(_slow(2_000), today=TODAY) for _ in range(2)]
        assert wait_until(lambda: len(reader.child_ids()) == 2)
        pids = reader.child_ids()
        assert {future.result().kind for future in slow} == {DocumentKind.NOT_A_FORM}
    assert wait_until(lambda: all(has_ended(pid) for pid in pids))


_PARENT = """
import sys, time
from datetime import date
from inbox_worker.reading.reader import DocumentReader, load_definitions
from parsers.extraction import ReadLimits
reader = DocumentReader(load_definitions(), limits=ReadLimits(seconds=100.0))
reader.read(b"", today=date(2026, 5, 4))
future = reader.submit(sys.stdin.buffer.read(), today=date(2026, 5, 4))
while not reader.child_ids() or reader._documents._threads._work_queue.qsize():
    time.sleep(0.01)
print(*reader.child_ids(), flush=True)
{then}
"""


@contextmanager
def _run_parent(then: str, lines: int) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """Run a program whose child has a document in hand; yield it and the child's process id."""
    with subprocess.Popen(
        [sys.executable, "-c", _PARENT.format(then=then)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as parent:
        try:
            assert parent.stdin is not None
            assert parent.stdout is not None
            parent.stdin.write(_slow(lines))
            parent.stdin.close()
            yield parent, int(parent.stdout.readline())
        finally:
            parent.kill()


@linux_only
def test_no_child_outlives_a_killed_parent() -> None:
    with _run_parent("time.sleep(60)", 60_000) as (_, child):
        assert not has_ended(child)
    assert wait_until(lambda: has_ended(child))


@linux_only
def test_a_document_in_hand_is_finished_and_nothing_is_said() -> None:
    then = "reader.close(); print(future.result().kind.value, reader.child_ids())"
    with _run_parent(then, 4_000) as (parent, child):
        assert parent.stdout is not None
        assert parent.stderr is not None
        os.kill(child, signal.SIGTERM)
        said, noise = parent.stdout.read(), parent.stderr.read()
        parent.wait()
    assert (said, noise, parent.returncode) == (b"not_a_form ()\n", b"", 0)
    assert has_ended(child)


MAIL_CONTEXT = ClassificationContext(own_addresses=frozenset({"ero.outreach@agency.example"}))


def _mail(*documents: bytes) -> bytes:
    mail = EmailMessage()
    mail["From"] = "Dana Whitlock <d.whitlock@courts.example>"
    mail["To"] = "ero.outreach@agency.example"
    mail["Date"] = "Mon, 04 May 2026 14:30:00 -0400"
    mail.set_content("Please find our request attached.\n")
    for document in documents:
        mail.add_attachment(document, maintype="application", subtype="octet-stream")
    return mail.as_bytes()


def test_a_whole_mail_is_read_as_we_would_read_it(reader: DocumentReader) -> None:
    form = FormBuilder()
    form.text("subject_birth_date", "03/04/1985")
    raw = _mail(form.save(), b"notes", b"%PDF-1.7")
    found = reader.submit_mail(raw, MAIL_CONTEXT, today=TODAY).result()
    assert found == read_mail(raw, MAIL_CONTEXT, DEFINITIONS, today=TODAY)
    assert found is not None
    assert [position for position, _ in found.documents] == [0, 2]


@pytest.mark.parametrize(
    ("raw", "limits"),
    [
        pytest.param(b"", ReadLimits(), id="bytes that are no mail"),
        pytest.param(_mail(_slow(60_000)), ReadLimits(seconds=3.0), id="a document too slow"),
        pytest.param(_mail(_bomb()), ReadLimits(memory_mb=400), id="a document too large inside"),
    ],
)
def test_a_mail_that_defeats_the_child_is_given_back_and_the_next_is_read(
    raw: bytes, limits: ReadLimits
) -> None:
    with DocumentReader(DEFINITIONS, limits=limits) as reader:
        found = reader.submit_mail(raw, MAIL_CONTEXT, today=TODAY).result()
        assert found is None or [e.kind for _, e in found.documents] == [DocumentKind.UNREADABLE]
        good = reader.submit_mail(_mail(FormBuilder().save()), MAIL_CONTEXT, today=TODAY).result()
        assert good is not None
        assert [e.kind for _, e in good.documents] == [DocumentKind.ACROFORM]


def test_spots_are_drawn_by_the_child(reader: DocumentReader) -> None:
    spots = [Spot(page=page, box=(200, 700, 400, 712), is_upright=False) for page in (1, 2)]
    drawn, nothing = reader.render(FormBuilder().save(), spots)
    assert drawn is not None
    assert drawn.startswith(b"\x89PNG")
    assert nothing is None
    assert reader.render(b"no PDF", spots) == (None, None)


def test_spots_that_take_too_long_have_no_picture_and_the_next_are_drawn() -> None:
    form = FormBuilder(known=False)
    # One line that crosses the page millions of times.
    turns = b"0 0 m " + b"612 792 l 0 792 l 612 0 l 0 0 l " * 4_000_000 + b"S"
    form.pdf.pages[0].obj.Contents = form.pdf.make_stream(
        zlib.compress(turns), Filter=Name.FlateDecode
    )
    spot = Spot(page=1, box=(200, 700, 400, 712), is_upright=True)
    with DocumentReader(DEFINITIONS, limits=ReadLimits(seconds=4.0)) as found:
        assert found.render(form.save(), [spot]) == (None,)
        assert found.render(FormBuilder().save(), [spot]) != (None,)
