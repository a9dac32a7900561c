"""The Certification Form: what is printed, in which words, and the PDF it becomes."""

from __future__ import annotations

import io
import itertools
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pdfplumber
import pikepdf
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.data import read_data
from outbound.certification.case import Detail
from outbound.certification.document import (
    CannotBePrinted,
    CertificationFacts,
    Mark,
    build_no_information_facts,
)
from outbound.certification.pdf import render_certification
from outbound.certification.wording import WordingError, load_wording
from parsers.replies.findings import Findings, MatchedOn
from parsers.values.control_numbers import SAMPLE_CONTROL_NUMBER
from tests.unit.certification_cases import (
    ASKED_ALL,
    build_case,
    build_facts,
    build_findings,
    issue,
    transfer,
)

DETAINED_AND_REMOVED: dict[str, Any] = {
    "custody": "03-02/04-17",
    "removed": "04-17",
    "custody_ended": "removed",
    "direct_transfer": transfer("03-02"),
}


def statements(facts: CertificationFacts) -> list[str]:
    assert facts.determination is not None
    return list(facts.determination.statements)


def printed(facts: CertificationFacts) -> str:
    return facts.to_bytes().decode()


# (asked, sentences that begin so, codes of the answers)
ASKED: dict[str, tuple[tuple[str, ...], list[str], list[str]]] = {
    "custody on the date": (("custody_on_date",), [], ["q1"]),
    "custody dates": (("custody_dates",), ["ICE records show"], ["q1", "transfer"]),
    "removal": (("removal",), ["ICE removed"], ["q2"]),
    "release": (("release",), ["Release from ICE custody: NOT DETERMINED."], []),
    "release and removal": (
        ("release", "removal"),
        ["Custody ended by removal.", "ICE removed"],
        ["q2"],
    ),
    "custody on the date and removal": (
        ("custody_on_date", "removal"),
        ["ICE removed"],
        ["q1", "q2", "q3"],
    ),
    "custody dates and release": (
        ("custody_dates", "release"),
        ["ICE records show"],
        ["q1", "transfer"],
    ),
    "custody dates and removal": (
        ("custody_dates", "removal"),
        ["ICE records show", "Custody ended by removal.", "ICE removed"],
        ["q1", "q2", "q3", "transfer"],
    ),
    "everything": (
        ASKED_ALL,
        ["ICE records show", "Custody ended by removal.", "ICE removed"],
        ["q1", "q2", "q3", "transfer"],
    ),
}


@pytest.mark.parametrize(("asked", "sentences", "answers"), ASKED.values(), ids=ASKED.keys())
def test_only_what_was_asked_for_is_printed(
    asked: tuple[str, ...], sentences: list[str], answers: list[str]
) -> None:
    facts = build_facts(
        build_findings("DETAINED REMOVED", **DETAINED_AND_REMOVED),
        build_case(information_requested=asked),
    )
    told = statements(facts)
    assert len(told) == len(sentences)
    assert all(t.startswith(s) for t, s in zip(told, sentences, strict=True))
    assert [line.code for line in facts.answers] == answers


RELEASES: dict[str, tuple[dict[str, Any], str]] = {
    "released": (
        {"custody": "03-02/04-17", "custody_ended": "released"},
        "ICE custody ended on April 17, 2026 by release.",
    ),
    "transferred": (
        {
            "custody": "03-02/04-17",
            "custody_ended": "transferred",
            "transferred_to": "Example County Jail",
        },
        "ICE custody ended on April 17, 2026 by transfer to Example County Jail.",
    ),
    "present": ({}, "The individual was still in ICE custody on May 4, 2026."),
    "not said": ({"custody": "03-02/04-17"}, "Release from ICE custody: NOT DETERMINED."),
}


@pytest.mark.parametrize(("findings", "sentence"), RELEASES.values(), ids=RELEASES.keys())
def test_who_asks_for_the_release_only_is_told_it_only(
    findings: dict[str, Any], sentence: str
) -> None:
    case = build_case(information_requested=("release",))
    facts = build_facts(build_findings("DETAINED", **findings), case)
    assert statements(facts) == [sentence]
    assert "March 2, 2026" not in printed(facts)


