"""A real Postfix for the tests: takes every mail on a loopback port and hands it over by LMTP.

It is also the gateway: an Authentication-Results field from outside is dropped, and one of its own
is written with `dmarc=pass` for whatever domain the author names, or `dmarc=fail` where that domain
is `forged.example`. Mail to `bounce.example` is refused after it was accepted, so that a delivery
report comes back.
"""

from __future__ import annotations

import os
import pwd
import shutil
import smtplib
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.servers.ports import find_free_ports, is_listening, wait_until
from tests.servers.tls import write_certificate

AUTHSERV_ID = "mx.agency.example"
FORGED_DOMAIN = "forged.example"
BOUNCING_DOMAIN = "bounce.example"

_MAIN = """
compatibility_level = 3.6
queue_directory = {base}/queue
data_directory = {base}/data
maillog_file_prefixes = {base}
maillog_file = {base}/postfix.log
myhostname = {authserv_id}
myorigin = agency.example
mydestination =
mynetworks = 127.0.0.0/8
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
alias_maps =
alias_database =
local_recipient_maps =
append_dot_mydomain = no
recipient_delimiter = +
smtpd_peername_lookup = no
smtpd_relay_restrictions = {relay_for}, reject
{logins}
smtpd_tls_security_level = may
smtpd_tls_cert_file = {base}/server.pem
smtpd_tls_key_file = {base}/server.key
default_transport = lmtp:inet:127.0.0.1:{lmtp_port}
transport_maps = inline:{{ {{ {bouncing} = error:5.1.1 no such user }} }}
# Known to be undeliverable, and accepted all the same: the bounce has to come later.
smtpd_reject_unlisted_recipient = no
header_checks = regexp:{base}/etc/header_checks
message_size_limit = 104857600
mailbox_size_limit = 0
minimal_backoff_time = 1s
maximal_backoff_time = 5s
queue_run_delay = 1s
"""

#: Logins are checked by Dovecot, and nobody else may send.
_LOGINS = """
smtpd_sasl_auth_enable = yes
smtpd_sasl_type = dovecot
smtpd_sasl_path = inet:127.0.0.1:{port}
smtpd_client_restrictions = permit_sasl_authenticated, reject
"""

_MASTER = """
127.0.0.1:{port} inet n - n - - smtpd
pickup    unix  n  -  n  60   1  pickup
cleanup   unix  n  -  n  -    0  cleanup
qmgr      unix  n  -  n  1    1  qmgr
tlsmgr    unix  -  -  n  1000? 1 tlsmgr
rewrite   unix  -  -  n  -    -  trivial-rewrite
bounce    unix  -  -  n  -    0  bounce
defer     unix  -  -  n  -    0  bounce
trace     unix  -  -  n  -    0  bounce
proxymap  unix  -  -  n  -    -  proxymap
showq     unix  n  -  n  -    -  showq
error     unix  -  -  n  -    -  error
retry     unix  -  -  n  -    -  error
lmtp      unix  -  -  n  -    -  lmtp
anvil     unix  -  -  n  -    1  anvil
postlog   unix-dgram n - n - 1 postlogd
"""

# The rules are tried in order for each field; a field one of them adds is not looked at again.
_HEADER_CHECKS = r"""
/^Authentication-Results:/ IGNORE
/^From:.*@{forged}/ PREPEND Authentication-Results: {id}; dmarc=fail header.from={forged}
/^From:.*@([A-Za-z0-9.-]+)/ PREPEND Authentication-Results: {id}; dmarc=pass header.from=$1
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Postfix:
    """A running server."""

    host: str
    port: int  #: SMTP, with STARTTLS offered
    ca_file: Path  #: the authority that signed its certificate
    base: Path

    def submit(self, raw: bytes, *, sender: str, recipients: Sequence[str]) -> None:
        """Hand a mail over by SMTP."""
        with smtplib.SMTP(self.host, self.port, local_hostname="tests") as client:
            client.sendmail(sender, list(recipients), raw)

    def read_log(self) -> str:
        """Return everything the server has logged."""
        return (self.base / "postfix.log").read_text()


def find_missing_server() -> str | None:
    """Return why Postfix cannot be started here, as a sentence, or None."""
    if _find_program() is None:
        return "Postfix is not installed (tests/servers/install.sh installs it on Debian)."
    if os.getuid() != 0:
        return "Postfix starts only as root."
    return None


@contextmanager
def start_postfix(base: Path, *, lmtp_port: int, auth_port: int = 0) -> Iterator[Postfix]:
    """Yield a Postfix that lives in `base`, an empty folder, and delivers to `lmtp_port`.

    With `auth_port`, a Dovecot's, it takes mail only from those who log in.
    """
    port = find_free_ports(1)[0]
    write_certificate(base)
    _write_configuration(base, port, lmtp_port, auth_port)
    _run(base, "start")
    try:
        if not wait_until(lambda: is_listening(port)):
            log = (base / "postfix.log").read_text()[-2000:]
            raise RuntimeError(f"Postfix did not start; its log says: {log}")
        yield Postfix(host="127.0.0.1", port=port, ca_file=base / "ca.pem", base=base)
    finally:
        _run(base, "stop")


def _write_configuration(base: Path, port: int, lmtp_port: int, auth_port: int) -> None:
    base.chmod(0o755)
    for folder in ("etc", "queue", "data"):
        (base / folder).mkdir()
    owner = pwd.getpwnam("postfix")
    os.chown(base / "data", owner.pw_uid, owner.pw_gid)
    main = _MAIN.format(
        base=base,
        authserv_id=AUTHSERV_ID,
        lmtp_port=lmtp_port,
        bouncing=BOUNCING_DOMAIN,
        relay_for="permit_sasl_authenticated" if auth_port else "permit_mynetworks",
        logins=_LOGINS.format(port=auth_port) if auth_port else "",
    )
    checks = _HEADER_CHECKS.format(id=AUTHSERV_ID, forged=FORGED_DOMAIN)
    (base / "etc/main.cf").write_text(main)
    (base / "etc/master.cf").write_text(_MASTER.format(port=port))
    (base / "etc/header_checks").write_text(checks)


def _run(base: Path, command: str) -> None:
    # Its output goes to a file: the daemon inherits it, and a pipe would never be closed.
    with (base / "postfix.out").open("ab") as output:
        done = subprocess.run(
            [_find_program() or "postfix", "-c", str(base / "etc"), command],
            check=False,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            timeout=60,
        )
    if done.returncode != 0:
        said = (base / "postfix.out").read_text()[-2000:]
        log = base / "postfix.log"
        said += log.read_text()[-2000:] if log.exists() else ""
        raise RuntimeError(f"postfix {command} failed: {said}")


def _find_program() -> str | None:
    return shutil.which("postfix", path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin")
