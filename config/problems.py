"""What can be wrong with a configuration, told all at once.

`ConfigurationProblem`  one finding: a stable id, the key it is about, what is wrong, what to do
`ConfigurationError`    the configuration cannot be used; carries every problem that was found

Ids beginning with E stop the program, ids beginning with W are warnings that `check` shows:

======  ==========================================================================================
E001    the configuration file is missing or cannot be read
E002    the configuration file is not TOML
E003    an unknown key
E004    a required key is missing
E005    a value of the wrong kind (text where a number belongs, a text where a list belongs)
E006    a value that is not allowed
E010    a secret file cannot be read, or is empty
E011    a secret is given twice, as itself and as a file
E012    a user name without a password, or a password without a user name
E013    a password beside a table `oauth2`, or a token for nobody
E014    a key of a table `oauth2` that its provider needs
E015    a new refresh token could not be saved
E020    no TLS to a host that is not this machine
E021    `ca_file` does not exist or cannot be read
E022    two purposes share one mailbox folder
E023    two mailboxes share a name or a folder, or one fetches what another has put away
E030    two staff members share one address
E031    a deputy who is not another staff member
E032    a certifier without a title
E033    nobody on the staff may both approve and certify
E034    a person's address is one of the mailbox's own
E035    two approvals are asked for and fewer than two people may approve
E036    requests go to field offices and no approver belongs to one
E037    a member of staff belongs to a field office that there is none of
E040    refusals would never have a moment to leave
E041    nothing proves who wrote a staff reply
E042    signatures are asked for and no authority is trusted
E043    the file of trusted authorities cannot be used
E044    the program that checks signatures is not installed
E045    a signing key without a password or PIN, or a password without a signing key
E046    a signing key that cannot be used; shown by `check`, and does not stop the program
E047    a signing key in a file and another in hardware, for the same person or office
E048    a time-stamp server with a wrong address, or that no authority vouches for
E049    a file of trust anchors that cannot be used
E050    nobody is told of urgent mail
E051    the alarm command cannot be run
E052    the metrics file cannot be written
E060    an unknown time zone
E070    a database URL that cannot be used
E080    a translation that would leave in the clear beside encrypted certifications
W001    staff replies are obeyed without proof of who wrote them
W002    certifications leave unencrypted
W003    certifications are marked SAMPLE
W004    the sender's address is not one of the mailbox's
W005    a secret file can be read by every user of the machine
W006    alarms reach nobody
W007    the certificate of a signing key ends soon
======  ==========================================================================================

No problem ever quotes a secret: values are named by their key alone.
"""

from __future__ import annotations

from dataclasses import dataclass


def name_mailbox(number: int) -> str:
    """Return the key of a mailbox by its place in the file; the first one has no number."""
    return f"mailbox[{number}]" if number else "mailbox"


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigurationProblem:
    """One thing that is wrong, and how to put it right."""

    id: str  #: stable, `E004` or `W001`
    key: str  #: the key as written in the file, `mailbox.host` or `staff[1].email`; may be empty
    message: str  #: what is wrong, a sentence
    hint: str  #: what to do, a sentence

    def __str__(self) -> str:
        where = f" {self.key}" if self.key else ""
        return f"{self.id}{where}: {self.message} {self.hint}".rstrip()


class ConfigurationError(Exception):
    """The configuration cannot be used; `problems` holds everything that is wrong with it."""

    def __init__(self, problems: tuple[ConfigurationProblem, ...]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = problems
