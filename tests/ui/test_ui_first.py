"""The first picture is the overview's machine at its place, drawn before the interface exists."""

from __future__ import annotations

import subprocess
import sys

import pytest
from ui_scene import Scene, running

from benchmarks.emulator import Emulator
from perf_tui.config.schema import Config, Ui
from perf_tui.ui.draw.glyphs import ASCII, UNICODE
from perf_tui.ui.first import picture
from perf_tui.ui.palette import chosen
from perf_tui.ui.view import View


def emulated(text: str, columns: int, rows: int) -> list[str]:
    emulator = Emulator(columns, rows)
    emulator.feed(text.encode())
    return emulator.lines


@pytest.mark.parametrize(("columns", "rows"), [(80, 24), (120, 40), (200, 50)])
async def test_it_stands_where_the_overview_has_it(columns: int, rows: int) -> None:
    scene = Scene()
    drawn = emulated(picture(View(scene.snapshot()), chosen("dark", True), columns, rows), columns, rows)
    async with running(scene, (columns, rows)) as driver:
        there = driver.rows
        x, y, width, height = driver.pane("machine").region
    assert drawn[0].rstrip() == there[0].rstrip()
    # The title of the pane that has the focus is in another colour, not in other words.
    assert [row[x : x + width].rstrip() for row in drawn[y : y + height]] == [
        row[x : x + width].rstrip() for row in there[y : y + height]
    ]
    assert not "".join(drawn[y + height :]).strip()


def test_it_is_ascii_and_without_colour_where_that_is_asked_for() -> None:
    view = View(Scene().snapshot(), Config(ui=Ui(ascii=True)), ASCII)
    assert picture(view, chosen("dark", True), 120, 40).isascii()
    assert "38;5" not in picture(View(Scene().snapshot(), glyphs=UNICODE), chosen("dark", False), 120, 40)


def test_it_does_not_wait_for_textual() -> None:
    code = "import sys, perf_tui.cli.tui; print([name for name in sys.modules if name.split('.')[0] == 'textual'])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
