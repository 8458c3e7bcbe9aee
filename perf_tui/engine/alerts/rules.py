"""Rules from the configuration, which has been checked."""

from __future__ import annotations

from math import inf

from perf_tui.config.check import measure_of
from perf_tui.config.quantities import duration, threshold
from perf_tui.config.schema import AlertRule, Config
from perf_tui.engine.alerts.model import Level, Rule


def rules(config: Config) -> list[Rule]:
    """The rules of a configuration, in its order."""
    return [_rule(each) for each in config.alerts]


def _rule(alert: AlertRule) -> Rule:
    measure, labels, percent = measure_of(alert.metric)
    given = ((Level.CRITICAL, alert.critical), (Level.WARNING, alert.warning), (Level.INFO, alert.info))
    return Rule(
        name=alert.name,
        metric=measure.id,
        thresholds=tuple((level, threshold(limit, measure, percent)) for level, limit in given if limit is not None),
        below=alert.direction == "below",
        labels=tuple(sorted({**labels, **alert.labels}.items())),
        hold=duration(alert.hold),
        hysteresis=alert.hysteresis,
        most=1.0 if measure.unit == "ratio" else inf,
        message=alert.message or f"{measure.title} is {'low' if alert.direction == 'below' else 'high'}",
    )
