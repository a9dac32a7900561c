"""The types of the configuration: one frozen model per section, every key with its default.

A model knows what a single value may be; what several values must be together stands in
`config.checks`. Nothing here reads a file, the environment or the clock.
"""

from __future__ import annotations

import datetime
import ipaddress
import json
import re
from collections.abc import Mapping
from typing import Annotated, Literal, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
)
from pydantic_core import PydanticCustomError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

Role = Literal["reviewer", "approver", "supervisor", "certifier"]
Detail = Literal["full", "answers", "none"]
Tls = Literal["implicit", "starttls", "none"]

#: A supervisor may do what an approver may, an approver what a reviewer may; certifying is apart.
_INCLUDED: Mapping[str, frozenset[str]] = {
    "reviewer": frozenset({"reviewer"}),
    "approver": frozenset({"approver", "reviewer"}),
    "supervisor": frozenset({"supervisor", "approver", "reviewer"}),
    "certifier": frozenset({"certifier"}),
}

_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*")
_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?|[0-9A-Fa-f:.]+")


def _decode_list(value: object) -> object:
    """Return a list written as JSON, or as numbered entries, as a list; anything else unchanged.

    The environment knows only text (`ERO_MAILBOX__0__ADDRESSES='["a@b.example"]'`), and entries set
    one by one arrive as a table whose keys are 0, 1, 2 (`ERO_STAFF__0__EMAIL`).
    """
    if isinstance(value, str) and value.lstrip().startswith("["):
        try:
            return json.loads(value)
        except ValueError:
            return value
    if isinstance(value, dict) and sorted(value) == sorted(str(n) for n in range(len(value))):
        return [value[str(n)] for n in range(len(value))]
    return value


def _check_line(value: str) -> str:
    if any(not c.isprintable() for c in value):
        raise ValueError("It must be one line without control characters.")
    return value


def _check_filled(value: str) -> str:
    if not value.strip():
        raise PydanticCustomError("missing", "It is empty.")
    return _check_line(value)


def _check_short(value: str) -> str:
    if len(_check_filled(value)) > 100:
        raise ValueError("It is longer than 100 characters.")
    return value


def _check_filled_secret(value: SecretStr) -> SecretStr:
    _check_filled(value.get_secret_value())
    return value


def _check_address(value: str) -> str:
    if len(value) > 254 or not _ADDRESS.fullmatch(value):
        raise ValueError("It is not an e-mail address such as name@agency.example.")
    return value


def _check_host(value: str) -> str:
    if not _HOST.fullmatch(_check_filled(value)):
        raise ValueError("It is not a host name or an IP address.")
    return value


def _parse_time(value: object) -> object:
    if isinstance(value, str) and re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", value):
        return datetime.time.fromisoformat(value)
    if isinstance(value, datetime.time):
        return value
    raise ValueError('It is not a time of day written as "HH:MM".')


def _check_zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise PydanticCustomError("E060", "No time zone has this name.") from None
    return value


_T = TypeVar("_T")
Many = Annotated[tuple[_T, ...], BeforeValidator(_decode_list)]
Line = Annotated[str, AfterValidator(_check_line)]
Filled = Annotated[str, AfterValidator(_check_filled)]
Short = Annotated[str, AfterValidator(_check_short)]
FilledSecret = Annotated[SecretStr, AfterValidator(_check_filled_secret)]
Address = Annotated[str, AfterValidator(_check_address)]
AddressOrNone = Annotated[str, AfterValidator(lambda value: value and _check_address(value))]
Host = Annotated[str, AfterValidator(_check_host)]
TimeOfDay = Annotated[datetime.time, BeforeValidator(_parse_time)]
ZoneName = Annotated[str, AfterValidator(_check_zone)]
Port = Annotated[int, Field(ge=1, le=65535)]
Positive = Annotated[int, Field(ge=1)]
NotNegative = Annotated[int, Field(ge=0)]


