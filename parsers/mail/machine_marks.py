"""The marks by which mail that a program wrote is known, each as one question with yes or no.

Standard fields come first (RFC 3464, RFC 3834, RFC 2919); the patterns below them are for the many
programs that never heard of those. They are narrow on purpose: a clerk who writes about a bounce,
forwards one, or is out of the office on Fridays, is a person.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterator, Sequence

from parsers.mail.message import InboundMessage

#: Local parts, or whole From fields without any address, that only mail systems use.
_DAEMON = re.compile(
    r"mailer[-_. ]?daemon|m-?daemon|mail[-_. ]?daemon|mail[-_.]delivery[-_.](?:sub)?system"
    r"|postmaster-daemon|smtp[-_.]daemon|microsoftexchange[0-9a-f]{32}",
    re.IGNORECASE,
)
_DAEMON_NAME = re.compile(
    r"(?:mail(?:er)?[- ]?daemon|mail deliver[y]? (?:sub)?system|mail delivery service)",
    re.IGNORECASE,
)
_POSTMASTER = re.compile(r"post-?master|mailadm(?:in)?", re.IGNORECASE)
#: Local parts of what passes mail on or checks it, and of what sends and takes no answers.
_GATEWAY = re.compile(
    r"(?:mail|smtp|mta|e-?mail)[-_.]?(?:er|server|gateway|system|delivery|security)|smtp|mta"
    r"|anti-?(?:spam|virus)|(?:spam|mail|content)[-_.]?filter|quarantine|bounces?",
    re.IGNORECASE,
)
_UNANSWERABLE = re.compile(r"no[-_.]?reply|do[-_.]?not[-_.]?reply|no[-_.]?responder", re.IGNORECASE)
_SYSTEM_NAME = re.compile(r"system administrator|post-?master|mail administrator", re.IGNORECASE)
_BOUNCE_SUBJECT = re.compile(
    r"(?:mail |message |delivery |permanent |e-?mail )*"
    r"(?:delivery (?:status notification|failure|failed|has failed|notification|problem|warning"
    r"|error|delayed|status|incomplete)"
    r"|undeliver(?:able|ed)|non[- ]?delivery|failure (?:notice|delivery)|returned (?:e-?)?mail"
    r"|mail (?:could not be delivered|system error|delivery)|delayed mail|delivery has failed"
    r"|warning(?:: |--)(?:message|could not|e?-?mail)|could not (?:be )?deliver"
    r"|your message .{0,80}could not be delivered|message (?:undeliverable|delivery)"
    r"|unzustellbar|no se (?:puede|pudo) entregar|no entregado|mensaje no entregado|non remis"
    r"|devoluci[oó]n del? (?:correo|mensaje)|(?:correo|mensaje) (?:no entregado|devuelto)"
    r"|there was an error sending your mail)",
    re.IGNORECASE,
)
_OPENING_LINES = 4
_OPENING_CHARS = 3000
#: How a mail system begins: it speaks of "your message", to nobody by name, and names an address.
_BOUNCE_OPENING = re.compile(
    r"^[\W_]*(?:"
    r"(?:hi\W+)?(?:this message was created automatically by mail delivery software"
    r"|this is (?:the|an?|your) .{0,60}(?:mail (?:system|program|server)|mailer|"
    r"(?:advisory|delivery|automat)\w*))"
    r"|(?:i'?m )?(?:sorry|afraid),? .{0,40}(?:wasn't|was not|unable) (?:able )?to deliver "
    r"|your (?:e-?mail )?(?:message|e-?mail|mail)\b.{0,300}?(?:could not|cannot|can not|can't"
    r"|was not) (?:be )?(?:delivered|sent)"
    r"|could not deliver (?:the )?(?:following )?(?:message|mail)"
    r"|(?:delivery|sending) (?:of|to) .{0,200}(?:has (?:failed|been postponed)|failed|delayed)"
    r"|delivery has failed to these recipients|the following (?:message|recipient|address)"
    r"(?:\(?e?s\)?)? .{0,80}(?:could not|cannot|failed|undeliver|permanent|fatal)"
    r"|(?:------ )?failed recipients?\b|undeliver(?:able|ed) (?:mail|message|to)"
    r"|message from .{0,80}(?:messaging|mail|smtp|security) "
    r"|votre message n'a pas pu|ihre nachricht .{0,80}nicht zugestellt"
    r"|su mensaje .{0,80}no (?:se )?(?:ha podido|pudo|puede)"
    r")",
    re.IGNORECASE | re.DOTALL,
)
#: What a mail system adds and a person does not: a reply code, a report field, an address in its
#: brackets with a reason behind it, or alone on the line after "delivered to".
_TECHNICAL = re.compile(
    r"\b[45]\d\d[ -][45]\.\d{1,3}\.\d{1,3}\b|\b55\d[ -][A-Za-z<]|\bRCPT TO\b|reporting-mta"
    r"|diagnostic[- ]code|failed recipient|<[^<>\s]+@[^<>\s]+>:"
    r"|(?:could not|cannot) be delivered to(?: the following \w+)?:?\s{1,9}"
    r"<?[^<>@\s]+@[^<>@\s]+>?$",
    re.IGNORECASE | re.MULTILINE,
)
#: How a person begins who passes a report on.
_PERSONAL = re.compile(
    r"\b(?:fyi|hello|good (?:morning|afternoon|day)|hola|buen[oa]s|dear|i|i've|we|my|our|me|us"
    r"|can (?:you|somebody|someone|anyone)|mi|me|nos|este|what i got|see below)\b",
    re.IGNORECASE,
)
_BARE_ADDRESS = re.compile(r"^[ \t\"<]*[^<>@\s\"]+@[^<>@\s\"]+[\">]*[ \t]*$", re.MULTILINE)
_FORWARDED = re.compile(r"(?:fwd?|wg|rv|tr|enc|i)\s*:", re.IGNORECASE)
#: What gateways put before a subject.
_TAG = re.compile(
    r"\A(?:\s*(?:[\[(]\s?(?:ext|external|externo|spam|suspected spam|caution)\b[^\])]{0,20}[\])]"
    r"|ext(?:ernal)?\s?:))+\s*",
    re.IGNORECASE,
)
#: How programs call what they write, by language; a colon or nothing follows.
_AUTOMATIC_NAMES = (
    r"auto(?:matic|mated)?[- ]?(?:re(?:ply|sponse|spons)|answer)|ooo|oof",
    r"out[- ]of[- ](?:the[- ])?office(?: auto-?reply| reply| response| message)?",
    r"vacation (?:auto-?)?(?:reply|response|message)",
    r"(?:respuesta|contestaci[oó]n) autom[áa]tica|fuera de (?:la )?oficina",
    r"automatisch\w* antwort|abwesenheits(?:notiz|nachricht|assistent)",
    r"r[ée]ponse automatique|(?:absence|absent) du bureau",
    r"risposta automatica|resposta autom[áa]tica|automatisch antwoord",
    r"automatiskt? svar|autosvar|automaattinen vastaus",
    r"odpowied[źz] automatyczna|automatick[áa] odpov[ěe][ďd]|automatikus v[áa]lasz",
    r"автоответ|автоматический ответ",
    r"自動(?:応答|返信|回覆)|自动(?:答复|回复)|자동\s?(?:회신|응답)",
)
_AUTOMATIC_SUBJECT = re.compile(
    rf"(?:{'|'.join(_AUTOMATIC_NAMES)})\s*(?:[:：]|[.!]?$)"
    # Without a colon, where what follows is no person's word: "Out of Office - Re: your mail".
    r"|(?:out[- ]of[- ](?:the[- ])?office|fuera de (?:la )?oficina)\s*(?:[-–—(\[]"
    r"|(?:re:|until|till|through|hasta)\s)"
    # As Notes writes it: "AUTO: J. Clerk is out of the office (returning 5/12/2026)".
    r"|auto\s?:\s?(?:re:|.{0,100}\b(?:out of (?:the )?office|(?:is|am|will be) (?:away|absent|out)"
    r"|on (?:\w{1,12} )?(?:leave|vacation)|returning|ausente|fuera de (?:la )?oficina)\b)",
    re.IGNORECASE,
)
#: Fields of autoresponders, by the beginning of their names.
_AUTOMATIC_FIELDS = (
    "x-autoreply",
    "x-auto-reply",
    "x-autorespond",
    "x-auto-respond",
    "x-mail-autoreply",
    "x-mail-autorespond",
    "x-autogenerated",
    "x-vacation",
)
_FOOTER_CHARS = 20_000
#: What a mailing says of itself, at its end.
_UNSUBSCRIBE = re.compile(
    r"\bunsubscribe\b|\bopt[- ]out\b|\bdar(?:se|te)? de baja\b"
    r"|\bcancelar (?:la |su )?suscripci[oó]n"
    r"|\bview (?:it |this \S{1,9} )?in (?:your |a )?browser\b",
    re.IGNORECASE,
)
_LIST_FIELDS = ("list-post", "list-subscribe", "mailing-list", "x-mlserver", "x-mailman-version")


def is_from_daemon(message: InboundMessage) -> bool:
    """Whether a mail system is its author or its envelope sender."""
    reverse = (message.header("Return-Path") or "").strip("<> ")
    if _DAEMON.fullmatch(reverse.partition("@")[0]):
        return True
    if any(_DAEMON.fullmatch(author.address.partition("@")[0]) for author in message.authors):
        return True
    if message.authors:
        return False
    # Without a usable address the name is all there is: "MAILER-DAEMON", "Mailer-Daemon <>".
    return _DAEMON_NAME.match(_plain_from(message)) is not None


def is_from_postmaster(message: InboundMessage) -> bool:
    """Whether its author is a postmaster, who may be a program or a person."""
    if any(_POSTMASTER.fullmatch(a.address.partition("@")[0]) for a in message.authors):
        return True
    if any(_SYSTEM_NAME.match(a.display_name) for a in message.authors):
        return True
    return not message.authors and _SYSTEM_NAME.match(_plain_from(message)) is not None


def is_from_unanswerable(message: InboundMessage) -> bool:
    """Whether its author's address says that it takes no answers."""
    return any(_UNANSWERABLE.fullmatch(a.address.partition("@")[0]) for a in message.authors)