def test_answers_only_names_no_facility_city_or_country() -> None:
    findings = build_findings("DETAINED REMOVED", **DETAINED_AND_REMOVED)
    facts = build_facts(findings, detail=Detail.ANSWERS)
    assert statements(facts) == [
        (
            "ICE records show that the individual was in ICE custody from March 2, 2026 to"
            " April 17, 2026, a period that includes March 10, 2026."
        ),
        "Custody ended by removal.",
        (
            "ICE removed the individual from the United States on April 17, 2026, after"
            " March 10, 2026, pursuant to an order of removal."
        ),
    ]
    assert [line.code for line in facts.answers] == ["q1", "q2", "q3", "transfer"]
    assert not re.search("Processing|Anytown|Guatemala", printed(facts))


@pytest.mark.parametrize("outcome", ["RETURNED", "VOLUNTARY_DEPARTURE", "ENFORCEMENT_ACTION"])
def test_answers_only_tells_no_other_outcome(outcome: str) -> None:
    dated = {
        "RETURNED": "returned",
        "VOLUNTARY_DEPARTURE": "departed",
        "ENFORCEMENT_ACTION": "action",
    }
    findings = build_findings(outcome, **{dated[outcome]: "02-10"})
    case = build_case(information_requested=("custody_on_date", "removal"))
    facts = build_facts(findings, case, detail=Detail.ANSWERS)
    assert statements(facts) == []
    assert facts.outcomes == ()
    assert "See outcome." not in printed(facts)


def test_see_outcome_stands_where_there_is_one_to_see() -> None:
    facts = build_facts(build_findings("RETURNED", returned="02-10"))
    (q3,) = [line for line in facts.answers if line.code == "q3"]
    assert (q3.text, q3.notes) == ("NOT DETERMINED", ("See outcome.",))


def test_no_detail_and_no_overlap_below_full_are_our_own_mistakes() -> None:
    with pytest.raises(ValueError, match="may not be told"):
        build_facts(build_findings("DETAINED"), detail=Detail.NONE)
    with pytest.raises(ValueError, match="may not be told"):
        build_facts(build_findings("NO_OVERLAP"), detail=Detail.ANSWERS)


NO_OVERLAPS = {
    "custody only": (("custody_on_date",), "show no ICE custody on March 10, 2026."),
    "removal only": (("removal",), "show no removal by ICE on or before March 10, 2026."),
}


@pytest.mark.parametrize(("asked", "words"), NO_OVERLAPS.values(), ids=NO_OVERLAPS.keys())
def test_no_overlap_says_no_more_than_was_asked(asked: tuple[str, ...], words: str) -> None:
    facts = build_facts(build_findings("NO_OVERLAP"), build_case(information_requested=asked))
    (sentence,) = statements(facts)
    assert words in sentence


MATCHES = {
    "one": ((MatchedOn.NAME,), "name"),
    "three, in fixed order": (
        (MatchedOn.BIRTH_DATE, MatchedOn.A_NUMBER, MatchedOn.NAME),
        "A-number, name and date of birth",
    ),
    "another name": (
        (MatchedOn.A_NUMBER, MatchedOn.OTHER_NAME, MatchedOn.BIRTH_DATE),
        "A-number and date of birth; recorded under another name",
    ),
}


@pytest.mark.parametrize(("matched", "line"), MATCHES.values(), ids=MATCHES.keys())
def test_match_line_names_identifiers_and_never_a_name(
    matched: tuple[MatchedOn, ...], line: str
) -> None:
    facts = build_facts(build_findings("DETAINED", matched_on=matched))
    assert facts.determination is not None
    assert facts.determination.matched_on_text == line


def test_identity_is_printed_as_filed_and_masked() -> None:
    facts = build_facts(build_findings("DETAINED"), build_case(subject_suffix="Jr."))
    assert facts.determination is not None
    subject = facts.determination.subject
    assert (subject.family_name, subject.given_names, subject.suffix) == (
        "García Țurcanu",
        "María Nguyễn",
        "Jr.",
    )
    assert (subject.birth_year, subject.a_number_last3) == ("1990", "123")
    assert "1990-" not in printed(facts)


def test_remarks_and_what_is_never_printed_stay_out() -> None:
    findings = build_findings("DETAINED", remarks="Aggravated felony; VAWA; asylum denied")
    assert not re.search("felony|VAWA|asylum|routine use", printed(build_facts(findings)))


