"""`review.require_smime`: what a signature must be for a reply to be obeyed, and who hears why not.

The authority, the certificates and the signatures are real, and OpenSSL judges them; what is read
is what was signed, and nothing else of the mail.
"""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import ExtendedKeyUsageOID
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from inbox_worker.review.refusals import WARNINGS
from inbox_worker.review.signatures import read_signed
from inbox_worker.storage.models import Event
from parsers.mail.message import InboundMessage
from tests.conftest import require_or_skip
from tests.smime import (
    Holder,
    build_revocation_list,
    build_text,
    issue,
    sign,
    wrap,
    wrap_opaque,
)
from tests.worker_harness import APPROVE, CHEN, NOW, ORTEGA, Harness, Opener, Sent

DENY = "DENY no consent on file"
PASS = "Authentication-Results: mx.agency.example; dmarc=pass header.from=agency.example"


class People:
    """Authorities and whom they issued certificates to."""

    def __init__(self) -> None:
        self.root = issue("Example Root", is_authority=True)
        self.middle = issue("Example Issuing", issuer=self.root, is_authority=True)
        self.other_root = issue("Another Root", is_authority=True)
        self.ortega = issue("R. Ortega", issuer=self.root, emails=[ORTEGA])
        self.chen = issue("L. Chen", issuer=self.root, emails=[CHEN])
        self.revoked = issue("R. Ortega", issuer=self.root, emails=[ORTEGA])


@cache
def people() -> People:
    return People()


def of_ortega(**changes: object) -> Holder:
    """Return a certificate of the approver, other than it should be."""
    usual: dict[str, object] = {"issuer": people().root, "emails": [ORTEGA]}
    return issue("R. Ortega", **{**usual, **changes})  # type: ignore[arg-type]


def head(notice: Sent, author: str = ORTEGA) -> list[str]:
    return [
        PASS,
        f"From: {author}",
        f"To: {notice.reply_to}",
        f"Subject: Re: {notice.subject}",
        f"In-Reply-To: {notice.message_id}",
        "Message-ID: <signed-1@agency.example>",
    ]


def detached(signer: Holder, text: str = DENY, **options: object) -> Callable[[list[str]], bytes]:
    def make(header: list[str]) -> bytes:
        content = build_text(text)
        return wrap(header, content, sign(content, signer, **options))  # type: ignore[arg-type]

    return make


def opaque(signer: Holder, text: str = DENY, **options: object) -> Callable[[list[str]], bytes]:
    return lambda header: wrap_opaque(
        header,
        sign(build_text(text), signer, opaque=True, **options),  # type: ignore[arg-type]
    )


def plain(header: list[str]) -> bytes:
    return "\r\n".join((*header, "", DENY, "")).encode()


@pytest.fixture
def ca_file(tmp_path: Path) -> Path:
    require_or_skip("openssl")
    path = tmp_path / "authorities.pem"
    path.write_bytes(people().root.pem)
    return path


@pytest.fixture
def signing(open_filed: Opener, ca_file: Path) -> Harness:
    """Return a worker that asks for signatures, with one request in review."""
    return open_filed(review={"require_smime": True, "smime_ca_file": str(ca_file)})


Make = Callable[[list[str]], bytes]

GOOD: dict[str, Callable[[], Make]] = {
    "text beside its signature": lambda: detached(people().ortega),
    "text inside its signature": lambda: opaque(people().ortega),
    "an issuing authority between, sent along": lambda: detached(
        of_ortega(issuer=people().middle), chain=[people().middle]
    ),
    "an RSA key, SHA-512": lambda: detached(
        of_ortega(key=rsa.generate_private_key(65537, 2048)), digest="sha512"
    ),
    "the address in other letters": lambda: detached(of_ortega(emails=["R.Ortega@AGENCY.example"])),
    "the address in the subject alone": lambda: detached(
        of_ortega(emails=[], subject_email=ORTEGA)
    ),
    "the second of several addresses": lambda: detached(
        of_ortega(emails=["rosa@agency.example", ORTEGA])
    ),
    "no usages named": lambda: detached(of_ortega(usages=None)),
    "a footer behind the signed part, which is not read": lambda: (
        lambda header: detached(people().ortega)(header) + b"\r\nThis mail came from outside.\r\n"
    ),
    "a reading in bare LF": lambda: (
        lambda header: detached(people().ortega)(header).replace(b"\r\n", b"\n")
    ),
}


def read(raw: bytes, ca_file: Path) -> InboundMessage | str:
    return read_signed(raw, address=ORTEGA, ca_file=ca_file, issued_at=NOW, now=NOW)


