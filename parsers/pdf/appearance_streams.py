"""What a form field's appearance stream spells, where it is simple enough to need no viewer.

The grammar is tight: plain graphics state, boxes painted before the text, dark visible text in
known fonts, written line by line from left to right inside the clip. Whatever else a stream does,
optional content or another object for example, its outcome is None, and a real viewer has to look.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from parsers.pdf.appearance_fonts import AppearanceFont
from parsers.pdf.content_tokens import OPERAND_STARTS, decode_string, list_tokens
from parsers.pdf.objects import Box

#: A longer stream is not one value's.
LONGEST_STREAM = 20_000
#: Text this light may not be seen, and a ground this light is no obstacle to text, 0 black.
_DARKEST_GROUND = 0.7
_LIGHTEST_TEXT = 0.6
#: How far text may reach out of its clip, in points; glyphs have room at their sides.
_SLACK = 1.0
_SMALLEST_SIZE = 2.0
#: A wider line is no border, and letters closer than this part of their size run together.
_WIDEST_LINE = 5.0
_CLOSEST = -0.25
_NARROWEST, _WIDEST = 0.3, 3.0
#: The part of a letter's height above and below its line that has to be inside the clip.
_ABOVE, _BELOW = 0.5, 0.05

FindFont = Callable[[str], AppearanceFont | None]


class _NotSimpleError(Exception):
    """The stream does something that only a viewer can judge."""


@dataclass(slots=True)
class _State:
    """What q saves and Q brings back."""

    clip: Box
    sx: float = 1.0  #: the scale and shift from here to the form's own space
    sy: float = 1.0
    tx: float = 0.0
    ty: float = 0.0
    light: float = 0.0  #: of what is filled, 0 black to 1 white
    font: AppearanceFont | None = None
    size: float = 0.0
    leading: float = 0.0
    char_space: float = 0.0
    word_space: float = 0.0
    stretch: float = 1.0

    def copy(self) -> _State:
        """Return another state like this one, which `dataclasses.replace` takes far longer for."""
        return _State(
            *(self.clip, self.sx, self.sy, self.tx, self.ty, self.light, self.font, self.size),
            *(self.leading, self.char_space, self.word_space, self.stretch),
        )


@dataclass(slots=True)
class _Drawing:
    """One stream being followed."""

    find_font: FindFont
    state: _State
    stack: list[_State] = field(default_factory=list)
    path: list[Box | None] = field(default_factory=list)  #: None: something else than a box
    clips: bool = False
    matrix: tuple[float, float, float, float] = (1.0, 1.0, 0.0, 0.0)  #: scales, then place
    line: tuple[float, float] = (0.0, 0.0)
    pieces: list[str] = field(default_factory=list)
    end: float = 0.0  #: where the last text ended
    level: float | None = None  #: and on what line


def spell(content: bytes, find_font: FindFont, box: Box) -> str | None:
    """Return what a stream shows in `box`, line by line; None where that is unsure."""
    if len(content) > LONGEST_STREAM:
        return None
    drawing = _Drawing(find_font=find_font, state=_State(clip=box))
    operands: list[bytes] = []
    try:
        for token in list_tokens(content):
            if token[0] in OPERAND_STARTS:
                operands.append(token)
                continue
            _OPERATORS[token](drawing, operands)
            operands.clear()
    except (_NotSimpleError, KeyError, IndexError, ValueError, TypeError):
        # An unknown operator, a missing operand or one of another kind: not ours to judge.
        return None
    return "".join(drawing.pieces)


def _nothing(_drawing: _Drawing, _operands: list[bytes]) -> None:
    """Follow an operator that changes nothing about what the text says."""


def _save(drawing: _Drawing, _operands: list[bytes]) -> None:
    drawing.stack.append(drawing.state.copy())


def _restore(drawing: _Drawing, _operands: list[bytes]) -> None:
    # Some programs restore once too often, which viewers ignore.
    if drawing.stack:
        drawing.state = drawing.stack.pop()


def _transform(drawing: _Drawing, operands: list[bytes]) -> None:
    a, b, c, d, e, f = map(float, operands)
    if b or c or a <= 0 or d <= 0:
        raise _NotSimpleError
    state = drawing.state
    state.tx, state.ty = state.tx + state.sx * e, state.ty + state.sy * f
    state.sx, state.sy = state.sx * a, state.sy * d


def _grey(drawing: _Drawing, operands: list[bytes]) -> None:
    drawing.state.light = float(operands[0])


def _rgb(drawing: _Drawing, operands: list[bytes]) -> None:
    red, green, blue = map(float, operands)
    drawing.state.light = 0.3 * red + 0.59 * green + 0.11 * blue


def _cmyk(drawing: _Drawing, operands: list[bytes]) -> None:
    cyan, magenta, yellow, black = map(float, operands)
    drawing.state.light = (1 - black) * (1 - 0.3 * cyan - 0.59 * magenta - 0.11 * yellow)


def _rectangle(drawing: _Drawing, operands: list[bytes]) -> None:
    x, y, width, height = map(float, operands)
    s = drawing.state
    left, right = sorted((s.tx + s.sx * x, s.tx + s.sx * (x + width)))
    bottom, top = sorted((s.ty + s.sy * y, s.ty + s.sy * (y + height)))
    drawing.path.append((left, bottom, right, top))


def _other_path(drawing: _Drawing, _operands: list[bytes]) -> None:
    drawing.path.append(None)


def _clip(drawing: _Drawing, _operands: list[bytes]) -> None:
    drawing.clips = True


def _end_path(drawing: _Drawing, _operands: list[bytes]) -> None:
    if drawing.clips:
        if len(drawing.path) != 1 or drawing.path[0] is None:
            raise _NotSimpleError
        one, other = drawing.state.clip, drawing.path[0]
        drawing.state.clip = (
            max(one[0], other[0]),
            max(one[1], other[1]),
            min(one[2], other[2]),
            min(one[3], other[3]),
        )
    drawing.path.clear()
    drawing.clips = False


def _stroke(drawing: _Drawing, operands: list[bytes]) -> None:
    """Draw lines: a border around the text, or else something that may cross it out."""
    if drawing.pieces:
        raise _NotSimpleError
    _end_path(drawing, operands)


def _fill(drawing: _Drawing, operands: list[bytes]) -> None:
    """Paint the ground: light enough to read on, and before the text."""
    if drawing.pieces or drawing.state.light < _DARKEST_GROUND:
        raise _NotSimpleError
    _end_path(drawing, operands)


def _begin_text(drawing: _Drawing, _operands: list[bytes]) -> None:
    drawing.matrix, drawing.line = (1.0, 1.0, 0.0, 0.0), (0.0, 0.0)


def _set_font(drawing: _Drawing, operands: list[bytes]) -> None:
    drawing.state.font = drawing.find_font(operands[0][1:].decode("latin-1"))
    drawing.state.size = float(operands[1])


def _set_matrix(drawing: _Drawing, operands: list[bytes]) -> None:
    a, b, c, d, e, f = map(float, operands)
    if b or c or a <= 0 or d <= 0:
        raise _NotSimpleError
    drawing.matrix, drawing.line = (a, d, e, f), (e, f)


def _move(drawing: _Drawing, operands: list[bytes]) -> None:
    _move_by(drawing, float(operands[0]), float(operands[1]))


def _move_by(drawing: _Drawing, across: float, up: float) -> None:
    a, d, _, _ = drawing.matrix
    x, y = drawing.line[0] + a * across, drawing.line[1] + d * up
    drawing.matrix, drawing.line = (a, d, x, y), (x, y)


def _move_and_lead(drawing: _Drawing, operands: list[bytes]) -> None:
    drawing.state.leading = -float(operands[1])
    _move(drawing, operands)


def _next_line(drawing: _Drawing, _operands: list[bytes]) -> None:
    _move_by(drawing, 0.0, -drawing.state.leading)


def _set_leading(drawing: _Drawing, operands: list[bytes]) -> None:
    drawing.state.leading = float(operands[0])


def _set_char_space(drawing: _Drawing, operands: list[bytes]) -> None:
    drawing.state.char_space = float(operands[0])


def _set_word_space(drawing: _Drawing, operands: list[bytes]) -> None:
    drawing.state.word_space = float(operands[0])


def _set_stretch(drawing: _Drawing, operands: list[bytes]) -> None:
    drawing.state.stretch = float(operands[0]) / 100


def _set_line_width(_drawing: _Drawing, operands: list[bytes]) -> None:
    if float(operands[0]) > _WIDEST_LINE:
        raise _NotSimpleError


def _set_must_be_zero(_drawing: _Drawing, operands: list[bytes]) -> None:
    """Refuse a rise of the text, and every way to draw it but filled."""
    if float(operands[0]):
        raise _NotSimpleError


def _show(drawing: _Drawing, operands: list[bytes]) -> None:
    _write(drawing, decode_string(operands[0]))


def _show_next_line(drawing: _Drawing, operands: list[bytes]) -> None:
    _next_line(drawing, [])
    _show(drawing, operands)


def _show_spaced(drawing: _Drawing, operands: list[bytes]) -> None:
    if operands[0] != b"[" or operands[-1] != b"]":
        raise _NotSimpleError
    for operand in operands[1:-1]:
        if operand[:1] in b"(<":
            _write(drawing, decode_string(operand))
        else:
            back = float(operand) / 1000 * drawing.state.size * drawing.state.stretch
            a, d, x, y = drawing.matrix
            drawing.matrix = (a, d, x - a * back, y)


def _write(drawing: _Drawing, codes: bytes) -> None:
    """Put text where the drawing stands, if it is seen there and reads on from what went before."""
    state = drawing.state
    if state.font is None:
        raise _NotSimpleError
    text, width = _read_codes(codes, state.font)
    a, d, x, y = drawing.matrix
    spaces = codes.count(b" ") * state.word_space if state.font.code_length == 1 else 0.0
    gaps = len(codes) // state.font.code_length * state.char_space
    step = a * (width / 1000 * state.size + gaps + spaces) * state.stretch
    drawing.matrix = (a, d, x + step, y)
    if text.strip():
        _check_and_keep(drawing, text, (x, y, step), state.size * d * state.sy)


def _check_and_keep(
    drawing: _Drawing, text: str, place: tuple[float, float, float], size: float
) -> None:
    state = drawing.state
    left, base = state.tx + state.sx * place[0], state.ty + state.sy * place[1]
    right = left + state.sx * place[2]
    clip = state.clip
    if (
        state.light > _LIGHTEST_TEXT
        or size < _SMALLEST_SIZE
        or min(state.char_space, state.word_space) < _CLOSEST * state.size
        or not _NARROWEST <= state.stretch <= _WIDEST
        or left < clip[0] - _SLACK
        or right > clip[2] + _SLACK
        or base + _ABOVE * size > clip[3] + _SLACK
        or base + _BELOW * size < clip[1] - _SLACK
    ):
        raise _NotSimpleError
    if drawing.level is not None:
        if abs(base - drawing.level) < size / 4:
            if left < drawing.end - size / 4:
                raise _NotSimpleError
        elif base > drawing.level:
            raise _NotSimpleError
        else:
            drawing.pieces.append("\n")
    drawing.pieces.append(text)
    drawing.level, drawing.end = base, right


def _read_codes(codes: bytes, font: AppearanceFont) -> tuple[str, float]:
    """Return text and width of a string; `KeyError` where a code has no letter or width."""
    numbers = (
        codes
        if font.code_length == 1
        else [codes[n] << 8 | codes[n + 1] for n in range(0, len(codes), 2)]
    )
    letters, widths, default = font.letters, font.widths, font.default_width
    if default is None:
        width = sum([widths[code] for code in numbers])
    else:
        width = sum([widths.get(code, default) for code in numbers])
    return "".join([letters[code] for code in numbers]), width


#: Every operator a simple appearance is made of (ISO 32000-2, Annex A). Others are not followed.
_OPERATORS: Mapping[bytes, Callable[[_Drawing, list[bytes]], None]] = {
    **dict.fromkeys((b"BMC", b"EMC", b"ET", b"J", b"j", b"M", b"d", b"i"), _nothing),
    **dict.fromkeys((b"G", b"RG", b"K"), _nothing),
    **dict.fromkeys((b"m", b"l", b"h"), _other_path),
    **dict.fromkeys((b"W", b"W*"), _clip),
    **dict.fromkeys((b"S", b"s"), _stroke),
    **dict.fromkeys((b"f", b"F", b"f*"), _fill),
    **dict.fromkeys((b"Tr", b"Ts"), _set_must_be_zero),
    b"q": _save,
    b"Q": _restore,
    b"cm": _transform,
    b"g": _grey,
    b"rg": _rgb,
    b"k": _cmyk,
    b"w": _set_line_width,
    b"re": _rectangle,
    b"n": _end_path,
    b"BT": _begin_text,
    b"Tf": _set_font,
    b"Tm": _set_matrix,
    b"Td": _move,
    b"TD": _move_and_lead,
    b"T*": _next_line,
    b"TL": _set_leading,
    b"Tc": _set_char_space,
    b"Tw": _set_word_space,
    b"Tz": _set_stretch,
    b"Tj": _show,
    b"TJ": _show_spaced,
    b"'": _show_next_line,
}
