"""The signed part of a mail and the signature over it (RFC 8551, RFC 5652), as their very bytes.

Outcomes: a `SignedMail`, whose signature is one that may be asked about, or a fault code:
`not_signed` (the mail as a whole bears no S/MIME signature), `signature_unreadable`, or
`signature_weak` (by a digest that forgers can meet). Whether the signature holds, and whose it is,
is not judged here. Nothing outside the signed part belongs to it, the header of the mail included.
"""

from __future__ import annotations

import binascii
import itertools
import re
from dataclasses import dataclass
from datetime import datetime
from email.message import Message

from asn1crypto import cms

from parsers.mail.headers import unfold
from parsers.mail.splitting import find_fields, split_header

_SIGNATURES = frozenset({"application/pkcs7-signature", "application/x-pkcs7-signature"})
_OPAQUE = frozenset({"application/pkcs7-mime", "application/x-pkcs7-mime"})
_DIGESTS = frozenset({"sha256", "sha384", "sha512"})
_WEAK = re.compile(r"md\d|sha1(?!\d)|sha_1")
#: A signature beside the text holds certificates and little else; one around it holds the text.
_MAX_SIGNATURE = 200_000
_MAX_OPAQUE = 12_000_000
_MAX_BOUNDARY = 70


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedMail:
    """What is to be verified."""

    signature: bytes  #: a CMS SignedData, DER or BER
    content: bytes | None  #: the signed MIME part, line ends CRLF; None: it lies in the signature
    signed_at: datetime | None  #: when its signer says it was signed, aware


def find_signed_mail(raw: bytes) -> SignedMail | str:
    """Return the signed part of a mail that is signed as a whole, or the code of its fault."""
    container = _find_type(raw)
    if container is None:
        return "not_signed"
    content_type = container.get_content_type()
    if content_type == "multipart/signed" and _find_parameter(container, "protocol") in _SIGNATURES:
        return _find_detached(split_header(raw)[1], str(container.get_boundary() or ""))
    if content_type in _OPAQUE and _find_parameter(container, "smime-type") in {"", "signed-data"}:
        return _judge(_decode(raw), None)
    return "not_signed"


def _find_parameter(container: Message, name: str) -> str:
    return str(container.get_param(name, "")).lower()


def _find_type(entity: bytes) -> Message | None:
    """Return an entity's Content-Type and its encoding, None where it has not one of the first."""
    fields = [(name.lower(), unfold(value)) for name, value in find_fields(entity)]
    if [name for name, _ in fields].count("content-type") != 1:
        return None
    found: Message = Message()
    for name, value in fields:
        if name in {"content-type", "content-transfer-encoding"} and name not in found:
            found[name] = value
    return found


def _find_detached(body: bytes, boundary: str) -> SignedMail | str:
    """Return the first of exactly two parts, and the signature that is the second."""
    if not boundary.isascii() or not 0 < len(boundary) <= _MAX_BOUNDARY:
        return "signature_unreadable"
    delimiter = re.compile(
        rb"(?:^|\r?\n)--" + re.escape(boundary.encode("ascii")) + rb"(--)?[ \t]*(?=\r?\n|$)"
    )
    marks = []
    for mark in delimiter.finditer(body):
        marks.append(mark)
        if mark[1] or len(marks) > 3:
            break
    if len(marks) != 3 or not marks[2][1]:
        return "signature_unreadable"
    content, signature = (
        re.sub(rb"\A\r?\n", b"", body[one.end() : other.start()])
        for one, other in itertools.pairwise(marks)
    )
    named = _find_type(signature)
    if named is None or named.get_content_type() not in _SIGNATURES:
        return "signature_unreadable"
    return _judge(_decode(signature), re.sub(rb"\r?\n", b"\r\n", content))


def _decode(entity: bytes) -> bytes:
    """Return the body of an entity without its transfer encoding; nothing where that is broken."""
    described = _find_type(entity)
    body = split_header(entity)[1]
    encoding = "" if described is None else str(described.get("content-transfer-encoding", ""))
    if encoding.strip().lower() != "base64":
        return body
    try:
        return binascii.a2b_base64(body)
    except ValueError:
        return b""


def _judge(signature: bytes, content: bytes | None) -> SignedMail | str:
    """Return what is to be verified: one signer, a digest of today, the text where it says."""
    if not 0 < len(signature) <= (_MAX_OPAQUE if content is None else _MAX_SIGNATURE):
        return "signature_unreadable"
    try:
        info = cms.ContentInfo.load(signature)
        if info["content_type"].native != "signed_data":
            return "not_signed"
        signed = info["content"]
        is_opaque = signed["encap_content_info"]["content"].native is not None
        (signer,) = signed["signer_infos"]
        digest = signer["digest_algorithm"]["algorithm"].native
        algorithm = signer["signature_algorithm"]["algorithm"].native
        signed_at = _find_signing_time(signer)
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError, OverflowError):
        # A stranger's bytes do anything to a parser; more signers than one are nobody's.
        return "signature_unreadable"
    if is_opaque is not (content is None):
        return "signature_unreadable"
    if digest not in _DIGESTS or _WEAK.search(algorithm):
        return "signature_weak"
    return SignedMail(signature=signature, content=content, signed_at=signed_at)


def _find_signing_time(signer: cms.SignerInfo) -> datetime | None:
    """Return the one signing time among the signed attributes (RFC 5652 section 11.3)."""
    attributes = signer["signed_attrs"]
    times = [a["values"] for a in attributes if a["type"].native == "signing_time"]
    if len(times) != 1 or len(times[0]) != 1:
        return None
    moment = times[0][0].native
    return moment if isinstance(moment, datetime) and moment.tzinfo is not None else None
