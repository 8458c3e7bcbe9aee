"""`perf-tui` on a terminal: the engine on its thread, the interface over it."""

from __future__ import annotations

from pathlib import Path

from perf_tui.assembly import build_engine
from perf_tui.cli.signals import ending_signals
from perf_tui.config.schema import Config
from perf_tui.ui.first import drawn


def run(config: Config, badge: str = "", notice: str = "", file: Path | None = None) -> int:
    """Start the engine, show the interface, end both. Returns the exit code.

    `badge` is a word for the header, `notice` a line that is shown once, `file` where edits are saved.
    """
    engine = build_engine(config, remember=True)
    with ending_signals():
        engine.start()
        try:
            with drawn(engine, config, badge):
                from perf_tui.ui.run import run as show  # Textual, while there is something to look at

                return show(engine, config, badge, notice, file)
        finally:
            engine.stop()
