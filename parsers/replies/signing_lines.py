"""Whether a line below a reply is plainly part of its writer's signature, and nothing else.

Outcomes for a line, complete: `NAME` (the writer's own, with title, office and telephone beside it
or not), `FAMILY_NAME` and `INITIALS` (their own, less sure), `MARK` (a picture, or what a phone
adds), `DETAIL` (title, agency, office, telephone, pronouns, their own address), and None for every
other line. A closed vocabulary: a line counts only if every part of it is known, so that nothing
anybody could mean by it is lost. Nobody else's name is in it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum, auto

from parsers.replies.given_names import GIVEN_NAMES
from parsers.values.typed_text import fold_name, fold_words

_COLUMNS = 120
_MAX_PARTS = 8
_BETWEEN = re.compile(r"\s*[|\u2022\u00b7\u2013\u2014;]\s*|\s+[-/]\s+|\s{2,}")
_COMMA = re.compile(r"\s*,\s*")
_IN_BRACKETS = re.compile(r"\(([^()]{1,40})\)$")

_TITLES = frozenset(
    {
        *("officer", "do", "ddo", "sddo", "ado", "afod", "dfod", "fod", "sdo"),
        *("deportation officer", "supervisory deportation officer", "senior deportation officer"),
        *("detention and deportation officer", "supervisory detention and deportation officer"),
        *("immigration enforcement agent", "enforcement and removal assistant"),
        *("assistant field office director", "deputy field office director"),
        *("field office director", "acting field office director", "section chief", "unit chief"),
        *("management and program analyst", "mission support specialist", "program analyst"),
        *("records officer", "records custodian", "outreach officer", "supervisor", "analyst"),
        *("supervisory management and program analyst", "acting assistant field office director"),
        *("oficial de deportacion", "oficial", "analista", "director", "directora"),
    }
)
_AGENCIES = frozenset(
    {
        *("ero", "ice", "dhs", "us ice", "u s ice", "ice ero", "ero ice", "dhs ice", "dhs ice ero"),
        *("enforcement and removal operations", "ice enforcement and removal operations"),
        *("immigration and customs enforcement", "u s immigration and customs enforcement"),
        *("us immigration and customs enforcement", "ero outreach", "ero contact center"),
        *("department of homeland security", "u s department of homeland security"),
        *("us department of homeland security", "ero contact center of operations"),
    }
)
_PLACE_ENDS = ("", " Field Office", " Sub-Office")
_PRONOUNS = frozenset(
    {
        *("she her", "she her hers", "he him", "he him his", "they them", "they them theirs"),
        *("she they", "he they", "ella", "ella she", "ella her"),
    }
)
_PHONE = re.compile(
    r"(?:(?:office|desk|cell|mobile|direct|main|fax|tel|telephone|phone|ph|work|duty|oficina"
    r"|celular|telefono|[ocmdftpw])[.:]{0,2}\s{0,2}){0,2}"
    r"(?:\+?1[ .-]?)?(?:\(\d{3}\)\s?|\d{3}[ .-])?\d{3}[ .-]\d{4}"
    r"(?:,?\s?(?:ext\.?|x)\s?\d{1,6})?(?:\s?\((?:office|desk|cell|mobile|direct|fax|[ocmdf])\))?"
)
_PICTURE = re.compile(
    r"\[cid:(?:image\d{1,6}|[0-9a-f]{8}[0-9a-f-]{0,28}|ii_[0-9a-z]{4,20})(?:\.[a-z]{3,4})?"
    r"(?:@[0-9a-z.]{1,40})?\]|<image\d{1,6}\.[a-z]{3,4}>|\[(?:image|logo)\]"
)
_FOOTER = re.compile(
    r"(?:sent|enviado) (?:via|from|with|desde|con) (?:my |mi |an? |un )?"
    r"(?:(?:t-mobile|verizon|at&t)(?: wireless)? )?"
    r"(?:blackberry(?: (?:10|hub\+?|work|smartphone|device))?|iphone|ipad"
    r"|android(?: (?:phone|device))?|galaxy|samsung(?: (?:galaxy|phone))?"
    r"|mobile(?: (?:phone|device))?|phone|cell ?phone|smartphone|celular|telefono"
    r"|outlook(?: (?:mobile|for ios|for android))?)\.?"
)


class SignatureLine(Enum):
    """What a line of a signature is."""

    NAME = auto()  #: the writer's own, given name or initial and family name
    FAMILY_NAME = auto()  #: alone
    INITIALS = auto()
    MARK = auto()  #: a picture, or what a phone or a program adds
    DETAIL = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Signer:
    """What the writer of a reply may sign with."""

    names: tuple[str, ...] = ()  #: as configured, and as their own From field has it
    words: tuple[str, ...] = ()  #: titles, agencies, offices and the address that are theirs


def build_signer(
    name: str, display_name: str, *, titles: Iterable[str], offices: Iterable[str], address: str
) -> Signer:
    """Build a signer; the name of a From field counts only where it has the same family name."""
    names = [name]
    configured, shown = _split_name(name), _split_name(display_name)
    if shown is not None and configured is not None and shown[1] == configured[1]:
        names.append(display_name)
    places = [f"{ero}{o}{end}" for o in offices for ero in ("", "ERO ") for end in _PLACE_ENDS]
    return Signer(names=tuple(names), words=(*titles, *places, address))


def read_signature_line(line: str, signer: Signer) -> SignatureLine | None:
    """Return what a line of the signer's signature is, and None where it may be anything else."""
    bare = line.strip().strip("*_").strip()
    if not bare or len(bare) > _COLUMNS:
        return None
    plain = fold_words(bare)
    if _PICTURE.fullmatch(plain) or _FOOTER.fullmatch(plain):
        return SignatureLine.MARK
    if _is_initials(bare, signer.names):
        return SignatureLine.INITIALS
    parts = [p.strip("*_ ") for p in _BETWEEN.split(bare) if p.strip("*_ ")]
    if not 0 < len(parts) <= _MAX_PARTS:
        return None
    kind, rest = _read_name(parts[0], signer.names)
    known = frozenset(fold_name(word) for word in signer.words)
    if all(_is_detail(part, known) for part in (*rest, *parts[1:])):
        return kind or SignatureLine.DETAIL
    return None


