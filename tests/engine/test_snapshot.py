"""A snapshot and the store that publishes it."""

from __future__ import annotations

from perf_tui.engine.snapshot import Snapshot, SourceState
from perf_tui.engine.store import Store
from perf_tui.measures.model import PENDING, Sample, Status, Value, absent, ok, series

CPU, LOAD = series("cpu"), series("load", period="1m")


def test_an_unknown_series_is_absent_unless_somebody_may_still_give_it() -> None:
    well = SourceState("a", "test", Status.OK)
    begins = SourceState("b", "test", Status.PENDING)
    assert Snapshot(sources=(well,)).get("cpu") == absent("no source gives it")
    assert Snapshot(sources=(well, begins)).get("cpu") == PENDING
    assert Snapshot().get("cpu", id="7").number is None


def test_all_series_of_a_measure_in_the_order_of_their_sources() -> None:
    store = Store()
    loads = [series("load", period=period) for period in ("1m", "5m", "15m")]
    store.put("a", [Sample(key, ok(1.0)) for key in loads], {}, 5.0)
    store.put("b", [Sample(CPU, ok(0.5))], {}, 6.0)
    snapshot = Snapshot(values=store.values(), index=store.index())
    assert [key for key, _ in snapshot.all("load")] == loads
    assert list(snapshot.all("cpu")) == [(CPU, Value(0.5, Status.OK, None, 6.0))]
    assert list(snapshot.all("other")) == []


def test_the_index_follows_what_comes_and_goes() -> None:
    store = Store()
    store.put("a", [Sample(CPU, ok(1.0))], {}, 1.0)
    first = store.index()
    store.put("a", [Sample(CPU, ok(2.0))], {}, 2.0)
    assert store.index() is first, "it is not made anew while nothing comes or goes"
    store.put("a", [Sample(LOAD, ok(2.0))], {}, 3.0)
    assert store.index() == {"load": (LOAD,)}
    assert first == {"cpu": (CPU,)}
    store.drop("a")
    assert store.index() == {}
    assert store.values() == {}
    store.drop("a")


def test_ageing_keeps_number_time_and_bound_and_says_why() -> None:
    store = Store()
    samples = [Sample(CPU, Value(0.5, bound=True)), Sample(LOAD, absent("none here"))]
    store.put("a", samples, {}, 7.0)
    store.age("a", "refused")
    assert store.values() == {
        CPU: Value(0.5, Status.STALE, "refused", 7.0, True),
        LOAD: Value(None, Status.ABSENT, "none here", 7.0),
    }
    store.age("a", "timed out")
    assert store.values()[CPU].reason == "timed out"
    store.put("a", [Sample(CPU, ok(0.6))], {}, 8.0)
    assert store.values() == {CPU: Value(0.6, Status.OK, None, 8.0)}
    store.age("nobody", "x")


def test_published_values_do_not_change_afterwards() -> None:
    store = Store()
    store.put("a", [Sample(CPU, ok(1.0))], {}, 1.0)
    before = store.values()
    store.age("a", "x")
    store.put("b", [Sample(LOAD, ok(1.0))], {}, 1.0)
    assert before == {CPU: Value(1.0, Status.OK, None, 1.0)}
