"""Two people at once: exactly one wins, nothing is half done, and the other is told of it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest

from inbox_worker.handling import ingest
from inbox_worker.review import issuing
from inbox_worker.storage.models import CertificationRecord, Decision
from tests.worker_harness import (
    ALVAREZ,
    APPROVE,
    CHEN,
    CLERK,
    LINDQVIST,
    ORTEGA,
    Harness,
    Opener,
    compose_reply,
    fill,
)

pytestmark = pytest.mark.on_both

Mail = Callable[[Harness], bytes]


def reply(person: str, text: str) -> Mail:
    """Return what makes somebody's answer to their newest notice."""
    return lambda harness: compose_reply(harness.notice(person), text, author=person)


def answer(text: str, *, with_form: bool = False) -> Mail:
    """Return what makes the requester's answer to the newest letter."""
    files = {"form.pdf": fill()} if with_form else {}
    return lambda harness: compose_reply(harness.newest(CLERK), text, files=files)


def is_told(harness: Harness, person: str, words: str) -> bool:
    return any(words in letter.text for letter in harness.letters(to=person))


def in_review(harness: Harness) -> None:
    assert harness.status() == "IN_REVIEW"


def asked(harness: Harness) -> None:
    harness.reply(LINDQVIST, "NEED INFO birth date", to=harness.notice(LINDQVIST))


def approved(harness: Harness) -> None:
    harness.reply(ORTEGA, APPROVE, to=harness.notice(ORTEGA))
    assert harness.status() == "APPROVED"


