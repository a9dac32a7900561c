"""The worked cases of docs/worked-cases.md, as a lawyer reads and changes them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from outbound.certification.case import CaseFacts
from outbound.certification.determination import FindingsRefused
from parsers.replies.findings import Findings
from parsers.replies.findings_reader import parse_findings
from tests.unit.certification_cases import EASTERN, build_case, day, decide
from tests.unit.reply_builders import BASES

FILE = Path(__file__).parents[2] / "docs" / "worked-cases.md"

#: What stands for every row that does not say it, at the top of the file.
_ALWAYS = {
    "Matched on": "a-number; name; birth date",
    "Basis": "routine use",
    "Records as of": "2026-05-04 14:30",
}
_BY_OUTCOME = {
    "detained": {"Facility": "Example Processing Center, Anytown, GA"},
    "removed": {"Country": "Guatemala"},
    "returned": {"Country": "Guatemala", "In custody": "no"},
    "voluntary departure": {"In custody": "no"},
    "enforcement action": {"Place": "Example County, Georgia", "Released same day": "yes"},
}


@dataclass(frozen=True, kw_only=True)
class Row:
    """One row of a table, by the headings of its columns."""

    section: str
    cells: Mapping[str, str]

    def __getitem__(self, heading: str) -> str:
        return self.cells[heading]

    def lines(self, heading: str) -> list[str]:
        """Return a cell's lines."""
        return self.cells[heading].split("<br>")


def read_rows(section: str) -> list[Row]:
    """Return the rows of the table below a heading."""
    text = FILE.read_text().partition(f"\n## {section}\n")[2].partition("\n## ")[0]
    assert text, f"no section {section}"
    heads, _, *rows = [_split(line) for line in text.splitlines() if line.startswith("|")]
    return [Row(section=section, cells=dict(zip(heads, cells, strict=True))) for cells in rows]


def name_row(row: Row) -> str:
    """Return what a row is called in a list of tests."""
    return f"{row['no.']} {row.cells.get('case', '')}".strip()


def read_findings(lines: list[str]) -> Findings | tuple[str, ...]:
    """Read findings as a reviewer's reply is read; what is wrong with them, as they are told."""
    fields: dict[str, tuple[str, ...]] = {}
    for line in lines:
        name, _, value = line.partition(": ")
        fields[name] = (*fields.get(name, ()), value)
    defaults = dict(_ALWAYS)
    for outcome in fields["Outcome"][0].split("; "):
        defaults |= _BY_OUTCOME.get(outcome, {})
    whole = {name: (value,) for name, value in defaults.items()} | fields
    found = parse_findings(whole, bases=BASES, timezone=EASTERN)
    return found if isinstance(found, Findings) else tuple(p.message for p in found)


def read_case(cell: str, **changes: Any) -> CaseFacts:
    """Build the case of a row from its dates, and when the individual was released on bond."""
    dates, _, released = cell.partition("<br>released on ")
    spans = ", ".join(part.replace(" to ", "/") for part in dates.split("; "))
    if released:
        changes["release_date"] = day(released)
    return build_case(spans, **changes)


def find_refusal(row: Row) -> list[str]:
    """Return what a reviewer who writes these findings is told, each reason once."""
    findings = read_findings(row.lines("findings"))
    if isinstance(findings, tuple):
        return list(dict.fromkeys(findings))
    try:
        decide(findings, read_case(row["date missed"]))
    except FindingsRefused as refused:
        return list(dict.fromkeys(p.message for p in refused.problems))
    return []


def _split(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip().strip("|").split(" | ")]
