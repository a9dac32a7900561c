"""Tick boxes and groups of buttons: which one is on, whatever its state is called.

Programs differ in what they write: the field's value, the widgets' appearance states, or both, and
on-states have any name. A button that either of the two calls on is on; where they disagree the
field is doubtful, because what a person sees is then not what the data says.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pikepdf

from parsers.pdf.objects import find_text, items

_PUSH_BUTTON = 1 << 16
_RADIO = 1 << 15


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundButton:
    """The state of a tick box or of a group of buttons."""

    is_group: bool
    values: tuple[tuple[str, ...], ...]  #: the wordings of the state that is on, its name first
    widget: pikepdf.Dictionary  #: the button that is on, else the first one
    is_doubtful: bool = False


def find_button(
    attributes: Mapping[str, Any], widgets: list[pikepdf.Dictionary]
) -> FoundButton | None:
    """Return the state of a button field; None for push buttons, which hold no value."""
    flags = attributes.get("/Ff")
    bits = flags if isinstance(flags, int) else 0
    if bits & _PUSH_BUTTON:
        return None
    states = [_shown_state(widget) for widget in widgets]
    stored = find_text(attributes.get("/V")) or ""
    stored = "" if stored == "Off" else stored
    is_group = bool(bits & _RADIO) or (len(widgets) > 1 and _have_several_states(widgets))
    if not is_group:
        return _tick(stored, states, widgets)
    return _group(
        stored, states, widgets, [find_text(o) or "" for o in items(attributes.get("/Opt"))]
    )


def _tick(stored: str, states: list[str], widgets: list[pikepdf.Dictionary]) -> FoundButton:
    shown = next((state for state in states if state), "")
    is_doubtful = bool(stored) != bool(shown) and any(map(find_on_state, widgets))
    state = stored or shown
    return FoundButton(
        is_group=False,
        values=((state,),) if state else (),
        widget=widgets[0],
        is_doubtful=is_doubtful,
    )


def _group(
    stored: str, states: list[str], widgets: list[pikepdf.Dictionary], exports: list[str]
) -> FoundButton:
    shown = [n for n, state in enumerate(states) if state]
    if not stored and not shown:
        return FoundButton(is_group=True, values=(), widget=widgets[0])
    if len(shown) == 1 and stored in ("", states[shown[0]]):
        chosen: int | None = shown[0]
    else:
        names = [_wordings(find_on_state(w), n, exports, w) for n, w in enumerate(widgets)]
        wanted = stored or states[shown[0]]
        chosen = next((n for n, w in enumerate(widgets) if find_on_state(w) == wanted), None)
        if chosen is None:
            # A value may name the export value in place of the state.
            chosen = next((n for n, words in enumerate(names) if wanted in words), None)
    if chosen is None:
        return FoundButton(
            is_group=True, values=((stored or states[shown[0]],),), widget=widgets[0]
        )
    widget = widgets[chosen]
    state = states[chosen] or find_on_state(widget)
    return FoundButton(
        is_group=True,
        values=(_wordings(state, chosen, exports, widget),),
        widget=widget,
        is_doubtful=shown != [chosen] or not stored,
    )


def _have_several_states(widgets: list[pikepdf.Dictionary]) -> bool:
    return len({state for state in map(find_on_state, widgets) if state}) > 1


def _wordings(
    state: str, number: int, exports: list[str], widget: pikepdf.Dictionary
) -> tuple[str, ...]:
    """Return what a button may be called: its state, its entry in /Opt, its tooltip.

    Where states are only numbers the entries in /Opt are their names (ISO 32000-2, 12.7.5.2.4), and
    the number comes last: the second of "yes" and "no" is called 1, which alone would say yes.
    """
    is_number = state.isdecimal()
    index = int(state) if is_number and len(state) < 5 else number
    export = exports[index] if index < len(exports) else ""
    tooltip = find_text(widget["/TU"]) or "" if "/TU" in widget else ""
    wordings = (export, tooltip, state) if is_number else (state, export, tooltip)
    return tuple(word for word in wordings if word)


def _shown_state(widget: pikepdf.Dictionary) -> str:
    """Return the appearance state of a button that is on, or nothing."""
    state = find_text(widget.get("/AS"))
    return "" if state is None or state == "Off" else state


def find_on_state(widget: pikepdf.Dictionary) -> str:
    """Return the name of a button's on-state, or nothing when its appearance does not tell."""
    appearance = widget.get("/AP")
    normal = appearance.get("/N") if isinstance(appearance, pikepdf.Dictionary) else None
    if isinstance(normal, pikepdf.Dictionary):
        return next((key[1:] for key in sorted(normal.keys()) if key != "/Off"), "")
    return _shown_state(widget)
