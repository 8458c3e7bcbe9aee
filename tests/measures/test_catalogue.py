"""The catalogue against the names, labels, units and limits that are promised to users and scripts."""

from __future__ import annotations

import pytest

from perf_tui.measures.catalogue import CATALOGUE, SHORT_NAMES, WORKERS_CRITICAL, WORKERS_WARNING

# measure ids (a following ".word" replaces the last word) | labels | units, one for all or one each
PROMISED = """
app.request.rate | service | 1/s
app.request.duration | service stat | s
app.request.active | service | 1
app.error.client app.error.server app.error.timeout app.error.total | service | ratio
app.task.rate app.task.completion | service | 1/s ratio
system.cpu.utilization system.cpu.idle system.cpu.iowait system.cpu.steal | | ratio
system.cpu.core.utilization | cpu | ratio
system.load | period | 1
system.memory.total .used .available .cached .buffers .utilization | | By By By By By ratio
system.swap.total .used .utilization | | By By ratio
system.disk.read .write .read_ops .write_ops .busy | device | By/s By/s 1/s 1/s ratio
system.filesystem.used .total .utilization | mount | By By ratio
system.network.receive .transmit .utilization | interface | By/s By/s ratio
system.network.connections | state | 1
system.network.loss | interface | ratio
system.network.retransmits | | ratio
system.pressure | resource stat | ratio
gpu.utilization gpu.memory.used .total .utilization | gpu name | ratio By By ratio
gpu.temperature gpu.power gpu.power.limit | gpu name | Cel W W
ai.tokens.generation ai.tokens.prompt | engine model | 1/s
ai.latency.ttft ai.latency.itl ai.latency.e2e ai.latency.queue | engine model stat | s
ai.requests.running ai.requests.waiting ai.requests.preempted | engine model | 1 1 1/s
ai.requests.failed | engine model | 1/s
ai.batch.size ai.batch.efficiency | engine model | 1 ratio
ai.kv_cache.utilization ai.context.utilization ai.context.limit | engine model | ratio ratio 1
ai.cache.hit | engine model | ratio
ai.spec.acceptance | engine model | ratio
ai.quality.score ai.quality.drift | engine model name | 1
workers.active workers.processing workers.waiting workers.error workers.stale | | 1
worker.cpu worker.memory worker.gpu_memory | worker | ratio By By
worker.threads worker.files worker.io.read worker.io.write worker.tokens.rate | worker | 1 1 By/s By/s 1/s
worker.tasks.duration | worker stat | s
worker.tasks.rate worker.tasks.completed worker.tasks.failed worker.uptime | worker | 1/s 1 1 s
self.cpu self.memory self.tick.duration | | ratio By s
self.source.duration | source | s
self.handler.failures | handler | 1
"""


def promised() -> dict[str, tuple[tuple[str, ...], str]]:
    found: dict[str, tuple[tuple[str, ...], str]] = {}
    for line in PROMISED.strip().splitlines():
        names, labels, units = (part.split() for part in line.split("|"))
        full = ""
        for place, name in enumerate(names):
            full = full.rpartition(".")[0] + name if name.startswith(".") else name
            found[full] = (tuple(labels), units[place] if len(units) > 1 else units[0])
    return found


def test_exactly_the_promised_measures_exist() -> None:
    assert CATALOGUE.keys() == promised().keys()


@pytest.mark.parametrize("id", promised())
def test_labels_and_unit_are_as_promised(id: str) -> None:
    labels, unit = promised()[id]
    assert (CATALOGUE[id].labels, CATALOGUE[id].unit) == (labels, unit)
    assert CATALOGUE[id].id == id


def test_every_measure_can_be_headed_and_explained() -> None:
    for measure in CATALOGUE.values():
        assert 0 < len(measure.title) <= 16
        assert measure.meaning[0].isalnum() or measure.meaning[0] == "("
        assert not measure.meaning.endswith(".")


@pytest.mark.parametrize(
    ("id", "layer"),
    [
        ("app.task.rate", "app"), ("system.load", "system"), ("gpu.power", "ai"), ("ai.cache.hit", "ai"),
        ("workers.stale", "workers"), ("worker.cpu", "workers"), ("self.cpu", "self"),
    ],
)  # fmt: skip
def test_layers(id: str, layer: str) -> None:
    assert CATALOGUE[id].layer == layer


@pytest.mark.parametrize(
    ("id", "warning", "critical"),
    [
        ("system.cpu.utilization", 0.70, 0.90),
        ("system.memory.utilization", 0.70, 0.90),
        ("gpu.utilization", 0.80, 0.95),
        ("app.error.total", 0.05, 0.15),
        ("app.error.client", 0.05, 0.15),
        ("app.error.server", 0.05, 0.15),
        ("app.error.timeout", 0.05, 0.15),
    ],
)
def test_limits_by_which_screens_colour(id: str, warning: float, critical: float) -> None:
    measure = CATALOGUE[id]
    assert measure.level(warning - 1e-9) == "ok"
    assert measure.level(warning) == "warning"
    assert measure.level(critical - 1e-9) == "warning"
    assert measure.level(critical) == "critical"


def test_a_measure_without_limits_is_never_bad() -> None:
    assert CATALOGUE["system.load"].level(1e9) == "ok"
    assert CATALOGUE["system.load"].level(float("nan")) == "ok"


def test_limits_rise() -> None:
    for measure in CATALOGUE.values():
        if measure.warning is not None and measure.critical is not None:
            assert measure.warning < measure.critical


def test_limits_of_workers_of_eight() -> None:
    assert WORKERS_WARNING * 8 == 6
    assert WORKERS_CRITICAL * 8 == 4


def test_short_names() -> None:
    assert {name: (id, labels) for name, (id, labels) in SHORT_NAMES.items()} == {
        "cpu_percent": ("system.cpu.utilization", {}),
        "memory_percent": ("system.memory.utilization", {}),
        "swap_percent": ("system.swap.utilization", {}),
        "disk_usage": ("system.filesystem.utilization", {"mount": "/"}),
        "gpu_usage": ("gpu.utilization", {}),
        "gpu_memory": ("gpu.memory.utilization", {}),
        "active_workers": ("workers.active", {}),
        "completed_tasks": ("worker.tasks.completed", {}),
        "error_rate": ("app.error.total", {}),
    }
    for id, labels in SHORT_NAMES.values():
        assert labels.keys() <= set(CATALOGUE[id].labels)
