"""The fields of a PDF's AcroForm as every viewer leaves them, and nothing of what they mean.

`find_fields` walks the field tree and then the pages, so that widgets nobody hung into the tree are
found as well. Loops, missing parents, direct objects and values in the wrong place are normal here
(ISO 32000-2, 12.7); anything stranger is counted as damaged and left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, NamedTuple

import pikepdf

from parsers.errors import is_out_of_memory
from parsers.pdf.acroform_buttons import find_button
from parsers.pdf.objects import Box, entries, find_box, find_text, items, members, strip_rich_text

_MOST_FIELDS = 20_000
_DEEPEST = 40


class TooManyFieldsError(Exception):
    """The form has more fields than any form has."""


class FieldKind(Enum):
    """What a field looks like to the person who fills it in."""

    TEXT = "text"  #: a box to write in, or a list to choose from
    TICK = "tick"  #: one tick box
    GROUP = "group"  #: several buttons of which one is chosen
    SIGNATURE = "signature"  #: a field for a digital signature


@dataclass(frozen=True, slots=True, kw_only=True)
class AcroField:
    """One field with its value."""

    name: str  #: the full name, parts joined by dots
    kind: FieldKind
    tooltip: str = ""
    #: One tuple for each value that is set and not blank: its wordings, the stored one first.
    values: tuple[tuple[str, ...], ...] = ()
    page: int | None = None  #: counted from 1
    box: Box | None = None  #: left bottom right top
    is_doubtful: bool = False  #: value and appearance state disagree
    #: The PDF objects that show a text, with their pages; those on no page are left out.
    widgets: tuple[tuple[pikepdf.Dictionary, int], ...] = field(
        default=(), compare=False, repr=False
    )

    @property
    def is_blank(self) -> bool:
        """Return whether nothing was filled in."""
        return not self.values


@dataclass(frozen=True, slots=True, kw_only=True)
class Annotation:
    """Something drawn or typed on a page that is no form field."""

    subtype: str  #: without its slash
    page: int
    box: Box | None
    has_text: bool


@dataclass(slots=True, kw_only=True)
class AcroForm:
    """What was found on the way through a document's form."""

    fields: list[AcroField] = field(default_factory=list)
    annotations: list[Annotation] = field(default_factory=list)
    has_xfa: bool = False
    damaged: int = 0  #: fields that could not be read
    actions: set[str] = field(default_factory=set)  #: kinds of actions hung on fields and pages


class _Inherited(NamedTuple):
    """What a field has from those above it."""

    name: str = ""
    tooltip: str = ""
    attributes: Mapping[str, Any] = {}  #: never changed


_NOTHING = _Inherited()
_INHERITABLE = ("/FT", "/V", "/Ff", "/Opt")
#: Which object of the file it is.
_Identity = tuple[int, int]
#: A widget, its page and which object it is.
_Placed = tuple[pikepdf.Dictionary, int, _Identity]
#: What every object says that stands inside another one; it is met once by nature.
_DIRECT = (0, 0)
_DAMAGE = (pikepdf.PdfError, ValueError, TypeError, LookupError, AttributeError, RuntimeError)
_WIDGET = pikepdf.Name.Widget
_NO_MARKS = (None, pikepdf.Name.Link, pikepdf.Name.Popup)


def find_fields(pdf: pikepdf.Pdf) -> AcroForm:
    """Return every form field of `pdf` in tree order, then those that stand on pages only.

    Raises `TooManyFieldsError`; whatever else is wrong with a field leaves that field out.
    """
    return _Walk().run(pdf)


