"""JSON: one object, each measure, alert and source on a line of its own."""

from __future__ import annotations

import json
from collections.abc import Iterator
from math import isfinite
from typing import Any

from perf_tui import __version__
from perf_tui.engine.alerts.model import Alert, Moved
from perf_tui.engine.snapshot import Snapshot
from perf_tui.export.values import exported, iso
from perf_tui.measures import workers
from perf_tui.measures.catalogue import CATALOGUE
from perf_tui.measures.model import Series
from perf_tui.text import clean

SCHEMA_VERSION = 1


def render(snapshot: Snapshot) -> str:
    """The snapshot as a JSON document; statuses without a number have `null`."""
    document = {
        "schema_version": SCHEMA_VERSION,
        "version": __version__,
        "host": clean(snapshot.host),
        "time": iso(snapshot.time),
        "interval_seconds": snapshot.interval,
        "measures": list(_measures(snapshot)),
        "workers": [_worker(worker) for worker in workers.rows(snapshot.tables)],
        "alerts": [_alert(alert) for alert in snapshot.alerts],
        "sources": [
            {
                "name": clean(source.name),
                "kind": clean(source.kind),
                "status": str(source.status),
                "duration_seconds": source.duration,
                "error": _text(source.error),
            }
            for source in snapshot.sources
        ],
    }
    return "{" + ",\n ".join(f"{_dumps(key)}: {_member(value)}" for key, value in document.items()) + "}\n"


def _measures(snapshot: Snapshot) -> Iterator[dict[str, Any]]:
    for key, raw in snapshot.values.items():
        value = exported(raw)
        yield {
            "id": key.id,
            "labels": _labels(key),
            "value": value.number,
            "unit": CATALOGUE[key.id].unit,
            "status": str(value.status),
            "age_seconds": round(max(0.0, snapshot.at - value.at), 3),
            "reason": _text(value.reason),
        }


def _worker(worker: workers.Worker) -> dict[str, Any]:
    return {
        "id": clean(worker.id),
        "kind": clean(worker.kind),
        "state": str(worker.state),
        "raw_state": clean(worker.word),
        "group": clean(worker.group),
        "host": clean(worker.host),
        "pid": worker.pid,
        "task": clean(worker.work.task) or None,
        "task_age_seconds": worker.task_age,
        "tasks_completed": _whole(worker.work.done),
        "tasks_failed": _whole(worker.work.failed),
        "tasks_retried": _whole(worker.work.retried),
        "tasks_per_second": worker.rate,
        "cpu": worker.body.cpu,
        "memory_bytes": _whole(worker.body.memory),
        "gpu_memory_bytes": _whole(worker.body.gpu_memory),
        "model": clean(worker.usage.model) or None,
        "tokens_in": _whole(worker.usage.input),
        "tokens_out": _whole(worker.usage.output),
        "cache_reads": _whole(worker.usage.cached),
        "tokens_per_second": worker.usage.rate,
        "cost_usd": worker.usage.cost,
        "context": worker.usage.context,
        "context_limit": _whole(worker.usage.context_limit),
        "uptime_seconds": worker.body.uptime,
        "restarts": worker.body.restarts,
        "silent_seconds": round(worker.silent, 3),
        "sources": [clean(source) for source in worker.sources],
        "error": clean(worker.error) or None,
    }


def _whole(number: float | None) -> int | float | None:
    """A count or a size as people write it."""
    return int(number) if number is not None and number.is_integer() else number


def _alert(alert: Alert) -> dict[str, Any]:
    return {
        "rule": clean(alert.rule.name),
        "level": alert.level.word,
        "state": str(alert.told_state),
        "metric": alert.series.id,
        "labels": _labels(alert.series),
        "value": _finite(alert.value),
        "threshold": alert.threshold,
        "since": iso(alert.since),
        "message": clean(alert.rule.message),
        "flapping": alert.flapping,
        "silenced_until": None if alert.until is None else iso(alert.until),
        "why": [_moved(each) for each in alert.why],
    }


def _moved(moved: Moved) -> dict[str, Any]:
    return {
        "id": moved.series.id,
        "labels": _labels(moved.series),
        "before": _finite(moved.before),
        "after": None if moved.after is None else _finite(moved.after),
        "onset_seconds": moved.onset,
        "score": _finite(moved.score),
    }


def _finite(number: float) -> float | None:
    return number if isfinite(number) else None


def _labels(key: Series) -> dict[str, str]:
    return {clean(name): clean(value) for name, value in key.labels}


def _text(words: str | None) -> str | None:
    return None if words is None else clean(words)


def _member(value: object) -> str:
    if isinstance(value, list) and value:
        return "[\n  " + ",\n  ".join(map(_dumps, value)) + "\n ]"
    return _dumps(value)


def _dumps(value: object) -> str:
    # NaN and Infinity are no JSON: an export that held one would be refused whole by its readers.
    return json.dumps(value, ensure_ascii=False, allow_nan=False)
