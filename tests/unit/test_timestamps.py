"""Time-stamps, from `openssl ts` behind HTTP: what is taken, and every answer that is not."""

from __future__ import annotations

import io
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from asn1crypto import tsp
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID
from pydantic import SecretStr
from pyhanko.keys import load_certs_from_pemder_data
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko_certvalidator import ValidationContext

from config.settings import ConfigurationError
from config.signing_keys import KeyPlace, read_signing_key
from outbound.certification import timestamps
from outbound.certification.pdf import render_certification
from outbound.certification.signing import sign_certification
from outbound.certification.timestamp_errors import TimestampError
from outbound.certification.timestamps import TimestampServer
from tests.conftest import require_or_skip
from tests.servers.ports import wait_until
from tests.servers.timestamping import (
    REPLY,
    Answer,
    TimestampAuthority,
    answer_with_openssl,
    run_authority,
    write_authority_files,
)
from tests.signing_keys import PASSWORD, make_authority, write_authority, write_key
from tests.unit.certification_cases import build_facts, build_findings
from tests.worker_harness import MAILBOX, build_test_settings

FACTS = build_facts(build_findings())
ANCHOR = make_authority().certificate.public_bytes(Encoding.DER)


def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    require_or_skip("openssl")
    return write_authority_files(tmp_path_factory.mktemp("tsa"))


@pytest.fixture(scope="module")
def authority(folder: Path) -> Iterator[TimestampAuthority]:
    with run_authority(lambda query: answer_with_openssl(folder, query)) as served:
        yield served


def open_server(
    url: str, *, anchors: tuple[bytes, ...] = (ANCHOR,), clock: Callable[[], datetime] = now
) -> TimestampServer:
    return TimestampServer(url, anchors=anchors, clock=clock)


def test_a_stamped_signature_says_when_and_readers_trust_it(
    authority: TimestampAuthority, tmp_path: Path
) -> None:
    path = write_key(tmp_path / "office.p12")
    place = KeyPlace(key="k", path=str(path), password=SecretStr(PASSWORD))
    key = read_signing_key(place, now=now())
    document = render_certification(FACTS)
    signed = sign_certification(document, FACTS, key, timestamps=open_server(authority.url))
    (embedded,) = PdfFileReader(io.BytesIO(signed)).embedded_signatures
    roots = list(
        load_certs_from_pemder_data(make_authority().certificate.public_bytes(Encoding.PEM))
    )
    status = validate_pdf_signature(embedded, ValidationContext(trust_roots=roots))
    stamped = status.timestamp_validity
    assert (status.bottom_line, status.coverage.name) == (True, "ENTIRE_FILE")
    assert (stamped.intact, stamped.valid, stamped.trusted) == (True, True, True)
    assert abs(stamped.timestamp - now()) < timedelta(minutes=1)


def _other_nonce(folder: Path, query: bytes) -> Answer:
    asked = tsp.TimeStampReq.load(query)
    asked["nonce"] = 7
    return answer_with_openssl(folder, asked.dump())


def _other_digest(folder: Path, query: bytes) -> Answer:
    asked = tsp.TimeStampReq.load(query)
    asked["message_imprint"]["hashed_message"] = bytes(32)
    return answer_with_openssl(folder, asked.dump())


def _no_certificate(folder: Path, query: bytes) -> Answer:
    asked = tsp.TimeStampReq.load(query)
    asked["cert_req"] = False
    return answer_with_openssl(folder, asked.dump())


def _flipped(folder: Path, query: bytes) -> Answer:
    status, kind, body = answer_with_openssl(folder, query)
    return status, kind, body[:-1] + bytes([body[-1] ^ 1])


def _for_mail(folder: Path, query: bytes) -> Answer:
    other = write_authority_files(folder / "mail", ExtendedKeyUsageOID.EMAIL_PROTECTION)
    return answer_with_openssl(other, query)


def _refusal(_folder: Path, _query: bytes) -> Answer:
    # TimeStampResp with the status `rejection` (2) and no token.
    return 200, REPLY, bytes.fromhex("30053003020102")


