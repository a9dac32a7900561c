"""How much of real replies is read exactly, and that nothing quoted ever leaks into the new text.

White space is normalised. Where the collection keeps a signature in the expected text, or expects
an all-quoted body back, less is right too.
"""

from __future__ import annotations

import json
import sys
from email import message_from_bytes, policy
from pathlib import Path
from typing import cast

import pytest

from parsers.mail.message import InboundMessage
from parsers.replies.new_text import find_new_plain_text, find_new_text
from tests.unit.reply_builders import build_message

COLLECTION = Path(__file__).resolve().parents[2].parent / "shared" / "samples" / "replies"

pytestmark = [
    pytest.mark.corpus,
    pytest.mark.skipif(
        not COLLECTION.is_dir(), reason="the public reply collection is not at hand"
    ),
]


def _expected() -> list[dict[str, str]]:
    path = COLLECTION / "expected.json"
    return cast("list[dict[str, str]]", json.loads(path.read_bytes())) if path.is_file() else []


def _message(raw: bytes) -> InboundMessage:
    mail = message_from_bytes(raw, policy=policy.default)
    plain, html = mail.get_body(("plain",)), mail.get_body(("html",))
    return build_message(
        text=None if plain is None else plain.get_content(),
        html=None if html is None else html.get_content(),
    )


def _read(name: str) -> str:
    raw = (COLLECTION / name).read_bytes()
    if name.endswith(".eml"):
        return find_new_text(_message(raw)).text
    return find_new_plain_text(raw.decode("utf-8", "replace")).text


def _flat(text: str) -> str:
    return " ".join(text.split())


def _is_right(found: str, expected: str) -> bool:
    if _flat(found) == _flat(expected):
        return True
    all_quoted = _flat(expected).startswith(">")
    return _flat(found) == _flat(find_new_plain_text(expected).text) and (bool(found) or all_quoted)


def test_most_real_replies_are_read_exactly(capsys: pytest.CaptureFixture[str]) -> None:
    rows = _expected()
    strict = sum(_flat(_read(row["file"])) == _flat(row["reply"]) for row in rows)
    wrong = [row["file"] for row in rows if not _is_right(_read(row["file"]), row["reply"])]
    right = len(rows) - len(wrong)
    with capsys.disabled():
        sys.stdout.write(
            f"\nreplies: {right}/{len(rows)} right, {strict} to the letter; not: {wrong}\n"
        )
    assert right / len(rows) >= 0.85


@pytest.mark.parametrize("row", _expected(), ids=lambda row: row["file"])
def test_what_is_read_is_never_more_than_what_was_newly_written(row: dict[str, str]) -> None:
    assert _flat(_read(row["file"])) in _flat(row["reply"])
