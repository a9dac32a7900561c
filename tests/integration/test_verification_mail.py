"""A certification mailed back, and VERIFY by mail: what is answered, to whom, and how often."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from inbox_worker.storage.models import CertificationRecord, Event
from outbound.certification.document import Mark
from outbound.certification.pdf import render_certification
from tests.integration.test_register import open_signed
from tests.integration.test_reissue import issue, otherwise, reissue
from tests.specimens import altered
from tests.unit.certification_cases import build_facts, build_findings
from tests.unit.certification_cases import issue as issue_details
from tests.worker_harness import (
    CLERK,
    LINDQVIST,
    ORTEGA,
    Harness,
    Opener,
    Sent,
    compose,
    compose_reply,
    fill,
)

STRANGER = "judge@elsewhere.example"
SAMPLE = render_certification(build_facts(build_findings(), details=issue_details(Mark.SAMPLE)))
#: What the file knows and no answer may say.
SECRETS = ("Ejemplo", "Andrés", "26-CR-000123", "Superior", "Whitlock", "DETAINED", "A000000101")


@pytest.fixture
def issued(open_filed: Opener, tmp_path: Path) -> Harness:
    """Return a worker that has issued and signed one certification."""
    return issue(open_signed(open_filed, tmp_path))


def record_of(harness: Harness, number: int = 0) -> CertificationRecord:
    found: CertificationRecord = harness.rows(CertificationRecord)[number]
    return found


def document_of(harness: Harness) -> bytes:
    (letter,) = harness.letters(kind="certification")
    (data,) = letter.files.values()
    return data


def ask(harness: Harness, subject: str = "A paper", text: str = "", **mail: Any) -> str | None:
    author = mail.pop("author", STRANGER)
    return harness.deliver(compose(author, text, subject=subject, **mail))


def answer_of(harness: Harness, author: str = STRANGER) -> Sent:
    letter = harness.newest(author, "verification")
    for secret in SECRETS:
        assert secret not in letter.raw.decode("ascii")
        assert secret not in letter.text
    return letter


def supersede(harness: Harness) -> None:
    reissue(harness, text=otherwise("2026-04-18"))
    harness.clock.advance(minutes=11)
    assert harness.issue() == 1


def revoke(harness: Harness) -> None:
    harness.reply(ORTEGA, "REVOKE wrong day", to=harness.notice(ORTEGA))


# By its number.


def test_a_number_is_answered_with_status_and_dates(issued: Harness) -> None:
    number = record_of(issued).control_number
    assert ask(issued, f"VERIFY {number.lower().replace('-', ' ')}", auth=None) == (
        "VERIFICATION_ANSWERED"
    )
    said = answer_of(issued).text
    assert f"Control number {number}: current." in said
    assert "was issued on May 4, 2026. It has been neither superseded nor revoked." in said
    entry = issued.rows(type(issued.entry(1)))[-1]
    assert (entry.kind, entry.rule) == ("requester_reply", "asks_to_verify")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        pytest.param(supersede, "on May 4, 2026 another took its place", id="superseded"),
        pytest.param(revoke, "It was revoked on May 4, 2026. Please do not rely", id="revoked"),
    ],
)
def test_what_became_of_it_is_told(
    issued: Harness, change: Callable[[Harness], None], words: str
) -> None:
    document = document_of(issued)
    number = record_of(issued).control_number
    change(issued)
    for files in ({}, {"paper.pdf": document}):
        assert ask(issued, f"VERIFY {number}", files=files) == "VERIFICATION_ANSWERED"
        assert words in answer_of(issued).text
    assert "byte for byte" in answer_of(issued).text
    if change is supersede:
        assert record_of(issued, 1).control_number in answer_of(issued).text


@pytest.mark.parametrize(
    ("line", "words"),
    [
        pytest.param("VERIFY 7K3M-9QXA-52TD-0WZH", "unknown. We have issued no", id="unknown"),
        pytest.param("VERIFY 0000-0000-0000-0000", "a sample. This number stands", id="a sample"),
        pytest.param("VERIFY 7K3M-9QXA-52TD", "That is no control number.", id="miswritten"),
        pytest.param("Verificar 7K3M-9QXA-52TD-0WZH", "No hemos emitido ninguna", id="Spanish"),
    ],
)
def test_what_is_nowhere_is_said_to_be(harness: Harness, line: str, words: str) -> None:
    assert ask(harness, text=line) == "VERIFICATION_ANSWERED"
    assert words in answer_of(harness).text


# By the file.


def _print(data: bytes) -> bytes:
    return altered.run("pdftocairo", "-pdf", "IN", "OUT")(data)


@pytest.mark.parametrize(
    ("tamper", "words"),
    [
        pytest.param(lambda d: d, "genuine and current. The file you sent is", id="as it left"),
        pytest.param(altered.append, "altered. The file you sent bears a sig", id="a byte more"),
        pytest.param(altered.save, "altered. The file you sent bears", id="saved anew"),
        pytest.param(_print, "not proven: a print, a picture or a copy", id="printed"),
        # Its letters are read first, for a Request Form, which takes seconds.
        pytest.param(
            altered.photograph,
            "not proven: a print, a picture",
            id="photographed",
            marks=pytest.mark.long,
        ),
        pytest.param(lambda _: SAMPLE, "0000: a sample.", id="a sample"),
    ],
)
def test_a_file_is_called_what_it_is(
    issued: Harness, tamper: Callable[[bytes], bytes], words: str
) -> None:
    data = tamper(document_of(issued))
    name = "paper.png" if data.startswith(b"\x89PNG") else "paper.pdf"
    assert ask(issued, files={name: data}) == "VERIFICATION_ANSWERED"
    said = answer_of(issued).text
    assert words in said
    if "sample" not in words:
        assert record_of(issued).control_number in said
    event = next(e for e in issued.rows(Event) if e.code == "verification_answered")
    assert len(event.detail["answers"]) == 1


def test_the_requester_who_passes_it_on_is_answered_and_who_writes_is_heard(
    issued: Harness,
) -> None:
    number = issued.request().tracking_number
    files = {"paper.pdf": document_of(issued)}
    asked = {"author": CLERK, "files": files}
    assert ask(issued, f"Fwd: [{number}] Answer", "\n", **asked) == "VERIFICATION_ANSWERED"
    told = f"Fwd: [{number}] Answer", "The date on page 1 is wrong."
    assert ask(issued, *told, **asked) == "CORRESPONDENCE_RECORDED"
    letter = issued.newest(CLERK, "certification")
    assert issued.deliver(compose_reply(letter, "This is wrong.")) == "CORRESPONDENCE_RECORDED"
    with_keyword = compose_reply(letter, f"VERIFY {record_of(issued).control_number}")
    assert issued.deliver(with_keyword) == "VERIFICATION_ANSWERED"


# What it must not stand in the way of.


def test_a_request_form_beside_it_is_filed(issued: Harness) -> None:
    number = record_of(issued).control_number
    files = {"old.pdf": document_of(issued), "form.pdf": fill(case_numbers="26-CR-000777")}
    before = issued.request().id
    assert ask(issued, f"VERIFY {number}", files=files) == "FILED"
    assert issued.request().id > before
    assert not issued.letters(kind="verification")


def test_a_form_that_carries_its_facts_is_filed_all_the_same(harness: Harness) -> None:
    # Whoever knows the name by which ours are known cannot make a form disappear.
    disguised = altered.swap_facts(b"{}")(fill())
    assert ask(harness, files={"form.pdf": disguised}, author=CLERK) == "FILED"


@pytest.mark.parametrize(
    ("headers", "disposition"),
    [
        pytest.param({"Auto-Submitted": "auto-replied"}, "IGNORED", id="an automatic reply"),
        pytest.param({"List-Id": "<bar.example>"}, "IGNORED", id="a mailing list"),
        pytest.param({"Return-Path": "<>"}, "IGNORED", id="no reverse path"),
    ],
)
def test_machines_are_never_answered(
    harness: Harness, headers: dict[str, str], disposition: str
) -> None:
    line = "VERIFY 7K3M-9QXA-52TD-0WZH"
    assert ask(harness, line, headers=headers) == disposition
    assert not harness.letters(kind="verification")


def test_staff_replies_are_commands_and_demands_go_to_people(filed: Harness) -> None:
    line = "VERIFY 7K3M-9QXA-52TD-0WZH"
    assert filed.reply(LINDQVIST, line, to=filed.notice(LINDQVIST)).kind != "verification"
    demand = f"{line}\n\nAttached is a subpoena commanding you to produce the records."
    assert ask(filed, text=demand) == "FOR_A_PERSON"
    assert not filed.letters(kind="verification")


def test_an_address_is_answered_so_often_and_no_more(open_harness: Opener) -> None:
    harness = open_harness(intake={"verifications_per_address": 3, "answers_per_address": 1})
    line = "VERIFY 7K3M-9QXA-52TD-0WZH"
    found = [ask(harness, line) for _ in range(5)]
    assert found == ["VERIFICATION_ANSWERED"] * 3 + ["FOR_A_PERSON"] * 2
    assert ask(harness, line, author=CLERK) == "VERIFICATION_ANSWERED"
    # Questions of another kind have their own bound.
    assert ask(harness, text="Nothing that any rule knows.") == "FOR_A_PERSON"
    assert harness.newest(STRANGER).kind == "no_form"
    harness.clock.advance(hours=25)
    assert ask(harness, line) == "VERIFICATION_ANSWERED"


def test_the_answer_stays_as_it_was_when_the_subject_is_protected(issued: Harness) -> None:
    number = record_of(issued).control_number
    document = document_of(issued)
    asked: tuple[dict[str, Any], ...] = (
        {"subject": f"VERIFY {number}"},
        {"files": {"paper.pdf": document}},
    )
    before = [(ask(issued, **mail), answer_of(issued)) for mail in asked]
    issued.reply(ORTEGA, "PROTECT", to=issued.notice(ORTEGA))
    assert "protected" in issued.request().flags
    after = [(ask(issued, **mail), answer_of(issued)) for mail in asked]

    def bare(answers: list[tuple[str | None, Sent]]) -> list[tuple[str | None, str, str]]:
        return [(d, x.subject, re.sub(r"\s+", " ", x.text)) for d, x in answers]

    assert bare(before) == bare(after)
    assert len({x.id for _, x in (*before, *after)}) == 4
