"""Where the new text of a plain reply ends, line by line.

The kinds of line, complete: a quotation mark, an attribution ("On … wrote:", wrapped over up to
four lines), a header block, a separator between messages, a signature (its delimiter, or what a
phone signs with), a disclaimer, and ordinary text. The first that is not ordinary text ends the
new text; what stands below a quotation is only reported. Every test looks at a bounded number of
bounded lines, so that the time is linear in the length of the mail whatever it holds.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto

from parsers.replies import phrases
from parsers.values.typed_text import fold_words

#: No line is looked at beyond this many characters, and no attribution is longer.
_LINE_LIMIT = 600
_ATTRIBUTION_LINES = 4
_HEADER_WINDOW = 8
_DISCLAIMER_LINES = 12
#: No more lines below a quotation than these are reported.
_MAX_BELOW = 40
#: Lines of these alone, two or more, are a rule; they end nothing by themselves.
_RULE = frozenset("-_=*#~+\u2013\u2014\u2015\u2022\u1427")
#: So many lines from a phone's footer on are looked at for second thoughts.
_FOOTER_LINES = 6
_DASHES = "-_=*~ \u2013\u2014"

_OLD_GMAIL = re.compile(r"\d{4}-\d{2}-\d{2} \d{1,2}:\d{2} (?:GMT|UTC)")
_DATE_OR_TIME = re.compile(r"(?:19|20)\d\d|\d{1,2}[:.]\d{2}|\d{1,2}/\d{1,2}/\d{2}")
_FIELD_PREFIX = re.compile(r"[A-Za-z][A-Za-z _-]{1,40}:\s+\S")


class LineKind(Enum):
    """What a line begins."""

    TEXT = auto()
    QUOTE = auto()  #: a quoted line
    ATTRIBUTION = auto()  #: who wrote what follows
    HEADERS = auto()  #: the header block of a quoted or forwarded mail
    SEPARATOR = auto()  #: "-----Original Message-----"
    SIGNATURE = auto()
    DISCLAIMER = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class CutText:
    """A reply's lines, divided."""

    kept: tuple[str, ...]  #: the new text
    ended_by: LineKind | None  #: what ended it, None where nothing did
    below: tuple[str, ...]  #: lines that look newly written, below a quotation


def cut_reply(lines: Sequence[str], *, are_blocks: bool = False) -> CutText:
    """Divide a reply's lines into the new text, what ended it, and what was written below.

    `are_blocks` says that each line is a whole block of an HTML body.
    """
    start = _banner_end(lines, are_blocks=are_blocks)
    end, kind = _find_end(lines, start)
    kept = _trim(lines[start:end])
    if kind is None:
        return CutText(kept=kept, ended_by=None, below=())
    return CutText(kept=kept, ended_by=kind, below=_find_below(lines, end, nothing_above=not kept))


def line_kind(lines: Sequence[str], index: int) -> LineKind:
    """Return what line `index` begins, looking at no more than the next few lines."""
    line = lines[index][:_LINE_LIMIT].strip()
    if not line:
        return LineKind.TEXT
    lower = line.casefold()
    if line.startswith((">", "&gt;")):
        return LineKind.QUOTE
    if _is_separator(lower):
        return LineKind.SEPARATOR
    if _is_signature_start(line) or _is_footer(lines, index, lower):
        return LineKind.SIGNATURE
    if _is_header_block(lines, index, lower):
        return LineKind.HEADERS
    if _is_attribution(lines, index):
        return LineKind.ATTRIBUTION
    if lower.lstrip("*_[( ").startswith(phrases.DISCLAIMER_LEADS) and _is_disclaimer(lines, index):
        return LineKind.DISCLAIMER
    return LineKind.TEXT


def _find_end(lines: Sequence[str], start: int) -> tuple[int, LineKind | None]:
    for index in range(start, len(lines)):
        kind = line_kind(lines, index)
        if kind is LineKind.QUOTE:
            return _unknown_attribution_start(lines, start, index), kind
        if kind is not LineKind.TEXT:
            return index, kind
    return len(lines), None


def _trim(lines: Sequence[str]) -> tuple[str, ...]:
    """Drop empty lines at both ends, and rules at the bottom."""
    first, last = 0, len(lines)
    while last and (not lines[last - 1].strip() or _is_rule(lines[last - 1].strip())):
        last -= 1
    while first < last and not lines[first].strip():
        first += 1
    return tuple(line.rstrip() for line in lines[first:last])


