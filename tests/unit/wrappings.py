"""Wraps files as people's programs do: in ZIP archives, `winmail.dat`, mails and PDFs."""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Mapping
from email.message import EmailMessage

import pikepdf
from pikepdf import Array, Dictionary, Name, String

_TNEF_SIGNATURE = 0x223E9F78


def build_zip(files: Mapping[str, bytes], **options: int) -> bytes:
    """Return a ZIP archive; a name that ends with a slash is a folder."""
    output = io.BytesIO()
    with zipfile.ZipFile(output, "w", options.get("packing", zipfile.ZIP_DEFLATED)) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return output.getvalue()


def lock_zip(archive: bytes) -> bytes:
    """Return the archive with every entry marked as encrypted, as far as a reader can tell."""
    data = bytearray(archive)
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        place = data.find(mark)
        while place >= 0:
            data[place + offset] |= 1
            place = data.find(mark, place + 4)
    return bytes(data)


def build_winmail(files: Mapping[str, bytes], *, long_names: bool = True) -> bytes:
    """Return a `winmail.dat` (MS-OXTNEF) with a title, a long name and data for each file."""
    parts = [struct.pack("<IH", _TNEF_SIGNATURE, 1)]
    parts.append(_tnef_object(1, 0x9006, 8, struct.pack("<I", 0x10000)))
    parts.append(_tnef_object(1, 0x9007, 6, struct.pack("<II", 1252, 0)))
    parts.append(_tnef_object(1, 0x800C, 2, b"APPROVE\r\n\0"))
    for name, data in files.items():
        parts.append(_tnef_object(2, 0x9002, 6, b"\x01\x00" + b"\xff" * 4 + b"\0" * 8))
        parts.append(_tnef_object(2, 0x8010, 1, name[:8].encode("cp1252") + b"~1.PDF\0"))
        parts.append(_tnef_object(2, 0x800F, 6, data))
        if long_names:
            parts.append(_tnef_object(2, 0x9005, 6, _long_name(name)))
    return b"".join(parts)


def _tnef_object(level: int, name: int, kind: int, data: bytes) -> bytes:
    head = struct.pack("<BHHI", level, name, kind, len(data))
    return head + data + struct.pack("<H", sum(data) & 0xFFFF)


def _long_name(name: str) -> bytes:
    """Return the property PR_ATTACH_LONG_FILENAME, in UTF-16 as Outlook writes it."""
    text = name.encode("utf-16-le") + b"\0\0"
    padded = text + b"\0" * (-len(text) % 4)
    return struct.pack("<IHHII", 1, 0x001F, 0x3707, 1, len(text)) + padded


def build_mail(files: Mapping[str, bytes], *, text: str = "Please see below.\n") -> bytes:
    """Return a mail with files attached."""
    mail = EmailMessage()
    mail["From"] = "someone@courts.example"
    mail["Subject"] = "Forwarded"
    mail.set_content(text)
    for name, data in files.items():
        mail.add_attachment(data, maintype="application", subtype="octet-stream", filename=name)
    return mail.as_bytes()


def build_portfolio(files: Mapping[str, bytes], *, is_portfolio: bool = True) -> bytes:
    """Return a PDF of one cover page that carries files."""
    pdf = pikepdf.new()
    pdf.add_blank_page(page_size=(612, 792))
    for name, data in files.items():
        pdf.attachments[name] = data
    if is_portfolio:
        pdf.Root.Collection = Dictionary(Type=Name.Collection, View=Name.D)
    return _save(pdf)


def pin_to_page(name: str, data: bytes) -> bytes:
    """Return a PDF with a file on a pin of its page, and none in its list of files."""
    pdf = pikepdf.new()
    pdf.add_blank_page(page_size=(612, 792))
    file = pdf.make_stream(data, Type=Name.EmbeddedFile)
    holder = Dictionary(Type=Name.Filespec, F=String(name), EF=Dictionary(F=file))
    pin = Dictionary(
        Type=Name.Annot, Subtype=Name.FileAttachment, Rect=Array([9, 9, 19, 19]), FS=holder
    )
    pdf.pages[0].obj.Annots = Array([pdf.make_indirect(pin)])
    return _save(pdf)


def _save(pdf: pikepdf.Pdf) -> bytes:
    output = io.BytesIO()
    pdf.save(output)
    return output.getvalue()
