"""What one signature is worth: the mathematics, who made it and when, and whether they are trusted.

`check_signature` validates with pyHanko (RFC 5652, ETSI EN 319 142-1), without a network. What a
signature does not protect itself (the fields around it, other certificates beside the signer's) has
to be written in the one way in which signatures are written, so that no bit can be turned unseen.
Outcomes: a `SignatureReading`; one that is damaged beyond reading is simply not valid.

Trust is judged at the moment of signing, because a certificate that has ended since does not undo
what was signed with it. That moment is the signer's own word, unless a trusted time-stamp says so.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, timezone

from asn1crypto import cms
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from pyhanko.sign.validation.generic_cms import async_validate_detached_cms
from pyhanko.sign.validation.settings import KeyUsageConstraints
from pyhanko.sign.validation.status import StandardCMSSignatureStatus
from pyhanko_certvalidator import ValidationContext

from parsers.certifications.byte_ranges import PlacedSignature
from parsers.certifications.values import SignatureReading

_MOMENT = re.compile(r"D:(\d{14})(?:Z|([+-])(\d\d)'?(\d\d)?'?)?")
#: Either will do, as for the keys that sign.
_USAGE = KeyUsageConstraints(
    key_usage={"digital_signature", "non_repudiation"}, match_all_key_usages=False
)


def check_signature(
    signature: PlacedSignature, data: bytes, anchors: Sequence[bytes]
) -> SignatureReading:
    """Return what a signature of the file `data` is worth; `anchors` are certificates, DER."""
    try:
        return _check(signature, data, anchors)
    except Exception:  # noqa: BLE001  # whatever bytes somebody wrote there, it is no signature
        return SignatureReading(valid=False)


def _check(signature: PlacedSignature, data: bytes, anchors: Sequence[bytes]) -> SignatureReading:
    der = _take_der(signature.cms)
    content = cms.ContentInfo.load(der, strict=True)
    claimed = _parse_moment(signature.moment)
    covered = signature.cut_covered(data)
    status = _validate(covered, content["content"], anchors, claimed)
    proven = _find_proven_moment(status)
    return SignatureReading(
        valid=bool(status.intact and status.valid)
        and _is_stamp_whole(content, status)
        and _is_written_plainly(content, der, anchors),
        signer=_name(status.signing_cert),
        signed_at=proven or claimed,
        is_time_proven=proven is not None,
        is_below_anchor=bool(status.trusted),
        certificate_ends=status.signing_cert.not_valid_after,
    )


def _validate(
    covered: bytes, signed: cms.SignedData, anchors: Sequence[bytes], claimed: datetime | None
) -> StandardCMSSignatureStatus:
    moment = claimed or _find_last_moment(signed)

    def trust(at: datetime | None) -> ValidationContext:
        return ValidationContext(
            trust_roots=[asn1_x509.Certificate.load(anchor) for anchor in anchors],
            moment=at,
            allow_fetching=False,
            retroactive_revinfo=True,
        )

    return asyncio.run(
        async_validate_detached_cms(
            covered,
            signed,
            signer_validation_context=trust(moment),
            ts_validation_context=trust(moment),
            key_usage_settings=_USAGE,
        )
    )


def _find_last_moment(signed: cms.SignedData) -> datetime | None:
    """Return the last moment of the first certificate, to judge by when none is said."""
    for choice in signed["certificates"]:
        last: datetime = choice.chosen.not_valid_after
        return last
    return None


def _find_proven_moment(status: StandardCMSSignatureStatus) -> datetime | None:
    stamp = status.timestamp_validity
    if stamp is None or not (stamp.intact and stamp.valid and stamp.trusted):
        return None
    moment: datetime = stamp.timestamp
    return moment


def _is_stamp_whole(content: cms.ContentInfo, status: StandardCMSSignatureStatus) -> bool:
    """Whether nothing stands beside the signature but one time-stamp, which fits it."""
    (information,) = content["content"]["signer_infos"]
    kinds = [attribute["type"].native for attribute in information["unsigned_attrs"]]
    stamp = status.timestamp_validity
    if not kinds:
        return True
    return (
        kinds == ["signature_time_stamp_token"]
        and stamp is not None
        and bool(stamp.intact and stamp.valid)
    )


def _take_der(padded: bytes) -> bytes:
    """Return a signature without the zeros that fill its place. Raises `ValueError`."""
    if len(padded) < 4 or padded[0] != 0x30 or padded[1] != 0x82:
        raise ValueError("no signature of the usual size")
    end = 4 + int.from_bytes(padded[2:4])
    if any(padded[end:]):
        raise ValueError("something stands behind the signature")
    return padded[:end]


def _is_written_plainly(content: cms.ContentInfo, der: bytes, anchors: Sequence[bytes]) -> bool:
    """Whether everything that the signature does not protect stands as it has to (RFC 5652, 5)."""
    signed = content["content"]
    (information,) = signed["signer_infos"]
    # A time-stamp is encoded as its authority likes, and is checked by itself.
    is_stamped = bool(information["unsigned_attrs"])
    digest = information["digest_algorithm"]
    return (
        (is_stamped or content.dump(force=True) == der)
        and signed["version"].native == "v1"
        and information["version"].native == "v1"
        and [a.dump() for a in signed["digest_algorithms"]] == [digest.dump()]
        and not signed["crls"].native
        and signed["encap_content_info"]["content_type"].native == "data"
        and not signed["encap_content_info"]["content"].native
        and _hold_together(_sort(signed, information), anchors)
    )


def _sort(signed: cms.SignedData, information: cms.SignerInfo) -> list[bytes]:
    """Return the certificates, the signer's first."""
    serial = information["sid"].chosen["serial_number"].native
    found = [choice.chosen for choice in signed["certificates"]]
    found.sort(key=lambda certificate: certificate.serial_number != serial)
    return [certificate.dump() for certificate in found]


