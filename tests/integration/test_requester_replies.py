"""Requesters who write again: a corrected form, the answer to a question, anything else."""

from __future__ import annotations

from collections import Counter
from io import BytesIO
from typing import Any

import pikepdf
import pytest

from inbox_worker.letters.staff_alerts import WROTE_PER_DAY
from inbox_worker.storage.models import Event, FieldRecord, JournalEntry, Problem, Request
from tests.worker_harness import (
    APPROVE,
    CLERK,
    LINDQVIST,
    ORTEGA,
    STAFF,
    Harness,
    compose,
    compose_reply,
    fill,
    findings,
)

pytestmark = pytest.mark.on_both


def send_form(harness: Harness, **form: Any) -> str | None:
    """Answer the newest letter to the clerk with a form, as the requester."""
    mail = {n: form.pop(n) for n in ("author", "auth", "in_reply_to", "to", "subject") if n in form}
    letter = harness.newest(CLERK)
    files = {"form.pdf": fill(**form)}
    return harness.deliver(compose_reply(letter, "Here it is again.", files=files, **mail))


def answer(harness: Harness, text: str, **mail: Any) -> str | None:
    """Answer the newest letter to the clerk, as the requester."""
    return harness.deliver(compose_reply(harness.newest(CLERK), text, **mail))


def ask(harness: Harness, question: str = "birth date") -> None:
    harness.reply(LINDQVIST, f"NEED INFO {question}", to=harness.notice(LINDQVIST))
    assert harness.status() == "NEEDS_INFORMATION"


def history(harness: Harness, name: str) -> list[tuple[object, bool]]:
    rows = [r for r in harness.rows(FieldRecord) if r.field == name]
    return [(r.value, r.superseded_at is None) for r in rows]


def paper() -> bytes:
    """Return a PDF that is no form."""
    out = BytesIO()
    with pikepdf.new() as pdf:
        pdf.add_blank_page()
        pdf.save(out)
    return out.getvalue()


# A corrected form.


def test_a_corrected_form_joins_its_request(harness: Harness) -> None:
    harness.file(case_numbers=None, requester_title="Deputy Clerk")
    assert send_form(harness) == "FORM_RECEIVED"
    (request,) = harness.rows(Request)
    assert (request.status, request.revision, request.perfected_at) == (
        "IN_REVIEW",
        2,
        harness.clock(),
    )
    assert history(harness, "requester_title") == [
        ("Deputy Clerk", False),
        ("Deputy Clerk of Court", True),
    ]
    assert history(harness, "court_state") == [("GA", True)], "what is the same is not written anew"
    event = next(e for e in harness.rows(Event) if e.code == "form_resubmitted")
    assert event.detail["fields"] == ["case_numbers", "requester_title"]
    assert harness.newest(CLERK).kind == "acknowledgement"


def test_reviewers_get_the_newest_form(harness: Harness) -> None:
    harness.file(case_numbers=None)
    send_form(harness)
    assert list(harness.notice(ORTEGA).files.values()) == [fill()]
    assert "Here it is again." in harness.notice(ORTEGA).text


def test_a_form_that_still_lacks_something_is_asked_for_again(harness: Harness) -> None:
    harness.file(case_numbers=None, subject_birth_date=None)
    assert send_form(harness, case_numbers=None) == "FORM_RECEIVED"
    assert harness.status() == "INCOMPLETE"
    words = harness.newest(CLERK, "deficiency").text
    assert "Case or docket no." in words
    assert "Date of birth" not in words
    assert len(harness.letters(kind="deficiency")) == 2
    assert send_form(harness) == "FORM_RECEIVED"
    assert harness.status() == "IN_REVIEW"


def test_what_cannot_be_read_in_the_corrected_form_is_not_complete(harness: Harness) -> None:
    harness.file(case_numbers=None)
    send_form(harness, subject_birth_date="31/31/1990")
    assert harness.status() == "INCOMPLETE"
    current = [p for p in harness.rows(Problem) if p.revision == 2]
    assert [p.field for p in current] == ["subject_birth_date"]


