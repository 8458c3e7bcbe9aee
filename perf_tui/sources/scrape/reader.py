"""Whole scrapes, fast: what a series is was found out at its first line, later ones are a look-up.

The text before the last blank of a line is its key. A dictionary leads from it to the slot that the
number belongs into, or says that nobody needs it. Only lines with a key never seen, with timestamps,
exemplars or tabs are looked at more closely. Programs give their series in the same order each time,
and most of them stand still: where a body has the lines of the one before it, those that are
letter for letter the same are not looked at at all.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from itertools import compress
from operator import ne
from typing import Protocol

from perf_tui.sources.scrape.exposition import Line, LineError, parse, show

SKIP = -1
"""Instead of a slot: nobody needs this series."""
STEP = 5000
"""Lines to read before others get their turn: about 2 ms."""
SPARE = 1000
"""Keys that may be kept beyond twice the lines of a scrape."""
MOST_LINES = 20_000
"""Lines of a body that is kept to compare the next one with; it takes as much memory again."""
TRIES = 3
"""Bodies in a row that are not like the one before, after which none is kept any more."""


class Sink(Protocol):
    """Says which series are needed. Told of each series and family once, unless it was away for long."""

    def slot(self, line: Line) -> int:
        """The slot for the numbers of this series, or SKIP."""

    def family(self, name: str, kind: str) -> None:
        """A TYPE line declares a family to be a counter, a gauge, a histogram…"""


@dataclass(slots=True)
class Scrape:
    """What one body says."""

    values: list[float | None] = field(default_factory=list)
    """By slot; None where the series was not in this body."""
    lines: int = 0
    read: int = 0
    """Lines that hold a sample, or what was in a body before; 0 where a body is none of metrics."""
    bad: int = 0
    first_bad: str | None = None
    """The first line that could not be read, and why; safe to show."""
    objection: str | None = None
    """Why Prometheus would reject the whole scrape; bad lines are such a reason, too."""


@dataclass(slots=True)
class _Known:
    """A body in which each line was known."""

    lines: list[str]
    heads: list[str]
    """Of each line, what stands before its number."""
    slots: list[int]
    """Of each line."""
    values: list[float | None]
    """By slot."""


class Reader:
    """Reads the scrapes of one endpoint for one sink."""

    def __init__(self, sink: Sink) -> None:
        self.sink = sink
        self.index: dict[str, int] = {}
        self.width = 0
        """One more than the highest slot that the sink has given."""
        self.last: _Known | None = None
        """The last body, if it held nothing unusual."""
        self.tries = TRIES

    def read(self, text: str, openmetrics: bool = False) -> Scrape:
        """A whole body at once."""
        reading = Pass(self, text, openmetrics)
        while reading.step(STEP):
            pass
        return reading.scrape

    def forget(self, slots: Collection[int]) -> None:
        """The sink has freed these slots and may give them to other series."""
        gone = set(slots)
        self.index = {key: slot for key, slot in self.index.items() if slot not in gone}
        self.last = None

    def sweep(self, lines: list[str]) -> None:
        """Forget keys of no use that these lines do not have: endpoints may make up series for ever."""
        seen = {line.rpartition(" ")[0] for line in lines}
        seen.update([key.rpartition(" ")[0] for key in seen])  # of lines with timestamps
        self.index = {key: slot for key, slot in self.index.items() if slot >= 0 or key in seen}


class Pass:
    """One body on its way through a reader, a step at a time, so that a large one holds nobody up."""

    def __init__(self, reader: Reader, text: str, openmetrics: bool) -> None:
        self.scrape = Scrape([None] * reader.width)
        self._reader = reader
        self._openmetrics = openmetrics
        self._lines = text.split("\n")
        if not self._lines[-1]:
            self._lines.pop()
        self._at = 0
        self._unusual = 0
        self.scrape.lines = len(self._lines)
        if "\r\n" in text:
            self.scrape.objection = "its lines end in CR LF"
        elif openmetrics and (not self._lines or self._lines[-1] != "# EOF"):
            self.scrape.objection = "it does not end with # EOF"
        if self.scrape.objection is None and self._as_before():
            self._at = len(self._lines)
            self.scrape.read = len(self._lines)

    def _as_before(self) -> bool:
        """Read a body that has the same series in the same order as the one before; returns whether it has."""
        reader, lines = self._reader, self._lines
        last = reader.last
        if last is None:
            return False
        reader.tries -= 1
        if len(last.lines) != len(lines):
            return False
        values = last.values.copy()
        heads, slots = last.heads, last.slots
        for at in compress(range(len(lines)), map(ne, lines, last.lines)):
            line, head, slot = lines[at], heads[at], slots[at]
            if not line.startswith(head):
                return False
            if slot >= 0:
                try:
                    values[slot] = float(line[len(head) :])
                except ValueError:
                    return False
        reader.tries = TRIES
        last.lines, last.values = lines, values
        self.scrape.values = values.copy()
        return True

    def _remember(self) -> None:
        """Keep what is needed to read another body like this one."""
        reader, lines = self._reader, self._lines
        reader.last = None
        if self._unusual or self.scrape.objection is not None or not reader.tries or len(lines) > MOST_LINES:
            return
        keys = [line.rpartition(" ")[0] for line in lines]
        slots = [reader.index[key] for key in keys]
        needed = [slot for slot in slots if slot >= 0]
        if len(set(needed)) == len(needed):  # of a series that stands twice the last one counts
            reader.last = _Known(lines, [f"{key} " for key in keys], slots, self.scrape.values.copy())

    def step(self, count: int) -> bool:
        """Read `count` more lines; returns whether there are still more."""
        if self._at >= len(self._lines):
            return False
        get, values = self._reader.index.get, self.scrape.values
        for line in self._lines[self._at : self._at + count]:
            key, _, number = line.rpartition(" ")
            slot = get(key)
            if slot is None:
                self._look(line, key)
            elif slot >= 0:
                try:
                    values[slot] = float(number)
                except ValueError:
                    self._look(line, key)
        self._at += count
        if self._at < len(self._lines):
            return True
        self.scrape.read += len(self._lines) - self._unusual
        self._remember()
        if len(self._reader.index) > 2 * len(self._lines) + SPARE:
            self._reader.sweep(self._lines)
        return False

    def _look(self, line: str, key: str) -> None:
        """A line with an unknown key, or with a number that is none."""
        self._unusual += 1
        if line.lstrip(" \t\r").startswith("#"):
            self._comment(line, key)
            return
        if not line.strip(" \t\r"):
            if self._openmetrics:
                self.scrape.objection = self.scrape.objection or "it has blank lines"
            return
        if not self._timestamped(line, key):
            try:
                self._sample(parse(line, self._openmetrics), key)
            except LineError as error:
                self.scrape.bad += 1
                if self.scrape.first_bad is None:
                    self.scrape.first_bad = f"{show(line)} ({error})"
                    self.scrape.objection = "it has lines that cannot be read"
                return
        self.scrape.read += 1

    def _comment(self, line: str, key: str) -> None:
        words = line.split(None, 3)
        if len(words) == 4 and words[:2] == ["#", "TYPE"]:
            self._reader.sink.family(words[2], words[3].strip())
        if key:
            self._reader.index[key] = SKIP

    def _timestamped(self, line: str, key: str) -> bool:
        """Takes the short way with a known series that has a timestamp or an exemplar."""
        if self._openmetrics and " # " in line:
            key = line.partition(" # ")[0]
        elif not line[len(key) + 1 :].replace(".", "", int(self._openmetrics)).isdecimal():
            return False
        series, _, number = key.rpartition(" ")
        slot = self._reader.index.get(series)
        if slot is None:
            return False
        if slot >= 0:
            try:
                self.scrape.values[slot] = float(number)
            except ValueError:
                return False
        return True

    def _sample(self, line: Line, key: str) -> None:
        if line.objection is not None:
            self.scrape.objection = self.scrape.objection or line.objection
        reader = self._reader
        slot = reader.index.get(line.series)
        if slot is None:
            slot = reader.sink.slot(line)
            reader.index[line.series] = slot
            reader.width = max(reader.width, slot + 1)
            values = self.scrape.values
            values.extend([None] * (reader.width - len(values)))
        if slot >= 0:
            self.scrape.values[slot] = line.number
        if line.objection is None and key != line.series and key.rstrip(" ") == line.series:
            reader.index[key] = slot  # written with more than one blank before the value
