"""Letters that leave for outside: composed from rows, put into the outbox.

Every function works in the caller's transaction. Nothing here chooses whether to write; that is the
use case's business. No letter here holds anything about a person.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime

from sqlalchemy.orm import Session

from config.data import read_data
from inbox_worker.letters.letterhead import build_letterhead
from inbox_worker.letters.posting import Inbound, Posting, post_to_requester, post_unbound
from inbox_worker.letters.printing import needs_print, post_printable
from inbox_worker.services import Services
from inbox_worker.status import RequestStatus
from inbox_worker.storage.models import Problem, Request
from outbound.letters.compose import Letter, LetterKind
from outbound.letters.printed import PrintedKind
from outbound.letters.requester_letters import (
    Acknowledgement,
    Answer,
    Closed,
    ClosedUnanswered,
    Deficiency,
    DeficiencyItem,
    NoForm,
    Oversize,
    Question,
    Reminder,
    Revocation,
    SetAside,
    SetAsideDocument,
    compose_acknowledgement,
    compose_attachment_not_pdf,
    compose_certification_letter,
    compose_closed,
    compose_closed_unanswered,
    compose_deficiency,
    compose_legal_received,
    compose_no_form,
    compose_oversize,
    compose_question,
    compose_refusal,
    compose_reminder,
    compose_revocation,
    compose_set_aside,
)
from outbound.letters.self_service_letters import NothingToTell, compose_nothing_to_tell
from parsers.extraction import DocumentKind, Extraction, FieldProblem, FieldValue

#: A form's values by name, where they are not in the database yet.
Fields = Mapping[str, FieldValue]

#: Letters that answer mail about no request; their number per address and day is bounded. What
#: helps in an emergency is not among them, and has a bound of its own.
UNBOUND_KINDS = tuple(
    k.value
    for k in (
        LetterKind.SET_ASIDE,
        LetterKind.NO_FORM,
        LetterKind.NOT_PDF,
        LetterKind.OVERSIZE,
        LetterKind.NOTHING_TO_TELL,
        LetterKind.REDIRECT,
        LetterKind.REQUEST_FORM,
        LetterKind.DEMAND_RECEIVED,
    )
)


def write_acknowledgement(
    services: Services,
    session: Session,
    request: Request,
    *,
    now: datetime,
    fields: Fields | None = None,
) -> None:
    """Tell the mail's author that the request arrived, once; on paper, whoever wrote."""
    posting = Posting(key=f"acknowledgement:{request.id}", now=now)
    if needs_print(request):
        post_printable(services, session, request, "acknowledgement", posting, fields=fields)
        return
    letter = compose_acknowledgement(_acknowledgement(services, request))
    post_to_requester(services, session, request, request.author_address, letter, posting)


def write_legal_receipt(
    services: Services,
    session: Session,
    request: Request,
    *,
    now: datetime,
    fields: Fields | None = None,
) -> None:
    """Acknowledge a request that went to counsel."""
    is_demand = not {"legal_process", "demand_found"}.isdisjoint(request.flags)
    posting = Posting(key=f"acknowledgement:{request.id}", now=now)
    if needs_print(request):
        kind: PrintedKind = "legal_received" if is_demand else "acknowledgement"
        post_printable(services, session, request, kind, posting, fields=fields)
        return
    compose = compose_legal_received if is_demand else compose_acknowledgement
    letter = compose(_acknowledgement(services, request))
    post_to_requester(services, session, request, request.author_address, letter, posting)


