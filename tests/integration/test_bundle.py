"""The proof bundle: whole, checked by anybody, the same bytes for the same case, and no secrets."""

from __future__ import annotations

import hashlib
import io
import json
import re
import stat
import subprocess
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from lxml import html

from inbox_worker.desk.bundling import Bundle, write_bundle
from inbox_worker.reading.reader import DocumentReader
from inbox_worker.storage.models import CertificationRecord, LetterRecord, RawLetter, RawMail
from tests.worker_harness import (
    APPROVE,
    CHEN,
    CLERK,
    LINDQVIST,
    ORTEGA,
    Harness,
    Opener,
    Where,
    fill,
    make_filed_template,
    make_template,
)

pytestmark = pytest.mark.on_both

_PERSONAL = ("Ejemplo", "Whitlock", "000000101", "1988", CLERK)


@pytest.fixture(scope="module")
def issued(
    make_database: Callable[[], Where], document_reader: DocumentReader
) -> Iterator[Harness]:
    """Yield a worker with a case that was issued."""
    database = make_filed_template(make_template(make_database()), document_reader)
    harness = Harness.open(database, document_reader, {"review": {"confirm": False}})
    harness.reply(ORTEGA, APPROVE, to=harness.notice(ORTEGA))
    harness.clock.advance(minutes=11)
    assert harness.issue() == 1
    harness.reply(CHEN, "NOTE it went out", to=harness.notice(CHEN))
    yield harness
    harness.services.database.close()


def bundle(harness: Harness, folder: Path) -> tuple[bytes, Bundle]:
    path = folder / "proof.zip"
    with harness.services.database.read() as session, path.open("w+b") as file:
        request = harness.request()
        made = write_bundle(
            session, harness.services.settings, request, file, now=harness.clock.now
        )
    return path.read_bytes(), made


@pytest.fixture
def unpacked(issued: Harness, tmp_path: Path) -> Path:
    """Return the folder that a bundle becomes."""
    data, _ = bundle(issued, tmp_path)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        archive.extractall(tmp_path)
    return tmp_path / issued.request().tracking_number


def test_everything_is_in_it_byte_for_byte(issued: Harness, unpacked: Path) -> None:
    def read(kind: str) -> list[bytes]:
        return [path.read_bytes() for path in sorted((unpacked / kind).iterdir())]

    assert read("mails") == [row.raw for row in issued.rows(RawMail)]
    assert read("letters") == [row.raw for row in issued.rows(RawLetter)]
    assert read("forms") == [fill()]
    assert read("certifications") == [issued.certification().pdf]
    assert sorted(path.stem for path in (unpacked / "data").iterdir()) == [
        *("accounting", "case", "certifications", "decisions", "events", "letters", "mails"),
        "reading",
    ]
    decisions = json.loads((unpacked / "data" / "decisions.json").read_text())
    mail = (unpacked / decisions[0]["mail"]).read_text()
    assert (decisions[0]["by"], "APPROVE" in mail) == (ORTEGA, True)
    (told,) = json.loads((unpacked / "data" / "accounting.json").read_text())
    assert (told["sent_to"], told["basis"]) == (CLERK, "routine use")
    reading = json.loads((unpacked / "data" / "reading.json").read_text())
    assert reading["fields"]["subject_a_number"]["source"] == "acroform"


def test_anybody_can_check_every_file(unpacked: Path) -> None:
    done = subprocess.run(
        ["sha256sum", "--strict", "-c", "SHA256SUMS"],
        cwd=unpacked,
        capture_output=True,
        text=True,
        check=False,
    )
    files = [path for path in unpacked.rglob("*") if path.is_file()]
    assert (done.returncode, done.stdout.count(": OK\n")) == (0, len(files) - 1), done.stdout


