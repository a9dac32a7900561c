"""What a proof bundle holds: every file of it, one after the other, named without personal data.

Raw mails are byte for byte as they came and letters as they were sent, so both carry the tokens
that bind an answer to the case; `find_live_tokens` says until when such an answer counts. A letter
that shows a password is left out, and the digests of tokens, passwords and protected people are
nowhere. Structured data is JSON, in which Social Security numbers are masked; only an event's
canonical form stands as it was hashed.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session, undefer

from inbox_worker.casefile.dossier import RESUBMITTED, read_paper
from inbox_worker.desk import disclosures, views
from inbox_worker.desk.case_mails import find_mail_ids
from inbox_worker.storage.event_chain import NOTHING_BEFORE, canonical_form
from inbox_worker.storage.models import (
    AttachmentRecord,
    CertificationRecord,
    Decision,
    Event,
    JournalEntry,
    LetterRecord,
    RawLetter,
    RawMail,
    Request,
    Token,
)
from outbound.letters.compose import LetterKind
from parsers.values.ssn import mask_json

#: Kinds of letters that show a password.
_SECRET = (LetterKind.CALL.value,)

#: How files begin, and how the name of such a file ends.
_BEGINNINGS = (
    (b"%PDF", "pdf"),
    (b"II*\0", "tif"),
    (b"MM\0*", "tif"),
    (b"\xff\xd8", "jpg"),
    (b"\x89PNG", "png"),
)

_DATA, _MAILS, _FORMS = "Data", "Mails as they came", "Forms"
_LETTERS, _CERTIFICATIONS = "Letters as they were sent", "Certifications"
#: The headings of the readable page, in their order.
GROUPS = (_CERTIFICATIONS, _FORMS, _MAILS, _LETTERS, _DATA)


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """A file on its way into the bundle."""

    path: str
    group: str
    what: str
    data: bytes


def list_contents(session: Session, request: Request) -> Iterator[Content]:
    """Yield every file of a case's bundle but the index and the manifest, in their order."""
    view = views.find_file(session, request.tracking_number) or {}
    mails = find_mail_ids(session, request)
    names = {id_: f"mails/{number:04}.eml" for number, id_ in enumerate(mails, 1)}
    yield from _list_mails(session, mails, names)
    yield from _list_forms(session, request, names)
    yield from _list_letters(session, request)
    yield from _list_certifications(session, request)
    yield _json("case", "The request and where it stands.", _view_case(view))
    yield _json(
        "reading",
        "What was read in the form, by which reader, how surely, and every later correction; what "
        "came with each mail.",
        _view_reading(session, request, view, mails, names),
    )
    yield _json("mails", "Each mail and what became of it.", _view_mails(session, mails, names))
    yield _json(
        "decisions",
        "What was decided, by whom, by which mail.",
        _view_decisions(session, request, names),
    )
    yield _json(
        "accounting",
        "The accounting of disclosures of this case (5 U.S.C. 552a(c)), whole.",
        disclosures.list_of_request(session, request),
    )
    yield Content(
        path="data/events.json",
        group=_DATA,
        what="The chain of events: each with its hash and the words that the hash is of.",
        data=_dump(_view_chain(session, request)),
    )


def find_live_tokens(
    session: Session, request: Request, now: datetime
) -> tuple[int, datetime | None]:
    """Return how many tokens in the case's mails still bind an answer, and until when."""
    ends = session.scalars(
        select(Token.expires_at).where(Token.request_id == request.id, Token.expires_at > now)
    ).all()
    return len(ends), max(ends, default=None)


def find_other_cases(session: Session, request: Request) -> list[str]:
    """Return the tracking numbers of other cases that the same mails are about."""
    ids = find_mail_ids(session, request)
    events = select(Event.request_id).where(
        Event.journal_id.in_(ids), Event.request_id.is_not(None)
    )
    found = session.scalars(
        select(Request.tracking_number)
        .where(Request.id != request.id, or_(Request.journal_id.in_(ids), Request.id.in_(events)))
        .order_by(Request.id)
    )
    return list(found)


def _json(name: str, what: str, value: Any) -> Content:
    return Content(path=f"data/{name}.json", group=_DATA, what=what, data=_dump(mask_json(value)))


def _dump(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, indent=1).encode("utf-8", "replace") + b"\n"


def _list_mails(session: Session, mails: Sequence[int], names: dict[int, str]) -> Iterator[Content]:
    for id_ in mails:
        entry = session.get_one(JournalEntry, id_)
        raw = session.scalar(select(RawMail.raw).where(RawMail.journal_id == id_))
        if raw is None:
            continue
        what = f"Mail {id_}, taken for {(entry.kind or 'nothing yet').replace('_', ' ')}"
        part = "" if entry.is_whole else "; it was too large, and only its header was fetched"
        yield Content(path=names[id_], group=_MAILS, what=f"{what}{part}.", data=raw)


