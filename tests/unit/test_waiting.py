"""The room for mails whose pictures are being read: who waits, who is turned away, who goes on."""

from __future__ import annotations

import time
from concurrent.futures import Future
from threading import Timer
from types import SimpleNamespace
from typing import cast

import pytest

from inbox_worker.handling.waiting import WaitingRoom
from inbox_worker.intake import Intake, PendingDocument
from parsers.extraction import DocumentKind, Extraction
from parsers.mail.message import Attachment, InboundMessage

PAPER = Attachment(name="fax.tif", declared_type="image/tiff", data=b"")
READ = Extraction(kind=DocumentKind.NOT_A_FORM)


def _intake(number: int, *, size: int = 1_000) -> tuple[Intake, Future[Extraction]]:
    """Return a mail with one document, and what finishes its reading."""
    reading: Future[Extraction] = Future()
    intake = Intake(
        services=cast("object", None),  # type: ignore[arg-type]
        entry=SimpleNamespace(id=number, size=size),  # type: ignore[arg-type]
        message=cast("InboundMessage", None),
        verdict=cast("object", None),  # type: ignore[arg-type]
        now=cast("object", None),  # type: ignore[arg-type]
        documents=(PendingDocument(position=0, attachment=PAPER, reading=reading),),
    )
    return intake, reading


def test_a_mail_waits_until_its_documents_are_read() -> None:
    room = WaitingRoom()
    intake, reading = _intake(7)
    room.keep(intake)
    assert room
    assert room.knows(7)
    assert list(room.take_read()) == []
    reading.set_result(READ)
    assert list(room.take_read()) == [intake]
    assert not room


def test_a_mail_that_was_taken_is_not_read_again_in_the_same_round() -> None:
    room = WaitingRoom()
    intake, reading = _intake(7)
    room.keep(intake)
    reading.set_result(READ)
    assert list(room.take_read()) == [intake]
    assert room.knows(7)
    assert list(room.take_read()) == []
    assert not room.knows(7)


def test_who_waited_longer_goes_first() -> None:
    room = WaitingRoom()
    waiting = [_intake(number) for number in (9, 3, 5)]
    for intake, reading in waiting:
        room.keep(intake)
        reading.set_result(READ)
    assert [intake.entry.id for intake in room.take_read()] == [3, 5, 9]


@pytest.mark.parametrize(
    ("count", "size"),
    [pytest.param(16, 1_000, id="many"), pytest.param(2, 40_000_000, id="large")],
)
def test_who_finds_no_room_waits_outside_until_there_is_some(count: int, size: int) -> None:
    room = WaitingRoom()
    readings = []
    for number in range(count):
        assert not room.is_full
        intake, reading = _intake(number, size=size)
        room.keep(intake)
        readings.append(reading)
    assert room.is_full
    room.turn_away(99)
    assert room.knows(99)
    assert not room.knows(100)
    readings[0].set_result(READ)
    assert len(list(room.take_read())) == 1
    assert not room.knows(99)


def test_a_reading_that_failed_does_not_wait_for_ever() -> None:
    room = WaitingRoom()
    intake, reading = _intake(7)
    room.keep(intake)
    reading.set_exception(RuntimeError())
    assert list(room.take_read()) == [intake]


def test_waiting_ends_with_the_next_document_or_in_time() -> None:
    room = WaitingRoom()
    room.wait(60)
    intake, reading = _intake(7)
    room.keep(intake)
    started = time.monotonic()
    room.wait(0.05)
    assert not intake.is_read
    Timer(0.05, reading.set_result, [READ]).start()
    room.wait(60)
    assert intake.is_read
    room.wait(60)
    assert time.monotonic() - started < 30
