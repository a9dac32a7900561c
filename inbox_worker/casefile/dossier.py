"""What staff are shown of a request: its values, what is doubtful in them, its papers, its form.

Whoever has just filed a form knows all of it already; `read_dossier` is for everyone else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Select, and_, bindparam, func, or_, select
from sqlalchemy.orm import Session, aliased

from inbox_worker.storage import store
from inbox_worker.storage.models import AttachmentRecord, Event, FormInside, RawMail, Request
from outbound.letters.review_letters import Comparison, Note, ReceivedFile
from parsers.extraction import DocumentKind, FieldProblem, FieldValue
from parsers.mail.parsing import parse_message
from parsers.pdf.traits import list_remarks

#: What a paper is called that is only the wrapping of others.
WRAPPING = "wrapping"
#: What a picture is called that is a page of the document it was bound to with others.
PAGE = "page"
#: The event of a form that came again.
RESUBMITTED = "form_resubmitted"

#: What forms and wrappings are found to be; anything else attached may support a request.
_FORM_KINDS = (
    *(k.value for k in (DocumentKind.ACROFORM, DocumentKind.XFA, DocumentKind.TEXT)),
    DocumentKind.SCAN.value,
    WRAPPING,
    PAGE,
)

# Every batch of requests asks this: building the statement costs more than running it.
_EARLIER = aliased(Request)
_COUNT_EARLIER = (
    select(Request.id, func.count(_EARLIER.id))
    .outerjoin(
        _EARLIER,
        and_(_EARLIER.author_address == Request.author_address, _EARLIER.id < Request.id),
    )
    .where(Request.id.in_(bindparam("ids", expanding=True)))
    .group_by(Request.id)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Dossier:
    """A request's current revision, with the papers that came with it."""

    fields: Mapping[str, FieldValue]
    problems: Sequence[FieldProblem]
    files: tuple[ReceivedFile, ...]  #: everything attached to the mails about it
    original: bytes | None  #: the newest form as it was mailed
    has_supporting_attachment: bool  #: something beside the form came, then or later
    earlier_requests: int  #: from the same address
    notes: tuple[Note, ...] = ()  #: what reviewers wrote to each other, oldest first


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """What letters carry beside the file's words, made before anything is written."""

    pictures: Mapping[str, bytes] = field(default_factory=dict)  #: of spots to check, by field
    comparison: Comparison | None = None  #: with an earlier form, where there was one
    returned_form: bytes | None = None  #: for a requester who has to mend it


def read_dossier(session: Session, request: Request) -> Dossier:
    """Return what the database and the journal hold of a request."""
    files = session.scalars(
        select(AttachmentRecord)
        .where(
            or_(
                AttachmentRecord.journal_id == request.journal_id,
                AttachmentRecord.journal_id.in_(_select_later_mails(request)),
            )
        )
        .order_by(AttachmentRecord.journal_id, AttachmentRecord.position)
    ).all()
    return Dossier(
        fields=store.current_fields(session, request),
        problems=list_dossier_problems(session, request),
        files=tuple(
            describe_file(f.name, f.declared_type, f.size, f.found_in, f.warnings) for f in files
        ),
        original=find_original(session, request),
        has_supporting_attachment=has_supporting_attachment(session, request),
        earlier_requests=count_earlier_requests(session, [request])[request.id],
        notes=tuple(
            Note(by=event.actor, at=event.at, text=str(event.detail["text"]))
            for event in store.list_notes(session, request)
        ),
    )


def list_dossier_problems(session: Session, request: Request) -> list[FieldProblem]:
    """Return what is missing, wrong or doubtful in the current revision."""
    return [
        FieldProblem(field=p.field, code=p.code, message=p.message, flag_only=p.flag_only)
        for p in store.list_problems(session, request)
    ]


def describe_file(
    name: str, declared_type: str, size: int, found_in: str, warnings: Sequence[str]
) -> ReceivedFile:
    """Return a paper as reviewers are shown it: what it lay in, and what was noticed in it."""
    shown = f"{name}, in {found_in}" if found_in else name
    remarks = list_remarks(warnings)
    return ReceivedFile(name=shown, media_type=declared_type, size=size, remarks=remarks)


def find_original(session: Session, request: Request) -> bytes | None:
    """Return the bytes of the newest form as they were mailed, or None when they are gone."""
    newest = session.scalars(
        select(Event)
        .where(Event.request_id == request.id, Event.code == RESUBMITTED)
        .order_by(Event.id.desc())
        .limit(1)
    ).one_or_none()
    journal_id, position = request.journal_id, request.document_position
    if newest is not None and newest.journal_id is not None:
        journal_id, position = newest.journal_id, int(newest.detail["position"])
    return read_paper(session, journal_id, position)


def read_paper(session: Session, journal_id: int, position: int) -> bytes | None:
    """Return the bytes of a form that came with a mail, or None when they are gone."""
    raw = session.scalar(select(RawMail.raw).where(RawMail.journal_id == journal_id))
    if raw is None:
        return None
    attachments = parse_message(raw).attachments
    if position < len(attachments):
        return attachments[position].data
    kept = select(FormInside.data).where(
        FormInside.journal_id == journal_id, FormInside.position == position
    )
    return session.scalar(kept)


def list_digests(session: Session, request: Request) -> frozenset[str]:
    """Return the SHA-256 of everything that came with the mails about a request so far."""
    found = session.scalars(
        select(AttachmentRecord.sha256).where(
            or_(
                AttachmentRecord.journal_id == request.journal_id,
                AttachmentRecord.journal_id.in_(_select_later_mails(request)),
            )
        )
    )
    return frozenset(found)


def has_supporting_attachment(session: Session, request: Request) -> bool:
    """Whether anything beside a form came with the request, or with a later mail about it."""
    is_its_form = and_(
        AttachmentRecord.journal_id == request.journal_id,
        AttachmentRecord.position == request.document_position,
    )
    found = session.scalar(
        select(AttachmentRecord.id)
        .where(
            or_(
                AttachmentRecord.journal_id == request.journal_id,
                AttachmentRecord.journal_id.in_(_select_later_mails(request)),
            ),
            ~is_its_form,
            func.coalesce(AttachmentRecord.document_kind, "").not_in(_FORM_KINDS),
        )
        .limit(1)
    )
    return found is not None


def _select_later_mails(request: Request) -> Select[int | None]:
    return select(Event.journal_id).where(
        Event.request_id == request.id, Event.journal_id.is_not(None)
    )


def count_earlier_requests(session: Session, requests: Sequence[Request]) -> dict[int, int]:
    """Return, by each request's id, how many came from the same address before it."""
    return dict(session.execute(_COUNT_EARLIER, {"ids": [r.id for r in requests]}).all())
