"""Which attachments somebody meant to send, and which mail programs put there by themselves.

A signature's logo, a business card, an invitation, a digital signature and an empty `winmail.dat`
are nothing that anybody attached. What can be read as a document always counts, and so does a
picture that may be a photograph of a page, however it was put into the mail: where it is unsure,
a file counts.
"""

from __future__ import annotations

import re
from urllib.parse import unquote

from parsers.mail.message import TNEF_START, Attachment, InboundMessage
from parsers.picture_files import find_picture_file

_TYPES = frozenset(
    {
        *("text/vcard", "text/x-vcard", "text/directory", "application/vcard"),
        *("text/calendar", "application/ics"),
        *("application/pkcs7-signature", "application/x-pkcs7-signature"),
        *("application/pkcs7-mime", "application/x-pkcs7-mime"),
        *("application/pgp-signature", "application/pgp-keys", "application/pgp-encrypted"),
    }
)
_ENDINGS = (".vcf", ".ics", ".p7s", ".p7m", ".asc", ".sig")

_PICTURE_ENDINGS = (".png", ".jpg", ".jpeg", ".gif", ".bmp", ".svg", ".webp")
#: What programs and offices call the pictures of a signature. A separator parts what is repeated:
#: a name is read in one way only, or a hostile one would take for ever.
_DECORATIVE = re.compile(
    r"(?:image|outlook|oledata|logo|signature|sig|firma|icon|banner|seal|escudo"
    r"|facebook|twitter|x|linkedin|instagram|youtube)"
    r"(?:[0-9a-f]{1,12})?(?:[-_. ]?[-_. (][0-9a-f]{1,12}\)?)*"
    r"(?:[-_. ](?:logo|icon|small|email|signature|firma))*"
    r"\.[a-z]{3,4}"
    r"|[a-z0-9_-]{1,30}[-_ ](?:logo|signature|firma|icon)\.[a-z]{3,4}",
)
_LONGEST_NAME = 80
#: A logo is smaller than this at its short side and in its bytes.
_LOGO_SHORT_SIDE = 400
_LOGO_BYTES = 200_000
#: Photographs that a telephone made smaller are still this large, and in a format of cameras.
_PHOTOGRAPH_SHORT_SIDE = 480
_PHOTOGRAPHS = frozenset({"jpeg", "tiff"})


def has_file(message: InboundMessage) -> bool:
    """Return whether something is attached that somebody meant to send."""
    return any(
        _is_file(part) and not _is_incidental(part, position, message)
        for position, part in enumerate(message.attachments)
    )


def _is_file(part: Attachment) -> bool:
    # A text part without a name is a footer or what follows a picture, and no file to a person.
    return bool(part.name) or not part.declared_type.startswith("text/")


def _is_incidental(part: Attachment, position: int, message: InboundMessage) -> bool:
    if part.is_document:
        return False
    if part.data.startswith(TNEF_START):
        return message.was_opened and not _holds_file(position, message)
    return (
        part.declared_type in _TYPES
        or part.name.lower().endswith(_ENDINGS)
        or _is_decoration(part, message)
    )


def _holds_file(position: int, message: InboundMessage) -> bool:
    """Whether anything that counts lay in the paper at a position."""
    own = len(message.attachments)
    return any(
        paper.holder == position and not _is_incidental(paper, own + n, message)
        for n, paper in enumerate(message.inside)
    )


def _is_decoration(part: Attachment, message: InboundMessage) -> bool:
    """Whether a picture belongs to the text, or is small, is called so, and stands beside one."""
    found = find_picture_file(part.data)
    if found is None and not part.name.lower().endswith(_PICTURE_ENDINGS):
        return False
    short_side = 0 if found is None else min(found.width, found.height)
    kind = "" if found is None else found.kind
    if kind in _PHOTOGRAPHS and short_side >= _PHOTOGRAPH_SHORT_SIDE:
        return False
    if _is_shown(part, message):
        return True
    is_small = short_side < _LOGO_SHORT_SIDE and len(part.data) < _LOGO_BYTES
    has_text = bool((message.text or message.html or "").strip())
    return is_small and has_text and _is_decorative(part.name)


def _is_decorative(name: str) -> bool:
    return len(name) <= _LONGEST_NAME and _DECORATIVE.fullmatch(name.lower()) is not None


def _is_shown(part: Attachment, message: InboundMessage) -> bool:
    if part.is_inline:
        return True
    html = (message.html or "").casefold()
    cid = part.content_id.casefold()
    return bool(cid) and (f"cid:{cid}" in html or f"cid:{cid}" in unquote(html))