def _list_forms(session: Session, request: Request, names: dict[int, str]) -> Iterator[Content]:
    """Yield the form, and each that came again; forms of other cases in the same mails are not."""
    again = session.scalars(
        select(Event)
        .where(Event.request_id == request.id, Event.code == RESUBMITTED)
        .order_by(Event.sequence)
    )
    places = [(request.journal_id, request.document_position)]
    places += [(e.journal_id, int(e.detail["position"])) for e in again if e.journal_id is not None]
    for journal_id, position in dict.fromkeys(places):
        data = read_paper(session, journal_id, position)
        if data is not None:
            mail = names[journal_id].removeprefix("mails/").removesuffix(".eml")
            yield Content(
                path=f"forms/{mail}-{position + 1}.{_find_ending(data)}",
                group=_FORMS,
                what=f"The form, as it came with mail {journal_id}.",
                data=data,
            )


def _find_ending(data: bytes) -> str:
    return next((ending for start, ending in _BEGINNINGS if data.startswith(start)), "bin")


def _attachments(session: Session, mails: Sequence[int]) -> Sequence[AttachmentRecord]:
    return session.scalars(
        select(AttachmentRecord)
        .where(AttachmentRecord.journal_id.in_(mails))
        .order_by(AttachmentRecord.journal_id, AttachmentRecord.position)
    ).all()


def _list_letters(session: Session, request: Request) -> Iterator[Content]:
    letters = session.scalars(
        select(LetterRecord).where(LetterRecord.request_id == request.id).order_by(LetterRecord.id)
    ).all()
    listed = []
    for number, letter in enumerate(letters, 1):
        path = f"letters/{number:04}.eml"
        is_secret = letter.kind in _SECRET
        raw = session.scalar(select(RawLetter.raw).where(RawLetter.letter_id == letter.id))
        is_there = raw is not None and not is_secret
        view = views.view_letter(letter)
        listed.append(
            {
                **view,
                "file": path if is_there else None,
                **({"left_out": "It shows a password."} if is_secret else {}),
            }
        )
        if raw is not None and not is_secret:
            kind = letter.kind.replace("_", " ")
            yield Content(
                path=path,
                group=_LETTERS,
                what=f"Letter {letter.id}, {kind}, {letter.status.lower()}.",
                data=raw,
            )
    yield _json("letters", "Each letter, to whom, and what became of it.", listed)


def _list_certifications(session: Session, request: Request) -> Iterator[Content]:
    records = session.scalars(
        select(CertificationRecord)
        .where(CertificationRecord.request_id == request.id)
        .options(undefer(CertificationRecord.pdf))
        .order_by(CertificationRecord.id)
    ).all()
    listed = []
    for number, record in enumerate(records, 1):
        path = f"certifications/{number:02}-{record.control_number}.pdf"
        listed.append({**views.view_certification(record), "facts": record.facts, "file": path})
        yield Content(
            path=path,
            group=_CERTIFICATIONS,
            what=f"Certification {record.control_number}, {record.status}; the clear copy of the"
            " archive.",
            data=record.pdf,
        )
    yield _json("certifications", "Each certification and the facts it was made of.", listed)


_APART = ("fields", "messages", "decisions", "events", "letters", "certifications")


def _view_case(view: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in view.items() if name not in _APART}


def _view_reading(
    session: Session,
    request: Request,
    view: dict[str, Any],
    mails: Sequence[int],
    names: dict[int, str],
) -> dict[str, Any]:
    papers = [
        {
            "mail": names[row.journal_id],
            "position": row.position,
            "name": row.name,
            "declared_type": row.declared_type,
            "size": row.size,
            "sha256": row.sha256,
            "found_in": row.found_in,
            "kind": row.document_kind,
            "warnings": row.warnings,
        }
        for row in _attachments(session, mails)
    ]
    return {"definition": request.definition, "papers": papers, "fields": view["fields"]}


def _view_mails(
    session: Session, mails: Sequence[int], names: dict[int, str]
) -> list[dict[str, Any]]:
    entries = [session.get_one(JournalEntry, id_) for id_ in mails]
    return [
        {
            "id": entry.id,
            "file": names[entry.id],
            "sha256": entry.sha256,
            "is_whole": entry.is_whole,
            "recorded_at": entry.recorded_at.isoformat(),
            "kind": entry.kind,
            "rule": entry.rule,
            "disposition": entry.disposition,
        }
        for entry in entries
    ]


def _view_decisions(
    session: Session, request: Request, names: dict[int, str]
) -> list[dict[str, Any]]:
    rows = session.scalars(
        select(Decision).where(Decision.request_id == request.id).order_by(Decision.id)
    )
    return [
        {
            **views.view_decision(row),
            "revision": row.revision,
            "certifier": row.certifier,
            "mail": names.get(row.journal_id),
        }
        for row in rows
    ]


def _view_chain(session: Session, request: Request) -> dict[str, Any]:
    rows = session.execute(
        select(Event, JournalEntry.sha256)
        .outerjoin(JournalEntry, JournalEntry.id == Event.journal_id)
        .where(Event.request_id == request.id)
        .order_by(Event.sequence)
    )
    listed, previous = [], NOTHING_BEFORE
    for event, mail in rows:
        facts = {name: getattr(event, name) for name in _FACTS}
        words = canonical_form(request.tracking_number, event.sequence, previous, facts, mail)
        listed.append(
            {"sequence": event.sequence, "hash": event.hash, "canonical": words.decode("ascii")}
        )
        previous = event.hash
    return {
        "chain": request.tracking_number,
        "count": request.event_count,
        "head": request.event_head,
        "events": listed,
    }


_FACTS = ("at", "code", "actor", "status_from", "status_to", "detail")
