"""Signing: which keys are usable, and what a signed certification is to those who look at it."""

from __future__ import annotations

import io
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pikepdf
import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from pydantic import SecretStr
from pyhanko.keys import load_certs_from_pemder_data
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko.sign.validation.status import PdfSignatureStatus
from pyhanko_certvalidator import ValidationContext

from config.signing_keys import (
    KeyPlace,
    KeyUnusableError,
    SigningKey,
    find_key_problems,
    find_key_warnings,
    read_signing_key,
)
from inbox_worker.review.keyring import build_control_number
from outbound.certification.document import build_no_information_facts
from outbound.certification.pdf import render_certification
from outbound.certification.signing import compose_reason, sign_certification
from tests.conftest import require_or_skip
from tests.signing_keys import ENDS, PASSWORD, STARTS, make_authority, write_key
from tests.unit.certification_cases import build_case, build_facts, build_findings, issue
from tests.worker_harness import build_test_settings

NOW = datetime(2026, 5, 5, 12, tzinfo=UTC)
FACTS = build_facts(build_findings())


def place(path: Path, password: str = PASSWORD) -> KeyPlace:
    return KeyPlace(
        key="certification.signing_pkcs12", path=str(path), password=SecretStr(password)
    )


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> SigningKey:
    path = write_key(tmp_path_factory.mktemp("keys") / "office.p12")
    return read_signing_key(place(path), now=NOW)


@pytest.fixture(scope="module")
def unsigned() -> bytes:
    return render_certification(FACTS)


@pytest.fixture(scope="module")
def signed(unsigned: bytes, key: SigningKey) -> bytes:
    return sign_certification(unsigned, FACTS, key)


# Keys.


def _plain(path: Path) -> None:
    path.write_bytes(b"not a key")


@pytest.mark.parametrize(
    ("write", "password", "now", "why"),
    [
        pytest.param(lambda p: None, PASSWORD, NOW, "cannot be read", id="missing"),
        pytest.param(write_key, "other", NOW, "password is wrong", id="wrong password"),
        pytest.param(write_key, "", NOW, "password is wrong", id="no password"),
        pytest.param(_plain, PASSWORD, NOW, "no PKCS#12 file", id="another kind of file"),
        pytest.param(
            lambda p: write_key(p, with_certificate=False),
            PASSWORD,
            NOW,
            "certificate that fits",
            id="a key without its certificate",
        ),
        pytest.param(
            lambda p: write_key(p, usage=("key_encipherment",)),
            PASSWORD,
            NOW,
            "may not be used for signatures",
            id="wrong usage",
        ),
        pytest.param(
            write_key, PASSWORD, ENDS + timedelta(seconds=1), "2060-01-01 only", id="expired"
        ),
        pytest.param(
            write_key, PASSWORD, STARTS - timedelta(seconds=1), "from 2020-01-01", id="too early"
        ),
    ],
)
def test_a_key_that_cannot_be_used_is_said_to_be_and_why(
    tmp_path: Path, write: Callable[[Path], object], password: str, now: datetime, why: str
) -> None:
    path = tmp_path / "key.p12"
    write(path)
    with pytest.raises(KeyUnusableError, match=why) as caught:
        read_signing_key(place(path, password), now=now)
    assert caught.value.hint
    assert PASSWORD not in f"{caught.value} {caught.value.hint}"


@pytest.mark.parametrize("usage", ["digital_signature", "content_commitment"])
def test_either_usage_for_signatures_will_do(tmp_path: Path, usage: str) -> None:
    path = write_key(tmp_path / "key.p12", usage=(usage,))
    assert read_signing_key(place(path), now=NOW).ends == ENDS


def test_the_password_and_the_key_are_not_in_the_representation(key: SigningKey) -> None:
    assert PASSWORD not in repr(key)
    assert "pkcs12" not in repr(key)


@pytest.mark.parametrize(
    ("now", "problems", "warnings"),
    [
        pytest.param(ENDS - timedelta(days=31), [], [], id="long to go"),
        pytest.param(ENDS - timedelta(days=30), [], ["W007"], id="30 days to go"),
        pytest.param(ENDS + timedelta(days=1), ["E046"], [], id="ended"),
    ],
)
def test_check_tells_of_the_end_of_a_certificate(
    tmp_path: Path, now: datetime, problems: list[str], warnings: list[str]
) -> None:
    path = write_key(tmp_path / "key.p12")
    certification = {
        "verify_address": "ero.outreach@agency.example",
        "require_signature": True,
        "signing_pkcs12": str(path),
        "signing_password": PASSWORD,
    }
    settings = build_test_settings({"certification": certification})
    assert [p.id for p in find_key_problems(settings, now=now)] == problems
    assert [w.id for w in find_key_warnings(settings, now=now)] == warnings


