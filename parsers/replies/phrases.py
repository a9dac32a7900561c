"""The words by which mail programs introduce a quotation, a signature or a disclaimer.

Words and small tables only; how they are applied is `parsers.replies.new_text`'s. Everything is in
lower case and compared with lower-cased lines. Staff write English and Spanish; the other languages
cost nothing and belong to mail programs set to them.
"""

from __future__ import annotations

#: Header names that say who wrote a quoted mail.
AUTHOR_HEADERS = frozenset(
    {"from", "de", "von", "da", "van", "från", "fra", "od", "от", "від", "expéditeur"}
)
#: Header names that only ever stand beside those.
OTHER_HEADERS = frozenset(
    {
        *("sent", "date", "to", "cc", "bcc", "subject", "reply-to", "importance", "attachments"),
        *("enviado", "enviado el", "fecha", "para", "asunto", "responder a", "importancia"),
        *("gesendet", "datum", "an", "betreff", "envoyé", "à", "objet", "inviato", "data", "a"),
        *("oggetto", "verzonden", "aan", "onderwerp", "skickat", "till", "ämne", "sendt", "til"),
        *(
            "emne",
            "enviada",
            "assunto",
            "wysłano",
            "do",
            "temat",
            "отправлено",
            "кому",
            "тема",
            "дата",
        ),
    }
)

#: Words that open an attribution line.
ATTRIBUTION_LEADS = (
    *("on ", "el ", "le ", "am ", "il ", "em ", "den ", "op ", "dnia ", "w dniu ", "în ", "a(z) "),
    *(
        "dne ",
        "dňa ",
        "pe ",
        "ma ",
        "vào lúc ",
        "στις ",
        "с ",
        "at ",
        "in ",
        "no dia ",
        "vào ",
        "pada ",
        "de: ",
        "---- on ",
        "---- el ",
    ),
)
#: Verbs that close one, or stand in it.
ATTRIBUTION_VERBS = (
    *("wrote", "writes", "escribió", "escribio", "escribe", "ha escrito", "schrieb", "a écrit"),
    *("a ecrit", "ha scritto", "escreveu", "skrev", "schreef", "geschreven", "пише", "написал"),
    *(
        "пишет",
        "napisał",
        "kirjoitti",
        "napsal",
        "napísal",
        "írta",
        "đã viết",
        "menulis",
        "έγραψε",
        "написав",
        "a scris",
        "yazdı",
        "写道",
        "寫道",
        "のメール",
        "작성",
    ),
)

#: Separators between lines of dashes, or alone on their line.
MESSAGE_SEPARATORS = (
    *(
        "original message",
        "original appointment",
        "original mail",
        "original email",
        "original e-mail",
    ),
    *(
        "forwarded message",
        "forwarded by",
        "begin forwarded message",
        "reply message",
        "replied message",
    ),
    *("mensaje original", "mensaje reenviado", "inicio del mensaje reenviado", "correo original"),
    *("ursprüngliche nachricht", "originalnachricht", "original-nachricht", "message d'origine"),
    *("message original", "messaggio originale", "mensagem original", "oorspronkelijk bericht"),
    *("oprindelig meddelelse", "originalmeddelande", "opprinnelig melding", "исходное сообщение"),
    *("пересылаемое сообщение", "oryginalna wiadomość", "message transféré"),
    *("reply above this line", "write above this line", "write your reply above this line"),
)

#: What phones and programs sign with by themselves.
PROGRAM_SIGNATURES = (
    *(
        "sent from my ",
        "sent from mail",
        "sent from outlook",
        "sent from yahoo",
        "sent from samsung",
    ),
    *("sent from an ", "sent from iphone", "sent from ipad", "sent from proton", "sent from gmail"),
    *(
        "sent from windows",
        "sent from workspace",
        "sent from nine",
        "sent from spark",
        "sent from aol",
    ),
    *("sent via my ", "sent via the ", "sent with proton", "sent with shift", "get outlook for "),
    *(
        "download outlook for ",
        "enviado desde mi ",
        "enviado desde outlook",
        "enviado desde correo",
    ),
    *("enviado desde yahoo", "obtener outlook para ", "obtenga outlook para ", "descargar outlook"),
    *(
        "enviado do meu ",
        "envoyé de mon ",
        "von meinem ",
        "gesendet von ",
        "inviato da ",
        "sendt fra ",
    ),
    *("skickat från min", "verstuurd vanaf ", "verzonden vanaf ", "отправлено с ", "wysłane z "),
    *("this email has been scanned", "this e-mail has been scanned", "virus-free", "avast logo"),
)

