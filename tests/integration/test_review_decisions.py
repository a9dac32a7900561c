"""APPROVE, CONFIRM, DENY and CANCEL: what decides, what takes two people, what is taken back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from inbox_worker.storage.models import Decision
from tests.worker_harness import (
    ALVAREZ,
    APPROVE,
    CHEN,
    CLERK,
    LINDQVIST,
    NOW,
    ORTEGA,
    SETTINGS,
    Harness,
    Opener,
    compose_reply,
    findings,
)

AT_ONCE = {"confirm": False}
UNPROVEN = {"auth": None}


def approve_twice(harness: Harness, first: str, second: str, *, again: str = "APPROVE") -> None:
    harness.reply(first, APPROVE, to=harness.notice(first))
    assert harness.status() == "SECOND_REVIEW"
    harness.reply(second, again, to=harness.notice(second))


# APPROVE and CONFIRM.


def test_an_approval_is_shown_before_it_counts(filed: Harness) -> None:
    preview = filed.reply(ORTEGA, APPROVE)
    assert filed.status() == "IN_REVIEW"
    assert filed.decisions() == [("APPROVE", ORTEGA, "PROPOSED")]
    assert "reply CONFIRM to issue the attached document" in preview.text
    (name,) = preview.files
    assert name == f"{filed.request().tracking_number}-preview.pdf"


def test_a_confirmed_approval_waits_for_the_undo_window(filed: Harness) -> None:
    filed.reply(ORTEGA, APPROVE)
    filed.clock.advance(minutes=3)
    filed.reply(ORTEGA, "CONFIRM")
    (decision,) = filed.rows(Decision)
    assert (filed.status(), decision.state) == ("APPROVED", "IN_FORCE")
    assert decision.release_at == filed.clock() + timedelta(minutes=10)


def test_without_confirmation_an_approval_counts_at_once(open_filed: Opener) -> None:
    harness = open_filed(review=AT_ONCE)
    answer = harness.reply(ORTEGA, APPROVE)
    assert harness.status() == "APPROVED"
    assert "May 4, 2026, 3:10 p.m. EDT" in answer.text
    assert "CANCEL:" in answer.text


def test_confirming_twice_decides_once(filed: Harness) -> None:
    preview = filed.reply(ORTEGA, APPROVE)
    filed.reply(ORTEGA, "CONFIRM", to=preview)
    assert filed.reply(ORTEGA, "CONFIRM", to=preview).kind == "already_decided"
    assert filed.decisions() == [("APPROVE", ORTEGA, "IN_FORCE")]


def test_a_document_made_before_a_correction_cannot_be_confirmed(filed: Harness) -> None:
    preview = filed.reply(ORTEGA, APPROVE)
    filed.reply(LINDQVIST, "CORRECT\nSurname(s): Ejemplo Muestra", to=filed.notice(LINDQVIST))
    answer = filed.reply(ORTEGA, "CONFIRM", to=preview)
    assert "corrected since that document was made" in answer.text
    assert filed.status() == "IN_REVIEW"


def test_nobody_confirms_what_another_was_shown(filed: Harness) -> None:
    preview = filed.reply(ORTEGA, APPROVE)
    answer = filed.reply(ALVAREZ, "CONFIRM", to=preview)
    assert "was written to R. Ortega" in answer.text
    answer = filed.reply(ALVAREZ, "CONFIRM", to=filed.notice(ALVAREZ))
    assert "shows no document to confirm" in answer.text
    assert filed.status() == "IN_REVIEW"


def test_a_second_proposal_takes_the_place_of_the_first(filed: Harness) -> None:
    first = filed.reply(ORTEGA, APPROVE)
    second = filed.reply(ORTEGA, findings(facility="Other Example Center, Anytown, GA"))
    answer = filed.reply(ORTEGA, "CONFIRM", to=first)
    assert "confirmed or replaced already" in answer.text
    filed.reply(ORTEGA, "CONFIRM", to=second)
    assert [d[2] for d in filed.decisions()] == ["SUPERSEDED", "IN_FORCE"]


def test_two_people_may_be_shown_documents_and_the_first_to_confirm_decides(
    filed: Harness,
) -> None:
    mine = filed.reply(ORTEGA, APPROVE)
    theirs = filed.reply(ALVAREZ, APPROVE)
    filed.reply(ALVAREZ, "CONFIRM", to=theirs)
    answer = filed.reply(ORTEGA, "CONFIRM", to=mine)
    assert (answer.kind, "D. Alvarez" in answer.text) == ("already_decided", True)


def test_a_document_of_an_earlier_round_cannot_be_confirmed_in_a_later_one(
    filed: Harness,
) -> None:
    preview = filed.reply(ORTEGA, APPROVE)
    filed.reply(ALVAREZ, "DENY no consent on file")
    filed.reply(ALVAREZ, "CANCEL")
    late = filed.reply(ORTEGA, "CONFIRM", to=preview)
    assert "earlier round" in late.text
    assert "CONFIRM:" not in late.text
    again = filed.reply(ORTEGA, "CONFIRM", to=late)
    assert "shows no document to confirm" in again.text
    assert filed.status() == "IN_REVIEW"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        pytest.param(
            findings(records_as_of="2026-05-01 14:59"),
            "checked more than 72 hours ago",
            id="records too old",
        ),
        pytest.param(
            findings(records_as_of="2026-05-04 16:00"), "later than", id="records of the future"
        ),
        pytest.param(
            findings(custody="2026-03-02 to 2026-04-15"),
            "removal",
            id="custody that ends before the removal",
        ),
        pytest.param(
            findings(matched_on="name"), "Too little agreed", id="an identity nobody can rely on"
        ),
        pytest.param(
            findings(basis="consent"), "no signed consent is attached", id="consent without paper"
        ),
        pytest.param(findings(basis="court order"), "LEGAL", id="a court order is LEGAL's"),
        pytest.param(findings(facility=""), "Facility", id="a line is missing"),
    ],
)
def test_findings_that_cannot_be_certified_decide_nothing(
    filed: Harness, text: str, reason: str
) -> None:
    answer = filed.reply(ORTEGA, text)
    assert answer.kind == "mistake"
    assert reason in answer.text
    assert "APPROVE" in answer.lines
    assert (filed.status(), filed.decisions()) == ("IN_REVIEW", [])


def test_a_line_that_cannot_be_certified_is_left_blank_to_be_filled_in(filed: Harness) -> None:
    lines = filed.reply(ORTEGA, findings(records_as_of="2026-05-01 14:59")).lines
    echoed = lines.index("> Records as of: 2026-05-01 14:59")
    assert "72 hours" in " ".join(lines[echoed + 1 : echoed + 3])
    assert "Records as of:" in lines[echoed + 1 :]
    assert "Country: Guatemala" in lines[echoed + 1 :]


def test_what_was_fresh_when_shown_may_be_too_old_when_confirmed(filed: Harness) -> None:
    filed.reply(ORTEGA, APPROVE)
    filed.clock.advance(hours=73)
    answer = filed.reply(ORTEGA, "CONFIRM")
    assert (answer.kind, "72 hours" in answer.text) == ("mistake", True)
    assert filed.status() == "IN_REVIEW"


def test_a_class_that_is_told_nothing_is_refused_and_can_only_be_denied(harness: Harness) -> None:
    harness.file(requester_type="other", requester_credential="EX-12345", consent_attached=False)
    answer = harness.reply(ORTEGA, APPROVE)
    assert "told nothing without the individual's signed consent" in answer.text.replace("’", "'")
    harness.reply(ORTEGA, "DENY no consent was given")
    assert harness.status() == "DENIED"


def test_nothing_is_answered_about_a_possible_citizen(filed: Harness) -> None:
    filed.reply(LINDQVIST, "CORRECT\nCountry of birth: United States")
    for text in (APPROVE, "DENY no case"):
        answer = filed.reply(ORTEGA, text, to=filed.notice(ORTEGA))
        assert "answer LEGAL" in answer.text
    assert (filed.status(), filed.decisions()) == ("IN_REVIEW", [])


# Two people.


@pytest.mark.parametrize(
    ("form", "mail", "review", "approver", "text", "reason"),
    [
        pytest.param({}, {}, {}, CHEN, APPROVE, "no certifier", id="the approver is no certifier"),
        pytest.param(
            {}, {}, {"approvals": 2}, ORTEGA, APPROVE, "Every approval here", id="approvals = 2"
        ),
        pytest.param(
            {"requester_email": "records@courts.example"},
            {},
            {},
            ORTEGA,
            APPROVE,
            "not the one the request came from",
            id="the address differs",
        ),
        pytest.param(
            {"requester_email": "example.clerk@gmail.com"},
            {"author": "example.clerk@gmail.com"},
            {},
            ORTEGA,
            APPROVE,
            "public mail provider",
            id="webmail",
        ),
        pytest.param(
            {}, UNPROVEN, {}, ORTEGA, APPROVE, "not proved to come", id="the author is unproven"
        ),
        pytest.param(
            {},
            {},
            {},
            ORTEGA,
            findings(matched_on="name; birth date; country of birth"),
            "weak identity",
            id="matched on a weak identity",
        ),
        pytest.param(
            {"subject_a_number": None, "identifiers_unknown": True},
            {},
            {},
            ORTEGA,
            findings(matched_on="name; birth date; country of birth"),
            "knows no identifying number",
            id="no identifier is known",
        ),
        pytest.param(
            {"subject_birth_date": "2008-09-01"},
            {},
            {},
            ORTEGA,
            APPROVE,
            "under 18",
            id="a minor",
        ),
        pytest.param(
            {"subject_birth_date": "2008-03-20"},
            {},
            {},
            ORTEGA,
            APPROVE,
            "under 18",
            id="of age today, and not on the date missed",
        ),
        pytest.param(
            {},
            {},
            {},
            ORTEGA,
            findings(country="Mexico"),
            "neither that of birth",
            id="a third country",
        ),
    ],
)
def test_some_approvals_take_two_people(
    open_harness: Opener,
    form: dict[str, Any],
    mail: dict[str, Any],
    review: dict[str, Any],
    approver: str,
    text: str,
    reason: str,
) -> None:
    harness = open_harness(review={**AT_ONCE, **review})
    assert harness.file(**mail, **form).status == "IN_REVIEW"
    answer = harness.reply(approver, text)
    assert reason in answer.text
    assert harness.status() == "SECOND_REVIEW"
    assert harness.decisions() == [("APPROVE", approver, "FIRST")]
    others = {ORTEGA, CHEN, ALVAREZ} - {approver}
    notices = harness.letters(kind="second_review_notice")
    assert {x.recipient for x in notices} == others
    assert all(reason in x.text for x in notices)
    harness.clock.advance(days=1)
    assert harness.issue() == 0


def test_a_second_person_adopts_by_a_bare_approve(filed: Harness) -> None:
    filed.reply(CHEN, APPROVE)
    filed.reply(CHEN, "CONFIRM")
    preview = filed.reply(ORTEGA, "APPROVE")
    assert (filed.status(), preview.kind) == ("SECOND_REVIEW", "transcript")
    assert "Outcome: detained; removed" in preview.text
    filed.reply(ORTEGA, "CONFIRM")
    first, second = filed.rows(Decision)
    assert filed.status() == "APPROVED"
    assert second.findings == first.findings
    assert (second.state, second.adopts_id, second.certifier) == ("IN_FORCE", first.id, ORTEGA)


def test_a_second_person_may_write_the_same_findings_again(open_filed: Opener) -> None:
    harness = open_filed(review=AT_ONCE)
    approve_twice(harness, CHEN, ORTEGA, again=findings(remarks="seen in two systems"))
    assert harness.status() == "APPROVED"


@pytest.mark.parametrize(
    ("again", "told"),
    [
        pytest.param(
            findings(facility="Other Example Center, Anytown, GA"),
            "Other Example Center",
            id="the facility",
        ),
        pytest.param(findings(country="Honduras"), "Honduras", id="the country"),
        pytest.param(
            findings(records_as_of="2026-05-04 14:45"), "2:45", id="when the records were checked"
        ),
    ],
)
def test_findings_that_differ_in_print_issue_nothing(
    open_filed: Opener, again: str, told: str
) -> None:
    harness = open_filed(review=AT_ONCE)
    approve_twice(harness, CHEN, ORTEGA, again=again)
    assert harness.status() == "IN_REVIEW"
    assert [d[2] for d in harness.decisions()] == ["SUPERSEDED", "SUPERSEDED"]
    for person in (CHEN, ORTEGA):
        letter = harness.newest(person, "transcript")
        assert "differ in a printed fact" in letter.text
        assert told in letter.text
        # Both have a new notice, and the old ones are of an earlier round.
        assert harness.notice(person).kind == "review_notice"
    harness.reply(ORTEGA, APPROVE, to=harness.newest(ORTEGA, "transcript"))
    assert harness.status() == "APPROVED"


def test_nobody_is_their_own_second_person(open_filed: Opener) -> None:
    harness = open_filed(review={**AT_ONCE, "approvals": 2})
    first = harness.notice(ORTEGA)
    harness.reply(ORTEGA, APPROVE)
    for letter in (first, harness.newest(ORTEGA)):
        for text in ("APPROVE", APPROVE):
            answer = harness.reply(ORTEGA, text, to=letter)
            assert "a second person must give the other" in answer.text
    assert harness.decisions() == [("APPROVE", ORTEGA, "FIRST")]


def test_of_two_people_one_must_be_a_certifier(open_filed: Opener) -> None:
    other = {"name": "P. Novak", "email": "p.novak@agency.example", "roles": ["approver"]}
    harness = open_filed(review=AT_ONCE, staff=[*SETTINGS["staff"], other])
    harness.reply(CHEN, APPROVE)
    answer = harness.reply("p.novak@agency.example", "APPROVE")
    assert "a certifier must give the other" in answer.text
    assert harness.status() == "SECOND_REVIEW"


def test_of_two_people_who_decide_about_a_minor_one_must_be_a_supervisor(
    open_harness: Opener,
) -> None:
    harness = open_harness(review=AT_ONCE)
    harness.file(subject_birth_date="2008-09-01")
    harness.reply(ORTEGA, APPROVE)
    answer = harness.reply(CHEN, "APPROVE", to=harness.notice(CHEN))
    assert "must be a supervisor's" in answer.text.replace("’", "'")
    assert harness.status() == "SECOND_REVIEW"
    harness.reply(ALVAREZ, "APPROVE", to=harness.notice(ALVAREZ))
    assert harness.status() == "APPROVED"


def test_a_supervisor_who_approves_a_minors_case_first_needs_any_second_person(
    open_harness: Opener,
) -> None:
    harness = open_harness(review=AT_ONCE)
    harness.file(subject_birth_date="2008-09-01")
    approve_twice(harness, ALVAREZ, CHEN)
    assert harness.status() == "APPROVED"


def test_an_approval_by_somebody_who_left_counts_no_longer(open_filed: Opener) -> None:
    harness = open_filed(review=AT_ONCE)
    harness.reply(CHEN, APPROVE)
    staff = [s for s in SETTINGS["staff"] if s["email"] != CHEN]
    harness.change_settings(review=AT_ONCE, staff=staff)
    answer = harness.reply(ORTEGA, "APPROVE")
    assert "is no longer an approver" in answer.text
    assert harness.status() == "SECOND_REVIEW"
    # There may be no supervisor, so anyone who may approve can open review again.
    harness.reply(ORTEGA, "CANCEL")
    assert (harness.status(), harness.decisions()) == (
        "IN_REVIEW",
        [("APPROVE", CHEN, "CANCELLED")],
    )


def test_a_proposal_from_before_the_first_approval_cannot_be_confirmed_as_the_second(
    filed: Harness,
) -> None:
    mine = filed.reply(ORTEGA, APPROVE)
    filed.reply(CHEN, APPROVE)
    filed.reply(CHEN, "CONFIRM")
    answer = filed.reply(ORTEGA, "CONFIRM", to=mine)
    assert "Another person approved meanwhile" in answer.text
    assert filed.status() == "SECOND_REVIEW"


# DENY.


def test_a_denial_keeps_its_reason_inside(filed: Harness) -> None:
    answer = filed.reply(ORTEGA, "DENY The requester could not be reached.")
    assert "Reason (stays inside): The requester could not be reached." in answer.text
    (decision,) = filed.rows(Decision)
    assert (filed.status(), decision.reason) == (
        "DENIED",
        "The requester could not be reached.",
    )
    assert [x for x in filed.letters(to=CLERK) if "reached" in x.text] == []


def at(text: str) -> datetime:
    """Read a moment in UTC; Eastern summer time is four hours behind it."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("review", "decided", "release"),
    [
        pytest.param({}, NOW, "2026-05-11T19:00", id="five business days later at the fixed time"),
        pytest.param(
            {"refusal_times": ["10:00"]},
            NOW,
            "2026-05-12T14:00",
            id="the day's fixed time is before the hour of filing: the next day",
        ),
        pytest.param(
            {"refusal_min_business_days": 15},
            NOW,
            "2026-05-26T19:00",
            id="weekends and a holiday do not count",
        ),
        pytest.param(
            {},
            at("2026-05-20T14:05"),
            "2026-05-20T19:00",
            id="decided late: the next fixed time of the day",
        ),
        pytest.param(
            {},
            at("2026-05-20T18:55"),
            "2026-05-21T14:00",
            id="the undo window comes first",
        ),
        pytest.param(
            {"refusal_times": [], "refusal_min_business_days": 0},
            NOW,
            "2026-05-04T19:10",
            id="no fixed times: at the end of the undo window",
        ),
    ],
)
def test_a_refusal_leaves_at_a_fixed_moment(
    open_filed: Opener, review: dict[str, Any], decided: datetime, release: str
) -> None:
    harness = open_filed(review=review)
    harness.clock.now = decided
    harness.reply(ORTEGA, "DENY no consent on file")
    (decision,) = harness.rows(Decision)
    assert decision.release_at == at(release)
    harness.clock.now = at(release) - timedelta(seconds=1)
    assert harness.issue() == 0
    harness.clock.now = at(release)
    assert (harness.issue(), harness.status()) == (1, "ISSUED")


