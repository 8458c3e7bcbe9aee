"""The engine on its thread with no interface, until its time is over or a signal ends it."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable

from perf_tui import assembly
from perf_tui.cli.arguments import PROGRAM
from perf_tui.cli.main import NOTHING_COLLECTED
from perf_tui.cli.output import put
from perf_tui.cli.sampling import collected
from perf_tui.cli.signals import ending_signals
from perf_tui.config.schema import Config
from perf_tui.engine.alerts.model import Transition
from perf_tui.engine.snapshot import NOT_READ, Snapshot
from perf_tui.export.values import iso
from perf_tui.measures.units import number
from perf_tui.text import clean

Tell = Callable[[Snapshot], None]


def follow(config: Config, seconds: float | None, *tells: Tell) -> int:
    """Run until `seconds` are over, calling `tells` with the newest snapshot; returns the exit code.

    Printing happens here, not on the engine's thread: an output that nobody reads holds up
    neither collection nor alerts. Raises Ended on a signal, when the engine has been stopped.
    """
    engine = assembly.build_engine(config, remember=True)
    news = threading.Event()
    engine.store.subscribe(lambda snapshot: news.set())
    end = None if seconds is None else time.monotonic() + seconds
    with ending_signals():
        engine.start()
        try:
            while engine.alive and (end is None or time.monotonic() < end):
                news.wait(1.0 if end is None else max(0.0, min(1.0, end - time.monotonic())))
                news.clear()
                for tell in tells:
                    tell(engine.store.snapshot)
        finally:
            died = not engine.alive
            engine.stop()
    for tell in tells:
        tell(engine.store.snapshot)
    if died:
        print(f"{PROGRAM}: the engine ended: {engine.failure!r}", file=sys.stderr)
        return NOTHING_COLLECTED
    return 0 if collected(engine.store.snapshot) else NOTHING_COLLECTED


class Transitions:
    """Prints each alert that changed, once, from the log that snapshots carry."""

    def __init__(self) -> None:
        self._last: Transition | None = None

    def __call__(self, snapshot: Snapshot) -> None:
        """Print what is new."""
        for transition in self._new(snapshot.log):
            put(f"{line(transition)}\n")
            self._last = transition

    def _new(self, log: tuple[Transition, ...]) -> tuple[Transition, ...]:
        for place in range(len(log) - 1, -1, -1):
            if _same(log[place], self._last):
                return log[place + 1 :]
        return log


def _same(one: Transition, other: Transition | None) -> bool:
    return one is other or (other is not None and one.number == other.number > 0)


def line(transition: Transition) -> str:
    """`TIME raised warning RULE MEASURE 84% limit 80% MESSAGE`."""
    unit = transition.unit
    parts = (
        iso(transition.time),
        str(transition.change),
        transition.level.word,
        transition.rule.name,
        str(transition.series),
        number(transition.value, unit),
        f"limit {number(transition.threshold, unit)}",
        transition.rule.message,
    )
    return clean("  ".join(parts))


class Failures:
    """Says on standard error when a source fails, and when it is back."""

    def __init__(self) -> None:
        self._told: dict[str, str] = {}

    def __call__(self, snapshot: Snapshot) -> None:
        """Say what changed."""
        for source in snapshot.sources:
            words = source.trouble
            before = self._told.get(source.name)
            if words is None and before is not None:
                del self._told[source.name]
                words = f"{source.name}: {'well' if source.kind in NOT_READ else 'read'} again"
            elif words is None or words == before:
                continue
            else:
                self._told[source.name] = words
            print(f"{PROGRAM}: {clean(words)}", file=sys.stderr, flush=True)
