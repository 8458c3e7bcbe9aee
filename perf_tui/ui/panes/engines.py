"""Inference servers: the table of all of them, and what the selected one spends a request's time on."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

from perf_tui.engine.snapshot import Snapshot
from perf_tui.measures.catalogue import CATALOGUE
from perf_tui.measures.model import Value
from perf_tui.measures.units import WIDTH
from perf_tui.ui.draw.charts import nice, spark, top_of
from perf_tui.ui.draw.timeline import Timeline
from perf_tui.ui.panes.charts import Curve
from perf_tui.ui.panes.levels import level_role
from perf_tui.ui.view import View
from perf_tui.ui.widgets.table import Column, TablePane

_SPARK = 30
_LEVELS = {"critical": 3, "warning": 2, "info": 1, "text": 0}

TOKENS = (
    Curve("prompt", "chart2", "ai.tokens.prompt"),
    Curve("generated", "chart1", "ai.tokens.generation"),
)
QUEUE = (
    Curve("running", "chart1", "ai.requests.running"),
    Curve("waiting", "warning", "ai.requests.waiting"),
)
CACHE = (
    Curve("KV cache", "chart3", "ai.kv_cache.utilization"),
    Curve("cache hit", "chart1", "ai.cache.hit"),
)


def quantiles(id: str) -> tuple[Curve, ...]:
    """The mean, p50, p95 and p99 of a latency, the highest drawn last."""
    return tuple(
        Curve(stat, role, id, {"stat": stat})
        for stat, role in (("mean", "dim"), ("p50", "chart1"), ("p95", "chart2"), ("p99", "chart3"))
    )


@dataclass(frozen=True, slots=True)
class EngineRow:
    """One model on one inference server."""

    engine: str
    model: str
    values: dict[str, Value]
    role: str
    """The worst of its firing alerts and of its values' own limits."""

    def value(self, id: str) -> Value:
        """The newest value of one of its measures; latencies are p95."""
        return self.values[id]

    @property
    def trouble(self) -> tuple[int, float]:
        """What it is sorted by: level, then how many wait."""
        return _LEVELS[self.role], self.value("ai.requests.waiting").number or 0.0


_SHOWN = (
    "ai.requests.running", "ai.requests.waiting", "ai.tokens.generation", "ai.tokens.prompt", "ai.latency.ttft",
    "ai.latency.itl", "ai.kv_cache.utilization", "ai.cache.hit", "ai.batch.efficiency", "ai.context.utilization",
    "ai.requests.failed",
)  # fmt: skip


def engine_rows(snapshot: Snapshot) -> list[EngineRow]:
    """Every engine and model that any measure is about."""
    found: dict[tuple[str, str], None] = {}
    for id, keys in snapshot.index.items():
        if id.startswith("ai.") and not id.startswith("ai.quality."):
            found.update(dict.fromkeys((key.label("engine"), key.label("model")) for key in keys))
    firing: dict[str, int] = {}
    for alert in snapshot.alerts:
        if alert.firing and alert.series.label("engine"):
            name = alert.series.label("engine")
            firing[name] = max(firing.get(name, 0), alert.level)
    return [_row(engine, model, snapshot, firing.get(engine, 0)) for engine, model in found if engine]


def _row(engine: str, model: str, snapshot: Snapshot, alerting: int) -> EngineRow:
    values = {}
    for id in _SHOWN:
        labels = {"stat": "p95"} if "stat" in CATALOGUE[id].labels else {}
        value = snapshot.get(id, engine=engine, model=model, **labels)
        if labels and value.number is None:
            mean = snapshot.get(id, engine=engine, model=model, stat="mean")
            value = mean if mean.number is not None else value
        values[id] = value
    roles = [level_role(id, value) for id, value in values.items()]
    roles.append({0: "text", 1: "info", 2: "warning", 3: "critical"}[alerting])
    return EngineRow(engine, model, values, max(roles, key=_LEVELS.__getitem__))


def _column(title: str, id: str, importance: int, width: int = 0) -> Column[EngineRow]:
    unit = CATALOGUE[id].unit
    return Column(
        title,
        width or WIDTH[unit] + 1,
        lambda row, view: view.text(row.value(id), unit),
        lambda row: row.value(id).number,
        lambda row: level_role(id, row.value(id)) if row.value(id).number else "dim",
        importance=importance,
        unit=unit,
    )


def _mark(row: EngineRow, view: View) -> str:
    return view.glyphs.marks["ok" if row.role == "text" else row.role]


def _mark_role(row: EngineRow) -> str:
    return "ok" if row.role == "text" else row.role


def _history(row: EngineRow, view: View) -> str:
    key = next(
        (key for key in view.snapshot.index.get("ai.tokens.generation", ()) if key.label("engine") == row.engine), None
    )
    if key is None:
        return ""
    points = Timeline(view.snapshot, _SPARK).points(key)
    return spark(points, nice(top_of(points), "1/s"), view.glyphs)


def _by_name(row: EngineRow) -> str:
    return row.engine


class Engines(TablePane[EngineRow]):
    """All inference servers, the worst first. TTFT and inter-token latency are p95, or means where there is no more."""

    title = "inference"
    leads = True
    columns = (
        Column("", 1, _mark, lambda row: row.trouble, _mark_role, "<", True, 20),
        Column("engine", 16, lambda row, view: row.engine, _by_name, align="<", descending=False, importance=20),
        _column("run", "ai.requests.running", 18, 5),
        _column("wait", "ai.requests.waiting", 19, 5),
        _column("out/s", "ai.tokens.generation", 17),
        _column("in/s", "ai.tokens.prompt", 8),
        _column("TTFT", "ai.latency.ttft", 16),
        _column("ITL", "ai.latency.itl", 15),
        _column("KV", "ai.kv_cache.utilization", 14),
        _column("hit", "ai.cache.hit", 12),
        _column("batch", "ai.batch.efficiency", 11),
        _column("ctx", "ai.context.utilization", 10),
        _column("failed", "ai.requests.failed", 9),
        Column(
            "tokens out",
            _SPARK,
            _history,
            lambda row: row.value("ai.tokens.generation").number,
            align="<",
            importance=3,
        ),
        Column("model", 14, lambda row, view: row.model, lambda row: row.model, lambda row: "dim", "<", False, 5),
    )

    def head(self, view: View) -> tuple[str, str]:
        rows = self.rows(view)
        return self.title, f"{len(rows)} engine{'s' if len(rows) != 1 else ''}"

    def rows(self, view: View) -> Sequence[EngineRow]:
        return engine_rows(view.snapshot)

    def identity(self, row: EngineRow) -> Hashable:
        return row.engine, row.model

    def haystack(self, row: EngineRow) -> str:
        return f"{row.engine} {row.model}"

    def empty(self, view: View) -> str:
        return "no inference server is watched: name one in [[targets]], or perf-tui discover finds it"

    def subject(self) -> dict[str, str]:
        """The labels of the selected engine's measures."""
        row = self.current
        return {"engine": row.engine, "model": row.model} if row is not None else {"engine": "", "model": ""}


class EnginesTile(Engines):
    """The table on the overview; Enter goes to the AI screen."""

    title = "ai"
    opens = "ai"
