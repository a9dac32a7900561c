"""Submission over real sockets: a scripted relay that refuses, hangs up, forgets, asks for TLS."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from outbound.submission.delivery_errors import (
    DeliveryError,
    PermanentDeliveryError,
    RelayLoginError,
    TransientDeliveryError,
    UncertainDeliveryError,
    UnreachableRelayError,
)
from outbound.submission.outbox import QueuedLetter
from outbound.submission.smtp import SmtpAccount, SmtpSubmitter
from tests.servers.ports import find_free_ports

RECIPIENT = "clerk@courts.example"
RAW = b"Subject: x\r\n\r\n.a line that starts with a dot\r\n..two\r\n.\r\nend\r\n"


@dataclass
class Relay:
    """A handler that answers as told; `script` maps a command to its answers, used up in order."""

    script: dict[str, list[str]] = field(default_factory=dict)
    connections: int = 0
    mails: list[bytes] = field(default_factory=list)
    options: list[list[str]] = field(default_factory=list)
    servers: list[SMTP] = field(default_factory=list)

    def _answer(self, server: SMTP, command: str, usual: str) -> str:
        answers = self.script.get(command) or [usual]
        answer = answers.pop(0)
        if answer == "DROP":
            server.transport.abort()
        return answer

    def close_all(self) -> None:
        """Close every connection from the relay's side, as one does that waited too long."""
        for server in self.servers:
            server.loop.call_soon_threadsafe(server.transport.close)

    async def handle_EHLO(  # noqa: N802  the library's name
        self,
        server: SMTP,
        session: Session,
        envelope: Envelope,
        hostname: str,
        responses: list[str],
    ) -> list[str]:
        session.host_name = hostname
        self.connections += 1
        self.servers.append(server)
        return [*responses[:-1], "250-DSN", responses[-1]]

    async def handle_MAIL(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        answer = self._answer(server, "MAIL", "250 OK")
        if answer.startswith("250"):
            envelope.mail_from = address
            self.options.append(options)
        return answer

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        answer = self._answer(server, "RCPT", "250 OK")
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
            self.options.append(options)
        return answer

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        assert isinstance(envelope.content, bytes)
        self.mails.append(envelope.content)
        return self._answer(server, "DATA", "250 2.0.0 queued as 42")


class DsnSMTP(SMTP):
    """aiosmtpd refuses the parameters of RFC 3461 by itself; this one lets them pass."""

    def _getparams(self, params: list[str]) -> dict[str, str | bool] | None:  # type: ignore[override]
        found = super()._getparams(params) or {}
        for name in ("RET", "ENVID", "NOTIFY"):
            found.pop(name, None)
        return found


class RelayController(Controller):
    def factory(self) -> SMTP:
        return DsnSMTP(self.handler, **self.SMTP_kwargs)


@contextmanager
def running(relay: Relay, **settings: Any) -> Iterator[int]:
    (port,) = find_free_ports(1)
    controller = RelayController(
        relay, hostname="127.0.0.1", port=port, ready_timeout=60, **settings
    )
    controller.start()
    try:
        yield port
    finally:
        controller.stop()


def account(port: int, **changes: Any) -> SmtpAccount:
    usual = {"host": "127.0.0.1", "tls": "none", "timeout_seconds": 15, "data_timeout_seconds": 15}
    return SmtpAccount(port=port, **(usual | changes))


def impatient(port: int) -> SmtpAccount:
    return account(port, data_timeout_seconds=0.2)


def letter(number: int = 1, **changes: Any) -> QueuedLetter:
    usual = {"sender": "ero.outreach@agency.example", "recipient": RECIPIENT, "raw": RAW}
    return QueuedLetter(id=number, attempts=0, **(usual | changes))


def test_the_relay_gets_the_very_bytes_over_one_connection() -> None:
    relay = Relay()
    with running(relay) as port, SmtpSubmitter(account(port)) as submitter:
        replies = [submitter.submit(letter(n)) for n in range(5)]
    assert relay.mails == [RAW] * 5
    assert relay.connections == 1
    assert {(r.code, r.text) for r in replies} == {(250, "2.0.0 queued as 42")}


@pytest.mark.parametrize(
    ("command", "answer", "error", "reason"),
    [
        pytest.param(
            "RCPT",
            f"451 4.7.1 <{RECIPIENT}> greylisted",
            TransientDeliveryError,
            "RCPT answered 451 4.7.1",
            id="put off at RCPT",
        ),
        pytest.param(
            "RCPT",
            f"550 5.1.1 <{RECIPIENT}> unknown",
            PermanentDeliveryError,
            "RCPT answered 550 5.1.1",
            id="refused at RCPT",
        ),
        pytest.param(
            "DATA",
            "451 4.3.0 try later",
            TransientDeliveryError,
            "the letter's data answered 451 4.3.0",
            id="put off after the data",
        ),
        pytest.param(
            "DATA",
            "554 no",
            PermanentDeliveryError,
            "the letter's data answered 554",
            id="refused after the data",
        ),
        pytest.param(
            "MAIL",
            "451 4.3.0 busy",
            TransientDeliveryError,
            "MAIL answered 451 4.3.0",
            id="put off at MAIL",
        ),
        pytest.param(
            "MAIL",
            "552 5.3.4 too large",
            PermanentDeliveryError,
            "MAIL answered 552 5.3.4",
            id="too large is the letter's fault",
        ),
        pytest.param(
            "MAIL",
            "550 5.7.1 sender not allowed",
            TransientDeliveryError,
            "MAIL answered 550 5.7.1",
            id="a refused sender is the installation's fault",
        ),
        pytest.param(
            "MAIL",
            "530 5.7.0 authenticate first",
            RelayLoginError,
            "MAIL answered 530 5.7.0",
            id="no login stops everything",
        ),
        pytest.param(
            "MAIL",
            "421 4.3.2 shutting down",
            UnreachableRelayError,
            "MAIL answered 421 4.3.2",
            id="a closing relay stops everything",
        ),
        pytest.param(
            "RCPT",
            "421 4.7.0 too much for this address",
            TransientDeliveryError,
            "RCPT answered 421 4.7.0",
            id="421 at RCPT is the letter's",
        ),
    ],
)
def test_an_answer_means_what_the_caller_must_do_next(
    command: str, answer: str, error: type[DeliveryError], reason: str
) -> None:
    relay = Relay(script={command: [answer]})
    with running(relay) as port, SmtpSubmitter(account(port)) as submitter:
        with pytest.raises(DeliveryError) as caught:
            submitter.submit(letter())
        assert submitter.submit(letter(2)).code == 250, "the next letter goes out as usual"
    assert type(caught.value) is error
    assert caught.value.reason == str(caught.value) == reason
    assert caught.value.code == int(answer[:3])
    assert caught.value.text == answer[4:]
    assert RECIPIENT not in caught.value.reason


def test_a_connection_cut_after_the_data_is_uncertain() -> None:
    relay = Relay(script={"DATA": ["DROP"]})
    with running(relay) as port, SmtpSubmitter(account(port)) as submitter:
        with pytest.raises(UncertainDeliveryError):
            submitter.submit(letter())
        assert submitter.submit(letter(2)).code == 250
    assert relay.mails == [RAW, RAW], "the relay had it all the first time"


def test_silence_after_the_data_is_uncertain() -> None:
    with (
        hanging_after("354 go on") as port,
        SmtpSubmitter(impatient(port)) as submitter,
        pytest.raises(UncertainDeliveryError),
    ):
        submitter.submit(letter())


@pytest.mark.parametrize(
    ("said", "error"),
    [
        pytest.param("", UnreachableRelayError, id="before it greets"),
        pytest.param("220 relay", UnreachableRelayError, id="before its capabilities"),
        pytest.param("250 OK", TransientDeliveryError, id="before the letter"),
        pytest.param("354 go on", UncertainDeliveryError, id="after the letter"),
    ],
)
def test_a_relay_that_does_not_answer_is_waited_for_until_the_line_is_cut(
    said: str, error: type[DeliveryError]
) -> None:
    with hanging_after(said) as port, SmtpSubmitter(account(port)) as submitter:
        cutting = threading.Timer(0.3, submitter.cut)
        began = time.monotonic()
        cutting.start()
        with pytest.raises(error):
            submitter.submit(letter())
        assert 0.2 < time.monotonic() - began < 12
        cutting.join()


def test_nothing_is_sent_after_the_line_was_cut() -> None:
    relay = Relay()
    with running(relay) as port, SmtpSubmitter(account(port)) as submitter:
        submitter.cut()
        with pytest.raises(UnreachableRelayError):
            submitter.submit(letter())
    assert relay.connections == 0


@pytest.mark.parametrize("command", ["MAIL", "RCPT"])
def test_a_fresh_connection_cut_before_the_data_is_transient(command: str) -> None:
    relay = Relay(script={command: ["DROP"]})
    with (
        running(relay) as port,
        SmtpSubmitter(account(port)) as submitter,
        pytest.raises(TransientDeliveryError, match="before the letter") as caught,
    ):
        submitter.submit(letter())
    assert not isinstance(caught.value, UnreachableRelayError)
    assert relay.mails == []


@pytest.mark.parametrize(
    ("command", "answer"),
    [
        pytest.param("MAIL", "DROP", id="cut at MAIL"),
        pytest.param("RCPT", "DROP", id="cut at RCPT"),
        pytest.param("MAIL", "421 4.4.2 idle too long", id="timed out by the relay"),
    ],
)
def test_a_stale_connection_is_replaced_without_a_word(command: str, answer: str) -> None:
    relay = Relay()
    with running(relay) as port, SmtpSubmitter(account(port)) as submitter:
        submitter.submit(letter(1))
        relay.script[command] = [answer]
        assert submitter.submit(letter(2)).code == 250
    assert (relay.connections, len(relay.mails)) == (2, 2)


def test_a_connection_the_relay_closed_while_idle_is_replaced() -> None:
    relay = Relay()
    with running(relay) as port, SmtpSubmitter(account(port)) as submitter:
        submitter.submit(letter(1))
        relay.close_all()
        assert submitter.submit(letter(2)).code == 250
    assert (relay.connections, len(relay.mails)) == (2, 2)


def test_a_relay_that_is_not_there_is_unreachable() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        with (
            SmtpSubmitter(account(port)) as submitter,
            pytest.raises(UnreachableRelayError, match="could not be reached"),
        ):
            submitter.submit(letter())


def test_a_relay_that_comes_back_is_used_again() -> None:
    relay = Relay()
    with running(relay) as port:
        submitter = SmtpSubmitter(account(port))
        submitter.submit(letter(1))
    with pytest.raises(UnreachableRelayError):
        submitter.submit(letter(2))
    submitter.close()
    with running(relay) as port, SmtpSubmitter(account(port)) as again:
        again.submit(letter(2))
    assert len(relay.mails) == 2


def test_a_relay_that_says_nothing_is_unreachable() -> None:
    with (
        hanging_after("") as port,
        SmtpSubmitter(account(port, timeout_seconds=0.2)) as submitter,
        pytest.raises(UnreachableRelayError, match="in time"),
    ):
        submitter.submit(letter())


@pytest.mark.parametrize(
    "greeting", ["421 4.3.2 not now", "554 5.7.1 no", "HTTP/1.1 400 Bad Request"]
)
def test_a_relay_that_turns_us_away_is_unreachable(greeting: str) -> None:
    with (
        hanging_after(greeting) as port,
        SmtpSubmitter(account(port)) as submitter,
        pytest.raises(UnreachableRelayError),
    ):
        submitter.submit(letter())


def test_delivery_reports_are_asked_for_where_the_relay_offers_them() -> None:
    relay = Relay()
    with running(relay) as port, SmtpSubmitter(account(port)) as submitter:
        submitter.submit(letter(17))
        submitter.submit(replace(letter(18), envelope_id="letter.0g4", wants_receipt=True))
    mail, rcpt, wanted_mail, wanted_rcpt = (
        {option.upper() for option in options} for options in relay.options
    )
    assert mail == {"RET=HDRS", f"SIZE={len(RAW)}"}
    assert rcpt == {"NOTIFY=FAILURE,DELAY"}
    assert wanted_mail == {*mail, "ENVID=LETTER.0G4"}
    assert wanted_rcpt == {"NOTIFY=SUCCESS,FAILURE,DELAY"}


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"raw": b"Subject: x\n\ny\r\n"}, id="bare line feed"),
        pytest.param({"raw": b"Subject: x\r\n\r\ny\r.\r\nMAIL\r\n"}, id="bare carriage return"),
        pytest.param({"raw": b"Subject: x\r\n\r\ny"}, id="no line end at the end"),
        pytest.param({"recipient": "a@b.example>\r\nRCPT TO:<c@d.example"}, id="injected command"),
        pytest.param({"recipient": "a@b.example SIZE=1"}, id="injected parameter"),
        pytest.param({"recipient": "josé@courts.example"}, id="not ASCII"),
        pytest.param({"sender": ""}, id="no sender"),
    ],
)
def test_what_could_be_misread_never_reaches_the_wire(changes: dict[str, Any]) -> None:
    relay = Relay()
    with (
        running(relay) as port,
        SmtpSubmitter(account(port)) as submitter,
        pytest.raises(PermanentDeliveryError),
    ):
        submitter.submit(letter(**changes))
    assert relay.connections == 0


