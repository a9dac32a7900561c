"""Builders shared by the tests of replies: messages, and commands read as the worker reads."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from config.data import read_data
from parsers.definition import parse_definition
from parsers.mail.message import InboundMessage
from parsers.replies.command import Command, CommandRefusal
from parsers.replies.command_reader import build_field_names, parse_command
from parsers.replies.keyword_table import parse_keyword_table
from parsers.replies.question_filter import parse_question_vocabulary
from parsers.replies.signing_lines import Signer

EASTERN = ZoneInfo("America/New_York")
BASES = frozenset({"routine use", "consent", "agency head's request"})
KEYWORDS = parse_keyword_table(read_data("replies/keywords.toml"))
VOCABULARY = parse_question_vocabulary(read_data("replies/questions.toml"))
FIELD_NAMES = build_field_names(parse_definition(read_data("forms/cjs-request-1.toml")))

FINDINGS = (
    "Outcome: detained; removed",
    "Matched on: a-number; name; birth date",
    "Basis: routine use",
    "Custody: 2026-03-02 to 2026-04-17",
    "Facility: Example Processing Center, Anytown, GA",
    "Direct transfer: Example County Jail, 2026-03-02",
    "Removed: 2026-04-17",
    "Country: Guatemala",
    "Records as of: 2026-05-04 14:30",
    "Remarks: seen in two systems",
)


def build_message(text: str | None = None, html: str | None = None) -> InboundMessage:
    """Build a message of which only the body matters."""
    empty: dict[str, Any] = dict.fromkeys(
        ("fields", "authors", "reply_to", "recipients", "in_reply_to", "references", "attachments"),
        (),
    )
    return InboundMessage(
        **empty,
        message_id=None,
        reverse_path=None,
        subject="APPROVE",
        date=None,
        content_type="text/plain",
        report_type="",
        text=text,
        html=html,
    )


def read_reply(
    text: str,
    *,
    names: tuple[str, ...] = (),
    below: tuple[str, ...] = (),
    signer: Signer | None = None,
) -> Command | CommandRefusal:
    """Read new text as one command, with the tables that ship."""
    return parse_command(
        text,
        keywords=KEYWORDS,
        bases=BASES,
        field_names=FIELD_NAMES,
        timezone=EASTERN,
        ready_questions=VOCABULARY.ready,
        signer=signer or Signer(names=names),
        below_quote=below,
    )
