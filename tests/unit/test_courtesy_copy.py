"""The courtesy translation: complete, marked on every page, unsigned, and never the record."""

from __future__ import annotations

import io
from typing import Any

import pikepdf
import pypdfium2
import pytest

from config.data import read_data
from config.settings import ConfigurationError
from outbound.certification.case import CaseFacts, Detail
from outbound.certification.document import (
    MARK_WORDS,
    CertificationFacts,
    Certifier,
    Mark,
    build_certification_facts,
    build_no_information_facts,
)
from outbound.certification.pdf import render_certification
from outbound.certification.wording import (
    WordingError,
    default_wording,
    load_translation,
    spanish_wording,
)
from parsers.replies.findings import Findings
from tests.unit.certification_cases import EASTERN, build_case, decide, issue
from tests.unit.worked_cases import Row, name_row, read_case, read_findings, read_rows
from tests.worker_harness import MAILBOX, build_test_settings

SPANISH = "wording/certification.es.toml"


def translate(findings: Findings, case: CaseFacts, **details: Any) -> CertificationFacts:
    return build_certification_facts(
        case=case,
        findings=findings,
        determination=decide(findings, case),
        detail=Detail.FULL,
        certifier=Certifier(name="R. Ortega", title="Deportation Officer"),
        issue=issue(Mark.COURTESY, **details),
        zone=EASTERN,
        wording=spanish_wording(),
    )


def read_pages(document: bytes) -> list[str]:
    pages = pypdfium2.PdfDocument(document)
    return [" ".join(p.get_textpage().get_text_bounded().split()) for p in pages]


@pytest.mark.parametrize("row", read_rows("Outcomes")[:3], ids=name_row)
def test_every_page_says_in_both_languages_what_it_is(row: Row) -> None:
    findings = read_findings(row.lines("findings"))
    assert isinstance(findings, Findings)
    facts = translate(findings, read_case(row["dates missed"]))
    assert facts.determination is not None
    document = render_certification(facts, wording=spanish_wording())
    pages = read_pages(document)
    assert all(MARK_WORDS[Mark.COURTESY] in page for page in pages)
    assert all(sentence in " ".join(pages) for sentence in facts.determination.statements)
    assert default_wording().text("notices", "courtesy") in pages[0]
    assert "7K3M-9QXA-52TD-0WZH" in pages[0]
    with pikepdf.open(io.BytesIO(document)) as pdf:
        assert str(pdf.Root.Lang) == "es-US"
        assert not dict(pdf.attachments), "nothing may take it for the certification"
        assert "/AcroForm" not in pdf.Root


def test_there_is_nowhere_to_stamp_sign_or_seal_it() -> None:
    findings = read_findings(["Outcome: detained", "Custody: 2026-03-02 to present"])
    assert isinstance(findings, Findings)
    words = spanish_wording()
    text = " ".join(
        read_pages(render_certification(translate(findings, build_case()), wording=words))
    )
    assert words.text("custodian", "electronic") in text
    for section, name in (
        ("form", "stamp"),
        ("custodian", "seal"),
        ("custodian", "second_signature"),
    ):
        assert words.text(section, name) not in text


@pytest.mark.parametrize("row", read_rows("Outcomes"), ids=name_row)
def test_it_says_as_much_as_the_certification_and_in_spanish(row: Row) -> None:
    findings = read_findings(row.lines("findings"))
    assert isinstance(findings, Findings)
    told = translate(findings, read_case(row["dates missed"])).determination
    assert told is not None
    assert len(told.statements) == len(row.lines("sentences"))
    assert all(
        english not in sentence
        for sentence in (*told.statements, *(line.question for line in told.answers))
        for english in ("March", "ICE records", "individual")
    )


def test_a_refusal_is_translated_too() -> None:
    facts = build_no_information_facts(
        case=build_case(), issue=issue(Mark.COURTESY), wording=spanish_wording()
    )
    (page,) = read_pages(render_certification(facts, wording=spanish_wording()))
    assert "ICE no proporciona información" in page
    assert MARK_WORDS[Mark.COURTESY] in page


def test_the_translation_is_complete_and_decides_nothing() -> None:
    spanish, english = spanish_wording(), default_wording()
    assert (spanish.asked, spanish.answers_only) == (english.asked, english.answers_only)
    same = {"authority", "locale", "two", "many"}
    alike = [
        f"{section}.{name}"
        for section, texts in english.texts.items()
        for name, text in texts.items()
        if spanish.texts[section][name] == text and name not in same
    ]
    assert alike == ["answers.no"]
    text = read_data(SPANISH).decode().replace('yes = "SÍ"', "")
    with pytest.raises(WordingError, match=r"answers\.yes is missing"):
        load_translation(text.encode(), english)


def test_it_never_leaves_in_the_clear_beside_what_is_encrypted() -> None:
    with pytest.raises(ConfigurationError) as caught:
        build_test_settings(
            {
                "certification": {"verify_address": MAILBOX, "courtesy_copy": "es"},
                "delivery": {"protection": "encrypted"},
            }
        )
    assert ("E080", "certification.courtesy_copy") in [(p.id, p.key) for p in caught.value.problems]
