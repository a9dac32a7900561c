"""Urgent mail: help for its author, and no peace until a person answers for it."""

from __future__ import annotations

import threading
from datetime import UTC, datetime

import pytest
from sqlalchemy import delete, select

from inbox_worker.chores import do_chores
from inbox_worker.desk import views
from inbox_worker.handling import urgency
from inbox_worker.intake import Intake
from inbox_worker.storage import claims, journal
from inbox_worker.storage.models import Event, Request, Urgency, UrgencyAlert, WorkerRecord
from parsers.classification.classify import ClassificationContext, classify
from parsers.mail.parsing import parse_message
from tests.worker_harness import (
    ALVAREZ,
    CHEN,
    CLERK,
    DUTY,
    MAILBOX,
    ORTEGA,
    Harness,
    Opener,
    Sent,
    compose,
    compose_reply,
    fill,
    sign_on,
)

MOTHER = "mother@mail.example"
SECOND = "second@agency.example"
TEXT = "My son is in ICE detention and says he is going to kill himself tonight."
SPANISH = "Un guardia golpeó a mi hermano en el centro de detención. Ayúdenos por favor."


def alert(harness: Harness, person: str = DUTY) -> Sent:
    return harness.newest(person, "urgent_alert")


def tell_again(harness: Harness) -> int:
    return do_chores(harness.services, [urgency.TELLING], should_stop=lambda: False)


def only(harness: Harness) -> Urgency:
    (found,) = harness.rows(Urgency)
    assert isinstance(found, Urgency)
    return found


def test_the_author_is_told_of_help_and_people_are_told_of_the_mail(harness: Harness) -> None:
    assert harness.deliver(compose(MOTHER, TEXT, subject="My son")) == "FOR_A_PERSON"
    assert [x.kind for x in harness.letters()] == ["urgent_help", "urgent_alert"]
    answer, told = harness.newest(MOTHER), alert(harness)
    body = answer.lines[answer.lines.index("") + 1]
    assert body.startswith("If anyone is in danger right now, call 911.")
    assert "1-888-351-4024. Open now, until 8 p.m. Eastern." in answer.text
    assert "1-833-383-1465" not in answer.text
    assert told.subject == "Urgent mail"
    for word in ("kill", "son", MOTHER, "tonight"):
        assert word not in told.text.replace("person", "")
    assert "Journal entry: 1" in told.text
    assert told.due_at < answer.due_at, "an alert leaves ahead of all that waits"


def test_the_choice_is_recorded_with_the_rules_that_decided(harness: Harness) -> None:
    harness.deliver(compose(MOTHER, SPANISH, subject="Ayuda"))
    event = next(e for e in harness.rows(Event) if e.code == "urgent_mail")
    assert event.detail.pop("topic_words")["abuse_in_detention"]
    assert event.detail == {
        "rule": "urgent_words",
        "topics": ["abuse_in_detention"],
        "topic_rules": {"abuse_in_detention": "by_those_who_guard"},
        "language": "es",
    }


def test_abuse_in_detention_names_both_lines_and_when_they_open(harness: Harness) -> None:
    harness.clock.now = datetime(2026, 5, 24, 2, 30, tzinfo=UTC)  # Saturday before Memorial Day.
    harness.deliver(compose(MOTHER, SPANISH))
    answer = harness.newest(MOTHER)
    assert answer.text.index("911") < answer.text.index("1-888-351-4024. Cerrado ahora; abre el")
    assert "abre el martes a las 8 a. m., hora del Este" in answer.text
    assert answer.text.index("1-888-351-4024") < answer.text.index("1-833-383-1465")


def test_a_form_is_filed_beside_the_alert_and_the_help_goes_first(harness: Harness) -> None:
    files = {"form.pdf": fill()}
    assert harness.deliver(compose(CLERK, TEXT, files=files)) == "FILED"
    assert len(harness.rows(Request)) == 1
    kinds = [x.kind for x in harness.letters(to=CLERK)]
    assert kinds == ["urgent_help", "acknowledgement"]
    assert len(harness.letters(to=DUTY, kind="urgent_alert")) == 1


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("APPROVE\nHe told us that he wants to kill himself.", id="staff"),
        pytest.param("He wants to kill himself, please hurry.", id="requester"),
    ],
)
def test_a_reply_is_looked_at_too(filed: Harness, text: str) -> None:
    is_staff = text.startswith("APPROVE")
    letter = filed.notice(ORTEGA) if is_staff else filed.newest(CLERK)
    filed.deliver(compose_reply(letter, text))
    assert len(filed.letters(to=DUTY, kind="urgent_alert")) == 1


