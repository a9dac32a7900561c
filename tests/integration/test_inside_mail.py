"""What lies inside a mail is heard like its own words: cries for help, and demands."""

from __future__ import annotations

import io
from concurrent.futures import Future
from email import message_from_bytes, policy
from email.message import EmailMessage

import pikepdf
import pytest

from inbox_worker.desk.explaining import explain_mail
from inbox_worker.reading.reader import DocumentReader
from inbox_worker.storage.models import Event, Request
from parsers.classification.topics import read_text
from tests.specimens.papers import (
    ANOTHERS,
    COURT_PAPERS,
    CRYING_PURPOSES,
    DEMANDS,
    LETTERS,
    NONE,
    OURS,
    PURPOSES,
    SUBPOENA,
    TOLD_OF,
    Page,
    Paper,
    write_pdf,
)
from tests.specimens.scans import draw_pages, pack_pdf
from tests.unit.test_topics import TABLE
from tests.worker_harness import (
    ALVAREZ,
    CLERK,
    DUTY,
    MAILBOX,
    TODAY,
    Harness,
    compose,
    compose_reply,
    fill,
)

SOMEBODY = "mother@mail.example"
CRY = "My brother is in ICE detention. The guards beat him and he says he will kill himself."
SEE = "Please see attached."


def alerts(harness: Harness) -> int:
    return len(harness.letters(to=DUTY, kind="urgent_alert"))


def demands(harness: Harness) -> int:
    return sum(x.subject == "Alert: demand received" for x in harness.letters(to=ALVAREZ))


def attach(
    raw: bytes, data: bytes | EmailMessage, kind: str = "text/plain", name: str = ""
) -> bytes:
    """Return a mail with one more part, of any type."""
    message = message_from_bytes(raw, policy=policy.SMTP)
    assert isinstance(message, EmailMessage)
    if isinstance(data, EmailMessage):
        message.make_mixed()
        message.add_attachment(data)
    else:
        main, _, sub = kind.partition("/")
        message.add_attachment(data, maintype=main, subtype=sub, filename=name or None)
    return message.as_bytes()


def build_inner(text: str, **headers: str) -> EmailMessage:
    inner = EmailMessage()
    inner["From"], inner["To"], inner["Subject"] = "x@mail.example", CLERK, "my brother"
    for name, value in headers.items():
        inner[name.replace("_", "-")] = value
    inner.set_content(text)
    return inner


# Demands.


@pytest.mark.parametrize("paper", [pytest.param(p, id=p.reason) for p in DEMANDS])
def test_a_paper_alone_is_a_demand_or_no_form(harness: Harness, paper: Paper) -> None:
    raw = compose(SOMEBODY, SEE, subject="Papers", files={paper.name: write_pdf(paper.text)})
    is_demand = paper.demand in (OURS, ANOTHERS)
    assert harness.deliver(raw) == ("FOR_A_PERSON" if is_demand else "FORM_SET_ASIDE")
    kinds = [x.kind for x in harness.letters(to=SOMEBODY)]
    assert kinds == ["demand_received" if is_demand else "set_aside"]
    assert demands(harness) == is_demand
    assert alerts(harness) == 0


@pytest.mark.parametrize("paper", [pytest.param(p, id=p.reason) for p in DEMANDS])
def test_a_demand_beside_a_form_sends_the_request_to_counsel(
    harness: Harness, paper: Paper
) -> None:
    files = {"form.pdf": fill(), paper.name: write_pdf(paper.text)}
    assert harness.deliver(compose(CLERK, "Forms attached.", files=files)) == "FILED"
    request = harness.request()
    is_ours = paper.demand == OURS
    assert request.status == ("LEGAL" if is_ours else "IN_REVIEW")
    assert ("demand_found" in request.flags) == is_ours
    told = [e.detail["topic_rules"]["demand"] for e in harness.rows(Event) if "demand" in e.code]
    assert told == ["paper:commands_us"] * is_ours
    assert demands(harness) == is_ours
    (receipt,) = harness.letters(to=CLERK)
    assert receipt.kind == ("legal_received" if is_ours else "acknowledgement")
    assert ("cannot accept service" in receipt.text) == is_ours


