"""Requesters who write again: a corrected form, the answer to a question, anything else.

A mail is bound to a request by the token of the letter it answers, or by a tracking number in its
subject, and counts only from the address the request came from; paper by a number written on the
form. Outcomes: FORM_RECEIVED (a corrected form joined its request), ANSWER_RECORDED (review is open
again, also of what had ended),
CORRESPONDENCE_RECORDED (kept for a person), and those of `self_service`. A mail bound to nothing is
filed or answered as if it stood alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from inbox_worker.casefile.documents import ReadDocument, ReadDocuments, await_documents
from inbox_worker.casefile.dossier import (
    Prepared,
    find_original,
    list_digests,
    list_dossier_problems,
)
from inbox_worker.casefile.doubts import build_comparison
from inbox_worker.casefile.duplicates import find_keys, record_keys
from inbox_worker.casefile.pictures import render_pictures
from inbox_worker.casefile.protection import hold_list
from inbox_worker.casefile.returned_forms import render_returned_form
from inbox_worker.casefile.revisions import Change, find_shortcomings, keep_read_problems, revise
from inbox_worker.casefile.triage import Flag, find_fields_to_check
from inbox_worker.errors import StaleStatusError
from inbox_worker.handling import filing, miscellany
from inbox_worker.handling.filing import Filing
from inbox_worker.handling.self_service import prepare_wish
from inbox_worker.handling.unanswered import CLOSED_UNANSWERED
from inbox_worker.intake import Apply, Intake
from inbox_worker.letters import staff_alerts
from inbox_worker.status import Disposition, RequestStatus
from inbox_worker.storage import store
from inbox_worker.storage.models import LetterRecord, Problem, Request
from inbox_worker.storage.tokens import find_token
from outbound.letters.compose import LetterKind
from parsers.extraction import FieldProblem, FieldValue
from parsers.forms.comparison import compare_forms
from parsers.mail.bindings import find_reply_tokens
from parsers.replies.corrections import CORRECTION
from parsers.replies.new_text import find_new_text
from parsers.replies.self_service import find_wish
from parsers.values.tracking import find_tracking_numbers

#: In which a corrected form is waited for, or welcome.
_WAITING = frozenset({RequestStatus.INCOMPLETE.value, RequestStatus.NEEDS_INFORMATION.value})

#: Of these, one must agree between a request and the form that corrects it.
_IDENTITY = (
    "subject_family_name",
    "subject_a_number",
    "subject_fbi_number",
    "subject_state_id",
    "case_numbers",
)


def prepare_requester_reply(intake: Intake) -> Apply:
    """Find the request and return what the mail means for it."""
    wish = find_wish(intake.message) if not intake.documents else None
    request, is_answer = _find_request(intake, () if wish is None else wish.numbers)
    if wish is not None and (request is not None or wish.is_about_a_number):
        return prepare_wish(intake, wish, request, is_answer=is_answer)
    if request is None:
        return _prepare_unbound(intake)
    documents = _without_copies(intake, await_documents(intake), request)
    is_proven = is_answer or intake.is_author_proven()
    form = _find_same(intake, documents, request)
    is_welcome = request.status in _WAITING or (request.status in filing.ENDED and is_answer)
    if form is not None and is_welcome and is_proven:
        return partial(_join_form, _prepare_joining(intake, documents, form, request))
    if documents.forms and (form is None or not is_answer):
        # A form about somebody else, or one that merely names a number, stands for itself.
        return filing.prepare_forms(intake, documents)
    if is_answer and _waits_for_words(intake, request):
        shown = _read_shown(intake, request)
        return partial(_record_answer, intake, documents, request, shown)
    return partial(_record_correspondence, intake, documents, request)


def prepare_paper(intake: Intake) -> Apply:
    """Return what scanned forms mean: a corrected one joins its request, others are new.

    It has to name the request's number and come from the same address, or from nobody with one. As
    paper proves nobody, it changes no request of a proven author.
    """
    documents = await_documents(intake)
    for form in documents.forms:
        request = _find_named_on_paper(intake, form)
        if request is not None and _find_same(intake, documents, request) is form:
            return partial(_join_form, _prepare_joining(intake, documents, form, request))
    return filing.prepare_filing(intake)


def _find_named_on_paper(intake: Intake, form: ReadDocument) -> Request | None:
    """Return the request that waits for this form, by the number somebody wrote on it."""
    written = " \n ".join(found.raw for found in form.extraction.fields.values())
    with intake.services.database.read() as session:
        for number in find_tracking_numbers(written):
            request = store.find_request(session, number)
            if (
                request is not None
                and request.status in _WAITING
                and not request.author_proven
                and request.author_address.lower() == filing.find_sender(intake, form).lower()
            ):
                return _detach(session, request)
    return None


def _waits_for_words(intake: Intake, request: Request) -> bool:
    """Whether a question is with the requester, or was until it was closed unanswered."""
    if request.status == RequestStatus.NEEDS_INFORMATION:
        return True
    if request.status != RequestStatus.CLOSED:
        return False
    with intake.services.database.read() as session:
        last = store.find_last_change(session, request)
    return (
        last is not None
        and last.code == CLOSED_UNANSWERED
        and last.status_from == RequestStatus.NEEDS_INFORMATION
    )


def _without_copies(intake: Intake, documents: ReadDocuments, request: Request) -> ReadDocuments:
    """Return the documents without forms that are only copies of what came before.

    Who answers by attaching the whole correspondence sends the old form once more, inside it; its
    values must not take the place of what was mended since.
    """
    if not documents.forms_inside:
        return documents
    with intake.services.database.read() as session:
        known = list_digests(session, request)
    rows = documents.attachment_rows
    new = (
        f
        for f in documents.forms
        if not (f.attachment.found_in and rows[f.position]["sha256"] in known)
    )
    return replace(documents, forms=tuple(new))


def _find_same(intake: Intake, documents: ReadDocuments, request: Request) -> ReadDocument | None:
    """Return the form that is about the request's own case, None when every one is about another.

    Two people's forms must never be mixed: one name or number of the case has to agree.
    """
    with intake.services.database.read() as session:
        known = _find_identity(store.current_fields(session, request))
    return next(
        (f for f in documents.forms if not known or known & _find_identity(f.extraction.fields)),
        None,
    )


def _find_identity(fields: Mapping[str, FieldValue]) -> frozenset[tuple[str, str]]:
    """Return the names and numbers that tell a case from others, without case and separators."""
    found = set()
    for name in _IDENTITY:
        value = fields[name].value if name in fields else ()
        texts = (value,) if isinstance(value, str) else value if isinstance(value, tuple) else ()
        found |= {(name, "".join(c for c in t.casefold() if c.isalnum())) for t in texts}
    return frozenset(pair for pair in found if pair[1])


def _find_request(intake: Intake, named: Sequence[str]) -> tuple[Request | None, bool]:
    """Return the request this mail is about, and whether it answers a letter of ours.

    `named` are tracking numbers beside a keyword, which mean more than the letter answered to.
    """
    own = intake.services.settings.own_addresses
    author = intake.author_address.lower()
    tokens = [t.token for t in find_reply_tokens(intake.message, own) if t.kind == "letter"]
    with intake.services.database.read() as session:
        for text in tokens:
            token = find_token(session, text, "letter")
            if token is not None and token.address == author:
                request = session.get(Request, token.request_id)
                if request is not None and (not named or request.tracking_number in named):
                    return _detach(session, request), True
        for number in named or find_tracking_numbers(intake.message.subject):
            request = store.find_request(session, number)
            if request is not None and request.author_address.lower() == author:
                return _detach(session, request), False
    return None, False


def _detach(session: Session, request: Request | None) -> Request | None:
    session.expunge_all()
    return request


def _prepare_unbound(intake: Intake) -> Apply:
    if intake.documents:
        return filing.prepare_filing(intake)
    return miscellany.prepare_unbound(intake)


def _hold(session: Session, seen: Request) -> Request:
    request = store.hold_request(session, seen.id)
    if (request.status, request.revision) != (seen.status, seen.revision):
        raise StaleStatusError(f"{seen.tracking_number} changed meanwhile")
    return request


@dataclass(frozen=True, slots=True, kw_only=True)
class _Joining:
    """A corrected form on its way into its request's file, judged before anything is written."""

    intake: Intake
    documents: ReadDocuments
    form: ReadDocument
    seen: Request
    before: Mapping[str, FieldValue]  #: the file's values
    changed: Mapping[str, FieldValue]  #: those that take the place of others
    problems: Sequence[FieldProblem]  #: of the file as it will be
    filing: Filing  #: of the mail's other forms

    @property
    def fields(self) -> dict[str, FieldValue]:
        """Return the file's values as they will be."""
        return {**self.before, **self.changed}


