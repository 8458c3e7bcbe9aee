"""Pictures of screens as SVG, without a terminal."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from perf_tui.config.schema import Config
from perf_tui.engine.engine import Engine
from perf_tui.engine.snapshot import Snapshot

if TYPE_CHECKING:
    from perf_tui.ui.app import PerfApp


def screen_svg(app: PerfApp) -> str:
    """The live screen of a running app, without any dialog above it."""
    screen = app.live or app.screen
    from io import StringIO

    from rich.console import Console

    width, height = app.size
    console = Console(
        width=width,
        height=height,
        file=StringIO(),
        force_terminal=True,
        color_system="truecolor",
        record=True,
        legacy_windows=False,
    )
    console.print(screen._compositor)
    return console.export_svg(title="perf-tui")


def svg(snapshot: Snapshot, config: Config, size: tuple[int, int] = (120, 40)) -> str:
    """The configured screen showing `snapshot`, for columns x rows of `size`."""
    return asyncio.run(_svg(snapshot, config, size))


async def _svg(snapshot: Snapshot, config: Config, size: tuple[int, int]) -> str:
    from perf_tui.ui.app import PerfApp

    engine = Engine([], interval=snapshot.interval)
    engine.store.snapshot = snapshot
    app = PerfApp(engine, config)
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        app.paint()
        await pilot.pause()
        return screen_svg(app)
