"""Services: the table of all of them, and the routes of the selected one."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass

from perf_tui.engine.snapshot import Snapshot
from perf_tui.measures.catalogue import CATALOGUE
from perf_tui.measures.model import Status, Value, series
from perf_tui.measures.services import Route, Service
from perf_tui.measures.units import WIDTH
from perf_tui.ui.draw.charts import nice, spark, top_of
from perf_tui.ui.draw.timeline import Timeline
from perf_tui.ui.panes.charts import Subject
from perf_tui.ui.panes.levels import level_role
from perf_tui.ui.view import View
from perf_tui.ui.widgets.table import Column, TablePane

_LEVELS = {"critical": 3, "warning": 2, "info": 1, "text": 0}
_SPARK = 36
"""Cells of a service's history in the table: at two ticks a cell and 2 s a tick, not quite three minutes."""


@dataclass(frozen=True, slots=True)
class ServiceRow:
    """One line of the table."""

    service: Service
    rate: Value
    p50: Value
    p95: Value
    p99: Value
    active: Value
    client: Value
    server: Value
    timeout: Value
    role: str
    """The worst of its firing alerts and of its values' own limits."""

    @property
    def trouble(self) -> tuple[int, float, float]:
        """What it is sorted by: level, share of failed requests, p99."""
        return _LEVELS[self.role], self.server.number or 0.0, self.p99.number or 0.0


def service_rows(snapshot: Snapshot) -> list[ServiceRow]:
    """Every service with its numbers."""
    services: Sequence[Service] = snapshot.tables.get("services", ())  # type: ignore[assignment]
    firing: dict[str, int] = {}
    for alert in snapshot.alerts:
        name = alert.series.label("service")
        if alert.firing and name:
            firing[name] = max(firing.get(name, 0), alert.level)
    rows = [_row(service, snapshot, firing.get(service.name, 0)) for service in services]
    known = {service.source for service in services}
    # One that never answered gave no row; it is what a person looks for all the same.
    silent = [
        Service(source.name, source.name, source.error)
        for source in snapshot.sources
        if source.kind in ("scrape", "accesslog") and source.error and source.name not in known
    ]
    rows.extend(_row(service, snapshot, 2) for service in silent)
    return rows


def _row(service: Service, snapshot: Snapshot, alerting: int) -> ServiceRow:
    def get(id: str, **labels: str) -> Value:
        return snapshot.get(id, service=service.name, **labels)

    errors = {id: get(f"app.error.{id}") for id in ("client", "server", "timeout")}
    roles = [level_role(f"app.error.{id}", value) for id, value in errors.items() if id != "client"]
    roles.append({0: "text", 1: "info", 2: "warning", 3: "critical"}[alerting])
    if get("app.request.rate").status in (Status.ERROR, Status.STALE, Status.DENIED):
        roles.append("warning")
    p50, p95, p99 = (get("app.request.duration", stat=stat) for stat in ("p50", "p95", "p99"))
    return ServiceRow(
        service,
        get("app.request.rate"),
        p50,
        p95,
        p99,
        get("app.request.active"),
        errors["client"],
        errors["server"],
        errors["timeout"],
        max(roles, key=_LEVELS.__getitem__),
    )


def _mark(row: ServiceRow, view: View) -> str:
    if row.role == "text":
        return view.glyphs.marks["pending" if row.rate.number is None else "ok"]
    return view.glyphs.marks[row.role]


def _history(row: ServiceRow, view: View) -> str:
    """The p99 over time, or the rate where there is no latency."""
    line = Timeline(view.snapshot, _SPARK)
    points = line.points(series("app.request.duration", service=row.service.name, stat="p99"))
    unit = "s"
    if not top_of(points):
        points, unit = line.points(series("app.request.rate", service=row.service.name)), "1/s"
    return spark(points, nice(top_of(points), unit), view.glyphs)


def _column(
    title: str, pick: Callable[[ServiceRow], Value], id: str, importance: int, width: int = 0
) -> Column[ServiceRow]:
    unit = CATALOGUE[id].unit
    return Column(
        title,
        width or WIDTH[unit] + 1,
        lambda row, view: view.text(pick(row), unit),
        lambda row: pick(row).number,
        lambda row: level_role(id, pick(row)) if pick(row).number else "dim",
        importance=importance,
        unit=unit,
    )


def _by_name(row: ServiceRow) -> str:
    return row.service.name


