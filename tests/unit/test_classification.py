"""What a mail is taken for, and by which rule."""

from __future__ import annotations

import base64
import struct

import pytest

from parsers.classification.classify import (
    LOOP_MARKER,
    RULES,
    SPAM_RULE,
    ClassificationContext,
    MessageKind,
    Verdict,
    classify,
)
from parsers.mail.parsing import parse_message

OWN = "ero.outreach@agency.example"
CONTEXT = ClassificationContext(own_addresses=frozenset({OWN, "ero.info@agency.example"}))
TOKEN = "0123456789abcdefghjkmnpqrs"
REVIEW = f"In-Reply-To: <review.{TOKEN}@agency.example>"
ALERT = f"In-Reply-To: <urgent.{TOKEN}@agency.example>"
LETTER = f"In-Reply-To: <letter.{TOKEN}@agency.example>"
STAFF = "From: r.ortega@agency.example"
CLERK = "From: Clerk Example <clerk@courts.example>"
DAEMON = "From: Mail Delivery System <MAILER-DAEMON@mx.courts.example>"
PDF = "Content-Type: application/pdf; name=form.pdf\n\n%PDF-1.4"
CERTIFICATION = PDF.replace("form", "paper") + "\n/F (certification-facts.json)"
TEXT = "\nThe form is attached."
MIXED = 'Content-Type: multipart/mixed; boundary="b"'


def build(*fields: str, body: str = "", parts: tuple[str, ...] = ()) -> bytes:
    lines = [*fields, ""]
    lines += [line for part in parts for line in ("--b", part)] if parts else [body]
    return "\n".join(lines).encode()


def picture(width: int, height: int) -> str:
    """Return a part with the head of a PNG of that size, which is all that is looked at."""
    head = b"\x89PNG\r\n\x1a\n" + struct.pack(">I4sII", 13, b"IHDR", width, height)
    coded = base64.b64encode(head).decode()
    return f"Content-Type: image/png\nContent-Transfer-Encoding: base64\n\n{coded}"


def verdict(raw: bytes, context: ClassificationContext = CONTEXT) -> tuple[str, str]:
    found = classify(parse_message(raw), context)
    return found.kind.value, found.rule


WITH_PDF = build(CLERK, MIXED, parts=(TEXT, PDF))
REPORT = "Content-Type: multipart/report; boundary=b; report-type="

