"""Is this certification genuine, unaltered and current: what a document and the register say.

`judge` decides from what was read and what the register holds; it reads nothing itself. With the
register, a document is ours when exactly these bytes were issued, whatever became of the key that
signed them. Without it, when a signer below a configured anchor signed every byte. A print or a
picture proves nothing: its number alone is looked up.

Outcomes, as `Verdict`. None says more of a certification than its status and its dates.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy.orm import Session

from inbox_worker.storage.register import Registered, find_registered, find_registered_file
from parsers.certifications.values import CertificationReading, FileKind
from parsers.values.control_numbers import SAMPLE_CONTROL_NUMBER


class Verdict(StrEnum):
    """What a document turned out to be."""

    GENUINE = "genuine"  #: issued by us, unaltered, and current as far as is known
    SUPERSEDED = "superseded"  #: issued by us, unaltered; another has taken its place
    REVOKED = "revoked"  #: issued by us, unaltered, and revoked
    ALTERED = "altered"  #: not the bytes that were signed
    COPY = "copy"  #: a print, a picture or an unsigned copy, which proves nothing by itself
    SAMPLE = "sample"  #: says of itself that it is no official record
    UNKNOWN_NUMBER = "unknown_number"  #: the register has no certification of this number
    NOT_OURS = "not_ours"  #: unaltered, and signed by somebody who is not known for us
    UNKNOWN_SIGNER = "unknown_signer"  #: unaltered; nobody said whose signatures are ours
    LOCKED = "locked"  #: unaltered, signed by us, and not to be read without its password
    NOTHING = "nothing"  #: no certification of ours
    UNREAD = "unread"  #: damaged, or over a limit


#: Verdicts on documents that we issued, unaltered.
ISSUED = frozenset({Verdict.GENUINE, Verdict.SUPERSEDED, Verdict.REVOKED, Verdict.LOCKED})
_ALTERED = frozenset({FileKind.CHANGED, FileKind.ADDED_TO, FileKind.SAVED_ANEW})
_COPIES = frozenset({FileKind.UNSIGNED, FileKind.PRINT, FileKind.PICTURE})
_NO_PAPERS = {FileKind.OTHER: Verdict.NOTHING, FileKind.UNREAD: Verdict.UNREAD}


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """What the register was asked."""

    by_file: Registered | None = None  #: what was issued as exactly these bytes
    by_number: Registered | None = None  #: what was issued under the number the document shows


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """A verdict, and what it rests on."""

    verdict: Verdict
    reading: CertificationReading
    registered: Registered | None = None  #: of the number the document has, or shows
    has_register: bool = False
    is_registered: bool = False  #: the register has exactly these bytes

    @property
    def control_number(self) -> str | None:
        """Return the number of the certification, or the one that the document shows."""
        if self.reading.control_number is not None or self.registered is None:
            return self.reading.control_number
        return self.registered.control_number

    @property
    def is_genuine(self) -> bool:
        """Whether we issued it."""
        return self.verdict in ISSUED

    @property
    def is_altered(self) -> bool | None:
        """Whether any byte is not covered or does not fit; None of an unsigned sample."""
        if self.is_genuine:
            return False
        if self.verdict is Verdict.SAMPLE and self.reading.signature is None:
            return None
        return self.reading.kind is not FileKind.SIGNED or not self.reading.agrees

    @property
    def is_current(self) -> bool | None:
        """Whether the certification of its number still counts; None where nobody can tell."""
        if not self.has_register or self.verdict is Verdict.LOCKED:
            return None
        return self.registered is not None and self.registered.standing == "current"

    @property
    def is_trusted(self) -> bool:
        """Whether the signer is below a configured anchor, or the register has the file."""
        signature = self.reading.signature
        is_below_anchor = signature is not None and signature.is_below_anchor
        return self.is_registered or is_below_anchor


def ask_register(session: Session, reading: CertificationReading) -> Looked:
    """Return what the register holds of a document."""
    number = reading.control_number
    return Looked(
        by_file=find_registered_file(session, reading.sha256),
        by_number=None if number is None else find_number(session, number),
    )


def find_number(session: Session, control_number: str) -> Registered | None:
    """Return what was issued under a number; a sample's stands for nothing."""
    return (
        None
        if control_number == SAMPLE_CONTROL_NUMBER
        else find_registered(session, control_number)
    )


def judge(
    reading: CertificationReading, looked: Looked | None, *, has_anchors: bool
) -> Verification:
    """Say what a document is; `looked` is None where no register could be asked."""
    verdict, registered = _judge(reading, looked, has_anchors=has_anchors)
    return Verification(
        verdict=verdict,
        reading=reading,
        registered=registered,
        has_register=looked is not None,
        is_registered=looked is not None and looked.by_file is not None,
    )


def _judge(
    reading: CertificationReading, looked: Looked | None, *, has_anchors: bool
) -> tuple[Verdict, Registered | None]:
    known = looked or Looked()
    found = known.by_file
    if reading.is_sample or (found is not None and found.control_number == SAMPLE_CONTROL_NUMBER):
        return Verdict.SAMPLE, None
    if found is not None:
        return _tell_standing(found), found
    if reading.kind in _NO_PAPERS:
        return _NO_PAPERS[reading.kind], None
    if reading.control_number is None and not reading.is_locked:
        return Verdict.NOTHING, None
    if reading.kind in _ALTERED or not reading.agrees:
        return Verdict.ALTERED, known.by_number
    if reading.kind in _COPIES:
        is_unknown = looked is not None and known.by_number is None
        return Verdict.UNKNOWN_NUMBER if is_unknown else Verdict.COPY, known.by_number
    return _judge_signed(reading, looked, has_anchors=has_anchors), known.by_number


def _judge_signed(
    reading: CertificationReading, looked: Looked | None, *, has_anchors: bool
) -> Verdict:
    """Say what a document is whose signature fits every byte, and that is not in the register."""
    is_ours = reading.signature is not None and reading.signature.is_below_anchor
    if not is_ours:
        no_way_to_tell = looked is None and not has_anchors
        return Verdict.UNKNOWN_SIGNER if no_way_to_tell else Verdict.NOT_OURS
    if reading.control_number is None:
        return Verdict.LOCKED
    if looked is None:
        return Verdict.GENUINE
    if looked.by_number is None:
        return Verdict.UNKNOWN_NUMBER
    # The same facts, signed by us once more, as in the copy that leaves under a password.
    same = looked.by_number.facts_sha256 == reading.facts_sha256
    return _tell_standing(looked.by_number) if same else Verdict.NOT_OURS


def _tell_standing(registered: Registered) -> Verdict:
    standings = {
        "current": Verdict.GENUINE,
        "superseded": Verdict.SUPERSEDED,
        "revoked": Verdict.REVOKED,
    }
    return standings[registered.standing]
