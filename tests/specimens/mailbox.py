"""A mailbox as it looks on a Monday: mails of invented people, each with what must become of it.

`build_first_mails` makes what strangers and programs send; `build_answers` makes what people answer
to the letters that follow from it. The same seed makes the same mails. Every mail bears the verdict
of the agency's own gateway, as if it had come through it.
"""

from __future__ import annotations

import io
import random
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP, default
from functools import cache
from itertools import cycle

import pikepdf

from tests.specimens import fill, variants, wordings_of_mail
from tests.specimens.people import Specimen, build_specimen

PDF = "application/pdf"
AUTHSERV_ID = "mx.agency.example"
#: Larger than the limit the mailbox has to be read with.
OVERSIZE = 3_000_000
MESSAGE_BYTES = 2_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class MixedMail:
    """A mail, what sort it is, and what has to become of it."""

    sort: str
    message_id: str
    raw: bytes
    disposition: str  #: of its journal entry
    kind: str  #: what it is taken for


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """A letter of ours, as its recipient has it."""

    kind: str
    recipient: str
    raw: bytes


class _Post:
    """Where mails are written: the mailbox, chance, and numbers nobody has twice."""

    def __init__(self, mailbox: str, seed: int) -> None:
        self.mailbox = mailbox
        self.chance = random.Random(f"mailbox {seed}")
        self.seed = seed
        self.count = 0

    def write(
        self,
        author: str,
        subject: str,
        text: str,
        *,
        files: Sequence[tuple[str, str, bytes]] = (),
        proven: bool = True,
    ) -> EmailMessage:
        """Compose a mail to the mailbox; `files` are (name, media type, bytes)."""
        self.count += 1
        domain = author.rpartition("@")[2]
        mail = EmailMessage(policy=SMTP)
        verdict = "pass" if proven else "fail"
        mail["Authentication-Results"] = f"{AUTHSERV_ID}; dmarc={verdict} header.from={domain}"
        mail["Return-Path"] = f"<{author}>"
        mail["From"] = author
        mail["To"] = self.mailbox
        mail["Subject"] = subject
        mail["Date"] = (
            f"Mon, 04 May 2026 14:{self.count // 60 % 60:02d}:{self.count % 60:02d} -0400"
        )
        mail["Message-ID"] = f"<mixed.{self.seed}.{self.count}@{domain}>"
        mail.set_content(text)
        for name, media_type, data in files:
            main, _, sub = media_type.partition("/")
            mail.add_attachment(data, maintype=main, subtype=sub, filename=name)
        return mail

    def person(self) -> str:
        """Return the address of somebody nobody heard of before.

        Of an office of their own: so many answers a day to one domain would be too many.
        """
        return f"person.{self.seed}@office{self.count}.example"


@dataclass(frozen=True, slots=True)
class _Sort:
    """A sort of mail: how many of a thousand, how one is written, and what becomes of it."""

    name: str
    share: int  #: of 1,000
    write: Callable[[_Post], EmailMessage | bytes]
    disposition: str
    kind: str


def build_first_mails(mailbox: str, *, count: int, seed: int) -> list[MixedMail]:
    """Return about `count` mails in a mixed order, every sort at least once."""
    post = _Post(mailbox, seed)
    total = sum(sort.share for sort in SORTS)
    mails = [
        _finish(sort, sort.write(post))
        for sort in SORTS
        for _ in range(max(1, round(sort.share * count / total)))
    ]
    post.chance.shuffle(mails)
    return mails


def _finish(sort: _Sort | _AnswerSort, written: EmailMessage | bytes) -> MixedMail:
    raw = written if isinstance(written, bytes) else bytes(written)
    return MixedMail(
        sort=sort.name,
        message_id=_find_message_id(raw),
        raw=raw,
        disposition=sort.disposition,
        kind=sort.kind,
    )


def _find_message_id(raw: bytes) -> str:
    line = next(line for line in raw.splitlines() if line.lower().startswith(b"message-id:"))
    return line.partition(b":")[2].strip().decode("ascii")