def _is_rule(line: str) -> bool:
    return len(line) < _LINE_LIMIT and bool(line) and set(line) <= _RULE


def _is_separator(lower: str) -> bool:
    """Recognise a separator by its words, or in any language by five dashes at both ends."""
    words = lower.strip(_DASHES).rstrip(":").rstrip()
    if not words:
        return False
    if words in phrases.MESSAGE_SEPARATORS:
        return True
    dashed = lower.startswith("--") and lower.endswith("--")
    if not dashed:
        return False
    named = words.startswith(phrases.MESSAGE_SEPARATORS) or words.endswith(
        phrases.ATTRIBUTION_VERBS
    )
    return named or (
        lower.startswith("-----") and lower.endswith("-----") and len(words.split()) <= 6
    )


def _is_signature_start(line: str) -> bool:
    """Recognise `-- ` (RFC 3676, 4.3), and a long underscore rule."""
    return line in {"--", "\u2013", "\u2014", "__"} or (len(line) >= 10 and set(line) == {"_"})


def _is_footer(lines: Sequence[str], index: int, lower: str) -> bool:
    """Recognise phones' own words, with nothing on or below them that takes an answer back.

    People do type below what their phone adds; what is quoted there says nothing.
    """
    if len(lower) > 120 or not lower.lstrip("*_[(<-\u2013 ").startswith(phrases.PROGRAM_SIGNATURES):
        return False
    for at in range(index, min(len(lines), index + _FOOTER_LINES)):
        text = lines[at][:_LINE_LIMIT].strip().casefold()
        if at > index and text and _ends_footer(lines, at, text):
            return True
        if phrases.PLAIN_OBJECTIONS.intersection(fold_words(text).replace(",", " ").split()):
            return False
    return True


def _ends_footer(lines: Sequence[str], at: int, text: str) -> bool:
    """Recognise where a quotation begins below a phone's footer."""
    return (
        text.startswith((">", "&gt;"))
        or _is_separator(text)
        or _is_signature_start(text)
        or _is_header_block(lines, at, text)
        or _is_attribution(lines, at)
        or text.rstrip(": ").endswith(phrases.ATTRIBUTION_VERBS)
    )


def _header_name(line: str) -> str:
    """Return the lower-case name of a line that looks like a header field, or nothing."""
    name, colon, _ = line[:60].lstrip("*_ >").partition(":")
    return name.strip("*_ ").casefold() if colon else ""


def _is_header_block(lines: Sequence[str], index: int, lower: str) -> bool:
    name = _header_name(lower)
    is_author = name in phrases.AUTHOR_HEADERS
    if not is_author and name not in phrases.OTHER_HEADERS:
        return False
    if is_author and "subject:" in lower and ("sent:" in lower or "date:" in lower):
        return True
    near = {_header_name(line) for line in _next_filled(lines, index + 1, _HEADER_WINDOW)}
    others = len((near & phrases.OTHER_HEADERS) - {name})
    if is_author:
        return others >= 1 or "@" in lower
    return others >= 1 and bool(near & phrases.AUTHOR_HEADERS)


def _next_filled(lines: Sequence[str], start: int, count: int) -> list[str]:
    return [x[:_LINE_LIMIT] for x in lines[start : start + count] if x.strip()]


def _is_attribution(lines: Sequence[str], index: int) -> bool:
    """Recognise an attribution that starts at `index`, on one line or wrapped over the next."""
    first = lines[index][:_LINE_LIMIT].strip()
    if _OLD_GMAIL.match(first):
        return True
    if not _may_open_attribution(first):
        return False
    joined = ""
    for line in lines[index : index + _ATTRIBUTION_LINES]:
        part = line[:_LINE_LIMIT].strip()
        if not part or len(joined) > _LINE_LIMIT:
            return False
        # A wrapped address may leave its closing bracket at the beginning of a line.
        if part.startswith(">") and joined.count("<") <= joined.count(">"):
            return False
        joined = f"{joined} {part}" if joined else part
        if _is_whole_attribution(joined.casefold()):
            return True
    return False


def _may_open_attribution(first: str) -> bool:
    lower = first.casefold()
    if lower.startswith(phrases.ATTRIBUTION_LEADS):
        return True
    # A field of ours ("Remarks: on 03/02 he wrote:") opens none, whatever follows its colon.
    return ("@" in first or first[0].isdigit()) and not _FIELD_PREFIX.match(first)


