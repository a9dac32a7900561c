"""Letters: how long one takes to compose and to build, beside the floor.

Two letters stand for all: the acknowledgement, which is the shortest, and the review notice of a
form with 45 fields, which is the longest and carries the form. The floor, measured in the same
run, renders a compiled template that holds nothing but the finished words, encodes the attachment
in base64 and joins the pieces. Run it with `python -m bench.letters [ROUNDS]`.
"""

from __future__ import annotations

import json
import random
import statistics
import sys
import time
from binascii import b2a_base64
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime

from jinja2 import Environment
from rich.console import Console
from rich.table import Table

from outbound.letters.compose import Letter, Letterhead, preload
from outbound.letters.mime import MailIdentity, build_mail
from outbound.letters.reply_skeletons import ReplyOptions
from outbound.letters.requester_letters import Acknowledgement, compose_acknowledgement
from outbound.letters.review_letters import (
    AddressTrust,
    FieldRow,
    FieldSection,
    FlagEffect,
    ReceivedFile,
    RequesterTrust,
    ReviewFlag,
    ReviewNotice,
    compose_review_notice,
)

ROUNDS = 300
_SENDER = MailIdentity(name="ERO Outreach", address="ero.outreach@agency.example")
_HEAD = Letterhead(agency="Example Immigration Agency (demo)", mailbox=_SENDER.address)
_AT = datetime(2026, 5, 4, 18, 30, tzinfo=UTC)
_FORM = random.Random(1).randbytes(105_000)
_KEYWORDS = ("APPROVE", "DENY", "NEED INFO", "CORRECT", "HOLD", "LEGAL", "STATUS", "HELP")
_VALUES = ("yes", "Núñez de la Cruz", "March 4, 1985", "100 Court Street, Anytown, GA, USA")
_SECTIONS = tuple(
    FieldSection(
        title=f"Section {section}",
        rows=tuple(
            FieldRow(
                label=f"Field {section}.{field} of the form",
                value=_VALUES[field % 4],
                raw="as it stood" if field == 5 else "",
                note="Day and month could be either way round." if field == 7 else "",
                is_flagged=field == 7,
            )
            for field in range(9)
        ),
    )
    for section in range(5)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What one letter costs, the median in milliseconds."""

    name: str
    compose: float
    build: float
    floor: float

    @property
    def ratio(self) -> float:
        """Return how many times the floor a letter takes from its facts to its bytes."""
        return (self.compose + self.build) / self.floor


def main() -> None:
    """Measure, and print a table and a JSON line."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS
    preload()
    _show(
        [
            _measure("acknowledgement", _acknowledge, rounds),
            _measure("review notice", _notify, rounds),
        ]
    )


def _measure(name: str, compose: Callable[[int], Letter], rounds: int) -> Result:
    letter = compose(0)
    # Nothing in a letter looks like a variable, so that its words are a template that emits them.
    template = Environment(autoescape=True).from_string(letter.text + letter.html)

    def render_floor(_number: int) -> bytes:
        encoded = [b2a_base64(a.data, newline=False) for a in letter.attachments]
        return b"".join([template.render().encode(), *encoded])

    return Result(
        name=name,
        compose=_time(compose, rounds),
        build=_time(lambda number: _build(letter, number), rounds),
        floor=_time(render_floor, rounds),
    )


def _time(call: Callable[[int], object], rounds: int) -> float:
    # The first calls, which fill caches, are not counted.
    times = []
    for number in range(-10, rounds):
        started = time.perf_counter()
        call(number)
        times.append(time.perf_counter() - started)
    return 1000 * statistics.median(times[10:])


def _build(letter: Letter, number: int) -> bytes:
    return build_mail(
        letter,
        sender=_SENDER,
        recipient="clerk@courts.example",
        message_id=f"<letter.{number:026}@agency.example>",
        date=_AT,
        in_reply_to="<request@courts.example>",
    )


def _acknowledge(number: int) -> Letter:
    return compose_acknowledgement(
        Acknowledgement(
            head=_HEAD,
            tracking_number=_number_request(number),
            received_at=_AT,
            turnaround_text="Most answers leave within ten working days.",
        )
    )


def _notify(number: int) -> Letter:
    return compose_review_notice(
        ReviewNotice(
            head=_HEAD,
            tracking_number=_number_request(number),
            reply=ReplyOptions(
                address=f"ero.outreach+review-{number:026}@agency.example", keywords=_KEYWORDS
            ),
            priority_text="Pressing: due within 10 days",
            received_at=_AT,
            due_date=date(2026, 5, 12),
            due_reason="last day to file",
            requester=RequesterTrust(
                name="Dana Whitlock",
                title="Deputy Clerk",
                agency="Superior Court of Example County",
                class_label="Judge or clerk",
                detail_text="May be told everything that was asked.",
                author_address="d.whitlock@courts.example",
                form_address="d.whitlock@courts.example",
                address_trust=AddressTrust.OFFICIAL,
                is_authenticated=True,
                authentication_text="proven by the gateway",
                earlier_requests=2,
            ),
            sections=_SECTIONS,
            flags=(
                ReviewFlag(
                    title="Weak identity",
                    sentence="Only name, birth date and country of birth are given.",
                    effect=FlagEffect.SECOND_PERSON,
                ),
            ),
            files=(ReceivedFile(name="fta.pdf", media_type="application/pdf", size=105_000),),
            first_obligation_date=date(2026, 3, 10),
            form=_FORM,
        )
    )


def _number_request(number: int) -> str:
    return f"CJS-2026-{abs(number):06}-5"


def _show(results: list[Result]) -> None:
    table = Table(title="Letters, milliseconds each (median)", title_justify="left")
    for column in ("letter", "compose", "build", "both", "floor", "times the floor"):
        table.add_column(column, justify="left" if column == "letter" else "right")
    for r in results:
        both = r.compose + r.build
        figures = (r.compose, r.build, both, r.floor)
        table.add_row(r.name, *(f"{value:.2f}" for value in figures), f"{r.ratio:.1f}")
    Console().print(table)
    letters = {
        r.name: {
            "compose_ms": round(r.compose, 3),
            "build_ms": round(r.build, 3),
            "floor_ms": round(r.floor, 3),
            "ratio": round(r.ratio, 1),
        }
        for r in results
    }
    print(json.dumps({"bench": "letters", "letters": letters}))


if __name__ == "__main__":
    main()