def _prepare_joining(
    intake: Intake, documents: ReadDocuments, form: ReadDocument, request: Request
) -> _Joining:
    """Compare the form with the file, and draw what reviewers or its author will have to see."""
    with intake.services.database.read() as session:
        before = store.current_fields(session, request)
        stored = store.list_problems(session, request)
        session.expunge_all()
    was_complete = _was_complete(request)
    changed = _find_changes(before, form.extraction.fields, was_complete=was_complete)
    fields = {**before, **changed}
    problems = _find_problems(intake, request, stored, form, before, fields)
    others = tuple(f for f in documents.forms if f is not form)
    pictures = filing.render_form_pictures(intake, documents, joining=form)
    returned = filing.render_returned_forms(intake, others)
    if intake.is_author_proven() and not all(p.flag_only for p in problems):
        again = render_returned_form(intake.services, request.definition, fields, problems)
        returned = {**returned, form.position: again}
    return _Joining(
        intake=intake,
        documents=documents,
        form=form,
        seen=request,
        before=before,
        changed=changed,
        problems=problems,
        filing=Filing(
            intake=intake, documents=documents, forms=others, pictures=pictures, returned=returned
        ),
    )


def _join_form(joining: _Joining, session: Session) -> Disposition:
    """Let the new form's values take the place of the old ones, and judge the file again."""
    hold_list(session)
    intake, documents, form = joining.intake, joining.documents, joining.form
    request, services, extraction = _hold(session, joining.seen), intake.services, form.extraction
    store.add_attachments(session, intake.entry.id, documents.attachment_rows)
    store.keep_forms_inside(session, intake.entry.id, documents.forms_inside)
    target = revise(
        services,
        session,
        request,
        joining.fields,
        joining.problems,
        Change(actor=store.PROGRAM, now=intake.now, journal_id=intake.entry.id),
        has_ssn=any(w.code == "contains_ssn" for w in extraction.warnings),
    )
    store.add_fields(session, request, joining.changed, recorded_by=store.PROGRAM, now=intake.now)
    record_keys(session, request, find_keys(documents.find_digest(form), joining.fields))
    store.add_event(
        session,
        "form_resubmitted",
        request=request,
        actor=store.PROGRAM,
        now=intake.now,
        journal_id=intake.entry.id,
        detail={
            "fields": sorted(joining.changed),
            "revision": request.revision,
            "position": form.position,
        },
    )
    definition = services.definition(request.definition)
    changes = compare_forms(definition, joining.before, joining.fields)
    prepared = Prepared(
        pictures=joining.filing.pictures[form.position],
        comparison=build_comparison(definition, changes, "the request as it was before"),
        returned_form=joining.filing.returned.get(form.position),
    )
    answer = find_new_text(intake.message).text
    filing.route(
        services,
        session,
        request,
        target,
        now_intake=intake,
        prepared=prepared,
        answer=answer,
        answers_requester=target is not RequestStatus.INCOMPLETE
        or not _is_asked_too_often(session, request, intake),
    )
    if joining.filing.forms:
        filing.file_forms(session, [joining.filing])
    return Disposition.FORM_RECEIVED


