"""Delivery with protection: what leaves sealed, who is told its password, and when nobody is."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import pdfplumber
import pikepdf
import pytest
from sqlalchemy import select
from sqlalchemy import text as sql
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import undefer

from inbox_worker.review.digest import send_digest
from inbox_worker.storage.models import CertificationCopy, CertificationRecord, Event
from tests.signing_keys import PASSWORD as KEY_PASSWORD
from tests.signing_keys import write_key
from tests.worker_harness import (
    ALVAREZ,
    APPROVE,
    CHEN,
    CLERK,
    LINDQVIST,
    ORTEGA,
    SETTINGS,
    STAFF,
    Harness,
    Opener,
    Sent,
    findings,
    merge,
)

#: Sealed, unsigned, at once.
SEALED: dict[str, Any] = {
    "review": {"confirm": False, "refusal_times": [], "refusal_min_business_days": 0},
    "delivery": {"protection": "encrypted"},
}
CLEAR = merge(SEALED, {"delivery": {"protection": "none"}})
PHONE = "(202) 555-0141"
ELSEWHERE = "chief.clerk@courts.example"
OTHER = "d.whitlock@courts.example"


def signed(folder: Path, **delivery: Any) -> dict[str, Any]:
    """Return settings by which what leaves is sealed and signed."""
    path = folder / "office.p12"
    if not path.exists():
        write_key(path)
    key = {"signing_pkcs12": str(path), "signing_password": KEY_PASSWORD}
    certification = {**SETTINGS["certification"], "require_signature": True, **key}
    return merge(SEALED, {"certification": certification, "delivery": delivery})


def issue(harness: Harness, text: str = APPROVE) -> Harness:
    harness.reply(ORTEGA, text, to=harness.notice(ORTEGA))
    harness.clock.advance(minutes=11)
    assert harness.issue() == 1
    return harness


def copies(harness: Harness) -> list[CertificationCopy]:
    query = select(CertificationCopy).order_by(CertificationCopy.id)
    whole = (undefer(CertificationCopy.pdf), undefer(CertificationCopy.password))
    with harness.services.database.read() as session:
        found = list(session.scalars(query.options(*whole)))
        session.expunge_all()
    return found


def archived(harness: Harness) -> list[bytes]:
    query = select(CertificationRecord.pdf).order_by(CertificationRecord.id)
    with harness.services.database.read() as session:
        return list(session.scalars(query))


def ask(harness: Harness, person: str = LINDQVIST, *, to: Sent | None = None) -> Sent:
    return harness.reply(person, "PASSWORD", to=to or harness.notice(person))


def sent(harness: Harness, address: str = CLERK) -> list[bytes]:
    kinds = ("certification", "refusal")
    letters = [x for x in harness.letters(to=address) if x.kind in kinds]
    return [data for letter in letters for data in letter.files.values()]


def take_out(data: bytes, password: str | None) -> dict[str, bytes]:
    with pikepdf.open(BytesIO(data), password=password or "") as pdf:
        return {name: spec.get_file().read_bytes() for name, spec in pdf.attachments.items()}


def test_what_leaves_is_sealed_and_holds_the_archived_copy(
    open_filed: Opener, tmp_path: Path
) -> None:
    harness = issue(open_filed(**signed(tmp_path)))
    (copy,), record = copies(harness), harness.certification()
    assert (copy.kind, copy.certification_id) == ("sealed", record.id)
    assert sent(harness) == [copy.pdf]
    assert hashlib.sha256(copy.pdf).hexdigest() == copy.sha256
    assert take_out(copy.pdf, copy.password) == {f"{record.control_number}.pdf": record.pdf}
    with pytest.raises(pikepdf.PasswordError):
        pikepdf.open(BytesIO(copy.pdf))
    letter = harness.newest(CLERK, "certification")
    assert f"as {record.control_number}.pdf" in letter.text
    for step in ("1. Get the password by telephone.", "2. Open the", "3. Save the copy"):
        assert step in letter.text


@pytest.mark.on_both
def test_without_embedded_files_the_filing_copy_is_a_registered_one(
    open_filed: Opener, tmp_path: Path
) -> None:
    harness = issue(open_filed(**signed(tmp_path, filing_copy_attachments=False)))
    sealed, filing = copies(harness)
    assert (filing.kind, filing.password) == ("filing", None)
    assert list(take_out(sealed.pdf, sealed.password).values()) == [filing.pdf]
    assert take_out(filing.pdf, None) == {}
    assert filing.sha256 == hashlib.sha256(filing.pdf).hexdigest()
    assert filing.pdf != harness.certification().pdf


@pytest.mark.on_both
def test_the_password_is_in_nothing_but_the_answer_to_whom_asks(
    open_filed: Opener, capfd: pytest.CaptureFixture[str]
) -> None:
    harness = issue(open_filed(**SEALED))
    password = str(copies(harness)[0].password)
    due = harness.newest(ORTEGA)
    assert (due.kind, due.recipient) == ("call_due", ORTEGA)
    before = harness.letters()
    assert not [x.key for x in before if password.encode() in x.raw or password in x.text]
    answer = ask(harness, ORTEGA, to=due)
    assert (answer.kind, password in answer.lines) == ("call", True)
    assert password not in answer.subject
    event = harness.rows(Event)[-1]
    assert (event.code, event.actor) == ("password_given", ORTEGA)
    told = json.dumps([e.detail for e in harness.rows(Event)])
    assert not [word for word in password.split("-") if f'"{word}"' in told]
    assert password not in told
    assert password not in repr(copies(harness))
    heard = capfd.readouterr()
    assert password not in heard.out + heard.err
    with harness.services.database.unit_of_work() as unit, pytest.raises(DBAPIError) as caught:
        unit.session.execute(sql("INSERT INTO nowhere VALUES (:told)"), {"told": password})
    assert password not in str(caught.value)


def test_any_reviewer_is_shown_it_again_and_again(open_filed: Opener) -> None:
    harness = issue(open_filed(**SEALED))
    password = copies(harness)[0].password
    assert all(password in ask(harness, person).lines for person in STAFF)
    assert harness.status() == "ISSUED"


def test_sent_again_it_has_the_same_password_and_made_anew_another(open_filed: Opener) -> None:
    harness = issue(open_filed(**SEALED))
    told = harness.reply(CHEN, "RESEND", to=harness.notice(CHEN))
    assert "Reply PASSWORD for what opens it." in told.text
    first, again = sent(harness)
    assert first == again
    assert len(copies(harness)) == 1
    text = findings(removed="2026-04-18", custody="2026-03-02 to 2026-04-18")
    issue(harness, text.replace("APPROVE", "REISSUE", 1))
    old, new = copies(harness)
    assert old.password != new.password
    assert list(take_out(sent(harness)[-1], new.password).values()) == [archived(harness)[-1]]
    assert new.password in ask(harness).lines


def test_a_refusal_is_sealed_as_every_answer_is(open_filed: Opener) -> None:
    harness = issue(open_filed(**SEALED), "DENY nothing was found")
    (copy,) = copies(harness)
    assert sent(harness) == [copy.pdf]
    assert harness.newest(ORTEGA).kind == "call_due"
    assert copy.password in ask(harness).lines


@pytest.mark.parametrize(
    ("before", "after", "words", "is_given"),
    [
        pytest.param(CLEAR, None, "left without a password", False, id="in the clear"),
        pytest.param(SEALED, "REVOKE wrong person", "is revoked", False, id="revoked"),
        pytest.param(SEALED, "PROTECT", "protected by law", False, id="protected since"),
    ],
)
def test_there_is_not_always_a_password_to_tell(
    open_filed: Opener, before: dict[str, Any], after: str | None, words: str, *, is_given: bool
) -> None:
    harness = issue(open_filed(**before))
    if after is not None:
        harness.reply(ORTEGA, after, to=harness.notice(ORTEGA))
    answer = ask(harness)
    assert (answer.kind, words in answer.text) == ("not_permitted", True)
    assert "password_given" not in harness.events()


def test_the_refusal_of_somebody_protected_opens_as_any_other(open_filed: Opener) -> None:
    harness = open_filed(**SEALED)
    harness.reply(LINDQVIST, "PROTECT", to=harness.notice(LINDQVIST))
    issue(harness, "DENY nothing was found")
    assert copies(harness)[0].password in ask(harness, ORTEGA).lines


# Whom to call, and by which number.


def second_request(harness: Harness, **form: Any) -> Harness:
    harness.file(case_numbers="26-CR-000124", subject_a_number="A000000102", **form)
    return issue(harness)


@pytest.mark.parametrize(
    ("first", "form", "is_number"),
    [
        pytest.param(("PASSWORD",), {}, True, id="called there for an earlier request"),
        pytest.param((), {}, False, id="answered before, and nobody called"),
        pytest.param(
            ("PASSWORD", "REVOKE they had asked for nothing"), {}, False, id="and revoked since"
        ),
        pytest.param(
            ("PASSWORD",), {"password_phone": "(202) 555-0199"}, False, id="another number"
        ),
        pytest.param(
            ("PASSWORD",), {"author": OTHER, "requester_email": OTHER}, False, id="another author"
        ),
    ],
)
def test_the_number_of_the_form_is_called_only_where_it_was_before(
    open_filed: Opener, first: tuple[str, ...], form: dict[str, Any], is_number: bool
) -> None:
    harness = issue(open_filed(**SEALED))
    for text in first:
        told = harness.reply(ORTEGA, text, to=harness.notice(ORTEGA))
        assert text != "PASSWORD" or "published switchboard of Superior Court" in told.text
    answer = ask(second_request(harness, **form))
    assert "Dana Whitlock, Deputy Clerk of Court" in answer.text
    assert (f"{PHONE}, given on the form for this" in answer.text) == is_number
    assert ("switchboard" in answer.text) != is_number


@pytest.mark.on_both
def test_asking_twice_makes_no_number_known(open_filed: Opener) -> None:
    harness = issue(open_filed(**SEALED))
    assert all("published switchboard" in ask(harness).text for _ in range(2))


@pytest.mark.parametrize(
    ("prepare", "told"),
    [
        pytest.param(lambda h: None, {ORTEGA}, id="whoever decided"),
        pytest.param(
            lambda h: h.reply(ORTEGA, "AWAY until 2026-06-01", to=h.notice(ORTEGA)),
            {ORTEGA, ALVAREZ},
            id="and the deputy of who is away",
        ),
    ],
)
def test_who_is_told_that_a_password_is_to_be_read_out(
    open_filed: Opener, prepare: Callable[[Harness], object], told: set[str]
) -> None:
    staff = [{**s, "deputy": ALVAREZ if s["email"] == ORTEGA else ""} for s in SETTINGS["staff"]]
    harness = open_filed(**SEALED, staff=staff)
    prepare(harness)
    issue(harness)
    assert {x.recipient for x in harness.letters(kind="call_due")} == told


def test_where_the_decider_has_left_every_reviewer_is_told(open_filed: Opener) -> None:
    harness = open_filed(**SEALED)
    harness.reply(CHEN, "DENY nothing was found", to=harness.notice(CHEN))
    harness.clock.advance(minutes=11)
    staff = [s for s in SETTINGS["staff"] if s["email"] != CHEN]
    harness.change_settings(**SEALED, staff=staff)
    assert harness.issue() == 1
    assert {x.recipient for x in harness.letters(kind="call_due")} == set(STAFF) - {CHEN}


# What went by post, or in the clear.


@pytest.mark.on_both
def test_what_goes_by_post_is_not_sealed_until_it_is_mailed(
    open_harness: Opener, tmp_path: Path
) -> None:
    harness = open_harness(**signed(tmp_path))
    harness.file(delivery="postal_mail", password_phone=None)
    issue(harness)
    assert (copies(harness), sent(harness)) == ([], [])
    order = harness.newest(ORTEGA, "postal_instruction")
    (printable,) = order.files.values()
    with pdfplumber.open(BytesIO(printable)) as pdf:
        cover, first, _second = (page.extract_text() for page in pdf.pages)
    assert "Dana Whitlock\nSuperior Court of Example County\n1 Example Plaza\nAnytown, GA" in cover
    assert harness.certification().control_number in first
    assert "went by post" in ask(harness).text
    harness.reply(CHEN, f"RESEND {ELSEWHERE}", to=harness.notice(CHEN))
    assert copies(harness) == [], "one person alone seals nothing"
    harness.reply(ORTEGA, f"RESEND {ELSEWHERE}", to=harness.notice(ORTEGA))
    (copy,) = copies(harness)
    assert sent(harness, ELSEWHERE) == [copy.pdf]
    assert list(take_out(copy.pdf, copy.password).values()) == archived(harness)
    answer = ask(harness)
    assert copy.password in answer.lines
    assert ELSEWHERE in answer.text


def test_what_left_in_the_clear_is_sealed_before_it_is_sent_again(
    open_filed: Opener, tmp_path: Path
) -> None:
    clear = merge(signed(tmp_path), {"delivery": {"protection": "none"}})
    harness = issue(open_filed(**clear))
    assert sent(harness) == archived(harness)
    assert "opens with a password" not in harness.newest(CLERK).text
    path = tmp_path / "office.p12"
    kept = path.read_bytes()
    path.write_bytes(b"lost")
    harness.change_settings(**signed(tmp_path))
    refused = harness.reply(CHEN, "RESEND", to=harness.notice(CHEN))
    assert "cannot be signed now" in refused.text
    assert len(sent(harness)) == 1
    path.write_bytes(kept)
    harness.reply(CHEN, "RESEND", to=harness.notice(CHEN))
    (copy,) = copies(harness)
    assert sent(harness)[1:] == [copy.pdf]
    with pikepdf.open(BytesIO(copy.pdf), password=str(copy.password)) as pdf:
        assert "/Perms" in pdf.Root, "it is signed"


def test_what_left_sealed_stays_sealed(open_filed: Opener) -> None:
    harness = issue(open_filed(**SEALED))
    harness.change_settings(**CLEAR)
    harness.reply(CHEN, "RESEND", to=harness.notice(CHEN))
    first, again = sent(harness)
    assert first == again


@pytest.mark.on_both
def test_the_digest_counts_what_nobody_has_asked_the_password_of(open_filed: Opener) -> None:
    harness = issue(open_filed(**SEALED))
    told = "password not asked for yet"
    harness.clock.advance(days=1)
    send_digest(harness.services)
    assert f"{told}: 1" in harness.newest(ALVAREZ, "digest").text
    ask(harness)
    harness.clock.advance(days=1)
    send_digest(harness.services)
    assert told not in harness.newest(ALVAREZ, "digest").text
    text = findings(removed="2026-04-18", custody="2026-03-02 to 2026-04-18")
    text = text.replace("2026-05-04 14:30", "2026-05-06 14:30")
    issue(harness, text.replace("APPROVE", "REISSUE", 1))
    harness.clock.advance(days=1)
    send_digest(harness.services)
    assert f"{told}: 1" in harness.newest(ALVAREZ, "digest").text, "the new one has another"
