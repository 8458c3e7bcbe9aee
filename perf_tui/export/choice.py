"""Which series are worth a chart: what is wrong comes first, then the vital signs of each layer."""

from __future__ import annotations

from dataclasses import dataclass
from math import isnan

from perf_tui.engine.snapshot import Snapshot
from perf_tui.measures.model import Series, series

STACKED_ON = ("dm-", "md", "loop", "zram")
"""Disks that pass their traffic on to others, by the beginning of their names: not counted twice."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A series that is worth a chart, and the role that it is drawn in."""

    key: Series
    role: str
    name: str = ""
    """What it is called, where that is not what its series is about."""


def begins(key: Series, names: tuple[str, ...]) -> bool:
    """Whether a label's value begins with one of `names`. What could not be read at all has no labels."""
    return any(value.startswith(names) for _, value in key.labels)


def choose(snapshot: Snapshot, most: int) -> list[Choice]:
    """Alerting series by level, then the vital signs of each layer."""
    firing: dict[Series, Choice] = {}
    for alert in snapshot.alerts:
        if alert.firing:  # two rules may watch one series: the worst of them comes first
            firing.setdefault(alert.series, Choice(alert.series, alert.level.word))
    chosen = list(firing.values())
    vital = [
        *_busiest(snapshot, "app.request.duration", stat="p99"),
        *_busiest(snapshot, "app.request.rate"),
        *_busiest(snapshot, "ai.requests.waiting"),
        *_busiest(snapshot, "ai.kv_cache.utilization"),
        series("system.cpu.utilization"),
        series("system.memory.utilization"),
        *_busiest(snapshot, "system.disk.busy", STACKED_ON),
        *_busiest(snapshot, "system.network.receive"),
        *_busiest(snapshot, "system.network.transmit"),
        series("system.pressure", resource="io", stat="some"),
    ]
    seen = {choice.key for choice in chosen}
    chosen += [Choice(key, "chart1") for key in vital if key in snapshot.values and key not in seen]
    return chosen[:most]


def _busiest(snapshot: Snapshot, id: str, skip: tuple[str, ...] = (), **labels: str) -> list[Series]:
    """The series of a measure with the most in the last minutes, so that the choice does not jump."""
    keys = [
        key
        for key in snapshot.index.get(id, ())
        if key.labels and not begins(key, skip) and labels.items() <= dict(key.labels).items()
    ]

    def moved(key: Series) -> tuple[float, bool]:
        # Where nothing moved, a real link is worth more than the loopback.
        return sum(value for value in snapshot.past(key, 150) if not isnan(value)), key.labels[0][1] != "lo"

    return [max(keys, key=moved)] if keys else []
