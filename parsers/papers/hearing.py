"""What papers say, beside being forms: cries for help, and demands.

Whoever is in danger may say so in a form's own words, in a letter that is attached, or in a mail
that is passed on; and who sends a subpoena sends it as a paper. So all of it is read: the words a
person wrote in a form's boxes, the text of what is no form, and attached mails. Pages of a court or
the police are left out where cries are listened for (`parsers.classification.papers`). Files, pages
and letters read are bounded, and all is done where the documents are read.

Outcomes: an `Extraction` with what was heard in its document; a `Verdict` that counts what was
heard. Nothing is raised.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

import pikepdf

from parsers.classification.classify import (
    ClassificationContext,
    Verdict,
    add_topics,
    classify,
    is_of_a_person,
)
from parsers.classification.papers import (
    Demand,
    judge_name,
    judge_pages,
    leave_out_court_papers,
)
from parsers.classification.topic_table import Handling, TopicTable
from parsers.classification.topics import FoundTopic, read_text
from parsers.definition import FieldType, FormDefinition
from parsers.errors import ParseError
from parsers.extraction import DocumentKind, Extraction, Heard
from parsers.mail.headers import decode_bytes
from parsers.mail.message import Attachment, InboundMessage
from parsers.mail.parsing import parse_message
from parsers.pages.text_layer import TextLayerError
from parsers.pdf.acroform import TooManyFieldsError, find_fields
from parsers.pdf.opening import CannotOpenError, open_pdf
from parsers.replies.html import find_html_lines

#: How the rule of a demand that lies in a paper begins.
PAPER = "paper:"

#: How much of one paper is read, and of how many papers and mails of one mail.
_MOST_PAGES = 20
_MOST_CHARACTERS = 40_000
_MOST_PAPERS = 10
_MOST_LINES = 2_000
#: What a person types into a box is shorter.
_MOST_TYPED = 10_000


def hear_document(
    data: bytes, found: Extraction, definitions: Sequence[FormDefinition], table: TopicTable
) -> Extraction:
    """Return the reading of a document with what is urgent in it, and what it is as a demand.

    Of one whose pictures nobody has read yet nothing is known; the texts of those that were read
    do not leave here.
    """
    if found.needs_pictures:
        return found
    pages = found.texts or _read_pages(data, found)
    typed = "\n\n".join(_list_typed(found, definitions))[:_MOST_TYPED]
    return replace(
        found,
        texts=(),
        demand=judge_pages(pages, table.papers).value,
        # What a form prints on pages without boxes, whom to call say, is nobody's cry.
        heard=(
            *_hear(typed, "form", table),
            *_hear_pages(pages, table, letters_only=found.is_form),
        ),
    )


def hear_beside(
    message: InboundMessage, context: ClassificationContext
) -> tuple[tuple[Heard, ...], str]:
    """Return what is urgent in attached texts and mails, and what they are as demands.

    Of a file that is no document and no text, its name is all that counts.
    """
    table = context.topics
    if table is None:
        return (), ""
    heard: list[Heard] = []
    demands = set()
    documents = {message.papers[n].data for n in message.documents}
    beside = [paper for paper in message.papers if paper.data not in documents]
    for paper in beside[:_MOST_PAPERS]:
        text = _read_text_file(paper)
        demands.add(_judge_paper(paper, judge_pages([text], table.papers), table))
        heard += _hear_pages([text], table)
    for inner in list(_list_mails(message, beside))[:_MOST_PAPERS]:
        heard += _hear_mail(inner, context, table)
    return tuple(heard), Demand.OURS.value if Demand.OURS in demands else ""


def count_beside(
    verdict: Verdict, heard: Sequence[Heard], demand: str, table: TopicTable
) -> Verdict:
    """Return the verdict with what was heard beside the documents."""
    return _count(verdict, heard, table, is_demand=demand == Demand.OURS)


def count_documents(
    verdict: Verdict, read: Sequence[tuple[Attachment, Extraction]], table: TopicTable
) -> Verdict:
    """Return the verdict with what was heard in documents, those that were not read yet left out.

    What commands somebody else is an exhibit beside a form, and a demand where it comes alone.
    """
    may_be_form = any(found.is_form or found.needs_pictures for _, found in read)
    wanted = {Demand.OURS} if may_be_form else {Demand.OURS, Demand.ANOTHERS}
    return _count(
        verdict,
        [one for _, found in read for one in found.heard],
        table,
        is_demand=any(_judge_document(paper, found, table) in wanted for paper, found in read),
    )


def _judge_document(paper: Attachment, found: Extraction, table: TopicTable) -> Demand:
    if found.needs_pictures or not is_listened_to(paper):
        return Demand.NONE
    demand = Demand(found.demand or Demand.NONE)
    return demand if found.is_form else _judge_paper(paper, demand, table)


def is_listened_to(paper: Attachment) -> bool:
    """Whether a document may say anything to us: not what we certified ourselves."""
    return not paper.is_certification


def _judge_paper(paper: Attachment, demand: Demand, table: TopicTable) -> Demand:
    """Return what a paper is by its text, or where that says nothing, by its name."""
    return judge_name(paper.name, table.papers) if demand is Demand.NONE else demand


def _count(
    verdict: Verdict, heard: Iterable[Heard], table: TopicTable, *, is_demand: bool
) -> Verdict:
    found = [_build_found(one.topic, one.rule, table, one.words) for one in heard]
    if is_demand:
        topic = next(t.name for t in table.topics if t.handling is Handling.DEMAND)
        found.append(_build_found(topic, f"{PAPER}commands_us", table))
    return add_topics(verdict, found, table)


def _build_found(
    name: str, rule: str, table: TopicTable, words: tuple[str, ...] = ()
) -> FoundTopic:
    topic = table.named(name)
    return FoundTopic(
        name=name, rule=rule, handling=topic.handling, channels=topic.channels, words=words
    )


def _hear_pages(
    pages: Sequence[str], table: TopicTable, *, letters_only: bool = False
) -> Iterator[Heard]:
    text = leave_out_court_papers(pages, table.papers, letters_only=letters_only)
    return _hear(text, "paper", table)


def _hear(text: str, where: str, table: TopicTable) -> Iterator[Heard]:
    if text.strip():
        reading = read_text(text, table, is_paper=where == "paper")
        for topic in reading.having(Handling.URGENT):
            yield Heard(topic=topic.name, rule=f"{where}:{topic.rule}", words=topic.words)


def _list_typed(found: Extraction, definitions: Sequence[FormDefinition]) -> Iterator[str]:
    """Yield what a person wrote in the boxes of forms that take several lines."""
    for form in found.forms:
        definition = next((d for d in definitions if d.id == form.definition), None)
        for box in () if definition is None else definition.fields:
            if box.type is FieldType.TEXT and box.multiline and box.name in form.fields:
                yield form.fields[box.name].raw


def _read_pages(data: bytes, found: Extraction) -> tuple[str, ...]:
    """Return the text of the pages of a PDF that are no form's, with what was filled in on them."""
    if found.kind in (DocumentKind.ENCRYPTED, DocumentKind.UNREADABLE) or not found.pages:
        return ()
    forms = {value.page for form in found.forms for value in form.fields.values()}
    pages: Sequence[int] = range(1, min(found.pages, _MOST_PAGES) + 1)
    if found.definition is not None and not found.fields:
        # A form that was left blank: what it prints is ours.
        pages = [n for n in found.passed_over if n in pages]
    numbers = [n for n in pages if n not in forms]
    if not numbers or (found.is_form and found.kind is DocumentKind.SCAN):
        return ()
    from parsers.pages.pdfium_pages import PdfiumPages  # noqa: PLC0415  # few documents need it

    try:
        with PdfiumPages(data) as opened:
            texts = [opened.text(n) for n in numbers]
    except TextLayerError:
        return ()
    if not found.is_form:
        texts.append("\n\n".join(_list_filled_in(data)))
    return tuple(_shorten(texts))


