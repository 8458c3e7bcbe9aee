"""The rules, each with its state and what it compares against its limits."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from math import isnan
from operator import is_not

from perf_tui.engine.alerts.model import Kind, Level, Rule, Silence, State, compared, unit_of
from perf_tui.engine.alerts.rules import rule_of
from perf_tui.engine.snapshot import Snapshot
from perf_tui.measures.model import PENDING, Series, Value
from perf_tui.measures.units import number, seconds
from perf_tui.ui.draw.charts import nice, spark, top_of
from perf_tui.ui.draw.timeline import Timeline
from perf_tui.ui.view import View
from perf_tui.ui.widgets.table import Column, TablePane

_SPARK = 24
OFF = "off"


@dataclass(frozen=True, slots=True)
class RuleRow:
    """A rule with what is worst for it now."""

    rule: Rule
    state: str
    """A state's word, or OFF."""
    series: Series | None
    """Whose past is drawn."""
    value: Value
    """What the rule compares."""
    level: Level
    unit: str
    quiet: Silence | None = None
    """The longest silence of all of its alerts, or else of some."""


def rule_rows(
    rules: Sequence[Rule],
    snapshot: Snapshot,
    states: Mapping[str, State] | None = None,
    silences: Sequence[Silence] = (),
) -> list[RuleRow]:
    """Every rule with what it is worth now."""
    quiet = {silence.rule: silence for silence in sorted(silences, key=lambda each: (not each.labels, each.until))}
    return [_row(rule, snapshot, (states or {}).get(rule.name), quiet.get(rule.name)) for rule in rules]


def is_plain(rule: Rule) -> bool:
    """Whether what it compares is the value of a series as it stands."""
    return rule.kind is Kind.THRESHOLD and not rule.window and rule.aggregate == "each"


def _row(rule: Rule, snapshot: Snapshot, state: State | None, quiet: Silence | None) -> RuleRow:
    unit = unit_of(rule)
    alerts = [alert for alert in snapshot.alerts if alert.rule.name == rule.name]
    past = None if is_plain(rule) else compared(rule.name)
    if alerts:
        worst = max(alerts, key=lambda alert: (alert.firing, alert.level))
        level = worst.level if worst.firing else Level.OK
        word = (state or worst.told_state).value
        return RuleRow(rule, word, past or worst.series, Value(worst.value), level, unit, quiet)
    word = (state or State.INACTIVE).value
    if past is not None:
        newest = snapshot.past(past, 1)[0]
        return RuleRow(rule, word, past, PENDING if isnan(newest) else Value(newest), Level.OK, unit, quiet)
    found = [(key, value) for key, value in snapshot.all(rule.metric) if rule.matches(key) and value.number is not None]
    if not found:
        value = snapshot.get(rule.metric, **dict(rule.labels))
        return RuleRow(rule, word, None, value, Level.OK, unit, quiet)
    key, value = (min if rule.below else max)(found, key=lambda pair: pair[1].number or 0.0)
    return RuleRow(rule, word, key, value, Level.OK, unit, quiet)


def _limits(row: RuleRow, view: View) -> str:
    """`> ▲ 80%  ✖ 95%`."""
    sign, marks = "<" if row.rule.below else ">", view.glyphs.marks
    words = (f"{marks[level.word]} {number(limit, row.unit)}" for level, limit in reversed(row.rule.thresholds))
    return f"{sign} {'  '.join(words)}"


def upright(rule: Rule, numbers: Sequence[float]) -> tuple[list[float], list[float]]:
    """Numbers and limits as they are drawn: a rule on a fall has negative ones, which grow downwards."""
    limits = [limit for _, limit in rule.thresholds]
    turn = -1.0 if rule.below and all(limit <= 0 for limit in limits) else 1.0
    return [turn * value for value in numbers], [turn * limit for limit in limits]