def _hold_together(certificates: Sequence[bytes], anchors: Sequence[bytes]) -> bool:
    """Whether each certificate beside the signer's is one of its issuers, bit by bit.

    One whose own issuer is neither beside it nor an anchor can be held against nothing but what it
    issued; a copy of an anchor's is held against that.
    """
    known = [x509.load_der_x509_certificate(der) for der in certificates]
    trusted = [x509.load_der_x509_certificate(der) for der in anchors]
    for number, certificate in enumerate(known):
        others = known[:number] + known[number + 1 :]
        if number and not any(_is_issued_by(other, certificate) for other in others):
            return False
        issuers = [c for c in (*known, *trusted) if c.subject == certificate.issuer]
        if issuers and not any(_is_issued_by(certificate, issuer) for issuer in issuers):
            return False
        if not issuers and any(_is_alike(certificate, anchor) for anchor in trusted):
            return False
    return len(set(certificates)) == len(certificates)


def _is_alike(certificate: x509.Certificate, anchor: x509.Certificate) -> bool:
    """Whether a certificate passes for an anchor's and is not the same."""
    return certificate.subject == anchor.subject and certificate != anchor


def _is_issued_by(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(issuer)
    except Exception:  # noqa: BLE001  # a key, a name or a signature that does not fit
        return False
    return True


def _name(certificate: asn1_x509.Certificate) -> str:
    names = certificate.subject.native
    common = names.get("common_name") or names.get("organization_name")
    return str(common or certificate.subject.human_friendly)[:200]


def _parse_moment(text: str) -> datetime | None:
    found = _MOMENT.fullmatch(text)
    if found is None:
        return None
    digits, sign, hours, minutes = found.groups()
    offset = timedelta(hours=int(hours or 0), minutes=int(minutes or 0))
    try:
        zone = timezone(-offset if sign == "-" else offset)
        return datetime.strptime(digits, "%Y%m%d%H%M%S").replace(tzinfo=zone).astimezone(UTC)
    except ValueError:
        return None