CASES: dict[str, tuple[bytes, str, str]] = {
    # People.
    "an answer to an alert": (
        build(STAFF, ALERT, body="I see to it."),
        "staff_reply",
        "answers_urgent_alert",
    ),
    "a form": (WITH_PDF, "request", "pdf_attached"),
    "a certification": (
        build(CLERK, MIXED, parts=("\nIs this genuine?", CERTIFICATION)),
        "requester_reply",
        "certification_attached",
    ),
    "a certification as its signature spells the name": (
        build(CLERK, MIXED, parts=(CERTIFICATION.replace("-facts.", r"\055facts\056"),)),
        "requester_reply",
        "certification_attached",
    ),
    "a form beside a certification": (
        build(CLERK, MIXED, parts=(CERTIFICATION, PDF)),
        "request",
        "pdf_attached",
    ),
    "a certification from a program": (
        build(CLERK, "Auto-Submitted: auto-generated", MIXED, parts=(CERTIFICATION,)),
        "auto_reply",
        "auto_submitted_with_pdf",
    ),
    "a question by number": (
        build(CLERK, "Subject: VERIFY 7K3M-9QXA-52TD-0WZH"),
        "requester_reply",
        "asks_to_verify",
    ),
    "a question by number beside a form": (
        build(CLERK, "Subject: VERIFY 7K3M-9QXA-52TD-0WZH", MIXED, parts=(TEXT, PDF)),
        "request",
        "pdf_attached",
    ),
    "a form under another type": (
        build(CLERK, MIXED, parts=(TEXT, PDF.replace("application/pdf; name=form.pdf", "x/y"))),
        "request",
        "pdf_attached",
    ),
    "something that only claims to be a form": (
        build(CLERK, MIXED, parts=(TEXT, "Content-Type: application/pdf\n\nnothing")),
        "request",
        "pdf_attached",
    ),
    "an answer to a notice": (
        build(STAFF, REVIEW, body="APPROVE"),
        "staff_reply",
        "answers_review_notice",
    ),
    "an answer to a notice with a PDF": (
        build(STAFF, REVIEW, MIXED, parts=(TEXT, PDF)),
        "staff_reply",
        "answers_review_notice",
    ),
    "an answer to the address of a notice": (
        build(STAFF, f"To: ero.outreach+review-{TOKEN}@agency.example", body="APPROVE"),
        "staff_reply",
        "answers_review_notice",
    ),
    "an answer to a letter": (
        build(CLERK, LETTER, body="yes"),
        "requester_reply",
        "answers_our_letter",
    ),
    "an answer to a letter with a form": (
        build(CLERK, LETTER, MIXED, parts=(TEXT, PDF)),
        "requester_reply",
        "answers_our_letter",
    ),
    "a tracking number in the subject": (
        build(CLERK, "Subject: status of cjs 2026 000001 7"),
        "requester_reply",
        "tracking_number_in_subject",
    ),
    "a wrong tracking number in the subject": (
        build(CLERK, "Subject: CJS-2026-000001-8"),
        "other",
        "tracking_number_does_not_hold",
    ),
    "a wrong tracking number and a form": (
        build(CLERK, "Subject: CJS-2026-000001-8", MIXED, parts=(TEXT, PDF)),
        "request",
        "pdf_attached",
    ),
    "something that claims to be a picture": (
        build(CLERK, MIXED, parts=(TEXT, "Content-Type: image/jpeg\n\nx")),
        "other",
        "attachment_but_no_pdf",
    ),
    "the picture of a page": (
        build(CLERK, MIXED, parts=(TEXT, picture(1700, 2200))),
        "request",
        "page_picture_attached",
    ),
    "a logo": (
        build(CLERK, MIXED, parts=(TEXT, picture(320, 90))),
        "other",
        "no_attachment",
    ),
    "a word document": (
        build(CLERK, MIXED, parts=(TEXT, "Content-Type: application/msword; name=a.doc\n\nx")),
        "other",
        "attachment_but_no_pdf",
    ),
    "a list's footer is no file": (
        build(CLERK, MIXED, parts=(TEXT, "\nfooter")),
        "other",
        "no_attachment",
    ),
    "a forwarded mail": (
        build(CLERK, MIXED, parts=(TEXT, "Content-Type: message/rfc822\n\nSubject: x\n\ny")),
        "other",
        "attached_mail_only",
    ),
    "a form inside a forwarded mail": (
        build(CLERK, MIXED, parts=(TEXT, f"Content-Type: message/rfc822\n\n{PDF}")),
        "other",
        "attached_mail_only",
    ),
    "a question": (build(CLERK, body="Where is he?"), "other", "no_attachment"),
    "too many fields to be taken apart": (
        build(STAFF, REVIEW, *(["X-A: b"] * 3000), body="APPROVE"),
        "other",
        "structure_not_read",
    ),
    "a suppression mark alone, as Exchange puts on what people write": (
        build(STAFF, REVIEW, "X-Auto-Response-Suppress: All", body="APPROVE"),
        "staff_reply",
        "answers_review_notice",
    ),
    "a keyword and a number in the text": (
        build(CLERK, "Subject: Question", body="STATUS CJS-2026-000001-7\n\nThank you"),
        "requester_reply",
        "keyword_with_number",
    ),
    "a number in the text without a keyword": (
        build(CLERK, "Subject: Question", body="What of CJS-2026-000001-7?"),
        "requester_reply",
        "tracking_number_in_text",
    ),
    "a number in what is quoted": (
        build(CLERK, "Subject: Question", body="What of it?\n\n> CJS-2026-000001-7"),
        "other",
        "no_attachment",
    ),
    "a number in the text that cannot be one": (
        build(CLERK, "Subject: Question", body="What of CJS-2026-000001-4?"),
        "other",
        "tracking_number_does_not_hold",
    ),
    "a form, and a number in the text": (
        build(CLERK, MIXED, parts=("\nIt corrects CJS-2026-000001-7.", PDF)),
        "requester_reply",
        "tracking_number_in_text",
    ),
    "a form, and a keyword in the text": (
        build(CLERK, MIXED, parts=("\nSTATUS CJS-2026-000001-7", PDF)),
        "requester_reply",
        "tracking_number_in_text",
    ),
    "auto-submitted no": (
        build(STAFF, REVIEW, "Auto-Submitted: no", body="APPROVE"),
        "staff_reply",
        "answers_review_notice",
    ),
    "through a list that is our own mailbox": (
        build(
            CLERK,
            "List-Id: ERO <ero.outreach.agency.example>",
            "Precedence: list",
            MIXED,
            parts=(TEXT, PDF),
        ),
        "request",
        "pdf_attached",
    ),
    "a newsletter footer field alone": (
        build(CLERK, "List-Unsubscribe: <mailto:x@y.example>", MIXED, parts=(TEXT, PDF)),
        "request",
        "pdf_attached",
    ),
    # Our own mail.
    "our letter comes back": (
        build(f"From: {OWN}", f"Message-ID: <letter.{TOKEN}@agency.example>", REVIEW),
        "own_mail",
        "our_letter_came_back",
    ),
    "our letter comes back under another id": (
        build(f"From: {OWN}", f"{LOOP_MARKER}: <1>", "Auto-Submitted: auto-generated"),
        "own_mail",
        "our_letter_came_back",
    ),
    "a stranger copies our message id": (
        build(CLERK, f"Message-ID: <letter.{TOKEN}@agency.example>", MIXED, parts=(TEXT, PDF)),
        "request",
        "pdf_attached",
    ),
    "a stranger copies our loop marker": (
        build(CLERK, f"{LOOP_MARKER}: <1>", MIXED, parts=(TEXT, PDF)),
        "request",
        "pdf_attached",
    ),
    "ours and a stranger as authors": (
        build(f"From: {OWN}, x@y.example", f"{LOOP_MARKER}: <1>", MIXED, parts=(TEXT, PDF)),
        "request",
        "pdf_attached",
    ),
    "a person writes from our address": (
        build(f"From: {OWN}", MIXED, parts=(TEXT, PDF)),
        "request",
        "pdf_attached",
    ),
    # Machines, whatever they carry.
    "a delivery report": (
        build(DAEMON, REPORT + "delivery-status", parts=(TEXT, PDF)),
        "bounce",
        "delivery_report",
    ),
    "a delivery report that answers a notice": (
        build(STAFF, REVIEW, REPORT + "delivery-status", parts=("\nAPPROVE",)),
        "bounce",
        "delivery_report",
    ),
    "a delivery report in a plain container": (
        build(
            CLERK, MIXED, parts=(TEXT, "Content-Type: message/delivery-status\n\nAction: failed\n")
        ),
        "bounce",
        "delivery_report",
    ),
    "failed recipients": (
        build(CLERK, "X-Failed-Recipients: a@b.example"),
        "bounce",
        "failed_recipients_field",
    ),
    "from a mailer daemon": (build(DAEMON, LETTER), "bounce", "from_mailer_daemon"),
    "from a mailer daemon without address": (
        build("From: MAILER-DAEMON (Mail Delivery System)"),
        "bounce",
        "from_mailer_daemon",
    ),
    "through a mailer daemon": (
        build("Return-Path: <MAILER-DAEMON>", CLERK),
        "bounce",
        "from_mailer_daemon",
    ),
    "a postmaster reports": (
        build("From: postmaster@courts.example", "Subject: Undeliverable: your letter"),
        "bounce",
        "postmaster_says_undelivered",
    ),
    "a null path reports": (
        build("Return-Path: <>", "From: <>", "Subject: failure notice"),
        "bounce",
        "postmaster_says_undelivered",
    ),
    "an old system reports in its own words": (
        build(
            "From: gateway@courts.example",
            body="Your message could not be delivered to:\n\n<a@b.example>: 550 5.1.1 unknown user",
        ),
        "bounce",
        "opens_like_a_bounce",
    ),
    "a list says what it could not deliver": (
        build(
            "From: admin@lists.example",
            "List-Id: <talk.lists.example>",
            "Subject: Non-Delivery: your message",
        ),
        "bounce",
        "machine_says_undelivered",
    ),
    "a feedback report": (
        build(CLERK, REPORT + "feedback-report", parts=(TEXT, PDF)),
        "abuse_report",
        "feedback_report",
    ),
    "a read receipt": (
        build(STAFF, REVIEW, REPORT + "disposition-notification", parts=("\nRead.",)),
        "auto_reply",
        "other_report",
    ),
    "staff out of office": (
        build(STAFF, REVIEW, "Auto-Submitted: auto-replied", body="APPROVE"),
        "auto_reply",
        "auto_submitted",
    ),
    "staff out of office, to the address of the notice": (
        build(
            STAFF,
            f"To: ero.outreach+review-{TOKEN}@agency.example",
            "auto-submitted: Auto-Generated (x)",
            body="APPROVE",
        ),
        "auto_reply",
        "auto_submitted",
    ),
    "a program sends a form": (
        build(CLERK, "Auto-Submitted: auto-generated", MIXED, parts=(TEXT, PDF)),
        "auto_reply",
        "auto_submitted_with_pdf",
    ),
    "an autoresponder's own field": (
        build(STAFF, REVIEW, "X-Autoreply: yes", body="APPROVE"),
        "auto_reply",
        "automatic_header",
    ),
    "an autoresponder's precedence": (
        build(STAFF, REVIEW, "Precedence: auto_reply", body="APPROVE"),
        "auto_reply",
        "automatic_header",
    ),
    "an Exchange rule answers": (
        build(STAFF, REVIEW, "X-MS-Exchange-Generated-Message-Source: Mailbox Rules Agent"),
        "auto_reply",
        "automatic_header",
    ),
    "an out-of-office subject beside Exchange's suppression mark": (
        build(STAFF, REVIEW, "X-Auto-Response-Suppress: All", "Subject: Automatic reply: Review"),
        "auto_reply",
        "automatic_subject",
    ),
    "an out-of-office subject from an address that takes no answers": (
        build("From: no-reply@courts.example", LETTER, "Subject: Automatic reply: Form"),
        "auto_reply",
        "automatic_subject",
    ),
    "an out-of-office subject, its fields lost": (
        build(STAFF, REVIEW, "Subject: Automatic reply: Review", body="APPROVE"),
        "other",
        "machine_by_words_alone",
    ),
    "the same in Spanish": (
        build(CLERK, "Subject: =?utf-8?q?Respuesta_autom=C3=A1tica=3A_acuse?=", LETTER),
        "other",
        "machine_by_words_alone",
    ),
    "a gateway returns our letter in words of its own": (
        build(
            "From: postmaster@courts.example",
            "Subject: Mailbox full",
            body=f"The mailbox is full. 552 5.2.2\n\nMessage-ID: {LETTER[13:]}",
        ),
        "bounce",
        "mailer_names_our_letter",
    ),
    "a null path without a report": (
        build("Return-Path: <>", STAFF, REVIEW, body="APPROVE"),
        "auto_reply",
        "null_reverse_path",
    ),
    "list mail": (
        build(CLERK, "List-Id: <talk.lists.example>", MIXED, parts=(TEXT, PDF)),
        "list_mail",
        "list_header",
    ),
    "list mail that answers a notice": (
        build(STAFF, REVIEW, "Precedence: list", body="APPROVE"),
        "list_mail",
        "list_header",
    ),
    "a mailing": (
        build(CLERK, "List-Unsubscribe: <mailto:x@y.example>", "Precedence: bulk"),
        "list_mail",
        "list_header",
    ),
    "a mailing that may be left by one click": (
        build(
            CLERK,
            "List-Unsubscribe: <https://mailer.example/u>",
            "List-Unsubscribe-Post: List-Unsubscribe=One-Click",
            body="Our monthly offers",
        ),
        "list_mail",
        "list_header",
    ),
    "an answer through a provider that marks everything as a mailing": (
        build(
            CLERK,
            LETTER,
            "List-Unsubscribe: <https://mailer.example/u>",
            "List-Unsubscribe-Post: List-Unsubscribe=One-Click",
            body="yes\n\nTo unsubscribe, click here.",
        ),
        "requester_reply",
        "answers_our_letter",
    ),
    "a mailing that says how to leave it": (
        build(
            CLERK,
            "List-Unsubscribe: <https://mailer.example/u>",
            body="Our monthly offers\n\nTo unsubscribe, click here.",
        ),
        "list_mail",
        "list_header",
    ),
    "bulk": (
        build(STAFF, REVIEW, "Precedence: bulk", body="APPROVE"),
        "auto_reply",
        "bulk_precedence",
    ),
}


