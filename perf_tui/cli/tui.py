"""`perf-tui` on a terminal: the engine on its thread, the interface over it."""

from __future__ import annotations

from perf_tui.assembly import build_engine
from perf_tui.cli.signals import ending_signals
from perf_tui.config.schema import Config
from perf_tui.ui.first import drawn


def run(config: Config) -> int:
    """Start the engine, show the interface, end both. Returns the exit code."""
    engine = build_engine(config, remember=True)
    with ending_signals():
        engine.start()
        try:
            with drawn(engine, config):
                from perf_tui.ui.run import run as show  # Textual, while there is something to look at

                return show(engine, config)
        finally:
            engine.stop()
