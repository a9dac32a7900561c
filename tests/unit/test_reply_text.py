"""What of a reply counts as newly written, in every usual way of quoting it."""

from __future__ import annotations

import time

import pytest

from parsers.replies.new_text import NewText, find_new_plain_text, find_new_text
from tests.unit.reply_builders import build_message

TOP = "DENY no match in the records"

PLAIN = [
    (
        "Gmail",
        "\n\nOn Mon, May 4, 2026 at 2:30 PM ERO Outreach <ero@agency.example> wrote:\n\n> APPROVE",
    ),
    (
        "Gmail, wrapped",
        "\n\nOn Mon, May 4, 2026 at 2:30 PM ERO Outreach <\nero@agency.example> wrote:\n> X",
    ),
    (
        "wrapped over four lines",
        "\n\nOn Mon,\nMay 4, 2026 ERO Outreach\n<ero@agency.example>\nwrote:\nAPPROVE",
    ),
    (
        "bracket left on the next line",
        '\n\nOn 4 May 2026 "E O" <ero@agency.example\n> wrote:\n> APPROVE',
    ),
    (
        "Apple Mail",
        "\n\n> On May 4, 2026, at 2:30 PM, ERO Outreach <ero@agency.example> wrote:\n> \n> APPROVE",
    ),
    ("Thunderbird", "\n\nOn 5/4/26 2:30 PM, ERO Outreach wrote:\n> APPROVE\n"),
    ("a name without a date", "\n\nOn Monday, ERO Outreach wrote:\n> APPROVE\n"),
    ("old Gmail", "\n\n2026-05-04 14:30 GMT-04:00 ERO Outreach <ero@agency.example>:\n\n> APPROVE"),
    ("no sign but the quote", "\n> APPROVE\n> Outcome: removed"),
    ("quote marks as entities", "\n&gt; APPROVE"),
    (
        "Spanish",
        (
            "\n\nEl lun, 4 may 2026 a las 14:30, ERO Outreach "
            "(<ero@agency.example>) escribió:\n\n> APPROVE"
        ),
    ),
    (
        "Spanish, wrapped",
        (
            "\n\nEl lun, 4 may 2026 a las 14:30, ERO Outreach\n(<ero@agency.example>"
            ") escribió:\nAPPROVE"
        ),
    ),
    ("French", "\n\nLe 4 mai 2026 à 14:30, ERO Outreach a écrit :\n> APPROVE"),
    (
        "a language nobody listed",
        "\n\n4 Mei 2026 14:30 ERO <ero@agency.example> ditulis:\n> APPROVE",
    ),
    (
        "Outlook",
        (
            "\n\nFrom: ERO Outreach <ero@agency.example>\nSent: "
            "Monday, May 4, 2026\nTo: X\nSubject: CJS\n\nAPPROVE"
        ),
    ),
    (
        "Outlook, rule above",
        (
            "\n\n________________________________\nFrom: ERO\nSent: "
            "Monday\nTo: X\nSubject: Y\n\nAPPROVE"
        ),
    ),
    (
        "Outlook, bold",
        (
            "\n\n*From:* ERO Outreach <ero@agency.example>\n*Sent:* "
            "Monday\n*To:* X\n*Subject:* Y\n\nAPPROVE"
        ),
    ),
    (
        "Outlook, Spanish",
        "\n\nDe: ERO Outreach\nEnviado: lunes, 4 de mayo\nPara: X\nAsunto: CJS\n\nAPPROVE",
    ),
    (
        "headers begin with the date",
        "\n\nDate: Mon, 4 May 2026\nFrom: ero@agency.example\nSubject: CJS\n\nAPPROVE",
    ),
    ("flattened headers", "\n\nFrom: ERO Outreach Sent: Monday To: X Subject: CJS\nAPPROVE"),
    ("Original Message", "\n\n-----Original Message-----\nFrom: ERO\n\nAPPROVE"),
    ("Mensaje original", "\n\n-----Mensaje original-----\nDe: ERO\n\nAPPROVE"),
    ("separator in any language", "\n\n-------- Mesaj original --------\nAPPROVE"),
    ("forwarded", "\n\n---------- Forwarded message ---------\nFrom: X\nSubject: Y\n\nAPPROVE"),
    ("Apple forward", "\n\nBegin forwarded message:\n\nFrom: X\nSubject: Y\n\nAPPROVE"),
    (
        "Zoho",
        (
            "\n\n---- On Mon, 04 May 2026 14:30:36 -0400 ERO "
            "<ero@agency.example> wrote ----\n\nAPPROVE"
        ),
    ),
    ("signature", "\n\n-- \nR. Ortega\nAPPROVE"),
    ("signature, space lost", "\n--\nR. Ortega\nAPPROVE"),
    ("iPhone", "\n\nSent from my iPhone\n\n> On May 4 he wrote:\n> APPROVE"),
    ("iPhone, Spanish", "\n\nEnviado desde mi iPhone\n\n> APPROVE"),
    (
        "Outlook on a phone",
        (
            "\n\nGet Outlook for iOS<https://aka.ms/x>\n________________________________\nFrom: "
            "X\nSent: Y\nAPPROVE"
        ),
    ),
    (
        "disclaimer",
        (
            "\n\nCONFIDENTIALITY NOTICE: This e-mail and any attachments "
            "are confidential and\nprivileged. APPROVE"
        ),
    ),
    (
        "disclaimer, Spanish",
        (
            "\n\nAVISO: Este mensaje es confidencial para su "
            "destinatario; si lo recibe por error\nAPPROVE"
        ),
    ),
    (
        "government warning",
        "\n\nWarning: This document is UNCLASSIFIED//FOR OFFICIAL USE ONLY (U//FOUO). APPROVE",
    ),
    ("our own marker", "\n\n-- write your reply above this line --\nAPPROVE"),
]