def test_what_was_unreadable_and_is_left_blank_is_still_asked_for(harness: Harness) -> None:
    harness.file(subject_birth_date="31/31/1990")
    send_form(harness, subject_birth_date=None)
    assert harness.status() == "INCOMPLETE"
    assert "Date of birth" in harness.newest(CLERK, "deficiency").text


def test_the_doubts_about_the_corrected_form_are_flagged(harness: Harness) -> None:
    harness.file(case_numbers=None)
    send_form(harness, subject_birth_date="04/05/1988")
    assert harness.status() == "IN_REVIEW"
    assert set(harness.request().flags) == {"doubtful", "ambiguous_birth_date"}
    assert harness.reply(ORTEGA, APPROVE).kind == "transcript"


def test_a_social_security_number_in_the_corrected_form_is_flagged(harness: Harness) -> None:
    harness.file(case_numbers=None)
    send_form(harness, purpose="The SSN is 219-09-9999; the court decides on the warrant.")
    assert harness.request().flags == ["ssn"]


def test_a_corrected_form_may_go_to_counsel(harness: Harness) -> None:
    harness.file(case_numbers=None)
    send_form(harness, legal_process_attached=True)
    assert harness.status() == "LEGAL"


def test_a_complete_file_stays_complete_when_the_new_form_is_worse(harness: Harness) -> None:
    harness.file()
    ask(harness)
    assert send_form(harness, obligation_dates="02/30/2026", case_numbers=None) == "FORM_RECEIVED"
    assert (harness.status(), harness.request().flags) == ("IN_REVIEW", ["doubtful"])
    assert harness.fields()["obligation_dates"].value == ("2026-03-10",)
    assert harness.fields()["case_numbers"].value == ("26-CR-000123",)
    current = [p for p in harness.rows(Problem) if p.revision == 2]
    assert [(p.field, p.flag_only) for p in current] == [("obligation_dates", True)]
    harness.reply(ORTEGA, APPROVE, to=harness.notice(ORTEGA))
    assert len(harness.decisions()) == 1


@pytest.mark.parametrize(
    ("changes", "disposition", "statuses"),
    [
        pytest.param({}, "FORM_RECEIVED", ["IN_REVIEW"], id="an answer to our letter"),
        pytest.param(
            {"auth": None}, "FORM_RECEIVED", ["IN_REVIEW"], id="whose token is proof enough"
        ),
        pytest.param(
            {"in_reply_to": None}, "FORM_RECEIVED", ["IN_REVIEW"], id="bound by the plus-tag"
        ),
        pytest.param(
            {"in_reply_to": None, "to": "ero.outreach@agency.example"},
            "FORM_RECEIVED",
            ["IN_REVIEW"],
            id="bound by the tracking number in the subject, proven",
        ),
        pytest.param(
            {"in_reply_to": None, "to": "ero.outreach@agency.example", "auth": None},
            "FILED",
            ["INCOMPLETE", "IN_REVIEW"],
            id="bound by the number alone and not proven: a request of its own",
        ),
        pytest.param(
            {"author": "other@courts.example"},
            "FILED",
            ["INCOMPLETE", "IN_REVIEW"],
            id="from another address: a request of its own",
        ),
        pytest.param(
            {
                "subject_family_name": "Muster",
                "subject_a_number": "A000000103",
                "case_numbers": "25-CR-000789",
            },
            "FILED",
            ["INCOMPLETE", "IN_REVIEW"],
            id="about somebody else: a request of its own",
        ),
        pytest.param(
            {"subject_family_name": "Muster", "case_numbers": "26-cr-000123"},
            "FORM_RECEIVED",
            ["IN_REVIEW"],
            id="one name or number agrees",
        ),
    ],
)
def test_a_form_counts_for_the_request_it_belongs_to(
    harness: Harness, changes: dict[str, Any], disposition: str, statuses: list[str]
) -> None:
    harness.file(subject_birth_date=None)
    assert send_form(harness, **changes) == disposition
    assert [r.status for r in harness.rows(Request)] == statuses


