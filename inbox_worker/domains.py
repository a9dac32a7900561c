"""How far a mail domain speaks for an office: OFFICIAL, WEBMAIL or OTHER."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from functools import cache

from config.data import read_data

#: Only governments register below these (RFC 1480 for .us; .gov holds the tribal nsn.gov too).
_GOVERNMENT = ("gov", "mil", "us")


class DomainTrust(StrEnum):
    """How far a domain speaks for an office."""

    OFFICIAL = "official"  #: a government's, or one the site lists as a court's or bar's
    WEBMAIL = "webmail"  #: a public mail provider's
    OTHER = "other"  #: anyone's


def judge_domain(domain: str, official_domains: Iterable[str] = ()) -> DomainTrust:
    """Return how far `domain` speaks for an office, given the site's own official domains."""
    if is_below(domain, _webmail_domains()):
        return DomainTrust.WEBMAIL
    if is_below(domain, (*_GOVERNMENT, *official_domains)):
        return DomainTrust.OFFICIAL
    return DomainTrust.OTHER


def is_below(domain: str, parents: Iterable[str]) -> bool:
    """Whether `domain` is one of `parents` or a subdomain of one, in any case."""
    folded = domain.lower().rstrip(".")
    return any(folded == p or folded.endswith(f".{p}") for p in (q.lower() for q in parents))


@cache
def _webmail_domains() -> tuple[str, ...]:
    lines = read_data("webmail_domains.txt").decode().splitlines()
    return tuple(line for line in lines if line and not line.startswith("#"))
