"""Findings as labels and values a person can check, in the words of the reply they came from."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pycountry

from outbound.letters.compose import Fact
from outbound.letters.words import format_date, format_moment
from parsers.replies.findings import CustodyPeriod, DirectTransfer, Findings


def describe_findings(findings: Findings, *, timezone: str) -> tuple[Fact, ...]:
    """Return what the reply said, a fact for each line of it, and nothing that it did not say."""
    return tuple(
        Fact(label=label, value=value) for label, value in _list_findings(findings, timezone)
    )


def _list_findings(f: Findings, timezone: str) -> Iterator[tuple[str, str]]:
    yield "Outcome", "; ".join(o.value.replace("_", " ").lower() for o in f.outcomes)
    yield "Matched on", "; ".join(m.value for m in f.matched_on)
    yield "Basis", f.basis
    yield from (("Custody", _format_period(p)) for p in f.custody)
    if f.custody_ended is not None:
        to = f" to {f.transferred_to}" if f.transferred_to else ""
        yield "Custody ended", f.custody_ended.value + to
    yield from _list_texts(("Facility", f.facility))
    if isinstance(f.direct_transfer, DirectTransfer):
        transfer = f.direct_transfer
        yield "Direct transfer", f"{transfer.agency}, {format_date(transfer.on)}"
    elif f.direct_transfer is not None:
        yield "Direct transfer", "no"
    if f.removed is not None:
        yield "Removed", format_date(f.removed) if isinstance(f.removed, date) else "no"
    if f.no_later_entry:
        yield "No later entry", "yes"
    yield from _list_dates(("Returned", f.returned), ("Departed", f.departed))
    yield from _list_answers(("In custody", f.in_custody))
    yield from _list_dates(("Action", f.action))
    yield from _list_texts(("Place", f.place))
    yield from _list_answers(("Released same day", f.released_same_day))
    yield from _list_texts(("Country", None if f.country is None else find_country(f.country)))
    yield "Records as of", format_moment(f.records_as_of, timezone)
    yield from _list_texts(("Remarks (internal, never printed)", f.remarks))


def find_country(code: str) -> str:
    """Return a country's English name with its code, or the code alone when it is not known."""
    found = pycountry.countries.get(alpha_2=code)
    return code if found is None else f"{getattr(found, 'common_name', found.name)} ({code})"


def _format_period(period: CustodyPeriod) -> str:
    last = "the time of the records check" if period.last is None else format_date(period.last)
    return f"{format_date(period.first)} to {last}"


def _list_texts(*rows: tuple[str, str | None]) -> Iterator[tuple[str, str]]:
    return ((label, text) for label, text in rows if text)


def _list_dates(*rows: tuple[str, date | None]) -> Iterator[tuple[str, str]]:
    return ((label, format_date(day)) for label, day in rows if day is not None)


def _list_answers(*rows: tuple[str, bool | None]) -> Iterator[tuple[str, str]]:
    return ((label, "yes" if said else "no") for label, said in rows if said is not None)
