"""Who may command by reply: each way of not being entitled, its answer and its event.

A row is a reply that reads like a good decision and must decide nothing. Beside what became of it
stand the one person who may hear of it, by which letter, and the event that stays behind. Nobody
outside the staff is ever written to.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pytest

from inbox_worker.storage.models import Event
from tests.worker_harness import (
    CHEN,
    CLERK,
    LINDQVIST,
    MAILBOX,
    ORTEGA,
    SETTINGS,
    STAFF,
    Harness,
    Sent,
    compose,
    compose_reply,
)

MX = "Authentication-Results: mx.agency.example"
PASS = f"{MX}; dmarc=pass header.from=agency.example"
EVIL = "mallory@elsewhere.example"
EVIL_PASS = f"{MX}; dmarc=pass header.from=elsewhere.example"
UNPROVEN, COLLEAGUE, RETURNED = "unproven_reply", "not_permitted", "not_permitted"
DENY = "DENY no consent on file"


def write(
    notice: Sent,
    *,
    author: str = f"R. Ortega <{ORTEGA}>",
    top: Sequence[str] = (PASS,),
    fields: Sequence[str] = (),
    to: str | None = None,
    bind: bool = True,
    text: str = DENY,
) -> bytes:
    """Return a reply as it stands on the wire, its fields written just as they are given."""
    lines = [
        *top,
        f"From: {author}",
        f"To: {to or notice.reply_to}",
        f"Subject: Re: {notice.subject}",
        "Date: Mon, 04 May 2026 15:00:00 -0400",
        "Message-ID: <reply-1@agency.example>",
        *([f"In-Reply-To: {notice.message_id}"] if bind else []),
        *fields,
        "Content-Type: text/plain; charset=utf-8",
        "",
        text,
        "",
    ]
    return "\r\n".join(lines).encode()


def by_ortega(**changes: object) -> Callable[[Harness], bytes]:
    """Return how to answer the approver's notice."""
    return lambda h: write(h.notice(ORTEGA), **changes)  # type: ignore[arg-type]


def leave(*gone: str) -> list[dict[str, object]]:
    return [s for s in SETTINGS["staff"] if s["email"] not in gone]


def demote(address: str, *roles: str) -> list[dict[str, object]]:
    return [{**s, "roles": list(roles)} if s["email"] == address else s for s in SETTINGS["staff"]]


@dataclass(frozen=True, kw_only=True)
class Case:
    """A reply that must not be obeyed."""

    why: str
    make: Callable[[Harness], bytes]
    event: str
    told: str | None = None  #: who hears of it; None: nobody
    letter: str = UNPROVEN  #: what they hear
    words: str = ""  #: what it says
    detail: str | None = None  #: what in particular, in the event
    disposition: str = "REPLY_REFUSED"
    staff: list[dict[str, object]] | None = None  #: the staff by the time it comes


def _refused(why: str, make: Callable[[Harness], bytes], code: str, **more: object) -> Case:
    return Case(why=why, make=make, event=f"reply_refused_{code}", **more)  # type: ignore[arg-type]


def _unproven(why: str, detail: str, **changes: object) -> Case:
    return _refused(
        why,
        by_ortega(**changes),
        "unproven",
        told=ORTEGA,
        detail=detail,
        words="could not be proven",
    )


def _of_nobody(why: str, author: str, *top: str) -> Case:
    return _refused(why, by_ortega(author=author, top=top or (PASS,)), "no_single_author")


def _of_another(why: str, author: str, *top: str, **changes: object) -> Case:
    return _refused(
        why,
        by_ortega(author=author, top=top or (EVIL_PASS,), **changes),
        "other_author",
        told=ORTEGA,
        words="answered from an address that is not yours here",
    )


