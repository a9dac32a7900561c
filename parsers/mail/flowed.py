"""Plain text whose program broke lines within words, put together again (RFC 3676, `DelSp=yes`).

Outcome: the text with each broken line whole. Quoted lines are joined with lines quoted as deep
only, and the signature's delimiter stays a line of its own. Text that is flowed without `DelSp`
needs no joining: its breaks stand between words.
"""

from __future__ import annotations

from itertools import takewhile

_SIGNATURE = "-- "


def join_flowed(text: str) -> str:
    """Return text sent with `format=flowed; delsp=yes` without its soft breaks (4.1, 4.2)."""
    joined: list[str] = []
    parts: list[str] = []
    depth = 0
    for line in text.split("\n"):
        here = sum(1 for _ in takewhile(">".__eq__, line))
        content = line[here:].removeprefix(" ")
        if parts and (here != depth or content == _SIGNATURE):
            joined.append(_build_line(parts, depth))
        depth = here
        is_soft = content.endswith(" ") and content != _SIGNATURE
        parts.append(content[:-1] if is_soft else content)
        if not is_soft:
            joined.append(_build_line(parts, depth))
    if parts:
        joined.append(_build_line(parts, depth))
    return "\n".join(joined)


def _build_line(parts: list[str], depth: int) -> str:
    line = "".join(parts)
    parts.clear()
    return f"{'>' * depth} {line}" if depth else line
