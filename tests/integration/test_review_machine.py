"""Requests driven through random replies, faults and leaps of the clock: what must hold, holds.

People of every role and outsiders answer whatever letters they have, with every keyword and with
what is none, in any order; mails come twice, the database fails between two statements, days go by.
After each step all that was written is held against the rules, which stand here a second time.
"""

from __future__ import annotations

import errno
import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import event

from inbox_worker.handling.unanswered import see_to_unanswered
from inbox_worker.reading.reader import DocumentReader
from inbox_worker.review.digest import send_digest
from inbox_worker.review.reminders import see_to_open_reviews
from inbox_worker.status import REQUEST_TRANSITIONS, RequestStatus
from inbox_worker.storage.models import (
    CertificationRecord,
    Decision,
    Event,
    JournalEntry,
    LetterRecord,
    Request,
)
from tests.worker_harness import (
    ALVAREZ,
    CHEN,
    CLERK,
    LINDQVIST,
    ORTEGA,
    Harness,
    Opener,
    compose,
    compose_reply,
    copy_template,
    fill,
    findings,
)

PEOPLE = (ORTEGA, CHEN, ALVAREZ, LINDQVIST)
APPROVERS = {ORTEGA, CHEN, ALVAREZ}
CERTIFIERS = {ORTEGA, ALVAREZ}
WEBMAIL = "clerk@gmail.com"

#: Forms, and whether the rules want two people for an approval of them.
FORMS: Mapping[str, tuple[dict[str, Any], bool]] = {
    "ordinary": ({}, False),
    "webmail": ({"requester_email": WEBMAIL}, True),
    "minor": ({"subject_birth_date": "2010-07-23"}, True),
    "incomplete": ({"case_numbers": None}, False),
    "a class that is told nothing": ({"requester_type": "other", "consent_attached": False}, False),
}

#: What staff write, sense and nonsense.
REPLIES = (
    *("CONFIRM", "DENY no match in the records", "CANCEL", "NEED INFO birth date"),
    *("CORRECT\nTitle: Chief Deputy Clerk", "STATUS", "HELP", "HOLD waiting", "RELEASE", "LEGAL"),
    *("ASSIGN l.chen@agency.example", "AWAY until 2026-12-01", "BACK", "NOTE called the court"),
    *("CLOSE asked twice", "DUPLICATE CJS-2026-000001-7", "PROTECT", "UNPROTECT", "SHOW"),
    *("RESEND", "REVOKE wrong person", "PASSWORD"),
    *("not approved", "APPROVE DENY", "approve?", "Looks good to me", "", "APPROVE", "aprobado"),
)


