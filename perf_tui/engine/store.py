"""The newest value of every series, by the source that gave it, and the subscribers of what is published."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from threading import Lock

from perf_tui.engine.snapshot import Snapshot, SourceState
from perf_tui.engine.source import failure
from perf_tui.measures.model import Sample, Series, Status, Value

Subscriber = Callable[[Snapshot], None]


class Store:
    """Written by the engine's thread alone; `publish` hands immutable snapshots to everybody else."""

    def __init__(self) -> None:
        self._by_source: dict[str, dict[Series, Value]] = {}
        self._tables: dict[str, Mapping[str, object]] = {}
        self._index: dict[str, tuple[Series, ...]] | None = None
        self._aged: dict[str, str | None] = {}
        self._hidden: dict[str, frozenset[Series]] = {}
        """By the name of the stage that has something better: series of others that are not shown."""
        self._subscribers: tuple[Subscriber, ...] = ()
        self._subscribing = Lock()
        self.troubles: tuple[SourceState, ...] = ()
        """Subscribers that raised at the last publication."""
        self.snapshot = Snapshot()
        """The newest published snapshot; safe to read from any thread."""

    def put(
        self,
        source: str,
        samples: Iterable[Sample],
        tables: Mapping[str, object],
        at: float,
        instead_of: frozenset[Series] = frozenset(),
    ) -> None:
        """Replace everything that `source` gave; series that it no longer gives are gone.

        `at` is the monotonic time of the values that do not bring their own. The series `instead_of` are
        not shown as long as they come from others.
        """
        if self._hidden.get(source, frozenset()) != instead_of:
            self._hidden[source] = instead_of
            self._index = None
        values = {
            key: value if value.at else Value(value.number, value.status, value.reason, at, value.bound)
            for key, value in samples
        }
        before = self._by_source.get(source)
        if before is None or before.keys() != values.keys():
            self._index = None
        self._by_source[source] = values
        self._tables[source] = tables
        self._aged.pop(source, None)

    def age(self, source: str, reason: str | None = None) -> None:
        """Mark what `source` gave as stale: numbers stay, with the time they are from and why they are old."""
        if source not in self._by_source or (source in self._aged and self._aged[source] == reason):
            return
        self._by_source[source] = {
            key: value._replace(status=Status.STALE, reason=reason) if value.number is not None else value
            for key, value in self._by_source[source].items()
        }
        self._aged[source] = reason

    def drop(self, source: str) -> None:
        """Forget what `source` gave."""
        if self._by_source.pop(source, None) is not None:
            self._index = None
        self._tables.pop(source, None)
        self._aged.pop(source, None)
        self._hidden.pop(source, None)

    def values(self) -> dict[Series, Value]:
        """The newest value of every series."""
        merged: dict[Series, Value] = {}
        for values in self._by_source.values():
            merged.update(values)
        for source, hidden in self._hidden.items():
            if hidden:
                own = self._by_source[source]
                for key in hidden:
                    merged.pop(key, None)
                merged.update(own)
        return merged

    def tables(self, without: str | None = None) -> dict[str, object]:
        """The newest rows, by the name of their table; on demand without those of one source.

        Several sources may fill one table: tuples of rows are joined in the order of the sources;
        of anything else the last source's wins.
        """
        merged: dict[str, object] = {}
        for source, tables in self._tables.items():
            if source == without:
                continue
            for name, rows in tables.items():
                before = merged.get(name)
                if type(before) is tuple and type(rows) is tuple:  # not a NamedTuple: that is one row
                    merged[name] = before + rows
                else:
                    merged[name] = rows
        return merged

    def index(self) -> dict[str, tuple[Series, ...]]:
        """Every series by measure, in the order in which sources give them."""
        if self._index is None:
            lists: dict[str, list[Series]] = {}
            for key in self.values():
                lists.setdefault(key.id, []).append(key)
            self._index = {id: tuple(keys) for id, keys in lists.items()}
        return self._index

    def subscribe(self, subscriber: Subscriber) -> Callable[[], None]:
        """Call `subscriber` with each snapshot, on the engine's thread; it must return at once.

        Returns a function that ends the subscription.
        """
        with self._subscribing:
            self._subscribers = (*self._subscribers, subscriber)

        def end() -> None:
            with self._subscribing:
                self._subscribers = tuple(each for each in self._subscribers if each is not subscriber)

        return end

    def publish(self, snapshot: Snapshot) -> None:
        """Make `snapshot` the newest and tell all subscribers; one that raises stays, and is in `troubles`."""
        self.snapshot = snapshot
        troubles = []
        for subscriber in self._subscribers:
            try:
                subscriber(snapshot)
            except Exception as error:
                name = getattr(subscriber, "__qualname__", type(subscriber).__name__)
                troubles.append(SourceState(name, "subscriber", Status.ERROR, None, failure(error).reason))
        self.troubles = tuple(troubles)
