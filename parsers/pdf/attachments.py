"""Files that a PDF carries inside itself: listed, and taken out within bounds; never run.

They hang on the document's name tree (ISO 32000-2, 7.11.4; a portfolio's files do too) or on
annotations of its pages (12.5.6.15).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pikepdf

from parsers.pdf.objects import entries, find_text, items
from parsers.pdf.streams import read_start

_MOST_NODES = 1_000
_MOST_PAGES = 500
_PROGRAM_NAME = re.compile(
    r"\.(?:app|bat|bin|cmd|com|cpl|dll|dmg|exe|hta|iso|jar|jse?|lnk|ms[ip]|pif|ps1|reg|scr|sh|so"
    r"|sys|vb[es]|ws[fh])[ .]*",
    re.IGNORECASE,
)
#: How programs begin: for Windows, Linux and macOS, and scripts that name their interpreter.
_PROGRAM_STARTS = (b"MZ", b"\x7fELF", b"\xcf\xfa\xed\xfe", b"\xca\xfe\xba\xbe", b"#!")


def list_embedded(pdf: pikepdf.Pdf) -> Iterator[tuple[str, pikepdf.Stream]]:
    """Yield name and contents of every file that the document carries, each once."""
    seen: set[tuple[int, int]] = set()
    for listed_name, specification in _list_specifications(pdf):
        if not isinstance(specification, pikepdf.Dictionary):
            continue
        holders = specification.get("/EF")
        if not isinstance(holders, pikepdf.Dictionary):
            continue
        streams = (holders.get(key) for key in ("/UF", "/F"))
        stream = next((s for s in streams if isinstance(s, pikepdf.Stream)), None)
        if stream is None or stream.objgen in seen:
            continue
        seen.add(stream.objgen)
        names = (find_text(specification.get(key)) for key in ("/UF", "/F"))
        yield next((name for name in names if name), listed_name), stream


def _list_specifications(pdf: pikepdf.Pdf) -> Iterator[tuple[str, Any]]:
    names = pdf.Root.get("/Names")
    tree = names.get("/EmbeddedFiles") if isinstance(names, pikepdf.Dictionary) else None
    stack, met = ([tree] if isinstance(tree, pikepdf.Dictionary) else []), 0
    while stack and met < _MOST_NODES:
        node, met = stack.pop(), met + 1
        pairs = items(node.get("/Names"))
        yield from (
            (find_text(key) or "", value)
            for key, value in zip(pairs[::2], pairs[1::2], strict=False)
        )
        stack += entries(node.get("/Kids"))
    for page in list(pdf.pages)[:_MOST_PAGES]:
        for annotation in entries(page.obj.get("/Annots")):
            if annotation.get("/Subtype") == pikepdf.Name.FileAttachment:
                yield find_text(annotation.get("/Contents")) or "", annotation.get("/FS")


def has_program(pdf: pikepdf.Pdf) -> bool:
    """Return whether one of the files inside is a program, by its name or by how it begins."""
    return any(_is_program(name, stream) for name, stream in list_embedded(pdf))


def _is_program(name: str, stream: pikepdf.Stream) -> bool:
    if _PROGRAM_NAME.fullmatch(name[name.rfind(".") :]):
        return True
    try:
        return read_start(stream, 4).startswith(_PROGRAM_STARTS)
    except pikepdf.PdfError:
        return False