# Forms.


def _specimen(post: _Post) -> Specimen:
    return build_specimen(post.seed * 100_000 + post.count)


def _form(variant: str) -> Callable[[_Post], EmailMessage]:
    def write(post: _Post) -> EmailMessage:
        specimen = _specimen(post)
        data = variants.find_variant(variant).build(specimen)
        return post.write(
            str(specimen.expected["requester_email"]),
            post.chance.choice(wordings_of_mail.REQUEST_SUBJECTS),
            post.chance.choice(wordings_of_mail.REQUEST_TEXTS),
            files=[(f"{post.count}.{_extension(data)}", _media_type(data), data)],
        )

    return write


def _extension(data: bytes) -> str:
    return {b"%PDF": "pdf", b"\xff\xd8\xff\xe0": "jpg", b"\x89PNG": "png"}.get(data[:4], "tif")


def _media_type(data: bytes) -> str:
    return {
        "pdf": PDF,
        "jpg": "image/jpeg",
        "png": "image/png",
        "tif": "image/tiff",
    }[_extension(data)]


def _blank_required(post: _Post) -> EmailMessage:
    typed = dict(_specimen(post).typed)
    for name in ("subject_family_name", "obligation_dates"):
        typed.pop(name, None)
    author = str(typed["requester_email"])
    return post.write(author, "Form", "Attached.\n", files=[("a.pdf", PDF, fill.fill_ours(typed))])


def _as_octet_stream(post: _Post) -> EmailMessage:
    specimen = _specimen(post)
    files = [("scan", "application/octet-stream", fill.fill_ours(specimen.typed))]
    return post.write(str(specimen.expected["requester_email"]), "", "", files=files)


def _in_a_zip(post: _Post) -> EmailMessage:
    specimen = _specimen(post)
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("request.pdf", fill.fill_ours(specimen.typed))
    files = [("papers.zip", "application/zip", target.getvalue())]
    return post.write(
        str(specimen.expected["requester_email"]), "Papers", "See inside.\n", files=files
    )


def _two_in_one_mail(post: _Post) -> EmailMessage:
    first, second = _specimen(post), build_specimen(post.seed * 100_000 + 50_000 + post.count)
    files = [(f"{n}.pdf", PDF, fill.fill_ours(s.typed)) for n, s in enumerate((first, second), 1)]
    return post.write(str(first.expected["requester_email"]), "Two", "Two forms.\n", files=files)


# Documents that are no forms.


@cache
def _another_document() -> bytes:
    target = io.BytesIO()
    with pikepdf.new() as pdf:
        pdf.add_blank_page()
        pdf.save(target)
    return target.getvalue()


def _with_document(build: Callable[[_Post], bytes]) -> Callable[[_Post], EmailMessage]:
    return lambda post: post.write(
        post.person(), "Document", "Please see attached.\n", files=[("d.pdf", PDF, build(post))]
    )


def _locked(post: _Post) -> bytes:
    target = io.BytesIO()
    with pikepdf.open(io.BytesIO(fill.fill_ours(_specimen(post).typed))) as pdf:
        pdf.save(target, encryption=pikepdf.Encryption(owner="owner", user="needed"))
    return target.getvalue()


def _cut_off(post: _Post) -> bytes:
    return fill.fill_ours(_specimen(post).typed)[:2_000]


# Mail without a form.


def _plain(
    texts: Sequence[tuple[str, str]], *, proven: bool = True
) -> Callable[[_Post], EmailMessage]:
    turns = cycle(texts)

    def write(post: _Post) -> EmailMessage:
        subject, text = next(turns)
        return post.write(post.person(), subject, f"{text}\n", proven=proven)

    return write


