"""What invented people and programs write in mail, by what has to become of it."""

from __future__ import annotations

REQUEST_SUBJECTS = (
    "Request Form",
    "Criminal Justice Stakeholder Request",
    "Form attached",
    "FW: form for ERO",
    "Solicitud",
    "",
    "Missed hearing, please verify",
)

REQUEST_TEXTS = (
    "Please find the completed form attached.\n",
    "Good morning,\n\nThe form is attached. The hearing is next week.\n\nClerk's Office\n",
    "Adjunto el formulario completo. Gracias.\n",
    "Attached. Sent from my phone\n",
    "",
)

NO_FORM = (
    ("Hello", "Good morning. I hope you are well."),
    ("Question", "I was told to write to this address about one of my cases."),
    ("Case in our court", "One of our defendants did not appear last week. Who can I talk to?"),
    ("(no subject)", "Thank you for your help last month."),
)

FORM_WANTED = (
    ("Request form", "Please send me the form."),
    ("Blank form", "Could you send us a blank request form? Thank you."),
    ("Formulario", "Por favor, envíeme el formulario de solicitud en blanco."),
    ("Where is the form?", "Where can I get the Request Form? I would like a copy of it."),
)

MISDIRECTED = (
    ("Where is he held?", "Can you tell me where my client is detained? I cannot find him."),
    ("Locator", "How do I find someone who is in ICE detention? What is the detainee locator?"),
    ("¿Dónde está detenido?", "Quiero saber dónde está detenido mi hermano. ¿En qué centro está?"),
    ("Tip", "I want to report a smuggling operation in my neighborhood."),
    ("FOIA", "How do I request copies of my own immigration records under FOIA?"),
    (
        "Press inquiry",
        "I am a reporter on deadline and would like a comment from your press office.",
    ),
    (
        "Immigration bond",
        "How do I get my immigration bond money back? The delivery bond was paid.",
    ),
    ("Testimony", "We need ICE to produce the detainee to testify at a trial next month."),
    (
        "Careers",
        "How do I apply for a job as a deportation officer? I would like a career with ICE.",
    ),
    (
        "Prosecutorial discretion",
        "I am an attorney and want to request prosecutorial discretion for my client.",
    ),
    ("Address change", "I need to report a change of address and my next ICE check-in."),
    ("Detainer", "Our jail has a question about an immigration detainer placed on an inmate."),
)

OUT_OF_OFFICE = (
    ("Out of office", "I am out of the office until May 12 and will answer when I am back."),
    ("Away", "I am on leave. Please write to my colleague in urgent matters."),
    ("Fuera de la oficina", "Estoy fuera de la oficina hasta el 12 de mayo."),
)

AUTOMATIC_SUBJECTS = (
    ("Automatic reply: Request received", "Thank you for your message."),
    ("Out of Office: Request received", "I am away."),
    ("Respuesta automática: Request received", "Estoy fuera de la oficina."),
    ("Auto-Reply: Request received", "This mailbox is not monitored."),
)

LIST = (
    ("[clerks] Summer meeting", "The summer meeting of the clerks is in Anytown this year."),
    ("[clerks] Minutes", "The minutes of the last meeting are on the web page."),
)

#: What approvers write under a notice, by what has to become of it.
STAFF_DECISIONS = (
    "DENY No record was found",
    "NEED INFO birth date",
    "CORRECT\nCourt or supervising agency: Municipal Court of Example County",
)

STAFF_NOTHING_DECIDED = (
    "not approved",
    "do not approve",
    "approve?",
    "Looks fine to me",
    "APPROVE DENY",
    "aprobado",
    "Hi team, approve",
    "APPROVE\nOutcome: abducted",
    "HELP",
    "STATUS",
)

REQUESTER_REMARKS = (
    "Thank you very much.",
    "Please note that the hearing was moved to the afternoon.",
    "Gracias por la información.",
)
