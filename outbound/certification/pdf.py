"""From the facts of a certification to its PDF: typst, fonts of our own, nothing of the machine.

`render_certification` returns PDF/A-3a and PDF/UA-1 bytes with the facts attached as JSON;
identical facts give identical bytes in any process. It raises `CannotBePrinted` when a value holds
characters that the fonts do not have. Facts reach the template as data and are never read as
markup.
"""

from __future__ import annotations

import datetime
import json
from contextlib import ExitStack
from functools import cache
from importlib import resources
from importlib.resources import as_file
from typing import Any, Literal

import typst

from outbound.certification.document import (
    MARK_WORDS,
    CannotBePrinted,
    CertificationFacts,
    DeterminationFacts,
    Mark,
)
from outbound.certification.verification_code import draw_verification_code
from outbound.certification.wording import Wording, default_wording

#: PDF/A-3a keeps for decades and may carry the JSON; PDF/UA-1 can be read aloud.
_STANDARDS: tuple[Literal["a-3a"], Literal["ua-1"]] = ("a-3a", "ua-1")
_FONT_FILES = (
    "NotoSans-Bold.ttf",
    "NotoSans-Regular.ttf",
    "NotoSerif-Bold.ttf",
    "NotoSerif-Regular.ttf",
)
_TEMPLATE = "certification.typ"
_MARKS = "marks.json"
#: Fonts are read when they are first used, so their files stay open to us as long as we run.
_OPEN_FILES = ExitStack()
_ATTACHMENT = "certification-facts.json"


def render_certification(facts: CertificationFacts, *, wording: Wording | None = None) -> bytes:
    """Render the form as PDF bytes.

    Raises `CannotBePrinted` when a text holds a character without a glyph in our fonts.
    """
    words = wording or default_wording()
    inputs = {
        "view": json.dumps(build_view(facts, words), ensure_ascii=False),
        "facts": facts.to_bytes().decode(),
    }
    issued = datetime.date.fromisoformat(facts.issued_on)
    try:
        return typst.compile(
            _template(),
            font_paths=find_fonts(),
            ignore_system_fonts=True,
            sys_inputs=inputs,
            pdf_standards=list(_STANDARDS),
            timestamp=datetime.datetime.combine(issued, datetime.time(), datetime.UTC),
        )
    except typst.TypstError as error:
        if "could not be displayed" not in error.message:
            raise
        raise CannotBePrinted(
            "A text holds characters that cannot be printed: write the value in Latin, Greek or"
            " Cyrillic letters first."
        ) from error


def build_view(facts: CertificationFacts, words: Wording) -> dict[str, Any]:
    """Build what the template lays out: every text of the form, in reading order."""
    labels = words.texts["labels"]
    detail = facts.determination
    is_translation = _find_mark(facts) is Mark.COURTESY
    view: dict[str, Any] = {
        "language": facts.language.split("-")[0],
        "region": facts.language.split("-")[-1],
        "issued_on": [int(part) for part in facts.issued_on.split("-")],
        "form": words.texts["form"],
        "labels": labels,
        # A translation carries no facts, lest it be taken for the certification.
        "attachment": "" if is_translation else _ATTACHMENT,
        "is_original": not is_translation,
        "mark": facts.mark,
        "mark_picture": _mark_picture(_find_mark(facts)),
        "agency": facts.agency,
        "office": facts.office,
        "footer": [
            f"{labels['control_number']} {facts.control_number}",
            f"{labels['tracking_number']} {facts.tracking_number}",
        ],
        "caption": _caption(facts, words),
        "particulars": _particulars(facts, words),
        "sentence": facts.sentence,
        "verification": _verify(facts, words),
        "verification_code": _verification_code(facts, words),
        "verify_address": facts.verify_address,
        "mark_notice": _mark_notice(facts, words),
    }
    if detail is not None:
        view["matched_on"] = [labels["matched_on"], detail.matched_on_text]
        view["statements"] = list(detail.statements)
        view["answers"] = [
            {"question": line.question, "text": line.text, "notes": list(line.notes)}
            for line in detail.answers
        ]
        view["custody_definition"] = detail.custody_definition
        view["custodian"] = _custodian(facts, detail, words)
        view["notices"] = _notices(facts, words)
    return view


