"""What is wrong in a snapshot, worst first."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from perf_tui.engine.alerts.model import Alert
from perf_tui.engine.snapshot import Snapshot
from perf_tui.measures.catalogue import CATALOGUE
from perf_tui.measures.model import Status
from perf_tui.measures.units import number, seconds
from perf_tui.text import clean

_RANK = {"critical": 0, "warning": 1, "info": 2}


class Finding(NamedTuple):
    """One thing that is wrong."""

    level: str
    """critical, warning or info."""
    words: str


def findings(snapshot: Snapshot) -> list[Finding]:
    """Firing alerts, values beyond their measure's own limits, and sources that cannot be read."""
    firing = [alert for alert in snapshot.alerts if alert.firing]
    told = {alert.series for alert in firing}
    found = [Finding(alert.level.word, _alert_words(alert, snapshot.time)) for alert in firing]
    found += [finding for key, finding in _beyond(snapshot) if key not in told]
    found += [
        Finding("warning", f"{clean(source.name)} cannot be read: {clean(source.error or '')}")
        for source in snapshot.sources
        if source.status in (Status.ERROR, Status.DENIED)
    ]
    return sorted(found, key=lambda finding: _RANK[finding.level])


def _alert_words(alert: Alert, now: float) -> str:
    unit = CATALOGUE[alert.series.id].unit
    limit = f"limit {number(alert.threshold, unit)}"
    lasted = seconds(max(0.0, now - alert.since))
    return f"{clean(str(alert.series))} {number(alert.value, unit)} ({limit}) for {lasted}: {clean(alert.rule.message)}"


def _beyond(snapshot: Snapshot) -> Iterator[tuple[object, Finding]]:
    for id, keys in snapshot.index.items():
        measure = CATALOGUE[id]
        # One busy core of many is no finding, and what the monitor costs is not the machine's state.
        if measure.warning is None or measure.layer == "self" or id == "system.cpu.core.utilization":
            continue
        for key in keys:
            amount = snapshot.values[key].number
            if amount is not None and (level := measure.level(amount)) != "ok":
                yield key, Finding(level, f"{clean(str(key))} {number(amount, measure.unit)}")
