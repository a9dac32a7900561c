"""Who says that a mail comes from its author: the verdict our own gateway wrote at the top of it.

Outcomes: passed by `dmarc`, by `dkim` or by a `trusted_internal` field; or not passed, with the
reason in one sentence. Anyone can write an Authentication-Results field into a mail, so only the
topmost counts, and only when it bears the name of a gateway of ours. In doubt the answer is no, and
so it is for a header that two programs can read differently: what the gateway judged must be what
we read.
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

#: Defects of a mail whose fields a gateway may have seen otherwise than we do: a line end that only
#: some programs know can hide a field from the one that strips forgeries.
_DOUBTFUL_HEADER = frozenset({"bare_line_break", "stray_header_line", "duplicate_content_type"})
#: What a person's mail program writes before an address: a name without the signs of address lists.
_NAME = r'(?:"(?:[^"\\]|\\.)*"|[^<>,:;@"\\])*'


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthenticationVerdict:
    """Whether a mail is proven to come from its author's domain."""

    passed: bool
    method: str  #: dmarc, dkim, trusted_internal, or none
    code: str  #: stable: the method, or why there is none, such as `dmarc_failed`
    reason: str  #: one sentence for a person, without any address


def judge_authentication(
    message: InboundMessage,
    *,
    trusted_authserv_ids: Collection[str],
    trusted_internal: Sequence[tuple[str, str]] = (),
) -> AuthenticationVerdict:
    """Judge the author by the first Authentication-Results field (RFC 8601) or an internal mark.

    Passed means DMARC pass for the author's very domain (RFC 7489, its relaxed alignment included:
    the gateway answers for that), or a DKIM pass whose signing domain is that very domain, or a
    `trusted_internal` field standing there just once.
    """
    author = message.author
    if author is None or "ambiguous_from" in message.defects or len(message.headers("From")) != 1:
        return _failed("no_single_author", "The mail does not name exactly one author.")
    if not author.domain:
        return _failed("no_domain", "The author's address has no domain.")
    if not _DOUBTFUL_HEADER.isdisjoint(message.defects):
        return _failed("header_doubtful", "Programs can read the mail's header differently.")
    if not _is_plainly_written(message.headers("From")[0], author.address):
        return _failed("author_doubtful", "Programs can read the author's address differently.")
    for header, value in trusted_internal:
        if _holds_exactly(message, header, value):
            return _passed("trusted_internal", f"The field {header} marks it as internal.")
    fields = message.headers(_FIELD)
    if not fields:
        return _failed("no_results", "The mail carries no Authentication-Results field.")
    return _judge_field(fields[0], author.domain, trusted_authserv_ids)


def _is_plainly_written(field: str, address: str) -> bool:
    """Whether a From field is an address, or a name and an address in brackets, and nothing else.

    Groups, routes, lists of one and comments inside an address (RFC 5322 section 4.4) are where
    mail programs and gateways disagree about who the author is; nobody's program writes them.
    """
    spec = re.escape(address)
    plain = rf"{spec}(?: *\([^()<>@\\]*\))?|{_NAME}<{spec}>"
    return re.fullmatch(plain, field.strip(), re.IGNORECASE | re.ASCII) is not None


def _holds_exactly(message: InboundMessage, header: str, value: str) -> bool:
    found = message.headers(header)
    return bool(value) and len(found) == 1 and found[0].strip() == value


def _judge_field(value: str, domain: str, trusted: Collection[str]) -> AuthenticationVerdict:
    named = _AUTHSERV_ID.match(value)
    if not value.isascii() or named is None:
        return _failed(
            "results_unnamed",
            "The first Authentication-Results field does not begin with a plain name.",
        )
    if named[1].lower() not in {name.lower() for name in trusted}:
        return _failed(
            "results_of_another",
            "The first Authentication-Results field is not from a gateway of ours.",
        )
    results = _parse_results(value)
    if results is None:
        return _failed(
            "results_unreadable", "The first Authentication-Results field cannot be read."
        )
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
        return _failed("dmarc_failed", "DMARC did not pass.")
    if len(dmarc) > 1:
        return _failed("dmarc_twice", "The field gives more than one DMARC result.")
    if verdicts == {"pass"} and _property(dmarc[0], "from") == domain:
        return _passed("dmarc", "DMARC passed for the author's domain.")
    if verdicts == {"pass"}:
        return _failed("dmarc_of_another", "DMARC passed for a domain that is not the author's.")
    if any(_is_dkim_pass_of(result, domain) for result in results):
        return _passed("dkim", "A DKIM signature of the author's domain passed.")
    return _failed(
        "nothing_passed", "Neither DMARC nor a DKIM signature of the author's domain passed."
    )


def _is_dkim_pass_of(result: authres.core.AuthenticationResult, domain: str) -> bool:
    """Whether it is a DKIM pass of this very domain.

    A parent's signature counts only where the gateway says DMARC pass: it knows which parents are
    an organisation's and which are a registry's, and what the domain's own policy asks.
    """
    if result.method != "dkim" or result.result != "pass" or _is_of_weak_digest(result):
        return False
    signer = _property(result, "d")
    if signer is None and not _has_property(result, "d"):
        identity = _property(result, "i")
        signer = identity.rpartition("@")[2] if identity else None
    return signer == domain


def _is_of_weak_digest(result: authres.core.AuthenticationResult) -> bool:
    # RFC 8301: a signature by SHA-1 counts as none, whatever an old gateway says of it.
    return _has_property(result, "a") and _property(result, "a") not in {
        "rsa-sha256",
        "ed25519-sha256",
    }


def _has_property(result: authres.core.AuthenticationResult, name: str) -> bool:
    return any(p.type == "header" and p.name == name for p in result.properties)


def _property(result: authres.core.AuthenticationResult, name: str) -> str | None:
    """Return the value of `header.NAME` in lower case when it stands there exactly once."""
    values = [p.value for p in result.properties if p.type == "header" and p.name == name]
    return str(values[0]).strip().lower() if len(values) == 1 and values[0] else None


def _passed(method: str, reason: str) -> AuthenticationVerdict:
    return AuthenticationVerdict(passed=True, method=method, code=method, reason=reason)


def _failed(code: str, reason: str) -> AuthenticationVerdict:
    return AuthenticationVerdict(passed=False, method="none", code=code, reason=reason)
