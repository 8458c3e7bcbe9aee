"""Rules from the configuration, which has been checked."""

from __future__ import annotations

import re
from math import inf

from perf_tui.config.check_rules import BURNS
from perf_tui.config.limits import LEVELS, limit_of, measure_of, unit_of
from perf_tui.config.quantities import duration, percent_of, threshold
from perf_tui.config.schema import AlertRule, Config
from perf_tui.engine.alerts.model import Kind, Level, Matcher, Rule
from perf_tui.measures.catalogue import Measure

OBJECTIVE_PERIOD = "30d"
"""The time that an objective is meant for where its rule does not say."""
_WORDS = {
    "no_data": "has no data",
    "rate": "changes fast",
    "baseline": "is not what it was",
    "burn_rate": "misses its objective",
}


def rules(config: Config) -> list[Rule]:
    """The rules of a configuration that are switched on, in its order."""
    return [rule_of(each) for each in config.alerts if each.enabled]


def rule_of(alert: AlertRule) -> Rule:
    """One rule."""
    measure, implied, percent = measure_of(alert.metric)
    given = {level: getattr(alert, level) for level in LEVELS if getattr(alert, level) is not None}
    if alert.kind == "burn_rate" and not given:
        given = dict(BURNS)
    limits = {Level[level.upper()]: limit_of(alert, limit, measure, percent) for level, limit in given.items()}
    clear = {Level[level.upper()]: limit_of(alert, limit, measure, percent) for level, limit in alert.clear.items()}
    unit = unit_of(alert, measure)
    plain, matchers = _labels({**implied, **alert.labels})
    return Rule(
        name=alert.name,
        metric=measure.id,
        thresholds=tuple(sorted(limits.items(), reverse=True)),
        below=alert.direction == "below",
        labels=plain,
        hold=duration(alert.hold),
        hysteresis=alert.hysteresis,
        most=1.0 if unit == "ratio" and alert.kind == "threshold" and alert.aggregate != "sum" else inf,
        message=alert.message or _message(alert, measure),
        kind=Kind(alert.kind),
        matchers=matchers,
        aggregate=alert.aggregate,
        by=alert.by,
        window=_seconds(alert.window),
        over=alert.over,
        baseline=_seconds(alert.baseline),
        budget=1 - percent_of(alert.objective) if alert.objective is not None else 0.0,
        bound=None if alert.bound is None else threshold(alert.bound, measure),
        period=_seconds(alert.period or OBJECTIVE_PERIOD) if alert.kind == "burn_rate" else 0.0,
        clear=tuple(sorted(clear.items(), reverse=True)),
        keep=None if alert.keep_firing_for is None else duration(alert.keep_firing_for),
        unit="" if unit == measure.unit else unit,
    )


def _seconds(text: str | None) -> float:
    return 0.0 if text is None else duration(text)


def _message(alert: AlertRule, measure: Measure) -> str:
    words = _WORDS.get(alert.kind) or f"is {'low' if alert.direction == 'below' else 'high'}"
    return f"{measure.title} {words}"


def _labels(wanted: dict[str, str]) -> tuple[tuple[tuple[str, str], ...], tuple[Matcher, ...]]:
    """`value` as it stands; `!value` any other, `~pattern` a regular expression, `!~pattern` what does not fit it."""
    plain, matchers = [], []
    for label, text in sorted(wanted.items()):
        if not text.startswith(("!", "~")):
            plain.append((label, text))
            continue
        pattern = text.removeprefix("!")
        pattern = pattern[1:] if pattern.startswith("~") else re.escape(pattern)
        matchers.append(Matcher(label, re.compile(pattern), wanted=not text.startswith("!")))
    return tuple(plain), tuple(matchers)
