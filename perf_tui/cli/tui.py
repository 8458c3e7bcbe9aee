"""`perf-tui` on a terminal: the engine on its thread, the interface over it."""

from __future__ import annotations

from perf_tui.assembly import build_engine
from perf_tui.config.schema import Config


def run(config: Config) -> int:
    """Start the engine, show the interface, end both. Returns the exit code."""
    engine = build_engine(config, remember=True)
    # The engine reads for the first time while Textual is being imported.
    engine.start()
    try:
        from perf_tui.ui.run import run as show

        return show(engine, config)
    finally:
        engine.stop()
