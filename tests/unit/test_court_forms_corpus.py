"""Public court forms: every one has a named outcome, and what is filled in comes back."""

from __future__ import annotations

import warnings
from datetime import date
from pathlib import Path

import pikepdf
import pytest

from config.data import read_data
from parsers.definition import parse_definition
from parsers.extraction import DocumentKind
from parsers.pdf.acroform import AcroField, FieldKind, find_fields
from parsers.reading.document import read_document

FOLDER = Path(__file__).parents[2] / ".." / "shared" / "samples" / "court-forms"
FORMS = sorted(FOLDER.glob("*.pdf"))
DEFINITION = parse_definition(read_data("forms/cjs-request-1.toml"))
VALUE = "Pe\u00f1a (17CR-001544), \u0219i \u1ec5"

pytestmark = [
    pytest.mark.corpus,
    pytest.mark.skipif(not FORMS, reason="the public collection of court forms is not at hand"),
]


@pytest.mark.parametrize("path", FORMS, ids=lambda p: p.stem)
def test_foreign_form_is_never_taken_for_ours(path: Path) -> None:
    found = read_document(path.read_bytes(), [DEFINITION], today=date(2026, 5, 4))
    assert found.kind in (DocumentKind.NOT_A_FORM, DocumentKind.SCAN, DocumentKind.XFA)
    assert found.warnings
    assert not found.is_form


def _fill(pdf: pikepdf.Pdf) -> None:
    for page in pdf.pages:
        for widget in page.obj.get("/Annots", []):
            owner = widget if "/T" in widget else widget.get("/Parent", widget)
            kind = owner.get("/FT", widget.get("/FT"))
            if kind == pikepdf.Name.Tx:
                owner.V = pikepdf.String(VALUE)
            elif kind == pikepdf.Name.Btn and "/AP" in widget and "/T" in widget:
                state = next(k for k in sorted(widget.AP.N.keys()) if k != "/Off")
                widget.V = widget.AS = pikepdf.Name(state)


@pytest.mark.parametrize("path", FORMS, ids=lambda p: p.stem)
def test_every_filled_field_comes_back(path: Path, tmp_path: Path) -> None:
    with pikepdf.open(path) as pdf:
        _fill(pdf)
        with warnings.catch_warnings():
            # One of them carries widgets that its own field tree does not reach.
            warnings.simplefilter("ignore", pikepdf.PageCopyWarning)
            pdf.save(tmp_path / "filled.pdf")
    with pikepdf.open(tmp_path / "filled.pdf") as filled:
        found = find_fields(filled).fields
    shown = [f for f in found if f.page is not None]
    assert [f.name for f in shown if not _is_as_filled(f)] == []


def _is_as_filled(field: AcroField) -> bool:
    if field.kind is FieldKind.TEXT:
        return field.values == ((VALUE,),)
    if field.kind is FieldKind.TICK:
        return bool(field.values) and not field.is_doubtful
    return True
