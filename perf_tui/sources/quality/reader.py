"""Reading scores: new lines of a file that grows, and a file that holds a baseline."""

from __future__ import annotations

import time
from collections.abc import Callable
from math import isfinite
from typing import Any, NamedTuple

import msgspec

from perf_tui.measures.model import Status
from perf_tui.sources.accesslog.tail import Budget, Tail, TailError
from perf_tui.text import clean, cut, decode

MOST_BYTES = 4 * 1024 * 1024
MOST_SECONDS = 0.15
"""What one reading may take; the rest waits for the next."""
LONGEST_NAME = 80
_SHOWN = 120


class Score(NamedTuple):
    """One evaluation of one answer."""

    name: str
    """What was judged; clean."""
    model: str
    score: float


class Scores(NamedTuple):
    """The scores since the last reading."""

    scores: tuple[Score, ...] = ()
    bad: int = 0
    """Lines that are none, since the beginning."""
    first_bad: str = ""
    trouble: tuple[Status, str] | None = None
    """Why the file cannot be read now."""


def parse(line: bytes) -> Score | None:
    """The score on a line; None where it is none. Passed and failed may be written as true and false."""
    try:
        found: Any = msgspec.json.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    if not isinstance(found, dict):
        return None
    name, model, score = found.get("name"), found.get("model"), found.get("score")
    if not isinstance(name, str) or not name or not isinstance(score, (bool, int, float)):
        return None
    if not isinstance(model, str):
        model = ""
    try:
        number = float(score)
    except OverflowError:
        return None
    if not isfinite(number):
        return None
    return Score(cut(clean(name), LONGEST_NAME), cut(clean(model), LONGEST_NAME), number)


class ScoreReader:
    """Follows one file from its first line on. All of it runs on one thread, which may block."""

    def __init__(self, path: str, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._tail = Tail(path, whole=True)
        self._clock = clock
        self._bad = 0
        self._first_bad = ""

    def read(self) -> Scores:
        """Everything new, up to the budget."""
        found: list[Score] = []
        trouble: tuple[Status, str] | None = None
        try:
            for block in self._tail.blocks(Budget(MOST_BYTES, MOST_SECONDS, self._clock)):
                for line in block.splitlines():
                    self._take(line, found)
        except TailError as error:
            trouble = (error.status, error.reason)
        for line in self._tail.take_dropped():
            self._note(line)
        return Scores(tuple(found), self._bad, self._first_bad, trouble)

    def close(self) -> None:
        """Close the file."""
        self._tail.close()

    def _take(self, line: bytes, found: list[Score]) -> None:
        if not line.strip():
            return
        score = parse(line)
        if score is None:
            self._note(line)
        else:
            found.append(score)

    def _note(self, line: bytes) -> None:
        self._bad += 1
        self._first_bad = self._first_bad or cut(decode(line[: 4 * _SHOWN]), _SHOWN)


def baseline(path: str) -> Scores:
    """All scores of a saved file, up to the budget's bytes."""
    reader = ScoreReader(path)
    try:
        return reader.read()
    finally:
        reader.close()
