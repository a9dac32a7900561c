"""The facts that a certification carries inside itself, and the document it was locked around.

Outcomes: `AttachedFacts`; or nothing where a document carries none, or something that only has
their name. Nothing here is believed: whether the facts are those that were issued is for the
signature to say, which covers them. A locked document is opened with its password; the facts are
then its own, or those of the certification that it carries for filing.
"""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

import pikepdf

from parsers.pdf.attachments import list_embedded
from parsers.pdf.streams import read_start
from parsers.values.control_numbers import parse_control_number

#: The name under which the facts are attached.
FACTS_NAME = "certification-facts.json"
_MOST_BYTES = 1_000_000
_MOST_FILES = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class AttachedFacts:
    """What attached facts say of the document itself."""

    control_number: str
    issued_on: date | None
    mark: str  #: what stands across the pages of what is no official record; else empty
    sha256: str  #: of the facts as they are attached


def find_attached_facts(pdf: pikepdf.Pdf) -> AttachedFacts | None:
    """Return the facts that a document carries, or that a document inside of it carries."""
    inner = None
    for name, data in _list_files(pdf):
        if name == FACTS_NAME:
            return _parse_facts(data)
        inner = data if inner is None and data.startswith(b"%PDF-") else inner
    if inner is None:
        return None
    with pikepdf.open(io.BytesIO(inner)) as carried:
        for name, data in _list_files(carried):
            if name == FACTS_NAME:
                return _parse_facts(data)
    return None


def _list_files(pdf: pikepdf.Pdf) -> Iterator[tuple[str, bytes]]:
    for number, (name, stream) in enumerate(list_embedded(pdf)):
        if number == _MOST_FILES:
            return
        most = _MOST_BYTES if name == FACTS_NAME else 20 * _MOST_BYTES
        yield name, read_start(stream, most)


def _parse_facts(data: bytes) -> AttachedFacts | None:
    try:
        facts: Any = json.loads(data)
        number = parse_control_number(facts["control_number"])
        mark, issued = facts["mark"], facts["issued_on"]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
    if number is None or not isinstance(mark, str):
        return None
    return AttachedFacts(
        control_number=number,
        issued_on=_parse_day(issued),
        mark=mark[:100],
        sha256=hashlib.sha256(data).hexdigest(),
    )


def _parse_day(text: object) -> date | None:
    try:
        return date.fromisoformat(str(text))
    except ValueError:
        return None
