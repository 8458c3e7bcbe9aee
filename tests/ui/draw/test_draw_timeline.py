"""The shared time axis: columns keep their ticks, now is at the right edge, gaps are blank."""

from __future__ import annotations

from array import array
from math import isnan, nan

import pytest

from perf_tui.engine.snapshot import TICK_TIME, Snapshot
from perf_tui.measures.model import series
from perf_tui.measures.ring import History
from perf_tui.ui.draw.timeline import Timeline, highest

KEY = series("system.cpu.utilization")


def history(values: list[float | None]) -> History:
    """One value a tick from tick 0; None is a tick without any."""
    kept = History(1800)
    for tick, value in enumerate(values):
        kept.record(tick, [(KEY, value)])
    return kept


def line(values: list[float | None], columns: int, ticks: int = 2, interval: float = 2.0) -> Timeline:
    return Timeline(Snapshot(tick=len(values) - 1, interval=interval, history=history(values)), columns, ticks)


def known(points: list[float]) -> list[float | None]:
    return [None if isnan(point) else point for point in points]


def test_by_hand() -> None:
    # Ticks 0..6: with two ticks a column the last column is that of ticks 6 and 7, and half full.
    assert known(line([0, 1, 2, 3, 4, 5, 6], 3).points(KEY)) == [3, 5, 6]
    assert known(line([0, 1, 2, 3, 4, 5, 6], 3).points(KEY, per_column=2)) == [2, 3, 4, 5, 6, None]
    assert known(line([0, 1, 2, 3, 4, 5, 6, 7], 3).points(KEY)) == [3, 5, 7]
    assert known(line([0, 1, 2], 4).points(KEY)) == [None, None, 1, 2]


@pytest.mark.parametrize("ticks", [1, 2, 3, 5])
@pytest.mark.parametrize("columns", [1, 7, 30])
def test_columns_move_on_only_at_multiples_and_keep_their_values(ticks: int, columns: int) -> None:
    values: list[float | None] = [float(tick * 37 % 101) for tick in range(300)]
    before: list[float] | None = None
    for count in range(200, 260):
        points = line(values[:count], columns, ticks).points(KEY)
        tick = count - 1
        # The last column holds what there is of the newest tick's column.
        first = tick // ticks * ticks
        assert points[-1] == max(values[first : tick + 1])
        assert points[:-1] == [
            max(values[begin : begin + ticks]) for begin in range(first - (columns - 1) * ticks, first, ticks)
        ]
        if before is not None:
            assert (points[:-1] == before[:-1]) if tick % ticks else (points[:-1] == before[1:])
        before = points


def test_a_gap_stays_a_gap_and_moves_with_its_ticks() -> None:
    values: list[float | None] = [1.0] * 40
    values[20:26] = [None] * 6
    values[30] = None  # one tick of a column is missing: the column has the other's value
    points = known(line(values, 20).points(KEY))
    assert points == [1.0] * 10 + [None] * 3 + [1.0] * 7
    assert known(line([*values, 1.0, 1.0], 20).points(KEY)) == [1.0] * 9 + [None] * 3 + [1.0] * 8


def test_an_unknown_series_is_all_gap() -> None:
    assert all(map(isnan, line([1.0], 5).points(series("system.load", period="1m"))))


def test_points_of_no_columns() -> None:
    for columns in (0, -3):
        assert line([1.0, 2.0], columns).points(KEY) == []
        assert len(line([1.0, 2.0], columns).values(KEY)) == 0
        assert line([1.0, 2.0], columns).axis("─") == ""


def test_a_spike_survives_the_thinning() -> None:
    values: list[float | None] = [0.0] * 100
    values[50] = 9.0
    assert max(line(values, 10, ticks=10).points(KEY)) == 9.0


def test_highest() -> None:
    assert known(highest(array("d", [1, 3, nan, 2, nan, nan]), 3)) == [3, 2, None]
    assert known(highest(array("d", [1, nan]), 2)) == [1, None]
    assert highest(array("d", [-5, -7]), 1) == [-5]


# -- the axis


def test_an_axis_by_hand() -> None:
    assert line([0.0], 60).axis("─") == " −4m " + "─" * 25 + " −2m " + "─" * 21 + " now"


@pytest.mark.parametrize("interval", [0.5, 1, 2, 2.5, 5, 60])
@pytest.mark.parametrize("columns", [1, 3, 4, 5, 10, 40, 120, 280])
def test_an_axis_is_exactly_as_wide_and_ends_now(interval: float, columns: int) -> None:
    axis = line([0.0], columns, interval=interval).axis("─")
    assert len(axis) == columns
    if columns >= 4:
        assert axis.endswith(" now")
    labels = [part for part in axis.replace("─", " ").split() if part.startswith("−")]
    assert len(labels) == len(set(labels))
    # Labels are at least a blank apart, round, and each stands as far from now as it says.
    scale = {"s": 1, "m": 60, "h": 3600, "d": 86400}
    for label in labels:
        number, unit = label[1:-1], label[-1]
        if number.isdigit():
            ago = int(number) * scale[unit]
            place = axis.index(f" {label} ")
            assert abs((columns - place) * 2 * interval - ago) <= interval + 1e-9, (label, axis)


def test_axis_labels_are_round() -> None:
    assert " −1m " in line([0.0], 60, interval=1.0).axis("─")
    assert " −30s " in line([0.0], 80, interval=0.5).axis("─")
    assert " −2h " in line([0.0], 120, interval=60.0).axis("─")
    assert " −1m30s " in line([0.0], 120, interval=0.5).axis("─")


@pytest.mark.parametrize("intervals", [(10.0, 2.0), (2.0, 10.0), (0.5, 60.0), (60.0, 0.5), (2.0, 2.001)])
def test_labels_stand_where_that_time_is_after_another_interval_was_chosen(intervals: tuple[float, float]) -> None:
    times = [1000.0]
    for interval in intervals:
        times += [times[-1] + interval * number for number in range(1, 61)]
    kept = History(1800)
    for tick, time in enumerate(times):
        if tick % 7:  # some ticks were missed
            kept.record(tick, [(TICK_TIME, time)])
    columns = 61
    timeline = Timeline(Snapshot(tick=120, interval=intervals[1], history=kept), columns)
    axis = timeline.axis("─")
    assert len(axis) == columns
    found = 0
    for label in axis.replace("─", " ").split():
        if label.startswith("−") and label[1:-1].isdigit():
            ago = int(label[1:-1]) * {"s": 1, "m": 60, "h": 3600}[label[-1]]
            tick = timeline.first + axis.index(f" {label} ") * 2
            # Between the ticks on both sides of its column: the labels round, and ticks were missed.
            around = [times[-1] - times[each] for each in (max(0, tick - 2), min(120, tick + 3))]
            assert around[1] - 1e-9 <= ago <= around[0] + 1e-9, (label, axis)
            found += 1
    assert found
