"""The log: one line per outcome, on standard error, with nothing about a person in it."""

from __future__ import annotations

import json
import logging
import warnings
from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from inbox_worker.logs import WITHHELD, configure_logging, keep_allowed


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    """Leave logging as it was found."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    root.handlers[:], root.level = handlers, level
    logging.captureWarnings(capture=False)
    structlog.reset_defaults()


def read_lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    captured = capsys.readouterr()
    assert captured.out == ""
    return [json.loads(line) for line in captured.err.splitlines()]


def test_an_outcome_is_one_json_line_on_standard_error(
    capsys: pytest.CaptureFixture[str],
) -> None:
    configure_logging(json=True)
    structlog.get_logger().info(
        "mail_disposed", journal_id=7, disposition="FILED", duration_ms=12.5
    )
    (line,) = read_lines(capsys)
    assert datetime.fromisoformat(line.pop("timestamp")).utcoffset() is not None
    assert line == {
        "event": "mail_disposed",
        "level": "info",
        "journal_id": 7,
        "disposition": "FILED",
        "duration_ms": 12.5,
    }


def test_a_terminal_gets_plain_lines(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging(json=False)
    structlog.get_logger().warning("letter_retried", letter_id=3, reason="RCPT answered 451 4.3.0")
    captured = capsys.readouterr()
    assert captured.out == ""
    assert " level=warning event=letter_retried letter_id=3" in captured.err
    assert "RCPT answered 451 4.3.0" in captured.err


@pytest.mark.parametrize(
    ("given_line", "kept"),
    [
        pytest.param({"subject": "Jane Roe", "count": 1}, {"count": 1, "dropped": 1}, id="a key"),
        pytest.param(
            {"author": "a", "body": "b", "name": "c"}, {"dropped": 3}, id="several keys counted"
        ),
        pytest.param({"kind": "Jane Roe"}, {"kind": WITHHELD}, id="a name as a value"),
        pytest.param({"mailbox": "a@b.example"}, {"mailbox": WITHHELD}, id="an address as a value"),
        pytest.param({"status": "x" * 81}, {"status": WITHHELD}, id="a long text"),
        pytest.param({"rule": "a\nb"}, {"rule": WITHHELD}, id="a line of its own"),
        pytest.param({"problems": ["a1", "J. R."]}, {"problems": ["a1", WITHHELD]}, id="in a list"),
        pytest.param({"result": {"name": "x"}}, {"result": WITHHELD}, id="a table"),
        pytest.param({"result": b"bytes"}, {"result": WITHHELD}, id="bytes"),
        pytest.param({"due": date(1990, 1, 2)}, {"due": WITHHELD}, id="a day, as of birth"),
        pytest.param(
            {"due": datetime(2026, 5, 4, 10, tzinfo=UTC)},
            {"due": "2026-05-04T10:00:00+00:00"},
            id="a moment",
        ),
        pytest.param(
            {"tracking_number": "CJS-2026-000001-8"},
            {"tracking_number": "CJS-2026-000001-8"},
            id="a tracking number",
        ),
        pytest.param(
            {"reason": "given up: RCPT answered 550 5.1.1"},
            {"reason": "given up: RCPT answered 550 5.1.1"},
            id="a reason in words",
        ),
        pytest.param(
            {"reason": "the letter's data answered 452"},
            {"reason": "the letter's data answered 452"},
            id="another reason in words",
        ),
        pytest.param({"reason": "refused to Jane Roe"}, {"reason": WITHHELD}, id="with a name"),
        pytest.param({"reason": "about A 000 000 101"}, {"reason": WITHHELD}, id="with a number"),
        pytest.param({"uid": "321-54-9876"}, {"uid": WITHHELD}, id="a Social Security number"),
        pytest.param({"kind": "two words"}, {"kind": WITHHELD}, id="words where a code belongs"),
    ],
)
def test_only_what_cannot_be_personal_is_let_through(
    given_line: dict[str, Any], kept: dict[str, Any]
) -> None:
    assert keep_allowed(None, "info", {"event": "x", **given_line}) == {"event": "x", **kept}


@pytest.mark.parametrize("event", ["Filed Jane Roe's form", "", "a@b.example", None])
def test_a_sentence_is_no_event_code(event: object) -> None:
    assert keep_allowed(None, "info", {"event": event})["event"] == "unnamed_event"


@given(key=st.text(max_size=12), value=st.one_of(st.text(), st.binary(), st.lists(st.text())))
def test_no_text_with_a_space_or_an_at_sign_passes(key: str, value: object) -> None:
    line = keep_allowed(None, "info", {"event": "x", key: value, "kind": value})
    texts = [v for v in line.values() if isinstance(v, str)]
    texts += [t for v in line.values() if isinstance(v, list) for t in v]
    assert not any(" " in t or "@" in t for t in texts)


def test_an_error_is_told_by_type_and_place_alone(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging(json=True)

    def find() -> None:
        raise KeyError("Jane Roe")

    def fail() -> None:
        try:
            find()
        except KeyError as inner:
            raise ValueError("born 1990-01-02") from inner

    try:
        fail()
    except ValueError:
        structlog.get_logger().exception("mail_failed", journal_id=7)
    (line,) = read_lines(capsys)
    assert line["error"] == ["ValueError", "KeyError"]
    assert [place.split(":")[0] for place in line["where"]] == ["test_logs.py"] * 2
    assert "Jane" not in str(line)
    assert "1990" not in str(line)


@pytest.mark.parametrize("name", ["pdfminer.psparser", "aiosmtplib", "apscheduler", "imapclient"])
def test_libraries_keep_their_level_and_name_alone(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    configure_logging(json=True)
    logging.getLogger(name).info("fetched the mail of %s", "Jane Roe")
    try:
        int("jane.roe@courts.example")
    except ValueError:
        logging.getLogger(name).exception("cannot read %s", "Jane Roe")
    (line,) = read_lines(capsys)
    line.pop("timestamp")
    assert line == {
        "event": "library_message",
        "level": "error",
        "logger": name,
        "error": ["ValueError"],
    }


def test_warnings_of_libraries_lose_their_text_too(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging(json=True)
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logging.captureWarnings(capture=True)
        warnings.warn("Jane Roe", UserWarning, stacklevel=1)
    (line,) = read_lines(capsys)
    assert (line["logger"], "Jane" in str(line)) == ("py.warnings", False)


def test_configuring_twice_does_not_double_the_lines(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging(json=True)
    configure_logging(json=True)
    structlog.get_logger().info("started")
    logging.getLogger("pdfminer").warning("x")
    assert [line["event"] for line in read_lines(capsys)] == ["started", "library_message"]


def test_details_are_left_out_unless_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging(json=True)
    structlog.get_logger().debug("looked")
    configure_logging(json=True, level=logging.DEBUG)
    structlog.get_logger().debug("looked_again")
    assert [line["event"] for line in read_lines(capsys)] == ["looked_again"]
