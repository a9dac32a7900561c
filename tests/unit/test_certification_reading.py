"""A certification in other hands: each thing that is done to it is called what it is."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pikepdf
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, pkcs12
from cryptography.x509.oid import ExtendedKeyUsageOID
from pydantic import SecretStr
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign.signers import PdfSignatureMetadata, PdfSigner, SimpleSigner
from pyhanko.sign.timestamps import DummyTimeStamper

from config.data import read_data
from config.signing_keys import KeyPlace, SigningKey, read_signing_key
from inbox_worker.casefile.verification import Looked, Verdict, judge
from inbox_worker.storage.register import Registered
from outbound.certification.document import CertificationFacts, Mark, build_no_information_facts
from outbound.certification.pdf import render_certification
from outbound.certification.signing import sign_certification
from parsers.certifications.reading import read_certification
from parsers.certifications.values import CertificationReading, FileKind, NumberSource
from tests.signing_keys import PASSWORD, make_authority, write_key
from tests.specimens import altered
from tests.specimens.altered import Tamper
from tests.unit.certification_cases import build_case, build_facts, build_findings, issue

NOW = datetime(2026, 5, 5, 12, tzinfo=UTC)
NUMBER = "7K3M-9QXA-52TD-0WZH"
FACTS = build_facts(build_findings())
OTHER_FACTS = build_facts(build_findings(), details=issue(control_number="2222-3333-4444-5555"))
ANCHORS = (make_authority().certificate.public_bytes(Encoding.DER),)


@dataclass(frozen=True)
class Office:
    """Who signs in these tests."""

    key: SigningKey

    def sign(self, facts: CertificationFacts = FACTS) -> bytes:
        return sign_certification(render_certification(facts), facts, self.key)


def make_office(path: Path, **changes: object) -> Office:
    write_key(path, **changes)  # type: ignore[arg-type]  # the test's own words
    place = KeyPlace(
        key="certification.signing_pkcs12", path=str(path), password=SecretStr(PASSWORD)
    )
    return Office(key=read_signing_key(place, now=NOW))


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Office:
    return make_office(tmp_path_factory.mktemp("keys") / "office.p12")


@pytest.fixture(scope="module")
def signed(office: Office) -> bytes:
    return office.sign()


def read(data: bytes, **options: object) -> CertificationReading:
    """Read a document as the worker does: its pictures only where there is nothing else."""
    found = read_certification(data, anchors=ANCHORS, **options)  # type: ignore[arg-type]
    if not found.needs_pictures:
        return found
    return read_certification(data, anchors=ANCHORS, pictures=True)


def registered(signed: bytes, number: str = NUMBER) -> Registered:
    own = read(signed)
    return Registered(
        control_number=number,
        issued_at=NOW,
        sha256=own.sha256,
        facts_sha256=own.facts_sha256 or "",
        superseded_by=None,
        superseded_at=None,
        revoked_at=None,
    )


# Tampering.

K, V = FileKind, Verdict

TAMPERING: dict[str, tuple[Tamper, FileKind, Verdict]] = {
    "as it left": (lambda d: d, K.SIGNED, V.GENUINE),
    "a bit of the first page": (altered.flip_in_object(b"/Length"), K.CHANGED, V.ALTERED),
    "a bit of the attached facts": (
        altered.flip_in_object(b"/Type/EmbeddedFile"),
        K.CHANGED,
        V.ALTERED,
    ),
    "a bit of the signature": (altered.flip(b"/Contents <3082", 700), K.CHANGED, V.ALTERED),
    # Nothing that is signed protects it, and a whole copy of the authority's is trusted.
    "a bit of the authority's certificate": (altered.turn_issuer, K.CHANGED, V.ALTERED),
    "a digit of the signature in the other case": (altered.turn_case, K.CHANGED, V.ALTERED),
    "the zeros behind the signature": (altered.fill_padding, K.CHANGED, V.ALTERED),
    "a bit of the reason": (altered.flip(b"/Reason", 12), K.CHANGED, V.ALTERED),
    "a bit of the range that is signed": (
        altered.flip(b"/ByteRange [", 14),
        K.SAVED_ANEW,
        V.ALTERED,
    ),
    "a bit of the header, so that no object can be found": (
        altered.flip(b"%PDF-1.7", 20),
        K.CHANGED,
        V.ALTERED,
    ),
    "a byte behind the end": (altered.append, K.ADDED_TO, V.ALTERED),
    "the last bytes lost": (altered.cut, K.CHANGED, V.ALTERED),
    "an update of nothing that shows": (altered.update_metadata, K.ADDED_TO, V.ALTERED),
    "an update with a page": (altered.update_with_a_page, K.ADDED_TO, V.ALTERED),
    "saved anew by pikepdf": (altered.save, K.SAVED_ANEW, V.ALTERED),
    "saved anew with a page": (altered.save_with_a_page, K.SAVED_ANEW, V.ALTERED),
    "saved anew by qpdf": (altered.run("qpdf", "IN", "OUT"), K.SAVED_ANEW, V.ALTERED),
    "saved anew by qpdf, objects packed": (
        altered.run("qpdf", "--linearize", "--object-streams=generate", "IN", "OUT"),
        K.SAVED_ANEW,
        V.ALTERED,
    ),
    "another's facts put in": (altered.swap_facts(OTHER_FACTS.to_bytes()), K.SAVED_ANEW, V.ALTERED),
    "the signature taken off": (altered.drop_signature, K.UNSIGNED, V.COPY),
    "printed by Ghostscript, which keeps what is attached": (
        altered.run("gs", "-q", "-o", "OUT", "-sDEVICE=pdfwrite", "IN"),
        K.UNSIGNED,
        V.COPY,
    ),
    "printed by cairo": (altered.run("pdftocairo", "-pdf", "IN", "OUT"), K.PRINT, V.COPY),
    "printed as pictures": (altered.print_as_picture, K.PICTURE, V.COPY),
    "photographed": (altered.photograph, K.PICTURE, V.COPY),
}


@pytest.mark.parametrize(("tamper", "kind", "verdict"), TAMPERING.values(), ids=TAMPERING.keys())
def test_it_is_called_what_it_is(
    signed: bytes, tamper: Tamper, kind: FileKind, verdict: Verdict, request: pytest.FixtureRequest
) -> None:
    data = tamper(signed)
    assert (data == signed) is (kind is K.SIGNED)
    found = read(data)
    assert found.kind is kind
    known = registered(signed)
    by_file = known if known.sha256 == found.sha256 else None
    number = found.control_number
    by_number = known if number == NUMBER else None
    with_register = judge(found, Looked(by_file=by_file, by_number=by_number), has_anchors=True)
    alone = judge(found, None, has_anchors=True)
    # Somebody's other facts bring their own number, which nothing was issued under here.
    assert number == (
        NUMBER if "facts put in" not in request.node.callspec.id else "2222-3333-4444-5555"
    )
    assert (with_register.verdict, alone.verdict) == (verdict, verdict)
    assert with_register.is_genuine is alone.is_genuine is (verdict is V.GENUINE)
    assert with_register.is_altered is alone.is_altered is (verdict is not V.GENUINE)


def test_how_much_was_added_is_counted(signed: bytes) -> None:
    found = read(altered.update_with_a_page(signed))
    assert (found.pages_signed, found.pages) == (2, 3)
    assert found.bytes_after == len(altered.update_with_a_page(signed)) - len(signed)


# Other people's signatures.


class _Careless(PdfSigner):
    """Signs also what may not be changed any more."""

    def _enforce_certification_constraints(self, reader: object) -> None:
        del reader


def sign_again(data: bytes, key: SigningKey) -> bytes:
    signer = SimpleSigner.load_pkcs12_data(key.pkcs12, other_certs=(), passphrase=PASSWORD.encode())
    metadata = PdfSignatureMetadata(field_name="Another", reason=f"Control number {NUMBER}.")
    writer = IncrementalPdfFileWriter(io.BytesIO(data))
    return bytes(_Careless(metadata, signer).sign_pdf(writer).getbuffer())


def test_nobody_elses_signature_makes_it_ours(signed: bytes, tmp_path: Path) -> None:
    stranger = make_office(tmp_path / "stranger.p12", name="Example Office")
    # Signed by a key of an authority of their own, under our name and number.
    forged = stranger.sign()
    found = read_certification(forged, anchors=())
    assert found.signature is not None
    assert (found.kind, found.signature.valid, found.signature.is_below_anchor) == (
        K.SIGNED,
        True,
        False,
    )
    asked = Looked(by_number=registered(signed))
    assert judge(found, None, has_anchors=False).verdict is V.UNKNOWN_SIGNER
    assert judge(found, None, has_anchors=True).verdict is V.NOT_OURS
    assert judge(found, asked, has_anchors=False).verdict is V.NOT_OURS
    # Below the same authority, and yet not the file that was issued under this number.
    other = read(stranger.sign(replace(FACTS, court="Another Court")))
    assert judge(other, asked, has_anchors=True).verdict is V.NOT_OURS
    assert judge(other, Looked(), has_anchors=True).verdict is V.UNKNOWN_NUMBER


def test_a_signature_behind_ours_is_something_added(signed: bytes, office: Office) -> None:
    found = read(sign_again(signed, office.key))
    assert found.kind is K.ADDED_TO
    assert judge(found, None, has_anchors=True).verdict is V.ALTERED


def test_facts_of_another_under_our_own_signature_are_not_believed(office: Office) -> None:
    # Only we could make it, by a fault of ours.
    mixed = sign_certification(render_certification(OTHER_FACTS), FACTS, office.key)
    found = read(mixed)
    assert (found.kind, found.agrees) == (K.SIGNED, False)
    assert judge(found, None, has_anchors=True).verdict is V.ALTERED


# Time.


@pytest.mark.parametrize(
    ("ends", "is_trusted"),
    [
        pytest.param(timedelta(days=1), True, id="the certificate had a day to go"),
        pytest.param(timedelta(days=-1), False, id="it had ended before it signed"),
    ],
)
def test_trust_is_judged_at_the_moment_of_signing(
    tmp_path: Path, ends: timedelta, is_trusted: bool
) -> None:
    # The moment is the machine's, which the certificate is made to end around.
    moment = datetime.now(UTC)
    office = make_office(tmp_path / "short.p12", ends=moment + ends)
    found = read(office.sign())
    assert found.signature is not None
    assert found.signature.is_below_anchor is is_trusted
    assert found.signature.is_time_proven is False
    assert abs((found.signature.signed_at or NOW) - moment) < timedelta(minutes=2)


def stamp(office: Office, folder: Path) -> bytes:
    """Sign with a time-stamp of an authority below the anchor."""
    path = write_key(
        folder / "stamps.p12",
        usage=("digital_signature",),
        extended=ExtendedKeyUsageOID.TIME_STAMPING,
    )
    stamps = SimpleSigner.load_pkcs12(str(path), passphrase=PASSWORD.encode())
    stamper = DummyTimeStamper(
        stamps.signing_cert, stamps.signing_key, certs_to_embed=stamps.cert_registry
    )
    signer = SimpleSigner.load_pkcs12_data(
        office.key.pkcs12, other_certs=(), passphrase=PASSWORD.encode()
    )
    metadata = PdfSignatureMetadata(
        field_name="Stamped", reason=f"Control number {NUMBER}.", md_algorithm="sha256"
    )
    writer = IncrementalPdfFileWriter(io.BytesIO(render_certification(FACTS)))
    return bytes(PdfSigner(metadata, signer, timestamper=stamper).sign_pdf(writer).getbuffer())


def test_a_time_stamp_proves_the_moment_and_is_held_to_every_bit(
    office: Office, tmp_path: Path
) -> None:
    stamped = stamp(office, tmp_path)
    found = read(stamped)
    assert found.signature is not None
    assert (found.kind, found.signature.is_time_proven) == (K.SIGNED, True)
    assert judge(found, None, has_anchors=True).verdict is V.GENUINE
    token = stamped.index(b"2A864886F70D010910020E", stamped.index(b"/Contents <3082"))
    turned = bytearray(stamped)
    turned[stamped.index(b"2A864886F70D0109100104", token) + 120] ^= 1
    assert read(bytes(turned)).kind is K.CHANGED
    # Without anchors nobody vouches for whoever stamped it, and the signer's word is what is left.
    alone = read_certification(stamped).signature
    assert alone is not None
    assert (alone.valid, alone.is_time_proven) == (True, False)


def test_the_offices_own_certificate_may_be_the_anchor(office: Office, signed: bytes) -> None:
    _, certificate, _ = pkcs12.load_key_and_certificates(office.key.pkcs12, PASSWORD.encode())
    assert certificate is not None
    found = read_certification(signed, anchors=(certificate.public_bytes(Encoding.DER),))
    assert found.signature is not None
    assert (found.signature.valid, found.signature.is_below_anchor) == (True, True)


# Locked, samples, refusals and what is no certification.


def lock(data: bytes, key: SigningKey) -> bytes:
    """Lock a document around a signed one, and sign it over what is locked."""
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(render_certification(FACTS))) as pdf:
        del pdf.Root.Names
        pdf.attachments["clear.pdf"] = pikepdf.AttachedFileSpec(pdf, data, filename="clear.pdf")
        locks = pikepdf.Encryption(user="copper lantern", owner="owner", R=6)
        pdf.save(out, encryption=locks)
    signer = SimpleSigner.load_pkcs12_data(key.pkcs12, other_certs=(), passphrase=PASSWORD.encode())
    writer = IncrementalPdfFileWriter(io.BytesIO(out.getvalue()))
    writer.encrypt("copper lantern")
    metadata = PdfSignatureMetadata(field_name="Outer", reason=f"Control number {NUMBER}.")
    return bytes(PdfSigner(metadata, signer).sign_pdf(writer).getbuffer())


def test_what_is_locked_is_verified_as_far_as_it_goes(signed: bytes, office: Office) -> None:
    locked = lock(signed, office.key)
    found = read(locked)
    assert (found.kind, found.is_locked, found.control_number) == (K.SIGNED, True, None)
    assert judge(found, None, has_anchors=True).verdict is V.LOCKED
    turned = bytearray(locked)
    turned[5000] ^= 1
    assert read(bytes(turned)).kind is K.CHANGED
    opened = read(locked, password="copper lantern")
    assert (opened.control_number, opened.is_locked) == (NUMBER, False)
    asked = Looked(by_number=registered(signed))
    assert judge(opened, asked, has_anchors=True).verdict is V.GENUINE


SAMPLE = build_facts(build_findings(), details=issue(Mark.SAMPLE))
PREVIEW = build_facts(build_findings(), details=issue(Mark.PREVIEW))


@pytest.mark.parametrize(
    "make",
    [
        pytest.param(lambda: render_certification(SAMPLE), id="a sample"),
        pytest.param(lambda: render_certification(PREVIEW), id="a preview"),
        pytest.param(lambda: altered.photograph(render_certification(SAMPLE)), id="its picture"),
        pytest.param(
            lambda: altered.run("pdftocairo", "-pdf", "IN", "OUT")(render_certification(SAMPLE)),
            id="its print",
        ),
    ],
)
def test_a_sample_is_called_a_sample(make: Callable[[], bytes]) -> None:
    found = judge(read(make()), Looked(), has_anchors=False)
    assert (found.verdict, found.is_genuine, found.is_altered) == (V.SAMPLE, False, None)


def test_a_refusal_is_verified_like_any_other(office: Office) -> None:
    refusal = build_no_information_facts(case=build_case(), issue=issue())
    found = judge(read(office.sign(refusal)), None, has_anchors=True)
    assert (found.verdict, found.control_number) == (V.GENUINE, NUMBER)


@pytest.mark.parametrize(
    ("data", "verdict"),
    [
        pytest.param(b"", V.NOTHING, id="nothing"),
        pytest.param(b"not a PDF", V.NOTHING, id="another kind of file"),
        pytest.param(b"%PDF-1.7 broken", V.UNREAD, id="a PDF in pieces"),
        pytest.param(read_data("forms/cjs-request-1.pdf"), V.NOTHING, id="a Request Form"),
        pytest.param(
            b"%PDF-1.7\n/ByteRange [0 30 60 9]" + b"x" * 100,
            V.NOTHING,
            id="a range that fits nothing",
        ),
        pytest.param(
            b"%PDF-1.7\n/ByteRange [0 40 44 99999999999]<00>" + b"/ByteRange [0 1 2 3]" * 5000,
            V.NOTHING,
            id="ranges without end",
        ),
    ],
)
def test_what_is_no_certification_is_said_to_be_none(data: bytes, verdict: Verdict) -> None:
    found = judge(read(data), Looked(), has_anchors=True)
    assert (found.verdict, found.is_genuine) == (verdict, False)


def test_the_way_a_number_was_read_is_told(signed: bytes) -> None:
    ways = [
        read(make(signed)).number_source
        for make in (lambda d: d, altered.flip(b"%PDF-1.7", 20), altered.photograph)
    ]
    assert ways == [NumberSource.FACTS, NumberSource.REASON, NumberSource.CODE]
