"""What `extract` tells somebody who has never seen it, of every odd thing that people send."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path

import pikepdf
import pytest

from inbox_worker.cli.app import run_command
from tests.acceptance.forms import build_clerk_values, fill
from tests.acceptance.job import Person
from tests.specimens.xfa import add_packets, build_dynamic, save
from tests.unit.hostile_pdfs import everything_that_runs, ten_thousand_pages
from tests.unit.test_reading_signatures import SIGNED
from tests.unit.wrappings import build_mail, build_portfolio, build_winmail, build_zip, lock_zip

FORM = fill(build_clerk_values(Person("Dana Whitlock", "dana.whitlock@courts.example")))


def _lock() -> bytes:
    output = io.BytesIO()
    with pikepdf.open(io.BytesIO(FORM)) as pdf:
        pdf.save(output, encryption=pikepdf.Encryption(user="open me", owner="o"))
    return output.getvalue()


def _please_wait() -> bytes:
    pdf = build_dynamic()
    add_packets(
        pdf,
        {
            "datasets": '<d xmlns:x="http://www.xfa.org/schema/xfa-data/1.0/"><x:data><f>'
            "<requester_name>Dana Whitlock</requester_name><requester_title>Clerk</requester_title>"
            "<requester_city>Anytown</requester_city><court_name>A Court</court_name>"
            "<requester_agency>Example County</requester_agency></f></x:data></d>"
        },
    )
    return save(pdf)


SENTENCES: list[tuple[str, Callable[[], bytes], list[str], int, list[str], str]] = [
    ("a.pdf", lambda: b"", [], 1, ["a.pdf: unreadable", "The file is empty"], "empty"),
    ("a.pdf", lambda: FORM[:9000], [], 1, ["The PDF is damaged or incomplete"], "cut off"),
    ("a.pdf", _lock, [], 0, ["needs a password to open", "--password"], "locked"),
    ("a.pdf", _lock, ["--password", "no"], 0, ["This password does not open"], "wrong password"),
    ("a.pdf", _lock, ["--password", "open me"], 0, ["Dana Whitlock", "acroform"], "opened"),
    (
        "a.pdf",
        _please_wait,
        [],
        0,
        ["a.pdf: xfa, cjs-request/1", "Dana Whitlock", "only says “Please wait”"],
        "a dynamic XFA form",
    ),
    ("a.pdf", lambda: SIGNED, [], 0, ["digital signature over the whole file"], "signed"),
    (
        "a.pdf",
        everything_that_runs,
        [],
        0,
        ["JavaScript, which was not run", "start a program, which was not done", "was not started"],
        "everything that runs",
    ),
    ("a.pdf", ten_thousand_pages, [], 1, ["has more pages than this program accepts"], "long"),
    (
        "a.zip",
        lambda: build_zip({"form.pdf": FORM, "consent.jpg": b"\xff\xd8\xff"}),
        [],
        0,
        ["wrapping around other papers", "a.zip › form.pdf: acroform", "a.zip › consent.jpg"],
        "a ZIP archive",
    ),
    (
        "a.zip",
        lambda: lock_zip(build_zip({"form.pdf": FORM})),
        [],
        0,
        ["a.zip › form.pdf: encrypted", "archive that is locked with a password"],
        "a locked archive",
    ),
    ("winmail.dat", lambda: build_winmail({"form.pdf": FORM}), [], 0, ["Whitlock"], "winmail.dat"),
    ("a.eml", lambda: build_mail({"form.pdf": FORM}), [], 0, ["a.eml › form.pdf"], "a mail"),
    (
        "a.pdf",
        lambda: build_portfolio({"form.pdf": FORM}),
        [],
        0,
        ["a.pdf › form.pdf"],
        "portfolio",
    ),
    ("a.docx", lambda: b"PK\x03\x04 word", [], 0, ["The file is not a PDF"], "a Word document"),
]


@pytest.mark.parametrize(
    ("name", "build", "options", "code", "words"),
    [pytest.param(*row[:5], id=row[5]) for row in SENTENCES],
)
def test_extract_says_plainly_what_happened(
    name: str,
    build: Callable[[], bytes],
    options: list[str],
    code: int,
    words: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    Path(name).write_bytes(build())
    assert run_command(["extract", name, *options], {}) == code
    said = capsys.readouterr()
    assert said.err == ""
    assert [word for word in words if word not in said.out] == []


def test_papers_inside_stand_in_the_json_of_their_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a.zip").write_bytes(build_zip({"form.pdf": FORM, "note.txt": b"hello"}))
    Path("form.pdf").write_bytes(FORM)
    assert run_command(["extract", "--json", "a.zip", "form.pdf"], {}) == 0
    archive, form = map(json.loads, capsys.readouterr().out.splitlines())
    inside, note = archive["inside"]
    assert (archive["form"]["kind"], inside["name"], inside["found_in"]) == (
        "not_a_form",
        "form.pdf",
        "a.zip",
    )
    assert inside["fields"] == form["fields"]
    assert note == {"name": "note.txt", "found_in": "a.zip"}
    assert "inside" not in form


def test_explain_finds_forms_inside_and_obeys_no_forwarded_word(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    inner = build_mail({"form.pdf": FORM}, text="APPROVE\n")
    mail = build_mail({"fwd.eml": inner}, text="Please see the attached mail.\n")
    Path("mail.eml").write_bytes(mail)
    assert run_command(["explain", "--json", "mail.eml"], {}) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["kind"], found["new_text"]) == ("request", "Please see the attached mail.")
    assert found["command"] is None
    assert [(f["name"], f["found_in"]) for f in found["forms"]] == [("form.pdf", "fwd.eml")]
    assert found["attachments"][1]["found_in"] == "fwd.eml"
