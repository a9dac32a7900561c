"""Filing: a mail with a Request Form becomes a request, or its author is told why it does not.

Outcomes: FILED (one request for each form in the mail, each acknowledged, asked to be completed, or
sent to review or to counsel), or FORM_SET_ASIDE (a document was attached and none is a form we can
read; the author is told what to do, and the mail waits for a person).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from sqlalchemy.orm import Session

from inbox_worker import correspondence, miscellany, notices, store
from inbox_worker.database import together
from inbox_worker.documents import ReadDocument, ReadDocuments, await_documents
from inbox_worker.dossier import Dossier, count_earlier_requests
from inbox_worker.intake import Apply, Intake
from inbox_worker.models import Request
from inbox_worker.services import Services
from inbox_worker.status import Disposition, RequestStatus
from inbox_worker.triage import Sender, Triage, find_date, triage
from parsers.extraction import Extraction, FieldProblem


@dataclass(frozen=True, slots=True, kw_only=True)
class Filing:
    """A mail whose forms are to be filed, each as a request of its own."""

    intake: Intake
    documents: ReadDocuments
    forms: tuple[ReadDocument, ...]

    def __call__(self, session: Session) -> Disposition:
        """File this mail alone."""
        file_mails(session, [self])
        return Disposition.FILED


@dataclass(frozen=True, slots=True, kw_only=True)
class _NewCase:
    """A form on its way to become a request."""

    filing: Filing
    form: ReadDocument
    route: RequestStatus
    new: store.NewRequest


def prepare_filing(intake: Intake) -> Apply:
    """Read the attached documents and return what to write for them."""
    documents = await_documents(intake)
    if not documents.forms:
        return partial(miscellany.set_aside, intake, documents)
    if intake.message.author is None:
        # Nobody can be answered: several authors, or none (RFC 5322 section 3.6.2).
        return partial(_leave_to_a_person, documents, intake)
    return Filing(intake=intake, documents=documents, forms=documents.forms)


def _leave_to_a_person(documents: ReadDocuments, intake: Intake, session: Session) -> Disposition:
    store.add_attachments(session, intake.entry.id, documents.attachment_rows)
    return Disposition.FOR_A_PERSON


def file_mails(session: Session, filings: Sequence[Filing]) -> None:
    """File every form of these mails, and write down what was attached to them."""
    if not filings:
        return
    with together(session):
        for filing in filings:
            rows = filing.documents.attachment_rows
            journal_id = filing.intake.entry.id
            store.add_attachments(session, journal_id, rows)
            store.keep_forms_inside(session, journal_id, filing.documents.forms_inside)
        file_forms(session, filings)


def file_forms(session: Session, filings: Sequence[Filing]) -> None:
    """File every form as a request of its own, with the letters that go with it."""
    cases = [_judge(filing, form) for filing in filings for form in filing.forms]
    requests = store.add_requests(session, [case.new for case in cases])
    earlier = count_earlier_requests(session, requests)
    for case, request in zip(cases, requests, strict=True):
        _write_case(session, case, request, earlier_requests=earlier[request.id])


def _judge(filing: Filing, form: ReadDocument) -> _NewCase:
    intake, extraction = filing.intake, form.extraction
    services = intake.services
    sender = Sender(address=intake.author_address, is_proven=intake.is_author_proven())
    judged = judge_extraction(services, extraction, sender, intake)
    requester_type = extraction.value("requester_type")
    new = store.NewRequest(
        status=judged.route,
        year=services.local_date(intake.now).year,
        received_at=intake.now,
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
    )
    return _NewCase(filing=filing, form=form, route=judged.route, new=new)


def _write_case(
    session: Session, case: _NewCase, request: Request, *, earlier_requests: int
) -> None:
    """Write down what a form says and what is wrong with it, and send it on its way."""
    intake, extraction = case.filing.intake, case.form.extraction
    documents, services = case.filing.documents, intake.services
    now = intake.now
    store.add_fields(session, request, extraction.fields, recorded_by=store.PROGRAM, now=now)
    shortcomings = list_shortcomings(services, extraction)
    store.add_problems(session, request, shortcomings)
    dossier = Dossier(
        fields=extraction.fields,
        problems=shortcomings,
        files=documents.files,
        original=case.form.attachment.data,
        has_supporting_attachment=documents.has_paper_beside_forms,
        earlier_requests=earlier_requests,
    )
    route(services, session, request, case.route, now_intake=intake, dossier=dossier)


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
        problems = store.list_problems(session, request) if dossier is None else dossier.problems
        correspondence.write_deficiency(services, session, request, problems, now=now)
    elif target is RequestStatus.LEGAL:
        correspondence.write_legal_receipt(services, session, request, now=now)
    else:
        correspondence.write_acknowledgement(services, session, request, now=now)
        notices.write_review_notices(
            services, session, request, now=now, dossier=dossier, answer=answer
        )
