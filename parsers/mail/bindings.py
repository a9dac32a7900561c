"""What ties a mail to a letter of ours: tokens in its reply headers and in the address it went to.

Outcomes: tokens, each with what kind of letter it answers, nearest first; or nothing. A token here
is only well formed and of a domain of ours. Whether it is live, and whose it is, the caller knows.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from parsers.mail.message import InboundMessage

ReplyKind = Literal["review", "letter", "urgent"]

_KINDS: Mapping[str, ReplyKind] = {"review": "review", "letter": "letter", "urgent": "urgent"}

#: Crockford's base32 in lower case: no i, l, o and u.
_CODE = r"[0-9a-hjkmnp-tv-z]{26}"
_MESSAGE_ID = re.compile(rf"<(review|letter|urgent)\.({_CODE})@([^@>]+)>", re.IGNORECASE | re.ASCII)
_PLUS_TAG = re.compile(rf"(review|letter|urgent)-({_CODE})", re.IGNORECASE | re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplyToken:
    """A token of ours found in a mail."""

    kind: ReplyKind
    token: str  #: 26 characters, lower case


def find_reply_tokens(
    message: InboundMessage, own_addresses: Collection[str]
) -> tuple[ReplyToken, ...]:
    """Return the tokens of In-Reply-To, References from the last, then plus-tags, each once."""
    own = frozenset(address.lower() for address in own_addresses)
    domains = frozenset(address.rpartition("@")[2] for address in own)
    found = [*_tokens_of_ids(message, domains), *_tokens_of_recipients(message, own)]
    return tuple(dict.fromkeys(found))


def is_own_message_id(message_id: str | None, own_addresses: Collection[str]) -> bool:
    """Whether a message id has the form of our letters and a domain of ours."""
    domains = frozenset(address.rpartition("@")[2].lower() for address in own_addresses)
    return message_id is not None and _find_in_id(message_id, domains) is not None


def _tokens_of_ids(message: InboundMessage, domains: frozenset[str]) -> Iterator[ReplyToken]:
    for message_id in (*message.in_reply_to, *reversed(message.references)):
        token = _find_in_id(message_id, domains)
        if token is not None:
            yield token


def _find_in_id(message_id: str, domains: frozenset[str]) -> ReplyToken | None:
    match = _MESSAGE_ID.fullmatch(message_id)
    if match is None or match[3].lower() not in domains:
        return None
    return _build_token(match[1], match[2])


def _tokens_of_recipients(message: InboundMessage, own: frozenset[str]) -> Iterator[ReplyToken]:
    for recipient in message.recipients:
        local, _, domain = recipient.address.lower().rpartition("@")
        base, plus, tag = local.partition("+")
        match = _PLUS_TAG.fullmatch(tag)
        if plus and match is not None and f"{base}@{domain}" in own:
            yield _build_token(match[1], match[2])


def _build_token(kind: str, token: str) -> ReplyToken:
    return ReplyToken(kind=_KINDS[kind.lower()], token=token.lower())