@pytest.mark.parametrize("make", GOOD.values(), ids=GOOD)
def test_a_signature_by_the_authors_certificate_holds(
    ca_file: Path, make: Callable[[], Make]
) -> None:
    found = read(make()(["From: x@elsewhere.example"]), ca_file)
    assert isinstance(found, InboundMessage), found
    assert (found.text or "").strip() == DENY


@pytest.mark.parametrize("make", [detached, opaque], ids=["beside", "inside"])
def test_a_reply_signed_by_its_author_is_obeyed(
    signing: Harness, make: Callable[[Holder], Make]
) -> None:
    raw = make(people().ortega)(head(signing.notice(ORTEGA)))
    assert signing.deliver(raw) == "DECISION_APPLIED"
    assert [d[:2] for d in signing.decisions()] == [("DENY", ORTEGA)]


def _with_unsigned_command(header: list[str]) -> bytes:
    """A signed text without a command, and an unsigned command around it."""
    content = build_text("Thank you.")
    raw = wrap(header, content, sign(content, people().ortega))
    return raw.replace(b"This is an S/MIME signed message", DENY.encode())


def _inside_a_mixed_mail(header: list[str]) -> bytes:
    """The signed mail as one part of another, as gateways that add a footer make it."""
    inner = detached(people().ortega)([])
    outer = (*header, "Content-Type: multipart/mixed; boundary=outer", "", "--outer", "")
    tail = ("", "--outer", "Content-Type: text/plain", "", DENY, "--outer--", "")
    return "\r\n".join(outer).encode() + inner + "\r\n".join(tail).encode()


def _changed_in_transit(header: list[str]) -> bytes:
    return detached(people().ortega)(header).replace(b"no consent", b"no CONSENT")


def _with_both_texts(header: list[str]) -> bytes:
    """A signature that holds one text, beside another."""
    signature = sign(build_text("Thank you."), people().ortega, opaque=True)
    return wrap(header, build_text(DENY), signature)


def _signed_by_two(header: list[str]) -> bytes:
    content = build_text(DENY)
    return wrap(header, content, sign(content, [people().ortega, people().chen]))


def _with_a_third_part(header: list[str]) -> bytes:
    more = b"--=_signed\r\nContent-Type: text/plain\r\n\r\nmore\r\n--=_signed--"
    return detached(people().ortega)(header).replace(b"--=_signed--", more)


def _cut_short(header: list[str]) -> bytes:
    content = build_text(DENY)
    return wrap(header, content, sign(content, people().ortega)[:-40])


@dataclass(frozen=True, kw_only=True)
class Bad:
    """A reply that must not be obeyed."""

    make: Callable[[], Make]
    why: str  #: in the event
    words: str  #: in the letter


