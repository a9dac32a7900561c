"""From a recorded mail to its disposition: whose fault it is, and that no mail stops the next."""

from __future__ import annotations

import errno
from collections.abc import Callable
from concurrent.futures import Future

import pytest
from sqlalchemy import delete, text, update
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from inbox_worker.errors import LeaseLostError, LostClaimError
from inbox_worker.handling import ingest, miscellany, reading_ahead
from inbox_worker.handling.ingest import FOLDER_ROLES, HANDLERS
from inbox_worker.intake import Apply, Intake
from inbox_worker.reading.pool import ReadingPool
from inbox_worker.reading.reader import DocumentReader, ReaderUnavailableError
from inbox_worker.status import Disposition
from inbox_worker.storage import claims
from inbox_worker.storage.models import Decision, JournalEntry, RawMail, Request, WorkerRecord
from parsers.classification.classify import MessageKind
from tests.worker_harness import (
    CLERK,
    DUTY,
    ORTEGA,
    Harness,
    Opener,
    compose,
    compose_reply,
    fill,
    sign_on,
)

NO_FORM = "How do I ask?"


def break_handler(
    monkeypatch: pytest.MonkeyPatch, fault: Exception, *, when: Callable[[Intake], bool]
) -> None:
    """Let the handler of mail without a form fail for some mails."""

    def prepare(intake: Intake) -> Apply:
        if when(intake):
            raise fault
        return miscellany.prepare_other(intake)

    monkeypatch.setitem(HANDLERS, MessageKind.FORM_WANTED, prepare)  # type: ignore[arg-type]


def is_bad(intake: Intake) -> bool:
    return intake.message.subject == "bad"


def statuses(harness: Harness) -> list[tuple[str | None, int]]:
    return [(e.disposition, e.attempts) for e in harness.rows(JournalEntry)]


def defeat_reading_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the reader give every whole mail back, as it does when one takes its child's life."""

    def give_back(*_: object, **__: object) -> Future[None]:
        future: Future[None] = Future()
        future.set_result(None)
        return future

    monkeypatch.setattr(DocumentReader, "submit_mail", give_back)