def _recent(row: RuleRow, view: View) -> str:
    """Full height is the worst limit, or what is beyond it."""
    if row.series is None:
        return ""
    points, limits = upright(row.rule, Timeline(view.snapshot, _SPARK).points(row.series))
    top = max(top_of(points), *limits)
    return spark(points, top if top > 0 else nice(top, row.unit), view.glyphs)


def _state(row: RuleRow, view: View) -> str:
    if row.quiet is not None:
        left = seconds(max(0.0, row.quiet.until - view.snapshot.time))
        return f"{'partly' if row.quiet.labels else 'silenced'} {left}"
    return row.state


def _mark(row: RuleRow, view: View) -> str:
    return view.glyphs.marks["pending" if row.state in (OFF, State.PENDING) else row.level.word]


def _role(row: RuleRow) -> str:
    return "dim" if row.state == OFF else row.level.word


class Rules(TablePane[RuleRow]):
    """All rules, with their limits and the recent past of what each compares."""

    title = "rules"
    sorted_by = 1
    columns = (
        Column("", 1, _mark, lambda row: row.level, _role, "<", importance=9),
        Column("rule", 14, lambda row, view: row.rule.name, lambda row: row.rule.name,
               lambda row: "dim" if row.state == OFF else "strong", "<", False, 9),
        Column("state", 15, _state, lambda row: row.state,
               lambda row: "dim" if row.state in (OFF, State.INACTIVE) else "text", "<", False, 7),
        Column("measure", 22, lambda row, view: row.rule.metric, lambda row: row.rule.metric, align="<",
               descending=False, importance=4),
        Column("now", 9, lambda row, view: view.text(row.value, row.unit), lambda row: row.value.number,
               importance=8),
        Column("recent; full: the limit", _SPARK, _recent, lambda row: row.value.number,
               lambda row: "chart1" if row.level is Level.OK else row.level.word, "<", importance=3),
        Column("for", 6, lambda row, view: seconds(row.rule.hold), lambda row: row.rule.hold, lambda row: "dim",
               importance=4),
        Column("limits", 20, _limits, lambda row: row.rule.name, align="<",
               importance=6),
    )  # fmt: skip

    def head(self, view: View) -> tuple[str, str]:
        keys = self.perf.keys
        return self.title, f"{keys['next']} new  {keys['open']} edit  {keys['remove']} off, delete"

    def __init__(self, id: str) -> None:
        super().__init__(id)
        self._known: tuple[tuple[object, ...], Sequence[RuleRow]] = ((), ())

    def rows(self, view: View) -> Sequence[RuleRow]:
        alerts = self.perf.engine.alerts
        sources = (view.snapshot, view.config, alerts.rules, alerts.states(), alerts.silences())
        if len(self._known[0]) != len(sources) or any(map(is_not, self._known[0], sources)):
            self._known = (sources, self._found(view))
        return self._known[1]

    def _found(self, view: View) -> Sequence[RuleRow]:
        alerts, wished = self.perf.engine.alerts, view.config.alerts
        # One that has just been edited is not the engine's yet, and must not leave the table meanwhile.
        judged = {rule.name: rule for rule in alerts.rules}
        on = {rule.name: judged.get(rule.name) or rule_of(rule) for rule in wished if rule.enabled}
        off = [rule_of(rule) for rule in wished if not rule.enabled]
        others = {name: rule for name, rule in judged.items() if all(name != rule.name for rule in wished)}
        rows = rule_rows([*on.values(), *others.values()], view.snapshot, alerts.states(), alerts.silences())
        return [*rows, *(RuleRow(rule, OFF, None, PENDING, Level.OK, unit_of(rule)) for rule in off)]

    def identity(self, row: RuleRow) -> Hashable:
        return row.rule.name

    def haystack(self, row: RuleRow) -> str:
        return f"{row.rule.name} {row.rule.metric} {row.state} {row.rule.message}"

    def empty(self, view: View) -> str:
        return f"there is no rule; {self.perf.keys['next']} makes one"
