"""Drift of scores, beside scipy and river where they are installed."""

import importlib
import random
from math import inf, log
from typing import Any

import pytest

from perf_tui.measures.adwin import Adwin
from perf_tui.measures.drift import Moments, Monitor, Verdict, counted, edges, stability, welch
from perf_tui.measures.student import chi_square_quantile, t_quantile


def oracle(name: str) -> Any:
    """A module of the dependency group oracles."""
    try:
        return importlib.import_module(name)
    except ImportError:
        pytest.skip(f"{name.partition('.')[0]} is not installed (dependency group oracles)")


@pytest.mark.parametrize("freedom", [1.0, 2.5, 7.3, 29.0, 58.8, 400.0, 1e5])
@pytest.mark.parametrize("p", [0.75, 0.975, 0.995])
def test_quantiles_of_t_beside_scipy(p: float, freedom: float) -> None:
    stats = oracle("scipy.stats")
    assert t_quantile(p, freedom) == pytest.approx(stats.t.ppf(p, freedom), rel=1e-9)


@pytest.mark.parametrize("freedom", [1, 2, 9, 29, 100])
@pytest.mark.parametrize("p", [0.01, 0.5, 0.99])
def test_quantiles_of_chi_square_beside_scipy(p: float, freedom: int) -> None:
    stats = oracle("scipy.stats")
    assert chi_square_quantile(p, freedom) == pytest.approx(stats.chi2.ppf(p, freedom), rel=1e-9)


@pytest.mark.parametrize(("n", "m", "shift"), [(30, 30, 0.0), (40, 200, 0.1), (500, 60, -0.3), (2, 3, 1.0)])
def test_welchs_interval_beside_scipy(n: int, m: int, shift: float) -> None:
    stats = oracle("scipy.stats")
    numbers = random.Random(n * m)
    now = [numbers.gauss(shift, 0.2) for _ in range(n)]
    before = [numbers.gauss(0.0, 0.5) for _ in range(m)]
    found = welch(Moments.of(now), Moments.of(before))
    interval = stats.ttest_ind(now, before, equal_var=False).confidence_interval(0.95)
    assert (found.low, found.high) == pytest.approx((interval.low, interval.high), rel=1e-9)
    assert found.value == pytest.approx(sum(now) / n - sum(before) / m)


def test_a_difference_of_too_few_has_no_bounds_and_of_constants_no_width() -> None:
    assert welch(Moments.of([1.0]), Moments.of([1.0, 2.0])) == (-0.5, -inf, inf)
    assert welch(Moments.of([1.0, 1.0]), Moments.of([0.5, 0.5])) == (0.5, 0.5, 0.5)
    assert not welch(Moments.of([]), Moments.of([])).certain


def streams() -> list[tuple[str, list[float]]]:
    numbers = random.Random(11)
    flat = [min(1.0, max(0.0, numbers.gauss(0.7, 0.1))) for _ in range(2500)]
    step = flat[:1000] + [min(1.0, max(0.0, numbers.gauss(0.5, 0.1))) for _ in range(1000)]
    coin = [float(numbers.random() < 0.9) for _ in range(1500)] + [float(numbers.random() < 0.6) for _ in range(1500)]
    slow = [min(1.0, max(0.0, numbers.gauss(0.8 - place / 6000, 0.1))) for place in range(3000)]
    return [("flat", flat), ("step", step), ("coin", coin), ("slow", slow)]


@pytest.mark.parametrize("stream", [each[1] for each in streams()], ids=[each[0] for each in streams()])
def test_adwin_sees_changes_where_rivers_does(stream: list[float]) -> None:
    """Up to the first one, and at the very same number: after it river begins anew."""
    theirs, ours = oracle("river.drift").ADWIN(delta=0.002), Adwin(0.002)
    for number in stream:
        changed = ours.add(number)
        theirs.update(number)
        assert changed == theirs.drift_detected
        if changed:
            break
        assert ours.width == theirs.width
        assert ours.mean == pytest.approx(theirs.estimation)


def test_adwin_keeps_what_came_after_a_change() -> None:
    adwin = Adwin()
    seen = [place for place, number in enumerate([0.9] * 600 + [0.4] * 600) if adwin.add(number)]
    assert 600 < seen[0] < 640
    assert adwin.mean == pytest.approx(0.4, abs=0.02)
    assert adwin.width < 640


