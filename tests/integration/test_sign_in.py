"""Logging in by OAuth 2.0: tokens from a server over HTTPS, validated by Dovecot itself."""

from __future__ import annotations

import json
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import trustme
from cryptography import x509
from cryptography.hazmat.primitives import serialization

from config.sections import MailboxSettings, OAuth2Settings, SmtpSettings
from inbox_worker.alarms.raising import tend_alarms
from inbox_worker.errors import LoginRefusedError, UnreachableError
from inbox_worker.mailbox.client import open_mailbox
from inbox_worker.mailbox.sign_in import TokenSource, find_token_source
from inbox_worker.service.relays import build_account
from inbox_worker.storage.faults import watching_login
from inbox_worker.storage.models import Fault
from outbound.submission.delivery_errors import RelayLoginError
from outbound.submission.outbox import QueuedLetter
from outbound.submission.smtp import SmtpSubmitter
from tests.conftest import require_or_skip
from tests.integration import test_fetching
from tests.integration.test_fetching import DONE, OpenPost
from tests.integration.test_mailbox import build_mail
from tests.servers.dovecot import Dovecot, start_dovecot
from tests.servers.ports import wait_until
from tests.servers.postfix import Postfix, start_postfix
from tests.servers.tokens import (
    CLIENT_ID,
    CLIENT_SECRET,
    KEY,
    TENANT,
    TokenServer,
    is_signed_by,
    start_token_server,
)
from tests.worker_harness import DUTY, Harness, Opener

USER = "outreach"

open_post = test_fetching.open_post
user = test_fetching.user


@pytest.fixture(scope="module")
def taker(short_folders: Callable[[], Path]) -> Iterator[Dovecot]:
    """Yield a Dovecot that takes tokens."""
    require_or_skip("dovecot")
    with start_dovecot(short_folders(), token_key=KEY) as server:
        yield server


@pytest.fixture(scope="module")
def relay(taker: Dovecot, short_folders: Callable[[], Path]) -> Iterator[Postfix]:
    """Yield a Postfix that takes mail from those alone whom Dovecot lets in."""
    require_or_skip("postfix")
    folder = short_folders()
    with start_postfix(folder, lmtp_port=taker.lmtp_port, auth_port=taker.auth_port) as server:
        yield server


@pytest.fixture
def giver(tmp_path: Path) -> Iterator[TokenServer]:
    """Yield a token server, and write down the one refresh token that is good."""
    folder = tmp_path / "tls"
    folder.mkdir()
    with start_token_server(folder) as server:
        server.user = USER
        (tmp_path / "token").write_text("first\n")
        (tmp_path / "secret").write_text(f"{CLIENT_SECRET}\n")
        yield server


def table(giver: TokenServer, tmp_path: Path, **changes: Any) -> dict[str, Any]:
    return {
        "provider": "standard",
        "client_id": CLIENT_ID,
        "client_secret_file": str(tmp_path / "secret"),
        "token_url": f"{giver.url}/token",
        "refresh_token_file": str(tmp_path / "token"),
        "ca_file": str(giver.ca_file),
        **changes,
    }


def microsoft(giver: TokenServer, tmp_path: Path, **changes: Any) -> dict[str, Any]:
    usual = {"provider": "microsoft", "tenant": TENANT, "authority": giver.url, "token_url": ""}
    return table(giver, tmp_path, **{**usual, **changes})


def mailbox(taker: Dovecot, oauth2: dict[str, Any]) -> MailboxSettings:
    return MailboxSettings.model_validate(
        {
            "name": "outreach",
            "host": "localhost",
            "port": taker.imaps_port,
            "ca_file": str(taker.ca_file),
            "username": USER,
            "addresses": ["ero.outreach@agency.example"],
            "oauth2": oauth2,
        }
    )


