"""Filing: a mail with a Request Form becomes a request, or its author is told why it does not.

Outcomes: FILED (one request for each form in the mail, each acknowledged, asked to be completed, or
sent to review or to counsel), or FORM_SET_ASIDE (a document was attached and none is a form we can
read; the author is told what to do, and the mail waits for a person).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

from sqlalchemy.orm import Session

from inbox_worker import correspondence, miscellany, notices, store
from inbox_worker.documents import ReadDocument, ReadDocuments, await_documents
from inbox_worker.dossier import Dossier, Prepared, count_earlier_requests
from inbox_worker.duplicates import Duplicate, find_duplicate, find_keys, record_keys
from inbox_worker.intake import Apply, Intake
from inbox_worker.models import Request
from inbox_worker.pictures import render_pictures
from inbox_worker.presentation import build_comparison
from inbox_worker.services import Services
from inbox_worker.status import Disposition, RequestStatus
from inbox_worker.triage import Flag, Sender, Triage, find_date, triage
from outbound.review_letters import Comparison
from parsers.comparison import compare_forms
from parsers.extraction import Extraction, FieldProblem

#: Pictures of a mail's forms by position, and in each by field.
FormPictures = Mapping[int, Mapping[str, bytes]]


def prepare_filing(intake: Intake) -> Apply:
    """Read the attached documents and return what to write for them."""
    documents = await_documents(intake)
    if not documents.forms:
        return partial(miscellany.set_aside, intake, documents)
    if intake.message.author is None:
        # Nobody can be answered: several authors, or none (RFC 5322 section 3.6.2).
        return partial(_leave_to_a_person, documents, intake)
    return prepare_forms(intake, documents)


def prepare_forms(intake: Intake, documents: ReadDocuments) -> Apply:
    """Draw what reviewers will have to look at in the forms, and return what to write for them."""
    return partial(file_forms, intake, documents, render_form_pictures(intake, documents))


def render_form_pictures(
    intake: Intake, documents: ReadDocuments, *, joining: ReadDocument | None = None
) -> FormPictures:
    """Return the pictures that notices about the mail's forms need, by the forms' positions.

    Reviewers see no form that goes back to its requester, unless it is `joining` what they know.
    """
    return {
        form.position: render_pictures(
            intake.services,
            form.attachment.data,
            form.extraction.fields,
            form.extraction.problems,
        )
        if form is joining or form.extraction.is_complete
        else {}
        for form in documents.forms
    }


def _leave_to_a_person(documents: ReadDocuments, intake: Intake, session: Session) -> Disposition:
    store.add_attachments(session, intake.entry.id, documents.attachment_rows)
    return Disposition.FOR_A_PERSON


def file_forms(
    intake: Intake, documents: ReadDocuments, pictures: FormPictures, session: Session
) -> Disposition:
    """File every form of the mail as a request of its own."""
    store.add_attachments(session, intake.entry.id, documents.attachment_rows)
    for form in documents.forms:
        file_form(intake, documents, form, pictures[form.position], session)
    return Disposition.FILED


def file_form(
    intake: Intake,
    documents: ReadDocuments,
    form: ReadDocument,
    pictures: Mapping[str, bytes],
    session: Session,
) -> None:
    """File one form of the mail as a request, with the letters that go with it."""
    services, now, extraction = intake.services, intake.now, form.extraction
    sender = Sender(address=intake.author_address, is_proven=intake.is_author_proven())
    judged = judge_extraction(services, extraction, sender, intake)
    original = form.attachment.data
    duplicate = find_duplicate(session, original, extraction.fields, sender.address)
    flags = judged.flags if duplicate is None else (*judged.flags, Flag.DUPLICATE.value)
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
            flags=flags,
            duplicate_of=None if duplicate is None else duplicate.tracking_number,
        ),
        judged.route,
        year=services.local_date(now).year,
        now=now,
    )
    record_keys(session, request, find_keys(original, extraction.fields))
    store.add_fields(session, request, extraction.fields, recorded_by=store.PROGRAM, now=now)
    shortcomings = list_shortcomings(services, extraction)
    store.add_problems(session, request, shortcomings)
    dossier = Dossier(
        fields=extraction.fields,
        problems=shortcomings,
        files=documents.files,
        original=original,
        has_supporting_attachment=documents.has_paper_beside_forms,
        earlier_requests=count_earlier_requests(session, request),
    )
    prepared = Prepared(
        pictures=pictures,
        comparison=None if duplicate is None else _compare(services, extraction, duplicate),
    )
    route(
        services,
        session,
        request,
        judged.route,
        now_intake=intake,
        dossier=dossier,
        prepared=prepared,
    )


def _compare(services: Services, extraction: Extraction, duplicate: Duplicate) -> Comparison:
    """Return what a form says otherwise than the request that it probably repeats."""
    definition = services.definition(extraction.definition or "")
    changes = compare_forms(definition, duplicate.fields, extraction.fields)
    earlier = f"the request {duplicate.tracking_number} as it stands"
    if duplicate.is_same_file:
        earlier += ", whose form is the same file"
    return build_comparison(definition, changes, earlier)


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
    prepared: Prepared | None = None,
    answer: str = "",
) -> None:
    """Send a request where triage says, with the letters that go with it.

    What reviewers are shown is given as `write_review_notices` takes it. A
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
            services,
            session,
            request,
            now=now,
            dossier=dossier,
            prepared=prepared,
            answer=answer,
        )
