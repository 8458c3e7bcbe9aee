"""The series of one selector of a profile, and what their numbers are added up to.

A term keeps a cell for each row of measures (a service, or an engine with its model) and, where the
series name one, for each route in it. Several candidates of a profile that mean the same series
share one term.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Generic, NamedTuple, TypeVar

from perf_tui.measures.window import Rising
from perf_tui.sources.profiles.matching import Matchers, regular
from perf_tui.sources.profiles.schema import Where
from perf_tui.sources.scrape.ledger import Ledger

Row = tuple[tuple[str, str], ...]
"""The labels of our measures, sorted."""
C = TypeVar("C")


class Key(NamedTuple):
    """A cell's place."""

    row: Row
    route: str | None = None
    """None for the row as a whole."""


class Seen(NamedTuple):
    """A series that is there for the first time."""

    name: str
    labels: Mapping[str, str]
    keys: Sequence[Key]
    """The row, and the route in it where it names one."""


class Term(ABC, Generic[C]):
    """One family, or the first that fits a pattern, with matchers."""

    suffixes: tuple[str, ...]
    """What its samples' names may end in, after the family's."""

    def __init__(self, family: str, where: Where) -> None:
        self.family = family
        self.matchers = Matchers(where)
        self.cells: dict[Key, C] = {}
        self._pattern = regular(family)
        self._feeders: Counter[Key] = Counter()

    def suffix(self, name: str) -> str | None:
        """What follows the family in a sample's name; None where it is of another family."""
        for suffix in self.suffixes:
            if not name.endswith(suffix):
                continue
            family = name.removesuffix(suffix)
            if family == self.family:
                return suffix
            if self._pattern is not None and self._pattern.fullmatch(family):
                self.family, self._pattern = family, None  # the first that fits
                return suffix
        return None

    def attach(self, ledger: Ledger, slot: int, seen: Seen) -> bool:
        """Take a series, which stands in `slot`; returns whether it is one of this term's."""
        suffix = self.suffix(seen.name)
        if suffix is None or not self.matchers.match(seen.labels) or not self._take(ledger, slot, seen, suffix):
            return False
        self._feeders.update(seen.keys)
        return True

    @abstractmethod
    def _take(self, ledger: Ledger, slot: int, seen: Seen, suffix: str) -> bool: ...

    def forget(self, start: float) -> None:
        """Drop what windows from `start` on do not need."""

    def restart(self) -> None:
        """Nothing counts that has been counted so far."""

    def release(self, slot: int, keys: Sequence[Key]) -> None:
        """The series is gone; a cell goes with its last series."""
        for key in keys:
            self._feeders[key] -= 1
            if self._feeders[key] <= 0:
                del self._feeders[key]
                self.cells.pop(key, None)


class CounterTerm(Term[Rising]):
    """Counters: how far they rose together."""

    suffixes = ("", "_total")

    def forget(self, start: float) -> None:
        for cell in self.cells.values():
            cell.forget(start)

    def restart(self) -> None:
        for cell in self.cells.values():
            cell.restart()

    def _take(self, ledger: Ledger, slot: int, seen: Seen, suffix: str) -> bool:
        ledger.count(slot, [self.cells.setdefault(key, Rising()) for key in seen.keys])
        return True


class LevelTerm(CounterTerm):
    """Gauges that stand beside counters: what is under way and not counted yet."""

    def _take(self, ledger: Ledger, slot: int, seen: Seen, suffix: str) -> bool:
        ledger.level(slot, [self.cells.setdefault(key, Rising()) for key in seen.keys])
        return True


class Apart:
    """Counters kept apart by some of their labels, such as ranks that all count the same."""

    def __init__(self) -> None:
        self._groups: dict[frozenset[tuple[str, str]], dict[frozenset[tuple[str, str]], Rising]] = {}

    def place(self, labels: Mapping[str, str], over: Sequence[str]) -> Rising:
        """Where the increases of a series with these labels belong; `over` are those that keep it apart."""
        rank = frozenset(item for item in labels.items() if item[0] in over)
        rest = frozenset(labels.items()) - rank
        return self._groups.setdefault(rest, {}).setdefault(rank, Rising())

    def by(self, label: str, start: float) -> dict[str, float]:
        """How far they rose since `start`, added up by the values of a label that keeps them apart."""
        found: dict[str, float] = {}
        for group in self._groups.values():
            for rank, each in group.items():
                name = dict(rank).get(label, "")
                found[name] = found.get(name, 0.0) + each.since(start)[0]
        return found

    def since(self, start: float) -> tuple[float, ...]:
        """How far they rose: of those that only these labels tell apart the one that rose most."""
        groups = self._groups.values()
        return (sum(max(each.since(start)[0] for each in group.values()) for group in groups),)

    def forget(self, start: float) -> None:
        """As of Rising."""
        for group in self._groups.values():
            for each in group.values():
                each.forget(start)

    def restart(self) -> None:
        """As of Rising."""
        for group in self._groups.values():
            for each in group.values():
                each.restart()


