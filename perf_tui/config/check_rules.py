"""What a type cannot say of alert rules: which keys a kind needs, and what they must be to each other."""

from __future__ import annotations

import re
from itertools import pairwise
from math import isfinite

from perf_tui.config.errors import ConfigError
from perf_tui.config.explain import shown
from perf_tui.config.limits import LEVELS, limit_of, measure_of
from perf_tui.config.quantities import duration, percent_of, written
from perf_tui.config.schema import AlertRule
from perf_tui.measures.catalogue import Measure

_NEEDED = {
    "threshold": (), "no_data": (), "rate": ("window",), "baseline": ("window", "baseline"),
    "burn_rate": ("objective",),
}  # fmt: skip
_ALLOWED = {
    "window": ("threshold", "rate", "baseline"), "baseline": ("baseline",), "objective": ("burn_rate",),
    "bound": ("burn_rate",), "period": ("burn_rate",),
}  # fmt: skip
"""Keys that mean something for some kinds alone."""
_DURATIONS = {"for": "hold", "keep_firing_for": "keep_firing_for", "window": "window", "baseline": "baseline",
              "period": "period"}  # fmt: skip
BURNS = {"info": 1.0, "warning": 6.0, "critical": 14.4}
"""The burn rates of a rule that has none of its own: of 30 days, 10 %, 5 % and 2 % of the budget in one long window."""


def check_rule(rule: AlertRule, file: str, where: str) -> None:
    """Raises ConfigError for the first thing that is wrong with a rule."""
    try:
        measure, _, percent = measure_of(rule.metric)
    except ValueError as error:
        raise ConfigError(file, f"{where}.metric", str(error)) from None
    _check_keys(rule, measure, file, where)
    _check_limits(rule, measure, percent, file, where)
    for key, name in _DURATIONS.items():
        if (text := getattr(rule, name)) is not None:
            _check_duration(text, key in ("window", "baseline", "period"), file, f"{where}.{key}")
    for label, wanted in rule.labels.items():
        _check_label(label, measure, file, f"{where}.labels.{label}")
        try:
            re.compile(wanted.removeprefix("!")[1:] if wanted.startswith(("~", "!~")) else "")
        except (re.error, RecursionError, OverflowError) as error:
            raise ConfigError(file, f"{where}.labels.{label}", f"no regular expression: {error}") from None
    for number, label in enumerate(rule.by):
        _check_label(label, measure, file, f"{where}.by[{number}]")


def _check_keys(rule: AlertRule, measure: Measure, file: str, where: str) -> None:
    for key in _NEEDED[rule.kind]:
        if getattr(rule, key) is None:
            raise ConfigError(file, where, f"a {rule.kind} rule needs {key}")
    for key, kinds in _ALLOWED.items():
        if getattr(rule, key) is not None and rule.kind not in kinds:
            raise ConfigError(file, f"{where}.{key}", f"it is of use to rules of kind {' or '.join(kinds)} alone")
    if rule.by and rule.aggregate == "each":
        raise ConfigError(file, f"{where}.by", "it is of use with aggregate alone: each series is judged by itself")
    if rule.aggregate != "each" and rule.kind in ("no_data", "burn_rate"):
        raise ConfigError(file, f"{where}.aggregate", f"a {rule.kind} rule judges each series by itself")
    if rule.direction == "below" and rule.kind in ("no_data", "burn_rate"):
        raise ConfigError(file, f"{where}.direction", f"a {rule.kind} rule has only one: above")
    if rule.kind == "burn_rate":
        _check_objective(rule, measure, file, where)


def _check_objective(rule: AlertRule, measure: Measure, file: str, where: str) -> None:
    if not 0 < percent_of(rule.objective or "") < 1:
        raise ConfigError(file, f"{where}.objective", f'{shown(rule.objective)} leaves no budget; as in "99.5%"')
    if rule.bound is None:
        if measure.unit != "ratio":
            problem = f"a burn_rate rule on {measure.id}, which is no share, needs bound: what is beyond it failed"
            raise ConfigError(file, where, problem)
        return
    try:
        limit_of(_plain_rule(rule), rule.bound, measure, percent=False)
    except ValueError as error:
        raise ConfigError(file, f"{where}.bound", str(error)) from None


def _plain_rule(rule: AlertRule) -> AlertRule:
    return AlertRule(name=rule.name, metric=rule.metric)


def _check_limits(rule: AlertRule, measure: Measure, percent: bool, file: str, where: str) -> None:
    limits = []
    for level in LEVELS:
        limit = getattr(rule, level)
        if limit is None:
            continue
        try:
            limits.append((level, limit, limit_of(rule, limit, measure, percent)))
        except ValueError as error:
            raise ConfigError(file, f"{where}.{level}", str(error)) from None
    if not limits and rule.kind != "burn_rate":
        raise ConfigError(file, where, "a rule needs at least one of info, warning, critical")
    # A fall by more is worse: on its number line that is below.
    below = rule.direction == "below"
    side = "above" if rule.kind in ("rate", "baseline") or not below else "below"
    for (milder, mild, first), (worse, bad, second) in pairwise(limits):
        if first == second or (first < second) is below:
            problem = f"{written(bad)} must be {side} the limit for {milder}, {written(mild)}"
            raise ConfigError(file, f"{where}.{worse}", problem)
    _check_clear(rule, {level: number for level, _, number in limits}, measure, percent, file, where)


def _check_clear(
    rule: AlertRule, limits: dict[str, float], measure: Measure, percent: bool, file: str, where: str
) -> None:
    if rule.kind == "burn_rate" and not limits:
        limits = BURNS
    for level, limit in rule.clear.items():
        place = f"{where}.clear.{level}"
        if level not in limits:
            raise ConfigError(file, place, f"the rule has no limit of this level; it has: {', '.join(limits)}")
        try:
            number = limit_of(rule, limit, measure, percent)
        except ValueError as error:
            raise ConfigError(file, place, str(error)) from None
        if (number < limits[level]) if rule.direction == "below" else (number > limits[level]):
            raise ConfigError(file, place, f"{written(limit)} is beyond the limit that it is to clear")


def _check_label(label: str, measure: Measure, file: str, where: str) -> None:
    if label not in measure.labels:
        known = ", ".join(measure.labels) or "none"
        raise ConfigError(file, where, f"{measure.id} has no such label; it has: {known}")


def _check_duration(text: str, positive: bool, file: str, where: str) -> None:
    # The schema's pattern lets a line break at the end pass, and numbers beyond any float.
    try:
        number = duration(text)
    except ValueError as error:
        raise ConfigError(file, where, str(error)) from None
    if not isfinite(number):
        raise ConfigError(file, where, f"{shown(text)} is too large")
    if positive and number <= 0:
        raise ConfigError(file, where, f"{shown(text)} is no span of time; it must be above 0")
