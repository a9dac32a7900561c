"""Soft line breaks with `DelSp=yes` (RFC 3676)."""

from __future__ import annotations

import time

import pytest

from parsers.mail.flowed import join_flowed


@pytest.mark.parametrize(
    ("written", "read"),
    [
        pytest.param("DENY no mat \nch\n", "DENY no match\n", id="within a word"),
        pytest.param("DENY no  \nmatch", "DENY no match", id="a space of its own stays"),
        pytest.param("APPROVE\nDENY", "APPROVE\nDENY", id="a hard break stays"),
        pytest.param("> a \nb", "> a\nb", id="a quoted line is not joined with a new one"),
        pytest.param("a \n> b", "a\n> b", id="nor a new line with a quoted one"),
        pytest.param("> a \n> b", "> ab", id="two as deep are"),
        pytest.param("a \n-- \nR. Example", "a\n-- \nR. Example", id="the delimiter stands alone"),
        pytest.param(" >not quoted", ">not quoted", id="a stuffed space is no text"),
        pytest.param("", "", id="nothing"),
    ],
)
def test_broken_lines_are_put_together(written: str, read: str) -> None:
    assert join_flowed(written) == read


def test_a_megabyte_of_soft_breaks_takes_a_moment() -> None:
    started = time.process_time()
    assert join_flowed("a \n" * 300_000) == "a" * 300_000
    assert time.process_time() - started < 5
