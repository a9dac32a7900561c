"""An HTML reply as plain lines, in which quotation and signature carry the marks of plain mail.

The outcome is always lines: quoted elements begin with `> `, an Outlook divider becomes a
separator between messages, a signature element begins with `-- `, struck-out words stand between
`~~`, and what a reader does not see (styles, hidden elements, pictures and their alternative text)
is left out. Nothing is loaded from anywhere, and the walk keeps no stack of its own, so that
nesting costs nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

from lxml import etree

_BLANKS = re.compile(r"\s+")

#: HTML beyond this many characters is not looked at: new text stands on top.
MAX_HTML = 4_000_000

_UNSEEN_TAGS = frozenset(
    {
        *("head", "title", "style", "script", "template", "noscript"),
        *("textarea", "select", "object", "svg", "math", "iframe"),
        *("audio", "video"),
    }
)
_BLOCK_TAGS = frozenset(
    {
        *("address", "article", "blockquote", "body", "center", "dd"),
        *("div", "dl", "dt", "fieldset", "footer", "form"),
        *("h1", "h2", "h3", "h4", "h5", "h6"),
        *("header", "hr", "html", "li", "main", "ol"),
        *("p", "pre", "section", "table", "tbody", "thead"),
        *("tr", "ul", "br"),
    }
)
_STRUCK_TAGS = frozenset({"s", "strike", "del"})

_QUOTE_CLASSES = frozenset(
    {
        *(
            "gmail_attr",
            "moz-cite-prefix",
            "yahoo_quoted",
            "protonmail_quote",
            "tutanota_quote",
            "zmail_extra",
        ),
        *("applemailquote", "x_gmail_attr"),
    }
)
_DIVIDER_MARKS = frozenset(
    {
        *(
            "divrplyfwdmsg",
            "x_divrplyfwdmsg",
            "appendonsend",
            "x_appendonsend",
            "olk_src_body_section",
            "mail-editor-reference-message-container",
        ),
        *(
            "outlookmessageheader",
            "messagereplysection",
            "replysplit",
            "stopspelling",
            "isforwardcontent",
            "isreplycontent",
        ),
    }
)
_SIGNATURE_MARKS = frozenset(
    {
        *(
            "gmail_signature",
            "gmail_signature_prefix",
            "moz-signature",
            "protonmail_signature_block",
            "signature",
            "x_signature",
        ),
        *(
            "ms-outlook-mobile-signature",
            "linebreakatbeginningofsignature",
            "applemailsignature",
            "ymail_android_signature",
            "ymail_ios_signature",
        ),
    }
)


def find_html_lines(html: str, *, limit: int) -> list[str]:
    """Return the first `limit` lines a reader of `html` sees, quotation and signatures marked."""
    root = _parse_html(html[:MAX_HTML])
    return [] if root is None else list(islice(_Walk().lines(root), limit))


def _parse_html(html: str) -> etree._Element | None:
    text = html.replace("\x00", "").encode("utf-8", "replace")
    parser = etree.HTMLParser(
        encoding="utf-8", no_network=True, remove_comments=True, remove_pis=True, recover=True
    )
    try:
        return etree.fromstring(text, parser)
    except (etree.XMLSyntaxError, ValueError):
        return None


class _Walk:
    """One pass over a document; counts how deep it is in each kind of element."""

    def __init__(self) -> None:
        self._line: list[str] = []
        self._unseen = 0
        self._quoted = 0
        self._verbatim = 0

    def lines(self, root: etree._Element) -> Iterator[str]:
        for event, element in etree.iterwalk(root, events=("start", "end")):
            if not isinstance(element.tag, str):
                continue
            if event == "start":
                yield from self._enter(element)
                yield from self._add(element.text)
            else:
                yield from self._leave(element)
                yield from self._add(element.tail)
        yield from self._flush()

    def _enter(self, element: etree._Element) -> Iterator[str]:
        marks = _marks(element)
        if _breaks_line(element, marks):
            yield from self._flush(keep_empty=element.tag == "br")
        self._unseen += _is_unseen(element)
        if self._unseen:
            return
        self._quoted += _is_quotation(element, marks)
        self._verbatim += element.tag == "pre"
        if element.tag == "hr":
            yield "----------"
        if marks & _DIVIDER_MARKS or _is_outlook_divider(element):
            yield "-----Original Message-----"
        if marks & _SIGNATURE_MARKS:
            yield "-- "
        if _is_struck(element):
            self._line.append("~~")

    def _leave(self, element: etree._Element) -> Iterator[str]:
        marks = _marks(element)
        if not self._unseen and _is_struck(element):
            self._line.append("~~")
        if _breaks_line(element, marks) and element.tag != "br":
            yield from self._flush()
        if self._unseen:
            self._unseen -= _is_unseen(element)
            return
        self._quoted -= _is_quotation(element, marks)
        self._verbatim -= element.tag == "pre"
        if element.tag in {"td", "th"}:
            self._line.append(" ")

    def _add(self, text: str | None) -> Iterator[str]:
        if not text or self._unseen:
            return
        if not self._verbatim:
            self._line.append(text)
            return
        first, *rest = text.replace("\r", "").split("\n")
        self._line.append(first)
        for part in rest:
            yield from self._flush(keep_empty=True)
            self._line.append(part)

    def _flush(self, *, keep_empty: bool = False) -> Iterator[str]:
        line = _BLANKS.sub(" ", "".join(self._line)).strip(" ")
        self._line.clear()
        if line or keep_empty:
            yield f"> {line}" if self._quoted else line


def _marks(element: etree._Element) -> frozenset[str]:
    """Return the classes, id and name of an element, in lower case."""
    named = (element.get("class") or "", element.get("id") or "", element.get("name") or "")
    return frozenset(" ".join(named)[:400].lower().split())


def _style(element: etree._Element) -> str:
    return (element.get("style") or "")[:1000].replace(" ", "").lower()


def _breaks_line(element: etree._Element, marks: frozenset[str]) -> bool:
    special = marks & (_DIVIDER_MARKS | _SIGNATURE_MARKS | _QUOTE_CLASSES)
    return element.tag in _BLOCK_TAGS or bool(special)


def _is_unseen(element: etree._Element) -> bool:
    if element.tag in _UNSEEN_TAGS or element.get("hidden") is not None:
        return True
    style = _style(element)
    return "display:none" in style or "visibility:hidden" in style or "mso-hide:all" in style


def _is_quotation(element: etree._Element, marks: frozenset[str]) -> bool:
    return element.tag == "blockquote" or bool(marks & _QUOTE_CLASSES)


def _is_outlook_divider(element: etree._Element) -> bool:
    """Recognise the thin line that desktop Outlook draws above the mail it answers."""
    style = _style(element)
    return "border:none" in style and "border-top:solid" in style


def _is_struck(element: etree._Element) -> bool:
    return element.tag in _STRUCK_TAGS or "line-through" in _style(element)
