"""Forms that come inside something else: filed like any other, and kept as they were found."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Callable, Mapping
from dataclasses import replace

import pytest
from pikepdf import Dictionary, Name
from sqlalchemy import select

from inbox_worker.casefile.dossier import find_original, read_dossier
from inbox_worker.reading.reader import DocumentReader
from inbox_worker.storage.models import AttachmentRecord, FormInside, Problem, Request
from parsers.extraction import ReadLimits
from tests.unit.pdf_forms import FormBuilder
from tests.unit.test_reading_signatures import SIGNED
from tests.unit.wrappings import (
    build_mail,
    build_portfolio,
    build_winmail,
    build_zip,
    lock_zip,
)
from tests.worker_harness import CLERK, ORTEGA, Harness, compose, compose_reply, fill

TEXT = "Our form is attached.\n"

Wrap = Callable[[Mapping[str, bytes]], bytes]


def _rows(harness: Harness) -> list[tuple[str, str, str | None]]:
    return [(r.name, r.found_in, r.document_kind) for r in harness.rows(AttachmentRecord)]


@pytest.mark.parametrize(
    ("wrap", "name"),
    [
        pytest.param(build_zip, "papers.zip", id="ZIP"),
        pytest.param(build_winmail, "winmail.dat", id="winmail.dat"),
        pytest.param(build_mail, "forwarded.eml", id="a saved mail"),
        pytest.param(build_portfolio, "portfolio.pdf", id="a portfolio"),
    ],
)
def test_a_form_inside_becomes_a_request_and_its_row_says_where_it_lay(
    harness: Harness, wrap: Wrap, name: str
) -> None:
    form = fill()
    harness.deliver(compose(CLERK, TEXT, files={name: wrap({"form.pdf": form})}))
    request = harness.request()
    assert (request.status, request.document_position) == ("IN_REVIEW", 1)
    assert _rows(harness) == [(name, "", "wrapping"), ("form.pdf", name, "acroform")]
    assert form in harness.newest(ORTEGA, "review_notice").files.values()
    with harness.services.database.read() as session:
        kept = session.get_one(Request, request.id)
        assert find_original(session, kept) == form
        dossier = read_dossier(session, kept)
    assert [f.name for f in dossier.files] == [name, f"form.pdf, in {name}"]
    assert not dossier.has_supporting_attachment, "a wrapping supports nothing"


def test_reviewers_read_what_was_noticed_in_a_paper(harness: Harness) -> None:
    papers = {"forms.pdf": build_portfolio({"form.pdf": fill(), "setup.exe": b"MZ"})}
    harness.deliver(compose(CLERK, TEXT, files=papers))
    words = " ".join(harness.newest(ORTEGA, "review_notice").text.split())
    assert "form.pdf, in forms.pdf (application/pdf, " in words
    assert "The document carries a program among its files, which was not started." in words


def test_a_signed_form_is_filed_with_its_bytes_untouched(harness: Harness) -> None:
    harness.deliver(compose(CLERK, TEXT, files={"signed.pdf": SIGNED}))
    request = harness.request()
    (row,) = harness.rows(AttachmentRecord)
    assert row.warnings == ["contains_signature"]
    assert row.sha256 == hashlib.sha256(SIGNED).hexdigest()
    with harness.services.database.read() as session:
        assert find_original(session, session.get_one(Request, request.id)) == SIGNED


def test_ordinary_forms_are_not_kept_twice(harness: Harness) -> None:
    harness.file()
    with harness.services.database.read() as session:
        assert session.scalars(select(FormInside.position)).all() == []


def test_two_forms_in_an_archive_are_two_requests(harness: Harness) -> None:
    archive = build_zip({"a.pdf": fill(), "b.pdf": fill(subject_family_name="Muestra")})
    harness.deliver(compose(CLERK, TEXT, files={"forms.zip": archive}))
    assert [r.document_position for r in harness.rows(Request)] == [1, 2]


def test_a_locked_archive_is_answered_with_a_plea_for_an_open_copy(harness: Harness) -> None:
    harness.deliver(
        compose(CLERK, TEXT, files={"papers.zip": lock_zip(build_zip({"f.pdf": fill()}))})
    )
    assert harness.rows(Request) == []
    words = harness.newest(CLERK, "set_aside").text
    assert "It needs a password to open." in words
    assert "Please send a copy without a password." in words


def test_consent_inside_an_archive_counts_as_attached(harness: Harness) -> None:
    form = fill(requester_type="other", consent_attached=True)
    for papers in ({"form.pdf": form}, {"form.pdf": form, "consent.jpg": b"\xff\xd8\xff"}):
        harness.deliver(compose(CLERK, TEXT, files={"papers.zip": build_zip(papers)}))
    without = [p.request_id for p in harness.rows(Problem) if p.code == "consent_not_attached"]
    assert without == [harness.request(0).id]


def test_an_answer_with_the_old_mail_attached_does_not_bring_back_the_old_form(
    harness: Harness,
) -> None:
    form = fill(case_numbers=None)
    first = compose(CLERK, TEXT, files={"form.pdf": form})
    harness.deliver(first)
    harness.deliver(
        compose_reply(
            harness.newest(CLERK, "deficiency"),
            "It is case 26-CR-000123.\n",
            author=CLERK,
            files={"what we sent.eml": first},
        )
    )
    (request,) = harness.rows(Request)
    assert "form_resubmitted" not in harness.events()
    assert (request.status, request.revision) == ("INCOMPLETE", 1)


def test_a_corrected_form_in_an_archive_joins_its_request(harness: Harness) -> None:
    harness.file(case_numbers=None)
    corrected = build_zip({"form.pdf": fill()})
    letter = harness.newest(CLERK, "deficiency")
    harness.deliver(compose_reply(letter, "Here it is.\n", files={"forms.zip": corrected}))
    (request,) = harness.rows(Request)
    assert (request.status, request.revision) == ("IN_REVIEW", 2)
    assert fill() in harness.newest(ORTEGA, "review_notice").files.values()


def _bomb() -> bytes:
    """Return a PDF that only the library can unfold, to more memory than its reader has."""
    form = FormBuilder()
    value = form.pdf.make_stream(zlib.compress(b"\0" * (300 << 20)), Filter=Name.FlateDecode)
    value.DecodeParms = Dictionary(Predictor=1)
    form.text("purpose", V=value)
    return form.save()


def test_a_mail_that_defeats_the_reader_has_its_archives_opened_all_the_same(
    harness: Harness,
) -> None:
    limits = ReadLimits(memory_mb=400)
    with DocumentReader(harness.services.definitions, limits=limits) as reader:
        harness.services = replace(harness.services, reader=reader)
        archive = build_zip({"bomb.pdf": _bomb(), "form.pdf": fill()})
        harness.deliver(compose(CLERK, TEXT, files={"papers.zip": archive}))
    assert harness.request().status == "IN_REVIEW"
    kinds = {r.name: r.document_kind for r in harness.rows(AttachmentRecord)}
    assert kinds == {"papers.zip": "wrapping", "bomb.pdf": "unreadable", "form.pdf": "acroform"}