@st.composite
def requests(draw: st.DrawFn) -> tuple[Findings, tuple[str, ...], Detail]:
    asked = draw(st.sets(st.sampled_from(ASKED_ALL), min_size=1))
    detail = draw(st.sampled_from([Detail.FULL, Detail.ANSWERS]))
    ended = draw(st.sampled_from(["removed", None]))
    findings = build_findings(
        "DETAINED REMOVED", **{**DETAINED_AND_REMOVED, "custody_ended": ended}
    )
    return findings, tuple(sorted(asked)), detail


@settings(max_examples=60)
@given(requests())
def test_every_printed_fact_was_asked_for_and_is_allowed(
    request: tuple[Findings, tuple[str, ...], Detail],
) -> None:
    findings, asked, detail = request
    text = printed(build_facts(findings, build_case(information_requested=asked), detail=detail))
    may_tell_removal = "removal" in asked
    may_tell_dates = "custody_dates" in asked
    if not may_tell_removal:
        assert "ICE removed" not in text
        assert "ICE does not monitor" not in text
        assert "by removal" not in text
    if not may_tell_dates:
        assert "March 2, 2026" not in text
        assert "Example County Jail" not in text
    if not may_tell_dates and not may_tell_removal:
        assert "April 17, 2026" not in text
    if detail is Detail.ANSWERS or not may_tell_dates:
        assert "Anytown" not in text
    if detail is Detail.ANSWERS or not may_tell_removal:
        assert "Guatemala" not in text


def test_a_mark_always_brings_the_sample_number() -> None:
    for mark in (Mark.SAMPLE, Mark.PREVIEW):
        facts = build_facts(build_findings("DETAINED"), details=issue(mark))
        assert facts.control_number == SAMPLE_CONTROL_NUMBER
    with pytest.raises(ValueError, match="never issued"):
        build_facts(build_findings("DETAINED"), details=issue(control_number=SAMPLE_CONTROL_NUMBER))


HIDDEN = {
    "direction marks": ("Gar\u202ecía \u2066x\u2069", "García x"),
    "controls": ("Gar\x00cía\x1b[2J", "García[2J"),
    "line breaks": ("García\r\n\tȚurcanu ", "García Țurcanu"),
    "no-break spaces": ("García\u00a0Țurcanu", "García Țurcanu"),
    "private use": ("García\ue000", "García"),
    "punctuation and hyphens stay": ("O’Brien-d'Souza, (née Ng)", "O’Brien-d'Souza, (née Ng)"),
    "letters with marks of their own stay": ("Nguye\u0302\u0303n", "Nguye\u0302\u0303n"),
}


@pytest.mark.parametrize(("filed", "kept"), HIDDEN.values(), ids=HIDDEN.keys())
def test_names_keep_every_letter_and_nothing_invisible(filed: str, kept: str) -> None:
    facts = build_facts(build_findings("DETAINED"), build_case(subject_family_name=filed))
    assert facts.determination is not None
    assert facts.determination.subject.family_name == kept


def test_a_text_without_end_is_refused_with_a_sentence() -> None:
    with pytest.raises(CannotBePrinted, match="longer than 500 characters"):
        build_facts(build_findings("DETAINED"), build_case(court_name="C" * 10_000))


# The PDF


def read_pages(pdf: bytes) -> list[str]:
    with pdfplumber.open(io.BytesIO(pdf)) as document:
        return [" ".join((page.extract_text() or "").split()) for page in document.pages]


def read_raw(pdf: bytes, folder: Path) -> str:
    """Return the text in the order of the content stream, as a screen reader meets it."""
    file = folder / "certification.pdf"
    file.write_bytes(pdf)
    found = subprocess.run(
        ["pdftotext", "-raw", str(file), "-"], capture_output=True, check=True, timeout=30
    )
    return " ".join(found.stdout.decode().split())


needs_poppler = pytest.mark.skipif(
    shutil.which("pdftotext") is None, reason="pdftotext (poppler-utils) is not installed"
)
needs_qpdf = pytest.mark.skipif(shutil.which("qpdf") is None, reason="qpdf is not installed")


@pytest.fixture(scope="module")
def issued() -> CertificationFacts:
    return build_facts(build_findings("DETAINED REMOVED", **DETAINED_AND_REMOVED))


@pytest.fixture(scope="module")
def issued_pdf(issued: CertificationFacts) -> bytes:
    return render_certification(issued)


