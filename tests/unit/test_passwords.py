"""Passwords in words: how much chance is in one, and that no word is taken for another."""

from __future__ import annotations

import math
import re

import pytest

from outbound.certification.passwords import WORDS, build_password, list_words


def test_every_random_bit_counts() -> None:
    asked: list[int] = []

    def give(bits: int) -> int:
        asked.append(bits)
        return 0

    first = build_password(give)
    assert asked == [66]
    changed = {build_password(lambda _, bit=bit: 1 << bit) for bit in range(66)}
    assert len(changed - {first}) == 66
    assert math.log2(len(list_words())) * WORDS >= 64


def test_a_password_is_typed_in_small_letters_with_hyphens() -> None:
    password = build_password(lambda bits: (1 << bits) - 1)
    assert password == "-".join([list_words()[-1]] * WORDS)
    longest = max(len(word) for word in list_words()) * WORDS + WORDS - 1
    # A reader may look at no more than 127 octets of it (ISO 32000-2, 7.6.4.3.3).
    assert longest <= 127


def test_the_list_has_eleven_bits_of_plain_words() -> None:
    words = list_words()
    assert len(words) == len(set(words)) == 2048
    assert [w for w in words if not re.fullmatch("[a-z]{4,8}", w)] == []
    assert list(words) == sorted(words)


def test_no_word_is_taken_for_another() -> None:
    words = set(list_words())
    patterns: dict[str, list[str]] = {}
    for word in words:
        for at in range(len(word)):
            # With a letter replaced, left out, or changed with its neighbour.
            patterns.setdefault(f"{word[:at]}?{word[at + 1 :]}", []).append(word)
            assert word[:at] + word[at + 1 :] not in words, word
            swapped = word[:at] + word[at : at + 2][::-1] + word[at + 2 :]
            assert swapped == word or swapped not in words, word
            assert not at or word[:at] not in words, f"{word} begins with another"
    assert [alike for alike in patterns.values() if len(alike) > 1] == []


@pytest.mark.parametrize(
    ("word", "why"),
    [
        pytest.param("board", "sounds like bored", id="a homophone"),
        pytest.param("color", "colour elsewhere", id="two spellings"),
        pytest.param("seventy", "a number", id="a number"),
        pytest.param("hyphen", "is said between two words", id="punctuation"),
        pytest.param("repeat", "is said on the telephone", id="talk"),
        pytest.param("monday", "is written with a capital", id="a name"),
        pytest.param("prison", "could be a remark", id="of the matter"),
        pytest.param("border", "could be a remark", id="of the agency"),
    ],
)
def test_what_would_mislead_is_no_word(word: str, why: str) -> None:
    assert word not in list_words(), why
