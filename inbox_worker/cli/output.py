"""What people read on a terminal: results on standard output, what went wrong on standard error.

A terminal gets tables and wrapped lines; a pipe or a file gets plain lines, never cut or wrapped.
Whatever came from outside is shown without the characters that steer a terminal and with every
Social Security number masked, in JSON too.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from threading import Timer
from typing import Any
from zoneinfo import ZoneInfo

from rich import box
from rich.cells import cell_len, set_cell_size
from rich.console import Console
from rich.table import Table
from rich.text import Text

from config.settings import ConfigurationError, ConfigurationProblem
from parsers.values.ssn import mask_json, mask_ssn

#: Controls but tab and line feed, and what turns the direction of writing: a mail could otherwise
#: steer the terminal of whoever looks at it, or show something other than what it says.
_STEERING = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")

#: A terminal narrower than this, in columns, is shown the rows of a table one below the other.
_NARROW = 72

#: After so many seconds work is long, and whoever waits is told what for.
_LONG_SECONDS = 3.0

Pair = tuple[str, str]


def complain(sentence: str) -> None:
    """Say on standard error what went wrong."""
    _print(Text.assemble(("✗ ", "bold red"), _clean(sentence)), to_errors=True)


def say(sentence: str) -> None:
    """Say on standard output what was done."""
    _print(Text(_clean(sentence)))


@contextmanager
def show_work(sentence: str) -> Iterator[None]:
    """Say on standard error what is being done: on a terminal at once, else when it takes long."""
    console = Console(stderr=True)
    if console.is_terminal:
        with console.status(Text(_clean(sentence))):
            yield
        return
    timer = Timer(_LONG_SECONDS, _print, [Text(_clean(sentence))], {"to_errors": True})
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def complain_about_configuration(error: ConfigurationError) -> None:
    """Show every problem of the configuration, each with its id, key and hint."""
    complain(f"The configuration cannot be used: {count(len(error.problems), 'problem')}.")
    show_problems(error.problems)


def show_problems(problems: Iterable[ConfigurationProblem]) -> None:
    """Show configuration problems on standard error."""
    for problem in problems:
        # A problem without a key is one of the file as a whole.
        key = f" {problem.key}" if problem.key else ""
        told = Text.assemble(f"  {problem.id}", (key, "bold"), f": {_clean(problem.message)}")
        _print(told, to_errors=True)
        _print(Text(f"       {_clean(problem.hint)}", style="dim"), to_errors=True)


def view_problem(problem: ConfigurationProblem) -> dict[str, str]:
    """Return a configuration problem as JSON values."""
    return {"id": problem.id, "key": problem.key, "message": problem.message, "hint": problem.hint}


def print_json(value: Any) -> None:
    """Print one JSON document on a line of its own, and nothing else."""
    value = mask_json(value)
    text = json.dumps(value, ensure_ascii=False)
    try:
        text.encode(sys.stdout.encoding or "ascii")
    except UnicodeEncodeError:
        # Another character set, or a file name that is not text: JSON has escapes for both.
        text = json.dumps(value)
    # Outside of strings JSON has none of these, so that an escape is always right.
    text = _STEERING.sub(lambda found: f"\\u{ord(found.group()):04x}", text)
    sys.stdout.write(text + "\n")


def print_table(
    title: str, columns: Sequence[str], rows: Iterable[Sequence[str]], *, whole: int = 1
) -> None:
    """Print a table, of which the first `whole` columns are never wrapped."""
    cells = [[_clean(cell) for cell in row] for row in rows]
    if title:
        _print(Text(_clean(title), style="bold"))
    console = _console()
    if not console.is_terminal:
        _print_lines(columns, cells)
        return
    if console.width < _NARROW and len(columns) > 2:
        for row in cells:
            print_pairs("", zip(columns, row, strict=True))
            console.print()
        return
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="bold")
    for number, column in enumerate(columns):
        table.add_column(column, overflow="fold", no_wrap=number < whole)
    for row in cells:
        table.add_row(*(Text(cell) for cell in row))
    console.print(table)


def print_pairs(title: str, pairs: Iterable[Pair]) -> None:
    """Print what is known of one thing: a name and a value a line, long values below each other."""
    cells = [(_clean(name), _clean(value)) for name, value in pairs]
    if title:
        _print(Text(_clean(title), style="bold"))
    console = _console()
    width = max((cell_len(name) for name, _ in cells), default=0)
    if not console.is_terminal:
        for name, value in cells:
            first, *more = value.split("\n")
            _print(Text(f"{set_cell_size(name, width)}  {first}".rstrip()))
            for line in more:
                _print(Text(f"{' ' * width}  {line}".rstrip()))
        return
    table = Table.grid(padding=(0, 2), pad_edge=False)
    table.add_column(style="dim", overflow="fold")
    table.add_column(overflow="fold")
    for name, value in cells:
        table.add_row(Text(name), Text(value))
    console.print(table)


def tell_moment(value: str | None, zone: ZoneInfo) -> str:
    """Return a moment as people read it, where they are; JSON has it to the microsecond."""
    if value is None:
        return ""
    return f"{datetime.fromisoformat(value).astimezone(zone):%Y-%m-%d %H:%M %Z}"


def tell_age(value: str, now: datetime) -> str:
    """Return how long ago a moment was: `5 minutes`, `3 hours`, `12 days`."""
    minutes = int((now - datetime.fromisoformat(value)).total_seconds() // 60)
    if minutes < 1:
        return "less than a minute"
    if minutes < 120:
        return count(minutes, "minute")
    return count(minutes // 60, "hour") if minutes < 2880 else count(minutes // 1440, "day")


def count(number: int, noun: str) -> str:
    """Return `1 mail`, `2 mails`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _print_lines(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    lines = [list(columns), *([cell.replace("\n", " / ") for cell in row] for row in rows)]
    widths = [max(cell_len(line[n]) for line in lines) for n in range(len(columns))]
    for line in lines:
        filled = (set_cell_size(cell, width) for cell, width in zip(line, widths, strict=True))
        _print(Text("  ".join(filled).rstrip()))


def _clean(text: str) -> str:
    return _STEERING.sub("\N{REPLACEMENT CHARACTER}", mask_ssn(text))


def _console(*, to_errors: bool = False) -> Console:
    return Console(stderr=to_errors, highlight=False, emoji=False, markup=False)


def _print(text: Text, *, to_errors: bool = False) -> None:
    console = _console(to_errors=to_errors)
    console.print(text, soft_wrap=not console.is_terminal)
