"""Sealed copies: what opens them, what they allow, what is in them, and that they are signed."""

from __future__ import annotations

import io
import subprocess
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pikepdf
import pypdfium2
import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from pydantic import SecretStr
from pyhanko.keys import load_certs_from_pemder_data
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko.sign.validation.status import PdfSignatureStatus
from pyhanko_certvalidator import ValidationContext

from config.signing_keys import KeyPlace, SigningKey, read_signing_key
from outbound.certification.pdf import render_certification
from outbound.certification.sealing import seal_certification, strip_attachments
from outbound.certification.signing import compose_reason, sign_certification
from tests.conftest import require_or_skip
from tests.signing_keys import PASSWORD as KEY_PASSWORD
from tests.signing_keys import make_authority, write_key
from tests.unit.certification_cases import build_facts, build_findings

FACTS = build_facts(build_findings())
NAME = f"{FACTS.control_number}.pdf"
#: The tools of Poppler take no more than 32 characters of a password, so this one is short.
PASSWORD, OWNER = "walnut-harbor-pencil", "of-the-owner"


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A certification and the copies of it."""

    clear: bytes
    filing: bytes
    sealed: bytes
    sealed_without: bytes  #: whose filing copy has no attachments


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> SigningKey:
    path = write_key(tmp_path_factory.mktemp("keys") / "office.p12")
    place = KeyPlace(key="x", path=str(path), password=SecretStr(KEY_PASSWORD))
    return read_signing_key(place, now=datetime(2026, 5, 5, tzinfo=UTC))


def seal(clear: bytes, filing: bytes, key: SigningKey | None) -> bytes:
    return seal_certification(
        clear,
        filing,
        key,
        control_number=FACTS.control_number,
        password=PASSWORD,
        owner_password=OWNER,
    )


@pytest.fixture(scope="module")
def made(key: SigningKey) -> Made:
    clear = sign_certification(render_certification(FACTS), FACTS, key)
    filing = strip_attachments(clear, key)
    return Made(
        clear=clear,
        filing=filing,
        sealed=seal(clear, clear, key),
        sealed_without=seal(clear, filing, key),
    )


def open_sealed(data: bytes, password: str = PASSWORD) -> pikepdf.Pdf:
    return pikepdf.open(io.BytesIO(data), password=password)


def take_out(data: bytes) -> bytes:
    with open_sealed(data) as pdf:
        assert list(pdf.attachments) == [NAME]
        return pdf.attachments[NAME].get_file().read_bytes()


def look_at(document: bytes, password: str = "") -> PdfSignatureStatus:
    pem = make_authority().certificate.public_bytes(Encoding.PEM)
    context = ValidationContext(
        trust_roots=list(load_certs_from_pemder_data(pem)), allow_fetching=False
    )
    reader = PdfFileReader(io.BytesIO(document))
    if password:
        reader.decrypt(password)
    (embedded,) = reader.embedded_signatures
    return validate_pdf_signature(embedded, context)


@pytest.mark.parametrize("wrong", ["", "walnut-harbor", PASSWORD.upper(), PASSWORD + " "])
def test_nothing_but_the_password_opens_it(made: Made, wrong: str) -> None:
    with pytest.raises(pikepdf.PasswordError):
        open_sealed(made.sealed, wrong)
    with pytest.raises(pypdfium2.PdfiumError):
        pypdfium2.PdfDocument(made.sealed, password=wrong or None)


def test_it_is_encrypted_with_aes_256_and_allows_all_but_changes(made: Made) -> None:
    with open_sealed(made.sealed) as pdf:
        found = pdf.encryption
        assert (found.R, found.V, found.bits) == (6, 5, 256)
        methods = {found.stream_method, found.string_method, found.file_method}
        assert methods == {pikepdf.models.EncryptionMethod.aesv3}
        assert {name for name, allowed in pdf.allow._asdict().items() if allowed} == {
            *("accessibility", "extract", "print_lowres", "print_highres")
        }


def test_nothing_of_the_certification_stands_in_the_encrypted_bytes(made: Made) -> None:
    for told in (b"Ejemplo", b"Certification Form", FACTS.control_number.encode(), b"Ortega"):
        assert told not in made.sealed


def test_two_readers_see_the_pages_of_the_clear_copy(made: Made, tmp_path: Path) -> None:
    def read(data: bytes, password: str | None) -> list[str]:
        pages = pypdfium2.PdfDocument(data, password=password)
        return [page.get_textpage().get_text_range() for page in pages]

    assert read(made.sealed, PASSWORD) == read(made.clear, None)
    assert len(read(made.filing, None)) == 2
    require_or_skip("pdftotext")
    texts = []
    for name, data in (("sealed", made.sealed), ("clear", made.clear), ("filing", made.filing)):
        file = tmp_path / f"{name}.pdf"
        file.write_bytes(data)
        command = ["pdftotext", "-layout", "-upw", PASSWORD, file, "-"]
        texts.append(subprocess.run(command, check=True, capture_output=True, timeout=30).stdout)
    assert len(set(texts)) == 1
    assert b"CERTIFICATION" in texts[0].upper()


def test_the_filing_copy_comes_out_as_it_went_in(made: Made) -> None:
    assert take_out(made.sealed) == made.clear
    assert take_out(made.sealed_without) == made.filing
    with open_sealed(made.sealed) as pdf:
        attached = pdf.attachments[NAME]
        assert (attached.relationship, attached.filename) == ("/Alternative", NAME)
        assert [spec.UF for spec in pdf.Root.AF] == [NAME]


def test_the_filing_copy_can_be_without_embedded_files(made: Made) -> None:
    with pikepdf.open(io.BytesIO(made.filing)) as pdf:
        assert list(pdf.attachments) == []
        assert "/AF" not in pdf.Root
        assert b"/EmbeddedFile" not in made.filing
        with pdf.open_metadata() as metadata:
            found = [metadata[f"pdf{k}"] for k in ("aid:part", "aid:conformance", "uaid:part")]
    assert found == ["3", "A", "1"]


def test_what_is_encrypted_does_not_claim_to_be_archival_but_stays_accessible(made: Made) -> None:
    with open_sealed(made.sealed) as pdf, pdf.open_metadata() as metadata:
        assert "pdfaid:part" not in metadata
        assert metadata["pdfuaid:part"] == "1"
        assert pdf.Root.MarkInfo.Marked
        assert pdf.Root.Lang == "en-US"


@pytest.mark.parametrize("copy", ["clear", "filing", "sealed", "sealed_without"])
def test_each_is_signed_as_a_whole_for_the_same_reason(made: Made, copy: str) -> None:
    data = getattr(made, copy)
    password = PASSWORD if copy.startswith("sealed") else ""
    status = look_at(data, password)
    assert (status.intact, status.valid, status.trusted, status.bottom_line) == (True,) * 4
    assert status.coverage.name == "ENTIRE_FILE"
    with open_sealed(data, password) as pdf:
        (only,) = pdf.Root.AcroForm.Fields
        assert only.V.Reason == compose_reason(FACTS)
        assert pdf.Root.Perms.DocMDP.Reference[0].TransformParams.P == 1
        notes = [a for page in pdf.pages for a in page.get("/Annots", [])]
        widgets = [note for note in notes if note.Subtype == pikepdf.Name.Widget]
        (tagged,) = [k for k in pdf.Root.StructTreeRoot.K[0].K if pikepdf.Name.Form == k.S]
        assert [widget.objgen for widget in widgets] == [only.objgen] == [tagged.K.Obj.objgen]
    # Nothing is left of the signature that was taken off, which would be one that does not fit.
    assert data.count(b"/ByteRange") == 1


def test_a_flipped_byte_of_the_encrypted_copy_is_found(made: Made) -> None:
    flipped = bytearray(made.sealed)
    flipped[flipped.index(b"stream") + 4000] ^= 1
    reader = PdfFileReader(io.BytesIO(bytes(flipped)), strict=False)
    reader.decrypt(PASSWORD)
    (embedded,) = reader.embedded_signatures
    assert not validate_pdf_signature(embedded, ValidationContext(trust_roots=[])).intact


@pytest.mark.parametrize("copy", ["filing", "sealed"])
def test_qpdf_and_pdfsig_find_nothing_wrong(made: Made, tmp_path: Path, copy: str) -> None:
    require_or_skip("qpdf")
    require_or_skip("pdfsig")
    file = tmp_path / f"{copy}.pdf"
    file.write_bytes(getattr(made, copy))
    check = ["qpdf", f"--password={PASSWORD}", "--check", file]
    subprocess.run(check, check=True, capture_output=True, timeout=30)
    ask = ["pdfsig", "-nocert", "-upw", PASSWORD, file]
    told = subprocess.run(ask, capture_output=True, text=True, check=False, timeout=30).stdout
    assert "Signature is Valid." in told
    assert "Total document signed" in told


def test_a_sample_is_sealed_unsigned_as_it_is() -> None:
    clear = render_certification(FACTS)
    sealed = seal(clear, strip_attachments(clear, None), None)
    with open_sealed(sealed) as pdf:
        assert "/AcroForm" not in pdf.Root
        assert len(pdf.pages) == 2
    with pikepdf.open(io.BytesIO(take_out(sealed))) as pdf:
        assert list(pdf.attachments) == []