def count(settings: MailboxSettings) -> int:
    with open_mailbox(settings) as opened:
        return opened.message_count


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({}, id="XOAUTH2"),
        pytest.param({"mechanism": "OAUTHBEARER"}, id="OAUTHBEARER"),
    ],
)
def test_a_token_opens_the_mailbox_and_serves_every_connection(
    taker: Dovecot, giver: TokenServer, tmp_path: Path, changes: dict[str, str]
) -> None:
    settings = mailbox(taker, table(giver, tmp_path, **changes))
    for _ in range(3):
        count(settings)
    assert len(giver.asked) == 1
    assert giver.asked[0] == {
        "grant_type": "refresh_token",
        "refresh_token": "first",
        "client_id": CLIENT_ID,
        "client_secret": CLIENT_SECRET,
    }


@pytest.mark.parametrize(
    ("changes", "grant"),
    [
        pytest.param({"refresh_token_file": ""}, "client_credentials", id="client credentials"),
        pytest.param({}, "refresh_token", id="refresh token"),
    ],
)
def test_microsofts_way_opens_it_too(
    taker: Dovecot, giver: TokenServer, tmp_path: Path, changes: dict[str, str], grant: str
) -> None:
    count(mailbox(taker, microsoft(giver, tmp_path, **changes)))
    (asked,) = giver.asked
    assert asked["grant_type"] == grant
    assert asked["client_id"] == CLIENT_ID
    saved = (tmp_path / "token").read_text().strip()
    assert saved == giver.refresh_token


# A certificate in the place of a secret.


@dataclass(frozen=True, slots=True)
class Certified:
    """A key and its certificate, as a certificate authority gives them out."""

    key: bytes
    certificate: bytes
    chain: bytes = b""

    @classmethod
    def issue(cls, key_type: trustme.KeyType = trustme.KeyType.RSA, **options: Any) -> Certified:
        """Return a new one."""
        issued = trustme.CA().issue_cert("outreach.agency.example", key_type=key_type, **options)
        own, *others = (blob.bytes() for blob in issued.cert_chain_pems)
        return cls(issued.private_key_pem.bytes(), own, b"".join(others))

    @property
    def parsed(self) -> x509.Certificate:
        return x509.load_pem_x509_certificate(self.certificate)


@pytest.fixture(scope="module")
def certified() -> Certified:
    """Return the client's key and certificate."""
    return Certified.issue()


@pytest.mark.parametrize(
    ("changes", "grant"),
    [
        pytest.param({"refresh_token_file": ""}, "client_credentials", id="client credentials"),
        pytest.param({}, "refresh_token", id="refresh token"),
    ],
)
def test_a_certificate_opens_the_mailbox(
    taker: Dovecot,
    giver: TokenServer,
    tmp_path: Path,
    certified: Certified,
    changes: dict[str, str],
    grant: str,
) -> None:
    (tmp_path / "client.pem").write_bytes(certified.key + certified.certificate + certified.chain)
    giver.certificate = certified.parsed
    own = {"client_secret_file": "", "certificate_file": str(tmp_path / "client.pem")}
    count(mailbox(taker, microsoft(giver, tmp_path, **own, **changes)))
    (asked,) = giver.asked
    assert asked["grant_type"] == grant
    assert "client_secret" not in asked
    # The key itself never leaves; that the assertion is its word, the token server has checked.
    assert "PRIVATE" not in json.dumps(asked)
    assert not is_signed_by(
        Certified.issue().parsed,
        asked["client_assertion"],
        audience=giver.describe()["token_endpoint"],
    )


def test_each_token_is_asked_for_by_an_assertion_of_its_own(
    giver: TokenServer, tmp_path: Path, certified: Certified
) -> None:
    (tmp_path / "client.pem").write_bytes(certified.certificate + certified.key)
    giver.certificate = certified.parsed
    own = {"client_secret_file": "", "certificate_file": str(tmp_path / "client.pem")}
    source = TokenSource(OAuth2Settings.model_validate(microsoft(giver, tmp_path, **own)))
    for _ in range(2):
        source.find_token()
        source.forget_token()
    assert len({asked["client_assertion"] for asked in giver.asked}) == 2


