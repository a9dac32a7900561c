"""`verify` on the command line: alone with a file, and against a register put back from a copy."""

from __future__ import annotations

import json
import os
import re
import sqlite3
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from inbox_worker.casefile.verification import Looked, judge
from inbox_worker.cli import verification
from inbox_worker.cli.app import run_command
from inbox_worker.reading.reader import DocumentReader
from inbox_worker.storage.register import Registered
from parsers.certifications.values import CertificationReading, FileKind, SignatureReading
from tests.integration.test_register import open_signed
from tests.integration.test_reissue import issue
from tests.integration.test_verification_mail import SAMPLE, supersede
from tests.servers.postgres import Postgres
from tests.signing_keys import write_authority, write_key
from tests.specimens import altered
from tests.worker_harness import APPROVE, ORTEGA, Harness, Opener, make_template

CONFIGURATION = """
[[mailbox]]
name = "outreach"
host = "imap.agency.example"
username = "outreach"
password = "Gl0cken-spiel"
addresses = ["ero.outreach@agency.example"]
[smtp]
host = "smtp.agency.example"
from_address = "ero.outreach@agency.example"
from_name = "ERO Outreach"
[review]
trusted_authserv_ids = ["mx.agency.example"]
[[staff]]
name = "R. Ortega"
email = "r.ortega@agency.example"
roles = ["approver", "certifier"]
title = "Deportation Officer"
[alerts]
urgent = ["duty@agency.example"]
[certification]
verify_address = "ero.outreach@agency.example"
require_signature = false
[delivery]
protection = "none"
[database]
url = "{url}"
"""


@dataclass(frozen=True)
class Said:
    code: int
    out: str
    err: str

    @property
    def found(self) -> dict[str, Any]:
        document: dict[str, Any] = json.loads(self.out)
        return document

    @property
    def words(self) -> str:
        return re.sub(r"\s+", " ", self.out)


Verify = Callable[..., Said]


