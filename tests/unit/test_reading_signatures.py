"""Signed forms: read like any other, their signature reported, and how much it covers."""

from __future__ import annotations

import datetime
import re
from datetime import date

import pikepdf
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, pkcs7
from cryptography.x509.oid import NameOID
from pikepdf import Array, Dictionary, Name, String

from config.data import read_data
from parsers.definition import parse_definition
from parsers.extraction import DocumentKind
from parsers.reading.document import read_document
from tests.unit.pdf_forms import FormBuilder

TODAY = date(2026, 5, 4)
DEFINITION = parse_definition(read_data("forms/cjs-request-1.toml"))
_ROOM = 4096
_FAR = 9_999_999_999


def _codes(data: bytes) -> list[str]:
    found = read_document(data, [DEFINITION], today=TODAY)
    assert (found.kind, found.value("requester_name")) == (DocumentKind.ACROFORM, "Dana Example")
    return [w.code for w in found.warnings]


def _with_signature_field(byte_range: list[int]) -> FormBuilder:
    form = FormBuilder()
    value = Dictionary(
        Type=Name.Sig,
        Filter=Name("/Adobe.PPKLite"),
        SubFilter=Name("/adbe.pkcs7.detached"),
        ByteRange=Array(byte_range),
        Contents=String(b"\0" * _ROOM),
    )
    form.add({"/FT": Name.Sig, "/T": String("attestation"), "/V": form.pdf.make_indirect(value)})
    return form


def _sign(data: bytes) -> bytes:
    """Return a CMS signature over `data` by somebody invented (RFC 5652)."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Dana Example")])
    start = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), 1)
        .not_valid_before(start)
        .not_valid_after(start + datetime.timedelta(days=365))
        .sign(key, hashes.SHA256())
    )
    return (
        pkcs7.PKCS7SignatureBuilder()
        .set_data(data)
        .add_signer(certificate, key, hashes.SHA256())
        .sign(Encoding.DER, [pkcs7.PKCS7Options.DetachedSignature, pkcs7.PKCS7Options.Binary])
    )


def _build_signed() -> bytes:
    form = _with_signature_field([0, _FAR, _FAR, _FAR])
    data = form.save(object_stream_mode=pikepdf.ObjectStreamMode.disable)
    hole = re.search(rb"<0{%d}>" % (2 * _ROOM), data)
    assert hole is not None
    start, end = hole.span()
    numbers = (0, start, end, len(data) - end)
    wanted = b"/ByteRange [ %s ]" % b" ".join(b"%d" % n for n in numbers)
    written = re.search(rb"/ByteRange \[[^]]*\]", data)
    assert written is not None
    data = data.replace(written[0], wanted.ljust(len(written[0])))
    signature = _sign(data[:start] + data[end:]).hex().encode().ljust(2 * _ROOM, b"0")
    return data[: start + 1] + signature + data[end - 1 :]


SIGNED = _build_signed()


def test_a_signed_form_is_read_and_its_signature_reported() -> None:
    assert _codes(SIGNED) == ["contains_signature"]


def test_what_was_added_after_signing_is_reported() -> None:
    added = SIGNED + b"\n9999 0 obj\n(later)\nendobj\n"
    assert _codes(added) == ["signature_not_over_all"]


@pytest.mark.parametrize(
    "byte_range",
    [
        pytest.param([], id="no range"),
        pytest.param([0, 10, 20], id="three numbers"),
        pytest.param([0, 100, 200, 50], id="an end before the end of the file"),
        pytest.param([5, 100, 200, 10_000], id="a start after the start"),
        pytest.param([0, -1, -1, 0], id="negative numbers"),
        pytest.param([0, 2**62, 2**62, 2**62], id="numbers beyond any file"),
    ],
)
def test_a_range_that_leaves_something_out_covers_nothing(byte_range: list[int]) -> None:
    assert _codes(_with_signature_field(byte_range).save()) == ["signature_not_over_all"]


def test_a_range_with_a_hole_for_more_than_the_signature_is_reported() -> None:
    form = _with_signature_field([0, 100, 900, 0])
    size = len(form.save(object_stream_mode=pikepdf.ObjectStreamMode.disable))
    form = _with_signature_field([0, 100, 900, size - 900])
    assert _codes(form.save(object_stream_mode=pikepdf.ObjectStreamMode.disable)) == [
        "signature_not_over_all"
    ]


def test_an_empty_signature_field_is_no_signature() -> None:
    form = FormBuilder()
    form.add({"/FT": Name.Sig, "/T": String("attestation")})
    assert _codes(form.save()) == []
