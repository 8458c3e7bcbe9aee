"""One snapshot, for commands that print and end."""

from __future__ import annotations

import asyncio

import msgspec

from perf_tui import assembly
from perf_tui.config.add import renamed
from perf_tui.config.schema import Config
from perf_tui.engine.snapshot import Snapshot

SHORT = 0.5
"""Seconds for each answer of what might be watched here."""


def sample(config: Config) -> Snapshot:
    """Two readings one interval apart, so that rates exist, also of what is only found by looking for it."""
    engine = assembly.build_engine(_with_found(config))
    asyncio.run(engine.run(ticks=2))
    return engine.store.snapshot


def _with_found(config: Config) -> Config:
    """Discovery done before the first reading, and not again: what it finds are targets like others."""
    if not config.discovery.enabled:
        return config
    try:
        found = assembly.find(config, SHORT)
    except OSError:  # the engine's own discovery will say so
        return config
    targets = renamed((each.target for each in found if each.watchable), [each.name for each in config.targets])
    off = msgspec.structs.replace(config.discovery, enabled=False)
    return msgspec.structs.replace(config, targets=(*config.targets, *targets), discovery=off)


def collected(snapshot: Snapshot) -> bool:
    """Whether any source gave anything; what the monitor knows of itself does not count."""
    numbers = any(value.number is not None for key, value in snapshot.values.items() if not key.id.startswith("self."))
    return numbers or any(bool(rows) for rows in snapshot.tables.values())
