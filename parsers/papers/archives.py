"""The files inside a ZIP archive or a `winmail.dat`, taken out in memory and within bounds.

No path is ever used and nothing is written. Every file of an archive ends as one `Member`: with its
bytes, or with a refusal, one of `inside_locked` (encrypted), `inside_damaged` (or packed in a way
this program does not know) and `inside_too_large` (it would unfold to more than is allowed).
Something that is no archive, or is damaged as a whole, has no members.
"""

from __future__ import annotations

import io
import logging
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from parsers.mail.headers import build_safe_name
from parsers.mail.message import WRAPPING_STARTS

#: More entries than this are no papers that somebody sends.
_MOST_ENTRIES = 5_000
#: Documents that are ZIP archives themselves; what lies in them is no paper of its own.
_OFFICE_MARKS = frozenset({"[Content_Types].xml", "mimetype", "META-INF/container.xml"})
*_ZIP_STARTS, _TNEF_START = WRAPPING_STARTS
_ENCRYPTED = 0x1
_UTF8 = 0x800
_KNOWN_PACKING = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})

# The library warns of damage in what it reads, and names what it read.
logging.getLogger("tnefparse").addHandler(logging.NullHandler())
logging.getLogger("tnefparse").propagate = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One file that lay in another one."""

    name: str  #: a safe base name, without any path
    data: bytes = b""
    refusal: str = ""  #: why its bytes were not taken out; empty when they were


def is_zip(data: bytes) -> bool:
    """Return whether the bytes begin like a ZIP archive."""
    return data.startswith(tuple(_ZIP_STARTS))


def is_tnef(data: bytes) -> bool:
    """Return whether the bytes begin like a `winmail.dat` (MS-OXTNEF)."""
    return data.startswith(_TNEF_START)


def open_zip(data: bytes, most: int) -> Iterator[Member]:
    """Yield the files of a ZIP archive, PDFs first; none may be longer than `most` bytes."""
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
    except (zipfile.BadZipFile, ValueError, OSError, EOFError, NotImplementedError):
        return
    with archive:
        listed = archive.infolist()[:_MOST_ENTRIES]
        if any(entry.filename in _OFFICE_MARKS for entry in listed[:20]):
            return
        files = [e for e in listed if not e.is_dir() and not _is_leftover(e.filename)]
        for entry in sorted(files, key=lambda e: not e.filename.lower().endswith(".pdf")):
            yield _take(archive, entry, most)


def _is_leftover(name: str) -> bool:
    """Return whether a file is what macOS and Windows leave in archives beside their files."""
    base = name.rpartition("/")[2]
    return name.startswith("__MACOSX/") or base in (".DS_Store", "Thumbs.db", "desktop.ini")


def _decode_name(entry: zipfile.ZipInfo) -> str:
    """Return a file's name; many programs write UTF-8 without saying so."""
    if entry.flag_bits & _UTF8:
        return entry.filename
    try:
        return entry.filename.encode("cp437").decode("utf-8")
    except UnicodeError:
        return entry.filename


def _take(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, most: int) -> Member:
    name = build_safe_name(_decode_name(entry))
    if entry.flag_bits & _ENCRYPTED:
        return Member(name=name, refusal="inside_locked")
    if entry.compress_type not in _KNOWN_PACKING:
        return Member(name=name, refusal="inside_damaged")
    if entry.file_size > most:
        return Member(name=name, refusal="inside_too_large")
    try:
        with archive.open(entry) as file:
            # What the entry says of its size may be wrong.
            found = file.read(most + 1)
    except (zipfile.BadZipFile, zlib.error, ValueError, OSError, EOFError, NotImplementedError):
        return Member(name=name, refusal="inside_damaged")
    if len(found) > most:
        return Member(name=name, refusal="inside_too_large")
    return Member(name=name, data=found)


def open_tnef(data: bytes, most: int) -> Iterator[Member]:
    """Yield the files of a `winmail.dat`, those of messages attached to it included."""
    # Few mails carry one.
    from tnefparse import TNEF  # noqa: PLC0415

    logging.getLogger("tnefparse").addFilter(_stop_behind_the_end)
    try:
        found = [*_list_tnef(TNEF(data, do_checksum=False), 0)]
    except MemoryError:
        raise
    except Exception:  # noqa: BLE001  the library raises anything on damaged data
        return
    for name, content in found:
        refusal = "inside_too_large" if len(content) > most else ""
        yield Member(name=name, data=b"" if refusal else content, refusal=refusal)


def _stop_behind_the_end(record: logging.LogRecord) -> bool:
    """End the library's search for properties where the data ends.

    It believes what a file says of their number, up to 4 billion, and tells of each that is not
    there; the first one told of is enough.
    """
    if str(record.msg).startswith("Skipping property"):
        raise ValueError("more properties are announced than there are data")
    return True


def _list_tnef(tnef: Any, depth: int) -> Iterator[tuple[str, bytes]]:
    for attachment in tnef.attachments:
        embedded = getattr(attachment, "embed", None)
        if embedded is not None and depth < 3:
            yield from _list_tnef(embedded, depth + 1)
        elif isinstance(attachment.data, bytes):
            yield _name_of(attachment), attachment.data


def _name_of(attachment: Any) -> str:
    """Return the long name of a file, else its short one, else none."""
    try:
        name = attachment.long_filename()
    except UnicodeDecodeError:
        # The library takes short names for UTF-8, and they are in the sender's code page.
        name = bytes(attachment._name).rstrip(b"\0").decode("cp1252", "replace")
    return build_safe_name(name) if isinstance(name, str) else ""
