"""Every way a filled form arrives, by name: what to build, what it is, and how exact it must be.

`VARIANTS` is the table. `build` takes a specimen and gives the bytes of a document; the same bytes
for the same specimen, as far as the programs that print allow it.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

import numpy as np

from parsers.extraction import DocumentKind
from tests.specimens import fill, handwriting, prints, scans, xfa
from tests.specimens.people import Specimen, build_specimen
from tests.specimens.scans import Damage


class Group(StrEnum):
    """What is asked of a variant's values."""

    ACROFORM = "acroform"  #: 99.5 % exact
    PRINT = "print"  #: 99.5 % exact
    SCAN = "scan"  #: machine print in a picture: 96 % exact
    HANDWRITING = "handwriting"  #: none of them confident


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """One way a form arrives."""

    name: str
    group: Group
    kind: DocumentKind  #: what the document must be called
    build: Callable[[Specimen], bytes]
    program: str = ""  #: what has to be installed; empty for nothing
    file: str = ""  #: a file that has to be there, a font; empty for none
    #: The requests that a document holds, in its order, as far as it shows them.
    holds: Callable[[Specimen], list[Specimen]] = lambda specimen: [specimen]
    is_long: bool = False  #: takes seconds to build or to read
    is_reset: bool = False  #: set anew in another font: what no longer fits the paper must be told

    def find_missing(self) -> str | None:
        """Return the program or the file that has to be there and is not."""
        if self.program and shutil.which(self.program) is None:
            return self.program
        return self.file if self.file and not Path(self.file).exists() else None


def _neighbour(specimen: Specimen) -> Specimen:
    return build_specimen(specimen.seed + 1_000_000)


def _chance(specimen: Specimen) -> np.random.Generator:
    return np.random.default_rng(specimen.seed)


def _filled(
    name: str,
    build: Callable[[dict[str, object]], bytes],
    kind: DocumentKind = DocumentKind.ACROFORM,
) -> Variant:
    return Variant(
        name=name,
        group=Group.ACROFORM,
        kind=kind,
        build=lambda specimen: build(specimen.typed),
    )


def _printed(
    name: str,
    printer: Callable[[bytes], bytes],
    *,
    program: str = "",
    is_long: bool = False,
    is_reset: bool = False,
) -> Variant:
    return Variant(
        name=name,
        group=Group.PRINT,
        kind=DocumentKind.TEXT,
        build=lambda specimen: printer(fill.fill_ours(specimen.typed)),
        program=program,
        is_long=is_long,
        is_reset=is_reset,
    )


def _scanned(
    name: str,
    build: Callable[[Specimen], bytes],
    *,
    group: Group = Group.SCAN,
    holds: Callable[[Specimen], list[Specimen]] = lambda specimen: [specimen],
    file: str = "",
) -> Variant:
    return Variant(
        name=name,
        group=group,
        kind=DocumentKind.SCAN,
        build=build,
        holds=holds,
        file=file,
        is_long=True,
    )


def _spoil(specimen: Specimen, how: Damage, *, dpi: int) -> list[scans.Picture]:
    chance = _chance(specimen)
    pages = scans.draw_pages(fill.fill_ours(specimen.typed), dpi=dpi)
    return [scans.damage(page, how, chance) for page in pages]


def _scan(how: Damage, *, dpi: int) -> Callable[[Specimen], bytes]:
    return lambda specimen: scans.pack_pdf(_spoil(specimen, how, dpi=dpi), dpi=dpi)


def _fax(how: Damage) -> Callable[[Specimen], bytes]:
    return lambda specimen: scans.pack_fax(
        _spoil(specimen, how, dpi=200), _chance(specimen), dpi=200
    )


def _swap_pages(specimen: Specimen) -> bytes:
    return scans.pack_pdf(_spoil(specimen, _OFFICE, dpi=200)[::-1], dpi=200)


def _with_cover_sheet(specimen: Specimen) -> bytes:
    pages = [scans.draw_cover_sheet(dpi=200), *_spoil(specimen, _OFFICE, dpi=200)]
    return scans.pack_pdf(pages, dpi=200)


def _two_forms(specimen: Specimen) -> bytes:
    both = (specimen, _neighbour(specimen))
    return scans.pack_pdf([p for s in both for p in _spoil(s, _OFFICE, dpi=200)], dpi=200)


def _first_page(specimen: Specimen) -> list[Specimen]:
    """Return the request as far as the form's first page has it: who asks, and about whom."""
    shown = {
        name: value
        for name, value in specimen.expected.items()
        if name.startswith(("request", "subject_", "identifiers_"))
    }
    return [replace(specimen, expected=shown)]