#: Beginnings of a disclaimer; one counts when `DISCLAIMER_WORDS` follow.
DISCLAIMER_LEADS = (
    *("confidential", "disclaimer", "notice", "caution", "warning", "privileged", "privacy notice"),
    *(
        "this e-mail",
        "this email",
        "this message",
        "this communication",
        "this electronic",
        "the information",
    ),
    *("this transmission", "the contents of this", "important notice", "legal notice", "attention"),
    *(
        "the preceding",
        "unclassified",
        "law enforcement sensitive",
        "for official use only",
        "please note",
    ),
    *("aviso", "este mensaje", "este correo", "la información", "esta comunicación", "advertencia"),
    *(
        "if you are not the",
        "if you have received",
        "si usted no es",
        "please consider the environment",
    ),
)
#: Words of which a disclaimer holds at least two.
DISCLAIMER_WORDS = (
    *(
        "confidential",
        "privileged",
        "intended recipient",
        "intended only",
        "intended for",
        "addressee",
    ),
    *(
        "unauthorized",
        "not authorized",
        "disclosure",
        "dissemination",
        "distribution",
        "copying",
        "in error",
    ),
    *("official use only", "fouo", "unclassified", "law enforcement sensitive", "public release"),
    *(
        "need to know",
        "need-to-know",
        "immediately notify",
        "notify the sender",
        "delete this",
        "any attachments",
    ),
    *(
        "destinatario",
        "divulgación",
        "notifique",
        "elimine",
        "por error",
        "no autorizad",
        "before printing",
    ),
)

#: Beginnings of the banner that a gateway writes on top of mail from outside.
BANNER_LEADS = (
    *("caution: this email originated", "caution: this e-mail originated", "caution: external"),
    *("warning: this email originated", "external email", "[external", "external sender"),
    *("this email originated from outside", "you don't often get email from"),
)
#: Beginnings of the lines that go on with a banner; nobody begins a decision with one of these.
BANNER_GOES_ON = (
    *("do not click", "don't click", "please do not click", "do not open", "please do not open"),
    *("use caution", "please use caution", "exercise caution", "please exercise caution"),
    *("be cautious", "be careful", "learn why this is important", "unless you recognize"),
    *("this email originated", "this e-mail originated", "this message originated"),
)

#: Words with which somebody objects, hesitates or changes their mind, wherever in a line they
#: stand. A line that holds one is never taken for a signature.
OBJECTIONS = frozenset(
    {
        *(
            "not",
            "no",
            "dont",
            "don't",
            "cannot",
            "cant",
            "can't",
            "wont",
            "won't",
            "isn't",
            "isnt",
        ),
        *(
            "never",
            "nothing",
            "nobody",
            "none",
            "without",
            "wait",
            "waiting",
            "stop",
            "hold",
            "halt",
        ),
        *("if", "but", "unless", "until", "till", "except", "however", "although", "though", "yet"),
        *("before", "after", "first", "once", "instead", "rather", "only", "pending", "subject"),
        *(
            "wrong",
            "error",
            "mistake",
            "mistaken",
            "incorrect",
            "false",
            "sorry",
            "oops",
            "different",
        ),
        *(
            "ignore",
            "disregard",
            "cancel",
            "revoke",
            "deny",
            "denied",
            "reject",
            "refuse",
            "release",
        ),
        *("approve", "approved", "confirm", "correct", "change", "withdraw", "postpone", "recall"),
        *("undo", "reopen", "delay", "issue", "send", "sent", "check", "verify", "ask", "call"),
        *("need", "needs", "must", "should", "would", "could", "might", "will", "shall", "want"),
        *("is", "are", "was", "were", "be", "has", "have", "had", "does", "did", "doubt", "unsure"),
        *("this", "that", "it", "he", "she", "they", "him", "them", "i", "you", "we", "me"),
        *("please", "pls", "maybe", "perhaps", "tomorrow", "later", "today", "tonight", "soon"),
        *("espere", "esperar", "espera", "pero", "si", "nunca", "favor", "antes", "despues", "aun"),
        *("todavia", "sin", "hasta", "salvo", "excepto", "aunque", "error", "equivocado", "falso"),
        *("cancelar", "negar", "enviar", "envie", "emitir", "falta", "debe", "es", "son", "esta"),
        *("tbd", "tbc", "void", "negative", "closed", "draft", "duplicate", "minor", "juvenile"),
        *("dob", "birth", "surname", "identity", "person", "man", "woman", "alias", "deceased"),
        *("mismatch", "match", "objection", "object", "question", "concern", "concerns", "caution"),
        *("hearing", "file", "expediente", "audiencia", "nulo", "persona", "menor", "protected"),
        *("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday", "week"),
        *("january", "february", "march", "april", "may", "june", "july", "august", "september"),
        *("october", "november", "december", "lunes", "martes", "miercoles", "jueves", "viernes"),
        *("otro", "otra", "another", "other", "wrongly", "alto", "detener", "rechazar", "ojo"),
    }
)
#: The same where a phone's footer is looked at, which may ask to excuse its typing.
PLAIN_OBJECTIONS = frozenset(
    {
        *("dont", "don't", "wait", "stop", "hold", "unless", "until", "instead", "wrong", "cancel"),
        *("deny", "revoke", "reject", "disregard", "never", "yet", "approve", "confirm", "issue"),
        *("espere", "cancelar", "negar", "emitir", "todavia"),
    }
)
