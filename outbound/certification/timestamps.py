"""Time-stamps (RFC 3161): what an authority outside says of when a signature was made.

Outcomes of asking a `TimestampServer`: a token that was made for what was asked, now, by a server
that one of our anchors vouches for; or `TimestampError`, after which this object asks nothing more,
so that a server which is down holds up one certification of a round and not each. The answer is
untrusted: bounded in size and time, never followed elsewhere, and checked before it is used.
"""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

import requests
from asn1crypto import cms, tsp
from asn1crypto.x509 import Certificate
from pyhanko.sign.timestamps import TimeStamper
from pyhanko.sign.validation.errors import SignatureValidationError
from pyhanko.sign.validation.generic_cms import validate_tst_signed_data
from pyhanko_certvalidator import ValidationContext

from outbound.certification.timestamp_errors import TimestampError

_QUERY, _REPLY = "application/timestamp-query", "application/timestamp-reply"
#: Seconds to connect, to wait for each part of the answer, and for all of it.
_CONNECT, _READ, _ALL = 5.0, 10.0, 20.0
_MAX_ANSWER = 262_144
#: How far its clock and ours may be apart.
_TOLERANCE = timedelta(minutes=5)
_TEST_DIGEST = hashlib.sha256(b"ero-outreach").digest()


class TimestampServer(TimeStamper):
    """A server at an http or https URL, asked during one round of issuing."""

    def __init__(
        self, url: str, *, anchors: Sequence[bytes], clock: Callable[[], datetime]
    ) -> None:
        """Take the certificates (DER) of the authorities that may vouch for the server."""
        super().__init__()  # type: ignore[no-untyped-call]  # pyHanko's
        self._url = url
        self._anchors = [Certificate.load(anchor) for anchor in anchors]
        self._clock = clock
        self._failure: TimestampError | None = None

    def check_usable(self) -> None:
        """Raise `TimestampError` when it failed before."""
        if self._failure is not None:
            raise self._failure

    def try_out(self) -> datetime:
        """Ask for a time-stamp of nothing in particular, and return its time."""
        token = asyncio.run(self.async_timestamp(_TEST_DIGEST, "sha256"))
        stamped: datetime = _read_info(token)["gen_time"].native
        return stamped

    async def async_timestamp(self, message_digest: bytes, md_algorithm: str) -> cms.ContentInfo:
        """Return a token for the digest. Raises `TimestampError`."""
        self.check_usable()
        nonce: int
        nonce, request = self.request_cms(message_digest, md_algorithm)  # type: ignore[no-untyped-call]
        try:
            answer = _post(self._url, request.dump())
            token = _open_answer(answer)
            await self._check(token, message_digest, md_algorithm, nonce)
        except TimestampError as error:
            self._failure = error
            raise
        # A fresh one: what was looked into is written out again part by part, in seconds.
        return tsp.TimeStampResp.load(answer)["time_stamp_token"]

    async def _check(
        self, token: cms.ContentInfo, digest: bytes, md_algorithm: str, nonce: int
    ) -> None:
        info = _read_info(token)
        imprint = info["message_imprint"]
        if (
            info["nonce"].native != nonce
            or imprint["hashed_message"].native != digest
            or imprint["hash_algorithm"]["algorithm"].native != md_algorithm
        ):
            raise TimestampError("The time-stamp server answered something else than was asked.")
        now = self._clock()
        if abs(info["gen_time"].native - now) > _TOLERANCE:
            raise TimestampError("The time-stamp server's clock and ours are minutes apart.")
        context = ValidationContext(
            trust_roots=self._anchors, allow_fetching=False, revocation_mode="soft-fail", moment=now
        )
        try:
            found = await validate_tst_signed_data(token["content"], context, lambda _: digest)
        except (SignatureValidationError, ValueError, KeyError, TypeError) as error:
            raise TimestampError("The time-stamp server's signature cannot be read.") from error
        if not (found["intact"] and found["valid"]):
            raise TimestampError("The time-stamp server's signature is not valid.")
        if found["trust_problem_indic"] is not None:
            raise TimestampError(
                "No authority of timestamp_ca_file vouches for the time-stamp server."
            )


def _post(url: str, query: bytes) -> bytes:
    until = time.monotonic() + _ALL
    headers = {"Content-Type": _QUERY, "Accept": _REPLY}
    try:
        with requests.post(
            url,
            query,
            headers=headers,
            timeout=(_CONNECT, _READ),
            stream=True,
            allow_redirects=False,
        ) as answer:
            kind = answer.headers.get("Content-Type", "").partition(";")[0].strip().lower()
            if answer.status_code != requests.codes.ok or kind != _REPLY:
                raise TimestampError("The time-stamp server did not answer with a time-stamp.")
            received = bytearray()
            for part in answer.iter_content(8192):
                received += part
                if len(received) > _MAX_ANSWER or time.monotonic() > until:
                    raise TimestampError("The time-stamp server's answer has no end.")
            return bytes(received)
    except requests.RequestException as error:
        raise TimestampError("The time-stamp server cannot be reached.") from error


def _open_answer(answer: bytes) -> cms.ContentInfo:
    try:
        parsed: Any = tsp.TimeStampResp.load(answer, strict=True)
        if parsed["status"]["status"].native not in {"granted", "granted_with_mods"}:
            raise TimestampError("The time-stamp server refused.")
        token: Any = parsed["time_stamp_token"]
        # What is read of it later is read here for the first time, where it may be wrong.
        _read_info(token).native  # noqa: B018
        token["content"]["signer_infos"].native  # noqa: B018
        token["content"]["certificates"].native  # noqa: B018
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise TimestampError(
            "The time-stamp server refused, or its answer cannot be read."
        ) from error
    return token


def _read_info(token: cms.ContentInfo) -> Any:
    return token["content"]["encap_content_info"]["content"].parsed
