"""The header of a mail as it stands in its bytes: its id, and its fields as harmless text."""

from __future__ import annotations

import pytest

from parsers.mail.parsing import parse_message
from parsers.mail.raw_headers import find_raw_message_id, list_raw_fields
from tests.worker_harness import CLERK, compose


@pytest.mark.parametrize(
    ("raw", "wanted"),
    [
        pytest.param(b"Message-ID: <a@b.example>\r\n\r\nx", "<a@b.example>", id="first"),
        pytest.param(b"To: x\r\nmessage-id:<a@b.example>\r\n\r\nx", "<a@b.example>", id="lower"),
        pytest.param(b"To: x\nMessage-ID:\n <a@b.example>\n\nx", "<a@b.example>", id="folded"),
        pytest.param(b"To: x\rMessage-ID: <a@b.example>\r\rx", "<a@b.example>", id="bare returns"),
        pytest.param(b"\r\nMessage-ID: <a@b.example>\r\n\r\n", "<a@b.example>", id="empty line"),
        pytest.param(
            b"Message-ID: <a@b.example>\r\nMessage-ID: <c@d.example>\r\n\r\n",
            "<a@b.example>",
            id="of two the first",
        ),
        pytest.param(b"Message-ID: a@b.example\r\n\r\n", "<a@b.example>", id="no brackets"),
        pytest.param(b"To: x\r\n\r\nMessage-ID: <a@b.example>\r\n", None, id="in the body"),
        pytest.param(b"X-Message-ID: <a@b.example>\r\n\r\n", None, id="another field"),
        pytest.param(b"X: y\r\n Message-ID: <a@b.example>\r\n\r\n", None, id="within a field"),
        pytest.param(b"Message-ID: <\xff@b.example>\r\n\r\n", None, id="no text"),
        pytest.param(b"", None, id="nothing"),
    ],
)
def test_the_id_is_found_where_it_stands(raw: bytes, wanted: str | None) -> None:
    assert find_raw_message_id(raw) == wanted


def test_it_is_the_one_that_the_reader_of_mails_finds() -> None:
    raw = compose(CLERK, "x", message_id="<one.two@courts.example>")
    assert find_raw_message_id(raw) == parse_message(raw).message_id


def test_fields_are_printable_whatever_they_hold() -> None:
    raw = b"Subject: \x1b[2J caf\xc3\xa9\r\n\tmore\r\nno field\r\nX: " + b"y" * 50 + b"\r\n\r\nbody"
    assert list_raw_fields(raw, most=10, longest=20) == (
        ("Subject", "\\x1b[2J caf\\xc3\\xa9 more"),
        ("", "no field"),
        ("X", "y" * 20 + "…"),
    )
    assert len(list_raw_fields(raw, most=1, longest=20)) == 1
