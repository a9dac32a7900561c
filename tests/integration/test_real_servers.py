"""The real servers the other tests rely on do what those tests take for granted."""

from __future__ import annotations

import re
import smtplib
import ssl

import pytest

from tests.conftest import require_or_skip
from tests.servers.dovecot import Dovecot
from tests.servers.ports import wait_until
from tests.servers.postfix import Postfix

MAIL = b"From: A Clerk <clerk@courts.example>\r\nSubject: hello\r\n\r\nGood day.\r\n"
FORGERY = b"Authentication-Results: mx.agency.example;\r\n dmarc=pass header.from=x.example\r\n"


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        pytest.param(MAIL, b"dmarc=pass header.from=courts.example", id="plain"),
        pytest.param(FORGERY + MAIL, b"dmarc=pass header.from=courts.example", id="own result"),
        pytest.param(
            FORGERY + MAIL.replace(b"courts", b"forged"),
            b"dmarc=fail header.from=forged.example",
            id="a domain that is forged",
        ),
    ],
)
def test_postfix_delivers_plus_tags_and_alone_vouches_for_the_author(
    dovecot: Dovecot,
    postfix: Postfix,
    raw: bytes,
    expected: bytes,
    request: pytest.FixtureRequest,
) -> None:
    user = "gateway-" + re.sub(r"[^a-z]+", "-", request.node.callspec.id).strip("-")
    postfix.submit(
        raw, sender="clerk@courts.example", recipients=[f"{user}+review-1@agency.example"]
    )
    assert wait_until(lambda: len(dovecot.read_folder(user)) == 1), postfix.read_log()
    (found,) = dovecot.read_folder(user)
    results = [li for li in found.split(b"\n") if li.startswith(b"Authentication-Results:")]
    assert results == [b"Authentication-Results: mx.agency.example; " + expected]
    assert b"review-1@agency.example" in found


def test_postfix_bounces_what_it_accepted(dovecot: Dovecot, postfix: Postfix) -> None:
    postfix.submit(MAIL, sender="bounced@agency.example", recipients=["x@bounce.example"])
    assert wait_until(lambda: len(dovecot.read_folder("bounced")) == 1), postfix.read_log()
    (report,) = dovecot.read_folder("bounced")
    assert b"report-type=delivery-status" in report
    assert b"Status: 5.1.1" in report


def test_postfix_offers_starttls_with_a_certificate_that_verifies(postfix: Postfix) -> None:
    context = ssl.create_default_context(cafile=str(postfix.ca_file))
    with smtplib.SMTP("localhost", postfix.port, local_hostname="tests") as client:
        client.starttls(context=context)
        client.ehlo()
        assert client.has_extn("dsn")
        assert client.noop()[0] == 250


@pytest.mark.parametrize(
    ("required", "outcome"),
    [
        pytest.param("1", pytest.fail.Exception, id="required: a failure"),
        pytest.param("0", pytest.skip.Exception, id="not required: a skip"),
    ],
)
def test_a_missing_server_fails_or_skips_and_says_why(
    monkeypatch: pytest.MonkeyPatch, required: str, outcome: type[BaseException]
) -> None:
    monkeypatch.setenv("REQUIRE_SERVERS", required)
    with pytest.raises(outcome, match="no-such-server is not installed"):
        require_or_skip("no-such-server")
