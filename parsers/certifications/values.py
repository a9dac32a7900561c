"""What was found of a certification in a document: values alone, which any process may hold."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from parsers.values.control_numbers import SAMPLE_CONTROL_NUMBER


class FileKind(StrEnum):
    """What a document is, by itself."""

    SIGNED = "signed"  #: one signature speaks for every byte of it, and fits
    ADDED_TO = "added_to"  #: the signature fits what it covers, and something stands behind that
    CHANGED = "changed"  #: the signature does not fit what it covers
    SAVED_ANEW = "saved_anew"  #: there is a signature, made for bytes that lay otherwise
    UNSIGNED = "unsigned"  #: a certification's facts are attached, and there is no signature
    PRINT = "print"  #: a PDF whose page shows a control number
    PICTURE = "picture"  #: pictures that show a control number, or cannot be told from such
    OTHER = "other"  #: nothing in it is of a certification
    UNREAD = "unread"  #: nobody could read it


class NumberSource(StrEnum):
    """How a control number was read."""

    FACTS = "facts"  #: in the attached facts
    REASON = "reason"  #: in the signature's reason
    TEXT = "text"  #: in the text of the page
    CODE = "code"  #: in the code on page 1
    LETTERS = "letters"  #: in a picture's letters, which may have been misread


@dataclass(frozen=True, slots=True, kw_only=True)
class SignatureReading:
    """A signature, checked."""

    valid: bool  #: it fits the bytes that it covers, and nothing in it was turned
    signer: str | None = None  #: whom the certificate names; not to be believed unless trusted
    signed_at: datetime | None = None  #: aware
    is_time_proven: bool = False  #: a trusted time-stamp says so, not the signer alone
    is_below_anchor: bool = False  #: the signer is trusted by the anchors that were given
    certificate_ends: datetime | None = None  #: aware


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificationReading:
    """A document, as far as it tells by itself whether it is a genuine certification."""

    kind: FileKind
    sha256: str  #: of the file
    control_number: str | None = None  #: as it says itself; believed only with its signature
    number_source: NumberSource | None = None
    signature: SignatureReading | None = None  #: the one that covers most, where there is any
    facts_sha256: str | None = None  #: of the attached facts
    issued_on: date | None = None
    mark: str = ""  #: of what is no official record
    is_locked: bool = False  #: its contents need a password, which was not given or is wrong
    agrees: bool = True  #: the attached facts and the signature's reason name one number
    bytes_after: int = 0  #: that stand behind what was signed
    pages_signed: int = 0  #: where something was added; 0 where that cannot be counted
    pages: int = 0
    needs_pictures: bool = False  #: pictures that nobody has looked at yet

    @property
    def is_sample(self) -> bool:
        """Whether it says of itself that it is no official record."""
        return bool(self.mark) or self.control_number == SAMPLE_CONTROL_NUMBER
