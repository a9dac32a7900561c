"""The ways in which invented people write dates, phones, numbers and amounts.

Each table is a person's choice of habits; what is common stands in it more than once.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

_SPANISH_MONTHS = (
    *("enero", "febrero", "marzo", "abril", "mayo", "junio"),
    *("julio", "agosto", "septiembre", "octubre", "noviembre", "diciembre"),
)

#: How a date is written. All but the last three put the month first or name it.
DATE_STYLES: tuple[Callable[[date], str], ...] = (
    lambda d: f"{d:%m/%d/%Y}",
    lambda d: f"{d:%m/%d/%Y}",
    lambda d: f"{d.month}/{d.day}/{d.year}",
    lambda d: f"{d.month}/{d.day}/{d:%y}",
    lambda d: f"{d:%m-%d-%Y}",
    lambda d: f"{d:%B} {d.day}, {d.year}",
    lambda d: f"{d:%b}. {d.day}, {d.year}" if d.month != 5 else f"May {d.day}, {d.year}",
    lambda d: f"{d:%B} {_ordinal(d.day)}, {d.year}",
    lambda d: f"{d:%d-%b-%Y}".upper(),
    lambda d: f"{d.day} {d:%B} {d.year}",
    lambda d: d.isoformat(),
    lambda d: f"{d.day} de {_SPANISH_MONTHS[d.month - 1]} de {d.year}",
)

PHONE_STYLES = (
    "({0}) {1}-{2}",
    "({0}) {1}-{2}",
    "{0}-{1}-{2}",
    "{0}.{1}.{2}",
    "{0}{1}{2}",
    "1-{0}-{1}-{2}",
    "+1 {0} {1} {2}",
)
EXTENSIONS = (" ext. {}", " x{}", " Ext {}", ", extension {}")

A_NUMBER_STYLES = (
    "A{0}{1}{2}",
    "A{0}{1}{2}",
    "A{0}-{1}-{2}",
    "A {0} {1} {2}",
    "A-{0} {1} {2}",
    "A# {0}{1}{2}",
    "a{0}{1}{2}",
    "{0}{1}{2}",
    "{0}-{1}-{2}",
)

CASE_STYLES = (
    "26-CR-{0:06d}",
    "17CR-{0:06d}",
    "17 CRS {0:06d}",
    "D-101-CR-2019-{0:05d}",
    "BA{0:06d}",
    "F-2026-{0:05d}-A",
    "1:26-cr-{0:05d}-XYZ",
    "CR26/{0:05d}.2",
    "2026CF{0:06d}AXX",
)

MONEY_STYLES: tuple[Callable[[int], str], ...] = (
    lambda n: f"${n:,}.00",
    lambda n: f"{n:,}",
    lambda n: f"{n}",
    lambda n: f"${n:,}",
    lambda n: f"USD {n:,}.00",
    lambda n: f"$ {n}.00",
    lambda n: f"{n:,}".replace(",", ".") + ",00",
)


def _ordinal(day: int) -> str:
    ending = "th" if 10 <= day % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(day % 10, "th")
    return f"{day}{ending}"