def _by_profile(row: ServiceRow) -> str:
    return row.service.profile


def _mark_role(row: ServiceRow) -> str:
    return "ok" if row.role == "text" else row.role


def _level(row: ServiceRow) -> str:
    return "chart1" if row.role == "text" else row.role


class Services(TablePane[ServiceRow]):
    """All services, the worst first."""

    title = "services"
    leads = True
    columns = (
        Column("", 1, _mark, lambda row: row.trouble, _mark_role, "<", True, 10),
        Column("service", 20, lambda row, view: row.service.name, _by_name, align="<", descending=False, importance=10),
        _column("rate", lambda row: row.rate, "app.request.rate", 9, 9),
        _column("p50", lambda row: row.p50, "app.request.duration", 6, 8),
        _column("p95", lambda row: row.p95, "app.request.duration", 7, 8),
        _column("p99", lambda row: row.p99, "app.request.duration", 9, 8),
        _column("active", lambda row: row.active, "app.request.active", 4, 6),
        _column("4xx", lambda row: row.client, "app.error.client", 5),
        _column("5xx", lambda row: row.server, "app.error.server", 8),
        _column("t/o", lambda row: row.timeout, "app.error.timeout", 4),
        Column("p99 over time", _SPARK, _history, lambda row: row.p99.number, _level, "<", importance=3),
        Column("seen as", 10, lambda row, view: row.service.profile, _by_profile, lambda row: "dim", "<", False, 2),
    )

    def head(self, view: View) -> tuple[str, str]:
        rows = self.rows(view)
        return self.title, f"{len(rows)} service{'s' if len(rows) != 1 else ''}"

    def rows(self, view: View) -> Sequence[ServiceRow]:
        return service_rows(view.snapshot)

    def identity(self, row: ServiceRow) -> Hashable:
        return row.service.name

    def haystack(self, row: ServiceRow) -> str:
        return f"{row.service.name} {row.service.profile}"

    @property
    def service(self) -> str:
        """The name of the selected service; empty without any."""
        return self.current.service.name if self.current is not None else ""

    def subject(self) -> dict[str, str]:
        """The labels of the selected service's measures."""
        return {"service": self.service}


class ServicesTile(Services):
    """The table on the overview; Enter goes to the application screen."""

    title = "application"
    opens = "app"


def _route(title: str, pick: Callable[[Route], Value], unit: str, width: int, importance: int) -> Column[Route]:
    return Column(
        title,
        width,
        lambda row, view: view.text(pick(row), unit),
        lambda row: pick(row).number,
        importance=importance,
        unit=unit,
    )


def _share(row: Route, view: View) -> str:
    return "" if row.share is None else view.text(Value(row.share), "ratio")


def _error_words(row: Route, view: View) -> str:
    return view.text(row.errors, "ratio")


def _errors(row: Route) -> str:
    return level_role("app.error.total", row.errors) if row.errors.number else "dim"


class Routes(TablePane[Route]):
    """Where the time goes: routes by their share of the time spent on requests."""

    title = "routes by time spent"
    columns = (
        Column("share", 6, _share, lambda row: row.share, importance=9, unit="ratio"),
        _route("rate", lambda row: row.rate, "1/s", 8, 8),
        _route("mean", lambda row: row.mean, "s", 7, 5),
        _route("p95", lambda row: row.p95, "s", 8, 6),
        _route("p99", lambda row: row.p99, "s", 8, 4),
        Column("errors", 6, _error_words, lambda row: row.errors.number, _errors, importance=7, unit="ratio"),
        Column("route", 16, lambda row, view: row.name, lambda row: row.name, lambda row: "text", "<", False, 10),
    )

    def __init__(self, id: str, subject: Subject) -> None:
        super().__init__(id)
        self._subject = subject

    def rows(self, view: View) -> Sequence[Route]:
        service = find(view.snapshot, self._subject().get("service", ""))
        return service.routes if service is not None else ()

    def identity(self, row: Route) -> Hashable:
        return row.name

    def haystack(self, row: Route) -> str:
        return row.name

    def empty(self, view: View) -> str:
        service = find(view.snapshot, self._subject().get("service", ""))
        return f"{service.profile} tells no routes" if service is not None else "no service is selected"


def find(snapshot: Snapshot, name: str) -> Service | None:
    """The service of that name."""
    services: Sequence[Service] = snapshot.tables.get("services", ())  # type: ignore[assignment]
    return next((service for service in services if service.name == name), None)
