"""Mail that was set aside: listed, shown, let go, put away, replayed; and who is told of it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from inbox_worker.chores import do_chores
from inbox_worker.desk import mail_shown
from inbox_worker.errors import WorkerError
from inbox_worker.handling import quarantine
from inbox_worker.handling.ingest import HANDLERS
from inbox_worker.handling.replaying import replay
from inbox_worker.intake import Apply, Intake
from inbox_worker.storage.models import Event, JournalEntry, Request
from parsers.classification.classify import MessageKind
from tests.worker_harness import CLERK, DUTY, Harness, Opener, compose, fill

ACTOR = "console:operator"


@pytest.fixture
def harness(open_harness: Opener) -> Harness:
    """Return a worker that sets a mail aside at the first failure."""
    return open_harness(intake={"max_attempts": 1})


@pytest.fixture
def defect(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Give every request's handler a defect; return how to mend it."""
    real = HANDLERS[MessageKind.REQUEST]

    def prepare(_: Intake) -> Apply:
        raise ZeroDivisionError

    monkeypatch.setitem(HANDLERS, MessageKind.REQUEST, prepare)  # type: ignore[arg-type]
    return lambda: monkeypatch.setitem(HANDLERS, MessageKind.REQUEST, real)  # type: ignore[arg-type]


def form_mail(**changes: str) -> bytes:
    return compose(CLERK, "Form attached.", files={"form.pdf": fill(**changes)})


def listed(harness: Harness) -> list[quarantine.Quarantined]:
    with harness.services.database.read() as session:
        return quarantine.list_quarantined(session)


def release(harness: Harness, entry_id: int) -> None:
    quarantine.release(harness.services.database, entry_id, actor=ACTOR, now=harness.clock())


def discard(harness: Harness, entry_id: int, why: str = "a test mail") -> None:
    quarantine.discard(
        harness.services.database, entry_id, actor=ACTOR, why=why, now=harness.clock()
    )


def test_the_quarantine_is_listed_without_a_word_of_its_mails(
    harness: Harness, defect: Callable[[], None]
) -> None:
    raw = form_mail()
    entry_id = harness.record(raw)
    harness.record(compose(CLERK, "How do I ask?"))
    harness.work()
    (mail,) = listed(harness)
    assert (mail.id, mail.size, mail.kind) == (entry_id, len(raw), "other")
    assert (mail.rule, mail.reason) == ("too_many_attempts", "gave_up_ZeroDivisionError")
    assert mail.set_aside_at == harness.clock()


def test_what_is_released_is_worked_on_as_if_it_had_just_come(
    harness: Harness, defect: Callable[[], None]
) -> None:
    entry_id = harness.record(form_mail())
    harness.work()
    release(harness, entry_id)
    entry = harness.entry(entry_id)
    assert (entry.disposition, entry.reason, entry.attempts) == (None, None, 0)
    defect()
    harness.work()
    assert harness.entry(entry_id).disposition == "FILED"
    assert harness.status() == "IN_REVIEW"
    assert listed(harness) == []


def test_what_is_released_and_fails_again_is_set_aside_again(
    open_harness: Opener, defect: Callable[[], None]
) -> None:
    harness = open_harness(intake={"max_attempts": 2})
    entry_id = harness.record(form_mail())
    for _ in range(2):
        harness.work()
    release(harness, entry_id)
    harness.work()
    assert harness.entry(entry_id).disposition is None, "its attempts are counted anew"
    harness.work()
    assert harness.entry(entry_id).disposition == "QUARANTINED"


def test_what_is_discarded_keeps_its_bytes_and_is_worked_on_no_more(
    harness: Harness, defect: Callable[[], None]
) -> None:
    raw = form_mail()
    entry_id = harness.record(raw)
    harness.work()
    discard(harness, entry_id)
    defect()
    harness.work()
    assert harness.entry(entry_id).disposition == "DISCARDED"
    assert mail_shown.read_bytes(harness.services, entry_id) == raw
    assert (listed(harness), harness.rows(Request)) == ([], [])


def test_who_did_it_and_why_is_written_down(harness: Harness, defect: Callable[[], None]) -> None:
    first, second = harness.record(form_mail()), harness.record(form_mail(case_numbers="26-CR-9"))
    harness.work()
    release(harness, first)
    discard(harness, second, why="x" * 500)
    events = {e.code: e for e in harness.rows(Event)}
    gone = events["quarantine_released"]
    assert (gone.journal_id, gone.actor) == (first, ACTOR)
    assert gone.detail["reason"] == "gave_up_ZeroDivisionError"
    away = events["quarantine_discarded"]
    assert (away.journal_id, away.actor, away.detail["why"]) == (second, ACTOR, "x" * 200)


@pytest.mark.parametrize("do", [release, discard])
@pytest.mark.parametrize(
    ("entry_id", "words"),
    [
        pytest.param(1, "is not in quarantine: it became FORM_WANTED", id="disposed of otherwise"),
        pytest.param(2, "is not in quarantine: it waits", id="not worked on yet"),
        pytest.param(99, "There is no mail 99", id="no such mail"),
        pytest.param(0, "There is no mail 0", id="no number of any"),
        pytest.param(10**30, "There is no mail 1000", id="more than a column holds"),
    ],
)
def test_only_what_lies_there_is_taken_out(
    harness: Harness, do: Callable[[Harness, int], None], entry_id: int, words: str
) -> None:
    harness.deliver(compose(CLERK, "How do I ask?"))
    harness.record(compose(CLERK, "How do I ask again?"))
    with pytest.raises(WorkerError, match=words):
        do(harness, entry_id)
    assert [e.disposition for e in harness.rows(JournalEntry)] == ["FORM_WANTED", None]


