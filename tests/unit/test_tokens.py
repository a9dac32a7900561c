"""Reply tokens: their shape, and that only a digest is kept."""

from __future__ import annotations

import hashlib
import random
import re

import pytest

from inbox_worker.storage.tokens import TOKEN_LENGTH, build_token, digest_token

ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"


@pytest.mark.parametrize(
    ("bits", "token"),
    [
        pytest.param(0, "0" * 26, id="nothing but zeros"),
        pytest.param((1 << 130) - 1, "z" * 26, id="nothing but ones"),
        pytest.param(1, "1" + "0" * 25, id="the lowest five bits come first"),
        pytest.param(31 << 125, "0" * 25 + "z", id="the highest come last"),
    ],
)
def test_every_bit_counts(bits: int, token: str) -> None:
    assert build_token(lambda _: bits) == token


def test_a_token_holds_130_random_bits() -> None:
    asked: list[int] = []

    def bits(count: int) -> int:
        asked.append(count)
        return 0

    build_token(bits)
    assert asked == [130]


def test_tokens_are_plain_lower_case_and_differ() -> None:
    generator = random.Random(1)
    tokens = [build_token(generator.getrandbits) for _ in range(500)]
    assert len(set(tokens)) == 500
    assert all(re.fullmatch(f"[{ALPHABET}]{{{TOKEN_LENGTH}}}", t) for t in tokens)
    assert set("".join(tokens)) == set(ALPHABET)


def test_what_is_kept_is_the_sha_256() -> None:
    token = "0123456789abcdefghjkmnpqrs"
    assert digest_token(token) == hashlib.sha256(token.encode()).hexdigest()
