"""The printed table of answers: the lines that were asked for, in the closed vocabulary."""

from __future__ import annotations

from dataclasses import dataclass

from outbound.certification.answers import Answer, AnswerValue, Note, NoteCode, ObligationAnswers
from outbound.certification.case import Obligation
from outbound.certification.statements import Statement, Telling
from outbound.certification.wording import Wording
from parsers.replies.findings import Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerLine:
    """One printed line of the table of answers."""

    code: str  #: q1, q2, q3 or transfer
    obligation: str  #: ISO date or period; empty for the transfer line
    question: str
    value: str  #: YES, NO, PART or NOT DETERMINED
    parts: tuple[str, ...]  #: ISO dates or periods, with PART
    text: str  #: as printed
    notes: tuple[str, ...]  #: printed under it


def build_answer_lines(
    telling: Telling, statements: tuple[Statement, ...]
) -> tuple[AnswerLine, ...]:
    """Build the lines of the table of answers, one group for each obligation, then the transfer."""
    explained = {Outcome.RETURNED, Outcome.VOLUNTARY_DEPARTURE}
    has_outcome_to_see = any(s.outcome in explained for s in statements)
    lines: list[AnswerLine] = []
    for answers in telling.determination.answers:
        for code, answer in (("q1", answers.q1), ("q2", answers.q2), ("q3", answers.q3)):
            if telling.is_asked(code):
                notes = tuple(
                    n
                    for n in answer.notes
                    if n.code is not NoteCode.SEE_OUTCOME or has_outcome_to_see
                )
                lines.append(_answer_line(telling, answers, code, answer, notes))
    if telling.is_asked("transfer"):
        lines.append(_transfer_line(telling))
    return tuple(lines)


def _answer_line(
    telling: Telling,
    answers: ObligationAnswers,
    code: str,
    answer: Answer,
    notes: tuple[Note, ...],
) -> AnswerLine:
    return AnswerLine(
        code=code,
        obligation=answers.obligation.isoformat(),
        question=_question(telling, code, answers.obligation),
        value=answer.value.value,
        parts=tuple(part.isoformat() for part in answer.parts),
        text=_answer_text(telling.wording, answer),
        notes=tuple(_note(telling.wording, note, answers.obligation) for note in notes),
    )


def _question(telling: Telling, code: str, obligation: Obligation) -> str:
    wording = telling.wording
    first, last = wording.day(obligation.first), wording.day(obligation.last)
    if code == "q3":
        as_of = wording.day(telling.determination.as_of)
        return wording.text("questions", code, date=first, as_of=as_of)
    if obligation.is_day:
        return wording.text("questions", code, date=first)
    return wording.text("questions", f"{code}_period", first=first, last=last)


def _answer_text(wording: Wording, answer: Answer) -> str:
    if answer.value is AnswerValue.PART:
        return wording.text("answers", "part", dates=wording.spans(answer.parts))
    return wording.text("answers", answer.value.name.lower())


def _note(wording: Wording, note: Note, obligation: Obligation) -> str:
    if note.on is None:
        return wording.text("notes", note.code.value)
    if obligation.is_day and note.on == obligation.first:
        return wording.text("notes", note.code.value)
    return wording.text("notes", f"{note.code.value}_on", date=wording.day(note.on))


def _transfer_line(telling: Telling) -> AnswerLine:
    wording, answer = telling.wording, telling.determination.transfer
    if answer.transfer is not None:
        agency, day = answer.transfer.agency, wording.day(answer.transfer.on)
        text = wording.text("answers", "transfer_yes", agency=agency, date=day)
    else:
        text = wording.text("answers", answer.value.name.lower())
    return AnswerLine(
        code="transfer",
        obligation="",
        question=wording.text("questions", "transfer"),
        value=answer.value.value,
        parts=(),
        text=text,
        notes=(),
    )