def in_order(text: str, parts: list[str]) -> None:
    """Assert that the parts stand in the text, one after the other."""
    place = 0
    for part in parts:
        found = text.find(part, place)
        assert found >= 0, f"missing, or out of order: {part}"
        place = found + len(part)


PAGE_ONE = [
    "Example Immigration Agency (demo)",
    "ERO Contact Center of Operations",
    "Court or agency",
    "Superior Court of Example County",
    "Example County, Georgia",
    "Case no.",
    "17CR-001544",
    "Individual, as named in the request",
    "García Țurcanu, María Nguyễn",
    "Date of the obligation",
    "March 10, 2026",
    "Certification Form",
    "To verify this document, scan the code and send the message that it opens.",
    "Control number",
    "7K3M-9QXA-52TD-0WZH",
    "Tracking number",
    "CJS-2026-000042-7",
    "Issue date",
    "May 5, 2026",
    "Records checked as of",
    "May 4, 2026, 2:30 PM EDT",
    "Year of birth",
    "1990",
    "A-number, last three digits",
    "123",
    "Identifiers that agreed",
    "A-number, name and date of birth",
    "Determination",
    (
        "ICE records show that the individual was in ICE custody from March 2, 2026 to April"
        " 17, 2026"
        " at Example Processing Center, Anytown, GA, a period that includes March 10, 2026."
    ),
    "Custody ended by removal.",
    (
        "ICE removed the individual from the United States to Guatemala on April 17, 2026, after"
        " March 10, 2026, pursuant to an order of removal."
    ),
    "Answers",
    "On March 10, 2026, was the individual in ICE custody?",
    "YES",
    (
        "Had ICE removed the individual from the United States under an order of removal on or"
        " before"
        " March 10, 2026, with no later presence recorded?"
    ),
    "NO",
    (
        "From March 10, 2026 to May 4, 2026, do ICE records show the individual continuously in ICE"
        " custody, or in ICE custody until removed, or removed earlier, with no later entry,"
        " encounter"
        " or custody recorded?"
    ),
    "YES",
    (
        "ICE does not monitor individuals after removal; this answer states what ICE records"
        " show, not"
        " where the individual has been."
    ),
    "directly from another agency’s custody?",
    "YES: Example County Jail, March 2, 2026",
    "Page 1 of 2",
]

PAGE_TWO = [
    "Certification of the Custodian of Records",
    "I, R. Ortega, am employed by Example Immigration Agency (demo) as Deportation Officer.",
    "made at or near the time",
    "persons with knowledge",
    "regular course of official activity",
    "regular practice of that activity",
    "yields an accurate result",
    (
        "I declare under penalty of perjury that the foregoing is true and correct. Executed on"
        " May 5,"
        " 2026."
    ),
    "R. Ortega, Deportation Officer",
    "I certify that the signer holds the position stated and that the signature is genuine.",
    "Place for the agency’s seal",
    "ICE custody runs from the moment ICE takes physical custody until it ends",
    "nor Alternatives to Detention, parole or supervision.",
    "showed at the time they were checked",
    "for the case and the dates stated in it",
    "Fed. R. Crim. P. 49.1",
    "VERIFY 7K3M-9QXA-52TD-0WZH, to ero.outreach@agency.example.",
    "the correction will be sent to the recipient",
    "1-888-351-4024, Monday to Friday, 8:00 a.m. to 8:00 p.m. Eastern",
    "Page 2 of 2",
]


@needs_poppler
def test_content_is_complete_and_in_reading_order(issued_pdf: bytes, tmp_path: Path) -> None:
    in_order(read_raw(issued_pdf, tmp_path), PAGE_ONE + PAGE_TWO)


def test_second_reader_finds_the_same_sentences(
    issued: CertificationFacts, issued_pdf: bytes
) -> None:
    one, two = read_pages(issued_pdf)
    for sentence in statements(issued):
        assert sentence in one
    assert "28 U.S.C. 1746(2)" in two
    assert "The individual departed" not in one + two


@needs_qpdf
@pytest.mark.parametrize("mark", list(Mark))
def test_file_is_sound(mark: Mark, tmp_path: Path) -> None:
    file = tmp_path / "certification.pdf"
    file.write_bytes(render_certification(build_facts(build_findings(), details=issue(mark))))
    checked = subprocess.run(
        ["qpdf", "--check", str(file)], capture_output=True, check=False, timeout=30
    )
    assert checked.returncode == 0, checked.stdout.decode()


