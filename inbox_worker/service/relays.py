"""From settings to a relay's account, with where its tokens come from."""

from __future__ import annotations

from dataclasses import dataclass

from config.settings import SmtpSettings
from inbox_worker.errors import LoginRefusedError, WorkerError
from inbox_worker.mailbox.sign_in import TokenSource, find_token_source
from outbound.submission.delivery_errors import RelayLoginError, UnreachableRelayError
from outbound.submission.smtp import SmtpAccount


def build_account(smtp: SmtpSettings) -> SmtpAccount:
    """Return a relay's account."""
    return SmtpAccount(
        host=smtp.host,
        port=smtp.port,
        tls=smtp.tls,
        username=smtp.username,
        password=smtp.password.get_secret_value(),
        ca_file=smtp.ca_file,
        tokens=None if smtp.oauth2 is None else _RelayTokens(find_token_source(smtp.oauth2)),
    )


@dataclass(frozen=True, slots=True)
class _RelayTokens:
    """A source of tokens as `outbound` wants it."""

    source: TokenSource

    def find_token(self) -> str:
        """Return a token. Raises `UnreachableRelayError`, or `RelayLoginError` for good."""
        try:
            return self.source.find_token()
        except LoginRefusedError as error:
            code = error.reason.replace("_", " ")
            raise RelayLoginError(f"no token for the relay, {code}") from error
        except WorkerError as error:
            raise UnreachableRelayError("no token for the relay") from error

    def forget_token(self) -> None:
        """Use the token no more."""
        self.source.forget_token()
