"""The header, whatever it is told to say."""

from __future__ import annotations

import pytest
from ui_scene import Scene

from perf_tui.engine.alerts.model import Level
from perf_tui.ui.panes.header import header
from perf_tui.ui.view import View


def words(view: View, width: int) -> str:
    return "".join(text for text, _ in header(view, width))


@pytest.mark.parametrize("width", [80, 120, 200])
def test_a_demo_says_so_beside_all_else(width: int) -> None:
    scene = Scene()
    scene.host = "a-very-long-host-name.of.some.machine.in.a.data-centre.example.org"
    scene.alert("system.cpu.utilization", Level.CRITICAL)
    scene.alert("system.disk.busy", Level.WARNING, device="sda")
    said = words(View(scene.snapshot(), paused=True, badge="DEMO"), width)
    assert "DEMO" in said
    assert "1 critical" in said
    assert len(said) == width


def test_nothing_else_is_a_demo() -> None:
    assert "DEMO" not in words(View(Scene().snapshot()), 120)
