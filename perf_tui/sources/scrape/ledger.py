"""From the numbers of one scrape and those before to increases: resets, new series, vanished series.

Which series stands in which slot, which slots make up one histogram, and where increases are added.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from math import isfinite
from operator import itemgetter
from typing import Protocol

from perf_tui.measures.histogram import rise
from perf_tui.measures.window import Rising

Values = Sequence[float | None]
KEEP = 100
"""Scrapes for which a series that is not there any more is remembered."""
SPARE = 2000
"""Series beyond twice those there are that are remembered at most; the ones gone for longest go first."""
BATCH = 100
"""Series are forgotten so many at a time: it takes a pass over all that are known."""


class Sum(Protocol):
    """What histograms are added to."""

    moments: Rising

    def join(self, bounds: tuple[float, ...]) -> Rising | None:
        """The buckets to add to, or None."""


class Group:
    """The series of one histogram: its buckets, its count, its sum."""

    def __init__(self, identity: tuple[object, ...]) -> None:
        self.identity = identity
        self.buckets: dict[float, int] = {}
        self.count: int | None = None
        self.sum: int | None = None
        self.bounds: tuple[float, ...] = ()
        self._sums: list[Sum] = []
        self._targets: list[tuple[Rising | None, Rising]] = []
        self._numbers: Callable[[Values], tuple[float | None, ...]] | None = None

    @property
    def slots(self) -> list[int]:
        """All of its slots."""
        rest = [slot for slot in (self.count, self.sum) if slot is not None]
        return [*self.buckets.values(), *rest]

    def feed(self, whole: Sum) -> None:
        """Its increases belong to `whole`, too."""
        if whole not in self._sums:
            self._sums.append(whole)
            self._numbers = None

    def put(self, slot: int, part: str, bound: float) -> None:
        """A series of it stands in `slot`."""
        if part == "_bucket":
            self.buckets[bound] = slot
        elif part == "_count":
            self.count = slot
        else:
            self.sum = slot
        self._numbers = None

    def numbers(self, values: Values) -> tuple[float | None, ...]:
        """Its buckets by bound, count and sum out of a scrape."""
        if self._numbers is None:
            self.bounds = tuple(sorted(self.buckets))
            count = self.count if self.count is not None else self.buckets[self.bounds[-1]]
            total = self.sum if self.sum is not None else count
            order = [*(self.buckets[bound] for bound in self.bounds), count, total]
            self._numbers = itemgetter(*order)
            self._targets = [(each.join(self.bounds), each.moments) for each in self._sums]
        return self._numbers(values)

    def add(self, at: float, increases: Sequence[float]) -> None:
        """It rose by so much: buckets, count and sum."""
        finite = len(self.bounds)
        moments = increases[finite:] if self.sum is not None else (increases[finite], 0.0)
        for buckets, both in self._targets:
            if buckets is not None:
                buckets.add(at, increases[:finite])
            both.add(at, moments)


class Ledger:
    """Books increases of the series that somebody wants."""

    def __init__(self) -> None:
        self.values: Values = ()
        """The newest numbers by slot, for what is shown as it stands."""
        self.width = 0
        self._free: set[int] = set()
        self._counters: dict[int, list[Rising]] = {}
        self._levels: dict[int, list[Rising]] = {}
        self._groups: dict[tuple[object, ...], Group] = {}
        self._in_group: dict[int, Group] = {}
        self._missing: dict[int, int] = {}
        self._rising: set[int] | None = None

    def open(self) -> int:
        """A slot for a new series."""
        if self._free:
            return self._free.pop()
        self.width += 1
        return self.width - 1

    def close(self, slot: int) -> None:
        """Nobody wanted what was to stand in `slot`."""
        self._free.add(slot)

    def count(self, slot: int, cells: Sequence[Rising]) -> None:
        """What stands in `slot` is a counter, and its increases belong to these cells."""
        self._counters.setdefault(slot, []).extend(cells)
        self._rising = None

    def level(self, slot: int, cells: Sequence[Rising]) -> None:
        """What stands in `slot` goes up and down, and these cells with it."""
        self._levels.setdefault(slot, []).extend(cells)

    def group(self, slot: int, family: str, labels: Mapping[str, str], part: str) -> Group | None:
        """What stands in `slot` is part of a histogram, which is returned; None if it has no usable bound."""
        bound = 0.0
        if part == "_bucket":
            try:
                bound = float(labels["le"])
            except (KeyError, ValueError):
                return None
        identity = (family, frozenset(item for item in labels.items() if item[0] != "le"))
        group = self._groups.get(identity)
        if group is None:
            group = self._groups[identity] = Group(identity)
        group.put(slot, part, bound)
        self._in_group[slot] = group
        self._rising = None
        return group

    def fell(self, before: Values, now: Values) -> bool:
        """Whether any counter is lower than it was."""
        for slot in self._counted():
            old, new = at(before, slot), at(now, slot)
            if old is not None and new is not None and new < old:
                return True
        return False

    def follows(self, before: Values, now: Values) -> bool:
        """Whether one process may have said `now` after `before`: nothing fell, and no counter is gone."""
        return not self.fell(before, now) and all(
            at(now, slot) is not None for slot in self._counted() if at(before, slot) is not None
        )

    def total(self, values: Values) -> float:
        """The sum of all counters."""
        return sum(number for slot in self._counted() if (number := at(values, slot)) is not None and isfinite(number))

    def _counted(self) -> Collection[int]:
        """The slots of what only rises; the sum of a histogram may fall by itself."""
        if self._rising is None:
            sums = {group.sum for group in self._groups.values()}
            self._rising = {*self._counters, *(slot for slot in self._in_group if slot not in sums)}
        return self._rising

    def book(self, before: Values | None, now: Values, moment: float) -> bool:
        """Add what rose from `before` to `now`; returns whether anything fell.

        A series that was not there before began at 0: programs export most of them with their first
        event. `before` is None where nothing is known of the past, as at the first scrape.
        """
        self.values = now
        if before is None:
            for group in self._groups.values():
                group.numbers(now)  # its bounds are known from now on
            return False
        known = len(before)
        fallen = False
        for slot, cells in self._levels.items():
            new = now[slot]
            change = (new or 0.0) - ((before[slot] if slot < known else None) or 0.0)
            if new is not None and isfinite(change):
                for cell in cells:
                    cell.add(moment, (change,))
        for slot, cells in self._counters.items():
            new = now[slot]
            old = before[slot] if slot < known else None
            if new == old or new is None:
                continue
            if old is not None and new < old:
                fallen, old = True, None
            increase = new - (old or 0.0)
            if isfinite(increase) and increase > 0:
                for cell in cells:
                    cell.add(moment, (increase,))
        if known < len(now):
            before = [*before, *[None] * (len(now) - known)]
        for group in self._groups.values():
            numbers, earlier = group.numbers(now), group.numbers(before)
            if numbers != earlier:
                fallen |= _book(group, earlier, numbers, moment)
        return fallen

    def gone(self, now: Values) -> list[int]:
        """Slots of series that have not been there for long, freed; histograms as a whole."""
        if None not in now:
            self._missing.clear()
            return []
        before, free = self._missing, self._free
        self._missing = {
            slot: before.get(slot, 0) + 1 for slot, value in enumerate(now) if value is None and slot not in free
        }
        limit = KEEP
        surplus = len(self._missing) - 2 * (len(now) - now.count(None)) - SPARE
        if surplus > 0:
            limit = min(KEEP, sorted(self._missing.values())[-surplus])
        due = sum(times >= limit for times in self._missing.values())
        if due < BATCH and max(self._missing.values(), default=0) < 2 * KEEP:
            return []
        gone = [slot for slot, times in self._missing.items() if times >= limit and self._whole(slot, limit)]
        for slot in gone:
            self._missing.pop(slot)
            self._counters.pop(slot, None)
            self._levels.pop(slot, None)
            if group := self._in_group.pop(slot, None):
                self._groups.pop(group.identity, None)
        free.update(gone)
        self._rising = None
        return gone

    def _whole(self, slot: int, limit: int) -> bool:
        """Whether all that belongs to a slot has been missing for so long."""
        group = self._in_group.get(slot)
        return group is None or all(self._missing.get(other, 0) >= limit for other in group.slots)


def _book(group: Group, before: tuple[float | None, ...], now: tuple[float | None, ...], moment: float) -> bool:
    if None in now:
        return False  # not there, or torn
    numbers: tuple[float, ...] = now  # type: ignore[assignment]
    if all(number is None for number in before):
        increases, fallen = numbers, False
    elif None in before:
        return False  # it has a bucket that it did not have
    else:
        earlier: tuple[float, ...] = before  # type: ignore[assignment]
        fallen = any(new < old for old, new in zip(earlier[:-1], numbers[:-1], strict=True))
        increases = rise(earlier, numbers)
    if all(map(isfinite, increases)):
        group.add(moment, increases)
    return fallen


def at(values: Values, slot: int) -> float | None:
    """The number in a slot; None beyond the end, too."""
    return values[slot] if slot < len(values) else None