@pytest.mark.parametrize("tail", [t for _, t in PLAIN], ids=[i for i, _ in PLAIN])
def test_new_text_ends_where_the_plain_mail_begins_to_quote_or_sign(tail: str) -> None:
    assert find_new_plain_text(f"\r\n{TOP}{tail}").text == TOP


NOT_CUT = [
    ("a field that quotes", "APPROVE\nRemarks: On 05/04/2026 the clerk wrote: no hearing"),
    (
        "a field that ends in wrote",
        "APPROVE\nRemarks: seen 2026-03-02, mail x@courts.example wrote:\nOutcome: removed",
    ),
    (
        "a day and a time",
        "APPROVE\nRecords as of: 2026-05-04 14:30\nCustody: 2026-03-02 to present",
    ),
    ("an address", "CORRECT\nrequester_email: clerk@courts.example\nPhone: 555-0100"),
    ("prose about a day", "On this day\n\nI wrote something\n\nfor nobody"),
    ("dashes in prose", "This is not a ---------- delimiter."),
    ("the word from", "DENY from what the clerk says: no match"),
    ("the word notice", "DENY notice was never given to the person"),
    ("sent from elsewhere", "DENY sent from the wrong court"),
]


@pytest.mark.parametrize("text", [t for _, t in NOT_CUT], ids=[i for i, _ in NOT_CUT])
def test_ordinary_text_is_kept_whole(text: str) -> None:
    found = find_new_plain_text(text)
    assert (found.text, found.was_cut, found.below) == (text, False, ())


def test_rules_and_empty_lines_at_the_end_are_dropped_but_a_question_mark_is_not() -> None:
    assert find_new_plain_text("CONFIRM\n\n-----\n\n").text == "CONFIRM"
    assert find_new_plain_text("CONFIRM\n?").text == "CONFIRM\n?"


def test_a_gateway_banner_on_top_is_dropped() -> None:
    banner = "CAUTION: This email originated from outside of the organization.\nDo not click links."
    assert find_new_plain_text(f"{banner}\n\nCONFIRM").text == "CONFIRM"


