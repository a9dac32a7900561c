"""Letters that leave for outside, and alarms: composed from rows, put into the outbox.

Every function works in the caller's transaction. Nothing here chooses whether to write; that is the
use case's business. No letter here holds anything about a person.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from config.data import read_data
from config.settings import StaffMember
from inbox_worker import store
from inbox_worker.alarm_posting import post_alarm
from inbox_worker.models import LetterRecord, Problem, Request
from inbox_worker.posting import Inbound, Posting, post_to_requester, post_unbound
from inbox_worker.printing import needs_print, post_printable
from inbox_worker.services import Services
from inbox_worker.status import DeliveryStatus
from outbound.letters import Fact, Letter, Letterhead, LetterKind
from outbound.printed_letter import PrintedKind
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
from parsers.extraction import DocumentKind, Extraction, FieldProblem, FieldValue

#: A form's values by name, where they are not in the database yet.
Fields = Mapping[str, FieldValue]

#: Letters that answer mail about no request; their number per address and day is bounded.
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
        LetterKind.URGENT_HELP,
    )
)

#: The sentence and the advice of each alarm.
_ALARMS: Mapping[str, tuple[str, str]] = {
    "mail_quarantined": (
        "A mail could not be worked on and was set aside with its bytes kept.",
        "See what it is, on the worker's machine: ero-outreach quarantine list",
    ),
    "quarantine_waits": (
        "Mail lies in quarantine that could not be worked on.",
        "See what it is, and release or discard it: ero-outreach quarantine list",
    ),
    "no_more_answers": (
        "Too many mails without a request came in a day; they are no longer answered.",
        "Look at them in the mailbox's folder for a person. It may be a program that answers ours.",
    ),
    "mail_oversize": (
        "A mail is over the size limit, and nothing but its header was taken in.",
        "Look at it, and at any other of today, in the quarantine folder of the mailbox.",
    ),
    "letter_failed": (
        "A letter was refused for good, or given up after many attempts.",
        "Check the address, and tell the recipient another way.",
    ),
    "letter_came_back": (
        "A letter could not be delivered: a report of its failure came back.",
        "Check the address, and tell the recipient another way. Nothing is sent again by itself.",
    ),
    "answer_came_back": (
        "The answer to a request did not arrive: a report of its failure came back.",
        "Call the requester and check the address. Nothing is sent again by itself.",
    ),
    "report_unproven": (
        "A report says that a letter failed. It returns nothing that proves which letter it means.",
        "Look at the report in the mailbox's folder for automatic mail. Nothing was changed.",
    ),
    "report_unclear": (
        "A report about a letter came back, and the program cannot read what it says.",
        "Look at the report in the mailbox's folder for automatic mail. Nothing was changed.",
    ),
    "abuse_report": (
        "Somebody called a letter of this mailbox unwanted mail. Nothing was answered.",
        "Look at the report; many of them harm the delivery of other letters.",
    ),
    "requester_out_of_reach": (
        "A letter to the requester could not be delivered. Nothing is sent again by itself.",
        "Check the address with the requester by telephone.",
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
    "demand_received": (
        "A mail seems to bring a subpoena, a court order or another demand.",
        "Pass it on to counsel. It lies in the folder for a person, or with its request.",
    ),
    "urgent_acknowledged": (
        "The urgent mail was acknowledged; nobody is told of it again.",
        "",
    ),
    "urgent_reply_unproven": (
        "Your answer to an urgent alert could not be proven to come from you: it does not count.",
        "Answer the newest alert from your own mailbox, in the agency's network.",
    ),
    "you_stand_in": (
        "A colleague is away, and you stand in until they are back.",
        "Answer the notices that come with this mail, and those you have of second decisions.",
    ),
    "requester_withdrew": (
        "The requester took this request back. It is withdrawn.",
        "Nothing, unless you know that it was not meant.",
    ),
    "withdrawal_to_decide": (
        "The requester took this request back, and it is already decided or closed.",
        "Whoever decided can still answer CANCEL until the answer has left.",
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
    is_demand = "legal_process" in request.flags
    posting = Posting(key=f"acknowledgement:{request.id}", now=now)
    if needs_print(request):
        kind: PrintedKind = "legal_received" if is_demand else "acknowledgement"
        post_printable(services, session, request, kind, posting, fields=fields)
        return
    compose = compose_legal_received if is_demand else compose_acknowledgement
    letter = compose(_acknowledgement(services, request))
    post_to_requester(services, session, request, request.author_address, letter, posting)


def write_legal_news(
    services: Services, session: Session, request: Request, *, now: datetime
) -> None:
    """Tell reviewers, once a revision, that a request went to counsel."""
    key = f"legal:{request.id}:{request.revision}"
    _tell_reviewers(services, session, request, "request_to_counsel", key=key, now=now)


def write_requester_wrote(
    services: Services, session: Session, request: Request, *, now: datetime
) -> None:
    """Tell reviewers, once a day and request, that a mail about it waits for a person."""
    key = f"wrote:{request.id}:{services.local_date(now)}"
    _tell_reviewers(services, session, request, "requester_wrote", key=key, now=now)


def write_standing_in(
    services: Services,
    session: Session,
    deputy: StaffMember,
    absent: str,
    until: date,
    *,
    reviews: int,
    now: datetime,
) -> None:
    """Tell a deputy for whom they stand in, until when, and how many notices come with it."""
    ids = {"colleague": absent, "back on": until.isoformat(), "open reviews": str(reviews)}
    letter = compose_staff_alert(_build_alert(services, "you_stand_in", ids=ids))
    key = f"stand_in:{now.isoformat()}:{deputy.email.lower()}:{until}"
    post_unbound(services, session, deputy.email, letter, Posting(key=key, now=now))


def write_withdrawal_news(
    services: Services, session: Session, request: Request, code: str, *, now: datetime
) -> None:
    """Tell reviewers, once a request and round, that its requester took it back."""
    key = f"{code}:{request.id}:{request.round}"
    _tell_reviewers(services, session, request, code, key=key, now=now)


def write_letter_came_back(
    services: Services, session: Session, request: Request, letter_id: int, *, now: datetime
) -> None:
    """Tell reviewers, once a letter, that one to the requester could not be delivered."""
    key = f"came_back:{letter_id}"
    _tell_reviewers(services, session, request, "requester_out_of_reach", key=key, now=now)


def _tell_reviewers(
    services: Services, session: Session, request: Request, code: str, *, key: str, now: datetime
) -> None:
    alert = compose_staff_alert(_build_alert(services, code, request=request))
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
    fields: Fields | None = None,
) -> None:
    """Tell the mail's author what to mend, each field by its label."""
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
        )
    )
    post_to_requester(services, session, request, request.author_address, letter, posting)


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
        has_miswritten_number=rule == "tracking_number_does_not_hold",
        language=language if rule == "no_attachment" else "en",
    )
    compose = compose_attachment_not_pdf if rule == "attachment_but_no_pdf" else compose_no_form
    answer_mail(services, session, inbound, letter_key="no_form", letter=compose(context), now=now)