def is_loopback(host: str) -> bool:
    """Return whether `host` is this very machine (RFC 6761 6.3, RFC 1122 3.2.1.3)."""
    if host.lower() == "localhost" or host.lower().endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class Section(BaseModel):
    """What every section has in common: frozen, no unknown keys, no value quoted in an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class FolderSettings(Section):
    """Where mail is moved once it has been worked on, by what became of it."""

    filed: Filled = "Filed"
    decided: Filled = "Decided"
    answered: Filled = "Answered"
    automatic: Filled = "Automatic"
    quarantine: Filled = "Quarantine"
    other: Filled = "For a person"


class OAuth2Settings(Section):
    """How access tokens are had where a server takes no password."""

    provider: Literal["microsoft", "standard"]
    client_id: Filled
    client_secret: SecretStr = SecretStr("")
    client_secret_file: Line = ""
    certificate_file: Line = ""
    refresh_token_file: Line = ""
    tenant: Line = ""
    authority: Filled = "https://login.microsoftonline.com"
    token_url: Line = ""
    scopes: Many[Filled] = ()
    mechanism: Literal["XOAUTH2", "OAUTHBEARER"] = "XOAUTH2"
    ca_file: Line = ""
    expires_on: datetime.date | None = None


class MailboxSettings(Section):
    """One mailbox to fetch from, by IMAP."""

    name: Short
    host: Host
    port: Port = 993
    tls: Tls = "implicit"
    ca_file: Line = ""
    username: Filled
    password: SecretStr = SecretStr("")
    password_file: Line = ""
    oauth2: OAuth2Settings | None = None
    addresses: Annotated[Many[Address], Field(min_length=1)]
    folder: Filled = "INBOX"
    folders: FolderSettings = FolderSettings()
    idle: bool = True
    poll_seconds: Positive = 60

    def is_own_address(self, address: str) -> bool:
        """Return whether `address`, with or without a plus-tag, is one of this mailbox's."""
        local, _, domain = address.strip().lower().rpartition("@")
        plain = f"{local.partition('+')[0]}@{domain}"
        return any(own.lower() in {plain, f"{local}@{domain}"} for own in self.addresses)


class SmtpSettings(Section):
    """The relay that takes our letters."""

    host: Host
    port: Port = 587
    tls: Tls = "starttls"
    ca_file: Line = ""
    username: Line = ""
    password: SecretStr = SecretStr("")
    password_file: Line = ""
    oauth2: OAuth2Settings | None = None
    from_address: Address
    from_name: Filled
    max_per_minute: Positive = 30


class DatabaseSettings(Section):
    """Where requests are kept."""

    url: FilledSecret = SecretStr("sqlite:///var/ero-outreach.db")  #: may hold a password
    url_file: Line = ""
    lease_seconds: Annotated[int, Field(ge=5)] = 60


class HeaderMatch(Section):
    """A header field and the value that proves a mail came from inside."""

    header: Filled
    value: Filled


class DetailSettings(Section):
    """How much a certification tells each class of requester; one left out keeps its default."""

    judge_or_clerk: Detail = "full"
    prosecutor: Detail = "full"
    defense_counsel: Detail = "answers"
    probation_or_parole: Detail = "full"
    law_enforcement_investigator: Detail = "full"
    bail_or_surety: Detail = "answers"
    other: Detail = "none"

    def find_level(self, requester_type: str) -> Detail:
        """Return the level for a requester class by machine name; an unknown one gets `other`'s."""
        levels: dict[str, Detail] = dict(self)
        return levels.get(requester_type, self.other)


