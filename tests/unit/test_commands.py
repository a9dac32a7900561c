"""From new text to one command or nothing: what decides, and the longer list of what does not."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outbound.letters.reply_skeletons import Skeleton, build_review_skeletons
from parsers.errors import ParseError
from parsers.replies.command import Command, CommandRefusal
from parsers.replies.findings import Outcome
from parsers.replies.keyword_table import ArgumentRule, parse_keyword_table
from parsers.replies.new_text import find_new_plain_text
from parsers.replies.signing_lines import build_signer
from tests.unit.reply_builders import (
    FINDINGS,
    KEYWORDS,
    VOCABULARY,
    read_reply,
)

FULL = "\n".join(("APPROVE", *FINDINGS))


def obeyed(text: str, **more: tuple[str, ...]) -> Command:
    found = read_reply(text, **more)
    assert isinstance(found, Command), found
    return found


def refused(text: str, **more: tuple[str, ...]) -> CommandRefusal:
    found = read_reply(text, **more)
    assert isinstance(found, CommandRefusal), found
    assert found.problems
    return found


def codes(text: str, **more: tuple[str, ...]) -> set[str]:
    return {p.code for p in refused(text, **more).problems}


OBEYED = [
    ("APPROVE", "APPROVE", ""),
    ("approved", "APPROVE", ""),
    ("Approve.", "APPROVE", ""),
    ("CONFIRM!", "CONFIRM", ""),
    ("confirm:", "CONFIRM", ""),
    ("\n\n  Cancel  \n\n", "CANCEL", ""),
    ("STATUS", "STATUS", ""),
    ("help", "HELP", ""),
    ("\ufeffCONFIRM", "CONFIRM", ""),
    ("CON\u200bFIRM\u200b", "CONFIRM", ""),
    ("\u00a0CONFIRM\u00a0", "CONFIRM", ""),
    ("\u200eCONFIRM", "CONFIRM", ""),
    ("ＣＯＮＦＩＲＭ", "CONFIRM", ""),
    ("DENY no proof of consent", "DENY", "no proof of consent"),
    ("Denied: no proof of consent", "DENY", "no proof of consent"),
    ("DENY\u00a0no proof", "DENY", "no proof"),
    ("DENY\nno proof of consent", "DENY", "no proof of consent"),
    ("DENY no proof of\nconsent was sent", "DENY", "no proof of\nconsent was sent"),
    ("deny. It is the wrong form", "DENY", "It is the wrong form"),
    (
        "NEED INFO Which court set the hearing of your client?",
        "NEED INFO",
        "Which court set the hearing of your client?",
    ),
    ("need  info: Which court set the hearing?", "NEED INFO", "Which court set the hearing?"),
    ("NEEDINFO\nWhich court\nset the hearing?", "NEED INFO", "Which court\nset the hearing?"),
    (
        "NEED INFO Did the court approve, deny or hold it?",
        "NEED INFO",
        "Did the court approve, deny or hold it?",
    ),
]


@pytest.mark.parametrize(
    ("text", "keyword", "argument"), OBEYED, ids=[repr(t) for t, _, _ in OBEYED]
)
def test_a_reply_inside_the_grammar_is_read(text: str, keyword: str, argument: str) -> None:
    found = obeyed(text)
    assert (found.keyword, found.argument) == (keyword, argument)


DECIDES_NOTHING = """
not approved
Not approved.
do not approve
don't approve
don’t approve
dont approve
no, don't approve
please approve
please don't approve
approve?
Approve ?
approve??
approved?
APPROVE!!
APPROVE..
APPROVE.:
APPROVE !
approve, please
approve please
approve pending review
I would approve if the name matched
I approve
we approve this
APPROVE DENY
APPROVE/DENY
APPROVE or DENY
approve and confirm
deny/approve
approve - no wait
approve it
approve this one
approve all
approve #2
approve (see below)
APPROVE Outcome: detained
APPROVE CJS-2026-000001-9
aprobado
aprobada
apruebo
autorizado
denegado
disapprove
disapproved
unapproved
preapproved
approval
approval pending
approves
approving
approver
approved by me
APPROVED by me?
approved with changes
approved; see remarks
Not yet approved
never approve
can you approve?
should I approve?
is this approved?
ok
OK, approve
ok approve
yes
Yes, approve
yes approve
Sure
Looks good
LGTM
+1
👍
✅ APPROVE
APPROVE 👍
*APPROVE*
**APPROVE**
~~APPROVE~~
> APPROVE
"APPROVE"
“APPROVE”
'APPROVE'
`APPROVE`
- APPROVE
1. APPROVE
[x] APPROVE
(APPROVE)
<APPROVE>
re: APPROVE
Decision: APPROVE
A P P R O V E
AP PROVE
APPR0VE
APROVE
APPROVVE
АPPROVE
ΑPPROVE
APPRОVE
𝐀𝐏𝐏𝐑𝐎𝐕𝐄
ＡＰＰＲＯＶＥ？
APPROVE\u037e
APPROVE\u202e
\u202eEVORPPA
APPROVE\u0301
ÁPPROVE
Hi, approve
Hi
Hello,
Dear all,
Good morning
Thanks
Thanks!
Thank you
Confirmed
confirming
CONFIRM?
CONFIRM it
CONFIRM DENY
confirm not
do not confirm
unconfirm
CONFİRM
CONFıRM
confirm and send
CONFIRM, thanks
CANCEL?
CANCEL this
cancelled
canceled
cancellation
please cancel
don't cancel
CANCEL my approval
ſTATUS
STATUS?
status please
what is the status
STATUS of CJS-2026-000001-9
HELP me
help?
helpful
DENY
DENY.
DENY!
DENY:
DENY ?
DENY -
DENY ...
DENY?
DENY, no consent
DENYing
denies
DENY or approve
DENY and hold
DENY not
DENY not this one
DENY if no consent comes
DENY but ask first
DENY / APPROVE
DENY /approve
DENY ? wrong form
DENY ¿seguro?
DENY wrong form?
DENY wrong form ?!
DENY wrong form?)
DENY already approved
DENY, approve
DENY do not approve
DENY until the clerk can release it
DENY we should hold
DENY please cancel
DENY - revoke
DENY "approve"
DENY APPROVE.
DENY denied
DENY (the reason; it stays inside)
DENY (reason)
Denied?
not denied
do not deny
I deny
deny/hold
NEED INFO
NEED INFO?
NEED INFO.
NEED INFO date of brith
NEED INFO birthdate
NEED INFO (the question, or the name of a ready one)
NEED MORE INFO
NEEDS INFO
NEED INFORMATION
need-info birth date
we need info
INFO
NEED
CORRECT
CORRECT?
CORRECT the name
That is correct
correct.
incorrect
corrected
COLLECT
ASSIGN
AWAY
BACK tomorrow
PROTECT the person
UNPROTECT him
HOLD or release
HOLD and deny
HOLD?
RELEASE it
LEGAL if they insist
LEGAL?
CLOSE
CLOSE or hold
CLOSE?
DUPLICATE
REVOKE
REVOKE not yet
REVOKE approved by mistake?
NOTE
SHOW me
REISSUE as before
PASSWORD please
""".strip().split("\n")


@pytest.mark.parametrize(
    "line", [ln.encode().decode("unicode_escape") if "\\u" in ln else ln for ln in DECIDES_NOTHING]
)
def test_a_line_outside_the_grammar_decides_nothing(line: str) -> None:
    found = refused(line)
    assert found.problems[0].message.endswith((".", "”"))
    assert found.lines


def test_the_table_of_such_lines_is_long() -> None:
    assert len(set(DECIDES_NOTHING)) == len(DECIDES_NOTHING) >= 200


SEVERAL_LINES = [
    ("greeting above", "Hi,\nAPPROVE"),
    ("greeting above, blank between", "Good morning\n\nCONFIRM"),
    ("second thought below", "CONFIRM\nwait, not yet"),
    ("second keyword below", "CONFIRM\nCANCEL"),
    ("question mark below", "CONFIRM\n?"),
    ("approve and deny", "APPROVE\nDENY"),
    ("deny and approve", "DENY\nAPPROVE"),
    ("deny, then approve", "DENY wrong form\n\nAPPROVE"),
    ("deny, then another keyword", "DENY wrong form\nSTATUS"),
    ("deny, then findings", "DENY wrong form\nOutcome: detained"),
    ("deny, a question later", "DENY wrong form\nor is it?"),
    ("deny, cancelled later", "DENY wrong form\nno, cancel that"),
    ("question and keyword", "NEED INFO Which court set the hearing?\nAPPROVE"),
    ("question and findings", "NEED INFO Which court set the hearing?\nOutcome: detained"),
    ("prose below approve", "APPROVE\nif the name matches"),
    ("prose after findings", f"{FULL}\nbut ask the clerk first"),
    ("prose after findings, blank between", f"{FULL}\n\nplease double check"),
    ("status and a wish", "STATUS\nThanks, and what about the other?"),
    ("struck out in HTML", "~~APPROVE~~"),
    ("signature that says something", "CONFIRM\n\nThanks,\nbut please hold it"),
    ("signature with a keyword", "CONFIRM\n\nRegards\nCANCEL"),
    (
        "signature with a sentence",
        "CONFIRM\n\nThanks\nI will check the second name with the clerk.",
    ),
    ("signature not set off", "CONFIRM\nThanks"),
    ("help with more", "HELP\nhow do I deny"),
]


@pytest.mark.parametrize("text", [t for _, t in SEVERAL_LINES], ids=[i for i, _ in SEVERAL_LINES])
def test_lines_that_do_not_belong_decide_nothing(text: str) -> None:
    refused(text)


SIGN_OFFS = [
    ("formula and name", "CONFIRM\n\nThanks,\nR. Ortega\nDeportation Officer\nTel. 555-0100"),
    ("formula alone", "CONFIRM\n\nThank you!"),
    ("the writer's own name", "CONFIRM\n\nR. Ortega\nDO, Example Immigration Agency (demo)"),
    ("Spanish", "CONFIRM\n\nSaludos cordiales,\nR. Ortega"),
    ("initials of respect", "CONFIRM\n\nV/r\nR. Ortega"),
]


@pytest.mark.parametrize("text", [t for _, t in SIGN_OFFS], ids=[i for i, _ in SIGN_OFFS])
def test_a_sign_off_set_off_by_a_blank_line_is_no_part_of_the_command(text: str) -> None:
    assert obeyed(text, names=("R. Ortega",)).keyword == "CONFIRM"


ROSA = build_signer(
    "R. Ortega",
    "",
    titles=("Deportation Officer", "ERO Contact Center of Operations"),
    offices=("Atlanta", "Baltimore"),
    address="r.ortega@agency.example",
)
#: Why it is plainly a signature, and the signature of R. Ortega.
SIGNATURES = [
    ("all on one line", "R. Ortega | Deportation Officer | ERO | 555-555-0100"),
    ("the given name spelled out", "Rosa Ortega\nDeportation Officer"),
    ("a title behind a comma", "Rosa Ortega, Deportation Officer"),
    ("family name first, with pronouns", "Ortega, Rosa (she/her)\nDO"),
    ("a picture above", "[cid:image001.png@01DA]\nR. Ortega"),
    ("the picture alone", "[cid:image001.png@01DA1B2C.3D4E5F60]"),
    ("initials", "RO"),
    ("initials with points", "R.O."),
    ("what a phone adds", "Sent via BlackBerry Hub+"),
    ("as Gmail marks bold in text", "*R. Ortega*\n*Deportation Officer*"),
    ("family name and title", "Ortega\nDeportation Officer"),
    ("a middle initial", "Rosa M. Ortega\nSDDO"),
    ("four lines", "R. Ortega\nDeportation Officer\nERO Atlanta Field Office\n(404) 555-0100"),
    ("telephones with labels", "R. Ortega\nOffice: 404-555-0100 x12\nCell: 404.555.0101"),
    ("the address", "Rosa Ortega\nr.ortega@agency.example"),
    ("the agency", "Rosa Ortega\nU.S. Immigration and Customs Enforcement"),
    ("small letters", "rosa ortega\ndeportation officer"),
    ("blank lines between", "Rosa Ortega\n\nDeportation Officer\n\n555-555-0100"),
    ("a phone's footer below", "Rosa Ortega\nSent from my iPhone"),
    ("a dash between", "Rosa Ortega - Deportation Officer"),
    ("an unknown office", "R. Ortega\nDO, Annex 4, Room 1200\nPhone No.: (404) 555-0100"),
    ("a labelled address", "R. Ortega\nE-mail: r.ortega@agency.example"),
    ("a formula above", "Thanks,\nRosa\nDeportation Officer"),
]


@pytest.mark.parametrize("keyword", ["STATUS", "CONFIRM", "RELEASE", "AWAY until 2026-12-07"])
@pytest.mark.parametrize("text", [t for _, t in SIGNATURES], ids=[i for i, _ in SIGNATURES])
def test_a_plain_signature_is_no_part_of_the_command(keyword: str, text: str) -> None:
    found = read_reply(f"{keyword}\n\n{text}", signer=ROSA)
    assert isinstance(found, Command), found
    assert f"{found.keyword} {found.argument}".strip() == keyword


@pytest.mark.parametrize(
    "text",
    [
        "R. Ortega | Deportation Officer | ERO | 555-555-0100",
        "Rosa Ortega\nDeportation Officer",
        "Ortega, Rosa (she/her)\nDO",
        "[cid:image001.png@01DA]\nR. Ortega",
        "Sent via BlackBerry Hub+",
    ],
)
def test_a_plain_signature_is_no_part_of_the_findings(text: str) -> None:
    found = read_reply(f"{FULL}\n\n{text}", signer=ROSA)
    assert isinstance(found, Command), found
    assert found.findings == obeyed(FULL).findings


def test_a_signature_at_the_end_needs_no_blank_line_below_a_keyword_alone() -> None:
    found = read_reply("CONFIRM\nR. Ortega\nDeportation Officer", signer=ROSA)
    assert isinstance(found, Command)


def test_a_name_in_the_from_field_counts_only_with_the_family_name_configured() -> None:
    def sign(display_name: str) -> object:
        signer = build_signer("R. Ortega", display_name, titles=(), offices=(), address="")
        return read_reply("CONFIRM\n\nRhiannon Ortega", signer=signer)

    assert isinstance(sign("Rhiannon Ortega"), Command)
    assert isinstance(sign("Ortega, Rhiannon"), Command)
    assert isinstance(sign("Rhiannon Smith"), CommandRefusal)
    assert isinstance(sign(""), CommandRefusal)


#: Why it may be meant, and an objection that stands where a signature does.
TRAPS = [
    ("behind the name", "Rosa Ortega - do not issue yet"),
    ("behind the title", "Deportation Officer, but wait for the file"),
    ("behind name and title", "R. Ortega | Deportation Officer | do not send"),
    ("in brackets", "Rosa Ortega (not yet)"),
    ("in place of pronouns", "R. Ortega (wrong man)"),
    ("below the name", "R. Ortega\nThe birth date is wrong"),
    ("below the name, in capitals", "R. Ortega\nWRONG PERSON"),
    ("below the name, as a title", "R. Ortega\nWrong Subject"),
    ("below the name, after a blank line", "R. Ortega\n\nIssue tomorrow"),
    ("below the whole signature", "R. Ortega\nDeportation Officer\nHold until Monday"),
    ("between its lines", "Rosa Ortega\nwait\nDeportation Officer"),
    ("a question", "Rosa Ortega?"),
    ("a question below", "Rosa Ortega\nIs this the right man?"),
    ("a keyword below", "Rosa Ortega\nCANCEL"),
    ("a keyword as a given name", "Revoke Ortega"),
    ("a verb as a given name", "Reject Ortega"),
    ("a verb with the right letter", "Recheck Ortega"),
    ("a verb and the family name, turned", "Ortega, reject"),
    ("somebody else", "Luis Ortega"),
    ("somebody else's initials", "RX"),
    ("initials and more", "RO - not ok"),
    ("small initials", "ro"),
    ("a number of a request", "R. Ortega\nCJS-2026-000123-4"),
    ("an A-number", "Rosa Ortega\nA000000123"),
    ("nine digits", "Rosa Ortega\n000000123"),
    ("another address", "Rosa Ortega\nclerk@courts.example"),
    ("a field", "Rosa Ortega\nOutcome: removed"),
    ("a condition", "Rosa Ortega\nif the hearing stands"),
    ("a condition in Spanish", "Rosa Ortega\nsi llega el expediente"),
    ("a negation in Spanish", "Rosa Ortega - no enviar"),
    ("a wait in Spanish", "Oficial, pero espere"),
    ("below a formula", "Thanks,\nThe second name is wrong"),
    ("below a formula, short", "Thanks\nnext week instead"),
    ("below a formula, in capitals", "Regards\nDO NOT ISSUE"),
    ("a formula that goes on", "Thanks, hold this one"),
    ("behind a phone's footer", "Sent from my iPhone - do not issue yet"),
    ("below a phone's footer", "Sent from my iPhone\n\nDon't send it, wrong man"),
    ("below another's", "Sent via BlackBerry Hub+\nwait"),
    ("behind another's", "Sent via BlackBerry, do not approve"),
    ("a picture that says it", "[cid:do-not-issue]"),
    ("a picture's description", "[image: do not issue]"),
    ("a title alone", "Supervisor"),
    ("a telephone number alone", "555-555-0100"),
    ("an unknown word", "Rosa Ortega\nSoon"),
    ("a date", "Rosa Ortega\nDecember 7"),
    ("a wish", "R. Ortega\nPlease double check"),
    ("no", "NO"),
    ("no verb: void", "R. Ortega\nVoid"),
    ("no verb: to be decided", "Rosa Ortega\nTBD"),
    ("no verb: closed", "R. Ortega\nCase Closed"),
    ("no verb: a finding", "R. Ortega\nNegative"),
    ("no verb: a birth date", "Regards\nDOB 1/2/1990"),
    ("no verb: another man", "R. Ortega\nOther Man"),
    ("no verb: the file", "Regards,\nFile Incomplete"),
]


@pytest.mark.parametrize("command", ["CONFIRM", "STATUS", "RELEASE", FULL], ids=lambda c: c[:7])
@pytest.mark.parametrize("name", ["Rosa Ortega", "R. Ortega"])
@pytest.mark.parametrize("text", [t for _, t in TRAPS], ids=[i for i, _ in TRAPS])
def test_no_objection_is_dropped_as_a_signature(command: str, text: str, name: str) -> None:
    text = text.replace("Rosa Ortega", name).replace("R. Ortega", name)
    new_text = find_new_plain_text(f"{command}\n\n{text}")
    found = read_reply(new_text.text, below=new_text.below, signer=ROSA)
    assert isinstance(found, CommandRefusal), found


@pytest.mark.parametrize(
    ("name", "text"),
    [
        pytest.param("N. Ortiz", "NO", id="initials that deny"),
        pytest.param("A. Wait", "Wait", id="a family name that asks for time"),
        pytest.param("C. Hold", "Hold", id="one that is a keyword"),
        pytest.param("O. Reyes", "OR", id="initials that offer a choice"),
        pytest.param("I. Fuentes", "IF", id="initials of a condition"),
    ],
)
def test_no_name_that_is_a_word_of_objection_is_dropped(name: str, text: str) -> None:
    signer = build_signer(name, "", titles=(), offices=(), address="")
    assert isinstance(read_reply(f"CONFIRM\n\n{text}", signer=signer), CommandRefusal)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(f"{FULL}\n\nGA", id="two capitals that may end a facility"),
        pytest.param(f"{FULL}\n\nGA\nGloria Alvarez", id="and a name below them"),
        pytest.param(f"{FULL}\n\nAtlanta\nGloria Alvarez", id="a place of an office"),
        pytest.param(f"{FULL}\n\nAlvarez", id="a name that may be part of a value"),
        pytest.param("CORRECT\nsubject_surnames: Lopez\n\nGloria Alvarez", id="a corrected name"),
    ],
)
def test_what_could_belong_to_a_field_is_not_dropped(text: str) -> None:
    signer = build_signer("G. Alvarez", "", titles=(), offices=("Atlanta",), address="")
    assert isinstance(read_reply(text, signer=signer), CommandRefusal)


def test_a_free_text_keeps_every_line() -> None:
    found = read_reply("NOTE call\n\nRosa Ortega\n555-555-0100", signer=ROSA)
    assert isinstance(found, Command)
    assert found.argument == "call\n\nRosa Ortega\n555-555-0100"


def test_a_name_that_is_not_the_writers_is_no_sign_off() -> None:
    assert codes("CONFIRM\n\nJ. Doe", names=("R. Ortega",)) == {"stray_line"}


def test_a_sign_off_does_not_reach_the_requester() -> None:
    found = obeyed("NEED INFO\nWhich court set the hearing?\n\nThanks,\nR. Ortega")
    assert found.argument == "Which court set the hearing?"


def test_approve_with_findings_keeps_what_was_written_and_what_it_means() -> None:
    found = obeyed(FULL)
    assert found.fields["Outcome"] == ("detained; removed",)
    assert found.findings is not None
    assert found.findings.outcomes == (Outcome.DETAINED, Outcome.REMOVED)
    assert found.findings.remarks == "seen in two systems"


def test_approve_alone_has_no_findings() -> None:
    assert obeyed("APPROVE\n\n").findings is None


def test_fields_come_in_any_case_and_order_between_blank_lines() -> None:
    shuffled = "\n\n".join(line.upper().replace("REMARKS:", "remarks :") for line in FINDINGS[::-1])
    text = f"approved:\n{shuffled}".replace("EXAMPLE", "Example")
    assert obeyed(text).findings is not None


WRAPPED = [
    ("a full line", "Facility: Example Processing Center of the Southern District, Anytown,\nGA"),
    ("after a semicolon", "Matched on: a-number;\nname; birth date"),
    ("after a comma", "Facility: Example Processing Center,\nAnytown, GA"),
]


@pytest.mark.parametrize("lines", [t for _, t in WRAPPED], ids=[i for i, _ in WRAPPED])
def test_a_line_that_a_mail_program_broke_is_joined(lines: str) -> None:
    name = lines.partition(":")[0]
    text = "\n".join(lines if row.startswith(name) else row for row in FULL.split("\n"))
    assert obeyed(text).fields[name] == (lines.partition(": ")[2].replace("\n", " "),)


NOT_WRAPPED = [
    ("a short line above", "Facility: Example Center\nof Anytown"),
    (
        "a second thought",
        "Facility: Example Processing Center of the Southern District, Anytown,\nnot approved",
    ),
    (
        "a wish",
        "Facility: Example Processing Center of the Southern District, Anytown,\nplease ask first",
    ),
    ("a keyword", "Facility: Example Processing Center of the Southern District, Anytown,\nSTATUS"),
    (
        "a guarded word",
        "Facility: Example Processing Center of the Southern District, Anytown,\nthen revoke",
    ),
    ("a question", "Facility: Example Processing Center of the Southern District, Anytown,\nGA ?"),
    (
        "a misspelt field",
        "Facility: Example Processing Center, Southern District, Anytown\nCustody endd: released",
    ),
    ("a field that asks", "Facility?: Example Processing Center"),
    ("thanks", "Facility: Example Processing Center of the Southern District, Anytown,\nthanks"),
    (
        "after a blank line",
        "Facility: Example Processing Center of the Southern District, Anytown,\n\nGA",
    ),
    ("under an empty field", "Facility:\nExample Processing Center"),
]


@pytest.mark.parametrize("lines", [t for _, t in NOT_WRAPPED], ids=[i for i, _ in NOT_WRAPPED])
def test_a_line_of_its_own_is_never_joined(lines: str) -> None:
    text = "\n".join(lines if row.startswith("Facility") else row for row in FULL.split("\n"))
    assert codes(text) <= {"not_a_field", "unknown_field", "missing_field"}


def test_corrections_go_by_machine_name_or_label_and_keep_the_value_as_written() -> None:
    found = obeyed(
        "Correct\nSurname(s): O’Brien  Peña\nsubject_birth_date: 03/04/1980\n"
        "A-NUMBER: A 000-000-123"
    )
    assert found.fields == {
        "subject_family_name": ("O’Brien  Peña",),
        "subject_birth_date": ("03/04/1980",),
        "subject_a_number": ("A 000-000-123",),
    }


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("CORRECT\nShoe size: 44", "unknown_field"),
        ("CORRECT\nTitle:", "empty_value"),
        ("CORRECT\nTitle: (the right value)", "empty_value"),
        ("CORRECT\nTitle: Clerk\nTitle: Judge", "repeated_field"),
        ("CORRECT\nTitle: Clerk\nrequester_title: Judge", "repeated_field"),
        ("CORRECT\nform_version: 2", "unknown_field"),
        ("CORRECT\nTitle: Clerk\nand the name", "not_a_field"),
        ("CORRECT\n\n\n", "missing_lines"),
        ("CORRECT Title: Clerk", "stray_argument"),
        ("APPROVE now", "stray_argument"),
        ("maybe", "unknown_keyword"),
        ("DENY", "missing_argument"),
        ("DENY wrong form or so?", "second_keyword"),
        ("NEED INFO where", "unknown_question"),
        ("", "empty"),
        (" \u200b\n\ufeff", "empty"),
        ("x" * 20_001, "too_long"),
        ("STATUS\n" + "\n" * 400 + "x", "too_long"),
        ("DENY " + "word " * 500, "too_long"),
        ("CONFIRM\x07", "hidden_character"),
        ("DENY wrong\u202eform", "hidden_character"),
    ],
)
def test_a_refusal_names_what_is_wrong(text: str, code: str) -> None:
    assert codes(text) == {code}


def test_ready_questions_become_whole_sentences() -> None:
    ready = VOCABULARY.ready
    assert obeyed("NEED INFO birth date").argument == ready["birth date"]
    assert obeyed("need info Second Surname.").argument == ready["second surname"]
    both = f"{ready['birth date']}\n{ready['consent']}"
    assert obeyed("NEED INFO\nbirth date\nconsent").argument == both
    assert obeyed("NEED INFO birth date; consent; birth date").argument == both
    assert obeyed("NEED INFO: birth date and consent").argument == both


def test_a_refusal_echoes_every_line_safely_under_the_keyword_it_meant() -> None:
    found = refused("APPROVE\nOutcom: detained\n\x1b[31mred\u202e " + "y" * 500)
    assert found.keyword == "APPROVE"
    assert found.lines[:2] == ("APPROVE", "Outcom: detained")
    assert all(len(line) <= 200 and line.isprintable() for line in found.lines)
    assert all(len(p.line) <= 200 and p.line.isprintable() for p in found.problems)


def test_problems_stand_under_the_lines_as_they_were_written() -> None:
    text = FULL.replace("Outcome: detained; removed", "OUTCOME :  deported").replace(
        "Guatemala", "Nowhere"
    )
    found = refused(text)
    assert {p.line for p in found.problems} == {"OUTCOME : deported", "Country: Nowhere"}
    assert {p.line for p in found.problems} <= set(found.lines)


@pytest.mark.parametrize(
    ("line", "meant"),
    [
        ("approve it", "APPROVE"),
        ("I approve", "APPROVE"),
        ("not approved", None),
        ("approve or deny", None),
        ("what now", None),
        ("need info", "NEED INFO"),
    ],
)
def test_the_skeleton_offered_is_that_of_the_one_keyword_meant(
    line: str, meant: str | None
) -> None:
    assert refused(line).keyword == meant


def test_text_below_the_quote_is_asked_for_on_top_when_nothing_stands_there() -> None:
    assert codes("", below=("APPROVE",)) == {"answer_below"}


@pytest.mark.parametrize("line", ["CANCEL", "no, wait", "Deny this", "please don't", "not yet"])
def test_text_below_the_quote_that_may_take_it_back_stops_a_command(line: str) -> None:
    assert codes("CONFIRM", below=("a line", line)) == {"answer_below"}


def test_other_text_below_the_quote_does_not_stop_a_command() -> None:
    assert obeyed("CONFIRM", below=("Example County list footer",)).keyword == "CONFIRM"


SKELETONS = build_review_skeletons(("APPROVE", "DENY", "NEED INFO", "CORRECT"))


#: A ready question is whole as it stands.
READY = [s for s in SKELETONS if re.fullmatch(r"NEED INFO \w.*", s.lines[0])]


@pytest.mark.parametrize(
    "skeleton", [s for s in SKELETONS if s not in READY], ids=lambda s: s.title
)
def test_an_untouched_skeleton_decides_nothing(skeleton: Skeleton) -> None:
    refused("\n".join(skeleton.lines))


@pytest.mark.parametrize("skeleton", READY, ids=lambda s: s.title)
def test_a_ready_question_asks_when_it_is_sent_as_it_stands(skeleton: Skeleton) -> None:
    assert obeyed("\n".join(skeleton.lines)).keyword == "NEED INFO"
    assert len(READY) == 6


def test_a_skeleton_with_its_needed_lines_filled_in_is_obeyed() -> None:
    said = dict(line.split(": ", 1) for line in FINDINGS[:-1]) | {"Outcome": "detained"}
    skeleton = next(s for s in SKELETONS if s.title == "Approve: detained")
    filled = {line: line.partition(":")[0] for line in skeleton.lines}
    found = obeyed("\n".join(f"{n}: {said[n]}" if n in said else x for x, n in filled.items()))
    assert set(found.fields) == set(said) & set(filled.values())
    assert found.findings is not None
    assert found.findings.remarks is None


# The grammar written a second time, as one pattern: nothing outside it may ever decide.
_FIRST = re.compile(
    r"(?:APPROVED?|CONFIRM|CANCEL|STATUS|HELP|CORRECT|BACK|PROTECT|UNPROTECT|RELEASE|SHOW|REISSUE|PASSWORD)[.!:]?"
    r"|(?:DENY|DENIED|NEED INFO|NEEDINFO|ASSIGN|AWAY|HOLD|LEGAL|CLOSE"
    r"|DUPLICATE|RESEND|REVOKE|NOTE)(?:[.!:]?|[.!:]? .*)",
    re.IGNORECASE,
)
_SPELLINGS = [s for k in KEYWORDS.keywords for s in (k.word, *k.synonyms)]
_PIECES = st.one_of(
    st.sampled_from(_SPELLINGS).flatmap(lambda w: st.sampled_from([w, w.lower(), w.capitalize()])),
    st.sampled_from(
        ["not", "if", "or", "?", "/", ".", "!", ":", ",", "\n", "\n\n", " ", "hi", "no"]
    ),
    st.sampled_from(
        [*FINDINGS, "Title: Clerk", "the wrong form", "birth date", "\u200b", "\u00a0"]
    ),
    st.text(max_size=6),
)


@given(st.lists(_PIECES, max_size=8).map("".join) | st.lists(_PIECES, max_size=8).map(" ".join))
def test_no_text_outside_the_grammar_decides(text: str) -> None:
    found = read_reply(text)
    if isinstance(found, CommandRefusal):
        assert found.problems
        return
    visible = re.sub("[\u00ad\u061c\u180e\u200b-\u200f\u2060\ufe0e\ufe0f\ufeff]", "", text)
    lines = [" ".join(part.split()) for part in re.split("[\n\r\v\f\x85\u2028\u2029]", visible)]
    first = next(line for line in lines if line)
    wide = first.translate({0xFF01 + i: 0x21 + i for i in range(94)})
    assert _FIRST.fullmatch(wide), text
    keyword = KEYWORDS.named(found.keyword)
    assert keyword is not None
    if keyword.argument is ArgumentRule.NONE:
        assert not found.argument
    if keyword.guarded:
        words = set(re.findall(r"[a-z]+", found.argument.lower()))
        assert not words & KEYWORDS.guard_words
        assert not found.argument.rstrip().endswith("?")


@given(st.text())
def test_arbitrary_text_never_raises(text: str) -> None:
    assert isinstance(read_reply(text), Command | CommandRefusal)


def test_the_table_holds_every_keyword() -> None:
    assert len(KEYWORDS.keywords) == 24


ROW = b'[[keyword]]\nword="%s"\nrole="%s"\nargument="none"\nlines="none"\nusage=""\nsummary=""\n'
GUARD = b"[guard]\nwords=[]\nbeginnings=[]\n"


@pytest.mark.parametrize(
    "data",
    [
        b"\xff",
        b"not toml",
        GUARD,
        ROW % (b"HELP", b"reviewer"),
        GUARD + ROW % (b"HELP", b"king"),
        GUARD + ROW % (b"help", b"reviewer"),
        GUARD + ROW % (b"HELP", b"reviewer") * 2,
        GUARD + b"[[keyword]]\nword = 1",
    ],
    ids=["bytes", "text", "no keyword", "no guard", "role", "lower case", "twice", "columns"],
)
def test_a_table_that_is_none_is_refused_with_a_reason(data: bytes) -> None:
    with pytest.raises(ParseError) as caught:
        parse_keyword_table(data)
    assert caught.value.code == "bad_keyword_table"