def test_a_certificate_nobody_registered_is_a_refused_login_until_another_is_in_the_file(
    giver: TokenServer, tmp_path: Path, certified: Certified
) -> None:
    other = Certified.issue()
    file = tmp_path / "client.pem"
    file.write_bytes(other.key + other.certificate)
    giver.certificate = certified.parsed
    own = {"client_secret_file": "", "certificate_file": str(file)}
    source = TokenSource(OAuth2Settings.model_validate(microsoft(giver, tmp_path, **own)))
    with pytest.raises(LoginRefusedError) as caught:
        source.find_token()
    assert caught.value.reason == "invalid_client"
    file.write_bytes(certified.key + certified.certificate)
    assert source.find_token()


_CERTIFIED, _OTHER = Certified.issue(), Certified.issue()
_CURVE = Certified.issue(trustme.KeyType.ECDSA)
_LOCKED = serialization.load_pem_private_key(_CERTIFIED.key, None).private_bytes(
    serialization.Encoding.PEM,
    serialization.PrivateFormat.PKCS8,
    serialization.BestAvailableEncryption(b"a password"),
)


@pytest.mark.parametrize(
    "pem",
    [
        pytest.param(_CERTIFIED.key, id="a key alone"),
        pytest.param(_CERTIFIED.certificate, id="a certificate alone"),
        pytest.param(_CERTIFIED.key + _OTHER.certificate, id="another's certificate"),
        pytest.param(_LOCKED + _CERTIFIED.certificate, id="a key with a password"),
        pytest.param(_CURVE.key + _CURVE.certificate, id="a key on a curve"),
        pytest.param(_CERTIFIED.key[:300] + _CERTIFIED.certificate, id="a key cut off"),
        pytest.param(b"not PEM", id="something else"),
        pytest.param("schlüssel".encode("latin-1"), id="no text"),
        pytest.param(b"", id="nothing"),
    ],
)
def test_a_file_without_key_and_certificate_is_a_refused_login_that_says_so(
    giver: TokenServer, tmp_path: Path, pem: bytes
) -> None:
    (tmp_path / "client.pem").write_bytes(pem)
    own = {"client_secret_file": "", "certificate_file": str(tmp_path / "client.pem")}
    source = TokenSource(OAuth2Settings.model_validate(microsoft(giver, tmp_path, **own)))
    with pytest.raises(LoginRefusedError, match=r"oauth2\.certificate_file") as caught:
        source.find_token()
    assert caught.value.reason in {"no_certificate", "no_secret"}
    assert giver.asked == []


@pytest.mark.parametrize(
    ("written", "expires"),
    [
        pytest.param({}, "2026-05-18", id="the certificate's end"),
        pytest.param({"expires_on": date(2026, 5, 10)}, "2026-05-10", id="an earlier end"),
        pytest.param({"expires_on": date(2027, 5, 10)}, "2026-05-18", id="a later end"),
    ],
)
def test_the_end_of_a_certificate_that_is_near_is_an_alarm(
    open_harness: Opener, tmp_path: Path, written: dict[str, Any], expires: str
) -> None:
    ends = datetime(2026, 5, 18, 12, tzinfo=UTC)
    ending = Certified.issue(not_before=ends - timedelta(days=90), not_after=ends)
    (tmp_path / "client.pem").write_bytes(ending.key + ending.certificate)
    relay = {
        "username": USER,
        "oauth2": {
            "provider": "microsoft",
            "client_id": CLIENT_ID,
            "tenant": TENANT,
            "certificate_file": str(tmp_path / "client.pem"),
            **written,
        },
    }
    harness = open_harness(smtp=relay)
    tend_alarms(harness.services)
    assert [x.subject for x in harness.letters(to=DUTY)] == ["Alert: credential expires"]
    assert expires in harness.newest(DUTY).text


def test_a_new_refresh_token_is_saved_for_its_owner_alone(
    giver: TokenServer, tmp_path: Path
) -> None:
    (tmp_path / "token").chmod(0o644)
    TokenSource(OAuth2Settings.model_validate(table(giver, tmp_path))).find_token()
    file = tmp_path / "token"
    assert file.read_text() == f"{giver.refresh_token}\n"
    assert giver.refresh_token != "first"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert not list(tmp_path.glob("*.new"))


