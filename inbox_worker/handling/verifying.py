"""Is this certification genuine: the answer to whoever mails one, or asks by its control number.

Outcomes: VERIFICATION_ANSWERED, with what each document or number is and nothing that the paper
does not say; FOR_A_PERSON beyond the bounds on answers; or None, where a mail asks nothing and
brings nothing of a certification, so that it is handled as what else it is. Whoever asks may:
neither who they are nor whether their address is proven matters, and neither does whether the
subject has come to be protected since.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

from sqlalchemy.orm import Session

from config.trust_anchors import TrustAnchorsError, read_trust_anchors
from inbox_worker.casefile.documents import ReadDocuments
from inbox_worker.casefile.verification import (
    Verdict,
    Verification,
    ask_register,
    find_number,
    judge,
)
from inbox_worker.intake import Apply, Intake
from inbox_worker.letters import correspondence, directions
from inbox_worker.letters.answer_limits import may_answer_verification
from inbox_worker.letters.letterhead import build_letterhead
from inbox_worker.letters.posting import Inbound
from inbox_worker.services import Services
from inbox_worker.status import Disposition
from inbox_worker.storage import store
from inbox_worker.storage.register import Registered
from outbound.letters.verification_letters import (
    Answer,
    Answered,
    Standing,
    VerificationAnswer,
    compose_verification,
)
from parsers.certifications.values import CertificationReading, NumberSource
from parsers.classification.topic_table import Handling
from parsers.replies.verification import MOST_NUMBERS, Question, find_question
from parsers.values.control_numbers import SAMPLE_CONTROL_NUMBER

#: Where nothing but a certification of ours has its number.
_SURE_SOURCES = (NumberSource.FACTS, NumberSource.REASON, NumberSource.CODE)

_V = Verdict
_ANSWERS = {
    _V.GENUINE: Answer.GENUINE,
    _V.SUPERSEDED: Answer.GENUINE,
    _V.REVOKED: Answer.GENUINE,
    _V.ALTERED: Answer.ALTERED,
    _V.COPY: Answer.COPY,
    _V.UNKNOWN_NUMBER: Answer.COPY,
    _V.SAMPLE: Answer.SAMPLE,
    _V.NOT_OURS: Answer.NOT_OURS,
    _V.UNKNOWN_SIGNER: Answer.NOT_OURS,
    _V.LOCKED: Answer.LOCKED,
    _V.NOTHING: Answer.UNREAD,
    _V.UNREAD: Answer.UNREAD,
}


def find_verification(intake: Intake, documents: ReadDocuments | None = None) -> Apply | None:
    """Return the answer to a mail without a Request Form that asks about certifications, or None.

    Without `documents` only its words are looked at. What is urgent, or brings a demand, is never
    answered so.
    """
    if intake.channel != "email" or intake.verdict.about.having(Handling.DEMAND, Handling.URGENT):
        return None
    question = find_question(intake.message)
    if documents is None:
        return None if question is None else partial(_answer, intake, question, (), None)
    readings = tuple(_read_documents(intake, documents, question))
    if question is None and not any(_is_of_ours(intake.services, reading) for reading in readings):
        return None
    return partial(_answer, intake, question or Question(), readings, documents)


def _is_of_ours(services: Services, reading: CertificationReading) -> bool:
    """Whether a document that came without a word has to do with a certification of ours.

    A number in running text may be anything; a locked document may be anybody's.
    """
    if reading.is_sample or reading.number_source in _SURE_SOURCES:
        return True
    if reading.is_locked and reading.signature is not None and reading.signature.is_below_anchor:
        return True
    with services.database.read() as session:
        looked = ask_register(session, reading)
    return looked.by_file is not None or looked.by_number is not None


def _read_documents(
    intake: Intake, documents: ReadDocuments, question: Question | None
) -> Iterator[CertificationReading]:
    """Yield what each document is, read in a child; letters in pictures only where nobody wrote."""
    services = intake.services
    anchors = _find_anchors(services)
    with_letters = question is not None and not question.is_about_a_number
    for document in documents.others[:MOST_NUMBERS]:
        data = document.attachment.data
        if data and not document.attachment.refusal:
            yield services.reader.read_certification(data, anchors=anchors, letters=with_letters)


def _find_anchors(services: Services) -> tuple[bytes, ...]:
    try:
        return read_trust_anchors(services.settings.certification.trust_anchors)
    except TrustAnchorsError:
        # `check` and the next start say so; the register is enough to answer.
        return ()


def _answer(
    intake: Intake,
    question: Question,
    readings: Sequence[CertificationReading],
    documents: ReadDocuments | None,
    session: Session,
) -> Disposition:
    if documents is not None:
        store.add_attachments(session, intake.entry.id, documents.attachment_rows)
    if not may_answer_verification(intake, session):
        _add_event(intake, session, "verification_not_answered", ())
        return Disposition.FOR_A_PERSON
    has_anchors = bool(_find_anchors(intake.services))
    verified = [
        judge(reading, ask_register(session, reading), has_anchors=has_anchors)
        for reading in readings
    ]
    answers = [
        *(_answer_document(intake.services, found) for found in verified),
        *_answer_numbers(intake.services, session, question, verified),
    ]
    _write(intake, session, question, answers)
    _add_event(intake, session, "verification_answered", answers)
    return Disposition.VERIFICATION_ANSWERED


def _answer_document(services: Services, found: Verification) -> Answered:
    return Answered(
        answer=_ANSWERS[found.verdict],
        number=found.control_number or "",
        standing=_view_standing(services, found.registered),
    )


def _answer_numbers(
    services: Services, session: Session, question: Question, verified: Sequence[Verification]
) -> Iterator[Answered]:
    """Yield what is said of the numbers that were written and stand in no document."""
    told = {found.control_number for found in verified}
    for number in question.numbers:
        if number in told:
            continue
        if number == SAMPLE_CONTROL_NUMBER:
            yield Answered(answer=Answer.SAMPLE, number=number)
            continue
        registered = find_number(session, number)
        yield Answered(
            answer=Answer.NUMBER, number=number, standing=_view_standing(services, registered)
        )
    if question.has_miswritten_number:
        yield Answered(answer=Answer.MISWRITTEN)


def _view_standing(services: Services, registered: Registered | None) -> Standing | None:
    if registered is None:
        return None
    superseded, revoked = registered.superseded_at, registered.revoked_at
    return Standing(
        issued_on=services.local_date(registered.issued_at),
        superseded_by=registered.superseded_by or "",
        superseded_on=None if superseded is None else services.local_date(superseded),
        revoked_on=None if revoked is None else services.local_date(revoked),
    )


def _write(
    intake: Intake, session: Session, question: Question, answers: Sequence[Answered]
) -> None:
    spanish = "es" in intake.services.settings.general.languages and question.language == "es"
    language = "es" if spanish else directions.find_language(intake)
    letter = compose_verification(
        VerificationAnswer(
            head=build_letterhead(intake.services), answers=answers, language=language
        )
    )
    correspondence.answer_mail(
        intake.services,
        session,
        Inbound.of(intake),
        letter_key="verification",
        letter=letter,
        now=intake.now,
    )


def _add_event(intake: Intake, session: Session, code: str, answers: Sequence[Answered]) -> None:
    store.add_event(
        session,
        code,
        actor=store.PROGRAM,
        now=intake.now,
        journal_id=intake.entry.id,
        detail={
            "answers": [found.answer.value for found in answers],
            "control_numbers": [found.number for found in answers if found.number],
        },
    )