@pytest.mark.parametrize(("raw", "kind", "rule"), CASES.values(), ids=CASES)
def test_the_first_rule_that_holds_decides(raw: bytes, kind: str, rule: str) -> None:
    assert verdict(raw) == (kind, rule)


def test_every_rule_decides_somewhere() -> None:
    decided = {rule for _, _, rule in CASES.values()} | {"over_size_limit", SPAM_RULE}
    assert {rule.name for rule in RULES} == decided


def test_a_mail_over_the_limit_is_that_before_anything_else() -> None:
    context = ClassificationContext(own_addresses=frozenset(), oversize=True)
    message = parse_message(build(DAEMON))
    assert classify(message, context) == Verdict(kind=MessageKind.OVERSIZE, rule="over_size_limit")


def test_rule_names_are_unique_and_the_last_rule_always_holds() -> None:
    assert len({rule.name for rule in RULES}) == len(RULES)
    assert RULES[-1].holds(parse_message(b"x"), CONTEXT)


# Plain human mails that look like a machine's to a careless reader: field lines, then the body.
HUMAN: dict[str, tuple[list[str], str]] = {
    "a signature says out of office Fridays": (
        ["Subject: Request form, People v. Example"],
        "Please see attached.\n\nJ. Clerk\nOut of office Fridays\nAutomatic reply: off",
    ),
    "a subject about being out of office": (
        ["Subject: Out of office next week, form before then?"],
        "I am away from Monday.",
    ),
    "a forwarded bounce with a comment": (
        ["Subject: Fwd: Undelivered Mail Returned to Sender"],
        (
            "I got this, what did I do wrong?\n\n---------- Forwarded message ---------\n"
            "From: MAILER-DAEMON@mx.courts.example\n\nYour message could not be delivered to\n"
            "<a@b.example>: 550 5.1.1 User unknown"
        ),
    ),
    "a forwarded bounce without a comment": (
        ["Subject: FW: Undeliverable: Request"],
        (
            "From: postmaster@courts.example\nSubject: Undeliverable: Request\n\n"
            "Delivery has failed to these recipients or groups:\n\na@b.example\n550 5.1.1 unknown"
        ),
    ),
    "a bounce quoted in an answer": (
        ["Subject: Re: Mail delivery failed: returning message to sender"],
        (
            "We tried again today.\n\n> Your message could not be delivered to\n> a@b.example\n"
            "> 550 5.1.1 User unknown"
        ),
    ),
    "a complaint about undelivered paper": (
        ["Subject: Undelivered mail"],
        "Our letter of May 4 was returned by the postal service. Where should it go?",
    ),
    "a complaint that our mail did not open": (
        ["Subject: Delivery problem"],
        (
            "Your message of May 4 could not be opened here; please send it again.\n\n"
            "J. Clerk\nclerk@courts.example\n555-0100"
        ),
    ),
    "a complaint that our mail did not arrive": (
        ["Subject: the certification"],
        (
            "Your mail of May 4 was not delivered to our office.\nPlease send it again to\n"
            "clerk@courts.example"
        ),
    ),
    "returned mail of the paper kind": (
        ["Subject: Returned mail: People v. Example"],
        "Your letter came back to us. The address could not be found.\n\nclerk@courts.example",
    ),
    "a failure to appear notice": (
        ["Subject: Failure notice: defendant did not appear"],
        "Attached is the failure to appear notice. Case 550 Example.",
    ),
    "a delivery status question": (
        ["Subject: Delivery status"],
        "Has the certification been delivered? 5.1 of the rules asks for it.",
    ),
    "a warning": (["Subject: Warning: bond deadline on Friday"], "The deadline is near."),
    "a human postmaster": (
        ["From: Pat Postmaster <postmaster@courts.example>", "Subject: mail setup"],
        "Which address will your letters come from? We would like to allow it.",
    ),
    "an administrator": (
        ["From: System Administrator <admin@courts.example>", "Subject: Request form"],
        "Please find the form attached.",
    ),
    "an answer to our automatic letter": (
        ["Subject: Re: Automatic reply: Request"],
        "Thank you, here is what you asked for.",
    ),
    "a mail about auto insurance": (["Subject: Auto reply card, bond 12"], "See attached."),
    "a newsletter footer in the text": (
        ["Subject: request"],
        "See attached.\n\nTo unsubscribe from this list click here. Precedence: bulk",
    ),
    "an unsubscribe field of the sender's provider": (
        ["Subject: request", "List-Unsubscribe: <https://courts.example/u>"],
        "See attached.",
    ),
    "a suppression mark and a high priority": (
        ["Subject: request", "X-Auto-Response-Suppress: DR, OOF, AutoReply", "Importance: high"],
        "See attached.",
    ),
    "a request for a read receipt": (
        ["Subject: request", "Disposition-Notification-To: clerk@courts.example"],
        "Please confirm.",
    ),
    "from a shared address": (
        ["From: Criminal Division <no-reply-please@courts.example>", "Subject: request"],
        "See attached.",
    ),
    "a person called Daemon": (
        ["From: Maria Daemon <mdaemon.smith@courts.example>", "Subject: request"],
        "See attached.",
    ),
    "Spanish, about a returned letter": (
        ["Subject: Carta devuelta"],
        "Su carta no pudo ser entregada en nuestra oficina. Favor de enviarla otra vez.",
    ),
    "Spanish, out of office in the text": (
        ["Subject: solicitud"],
        "Estoy fuera de la oficina los viernes. Adjunto el formulario.",
    ),
    "with a reverse path of its own": (
        ["Return-Path: <bounces+12=clerk=courts.example@mailer.example>", "Subject: request"],
        "See attached.",
    ),
    "no subject at all": ([], "See attached."),
    "this is the mail I promised": (
        ["Subject: request"],
        "This is the mail I promised on the phone. Dial 555-0100, extension 550 for me.",
    ),
}


