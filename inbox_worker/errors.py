"""Errors of the worker, named by what the caller must do next.

`WorkerError`           a sentence for the person at the terminal; exit 1
`UnreachableError`      a server could not be reached; try later; exit 75
`LeaseLostError`        another worker took over from this one; start over; exit 75
`LostClaimError`        another worker has this mail now; leave it alone
`LoginRefusedError`     that server does not let us in, or no token for it could be had; exit 75
`StaleStatusError`      another writer was first; read again and decide anew
`IllegalTransitionError` a programming error: the table forbids the step
`SchemaError`           the database is not at the current schema; run `init`; exit 2
`NotSetUpError`         nor was a mailbox ever set up; run `init`; exit 2
"""

from __future__ import annotations


class WorkerError(Exception):
    """It did not work; the message says why and what to do."""


class UnreachableError(WorkerError):
    """A server could not be reached or would not let us in; try later."""


class LeaseLostError(UnreachableError):
    """This worker was silent for so long that it counts as gone."""

    def __init__(self) -> None:
        super().__init__(
            "This worker was silent for longer than database.lease_seconds, so others took over "
            "what it had. Nothing is lost: try again."
        )


class LostClaimError(Exception):
    """A mail is no longer this worker's to file."""


class LoginRefusedError(UnreachableError):
    """A server does not let us in; a person has to mend the account. `reason` is a code."""

    def __init__(self, message: str, *, reason: str = "refused") -> None:
        super().__init__(message)
        self.reason = reason


class SchemaError(WorkerError):
    """The database has no schema, or an older one."""


class NotSetUpError(SchemaError):
    """Mailboxes were never set up, so nobody knows what is to become of the mail in them."""

    def __init__(self, *mailboxes: str) -> None:
        names = ", ".join(mailboxes)
        super().__init__(f"Never set up: mailbox {names}. Run `ero-outreach init` first.")


class StaleStatusError(Exception):
    """A compare-and-set found another status than the one it started from."""


class IllegalTransitionError(Exception):
    """A status change that the transition table does not know."""
