"""The notice that asks a reviewer to decide, and the one that asks a second person.

Staff letters hold the file's facts in the body and never in the subject. The order is the
reader's: when it is due, who asks and how far to trust that, what to look at (each doubtful field
with a picture of its spot on the page), the rest of the form, then how to answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from hashlib import sha256

from outbound.letters.compose import (
    Fact,
    Letter,
    LetterAttachment,
    Letterhead,
    LetterKind,
    LetterPicture,
    build_letter,
    build_pdf,
)
from outbound.letters.reply_skeletons import (
    MAX_LINK,
    ReplyOptions,
    Skeleton,
    build_mailto,
    build_review_skeletons,
    describe_keywords,
    quote_body,
)
from parsers.picture_files import find_picture_file

#: How far before the first obligation date the custody periods of an approval must reach.
CUSTODY_LOOKBACK = timedelta(days=30)


class FlagEffect(StrEnum):
    """What a flag or rule means for the decision."""

    BLOCKS = "blocks"  #: the request cannot be approved
    SECOND_PERSON = "second_person"  #: an approval needs a second person
    LOOK = "look"  #: a person should look at it


class AddressTrust(StrEnum):
    """What is known of the domain a request was mailed from."""

    OFFICIAL = "official"  #: .gov, .us, .mil or a configured domain
    WEBMAIL = "webmail"  #: an address anyone can have
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewFlag:
    """A flag of the request or a rule that applies to it."""

    title: str  #: a few words, for example `Weak identity`
    sentence: str  #: the reason, and for a rule why it needs a second person
    effect: FlagEffect = FlagEffect.LOOK


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldRow:
    """One field of the form as it was read."""

    label: str
    value: str  #: formatted for people; empty fields are best left out
    raw: str = ""  #: as written, where that differs
    note: str = ""  #: a sentence: what is doubtful or wrong
    is_flagged: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldToCheck:
    """A field that a person has to look at, with its spot on the page."""

    label: str
    value: str  #: as it was read, formatted for people; empty when nothing could be made of it
    answer: str = ""  #: as a reply may write it to confirm it
    raw: str = ""  #: as written, where that differs
    shown: str | None = None  #: what the page shows; None: the same, or not compared
    others: tuple[str, ...] = ()  #: other values the same text may mean
    read_by: str = ""  #: the reader and how sure it is, for example `the form's data, 50 % sure`
    note: str = ""  #: sentences: what is doubtful or wrong
    page: int | None = None  #: counted from 1
    picture: bytes | None = None  #: PNG of the spot, None when there is none
    picture_id: str = ""  #: the identifier by which the HTML shows it, given when it is composed

    @property
    def picture_width(self) -> int:
        """Return how wide the picture is shown, in dots of a plain screen: it has two for each."""
        # The header of a PNG holds its width at a fixed place (ISO/IEC 15948, 11.2.2).
        return 0 if self.picture is None else int.from_bytes(self.picture[16:20], "big") // 2


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangedField:
    """A field that is not as it was in an earlier form."""

    label: str
    old: str  #: formatted for people; empty: it was blank
    new: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What a form says otherwise than an earlier one about the same case."""

    earlier: str  #: what it was compared with, for example `the form as it was filed before`
    changes: tuple[ChangedField, ...]  #: empty: they say the same


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldSection:
    """A section of the form."""

    title: str
    rows: tuple[FieldRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RequesterTrust:
    """Who asks, and how far that is known to be so."""

    name: str
    title: str
    agency: str
    class_label: str  #: for example `Probation or parole officer`
    detail_text: str  #: what this class may be told at most, a sentence
    author_address: str  #: of the mail
    form_address: str  #: of the form; empty when it names none
    address_trust: AddressTrust
    is_authenticated: bool
    authentication_text: str  #: for example `DMARC pass for courts.example`
    earlier_requests: int | None = None  #: None: not counted


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityStrength:
    """How firmly the form says whom it asks about."""

    strong: tuple[str, ...]  #: names of the strong numbers it gives
    others: tuple[str, ...]  #: names of the other identifiers it gives
    sentence: str  #: what they are worth together


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceivedFile:
    """A file that came with the request."""

    name: str  #: as the sender called it; shown in the body only
    media_type: str
    size: int  #: octets
    remarks: tuple[str, ...] = ()  #: what was noticed in it, a sentence each


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """What a reviewer wrote to the others."""

    by: str  #: a name, or an address where nobody has a name for it
    at: datetime  #: aware
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewNotice:
    """Everything a reviewer needs to decide one request."""

    head: Letterhead
    tracking_number: str
    reply: ReplyOptions
    priority_text: str  #: a few words, for example `Deadline within 10 days`
    received_at: datetime  #: aware
    requester: RequesterTrust
    sections: tuple[FieldSection, ...]  #: the fields that are not among those to check
    to_check: tuple[FieldToCheck, ...] = ()
    comparison: Comparison | None = None
    due_date: date | None = None  #: the earlier of deadline_date and next_hearing_date
    due_reason: str = ""  #: what falls on that day, for example `last day to file`
    flags: tuple[ReviewFlag, ...] = ()
    files: tuple[ReceivedFile, ...] = ()
    first_obligation_date: date | None = None
    form: bytes | None = None  #: the original, a PDF or a picture, attached when given
    is_reminder: bool = False
    stands_in_for: tuple[str, ...] = ()  #: names of colleagues who are away
    notes: tuple[Note, ...] = ()  #: oldest first
    requester_answer: str = ""  #: what the requester wrote back to a question, as written
    identity: IdentityStrength | None = None
    office: str = ""  #: the field office for the record check, empty where none is known
    is_form_attached: bool = True  #: False: the site forbids it, and the form is named only
    bases: tuple[str, ...] = ("routine use", "consent")  #: what `Basis` takes


@dataclass(frozen=True, slots=True, kw_only=True)
class SecondReviewNotice:
    """A second person is asked to approve what a first one found."""

    head: Letterhead
    tracking_number: str
    reply: ReplyOptions
    first_person: str
    approved_at: datetime  #: aware
    findings: tuple[Fact, ...]
    reasons: tuple[str, ...]  #: why two people are needed, a sentence each
    sections: tuple[FieldSection, ...] = ()
    form: bytes | None = None
    preview: bytes | None = None  #: the document as it would be issued
    is_form_attached: bool = True  #: False: the site forbids it, and the form is named only
    is_reminder: bool = False
    keyword: str = "APPROVE"  #: by which the second person approves


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadyReply:
    """A skeleton with the link that opens it."""

    title: str
    href: str  #: empty where the reply is too long for a link
    lines: tuple[str, ...]


def compose_review_notice(context: ReviewNotice) -> Letter:
    """Compose the notice that asks a reviewer to decide."""
    title = "Reminder: review needed" if context.is_reminder else "Review needed"
    first = context.first_obligation_date
    to_check, pictures = _place_pictures(context.to_check, context.head.mailbox)
    skeletons = build_review_skeletons(context.reply.keywords)
    if to_check and "CORRECT" in context.reply.keywords:
        skeletons = (build_confirmation_skeleton(to_check), *skeletons)
    return build_letter(
        LetterKind.REVIEW_NOTICE,
        replace(context, to_check=to_check),
        title=title,
        tracking_number=context.tracking_number,
        attachments=build_form(
            context.tracking_number, context.form, is_attached=context.is_form_attached
        ),
        form_digest=name_form(context.form, is_attached=context.is_form_attached),
        pictures=pictures,
        custody_from=None if first is None else first - CUSTODY_LOOKBACK,
        replies=build_ready_replies(context.reply, context.tracking_number, title, skeletons),
        commands=describe_keywords(context.reply.keywords),
    )


def build_confirmation_skeleton(fields: Sequence[FieldToCheck]) -> Skeleton:
    """Build the CORRECT reply that confirms every field as it was read, to be mended and sent."""
    lines = (f"{f.label}: {' '.join((f.answer or f.raw).split())}" for f in fields)
    return Skeleton(title="Confirm or correct what was read", lines=("CORRECT", *lines))


def _place_pictures(
    fields: Sequence[FieldToCheck], mailbox: str
) -> tuple[tuple[FieldToCheck, ...], tuple[LetterPicture, ...]]:
    """Give each picture the identifier it is shown by; the same picture has the same one."""
    domain = mailbox.rpartition("@")[2]
    placed: list[FieldToCheck] = []
    pictures: list[LetterPicture] = []
    for number, found in enumerate(fields, 1):
        if found.picture is None:
            placed.append(found)
            continue
        name = f"spot{number}.{sha256(found.picture).hexdigest()[:24]}@{domain}"
        placed.append(replace(found, picture_id=name))
        pictures.append(LetterPicture(content_id=name, data=found.picture))
    return tuple(placed), tuple(pictures)


def compose_second_review_notice(context: SecondReviewNotice) -> Letter:
    """Compose the notice that asks a second person, with the first one's findings."""
    title = "Reminder: second review needed" if context.is_reminder else "Second review needed"
    preview = () if context.preview is None else (context.preview,)
    skeletons = (
        Skeleton(title="Approve the same findings", lines=(context.keyword,)),
        *build_review_skeletons(tuple(k for k in context.reply.keywords if k != "APPROVE")),
    )
    return build_letter(
        LetterKind.SECOND_REVIEW_NOTICE,
        context,
        title=title,
        tracking_number=context.tracking_number,
        attachments=(
            *(build_pdf(f"{context.tracking_number}-preview", data) for data in preview),
            *build_form(
                context.tracking_number, context.form, is_attached=context.is_form_attached
            ),
        ),
        form_digest=name_form(context.form, is_attached=context.is_form_attached),
        replies=build_ready_replies(context.reply, context.tracking_number, title, skeletons),
        commands=describe_keywords(context.reply.keywords),
    )


def build_ready_replies(
    reply: ReplyOptions, tracking_number: str, title: str, skeletons: Sequence[Skeleton]
) -> tuple[ReadyReply, ...]:
    """Build a link for each skeleton that answers the letter with that title."""
    link = build_mailto(reply.address, f"Re: [{tracking_number}] {title}")
    replies = (
        ReadyReply(title=s.title, href=link + quote_body(s.lines), lines=s.lines) for s in skeletons
    )
    # A link that a mail program cuts would open half a reply: its lines are then to be copied.
    return tuple(r if len(r.href) <= MAX_LINK else replace(r, href="") for r in replies)


def name_form(data: bytes | None, *, is_attached: bool) -> str:
    """Return the SHA-256 by which a form is known where it is not attached; else nothing."""
    return "" if data is None or is_attached else sha256(data).hexdigest()


def build_form(
    tracking_number: str, data: bytes | None, *, is_attached: bool = True
) -> tuple[LetterAttachment, ...]:
    """Build the attachment of the form as it was mailed, by what its bytes are."""
    if data is None or not is_attached:
        return ()
    name = f"{tracking_number}-request"
    picture = find_picture_file(data)
    if picture is None:
        return (build_pdf(name, data),)
    media_type = f"image/{picture.kind}"
    return (LetterAttachment(name=f"{name}.{picture.kind}", media_type=media_type, data=data),)
