"""Traits of a document that are named and never acted on: its type, its actions, its attachments.

Scripts, launch actions and embedded programs are reported and never run.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import pikepdf

from parsers.extraction import DocumentWarning
from parsers.pdf.acroform import Annotation
from parsers.pdf.attachments import has_program
from parsers.pdf.objects import members

#: What a document is or holds, by code, in a sentence for its sender or for staff.
SENTENCES = {
    "empty_file": "The file is empty; please send it again.",
    "over_size_limit": "The file is larger than this program accepts; please send a smaller one.",
    "over_page_limit": "The document has more pages than this program accepts; please send the "
    "form alone.",
    "too_many_fields": "The document has more form fields than any form has; please send the "
    "form alone.",
    "not_a_pdf": "The file is not a PDF; please send the form as a PDF.",
    "small_picture": "The picture is too small, or not of the shape, to show a page that can be "
    "read; please send the form as a PDF.",
    "over_pixel_limit": "A picture in the document has more pixels than this program accepts; "
    "please scan the form with 200 to 300 dots an inch.",
    "broken_picture": "The picture is damaged or incomplete; please send it once more.",
    "broken_pdf": "The PDF is damaged or incomplete; please save it again and send it once more.",
    "password_needed": "The PDF needs a password to open; please send a copy without one.",
    "wrong_password": "This password does not open the PDF; please check it, or send a copy that "
    "needs none.",
    "unknown_protection": "The PDF is locked for certain people or programs; please send a copy "
    "without protection.",
    "please_wait_page": "The page itself only says “Please wait”: this is a dynamic XFA form, "
    "which few programs can show.",
    "damaged_xfa": "The document holds an XFA form whose data are damaged or missing; please fill "
    "in the current form.",
    "scan_not_read": "The document consists of pictures, a scan or a fax for example, which were "
    "not read.",
    "no_form_in_pictures": "The pictures show no form that this program knows; please scan or "
    "photograph every page whole, flat and sharp.",
    "no_known_form": "The document can be read, and it is no form that this program knows.",
    "contains_signature": "The document bears a digital signature over the whole file; who signed "
    "was not checked.",
    "signature_not_over_all": "The document bears a digital signature that does not cover the "
    "whole file, as when something was changed after signing; who signed was not checked.",
    "contains_ssn": "The form contains a Social Security number; it is masked wherever shown.",
    "damaged_field": "A form field is damaged and could not be read; please check what is missing.",
    "contains_xfa": "The document also holds an XFA form; its ordinary form fields count.",
    "text_over_form": "Text was written over the pages beside the form's own fields; a person "
    "should look at it.",
    "contains_javascript": "The document contains JavaScript, which was not run.",
    "contains_launch_action": "The document asks to start a program, which was not done.",
    "contains_submit_action": "The document asks to send its data elsewhere, which was not done.",
    "contains_embedded_files": "The document carries other files inside it; forms among them are "
    "read as documents of their own.",
    "contains_executable": "The document carries a program among its files, which was not started.",
    "holds_papers": "The file is a wrapping around other papers, which were read one by one.",
    "inside_locked": "This file lies in an archive that is locked with a password; please send the "
    "form without one.",
    "inside_damaged": "This file could not be taken out of the one it lies in, which is damaged or "
    "packed in an unusual way; please send the form by itself.",
    "inside_too_large": "This file unfolds to more than this program accepts; please send the form "
    "by itself.",
    "inside_too_deep": "This file is packed inside too many others; please send the form by "
    "itself.",
    "over_time_limit": "Reading the document took too long and was stopped; please send a fresh "
    "copy of the form.",
    "over_memory_limit": "Reading the document took too much memory and was stopped; please send "
    "a fresh copy of the form.",
    "reader_crashed": "The document made its reader fail and was set aside; please send a fresh "
    "copy of the form.",
}

#: Warnings that come from actions, in the order they are reported, with the action types they mean.
WARNINGS = {
    "contains_javascript": ("JavaScript",),
    "contains_launch_action": ("Launch", "ImportData"),
    "contains_submit_action": ("SubmitForm",),
    "contains_embedded_files": ("EmbeddedFile", "GoToE"),
    "contains_executable": ("Executable",),
}


#: How many pages are looked at for pictures.
_LOOKED_AT = 20
#: What whoever decides on a request should know of its papers.
_REMARKABLE = (
    "contains_javascript",
    "contains_launch_action",
    "contains_submit_action",
    "contains_embedded_files",
    "contains_executable",
    "contains_signature",
    "signature_not_over_all",
    "contains_xfa",
    "please_wait_page",
    "damaged_xfa",
    "damaged_field",
    "text_over_form",
    "inside_locked",
    "inside_damaged",
    "inside_too_large",
    "inside_too_deep",
)


def list_remarks(codes: Sequence[str]) -> tuple[str, ...]:
    """Return the sentences that a reviewer should read of a document with these warnings."""
    return tuple(SENTENCES[code] for code in _REMARKABLE if code in codes)


def warn(code: str) -> DocumentWarning:
    """Return the warning of that code with its sentence."""
    return DocumentWarning(code=code, message=SENTENCES[code])


def name_actions(kinds: set[str]) -> tuple[str, ...]:
    """Return the warning codes for action types such as `JavaScript`, in a fixed order."""
    return tuple(code for code, types in WARNINGS.items() if kinds.intersection(types))


def find_catalog_actions(pdf: pikepdf.Pdf) -> set[str]:
    """Return the types of the actions that hang on the document as a whole."""
    root = pdf.Root
    kinds = _action_types(root.get("/OpenAction"))
    for action in members(root.get("/AA")):
        kinds |= _action_types(action)
    names = root.get("/Names")
    if isinstance(names, pikepdf.Dictionary) and "/JavaScript" in names:
        kinds.add("JavaScript")
    return kinds


def find_files(pdf: pikepdf.Pdf, annotations: Sequence[Annotation]) -> set[str]:
    """Return `EmbeddedFile` where the document carries files, and `Executable` for a program."""
    names = pdf.Root.get("/Names")
    listed = isinstance(names, pikepdf.Dictionary) and _has_entries(names.get("/EmbeddedFiles"))
    if not listed and not any(a.subtype == "FileAttachment" for a in annotations):
        return set()
    return {"EmbeddedFile", "Executable"} if has_program(pdf) else {"EmbeddedFile"}


def _has_entries(tree: object) -> bool:
    """Return whether a name tree holds anything; an empty one is left behind by many programs."""
    if not isinstance(tree, pikepdf.Dictionary):
        return False
    return any(len(members(tree.get(key))) > 0 for key in ("/Names", "/Kids"))


def _action_types(action: object) -> set[str]:
    if isinstance(action, pikepdf.Dictionary) and isinstance(action.get("/S"), pikepdf.Name):
        return {str(action["/S"])[1:]}
    return set()


_SIGNATURES = (
    (b"PK\x03\x04", "zip"),
    (b"\x89PNG", "png"),
    (b"\xff\xd8\xff", "jpeg"),
    (b"II*\x00", "tiff"),
    (b"MM\x00*", "tiff"),
    (b"GIF8", "gif"),
    (b"\xd0\xcf\x11\xe0", "ole"),
    (b"{\\rtf", "rtf"),
    (b"7z\xbc\xaf", "7z"),
    (b"Rar!", "rar"),
    (b"\x1f\x8b", "gzip"),
    (b"\x78\x9f\x3e\x22", "tnef"),
    (b"MZ", "exe"),
    (b"BM", "bmp"),
)


def find_other_type(data: bytes) -> str | None:
    """Return what a file that is no PDF is, by its first bytes; None where that cannot be said."""
    found = next((kind for start, kind in _SIGNATURES if data.startswith(start)), None)
    if found is not None:
        return found
    if data[8:12] in (b"WEBP", b"heic", b"heix", b"mif1"):
        return "image"
    head = data[:4096].removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if head.startswith((b"<!doctype html", b"<html", b"<?xml", b"<head", b"<body")):
        return "markup"
    return "text" if head and _is_text(data[:4096]) else None


def _is_text(head: bytes) -> bool:
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return True
    return not any(byte < 9 or 13 < byte < 27 or 27 < byte < 32 for byte in head)


#: What the dictionary of a picture holds: its name, the name elsewhere, or a name in disguise. The
#: dictionary of a stream lies in no compressed object (ISO 32000-2, 7.5.7), and no encryption hides
#: names (7.6.2), so that a file without any of these has no picture.
_MAY_BE_PICTURE = re.compile(
    rb"/Image(?![!-$&'*-.0-;=?-Z\\^-z|~])"
    rb"|/Subtype[\0\t\n\f\r ]*[\d%]"
    rb"|/(?:I|Im|Ima|Imag|S|Su|Sub|Subt|Subty|Subtyp)?#[0-9A-Fa-f]"
)


def has_images(pdf: pikepdf.Pdf, data: bytes) -> bool:
    """Return whether the first pages show pictures, directly or inside a form object.

    `data` are the bytes that `pdf` was opened from. Most forms are seen by them alone to have none,
    which takes a twentieth of the time of asking every object of a flattened page.
    """
    return _MAY_BE_PICTURE.search(data) is not None and any(
        _shows_image(page.obj.get("/Resources"), 0) for page in list(pdf.pages)[:_LOOKED_AT]
    )


def _shows_image(resources: object, depth: int) -> bool:
    if not isinstance(resources, pikepdf.Dictionary) or depth > 3:
        return False
    for item in members(resources.get("/XObject"))[:200]:
        if not isinstance(item, pikepdf.Stream):
            continue
        if item.get("/Subtype") == pikepdf.Name.Image:
            return True
        if _shows_image(item.get("/Resources"), depth + 1):
            return True
    return False