def _caption(facts: CertificationFacts, words: Wording) -> list[list[str]]:
    labels, detail = words.texts["labels"], facts.determination
    cases = labels["case_number" if len(facts.case_numbers) == 1 else "case_numbers"]
    rows = [
        [labels["court"], facts.court, facts.court_place],
        [cases, "; ".join(facts.case_numbers)],
    ]
    if detail is None:
        return rows
    subject = detail.subject
    names = (subject.family_name, subject.given_names, subject.suffix)
    rows.append([labels["individual"], ", ".join(name for name in names if name)])
    one = len(detail.obligations) == 1
    rows.append([labels["obligation" if one else "obligations"], detail.obligations_text])
    return rows


def _particulars(facts: CertificationFacts, words: Wording) -> list[list[str]]:
    labels, detail = words.texts["labels"], facts.determination
    rows = [
        [labels["control_number"], facts.control_number],
        [labels["tracking_number"], facts.tracking_number],
        [labels["issued_on"], facts.issued_on_text],
    ]
    if detail is not None:
        rows += [
            [labels["records_as_of"], detail.records_as_of_text],
            [labels["birth_year"], detail.subject.birth_year or labels["not_given"]],
            [labels["a_number"], detail.subject.a_number_last3 or labels["not_given"]],
        ]
    if facts.supersedes:
        rows.append([labels["supersedes"], facts.supersedes])
    return rows


def _custodian(
    facts: CertificationFacts, detail: DeterminationFacts, words: Wording
) -> dict[str, Any]:
    certifier = detail.certifier
    values = {
        "name": certifier.name,
        "title": certifier.title,
        "agency": facts.agency,
        "records_as_of": detail.records_as_of_text,
        "date": facts.issued_on_text,
        "control_number": facts.control_number,
        "issued_on": facts.issued_on_text,
    }
    texts = {name: text.format_map(values) for name, text in words.texts["custodian"].items()}
    return {
        **texts,
        "paragraphs": [texts[name] for name in ("employment", "source", "made", "kept")],
        "certifier": f"{certifier.name}, {certifier.title}",
        "executed": facts.issued_on_text,
        "signed": "" if facts.signed_by_hand else texts["electronic"],
    }


def _verify(facts: CertificationFacts, words: Wording) -> str:
    return words.text(
        "notices",
        "verify",
        control_number=facts.control_number,
        verify_address=facts.verify_address,
    )


def _verification_code(facts: CertificationFacts, words: Wording) -> dict[str, str]:
    """Return the code, its words and what is read aloud; a preview has its place left empty."""
    values = {"verify_address": facts.verify_address, "control_number": facts.control_number}
    has_code = _find_mark(facts) in {Mark.NONE, Mark.SAMPLE}
    return {
        "words": words.text("labels", "verification_code"),
        "aloud": words.text("labels", "verification_code_aloud", **values),
        "picture": draw_verification_code(**values) if has_code else "",
    }


def _mark_notice(facts: CertificationFacts, words: Wording) -> str:
    mark = _find_mark(facts)
    if mark is Mark.NONE:
        return ""
    told = [words, default_wording()] if mark is Mark.COURTESY else [words]
    return " ".join(one.text("notices", mark.value) for one in told)


def _find_mark(facts: CertificationFacts) -> Mark:
    return next(mark for mark, words in MARK_WORDS.items() if words == facts.mark)


def _notices(facts: CertificationFacts, words: Wording) -> list[str]:
    names = ("point_in_time", "stated_case", "redact")
    notices = [words.text("notices", name) for name in names]
    notices.append(_verify(facts, words))
    notices += [words.text("notices", name) for name in ("corrections", "questions")]
    if facts.supersedes:
        notices.append(words.text("notices", "supersedes", supersedes=facts.supersedes))
    return notices


@cache
def _mark_picture(mark: Mark) -> str:
    """Return the diagonal mark as SVG outlines, or an empty text where there is none.

    Drawn as text, its letters would be scattered through whatever reads the page aloud.
    """
    if mark in {Mark.NONE, Mark.COURTESY}:
        return ""
    package = resources.files("templates.certification")
    pictures = json.loads(package.joinpath(_MARKS).read_bytes())
    return str(pictures[mark.value]["svg"])


@cache
def _template() -> bytes:
    return resources.files("templates.certification").joinpath(_TEMPLATE).read_bytes()


@cache
def find_fonts() -> typst.Fonts:
    """Return the fonts of our own, and none of the machine's."""
    package = resources.files("templates.fonts")
    files = [_OPEN_FILES.enter_context(as_file(package.joinpath(name))) for name in _FONT_FILES]
    return typst.Fonts(
        include_system_fonts=False,
        include_embedded_fonts=False,
        font_paths=sorted({str(file.parent) for file in files}),
    )
