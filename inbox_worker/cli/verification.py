"""The command that anybody may need: verify.

Exit codes: 0 it is genuine, unaltered and, as far as can be told, current; 1 it is not, with a
sentence that says why; 2 usage or configuration.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from config.settings import ConfigurationError, Settings
from config.trust_anchors import TrustAnchorsError, read_trust_anchors
from inbox_worker.casefile.verification import Verdict, Verification
from inbox_worker.cli.help import AsJson, add_command
from inbox_worker.cli.output import Pair, count, print_json, print_pairs, say, show_work
from inbox_worker.desk.verifying import Verified, verify_file, view_verification
from inbox_worker.reading.reader import DocumentReader, load_definitions
from inbox_worker.service import opening, wiring
from outbound.letters.words import format_date
from parsers.certifications.values import CertificationReading, FileKind, SignatureReading

_EASTERN = ZoneInfo("America/New_York")


def register(app: typer.Typer) -> None:
    """Add this module's command."""
    add_command(app, verify, example="verify certification.pdf --json")


def verify(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="A certification: PDF or picture.", metavar="FILE")],
    *,
    trust_anchors: Annotated[
        Path | None,
        typer.Option(
            metavar="PEM",
            help="Certificates whose signatures are ours; else certification.trust_anchors.",
            show_default=False,
        ),
    ] = None,
    password: Annotated[
        str, typer.Option(metavar="TEXT", help="The password that opens it.", show_default=False)
    ] = "",
    offline: Annotated[
        bool, typer.Option("--offline", help="Do not ask the register, but the file alone.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Say whether a certification is genuine, unaltered and current.

    Needs no configuration: the file's signature is looked at, and the register if there is one.

    The exit code is 1 when the answer is no.
    """
    settings = _find_settings(context, offline=offline)
    anchors = _find_anchors(trust_anchors, settings)
    limits = None if settings is None else wiring.build_limits(settings)
    with show_work(f"Verifying {file} …"), DocumentReader(load_definitions(), limits=limits) as r:
        found = verify_file(
            file,
            r,
            settings=None if offline else settings,
            anchors=anchors,
            password=password,
        )
    verification = found.verification
    if as_json:
        print_json({"file": str(file), **view_verification(verification)})
    else:
        _print_verified(file, found, settings)
    raise typer.Exit(int(not _is_yes(verification)))


def _find_settings(context: typer.Context, *, offline: bool) -> Settings | None:
    """Return the settings, None where nothing is configured, or nothing else is to be asked."""
    try:
        found: Settings | None = context.obj.find()
    except ConfigurationError:
        if offline:
            return None
        raise
    return found


def _find_anchors(given: Path | None, settings: Settings | None) -> tuple[bytes, ...]:
    configured = "" if settings is None else settings.certification.trust_anchors
    try:
        return read_trust_anchors(configured if given is None else str(given))
    except TrustAnchorsError as error:
        raise typer.BadParameter(str(error), param_hint="--trust-anchors") from error


def _is_yes(found: Verification) -> bool:
    if found.verdict is Verdict.LOCKED:
        return not found.has_register
    return found.verdict is Verdict.GENUINE


def _print_verified(file: Path, found: Verified, settings: Settings | None) -> None:
    zone = _EASTERN if settings is None else settings.general.zone
    verification = found.verification
    say(f"{file}: {_HEADLINES[verification.verdict]}")
    say(_explain(verification, zone))
    for note in list_notes(verification, zone, now=opening.now()):
        say(note)
    if found.why_no_register:
        say(found.why_no_register)
    pairs = list(_list_pairs(verification, zone))
    if pairs:
        say("")
        print_pairs("", pairs)


_HEADLINES = {
    Verdict.GENUINE: "GENUINE",
    Verdict.SUPERSEDED: "SUPERSEDED",
    Verdict.REVOKED: "REVOKED",
    Verdict.ALTERED: "ALTERED",
    Verdict.COPY: "NOT PROVEN",
    Verdict.SAMPLE: "A SAMPLE",
    Verdict.UNKNOWN_NUMBER: "UNKNOWN",
    Verdict.NOT_OURS: "NOT GENUINE",
    Verdict.UNKNOWN_SIGNER: "UNALTERED, SIGNER UNKNOWN",
    Verdict.LOCKED: "SIGNED BY US, LOCKED",
    Verdict.NOTHING: "NO CERTIFICATION",
    Verdict.UNREAD: "NOT READ",
}


_OFFLINE = (
    "Every byte is as {signer} signed it, for whom the trust anchors vouch. Whether it is still "
    "current only the register can say."
)
_NOT_THE_FILE = "It is signed by {signer} and is not the file we issued under its number."
_SIGNED_NO_NUMBER = "It is signed by {signer}, and the register has no certification of its number."
#: What a verdict means and what to do; of a document that is signed, or about which no more is to
#: be said than its verdict.
_SENTENCES = {
    Verdict.GENUINE: "We issued it, nothing in it was changed, and it is current.",
    Verdict.SUPERSEDED: "We issued it and nothing in it was changed. It is no longer current: on "
    "{superseded_on} the certification {superseded_by} took its place.",
    Verdict.REVOKED: "We issued it and nothing in it was changed. It was revoked on {revoked_on}: "
    "do not rely on it.",
    Verdict.UNKNOWN_NUMBER: _SIGNED_NO_NUMBER,
    Verdict.NOT_OURS: "Nothing in it was changed since {signer} signed it, who is not known for "
    "us.",
    Verdict.UNKNOWN_SIGNER: "Nothing in it was changed since {signer} signed it. Whose signature "
    "that is, nobody has told this program: give --trust-anchors, or ask the register.",
    Verdict.LOCKED: "Every byte is as {signer} signed it, for whom the trust anchors vouch. Its "
    "contents are locked: give --password to see which certification it is.",
    Verdict.SAMPLE: "It says of itself that it is no official record. It proves nothing.",
    Verdict.NOTHING: "There is neither a control number nor a signature of ours in it.",
    Verdict.UNREAD: "It is damaged, empty or over a limit, and cannot be read.",
}
_ALTERATIONS = {
    FileKind.ADDED_TO: "Added after it was signed: {added}.{pages} Ask for the signed file itself.",
    FileKind.SAVED_ANEW: "A program saved it anew, or it was changed: the signature in it was made "
    "for other bytes and says nothing about these. Ask for the signed file itself.",
    FileKind.CHANGED: "Something in it was changed: its signature does not fit its bytes.",
    FileKind.SIGNED: "Its facts belong to another certification than its signature.",
}
_COPIES = {
    FileKind.UNSIGNED: "It carries the facts of a certification and no signature, as a copy does.",
    FileKind.PRINT: "It is a print or a copy without a signature.",
    FileKind.PICTURE: "It is a picture of a page.",
}


def _explain(found: Verification, zone: ZoneInfo) -> str:
    """Return the sentences that say what a document is and what to do with it."""
    reading, known = found.reading, found.registered
    if found.verdict is Verdict.ALTERED:
        return _explain_alteration(reading)
    if reading.kind in _COPIES and found.verdict is not Verdict.SAMPLE:
        return _explain_copy(found)
    words = _SENTENCES[found.verdict]
    if found.verdict is Verdict.GENUINE and known is None:
        words = _OFFLINE
    if found.verdict is Verdict.NOT_OURS and known is not None:
        words = _NOT_THE_FILE
    return words.format(
        signer=_name_signer(reading.signature),
        superseded_by=known and known.superseded_by,
        superseded_on=_day(None if known is None else known.superseded_at, zone),
        revoked_on=_day(None if known is None else known.revoked_at, zone),
    )


def _explain_alteration(reading: CertificationReading) -> str:
    now, then = reading.pages, reading.pages_signed
    told = f" Signed were {count(then, 'page')}, and now there are {now}." if then else ""
    return _ALTERATIONS[reading.kind].format(
        added=count(reading.bytes_after, "byte"), pages=told if now != then else ""
    )


def _explain_copy(found: Verification) -> str:
    what, known = _COPIES[found.reading.kind], found.registered
    if found.verdict is Verdict.UNKNOWN_NUMBER:
        return f"{what} No certification has the control number that it shows."
    if known is None:
        return f"{what} It proves nothing by itself: ask for the signed file, or the register."
    return (
        f"{what} It proves nothing by itself. The register has a certification of its number, "
        f"{known.standing}: compare the paper, word by word, with that."
    )


def list_notes(found: Verification, zone: ZoneInfo, *, now: datetime) -> Iterator[str]:
    """Yield what has to be said beside the verdict, so that nobody takes it for more than it is."""
    signature = found.reading.signature
    if signature is None or not found.is_genuine or signature.certificate_ends is None:
        return
    if signature.certificate_ends >= now:
        return
    day = _day(signature.certificate_ends, zone)
    if found.registered is not None:
        yield f"The signer's certificate ended on {day}; it was issued before, says the register."
    elif signature.is_time_proven:
        yield f"The signer's certificate ended on {day}, after the time-stamp was made."
    else:
        yield (
            f"The signer's certificate ended on {day}. That it was signed before is the signer's "
            "own word; the register can confirm it."
        )


def _list_pairs(found: Verification, zone: ZoneInfo) -> Iterator[Pair]:
    number, known, signature = found.control_number, found.registered, found.reading.signature
    if number is not None:
        yield "control number", number
    if known is not None:
        yield "issued", _day(known.issued_at, zone)
        yield "register", known.standing
    if signature is not None:
        covers = found.reading.kind is FileKind.SIGNED and signature.valid
        yield "signature", "fits every byte" if covers else "does not fit the file"
        vouched = "trusted" if covers and found.is_trusted else "not known to us"
        yield "signed by", f"{_name_signer(signature)} ({vouched})"
        if signature.signed_at is not None:
            moment = f"{signature.signed_at.astimezone(zone):%Y-%m-%d %H:%M %Z}"
            word = "by a time-stamp" if signature.is_time_proven else "as the signer says"
            yield "signed at", f"{moment}, {word}"


def _name_signer(signature: SignatureReading | None) -> str:
    return "somebody" if signature is None or signature.signer is None else signature.signer


def _day(moment: datetime | None, zone: ZoneInfo) -> str:
    return "an unknown day" if moment is None else format_date(moment.astimezone(zone).date())
