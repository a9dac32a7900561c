"""What a delivery report says, in the forms that systems give it, and in no form at all."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parsers.mail.delivery_reports import DeliveryReport, ReportedAction, find_returned_letter
from parsers.mail.parsing import parse_message

HEAD = "From: MAILER-DAEMON@mx.courts.example\nSubject: failure notice\n"
REPORT = 'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\n\n'
OURS = "<letter.0123456789abcdefghjkmnpqrs@agency.example>"


def read(*parts: str, fields: str = "") -> tuple[DeliveryReport, ...]:
    body = "".join(f"--b\n{part}\n" for part in parts)
    raw = f"{HEAD}{fields}{REPORT}{body}--b--\n".encode()
    return find_returned_letter(parse_message(raw), raw).reports


def status(*lines: str) -> str:
    text = "\n".join(lines)
    return f"Content-Type: message/delivery-status\n\nReporting-MTA: dns; mx\n\n{text}\n"


def report(action: str, code: str = "", final: str = "clerk@courts.example") -> DeliveryReport:
    return DeliveryReport(action=ReportedAction(action), status=code, final_recipient=final)


FINAL = "Final-Recipient: rfc822; clerk@courts.example"
CASES = {
    "as the standard says": ([FINAL, "Action: failed", "Status: 5.1.1"], report("failed", "5.1.1")),
    "in angle brackets": (
        ["Final-Recipient: RFC822;<clerk@COURTS.example>", "Action: Failed", "Status: 5.1.1"],
        report("failed", "5.1.1"),
    ),
    "without a type": (
        ["Final-Recipient: clerk@courts.example", "Action: failed"], report("failed"),
    ),
    "a word of its own": ([FINAL, "Action: error", "Status: 5.0.0"], report("failed", "5.0.0")),
    "a comment behind the status": (
        [FINAL, "Action: failed", "Status: 5.7.1 (blocked)"], report("failed", "5.7.1"),
    ),
    "the status alone": ([FINAL, "Status: 4.4.7"], report("delayed", "4.4.7")),
    "neither action nor status": ([FINAL], None),
    "an action nobody knows": ([FINAL, "Action: pondered", "Status: 5.0.0"], None),
    "no recipient": (["Action: failed", "Status: 5.1.1"], report("failed", "5.1.1", "")),
}  # fmt: skip


@pytest.mark.parametrize(
    ("lines", "expected"), [pytest.param(*case, id=name) for name, case in CASES.items()]
)
def test_the_fields_of_a_recipient_are_read(
    lines: list[str], expected: DeliveryReport | None
) -> None:
    assert read(status(*lines)) == (() if expected is None else (expected,))


def test_each_recipient_has_a_report() -> None:
    second = "Final-Recipient: rfc822; b@courts.example\nAction: delivered\nStatus: 2.0.0"
    found = read(status(FINAL, "Action: delayed", "", second))
    assert [(r.action.value, r.final_recipient) for r in found] == [
        ("delayed", "clerk@courts.example"),
        ("delivered", "b@courts.example"),
    ]


PLACES = {
    "the returned header": f"Content-Type: text/rfc822-headers\n\nMessage-ID: {OURS}\n",
    "the returned mail": f"Content-Type: message/rfc822\n\nMessage-ID: {OURS}\n\nHello\n",
    "a folded field": f"Content-Type: text/rfc822-headers\n\nMessage-ID:\n {OURS}\n",
    "the text": f"Content-Type: text/plain\n\nYour mail:\n> Message-Id: {OURS}\n",
    "HTML": (
        "Content-Type: text/html\n\n<pre>\nMessage-ID: "
        + OURS.replace("<", "&lt;").replace(">", "&gt;")
        + "</pre>\n"
    ),
    "the report": status(FINAL, "Action: failed", f"X-Original-Message-ID: {OURS}"),
}


@pytest.mark.parametrize("part", [pytest.param(p, id=name) for name, p in PLACES.items()])
def test_the_letter_is_known_by_its_identifier_wherever_it_stands(part: str) -> None:
    raw = f"{HEAD}{REPORT}--b\n{part}\n--b--\n".encode()
    assert find_returned_letter(parse_message(raw)).message_ids == (OURS,)


def test_a_letter_that_the_returned_one_answers_is_not_meant() -> None:
    part = f"Content-Type: text/rfc822-headers\n\nMessage-ID: <x@y.example>\nReferences: {OURS}\n"
    raw = f"{HEAD}{REPORT}--b\n{part}\n--b--\n".encode()
    assert find_returned_letter(parse_message(raw)).message_ids == ("<x@y.example>",)


def test_the_envelope_identifier_is_decoded() -> None:
    part = "Content-Type: message/delivery-status\n\nOriginal-Envelope-Id: letter+2E0a+2Bb\n"
    raw = f"{HEAD}{REPORT}--b\n{part}\n--b--\n".encode()
    assert find_returned_letter(parse_message(raw)).envelope_id == "letter.0a+b"


@pytest.mark.parametrize(
    ("text", "actions"),
    [
        pytest.param("host mx said: 550 5.1.1 no such user", ["failed"], id="refused for good"),
        pytest.param("550 5.1.1 no such user; will continue trying", [], id="goes on trying"),
        pytest.param("host mx said: 450 4.2.1 try again later", [], id="refused for now"),
        pytest.param("Nobody was amused.", [], id="no code"),
    ],
)
def test_words_alone_tell_a_refusal_by_its_code(text: str, actions: list[str]) -> None:
    raw = f"{HEAD}\n{text}\n".encode()
    found = find_returned_letter(parse_message(raw), raw).reports
    assert [r.action.value for r in found] == actions


def test_the_field_of_exim_names_who_failed() -> None:
    raw = f"{HEAD}X-Failed-Recipients: a@b.example, c@d.example\n\nx\n".encode()
    found = find_returned_letter(parse_message(raw)).reports
    assert [r.final_recipient for r in found] == ["a@b.example", "c@d.example"]


@given(st.binary(max_size=400))
def test_nothing_whatever_raises(data: bytes) -> None:
    raw = f"{HEAD}{REPORT}--b\nContent-Type: message/delivery-status\n\n".encode() + data
    find_returned_letter(parse_message(raw), raw)
