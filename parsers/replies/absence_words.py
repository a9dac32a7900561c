"""The words of out-of-office mails, in English and Spanish, and a sentence divided into them.

A closed vocabulary: whatever is not in it is `word`, which no phrase reaches across. Every pattern
is bounded, so that dividing a text takes time linear in its length.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from parsers.replies.absence_dates import DAY, DAY_OF_WEEK, SPAN, WEEKDAY, WrittenDay, read_days

_THE = r"(?:the |my |our )?"
_PLACE = (
    rf"(?:\s(?:(?:in|to|at|into) {_THE}(?:office|work|desk|duty|station|workplace)\b|to duty"
    rf"|online"
    r"|work(?:ing)?\b|in(?=\son\b)|home|again|full[ -]time|duties|(?:en|a) (?:la |mi "
    r"|mis )?(?:oficina"
    r"|trabajo|puesto|labores|funciones)\b|al (?:trabajo|puesto)|a trabajar"
    r"|de (?:mis )?vacaciones"
    r"|from (?:[a-z]{3,10} )?(?:leave|vacation|travel|holidays?|training)\b)){0,3}"
)
_IS = r"(?:\s?(?:is|will be|es|sera)\b)?"

#: By kind, in the order in which they are tried at each place of a sentence.
_KINDS: tuple[tuple[str, str], ...] = (
    ("span", rf"(?<![\w/.])(?:{SPAN})"),
    ("day", rf"(?<![\w/.])(?:{DAY})"),
    ("day_of_week", rf"(?<!\w){DAY_OF_WEEK}"),
    (
        "later",
        (
            rf"\b(?:next (?:week|month|year|{WEEKDAY})|tomorrow|manana|later (?:this|next)"
            r"|(?:la )?(?:proxima|siguiente) semana|(?:la )?semana que viene"
            r"|(?:el )?proximo mes"
            rf"|(?:el )?proximo {WEEKDAY}(?![.,]?\s\d))\b"
        ),
    ),
    # Not the whole time.
    (
        "again",
        (
            rf"\b(?:(?:mon|tues|wednes|thurs|fri|satur|sun)days|mornings|afternoons|evenings"
            rf"|(?:every|each|cada) (?:other )?(?:{WEEKDAY}|day|week|morning|afternoon|dia|semana)"
            r"|half[ -]days?|part[ -]time|todos los|por las (?:tardes|mananas))\b"
        ),
    ),
    # Not sure at all.
    (
        "perhaps",
        (
            r"\b(?:(?:if|unless|in case|whether) (?:i|we)(?:'m| am| are)?(?: not)?(?= (?:back"
            r"|return|away"
            r"|out|gone|on leave))|si no (?=regreso|vuelvo)|(?:may|might|could) (?=be |not "
            r"|return)"
            r"|perhaps|maybe|possibly|probably|tentatively|quizas?|tal vez|probablemente)"
        ),
    ),
    # Not away: these take the negation with them.
    (
        "here",
        (
            rf"\b(?:not|no longer) (?:(?:be )?out of {_THE}office|away|out|on leave"
            rf"|on vacation|absent)\b"
            r"|\bno (?:estoy|estare) (?:fuera|ausente|de vacaciones)\b"
        ),
    ),
    # Not back, which is away.
    (
        "away",
        (
            r"\b(?:(?:will|do|am|i'm|be|is) )?(?:not|won't|don't|never)(?: be)? (?:back"
            r"|return(?:ing)?|in"
            rf"|available|reachable|at work|working|at my desk)\b{_PLACE}(?: the office\b)?"
            r"|\bno (?:regreso|regresare|vuelvo|volvere|estare de (?:vuelta|regreso)"
            r"|(?:estare|estoy)"
            rf"(?: disponible| en la oficina)?)\b{_PLACE}"
        ),
    ),
    # What only a person says of themselves.
    (
        "i_back",
        (
            r"\b(?:i(?:'m| am| will be|'ll be| shall be| should be| get| come)"
            rf"(?: (?:then|again))? back\b{_PLACE}"
            rf"|i(?: will| shall|'ll)? (?:return|resume|rejoin)\b{_PLACE}"
            rf"|(?:my|our|expected|anticipated|date of)(?: expected| planned)? return"
            rf"(?: date| to {_THE}office| to work)?{_IS}|return(?:ing)? date{_IS}"
            r"|(?:mi |fecha de |dia de )?(?:re(?:greso|torno))\b(?! a clases)"
            rf"{_PLACE}{_IS}|(?:regresare|retornare|vuelvo|volvere)\b{_PLACE}"
            rf"|(?:me )?(?:re)?incorpor(?:o|are)\b{_PLACE}"
            rf"|(?:estare|estoy)(?: ya)? (?:de (?:vuelta|regreso)|disponible de nuevo"
            rf"|disponible nuevamente|nuevamente en la oficina"
            rf"|de nuevo en la oficina)\b{_PLACE})"
        ),
    ),
    (
        "back",
        rf"\b(?:be back|back|returning|return|resuming|resume|available again)\b{_PLACE}",
    ),
    (
        "away",
        (
            rf"\b(?:(?:out of|away from|absent from) {_THE}office|ooo"
            rf"|on (?:[a-z]{{2,12}} ){{0,2}}(?:leave|"
            r"vacation|holidays?|travel|pto)|(?:annual|sick|parental|maternity|paternity"
            r"|family|medical"
            r"|military|administrative) leave|vacation|pto|unavailable|absent|absence|(?:no"
            r"|limited"
            r"|without|intermittent) access|travel(?:l)?ing|out (?:of (?:town|state"
            r"|the country)|sick)"
            rf"|(?:our|my|this) office (?:is|will be) closed|fuera de (?:la |mi "
            rf"|nuestra )?(?:oficina|ciudad)|ausente"
            r"|ausencia|(?:de |con )?vacaciones|(?:de|con) (?:licencia|permiso)|de baja"
            r"|de viaje|viajando"
            r"|sin acceso|fuera(?= (?:del?|hasta|desde|entre)\b))\b"
        ),
    ),
    ("out", r"\b(?:out|away|gone|off|closed|leave)\b(?! to\b)"),
    (
        "here",
        (
            rf"\b(?:in {_THE}office|at work|at my desk|available|reachable|working|on duty"
            rf"|en la oficina"
            r"|disponible|trabajando)\b"
        ),
    ),
    (
        "through",
        (
            r"\b(?:through|thru|until and including|up to and including|last day (?:away|out"
            r"|of leave)"
            r"(?: is)?|hasta (?:el )?(?:dia )?inclusive)\b"
        ),
    ),
    ("until", r"\b(?:until|till?|hasta)\b|'til\b"),
    (
        "from",
        (
            r"\b(?:from|beginning|starting|starts?|begins?|commencing|effective|as of|after"
            r"|since|desde"
            r"|a partir del?|a contar del?|comenzando|empezando|del|de)\b"
        ),
    ),
    ("to", r"\b(?:to|al?)\b|-"),
    ("inclusive", r"\b(?:inclusive|included|incluido|incl)\b"),
    ("or", r"\b(?:or(?! about)|o|u)\b"),
    (
        "i",
        (
            r"\b(?:i(?:'m|'ll|'ve)?|we(?:'re|'ll)?|my|our|estoy|estare|estamos|estaremos"
            r"|me encuentro"
            r"|me encontrare|yo|mi)\b"
        ),
    ),
    (
        "other",
        (
            r"\b(?:she|he|they|who|which|it|is|was|were|has|had|you|your|please|su|sus|ella"
            r"|ellos|usted"
            r"|quien|es|esta|estara|estaran|sera|colleagues?|supervisor|deputy|assistant"
            r"|backup|coworker"
            r"|colega|companer[oa]|jefe|jefa|suplente)\b"
        ),
    ),
    ("will", r"\b(?:will|would|shall|should|must|can)\b"),
    (
        "fill",
        (
            r"\b(?:or about|about|approximately|around|on|the|el|dia|am|be|are|been|currently"
            r"|presently"
            r"|now|still|also|already|then|and|but|y|pero|both|actualmente|ahora|hoy|today|at"
            r"|in|en|for|para"
            r"|(?:early )?(?:in )?(?:the )?(?:morning|afternoon|start) of"
            r"|(?:por )?la manana(?= del?\b)"
            r"|automatic reply|auto-?reply|autoreply|automatic response|respuesta automatica"
            r"|re|dates?"
            r"|fechas?|subject|hello|hi|hola|thanks|thank|gracias|expect|plan|planning"
            r"|expecting|just"
            r"|will be|approx)\b|[,:()*\"]"
        ),
    ),
    ("question", r"\?"),
    ("end", r"[!;]|\.(?=\s|$)|\n\n"),
    ("number", r"\b\d+\b"),
    ("word", r"[^\s,:;!?()*\".]+|\S"),
)
_TOKEN = re.compile("|".join(f"(?P<k{n}>{pattern})" for n, (_, pattern) in enumerate(_KINDS)))
_SPANISH = re.compile(
    r"\b(?:el|hasta|del?|al|desde|regres\w+|retorn\w+|vuelvo|volvere|incorpor\w+|fuera|ausen\w+"
    r"|vacaciones|estoy|estare|licencia|permiso|baja|viaj\w+|sin|mi|fecha)\b"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """One piece of a sentence."""

    kind: str
    days: tuple[WrittenDay, ...] = ()
    is_spanish: bool = False


def read_tokens(text: str) -> tuple[Token, ...]:
    """Divide folded text into tokens."""
    return tuple(_read_token(match) for match in _TOKEN.finditer(text))


def _read_token(match: re.Match[str]) -> Token:
    kind = _KINDS[int(str(match.lastgroup)[1:])][0]
    text = match[0]
    if kind in {"span", "day", "day_of_week"}:
        days = read_days(text)
        return Token(kind="days" if days else "word", days=days)
    return Token(kind=kind, is_spanish=_SPANISH.search(text) is not None)
