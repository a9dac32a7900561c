"""Tokens that bind an answer to a letter of ours: who may answer, about which request and round.

A token is 130 random bits in lower-case Crockford base32, so that it survives mail systems that
fold case. Only its SHA-256 is stored: a lookup by digest compares nothing of the secret itself.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import datetime

from sqlalchemy import insert
from sqlalchemy.orm import Session

from inbox_worker.storage.database import put
from inbox_worker.storage.models import Token, table_of

TOKEN_LENGTH = 26
_PUT_TOKENS = insert(table_of(Token))
_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"

#: Returns as many random bits as it is asked for, as `secrets.randbits` does.
RandomBits = Callable[[int], int]


def build_token(random_bits: RandomBits) -> str:
    """Return a fresh token."""
    bits = random_bits(5 * TOKEN_LENGTH)
    return "".join(_ALPHABET[(bits >> (5 * i)) & 31] for i in range(TOKEN_LENGTH))


def digest_token(token: str) -> str:
    """Return what is stored of a token."""
    return hashlib.sha256(token.encode("ascii")).hexdigest()


def record_token(
    session: Session,
    token: str,
    *,
    kind: str,
    request_id: int,
    address: str,
    round_: int,
    decision_id: int | None,
    now: datetime,
    expires_at: datetime,
) -> None:
    """Store the right to answer."""
    row = {
        "digest": digest_token(token),
        "kind": kind,
        "request_id": request_id,
        "address": address.lower(),
        "round": round_,
        "decision_id": decision_id,
        "issued_at": now,
        "expires_at": expires_at,
    }
    put(session, _PUT_TOKENS, [row])


def find_token(session: Session, token: str, kind: str) -> Token | None:
    """Return the stored token of that kind, or None."""
    found = session.get(Token, digest_token(token))
    return found if found is not None and found.kind == kind else None
