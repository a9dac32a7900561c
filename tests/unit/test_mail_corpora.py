"""Real and torture mail from public collections: no crash, no hang, no machine answered."""

from __future__ import annotations

import json
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from parsers.classification.classify import ClassificationContext, MessageKind, classify
from parsers.mail.delivery_reports import find_returned_letter
from parsers.mail.message import InboundMessage
from parsers.mail.parsing import parse_message

SAMPLES = Path(__file__).resolve().parents[3] / "shared" / "samples"
CONTEXT = ClassificationContext(own_addresses=frozenset({"ero.outreach@agency.example"}))
#: What a machine's mail may be taken for. None of these is filed, obeyed or answered.
SILENT = {
    MessageKind.BOUNCE,
    MessageKind.AUTO_REPLY,
    MessageKind.ABUSE_REPORT,
    MessageKind.LIST_MAIL,
}
EXPECTED_KIND = {
    "bounce": MessageKind.BOUNCE,
    "bounce_hard_to_parse": MessageKind.BOUNCE,
    "arf": MessageKind.ABUSE_REPORT,
    "auto_reply": MessageKind.AUTO_REPLY,
}

pytestmark = pytest.mark.corpus


def collection(name: str) -> Path:
    folder = SAMPLES / name
    if not folder.is_dir():
        pytest.skip(f"the public collection {name} is not at hand")
    return folder


def expectations(folder: Path) -> list[dict[str, Any]]:
    loaded: list[dict[str, Any]] = json.loads((folder / "expected.json").read_text("utf-8"))
    return loaded


def parse_within(path: Path, *, seconds: float) -> InboundMessage:
    raw = path.read_bytes()
    started = time.process_time()
    message = parse_message(raw)
    assert time.process_time() - started < seconds, path.name
    return message


def test_machine_mail_is_recognised_and_never_answered() -> None:
    folder = collection("machine-mail")
    exact: Counter[bool] = Counter()
    for expected in expectations(folder):
        message = parse_within(folder / expected["file"], seconds=2)
        verdict = classify(message, CONTEXT)
        if expected["label"] == "not_bounce":
            assert verdict.kind not in SILENT, expected["file"]
            continue
        assert verdict.kind in SILENT, (expected["file"], verdict)
        exact[verdict.kind is EXPECTED_KIND[expected["label"]]] += 1
    # 203 of 205: one label calls a shop's automatic reply a bounce, another what a mailing list
    # says to those who are not its members.
    assert exact[False] <= 2


def test_whom_a_report_is_about_is_found() -> None:
    folder = collection("machine-mail")
    readable: Counter[bool] = Counter()
    for expected in expectations(folder):
        if not expected["label"].startswith("bounce"):
            continue
        raw = (folder / expected["file"]).read_bytes()
        returned = find_returned_letter(parse_message(raw), raw)
        readable[bool(returned.reports)] += 1
        found = {r.final_recipient.lower() for r in returned.reports}
        found |= {r.original_recipient.lower() for r in returned.reports}
        assert {a.lower() for a in expected.get("failed") or ()} <= found, expected["file"]
    # What became of the letter is read in 190 of 202.
    assert readable[True] >= 0.94 * readable.total()


def test_torture_mail_is_read_without_a_crash_or_a_hang() -> None:
    folder = collection("mime")
    for path in sorted(folder.iterdir()):
        if path.suffix == ".json":
            continue
        message = parse_within(path, seconds=2)
        assert message.fields or message.text or message.defects, path.name
        classify(message, CONTEXT)
        find_returned_letter(message, path.read_bytes())


def test_the_attachments_of_torture_mail_are_found() -> None:
    folder = collection("mime")
    missing = []
    for expected in expectations(folder):
        message = parse_within(folder / expected["file"], seconds=2)
        # Text parts beside the body count as attachments here, so there may be more than expected.
        found = len(message.attachments) + len(message.attached_messages)
        texts = (message.text is not None) + (message.html is not None)
        if found + texts < expected.get("attachments", 0):
            missing.append(expected["file"])
    assert not missing


def test_human_replies_are_not_taken_for_a_machines() -> None:
    folder = collection("replies")
    paths = sorted(folder.glob("*.eml"))
    assert paths
    for path in paths:
        verdict = classify(parse_within(path, seconds=2), CONTEXT)
        assert verdict.kind is MessageKind.OTHER, (path.name, verdict)
