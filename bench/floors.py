"""The least that reading a document can cost: the bare library call, and nothing made of it."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import pikepdf
import pypdfium2


def read_bare_fields(form: bytes) -> dict[str, str]:
    """Return every form field's name and value, as pikepdf gives them."""
    with pikepdf.open(io.BytesIO(form)) as pdf:
        values = {}
        pending = list(pdf.Root.AcroForm.Fields)
        while pending:
            field = pending.pop()
            pending.extend(field.get("/Kids", []))
            if "/T" in field and "/V" in field:
                values[str(field.T)] = str(field.V)
    assert values
    return values


def read_bare_characters(pdf: bytes) -> list[tuple[str, Any]]:
    """Return every character of every page with its box, as pypdfium2 gives them."""
    characters = []
    document = pypdfium2.PdfDocument(pdf)
    for page in document:
        text_page = page.get_textpage()
        text = text_page.get_text_range(errors="replace")
        boxes = [text_page.get_charbox(n) for n in range(text_page.count_chars())]
        characters += zip(text, boxes, strict=False)
        text_page.close()
        page.close()
    document.close()
    assert characters
    return characters


def load_bare_ocr(*, dpi: int) -> Callable[[bytes], list[str]]:
    """Return what reads every page of a PDF as RapidOCR does by itself, in one thread as we do."""
    from rapidocr import RapidOCR

    threads = "EngineConfig.onnxruntime.{}_op_num_threads"
    one_thread = {threads.format(kind): 1 for kind in ("intra", "inter")}
    engine = RapidOCR(params={"Global.log_level": "error", **one_thread})

    def read(pdf: bytes) -> list[str]:
        lines: list[str] = []
        document = pypdfium2.PdfDocument(pdf)
        for page in document:
            found = engine(page.render(scale=dpi / 72).to_numpy())
            lines += found.txts or ()
            page.close()
        document.close()
        assert lines
        return lines

    return read