CASES = (
    # The token.
    _refused(
        "a token that was never issued",
        lambda h: compose(
            ORTEGA, DENY, in_reply_to="<review.00000000000000000000000000@agency.example>"
        ),
        "unknown_token",
    ),
    _refused(
        "a requester's token dressed up as a reviewer's",
        lambda h: compose(
            ORTEGA, DENY, in_reply_to=h.newest(CLERK).message_id.replace("letter", "review")
        ),
        "unknown_token",
    ),
    # Another person's token.
    _refused(
        "a colleague answers a notice that was passed on to them",
        lambda h: compose_reply(h.notice(ORTEGA), DENY, author=CHEN),
        "colleague",
        told=CHEN,
        letter=COLLEAGUE,
        words="was written to R. Ortega",
    ),
    _refused(
        "a colleague answers a notice of somebody who left",
        lambda h: compose_reply(h.notice(ORTEGA), DENY, author=CHEN),
        "colleague",
        told=CHEN,
        letter=COLLEAGUE,
        words="was written to someone who left",
        staff=leave(ORTEGA),
    ),
    _refused(
        "somebody in a colleague's name",
        lambda h: compose_reply(h.notice(ORTEGA), DENY, author=CHEN, auth=None),
        "other_author",
        told=ORTEGA,
    ),
    _of_another(
        "a second address of the same person",
        "R. Ortega <ortega@agency.example>",
        PASS,
    ),
    _of_another(
        "a forwarded notice, answered from outside",
        CLERK,
        f"{MX}; dmarc=pass header.from=courts.example",
        text=f"{DENY}\r\n\r\n-----Original Message-----\r\nFrom: R. Ortega",
    ),
    _of_another("the staff address as a display name", f'"{ORTEGA}" <{EVIL}>'),
    _of_another(
        "the staff address in brackets in a display name", f'"R. Ortega <{ORTEGA}>" <{EVIL}>'
    ),
    _of_another("the staff name at another address", f"R. Ortega <{EVIL}>"),
    _of_another(
        "the staff address as an encoded name", f"=?utf-8?q?r.ortega=40agency.example?= <{EVIL}>"
    ),
    _of_another(
        "a look-alike domain",
        "r.ortega@agency-example.example",
        f"{MX}; dmarc=pass header.from=agency-example.example",
    ),
    _of_another(
        "a domain that only begins like ours",
        "r.ortega@agency.example.elsewhere.example",
        f"{MX}; dmarc=pass header.from=agency.example.elsewhere.example",
    ),
    _of_another(
        "a domain below ours",
        "r.ortega@field.agency.example",
        f"{MX}; dmarc=pass header.from=field.agency.example",
    ),
    _of_another(
        "the wire form of a homograph",
        "r.ortega@xn--gency-3ve.example",
        f"{MX}; dmarc=pass header.from=xn--gency-3ve.example",
    ),
    _of_another("a tag in the local part", "r.ortega+x@agency.example", PASS),
    _of_another("the local part with a digit for a letter", "r.0rtega@agency.example", PASS),
    _of_another(
        "Reply-To names the staff address", EVIL, EVIL_PASS, fields=(f"Reply-To: {ORTEGA}",)
    ),
    _of_another("Sender names the staff address", EVIL, EVIL_PASS, fields=(f"Sender: {ORTEGA}",)),
    # Nobody in particular.
    _refused(
        "two addresses in From, ours among them",
        by_ortega(author=f"{ORTEGA}, {EVIL}"),
        "no_single_author",
        told=ORTEGA,
        words="had other authors beside you",
    ),
    _refused(
        "two From fields, ours first",
        by_ortega(fields=(f"From: {EVIL}",)),
        "no_single_author",
        told=ORTEGA,
    ),
    _refused(
        "two From fields, the other without an address",
        by_ortega(fields=("From: nobody",)),
        "no_single_author",
        told=ORTEGA,
    ),
    _of_nobody("two addresses of strangers", f"{EVIL}, {CLERK}"),
    _of_nobody("no address", "R. Ortega"),
    _of_nobody("an empty group", "undisclosed-recipients:;"),
    _of_nobody("an encoded word for an address", "=?utf-8?q?r.ortega=40agency.example?="),
    _of_nobody("a Cyrillic letter in the local part", "r.\u043ertega@agency.example"),
    _of_nobody("a Cyrillic letter in the domain", "r.ortega@\u0430gency.example"),
    _of_nobody("a fullwidth dot in the domain", "r.ortega@agency\uff0eexample"),
    _of_nobody("an invisible letter in the domain", "r.ortega@agency\u200b.example"),
    _of_nobody("a dot behind the domain", "r.ortega@agency.example."),
    _of_nobody("a quoted local part", '"r.ortega"@agency.example'),
    _of_nobody("a NUL before another domain", f"{ORTEGA}\x00@elsewhere.example"),
    _of_nobody("two addresses in brackets", f"<{ORTEGA}> <{EVIL}>"),
    _of_nobody(
        "a line break inside an encoded name", f"=?utf-8?q?x=0D=0AFrom:_{ORTEGA}?= <{EVIL}>"
    ),
    # Our person's name, and nothing that proves it.
    _unproven("no Authentication-Results", "no_results", top=()),
    _unproven(
        "DMARC failed", "dmarc_failed", top=(f"{MX}; dmarc=fail header.from=agency.example",)
    ),
    _unproven(
        "DMARC failed beside a DKIM pass",
        "dmarc_failed",
        top=(f"{MX}; dkim=pass header.d=agency.example; dmarc=fail header.from=agency.example",),
    ),
    _unproven(
        "a forged field of a gateway that is not ours",
        "results_of_another",
        top=(
            "Authentication-Results: mx.elsewhere.example; dmarc=pass header.from=agency.example",
        ),
    ),
    _unproven(
        "ours below a forged one",
        "results_of_another",
        top=("Authentication-Results: mx.elsewhere.example; dmarc=pass", PASS),
    ),
    _unproven(
        "our failure above a forgery that bears our gateway's name",
        "dmarc_failed",
        top=(f"{MX}; dmarc=fail header.from=agency.example", PASS),
    ),
    _unproven(
        "a gateway whose name only begins like ours",
        "results_of_another",
        top=(f"{MX}.elsewhere.example; dmarc=pass header.from=agency.example",),
    ),
    _unproven(
        "our gateway's name in a comment before another's",
        "results_unnamed",
        top=(
            (
                "Authentication-Results: (mx.agency.example) mx.elsewhere.example; dmarc=pass"
                " header.from=agency.example"
            ),
        ),
    ),
    _unproven(
        "our gateway's name in quotes",
        "results_unnamed",
        top=('Authentication-Results: "mx.agency.example"; dmarc=pass header.from=agency.example',),
    ),
    _unproven(
        "a version that nobody knows",
        "results_unreadable",
        top=(f"{MX} 2; dmarc=pass header.from=agency.example",),
    ),
    _unproven(
        "a pass in a comment",
        "nothing_passed",
        top=(f"{MX}; spf=none (dmarc=pass header.from=agency.example)",),
    ),
    _unproven(
        "a pass in a quoted value",
        "nothing_passed",
        top=(f'{MX}; spf=none smtp.mailfrom="; dmarc=pass header.from=agency.example"',),
    ),
    _unproven("DMARC passed for another domain", "dmarc_of_another", top=(EVIL_PASS,)),
    _unproven(
        "two DMARC results",
        "dmarc_twice",
        top=(f"{PASS}; dmarc=pass header.from=elsewhere.example",),
    ),
    _unproven("SPF alone", "nothing_passed", top=(f"{MX}; spf=pass smtp.mailfrom=agency.example",)),
    _unproven(
        "DKIM of other domains only",
        "nothing_passed",
        top=(f"{MX}; dkim=pass header.d=elsewhere.example; dkim=pass header.d=list.example",),
    ),
    _unproven(
        "DKIM of the parent domain", "nothing_passed", top=(f"{MX}; dkim=pass header.d=example",)
    ),
    _unproven("ARC alone", "nothing_passed", top=(f"{MX}; arc=pass header.d=agency.example",)),
    _unproven("ARC's copy of a result", "no_results", top=(f"ARC-{PASS}",)),
    _unproven(
        "an internal mark that the site never named",
        "no_results",
        top=("X-MS-Exchange-Organization-AuthAs: Internal",),
    ),
    _unproven("a group of one", "author_doubtful", author=f"Staff: {ORTEGA};"),
    _unproven(
        "a comment inside the address", "author_doubtful", author="r.(x)ortega@agency.example"
    ),
    _unproven("a route", "author_doubtful", author=f"<@elsewhere.example:{ORTEGA}>"),
    _unproven("another address in front", "author_doubtful", author=f"{EVIL} <{ORTEGA}>"),
    _unproven("fields behind a lone CR", "header_doubtful", top=(f"X: y\r{PASS}",)),
    _unproven(
        "a second Content-Type, which shows other text",
        "header_doubtful",
        fields=("Content-Type: text/html",),
    ),
    _refused(
        "a secretary on behalf of the approver",
        by_ortega(fields=("Sender: secretary@agency.example",)),
        "sent_by_another",
        told=ORTEGA,
        words="by another account on your behalf",
    ),
    _refused(
        "a Sender that nobody can read",
        by_ortega(fields=("Sender: nobody",)),
        "sent_by_another",
        told=ORTEGA,
    ),
    # Who is no longer what they were.
    _refused("somebody who left", by_ortega(), "no_longer_staff", staff=leave(ORTEGA)),
    _refused(
        "a stranger with a token of somebody who left",
        by_ortega(author=EVIL, top=(EVIL_PASS,)),
        "other_author",
        staff=leave(ORTEGA),
    ),
    _refused(
        "a reviewer no longer",
        lambda h: compose_reply(h.notice(CHEN), DENY),
        "no_longer_reviewer",
        told=CHEN,
        letter=RETURNED,
        words="You do not review requests any more",
        staff=demote(CHEN, "certifier"),
    ),
    Case(
        why="an approver no longer",
        make=lambda h: compose_reply(h.notice(CHEN), DENY),
        event="reply_returned_role",
        told=CHEN,
        letter=RETURNED,
        words="needs the role of approver",
        disposition="REPLY_RETURNED",
        staff=demote(CHEN, "reviewer"),
    ),
    Case(
        why="a reviewer's decision",
        make=lambda h: compose_reply(h.notice(LINDQVIST), DENY),
        event="reply_returned_role",
        told=LINDQVIST,
        letter=RETURNED,
        words="needs the role of approver",
        disposition="REPLY_RETURNED",
    ),
    # What no person wrote.
    Case(
        why="an out-of-office reply",
        make=by_ortega(fields=("Auto-Submitted: auto-replied",)),
        event="mail_ignored",
        disposition="IGNORED",
    ),
    Case(
        why="a reply that came through a list",
        make=by_ortega(fields=("List-Id: <staff.agency.example>",)),
        event="mail_ignored",
        disposition="IGNORED",
    ),
)


