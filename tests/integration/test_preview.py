"""A preview differs from what is issued in nothing but the marks, the number and the signature."""

from __future__ import annotations

import json
import re
from io import BytesIO
from pathlib import Path
from typing import Any

import pikepdf
import pypdfium2
import pytest

from inbox_worker.desk.previewing import preview_certification
from inbox_worker.errors import WorkerError
from inbox_worker.storage.models import Request
from outbound.certification.document import MARK_WORDS, Mark
from outbound.certification.wording import default_wording
from parsers.values.control_numbers import SAMPLE_CONTROL_NUMBER
from tests.signing_keys import PASSWORD, write_key
from tests.worker_harness import (
    ALVAREZ,
    APPROVE,
    CHEN,
    CLERK,
    ORTEGA,
    SETTINGS,
    Harness,
    Opener,
    findings,
)

MARKS = (MARK_WORDS[Mark.PREVIEW], default_wording().text("notices", "preview"))
NUMBER = re.compile(r"[0-9A-HJKMNP-TV-Z]{4}(-[0-9A-HJKMNP-TV-Z]{4}){3}")


@pytest.fixture
def official(open_filed: Opener, tmp_path: Path) -> Harness:
    """Return a worker that signs, with a complete request in review."""
    certification = {
        **SETTINGS["certification"],
        "require_signature": True,
        "signing_pkcs12": str(write_key(tmp_path / "office.p12")),
        "signing_password": PASSWORD,
    }
    harness: Harness = open_filed(
        certification=certification, review={"refusal_times": [], "refusal_min_business_days": 0}
    )
    return harness


def read_words(document: bytes) -> list[str]:
    """Return the words of each page without marks and numbers of certifications."""
    pages = [page.get_textpage().get_text_bounded() for page in pypdfium2.PdfDocument(document)]
    words = []
    for page in pages:
        text = " ".join(page.split())
        for mark in MARKS:
            text = text.replace(mark, "")
        words.append(" ".join(NUMBER.sub("NUMBER", text).split()))
    return words


def read_facts(document: bytes) -> dict[str, Any]:
    with pikepdf.open(BytesIO(document)) as pdf:
        (attached,) = pdf.attachments.values()
        facts: dict[str, Any] = json.loads(attached.get_file().read_bytes())
    return facts


def assert_alike(preview: bytes, issued: bytes) -> None:
    assert read_words(preview) == read_words(issued)
    shown, real = read_facts(preview), read_facts(issued)
    assert (shown.pop("mark"), real.pop("mark")) == (MARKS[0], "")
    assert shown.pop("control_number") == SAMPLE_CONTROL_NUMBER != real.pop("control_number")
    assert shown == real


def approve(harness: Harness) -> bytes:
    return attached(harness.reply(ORTEGA, APPROVE))


def deny(harness: Harness) -> bytes:
    return attached(harness.reply(ORTEGA, "DENY the records are sealed"))


def reissue(harness: Harness) -> bytes:
    approve(harness)
    issue(harness)
    changed = findings(removed="2026-04-18", custody="2026-03-02 to 2026-04-18")
    text = changed.replace("APPROVE", "REISSUE", 1)
    return attached(harness.reply(ORTEGA, text, to=harness.notice(ORTEGA)))


def attached(letter: Any) -> bytes:
    (document,) = (data for name, data in letter.files.items() if name.endswith(".pdf"))
    return bytes(document)


def issue(harness: Harness) -> bytes:
    if harness.newest(ORTEGA).subject and "CONFIRM" in harness.newest(ORTEGA).text:
        harness.reply(ORTEGA, "CONFIRM")
    harness.clock.advance(minutes=11)
    assert harness.issue() == 1
    return next(iter(harness.newest(CLERK).files.values()))


@pytest.mark.parametrize("decide", [approve, deny, reissue])
def test_a_preview_is_what_will_be_issued(official: Harness, decide: Any) -> None:
    (request,) = official.rows(Request)
    shown = decide(official)
    written = preview_certification(official.services, request.tracking_number)
    assert written == shown
    assert_alike(shown, issue(official))


def test_a_preview_names_who_will_certify_once_two_people_approved(official: Harness) -> None:
    (request,) = official.rows(Request)
    official.reply(CHEN, APPROVE)
    official.reply(CHEN, "CONFIRM")
    first = preview_certification(official.services, request.tracking_number)
    assert "To be named by the second approval" in " ".join(read_words(first))
    official.reply(ALVAREZ, "APPROVE", to=official.notice(ALVAREZ))
    official.reply(ALVAREZ, "CONFIRM")
    shown = preview_certification(official.services, request.tracking_number)
    official.clock.advance(minutes=11)
    assert official.issue() == 1
    assert_alike(shown, next(iter(official.newest(CLERK).files.values())))


def test_without_a_decision_there_is_nothing_to_preview(official: Harness) -> None:
    (request,) = official.rows(Request)
    with pytest.raises(WorkerError, match="no decision that waits"):
        preview_certification(official.services, request.tracking_number)
    with pytest.raises(WorkerError, match="There is no request"):
        preview_certification(official.services, "CJS-2026-999999-4")
    approve(official)
    issue(official)
    with pytest.raises(WorkerError, match="no decision that waits"):
        preview_certification(official.services, request.tracking_number)