def test_document_claims_archive_and_accessibility_standards(issued_pdf: bytes) -> None:
    with pikepdf.open(io.BytesIO(issued_pdf)) as pdf:
        metadata = pdf.Root.Metadata.read_bytes().decode()
        assert pdf.Root.MarkInfo.Marked
        assert str(pdf.Root.Lang) == "en-US"
        assert pdf.Root.ViewerPreferences.DisplayDocTitle
    assert "<pdfaid:part>3</pdfaid:part>" in metadata
    assert "<pdfaid:conformance>A</pdfaid:conformance>" in metadata
    assert "<pdfuaid:part>1</pdfuaid:part>" in metadata
    assert "Certification Form" in metadata


def find_elements(node: Any, kind: str) -> list[Any]:
    """Return the structure elements of one kind below a node of the structure tree."""
    found = [node] if node.get("/S") == f"/{kind}" else []
    kids = node.get("/K")
    if kids is None:
        return found
    for kid in kids if isinstance(kids, pikepdf.Array) else [kids]:
        if isinstance(kid, pikepdf.Dictionary):
            found += find_elements(kid, kind)
    return found


def test_table_headers_have_a_scope_and_headings_start_at_one(issued_pdf: bytes) -> None:
    with pikepdf.open(io.BytesIO(issued_pdf)) as pdf:
        root = pdf.Root.StructTreeRoot
        headers = find_elements(root, "TH")
        assert len(headers) == 2
        for header in headers:
            attributes = header.A if isinstance(header.A, pikepdf.Array) else [header.A]
            assert any(a.get("/Scope") == "/Column" for a in attributes)
        assert len(find_elements(root, "H1")) == 1
        assert len(find_elements(root, "H2")) == 3
        assert all(str(picture.get("/Alt", "")) for picture in find_elements(root, "Figure"))


def test_the_address_to_verify_at_can_be_followed(issued_pdf: bytes) -> None:
    refusal = render_certification(build_no_information_facts(case=build_case(), issue=issue()))
    for document in (issued_pdf, refusal):
        with pikepdf.open(io.BytesIO(document)) as pdf:
            (link,) = (a for page in pdf.pages for a in page.get("/Annots", []))
            assert link.A.URI == "mailto:ero.outreach@agency.example"
            assert "ero.outreach@agency.example" in str(link.Contents)


def test_facts_are_attached_as_the_source(issued: CertificationFacts, issued_pdf: bytes) -> None:
    with pikepdf.open(io.BytesIO(issued_pdf)) as pdf:
        (attached,) = pdf.attachments.values()
        assert attached.get_file().read_bytes() == issued.to_bytes()
        assert attached.relationship == "/Source"
        assert attached.get_file().mime_type == "application/json"
    assert json.loads(issued.to_bytes())["control_number"] == "7K3M-9QXA-52TD-0WZH"


def test_only_our_own_fonts_are_used_and_embedded(issued_pdf: bytes) -> None:
    with pikepdf.open(io.BytesIO(issued_pdf)) as pdf:
        names = {
            str(font.BaseFont)
            for page in pdf.pages
            for font in page.Resources.get("/Font", {}).values()
        }
    assert names
    assert all(re.search(r"\+Noto(Sans|Serif)-(Regular|Bold)$", name) for name in names)


def test_clerks_box_is_two_by_three_inches_and_empty(issued_pdf: bytes) -> None:
    with pdfplumber.open(io.BytesIO(issued_pdf)) as document:
        page = document.pages[0]
        assert (page.width, page.height) == (612, 792)
        shapes = [*page.rects, *page.curves]
        boxes = [s for s in shapes if (round(s["width"]), round(s["height"])) == (216, 144)]
        assert len(boxes) == 1
        box = boxes[0]
        inside = page.crop((box["x0"], box["top"], box["x1"], box["bottom"]))
        assert not (inside.extract_text() or "").strip()