def test_there_are_traps_enough() -> None:
    assert len(DEMANDS) >= 24
    assert {p.demand for p in DEMANDS} == {OURS, ANOTHERS, TOLD_OF, NONE}


BLANK = write_pdf("")
LETTER = write_pdf("Good day, here is the paper we spoke of.")


@pytest.mark.parametrize(
    ("name", "data", "is_demand"),
    [
        pytest.param("Subpoena Duces Tecum.pdf", BLANK, True, id="no words to read"),
        pytest.param("Subpoena_ICE-records.pdf", b"%PDF-1.4 broken", True, id="damaged"),
        pytest.param("Citación judicial.pdf", BLANK, True, id="Spanish"),
        pytest.param("Subpoena.pdf", LETTER, True, id="words that say nothing of it"),
        pytest.param("subpoena.docx", b"PK\x03\x04x", True, id="no PDF at all"),
        pytest.param("Motion to quash subpoena.pdf", BLANK, False, id="a motion against one"),
        pytest.param("Return of service - subpoena.pdf", BLANK, False, id="a return of service"),
        pytest.param("warrant.pdf", BLANK, False, id="another paper"),
        pytest.param(
            "Subpoena.pdf",
            write_pdf(next(p.text for p in DEMANDS if p.demand == TOLD_OF)),
            False,
            id="its words say more than its name",
        ),
    ],
)
def test_a_name_counts_where_the_words_say_nothing(
    harness: Harness, name: str, data: bytes, is_demand: bool
) -> None:
    raw = compose(SOMEBODY, SEE, subject="People v. Doe", files={name: data})
    disposition = harness.deliver(raw)
    assert demands(harness) == is_demand
    assert (disposition == "FOR_A_PERSON") == is_demand
    assert ["demand_received"] * is_demand == [
        x.kind for x in harness.letters(to=SOMEBODY) if x.kind == "demand_received"
    ]


def test_a_form_that_is_called_a_subpoena_is_a_form(harness: Harness) -> None:
    raw = compose(CLERK, "Form.", files={"answer to subpoena.pdf": fill(), "Subpoena.pdf": fill()})
    assert harness.deliver(raw) == "FILED"
    assert {r.status for r in harness.rows(Request)} == {"IN_REVIEW"}
    assert demands(harness) == 0


def test_a_demand_as_a_text_file(harness: Harness) -> None:
    raw = attach(compose(SOMEBODY, SEE), SUBPOENA.encode(), name="order.txt")
    assert harness.deliver(raw) == "FOR_A_PERSON"
    assert [x.kind for x in harness.letters(to=SOMEBODY)] == ["demand_received"]
    assert demands(harness) == 1


def test_a_demand_bound_to_a_form_in_one_file(harness: Harness) -> None:
    target = io.BytesIO()
    with pikepdf.open(io.BytesIO(fill())) as form:
        form.pages.extend(pikepdf.open(io.BytesIO(write_pdf(SUBPOENA))).pages)
        form.save(target)
    harness.deliver(compose(CLERK, "Form.", files={"form.pdf": target.getvalue()}))
    assert harness.status() == "LEGAL"


def test_a_demand_stays_with_the_request_when_the_form_is_corrected(harness: Harness) -> None:
    files = {"form.pdf": fill(case_numbers=None), "s.pdf": write_pdf(SUBPOENA)}
    harness.deliver(compose(CLERK, "Form.", files=files))
    assert harness.status() == "LEGAL", "complete or not"
    assert harness.request().flags == ["demand_found"]


