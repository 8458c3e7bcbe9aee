"""The sketch against sorted lists, statistics.quantiles, and the arithmetic of its own definition."""

from __future__ import annotations

import random
import statistics
from fractions import Fraction

import pytest

from perf_tui.measures.sketch import ERROR, GAMMA, SMALLEST, Sketch

QS = (0.0, 0.01, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 0.999, 1.0)


def exact(numbers: list[float], q: float) -> float:
    """The quantile by linear interpolation between ranks, in exact arithmetic."""
    ordered = sorted(numbers)
    place = Fraction(q) * (len(ordered) - 1)
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return float(ordered[low] + (Fraction(ordered[high]) - Fraction(ordered[low])) * (place - low))


def sketch_of(numbers: list[float]) -> Sketch:
    sketch = Sketch()
    sketch.add_many(numbers)
    return sketch


SHAPES = {
    "heavy tail": lambda r: r.lognormvariate(-3, 1.5),
    "pareto": lambda r: 0.001 * r.paretovariate(1.1),
    "uniform": lambda r: r.uniform(0.1, 0.2),
    "two humps": lambda r: r.gauss(0.01, 0.001) if r.random() < 0.97 else r.gauss(2, 0.1),
    "milliseconds": lambda r: round(r.expovariate(20), 3),
    "nanoseconds to hours": lambda r: 10 ** r.uniform(-8, 4),
}


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("count", [1, 2, 3, 10, 1000, 20_000])
def test_quantiles_are_within_the_promised_error(shape: str, count: int) -> None:
    source = random.Random(f"{shape} {count}")
    numbers = [SHAPES[shape](source) for _ in range(count)]
    found = sketch_of(numbers).quantiles(QS)
    for q, number in zip(QS, found, strict=True):
        assert number == pytest.approx(exact(numbers, q), rel=ERROR * 1.000001, abs=1e-12), q


def test_percentiles_agree_with_the_standard_library() -> None:
    source = random.Random(7)
    numbers = [source.lognormvariate(-2, 1) for _ in range(5000)]
    cuts = statistics.quantiles(numbers, n=100, method="inclusive")
    sketch = sketch_of(numbers)
    for percent in (1, 5, 50, 90, 95, 99):
        assert sketch.quantile(percent / 100) == pytest.approx(cuts[percent - 1], rel=0.011)
    assert sketch.mean == pytest.approx(statistics.fmean(numbers))
    assert sketch.sum == pytest.approx(sum(numbers))
    assert sketch.count == 5000


def test_the_error_is_that_of_32_buckets_for_each_doubling() -> None:
    assert pytest.approx(2.0) == GAMMA**32
    assert pytest.approx(0.01083, abs=5e-6) == ERROR


def test_buckets_are_those_of_native_histograms_at_schema_5() -> None:
    # Upper bounds are inclusive: a power of two is the last number of its bucket.
    sketch = Sketch()
    for number in (1.0, 2.0, 0.5, 2.0000001, 1.0218, 1.0219):
        sketch.add(number)
    assert sketch.buckets == {0: 1, 32: 1, -32: 1, 33: 1, 1: 1, 2: 1}


def test_many_at_once_are_the_same_as_one_by_one() -> None:
    source = random.Random(3)
    numbers = [round(source.expovariate(10), 2) for _ in range(3000)]
    one_by_one = Sketch()
    for number in numbers:
        one_by_one.add(number)
    at_once = sketch_of(numbers)
    assert at_once.buckets == one_by_one.buckets
    assert (at_once.zero, at_once.count) == (one_by_one.zero, one_by_one.count)
    assert at_once.sum == pytest.approx(one_by_one.sum)

    repeated = Sketch()
    repeated.add(0.25, 4)
    assert repeated.buckets == sketch_of([0.25] * 4).buckets
    assert repeated.sum == 1.0


def test_merging_parts_is_the_same_as_counting_the_whole() -> None:
    source = random.Random(5)
    parts = [[source.lognormvariate(-3, 2) for _ in range(source.randrange(200))] for _ in range(30)]
    whole = sketch_of([number for part in parts for number in part])
    merged = Sketch()
    for part in parts:
        merged.merge(sketch_of(part))
    assert merged.buckets == whole.buckets
    assert merged.count == whole.count
    assert merged.sum == pytest.approx(whole.sum)
    assert merged.quantiles(QS) == whole.quantiles(QS)


def test_what_left_is_taken_off_exactly() -> None:
    early, late = sketch_of([0.0, 0.001, 0.5, 7.0]), sketch_of([0.0, 0.5, 0.25])
    both = early.copy()
    both.merge(late)
    both.subtract(early)
    assert both.buckets == late.buckets
    assert (both.zero, both.count, both.sum) == (1, 3, pytest.approx(0.75))
    both.subtract(late)
    assert both.buckets == {}
    assert (both.zero, both.count, both.sum, both.mean) == (0, 0, 0.0, None)
    assert early.count == 4, "the copy is independent"


def test_nothing_has_no_quantile() -> None:
    assert Sketch().quantile(0.5) is None
    assert Sketch().quantiles((0.5, 0.9)) == ()
    assert Sketch().mean is None


def test_zeros_count_and_are_zero() -> None:
    sketch = sketch_of([0.0] * 98 + [1.0, 1.0])
    assert sketch.quantile(0.5) == 0.0
    assert sketch.quantile(1.0) == pytest.approx(1.0, rel=0.011)
    assert sketch.zero == 98
    tiny = sketch_of([SMALLEST / 2, SMALLEST])
    assert tiny.zero == 1
    assert tiny.quantile(1.0) == pytest.approx(SMALLEST, rel=0.011)


@pytest.mark.parametrize("number", [-0.1, float("nan"), float("inf"), float("-inf")])
def test_what_is_no_duration_is_refused(number: float) -> None:
    with pytest.raises(ValueError, match="finite numbers"):
        Sketch().add(number)


@pytest.mark.parametrize("q", [-0.01, 1.01, float("nan")])
def test_a_quantile_is_a_share(q: float) -> None:
    with pytest.raises(ValueError, match="shares from 0 to 1"):
        sketch_of([1.0]).quantile(q)


def test_the_number_of_buckets_is_bounded() -> None:
    source = random.Random(11)
    sketch = sketch_of([10 ** source.uniform(-300, 300) for _ in range(100_000)])
    assert len(sketch.buckets) <= 2241
    assert sketch.count == 100_000


def test_spread_counts_between_bounds() -> None:
    sketch = sketch_of([0.0, 0.2, 0.25, 0.26, 0.5, 0.9, 1.0, 1.01, 50.0])
    assert sketch.spread((0.25, 0.5, 1.0)) == (3, 2, 2, 2)
    assert Sketch().spread((1.0,)) == (0, 0)
    assert sum(sketch.spread(())) == 9
