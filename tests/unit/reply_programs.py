"""Replies as mail programs send them, byte for byte: bodies, encodings and what each adds."""

from __future__ import annotations

import base64
import quopri
from html import escape

#: What every quoted notice below holds: none of it may ever decide.
QUOTED = ("APPROVE", "Outcome: detained", "DENY")
AUTHOR = "ERO Outreach <ero@agency.example>"


def build_mail(
    *parts: tuple[str, bytes, str],
    subject: str = "Re: Review needed",
    kind: str = "alternative",
) -> bytes:
    """Build a mail of parts, each a Content-Type, encoded octets and a transfer encoding."""
    head = f"From: r@agency.example\r\nTo: ero@agency.example\r\nSubject: {subject}\r\n"
    head += "MIME-Version: 1.0\r\n"
    if len(parts) == 1:
        return head.encode() + _build_part(*parts[0])
    body = b"".join(b"--edge\r\n" + _build_part(*part) + b"\r\n" for part in parts)
    head += f'Content-Type: multipart/{kind}; boundary="edge"\r\n\r\n'
    return head.encode() + body + b"--edge--\r\n"


def _build_part(media_type: str, data: bytes, encoding: str) -> bytes:
    fields = f"Content-Type: {media_type}\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n"
    return fields.encode() + data


def build_part(
    text: str,
    subtype: str = "plain",
    *,
    charset: str = "utf-8",
    encoding: str = "quoted-printable",
    more: str = "",
) -> tuple[str, bytes, str]:
    """Build a text part in a charset and a transfer encoding."""
    data = text.replace("\n", "\r\n").encode(charset)
    if encoding == "quoted-printable":
        data = quopri.encodestring(data.replace(b"\r\n", b"\n")).replace(b"\n", b"\r\n")
    elif encoding == "base64":
        data = base64.encodebytes(data).replace(b"\n", b"\r\n")
    return f"text/{subtype}; charset={charset}{more}", data, encoding


def quote_lines() -> str:
    """Return the quoted notice with its marks."""
    return "\n".join(f"> {line}" for line in QUOTED)


def _paragraphs(lines: tuple[str, ...], start: str, end: str) -> str:
    return "".join(f"{start}{escape(line) or '&nbsp;'}{end}\n" for line in lines)


def write_outlook(*lines: str) -> str:
    """Write as Outlook on a desk does, by Word: no mark but a ruled header block."""
    return (
        '<html xmlns:o="urn:schemas-microsoft-com:office:office"><head><style><!--\n'
        "p.MsoNormal {margin:0in; font-size:11.0pt}\n--></style>"
        "<!--[if gte mso 9]><xml><o:shapedefaults/></xml><![endif]--></head>"
        '<body lang="EN-US"><div class="WordSection1">\n'
        + _paragraphs(lines, '<p class="MsoNormal">', "<o:p></o:p></p>")
        + '<p class="MsoNormal"><o:p>&nbsp;</o:p></p>\n<div><div style="border:none;border-top:'
        'solid #E1E1E1 1.0pt;padding:3.0pt 0in 0in 0in"><p class="MsoNormal"><b>From:</b> '
        f"{escape(AUTHOR)}<br>\n<b>Sent:</b> Monday, May 4, 2026 2:30 PM<br>\n<b>To:</b> R. Ortega"
        "<br>\n<b>Subject:</b> Review needed<o:p></o:p></p></div></div>\n"
        + _paragraphs(QUOTED, '<p class="MsoNormal">', "<o:p></o:p></p>")
        + "</div></body></html>"
    )


def write_outlook_phone(*lines: str) -> str:
    """Write as Outlook for iOS does, with the signature it sets by itself."""
    return (
        '<html><body><div dir="ltr" style="font-family:Aptos">'
        + _paragraphs(lines, '<div dir="ltr">', "</div>")
        + '</div><div id="ms-outlook-mobile-signature"><div><br></div>Get <a href="https://aka.ms/'
        'example">Outlook for iOS</a></div>\n<hr style="display:inline-block;width:98%">'
        '<div id="divRplyFwdMsg" dir="ltr"><b>From:</b> ' + escape(AUTHOR) + "<br><b>Sent:</b> "
        "Monday, May 4, 2026 2:30:00 PM<br><b>Subject:</b> Review needed</div>"
        + _paragraphs(QUOTED, "<div>", "</div>")
        + "</body></html>"
    )