def deliver_between(
    harness: Harness, monkeypatch: pytest.MonkeyPatch, first: bytes, second: bytes
) -> list[str | None]:
    """Let `second` be worked on when `first` was judged and nothing is written for it yet."""
    write, interrupting = ingest._apply, [second]
    dispositions: list[str | None] = []

    def interrupted(*args: object) -> None:
        if interrupting:
            entry_id = harness.record(interrupting.pop())
            other = ingest.dispose_one(harness.services, entry_id)
            assert other
            dispositions.append(harness.entry(entry_id).disposition)
        write(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(ingest, "_apply", interrupted)
    dispositions.insert(0, harness.deliver(first))
    return dispositions


@pytest.mark.parametrize(
    ("before", "late", "early", "status", "told", "words"),
    [
        pytest.param(
            in_review,
            reply(ORTEGA, APPROVE),
            reply(CHEN, "DENY no match"),
            "DENIED",
            ORTEGA,
            "already decided (denied) by L. Chen",
            id="a denial is faster than an approval",
        ),
        pytest.param(
            in_review,
            reply(ORTEGA, "DENY no match"),
            reply(ALVAREZ, APPROVE),
            "APPROVED",
            ORTEGA,
            "already decided (approved) by D. Alvarez",
            id="an approval is faster than a denial",
        ),
        pytest.param(
            in_review,
            reply(ORTEGA, APPROVE),
            reply(CHEN, "CORRECT\nTitle: Chief Deputy Clerk"),
            "APPROVED",
            ORTEGA,
            "Certification Form",
            id="an approval is judged anew when the file was corrected meanwhile",
        ),
        pytest.param(
            in_review,
            reply(ORTEGA, APPROVE),
            answer("WITHDRAW"),
            "WITHDRAWN",
            ORTEGA,
            "The requester withdrew the request.",
            id="the requester takes it back first",
        ),
        pytest.param(
            in_review,
            answer("WITHDRAW"),
            reply(ORTEGA, APPROVE),
            "APPROVED",
            CLERK,
            "Your withdrawal has arrived",
            id="or too late",
        ),
        pytest.param(
            asked,
            reply(CHEN, "NEED INFO consent"),
            answer("He was born on 23 July 1988."),
            "IN_REVIEW",
            CHEN,
            "NEED INFO is not possible now.",
            id="a question is put when another was just answered",
        ),
        pytest.param(
            asked,
            answer("He was born on 23 July 1988."),
            answer("Here it is again.", with_form=True),
            "IN_REVIEW",
            LINDQVIST,
            "wrote again about this request",
            id="the requester sends words and the form at once",
        ),
        pytest.param(
            approved,
            reply(ORTEGA, "CANCEL"),
            reply(CHEN, "STATUS"),
            "IN_REVIEW",
            ORTEGA,
            "taken back",
            id="a question takes nothing from anybody",
        ),
    ],
)
def test_whoever_writes_first_wins_and_the_other_is_told(
    open_filed: Opener,
    monkeypatch: pytest.MonkeyPatch,
    before: Callable[[Harness], None],
    late: Mail,
    early: Mail,
    status: str,
    told: str,
    words: str,
) -> None:
    harness = open_filed(review={"confirm": False})
    before(harness)
    deliver_between(harness, monkeypatch, late(harness), early(harness))
    assert harness.status() == status
    assert is_told(harness, told, words)
    assert len([d for d in harness.rows(Decision) if d.state == "IN_FORCE"]) <= 1


def test_a_cancellation_that_comes_when_it_has_just_left_changes_nothing(
    open_filed: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    harness = open_filed(review={"confirm": False})
    approved(harness)
    harness.clock.advance(minutes=11)
    write, leaving = ingest._apply, [True]

    def leave_first(*args: object) -> None:
        if leaving.pop() if leaving else False:
            assert harness.issue() == 1
        write(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(ingest, "_apply", leave_first)
    told = harness.reply(ORTEGA, "CANCEL")
    assert harness.status() == "ISSUED"
    assert "The answer was issued." in told.text
    assert len(harness.rows(CertificationRecord)) == 1


def together(*doings: Callable[[], object]) -> None:
    """Do things in threads of their own, from the same moment on."""
    start, failed = threading.Barrier(len(doings)), []

    def run(do: Callable[[], object]) -> None:
        start.wait()
        try:
            do()
        except Exception as error:  # noqa: BLE001 - a failed thread would fail nothing
            failed.append(error)

    threads = [threading.Thread(target=run, args=(do,)) for do in doings]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed


@pytest.mark.parametrize("turn", range(3))
def test_two_workers_with_two_decisions_bring_one_into_force(open_filed: Opener, turn: int) -> None:
    harness = open_filed(review={"confirm": False})
    mails = [reply(ORTEGA, APPROVE)(harness), reply(CHEN, "DENY no match")(harness)]
    entries = [harness.record(mail) for mail in (mails if turn % 2 else mails[::-1])]
    services = harness.services
    together(*(lambda e=entry: ingest.dispose_one(services, e) for entry in entries))  # type: ignore[misc]
    assert sorted(str(harness.entry(e).disposition) for e in entries) == [
        "DECISION_APPLIED",
        "REPLY_RETURNED",
    ]
    (in_force,) = [d for d in harness.rows(Decision) if d.state == "IN_FORCE"]
    assert harness.status() == ("APPROVED" if in_force.keyword == "APPROVE" else "DENIED")
    loser = CHEN if in_force.actor == ORTEGA else ORTEGA
    assert harness.newest(loser).kind == "already_decided"


@pytest.mark.parametrize("turn", range(3))
def test_a_cancellation_and_the_issue_at_once_end_in_one_of_both(
    open_filed: Opener, turn: int
) -> None:
    harness = open_filed(review={"confirm": False})
    approved(harness)
    harness.clock.advance(minutes=11)
    entry = harness.record(reply(ORTEGA, "CANCEL")(harness))
    services = harness.services
    doings = [
        lambda: ingest.dispose_one(services, entry),
        lambda: issuing.issue_due(services, should_stop=lambda: False),
    ]
    together(*(doings if turn % 2 else doings[::-1]))
    issued = len(harness.rows(CertificationRecord))
    assert (harness.status(), issued) in {("ISSUED", 1), ("IN_REVIEW", 0)}
    letters = [x for x in harness.letters(to=CLERK) if x.kind == "certification"]
    assert len(letters) == issued
    assert is_told(harness, ORTEGA, "The answer was issued." if issued else "taken back")


def test_the_undo_window_ends_once(open_filed: Opener) -> None:
    harness = open_filed(review={"confirm": False})
    approved(harness)
    harness.clock.now += timedelta(minutes=11)
    issue = [lambda: issuing.issue_due(harness.services, should_stop=lambda: False)] * 2
    together(*issue)
    assert len(harness.rows(CertificationRecord)) == 1
    assert len([x for x in harness.letters(to=CLERK) if x.kind == "certification"]) == 1
