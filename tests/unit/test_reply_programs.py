"""Replies as real mail programs send them: read exactly, or nothing is decided."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from parsers.mail.parsing import parse_message
from parsers.replies.command import Command, CommandRefusal
from parsers.replies.new_text import find_new_text
from tests.unit import reply_programs as programs
from tests.unit.reply_builders import FINDINGS, read_reply
from tests.unit.reply_programs import build_mail, build_part

DENY = "DENY no match for Núñez"
REASON = "no match for Núñez"
BANNER = "CAUTION: This email originated from outside of the organization. Do not click links."
DISCLAIMER = (
    "CONFIDENTIALITY NOTICE: This message is intended only for the addressee and may be "
    "privileged. If you received it in error, delete this message and notify the sender. "
    "Do not APPROVE or DENY anything because of it."
)

HTML_PROGRAMS: dict[str, Callable[..., str]] = {
    "Outlook on a desk": programs.write_outlook,
    "Outlook for iOS": programs.write_outlook_phone,
    "Gmail": programs.write_gmail,
    "Apple Mail": programs.write_apple,
    "iPhone": lambda *lines: programs.write_apple(*lines, signature="Sent from my iPhone"),
    "Samsung": programs.write_samsung,
    "Yahoo": programs.write_yahoo,
    "Thunderbird": programs.write_thunderbird,
}
PLAIN_PROGRAMS: dict[str, Callable[..., str]] = {
    "marked": programs.write_plain,
    "Outlook in plain text": programs.write_plain_outlook,
    "iPhone": lambda *lines: programs.write_plain(*lines, "", "Sent from my iPhone"),
}


def read_mail(raw: bytes) -> Command | CommandRefusal:
    found = find_new_text(parse_message(raw))
    return read_reply(found.text, below=found.below)


html_program = pytest.mark.parametrize("name", sorted(HTML_PROGRAMS))
plain_program = pytest.mark.parametrize("name", sorted(PLAIN_PROGRAMS))


def expect_denied(raw: bytes, reason: str = REASON) -> None:
    found = read_mail(raw)
    assert isinstance(found, Command), found
    assert (found.keyword, found.argument) == ("DENY", reason)


@html_program
def test_a_denial_in_html_alone_is_read_exactly(name: str) -> None:
    expect_denied(build_mail(build_part(HTML_PROGRAMS[name](DENY), "html")))


@html_program
def test_a_whole_approval_in_html_is_read_exactly(name: str) -> None:
    # Word and phones put smart quotes and non-breaking spaces where people type plain ones.
    lines = ("APPROVE", *(line.replace(": ", ":\u00a0") for line in FINDINGS))
    found = read_mail(build_mail(build_part(HTML_PROGRAMS[name](*lines), "html")))
    assert isinstance(found, Command), found
    assert found.keyword == "APPROVE"
    assert found.findings == _expected_findings()


def _expected_findings() -> object:
    found = read_reply("\n".join(("APPROVE", *FINDINGS)))
    assert isinstance(found, Command)
    return found.findings


@html_program
def test_an_html_reply_with_nothing_on_top_decides_nothing(name: str) -> None:
    found = read_mail(build_mail(build_part(HTML_PROGRAMS[name](""), "html")))
    assert isinstance(found, CommandRefusal)


@html_program
def test_an_alternative_is_read_once_by_its_plain_part(name: str) -> None:
    plain = build_part(programs.write_plain(DENY))
    expect_denied(build_mail(plain, build_part(HTML_PROGRAMS[name](DENY), "html")))


@html_program
def test_a_banner_above_and_a_disclaimer_below_are_not_the_reply(name: str) -> None:
    lines = (BANNER, "", DENY, "", DISCLAIMER)
    expect_denied(build_mail(build_part(HTML_PROGRAMS[name](*lines), "html")))


@plain_program
def test_a_denial_in_plain_text_is_read_exactly(name: str) -> None:
    expect_denied(build_mail(build_part(PLAIN_PROGRAMS[name](DENY))))


@plain_program
def test_a_plain_reply_with_nothing_on_top_decides_nothing(name: str) -> None:
    found = read_mail(build_mail(build_part(PLAIN_PROGRAMS[name]("", ""))))
    assert isinstance(found, CommandRefusal)


@pytest.mark.parametrize(
    ("charset", "encoding", "reason"),
    [
        ("utf-8", "8bit", REASON),
        ("utf-8", "base64", REASON),
        ("iso-8859-1", "quoted-printable", REASON),
        ("iso-8859-1", "8bit", REASON),
        ("windows-1252", "quoted-printable", "it is “Núñez” – not ours"),
        ("windows-1252", "8bit", REASON),
        ("utf-16", "base64", REASON),
        ("koi8-r", "base64", "нет данных о человеке"),
        ("gb2312", "base64", "没有 记录"),
        ("iso-2022-jp", "7bit", "記録 なし"),
    ],
)
@pytest.mark.parametrize("subtype", ["plain", "html"])
def test_a_denial_is_read_in_every_charset(
    charset: str, encoding: str, reason: str, subtype: str
) -> None:
    write = programs.write_plain_outlook if subtype == "plain" else programs.write_outlook
    body = write(f"DENY {reason}")
    raw = build_mail(build_part(body, subtype, charset=charset, encoding=encoding))
    found = read_mail(raw)
    assert isinstance(found, Command), found
    assert found.keyword == "DENY"
    assert found.argument.replace("“", '"').replace("”", '"').replace("–", "-") == reason.replace(
        "“", '"'
    ).replace("”", '"').replace("–", "-")


@pytest.mark.parametrize(
    ("text", "more", "reason"),
    [
        pytest.param(
            "DENY no match \nin any system\n",
            "; format=flowed",
            "no match in any system",
            id="flowed",
        ),
        pytest.param(
            "DENY no match in any sys \ntem\n",
            "; format=flowed; delsp=yes",
            "no match in any system",
            id="flowed, and the space at the end is no part of the text",
        ),
    ],
)
def test_a_flowed_line_is_one_line(text: str, more: str, reason: str) -> None:
    found = read_mail(build_mail(build_part(text + programs.write_plain(), more=more)))
    assert isinstance(found, Command), found
    assert " ".join(found.argument.split()) == reason


ASIDE = build_part("Thank you for the notice.")
FORWARDED = (
    "---------- Forwarded message ---------\nFrom: a@agency.example\nSubject: x\n\nAPPROVE\n"
)


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(build_mail(build_part(""), subject="DENY it"), id="the subject"),
        pytest.param(
            build_mail(build_part("Thanks.\n\n-- \nDENY Example\nDENY it\n")), id="a signature"
        ),
        pytest.param(build_mail(build_part(FORWARDED)), id="a forwarded mail"),
        pytest.param(
            build_mail(build_part('<p><img src="cid:1" alt="DENY no match"></p>', "html")),
            id="the alternative text of a picture",
        ),
        pytest.param(
            build_mail(
                build_part(""),
                ("message/rfc822", b"Subject: x\r\n\r\nDENY it\r\n", "7bit"),
                kind="mixed",
            ),
            id="an attached mail",
        ),
        pytest.param(
            build_mail(
                build_part(""),
                ('text/plain; name="a.txt"\r\nContent-Disposition: attachment', b"DENY it", "7bit"),
                kind="mixed",
            ),
            id="an attached text",
        ),
        pytest.param(
            build_mail(build_part("<p><s>DENY no match</s></p>", "html")), id="struck out"
        ),
        pytest.param(
            build_mail(build_part('<p style="display:none">DENY no match</p>', "html")), id="hidden"
        ),
        pytest.param(
            build_mail(build_part("<p>DENY</p><p>APPROVE</p>", "html")), id="two keywords"
        ),
        pytest.param(build_mail(ASIDE), id="a word of thanks"),
        pytest.param(
            build_mail(
                build_part(
                    '<div dir="ltr"><br></div><div class="gmail_quote"><div class="gmail_attr">'
                    "---------- Forwarded message ---------<br>From: a@agency.example</div>"
                    "<p>APPROVE</p></div>",
                    "html",
                )
            ),
            id="a mail that Gmail forwards",
        ),
        pytest.param(
            build_mail(
                build_part(
                    '<div><br><blockquote type="cite"><div>Begin forwarded message:</div>'
                    "<div>DENY no match</div></blockquote></div>",
                    "html",
                )
            ),
            id="a mail that Apple Mail forwards",
        ),
        pytest.param(
            build_mail(build_part(f"<p>{BANNER}</p><p>Report it.</p><p>DENY it</p>", "html")),
            id="words below a banner that may be the gateway's or the writer's",
        ),
        pytest.param(
            build_mail(build_part("Hello,\n\nDENY no match\n")), id="a greeting stands first"
        ),
        pytest.param(
            build_mail(build_part("<p>DEN<b style='font-size:0'>x</b>Y</p>", "html")),
            id="a keyword that only the eye puts together",
        ),
    ],
)
def test_what_nobody_typed_on_top_decides_nothing(raw: bytes) -> None:
    found = read_mail(raw)
    assert isinstance(found, CommandRefusal), found


@pytest.mark.parametrize(
    ("attribution", "charset"),
    [
        pytest.param("04.05.2026 14:30, ERO Outreach пишет:", "koi8-r", id="Russian"),
        pytest.param(
            "El 4 may 2026 a las 14:30, ERO Outreach escribió:", "iso-8859-1", id="Spanish"
        ),
        pytest.param("在 2026年5月4日 14:30，ERO Outreach 写道：", "gb2312", id="Chinese"),
        pytest.param(
            "2026年5月4日(月) 14:30 ERO Outreach <e@agency.example>:", "iso-2022-jp", id="Japanese"
        ),
    ],
)
def test_an_attribution_in_another_charset_ends_the_reply(attribution: str, charset: str) -> None:
    body = "\n".join(("DENY asked twice", "", attribution, programs.quote_lines()))
    expect_denied(
        build_mail(build_part(body, charset=charset, encoding="base64")), reason="asked twice"
    )


@html_program
def test_a_line_that_the_program_wrapped_is_read_whole(name: str) -> None:
    wrapped = [
        part
        for line in ("APPROVE", *FINDINGS)
        for part in line.replace("Center, ", "Center,\n").split("\n")
    ]
    found = read_mail(build_mail(build_part(HTML_PROGRAMS[name](*wrapped), "html")))
    assert isinstance(found, Command), found
    assert found.findings == _expected_findings()


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(f"{programs.write_plain()}\n{DENY}\n", id="below a marked quotation"),
        pytest.param(
            f"{programs.write_plain()}\n> Priority?\n\nDENY it was asked twice\n\n> Deadline?\n",
            id="between marked lines",
        ),
    ],
)
def test_an_answer_below_the_quotation_is_asked_to_be_put_on_top(body: str) -> None:
    found = read_mail(build_mail(build_part(body)))
    assert isinstance(found, CommandRefusal)
    assert {p.code for p in found.problems} == {"answer_below"}


@pytest.mark.parametrize("name", ["Apple Mail", "Gmail", "Thunderbird"])
def test_an_answer_below_a_quotation_in_html_is_asked_to_be_put_on_top(name: str) -> None:
    html = HTML_PROGRAMS[name]().replace("</blockquote>", f"</blockquote><div>{DENY}</div>")
    found = read_mail(build_mail(build_part(html, "html")))
    assert isinstance(found, CommandRefusal)
    assert {p.code for p in found.problems} == {"answer_below"}
