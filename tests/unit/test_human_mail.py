"""Fifty plain mails of people that speak of machines, and none is taken for a machine's."""

from __future__ import annotations

import pytest

from parsers.classification.classify import ClassificationContext, MessageKind, classify
from parsers.mail.parsing import parse_message

OWN = "ero.outreach@agency.example"
CONTEXT = ClassificationContext(own_addresses=frozenset({OWN}))
MACHINES = {
    MessageKind.BOUNCE,
    MessageKind.AUTO_REPLY,
    MessageKind.ABUSE_REPORT,
    MessageKind.OWN_MAIL,
    MessageKind.LIST_MAIL,
}
CLERK = "Dana Whitlock <clerk@courts.example>"
FOOTER = "\n-- \nDana Whitlock, Deputy Clerk\nSuperior Court of Example County\n"

BOUNCE_BELOW = """
----- Forwarded message -----
From: Mail Delivery System <MAILER-DAEMON@mx.courts.example>
To: clerk@courts.example
Subject: Undelivered Mail Returned to Sender

This is the mail system at host mx.courts.example.

I'm sorry to have to inform you that your message could not
be delivered to one or more recipients.

<ero.info@agency.example>: host mx.agency.example said: 550 5.1.1 unknown user
"""
QUOTED_BOUNCE = """
> Your message to ero.outreach@agency.example could not be delivered.
> 550 5.7.1 Message rejected
> Final-Recipient: rfc822; ero.outreach@agency.example
> Action: failed
"""
PASTED_BOUNCE = QUOTED_BOUNCE.replace("> ", "")
SERVER_DOWN = """\
Your message to our court could not be delivered because the server was down. Please send it again.
"""
NEWSLETTER = """
You receive this because you subscribed to Court News.
To unsubscribe click here. This is an automated message, please do not reply.
"""

