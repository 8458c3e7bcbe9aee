"""What a type cannot say: names that must exist, be unique, or belong together."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable

from perf_tui.config.errors import ConfigError
from perf_tui.config.quantities import threshold
from perf_tui.config.schema import AlertRule, Config
from perf_tui.measures.catalogue import CATALOGUE, SHORT_NAMES, Measure


def check(config: Config, file: str) -> None:
    """Raises ConfigError for the first thing that is wrong."""
    for section in ("targets", "access_logs", "workers", "alerts"):
        _unique(file, section, [each.name for each in getattr(config, section)])
    for number, worker in enumerate(config.workers):
        try:
            re.compile(worker.match)
        except re.error as error:
            raise ConfigError(file, f"workers[{number}].match", f"no regular expression: {error}") from None
    for number, rule in enumerate(config.alerts):
        _check_rule(rule, file, f"alerts[{number}]")


def measure_of(name: str) -> tuple[Measure, dict[str, str], bool]:
    """The measure of an id or short name, the labels that a short name stands for, and whether it is in percent.

    Raises ValueError with the nearest known name.
    """
    if name in SHORT_NAMES:
        id, labels = SHORT_NAMES[name]
        return CATALOGUE[id], labels, CATALOGUE[id].unit == "ratio"
    if name in CATALOGUE:
        return CATALOGUE[name], {}, False
    near = difflib.get_close_matches(name, [*CATALOGUE, *SHORT_NAMES], n=1, cutoff=0.5)
    raise ValueError(f'"{name}" is no measure' + (f"; the nearest is {near[0]}" if near else ""))


def _check_rule(rule: AlertRule, file: str, where: str) -> None:
    try:
        measure, _, percent = measure_of(rule.metric)
    except ValueError as error:
        raise ConfigError(file, f"{where}.metric", str(error)) from None
    limits = {level: getattr(rule, level) for level in ("info", "warning", "critical")}
    given = {level: limit for level, limit in limits.items() if limit is not None}
    if not given:
        raise ConfigError(file, where, "a rule needs at least one of info, warning, critical")
    numbers = []
    for level, limit in given.items():
        try:
            numbers.append(threshold(limit, measure, percent))
        except ValueError as error:
            raise ConfigError(file, f"{where}.{level}", str(error)) from None
    if numbers != sorted(numbers, reverse=rule.direction == "below"):
        order = "fall" if rule.direction == "below" else "rise"
        raise ConfigError(file, where, f"limits must {order} from info over warning to critical")
    for label in rule.labels:
        if label not in measure.labels:
            known = ", ".join(measure.labels) or "none"
            raise ConfigError(file, f"{where}.labels.{label}", f"{measure.id} has no such label; it has: {known}")


def _unique(file: str, section: str, names: Iterable[str]) -> None:
    seen: set[str] = set()
    for number, name in enumerate(names):
        if name in seen:
            raise ConfigError(file, f"{section}[{number}].name", f'the name "{name}" is taken already')
        seen.add(name)