BAD: dict[str, Bad] = {
    "no signature": Bad(
        make=lambda: plain, why="not_signed", words="no S/MIME signature over the whole message"
    ),
    "signed only in part": Bad(
        make=lambda: _inside_a_mixed_mail, why="not_signed", words="over the whole message"
    ),
    "encrypted": Bad(
        make=lambda: lambda header: wrap_opaque(header, b"0" * 200, kind="enveloped-data"),
        why="not_signed",
        words="Encrypted mail cannot be read here",
    ),
    "changed in transit": Bad(
        make=lambda: _changed_in_transit, why="content_changed", words="changed after it was signed"
    ),
    "another text inside the signature": Bad(
        make=lambda: _with_both_texts, why="signature_unreadable", words="cannot be read"
    ),
    "two signers": Bad(
        make=lambda: _signed_by_two, why="signature_unreadable", words="cannot be read"
    ),
    "a third part": Bad(
        make=lambda: _with_a_third_part, why="signature_unreadable", words="cannot be read"
    ),
    "a signature cut short": Bad(
        make=lambda: _cut_short, why="signature_unreadable", words="cannot be read"
    ),
    "a colleague's certificate": Bad(
        make=lambda: detached(people().chen),
        why="certificate_of_another",
        words="was not issued to your address",
    ),
    "a certificate of a look-alike address": Bad(
        make=lambda: detached(of_ortega(emails=["r.ortega@agency.example.elsewhere.example"])),
        why="certificate_of_another",
        words="was not issued to your address",
    ),
    "the address in the subject, another one in the alternative name": Bad(
        make=lambda: detached(of_ortega(emails=[CHEN], subject_email=ORTEGA)),
        why="certificate_of_another",
        words="was not issued to your address",
    ),
    "a certificate of no address": Bad(
        make=lambda: detached(of_ortega(emails=[])),
        why="certificate_of_another",
        words="was not issued to your address",
    ),
    "another authority": Bad(
        make=lambda: detached(of_ortega(issuer=people().other_root), chain=[people().other_root]),
        why="certificate_untrusted",
        words="no authority trusted here issued",
    ),
    "an authority of the same name": Bad(
        make=lambda: detached(of_ortega(issuer=issue("Example Root", is_authority=True))),
        why="certificate_untrusted",
        words="no authority trusted here issued",
    ),
    "signed by itself": Bad(
        make=lambda: detached(of_ortega(issuer=None)),
        why="certificate_untrusted",
        words="no authority trusted here issued",
    ),
    "issued by a colleague, who is no authority": Bad(
        make=lambda: detached(of_ortega(issuer=people().chen), chain=[people().chen]),
        why="certificate_untrusted",
        words="no authority trusted here issued",
    ),
    "an issuing authority that was not sent along": Bad(
        make=lambda: detached(of_ortega(issuer=people().middle)),
        why="certificate_untrusted",
        words="no authority trusted here issued",
    ),
    "an expired certificate": Bad(
        make=lambda: detached(of_ortega(end=NOW - timedelta(days=1))),
        why="certificate_out_of_date",
        words="not valid today",
    ),
    "a certificate of tomorrow": Bad(
        make=lambda: detached(of_ortega(start=NOW + timedelta(days=1))),
        why="certificate_out_of_date",
        words="not valid today",
    ),
    "a certificate for web servers": Bad(
        make=lambda: detached(of_ortega(usages=[ExtendedKeyUsageOID.SERVER_AUTH])),
        why="certificate_not_for_mail",
        words="not meant for mail",
    ),
    "a certificate for encryption": Bad(
        make=lambda: detached(of_ortega(signs=False)),
        why="certificate_not_for_mail",
        words="not meant for mail",
    ),
    "SHA-1": Bad(
        make=lambda: detached(people().ortega, digest="sha1"),
        why="signature_weak",
        words="not safe any more",
    ),
    "a short key": Bad(
        make=lambda: detached(of_ortega(key=rsa.generate_private_key(65537, 1024))),
        why="signature_weak",
        words="not safe any more",
    ),
    "signed before the notice was written": Bad(
        make=lambda: detached(people().ortega, signed_at=NOW - timedelta(hours=1)),
        why="signed_at_another_time",
        words="not signed after the message that it answers",
    ),
    "signed tomorrow": Bad(
        make=lambda: detached(people().ortega, signed_at=NOW + timedelta(days=1)),
        why="signed_at_another_time",
        words="not signed after",
    ),
    "signed at no time": Bad(
        make=lambda: detached(people().ortega, signed_at=None),
        why="signed_at_another_time",
        words="not signed after",
    ),
    "an opaque signature of another": Bad(
        make=lambda: opaque(people().chen),
        why="certificate_of_another",
        words="was not issued to your address",
    ),
}


@pytest.mark.parametrize("bad", BAD.values(), ids=BAD)
def test_any_other_signature_says_what_is_wrong_with_it(ca_file: Path, bad: Bad) -> None:
    assert read(bad.make()([]), ca_file) == bad.why
    told = WARNINGS[bad.why]
    assert bad.words in f"{told.happened}. {told.if_yours}"


@pytest.mark.parametrize(
    "bad", [BAD[why] for why in ("no signature", "changed in transit", "a colleague's certificate")]
)
def test_whose_signature_does_not_hold_decides_nothing_and_is_told_why(
    signing: Harness, bad: Bad
) -> None:
    notice = signing.notice(ORTEGA)
    before = signing.last_letter_id()
    assert signing.deliver(bad.make()(head(notice))) == "REPLY_REFUSED"
    assert (signing.status(), signing.decisions()) == ("IN_REVIEW", [])
    event = signing.rows(Event)[-1]
    assert (event.code, event.detail) == ("reply_refused_not_signed", {"why": bad.why})
    (answer,) = (x for x in signing.letters() if x.id > before)
    assert (answer.recipient, answer.kind) == (ORTEGA, "unproven_reply")
    assert bad.words in answer.text
    assert answer.message["In-Reply-To"] == "<signed-1@agency.example>"


def test_only_what_was_signed_is_read(signing: Harness) -> None:
    raw = _with_unsigned_command(head(signing.notice(ORTEGA)))
    assert signing.deliver(raw) == "REPLY_RETURNED"
    assert (signing.decisions(), signing.newest(ORTEGA).kind) == ([], "mistake")


def test_a_signature_proves_nothing_that_the_gateway_did_not(signing: Harness) -> None:
    """It is asked for in addition: a signed mail is easily sent on by somebody else."""
    header = head(signing.notice(ORTEGA))[1:]
    assert signing.deliver(detached(people().ortega)(header)) == "REPLY_REFUSED"
    assert signing.events()[-1] == "reply_refused_unproven"


