"""Findings as the database keeps them: JSON out and the same frozen value back."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date, datetime
from enum import Enum
from typing import Any

from inbox_worker.storage.models import Decision
from parsers.replies.findings import (
    CustodyEnd,
    CustodyPeriod,
    DirectTransfer,
    Findings,
    MatchedOn,
    Outcome,
)


def dump_findings(findings: Findings) -> dict[str, Any]:
    """Return findings as plain JSON values."""
    dumped: dict[str, Any] = _plain(asdict(findings))
    return dumped


def findings_of(decision: Decision) -> Findings:
    """Return an approval's findings. Raises `LookupError` for a decision that has none."""
    if decision.findings is None:
        raise LookupError(f"decision {decision.id} has no findings")
    return load_findings(decision.findings)


def load_findings(record: dict[str, Any]) -> Findings:
    """Return the findings that `dump_findings` made this record of."""
    return Findings(
        outcomes=tuple(Outcome(o) for o in record["outcomes"]),
        matched_on=tuple(MatchedOn(m) for m in record["matched_on"]),
        basis=record["basis"],
        records_as_of=datetime.fromisoformat(record["records_as_of"]),
        custody=tuple(
            CustodyPeriod(first=date.fromisoformat(p["first"]), last=_date(p["last"]))
            for p in record["custody"]
        ),
        custody_ended=None
        if record["custody_ended"] is None
        else CustodyEnd(record["custody_ended"]),
        transferred_to=record["transferred_to"],
        facility=record["facility"],
        direct_transfer=_transfer(record["direct_transfer"]),
        removed=_date_or_no(record["removed"]),
        no_later_entry=record["no_later_entry"],
        returned=_date(record["returned"]),
        departed=_date(record["departed"]),
        in_custody=record["in_custody"],
        action=_date(record["action"]),
        place=record["place"],
        released_same_day=record["released_same_day"],
        country=record["country"],
        remarks=record["remarks"],
    )


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, date):  # a datetime is a date too
        return value.isoformat()
    return value.value if isinstance(value, Enum) else value


def _date(value: str | None) -> date | None:
    return None if value is None else date.fromisoformat(value)


def _date_or_no(value: str | bool | None) -> date | bool | None:  # noqa: FBT001 - JSON
    return value if isinstance(value, bool) else _date(value)


def _transfer(
    value: dict[str, str] | bool | None,  # noqa: FBT001 - JSON
) -> DirectTransfer | bool | None:
    if not isinstance(value, dict):
        return value
    return DirectTransfer(agency=value["agency"], on=date.fromisoformat(value["on"]))
