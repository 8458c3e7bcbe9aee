"""One snapshot, for commands that print and end."""

from __future__ import annotations

import asyncio

from perf_tui import assembly
from perf_tui.config.schema import Config
from perf_tui.engine.snapshot import Snapshot


def sample(config: Config) -> Snapshot:
    """Two readings one interval apart, so that rates exist."""
    engine = assembly.build_engine(config)
    asyncio.run(engine.run(ticks=2))
    return engine.store.snapshot


def collected(snapshot: Snapshot) -> bool:
    """Whether any source gave anything; what the monitor knows of itself does not count."""
    numbers = any(value.number is not None for key, value in snapshot.values.items() if not key.id.startswith("self."))
    return numbers or any(bool(rows) for rows in snapshot.tables.values())
