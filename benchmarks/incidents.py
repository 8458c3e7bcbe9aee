"""Whether each scripted incident of `perf-tui demo` raises its alert in time, and what is raised without any.

The real demo without its interface: a quiet stretch, then one incident after the other. An alert is in time when it
is there two intervals and the `for` of its rule after the incident began.
"""

from __future__ import annotations

import argparse
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

from perf_tui.assembly import build_engine
from perf_tui.config.schema import Config
from perf_tui.demo.incidents import INCIDENTS, Incident
from perf_tui.demo.show import Demo
from perf_tui.engine.alerts.model import Change, Transition
from perf_tui.engine.engine import Engine
from perf_tui.engine.snapshot import Snapshot

SETTLE = 15.0
"""Seconds of the demo before anything is judged: by then every window is full."""
PATIENCE = 60.0
"""Seconds after its end in which an incident's alert must be over."""


class Told(NamedTuple):
    """What became of one rule of an incident. Seconds; None where it did not happen."""

    incident: str
    rule: str
    raised: float | None
    """From the beginning of the incident."""
    allowed: float
    resolved: float | None
    """From its end."""

    @property
    def in_time(self) -> bool:
        """Whether it was raised soon enough, and is over."""
        return self.raised is not None and self.raised <= self.allowed and self.resolved is not None


class Watching:
    """A demo and an engine that watches it."""

    def __init__(self, interval: float) -> None:
        self.events: list[Mapping[str, Any]] = []
        self.demo = Demo("off", told=self.events.append)
        self.config = self.demo.config(Config(interval=interval))
        self.engine: Engine = build_engine(self.config)
        self.transitions: list[Transition] = []
        self._last = 0
        self._news = threading.Condition()
        self.engine.store.subscribe(self._note)

    def _note(self, snapshot: Snapshot) -> None:
        with self._news:
            for transition in snapshot.log:
                if transition.number > self._last:
                    self._last = transition.number
                    self.transitions.append(transition)
            self._news.notify_all()

    def until(self, holds: Callable[[], bool], seconds: float) -> bool:
        """Whether it comes to hold within this time; looked at with each snapshot."""
        end = time.monotonic() + seconds
        with self._news:
            while not holds():
                left = end - time.monotonic()
                if left <= 0:
                    return False
                self._news.wait(min(left, 1.0))
        return True

    def first(self, rule: str, change: Change, since: float) -> float | None:
        """The wall time at which a rule's alert first changed so."""
        return next(
            (t.time for t in self.transitions if (t.rule.name, t.change) == (rule, change) and t.time >= since), None
        )

    def raised(self, since: float, until: float) -> list[str]:
        """The names of all rules that raised an alert in a stretch of time, in order."""
        return [t.rule.name for t in self.transitions if t.change is Change.RAISED and since <= t.time < until]

    def play(self, incident: Incident, seconds: float) -> list[Told]:
        """Have it happen for so long, and follow its alerts to their end."""
        heard = len(self.events)
        self.demo.play(incident.name, seconds)
        self.until(lambda: len(self.events) >= heard + 2, seconds + PATIENCE)
        begins, ends = (float(event["time"]) for event in self.events[heard : heard + 2])
        # Escalation is not waited for: what is raised as a warning is raised.
        self.until(lambda: all(self.first(rule, Change.CLEARED, begins) for rule in incident.raises), PATIENCE)
        found = []
        for rule in incident.raises:
            (hold,) = (each.hold for each in self.engine.alerts.rules if each.name == rule)
            raised, cleared = (self.first(rule, change, begins) for change in (Change.RAISED, Change.CLEARED))
            found.append(
                Told(
                    incident.name,
                    rule,
                    None if raised is None else raised - begins,
                    2 * self.config.interval + hold,
                    None if cleared is None else cleared - ends,
                )
            )
        return found


@contextmanager
def watching(interval: float) -> Iterator[Watching]:
    """A demo whose parts are there, and an engine that runs."""
    watched = Watching(interval)
    try:
        watched.demo.wait()
        watched.engine.start()
        yield watched
    finally:
        watched.engine.stop()
        watched.demo.end()


def table(found: Sequence[Told], beside: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """As text; `beside` are alerts of others during each incident."""
    yield f"{'incident':18} {'alert':16} {'raised after':>12} {'allowed':>8} {'over after':>11}  others"
    for told in found:
        cells = (f"{told.raised:.1f} s" if told.raised is not None else "never", f"{told.allowed:.1f} s")
        over = f"{told.resolved:.1f} s" if told.resolved is not None else "never"
        others = ", ".join(beside.get(told.incident, ())) or "-"
        mark = "" if told.in_time else "  <- too late"
        yield f"{told.incident:18} {told.rule:16} {cells[0]:>12} {cells[1]:>8} {over:>11}  {others}{mark}"


def main() -> int:
    """Print the table. Returns 1 where an alert was late, or stayed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--interval", type=float, default=2.0, help="seconds (default 2)")
    parser.add_argument("--quiet", type=float, default=300.0, help="seconds without an incident (default 300)")
    parser.add_argument("--seconds", type=float, default=30.0, help="how long each incident lasts (default 30)")
    parser.add_argument("--rounds", type=int, default=1, help="how often each happens (default 1)")
    chosen = parser.parse_args()
    found: list[Told] = []
    beside: dict[str, list[str]] = {}
    with watching(chosen.interval) as watched:
        if watched.demo.missing:
            print(watched.demo.missing)
        time.sleep(SETTLE)
        began = time.time()
        time.sleep(chosen.quiet)
        without = watched.raised(began, time.time())
        for incident in INCIDENTS * chosen.rounds:
            if incident.needs_model and watched.demo.missing:
                continue
            at = time.time()
            found += watched.play(incident, chosen.seconds)
            others = [rule for rule in watched.raised(at, time.time()) if rule not in incident.raises]
            beside.setdefault(incident.name, []).extend(others)
            time.sleep(SETTLE)
    print("\n".join(table(found, beside)))
    hourly = len(without) * 3600 / chosen.quiet if chosen.quiet else 0.0
    print(
        f"without an incident: {len(without)} alerts in {chosen.quiet:.0f} s, {hourly:.1f} an hour  "
        f"{', '.join(without)}"
    )
    return 0 if all(told.in_time for told in found) else 1


if __name__ == "__main__":
    raise SystemExit(main())