def test_control_numbers_are_crockfords_and_never_the_samples() -> None:
    bits = iter([0, (1 << 80) - 1, 1])
    assert build_control_number(lambda _: next(bits)) == "ZZZZ-ZZZZ-ZZZZ-ZZZZ"
    assert build_control_number(lambda _: next(bits)) == "0000-0000-0000-0001"


# Signatures.


def look_at(document: bytes) -> PdfSignatureStatus:
    pem = make_authority().certificate.public_bytes(Encoding.PEM)
    context = ValidationContext(
        trust_roots=list(load_certs_from_pemder_data(pem)), allow_fetching=False
    )
    (embedded,) = PdfFileReader(io.BytesIO(document)).embedded_signatures
    return validate_pdf_signature(embedded, context)


def test_the_signature_is_valid_trusted_and_covers_the_whole_file(signed: bytes) -> None:
    status = look_at(signed)
    assert (status.intact, status.valid, status.trusted, status.bottom_line) == (True,) * 4
    assert status.coverage.name == "ENTIRE_FILE"


def test_the_unsigned_bytes_are_a_prefix_and_no_change_is_allowed(
    unsigned: bytes, signed: bytes
) -> None:
    assert signed.startswith(unsigned)
    with pikepdf.open(io.BytesIO(signed)) as pdf:
        (reference,) = pdf.Root.Perms.DocMDP.Reference
        assert reference.TransformParams.P == 1
        assert pdf.Root.Perms.DocMDP.SubFilter == "/ETSI.CAdES.detached"


def test_a_flipped_byte_is_found(signed: bytes) -> None:
    place_of_title = signed.index(b"%PDF-1.7") + 2000
    flipped = bytearray(signed)
    flipped[place_of_title] ^= 1
    (embedded,) = PdfFileReader(io.BytesIO(bytes(flipped)), strict=False).embedded_signatures
    assert not validate_pdf_signature(embedded, ValidationContext(trust_roots=[])).intact


def test_the_archival_and_accessible_marks_and_the_facts_survive(signed: bytes) -> None:
    with pikepdf.open(io.BytesIO(signed)) as pdf:
        with pdf.open_metadata() as metadata:
            found = [metadata[f"pdf{k}"] for k in ("aid:part", "aid:conformance", "uaid:part")]
        assert found == ["3", "A", "1"]
        (attached,) = pdf.attachments.values()
        assert attached.get_file().read_bytes() == FACTS.to_bytes()
        assert attached.relationship == "/Source"
        (widget,) = pdf.Root.AcroForm.Fields
        # An empty one outside the page needs no appearance (PDF/A).
        x0, y0, x1, y1 = (float(n) for n in widget.Rect)
        assert (x0 < 0, y0 < 0) == (True, True)
        assert (x1 - x0, y1 - y0) == (0, 0)
        assert int(widget.F) & 0b100, "PDF/A asks that every annotation be printed"
        assert not int(widget.F) & 0b10, "PDF/A forbids hidden annotations"


def test_the_signature_has_its_place_in_what_is_read_aloud(signed: bytes) -> None:
    with pikepdf.open(io.BytesIO(signed)) as pdf:
        (widget,) = pdf.Root.AcroForm.Fields
        tree = pdf.Root.StructTreeRoot
        elements = dict(zip(*[iter(tree.ParentTree.Nums)] * 2, strict=True))
        element = elements[widget.StructParent]
        assert (element.S, element.K.Type) == ("/Form", "/OBJR")
        assert element.K.Obj.objgen == widget.objgen
        assert element.objgen in [kid.objgen for kid in tree.K[0].K]
        assert tree.ParentTreeNextKey > widget.StructParent
        assert widget.TU == "Signature of the issuing office"


def test_the_reason_says_for_whom_and_on_whose_decision_and_not_of_whom() -> None:
    reason = compose_reason(FACTS)
    assert reason == (
        "Control number 7K3M-9QXA-52TD-0WZH. Applied for ERO Contact Center of Operations on the"
        " decision of R. Ortega."
    )
    refusal = compose_reason(build_no_information_facts(case=build_case(), issue=issue()))
    assert "on a decision of its staff" in refusal
    assert "Ortega" not in refusal


def test_qpdf_finds_nothing(signed: bytes, tmp_path: Path) -> None:
    require_or_skip("qpdf")
    file = tmp_path / "signed.pdf"
    file.write_bytes(signed)
    subprocess.run(["qpdf", "--check", file], check=True, capture_output=True, timeout=30)


def test_pdfsig_calls_it_valid_and_total(signed: bytes, tmp_path: Path) -> None:
    require_or_skip("pdfsig")
    file = tmp_path / "signed.pdf"
    file.write_bytes(signed)
    told = subprocess.run(
        ["pdfsig", "-nocert", file], capture_output=True, text=True, check=False, timeout=30
    ).stdout
    assert "Signature is Valid." in told
    assert "Total document signed" in told
    assert "ETSI.CAdES.detached" in told
