"""Forms: how exactly they are read, what a confidence is worth, and how fast, beside each floor.

Run it with `python -m bench.forms [PEOPLE] [SCANNED]`: PEOPLE invented requests are filled in and
printed in every way, SCANNED of them (each takes two minutes) also scanned, faxed, photographed and
written by hand. Every table is followed by the same figures as JSON, one line for each row.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

# The specimens are not installed with the program; run as a file, this finds them all the same.
sys.path.append(str(Path(__file__).resolve().parents[1]))
from bench.accuracy import BANDS, Accuracy, Read, find_confusions, measure
from bench.reading_speed import (
    Memory,
    Speed,
    measure_memory,
    measure_pictures,
    measure_speeds,
)
from inbox_worker.reading.reader import DocumentReader, load_definitions
from parsers.extraction import Extraction
from tests.specimens.people import TODAY, build_specimens
from tests.specimens.variants import VARIANTS, Group

PEOPLE = 100
SCANNED = 2
MEMORY_DOCUMENTS = 2_000

#: Nobody was tuned on these: tests use the seeds below.
FIRST_SEED = 50_000

_MOST_CONFUSIONS = 20
_MOST_MISSES = 40
_LONGEST_SHOWN = 80
_PICTURES = (Group.SCAN, Group.HANDWRITING)
_console = Console(width=int(os.environ.get("COLUMNS", "140")))


def main() -> None:
    """Measure and print everything."""
    people = int(sys.argv[1]) if len(sys.argv) > 1 else PEOPLE
    scanned = int(sys.argv[2]) if len(sys.argv) > 2 else SCANNED
    definitions = load_definitions()
    specimens = build_specimens(people, first=FIRST_SEED)
    with DocumentReader(definitions) as reader:
        read = read_with(reader)
        plain = [v for v in VARIANTS if v.group not in _PICTURES]
        pictures = [v for v in VARIANTS if v.group in _PICTURES]
        show_accuracy("Filled in and printed", measure(plain, specimens, read, definitions[0]))
        if scanned:
            chosen = specimens[:scanned]
            show_accuracy("In pictures", measure(pictures, chosen, read, definitions[0]))
    # Before the speeds, which have the recogniser loaded in this process.
    show_memory(measure_memory(specimens[:20], definitions, MEMORY_DOCUMENTS * people // PEOPLE))
    speeds = measure_speeds(specimens[:20], definitions)
    show_speeds([*speeds, measure_pictures(specimens[:2], definitions)] if scanned else speeds)


def read_with(reader: DocumentReader) -> Read:
    """Return a function that reads a document as the program does, in a child process."""

    def read(data: bytes) -> list[Extraction]:
        found = reader.read(data, today=TODAY, attachments_beside_form=1)
        return [found, *found.further]

    return read


class Share(float):
    """A part of one, shown as a percentage and written as a number."""

    def __str__(self) -> str:
        return f"{100 * self:.2f} %"


#: What a cell of a table holds; a blank one is an empty text.
Cell = str | int | float


def show_accuracy(title: str, accuracy: Accuracy) -> None:
    """Show exact matches by variant and field, the worth of confidence, and the confusions."""
    _show_variants(title, accuracy)
    _show_fields(title, accuracy)
    _show_bands(title, accuracy)
    _show_misses(title, accuracy)


def _show_variants(title: str, accuracy: Accuracy) -> None:
    rows: list[list[Cell]] = []
    for variant in VARIANTS:
        name = variant.name
        if name in accuracy.texts:
            texts, ticks = accuracy.texts[name], accuracy.ticks[name]
            kinds = [f"{kind} x{n}" for (v, kind), n in accuracy.unnamed.items() if v == name]
            counts = [Share(texts.share), texts.all, Share(ticks.share), ticks.all]
            if accuracy.off_paper[name]:
                kinds.append(f"off the paper and told x{accuracy.off_paper[name]}")
            rows.append([name, *counts, accuracy.silent[name], ", ".join(kinds)])
        elif name in accuracy.set_aside:
            rows.append([name, *[""] * 5, f"set aside: {accuracy.set_aside[name]}"])
    columns = ("variant", "texts exact", "texts", "ticks exact", "ticks", "wrong unsaid", "note")
    _print("forms.variants", f"{title}: by variant", columns, rows)


def _show_fields(title: str, accuracy: Accuracy) -> None:
    groups = [g for g in Group if any(group is g for group, _ in accuracy.fields)]
    rows: list[list[Cell]] = []
    for form_field in accuracy.definition.fields:
        counts = [accuracy.fields.get((group, form_field.name)) for group in groups]
        if any(counts):
            rows.append([form_field.name, *(Share(c.share) if c else "" for c in counts)])
    _print("forms.fields", f"{title}: by field", ("field", *map(str, groups)), rows)


def _show_bands(title: str, accuracy: Accuracy) -> None:
    rows: list[list[Cell]] = []
    for group in Group:
        for number, low in enumerate(BANDS):
            count = accuracy.bands.get((group, low))
            if count:
                band = f"{low:.2f} to < {BANDS[number - 1]:.2f}" if number else "1.00"
                rows.append([str(group), band, Share(count.share), count.all])
    columns = ("group", "confidence", "right", "values")
    _print("forms.calibration", f"{title}: what a confidence is worth", columns, rows)


def _show_misses(title: str, accuracy: Accuracy) -> None:
    confusions = find_confusions(accuracy.misses).most_common(_MOST_CONFUSIONS)
    rows: list[list[Cell]] = [
        [meant or "(nothing)", read or "(nothing)", n] for (meant, read), n in confusions
    ]
    columns: tuple[str, ...] = ("meant", "read", "times")
    _print("forms.confusions", f"{title}: what is taken for what", columns, rows)
    shown: list[list[Cell]] = [
        [
            *(miss.variant, miss.seed, miss.reading.field),
            *(_tell(miss.reading.expected), _tell(miss.reading.value)),
            miss.reading.found.confidence if miss.reading.found else "",
            "yes" if miss.reading.is_told else "no",
        ]
        for miss in accuracy.misses[:_MOST_MISSES]
    ]
    columns = ("variant", "seed", "field", "meant", "read", "confidence", "said")
    _print("forms.misses", f"{title}: the first misses", columns, shown)


def show_speeds(speeds: Iterable[Speed]) -> None:
    """Show every way of reading beside its floor."""
    rows: list[list[Cell]] = [
        [s.name, s.ours_ms, s.floor, s.floor_ms, s.figure, s.wanted] for s in speeds
    ]
    columns = ("read", "ms", "floor", "floor ms", "ratio or ms more", "wanted at most")
    _print("forms.speed", "Speed, a document", columns, rows)


def show_memory(memory: Memory) -> None:
    """Show the parent's memory over many documents."""
    row: list[Cell] = [memory.documents, memory.settled_mb, memory.peak_mb]
    columns = ("documents", "MB after 100", "most MB afterwards")
    _print("forms.memory", "Memory of the parent process", columns, [row])


def _print(bench: str, title: str, columns: Sequence[str], rows: Sequence[Sequence[Cell]]) -> None:
    if not rows:
        return
    table = Table(title=title, title_justify="left")
    for number, column in enumerate(columns):
        is_figure = all(isinstance(row[number], int | float) or not row[number] for row in rows)
        table.add_column(column, overflow="fold", justify="right" if is_figure else "left")
    for row in rows:
        table.add_row(*map(_write, row))
    _console.print(table)
    keys = [column.replace(" ", "_") for column in columns]
    for row in rows:
        figures = [round(cell, 4) if isinstance(cell, float) else cell for cell in row]
        line = {"bench": bench, **dict(zip(keys, figures, strict=True))}
        print(json.dumps(line, ensure_ascii=False))


def _write(cell: Cell) -> str:
    is_plain = isinstance(cell, Share) or not isinstance(cell, float)
    return str(cell) if is_plain else f"{cell:.2f}"


def _tell(value: object) -> str:
    told = "(nothing)" if value is None else repr(value)
    return told if len(told) <= _LONGEST_SHOWN else f"{told[: _LONGEST_SHOWN - 1]}…"


if __name__ == "__main__":
    main()