#: What is told apart, then subject, text, and more header fields.
MAILS: dict[str, tuple[str, str, tuple[str, ...]]] = {
    "a signature with her absent days": (
        "Question about a form",
        f"Where do I send it?{FOOTER}Out of office Fridays\n",
        (),
    ),
    "a signature with a coming holiday": (
        "Question",
        f"May I send two forms at once?{FOOTER}Out of the office May 12 to May 16.\n",
        (),
    ),
    "says that she will be away": (
        "Out of office next week",
        "I will be out of the office next week. Please reply before.",
        (),
    ),
    "speaks of a colleague's absence": (
        "Contact",
        "Mr. Chen is out of the office until May 12; write to me instead.",
        (),
    ),
    "asks for an answer before her vacation": (
        "Vacation",
        "I am on vacation from Monday, so please answer this week.",
        (),
    ),
    "the subject names an out of office": (
        "Out of office coverage for Department 4",
        "Who answers while your officer is away?",
        (),
    ),
    "the subject begins with automatic": (
        "Automatic reply from your office?",
        "I got one and nothing since. Is it being read?",
        (),
    ),
    "asks why she got an automatic reply": (
        "Your automatic reply",
        "Your auto reply says a form is missing. It was attached.",
        (),
    ),
    "answers our automatic letter": (
        "Re: Automatic answer",
        "Thank you, I will send the form tomorrow.",
        (),
    ),
    "forwards a bounce": ("Fwd: Undelivered Mail Returned to Sender", f"FYI\n{BOUNCE_BELOW}", ()),
    "forwards a bounce without a word": ("FW: Undeliverable: Request Form", BOUNCE_BELOW, ()),
    "forwards a bounce in Spanish": (
        "RV: No se puede entregar",
        f"Me rebotó este correo.\n{BOUNCE_BELOW}",
        (),
    ),
    "quotes a bounce below her question": (
        "Mail problem",
        f"My mail to you came back, what should I do?\n{QUOTED_BOUNCE}",
        (),
    ),
    "quotes a bounce and keeps its subject": (
        "Undeliverable: Request Form",
        f"Hello, this is what I got back from you.\n{QUOTED_BOUNCE}",
        (),
    ),
    "pastes a bounce and keeps its subject": (
        "Undeliverable: Request Form",
        f"I got this back. Why?\n{PASTED_BOUNCE}",
        (),
    ),
    "pastes a bounce in Spanish": (
        "Mensaje no entregado",
        f"Me devolvieron esto:\n{PASTED_BOUNCE}",
        (),
    ),
    "answers a bounce by mistake": (
        "Re: Delivery Status Notification (Failure)",
        "Can somebody tell me why this came back?",
        (),
    ),
    "the subpoena was not delivered": (
        "Delivery failure of the subpoena",
        "The marshal could not deliver the subpoena.",
        (),
    ),
    "a failure to deliver a person": (
        "Failure to deliver defendant on 3/10/2026",
        "The jail did not bring the defendant.",
        (),
    ),
    "a notice was returned by the post": (
        "Returned mail",
        "Our notice to the surety came back from the post office. New address?",
        (),
    ),
    "a returned warrant": ("Returned warrant", "The warrant was returned unserved.", ()),
    "undelivered papers": (
        "Undelivered notice of hearing",
        "The notice of hearing was not served on Mr. Example.",
        (),
    ),
    "a delayed hearing": ("Delayed", "The hearing is delayed to June. Does the form change?", ()),
    "a message could not be delivered, she says": (
        "Fax",
        "Your message could not be delivered to our fax machine. Please send it by post.",
        (),
    ),
    "our letter was in the spam folder": (
        "Spam",
        "Your letter was in my spam folder. I report this so that you know.",
        (),
    ),
    "a mail system is named in passing": (
        "Attachments",
        "Our mail delivery subsystem strips attachments over 10 MB. What now?",
        (),
    ),
    "an error code in her words": (
        "Error",
        "I get error 550 5.1.1 when I write to ERO.INFO. Is the address right?",
        (),
    ),
    "writes as postmaster of a court": (
        "Your mail",
        "I administer mail for the court. Which hosts do you send from?",
        ("X-From: postmaster",),
    ),
    "a newsletter footer below her words": (
        "Request",
        f"Please see below and tell me whether you take faxes.\n{NEWSLETTER}",
        (),
    ),
    "a footer that speaks of automation": (
        "Request",
        "May I call?\n\nThis e-mail was scanned automatically for viruses.\n",
        (),
    ),
    "a disclaimer that speaks of misdelivery": (
        "Request",
        "May I call?\n\nIf this message was delivered to you in error, delete it.\n",
        (),
    ),
    "a list of hers unsubscribes": (
        "Request",
        "Which form is right?",
        ("List-Unsubscribe: <mailto:off@courts.example>",),
    ),
    "asks Exchange for no automatic answers": (
        "Request",
        "Which form is right?",
        ("X-Auto-Response-Suppress: All",),
    ),
    "says that it is not automatic": ("Request", "Which form is right?", ("Auto-Submitted: no",)),
    "an autoresponder's field that says no": (
        "Request",
        "Which form is right?",
        ("X-Autoreply: no",),
    ),
    "a normal precedence": ("Request", "Which form is right?", ("Precedence: normal",)),
    "asks for a receipt": (
        "Request",
        "Which form is right?",
        ("Disposition-Notification-To: clerk@courts.example",),
    ),
    "marked as important": ("URGENT", "Hearing tomorrow!", ("Importance: high",)),
    "sent from a telephone": (
        "(no subject)",
        "Is the form the same for parole?\n\nSent from my phone",
        (),
    ),
    "a subject of one word": ("Status", "I sent a form last week and heard nothing.", ()),
    "a subject that says failed": (
        "Failed",
        "I failed to attach the form. Here it comes again.",
        (),
    ),
    "a failed appearance": (
        "Failure notice, case 26-CR-000123",
        "A failure to appear notice went out on March 11.",
        (),
    ),
    "a permanent address": (
        "Permanent change of address",
        "Our office moves. The following addresses are no longer used.",
        (),
    ),
    "a warning": ("Warning: deadline Friday", "The forfeiture becomes final on Friday.", ()),
    "no address given for a person": (
        "Recipient unknown",
        "We do not know who at ICE received the detainer. Can you say?",
        (),
    ),
    "Spanish: ausente": (
        "Consulta",
        "El secretario estará ausente hasta el 12 de mayo. ¿A quién escribo?",
        (),
    ),
    "Spanish: fuera de la oficina los viernes": (
        "Consulta",
        "¿Cómo pido el formulario?\n\nSaludos\nFuera de la oficina los viernes\n",
        (),
    ),
    "Spanish: no entregado": (
        "Documento no entregado al acusado",
        "El documento no fue entregado. ¿Qué hago?",
        (),
    ),
    "Spanish: mensaje devuelto": (
        "Mensaje devuelto",
        "Me devolvieron su mensaje por correo postal. Aquí va la dirección.",
        (),
    ),
    "Spanish: respuesta automática, asks": (
        "Sobre su respuesta automática",
        "Su respuesta automática no dice cuánto tarda.",
        (),
    ),
    "asks who stands in, below the very subject of a program": (
        "Out of office: who covers",
        "Who covers for officer Ortega this week? I need the certification before Friday.",
        (),
    ),
    "writes of an automatic reply, below the very subject of one": (
        "Auto-reply",
        "When I sent my form on Tuesday I got an auto-reply. Did you receive it?",
        (),
    ),
    "her server was down": (
        "Undeliverable",
        f"{SERVER_DOWN}\n{FOOTER}clerk@courts.example\n",
        (),
    ),
    "her server was down, without a signature": (
        "Undeliverable",
        f"{SERVER_DOWN}\n\nDana Whitlock\nclerk@courts.example\n555-0100\n",
        (),
    ),
    "an abuse report in the court's sense": (
        "Abuse report in case 26-CR-000124",
        "The child abuse report is sealed.",
        (),
    ),
    "asks about a complaint": (
        "Complaint / feedback report",
        "To whom do I send a feedback report about your form?",
        (),
    ),
    "an attached mail that bounced": (
        "This came back",
        "See the attached message.",
        ("X-Attached: bounce",),
    ),
}


