"""What `verify` finds out about a file: from itself, and from the register where there is one.

Outcomes: a `Verification` with what kept the register from being asked, and its JSON shape. A file
that cannot be opened raises `OSError`, and a database server that is away its own error.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from config.settings import Settings
from inbox_worker.casefile.verification import Looked, Verification, ask_register, judge
from inbox_worker.errors import SchemaError
from inbox_worker.reading.reader import DocumentReader
from inbox_worker.service import opening
from parsers.certifications.values import CertificationReading, FileKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """What was found out about a file."""

    verification: Verification
    why_no_register: str = ""  #: a sentence, where a register should be there and is not


def verify_file(
    path: Path,
    reader: DocumentReader,
    *,
    settings: Settings | None,
    anchors: Sequence[bytes],
    password: str,
) -> Verified:
    """Verify a file; without `settings` there is no register to ask."""
    reading = reader.read_certification(path.read_bytes(), anchors=anchors, password=password)
    looked, why_not = None, ""
    if settings is not None:
        try:
            looked = _ask(settings, reading)
        except SchemaError as error:
            why_not = f"The register was not asked: {error}"
    verification = judge(reading, looked, has_anchors=bool(anchors))
    return Verified(verification=verification, why_no_register=why_not)


def _ask(settings: Settings, reading: CertificationReading) -> Looked:
    with opening.open_database(settings) as database, database.read() as session:
        return ask_register(session, reading)


def view_verification(found: Verification) -> dict[str, Any]:
    """Return a verification as JSON."""
    registered, signature = found.registered, found.reading.signature
    revoked_at = None if registered is None else registered.revoked_at
    signed_at = None if signature is None else signature.signed_at
    ends = None if signature is None else signature.certificate_ends
    covers_all = found.reading.kind is FileKind.SIGNED
    return {
        "control_number": found.control_number,
        "genuine": found.is_genuine,
        "altered": found.is_altered,
        "current": found.is_current,
        "superseded_by": None if registered is None else registered.superseded_by,
        "revoked_at": None if revoked_at is None else revoked_at.isoformat(),
        "signature": {
            "valid": covers_all and signature is not None and signature.valid,
            "trusted": covers_all and found.is_trusted,
            "signer": None if signature is None else signature.signer,
            "signed_at": None if signed_at is None else signed_at.isoformat(),
            "time_proven": signature is not None and signature.is_time_proven,
            "certificate_ends": None if ends is None else ends.isoformat(),
        },
        "verdict": found.verdict.value,
        "document": found.reading.kind.value,
        "sha256": found.reading.sha256,
    }