def test_the_index_by_hand() -> None:
    # Two bins: 60 and 40 before, 40 and 60 now; half a count is added to each.
    found = stability([60, 40], [40, 60])
    assert found is not None
    p, q = 60.5 / 101, 40.5 / 101
    assert found.psi == pytest.approx((q - p) * log(q / p) + (p - q) * log(p / q))
    assert found.limit == pytest.approx((1 / 100 + 1 / 100) * 6.634896601021213)  # the 99 % point of χ² with 1
    assert found.shifted


def test_the_index_of_nothing_is_none() -> None:
    assert stability([], []) is None
    assert stability([0, 0], [1, 1]) is None
    assert stability([5, 0], [9, 0]) is None, "one bin cannot differ"


@pytest.mark.parametrize("n", [50, 100, 500])
def test_the_limit_of_the_index_fits_the_number_of_scores(n: int) -> None:
    """Without a change it is passed in about one of a hundred comparisons, however many scores there are."""
    numbers = random.Random(n)
    passed = 0
    for _ in range(400):
        before = [numbers.random() for _ in range(n)]
        bounds = [step / 10 for step in range(1, 10)]
        now = [numbers.random() for _ in range(n)]
        found = stability(counted(before, bounds), counted(now, bounds))
        assert found is not None
        passed += found.shifted
    assert passed <= 12


def test_bins_hold_about_as_many_each_and_few_values_have_one_each() -> None:
    assert edges([0.0, 1.0] * 50) == [0.0]
    assert counted([0.0, 1.0, 1.0], [0.0]) == [1.0, 2.0]
    bounds = edges([place / 1000 for place in range(1000)])
    assert len(bounds) == 9
    assert set(counted([place / 1000 for place in range(1000)], bounds)) == {100.0}


def fed(before: list[float], now: list[float], **options: Any) -> Monitor:
    monitor = Monitor(first=len(before), **options)
    for score in (*before, *now):
        monitor.add(score)
    return monitor


def scores(mean: float, count: int, seed: int) -> list[float]:
    numbers = random.Random(seed)
    return [min(1.0, max(0.0, numbers.gauss(mean, 0.1))) for _ in range(count)]


def test_too_few_is_said_below_thirty() -> None:
    assert fed(scores(0.8, 200, 1), scores(0.2, 29, 2)).drift().verdict is Verdict.TOO_FEW
    assert fed(scores(0.8, 29, 1), scores(0.2, 200, 2)).drift().verdict is Verdict.TOO_FEW
    assert Monitor(first=100).drift().verdict is Verdict.TOO_FEW
    assert fed(scores(0.8, 200, 1), scores(0.2, 64, 2)).drift().verdict is Verdict.DRIFTED


def test_a_drop_is_drift_and_the_same_is_steady() -> None:
    found = fed(scores(0.8, 200, 1), scores(0.65, 200, 2)).drift()
    assert found.verdict is Verdict.DRIFTED
    assert found.difference.value == pytest.approx(-0.15, abs=0.03)
    assert found.difference.high < 0
    assert found.changed is not None
    assert found.stability is not None
    assert found.stability.shifted
    verdicts = [fed(scores(0.8, 200, seed), scores(0.8, 200, seed + 1000)).drift().verdict for seed in range(60)]
    assert verdicts.count(Verdict.DRIFTED) <= 1
    assert verdicts.count(Verdict.STEADY) >= 50


def test_scores_of_another_range_are_scaled_for_the_detector() -> None:
    before = [score * 10 for score in scores(0.8, 200, 1)]
    now = [score * 10 for score in scores(0.65, 200, 2)]
    found = fed(before, now, low=0.0, high=10.0).drift()
    assert found.changed is not None
    assert found.difference.value == pytest.approx(-1.5, abs=0.3)


def test_a_saved_baseline_is_complete_at_once() -> None:
    monitor = Monitor(baseline=scores(0.8, 200, 1))
    for score in scores(0.5, 96, 2):
        monitor.add(score)
    found = monitor.drift()
    assert found.verdict is Verdict.DRIFTED
    assert (found.baseline.n, found.now.n) == (200, 96)


def test_the_window_is_the_present() -> None:
    monitor = fed(scores(0.8, 200, 1), scores(0.3, 300, 2) + scores(0.8, 200, 3), window=200)
    found = monitor.drift()
    assert found.now.n == 200
    assert not found.difference.certain or abs(found.difference.value) < 0.05
    assert found.verdict is not Verdict.DRIFTED, "it is as it was"


def test_without_a_range_the_baseline_tells_it() -> None:
    before = [score * 10 for score in scores(0.8, 200, 1)]
    now = [score * 10 for score in scores(0.65, 200, 2)]
    assert fed(before, now).drift().changed is not None
