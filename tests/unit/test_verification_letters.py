"""What is said of a certification, in either language: one verdict each, and its dates."""

from __future__ import annotations

from datetime import date

import pytest

from outbound.letters.compose import Letterhead
from outbound.letters.verification_letters import (
    Answer,
    Answered,
    Standing,
    VerificationAnswer,
    compose_verification,
)

HEAD = Letterhead(agency="Example Immigration Agency (demo)", mailbox="ero@agency.example")
NUMBER, NEXT = "7K3M-9QXA-52TD-0WZH", "1111-2222-3333-4444"
CURRENT = Standing(issued_on=date(2026, 5, 5))
SUPERSEDED = Standing(
    issued_on=date(2026, 5, 5), superseded_by=NEXT, superseded_on=date(2026, 6, 1)
)
REVOKED = Standing(issued_on=date(2026, 5, 5), revoked_on=date(2026, 7, 2))
A = Answer

CASES: dict[str, tuple[Answer, Standing | None, str, str]] = {
    # Answer, standing, what the letter says in English and in Spanish.
    "genuine": (A.GENUINE, CURRENT, "genuine and current.", "auténtica y vigente."),
    "genuine, superseded": (A.GENUINE, SUPERSEDED, "and superseded.", "y reemplazada."),
    "genuine, revoked": (A.GENUINE, REVOKED, "genuine, and revoked.", "auténtica, y revocada."),
    "altered": (A.ALTERED, CURRENT, "altered.", "alterada."),
    "a copy": (A.COPY, CURRENT, "not proven", "sin prueba"),
    "a copy of nothing": (A.COPY, None, "issued no certification", "emitido ninguna"),
    "not ours": (A.NOT_OURS, CURRENT, "not genuine.", "no es auténtica."),
    "locked": (A.LOCKED, None, "but locked.", "cerrada con contraseña."),
    "not read": (A.UNREAD, None, "Not recognized", "No se reconoce"),
    "a number": (A.NUMBER, CURRENT, "a number alone does not say", "Un número por sí solo"),
    "a number, superseded": (A.NUMBER, SUPERSEDED, f"number {NEXT}", f"control {NEXT}"),
    "a number, revoked": (A.NUMBER, REVOKED, "revoked on July 2, 2026", "el 2 de julio de 2026"),
    "a number of nothing": (A.NUMBER, None, "unknown.", "desconocido."),
    "a sample": (A.SAMPLE, None, "a sample.", "una muestra."),
    "no number": (A.MISWRITTEN, None, "That is no control number.", "no es un número"),
}


@pytest.mark.parametrize(
    ("answer", "standing", "english", "spanish"), CASES.values(), ids=CASES.keys()
)
def test_each_answer_has_its_words_in_either_language(
    answer: Answer, standing: Standing | None, english: str, spanish: str
) -> None:
    nameless = answer in {A.LOCKED, A.UNREAD, A.MISWRITTEN}
    found = Answered(answer=answer, number="" if nameless else NUMBER, standing=standing)
    for language, words in (("en", english), ("es", spanish)):
        letter = compose_verification(
            VerificationAnswer(head=HEAD, answers=[found], language=language)
        )
        said = " ".join(letter.text.split())
        assert words in said
        assert (NUMBER in said) is not nameless or answer is A.MISWRITTEN
        issued = {"en": "May 5, 2026", "es": "5 de mayo de 2026"}[language]
        assert (issued in said) is (standing is not None)
        # What is current is never said of what is not, and the other way round.
        still = {"en": "neither superseded nor revoked", "es": "reemplazada ni revocada"}[language]
        assert (still in said) is (standing is CURRENT)
        assert f'lang="{language}"' in letter.html
