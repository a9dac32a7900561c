"""The fields of an XFA form, from its data and, where it is there, from its template.

An XFA form is XML inside a PDF (ISO 32000-1, 12.7.8; XFA 3.3): the packet `datasets` holds what was
filled in, `template` how the form looks. Both are read as plain data: no entity is resolved, no
address is followed, no script is run, and neither may be longer than a form's XML ever is. The
outcome has the same shape as an AcroForm's fields, so that all that follows is common; or an
`XfaError`, where there are no data that can be read.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import pikepdf
from lxml import etree

from parsers.pdf.acroform import AcroField, FieldKind
from parsers.pdf.objects import find_text, items
from parsers.pdf.streams import read_start
from parsers.pdf.xfa_template import Template, TemplateField, build_template, local_name
from parsers.values.cleaning import one_line

_MOST_BYTES = 16 * 1024 * 1024
_MOST_FIELDS = 20_000
_DEEPEST = 60
_XHTML = "http://www.w3.org/1999/xhtml"
_WANTED = frozenset({"datasets", "template"})


class XfaError(Exception):
    """The document's XFA part cannot be read: its XML is damaged, too long, or not there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class XfaForm:
    """What was found in the XFA part of a document."""

    fields: tuple[AcroField, ...]  #: one for each place in the data, blank ones too
    labels: Mapping[str, tuple[str, ...]]  #: what the template prints beside a field, by its name

    def printed_labels(self, source: AcroField) -> tuple[str, ...]:
        """Return what the template prints beside a field, the likeliest label first."""
        return self.labels.get(source.name, ())


def is_dynamic(pdf: pikepdf.Pdf, *, has_fields: bool) -> bool:
    """Return whether the pages are a placeholder, and only the XFA part holds the form.

    Such a page says "Please wait..." in every program but the few that draw XFA forms.
    """
    return bool(pdf.Root.get("/NeedsRendering", False)) or not has_fields


def find_xfa_fields(pdf: pikepdf.Pdf) -> XfaForm:
    """Return the fields of the document's XFA form; raise `XfaError` where there are none."""
    packets = _find_packets(pdf)
    if "datasets" not in packets:
        raise XfaError("no data")
    template = build_template(packets.get("template"))
    found: dict[str, AcroField] = {}
    labels: dict[str, tuple[str, ...]] = {}
    met: Counter[tuple[str, ...]] = Counter()
    for path, element in _walk_data(packets["datasets"]):
        name, candidates = ".".join(path), template.find(path)
        described = candidates[min(met[path], len(candidates) - 1)] if candidates else None
        if len(candidates) > 1:
            name = f"{name}[{min(met[path], len(candidates) - 1)}]"
        met[path] += 1
        field = _build_field(name, element, described, template)
        earlier = found.get(name)
        # What stands in the data several times is one field with several values.
        found[name] = field if earlier is None else _join(earlier, field)
        if described is not None and described.caption:
            labels[name] = (described.caption,)
        if len(found) > _MOST_FIELDS:
            raise XfaError("too many fields")
    return XfaForm(fields=tuple(found.values()), labels=labels)


def _find_packets(pdf: pikepdf.Pdf) -> dict[str, etree._Element]:
    """Return the packets that are wanted, from an array of packets or from the XDP as a whole."""
    acroform = pdf.Root.get("/AcroForm")
    xfa = acroform.get("/XFA") if isinstance(acroform, pikepdf.Dictionary) else None
    if isinstance(xfa, pikepdf.Stream):
        root = _parse(xfa)
        return {local_name(child): child for child in root if local_name(child) in _WANTED}
    parts = items(xfa)
    named = zip(parts[::2], parts[1::2], strict=False)
    return {
        name: _parse(packet)
        for label, packet in named
        if (name := find_text(label) or "") in _WANTED and isinstance(packet, pikepdf.Stream)
    }


def _parse(packet: pikepdf.Stream) -> etree._Element:
    try:
        data = read_start(packet, _MOST_BYTES + 1)
    except pikepdf.PdfError as error:
        raise XfaError("damaged") from error
    if len(data) > _MOST_BYTES:
        raise XfaError("too long")
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        return etree.fromstring(data, parser)
    except etree.XMLSyntaxError as error:
        raise XfaError("damaged") from error


def _walk_data(datasets: etree._Element) -> Iterator[tuple[tuple[str, ...], etree._Element]]:
    """Yield every leaf below `data` with the names that lead to it."""
    for data in datasets:
        if local_name(data) == "data":
            for top in data:
                yield from _leaves(top, ())


def _leaves(
    element: etree._Element, above: tuple[str, ...]
) -> Iterator[tuple[tuple[str, ...], etree._Element]]:
    name = local_name(element)
    if not name or len(above) > _DEEPEST:
        return
    path = (*above, name)
    if _is_leaf(element):
        yield path, element
        return
    for child in element:
        yield from _leaves(child, path)


def _is_leaf(element: etree._Element) -> bool:
    """Return whether an element holds a value: text, rich text, or a list of `value` elements."""
    children = [child for child in element if local_name(child)]
    return not children or all(_is_rich(c) or _is_list_entry(c) for c in children)


def _is_rich(element: etree._Element) -> bool:
    return etree.QName(element).namespace == _XHTML


def _is_list_entry(element: etree._Element) -> bool:
    return local_name(element) == "value" and len(element) == 0


def _build_field(
    name: str, element: etree._Element, described: TemplateField | None, template: Template
) -> AcroField:
    texts = [text for text in _texts(element) if text.strip()]
    plain = AcroField(name=name, kind=FieldKind.TEXT, values=tuple((t,) for t in texts))
    if described is None:
        return plain
    tooltip = one_line(described.tooltip or described.caption)
    plain = replace(plain, kind=described.kind, tooltip=tooltip)
    if described.kind is FieldKind.TICK:
        is_on = any(text.strip() == described.on_value for text in texts)
        return replace(plain, values=(("Yes",),) if is_on else ())
    return replace(plain, values=tuple(template.wordings(described, text) for text in texts))


def _texts(element: etree._Element) -> list[str]:
    children = [child for child in element if local_name(child)]
    if children and all(map(_is_list_entry, children)):
        return [child.text or "" for child in children]
    if children:
        # Each paragraph of rich text is a line (XFA 3.3, "Rich Text Reference").
        return ["\n".join(filter(None, map(_block_text, children)))]
    return [element.text or ""]


def _block_text(element: etree._Element) -> str:
    paragraphs = [p for p in element.iter() if local_name(p) in ("p", "li")] or [element]
    return "\n".join("".join(str(text) for text in p.itertext()).strip() for p in paragraphs)


def _join(one: AcroField, other: AcroField) -> AcroField:
    return replace(one, values=tuple(dict.fromkeys((*one.values, *other.values))))