def test_of_several_forms_one_joins_and_the_others_are_filed(harness: Harness) -> None:
    harness.file(subject_birth_date=None)
    other = fill(
        subject_family_name="Muster", subject_a_number="A000000103", case_numbers="25-CR-000789"
    )
    files = {"other.pdf": other, "form.pdf": fill()}
    assert answer(harness, "Two forms.", files=files) == "FORM_RECEIVED"
    requests = harness.rows(Request)
    assert [(r.status, r.revision) for r in requests] == [("IN_REVIEW", 2), ("IN_REVIEW", 1)]
    assert requests[0].tracking_number in harness.letters(to=ORTEGA)[0].subject
    assert list(harness.letters(to=ORTEGA)[0].files.values()) == [fill()]


def test_a_form_for_a_request_in_review_waits_for_a_person(filed: Harness) -> None:
    assert send_form(filed, requester_title="Judge") == "CORRESPONDENCE_RECORDED"
    assert filed.fields()["requester_title"].value == "Deputy Clerk of Court"
    assert filed.events()[-1] == "requester_wrote"


# The answer to a question.


def test_an_answer_reopens_review_with_its_words(harness: Harness) -> None:
    harness.file()
    ask(harness)
    assert answer(harness, "He was born on 23 July 1988.") == "ANSWER_RECORDED"
    assert (harness.status(), harness.request().round) == ("IN_REVIEW", 2)
    assert "He was born on 23 July 1988." in harness.notice(ORTEGA).text
    harness.reply(ORTEGA, APPROVE, to=harness.notice(ORTEGA))
    assert len(harness.decisions()) == 1


def test_an_answer_in_html_shows_its_words_and_nothing_runs(harness: Harness) -> None:
    harness.file()
    ask(harness)
    answer(harness, "<script>alert(1)</script> born in Anytown")
    notice = harness.notice(ORTEGA)
    html = notice.message.get_body(("html",))
    assert html is not None
    assert "<script>" not in html.get_content()


def test_what_comes_with_an_answer_counts(harness: Harness) -> None:
    """Consent that was asked for and sent supports the basis of consent."""
    harness.file()
    ask(harness, "consent")
    answer(harness, "The waiver is attached.", files={"waiver.pdf": paper()})
    assert "waiver.pdf" in harness.notice(ORTEGA).text
    harness.reply(
        LINDQVIST,
        "CORRECT\nconsent_attached: yes",
        to=harness.notice(LINDQVIST),
    )
    shown = harness.reply(ORTEGA, findings(basis="consent"), to=harness.notice(ORTEGA))
    assert shown.kind == "transcript"


def test_an_automatic_reply_is_no_answer(harness: Harness) -> None:
    harness.file()
    ask(harness)
    headers = {"Auto-Submitted": "auto-replied"}
    assert answer(harness, "I am away.", headers=headers) == "IGNORED"
    assert harness.status() == "NEEDS_INFORMATION"


@pytest.mark.parametrize(
    ("mail", "disposition"),
    [
        pytest.param({"author": "other@courts.example"}, "FOR_A_PERSON", id="another address"),
        pytest.param(
            {"in_reply_to": None, "to": "ero.outreach@agency.example"},
            "CORRESPONDENCE_RECORDED",
            id="the number in the subject alone",
        ),
    ],
)
def test_only_the_answer_to_our_letter_reopens_review(
    harness: Harness, mail: dict[str, Any], disposition: str
) -> None:
    harness.file()
    ask(harness)
    assert answer(harness, "Born in July.", **mail) == disposition
    assert harness.status() == "NEEDS_INFORMATION"


