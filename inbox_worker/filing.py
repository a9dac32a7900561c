"""Filing: a mail with a Request Form becomes a request, or its author is told why it does not.

Outcomes: FILED (one request for each form in the mail, each acknowledged, asked to be completed, or
sent to review or to counsel), or FORM_SET_ASIDE (a document was attached and none is a form we can
read; the author is told what to do, and the mail waits for a person).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from sqlalchemy.orm import Session

from inbox_worker import correspondence, miscellany, notices, store
from inbox_worker.documents import ReadDocument, ReadDocuments, await_documents
from inbox_worker.dossier import Dossier, count_earlier_requests
from inbox_worker.intake import Apply, Intake
from inbox_worker.models import Request
from inbox_worker.services import Services
from inbox_worker.status import Disposition, RequestStatus
from inbox_worker.triage import Sender, Triage, find_date, triage
from parsers.extraction import Extraction, FieldProblem


def prepare_filing(intake: Intake) -> Apply:
    """Read the attached documents and return what to write for them."""
    documents = await_documents(intake)
    if not documents.forms:
        return partial(miscellany.set_aside, intake, documents)
    if intake.message.author is None:
        # Nobody can be answered: several authors, or none (RFC 5322 section 3.6.2).
        return partial(_leave_to_a_person, documents, intake)
    return partial(file_forms, intake, documents)


def _leave_to_a_person(documents: ReadDocuments, intake: Intake, session: Session) -> Disposition:
    store.add_attachments(session, intake.entry.id, documents.attachment_rows)
    return Disposition.FOR_A_PERSON


def file_forms(intake: Intake, documents: ReadDocuments, session: Session) -> Disposition:
    """File every form of the mail as a request of its own."""
    store.add_attachments(session, intake.entry.id, documents.attachment_rows)
    store.keep_forms_inside(session, intake.entry.id, documents.forms_inside)
    for form in documents.forms:
        file_form(intake, documents, form, session)
    return Disposition.FILED


def file_form(
    intake: Intake, documents: ReadDocuments, form: ReadDocument, session: Session
) -> None:
    """File one form of the mail as a request, with the letters that go with it."""
    services, now, extraction = intake.services, intake.now, form.extraction
    sender = Sender(address=intake.author_address, is_proven=intake.is_author_proven())
    judged = judge_extraction(services, extraction, sender, intake)
    requester_type = extraction.value("requester_type")
    request = store.add_request(
        session,
        store.NewRequest(
            journal_id=intake.entry.id,
            document_position=form.position,
            definition=extraction.definition or "",
            channel="email",
            author_address=sender.address,
            author_message_id=intake.message.message_id,
            author_proven=sender.is_proven,
            requester_type=requester_type if isinstance(requester_type, str) else None,
            deadline_date=find_date(extraction.value("deadline_date")),
            priority=judged.priority,
            flags=judged.flags,
        ),
        judged.route,
        year=services.local_date(now).year,
        now=now,
    )
    store.add_fields(session, request, extraction.fields, recorded_by=store.PROGRAM, now=now)
    shortcomings = list_shortcomings(services, extraction)
    store.add_problems(session, request, shortcomings)
    dossier = Dossier(
        fields=extraction.fields,
        problems=shortcomings,
        files=documents.files,
        original=form.attachment.data,
        has_supporting_attachment=documents.has_paper_beside_forms,
        earlier_requests=count_earlier_requests(session, request),
    )
    route(services, session, request, judged.route, now_intake=intake, dossier=dossier)


def judge_extraction(
    services: Services, extraction: Extraction, sender: Sender, intake: Intake
) -> Triage:
    """Return where a form goes, by its values and its sender."""
    return triage(
        extraction.fields,
        missing=extraction.missing,
        problems=extraction.problems,
        warnings=[w.code for w in extraction.warnings],
        sender=sender,
        official_domains=services.settings.general.official_domains,
        today=services.local_date(intake.now),
    )


def list_shortcomings(services: Services, extraction: Extraction) -> Sequence[FieldProblem]:
    """Return what is missing and what is wrong as one list, in the form's order."""
    definition = services.definition(extraction.definition or "")
    missing = [
        FieldProblem(field=name, code="missing", message="This field must be filled in.")
        for name in extraction.missing
    ]
    order = {f.name: i for i, f in enumerate(definition.fields)}
    return sorted([*missing, *extraction.problems], key=lambda p: order.get(p.field, len(order)))


def route(
    services: Services,
    session: Session,
    request: Request,
    target: RequestStatus,
    *,
    now_intake: Intake,
    dossier: Dossier | None = None,
    answer: str = "",
) -> None:
    """Send a request where triage says, with the letters that go with it.

    `dossier` and `answer` are what reviewers are shown, as `write_review_notices` takes them. A
    request that is INCOMPLETE and stays so is only asked again.
    """
    now = now_intake.now
    if request.status != target.value:
        store.move_request(
            session,
            request,
            target,
            code=f"request_{target.value.lower()}",
            actor=store.PROGRAM,
            now=now,
            journal_id=now_intake.entry.id,
            perfected_at=None if target is RequestStatus.INCOMPLETE else now,
        )
    if target is RequestStatus.INCOMPLETE:
        correspondence.write_deficiency(services, session, request, now=now)
    elif target is RequestStatus.LEGAL:
        correspondence.write_legal_receipt(services, session, request, now=now)
    else:
        correspondence.write_acknowledgement(services, session, request, now=now)
        notices.write_review_notices(
            services, session, request, now=now, dossier=dossier, answer=answer
        )
