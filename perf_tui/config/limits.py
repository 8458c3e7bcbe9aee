"""The limits of an alert rule: what a number or a text means depends on the measure and on the rule's kind."""

from __future__ import annotations

from math import isfinite

from perf_tui.config.explain import nearest, shown
from perf_tui.config.quantities import duration, share, threshold, written
from perf_tui.config.schema import AlertRule
from perf_tui.measures.catalogue import CATALOGUE, SHORT_NAMES, Measure

LEVELS = ("info", "warning", "critical")
_OF_CHANGE = ("no_data", "rate", "baseline", "burn_rate")


def measure_of(name: str) -> tuple[Measure, dict[str, str], bool]:
    """The measure of an id or short name, the labels that a short name implies, and whether it is in percent.

    Raises ValueError with the nearest known name.
    """
    if name in SHORT_NAMES:
        measure_id, labels = SHORT_NAMES[name]
        return CATALOGUE[measure_id], labels, CATALOGUE[measure_id].unit == "ratio"
    if name in CATALOGUE:
        return CATALOGUE[name], {}, False
    raise ValueError(f"{shown(name)} is no measure; {nearest(name, [*CATALOGUE, *SHORT_NAMES])}")


def unit_of(rule: AlertRule, measure: Measure) -> str:
    """The unit of what the rule compares."""
    if rule.kind == "no_data":
        return "s"
    if rule.kind == "baseline":
        return "ratio"
    return "1" if rule.kind == "burn_rate" or rule.aggregate == "count" else measure.unit


def limit_of(rule: AlertRule, limit: float | str, measure: Measure, percent: bool) -> float:
    """A limit in the rule's unit. A fall is written as what it comes to, and is a negative number here.

    Raises ValueError.
    """
    if rule.kind == "no_data":
        number = duration(limit) if isinstance(limit, str) else float(limit)
    elif rule.kind == "burn_rate" or rule.aggregate == "count":
        number = _plain(limit)
    elif rule.kind == "baseline" or (rule.aggregate == "sum" and measure.unit == "ratio"):
        number = limit / 100 if percent and not isinstance(limit, str) else share(limit)
    else:
        number = threshold(limit, measure, percent)
    if not isfinite(number):
        raise ValueError(f"{written(limit)} is no limit: it is never reached")
    if number <= 0 and rule.kind in _OF_CHANGE:
        raise ValueError(f"{written(limit)} is no limit of a {rule.kind} rule; allowed: what is above 0")
    return -number if rule.direction == "below" and rule.kind in ("rate", "baseline") else number


def _plain(limit: float | str) -> float:
    if isinstance(limit, str):
        raise ValueError(f"{written(limit)} is no limit here; write a plain number")
    return float(limit)
