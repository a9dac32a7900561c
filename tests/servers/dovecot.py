"""A real Dovecot for the tests: IMAP over TLS, and LMTP to deliver by, in a folder of its own.

Any user may log in with the one password; each has a maildir of their own, made at first use.
"""

from __future__ import annotations

import base64
import grp
import os
import pwd
import shutil
import smtplib
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from tests.servers.ports import find_free_ports, is_listening, wait_until
from tests.servers.tls import write_certificate

PASSWORD = "Gl0cken-spiel"

_CONFIGURATION = """
base_dir = {base}/run
state_dir = {base}/state
log_path = {base}/dovecot.log
protocols = imap lmtp
listen = 127.0.0.1
default_internal_user = {user}
default_login_user = {user}
default_internal_group = {group}
first_valid_uid = 1
mail_uid = {mail_user}
mail_gid = {mail_group}
ssl = yes
ssl_cert = <{base}/server.pem
ssl_key = <{base}/server.key
disable_plaintext_auth = no
auth_mechanisms = plain login{token_mechanisms}
auth_username_format = %Ln
recipient_delimiter = +
mail_home = {base}/homes/%n
mail_location = {storage}
mail_fsync = never
{quota}
imap_hibernate_timeout = 0
# Sessions that are over count for a while, and somebody who waits for mail looks very often.
mail_max_userip_connections = 0
verbose_proctitle = yes
{capability}
{tokens}
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = home={base}/homes/%n allow_all_users=yes
}}
namespace inbox {{
  inbox = yes
  separator = {separator}
  prefix = {prefix}
}}
auth_failure_delay = 0
service anvil {{
  chroot =
  # Without this listener a wrong password slows down every login that follows it.
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service stats {{
  chroot =
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    address = 127.0.0.1
    port = {imap_port}
  }}
  inet_listener imaps {{
    address = 127.0.0.1
    port = {imaps_port}
    ssl = yes
  }}
}}
service lmtp {{
  chroot =
  inet_listener lmtp {{
    address = 127.0.0.1
    port = {lmtp_port}
  }}
}}
protocol lmtp {{
  # Replies carry their token in the plus-tag, which is part of the address and not a folder.
  lmtp_save_to_detail_mailbox = no
}}
"""


#: Tokens are validated here, by the key they are signed with, and nobody is asked.
_TOKENS = """
passdb {{
  driver = oauth2
  mechanisms = xoauth2 oauthbearer
  args = {base}/oauth2.conf
}}
service auth {{
  inet_listener {{
    address = 127.0.0.1
    port = {port}
  }}
}}
"""
_TOKEN_VALIDATION = """
introspection_mode = local
local_validation_key_dict = fs:posix:prefix={base}/keys/
username_attribute = sub
"""

_QUOTA = """
mail_plugins = quota
plugin {{
  quota = maildir:User quota
  quota_rule = *:{rule}
}}
protocol imap {{
  mail_plugins = quota imap_quota
}}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dovecot:
    """A running server."""

    host: str
    imap_port: int  #: plain and STARTTLS
    imaps_port: int  #: TLS from the start
    lmtp_port: int
    ca_file: Path  #: the authority that signed its certificate
    base: Path
    pid: int  #: of the master process
    auth_port: int  #: where a relay has logins checked, of a server that takes tokens

    password: str = PASSWORD

    def deliver(self, raw: bytes, recipients: Sequence[str], *, sender: str = "") -> None:
        """Hand a mail over by LMTP; every recipient's mailbox is made where it is missing."""
        with smtplib.LMTP(self.host, self.lmtp_port, local_hostname="tests") as client:
            client.sendmail(sender, list(recipients), raw)

    def run_doveadm(self, *arguments: str, patience: float = 100) -> str:
        """Run one administrative command and return what it printed."""
        done = subprocess.run(
            ["doveadm", "-c", str(self.base / "dovecot.conf"), *arguments],
            check=True,
            capture_output=True,
            text=True,
            timeout=patience,
        )
        return done.stdout

    def fill(self, user: str, mails: Iterable[bytes]) -> None:
        """Put many mails into a user's inbox, quickly: written as files, and taken over at once."""
        home = self.base / "homes" / user
        for part in ("cur", "new", "tmp"):
            (home / "filling" / part).mkdir(parents=True)
        for number, raw in enumerate(mails):
            (home / "filling" / "cur" / f"1{number:09}.M0P0.filled:2,").write_bytes(raw)
        if os.getuid() == 0:
            owner = pwd.getpwnam("nobody")
            for path in (home, *home.rglob("*")):
                os.chown(path, owner.pw_uid, owner.pw_gid)
        self.run_doveadm("import", "-u", user, f"maildir:{home}/filling", "", "all", patience=600)
        shutil.rmtree(home / "filling")

    def read_folder(self, user: str, folder: str = "INBOX") -> tuple[bytes, ...]:
        """Return the mails in a folder of a user, oldest first, without marking them."""
        maildir = self.base / "homes" / user / "Maildir"
        where = maildir if folder == "INBOX" else maildir / f".{folder}"
        found = [f for part in ("new", "cur") for f in (where / part).glob("*")]
        return tuple(f.read_bytes() for f in sorted(found, key=lambda f: f.name))


