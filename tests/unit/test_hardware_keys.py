"""Keys in hardware, with SoftHSM: which can sign, what is said of those that cannot."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko_certvalidator import ValidationContext

from config.settings import ConfigurationError
from config.signing_keys import (
    KeyUnusableError,
    SigningKey,
    find_key_place,
    find_key_problems,
    find_key_warnings,
    read_signing_key,
)
from outbound.certification.pdf import render_certification
from outbound.certification.signing import sign_certification
from tests.conftest import require_or_skip
from tests.servers.softhsm import PIN, SoftToken, make_token
from tests.signing_keys import ENDS, issue_key, make_authority, write_authority
from tests.unit.certification_cases import build_facts, build_findings
from tests.worker_harness import MAILBOX, build_test_settings

NOW = datetime(2026, 5, 5, 12, tzinfo=UTC)
FACTS = build_facts(build_findings())


@pytest.fixture(scope="module")
def token(tmp_path_factory: pytest.TempPathFactory) -> SoftToken:
    """Return a token with a good key, and with every kind that is not."""
    require_or_skip("softhsm2-util")
    made = make_token(tmp_path_factory.mktemp("hsm"))
    key, certificate = issue_key()
    made.put("office", key, certificate)
    made.put_certificate("authority", make_authority().certificate)
    made.put("bare", key)
    made.put("of another", key, issue_key()[1])
    made.put("of another kind", rsa.generate_private_key(65537, 2048), certificate)
    made.put("for letters", *issue_key(usage=("key_encipherment",)))
    made.put("twice", key, certificate)
    made.put_certificate("twice", certificate)
    return made


def build(token: dict[str, Any], **changes: Any) -> Any:
    certification = {"verify_address": MAILBOX, "require_signature": True, "signing_pkcs11": token}
    return build_test_settings({"certification": {**certification, **changes}})


def read(table: dict[str, Any], now: datetime = NOW) -> SigningKey:
    return read_signing_key(find_key_place(build(table), None), now=now)


def test_a_key_that_never_leaves_its_token_signs_what_readers_trust(token: SoftToken) -> None:
    key = read(token.table("office"))
    unsigned = render_certification(FACTS)
    signed = sign_certification(unsigned, FACTS, key)
    (embedded,) = PdfFileReader(io.BytesIO(signed)).embedded_signatures
    root = embedded.other_embedded_certs[0]
    assert root.dump() == make_authority().certificate.public_bytes(Encoding.DER)
    status = validate_pdf_signature(embedded, ValidationContext(trust_roots=[root]))
    assert (status.bottom_line, status.coverage.name) == (True, "ENTIRE_FILE")
    assert signed.startswith(unsigned)


def test_certificates_may_stand_in_a_file(token: SoftToken, tmp_path: Path) -> None:
    key, certificate = issue_key()
    token.put("from outside", key)
    file = write_authority(tmp_path / "chain.pem")
    file.write_bytes(certificate.public_bytes(Encoding.PEM) + file.read_bytes())
    found = read(token.table("from outside", certificate_file=str(file)))
    assert (found.ends, len(found.chain)) == (ENDS, 1)  # type: ignore[union-attr]


Row = tuple[Callable[[SoftToken], dict[str, Any]], str]

UNUSABLE: dict[str, Row] = {
    "no such module": (
        lambda t: t.table("office", module="/nowhere/lib.so"),
        "module cannot be loaded",
    ),
    "a module that is none": (lambda t: t.table("office", module="/bin/sh"), "cannot be loaded"),
    "no such token": (lambda t: t.table("office", token="mislaid"), "no token with this label"),
    "wrong PIN": (lambda t: t.table("office", pin="0000"), "refuses the PIN"),
    "no such key": (lambda t: t.table("mislaid"), "no private key with this label"),
    "a key without a certificate": (lambda t: t.table("bare"), "not hold one certificate"),
    "two certificates": (lambda t: t.table("twice"), "not hold one certificate"),
    "another key's certificate": (lambda t: t.table("of another"), "does not belong to the key"),
    "another kind of key": (lambda t: t.table("of another kind"), "does not belong to the key"),
    "wrong usage": (lambda t: t.table("for letters"), "may not be used for signatures"),
    "a file that is not there": (
        lambda t: t.table("bare", certificate_file="/nowhere.pem"),
        "file of certificates cannot be read",
    ),
}


@pytest.mark.parametrize(("table", "why"), UNUSABLE.values(), ids=UNUSABLE.keys())
def test_check_says_why_a_token_cannot_sign(
    token: SoftToken, table: Callable[[SoftToken], dict[str, Any]], why: str
) -> None:
    settings = build(table(token))
    (problem,) = find_key_problems(settings, now=NOW)
    assert (problem.id, problem.key) == ("E046", "certification.signing_pkcs11")
    assert why in problem.message
    assert problem.hint
    assert PIN not in f"{problem} {settings!r}"


def test_check_warns_when_the_certificate_ends_soon(token: SoftToken) -> None:
    settings = build(token.table("office"))
    assert [w.id for w in find_key_warnings(settings, now=ENDS - timedelta(days=3))] == ["W007"]
    assert list(find_key_problems(settings, now=NOW)) == []


def test_a_pin_that_was_refused_is_not_tried_again(
    token: SoftToken,
) -> None:
    table = token.table("office", pin="later right")
    with pytest.raises(KeyUnusableError, match="refuses the PIN"):
        read(table)
    token.change_pin(PIN, "later right")
    try:
        # It would be right now, and is not even tried.
        with pytest.raises(KeyUnusableError, match="refuses the PIN"):
            read(table)
    finally:
        token.change_pin("later right", PIN)


def test_the_pin_is_not_in_the_representation(token: SoftToken) -> None:
    assert PIN not in repr(read(token.table("office")))


def test_a_file_and_a_token_for_the_same_person_are_one_too_many() -> None:
    table = {"module": "/m.so", "token": "office", "key_label": "office"}
    with pytest.raises(ConfigurationError) as caught:
        build(table, signing_pkcs12="k.p12", signing_password="k")
    assert [(p.id, p.key) for p in caught.value.problems] == [
        ("E045", "certification.signing_pkcs11.pin_file"),
        ("E047", "certification.signing_pkcs11"),
    ]
