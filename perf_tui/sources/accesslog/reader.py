"""One reading of a log: its new lines, recognised and counted, within a budget."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial

from perf_tui.measures.model import Status
from perf_tui.sources.accesslog.formats import Format, Rows
from perf_tui.sources.accesslog.recognise import CANDIDATES, better, guessed, recognise
from perf_tui.sources.accesslog.tail import LOOK_BACK, Budget, Tail, TailError
from perf_tui.sources.accesslog.tally import Tally, Teller
from perf_tui.text import cut, decode

MOST_BYTES = 16 * 1024 * 1024
MOST_SECONDS = 0.15
"""What one reading may take; the rest waits for the next."""
_SHOWN = 160
_SOME = 20


@dataclass(slots=True)
class Seen:
    """Lines since the beginning, by what they were."""

    requests: int = 0
    bad: int = 0
    """Not understood."""
    others: int = 0
    """Of another kind, which such a log has by right."""
    first_bad: str = ""
    first_other: str = ""


@dataclass(frozen=True, slots=True)
class Reading:
    """What the lines since the last reading amount to."""

    routes: Mapping[str, Tally] = field(default_factory=dict)
    """Requests by route."""
    format: Format | None = None
    """None until lines have shown it."""
    guessed: bool = False
    """Whether the unit of its times is a guess."""
    begun: bool = False
    """Whether this reading only found where to begin: what came before it is not known."""
    behind: int = 0
    """Bytes that are written and not yet read."""
    seen: Seen = field(default_factory=Seen)
    trouble: tuple[Status, str] | None = None
    """Why the log cannot be read now, and no value is known."""


class Reader:
    """Follows one log. All of it runs on one thread, which may block."""

    def __init__(
        self,
        path: str,
        format: str = "auto",
        *,
        size: int = MOST_BYTES,
        seconds: float = MOST_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`format` is a key of CANDIDATES; `size` and `seconds` bound each reading."""
        self._tail = Tail(path)
        self._candidates = CANDIDATES[format]
        self._budget = partial(Budget, size, seconds, clock)
        self._format: Format | None = None
        self._unknown = b""
        self._checked = (0, 0)
        self._readings = 0
        self._teller = Teller()
        self._seen = Seen()

    def read(self) -> Reading:
        """Everything new, up to the budget."""
        self._readings += 1
        trouble: tuple[Status, str] | None = None
        try:
            for block in self._tail.blocks(self._budget()):
                self._count(block)
        except TailError as error:
            trouble = (error.status, error.reason)
        for line in self._tail.take_dropped():
            self._note_bad(1, line)
        if self._format is None and self._tail.begun:
            self._format = recognise(self._tail.before, self._candidates)
        if self._format is None and self._unknown and trouble is None:
            first = _shown(self._unknown.partition(b"\n")[0])
            trouble = (Status.ERROR, f"no line is a request in a format that is known; the first: {first}")
        return Reading(
            self._teller.take(),
            self._format,
            guessed(self._format, self._candidates),
            self._tail.begun,
            self._tail.behind,
            replace(self._seen),
            trouble,
        )

    def close(self) -> None:
        """Close the file."""
        self._tail.close()

    def _count(self, block: bytes) -> None:
        format = self._format or recognise(self._tail.before + self._unknown + block, self._candidates)
        if format is None:
            self._unknown = (self._unknown + block)[-LOOK_BACK:]
            return
        rows = format.parse(block)
        lost = rows.bad if rows.statuses else rows.bad + rows.others
        if lost > len(rows.statuses) + _SOME or self._tail.restarts != self._checked[1]:
            changed = self._look_again(format, block)
            if changed is not format:
                format, rows = changed, changed.parse(block)
        self._format, self._unknown = format, b""
        self._teller.count(rows)
        self._note(rows, block, format)

    def _look_again(self, format: Format, block: bytes) -> Format:
        """The format, once in a reading at most: it may be another in a new file, or after a new configuration."""
        if self._checked == (self._readings, self._tail.restarts):
            return format
        self._checked = (self._readings, self._tail.restarts)
        return better(block, format, self._candidates)

    def _note(self, rows: Rows, block: bytes, format: Format) -> None:
        seen = self._seen
        seen.requests += len(rows.statuses)
        seen.others += rows.others
        if rows.others and not seen.requests and not seen.first_other:
            seen.first_other = _shown(block.partition(b"\n")[0])
        if rows.bad:
            lines = block.splitlines(keepends=True) if not seen.first_bad else ()
            self._note_bad(rows.bad, next((line for line in lines if not format.understands(line)), b""))

    def _note_bad(self, count: int, line: bytes) -> None:
        self._seen.bad += count
        self._seen.first_bad = self._seen.first_bad or _shown(line)


def _shown(line: bytes) -> str:
    return cut(decode(line[: 4 * _SHOWN].rstrip(b"\r\n")), _SHOWN)
