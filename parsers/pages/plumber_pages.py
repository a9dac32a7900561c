"""A document opened by pdfplumber: the words of its pages, read slowly and independently.

A document that cannot be opened raises `TextLayerError`.
"""

from __future__ import annotations

import io
from types import TracebackType
from typing import Any

from parsers.pages.text_layer import MOST_WORDS, TextLayerError, spell_out
from parsers.pages.words import PageWords, Word

#: Letters further apart than this part of their size belong to two words.
_APART = 0.15


class PdfplumberPages:
    """A document whose words pdfplumber reads."""

    name = "pdfplumber"

    def __init__(self, data: bytes, password: str = "") -> None:
        # pdfplumber takes a quarter of a second to import; few documents need it.
        import pdfplumber  # noqa: PLC0415

        try:
            self._document: Any = pdfplumber.open(io.BytesIO(data), password=password)
        except Exception as error:
            raise TextLayerError(str(error)) from error

    def __enter__(self) -> PdfplumberPages:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def count(self) -> int:
        """Return the number of pages."""
        return len(self._document.pages)

    def words(self, number: int) -> PageWords:
        """Return the words of page `number`, counted from 1."""
        if not 0 < number <= self.count():
            return PageWords(number=number, width=0.0, height=0.0)
        page = self._document.pages[number - 1]
        left, top, right, bottom = (float(edge) for edge in page.cropbox or page.bbox)
        found = page.extract_words(
            keep_blank_chars=False, use_text_flow=False, x_tolerance_ratio=_APART
        )
        page.close()
        words = (
            Word(
                text=spell_out(str(w["text"])),
                box=(w["x0"] - left, bottom - w["bottom"], w["x1"] - left, bottom - w["top"]),
            )
            for w in found[:MOST_WORDS]
        )
        return PageWords(number=number, width=right - left, height=bottom - top, words=tuple(words))

    def close(self) -> None:
        """Give back what the reader holds."""
        self._document.close()