class ReviewSettings(Section):
    """How requests are reviewed by e-mail reply."""

    assignment: Literal["all", "round_robin", "field_office"] = "all"
    approvals: Annotated[int, Field(ge=1, le=2)] = 1
    confirm: bool = True
    undo_minutes: NotNegative = 10
    token_days: Positive = 30
    remind_business_days: Annotated[Many[Positive], Field(min_length=4, max_length=4)] = (
        1,
        2,
        3,
        5,
    )
    digest_times: Many[TimeOfDay] = (datetime.time(8),)
    remind_requester_days: NotNegative = 14
    close_unanswered_days: NotNegative = 30
    paper_to: AddressOrNone = ""
    bases: Annotated[Many[Filled], Field(min_length=1)] = (
        "routine use",
        "consent",
        "agency head's request",
        "court order",
    )
    refusal_min_business_days: Annotated[int, Field(ge=0, le=60)] = 5
    refusal_times: Many[TimeOfDay] = (datetime.time(10), datetime.time(15))
    trusted_authserv_ids: Many[Filled] = ()
    trusted_internal: Many[HeaderMatch] = ()
    require_authentication: bool = True
    require_smime: bool = False
    smime_ca_file: Line = ""
    allow_no_overlap: bool = False
    attach_original: bool = True
    detail: DetailSettings = DetailSettings()


class Pkcs11Settings(Section):
    """A signing key in a hardware token, which PKCS#11 calls by labels."""

    module: Filled  #: path of the library that came with the token
    token: Filled  #: label of the token
    key_label: Filled  #: of the private key, and of its certificate where the token holds it
    pin: SecretStr = SecretStr("")
    pin_file: Line = ""
    certificate_file: Line = ""  #: PEM, certificate and chain; empty: those of the token


class StaffMember(Section):
    """Someone who reviews, approves or certifies."""

    name: Filled
    email: Address
    roles: Annotated[Many[Role], Field(min_length=1)]
    title: Line = ""
    deputy: Line = ""
    offices: Many[Filled] = ()  #: field offices whose requests are theirs
    signing_pkcs12: Line = ""  #: a key of their own; empty: the office's
    signing_password: SecretStr = SecretStr("")
    signing_password_file: Line = ""
    signing_pkcs11: Pkcs11Settings | None = None  #: the same in hardware

    def has_role(self, role: Role) -> bool:
        """Return whether this person may do what `role` may, by that role or one above it."""
        return any(role in _INCLUDED[held] for held in self.roles)


class AlertSettings(Section):
    """Who is told at once, how, and from when on something is wrong."""

    urgent: Many[Address]
    alarms: Many[Address] = ()
    command: Line = ""
    command_seconds: Annotated[int, Field(ge=1, le=60)] = 30
    metrics_file: Line = ""
    smtp: SmtpSettings | None = None
    fetch_minutes: Positive = 15
    mailbox_percent: Annotated[int, Field(ge=1, le=100)] = 90
    quarantine_per_day: Positive = 5
    outbox_minutes: Positive = 60
    failing_minutes: Positive = 10
    pause_hours: Positive = 4
    disk_free_mb: NotNegative = 1024
    expiry_days: NotNegative = 14


class CertificationSettings(Section):
    """What certifications say about the office, and what signs them."""

    office: Filled = "ERO Contact Center of Operations"
    signing_pkcs12: Line = ""
    signing_password: SecretStr = SecretStr("")
    signing_password_file: Line = ""
    signing_pkcs11: Pkcs11Settings | None = None
    timestamp_url: Line = ""
    timestamp_ca_file: Line = ""  #: PEM; required with a URL
    require_signature: bool = True
    trust_anchors: Line = ""  #: a PEM file; empty: only the register tells whose signature is ours
    courtesy_copy: Literal["", "es"] = ""  #: a translation beside each certification
    ink: bool = False  #: certifications are printed and signed by hand, with no key
    verify_address: Address

    @property
    def is_official(self) -> bool:
        """Return whether what is issued is an official record, and no sample."""
        return self.require_signature or self.ink

    @property
    def is_signed_with_key(self) -> bool:
        """Return whether what is issued carries a signature in its file."""
        return self.require_signature and not self.ink


