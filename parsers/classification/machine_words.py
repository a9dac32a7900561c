"""What the words of a mail say for a machine: that one wrote it, or that a letter did not arrive.

Words prove nothing: people write of absences, receipts and bounces, some below the very subject of
one. So what only they betray is neither a machine's nor a person's to us, and what they say of a
letter counts only beside its identifier, in the mail of a mail system. The answer is yes or no.
"""

from __future__ import annotations

import re

from parsers.mail.machine_marks import (
    has_automatic_subject,
    has_bounce_subject,
    has_report_opening,
    is_from_unanswerable,
)
from parsers.mail.message import InboundMessage
from parsers.replies.new_text import find_new_text

#: Of a text so much is looked at.
_CHARS = 3_000
_AUTOMATIC = r"auto(?:mat(?:ic|ed|ically))?"
_SENT = r"(?:e-?mail|message|reply|response|answer|notice|notification|acknowledge?ment|receipt)"
_GREETING = (
    r"(?:(?:hello|hi|dear|greetings|good (?:morning|afternoon|day)|hola|estimad[oa]s?|buen[oa]s)"
    r"[^.!,:\n]{0,40}[.!,:\n]\W{0,9}"
    r"|(?:thank you|thanks|gracias) (?:for|por) [^.!\n]{0,80}[.!\n]\W{0,9}){0,2}"
)
#: How programs begin that say what they are.
_OPENING = re.compile(
    rf"\W{{0,9}}{_GREETING}(?:"
    rf"this (?:is|was) an? {_AUTOMATIC}[- ]?(?:generated |sent )?{_SENT}\b"
    rf"|this {_SENT} (?:is|was|has been) (?:an )?{_AUTOMATIC}\b"
    rf"|{_AUTOMATIC}[- ]?(?:reply|response)\s?[:.\])-]"
    r"|out of (?:the )?office\s?(?:[:.\])-]|(?:until|till|through) )"
    r"|est[ea] (?:es una? )?(?:mensaje|correo|respuesta)(?: electr[oó]nico)?"
    r"(?: (?:es|fue|ha sido))?(?: (?:generad|enviad)[oa])? (?:de forma )?autom[aá]tic"
    r"|(?:mensaje|respuesta|correo) autom[aá]tic[oa]\s?[:.\])-]"
    r"|(?:please )?(?:type|enter|write) your reply above this line)",
    re.IGNORECASE,
)
#: How somebody's program begins that says until when they are away.
_ABSENCE = re.compile(
    rf"\W{{0,9}}{_GREETING}(?:i am|i['’]m|i will be|estoy|estar[eé]|me encuentro)"
    r"(?: currently| presently| actualmente)?"
    r" (?:out of (?:the |my )?office|away from (?:the |my )?(?:office|desk|e-?mail)"
    r"|on (?:\w{1,12} )?(?:leave|vacation|holiday)|fuera de (?:la |mi )?oficina"
    r"|de vacaciones|ausente)\b"
    r"[^.!?\n]{0,60}\b(?:until|till|through|return\w*|back|with (?:no|limited)|without access"
    r"|hasta|sin acceso|regres\w+|volver\w*|vuelv\w+)\b",
    re.IGNORECASE,
)
_RECEIPT_SUBJECT = re.compile(
    r"(?:(?:not )?read|(?:no )?le[ií]do|(?:un)?gelesen)\s?[:：]", re.IGNORECASE
)
#: What a desk's program writes, in two places: that something came, and that it takes no answer.
_TAKEN_IN = re.compile(
    r"\b(?:received your|has been (?:received|opened|created)"
    r"|ticket\b.{0,30}\b(?:number|id|created|opened)"
    r"|hemos recibido su|se ha (?:recibido|creado))\b",
    re.IGNORECASE,
)
_NO_ANSWER = re.compile(
    r"\bdo not (?:reply|respond)\b|\bdon['’]t reply\b|\bno[- ]reply\b|\breplies .{0,30}not read\b"
    r"|\bno (?:responda|conteste)\b",
    re.IGNORECASE,
)
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


def speaks_like_a_machine(message: InboundMessage) -> bool:
    """Whether its subject or the beginning of its text are as programs write them."""
    if has_automatic_subject(message) or _RECEIPT_SUBJECT.match(message.subject):
        return True
    if has_bounce_subject(message) and has_report_opening(message):
        return True
    own = find_new_text(message).text[:_CHARS]
    if _OPENING.match(own):
        return True
    # Who is away, or takes no answers, and sends papers all the same is a person.
    return not any(paper.is_document for paper in message.papers) and (
        _ABSENCE.match(own) is not None
        or (_TAKEN_IN.search(own) is not None and _takes_no_answer(message, own))
    )


def _takes_no_answer(message: InboundMessage, own: str) -> bool:
    return is_from_unanswerable(message) or _NO_ANSWER.search(own) is not None


def tells_failure(message: InboundMessage) -> bool:
    """Whether its subject, or its text above what it quotes, says that a letter did not arrive."""
    own = find_new_text(message).text or message.text or ""
    return _FAILURE.search(f"{message.subject}\n{own[:_CHARS]}") is not None