def test_a_machine_is_never_answered_and_alarms_nobody(harness: Harness) -> None:
    raw = compose(MOTHER, TEXT, headers={"Auto-Submitted": "auto-replied"})
    assert harness.deliver(raw) == "IGNORED"
    assert harness.letters() == []


def test_what_else_the_mail_is_about_stands_in_the_same_letter(harness: Harness) -> None:
    harness.deliver(compose(MOTHER, f"{TEXT} How do I pay his immigration bond?"))
    (answer,) = harness.letters(to=MOTHER)
    assert answer.text.index("call 911") < answer.text.index("It is not a criminal bond")


def test_nobody_acknowledges_it(open_harness: Opener) -> None:
    harness = open_harness(alerts={"urgent": [DUTY, SECOND]})
    harness.deliver(compose(MOTHER, TEXT))
    assert [x.recipient for x in harness.letters(kind="urgent_alert")] == [DUTY, SECOND]
    told = {0: 0, 14: 0, 15: 1, 29: 1, 30: 2, 45: 3, 60: 4, 75: 4, 119: 4, 120: 5}
    start = harness.clock.now
    for minute, times in told.items():
        harness.clock.now = start.replace(minute=0)
        harness.clock.advance(minutes=minute)
        tell_again(harness)
        assert len(harness.letters(to=DUTY, kind="urgent_alert")) == 1 + times, minute
        # The supervisor hears from the second time on, and nobody else on the staff ever.
        assert len(harness.letters(to=ALVAREZ, kind="urgent_alert")) == times
    assert harness.letters(to=CHEN) == []
    assert alert(harness).subject == "Urgent mail, not acknowledged"


def test_without_a_supervisor_whoever_reviews_is_told(open_harness: Opener) -> None:
    staff = [
        {"name": "L. Chen", "email": CHEN, "roles": ["approver", "certifier"], "title": "Officer"}
    ]
    harness = open_harness(staff=staff)
    harness.deliver(compose(MOTHER, TEXT))
    harness.clock.advance(minutes=15)
    assert tell_again(harness) == 1
    assert alert(harness, CHEN).subject == "Urgent mail, not acknowledged"


@pytest.mark.parametrize(
    ("author", "text"),
    [
        pytest.param(DUTY, "On it.", id="whoever was told"),
        pytest.param(DUTY, "", id="without a word"),
        pytest.param(CHEN, "Duty handed it to me.", id="a member of staff to whom it was passed"),
        pytest.param(DUTY, "I called 911, he says he will kill himself.", id="with what it is"),
    ],
)
def test_a_reply_to_the_alert_acknowledges_it(harness: Harness, author: str, text: str) -> None:
    harness.deliver(compose(MOTHER, TEXT))
    reply = compose_reply(alert(harness), text, author=author)
    assert harness.deliver(reply) == "DECISION_APPLIED"
    assert only(harness).acknowledged_by == author
    assert harness.events()[-1] == "urgent_acknowledged"
    assert "acknowledged" in harness.newest(DUTY).subject
    harness.clock.advance(hours=3)
    assert tell_again(harness) == 0


def test_the_plus_tag_is_enough(harness: Harness) -> None:
    harness.deliver(compose(MOTHER, TEXT))
    assert harness.deliver(compose(DUTY, "Seen.", to=alert(harness).reply_to)) == "DECISION_APPLIED"


def test_the_second_who_acknowledges_is_recorded_and_nothing_is_told_twice(
    harness: Harness,
) -> None:
    harness.deliver(compose(MOTHER, TEXT))
    first = alert(harness)
    harness.deliver(compose_reply(first, "Mine."))
    before = harness.last_letter_id()
    assert harness.deliver(compose_reply(first, "Mine!", author=CHEN)) == "DECISION_APPLIED"
    assert only(harness).acknowledged_by == DUTY
    assert harness.events()[-1] == "urgent_acknowledged_again"
    assert harness.last_letter_id() == before


