"""The model form, flattened and printed, is read through to its values, however its pages lie."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from io import BytesIO

import pikepdf
import pytest

from inbox_worker.reading.reader import load_definitions
from parsers.extraction import DocumentKind, Extraction
from parsers.pages.plumber_pages import PdfplumberPages
from parsers.pages.text_layer import TextLayerError
from parsers.pages.words import PageWords
from parsers.reading import printed_form
from parsers.reading.document import read_document
from tests.specimens.fill import fill_ours
from tests.specimens.people import TODAY, build_specimen
from tests.specimens.prints import flatten_by_pikepdf, print_like_chromium

DEFINITIONS = load_definitions()
ONE, OTHER = build_specimen(31), build_specimen(32)


def _print(typed: dict[str, object]) -> bytes:
    return flatten_by_pikepdf(fill_ours(typed))


def _read(data: bytes) -> Extraction:
    return read_document(data, DEFINITIONS, today=TODAY, attachments_beside_form=1)


def _values(found: Extraction) -> dict[str, object]:
    return {n: v.value for n, v in found.fields.items() if n != "form_version"}


def _edit(data: bytes, change: Callable[[pikepdf.Pdf], None]) -> bytes:
    with pikepdf.open(BytesIO(data)) as pdf:
        change(pdf)
        target = BytesIO()
        pdf.save(target)
    return target.getvalue()


@pytest.mark.parametrize("printed", [flatten_by_pikepdf, print_like_chromium])
def test_a_print_is_read_with_evidence(printed: Callable[[bytes], bytes]) -> None:
    found = _read(printed(fill_ours(ONE.typed)))
    assert (found.kind, found.definition) == (DocumentKind.TEXT, "cjs-request/1")
    assert found.readers == ("pikepdf", "pypdfium2")
    assert _values(found) == ONE.expected
    assert (found.missing, found.warnings, found.is_complete) == ((), (), True)
    for value in found.fields.values():
        assert (value.source, value.page in (1, 2)) == ("text", True)
        assert value.box is not None
        assert value.confidence >= 0.95


def _scale(pdf: pikepdf.Pdf) -> None:
    for page in pdf.pages:
        page.contents_add(b"q 0.91 0 0 0.91 27 36 cm", prepend=True)
        page.contents_add(b"Q")


def _turn(pdf: pikepdf.Pdf) -> None:
    for page in pdf.pages:
        page.contents_add(b"q 0 1 -1 0 792 0 cm", prepend=True)
        page.contents_add(b"Q")
        page.MediaBox = [0, 0, 792, 612]
        page.Rotate = 90


def _lay(pdf: pikepdf.Pdf) -> None:
    for page in pdf.pages:
        page.contents_add(b"q 0 1 -1 0 792 0 cm", prepend=True)
        page.contents_add(b"Q")
        page.MediaBox = [0, 0, 792, 612]


def _crop(pdf: pikepdf.Pdf) -> None:
    for page in pdf.pages:
        page.contents_add(b"q 1 0 0 1 100 200 cm", prepend=True)
        page.contents_add(b"Q")
        page.MediaBox = [0, 0, 900, 1200]
        page.CropBox = [100, 200, 712, 992]


def _swap(pdf: pikepdf.Pdf) -> None:
    pdf.pages.reverse()


def _cover(pdf: pikepdf.Pdf) -> None:
    pdf.add_blank_page(page_size=(612, 792))
    pdf.pages.insert(0, pdf.pages[-1])
    del pdf.pages[-1]


@pytest.mark.parametrize("change", [_scale, _turn, _lay, _crop, _swap, _cover])
def test_a_print_is_read_however_it_lies(change: Callable[[pikepdf.Pdf], None]) -> None:
    found = _read(_edit(_print(ONE.typed), change))
    assert _values(found) == ONE.expected


def test_values_say_on_which_page_of_the_document_they_stand() -> None:
    found = _read(_edit(_print(ONE.typed), _swap))
    assert {found.fields[n].page for n in ("requester_name", "purpose")} == {1, 2}
    assert found.fields["requester_name"].page == 2


def test_every_form_of_a_document_is_read() -> None:
    with pikepdf.open(BytesIO(_print(OTHER.typed))) as other:
        both = _edit(_print(ONE.typed), lambda pdf: pdf.pages.extend(other.pages))
    found = _read(both)
    assert [_values(form) for form in (found, *found.further)] == [ONE.expected, OTHER.expected]
    assert found.to_json()["further"][0]["form"]["kind"] == "text"


def test_a_blank_print_is_a_form_without_values() -> None:
    found = _read(_print({}))
    assert (found.kind, found.definition, found.fields) == (DocumentKind.TEXT, "cjs-request/1", {})
    assert not found.is_form
    assert "requester_name" in found.missing


def test_what_was_typed_over_empty_fields_is_read() -> None:
    """Some programs write on the page and leave the form fields below as they were."""
    with (
        pikepdf.open(BytesIO(_print(ONE.typed))) as printed,
        pikepdf.open(BytesIO(fill_ours({}))) as pdf,
    ):
        for page, other in zip(pdf.pages, printed.pages, strict=True):
            page.Contents = pdf.make_stream(
                b"".join(part.read_bytes() + b"\n" for part in other.obj.Contents)
            )
            page.Resources = pdf.copy_foreign(printed.make_indirect(other.obj.Resources))
        target = BytesIO()
        pdf.save(target)
    found = _read(target.getvalue())
    assert (found.kind, _values(found)) == (DocumentKind.TEXT, ONE.expected)


def test_a_long_name_is_shrunk_and_read_until_it_is_cut_off() -> None:
    long = "Ejemplo de la Muestra y Ficticia viuda de Beispiel"
    found = _read(_print({**ONE.typed, "subject_family_name": long}))
    assert found.value("subject_family_name") == long
    found = _read(_print({**ONE.typed, "subject_family_name": f"{long} {long} {long}"}))
    problems = [(p.code, p.flag_only) for p in found.problems if p.field == "subject_family_name"]
    assert (found.value("subject_family_name"), problems) == (None, [("clipped_value", False)])
    assert found.fields["subject_family_name"].raw.startswith(long)
    assert not found.is_complete
    # What runs into the next box spoils it as well.
    assert found.value("subject_given_names") is None


def _reread(monkeypatch: pytest.MonkeyPatch, old: str, new: str) -> None:
    """Let the second reader read `new` for the word `old`."""
    honest = PdfplumberPages.words

    def words(self: PdfplumberPages, number: int) -> PageWords:
        page = honest(self, number)
        changed = (w._replace(text=new) if w.text == old else w for w in page.words)
        return replace(page, words=tuple(changed))

    monkeypatch.setattr(PdfplumberPages, "words", words)


def test_the_second_reader_is_asked_where_a_value_is_wrong_and_makes_it_surer() -> None:
    found = _read(_print({**ONE.typed, "requester_zip": "3O301"}))
    assert found.readers == ("pikepdf", "pypdfium2", "pdfplumber")
    assert found.fields["requester_zip"].confidence > found.fields["requester_city"].confidence
    problem = next(p for p in found.problems if p.field == "requester_zip")
    assert (problem.code, problem.flag_only) == ("unreadable_zip", False)


def test_where_the_readers_differ_both_are_kept_and_a_person_looks(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _reread(monkeypatch, "3O301", "30301")
    found = _read(_print({**ONE.typed, "requester_zip": "3O301"}))
    value = found.fields["requester_zip"]
    assert (value.confidence < 0.8, value.alternatives) == (True, ("30301",))
    # What may only have been misread is not for the requester to mend.
    problem = next(p for p in found.problems if p.field == "requester_zip")
    assert problem.flag_only


def test_a_missing_field_that_the_second_reader_finds_is_doubtful(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    honest = printed_form.PdfiumPages.words

    def words(self: printed_form.PdfiumPages, number: int) -> PageWords:
        page = honest(self, number)
        return replace(page, words=tuple(w for w in page.words if w.text != "30301-0001"))

    monkeypatch.setattr(printed_form.PdfiumPages, "words", words)
    found = _read(_print({**ONE.typed, "requester_zip": "30301-0001"}))
    assert found.value("requester_zip") == "30301-0001"
    assert found.fields["requester_zip"].confidence < 0.8


@pytest.mark.parametrize(
    ("typed", "drawn"),
    [
        pytest.param("Ștefan", "?tefan", id="a question mark for a letter"),
        pytest.param("İlkay", "lkay", id="nothing for a letter"),
    ],
)
def test_a_letter_that_a_viewer_could_not_draw_is_never_certain(typed: str, drawn: str) -> None:
    assert typed != drawn
    found = _read(_print({**ONE.typed, "subject_given_names": drawn}))
    assert found.fields["subject_given_names"].confidence < 0.95


def test_what_is_written_beside_the_fields_is_told() -> None:
    def write(pdf: pikepdf.Pdf) -> None:
        note = b"q BT /FX 9 Tf 400 56 Td (Call 219-09-9999 first) Tj ET Q"
        page = pdf.pages[0]
        page.contents_add(note)
        page.Resources.Font[pikepdf.Name.FX] = pikepdf.Dictionary(
            Type=pikepdf.Name.Font, Subtype=pikepdf.Name.Type1, BaseFont=pikepdf.Name.Helvetica
        )

    found = _read(_edit(_print(ONE.typed), write))
    assert [w.code for w in found.warnings] == ["contains_ssn", "text_over_form"]
    assert _values(found) == ONE.expected


def test_what_one_library_cannot_open_is_written_anew_for_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    data, real = _print(ONE.typed), printed_form.PdfiumPages

    def refuse(
        given: bytes, password: str = "", *, opened: pikepdf.Pdf
    ) -> printed_form.PdfiumPages:
        if given == data:
            raise TextLayerError("damaged")
        return real(given, password, opened=opened)

    monkeypatch.setattr(printed_form, "PdfiumPages", refuse)
    monkeypatch.setattr(refuse, "name", real.name, raising=False)
    assert _values(_read(data)) == ONE.expected


def test_a_filled_form_never_waits_for_what_reads_pages() -> None:
    code = """
