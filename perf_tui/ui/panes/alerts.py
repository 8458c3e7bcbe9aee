"""Active alerts, and the rules behind them with what they are worth now."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

from perf_tui.engine.alerts.model import Alert, Level, Rule, unit_of
from perf_tui.engine.snapshot import Snapshot
from perf_tui.measures.catalogue import CATALOGUE
from perf_tui.measures.model import Series, Value
from perf_tui.measures.units import number, seconds
from perf_tui.ui.draw.charts import nice, spark, top_of
from perf_tui.ui.draw.timeline import Timeline
from perf_tui.ui.panes.alertlog import subject
from perf_tui.ui.view import View
from perf_tui.ui.widgets.table import Column, TablePane

_SPARK = 30


def _state(row: Alert) -> str:
    return row.level.word if row.firing else "pending"


def _role(row: Alert) -> str:
    return row.level.word if row.firing else "dim"


class Active(TablePane[Alert]):
    """What is pending or firing now."""

    title = "active alerts"
    columns = (
        Column(
            "",
            1,
            lambda row, view: view.glyphs.marks[_state(row)],
            lambda row: (row.firing, row.level),
            _role,
            "<",
            True,
            9,
        ),
        Column("level", 8, lambda row, view: row.level.word, lambda row: row.level, _role, "<", True, 8),
        Column(
            "state",
            7,
            lambda row, view: "firing" if row.firing else "pending",
            lambda row: row.firing,
            align="<",
            importance=4,
        ),
        Column(
            "what",
            28,
            lambda row, view: subject(row.series),
            lambda row: subject(row.series),
            lambda row: "strong",
            "<",
            False,
            9,
        ),
        Column(
            "value",
            9,
            lambda row, view: number(row.value, row.unit),
            lambda row: row.value,
            importance=7,
        ),
        Column(
            "limit",
            9,
            lambda row, view: number(row.threshold, row.unit),
            lambda row: row.threshold,
            importance=6,
        ),
        Column(
            "for",
            7,
            lambda row, view: seconds(max(0.0, view.snapshot.time - row.since)),
            lambda row: -row.since,
            importance=5,
        ),
        Column(
            "message",
            20,
            lambda row, view: row.rule.message,
            lambda row: row.rule.message,
            lambda row: "dim",
            "<",
            False,
            1,
        ),
    )

    def head(self, view: View) -> tuple[str, str]:
        firing = sum(alert.firing for alert in view.snapshot.alerts)
        return self.title, f"{firing} firing, {len(view.snapshot.alerts) - firing} pending"

    def rows(self, view: View) -> Sequence[Alert]:
        return view.snapshot.alerts

    def identity(self, row: Alert) -> Hashable:
        return row.rule.name, row.series

    def haystack(self, row: Alert) -> str:
        return f"{row.rule.name} {subject(row.series)} {row.level.word} {row.rule.message}"

    def empty(self, view: View) -> str:
        return f"{view.glyphs.marks['ok']} no rule is broken"


@dataclass(frozen=True, slots=True)
class RuleRow:
    """A rule with the series that is worst for it now."""

    rule: Rule
    series: Series | None
    value: Value
    """What the rule compares, where its alert tells it; else the newest value of the series."""
    level: Level
    unit: str


def rule_rows(rules: Sequence[Rule], snapshot: Snapshot) -> list[RuleRow]:
    """Every rule with what it is worth now."""
    return [_worst(rule, snapshot) for rule in rules]


def _worst(rule: Rule, snapshot: Snapshot) -> RuleRow:
    alerts = [alert for alert in snapshot.alerts if alert.rule is rule]
    if alerts:
        worst = max(alerts, key=lambda alert: (alert.firing, alert.level))
        level = worst.level if worst.firing else Level.OK
        return RuleRow(rule, worst.series, Value(worst.value), level, worst.unit)
    unit = _measured_in(rule)
    found = [(key, value) for key, value in snapshot.all(rule.metric) if rule.matches(key) and value.number is not None]
    if not found:
        return RuleRow(rule, None, snapshot.get(rule.metric, **dict(rule.labels)), Level.OK, unit)
    key, value = (min if rule.below else max)(found, key=lambda pair: pair[1].number or 0.0)
    return RuleRow(rule, key, value, Level.OK, unit)


def _measured_in(rule: Rule) -> str:
    """The unit of the measure itself; a rule on its change or on how often it fails has another for its limits."""
    measure = CATALOGUE.get(rule.metric)
    return measure.unit if measure is not None else unit_of(rule)


def _limits(row: RuleRow, view: View) -> str:
    unit = unit_of(row.rule)
    sign = "<" if row.rule.below else ">"
    return "  ".join(f"{level.word} {sign} {number(limit, unit)}" for level, limit in reversed(row.rule.thresholds))


def _recent(row: RuleRow, view: View) -> str:
    if row.series is None:
        return ""
    points = Timeline(view.snapshot, _SPARK).points(row.series)
    return spark(points, nice(top_of(points), _measured_in(row.rule)), view.glyphs)


class Rules(TablePane[RuleRow]):
    """All rules, with their limits and the recent past of the series that is worst for each."""

    title = "rules"
    sorted_by = 1
    columns = (
        Column(
            "",
            1,
            lambda row, view: view.glyphs.marks[row.level.word],
            lambda row: row.level,
            lambda row: row.level.word,
            "<",
            True,
            9,
        ),
        Column(
            "rule", 16, lambda row, view: row.rule.name, lambda row: row.rule.name, lambda row: "strong", "<", False, 9
        ),
        Column(
            "measure",
            24,
            lambda row, view: row.rule.metric,
            lambda row: row.rule.metric,
            align="<",
            descending=False,
            importance=5,
        ),
        Column(
            "now",
            9,
            lambda row, view: view.text(row.value, row.unit),
            lambda row: row.value.number,
            importance=8,
        ),
        Column("recent", _SPARK, _recent, lambda row: row.value.number, lambda row: "chart1", "<", True, 3),
        Column(
            "for",
            6,
            lambda row, view: seconds(row.rule.hold),
            lambda row: row.rule.hold,
            lambda row: "dim",
            importance=4,
        ),
        Column("limits", 20, _limits, lambda row: row.rule.name, align="<", importance=6),
    )

    def rows(self, view: View) -> Sequence[RuleRow]:
        return rule_rows(self.perf.engine.alerts.rules, view.snapshot)

    def identity(self, row: RuleRow) -> Hashable:
        return row.rule.name

    def haystack(self, row: RuleRow) -> str:
        return f"{row.rule.name} {row.rule.metric}"
