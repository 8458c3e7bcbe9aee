"""Works out, on a thread of its own, what else moved when an alert fired."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from queue import Empty, SimpleQueue

from perf_tui.engine.alerts.model import Change, Moved, Transition
from perf_tui.engine.why.look import take
from perf_tui.engine.why.rank import HELD, rank
from perf_tui.measures.model import Series, Value
from perf_tui.measures.ring import History

AGAIN = 15
"""Ticks after which a second look finds what moved later."""
MOST_WAITING = 20
"""Alerts that are looked at in one storm."""


@dataclass(frozen=True, slots=True)
class Question:
    """An alert that fired, and the tick at which its condition began."""

    rule: str
    series: Series
    since: float
    onset: int


def question(change: Transition, tick: int, interval: float) -> Question:
    """What is asked of an alert that fired at `tick`."""
    onset = tick - max(0, round((change.time - change.since) / interval))
    return Question(change.rule.name, change.series, change.since, onset)


@dataclass(frozen=True, slots=True)
class _Job:
    question: Question
    values: Mapping[Series, Value]
    end: int
    interval: float


class Explainer:
    """`follow` is told of what fired and of each tick; `answers` gives what has been found since."""

    def __init__(self, history: History) -> None:
        self._history = history
        self._due: list[tuple[int, Question]] = []
        self._jobs: deque[_Job] = deque()
        self._lock = threading.Lock()
        self._done: SimpleQueue[tuple[Question, tuple[Moved, ...]]] = SimpleQueue()
        self._thread: threading.Thread | None = None
        """The one that works on the jobs; it ends with the last of them."""

    def follow(self, changes: Sequence[Transition], values: Mapping[Series, Value], tick: int, interval: float) -> None:
        """Note what fired at `tick`, and look at what is due. `values` are those of the tick; they do not change."""
        for change in changes:
            if change.change is Change.RAISED and change.quiet != "suppressed" and len(self._due) < 2 * MOST_WAITING:
                asked = question(change, tick, interval)
                self._due += [(max(tick, asked.onset + HELD - 1), asked), (tick + AGAIN, asked)]
        if not self._due:
            return
        due = [each for each in self._due if each[0] <= tick]
        self._due = [each for each in self._due if each[0] > tick]
        for _, asked in due:
            self._ask(_Job(asked, values, tick, interval))

    def answers(self) -> list[tuple[Question, tuple[Moved, ...]]]:
        """What has been worked out since the last time."""
        found = []
        while True:
            try:
                found.append(self._done.get_nowait())
            except Empty:
                return found

    def _ask(self, job: _Job) -> None:
        with self._lock:
            self._jobs.append(job)
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="perf-tui why", daemon=True)
                self._thread.start()

    def _work(self) -> None:
        while True:
            with self._lock:
                if not self._jobs:
                    self._thread = None
                    return
                job = self._jobs.popleft()
            past = take(self._history, job.end, job.question.onset, job.values, give_way)
            self._done.put((job.question, rank(past, job.interval, job.question.series)))


def give_way() -> None:
    """Let the tick go first. A thread that only computes is made to by the interpreter each 5 ms; that is long for
    a tick that has to wait for its turn many times."""
    time.sleep(0)
