"""How fast forms are read, each way beside its floor, and how much memory that takes.

Ours and the floor take turns on each document, so that a busy machine slows both alike; the fastest
of a few turns counts for each.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from bench.floors import load_bare_ocr, read_bare_characters, read_bare_fields
from inbox_worker.reading.reader import DocumentReader
from parsers.definition import FormDefinition
from parsers.forms.labels import DefinitionIndex, match_by_name
from parsers.forms.validation import validate
from parsers.pdf.acroform import find_fields
from parsers.pdf.opening import open_pdf
from parsers.reading.document import read_document
from parsers.reading.form_values import read_values
from parsers.reading.known_forms import know
from tests.specimens import fill, prints
from tests.specimens.people import TODAY, Specimen
from tests.specimens.variants import find_variant

_TURNS = 5
_UPRIGHT, _UPRIGHT_DPI = "scan, office, 200 dpi", 200
#: Documents read before the memory is first looked at.
_SETTLED = 100

Call = Callable[[bytes], object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Speed:
    """Our time beside the floor's, in milliseconds a document."""

    name: str
    floor: str
    ours_ms: float
    floor_ms: float
    wanted: str  #: what the aim says
    is_difference: bool = False  #: the aim is about what ours adds, not about the ratio

    @property
    def figure(self) -> float:
        """The ratio, or the difference in milliseconds."""
        return self.ours_ms - self.floor_ms if self.is_difference else self.ours_ms / self.floor_ms


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """The parent's resident memory over many documents, in MB."""

    documents: int
    settled_mb: float  #: after the first hundred
    peak_mb: float  #: the most afterwards


def measure_speeds(
    specimens: Sequence[Specimen], definitions: Sequence[FormDefinition]
) -> list[Speed]:
    """Measure every way of reading but pictures, each beside its floor."""
    know(definitions)
    # As the children that read do: what stays for ever is not looked at again and again.
    gc.collect()
    gc.freeze()
    forms = [fill.fill_ours(s.typed) for s in specimens]
    printed = [prints.print_by_pdftocairo(form) for form in forms]
    return [
        _race(
            "AcroForm",
            "bare pikepdf walk",
            "2.0",
            forms,
            _values_of(definitions[0]),
            read_bare_fields,
        ),
        _race(
            "AcroForm, compared with the page",
            "bare pikepdf walk",
            "6.0",
            forms,
            _reading_of(definitions),
            read_bare_fields,
        ),
        _race(
            "text layer",
            "bare pypdfium2 characters",
            "1.5",
            printed,
            _reading_of(definitions),
            read_bare_characters,
        ),
        _measure_child(forms, definitions),
    ]


def measure_pictures(specimens: Sequence[Specimen], definitions: Sequence[FormDefinition]) -> Speed:
    """Measure the reading of upright scans beside RapidOCR alone on the same pages."""
    scans = [find_variant(_UPRIGHT).build(specimen) for specimen in specimens]
    return _race(
        "upright scan of two pages",
        "RapidOCR alone",
        "1.3",
        scans,
        lambda scan: read_document(scan, definitions, today=TODAY, pictures=True),
        load_bare_ocr(dpi=_UPRIGHT_DPI),
        turns=1,
    )


def _reading_of(definitions: Sequence[FormDefinition]) -> Call:
    return lambda document: read_document(document, definitions, today=TODAY)


def _values_of(definition: FormDefinition) -> Call:
    """Return what reads the values of a form's fields and checks them, and looks at no page."""
    index = DefinitionIndex(definition)

    def read(document: bytes) -> object:
        with open_pdf(document, "") as pdf:
            form = find_fields(pdf)
            matching = match_by_name(index, form.fields)
            values = read_values(matching, form.annotations, today=TODAY)
            return validate(definition, values.fields, today=TODAY)

    return read


def _measure_child(forms: Sequence[bytes], definitions: Sequence[FormDefinition]) -> Speed:
    with DocumentReader(definitions) as reader:
        reader.read(forms[0], today=TODAY)
        return _race(
            "in a child process",
            "the same in our own",
            "2 ms more",
            forms,
            lambda form: reader.read(form, today=TODAY),
            _reading_of(definitions),
            is_difference=True,
        )


def _race(
    name: str,
    floor: str,
    wanted: str,
    documents: Sequence[bytes],
    ours: Call,
    bare: Call,
    *,
    turns: int = _TURNS,
    is_difference: bool = False,
) -> Speed:
    ours(documents[0])
    bare(documents[0])
    totals = [0.0, 0.0]
    for document in documents:
        best = [float("inf"), float("inf")]
        for _ in range(turns):
            for side, call in enumerate((ours, bare)):
                started = time.perf_counter()
                call(document)
                best[side] = min(best[side], time.perf_counter() - started)
        totals = [total + seconds for total, seconds in zip(totals, best, strict=True)]
    ours_ms, floor_ms = (1000 * total / len(documents) for total in totals)
    return Speed(
        name=name,
        floor=floor,
        ours_ms=ours_ms,
        floor_ms=floor_ms,
        wanted=wanted,
        is_difference=is_difference,
    )


def measure_memory(
    specimens: Sequence[Specimen],
    definitions: Sequence[FormDefinition],
    documents: int,
    *,
    today: date = TODAY,
) -> Memory:
    """Read many documents in children, and look at our own memory all the while."""
    forms = [fill.fill_ours(s.typed) for s in specimens]
    settled = peak = 0.0
    with DocumentReader(definitions) as reader:
        for number in range(documents):
            # Every document has other bytes, so that nothing is saved by knowing it already.
            reader.read(forms[number % len(forms)] + b"\n%% %d\n" % number, today=today)
            if number < _SETTLED:
                settled = max(settled, _resident_mb())
            else:
                peak = max(peak, _resident_mb())
    return Memory(documents=documents, settled_mb=settled, peak_mb=max(peak, settled))


def _resident_mb() -> float:
    """Return our own resident memory, without that of the children."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096 / 1e6
