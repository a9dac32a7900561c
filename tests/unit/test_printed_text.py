"""What stands on the pages, read back by two readers: the expected sentences and nothing else."""

from __future__ import annotations

import dataclasses
import io
import json
import re
import subprocess
from datetime import date, timedelta
from typing import Any

import pikepdf
import pypdfium2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from outbound.certification.case import Detail, Obligation
from outbound.certification.determination import FindingsRefused
from outbound.certification.document import (
    CannotBePrinted,
    CertificationFacts,
    build_no_information_facts,
)
from outbound.certification.pdf import render_certification
from outbound.certification.wording import default_wording
from parsers.replies.findings import CustodyPeriod, DirectTransfer, Findings, Outcome
from tests.conftest import require_or_skip
from tests.unit.certification_cases import (
    AS_OF,
    ASKED_ALL,
    build_case,
    build_facts,
    build_findings,
    decide,
    issue,
    stays,
)
from tests.unit.test_determination import any_findings, obligations
from tests.unit.worked_cases import Row, name_row, read_case, read_findings, read_rows


def read_by_poppler(document: bytes) -> str:
    """Return the words in the order of the content stream, as a screen reader meets them."""
    found = subprocess.run(
        ["pdftotext", "-raw", "-", "-"], input=document, capture_output=True, check=True, timeout=30
    )
    return " ".join(found.stdout.decode().split())


def read_by_pdfium(document: bytes) -> str:
    pages = [page.get_textpage().get_text_bounded() for page in pypdfium2.PdfDocument(document)]
    return " ".join(" ".join(pages).split())


def list_expected(facts: CertificationFacts) -> list[str]:
    """Return what has to be read, in its order."""
    numbers = [facts.court, *facts.case_numbers, facts.control_number, facts.tracking_number]
    if facts.determination is None:
        return [*numbers, facts.sentence, "To verify this document"]
    expected = [*numbers, *facts.determination.statements]
    for line in facts.answers:
        expected += [line.question, line.text, *line.notes]
    return [*expected, "I declare under penalty of perjury", facts.determination.custody_definition]


def assert_reads(document: bytes, expected: list[str]) -> None:
    """Assert that both readers find the parts, one after the other."""
    for read in (read_by_poppler, read_by_pdfium):
        text, place = read(document), 0
        for part in expected:
            found = text.find(part, place)
            assert found >= 0, f"{read.__name__}: missing, or out of order: {part}"
            place = found + len(part)


@pytest.mark.parametrize("row", read_rows("Outcomes"), ids=name_row)
def test_two_readers_find_every_outcome_in_its_words_and_in_order(row: Row) -> None:
    require_or_skip("pdftotext")
    findings = read_findings(row.lines("findings"))
    assert isinstance(findings, Findings)
    facts = build_facts(findings, read_case(row["dates missed"]))
    assert_reads(render_certification(facts), list_expected(facts))


def test_two_readers_find_the_one_sentence_of_a_refusal() -> None:
    require_or_skip("pdftotext")
    facts = build_no_information_facts(case=build_case(), issue=issue())
    assert_reads(render_certification(facts), list_expected(facts))


# Hostile findings, form values and remarks.

#: Never printed, whatever a reviewer writes down for colleagues.
NEVER = "aggravated felony, VAWA, asylum denied, fingerprints 42, bar of 10 years"
HOSTILE = (
    '#eval("1+1") #panic() #read("/etc/passwd") $x^2$ *b* @r <l> // c /* d',
    "\\u{41} \\n {0} {name} {{x}} %s <b>&amp;</b><!--",
    '", "mark": "", "statements": ["ICE removed the individual"], "x": "',
    "YES\x00\x1b[2J\r\n\tNO\u2028\u0085NOT DETERMINED",
    "\u202eSEY\u202c \u2066x\u2069 \u200fa\u200e",
    "Ejemplo\u00a0\u3000de\u200b\ufeff la\u00ad Muestra\ue000",
    "x" * 10_000,
    "مثال",
)
words = st.one_of(
    st.sampled_from(HOSTILE),
    # Mostly what the fonts have, control characters among it.
    st.text(st.characters(max_codepoint=0x24F), max_size=40),
)
hostile = st.lists(words, min_size=1, max_size=2).map(" ".join)