def test_a_mail_that_defeats_the_reader_whole_is_read_piece_by_piece(
    harness: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    defeat_reading_whole(monkeypatch)
    files = {"broken.pdf": b"%PDF-1.7 cut", "form.pdf": fill()}
    assert harness.deliver(compose(CLERK, "Form attached.", files=files)) == "FILED"
    assert harness.status() == "IN_REVIEW"
    assert harness.deliver(compose(CLERK, NO_FORM)) == "FORM_WANTED"


def test_requests_that_lie_together_are_all_filed(harness: Harness) -> None:
    for number in range(1, 21):
        harness.record(
            compose(
                CLERK, f"Form {number}.", files={"form.pdf": fill(case_numbers=f"26-CR-{number}")}
            )
        )
    harness.work()
    assert {e.disposition for e in harness.rows(JournalEntry)} == {"FILED"}
    numbers = [r.tracking_number for r in harness.rows(Request)]
    assert len(set(numbers)) == 20


def test_a_request_that_fails_among_others_fails_alone(
    harness: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepare = HANDLERS[MessageKind.REQUEST]

    def sometimes(intake: Intake) -> Apply:
        if is_bad(intake):
            raise RuntimeError
        return prepare(intake)

    monkeypatch.setitem(HANDLERS, MessageKind.REQUEST, sometimes)  # type: ignore[arg-type]
    for subject in ("good", "bad", "good"):
        mail = compose(CLERK, f"A {subject} one.", subject=subject, files={"form.pdf": fill()})
        harness.record(mail)
    harness.work()
    assert statuses(harness) == [("FILED", 0), (None, 1), ("FILED", 0)], "one attempt, not two"
    assert len(harness.rows(Request)) == 2


def test_every_kind_of_mail_has_a_handler() -> None:
    assert set(MessageKind) == set(HANDLERS)


def test_every_disposition_has_a_folder() -> None:
    assert set(FOLDER_ROLES) == set(Disposition)


def test_our_own_defect_is_counted_and_the_mail_set_aside_at_the_limit(
    harness: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    break_handler(monkeypatch, ZeroDivisionError("defect"), when=is_bad)
    raw = compose(CLERK, NO_FORM, subject="bad")
    harness.record(raw)
    harness.record(compose("other@courts.example", NO_FORM, subject="good"))
    report = harness.work()
    assert (report.disposed, report.failed) == (1, 1)
    assert statuses(harness) == [(None, 1), ("FORM_WANTED", 0)], "the next mail is not held up"
    for attempts in (2, 3, 4):
        harness.work()
        assert statuses(harness)[0] == (None, attempts)
    report = harness.work()
    assert (report.disposed, report.failed) == (1, 0)
    entry = harness.rows(JournalEntry)[0]
    assert (entry.disposition, entry.reason) == ("QUARANTINED", "gave_up_ZeroDivisionError")
    with harness.services.database.read() as session:
        kept = session.get_one(RawMail, entry.id)
        assert kept.raw == raw
    assert harness.work().disposed == 0


def test_those_who_are_told_of_alarms_hear_of_it_once_and_nobody_else(
    open_harness: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    harness = open_harness(
        intake={"max_attempts": 1}, alerts={"urgent": [DUTY], "alarms": ["it@agency.example"]}
    )
    break_handler(monkeypatch, ZeroDivisionError("Whitlock"), when=is_bad)
    harness.deliver(compose(CLERK, NO_FORM, subject="bad"))
    harness.work()
    (alarm,) = harness.letters()
    assert (alarm.recipient, alarm.kind) == ("it@agency.example", "staff_alert")
    assert "gave_up_ZeroDivisionError" in alarm.text
    assert "Whitlock" not in alarm.text


@pytest.mark.parametrize("step", ["parse_message", "classify"])
def test_a_mail_that_our_parser_stumbles_over_does_not_stop_the_others(
    open_harness: Opener, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    harness = open_harness(intake={"max_attempts": 2})
    real = getattr(reading_ahead, step)

    def stumble(mail: object, *arguments: object) -> object:
        text = mail if isinstance(mail, bytes) else mail.subject.encode()  # type: ignore[attr-defined]
        if text == b"bad" or b"Subject: bad" in text:
            raise RecursionError
        return real(mail, *arguments)

    monkeypatch.setattr(reading_ahead, step, stumble)
    # The same mistake brings down the process in which mails are read as a whole.
    monkeypatch.setattr(DocumentReader, "_read_mail", lambda *_: None)
    harness.record(compose(CLERK, NO_FORM, subject="bad"))
    harness.record(compose(CLERK, NO_FORM, subject="good"))
    harness.work()
    assert statuses(harness) == [(None, 1), ("FORM_WANTED", 0)]
    harness.work()
    assert statuses(harness)[0] == ("QUARANTINED", 2)
    assert harness.rows(JournalEntry)[0].reason == "gave_up_RecursionError"


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(OperationalError("SELECT 1", {}, Exception("disk I/O error")), id="database"),
        pytest.param(OSError(errno.ENOSPC, "no space left on device"), id="disk"),
        pytest.param(MemoryError(), id="memory"),
        pytest.param(ReaderUnavailableError("no child process"), id="no reader of documents"),
    ],
)
def test_a_fault_of_the_system_goes_up_and_changes_nothing(
    harness: Harness, monkeypatch: pytest.MonkeyPatch, fault: Exception
) -> None:
    break_handler(monkeypatch, fault, when=lambda _: True)
    harness.record(compose(CLERK, NO_FORM))
    for _ in range(7):
        with pytest.raises(type(fault)):
            harness.work()
    assert statuses(harness) == [(None, 0)]
    assert harness.letters() == []
    monkeypatch.undo()
    harness.work()
    assert statuses(harness) == [("FORM_WANTED", 0)]


def test_a_reader_that_does_not_start_leaves_the_form_for_later(
    harness: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_args: object, **_options: object) -> object:
        raise ReaderUnavailableError("no child process would start")

    monkeypatch.setattr(ReadingPool, "attempt", refuse)
    harness.record(compose(CLERK, "Form.", files={"form.pdf": fill()}))
    with pytest.raises(ReaderUnavailableError):
        harness.work()
    assert statuses(harness) == [(None, 0)]
    monkeypatch.undo()
    harness.work()
    assert harness.status() == "IN_REVIEW"


def test_what_fails_while_it_is_written_leaves_no_trace(
    harness: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_args: object, **_options: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("inbox_worker.handling.filing.route", fail)
    harness.record(compose(CLERK, "Form.", files={"form.pdf": fill()}))
    harness.work()
    assert statuses(harness) == [(None, 1)]
    with harness.services.database.read() as session:
        for table in ("requests", "field_values", "events", "attachments", "tracking_sequences"):
            assert session.execute(text(f"SELECT count(*) FROM {table}")).scalar() == 0


class Competitor:
    """Another writer that is first, as often as it is told."""

    def __init__(self, harness: Harness, statement: str, *, times: int) -> None:
        self.harness, self.statement, self.times = harness, statement, times
        self.apply = ingest._apply

    def __call__(self, intake: Intake, apply: Apply) -> None:
        if self.times > 0 and intake.message.authors:
            self.times -= 1
            with self.harness.services.database.unit_of_work() as unit:
                unit.session.execute(text(self.statement))
                unit.commit()
        self.apply(intake, apply)


def test_whoever_loses_a_race_looks_again_and_answers_what_is_so_now(
    filed: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    statement = "UPDATE requests SET status = 'ON_HOLD'"
    monkeypatch.setattr(ingest, "_apply", Competitor(filed, statement, times=1))
    answer = filed.reply(ORTEGA, "DENY no consent on file")
    assert "The request is on hold." in answer.text
    assert (filed.status(), filed.rows(Decision)) == ("ON_HOLD", [])


@pytest.mark.parametrize(
    ("times", "disposition"),
    [
        pytest.param(2, "DECISION_APPLIED", id="twice: the third time it is decided"),
        pytest.param(3, None, id="three times: left for the next round"),
    ],
)
def test_a_race_is_run_three_times(
    filed: Harness, monkeypatch: pytest.MonkeyPatch, times: int, disposition: str | None
) -> None:
    statement = "UPDATE requests SET revision = revision + 1"
    monkeypatch.setattr(ingest, "_apply", Competitor(filed, statement, times=times))
    raw = compose_reply(filed.notice(ORTEGA), "DENY no consent on file")
    assert filed.deliver(raw) == disposition
    assert len(filed.rows(Decision)) == (disposition is not None)
    filed.work()
    assert filed.status() == "DENIED"


def test_a_mail_that_another_worker_disposed_of_is_left_alone(
    filed: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    statement = "UPDATE journal SET disposition = 'FOR_A_PERSON' WHERE disposition IS NULL"
    monkeypatch.setattr(ingest, "_apply", Competitor(filed, statement, times=1))
    raw = compose_reply(filed.notice(ORTEGA), "DENY no consent on file")
    assert filed.deliver(raw) == "FOR_A_PERSON"
    assert (filed.status(), filed.rows(Decision)) == ("IN_REVIEW", [])
    assert filed.rows(JournalEntry)[-1].attempts == 0


def test_requests_that_lie_together_share_a_commit_and_no_fault(
    harness: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = HANDLERS[MessageKind.REQUEST]

    def prepare(intake: Intake) -> Apply:
        if is_bad(intake):
            return fail
        return real(intake)

    def fail(session: Session) -> Disposition:
        session.execute(text("DELETE FROM requests"))
        raise ZeroDivisionError

    monkeypatch.setitem(HANDLERS, MessageKind.REQUEST, prepare)  # type: ignore[arg-type]
    for n, subject in enumerate(("good", "good", "bad", "good")):
        form = fill(case_numbers=f"26-CR-00012{n}")
        harness.record(compose(CLERK, "Form.", subject=subject, files={"form.pdf": form}))
    report = harness.work()
    assert (report.disposed, report.failed) == (3, 1)
    assert statuses(harness) == [("FILED", 0), ("FILED", 0), (None, 1), ("FILED", 0)]
    numbers = [r.tracking_number[-8:-2] for r in harness.rows(Request)]
    assert numbers == ["000001", "000002", "000003"]


def test_mails_are_worked_on_in_the_order_in_which_they_came(harness: Harness) -> None:
    harness.record(compose(CLERK, "Form.", files={"form.pdf": fill()}))
    harness.record(compose(CLERK, NO_FORM))
    harness.record(compose(CLERK, "Form.", files={"form.pdf": fill(case_numbers="26-CR-77")}))
    assert harness.work().disposed == 3
    assert [x.kind for x in harness.letters(to=CLERK)] == [
        "acknowledgement",
        "request_form",
        "acknowledgement",
    ]


def test_work_stops_at_a_message_boundary(harness: Harness) -> None:
    for _ in range(3):
        harness.record(compose(CLERK, NO_FORM))
    report = ingest.dispose_pending(
        harness.services,
        harness.worker_id,
        should_stop=lambda: any(e.disposition for e in harness.rows(JournalEntry)),
    )
    assert report.disposed == 1
    assert [d for d, _ in statuses(harness)] == ["FORM_WANTED", None, None]


def test_an_empty_mail_is_set_aside_at_once(harness: Harness) -> None:
    assert harness.deliver(b"\r\n\r\n") == "QUARANTINED"
    entry = harness.rows(JournalEntry)[0]
    assert (entry.reason, entry.attempts) == ("empty_message", 0)


def test_disposing_twice_is_refused_by_the_journal_itself(harness: Harness) -> None:
    entry_id = harness.record(compose(CLERK, NO_FORM))
    harness.work()

    def apply(_: Session) -> Disposition:
        return Disposition.IGNORED

    intake = Intake.unreadable(
        harness.services, harness.entry(entry_id), now=harness.clock(), code="x"
    )
    with pytest.raises(LostClaimError):
        ingest._apply(intake, apply)
    assert harness.entry(entry_id).disposition == "FORM_WANTED"


# Several workers.


def hand_to(harness: Harness, worker_id: str | None, *entry_ids: int) -> None:
    """Let these mails be another worker's, or nobody's."""
    with harness.services.database.unit_of_work() as unit:
        unit.session.execute(
            update(JournalEntry).where(JournalEntry.id.in_(entry_ids)).values(claimed_by=worker_id)
        )
        unit.commit()


@pytest.mark.on_both
def test_what_another_worker_has_is_left_to_it(harness: Harness) -> None:
    first, _second = (harness.record(compose(CLERK, NO_FORM)) for _ in range(2))
    form = harness.record(compose(CLERK, "Form.", files={"form.pdf": fill()}))
    other = sign_on(harness.services.database)
    hand_to(harness, other, first)
    # What may answer an earlier mail waits for it; a form stands for itself.
    report = harness.work()
    assert (report.disposed, report.left) == (1, 1)
    assert [d for d, _ in statuses(harness)] == [None, None, "FILED"]
    hand_to(harness, None, first)
    assert harness.work().disposed == 2
    assert harness.entry(form).claimed_by is None


@pytest.mark.on_both
def test_a_mail_that_was_put_off_keeps_no_other_worker_waiting(harness: Harness) -> None:
    first, second = (harness.record(compose(CLERK, NO_FORM)) for _ in range(2))
    hand_to(harness, sign_on(harness.services.database), first)
    with harness.services.database.unit_of_work() as unit:
        entry = unit.session.get_one(JournalEntry, first)
        claims.put_off(unit.session, entry, now=harness.clock(), is_kept=True)
        unit.commit()
    assert harness.work().disposed == 1
    assert harness.entry(second).disposition == "FORM_WANTED"


@pytest.mark.on_both
@pytest.mark.parametrize("count", [1, 3])
def test_a_worker_that_was_taken_for_gone_writes_nothing(
    harness: Harness, monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    """Its mails were claimed by another between reading and writing; none counts as failed."""
    prepare = HANDLERS[MessageKind.REQUEST]

    def lose(intake: Intake) -> Apply:
        with harness.services.database.unit_of_work() as unit:
            unit.session.execute(delete(WorkerRecord))
            unit.commit()
        return prepare(intake)

    monkeypatch.setitem(HANDLERS, MessageKind.REQUEST, lose)  # type: ignore[arg-type]
    for number in range(count):
        form = fill(case_numbers=f"26-CR-{number}")
        harness.record(compose(CLERK, "Form.", files={"form.pdf": form}))
    report = harness.work()
    assert (report.disposed, report.failed, report.left) == (0, 0, count)
    assert statuses(harness) == [(None, 0)] * count
    assert harness.rows(Request) == []
    assert harness.letters() == []
    with pytest.raises(LeaseLostError):
        harness.work()
    monkeypatch.undo()
    del harness.worker_id
    assert harness.work().disposed == count
