"""The recent past of every series, in columns that share one clock.

All series are written at the same ticks, so the n-th value before now of one stands under the
n-th of any other: a chart needs no join. A series that has no number at a tick has NaN there.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from math import nan
from threading import Lock

from perf_tui.measures.model import Series

_GAP = array("d", [nan])


class Ring:
    """The last `capacity` values of one series; grows as it fills, so that short runs stay small."""

    __slots__ = ("_capacity", "_values", "last")

    def __init__(self, capacity: int, tick: int) -> None:
        self._capacity = capacity
        self._values = array("d")
        self.last = tick - 1
        """The tick of the newest value."""

    def write(self, tick: int, number: float) -> None:
        """Set the value of `tick`, which must be later than the last one; skipped ticks become gaps."""
        for missed in range(max(self.last + 1, tick - self._capacity), tick):
            self._put(missed, nan)
        self._put(tick, number)
        self.last = tick

    def _put(self, tick: int, number: float) -> None:
        # A full ring keeps tick t in place t % capacity; until then values are simply appended,
        # and rotated into place once, when it fills.
        values = self._values
        if len(values) < self._capacity:
            values.append(number)
            if len(values) == self._capacity:
                turn = (tick + 1) % self._capacity
                self._values = values[-turn:] + values[:-turn] if turn else values
        else:
            values[tick % self._capacity] = number

    def window(self, end: int, count: int) -> array[float]:
        """`count` values, oldest first, the last one at tick `end`; NaN where there is none."""
        values, size = self._values, len(self._values)
        if end == self.last and 0 < count < size:  # what is asked for nearly always
            high = end % size + 1 if size == self._capacity else size
            return values[high - count : high] if count <= high else values[high - count :] + values[:high]
        stop = min(end, self.last)
        begin = max(end - count + 1, self.last - size + 1)
        if stop < begin:
            return _GAP * count
        if size < self._capacity:
            offset = self.last - size + 1
            body = values[begin - offset : stop + 1 - offset]
        else:
            low, high = begin % size, stop % size
            body = values[low : high + 1] if low <= high else values[low:] + values[: high + 1]
        return _GAP * (count - (end - begin + 1)) + body + _GAP * (end - stop)

    def copy(self) -> Ring:
        """An independent copy, for a view that stands still."""
        twin = Ring(self._capacity, self.last + 1)
        twin._values = self._values[:]
        return twin


class History:
    """The rings of all series. One thread records, any thread reads: a short lock keeps a window whole."""

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self._rings: dict[Series, Ring] = {}
        self._lock = Lock()

    def __len__(self) -> int:
        return len(self._rings)

    def record(self, tick: int, numbers: Iterable[tuple[Series, float | None]]) -> None:
        """Write one tick of every series that has a number."""
        rings = self._rings
        with self._lock:
            for key, number in numbers:
                if number is None:
                    continue
                ring = rings.get(key)
                if ring is None:
                    ring = rings[key] = Ring(self.capacity, tick)
                ring.write(tick, number)

    def forget(self, tick: int) -> None:
        """Drop every series that has no value within the capacity before `tick`."""
        oldest = tick - self.capacity
        with self._lock:
            for key in [key for key, ring in self._rings.items() if ring.last <= oldest]:
                del self._rings[key]

    def keys(self, id: str) -> list[Series]:
        """Every series of a measure that has a past."""
        with self._lock:
            return [key for key in self._rings if key.id == id]

    def since(self, tick: int) -> list[Series]:
        """Every series that has had a number at this tick or later."""
        with self._lock:
            return [key for key, ring in self._rings.items() if ring.last >= tick]

    def window(self, key: Series, end: int, count: int) -> array[float]:
        """`count` values of a series up to tick `end`; all NaN for a series that is not known."""
        with self._lock:
            ring = self._rings.get(key)
            return ring.window(end, count) if ring else _GAP * count

    def windows(self, keys: Iterable[Series], end: int, count: int) -> list[array[float]]:
        """What `window` gives for each of several series, all of the same moment. The lock is held for all of them."""
        gap = _GAP * count
        with self._lock:
            return [ring.window(end, count) if ring else gap for ring in map(self._rings.get, keys)]

    def copy(self) -> History:
        """A copy that the engine does not write to any more."""
        twin = History(self.capacity)
        with self._lock:
            twin._rings = {key: ring.copy() for key, ring in self._rings.items()}
        return twin