def _oversize(post: _Post) -> bytes:
    mail = post.write(
        post.person(), "All of it", "Everything.\n", files=[("a.pdf", PDF, b"%PDF-1.7")]
    )
    return bytes(mail) + b"\r\n" + (b"x" * 76 + b"\r\n") * (OVERSIZE // 78)


# Machines.


def _headed(
    texts: Sequence[tuple[str, str]], headers: Sequence[tuple[str, str]]
) -> Callable[[_Post], EmailMessage]:
    write_plain = _plain(texts)
    turns = cycle(headers)

    def write(post: _Post) -> EmailMessage:
        mail = write_plain(post)
        name, value = next(turns)
        del mail[name]
        mail[name] = value
        return mail

    return write


def _report(kind: str, *parts: tuple[str, str]) -> Callable[[_Post], bytes]:
    return lambda post: _write_report(post, kind, parts)


def _write_report(post: _Post, kind: str, parts: Sequence[tuple[str, str]]) -> bytes:
    """Return a multipart/report of (media type, text) parts (RFC 6522)."""
    mail = post.write("mailer-daemon@mx.courts.example", "Undelivered mail", "")
    mail.replace_header("Return-Path", "<>")
    head = bytes(mail).partition(b"Content-Type:")[0].decode("ascii")
    lines = [f'Content-Type: multipart/report; report-type={kind}; boundary="part"', ""]
    for media_type, text in (("text/plain", "This is the mail system."), *parts):
        lines += ["--part", f"Content-Type: {media_type}", "", *text.splitlines()]
    return (head + "\r\n".join([*lines, "--part--", ""])).encode("ascii")


_DELIVERY_STATUS = (
    "Reporting-MTA: dns; mx.courts.example\n\n"
    "Final-Recipient: rfc822; nobody@courts.example\nAction: failed\nStatus: 5.1.1\n"
)
_FEEDBACK = "Feedback-Type: abuse\nUser-Agent: Example/1\nVersion: 1\n"


def _own_mail(post: _Post) -> EmailMessage:
    mail = post.write(post.mailbox, "Request received", "We have your request.\n")
    mail["X-ERO-Outreach"] = "acknowledgement"
    return mail


# Hostile mail.


def _unknown_charset(post: _Post) -> bytes:
    mail = post.write(post.person(), "placeholder", "placeholder\n")
    return (
        bytes(mail)
        .replace(b'charset="utf-8"', b'charset="x-martian-9"')
        .replace(b"Subject: placeholder", b"Subject: =?x-martian-9?q?=FF=FE?=")
        .replace(b"placeholder", b"\xff\xfe\xfd h\xe9llo \x00")
    )


def _nested(post: _Post) -> bytes:
    head = bytes(post.write(post.person(), "Nested", "")).partition(b"Content-Type:")[0]
    opening = b"".join(
        b'Content-Type: multipart/mixed; boundary="b%d"\r\n\r\n--b%d\r\n' % (n, n)
        for n in range(1_500)
    )
    return head + opening + b"Content-Type: text/plain\r\n\r\nhello\r\n"


def _injected(post: _Post) -> EmailMessage:
    subject = "Hi\N{RIGHT-TO-LEFT OVERRIDE} <script>alert(1)</script> {{7*7}} %s ${x}"
    return post.write(post.person(), subject, "'; DROP TABLE journal; --\n{% raw %}\n")


def _scripted_form(post: _Post) -> EmailMessage:
    specimen = _specimen(post)
    target = io.BytesIO()
    with pikepdf.open(io.BytesIO(fill.fill_ours(specimen.typed))) as pdf:
        pdf.Root.OpenAction = pikepdf.Dictionary(
            S=pikepdf.Name.JavaScript, JS=pikepdf.String("app.alert(1)")
        )
        pdf.save(target)
    files = [("../../etc/passwd.pdf", PDF, target.getvalue())]
    return post.write(str(specimen.expected["requester_email"]), "Form", "Attached.\n", files=files)


_ACROFORM = (
    "filled by ours",
    "filled like Acrobat",
    "filled like a library",
    "filled, not drawn",
    "filled, states only",
    "XFA, dynamic",
    "XFA beside its fields",
    "XFA, fields left blank",
)
_PRINTS = ("printed by pdftocairo", "printed by Ghostscript", "printed like Chromium")
_SCANS = ("scan, office, 200 dpi", "fax", "first page as JPEG", "photograph")

SORTS: tuple[_Sort, ...] = (
    *(_Sort(name, 30, _form(name), "FILED", "request") for name in _ACROFORM),
    *(_Sort(name, 20, _form(name), "FILED", "request") for name in _PRINTS),
    *(_Sort(name, 4, _form(name), "FILED", "request") for name in _SCANS),
    _Sort("form, required fields blank", 40, _blank_required, "FILED", "request"),
    _Sort("form as octet stream", 10, _as_octet_stream, "FILED", "request"),
    _Sort("form in a ZIP", 10, _in_a_zip, "FILED", "request"),
    _Sort("two forms in one mail", 10, _two_in_one_mail, "FILED", "request"),
    _Sort("form with a script", 10, _scripted_form, "FILED", "request"),
    _Sort(
        "another document",
        15,
        _with_document(lambda _: _another_document()),
        "FORM_SET_ASIDE",
        "request",
    ),
    _Sort("locked form", 10, _with_document(_locked), "FORM_SET_ASIDE", "request"),
    _Sort("form cut off", 10, _with_document(_cut_off), "FORM_SET_ASIDE", "request"),
    _Sort("nothing we can use", 30, _plain(wordings_of_mail.NO_FORM), "FOR_A_PERSON", "other"),
    _Sort("wants the form", 25, _plain(wordings_of_mail.FORM_WANTED), "FORM_WANTED", "form_wanted"),
    _Sort(
        "belongs elsewhere", 90, _plain(wordings_of_mail.MISDIRECTED), "REDIRECTED", "misdirected"
    ),
    _Sort("over the limit", 3, _oversize, "OVERSIZE", "oversize"),
    _Sort(
        "out of office",
        30,
        _headed(wordings_of_mail.OUT_OF_OFFICE, [("Auto-Submitted", "auto-replied")]),
        "IGNORED",
        "auto_reply",
    ),
    _Sort(
        "out of office by its subject",
        20,
        _plain(wordings_of_mail.AUTOMATIC_SUBJECTS),
        "FOR_A_PERSON",
        "other",
    ),
    _Sort(
        "mailing list",
        20,
        _headed(wordings_of_mail.LIST, [("List-Post", "<mailto:clerks@lists.example>")]),
        "IGNORED",
        "list_mail",
    ),
    _Sort(
        "delivery report",
        30,
        _report("delivery-status", ("message/delivery-status", _DELIVERY_STATUS)),
        "BOUNCE_RECORDED",
        "bounce",
    ),
    _Sort(
        "abuse report",
        8,
        _report("feedback-report", ("message/feedback-report", _FEEDBACK)),
        "BOUNCE_RECORDED",
        "abuse_report",
    ),
    _Sort("our own mail", 8, _own_mail, "IGNORED", "own_mail"),
    _Sort("unknown charset", 8, _unknown_charset, "FOR_A_PERSON", "other"),
    _Sort("nested without end", 5, _nested, "FOR_A_PERSON", "other"),
    _Sort("injection", 8, _injected, "FOR_A_PERSON", "other"),
)


# Answers.


@dataclass(frozen=True, slots=True, kw_only=True)
class Answerer:
    """Whoever got a letter, with it before them."""

    address: str
    reply_to: str
    message_id: str
    subject: str
    text: str


@dataclass(frozen=True, slots=True)
class _AnswerSort:
    """A way to answer a letter of one kind, and what becomes of the answer."""

    name: str
    answers: str  #: the kind of letter
    write: Callable[[_Post, Answerer], EmailMessage | bytes]
    disposition: str
    kind: str


def build_answers(letters: Sequence[Sent], *, mailbox: str, seed: int) -> list[MixedMail]:
    """Return an answer to each letter, one sort of answer after the other."""
    post = _Post(mailbox, seed)
    turns = {kind: cycle([s for s in ANSWERS if s.answers == kind]) for kind in ANSWERED}
    mails = []
    for letter in letters:
        if letter.kind in turns:
            sort = next(turns[letter.kind])
            mails.append(_finish(sort, sort.write(post, _read(letter))))
    post.chance.shuffle(mails)
    return mails


def _read(letter: Sent) -> Answerer:
    message = message_from_bytes(letter.raw, policy=default)
    body = message.get_body(("plain",))
    return Answerer(
        address=letter.recipient,
        reply_to=str(message["Reply-To"] or message["From"]),
        message_id=str(message["Message-ID"]).strip(),
        subject=str(message["Subject"]),
        text="" if body is None else str(body.get_content()),
    )


def _answer(
    post: _Post, to: Answerer, text: str, *, author: str = "", proven: bool = True
) -> EmailMessage:
    quoted = "".join(f"> {line}\n" for line in to.text.splitlines())
    mail = post.write(
        author or to.address,
        f"Re: {to.subject}",
        f"{text}\n\nOn Monday, ERO Outreach wrote:\n{quoted}",
        proven=proven,
    )
    mail.replace_header("To", to.reply_to)
    mail["In-Reply-To"] = to.message_id
    mail["References"] = to.message_id
    return mail


def _saying(
    texts: Sequence[str], *, proven: bool = True
) -> Callable[[_Post, Answerer], EmailMessage]:
    turns = cycle(texts)
    return lambda post, to: _answer(post, to, next(turns), proven=proven)


def _by_a_stranger(post: _Post, to: Answerer) -> EmailMessage:
    return _answer(post, to, "DENY no record", author=post.person())


def _by_a_program(post: _Post, to: Answerer) -> EmailMessage:
    mail = _answer(post, to, "APPROVE")
    mail["Auto-Submitted"] = "auto-replied"
    return mail


def _returned(post: _Post, to: Answerer) -> bytes:
    headers = f"From: {to.reply_to}\nMessage-ID: {to.message_id}"
    parts = [
        ("message/delivery-status", _DELIVERY_STATUS),
        ("text/rfc822-headers", headers),
    ]
    return _write_report(post, "delivery-status", parts)


ANSWERED = ("review_notice", "acknowledgement", "deficiency")

_NOTICE, _ACK = "review_notice", "acknowledgement"
ANSWERS: tuple[_AnswerSort, ...] = (
    _AnswerSort(
        "staff decides",
        _NOTICE,
        _saying(wordings_of_mail.STAFF_DECISIONS),
        "DECISION_APPLIED",
        "staff_reply",
    ),
    _AnswerSort(
        "staff decides nothing",
        _NOTICE,
        _saying(wordings_of_mail.STAFF_NOTHING_DECIDED),
        "REPLY_RETURNED",
        "staff_reply",
    ),
    _AnswerSort("a stranger decides", _NOTICE, _by_a_stranger, "REPLY_REFUSED", "staff_reply"),
    _AnswerSort(
        "nobody vouches for staff",
        _NOTICE,
        _saying(["DENY no record"], proven=False),
        "REPLY_REFUSED",
        "staff_reply",
    ),
    _AnswerSort("staff is away", _NOTICE, _by_a_program, "IGNORED", "auto_reply"),
    _AnswerSort(
        "requester remarks",
        _ACK,
        _saying(wordings_of_mail.REQUESTER_REMARKS),
        "CORRESPONDENCE_RECORDED",
        "requester_reply",
    ),
    _AnswerSort("requester asks", _ACK, _saying(["STATUS"]), "STATUS_ANSWERED", "requester_reply"),
    _AnswerSort(
        "requester withdraws",
        _ACK,
        _saying(["WITHDRAW"]),
        "WITHDRAWAL_APPLIED",
        "requester_reply",
    ),
    _AnswerSort("acknowledgement came back", _ACK, _returned, "BOUNCE_RECORDED", "bounce"),
    _AnswerSort(
        "requester remarks on what is missing",
        "deficiency",
        _saying(wordings_of_mail.REQUESTER_REMARKS),
        "CORRESPONDENCE_RECORDED",
        "requester_reply",
    ),
)