def _jpeg(specimen: Specimen) -> bytes:
    return scans.pack_jpeg(_spoil(specimen, _PHOTOGRAPH, dpi=220)[0], dpi=220, quality=70)


def _png(specimen: Specimen) -> bytes:
    return scans.pack_png(_spoil(specimen, Damage(skew=0.5), dpi=200)[0], dpi=200)


def _with_text_layer(wrong: float) -> Callable[[Specimen], bytes]:
    def build(specimen: Specimen) -> bytes:
        form = prints.flatten_by_pikepdf(fill.fill_ours(specimen.typed))
        scan = scans.pack_pdf(_spoil(specimen, _OFFICE, dpi=200), dpi=200)
        return scans.add_text_layer(scan, form, _chance(specimen), wrong=wrong)

    return build


def _by_hand(specimen: Specimen) -> bytes:
    chance = _chance(specimen)
    pages = handwriting.write_by_hand(specimen.typed, chance, dpi=200)
    return scans.pack_pdf([scans.damage(p, _OFFICE, chance) for p in pages], dpi=200)


#: What a scanner of an office does to a page.
_OFFICE = Damage(skew=0.4, blur=0.6, noise=4, jpeg=75)
_PHOTOGRAPH = Damage(perspective=0.03, skew=1.0, shade=0.35, blur=0.8, noise=5, jpeg=70)

VARIANTS: tuple[Variant, ...] = (
    _filled("filled by ours", fill.fill_ours),
    _filled("filled like Acrobat", fill.fill_like_acrobat),
    _filled("filled like a library", fill.fill_like_a_library),
    _filled("filled, not drawn", fill.fill_without_drawing),
    _filled("filled, states only", fill.fill_states_only),
    _filled("XFA, dynamic", xfa.fill_dynamic, DocumentKind.XFA),
    _filled("XFA beside its fields", xfa.fill_both),
    _filled("XFA, fields left blank", xfa.fill_data_alone, DocumentKind.XFA),
    _printed("printed by pdftocairo", prints.print_by_pdftocairo, program="pdftocairo"),
    _printed("printed by Ghostscript", prints.print_by_ghostscript, program="gs"),
    _printed("printed like Chromium", prints.print_like_chromium),
    _printed("flattened by pikepdf", prints.flatten_by_pikepdf),
    _printed(
        "printed by LibreOffice",
        prints.print_by_libreoffice,
        program="soffice",
        is_long=True,
        is_reset=True,
    ),
    _scanned("scan, clean, 300 dpi", _scan(Damage(), dpi=300)),
    _scanned("scan, office, 200 dpi", _scan(_OFFICE, dpi=200)),
    _scanned("scan, 150 dpi", _scan(Damage(skew=0.5, blur=0.5, noise=5, jpeg=60), dpi=150)),
    _scanned("scan, skewed 5°", _scan(Damage(skew=5, noise=4), dpi=200)),
    _scanned("scan, turned 90°", _scan(Damage(skew=0.5, noise=4, quarter_turns=1), dpi=200)),
    _scanned("scan, turned 180°", _scan(Damage(skew=0.5, noise=4, quarter_turns=2), dpi=200)),
    _scanned("scan, turned 270°", _scan(Damage(skew=0.5, noise=4, quarter_turns=3), dpi=200)),
    _scanned("scan, speckled", _scan(Damage(skew=1, speckle=0.002, noise=8), dpi=200)),
    _scanned("scan, blurred JPEG", _scan(Damage(blur=1.2, noise=3, jpeg=25), dpi=200)),
    _scanned("fax", _fax(Damage(skew=0.7))),
    _scanned("fax, speckled", _fax(Damage(skew=1.5, speckle=0.0008))),
    _scanned("photograph", _scan(_PHOTOGRAPH, dpi=220)),
    _scanned(
        "TIFF of two pages",
        lambda specimen: scans.pack_tiff(_spoil(specimen, _OFFICE, dpi=200), dpi=200),
    ),
    _scanned("pages swapped", _swap_pages),
    _scanned("cover sheet in front", _with_cover_sheet),
    _scanned("two forms in one scan", _two_forms, holds=lambda s: [s, _neighbour(s)]),
    _scanned("first page as JPEG", _jpeg, holds=_first_page),
    _scanned("first page as PNG", _png, holds=_first_page),
    _scanned("text layer, right", _with_text_layer(0.0)),
    _scanned("text layer, wrong", _with_text_layer(0.3)),
    _scanned(
        "written by hand",
        _by_hand,
        group=Group.HANDWRITING,
        file=str(handwriting.HANDWRITING_FONTS[-1]),
    ),
)


def find_variant(name: str) -> Variant:
    """Return the variant of that name."""
    return next(v for v in VARIANTS if v.name == name)
