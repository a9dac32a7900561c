"""PROTECT and UNPROTECT: who is found again, what is stopped, and what nobody outside can see."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from inbox_worker.casefile.protection import hold_list
from inbox_worker.desk import outbox_desk
from inbox_worker.errors import WorkerError
from inbox_worker.handling import ingest
from inbox_worker.intake import Apply, Intake
from inbox_worker.storage.database import Database
from inbox_worker.storage.models import (
    CertificationRecord,
    Decision,
    LetterRecord,
    ProtectedDigest,
    ProtectionKey,
    Request,
)
from parsers.extraction import FieldValue
from parsers.forms.subject_keys import find_subject_keys
from tests.worker_harness import (
    ALVAREZ,
    APPROVE,
    CHEN,
    CLERK,
    LINDQVIST,
    ORTEGA,
    STAFF,
    TODAY,
    Harness,
    Opener,
    Sent,
    Where,
    compose,
    compose_reply,
    fill,
    lift_guards,
    make_template,
    url_of,
)

AT_ONCE = {"confirm": False}
#: Somebody else's form, in nothing like the usual one's.
OTHER: dict[str, Any] = {
    "subject_family_name": "Muster",
    "subject_given_names": "Ana",
    "subject_birth_date": "1971-01-31",
    "subject_a_number": "A000000102",
    "case_numbers": "26-CR-000999",
}


def protect(harness: Harness, who: str = LINDQVIST) -> None:
    answer = harness.reply(who, "PROTECT", to=harness.notice(who))
    assert "The person is protected." in answer.text


def is_flagged(harness: Harness, number: int = -1) -> bool:
    return "protected" in harness.request(number).flags


def outside(harness: Harness) -> list[str]:
    return [x.kind for x in harness.letters(to=CLERK)]


def test_only_a_denial_answers_about_somebody_protected(open_filed: Opener) -> None:
    harness = open_filed(review=AT_ONCE)
    protect(harness)
    answer = harness.reply(ORTEGA, APPROVE, to=harness.notice(ORTEGA))
    assert (answer.kind, harness.status()) == ("not_permitted", "IN_REVIEW")
    assert "only DENY can answer" in answer.text
    assert "APPROVE:" not in answer.text
    harness.reply(ORTEGA, "DENY protected", to=harness.notice(ORTEGA))
    assert harness.status() == "DENIED"


def test_a_document_that_was_shown_before_is_not_confirmed(filed: Harness) -> None:
    preview = filed.reply(ORTEGA, APPROVE)
    protect(filed)
    answer = filed.reply(ORTEGA, "CONFIRM", to=preview)
    assert (answer.kind, filed.status()) == ("not_permitted", "IN_REVIEW")


def test_a_second_person_cannot_approve_either(open_filed: Opener) -> None:
    harness = open_filed(review={**AT_ONCE, "approvals": 2})
    harness.reply(ORTEGA, APPROVE)
    protect(harness)
    answer = harness.reply(ALVAREZ, "APPROVE", to=harness.notice(ALVAREZ))
    assert (answer.kind, harness.status()) == ("not_permitted", "SECOND_REVIEW")
    harness.reply(ALVAREZ, "DENY protected", to=harness.notice(ALVAREZ))
    assert harness.status() == "DENIED"


LATER: dict[str, dict[str, Any]] = {
    "the same A-number": {"subject_a_number": "A000000101"},
    "the first surname and the birth date": {
        "subject_family_name": "EJEMPLO",
        "subject_given_names": "Jose",
        "subject_birth_date": "1988-07-23",
    },
    "an alias": {"subject_aliases": "José Muestra", "subject_birth_date": "1988-07-23"},
}


@pytest.mark.parametrize("form", LATER.values(), ids=LATER.keys())
def test_a_later_request_is_protected_before_its_first_notice(
    filed: Harness, form: dict[str, Any]
) -> None:
    protect(filed)
    before = filed.last_letter_id()
    filed.file(**{**OTHER, **form})
    assert is_flagged(filed)
    notices = [x for x in filed.letters(kind="review_notice") if x.id > before]
    assert len(notices) == len(STAFF)
    for notice in notices:
        assert "Protected by law. The individual is protected by law (8 U.S.C. 1367)" in notice.text
        assert "Reply: APPROVE" not in notice.text
    filed.file(**OTHER)
    assert not is_flagged(filed)


@pytest.mark.on_both
def test_a_request_is_protected_when_its_form_is_mended(filed: Harness) -> None:
    protect(filed)
    filed.file(**{**OTHER, "court_name": None})
    assert (filed.status(), is_flagged(filed)) == ("INCOMPLETE", False)
    deficiency = filed.newest(CLERK, "deficiency")
    mended = fill(**{**OTHER, "subject_a_number": "A000000101"})
    filed.deliver(compose_reply(deficiency, "Mended.", files={"form.pdf": mended}))
    assert (filed.status(), is_flagged(filed)) == ("IN_REVIEW", True)
    assert "Protected by law." in filed.notice(ORTEGA).text


def test_a_request_is_protected_when_it_is_corrected(filed: Harness) -> None:
    protect(filed)
    filed.file(**OTHER)
    correction = "CORRECT\nsubject_a_number: A000000101"
    answer = filed.reply(LINDQVIST, correction, to=filed.notice(LINDQVIST))
    assert "somebody who is protected by law: only DENY can answer it now" in answer.text
    assert is_flagged(filed)
    assert filed.newest(ORTEGA, "transcript").subject.endswith("Protected by law")


def test_no_correction_lifts_a_protection(filed: Harness) -> None:
    protect(filed)
    corrected = "\n".join(
        (
            "CORRECT",
            "subject_family_name: Muster",
            "subject_birth_date: 1971-01-31",
            "subject_a_number: A000000102",
        )
    )
    filed.reply(LINDQVIST, corrected, to=filed.notice(LINDQVIST))
    assert is_flagged(filed)


@pytest.mark.on_both
def test_every_open_request_about_the_person_is_marked(filed: Harness) -> None:
    filed.file(**{**OTHER, "subject_a_number": "A000000101"})
    filed.file(**{**OTHER, "subject_family_name": "Modelo", "subject_given_names": "Eva"})
    filed.file(subject_a_number="A000000103", subject_birth_date="1990-01-31")
    answer = filed.reply(ORTEGA, "PROTECT", to=filed.notice(ORTEGA))
    assert [is_flagged(filed, n) for n in range(4)] == [False, False, False, True]
    assert "Other requests" not in answer.text
    first = filed.letters(to=ORTEGA, kind="review_notice")[0]
    answer = filed.reply(ORTEGA, "PROTECT", to=first)
    assert [is_flagged(filed, n) for n in range(4)] == [True, True, False, True]
    assert "Other requests marked: 1." in answer.text


@pytest.mark.on_both
def test_an_approval_that_has_not_left_comes_back_to_review(open_filed: Opener) -> None:
    harness = open_filed(review=AT_ONCE)
    first = harness.notice(LINDQVIST)
    harness.reply(ORTEGA, APPROVE)
    harness.reply(LINDQVIST, "PROTECT", to=first)
    assert harness.status() == "IN_REVIEW"
    assert [d.state for d in harness.rows(Decision)] == ["CANCELLED"]
    assert "Protected by law." in harness.notice(ORTEGA).text
    harness.clock.advance(days=1)
    assert harness.issue() == 0
    assert outside(harness) == ["acknowledgement"]


def issued(open_filed: Opener, answer: str) -> Harness:
    harness: Harness = open_filed(review=AT_ONCE)
    harness.reply(ORTEGA, answer)
    harness.clock.now = harness.rows(Decision)[-1].release_at
    assert harness.issue() == 1
    return harness


@pytest.mark.on_both
def test_an_answer_that_told_of_the_person_is_a_privacy_incident(open_filed: Opener) -> None:
    harness = issued(open_filed, APPROVE)
    before = outside(harness)
    protect(harness)
    assert (harness.status(), outside(harness)) == ("ISSUED", before)
    assert [c.status for c in harness.rows(CertificationRecord)] == ["current"]
    (incident,) = harness.letters(to=ALVAREZ, kind="staff_alert")
    assert "Privacy incident" in incident.text
    assert "stopped before it left" in incident.text
    assert harness.newest(CLERK).status == "CANCELLED"
    assert not harness.letters(to=CHEN, kind="staff_alert")


def test_a_failed_answer_about_somebody_protected_is_not_tried_again(open_filed: Opener) -> None:
    harness = issued(open_filed, APPROVE)
    letter = harness.newest(CLERK, "certification")
    with harness.services.database.unit_of_work() as unit:
        lift_guards(unit.session)
        unit.session.get_one(LetterRecord, letter.id).status = "FAILED"
        unit.commit()
    protect(harness)
    with pytest.raises(WorkerError, match="is not sent again"):
        outbox_desk.retry(
            harness.services.database, letter.id, actor="console", now=harness.clock()
        )
    (incident,) = harness.letters(to=ALVAREZ, kind="staff_alert")
    assert "has left" in incident.text


def test_a_refusal_that_left_told_of_nobody(open_filed: Opener) -> None:
    harness = issued(open_filed, "DENY no record")
    protect(harness)
    assert is_flagged(harness)
    assert not harness.letters(to=ALVAREZ, kind="staff_alert")
    assert harness.newest(CLERK, "refusal").status == "QUEUED"


def test_nothing_outside_tells_of_a_protection(open_harness: Opener) -> None:
    """The same requests about somebody protected and about somebody who is not."""
    told = []
    for is_protected in (False, True):
        harness = open_harness(review=AT_ONCE)
        harness.file(**{} if is_protected else OTHER)
        protect(harness)
        harness.clock.advance(minutes=1)
        before = harness.last_letter_id()
        again = {"requester_email": "judge@courts.example"}
        harness.file(author="judge@courts.example", **again)
        harness.file(author="judge@courts.example", court_name=None, **again)
        harness.file(author="judge@courts.example", **again)
        assert is_flagged(harness) is is_protected
        told.append(
            [
                (x.kind, x.subject.partition(" ")[2], x.due_at, x.text.replace(number(x), "N"))
                for x in harness.letters(to="judge@courts.example")
                if x.id > before
            ]
        )
    assert told[0] == told[1]
    assert [kind for kind, *_ in told[0]] == ["acknowledgement", "deficiency", "acknowledgement"]


def number(letter: Sent) -> str:
    return str(letter.subject.partition("[")[2].partition("]")[0])


# The list.


def test_the_list_holds_nothing_that_can_be_read(filed: Harness) -> None:
    protect(filed)
    kept = [d.digest for d in filed.rows(ProtectedDigest)]
    assert len(kept) > 5
    assert {len(d) for d in kept} == {64}
    (key,) = filed.rows(ProtectionKey)
    assert len(key.secret) == 32


def test_every_database_has_a_key_of_its_own(make_database: Callable[[], Where]) -> None:
    secrets = []
    for _ in range(2):
        database = Database(url_of(make_template(make_database())))
        with database.read() as session:
            secrets.append(session.get_one(ProtectionKey, 1).secret)
        database.close()
    assert secrets[0] != secrets[1]


def test_protecting_twice_keeps_what_is_kept(filed: Harness) -> None:
    protect(filed)
    before = len(filed.rows(ProtectedDigest))
    filed.reply(ORTEGA, "PROTECT", to=filed.notice(ORTEGA))
    assert len(filed.rows(ProtectedDigest)) == before
    assert filed.events().count("subject_protected") == 1


def test_who_cannot_be_known_again_is_not_protected_in_vain(harness: Harness) -> None:
    harness.deliver(
        compose(
            CLERK,
            "Form attached.",
            files={
                "form.pdf": fill(
                    subject_family_name="LNU",
                    subject_given_names="FNU",
                    subject_a_number=None,
                    identifiers_unknown=True,
                )
            },
        )
    )
    answer = harness.reply(ORTEGA, "PROTECT", to=harness.notice(ORTEGA))
    assert (answer.kind, is_flagged(harness)) == ("not_permitted", False)
    assert "names nobody by whom the person could be known again" in answer.text


# Races.


def test_an_approval_that_loses_a_race_with_a_protection_is_refused(
    open_filed: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    harness = open_filed(review=AT_ONCE)
    apply, raced = ingest._apply, []

    def be_first(intake: Intake, write: Apply) -> None:
        if not raced:
            raced.append(intake)
            with harness.services.database.unit_of_work() as unit:
                unit.session.get_one(Request, harness.request().id).flags = ["protected"]
                unit.commit()
        apply(intake, write)

    monkeypatch.setattr(ingest, "_apply", be_first)
    answer = harness.reply(ORTEGA, APPROVE, to=harness.notice(ORTEGA))
    assert (answer.kind, harness.status(), harness.decisions()) == (
        "not_permitted",
        "IN_REVIEW",
        [],
    )


@pytest.mark.on_both
def test_a_form_that_is_filed_meanwhile_is_compared_with_the_changed_list(
    harness: Harness,
) -> None:
    number = FieldValue(value="A000000101", raw="", source="text")
    subject = find_subject_keys({"subject_a_number": number}, today=TODAY)
    with ThreadPoolExecutor(1) as pool:
        with harness.services.database.unit_of_work() as unit:
            known = hold_list(unit.session, for_change=True)
            filing = pool.submit(harness.file, subject_a_number="A000000101")
            with pytest.raises(TimeoutError):
                filing.result(timeout=1.5)
            known.add(subject, now=harness.clock())
            unit.commit()
        filing.result(timeout=30)
    assert is_flagged(harness)


# UNPROTECT.


def ask(harness: Harness, who: str) -> str:
    return harness.reply(who, "UNPROTECT", to=harness.notice(who)).text


@pytest.mark.on_both
def test_a_protection_is_lifted_by_two_people(filed: Harness) -> None:
    protect(filed)
    filed.file(**{**OTHER, "subject_a_number": "A000000101"})
    assert is_flagged(filed)
    first = filed.letters(to=LINDQVIST, kind="review_notice")[0]
    asked = filed.reply(LINDQVIST, "UNPROTECT", to=first)
    assert "Nothing is lifted yet: a supervisor must reply UNPROTECT within 7 days." in asked.text
    assert is_flagged(filed, 0)
    letter = filed.newest(ALVAREZ)
    assert "K. Lindqvist asks to lift the protection" in letter.text
    assert filed.newest(CHEN).kind != letter.kind
    done = filed.reply(ALVAREZ, "UNPROTECT", to=letter)
    assert "The protection was lifted, by you and K. Lindqvist." in done.text
    assert not is_flagged(filed, 0)
    assert not is_flagged(filed, 1)
    assert not filed.rows(ProtectedDigest)
    filed.reply(ORTEGA, APPROVE, to=filed.letters(to=ORTEGA, kind="review_notice")[0])
    filed.file(subject_a_number="A000000101")
    assert not is_flagged(filed)


@pytest.mark.parametrize(
    ("first", "second", "words"),
    [
        pytest.param(ALVAREZ, ALVAREZ, "a second person must reply", id="nobody is two people"),
        pytest.param(LINDQVIST, ORTEGA, "a supervisor must be the second", id="no supervisor"),
    ],
)
def test_a_protection_stays_without_the_right_two(
    filed: Harness, first: str, second: str, words: str
) -> None:
    protect(filed)
    ask(filed, first)
    assert words in ask(filed, second)
    assert is_flagged(filed)
    assert filed.rows(ProtectedDigest)


def test_a_supervisor_may_be_the_first(filed: Harness) -> None:
    protect(filed)
    assert "a second person must reply" in ask(filed, ALVAREZ)
    assert "asks to lift the protection" in filed.newest(CHEN).text
    assert "was lifted" in ask(filed, CHEN)


def test_an_old_wish_and_one_before_another_protection_count_no_more(filed: Harness) -> None:
    protect(filed)
    ask(filed, ALVAREZ)
    filed.clock.advance(days=7)
    assert "Nothing is lifted yet" in ask(filed, ORTEGA)
    filed.reply(LINDQVIST, "PROTECT", to=filed.notice(LINDQVIST))
    assert "Nothing is lifted yet" in ask(filed, ALVAREZ)
    assert is_flagged(filed)


def test_what_others_said_of_the_person_stays_on_the_list(filed: Harness) -> None:
    """A request that only shares the name takes the name off, and no number."""
    protect(filed)
    same_name = {"subject_a_number": "A000000103", "case_numbers": "26-CR-000777"}
    filed.file(**same_name)
    assert is_flagged(filed)
    ask(filed, ALVAREZ)
    ask(filed, ORTEGA)
    assert [is_flagged(filed, n) for n in (0, 1)] == [True, False]
    filed.file(**{**OTHER, "subject_a_number": "A000000101"})
    assert is_flagged(filed)


def test_nobody_is_unprotected_who_is_not_protected(filed: Harness) -> None:
    assert "is not protected" in ask(filed, ALVAREZ)


def test_wishes_end_where_the_first_is_no_longer_staff(filed: Harness) -> None:
    protect(filed)
    ask(filed, ALVAREZ)
    staff = [m.model_dump() for m in filed.services.settings.staff if m.email != ALVAREZ]
    filed.change_settings(staff=staff)
    assert "Nothing is lifted yet" in ask(filed, ORTEGA)
    assert is_flagged(filed)
