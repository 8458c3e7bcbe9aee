"""The first picture: this machine's meters where the overview will have them, while the interface is being loaded.

Textual takes 0.3 s from its import to its first frame on a quick machine and seconds on a slow one. Somebody under
pressure has real numbers before that, and sees that the program lives. Nothing here may import Textual.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from perf_tui.config.schema import Config
from perf_tui.engine.engine import Engine
from perf_tui.engine.snapshot import Snapshot
from perf_tui.ui.draw.glyphs import ASCII, UNICODE
from perf_tui.ui.draw.row import Row, plain, rule
from perf_tui.ui.palette import Palette, chosen
from perf_tui.ui.panes.header import header
from perf_tui.ui.panes.meters import meters, width_beside
from perf_tui.ui.terminal import claim, coloured
from perf_tui.ui.view import SMALLEST, View

PATIENCE = 0.25
"""Seconds for the first tick; who takes longer than that is not waited for."""
BEFORE = 3
"""Rows between the header and the machine on an overview where no service is watched."""
_BEGIN, _END = "\x1b[?1049h\x1b[?25l\x1b[H", "\x1b[0m\x1b[?1049l\x1b[?25h"


@contextmanager
def drawn(engine: Engine, config: Config, badge: str = "") -> Iterator[None]:
    """Draw it, with a word for the header; the interface draws over it.

    Where that never comes to run, the terminal is given back.
    """
    claim()
    screen = sys.__stderr__
    if screen is None or not screen.isatty():
        yield
        return
    try:
        columns, rows = os.get_terminal_size(screen.fileno())
        snapshot = _first(engine)
        if snapshot is not None and columns >= SMALLEST[0] and rows >= SMALLEST[1]:
            view = View(snapshot, config, ASCII if config.ui.ascii else UNICODE, badge=badge)
            screen.write(_BEGIN + picture(view, chosen(config.ui.theme, coloured()), columns, rows))
            screen.flush()
        yield
    except BaseException:
        with suppress(OSError):
            screen.write(_END)
            screen.flush()
        raise


def _first(engine: Engine) -> Snapshot | None:
    there = threading.Event()
    unsubscribe = engine.store.subscribe(lambda snapshot: there.set())
    try:
        if not engine.store.snapshot.time and not there.wait(PATIENCE):
            return None
        return engine.store.snapshot
    finally:
        unsubscribe()


def picture(view: View, palette: Palette, columns: int, rows: int) -> str:
    """The whole terminal as text with its colours."""
    from rich.color import ColorSystem

    wide = width_beside(columns)
    lines = [header(view, columns), *[()] * BEFORE, rule("system", wide, view.glyphs.rule), *meters(view, wide)]
    lines += [()] * (rows - len(lines))
    drawn_rows = (Row(columns).extend(line).done() for line in lines)
    return "\r\n".join(
        "".join(
            palette.style(role).render(text, color_system=ColorSystem.EIGHT_BIT)
            for text, role in (plain(line) if view.glyphs.ascii_only else line)
        )
        for line in drawn_rows
    )