class _Walk:
    """One pass over one document; holds what has been seen, so that loops end."""

    def __init__(self) -> None:
        self._found = AcroForm()
        self._seen: set[_Identity] = set()
        self._pages: dict[_Identity, int] = {}
        self._keys: dict[_Identity, set[str]] = {}

    def run(self, pdf: pikepdf.Pdf) -> AcroForm:
        widgets: list[_Placed] = []
        for number, page in enumerate(pdf.pages, 1):
            widgets += self._page(page, number)
        acroform = pdf.Root.get("/AcroForm")
        if isinstance(acroform, pikepdf.Dictionary):
            self._found.has_xfa = "/XFA" in acroform
            for top in entries(acroform.get("/Fields")):
                self._node(top, _NOTHING, 0)
        for widget, number, identity in widgets:
            if identity not in self._seen or identity == _DIRECT:
                self._orphan(widget, number)
        return self._found

    def _page(self, page: pikepdf.Page, number: int) -> Iterator[_Placed]:
        if "/AA" in page.obj:
            self._note_actions(page.obj["/AA"])
        for annotation in entries(page.obj.get("/Annots")):
            keys = annotation.keys()
            if "/A" in keys:
                self._note_actions(annotation["/A"])
            if "/AA" in keys:
                self._note_actions(annotation["/AA"])
            subtype = annotation["/Subtype"] if "/Subtype" in keys else None
            if subtype == _WIDGET:
                identity = annotation.objgen
                self._pages[identity] = number
                self._keys[identity] = keys
                yield annotation, number, identity
            elif subtype not in _NO_MARKS:
                self._found.annotations.append(
                    Annotation(
                        subtype=find_text(subtype) or "",
                        page=number,
                        box=find_box(annotation),
                        has_text=bool(find_text(annotation.get("/Contents"))),
                    )
                )

    def _note_actions(self, holder: Any) -> None:  # PDF objects have no useful type
        """Note what an action, or a dictionary of actions, would do; nothing is ever run."""
        for action in (holder, *members(holder)):
            if isinstance(action, pikepdf.Dictionary) and "/S" in action:
                self._found.actions.add(find_text(action["/S"]) or "")

    def _is_seen(self, obj: pikepdf.Dictionary) -> bool:
        """Return whether a shared object was met before; direct objects are met once by nature."""
        identity = obj.objgen
        return identity in self._seen and identity != _DIRECT

    def _find_keys(self, obj: pikepdf.Dictionary, identity: _Identity) -> set[str]:
        # Most fields are their own widgets, and their keys were asked for with the page's.
        known = self._keys.get(identity) if identity != _DIRECT else None
        return obj.keys() if known is None else known

    def _node(self, obj: pikepdf.Dictionary, above: _Inherited, depth: int) -> None:
        identity = obj.objgen
        if depth > _DEEPEST or (identity in self._seen and identity != _DIRECT):
            return
        self._seen.add(identity)
        if len(self._seen) > _MOST_FIELDS or len(self._found.fields) > _MOST_FIELDS:
            raise TooManyFieldsError
        keys = self._find_keys(obj, identity)
        here = _inherit(obj, keys, above)
        if "/Kids" not in keys:
            self._field_or_damage(obj, keys, here, [obj])
            return
        kids = entries(obj["/Kids"])
        widgets = []
        for kid in kids:
            below = kid.objgen
            kid_keys = self._find_keys(kid, below)
            if "/T" in kid_keys or "/Kids" in kid_keys:
                self._node(kid, here, depth + 1)
            else:
                widgets.append(kid)
                self._seen.add(below)
        if widgets or not kids:
            self._field_or_damage(obj, keys, here, widgets or [obj])

    def _orphan(self, widget: pikepdf.Dictionary, number: int) -> None:
        """Take up a widget that no field tree reaches, with what its own parents give it."""
        if widget.objgen == _DIRECT:
            self._pages[_DIRECT] = number
        chain = _parents(widget)
        owner = widget
        if "/T" not in widget and chain and not self._is_seen(chain[0]):
            owner = chain.pop(0)
        above = _NOTHING
        for parent in reversed(chain if owner is not widget else _parents(widget)):
            above = _inherit(parent, parent.keys(), above)
        self._node(owner, above, 0)

    def _field_or_damage(
        self,
        obj: pikepdf.Dictionary,
        keys: set[str],
        here: _Inherited,
        widgets: list[pikepdf.Dictionary],
    ) -> None:
        """Take up a field; one that cannot be read is counted and hides no other."""
        try:
            self._field(obj, keys, here, widgets)
        except _DAMAGE as error:
            if is_out_of_memory(error):
                raise MemoryError from None
            self._found.damaged += 1

    def _field(
        self,
        obj: pikepdf.Dictionary,
        keys: set[str],
        here: _Inherited,
        widgets: list[pikepdf.Dictionary],
    ) -> None:
        attributes = here.attributes
        type_name = find_text(attributes.get("/FT"))
        kind, widget, doubtful = FieldKind.TEXT, widgets[0], False
        values: tuple[tuple[str, ...], ...] = ()
        if type_name == "Btn":
            button = find_button(attributes, widgets)
            if button is None:
                return
            kind = FieldKind.GROUP if button.is_group else FieldKind.TICK
            values, widget, doubtful = button.values, button.widget, button.is_doubtful
        elif type_name == "Sig":
            kind = FieldKind.SIGNATURE
            values = (("signed",),) if isinstance(attributes.get("/V"), pikepdf.Dictionary) else ()
        elif type_name in ("Tx", "Ch"):
            values = _written(obj, keys, attributes, widgets)
        else:
            return
        self._found.fields.append(
            AcroField(
                name=here.name,
                kind=kind,
                tooltip=here.tooltip,
                values=values,
                page=self._pages.get(widget.objgen),
                box=find_box(widget),
                is_doubtful=doubtful,
                widgets=self._placed(widgets) if kind is FieldKind.TEXT and values else (),
            )
        )

    def _placed(
        self, widgets: list[pikepdf.Dictionary]
    ) -> tuple[tuple[pikepdf.Dictionary, int], ...]:
        if len(widgets) == 1:
            page = self._pages.get(widgets[0].objgen)
            return () if page is None else ((widgets[0], page),)
        return tuple((w, n) for w in widgets if (n := self._pages.get(w.objgen)) is not None)