@pytest.mark.parametrize(
    ("changes", "disposition", "event"),
    [
        pytest.param(
            {"headers": {"Auto-Submitted": "auto-replied"}}, "IGNORED", "mail_ignored", id="machine"
        ),
        pytest.param(
            {"subject": "Out of office: Urgent mail"},
            "FOR_A_PERSON",
            "perhaps_from_a_machine",
            id="away, by its words alone",
        ),
        pytest.param(
            {"author": MOTHER}, "REPLY_REFUSED", "reply_refused_other_author", id="a stranger"
        ),
        pytest.param({"auth": None}, "REPLY_REFUSED", "reply_refused_unproven", id="not proven"),
        pytest.param(
            {
                "to": "ero.outreach@agency.example",
                "in_reply_to": "<urgent.0123456789abcdefghjkmnpqrs@agency.example>",
            },
            "REPLY_REFUSED",
            "reply_refused_unknown_token",
            id="a token that is none",
        ),
    ],
)
def test_what_acknowledges_nothing(
    harness: Harness, changes: dict[str, object], disposition: str, event: str
) -> None:
    harness.deliver(compose(MOTHER, TEXT))
    raw = compose_reply(alert(harness), "I am away.", **changes)  # type: ignore[arg-type]
    assert harness.deliver(raw) == disposition
    assert event in harness.events()
    assert only(harness).acknowledged_at is None
    harness.clock.advance(minutes=15)
    assert tell_again(harness) == 1


def test_an_alert_that_a_program_sends_back_is_no_news(harness: Harness) -> None:
    harness.deliver(compose(MOTHER, TEXT))
    subject = "Automatic reply: Urgent mail"
    assert harness.deliver(compose_reply(alert(harness), TEXT, subject=subject)) == "FOR_A_PERSON"
    only(harness)


def test_what_may_be_a_programs_is_told_and_not_answered(harness: Harness) -> None:
    assert harness.deliver(compose(MOTHER, TEXT, subject="Auto-reply")) == "FOR_A_PERSON"
    only(harness)
    assert harness.letters(to=DUTY)
    assert harness.letters(to=MOTHER) == []


def test_who_cannot_be_proven_hears_that_it_did_not_count(harness: Harness) -> None:
    harness.deliver(compose(MOTHER, TEXT))
    for _ in range(2):
        harness.deliver(compose_reply(alert(harness), "Seen.", auth=None))
    unproven = [x for x in harness.letters(to=DUTY) if "unproven" in x.subject]
    assert len(unproven) == 1


def test_many_mails_of_one_author_do_not_bury_the_people_on_duty(harness: Harness) -> None:
    for number in range(13):
        harness.deliver(compose(MOTHER, f"{TEXT} ({number})"))
    assert len(harness.letters(to=DUTY, kind="urgent_alert")) == 10
    assert harness.events().count("urgent_mail") == 13
    assert len(harness.letters(to=MOTHER)) == 10, "and the author gets ten answers a day"


def test_the_help_leaves_however_many_answers_the_author_had(open_harness: Opener) -> None:
    harness = open_harness(intake={"answers_per_domain": 6, "answers_per_day": 6})
    for number in range(7):
        harness.deliver(compose(MOTHER, f"Please send me the request form. ({number})"))
    assert len(harness.letters(to=MOTHER, kind="request_form")) == 5
    harness.deliver(compose(MOTHER, TEXT))
    assert harness.newest(MOTHER).kind == "urgent_help"


def test_urgent_mail_takes_nothing_from_the_answers_to_other_mail(harness: Harness) -> None:
    for number in range(6):
        harness.deliver(compose(MOTHER, f"{TEXT} ({number})"))
    assert harness.deliver(compose(MOTHER, "Please send me the request form.")) == "FORM_WANTED"


def test_two_programs_do_not_call_for_help_for_ever(harness: Harness) -> None:
    harness.deliver(compose(MOTHER, TEXT))
    turn = 0
    while len(letters := harness.letters(to=MOTHER)) > turn:
        assert turn < 30, "it goes on"
        harness.deliver(compose_reply(letters[turn], f"{TEXT} Ticket {turn}.", to=MAILBOX))
        harness.deliver(compose_reply(alert(harness), f"Seen {turn}."))
        turn += 1
    assert turn == 10


def take_up(harness: Harness, entry_id: int, worker_id: str) -> Intake:
    """Let a worker claim a mail and read it, as it does before pictures are waited for."""
    services = harness.services
    with services.database.unit_of_work() as unit:
        claims.claim_undisposed(
            unit.session, worker_id, after=entry_id - 1, limit=1, with_put_off=True
        )
        unit.commit()
    with services.database.read() as session:
        ((entry, raw),) = journal.read_mails(session, [entry_id])
    message = parse_message(raw)
    context = ClassificationContext(
        own_addresses=services.settings.own_addresses, topics=services.topics
    )
    return Intake(
        services=services,
        entry=entry,
        message=message,
        verdict=classify(message, context),
        now=services.clock(),
    )