def _read_name(text: str, names: Sequence[str]) -> tuple[SignatureLine | None, tuple[str, ...]]:
    """Return whether the text begins with the signer's name, and what stands beside the name."""
    bracket = _IN_BRACKETS.search(text)
    beside = () if bracket is None else (bracket[1],)
    head = text if bracket is None else text[: bracket.start()].strip()
    parts = [p for p in _COMMA.split(head) if p]
    for taken in (2, 1):
        if len(parts) < taken:
            continue
        kind = _judge_name(parts[:taken], names)
        if kind is not None:
            return kind, (*parts[taken:], *beside)
    return None, (*parts, *beside)


def _judge_name(parts: Sequence[str], names: Sequence[str]) -> SignatureLine | None:
    """Return whether `Given Family`, `Family, Given` or `Family` is one of the names."""
    written = fold_name(" ".join(reversed(parts))).split()
    for given, family in filter(None, map(_split_name, names)):
        rest = written[: -len(family)]
        if tuple(written[-len(family) :]) != family:
            continue
        if not rest:
            return SignatureLine.FAMILY_NAME if len(parts) == 1 else None
        if _is_given(rest[0], given) and all(len(word) == 1 for word in rest[1:]):
            return SignatureLine.NAME
    return None


def _is_given(word: str, configured: str) -> bool:
    if word in {configured, configured[:1]}:
        return True
    return len(configured) == 1 and word[:1] == configured and word in GIVEN_NAMES


def _split_name(name: str) -> tuple[str, tuple[str, ...]] | None:
    """Return the folded given name or initial, and the family names, of a configured name."""
    family, comma, given = name.partition(",")
    words = fold_name(f"{given} {family}" if comma else name).split()
    if len(words) < 2:
        return None
    return words[0], (*(word for word in words[1:-1] if len(word) > 1), words[-1])


def _is_initials(bare: str, names: Sequence[str]) -> bool:
    """Return whether a text is the signer's initials, as capitals: RO, R.O., R. O."""
    letters = bare.replace(".", "").replace(" ", "")
    if not 2 <= len(letters) <= 4 or not letters.isupper() or len(bare) > 10:
        return False
    own = {"".join(w[0] for w in fold_name(name).split()) for name in names if "," not in name}
    return letters.casefold() in own


def _is_detail(text: str, known: frozenset[str]) -> bool:
    """Return whether a part of a line is a title, an office, a telephone number or the like."""
    if _PHONE.fullmatch(fold_words(text)):
        return True
    return all(_is_known(part, known) for part in _COMMA.split(_IN_BRACKETS.sub(r",\1", text)))


def _is_known(text: str, known: frozenset[str]) -> bool:
    if _PHONE.fullmatch(fold_words(text)):
        return True
    folded = fold_name(text)
    return bool(folded) and (
        folded in _TITLES or folded in _AGENCIES or folded in _PRONOUNS or folded in known
    )
