"""Issuing: what leaves, to whom and when, and what is held back."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pdfplumber
import pytest
from pyhanko.pdf_utils.reader import PdfFileReader
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from inbox_worker.alarms.facts import gather_facts
from inbox_worker.review import issuing, leaving
from inbox_worker.storage.models import CertificationRecord, Decision, Event, Request
from outbound.certification import timestamps
from parsers.values.control_numbers import SAMPLE_CONTROL_NUMBER
from tests.conftest import require_or_skip
from tests.servers.softhsm import make_token
from tests.servers.timestamping import answer_with_openssl, run_authority, write_authority_files
from tests.signing_keys import PASSWORD, issue_key, write_authority, write_key
from tests.worker_harness import (
    APPROVE,
    CLERK,
    DUTY,
    ORTEGA,
    SETTINGS,
    Harness,
    Opener,
    findings,
)

pytestmark = pytest.mark.on_both

AT_ONCE = {"confirm": False}


@pytest.fixture
def approved(open_filed: Opener) -> Harness:
    """Return a worker with an approval that is due."""
    harness: Harness = open_filed(review=AT_ONCE)
    harness.reply(ORTEGA, APPROVE)
    harness.clock.advance(minutes=10)
    return harness


def words_of(document: bytes) -> str:
    with pdfplumber.open(BytesIO(document)) as pdf:
        return " ".join(" ".join((page.extract_text() or "").split()) for page in pdf.pages)


def test_nothing_is_issued_before_its_moment(open_filed: Opener) -> None:
    harness = open_filed(review=AT_ONCE)
    harness.reply(ORTEGA, APPROVE)
    harness.clock.advance(minutes=9, seconds=59)
    assert harness.issue() == 0
    harness.clock.advance(seconds=1)
    assert (harness.issue(), harness.status()) == (1, "ISSUED")


def test_issuing_records_what_was_certified(approved: Harness) -> None:
    approved.issue()
    record = approved.certification()
    assert record.outcomes == ["DETAINED", "REMOVED"]
    assert [(a["code"], a["value"]) for a in record.answers] == [
        ("q1", "YES"),
        ("q2", "NO"),
        ("q3", "YES"),
        ("transfer", "YES"),
    ]
    assert (record.recipient, record.status, record.issued_at) == (
        CLERK,
        "current",
        approved.clock(),
    )
    assert record.sha256 == hashlib.sha256(record.pdf).hexdigest()
    assert record.control_number == SAMPLE_CONTROL_NUMBER
    (event,) = [e for e in approved.rows(Event) if e.code == "certification_issued"]
    assert (event.status_from, event.status_to) == ("APPROVED", "ISSUED")
    assert event.detail["sha256"] == record.sha256


def test_the_letter_carries_the_recorded_bytes_to_the_forms_address(approved: Harness) -> None:
    approved.issue()
    letter = approved.newest(CLERK, "certification")
    assert list(letter.files.values()) == [approved.certification().pdf]
    assert letter.due_at == approved.clock()
    assert letter.key == "certification:1"


def test_an_unsigned_document_is_marked_as_a_sample(approved: Harness) -> None:
    approved.issue()
    words = words_of(approved.certification().pdf)
    assert "SAMPLE" in words
    assert "PREVIEW" not in words
    assert "R. Ortega" in words
    assert "To be named" not in words


def test_issuing_again_issues_nothing(approved: Harness) -> None:
    assert [approved.issue() for _ in range(3)] == [1, 0, 0]
    assert len(approved.letters(kind="certification")) == 1


def test_the_second_persons_certification_names_the_certifier(open_filed: Opener) -> None:
    harness = open_filed(review={**AT_ONCE, "approvals": 2})
    harness.reply(ORTEGA, APPROVE)
    harness.reply("l.chen@agency.example", "APPROVE")
    harness.clock.advance(minutes=10)
    harness.issue()
    words = words_of(harness.certification().pdf)
    assert "R. Ortega" in words
    assert "L. Chen" not in words


# Refusals.


def deny(harness: Harness, reason: str) -> None:
    harness.reply(ORTEGA, f"DENY {reason}", to=harness.notice(ORTEGA))


def test_a_refusal_says_nothing_of_a_person_or_a_reason(open_filed: Opener) -> None:
    harness = open_filed()
    deny(harness, "the fingerprints are somebody else's")
    harness.clock.advance(days=7)
    assert harness.issue() == 1
    record = harness.certification()
    assert (record.outcomes, record.answers) == (["NO_INFORMATION"], [])
    words = words_of(record.pdf)
    for secret in ("Ejemplo", "José", "1988", "101", "fingerprints", "R. Ortega"):
        assert secret not in words
    assert "ICE is not providing information in response to this request" in words


def test_all_refusals_are_alike_whatever_their_reason(open_filed: Opener) -> None:
    harness = open_filed()
    harness.file(subject_family_name="Muster", case_numbers="26-CR-000123")
    first, second = (r.tracking_number for r in harness.rows(Request))
    notices = {x.subject.partition("CJS")[2]: x for x in harness.letters(to=ORTEGA)}
    assert len(notices) == 2
    for notice, reason in zip(notices.values(), ("no record", "the record is sealed"), strict=True):
        harness.reply(ORTEGA, f"DENY {reason}", to=notice)
    releases = {d.release_at for d in harness.rows(Decision)}
    assert len(releases) == 1
    harness.clock.now = releases.pop()
    assert harness.issue() == 2
    letters = [x.text for x in harness.letters(to=CLERK, kind="refusal")]
    assert letters[0].replace(first, "") == letters[1].replace(second, "")
    documents = [words_of(x.files.popitem()[1]) for x in harness.letters(kind="refusal")]
    assert documents[0].replace(first, "") == documents[1].replace(second, "")


def test_a_refusal_reads_as_every_answer_does_from_outside(open_filed: Opener) -> None:
    harness = open_filed(review=AT_ONCE)
    harness.file(subject_family_name="Muster")
    approve, deny_ = harness.letters(to=ORTEGA)
    harness.reply(ORTEGA, APPROVE, to=approve)
    harness.reply(ORTEGA, "DENY no record", to=deny_)
    harness.clock.advance(minutes=10)
    harness.issue()
    harness.clock.now = max(d.release_at for d in harness.rows(Decision))
    harness.issue()
    (yes,), (no,) = (harness.letters(kind=k) for k in ("certification", "refusal"))
    assert yes.subject.replace("000001-7", "") == no.subject.replace("000002-5", "")


# What is held back.


def test_without_a_key_nothing_is_issued_and_an_alarm_says_so_once_a_day(
    approved: Harness,
) -> None:
    approved.change_settings(
        review=AT_ONCE, certification={**SETTINGS["certification"], "require_signature": True}
    )
    assert [approved.issue() for _ in range(3)] == [0, 0, 0]
    assert (approved.status(), approved.rows(CertificationRecord)) == ("APPROVED", [])
    (alarm,) = approved.letters(to=DUTY)
    assert "no usable signing key" in alarm.text
    approved.clock.advance(days=1)
    approved.issue()
    assert len(approved.letters(to=DUTY)) == 2


def test_without_a_due_decision_no_alarm_is_raised(open_filed: Opener) -> None:
    harness = open_filed(certification={"require_signature": True})
    harness.issue()
    assert harness.letters(to=DUTY) == []


def test_records_that_are_too_old_at_issue_are_asked_for_again(open_filed: Opener) -> None:
    harness = open_filed(review=AT_ONCE)
    harness.reply(ORTEGA, findings(records_as_of="2026-05-01 15:05"))
    harness.clock.advance(minutes=10)
    assert harness.issue() == 1
    assert (harness.status(), harness.request().round) == ("IN_REVIEW", 2)
    assert harness.decisions() == [("APPROVE", ORTEGA, "CANCELLED")]
    assert harness.rows(CertificationRecord) == []
    told = harness.newest(ORTEGA, "staff_alert")
    assert "72 hours" in told.text
    assert harness.request().tracking_number in told.subject
    harness.reply(ORTEGA, APPROVE, to=harness.notice(ORTEGA))
    assert harness.status() == "APPROVED"


def test_without_its_certifier_an_approval_is_not_issued(approved: Harness) -> None:
    staff = [s for s in SETTINGS["staff"] if s["email"] != ORTEGA]
    approved.change_settings(review=AT_ONCE, staff=staff)
    assert approved.issue() == 1
    assert (approved.status(), approved.events()[-1]) == ("IN_REVIEW", "certifier_gone")
    assert approved.rows(CertificationRecord) == []


def test_a_refusal_needs_no_certifier(open_filed: Opener) -> None:
    harness = open_filed()
    deny(harness, "no consent on file")
    harness.change_settings(staff=[s for s in SETTINGS["staff"] if s["email"] != ORTEGA])
    harness.clock.advance(days=7)
    assert (harness.issue(), harness.status()) == (1, "ISSUED")


# Where it goes.


@pytest.mark.parametrize(
    ("form", "recipient", "kind"),
    [
        pytest.param({}, CLERK, "certification", id="the form's address"),
        pytest.param(
            {"requester_email": "records@courts.example"},
            "records@courts.example",
            "certification",
            id="not the mail's author, where the form names another",
        ),
        pytest.param(
            {"requester_email": "clerk@exämple.example"},
            "clerk@xn--exmple-cua.example",
            "certification",
            id="an international domain in its mailable form",
        ),
        pytest.param(
            {"delivery": "postal_mail", "password_phone": None},
            ORTEGA,
            "postal_instruction",
            id="by post: whoever decided prints it",
        ),
        pytest.param(
            {"requester_email": "josé@courts.example"},
            ORTEGA,
            "postal_instruction",
            id="an address no relay takes: by post",
        ),
    ],
)
def test_a_refusal_goes_where_the_form_says(
    open_harness: Opener, form: dict[str, Any], recipient: str, kind: str
) -> None:
    harness = open_harness(review={"refusal_times": [], "refusal_min_business_days": 0})
    harness.file(**form)
    shown = harness.reply(ORTEGA, "DENY no consent on file")
    expected = "by post" if kind == "postal_instruction" else ""
    assert expected in shown.text
    harness.clock.advance(minutes=10)
    assert harness.issue() == 1
    kind = "refusal" if kind == "certification" else kind
    letter = harness.newest(recipient)
    assert letter.kind == kind
    assert len(letter.files) == 1
    if kind == "postal_instruction":
        assert "1 Example Plaza" in letter.text
        assert "Anytown, GA 30301" in letter.text


# Races and faults.


def test_a_cancellation_that_comes_first_wins(
    approved: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    render = issuing.render_certification

    def cancel_meanwhile(facts: Any) -> bytes:
        approved.reply(ORTEGA, "CANCEL")
        return render(facts)

    monkeypatch.setattr(issuing, "render_certification", cancel_meanwhile)
    assert approved.issue() == 0
    assert (approved.status(), approved.rows(CertificationRecord)) == ("IN_REVIEW", [])
    assert approved.letters(kind="certification") == []


def test_one_decision_that_fails_does_not_hold_up_the_others(
    open_filed: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    harness = open_filed(review=AT_ONCE)
    harness.file(subject_family_name="Muster")
    for notice in harness.letters(to=ORTEGA):
        harness.reply(ORTEGA, APPROVE, to=notice)
    harness.clock.advance(minutes=10)
    render = issuing.render_certification

    def stumble(facts: Any) -> bytes:
        if "000001" in facts.tracking_number:
            raise ZeroDivisionError("Muestra")
        return render(facts)

    monkeypatch.setattr(issuing, "render_certification", stumble)
    assert [harness.issue(), harness.issue()] == [1, 0]
    assert [r.status for r in harness.rows(Request)] == ["APPROVED", "ISSUED"]
    (alarm,) = harness.letters(to=DUTY)
    assert "ZeroDivisionError" in alarm.text
    assert "Muestra" not in alarm.text
    monkeypatch.undo()
    assert harness.issue() == 1


def test_a_fault_of_the_system_goes_up(approved: Harness, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: Any) -> bytes:
        raise OperationalError("SELECT 1", {}, Exception("disk I/O error"))

    monkeypatch.setattr(issuing, "render_certification", fail)
    with pytest.raises(OperationalError):
        approved.issue()
    assert (approved.status(), approved.letters(to=DUTY)) == ("APPROVED", [])


def test_what_fails_while_it_is_recorded_issues_nothing(
    approved: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_arguments: Any, **_options: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(leaving, "write_answer", fail)
    assert approved.issue() == 0
    assert (approved.status(), approved.rows(CertificationRecord)) == ("APPROVED", [])


def test_issuing_stops_at_a_boundary(approved: Harness) -> None:
    assert issuing.issue_due(approved.services, should_stop=lambda: True) == 0
    assert approved.status() == "APPROVED"


def test_a_decision_of_an_earlier_round_is_never_issued(approved: Harness) -> None:
    with approved.services.database.unit_of_work() as unit:
        unit.session.execute(text("UPDATE requests SET round = round + 1"))
        unit.commit()
    assert approved.issue() == 0


# Signatures.


def sign_with(
    harness: Harness,
    path: Path,
    *,
    staff: Any = None,
    password: str = PASSWORD,
    review: Any = None,
    **changes: str,
) -> None:
    certification = {
        **SETTINGS["certification"],
        "require_signature": True,
        "signing_pkcs12": str(path),
        "signing_password": password,
        **changes,
    }
    people = SETTINGS["staff"] if staff is None else staff
    harness.change_settings(review=review or AT_ONCE, certification=certification, staff=people)


def waiting_for_key(harness: Harness) -> int:
    services = harness.services
    with services.database.read() as session:
        return gather_facts(session, services.settings, services.clock()).waiting_for_key


def signer_of(document: bytes) -> str:
    (signature,) = PdfFileReader(BytesIO(document)).embedded_signatures
    assert signature.compute_integrity_info() is None
    return str(signature.signer_cert.subject.native["common_name"])


def test_with_a_key_the_signed_bytes_are_recorded_and_sent_unmarked(
    approved: Harness, tmp_path: Path
) -> None:
    sign_with(approved, write_key(tmp_path / "office.p12"))
    assert approved.issue() == 1
    record = approved.certification()
    assert signer_of(record.pdf) == "Example Office"
    assert record.sha256 == hashlib.sha256(record.pdf).hexdigest()
    assert list(approved.newest(CLERK, "certification").files.values()) == [record.pdf]
    assert record.control_number != SAMPLE_CONTROL_NUMBER
    words = words_of(record.pdf)
    assert record.control_number in words
    assert "SAMPLE" not in words


def test_a_certifiers_own_key_signs_what_they_certify(approved: Harness, tmp_path: Path) -> None:
    own = write_key(tmp_path / "own.p12", name="R. Ortega")
    keys = {"signing_pkcs12": str(own), "signing_password": PASSWORD}
    staff = [{**s, **keys} if s["email"] == ORTEGA else s for s in SETTINGS["staff"]]
    sign_with(approved, write_key(tmp_path / "office.p12"), staff=staff)
    approved.issue()
    assert signer_of(approved.certification().pdf) == "R. Ortega"


def test_a_wrong_key_holds_issuing_back_until_it_is_put_right(
    approved: Harness, tmp_path: Path
) -> None:
    path = write_key(tmp_path / "office.p12")
    sign_with(approved, path, password="wrong")
    assert [approved.issue() for _ in range(2)] == [0, 0]
    assert (approved.status(), approved.rows(CertificationRecord)) == ("APPROVED", [])
    (alarm,) = approved.letters(to=DUTY)
    assert "no usable signing key" in alarm.text
    assert waiting_for_key(approved) == 1
    sign_with(approved, path)
    assert waiting_for_key(approved) == 0
    assert (approved.issue(), approved.status()) == (1, "ISSUED")


def test_a_token_with_a_wrong_pin_holds_issuing_back_and_loses_nothing(
    approved: Harness, tmp_path: Path
) -> None:
    require_or_skip("softhsm2-util")
    token = make_token(tmp_path)
    token.put("certification", *issue_key(name="Office in a token"))
    for pin, issued, status in (("0000", 0, "APPROVED"), (None, 1, "ISSUED")):
        table = token.table("certification", **({} if pin is None else {"pin": pin}))
        settings = {**SETTINGS["certification"], "require_signature": True, "signing_pkcs11": table}
        approved.change_settings(review=AT_ONCE, certification=settings)
        assert (approved.issue(), approved.status()) == (issued, status)
        assert len(approved.letters(to=DUTY)) == 1
    assert signer_of(approved.certification().pdf) == "Office in a token"


def test_without_a_time_stamp_decisions_wait_and_nothing_is_lost(
    approved: Harness, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # OpenSSL cannot be told the time of the test.
    monkeypatch.setattr(timestamps, "_TOLERANCE", timedelta(days=36_500))
    folder = write_authority_files(tmp_path / "tsa")
    with run_authority(lambda query: (503, "text/plain", b"")) as authority:
        key = write_key(tmp_path / "office.p12")
        anchors = {"timestamp_ca_file": str(write_authority(tmp_path / "ca.pem"))}
        sign_with(approved, key, timestamp_url=authority.url, **anchors)
        assert [approved.issue() for _ in range(2)] == [0, 0]
        assert (approved.status(), approved.rows(CertificationRecord)) == ("APPROVED", [])
        (alarm,) = approved.letters(to=DUTY)
        assert "time-stamp server gives no usable answer" in alarm.text
        authority.answer = lambda query: answer_with_openssl(folder, query)
        assert (approved.issue(), approved.status()) == (1, "ISSUED")
    (signature,) = PdfFileReader(BytesIO(approved.certification().pdf)).embedded_signatures
    kinds = [a["type"].native for a in signature.signer_info["unsigned_attrs"]]
    assert kinds == ["signature_time_stamp_token"]


@pytest.mark.parametrize("decision", [APPROVE, "DENY the records are sealed"])
def test_a_courtesy_translation_goes_beside_it_and_is_no_record(
    open_filed: Opener, tmp_path: Path, decision: str
) -> None:
    harness = open_filed()
    review = {**AT_ONCE, "refusal_times": [], "refusal_min_business_days": 0}
    sign_with(harness, write_key(tmp_path / "office.p12"), courtesy_copy="es", review=review)
    harness.reply(ORTEGA, decision)
    harness.clock.advance(minutes=10)
    assert harness.issue() == 1
    record, letter = harness.certification(), harness.newest(CLERK)
    tracking = harness.rows(Request)[0].tracking_number
    (_, original), (name, translation) = letter.files.items()
    assert (original, name) == (record.pdf, f"{tracking}-courtesy-translation-es.pdf")
    assert record.control_number in words_of(translation)
    assert "NO ES LA CERTIFICACIÓN" in words_of(translation)
    assert "courtesy translation into Spanish is attached" in letter.text
