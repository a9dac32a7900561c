"""The words by which a requester asks where a request stands, in English and Spanish.

Words only; how they are applied is `parsers.replies.self_service`'s. All are folded: lower case,
without accents and apostrophes. Whoever uses any other word says something that a person reads.
"""

from __future__ import annotations

#: One of these asks.
STATUS_WORDS = frozenset(
    {
        *("status", "statuses", "progress", "stage", "stand"),
        *("stands", "standing"),
        *("estado", "estatus", "avance"),
        *("avances", "actualizacion", "actualizaciones", "etapa", "situacion"),
    }
)

#: So does an update, where it is no deed: "please update the file" wants something changed.
UPDATES = (
    r"\b(?:(?:an|any|some|status|latest|quick) updates?"
    r"|updates? (?:on|about|regarding|concerning|for|me|us))\b"
)

#: Whoever asks only for these may mean anything; beside a wish for the status they add nothing.
NEWS_WORDS = frozenset({"news", "novedad", "novedades", "noticias"})

#: What may stand around it, and what may be asked beside it, without saying more.
PLAIN_WORDS = frozenset(
    {
        # Asking.
        *("please", "pls", "kindly", "can", "could", "would", "may", "might", "will", "you"),
        *("i", "we", "me", "us", "let", "know", "send", "give", "tell", "provide", "get", "have"),
        *("share", "email", "advise", "check", "need", "want", "like", "love", "ask", "asking"),
        *("request", "requesting", "requested", "writing", "inquire", "inquiring", "enquire"),
        *("follow", "following", "up", "followup", "checking", "looking", "wondering", "hoping"),
        *("appreciate", "appreciated", "any", "a", "an", "the", "some", "current", "latest"),
        *("just", "update", "updates", "quick", "new", "there", "is"),
        *("are", "was", "what", "whats", "where", "wheres", "how"),
        *("does", "do", "its", "it", "this", "that", "be", "been", "has", "if", "id", "wed", "am"),
        *("im", "were", "see", "hear", "receive", "now", "today", "yet", "so", "far", "at"),
        # About what.
        *("of", "for", "on", "about", "regarding", "concerning", "re", "in", "with", "to", "from"),
        *("as", "my", "our", "your", "case", "file", "form", "tracking", "reference", "ref"),
        *("number", "num", "application", "inquiry", "submission", "below", "above"),
        # In Spanish.
        *("favor", "por", "podria", "podrian", "puede", "pueden", "puedo", "podemos", "quisiera"),
        *("quisieramos", "quiero", "queremos", "deseo", "deseamos", "necesito", "necesitamos"),
        *("saber", "conocer", "consultar", "preguntar", "informar", "informarme", "informarnos"),
        *("informe", "informen", "informeme", "decir", "decirme", "decirnos"),
        *("dar", "darme", "darnos", "dame", "deme", "denme", "enviar", "enviarme", "enviarnos"),
        *("envie", "envieme", "enviame", "envien", "mandar", "mandarme", "mande", "mandeme"),
        *("indicar", "indicarme", "solicito", "solicitamos", "pido", "pedimos", "hay", "tiene"),
        *("tienen", "alguna", "algun", "actual", "cual", "que", "como", "en", "donde", "va"),
        *("esta", "este", "es", "sigue", "se", "encuentra", "el", "la", "los", "las", "lo", "un"),
        *("una", "de", "del", "al", "para", "sobre", "acerca", "respecto", "con", "mi", "mis"),
        *("nuestra", "nuestro", "su", "me", "nos", "le", "les", "solicitud", "tramite", "caso"),
        *("expediente", "peticion", "numero", "seguimiento", "referencia", "y", "ya", "hoy"),
    }
)

#: A line of these alone, or that begins with a greeting and is short, says nothing.
GREETINGS = (
    *("hello", "hi", "hey", "dear", "good morning", "good afternoon", "good evening", "good day"),
    *("greetings", "to whom it may concern", "hola", "buenos dias", "buen dia", "buenas tardes"),
    *("buenas noches", "buenas", "estimado", "estimada", "estimados", "estimadas"),
    *("a quien corresponda", "sir", "madam", "senor", "senora", "senores"),
)

#: A line that begins with one of these ends what is said: a name follows.
CLOSINGS = (
    *("thank", "thanks", "many thanks", "thx", "regards", "best", "kind regards", "sincerely"),
    *("respectfully", "cordially", "yours", "warm regards", "have a nice", "have a good"),
    *("have a great", "gracias", "muchas gracias", "mil gracias", "atentamente", "atte"),
    *("cordialmente", "saludos", "un saludo", "quedo", "quedamos"),
)

#: Whoever uses one of these says something, however short it is and wherever it stands.
NOT_IN_A_SIGNATURE = frozenset(
    {
        *("please", "not", "dont", "is", "are", "was", "were", "has", "have", "will", "he", "she"),
        *("they", "withdraw", "withdrawn", "withdrawal", "withdrawing", "cancel", "canceled"),
        *("cancelled", "cancelation", "cancellation", "dismissed", "close", "closed", "stop"),
        *("drop", "dropped", "moot", "urgent", "died", "dead", "killed", "wait"),
        *("favor", "retirar", "retiro", "retiramos", "retire", "retiren", "cancelar", "cancele"),
        *("cancelen", "anular", "anule", "desistir", "desisto", "desistimos", "es", "esta", "fue"),
        *("cerrar", "cierre", "cierren", "sobreseido", "desestimado", "urgente", "murio", "espere"),
    }
)
