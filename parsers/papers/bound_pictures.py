"""Pictures of pages that came together, bound into one document.

Who photographs a form page by page mails a picture of each page. All page pictures in one place (a
mail, an archive, a forwarded mail) are the pages of one PDF, in the order they came; which page of
which form each of them shows is found when it is read. The same picture sent twice is one page.
A photograph goes in as its own JPEG bytes, anything else as its grey levels, and neither loses a
pixel, so that the bound document is read as its pictures would be.

The outcomes: a paper for each place with two page pictures or more that can be read. A TIFF of
several pages is a document of its own already; so is a picture that is damaged or has too many
pixels, which then says so itself. Pictures that are too large together are refused as one document.
Photographs are not decoded here: one that breaks off shows as much of its page as there is.
"""

from __future__ import annotations

import io
import itertools
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pikepdf
from pikepdf import Dictionary, Name

from parsers.errors import ParseError
from parsers.extraction import ReadLimits
from parsers.mail.message import Attachment
from parsers.picture_files import is_page_picture

#: Stands between the names of pictures that are bound together.
AND = " + "
_NAME = "pages.pdf"
_FEWEST = 2

#: How a picture is turned to be upright, clockwise, by its EXIF orientation; the other four
#: orientations are mirrored, as no camera makes them.
_TURNS = {1: 0, 3: 180, 6: 90, 8: 270}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Page:
    """A picture as it is embedded in a PDF (ISO 32000-2, 8.9.5)."""

    data: bytes
    filter: Name
    colours: Name
    width: int  #: in pixels, before it is turned
    height: int
    turn: int = 0  #: clockwise, in degrees
    dpi: float


def has_several_pages(papers: Sequence[Attachment]) -> bool:
    """Return whether some of the papers may be pages of one document."""
    return any(_list_places(papers))


def bind_pictures(papers: Sequence[Attachment], limits: ReadLimits) -> tuple[Attachment, ...]:
    """Return a paper for each place among `papers` that holds several page pictures."""
    bound = (_bind(papers, positions, limits) for positions in _list_places(papers))
    return tuple(paper for paper in bound if paper is not None)


def _list_places(papers: Sequence[Attachment]) -> Iterator[list[int]]:
    """Yield the positions of the page pictures that lie together, for each place with several."""
    places: dict[str, list[int]] = {}
    for position, paper in enumerate(papers):
        if not paper.refusal and is_page_picture(paper.data):
            places.setdefault(paper.found_in, []).append(position)
    return (positions for positions in places.values() if len(positions) >= _FEWEST)


def _bind(
    papers: Sequence[Attachment], positions: Sequence[int], limits: ReadLimits
) -> Attachment | None:
    """Return the document of the pictures at `positions`, None where fewer than two can be read."""
    places: dict[bytes, list[int]] = {}
    for position in positions:
        places.setdefault(papers[position].data, []).append(position)
    pdf, size, bound = pikepdf.new(), 0, []
    for data, found in places.items():
        page = _find_page(data, limits)
        if page is None:
            continue
        size += len(page.data)
        if size > limits.bytes:
            return _build_paper(papers, [*places.values()], b"", refusal="over_size_limit")
        _add_page(pdf, page)
        bound.append(found)
    return _build_paper(papers, bound, _save(pdf)) if sum(map(len, bound)) >= _FEWEST else None


def _build_paper(
    papers: Sequence[Attachment], bound: Sequence[Sequence[int]], data: bytes, refusal: str = ""
) -> Attachment:
    first = [papers[found[0]] for found in bound]
    names = AND.join(paper.name or "a picture" for paper in first)
    return Attachment(
        name=_NAME,
        declared_type="application/pdf",
        data=data,
        found_in=f"{first[0].found_in}: {names}" if first[0].found_in else names,
        refusal=refusal,
        bound_from=tuple(map(tuple, bound)),
    )


def _save(pdf: pikepdf.Pdf) -> bytes:
    output = io.BytesIO()
    pdf.save(output, deterministic_id=True)
    return output.getvalue()


def _find_page(data: bytes, limits: ReadLimits) -> _Page | None:
    """Return a picture as a page; None where it is damaged, over a limit, or holds several."""
    from parsers.pages.pictures import find_photograph, read_page_pictures  # noqa: PLC0415  # rare

    try:
        photograph = find_photograph(data, limits)
        if photograph is not None and photograph.orientation in _TURNS:
            return _Page(
                data=data,
                filter=Name.DCTDecode,
                colours=Name.DeviceGray if photograph.is_grey else Name.DeviceRGB,
                width=photograph.width,
                height=photograph.height,
                turn=_TURNS[photograph.orientation],
                dpi=photograph.dpi,
            )
        pictures = list(itertools.islice(read_page_pictures(data, limits=limits), 2))
    except ParseError:
        return None
    if len(pictures) != 1:
        return None
    grey = pictures[0].grey
    return _Page(
        data=zlib.compress(grey.tobytes(), 1),
        filter=Name.FlateDecode,
        colours=Name.DeviceGray,
        width=grey.shape[1],
        height=grey.shape[0],
        dpi=pictures[0].dpi,
    )


def _add_page(pdf: pikepdf.Pdf, page: _Page) -> None:
    """Add a page that one picture covers, so large that it is drawn dot for dot."""
    size = (page.width * 72 / page.dpi, page.height * 72 / page.dpi)
    picture = pdf.make_stream(
        page.data,
        Type=Name.XObject,
        Subtype=Name.Image,
        Width=page.width,
        Height=page.height,
        ColorSpace=page.colours,
        BitsPerComponent=8,
        Filter=page.filter,
    )
    pdf.add_blank_page(page_size=size)
    added = pdf.pages[-1].obj
    added.Rotate = page.turn
    added.Resources = Dictionary(XObject=Dictionary(Page=picture))
    added.Contents = pdf.make_stream(b"q %.4f 0 0 %.4f 0 0 cm /Page Do Q" % size)
