"""What a reviewer found in the records, as written in a reply: closed words and dates.

`Findings` holds what was said and no conclusion: answers are computed from it elsewhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum


class Outcome(StrEnum):
    """The closed list of outcomes a determination may state."""

    DETAINED = "DETAINED"
    REMOVED = "REMOVED"
    RETURNED = "RETURNED"
    VOLUNTARY_DEPARTURE = "VOLUNTARY_DEPARTURE"
    ENFORCEMENT_ACTION = "ENFORCEMENT_ACTION"
    NO_OVERLAP = "NO_OVERLAP"
    NO_INFORMATION = "NO_INFORMATION"  #: by DENY only, never by findings


class MatchedOn(StrEnum):
    """What identified the person in the records."""

    A_NUMBER = "a-number"
    FBI_NUMBER = "fbi number"
    STATE_ID = "state id"
    NAME = "name"
    OTHER_NAME = "other name"
    BIRTH_DATE = "birth date"
    COUNTRY_OF_BIRTH = "country of birth"


class CustodyEnd(StrEnum):
    """How ICE custody ended."""

    RELEASED = "released"
    TRANSFERRED = "transferred"
    REMOVED = "removed"


@dataclass(frozen=True, slots=True, kw_only=True)
class CustodyPeriod:
    """ICE custody, both days included; `last` None means still in custody at the as-of time."""

    first: date
    last: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DirectTransfer:
    """The person came into ICE custody straight from another agency."""

    agency: str
    on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """One reply's findings. None means that the reply did not say."""

    outcomes: tuple[Outcome, ...]
    matched_on: tuple[MatchedOn, ...]
    basis: str  #: one of the configured bases, lower case
    records_as_of: datetime  #: aware
    custody: tuple[CustodyPeriod, ...] = ()  #: as written, in order of first day
    custody_ended: CustodyEnd | None = None
    transferred_to: str | None = None  #: the agency, with CustodyEnd.TRANSFERRED
    facility: str | None = None
    direct_transfer: DirectTransfer | bool | None = (
        None  #: False when the reply says no; never True
    )
    removed: date | bool | None = None  #: False when the reply says no; never True
    no_later_entry: bool = False
    returned: date | None = None
    departed: date | None = None
    in_custody: bool | None = None  #: of a return or voluntary departure
    action: date | None = None
    place: str | None = None  #: county, state
    released_same_day: bool | None = None
    country: str | None = None  #: ISO 3166 alpha-2
    remarks: str | None = None  #: internal, never printed