def write_deficiency(
    services: Services,
    session: Session,
    request: Request,
    problems: Sequence[Problem | FieldProblem],
    *,
    now: datetime,
    fields: Fields | None = None,
    returned_form: bytes | None = None,
) -> None:
    """Tell the mail's author what to mend, each field by its label, with their form to mend it."""
    posting = Posting(key=f"deficiency:{request.id}:{request.revision}", now=now)
    definition = services.definition(request.definition)
    titles = {s.name: s.title for s in definition.sections}
    items = []
    for problem in problems:
        field = definition.find_field(problem.field)
        if problem.flag_only or field is None:
            continue
        items.append(
            DeficiencyItem(
                label=field.label,
                sentence="" if problem.code == "missing" else problem.message,
                section=titles[field.section],
            )
        )
    if needs_print(request):
        listed = tuple((i.label, i.sentence) for i in items)
        post_printable(
            services, session, request, "deficiency", posting, items=listed, fields=fields
        )
        return
    letter = compose_deficiency(
        Deficiency(
            head=build_letterhead(services),
            tracking_number=request.tracking_number,
            items=tuple(items),
            returned_form=returned_form,
        )
    )
    post_to_requester(services, session, request, request.author_address, letter, posting)


def write_reminder(
    services: Services,
    session: Session,
    request: Request,
    *,
    asked_on: date,
    closes_on: date | None,
    key: str,
    now: datetime,
) -> None:
    """Remind the requester of what they were asked, and say when the request will be closed."""
    posting = Posting(key=key, now=now)
    if needs_print(request):
        post_printable(services, session, request, "reminder", posting)
        return
    letter = compose_reminder(
        Reminder(
            head=build_letterhead(services),
            tracking_number=request.tracking_number,
            asked_on=asked_on,
            is_form=request.status == RequestStatus.INCOMPLETE,
            closes_on=closes_on,
        )
    )
    post_to_requester(services, session, request, request.author_address, letter, posting)


def write_closed_unanswered(
    services: Services,
    session: Session,
    request: Request,
    *,
    asked_on: date,
    is_form: bool,
    key: str,
    now: datetime,
) -> None:
    """Tell the requester that the request is closed, and how to open it again."""
    posting = Posting(key=key, now=now)
    if needs_print(request):
        post_printable(services, session, request, "closed_unanswered", posting)
        return
    letter = compose_closed_unanswered(
        ClosedUnanswered(
            head=build_letterhead(services),
            tracking_number=request.tracking_number,
            asked_on=asked_on,
            is_form=is_form,
        )
    )
    post_to_requester(services, session, request, request.author_address, letter, posting)


def write_closed(
    services: Services, session: Session, request: Request, *, goes_on_as: str, posting: Posting
) -> None:
    """Tell the requester that staff closed the request, and under which number it goes on."""
    if needs_print(request):
        post_printable(services, session, request, "closed", posting)
        return
    letter = compose_closed(
        Closed(
            head=build_letterhead(services),
            tracking_number=request.tracking_number,
            goes_on_as=goes_on_as,
        )
    )
    post_to_requester(services, session, request, request.author_address, letter, posting)


def write_revocation(
    services: Services,
    session: Session,
    request: Request,
    *,
    recipient: str,
    control_number: str,
    issued_on: date,
    posting: Posting,
    replaced_by: str = "",
) -> None:
    """Tell somebody who was sent a document that it is revoked, or which takes its place."""
    letter = compose_revocation(
        Revocation(
            head=build_letterhead(services),
            tracking_number=request.tracking_number,
            control_number=control_number,
            issued_on=issued_on,
            replaced_by=replaced_by,
        )
    )
    post_to_requester(services, session, request, recipient, letter, posting)


def write_question(
    services: Services, session: Session, request: Request, question: str, posting: Posting
) -> None:
    """Put a reviewer's question to the mail's author."""
    if needs_print(request):
        post_printable(services, session, request, "question", posting, quote=question)
        return
    letter = compose_question(
        Question(
            head=build_letterhead(services),
            tracking_number=request.tracking_number,
            question=question,
        )
    )
    post_to_requester(services, session, request, request.author_address, letter, posting)