def test_a_denial_ends_a_second_review(open_filed: Opener) -> None:
    harness = open_filed(review=AT_ONCE)
    harness.reply(CHEN, APPROVE)
    harness.reply(ORTEGA, "DENY the records are another person's", to=harness.notice(ORTEGA))
    assert harness.decisions() == [("APPROVE", CHEN, "SUPERSEDED"), ("DENY", ORTEGA, "IN_FORCE")]


# CANCEL.


@pytest.mark.parametrize(
    ("text", "decider", "canceller", "taken_back"),
    [
        pytest.param(APPROVE, ORTEGA, ORTEGA, True, id="whoever approved"),
        pytest.param(APPROVE, ORTEGA, ALVAREZ, True, id="a supervisor"),
        pytest.param(APPROVE, ORTEGA, CHEN, False, id="another approver may not"),
        pytest.param("DENY no consent", ORTEGA, ORTEGA, True, id="whoever denied"),
        pytest.param("DENY no consent", ORTEGA, ALVAREZ, True, id="a denial, by a supervisor"),
        pytest.param("DENY no consent", CHEN, ORTEGA, False, id="a denial, by another approver"),
        pytest.param(APPROVE, CHEN, CHEN, True, id="the first of two people"),
        pytest.param(APPROVE, CHEN, ORTEGA, False, id="the one who is asked to be second"),
    ],
)
def test_a_decision_is_taken_back_by_whoever_decided_or_a_supervisor(
    open_filed: Opener, text: str, decider: str, canceller: str, taken_back: bool
) -> None:
    harness = open_filed(review=AT_ONCE)
    notice = harness.notice(canceller)
    harness.reply(decider, text)
    decided = harness.status()
    answer = harness.reply(canceller, "CANCEL", to=notice)
    if not taken_back:
        assert "Only the person who decided, or a supervisor" in answer.text
        assert harness.status() == decided
        return
    assert "nothing has left" in answer.text
    assert [d[2] for d in harness.decisions()] == ["CANCELLED"]
    assert (harness.status(), harness.request().round) == ("IN_REVIEW", 2)
    assert len(harness.letters(kind="review_notice")) == 8
    harness.clock.advance(days=30)
    assert harness.issue() == 0


