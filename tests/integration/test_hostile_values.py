"""What outsiders write, in mails and in forms, goes into either database whole, and clean.

PostgreSQL keeps no NUL, no half of a surrogate pair, no text longer than its column and no number
that is none; a file keeps all of them. So the same mails go through both, and afterwards every cell
of every table is looked at: what a reader must never meet is not there, on either.
"""

from __future__ import annotations

import io
import math
import zipfile
from base64 import b64encode
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import count
from typing import Any

import pikepdf
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import String, select

from inbox_worker.reading.reader import DocumentReader
from inbox_worker.storage.models import Base
from tests.worker_harness import (
    CLERK,
    MAILBOX,
    Harness,
    Where,
    compose,
    fill,
    make_template,
)

pytestmark = pytest.mark.on_both

#: A NUL, controls, marks that turn the line around, a character of four bytes, one that is none.
ODD = "a\0b\x07c\u202ed\u200fe\U0001f600f\ufffeg"
#: Octets that are no UTF-8: a stray one, half a surrogate pair, NUL in two octets.
BROKEN = b"a\xffb\xed\xa0\x80c\xc0\x80d"
LONG = 10_000

QUESTION = b"Please send me the request form.\r\n"
#: Nobody asks so often that their questions are left to a person.
_NUMBERS = count(1)
PROVEN = b"mx.agency.example; dmarc=pass header.from=courts.example"


def write(body: bytes = QUESTION, **fields: bytes) -> bytes:
    """Return a mail of exactly these octets: `Message_ID` is the field Message-ID."""
    usual = {
        "Authentication_Results": PROVEN,
        "From": b"writer%d@courts.example" % next(_NUMBERS),
        "To": MAILBOX.encode(),
        "Subject": b"A question",
        "Date": b"Mon, 04 May 2026 15:00:00 -0400",
        "Message_ID": b"<question@courts.example>",
    }
    lines = [
        name.replace("_", "-").encode() + b": " + value
        for name, value in {**usual, **fields}.items()
    ]
    return b"\r\n".join([*lines, b"", body])


def write_file(disposition: bytes, content_type: bytes = b"application/octet-stream") -> bytes:
    """Return a mail with a text and one file, whose two header fields are these."""
    parts = (
        (b"Content-Type: text/plain", QUESTION),
        (b"Content-Type: %b\r\nContent-Disposition: %b" % (content_type, disposition), b"x\r\n"),
    )
    body = b"".join(b"--b\r\n%b\r\n\r\n%b" % part for part in parts) + b"--b--\r\n"
    return write(body, Content_Type=b'multipart/mixed; boundary="b"')


def with_values(**values: bytes | str) -> bytes:
    """Return the clerk's form with these strings put into it, whatever they are."""
    return _changed(lambda name, field: _set(field, values.get(name)))


def _set(field: pikepdf.Dictionary, value: bytes | str | None) -> None:
    if value is not None:
        field.V = pikepdf.String(value)
        # Nothing is drawn for it, so that nobody spends time on how it looks.
        if "/AP" in field:
            del field.AP


def with_boxes(rectangle: str) -> bytes:
    """Return the clerk's form with every field in this place."""

    def move(_name: str, field: pikepdf.Dictionary) -> None:
        field.Rect = pikepdf.Object.parse(rectangle.encode())

    return _changed(move)


def _changed(change: Callable[[str, pikepdf.Dictionary], None]) -> bytes:
    target = io.BytesIO()
    with pikepdf.open(io.BytesIO(fill())) as pdf:
        for field in pdf.Root.AcroForm.Fields:
            change(str(field.T), field)
        pdf.save(target)
    return target.getvalue()


def zipped(*names: str) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for number, name in enumerate(names):
            # The library itself would end a name at its NUL.
            entry = zipfile.ZipInfo("x")
            entry.filename = name
            archive.writestr(entry, f"content {number}")
    return target.getvalue()


def report(*fields: bytes) -> bytes:
    """Return a delivery report with these fields about its recipient."""
    status = b"Reporting-MTA: dns; mx.example\r\n\r\n" + b"\r\n".join(fields)
    body = (
        b"--b\r\nContent-Type: text/plain\r\n\r\nIt failed.\r\n"
        b"--b\r\nContent-Type: message/delivery-status\r\n\r\n" + status + b"\r\n--b--\r\n"
    )
    return write(
        body,
        From=b"MAILER-DAEMON@mx.example",
        Content_Type=b'multipart/report; report-type="delivery-status"; boundary="b"',
    )