def test_a_notice_from_before_the_answer_decides_nothing(harness: Harness) -> None:
    harness.file()
    old = harness.notice(ORTEGA)
    ask(harness)
    answer(harness, "Born in July.")
    reply = harness.reply(ORTEGA, APPROVE, to=old)
    assert "earlier round" in reply.text
    assert harness.decisions() == []


# Anything else.


@pytest.mark.parametrize("status", ["in review", "decided"])
def test_other_words_about_a_request_are_kept_and_change_nothing(
    filed: Harness, status: str
) -> None:
    if status == "decided":
        filed.reply(ORTEGA, "DENY no consent on file")
    before, last = filed.status(), filed.last_letter_id()
    assert answer(filed, "Any news?") == "CORRESPONDENCE_RECORDED"
    assert filed.status() == before
    assert {x.kind for x in filed.letters() if x.id > last} == {"staff_alert"}
    event = filed.rows(Event)[-1]
    assert (event.code, event.request_id) == ("requester_wrote", 1)


def test_reviewers_are_told_of_every_mail_of_a_requester(filed: Harness) -> None:
    last = filed.last_letter_id()
    for text in ("He was moved.", "Please withdraw, the case was dismissed."):
        answer(filed, text)
    told = [x for x in filed.letters() if x.id > last]
    assert Counter(x.recipient for x in told) == dict.fromkeys(STAFF, 2)
    assert all("requester wrote" in x.subject for x in told)
    entries = [e.id for e in filed.rows(JournalEntry)[-2:]]
    of_one = [x.text for x in told if x.recipient == ORTEGA]
    for number, text in zip(entries, of_one, strict=True):
        assert f"journal entry: {number}" in text, "and which mail it is"


def test_of_a_requesters_many_mails_a_day_reviewers_are_told_ten_times(filed: Harness) -> None:
    last = filed.last_letter_id()
    for number in range(WROTE_PER_DAY + 2):
        assert answer(filed, f"Mail {number}.") == "CORRESPONDENCE_RECORDED"
    told = [x for x in filed.letters(to=ORTEGA) if x.id > last]
    assert len(told) == WROTE_PER_DAY
    assert [("no more of today" in x.text) for x in told] == [False] * (WROTE_PER_DAY - 1) + [True]
    assert filed.events().count("requester_wrote") == WROTE_PER_DAY + 2, "each is recorded"
    filed.clock.advance(days=1)
    answer(filed, "One more.")
    assert len([x for x in filed.letters(to=ORTEGA) if x.id > last]) == WROTE_PER_DAY + 1


@pytest.mark.parametrize("wording", ["{number}", "Re: news? {lower}", "FW: {bare}"])
def test_a_number_in_the_subject_names_the_request(filed: Harness, wording: str) -> None:
    number = filed.request().tracking_number
    subject = wording.format(number=number, lower=number.lower(), bare=number.replace("-", ""))
    assert filed.deliver(compose(CLERK, "News?", subject=subject)) == "CORRESPONDENCE_RECORDED"


def test_a_stranger_who_knows_a_number_learns_nothing(filed: Harness) -> None:
    number = filed.request().tracking_number
    raw = compose("stranger@elsewhere.example", "News?", subject=number)
    assert filed.deliver(raw) == "FOR_A_PERSON"
    words = filed.newest("stranger@elsewhere.example")
    assert words.kind == "nothing_to_tell"
    assert number not in words.text + words.subject