@pytest.mark.parametrize(("fields", "body"), HUMAN.values(), ids=HUMAN)
def test_what_a_person_wrote_is_never_taken_for_a_machines(fields: list[str], body: str) -> None:
    sender = [] if any(field.startswith("From:") for field in fields) else [CLERK]
    plain = build(*sender, *fields, body=body)
    with_form = build(*sender, *fields, MIXED, parts=(f"\n{body}", PDF))
    assert verdict(plain) == ("other", "no_attachment")
    assert verdict(with_form) == ("request", "pdf_attached")


SPAM = ClassificationContext(
    own_addresses=CONTEXT.own_addresses,
    spam_marks=(("X-Spam-Flag", "YES"), ("X-Spam-Status", "Yes"), ("X-SCL", "9")),
)


@pytest.mark.parametrize(
    ("field", "is_spam"),
    [
        pytest.param("X-Spam-Flag: YES", True, id="the very value"),
        pytest.param("x-spam-flag: yes", True, id="in any case"),
        pytest.param("X-Spam-Status: Yes, score=9.1 required=5", True, id="with more behind it"),
        pytest.param("X-Spam-Status: No, score=0.1", False, id="the other verdict"),
        pytest.param("X-Spam-Status: yesterday", False, id="a word that only begins so"),
        pytest.param("X-SCL: 90", False, id="a number that only begins so"),
        pytest.param("X-Spam: YES", False, id="a field nobody configured"),
        pytest.param("Subject: X-Spam-Flag: YES", False, id="the words alone"),
    ],
)
def test_spam_is_what_the_sites_own_filter_says(field: str, *, is_spam: bool) -> None:
    raw = build(STAFF, REVIEW, field, body="APPROVE")
    expected = ("other", SPAM_RULE) if is_spam else ("staff_reply", "answers_review_notice")
    assert verdict(raw, SPAM) == expected
    assert verdict(raw)[0] == "staff_reply", "nothing is recognised that was not configured"


def test_a_machine_is_one_whatever_the_filter_says() -> None:
    raw = build(DAEMON, REPORT + "delivery-status", "X-Spam-Flag: YES", parts=(TEXT, PDF))
    assert verdict(raw, SPAM) == ("bounce", "delivery_report")
