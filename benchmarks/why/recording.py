"""One fault as it was watched: the windows of all series, with what is needed to judge a ranking of them."""

from __future__ import annotations

import gzip
import json
from array import array
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from math import isfinite, nan
from pathlib import Path

from perf_tui.engine.why.look import Past
from perf_tui.measures.model import Series


@dataclass(frozen=True)
class Recording:
    """What was broken, which alert told of it, and the windows around its onset."""

    kind: str
    seed: int
    words: str
    alert: str
    """The rule that fired; empty: none did, and the question was asked at the time that was known."""
    about: Series | None
    """The series of that alert."""
    delay: float
    """Seconds from the beginning of the fault to the alert."""
    interval: float
    usual: int
    onset: int
    rows: list[tuple[Series, array[float]]]
    causes: frozenset[Series]
    """Those of them that are the true cause."""
    lost: frozenset[Series] = frozenset()
    """Those that had gone away at the end."""
    earlier: Mapping[Series, array[float]] = field(default_factory=dict)
    """Some of what was before the windows."""

    @property
    def past(self) -> Past:
        """The windows as the program takes them."""
        return Past(
            self.rows,
            self.usual,
            self.onset,
            lost=self.lost.__contains__,
            earlier=lambda key: self.earlier.get(key, array("d")),
        )


def add(file: Path, recording: Recording) -> None:
    """Write one more behind those that are in the file: what was seen is kept whatever happens next."""
    with gzip.open(file, "at", compresslevel=3) as out:
        out.write(json.dumps(_plain(recording)) + "\n")


def load(file: Path) -> list[Recording]:
    """Read what `add` wrote."""
    with gzip.open(file, "rt") as lines:
        return [_rich(json.loads(line)) for line in lines]


def _plain(recording: Recording) -> dict[str, object]:
    return {
        **{name: getattr(recording, name) for name in _SIMPLE},
        "about": recording.about,
        "rows": [_row(recording, key, window) for key, window in recording.rows],
    }


def _row(recording: Recording, key: Series, window: array[float]) -> list[object]:
    earlier = recording.earlier.get(key, array("d"))
    return [*key, key in recording.causes, key in recording.lost, _numbers(window), _numbers(earlier)]


def _numbers(window: Iterable[float]) -> list[float | None]:
    return [float(f"{number:.6g}") if isfinite(number) else None for number in window]


def _rich(told: dict[str, object]) -> Recording:
    rows, earlier, causes, lost = [], {}, set(), set()
    for id, labels, is_cause, is_lost, numbers, before in told["rows"]:  # type: ignore[attr-defined]
        key = _series(id, labels)
        rows.append((key, _window(numbers)))
        earlier[key] = _window(before)
        if is_cause:
            causes.add(key)
        if is_lost:
            lost.add(key)
    about = told["about"]
    return Recording(
        **{name: told[name] for name in _SIMPLE},  # type: ignore[arg-type]
        about=_series(*about) if about is not None else None,  # type: ignore[misc]
        rows=rows,
        causes=frozenset(causes),
        lost=frozenset(lost),
        earlier=earlier,
    )


def _window(numbers: list[float | None]) -> array[float]:
    return array("d", [nan if each is None else each for each in numbers])


def _series(id: str, labels: list[list[str]]) -> Series:
    return Series(id, tuple((name, value) for name, value in labels))


_SIMPLE = ("kind", "seed", "words", "alert", "delay", "interval", "usual", "onset")
