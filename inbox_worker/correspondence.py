"""Letters that leave for outside, and alarms: composed from rows, put into the outbox.

Every function works in the caller's transaction. Nothing here chooses whether to write; that is the
use case's business. No letter here holds anything about a person.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from config.data import read_data
from inbox_worker import store
from inbox_worker.models import LetterRecord, Problem, Request
from inbox_worker.posting import Inbound, Posting, post_to_requester, post_unbound
from inbox_worker.services import Services
from inbox_worker.status import DeliveryStatus
from outbound.letters import Fact, Letter, Letterhead, LetterKind
from outbound.requester_letters import (
    Acknowledgement,
    Answer,
    Deficiency,
    DeficiencyItem,
    NoForm,
    Oversize,
    Question,
    SetAside,
    SetAsideDocument,
    compose_acknowledgement,
    compose_attachment_not_pdf,
    compose_certification_letter,
    compose_deficiency,
    compose_legal_received,
    compose_no_form,
    compose_oversize,
    compose_question,
    compose_refusal,
    compose_set_aside,
)
from outbound.staff_letters import StaffAlert, compose_staff_alert
from parsers.extraction import DocumentKind, Extraction, FieldProblem

#: Letters that answer mail about no request; their number per address and day is bounded.
UNBOUND_KINDS = tuple(
    k.value
    for k in (LetterKind.SET_ASIDE, LetterKind.NO_FORM, LetterKind.NOT_PDF, LetterKind.OVERSIZE)
)

#: The sentence and the advice of each alarm.
_ALARMS: Mapping[str, tuple[str, str]] = {
    "mail_quarantined": (
        "A mail could not be worked on and was set aside with its bytes kept.",
        "Look at it in the quarantine folder of the mailbox.",
    ),
    "mail_withheld": (
        "The mail server breaks off whenever it is asked for one of its mails.",
        "Have that mail looked at on the server. It is asked for now and then; others come in.",
    ),
    "mail_oversize": (
        "A mail is over the size limit, and nothing but its header was taken in.",
        "Look at it, and at any other of today, in the quarantine folder of the mailbox.",
    ),
    "letter_failed": (
        "A letter was refused for good, or given up after many attempts.",
        "Check the address, and tell the recipient another way.",
    ),
    "no_signing_key": (
        "A decision waits to be issued, and there is no usable signing key.",
        "Install the key, or set certification.require_signature = false to issue samples.",
    ),
    "issue_failed": (
        "A decision could not be issued; it is tried again every few seconds.",
        "Look in the log for issue_failed, and decide anew where that is what it takes.",
    ),
    "records_too_old": (
        "Your approval was not issued: the records were checked more than 72 hours ago.",
        "The request is back in review. Check the records again and answer the new notice.",
    ),
    "certifier_gone": (
        "Your approval was not issued: whoever was to certify it is no longer a certifier.",
        "The request is back in review. Answer the new notice.",
    ),
    "requester_wrote": (
        "The requester wrote again about this request.",
        "The mail lies in the mailbox's folder for a person; nothing was changed because of it.",
    ),
    "request_to_counsel": (
        "A request went to counsel: a demand is attached, or the person may be a citizen.",
        "A person has to look at it before anything is answered.",
    ),
}


def build_letterhead(services: Services) -> Letterhead:
    """Return who writes."""
    settings = services.settings
    return Letterhead(
        agency=settings.general.agency,
        mailbox=settings.smtp.from_address,
        timezone=settings.general.timezone,
    )


def write_acknowledgement(
    services: Services, session: Session, request: Request, *, now: datetime
) -> None:
    """Tell the mail's author that the request arrived, once."""
    letter = compose_acknowledgement(_acknowledgement(services, request))
    posting = Posting(key=f"acknowledgement:{request.id}", now=now)
    post_to_requester(services, session, request, request.author_address, letter, posting)


def write_legal_receipt(
    services: Services, session: Session, request: Request, *, now: datetime
) -> None:
    """Acknowledge a request that went to counsel, and tell the people who must know."""
    is_demand = "legal_process" in request.flags
    compose = compose_legal_received if is_demand else compose_acknowledgement
    letter = compose(_acknowledgement(services, request))
    posting = Posting(key=f"acknowledgement:{request.id}", now=now)
    post_to_requester(services, session, request, request.author_address, letter, posting)
    key = f"legal:{request.id}:{request.revision}"
    _tell_reviewers(services, session, request, "request_to_counsel", key=key, now=now)


def write_requester_wrote(
    services: Services, session: Session, request: Request, *, now: datetime
) -> None:
    """Tell reviewers, once a day and request, that a mail about it waits for a person."""
    key = f"wrote:{request.id}:{services.local_date(now)}"
    _tell_reviewers(services, session, request, "requester_wrote", key=key, now=now)


