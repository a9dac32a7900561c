"""Reads one line of writing in a picture: letters, how sure each is, and where it stands.

The model is RapidOCR's recogniser (PP-OCRv6, in its wheel, offline), run without the rest of that
library: lines are cut out already, and the certainty and place of every letter are wanted, which
its own interface does not give. The outcome is always a `LineText`, empty where nothing is legible.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import cv2
import numpy as np
import onnxruntime
from numpy.typing import NDArray

from parsers.pages.pictures import Grey

_MODEL = "PP-OCRv6_rec_small.onnx"
#: The model takes lines of this height, gives a letter or none for so many columns, and was
#: trained on lines filled up to this width with middle grey, which is 0 to it.
_HEIGHT = 48
_STEP = 8
_WIDTH = 320
_WIDEST = 6400
#: What a form is filled in with: letters of the Latin alphabet, a keyboard's signs, printed quotes.
_LATIN_END = 0x250
_SIGNS = frozenset("‘’“”–—•ªº§°¿¡«»½¼¾Ạồ")


@dataclass(frozen=True, slots=True, kw_only=True)
class LineText:
    """What a line says."""

    text: str
    certainties: tuple[float, ...]  #: of each character, 0 to 1
    places: tuple[float, ...]  #: of each character's middle, in pixels from the left edge


class LineReader:
    """The recogniser, loaded once; not for several threads at a time."""

    def __init__(self, *, threads: int = 1) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 4
        options.enable_cpu_mem_arena = False
        self._session = onnxruntime.InferenceSession(
            find_model(_MODEL), options, providers=["CPUExecutionProvider"]
        )
        self._input = self._session.get_inputs()[0].name
        known = self._session.get_modelmeta().custom_metadata_map["character"].splitlines()
        alphabet = ["", *known, " "]
        kept = [n for n, letter in enumerate(alphabet) if not letter or _is_ours(letter)]
        self._kept = np.array(kept)
        self._letters = [alphabet[n] for n in kept]

    def read(self, grey: Grey) -> LineText:
        """Return the text of one line, dark on light; `grey` holds nothing but the line."""
        height, width = grey.shape
        columns = min(max(math.ceil(_HEIGHT * width / height), _STEP), _WIDEST)
        finer = cv2.INTER_CUBIC if height < _HEIGHT else cv2.INTER_AREA
        line = cv2.resize(grey, (columns, _HEIGHT), interpolation=finer)
        picture = np.zeros((1, 3, _HEIGHT, max(columns, _WIDTH)), dtype=np.float32)
        picture[..., :columns] = line.astype(np.float32) / 127.5 - 1
        found: NDArray[np.float32] = self._session.run(None, {self._input: picture})[0][0]
        steps = found[: math.ceil(columns / _STEP) + 1, self._kept]
        letters = tuple(self._decode(steps))
        pixels = _STEP * width / columns
        return LineText(
            text="".join(letter for letter, _, _ in letters),
            certainties=tuple(certainty for _, certainty, _ in letters),
            places=tuple(place * pixels for _, _, place in letters),
        )

    def _decode(self, steps: NDArray[np.float32]) -> Iterator[tuple[str, float, float]]:
        """Yield each letter, its certainty and its middle: runs of one best guess are one letter.

        This is greedy decoding of connectionist temporal classification; guess 0 is no letter.
        """
        best, certainties = steps.argmax(axis=1), steps.max(axis=1)
        edges = np.flatnonzero(np.diff(best, prepend=-1, append=-1))
        for first, last in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True):
            if best[first]:
                certainty = float(certainties[first:last].max())
                yield self._letters[best[first]], certainty, (first + last) / 2


def find_model(name: str) -> str:
    """Return the path of a model inside RapidOCR's wheel, without importing that library."""
    spec = find_spec("rapidocr")
    places = [] if spec is None else spec.submodule_search_locations or []
    return str(Path(next(iter(places), "")) / "models" / name)


def _is_ours(letter: str) -> bool:
    if letter.isascii():
        return letter.isprintable()
    return letter in _SIGNS or (len(letter) == 1 and ord(letter) < _LATIN_END and letter.isalpha())