def test_a_corrected_form_may_bring_one(harness: Harness) -> None:
    harness.file(case_numbers=None)
    files = {"form.pdf": fill(), "s.pdf": write_pdf(SUBPOENA)}
    reply = compose_reply(harness.newest(CLERK), "Mended.", files=files)
    assert harness.deliver(reply) == "FORM_RECEIVED"
    assert harness.status() == "LEGAL"
    assert demands(harness) == 1


# Cries for help.


@pytest.mark.parametrize("letter", [pytest.param(x, id=x.reason) for x in LETTERS])
@pytest.mark.parametrize("kind", ["pdf", "txt", "txt without a type", "beside a form"])
def test_a_letter_is_heard(harness: Harness, letter: Page, kind: str) -> None:
    data = letter.text.replace("\f", "\n\n").encode()
    if kind == "txt":
        raw = attach(compose(SOMEBODY, SEE), data, name="letter.txt")
    elif kind == "txt without a type":
        raw = compose(SOMEBODY, SEE, files={"letter.txt": data})
    else:
        files = {"letter.pdf": write_pdf(letter.text)}
        files |= {"form.pdf": fill()} if kind == "beside a form" else {}
        raw = compose(SOMEBODY, SEE, files=files)
    disposition = harness.deliver(raw)
    assert alerts(harness) == 1
    first = harness.letters(to=SOMEBODY)[0]
    assert first.kind == "urgent_help"
    assert "911" in first.text
    expected = {"pdf": "FORM_SET_ASIDE", "beside a form": "FILED"}
    assert disposition == expected.get(kind, "FOR_A_PERSON")


@pytest.mark.parametrize("paper", [pytest.param(x, id=x.reason) for x in COURT_PAPERS])
@pytest.mark.parametrize("kind", ["pdf", "txt"])
def test_the_papers_of_a_case_wake_nobody(harness: Harness, paper: Page, kind: str) -> None:
    raw = compose(CLERK, "Form attached, with the papers of the case.", files={"form.pdf": fill()})
    if kind == "pdf":
        raw = attach(raw, write_pdf(paper.text), kind="application/pdf", name="paper.pdf")
    else:
        raw = attach(raw, paper.text.encode(), name="paper.txt")
    assert harness.deliver(raw) == "FILED"
    assert alerts(harness) == 0
    assert harness.status() == "IN_REVIEW"


def test_the_words_of_those_papers_would_be_heard_in_a_letter(harness: Harness) -> None:
    table = harness.services.topics
    rings = [bool(read_text(x.text, table).having("urgent")) for x in COURT_PAPERS]
    assert sum(rings) >= len(rings) // 2, "or they are no traps"


@pytest.mark.parametrize("purpose", CRYING_PURPOSES)
def test_a_form_is_heard(harness: Harness, purpose: str) -> None:
    raw = compose(CLERK, "Form attached.", files={"form.pdf": fill(purpose=purpose)})
    assert harness.deliver(raw) == "FILED"
    assert alerts(harness) == 1
    event = next(e for e in harness.rows(Event) if e.code == "urgent_mail")
    rules = event.detail["topic_rules"]
    urgent = [topic.name for topic in harness.services.topics.topics if topic.handling == "urgent"]
    assert all(rule.startswith("form:") for name, rule in rules.items() if name in urgent)


@pytest.mark.parametrize("purpose", PURPOSES)
def test_what_officials_write_into_it_wakes_nobody(harness: Harness, purpose: str) -> None:
    harness.deliver(compose(CLERK, "Form attached.", files={"form.pdf": fill(purpose=purpose)}))
    assert alerts(harness) == 0