def test_a_token_is_renewed_shortly_before_it_expires(giver: TokenServer, tmp_path: Path) -> None:
    now = [1000.0]
    source = TokenSource(
        OAuth2Settings.model_validate(table(giver, tmp_path)), clock=lambda: now[0]
    )
    asked = []
    for seconds in (0, 3400, 100, 0):
        now[0] += seconds
        source.find_token()
        asked.append(len(giver.asked))
    assert asked == [1, 1, 2, 2]


def test_a_token_the_server_finds_expired_is_renewed_at_once(
    taker: Dovecot, giver: TokenServer, tmp_path: Path
) -> None:
    giver.really = -60  # It says an hour, and is over.
    settings = mailbox(taker, table(giver, tmp_path))
    with pytest.raises(LoginRefusedError, match=r"refused the login: check .* mailbox\.oauth2"):
        count(settings)
    assert len(giver.asked) == 2, "a fresh one was tried"
    giver.really = None
    count(settings)
    assert len(giver.asked) == 3


def test_a_revoked_refresh_token_is_a_refused_login_until_another_is_in_the_file(
    taker: Dovecot, giver: TokenServer, tmp_path: Path
) -> None:
    settings = mailbox(taker, table(giver, tmp_path))
    giver.refresh_token = "granted anew"
    with pytest.raises(LoginRefusedError, match="invalid_grant") as caught:
        count(settings)
    assert caught.value.reason == "invalid_grant"
    assert (tmp_path / "token").read_text() == "first\n", "nothing was overwritten"
    (tmp_path / "token").write_text("granted anew\n")
    count(settings)


def test_a_revoked_refresh_token_is_a_fault_until_it_is_mended(
    harness: Harness, taker: Dovecot, giver: TokenServer, tmp_path: Path
) -> None:
    settings, database = mailbox(taker, table(giver, tmp_path)), harness.services.database
    giver.refresh_token = "granted anew"
    for _ in range(2):
        with (
            pytest.raises(LoginRefusedError),
            watching_login(database, "outreach", harness.clock),
            open_mailbox(settings),
        ):
            pass
    (fault,) = harness.rows(Fault)
    assert (fault.kind, fault.about, fault.count) == ("login", "outreach", 2)
    assert fault.reason == "invalid_grant"
    (tmp_path / "token").write_text("granted anew\n")
    with watching_login(database, "outreach", harness.clock), open_mailbox(settings):
        pass
    assert harness.rows(Fault) == []


def test_mail_that_comes_while_the_token_is_expired_is_taken_in_once_it_is_renewed(
    taker: Dovecot, giver: TokenServer, tmp_path: Path, open_post: OpenPost, user: str
) -> None:
    giver.user = user
    post = open_post(taker, password="", oauth2=table(giver, tmp_path))
    post.set_up()
    post.deliver(build_mail(1))
    post.fetch()
    # The server hangs up on whoever's token is over, and lets nobody in with it.
    giver.really = -60
    find_token_source(post.settings[0].oauth2).forget_token()  # type: ignore[arg-type]
    taker.run_doveadm("kick", user)
    post.deliver(build_mail(2))
    post.harness.work()
    for error in (UnreachableError, LoginRefusedError, LoginRefusedError):
        with pytest.raises(error):
            post.fetch()
    assert post.alarms() == ["login_failed"]
    giver.really = None
    post.work()
    assert post.folders() == {DONE: 2}
    assert post.alarms() == []
    post.check_accounts()


def test_an_end_that_is_near_is_an_alarm(open_harness: Opener, tmp_path: Path) -> None:
    (tmp_path / "token").write_text("first\n")
    relay = {
        "username": USER,
        "oauth2": {
            "provider": "standard",
            "client_id": CLIENT_ID,
            "token_url": "https://token.example/token",
            "refresh_token_file": str(tmp_path / "token"),
            "expires_on": date(2026, 5, 18),
        },
    }
    harness = open_harness(smtp=relay)
    tend_alarms(harness.services)
    assert [x.subject for x in harness.letters(to=DUTY)] == ["Alert: credential expires"]
    assert "2026-05-18" in harness.newest(DUTY).text