class DeliverySettings(Section):
    """How certifications leave."""

    protection: Literal["encrypted", "none"] = "encrypted"
    filing_copy_attachments: bool = True


class AccountingSettings(Section):
    """What of the accounting of disclosures is not shown to the person it is about."""

    withheld_bases: Many[Filled] = ("agency head's request",)


class GeneralSettings(Section):
    """Who we are."""

    timezone: ZoneName = "America/New_York"
    agency: Filled = "U.S. Immigration and Customs Enforcement"
    languages: Annotated[Many[Literal["en", "es"]], Field(min_length=1)] = ("en", "es")
    official_domains: Many[Host] = ()
    turnaround_text: Line = ""

    @property
    def zone(self) -> ZoneInfo:
        """Return the time zone in which people read dates."""
        return ZoneInfo(self.timezone)


class ReadingSettings(Section):
    """What one document may cost to read, in a process of its own."""

    seconds: Positive = 20
    memory_mb: Annotated[int, Field(ge=128)] = 1024
    document_bytes: Positive = 26_214_400
    pages: Positive = 60
    picture_seconds: Positive = 300
    picture_memory_mb: Annotated[int, Field(ge=1024)] = 2048
    picture_pages: Positive = 20
    picture_pixels: Annotated[int, Field(ge=1_000_000)] = 40_000_000
    inside_files: NotNegative = 50
    inside_bytes: NotNegative = 26_214_400
    inside_depth: NotNegative = 3


class IntakeSettings(Section):
    """What one mail may cost to take in."""

    message_bytes: Annotated[int, Field(ge=65_536)] = 41_943_040
    batch_bytes: Annotated[int, Field(ge=65_536)] = 16_777_216
    max_attempts: Positive = 5
    answers_per_address: NotNegative = 5
    answers_per_domain: NotNegative = 50
    answers_per_day: NotNegative = 1000
    verifications_per_address: NotNegative = 20
    spam: Many[HeaderMatch] = ()

    @property
    def spam_marks(self) -> tuple[tuple[str, str], ...]:
        """Return the fields and values by which the site's filter marks spam."""
        return tuple((mark.header, mark.value) for mark in self.spam)


class Settings(BaseSettings):
    """The whole configuration, checked; built by `config.settings`."""

    model_config = SettingsConfigDict(
        env_prefix="ERO_",
        env_nested_delimiter="__",
        frozen=True,
        extra="forbid",
        hide_input_in_errors=True,
    )

    mailbox: Annotated[Many[MailboxSettings], Field(min_length=1)]
    smtp: SmtpSettings
    database: DatabaseSettings
    review: ReviewSettings
    staff: Annotated[Many[StaffMember], Field(min_length=1)]
    alerts: AlertSettings
    certification: CertificationSettings
    delivery: DeliverySettings
    accounting: AccountingSettings
    general: GeneralSettings
    reading: ReadingSettings
    intake: IntakeSettings

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003 - the signature is pydantic-settings'
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Take what the loader gathered and nothing else: constructing settings reads nothing."""
        return (init_settings,)

    @property
    def primary_mailbox(self) -> MailboxSettings:
        """Return the first mailbox: letters ask for their answers there."""
        return self.mailbox[0]

    @property
    def own_addresses(self) -> frozenset[str]:
        """Return every address that is ours, in lower case, without plus-tags."""
        own = [a for m in self.mailbox for a in m.addresses]
        return frozenset(a.lower() for a in [*own, self.smtp.from_address])

    def find_staff(self, address: str) -> StaffMember | None:
        """Return the staff member with that address, in any case, or None."""
        wanted = address.strip().lower()
        return next((s for s in self.staff if s.email.lower() == wanted), None)

    def find_staff_with(self, role: Role) -> tuple[StaffMember, ...]:
        """Return everyone who may do what `role` may, in the order of the file."""
        return tuple(s for s in self.staff if s.has_role(role))