HTML = [
    (
        "Gmail",
        (
            '<div dir="ltr">{}</div><br><div class="gmail_quote">'
            '<div class="gmail_attr">On Mon wrote:<br></div>'
            '<blockquote class="gmail_quote">APPROVE</blockquote></div>'
        ),
    ),
    (
        "Gmail in an unknown language",
        (
            '<div>{}</div><div class="gmail_quote"><div class="gmail_attr">Tarehe 4</div>'
            "<blockquote>APPROVE</blockquote></div>"
        ),
    ),
    (
        "Apple Mail",
        (
            "<body>{}<br><div><br><blockquote type=cite><div>"
            "On May 4 wrote:</div>APPROVE</blockquote></div>"
        ),
    ),
    (
        "Outlook on the web",
        (
            '<div>{}</div><div id="appendonsend"></div><hr><div '
            'id="divRplyFwdMsg"><b>Von:</b> X</div>APPROVE'
        ),
    ),
    (
        "Outlook",
        (
            '<p class="MsoNormal">{}</p><div style="border:none;border-top:solid #E1E1E1 1.0pt">'
            "<p><b>From:</b> X<br><b>Sent:</b> Y<br><b>To:</b> Z</p></div><p>APPROVE</p>"
        ),
    ),
    (
        "header block alone",
        "<p>{}</p><p><b>From:</b> X<br><b>Sent:</b> Y<br><b>Subject:</b> Z</p><p>APPROVE</p>",
    ),
    (
        "Thunderbird",
        (
            '<p>{}</p><div class="moz-cite-prefix">Am 4. Mai:<br>'
            "</div><blockquote>APPROVE</blockquote>"
        ),
    ),
    (
        "Yahoo",
        '<div>{}</div><div id="ydp1" class="yahoo_quoted"><div>On Monday wrote:</div>APPROVE</div>',
    ),
    ("Proton", '<div>{}</div><div class="protonmail_quote">APPROVE</div>'),
    ("a signature element", '<div>{}</div><div class="gmail_signature">APPROVE<br>R. Ortega</div>'),
    ("Outlook phone signature", '<div>{}</div><div id="ms-outlook-mobile-signature">APPROVE</div>'),
    ("alternative text", '<p>{}</p><img alt="APPROVE" src="https://x.example/a.png">'),
    ("hidden element", '<p>{}</p><p style="display: none">APPROVE</p>'),
    (
        "style sheet and title",
        "<head><title>APPROVE</title><style>APPROVE</style></head><body>{}</body>",
    ),
    ("comment", "<p>{}<!-- APPROVE --></p>"),
]


@pytest.mark.parametrize("html", [h for _, h in HTML], ids=[i for i, _ in HTML])
def test_an_html_only_reply_is_read_as_text_without_what_it_quotes(html: str) -> None:
    found = find_new_text(build_message(html=html.replace("{}", TOP)))
    assert (found.text, found.from_html) == (TOP, True)


def test_html_blocks_and_breaks_become_lines_and_source_lines_do_not() -> None:
    html = (
        "<div>APPROVE</div><p>Outcome:\n detained<br>Basis:&nbsp;"
        "routine\u200b use</p><ul><li>one<li>two</ul>"
    )
    found = find_new_text(build_message(html=html)).text
    assert found.split("\n") == ["APPROVE", "Outcome: detained", "Basis: routine use", "one", "two"]


def test_preformatted_lines_and_table_cells_stay_apart() -> None:
    html = (
        "<pre>CORRECT\nTitle: Clerk</pre><table><tr><td>"
        "a</td><td>b</td></tr><tr><td>c</td></tr></table>"
    )
    assert find_new_text(build_message(html=html)).text.split("\n") == [
        "CORRECT",
        "Title: Clerk",
        "a b",
        "c",
    ]


@pytest.mark.parametrize(
    "html", ["<s>APPROVE</s>", '<p style="text-decoration:line-through">APPROVE</p>']
)
def test_struck_out_words_are_marked_so_that_they_are_no_keyword(html: str) -> None:
    assert find_new_text(build_message(html=html)).text == "~~APPROVE~~"