@pytest.mark.parametrize("canceller", [CHEN, ORTEGA])
def test_both_of_two_people_decided_and_may_take_it_back(
    open_filed: Opener, canceller: str
) -> None:
    harness = open_filed(review=AT_ONCE)
    approve_twice(harness, CHEN, ORTEGA)
    harness.reply(canceller, "CANCEL")
    assert harness.status() == "IN_REVIEW"
    harness.reply(ORTEGA, APPROVE, to=harness.notice(ORTEGA))
    assert harness.status() == "APPROVED"


def test_what_has_left_is_not_taken_back(open_filed: Opener) -> None:
    harness = open_filed(review=AT_ONCE)
    harness.reply(ORTEGA, APPROVE)
    harness.clock.advance(minutes=10)
    harness.issue()
    answer = harness.reply(ORTEGA, "CANCEL")
    assert "CANCEL is not possible now. The answer was issued." in answer.text
    assert harness.status() == "ISSUED"


def test_after_a_cancellation_everyone_decides_anew(open_filed: Opener) -> None:
    harness = open_filed(review=AT_ONCE)
    harness.reply(ORTEGA, "DENY no consent")
    answer = harness.reply(ORTEGA, "CANCEL")
    harness.deliver(compose_reply(answer, APPROVE))
    assert harness.status() == "APPROVED"
    assert harness.decisions() == [("DENY", ORTEGA, "CANCELLED"), ("APPROVE", ORTEGA, "IN_FORCE")]
