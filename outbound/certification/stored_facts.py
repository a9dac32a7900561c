"""The facts of a certification read back from what was stored of them.

Outcome of `load_facts`: the same facts that gave the JSON; or `KeyError` or `TypeError` when it is
no JSON of ours, which is a fault.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from outbound.certification.answer_lines import AnswerLine
from outbound.certification.document import (
    CertificationFacts,
    Certifier,
    DeterminationFacts,
    SubjectFacts,
)


def load_facts(value: Mapping[str, Any]) -> CertificationFacts:
    """Read facts back from what `CertificationFacts.to_json` gave, or JSON made of it."""
    plain = dict(value)
    detail = plain.pop("determination", None)
    plain["case_numbers"] = tuple(plain["case_numbers"])
    return CertificationFacts(
        **plain, determination=None if detail is None else _load_determination(detail)
    )


def _load_determination(value: Mapping[str, Any]) -> DeterminationFacts:
    plain: dict[str, Any] = {
        name: tuple(part) if isinstance(part, list) else part for name, part in value.items()
    }
    plain["subject"] = SubjectFacts(**value["subject"])
    plain["certifier"] = Certifier(**value["certifier"])
    plain["answers"] = tuple(
        AnswerLine(**{**line, "notes": tuple(line["notes"])}) for line in value["answers"]
    )
    return DeterminationFacts(**plain)