@dataclass(frozen=True, slots=True)
class Case:
    """A hostile mail and what becomes of it."""

    name: str
    build: Callable[[], bytes]
    disposition: str = "FORM_WANTED"


_UTF16 = "Ünïcode \U0001f600".encode("utf-16-be")
_HALF_A_PAIR = b"\xfe\xff" + "Ejem".encode("utf-16-be") + b"\xd8\x00" + "plo".encode("utf-16-be")
_NUL_WITHIN = b"\xfe\xff" + "Ejem\0plo".encode("utf-16-be")

_LONGEST_ADDRESS = b"%b@%b.example" % (b"l" * 64, b".".join([b"d" * 60] * 4))

MAILS = (
    # Long.
    Case("a long subject", lambda: write(Subject=b"s" * LONG)),
    Case("a long name", lambda: write(From=b'"%b" <%b>' % (b"n" * LONG, CLERK.encode()))),
    Case("a long Message-ID", lambda: write(Message_ID=b"<%b@courts.example>" % (b"i" * LONG))),
    Case("a long Message-ID without brackets", lambda: write(Message_ID=b"i@" + b"x" * LONG)),
    Case(
        "the longest Message-ID there is",
        lambda: write(Message_ID=b"<%b@%b>" % (b"i" * 120, b"d" * 250)),
    ),
    Case(
        "the longest address that is written to",
        lambda: write(
            From=b"%b@%b.example" % (b"l" * 64, b".".join([b"d" * 60, b"d" * 60, b"d" * 59]))
        ),
    ),
    Case(
        "the longest address there is",
        lambda: write(From=_LONGEST_ADDRESS),
        "FOR_A_PERSON",
    ),
    Case(
        "a long address",
        lambda: write(From=b"l" * LONG + b"@courts.example"),
        "FOR_A_PERSON",
    ),
    Case("a long domain", lambda: write(From=b"clerk@" + b"d" * LONG), "FOR_A_PERSON"),
    Case("a long Reply-To", lambda: write(Reply_To=b"r" * LONG + b"@courts.example")),
    Case("a long Return-Path", lambda: write(Return_Path=b"<" + b"r" * LONG + b"@x.example>")),
    Case("a long Auto-Submitted", lambda: write(Auto_Submitted=b"no; " + b"x" * LONG)),
    Case("ten thousand references", lambda: write(References=b" ".join([b"<r@x.example>"] * LONG))),
    Case(
        "ten thousand recipients",
        lambda: write(To=b",\r\n ".join(b"p%d@courts.example" % n for n in range(LONG))),
    ),
    Case(
        "ten thousand fields",
        lambda: write(X_One=b"1\r\n" + b"\r\n".join(b"X-%d: y" % n for n in range(LONG))),
        "FOR_A_PERSON",
    ),
    Case("a long charset", lambda: write(Content_Type=b"text/plain; charset=" + b"c" * LONG)),
    Case(
        "a long boundary", lambda: write(Content_Type=b"multipart/mixed; boundary=" + b"b" * LONG)
    ),
    Case("a long file name", lambda: write_file(b'attachment; filename="%b.pdf"' % (b"f" * LONG))),
    Case("a long type", lambda: write_file(b"attachment", b"application/" + b"t" * LONG)),
    Case(
        "a line of a million",
        lambda: write(b"Please send me the request form. " + b"w" * 1_000_000),
    ),
    # NULs, controls and what is no UTF-8.
    Case("odd characters in the subject", lambda: write(Subject=ODD.encode())),
    Case(
        "odd characters in a name",
        lambda: write(From=b'"%b" <%b>' % (ODD.encode(), b"a@x.example")),
    ),
    Case("octets that are no text in the subject", lambda: write(Subject=BROKEN)),
    Case("octets that are no text in a name", lambda: write(From=b'"%b" <a@x.example>' % BROKEN)),
    Case("a NUL in the address", lambda: write(From=b"cle\0rk@courts.example"), "FOR_A_PERSON"),
    Case("a NUL in the Message-ID", lambda: write(Message_ID=b"<a\0b@courts.example>")),
    Case("no text in the Message-ID", lambda: write(Message_ID=b"<" + BROKEN + b"@x.example>")),
    Case("a NUL in the type", lambda: write_file(b"attachment", b"application/x\0y")),
    Case("no text in the type", lambda: write_file(b"attachment", b"application/" + BROKEN)),
    Case(
        "odd characters in a file name",
        lambda: write_file(b'attachment; filename="%b.txt"' % ODD.encode()),
    ),
    Case("no text in a file name", lambda: write_file(b'attachment; filename="%b.txt"' % BROKEN)),
    Case(
        "half a pair in a file name",
        lambda: write_file(b"attachment; filename*=utf-8''a%ED%A0%80b%00c.txt"),
    ),
    Case(
        "a file name in a codec that makes halves of pairs",
        lambda: write_file(b"attachment; filename*=utf-7''a+2AA-b.txt"),
    ),
    Case("a NUL in the body", lambda: write(b"Please send me\0 the request form.\r\n")),
    Case("odd characters in the body", lambda: write(QUESTION + ODD.encode())),
    Case("no text in the body", lambda: write(QUESTION + BROKEN)),
    *(
        Case(
            f"half a pair of {charset} in {where}",
            lambda charset=charset, octets=octets, where=where: (  # type: ignore[misc]
                write(Subject=b"=?%b?q?%b?=" % (charset.encode(), octets))
                if where == "the subject"
                else write(From=b"=?%b?q?%b?= <a@x.example>" % (charset.encode(), octets))
                if where == "a name"
                else write(
                    QUESTION + octets, Content_Type=b"text/plain; charset=" + charset.encode()
                )
            ),
        )
        for charset, octets in (("utf-7", b"a+2AA-b"), ("unicode_escape", b"a=5Cud800b\\ud800"))
        for where in ("the subject", "a name", "the body")
    ),
    Case(
        "an HTML body of references to no characters",
        lambda: write(
            b"<p>Please send me the request form. &#0;&#xD800;&#x110000;&#x202e;</p>",
            Content_Type=b"text/html; charset=utf-8",
        ),
    ),
    # Absurd.
    *(
        Case(f"the date {date!r}", lambda date=date: write(Date=date))  # type: ignore[misc]
        for date in (
            b"Fri, 31 Dec 9999 23:59:59 -2359",
            b"Mon, 01 Jan 0001 00:00:00 +2359",
            b"99 Foo 99999999999999999999 99:99:99 +999999",
            b"\0" * 50,
        )
    ),
    Case(
        "files of odd names in an archive",
        lambda: compose(
            CLERK,
            "Please send me the request form.\n",
            files={"all.zip": zipped(f"{ODD}.txt", "n" * 5000 + ".txt", f"{'deep/' * 900}x.eml")},
        ),
    ),
    Case(
        "a delivery report of odd fields",
        lambda: report(
            b"Final-Recipient: rfc822; " + ODD.encode() + b"@x.example",
            b"Action: failed",
            b"Status: 5.1.1" + b"1" * LONG,
            b"Original-Envelope-Id: +00" + BROKEN,
        ),
        "BOUNCE_RECORDED",
    ),
    Case(
        "a cry for help by somebody odd",
        lambda: write(
            b"I am in detention and I will kill myself tonight. " + ODD.encode(),
            From=b'"%b" <%b>' % (ODD.encode(), _LONGEST_ADDRESS),
        ),
        "FOR_A_PERSON",
    ),
)


