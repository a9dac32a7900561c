"""A signed certification, tampered with: each way with why somebody does it, and what it then is.

Printing, saving and photographing are honest and happen daily; none of them keeps a signature.
"""

from __future__ import annotations

import io
import re
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

import pikepdf
import pypdfium2
from PIL import Image
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.writer import PageObject

from tests.conftest import require_or_skip

Tamper = Callable[[bytes], bytes]


def flip(mark: bytes, ahead: int) -> Tamper:
    """Turn one bit `ahead` bytes behind where a mark stands last."""

    def tamper(data: bytes) -> bytes:
        turned = bytearray(data)
        turned[data.rindex(mark) + ahead] ^= 1
        return bytes(turned)

    return tamper


def flip_in_object(kind: bytes) -> Tamper:
    """Turn one bit in the middle of the longest stream of an object with these words."""

    def tamper(data: bytes) -> bytes:
        streams = re.finditer(
            rb"obj\n<<[^>]{0,400}" + kind + rb"[^>]{0,400}>>[^<]{0,40}stream\n", data
        )
        start = next(streams).end()
        turned = bytearray(data)
        turned[start + 40] ^= 1
        return bytes(turned)

    return tamper


def turn_case(data: bytes) -> bytes:
    """Write one digit of the signature itself in the other case, which means the same."""
    place = re.compile(rb"/Contents <3082[0-9A-F]*?([A-F])").search(data)
    assert place is not None
    return data[: place.start(1)] + place[1].lower() + data[place.end(1) :]


def turn_issuer(data: bytes) -> bytes:
    """Turn a bit of who issued the authority's certificate, a copy of which lies beside."""
    name = b"Example Authority".hex().upper().encode()
    second = data.index(name, data.index(name) + 1)
    return data[:second] + b"46" + data[second + 2 :]


def fill_padding(data: bytes) -> bytes:
    """Write into the zeros that fill the place of the signature."""
    end = data.index(b">", data.rindex(b"/Contents <3082"))
    return data[: end - 4] + b"0001" + data[end:]


def append(data: bytes) -> bytes:
    """Add a byte behind the end, as some mail programs do."""
    return data + b"\n"


def cut(data: bytes) -> bytes:
    """Lose the last bytes, as a broken download does."""
    return data[:-3]


def update_metadata(data: bytes) -> bytes:
    """Add an update that changes no page, as a viewer does that only notes when it was opened."""
    writer = IncrementalPdfFileWriter(io.BytesIO(data))
    writer.update_root()
    return _write(writer)


def update_with_a_page(data: bytes) -> bytes:
    """Add an update with one page more."""
    writer = IncrementalPdfFileWriter(io.BytesIO(data))
    words = writer.add_object(generic.StreamObject(stream_data=b"0 0 100 100 re f"))
    writer.insert_page(PageObject(contents=words, media_box=(0, 0, 612, 792)))
    return _write(writer)


def _write(writer: IncrementalPdfFileWriter) -> bytes:
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def save(data: bytes) -> bytes:
    """Open it and save it anew."""
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(data)) as pdf:
        pdf.save(out)
    return out.getvalue()


def save_with_a_page(data: bytes) -> bytes:
    """Save it anew with one page twice."""
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(data)) as pdf:
        pdf.pages.append(pdf.pages[0])
        pdf.save(out)
    return out.getvalue()


def swap_facts(facts: bytes) -> Tamper:
    """Put another certification's facts into its place."""

    def tamper(data: bytes) -> bytes:
        out = io.BytesIO()
        with pikepdf.open(io.BytesIO(data)) as pdf:
            name = "certification-facts.json"
            pdf.attachments[name] = pikepdf.AttachedFileSpec(pdf, facts, filename=name)
            pdf.save(out)
        return out.getvalue()

    return tamper


def drop_signature(data: bytes) -> bytes:
    """Take the signature off and save it anew, facts and all."""
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(data)) as pdf:
        del pdf.Root.AcroForm
        del pdf.Root.Perms
        del pdf.pages[0].Annots
        # The place in what is read aloud, which would keep the signature in the file.
        del pdf.Root.StructTreeRoot
        pdf.save(out)
    return out.getvalue()


def run(*command: str) -> Tamper:
    """Let a program write it anew; `IN` and `OUT` in its words are the two files."""

    def tamper(data: bytes) -> bytes:
        require_or_skip(command[0])
        with tempfile.TemporaryDirectory() as folder:
            before, after = Path(folder) / "in.pdf", Path(folder) / "out.pdf"
            before.write_bytes(data)
            words = [w.replace("IN", str(before)).replace("OUT", str(after)) for w in command]
            subprocess.run(words, check=True, capture_output=True, timeout=60)
            return after.read_bytes()

    return tamper


def print_as_picture(data: bytes) -> bytes:
    """Print it to a PDF of pictures, as a scanner does."""
    pages = [_draw(data, number) for number in range(2)]
    out = io.BytesIO()
    pages[0].save(out, "PDF", save_all=True, append_images=pages[1:], resolution=150)
    return out.getvalue()


def photograph(data: bytes) -> bytes:
    """Take a picture of page 1."""
    out = io.BytesIO()
    _draw(data, 0).save(out, "PNG")
    return out.getvalue()


def _draw(data: bytes, number: int) -> Image.Image:
    with pypdfium2.PdfDocument(data) as pdf:
        drawn: Image.Image = pdf[number].render(scale=150 / 72, grayscale=True).to_pil()
        return drawn
