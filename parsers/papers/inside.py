"""The papers inside other papers: in ZIP archives, `winmail.dat`, attached mails, and PDFs.

What is found is listed behind a mail's own attachments, each with the names of what it lay in, and
is a paper like any other; a mail's text that lies inside another one is for `hearing` alone. Last
come the documents that pictures of pages are bound to. Count, depth and bytes are bounded by
`ReadLimits`, and what a bound keeps from being taken out is listed with the refusal that says so. A
mail without such papers is looked at and costs nothing more.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import pikepdf

from parsers.classification.classify import MessageKind, Verdict
from parsers.errors import ParseError
from parsers.extraction import ReadLimits
from parsers.mail.headers import build_safe_name
from parsers.mail.message import Attachment, InboundMessage
from parsers.mail.parsing import parse_message
from parsers.papers.archives import Member, is_tnef, is_zip, open_tnef, open_zip
from parsers.papers.bound_pictures import bind_pictures, has_several_pages
from parsers.pdf.attachments import list_embedded
from parsers.pdf.opening import CannotOpenError, open_pdf
from parsers.pdf.streams import read_start

#: Kinds of mail that may be a request once it is known what lies inside.
_MAY_HOLD_FORMS = frozenset({MessageKind.REQUEST, MessageKind.REQUESTER_REPLY, MessageKind.OTHER})
_ATTACHED_MAIL = "attached mail"
#: Stands between the names of a paper and of what lies in it.
ARROW = " › "


def may_hold_papers(message: InboundMessage, verdict: Verdict) -> bool:
    """Return whether something attached to the mail should be opened for what lies inside."""
    if verdict.kind not in _MAY_HOLD_FORMS:
        return False
    return (
        bool(message.attached_messages)
        or any(map(is_container, message.attachments))
        or has_several_pages(message.attachments)
    )


def is_container(paper: Attachment) -> bool:
    """Return whether a paper looks as if others lay inside it."""
    return (
        is_zip(paper.data)
        or is_tnef(paper.data)
        or _is_mail(paper)
        # The type of an embedded file stands outside of anything compressed (ISO 32000-2, 7.5.7).
        or (paper.is_pdf and b"EmbeddedFile" in paper.data)
    )


def find_inside(
    papers: Sequence[Attachment], mails: Sequence[bytes], limits: ReadLimits
) -> tuple[Attachment, ...]:
    """Return the papers inside `papers` and inside attached `mails`, the outermost first.

    Pictures of pages that lie together follow once more, bound to one document.
    """
    found = _Opening(papers=papers, limits=limits).run(mails)
    return (*found, *bind_pictures((*papers, *found), limits))


@dataclass(slots=True)
class _Waiting:
    """A paper that may hold others."""

    paper: Attachment
    holder: int | None  #: its position; None for an attached mail, which has none
    path: str  #: the names of what it lies in, and its own
    depth: int


class _Opening:
    """One walk through everything attached to one mail."""

    def __init__(self, *, papers: Sequence[Attachment], limits: ReadLimits) -> None:
        self._own = len(papers)
        self._limits = limits
        self._bytes_left = limits.inside_bytes
        self._found: list[Attachment] = []
        self._met = {paper.data for paper in papers}
        self._queue = deque(
            _Waiting(paper, position, paper.name or "a file", 1)
            for position, paper in enumerate(papers)
        )

    def run(self, mails: Sequence[bytes]) -> tuple[Attachment, ...]:
        if not self._limits.inside_depth:
            return ()
        for number, raw in enumerate(mails, 1):
            path = _ATTACHED_MAIL if len(mails) == 1 else f"{_ATTACHED_MAIL} {number}"
            self._queue.append(_Waiting(_as_paper(raw), None, path, 1))
        while self._queue and len(self._found) < self._limits.inside_files:
            self._open(self._queue.popleft())
        return tuple(self._found)

    def _open(self, waiting: _Waiting) -> None:
        for member in _list_members(waiting.paper, self._bytes_left):
            if len(self._found) >= self._limits.inside_files:
                return
            # Who forwards a mail often attaches its form as well: the same bytes are one paper.
            if member.refusal or member.data not in self._met:
                self._met.add(member.data)
                self._take(member, waiting)

    def _take(self, member: Member, waiting: _Waiting) -> None:
        too_large = len(member.data) > self._bytes_left
        if too_large:
            member = Member(name=member.name, refusal="inside_too_large")
        self._bytes_left -= len(member.data)
        paper = Attachment(
            name=member.name,
            declared_type="application/octet-stream",
            data=member.data,
            found_in=waiting.path,
            holder=waiting.holder,
            refusal=member.refusal,
        )
        if paper.is_pdf or paper.claims_pdf:
            paper = replace(paper, declared_type="application/pdf")
        if waiting.depth >= self._limits.inside_depth and is_container(paper):
            paper = replace(paper, data=b"", refusal="inside_too_deep")
        self._found.append(paper)
        if not paper.refusal and is_container(paper):
            position = self._own + len(self._found) - 1
            path = f"{waiting.path}{ARROW}{paper.name or 'a file'}"
            self._queue.append(_Waiting(paper, position, path, waiting.depth + 1))


def _as_paper(raw: bytes) -> Attachment:
    return Attachment(name="", declared_type="message/rfc822", data=raw)


def _is_mail(paper: Attachment) -> bool:
    return paper.declared_type == "message/rfc822" or paper.name.lower().endswith(".eml")


def _list_members(paper: Attachment, most: int) -> Iterator[Member]:
    if is_zip(paper.data):
        return open_zip(paper.data, most)
    if is_tnef(paper.data):
        return open_tnef(paper.data, most)
    if paper.is_pdf:
        return _open_pdf(paper.data, most) if b"EmbeddedFile" in paper.data else iter(())
    return _open_mail(paper.data) if _is_mail(paper) else iter(())


def _open_mail(raw: bytes) -> Iterator[Member]:
    """Yield the files attached to a mail, and the mails attached to it as files of their own."""
    try:
        message = parse_message(raw)
    except ParseError:
        return
    for attachment in message.attachments:
        if attachment.name or not attachment.declared_type.startswith("text/"):
            yield Member(name=attachment.name, data=attachment.data)
    for inner in message.attached_messages:
        yield Member(name=f"{_ATTACHED_MAIL}.eml", data=inner)


def _open_pdf(data: bytes, most: int) -> Iterator[Member]:
    try:
        pdf = open_pdf(data)
    except CannotOpenError:
        return
    with pdf:
        try:
            for name, stream in list_embedded(pdf):
                yield _take_embedded(build_safe_name(name), stream, most)
        except pikepdf.PdfError:
            # A damaged list ends here; what came before the damage counts.
            return


def _take_embedded(name: str, stream: pikepdf.Stream, most: int) -> Member:
    try:
        found = read_start(stream, most + 1)
    except pikepdf.PdfError:
        return Member(name=name, refusal="inside_damaged")
    if len(found) > most:
        return Member(name=name, refusal="inside_too_large")
    return Member(name=name, data=found)