@settings(
    max_examples=25,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(hostile, hostile, hostile, hostile)
def test_hostile_values_change_no_word_but_their_own(
    place: str, agency: str, name: str, court: str
) -> None:
    require_or_skip("pdftotext")
    findings = build_findings(
        "DETAINED",
        facility=f"F{place}",
        custody="03-02/03-20",
        custody_ended="transferred",
        transferred_to=f"T{agency}",
        direct_transfer=DirectTransfer(agency=f"D{agency}", on=date(2026, 3, 2)),
        remarks=NEVER,
        basis=NEVER,
    )
    case = build_case(
        subject_family_name=f"N{name}", court_name=f"C{court}", case_numbers=(f"1{court}",)
    )
    try:
        facts = build_facts(findings, case)
        document = render_certification(facts)
    except (FindingsRefused, CannotBePrinted):
        return
    assert facts.determination is not None
    assert_closed(facts)
    with pikepdf.open(io.BytesIO(document)) as pdf:
        (attached,) = pdf.attachments.values()
        assert attached.get_file().read_bytes() == facts.to_bytes()
    for text in (read_by_poppler(document), json.dumps(facts.to_json())):
        assert not re.search("felony|VAWA|asylum|fingerprint|root:", text)
    printed = strip(read_by_poppler(document))
    for value in (facts.court, facts.determination.subject.family_name, *list_expected(facts)):
        assert strip(value) in printed


def strip(text: str) -> str:
    """Return the text without what a line break may change."""
    return "".join(text.split()).replace("\u200b", "")


def assert_closed(facts: CertificationFacts) -> None:
    """Assert that the sentences and answers are texts of the wording file, filled in."""
    texts = default_wording().texts
    assert facts.determination is not None
    patterns = [_pattern(text) for text in texts["sentences"].values()]
    for sentence in facts.determination.statements:
        assert any(re.fullmatch(p, sentence) for p in patterns), sentence
        assert sentence.isprintable()
    for line in facts.answers:
        assert any(re.fullmatch(_pattern(q), line.question) for q in texts["questions"].values())
        assert any(re.fullmatch(_pattern(a), line.text) for a in texts["answers"].values())


def _pattern(text: str) -> str:
    return ".+".join(re.escape(part) for part in re.split(r"\{\w+\}", text))


# What was asked for, and is allowed.


@settings(max_examples=80)
@given(
    any_findings(),
    obligations(),
    st.sets(st.sampled_from(ASKED_ALL), min_size=1),
    st.sampled_from([Detail.FULL, Detail.ANSWERS]),
)
def test_nothing_is_told_that_was_not_asked_for_or_is_not_allowed(
    findings: Findings, obligation: Obligation, asked: set[str], detail: Detail
) -> None:
    case = build_case(information_requested=tuple(sorted(asked)))
    case = dataclasses.replace(case, obligations=(obligation,))
    is_limited = detail is Detail.ANSWERS
    try:
        if Outcome.NO_OVERLAP in findings.outcomes and is_limited:
            return
        facts = build_facts(findings, case, detail=detail)
    except FindingsRefused:
        return
    told, codes = set(facts.outcomes), {line.code for line in facts.answers}
    text = facts.to_bytes().decode()
    if "removal" not in asked:
        assert not told & {"REMOVED", "RETURNED", "VOLUNTARY_DEPARTURE"}
        assert not codes & {"q2", "q3"}
        assert "order of removal" not in text
    if not asked & {"custody_on_date", "custody_dates"}:
        assert "ENFORCEMENT_ACTION" not in told
        assert not codes & {"q1", "q3"}
    if "custody_dates" not in asked:
        assert "transfer" not in codes
        assert "Example County Jail" not in text
        assert "Example Processing Center" not in text
    if is_limited:
        assert told <= {"DETAINED", "REMOVED"}
        assert not re.search("Example Processing Center|Guatemala|enforcement action", text)


# Contradictions.


def _past_removal(f: Findings) -> Findings:
    end = f.custody[-1].last or AS_OF.date()
    return replace(f, removed=end - timedelta(days=1), country="GT", outcomes=_with(f, "REMOVED"))


def _with(f: Findings, name: str) -> tuple[Outcome, ...]:
    return tuple(dict.fromkeys((*f.outcomes, Outcome(name))))


def replace(f: Findings, **changes: Any) -> Findings:
    return dataclasses.replace(f, **changes)


CONTRADICTIONS = {
    "custody goes on after the removal": _past_removal,
    "custody ends before it begins": lambda f: replace(
        f,
        custody=(
            *f.custody[:-1],
            CustodyPeriod(first=f.custody[-1].first, last=f.custody[-1].first - timedelta(days=1)),
        ),
    ),
    "the same days twice": lambda f: replace(f, custody=(*f.custody, f.custody[0])),
    "checked before the date": lambda f: replace(f, records_as_of=AS_OF.replace(year=2020)),
    "checked in the future": lambda f: replace(f, records_as_of=AS_OF.replace(year=2030)),
    "a removal to come": lambda f: replace(
        f, removed=date(2026, 6, 1), country="GT", outcomes=_with(f, "REMOVED")
    ),
    "no overlap beside custody": lambda f: replace(f, outcomes=_with(f, "NO_OVERLAP")),
    "removed and not removed": lambda f: replace(
        f, removed=False, country="GT", outcomes=_with(f, "REMOVED")
    ),
    "a transfer on a day when no custody begins": lambda f: replace(
        f,
        direct_transfer=DirectTransfer(
            agency="Example County Jail", on=f.custody[0].first - timedelta(days=3)
        ),
    ),
    "custody before birth": lambda f: replace(
        f, custody=(*stays("1989-01-01/1989-01-02"), *f.custody)
    ),
}


@settings(max_examples=100)
@given(any_findings(), st.sampled_from(sorted(CONTRADICTIONS)))
def test_a_contradiction_is_refused_whatever_else_is_found(findings: Findings, what: str) -> None:
    if not findings.custody:
        findings = build_findings()
    with pytest.raises(FindingsRefused) as refused:
        decide(CONTRADICTIONS[what](findings))
    assert all(problem.message for problem in refused.value.problems)