def write_gmail(*lines: str) -> str:
    """Write as Gmail does."""
    return (
        '<div dir="ltr">'
        + _paragraphs(lines, "<div>", "</div>")
        + '</div><br><div class="gmail_quote gmail_quote_container"><div dir="ltr" '
        f'class="gmail_attr">On Mon, May 4, 2026 at 2:30\u202fPM {escape(AUTHOR)} wrote:<br></div>'
        '<blockquote class="gmail_quote" style="margin:0px 0px 0px 0.8ex">'
        + _paragraphs(QUOTED, "<p>", "</p>")
        + "</blockquote></div>"
    )


def write_apple(*lines: str, signature: str = "") -> str:
    """Write as Apple Mail and the iPhone do."""
    return (
        '<html><body style="overflow-wrap: break-word; line-break: after-white-space;">'
        + _paragraphs(lines, "<div>", "</div>")
        + (f'<br id="lineBreakAtBeginningOfSignature"><div>{signature}</div>' if signature else "")
        + '<div><br><blockquote type="cite"><div>On May 4, 2026, at 2:30\u202fPM, ERO Outreach '
        '&lt;ero@agency.example&gt; wrote:</div><br class="Apple-interchange-newline">'
        + _paragraphs(QUOTED, "<div>", "</div>")
        + "</blockquote></div></body></html>"
    )


def write_samsung(*lines: str) -> str:
    """Write as Samsung's mail program does."""
    return (
        '<html><body><div dir="auto">'
        + _paragraphs(lines, '<div dir="auto">', "</div>")
        + '</div><div id="composer_signature" dir="auto"><div style="font-size:12px">Sent from my '
        'Galaxy</div></div><div><br></div><div align="left" dir="auto"><div>-------- Original '
        f"message --------</div><div>From: {escape(AUTHOR)} </div><div>Date: 5/4/26  2:30 PM  "
        "(GMT-05:00) </div><div>Subject: Review needed </div></div>"
        + _paragraphs(QUOTED, "<div>", "</div>")
        + "</body></html>"
    )


def write_yahoo(*lines: str) -> str:
    """Write as Yahoo does."""
    return (
        '<html><body><div class="ydp1yahoo-style-wrap">'
        + _paragraphs(lines, '<div dir="ltr">', "</div>")
        + '</div><div id="ydp2yahoo_quoted_1" class="ydp2yahoo_quoted"><div><div>On Monday, May 4, '
        "2026 at 02:30:00 PM EDT, ERO Outreach &lt;ero@agency.example&gt; wrote: </div>"
        + _paragraphs(QUOTED, "<div>", "</div>")
        + "</div></div></body></html>"
    )


def write_thunderbird(*lines: str) -> str:
    """Write as Thunderbird does."""
    return (
        "<!DOCTYPE html><html><body><p>"
        + "<br>\n".join(escape(line) for line in lines)
        + '</p><div class="moz-cite-prefix">On 5/4/26 2:30 PM, ERO Outreach wrote:<br></div>\n'
        '<blockquote type="cite" cite="mid:1@agency.example">'
        + _paragraphs(QUOTED, "<p>", "</p>")
        + "</blockquote></body></html>"
    )


def write_plain(*lines: str) -> str:
    """Write as plain text with the marks most programs set."""
    attribution = f"On Mon, May 4, 2026 at 2:30 PM {AUTHOR} wrote:"
    return "\n".join((*lines, "", attribution, "", quote_lines(), ""))


def write_plain_outlook(*lines: str) -> str:
    """Write as Outlook does in plain text: a rule, a header block and no marks."""
    block = (
        *("", "________________________________", f"From: {AUTHOR}"),
        *("Sent: Monday, May 4, 2026 2:30 PM", "To: R. Ortega", "Subject: Review needed", ""),
    )
    return "\n".join((*lines, *block, *QUOTED, ""))