def test_identical_facts_give_identical_bytes_in_another_process(
    issued_pdf: bytes, tmp_path: Path
) -> None:
    program = (
        "import sys\n"
        "from tests.unit.test_certification import *\n"
        "facts = build_facts(build_findings('DETAINED REMOVED', **DETAINED_AND_REMOVED))\n"
        "sys.stdout.buffer.write(render_certification(facts))\n"
    )
    root = Path(__file__).parents[2]
    other = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(root)!r})\n{program}"],
        capture_output=True,
        check=True,
        timeout=60,
        cwd=tmp_path,
    )
    assert other.stdout == issued_pdf


@pytest.mark.parametrize(
    ("mark", "words"),
    [(Mark.SAMPLE, "SAMPLE - NOT AN OFFICIAL RECORD"), (Mark.PREVIEW, "PREVIEW - NOT ISSUED")],
    ids=["sample", "preview"],
)
def test_mark_is_text_and_picture_on_every_page_and_hides_nothing(mark: Mark, words: str) -> None:
    findings = build_findings("DETAINED REMOVED", **DETAINED_AND_REMOVED)
    facts = build_facts(findings, details=issue(mark))
    pdf = render_certification(facts)
    pages = read_pages(pdf)
    assert len(pages) == 2
    assert all(words in page for page in pages)
    assert all(SAMPLE_CONTROL_NUMBER in page for page in pages)
    assert all(sentence in pages[0] for sentence in statements(facts))
    with pikepdf.open(io.BytesIO(pdf)) as document:
        for page in document.pages:
            # The first thing painted is the picture, as an artifact: everything else lies over it.
            content = page.Contents.read_bytes()
            assert 0 <= content.find(b"/Artifact") < content.find(b"BT")


def test_refusal_is_one_page_about_nobody() -> None:
    facts = build_no_information_facts(case=build_case(), issue=issue())
    (page,) = read_pages(render_certification(facts))
    in_order(
        page,
        [
            "Superior Court of Example County",
            "17CR-001544",
            "Certification Form",
            "7K3M-9QXA-52TD-0WZH",
            "CJS-2026-000042-7",
            "May 5, 2026",
            (
                "ICE is not providing information in response to this request. This does not"
                " mean that"
                " ICE does or does not hold records about the individual."
            ),
            "Verification",
            "VERIFY 7K3M-9QXA-52TD-0WZH",
            "Page 1 of 1",
        ],
    )
    assert not re.search("García|María|1990|March 10|Records checked|agreed|perjury", page)
    assert not re.search("García|María|1990|2026-03-10|GT", printed(facts))
    assert facts.outcomes == ("NO_INFORMATION",)


def test_refusals_differ_in_nothing_but_numbers_court_and_case() -> None:
    one = build_no_information_facts(case=build_case(), issue=issue())
    other = build_no_information_facts(
        case=build_case("03-17", requester_type="other", birth_country="US"), issue=issue()
    )
    assert render_certification(one) == render_certification(other)


HOSTILE = {
    "typst code": '#eval("1+1") #panic() #read("/etc/passwd")',
    "typst markup": "*b* _i_ $x$ = h @ref <label> // c /* d",
    "escapes": "\\u{41} \\n \\",
    "braces": "{0} {name} {{x}} %s",
    "markup": "<b>&amp;</b><!--",
    "json": '", "mark": "", "x": "',
}


@needs_poppler
@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_words_are_printed_as_they_are(text: str, tmp_path: Path) -> None:
    facts = build_facts(
        build_findings("DETAINED", facility=text),
        build_case(subject_family_name=text, court_name=text, case_numbers=(text,)),
        details=issue(Mark.SAMPLE),
    )
    raw = read_raw(render_certification(facts), tmp_path)
    assert raw.count(text) >= 4
    assert "SAMPLE - NOT AN OFFICIAL RECORD" in raw


def test_a_word_wider_than_the_page_is_broken_not_cut() -> None:
    word = "W" * 150
    facts = build_facts(build_findings("DETAINED", facility=word), build_case(court_name=word))
    with pdfplumber.open(io.BytesIO(render_certification(facts))) as document:
        wide = [c for c in document.pages[0].chars if c["text"] == "W"]
        assert len(wide) >= 300
        assert max(c["x1"] for c in wide) <= 612 - 0.8 * 72


def test_letters_our_fonts_lack_are_refused_with_a_sentence() -> None:
    facts = build_facts(build_findings("DETAINED"), build_case(subject_family_name="陳大文"))
    with pytest.raises(CannotBePrinted, match="cannot be printed"):
        render_certification(facts)