class Review(RuleBasedStateMachine):
    """One worker, some requests, and everybody who may write about them."""

    open_harness: ClassVar[Opener]

    @initialize(approvals=st.sampled_from([1, 2]), confirm=st.booleans())
    def begin(self, approvals: int, confirm: bool) -> None:
        """Start with an empty database and one request."""
        self.harness: Harness = type(self).open_harness(
            review={"approvals": approvals, "confirm": confirm}
        )
        self.approvals = approvals
        self.needs_two: dict[int, bool] = {}
        self.file("ordinary")

    # What people do.

    @rule(form=st.sampled_from(sorted(FORMS)))
    def file(self, form: str) -> None:
        """A clerk mails a form."""
        changes, needs_two = FORMS[form]
        number = f"26-CR-{len(self.needs_two)}"
        given = {"case_numbers": number, **changes}
        self.deliver(compose(CLERK, "Form attached.", files={"form.pdf": fill(**given)}))
        newest = self.harness.rows(Request)[-1].id
        self.needs_two.setdefault(newest, needs_two or self.approvals == 2)

    @rule(
        person=st.sampled_from(PEOPLE),
        text=st.sampled_from(REPLIES),
        back=st.integers(0, 5),
        author=st.sampled_from(["own", "own", "own", "own", "a colleague", "an outsider"]),
        auth=st.sampled_from(["pass", "pass", "pass", "none"]),
    )
    def reply(self, person: str, text: str, back: int, author: str, auth: str) -> None:
        """Somebody answers one of the last letters a person has had."""
        self.answer(person, text, back, author=author, auth=auth)

    @rule(
        person=st.sampled_from(sorted(APPROVERS)),
        back=st.integers(0, 3),
        differs=st.booleans(),
        word=st.sampled_from(["APPROVE", "APPROVE", "REISSUE"]),
    )
    def approve(self, person: str, back: int, differs: bool, word: str) -> None:
        """An approver approves, in the usual words or with another day of removal."""
        local = self.harness.clock().astimezone(self.harness.services.settings.general.zone)
        changes = {"removed": "2026-04-18"} if differs else {}
        text = findings(records_as_of=f"{local:%Y-%m-%d %H:%M}", **changes)
        self.answer(person, text.replace("APPROVE", word, 1), back)

    @rule(person=st.sampled_from(sorted(APPROVERS)))
    def confirm(self, person: str) -> None:
        """An approver confirms what they were last shown."""
        self.answer(person, "CONFIRM", 0)

    def answer(
        self, person: str, text: str, back: int, *, author: str = "own", auth: str = "pass"
    ) -> None:
        letters = [x for x in self.harness.letters(to=person) if x.kind != "digest"]
        if not letters:
            return
        letter = letters[-1 - min(back, len(letters) - 1)]
        others = {"own": person, "a colleague": CHEN if person != CHEN else ORTEGA}
        writer = others.get(author, "r.ortega@agency.example.evil.example")
        changes = {} if auth == "pass" else {"auth": None}
        self.deliver(compose_reply(letter, text, author=writer, **changes))

    @rule(text=st.sampled_from(["WITHDRAW", "STATUS", "He was born in July.", "form"]))
    def requester_writes(self, text: str) -> None:
        """The requester answers the newest letter, in words or with a form."""
        letter = self.harness.newest(CLERK)
        files = {"form.pdf": fill()} if text == "form" else {}
        self.deliver(compose_reply(letter, "" if files else text, files=files))

    @rule(again=st.integers(1, 4))
    def a_mail_comes_twice(self, again: int) -> None:
        """The server hands out the same bytes once more."""
        self.deliver(self.mails[-min(again, len(self.mails))])

    # What happens.

    @rule(minutes=st.sampled_from([1, 11, 90, 60 * 30, 60 * 24 * 6, 60 * 24 * 20]))
    def time_passes(self, minutes: int) -> None:
        """Minutes or days go by, and all that is due is done."""
        self.harness.clock.advance(minutes=minutes)
        self.harness.issue()
        list(see_to_open_reviews(self.harness.services))
        list(see_to_unanswered(self.harness.services))
        send_digest(self.harness.services)

    @precondition(lambda self: not self.fails_at)
    @rule(statement=st.integers(1, 40))
    def the_disk_will_be_full(self, statement: int) -> None:
        """The next mail meets a full disk at some statement; it is worked on again afterwards."""
        self.fails_at = statement

    fails_at: int = 0

    @property
    def mails(self) -> list[bytes]:
        """Return the mails that came so far."""
        return self.__dict__.setdefault("_mails", [])

    def deliver(self, raw: bytes) -> None:
        self.mails.append(raw)
        self.harness.record(raw)
        if self.fails_at:
            with failing(self.harness, self.fails_at):
                self.fails_at = 0
                with suppress(OSError):
                    self.harness.work()
        self.harness.work()

    def teardown(self) -> None:
        """Close the database."""
        self.harness.services.database.close()

    # What must hold.

    @invariant()
    def what_was_written_keeps_the_rules(self) -> None:
        """Hold all rows against every rule."""
        written = Written(
            mails=self.harness.rows(JournalEntry),
            requests=self.harness.rows(Request),
            events=self.harness.rows(Event),
            decisions={d.id: d for d in self.harness.rows(Decision)},
            certifications=self.harness.rows(CertificationRecord),
            letters=self.harness.rows(LetterRecord),
            needs_two=self.needs_two,
        )
        for check in RULES:
            check(written)


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """All that was written so far."""

    mails: Sequence[JournalEntry]
    requests: Sequence[Request]
    events: Sequence[Event]
    decisions: Mapping[int, Decision]
    certifications: Sequence[CertificationRecord]
    letters: Sequence[LetterRecord]
    needs_two: Mapping[int, bool]  #: by request, whether the rules want two people