def by_why(case: Case) -> str:
    return case.why


def list_outsiders(letters: Sequence[Sent]) -> set[str]:
    return {x.recipient for x in letters} - set(STAFF)


@pytest.mark.parametrize("case", CASES, ids=by_why)
def test_who_is_not_entitled_decides_nothing(filed: Harness, case: Case) -> None:
    raw = case.make(filed)
    if case.staff is not None:
        filed.change_settings(staff=case.staff)
    before = filed.last_letter_id()
    assert filed.deliver(raw) == case.disposition
    assert (filed.status(), filed.decisions()) == ("IN_REVIEW", [])
    event = filed.rows(Event)[-1]
    assert event.code == case.event
    assert case.detail is None or event.detail == {"why": case.detail}
    new = [x for x in filed.letters() if x.id > before]
    assert [(x.recipient, x.kind) for x in new] == (
        [] if case.told is None else [(case.told, case.letter)]
    )
    assert case.words in " ".join(x.text for x in new)
    assert EVIL not in " ".join(x.text for x in new)


ENTITLED: dict[str, Callable[[Harness], bytes]] = {
    "as mail programs write it": by_ortega(),
    "the address alone": by_ortega(author=ORTEGA),
    "another case in local part and domain": by_ortega(author="R.ORTEGA@Agency.Example"),
    "a name behind the address": by_ortega(author=f"{ORTEGA} (R. Ortega)"),
    "another display name, which says nothing": by_ortega(author=f"L. Chen <{ORTEGA}>"),
    "a Sender that is the author": by_ortega(fields=("Sender: R.Ortega@agency.example",)),
    "a Reply-To that leads elsewhere, which nothing follows": by_ortega(
        fields=(f"Reply-To: {EVIL}", f"Return-Path: <{ORTEGA}>")
    ),
    "a forgery below ours": by_ortega(top=(PASS, f"{MX}; dmarc=fail header.from=agency.example")),
    "comments, a version and several results": by_ortega(
        top=(
            (
                "Authentication-Results: mx.agency.example 1 (Example MTA);\r\n"
                "\tspf=fail smtp.mailfrom=elsewhere.example; dkim=fail header.d=list.example;\r\n"
                '\tdkim=pass (2048-bit key; "good") header.d=agency.example header.s=one;\r\n'
                "\tdmarc=pass (p=REJECT sp=NONE) header.from=agency.example"
            ),
        )
    ),
    "DKIM of the author's domain, the last of several": by_ortega(
        top=(f"{MX}; dkim=pass header.d=list.example; dkim=pass header.d=agency.example",)
    ),
    "bound by the plus-tag alone": by_ortega(bind=False),
    "forwarded by the person, who typed on top": lambda h: write(
        h.notice(ORTEGA), text=f"{DENY}\r\n\r\n---------- Forwarded message ----------\r\nAPPROVE"
    ),
}


