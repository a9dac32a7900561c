"""Mends what WeasyPrint leaves undone in the tags of a page.

Outcome: the running feet of the pages are artifacts, as ISO 14289-1 7.8 asks. WeasyPrint tags them
and then leaves their tags out of the structure tree, where they are neither content nor artifact.
"""

from __future__ import annotations

from collections.abc import Iterator

import pikepdf
from pikepdf import Dictionary, Name, Operator

_Instruction = pikepdf.ContentStreamInstruction | pikepdf.ContentStreamInlineImage


def mend_tags(pdf: pikepdf.Pdf) -> None:
    """Make artifacts of all marked content that the structure tree does not hold."""
    for page in pdf.pages:
        held = set(_held(pdf.Root.StructTreeRoot.K, page.obj))
        mended = [
            _as_artifact(instruction) if _is_lost(instruction, held) else instruction
            for instruction in pikepdf.parse_content_stream(page)
        ]
        page.obj.Contents = pdf.make_stream(pikepdf.unparse_content_stream(mended))
        _forget_lost(pdf, page, held)


def _held(nodes: pikepdf.Object, page: pikepdf.Object) -> Iterator[int]:
    """Yield the numbers of the marked content of `page` below nodes of the structure tree."""
    for node in nodes:
        for kid in node.get("/K", ()):
            if not isinstance(kid, int):
                yield from _held(pikepdf.Array([kid]), page)
            elif node.Pg == page:
                yield kid


def _is_lost(instruction: _Instruction, held: set[int]) -> bool:
    operands = instruction.operands
    return (
        instruction.operator == Operator("BDC")
        and isinstance(operands[1], pikepdf.Dictionary)
        and "/MCID" in operands[1]
        and int(operands[1].MCID) not in held
    )


def _as_artifact(instruction: _Instruction) -> pikepdf.ContentStreamInstruction:
    kind = Dictionary(Type=Name.Pagination, Subtype=Name.Footer)
    return pikepdf.ContentStreamInstruction([Name.Artifact, kind], instruction.operator)


def _forget_lost(pdf: pikepdf.Pdf, page: pikepdf.Page, held: set[int]) -> None:
    """Cut the page's list of structure elements after the last one that is held.

    The feet of a page are painted last, so what is lost stands at the end.
    """
    numbers = pdf.Root.StructTreeRoot.ParentTree.Nums
    elements = numbers[list(numbers).index(page.obj.StructParents) + 1]
    if held != set(range(len(held))):
        raise ValueError("The content left out of the structure tree is not the last of its page.")
    while len(elements) > len(held):
        del elements[len(elements) - 1]
