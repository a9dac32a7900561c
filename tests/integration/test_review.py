"""Review by reply: who may command, when, and what stays as it was when nothing was decided."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import update

from inbox_worker.review.commands import STATUSES
from inbox_worker.status import RequestStatus
from inbox_worker.storage.models import Request
from tests.worker_harness import (
    ALVAREZ,
    APPROVE,
    CHEN,
    CLERK,
    LINDQVIST,
    MAILBOX,
    ORTEGA,
    SETTINGS,
    STAFF,
    Harness,
    Opener,
    compose,
    compose_reply,
    lift_guards,
)

FORGED = "mx.elsewhere.example; dmarc=pass header.from={domain}"
FAILED = "mx.agency.example; dmarc=fail header.from={domain}"
OURS = "mx.agency.example; dmarc=pass header.from={domain}"

Make = Callable[[Harness], bytes]


def force_status(harness: Harness, status: str) -> None:
    """Put the request into a status without the steps that lead there."""
    with harness.services.database.unit_of_work() as unit:
        lift_guards(unit.session)
        unit.session.execute(update(Request).values(status=status))
        unit.commit()


def deny(harness: Harness, **changes: object) -> bytes:
    return compose_reply(harness.notice(ORTEGA), "DENY no consent on file", **changes)  # type: ignore[arg-type]


def test_a_notice_goes_to_everyone_who_may_review(filed: Harness) -> None:
    assert [x.recipient for x in filed.letters(kind="review_notice")] == list(STAFF)


def test_every_notice_has_a_token_of_its_own(filed: Harness) -> None:
    notices = filed.letters(kind="review_notice")
    tags = {x.reply_to.partition("+")[2].partition("@")[0] for x in notices}
    assert len(tags) == len(STAFF)
    for notice in notices:
        tag = notice.reply_to.partition("+")[2].partition("@")[0]
        assert notice.message_id == f"<{tag.replace('-', '.')}@agency.example>"


@pytest.mark.parametrize(
    ("make", "disposition", "answered"),
    [
        pytest.param(deny, "DECISION_APPLIED", True, id="the person it was written to, proven"),
        pytest.param(
            lambda h: deny(h, in_reply_to=None),
            "DECISION_APPLIED",
            True,
            id="bound by the plus-tag alone",
        ),
        pytest.param(
            lambda h: deny(
                h,
                in_reply_to=None,
                to=MAILBOX,
                references=f"<x@y.example> {h.notice(ORTEGA).message_id}",
            ),
            "DECISION_APPLIED",
            True,
            id="bound by References alone",
        ),
        pytest.param(
            lambda h: deny(h, author="R.Ortega@Agency.Example"),
            "DECISION_APPLIED",
            True,
            id="the same address in other letters",
        ),
        pytest.param(
            lambda h: deny(h, auth=[OURS, FAILED]),
            "DECISION_APPLIED",
            True,
            id="only the first field counts, here ours",
        ),
        pytest.param(
            lambda h: deny(h, auth="mx.agency.example; dkim=pass header.d=agency.example"),
            "DECISION_APPLIED",
            True,
            id="an aligned DKIM pass is enough",
        ),
        pytest.param(
            lambda h: deny(h, author=CLERK),
            "REPLY_REFUSED",
            True,
            id="an outsider learns nothing from a stolen notice; whose it was is warned",
        ),
        pytest.param(
            lambda h: deny(
                h, author=f"{ORTEGA}, {CHEN}", auth=OURS.format(domain="agency.example")
            ),
            "REPLY_REFUSED",
            True,
            id="two authors are nobody; the one it was written to is warned",
        ),
        pytest.param(
            lambda h: deny(h, author=CHEN),
            "REPLY_REFUSED",
            True,
            id="another approver is told to answer their own notice",
        ),
        pytest.param(
            lambda h: deny(h, author=CHEN, auth=None),
            "REPLY_REFUSED",
            True,
            id="another approver, unproven, is told nothing; whose it was is warned",
        ),
        pytest.param(
            lambda h: deny(h, auth=None),
            "REPLY_REFUSED",
            True,
            id="no Authentication-Results: the person named is warned",
        ),
        pytest.param(
            lambda h: deny(h, auth=FAILED),
            "REPLY_REFUSED",
            True,
            id="DMARC failed: the person named is warned",
        ),
        pytest.param(
            lambda h: deny(h, auth=FORGED),
            "REPLY_REFUSED",
            True,
            id="a field that another gateway wrote",
        ),
        pytest.param(
            lambda h: deny(h, auth=[FORGED, OURS]),
            "REPLY_REFUSED",
            True,
            id="ours below a forged one does not count",
        ),
        pytest.param(
            lambda h: deny(h, auth="mx.agency.example; dmarc=pass header.from=evil.example"),
            "REPLY_REFUSED",
            True,
            id="DMARC passed for somebody else's domain",
        ),
        pytest.param(
            lambda h: deny(
                h, in_reply_to="<review.00000000000000000000000000@agency.example>", to=MAILBOX
            ),
            "REPLY_REFUSED",
            False,
            id="a token that was never issued",
        ),
        pytest.param(
            lambda h: deny(h, headers={"Auto-Submitted": "auto-replied"}),
            "IGNORED",
            False,
            id="an out-of-office reply",
        ),
        pytest.param(
            lambda h: deny(h, headers={"X-Autoreply": "yes"}),
            "IGNORED",
            False,
            id="an automatic reply that says so in its own way",
        ),
        pytest.param(
            lambda h: compose(ORTEGA, "DENY no consent on file", subject="Re: review"),
            "FOR_A_PERSON",
            None,
            id="no token at all",
        ),
    ],
)
def test_a_command_is_obeyed_only_from_whom_it_was_asked(
    filed: Harness, make: Make, disposition: str, answered: bool | None
) -> None:
    before = filed.last_letter_id()
    assert filed.deliver(make(filed)) == disposition
    obeyed = disposition == "DECISION_APPLIED"
    assert filed.status() == ("DENIED" if obeyed else "IN_REVIEW")
    assert len(filed.decisions()) == obeyed
    new = [x for x in filed.letters() if x.id > before]
    assert answered is None or bool(new) == answered
    assert {x.recipient for x in new} <= {ORTEGA, CHEN}


def test_an_unproven_reply_warns_the_person_named_once_a_day(filed: Harness) -> None:
    for _ in range(3):
        filed.deliver(deny(filed, auth=None))
    assert [x.recipient for x in filed.letters(kind="unproven_reply")] == [ORTEGA]
    filed.clock.advance(days=1)
    filed.deliver(deny(filed, auth=None))
    assert len(filed.letters(kind="unproven_reply")) == 2


def test_a_demonstration_may_go_without_proof(open_filed: Opener) -> None:
    harness = open_filed(review={"require_authentication": False, "trusted_authserv_ids": []})
    assert harness.deliver(deny(harness, auth=None)) == "DECISION_APPLIED"


def test_a_trusted_internal_field_is_proof(open_filed: Opener) -> None:
    field = {"header": "X-Example-AuthAs", "value": "Internal"}
    harness = open_filed(review={"trusted_internal": [field]})
    raw = deny(harness, auth=None, headers={"X-Example-AuthAs": "Internal"})
    assert harness.deliver(raw) == "DECISION_APPLIED"


def without(address: str) -> list[dict[str, object]]:
    return [s for s in SETTINGS["staff"] if s["email"] != address]


def test_whoever_left_the_staff_commands_nothing_and_is_told_nothing(filed: Harness) -> None:
    filed.change_settings(staff=without(ORTEGA))
    before = filed.last_letter_id()
    assert filed.deliver(deny(filed)) == "REPLY_REFUSED"
    assert (filed.status(), filed.last_letter_id()) == ("IN_REVIEW", before)


@pytest.mark.parametrize(
    ("person", "text", "role"),
    [
        pytest.param(LINDQVIST, APPROVE, "approver", id="a reviewer may not approve"),
        pytest.param(LINDQVIST, "CONFIRM", "approver", id="nor confirm"),
        pytest.param(LINDQVIST, "DENY no case", "approver", id="nor deny"),
        pytest.param(LINDQVIST, "CANCEL", "decider", id="nor take back what others decided"),
    ],
)
def test_a_command_needs_its_role(filed: Harness, person: str, text: str, role: str) -> None:
    answer = filed.reply(person, text)
    assert answer.kind == "not_permitted"
    assert f"needs the role of {role}" in answer.text
    assert (filed.status(), filed.decisions()) == ("IN_REVIEW", [])


def test_a_reviewer_is_offered_only_what_a_reviewer_may(filed: Harness) -> None:
    words = filed.reply(LINDQVIST, "HELP").text
    assert "NEED INFO question" in words
    assert "APPROVE, then" not in words
    assert "DENY reason" not in words


def test_a_reply_to_an_expired_notice_gets_a_fresh_one_that_works(filed: Harness) -> None:
    old = filed.notice(ORTEGA)
    filed.clock.advance(days=30)
    answer = filed.reply(ORTEGA, "DENY no consent on file", to=old)
    assert "has expired, so nothing was decided" in answer.text
    assert "()" not in answer.text
    assert filed.status() == "IN_REVIEW"
    filed.reply(ORTEGA, "DENY no consent on file", to=answer)
    assert filed.status() == "DENIED"


def test_a_notice_holds_until_its_last_day(filed: Harness) -> None:
    filed.clock.advance(days=29, hours=23)
    filed.reply(ORTEGA, "DENY no consent on file")
    assert filed.status() == "DENIED"


def test_a_token_decides_about_its_own_request_alone(filed: Harness) -> None:
    first = filed.notice(ORTEGA)
    filed.file(case_numbers="26-CR-000555")
    subject = f"Re: {filed.notice(ORTEGA).subject}"
    filed.deliver(compose_reply(first, "DENY no consent on file", subject=subject))
    assert [r.status for r in filed.rows(Request)] == ["DENIED", "IN_REVIEW"]


@pytest.mark.parametrize(
    "word", ["APPROVE", "DENY another reason", "NEED INFO birth date", "CORRECT\nTitle: X1"]
)
def test_a_notice_of_an_earlier_round_decides_nothing(filed: Harness, word: str) -> None:
    old = filed.notice(ORTEGA)
    filed.reply(ORTEGA, "DENY no consent on file")
    filed.reply(ORTEGA, "CANCEL")
    answer = filed.reply(ORTEGA, word, to=old)
    assert "belongs to an earlier round of review" in answer.text
    assert filed.status() == "IN_REVIEW"


@pytest.mark.parametrize("word", ["STATUS", "HELP"])
def test_a_question_may_answer_a_notice_of_any_round(filed: Harness, word: str) -> None:
    old = filed.notice(ORTEGA)
    filed.reply(ORTEGA, "DENY no consent on file")
    filed.reply(ORTEGA, "CANCEL")
    assert filed.reply(ORTEGA, word, to=old).kind in ("request_status", "help")


EXAMPLES = {
    "APPROVE": APPROVE,
    "CONFIRM": "CONFIRM",
    "DENY": "DENY no consent on file",
    "CANCEL": "CANCEL",
    "NEED INFO": "NEED INFO birth date",
    "CORRECT": "CORRECT\nTitle: Clerk",
}


@pytest.mark.parametrize("word", EXAMPLES)
def test_a_command_is_refused_in_every_status_that_does_not_know_it(
    filed: Harness, word: str
) -> None:
    notice = filed.notice(ALVAREZ)
    for status in RequestStatus:
        if status in STATUSES[word]:
            continue
        force_status(filed, status)
        answer = filed.reply(ALVAREZ, EXAMPLES[word], to=notice)
        assert (answer.kind, status in answer.text) == ("not_permitted", False)
        assert f"{word} is not possible now" in answer.text
        assert (filed.status(), filed.decisions()) == (status, [])


@pytest.mark.parametrize(("word", "kind"), [("STATUS", "request_status"), ("HELP", "help")])
def test_a_question_is_answered_in_every_status(filed: Harness, word: str, kind: str) -> None:
    notice = filed.notice(LINDQVIST)
    for status in RequestStatus:
        force_status(filed, status)
        assert filed.reply(LINDQVIST, word, to=notice).kind == kind
        assert filed.status() == status


@pytest.mark.parametrize("status", ["DENIED", "ISSUED", "REVOKED"])
@pytest.mark.parametrize("word", ["APPROVE", "CONFIRM", "DENY", "NEED INFO", "CORRECT"])
def test_whoever_comes_second_is_told_who_was_first(filed: Harness, word: str, status: str) -> None:
    late = filed.notice(CHEN)
    filed.reply(ORTEGA, "DENY no consent on file")
    force_status(filed, status)
    answer = filed.reply(CHEN, EXAMPLES[word], to=late)
    assert answer.kind == "already_decided"
    assert "R. Ortega" in answer.text
    assert "May 4, 2026" in answer.text
    assert len(filed.decisions()) == 1


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="nothing on top"),
        pytest.param("not approved", id="a refusal in other words"),
        pytest.param("Looks good to me", id="no keyword"),
        pytest.param("APPROVE", id="no findings"),
        pytest.param("DENY", id="no reason"),
        pytest.param("DENY or hold?", id="a second keyword"),
        pytest.param("CORRECT\nNo such field: x", id="an unknown field"),
        pytest.param("PASSWORD", id="a keyword for what has left"),
        pytest.param("CANCEL", id="nothing to cancel"),
        pytest.param("CONFIRM", id="nothing to confirm"),
    ],
)
def test_a_reply_that_decides_nothing_uses_nothing_up(filed: Harness, text: str) -> None:
    notice = filed.notice(ORTEGA)
    answer = filed.reply(ORTEGA, text, to=notice)
    assert answer.kind in ("mistake", "not_permitted")
    assert (filed.status(), filed.decisions()) == ("IN_REVIEW", [])
    # Both the letter that was answered and the answer to it can be answered now.
    filed.reply(ORTEGA, APPROVE, to=notice)
    assert [d[0] for d in filed.decisions()] == ["APPROVE"]
    filed.reply(ORTEGA, "DENY no consent on file", to=answer)
    assert filed.status() == "DENIED"


@pytest.mark.parametrize(
    ("text", "wrong", "hint"),
    [
        pytest.param("CONFIRM please", "CONFIRM please", "CONFIRM", id="something after CONFIRM"),
        pytest.param("HELP", None, "CONFIRM:", id="help"),
        pytest.param("STATUS", None, "CONFIRM:", id="status"),
        pytest.param("Yes, thank you", "Yes, thank you", "CONFIRM:", id="no keyword"),
    ],
)
def test_a_preview_can_still_be_confirmed_from_the_next_letter(
    filed: Harness, text: str, wrong: str | None, hint: str
) -> None:
    filed.reply(ORTEGA, APPROVE)
    answer = filed.reply(ORTEGA, text)
    assert filed.status() == "IN_REVIEW"
    assert wrong is None or wrong in answer.text
    assert hint in answer.text
    filed.reply(ORTEGA, "CONFIRM", to=answer)
    assert filed.status() == "APPROVED"


def test_a_program_that_answers_in_a_persons_name_is_not_answered_for_ever(
    filed: Harness,
) -> None:
    notice = filed.notice(ORTEGA)
    raws = [compose_reply(notice, f"I am away until day {n}.") for n in range(40)]
    for raw in raws:
        filed.record(raw)
    filed.work()
    assert len(filed.letters(to=ORTEGA, kind="mistake")) == 30
    assert filed.events().count("mistake_not_answered") == 10
    filed.clock.advance(days=1, minutes=1)
    assert filed.reply(ORTEGA, "What now?", to=notice).kind == "mistake"


def test_the_answer_joins_the_thread_of_the_reply(filed: Harness) -> None:
    notice = filed.notice(ORTEGA)
    filed.deliver(compose_reply(notice, "HELP", message_id="<mine@agency.example>"))
    answer = filed.newest(ORTEGA)
    assert answer.message["In-Reply-To"] == "<mine@agency.example>"
    references = str(answer.message["References"]).split()
    assert references[-1] == "<mine@agency.example>"
    assert notice.message_id in references


def test_no_letter_tells_of_a_person_in_its_subject_or_the_names_of_its_files(
    filed: Harness,
) -> None:
    filed.reply(ORTEGA, APPROVE)
    filed.reply(ORTEGA, "CONFIRM")
    filed.clock.advance(minutes=10)
    filed.issue()
    number = filed.request().tracking_number
    for letter in filed.letters():
        assert number in letter.subject
        for words in (letter.subject, *letter.files):
            assert not {"ejemplo", "muestra", "josé", "jose", "whitlock"} & _words(words)


def _words(text: str) -> set[str]:
    return set("".join(c if c.isalnum() else " " for c in text.lower()).split())
