"""NEED INFO, CORRECT, STATUS and HELP: what reviewers do beside deciding."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial

from sqlalchemy.orm import Session

from inbox_worker.casefile import presentation, protection
from inbox_worker.casefile.revisions import Change, find_shortcomings, keep_read_problems, revise
from inbox_worker.intake import Apply
from inbox_worker.letters import correspondence
from inbox_worker.letters.posting import Posting
from inbox_worker.review import reply_answers, transcripts
from inbox_worker.review.reply import Reply
from inbox_worker.status import Disposition, RequestStatus
from inbox_worker.storage import store
from outbound.letters.compose import Fact
from parsers.extraction import FieldProblem, FieldValue
from parsers.forms.validation import validate
from parsers.replies.command import CommandRefusal, LineProblem
from parsers.replies.corrections import read_corrections
from parsers.replies.question_filter import check_question

#: Numbers of the file that identify somebody's case.
_NUMBERS = frozenset({"case_numbers", "bond_number"})


def prepare_question(reply: Reply) -> Apply:
    """Put a question to the requester, unless it says what must not leave."""
    question, services = reply.command.argument, reply.intake.services
    marked = check_question(question, forbidden=_secrets_of(reply), vocabulary=services.questions)
    if marked:
        written = f"NEED INFO {question}"
        problem = LineProblem(
            line=written[:200],
            code="question_discloses",
            message="The question was not sent: it tells something of the file, or that a record "
            f"exists. Leave out: {', '.join(marked)}.",
        )
        refusal = CommandRefusal(keyword="NEED INFO", problems=(problem,), lines=(written,))
        return partial(reply_answers.return_mistake, reply, refusal)
    return partial(_apply_question, reply, question)


def prepare_correction(reply: Reply) -> Apply:
    """Correct values of the file: all of them, or none when one is wrong."""
    services, now = reply.intake.services, reply.intake.now
    definition = services.definition(reply.request.definition)
    corrected, mistakes = read_corrections(
        definition, reply.command.fields, today=services.local_date(now)
    )
    today = services.local_date(now)
    lacked, known = validate(definition, reply.fields, today=today)
    missing, problems = validate(definition, {**reply.fields, **corrected}, today=today)
    # What was wrong before and is none of the corrected fields stays for another correction.
    spoilt = [p for p in problems if p.field in corrected or p not in known]
    corrected = {name: _keep_lines(reply, name, found) for name, found in corrected.items()}
    wrong = [*mistakes, *spoilt, *(_missing(name) for name in missing if name not in lacked)]
    if wrong:
        return partial(reply_answers.return_mistake, reply, _build_refusal(reply, wrong))
    return partial(_apply_correction, reply, corrected)


def prepare_status(reply: Reply) -> Apply:
    """Tell where the request stands."""
    return partial(reply_answers.return_status, reply)


def prepare_help(reply: Reply) -> Apply:
    """Tell what can be done now."""
    return partial(reply_answers.return_help, reply)


def _apply_question(reply: Reply, question: str, session: Session) -> Disposition:
    request, intake = reply.hold(session), reply.intake
    store.move_request(
        session,
        request,
        RequestStatus.NEEDS_INFORMATION,
        code="question_asked",
        actor=reply.member.email.lower(),
        now=intake.now,
        journal_id=intake.entry.id,
        detail={"question": question},
    )
    posting = Posting(key=f"question:{intake.entry.id}", now=intake.now)
    correspondence.write_question(intake.services, session, request, question, posting)
    transcripts.return_note(
        reply,
        session,
        request,
        "The question was sent to the requester. The answer reopens the review.",
        (Fact(label="Question", value=question),),
    )
    return Disposition.DECISION_APPLIED


def _apply_correction(
    reply: Reply, corrected: Mapping[str, FieldValue], session: Session
) -> Disposition:
    protection.hold_list(session)
    request, intake = reply.hold(session), reply.intake
    services, actor = intake.services, reply.member.email.lower()
    fields = {**reply.fields, **corrected}
    definition = services.definition(request.definition)
    stored = store.list_problems(session, request)
    problems = find_shortcomings(
        services,
        definition,
        fields,
        keep_read_problems(services, definition, stored, reply.fields, without=corrected),
    )
    # The request stays with its reviewers, so what is still wrong is for them to judge.
    flagged = [replace(p, flag_only=True) for p in problems]
    change = Change(actor=actor, now=intake.now, journal_id=intake.entry.id)
    revise(services, session, request, fields, flagged, change)
    store.add_fields(session, request, corrected, recorded_by=actor, now=intake.now)
    store.add_event(
        session,
        "file_corrected",
        request=request,
        actor=actor,
        now=intake.now,
        journal_id=intake.entry.id,
        detail={
            "fields": sorted(corrected),
            "confirmed": sorted(n for n in corrected if _is_confirmed(reply, corrected, n)),
            "revision": request.revision,
        },
    )
    told = "The file was corrected."
    is_news = protection.is_protected(request) and not protection.is_protected(reply.request)
    if is_news:
        told += " It is about somebody who is protected by law: only DENY can answer it now."
    transcripts.return_note(reply, session, request, told, _describe_changes(reply, corrected))
    if is_news:
        transcripts.write_protection_news(reply, session, request, to_author=False)
    return Disposition.DECISION_APPLIED


def _keep_lines(reply: Reply, name: str, found: FieldValue) -> FieldValue:
    """Return a value as it was read, where the reply differs in nothing but its line breaks."""
    before = reply.fields.get(name)
    if before is None or not isinstance(before.value, str) or not isinstance(found.value, str):
        return found
    is_same = before.value.split() == found.value.split()
    return replace(found, value=before.value) if is_same else found


def _is_confirmed(reply: Reply, corrected: Mapping[str, FieldValue], name: str) -> bool:
    """Whether a value was given again as it had been read: a person vouches for it now."""
    before = reply.fields.get(name)
    return before is not None and before.value == corrected[name].value


def _describe_changes(reply: Reply, corrected: Mapping[str, FieldValue]) -> tuple[Fact, ...]:
    definition = reply.intake.services.definition(reply.request.definition)
    facts = []
    for name, found in corrected.items():
        field = definition.find_field(name)
        if field is None:
            continue
        before = reply.fields.get(name)
        old = "(blank)" if before is None else presentation.format_value(field, before.value)
        new = presentation.format_value(field, found.value)
        told = "confirmed" if _is_confirmed(reply, corrected, name) else f"was: {old}"
        facts.append(Fact(label=field.label, value=f"{new} ({told})"))
    return tuple(facts)


def _build_refusal(reply: Reply, wrong: list[FieldProblem]) -> CommandRefusal:
    """Return the refusal that puts each problem under the line that has it."""
    definition = reply.intake.services.definition(reply.request.definition)
    lines = {name: f"{name}: {'; '.join(v)}" for name, v in reply.command.fields.items()}
    problems = []
    for problem in wrong:
        field = definition.find_field(problem.field)
        label = problem.field if field is None else field.label
        problems.append(
            LineProblem(
                line=lines.get(problem.field, "")[:200],
                code=problem.code,
                message=f"{label}: {problem.message}",
            )
        )
    return CommandRefusal(
        keyword="CORRECT", problems=tuple(problems), lines=("CORRECT", *lines.values())
    )


def _missing(name: str) -> FieldProblem:
    return FieldProblem(
        field=name, code="missing", message="The file would then lack this required field."
    )


def _secrets_of(reply: Reply) -> tuple[str, ...]:
    """Return the file's names, numbers and dates, which a question must not hold.

    The case and bond numbers are among them, because nothing proves who will read the question.
    """
    kept = [n for n in reply.fields if n.startswith("subject_") or n in _NUMBERS]
    found: list[str] = []
    for name in kept:
        value = reply.fields[name].value
        if isinstance(value, bool):
            continue
        found.extend(value if isinstance(value, tuple) else (value,))
    return tuple(found)