def _list_filled_in(data: bytes) -> Iterator[str]:
    """Yield what stands in the fields of a form that is none of ours."""
    try:
        with open_pdf(data) as pdf:
            for field in find_fields(pdf).fields:
                yield from (wordings[0] for wordings in field.values)
    except (CannotOpenError, TooManyFieldsError, pikepdf.PdfError):
        return


def _shorten(texts: Iterable[str]) -> Iterator[str]:
    left = _MOST_CHARACTERS
    for text in texts:
        yield text[:left]
        left -= len(text[:left])


def _read_text_file(paper: Attachment) -> str:
    is_text = paper.declared_type == "text/plain" or paper.name.lower().endswith(".txt")
    return decode_bytes(paper.data[:_MOST_CHARACTERS], "utf-8")[0] if is_text else ""


def _list_mails(message: InboundMessage, papers: Sequence[Attachment]) -> Iterator[bytes]:
    yield from message.attached_messages
    yield from (paper.data for paper in papers if paper.name.lower().endswith(".eml"))


def _hear_mail(raw: bytes, context: ClassificationContext, table: TopicTable) -> Iterator[Heard]:
    """Yield what is urgent in a mail that a person wrote, and somebody passes on."""
    try:
        inner = parse_message(raw)
    except ParseError:
        return
    if is_of_a_person(classify(inner, replace(context, topics=None, oversize=False))):
        body = inner.text or "\n".join(find_html_lines(inner.html or "", limit=_MOST_LINES))
        yield from _hear(f"{inner.subject}\n\n{body[:_MOST_CHARACTERS]}", "attached_mail", table)