def write_answer(
    services: Services,
    session: Session,
    request: Request,
    document: bytes,
    *,
    recipient: str,
    is_refusal: bool,
    filing_copy: str,
    posting: Posting,
    courtesy_copy: bytes | None = None,
) -> None:
    """Send a certification form to the address the form names, with a translation or None.

    `filing_copy` is the name of the file attached to a sealed one, empty for a clear one.
    """
    answer = Answer(
        head=build_letterhead(services),
        tracking_number=request.tracking_number,
        document=document,
        filing_copy=filing_copy,
        courtesy_copy=courtesy_copy or b"",
    )
    letter = compose_refusal(answer) if is_refusal else compose_certification_letter(answer)
    post_to_requester(services, session, request, recipient, letter, posting)


def write_set_aside(
    services: Services,
    session: Session,
    inbound: Inbound,
    *,
    readings: Sequence[Extraction],
    now: datetime,
) -> None:
    """Tell an author why none of the attached documents could be used."""
    letter = compose_set_aside(
        SetAside(
            head=build_letterhead(services),
            documents=tuple(
                SetAsideDocument(reason_code=_reason(reading), number=number)
                for number, reading in enumerate(readings, start=1)
            ),
            count=len(readings),
            blank_form=blank_form(services),
        )
    )
    answer_mail(services, session, inbound, letter_key="set_aside", letter=letter, now=now)


def write_no_form(
    services: Services,
    session: Session,
    inbound: Inbound,
    *,
    rule: str,
    language: str,
    now: datetime,
) -> None:
    """Tell an author how to send a request, with the blank form; `rule` is what judged the mail."""
    context = NoForm(
        head=build_letterhead(services),
        blank_form=blank_form(services),
        language=language if rule == "no_attachment" else "en",
    )
    compose = compose_attachment_not_pdf if rule == "attachment_but_no_pdf" else compose_no_form
    answer_mail(services, session, inbound, letter_key="no_form", letter=compose(context), now=now)


def write_nothing_to_tell(
    services: Services,
    session: Session,
    inbound: Inbound,
    *,
    has_miswritten_number: bool,
    now: datetime,
) -> None:
    """Tell an author who names a request nothing, whether there is such a request or not."""
    context = NothingToTell(
        head=build_letterhead(services), has_miswritten_number=has_miswritten_number
    )
    letter = compose_nothing_to_tell(context)
    answer_mail(services, session, inbound, letter_key="nothing_to_tell", letter=letter, now=now)


def write_oversize(
    services: Services, session: Session, inbound: Inbound, *, now: datetime
) -> None:
    """Tell an author the limit."""
    limit = services.settings.intake.message_bytes
    letter = compose_oversize(Oversize(head=build_letterhead(services), limit=limit))
    answer_mail(services, session, inbound, letter_key="oversize", letter=letter, now=now)


def blank_form(services: Services) -> bytes:
    """Return the blank form people are sent."""
    return read_data(f"forms/{services.definitions[0].blank_form}")


def _acknowledgement(services: Services, request: Request) -> Acknowledgement:
    return Acknowledgement(
        head=build_letterhead(services),
        tracking_number=request.tracking_number,
        received_at=request.received_at,
        turnaround_text=services.settings.general.turnaround_text,
    )


def answer_mail(
    services: Services,
    session: Session,
    inbound: Inbound,
    *,
    letter_key: str,
    letter: Letter,
    now: datetime,
) -> None:
    """Answer a mail that is about no request, once by letters of one key."""
    posting = Posting(key=f"{letter_key}:{inbound.journal_id}", now=now, answers=inbound)
    post_unbound(services, session, inbound.author, letter, posting)


def _reason(reading: Extraction) -> str:
    """Return the code whose sentence tells best why a document was not used."""
    if reading.kind is DocumentKind.UNREADABLE and reading.warnings:
        # What was noticed on the way stands first, and why reading ended stands last.
        return reading.warnings[-1].code
    if reading.definition:
        return "no_values"
    if any(w.code == "no_form_in_pictures" for w in reading.warnings):
        return "scan"
    return reading.kind.value