def is_from_mailer(message: InboundMessage) -> bool:
    """Whether a mail system may have written it: by its path, or by its author's address."""
    if message.reverse_path == "" or is_from_unanswerable(message):
        return True
    names = [author.address.partition("@")[0] for author in message.authors]
    return any(_POSTMASTER.fullmatch(name) or _GATEWAY.fullmatch(name) for name in names)


def _plain_from(message: InboundMessage) -> str:
    return (message.header("From") or "")[:200].lstrip(' <"')


def has_bounce_subject(message: InboundMessage) -> bool:
    """Whether its subject begins as those of delivery reports do."""
    return _BOUNCE_SUBJECT.match(message.subject) is not None


def has_bounce_opening(message: InboundMessage) -> bool:
    """Whether its text begins as a mail system's does and goes on with technical detail.

    A forwarded bounce begins with its forwarder's words or with a header block, so it has none.
    """
    return has_report_opening(message) and (
        _has_technical_detail(message)
        or (has_bounce_subject(message) and _BARE_ADDRESS.search(_opening_of(message)) is not None)
    )


def has_technical_opening(message: InboundMessage) -> bool:
    """Whether its text begins so and goes on with what no person adds, as an address may be."""
    return has_report_opening(message) and _has_technical_detail(message)


def has_report_opening(message: InboundMessage) -> bool:
    """Whether its text begins as a mail system's does, with or without technical detail."""
    text = _opening_of(message)
    lines = [line for line in text.splitlines() if any(c.isalnum() for c in line)]
    opening = lines[:_OPENING_LINES]
    if not opening or _FORWARDED.match(message.subject):
        return False
    if not has_bounce_subject(message):
        return _BOUNCE_OPENING.match("\n".join(opening)) is not None
    return any(_BOUNCE_OPENING.match(start) for start in _list_starts(opening))