def _form(name: str, build: Callable[[], bytes]) -> Case:
    return Case(name, lambda: compose(CLERK, "Attached.\n", files={"form.pdf": build()}), "FILED")


def _long_value(name: str, text: str) -> Case:
    return _form(f"{name} of {len(text)} characters", lambda: with_values(**{name: text}))


_NINES = "9" * 400
_LONG_VALUES = (
    ("purpose", "p" * 150_000),
    ("requester_name", "Dana " + "W" * LONG),
    ("requester_email", "d" * LONG + "@courts.example"),
    ("requester_phone", "202-555-0141 ext " + "1" * LONG),
    ("case_numbers", "; ".join(f"26-CR-{n}" for n in range(3000))),
    ("case_numbers", "9" * LONG),
    ("subject_a_number", "A" + "1" * LONG),
    ("bond_amount", "9" * LONG),
    ("obligation_dates", "; ".join(["03/10/2026"] * 3000)),
    ("subject_birth_date", "1" * LONG),
    ("requester_type", "k" * LONG),
)

FORMS = (
    _form("a NUL in a value", lambda: with_values(subject_family_name=_NUL_WITHIN)),
    _form("half a pair in a value", lambda: with_values(subject_family_name=_HALF_A_PAIR)),
    _form("an emoji in a value", lambda: with_values(court_name=b"\xfe\xff" + _UTF16)),
    _form(
        "odd characters in a value",
        lambda: with_values(purpose=b"\xfe\xff" + ODD.encode("utf-16-be")),
    ),
    _form("octets that are no text in a value", lambda: with_values(purpose=BROKEN)),
    *(_long_value(name, text) for name, text in _LONG_VALUES),
    *(
        _form(f"the date {date}", partial(with_values, deadline_date=date, obligation_dates=date))
        for date in ("0001-01-01", "9999-12-31", "12/31/99999", "00/00/0000")
    ),
    _form("fields that stand nowhere", lambda: with_boxes(f"[ 0 0 {_NINES}. {_NINES}. ]")),
    _form("fields that begin nowhere", lambda: with_boxes(f"[ -{_NINES}. 0 0 0 ]")),
)


