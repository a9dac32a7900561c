"""A corrected form on its way into its request's file.

It is compared with the file and judged before anything is written; then, in one transaction, its
values take the place of the old ones and the request goes where it belongs now. The outcome is
FORM_RECEIVED, or `StaleStatusError` where the request changed meanwhile.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from inbox_worker.casefile.documents import ReadDocument, ReadDocuments
from inbox_worker.casefile.dossier import (
    Prepared,
)
from inbox_worker.casefile.doubts import build_comparison
from inbox_worker.casefile.duplicates import find_keys, record_keys
from inbox_worker.casefile.protection import hold_list
from inbox_worker.casefile.returned_forms import render_returned_form
from inbox_worker.casefile.revisions import Change, find_shortcomings, keep_read_problems, revise
from inbox_worker.errors import StaleStatusError
from inbox_worker.handling import filing
from inbox_worker.handling.filing import Filing
from inbox_worker.handling.routing import route
from inbox_worker.intake import Intake
from inbox_worker.status import Disposition, RequestStatus
from inbox_worker.storage import store
from inbox_worker.storage.models import LetterRecord, Problem, Request
from outbound.letters.compose import LetterKind
from parsers.extraction import FieldProblem, FieldValue
from parsers.forms.comparison import compare_forms
from parsers.replies.corrections import CORRECTION
from parsers.replies.new_text import find_new_text


def hold_unchanged(session: Session, seen: Request) -> Request:
    request = store.hold_request(session, seen.id)
    if (request.status, request.revision) != (seen.status, seen.revision):
        raise StaleStatusError(f"{seen.tracking_number} changed meanwhile")
    return request


@dataclass(frozen=True, slots=True, kw_only=True)
class Joining:
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


def prepare_joining(
    intake: Intake, documents: ReadDocuments, form: ReadDocument, request: Request
) -> Joining:
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
    return Joining(
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


def join_form(joining: Joining, session: Session) -> Disposition:
    """Let the new form's values take the place of the old ones, and judge the file again."""
    hold_list(session)
    intake, documents, form = joining.intake, joining.documents, joining.form
    request, services, extraction = (
        hold_unchanged(session, joining.seen),
        intake.services,
        form.extraction,
    )
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
        has_demand=intake.brings_demand,
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
    route(
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
