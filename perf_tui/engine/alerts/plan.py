"""Which rules look at which series, worked out once for each series that appears."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from perf_tui.engine.alerts.model import Kind, Rule
from perf_tui.engine.alerts.watch import Group, Watch, group_series
from perf_tui.engine.alerts.windows import Window, window_of
from perf_tui.measures.model import Series

_Key = tuple[int, Series]
FORGOTTEN_AFTER = 86400.0
"""Seconds after which a series that is gone is no longer missed."""
MOST_MISSED = 1000
"""Series that one rule on missing data watches over: names of what comes and goes are without number."""


class Plan:
    """`remembered` gives the watch that there is already, of an alert that outlived its series or the program."""

    def __init__(self, rules: Sequence[Rule], remembered: Callable[[_Key], Watch | None]) -> None:
        self.watches: dict[Series, tuple[Watch, ...]] = {}
        """Every series of the last tick with the watches on it."""
        self._remembered = remembered
        self._groups: dict[_Key, Group] = {}
        self._silent: dict[_Key, Watch] = {}
        self._empty: dict[int, Watch] = {}
        """Of rules on missing data that no series has fitted so far: a watch on the measure itself."""
        self._ended: list[Watch] = []
        self._windows: dict[_Key, Window] = {}
        """Of another plan, of series that have not been seen by this one."""
        self._free: dict[str, list[tuple[int, Rule]]] = {}
        self._bound: dict[tuple[str, tuple[str, str]], list[tuple[int, Rule]]] = {}
        for place, rule in enumerate(rules):
            if rule.labels:
                self._bound.setdefault((rule.metric, rule.labels[0]), []).append((place, rule))
            else:
                self._free.setdefault(rule.metric, []).append((place, rule))
            if rule.kind is Kind.NO_DATA:
                watch = self._watch((place, Series(rule.metric, rule.labels)), rule)
                watch.heard = False
                self._empty[place] = self._silent[place, watch.series] = watch

    def take_over(self, other: Plan, places: Mapping[int, int]) -> None:
        """Go on with what another plan has seen, of rules that both have: from their place there to the one here."""
        self._windows = {
            (places[watch.place], key): watch.window
            for key, watches in other.watches.items()
            for watch in watches
            if watch.window is not None and watch.place in places
        }
        for (before, key), watch in other._silent.items():
            if (place := places.get(before)) is None:
                continue
            if (fresh := self._empty.pop(place, None)) is not None:
                del self._silent[place, fresh.series]
            watch.place = place
            self._silent[place, key] = watch
            if before in other._empty:
                self._empty[place] = watch

    def add(self, key: Series) -> tuple[Watch, ...]:
        """The watches on a series that was not there in the last tick."""
        found = [*self._free.get(key.id, ())]
        for pair in key.labels:
            found += self._bound.get((key.id, pair), ())
        watches = [self._on(place, rule, key) for place, rule in sorted(found, key=_place) if rule.matches(key)]
        self.watches[key] = tuple(watch for watch in watches if watch is not None)
        return self.watches[key]

    def recall(self, place: int, rule: Rule, key: Series) -> Watch:
        """The watch for an alert that outlived the program; its series may not be there yet."""
        if rule.kind is Kind.NO_DATA and (watch := self._missed(place, rule, key)) is not None:
            watch.heard = False
            return watch
        watch = Watch(place, rule, key)
        watch.alive = False
        return watch

    def _on(self, place: int, rule: Rule, key: Series) -> Watch | None:
        if rule.kind is Kind.NO_DATA:
            return self._missed(place, rule, key)
        watch = self._watch((place, key), rule)
        if rule.aggregate == "each":
            watch.window = watch.window or self._window(place, rule, key)
            return watch
        whole = place, group_series(rule, key)
        member = Watch(place, rule, key, self._window(place, rule, key))
        if whole not in self._groups:
            self._groups[whole] = Group(self._watch(whole, rule))
        member.group = self._groups[whole]
        return member

    def _window(self, place: int, rule: Rule, key: Series) -> Window | None:
        return self._windows.pop((place, key), None) or window_of(rule, key)

    def _missed(self, place: int, rule: Rule, key: Series) -> Watch | None:
        empty = self._empty.pop(place, None)
        if empty is not None and empty.series != key:
            del self._silent[place, empty.series]
            self._ended.append(empty)
        watch = self._silent.get((place, key))
        if watch is None:
            if sum(1 for each, _ in self._silent if each == place) >= MOST_MISSED:
                return None
            watch = self._silent[place, key] = self._watch((place, key), rule)
        return watch

    def _watch(self, key: _Key, rule: Rule) -> Watch:
        watch = self._remembered(key) or Watch(key[0], rule, key[1])
        watch.alive = True
        return watch

    def silent(self) -> Iterable[Watch]:
        """Every watch of rules on missing data."""
        return self._silent.values()

    def forget(self, values: Mapping[Series, object]) -> Iterator[Watch]:
        """Watches of rules on missing data that have no use any more."""
        yield from self._ended
        self._ended.clear()
        for key, watch in list(self._silent.items()):
            if watch.age > FORGOTTEN_AFTER and watch.series not in values and key[0] not in self._empty:
                del self._silent[key]
                yield watch

    def prune(self, values: Mapping[Series, object], tick: int) -> None:
        """Let go of what is on series that are gone; `tick` is the one that groups have been read in."""
        if len(self.watches) == len(values):  # every series has its entry, so none is left over
            return
        for key in [key for key in self.watches if key not in values]:
            for watch in self.watches.pop(key):
                watch.alive = watch.rule.kind is Kind.NO_DATA
        for place in [place for place, group in self._groups.items() if group.tick != tick]:
            self._groups.pop(place).watch.alive = False


def _place(found: tuple[int, Rule]) -> int:
    return found[0]
