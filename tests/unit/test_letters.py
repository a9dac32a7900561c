"""Every letter: what its subject may hold, that both parts agree, that its HTML is sound."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from hashlib import sha256
from html.parser import HTMLParser
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.data import read_data
from outbound.letters.call_letters import (
    Callee,
    PasswordAnswer,
    PasswordDue,
    compose_password,
    compose_password_due,
)
from outbound.letters.chart import Bar
from outbound.letters.compose import Fact, Letter, Letterhead, LetterKind
from outbound.letters.digest_letters import Digest, OldCase, compose_digest
from outbound.letters.direction_letters import (
    ChannelWords,
    Demand,
    Direction,
    Directions,
    compose_demand_received,
    compose_redirect,
    compose_request_form,
    compose_urgent_help,
)
from outbound.letters.finding_facts import describe_findings
from outbound.letters.reply_letters import (
    AlreadyDecided,
    AnswerRow,
    AnswerTable,
    Help,
    HistoryEntry,
    IssuePlan,
    Mistake,
    NotPermitted,
    RequestStatusReport,
    Transcript,
    UnprovenReply,
    build_echo,
    compose_already_decided,
    compose_help,
    compose_mistake,
    compose_not_permitted,
    compose_request_status,
    compose_transcript,
    compose_unproven_reply,
)
from outbound.letters.reply_skeletons import (
    MAX_LINK,
    NEEDED,
    OPTIONAL,
    ReplyOptions,
    Skeleton,
    build_findings_skeleton,
    build_mended_skeleton,
    build_review_skeletons,
    describe_keywords,
)
from outbound.letters.requester_letters import (
    SET_ASIDE_REASONS,
    Acknowledgement,
    Answer,
    Closed,
    ClosedUnanswered,
    Deficiency,
    DeficiencyItem,
    NoForm,
    Oversize,
    Question,
    Reminder,
    Revocation,
    SetAside,
    SetAsideDocument,
    compose_acknowledgement,
    compose_attachment_not_pdf,
    compose_certification_letter,
    compose_closed,
    compose_closed_unanswered,
    compose_deficiency,
    compose_legal_received,
    compose_no_form,
    compose_oversize,
    compose_question,
    compose_refusal,
    compose_reminder,
    compose_revocation,
    compose_set_aside,
)
from outbound.letters.review_letters import (
    AddressTrust,
    ChangedField,
    Comparison,
    FieldRow,
    FieldSection,
    FieldToCheck,
    FlagEffect,
    IdentityStrength,
    ReceivedFile,
    RequesterTrust,
    ReviewFlag,
    ReviewNotice,
    SecondReviewNotice,
    build_ready_replies,
    compose_review_notice,
    compose_second_review_notice,
)
from outbound.letters.self_service_letters import (
    NothingToTell,
    Stage,
    StageReport,
    Withdrawal,
    compose_nothing_to_tell,
    compose_stage_report,
    compose_withdrawal,
)
from outbound.letters.staff_letters import (
    PaperToSign,
    PostalInstruction,
    StaffAlert,
    compose_paper_to_sign,
    compose_postal_instruction,
    compose_print_letter,
    compose_staff_alert,
)
from outbound.letters.urgent_letters import UrgentAlert, compose_urgent_alert
from outbound.letters.verification_letters import Answer as Verdict
from outbound.letters.verification_letters import (
    Answered,
    Standing,
    VerificationAnswer,
    compose_verification,
)
from outbound.letters.words import clean_text, format_date, format_moment, format_size, wrap_text
from parsers.replies.command import Command, CommandRefusal, LineProblem
from parsers.replies.command_reader import parse_command
from parsers.replies.findings import (
    CustodyEnd,
    CustodyPeriod,
    DirectTransfer,
    Findings,
    MatchedOn,
    Outcome,
)
from parsers.replies.keyword_table import parse_keyword_table
from tests.unit.reply_builders import VOCABULARY

TRACKING = "CJS-2026-000001-5"
AT = datetime(2026, 5, 4, 18, 30, tzinfo=UTC)
PDF = b"%PDF-1.7"
PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + (300).to_bytes(4, "big") + bytes(9)
HEAD = Letterhead(agency="Example Immigration Agency (demo)", mailbox="ero.outreach@agency.example")
TAGGED = "ero.outreach+review-0123456789abcdefghjkmnpqrs@agency.example"
REPLY = ReplyOptions(
    address=TAGGED, keywords=("APPROVE", "DENY", "NEED INFO", "CORRECT", "STATUS", "HELP")
)
SECTIONS = (
    FieldSection(
        title="Person",
        rows=(
            FieldRow(label="Surname(s)", value="Núñez de la Cruz"),
            FieldRow(
                label="Date of birth",
                value="March 4, 1985 or April 3, 1985",
                raw="03/04/1985",
                note="Day and month could be either way round.",
                is_flagged=True,
            ),
            FieldRow(label="A-Number", value="A000000123", raw="A 000-000-123"),
        ),
    ),
    FieldSection(title="Nothing was filled in here", rows=()),
)
REQUESTER = RequesterTrust(
    name="Dana Whitfield",
    title="Deputy Clerk",
    agency="Superior Court of Example County",
    class_label="Judge or clerk",
    detail_text="May be told everything that was asked.",
    author_address="d.whitfield@courts.example",
    form_address="dana@mail.example",
    address_trust=AddressTrust.WEBMAIL,
    is_authenticated=False,
    authentication_text="no result of a check that we trust",
    earlier_requests=2,
)
NOTICE = ReviewNotice(
    head=HEAD,
    tracking_number=TRACKING,
    reply=REPLY,
    priority_text="deadline within 10 days",
    received_at=AT,
    due_date=date(2026, 5, 12),
    due_reason="last day to file",
    requester=REQUESTER,
    sections=SECTIONS,
    flags=(
        ReviewFlag(
            title="Weak identity",
            sentence="Only name, birth date and country of birth are given.",
            effect=FlagEffect.SECOND_PERSON,
        ),
    ),
    files=(ReceivedFile(name="Nunez FTA.pdf", media_type="application/pdf", size=181_000),),
    first_obligation_date=date(2026, 3, 10),
    form=PDF,
    identity=IdentityStrength(
        strong=("A-Number",), others=("name", "birth date"), sentence="Strong, if they agree."
    ),
    office="Example City",
    to_check=(
        FieldToCheck(
            label="A-Number",
            value="A000000199",
            answer="A000000199",
            raw="A 000-000-199",
            shown="A000000123",
            read_by="the form's own data, 50% sure",
            note="What the page shows in this field is not what the form's data says.",
            page=1,
            picture=PNG,
        ),
        FieldToCheck(
            label="Date of birth",
            value="March 4, 1985",
            answer="March 4, 1985",
            others=("April 3, 1985",),
            note="Day and month could be either way round.",
        ),
        FieldToCheck(label="County", value="", raw="Exmpl", shown="", page=2, picture=PNG),
    ),
    comparison=Comparison(
        earlier="the request CJS-2026-000002-3 as it stands",
        changes=(ChangedField(label="Suffix", old="", new="Jr."),),
    ),
)
REFUSAL = CommandRefusal(
    keyword="APPROVE",
    lines=(
        "APPROVE",
        "Outcome: detained; removed",
        "Custody: 2026-02-31 to present",
        "Facility: Example Processing Center, Anytown, GA",
        "Colour: blue",
    ),
    problems=(
        LineProblem(line="Custody: 2026-02-31 to present", code="bad_date", message="No such day."),
        LineProblem(line="Colour: blue", code="unknown_field", message="No such field."),
        LineProblem(line="", code="missing", message="Basis is always needed."),
    ),
)
TRANSCRIPT = Transcript(
    head=HEAD,
    tracking_number=TRACKING,
    reply=ReplyOptions(address=TAGGED, keywords=("CONFIRM", "STATUS", "HELP")),
    keyword="APPROVE",
    status_text="Understood. Nothing leaves until you reply CONFIRM.",
    understood=(Fact(label="Custody", value="March 2, 2026 to April 17, 2026"),),
    answers=(
        AnswerTable(
            caption="For March 10, 2026",
            rows=(
                AnswerRow(question="On March 10, 2026, in ICE custody?", answer="YES"),
                AnswerRow(question="Continuously since then?", answer="NO", note="Hours."),
            ),
        ),
    ),
    sentences=("ICE records show that the individual was in ICE custody.",),
    plan=IssuePlan(
        document="Certification Form",
        recipient="d.whitfield@courts.example",
        moment=AT,
        condition="Only after your CONFIRM.",
    ),
    document=PDF,
)
CHANNEL = ChannelWords(
    title="Example Line",
    text="For examples.",
    phone="1-888-555-0100",
    phone_words="1-888-EXAMPLE",
    email="example@agency.example",
    where="On the website.",
    now="Open now, until 8 p.m. Eastern.",
    hours="Monday to Friday, 8 a.m. to 8 p.m. Eastern",
)
_STANDINGS = (
    Standing(issued_on=AT.date()),
    Standing(issued_on=AT.date(), superseded_by="1111-2222-3333-4444", superseded_on=AT.date()),
    Standing(
        issued_on=AT.date(),
        superseded_by="1111-2222-3333-4444",
        superseded_on=AT.date(),
        revoked_on=AT.date(),
    ),
    None,
)
#: Every answer, with everything that the register can hold of its number.
VERIFIED = [
    Answered(answer=answer, number="7HQ2-9KXM-4TRB-C3W8", standing=standing)
    for answer in Verdict
    for standing in _STANDINGS
]
DIRECTIONS = Directions(
    head=HEAD,
    language="en",
    as_of="Monday, 3 p.m. EDT",
    others=(Direction(title="Where somebody is detained", channels=(CHANNEL,)),),
)
FILING = "7HQ2-9KXM-4TRB-C3W8.pdf"
PASSWORD = "walnut-harbor-pencil-magnet-orchid-tunnel"
CALL = PasswordAnswer(
    head=HEAD,
    tracking_number=TRACKING,
    reply=REPLY,
    control_number="7HQ2-9KXM-4TRB-C3W8",
    recipients=("d.whitfield@courts.example",),
    issued_at=AT,
    callee=Callee(
        name="Dana Whitfield",
        title="Deputy Clerk",
        agency="Superior Court of Example County",
        phone="(202) 555-0141",
        is_known=False,
    ),
    password=PASSWORD,
)
#: What no subject line and no file name may ever hold.
PERSONAL = ("Núñez", "Cruz", "1985", "000000123", "A000", "Whitfield", "courts.example")


def _build_outside() -> dict[str, Letter]:
    named = {"head": HEAD, "tracking_number": TRACKING}
    return {
        "acknowledgement": compose_acknowledgement(
            Acknowledgement(**named, received_at=AT, turnaround_text="Ten days as a rule.")
        ),
        "bare acknowledgement": compose_acknowledgement(Acknowledgement(**named)),
        "legal": compose_legal_received(Acknowledgement(**named, received_at=AT)),
        "deficiency": compose_deficiency(
            Deficiency(
                **named,
                items=(
                    DeficiencyItem(label="Date of birth", section="Person"),
                    DeficiencyItem(label="A-Number", sentence="This looks like a telephone."),
                ),
                returned_form=PDF,
            )
        ),
        "deficiency unnamed": compose_deficiency(Deficiency(**named, items=())),
        "question": compose_question(Question(**named, question="Which case?\nWhich court?")),
        "requester reminded": compose_reminder(
            Reminder(**named, asked_on=AT.date(), is_form=True, closes_on=date(2026, 6, 20))
        ),
        "closed unanswered": compose_closed_unanswered(
            ClosedUnanswered(**named, asked_on=AT.date(), is_form=False)
        ),
        "closed": compose_closed(Closed(**named, goes_on_as="CJS-2026-000002-3")),
        "revocation": compose_revocation(
            Revocation(**named, control_number="7HQ2-9KXM-4TRB-C3W8", issued_on=AT.date())
        ),
        "certification": compose_certification_letter(Answer(**named, document=PDF)),
        "refusal": compose_refusal(Answer(**named, document=PDF)),
        "sealed": compose_certification_letter(Answer(**named, document=PDF, filing_copy=FILING)),
        "sealed refusal": compose_refusal(Answer(**named, document=PDF, filing_copy=FILING)),
        "set aside": compose_set_aside(
            SetAside(
                head=HEAD,
                documents=(
                    SetAsideDocument(reason_code="encrypted", number=1),
                    SetAsideDocument(reason_code="scan", number=3),
                ),
                count=3,
            )
        ),
        "no form": compose_no_form(NoForm(head=HEAD, blank_form=PDF)),
        "no form, known request": compose_no_form(NoForm(**named)),
        "not a PDF": compose_attachment_not_pdf(NoForm(head=HEAD, blank_form=PDF)),
        "redirect": compose_redirect(DIRECTIONS),
        "request form": compose_request_form(replace(DIRECTIONS, blank_form=PDF)),
        "urgent help": compose_urgent_help(replace(DIRECTIONS, urgent=(CHANNEL,))),
        "demand": compose_demand_received(Demand(head=HEAD)),
        "stage": compose_stage_report(
            StageReport(
                head=HEAD,
                tracking_number=TRACKING,
                stage=Stage.WAITING_FOR_YOU,
                turnaround_text="Ten days as a rule.",
            )
        ),
        "nothing to tell": compose_nothing_to_tell(NothingToTell(head=HEAD)),
        "verification": compose_verification(VerificationAnswer(head=HEAD, answers=VERIFIED)),
        "withdrawal": compose_withdrawal(Withdrawal(head=HEAD, tracking_number=TRACKING)),
        "oversize": compose_oversize(Oversize(head=HEAD, limit=25_000_000)),
    }


@pytest.mark.parametrize(
    ("start", "extension", "media_type"),
    [
        (b"%PDF-1.7", "pdf", "application/pdf"),
        (b"\xff\xd8\xff\xe0", "jpeg", "image/jpeg"),
        (PNG, "png", "image/png"),
        (b"II*\x00", "tiff", "image/tiff"),
    ],
)
def test_the_form_is_attached_as_what_it_is(start: bytes, extension: str, media_type: str) -> None:
    (attached,) = compose_review_notice(replace(NOTICE, form=start)).attachments
    assert (attached.name, attached.media_type) == (f"{TRACKING}-request.{extension}", media_type)


def test_the_notice_names_the_form_only_where_it_is_attached() -> None:
    words = "The original form is attached to this message."
    assert words in compose_review_notice(NOTICE).text
    without = compose_review_notice(replace(NOTICE, form=None))
    assert words not in without.text
    assert without.attachments == ()


def test_a_form_that_may_not_be_mailed_is_named_with_its_digest() -> None:
    letter = compose_review_notice(replace(NOTICE, is_form_attached=False))
    assert letter.attachments == ()
    assert "attached to this message" not in letter.text
    for words in (sha256(PDF).hexdigest(), f"ero-outreach show {TRACKING}"):
        assert words in letter.text


def test_the_second_person_is_told_which_form_it_is_as_well() -> None:
    second = SecondReviewNotice(
        head=HEAD,
        tracking_number=TRACKING,
        reply=REPLY,
        first_person="R. Ortega",
        approved_at=AT,
        findings=(),
        reasons=(),
        form=PDF,
        is_form_attached=False,
    )
    letter = compose_second_review_notice(second)
    assert letter.attachments == ()
    assert sha256(PDF).hexdigest() in letter.text


def test_the_notice_says_which_office_checks_or_that_none_is_known() -> None:
    text = " ".join(compose_review_notice(NOTICE).text.split())
    assert "Example City, by the place of the court." in text
    without = compose_review_notice(replace(NOTICE, office=""))
    assert "No office is known for this court." in " ".join(without.text.split())


def test_a_reply_too_long_for_a_link_is_left_to_be_copied() -> None:
    skeletons = [
        Skeleton(title="short", lines=("CORRECT", "County: Example")),
        Skeleton(title="long", lines=("CORRECT", f"Agency: {'ñ' * 400}")),
    ]
    short, long = build_ready_replies(REPLY, TRACKING, "Review needed", skeletons)
    assert 0 < len(short.href) <= MAX_LINK
    assert long.href == ""
    field = replace(NOTICE.to_check[0], answer="ñ" * 400)
    letter = compose_review_notice(replace(NOTICE, to_check=(field,)))
    assert "This reply is too long for a link: copy its lines." in letter.text
    assert all(a["href"] for a in Page(letter.html).find("a"))


def _build_inside() -> dict[str, Letter]:
    named: dict[str, Any] = {"head": HEAD, "tracking_number": TRACKING}
    answered = named | {"reply": REPLY}
    second = SecondReviewNotice(
        **answered,
        first_person="R. Ortega",
        approved_at=AT,
        findings=(Fact(label="Outcome", value="detained"),),
        reasons=("The identity is weak.",),
        sections=SECTIONS,
        preview=PDF,
        form=PDF,
    )
    return {
        "review notice": compose_review_notice(NOTICE),
        "reminder": compose_review_notice(
            replace(
                NOTICE,
                is_reminder=True,
                due_date=None,
                comparison=None,
                **dict.fromkeys(("flags", "files", "sections", "to_check"), ()),
            )
        ),
        "second review": compose_second_review_notice(second),
        "transcript": compose_transcript(TRANSCRIPT),
        "mistake": compose_mistake(Mistake(**answered, refusal=REFUSAL)),
        "already decided": compose_already_decided(
            AlreadyDecided(**answered, by="R. Ortega", on=AT, decision="approved")
        ),
        "not permitted": compose_not_permitted(
            NotPermitted(**answered, keyword="CANCEL", reason="It has left.")
        ),
        "help": compose_help(Help(**answered, status_text="The request is in review.")),
        "status": compose_request_status(
            RequestStatusReport(
                **answered,
                status_text="In review.",
                facts=(Fact(label="Received", value="May 4"),),
                history=(HistoryEntry(at=AT, sentence="Received."),),
                sections=SECTIONS,
            )
        ),
        "unproven": compose_unproven_reply(
            UnprovenReply(
                **answered,
                arrived_at=AT,
                happened="A reply in your name could not be proven to come from you",
                if_yours="reply from your own account.",
                if_not="someone used your name.",
            )
        ),
        "digest": compose_digest(
            Digest(
                head=HEAD,
                day=date(2026, 5, 4),
                counts=(Fact(label="In review", value="3"),),
                ages=(Bar(label="0 to 1 day", count=2), Bar(label="late", count=1, is_late=True)),
                oldest=(
                    OldCase(
                        tracking_number="CJS-2026-000001-5",
                        status="In review",
                        business_days=12,
                        due_date=date(2026, 5, 6),
                        assigned_to="L. Chen",
                    ),
                ),
                due_soon=1,
                away=(Fact(label="R. Ortega", value="May 18, 2026; L. Chen stands in"),),
                events=1204,
                fingerprint="9f" * 32,
            )
        ),
        "alert": compose_staff_alert(
            StaffAlert(
                **named,
                code="delivery_failed",
                sentence="A letter was refused for good.",
                to_do="Send it by post.",
                ids=(Fact(label="Letter", value="12"),),
            )
        ),
        "alert about no request": compose_staff_alert(
            StaffAlert(head=HEAD, code="no_key", sentence="Nothing can be issued.")
        ),
        "sign": compose_paper_to_sign(
            PaperToSign(
                **named,
                control_number="7K3M-9QXA-52TD-0WZH",
                signed_on="May 5, 2026",
                pages=2,
                document=PDF,
            )
        ),
        "print": compose_print_letter(
            PostalInstruction(**named, address_lines=("Dana Whitfield", "Anytown"), document=PDF)
        ),
        "print without an address": compose_print_letter(
            PostalInstruction(**named, address_lines=(), document=PDF)
        ),
        "urgent alert": compose_urgent_alert(
            UrgentAlert(
                head=HEAD,
                journal_id=12,
                topics=("Danger to life",),
                arrived_at=AT,
                message_id="<1@courts.example>",
                folders=("For a person", "Filed"),
                times_told=2,
                minutes=15,
            )
        ),
        "call due": compose_password_due(
            PasswordDue(**answered, recipient="d.whitfield@courts.example")
        ),
        "call": compose_password(CALL),
        "call a known number": compose_password(
            replace(CALL, callee=replace(CALL.callee, is_known=True))
        ),
        "post": compose_postal_instruction(
            PostalInstruction(**named, address_lines=("Dana Whitfield", "Anytown"), document=PDF)
        ),
    }


OUTSIDE, INSIDE = _build_outside(), _build_inside()
EVERY = OUTSIDE | INSIDE
UNTRACKED = {
    "digest",
    *("set aside", "no form", "not a PDF", "oversize", "nothing to tell"),
    *("redirect", "request form", "urgent help", "demand", "urgent alert"),
    *("alert about no request", "verification"),
}

every_letter = pytest.mark.parametrize("name", sorted(EVERY))
outside_letter = pytest.mark.parametrize("name", sorted(OUTSIDE))


class Page(HTMLParser):
    """What stands in an HTML part: its elements, their attributes, their order, and its text."""

    VOID = frozenset({"meta", "br", "img"})

    def __init__(self, source: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.parents: list[str] = []
        self.words: list[str] = []
        self.feed(source)
        self.close()
        assert self.open == [], "every element is closed"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {key: value or "" for key, value in attrs}))
        self.parents.append(self.open[-1] if self.open else "")
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "title" not in self.open:
            self.words += data.split()

    def find(self, *names: str) -> list[dict[str, str]]:
        return [attributes for tag, attributes in self.tags if tag in names]


def test_there_is_a_letter_of_every_kind() -> None:
    assert {letter.kind for letter in EVERY.values()} == set(LetterKind)
    assert {letter.kind.is_for_staff for letter in OUTSIDE.values()} == {False}
    assert {letter.kind.is_for_staff for letter in INSIDE.values()} == {True}


@every_letter
def test_a_subject_holds_the_tracking_number_and_nothing_about_a_person(name: str) -> None:
    subject = EVERY[name].subject
    prefix = "" if name in UNTRACKED else rf"\[{TRACKING}\] "
    assert re.fullmatch(prefix + r"[A-Za-z][A-Za-z ,:]{3,60}", subject)


@every_letter
def test_a_file_name_says_nothing_about_a_person(name: str) -> None:
    for attachment in EVERY[name].attachments:
        assert re.fullmatch(
            rf"({TRACKING}(-request|-preview|-issued)?|request-form)\.pdf", attachment.name
        )
        assert attachment.media_type == "application/pdf"
        assert attachment.data == PDF


@outside_letter
def test_nothing_about_a_person_leaves(name: str) -> None:
    assert not OUTSIDE[name].pictures
    letter = OUTSIDE[name]
    for part in (letter.subject, letter.text, letter.html):
        assert not [word for word in PERSONAL if word in part]


def test_staff_letters_hold_the_facts_in_the_body_only() -> None:
    notice = INSIDE["review notice"]
    for word in ("Núñez de la Cruz", "A000000123", "A 000-000-123", "Dana Whitfield"):
        assert word in notice.text
        assert word in notice.html
        assert word not in notice.subject


def test_a_refusal_reads_as_any_other_answer_does() -> None:
    for answer, refusal in (("certification", "refusal"), ("sealed", "sealed refusal")):
        assert replace(OUTSIDE[refusal], kind=LetterKind.CERTIFICATION) == OUTSIDE[answer]


def test_a_password_is_shown_in_one_letter_for_staff_and_in_no_subject_or_representation() -> None:
    shown = {name for name, letter in EVERY.items() if PASSWORD in letter.text + letter.html}
    assert shown == {"call", "call a known number"}
    assert not [letter.subject for letter in EVERY.values() if "walnut" in letter.subject]
    assert "walnut" not in repr(CALL)
    words = [f"{number}. {word}" for number, word in enumerate(PASSWORD.split("-"), 1)]
    assert [w for w in INSIDE["call"].text.splitlines() if w.strip() in words] == [
        f"    {word}" for word in words
    ]


def test_a_first_call_goes_through_the_switchboard_and_not_to_the_number_of_the_form() -> None:
    first, known = (" ".join(INSIDE[n].text.split()) for n in ("call", "call a known number"))
    assert "the published switchboard of Superior Court of Example County" in first
    assert "Not the number on the form, (202) 555-0141, and none" in first
    assert "switchboard" not in known
    assert "(202) 555-0141, given on the form for this" in known


@outside_letter
def test_both_parts_say_the_same(name: str) -> None:
    letter = OUTSIDE[name]
    marks = re.compile(r"^(=+|-+|-|\d\.)$")
    text = [w for w in letter.text.split() if not marks.match(w)]
    html = [w for w in Page(letter.html).words if not marks.match(w)]
    assert "".join(text) == "".join(html)


@every_letter
def test_every_ready_link_is_encoded_and_short_enough_for_mail_programs(name: str) -> None:
    for link in (a["href"] for a in Page(EVERY[name].html).find("a")):
        assert len(link) <= MAX_LINK
        if "body=" in link:
            assert re.fullmatch(
                r"mailto:[A-Za-z0-9%@._~-]+\?subject=[\w%.~-]+&body=[\w%.~-]*", link
            )


@every_letter
def test_the_html_is_sound_and_accessible(name: str) -> None:
    letter = EVERY[name]
    page = Page(letter.html)
    assert letter.html.startswith("<!DOCTYPE html>")
    assert page.find("html") == [{"lang": "en"}]
    assert f"<title>{letter.subject}</title>" in letter.html
    levels = [int(tag[1]) for tag, _ in page.tags if re.fullmatch(r"h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(b - a <= 1 for a, b in itertools.pairwise(levels)), "no level is skipped"
    assert len(page.find("table")) == len(page.find("caption"))
    assert all(th.get("scope") in {"row", "col"} for th in page.find("th"))
    lists = [p for (tag, _), p in zip(page.tags, page.parents, strict=True) if tag == "li"]
    assert set(lists) <= {"ul", "ol"}
    paragraphs = [p for (tag, _), p in zip(page.tags, page.parents, strict=True) if tag == "p"]
    assert "p" not in paragraphs
    assert all(len(a["href"]) > 8 for a in page.find("a"))


@every_letter
def test_links_and_pictures_say_what_they_are_and_can_be_hit_by_a_thumb(name: str) -> None:
    html = EVERY[name].html
    found = re.findall(r'<a href="([^"]+)"([^>]*)>(.*?)</a>', html, re.DOTALL)
    assert len(found) == html.count("<a ")
    targets: dict[str, str] = {}
    for href, style, words in found:
        assert len(re.sub(r"<[^>]+>", "", words).strip()) >= 4
        assert words.lower() not in {"here", "click here", "link", "more", "this"}
        assert targets.setdefault(words, href) == href, "the same words open the same thing"
        if "body=" in href:
            # Lines of 24 dots, twice 9 around them and two borders of 2: 46, of the 44 wanted.
            assert "display:inline-block;padding:9px 14px;border:2px" in style
    assert all(image.get("alt", "").strip() for image in Page(html).find("img"))
    sizes = [int(size) for size in re.findall(r"font-size:(\d+)px", html)]
    assert min(sizes) >= 14


@every_letter
def test_the_html_asks_nothing_of_the_network_and_sets_no_colours(name: str) -> None:
    page = Page(EVERY[name].html)
    shown = [image["src"] for image in page.find("img")]
    assert all(src.startswith("cid:") for src in shown)
    assert [src[4:] for src in shown] == [p.content_id for p in EVERY[name].pictures]
    assert page.find("script", "style", "link", "iframe", "form", "object") == []
    for _, attributes in page.tags:
        assert not {"background", "onclick", "bgcolor"} & set(attributes)
        style = attributes.get("style", "")
        assert "url(" not in style
        assert re.search(r"(?<![-\w])(color|background[-\w]*)\s*:", style) is None
        assert re.match(r"mailto:|tel:", attributes.get("href", "mailto:"))


@every_letter
def test_text_lines_fit_a_terminal_unless_a_word_is_longer(name: str) -> None:
    text = EVERY[name].text
    for line in text.splitlines():
        assert len(line) <= 76 or len(line.split()) == 1
        assert line == line.rstrip()
    assert "\n\n\n" not in text
    assert text.endswith("\n")
    assert not re.search(r"[<>{}]|&\w+;", re.sub(r"(?m)^>", "", text))


@pytest.mark.parametrize(
    ("name", "fragments"),
    [
        ("acknowledgement", ["Its tracking number is CJS-2026-000001-5", "Ten days as a rule."]),
        ("acknowledgement", ["May 4, 2026, 2:30 p.m. EDT", "whether any record exists"]),
        (
            "legal",
            [
                (
                    "This mailbox cannot accept service of a subpoena, order or other demand, and"
                    " this "
                    "automatic message is not acceptance of service or a response. A person has "
                    "been "
                    "told."
                )
            ],
        ),
        (
            "deficiency",
            [
                "2 fields need your attention",
                "Date of birth (in the section Person): This field was left blank.",
                "A-Number: This looks like a telephone.",
                "Reply to this message with the PDF attached",
                "Open the attached form. It holds what was read in yours",
                "Sign it again at the end",
            ],
        ),
        ("question", ["Which case? Which court?", "Write your answer at the top"]),
        (
            "requester reminded",
            ["with the corrected form attached", "WITHDRAW", "is closed on June 20, 2026"],
        ),
        ("closed", ["It asks the same as your request CJS-2026-000002-3, which goes on"]),
        ("revocation", ["7HQ2-9KXM-4TRB-C3W8, sent on May 4, 2026", "Please do not rely on it"]),
        ("closed unanswered", ["because nothing came back", "keeps its number"]),
        ("set aside", ["Of the 3 documents", "2 could not be used", "Document 3:"]),
        (
            "no form",
            [
                (
                    "1-888-351-4024, Monday to Friday, 8:00 a.m. to 8:00 p.m. Eastern time, except "
                    "federal holidays"
                ),
                "Request Form attached to this message",
                "call 911",
                "whether any record exists",
            ],
        ),
        ("stage", ["stands: waiting for you.", "We wrote to you", "Ten days as a rule."]),
        ("nothing to tell", ["whether there is such a request or not", "STATUS as the first line"]),
        ("withdrawal", ["is not called back by it", "reply to this message"]),
        ("oversize", ["larger than 25 MB"]),
        (
            "review notice",
            [
                "Due May 12, 2026 (last day to file). Priority: deadline within 10 days.",
                "This is a webmail address, which anyone can have.",
                "The sender is not confirmed: no result of a check that we trust.",
                "The form names another address: dana@mail.example.",
                (
                    "Weak identity. Only name, birth date and country of birth are given. An "
                    "approval "
                    "needs a second person."
                ),
                (
                    "! Date of birth: March 4, 1985 or April 3, 1985 as written: 03/04/1985 "
                    "check: Day "
                    "and month could be either way round."
                ),
                (
                    "every period of ICE custody from February 8, 2026 (30 days before the first "
                    "date "
                    "missed)"
                ),
                "nor Alternatives to Detention, parole or supervision.",
                "Nunez FTA.pdf (application/pdf, 181 KB)",
            ],
        ),
        ("reminder", ["No deadline given.", "still waits", "No flag was raised"]),
        ("second review", ["R. Ortega approved this request", "APPROVE alone adopts"]),
        (
            "transcript",
            [
                "Custody: March 2, 2026 to April 17, 2026",
                "On March 10, 2026, in ICE custody? YES",
                "To: d.whitfield@courts.example",
                "When: May 4, 2026, 2:30 p.m. EDT. Only after your CONFIRM.",
                "marked PREVIEW",
                "CONFIRM: Sends the document",
            ],
        ),
        (
            "mistake",
            [
                "nothing was decided",
                "- Basis is always needed.",
                "> Custody: 2026-02-31 to present ^ No such day.",
                "> Colour: blue ^ No such field.",
            ],
        ),
        (
            "already decided",
            ["already decided (approved) by R. Ortega, on May 4, 2026, 2:30 p.m. EDT."],
        ),
        ("not permitted", ["Your reply (CANCEL) changed nothing. It has left."]),
        (
            "unproven",
            [
                "could not be proven to come from you, so nothing was decided.",
                "If you sent it: reply from your own account.",
                "If you did not send it: someone used your name.",
            ],
        ),
        (
            "digest",
            [
                "1 open review is due within three business days",
                "In review: 3",
                "late: 1",
                "CJS-2026-000001-5: In review, 12 business days, due May 6, 2026, with L. Chen",
                "R. Ortega: May 18, 2026; L. Chen stands in",
            ],
        ),
        ("alert", ["refused for good", "What to do: Send it by post.", "Code: delivery_failed"]),
        ("post", ["Dana Whitfield Anytown"]),
    ],
)
def test_a_letter_says_what_its_reader_needs(name: str, fragments: list[str]) -> None:
    text = " ".join(EVERY[name].text.split())
    assert [f for f in fragments if f not in text] == []


def test_a_deadline_stands_above_everything_else() -> None:
    text = INSIDE["review notice"].text
    order = ["Due May 12", "Who asks", "What to look at", "! A-Number"]
    order += ["Compared with an earlier form", "The rest of the request", "Your decision"]
    places = [text.index(words) for words in order]
    assert places == sorted(places)


def test_the_ready_links_open_a_reply_that_needs_only_facts() -> None:
    links = [a["href"] for a in Page(INSIDE["review notice"].html).find("a")]
    ready = [urlsplit(href) for href in links if "body=" in href]
    assert {unquote(link.path) for link in ready} == {TAGGED}
    assert all("+" not in link.path for link in ready), "some programs read a plus as a space"
    queries = [parse_qs(link.query, keep_blank_values=True) for link in ready]
    assert {q["subject"][0] for q in queries} == {f"Re: [{TRACKING}] Review needed"}
    bodies = [q["body"][0].split("\r\n") for q in queries]
    assert [body[0].strip() for body in bodies] == [
        "CORRECT", *["APPROVE"] * 4, "DENY",
        *(f"NEED INFO {name}" for name in VOCABULARY.ready), "NEED INFO", "CORRECT",
    ]  # fmt: skip
    assert bodies[1] == [
        "APPROVE", "Outcome: detained", "Matched on: ", "Basis: ", "Custody: ", "Custody ended: ",
        "Facility: ", "Direct transfer: ", "Records as of: ", "Remarks: ",
    ]  # fmt: skip


def test_what_is_doubtful_can_be_confirmed_by_sending_a_ready_reply() -> None:
    links = [a["href"] for a in Page(INSIDE["review notice"].html).find("a")]
    ready = [parse_qs(urlsplit(href).query) for href in links if "body=" in href]
    assert ready[0]["body"][0].split("\r\n") == [
        "CORRECT", "A-Number: A000000199", "Date of birth: March 4, 1985", "County: Exmpl",
    ]  # fmt: skip
    assert "Confirm or correct" not in INSIDE["reminder"].text


def test_a_doubtful_field_is_shown_and_told_in_words() -> None:
    letter = INSIDE["review notice"]
    images = Page(letter.html).find("img")
    assert [image["alt"] for image in images] == [
        "The field A-Number on page 1. Read: A000000199; the page shows A000000123.",
        "The field County on page 2. Read: Exmpl; the page shows nothing.",
    ]
    assert [image["width"] for image in images] == ["150", "150"]
    for words in (
        "! A-Number\n  Read: A000000199\n  As written: A 000-000-199\n  The page shows: A000000123",
        "Read by: the form's own data, 50% sure, page 1",
        "Could also be: April 3, 1985",
        "Read: (nothing that can be used)\n  As written: Exmpl\n  The page shows: (nothing)",
        "Suffix: Jr.\n      earlier: (blank)",
    ):
        assert words in letter.text
    assert not any(p in c.content_id for p in PERSONAL for c in letter.pictures)


@pytest.mark.parametrize("reason", SET_ASIDE_REASONS)
def test_every_reason_has_its_own_sentences(reason: str) -> None:
    documents = (SetAsideDocument(reason_code=reason),)
    letter = compose_set_aside(SetAside(head=HEAD, documents=documents))
    others = {
        compose_set_aside(
            SetAside(head=HEAD, documents=(SetAsideDocument(reason_code=other),))
        ).text
        for other in SET_ASIDE_REASONS
        if other != reason
    }
    assert letter.text not in others
    assert "The document attached to it could not be used." in letter.text


@pytest.mark.parametrize(
    ("code", "says"),
    [
        ("ENCRYPTED", "needs a password"),
        ("too-many-pages", "too many pages"),
        ("over_time_limit", "too long to read"),
        ("something_new", "damaged or incomplete"),
        ("{{ 7 * 7 }}", "damaged or incomplete"),
    ],
)
def test_a_code_of_any_reader_finds_its_sentences(code: str, says: str) -> None:
    documents = (SetAsideDocument(reason_code=code),)
    assert says in compose_set_aside(SetAside(head=HEAD, documents=documents)).text


HOSTILE = '<b>bold</b> & "quoted" {{ 7 * 7 }} {% raw %} \u202e\x07reversed 123-45-6789'


@pytest.mark.parametrize(
    "compose",
    [
        pytest.param(
            lambda: compose_question(
                Question(head=HEAD, tracking_number=TRACKING, question=HOSTILE)
            ),
            id="question",
        ),
        pytest.param(
            lambda: compose_review_notice(
                replace(
                    NOTICE,
                    sections=(
                        FieldSection(
                            title=HOSTILE,
                            rows=(FieldRow(label=HOSTILE, value=HOSTILE, raw=HOSTILE),),
                        ),
                    ),
                    files=(ReceivedFile(name=HOSTILE, media_type=HOSTILE, size=1),),
                    requester=replace(REQUESTER, name=HOSTILE, author_address=HOSTILE),
                )
            ),
            id="review notice",
        ),
        pytest.param(
            lambda: compose_mistake(
                Mistake(
                    head=HEAD,
                    tracking_number=TRACKING,
                    reply=REPLY,
                    refusal=CommandRefusal(
                        problems=(LineProblem(line=HOSTILE, code="x", message=HOSTILE),),
                        lines=(HOSTILE,),
                    ),
                )
            ),
            id="mistake",
        ),
        pytest.param(
            lambda: compose_transcript(
                replace(
                    TRANSCRIPT,
                    keyword=HOSTILE,
                    understood=(Fact(label=HOSTILE, value=HOSTILE),),
                    sentences=(HOSTILE,),
                )
            ),
            id="transcript",
        ),
    ],
)
def test_text_from_outside_is_shown_and_never_obeyed(compose: Callable[[], Letter]) -> None:
    letter = compose()
    page = Page(letter.html)
    assert page.find("b") == []
    assert "&lt;b&gt;bold&lt;/b&gt;" in letter.html
    assert "7 * 7" in letter.text
    for part in (letter.text, letter.html, letter.subject):
        assert "123-45" not in part
        assert "\u202e" not in part
        assert "\x07" not in part
    assert "***-**-****" in letter.text
    assert "***-**-****" in letter.html
    assert "bold" not in letter.subject


@given(question=st.text(min_size=1, max_size=400))
def test_no_question_whatever_breaks_the_letter(question: str) -> None:
    letter = compose_question(Question(head=HEAD, tracking_number=TRACKING, question=question))
    page = Page(letter.html)
    assert page.find("script", "b", "img") == []
    assert letter.text.encode("utf-8")
    assert letter.html.encode("utf-8")


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("SSN 123-45-6789.", "SSN ***-**-****."),
        ("123 45 6789", "***-**-****"),
        ("123.45.6789", "***-**-****"),
        ("(404) 555-0142", "(404) 555-0142"),
        ("A 012 345 678", "A 012 345 678"),
        ("2026-03-17/2026-03-20", "2026-03-17/2026-03-20"),
        ("D-101-CR-2019-00123", "D-101-CR-2019-00123"),
        ("000-12-3456", "000-12-3456"),
        ("José\u200b\u202e\x00\ufeff", "José"),
        ("two\nlines\tkept", "two\nlines\tkept"),
    ],
)
def test_only_what_must_not_be_shown_is_taken_out(written: str, shown: str) -> None:
    assert clean_text(written) == shown


def test_an_alert_code_cannot_carry_anything_into_the_subject() -> None:
    with pytest.raises(ValueError, match="code"):
        compose_staff_alert(StaffAlert(head=HEAD, code="José Núñez", sentence="x"))


def test_each_line_of_a_mistaken_reply_keeps_its_problems() -> None:
    echo = build_echo(REFUSAL)
    assert [line.text for line in echo] == list(REFUSAL.lines)
    assert [line.problems for line in echo] == [(), (), ("No such day.",), (), ("No such field.",)]


def test_a_problem_whose_line_was_shortened_or_is_gone_is_told_all_the_same() -> None:
    long = "Facility: " + "x" * 400
    refusal = CommandRefusal(
        lines=(long,),
        problems=(
            LineProblem(line=long[:200], code="long", message="Too long."),
            LineProblem(line="Sent from my phone", code="unknown", message="What is this?"),
        ),
    )
    assert [(e.text, e.problems) for e in build_echo(refusal)] == [
        (long, ("Too long.",)),
        ("Sent from my phone", ("What is this?",)),
    ]


@pytest.mark.parametrize(
    ("keyword", "lines", "wrong", "expected"),
    [
        pytest.param(
            "APPROVE",
            ("APPROVE", "outcome: removed", "Removed: yesterday", "Country: Guatemala", "Hello"),
            ("Removed: yesterday", "Hello"),
            (
                "APPROVE",
                "Outcome: removed",
                "Matched on: ",
                "Basis: ",
                "Removed: ",
                "Country: Guatemala",
                "Records as of: ",
            ),
            id="what was right stays, what was wrong is blank, what was missing is added",
        ),
        pytest.param(
            "APPROVE",
            ("APPROVE",),
            (),
            ("APPROVE", "Outcome: ", "Matched on: ", "Basis: ", "Records as of: "),
            id="an approval without findings",
        ),
        pytest.param("DENY", ("DENY",), (), ("DENY ",), id="a reason is missing"),
        pytest.param("CONFIRM", ("CONFIRM it",), ("CONFIRM it",), ("CONFIRM",), id="one word"),
        pytest.param(None, ("not approved",), ("not approved",), None, id="no keyword at all"),
        pytest.param("FROBNICATE", ("x",), (), None, id="an unknown keyword"),
    ],
)
def test_a_mistaken_reply_comes_back_as_it_should_have_been(
    keyword: str | None,
    lines: tuple[str, ...],
    wrong: tuple[str, ...],
    expected: tuple[str, ...] | None,
) -> None:
    found = build_mended_skeleton(keyword, lines, wrong)
    assert (None if found is None else found.lines) == expected


def test_a_reply_that_says_nothing_gets_every_skeleton_it_may_use() -> None:
    refusal = CommandRefusal(
        problems=(LineProblem(line="", code="empty", message="The reply has no text."),)
    )
    letter = compose_mistake(
        Mistake(head=HEAD, tracking_number=TRACKING, reply=REPLY, refusal=refusal)
    )
    assert "The reply has no text." in letter.text
    assert "Outcome: detained; removed" in letter.text
    assert "NEED INFO" in letter.text


def test_skeletons_are_offered_for_what_this_person_may_do_only() -> None:
    asked = [s.lines[0] for s in build_review_skeletons(("NEED INFO", "STATUS"))]
    assert asked == [*(f"NEED INFO {name}" for name in VOCABULARY.ready), "NEED INFO "]
    assert (
        "APPROVE"
        not in compose_help(
            Help(
                head=HEAD,
                tracking_number=TRACKING,
                reply=ReplyOptions(address=TAGGED, keywords=("STATUS",)),
                status_text="The request was answered.",
            )
        ).text
    )


def test_a_skeleton_asks_for_each_line_once() -> None:
    lines = build_findings_skeleton("removed", "returned").lines
    assert len(lines) == len(set(lines))
    assert lines[1] == "Outcome: removed; returned"


def test_keywords_are_explained_by_the_table_that_reads_them() -> None:
    table = parse_keyword_table(read_data("replies/keywords.toml"))
    words = tuple(keyword.word for keyword in table.keywords)
    assert [(r.type_this, r.effect) for r in describe_keywords(words)] == [
        (k.usage, k.summary) for k in table.keywords
    ]
    assert describe_keywords(("FROBNICATE",)) == ()


def read_reply(lines: tuple[str, ...]) -> Command | CommandRefusal:
    return parse_command(
        "\n".join(lines),
        keywords=parse_keyword_table(read_data("replies/keywords.toml")),
        bases=("routine use",),
        field_names={},
        timezone=ZoneInfo("America/New_York"),
    )


FACTS = {
    "Matched on": "a-number; name",
    "Basis": "routine use",
    "Custody": "2026-03-02 to 2026-04-17",
    "Facility": "Example Processing Center, Anytown, GA",
    "Removed": "2026-04-17",
    "Country": "Guatemala",
    "Returned": "2026-04-17",
    "In custody": "yes",
    "Departed": "2026-04-17",
    "Action": "2026-03-02",
    "Place": "Example County, GA",
    "Released same day": "yes",
    "Records as of": "2026-05-04 14:30",
}


@pytest.mark.parametrize(
    "outcomes", [*((outcome,) for outcome in NEEDED), ("detained", "removed")], ids="; ".join
)
def test_a_skeleton_decides_nothing_untouched_and_everything_once_filled_in(
    outcomes: tuple[str, ...],
) -> None:
    lines = build_findings_skeleton(*outcomes).lines
    assert isinstance(read_reply(lines), CommandRefusal)
    optional = {"Remarks"} | {name for o in outcomes for name in OPTIONAL[o]}
    optional -= {name for o in outcomes for name in NEEDED[o]}
    filled = tuple(
        line + FACTS[line[:-2]] if line.endswith(": ") and line[:-2] not in optional else line
        for line in lines
    )
    command = read_reply(filled)
    assert isinstance(command, Command), command
    assert command.findings is not None
    assert [o.value.replace("_", " ").lower() for o in command.findings.outcomes] == [*outcomes]


@pytest.mark.parametrize(
    ("moment", "shown"),
    [
        (datetime(2026, 1, 5, 5, 0, tzinfo=UTC), "January 5, 2026, 12:00 a.m. EST"),
        (datetime(2026, 7, 4, 16, 5, tzinfo=UTC), "July 4, 2026, 12:05 p.m. EDT"),
        (datetime(2026, 3, 1, 3, 59, tzinfo=UTC), "February 28, 2026, 10:59 p.m. EST"),
    ],
)
def test_a_moment_is_shown_in_eastern_time(moment: datetime, shown: str) -> None:
    assert format_moment(moment, "America/New_York") == shown


def test_a_moment_without_a_zone_is_never_shown() -> None:
    with pytest.raises(ValueError, match="aware"):
        format_moment(datetime(2026, 1, 5), "America/New_York")  # noqa: DTZ001  that is refused


@pytest.mark.parametrize(
    ("octets", "shown"),
    [
        (0, "1 KB"),
        (1499, "1 KB"),
        (181_000, "181 KB"),
        (25_000_000, "25 MB"),
        (1_500_000, "1.5 MB"),
    ],
)
def test_a_size_is_said_as_people_say_it(octets: int, shown: str) -> None:
    assert format_size(octets) == shown


def test_a_word_is_never_broken() -> None:
    word = "x" * 120
    assert wrap_text(f"before {word} after", "- ", "  ") == f"- before\n  {word}\n  after"


def test_findings_read_as_they_were_meant() -> None:
    findings = Findings(
        outcomes=(Outcome.DETAINED, Outcome.REMOVED),
        matched_on=(MatchedOn.A_NUMBER, MatchedOn.BIRTH_DATE),
        basis="routine use",
        records_as_of=AT,
        custody=(
            CustodyPeriod(first=date(2026, 3, 2), last=date(2026, 4, 17)),
            CustodyPeriod(first=date(2026, 4, 20), last=None),
        ),
        custody_ended=CustodyEnd.TRANSFERRED,
        transferred_to="Example County Jail",
        facility="Example Processing Center, Anytown, GA",
        direct_transfer=DirectTransfer(agency="Example County Jail", on=date(2026, 3, 2)),
        removed=date(2026, 4, 17),
        no_later_entry=True,
        released_same_day=False,
        country="GT",
        remarks="seen twice",
    )
    rows = [(f.label, f.value) for f in describe_findings(findings, timezone="America/New_York")]
    assert rows == [
        ("Outcome", "detained; removed"),
        ("Matched on", "a-number; birth date"),
        ("Basis", "routine use"),
        ("Custody", "March 2, 2026 to April 17, 2026"),
        ("Custody", "April 20, 2026 to the time of the records check"),
        ("Custody ended", "transferred to Example County Jail"),
        ("Facility", "Example Processing Center, Anytown, GA"),
        ("Direct transfer", "Example County Jail, March 2, 2026"),
        ("Removed", "April 17, 2026"),
        ("No later entry", "yes"),
        ("Released same day", "no"),
        ("Country", "Guatemala (GT)"),
        ("Records as of", "May 4, 2026, 2:30 p.m. EDT"),
        ("Remarks (internal, never printed)", "seen twice"),
    ]


def test_findings_that_say_no_say_so_and_silence_says_nothing() -> None:
    findings = Findings(
        outcomes=(Outcome.RETURNED,),
        matched_on=(MatchedOn.NAME,),
        basis="consent",
        records_as_of=AT,
        direct_transfer=False,
        removed=False,
        returned=date(2026, 2, 1),
        in_custody=True,
        country="ZZ",
    )
    rows = {f.label: f.value for f in describe_findings(findings, timezone="America/New_York")}
    assert rows["Direct transfer"] == rows["Removed"] == "no"
    assert rows["Returned"] == format_date(date(2026, 2, 1))
    assert (rows["In custody"], rows["Country"]) == ("yes", "ZZ")
    assert not {"Custody", "Facility", "Departed", "Remarks", "No later entry"} & set(rows)
