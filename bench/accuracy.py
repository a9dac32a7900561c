"""How exactly forms are read: every variant of the specimens, read and compared field by field.

`measure` reads what `build` makes and counts; the counts answer how many values are exact by
variant and by field, how much a confidence is worth, and which letters are taken for which. A
variant whose program is missing, or whose documents nobody reads yet, is set aside and says so. A
text that a program set beyond the edge of the paper is not counted where it is told as cut off.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from io import BytesIO

import pikepdf

from parsers.definition import FieldType, FormDefinition
from parsers.extraction import Extraction
from tests.specimens.compare import Reading, compare
from tests.specimens.people import Specimen
from tests.specimens.variants import Group, Variant

#: Reads a document's bytes: every form in it, in order.
Read = Callable[[bytes], Sequence[Extraction]]

#: Lower ends of the bands of confidence, highest first.
BANDS = (1.0, 0.98, 0.95, 0.9, 0.8, 0.5, 0.0)
#: A value at least this confident is one that nobody needs to check.
CONFIDENT = 0.95

_TICKED = frozenset(
    {FieldType.CHOICE, FieldType.MULTI, FieldType.YES_NO, FieldType.TICK, FieldType.ATTESTATION}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Miss:
    """One value that was not read as it was meant."""

    variant: str
    seed: int
    reading: Reading


@dataclass(slots=True, kw_only=True)
class Count:
    """How many of how many."""

    right: int = 0
    all: int = 0

    def add(self, *, is_right: bool) -> None:
        """Count one more."""
        self.right += is_right
        self.all += 1

    @property
    def share(self) -> float:
        """The part that is right; of nothing, all of it."""
        return self.right / self.all if self.all else 1.0


@dataclass(slots=True, kw_only=True)
class Accuracy:
    """What was counted over some variants."""

    definition: FormDefinition
    texts: dict[str, Count] = field(default_factory=lambda: defaultdict(Count))  #: by variant
    ticks: dict[str, Count] = field(default_factory=lambda: defaultdict(Count))  #: by variant
    fields: dict[tuple[Group, str], Count] = field(default_factory=lambda: defaultdict(Count))
    bands: dict[tuple[Group, float], Count] = field(default_factory=lambda: defaultdict(Count))
    silent: Counter[str] = field(default_factory=Counter)  #: by variant: not exact, and no doubt
    off_paper: Counter[str] = field(default_factory=Counter)  #: by variant: told, and not counted
    set_aside: dict[str, str] = field(default_factory=dict)  #: variant: why
    unnamed: Counter[tuple[str, str]] = field(default_factory=Counter)  #: variant, another kind
    misses: list[Miss] = field(default_factory=list)

    def add(
        self,
        variant: Variant,
        specimen: Specimen,
        extraction: Extraction,
        *,
        edge: float = math.inf,
    ) -> None:
        """Count one form that was read; `edge` is the right edge of its paper, in points."""
        for reading in compare(specimen, extraction):
            if variant.is_reset and _runs_off(reading, edge):
                self.off_paper[variant.name] += 1
                continue
            form_field = self.definition.find_field(reading.field)
            is_tick = form_field is not None and form_field.type in _TICKED
            counts = self.ticks if is_tick else self.texts
            counts[variant.name].add(is_right=reading.is_exact)
            self.fields[variant.group, reading.field].add(is_right=reading.is_exact)
            if reading.value is not None and reading.found is not None:
                band = next(low for low in BANDS if reading.found.confidence >= low)
                self.bands[variant.group, band].add(is_right=reading.is_exact)
            if not reading.is_exact:
                self.silent[variant.name] += not reading.is_told
                self.misses.append(Miss(variant=variant.name, seed=specimen.seed, reading=reading))

    def count(self, variants: Iterable[Variant], *, ticks: bool = False) -> Count:
        """Return the sum over some variants, of texts or of ticks."""
        counts = self.ticks if ticks else self.texts
        return _sum(counts[v.name] for v in variants if v.name in counts)

    def count_confident(self, *groups: Group) -> Count:
        """Return how many of the confident values are right."""
        return _sum(
            count
            for (group, band), count in self.bands.items()
            if band >= CONFIDENT and group in groups
        )


def _runs_off(reading: Reading, edge: float) -> bool:
    """Return whether a text was set beyond the edge of the paper, and is told as cut off."""
    found = reading.found
    is_cut = found is not None and found.box is not None and found.box[2] > edge
    return is_cut and reading.value is None and reading.is_told


def _sum(counts: Iterable[Count]) -> Count:
    found = tuple(counts)
    return Count(right=sum(c.right for c in found), all=sum(c.all for c in found))


def measure(
    variants: Iterable[Variant],
    specimens: Sequence[Specimen],
    read: Read,
    definition: FormDefinition,
) -> Accuracy:
    """Build every variant of every specimen, read it, and count what came of it."""
    accuracy = Accuracy(definition=definition)
    for variant in variants:
        missing = variant.find_missing()
        if missing is not None:
            accuracy.set_aside[variant.name] = f"{missing} is not installed"
        else:
            _measure_variant(accuracy, variant, specimens, read)
    return accuracy


def _measure_variant(
    accuracy: Accuracy, variant: Variant, specimens: Sequence[Specimen], read: Read
) -> None:
    """Read a variant of every specimen; where none of them is read, it is set aside."""
    built = [(specimen, variant.build(specimen)) for specimen in specimens]
    read_documents = [(specimen, document, read(document)) for specimen, document in built]
    if not any(found[0].is_form for _, _, found in read_documents):
        first = read_documents[0][2][0]
        codes = ", ".join(warning.code for warning in first.warnings)
        accuracy.set_aside[variant.name] = f"{first.kind.value}: {codes}"
        return
    for specimen, document, found in read_documents:
        edge = _find_edge(document) if variant.is_reset else math.inf
        if found[0].kind is not variant.kind:
            accuracy.unnamed[variant.name, found[0].kind.value] += 1
        for number, written in enumerate(variant.holds(specimen)):
            is_there = number < len(found)
            form = found[number] if is_there else Extraction(kind=variant.kind)
            accuracy.add(variant, written, form, edge=edge)


def _find_edge(document: bytes) -> float:
    """Return how wide the first page of a PDF is, in points."""
    with pikepdf.open(BytesIO(document)) as pdf:
        left, _, right, _ = map(float, pdf.pages[0].mediabox)
    return right - left


def find_confusions(misses: Iterable[Miss]) -> Counter[tuple[str, str]]:
    """Return which letters were read as which, over all texts that were nearly right."""
    found: Counter[tuple[str, str]] = Counter()
    for miss in misses:
        for meant, read in _pair_texts(miss.reading):
            matcher = SequenceMatcher(None, meant, read, autojunk=False)
            if matcher.ratio() < 0.6:
                continue
            for tag, a, b, c, d in matcher.get_opcodes():
                if tag != "equal":
                    found[meant[a:b], read[c:d]] += 1
    return found


def _pair_texts(reading: Reading) -> Iterator[tuple[str, str]]:
    meant, read = reading.expected, reading.value
    if isinstance(meant, str) and isinstance(read, str):
        yield meant, read
    elif isinstance(meant, tuple) and isinstance(read, tuple):
        yield from zip(meant, read, strict=False)