def _written(
    obj: pikepdf.Dictionary,
    keys: set[str],
    attributes: Mapping[str, Any],
    widgets: list[pikepdf.Dictionary],
) -> tuple[tuple[str, ...], ...]:
    """Return what was written or chosen, from the field, its widgets or its rich text."""
    value = attributes.get("/V")
    if isinstance(value, pikepdf.String) and "/Opt" not in attributes:
        text = find_text(value) or ""
        if text.strip():
            return ((text,),)
    if value is None and widgets[0] is not obj:
        value = next((w["/V"] for w in widgets if "/V" in w), None)
    if value is None and "/RV" not in keys and "/I" not in keys:
        return ()
    texts = [t for v in items(value, single=True) if (t := find_text(v)) is not None]
    if not any(texts) and "/RV" in keys:
        texts = [strip_rich_text(find_text(obj["/RV"]) or "")]
    options = [_option(entry) for entry in items(attributes.get("/Opt"))]
    if not any(texts) and options and "/I" in keys:
        chosen = [int(i) for i in items(obj["/I"]) if isinstance(i, int)]
        return tuple(options[i] for i in chosen if 0 <= i < len(options) and options[i])
    return tuple(_with_option(text, options) for text in texts if text.strip())


def _option(entry: Any) -> tuple[str, ...]:  # PDF objects have no useful type
    """Return the wordings of a choice: its export value and what the list shows."""
    return tuple(t for part in items(entry, single=True) if (t := find_text(part)) is not None)


def _with_option(text: str, options: list[tuple[str, ...]]) -> tuple[str, ...]:
    option = next((o for o in options if text in o), ())
    return (text, *(wording for wording in option if wording != text))


def _inherit(obj: pikepdf.Dictionary, keys: set[str], above: _Inherited) -> _Inherited:
    name = (find_text(obj["/T"]) or "") if "/T" in keys else ""
    tooltip = (find_text(obj["/TU"]) or "") if "/TU" in keys else above.tooltip
    attributes: dict[str, Any] = {}
    for key in _INHERITABLE:
        if key in keys:
            attributes[key] = obj[key]
    if above is not _NOTHING:
        name = f"{above.name}.{name}" if above.name and name else name or above.name
        attributes = {**above.attributes, **attributes}
    return _Inherited(name, tooltip, attributes)


def _parents(obj: pikepdf.Dictionary) -> list[pikepdf.Dictionary]:
    """Return the fields above `obj`, the nearest first, as far as they lead somewhere new."""
    chain: list[pikepdf.Dictionary] = []
    met = {obj.objgen}
    while len(chain) < _DEEPEST:
        parent = obj.get("/Parent")
        if not isinstance(parent, pikepdf.Dictionary) or parent.objgen in met:
            break
        met.add(parent.objgen)
        chain.append(parent)
        obj = parent
    return chain
