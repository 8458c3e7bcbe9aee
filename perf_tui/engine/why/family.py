"""Series that say the same in other words: of them, one is enough."""

from __future__ import annotations

from functools import lru_cache

from perf_tui.measures.model import Series

Family = tuple[str, tuple[tuple[str, str], ...]]
"""What it is about, and of which thing."""

_PARTS = frozenset(("stat", "cpu", "period", "state"))
"""Labels that tell sides of one thing apart, not things."""
_APART = ("app.request.", "app.task.", "ai.requests.", "gpu.memory.")
"""Measures below these are different things: how much is asked for is not how long it takes."""
_ALONE = frozenset(
    ("system.cpu.iowait", "system.cpu.steal", "system.network.connections", "system.network.retransmits")
)
"""These are about another thing than their siblings: waiting for a disk is no work of the CPU."""
_SAME = {"ai.requests.running": "ai.batch", "ai.context.utilization": "ai.kv_cache"}
"""What is another's sibling by what it means, not by its name."""
_WHOLE = frozenset(("gpu", "worker", "workers"))
"""Layers whose measures of one thing move as one."""


@lru_cache(maxsize=1 << 15)
def family(key: Series) -> Family:
    """What is equal for siblings."""
    labels = tuple(pair for pair in key.labels if pair[0] not in _PARTS)
    if (other := _SAME.get(key.id)) is not None:
        return other, labels
    if key.id.startswith(_APART) or key.id in _ALONE:
        return key.id, labels
    head, _, rest = key.id.partition(".")
    return head if head in _WHOLE else f"{head}.{rest.partition('.')[0]}", labels
