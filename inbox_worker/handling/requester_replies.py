"""Requesters who write again: a corrected form, the answer to a question, anything else.

A mail is bound to a request by the token of the letter it answers, or by a tracking number in its
new text or its subject, and counts only from the address the request came from; paper by a number
written on the form. Outcomes: FORM_RECEIVED (a corrected form joined its request, `joining`),
ANSWER_RECORDED (review is open again, also of what had ended), CORRESPONDENCE_RECORDED (kept for a
person), and those of `self_service` and `verifying`. A mail bound to nothing is filed or answered
as if it stood alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial

from sqlalchemy.orm import Session

from inbox_worker.casefile.documents import ReadDocument, ReadDocuments, await_documents
from inbox_worker.casefile.dossier import (
    Prepared,
    find_original,
    list_digests,
    list_dossier_problems,
)
from inbox_worker.casefile.pictures import render_pictures
from inbox_worker.casefile.triage import Flag, find_fields_to_check
from inbox_worker.handling import filing, miscellany
from inbox_worker.handling.joining import hold_unchanged, join_form, prepare_joining
from inbox_worker.handling.routing import ENDED, route
from inbox_worker.handling.self_service import prepare_wish, prepare_wish_beside
from inbox_worker.handling.unanswered import CLOSED_UNANSWERED
from inbox_worker.handling.verifying import find_verification
from inbox_worker.intake import Apply, Intake
from inbox_worker.letters import staff_alerts
from inbox_worker.status import Disposition, RequestStatus
from inbox_worker.storage import store
from inbox_worker.storage.models import Request
from inbox_worker.storage.tokens import find_token
from parsers.classification.topic_table import Handling
from parsers.extraction import FieldValue
from parsers.mail.bindings import find_reply_tokens
from parsers.replies.new_text import find_new_text
from parsers.replies.self_service import find_named_numbers, find_wish
from parsers.replies.verification import find_question
from parsers.values.tracking import find_tracking_numbers

#: In which a corrected form is waited for, or welcome.
_WAITING = frozenset({RequestStatus.INCOMPLETE.value, RequestStatus.NEEDS_INFORMATION.value})

#: No more requests than these are looked up by the numbers that one mail names.
_MOST_NAMED = 20

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
    verification = _find_verification(intake)
    if verification is not None:
        return verification
    wish = find_wish(intake.message) if not intake.documents else None
    request, is_answer = _find_request(intake, () if wish is None else wish.numbers)
    if wish is None or not (request is not None or wish.is_about_a_number):
        return _prepare_words(intake, request, is_answer=is_answer)
    if not wish.says_more:
        apply = prepare_wish(intake, wish, request, is_answer=is_answer)
        # The subject of the letter it answers may name another request, and wishes nothing.
        return apply if request is None else _with_others(intake, request, apply, wish.numbers)
    apply = _prepare_words(intake, request, is_answer=is_answer)
    if request is None:
        return apply
    return prepare_wish_beside(intake, wish, request, apply, is_answer=is_answer)


def _prepare_words(intake: Intake, request: Request | None, *, is_answer: bool) -> Apply:
    """Return what a mail means beside any keyword: a form, an answer, or something to be read."""
    if request is None:
        return _prepare_unbound(intake)
    documents = _without_copies(intake, await_documents(intake), request)
    is_proven = is_answer or intake.is_author_proven()
    form = _find_same(intake, documents, request)
    is_welcome = request.status in _WAITING or (request.status in ENDED and is_answer)
    if form is not None and is_welcome and is_proven:
        return partial(join_form, prepare_joining(intake, documents, form, request))
    if documents.forms and (form is None or not is_answer):
        # A form about somebody else, or one that merely names a number, stands for itself.
        return filing.prepare_forms(intake, documents)
    if is_answer and _waits_for_words(intake, request):
        shown = _read_shown(intake, request)
        apply = partial(_record_answer, intake, documents, request, shown)
    else:
        apply = partial(_record_correspondence, intake, documents, request)
    return _with_others(intake, request, apply, find_named_numbers(intake.message))


def _with_others(intake: Intake, request: Request, apply: Apply, named: Sequence[str]) -> Apply:
    """Return `apply`, and a note to every other request of the author that is named too."""
    numbers = [number for number in named if number != request.tracking_number]
    if not numbers:
        return apply
    with intake.services.database.read() as session:
        others = [other.id for other in _list_named(intake, session, numbers)]
    return partial(_note_others, intake, others, apply) if others else apply


def _note_others(
    intake: Intake, others: Sequence[int], apply: Apply, session: Session
) -> Disposition:
    apply(session)
    for other in others:
        _tell_that_requester_wrote(intake, session.get_one(Request, other), session)
    return Disposition.CORRESPONDENCE_RECORDED


def _find_verification(intake: Intake) -> Apply | None:
    """Return the answer to a mail that asks about certifications, and brings no form.

    Who writes about a certification of their own and attaches it, without the keyword, is heard by
    a person; who merely passes it on asks whether it is genuine.
    """
    question = find_question(intake.message)
    if not intake.documents:
        is_asked = question is not None and question.is_about_a_number
        return find_verification(intake) if is_asked else None
    if question is None and not _is_passed_on(intake):
        return None
    documents = await_documents(intake)
    return None if documents.forms else find_verification(intake, documents)


def _is_passed_on(intake: Intake) -> bool:
    """Whether a mail brings certifications alone, and where it names a request, not a word more."""
    if intake.verdict.rule == "certification_attached":
        return True
    if intake.verdict.rule != "tracking_number_in_subject":
        return False
    is_alone = all(document.attachment.is_certification for document in intake.documents)
    return is_alone and not find_new_text(intake.message).text.strip()


def prepare_paper(intake: Intake) -> Apply:
    """Return what scanned forms mean: a corrected one joins its request, others are new.

    It has to name the request's number and come from the same address, or from nobody with one. As
    paper proves nobody, it changes no request of a proven author.
    """
    documents = await_documents(intake)
    for form in documents.forms:
        request = _find_named_on_paper(intake, form)
        if request is not None and _find_same(intake, documents, request) is form:
            return partial(join_form, prepare_joining(intake, documents, form, request))
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
        of_author = _list_named(intake, session, named or find_named_numbers(intake.message))
        return _detach(session, of_author[0] if of_author else None), False


def _list_named(intake: Intake, session: Session, numbers: Sequence[str]) -> list[Request]:
    """Return the author's own requests among those with these numbers, in their order."""
    found = (store.find_request(session, number) for number in numbers[:_MOST_NAMED])
    author = intake.author_address.lower()
    return [r for r in found if r is not None and r.author_address.lower() == author]


def _detach(session: Session, request: Request | None) -> Request | None:
    session.expunge_all()
    return request


def _prepare_unbound(intake: Intake) -> Apply:
    if intake.documents:
        return filing.prepare_filing(intake)
    return miscellany.prepare_unbound(intake)


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
    request = hold_unchanged(session, seen)
    store.add_attachments(session, intake.entry.id, documents.attachment_rows)
    answer = find_new_text(intake.message).text
    route(
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
    store.add_attachments(session, intake.entry.id, documents.attachment_rows)
    if intake.verdict.about.having(Handling.DEMAND):
        # However well its author is known, a demand gets the one answer that every demand gets.
        miscellany.answer_demand(intake, session)
    _tell_that_requester_wrote(intake, session.get_one(Request, seen.id), session)
    return Disposition.CORRESPONDENCE_RECORDED


def _tell_that_requester_wrote(intake: Intake, request: Request, session: Session) -> None:
    store.add_event(
        session,
        "requester_wrote",
        request=request,
        actor=store.PROGRAM,
        now=intake.now,
        journal_id=intake.entry.id,
    )
    staff_alerts.write_requester_wrote(
        intake.services, session, request, journal_id=intake.entry.id, now=intake.now
    )
