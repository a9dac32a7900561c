"""Whoever runs the service hears of trouble: by mail, by `status`, and by their own command."""

from __future__ import annotations

import json
import signal
import sys

from tests.acceptance.job import Job, Person
from tests.servers.ports import wait_until


def test_a_refused_login_is_an_alarm_until_it_is_mended(real_job: Job) -> None:
    job = real_job
    told = job.folder / "told"
    script = job.folder / "tell.py"
    script.write_text(f"import sys; open({str(told)!r}, 'a').write(sys.stdin.read())")
    environ = {"ERO_ALERTS__COMMAND": f"{sys.executable} {script}"}
    job.do("init")
    job.do("once", **environ)
    assert job.ask("status")["alarms"] == []

    job.let_a_minute_pass()
    done = job.run("once", ERO_MAILBOX__PASSWORD="wrong", **environ)
    assert done.returncode == 75
    assert "refused the login" in done.stderr
    status = job.ask("status", code=1)
    assert status["alarms"] == ["login_failed"]
    (detail,) = status["alarm_details"]
    assert (detail["code"], detail["about"]) == ("login_failed", "outreach")
    assert detail["since"] is not None
    job.await_letters()
    (letter,) = job.letters_to(job.alarms)
    assert letter.subject == "Alert: login failed"
    shown = job.run("status")
    assert shown.returncode == 1, shown.stdout
    assert "A server does not let the service in." in shown.stdout

    job.let_a_minute_pass()
    job.do("once", **environ)
    assert job.ask("status")["alarms"] == []
    job.await_letters()
    assert job.letters_to(job.alarms)[-1].subject == "Alert is over: login failed"
    calls = [json.loads(line) for line in told.read_text().splitlines()]
    assert [(c["state"], c["code"]) for c in calls] == [
        ("raised", "login_failed"),
        ("cleared", "login_failed"),
    ]


def test_status_tells_that_no_service_runs(real_job: Job) -> None:
    job = real_job
    job.do("init")
    job.do("once")
    job.change("UPDATE cursors SET last_fetch_at = '2026-01-01 00:00:00'")
    assert job.ask("status", code=1)["alarms"] == ["nothing_fetched"]


def test_an_alarm_leaves_by_a_relay_of_its_own_where_the_usual_one_refuses(real_job: Job) -> None:
    job = real_job
    job.do("init")
    job.do("once")
    job.let_a_minute_pass()
    relay = job.servers
    done = job.run(
        "once",
        ERO_MAILBOX__PASSWORD="wrong",
        ERO_SMTP__PORT="1",
        ERO_ALERTS__SMTP__HOST=relay.host,
        ERO_ALERTS__SMTP__PORT=str(relay.smtp_port),
        ERO_ALERTS__SMTP__TLS="none",
        ERO_ALERTS__SMTP__FROM_ADDRESS="ero.alarms@elsewhere.example",
        ERO_ALERTS__SMTP__FROM_NAME="Alarms",
    )
    assert done.returncode == 75
    job.await_letters()
    (letter,) = job.letters_to(job.alarms)
    assert letter.subject == "Alert: login failed"


def test_help_says_what_a_monitor_has_to_know(real_job: Job) -> None:
    told = " ".join(real_job.do("status", "--help").lower().split())
    assert "exits with 1 while an alarm is raised" in told


def test_urgent_mail_is_told_within_a_minute_and_shown_until_a_person_answers(
    real_job: Job,
) -> None:
    """Nothing but IDLE brings the news: the next look at the mailbox is ten minutes away."""
    job = real_job
    job.do("init")
    mother = Person("R. Example", job.address_of("mother@mail.example"))
    duty = Person("Duty", job.duty)
    process = job.start("run", ERO_MAILBOX__POLL_SECONDS="600")
    try:
        # Mail that came before and is answered by the service shows that it waits by IDLE.
        assert wait_until(lambda: "service_started" in read_log(job))
        job.write(mother, "How do I ask for the Request Form?\n")
        answered = {"mail_disposed", "letter_accepted"}
        assert wait_until(lambda: answered <= {e["event"] for e in read_events(job)}), read_log(job)
        before = len(read_events(job))
        job.write(mother, "My son is in ICE detention. He says he will kill himself tonight.\n")
        assert wait_until(lambda: bool(job.letters_to(duty.address))), read_log(job)
        assert wait_until(lambda: read_log(job).count("letter_accepted") == 3)
        events = read_events(job)[before:]
        check_pass(job, [e for e in events if e["event"] in _STEPS])
        (shown,) = job.ask("status")["urgent"]
        assert (shown["mail"], shown["times_told"], shown["topics"][0]) == (2, 1, "self_harm")
        told = job.do("status").splitlines()[0]
        assert told.startswith("URGENT, not acknowledged")
        assert "journal entry 2: self harm" in told
        (alert,) = job.letters_to(duty.address, "Urgent mail")
        job.reply(duty, alert, "On it.")
        assert wait_until(lambda: job.ask("status")["urgent"] == []), read_log(job)
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0
    finally:
        process.kill()
        process.wait()


_STEPS = ("mail_recorded", "mail_disposed", "letter_accepted")


def read_log(job: Job) -> str:
    """Return the whole lines of the log; the last may still be on its way."""
    return (job.folder / "started.log").read_text().rpartition("\n")[0]


def read_events(job: Job) -> list[dict[str, object]]:
    return [json.loads(line) for line in read_log(job).splitlines()]


def check_pass(job: Job, steps: list[dict[str, object]]) -> None:
    """See that the alert left in the pass that filed the mail, and ahead of the answer to it."""
    assert [s["event"] for s in steps] == [
        "mail_recorded",
        "mail_disposed",
        "letter_accepted",
        "letter_accepted",
    ]
    kinds = dict(job.query("SELECT id, kind FROM letters"))
    sent = [kinds[s["letter_id"]] for s in steps if "letter_id" in s]
    assert sent == ["urgent_alert", "urgent_help"]
