"""Forms nobody has described: drafted, filled, flattened, printed, and read again.

Of the values that fit their box at least 98 % come back as they were written, and every other one
is flagged: its problem says so, or its confidence does.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from inbox_worker.reading.reader import load_definitions
from parsers.definition import parse_definition
from parsers.extraction import DOUBTFUL_BELOW, DocumentKind, Extraction
from parsers.forms.drafting import draft_definition
from parsers.reading.document import read_document
from tests.conftest import require_or_skip
from tests.specimens.court_forms import fill_texts
from tests.specimens.people import TODAY
from tests.specimens.prints import (
    flatten_by_pikepdf,
    print_by_ghostscript,
    print_by_pdftocairo,
    print_like_chromium,
)

FOLDER = Path(__file__).parents[2] / ".." / "shared" / "samples" / "court-forms"
#: Of these nothing can be filled in.
WITHOUT_FIELDS = ("or-CriminalSetAside_AdultCases2026", "or-expungement-checklist")
FORMS = [path for path in sorted(FOLDER.glob("*.pdf")) if path.stem not in WITHOUT_FIELDS]
#: Dense tables; small boxes without tooltips; one name in several places.
SAMPLE = ("nc-AOC-CR-285", "or-oregon_arrest", "or-stock_conviction")

pytestmark = [
    pytest.mark.corpus,
    pytest.mark.skipif(not FORMS, reason="the public collection of court forms is not at hand"),
]

#: How a flattened form is printed, and the program that does.
PRINTERS: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "flattened": (lambda flat: flat, ""),
    "pikepdf": (flatten_by_pikepdf, ""),
    "pdftocairo": (print_by_pdftocairo, "pdftocairo"),
    "ghostscript": (print_by_ghostscript, "gs"),
}


@dataclass(slots=True)
class _Outcome:
    written: int = 0
    exact: int = 0
    silent: list[str] = field(default_factory=list)  #: wrong, and nothing says so


def _try(path: Path, printer: str) -> _Outcome:
    """Return what became of the values of one form."""
    print_flat, program = PRINTERS[printer]
    if program:
        require_or_skip(program)
    form, known = path.read_bytes(), load_definitions()
    text = draft_definition(form, file_name=path.name, known=known[0])
    drafted = parse_definition(text.encode(), blank=form)
    with warnings.catch_warnings():
        # pikepdf warns of widgets outside the tree, which is what some of these forms have.
        warnings.simplefilter("ignore")
        filled, written = fill_texts(form, drafted)
        printed = print_flat(print_like_chromium(filled))
    found = read_document(printed, [*known, drafted], today=TODAY)
    assert (found.kind, found.definition) == (DocumentKind.TEXT, drafted.id)
    outcome = _Outcome(written=len(written))
    for name, wanted in written.items():
        value = found.fields.get(name)
        if value is not None and " ".join(value.raw.split()) == wanted:
            outcome.exact += 1
        elif not _is_flagged(found, name):
            outcome.silent.append(f"{path.stem} {name}: {wanted!r}, {value}")
    return outcome


def _is_flagged(found: Extraction, name: str) -> bool:
    value = found.fields.get(name)
    doubtful = value is not None and value.confidence < DOUBTFUL_BELOW
    return doubtful or any(problem.field == name for problem in found.problems)


def _check(outcomes: list[_Outcome]) -> None:
    written, exact = sum(o.written for o in outcomes), sum(o.exact for o in outcomes)
    assert written > 100
    assert exact / written >= 0.98, f"{exact} of {written}"
    assert [line for outcome in outcomes for line in outcome.silent] == []


def test_values_of_forms_nobody_described_come_back() -> None:
    assert len(SAMPLE) == len([path for path in FORMS if path.stem in SAMPLE])
    _check([_try(path, "flattened") for path in FORMS if path.stem in SAMPLE])


@pytest.mark.long
@pytest.mark.parametrize("printer", PRINTERS)
def test_values_of_every_court_form_come_back(printer: str) -> None:
    _check([_try(path, printer) for path in FORMS])