@pytest.fixture
def verify(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Verify:
    """Return a runner of `verify` in an empty folder; `url` is the register to ask, if any."""
    for name in [name for name in os.environ if name.startswith("ERO_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("COLUMNS", "200")
    folder = tmp_path / "empty"
    folder.mkdir()
    monkeypatch.chdir(folder)

    def verify(data: bytes, *arguments: str | Path, url: str = "") -> Said:
        (tmp_path / "paper.pdf").write_bytes(data)
        before: list[str] = []
        if url:
            (tmp_path / "worker.toml").write_text(CONFIGURATION.format(url=url))
            before = ["--config", str(tmp_path / "worker.toml")]
        capfd.readouterr()
        words = [*before, "verify", str(tmp_path / "paper.pdf"), *map(str, arguments)]
        code = run_command(words, os.environ)
        said = capfd.readouterr()
        return Said(code, said.out, said.err)

    return verify


def url_of(harness: Harness) -> str:
    return harness.services.settings.database.url.get_secret_value()


def documents_of(harness: Harness) -> list[bytes]:
    return [data for x in harness.letters(kind="certification") for data in x.files.values()]


def put_back(harness: Harness, folder: Path, request: pytest.FixtureRequest) -> str:
    """Put the database back from a copy of its file, or from a dump; return its address."""
    url = url_of(harness)
    if not url.startswith("sqlite"):
        server: Postgres = request.getfixturevalue("postgres")
        return server.restore_from_dump(url)
    copy = folder / "restored.db"
    with (
        sqlite3.connect(url.removeprefix("sqlite:///")) as source,
        sqlite3.connect(copy) as target,
    ):
        source.backup(target)
    return f"sqlite:///{copy}"


@pytest.mark.on_both
def test_what_was_filed_away_outlives_its_key_and_its_database(
    open_filed: Opener, verify: Verify, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    harness = issue(open_signed(open_filed, tmp_path))
    write_key(tmp_path / "office.p12", name="Example Office, next key")
    harness.file(case_numbers="26-CR-000777", subject_a_number="A000000102")
    harness.reply(ORTEGA, APPROVE, to=harness.notice(ORTEGA))
    harness.clock.advance(minutes=11)
    assert harness.issue() == 1
    (tmp_path / "office.p12").unlink()
    first, second = documents_of(harness)
    restored = put_back(harness, tmp_path, request)
    harness.services.database.close()
    signers = []
    for document in (first, second):
        said = verify(document, "--json", url=restored)
        assert said.code == 0, said.err
        found = said.found
        assert [found[name] for name in ("genuine", "altered", "current")] == [True, False, True]
        assert (found["signature"]["valid"], found["signature"]["trusted"]) == (True, True)
        signers.append(found["signature"]["signer"])
    assert signers == ["Example Office", "Example Office, next key"]
    # And without any register, by the authority's certificate alone.
    anchors = write_authority(tmp_path / "authority.pem")
    alone = verify(first, "--json", "--trust-anchors", anchors)
    assert (alone.code, alone.found["genuine"], alone.found["current"]) == (0, True, None)


@pytest.fixture
def quick(
    verify: Verify, monkeypatch: pytest.MonkeyPatch, document_reader: DocumentReader
) -> Verify:
    """Return a runner that starts no reader of its own each time, which takes a second."""
    monkeypatch.setattr(
        verification, "DocumentReader", lambda *_, **__: nullcontext(document_reader)
    )
    return verify


def test_each_answer_has_its_exit_code_its_sentence_and_its_shape(
    open_filed: Opener, quick: Verify, tmp_path: Path
) -> None:
    verify = quick
    harness = issue(open_signed(open_filed, tmp_path))
    (document,) = documents_of(harness)
    here, elsewhere = url_of(harness), f"sqlite:///{make_template(tmp_path / 'other.db')}"
    anchors = write_authority(tmp_path / "authority.pem")
    told = verify(document, url=here)
    assert told.code == 0
    assert "GENUINE We issued it, nothing in it was changed, and it is current." in told.words
    rows: list[tuple[bytes, str, tuple[str | Path, ...], str]] = [
        # A register that never had it knows better than an authority that signs for others.
        (document, elsewhere, ("--trust-anchors", anchors), "UNKNOWN It is signed by Example"),
        (document, "", (), "SIGNER UNKNOWN Nothing in it was changed since Example Office"),
        (document, here, ("--offline",), "SIGNER UNKNOWN"),
        (
            altered.update_with_a_page(document),
            here,
            (),
            "Signed were 2 pages, and now there are 3",
        ),
        (altered.save(document), "", (), "ALTERED A program saved it anew"),
        (SAMPLE, here, (), "A SAMPLE It says of itself that it is no official record."),
        (b"%PDF-1.7 in pieces", here, (), "NOT READ"),
        (b"Dear judge", here, (), "NO CERTIFICATION"),
        (document, f"sqlite:///{tmp_path}/nowhere.db", (), "The register was not asked:"),
    ]
    for data, url, options, words in rows:
        said = verify(data, *options, url=url)
        assert (said.code, words in said.words) == (1, True), said
    assert verify(document, "--trust-anchors", anchors, "--offline").code == 0
    supersede(harness)
    said = verify(document, "--json", url=here)
    second = json.loads(verify(documents_of(harness)[1], "--json", url=here).out)
    found = said.found
    assert (said.code, found["genuine"], found["altered"], found["current"]) == (
        1,
        True,
        False,
        False,
    )
    assert found["superseded_by"] == second["control_number"]
    assert "SUPERSEDED" in verify(document, url=here).out
    # A print still tells which certification it has to be compared with.
    print_ = json.loads(verify(altered.drop_signature(document), "--json", url=here).out)
    shown = ("control_number", "genuine", "altered", "current", "superseded_by")
    assert [print_[n] for n in shown] == [
        found["control_number"],
        False,
        True,
        False,
        second["control_number"],
    ]


@pytest.mark.parametrize(
    ("has_register", "is_proven", "words"),
    [
        pytest.param(True, False, "it was issued before, says the register", id="registered"),
        pytest.param(False, True, "after the time-stamp was made", id="time-stamped"),
        pytest.param(False, False, "the signer's own word", id="nothing proves when"),
    ],
)
def test_a_certificate_that_has_ended_is_said_to_have(
    has_register: bool, is_proven: bool, words: str
) -> None:
    ended, now = datetime(2026, 6, 1, 16, tzinfo=UTC), datetime(2026, 6, 2, tzinfo=UTC)
    signature = SignatureReading(
        valid=True, is_below_anchor=True, is_time_proven=is_proven, certificate_ends=ended
    )
    reading = CertificationReading(
        kind=FileKind.SIGNED, sha256="1", control_number="7K3M-9QXA-52TD-0WZH", signature=signature
    )
    record = Registered(
        control_number="7K3M-9QXA-52TD-0WZH",
        issued_at=datetime(2026, 5, 5, tzinfo=UTC),
        sha256="1",
        facts_sha256="2",
        superseded_by=None,
        superseded_at=None,
        revoked_at=None,
    )
    looked = Looked(by_file=record, by_number=record) if has_register else None
    found = judge(reading, looked, has_anchors=True)
    (note,) = verification.list_notes(found, ZoneInfo("America/New_York"), now=now)
    assert note.startswith("The signer's certificate ended on June 1, 2026")
    assert words in note
    assert not list(verification.list_notes(found, ZoneInfo("America/New_York"), now=ended))


def test_what_cannot_be_asked_is_said(quick: Verify, tmp_path: Path) -> None:
    wrong = quick(SAMPLE, "--trust-anchors", tmp_path / "paper.pdf")
    assert (wrong.code, wrong.out) == (2, "")
    assert "holds no certificate" in re.sub(r"[\s│]+", " ", wrong.err)
    assert run_command(["verify", str(tmp_path / "nothing.pdf")], {}) == 1