def test_a_mail_whose_pictures_take_long_is_told_of_before_they_are_read(harness: Harness) -> None:
    entry_id = harness.record(compose(MOTHER, TEXT))
    urgency.see_to_at_once(take_up(harness, entry_id, harness.worker_id))
    assert only(harness).journal_id == entry_id
    harness.work()
    assert len(harness.rows(Urgency)) == 1
    assert len(harness.letters()) == 2, "and once only"


def remove(harness: Harness, worker_id: str) -> None:
    """Let a worker be taken for dead, as one is that slept past its time."""
    with harness.services.database.unit_of_work() as unit:
        unit.session.execute(delete(WorkerRecord).where(WorkerRecord.id == worker_id))
        unit.commit()


@pytest.mark.on_both
def test_a_worker_that_slept_past_its_time_tells_nobody_a_second_time(harness: Harness) -> None:
    # Of an author with ten open urgencies no more are told, and no row says that help was sent.
    for number in range(10):
        harness.deliver(compose(MOTHER, f"{TEXT} ({number})"))
    sleeper = sign_on(harness.services.database)
    intake = take_up(harness, harness.record(compose(MOTHER, TEXT)), sleeper)
    remove(harness, sleeper)
    harness.work()
    before = (harness.events(), harness.last_letter_id())
    assert before[0].count("urgent_mail") == 11
    urgency.see_to_at_once(intake)
    assert (harness.events(), harness.last_letter_id()) == before


@pytest.mark.on_both
def test_two_workers_that_have_an_urgent_mail_at_once_tell_it_once(harness: Harness) -> None:
    entry_id = harness.record(compose(MOTHER, TEXT))
    sleeper = sign_on(harness.services.database)
    late = take_up(harness, entry_id, sleeper)
    remove(harness, sleeper)
    mine = take_up(harness, entry_id, harness.worker_id)
    ended: list[bool] = []
    thread = threading.Thread(target=lambda: ended.append(urgency.see_to_at_once(late) is None))
    with harness.services.database.unit_of_work() as unit:
        claims.hold_claims(unit.session, [mine.entry])
        urgency.see_to(mine, unit.session)
        thread.start()
        thread.join(0.3)
        assert thread.is_alive(), "it waits to hear whose the mail is"
        unit.commit()
    thread.join(20)
    assert ended == [True]
    assert harness.events().count("urgent_mail") == 1
    assert [x.kind for x in harness.letters()] == ["urgent_help", "urgent_alert"]


def test_status_names_what_nobody_has_acknowledged(harness: Harness) -> None:
    def look() -> list[dict[str, object]]:
        with harness.services.database.read() as session:
            view = views.view_status(session, harness.services.settings, now=harness.clock())
        found: list[dict[str, object]] = view["urgent"]
        assert MOTHER not in str(found)
        return found

    assert look() == []
    harness.deliver(compose(MOTHER, TEXT))
    harness.clock.advance(minutes=15)
    tell_again(harness)
    about = {"since": "2026-05-04T19:00:00+00:00", "topics": ["self_harm", "danger_to_life"]}
    assert look() == [{"mail": 1, "times_told": 2, **about}]
    harness.deliver(compose(MOTHER, SPANISH))
    assert [found["mail"] for found in look()] == [1, 2]
    for one in harness.letters(to=DUTY, kind="urgent_alert"):
        harness.deliver(compose_reply(one, "Seen."))
    assert look() == []


def test_only_digests_of_the_tokens_are_kept(harness: Harness) -> None:
    harness.deliver(compose(MOTHER, TEXT))
    with harness.services.database.read() as session:
        (row,) = session.scalars(select(UrgencyAlert)).all()
    assert row.address == DUTY
    assert row.digest not in alert(harness).message_id


def test_what_the_sites_filter_condemned_is_told_and_not_answered(open_harness: Opener) -> None:
    harness = open_harness(intake={"spam": [{"header": "X-Spam-Flag", "value": "YES"}]})
    raw = compose(MOTHER, TEXT, headers={"X-Spam-Flag": "YES"})
    assert harness.deliver(raw) == "FOR_A_PERSON"
    assert [x.kind for x in harness.letters()] == ["urgent_alert"]
