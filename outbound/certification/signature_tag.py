"""The signature's place in what is read aloud: a Form element, as PDF/UA asks of every field.

`tag_signature` adds, to the revision that is being signed, the field's element at the end of the
document's (ISO 14289-1, 7.18.4). Its outcome is nothing; a document that is not ours to tag raises
`KeyError`, which is a fault.
"""

from __future__ import annotations

from pyhanko.pdf_utils.generic import (
    DictionaryObject,
    NumberObject,
    PdfObject,
    pdf_name,
)
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter


def tag_signature(writer: IncrementalPdfFileWriter) -> None:
    """Give the document's only form field, which stands on its first page, an element."""
    tree, field = writer.root["/StructTreeRoot"], writer.root["/AcroForm"]["/Fields"].raw_get(0)
    page, _ = writer.find_page_for_modification(0)  # type: ignore[no-untyped-call]  # pyHanko's
    element = writer.add_object(
        _build(
            Type=pdf_name("/StructElem"),
            S=pdf_name("/Form"),
            P=tree["/K"].raw_get(0),
            Pg=page,
            K=_build(Type=pdf_name("/OBJR"), Obj=field, Pg=page),
        )
    )
    number, next_one = _count(tree["/ParentTreeNextKey"]), _count(tree["/ParentTreeNextKey"] + 1)
    kids, numbers, widget = tree["/K"][0]["/K"], tree["/ParentTree"]["/Nums"], field.get_object()
    kids.append(element)
    numbers.extend([number, element])
    widget[pdf_name("/StructParent")] = number
    tree[pdf_name("/ParentTreeNextKey")] = next_one
    writer.mark_update(field)
    for changed in (kids, numbers, tree):
        writer.update_container(changed)


def _build(**values: PdfObject) -> DictionaryObject:
    named = {pdf_name(f"/{name}"): value for name, value in values.items()}
    return DictionaryObject(named)  # type: ignore[no-untyped-call]  # pyHanko's


def _count(number: int) -> NumberObject:
    return NumberObject(number)  # type: ignore[no-untyped-call]  # pyHanko's
