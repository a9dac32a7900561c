"""Filing: a mail with a Request Form becomes a request, or its author is told why it does not.

Outcomes: FILED (one request for each form in the mail, each acknowledged, asked to be completed, or
sent to review or to counsel), or FORM_SET_ASIDE (a document was attached and none is a form we can
read; the author is told what to do, and the mail waits for a person).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from functools import partial

from sqlalchemy.orm import Session

from inbox_worker.casefile.documents import ReadDocument, ReadDocuments, await_documents
from inbox_worker.casefile.dossier import Dossier, Prepared, count_earlier_requests
from inbox_worker.casefile.doubts import build_comparison
from inbox_worker.casefile.duplicates import Duplicate, NewForm, keep_and_compare
from inbox_worker.casefile.pictures import render_pictures
from inbox_worker.casefile.protection import hold_list, is_protected, record_protected
from inbox_worker.casefile.returned_forms import render_returned_form
from inbox_worker.casefile.triage import Flag, Sender, Triage, find_date, triage
from inbox_worker.handling import miscellany
from inbox_worker.handling.routing import route
from inbox_worker.handling.verifying import find_verification
from inbox_worker.intake import Apply, Intake
from inbox_worker.review.absences import Absent, list_absent
from inbox_worker.services import Services
from inbox_worker.status import Disposition, RequestStatus
from inbox_worker.storage import store
from inbox_worker.storage.database import together
from inbox_worker.storage.models import Request
from outbound.letters.mime import find_mailable_address
from outbound.letters.review_letters import Comparison
from parsers.extraction import Extraction, FieldProblem
from parsers.forms.comparison import compare_forms
from parsers.forms.subject_keys import SubjectKeys, find_subject_keys

#: How many repeats of a form by the same author are answered in a day.
REPEATS_ANSWERED = 5

#: Pictures of a mail's forms by position, and in each by field.
FormPictures = Mapping[int, Mapping[str, bytes]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Filing:
    """A mail whose forms are to be filed, each as a request of its own."""

    intake: Intake
    documents: ReadDocuments
    forms: tuple[ReadDocument, ...]
    pictures: FormPictures = field(default_factory=dict)
    returned: Mapping[int, bytes] = field(default_factory=dict)  #: to be mended, by position

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

    @property
    def subject(self) -> SubjectKeys:
        """Return the keys of the person the form names."""
        return find_subject_keys(self.form.extraction.fields, today=self.filing.intake.today)

    def with_flag(self, flag: Flag) -> _NewCase:
        """Return the case with another flag, ahead of the others."""
        return replace(self, new=replace(self.new, flags=(flag.value, *self.new.flags)))


def prepare_filing(intake: Intake) -> Apply:
    """Read the attached documents and return what to write for them."""
    documents = await_documents(intake)
    if not documents.forms:
        verification = find_verification(intake, documents)
        return verification or partial(miscellany.set_aside, intake, documents)
    if intake.message.author is None and intake.channel == "email":
        # Nobody can be answered: several authors, or none (RFC 5322 section 3.6.2).
        return partial(_leave_to_a_person, documents, intake)
    return prepare_forms(intake, documents)


def prepare_forms(intake: Intake, documents: ReadDocuments) -> Filing:
    """Draw what reviewers will have to look at in the forms; return the filing of them all."""
    return Filing(
        intake=intake,
        documents=documents,
        forms=documents.forms,
        pictures=render_form_pictures(intake, documents),
        returned=render_returned_forms(intake, documents.forms),
    )


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
            has_ssn=any(w.code == "contains_ssn" for w in form.extraction.warnings),
        )
        for form in documents.forms
        if form is joining or form.extraction.is_complete
    }


def render_returned_forms(intake: Intake, forms: Sequence[ReadDocument]) -> Mapping[int, bytes]:
    """Return the incomplete ones of these forms, by position, as their author is to mend them."""
    if intake.channel != "email" or not intake.is_author_proven():
        return {}
    return {
        form.position: render_returned_form(
            intake.services,
            form.extraction.definition or "",
            form.extraction.fields,
            list_shortcomings(intake.services, form.extraction),
        )
        for form in forms
        if not form.extraction.is_complete
    }


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
    cases = _mark_protected(
        session, [_judge(filing, form) for filing in filings for form in filing.forms]
    )
    requests = store.add_requests(session, [case.new for case in cases])
    for case, request in zip(cases, requests, strict=True):
        if is_protected(request):
            intake = case.filing.intake
            record_protected(
                session, request, actor=store.PROGRAM, now=intake.now, journal_id=intake.entry.id
            )
    earlier = count_earlier_requests(session, requests)
    duplicates = _mark_duplicates(session, cases, requests)
    absent = _list_absent(session, filings)
    for case, request in zip(cases, requests, strict=True):
        _write_case(
            session,
            case,
            request,
            earlier_requests=earlier[request.id],
            duplicate=duplicates.get(request.id),
            absent=absent[case.filing.intake.today],
        )


def _mark_protected(session: Session, cases: Sequence[_NewCase]) -> Sequence[_NewCase]:
    """Flag the forms about people who are protected, before a letter about them is written."""
    if not cases:
        return cases
    found = hold_list(session).find_protected([case.subject for case in cases])
    return [
        case.with_flag(Flag.PROTECTED) if is_on_list else case
        for case, is_on_list in zip(cases, found, strict=True)
    ]


def _list_absent(session: Session, filings: Sequence[Filing]) -> Mapping[date, Absent]:
    """Return who is away on each day on which a mail was taken up: on one, mostly."""
    return {day: list_absent(session, day) for day in {f.intake.today for f in filings}}


def _mark_duplicates(
    session: Session, cases: Sequence[_NewCase], requests: Sequence[Request]
) -> Mapping[int, Duplicate]:
    """Flag the requests that repeat an earlier one, and keep all of them to be found again."""
    new = [
        NewForm(
            request=r,
            digest=c.filing.documents.find_digest(c.form),
            fields=c.form.extraction.fields,
        )
        for c, r in zip(cases, requests, strict=True)
    ]
    found = keep_and_compare(session, new)
    for request in requests:
        if request.id in found:
            request.flags = [*request.flags, Flag.DUPLICATE.value]
            request.duplicate_of = found[request.id].tracking_number
    return found


def _judge(filing: Filing, form: ReadDocument) -> _NewCase:
    intake, extraction = filing.intake, form.extraction
    services = intake.services
    sender = Sender(address=find_sender(intake, form), is_proven=intake.is_author_proven())
    judged = judge_extraction(services, extraction, sender, intake)
    requester_type = extraction.value("requester_type")
    new = store.NewRequest(
        status=judged.route,
        year=services.local_date(intake.now).year,
        received_at=intake.now,
        journal_id=intake.entry.id,
        journal_sha256=intake.entry.sha256,
        document_position=form.position,
        definition=extraction.definition or "",
        channel=intake.channel,
        author_address=sender.address,
        author_message_id=intake.message.message_id,
        author_proven=sender.is_proven,
        requester_type=requester_type if isinstance(requester_type, str) else None,
        deadline_date=find_date(extraction.value("deadline_date")),
        priority=judged.priority,
        flags=judged.flags,
    )
    return _NewCase(filing=filing, form=form, route=judged.route, new=new)


def find_sender(intake: Intake, form: ReadDocument) -> str:
    """Return the address a form came from; empty for paper of somebody who has none."""
    return intake.author_address or _find_address_on_paper(intake, form.extraction)


def _find_address_on_paper(intake: Intake, extraction: Extraction) -> str:
    """Return the e-mail address that a form on paper names, where it was read without a doubt."""
    field = "requester_email"
    if intake.channel == "email" or any(p.field == field for p in extraction.problems):
        return ""
    return find_mailable_address(str(extraction.value(field) or "")) or ""


def _write_case(
    session: Session,
    case: _NewCase,
    request: Request,
    *,
    earlier_requests: int,
    duplicate: Duplicate | None,
    absent: Absent,
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
    prepared = Prepared(
        pictures=case.filing.pictures.get(case.form.position, {}),
        comparison=None if duplicate is None else _compare(services, extraction, duplicate),
        returned_form=case.filing.returned.get(case.form.position),
    )
    route(
        services,
        session,
        request,
        case.route,
        now_intake=intake,
        dossier=dossier,
        prepared=prepared,
        absent=absent,
        answers_requester=not _is_repeated_too_often(session, request, duplicate, intake),
    )


def _is_repeated_too_often(
    session: Session, request: Request, duplicate: Duplicate | None, intake: Intake
) -> bool:
    """Whether the author sends the same file again and again, as a program does that answers ours.

    The request is filed all the same, and reviewers see it; only the author is told no more of it.
    """
    if duplicate is None or not duplicate.is_same_file:
        return False
    repeats = store.count_repeats(session, request.author_address, intake.now - timedelta(days=1))
    if repeats <= REPEATS_ANSWERED:
        return False
    store.add_event(
        session,
        "repeat_not_answered",
        request=request,
        actor=store.PROGRAM,
        now=intake.now,
        journal_id=intake.entry.id,
    )
    return True


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
        has_demand=intake.brings_demand,
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
