"""The whole job, from a clerk's mail to the certification in the clerk's mailbox, for everybody.

Each story follows one request through the installed command. They are played side by side, once on
Dovecot and Postfix and once on the embedded servers: between two steps of a story (`yield`) the
command `once` runs to its end and every letter it sent has arrived. What leaves is sealed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from io import BytesIO
from pathlib import Path

import pikepdf
import pytest

from tests.acceptance.conftest import open_embedded
from tests.acceptance.forms import (
    CUSTODY_FIRST,
    OBLIGATION,
    REMOVED,
    TODAY,
    Values,
    build_agent_values,
    build_clerk_values,
    fill,
    list_secrets,
    spell,
    write_findings,
)
from tests.acceptance.job import AGENCY, FOLDERS, OFFICE, Job, Person, Story, now, play, tracking_in
from tests.acceptance.mails import (
    Mail,
    MailServers,
    compose,
    compose_html_reply,
    read_answers,
    read_pages,
)
from tests.servers.ports import wait_until
from tests.servers.postgres import Postgres

pytestmark = pytest.mark.timeout(900)

#: Everybody outside, as addresses before they are tagged; each story has its own.
OUTSIDE = (
    "dana.whitlock@courts.example",
    "marcus.bellweather@probation.example",
    "ines.fairbrook@courts.example",
    "otto.greenleaf@courts.example",
    "pat.quillfeather@bonds.example",
    "rosa.underhill@courts.example",
    "nell.ashgrove@courts.example",
    "theo.marchbank@courts.example",
    "records@courts.example",
    "wilma.stonebridge@courts.example",
    "gus.lanternfield@courts.example",
    "hugo.pennywhistle@courts.example",
    "carla.meddler@courts.example",
    "petra.oakenshield@courts.example",
    "quentin.holdfast@courts.example",
    "ida.twice@courts.example",
    "leona.fairweather@courts.example",
    "silas.shelterbury@courts.example",
)

#: Every form that was sent, so that none of its words is found in what leaves.
_SENT: list[Values] = []


def _person(job: Job, address: str) -> Person:
    name = " ".join(word.capitalize() for word in address.partition("@")[0].split("."))
    return Person(name, job.address_of(address))


def _send_clerk_form(job: Job, author: Person, **more: object) -> Mail:
    values = build_clerk_values(author, **more)
    _SENT.append(values)
    return job.write(author, "Good morning,\n\nplease find our request attached.\n", fill(values))


def _notice(job: Job, member: Person, tracking: str) -> Mail:
    return job.newest_to(member.address, f"[{tracking}] Review needed")


def _ask_password(job: Job, member: Person, tracking: str) -> None:
    """Ask for the password of what has left, by the notice that one is to be read out."""
    job.reply(member, job.newest_to(member.address, f"[{tracking}] A password"), "PASSWORD")


def _unseal(job: Job, member: Person, tracking: str, answer: Mail) -> bytes:
    """Open a sealed certification as its reader does, and return the copy for filing."""
    sealed = answer.files[f"{tracking}.pdf"]
    told = job.newest_to(member.address, f"[{tracking}] Understood: PASSWORD")
    (password,) = {w for w in told.words.split() if re.fullmatch("(?:[a-z]+-){5}[a-z]+", w)}
    assert password not in answer.text
    with pytest.raises(pikepdf.PasswordError):
        pikepdf.open(BytesIO(sealed))
    with pikepdf.open(BytesIO(sealed), password=password) as pdf:
        ((name, attached),) = pdf.attachments.items()
        filing = attached.get_file().read_bytes()
    assert name in answer.text
    (issued,) = job.show(tracking)["certifications"]
    assert (name, sha256(filing).hexdigest()) == (
        f"{issued['control_number']}.pdf",
        issued["sha256"],
    )
    assert read_pages(sealed, password) == read_pages(filing)
    return filing


# The stories.


def a_clerk_gets_a_certification(job: Job) -> Iterator[None]:
    clerk = _person(job, "dana.whitlock@courts.example")
    form = _send_clerk_form(job, clerk)
    yield
    receipt = job.newest_to(clerk.address)
    tracking = tracking_in(receipt)
    assert receipt.subject == f"[{tracking}] Request received"
    assert receipt.sender == job.mailbox
    assert receipt.message["In-Reply-To"].strip() == form.message_id
    assert form.message_id in receipt.message["References"]
    assert str(receipt.message["Auto-Submitted"]).startswith("auto-")
    assert tracking in receipt.text
    assert tracking in receipt.html
    assert job.dispositions_of(form) == ["FILED"]
    assert job.folders_of(form) == ["Filed"]
    for member in (job.approver, job.chief, job.reviewer, job.unproven):
        assert len(job.letters_to(member.address, f"[{tracking}] Review needed")) == 1
    notice = _notice(job, job.approver, tracking)
    assert list(notice.files) == [f"{tracking}-request.pdf"]
    assert notice.files[f"{tracking}-request.pdf"] == form.files["form 1.pdf"]
    careless = job.reply(job.approver, notice, "not approved")
    yield
    returned = job.newest_to(job.approver.address, tracking)
    assert job.dispositions_of(careless) == ["REPLY_RETURNED"]
    assert job.folders_of(careless) == ["Answered"]
    assert job.status_of(tracking) == "IN_REVIEW"
    assert returned.message["In-Reply-To"].strip() == careless.message_id
    assert "not approved" in returned.text
    assert not returned.files
    approval = job.reply(job.approver, returned, write_findings())
    yield
    preview = job.newest_to(job.approver.address, tracking)
    assert job.dispositions_of(approval) == ["DECISION_APPLIED"]
    assert job.folders_of(approval) == ["Decided"]
    assert job.status_of(tracking) == "IN_REVIEW"
    pages = read_pages(preview.files[f"{tracking}-preview.pdf"])
    assert all("PREVIEW - NOT ISSUED" in page for page in pages)
    assert f"from {spell(CUSTODY_FIRST)} to {spell(REMOVED)}" in pages[0]
    assert len(job.letters_to(clerk.address)) == 1
    confirmation = job.reply(job.approver, preview, "CONFIRM")
    yield
    assert job.dispositions_of(confirmation) == ["DECISION_APPLIED"]
    answer = job.newest_to(clerk.address)
    _check_answer(answer, tracking, thread=[form, receipt])
    _ask_password(job, job.approver, tracking)
    yield
    _check_certification(_unseal(job, job.approver, tracking, answer), tracking, job)
    file = job.show(tracking)
    assert file["status"] == "ISSUED"
    (issued,) = file["certifications"]
    assert issued["control_number"] == "0000-0000-0000-0000"
    assert issued["outcomes"] == ["DETAINED", "REMOVED"]
    assert issued["status"] == "current"
    late = job.reply(job.chief, _notice(job, job.chief, tracking), "DENY the records are unclear")
    again = job.reply(job.approver, preview, "CONFIRM")
    yield
    assert job.dispositions_of(late) == job.dispositions_of(again) == ["REPLY_RETURNED"]
    told = job.newest_to(job.chief.address, tracking)
    assert "already" in told.subject.lower()
    assert f"already decided (approved) by {job.approver.name}, on " in told.words
    assert len(job.letters_to(clerk.address, "Answer")) == 1
    assert job.status_of(tracking) == "ISSUED"


def _check_answer(answer: Mail, tracking: str, *, thread: list[Mail]) -> None:
    assert answer.subject == f"[{tracking}] Answer to your request"
    assert list(answer.files) == [f"{tracking}.pdf"]
    assert answer.files[f"{tracking}.pdf"].startswith(b"%PDF-")
    references = answer.message["References"].split()
    assert [mail.message_id for mail in thread] == references
    assert answer.message["In-Reply-To"].strip() == references[-1]
    assert str(answer.message["Auto-Submitted"]).startswith("auto-")


def _check_certification(document: bytes, tracking: str, job: Job) -> None:
    """Check every fact that is printed, and that what must not be printed is not."""
    first, second = read_pages(document)
    # It was found, certified and sent today, whenever the forms were made.
    obligation, as_of = spell(OBLIGATION), spell(now().date())
    facts = {
        "mark": "SAMPLE - NOT AN OFFICIAL RECORD",
        "agency": AGENCY,
        "office": OFFICE,
        "court": "Court or agency Superior Court of Example County Georgia",
        "case": "Case no. 26-CR-000123",
        "individual": "Individual, as named in the request Ejemplo de la Muestra, José Andrés",
        "obligation": f"Date of the obligation {obligation}",
        "numbers": f"0000-0000-0000-0000 {tracking} {as_of}",
        "match": "Identifiers that agreed A-number, name and date of birth",
        "custody": f"was in ICE custody from {spell(CUSTODY_FIRST)} to {spell(REMOVED)} at Example"
        f" Processing Center, Anytown, GA, a period that includes {obligation}.",
        "end of custody": "Custody ended by removal.",
        "removal": "ICE removed the individual from the United States to Guatemala on"
        f" {spell(REMOVED)}, after {obligation}, pursuant to an order of removal.",
        "page": "Page 1 of 2",
    }
    for fact, words in facts.items():
        assert words in first, f"{fact}: {words!r} is not on page 1: {first}"
    assert read_answers(document) == {
        f"On {obligation}, was the individual in ICE custody?": "YES",
        "Had ICE removed the individual from the United States under an order of removal on or"
        f" before {obligation}, with no later presence recorded?": "NO",
        f"From {obligation} to {as_of}, do ICE records show the individual continuously in ICE"
        " custody, or in ICE custody until removed, or removed earlier, with no later entry,"
        " encounter or custody recorded?": "YES ICE does not monitor individuals after removal;"
        " this answer states what ICE records show, not where the individual has been.",
        "Was the individual taken into ICE custody directly from another agency’s custody?": "YES:"
        f" Example County Jail, {spell(CUSTODY_FIRST)}",
    }
    assert re.search(rf"Records checked as of.* {re.escape(as_of)}, \d+:\d\d [AP]M E[SD]T", first)
    assert re.search(r"\b1988 101\b", first), first
    assert f"Concerning control number 0000-0000-0000-0000, issued {as_of}" in second
    assert f"I, R. Ortega, am employed by {AGENCY} as Deportation Officer." in second
    assert f"perjury that the foregoing is true and correct. Executed on {as_of}." in second
    assert f"VERIFY 0000-0000-0000-0000, to {job.mailbox}" in second
    assert "Page 2 of 2" in second
    for never in ("A000000101", "000-000-101", "000000101", "July 23", "07/23/1988", "PREVIEW"):
        assert never not in first + second


def a_probation_officer_is_denied(job: Job) -> Iterator[None]:
    officer = _person(job, "marcus.bellweather@probation.example")
    values = build_clerk_values(
        officer,
        requester_type="probation_or_parole",
        requester_title="Probation Officer",
        requester_credential="EX1234567",
        subject_family_name="Sample",
        subject_given_names="Maria Fernanda",
        subject_a_number="A000000102",
        court_name="Example County Probation Department",
        case_numbers=["25-PR-000456"],
    )
    _SENT.append(values)
    form = job.write(officer, "Our form.\n", fill(values))
    yield
    receipt = job.newest_to(officer.address)
    tracking = tracking_in(receipt)
    denial = job.reply(job.approver, _notice(job, job.approver, tracking), "DENY no clear match")
    yield
    assert job.dispositions_of(denial) == ["DECISION_APPLIED"]
    assert job.status_of(tracking) == "ISSUED"
    answer = job.newest_to(officer.address)
    _check_answer(answer, tracking, thread=[form, receipt])
    _ask_password(job, job.approver, tracking)
    yield
    (page,) = read_pages(_unseal(job, job.approver, tracking, answer))
    assert "ICE is not providing information in response to this request." in page
    assert "Example County Probation Department" in page
    assert "25-PR-000456" in page
    assert "0000-0000-0000-0000" in page
    assert tracking in page
    assert "SAMPLE - NOT AN OFFICIAL RECORD" in page
    for never in ("Sample,", "Maria", "Fernanda", "102", "1988", "match", "YES", "Ortega"):
        assert never not in page, never
    file = job.show(tracking)
    assert [c["outcomes"] for c in file["certifications"]] == [["NO_INFORMATION"]]
    assert [d["reason"] for d in file["decisions"]] == ["no clear match"]


def an_answer_to_a_question_reopens_the_review(job: Job) -> Iterator[None]:
    clerk = _person(job, "ines.fairbrook@courts.example")
    _send_clerk_form(job, clerk)
    yield
    tracking = job.tracking_of(clerk.address)
    telling = job.reply(
        job.reviewer,
        _notice(job, job.reviewer, tracking),
        "NEED INFO Is Ejemplo de la Muestra the name on the docket?",
    )
    yield
    assert job.dispositions_of(telling) == ["REPLY_RETURNED"]
    assert job.status_of(tracking) == "IN_REVIEW"
    assert len(job.letters_to(clerk.address)) == 1
    question = "Which division of the court set the hearing?"
    asked = job.reply(
        job.reviewer, job.newest_to(job.reviewer.address, tracking), f"NEED INFO {question}"
    )
    yield
    assert job.dispositions_of(asked) == ["DECISION_APPLIED"]
    assert job.status_of(tracking) == "NEEDS_INFORMATION"
    letter = job.newest_to(clerk.address)
    assert letter.subject == f"[{tracking}] A question about your request"
    assert question in letter.words
    told = job.reply(clerk, letter, "It was the felony division, courtroom 3B.")
    yield
    assert job.dispositions_of(told) == ["ANSWER_RECORDED"]
    assert job.folders_of(told) == ["Filed"]
    assert job.status_of(tracking) == "IN_REVIEW"
    notices = job.letters_to(job.approver.address, f"[{tracking}] Review needed")
    assert len(notices) == 2
    assert "It was the felony division, courtroom 3B." in notices[-1].words
    old = job.reply(job.approver, notices[0], "DENY it is too late")
    where = job.reply(job.reviewer, _notice(job, job.reviewer, tracking), "status")
    what = job.reply(job.chief, _notice(job, job.chief, tracking), "Help!")
    yield
    assert job.dispositions_of(old) == ["REPLY_RETURNED"]
    assert "earlier round" in job.newest_to(job.approver.address, tracking).words
    assert job.dispositions_of(where) == job.dispositions_of(what) == ["REPLY_RETURNED"]
    assert "Question asked, by K. Lindqvist." in job.newest_to(job.reviewer.address, tracking).words
    assert "NEED INFO question" in job.newest_to(job.chief.address, tracking).words
    assert job.status_of(tracking) == "IN_REVIEW"


def a_reviewer_corrects_the_file(job: Job) -> Iterator[None]:
    clerk = _person(job, "otto.greenleaf@courts.example")
    _send_clerk_form(job, clerk)
    yield
    tracking = job.tracking_of(clerk.address)
    notice = _notice(job, job.reviewer, tracking)
    half = job.reply(
        job.reviewer, notice, "CORRECT\nCase or docket no.: 26-CR-000999\nDate of birth: 02/30/1988"
    )
    yield
    assert job.dispositions_of(half) == ["REPLY_RETURNED"]
    assert job.show(tracking)["fields"]["case_numbers"]["value"] == ["26-CR-000123"]
    whole = job.reply(
        job.reviewer,
        notice,
        "CORRECT\nCase or docket no.: 26-CR-000999\nsubject_birth_date: 1988-07-25",
    )
    yield
    assert job.dispositions_of(whole) == ["DECISION_APPLIED"]
    fields = job.show(tracking)["fields"]
    assert fields["case_numbers"]["value"] == ["26-CR-000999"]
    assert [e["value"] for e in fields["case_numbers"]["earlier"]] == [["26-CR-000123"]]
    assert fields["subject_birth_date"]["value"] == "1988-07-25"
    assert [e["value"] for e in fields["subject_birth_date"]["earlier"]] == ["1988-07-23"]
    assert "26-CR-000999" in job.newest_to(job.reviewer.address, tracking).text
    assert len(job.letters_to(clerk.address)) == 1


def an_incomplete_form_is_mended_by_reply(job: Job) -> Iterator[None]:
    agent = _person(job, "pat.quillfeather@bonds.example")
    values = build_agent_values(agent)
    _SENT.append(values)
    lacking = {**values, "obligation_dates": "02/30/2026"}
    for name in ("bond_amount", "bond_number", "deadline_date"):
        del lacking[name]
    form = job.write(agent, "Please hurry.\n", fill(lacking))
    yield
    letter = job.newest_to(agent.address)
    tracking = tracking_in(letter)
    assert letter.subject == f"[{tracking}] Your request is not complete"
    for label in (
        "Amount of bond",
        "Bond or power no.",
        "Last day to file, or final judgment date",
        "Date or dates missed",
    ):
        assert label in letter.words
        assert label in letter.html
    assert "Surname" not in letter.words
    assert job.dispositions_of(form) == ["FILED"]
    assert job.status_of(tracking) == "INCOMPLETE"
    assert not job.letters_to(job.approver.address, tracking)
    mended = job.reply(agent, letter, "Here it is again.", fill(values))
    yield
    assert job.dispositions_of(mended) == ["FORM_RECEIVED"]
    assert job.folders_of(mended) == ["Filed"]
    assert job.status_of(tracking) == "IN_REVIEW"
    assert {tracking_in(m) for m in job.letters_to(agent.address)} == {tracking}
    assert job.newest_to(agent.address).subject == f"[{tracking}] Request received"
    fields = job.show(tracking)["fields"]
    assert fields["bond_amount"]["value"] == "25000.00"
    assert fields["obligation_dates"]["value"] == [OBLIGATION.isoformat()]
    findings = write_findings()
    approval = job.reply(job.approver, _notice(job, job.approver, tracking), findings)
    yield
    assert job.dispositions_of(approval) == ["DECISION_APPLIED"]
    # A surety is told the answers and the dates, and no place.
    (page, _) = read_pages(
        job.newest_to(job.approver.address, tracking).files[f"{tracking}-preview.pdf"]
    )
    assert f"from {spell(CUSTODY_FIRST)} to {spell(REMOVED)}, a period" in page
    assert "Processing Center" not in page
    assert "Guatemala" not in page


def several_forms_in_one_mail_are_several_requests(job: Job) -> Iterator[None]:
    clerk = _person(job, "rosa.underhill@courts.example")
    forms = []
    for number in ("26-CR-000201", "26-CR-000202", "26-CR-000203"):
        values = build_clerk_values(clerk, case_numbers=[number])
        _SENT.append(values)
        forms.append(fill(values))
    notes = ("notes.txt", "text/plain", b"These three belong together.\n")
    mail = job.write(clerk, "Three at once.\n", *forms, files=[notes])
    yield
    receipts = job.letters_to(clerk.address, "Request received")
    numbers = {tracking_in(receipt) for receipt in receipts}
    assert len(receipts) == len(numbers) == 3
    assert job.dispositions_of(mail) == ["FILED"]
    cases = [job.show(number)["fields"]["case_numbers"]["value"] for number in sorted(numbers)]
    assert cases == [["26-CR-000201"], ["26-CR-000202"], ["26-CR-000203"]]


def a_form_without_type_or_name_is_found(job: Job) -> Iterator[None]:
    clerk = _person(job, "nell.ashgrove@courts.example")
    values = build_clerk_values(clerk)
    _SENT.append(values)
    job.write(clerk, "Attached.\n", files=[("", "application/octet-stream", fill(values))])
    misnamed = compose(
        clerk.address,
        job.mailbox,
        "And another.\n",
        files=[("scan.tif", "image/tiff", fill({**values, "case_numbers": ["26-CR-000301"]}))],
    )
    job.send(misnamed, clerk.address)
    yield
    assert len(job.letters_to(clerk.address, "Request received")) == 2


def two_people_decide_where_the_form_names_another_address(job: Job) -> Iterator[None]:
    clerk = _person(job, "theo.marchbank@courts.example")
    records = job.address_of("records@courts.example")
    _send_clerk_form(job, clerk, requester_email=records)
    yield
    receipt = job.newest_to(clerk.address)
    tracking = tracking_in(receipt)
    assert "address_differs" in job.show(tracking)["flags"]
    job.reply(job.approver, _notice(job, job.approver, tracking), write_findings())
    yield
    preview = job.newest_to(job.approver.address, tracking)
    assert "second person" in preview.words
    job.reply(job.approver, preview, "Confirm.")
    yield
    assert job.status_of(tracking) == "SECOND_REVIEW"
    notice = job.newest_to(job.chief.address, tracking)
    assert notice.subject == f"[{tracking}] Second review needed"
    transcript = job.newest_to(job.approver.address, tracking)
    alone = job.reply(job.approver, transcript, "APPROVE")
    second = job.reply(job.chief, notice, "APPROVED")
    yield
    assert job.dispositions_of(alone) == ["REPLY_RETURNED"]
    assert job.dispositions_of(second) == ["DECISION_APPLIED"]
    assert job.status_of(tracking) == "SECOND_REVIEW"
    job.reply(job.chief, job.newest_to(job.chief.address, tracking), "CONFIRM")
    yield
    assert job.status_of(tracking) == "ISSUED"
    answer = job.newest_to(records)
    assert list(answer.files) == [f"{tracking}.pdf"]
    _ask_password(job, job.chief, tracking)
    yield
    pages = read_pages(_unseal(job, job.chief, tracking, answer))
    assert "I, A. Example Chief, am employed by" in pages[1]
    assert not job.letters_to(clerk.address, "Answer")


def only_the_person_asked_is_obeyed(job: Job) -> Iterator[None]:
    clerk = _person(job, "wilma.stonebridge@courts.example")
    meddler = _person(job, "carla.meddler@courts.example")
    _send_clerk_form(job, clerk)
    yield
    tracking = job.tracking_of(clerk.address)
    notice = _notice(job, job.approver, tracking)
    approval = write_findings()
    outsider = job.reply(meddler, notice, approval)
    # The approver's name, another's address, and the gateway's verdict brought along.
    posing = compose(
        meddler.address.replace("courts.example", "forged.example"),
        str(notice.message["Reply-To"]),
        approval,
        name=job.approver.name,
        subject=f"Re: {notice.subject}",
    )
    posing["In-Reply-To"] = notice.message_id
    forged = b"Authentication-Results: mx.agency.example; dmarc=pass header.from=forged.example\r\n"
    job.send(forged + bytes(posing), meddler.address, str(posing["To"]))
    # Somebody entitled, but nothing proves it.
    unproven = compose(
        job.unproven.address,
        str(_notice(job, job.unproven, tracking).message["Reply-To"]),
        approval,
        subject=f"Re: {notice.subject}",
    )
    job.send(forged + bytes(unproven), job.unproven.address, str(unproven["To"]))
    # Two authors, one of them the approver.
    both = compose(job.approver.address, str(notice.message["Reply-To"]), approval)
    both.replace_header("From", f"{job.approver.address}, {meddler.address}")
    job.send(both, job.approver.address, str(both["To"]))
    colleague = job.reply(job.reviewer, notice, "DENY not mine to give")
    unentitled = job.reply(job.reviewer, _notice(job, job.reviewer, tracking), approval)
    away = compose(
        job.approver.address,
        str(notice.message["Reply-To"]),
        "APPROVE\nI am out of the office.\n",
        subject=f"Automatic reply: {notice.subject}",
    )
    away["Auto-Submitted"] = "auto-replied"
    job.send(away, job.approver.address, str(away["To"]))
    yield
    refused = [outsider, Mail.of(bytes(posing)), Mail.of(bytes(unproven)), Mail.of(bytes(both))]
    for mail in refused:
        assert job.dispositions_of(mail) == ["REPLY_REFUSED"], mail.sender
        assert job.folders_of(mail) == ["For a person"]
    assert job.dispositions_of(colleague) == ["REPLY_REFUSED"]
    assert job.dispositions_of(unentitled) == ["REPLY_RETURNED"]
    assert job.dispositions_of(Mail.of(bytes(away))) == ["IGNORED"]
    assert job.status_of(tracking) == "IN_REVIEW"
    assert not job.show(tracking)["decisions"]
    assert not job.letters_to(meddler.address)
    warned = job.newest_to(job.unproven.address, tracking)
    assert warned.message_id != _notice(job, job.unproven, tracking).message_id
    told = "\n".join(m.words for m in job.letters_to(job.reviewer.address, tracking))
    assert f"was written to {job.approver.name}" in told
    assert "needs the role of approver" in told
    # The token is as good as before: the person asked can still answer, and from a webmail page.
    html = compose_html_reply(
        job.approver.address, notice, ["DENY", "nothing agreed"], name=job.approver.name
    )
    job.send(html, job.approver.address, str(notice.message["Reply-To"]))
    yield
    assert job.dispositions_of(Mail.of(bytes(html))) == ["DECISION_APPLIED"]
    assert job.status_of(tracking) == "ISSUED"


def the_same_bytes_twice_are_one_request(job: Job) -> Iterator[None]:
    clerk = _person(job, "gus.lanternfield@courts.example")
    values = build_clerk_values(clerk)
    _SENT.append(values)
    mail = compose(
        clerk.address,
        job.mailbox,
        "Twice.\n",
        files=[("form.pdf", "application/pdf", fill(values))],
    )
    job.append(bytes(mail))
    job.append(bytes(mail))
    yield
    assert job.dispositions_of(Mail.of(bytes(mail))) == ["FILED"]
    assert sorted(job.folders_of(Mail.of(bytes(mail)))) == ["Automatic", "Filed"]
    assert len(job.letters_to(clerk.address)) == 1


def a_demand_goes_to_counsel(job: Job) -> Iterator[None]:
    clerk = _person(job, "hugo.pennywhistle@courts.example")
    _send_clerk_form(job, clerk, legal_process_attached=True)
    yield
    receipt = job.newest_to(clerk.address)
    tracking = tracking_in(receipt)
    assert "cannot accept service of a subpoena, order or other demand" in receipt.words
    assert job.status_of(tracking) == "LEGAL"
    assert not job.letters_to(job.approver.address, f"[{tracking}] Review needed")
    assert job.letters_to(job.chief.address, tracking)


def an_answer_by_post_is_left_to_a_person(job: Job) -> Iterator[None]:
    clerk = _person(job, "petra.oakenshield@courts.example")
    _send_clerk_form(job, clerk, delivery="postal_mail", requester_email=None, password_phone=None)
    yield
    tracking = job.tracking_of(clerk.address)
    job.reply(job.approver, _notice(job, job.approver, tracking), "DENY nothing agreed")
    yield
    assert job.status_of(tracking) == "ISSUED"
    order = job.newest_to(job.approver.address, tracking)
    assert "post" in order.subject.lower()
    assert list(order.files) == [f"{tracking}.pdf"]
    assert "17 Invented Plaza" in order.words
    assert not job.letters_to(clerk.address, "Answer")


def a_bounce_is_recorded_and_not_answered(job: Job) -> Iterator[None]:
    if job.servers.name == "embedded":
        # The embedded gateway knows at once who has a mailbox, and never has to send a report.
        return
    gone = Person("Noel Nowhere", job.address_of("noel.nowhere@bounce.example"))
    job.write(gone, "How do I ask?\n")
    box = job.box(job.mailbox)

    def find_reports(*folders: str) -> list[Mail]:
        mails = [mail for folder in folders for mail in box.read(folder)]
        return [mail for mail in mails if b"Action: failed" in mail.raw]

    yield
    # It comes back at once, perhaps so fast that the same run has worked on it.
    assert wait_until(lambda: bool(find_reports("INBOX", "Automatic"))), "no report came back"
    yield
    assert len(find_reports("Automatic")) == 1
    dispositions = job.query("SELECT DISTINCT disposition FROM journal WHERE kind = 'bounce'")
    assert dispositions == [("BOUNCE_RECORDED",)]
    statuses = job.query("SELECT status, reason FROM letters WHERE recipient = ?", gone.address)
    assert statuses == [("FAILED", "came back 5.1.1")]


def a_request_is_set_aside_given_away_and_closed(job: Job) -> Iterator[None]:
    clerk, other = (_person(job, f"{n}@courts.example") for n in ("quentin.holdfast", "ida.twice"))
    _send_clerk_form(job, clerk)
    yield
    tracking = tracking_in(job.newest_to(clerk.address))
    _send_clerk_form(job, other, case_numbers="26-CR-777777")
    held = job.reply(job.reviewer, _notice(job, job.reviewer, tracking), "HOLD for the court")
    noted = job.reply(job.chief, _notice(job, job.chief, tracking), "NOTE called the court")
    yield
    assert job.dispositions_of(held) == job.dispositions_of(noted) == ["DECISION_APPLIED"]
    assert job.status_of(tracking) == "ON_HOLD"
    job.reply(job.reviewer, job.newest_to(job.reviewer.address, tracking), "RELEASE")
    away = job.reply(job.chief, job.newest_to(job.chief.address, tracking), f"AWAY {_in_days(9)}")
    shown = job.reply(job.approver, _notice(job, job.approver, tracking), "SHOW")
    yield
    assert job.dispositions_of(away) == ["DECISION_APPLIED"]
    assert job.dispositions_of(shown) == ["REPLY_RETURNED"]
    assert job.status_of(tracking) == "IN_REVIEW"
    told = job.newest_to(job.approver.address, f"[{tracking}] Status").text
    assert "called the court" in " ".join(told.split())
    job.reply(job.chief, job.newest_to(job.chief.address, tracking), "BACK")
    given = f"ASSIGN {job.approver.address}"
    job.reply(job.reviewer, job.newest_to(job.reviewer.address, f"[{tracking}] Review"), given)
    yield
    assert "is R. Ortega's now" in job.newest_to(job.reviewer.address, tracking).text
    job.reply(job.reviewer, job.newest_to(job.reviewer.address, tracking), "LEGAL a demand came")
    yield
    assert job.status_of(tracking) == "LEGAL"
    counsel = job.newest_to(job.approver.address, f"[{tracking}] A request is with counsel")
    job.reply(job.approver, counsel, "RELEASE")
    again = tracking_in(job.newest_to(other.address))
    job.reply(job.reviewer, _notice(job, job.reviewer, again), f"DUPLICATE {tracking}")
    yield
    assert job.status_of(tracking) == "IN_REVIEW"
    assert job.status_of(again) == "CLOSED"
    assert tracking not in job.newest_to(other.address).text, "it is somebody else's"
    job.reply(job.approver, _notice(job, job.approver, tracking), "CLOSE asked by telephone")
    yield
    assert job.status_of(tracking) == "CLOSED"
    letter = job.newest_to(clerk.address)
    assert letter.subject == f"[{tracking}] Your request is closed"
    assert "telephone" not in letter.text


def what_has_left_is_sent_again_replaced_and_revoked(job: Job) -> Iterator[None]:
    clerk = _person(job, "leona.fairweather@courts.example")
    _send_clerk_form(job, clerk)
    yield
    tracking = tracking_in(job.newest_to(clerk.address))
    job.reply(job.approver, _notice(job, job.approver, tracking), write_findings())
    yield
    job.reply(job.approver, job.newest_to(job.approver.address, tracking), "CONFIRM")
    yield
    assert job.status_of(tracking) == "ISSUED"
    first = job.newest_to(clerk.address)
    job.reply(job.approver, job.newest_to(job.approver.address, tracking), "RESEND")
    password = job.reply(job.reviewer, _notice(job, job.reviewer, tracking), "PASSWORD")
    yield
    assert job.dispositions_of(password) == ["REPLY_RETURNED"]
    answers = job.letters_to(clerk.address, f"[{tracking}] Answer")
    assert len(answers) == 2
    assert answers[0].files == answers[1].files == first.files
    reissue = write_findings(Facility="Example Staging Facility, Anytown, GA")
    reissue = reissue.replace("APPROVE", "REISSUE", 1)
    job.reply(job.approver, job.newest_to(job.approver.address, tracking), reissue)
    yield
    job.reply(job.approver, job.newest_to(job.approver.address, tracking), "CONFIRM")
    yield
    statuses = [issued["status"] for issued in job.show(tracking)["certifications"]]
    assert statuses == ["superseded", "current"]
    assert len(job.letters_to(clerk.address, f"[{tracking}] Answer")) == 3
    job.reply(job.approver, job.newest_to(job.approver.address, tracking), "REVOKE wrong person")
    yield
    assert job.status_of(tracking) == "REVOKED"
    letter = job.newest_to(clerk.address)
    assert letter.subject == f"[{tracking}] A document was revoked"
    assert "wrong person" not in letter.text


def a_person_is_protected_by_law(job: Job) -> Iterator[None]:
    clerk = _person(job, "silas.shelterbury@courts.example")
    _send_clerk_form(
        job,
        clerk,
        subject_family_name="Reservada Ejemplar",
        subject_given_names="Inés",
        subject_birth_date="1979-02-03",
        subject_a_number="A000000177",
    )
    yield
    tracking = tracking_in(job.newest_to(clerk.address))
    job.reply(job.reviewer, _notice(job, job.reviewer, tracking), "PROTECT")
    yield
    assert "protected" in job.show(tracking)["flags"]
    refused = job.reply(job.approver, _notice(job, job.approver, tracking), write_findings())
    asked = job.reply(job.reviewer, job.newest_to(job.reviewer.address, tracking), "UNPROTECT")
    yield
    assert job.dispositions_of(refused) == ["REPLY_RETURNED"]
    assert job.dispositions_of(asked) == ["DECISION_APPLIED"]
    assert "protected" in job.show(tracking)["flags"]
    second = job.newest_to(job.chief.address, f"[{tracking}] A second person is needed")
    job.reply(job.chief, second, "UNPROTECT")
    yield
    assert "protected" not in job.show(tracking)["flags"]
    assert len(job.letters_to(clerk.address)) == 1, "nothing of it leaves"


def _in_days(days: int) -> str:
    return (TODAY + timedelta(days=days)).isoformat()


STORIES = (
    a_clerk_gets_a_certification,
    a_probation_officer_is_denied,
    an_answer_to_a_question_reopens_the_review,
    a_reviewer_corrects_the_file,
    an_incomplete_form_is_mended_by_reply,
    several_forms_in_one_mail_are_several_requests,
    a_form_without_type_or_name_is_found,
    two_people_decide_where_the_form_names_another_address,
    only_the_person_asked_is_obeyed,
    the_same_bytes_twice_are_one_request,
    a_demand_goes_to_counsel,
    an_answer_by_post_is_left_to_a_person,
    a_bounce_is_recorded_and_not_answered,
    a_request_is_set_aside_given_away_and_closed,
    what_has_left_is_sent_again_replaced_and_revoked,
    a_person_is_protected_by_law,
)


@dataclass(frozen=True, slots=True)
class Played:
    """A job whose stories were told to their end."""

    job: Job
    ended: Mapping[str, Exception | None]


@pytest.fixture(scope="module", params=["dovecot_postfix_and_postgresql", "embedded"])
def played(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Played]:
    """Yield the job, played to its end on real servers, and with a file on embedded ones."""
    folder = tmp_path_factory.mktemp("job")
    if request.param == "embedded":
        with open_embedded("whole", OUTSIDE) as servers:
            yield _play(servers, folder)
    else:
        postgres: Postgres = request.getfixturevalue("postgres")
        yield _play(request.getfixturevalue("real_servers"), folder, postgres.create_database())


def _play(servers: MailServers, folder: Path, url: str = "") -> Played:
    _SENT.clear()
    sealed = {"delivery": {"protection": "encrypted"}}
    job = Job(servers, folder, tag="whole", url=url, settings=sealed)
    job.do("init")
    ended = play(job, STORIES)
    # What the relay reports of the last letters is mail, too, and what failed is an alarm.
    job.let_a_minute_pass()
    job.work()
    return Played(job, ended)


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.__name__)
def test_the_job_is_done(played: Played, story: Story) -> None:
    error = played.ended[story.__name__]
    if error is not None:
        raise error


def test_nothing_personal_leaves(played: Played) -> None:
    secrets = {secret for values in _SENT for secret in list_secrets(values)}
    assert len(secrets) > 60
    letters = [
        letter
        for address in OUTSIDE
        for letter in played.job.box(played.job.address_of(address)).read()
    ]
    assert len(letters) > 15
    for letter in letters:
        shown = letter.tell_everything().lower()
        found = sorted(secret for secret in secrets if secret in shown)
        assert not found, f"{letter.subject}: {found}"


def test_subjects_inside_name_the_request_and_nobody(played: Played) -> None:
    secrets = {secret for values in _SENT for secret in list_secrets(values)}
    job = played.job
    for member in (job.approver, job.chief, job.reviewer, job.unproven):
        for letter in job.box(member.address).read():
            names = " ".join([letter.subject, *letter.files]).lower()
            assert not [secret for secret in secrets if secret in names], names


def test_a_refusal_reads_as_a_certification_does(played: Played) -> None:
    job = played.job
    told = []
    for address in ("dana.whitlock@courts.example", "marcus.bellweather@probation.example"):
        (letter,) = job.letters_to(job.address_of(address), "Answer")
        tracking = tracking_in(letter)
        told.append((letter.text.replace(tracking, "N"), letter.html.replace(tracking, "N")))
    assert told[0] == told[1]


def test_every_mail_lies_in_one_folder_and_none_in_the_inbox(played: Played) -> None:
    job = played.job
    box = job.box(job.mailbox)
    counts = {folder: box.count(folder) for folder in ("INBOX", *FOLDERS)}
    ((seen, entries, undisposed),) = job.query(
        "SELECT (SELECT count(*) FROM sightings), count(*), count(*) - count(disposition)"
        " FROM journal"
    )
    assert counts.pop("INBOX") == 0
    assert sum(counts.values()) == seen == entries + 1  # one was sent twice
    assert undisposed == 0


def test_another_run_finds_nothing_to_do(played: Played) -> None:
    job = played.job
    before = _count_everything(job)
    logged = len(job.logs)
    job.let_a_minute_pass()
    job.do("once")
    assert _count_everything(job) == before
    assert job.logs[logged:] == []


def test_the_status_tells_what_is_there(played: Played) -> None:
    # The letter to whoever has no mailbox came back, where the relay reports that.
    bounced = [] if played.job.servers.name == "embedded" else ["letter_failed"]
    status = played.job.ask("status", code=len(bounced))
    assert status["paused"] is False
    assert status["mailboxes"][0]["unaccounted"] == 0
    assert status["quarantine"] == 0
    assert status["alarms"] == bounced
    assert set(status["outbox"]) == {"ACCEPTED", *["FAILED"] * len(bounced)}
    assert status["requests"]["ISSUED"] == 5
    assert sum(status["requests"].values()) == len(played.job.ask("requests"))


def _count_everything(job: Job) -> list[object]:
    tables = ("journal", "sightings", "requests", "events", "letters", "decisions", "field_values")
    rows = [job.query(f"SELECT count(*) FROM {table}") for table in tables]
    box = job.box(job.mailbox)
    return [*rows, {folder: box.count(folder) for folder in ("INBOX", *FOLDERS)}]
