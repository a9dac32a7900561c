"""What a terminal shows of a traced step: codes and numbers, nothing that somebody wrote."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from inbox_worker.cli.tracing import _list_facts
from inbox_worker.desk.tracing import Step

AT = datetime(2026, 5, 4, tzinfo=UTC)


@pytest.mark.parametrize(
    ("detail", "shown"),
    [
        pytest.param({"rule": "urgent_words"}, ["rule urgent_words"], id="a code"),
        pytest.param({"attempts": 2}, ["attempts 2"], id="a number"),
        pytest.param(
            {"topics": ["abuse", "trafficking"]}, ["topics abuse, trafficking"], id="many"
        ),
        pytest.param(
            {"topic_rules": {"self_harm": "weighed_words"}},
            ["topic rules self_harm weighed_words"],
            id="the rule of each topic",
        ),
        pytest.param(
            {"topic_rules": {"trafficking": "paper:held_for_work_or_money"}},
            ["topic rules trafficking paper:held_for_work_or_money"],
            id="a long one, heard in a paper",
        ),
        pytest.param({"topic_words": {"self_harm": ["+1.1 “he”"]}}, [], id="words"),
        pytest.param({"who": {"name": "Rosa Ejemplo"}}, [], id="a name in a table"),
        pytest.param({"reason": "He is not, I think, the one."}, [], id="a sentence"),
        pytest.param({"folder": None}, [], id="nothing"),
    ],
)
def test_of_a_steps_detail_only_codes_are_shown(detail: dict[str, Any], shown: list[str]) -> None:
    assert list(_list_facts(Step(at=AT, step="x", detail=detail), None)) == shown