def test_every_command_is_to_be_signed(signing: Harness) -> None:
    signing.deliver(detached(people().ortega, APPROVE)(head(signing.notice(ORTEGA))))
    preview = signing.newest(ORTEGA)
    assert preview.kind == "transcript"
    unsigned = plain(head(preview)).replace(DENY.encode(), b"CONFIRM")
    assert signing.deliver(unsigned) == "REPLY_REFUSED"
    assert signing.status() == "IN_REVIEW"
    warning = signing.newest(ORTEGA)
    assert "CONFIRM" in warning.text
    raw = detached(people().ortega, "CONFIRM")(head(warning))
    assert signing.deliver(raw.replace(b"<signed-1@", b"<signed-2@")) == "DECISION_APPLIED"
    assert signing.status() == "APPROVED", "the warning can be answered as what it stands for"


@pytest.mark.parametrize(
    ("lists", "outcome"),
    [
        pytest.param(lambda p: [build_revocation_list(p.root)], None, id="not revoked"),
        pytest.param(
            lambda p: [build_revocation_list(p.root, [p.ortega])],
            "certificate_revoked",
            id="revoked",
        ),
        pytest.param(
            lambda p: [build_revocation_list(p.root, until=NOW - timedelta(days=1))],
            "revocation_unknown",
            id="a list that is out of date",
        ),
        pytest.param(
            lambda p: [build_revocation_list(p.other_root)],
            "revocation_unknown",
            id="a list of another authority",
        ),
    ],
)
def test_revocation_lists_in_the_bundle_are_obeyed(
    ca_file: Path, lists: Callable[[People], list[bytes]], outcome: str | None
) -> None:
    ca_file.write_bytes(people().root.pem + b"".join(lists(people())))
    found = read(detached(people().ortega)([]), ca_file)
    assert (found if isinstance(found, str) else None) == outcome


def test_an_issuing_authority_may_be_the_anchor(tmp_path: Path) -> None:
    """A site trusts the authority of its own staff, and not everybody below the same root."""
    require_or_skip("openssl")
    bundle = tmp_path / "issuing.pem"
    bundle.write_bytes(people().middle.pem)
    below = of_ortega(issuer=people().middle)
    aside = of_ortega(issuer=people().root)
    for signer, is_trusted in ((below, True), (aside, False)):
        raw = detached(signer, chain=[people().root])([])
        found = read(raw, bundle)
        assert isinstance(found, InboundMessage) is is_trusted, found


@pytest.mark.parametrize("options", [(), ("-nodetach",)], ids=["beside", "inside"])
def test_what_openssl_signs_is_read(tmp_path: Path, options: tuple[str, ...]) -> None:
    require_or_skip("openssl")
    now = datetime.now(UTC)
    life = {"start": now - timedelta(days=1), "end": now + timedelta(days=1)}
    root = issue("Root", is_authority=True, **life)  # type: ignore[arg-type]
    holder = issue("R. Ortega", issuer=root, emails=[ORTEGA], **life)  # type: ignore[arg-type]
    for name, data in (("ca", root.pem), ("crt", holder.pem), ("key", holder.key_pem)):
        (tmp_path / name).write_bytes(data)
    by = ("-signer", tmp_path / "crt", "-inkey", tmp_path / "key")
    made = subprocess.run(
        ["openssl", "cms", "-sign", "-text", "-md", "sha256", "-stream", *options, *by],
        input=DENY.encode(),
        capture_output=True,
        check=True,
    )
    found = read_signed(
        made.stdout, address=ORTEGA, ca_file=tmp_path / "ca", issued_at=now, now=now
    )
    assert isinstance(found, InboundMessage), found
    assert (found.text or "").strip() == DENY


_PLACES = st.floats(0, 1, exclude_max=True)


@settings(
    max_examples=60,
    deadline=None,
    # The file is only read.
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    make=st.sampled_from([detached, opaque]),
    changes=st.lists(st.tuples(_PLACES, st.integers(0, 255)), min_size=1, max_size=3),
)
def test_no_changed_byte_makes_other_words_count(
    ca_file: Path, make: Callable[[Holder], Make], changes: list[tuple[float, int]]
) -> None:
    raw = bytearray(make(people().ortega)(["From: x@elsewhere.example"]))
    for place, byte in changes:
        raw[int(place * len(raw))] = byte
    found = read(bytes(raw), ca_file)
    assert isinstance(found, str) or (found.text or "").strip() == DENY
