"""Plots in exports for people: the recent past, on one axis, and nothing where there is no past."""

from __future__ import annotations

from math import sin

import pytest

from perf_tui.engine.snapshot import TICK_TIME, Snapshot
from perf_tui.export.document import Plot
from perf_tui.export.formats import render
from perf_tui.export.recent import HEIGHT, WIDTH, plots
from perf_tui.measures.model import Status, Value, series
from perf_tui.measures.ring import History

CPU, MEMORY = series("system.cpu.utilization"), series("system.memory.utilization")
HOSTILE = series("system.disk.busy", device="x`<b>\x1b[31m")


def snapshot(ticks: int) -> Snapshot:
    history = History(600)
    for tick in range(ticks):
        history.record(
            tick, [(TICK_TIME, 1_795_000_000.0 + 2 * tick), (CPU, 0.5 + 0.4 * sin(tick / 9)), (HOSTILE, 0.1)]
        )
    values = {key: Value(0.5, Status.OK) for key in (CPU, MEMORY, HOSTILE)}
    index = {key.id: (key,) for key in values}
    return Snapshot("web-1", 1_795_000_000.0 + 2 * ticks, tick=ticks - 1, values=values, index=index, history=history)


def test_two_samples_are_no_past() -> None:
    assert list(plots(snapshot(2), False)) == []
    assert "ONE CLOCK" not in render(snapshot(2), "txt")


@pytest.mark.parametrize("ascii_only", [False, True])
@pytest.mark.parametrize("ticks", [10, 60, 400])
def test_all_plots_have_the_same_axis(ticks: int, ascii_only: bool) -> None:
    drawn = list(plots(snapshot(ticks), ascii_only))
    assert [plot.title.split("{")[0].split()[0] for plot in drawn] == ["system.cpu.utilization", "system.disk.busy"]
    assert len({plot.rows[-1] for plot in drawn}) == 1
    for plot in drawn:
        assert len(plot.rows) <= HEIGHT
        assert max(map(len, plot.rows)) == WIDTH
        assert not ascii_only or "".join(plot.rows).isascii()


def test_highest_and_lowest_are_those_of_the_history() -> None:
    drawn = next(plots(snapshot(200), False))
    assert isinstance(drawn, Plot)
    numbers = [0.5 + 0.4 * sin(tick / 9) for tick in range(200)]
    assert drawn.title.endswith(f"({min(numbers):.0%} to {max(numbers):.0%})")


def test_names_stay_text() -> None:
    made = {name: render(snapshot(60), name) for name in ("txt", "md", "html")}
    assert not any("\x1b" in text for text in made.values())
    assert "<b>" not in made["html"]
    assert made["md"].count("```") == 4
