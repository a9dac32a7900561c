"""Cries for help where nobody reads the mail: too large to be fetched, or sent by a program."""

from __future__ import annotations

import pytest

from inbox_worker.storage.models import Urgency
from tests.worker_harness import ALVAREZ, CLERK, DUTY, MAILBOX, Harness, compose

SOMEBODY = "mother@mail.example"
CRY = "My brother is in ICE detention. The guards beat him and he says he will kill himself."


def alerts(harness: Harness) -> int:
    return len(harness.letters(to=DUTY, kind="urgent_alert"))


def demands(harness: Harness) -> int:
    return sum(x.subject == "Alert: demand received" for x in harness.letters(to=ALVAREZ))


# A mail too large to be fetched.


def header(**changes: str) -> bytes:
    return compose(SOMEBODY, "", **changes).partition(b"\r\n\r\n")[0] + b"\r\n\r\n"  # type: ignore[arg-type]


def test_the_subject_of_a_mail_too_large_is_heard(harness: Harness) -> None:
    raw = header(subject="please help, he says he will kill himself")
    assert harness.deliver(raw, is_whole=False) == "OVERSIZE"
    assert alerts(harness) == 1
    assert [x.kind for x in harness.letters(to=SOMEBODY)] == ["urgent_help", "oversize"]


def test_a_demand_too_large_gets_the_fixed_answer_alone(harness: Harness) -> None:
    assert harness.deliver(header(subject="SUBPOENA duces tecum"), is_whole=False) == "OVERSIZE"
    assert [x.kind for x in harness.letters(to=SOMEBODY)] == ["demand_received"]
    assert demands(harness) == 1


def test_a_machines_mail_too_large_wakes_nobody(harness: Harness) -> None:
    raw = compose(
        "MAILER-DAEMON@mail.example", "", subject="he says he will kill himself"
    ).partition(b"\r\n\r\n")[0]
    assert harness.deliver(raw + b"\r\n\r\n", is_whole=False) == "OVERSIZE"
    assert alerts(harness) == 0


# An office's contact form.

FORM_MAIL = f"Contact form submission\nName: Jane\nMessage: {CRY}"
GENERATED = {"Auto-Submitted": "auto-generated"}


def test_what_a_contact_form_passes_on_is_heard_and_never_answered(harness: Harness) -> None:
    raw = compose(CLERK, FORM_MAIL, subject="Contact form", headers=GENERATED)
    assert harness.deliver(raw) == "FOR_A_PERSON"
    assert alerts(harness) == 1
    assert harness.letters(to=CLERK) == []
    assert len(harness.rows(Urgency)) == 1


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"headers": {"Auto-Submitted": "auto-replied"}}, id="an answer"),
        pytest.param({"headers": {"Auto-Submitted": "auto-notified"}}, id="a notification"),
        pytest.param({"headers": {**GENERATED, "List-Id": "<n.mail.example>"}}, id="a list"),
        pytest.param({"headers": {**GENERATED, "Precedence": "bulk"}}, id="a newsletter"),
        pytest.param({"headers": {**GENERATED, "X-Autoreply": "yes"}}, id="an autoresponder"),
        pytest.param({"headers": GENERATED, "subject": "Out of office: x"}, id="away"),
        pytest.param({"headers": GENERATED, "in_reply_to": "<1@mail.example>"}, id="it answers"),
        pytest.param({"headers": GENERATED, "author": MAILBOX}, id="our own address"),
        pytest.param({"headers": GENERATED, "author": "mailer-daemon@x.example"}, id="a bounce"),
        pytest.param({"headers": GENERATED, "text": "Your order has left."}, id="no cry"),
    ],
)
def test_what_programs_write_themselves_wakes_nobody(
    harness: Harness, changes: dict[str, object]
) -> None:
    given = {"author": CLERK, "text": FORM_MAIL, "subject": "Contact form", **changes}
    disposition = harness.deliver(compose(**given))  # type: ignore[arg-type]
    assert disposition in ("IGNORED", "BOUNCE_RECORDED")
    assert alerts(harness) == 0


def test_our_own_alert_passed_on_by_a_ticket_system_raises_no_other(harness: Harness) -> None:
    harness.deliver(compose(SOMEBODY, CRY))
    told = harness.newest(DUTY, "urgent_alert")
    text = f"Ticket 12 was opened.\n\n{told.text}"
    raw = compose(DUTY, text, subject=f"[12] {told.subject}", headers=GENERATED)
    assert harness.deliver(raw) == "IGNORED"
    assert alerts(harness) == 1