def find_flaws(harness: Harness) -> Iterator[str]:
    """Yield what stands in a cell of the database and must not, by table and column."""
    with harness.services.database.read() as session:
        for table in Base.metadata.sorted_tables:
            for row in session.execute(select(table)):
                for column, value in zip(table.columns, row, strict=True):
                    limit = column.type.length if isinstance(column.type, String) else None
                    flaw = find_flaw(value, limit)
                    if flaw:
                        yield f"{table.name}.{column.name} of {row[0]}: {flaw}"


def find_flaw(value: Any, limit: int | None = None) -> str:
    """Return what no text and no number may be, whatever the value holds it in."""
    if isinstance(value, str):
        if limit is not None and len(value) > limit:
            return f"{len(value)} characters"
        bad = next((c for c in value if c == "\0" or "\ud800" <= c <= "\udfff"), "")
        return repr(bad) if bad else ""
    if isinstance(value, float) and not math.isfinite(value):
        return repr(value)
    if isinstance(value, dict):
        value = [*value, *value.values()]
    return next(filter(None, map(find_flaw, value)), "") if isinstance(value, list) else ""


@dataclass(frozen=True, slots=True)
class Worked:
    """A worker after every mail, and the journal entry of each by the name of its case."""

    harness: Harness
    entries: dict[str, int]


@pytest.fixture(scope="module")
def worked(make_database: Callable[[], Where], document_reader: DocumentReader) -> Iterator[Worked]:
    """Yield a worker that took in every mail of the tables."""
    harness = Harness.open(make_template(make_database()), document_reader)
    entries = {case.name: harness.record(case.build()) for case in (*MAILS, *FORMS)}
    for _ in range(2):
        # What fails is tried again, and then the attempts tell.
        harness.work()
    yield Worked(harness, entries)
    harness.services.database.close()


@pytest.mark.parametrize("case", [*MAILS, *FORMS], ids=lambda case: case.name)
def test_a_hostile_mail_is_disposed_of_at_once(worked: Worked, case: Case) -> None:
    entry = worked.harness.entry(worked.entries[case.name])
    assert (entry.disposition, entry.attempts) == (case.disposition, 0), entry.rule


_FIELDS = st.sampled_from(
    [
        *("From", "Reply_To", "To", "Subject", "Date", "Message_ID", "References", "Return_Path"),
        *("Content_Type", "Content_Transfer_Encoding", "Content_Disposition", "Auto_Submitted"),
        *("List_Id", "Authentication_Results", "X_Failed_Recipients"),
    ]
)
_CHARSETS = st.sampled_from(["utf-8", "utf-7", "utf-16", "unicode_escape", "latin-1", "cp037", ""])
_TEXTS = st.text(st.sampled_from([*ODD, *'=?<>@;,.: "\r\n']), max_size=40)
_OCTETS = st.one_of(
    st.binary(max_size=40),
    _TEXTS.map(str.encode),
    st.builds(lambda text, times: text.encode() * times, _TEXTS, st.sampled_from([1, 900])),
    st.builds(
        lambda charset, octets: (
            b"=?%b?b?%b?= <a@x.example>" % (charset.encode(), b64encode(octets))
        ),
        _CHARSETS,
        st.binary(max_size=40),
    ),
)


@settings(max_examples=40, suppress_health_check=list(HealthCheck))
@given(fields=st.dictionaries(_FIELDS, _OCTETS, max_size=6), body=_OCTETS)
def test_whatever_a_mail_holds_is_disposed_of_at_once(
    worked: Worked, fields: dict[str, bytes], body: bytes
) -> None:
    entry_id = worked.harness.record(write(body, **fields))
    worked.harness.work()
    entry = worked.harness.entry(entry_id)
    assert entry.attempts == 0
    assert entry.disposition not in {None, "QUARANTINED"}, entry.reason


def test_no_cell_holds_what_no_reader_is_to_meet(worked: Worked) -> None:
    assert list(find_flaws(worked.harness)) == []
