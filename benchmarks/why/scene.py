"""Induces one fault after the other and records what the engine saw of each."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks.why.crowd import Crowd, Watch
from benchmarks.why.kinds import KINDS, Fault, Kind
from benchmarks.why.recording import Recording
from perf_tui.engine.alerts.model import Transition
from perf_tui.engine.why.explainer import AGAIN, question
from perf_tui.engine.why.look import BEFORE, LEAD, take

INTERVAL = 0.25
"""Seconds of a tick. Everything is eight times as fast as usual, so that a baseline of 120 ticks is half a minute."""
LONGEST = 12.0
"""Seconds that a fault lasts at most."""
WITHIN = 7.0
"""Seconds in which an alert must have fired; after that, the question is asked at the time that is known."""
RECOVERY = 5.0
"""Seconds after a fault, before what is usual is looked at again."""
PATIENCE = 20.0
"""Seconds for which a symptom without a fault may put off the next fault."""


def plan(seeds: Sequence[int], kinds: Sequence[str]) -> list[tuple[Kind, int]]:
    """Every kind with every seed, in an order in which none follows from the one before."""
    each = [(kind, seed) for seed in seeds for kind in KINDS if not kinds or kind.name in kinds]
    random.Random(str(seeds)).shuffle(each)
    return each


def play(folder: Path, todo: Sequence[tuple[Kind, int]]) -> Iterator[Recording]:
    """Recordings of all, as they are made."""
    with Crowd(folder, INTERVAL, LONGEST, seed=len(todo)) as crowd:
        clean = crowd.now.tick + round(10 / INTERVAL)  # the first seconds are those of its start
        for kind, seed in todo:
            dice = random.Random(f"{kind.name} {seed}")
            fault = kind.make(dice, crowd)
            crowd.wait_for(clean + BEFORE + LEAD + round(dice.uniform(0, 3) / INTERVAL))
            watch = crowd.watch(PATIENCE)
            try:
                yield _induce(crowd, watch, kind.name, seed, fault)
            finally:
                watch.end()
            clean = crowd.now.tick + round(RECOVERY / INTERVAL)


def _induce(crowd: Crowd, watch: Watch, kind: str, seed: int, fault: Fault) -> Recording:
    known, began = crowd.now.tick + 1, crowd.now.time
    mend = fault.begin()
    try:
        fired, tick = _wait_for_alert(crowd, watch)
        asked = question(fired, tick, crowd.interval) if fired is not None else None
        end = tick + AGAIN
        crowd.wait_for(end)
        onset = asked.onset if asked is not None else known
        past = take(crowd.engine.history, end, onset, crowd.now.values)
        rows = list(past.rows)
    finally:
        mend()
    return Recording(
        kind=kind,
        seed=seed,
        words=fault.words,
        alert=asked.rule if asked is not None else "",
        about=asked.series if asked is not None else None,
        delay=fired.time - began if fired is not None else 0.0,
        interval=crowd.interval,
        usual=past.usual,
        onset=past.onset,
        rows=rows,
        causes=frozenset(key for key, _ in rows if fault.cause(key)),
        lost=frozenset(key for key, _ in rows if past.lost(key)),
        earlier={key: past.earlier(key) for key, _ in rows},
    )


def _wait_for_alert(crowd: Crowd, watch: Watch) -> tuple[Transition | None, int]:
    """The first that fires and its tick; where none does, None and the newest tick."""
    end = time.monotonic() + WITHIN
    while time.monotonic() < end:
        if watch.fired is not None:
            return watch.fired
        time.sleep(crowd.interval / 5)
    return None, crowd.now.tick