def test_several_threads_share_one_connection() -> None:
    relay = Relay()
    with running(relay) as port, SmtpSubmitter(account(port)) as submitter:
        threads = [threading.Thread(target=submitter.submit, args=(letter(n),)) for n in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert (relay.connections, len(relay.mails)) == (1, 8)


def test_the_password_is_never_shown() -> None:
    assert "secret" not in repr(account(25, username="outreach", password="secret"))


@dataclass(frozen=True)
class Certificates:
    server: ssl.SSLContext
    ca_file: Path
    other_ca_file: Path


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    folder = tmp_path_factory.mktemp("tls")
    ours, other = trustme.CA(), trustme.CA()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    ours.issue_cert("localhost").configure_cert(context)
    ours.cert_pem.write_to_path(str(folder / "ca.pem"))
    other.cert_pem.write_to_path(str(folder / "other.pem"))
    return Certificates(context, folder / "ca.pem", folder / "other.pem")


def login(password: bytes) -> Callable[..., AuthResult]:
    def authenticate(
        server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: LoginPassword
    ) -> AuthResult:
        return AuthResult(success=data.password == password, handled=False)

    return authenticate


def test_starttls_is_verified_and_the_login_goes_through_it(certificates: Certificates) -> None:
    relay = Relay()
    settings = {
        "tls_context": certificates.server,
        "require_starttls": True,
        "auth_required": True,
        "authenticator": login(b"right"),
    }
    secure = {"host": "localhost", "tls": "starttls", "username": "outreach"}
    with running(relay, **settings) as port:
        good = account(port, **secure, password="right", ca_file=str(certificates.ca_file))
        with SmtpSubmitter(good) as submitter:
            assert submitter.submit(letter()).code == 250
            submitter.check()
        wrong = account(port, **secure, password="wrong", ca_file=str(certificates.ca_file))
        with SmtpSubmitter(wrong) as submitter, pytest.raises(UnreachableRelayError) as caught:
            submitter.submit(letter())
        assert caught.value.code == 535
        stranger = account(port, **secure, ca_file=str(certificates.other_ca_file))
        with (
            SmtpSubmitter(stranger) as submitter,
            pytest.raises(UnreachableRelayError, match="TLS could not be trusted"),
        ):
            submitter.check()
        absent = account(port, **secure, ca_file="/nonexistent/ca.pem")
        with (
            SmtpSubmitter(absent) as submitter,
            pytest.raises(UnreachableRelayError, match="ca_file"),
        ):
            submitter.check()
    assert len(relay.mails) == 1


def test_a_relay_without_starttls_gets_nothing_in_clear() -> None:
    relay = Relay()
    with (
        running(relay) as port,
        SmtpSubmitter(account(port, tls="starttls")) as submitter,
        pytest.raises(UnreachableRelayError, match="no STARTTLS"),
    ):
        submitter.submit(letter())
    assert relay.mails == []


def test_implicit_tls_is_verified(certificates: Certificates) -> None:
    relay = Relay()
    with running_tls(relay, certificates.server) as port:
        secure = {"host": "localhost", "tls": "implicit"}
        good = account(port, **secure, ca_file=str(certificates.ca_file))
        with SmtpSubmitter(good) as submitter:
            assert submitter.submit(letter()).code == 250
        with (
            SmtpSubmitter(account(port, **secure)) as submitter,
            pytest.raises(UnreachableRelayError, match="TLS could not be trusted"),
        ):
            submitter.check()


@contextmanager
def running_tls(relay: Relay, context: ssl.SSLContext) -> Iterator[int]:
    with running(relay, ssl_context=context) as port:
        yield port


@contextmanager
def hanging_after(line: str) -> Iterator[int]:
    """Run a relay that says yes until it said `line`, and then nothing more."""
    listener = socket.create_server(("127.0.0.1", 0))
    done = threading.Event()

    def serve() -> None:
        peer, _ = listener.accept()
        with peer, peer.makefile("rwb") as stream:
            answers = ["220 relay", "250 relay", "250 OK", "250 OK", "354 go on"]
            if line in answers:
                del answers[answers.index(line) + 1 :]
            else:
                answers = [line] if line else []
            for number, answer in enumerate(answers):
                if number:
                    stream.readline()
                stream.write(answer.encode() + b"\r\n")
                stream.flush()
            done.wait(60)

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield int(listener.getsockname()[1])
    finally:
        done.set()
        thread.join()
        listener.close()