@pytest.mark.parametrize("make", ENTITLED.values(), ids=ENTITLED)
def test_who_is_entitled_is_obeyed(filed: Harness, make: Callable[[Harness], bytes]) -> None:
    before = filed.last_letter_id()
    assert filed.deliver(make(filed)) == "DECISION_APPLIED"
    assert [d[:2] for d in filed.decisions()] == [("DENY", ORTEGA)]
    assert not list_outsiders([x for x in filed.letters() if x.id > before])


@pytest.mark.parametrize(
    ("prepare", "word", "event", "words"),
    [
        pytest.param(
            lambda h: h.reply(ORTEGA, DENY),
            DENY,
            "reply_returned_already_decided",
            "already decided (denied) by R. Ortega",
            id="a token used twice",
        ),
        pytest.param(
            lambda h: (h.reply(ORTEGA, DENY), h.reply(ORTEGA, "CANCEL")),
            DENY,
            "reply_returned_earlier_round",
            "belongs to an earlier round",
            id="a token of an earlier round",
        ),
        pytest.param(
            lambda h: h.clock.advance(days=30),
            DENY,
            "reply_returned_expired",
            "has expired",
            id="an expired token",
        ),
        pytest.param(
            lambda h: None, "Approved?", "reply_returned_mistake", "Approved?", id="a mistake"
        ),
        pytest.param(
            lambda h: None, "CANCEL", "reply_returned_not_now", "not possible now", id="not now"
        ),
    ],
)
def test_a_token_that_does_not_hold_now_is_answered_with_the_reason(
    filed: Harness, prepare: Callable[[Harness], object], word: str, event: str, words: str
) -> None:
    notice = filed.notice(ORTEGA)
    prepare(filed)
    before = len(filed.decisions())
    answer = filed.reply(ORTEGA, word, to=notice)
    assert words in answer.text
    assert filed.events()[-1] == event
    assert len(filed.decisions()) == before