LATIN = (
    "ÁÀÂÄÃÅĀĂĄÆĆČÇĎĐÉÈÊËĒĖĘĚĞĢÍÎÏĪĮİıĶŁĽĻÑŃŇŅÓÔÖÕŐØŒŔŘŚŠŞȘŤŢȚÚÛÜŪŮŰ"
    "ŲŴŶÝŹŻŽẞßƠƯơưẠẢẤẦẨẪẬẮẰẲẴẶẸẺẼẾỀỂỄỆỈỊỌỎỐỒỔỖỘỚỜỞỠỢỤỦỨỪỬỮỰỲỴỶỸʻ’ŋƆɛ"
)


def test_every_latin_letter_of_names_can_be_printed() -> None:
    facts = build_facts(
        build_findings("DETAINED"), build_case(subject_family_name=LATIN + " Αθηνά Дзержинский")
    )
    assert len(read_pages(render_certification(facts))) == 2


def test_ten_dates_break_cleanly_and_supersession_is_printed() -> None:
    dates = "01-05, 01-12/01-15, 02-02, 02-20, 03-01/03-05, 03-10, 03-17/03-20, 04-01, 04-17, 04-20"
    findings = build_findings("DETAINED REMOVED", **DETAINED_AND_REMOVED)
    details = issue(supersedes="1111-2222-3333-4444")
    pages = read_pages(
        render_certification(build_facts(findings, build_case(dates), details=details))
    )
    assert len(pages) == 4
    assert "It supersedes the certification with control number 1111-2222-3333-4444." in pages[-1]
    assert all(f"Page {n} of 4" in page for n, page in enumerate(pages, start=1))
    # The header of the table is repeated where it goes on.
    assert all("Question Answer" in page for page in pages[:3])


def test_a_dense_ordinary_case_still_fits_two_pages() -> None:
    findings = build_findings(
        "DETAINED REMOVED", **{**DETAINED_AND_REMOVED, "matched_on": tuple(MatchedOn)}
    )
    case = build_case("04-17", court_name="Circuit Court of the Nineteenth Judicial Circuit")
    details = issue(
        Mark.SAMPLE,
        agency="U.S. Immigration and Customs Enforcement",
        supersedes="1111-2222-3333-4444",
    )
    assert len(read_pages(render_certification(build_facts(findings, case, details=details)))) == 2


# The wording file

WORDING = "wording/certification.en.toml"

EDITS = {
    "a text is gone": ('no = "NO"', "", "answers.no is missing"),
    "a word in braces is misspelt": ("{inclusion}", "{inclusions}", "sentences.custody_closed"),
    "a brace is open": ("{inclusion}.", "{inclusion.", "sentences.custody_closed"),
    "an attribute is reached for": ("{agency}.", "{agency.upper}.", "sentences.ended_transferred"),
    "an unknown text": ('yes = "YES"', 'yes = "YES"\nmaybe = "MAYBE"', "answers.maybe"),
    "an unknown request": ('q2 = [["removal"]]', 'q2 = [["everything"]]', "printed_when_asked.q2"),
    "an outcome that names a place": (
        '["DETAINED", "REMOVED"]',
        '["ENFORCEMENT_ACTION"]',
        "answers_only",
    ),
    "no TOML at all": ("[form]", "[form", "not TOML"),
}


@pytest.mark.parametrize(("old", "new", "fault"), EDITS.values(), ids=EDITS.keys())
def test_a_faulty_edit_of_the_wording_is_named(old: str, new: str, fault: str) -> None:
    text = read_data(WORDING).decode()
    assert old in text
    with pytest.raises(WordingError, match=re.escape(fault)):
        load_wording(text.replace(old, new).encode())


def test_counsel_may_change_the_words() -> None:
    text = (
        read_data(WORDING).decode().replace("Custody ended by release.", "Custody ended: release.")
    )
    assert (
        load_wording(text.encode()).text("sentences", "ended_released") == "Custody ended: release."
    )


def test_loose_words_are_in_no_sentence() -> None:
    texts = load_wording(read_data(WORDING)).texts["sentences"]
    loose = [
        name
        for name, word in itertools.product(texts, ("departed", "left", "deported", "absconded"))
        if re.search(rf"\b{word}\b", texts[name]) and not name.startswith("voluntary_departure")
    ]
    assert loose == []