def _is_whole_attribution(joined: str) -> bool:
    if not joined.endswith((":", "wrote")):
        return False
    has_verb = any(verb in joined for verb in phrases.ATTRIBUTION_VERBS)
    return has_verb and ("@" in joined or any(c.isdigit() for c in joined))


def _unknown_attribution_start(lines: Sequence[str], start: int, quote: int) -> int:
    """Return where the attribution above a quoted line begins, in whatever language it is."""
    last = quote
    while last > start and not lines[last - 1].strip():
        last -= 1
    if last == start or not lines[last - 1].rstrip().endswith(":"):
        return quote
    joined = ""
    for index in range(last - 1, max(start, last - _ATTRIBUTION_LINES) - 1, -1):
        part = lines[index][:_LINE_LIMIT].strip()
        if not part:
            break
        joined = f"{part} {joined}"
        if _DATE_OR_TIME.search(joined) and (joined.count("<") == joined.count(">")):
            return index
    # "ERO Outreach wrote:" says who without saying when.
    words = lines[last - 1].strip().rstrip(":").rstrip().casefold()
    return last - 1 if words.endswith(phrases.ATTRIBUTION_VERBS) else quote


def _is_disclaimer(lines: Sequence[str], index: int) -> bool:
    paragraph: list[str] = []
    for line in lines[index : index + _DISCLAIMER_LINES]:
        if not line.strip() and len(" ".join(paragraph)) > 60:
            break
        paragraph.append(line[:_LINE_LIMIT].strip())
    text = " ".join(paragraph).casefold()
    return sum(word in text for word in phrases.DISCLAIMER_WORDS) >= 2


def _banner_end(lines: Sequence[str], *, are_blocks: bool) -> int:
    """Return the index of the first line after a gateway's banner on top, or 0."""
    first = next((i for i, line in enumerate(lines) if line.strip()), None)
    if first is None:
        return 0
    if not lines[first][:_LINE_LIMIT].strip().casefold().startswith(phrases.BANNER_LEADS):
        return 0
    if are_blocks:
        # No empty line needs to stand between two blocks: the banner ends with its own words.
        after = range(first + 1, len(lines))
        return next((i for i in after if not _goes_on_with_banner(lines[i])), len(lines))
    end = next((i for i in range(first, len(lines)) if not lines[i].strip()), len(lines))
    return end if end - first <= _DISCLAIMER_LINES else 0


def _goes_on_with_banner(line: str) -> bool:
    return line[:_LINE_LIMIT].strip().casefold().startswith(phrases.BANNER_GOES_ON)


def _find_below(lines: Sequence[str], end: int, *, nothing_above: bool) -> tuple[str, ...]:
    """Return the lines below a quotation that no sign of quoting, signing or disclaiming explains.

    Where the quotation has no marks of its own (Outlook), what follows cannot be told apart from
    it and counts only when there is nothing on top.
    """
    start = _quotation_start(lines, end)
    if start is None:
        return ()
    if _is_marked_quotation(lines, start):
        return _unquoted_lines(lines, start)
    return _unquoted_lines(lines, start + 1) if nothing_above else ()


def _quotation_start(lines: Sequence[str], end: int) -> int | None:
    kinds = {LineKind.QUOTE, LineKind.ATTRIBUTION, LineKind.HEADERS, LineKind.SEPARATOR}
    return next((i for i in range(end, len(lines)) if line_kind(lines, i) in kinds), None)


def _is_marked_quotation(lines: Sequence[str], start: int) -> bool:
    """Return whether the quotation that starts here marks its lines with `>`."""
    kind = line_kind(lines, start)
    if kind in {LineKind.HEADERS, LineKind.SEPARATOR}:
        return False
    return any(_is_quoted(line) for line in lines[start : start + _ATTRIBUTION_LINES + 3])


def _unquoted_lines(lines: Sequence[str], start: int) -> tuple[str, ...]:
    """Return the ordinary lines after the first quoted one, up to a signature or disclaimer."""
    first = next((i for i in range(start, len(lines)) if _is_quoted(lines[i])), start)
    below: list[str] = []
    for index in range(first, len(lines)):
        kind = line_kind(lines, index)
        if kind in {LineKind.SIGNATURE, LineKind.DISCLAIMER} or len(below) >= _MAX_BELOW:
            break
        line = lines[index].strip()
        if kind is LineKind.TEXT and line and not _is_rule(line):
            below.append(line)
    return tuple(below)


def _is_quoted(line: str) -> bool:
    return line.lstrip().startswith((">", "&gt;"))
