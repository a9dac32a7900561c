"""What an XFA template says of its fields: caption, tooltip, kind, and the answers offered.

Data and template are two trees whose names run alike, with parts missing in either (XFA 3.3,
"Basic Data Binding"). A place in the data is the template's field of the same last name, or of the
same binding, that shares the most names above it and has the fewest others. A field of which the
template says nothing is a plain text.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from lxml import etree

from parsers.pdf.acroform import FieldKind
from parsers.values.cleaning import one_line

_DEEPEST = 60
#: What an XFA tick box says when it is on, unless its template names something else.
_ON = "1"


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateField:
    """One field of the template."""

    path: tuple[str, ...]  #: the names that lead to it
    kind: FieldKind
    caption: str = ""  #: printed beside it
    tooltip: str = ""
    on_value: str = _ON  #: of a tick box
    options: tuple[tuple[str, str], ...] = ()  #: answers: what is saved, and what is shown


@dataclass(slots=True, kw_only=True)
class Template:
    """The fields of a template, by the last name of their place in the data."""

    by_name: dict[str, list[TemplateField]] = field(default_factory=dict)

    def find(self, path: tuple[str, ...]) -> list[TemplateField]:
        """Return the fields that a place in the data may belong to, in the form's order.

        Several are fields beside each other with one name, which the data hold in the same order.
        """
        found = self.by_name.get(path[-1], [])
        fits = [(len({*c.path} & {*path}), -len(c.path)) for c in found]
        return [c for c, fit in zip(found, fits, strict=True) if fit == max(fits)]

    def wordings(self, described: TemplateField, text: str) -> tuple[str, ...]:
        """Return what is saved for an answer and, behind it, what the form shows for it."""
        shown = (show for saved, show in described.options if saved == text.strip())
        return (text, *(wording for wording in shown if wording and wording != text))


def local_name(element: etree._Element) -> str:
    """Return an element's name without its namespace; empty for what is no element."""
    return etree.QName(element).localname if isinstance(element.tag, str) else ""


def build_template(root: etree._Element | None) -> Template:
    """Return the fields of a template packet; none where there is no template."""
    template = Template()
    for found in () if root is None else _walk(root, ()):
        template.by_name.setdefault(found.path[-1], []).append(found)
    return template


def _walk(element: etree._Element, above: tuple[str, ...]) -> Iterator[TemplateField]:
    kind = local_name(element)
    name = element.get("name") or ""
    path = (*above, name) if name else above
    if kind in {"field", "exclGroup"}:
        place = _binding(element) or name
        if place:
            yield _describe(element, (*above, place), is_group=kind == "exclGroup")
        return
    if len(above) > _DEEPEST:
        return
    for child in element:
        if local_name(child) in ("subform", "subformSet", "area", "field", "exclGroup"):
            yield from _walk(child, path)


def _binding(element: etree._Element) -> str:
    """Return the last name of an explicit binding such as `$.requester.name`, if there is one."""
    bind = _child(element, "bind")
    if bind is None or bind.get("match") != "dataRef":
        return ""
    return (bind.get("ref") or "").rpartition(".")[2].partition("[")[0]


def _describe(element: etree._Element, path: tuple[str, ...], *, is_group: bool) -> TemplateField:
    caption, tooltip = _wording(element, "caption"), _wording(element, "assist")
    if is_group:
        members = [child for child in element if local_name(child) == "field"]
        options = tuple((_first_item(m), _wording(m, "caption")) for m in members)
        return TemplateField(
            path=path, kind=FieldKind.GROUP, caption=caption, tooltip=tooltip, options=options
        )
    control = _child(element, "ui")
    names = {local_name(child) for child in control} if control is not None else set()
    if "checkButton" in names:
        return TemplateField(
            path=path,
            kind=FieldKind.TICK,
            caption=caption,
            tooltip=tooltip,
            on_value=_first_item(element) or _ON,
        )
    kind = FieldKind.SIGNATURE if "signature" in names else FieldKind.TEXT
    return TemplateField(
        path=path, kind=kind, caption=caption, tooltip=tooltip, options=_options(element)
    )


def _options(element: etree._Element) -> tuple[tuple[str, str], ...]:
    """Return the answers of a list: what is saved, and what is shown in its place."""
    lists = [child for child in element if local_name(child) == "items"]
    shown = next((_entries(e) for e in lists if e.get("save") != "1"), [])
    saved = next((_entries(e) for e in lists if e.get("save") == "1"), shown)
    return tuple(zip(saved, shown, strict=False))


def _first_item(element: etree._Element) -> str:
    lists = [child for child in element if local_name(child) == "items"]
    return next(iter(_entries(lists[0])), "") if lists else ""


def _entries(holder: etree._Element) -> list[str]:
    return [(child.text or "").strip() for child in holder if local_name(child)]


def _wording(element: etree._Element, part: str) -> str:
    """Return the words of a caption, or of a tooltip (`assist`, whose `speak` comes second)."""
    holder = _child(element, part)
    if holder is None:
        return ""
    if part == "assist":
        tip = _child(holder, "toolTip")
        holder = tip if tip is not None else _child(holder, "speak")
        if holder is None:
            return ""
    return one_line(" ".join(str(text) for text in holder.itertext()))[:400]


def _child(element: etree._Element, name: str) -> etree._Element | None:
    return next((child for child in element if local_name(child) == name), None)