def _opening_of(message: InboundMessage) -> str:
    return (message.text or "")[:_OPENING_CHARS]


def _has_technical_detail(message: InboundMessage) -> bool:
    return _TECHNICAL.search(_opening_of(message)) is not None


def _list_starts(opening: Sequence[str]) -> Iterator[str]:
    """Yield where a mail system's words may begin: below a head of its own, not below a person's.

    Who quotes a report, or writes a word above it, is a person.
    """
    is_person = _PERSONAL.search(opening[0]) is not None
    for index in range(1 if is_person else len(opening)):
        if index == 0 or not opening[index].lstrip().startswith((">", "|")):
            yield "\n".join(opening[index:])


def has_automatic_header(message: InboundMessage) -> bool:
    """Whether an autoresponder marked it (`X-Auto-Response-Suppress` alone is no such mark).

    Exchange puts that field on what people write as well, to keep others from answering it.
    """
    for name, value in message.fields:
        lowered, meaning = name.lower(), value.strip().lower()
        if lowered.startswith(_AUTOMATIC_FIELDS) and meaning not in {"", "no", "false", "none"}:
            return True
        if lowered == "precedence" and meaning in {"auto_reply", "auto-reply", "autoreply"}:
            return True
        if lowered == "x-ms-exchange-generated-message-source" and "rules agent" in meaning:
            return True
        if lowered in {"x-post-messageclass", "delivered-to"} and "autoresponder" in meaning:
            return True
    return False