def _tell_reviewers(
    services: Services, session: Session, request: Request, code: str, *, key: str, now: datetime
) -> None:
    alert = _compose_alarm(services, code, request=request)
    for member in services.settings.find_staff_with("reviewer"):
        posting = Posting(key=f"{key}:{member.email.lower()}", now=now)
        post_unbound(services, session, member.email, alert, posting)


def write_deficiency(
    services: Services,
    session: Session,
    request: Request,
    problems: Sequence[Problem | FieldProblem],
    *,
    now: datetime,
) -> None:
    """Tell the mail's author what to mend, each field by its label."""
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
    letter = compose_deficiency(
        Deficiency(
            head=build_letterhead(services),
            tracking_number=request.tracking_number,
            items=tuple(items),
        )
    )
    posting = Posting(key=f"deficiency:{request.id}:{request.revision}", now=now)
    post_to_requester(services, session, request, request.author_address, letter, posting)


def write_question(
    services: Services, session: Session, request: Request, question: str, posting: Posting
) -> None:
    """Put a reviewer's question to the mail's author."""
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
    posting: Posting,
) -> None:
    """Send a certification form to the address the form names."""
    answer = Answer(
        head=build_letterhead(services),
        tracking_number=request.tracking_number,
        document=document,
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
    _answer(services, session, inbound, letter_key="set_aside", letter=letter, now=now)


def write_no_form(
    services: Services, session: Session, inbound: Inbound, *, rule: str, now: datetime
) -> None:
    """Tell an author how to send a request, with the blank form; `rule` is what judged the mail."""
    context = NoForm(
        head=build_letterhead(services),
        blank_form=blank_form(services),
        has_miswritten_number=rule == "tracking_number_does_not_hold",
    )
    compose = compose_attachment_not_pdf if rule == "attachment_but_no_pdf" else compose_no_form
    _answer(services, session, inbound, letter_key="no_form", letter=compose(context), now=now)


def write_oversize(
    services: Services, session: Session, inbound: Inbound, *, now: datetime
) -> None:
    """Tell an author the limit."""
    limit = services.settings.intake.message_bytes
    letter = compose_oversize(Oversize(head=build_letterhead(services), limit=limit))
    _answer(services, session, inbound, letter_key="oversize", letter=letter, now=now)


def write_alarm(
    services: Services,
    session: Session,
    *,
    code: str,
    key: str,
    ids: Mapping[str, str],
    now: datetime,
    request: Request | None = None,
    recipients: Sequence[str] = (),
) -> bool:
    """Tell `recipients`, or else those who are told of alarms; the same key twice is one alarm.

    Return whether it is a new one.
    """
    letter = _compose_alarm(services, code, ids=ids, request=request)
    alerts = services.settings.alerts
    told = False
    for address in recipients or alerts.alarms or alerts.urgent:
        posting = Posting(key=f"alarm:{key}:{address}", now=now)
        told |= post_unbound(services, session, address, letter, posting)
    return told


def write_failure_alerts(services: Services) -> int:
    """Tell staff of letters that failed for good and were not told of; return how many."""
    alerted = select(LetterRecord.key).where(LetterRecord.key.startswith("alarm:"))
    with services.database.read() as session:
        failed = session.scalars(
            select(LetterRecord.id).where(
                LetterRecord.status == DeliveryStatus.FAILED.value,
                LetterRecord.kind != LetterKind.STAFF_ALERT.value,
            )
        ).all()
        known = set(session.scalars(alerted)) if failed else set()
    untold = [i for i in failed if not any(k.startswith(f"alarm:letter:{i}:") for k in known)]
    for letter_id in untold:
        _write_failure_alert(services, letter_id)
    return len(untold)


def _write_failure_alert(services: Services, letter_id: int) -> None:
    now = services.clock()
    with services.database.unit_of_work() as unit:
        letter = unit.session.get_one(LetterRecord, letter_id)
        request = (
            None if letter.request_id is None else unit.session.get(Request, letter.request_id)
        )
        store.add_event(
            unit.session,
            "letter_failed",
            request=request,
            actor=store.PROGRAM,
            now=now,
            detail={"letter": letter.id, "kind": letter.kind},
        )
        write_alarm(
            services,
            unit.session,
            code="letter_failed",
            key=f"letter:{letter.id}",
            ids={"letter": str(letter.id), "kind": letter.kind, "reason": letter.reason or ""},
            now=now,
            request=request,
        )
        unit.commit()


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


def _compose_alarm(
    services: Services,
    code: str,
    *,
    ids: Mapping[str, str] | None = None,
    request: Request | None = None,
) -> Letter:
    sentence, to_do = _ALARMS[code]
    return compose_staff_alert(
        StaffAlert(
            head=build_letterhead(services),
            code=code,
            sentence=sentence,
            to_do=to_do,
            tracking_number="" if request is None else request.tracking_number,
            ids=tuple(Fact(label=k, value=v) for k, v in (ids or {}).items()),
        )
    )


def _answer(
    services: Services,
    session: Session,
    inbound: Inbound,
    *,
    letter_key: str,
    letter: Letter,
    now: datetime,
) -> None:
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
