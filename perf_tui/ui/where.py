"""Which screen tells more about a series."""

from __future__ import annotations

from textual.screen import Screen

from perf_tui.engine.snapshot import Snapshot
from perf_tui.measures.catalogue import CATALOGUE
from perf_tui.measures.gpus import rows as gpus
from perf_tui.measures.model import Series
from perf_tui.measures.services import Service
from perf_tui.measures.workers import rows

_MODES = {"app": "app", "system": "system", "ai": "ai", "workers": "workers", "self": "system"}
"""The screen of each layer."""


def where(key: Series, snapshot: Snapshot) -> Screen[None] | str:
    """The own screen of what the series is about, else the name of the one that shows its layer."""
    services: tuple[Service, ...] = snapshot.tables.get("services", ())  # type: ignore[assignment]
    service = key.label("service")
    if service and any(each.name == service for each in services):
        from perf_tui.ui.screens.service import ServiceScreen

        return ServiceScreen(service)
    engine = key.label("engine"), key.label("model")
    if all(engine):
        from perf_tui.ui.screens.engine import EngineScreen

        return EngineScreen(engine)
    gpu = key.label("gpu"), key.label("name")
    if any(each.gpu == gpu[0] for each in gpus(snapshot.tables)):
        from perf_tui.ui.screens.gpu import GpuScreen

        return GpuScreen(gpu)
    worker = key.label("worker")
    if worker and any(each.id == worker for each in rows(snapshot.tables)):
        from perf_tui.ui.screens.worker import WorkerScreen

        return WorkerScreen(worker)
    return _MODES[CATALOGUE[key.id].layer]
