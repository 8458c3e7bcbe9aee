"""Series that say the same in other words: of them, one is enough."""

from __future__ import annotations

from functools import lru_cache

from perf_tui.measures.model import Series

_PARTS = frozenset(("stat", "cpu", "period", "state", "resource"))
"""Labels that tell sides of one thing apart, not things."""
_APART = ("app.request.", "app.task.", "ai.requests.", "gpu.memory.", "worker.tasks.")
"""Measures below these are different things: how much is asked for is not how long it takes."""
_WHOLE = ("gpu", "worker", "workers")
"""Layers whose measures of one thing move as one."""


@lru_cache(maxsize=1 << 15)
def family(key: Series) -> tuple[object, ...]:
    """What is equal for siblings: what they are about, and of which thing."""
    labels = tuple(pair for pair in key.labels if pair[0] not in _PARTS)
    if key.id.startswith(_APART):
        return key.id, labels
    head, _, rest = key.id.partition(".")
    return head if head in _WHOLE else f"{head}.{rest.partition('.')[0]}", labels
