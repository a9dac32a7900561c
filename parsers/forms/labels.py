"""Which field of a form definition an AcroForm field is: by name, by tooltip, by printed label.

The outcome for every AcroForm field is one of: a field, a choice of a field, the signature line of
one, ambiguous between several (the value is then nobody's), or unknown. A wording that two fields
share counts only within its section.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from functools import lru_cache

from parsers.definition import Choice, FieldType, FormDefinition, FormField, Requiredness
from parsers.pdf.acroform import AcroField, FieldKind
from parsers.values.cleaning import fold_label, fold_text


class Way(IntEnum):
    """How a field was recognised, the surest first."""

    NAME = 1  #: its name is the machine name
    TOOLTIP = 2  #: its name or tooltip is a label or synonym
    PRINTED = 3  #: the words printed beside or above it are


@dataclass(frozen=True, slots=True)
class Target:
    """What an AcroForm field stands for."""

    field: FormField
    choice: Choice | None = None  #: the choice that a tick box of its own offers
    is_signature_line: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """An AcroForm field and what it stands for."""

    source: AcroField
    target: Target
    way: Way


@dataclass(slots=True, kw_only=True)
class Matching:
    """How the fields of one document fit one definition."""

    definition: FormDefinition
    matches: list[Match] = field(default_factory=list)
    #: Filled fields whose wording several fields of the definition share, with those fields.
    ambiguous: list[tuple[AcroField, tuple[Target, ...]]] = field(default_factory=list)
    unmatched: list[AcroField] = field(default_factory=list)

    def count(self, *ways: Way) -> int:
        """Return how many different fields of the definition were recognised in those ways."""
        return len({m.target.field.name for m in self.matches if m.way in ways})

    def fields(self) -> frozenset[str]:
        """Return the machine names of the fields that were recognised."""
        return frozenset(m.target.field.name for m in self.matches)

    def sections(self) -> frozenset[str]:
        """Return the sections the recognised fields come from."""
        return frozenset(m.target.field.section for m in self.matches)


#: By its labels a form takes a part of all that its definition requires, over several sections:
#: every court form has a city, a state and a date.
_ENOUGH_REQUIRED = 0.45
_ENOUGH_SECTIONS = 3
#: So many words at the beginning of a label tell which one it is.
_ENOUGH_WORDS = 4


def is_enough(
    definition: FormDefinition, fields: Collection[str], sections: Collection[str]
) -> bool:
    """Return whether so many fields and sections, recognised by their labels, make the form."""
    required = {f.name for f in definition.fields if f.requiredness is Requiredness.REQUIRED}
    core = required or {f.name for f in definition.fields}
    enough = min(_ENOUGH_SECTIONS, len(definition.sections))
    return len(core.intersection(fields)) >= _ENOUGH_REQUIRED * len(core) and (
        len(sections) >= enough
    )


#: Reads the words printed beside a field, the likeliest first; costs much and is called late.
PrintedLabels = Callable[[AcroField], Sequence[str]]

_INDEX = re.compile(r"\[\d+\]")
_NAME_CHARACTERS = re.compile(r"[^a-z0-9.]+")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_LABEL_END = re.compile(r"\s*(?:[:(\n;*†]|\.\s| - | – |, if )")
_TICKABLE = frozenset({FieldType.TICK, FieldType.ATTESTATION, FieldType.YES_NO})
_CHOOSABLE = frozenset({FieldType.CHOICE, FieldType.MULTI, FieldType.YES_NO})


class DefinitionIndex:
    """The names and wordings of one definition, folded once."""

    def __init__(self, definition: FormDefinition) -> None:
        self.definition = definition
        self._exact_names: dict[str, Target] = {}
        self._names: dict[str, Target] = {}
        self._wordings: dict[str, list[Target]] = {}
        self._choice_wordings: dict[str, list[Target]] = {}
        self._sections: dict[str, str] = {}
        for section in definition.sections:
            self._sections[fold_text(section.name)] = section.name
            self._sections[fold_text(section.title)] = section.name
        for form_field in definition.fields:
            self._add(form_field)

    def _add(self, form_field: FormField) -> None:
        target = Target(form_field)
        if form_field.acroform_name:
            self._exact_names[form_field.acroform_name] = target
        else:
            self._names[_fold_name(form_field.name)] = target
        for wording in (form_field.label, *form_field.synonyms):
            _append(self._wordings, fold_label(wording), target)
        if form_field.signature_line:
            self._names[_fold_name(form_field.signature_line)] = Target(form_field, None, True)  # noqa: FBT003
        for choice in form_field.choices:
            one = Target(form_field, choice)
            self._names[_fold_name(f"{form_field.name}.{choice.name}")] = one
            for wording in (choice.label, *choice.synonyms):
                _append(self._choice_wordings, fold_label(wording), one)
        if form_field.type is FieldType.YES_NO:
            for answer in ("yes", "no"):
                name = _fold_name(f"{form_field.name}.{answer}")
                self._names[name] = Target(form_field, Choice(name=answer, label=answer))

    def find_by_name(self, name: str) -> Target | None:
        """Return what a field name such as `form1[0].Page1[0].subject_a_number[0]` stands for."""
        if name in self._exact_names:
            return self._exact_names[name]
        folded = _fold_name(name)
        while folded:
            if folded in self._names:
                return self._names[folded]
            folded = folded.partition(".")[2]
        return None

    def find_by_wording(
        self, wording: str, kind: FieldKind, *, whole: bool = False
    ) -> tuple[Target, ...]:
        """Return every target that is called so, for a field of that kind; empty when none is.

        With `whole` nothing of the wording is taken for a hint that follows the label.
        """
        for folded in (fold_label(wording),) if whole else _label_forms(wording):
            found = [*self._wordings.get(folded, ())]
            if kind is FieldKind.TICK:
                found = [t for t in found if t.field.type in _TICKABLE]
                found += self._choice_wordings.get(folded, ())
            elif kind is FieldKind.GROUP:
                found = [t for t in found if t.field.type in _CHOOSABLE]
            elif kind is FieldKind.SIGNATURE:
                found = [t for t in found if t.field.type is FieldType.ATTESTATION]
            else:
                found = [t for t in found if t.field.type is not FieldType.TICK]
            if found:
                return tuple(found)
        return ()

    def find_unfinished(self, wording: str) -> tuple[Target, str] | None:
        """Return the one target whose label begins so, and how the label goes on, folded."""
        folded = f"{fold_label(wording)} "
        if folded.count(" ") < _ENOUGH_WORDS:
            return None
        found = [(w, t) for w, targets in self._wordings.items() for t in targets]
        begun = [(t, w.removeprefix(folded)) for w, t in found if w.startswith(folded)]
        return begun[0] if len(begun) == 1 else None

    def find_section(self, words: Iterable[str]) -> str | None:
        """Return the section that one of `words` names, by its machine name or title."""
        return next(
            (self._sections[f] for w in words if (f := fold_text(w)) in self._sections), None
        )


def _append(table: dict[str, list[Target]], key: str, target: Target) -> None:
    found = table.setdefault(key, [])
    if target not in found:
        found.append(target)


@lru_cache(maxsize=1024)
def _fold_name(name: str) -> str:
    # Most forms that arrive are of one revision, whose fields have the same names every time.
    return _NAME_CHARACTERS.sub("", _INDEX.sub("", name).casefold())


def _label_forms(wording: str) -> list[str]:
    """Return the whole wording, then what stands before its hint or colon, folded."""
    short = wording[:200].strip()
    head = _LABEL_END.split(short, maxsplit=1)[0]
    spaced = _CAMEL.sub(" ", short)
    forms = (fold_label(text) for text in (wording[:400], short, head, spaced))
    return [form for form in dict.fromkeys(forms) if form]


def match_by_name(index: DefinitionIndex, fields: Sequence[AcroField]) -> Matching:
    """Match every field whose name holds a machine name; the others stay unmatched."""
    matching = Matching(definition=index.definition)
    for source in fields:
        target = index.find_by_name(source.name)
        if target is None:
            matching.unmatched.append(source)
        else:
            matching.matches.append(Match(source=source, target=target, way=Way.NAME))
    return matching


def match_by_wording(
    index: DefinitionIndex, matching: Matching, printed: PrintedLabels | None = None
) -> None:
    """Match what is still unmatched by field name, tooltip and, if given, the printed label."""
    taken = {m.target.field.name for m in matching.matches if m.way is Way.NAME}
    found: dict[int, tuple[tuple[Target, ...], Way]] = {}
    for position, source in enumerate(matching.unmatched):
        targets, way = _find_targets(index, source, printed)
        free = tuple(t for t in targets if t.field.name not in taken)
        if free:
            found[position] = (free, way)
    left: list[AcroField] = []
    for position, source in enumerate(matching.unmatched):
        targets, way = found.get(position, ((), Way.TOOLTIP))
        chosen = _choose(index, source, targets, position, found)
        if chosen is not None:
            matching.matches.append(Match(source=source, target=chosen, way=way))
        elif targets:
            matching.ambiguous.append((source, targets))
        else:
            left.append(source)
    matching.unmatched = left


def _find_targets(
    index: DefinitionIndex, source: AcroField, printed: PrintedLabels | None
) -> tuple[tuple[Target, ...], Way]:
    last_part = _INDEX.sub("", source.name).rpartition(".")[2]
    for wording in (source.tooltip, source.name, last_part.replace("_", " ")):
        targets = index.find_by_wording(wording, source.kind) if wording else ()
        if targets:
            return targets, Way.TOOLTIP
    for wording in printed(source) if printed is not None else ():
        targets = index.find_by_wording(wording, source.kind)
        if targets:
            return targets, Way.PRINTED
    return (), Way.PRINTED


def _choose(
    index: DefinitionIndex,
    source: AcroField,
    targets: tuple[Target, ...],
    position: int,
    found: Mapping[int, tuple[tuple[Target, ...], Way]],
) -> Target | None:
    """Return the one target that is meant: the only one, or the only one of its section."""
    if len(targets) <= 1:
        return targets[0] if targets else None
    section = index.find_section(_section_words(source)) or _section_between(position, found)
    inside = [t for t in targets if t.field.section == section]
    return inside[0] if len(inside) == 1 else None


def _section_words(source: AcroField) -> list[str]:
    """Return the words that may name a section: parts of the name, the lead of the tooltip."""
    parts = [_CAMEL.sub(" ", p) for p in _INDEX.sub("", source.name).split(".")]
    lead = re.split(r"[:,\-–]", source.tooltip, maxsplit=1)[0]
    first_words = [re.split(r"[_\s]", p.strip(), maxsplit=1)[0] for p in (*parts, source.tooltip)]
    return [*parts, lead, *first_words]


def _section_between(
    position: int, found: Mapping[int, tuple[tuple[Target, ...], Way]]
) -> str | None:
    """Return the section of the certain neighbours before and after, where they agree."""
    certain = {p: t[0].field.section for p, (t, _) in found.items() if len(t) == 1}
    before = max((p for p in certain if p < position), default=None)
    after = min((p for p in certain if p > position), default=None)
    if before is None or after is None or certain[before] != certain[after]:
        return None
    return certain[before]
