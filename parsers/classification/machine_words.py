"""What the words of a mail say for a machine: that a letter did not arrive.

Words prove nothing: what they say of a letter counts only beside its identifier, in the mail of a
mail system. The answer is yes or no.
"""

from __future__ import annotations

import re

from parsers.mail.message import InboundMessage
from parsers.replies.new_text import find_new_text

#: Of a text so much is looked at.
_CHARS = 3_000
#: That a letter did not arrive, by a code of RFC 5321 or RFC 3463, or in words.
_FAILURE = re.compile(
    r"(?<![\d.])[45]\.\d{1,3}\.\d{1,3}(?![\d.])"
    r"|\b(?:smtp|error|code|c[oó]digo|said|dijo)\b[^\d\n]{0,20}(?<!\d)[45][0-7]\d(?!\d)"
    r"|\bundeliver(?:able|ed)\b|\bnon-?delivery\b|\breturned to sender\b|\bover quota\b"
    r"|\b(?:could|can|was|were|has|have|will) ?not (?:be |been )?(?:delivered|accepted)\b"
    r"|\b(?:unable|failed) to deliver\b|\bdelivery (?:has )?fail|\bnot delivered\b"
    r"|\b(?:mailbox|inbox|quota)\b[^.\n]{0,60}\b(?:full|exceeded)\b"
    r"|\b(?:e-?mail|message|attachment|recipient|address)\b[^.\n]{0,60}"
    r"\b(?:rejected|blocked|refused|bounced|not allowed|quarantined|unknown)\b"
    r"|\b(?:no such|unknown) (?:user|mailbox|recipient)\b|\buser unknown\b"
    r"|\bno (?:se )?(?:pudo|puede|ha podido|fue|ha sido) (?:ser )?(?:entrega|envia)"
    r"|\bno entregad[oa]\b|\bdevoluci[oó]n de(?:l)? (?:correo|mensaje)\b|\bimposible entregar\b"
    r"|\b(?:correo|mensaje|destinatario|direcci[oó]n|adjunto)\b[^.\n]{0,60}"
    r"\b(?:rechazad|bloquead|devuelt|desconocid|no existe)"
    r"|\bbuz[oó]n\b[^.\n]{0,40}\bllen[oa]\b|\busuario desconocido\b|\brechazad[oa]\b",
    re.IGNORECASE,
)


def tells_failure(message: InboundMessage) -> bool:
    """Whether its subject, or its text above what it quotes, says that a letter did not arrive."""
    own = find_new_text(message).text or message.text or ""
    return _FAILURE.search(f"{message.subject}\n{own[:_CHARS]}") is not None
