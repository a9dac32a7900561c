"""What a terminal, a narrow terminal and a pipe are shown of the same things."""

from __future__ import annotations

import io
import json
import re
import sys
import threading
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from inbox_worker.cli import output
from inbox_worker.cli.output import (
    complain,
    count,
    print_json,
    print_pairs,
    print_table,
    say,
    show_work,
    tell_age,
)

_NOW = datetime(2026, 5, 4, 18, 30, tzinfo=UTC)
_COLUMNS = ("request", "status", "what it is about")
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")
_LONG = "a text that is much longer than any terminal is wide, " * 3
_ROWS = [("CJS-2026-000001-7", "IN_REVIEW", _LONG.strip())]


@pytest.mark.parametrize(
    "steering",
    [
        pytest.param("\x1b[2J", id="clears the screen"),
        pytest.param("\x1b]0;title\x07", id="renames the window"),
        pytest.param("\x9b31m", id="the same introducer in one byte"),
        pytest.param("\u202e", id="turns the direction of writing"),
        pytest.param("\r", id="writes over the line"),
    ],
)
def test_nothing_from_outside_steers_the_terminal(
    steering: str, capsys: pytest.CaptureFixture[str]
) -> None:
    text = f"before{steering}after"
    say(text)
    complain(text)
    print_table(text, ("column",), [(text,)])
    print_pairs(text, [("name", text)])
    print_json({"text": text})
    said = capsys.readouterr()
    assert steering[0] not in said.out + said.err
    assert json.loads(said.out.splitlines()[-1]) == {"text": text}


def test_a_social_security_number_is_masked_whatever_shows_it(
    capsys: pytest.CaptureFixture[str],
) -> None:
    text = "his 321-54-9876"
    say(text)
    complain(text)
    print_table(text, ("column",), [(text,)])
    print_pairs(text, [("name", text)])
    print_json({"text": text, "list": [{"deep": text}], "number": 3215})
    said = capsys.readouterr()
    assert "9876" not in said.out + said.err
    assert json.loads(said.out.splitlines()[-1]) == {
        "text": "his ***-**-****",
        "list": [{"deep": "his ***-**-****"}],
        "number": 3215,
    }


@pytest.mark.parametrize(
    "text", [":warning: [bold]x[/bold]", "[/]", "\\[x] \\"], ids=["emoji", "closing", "escapes"]
)
def test_text_is_shown_as_it_is_and_never_as_markup(
    text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    say(text)
    print_table("", ("column",), [(text,)])
    assert capsys.readouterr().out.count(text) == 2


def test_a_pipe_gets_whole_lines(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    print_table("", _COLUMNS, _ROWS)
    print_pairs("", [("purpose", "first line\nsecond line"), ("case", _LONG.strip())])
    lines = capsys.readouterr().out.splitlines()
    assert lines[1] == f"CJS-2026-000001-7  IN_REVIEW  {_LONG.strip()}"
    assert lines[2:] == [
        "purpose  first line",
        "         second line",
        f"case     {_LONG.strip()}",
    ]


@pytest.mark.parametrize(("columns", "stacked"), [(100, False), (50, True)], ids=["wide", "narrow"])
def test_a_number_is_whole_on_any_terminal(
    columns: int,
    stacked: bool,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    monkeypatch.setenv("FORCE_COLOR", "1")
    print_table("", _COLUMNS, _ROWS)
    lines = _COLOURS.sub("", capsys.readouterr().out).splitlines()
    assert any("CJS-2026-000001-7" in line for line in lines)
    assert max(len(line) for line in lines) <= columns
    assert any("request" in line and "CJS-" in line for line in lines) is stacked


@pytest.mark.parametrize(
    ("encoding", "value", "line"),
    [
        ("utf-8", "José", '{"v": "José"}\n'),
        ("ascii", "José", '{"v": "Jos\\u00e9"}\n'),
        ("utf-8", "bad\udcff.pdf", '{"v": "bad\\udcff.pdf"}\n'),
    ],
    ids=["as it is", "escaped where the character set lacks it", "a file name that is no text"],
)
def test_json_is_json_in_every_character_set(
    encoding: str, value: str, line: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    monkeypatch.setattr(sys, "stdout", written)
    print_json({"v": value})
    written.seek(0)
    assert written.read() == line


@pytest.mark.parametrize(
    ("ago", "told"),
    [
        (timedelta(seconds=59), "less than a minute"),
        (timedelta(minutes=1), "1 minute"),
        (timedelta(minutes=119), "119 minutes"),
        (timedelta(hours=2), "2 hours"),
        (timedelta(hours=47), "47 hours"),
        (timedelta(days=2), "2 days"),
    ],
    ids=str,
)
def test_ages_are_told_in_the_unit_people_would_use(ago: timedelta, told: str) -> None:
    assert tell_age((_NOW - ago).isoformat(), _NOW) == told


def test_one_is_not_many() -> None:
    assert [count(n, "mail") for n in (0, 1, 2)] == ["0 mails", "1 mail", "2 mails"]


def test_a_pipe_is_told_of_work_that_takes_long(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    print_it, is_told = output._print, threading.Event()

    def print_and_tell(*words: Any, **how: Any) -> None:
        print_it(*words, **how)
        is_told.set()

    monkeypatch.setattr(output, "_LONG_SECONDS", 0.0)
    monkeypatch.setattr(output, "_print", print_and_tell)
    with show_work("Reading fax.tif"):
        assert is_told.wait(60)
    assert capsys.readouterr() == ("", "Reading fax.tif\n")


def test_a_pipe_is_told_nothing_of_work_that_is_soon_done(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(output, "_LONG_SECONDS", 60.0)
    with show_work("Reading fax.tif"):
        time.sleep(0.2)
    assert capsys.readouterr() == ("", "")
