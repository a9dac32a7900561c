"""One case's proof as one ZIP file: the same bytes whenever the case is the same.

The names are of our making and hold nothing personal; every file has the time stamp that ZIP
begins with (1980). `SHA256SUMS` is what `sha256sum -c` reads. One file is in memory at a time.
"""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from io import BufferedRandom

from sqlalchemy import select
from sqlalchemy.orm import Session

from config.settings import Settings
from inbox_worker.casefile.protection import is_protected
from inbox_worker.casefile.triage import Flag
from inbox_worker.desk import auditing, bundle_contents
from inbox_worker.desk.audit_result import Break
from inbox_worker.desk.bundle_contents import GROUPS
from inbox_worker.storage import store
from inbox_worker.storage.models import Event, Request
from outbound.letters.words import format_moment
from outbound.proof.index import BundledEvent, BundledFile, BundleIndex, render_index

#: The event that says who made a bundle. It is about no request, so that the case stays as it was
#: and the next bundle of it is the same.
BUNDLED = "bundle_written"

_MANIFEST = "SHA256SUMS"
_BEGINNING = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """What was written."""

    files: int
    sha256: str  #: of the ZIP file
    warnings: tuple[str, ...]
    breaks: tuple[Break, ...]  #: where the record does not hold


def write_bundle(
    session: Session, settings: Settings, request: Request, file: BufferedRandom, *, now: datetime
) -> Bundle:
    """Write a case's bundle into a new file, open for reading and writing."""
    audit = auditing.audit_request(session, request)
    warnings = tuple(_list_warnings(session, settings, request, now))
    listed: list[BundledFile] = []
    with zipfile.ZipFile(file, "w") as archive:
        folder = request.tracking_number

        def put(path: str, data: bytes) -> str:
            _put(archive, f"{folder}/{path}", data)
            return hashlib.sha256(data).hexdigest()

        for content in bundle_contents.list_contents(session, request):
            listed.append(
                BundledFile(
                    path=content.path,
                    group=content.group,
                    what=content.what,
                    size=len(content.data),
                    sha256=put(content.path, content.data),
                )
            )
        index = BundleIndex(
            agency=settings.general.agency,
            timezone=settings.general.timezone,
            tracking_number=request.tracking_number,
            status=request.status,
            warnings=warnings,
            files=tuple(sorted(listed, key=lambda one: (GROUPS.index(one.group), one.path))),
            events=tuple(_list_events(session, request)),
            head=request.event_head,
            is_whole=not audit.breaks,
            manifest=_MANIFEST,
        )
        sums = [(one.path, one.sha256) for one in listed]
        sums.append(("index.html", put("index.html", render_index(index))))
        put(_MANIFEST, "".join(f"{sha256}  {path}\n" for path, sha256 in sums).encode())
    file.seek(0)
    return Bundle(
        files=len(sums) + 1,
        sha256=hashlib.file_digest(file, "sha256").hexdigest(),
        warnings=warnings,
        breaks=tuple(audit.breaks),
    )


def record_bundle(
    session: Session, request: Request, bundle: Bundle, *, actor: str, now: datetime
) -> None:
    """Write down that a bundle was made, and by whom."""
    detail = {"tracking_number": request.tracking_number, "sha256": bundle.sha256}
    store.add_event(session, BUNDLED, actor=actor, now=now, detail=detail)


def _put(archive: zipfile.ZipFile, path: str, data: bytes) -> None:
    entry = zipfile.ZipInfo(path, date_time=_BEGINNING)
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.create_system = 3  # Unix, wherever it is made
    entry.external_attr = 0o100600 << 16
    archive.writestr(entry, data, compresslevel=6)


def _list_warnings(
    session: Session, settings: Settings, request: Request, now: datetime
) -> Iterator[str]:
    yield (
        "It holds the whole case: personal data, what staff wrote to each other, who decided what "
        "and why. It is for counsel, the privacy office and the Inspector General. Nobody outside "
        "the agency, the requester and the person it is about included, gets it before counsel has "
        "agreed to that and to every page."
    )
    count, until = bundle_contents.find_live_tokens(session, request, now)
    if until is not None:
        last = format_moment(until, settings.general.timezone)
        yield (
            f"Its mails and letters hold {count} addresses that bind an answer to the case, the "
            f"last of them until {last}. A decision takes the person's own proven mail as well; an "
            "answer in the requester's name does not. Until then keep it inside."
        )
    others = bundle_contents.find_other_cases(session, request)
    if others:
        yield f"Some of its mails are about other cases too: {', '.join(others)}."
    if Flag.SSN.value in request.flags:
        yield "The form holds a Social Security number, which its mail and its file show."
    if is_protected(request):
        yield "The person is protected by law: 8 U.S.C. 1367(b) says who may be told anything."


def _list_events(session: Session, request: Request) -> Iterator[BundledEvent]:
    rows = session.scalars(
        select(Event).where(Event.request_id == request.id).order_by(Event.sequence)
    )
    for row in rows:
        yield BundledEvent(sequence=row.sequence, at=row.at, code=row.code, actor=row.actor)