def every_mail_has_its_outcome(written: Written) -> None:
    assert all(mail.disposition for mail in written.mails), "nothing is left lying"
    assert not [mail for mail in written.mails if mail.disposition == "QUARANTINED"]


def every_change_of_status_is_one_of_the_table(written: Written) -> None:
    for request in written.requests:
        changes = [
            (e.status_from, e.status_to)
            for e in written.events
            if e.request_id == request.id and e.status_from is not None
        ]
        for source, target in changes:
            assert RequestStatus(target) in REQUEST_TRANSITIONS[RequestStatus(source)]
        assert all(one[1] == other[0] for one, other in pairwise(changes)), "no gap in the story"
        assert not changes or changes[-1][1] == request.status


def every_certification_rests_on_what_the_rules_demand(written: Written) -> None:
    assert len({c.decision_id for c in written.certifications}) == len(written.certifications)
    for issued in written.certifications:
        decision = written.decisions[issued.decision_id]
        assert (decision.state, decision.request_id) == ("IN_FORCE", issued.request_id)
        assert decision.actor in APPROVERS
        if decision.keyword == "DENY":
            assert issued.outcomes == ["NO_INFORMATION"]
            continue
        first = written.decisions.get(decision.adopts_id or 0)
        people = {decision.actor} | ({first.actor} if first is not None else set())
        assert people & CERTIFIERS
        assert len(people) == 2 or not written.needs_two[issued.request_id]


def one_decision_at_most_is_in_force(written: Written) -> None:
    rounds = [(d.request_id, d.round) for d in written.decisions.values() if d.state == "IN_FORCE"]
    assert len(rounds) == len(set(rounds))


def no_mail_is_obeyed_twice(written: Written) -> None:
    made = [decision.journal_id for decision in written.decisions.values()]
    assert len(made) == len(set(made))


def every_letter_about_a_request_has_its_event(written: Written) -> None:
    events = {(e.request_id, e.at) for e in written.events}
    for letter in written.letters:
        if letter.request_id is not None:
            assert (letter.request_id, letter.created_at) in events, letter.kind


def answers_go_to_the_requester_alone(written: Written) -> None:
    for letter in written.letters:
        if letter.kind in {"certification", "refusal"}:
            assert letter.recipient in {CLERK, WEBMAIL}


RULES: Sequence[Callable[[Written], None]] = (
    every_mail_has_its_outcome,
    every_change_of_status_is_one_of_the_table,
    every_certification_rests_on_what_the_rules_demand,
    one_decision_at_most_is_in_force,
    no_mail_is_obeyed_twice,
    every_letter_about_a_request_has_its_event,
    answers_go_to_the_requester_alone,
)


@contextmanager
def failing(harness: Harness, statement: int) -> Iterator[None]:
    """Let the database run out of space at that statement from now on, once."""
    left = [statement]

    def stop(*_: object) -> None:
        left[0] -= 1
        if left[0] == 0:
            raise OSError(errno.ENOSPC, "No space left on device")

    engine = harness.services.database.engine
    event.listen(engine, "before_cursor_execute", stop)
    try:
        yield
    finally:
        event.remove(engine, "before_cursor_execute", stop)


@pytest.fixture
def open_harness(document_reader: DocumentReader, empty_database: Path, tmp_path: Path) -> Opener:
    """Return a maker of workers, each over a database of its own."""
    numbers = itertools.count()

    def open_one(**changes: Any) -> Harness:
        folder = tmp_path / str(next(numbers))
        folder.mkdir()
        return Harness.open(copy_template(empty_database, folder), document_reader, changes)

    return open_one


def run(open_harness: Opener, *, examples: int, steps: int) -> None:
    machine = type("OpenedReview", (Review,), {"open_harness": staticmethod(open_harness)})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            derandomize=True,
        ),
    )


def test_requests_are_driven_through_anything(open_harness: Opener) -> None:
    run(open_harness, examples=6, steps=15)


@pytest.mark.long
def test_requests_are_driven_through_anything_for_long(open_harness: Opener) -> None:
    run(open_harness, examples=200, steps=50)
