"""What alert rules cost a tick: 500 rules of every kind on 5,000 series, and ranking what else moved in them.

The ranking runs off the tick; what it costs the tick is waiting for its turn.
"""

from __future__ import annotations

import argparse
import random
import statistics
import threading
import time
from typing import NamedTuple

from perf_tui.engine.alerts.engine import AlertEngine
from perf_tui.engine.alerts.model import Kind, Level, Rule
from perf_tui.engine.why.explainer import give_way
from perf_tui.engine.why.look import take
from perf_tui.engine.why.rank import rank
from perf_tui.measures.catalogue import CATALOGUE
from perf_tui.measures.model import Series, Value, series
from perf_tui.measures.ring import History

_SERIES, _RULES = 5_000, 500
_BOTH = ((Level.CRITICAL, 0.95), (Level.WARNING, 0.8))
INTERVAL = 2.0


def keys() -> list[Series]:
    """Fifty measures of ten services with ten series each."""
    return [series(f"measure.{n % 50}", item=str(n // 500), service=f"s{n // 50 % 10}") for n in range(_SERIES)]


def rules() -> list[Rule]:
    """Each rule looks at ten series; of ten rules two take a window, two a sum over labels, two a change."""
    made = []
    for n in range(_RULES):
        service = f"s{n // 50}"
        common = {
            "name": f"r{n}",
            "metric": f"measure.{n % 50}",
            "thresholds": _BOTH,
            "labels": (("service", service),),
        }
        match n % 5:
            case 0:
                made.append(Rule(**common, window=300.0, over="avg" if n % 2 else "max"))  # type: ignore[arg-type]
            case 1:
                made.append(Rule(**common, aggregate="max", by=("service",)))  # type: ignore[arg-type]
            case 2:
                made.append(Rule(**common, kind=Kind.RATE, window=120.0))  # type: ignore[arg-type]
            case _:
                made.append(Rule(**common, hold=6.0))  # type: ignore[arg-type]
    return made


class Took(NamedTuple):
    """Seconds of many rounds."""

    wall: float
    """The median, by the clock on the wall: it has in it what else the machine does."""
    cpu: float
    """The median, of the thread's own time."""
    most: float
    """What nineteen of twenty rounds stay below, of the thread's own time."""


class _Rounds:
    """Measures rounds of something: `with rounds: …`."""

    def __init__(self) -> None:
        self._wall: list[float] = []
        self._cpu: list[float] = []

    def __enter__(self) -> None:
        self._began = time.perf_counter(), time.thread_time()

    def __exit__(self, *error: object) -> None:
        wall, cpu = self._began
        self._wall.append(time.perf_counter() - wall)
        self._cpu.append(time.thread_time() - cpu)

    def took(self, after: int = 0) -> Took:
        """Without the first few rounds."""
        wall, cpu = self._wall[after:], self._cpu[after:]
        return Took(statistics.median(wall), statistics.median(cpu), statistics.quantiles(cpu, n=20)[-1])


def judging(ticks: int = 200) -> tuple[Took, int]:
    """What a tick takes, and how many pairs of rule and series there are."""
    dice = random.Random(1)
    engine, names = AlertEngine(rules()), keys()
    rounds = _Rounds()
    bad = set(dice.sample(names, _SERIES // 100))
    for tick in range(ticks):
        values = {key: Value(0.85 if key in bad else 0.6 * dice.random()) for key in names}
        with rounds:
            engine.evaluate(values, tick * INTERVAL, 5e8 + tick * INTERVAL, INTERVAL)
    pairs = sum(map(len, engine._plan.watches.values()))
    return rounds.took(after=5), pairs  # the first ticks work out which rules look at what


def explaining(count: int = 20) -> tuple[Took, float]:
    """What it takes to find what moved, and how long another thread waits for its turn meanwhile (p90)."""
    dice = random.Random(2)
    history = History(600)
    ids = [id for id in CATALOGUE if not id.startswith("self.")]
    names = [series(ids[n % 50], item=str(n // 500), service=f"s{n // 50 % 10}") for n in range(_SERIES)]
    for tick in range(400):
        moved = 40.0 if tick > 380 else 0.0
        history.record(tick, [(key, dice.gauss(50, 5) + (0 if n % 97 else moved)) for n, key in enumerate(names)])
    rounds = _Rounds()
    for _ in range(count):
        with rounds:
            _explain(history)
    done = threading.Event()
    late: list[float] = []
    other = threading.Thread(target=_wait_for_turns, args=(done, late))
    other.start()
    for _ in range(count):
        _explain(history)
    done.set()
    other.join()
    return rounds.took(), statistics.quantiles(late, n=10)[-1]


def _explain(history: History) -> None:
    rank(take(history, 399, 390, {}, give_way), INTERVAL)


def _wait_for_turns(done: threading.Event, late: list[float]) -> None:
    """As a tick does: sleeps, and wants to go on."""
    while not done.is_set():
        began = time.perf_counter()
        time.sleep(0.001)
        late.append(time.perf_counter() - began - 0.001)


def main() -> None:
    """Print both."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    judged, pairs = judging()
    print(f"{_RULES} rules on {_SERIES} series ({pairs} pairs), a tick: {_words(judged)}")
    explained, waited = explaining()
    print(f"why, {_SERIES} series, off the tick: {_words(explained)}")
    print(f"another thread waits {waited * 1e3:.1f} ms for its turn meanwhile, nine times of ten less")


def _words(took: Took) -> str:
    wall, cpu, most = (seconds * 1e3 for seconds in took)
    return f"{wall:.0f} ms, of its own time {cpu:.0f} ms, and below {most:.0f} ms in 19 of 20"


if __name__ == "__main__":
    main()
