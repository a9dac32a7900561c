"""The copies of a certification that leave beside the one that is archived.

`seal_certification` gives the copy for e-mail: the same pages, encrypted with AES-256 (ISO 32000-2,
revision 6) and then signed, with the filing copy attached. `strip_attachments` gives a filing copy
without embedded files, signed anew. Both start from the clear copy as it was issued, signed or a
sample, and what was made of it says nothing more than it does. `key` is None for a sample alone,
whose copies are unsigned as it is. Outcomes: the bytes, or an exception of a library, which is a
fault.
"""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING

from pikepdf import (
    Array,
    AttachedFileSpec,
    Dictionary,
    Encryption,
    Name,
    Pdf,
    Permissions,
)

from config.signing_keys import SigningKey
from outbound.certification.signing import sign_copy

if TYPE_CHECKING:
    from outbound.certification.timestamps import TimestampServer

#: Reading aloud and copying, printing: whoever has the password may do all but change it.
_ALLOWED = Permissions(
    accessibility=True,
    extract=True,
    print_lowres=True,
    print_highres=True,
    modify_annotation=False,
    modify_assembly=False,
    modify_form=False,
    modify_other=False,
)
_DESCRIPTION = "The certification for filing, which needs no password"
#: What an encrypted file cannot be (ISO 19005-3, 6.1.3), so it does not say that it is.
_ARCHIVAL_MARKS = ("pdfaid:part", "pdfaid:conformance")


def name_filing_copy(control_number: str) -> str:
    """Return the file name of the filing copy, which tells nothing of a person."""
    return f"{control_number}.pdf"


def seal_certification(
    clear: bytes,
    filing_copy: bytes,
    key: SigningKey | None,
    *,
    control_number: str,
    password: str,
    owner_password: str,
    timestamps: TimestampServer | None = None,
) -> bytes:
    """Return the encrypted copy with the filing copy attached, signed with `key`.

    `password` opens it; `owner_password`, which nobody keeps, would lift what is not allowed.
    """
    name = name_filing_copy(control_number)
    with Pdf.open(BytesIO(clear)) as pdf:
        reason = _take_signature_off(pdf)
        _take_attachments_off(pdf)
        with pdf.open_metadata(set_pikepdf_as_editor=False) as metadata:
            for mark in _ARCHIVAL_MARKS:
                metadata.pop(mark, None)
        attached = AttachedFileSpec(
            pdf,
            filing_copy,
            filename=name,
            description=_DESCRIPTION,
            mime_type="application/pdf",
            creation_date="",
            mod_date="",
        )
        attached.relationship = Name.Alternative
        pdf.attachments[name] = attached
        pdf.Root.AF = Array([attached.obj])
        sealed = BytesIO()
        pdf.save(
            sealed,
            encryption=Encryption(user=password, owner=owner_password, R=6, allow=_ALLOWED),
        )
    if key is None:
        return sealed.getvalue()
    return sign_copy(sealed.getvalue(), reason, key, password=password, timestamps=timestamps)


def strip_attachments(
    clear: bytes, key: SigningKey | None, *, timestamps: TimestampServer | None = None
) -> bytes:
    """Return the certification without embedded files, which courts' filing systems refuse."""
    with Pdf.open(BytesIO(clear)) as pdf:
        reason = _take_signature_off(pdf)
        _take_attachments_off(pdf)
        stripped = BytesIO()
        pdf.save(stripped, deterministic_id=True)
    if key is None:
        return stripped.getvalue()
    return sign_copy(stripped.getvalue(), reason, key, timestamps=timestamps)


def _take_signature_off(pdf: Pdf) -> str:
    """Take the signature and its field off and return its reason, empty where there is none."""
    if "/Perms" not in pdf.Root:
        return ""
    reason = str(pdf.Root.Perms.DocMDP.Reason)
    fields = {field.objgen for field in pdf.Root.AcroForm.Fields}
    for page in pdf.pages:
        left = [a for a in page.get("/Annots", []) if a.objgen not in fields]
        if left:
            page.Annots = Array(left)
        elif "/Annots" in page:
            del page.Annots
    del pdf.Root.Perms
    del pdf.Root.AcroForm
    _untag_fields(pdf)
    return reason


def _untag_fields(pdf: Pdf) -> None:
    """Take the fields' elements off what is read aloud, which would keep the signature's bytes."""
    tree = pdf.Root.StructTreeRoot
    document, numbers = tree.K[0], list(tree.ParentTree.Nums)
    gone = {kid.objgen for kid in document.K if isinstance(kid, Dictionary) and Name.Form == kid.S}
    document.K = Array([kid for kid in document.K if kid.objgen not in gone])
    pairs = zip(numbers[::2], numbers[1::2], strict=True)
    kept = [pair for pair in pairs if pair[1].objgen not in gone]
    tree.ParentTree.Nums = Array([one for pair in kept for one in pair])


def _take_attachments_off(pdf: Pdf) -> None:
    """Take the embedded files off with their table: filing systems ask whether there is one."""
    if "/AF" in pdf.Root:
        del pdf.Root.AF
    if "/Names" not in pdf.Root:
        return
    names = pdf.Root.Names
    if "/EmbeddedFiles" in names:
        del names["/EmbeddedFiles"]
    if not names.keys():
        del pdf.Root.Names
