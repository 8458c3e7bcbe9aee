"""The rings, against a plain dictionary from tick to value."""

from __future__ import annotations

import random
import threading
from array import array
from math import isnan, nan

import pytest

from perf_tui.measures.model import series
from perf_tui.measures.ring import History, Ring

A, B = series("a"), series("b", disk="sda")


def expected(model: dict[int, float], newest: int, capacity: int, end: int, count: int) -> list[float]:
    """What a window must hold: a value where the model has one that is not older than the capacity."""
    return [
        model.get(tick, nan) if newest - capacity < tick <= newest else nan for tick in range(end - count + 1, end + 1)
    ]


def same(found: array[float], wanted: list[float]) -> bool:
    return len(found) == len(wanted) and all(
        (isnan(one) and isnan(other)) or one == other for one, other in zip(found, wanted, strict=True)
    )


@pytest.mark.parametrize("capacity", [1, 2, 3, 7, 16])
def test_a_ring_is_a_list_with_a_short_memory(capacity: int) -> None:
    chance = random.Random(capacity)
    for _ in range(96 // capacity):
        tick = chance.randrange(50)
        ring, model = Ring(capacity, tick), {}
        for _ in range(chance.randrange(1, 4 * capacity + 2)):
            number = chance.random()
            ring.write(tick, number)
            model[tick] = number
            assert ring.last == tick
            for end in range(tick - capacity - 2, tick + 4):
                for count in range(capacity + 4):
                    assert same(ring.window(end, count), expected(model, tick, capacity, end, count)), (
                        capacity, tick, end, count,
                    )  # fmt: skip
            # most ticks follow one another; some are missed, now and then more than the ring holds
            tick += chance.choice([1, 1, 1, 1, 2, 3, capacity, capacity + 1, 5 * capacity])


def test_windows_of_no_or_negative_length_are_empty() -> None:
    ring = Ring(4, 0)
    ring.write(0, 1.0)
    assert len(ring.window(0, 0)) == 0
    assert len(ring.window(0, -3)) == 0


def test_a_copy_stands_still_and_can_go_on_by_itself() -> None:
    ring = Ring(4, 0)
    for tick in range(6):
        ring.write(tick, tick)
    twin = ring.copy()
    ring.write(6, 6.0)
    assert list(twin.window(5, 4)) == [2, 3, 4, 5]
    twin.write(6, 60.0)
    assert list(ring.window(6, 4)) == [3, 4, 5, 6]
    assert list(twin.window(6, 4)) == [3, 4, 5, 60]


@pytest.mark.parametrize("length", [0, 1, 3])
def test_a_copy_of_a_ring_that_is_not_full_yet(length: int) -> None:
    ring = Ring(4, 10)
    for tick in range(10, 10 + length):
        ring.write(tick, tick)
    twin = ring.copy()
    for tick in range(10 + length, 18):
        twin.write(tick, tick)
    assert list(twin.window(17, 4)) == [14, 15, 16, 17]


def test_history_keeps_its_series_under_one_another() -> None:
    chance = random.Random(7)
    history = History(10)
    models: dict[object, dict[int, float]] = {A: {}, B: {}}
    tick = 0
    for _ in range(300):
        tick += chance.choice([1, 1, 1, 2, 12])
        row = [(key, chance.random() if chance.random() < 0.8 else None) for key in (A, B)]
        history.record(tick, row)
        for key, number in row:
            if number is not None:
                models[key][tick] = number
        for key in (A, B):
            # A gap is what a series has at a tick without a number, whenever its last number came.
            wanted = [models[key].get(each, nan) for each in range(tick - 9, tick + 1)]
            assert same(history.window(key, tick, 10), wanted)


def test_a_series_that_is_not_known_is_all_gaps() -> None:
    assert all(map(isnan, History(5).window(A, 3, 4)))
    assert len(History(5).window(A, 3, 4)) == 4


@pytest.mark.parametrize("capacity", [3, 10, 50])
def test_windows_of_many_are_those_of_each(capacity: int) -> None:
    chance = random.Random(capacity)
    history = History(capacity)
    keys = [series("many", number=str(number)) for number in range(20)]
    for tick in range(3 * capacity):
        history.record(tick, [(key, chance.random()) for key in keys if chance.random() < 0.9])
        end, count = tick - chance.choice([0, 0, 1, 4]), chance.randrange(1, capacity + 3)
        found = history.windows([*keys, A], end, count)
        for key, window in zip([*keys, A], found, strict=True):
            assert same(window, list(history.window(key, end, count)))


def test_series_without_a_value_in_reach_are_forgotten() -> None:
    history = History(5)
    history.record(0, [(A, 1.0), (B, 1.0)])
    history.record(4, [(B, 2.0)])
    history.forget(4)
    assert len(history) == 2
    assert history.window(A, 4, 5)[0] == 1.0
    history.record(5, [(B, 3.0)])
    history.forget(5)
    assert len(history) == 1
    history.record(6, [(A, 4.0)])  # it came back
    assert same(history.window(A, 6, 3), [nan, nan, 4.0])


def test_a_copy_of_the_history_is_not_written_to_any_more() -> None:
    history = History(3)
    for tick in range(5):
        history.record(tick, [(A, float(tick))])
    frozen = history.copy()
    history.record(5, [(A, 5.0), (B, 5.0)])
    assert list(frozen.window(A, 4, 3)) == [2, 3, 4]
    assert len(frozen) == 1
    assert frozen.capacity == 3


def test_windows_are_whole_while_another_thread_records() -> None:
    # Each tick's value is its number: a window that was torn would hold numbers that do not follow one another.
    history = History(64)
    ticks, newest = 4_000, [0]

    def record() -> None:
        for tick in range(ticks):
            history.record(tick, [(A, float(tick)), (B, float(tick))])
            newest[0] = tick

    writer = threading.Thread(target=record)
    writer.start()
    torn = []
    while writer.is_alive():
        end = newest[0]
        # the writer may be up to a few ticks ahead: what it has overwritten since is a gap at the oldest end
        window = [number for number in history.window(A, end, 32) if not isnan(number)]
        if window and window != [float(tick) for tick in range(int(window[0]), int(window[0]) + len(window))]:
            torn.append(window)
        history.copy()
    writer.join()
    assert not torn
    assert list(history.window(A, ticks - 1, 2)) == [ticks - 2, ticks - 1]