def test_the_plain_body_is_preferred_and_an_empty_one_is_not() -> None:
    assert find_new_text(build_message(text="CONFIRM", html="<p>CANCEL</p>")).text == "CONFIRM"
    assert find_new_text(build_message(text=" \u00a0\n", html="<p>CANCEL</p>")).text == "CANCEL"


def test_subject_and_missing_bodies_give_nothing() -> None:
    assert find_new_text(build_message()) == NewText()


@pytest.mark.parametrize(
    "html", ["", "\x00", "<", "<!DOCTYPE html>", "]]>", "<?xml version='1.0'?>"]
)
def test_html_that_is_none_gives_nothing_and_does_not_raise(html: str) -> None:
    assert find_new_text(build_message(html=html)).text in {"", "<", "]]>"}


BELOW = [
    ("under the quote", "> Question?\n\nAPPROVE", ("APPROVE",)),
    ("between the quotes", "> one\nyes\n> two\nno\n", ("yes", "no")),
    ("under a marked attribution", "On May 4, 2026 X wrote:\n> Hi\nHello", ("Hello",)),
    ("under an unmarked one, nothing on top", "On May 4, 2026 X wrote:\n\nHello", ("Hello",)),
    ("with something on top", "see below\n> one\nyes", ("yes",)),
]


@pytest.mark.parametrize(
    ("text", "below"), [(t, b) for _, t, b in BELOW], ids=[i for i, _, _ in BELOW]
)
def test_an_answer_below_the_quote_is_reported_and_not_returned(
    text: str, below: tuple[str, ...]
) -> None:
    found = find_new_plain_text(text)
    assert found.below == below
    assert found.below
    assert not set(below) & set(found.text.split("\n"))


@pytest.mark.parametrize(
    "text",
    [
        "CONFIRM\n\n> quoted\n> quoted\n\n-- \nR. Ortega\nOfficer",
        "CONFIRM\n> quoted\n\nThis e-mail is confidential and only for the intended recipient.",
        "CONFIRM\n\nFrom: X\nSent: Y\nTo: Z\n\nquoted without marks\n> older\nquoted again",
        "CONFIRM\n\nSent from my iPhone\n\n> quoted",
        "CONFIRM",
    ],
    ids=["signature", "disclaimer", "unmarked quotation", "phone", "no quotation"],
)
def test_what_is_no_answer_below_is_not_reported(text: str) -> None:
    found = find_new_plain_text(text)
    assert (found.text, found.below) == ("CONFIRM", ())


HOSTILE = [
    ("one endless line", "On " + "a" * 2_000_000),
    ("dates without end", "On 5/4/26 " * 200_000),
    ("attributions that never end", "On May 4, 2026\n" * 130_000),
    ("headers that never end", "From:\n" * 300_000),
    ("disclaimers that are none", "This message\n" * 150_000),
    ("nested quotes", "x\n" + ">" * 2_000_000),
    ("quotes and text by turns", "> a\nb\n" * 300_000),
    ("blank lines", "\n" * 2_000_000 + "> x"),
    ("brackets", "<" * 1_000_000 + ":\n> x"),
    ("dashes", "-" * 2_000_000),
]


@pytest.mark.parametrize("text", [t for _, t in HOSTILE], ids=[i for i, _ in HOSTILE])
def test_megabytes_of_hostile_text_take_seconds_at_most(text: str) -> None:
    begun = time.process_time()
    find_new_plain_text(text)
    assert time.process_time() - begun < 8


@pytest.mark.parametrize(
    "html",
    [
        "<div>" * 400_000,
        "<blockquote>x" * 150_000,
        "<p>a</p>" * 250_000,
        "<b class='" + "a " * 900_000,
    ],
    ids=["nested", "nested quotes", "many", "one endless attribute"],
)
def test_megabytes_of_hostile_html_take_seconds_at_most(html: str) -> None:
    begun = time.process_time()
    find_new_text(build_message(html=html))
    assert time.process_time() - begun < 8
