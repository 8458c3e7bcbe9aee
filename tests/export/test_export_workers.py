"""The list of workers in the JSON export."""

from __future__ import annotations

import json

from perf_tui.engine.snapshot import Snapshot
from perf_tui.export.json import render
from perf_tui.measures.workers import HERE, WORKERS, Body, Event, State, Usage, Work, Worker

FULL = Worker(
    "celery@web-1", "celery", State.PROCESSING, "online", "images", HERE, 4121, ("workers images", "worker processes"),
    Work("resize", 1.7e9, 1, 12.0, 0.0, None),
    Body(1, "celery worker", "www", 0.5, 1048576.0, None, 3, None, None, 60.5, 2),
    3.5, 0.25, 0.12345, 8.0, (Event(1.0, "resize: no disk", True),), "", (("version", "5.7.0"),),
    Usage("tiny", 900.0, 100.0, 80.0, 0.25, 4.5, 0.4, 2048.0),
)  # fmt: skip
BARE = Worker("a", "agent", State.STALE, "idle", "", "", None, ("s",), Work(), Body(), None, None, 9.0, 1.0, (), "", ())


def test_every_worker_is_in_it_with_what_is_known() -> None:
    full, bare = json.loads(render(Snapshot(tables={WORKERS: (FULL, BARE)})))["workers"]
    assert full == {
        "id": "celery@web-1", "kind": "celery", "state": "processing", "raw_state": "online", "group": "images",
        "host": "localhost", "pid": 4121, "task": "resize", "task_age_seconds": 3.5, "tasks_completed": 12,
        "tasks_failed": 0, "tasks_retried": None, "tasks_per_second": 0.25, "cpu": 0.5, "memory_bytes": 1048576,
        "gpu_memory_bytes": None, "model": "tiny", "tokens_in": 900, "tokens_out": 100, "cache_reads": 80,
        "tokens_per_second": 4.5, "cost_usd": 0.25, "context": 0.4, "context_limit": 2048,
        "uptime_seconds": 60.5, "restarts": 2, "silent_seconds": 0.123,
        "sources": ["workers images", "worker processes"], "error": "resize: no disk",
    }  # fmt: skip
    assert (bare["state"], bare["pid"], bare["task"], bare["tasks_completed"], bare["cpu"]) == (
        "stale", None, None, None, None,
    )  # fmt: skip


def test_counts_are_whole_numbers() -> None:
    text = render(Snapshot(tables={WORKERS: (FULL,)}))
    assert '"tasks_completed": 12,' in text
    assert '"memory_bytes": 1048576,' in text
