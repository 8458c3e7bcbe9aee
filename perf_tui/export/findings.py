"""What is wrong in a snapshot, worst first: what the screens' verdict and the exports for people begin with."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from perf_tui.engine.alerts.model import Alert
from perf_tui.engine.snapshot import Snapshot, SourceState
from perf_tui.engine.why.words import words as why_words
from perf_tui.measures.catalogue import CATALOGUE
from perf_tui.measures.model import Series
from perf_tui.measures.units import number, seconds
from perf_tui.text import clean

_RANK = {"critical": 0, "warning": 1, "info": 2}


class Finding(NamedTuple):
    """One thing that is wrong: a firing alert, a value beyond its measure's own limits, or a source that failed."""

    level: str
    """critical, warning or info."""
    series: Series | None = None
    value: float | None = None
    alert: Alert | None = None
    source: SourceState | None = None


def findings(snapshot: Snapshot) -> list[Finding]:
    """Worst first; of one level alerts before values, and values before sources. What somebody knows of comes last."""
    firing = [alert for alert in snapshot.alerts if alert.firing]
    told = {alert.series for alert in firing}
    found = [Finding(alert.level.word if alert.calls else "info", alert.series, alert.value, alert) for alert in firing]
    found += [finding for finding in _beyond(snapshot) if finding.series not in told]
    found += [Finding("warning", source=source) for source in snapshot.sources if source.trouble is not None]
    return sorted(found, key=lambda finding: _RANK[finding.level])


def _beyond(snapshot: Snapshot) -> Iterator[Finding]:
    for id, keys in snapshot.index.items():
        measure = CATALOGUE[id]
        # One busy core of many is no finding, and what the monitor costs is not the machine's state.
        if measure.warning is None or measure.layer == "self" or id == "system.cpu.core.utilization":
            continue
        for key in keys:
            amount = snapshot.values[key].number
            if amount is not None and (level := measure.level(amount)) != "ok":
                yield Finding(level, key, amount)


def words(finding: Finding, now: float, ascii_only: bool = False) -> str:
    """A finding as the exports write it, with ids that rules take."""
    if finding.source is not None:
        return clean(finding.source.trouble or "")
    assert finding.series is not None  # of an alert and of a value
    assert finding.value is not None
    unit = finding.alert.unit if finding.alert is not None else CATALOGUE[finding.series.id].unit
    text = f"{clean(str(finding.series))} {number(finding.value, unit)}"
    if (alert := finding.alert) is None:
        return text
    lasted = seconds(max(0.0, now - alert.since))
    known = "" if alert.calls else f", {alert.told_state.value}"
    text = f"{text} (limit {number(alert.threshold, unit)}{known}) for {lasted}: {clean(alert.rule.message)}"
    arrow, dot = ("->", " - ") if ascii_only else ("→", " · ")
    why = clean(why_words(alert.why, arrow, dot))
    return f"{text}{dot}{why}" if why else text
