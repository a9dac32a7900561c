"""Letters to staff about the password of a sealed certification, read out over the telephone.

`compose_password_due` tells whoever decided that a password is to be read out, without it;
`compose_password` answers PASSWORD with it, and with whom to call and by which number. Neither has
it in its subject, and neither is for anybody outside.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from outbound.letters.compose import Letter, Letterhead, LetterKind, build_letter
from outbound.letters.reply_skeletons import ReplyOptions, Skeleton, describe_keywords
from outbound.letters.review_letters import build_ready_replies


@dataclass(frozen=True, slots=True, kw_only=True)
class Callee:
    """Whom a password is read out to, and how they are reached."""

    name: str  #: as on the form, like the rest
    title: str
    agency: str
    phone: str  #: the form's number for this, for people to read; empty where it names none
    is_known: bool  #: that number was called for an earlier request, so that it may be used


@dataclass(frozen=True, slots=True, kw_only=True)
class PasswordDue:
    """A sealed document has left, and its password has not."""

    head: Letterhead
    tracking_number: str
    reply: ReplyOptions
    recipient: str  #: where the document went


@dataclass(frozen=True, slots=True, kw_only=True)
class PasswordAnswer:
    """The password, and what is to be done with it."""

    head: Letterhead
    tracking_number: str
    reply: ReplyOptions
    control_number: str
    recipients: tuple[str, ...]  #: where the document went
    issued_at: datetime  #: aware
    callee: Callee
    password: str = field(repr=False)


def compose_password_due(context: PasswordDue) -> Letter:
    """Compose the notice that a password is to be read out, with the link that asks for it."""
    title = "A password is to be read out"
    skeleton = Skeleton(title="Show the password", lines=("PASSWORD",))
    return build_letter(
        LetterKind.CALL_DUE,
        context,
        title=title,
        tracking_number=context.tracking_number,
        replies=build_ready_replies(context.reply, context.tracking_number, title, (skeleton,)),
        commands=describe_keywords(context.reply.keywords),
    )


def compose_password(context: PasswordAnswer) -> Letter:
    """Compose the answer that shows the password, whole and word by word."""
    words = context.password.split("-")
    return build_letter(
        LetterKind.CALL,
        context,
        title="Understood: PASSWORD",
        tracking_number=context.tracking_number,
        words=tuple(f"{number}. {word}" for number, word in enumerate(words, 1)),
        commands=describe_keywords(context.reply.keywords),
    )
