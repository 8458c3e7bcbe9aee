"""Alert rules in JSON: `[{"metric_name": "cpu_percent", "threshold": 80, "level": "warning"}]`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Literal

import msgspec

from perf_tui.config.errors import ConfigError
from perf_tui.config.explain import locate
from perf_tui.config.limits import measure_of
from perf_tui.config.quantities import threshold
from perf_tui.config.schema import Limit, Section

_FEWER_IS_WORSE = frozenset(
    ("workers.active", "worker.tasks.completed", "worker.tasks.rate", "app.task.completion", "app.task.rate")
)
"""A limit on one of these is a lower one; the JSON form has no word for the direction."""


class JsonRule(Section, frozen=True):
    """One entry of the list."""

    metric_name: str
    threshold: Limit
    level: Literal["info", "warning", "critical"]
    message: str = ""


def json_rules(text: str, file: str) -> list[dict[str, Any]]:
    """The rules as config.toml's `alerts` would hold them, one for each entry. Raises ConfigError."""
    try:
        data = json.loads(text)
    except json.JSONDecodeError as error:
        raise ConfigError(file, f"line {error.lineno}, column {error.colno}", error.msg) from None
    if not isinstance(data, list):
        raise ConfigError(file, "", 'expected a list of rules: [{"metric_name", "threshold", "level", "message"}]')
    if found := locate(data, tuple[JsonRule, ...]):
        raise ConfigError(file, *found)
    return list(_rules(msgspec.convert(data, tuple[JsonRule, ...]), file))


def _rules(entries: tuple[JsonRule, ...], file: str) -> Iterator[dict[str, Any]]:
    names: set[str] = set()
    for place, entry in enumerate(entries):
        key = "metric_name"
        try:
            measure, _, percent = measure_of(entry.metric_name)
            key = "threshold"
            threshold(entry.threshold, measure, percent)
        except ValueError as error:
            raise ConfigError(file, f"[{place}].{key}", str(error)) from None
        name = base = f"{entry.metric_name}-{entry.level}"[:70]
        number = 1
        while name in names:
            number += 1
            name = f"{base}-{number}"
        names.add(name)
        rule = {
            "name": name,
            "metric": entry.metric_name,
            entry.level: entry.threshold,
            "message": entry.message,
        }
        if measure.id in _FEWER_IS_WORSE:
            rule["direction"] = "below"
        yield rule