def _is_asked_too_often(session: Session, request: Request, intake: Intake) -> bool:
    """Whether the same form comes back again and again, as from a program that answers ours.

    It joins the file all the same; only its author is asked no more for a day.
    """
    asked = session.scalar(
        select(func.count())
        .select_from(LetterRecord)
        .where(
            LetterRecord.request_id == request.id,
            LetterRecord.kind == LetterKind.DEFICIENCY.value,
            LetterRecord.created_at > intake.now - timedelta(days=1),
        )
    )
    if (asked or 0) <= filing.REPEATS_ANSWERED:
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


def _was_complete(request: Request) -> bool:
    """Whether the file was complete: the question about it was a reviewer's, not ours."""
    return request.perfected_at is not None


def _find_changes(
    before: Mapping[str, FieldValue], new: Mapping[str, FieldValue], *, was_complete: bool
) -> dict[str, FieldValue]:
    """Return the values that differ, and those that are as doubtful no longer, or only now.

    In a complete file none gives way to one nobody can read, and nowhere to one that was only
    misread.
    """
    return {
        name: found
        for name, found in new.items()
        if name not in before
        or (before[name].value == found.value and _has_other_evidence(before[name], found))
        or (
            before[name].value != found.value
            and not (found.value == "" and (was_complete or found.is_doubtful))
        )
    }