def test_anybody_can_follow_the_chain_with_nothing_but_a_hash_function(unpacked: Path) -> None:
    chain = json.loads((unpacked / "data" / "events.json").read_text())
    previous = "0" * 64
    mails = {hashlib.sha256(p.read_bytes()).hexdigest() for p in (unpacked / "mails").iterdir()}
    for number, event in enumerate(chain["events"], 1):
        words = json.loads(event["canonical"])
        assert hashlib.sha256(event["canonical"].encode()).hexdigest() == event["hash"]
        assert (words["previous"], words["sequence"]) == (previous, number)
        assert words["mail"] is None or words["mail"] in mails
        previous = event["hash"]
    assert (len(chain["events"]), previous) == (chain["count"], chain["head"])


def test_the_page_names_every_file_and_says_nothing_of_the_person(unpacked: Path) -> None:
    text = (unpacked / "index.html").read_text("utf-8")
    page = html.fromstring(text)
    named = set(page.xpath("//table//a/@href"))
    files = {str(p.relative_to(unpacked)) for p in unpacked.rglob("*") if p.is_file()}
    assert files - named == {"index.html", "SHA256SUMS"}
    for row in page.xpath("//table[@class='files']/tbody/tr"):
        digest = hashlib.sha256((unpacked / row.xpath(".//a/@href")[0]).read_bytes()).hexdigest()
        assert row.xpath("./td[2]")[0].text_content() == digest
    # Four digits of a year stand in a digest by chance, now and then.
    said = re.sub(r"\b[0-9a-f]{64}\b", "", text)
    assert not [word for word in _PERSONAL if word in said]
    assert not page.xpath("//script | //link | //img"), "it needs nothing from elsewhere"
    assert page.xpath("/html/@lang") == ["en"]
    assert all(t.xpath("./caption") and t.xpath(".//th[@scope]") for t in page.xpath("//table"))


def test_the_same_case_is_the_same_bytes_and_names_nobody(issued: Harness, tmp_path: Path) -> None:
    data, made = bundle(issued, tmp_path)
    assert bundle(issued, tmp_path)[0] == data
    assert made.sha256 == hashlib.sha256(data).hexdigest()
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        names = archive.namelist()
        modes = {stat.S_IMODE(entry.external_attr >> 16) for entry in archive.infolist()}
    assert modes == {0o600}
    assert all(re.fullmatch(r"[A-Za-z0-9_./-]+", name) for name in names)
    assert not [n for n in names for word in _PERSONAL if word in n]


def test_its_reader_is_told_what_it_holds(open_filed: Opener, tmp_path: Path) -> None:
    harness = open_filed()
    harness.reply(LINDQVIST, "PROTECT", to=harness.notice(LINDQVIST))
    _, made = bundle(harness, tmp_path)
    told = " ".join(made.warnings)
    assert "before counsel has agreed" in told
    assert "Until then keep it inside" in told, "answers can still be bound to the case"
    assert "protected by law" in told
    harness.clock.advance(days=31)
    assert "Until then" not in " ".join(bundle(harness, tmp_path)[1].warnings)


def test_a_letter_that_shows_a_password_is_left_out(open_filed: Opener, tmp_path: Path) -> None:
    harness = open_filed()
    with harness.services.database.unit_of_work() as unit:
        letter = unit.session.get_one(LetterRecord, 1)
        letter.kind = "call"
        unit.commit()
    data, _ = bundle(harness, tmp_path)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        folder = harness.request().tracking_number
        listed = json.loads(archive.read(f"{folder}/data/letters.json"))
        assert (listed[0]["file"], listed[1]["file"]) == (None, "letters/0002.eml")
        assert f"{folder}/letters/0001.eml" not in archive.namelist()


def test_a_record_that_does_not_hold_is_said_to_be_broken(
    open_filed: Opener, tmp_path: Path
) -> None:
    harness = open_filed()
    with harness.services.database.unit_of_work() as unit:
        unit.session.get_one(RawMail, 1).raw += b"\r\n"
        unit.commit()
    data, made = bundle(harness, tmp_path)
    assert [one.kind for one in made.breaks] == ["mail_changed"]
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        page = archive.read(f"{harness.request().tracking_number}/index.html").decode()
    assert "NOT WHOLE" in page
    assert harness.rows(CertificationRecord) == []
