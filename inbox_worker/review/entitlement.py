"""Who may command by reply: an ordered table of named rules, of which the first that holds refuses.

A rule looks at who wrote a reply that carries a token of ours, never at its words. Outcomes:
None (the author is proven to be the person the token was issued to, who still reviews), or a
`Refusal` with its stable code, and who is told of it. Whoever is not known here is never answered:
an answer would say which tokens are good and which addresses may decide.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from config.settings import StaffMember
from inbox_worker.intake import Intake
from inbox_worker.storage.models import Token
from parsers.mail.authentication import AuthenticationVerdict
from parsers.mail.headers import find_addresses

#: Who hears of a refusal: the person the token was issued to, at the address we know; a proven
#: author; or nobody.
Told = Literal["holder", "author", "nobody"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Why a reply is not obeyed, whatever it says."""

    code: str  #: stable; its event is `reply_refused_` and this
    told: Told
    is_proven: bool = False  #: whether the reply came from the person the token was issued to
    detail: str = ""  #: a stable code of what in particular


@dataclass(frozen=True, slots=True, kw_only=True)
class Approach:
    """What the rules know of a reply."""

    authors: tuple[str, ...]  #: every address of From, in lower case
    author: str  #: the single author in lower case, or empty
    senders: tuple[str, ...]  #: every address of Sender, in lower case; "" for what is no address
    holder_address: str  #: whom the token was issued to, in lower case
    holder: StaffMember | None  #: None when that person left
    colleague: StaffMember | None  #: the author, where that is a reviewer and not the holder
    verdict: AuthenticationVerdict
    is_proven: bool  #: by the gateway, or because the site asks for no proof


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A named reason not to obey, and who is told."""

    code: str
    holds: Callable[[Approach], bool]
    told: Callable[[Approach], Told]


def find_refusal(intake: Intake, token: Token) -> Refusal | None:
    """Return why the author may not command by this token, by the first rule that says so."""
    approach = _describe(intake, token)
    rule = next((rule for rule in RULES if rule.holds(approach)), None)
    if rule is None:
        return None
    detail = approach.verdict.code if rule.code == "unproven" else ""
    return Refusal(code=rule.code, told=rule.told(approach), detail=detail)


def _describe(intake: Intake, token: Token) -> Approach:
    settings = intake.services.settings
    author = intake.author_address.lower()
    writer = None if author == token.address else settings.find_staff(author)
    return Approach(
        authors=tuple(a.address.lower() for a in intake.message.authors),
        author=author,
        senders=_list_senders(intake),
        holder_address=token.address,
        holder=settings.find_staff(token.address),
        colleague=writer if writer is not None and writer.has_role("reviewer") else None,
        verdict=intake.judge_author(),
        is_proven=intake.is_author_proven(),
    )


def _list_senders(intake: Intake) -> tuple[str, ...]:
    """Return the addresses of every Sender field (RFC 5322 section 3.6.2); "" for one unread."""
    senders: list[str] = []
    for field in intake.message.headers("Sender"):
        found, understood = find_addresses(field)
        senders.extend(address.address.lower() for address in found)
        if not understood or not found:
            senders.append("")
    return tuple(senders)


def _tell_holder(approach: Approach) -> Told:
    holder = approach.holder
    return "holder" if holder is not None and holder.has_role("reviewer") else "nobody"


def _tell_holder_named(approach: Approach) -> Told:
    return _tell_holder(approach) if approach.holder_address in approach.authors else "nobody"


RULES: tuple[Rule, ...] = (
    Rule(
        code="no_single_author",
        holds=lambda a: not a.author or a.verdict.code == "no_single_author",
        told=_tell_holder_named,
    ),
    Rule(
        code="colleague",
        holds=lambda a: a.colleague is not None and a.is_proven,
        told=lambda _: "author",
    ),
    Rule(code="other_author", holds=lambda a: a.author != a.holder_address, told=_tell_holder),
    Rule(code="no_longer_staff", holds=lambda a: a.holder is None, told=lambda _: "nobody"),
    Rule(
        code="sent_by_another",
        holds=lambda a: any(sender != a.author for sender in a.senders),
        told=_tell_holder,
    ),
    Rule(code="unproven", holds=lambda a: not a.is_proven, told=_tell_holder),
    Rule(
        code="no_longer_reviewer",
        holds=lambda a: a.holder is not None and not a.holder.has_role("reviewer"),
        told=lambda _: "author",
    ),
)

#: Nothing is known of a token that was never issued, so there is nobody to tell.
UNKNOWN_TOKEN = Refusal(code="unknown_token", told="nobody")