@pytest.mark.parametrize(
    ("inner", "is_heard"),
    [
        pytest.param(build_inner(CRY), True, id="a person's"),
        pytest.param(build_inner("See subject."), False, id="nothing in it"),
        pytest.param(build_inner(CRY, Auto_Submitted="auto-replied"), False, id="a machine's"),
        pytest.param(build_inner(CRY, List_Id="<news.mail.example>"), False, id="a list's"),
    ],
)
def test_a_mail_that_is_passed_on_as_a_file_is_heard(
    harness: Harness, inner: EmailMessage, is_heard: bool
) -> None:
    raw = attach(compose(CLERK, "FYI, got this.", subject="FW: my brother"), inner)
    assert harness.deliver(raw) == "FOR_A_PERSON"
    assert alerts(harness) == is_heard
    assert [x.kind for x in harness.letters(to=CLERK)] == ["urgent_help"] * is_heard


def test_a_mail_within_a_mail_that_is_passed_on(harness: Harness) -> None:
    outer = build_inner("See below.")
    outer.make_mixed()
    outer.add_attachment(build_inner(CRY))
    harness.deliver(attach(compose(CLERK, "FYI", subject="FW: FW"), outer))
    assert alerts(harness) == 1


def test_no_more_is_read_than_its_bounds_allow(harness: Harness) -> None:
    raw = attach(compose(SOMEBODY, SEE), ("a " * 30_000 + CRY).encode(), name="long.txt")
    harness.deliver(raw)
    assert alerts(harness) == 0


# However it is read.


def defeat_reading_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the reader give every whole mail back, as it does when one takes its child's life."""

    def give_back(*_: object, **__: object) -> Future[None]:
        future: Future[None] = Future()
        future.set_result(None)
        return future

    monkeypatch.setattr(DocumentReader, "submit_mail", give_back)


@pytest.mark.parametrize("name", ["letter.pdf", "letter.txt"])
def test_a_mail_that_is_read_piece_by_piece_is_heard_as_well(
    harness: Harness, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    defeat_reading_whole(monkeypatch)
    data = write_pdf(CRY) if name.endswith("pdf") else CRY.encode()
    files = {name: data, "s.pdf": write_pdf(SUBPOENA)}
    assert harness.deliver(compose(SOMEBODY, SEE, files=files)) == "FOR_A_PERSON"
    assert (alerts(harness), demands(harness)) == (1, 1)


def test_a_scanned_paper_is_heard_once_its_picture_is_read(harness: Harness) -> None:
    large = write_pdf(SUBPOENA)
    scan = pack_pdf(draw_pages(large, dpi=150), dpi=150)
    assert harness.deliver(compose(SOMEBODY, SEE, files={"scan.pdf": scan})) == "FOR_A_PERSON"
    assert demands(harness) == 1


def test_a_scanned_letter_is_heard_once_its_picture_is_read(harness: Harness) -> None:
    scan = pack_pdf(draw_pages(write_pdf(LETTERS[0].text), dpi=150), dpi=150)
    assert harness.deliver(compose(SOMEBODY, SEE, files={"scan.pdf": scan})) == "FORM_SET_ASIDE"
    assert alerts(harness) == 1


def test_what_was_read_in_a_paper_stays_in_the_readers_process(
    document_reader: DocumentReader,
) -> None:
    scan = pack_pdf(draw_pages(write_pdf(LETTERS[0].text), dpi=150), dpi=150)
    assert document_reader.read(scan, today=TODAY).texts == ()
    found = document_reader.read(write_pdf(CRY), today=TODAY, topics=TABLE)
    assert found.texts == ()
    assert {one.topic for one in found.heard} == {"self_harm", "abuse_in_detention"}


def test_explain_says_what_was_heard_inside(document_reader: DocumentReader) -> None:
    files = {"s.pdf": write_pdf(SUBPOENA), "letter.txt": CRY.encode()}
    raw = compose(SOMEBODY, SEE, subject="Papers", files=files)
    found = explain_mail(raw, document_reader, own=[MAILBOX], today=TODAY)
    assert found["topic_rules"]["demand"] == "paper:commands_us"
    assert found["topic_rules"]["self_harm"].startswith("paper:")