def test_a_reply_is_about_the_letter_it_answers_whatever_else_it_names(filed: Harness) -> None:
    first = filed.notice(ORTEGA)
    filed.file(case_numbers="26-CR-000555")
    second = filed.notice(ORTEGA)
    raw = write(first, to=second.reply_to, fields=(f"References: {second.message_id}",))
    assert filed.deliver(raw) == "DECISION_APPLIED"
    assert [r.status for r in (filed.request(0), filed.request(1))] == ["DENIED", "IN_REVIEW"]


def test_a_requester_who_bears_an_approvers_name_decides_nothing(filed: Harness) -> None:
    """Neither by a letter of their own, nor by their form, nor by a name in From."""
    filed.file(requester_name="R. Ortega", requester_email=ORTEGA, case_numbers="26-CR-000777")
    own = filed.newest(CLERK)
    for author in (CLERK, f"R. Ortega <{CLERK}>", f'"{ORTEGA}" <{CLERK}>'):
        auth = "mx.agency.example; dmarc=pass header.from=courts.example"
        filed.deliver(compose_reply(own, "APPROVE", author=author, auth=auth))
    assert filed.decisions() == []
    assert {r.status for r in (filed.request(0), filed.request(1))} == {"IN_REVIEW"}
    assert not filed.letters(to=CLERK, kind="not_permitted")


def test_many_forgeries_do_not_bury_the_person_they_name(filed: Harness) -> None:
    notice = filed.notice(ORTEGA)
    for _ in range(3):
        filed.deliver(write(notice, top=(), text=f"{DENY} {_}"))
        filed.deliver(write(notice, author=EVIL, top=(EVIL_PASS,), text=f"{DENY} {_}"))
    assert len(filed.letters(to=ORTEGA, kind=UNPROVEN)) == 2, "one a day for each reason"
    assert filed.events().count("reply_refused_unproven") == 3
    filed.reply(ORTEGA, DENY, to=notice)
    assert filed.status() == "DENIED", "and the notice is as good as before"


def test_a_header_that_is_injected_into_a_letter_of_ours_stays_one_line(filed: Harness) -> None:
    author = f"=?utf-8?q?x=0D=0ABcc:_{EVIL}?= <{ORTEGA}>"
    subject = f"Subject: =?utf-8?q?x=0D=0ABcc:_{EVIL}?="
    filed.deliver(write(filed.notice(ORTEGA), author=author, fields=(subject,), text="HELP"))
    for letter in filed.letters():
        assert letter.message["Bcc"] is None
        assert EVIL not in str(letter.message["To"])
    assert MAILBOX in str(filed.newest(ORTEGA).message["From"])