def write_oversize(
    services: Services, session: Session, inbound: Inbound, *, now: datetime
) -> None:
    """Tell an author the limit."""
    limit = services.settings.intake.message_bytes
    letter = compose_oversize(Oversize(head=build_letterhead(services), limit=limit))
    answer_mail(services, session, inbound, letter_key="oversize", letter=letter, now=now)


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
    alert = _build_alert(services, code, ids=ids, request=request)
    return post_alarm(services, session, alert, key=key, now=now, recipients=recipients)


def write_failure_alerts(services: Services) -> int:
    """Tell staff of letters that failed for good and were not told of; return how many."""
    alerted = select(LetterRecord.key).where(LetterRecord.key.startswith("alarm:"))
    with services.database.read() as session:
        failed = session.execute(
            select(LetterRecord.id, LetterRecord.retries).where(
                LetterRecord.status == DeliveryStatus.FAILED.value,
                LetterRecord.kind != LetterKind.STAFF_ALERT.value,
            )
        ).all()
        known = set(session.scalars(alerted)) if failed else set()
    keys = {letter_id: _failure_key(letter_id, retries) for letter_id, retries in failed}
    untold = [i for i, key in keys.items() if not any(k.startswith(f"alarm:{key}:") for k in known)]
    for letter_id in untold:
        _write_failure_alert(services, letter_id)
    return len(untold)


def _failure_key(letter_id: int, retries: int) -> str:
    """Return what the alarm is about: a letter that fails again is another one."""
    return f"letter:{letter_id}" if not retries else f"letter:{letter_id}:again:{retries}"


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
            key=_failure_key(letter.id, letter.retries),
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


def _build_alert(
    services: Services,
    code: str,
    *,
    ids: Mapping[str, str] | None = None,
    request: Request | None = None,
) -> StaffAlert:
    sentence, to_do = _ALARMS[code]
    return StaffAlert(
        head=build_letterhead(services),
        code=code,
        sentence=sentence,
        to_do=to_do,
        tracking_number="" if request is None else request.tracking_number,
        ids=tuple(Fact(label=k, value=v) for k, v in (ids or {}).items()),
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