def has_automatic_subject(message: InboundMessage) -> bool:
    """Whether its subject begins as those of out-of-office programs do, or is one of theirs.

    That is no proof: people write of absences too.
    """
    subject = unicodedata.normalize("NFC", message.subject)
    return _AUTOMATIC_SUBJECT.match(_TAG.sub("", subject)) is not None


def has_suppression_mark(message: InboundMessage) -> bool:
    """Whether it asks for no automatic answers, as Exchange's programs do, and some people's."""
    meaning = (message.header("X-Auto-Response-Suppress") or "").strip().lower()
    return meaning not in {"", "none"}


def has_list_header(message: InboundMessage, own_addresses: Collection[str]) -> bool:
    """Whether a mailing list passed it on (RFC 2919, RFC 2369); one that is our mailbox is none."""
    list_id = (message.header("List-Id") or "").rpartition("<")[2].rstrip("> ").lower()
    if list_id in {address.replace("@", ".") for address in own_addresses}:
        return False
    precedence = (message.header("Precedence") or "").strip().lower()
    if list_id or precedence == "list":
        return True
    if message.header("List-Unsubscribe") is not None and (
        precedence in {"bulk", "junk"} or _is_mailing(message)
    ):
        return True
    return any(message.header(name) is not None for name in _LIST_FIELDS)


def _is_mailing(message: InboundMessage) -> bool:
    """Whether a mail that can be unsubscribed from was written to many, and answers nobody.

    The field by itself some providers put on what people write; one click (RFC 8058) is for
    mailings alone.
    """
    if message.in_reply_to or message.references:
        return False
    foot = f"{message.text or ''}\n{message.html or ''}"[-_FOOTER_CHARS:]
    is_by_click = message.header("List-Unsubscribe-Post") is not None
    return is_by_click or _UNSUBSCRIBE.search(foot) is not None
