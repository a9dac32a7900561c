"""What goes by post: a letter, and with an answer the certification, to be printed by staff.

`render_printed_letter` and `enclose_certification` return PDF bytes. The words are data in
`templates.printed`; what is put into them reaches the template as data and is never read as markup.
"""

from __future__ import annotations

import json
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources
from io import BytesIO
from typing import Any, Literal

import typst
from pikepdf import Dictionary, Name, Pdf

from outbound.certification.pdf import find_fonts
from outbound.letters.words import clean_text

PrintedKind = Literal[
    "acknowledgement",
    "certification",
    "legal_received",
    "deficiency",
    "question",
    "reminder",
    "closed_unanswered",
    "closed",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class PrintedLetter:
    """What one letter says beside its fixed words."""

    kind: PrintedKind
    agency: str
    tracking_number: str
    date: str  #: as it is read
    address_lines: tuple[str, ...]  #: as on the form
    items: tuple[tuple[str, str], ...] = ()  #: what to mend: a label, and a sentence or nothing
    quote: str = ""  #: a question


def render_printed_letter(letter: PrintedLetter) -> bytes:
    """Render the letter as PDF bytes, US Letter, the address in an envelope's window."""
    words = _words()
    fixed = words[letter.kind]
    number = {"tracking_number": letter.tracking_number}
    view = {
        "title": fixed["title"],
        "agency": letter.agency,
        "date": letter.date,
        "address": [clean_text(line) for line in letter.address_lines],
        "before": [text.format_map(number) for text in fixed["before"]],
        "items": [[label, f": {sentence}" if sentence else ""] for label, sentence in letter.items],
        "quote": clean_text(letter.quote),
        "after": [*(text.format_map(number) for text in fixed["after"]), words["help"]],
        "footer": letter.tracking_number,
    }
    return typst.compile(
        resources.files("templates.printed").joinpath("letter.typ").read_bytes(),
        font_paths=find_fonts(),
        ignore_system_fonts=True,
        sys_inputs={"view": json.dumps(view, ensure_ascii=False)},
    )


def enclose_certification(cover: bytes, certification: bytes) -> bytes:
    """Return a cover letter and the pages of a certification as one file to be printed.

    It asks for one side of the paper and for the size as it is, without which the address misses
    its window. What only a file can be, signed and read aloud, the enclosed pages are not.
    """
    with Pdf.open(BytesIO(cover)) as pdf, Pdf.open(BytesIO(certification)) as enclosed:
        for page in enclosed.pages:
            for key in ("/Annots", "/StructParents"):
                if key in page:
                    del page[key]
            pdf.pages.append(page)
        pdf.Root.ViewerPreferences = Dictionary(Duplex=Name.Simplex, PrintScaling=Name("/None"))
        printable = BytesIO()
        pdf.save(printable, deterministic_id=True)
    return printable.getvalue()


@cache
def _words() -> dict[str, Any]:
    return tomllib.loads(resources.files("templates.printed").joinpath("words.toml").read_text())
