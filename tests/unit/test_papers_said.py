"""What papers say: demands on us among the papers of a case, and letters among a court's papers.

A row, here and in `tests/specimens/pages`, is what a page is, a bar, and the page; a slash is the
end of a line.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from config.data import TOPIC_FILES, read_data
from parsers.classification.papers import (
    judge_name,
    judge_page,
    judge_pages,
    leave_out_court_papers,
    parse_paper_table,
)
from parsers.classification.topic_table import Handling
from parsers.classification.topics import read_text
from parsers.errors import ParseError
from tests.specimens.papers import DEMANDS, Paper
from tests.unit.test_topics import TABLE, rows

PAPERS = TABLE.papers
FOLDER = Path(__file__).parents[1] / "specimens" / "pages"


@pytest.mark.parametrize("paper", [pytest.param(p, id=p.reason) for p in DEMANDS])
def test_a_demand_on_us_is_told_from_what_looks_like_one(paper: Paper) -> None:
    assert judge_pages(paper.text.split("\f"), PAPERS) == paper.demand


PAGES = rows((FOLDER / "demands.txt").read_text("utf-8"))


@pytest.mark.parametrize(("text", "demand"), PAGES)
def test_other_courts_wordings(text: str, demand: str) -> None:
    assert judge_page(text.replace("/", "\n"), PAPERS) == demand


NAMES = rows(
    """
ours | Subpoena.pdf
ours | 2026-05-01_SUBPOENA_ICE.PDF
ours | Citación judicial.docx
told_of | Motion to quash subpoena.pdf
told_of | proof-of-service-subpoena.pdf
none | Bench warrant.pdf
none | order to appear.pdf
none | request form.pdf
"""
)


@pytest.mark.parametrize(("name", "demand"), NAMES)
def test_names_of_files(name: str, demand: str) -> None:
    assert judge_name(name, PAPERS) == demand


HEADS = rows((FOLDER / "heads.txt").read_text("utf-8"))


@pytest.mark.parametrize(("text", "kind"), HEADS)
def test_a_letter_is_told_from_a_courts_paper(text: str, kind: str) -> None:
    kept = leave_out_court_papers([text.replace("/", "\n")], PAPERS)
    assert bool(read_text(kept, TABLE).having(Handling.URGENT)) == (kind == "letter")


COURT = "SUPERIOR COURT OF EXAMPLE COUNTY\nCase No. 12\nhead"
LETTER = "Dear Sir,\nletter"


@pytest.mark.parametrize(
    ("pages", "kept"),
    [
        pytest.param([COURT, "more"], "", id="a page with no marks belongs to the one before"),
        pytest.param([LETTER, "more", COURT, "its end"], f"{LETTER}\n\nmore", id="exhibits behind"),
        pytest.param([COURT, LETTER, "more"], f"{LETTER}\n\nmore", id="a letter behind"),
        pytest.param(["words", "more"], "words\n\nmore", id="no marks at all"),
        pytest.param([f"{'word ' * 200}{COURT}"], None, id="a letter that names its case late"),
        pytest.param([f"{COURT} {'word ' * 200}{LETTER}"], "", id="a letter that is quoted"),
        pytest.param([], "", id="nothing"),
    ],
)
def test_pages_follow_each_other(pages: list[str], kept: str | None) -> None:
    found = leave_out_court_papers(pages, PAPERS)
    assert found == ("\n\n".join(pages) if kept is None else kept)


def test_of_a_forms_own_pages_only_letters_count() -> None:
    pages = ["Call the line if guards beat you.", LETTER]
    assert leave_out_court_papers(pages, PAPERS, letters_only=True) == LETTER


@pytest.mark.parametrize(
    ("data", "code"),
    [
        pytest.param(b"\xff", "bad_papers", id="no text"),
        pytest.param(b"[demand]\n", "bad_papers", id="groups are missing"),
        pytest.param(
            read_data(TOPIC_FILES[2]).replace(b"headings =", b"heads ="), "bad_papers", id="a name"
        ),
        pytest.param(
            read_data(TOPIC_FILES[2]).replace(b'"citacion",', b'"..",'), "bad_phrase", id="a phrase"
        ),
    ],
)
def test_what_is_no_table_of_papers_is_refused(data: bytes, code: str) -> None:
    with pytest.raises(ParseError) as caught:
        parse_paper_table(data)
    assert caught.value.code == code


@pytest.mark.parametrize("piece", ["TO: ", "TO:\n", "you are commanded ", "(", "subpoena "])
def test_hostile_pages_take_no_longer_than_long_ones(piece: str) -> None:
    text = piece * (40_000 // len(piece))
    judge_page(text, PAPERS)
    leave_out_court_papers([text], PAPERS)