@pytest.mark.parametrize(
    ("subject", "text", "kind"),
    [
        pytest.param("[CJS-2026-000001-3] news?", "Any?", "nothing_to_tell", id="its digit is off"),
        pytest.param("news?", "Any of CJS-2026-000001-3?", "nothing_to_tell", id="in the text"),
        pytest.param("news?", "Any news?", "no_form", id="no number at all"),
    ],
)
def test_a_miswritten_tracking_number_is_said_and_never_guessed(
    filed: Harness, subject: str, text: str, kind: str
) -> None:
    assert filed.deliver(compose(CLERK, text, subject=subject)) == "FOR_A_PERSON"
    letter = filed.newest(CLERK)
    assert letter.kind == kind
    assert ("cannot be right" in letter.text) == (kind == "nothing_to_tell")


def test_a_number_in_the_text_names_the_request(filed: Harness) -> None:
    text = f"About {filed.request().tracking_number}: he was moved."
    assert filed.deliver(compose(CLERK, text, subject="News")) == "CORRESPONDENCE_RECORDED"
    event = filed.rows(Event)[-1]
    assert (event.code, event.request_id) == ("requester_wrote", 1)


def test_a_form_whose_mail_names_a_request_in_its_text_joins_it(harness: Harness) -> None:
    number = harness.file(subject_birth_date=None).tracking_number
    raw = compose(CLERK, f"It corrects {number}.", subject="Form", files={"form.pdf": fill()})
    assert harness.deliver(raw) == "FORM_RECEIVED"
    assert harness.status() == "IN_REVIEW"


def test_a_new_form_beside_the_number_of_another_request_stands_alone(filed: Harness) -> None:
    form = fill(subject_family_name="Muster", subject_a_number="A000000103", case_numbers="25-7")
    text = f"As in {filed.request().tracking_number}."
    raw = compose(CLERK, text, subject="Form", files={"form.pdf": form})
    assert filed.deliver(raw) == "FILED"
    assert len(filed.rows(Request)) == 2


def test_every_request_that_is_named_is_told_of(filed: Harness) -> None:
    filed.file(case_numbers="26-CR-000999")
    first, second = (r.tracking_number for r in filed.rows(Request))
    text = f"Please withdraw {second} and {first}: both cases were dismissed."
    assert filed.deliver(compose(CLERK, text, subject="News")) == "CORRESPONDENCE_RECORDED"
    wrote = [e.request_id for e in filed.rows(Event) if e.code == "requester_wrote"]
    assert wrote == [2, 1]
    subjects = [x.subject for x in filed.letters(to=ORTEGA, kind="staff_alert")]
    assert [number in s for number, s in zip((second, first), subjects, strict=True)] == [True] * 2


def test_the_answer_to_a_question_that_names_another_request_counts_for_both(
    filed: Harness,
) -> None:
    filed.file(case_numbers="26-CR-000999")
    first = filed.rows(Request)[0].tracking_number
    filed.reply(LINDQVIST, "NEED INFO birth date", to=filed.notice(LINDQVIST))
    assert answer(filed, f"As in {first}, it is 23 July 1988.") == "CORRESPONDENCE_RECORDED"
    assert [r.status for r in filed.rows(Request)] == ["IN_REVIEW", "IN_REVIEW"]
    assert filed.rows(Request)[1].round == 2
    assert [e.request_id for e in filed.rows(Event) if e.code == "requester_wrote"] == [1]


def test_an_answer_that_asks_for_the_status_too_is_both(harness: Harness) -> None:
    harness.file()
    ask(harness)
    text = "He was born on 23 July 1988.\n\nStatus update, please."
    assert answer(harness, text) == "ANSWER_RECORDED"
    assert "He was born on 23 July 1988." in harness.notice(ORTEGA).text
    assert "stands: in review" in harness.newest(CLERK, "stage_report").text


def test_a_demand_of_a_requester_gets_the_fixed_answer(filed: Harness) -> None:
    text = f"You are served with a subpoena duces tecum about {filed.request().tracking_number}."
    assert filed.deliver(compose(CLERK, text, subject="Hello")) == "CORRESPONDENCE_RECORDED"
    assert filed.newest(CLERK).kind == "demand_received"
    assert "requester_wrote" in filed.events()
