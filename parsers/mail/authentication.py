"""Who says that a mail comes from its author: the verdict our own gateway wrote at the top of it.

Outcomes: passed by `dmarc`, by `dkim` or by a `trusted_internal` field; or not passed, with the
reason in one sentence. Anyone can write an Authentication-Results field into a mail, so only the
topmost counts, and only when it bears the name of a gateway of ours. In doubt the answer is no.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import authres

from parsers.mail.message import InboundMessage

_FIELD = "Authentication-Results"
#: The library takes time in proportion to the square of the length; real fields are far shorter.
_MAX_FIELD_CHARS = 6_000
#: The library parses comments by recursion.
_MAX_PARENTHESES = 60
#: The gateway's name comes first, bare: a comment before it is how a forgery slips past a filter.
_AUTHSERV_ID = re.compile(r"\s*([A-Za-z0-9._-]{1,253})\s*(?:[;\s(]|$)")
_CONTEXT = authres.FeatureContext()


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthenticationVerdict:
    """Whether a mail is proven to come from its author's domain."""

    passed: bool
    method: str  #: dmarc, dkim, trusted_internal, or none
    reason: str  #: one sentence for a person, without any address


def judge_authentication(
    message: InboundMessage,
    *,
    trusted_authserv_ids: Collection[str],
    trusted_internal: Sequence[tuple[str, str]] = (),
) -> AuthenticationVerdict:
    """Judge the author by the first Authentication-Results field (RFC 8601) or an internal mark.

    Passed means DMARC pass for the author's very domain (RFC 7489), or a DKIM pass whose signing
    domain is that domain or a parent of it, or a `trusted_internal` field standing there just once.
    """
    author = message.author
    if author is None or "ambiguous_from" in message.defects or len(message.headers("From")) != 1:
        return _failed("The mail does not name exactly one author.")
    if not author.domain:
        return _failed("The author's address has no domain.")
    for header, value in trusted_internal:
        if _holds_exactly(message, header, value):
            reason = f"The field {header} marks it as internal."
            return AuthenticationVerdict(passed=True, method="trusted_internal", reason=reason)
    fields = message.headers(_FIELD)
    if not fields:
        return _failed("The mail carries no Authentication-Results field.")
    return _judge_field(fields[0], author.domain, trusted_authserv_ids)


def _holds_exactly(message: InboundMessage, header: str, value: str) -> bool:
    found = message.headers(header)
    return bool(value) and len(found) == 1 and found[0].strip() == value


def _judge_field(value: str, domain: str, trusted: Collection[str]) -> AuthenticationVerdict:
    named = _AUTHSERV_ID.match(value)
    if not value.isascii() or named is None:
        return _failed("The first Authentication-Results field does not begin with a plain name.")
    if named[1].lower() not in {name.lower() for name in trusted}:
        return _failed("The first Authentication-Results field is not from a gateway of ours.")
    results = _parse_results(value)
    if results is None:
        return _failed("The first Authentication-Results field cannot be read.")
    return _judge_results(results, domain)


def _parse_results(value: str) -> list[authres.core.AuthenticationResult] | None:
    if len(value) > _MAX_FIELD_CHARS or value.count("(") > _MAX_PARENTHESES:
        return None
    try:
        header = _CONTEXT.parse_value(value)
    except (authres.AuthResError, ValueError, RecursionError):
        return None
    return list(header.results)


def _judge_results(
    results: Sequence[authres.core.AuthenticationResult], domain: str
) -> AuthenticationVerdict:
    dmarc = [result for result in results if result.method == "dmarc"]
    verdicts = {result.result for result in dmarc}
    if verdicts - {"pass", "none", "bestguesspass", "temperror", "permerror"}:
        return _failed("DMARC did not pass.")
    if len(dmarc) > 1:
        return _failed("The field gives more than one DMARC result.")
    if verdicts == {"pass"} and _property(dmarc[0], "from") == domain:
        return AuthenticationVerdict(
            passed=True, method="dmarc", reason="DMARC passed for the author's domain."
        )
    if verdicts == {"pass"}:
        return _failed("DMARC passed for a domain that is not the author's.")
    if any(_is_aligned_dkim_pass(result, domain) for result in results):
        return AuthenticationVerdict(
            passed=True, method="dkim", reason="A DKIM signature of the author's domain passed."
        )
    return _failed("Neither DMARC nor a DKIM signature of the author's domain passed.")


def _is_aligned_dkim_pass(result: authres.core.AuthenticationResult, domain: str) -> bool:
    if result.method != "dkim" or result.result != "pass":
        return False
    signer = _property(result, "d")
    if signer is None and not _has_property(result, "d"):
        identity = _property(result, "i")
        signer = identity.rpartition("@")[2] if identity else None
    return signer is not None and is_aligned(signer, domain)


def _has_property(result: authres.core.AuthenticationResult, name: str) -> bool:
    return any(p.type == "header" and p.name == name for p in result.properties)


def _property(result: authres.core.AuthenticationResult, name: str) -> str | None:
    """Return the value of `header.NAME` in lower case when it stands there exactly once."""
    values = [p.value for p in result.properties if p.type == "header" and p.name == name]
    return str(values[0]).strip().lower() if len(values) == 1 and values[0] else None


def is_aligned(signer: str, domain: str) -> bool:
    """Whether a signing domain speaks for an author's domain: the same, or a parent of its own.

    A parent needs two labels, and three below a two-letter country code, so that neither `gov` nor
    `co.uk` nor `ca.us` speaks for whoever registered under it. Whoever holds such a parent holds
    the zone below it anyway, which is why RFC 7489 calls this alignment relaxed and allows it.
    """
    signer, domain = signer.lower().rstrip("."), domain.lower().rstrip(".")
    labels = signer.split(".")
    if len(labels) < 2 or not all(labels):
        return False
    if signer == domain:
        return True
    needed = 3 if len(labels[-1]) == 2 else 2
    return len(labels) >= needed and domain.endswith(f".{signer}")


def _failed(reason: str) -> AuthenticationVerdict:
    return AuthenticationVerdict(passed=False, method="none", reason=reason)