def test_a_mail_is_shown_as_harmless_text(harness: Harness) -> None:
    hostile = compose(
        CLERK,
        "Hello.",
        headers={"X-Steer": "\x1b[2J\x07 caf\u00e9"},
        files={"form.pdf": fill(), "../../run.exe": b"MZ"},
    )
    entry_id = harness.record(hostile)
    found = mail_shown.show_mail(harness.services, entry_id)
    shown = {h["name"]: h["value"] for h in found["headers"]}
    assert shown["From"] == CLERK
    assert all(c.isascii() and c.isprintable() for v in shown.values() for c in v)
    parts = [(p["type"], p["name"]) for p in found["parts"]]
    assert parts[0] == ("text/plain", None)
    assert ("application/pdf", "form.pdf") in parts
    assert all("/" not in (name or "") for _, name in parts)


def test_a_mail_that_defeats_the_reader_is_shown_without_its_parts(
    harness: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(type(harness.services.reader), "_read_mail", lambda *_: None)
    found = mail_shown.show_mail(harness.services, harness.record(form_mail()))
    assert found["parts"] is None
    assert found["headers"]


# Replaying.


def test_replaying_what_lies_in_quarantine_works_on_it_now(
    harness: Harness, defect: Callable[[], None]
) -> None:
    entry_id = harness.record(form_mail())
    harness.work()
    defect()
    found = replay(harness.services, entry_id, actor=ACTOR)
    assert found.was_worked_on
    assert (found.before.disposition, found.after.disposition) == ("QUARANTINED", "FILED")
    assert len(harness.rows(Request)) == 1


def test_replaying_what_fails_still_says_so(
    open_harness: Opener, defect: Callable[[], None]
) -> None:
    harness = open_harness(intake={"max_attempts": 2})
    entry_id = harness.record(form_mail())
    for _ in range(2):
        harness.work()
    found = replay(harness.services, entry_id, actor=ACTOR)
    assert (found.was_worked_on, found.after.disposition, found.attempts) == (True, None, 1)


def test_replaying_what_waits_works_on_it_now(harness: Harness) -> None:
    found = replay(harness.services, harness.record(form_mail()), actor=ACTOR)
    assert (found.before.disposition, found.after.disposition) == (None, "FILED")


def test_replaying_what_was_done_does_nothing_twice(filed: Harness) -> None:
    entry_id = filed.rows(JournalEntry)[0].id
    letters, events = len(filed.letters()), len(filed.events())
    for _ in range(2):
        found = replay(filed.services, entry_id, actor=ACTOR)
        assert not found.was_worked_on
        assert found.before.disposition == "FILED"
        assert (found.after.kind, found.after.rule) == (found.before.kind, found.before.rule)
        assert found.documents == ("acroform cjs-request/1",)
    filed.work()
    assert (len(filed.letters()), len(filed.events())) == (letters, events)
    assert len(filed.rows(Request)) == 1


def test_replaying_at_the_same_moment_as_the_worker_files_once(
    harness: Harness, defect: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    entry_id = harness.record(form_mail())
    harness.work()
    defect()
    real = HANDLERS[MessageKind.REQUEST]

    def worker_first(intake: Intake) -> Apply:
        apply = real(intake)
        defect()
        harness.work()
        return apply

    monkeypatch.setitem(HANDLERS, MessageKind.REQUEST, worker_first)  # type: ignore[arg-type]
    found = replay(harness.services, entry_id, actor=ACTOR)
    assert found.after.disposition == "FILED"
    assert (len(harness.rows(Request)), harness.entry(entry_id).attempts) == (1, 0)
    assert len(harness.letters(to=CLERK)) == 1


# Who is told.


def test_staff_hear_of_the_first_mail_at_once_and_of_no_other_that_day(
    harness: Harness, defect: Callable[[], None]
) -> None:
    for number in range(4):
        harness.record(form_mail(case_numbers=f"26-CR-{number}"))
    harness.work()
    (told,) = harness.letters(to=DUTY)
    assert "set aside with its bytes kept" in told.text
    assert "ero-outreach quarantine list" in told.text
    assert CLERK not in told.text
    assert quarantine.write_digest(harness.services) == 0


@pytest.mark.parametrize(
    ("hour", "told"),
    [
        pytest.param(3, 0, id="not at night"),
        pytest.param(6, 0, id="before seven"),
        pytest.param(7, 1, id="at seven"),
        pytest.param(23, 1, id="late, where the worker stood still"),
    ],
)
def test_each_morning_they_hear_how_much_lies_there(
    harness: Harness, defect: Callable[[], None], hour: int, told: int
) -> None:
    for number in range(3):
        harness.record(form_mail(case_numbers=f"26-CR-{number}"))
    harness.work()
    # The next day, Eastern daylight time being four hours behind.
    harness.clock.now = datetime(2026, 5, 5, 4, tzinfo=UTC) + timedelta(hours=hour)
    for _ in range(3):
        do_chores(harness.services, [quarantine.DIGEST], should_stop=lambda: False)
        harness.clock.advance(minutes=16)
    digests = [x for x in harness.letters(to=DUTY) if "quarantine_waits" in x.text]
    assert len(digests) == told
    for digest in digests:
        assert "mails in quarantine 3" in digest.text.replace(":", "")
        assert "2026-05-04" in digest.text


def test_an_empty_quarantine_is_no_news(harness: Harness) -> None:
    harness.deliver(compose(CLERK, "How do I ask?"))
    assert quarantine.write_digest(harness.services) == 0