def find_missing_server() -> str | None:
    """Return why Dovecot cannot be started here, as a sentence, or None."""
    if shutil.which("dovecot", path=_search_path()) is None:
        return "Dovecot is not installed (tests/servers/install.sh installs it on Debian)."
    if not Path("/usr/lib/dovecot/lmtp").exists():
        return "Dovecot's LMTP server is not installed (package dovecot-lmtpd)."
    return None


@contextmanager
def start_dovecot(
    base: Path,
    *,
    capability: str | None = None,
    prefix: str = "",
    separator: str = "/",
    quota: str = "",
    storage: str = "maildir:~/Maildir",
    token_key: bytes = b"",
) -> Iterator[Dovecot]:
    """Yield a Dovecot that lives in `base`, an empty folder with a short path.

    `capability` replaces what it says it can do, so that a server without MOVE can be played;
    `quota` is what every user has room for, such as `messages=10`; `storage` is the form mails are
    kept in; `token_key` is what tokens are signed with, where it takes them beside passwords.
    """
    ports = find_free_ports(4)
    write_certificate(base)
    _write_configuration(base, ports, capability, prefix, separator, quota, storage, token_key)
    with run_dovecot(base, port=ports[0]) as pid:
        yield Dovecot(
            host="127.0.0.1",
            imap_port=ports[0],
            imaps_port=ports[1],
            lmtp_port=ports[2],
            ca_file=base / "ca.pem",
            base=base,
            pid=pid,
            auth_port=ports[3],
        )


@contextmanager
def run_dovecot(base: Path, *, port: int) -> Iterator[int]:
    """Run the Dovecot that is configured in `base` until it is ended; yield its process id."""
    process = subprocess.Popen(
        [_find_program(), "-F", "-c", str(base / "dovecot.conf")],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        if not wait_until(lambda: is_listening(port) or process.poll() is not None):
            _fail(base)
        if process.poll() is not None:
            _fail(base)
        yield process.pid
    finally:
        process.terminate()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _write_configuration(
    base: Path,
    ports: list[int],
    capability: str | None,
    prefix: str,
    separator: str,
    quota: str,
    storage: str,
    token_key: bytes,
) -> None:
    for folder in ("run", "state", "homes"):
        (base / folder).mkdir()
    own = pwd.getpwuid(os.getuid())
    mail = pwd.getpwnam("nobody") if own.pw_uid == 0 else own
    if own.pw_uid == 0:
        # Mail processes give up root; they must be able to reach their folder and write there.
        base.chmod(0o755)
        os.chown(base / "homes", mail.pw_uid, mail.pw_gid)
    text = _CONFIGURATION.format(
        base=base,
        user="dovenull" if own.pw_uid == 0 else own.pw_name,
        group="dovecot" if own.pw_uid == 0 else _group_of(own),
        mail_user=mail.pw_name,
        mail_group=_group_of(mail),
        password=PASSWORD,
        imap_port=ports[0],
        imaps_port=ports[1],
        lmtp_port=ports[2],
        capability=f"imap_capability = {capability}" if capability else "",
        prefix=prefix,
        separator=separator,
        storage=storage,
        quota=_QUOTA.format(rule=quota) if quota else "",
        token_mechanisms=" xoauth2 oauthbearer" if token_key else "",
        tokens=_TOKENS.format(base=base, port=ports[3]) if token_key else "",
    )
    if token_key:
        keys = base / "keys/default/HS256"
        keys.mkdir(parents=True)
        (keys / "default").write_bytes(base64.b64encode(token_key))
        (base / "oauth2.conf").write_text(_TOKEN_VALIDATION.format(base=base))
    (base / "dovecot.conf").write_text(text)


def _group_of(user: pwd.struct_passwd) -> str:
    return grp.getgrgid(user.pw_gid).gr_name


def _fail(base: Path) -> NoReturn:
    log = base / "dovecot.log"
    said = log.read_text()[-2000:] if log.exists() else "nothing"
    raise RuntimeError(f"Dovecot did not start; its log says: {said}")


def _search_path() -> str:
    return os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin"


def _find_program() -> str:
    return shutil.which("dovecot", path=_search_path()) or "dovecot"