# (the answer, what is said of it)
WRONG: dict[str, tuple[Callable[[Path, bytes], Answer], str]] = {
    "an error of the server": (lambda f, q: (500, REPLY, b""), "did not answer with a time-stamp"),
    "a web page": (lambda f, q: (200, "text/html", b"<p>Hi"), "did not answer with a time-stamp"),
    "sent elsewhere": (lambda f, q: (302, REPLY, b""), "did not answer with a time-stamp"),
    "nothing": (lambda f, q: (200, REPLY, b""), "cannot be read"),
    "no ASN.1": (lambda f, q: (200, REPLY, b"granted"), "cannot be read"),
    "cut off": (lambda f, q: (200, REPLY, answer_with_openssl(f, q)[2][:200]), "cannot be read"),
    "without end": (lambda f, q: (200, REPLY, bytes(300_000)), "has no end"),
    "a refusal": (_refusal, "refused"),
    "of another question": (_other_nonce, "something else than was asked"),
    "for other bytes": (_other_digest, "something else than was asked"),
    "without its certificate": (_no_certificate, "cannot be read"),
    "with a flipped bit": (_flipped, "not valid"),
}


@pytest.mark.parametrize(("answer", "why"), WRONG.values(), ids=WRONG.keys())
def test_a_wrong_answer_is_not_taken(
    folder: Path, authority: TimestampAuthority, answer: Callable[[Path, bytes], Answer], why: str
) -> None:
    right = authority.answer
    authority.answer = lambda query: answer(folder, query)
    try:
        with pytest.raises(TimestampError, match=why):
            open_server(authority.url).try_out()
    finally:
        authority.answer = right


def test_a_certificate_for_something_else_is_refused_by_openssl_or_by_us(
    folder: Path, authority: TimestampAuthority
) -> None:
    right = authority.answer
    authority.answer = lambda query: _for_mail(folder, query)
    try:
        with pytest.raises(TimestampError):
            open_server(authority.url).try_out()
    finally:
        authority.answer = right


def test_only_our_anchors_vouch_for_it(authority: TimestampAuthority) -> None:
    other = make_authority.__wrapped__().certificate.public_bytes(Encoding.DER)
    with pytest.raises(TimestampError, match="No authority"):
        open_server(authority.url, anchors=(other,)).try_out()


@pytest.mark.parametrize("minutes", [-6, 6])
def test_clocks_that_are_apart_are_said_to_be(authority: TimestampAuthority, minutes: int) -> None:
    with pytest.raises(TimestampError, match="minutes apart"):
        open_server(authority.url, clock=lambda: now() + timedelta(minutes=minutes)).try_out()


def test_a_server_that_is_silent_or_gone_is_not_waited_for_and_not_asked_again(
    authority: TimestampAuthority, monkeypatch: pytest.MonkeyPatch
) -> None:
    right, asked, done = authority.answer, len(authority.queries), threading.Event()

    def be_silent(query: bytes) -> Answer:
        done.wait(60)
        return right(query)

    authority.answer = be_silent
    server = open_server(authority.url)
    try:
        with monkeypatch.context() as hurried:
            hurried.setattr(timestamps, "_READ", 0.05)
            with pytest.raises(TimestampError, match="cannot be reached"):
                server.try_out()
    finally:
        done.set()
        authority.answer = right
    # It would have its answer by now.
    with pytest.raises(TimestampError, match="cannot be reached"):
        server.try_out()
    assert wait_until(lambda: len(authority.queries) > asked)
    assert len(authority.queries) == asked + 1
    with pytest.raises(TimestampError, match="cannot be reached"):
        open_server("http://127.0.0.1:9/").try_out()


@pytest.mark.parametrize(
    "url", ["ftp://time.example/", "file:///etc/passwd", "time.example", "http://", "http://a:b/"]
)
def test_only_web_addresses_are_asked(url: str, tmp_path: Path) -> None:
    anchors = write_authority(tmp_path / "ca.pem")
    certification = {"verify_address": MAILBOX, "timestamp_url": url}
    with pytest.raises(ConfigurationError) as caught:
        build_test_settings({"certification": {**certification, "timestamp_ca_file": str(anchors)}})
    assert [(p.id, p.key) for p in caught.value.problems] == [
        ("E048", "certification.timestamp_url")
    ]
