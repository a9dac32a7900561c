"""Builds small PDF forms the way many programs do, and the ways none should."""

from __future__ import annotations

import io
import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import pikepdf
from pikepdf import Array, Dictionary, Name, String

#: Text fields with machine names, enough to be recognised as the model form.
KNOWN = {
    "requester_name": "Dana Example",
    "requester_title": "Deputy Clerk",
    "requester_city": "Anytown",
    "requester_agency": "Example County",
    "court_name": "Superior Court of Example County",
}


class FormBuilder:
    """A PDF with form fields, one below the other."""

    def __init__(self, *, pages: int = 1, known: bool = True) -> None:
        self.pdf = pikepdf.new()
        for _ in range(pages):
            self.pdf.add_blank_page(page_size=(612, 792))
            self.pdf.pages[-1].obj.Annots = self.pdf.make_indirect(Array([]))
        self.pdf.Root.AcroForm = Dictionary(Fields=Array([]))
        self.fields = self.pdf.Root.AcroForm.Fields
        self._top = 760.0
        for name, value in KNOWN.items() if known else ():
            self.text(name, value)

    def rect(self, *, left: float = 200, width: float = 200) -> Array:
        self._top -= 16
        return Array([left, self._top, left + width, self._top + 12])

    def add(self, content: Mapping[str, Any], *, page: int = 1, in_tree: bool = True) -> Any:
        """Add a field that is its own widget."""
        base = {"/Type": Name.Annot, "/Subtype": Name.Widget, "/Rect": self.rect()}
        field = self.pdf.make_indirect(Dictionary({**base, **content}))
        self.pdf.pages[page - 1].obj.Annots.append(field)
        if in_tree:
            self.fields.append(field)
        return field

    def text(self, name: str, value: str | bytes | None = None, **more: Any) -> Any:
        """Add a text field; bytes are written as they are."""
        content: dict[str, Any] = {"/FT": Name.Tx, "/T": String(name)}
        if value is not None:
            content["/V"] = String(value)
        page, in_tree = more.pop("page", 1), more.pop("in_tree", True)
        extra = {f"/{key}": item for key, item in more.items()}
        return self.add({**content, **extra}, page=page, in_tree=in_tree)

    def tick(
        self,
        name: str,
        *,
        on: str = "Yes",
        value: str | None = None,
        shown: str | None = None,
        **more: Any,
    ) -> Any:
        """Add a tick box whose on-state is `on`; value and appearance state are set apart."""
        content: dict[str, Any] = {"/FT": Name.Btn, "/T": String(name), "/AP": self.appearance(on)}
        if value is not None:
            content["/V"] = Name(f"/{value}")
        if shown is not None:
            content["/AS"] = Name(f"/{shown}")
        return self.add({**content, **{f"/{key}": item for key, item in more.items()}})

    def appearance(self, on: str) -> Dictionary:
        stream = self.pdf.make_stream(b"")
        return Dictionary(N=Dictionary({f"/{on}": stream, "/Off": stream}))

    def group(
        self,
        name: str,
        states: Sequence[str],
        *,
        value: str | None = None,
        shown: str | None = None,
        radio: bool = True,
        **more: Any,
    ) -> Any:
        """Add a group of buttons, one widget for each state."""
        parent = self.pdf.make_indirect(
            Dictionary({"/FT": Name.Btn, "/T": String(name), "/Kids": Array([])})
        )
        if radio:
            parent.Ff = 1 << 15
        if value is not None:
            parent.V = Name(f"/{value}")
        for key, item in more.items():
            parent[f"/{key}"] = item
        for state in states:
            kid = {"/Parent": parent, "/AP": self.appearance(state)}
            kid["/AS"] = Name(f"/{state}") if state == shown else Name.Off
            parent.Kids.append(self.add(kid, in_tree=False))
        self.fields.append(parent)
        return parent

    def print_text(self, lines: Sequence[tuple[float, float, str]], *, page: int = 1) -> None:
        """Print words on a page, each at its place."""
        holder = self.pdf.pages[page - 1]
        font = Dictionary(Type=Name.Font, Subtype=Name.Type1, BaseFont=Name.Helvetica)
        holder.obj.Resources = Dictionary(Font=Dictionary(F1=font))
        shows = [f"BT /F1 9 Tf {x} {y} Td ({text}) Tj ET" for x, y, text in lines]
        holder.obj.Contents = self.pdf.make_stream("\n".join(shows).encode("latin-1"))

    def save(self, **options: Any) -> bytes:
        output = io.BytesIO()
        with warnings.catch_warnings():
            # pikepdf warns of widgets outside the tree, which is what some of these forms are for.
            warnings.simplefilter("ignore", pikepdf.PageCopyWarning)
            self.pdf.save(output, **options)
        return output.getvalue()