@pytest.mark.parametrize(
    ("provider", "secret", "reason"),
    [
        pytest.param(table, "wrong", "invalid_client", id="a wrong secret"),
        pytest.param(table, "", "no_secret", id="an empty file"),
        pytest.param(microsoft, "wrong", "invalid_client", id="a wrong secret, Microsoft's way"),
    ],
)
def test_what_the_token_server_refuses_is_a_refused_login_and_tells_no_secret(
    giver: TokenServer, tmp_path: Path, provider: Callable[..., Any], secret: str, reason: str
) -> None:
    (tmp_path / "secret").write_text(secret)
    source = TokenSource(OAuth2Settings.model_validate(provider(giver, tmp_path)))
    with pytest.raises(LoginRefusedError) as caught:
        source.find_token()
    assert caught.value.reason == reason
    for told in (str(caught.value), repr(source)):
        assert "first" not in told
        assert not secret or secret not in told


@pytest.mark.parametrize("provider", [pytest.param(table, id="the standard"), microsoft])
@pytest.mark.parametrize("fault", ["away", "error", "certificate"])
def test_a_token_server_in_trouble_is_no_refused_login(
    giver: TokenServer, tmp_path: Path, provider: Callable[..., Any], fault: str
) -> None:
    changes: dict[str, Any] = {}
    if fault == "away":
        changes = {"token_url": "https://localhost:1/token", "authority": "https://localhost:1"}
    elif fault == "certificate":
        changes = {"ca_file": ""}
    else:
        giver.status = 503
    source = TokenSource(OAuth2Settings.model_validate(provider(giver, tmp_path, **changes)))
    with pytest.raises(UnreachableError, match="token server") as caught:
        source.find_token()
    assert not isinstance(caught.value, LoginRefusedError)
    assert (tmp_path / "token").read_text() == "first\n"


# Submitting.


def letter() -> QueuedLetter:
    raw = b"From: ero.outreach@agency.example\r\nSubject: x\r\n\r\nGood day.\r\n"
    return QueuedLetter(
        id=1,
        attempts=0,
        sender="ero.outreach@agency.example",
        recipient="token-reader@agency.example",
        raw=raw,
    )


def submitter(relay: Postfix, oauth2: dict[str, Any]) -> SmtpSubmitter:
    settings = SmtpSettings.model_validate(
        {
            "host": "localhost",
            "port": relay.port,
            "ca_file": str(relay.ca_file),
            "username": USER,
            "from_address": "ero.outreach@agency.example",
            "from_name": "ERO Outreach",
            "oauth2": oauth2,
        }
    )
    return SmtpSubmitter(build_account(settings))


def test_a_letter_is_submitted_with_a_token(
    taker: Dovecot, relay: Postfix, giver: TokenServer, tmp_path: Path
) -> None:
    with submitter(relay, table(giver, tmp_path)) as opened:
        assert opened.submit(letter()).code == 250
    assert wait_until(lambda: len(taker.read_folder("token-reader")) == 1), relay.read_log()


def test_a_refused_token_is_a_refused_login_and_a_fresh_one_is_tried_next(
    relay: Postfix, giver: TokenServer, tmp_path: Path
) -> None:
    giver.really = -60
    with submitter(relay, table(giver, tmp_path)) as opened:
        with pytest.raises(RelayLoginError, match="login answered 535"):
            opened.submit(letter())
        giver.really = None
        assert opened.submit(letter()).code == 250


def test_a_revoked_refresh_token_keeps_letters_until_another_is_in_the_file(
    relay: Postfix, giver: TokenServer, tmp_path: Path
) -> None:
    giver.refresh_token = "granted anew"
    with submitter(relay, table(giver, tmp_path)) as opened:
        with pytest.raises(RelayLoginError, match="no token for the relay, invalid grant"):
            opened.submit(letter())
        (tmp_path / "token").write_text("granted anew\n")
        assert opened.submit(letter()).code == 250