class ApartTerm(Term[Apart]):
    """Counters that are kept apart by the labels `over`."""

    suffixes = ("", "_total")

    def __init__(self, family: str, where: Where, over: tuple[str, ...]) -> None:
        super().__init__(family, where)
        self._over = over

    def forget(self, start: float) -> None:
        for cell in self.cells.values():
            cell.forget(start)

    def restart(self) -> None:
        for cell in self.cells.values():
            cell.restart()

    def _take(self, ledger: Ledger, slot: int, seen: Seen, suffix: str) -> bool:
        ledger.count(slot, [self.cells.setdefault(key, Apart()).place(seen.labels, self._over) for key in seen.keys])
        return True


class Spread:
    """Histograms added up: those with equal bounds by bucket, all of them by count and sum."""

    __slots__ = ("bounds", "buckets", "moments", "odd")

    def __init__(self) -> None:
        self.bounds: tuple[float, ...] = ()
        self.buckets = Rising(0)
        self.moments = Rising(2)
        """Observations, and their sum."""
        self.odd = 0
        """Histograms whose bounds are others: they cannot be added to the buckets."""

    def join(self, bounds: tuple[float, ...]) -> Rising | None:
        """Where a histogram with these bounds may be added; None if it has none, or others."""
        if not self.bounds and bounds:
            self.bounds, self.buckets = bounds, Rising(len(bounds))
        if bounds == self.bounds:
            return self.buckets if bounds else None
        self.odd += bool(bounds)
        return None


class HistogramTerm(Term[Spread]):
    """Histograms, and the `_sum` and `_count` of summaries."""

    suffixes = ("_bucket", "_count", "_sum")

    def forget(self, start: float) -> None:
        for cell in self.cells.values():
            cell.buckets.forget(start)
            cell.moments.forget(start)

    def restart(self) -> None:
        for cell in self.cells.values():
            cell.buckets.restart()
            cell.moments.restart()

    def _take(self, ledger: Ledger, slot: int, seen: Seen, suffix: str) -> bool:
        group = ledger.group(slot, self.family, seen.labels, suffix)
        if group is None:
            return False
        for key in seen.keys:
            group.feed(self.cells.setdefault(key, Spread()))
        return True


class OwnTerm(HistogramTerm):
    """What a histogram or summary by route has counted of the scrapes themselves."""

    def take_off(self, term: Term[Spread], since: float, moment: float) -> None:
        """Take the scrapes after the reading at `since` off a histogram that has no routes.

        Between two of our readings there is one scrape of ours, so that its time is known; where others
        scrape as well, their mean is taken for each.
        """
        for key, own in self.cells.items():
            count, seconds = own.moments.since(since)
            spread = term.cells.get(key)
            if spread is not None and count > 0:
                spread.buckets.add(moment, [-count if bound >= seconds / count else 0.0 for bound in spread.bounds])
                spread.moments.add(moment, (-count, -seconds))


class GaugeTerm(Term[dict[int, Mapping[str, str]]]):
    """Gauges: which slots they stand in, with their labels."""

    suffixes = ("",)

    def _take(self, ledger: Ledger, slot: int, seen: Seen, suffix: str) -> bool:
        for key in seen.keys:
            self.cells.setdefault(key, {})[slot] = seen.labels
        return True

    def release(self, slot: int, keys: Sequence[Key]) -> None:
        for key in keys:
            self.cells.get(key, {}).pop(slot, None)
        super().release(slot, keys)


class QuantileTerm(GaugeTerm):
    """Quantiles that the program computed itself: gauges by their label `quantile`."""

    def _take(self, ledger: Ledger, slot: int, seen: Seen, suffix: str) -> bool:
        return "quantile" in seen.labels and super()._take(ledger, slot, seen, suffix)