def build(subject: str, text: str, fields: tuple[str, ...]) -> bytes:
    author = (
        "Mail Administrator <postmaster.l@courts.example>"
        if "X-From: postmaster" in fields
        else CLERK
    )
    head = [
        "Return-Path: <clerk@courts.example>",
        f"From: {author}",
        f"To: {OWN}",
        f"Subject: {subject}",
        "Date: Mon, 04 May 2026 15:00:00 -0400",
        "Message-ID: <1@courts.example>",
        "MIME-Version: 1.0",
        *fields,
    ]
    if "X-Attached: bounce" not in fields:
        return "\n".join([*head, "Content-Type: text/plain; charset=utf-8", "", text]).encode()
    attached = "From: MAILER-DAEMON@mx.courts.example\nSubject: Undelivered Mail\n\nSee below.\n"
    parts = (f"Content-Type: text/plain\n\n{text}", f"Content-Type: message/rfc822\n\n{attached}")
    body = "".join(f"--b\n{part}\n" for part in parts)
    return "\n".join(
        [*head, 'Content-Type: multipart/mixed; boundary="b"', "", f"{body}--b--"]
    ).encode()


def test_there_are_fifty() -> None:
    assert len(MAILS) >= 50


@pytest.mark.parametrize(
    ("subject", "text", "fields"), [pytest.param(*mail, id=name) for name, mail in MAILS.items()]
)
def test_a_person_is_never_taken_for_a_machine(
    subject: str, text: str, fields: tuple[str, ...]
) -> None:
    found = classify(parse_message(build(subject, text, fields)), CONTEXT)
    assert found.kind not in MACHINES, found
