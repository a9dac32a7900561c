"""What the program makes of one raw mail, without a database: for `explain`.

The outcome has one shape always; for bytes that are no mail it says so in `problem`.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from config.data import TOPIC_FILES, read_data
from config.sections import ReviewSettings
from inbox_worker.reading.reader import DocumentReader, load_definitions
from parsers.classification.classify import ClassificationContext, MessageKind, classify
from parsers.classification.topic_table import TopicTable, parse_topic_table
from parsers.errors import ParseError
from parsers.extraction import Extraction
from parsers.mail.message import Attachment, InboundMessage
from parsers.mail.parsing import parse_message
from parsers.papers.hearing import count_beside, count_documents
from parsers.papers.inside import may_hold_papers
from parsers.papers.mail_reading import add_inside, list_documents, may_speak
from parsers.reading.document import build_refused
from parsers.replies.command import Command
from parsers.replies.command_reader import build_field_names, parse_command
from parsers.replies.keyword_table import parse_keyword_table
from parsers.replies.new_text import NewText, find_new_text
from parsers.replies.question_filter import parse_question_vocabulary


def explain_mail(
    raw: bytes,
    reader: DocumentReader,
    *,
    own: Collection[str],
    today: date,
    spam_marks: tuple[tuple[str, str], ...] = (),
) -> dict[str, Any]:
    """Return the mail's kind and rule, its forms, its topics, and the command in its new text.

    `own` are our addresses; when they are not known the mail's recipients are taken for ours.
    `spam_marks` are the fields and values of the site's filter. The
    new text is read as if it answered a review notice; nothing is wrong with having none, but in a
    mail that does answer one.
    """
    if raw.startswith(b"%PDF-"):
        return build_unexplained("This is a PDF and no mail: use `extract`.")
    try:
        message = parse_message(raw)
    except ParseError as error:
        return build_unexplained(error.message)
    addresses = frozenset(own) or frozenset(
        _plain(recipient.address) for recipient in message.recipients
    )
    topics = parse_topic_table(*map(read_data, TOPIC_FILES))
    context = ClassificationContext(own_addresses=addresses, spam_marks=spam_marks, topics=topics)
    verdict = classify(message, context)
    if may_hold_papers(message, verdict):
        inside = reader.find_inside(message.attachments, message.attached_messages)
        message, verdict = add_inside(message, inside, context)
    if may_speak(message, verdict):
        verdict = count_beside(verdict, *reader.hear_beside(message, context), topics)
    read = [
        (message.papers[n], _read_paper(message, n, reader, today, topics))
        for n in message.documents
    ]
    if list_documents(message, verdict):
        verdict = count_documents(verdict, read, topics)
    new_text = find_new_text(message)
    return {
        "kind": verdict.kind.value,
        "rule": verdict.rule,
        "forms": [_describe_form(paper, extraction) for paper, extraction in read],
        "attachments": [
            {
                "name": paper.name,
                "type": paper.declared_type,
                "size": len(paper.data),
                **({"found_in": paper.found_in} if paper.found_in else {}),
            }
            for paper in message.papers
        ],
        "new_text": new_text.text,
        **_explain_command(new_text, is_reply=verdict.kind is MessageKind.STAFF_REPLY),
        "topics": [topic.name for topic in verdict.about.topics],
        "topic_rules": {topic.name: topic.rule for topic in verdict.about.topics},
        "topic_words": {t.name: list(t.words) for t in verdict.about.topics if t.words},
        "language": verdict.about.language,
    }


def build_unexplained(problem: str) -> dict[str, Any]:
    """Return what is said of a file that is no mail, or cannot be read, in the same shape."""
    return {
        "kind": "other",
        "rule": "unreadable",
        "forms": [],
        "attachments": [],
        "new_text": "",
        "command": None,
        "command_problems": [],
        "topics": [],
        "topic_rules": {},
        "topic_words": {},
        "language": "",
        "problem": problem,
    }


def _plain(address: str) -> str:
    local, _, domain = address.lower().rpartition("@")
    return f"{local.partition('+')[0]}@{domain}"


def _describe_form(paper: Attachment, extraction: Extraction) -> dict[str, Any]:
    read = extraction.to_json()
    return {
        "name": paper.name,
        **({"found_in": paper.found_in} if paper.found_in else {}),
        **read["form"],
        "missing": read["missing"],
        "problems": read["problems"],
        "warnings": read["warnings"],
    }


def _read_paper(
    message: InboundMessage,
    position: int,
    reader: DocumentReader,
    today: date,
    topics: TopicTable,
) -> Extraction:
    paper = message.papers[position]
    if paper.refusal:
        return build_refused(paper.refusal)
    beside = message.count_beside(position)
    return reader.read(paper.data, today=today, attachments_beside_form=beside, topics=topics)


def _explain_command(new_text: NewText, *, is_reply: bool) -> dict[str, Any]:
    if not (is_reply or new_text.text.strip() or new_text.below):
        return {"command": None, "command_problems": []}
    parsed = parse_command(
        new_text.text,
        keywords=parse_keyword_table(read_data("replies/keywords.toml")),
        bases=ReviewSettings().bases,
        field_names=build_field_names(load_definitions()[0]),
        timezone=ZoneInfo("America/New_York"),
        ready_questions=parse_question_vocabulary(read_data("replies/questions.toml")).ready,
        below_quote=new_text.below,
    )
    if isinstance(parsed, Command):
        fields = {name: list(values) for name, values in parsed.fields.items()}
        command = {"keyword": parsed.keyword, "argument": parsed.argument, "fields": fields}
        return {"command": command, "command_problems": []}
    problems = [{"line": p.line, "code": p.code, "message": p.message} for p in parsed.problems]
    return {"command": None, "command_problems": problems}
