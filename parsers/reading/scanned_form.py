"""Reads forms from pictures of their pages: scanned, faxed, photographed, in any order.

Each page is laid over the blank form it shows; pages that show none, a fax's cover sheet say, are
passed over, and where no page shows any, the first ones are read by their labels. What is written
in a slot is read twice by the recogniser, with the blank's own print taken out, and ticks are told
by their ink. Text that a scanner laid behind the picture is heard as a third opinion, and never
believed against the picture. The outcome is one `ScannedForm` for each copy of a form among the
pages, or none. Damaged documents and those over a limit raise `ParseError`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

import cv2
import numpy as np
from numpy.typing import NDArray

from parsers.definition import FormDefinition
from parsers.extraction import ReadLimits
from parsers.forms.alignment import AlignedPage, Frame, align, build_frames
from parsers.forms.layout import Slot
from parsers.forms.registration import Registration, Transform, group_pages
from parsers.forms.slot_marks import read_marks
from parsers.forms.slot_values import PageText, SlotText, read_texts
from parsers.forms.written_values import FormValues
from parsers.pages.line_reader import LineReader
from parsers.pages.pdfium_pages import PdfiumPages
from parsers.pages.pictures import PagePicture, read_page_pictures
from parsers.pages.specks import remove_specks
from parsers.pages.text_layer import TextLayerError
from parsers.pages.words import PageWords, Word
from parsers.pdf.objects import Box
from parsers.reading.handwriting import find_handwriting
from parsers.reading.ink_beside import has_ink_beside
from parsers.reading.ink_lines import find_lines
from parsers.reading.known_forms import KnownForm
from parsers.reading.labelled_scan import MOST_PAGES, read_by_labels
from parsers.reading.page_reader import PageReader
from parsers.reading.read_lines import ReadLine, read_lines
from parsers.reading.scan_confidence import BY_HAND, judge_scan, settle
from parsers.reading.slot_fields import PageReading, read_fields

_BySlot = dict[Slot, SlotText]
#: The library whose recogniser reads.
READER = "rapidocr"


@dataclass(frozen=True, slots=True, kw_only=True)
class ScannedForm:
    """One copy of a form."""

    definition: FormDefinition
    values: FormValues
    has_strays: bool = False  #: something is written beside the form's own fields


@dataclass(frozen=True, slots=True, kw_only=True)
class ScannedDocument:
    """What the pages of a document show."""

    pages: int
    forms: tuple[ScannedForm, ...]
    readers: tuple[str, ...]  #: the libraries that read it, in order
    passed_over: tuple[int, ...] = ()  #: pages that show nothing of a form where others do
    texts: tuple[str, ...] = ()  #: what stands on the first pages, where none shows a form


class ScanReader:
    """Reads documents against the forms it knows; loaded once, it is used for many."""

    def __init__(self, forms: Sequence[KnownForm]) -> None:
        self._forms = forms
        self._definitions = {form.definition.id: form.definition for form in forms}
        self._frames: tuple[Frame, ...] = tuple(
            frame
            for form in forms
            if form.layout is not None
            for frame in build_frames(form.definition, form.layout)
        )
        self._lines = LineReader()
        self._pages = PageReader(self._lines)
        # The other processors are the service's; threads cost more here than they give.
        cv2.setNumThreads(1)

    def read(
        self, data: bytes, *, password: str, limits: ReadLimits, today: date
    ) -> ScannedDocument:
        """Read every form in the document; raises `ParseError` where it cannot be drawn."""
        count = 0
        shown: dict[int, tuple[Registration, AlignedPage]] = {}
        first: list[PagePicture] = []
        for drawn in read_page_pictures(data, limits=limits, password=password):
            picture = replace(drawn, grey=remove_specks(drawn.grey))
            count += 1
            aligned = align(picture.grey, picture.number, self._frames)
            if aligned is not None:
                shown[picture.number] = _register(picture, aligned), aligned
            if count <= MOST_PAGES:
                first.append(picture)
        if not shown:
            return self._read_by_labels(first, count, today)
        behind = _find_text_behind(data, password, [one for one, _ in shown.values()])
        readings = {
            number: self._read_page(one, aligned, behind.get(number, {}), today)
            for number, (one, aligned) in shown.items()
        }
        strays = {number for number, (_, page) in shown.items() if has_ink_beside(page)}
        copies = group_pages([one for one, _ in shown.values()])
        return ScannedDocument(
            pages=count,
            forms=tuple(
                replace(
                    self._read_copy(copy, readings, today),
                    has_strays=any(one.page.number in strays for one in copy),
                )
                for copy in copies
            ),
            readers=(READER, PdfiumPages.name) if any(behind.values()) else (READER,),
            passed_over=tuple(n for n in range(1, count + 1) if n not in shown),
        )

    def _read_by_labels(
        self, pictures: Sequence[PagePicture], count: int, today: date
    ) -> ScannedDocument:
        forms = [(form.definition, form.index) for form in self._forms]
        found, words = read_by_labels(pictures, self._pages, forms)
        read: tuple[ScannedForm, ...] = ()
        if found is not None:
            values = read_fields(
                found.definition, [found.reading], source="scan", today=today, judge=judge_scan
            )
            read = (ScannedForm(definition=found.definition, values=values),)
        texts = () if read else tuple(" ".join(w.text for w in page.words) for page in words)
        return ScannedDocument(pages=count, forms=read, readers=(READER,), texts=texts)

    def _read_copy(
        self, copy: Sequence[Registration], readings: Mapping[int, PageReading], today: date
    ) -> ScannedForm:
        definition = self._definitions[copy[0].layout.definition]
        pages = [readings[one.page.number] for one in copy]
        return ScannedForm(
            definition=definition,
            values=read_fields(definition, pages, source="scan", today=today, judge=judge_scan),
        )

    def _read_page(
        self, registration: Registration, page: AlignedPage, behind: _BySlot, today: date
    ) -> PageReading:
        def cut(box: Box) -> NDArray[np.uint8]:
            return page.grey[page.frame.cut(box)]

        definition = self._definitions[registration.layout.definition]
        first, second, unread = self._look_twice(page)
        to_page = registration.to_layout.inverse()
        texts = (
            settle(
                text,
                second.get(text.slot),
                behind.get(text.slot),
                definition.find_field(text.slot.field),
                today=today,
            )
            for text in first.values()
        )
        return PageReading(
            text=PageText(
                texts=tuple(
                    replace(text, box=to_page.map_box(text.box), page=page.number)
                    for text in (*texts, *unread)
                ),
                strays=(),
            ),
            marks=read_marks(registration, cut),
        )

    def _look_twice(self, page: AlignedPage) -> tuple[_BySlot, _BySlot, list[SlotText]]:
        """Return what stands in each slot by both looks, and what neither look could read.

        Boxes are the layout page's.
        """
        found = [
            (slot, line)
            for slot in page.frame.layout.slots
            if not slot.is_mark
            for line in find_lines(page, slot)
        ]
        lines = [line for _, line in found]
        by_hand = find_handwriting(lines)
        read = [
            _trust_less(one) if line in by_hand else one
            for line, one in zip(lines, read_lines(self._lines, lines), strict=True)
        ]
        first = _sort_into_slots(page, [word for line in read for word in line.first])
        second = _sort_into_slots(page, [word for line in read for word in line.second])
        unread = {slot: line.box for slot, line in found if slot not in first}
        return (
            first,
            second,
            [
                SlotText(slot=slot, text="", box=box, page=page.number, confidence=0.0)
                for slot, box in unread.items()
            ],
        )


def _register(picture: PagePicture, page: AlignedPage) -> Registration:
    """Return where the page lies, in points of the page as it is shown."""
    scale = picture.dpi / 72
    height, width = picture.grey.shape
    to_pixels = np.array([[scale, 0, 0], [0, -scale, height], [0, 0, 1]])
    return Registration(
        page=PageWords(number=picture.number, width=width / scale, height=height / scale),
        layout=page.frame.layout,
        to_layout=Transform(tuple((page.matrix @ to_pixels).ravel().tolist())),
        score=page.score,
    )


def _sort_into_slots(page: AlignedPage, words: Sequence[Word]) -> _BySlot:
    layout = page.frame.layout
    lying_there = Registration(
        page=PageWords(
            number=page.number, width=layout.width, height=layout.height, words=tuple(words)
        ),
        layout=layout,
        to_layout=Transform(),
        score=page.score,
    )
    return _by_slot(lying_there)


def _by_slot(registration: Registration) -> _BySlot:
    return {text.slot: text for text in read_texts(registration).texts}


def _find_text_behind(
    data: bytes, password: str, pages: Sequence[Registration]
) -> dict[int, _BySlot]:
    """Return, by page, what a PDF's text layer says stands in the slots."""
    if not pages or b"%PDF-" not in data[:1024]:
        return {}
    try:
        with PdfiumPages(data, password) as layer:
            return {
                one.page.number: _by_slot(replace(one, page=layer.words(one.page.number)))
                for one in pages
            }
    except TextLayerError:
        return {}


def _trust_less(line: ReadLine) -> ReadLine:
    """Return a line that was written by hand, which nobody takes for certain."""
    return ReadLine(
        first=tuple(w._replace(confidence=min(w.confidence, BY_HAND)) for w in line.first),
        second=tuple(w._replace(confidence=min(w.confidence, BY_HAND)) for w in line.second),
    )