def _has_other_evidence(old: FieldValue, new: FieldValue) -> bool:
    """Whether the same value is surer or less sure than it was; what staff wrote stays."""
    if old.source == CORRECTION:
        return False
    return (old.is_doubtful, old.shown) != (new.is_doubtful, new.shown)


def _find_problems(
    intake: Intake,
    request: Request,
    stored: Sequence[Problem],
    form: ReadDocument,
    before: Mapping[str, FieldValue],
    fields: Mapping[str, FieldValue],
) -> list[FieldProblem]:
    """Return what is missing or wrong; in a file that was complete a person judges all of it."""
    new, services = form.extraction, intake.services
    definition = services.definition(request.definition)
    vouched = {
        name
        for name, old in before.items()
        if old.source == CORRECTION and name in new.fields and new.fields[name].value == old.value
    }
    found = keep_read_problems(services, definition, new.problems, new.fields, without=vouched)
    named = {*new.fields, *(p.field for p in found)}
    problems = find_shortcomings(
        services,
        definition,
        fields,
        [*found, *keep_read_problems(services, definition, stored, before, without=named)],
        attachments_beside_form=intake.message.count_beside(form.position)
        + len(form.extraction.passed_over),
    )
    was_complete = _was_complete(request)
    return [replace(p, flag_only=p.flag_only or was_complete) for p in problems]


def _read_shown(intake: Intake, request: Request) -> Mapping[str, bytes]:
    """Draw what reviewers still have to look at in the request's newest form."""
    with intake.services.database.read() as session:
        fields = store.fields_of_newest_form(session, request)
        problems = list_dossier_problems(session, request)
        must_look = bool(find_fields_to_check(fields, problems))
        original = find_original(session, request) if must_look else None
    has_ssn = Flag.SSN in request.flags
    return render_pictures(intake.services, original, fields, problems, has_ssn=has_ssn)


def _record_answer(
    intake: Intake,
    documents: ReadDocuments,
    seen: Request,
    pictures: Mapping[str, bytes],
    session: Session,
) -> Disposition:
    """Open review again, with what the requester wrote in the notices."""
    request = _hold(session, seen)
    store.add_attachments(session, intake.entry.id, documents.attachment_rows)
    answer = find_new_text(intake.message).text
    filing.route(
        intake.services,
        session,
        request,
        RequestStatus.IN_REVIEW,
        now_intake=intake,
        prepared=Prepared(pictures=pictures),
        answer=answer,
    )
    return Disposition.ANSWER_RECORDED


def _record_correspondence(
    intake: Intake, documents: ReadDocuments, seen: Request, session: Session
) -> Disposition:
    request = session.get_one(Request, seen.id)
    store.add_attachments(session, intake.entry.id, documents.attachment_rows)
    store.add_event(
        session,
        "requester_wrote",
        request=request,
        actor=store.PROGRAM,
        now=intake.now,
        journal_id=intake.entry.id,
    )
    staff_alerts.write_requester_wrote(intake.services, session, request, now=intake.now)
    return Disposition.CORRESPONDENCE_RECORDED
