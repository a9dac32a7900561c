"""What each alarm says: what happened, what to do about it, and that it is over."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmWords:
    """The sentences of one alarm."""

    sentence: str  #: what is wrong
    to_do: str
    over: str  #: that it no longer is


ALARM_WORDS: Mapping[str, AlarmWords] = {
    "nothing_fetched": AlarmWords(
        sentence="Nothing has been fetched from a mailbox for some time: new requests lie unseen.",
        to_do=(
            "See that the service runs and that the mail server answers: ero-outreach check "
            "tries everything."
        ),
        over="The mailbox is fetched from again.",
    ),
    "login_failed": AlarmWords(
        sentence="A server does not let the service in.",
        to_do=(
            "Check the account's password or token on that server and in the configuration, then "
            "run ero-outreach check. Nothing is lost: mail waits on the server and letters in "
            "the outbox."
        ),
        over="The server lets the service in again.",
    ),
    "credential_expires": AlarmWords(
        sentence="A secret or token the service logs in with ends soon.",
        to_do="Get a new one, put it into its file, and set expires_on to its last day.",
        over="The secret or token is good for longer again.",
    ),
    "mailbox_nearly_full": AlarmWords(
        sentence="A mailbox is nearly full. When it is, new requests are turned away.",
        to_do="Ask for more room, or move old mail out of the folders of worked-on mail.",
        over="The mailbox has room again.",
    ),
    "mail_withheld": AlarmWords(
        sentence="A mail server breaks off whenever it is asked for one of its mails.",
        to_do=(
            "Have that mail looked at on the server; the log line mail_withheld has its number. "
            "It is asked for now and then, and other mail is taken in meanwhile."
        ),
        over="The mail server has given the mail, or it is gone.",
    ),
    "mail_unaccounted": AlarmWords(
        sentence="Mail on the server and in the database do not agree: some is unaccounted for.",
        to_do=(
            "ero-outreach reconcile names each mail. Once they agree again, that command ends "
            "this alarm; so does the comparison of the next night."
        ),
        over="Every mail is accounted for again.",
    ),
    "quarantine_grows": AlarmWords(
        sentence="More mails than usual could not be worked on and were set aside within a day.",
        to_do="Look at them: ero-outreach quarantine list names each with its reason.",
        over="Fewer mails were set aside within the last day.",
    ),
    "outbox_stalled": AlarmWords(
        sentence="Letters do not leave, or nobody knows whether one arrived.",
        to_do=(
            "ero-outreach check tries the relay; ero-outreach status counts the letters by "
            "status. They are tried again by themselves."
        ),
        over="Letters leave again.",
    ),
    "sending_paused": AlarmWords(
        sentence="Sending was paused hours ago and nobody resumed it; every letter waits.",
        to_do="ero-outreach resume sends what waits.",
        over="Sending is on again.",
    ),
    "job_failing": AlarmWords(
        sentence="A part of the service fails again and again.",
        to_do="Look in the log for job_failed, chore_failed or alarm_command_failed.",
        over="That part of the service works again.",
    ),
    "disk_nearly_full": AlarmWords(
        sentence="The disk that holds the database is nearly full.",
        to_do="Make room. When the disk is full, mail stays on the server until there is.",
        over="The disk has room again.",
    ),
    "letter_failed": AlarmWords(
        sentence="A letter was refused for good, given up or came back within the last day.",
        to_do="The alert about each letter names it; tell its recipient another way.",
        over="No letter was given up or came back within the last day.",
    ),
    "answer_undelivered": AlarmWords(
        sentence="The answer to a request did not arrive, and no other has left in its place.",
        to_do="Check the address with the requester by telephone, then ero-outreach outbox retry.",
        over="Every answer of the last weeks has left.",
    ),
    "no_signing_key": AlarmWords(
        sentence="A decision waits for a signing key, and nothing is issued without one.",
        to_do="Install the key, or set certification.require_signature = false to issue samples.",
        over="No decision waits for a signing key.",
    ),
    "database_unusable": AlarmWords(
        sentence=(
            "The service cannot use its database: nothing is taken in, no letter leaves, and no "
            "other alarm can be raised."
        ),
        to_do=(
            "ero-outreach check says what is wrong with it. Make room on its disk, or see that "
            "its server runs. Nothing is lost: mail waits on the mail server."
        ),
        over="The service can use its database again.",
    ),
}
