"""Which letter of ours a mail answers."""

from __future__ import annotations

import pytest

from parsers.mail.bindings import ReplyToken, find_reply_tokens, is_own_message_id
from parsers.mail.parsing import parse_message

OWN = frozenset({"ero.outreach@agency.example", "ero.info@agency.example"})
A = "0123456789abcdefghjkmnpqrs"
B = "zyxwvtsrqpnmkjhgfedcba9876"
C = "aaaaaaaaaaaaaaaaaaaaaaaaaa"


def tokens(*fields: str) -> list[tuple[str, str]]:
    raw = "\r\n".join((*fields, "", "text")).encode()
    return [(t.kind, t.token) for t in find_reply_tokens(parse_message(raw), OWN)]


@pytest.mark.parametrize(
    ("fields", "found"),
    [
        ([f"In-Reply-To: <review.{A}@agency.example>"], [("review", A)]),
        ([f"In-Reply-To: <letter.{A}@agency.example>"], [("letter", A)]),
        ([f"References: <x@y.example> <review.{A}@agency.example>"], [("review", A)]),
        ([f"To: ero.outreach+review-{A}@agency.example"], [("review", A)]),
        ([f"To: ERO.Outreach+Review-{A.upper()}@AGENCY.example"], [("review", A)]),
        ([f"Cc: x@y.example, ero.info+letter-{A}@agency.example"], [("letter", A)]),
        ([f"Delivered-To: ero.info+letter-{A}@agency.example"], [("letter", A)]),
        ([f"X-Original-To: ero.info+letter-{A}@agency.example"], [("letter", A)]),
        ([f"In-Reply-To: <REVIEW.{A.upper()}@Agency.Example>"], [("review", A)]),
        ([f"In-Reply-To: Your mail <review.{A}@agency.example> of May"], [("review", A)]),
        ([f"In-Reply-To:\r\n <review.{A}@agency.example>"], [("review", A)]),
        ([f"In-Reply-To: <review.{A}@elsewhere.example>"], []),
        ([f"In-Reply-To: <review.{A}@agency.example.elsewhere.example>"], []),
        ([f"In-Reply-To: <review.{A}@sub.agency.example>"], []),
        ([f"In-Reply-To: <xreview.{A}@agency.example>"], []),
        ([f"In-Reply-To: <review.{A}x@agency.example>"], []),
        ([f"In-Reply-To: <review.{A[:-1]}@agency.example>"], []),
        ([f"In-Reply-To: <review.{A[:-1]}i@agency.example>"], []),
        ([f"In-Reply-To: <review.{A[:-1]}u@agency.example>"], []),
        ([f"In-Reply-To: <review-{A}@agency.example>"], []),
        ([f"In-Reply-To: <notice.{A}@agency.example>"], []),
        ([f"To: someone.else+review-{A}@agency.example"], []),
        ([f"To: ero.outreach+review-{A}@elsewhere.example"], []),
        ([f"To: ero.outreach+review.{A}@agency.example"], []),
        ([f"To: ero.outreach-review-{A}@agency.example"], []),
        ([f"To: ero.outreach+x+review-{A}@agency.example"], []),
        ([f"Reply-To: ero.outreach+review-{A}@agency.example"], []),
        ([f"Subject: review.{A}@agency.example"], []),
        ([], []),
    ],
    ids=[
        "in reply to a notice",
        "in reply to a letter",
        "in the references",
        "as a plus-tag",
        "in capitals, as some clients write addresses",
        "as the second of several recipients",
        "as delivered to",
        "as it was first sent to",
        "in capitals in the header",
        "with words around it, as old clients write",
        "on a folded line",
        "of another domain",
        "of a domain that only begins like ours",
        "of a domain below ours",
        "of another kind",
        "too long",
        "too short",
        "with a letter Crockford leaves out",
        "with another letter Crockford leaves out",
        "without the dot",
        "of a kind there is not",
        "at another mailbox of our domain",
        "at our name elsewhere",
        "with a dot in the tag",
        "with a hyphen in front of the tag",
        "behind another tag",
        "where answers would go",
        "in the subject",
        "nowhere",
    ],
)
def test_tokens_are_found_strictly(fields: list[str], found: list[tuple[str, str]]) -> None:
    assert tokens("From: a@courts.example", *fields) == found


def test_the_nearest_token_comes_first_and_each_only_once() -> None:
    assert tokens(
        f"References: <letter.{B}@agency.example> <review.{A}@agency.example>",
        f"To: ero.outreach+letter-{C}@agency.example, ero.info+review-{A}@agency.example",
        f"In-Reply-To: <review.{A}@agency.example>",
    ) == [("review", A), ("letter", B), ("letter", C)]


def test_the_same_token_of_two_kinds_is_two_tokens() -> None:
    assert tokens(
        f"In-Reply-To: <review.{A}@agency.example>",
        f"To: ero.outreach+letter-{A}@agency.example",
    ) == [("review", A), ("letter", A)]


def test_without_addresses_of_ours_nothing_is_ours() -> None:
    message = parse_message(f"In-Reply-To: <review.{A}@agency.example>\n\n".encode())
    assert find_reply_tokens(message, frozenset()) == ()
    assert find_reply_tokens(message, ["ERO.Info@Agency.Example"]) == (
        ReplyToken(kind="review", token=A),
    )


@pytest.mark.parametrize(
    ("message_id", "own"),
    [
        (f"<review.{A}@agency.example>", True),
        (f"<letter.{A}@agency.example>", True),
        (f"<letter.{A}@elsewhere.example>", False),
        ("<something@agency.example>", False),
        (None, False),
    ],
)
def test_our_own_message_ids_are_known(message_id: str | None, own: bool) -> None:
    assert is_own_message_id(message_id, OWN) is own
