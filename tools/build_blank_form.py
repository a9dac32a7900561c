"""Builds the blank form of each definition and writes it beside the definition.

Outcomes: `config/forms/*.pdf`, accessible (tagged, PDF/UA-1), fillable, and the same bytes from the
same sources wherever it runs; or an error that says what the pages and the definition disagree on.
WeasyPrint lays out the pages and their tags; the fields are then made by pikepdf, because fields
need states, names and fonts that HTML has no words for.

Run it as `python -m tools.build_blank_form`.
"""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import pikepdf
from jinja2 import Environment, PackageLoader, StrictUndefined
from weasyprint import HTML

from config.data import list_data, read_data
from parsers.definition import FormDefinition, Requiredness, parse_definition
from tools.form_fields import SIGNATURE_HINT, SIGNATURE_LABEL, add_form
from tools.form_fonts import embed_form_fonts
from tools.form_tags import mend_tags

ROOT = Path(__file__).resolve().parent.parent
FONTS = ROOT / "templates" / "fonts"

_MARKS = {Requiredness.REQUIRED: "*", Requiredness.CONDITIONAL: "†"}


def build_blank_form(definition: FormDefinition) -> bytes:
    """Build the blank form of `definition` as the bytes of a PDF."""
    with pikepdf.open(BytesIO(_build_pages(definition))) as pdf:
        add_form(pdf, definition, embed_form_fonts(pdf, FONTS / "PublicSans-Regular.ttf"))
        mend_tags(pdf)
        target = BytesIO()
        # Streams are packed anew so that the bytes depend on one compressor alone.
        pdf.save(
            target,
            deterministic_id=True,
            recompress_flate=True,
            object_stream_mode=pikepdf.ObjectStreamMode.generate,
        )
    return target.getvalue()


def _build_pages(definition: FormDefinition) -> bytes:
    """Return the laid out and tagged pages, with a widget wherever a field will be."""
    environment = Environment(
        loader=PackageLoader("templates", "forms"), undefined=StrictUndefined, autoescape=True
    )
    page = environment.get_template("request.html.j2").render(
        definition=definition,
        notices=definition.notices,
        fields={field.name: field for field in definition.fields},
        sections={section.name: section for section in definition.sections},
        numbers={section.name: n for n, section in enumerate(definition.sections, 1)},
        marks={kind: _MARKS.get(kind, "") for kind in Requiredness},
        signature_label=SIGNATURE_LABEL,
        signature_hint=SIGNATURE_HINT,
    )
    pages: bytes = HTML(string=page, base_url=f"{FONTS.as_uri()}/").write_pdf(
        pdf_forms=True, pdf_variant="pdf/ua-1", uncompressed_pdf=True
    )
    return pages


def main() -> None:
    """Build every blank form and say where it was written."""
    for name in list_data("forms", ".toml"):
        definition = parse_definition(read_data(name))
        if definition.blank_form:
            target = ROOT / "config" / "forms" / definition.blank_form
            target.write_bytes(build_blank_form(definition))
            print(f"{target.relative_to(ROOT)}: {target.stat().st_size} bytes")


if __name__ == "__main__":
    main()