import sys
from inbox_worker.reading.reader import load_definitions
from parsers.reading.document import read_document
from parsers.reading.known_forms import know
from tests.specimens.fill import fill_ours
from tests.specimens.people import TODAY, build_specimen
definitions = load_definitions()
data = fill_ours(build_specimen(31).typed)
before = set(sys.modules)
know(definitions)
assert read_document(data, definitions, today=TODAY).is_form
heavy = {"numpy", "pypdfium2", "pdfplumber", "cv2", "onnxruntime"}
print(sorted(heavy & (set(sys.modules) - before)))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def _append(*contents: bytes) -> Callable[[bytes], bytes]:
    def change(pdf: pikepdf.Pdf) -> None:
        for content in contents:
            pdf.add_blank_page(page_size=(612, 792))
            pdf.pages[-1].Contents = pdf.make_stream(content)

    return lambda data: _edit(data, change)


_PAPER = b"0 0 m 612 792 l S"


@pytest.mark.parametrize("made", [bytes, flatten_by_pikepdf], ids=["filled in", "flattened"])
@pytest.mark.parametrize(
    ("append", "passed_over"),
    [
        pytest.param(_append(_PAPER), (3,), id="a page that shows something"),
        pytest.param(_append(b" "), (), id="a page with nothing on it"),
        pytest.param(_append(b" ", _PAPER, _PAPER), (4, 5), id="several behind an empty one"),
        pytest.param(bytes, (), id="the form alone"),
    ],
)
def test_a_paper_in_the_same_document_counts_as_attached(
    made: Callable[[bytes], bytes],
    append: Callable[[bytes], bytes],
    passed_over: tuple[int, ...],
) -> None:
    data = append(made(fill_ours({**ONE.typed, "consent_attached": True})))
    found = read_document(data, DEFINITIONS, today=TODAY, attachments_beside_form=0)
    assert found.fields["consent_attached"].value is True
    assert found.passed_over == passed_over
    missed = {p.code for p in found.problems} & {"consent_not_attached"}
    assert bool(missed) == (not passed_over)
