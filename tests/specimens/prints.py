"""The filled form printed to PDF or flattened: text on pages, no form fields.

`print_by_pdftocairo`    Poppler and cairo, as GNOME's viewer and macOS-like printing do
`print_by_ghostscript`   Ghostscript's pdfwrite, as most PDF printers do
`print_like_chromium`    PDFium's flattening for print, which is what Chromium, Chrome and Edge do
                         with a PDF before it goes to "Save as PDF": headless Chromium itself prints
                         a PDF as one empty page, so its engine is called the way its viewer does
`print_by_libreoffice`   LibreOffice Draw, which takes the page apart and sets it anew (seconds)
`flatten_by_pikepdf`     appearances merged into the page, as libraries and `qpdf` do

All take the bytes of a filled form and return the bytes of a PDF. The program that is called has to
be installed: pdftocairo, gs, soffice.
"""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pikepdf
import pypdfium2
import pypdfium2.raw as pdfium

_TIMEOUT = 120


def print_by_pdftocairo(form: bytes) -> bytes:
    """Print with Poppler's cairo back end."""
    return _run(form, lambda source, target: ["pdftocairo", "-pdf", source, target])


def print_by_ghostscript(form: bytes) -> bytes:
    """Print with Ghostscript's pdfwrite device."""
    options = ["-q", "-dSAFER", "-dBATCH", "-dNOPAUSE", "-sDEVICE=pdfwrite"]
    return _run(form, lambda source, target: ["gs", *options, f"-sOutputFile={target}", source])


def print_like_chromium(form: bytes) -> bytes:
    """Flatten for print with PDFium, drawing what lacks an appearance as its viewer does."""
    document = pypdfium2.PdfDocument(form)
    try:
        document.init_forms()
        for page in document:
            assert pdfium.FPDFPage_Flatten(page, pdfium.FLAT_PRINT) != pdfium.FLATTEN_FAIL
            page.close()
        target = BytesIO()
        document.save(target)
    finally:
        document.close()
    return _drop_form(target.getvalue())


def print_by_libreoffice(form: bytes) -> bytes:
    """Open the form in LibreOffice Draw and export it again."""
    with tempfile.TemporaryDirectory(prefix="ero-") as folder:
        source = Path(folder) / "form.pdf"
        source.write_bytes(form)
        profile = f"-env:UserInstallation=file://{folder}/profile"
        command = ["soffice", profile, "--headless", "--infilter=draw_pdf_import"]
        command += ["--convert-to", "pdf:draw_pdf_Export", "--outdir", f"{folder}/out", str(source)]
        subprocess.run(command, check=True, capture_output=True, timeout=_TIMEOUT)
        return (Path(folder) / "out" / "form.pdf").read_bytes()


def flatten_by_pikepdf(form: bytes) -> bytes:
    """Merge the appearances into the pages and take the form away."""
    with pikepdf.open(BytesIO(form)) as pdf:
        pdf.flatten_annotations(mode="all")
        target = BytesIO()
        pdf.save(target, deterministic_id=True)
    return _drop_form(target.getvalue())


def _run(form: bytes, build_command: Callable[[str, str], list[str]]) -> bytes:
    with tempfile.TemporaryDirectory(prefix="ero-") as folder:
        source, target = Path(folder) / "form.pdf", Path(folder) / "print.pdf"
        source.write_bytes(form)
        command = build_command(str(source), str(target))
        subprocess.run(command, check=True, capture_output=True, timeout=_TIMEOUT)
        return target.read_bytes()


def _drop_form(pdf_bytes: bytes) -> bytes:
    """Return the PDF without the form dictionary and the widgets that flattening left behind."""
    with pikepdf.open(BytesIO(pdf_bytes)) as pdf:
        if "/AcroForm" in pdf.Root:
            del pdf.Root.AcroForm
        for page in pdf.pages:
            if "/Annots" in page:
                del page.Annots
        target = BytesIO()
        pdf.save(target, deterministic_id=True)
    return target.getvalue()
